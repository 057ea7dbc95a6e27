//! `diff`, of two deliveries and of two responses.

use serde_json::{Value, json};

use crate::support::{Signed, TestEnv, talk};

#[test]
fn two_deliveries_are_compared_by_header_path_and_byte() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let one = Signed::new("{\"a\":1.0,\"b\":{\"c\":\"x\"},\"gone\":1}").with("X-Same: 1\r\nX-Case: 1\r\n");
    let other = Signed::new("{\"a\":1.00,\"b\":{\"c\":\"\\u001b[31m\u{202e}\"}}")
        .to("/else")
        .with("X-Same: 1\r\nx-case: 1\r\n");
    talk(listening.address(), one.wire());
    talk(listening.address(), other.wire());
    env.run(&["diff", "1", "1"]).yes();
    assert!(env.run(&["diff", "latest", "2"]).yes().stdout.is_empty());

    let shown = env.run(&["diff", "1", "2"]).no().stdout();
    for words in [
        "  - POST /webhooks/trackpilots HTTP/1.1\n  + POST /else HTTP/1.1\n",
        "X-Case → x-case: letter case",
        "  ~ a: 1.0 → 1.00   the same value, written differently\n",
        "  - gone: 1\n",
        "the first difference is at byte 8 (0x8)",
        "000000  7b 22 61 22 3a 31 2e 30",
    ] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");

    let shown = env.run(&["diff", "1", "2", "--format", "json"]).no();
    assert!(!shown.stdout().contains(['\u{1b}', '\u{202e}']));
    let shown = shown.json();
    assert_eq!((&shown["same"], &shown["body"]["first_difference"]), (&json!(false), &json!(8)));
    let changed = json!({"path": "a", "change": "changed", "from": "1.0", "to": "1.00", "same_value": true});
    assert_eq!(shown["body"]["json"][0], changed);
    let changes: Vec<&Value> = shown["headers"].as_array().unwrap().iter().map(|change| &change["change"]).collect();
    assert!(changes.contains(&&json!("case")) && changes.contains(&&json!("value")), "{shown}");

    assert!(env.run(&["diff", "1", "99"]).complains().contains("no delivery 99"));
    assert!(env.run(&["diff", "1", "x"]).complains().contains("invalid value 'x' for ID"));
}

#[test]
fn two_responses_are_compared() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").by("wrong", crate::support::Unit::Seconds).wire());
    env.run(&["replay", "1", "--to", &listening.url("")]).no();
    env.run(&["replay", "1", "--to", &listening.url(""), "--resign"]).yes();
    let shown = env.run(&["diff", "--attempts", "1", "2"]).no().stdout();
    assert!(shown.contains("  - HTTP/1.1 401 Unauthorized\n  + HTTP/1.1 200 OK\n"), "{shown}");
    assert!(shown.contains("  -     1  Invalid signature\n  +     1  Webhook received"), "{shown}");
    env.run(&["diff", "--attempts", "2", "2"]).yes();
    assert!(env.run(&["diff", "--attempts", "1", "9"]).complains().contains("no attempt 9"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    env.run(&["replay", "1", "--to", &nobody.to_string()]).no();
    assert!(env.run(&["diff", "--attempts", "1", "3"]).complains().contains("attempt 3 has no response"));
}

#[test]
fn large_bodies_are_compared_too() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let items = |last: &str| format!("{{\"data\":[{}{last}]}}", "{\"id\":1,\"name\":\"somebody\"},".repeat(180_000));
    talk(listening.address(), Signed::new(items("1.0")).wire());
    talk(listening.address(), Signed::new(items("1")).wire());
    let shown = env.run(&["diff", "1", "2", "--format", "json"]).no().json();
    assert_eq!(shown["body"]["json"].as_array().unwrap().len(), 1);
    assert_eq!(shown["body"]["json"][0]["path"], "data[180000]");
}
