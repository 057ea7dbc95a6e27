//! Our own JSON: captures as they were kept. See `docs/json.md` for the fields.

use std::io::BufRead;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::bounded::Bounded;
use super::built::quoted;
use super::length::LengthMismatch;
use super::sink::Sink;
use super::{ImportError, Imported, Importer};
use crate::config::Registry;
use crate::delivery::{
    Answer, Captured, ChosenBy, IMPORTED, Intake, Judgement, Marks, Outcome, TimestampFacts, TimestampUnit, Verdict,
};
use crate::http::{Head, WireFraming};
use crate::server::listener::capture::{Incoming, capture, facts};

#[derive(Deserialize)]
struct Record {
    received_at: Option<String>,
    received_us: Option<i64>,
    #[serde(default)]
    remote: String,
    webhook: Option<String>,
    intake: String,
    #[serde(default)]
    intake_reason: String,
    /// Missing where another program wrote the request down: it is judged now.
    verdict: Option<String>,
    secret: Option<String>,
    timestamp: Option<Stamp>,
    note: Option<String>,
    head_base64: String,
    body: Option<String>,
    body_base64: Option<String>,
    framing_base64: Option<String>,
    answer: Option<Answered>,
    diagnosis: Option<Box<RawValue>>,
    #[serde(default)]
    pinned: bool,
    user_note: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// What `show` prints beside: rows without what was sent and received, of which no attempt can be made again.
    #[serde(default)]
    attempts: Option<Vec<IgnoredAny>>,
}

impl Record {
    /// What of it is not imported, in words.
    fn left_out(&self) -> Option<String> {
        let count = self.attempts.as_ref().map_or(0, Vec::len);
        let what = match count {
            0 => return None,
            1 => "1 attempt made from it is".to_owned(),
            count => format!("{count} attempts made from it are"),
        };
        Some(format!("{what} left out: the file has no request and no response of them"))
    }
}

#[derive(Deserialize)]
struct Stamp {
    raw: String,
    unit: String,
    age_seconds: Option<i64>,
    age_ms: Option<i64>,
    fresh: Option<bool>,
}

#[derive(Deserialize)]
struct Answered {
    outcome: String,
    status: u16,
    rule: String,
    latency_ms: f64,
    #[serde(default)]
    headers: Vec<(String, String)>,
    headers_base64: Option<Vec<String>>,
    #[serde(default)]
    body_bytes: u64,
    body: Option<String>,
    body_base64: Option<String>,
    interim_base64: Option<String>,
}

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let (bounded, allowance) = Bounded::new(input);
    for record in serde_json::Deserializer::from_reader(bounded).into_iter::<Record>() {
        let number = sink.next();
        let record = record.map_err(|source| ImportError::Json { number, source })?;
        let mut notes = Vec::from_iter(record.left_out());
        let imported =
            imported(record, sink.importer, &mut notes).map_err(|reason| ImportError::Content { number, reason })?;
        sink.whole(imported)?;
        sink.note(number, notes);
        allowance.renew();
    }
    Ok(())
}

/// Adds to `notes` what of it could not be taken as it is.
fn imported(record: Record, importer: &Importer<'_>, notes: &mut Vec<String>) -> Result<Imported, String> {
    let head = Head::from(decoded("head_base64", &record.head_base64)?);
    let body = Bytes::from(content(record.body, record.body_base64.as_deref())?);
    let framing = match &record.framing_base64 {
        Some(framing) => WireFraming::from_bytes(decoded("framing_base64", framing)?.into()),
        None => WireFraming::NONE,
    };
    let received_at = match (record.received_us, &record.received_at) {
        (Some(microseconds), _) => moment(microseconds, importer.now, notes),
        (None, Some(text)) => text.parse().map_err(|_| {
            format!("invalid received_at {}: expected a time such as 2026-01-28T12:00:00Z", quoted(text))
        })?,
        (None, None) => return Err("missing field `received_at`, and there is no `received_us`".to_owned()),
    };
    let mut intake = Intake::from_parts(&record.intake, &record.intake_reason)
        .ok_or_else(|| format!("unknown intake {}: expected {}", quoted(&record.intake), Intake::NAMES))?;
    // Somebody has changed the body since.
    let changed = LengthMismatch::of(&head, &body, &framing).filter(|_| intake.is_complete());
    if let Some(changed) = changed {
        notes.push(format!("truncated: {}; its verdict is a new one", changed.words()));
        intake = Intake::Truncated(changed.words());
    }
    let incoming = Incoming { remote: remote(&record.remote), received_at, head, body, framing, intake };
    let judgement = record.verdict.as_deref().filter(|_| changed.is_none()).map(|verdict| {
        let verdict = Verdict::from_code(verdict)
            .ok_or_else(|| format!("unknown verdict {}: expected verified, mismatch …", quoted(verdict)))?;
        let timestamp = record.timestamp.map(timestamp).transpose()?;
        Ok::<_, String>(Judgement { verdict, secret: record.secret, timestamp, note: record.note.clone() })
    });
    let is_foreign = judgement.is_none();
    let mut captured = match judgement.transpose()? {
        Some(judgement) => as_captured(incoming, record.webhook, judgement, importer.registry),
        None => capture(incoming, importer.registry),
    };
    if is_foreign && captured.judgement.note.is_none() {
        captured.judgement.note = record.note;
    }
    let mut diagnosis = record.diagnosis.filter(|_| changed.is_none()).map(|json| json.get().to_owned());
    diagnosis = diagnosis.filter(|json| json != "null");
    if importer.judge_again && !is_foreign {
        importer.judge_again(&mut captured);
        diagnosis = None;
    }
    let marks = Marks { pinned: record.pinned, note: record.user_note, tags: record.tags };
    let (marks, left_out) = marks.within_limits();
    notes.extend(left_out);
    Ok(Imported { captured, answer: record.answer.map(answer).transpose()?, diagnosis, marks, is_foreign })
}

/// A Unix timestamp in microseconds as a moment; the time of the import where it is out of range.
pub(super) fn moment(microseconds: i64, now: Timestamp, notes: &mut Vec<String>) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_else(|_| {
        notes.push(format!("received_us {microseconds} is beyond year 9999: the time of the import is taken"));
        now
    })
}

/// A capture with the verdict that it had; what else is known of it is read from its bytes again.
fn as_captured(incoming: Incoming, webhook: Option<String>, judgement: Judgement, registry: &Registry) -> Captured {
    let Incoming { remote, received_at, head, body, framing, intake } = incoming;
    let is_request = !matches!(intake, Intake::Malformed(_) | Intake::Incomplete(_));
    let text = |bytes: &[u8]| if is_request { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
    let scheme = registry.route(head.target()).schemes.of_request(&head, &body);
    let (event, image) = facts(&head, &body, is_request, scheme);
    let (method, path) = (text(head.method()), text(head.target()));
    Captured { received_at, remote, method, path, webhook, intake, event, judgement, image, head, body, framing }
}

/// The address of then, marked once.
pub(super) fn remote(was: &str) -> String {
    match was {
        "" => IMPORTED.to_owned(),
        was if was == IMPORTED || was.ends_with(&format!(" ({IMPORTED})")) => was.to_owned(),
        was => format!("{was} ({IMPORTED})"),
    }
}

/// The greatest distance of two moments that a timestamp can say, in milliseconds: seconds are read up to year 5138, and
/// dates up to year 9999 of either era.
const LONGEST_AGE_MS: u64 = 20_000 * 366 * 24 * 60 * 60 * 1000;

fn timestamp(stamp: Stamp) -> Result<TimestampFacts, String> {
    let milliseconds = |name: &str, age: Option<i64>, unit: i64| {
        let age = age.map(|age| age.checked_mul(unit).filter(|age| age.unsigned_abs() <= LONGEST_AGE_MS));
        let beyond = || format!("timestamp.{name}: expected at most 20,000 years");
        age.map(|age| age.ok_or_else(beyond)).transpose()
    };
    let exact = milliseconds("age_ms", stamp.age_ms, 1)?;
    let rounded = milliseconds("age_seconds", stamp.age_seconds, 1000)?;
    let unit = TimestampUnit::from_code(&stamp.unit).unwrap_or(TimestampUnit::Other);
    Ok(TimestampFacts { raw: stamp.raw, unit, age_ms: exact.or(rounded), fresh: stamp.fresh })
}

/// A latency, in whole microseconds as it is kept.
fn latency(milliseconds: f64) -> Result<Duration, String> {
    let microseconds = (milliseconds * 1000.0).round();
    // As many as the store's column holds; beyond 2^53 they would not come back as they were.
    if milliseconds < 0.0 || !(0.0..=LONGEST_LATENCY_US).contains(&microseconds) {
        return Err("answer.latency_ms: expected 0 or more, and at most 285 years".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the range")]
    let microseconds = microseconds as u64;
    Ok(Duration::from_micros(microseconds))
}

/// 2^53.
const LONGEST_LATENCY_US: f64 = 9_007_199_254_740_992.0;

fn answer(answered: Answered) -> Result<Answer, String> {
    let outcome = Outcome::from_code(&answered.outcome)
        .ok_or_else(|| format!("unknown answer.outcome {}: expected sent or sender_gone", quoted(&answered.outcome)))?;
    let latency = latency(answered.latency_ms)?;
    let headers = match answered.headers_base64 {
        None => answered.headers.into_iter().map(|(name, value)| (name, Bytes::from(value))).collect(),
        Some(exact) if exact.len() == answered.headers.len() => {
            let exact = exact.iter().map(|value| decoded("answer.headers_base64", value).map(Bytes::from));
            answered
                .headers
                .into_iter()
                .zip(exact)
                .map(|((name, _), value)| Ok((name, value?)))
                .collect::<Result<_, String>>()?
        }
        Some(_) => return Err("answer.headers_base64: not as many as answer.headers".to_owned()),
    };
    let body = Bytes::from(content(answered.body, answered.body_base64.as_deref())?);
    if i64::try_from(answered.body_bytes).is_err() {
        return Err("answer.body_bytes: expected the number of bytes of a body".to_owned());
    }
    Ok(Answer {
        outcome,
        status: answered.status,
        interim: match &answered.interim_base64 {
            Some(interim) => Bytes::from(decoded("answer.interim_base64", interim)?),
            None => Bytes::new(),
        },
        headers,
        body_bytes: answered.body_bytes.max(body.len() as u64),
        body,
        rule: ChosenBy::kept(answered.rule),
        latency,
    })
}

fn content(text: Option<String>, base64: Option<&str>) -> Result<Vec<u8>, String> {
    match (text, base64) {
        (Some(_), Some(_)) => Err("it has both body and body_base64".to_owned()),
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => decoded("body_base64", base64),
        (None, None) => Ok(Vec::new()),
    }
}

pub(super) fn decoded(name: &str, base64: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD.decode(base64).map_err(|_| format!("{name}: invalid Base64"))
}
