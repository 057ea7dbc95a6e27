//! The response of an entry as what was answered.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::entry::{HarPair, Loose};
use crate::archive::import::json::decoded;
use crate::delivery::{Answer, ChosenBy, Outcome};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarResponse {
    status: Value,
    headers: Option<Vec<HarPair>>,
    content: Option<Content>,
    body_size: Option<Value>,
}

#[derive(Deserialize)]
struct Content {
    text: Option<Loose>,
    encoding: Option<Loose>,
    size: Option<Value>,
}

/// A longer exchange is a mistake of the archive: a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What was answered, `milliseconds` after the request, and what could not be kept of it. A status of 0 is that of a
/// request that was never answered.
pub(super) fn answer(response: HarResponse, milliseconds: Option<f64>) -> (Option<Answer>, Option<String>) {
    let status = response.status.as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    if !(100..=999).contains(&status) {
        return (None, None);
    }
    let headers = response.headers.into_iter().flatten().filter(|pair| !pair.name.0.starts_with(':'));
    let headers = headers.map(|pair| (pair.name.0, Bytes::from(pair.value.0))).collect();
    let size = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64).filter(|size| *size > 0);
    let mut declared = size(&response.body_size);
    let (mut body, mut remark) = (Bytes::new(), None);
    if let Some(content) = response.content {
        declared = declared.or(size(&content.size));
        let text = content.text.map(|text| text.0).unwrap_or_default();
        body = match content.encoding.as_ref().map(|encoding| &*encoding.0) {
            Some("base64") => match decoded("content.text", &text) {
                Ok(bytes) => bytes.into(),
                Err(error) => {
                    remark = Some(format!("the body of its response is left out: {error}"));
                    Bytes::new()
                }
            },
            _ => text.into(),
        };
    }
    let latency = Duration::try_from_secs_f64(milliseconds.unwrap_or_default().max(0.0) / 1000.0);
    let latency = latency.unwrap_or_default().min(LONGEST);
    let answer = Answer {
        outcome: Outcome::Sent,
        status,
        interim: Bytes::new(),
        headers,
        body_bytes: declared.unwrap_or_default().max(body.len() as u64),
        body,
        rule: ChosenBy::imported(),
        latency: Duration::from_micros(u64::try_from(latency.as_micros()).unwrap_or_default()),
    };
    (Some(answer), remark)
}
