//! What was read from any format as our own JSON, so that a running listener takes it: one file, whatever it came from.

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Imported;
use crate::delivery::{Answer, TimestampFacts};

/// Writes a delivery as a line of our own JSON. What another program has written down has no verdict, and so gets that of
/// whoever reads it.
///
/// # Errors
///
/// Those of `out`.
pub fn write_transfer(imported: &Imported, out: &mut dyn Write) -> io::Result<()> {
    let captured = &imported.captured;
    let mut record = json!({
        "received_at": captured.received_at.to_string(),
        "received_us": captured.received_at.as_microsecond(),
        "remote": captured.remote,
        "webhook": captured.webhook,
        "intake": captured.intake.name(),
        "intake_reason": captured.intake.reason(),
        "note": captured.judgement.note,
        "head_base64": BASE64_STANDARD.encode(&captured.head),
        "body_base64": BASE64_STANDARD.encode(&captured.body),
        "answer": imported.answer.as_ref().map(answer),
        "pinned": imported.marks.pinned,
        "user_note": imported.marks.note,
        "tags": imported.marks.tags,
    });
    if !captured.framing.is_empty() {
        record["framing_base64"] = json!(BASE64_STANDARD.encode(captured.framing.as_bytes()));
    }
    if !imported.is_foreign {
        record["verdict"] = json!(captured.judgement.verdict.code());
        record["secret"] = json!(captured.judgement.secret);
        record["timestamp"] = json!(captured.judgement.timestamp.as_ref().map(timestamp));
    }
    if let Some(diagnosis) = &imported.diagnosis {
        record["diagnosis"] = serde_json::from_str(diagnosis).unwrap_or(Value::Null);
    }
    serde_json::to_writer(&mut *out, &record)?;
    out.write_all(b"\n")
}

fn timestamp(facts: &TimestampFacts) -> Value {
    json!({"raw": facts.raw, "unit": facts.unit.code(), "age_ms": facts.age_ms, "fresh": facts.fresh})
}

fn answer(answer: &Answer) -> Value {
    let values: Vec<String> = answer.headers.iter().map(|(_, value)| BASE64_STANDARD.encode(value)).collect();
    let names: Vec<(&str, &str)> = answer.headers.iter().map(|(name, _)| (&**name, "")).collect();
    json!({
        "outcome": answer.outcome.code(),
        "status": answer.status,
        "rule": answer.rule.as_str(),
        "latency_ms": answer.latency.as_micros() as f64 / 1000.0,
        "headers": names,
        "headers_base64": values,
        "interim_base64": BASE64_STANDARD.encode(&answer.interim),
        "body_bytes": answer.body_bytes,
        "body_base64": BASE64_STANDARD.encode(&answer.body),
    })
}
