//! What a replay prints: the panel for one sending, a line each for many, and how it ended.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Done, Ended, shows_progress};
use crate::cli::{CliError, OutputFormat, output};
use crate::config::Settings;
use crate::delivery::{Attempt, AttemptId, AttemptMode, DeliveryId};
use crate::send::{attempt_json, attempt_text, replay};
use crate::signature::Scheme;
use crate::store::Reader;
use crate::text::visible;

/// Rows of earlier attempts that are looked through for one to the same target.
const EARLIER: usize = 50;

pub(super) struct ReplayReport<'a> {
    settings: &'a Settings,
    format: OutputFormat,
    reader: &'a Reader,
    total: usize,
    counts: SentCounts,
    progress: bool,
}

/// How many sendings came to what.
#[derive(Debug, Clone, Copy, Default)]
struct SentCounts {
    ended: usize,
    delivered: usize,
    /// Of those that ended: what no request was made of, or could not be connected for.
    unsent: usize,
}

impl SentCounts {
    fn add(&mut self, ended: &Ended) {
        self.ended += 1;
        match &ended.result {
            Ok(done) if done.attempt.is_delivered() => self.delivered += 1,
            Ok(done) => self.unsent += usize::from(done.attempt.is_unsent()),
            Err(_) => self.unsent += 1,
        }
    }

    fn sent(self) -> usize {
        self.ended - self.unsent
    }

    /// `17 sent: 16 delivered, 1 failed; 1 not sent`.
    fn words(self) -> String {
        let sent = self.sent();
        let mut words = format!("{sent} sent: {} delivered, {} failed", self.delivered, sent - self.delivered);
        match (self.unsent, sent) {
            (0, _) => {}
            (unsent, 0) => words = format!("nothing was sent of {unsent}"),
            (unsent, _) => words.push_str(&format!("; {unsent} not sent")),
        }
        words
    }
}

impl<'a> ReplayReport<'a> {
    pub(super) fn new(settings: &'a Settings, format: OutputFormat, reader: &'a Reader, total: usize) -> Self {
        let progress = total > 1 && shows_progress();
        Self { settings, format, reader, total, counts: SentCounts::default(), progress }
    }

    /// Prints the result of one attempt, which was stored under this number.
    pub(super) fn ended(&mut self, ended: &Ended, kept: Option<AttemptId>) -> Result<(), CliError> {
        self.counts.add(ended);
        let id = ended.job.id;
        match (self.format, &ended.result) {
            (OutputFormat::Json, Ok(done)) => output::print_json(&self.json(id, done, kept))?,
            (OutputFormat::Json, Err(reason)) => output::print_json(&json!({
                "delivery": id.0,
                "target": ended.job.target.to_string(),
                "result": "failed",
                "error": {"term": null, "code": "not_sent", "message": reason, "advice": null},
            }))?,
            (OutputFormat::Text, Ok(done)) if self.total == 1 => output::print(&self.panel(id, done, kept))?,
            (OutputFormat::Text, Ok(done)) => output::print(&row(id, &done.attempt))?,
            (OutputFormat::Text, Err(reason)) => output::log(reason),
        }
        self.show_progress();
        Ok(())
    }

    /// Says how it ended. Exit code 0 when all were delivered.
    pub(super) fn finish(self, begun: usize, total: usize) -> ExitCode {
        if self.progress {
            erase_line();
        }
        if begun < total {
            output::log(&format!("cancelled: {begun} of {total} started, {} delivered", self.counts.delivered));
        } else if total > 1 {
            output::log(&self.counts.words());
        }
        if self.counts.delivered == total { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn scheme(&self, id: DeliveryId) -> Scheme {
        let registry = &self.settings.registry;
        let summary = self.reader.summary(id).ok().flatten();
        let webhook = summary.as_ref().and_then(|summary| replay::webhook_of(registry, summary));
        registry.signing_scheme(webhook).clone()
    }

    fn json(&self, id: DeliveryId, done: &Done, kept: Option<AttemptId>) -> Value {
        let mut value = attempt_json(&done.attempt, &done.body, &self.scheme(id));
        if let Value::Object(object) = &mut value {
            object.insert("attempt".to_owned(), json!(kept.map(|id| id.0)));
            let changes = done.changes.iter().map(|change| json!({"code": change.code(), "detail": change.words()}));
            object.insert("changes".to_owned(), changes.collect());
        }
        value
    }

    fn panel(&self, id: DeliveryId, done: &Done, kept: Option<AttemptId>) -> String {
        let attempt = &done.attempt;
        let mut text = attempt_text(attempt, &done.body, &self.scheme(id));
        let mut note = |name: &str, words: &str| text.push_str(&format!("{name:<17} {}\n", visible(words)));
        for (index, change) in done.changes.iter().enumerate() {
            note(if index == 0 { "Changed" } else { "" }, &change.words());
        }
        if let Some(words) = self.earlier(id, attempt, kept) {
            note("Earlier", &words);
        }
        if let Some(words) = self.stale(id, attempt) {
            note("Fix", &words);
        }
        if let Some(kept) = kept {
            note("Stored as", &format!("attempt {kept} of delivery {id}: `whyhook show {id}`"));
        }
        text
    }

    /// What the attempt before this one to the same target came to.
    fn earlier(&self, id: DeliveryId, attempt: &Attempt, kept: Option<AttemptId>) -> Option<String> {
        let kept = kept?;
        let earlier = self.reader.attempts(id, EARLIER).ok()?;
        let earlier = earlier.into_iter().find(|earlier| earlier.id < kept && earlier.target == attempt.target)?;
        let words = |result: Result<u16, String>| match result {
            Ok(status) => status.to_string(),
            Err(code) => code,
        };
        let before = words(earlier.result.map_err(|failure| failure.code));
        let now = words(attempt.result.as_ref().map(|reply| reply.status).map_err(|failure| failure.code.clone()));
        let mut words = format!("{before} (attempt {}), now {now}", earlier.id);
        if let (Ok(before), Ok(now)) = (self.reader.attempt(earlier.id).ok()??.result, &attempt.result) {
            let bodies = if before.body == now.body { "the same response body" } else { "a different response body" };
            words.push_str(&format!(": {bodies}; `whyhook diff --attempts {} {kept}`", earlier.id));
        }
        Some(words)
    }

    /// A refused replay of an old signature needs a new one, if the endpoint looks at the age.
    fn stale(&self, id: DeliveryId, attempt: &Attempt) -> Option<String> {
        let is_refused = attempt.status().is_some_and(|status| (400..500).contains(&status));
        let summary = self.reader.summary(id).ok()??;
        let age = attempt.at.duration_since(summary.received_at);
        let is_old = Duration::try_from(age).is_ok_and(|age| age > self.settings.tolerance);
        (is_refused && is_old && attempt.mode == AttemptMode::AsCaptured).then(|| {
            "the captured signature is old, and the endpoint may refuse it: --resign makes a fresh one".to_owned()
        })
    }

    fn show_progress(&self) {
        if self.progress {
            let SentCounts { ended, delivered, .. } = self.counts;
            output::on_stderr(&format!("\r{ended} of {} done, {} failed", self.total, ended - delivered));
        }
    }
}

/// One line for one of many.
fn row(id: DeliveryId, attempt: &Attempt) -> String {
    let status = attempt.status().map_or_else(|| "-".to_owned(), |status| status.to_string());
    let result = match &attempt.result {
        Ok(_) if attempt.is_delivered() => "Delivered".to_owned(),
        Ok(reply) => reply.fault().map_or_else(|| "Failed".to_owned(), |fault| format!("Failed: {fault}")),
        Err(failure) if attempt.is_unsent() => format!("Not sent: {}", failure.message),
        Err(failure) => format!("Failed: {}", failure.message),
    };
    let milliseconds = attempt.latency.total.as_secs_f64() * 1000.0;
    format!("{}\n", visible(&format!("{id:>6}  {status:>3}  {milliseconds:>8.1} ms  {}  {result}", attempt.target)))
}

fn erase_line() {
    output::on_stderr("\r\u{1b}[K");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_go_out_is_counted_apart() {
        let words = |ended, delivered, unsent| SentCounts { ended, delivered, unsent }.words();
        assert_eq!(words(18, 18, 0), "18 sent: 18 delivered, 0 failed");
        assert_eq!(words(18, 15, 1), "17 sent: 15 delivered, 2 failed; 1 not sent");
        assert_eq!(words(3, 0, 3), "nothing was sent of 3");
    }
}
