//! `whyhook export --redact`: nobody's data goes out, and the failure stays.

use std::fs;

use serde_json::Value;

use crate::support::{Signed, TestEnv, talk};

const PRIVATE: &str =
    r#"{"event": "screenshot", "user": {"name": "Ada Lovelace", "email": "ada@acme.test"}, "n": 1.0}"#;
const COMPACT: &str = r#"{"event":"screenshot","user":{"name":"Ada Lovelace","email":"ada@acme.test"},"n":1}"#;

/// A sender that signs what `JSON.stringify` gives, and sends something else.
fn reserialised() -> Vec<u8> {
    let head = String::from_utf8(Signed::new(COMPACT).with("Cookie: session=s3cr3t-cookie\r\n").head()).unwrap();
    let [was, is] = [COMPACT, PRIVATE].map(|body| format!("Content-Length: {}\r\n", body.len()));
    [head.replace(&was, &is).as_bytes(), PRIVATE.as_bytes()].concat()
}

fn captured() -> TestEnv {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), reserialised());
    talk(listening.address(), Signed::new(COMPACT).wire());
    listening.line(2);
    listening.stop();
    env
}

#[test]
fn a_redacted_export_explains_the_same_failure_on_a_fresh_machine() {
    let env = captured();
    let ran = env.run(&["export", "--as", "json", "--redact", "-o", "share.jsonl"]).yes();
    let told = ran.stderr();
    assert!(
        told.contains("were replaced in 2 deliveries") && told.contains("1 of 1 fail for the same reason"),
        "{told}"
    );
    let text = fs::read_to_string(env.work().join("share.jsonl")).unwrap();
    for private in ["Ada", "Lovelace", "acme", "s3cr3t", "whsec_e2e_5f0c1f7e9b7d4c46a1Zq"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["redaction"]["cause_kept"], true);
    assert!(line["redaction"]["replaced"].as_u64() >= Some(4), "{line}");
    let secret = line["redaction"]["secret"].as_str().unwrap();
    assert!(told.contains(secret), "{told}");

    let fresh = TestEnv::new();
    let file = fresh.write("share.jsonl", &text);
    let file = file.to_str().unwrap();
    fresh.run(&["import", file]).yes();
    assert_eq!(fresh.show(1)["diagnosis"]["causes"][0]["changes"][0]["code"], "body_reserialized");
    // And from the bytes alone, with the throw-away secret.
    let fresh = fresh.set("TRACKPILOTS_WEBHOOKS_SECRET_KEY", secret);
    let verified = fresh.run(&["verify", "1", "--format", "json"]).no();
    assert!(verified.stdout().contains("body_reserialized"), "{}", verified.stdout());
    fresh.run(&["verify", "2"]).yes();
}

#[test]
fn what_would_go_is_shown_and_nothing_written() {
    let env = captured();
    let ran =
        env.run(&["export", "1", "--as", "har", "--redact", "--dry-run", "--keep", "email", "-o", "share.har"]).yes();
    let shown = ran.stdout();
    assert!(shown.contains("would be replaced in 1 delivery"), "{shown}");
    assert!(shown.contains("text     user.name") && !shown.contains("user.email"), "{shown}");
    assert!(!shown.contains("Ada") && !env.work().join("share.har").exists(), "{shown}");
    let wrong = env.run(&["export", "1", "--as", "json", "--redact", "--replace", "cookie:x"]);
    assert!(wrong.stderr().contains("expected header:NAME"), "{}", wrong.stderr());
    let wrong = env.run(&["export", "1", "--as", "json", "--redact", "--redact-profile", "none"]);
    assert!(wrong.stderr().contains("no [redact.profiles.none]"), "{}", wrong.stderr());
}
