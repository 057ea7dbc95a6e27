//! A delivery as the stable JSON of the command line (`list`, `show`, `wait`, headless lines).
//!
//! The field names are an outer contract. Serialised text goes through [`crate::text::safe_json`]
//! before it is printed.

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::{AnswerFacts, Delivery, ImageFacts, Summary};

/// One delivery as JSON, without headers and body.
#[must_use]
pub fn summary_json(summary: &Summary) -> Value {
    let judgement = &summary.judgement;
    json!({
        "id": summary.id.0,
        "received_at": format!("{:.3}", summary.received_at),
        "remote": summary.remote,
        "method": summary.method,
        "path": summary.path,
        "webhook": summary.webhook,
        "event": summary.event.event,
        "version": summary.event.version,
        "simulation": summary.event.is_simulation(),
        "items": summary.event.items,
        "intake": summary.intake.name(),
        "verdict": judgement.verdict.code(),
        "secret": judgement.secret,
        "age_seconds": judgement.timestamp.as_ref().and_then(super::TimestampFacts::age_seconds),
        "fresh": judgement.timestamp.as_ref().and_then(|timestamp| timestamp.fresh),
        "body_bytes": summary.body_bytes,
        "image": summary.image.as_ref().map(image_json),
        "answer": summary.answer.as_ref().map(answer_json),
    })
}

/// One delivery as JSON with its headers (an array of pairs, in order) and its body (`body` when it
/// is UTF-8, `body_base64` otherwise), and with what was found out about its signature.
#[must_use]
pub fn detail_json(delivery: &Delivery, diagnosis: Option<Value>) -> Value {
    let Value::Object(mut object) = summary_json(&delivery.summary) else {
        return Value::Null;
    };
    object.insert("received_us".to_owned(), json!(delivery.summary.received_at.as_microsecond()));
    if !delivery.summary.intake.is_complete() {
        object.insert("intake_reason".to_owned(), json!(delivery.summary.intake.reason()));
    }
    let judgement = &delivery.summary.judgement;
    object.insert(
        "timestamp".to_owned(),
        json!(judgement.timestamp.as_ref().map(|timestamp| json!({
            "raw": timestamp.raw,
            "unit": timestamp.unit.code(),
            "age_seconds": timestamp.age_seconds(),
            "age_ms": timestamp.age_ms,
            "fresh": timestamp.fresh,
        }))),
    );
    object.insert("note".to_owned(), json!(judgement.note));
    object.insert("diagnosis".to_owned(), json!(diagnosis));
    let headers: Vec<Value> = delivery
        .request_head()
        .fields
        .iter()
        .map(|field| json!([String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value)]))
        .collect();
    object.insert("headers".to_owned(), Value::Array(headers));
    object.insert("head_base64".to_owned(), json!(base64::prelude::BASE64_STANDARD.encode(&delivery.head)));
    insert_bytes(&mut object, "body", &delivery.body);
    if let Some(answer) = &delivery.answer {
        let mut full = answer_json(&answer.facts());
        if let Value::Object(fields) = &mut full {
            fields.insert("headers".to_owned(), json!(answer.headers));
            insert_bytes(fields, "body", &answer.body);
        }
        object.insert("answer".to_owned(), full);
    }
    Value::Object(object)
}

fn image_json(image: &ImageFacts) -> Value {
    json!({
        "form": image.form,
        "bytes": image.bytes,
        "total": image.total,
        "format": image.format,
        "width": image.width,
        "height": image.height,
    })
}

fn answer_json(answer: &AnswerFacts) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of an exchange are far below 2^52")]
    let latency_ms = answer.latency.as_micros() as f64 / 1000.0;
    json!({
        "outcome": answer.outcome.code(),
        "status": answer.status,
        "rule": answer.rule,
        "latency_ms": latency_ms,
    })
}

fn insert_bytes(object: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => object.insert(name.to_owned(), json!(text)),
        Err(_) => object.insert(format!("{name}_base64"), json!(base64::prelude::BASE64_STANDARD.encode(bytes))),
    };
}
