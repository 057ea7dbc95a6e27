//! The documented result panel of a sending, as text and as JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::{DocumentedError, StatusClass, delivery_headers, latency_words, milliseconds, signed_url, status_words};
use crate::delivery::{Attempt, AttemptKind, AttemptSummary};
use crate::http::{HeaderField, HttpResponse};
use crate::payload::body::{Declared, OpenedBody};
use crate::payload::inflate::InflateBudget;
use crate::signature::Scheme;
use crate::text::{grouped, visible, visible_bytes};

/// Lines of a payload or response that the text shows.
const SHOWN_LINES: usize = 60;
/// Lines that the text shows of a payload that is the delivery's own, which can be looked at there.
const OWN_LINES: usize = 10;
/// Bytes of one line that the text shows.
const SHOWN_BYTES: usize = 2000;

/// The result panel for people: Status, Latency, Result, Delivery headers, Sent payload, Endpoint
/// response. `body` is what was sent. Every line is visible text.
#[must_use]
pub fn attempt_text(attempt: &Attempt, body: &[u8], scheme: &Scheme) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<17} {}", visible(value));
    };
    row("Endpoint", &attempt.target);
    row("Status", &status_words(attempt));
    row("Latency", &latency_words(&attempt.latency));
    row("Result", if attempt.is_delivered() { "Delivered" } else { "Failed" });
    if let Err(failure) = &attempt.result {
        row("Error", &format!("{}{}", term_words(attempt), failure.message));
        row("", &failure.advice);
    } else if let Some(fault) = response_fault(attempt) {
        row("Error", &fault);
    } else if let (Some(term), AttemptKind::Simulation) = (DocumentedError::of(attempt), attempt.kind) {
        row("Error", &format!("{}: {}", term.title(), term.meaning()));
    }
    for (index, field) in delivery_headers(attempt, scheme).iter().enumerate() {
        let name = if index == 0 { "Delivery headers" } else { "" };
        row(name, &format!("{}: {}", visible_bytes(&field.name), visible_bytes(&field.value)));
    }
    if let Some(url) = signed_url(attempt, scheme) {
        row("URL signed", &url);
    }
    let payload = if attempt.is_unsent() { "Payload, not sent" } else { "Sent payload" };
    row(payload, &format!("{} bytes, {}", grouped(body.len() as u64), attempt.mode.words()));
    push_lines(&mut text, body, if attempt.body.is_some() { SHOWN_LINES } else { OWN_LINES });
    if let Ok(reply) = &attempt.result {
        let _ = writeln!(text, "{:<17} {}", "Endpoint response", response_words(reply));
        let opened = opened_response(reply);
        for remark in &opened.remarks {
            let _ = writeln!(text, "{:<17} {}", "", remark.words);
        }
        push_lines(&mut text, &opened.bytes, SHOWN_LINES);
    }
    text
}

/// A response's body as it can be read: a replay sends the captured `Accept-Encoding`, so that it may be compressed.
/// Bounded as a request's is.
#[must_use]
pub fn opened_response(reply: &HttpResponse) -> OpenedBody {
    let mut budget = InflateBudget::opening(reply.body.len());
    OpenedBody::of_response(Declared::of(&reply.head), reply.body.clone(), &mut budget)
}

/// What is wrong with a response that did not come whole.
fn response_fault(attempt: &Attempt) -> Option<String> {
    attempt.result.as_ref().ok().and_then(HttpResponse::fault)
}

/// Why an attempt has no whole response, as JSON.
fn error_json(attempt: &Attempt) -> Value {
    match &attempt.result {
        Err(failure) => json!({
            "term": DocumentedError::of(attempt).map(DocumentedError::title),
            "code": failure.code,
            "message": failure.message,
            "advice": failure.advice,
        }),
        Ok(reply) => match reply.fault() {
            Some(fault) => json!({
                "term": DocumentedError::of(attempt).map(DocumentedError::title),
                "code": reply.end.code(),
                "message": fault,
                "advice": DocumentedError::SimulationFailed.meaning(),
            }),
            None => Value::Null,
        },
    }
}

/// `Network error: ` for what the documentation calls so.
fn term_words(attempt: &Attempt) -> String {
    DocumentedError::of(attempt).map(|term| format!("{}: ", term.title())).unwrap_or_default()
}

fn response_words(reply: &HttpResponse) -> String {
    let mut size = format!("{} bytes", grouped(reply.body_bytes));
    if reply.body_bytes > reply.body.len() as u64 {
        let _ = write!(size, ", the first {} of them kept", grouped(reply.body.len() as u64));
    }
    if reply.end.is_truncated() { format!("{size}; it {}", reply.end.words()) } else { size }
}

fn push_lines(text: &mut String, bytes: &[u8], most: usize) {
    if bytes.is_empty() {
        return;
    }
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
    let mut count = 0;
    for line in lines {
        count += 1;
        if count <= most {
            let more = if line.len() > SHOWN_BYTES { "…" } else { "" };
            let _ = writeln!(text, "  {}{more}", visible_bytes(&line[..line.len().min(SHOWN_BYTES)]));
        }
    }
    if count > most {
        let _ = writeln!(text, "  … and {} more lines", count - most);
    }
}

/// The result panel as JSON; `body` is what was sent.
#[must_use]
pub fn attempt_json(attempt: &Attempt, body: &[u8], scheme: &Scheme) -> Value {
    let pairs = |fields: &mut dyn Iterator<Item = HeaderField>| {
        let pair = |field: HeaderField| json!([lossy(&field.name), lossy(&field.value)]);
        Value::Array(fields.map(pair).collect())
    };
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("delivery", json!(attempt.delivery.map(|id| id.0)));
    put("kind", json!(attempt.kind.code()));
    put("mode", json!(attempt.mode.code()));
    put("at", json!(format!("{:.3}", attempt.at)));
    put("target", json!(attempt.target));
    put("peer", json!(attempt.peer));
    put("result", json!(if attempt.is_delivered() { "delivered" } else { "failed" }));
    put("status", json!(attempt.status()));
    put("status_class", json!(attempt.status().map(|status| StatusClass::of(status).code())));
    put("latency_ms", json!(milliseconds(attempt.latency.total)));
    put("connect_ms", json!(attempt.latency.connect.map(milliseconds)));
    put("tls_ms", json!(attempt.latency.tls.map(milliseconds)));
    put("first_byte_ms", json!(attempt.latency.first_byte.map(milliseconds)));
    put("error", error_json(attempt));
    put("delivery_headers", pairs(&mut delivery_headers(attempt, scheme).into_iter()));
    put("signed_url", json!(signed_url(attempt, scheme)));
    put("headers", pairs(&mut attempt.head.fields()));
    put("body_bytes", json!(body.len()));
    insert_bytes(&mut object, "body", body);
    let response = attempt.result.as_ref().ok().map(|reply| {
        let head = &reply.head;
        let mut response = Map::new();
        if !reply.interim.is_empty() {
            insert_bytes(&mut response, "interim", &reply.interim);
        }
        response.insert("status".to_owned(), json!(reply.status));
        response.insert("reason".to_owned(), json!(lossy(head.reason())));
        response.insert("headers".to_owned(), pairs(&mut head.fields()));
        response.insert("body_bytes".to_owned(), json!(reply.body_bytes));
        insert_bytes(&mut response, "body", &reply.body);
        let opened = opened_response(reply);
        if !opened.is_as_sent {
            insert_bytes(&mut response, "decoded_body", &opened.bytes);
        }
        if !opened.remarks.is_empty() {
            let remarks: Vec<_> = opened.remarks.iter().map(|remark| &remark.words).collect();
            response.insert("body_remarks".to_owned(), json!(remarks));
        }
        response.insert("body_end".to_owned(), json!(reply.end.code()));
        Value::Object(response)
    });
    object.insert("response".to_owned(), json!(response));
    Value::Object(object)
}

/// A kept attempt's row as JSON.
#[must_use]
pub fn summary_json(attempt: &AttemptSummary) -> Value {
    json!({
        "id": attempt.id.0,
        "kind": attempt.kind.code(),
        "mode": attempt.mode.code(),
        "at": format!("{:.3}", attempt.at),
        "target": attempt.target,
        "result": if attempt.is_delivered() { "delivered" } else { "failed" },
        "status": attempt.result.as_ref().ok(),
        "latency_ms": milliseconds(attempt.latency),
        "error": summary_error(attempt),
    })
}

fn summary_error(attempt: &AttemptSummary) -> Value {
    match (&attempt.result, attempt.end.filter(|end| end.is_broken_off())) {
        (Err(failure), _) => json!({"code": failure.code, "message": failure.message, "advice": failure.advice}),
        (Ok(_), Some(end)) => json!({
            "code": end.code(),
            "message": format!("the response's body {}", end.words()),
            "advice": DocumentedError::SimulationFailed.meaning(),
        }),
        (Ok(_), None) => Value::Null,
    }
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn insert_bytes(object: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => object.insert(name.to_owned(), json!(text)),
        Err(_) => object.insert(format!("{name}_base64"), json!(base64::prelude::BASE64_STANDARD.encode(bytes))),
    };
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::delivery::{AttemptMode, DeliveryId};
    use crate::http::{BodyEnd, Failure, Head, Latency};

    fn attempt(result: Result<HttpResponse, Failure>) -> Attempt {
        Attempt {
            delivery: Some(DeliveryId(7)),
            kind: AttemptKind::Simulation,
            mode: AttemptMode::Made,
            at: Timestamp::UNIX_EPOCH,
            target: "http://localhost:4000/x".to_owned(),
            peer: None,
            head: Head::read(Bytes::from_static(
                b"POST /x HTTP/1.1\r\nx-webhook-signature: ab\x1b\r\nX-Webhook-Timestamp: 17\r\nHost: \xff\r\n\r\n",
            )),
            body: Some(Bytes::from_static(b"{\"a\":\"\xe2\x80\xae\"}\n")),
            body_bytes: 12,
            latency: Latency { first_byte: Some(Duration::from_micros(1500)), ..Latency::default() },
            result,
        }
    }

    fn reply(status: u16, body: &'static [u8], end: BodyEnd) -> HttpResponse {
        let head = Head::from(format!("HTTP/1.1 {status} Odd\u{7}\r\nX-A: 1\r\nx-a: 2\r\n\r\n"));
        HttpResponse {
            status,
            interim: Bytes::new(),
            head,
            body: Bytes::from_static(body),
            body_bytes: body.len() as u64,
            end,
        }
    }

    #[test]
    fn the_panel_has_the_documented_fields_and_nothing_hidden() {
        let attempt = attempt(Ok(reply(503, b"no\x1b[31m\nmore", BodyEnd::Limit)));
        let text = attempt_text(&attempt, attempt.body.as_ref().unwrap(), &Scheme::default());
        let expected = "\
Endpoint          http://localhost:4000/x
Status            503 Odd␇
Latency           0.0 ms (first byte 1.5)
Result            Failed
Error             Simulation failed: check the endpoint's logs
Delivery headers  x-webhook-signature: ab␛
                  X-Webhook-Timestamp: 17
Sent payload      12 bytes, created here
  {\"a\":\"⟨U+202E⟩\"}
Endpoint response 12 bytes; it exceeds the limit; only its beginning was read
  no␛[31m
  more
";
        assert_eq!(text, expected);
    }

    #[test]
    fn json_keeps_order_duplicates_and_bytes() {
        let attempt = attempt(Ok(reply(200, b"\xff", BodyEnd::Complete)));
        let value = attempt_json(&attempt, attempt.body.as_ref().unwrap(), &Scheme::default());
        assert_eq!((&value["result"], &value["status_class"]), (&json!("delivered"), &json!("success")));
        assert_eq!(value["response"]["headers"], json!([["X-A", "1"], ["x-a", "2"]]));
        assert_eq!(value["response"]["body_base64"], json!("/w=="));
        assert_eq!((&value["first_byte_ms"], &value["error"]), (&json!(1.5), &Value::Null));
        assert_eq!(value["delivery_headers"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_compressed_response_is_inflated_and_kept_as_it_came() {
        let (words, plain) = (&b"{\"detail\": \"no such event\"}\n"[..], Head::from("HTTP/1.1 422 No\r\n\r\n"));
        let gzip = |bytes: &[u8]| {
            let mut coded = Vec::new();
            flate2::read::GzEncoder::new(bytes, flate2::Compression::fast()).read_to_end(&mut coded).unwrap();
            coded
        };
        for (coding, body) in [("gzip", gzip(words)), ("X-GZIP , gzip", gzip(&gzip(words)))] {
            let reply = HttpResponse { body: body.clone().into(), ..reply(422, b"", BodyEnd::Complete) };
            let attempt = attempt(Ok(HttpResponse { head: plain.with("Content-Encoding", coding), ..reply }));
            let text = attempt_text(&attempt, b"", &Scheme::default());
            assert!(text.contains("  {\"detail\": \"no such event\"}\n") && text.contains("inflated to "), "{text}");
            assert!(!text.contains("signature is over"), "{text}");
            let response = &attempt_json(&attempt, b"", &Scheme::default())["response"];
            assert_eq!(response["body_base64"], json!(base64::prelude::BASE64_STANDARD.encode(&body)), "{coding}");
            assert_eq!(response["decoded_body"], json!("{\"detail\": \"no such event\"}\n"), "{coding}");
        }
        // A declaration that is not kept, and a body that declares nothing.
        let wrong =
            HttpResponse { head: plain.with("Content-Encoding", "gzip"), ..reply(500, b"oh", BodyEnd::Complete) };
        let text = attempt_text(&attempt(Ok(wrong)), b"", &Scheme::default());
        assert!(text.contains("gzip: cannot be inflated") && text.contains("\n  oh\n"), "{text}");
        let value = attempt_json(&attempt(Ok(reply(500, b"oh", BodyEnd::Complete))), b"", &Scheme::default());
        assert!(value["response"].get("decoded_body").is_none() && value["response"].get("body_remarks").is_none());
    }

    #[test]
    fn failures_have_the_documentations_term() {
        let failure = |code: &str| Failure { code: code.to_owned(), message: "m".to_owned(), advice: "a".to_owned() };
        let refused = attempt(Err(failure("refused")));
        let value = attempt_json(&refused, b"", &Scheme::default());
        assert_eq!(value["error"], json!({"term": "Network error", "code": "refused", "message": "m", "advice": "a"}));
        assert_eq!((&value["status"], &value["response"]), (&Value::Null, &Value::Null));
        assert_eq!(DocumentedError::of(&attempt(Err(failure("cancelled")))), None);
        assert_eq!(
            DocumentedError::of(&attempt(Ok(reply(404, b"", BodyEnd::Complete)))),
            Some(DocumentedError::SimulationFailed)
        );
        assert_eq!(DocumentedError::of(&attempt(Ok(reply(204, b"", BodyEnd::Complete)))), None);
    }

    #[test]
    fn a_response_that_did_not_come_whole_delivers_nothing() {
        for (end, code) in [
            (BodyEnd::ClosedEarly, "closed_early"),
            (BodyEnd::TimedOut, "timed_out"),
            (BodyEnd::Malformed, "malformed"),
        ] {
            let broken = attempt(Ok(reply(200, b"ok", end)));
            let value = attempt_json(&broken, b"", &Scheme::default());
            assert_eq!((&value["result"], &value["error"]["code"]), (&json!("failed"), &json!(code)));
            let text = attempt_text(&broken, b"", &Scheme::default());
            assert!(text.contains("Result            Failed\nError             the response"), "{text}");
        }
        // What was not read any further was not lost.
        assert!(attempt(Ok(reply(200, b"ok", BodyEnd::Limit))).is_delivered());
    }

    #[test]
    fn what_never_went_out_is_not_called_sent() {
        let failure = |code: &str| Failure { code: code.to_owned(), message: "m".to_owned(), advice: "a".to_owned() };
        let text = attempt_text(&attempt(Err(failure("refused"))), b"{}", &Scheme::default());
        assert!(text.contains("Payload, not sent 2 bytes") && !text.contains("Sent payload"), "{text}");
        let text = attempt_text(&attempt(Err(failure("timeout_first_byte"))), b"{}", &Scheme::default());
        assert!(text.contains("Sent payload      2 bytes"), "{text}");
    }
}
