//! `whyhook wait`: for scripts that trigger something and want to see it come.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{KillOnDrop, Signed, TestEnv, Unit, talk, until};

fn event(name: &str) -> Signed {
    Signed::new(format!("{{\"event\":\"{name}\"}}"))
}

/// Starts to wait, and gives back what it has printed once it has ended.
fn waiting(env: &TestEnv, arguments: &[&str]) -> KillOnDrop {
    let mut command = env.command(&["wait", "--format", "json", "--timeout", "80s"]);
    command.args(arguments).stdout(Stdio::piped());
    KillOnDrop(command.spawn().unwrap())
}

fn ends(mut waiting: KillOnDrop) -> Vec<i64> {
    let status = until(|| waiting.0.try_wait().unwrap()).expect("it ends");
    assert_eq!(status.code(), Some(0));
    let printed = std::io::read_to_string(waiting.0.stdout.take().unwrap()).unwrap();
    printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap()).collect()
}

#[test]
fn it_waits_for_a_store_and_then_for_the_right_delivery() {
    let env = TestEnv::with_secret();
    let first = waiting(&env, &["event:screenshot", "verdict:verified"]);
    let listening = env.listen(&[]);
    talk(listening.address(), event("desktop.app_tracking.captured").wire());
    talk(listening.address(), event("desktop.screenshot_tracking.captured").by("wrong", Unit::Seconds).wire());
    talk(listening.address(), event("desktop.screenshot_tracking.captured").wire());
    assert_eq!(ends(first), [3]);
}

#[test]
fn the_past_counts_only_when_asked_for() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for name in ["one", "two", "three"] {
        talk(listening.address(), event(name).wire());
    }
    let said = env.run(&["wait", "--timeout", "200ms"]).no().stderr();
    assert!(said.contains("no delivery matched within 200ms"), "{said}");
    assert_eq!(ends(waiting(&env, &["--include-past", "status:200", "--count", "2"])), [1, 2]);
    assert_eq!(ends(waiting(&env, &["--after", "1", "event:three"])), [3]);
    let said = env.run(&["wait", "--include-past", "--count", "4", "--timeout", "0s"]).no();
    assert_eq!(said.stdout().lines().count(), 3);
    assert!(said.stderr().contains("3 of 4"), "{}", said.stderr());

    let next = waiting(&env, &["--after", "3", "--count", "2"]);
    talk(listening.address(), event("four").wire());
    talk(listening.address(), event("five").wire());
    assert_eq!(ends(next), [4, 5]);
}

#[test]
fn an_answer_that_decides_is_waited_for_and_no_other() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "path:/held → hold 5m else 202"]);
    let address = listening.address();
    let held = std::thread::spawn(move || talk(address, event("one").to("/held").wire()).status);
    // What does not ask for the answer can be used to release it.
    assert_eq!(ends(waiting(&env, &["path:/held", "--after", "0"])), [1]);
    assert_eq!(ends(waiting(&env, &["is:waiting", "--after", "0"])), [1]);
    let by_status = waiting(&env, &["status:410", "--after", "0"]);
    let by_another = waiting(&env, &["!status:200", "--after", "0"]);
    let mut follower = env.command(&["list", "--follow", "--format", "json", "status:410"]);
    let mut follower = KillOnDrop(follower.stdout(Stdio::piped()).spawn().unwrap());
    // Longer than others wait for it to be told in the order of numbers.
    std::thread::sleep(Duration::from_millis(2500));
    talk(address, event("two").wire());
    env.run(&["release", "1", "410"]).yes();
    assert_eq!(held.join().unwrap(), 410);
    assert_eq!(ends(by_status), [1]);
    assert_eq!(ends(by_another), [1]);
    let mut line = String::new();
    BufReader::new(follower.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let row: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&row["id"], &row["answer"]["status"]), (&1.into(), &410.into()));
    // An answer that can never come is not waited for.
    listening.closes();
    env.run(&["wait", "status:503", "--include-past", "--timeout", "200ms"]).no();
}

#[test]
fn what_cannot_be_waited_for_is_said() {
    let env = TestEnv::new();
    assert!(env.run(&["wait", "evnt:x"]).complains().contains("did you mean"));
    assert!(env.run(&["wait", "--timeout", "5"]).complains().contains("invalid duration"));
    env.run(&["wait", "--timeout", "100ms"]).no();
}
