//! The importers against what exporters write, and against garbage.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::archive::export::har::Har;
use crate::archive::export::json::Json;
use crate::archive::export::raw::Raw;
use crate::archive::export::{ExportItem, Exporter};
use crate::delivery::{ChosenBy, Delivery, DeliveryId, Summary, Verdict};

fn importer(registry: &Registry) -> Importer<'_> {
    importer_with(registry, false)
}

pub(super) fn importer_with(registry: &Registry, strict: bool) -> Importer<'_> {
    Importer { registry, judge_again: false, now: Timestamp::UNIX_EPOCH, strict, files: None }
}

fn read(source: ImportSource, text: impl AsRef<[u8]>) -> Result<Vec<Imported>, ImportError> {
    read_noting(source, text).map(|(all, _)| all)
}

pub(super) fn read_noting(
    source: ImportSource,
    text: impl AsRef<[u8]>,
) -> Result<(Vec<Imported>, ImportFindings), ImportError> {
    let mut all = Vec::new();
    let findings = importer(&Registry::default()).read(source, &mut text.as_ref(), &mut |imported| {
        all.push(imported);
        Ok(())
    })?;
    assert_eq!(findings.deliveries, all.len() as u64);
    Ok((all, findings))
}

fn wrong(source: ImportSource, text: impl AsRef<[u8]>) -> String {
    read(source, text).unwrap_err().to_string()
}

/// A delivery as if it had been captured.
pub(crate) fn delivery(head: &[u8], body: &[u8]) -> Delivery {
    let registry = Registry::default();
    let at = Timestamp::from_microsecond(1_746_123_456_789_012).unwrap();
    let captured =
        importer(&registry).judged(at, "", head.to_vec(), body.to_vec(), WireFraming::NONE, Intake::Complete);
    let answer = Answer {
        outcome: crate::delivery::Outcome::Sent,
        status: 401,
        interim: Bytes::new(),
        headers: vec![
            ("x".to_owned(), Bytes::from_static(b"1")),
            ("X-Latin-1".to_owned(), Bytes::from_static(b"caf\xe9")),
        ],
        body: Bytes::from_static(b"\xff"),
        body_bytes: 3_000_000,
        rule: ChosenBy::auto(),
        latency: std::time::Duration::from_micros(1_234_567),
    };
    Delivery {
        summary: Summary {
            id: DeliveryId(7),
            received_at: captured.received_at,
            remote: "127.0.0.1:5000".to_owned(),
            method: captured.method,
            path: captured.path,
            webhook: captured.webhook,
            intake: captured.intake,
            event: captured.event,
            judgement: captured.judgement,
            body_bytes: body.len() as u64,
            framing_bytes: captured.framing.as_bytes().len() as u64,
            cause: None,
            marks: crate::delivery::Marks::default(),
            image: captured.image,
            answer: Some(answer.facts()),
        },
        head: captured.head,
        body: captured.body,
        framing: captured.framing,
        answer: Some(answer),
    }
}

pub(super) fn exported(mut exporter: impl Exporter, delivery: &Delivery) -> Vec<u8> {
    let mut out = Vec::new();
    exporter
        .add(ExportItem { delivery, diagnosis: Some(&json!({"complete": true})), redacted: None }, &mut out)
        .unwrap();
    exporter.end(&mut out).unwrap();
    out
}

/// Head and body of a delivery.
pub(super) fn captured_of(imported: &Imported) -> (Vec<u8>, Vec<u8>) {
    (imported.captured.head.to_vec(), imported.captured.body.to_vec())
}

const HEAD: &[u8] = b"POST /a?b=1 HTTP/1.1\r\nHost: h\r\nX-Webhook-Timestamp: 1746123456\r\nX-\xe9: \xff\r\n\r\n";

#[test]
fn our_own_json_comes_back_whole() {
    let original = delivery(HEAD, b"{\"event\":\"e\",\"simulation\":true}\0\xff");
    let text = exported(Json::default(), &original);
    assert_eq!(ImportSource::detect(&text), Some(ImportSource::Json));
    let imported = read(ImportSource::Json, [&text[..], &text].concat()).unwrap();
    assert_eq!(imported.len(), 2);
    let Imported { captured, answer, diagnosis, .. } = &imported[1];
    let was = &original.summary;
    assert_eq!((&captured.head, &captured.body), (&original.head, &original.body));
    assert_eq!(captured.received_at, was.received_at);
    assert_eq!(captured.remote, "127.0.0.1:5000 (imported)");
    assert_eq!((&captured.method, &captured.path), (&was.method, &was.path));
    assert_eq!((&captured.event, &captured.image), (&was.event, &was.image));
    assert_eq!((&captured.judgement, &captured.intake), (&was.judgement, &was.intake));
    assert_eq!(answer, &original.answer);
    assert_eq!(diagnosis.as_deref(), Some("{\"complete\":true}"));
}

#[test]
fn another_senders_event_is_read_again_from_where_its_scheme_has_it() {
    let head = b"POST /github HTTP/1.1\r\nHost: h\r\nX-GitHub-Event: ping\r\n\r\n";
    let text = exported(Json::default(), &delivery(head, b"{}"));
    let scheme = crate::signature::catalogue::named("github").unwrap();
    let registry = Registry::new(Vec::new(), crate::config::Keyring::default(), scheme);
    let mut events = Vec::new();
    importer(&registry)
        .read(ImportSource::Json, &mut &text[..], &mut |imported| {
            events.push(imported.captured.event.event);
            Ok(())
        })
        .unwrap();
    assert_eq!(events, [Some("ping".to_owned())]);
}

#[test]
fn a_line_of_ours_that_was_edited_is_not_taken_for_what_was_received() {
    let head = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
    let text = String::from_utf8(exported(Json::default(), &delivery(head, b"body"))).unwrap();
    let taken = |text: &str| {
        let (mut all, findings) = read_noting(ImportSource::Json, text).unwrap();
        let words: Vec<_> = findings.remarks.listed().iter().map(|remark| remark.words.clone()).collect();
        (all.remove(0), words.join("|"))
    };
    let (whole, words) = taken(&text);
    assert!(whole.captured.intake.is_complete() && words.is_empty(), "{words}");
    for other in ["bod", "a longer body"] {
        let (edited, words) = taken(&text.replace("\"body\":\"body\"", &format!("\"body\":\"{other}\"")));
        assert_eq!(edited.captured.intake.name(), "truncated");
        assert_eq!((edited.captured.judgement.verdict, edited.diagnosis), (Verdict::NoSecret, None));
        assert!(words.contains("bytes, and Content-Length says 4; its verdict is a new one"), "{words}");
    }
    let late = text.replacen("\"received_us\":", "\"received_us\":253402300799000000,\"was\":", 1);
    let (late, words) = taken(&late);
    assert_eq!(late.captured.received_at, Timestamp::UNIX_EPOCH);
    assert!(words.contains("received_us 253402300799000000 is beyond year 9999"), "{words}");
    let long = format!("\"user_note\":\"{}\",\"tags\":[\"not a tag\"]", "x".repeat(2001));
    let long = text.replacen("\"user_note\":null,\"tags\":[]", &long, 1);
    let (long, words) = taken(&long);
    assert_eq!(long.marks.note.map(|note| note.len()), Some(2000));
    assert!(words.contains("its note is cut: 2,000 of 2,001 bytes are kept|1 invalid tag left out"), "{words}");
}

#[test]
fn a_har_of_ours_keeps_every_byte_of_the_request() {
    let original = delivery(HEAD, b"\xff\0body");
    let text = exported(Har::default(), &original);
    assert_eq!(ImportSource::detect(&text), Some(ImportSource::Har));
    let imported = &read(ImportSource::Har, text).unwrap()[0].captured;
    assert_eq!((&imported.head, &imported.body), (&original.head, &original.body));
    assert_eq!(imported.received_at, original.summary.received_at);
    assert_eq!(imported.remote, "127.0.0.1:5000 (imported)");
    assert_eq!(imported.judgement.verdict, Verdict::NoSecret, "judged with what is configured now");
}

#[test]
fn a_har_of_another_tool_becomes_a_request() {
    let entry = json!({"startedDateTime": "2025-05-01T12:00:00.5+02:00", "request": {
        "method": "POST", "url": "https://a.example:8443/hook?x=1#part", "httpVersion": "h2",
        "headers": [{"name": ":method", "value": "POST"}, {"name": "X-A", "value": "1"}],
        "postData": {"mimeType": "application/json", "text": "{\"event\":\"e\"}"}}});
    let har =
        json!({"log": {"version": "1.2", "pages": [{}], "entries": [entry], "comment": 1}, "more": [1]}).to_string();
    let imported = &read(ImportSource::Har, &har).unwrap()[0].captured;
    assert_eq!(imported.head.bytes(), "POST /hook?x=1 HTTP/1.1\r\nHost: a.example:8443\r\nX-A: 1\r\n\r\n");
    assert_eq!(imported.received_at.to_string(), "2025-05-01T10:00:00.5Z");
    assert_eq!(imported.event.event.as_deref(), Some("e"));

    let with = |from: &str, to: &str| {
        let (all, findings) = read_noting(ImportSource::Har, har.replace(from, to)).unwrap();
        let said = findings.passed_over.listed().iter().chain(findings.remarks.listed());
        (all.len(), said.map(|remark| format!("{}: {}", remark.entry, remark.words)).collect::<Vec<_>>().join("|"))
    };
    let left_out = (1, "1: the header 'X-A' is left out: it contains a line end or NUL".to_owned());
    assert_eq!(with("\"1\"", "\"1\\r\\nX-B: 2\""), left_out);
    assert!(with("X-A", "X A").1.contains("is left out"), "{:?}", with("X-A", "X A"));
    assert_eq!(with("/hook", "/ho\\r\\n\\r\\nok"), (0, "1: the method or the URL contains a line end".to_owned()));
    assert!(with("2025-05-01T", "yesterday ").1.contains("startedDateTime 'yesterday"));
    assert_eq!(with("\"GET\"", "{}").0, 1);
    assert_eq!(with("\"method\"", "\"way\"").0, 0);
    assert!(wrong(ImportSource::Har, har.replace("\"entries\"", "\"entry\"")).contains("missing field `entries`"));
}

#[test]
fn raw_requests_are_read_strictly() {
    let original = delivery(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n", b"\0\xff\r\n");
    let raw = exported(Raw::default(), &original);
    assert_eq!(ImportSource::detect(&raw), Some(ImportSource::Raw));
    assert_eq!(read(ImportSource::Raw, &raw).unwrap()[0].captured.body, original.body);
    assert_eq!(read(ImportSource::Raw, [&raw[..], b"\n"].concat()).unwrap()[0].captured.body, original.body);
    assert!(wrong(ImportSource::Raw, [&raw[..], b"GET"].concat()).contains("3 bytes follow the body"));
    let short = &read(ImportSource::Raw, &raw[..raw.len() - 1]).unwrap()[0].captured;
    assert_eq!(short.intake.reason(), "the file ends after 3 of 4 bytes of body");
    let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (body, held) in [("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc"), ("{\"no\": 1}", "{\"no\": 1}")] {
        assert_eq!(read(ImportSource::Raw, format!("{chunked}{body}")).unwrap()[0].captured.body, held);
    }
    for garbage in ["", "hello", "\u{16}\u{3}", "GET / HTTP/1.1\r\nA: b\r\n", "GET / HTTP/1.1\r\n A: folded\r\n\r\n"] {
        assert!(wrong(ImportSource::Raw, garbage).starts_with("not an HTTP request: "), "{garbage:?}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let good = String::from_utf8(exported(Json::default(), &delivery(HEAD, b"{}"))).unwrap();
    let second = |line: String| wrong(ImportSource::Json, format!("{good}{line}"));
    assert!(second("{\"id\": 1, nonsense".to_owned()).contains("delivery 2, "), "{}", second("{x".to_owned()));
    assert!(second("{x".to_owned()).contains("line 2 column 2"));
    let number = second("5".to_owned());
    assert!(number.contains("expected an object at line 2") && !number.contains("struct"), "{number}");
    let without = |keys: &[&str], other: &[(&str, &str)]| {
        let mut json: serde_json::Value = serde_json::from_str(&good).unwrap();
        keys.iter().for_each(|key| drop(json.as_object_mut().unwrap().remove(*key)));
        other.iter().for_each(|(key, value)| json[key] = (*value).into());
        json.to_string()
    };
    assert_eq!(
        wrong(ImportSource::Json, without(&[], &[("head_base64", "!")])),
        "delivery 1: head_base64: invalid Base64"
    );
    // Either of the two will do.
    for key in ["received_at", "received_us"] {
        let read = read(ImportSource::Json, without(&[key], &[])).unwrap();
        assert_eq!(read.len(), 1, "{key}");
    }
    assert!(wrong(ImportSource::Json, without(&["received_at", "received_us"], &[])).contains("no `received_us`"));
    let odd = wrong(ImportSource::Json, without(&["received_us"], &[("received_at", "yesterday")]));
    assert!(odd.contains("invalid received_at 'yesterday': expected a time such as"), "{odd}");
    assert!(
        second("{\"received_at\":\"x\",\"intake\":\"complete\",\"verdict\":\"verified\"}".to_owned())
            .contains("show --format json")
    );
    assert!(second(good.replace("no_secret", "sure")).contains("delivery 2: unknown verdict 'sure'"));
    assert!(second(good.replace("\"complete\",", "\"what\",")).contains("unknown intake 'what'"));
    assert!(second(good.replace("head_base64\":\"", "head_base64\":\"!")).contains("head_base64: "));
    assert!(second(good.replace("\"latency_ms\":", "\"latency_ms\":-")).contains("latency_ms"));
}

#[test]
fn facts_that_cannot_be_true_are_refused() {
    let good = String::from_utf8(exported(Json::default(), &delivery(HEAD, b"{}"))).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json: serde_json::Value = serde_json::from_str(&good).unwrap();
        change(&mut json);
        json.to_string()
    };
    for latency in [1e20, 1e300, -1e20, -0.001, -1e-9, 9_223_372_036_854_775_807.0] {
        let odd = with(&|json| json["answer"]["latency_ms"] = latency.into());
        assert!(wrong(ImportSource::Json, odd).contains("answer.latency_ms: expected"), "{latency}");
    }
    let odd = with(&|json| json["answer"]["body_bytes"] = u64::MAX.into());
    assert!(wrong(ImportSource::Json, odd).contains("answer.body_bytes: expected"));
    let stamped = |name: &str, age: i64| {
        let stamp = serde_json::json!({"raw": "1", "unit": "seconds", name: age, "fresh": false});
        with(&|json| (json["verdict"], json["timestamp"]) = ("mismatch".into(), stamp.clone()))
    };
    for (name, age) in [
        ("age_seconds", i64::MAX),
        ("age_seconds", i64::MIN),
        ("age_ms", i64::MIN),
        ("age_ms", i64::MAX),
        ("age_ms", 1 << 60),
    ] {
        let odd = wrong(ImportSource::Json, stamped(name, age));
        assert!(odd.contains(&format!("timestamp.{name}: expected")), "{name} {age}: {odd}");
    }
    // What a timestamp can say is kept as it was.
    for age in [0, -1, 86_400_000, -99_999_999_999_000, 253_402_300_799_000] {
        let read = read(ImportSource::Json, stamped("age_ms", age)).unwrap();
        assert_eq!(read[0].captured.judgement.timestamp.as_ref().unwrap().age_ms, Some(age));
    }
}

#[test]
fn forms_are_told_by_their_beginning() {
    assert_eq!(ImportSource::detect(b"\xef\xbb\xbf\n { \"log\": {}}"), Some(ImportSource::Har));
    assert_eq!(ImportSource::detect(b"{\"id\":1}"), None);
    assert_eq!(ImportSource::detect(b"POST / HTTP/1.1"), Some(ImportSource::Raw));
    assert_eq!(ImportSource::detect(b""), None);
}

proptest! {
    /// Garbage is refused. An export that was damaged is refused on one line, or is read and can be exported again.
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes: Vec<u8>,
        text in "[{}\\[\\]\":,a-z0-9 ]{0,60}",
        at: proptest::sample::Index,
        length in 0_usize..9,
    ) {
        let original = delivery(HEAD, &bytes);
        for source in [ImportSource::Json, ImportSource::Har, ImportSource::Raw] {
            let begun = format!("{{\"log\":{{\"entries\":[{text}");
            // Where the text ends it after all, its entries are none and passed over.
            prop_assert_eq!(read(source, begun).map_or(0, |all| all.len()), 0);
            for garbage in [&bytes[..], text.as_bytes()] {
                // Of deliveries as JSON a file may hold none.
                prop_assert_eq!(read(source, garbage).map_or(0, |all| all.len()), 0);
            }
            let mut file = match source {
                ImportSource::Json => exported(Json::default(), &original),
                ImportSource::Har => exported(Har::default(), &original),
                _ => exported(Raw::default(), &original),
            };
            let at = at.index(file.len());
            file.splice(at..(at + length).min(file.len()), text.bytes());
            match read(source, &file) {
                Err(error) => prop_assert!(!error.to_string().contains('\n'), "{error}"),
                Ok(all) => for Imported { captured, .. } in all {
                    let again = read(ImportSource::Json, exported(Json::default(), &delivery(&captured.head, &captured.body)));
                    let again = &again.unwrap()[0].captured;
                    prop_assert_eq!((&again.head, &again.body), (&captured.head, &captured.body));
                },
            }
        }
    }

    #[test]
    fn any_delivery_goes_round(head: Vec<u8>, body: Vec<u8>) {
        let original = delivery(&head, &body);
        let json = &read(ImportSource::Json, exported(Json::default(), &original)).unwrap()[0];
        prop_assert_eq!((&json.captured.head, &json.captured.body), (&original.head, &original.body));
        prop_assert_eq!(&json.captured.judgement, &original.summary.judgement);
        let har = &read(ImportSource::Har, exported(Har::default(), &original)).unwrap()[0];
        prop_assert_eq!((&har.captured.head, &har.captured.body), (&original.head, &original.body));
        let request = format!("POST /{} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", head.len(), body.len());
        let original = delivery(request.as_bytes(), &body);
        let raw = &read(ImportSource::Raw, exported(Raw::default(), &original)).unwrap()[0];
        prop_assert_eq!((&raw.captured.head, &raw.captured.body), (&original.head, &original.body));
        prop_assert!(raw.captured.intake.is_complete());
    }

    #[test]
    fn no_header_of_an_archive_becomes_two(name in "[ -~\\r\\n]{1,12}", value in "[ -~\\r\\n\\t]{0,12}", url in "http://h/[ -~\\r\\n]{0,12}") {
        let entry = json!({"startedDateTime": "2025-05-01T12:00:00Z", "request": {"method": "POST", "url": url, "headers": [{"name": name, "value": value}]}});
        if let Ok(imported) = read(ImportSource::Har, json!({"log": {"entries": [entry]}}).to_string()) {
            for imported in imported {
                prop_assert!(imported.captured.head.fields().count() <= 2, "{:?}", imported.captured.head);
            }
        }
    }
}

#[test]
fn attempts_that_a_file_lists_are_said_to_be_left_out() {
    let line = exported(Json::default(), &delivery(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", b""));
    let said = |attempts: &str| {
        let mut record: serde_json::Value = serde_json::from_slice(&line).unwrap();
        record["attempts"] = serde_json::from_str(attempts).unwrap();
        let (_, findings) = read_noting(ImportSource::Json, record.to_string()).unwrap();
        findings.remarks.listed().iter().map(|remark| remark.words.clone()).collect::<String>()
    };
    assert_eq!(said("[]"), "");
    assert_eq!(said("null"), "");
    assert!(said("[{\"id\":1}]").starts_with("1 attempt made from it is left out"));
    assert!(said("[{\"id\":2},{\"id\":1}]").starts_with("2 attempts made from it are left out"));
}
