//! What is exported holds none of what was to go, and fails as before where it is imported.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::archive::export::har::Har;
use crate::archive::export::json::Json;
use crate::archive::export::{ExportItem, Exporter};
use crate::archive::import::{ImportSource, Importer};
use crate::config::Keyring;
use crate::delivery::{AnswerFacts, ChosenBy, DeliveryId, EventFacts, Outcome, Summary};
use crate::signature::{Scheme, SecretOrigin, sign};

const STAMP: &str = "1746123456";
const SECRET: &str = "whsec_aVerySecretOne42";

fn registry(secret: &str) -> Registry {
    let secret = Secret::new("dev", secret.as_bytes().to_vec(), SecretOrigin::Typed);
    Registry::new(Vec::new(), Keyring::new(vec![secret]).unwrap(), Scheme::default())
}

fn delivery(fields: &str, target: &str, body: &[u8], signature: &str) -> Delivery {
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: hooks.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-Webhook-Timestamp: {STAMP}\r\nX-Webhook-Signature: {signature}\r\n{fields}\r\n",
        body.len()
    );
    let answer = Answer {
        outcome: Outcome::Sent,
        status: 401,
        interim: Bytes::new(),
        headers: vec![("Content-Type".to_owned(), Bytes::from_static(b"text/plain"))],
        body: Bytes::from_static(b"Invalid signature"),
        body_bytes: 17,
        rule: ChosenBy::auto(),
        latency: Duration::from_millis(3),
    };
    let summary = Summary {
        id: DeliveryId(7),
        received_at: Timestamp::from_second(1_746_123_460).unwrap(),
        remote: "203.0.113.7:4711".to_owned(),
        method: "POST".to_owned(),
        path: target.to_owned(),
        webhook: None,
        intake: Intake::Complete,
        event: EventFacts::default(),
        judgement: Judgement::bare(Verdict::Mismatch),
        body_bytes: body.len() as u64,
        framing_bytes: 0,
        image: None,
        answer: Some(AnswerFacts {
            outcome: Outcome::Sent,
            status: 401,
            rule: ChosenBy::auto(),
            latency: Duration::from_millis(3),
        }),
        cause: None,
        marks: Marks { pinned: true, note: Some("ask Ada Lovelace".to_owned()), tags: vec!["acme".to_owned()] },
    };
    let (head, body) = (Head::from(head), Bytes::copy_from_slice(body));
    Delivery { summary, head, body, framing: WireFraming::NONE, answer: Some(answer) }
}

fn redacted(delivery: &Delivery, rules: RedactRules) -> (RedactedDelivery, Tally, Redaction) {
    let redaction = Redaction::new(rules, b"a key of tests".to_vec(), &registry(SECRET));
    let mut tally = Tally::default();
    (redaction.apply(delivery, &mut tally), tally, redaction)
}

fn exported(mut exporter: impl Exporter, redacted: &RedactedDelivery) -> Vec<u8> {
    let mut out = Vec::new();
    let diagnosis = redacted.diagnosis();
    let item =
        ExportItem { delivery: &redacted.delivery, diagnosis: diagnosis.as_ref(), redacted: Some(&redacted.note) };
    exporter.add(item, &mut out).unwrap();
    exporter.end(&mut out).unwrap();
    out
}

/// Whether `text` holds `value` as it is, or in base64, hexadecimal digits, percent or JSON escapes, one in the other.
fn holds(text: &[u8], value: &str, depth: usize) -> bool {
    let lower = text.to_ascii_lowercase();
    if memchr::memmem::find(&lower, value.to_ascii_lowercase().as_bytes()).is_some() {
        return true;
    }
    let runs = |is_of: fn(&u8) -> bool| text.split(move |byte| !is_of(byte)).filter(|run| run.len() >= 8);
    let base64 = |run: &[u8]| {
        let plain: Vec<u8> = run
            .iter()
            .filter(|byte| **byte != b'=')
            .map(|byte| {
                if *byte == b'+' {
                    b'-'
                } else if *byte == b'/' {
                    b'_'
                } else {
                    *byte
                }
            })
            .collect();
        (0..4)
            .filter_map(|cut| BASE64_URL_SAFE_NO_PAD.decode(plain.get(cut..cut + (plain.len() - cut) / 4 * 4)?).ok())
            .collect::<Vec<_>>()
    };
    if depth == 0 {
        return false;
    }
    let mut decoded: Vec<Vec<u8>> =
        runs(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte)).flat_map(base64).collect();
    decoded.extend(runs(u8::is_ascii_hexdigit).filter_map(|run| hex::decode(&run[..run.len() & !1]).ok()));
    if memchr::memchr(b'%', text).is_some() {
        let percent = crate::payload::lookup::parameter(&[b"/?x=", text].concat(), "x");
        decoded.extend(percent.map(String::into_bytes));
    }
    if memchr::memchr(b'\\', text).is_some() {
        decoded.push(crate::payload::json::unescape(text).into_owned());
    }
    decoded.iter().any(|inner| inner != text && holds(inner, value, depth - 1))
}

#[test]
fn the_check_of_this_test_finds_what_is_there() {
    let value = "Lovelace";
    let base64 = BASE64_STANDARD.encode(format!("x{value}"));
    for text in
        ["a Lovelace b", &base64, &hex::encode(value), "%4Covelace", "\\u004covelace", &BASE64_STANDARD.encode(&base64)]
    {
        assert!(holds(text.as_bytes(), value, 2), "{text}");
    }
    assert!(!holds(b"TG92ZWxhY2", "Turing", 2));
}

#[test]
fn nothing_private_goes_out_and_the_failure_stays() {
    let body = r#"{"event": "screenshot", "timestamp": 1746123456123, "simulation": false, "user": {"name": "Ada Lovelace", "email": "ada@acme.test", "id": 123456789}, "url": "https://acme.test/private?token=tok_q9w8e7", "n": 1.0}"#;
    let compact = r#"{"event":"screenshot","timestamp":1746123456123,"simulation":false,"user":{"name":"Ada Lovelace","email":"ada@acme.test","id":123456789},"url":"https://acme.test/private?token=tok_q9w8e7","n":1}"#;
    let secret = Secret::new("dev", SECRET.as_bytes().to_vec(), SecretOrigin::Typed);
    let signature = sign(&secret, STAMP.as_bytes(), compact.as_bytes());
    let original = delivery(
        "Cookie: session=abcdefgh\r\nX-Account-Id: 55501234\r\nX-Real-IP: 203.0.113.9\r\n",
        "/hook?key=k_98765",
        body.as_bytes(),
        &signature,
    );
    let (redacted, tally, redaction) = redacted(&original, RedactRules::default());
    assert_eq!(redacted.cause, KeptCause::Kept, "{:?}", redacted.delivery.head);
    assert_eq!(redacted.delivery.summary.cause.as_deref(), Some("body_reserialized"));
    let throw_away = redaction.secrets()[0].expose();
    assert!(throw_away.starts_with(b"whsec_") && throw_away.len() == SECRET.len() && throw_away != SECRET.as_bytes());
    for text in [exported(Json::default(), &redacted), exported(Har::default(), &redacted)] {
        for value in [
            "Lovelace",
            "ada@",
            "acme",
            "q9w8e7",
            "123456789",
            "abcdefgh",
            "55501234",
            "203.0.113",
            "98765",
            "VerySecret",
            "Invalid signature",
            &signature,
        ] {
            assert!(!holds(&text, value, 2), "{value} in {}", String::from_utf8_lossy(&text));
        }
    }
    let text = String::from_utf8(redacted.delivery.body.to_vec()).unwrap();
    assert!(
        text.starts_with(
            r#"{"event": "screenshot", "timestamp": 1746123456123, "simulation": false, "user": {"name": ""#
        ),
        "{text}"
    );
    assert_eq!(text.len(), body.len());
    let places: Vec<String> = tally.places().map(|(kind, place, _)| format!("{} {place}", kind.code())).collect();
    for place in ["text user.name", "number user.id", "header Cookie", "url key", "note notes and tags"] {
        assert!(places.iter().any(|known| known == place), "{places:?}");
    }
    // On another machine, with the throw-away secret.
    let json = exported(Json::default(), &redacted);
    let elsewhere = registry(std::str::from_utf8(throw_away).unwrap());
    let now = Timestamp::UNIX_EPOCH;
    let importer = Importer { registry: &elsewhere, judge_again: true, now, strict: false, files: None };
    let mut causes = Vec::new();
    importer
        .read(ImportSource::Json, &mut &json[..], &mut |imported| {
            let captured = imported.captured;
            let subject =
                Subject::new(captured.head, &captured.body, captured.received_at, Intake::Complete, &elsewhere);
            causes.push(codes(&subject.why(&History::default(), &Budget::default())));
            Ok(())
        })
        .unwrap();
    assert_eq!(causes, ["body_reserialized"]);
}

#[test]
fn what_verified_verifies() {
    let body = br#"{"event":"x","name":"Ada"}"#;
    let secret = Secret::new("dev", SECRET.as_bytes().to_vec(), SecretOrigin::Typed);
    let original = delivery("", "/hook", body, &sign(&secret, STAMP.as_bytes(), body));
    let (redacted, ..) = redacted(&original, RedactRules::default());
    assert_eq!(redacted.delivery.summary.judgement.verdict, Verdict::Verified);
    assert_eq!((redacted.cause, redacted.why), (KeptCause::None, None));
}

#[test]
fn rules_say_what_stays_and_what_goes() {
    let body = br#"{"event":"x","plan":"enterprise","count":4711,"name":"Ada"}"#;
    let rules = RedactRules {
        keep: vec!["plan".parse().unwrap(), "header:X-Team".parse().unwrap()],
        replace: vec!["count".parse().unwrap(), "event".parse().unwrap()],
    };
    let original = delivery("X-Team: blue\r\nX-Other: green\r\n", "/hook", body, "00");
    let (redacted, ..) = redacted(&original, rules);
    let text = String::from_utf8(redacted.delivery.body.to_vec()).unwrap();
    assert!(text.contains("\"plan\":\"enterprise\"") && !text.contains("4711") && !text.contains("\"x\""), "{text}");
    assert_eq!(redacted.delivery.head.value("x-team"), Some(&b"blue"[..]));
    assert_ne!(redacted.delivery.head.value("x-other"), Some(&b"green"[..]));
}

/// A body that holds the values, in each of the forms that are looked into.
fn bodies(one: &str, two: &str) -> Vec<Vec<u8>> {
    let json = format!(r#"{{"event":"x","a":"{one}","list":[{{"b":"{two}"}}],"inner":"{{\"c\":\"{one}\"}}"}}"#);
    let form: String = one.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, json.as_bytes()).unwrap();
    vec![
        json.clone().into_bytes(),
        json.as_bytes()[..json.len() - 9].to_vec(),
        format!("a={form}&payload={json}&b={two}").into_bytes(),
        format!("<?xml version=\"1.0\"?><a b=\"{one}\"><![CDATA[{two}]]>{one} &amp; {two}</a>").into_bytes(),
        format!("{one} and {two}\n").into_bytes(),
        BASE64_STANDARD.encode(&json).into_bytes(),
        gzip.finish().unwrap(),
        format!(r#"["{one}",{{"{two}@example.com":"{two}"}}]"#).into_bytes(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_value_that_goes_is_in_what_is_exported(one in "[A-Za-z]{7,14}", two in "[A-Za-z0-9]{7,14}", kind in 0_usize..8) {
        let body = bodies(&one, &two).swap_remove(kind);
        let fields = format!("Authorization: Bearer {one}\r\nX-User: {}\r\n", BASE64_STANDARD.encode(&two));
        let original = delivery(&fields, &format!("/hook?a={two}"), &body, "undefined");
        let (redacted, ..) = redacted(&original, RedactRules::default());
        for text in [exported(Json::default(), &redacted), exported(Har::default(), &redacted)] {
            for value in [&one, &two] {
                prop_assert!(!holds(&text, value, 3), "{value} in {}", String::from_utf8_lossy(&text));
            }
        }
    }

    #[test]
    fn any_delivery_is_redacted(fields in "([A-Za-z-]{1,8}: [ -~]{0,20}\r\n){0,3}", target in "/[!-~]{0,20}", body: Vec<u8>, text in "[{}\\[\\]\":,a-z0-9 \\\\]{0,60}") {
        for body in [&body[..], text.as_bytes()] {
            let original = delivery(&fields, &target, body, "00ff");
            let (redacted, ..) = redacted(&original, RedactRules::default());
            prop_assert_eq!(redacted.delivery.head.fields().count(), original.head.fields().count());
            let declared = redacted.delivery.head.value("content-length").map(<[u8]>::to_vec);
            prop_assert_eq!(declared, Some(redacted.delivery.body.len().to_string().into_bytes()));
        }
    }
}

mod places;
