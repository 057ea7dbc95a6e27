//! One entry of an archive as a request.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::body::{self, ArchivedContent, FoundBody};
use super::response::{self, HarResponse};
use crate::archive::import::built::{HeadParts, quoted};
use crate::archive::import::json::{decoded, moment};
use crate::archive::import::sink::{ForeignRequest, Sink};
use crate::archive::import::{ImportError, Imported, Importer};
use crate::delivery::{Answer, ChosenBy, Intake, Marks, Outcome};
use crate::http::WireFraming;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<Loose>,
    /// Milliseconds from the request to the response's end.
    time: Option<Value>,
    request: HarRequest,
    response: Option<Value>,
    #[serde(rename = "_whyhook")]
    ours: Option<Ours>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarRequest {
    method: Loose,
    url: Loose,
    http_version: Option<Loose>,
    pub(super) headers: Option<Vec<HarPair>>,
    pub(super) post_data: Option<PostData>,
    pub(super) body_size: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct HarPair {
    pub(super) name: Loose,
    #[serde(default)]
    pub(super) value: Loose,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    pub(super) mime_type: Option<Loose>,
    pub(super) text: Option<Loose>,
    pub(super) encoding: Option<Loose>,
    pub(super) params: Option<Vec<Param>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Param {
    pub(super) name: Loose,
    pub(super) value: Option<Loose>,
    pub(super) file_name: Option<Loose>,
    pub(super) content_type: Option<Loose>,
}

#[derive(Deserialize)]
struct Ours {
    head_base64: String,
    received_us: i64,
    intake: String,
    intake_reason: Option<String>,
    framing_base64: Option<String>,
    #[serde(default)]
    remote: String,
    #[serde(default)]
    pinned: bool,
    user_note: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// What of the answer HAR has no member for.
    answer: Option<OurAnswer>,
}

#[derive(Deserialize)]
struct OurAnswer {
    outcome: String,
    status: u16,
    rule: String,
    latency_ms: f64,
}

impl OurAnswer {
    /// The answer as it was: headers and body are those that the archive's response has.
    fn whole(&self, response: Option<Answer>) -> Result<Answer, String> {
        let outcome = Outcome::from_code(&self.outcome)
            .ok_or_else(|| format!("unknown answer.outcome {}", quoted(&self.outcome)))?;
        let latency = Duration::try_from_secs_f64(self.latency_ms / 1000.0)
            .map_err(|error| format!("answer.latency_ms: {error}"))?;
        let (headers, body, body_bytes) =
            response.map_or((Vec::new(), Bytes::new(), 0), |answer| (answer.headers, answer.body, answer.body_bytes));
        Ok(Answer {
            outcome,
            status: self.status,
            interim: Bytes::new(),
            headers,
            body,
            body_bytes,
            rule: ChosenBy::kept(self.rule.as_str()),
            // Kept in whole microseconds, which the decimals of a float are not.
            latency: Duration::from_micros((latency.as_secs_f64() * 1_000_000.0).round() as u64),
        })
    }
}

/// Text, for which some tools write a number, a boolean or null.
#[derive(Debug, Clone, Default)]
pub(super) struct Loose(pub(super) String);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return Err(serde::de::Error::custom("expected text")),
        }))
    }
}

/// Takes an entry, or passes over it.
pub(super) fn take(sink: &mut Sink<'_, '_>, text: &str) -> Result<(), ImportError> {
    match serde_json::from_str::<Entry>(text)
        .map_err(|error| reason(&error))
        .and_then(|entry| read(sink.importer, entry))
    {
        Ok((imported, remarks)) => sink.foreign(imported, remarks),
        Err(reason) => sink.pass_over(&reason),
    }
}

/// What is wrong with an entry, without a place that is not one of the file.
fn reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

fn read(importer: &Importer<'_>, entry: Entry) -> Result<(Imported, Vec<String>), String> {
    let milliseconds = entry.time.as_ref().and_then(Value::as_f64);
    let (answer, of_answer) = match entry.response.map(serde_json::from_value::<HarResponse>) {
        None => (None, None),
        Some(Ok(response)) => response::answer(response, milliseconds),
        Some(Err(error)) => (None, Some(format!("its response is left out: {}", reason(&error)))),
    };
    if let Some(ours) = &entry.ours {
        return ours_read(importer, ours, &entry.request, answer);
    }
    let mut remarks = Vec::from_iter(of_answer);
    let (received_at, of_time) = time(entry.started_date_time.as_ref().map(|text| &*text.0));
    remarks.extend(of_time);
    let request = &entry.request;
    let text = |value: &Option<Loose>| value.as_ref().map(|text| text.0.clone()).unwrap_or_default();
    let headers = request.headers.iter().flatten();
    let parts = HeadParts {
        method: &request.method.0,
        url: &request.url.0,
        is_http10: text(&request.http_version).eq_ignore_ascii_case("HTTP/1.0"),
        headers: headers.map(|pair| (pair.name.0.clone().into_bytes(), pair.value.0.clone().into_bytes())).collect(),
        ..HeadParts::default()
    };
    let head = parts.build()?;
    remarks.extend(head.remarks);
    let taken = ForeignRequest { received_at, head: head.bytes, answer, remarks, ..ForeignRequest::default() };
    let FoundBody { bodies, intake, remark } = body::of(request)?;
    Ok(importer.likeliest(ForeignRequest { intake, ..taken }, bodies, remark))
}

/// An entry that whyhook has written.
fn ours_read(
    importer: &Importer<'_>,
    ours: &Ours,
    request: &HarRequest,
    answer: Option<Answer>,
) -> Result<(Imported, Vec<String>), String> {
    let mut remarks = Vec::new();
    let received_at = moment(ours.received_us, importer.now, &mut remarks);
    let reason = ours.intake_reason.as_deref().unwrap_or("as the archive says");
    let intake = Intake::from_parts(&ours.intake, reason)
        .ok_or_else(|| format!("unknown intake {}: expected {}", quoted(&ours.intake), Intake::NAMES))?;
    let head = decoded("head_base64", &ours.head_base64)?;
    let content = body::content_of(request.post_data.as_ref())?;
    let body = content.map_or_else(Vec::new, ArchivedContent::into_bytes);
    let framing = match &ours.framing_base64 {
        Some(framing) => WireFraming::from_bytes(decoded("framing_base64", framing)?.into()),
        None => WireFraming::NONE,
    };
    let captured = importer.judged(received_at, &ours.remote, head, body, framing, intake);
    let answer = match &ours.answer {
        Some(facts) => Some(facts.whole(answer)?),
        None => answer,
    };
    let marks = Marks { pinned: ours.pinned, note: ours.user_note.clone(), tags: ours.tags.clone() };
    let (marks, left_out) = marks.within_limits();
    remarks.extend(left_out);
    Ok((Imported { captured, answer, diagnosis: None, marks, is_foreign: true }, remarks))
}

/// The moment of `startedDateTime`; `None` where it says none.
fn time(text: Option<&str>) -> (Option<Timestamp>, Option<String>) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return (None, Some("it has no startedDateTime: the time of the import is taken".to_owned()));
    };
    if let Ok(at) = text.parse() {
        return (Some(at), None);
    }
    let without_offset = text.parse::<DateTime>().ok().and_then(|time| time.to_zoned(TimeZone::UTC).ok());
    match without_offset {
        Some(zoned) => {
            let words = format!("startedDateTime {} has no offset: it is taken as UTC", quoted(text));
            (Some(zoned.timestamp()), Some(words))
        }
        None => (None, Some(format!("startedDateTime {} is not a time: that of the import is taken", quoted(text)))),
    }
}
