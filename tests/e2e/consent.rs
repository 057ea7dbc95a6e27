//! A `whyhook.toml` that merely lies in the current folder does nothing far-reaching unasked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::support::{Person, Signed, Size, TestEnv, talk, until};

const FORWARDS: &str = "forward_to = ['https://collector.example/in']\n";
const WORDS: &str = "forward deliveries to https://collector.example/in";
const HEADLESS: [&str; 3] = ["--headless", "--bind", "127.0.0.1:0"];

fn planted(text: &str) -> TestEnv {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", text);
    env
}

fn trusted(env: &TestEnv) -> PathBuf {
    env.home().join(".local/state/whyhook/trusted")
}

#[test]
fn without_a_terminal_it_is_refused_in_one_line_that_says_everything() {
    let env = planted(&format!(
        "bind = '0.0.0.0:0'\n{FORWARDS}ca_file = 'ca.pem'\nstore = '/srv/shared.db'\n[secrets]\na = {{ file = '~/key' }}\n\
         [retention]\nkeep = 1\n"
    ));
    let line = env.run(&HEADLESS).complains();
    for words in [
        "whyhook.toml was found in the current folder and would",
        "listen on 0.0.0.0:0, where other hosts can reach it",
        WORDS,
        "trust the certificates in",
        "keep deliveries in /srv/shared.db",
        "read the secret 'a' from",
        "permanently delete deliveries: the newest 1",
        "`whyhook trust`",
        "--yes",
    ] {
        assert!(line.contains(words), "'{words}' is not in {line}");
    }
    assert!(!trusted(&env).exists() && !env.store().exists());
    // Every command, as far as it is concerned.
    for command in [
        &["list"][..],
        &["show", "latest"],
        &["export", "--as", "json"],
        &["wait", "--timeout", "0s"],
        &["prune", "--keep", "1", "--dry-run"],
        &["verify", "latest"],
        &["import", "whyhook.toml"],
        &["replay", "latest"],
        &["simulate", "app", "--dry-run"],
        &["check", "--to", "http://127.0.0.1:9"],
        &["trust"],
    ] {
        let line = env.run(command).complains();
        assert!(line.contains("was found in the current folder"), "{command:?}: {line}");
        let advice = if command == ["trust"] { "allow it with `whyhook trust --yes`" } else { "`whyhook trust`, or" };
        assert!(line.contains(advice), "{command:?}: {line}");
    }
    // What does not concern it goes on.
    env.run(&["completions", "bash"]).yes();
    env.run(&["check", "--list"]).yes();
}

#[test]
fn what_only_a_listener_would_do_stops_only_what_listens_or_sends() {
    let env = planted(FORWARDS);
    env.write("body", "{}");
    env.run(&["sign", "--body", "body"]).yes();
    env.run(&["wait", "--timeout", "0s"]).no();
    assert!(env.run(&["simulate", "app", "--dry-run"]).complains().contains(WORDS));
    assert!(env.run(&HEADLESS).complains().contains(WORDS));
}

#[test]
fn yes_is_for_one_run_and_a_named_file_is_a_choice() {
    let env = planted(FORWARDS);
    let listening = env.listen(&["--yes"]);
    listening.says("configuration: ");
    listening.stop();
    assert!(env.run(&HEADLESS).complains().contains(WORDS));
    assert!(!trusted(&env).exists());

    env.listen(&["--config", "whyhook.toml"]).stop();
    let path = env.work().join("whyhook.toml");
    let named = TestEnv::with_secret().set("WHYHOOK_CONFIG", &path);
    named.listen(&[]).stop();
    // The person's own is theirs.
    let own = TestEnv::with_secret();
    let folder = own.home().join("config/whyhook");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), FORWARDS).unwrap();
    own.listen(&[]).stop();
}

#[test]
fn a_yes_is_remembered_until_the_file_changes() {
    let env = planted(FORWARDS);
    let mut person = Person::start(&env, Size(120, 40), &[]);
    person.sees("was found in the current folder and would").sees(WORDS).sees("Use it?");
    assert!(!person.raw().contains(&0x1b), "the interface has not started");
    person.types("yes\r").sees("following");
    person.types("I").sees("config file").sees("whyhook.toml");
    person.types("\u{1b}").settles().types("q").ends();
    person.has_the_terminal_back();

    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let list = trusted(&env);
    assert_eq!((mode(&list), mode(list.parent().unwrap())), (0o600, 0o700));
    // Neither the interface nor a log asks again …
    let (mut person, _) = Person::listening(&env, Size(120, 40), &[]);
    assert!(!person.screen().contains("Use it?"));
    person.types("q").ends();
    env.listen(&[]).stop();
    // … until the file changes, if only by a byte, or lies elsewhere.
    env.write("whyhook.toml", format!("{FORWARDS}#"));
    assert!(env.run(&HEADLESS).complains().contains(WORDS));
    env.write("whyhook.toml", FORWARDS);
    env.listen(&[]).stop();
    let copied = env.write("copy/whyhook.toml", FORWARDS);
    let mut command = env.command(&HEADLESS);
    command.current_dir(copied.parent().unwrap());
    assert!(crate::support::finish(command, b"").complains().contains(WORDS));
}

#[test]
fn no_is_the_default_and_starts_nothing() {
    for answer in ["\r", "n\r", "what\r"] {
        let env = planted(FORWARDS);
        let mut person = Person::start(&env, Size(120, 40), &[]);
        person.sees("Use it?").types(answer).sees("was not allowed, so nothing was done");
        assert_eq!(person.ends(), 2, "{answer:?}");
        assert!(!person.raw().contains(&0x1b) && !trusted(&env).exists() && !env.store().exists());
    }
}

#[test]
fn trust_allows_it_beforehand() {
    let env = planted(FORWARDS);
    let mut person = Person::runs(&env, Size(120, 40), &["trust"]);
    person.sees(WORDS).types("n\r");
    assert_eq!(person.ends(), 1);
    let said = env.run(&["trust", "--yes"]).yes().stderr();
    assert!(said.contains(WORDS), "{said}");
    assert!(env.run(&["trust"]).yes().stderr().contains("is already allowed"));
    env.listen(&[]).stop();
    assert!(TestEnv::new().run(&["trust"]).yes().stderr().contains("nothing to allow"));
}

#[test]
fn a_change_while_it_runs_is_not_applied_until_it_is_allowed() {
    let env = planted("respond = '503'\n");
    let listening = env.listen(&[]);
    let status = || talk(listening.address(), Signed::new("{}").wire()).status;
    assert_eq!(status(), 503);
    // What needs no yes is taken at once.
    env.write("whyhook.toml", "respond = '418'\n");
    listening.says("1 active");
    assert_eq!(status(), 418);

    let planted = "respond = 'redirect 307 https://collector.example/'\n";
    env.write("whyhook.toml", planted);
    let line = listening.says("not applied until");
    assert!(
        line.contains("redirect senders to https://collector.example/") && line.contains("whyhook trust"),
        "{line}"
    );
    assert_eq!(status(), 418);
    env.run(&["trust", "--yes"]).yes();
    assert!(until(|| (status() == 307).then_some(())).is_some(), "{}", listening.stderr());
    assert_eq!(listening.stderr().matches("not applied until").count(), 1, "{}", listening.stderr());

    // What was agreed to may stay while other things change.
    env.write("whyhook.toml", format!("{planted}hold_for = '1s'\n"));
    let reloads = || listening.stderr().matches(" active").count();
    assert!(until(|| (reloads() == 3).then_some(())).is_some(), "{}", listening.stderr());
    assert_eq!(listening.stderr().matches("not applied until").count(), 1, "{}", listening.stderr());
    // One more is one too many.
    env.write("whyhook.toml", format!("{planted}[[rules]]\nwhen = 'is:sim'\nthen = 'forward https://x.example'\n"));
    listening.says("forward deliveries to https://x.example");
    assert_eq!(status(), 307);
    listening.stop();
}

#[test]
fn a_file_that_comes_while_it_runs_is_asked_about_too() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(200, 40), &[]);
    env.write("whyhook.toml", FORWARDS);
    person.sees("not applied until");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
    person.types("q").ends();
    // At the next start the question comes.
    Person::start(&env, Size(120, 40), &[]).sees("Use it?");
}

#[test]
fn what_a_person_saves_in_the_interface_is_their_word() {
    let saves = |env: &TestEnv, arguments: &[&str], rule: &str| {
        let (mut person, _) = Person::listening(env, Size(160, 40), arguments);
        person.types("r").sees("Rules").types("n").sees("FILTER → WHAT").types(rule).sees("Enter activates it").enter();
        person
            .no_longer_sees("Enter activates it")
            .types("s")
            .sees("Save in the configuration?")
            .types("y")
            .sees("saved in ")
            .types("\u{1b}");
        person.settles().types("q").ends();
    };
    let env = TestEnv::with_secret();
    saves(&env, &[], "path:/a → forward https://mine.example");
    assert!(fs::read_to_string(env.work().join("whyhook.toml")).unwrap().contains("mine.example"));
    env.listen(&[]).stop();
    // Built on what was let through for one run alone, it is asked about.
    let env = planted("[[rules]]\nwhen = 'path:/x'\nthen = 'forward https://collector.example/in'\n");
    saves(&env, &["--yes"], "path:/a → forward https://mine.example");
    let line = env.run(&HEADLESS).complains();
    assert!(line.contains("mine.example") && line.contains(WORDS), "{line}");
}

#[test]
fn what_was_read_is_said() {
    let env = TestEnv::new();
    let dotenv = env.write(".env", "TRACKPILOTS_WEBHOOKS_SECRET_KEY=whsec_in_a_file\n");
    let listening = env.listen(&[]);
    let line = listening.says("secrets: ");
    assert!(line.contains(&format!("TRACKPILOTS_WEBHOOKS_SECRET_KEY in {}", dotenv.display())), "{line}");
    listening.says("configuration: none");
    listening.stop();
    let config = env.write("whyhook.toml", "tolerance = '1h'\n");
    env.listen(&[]).says(&format!("configuration: {}", config.display()));

    let (mut person, _) = Person::listening(&env, Size(200, 50), &["--ephemeral"]);
    person.sees("⚙ whyhook.toml").types("I").sees(&config.display().to_string()).sees(&dotenv.display().to_string());
    drop(person);
    // The address is shortened for it.
    let mut person = Person::start(&env, Size(80, 24), &["--ephemeral", "--bind", "127.0.0.1:0"]);
    person.sees("⚙ whyhook.toml");
}
