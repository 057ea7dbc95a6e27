//! Why a signature does not match: told on the command line and in the interface, never to the sender.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, finish, now, sample, signature, talk, tools};

/// What a broken sender sends: signature, timestamp, body.
type Broken = (String, String, Vec<u8>);

/// `verify` of what a broken sender sent.
fn explained(env: &TestEnv, (signature, timestamp, body): &Broken, more: &[&str]) -> Value {
    env.write("body", body);
    let signature = format!("X-Webhook-Signature: {signature}");
    let timestamp = format!("X-Webhook-Timestamp: {timestamp}");
    let mut arguments = vec!["verify", "--body", "body", "--header", &signature, "--header", &timestamp];
    arguments.extend(["--format", "json"]);
    arguments.extend(more);
    env.run(&arguments).no().json()
}

/// The codes of the likeliest explanation.
fn codes(report: &Value) -> Vec<&str> {
    let changes = report["diagnosis"]["causes"][0]["changes"].as_array().expect("a cause with its changes");
    changes.iter().map(|change| change["code"].as_str().unwrap()).collect()
}

#[test]
fn broken_senders_are_each_told_what_they_did() {
    let env = TestEnv::with_secret();
    let body = sample("app.json");
    let compact = serde_json::from_slice::<Value>(&body).unwrap().to_string();
    let (seconds, milliseconds) = (now(Unit::Seconds), now(Unit::Milliseconds));
    let sign = |secret: &str, timestamp: &str, body: &[u8]| signature(secret.as_bytes(), timestamp, body);
    let right = sign(SECRET, &seconds, &body);
    let as_seconds = milliseconds[..10].to_owned();
    let base64 = base64::prelude::BASE64_STANDARD.encode(hex::decode(&right).unwrap());
    let sent = |signature: String| (signature, seconds.clone(), body.clone());
    let cases: Vec<(&[&str], Broken)> = vec![
        (&["timestamp_unit"], (sign(SECRET, &as_seconds, &body), milliseconds.clone(), body.clone())),
        (&["body_reserialized"], sent(sign(SECRET, &seconds, compact.as_bytes()))),
        (&["body_newline"], sent(sign(SECRET, &seconds, body.trim_ascii_end()))),
        (&["secret_whitespace"], sent(sign(&format!("{SECRET}\n"), &seconds, &body))),
        (&["secret_quoted"], sent(sign(&format!("\"{SECRET}\""), &seconds, &body))),
        (&["secret_prefix"], sent(sign(SECRET.strip_prefix("whsec_").unwrap(), &seconds, &body))),
        (&["signature_prefix"], sent(format!("sha256={right}"))),
        (&["signature_encoding"], sent(right.to_uppercase())),
        (&["signature_encoding"], sent(base64)),
        (&["signature_truncated"], sent(right[..40].to_owned())),
        (&["timestamp_literal"], sent(sign(SECRET, "undefined", &body))),
        (&["body_empty"], sent(sign(SECRET, &seconds, b""))),
        (&["secret_unset"], sent(sign("undefined", &seconds, &body))),
        (&["signature_is_secret"], sent(SECRET.to_owned())),
        (&["unexplained"], sent(sign("a secret nobody has told us", &seconds, &body))),
    ];
    for (expected, broken) in &cases {
        let report = explained(&env, broken, &[]);
        assert_eq!(codes(&report), *expected, "{report:#}");
        let cause = &report["diagnosis"]["causes"][0];
        assert!(!cause["summary"].as_str().unwrap().is_empty() && !cause["fix"].as_str().unwrap().is_empty());
        let text = report.to_string();
        assert!(!text.contains(&right) || broken.0 == right, "the digest that would be right is not told: {text}");
    }
    let both = (sign(SECRET, &as_seconds, compact.as_bytes()), milliseconds, body);
    let report = explained(&env, &both, &[]);
    let mut found = codes(&report);
    found.sort_unstable();
    assert_eq!(found, ["body_reserialized", "timestamp_unit"]);
}

#[test]
fn another_senders_scheme_is_offered_and_what_passed_it_on_is_named() {
    let env = TestEnv::with_secret();
    env.write("body", "{\"a\": 1}");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(b"{\"a\": 1}");
    let digest = hex::encode(mac.finalize().into_bytes());
    let signature = format!("X-Hub-Signature-256: sha256={digest}");
    let given = ["verify", "--body", "body", "--header", &signature, "--header", "X-GitHub-Event: push"];
    let hop = ["--header", "X-Forwarded-Host: a1b2.ngrok-free.app"];
    let text = env.run(&[&given[..], &hop].concat()).no().stdout();
    let offer = "proved: It was signed under another scheme: it verifies as GitHub signs (X-Hub-Signature-256, X-GitHub-Event): use --scheme github.";
    assert!(text.contains(offer) && text.contains("it passed ngrok (X-Forwarded-Host)"), "{text}");
    let verified = env.run(&[&given[..], &["--scheme", "github"]].concat()).yes().stdout();
    assert!(!verified.contains("--scheme github"), "{verified}");
    // The configured scheme is not offered again where it does not match.
    env.write("body", "{\"a\": 2}");
    let text = env.run(&[&given[..], &["--scheme", "github"]].concat()).no().stdout();
    assert!(!text.contains("--scheme github"), "{text}");
}

#[test]
fn a_stale_delivery_is_right_and_is_told_to_be_stale() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    let signature = format!("X-Webhook-Signature: {}", signature(SECRET.as_bytes(), "1746123456", b"{}"));
    let arguments = ["verify", "--body", "body", "--header", &signature, "--header", "X-Webhook-Timestamp: 1746123456"];
    let report = env.run(&[&arguments[..], &["--format", "json"]].concat()).yes().json();
    assert_eq!(codes(&report), ["stale"]);
    assert_eq!(report["verdict"], "verified");
}

#[test]
fn a_whole_raw_request_is_read_and_a_cut_one_is_noticed() {
    let env = TestEnv::with_secret();
    let wire = Signed::new("{\"event\":\"x\"}").wire();
    env.write("request", &wire);
    env.run(&["verify", "--request", "request"]).yes();
    env.write("request", &wire[..wire.len() - 3]);
    let report = env.run(&["verify", "--request", "request", "--format", "json"]).no().json();
    let all = report["diagnosis"]["causes"].to_string();
    assert!(all.contains("body_truncated"), "{report:#}");
    env.write("request", "no head at all");
    env.run(&["verify", "--request", "request"]).complains();
}

#[test]
fn another_servers_digest_is_traced_to_its_mistake() {
    let env = TestEnv::with_secret();
    let body = sample("app.json");
    let compact = serde_json::from_slice::<Value>(&body).unwrap().to_string();
    let (listening, timestamp) = (env.listen(&[]), now(Unit::Seconds));
    let right = signature(SECRET.as_bytes(), &timestamp, &body);
    let head = format!(
        "POST /webhooks/trackpilots HTTP/1.1\r\nHost: x\r\nX-Webhook-Signature: {right}\r\nX-Webhook-Timestamp: {timestamp}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(talk(listening.address(), [head.as_bytes(), &body].concat()).status, 200);
    let theirs = signature(SECRET.as_bytes(), &timestamp, compact.as_bytes());
    let line = format!("2026-05-04 signature mismatch, computed={theirs}");
    let report = env.run(&["verify", "1", "--computed", &line, "--format", "json"]).yes().json();
    let changes = &report["computed"]["causes"][0]["changes"];
    assert_eq!(changes[0]["code"], "body_reserialized", "{report:#}");
    let names = changes[0]["names"].to_string();
    assert!(names.contains("JSON.stringify"), "{names}");

    let text = env.run(&["verify", "1"]).yes().stdout();
    assert!(text.contains("if your server answers 401") && text.contains("JSON.stringify"), "{text}");
    assert!(!text.contains(&theirs), "{text}");
    assert!(env.run(&["verify", "1", "--reveal"]).yes().stdout().contains(&theirs));
    env.run(&["verify", "1", "--computed", "no digest in here"]).complains();
}

#[test]
fn a_digest_is_read_as_servers_print_it() {
    let env = TestEnv::with_secret();
    let body = "{\"event\": \"x\"}";
    env.write("body", body);
    let timestamp = "1746123456";
    let right = signature(SECRET.as_bytes(), timestamp, body.as_bytes());
    let theirs = signature(SECRET.as_bytes(), timestamp, b"");
    let headers = [format!("X-Webhook-Signature: {right}"), format!("X-Webhook-Timestamp: {timestamp}")];
    let verify = |computed: &str, format: &str| {
        let given = ["verify", "--body", "body", "-H", &headers[0], "-H", &headers[1]];
        env.run(&[&given[..], &["--computed", computed, "--format", format]].concat())
    };
    let pairs: Vec<&str> = (0..32).map(|byte| &theirs[2 * byte..2 * byte + 2]).collect();
    let values = pairs.iter().map(|pair| whyhook::text::hexadecimal(pair).unwrap().to_string());
    for (printed, how) in [
        (format!("<Buffer {}>", pairs.join(" ")), "Node's Buffer: 32 bytes, the length of HMAC-SHA256"),
        (format!("[{}]", values.collect::<Vec<_>>().join(" ")), "byte values, as Go prints a []byte: 32 bytes"),
        (format!("{}…", &theirs[..20]), "20 hexadecimal digits: the first 10 bytes"),
    ] {
        let text = verify(&printed, "text").yes().stdout();
        assert!(text.contains("code: body_empty"), "{printed}: {text}");
        assert!(text.contains(&format!("your server's digest was read as {how}")), "{printed}: {text}");
        let report = verify(&printed, "json").yes().json();
        assert_eq!(report["computed"]["causes"][0]["changes"][0]["code"], "body_empty", "{printed}");
        assert_eq!(report["computed"]["evidence"][0]["code"], "read_as", "{printed}");
    }
    let two = format!("expected: {right} got {theirs}");
    for (printed, words) in [
        ("[B@6d06d69c", "formatHex(bytes)"),
        ("Promise { <pending> }", "await it"),
        ("<hmac.HMAC object at 0x7f389d3e2200>", ".hexdigest()"),
        (&theirs[..14], "no digest in this text"),
        (&two, "2 digests are in this text"),
    ] {
        let complaint = verify(printed, "text").complains();
        assert!(complaint.contains(words), "{printed}: {complaint}");
    }
}

#[test]
fn the_interface_explains_by_itself_and_the_sender_hears_nothing_of_it() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 44), &[]);
    let body = sample("app.json");
    let wrong = Signed::new(body).by(&format!("{SECRET}\n"), Unit::Seconds);
    let answer = talk(address, wrong.wire());
    assert_eq!((answer.status, answer.body.as_str()), (401, "Invalid signature"));
    for word in ["secret", "newline", "diagnos", "expected"] {
        assert!(!format!("{answer:?}").to_lowercase().contains(word), "{answer:?}");
    }
    person.sees("signature mismatch").types("2").sees("Why").sees("proved").sees("secret_whitespace").sees("  fix");
    // What was found stays with the delivery.
    let kept = crate::support::until(|| {
        let shown = env.show(1);
        (!shown["diagnosis"].is_null()).then_some(shown)
    });
    assert_eq!(kept.unwrap()["diagnosis"]["causes"][0]["changes"][0]["code"], "secret_whitespace");

    // Trying the secret with its newline is not possible in one line; another secret is.
    person.types("t").sees("Try other values (not saved)").sees("signature mismatch");
    person.types("some_other_secret").sees("•••••••••••••••••").sees("signature mismatch");
    person.types("\u{1b}").no_longer_sees("Try other values");

    // The other direction, for a delivery that is right.
    let right = Signed::new(sample("app.json"));
    talk(address, right.wire());
    person.sees("If your own server says 401").types("c").sees("What did your server compute?");
    let compact = serde_json::from_slice::<Value>(&sample("app.json")).unwrap().to_string();
    let shown = env.show(2);
    let timestamp = shown["timestamp"]["raw"].as_str().unwrap();
    person.types(&signature(SECRET.as_bytes(), timestamp, compact.as_bytes())).enter();
    person.sees("What your server hashed").sees("body_reserialized");
}

/// What Node really writes, signed by Node, and sent with other bytes.
#[test]
fn a_node_sender_that_signs_what_it_parsed_is_found_out() {
    let Some(node) = tools::tool("node") else { return };
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let script = r#"
        const crypto = require('node:crypto');
        const [url, secret] = process.argv.slice(1);
        const body = '{ "event": "desktop.app_tracking.captured", "a": 1.0, "b": 1e21, "c": "caf\\u00e9 \\/", "2": 0, "1": 0 }';
        const timestamp = String(Math.floor(Date.now() / 1000));
        const signed = JSON.stringify(JSON.parse(body));
        const signature = crypto.createHmac('sha256', secret).update(`${timestamp}.${signed}`).digest('hex');
        const headers = { 'X-Webhook-Signature': signature, 'X-Webhook-Timestamp': timestamp };
        fetch(url, { method: 'POST', headers, body }).then(async (r) => console.log(r.status, await r.text()));
    "#;
    let mut command = env.other(&node);
    command.args(["-e", script, &listening.url("/webhooks/trackpilots"), SECRET]);
    let ran = finish(command, b"");
    assert!(ran.stdout().contains("401 Invalid signature"), "{} {}", ran.stdout(), ran.stderr());
    let report = env.run(&["verify", "1", "--format", "json"]).no().json();
    assert_eq!(codes(&report), ["body_reserialized"], "{report:#}");
    let change = &report["diagnosis"]["causes"][0]["changes"][0];
    assert!(change["names"].to_string().contains("JavaScript"), "{change:#}");
    assert!(change["at"]["offset"].is_number(), "{change:#}");
}
