//! Rows to summaries and back.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Row, Statement, params};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::facts::ImageForm;
use super::log::LogPlace;
use crate::delivery::{
    Answer, AnswerFacts, Captured, ChosenBy, DeliveryId, EventFacts, ImageFacts, Intake, Judgement, Marks, Outcome,
    Summary, TimestampFacts, TimestampUnit, Verdict,
};

/// Inserts one delivery's facts; the parameters are those of [`insert_delivery`]. Whatever else has that number
/// gives way: what the log holds is the truth.
pub(super) const INSERT_DELIVERY: &str = "INSERT OR REPLACE INTO deliveries VALUES
    (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27)";

/// Inserts an answer. A delivery has one; a second attempt to record it changes nothing.
pub(super) const INSERT_ANSWER: &str = "INSERT OR IGNORE INTO answers VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)";

/// Inserts a diagnosis in the place of an earlier one.
pub(super) const INSERT_DIAGNOSIS: &str = "INSERT OR REPLACE INTO diagnoses VALUES (?1,?2)";

/// Notes the cause that a diagnosis names, with the same parameters.
pub(super) const INSERT_CAUSE: &str = concat!(
    "INSERT OR REPLACE INTO causes SELECT ?1, code FROM (SELECT ",
    super::schema::cause_code!("?2"),
    " AS code) WHERE code IS NOT NULL"
);
/// Forgets the cause of an earlier diagnosis.
pub(super) const DELETE_CAUSE: &str = "DELETE FROM causes WHERE id = ?1";

/// The columns that [`summary`] reads, from [`SUMMARY_TABLES`].
pub(super) const SUMMARY_COLUMNS: &str = "d.id, d.received_us, d.remote, d.method, d.path, d.webhook, d.intake,
    d.intake_reason, d.event, d.version, d.agent, d.simulation, d.event_ms, d.items, d.verdict, d.secret,
    d.timestamp, d.timestamp_unit, d.age_ms, d.fresh, d.note, d.body_bytes, d.image, d.framing_bytes,
    c.code, m.pinned, m.note, m.tags, a.outcome, a.status, a.rule, a.latency_us";

/// The tables that hold them.
pub(super) const SUMMARY_TABLES: &str = "deliveries d LEFT JOIN answers a ON a.id = d.id
    LEFT JOIN causes c ON c.id = d.id LEFT JOIN marks m ON m.id = d.id";

/// The first of the marks' columns among them.
const MARKS: usize = 25;
/// The first of the answer's columns among them, which are the last.
pub(super) const ANSWER: usize = 28;

/// Bytes that a row counts, and its record's content has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) body: u64,
    pub(super) framing: u64,
}

/// Inserts one delivery's facts, the lengths of what they are the facts of, and its record's place.
pub(super) fn insert_delivery(
    statement: &mut Statement<'_>,
    id: DeliveryId,
    captured: &Captured,
    lengths: Lengths,
    place: LogPlace,
) -> rusqlite::Result<()> {
    let Captured { event, judgement, .. } = captured;
    let timestamp = judgement.timestamp.as_ref();
    statement.execute(params![
        id.0,
        captured.received_at.as_microsecond(),
        captured.remote,
        captured.method,
        captured.path,
        captured.webhook,
        captured.intake.name(),
        captured.intake.reason(),
        event.event,
        event.version,
        event.agent,
        event.simulation,
        event.timestamp_ms,
        event.items.map(clamp),
        judgement.verdict.code(),
        judgement.secret,
        timestamp.map(|timestamp| &timestamp.raw),
        timestamp.map(|timestamp| timestamp.unit.code()),
        timestamp.and_then(|timestamp| timestamp.age_ms),
        timestamp.and_then(|timestamp| timestamp.fresh),
        judgement.note,
        clamp(lengths.body),
        captured.image.as_ref().map(image_column),
        place.segment,
        clamp(place.position),
        clamp(place.bytes),
        clamp(lengths.framing),
    ])?;
    Ok(())
}

pub(super) fn insert_answer(statement: &mut Statement<'_>, id: DeliveryId, answer: &Answer) -> rusqlite::Result<()> {
    statement.execute(params![
        id.0,
        answer.outcome.code(),
        answer.status,
        answer.rule.as_str(),
        i64::try_from(answer.latency.as_micros()).unwrap_or(i64::MAX),
        headers_column(&answer.headers),
        &answer.body[..],
        &answer.interim[..],
        clamp(answer.body_bytes),
    ])?;
    Ok(())
}

/// Reads [`SUMMARY_COLUMNS`]. What cannot be read of a row is that row's error alone.
pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<Result<Summary, StoreError>> {
    let id = DeliveryId(row.get(0)?);
    Ok(summary_of(row, id).unwrap_or_else(|source| Err(StoreError::UnreadableRow { id, source })))
}

fn summary_of(row: &Row<'_>, id: DeliveryId) -> rusqlite::Result<Result<Summary, StoreError>> {
    let unknown = |column| Ok(Err(StoreError::UnknownValue { id, column }));
    let Some(received_at) = received_at(row, 1)? else { return unknown("received_us") };
    let Some(intake) = Intake::from_parts(row.get_ref(6)?.as_str()?, row.get_ref(7)?.as_str()?) else {
        return unknown("intake");
    };
    let Some(verdict) = Verdict::from_code(row.get_ref(14)?.as_str()?) else {
        return unknown("verdict");
    };
    let Some(image) = image(row, 22)? else { return unknown("image") };
    let Some(answer) = answer_facts(row, ANSWER)? else { return unknown("outcome") };
    Ok(Ok(Summary {
        id,
        received_at,
        remote: row.get(2)?,
        method: row.get(3)?,
        path: row.get(4)?,
        webhook: row.get(5)?,
        intake,
        event: EventFacts {
            event: row.get(8)?,
            version: row.get(9)?,
            agent: row.get(10)?,
            simulation: row.get(11)?,
            timestamp_ms: row.get(12)?,
            items: items(row, 13)?,
        },
        judgement: Judgement { verdict, secret: row.get(15)?, timestamp: timestamp(row, 16)?, note: row.get(20)? },
        body_bytes: byte_count(row, 21)?,
        framing_bytes: byte_count(row, 23)?,
        image,
        answer,
        cause: row.get(MARKS - 1)?,
        marks: marks(row, MARKS)?,
    }))
}

pub(super) fn received_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(Timestamp::from_microsecond(row.get(column)?).ok())
}

pub(super) fn items(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::unsigned_abs))
}

pub(super) fn byte_count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

/// Reads `timestamp, timestamp_unit, age_ms, fresh`, in this order from column `first`.
pub(super) fn timestamp(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<TimestampFacts>> {
    let (Some(raw), Some(unit)) = (row.get::<_, Option<String>>(first)?, row.get_ref(first + 1)?.as_str_or_null()?)
    else {
        return Ok(None);
    };
    Ok(Some(TimestampFacts {
        raw,
        unit: TimestampUnit::from_code(unit).unwrap_or(TimestampUnit::Other),
        age_ms: row.get(first + 2)?,
        fresh: row.get(first + 3)?,
    }))
}

/// The image, if any; `None` for one in a form that is not known here.
pub(super) fn image(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Option<ImageFacts>>> {
    let Some(json) = row.get_ref(column)?.as_str_or_null()? else { return Ok(Some(None)) };
    Ok(serde_json::from_str::<ImageForm<'_>>(json).ok().map(|form| Some(form.into())))
}

/// Reads `pinned, note, tags`, in this order from column `first`.
pub(super) fn marks(row: &Row<'_>, first: usize) -> rusqlite::Result<Marks> {
    let Some(pinned) = row.get::<_, Option<bool>>(first)? else { return Ok(Marks::default()) };
    let tags = row.get_ref(first + 2)?.as_str()?.split_ascii_whitespace().map(str::to_owned).collect();
    Ok(Marks { pinned, note: row.get(first + 1)?, tags })
}

/// Reads `outcome, status, rule, latency_us`, in this order from column `first`: the answer, if any; `None` for
/// an outcome that is not known here.
pub(super) fn answer_facts(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Option<AnswerFacts>>> {
    let Some(code) = row.get_ref(first)?.as_str_or_null()? else { return Ok(Some(None)) };
    let Some(outcome) = Outcome::from_code(code) else { return Ok(None) };
    Ok(Some(Some(AnswerFacts {
        outcome,
        status: row.get(first + 1)?,
        rule: ChosenBy::kept(row.get::<_, String>(first + 2)?),
        latency: Duration::from_micros(row.get::<_, i64>(first + 3)?.unsigned_abs()),
    })))
}

/// Reads `outcome, status, rule, latency_us, headers, body, interim, body_bytes`, in this order from column
/// `first`.
pub(super) fn answer(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Answer>> {
    let Some(outcome) = row.get_ref(first)?.as_str_or_null()?.and_then(Outcome::from_code) else {
        return Ok(None);
    };
    let body = Bytes::from(row.get::<_, Vec<u8>>(first + 5)?);
    Ok(Some(Answer {
        outcome,
        status: row.get(first + 1)?,
        rule: ChosenBy::kept(row.get::<_, String>(first + 2)?),
        latency: Duration::from_micros(row.get::<_, i64>(first + 3)?.unsigned_abs()),
        headers: headers(row.get_ref(first + 4)?.as_str()?),
        // A row of before knows no more than what it holds.
        body_bytes: byte_count(row, first + 7)?.max(body.len() as u64),
        body,
        interim: Bytes::from(row.get::<_, Vec<u8>>(first + 6)?),
    }))
}

/// Reads `segment, position, record_bytes`, in this order from column `first`.
pub(super) fn place(row: &Row<'_>, first: usize) -> rusqlite::Result<LogPlace> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(LogPlace { segment: row.get(first)?, position: number(first + 1)?, bytes: number(first + 2)? })
}

/// A header as the column holds it: readable, and exact where that is not text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Header {
    Text(String, String),
    /// Name, value as text, value in base64.
    Bytes(String, String, String),
}

fn headers_column(headers: &[(String, Bytes)]) -> String {
    let header = |(name, value): &(String, Bytes)| match std::str::from_utf8(value) {
        Ok(text) => Header::Text(name.clone(), text.to_owned()),
        Err(_) => {
            let text = String::from_utf8_lossy(value).into_owned();
            Header::Bytes(name.clone(), text, BASE64_STANDARD.encode(value))
        }
    };
    serde_json::to_string(&headers.iter().map(header).collect::<Vec<_>>()).unwrap_or_default()
}

fn headers(column: &str) -> Vec<(String, Bytes)> {
    let header = |header| match header {
        Header::Text(name, value) => (name, Bytes::from(value)),
        Header::Bytes(name, text, exact) => {
            (name, BASE64_STANDARD.decode(exact).map_or(Bytes::from(text), Bytes::from))
        }
    };
    serde_json::from_str::<Vec<Header>>(column).unwrap_or_default().into_iter().map(header).collect()
}

fn image_column(image: &ImageFacts) -> String {
    serde_json::to_string(&ImageForm::from(image)).unwrap_or_default()
}

/// SQLite's integers are signed.
fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
