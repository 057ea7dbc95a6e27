//! The answers of upstream servers and the sender's attempts, for `show`.

use serde_json::{Value, json};

use super::super::CliError;
use crate::delivery::{AttemptKind, AttemptSummary, Delivery, Retry};
use crate::rules::Agreement;
use crate::store::Reader;

/// The sender's attempts as stable JSON.
pub(super) fn retries_json(reader: &Reader, delivery: &Delivery) -> Result<Value, CliError> {
    Ok(reader.retries(delivery.summary.id)?.iter().map(retry_json).collect())
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

/// The sender's schedule, as far as it tried more than once.
pub(super) fn retry_lines(reader: &Reader, delivery: &Delivery) -> Result<Vec<String>, CliError> {
    let retries = reader.retries(delivery.summary.id)?;
    Ok(retries
        .iter()
        .enumerate()
        .map(|(at, retry)| {
            let mark = if retry.summary.id == delivery.summary.id { "*" } else { " " };
            let after = retry.after.map_or_else(String::new, |after| format!(", {:.1} s later", after.as_secs_f64()));
            let answer = match &retry.summary.answer {
                None => "not answered".to_owned(),
                Some(answer) if answer.status == 0 => answer.outcome.words().to_owned(),
                Some(answer) => answer.status.to_string(),
            };
            format!("attempt {mark} {} of {}: #{}{after}: {answer}", at + 1, retries.len(), retry.summary.id)
        })
        .collect())
}

/// The newest forwards of a delivery, and what the server's answer means beside our verdict.
fn forwards(reader: &Reader, delivery: &Delivery) -> Result<Vec<AttemptSummary>, CliError> {
    let mut attempts = reader.attempts(delivery.summary.id, 50)?;
    attempts.retain(|attempt| attempt.kind == AttemptKind::Forward);
    attempts.reverse();
    Ok(attempts)
}

/// Each forward as stable JSON.
pub(super) fn forward_json(reader: &Reader, delivery: &Delivery) -> Result<Value, CliError> {
    let verdict = delivery.summary.judgement.verdict;
    let rows = forwards(reader, delivery)?.into_iter().map(|attempt| {
        let status = attempt.result.as_ref().ok().copied();
        let agreement = status.map(|status| (Agreement::of(verdict, status), status));
        json!({
            "target": attempt.target,
            "status": status,
            "error": attempt.result.as_ref().err().map(|failure| failure.message.as_str()),
            "latency_ms": attempt.latency.as_secs_f64() * 1000.0,
            "agreement": agreement.map(|(agreement, _)| agreement.code()),
            "meaning": agreement.map(|(agreement, status)| agreement.words(verdict, status)),
        })
    });
    Ok(rows.collect())
}

/// What the upstream servers said.
pub(super) fn forward_lines(reader: &Reader, delivery: &Delivery) -> Result<Vec<String>, CliError> {
    let verdict = delivery.summary.judgement.verdict;
    let rows = forwards(reader, delivery)?.into_iter().map(|attempt| match &attempt.result {
        Ok(status) => {
            let meaning = Agreement::of(verdict, *status).words(verdict, *status);
            format!("forward   {}: {meaning}", attempt.target)
        }
        Err(failure) => format!("forward   {}: {}; {}", attempt.target, failure.message, failure.advice),
    });
    Ok(rows.collect())
}
