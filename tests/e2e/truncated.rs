//! A part of a request is never called verified, even where its digest fits the part.

use crate::support::{Person, Signed, Size, TestEnv, Wire};

/// Keeps a delivery whose sender announced more, signed what came, and hung up.
fn keep_a_part(env: &TestEnv, format: &str) -> String {
    let listening = env.listen(&["--format", format]);
    let part = Signed::new("{\"event\":\"part\"}");
    let wire = String::from_utf8(part.wire()).unwrap();
    let length = format!("Content-Length: {}\r\n", part.body.len());
    let more = wire.replace(&length, "Content-Length: 1000\r\n");
    assert_ne!(wire, more);
    let mut sender = Wire::connect(listening.address());
    assert_eq!(sender.send(more).stops_sending().answer().status, 400);
    let line = listening.line(1);
    listening.stop();
    line
}

#[test]
fn no_exit_code_and_no_filter_calls_it_verified() {
    let env = TestEnv::with_secret();
    let line = keep_a_part(&env, "text");
    assert!(line.contains("❌ Webhook not verified: truncated request") && !line.contains('✅'), "{line}");
    let json = env.show(1);
    assert_eq!((&json["verdict"], &json["intake"]), (&"verified".into(), &"truncated".into()), "the digest does fit");

    for filter in ["verdict:verified", "is:verified", "verified", "!is:bad", "!verdict:bad"] {
        let ran = env.run(&["wait", "--include-past", "--timeout", "0s", filter]).no();
        assert!(ran.stdout().is_empty(), "{filter}: {}", ran.stdout());
        let said = ran.stderr();
        assert!(said.contains("delivery 1 does not count") && said.contains("truncated: the sender hung up"), "{said}");
        env.run(&["list", filter]).no();
        env.run(&["export", filter, "--as", "json"]).no();
    }
    // Another event is nothing that nearly matched.
    let said = env.run(&["wait", "--include-past", "--timeout", "0s", "is:verified", "event:other"]).no().stderr();
    assert!(!said.contains("does not count"), "{said}");
    for filter in ["verdict:bad", "is:bad", "is:truncated", "!verdict:verified", "verdict:bad is:truncated", ""] {
        env.run(&["wait", "--include-past", "--timeout", "0s", filter]).yes();
    }
    let mut person = Person::start(&env, Size(160, 40), &[]);
    person.sees("Deliveries  1 of 1 ").sees("truncated").sees("not verified: the signature matches what arrived");
    assert!(!person.screen().contains("✓ verified"), "{}", person.screen());
    person.types("/").types("is:verified\r").sees("0 of 1 match").types("q").ends();
}

#[test]
fn an_unsigned_part_is_called_a_part_first() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let mut sender = Wire::connect(listening.address());
    let part = "POST /inc HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"a\":";
    assert_eq!(sender.send(part).stops_sending().answer().status, 400);
    let line = listening.line(1);
    assert!(
        line.starts_with("❌ Webhook not verified: truncated request (missing signature) — POST /inc | 400"),
        "{line}"
    );
    let listed = env.run(&["list"]).yes().stdout();
    assert!(listed.trim_end().ends_with("  (truncated) POST /inc"), "{listed}");
}

#[test]
fn verify_answers_no_and_says_why() {
    let env = TestEnv::with_secret();
    keep_a_part(&env, "json");
    let ran = env.run(&["verify", "1"]).no();
    let words = "not verified: the signature matches the part that arrived (secret TRACKPILOTS_WEBHOOKS_SECRET_KEY), but the \
                 request is truncated";
    assert!(ran.stdout().contains(&format!("❌ {words}")), "{}", ran.stdout());
    let json = env.run(&["verify", "1", "--format", "json"]).no().json();
    assert_eq!((&json["verdict"], &json["intake"]), (&"verified".into(), &"truncated".into()), "{json}");
    assert!(json["intake_reason"].as_str().unwrap().contains("hung up"));
    assert!(env.run(&["show", "1"]).yes().stdout().contains("verdict   not verified"));

    // The same of a file that is shorter than its head says.
    let request = env.write("request", env.bytes(1, "raw")).display().to_string();
    let ran = env.run(&["verify", "--request", &request]).no();
    assert!(ran.stdout().contains("16 of the 1000 bytes that Content-Length declares"), "{}", ran.stdout());
    // A whole one is verified.
    let whole = env.write("whole", Signed::new("{}").wire()).display().to_string();
    assert_eq!(env.run(&["verify", "--request", &whole, "--format", "json"]).yes().json()["intake"], "complete");
}
