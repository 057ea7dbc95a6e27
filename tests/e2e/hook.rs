//! `on_delivery` and `[notify]`: a command for each delivery that matches, and a terminal that notifies.

use std::fs;
use std::path::Path;

use crate::support::{Person, Signed, Size, TestEnv, Unit, sample, talk, until};

/// Waits until a file holds `words`, and returns its text.
#[track_caller]
fn holds(path: &Path, words: &str) -> String {
    let text = || fs::read_to_string(path).ok().filter(|text| text.contains(words));
    until(text).unwrap_or_else(|| panic!("'{words}' is not in {}: {:?}", path.display(), fs::read_to_string(path)))
}

/// A configuration that a person has named, with a script as the command.
fn with_command(env: &TestEnv, script: &str, more: &str) -> String {
    let script = env.write("hook.sh", script);
    let command = format!("[on_delivery]\ncommand = [\"sh\", {:?}]\n{more}\n", script.to_str().unwrap());
    env.write("named.toml", command).to_str().unwrap().to_owned()
}

fn is_alive(process: &str) -> bool {
    // A process that has ended and waits to be reaped is none.
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[test]
fn the_command_gets_the_facts_on_its_stdin_and_nothing_elsewhere() {
    let env = TestEnv::with_secret();
    let script = "printf '%s\\n' \"$#\" >> args; env >> environment; cat >> facts; echo said; echo complained >&2";
    let config = with_command(&env, script, "filter = 'verdict:bad'");
    let log = env.work().join("log");
    let listening = env.listen(&["--config", &config, "--log", log.to_str().unwrap()]);
    let hostile =
        Signed::new("{\"event\":\"$(touch owned)\"}").to("/$(touch$IFS'owned');--help").by("x", Unit::Seconds);
    talk(listening.address(), Signed::new(sample("app.json")).wire());
    talk(listening.address(), hostile.with(b"X-A: $(touch owned)\r\n").wire());
    let facts = holds(&env.work().join("facts"), "\n");
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    assert_eq!((facts["id"].as_i64(), facts["verdict"].as_str()), (Some(2), Some("mismatch")));
    assert_eq!(facts["event"], "$(touch owned)");
    holds(&log, "said");
    holds(&log, "complained");
    assert_eq!(fs::read_to_string(env.work().join("args")).unwrap(), "0\n");
    let environment = fs::read_to_string(env.work().join("environment")).unwrap();
    assert!(!environment.contains("touch") && !environment.contains("TRACKPILOTS"), "{environment}");
    assert!(!env.work().join("owned").exists());
    assert!(!listening.stderr().contains("said") && !listening.stdout().contains("said"));
    listening.stop();
}

#[test]
fn the_command_is_not_run_for_what_is_imported() {
    let from = TestEnv::with_secret();
    let listening = from.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    listening.stop();
    let exported = from.run(&["export", "--as", "json"]).yes().stdout;
    let env = TestEnv::with_secret();
    env.write("one.http", Signed::new("{}").wire());
    let config = with_command(&env, "cat >> facts; echo >> facts", "");
    let listening = env.listen(&["--config", &config]);
    env.run_with(&["import", "-"], &exported).yes();
    env.run(&["import", "one.http"]).yes();
    talk(listening.address(), Signed::new("{}").wire());
    let facts = holds(&env.work().join("facts"), "\"id\":3,");
    listening.stop();
    assert!(!facts.contains("imported"), "{facts}");
}

#[test]
fn a_slow_command_ends_with_everything_it_started_and_so_does_one_at_the_end() {
    let env = TestEnv::with_secret();
    let script = "sleep 1000 & echo $! >> children; wait";
    let config = with_command(&env, script, "timeout = '1s'\njobs = 1");
    let listening = env.listen(&["--config", &config]);
    talk(listening.address(), Signed::new("{}").wire());
    let children = env.work().join("children");
    let first = holds(&children, "\n").trim().to_owned();
    listening.says("took longer than 1s and was ended, for delivery 1");
    assert!(until(|| (!is_alive(&first)).then_some(())).is_some(), "{first} goes on");
    listening.stop();

    // What still runs at the end of the program ends with it.
    let config = with_command(&env, script, "timeout = '1h'");
    let listening = env.listen(&["--config", &config]);
    talk(listening.address(), Signed::new("{}").wire());
    let second = until(|| Some(fs::read_to_string(&children).ok()?.lines().nth(1)?.to_owned())).unwrap();
    listening.stop();
    assert!(until(|| (!is_alive(&second)).then_some(())).is_some(), "{second} goes on");
}

#[test]
fn a_failing_and_a_missing_command_are_said_once_and_answer_as_before() {
    let env = TestEnv::with_secret();
    let config = with_command(&env, "exit 3", "");
    let listening = env.listen(&["--config", &config]);
    for _ in 0..3 {
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    }
    listening.says("on_delivery: 'sh' failed (exit status: 3), for delivery");
    listening.line(3);
    assert_eq!(listening.stderr().matches("on_delivery:").count(), 1, "{}", listening.stderr());
    listening.stop();
    let config = env.write("missing.toml", "[on_delivery]\ncommand = ['no-such-program-anywhere']\n");
    let listening = env.listen(&["--config", config.to_str().unwrap()]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.says("on_delivery: 'no-such-program-anywhere' cannot be run");
    listening.stop();
}

#[test]
fn deliveries_that_find_no_room_are_skipped_and_that_is_said() {
    let env = TestEnv::with_secret();
    let config =
        with_command(&env, "cat > /dev/null; while [ ! -e go ]; do sleep 0.05; done", "jobs = 1\ntimeout = '1h'");
    let listening = env.listen(&["--config", &config]);
    for _ in 0..300 {
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    }
    listening.says("deliveries are skipped: the command is slower than they come");
    env.write("go", "");
    until(|| {
        talk(listening.address(), Signed::new("{}").wire());
        listening.stderr().contains("deliveries were skipped").then_some(())
    })
    .expect("how many were skipped is said");
    listening.stop();
}

#[test]
fn a_folders_own_configuration_runs_nothing_unasked() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[on_delivery]\ncommand = ['touch', 'owned']\n");
    let refused = env.run(&["listen", "--headless", "--bind", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2));
    env.run(&["trust", "--yes"]).yes();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    assert!(until(|| env.work().join("owned").exists().then_some(())).is_some());
    listening.stop();
}

#[test]
fn the_terminal_notifies_of_what_matches() {
    for (how, sequence) in [
        ("bell", "\u{7}"),
        ("osc9", "\u{1b}]9;whyhook: delivery 2, signature mismatch\u{1b}\\"),
        ("osc777", "\u{1b}]777;notify;whyhook;whyhook: delivery 2, signature mismatch\u{1b}\\"),
    ] {
        let env = TestEnv::with_secret();
        env.write("whyhook.toml", format!("[notify]\nfilter = 'verdict:bad'\nhow = '{how}'\n"));
        let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
        talk(address, Signed::new("{}").wire());
        person.sees("200").settles();
        let is_rung = |person: &Person| String::from_utf8_lossy(&person.raw()).contains(sequence);
        assert!(!is_rung(&person), "{how} rings for a delivery that does not match");
        talk(address, Signed::new("{}").by("x", Unit::Seconds).wire());
        assert!(
            until(|| is_rung(&person).then_some(())).is_some(),
            "{how}: {:?}",
            String::from_utf8_lossy(&person.raw())
        );
        person.types("q");
        assert_eq!(person.ends(), 0);
    }
}
