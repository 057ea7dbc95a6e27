//! `whyhook check` against many receivers, each with one mistake: each is named for exactly that, and no correct one
//! for anything.

use std::io::{Read as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::tools::{signal, tool};
use crate::support::{KillOnDrop, Receiver, SECRET, TestEnv, Upstream, until};

/// Checks that run at once: as many as the receivers' process keeps up with.
const AT_ONCE: usize = 3;

/// A receiver, the options of its check, the required faults in their order, and the exit code.
pub(crate) type Expected<'t> = (&'t str, &'t [&'t str], &'t [&'t str], i32);

pub(crate) const PASSES: i32 = 0;
pub(crate) const FAILS: i32 = 1;
const NO_VERDICT: i32 = 2;

/// What no receiver is accused of: all of these are correct.
const CORRECT: &[Expected<'static>] = &[
    ("right", &[], &[], PASSES),
    ("right", &["--kind", "reseller"], &[], PASSES),
    ("right", &["--jobs", "16"], &[], PASSES),
    ("limited", &[], &[], PASSES),
    ("limited-too", &["--jobs", "16"], &[], PASSES),
    ("slow", &["--jobs", "8"], &[], PASSES),
    ("remembers", &["--jobs", "16"], &[], PASSES),
    ("aged", &["--max-age", "5m"], &[], PASSES),
    ("any-case", &[], &[], PASSES),
    ("queues-verified", &[], &[], PASSES),
    ("not-found-when-forged", &[], &[], PASSES),
    ("says-anything", &[], &[], PASSES),
];

/// What changes its mind, refuses in an odd way or cannot be judged is never accused of what nothing proves.
const MOODY: &[Expected<'static>] = &[
    ("success-when-forged", &[], &["wrong_refusal_status"], FAILS),
    ("redirects-when-forged", &[], &["wrong_refusal_status"], FAILS),
    ("queues-everything", &[], &["checks_later"], NO_VERDICT),
    ("web-page", &[], &["refuses_valid"], FAILS),
    ("verifies-some", &[], &["verifies_sometimes"], FAILS),
    ("opens-later", &[], &["accepts_wrong_signature"], FAILS),
    ("starts-slowly", &[], &["fails_now_and_then"], FAILS),
    ("starts-open", &[], &["accepts_anything", "fails_now_and_then"], FAILS),
    ("fails-at-times", &[], &["fails_now_and_then"], FAILS),
    ("bans-403", &[], &["blocks_sender"], NO_VERDICT),
    ("bans-401", &[], &["blocks_sender"], NO_VERDICT),
    ("bans-silently", &[], &["blocks_sender"], NO_VERDICT),
    ("dies-behind-proxy", &[], &["blocks_sender"], NO_VERDICT),
];

/// What stands before a receiver is named for what it is, and says nothing about signatures.
const OUTSIDE: &[Expected<'static>] = &[
    ("redirects-slash", &[], &["redirects"], FAILS),
    ("redirects-https", &[], &["redirects"], FAILS),
    ("redirects-to-login", &[], &["requires_login"], FAILS),
    ("basic-login", &[], &["requires_login"], FAILS),
    ("login-page", &[], &["requires_login"], FAILS),
    ("csrf-django", &[], &["csrf_protection"], FAILS),
    ("csrf-rails", &[], &["csrf_protection"], FAILS),
    ("csrf-laravel", &[], &["csrf_protection"], FAILS),
    ("csrf-express", &[], &["csrf_protection"], FAILS),
    ("not-found", &[], &["refuses_valid"], FAILS),
    ("get-only", &[], &["refuses_valid"], FAILS),
    ("fails", &[], &["refuses_valid"], FAILS),
    ("says-429", &[], &["rate_limited"], NO_VERDICT),
    ("limited-forever", &[], &["rate_limited"], NO_VERDICT),
    ("limited-silently", &[], &["rate_limited"], NO_VERDICT),
    ("unavailable", &[], &["rate_limited"], NO_VERDICT),
];

/// Mistakes by which every valid delivery is refused: what is sent afterwards proves which.
const REFUSING: &[Expected<'static>] = &[
    ("dumps", &[], &["hashes_reserialised_body"], FAILS),
    ("sorts-keys", &[], &["hashes_reserialised_body"], FAILS),
    ("indents", &[], &["hashes_reserialised_body"], FAILS),
    ("prints-object", &[], &["hashes_printed_object"], FAILS),
    ("empty-body", &[], &["empty_body"], FAILS),
    ("base64-body", &[], &["hashes_other_bytes"], FAILS),
    ("data-only", &[], &["hashes_other_bytes"], FAILS),
    ("unset-secret", &[], &["unset_secret"], FAILS),
    ("empty-secret", &[], &["unset_secret"], FAILS),
    ("newline-secret", &[], &["wrong_key_form"], FAILS),
    ("quoted-secret", &[], &["wrong_key_form"], FAILS),
    ("hashed-secret", &[], &["wrong_key_form"], FAILS),
    ("base64-secret", &[], &["wrong_key_form"], FAILS),
    ("other-secret", &[], &["refuses_valid"], FAILS),
    ("base64-digest", &[], &["wrong_signature_form"], FAILS),
    ("upper-digest", &[], &["wrong_signature_form"], FAILS),
    ("expects-prefix", &[], &["wrong_signature_form"], FAILS),
    ("body-alone", &[], &["ignores_timestamp"], FAILS),
    ("timestamp-alone", &[], &["ignores_body"], FAILS),
    ("colon", &[], &["wrong_content"], FAILS),
    ("signs-seconds", &["--kind", "reseller"], &["wrong_content"], FAILS),
    ("sha1", &[], &["wrong_algorithm"], FAILS),
    ("sha512", &[], &["wrong_algorithm"], FAILS),
    ("plain-hash", &[], &["wrong_algorithm"], FAILS),
    ("other-header", &[], &["header_not_found"], FAILS),
];

/// Mistakes that show in some deliveries alone.
const PARTIAL: &[Expected<'static>] = &[
    ("anything", &[], &["accepts_anything"], FAILS),
    ("re-serialises", &[], &["hashes_reserialised_body"], FAILS),
    ("trims", &[], &["trims_body"], FAILS),
    ("latin1", &[], &["rejects_unicode"], FAILS),
    ("normalises", &[], &["rejects_unicode"], FAILS),
    ("no-padding", &[], &["fails_at_random"], FAILS),
    ("as-number", &[], &["fails_at_random"], FAILS),
    ("joins-text", &[], &["splits_characters"], FAILS),
    ("first-part", &[], &["reads_part_of_body"], FAILS),
    ("keeps-parts", &[], &["mixes_requests"], FAILS),
    ("tries-empty-secret", &[], &["unset_secret"], FAILS),
    ("missing-signature", &[], &["accepts_missing_signature"], FAILS),
    ("missing-timestamp", &[], &["accepts_missing_timestamp"], FAILS),
    ("prefix", &[], &["compares_prefix"], FAILS),
    ("first-eight", &[], &["compares_prefix"], FAILS),
    ("throws-on-length", &[], &["errors_instead_of_refusing"], FAILS),
    ("hangs-up", &[], &["errors_instead_of_refusing"], FAILS),
    ("throws-away", &["--timeout", "2s"], &["errors_instead_of_refusing"], FAILS),
    ("unavailable-when-forged", &[], &["errors_instead_of_refusing"], FAILS),
    ("placeholder", &[], &["throws_on_placeholder"], FAILS),
    ("base64-images", &[], &["throws_on_image_form"], FAILS),
    ("no-activities", &[], &["rejects_event"], FAILS),
    ("no-live-events", &[], &["rejects_live"], FAILS),
    ("small-bodies", &[], &["rejects_large_body"], FAILS),
    ("strict-schema", &[], &["rejects_unknown_field"], FAILS),
    ("exact-type", &[], &["rejects_charset"], FAILS),
    ("exact-names", &[], &["case_sensitive_headers"], FAILS),
    ("slow", &["--slow", "200ms", "--jobs", "8"], &["too_slow"], FAILS),
    ("right", &["--max-age", "5m"], &["ignores_age"], FAILS),
    ("aged", &["--max-age", "2m"], &["ignores_age"], FAILS),
];

/// Two mistakes at once, by which every valid delivery is refused: first the one to mend first.
const TWO: &[Expected<'static>] = &[
    ("newline-secret+re-serialises", &[], &["wrong_key_form", "hashes_reserialised_body"], FAILS),
    ("newline-secret+dumps", &[], &["wrong_key_form", "hashes_reserialised_body"], FAILS),
    ("quoted-secret+trims", &[], &["wrong_key_form", "trims_body"], FAILS),
    ("base64-digest+sorts-keys", &[], &["wrong_signature_form", "hashes_reserialised_body"], FAILS),
    ("hashed-secret+upper-digest", &[], &["wrong_key_form", "wrong_signature_form"], FAILS),
    ("body-alone+dumps", &[], &["ignores_timestamp", "hashes_reserialised_body"], FAILS),
    ("unset-secret+dumps", &[], &["unset_secret", "hashes_reserialised_body"], FAILS),
];

/// The receivers of other senders.
const OTHERS: &[Expected<'static>] = &[
    ("github/right", &["--scheme", "github"], &[], PASSES),
    ("github/re-serialises", &["--scheme", "github"], &["hashes_reserialised_body"], FAILS),
    ("github/bare", &["--scheme", "github"], &["wrong_signature_form"], FAILS),
    ("stripe/right", &["--scheme", "stripe", "--max-age", "5m"], &[], PASSES),
    ("stripe/re-serialises", &["--scheme", "stripe"], &["hashes_reserialised_body"], FAILS),
    ("standard-webhooks/right", &["--scheme", "standard-webhooks"], &[], PASSES),
    ("standard-webhooks/text-key", &["--scheme", "standard-webhooks"], &["wrong_key_form"], FAILS),
    ("gitlab-token/right", &["--scheme", "gitlab-token"], &[], PASSES),
    ("slack/right", &["--scheme", "slack"], &[], PASSES),
];

/// Receivers in Python, each a process of its own.
const PYTHON: &[Expected<'static>] = &[
    ("right", &[], &[], PASSES),
    ("old", &[], &[], PASSES),
    ("str", &[], &["hashes_printed_object"], FAILS),
    ("strips", &[], &["trims_body"], FAILS),
    ("reads-once", &[], &["reads_part_of_body"], FAILS),
    ("half", &[], &["compares_prefix"], FAILS),
    ("key-error", &[], &["errors_instead_of_refusing"], FAILS),
    ("catches", &[], &["signature_disagreement"], FAILS),
];

/// A secret that is base64 as well as text.
const KEY: &str = "d2h5aG9vay1zZWNyZXQtb2YtdGVzdHMtMzI=";

/// The faults that count, by name.
fn faults(report: &Value) -> Vec<&str> {
    let all = report["faults"].as_array().unwrap().iter();
    all.filter(|fault| fault["required"] == true).map(|fault| fault["fault"].as_str().unwrap()).collect()
}

/// Checks each receiver of the process in Node.
fn each(env: TestEnv, secret: &str, expected: &[Expected<'_>]) {
    let Some(node) = tool("node") else { return };
    let receiver = Receiver::start_with(&env, &node, "receivers.mjs", &[], secret);
    check(&env, expected, |mode| (format!("{}/hooks/{mode}", receiver.origin()), ()));
}

/// Checks receivers, several at once, and says of each that is not as expected what it was taken for. `start` gives
/// the URL of each, and what keeps it alive.
pub(crate) fn check<K>(env: &TestEnv, expected: &[Expected<'_>], start: impl Fn(&str) -> (String, K) + Sync) {
    let (next, wrong) = (Mutex::new(expected.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((mode, options, faults_of_it, code)) = next.lock().unwrap().next() else { return };
                    let (url, _alive) = start(mode);
                    let ran = env.run(&[&["check", "--to", &url, "--format", "json"], *options].concat());
                    let code_of_it = ran.status.code();
                    let report: Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
                    let is_right = code_of_it == Some(*code) && !report.is_null() && faults(&report) == *faults_of_it;
                    if !is_right {
                        let shown = &report["faults"];
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{mode} {options:?}: {code_of_it:?} {shown:#}\n{}", ran.stderr()));
                    } else if *code == FAILS {
                        is_of_use(mode, &report["faults"][0]);
                    }
                    assert_eq!(report["judged"], *code != NO_VERDICT, "{mode}");
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A fault says what was seen, what proves it and what to do.
fn is_of_use(mode: &str, fault: &Value) {
    let is_said = |name: &str| fault[name].as_str().is_some_and(|text| !text.is_empty());
    assert!(is_said("title") && is_said("means") && is_said("detail") && is_said("fix"), "{mode}: {fault:#}");
    assert!(!fault["proof"].as_array().unwrap().is_empty(), "{mode}: {fault:#}");
}

#[test]
fn no_correct_receiver_is_called_wrong() {
    each(TestEnv::with_secret(), SECRET, CORRECT);
}

#[test]
fn what_stands_before_a_receiver_is_named_for_what_it_is() {
    each(TestEnv::with_secret(), SECRET, OUTSIDE);
}

#[test]
fn what_changes_its_mind_is_not_accused_of_what_nothing_proves() {
    each(TestEnv::with_secret(), SECRET, MOODY);
}

#[test]
fn a_mistake_that_refuses_everything_is_proved() {
    each(TestEnv::with_secret(), SECRET, REFUSING);
}

#[test]
fn two_mistakes_at_once_are_both_proved() {
    each(TestEnv::with_secret(), SECRET, TWO);
}

/// A secret of hexadecimal digits that is decoded, and timestamps that are taken for milliseconds.
#[test]
fn a_decoded_secret_and_another_unit_are_both_proved() {
    let secret = "5ba8c1f00d5ba8c1f00d5ba8c1f00d5b";
    let env = TestEnv::new().set("TRACKPILOTS_WEBHOOKS_SECRET_KEY", secret);
    each(env, secret, &[("hex-secret+milliseconds", &[], &["wrong_key_form", "wrong_content"], FAILS)]);
}

#[test]
fn a_mistake_that_shows_in_some_deliveries_is_named_once() {
    each(TestEnv::with_secret(), SECRET, PARTIAL);
}

#[test]
fn receivers_of_other_senders_are_checked_in_their_own_form() {
    let variables = ["GITHUB", "STRIPE", "STANDARD_WEBHOOKS", "GITLAB_TOKEN", "SLACK"];
    let env = variables.iter().fold(TestEnv::new(), |env, name| env.set(&format!("{name}_WEBHOOK_SECRET"), KEY));
    each(env, KEY, OTHERS);
}

#[test]
fn receivers_in_python_are_named_as_well() {
    let Some(python) = tool("python3") else { return };
    let env = TestEnv::with_secret();
    check(&env, PYTHON, |mode| {
        let receiver = Receiver::start(&env, &python, "receiver.py", &[mode]);
        (receiver.url(), receiver)
    });
}

/// A scheme that nobody else has, from a file.
#[test]
fn a_scheme_of_one_s_own_is_checked_in_its_form() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let scheme = env.write(
        "acme.toml",
        "signature = \"header:X-Slack-Signature\"\nprefix = \"v0=\"\ntimestamp = \"header:X-Slack-Request-Timestamp\"\n\
         content = \"v0:{timestamp}:{body}\"\n",
    );
    let receiver = Receiver::start(&env, &node, "receivers.mjs", &[]);
    let url = format!("{}/hooks/slack/right", receiver.origin());
    let scheme = scheme.to_str().unwrap();
    let report = env.run(&["check", "--to", &url, "--scheme-file", scheme, "--format", "json"]).yes().json();
    assert_eq!((&report["scheme"], &report["result"]), (&Value::Null, &Value::from("pass")));
    let left_out: Vec<&Value> = report["not_applicable"].as_array().unwrap().iter().map(|left| &left["name"]).collect();
    assert!(left_out.contains(&&Value::from("image-base64")), "{left_out:?}");
    assert!(!report["cases"].as_array().unwrap().iter().any(|case| case["name"] == "app-live"));
    let line = env.run(&["check", "--to", &url, "--scheme-file", scheme, "--only", "app-live"]).complains();
    assert!(line.contains("only Trackpilots sends this event"), "{line}");
}

/// The receiver that docs/signatures.md shows for Spring is correct, in a stand-in for Spring. Those of the other
/// frameworks are tried in the frameworks themselves: tests/receivers.
#[test]
fn the_receiver_of_the_documentation_for_spring_passes() {
    let Some(java) = tool("java") else { return };
    let env = TestEnv::with_secret();
    let (_, rest) = include_str!("../../docs/signatures.md").split_once("### Java, Spring\n\n```java\n").unwrap();
    let (receiver, _) = rest.split_once("```").unwrap();
    let frame = include_str!("../support/Documented.java");
    let program = env.write("Documented.java", frame.replace("//RECEIVER", receiver));
    env.run(&["check", "--to", &Receiver::start(&env, &java, program.to_str().unwrap(), &[]).url()]).yes();
}

/// A check that is cancelled says nothing about its receiver, in no format.
#[test]
fn a_cancelled_check_has_no_verdict() {
    let env = TestEnv::with_secret();
    for (format, words) in [
        ("text", "Cancelled: no verdict"),
        ("json", "\"judged\": false"),
        ("junit", "<error type=\"cancelled\" message=\"Cancelled: no verdict\"/>"),
    ] {
        // It answers two deliveries, and no third.
        let answered = AtomicUsize::new(0);
        let upstream = Upstream::new(move |socket| {
            if answered.fetch_add(1, Ordering::SeqCst) < 2 {
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            } else {
                // Until the client has gone.
                let _ = socket.read(&mut [0]);
            }
        });
        let mut child = env.command(&["check", "--to", &upstream.url(), "--format", format]);
        let child = KillOnDrop(child.spawn().unwrap());
        upstream.request();
        upstream.request();
        signal(child.0.id(), rustix::process::Signal::INT);
        let ran = end(child);
        assert_eq!(ran.0, Some(2), "{}", ran.1);
        assert!(ran.1.contains(words) && !ran.1.contains("✓ Passed"), "{}", ran.1);
    }
}

/// The exit code of a child that ends, and its stdout.
fn end(mut child: KillOnDrop) -> (Option<i32>, String) {
    let mut stdout = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    (until(|| child.0.try_wait().unwrap()).unwrap().code(), stdout)
}
