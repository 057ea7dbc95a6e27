//! Archives as other tools write them.

use serde_json::{Value, json};

use super::super::tests::{delivery, exported, importer_with, read_noting};
use super::super::{ImportError, ImportSource, Imported};
use crate::archive::export::har::Har;
use crate::config::Registry;
use crate::delivery::{Delivery, Intake, Marks, Outcome, Verdict};
use crate::http::WireFraming;

fn har(entry: &Value) -> String {
    json!({"log": {"version": "1.2", "entries": [entry]}}).to_string()
}

fn post(more: Value) -> Value {
    let mut request = json!({"method": "POST", "url": "http://h/hook", "headers": []});
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    json!({"startedDateTime": "2025-05-01T12:00:00Z", "request": request})
}

/// The one delivery of an entry, and what was said of it.
fn one(entry: &Value) -> (Imported, Vec<String>) {
    let (mut all, findings) = read_noting(ImportSource::Har, har(entry)).unwrap();
    assert_eq!((all.len(), findings.passed_over.count()), (1, 0), "{findings:?}");
    (all.remove(0), findings.remarks.listed().iter().map(|remark| remark.words.clone()).collect())
}

fn passed_over(entry: &Value) -> String {
    let (all, findings) = read_noting(ImportSource::Har, har(entry)).unwrap();
    assert_eq!((all.len(), findings.passed_over.count()), (0, 1), "{findings:?}");
    findings.passed_over.listed()[0].words.clone()
}

fn length(length: u64) -> Value {
    json!([{"name": "content-length", "value": length.to_string()}])
}

#[test]
fn a_body_that_was_left_out_is_truncated() {
    let intake = |more: Value| one(&post(more)).0.captured.intake;
    let left_out = |why: &str| Intake::Truncated(format!("the archive left the body out ({why})"));
    assert_eq!(intake(json!({"headers": length(42)})), left_out("Content-Length says 42"));
    assert_eq!(intake(json!({"headers": length(42), "postData": {"text": ""}})), left_out("Content-Length says 42"));
    assert_eq!(intake(json!({"bodySize": 1042})), left_out("bodySize says 1,042"));
    let chunked = json!([{"name": "Transfer-Encoding", "value": "chunked"}]);
    assert_eq!(intake(json!({"headers": chunked})), left_out("it was sent in chunks"));
    assert_eq!(intake(json!({"postData": {"mimeType": "a/b"}})), left_out("postData has a type and no text"));
    for whole in
        [json!({"headers": length(0)}), json!({"bodySize": 0}), json!({"bodySize": -1}), json!({"postData": null})]
    {
        assert_eq!(intake(whole), Intake::Complete);
    }
}

#[test]
fn a_text_is_held_against_its_declared_length() {
    let body = |text: &str, declared| {
        let (imported, _) = one(&post(json!({"headers": length(declared), "postData": {"text": text}})));
        (imported.captured.body.to_vec(), imported.captured.intake.name())
    };
    assert_eq!(body("{}", 2), (b"{}".to_vec(), "complete"));
    assert_eq!(body("{}", 9), (b"{}".to_vec(), "truncated"));
    assert_eq!(body("{}", 1), (b"{}".to_vec(), "rebuilt"));
    assert_eq!(body("a\nb", 4), (b"a\r\nb".to_vec(), "complete"));
    assert_eq!(body("\u{e9}\u{1}", 2), (b"\xe9\x01".to_vec(), "complete"));
}

#[test]
fn a_text_that_the_archive_itself_contradicts_is_not_exact() {
    let read = |body_size: i64, headers: &[(&str, &str)], data: Value| {
        let headers: Vec<Value> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        one(&post(json!({"bodySize": body_size, "headers": headers, "postData": data}))).0.captured
    };
    let text = |body_size: i64, headers: &[(&str, &str)], text: &str| {
        let captured = read(body_size, headers, json!({"text": text}));
        (captured.intake.name(), captured.body.to_vec())
    };
    assert_eq!(text(7, &[], "{\"a\":1}").0, "complete");
    assert_eq!(text(8, &[], "{\"a\":1}").0, "truncated");
    assert_eq!(text(6, &[], "{\"a\":1}").0, "rebuilt");
    assert_eq!(text(4, &[], "a\nb"), ("rebuilt", b"a\r\nb".to_vec()), "bodySize proves nothing");
    for coding in ["gzip", "br", "GZIP", "deflate, gzip"] {
        assert_eq!(text(-1, &[("Content-Encoding", coding)], "{}").0, "rebuilt", "{coding}");
        assert_eq!(text(27, &[("Content-Encoding", coding)], "{}").0, "rebuilt", "{coding}");
        assert_eq!(text(-1, &[("Content-Encoding", coding), ("Content-Length", "27")], "{}").0, "rebuilt", "{coding}");
    }
    assert_eq!(text(-1, &[("Content-Encoding", "identity")], "{}").0, "complete");
    let base64 = |text: &str| {
        read(-1, &[("content-encoding", "gzip")], json!({"text": text, "encoding": "base64"})).intake.name()
    };
    assert_eq!((base64("H4sI"), base64("e30=")), ("complete", "rebuilt"));
    for body_size in [-1, 6, 10] {
        assert_eq!(text(body_size, &[], "caf\u{fffd} \u{fffd}").0, "rebuilt");
    }
    assert_eq!(text(-1, &[("Content-Length", "6")], "caf\u{fffd}").0, "complete", "it was sent so");
    let charset =
        |charset: &str, body: &str| text(-1, &[("content-type", &format!("text/plain; charset={charset}"))], body);
    assert_eq!(charset("utf-16le", "a\u{e9}"), ("rebuilt", b"a\0\xe9\0".to_vec()));
    assert_eq!(charset("utf-16le", "a").0, "rebuilt");
    assert_eq!(charset("windows-1251", "a"), ("complete", b"a".to_vec()));
    assert_eq!(charset("windows-1251", "\u{436}").0, "rebuilt");
    assert_eq!(charset("no-such", "\u{436}").0, "rebuilt");
    for same in ["utf-8", "UTF8", "us-ascii"] {
        assert_eq!(charset(same, "a").0, "complete", "{same}");
    }
    let sized = [("content-type", "text/plain; charset=utf-16be"), ("content-length", "4")];
    assert_eq!(text(-1, &sized, "a\u{e9}"), ("complete", b"\0a\0\xe9".to_vec()));
}

#[test]
fn a_form_is_rebuilt_where_that_is_certain() {
    let form = |fields: Value, headers: Value| {
        one(&post(json!({"headers": headers, "postData": {
            "mimeType": "application/x-www-form-urlencoded", "text": "", "params": fields}})))
    };
    let (plain, remarks) = form(json!([{"name": "a", "value": "1"}, {"name": "b", "value": "x y"}]), length(9));
    assert_eq!((&plain.captured.body[..], &plain.captured.intake), (&b"a=1&b=x+y"[..], &Intake::Complete));
    assert!(remarks[0].contains("has the declared length"), "{remarks:?}");
    assert_eq!(plain.captured.judgement.note.as_deref(), Some(&*remarks[0]));
    // %2F and %2f are equally long.
    let (either, _) = form(json!([{"name": "a", "value": "/"}]), length(5));
    assert_eq!((&either.captured.body[..], either.captured.intake.name()), (&b"a=%2F"[..], "rebuilt"));
    let (none, _) = form(json!([{"name": "a", "value": "1"}]), length(500));
    assert!(none.captured.intake.reason().contains("has the 500 bytes that Content-Length declares"));
    let (unknown, _) = form(json!([{"name": "a"}]), json!([]));
    assert_eq!((&unknown.captured.body[..], unknown.captured.intake.name()), (&b"a="[..], "rebuilt"));
    assert_eq!(unknown.captured.judgement.verdict, Verdict::NoSecret);

    let part = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n";
    let multipart = |length: usize| {
        let headers = json!([{"name": "Content-Length", "value": length.to_string()},
            {"name": "content-type", "value": "multipart/form-data; boundary=B"}]);
        one(&post(json!({"headers": headers, "postData": {"params": [{"name": "a", "value": "1"}]}}))).0.captured
    };
    assert_eq!((&multipart(part.len()).body[..], multipart(part.len()).intake.name()), (part.as_bytes(), "complete"));
    assert_eq!(multipart(9).intake.name(), "rebuilt");
}

#[test]
fn a_signature_proves_which_form_it_was() {
    let origin = crate::signature::SecretOrigin::Typed;
    let secret = crate::signature::Secret::new("k", b"s3cret".to_vec(), origin);
    let registry = crate::config::Registry::new(
        Vec::new(),
        crate::config::Keyring::new(vec![secret]).unwrap(),
        crate::signature::Scheme::default(),
    );
    let body = b"a=%2f";
    let signature = crate::signature::sign(&registry.keyring().secrets()[0], b"1746100800", body);
    let entry = |signature: &str| {
        post(json!({
        "headers": [{"name": "X-Webhook-Signature", "value": signature}, {"name": "X-Webhook-Timestamp", "value": "1746100800"}],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "/"}]}}))
    };
    let read = |signature: &str| {
        let mut all = Vec::new();
        let text = har(&entry(signature));
        importer_with(&registry, false)
            .read(ImportSource::Har, &mut text.as_bytes(), &mut |imported| {
                all.push(imported.captured);
                Ok(())
            })
            .unwrap();
        all.remove(0)
    };
    let proved = read(&signature);
    assert_eq!(
        (&proved.body[..], &proved.intake, proved.judgement.verdict),
        (&body[..], &Intake::Complete, Verdict::Verified)
    );
    // Nothing is said about a signature of bytes that are not known.
    let other = read(&"0".repeat(64));
    assert_eq!((other.intake.name(), other.judgement.verdict), ("rebuilt", Verdict::NotJudged));
}

#[test]
fn odd_entries_are_passed_over_or_taken_with_a_remark() {
    for (more, why) in [
        (json!({"url": "data:text/plain,x"}), "'data:' URL"),
        (json!({"url": "/hook"}), "no Host header"),
        (json!({"method": ""}), "method"),
        (json!({"postData": {"text": "x", "encoding": "rot13"}}), "rot13"),
        (
            json!({"headers": [{"name": "Content-Length", "value": "1"}, {"name": "Content-Length", "value": "2"}]}),
            "Content-Length",
        ),
        (json!({"headers": 5}), "invalid type"),
    ] {
        let said = passed_over(&post(more));
        assert!(said.contains(why), "{said}");
    }
    let (by_host, remarks) = one(&post(json!({"url": "/hook?x", "headers": [{"name": "Host", "value": "h"}]})));
    assert_eq!(by_host.captured.head.target(), b"/hook?x");
    assert!(remarks[0].contains("no scheme"), "{remarks:?}");
    let mut entry = post(json!({}));
    entry["startedDateTime"] = json!("2025-05-01T12:00:00.25");
    let (local, remarks) = one(&entry);
    assert_eq!(local.captured.received_at.to_string(), "2025-05-01T12:00:00.25Z");
    assert!(remarks[0].contains("taken as UTC"), "{remarks:?}");
    // One of them does not keep the others out, and none passes where that was asked for.
    let good = post(json!({"postData": {"text": "{}"}}));
    let mixed = json!({"log": {"entries": [post(json!({"url": "data:,"})), good]}}).to_string();
    let (all, findings) = read_noting(ImportSource::Har, &mixed).unwrap();
    assert_eq!((all.len(), findings.passed_over.listed()[0].entry), (1, 1));
    for text in [mixed, har(&entry)] {
        let strict =
            importer_with(&Registry::default(), true).read(ImportSource::Har, &mut text.as_bytes(), &mut |_| Ok(()));
        assert!(matches!(strict, Err(ImportError::Content { number: 1, .. })), "{strict:?}");
    }
}

#[test]
fn a_response_becomes_the_answer() {
    let mut entry = post(json!({"postData": {"text": "{}"}}));
    entry["time"] = json!(12.5);
    entry["response"] = json!({"status": 401, "headers": [{"name": ":status", "value": "401"}, {"name": "X", "value": "é"}],
        "content": {"text": "bm8=", "encoding": "base64", "size": 2}, "bodySize": 90});
    let answer = one(&entry).0.answer.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..], answer.body_bytes, answer.rule.as_str()),
        (401, &b"no"[..], 90, "imported")
    );
    assert_eq!((answer.headers.len(), answer.latency.as_micros()), (1, 12_500));
    entry["response"] = json!({"status": 0});
    assert_eq!(one(&entry).0.answer, None);
}

#[test]
fn what_our_own_archive_says_beside_comes_back() {
    let head = b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut delivery = delivery(head, b"hello");
    delivery.framing = WireFraming::from_bytes(b"5;x=1\r\n\r\n0\r\nT: 1\r\n\r\n".to_vec().into());
    delivery.summary.remote = "10.0.0.1:99".to_owned();
    delivery.summary.marks = Marks { pinned: true, note: Some("look".to_owned()), tags: vec!["a".into(), "b".into()] };
    let again = |delivery: &Delivery| {
        let (mut all, findings) = read_noting(ImportSource::Har, exported(Har::default(), delivery)).unwrap();
        assert_eq!((all.len(), findings.remarks.count()), (1, 0), "{findings:?}");
        all.remove(0)
    };
    let read = again(&delivery);
    assert_eq!(read.marks, delivery.summary.marks);
    assert_eq!(read.captured.framing.as_bytes(), delivery.framing.as_bytes());
    assert_eq!(read.captured.remote, "10.0.0.1:99 (imported)");
    let (answer, was) = (read.answer.unwrap(), delivery.answer.clone().unwrap());
    assert_eq!((answer.facts(), answer.body_bytes, answer.body), (was.facts(), was.body_bytes, was.body));
    // However it ended.
    for outcome in Outcome::ALL {
        let answer = delivery.answer.as_mut().unwrap();
        answer.outcome = outcome;
        delivery.summary.answer = Some(answer.facts());
        let read = again(&delivery).answer.unwrap();
        assert_eq!(read.facts(), delivery.answer.as_ref().unwrap().facts());
    }
    delivery.answer = None;
    delivery.summary.answer = None;
    assert_eq!(again(&delivery).answer, None);
}
