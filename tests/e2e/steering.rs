//! A running listener steered from outside: its answers, rules, held deliveries and marks.

use serde_json::{Value, json};

use crate::support::control::{Events, ask, get, socket};
use crate::support::{Person, Signed, Size, TestEnv, talk};

#[test]
fn the_answer_is_chosen_from_outside() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let send = || talk(listening.address(), Signed::new("{}").wire()).status;
    let mut events = Events::open(&env, "", None);
    assert_eq!(env.run(&["answer"]).yes().stdout(), "by the rules\n");
    assert_eq!(env.run(&["answer", "503"]).yes().stdout(), "503\n");
    listening.says("answer: 503 until it is cleared");
    assert_eq!(events.next_of("change"), json!({"what": "answer", "answer": {"rule": "503", "once": false}}));
    assert_eq!(send(), 503);
    assert_eq!(env.run(&["answer", "--format", "json"]).yes().json(), json!({"rule": "503", "once": false}));
    assert_eq!(get(&env, "/status").json()["answer"]["rule"], "503");
    env.run(&["answer", "clear"]).yes();
    assert_eq!(send(), 200);
    env.run(&["answer", "503"]).yes();
    assert_eq!(env.run(&["answer", "--clear"]).yes().stdout(), "by the rules\n");
    assert_eq!(send(), 200);
    env.run(&["answer", "--once", "418"]).yes();
    assert_eq!((send(), send()), (418, 200));
    let line = env.run(&["answer", "700"]).complains();
    assert!(line.contains("invalid status 700"), "{line}");
    let own = format!("forward {}", listening.url("/"));
    let line = env.run(&["answer", &own]).complains();
    assert!(line.contains("forward"), "{line}");
    let problem = ask(&socket(&env), "PUT", "/answer", Some(&json!({"rule": "200", "onec": true}))).is(400).json();
    assert!(problem["detail"].as_str().unwrap().contains("unknown field `onec`"), "{problem}");
}

#[test]
fn rules_are_changed_while_deliveries_come() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[filters]\nlate = \"path:/late | path:/slow\"\n");
    let listening = env.listen(&["--respond", "path:/a → 201"]);
    let send = |path: &str| talk(listening.address(), Signed::new("{}").to(path).wire()).status;
    assert_eq!((send("/a"), send("/b")), (201, 200));
    assert_eq!(env.run(&["rules"]).yes().stdout(), "  1  path:/a → 201\n");
    env.run(&["rules", "add", "path:/b → 202"]).yes();
    env.run(&["rules", "add", "--at", "1", "path:/c → 203"]).yes();
    assert_eq!((send("/a"), send("/b"), send("/c")), (201, 202, 203));
    let listed = env.run(&["rules", "move", "3", "1"]).yes().stdout();
    assert_eq!(listed, "  1  path:/b → 202\n  2  path:/c → 203\n  3  path:/a → 201\n");
    let json = env.run(&["rules", "--format", "json"]).yes().json();
    assert_eq!(json["rules"][2], json!({"number": 3, "rule": "path:/a → 201", "answered": 2}));
    assert!(env.run(&["rules", "add", "\"abc -> 503"]).complains().contains("unclosed quotation mark"));
    env.run(&["rules", "delete", "1"]).yes();
    assert_eq!(send("/b"), 200);
    assert!(env.run(&["rules", "remove", "9"]).no().stderr().contains("expected 1 to 2"));
    assert!(env.run(&["rules", "add", "path:/d → 999"]).complains().contains("invalid status 999"));
    // A saved filter, as it is now.
    env.run(&["rules", "add", "@late → 504"]).yes();
    assert_eq!((send("/slow"), send("/b")), (504, 200));
    assert!(env.run(&["rules"]).yes().stdout().contains("path:/late | path:/slow → 504"));
    assert!(env.run(&["rules", "add", "@lat → 504"]).complains().contains("did you mean '@late'?"));
    let replaced = ask(&socket(&env), "PUT", "/rules", Some(&json!({"rules": ["204"]}))).is(200).json();
    assert_eq!(replaced["rules"].as_array().unwrap().len(), 1);
    assert_eq!(send("/b"), 204);
}

#[test]
fn what_is_held_is_released_from_outside() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "hold 5m else 202"]);
    let mut events = Events::open(&env, "", None);
    let address = listening.address();
    let send = || std::thread::spawn(move || talk(address, Signed::new("{}").wire()).status);
    env.run(&["held"]).no();
    let first = send();
    assert_eq!(events.next_of("change"), json!({"what": "held", "id": 1}));
    let held = env.run(&["held", "--format", "json"]).yes().json();
    assert_eq!((&held["id"], &held["default"]), (&json!(1), &json!("202")));
    assert!(env.run(&["release", "1", "hold"]).complains().contains("cannot be held again"));
    assert_eq!(env.run(&["release", "1"]).yes().stdout(), "released #1: 202\n");
    assert_eq!(first.join().unwrap(), 202);
    assert_eq!(events.next_of("change"), json!({"what": "released", "id": 1}));
    let second = send();
    assert_eq!(events.next_of("change"), json!({"what": "held", "id": 2}));
    env.run(&["release", "latest", "409"]).yes();
    assert_eq!(second.join().unwrap(), 409);
    assert!(env.run(&["release", "2"]).no().stderr().contains("delivery 2 is not held"));
    assert!(env.run(&["release", "99999"]).no().stderr().contains("delivery 99999 is not held"));
    assert!(env.run(&["release", "all"]).no().stderr().contains("no delivery is held"));
    let both = [send(), send()];
    for (what, id) in [("released", 2), ("held", 3), ("held", 4)] {
        assert_eq!(events.next_of("change"), json!({"what": what, "id": id}));
    }
    assert_eq!(env.run(&["release", "all", "410"]).yes().stdout(), "released #3: 410\nreleased #4: 410\n");
    for sent in both {
        assert_eq!(sent.join().unwrap(), 410);
    }
    ask(&socket(&env), "POST", "/held/2", Some(&json!({}))).is(400);
}

#[test]
fn what_one_marks_another_sees_at_once() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    for number in 1..=4 {
        talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire());
    }
    person.sees("1 of 4");
    let mut events = Events::open(&env, "", None);
    let ran = env.run(&["pin", "2"]).yes();
    assert!(ran.stderr().contains("pinned #2"), "{}", ran.stderr());
    person.sees("another process pinned #2");
    assert_eq!(events.next_change("marks"), json!({"what": "marks"}));
    env.run(&["note", "latest", "look at this"]).yes();
    person.sees("another process noted on #4");
    env.run(&["tag", "--add", "odd", "--add", "late", "--remove", "none", "3-4"]).yes();
    person.sees("#odd");
    let shown = get(&env, "/deliveries/4").is(200).json();
    assert_eq!((&shown["user_note"], &shown["tags"]), (&json!("look at this"), &json!(["late", "odd"])));
    assert_eq!(env.run(&["delete", "1-3"]).yes().stdout(), "deleted 2 deliveries\n", "the pinned one is kept");
    person.sees("another process deleted 2 deliveries").sees("of 2");
    assert_eq!(get(&env, "/deleted").is(200).json(), json!({"ids": [3, 1]}));
    get(&env, "/deliveries/3").is(404);
    assert_eq!(env.run(&["delete", "--undo", "3"]).yes().stdout(), "brought back #3\n");
    person.sees("another process brought back #3").sees("of 3");
    // What the interface does is told as well.
    env.run(&["delete", "--undo"]).yes();
    person.sees("brought back #1").sees("of 4");
    let mut events = Events::open(&env, "", None);
    person.types("b");
    assert_eq!(events.next_change("marks"), json!({"what": "marks"}));
    person.types("q").ends();
}

#[test]
fn marks_are_changed_by_request_while_deliveries_pour_in() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "204"]);
    let address = listening.address();
    let send = move || assert_eq!(talk(address, Signed::new("{}").wire()).status, 204);
    (0..600).for_each(|_| send());
    let post = |target: &str, body: Value| ask(&socket(&env), "POST", target, Some(&body));
    let pouring = std::thread::spawn(move || (0..200).for_each(|_| send()));
    let done = post("/marks?wait=true", json!({"ids": ["1-600", 5, "580-9999"], "pinned": true, "add_tags": ["a"]}));
    let done = done.is(200).json();
    assert_eq!((&done["kind"], &done["state"]), (&json!("marks"), &json!("done")));
    let matched = done["result"]["matched"].as_u64().unwrap();
    assert!(matched >= 600 && done["result"]["changed"] == matched, "{done}");
    listening.says("another process tagged");
    pouring.join().unwrap();
    let deleted = post("/delete?wait=true", json!({"filter": "is:pinned"})).is(200).json();
    assert_eq!(deleted["result"], json!({"matched": 0, "deleted": 0, "pinned_kept": matched}));
    let deleted = post("/delete?wait=true", json!({"filter": "tag:a", "pinned": true})).is(200).json();
    assert_eq!(deleted["result"]["deleted"], matched);
    assert_eq!(env.run(&["list", "--format", "json"]).yes().stdout().lines().count() as u64, 800 - matched);
    let restored = post("/undelete?wait=true", json!({"ids": [1, "3-4", 900]})).is(200).json();
    assert_eq!(restored["result"], json!({"matched": 3, "restored": 3}));
    for (target, body, words) in [
        ("/marks", json!({"ids": [1]}), "nothing to do"),
        ("/marks", json!({"pinned": true}), "nothing selected"),
        ("/marks", json!({"ids": [1], "filter": "is:sim", "pinned": true}), "cannot be combined"),
        ("/marks", json!({"ids": [1], "add_tags": ["a b"]}), "invalid tag"),
        ("/delete", json!({"filter": " "}), "empty"),
        ("/delete", json!({"filter": "evnt:a"}), "evnt"),
        ("/undelete", json!({"filter": "is:sim"}), "unknown field"),
    ] {
        let problem = post(target, body).is(400).json();
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}
