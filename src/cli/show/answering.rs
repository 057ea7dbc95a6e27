//! The sender's attempts, for `show`.

use super::super::CliError;
use crate::delivery::Delivery;
use crate::store::Reader;

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
