//! From rows to named faults: several rows that fail for one reason are one fault.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Fault;
use super::case::Expect;
use super::judge::{Came, Mark, Row};

/// A named fault with the rows that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The fault.
    pub fault: Fault,
    /// Whether it is a failure of the whole.
    pub required: bool,
    /// The names of the cases that prove it.
    pub proof: Vec<&'static str>,
    /// What was seen, where the names do not say it.
    pub detail: String,
}

/// Names the faults that `rows` prove, the gravest first. An answer later than `slow` is too slow.
#[must_use]
pub fn findings(rows: &[Row], slow: Duration) -> Vec<Finding> {
    let seen = Seen(rows);
    let anything = seen.accepts_anything();
    let mut found: BTreeMap<Fault, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| matches!(row.mark, Mark::Fail | Mark::Advice)) {
        found.entry(seen.fault_of(row, anything)).or_default().push(row);
    }
    let mut all: Vec<Finding> = found.into_iter().map(|(fault, rows)| finding(fault, &rows)).collect();
    all.retain(|finding| finding.fault != Fault::TooSlow);
    all.extend(too_slow(rows, slow));
    all.sort_by_key(|finding| (!finding.required, finding.fault));
    all
}

fn finding(fault: Fault, rows: &[&Row]) -> Finding {
    let mut came: Vec<String> = Vec::new();
    for row in rows {
        let words = match &row.came {
            Came::Answer { status, said, .. } if said.is_empty() => format!("answered {status}"),
            Came::Answer { status, said, .. } => format!("answered {status} {}", beginning(said)),
            came => came.words(),
        };
        if !came.contains(&words) {
            came.push(words);
        }
    }
    Finding {
        fault,
        required: rows.iter().any(|row| row.mark == Mark::Fail),
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
fn too_slow(rows: &[Row], slow: Duration) -> Option<Finding> {
    let is_slow = |row: &&Row| row.came.timed_out() || row.came.latency().is_some_and(|latency| latency >= slow);
    let late: Vec<&Row> = rows.iter().filter(is_slow).collect();
    let sent = rows.iter().filter(|row| row.came != Came::NotSent).count();
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
    Some(Finding {
        fault: Fault::TooSlow,
        required: true,
        proof: late.iter().map(|row| row.case.name).collect(),
        detail,
    })
}

/// The rows by name.
struct Seen<'a>(&'a [Row]);

impl Seen<'_> {
    fn row(&self, name: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.case.name == name)
    }

    fn accepted(&self, name: &str) -> bool {
        self.row(name).is_some_and(Row::is_accepted)
    }

    fn rejected(&self, name: &str) -> bool {
        self.row(name).is_some_and(Row::is_rejected)
    }

    /// Whether nothing that was forged was kept out.
    fn accepts_anything(&self) -> bool {
        const FORGED: [&str; 5] =
            ["wrong-secret", "flipped-body", "flipped-signature-first", "flipped-signature-last", "other-body"];
        let sent: Vec<&Row> = FORGED.iter().filter_map(|name| self.row(name)).collect();
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
    fn fault_of(&self, row: &Row, anything: bool) -> Fault {
        match (&row.came, row.case.expect) {
            (came, _) if came.timed_out() => return Fault::TooSlow,
            (Came::Answer { status: 300..=399, .. }, _) => return Fault::Redirects,
            (Came::Answer { .. }, Expect::Refuse(_)) if row.is_accepted() => {}
            (_, Expect::Refuse(_)) => return Fault::ErrorsInsteadOfRefusing,
            _ => {}
        }
        let forged = matches!(row.case.expect, Expect::Refuse(_));
        let of_time = matches!(row.case.fault, Fault::IgnoresAge | Fault::IgnoresFuture | Fault::AcceptsReplay);
        if anything && forged && !of_time {
            return Fault::AcceptsAnything;
        }
        match row.case.fault {
            Fault::TrimsBody | Fault::RejectsUnicode if self.hashes_reserialised() => Fault::HashesReserialisedBody,
            Fault::HashesReserialisedBody if !self.hashes_reserialised() => Fault::RejectsUnknownField,
            // An empty text is the beginning of every other.
            Fault::AcceptsMissingSignature
                if row.case.name == "empty-signature"
                    && !self.accepted("missing-signature")
                    && ["cut-one", "cut-half", "cut-eight"].iter().any(|name| self.accepted(name)) =>
            {
                Fault::ComparesPrefix
            }
            // Live screenshots differ from the simulated one by their image as well.
            Fault::RejectsLive if row.case.name == "screenshot-live" && self.accepted("app-live") => {
                Fault::ThrowsOnImageForm
            }
            fault if matches!(row.came, Came::Nothing { .. }) && fault != Fault::ThrowsOnPlaceholder => Fault::NoAnswer,
            fault => fault,
        }
    }
}
