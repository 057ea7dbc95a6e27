//! `whyhook import`: what was exported, and what others have written.

use serde_json::{Value, json};

use crate::support::control::{Events, ask, get, socket};
use crate::support::{KillOnDrop, Signed, TestEnv, Unit, sample, talk};

/// An environment with three deliveries: verified, wrongly signed, no UTF-8 and no HTTP.
fn filled() -> TestEnv {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(sample("screenshot-live.json")).with("X-Latin: \u{e9}\r\n").wire());
    talk(listening.address(), Signed::new(b"\xff\0".to_vec()).by("wrong", Unit::Seconds).wire());
    talk(listening.address(), b"nonsense \xff\r\n\r\n");
    listening.stop();
    env
}

#[test]
fn an_export_comes_back_as_it_was_but_for_number_and_mark() {
    let from = filled();
    let exported = from.run(&["export", "--as", "json"]).yes().stdout;
    let to = TestEnv::new();
    let done = to.run_with(&["import", "-", "--format", "json"], &exported).yes().json();
    assert_eq!(done, json!({"imported": 3, "first": 1, "last": 3, "passed_over": [], "remarks": []}));
    to.write("again.json", &exported);
    let again = to.run(&["import", "again.json"]).yes();
    assert_eq!(again.stdout(), "imported 3 deliveries, 4 to 6\n");
    let words = "warning: 3 of 3 deliveries were in the store before: the same time, head and body";
    assert!(again.stderr().contains(words), "{}", again.stderr());
    for id in 1..=3 {
        let was = from.show(id);
        for again in [id, id + 3] {
            let mut is = to.show(again);
            assert_eq!(is["remote"], format!("{} (imported)", was["remote"].as_str().unwrap()));
            is["remote"] = was["remote"].clone();
            is["id"] = was["id"].clone();
            // There is no secret in the other env to look for a reason with.
            is["diagnosis"] = was["diagnosis"].clone();
            // What was imported twice counts as sent twice; the third has no body to know it again by.
            let times = if id < 3 { 2 } else { 0 };
            assert_eq!(is["retries"].as_array().map(Vec::len), Some(times));
            is["retries"] = was["retries"].clone();
            is["seen_before"] = was["seen_before"].clone();
            assert_eq!(is, was);
            assert_eq!(to.bytes(again, "raw"), from.bytes(id, "raw"));
        }
    }
    assert_eq!(to.run(&["list", "verdict:verified", "remote:imported"]).yes().stdout().lines().count(), 2);
}

#[test]
fn requests_from_elsewhere_are_judged_with_the_secrets_of_now() {
    let env = TestEnv::with_secret();
    let request = Signed::new("{\"event\":\"desktop.app_tracking.captured\"}");
    env.write("one.http", request.wire());
    let har = json!({"log": {"version": "1.2", "entries": [{"startedDateTime": "2025-05-01T12:00:00Z", "request": {
        "method": "POST", "url": "http://h/hook", "headers": [], "postData": {"text": "{}"}}}]}});
    env.write("two.har", har.to_string());
    let said = env.run(&["import", "one.http", "two.har"]).yes().stdout();
    assert_eq!(said, "imported 2 deliveries, 1 to 2\n");
    assert_eq!(env.show(1)["verdict"], "verified");
    assert_eq!(env.show(2)["verdict"], "missing_signature");
    assert_eq!(env.show(2)["answer"], Value::Null);
    env.run(&["verify", "1"]).yes();

    // A capture that was judged without a secret is judged with one when that is asked for.
    let elsewhere = TestEnv::new();
    elsewhere.write("one.http", request.wire());
    elsewhere.run(&["import", "one.http"]).yes();
    let exported = elsewhere.run(&["export", "--as", "json"]).yes().stdout;
    env.run_with(&["import", "-"], &exported).yes();
    env.run_with(&["import", "-", "--judge-again"], &exported).yes();
    assert_eq!(env.show(3)["verdict"], "no_secret");
    assert_eq!(env.show(4)["verdict"], "verified");
}

#[test]
fn all_or_nothing_and_the_place_of_what_is_wrong() {
    let env = filled();
    let good = env.run(&["export", "1", "--as", "json"]).yes().stdout();
    env.write("good.json", &good);
    env.write("bad.json", format!("{good}{{\"id\": oops}}\n"));
    let said = env.run(&["import", "good.json", "bad.json"]).complains();
    assert!(said.contains("bad.json: delivery 2, ") && said.contains("line 2 column 8"), "{said}");
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 3, "nothing was imported");
    assert!(env.run(&["import", "nowhere"]).complains().contains("cannot read nowhere"));
    assert!(env.run_with(&["import", "-"], b"garbage").complains().contains("stdin: not an HTTP request"));
    env.run_with(&["import", "-", "--from", "json"], b" \n").no();
    let listed = env.run(&["list", "--format", "json"]).yes().stdout;
    assert!(env.run_with(&["import", "-"], &listed).complains().contains("show --format json"));
}

#[test]
fn a_listener_takes_in_what_is_imported_while_others_send() {
    let from = filled();
    let once = from.run(&["export", "--as", "json"]).yes().stdout;
    let env = TestEnv::with_secret();
    env.write("many.json", once.repeat(200));
    env.write("one.http", Signed::new("{\"event\":\"a\"}").wire());
    let listening = env.listen(&[]);
    let address = listening.address();
    let pouring = std::thread::spawn(move || {
        for number in 0..100 {
            let sent = Signed::new(format!("{{\"live\":{number}}}")).wire();
            assert_eq!(talk(address, sent).status, 200);
        }
    });
    let done = env.run(&["import", "many.json", "one.http", "--format", "json"]).yes().json();
    pouring.join().unwrap();
    assert_eq!(done["imported"], 601);
    assert!(done["last"].as_i64().unwrap() - done["first"].as_i64().unwrap() >= 600, "{done}");
    let ids = |filter: &str| -> Vec<i64> {
        let listed = env.run(&["list", "--format", "json", filter]).yes().stdout();
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap();
        listed.lines().map(id).collect()
    };
    // None is lost, and no number given twice.
    assert_eq!(ids(""), (1..=701).rev().collect::<Vec<i64>>());
    assert_eq!((ids("remote:imported").len(), ids("field:live").len()), (601, 100));
    let last = done["last"].as_i64().unwrap();
    assert_eq!((&env.show(last)["verdict"], &env.show(last)["answer"]), (&json!("verified"), &Value::Null));
    let job = get(&env, "/jobs/1").is(200).json();
    assert_eq!((&job["kind"], &job["progress"]), (&json!("import"), &json!({"done": 601, "total": 601})));

    // What is wrong is found before anything is kept, by the command and by the listener.
    let good = String::from_utf8(once).unwrap();
    env.write("bad.json", format!("{good}{{\"id\": oops}}\n"));
    let said = env.run(&["import", "one.http", "bad.json"]).complains();
    assert!(said.contains("bad.json: delivery 4, "), "{said}");
    let failed = ask(&socket(&env), "POST", "/import?wait=true&from=json", Some(&json!({"id": 1}))).is(200).json();
    assert!(failed["state"] == "failed" && failed["error"].as_str().unwrap().contains("delivery 1"), "{failed}");
    let problem = ask(&socket(&env), "POST", "/import?from=xml", Some(&json!({}))).is(400).json();
    assert!(problem["detail"].as_str().unwrap().contains("expected json, har, raw"), "{problem}");
    assert_eq!(ids("").len(), 701);
    listening.stop();
    assert_eq!(ids("").len(), 701);
    let said = env.run_with(&["import", "-"], good.as_bytes()).yes().stdout();
    assert_eq!(said, "imported 3 deliveries, 702 to 704\n");
}

#[test]
fn a_kill_during_an_import_leaves_whole_deliveries() {
    let from = filled();
    let once = from.run(&["export", "1", "--as", "json"]).yes().stdout;
    let env = TestEnv::with_secret();
    env.write("many.json", once.repeat(5_000));
    let listening = env.listen(&[]);
    let mut events = Events::open(&env, "", None);
    let mut importing = KillOnDrop(env.command(&["import", "many.json"]).spawn().unwrap());
    for _ in 0..20 {
        events.next_of("delivery");
    }
    listening.kill();
    assert!(!importing.0.wait().unwrap().success());
    env.listen(&[]).stop();
    let listed = env.run(&["list", "--format", "json"]).yes().stdout();
    let count = listed.lines().count();
    assert!((20..5_000).contains(&count), "{count}");
    assert_eq!(env.bytes(1, "raw"), from.bytes(1, "raw"));
    assert_eq!(env.bytes(count as i64, "raw"), from.bytes(1, "raw"));
}

#[test]
fn a_folder_of_raw_exports_is_taken_without_what_is_malformed() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    talk(listening.address(), Signed::new("[]").wire());
    talk(listening.address(), b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n");
    listening.stop();
    env.run(&["export", "--as", "raw", "-o", "raw"]).yes();
    let done = env.run(&["import", "raw", "--format", "json"]).yes();
    assert_eq!(done.json()["imported"], 2);
    let passed_over = &done.json()["passed_over"];
    assert!(passed_over[0]["reason"].as_str().unwrap().starts_with("not an HTTP request: "), "{passed_over}");
    assert_eq!(passed_over.as_array().map(Vec::len), Some(1));
    assert!(done.stderr().contains("passed over: not an HTTP request"), "{}", done.stderr());
    env.run(&["import", "raw", "--strict"]).complains();
    env.run(&["import", "raw/000003-request.http"]).complains();
    env.write("notes.txt", "Dear diary,\n");
    let line = env.run(&["import", "notes.txt"]).complains();
    assert!(line.contains("not an HTTP request") && line.contains("--from names the format"), "{line}");
}
