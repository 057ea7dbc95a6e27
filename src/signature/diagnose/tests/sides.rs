//! What a sender's own libraries do, and which of two sides an advice is for.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::*;
use super::copies::{mac, told};
use super::first;
use crate::delivery::Verdict;
use crate::signature::Algorithm;

const BODY: &[u8] = b"{\"a\":1}";
const KEY: &[u8] = b"sk_test_51-AbCdEf0123456789";

fn digest(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac(Algorithm::Sha256, key, &parts.concat())
}

fn github(secret: &[u8], key: &[u8], body: &[u8], signed: &[u8]) -> Diagnosis {
    let value = format!("sha256={}", hex::encode(digest(key, &[signed])));
    told("github", secret, &[("X-Hub-Signature-256", &value)], body)
}

/// What stripe 23.1 for Node and 16.1 for Python make of `t`, standardwebhooks and svix of their header, and slack_sdk of
/// its own: a number is parsed first.
#[test]
fn a_timestamp_is_what_the_senders_own_libraries_make_of_it() {
    const T: &str = "1795953600";
    let stripe = |sent: &str, signed: &str| {
        let digest = hex::encode(digest(KEY, &[signed.as_bytes(), b".", BODY]));
        told("stripe", KEY, &[("Stripe-Signature", &format!("t={sent},v1={digest}"))], BODY)
    };
    let webhook = |sent: &str, signed: &str| {
        let digest = BASE64_STANDARD.encode(digest(b"sixteen bytes key", &[b"m.", signed.as_bytes(), b".", BODY]));
        let secret = format!("whsec_{}", BASE64_STANDARD.encode(b"sixteen bytes key"));
        let fields =
            [("webhook-id", "m"), ("webhook-timestamp", sent), ("webhook-signature", &*format!("v1,{digest}"))];
        told("standard-webhooks", secret.as_bytes(), &fields, BODY)
    };
    let slack = |sent: &str, signed: &str| {
        let digest = hex::encode(digest(KEY, &[b"v0:", signed.as_bytes(), b":", BODY]));
        let fields = [("X-Slack-Request-Timestamp", sent), ("X-Slack-Signature", &*format!("v0={digest}"))];
        told("slack", KEY, &fields, BODY)
    };
    for odd in ["1795953600abc", "1795953600.5", "-5", "1795_953600", "1795953600x"] {
        for diagnosis in [stripe(odd, odd), webhook(odd, odd), slack(odd, odd)] {
            assert_eq!((diagnosis.verdict, first(&diagnosis)), (Verdict::Mismatch, vec!["timestamp_unit"]), "{odd}");
            assert!(diagnosis.causes[0].summary.starts_with("The timestamp is not an integer"), "{diagnosis:?}");
        }
    }
    for (sent, signed) in [(T, T), ("01795953600", T), ("+1795953600", T)] {
        assert_eq!(stripe(sent, signed).verdict, Verdict::Verified, "{sent}");
        assert_eq!(webhook(sent, signed).verdict, Verdict::Verified, "{sent}");
        assert_eq!(slack(sent, sent).verdict, Verdict::Verified, "{sent}");
    }
    for diagnosis in [stripe("01795953600", "01795953600"), webhook("+1795953600", "+1795953600")] {
        assert_eq!((diagnosis.verdict, first(&diagnosis)), (Verdict::Mismatch, vec!["timestamp_unit"]));
        let summary = &diagnosis.causes[0].summary;
        assert!(summary.contains("the sender's own libraries hash 1795953600"), "{summary}");
    }
}

/// Each advice followed to the letter: the secret that it says to configure verifies.
#[test]
fn what_an_advice_says_to_configure_verifies() {
    let encoded = |bytes: &[u8]| BASE64_STANDARD.encode(bytes).into_bytes();
    let ended = [KEY, b"\n"].concat();
    for (configured, key, words) in [
        (b"pa\\$word-0123456789".to_vec(), b"pa$word-0123456789".to_vec(), "Write $ for each \\$"),
        (b"pa$$word-0123456789".to_vec(), b"pa$word-0123456789".to_vec(), "Write $ for each $$"),
        (b"pa$word-0123456789".to_vec(), b"pa\\$word-0123456789".to_vec(), "configure the secret with it"),
        (encoded(KEY), KEY.to_vec(), "Configure the decoded secret"),
        (encoded(&ended), KEY.to_vec(), "Configure the decoded secret, without the line end"),
        (encoded(&encoded(KEY)), KEY.to_vec(), "Configure the decoded secret, without the line end or the second"),
        (hex::encode(KEY).into_bytes(), KEY.to_vec(), "Configure the decoded secret"),
        (KEY.to_vec(), encoded(KEY), "or configure its base64 here"),
        (KEY.to_vec(), hex::encode(KEY).into_bytes(), "or configure its hexadecimal digits here"),
    ] {
        let shown = String::from_utf8_lossy(&configured).into_owned();
        let diagnosis = github(&configured, &key, BODY, BODY);
        assert!(diagnosis.causes[0].fix.contains(words), "{shown}: {}", diagnosis.causes[0].fix);
        assert_eq!(github(&key, &key, BODY, BODY).verdict, Verdict::Verified, "{shown}");
    }
    let diagnosis = github(b"pa$word-0123456789", b"pa-0123456789", BODY, BODY);
    assert!(diagnosis.causes[0].fix.contains("signing side's .env"), "{}", diagnosis.causes[0].fix);
    let diagnosis = github(KEY, &[b"\"", KEY, b"\""].concat(), BODY, BODY);
    assert!(diagnosis.causes[0].fix.contains("on the signing side"), "{}", diagnosis.causes[0].fix);
}

#[test]
fn base64_that_was_signed_is_advised_to_the_sender() {
    let base64 = BASE64_STANDARD.encode(BODY).into_bytes();
    let fix = |body: &[u8], signed: &[u8]| github(KEY, KEY, body, signed).causes[0].fix.clone();
    assert!(fix(BODY, &base64).starts_with("Sign the bytes of the body that are sent"));
    assert!(fix(&base64, BODY).starts_with("Decode the base64 first"));
}

#[test]
fn mojibake_that_arrived_is_called_so() {
    let arrived = "{\"n\":\"Zo\u{c3}\u{ab}\"}".as_bytes();
    let diagnosis = github(KEY, KEY, arrived, "{\"n\":\"Zo\u{eb}\"}".as_bytes());
    assert!(diagnosis.causes[0].summary.contains("arrived as mojibake"), "{}", diagnosis.causes[0].summary);
    let latin1 = github(KEY, KEY, "{\"n\":\"Zo\u{eb}\"}".as_bytes(), b"{\"n\":\"Zo\xeb\"}");
    assert!(latin1.causes[0].summary.contains("its Latin-1 bytes were signed"), "{}", latin1.causes[0].summary);
}

#[test]
fn a_plain_hash_is_named_by_its_own_function() {
    for (algorithm, name) in [(Algorithm::Sha1, "SHA-1"), (Algorithm::Md5, "MD5"), (Algorithm::Sha512, "SHA-512")] {
        for (content, words) in
            [(BODY.to_vec(), "of {body}, without a secret"), ([KEY, BODY].concat(), "of the secret followed by {body}")]
        {
            let value = format!("sha256={}", hex::encode(algorithm.hash(|sink| sink(&content))));
            let diagnosis = told("github", KEY, &[("X-Hub-Signature-256", &value)], BODY);
            let summary = &diagnosis.causes[0].summary;
            assert!(summary.contains(&format!("{name} {words}")) && !summary.contains("HMAC-"), "{summary}");
        }
    }
}

#[test]
fn a_senders_event_header_tells_it_apart_under_a_shared_name() {
    let value = format!("sha256={}", hex::encode(digest(KEY, &[BODY])));
    let fields = [("X-Hub-Signature", &*value), ("X-Event-Key", "repo:push"), ("X-Hook-UUID", "1")];
    assert_eq!(first(&told("github", KEY, &fields, BODY)), ["other_scheme"]);
}

/// Twilio's libraries for Node and Python drop any port.
#[test]
fn twilio_signs_without_the_port_that_is_configured() {
    let token = b"12345678901234567890123456789012";
    let value = BASE64_STANDARD.encode(mac(Algorithm::Sha1, token, b"https://e.example.com/xa1b2"));
    let mut scheme = crate::signature::catalogue::named("twilio-form").unwrap();
    for (url, verdict) in [
        ("https://e.example.com:8443/x", Verdict::Verified),
        ("https://e.example.com:443/x", Verdict::Verified),
        ("https://e.example.com/y", Verdict::Mismatch),
    ] {
        scheme.url = Some(url.to_owned());
        let head = format!(
            "POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             X-Twilio-Signature: {value}\r\n\r\n"
        );
        let secret = Secret::new("dev", token.to_vec(), crate::signature::SecretOrigin::Typed);
        let now = jiff::Timestamp::UNIX_EPOCH;
        let judged = crate::signature::judge(&scheme, [&secret], &Head::from(head), b"b=2&a=1", now);
        assert_eq!(judged.verdict, verdict, "{url}");
    }
}
