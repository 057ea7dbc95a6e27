//! Flow files of mitmproxy (<https://docs.mitmproxy.org/stable/addons-examples/#io-read-saved-flows>): one dictionary after
//! another. The bytes of headers and bodies are as they were on the wire; request lines are put together again.

use std::io::{BufRead, Read as _};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::built::{HeadParts, quoted};
use super::length::{self, LengthMismatch};
use super::sink::{ForeignRequest, Sink};
use super::tnetstring::{self, Tnet};
use super::{DELIVERY_LIMIT, ImportError};
use crate::delivery::{Answer, ChosenBy, Intake, Outcome};
use crate::http::{Head, WireFraming};

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    while let Some(bytes) = next(input, sink.next())? {
        let read = match Tnet::first(&bytes) {
            Some((value, _)) if value.is_dictionary() => flow(value),
            _ => {
                let reason = "it is not a flow of mitmproxy".to_owned();
                return Err(ImportError::Content { number: sink.next(), reason });
            }
        };
        sink.entry(read)?;
    }
    Ok(())
}

/// The bytes of the next flow; `None` at the file's end.
fn next(input: &mut dyn BufRead, number: u64) -> Result<Option<Vec<u8>>, ImportError> {
    let failed = |reason: String| ImportError::Content { number, reason };
    let mut bytes = Vec::new();
    input.take(13).read_until(b':', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let length = bytes.strip_suffix(b":").and_then(tnetstring::length);
    let length = length.ok_or_else(|| failed("expected a flow of mitmproxy: a length and a colon".to_owned()))? as u64;
    if length > DELIVERY_LIMIT {
        return Err(failed(format!("it is longer than {DELIVERY_LIMIT} bytes")));
    }
    let wanted = bytes.len() as u64 + length + 1;
    input.take(length + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != wanted {
        return Err(failed("the file ends within it".to_owned()));
    }
    Ok(Some(bytes))
}

fn flow(flow: Tnet<'_>) -> Result<ForeignRequest, String> {
    let kind = flow.get("type").and_then(Tnet::text).unwrap_or("http");
    if kind != "http" {
        return Err(format!("it is a {} flow, not one of HTTP", quoted(kind)));
    }
    if flow.get("websocket").is_some_and(|websocket| !websocket.is_null()) {
        return Err("it is a WebSocket connection".to_owned());
    }
    // Who edits a flow keeps the one that came as a backup.
    let original = flow.get("backup").filter(|backup| backup.is_dictionary());
    let request = original.unwrap_or(flow).get("request").ok_or("it has no request")?;
    let mut read = self::request(request)?;
    if original.is_some() {
        read.remarks.push("it was edited in mitmproxy: the request is the one before that".to_owned());
    }
    read.remote = peer(flow).unwrap_or_default();
    if let Some(response) = flow.get("response").filter(|response| response.is_dictionary()) {
        let (answer, remark) = answer(response, request.get("timestamp_end"));
        read.answer = Some(answer);
        read.remarks.extend(remark);
    }
    Ok(read)
}

fn request(request: Tnet<'_>) -> Result<ForeignRequest, String> {
    let text = |name: &str| request.get(name).and_then(Tnet::text).unwrap_or_default();
    let headers = pairs(request);
    let (host, authority) = (text("host"), text("authority"));
    let port = request.get("port").and_then(Tnet::integer).unwrap_or(80);
    let scheme = if text("scheme").is_empty() { "http" } else { text("scheme") };
    let usual = if scheme == "https" { 443 } else { 80 };
    let host = match (authority, host) {
        ("", host) if port == usual => host.to_owned(),
        ("", host) => format!("{host}:{port}"),
        (authority, _) => authority.to_owned(),
    };
    let path = request.get("path").map(|path| path.text().ok_or("its path is not UTF-8")).transpose()?.unwrap_or("/");
    let is_http10 = text("http_version") == "HTTP/1.0";
    let url = format!("{scheme}://{host}{path}");
    let head = HeadParts { method: text("method"), url: &url, is_http10, headers, ..HeadParts::default() }.build()?;
    let (body, intake) = content(request, &head.bytes)?;
    Ok(ForeignRequest {
        received_at: request.get("timestamp_start").and_then(Tnet::number).and_then(moment),
        head: head.bytes,
        body,
        intake,
        remarks: head.remarks,
        ..ForeignRequest::default()
    })
}

/// Name and value of each header.
fn pairs(message: Tnet<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pair = |field: Tnet<'_>| {
        let mut parts = field.items();
        Some((parts.next()?.bytes()?.to_vec(), parts.next()?.bytes()?.to_vec()))
    };
    message.get("headers").into_iter().flat_map(Tnet::items).filter_map(pair).collect()
}

/// The body, against the length that the head declares.
fn content(request: Tnet<'_>, head: &[u8]) -> Result<(Vec<u8>, Intake), String> {
    let head = Head::from(head.to_vec());
    let Some(body) = request.get("content").and_then(Tnet::bytes) else {
        return match length::declared(&head) {
            Some(0) | None if request.get("content").is_none() => Ok((Vec::new(), Intake::Complete)),
            Some(0) => Ok((Vec::new(), Intake::Complete)),
            _ => Ok((Vec::new(), Intake::Truncated("mitmproxy did not keep the body: it was streamed".to_owned()))),
        };
    };
    let mismatch = LengthMismatch::of(&head, body, &WireFraming::NONE);
    let intake = mismatch.map_or(Intake::Complete, |mismatch| {
        Intake::Rebuilt(format!("{}: it was edited in mitmproxy", mismatch.words()))
    });
    Ok((body.to_vec(), intake))
}

/// The client's address.
fn peer(flow: Tnet<'_>) -> Option<String> {
    let client = flow.get("client_conn")?;
    let mut parts = client.get("peername").or_else(|| client.get("address"))?.items();
    let (host, port) = (parts.next()?.text()?.to_owned(), parts.next()?.integer()?);
    let is_plain = host.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'));
    is_plain.then(|| if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}

fn answer(response: Tnet<'_>, asked: Option<Tnet<'_>>) -> (Answer, Option<String>) {
    let status = response.get("status_code").and_then(Tnet::integer).and_then(|status| u16::try_from(status).ok());
    let content = response.get("content").and_then(Tnet::bytes);
    let body = Bytes::copy_from_slice(content.unwrap_or_default());
    let ended = response.get("timestamp_end").and_then(Tnet::number);
    let seconds = ended.zip(asked.and_then(Tnet::number)).map_or(0.0, |(ended, asked)| (ended - asked).clamp(0.0, 1e7));
    let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let answer = Answer {
        outcome: Outcome::Sent,
        status: status.unwrap_or_default(),
        interim: Bytes::new(),
        headers: pairs(response).iter().map(|(own, value)| (name(own), Bytes::copy_from_slice(value))).collect(),
        body_bytes: body.len() as u64,
        body,
        rule: ChosenBy::imported(),
        latency: Duration::from_micros((seconds * 1e6) as u64),
    };
    let remark = content.is_none().then(|| "mitmproxy did not keep the body of its response".to_owned());
    (answer, remark)
}

/// A moment in Unix seconds.
fn moment(seconds: f64) -> Option<Timestamp> {
    if !(0.0..1e11).contains(&seconds) {
        return None;
    }
    Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{captured_of, read_noting};
    use super::super::{ImportError, ImportFindings, ImportSource, Imported};

    /// Made with mitmproxy itself: tests/fixtures-src/mitmproxy/make.py.
    const FLOWS: &[u8] = include_bytes!("../../../tests/fixtures/import/flows.mitm");

    fn read(bytes: &[u8]) -> Result<(Vec<Imported>, ImportFindings), ImportError> {
        read_noting(ImportSource::Mitmproxy, bytes)
    }

    #[test]
    fn flows_that_mitmproxy_wrote_are_read() {
        assert_eq!(ImportSource::detect(FLOWS), Some(ImportSource::Mitmproxy));
        let (all, findings) = read(FLOWS).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = captured_of(&all[0]);
        assert_eq!(
            text(&head),
            "POST /hook?a=1 HTTP/1.1\r\nHost: example.com\r\nX-A: caf\u{fffd}\r\nContent-Length: 8\r\n\r\n"
        );
        assert!(head.windows(4).any(|part| part == b"caf\xe9"));
        assert_eq!(body, b"{\"a\":1}\xff");
        assert_eq!(all[0].captured.received_at.to_string(), "2025-05-01T12:00:00.25Z");
        assert_eq!(all[0].captured.remote, "127.0.0.1:5000 (imported)");
        let answer = all[0].answer.as_ref().unwrap();
        assert_eq!((answer.status, &answer.body[..], answer.latency.as_millis()), (401, &b"no"[..], 500));
        // HTTP/2: its authority is the Host.
        assert!(text(&captured_of(&all[1]).0).starts_with("PUT /two HTTP/1.1\r\nHost: h2.example:8443\r\n"));
        // A body that was streamed, and one that was edited afterwards.
        assert_eq!(all[2].captured.intake.name(), "truncated");
        assert_eq!(captured_of(&all[3]).1, b"original");
        let said: Vec<&str> = findings.passed_over.listed().iter().map(|remark| &*remark.words).collect();
        assert_eq!(said, ["it is a WebSocket connection", "it is a 'tcp' flow, not one of HTTP"]);
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn a_file_that_ends_early_is_refused() {
        let error = read(&FLOWS[..FLOWS.len() - 1]).unwrap_err().to_string();
        assert!(error.contains("delivery 6: the file ends within it"), "{error}");
        assert!(read(b"99999999999:").is_err());
        assert!(read(b"3:abc,").is_err());
    }

    proptest! {
        #[test]
        fn damaged_flows_are_read_or_refused(at: proptest::sample::Index, bytes: [u8; 3]) {
            let mut flows = FLOWS.to_vec();
            let at = at.index(flows.len() - 3);
            flows[at..at + 3].copy_from_slice(&bytes);
            let _ = read(&flows);
        }
    }
}
