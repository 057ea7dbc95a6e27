//! From rows to named faults: several rows that fail for one reason are one fault.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ReceiverFault;
use super::case::Expect;
use super::judge::{CaseVerdict, CheckRow, Observed};

/// A named fault with the rows that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// The fault.
    pub fault: ReceiverFault,
    /// Whether it is a failure of the whole.
    pub required: bool,
    /// The names of the cases that prove it.
    pub proof: Vec<&'static str>,
    /// What was seen, where the names do not say it.
    pub detail: String,
}

/// Names the faults that `rows` prove, the gravest first. An answer later than `slow` is too slow.
#[must_use]
pub fn findings(rows: &[CheckRow], slow: Duration) -> Vec<CheckFinding> {
    let seen = Seen(rows);
    let anything = seen.accepts_anything();
    let mut found: BTreeMap<ReceiverFault, Vec<&CheckRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| matches!(row.mark, CaseVerdict::Fail | CaseVerdict::Advice)) {
        found.entry(seen.fault_of(row, anything)).or_default().push(row);
    }
    let mut all: Vec<CheckFinding> = found.into_iter().map(|(fault, rows)| finding(fault, &rows)).collect();
    all.retain(|finding| finding.fault != ReceiverFault::TooSlow);
    all.extend(too_slow(rows, slow));
    all.sort_by_key(|finding| (!finding.required, finding.fault));
    all
}

fn finding(fault: ReceiverFault, rows: &[&CheckRow]) -> CheckFinding {
    let mut came: Vec<String> = Vec::new();
    for row in rows {
        let words = match &row.came {
            Observed::Answer { status, said, .. } if said.is_empty() => format!("answered {status}"),
            Observed::Answer { status, said, .. } => format!("answered {status} {}", beginning(said)),
            came => came.words(),
        };
        if !came.contains(&words) {
            came.push(words);
        }
    }
    CheckFinding {
        fault,
        required: rows.iter().any(|row| row.mark == CaseVerdict::Fail),
        proof: rows.iter().map(|row| row.case.name).collect(),
        detail: came.join("; "),
    }
}

/// What an answer says first, in quotation marks.
fn beginning(said: &[u8]) -> String {
    const CHARACTERS: usize = 60;
    let text = String::from_utf8_lossy(said);
    let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
    let more = if line.chars().nth(CHARACTERS).is_some() { "…" } else { "" };
    format!("“{}{more}”", line.chars().take(CHARACTERS).collect::<String>())
}

/// Slow answers: two or more, or every one, or one that never came in time.
fn too_slow(rows: &[CheckRow], slow: Duration) -> Option<CheckFinding> {
    let is_slow = |row: &&CheckRow| row.came.timed_out() || row.came.latency().is_some_and(|latency| latency >= slow);
    let late: Vec<&CheckRow> = rows.iter().filter(is_slow).collect();
    let sent = rows.iter().filter(|row| row.came != Observed::NotSent).count();
    let timed_out = late.iter().filter(|row| row.came.timed_out()).count();
    if late.is_empty() || (late.len() < 2.min(sent) && timed_out == 0) {
        return None;
    }
    let slowest = late.iter().filter_map(|row| row.came.latency()).max().unwrap_or_default();
    let mut detail = format!("{} of {sent} answers took {} ms or longer", late.len(), slow.as_millis());
    detail.push_str(&format!(", the slowest {} ms", slowest.as_millis()));
    if timed_out > 0 {
        detail.push_str(&format!("; {timed_out} timed out"));
    }
    Some(CheckFinding {
        fault: ReceiverFault::TooSlow,
        required: true,
        proof: late.iter().map(|row| row.case.name).collect(),
        detail,
    })
}

/// The rows by name.
struct Seen<'a>(&'a [CheckRow]);

impl Seen<'_> {
    fn row(&self, name: &str) -> Option<&CheckRow> {
        self.0.iter().find(|row| row.case.name == name)
    }

    fn accepted(&self, name: &str) -> bool {
        self.row(name).is_some_and(CheckRow::is_accepted)
    }

    fn rejected(&self, name: &str) -> bool {
        self.row(name).is_some_and(CheckRow::is_rejected)
    }

    /// Whether nothing that was forged was kept out.
    fn accepts_anything(&self) -> bool {
        const FORGED: [&str; 5] =
            ["wrong-secret", "flipped-body", "flipped-signature-first", "flipped-signature-last", "other-body"];
        let sent: Vec<&CheckRow> = FORGED.iter().filter_map(|name| self.row(name)).collect();
        sent.len() > 1 && sent.iter().all(|row| row.is_accepted())
    }

    /// Whether the same JSON written otherwise is refused, and nothing else explains it.
    fn hashes_reserialised(&self) -> bool {
        // Neither of these has a field that is not documented.
        let rewritten = ["json-indented", "json-spaced", "json-escapes"].iter().any(|name| self.rejected(name));
        let extra = ["json-numbers", "json-key-order"].iter().any(|name| self.rejected(name));
        rewritten || (extra && !self.rejected("unknown-field"))
    }

    /// What a failed row points at, in the light of the others.
    fn fault_of(&self, row: &CheckRow, anything: bool) -> ReceiverFault {
        match (&row.came, row.case.expect) {
            (came, _) if came.timed_out() => return ReceiverFault::TooSlow,
            (Observed::Answer { status: 300..=399, .. }, _) => return ReceiverFault::Redirects,
            (Observed::Answer { .. }, Expect::Refuse(_)) if row.is_accepted() => {}
            (_, Expect::Refuse(_)) => return ReceiverFault::ErrorsInsteadOfRefusing,
            _ => {}
        }
        let forged = matches!(row.case.expect, Expect::Refuse(_));
        let of_time = matches!(
            row.case.fault,
            ReceiverFault::IgnoresAge | ReceiverFault::IgnoresFuture | ReceiverFault::AcceptsReplay
        );
        if anything && forged && !of_time {
            return ReceiverFault::AcceptsAnything;
        }
        match row.case.fault {
            ReceiverFault::TrimsBody | ReceiverFault::RejectsUnicode if self.hashes_reserialised() => {
                ReceiverFault::HashesReserialisedBody
            }
            ReceiverFault::HashesReserialisedBody if !self.hashes_reserialised() => ReceiverFault::RejectsUnknownField,
            // An empty text is the beginning of every other.
            ReceiverFault::AcceptsMissingSignature
                if row.case.name == "empty-signature"
                    && !self.accepted("missing-signature")
                    && ["cut-one", "cut-half", "cut-eight"].iter().any(|name| self.accepted(name)) =>
            {
                ReceiverFault::ComparesPrefix
            }
            // Live screenshots differ from the simulated one by their image as well.
            ReceiverFault::RejectsLive if row.case.name == "screenshot-live" && self.accepted("app-live") => {
                ReceiverFault::ThrowsOnImageForm
            }
            fault if matches!(row.came, Observed::Nothing { .. }) && fault != ReceiverFault::ThrowsOnPlaceholder => {
                ReceiverFault::NoAnswer
            }
            fault => fault,
        }
    }
}
