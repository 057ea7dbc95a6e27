//! `list`, `show` and `verify` while the interface runs on the same store.

use std::thread;

use serde_json::Value;

use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, sample, talk};

#[test]
fn the_store_can_be_asked_while_the_interface_runs() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(160, 36), &[]);
    talk(address, Signed::new(sample("activity.json")).wire());
    talk(address, Signed::new(sample("screenshot-live.json")).by(SECRET, Unit::Milliseconds).wire());
    talk(address, Signed::new("{\"event\":\"desktop.app_tracking.captured\"}").by("wrong", Unit::Seconds).wire());
    person.sees("mismatch");

    let listed = env.run(&["list", "--format", "json"]).yes().stdout();
    let listed: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<i64> = listed.iter().map(|line| line["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [3, 2, 1], "the newest first");
    assert_eq!(listed[0]["answer"]["status"], 401);

    let count = |filter: &[&str]| {
        let ran = env.run(&[&["list"], filter].concat());
        assert_eq!(ran.status.code(), Some(i32::from(ran.stdout.is_empty())), "{filter:?}");
        ran.stdout().lines().count()
    };
    assert_eq!(count(&["verdict:bad"]), 1);
    assert_eq!(count(&["event:screenshot"]), 1);
    assert_eq!(count(&["is:sim"]), 1);
    assert_eq!(count(&["status:4xx", "event:app"]), 1);
    assert_eq!(count(&["-n", "2"]), 2);
    assert_eq!(count(&["nothing_like_this"]), 0);

    assert_eq!(env.bytes(2, "body"), sample("screenshot-live.json"));
    let text = env.run(&["show", "latest"]).yes().stdout();
    assert!(text.contains("verdict   signature mismatch") && text.contains("\"event\":"), "{text}");
    env.run(&["verify", "1"]).yes();
    env.run(&["verify", "2"]).yes();
    env.run(&["verify", "3"]).no();
    env.run(&["verify", "latest"]).no();
    assert!(env.run(&["show", "99"]).no().stderr().contains("no delivery 99"));
    // Judged with the secrets of now: another may say yes.
    let ran = env.run(&["verify", "3", "--secret-file", env.write("k", "wrong").to_str().unwrap(), "--format", "json"]);
    assert_eq!(ran.yes().json()["secret"], "k");
}

#[test]
fn many_readers_and_senders_at_once_are_in_nobody_s_way() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    talk(address, Signed::new("{\"first\":1}").wire());
    thread::scope(|scope| {
        for sender in 0..2 {
            scope.spawn(move || {
                for number in 0..60 {
                    let request = Signed::new(format!("{{\"number\":{number}}}")).to(&format!("/{sender}/{number}"));
                    assert_eq!(talk(address, request.wire()).status, 200);
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert!(!env.run(&["list"]).yes().stdout.is_empty());
                    assert_eq!(env.bytes(1, "body"), b"{\"first\":1}");
                    env.run(&["verify", "latest"]).yes();
                }
            });
        }
    });
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 121);
    person.sees(" of 121 ");
}
