//! HTTP Archive 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>): one log, an entry for each delivery.
//!
//! HAR is text: bytes outside UTF-8 in headers cannot stand in it. So each entry has a field of our own,
//! `_whyhook`, with the head byte for byte; other readers pass over what begins with an underscore. A body
//! that is not UTF-8 is base64, and `encoding` says so as HAR does for responses.

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{ExportItem, Exporter, Warnings, cookies, raw, warn_of_credentials, warn_of_intake};
use crate::delivery::{Answer, Delivery, Outcome, summary_json};
use crate::http::form::{self, FormPair};
use crate::http::percent::PercentEncoding;
use crate::http::{HeaderField, behind_scheme};
use crate::text;

/// See the module.
#[derive(Debug, Default)]
pub struct Har {
    warnings: Warnings,
    entries: u64,
}

impl Exporter for Har {
    fn add(&mut self, item: ExportItem<'_>, out: &mut dyn Write) -> io::Result<()> {
        warn_of_credentials(item, &mut self.warnings);
        self.warn(item.delivery);
        if self.entries == 0 {
            begin(out)?;
        } else {
            out.write_all(b",\n")?;
        }
        self.entries += 1;
        let mut entry = entry(item.delivery);
        if let Some(note) = item.redacted {
            entry["_whyhook"]["redaction"] = note.clone();
        }
        let entry = entry.to_string();
        out.write_all(text::safe_json(&entry).as_bytes())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.entries == 0 {
            begin(out)?;
        }
        out.write_all(b"\n]}}\n")
    }

    fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

impl Har {
    fn warn(&mut self, delivery: &Delivery) {
        let id = delivery.summary.id;
        if std::str::from_utf8(&delivery.head).is_err() {
            self.warnings.add(id, "header bytes outside UTF-8 are replaced; _whyhook.head_base64 has them as received");
        }
        if raw::is_chunked(delivery) {
            self.warnings.add(id, "arrived in chunks: its framing is in _whyhook.framing_base64, where it is known");
        }
        warn_of_intake(delivery, &mut self.warnings);
    }
}

fn begin(out: &mut dyn Write) -> io::Result<()> {
    let creator = json!({"name": "whyhook", "version": env!("CARGO_PKG_VERSION")});
    writeln!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[")
}

fn entry(delivery: &Delivery) -> Value {
    let latency = delivery.answer.as_ref().map_or(0.0, |answer| answer.latency.as_secs_f64() * 1000.0);
    let mut facts = summary_json(&delivery.summary);
    if let Value::Object(facts) = &mut facts {
        facts.insert("received_us".to_owned(), json!(delivery.summary.received_at.as_microsecond()));
        facts.insert("head_base64".to_owned(), json!(BASE64_STANDARD.encode(&delivery.head)));
        if !delivery.framing.is_empty() {
            let framing = BASE64_STANDARD.encode(delivery.framing.as_bytes());
            facts.insert("framing_base64".to_owned(), json!(framing));
        }
    }
    json!({
        "startedDateTime": format!("{:.6}", delivery.summary.received_at),
        "time": latency,
        "request": request(delivery),
        "response": response(delivery.answer.as_ref()),
        "cache": {},
        // Sending was over when the head was whole, and nothing is known of what the network took.
        "timings": {"send": 0, "wait": latency, "receive": 0},
        "_whyhook": facts,
    })
}

fn request(delivery: &Delivery) -> Value {
    let head = &delivery.head;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let header = |field: HeaderField| json!({"name": lossy(&field.name), "value": lossy(&field.value)});
    let target = lossy(head.target());
    let mut request = json!({
        "method": lossy(head.method()),
        "url": url(delivery),
        "httpVersion": lossy(head.version()),
        "cookies": cookies::of_request(head.values("cookie")),
        "headers": head.fields().map(header).collect::<Vec<_>>(),
        "queryString": query(&target),
        "headersSize": delivery.head.len(),
        "bodySize": delivery.body.len(),
    });
    if !delivery.body.is_empty() {
        let mime = head.value("content-type").map_or_else(|| "application/octet-stream".to_owned(), lossy);
        request["postData"] = content(&delivery.body);
        request["postData"]["mimeType"] = json!(mime);
        request["postData"]["params"] = json!([]);
    }
    request
}

/// HAR wants an absolute URL: the host is the sender's, and the scheme the one that a tunnel names. `*` and the authority
/// of CONNECT have no path (RFC 9112, section 3.3), and what is not a target at all is left to `_whyhook.head_base64`.
fn url(delivery: &Delivery) -> String {
    let head = &delivery.head;
    let target = PercentEncoding::TARGET.encode_text(head.target());
    let is_https = head.value("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https"));
    let scheme = if is_https { "https" } else { "http" };
    if head.method() == b"CONNECT" && is_authority(target.as_bytes()) {
        return format!("{scheme}://{target}");
    }
    if behind_scheme(target.as_bytes()).is_some() {
        return target;
    }
    let host = head.value("host").filter(|host| is_authority(host)).map(String::from_utf8_lossy);
    let path = if target.starts_with('/') { &target } else { "" };
    format!("{scheme}://{}{path}", host.as_deref().unwrap_or("localhost"))
}

/// Whether a host and its port can be these bytes: nothing in them begins another part of a URL.
fn is_authority(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\\"<>".contains(byte))
}

/// The pairs of a target's query as they stand, without any decoding.
fn query(target: &str) -> Vec<Value> {
    let Some((_, query)) = target.split_once('?') else { return Vec::new() };
    let pair = |pair: FormPair<'_>| {
        let (name, value) = pair.split();
        json!({"name": String::from_utf8_lossy(name), "value": String::from_utf8_lossy(value.unwrap_or_default())})
    };
    form::pairs(query.as_bytes()).filter(|pair| !pair.is_empty()).map(pair).collect()
}

fn response(answer: Option<&Answer>) -> Value {
    // What was sent of an answer that broke off, before its sender went or after it, is what came of it.
    let sent = answer.filter(|answer| answer.status > 0);
    let text = |value: &Bytes| String::from_utf8_lossy(value).into_owned();
    let header = |(name, value): &(String, Bytes)| json!({"name": name, "value": text(value)});
    let headers: Vec<Value> = sent.map_or_else(Vec::new, |answer| answer.headers.iter().map(header).collect());
    let status = sent.map_or(0, |answer| answer.status);
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    let body = sent.map_or(&[][..], |answer| &answer.body);
    let mut content = content(body);
    let mime =
        sent.and_then(|answer| answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")));
    let own = sent.into_iter().flat_map(|answer| &answer.headers);
    let set_cookies = own.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).map(|(_, value)| &**value);
    let size = sent.map_or(0, |answer| answer.body_bytes);
    content["size"] = json!(size);
    if size > body.len() as u64 {
        content["comment"] = json!(format!("the first {} bytes of it were stored", body.len()));
    }
    content["mimeType"] = json!(mime.map_or_else(String::new, |(_, value)| text(value)));
    let mut response = json!({
        "status": status,
        "statusText": reason,
        "httpVersion": "HTTP/1.1",
        "cookies": cookies::of_response(set_cookies),
        "headers": headers,
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": size,
    });
    if let Some(outcome) = answer.map(|answer| answer.outcome).filter(|outcome| *outcome != Outcome::Sent) {
        response["comment"] = json!(outcome.words());
        // Where the browsers' developer tools show why a response is incomplete.
        if outcome != Outcome::Trickled {
            response["_error"] = json!(outcome.words());
        }
    }
    response
}

fn content(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({"text": text}),
        Err(_) => json!({"text": BASE64_STANDARD.encode(bytes), "encoding": "base64"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::import::tests_delivery as delivery;

    #[test]
    fn an_answer_that_was_broken_off_is_there_as_far_as_it_went() {
        let mut answer = delivery(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", b"").answer.unwrap();
        (answer.status, answer.body, answer.body_bytes) = (503, Bytes::from_static(b"later"), 5);
        for outcome in Outcome::ALL {
            answer.outcome = outcome;
            let written = response(Some(&answer));
            assert_eq!(
                (&written["status"], &written["content"]["text"]),
                (&json!(503), &json!("later")),
                "{outcome:?}"
            );
            let is_whole = matches!(outcome, Outcome::Sent | Outcome::Trickled);
            assert_eq!(written.get("_error").is_none(), is_whole, "{outcome:?}");
            assert_eq!(written.get("comment").is_none(), outcome == Outcome::Sent, "{outcome:?}");
        }
        (answer.status, answer.outcome) = (0, Outcome::Dropped);
        let written = response(Some(&answer));
        assert_eq!((&written["status"], &written["_error"]), (&json!(0), &json!(Outcome::Dropped.words())));
    }

    #[test]
    fn every_target_has_a_url() {
        for (line, host, expected) in [
            ("GET /a?u=http://b HTTP/1.1", "h:1", "http://h:1/a?u=http://b"),
            ("CONNECT example.com:443 HTTP/1.1", "example.com:443", "http://example.com:443"),
            ("OPTIONS * HTTP/1.1", "h", "http://h"),
            ("GET https://h/x?y HTTP/1.1", "h", "https://h/x?y"),
            ("GET /caf\u{e9}#x HTTP/1.1", "h", "http://h/caf%C3%A9%23x"),
            ("POST  HTTP/1.1", "a/b", "http://localhost"),
            ("POST 1://x HTTP/1.1", "", "http://localhost"),
        ] {
            let head = format!("{line}\r\nHost: {host}\r\n\r\n");
            assert_eq!(url(&delivery(head.as_bytes(), b"")), expected, "{line}");
        }
    }
}
