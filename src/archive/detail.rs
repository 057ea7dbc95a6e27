//! A delivery with everything that is known of it, as `show --format json` prints it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::forwards::Forwards;
use crate::config::Registry;
use crate::delivery::{Delivery, DeliveryId, Retry, detail_json};
use crate::inspect::diagnosis::Subject;
use crate::inspect::history::history;
use crate::inspect::{Reading, Recall, Sightings};
use crate::payload::binary::images_json;
use crate::payload::contract::report_json;
use crate::send;
use crate::signature::diagnose::Budget;
use crate::store::{Reader, StoreError};

/// Attempts that are listed with a delivery.
pub const ATTEMPTS: usize = 100;
/// How long a signature that was not explained when it came is explained now.
const EXPLAINING: Duration = Duration::from_secs(2);

/// The documented JSON of a delivery, with this diagnosis.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn known_json(
    reader: &Reader,
    delivery: &Delivery,
    diagnosis: Option<&Value>,
    registry: &Registry,
) -> Result<Value, StoreError> {
    let mut json = detail_json(delivery, diagnosis);
    let reading = Reading::of(delivery, registry);
    let seen = seen(reader, delivery, &reading);
    add_understanding(&mut json, &reading, seen.as_ref());
    json["images"] = images_json(&reading.body.images());
    json["attempts"] = attempts_json(reader, delivery.summary.id)?;
    json["retries"] = reader.retries(delivery.summary.id)?.iter().map(retry_json).collect();
    json["forward"] = Forwards::read(reader, delivery, &|| Some(registry.clone()))?.json();
    Ok(json)
}

/// What was sent of a delivery, the newest first.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn attempts_json(reader: &Reader, id: DeliveryId) -> Result<Value, StoreError> {
    Ok(reader.attempts(id, ATTEMPTS)?.iter().map(send::summary_json).collect())
}

/// What was found out about a delivery's signature when it came; `None` when nothing was kept.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn kept_diagnosis(reader: &Reader, delivery: &Delivery) -> Result<Option<Value>, StoreError> {
    Ok(reader.diagnosis(delivery.summary.id)?.and_then(|json| serde_json::from_str(&json).ok()))
}

/// What a search finds with these secrets, within two seconds and while `go_on`. `None` when there is nothing to
/// explain, or nothing to explain it with.
#[must_use]
pub fn found_diagnosis(
    reader: &Reader,
    delivery: &Delivery,
    registry: &Registry,
    go_on: &dyn Fn() -> bool,
) -> Option<Value> {
    if registry.keyring().is_empty() {
        return None;
    }
    let deadline = Instant::now() + EXPLAINING;
    let go_on = || Instant::now() < deadline && go_on();
    let budget = Budget { go_on: &go_on, ..Budget::default() };
    let history = history(reader, delivery, registry);
    let found = Subject::of(delivery, registry).why(&history, &budget);
    if found.causes.is_empty() { None } else { serde_json::to_value(found).ok() }
}

/// Where an event's ids were seen before.
#[must_use]
pub fn seen(reader: &Reader, delivery: &Delivery, reading: &Reading) -> Option<Sightings> {
    let ids = &reading.event.as_ref()?.ids;
    Recall::default().look(reader, delivery.summary.id, ids, &|| true).ok().flatten()
}

/// What is understood of the body.
fn add_understanding(json: &mut Value, reading: &Reading, seen: Option<&Sightings>) {
    let Value::Object(object) = json else { return };
    let notes: Vec<&str> = reading.body.remarks.iter().map(|remark| &*remark.words).collect();
    let (report, drift) = reading.event.as_ref().map(report_json).unwrap_or((Value::Null, json!([])));
    let seen = seen.map(|seen| {
        let ids = seen.seen.iter().map(|seen| {
            json!({
                "kind": seen.id.kind.word(),
                "id": seen.id.value,
                "count": seen.count,
                "first": seen.first.0,
                "last": seen.last.0,
            })
        });
        json!({"looked_at": seen.looked_at, "all": seen.is_all, "ids": ids.collect::<Vec<_>>()})
    });
    object.insert("body_kind".to_owned(), json!(reading.body.code()));
    object.insert("body_notes".to_owned(), json!(notes));
    object.insert("event_report".to_owned(), report);
    object.insert("drift".to_owned(), drift);
    object.insert("seen_before".to_owned(), json!(seen));
}

/// One of the sender's attempts as stable JSON.
fn retry_json(retry: &Retry) -> Value {
    let answer = retry.summary.answer.as_ref();
    json!({
        "id": retry.summary.id.0,
        "received_at": format!("{:.3}", retry.summary.received_at),
        "after_seconds": retry.after.map(|after| after.as_secs_f64()),
        "same": retry.same.code(),
        "verdict": retry.summary.judgement.verdict.code(),
        "status": answer.map(|answer| answer.status),
        "outcome": answer.map(|answer| answer.outcome.code()),
        "rule": answer.map(|answer| answer.rule.as_str()),
    })
}
