//! The answers that a person chooses.

use serde_json::json;

use crate::support::{Signed, TestEnv, Wire, sample, talk};

#[test]
fn a_fixed_answer_is_given_to_every_delivery_and_kept_with_it() {
    let env = TestEnv::with_secret();
    for (rule, status, body, retry_after) in [
        ("503", 503, "Service Unavailable", None),
        ("429", 429, "Too Many Requests", Some("30")),
        ("201", 201, "Created", None),
        ("404", 404, "Not Found", None),
        ("418", 418, "", None),
        ("503 try later", 503, "try later", None),
        ("200 {\"ok\":true} é", 200, "{\"ok\":true} é", None),
    ] {
        let store = format!("{}.db", rule.len() + usize::from(status));
        let listening = env.listen(&["--format", "json", "--respond", rule, "--store", &store]);
        let signed = talk(listening.address(), Signed::new(sample("app.json")).wire());
        let unsigned = talk(listening.address(), b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        for (number, answer) in [(1, signed), (2, unsigned)] {
            assert_eq!((answer.status, answer.body.as_str()), (status, body), "{rule}");
            assert_eq!(answer.header("retry-after"), retry_after, "{rule}");
            let line = listening.json_line(number);
            assert_eq!(line["answer"]["status"], status);
            assert_eq!(line["answer"]["rule"], format!("fixed {status}"));
            let id = line["id"].to_string();
            let shown = env.run(&["show", &id, "--format", "json", "--store", &store]).yes().json();
            assert_eq!(shown["answer"]["body"], body);
            for pair in shown["answer"]["headers"].as_array().unwrap() {
                assert_eq!(answer.header(pair[0].as_str().unwrap()), pair[1].as_str(), "{rule}: {pair}");
            }
        }
        assert_eq!(listening.json_line(1)["verdict"], "verified", "the verdict stays what it is");
    }
}

#[test]
fn no_content_has_none_and_the_connection_goes_on() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--respond", "204"]);
    let mut wire = Wire::connect(listening.address());
    for number in 1..=3 {
        let answer = wire.send(Signed::new(sample("app.json")).wire()).answer();
        assert_eq!((answer.status, answer.header("content-length")), (204, None), "{}", answer.head);
        assert_eq!(listening.json_line(number)["answer"]["status"], 204);
    }
}

#[test]
fn what_is_no_whole_request_is_refused_under_every_rule() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--respond", "200", "--body-limit", "1KiB"]);
    assert_eq!(talk(listening.address(), b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n").status, 400);
    let answer = talk(listening.address(), Signed::new(vec![b'x'; 5000]).wire());
    assert_eq!(answer.status, 413);
    let line = listening.json_line(2);
    assert_eq!((&line["intake"], &line["answer"]["rule"]), (&json!("too_large"), &json!("limit")));
}

#[test]
fn the_config_may_choose_and_the_flag_wins() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "respond = \"410\"\n");
    let listening = env.listen(&["--store", "a.db"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).body, "Gone");
    let listening = env.listen(&["--store", "b.db", "--respond", "auto"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
}

#[test]
fn impossible_rules_are_refused_on_one_line() {
    let env = TestEnv::with_secret();
    for (rule, words) in [
        ("ok", "--respond: unknown action 'ok': expected auto, or a status such as 503"),
        ("", "--respond: unknown action ''"),
        ("5o3", "unknown action '5o3'"),
        ("5030", "unknown action '5030'"),
        ("100", "invalid status 100: expected 200 to 599"),
        ("600", "invalid status 600"),
        ("204 nothing", "a 204 answer has no body"),
        ("\u{1b}[31m", "unknown action '␛[31m'"),
    ] {
        let line = env.run(&["--headless", "--bind", "127.0.0.1:0", "--respond", rule]).complains();
        assert!(line.contains(words), "{rule}: {line}");
    }
    assert!(!env.store().exists(), "nothing was begun");
}

#[test]
fn an_impossible_rule_in_the_config_is_placed() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "bind = \"127.0.0.1:0\"\nrespond = \"maybe\"\n");
    let line = env.run(&["--headless"]).complains();
    assert!(line.contains("whyhook.toml:2:11: unknown action 'maybe'"), "{line}");
}
