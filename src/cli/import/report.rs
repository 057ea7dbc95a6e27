//! What an import tells: how far it is, what it could not keep, and what came of it.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::archive::import::{ImportFindings, ImportRemarks, KeptImports};
use crate::cli::{CliError, OutputFormat, output};
use crate::text::grouped;

/// Warnings of one kind that are printed; the number of the others follows.
const PRINTED: usize = 50;
/// Between two states of the counter.
const TICK: Duration = Duration::from_millis(100);
/// Columns of the counter.
const COUNTER_COLUMNS: usize = 40;

/// What was passed over, and what was taken with a remark.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed_over: Said,
    remarks: Said,
}

/// Warnings of one kind.
#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    json: Vec<Value>,
    count: u64,
}

impl Said {
    fn add(&mut self, file: Option<&str>, name: &str, what: &str, remarks: &ImportRemarks) {
        self.count += remarks.count();
        let before = file.map_or_else(String::new, |file| format!("{file}: "));
        let lines =
            remarks.listed().iter().map(|remark| format!("{before}entry {}{what}: {}", remark.entry, remark.words));
        self.lines.extend(lines.take(PRINTED.saturating_sub(self.lines.len())));
        self.json.extend(remarks.to_json(name).into_iter().map(|mut json| {
            if let Some(file) = file {
                json["file"] = json!(file);
            }
            json
        }));
    }

    fn warn(&self, what: &str) {
        for line in &self.lines {
            output::log(&format!("warning: {line}"));
        }
        let more = self.count - self.lines.len() as u64;
        if more > 0 {
            output::log(&format!("warning: {} more {what}", grouped(more)));
        }
    }
}

impl Report {
    /// What was found in a file; its name is told where there are several.
    pub(super) fn add(&mut self, file: Option<&str>, findings: &ImportFindings) {
        self.passed_over.add(file, "reason", " passed over", &findings.passed_over);
        self.remarks.add(file, "remark", "", &findings.remarks);
    }

    /// A file of a folder that is not read.
    pub(super) fn pass_over_file(&mut self, file: &str, reason: &str) {
        self.passed_over.count += 1;
        if self.passed_over.lines.len() < PRINTED {
            self.passed_over.lines.push(format!("{file} passed over: {reason}"));
        }
        self.passed_over.json.push(json!({"file": file, "reason": reason}));
    }

    /// Deliveries that the store has already.
    pub(super) fn skip(&mut self, skipped: Vec<String>) {
        for words in skipped {
            self.passed_over.count += 1;
            if self.passed_over.lines.len() < PRINTED {
                self.passed_over.lines.push(words.clone());
            }
            self.passed_over.json.push(json!({"reason": words}));
        }
    }

    /// Tells what a person should know before anything is kept.
    pub(super) fn warn(&self) {
        self.passed_over.warn("passed over");
        self.remarks.warn("remarks");
    }

    /// Prints what was kept.
    pub(super) fn print(self, format: OutputFormat, KeptImports { count, ids }: KeptImports) -> Result<(), CliError> {
        let passed_over = self.passed_over.count;
        if format == OutputFormat::Text && passed_over > 0 {
            let entries = if passed_over == 1 { "entry" } else { "entries" };
            output::log(&format!("{} {entries} passed over", grouped(passed_over)));
        }
        match (format, ids) {
            (OutputFormat::Json, ids) => output::print_json(&json!({
                "imported": count,
                "first": ids.map(|(first, _)| first.0),
                "last": ids.map(|(_, last)| last.0),
                "passed_over": self.passed_over.json,
                "remarks": self.remarks.json,
            })),
            (OutputFormat::Text, Some((first, last))) if last.0 - first.0 >= count as i64 => output::print(&format!(
                "imported {} deliveries, {first} to {last}, and others were received between them\n",
                grouped(count)
            )),
            (OutputFormat::Text, Some((first, last))) if first != last => {
                output::print(&format!("imported {} deliveries, {first} to {last}\n", grouped(count)))
            }
            (OutputFormat::Text, Some((first, _))) => output::print(&format!("imported delivery {first}\n")),
            (OutputFormat::Text, None) => Ok(()),
        }
    }
}

/// A counter on the terminal's last line.
pub(super) struct Progress {
    shown: bool,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { shown: io::stderr().is_terminal(), told: None }
    }

    /// Shows how far it is, now and then.
    pub(super) fn tell(&mut self, words: impl FnOnce() -> String) {
        if self.shown && self.told.is_none_or(|told| told.elapsed() >= TICK) {
            self.told = Some(Instant::now());
            let _ = write!(io::stderr(), "\r{:COUNTER_COLUMNS$}", words());
        }
    }

    /// Takes the counter away.
    pub(super) fn end(&mut self) {
        if self.told.take().is_some() {
            let _ = write!(io::stderr(), "\r{:COUNTER_COLUMNS$}\r", "");
        }
    }
}
