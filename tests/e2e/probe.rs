//! An upstream server that disagrees with our verdict: what is said of it, and what a forged copy settles.

use serde_json::{Value, json};

use crate::support::tools::tool;
use crate::support::{Receiver, SECRET, Signed, TestEnv, Unit, sample, talk, until};

/// The key of the receiver `other-secret`.
const OTHERS: &str = "another-secret-0123456789";

/// The forward of a delivery, once it is stored.
fn forward(env: &TestEnv, id: i64) -> Value {
    until(|| Some(env.show(id)["forward"][0].clone()).filter(Value::is_object)).unwrap()
}

/// Listens, forwards to the receiver's `mode`, and sends what is given; the URL of the receiver.
fn forwarded(env: &TestEnv, receiver: &Receiver, mode: &str, deliveries: &[Signed]) -> String {
    let url = format!("{}/hooks/{mode}", receiver.origin());
    let listening = env.listen(&["--forward-to", &url]);
    for signed in deliveries {
        talk(listening.address(), signed.wire());
    }
    forward(env, deliveries.len() as i64);
    url
}

fn right() -> Signed {
    Signed::new(sample("app.json"))
}

#[test]
fn a_server_that_does_not_check_is_told_from_a_wrong_secret_by_one_forged_copy() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start_with(&env, &node, "receivers.mjs", &[], SECRET);
    let wrong = right().by("not-the-secret", Unit::Seconds);
    let url = forwarded(&env, &receiver, "anything", &[right(), wrong]);
    let before = forward(&env, 2);
    assert_eq!(before["agreement"], "only_there");
    assert_eq!(before["reasons"], json!(["server_does_not_check", "settings_here"]), "one has verified");
    assert_eq!(before["probe"], Value::Null);
    let text = env.run(&["show", "2"]).yes().stdout();
    assert!(text.contains("probably it does not check the signature: 1 earlier delivery verified here"), "{text}");
    assert!(text.contains("a forged copy settles it: `whyhook probe 2`"), "{text}");

    let ran = env.run(&["probe", "2", "--format", "json"]);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.stderr());
    let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((&found["finding"], &found["checks"]), (&json!("does_not_check"), &json!(false)));
    assert_eq!((&found["target"], &found["copies"][0]["status"]), (&json!(url), &json!(200)));
    assert_eq!(found["copies"].as_array().unwrap().len(), 1, "one is enough");

    // It is stored as what it is, under a signature of its own.
    let attempt = found["copies"][0]["attempt"].to_string();
    let kept = env.run(&["show", "--attempt", &attempt, "--format", "json"]).yes().json();
    assert_eq!((&kept["kind"], &kept["mode"], &kept["delivery"]), (&json!("probe"), &json!("forged"), &json!(2)));
    let after = forward(&env, 2);
    assert_eq!((&after["probe"]["finding"], &after["agreement"]), (&json!("does_not_check"), &json!("only_there")));
    let text = env.run(&["show", "2"]).yes().stdout();
    assert!(text.contains("probe     your server does not check the signature"), "{text}");
    assert_eq!(env.run(&["list", "--format", "json"]).yes().stdout().lines().count(), 2, "it is no delivery");
}

#[test]
fn a_server_with_the_right_secret_shows_that_the_one_here_is_wrong() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start_with(&env, &node, "receivers.mjs", &[], SECRET);
    forwarded(&env, &receiver, "other-secret", &[right().by(OTHERS, Unit::Seconds)]);
    let before = forward(&env, 1);
    assert_eq!(before["reasons"], json!(["settings_here", "server_does_not_check"]), "none has verified");
    let ran = env.run(&["probe", "latest"]);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.stderr());
    let text = ran.stdout();
    assert!(text.contains("Your server checks the signature: it refused a forged copy with 401"), "{text}");
    assert_eq!(forward(&env, 1)["probe"]["finding"], "checks_otherwise");
}

#[test]
fn a_secret_that_is_corrected_later_takes_the_suspicion_away() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::new().set("TRACKPILOTS_WEBHOOKS_SECRET_KEY", "a-wrong-secret-at-first-0123");
    let receiver = Receiver::start_with(&env, &node, "receivers.mjs", &[], SECRET);
    forwarded(&env, &receiver, "right", &[right()]);
    let env = env.set("TRACKPILOTS_WEBHOOKS_SECRET_KEY", SECRET);
    let ran = env.run(&["probe", "1"]);
    assert_eq!(ran.status.code(), Some(0), "{}{}", ran.stdout(), ran.stderr());
    assert!(ran.stdout().contains("checks the signature as whyhook does"), "{}", ran.stdout());
    assert_eq!(forward(&env, 1)["probe"]["finding"], "checks");
}

#[test]
fn a_server_that_refuses_what_verifies_is_asked_with_a_signed_and_a_forged_copy() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start_with(&env, &node, "receivers.mjs", &[], SECRET);
    let ask = |id: i64, args: &[&str]| {
        let id = id.to_string();
        let ran = env.run(&[&["probe", &id, "--format", "json"], args].concat());
        let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
        (ran.status.code(), found)
    };
    forwarded(&env, &receiver, "other-secret", &[right()]);
    let (code, found) = ask(1, &[]);
    assert_eq!((code, &found["finding"]), (Some(1), &json!("refuses_signature")), "{found}");
    let modes: Vec<&Value> = found["copies"].as_array().unwrap().iter().map(|copy| &copy["mode"]).collect();
    assert_eq!(modes, [&json!("resigned"), &json!("forged")]);
    // Other servers, which have not been asked before.
    for (mode, code, finding) in [
        ("right", 0, "checks"),
        ("anything", 1, "does_not_check"),
        ("no-activities", 0, "checks"),
        ("fails", 2, "inconclusive"),
        ("csrf-django", 2, "inconclusive"),
        ("not-found", 2, "inconclusive"),
        ("says-429", 2, "inconclusive"),
    ] {
        let url = format!("{}/hooks/{mode}", receiver.origin());
        let (ended, found) = ask(1, &["--to", &url]);
        assert_eq!((ended, &found["finding"]), (Some(code), &json!(finding)), "{mode}: {found}");
    }
    let line = env.run(&["probe", "1", "--to", "http://198.51.100.7/hook"]).complains();
    assert!(line.contains("without confirmation"), "{line}");
}

#[test]
fn a_proved_cause_is_said_instead_of_a_suspicion() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start_with(&env, &node, "receivers.mjs", &[], SECRET);
    // Signed with a newline after the secret, which the server's key has as well.
    forwarded(&env, &receiver, "newline-secret", &[right().by(&format!("{SECRET}\n"), Unit::Seconds)]);
    let found = forward(&env, 1);
    assert_eq!((&found["agreement"], &found["reasons"]), (&json!("only_there"), &json!([])), "{found}");
    assert!(found["proved_cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{found}");
    assert!(!found["meaning"].as_str().unwrap().contains("does not check"), "{found}");
    assert!(!env.run(&["show", "1"]).yes().stdout().contains("whyhook probe"));
}
