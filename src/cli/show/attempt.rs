//! Sendings that are kept beside a delivery, with `show`.

use std::process::ExitCode;

use serde_json::Value;

use super::super::{CliError, SettingsArgs, output};
use super::ShowFormat;
use crate::archive::detail::ATTEMPTS;
use crate::config::consent::Scope;
use crate::delivery::{AttemptId, AttemptMode, AttemptSummary};
use crate::send;
use crate::store::Reader;

/// A kept sending; exit code 1 when there is none of that number.
pub(super) fn show(
    settings: &SettingsArgs,
    reader: &Reader,
    id: AttemptId,
    format: ShowFormat,
) -> Result<ExitCode, CliError> {
    let Some(attempt) = reader.attempt(id)? else {
        output::log(&format!("no attempt {id}: `whyhook show ID` lists the attempts of a delivery"));
        return Ok(ExitCode::FAILURE);
    };
    let body = match (&attempt.body, attempt.delivery) {
        (Some(body), _) => body.clone(),
        (None, Some(delivery)) => reader.load(delivery)?.map(|delivery| delivery.body).unwrap_or_default(),
        (None, None) => bytes::Bytes::new(),
    };
    // Who only looks need not have every secret at hand.
    let scheme = settings
        .load_quietly(Scope::Secrets)
        .map(|loaded| loaded.registry.signing_scheme(None).clone())
        .unwrap_or_default();
    let reply = attempt.result.as_ref().ok();
    match format {
        ShowFormat::Json => {
            let mut value = send::attempt_json(&attempt, &body, &scheme);
            if let Value::Object(object) = &mut value {
                object.insert("attempt".to_owned(), id.0.into());
            }
            output::print_json_pretty(&value)?;
        }
        ShowFormat::Body => output::print_bytes(reply.map_or(&b""[..], |reply| &reply.body))?,
        ShowFormat::Raw => output::print_bytes(&reply.map_or_else(Vec::new, |r| [&r.head[..], &r.body[..]].concat()))?,
        ShowFormat::Text => output::print(&send::attempt_text(&attempt, &body, &scheme))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What is listed with a delivery.
pub(super) fn lines(attempts: &[AttemptSummary]) -> Vec<String> {
    let mut lines: Vec<String> = attempts.iter().map(line).collect();
    if attempts.len() == ATTEMPTS {
        lines.push(format!("attempts  the newest {ATTEMPTS}; there may be more"));
    }
    lines
}

/// `attempt 3  2026-…Z  replay, as captured, to http://…: 200 after 12.3 ms`
fn line(attempt: &AttemptSummary) -> String {
    let what = match attempt.mode {
        // A simulated event needs no second word for it.
        AttemptMode::Made => attempt.kind.code().to_owned(),
        mode => format!("{}, {}", attempt.kind.code(), mode.words()),
    };
    let result = match &attempt.result {
        Ok(status) => {
            let broken = attempt.end.filter(|end| end.is_broken_off());
            let words = broken.map_or_else(String::new, |end| format!("; its body {}", end.words()));
            format!("{status} after {:.1} ms{words}", attempt.latency.as_secs_f64() * 1000.0)
        }
        Err(failure) => failure.message.clone(),
    };
    format!("attempt {} {:.3}  {what}, to {}: {result}", attempt.id, attempt.at, attempt.target)
}
