//! What ngrok's agent holds of the requests that came through it: `GET /api/requests/http` of its API
//! (<https://ngrok.com/docs/agent/api/>). Head and body are there as they went to the upstream server, in Base64; the agent
//! keeps the beginning of a long body only.

use std::io::{BufRead, Read as _};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ImportError;
use super::built::quoted;
use super::json::decoded;
use super::raw;
use super::sink::{ForeignRequest, Sink};
use crate::delivery::{Answer, ChosenBy, Intake, Outcome};
use crate::http::{Head, framing};

/// The longest list that is read, in bytes.
pub const AGENT_ANSWER_LIMIT: u64 = 256 * 1024 * 1024;

#[derive(Deserialize)]
struct List {
    requests: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Captured {
    #[serde(default)]
    id: String,
    start: Option<String>,
    #[serde(default)]
    remote_addr: String,
    /// Nanoseconds.
    duration: Option<Value>,
    request: Side,
    response: Option<Side>,
}

#[derive(Deserialize)]
struct Side {
    raw: Option<String>,
    status_code: Option<u16>,
}

/// A request that the agent holds.
#[derive(Debug, Clone)]
pub struct AgentCapture {
    /// The agent's own name of it.
    pub id: String,
    /// When it came.
    pub at: Option<Timestamp>,
    /// Request line and headers.
    pub head: Head,
    /// The body, as far as it was kept.
    pub body: Bytes,
    /// Whether all of it was.
    pub intake: Intake,
}

/// The requests of an answer, the newest first as the agent lists them; what cannot be read is left out.
///
/// # Errors
///
/// What it is instead of such a list.
pub fn captures(text: &[u8]) -> Result<Vec<AgentCapture>, String> {
    let read = |text: &RawValue| {
        let captured: Captured = serde_json::from_str(text.get()).ok()?;
        let id = captured.id.clone();
        let request = request(captured).ok()?;
        let (head, body) = (Head::from(request.head), Bytes::from(request.body));
        Some(AgentCapture { id, at: request.received_at, head, body, intake: request.intake })
    };
    Ok(list(text)?.iter().filter_map(|text| read(text)).collect())
}

fn list(text: &[u8]) -> Result<Vec<Box<RawValue>>, String> {
    serde_json::from_slice::<List>(text)
        .map(|list| list.requests)
        .map_err(|error| format!("not the requests of ngrok's agent: {}", quoted(&error.to_string())))
}

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let mut text = Vec::new();
    input.take(AGENT_ANSWER_LIMIT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > AGENT_ANSWER_LIMIT {
        return Err(ImportError::Request(format!("it is longer than {AGENT_ANSWER_LIMIT} bytes")));
    }
    // One request alone is what the agent gives for its number.
    let all = match serde_json::from_slice::<Captured>(&text) {
        Ok(_) => vec![serde_json::from_slice(&text).map_err(|source| ImportError::Json { number: 1, source })?],
        Err(_) => list(&text).map_err(|reason| ImportError::Content { number: 1, reason })?,
    };
    // The agent lists the newest first, and deliveries are kept in the order in which they came.
    for captured in all.iter().rev() {
        let captured = serde_json::from_str::<Captured>(captured.get());
        let read =
            captured.map_err(|error| format!("it is not a request of ngrok's agent: {}", quoted(&error.to_string())));
        sink.entry(read.and_then(request))?;
    }
    Ok(())
}

fn request(captured: Captured) -> Result<ForeignRequest, String> {
    let bytes = decoded("request.raw", captured.request.raw.as_deref().unwrap_or_default())?;
    if bytes.is_empty() {
        return Err("ngrok's agent keeps nothing of it".to_owned());
    }
    let mut request = raw::request(bytes)?;
    if let Intake::Truncated(_) = request.intake {
        let declared = Head::from(request.head.clone());
        let declared = declared.value("content-length").map(|length| String::from_utf8_lossy(length).into_owned());
        let declared = declared.unwrap_or_default();
        let reason = format!("ngrok's agent kept {} of {declared} bytes of the body", request.body.len());
        request.intake = Intake::Truncated(reason);
    }
    match captured.start.as_ref().map(|start| (start, start.parse::<Timestamp>())) {
        Some((_, Ok(at))) => request.received_at = Some(at),
        Some((start, Err(_))) => {
            request.remarks.push(format!("its start {} is not a time: that of the import is taken", quoted(start)));
        }
        None => request.remarks.push("it has no start: the time of the import is taken".to_owned()),
    }
    let is_address = captured.remote_addr.bytes().all(|byte| byte.is_ascii_hexdigit() || b".:[]".contains(&byte));
    if is_address {
        request.remote = captured.remote_addr;
    }
    let latency = captured.duration.as_ref().and_then(Value::as_u64).map_or(Duration::ZERO, Duration::from_nanos);
    if let Some(response) = captured.response {
        let (answer, remark) = answer(&response, latency);
        request.answer = answer;
        request.remarks.extend(remark);
    }
    Ok(request)
}

/// What the upstream server answered.
fn answer(response: &Side, latency: Duration) -> (Option<Answer>, Option<String>) {
    let bytes = decoded("response.raw", response.raw.as_deref().unwrap_or_default());
    let (bytes, mut remark) = match bytes {
        Ok(bytes) => (bytes, None),
        Err(error) => (Vec::new(), Some(format!("its response is left out: {error}"))),
    };
    let end = framing::head_end(&bytes[..bytes.len().min(framing::HEAD_LIMIT)], 0).unwrap_or(bytes.len());
    let head = Head::from(bytes[..end].to_vec());
    let by_line = std::str::from_utf8(head.target()).ok().and_then(|status| status.parse::<u16>().ok());
    let Some(status) = response.status_code.or(by_line).filter(|status| (100..1000).contains(status)) else {
        return (None, remark);
    };
    let section = bytes.get(end..).unwrap_or_default();
    let is_chunked = head.value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
    let body = is_chunked.then(|| raw::unchunked(section)).flatten().map_or_else(|| section.to_vec(), |(body, _)| body);
    let declared = head.value("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
    let body_bytes = declared.unwrap_or_default().max(body.len() as u64);
    if body_bytes > body.len() as u64 {
        remark =
            remark.or_else(|| Some(format!("ngrok's agent kept {} of {body_bytes} bytes of its response", body.len())));
    }
    let headers = head.fields().map(|field| (String::from_utf8_lossy(&field.name).into_owned(), field.value));
    let answer = Answer {
        outcome: Outcome::Sent,
        status,
        interim: Bytes::new(),
        headers: headers.collect(),
        body: body.into(),
        body_bytes,
        rule: ChosenBy::imported(),
        latency: Duration::from_micros(u64::try_from(latency.as_micros()).unwrap_or_default()),
    };
    (Some(answer), remark)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::ImportSource;
    use super::super::tests::{captured_of, read_noting};
    use super::*;

    fn listed(request: &str, response: &str) -> Value {
        json!({"uri": "/api/requests/http/airg_1", "id": "airg_1", "tunnel_name": "command_line",
            "remote_addr": "203.0.113.9", "start": "2025-05-01T14:00:00.5+02:00", "duration": 12_345_678,
            "request": {"method": "POST", "proto": "HTTP/1.1", "uri": "/hook", "raw": BASE64_STANDARD.encode(request)},
            "response": {"status": "401 Unauthorized", "status_code": 401, "raw": BASE64_STANDARD.encode(response)}})
    }

    const REQUEST: &str = "POST /hook HTTP/1.1\r\nHost: a.ngrok.app\r\nContent-Length: 2\r\n\r\n{}";
    const RESPONSE: &str =
        "HTTP/1.1 401 Unauthorized\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";

    #[test]
    fn what_the_agent_holds_becomes_deliveries_with_their_answers() {
        let text = json!({"uri": "/api/requests/http", "requests": [listed(REQUEST, RESPONSE), listed("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "")]});
        let text = text.to_string();
        assert_eq!(ImportSource::detect(text.as_bytes()), Some(ImportSource::Ngrok));
        let (all, findings) = read_noting(ImportSource::Ngrok, &text).unwrap();
        assert_eq!((all.len(), findings.remarks.count()), (2, 0), "{findings:?}");
        // The last of the agent's list came first.
        assert_eq!(all[0].captured.method, "GET");
        let last = &all[1];
        assert_eq!(captured_of(last), (REQUEST.as_bytes()[..REQUEST.len() - 2].to_vec(), b"{}".to_vec()));
        assert_eq!(
            (&*last.captured.remote, last.captured.received_at.to_string()),
            ("203.0.113.9 (imported)", "2025-05-01T12:00:00.5Z".to_owned())
        );
        let answer = last.answer.as_ref().unwrap();
        assert_eq!((answer.status, &answer.body[..], answer.latency.as_micros()), (401, &b"no"[..], 12_345));
        assert_eq!(captures(text.as_bytes()).unwrap().len(), 2);
        let alone = listed(REQUEST, RESPONSE).to_string();
        assert_eq!(read_noting(ImportSource::Ngrok, alone).unwrap().0.len(), 1);
    }

    #[test]
    fn what_was_cut_is_marked() {
        let cut = REQUEST.replace("Length: 2", "Length: 9000");
        let text = json!({"requests": [listed(&cut, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhi")]}).to_string();
        let (all, findings) = read_noting(ImportSource::Ngrok, &text).unwrap();
        assert_eq!(all[0].captured.intake.reason(), "ngrok's agent kept 2 of 9000 bytes of the body");
        assert_eq!((findings.remarks.count(), all[0].answer.as_ref().unwrap().body_bytes), (2, 5000));
        for wrong in ["", "{}", "[]", "{\"requests\": 5}"] {
            assert!(captures(wrong.as_bytes()).is_err());
        }
        let odd = json!({"requests": [{"request": {"raw": "!"}}, {"request": {}}, 7]}).to_string();
        let (all, findings) = read_noting(ImportSource::Ngrok, odd).unwrap();
        assert_eq!((all.len(), findings.passed_over.count()), (0, 3));
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(raw: Vec<u8>, text in "[{}\\[\\]\":,a-z0-9]{0,40}") {
            let hostile = json!({"requests": [{"id": text, "start": text, "remote_addr": text, "request": {"raw": BASE64_STANDARD.encode(&raw)},
                "response": {"raw": BASE64_STANDARD.encode(&raw)}}]}).to_string();
            let _ = (read_noting(ImportSource::Ngrok, &hostile), captures(hostile.as_bytes()), captures(text.as_bytes()));
        }
    }
}
