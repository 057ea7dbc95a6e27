//! From rows to named faults: several rows that fail for one reason are one fault.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ReceiverFault;
use super::case::{CasePayload, Expect};
use super::framework::{Framework, validator};
use super::judge::{CaseVerdict, CheckRow, Observed};
use super::outside::{is_login_page, is_page, outside, quoted, reads_as_refusal};
use super::probe::ProvedMistake;
use super::remedy::Remedy;
use super::steady::Unsteady;
use crate::http::Target;
use crate::signature::Scheme;
use crate::simulate::SimulatedEvent;
use crate::text::grouped;

/// A named fault with the rows that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// The fault.
    pub fault: ReceiverFault,
    /// The fault in a few words.
    pub title: String,
    /// Whether it is a failure of the whole.
    pub required: bool,
    /// The names of the cases that prove it.
    pub proof: Vec<&'static str>,
    /// What was seen, where the names do not say it.
    pub detail: String,
    /// What it means and what to do.
    pub remedy: Remedy,
    /// The mistake that was shown, where one was.
    pub mistake: Option<ProvedMistake>,
}

/// How large a plain body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimit {
    /// The largest that was accepted, in bytes.
    pub accepted: usize,
    /// The smallest that was not.
    pub refused: usize,
    /// Whether it was refused as a forged delivery is.
    pub as_forged: bool,
}

/// Everything that is known of a receiver once its deliveries are sent.
#[derive(Debug)]
pub struct CheckEvidence<'a> {
    /// The receiver.
    pub target: &'a Target,
    /// Its scheme.
    pub scheme: &'a Scheme,
    /// Every case.
    pub rows: &'a [CheckRow],
    /// From when on an answer is too slow.
    pub slow: Duration,
    /// What it says to a forged delivery.
    pub refusal: Option<Observed>,
    /// The mistakes that were shown.
    pub mistakes: Vec<ProvedMistake>,
    /// The limit of plain bodies, where one was found.
    pub limit: Option<SizeLimit>,
    /// What was answered in another way when it was sent again.
    pub unsteady: Unsteady,
}

/// Names the faults that the evidence proves, the gravest first.
#[must_use]
pub fn findings(evidence: &CheckEvidence<'_>) -> Vec<CheckFinding> {
    let anything = evidence.accepts_anything();
    let mut found: BTreeMap<ReceiverFault, Vec<&CheckRow>> = BTreeMap::new();
    for row in evidence.rows.iter().filter(|row| matches!(row.mark, CaseVerdict::Fail | CaseVerdict::Advice)) {
        found.entry(evidence.fault_of(row, anything)).or_default().push(row);
    }
    let mut all: Vec<CheckFinding> = found.into_iter().map(|(fault, rows)| evidence.finding(fault, &rows)).collect();
    all.retain(|finding| finding.fault != ReceiverFault::TooSlow);
    all.extend(evidence.too_slow());
    all.sort_by_key(|finding| (!finding.required, finding.fault));
    all
}

impl CheckEvidence<'_> {
    /// The framework that its answers show.
    #[must_use]
    pub fn framework(&self) -> Option<Framework> {
        Framework::of(self.rows.iter().map(|row| &row.came))
    }

    /// A finding with nothing but the fault's own words, about what is required of a receiver.
    pub(super) fn named(&self, fault: ReceiverFault, proof: Vec<&'static str>, detail: String) -> CheckFinding {
        let remedy = Remedy::of(fault, self.scheme, self.framework(), &self.target.request_target());
        CheckFinding { fault, title: fault.title().to_owned(), required: true, proof, detail, remedy, mistake: None }
    }

    /// A finding with the mistake that was shown, about what is required of a receiver.
    pub(super) fn proved(&self, mistake: &ProvedMistake, proof: Vec<&'static str>) -> CheckFinding {
        let mut finding = self.named(mistake.fault, proof, mistake.words());
        // What it signs shows its language where its answers do not.
        let framework = self.framework().or_else(|| Framework::of_writers(&mistake.names));
        finding.remedy = Remedy::of(mistake.fault, self.scheme, framework, &self.target.request_target());
        if finding.fault == ReceiverFault::WrongKeyForm || finding.remedy.fix.is_empty() {
            finding.remedy.fix = mistake.fix.clone();
        }
        if mistake.fault == ReceiverFault::FailsAtRandom {
            finding.detail.push_str(&self.share(mistake));
        }
        finding.mistake = Some(mistake.clone());
        finding
    }

    /// How many valid deliveries a number format refuses.
    fn share(&self, mistake: &ProvedMistake) -> String {
        if !mistake.explains.contains(&"digest-inner-zero") {
            return ": about one of 16 valid deliveries is refused".to_owned();
        }
        let bytes = self.scheme.algorithm().map_or(32, |algorithm| algorithm.digest_bytes());
        let whole = (0..bytes).fold(1.0_f64, |whole, _| whole * 15.0 / 16.0);
        format!(": about {:.0} of 100 valid deliveries are refused", (1.0 - whole) * 100.0)
    }

    fn finding(&self, fault: ReceiverFault, rows: &[&CheckRow]) -> CheckFinding {
        let required = rows.iter().any(|row| row.mark == CaseVerdict::Fail);
        let proof: Vec<&'static str> = rows.iter().map(|row| row.case.name).collect();
        if let Some(mistake) = self.mistakes.iter().find(|mistake| mistake.fault == fault) {
            return CheckFinding { required, ..self.proved(mistake, proof) };
        }
        let mut finding = CheckFinding { required, ..self.named(fault, proof, answers(rows)) };
        let first = rows.first().map(|row| &row.came);
        match fault {
            ReceiverFault::Redirects | ReceiverFault::RequiresLogin | ReceiverFault::CsrfProtection => {
                if let Some(seen) = first.and_then(|came| outside(came, self.target)) {
                    finding.detail = seen.detail;
                    finding.remedy.fix = seen.fix.unwrap_or(finding.remedy.fix);
                }
            }
            ReceiverFault::RejectsLargeBody | ReceiverFault::ReadsPartOfBody => {
                if let Some(limit) = &self.limit {
                    let (accepted, refused) = (grouped(limit.accepted as u64), grouped(limit.refused as u64));
                    finding.detail =
                        format!("plain payloads of {accepted} bytes pass, of {refused} bytes not: {}", finding.detail);
                }
            }
            ReceiverFault::RefusesValid if first.is_some_and(is_page) => {
                finding.title = "answers everything with a web page".to_owned();
                finding.remedy.means =
                    "A portal, a start page or a login answers in the place of your server.".to_owned();
                finding.remedy.fix = "Open the URL in a browser, and check that it is your server's.".to_owned();
                finding.remedy.code = String::new();
            }
            ReceiverFault::VerifiesSometimes => finding.detail.push_str("; refused when sent again"),
            ReceiverFault::FailsNowAndThen => finding.detail.push_str("; answered correctly when sent again"),
            ReceiverFault::RejectsUnknownField => {
                let said = first.map(Observed::text).unwrap_or_default();
                finding.remedy.code = validator(&said).map_or(finding.remedy.code, str::to_owned);
            }
            ReceiverFault::FailsAtRandom => {
                finding.detail.push_str(", as to a forged delivery; digests without it pass")
            }
            ReceiverFault::ErrorsInsteadOfRefusing if rows.iter().all(|row| row.came.timed_out()) => {
                finding.title = "never answers some forged deliveries".to_owned();
                finding.remedy.means = "The handler throws and nobody answers: requests pile up until they time out, \
                     which anyone can bring about."
                    .to_owned();
                finding.remedy.fix =
                    "Answer in every branch: catch what an asynchronous handler throws, and answer 400 or 401."
                        .to_owned();
                if finding.remedy.code == fault.hint() {
                    finding.remedy.code =
                        "app.post(path, (req, res, next) => receive(req, res).catch(next))".to_owned();
                }
            }
            _ => {}
        }
        finding
    }

    /// Slow answers: two or more, or every one, or one that never came in time.
    fn too_slow(&self) -> Option<CheckFinding> {
        let is_slow =
            |row: &&CheckRow| row.came.timed_out() || row.came.latency().is_some_and(|latency| latency >= self.slow);
        // What never answers forged deliveries is a fault of its own.
        let late: Vec<&CheckRow> = self.rows.iter().filter(is_slow).filter(|row| !self.is_thrown_away(row)).collect();
        let sent = self.rows.iter().filter(|row| !row.came.is_no_verdict()).count();
        let timed_out = late.iter().filter(|row| row.came.timed_out()).count();
        if late.is_empty() || (late.len() < 2.min(sent) && timed_out == 0) {
            return None;
        }
        let slowest = late.iter().filter_map(|row| row.came.latency()).max().unwrap_or_default();
        let mut detail = format!("{} of {sent} answers took {} ms or longer", late.len(), self.slow.as_millis());
        detail.push_str(&format!(", the slowest {} ms", slowest.as_millis()));
        if timed_out > 0 {
            detail.push_str(&format!("; {timed_out} timed out"));
        }
        let proof = late.iter().map(|row| row.case.name).collect();
        Some(self.named(ReceiverFault::TooSlow, proof, detail))
    }

    pub(super) fn row(&self, name: &str) -> Option<&CheckRow> {
        self.rows.iter().find(|row| row.case.name == name)
    }

    pub(super) fn accepted(&self, name: &str) -> bool {
        self.row(name).is_some_and(CheckRow::is_accepted)
    }

    pub(super) fn rejected(&self, name: &str) -> bool {
        self.row(name).is_some_and(CheckRow::is_rejected)
    }

    /// Whether nothing that was forged was kept out.
    fn accepts_anything(&self) -> bool {
        const FORGED: [&str; 5] =
            ["wrong-secret", "flipped-body", "flipped-signature-first", "flipped-signature-last", "other-body"];
        let sent: Vec<&CheckRow> = FORGED.iter().filter_map(|name| self.row(name)).collect();
        sent.len() > 1 && sent.iter().all(|row| self.lets_through(row))
    }

    /// Whether it is accepted, and not only by its status.
    fn lets_through(&self, row: &CheckRow) -> bool {
        row.is_accepted() && !self.refuses_in_words(row)
    }

    /// Whether a valid delivery was accepted.
    fn accepts_valid(&self) -> bool {
        self.rows.iter().any(|row| row.case.is_valid() && row.is_accepted())
    }

    /// Whether everything that is accepted is accepted for later.
    fn answers_later(&self) -> bool {
        self.rows.iter().filter(|row| row.is_accepted()).all(|row| row.came.status() == Some(202))
    }

    /// Whether a status of success comes with words of refusal, which no valid delivery gets.
    fn refuses_in_words(&self, row: &CheckRow) -> bool {
        let mut valid = self.rows.iter().filter(|row| row.case.is_valid() && row.is_accepted()).peekable();
        row.is_accepted()
            && reads_as_refusal(&row.came)
            && valid.peek().is_some()
            && !valid.any(|valid| valid.came.is_like(&row.came) || reads_as_refusal(&valid.came))
    }

    /// Whether a forged delivery got no answer while valid ones get one.
    fn is_thrown_away(&self, row: &CheckRow) -> bool {
        let is_late = |row: &&CheckRow| row.case.is_valid() && row.came.timed_out();
        row.came.timed_out()
            && !row.case.is_valid()
            && self.rows.iter().any(|row| row.case.is_valid() && row.is_accepted())
            && !self.rows.iter().any(|row| is_late(&row))
    }

    /// Whether a receiver said to a valid delivery what it says to forged ones.
    pub(super) fn is_as_forged(&self, row: &CheckRow) -> bool {
        row.case.is_valid() && row.is_rejected() && self.refusal.as_ref().is_some_and(|said| row.came.is_like(said))
    }

    /// What a failed row points at, in the light of the others.
    fn fault_of(&self, row: &CheckRow, anything: bool) -> ReceiverFault {
        if let Some(mistake) = self.mistakes.iter().find(|mistake| mistake.explains.contains(&row.case.name)) {
            return mistake.fault;
        }
        if self.unsteady.is_passing(row) {
            return ReceiverFault::FailsNowAndThen;
        }
        let is_redirect = matches!(row.came.status(), Some(300..=399));
        if let Some(seen) = outside(&row.came, self.target)
            && (row.case.is_valid() || is_login_page(&row.came) || (is_redirect && !self.accepts_valid()))
            && seen.fault != ReceiverFault::RefusesValid
        {
            return seen.fault;
        }
        let forged = matches!(row.case.expect, Expect::Refuse(_));
        if self.ended_by_forged(row) {
            return ReceiverFault::ErrorsInsteadOfRefusing;
        }
        match &row.came {
            came if came.timed_out() && self.is_thrown_away(row) => return ReceiverFault::ErrorsInsteadOfRefusing,
            came if came.timed_out() => return ReceiverFault::TooSlow,
            _ if forged && is_redirect => return ReceiverFault::WrongRefusalStatus,
            came if forged && !came.is_accepted() => return ReceiverFault::ErrorsInsteadOfRefusing,
            _ => {}
        }
        let of_time = matches!(
            row.case.fault,
            ReceiverFault::IgnoresAge | ReceiverFault::IgnoresFuture | ReceiverFault::AcceptsReplay
        );
        if forged && !of_time && self.refuses_in_words(row) {
            return ReceiverFault::WrongRefusalStatus;
        }
        if forged && !of_time && self.unsteady.sometimes && row.is_accepted() {
            return ReceiverFault::VerifiesSometimes;
        }
        if anything && forged && !of_time {
            return match row.came.status() {
                Some(202) if self.answers_later() => ReceiverFault::ChecksLater,
                _ if is_page(&row.came) => ReceiverFault::RefusesValid,
                _ => ReceiverFault::AcceptsAnything,
            };
        }
        if self.is_too_large(row) {
            let as_forged = self.limit.is_some_and(|limit| limit.as_forged);
            return if as_forged { ReceiverFault::ReadsPartOfBody } else { ReceiverFault::RejectsLargeBody };
        }
        if forged { self.fault_of_forged(row) } else { self.fault_of_valid(row) }
    }

    /// Whether a plain body of the same size is refused as well.
    fn is_too_large(&self, row: &CheckRow) -> bool {
        let bytes = row.exchange.as_ref().map_or(0, |exchange| exchange.body_bytes);
        row.case.is_valid() && self.limit.is_some_and(|limit| bytes > limit.accepted as u64)
    }

    fn fault_of_forged(&self, row: &CheckRow) -> ReceiverFault {
        let accepted = |name: &str| self.row(name).is_some_and(|row| self.lets_through(row));
        // What accepts any secret accepts these two as well.
        if row.case.fault == ReceiverFault::UnsetSecret && accepted("wrong-secret") {
            return ReceiverFault::AcceptsWrongSignature;
        }
        let is_cut = ["cut-one", "cut-half", "cut-eight"].iter().any(|name| accepted(name));
        match row.case.fault {
            // An empty text is the beginning of every other.
            ReceiverFault::AcceptsMissingSignature
                if row.case.name == "empty-signature" && !accepted("missing-signature") && is_cut =>
            {
                ReceiverFault::ComparesPrefix
            }
            // Without the header it is no form either.
            ReceiverFault::ComparesPrefix
                if row.case.name == "empty-digest" && accepted("missing-signature") && !is_cut =>
            {
                ReceiverFault::AcceptsMissingSignature
            }
            fault => fault,
        }
    }

    fn fault_of_valid(&self, row: &CheckRow) -> ReceiverFault {
        if let Some(plainer) = self.plainer(row) {
            return self.fault_of_valid(plainer);
        }
        let as_forged = self.is_as_forged(row);
        // Any body may arrive in pieces, not only those that were sent so.
        if as_forged && self.mistakes.iter().any(|mistake| mistake.fault == ReceiverFault::ReadsPartOfBody) {
            return ReceiverFault::ReadsPartOfBody;
        }
        // One that arrives in pieces, where nothing but a part of it is read.
        let reads_a_part = self.limit.is_some_and(|limit| limit.as_forged);
        if as_forged && reads_a_part && row.case.fault == ReceiverFault::SplitsCharacters {
            return ReceiverFault::ReadsPartOfBody;
        }
        if as_forged && self.loses_characters() {
            return ReceiverFault::RejectsUnicode;
        }
        if as_forged && self.changes_bytes() {
            return ReceiverFault::HashesOtherBytes;
        }
        match row.case.fault {
            ReceiverFault::TrimsBody | ReceiverFault::RejectsUnicode if self.hashes_reserialised() => {
                ReceiverFault::HashesReserialisedBody
            }
            ReceiverFault::HashesReserialisedBody if !self.hashes_reserialised() && !as_forged => {
                ReceiverFault::RejectsUnknownField
            }
            // Only the way in which it is written or arrives differs from what is accepted.
            fault @ (ReceiverFault::HashesReserialisedBody
            | ReceiverFault::TrimsBody
            | ReceiverFault::FailsAtRandom
            | ReceiverFault::SplitsCharacters
            | ReceiverFault::ReadsPartOfBody
            | ReceiverFault::MixesRequests
            | ReceiverFault::ExpectsOtherUnit) => fault,
            // As without any signature: its header was not found.
            fault @ ReceiverFault::CaseSensitiveHeaders if self.is_as_unsigned(row) => fault,
            // Who writes the body again may write any of it otherwise, and leave out what a type of theirs has no field for.
            _ if as_forged
                && self.mistakes.iter().any(|mistake| mistake.fault == ReceiverFault::HashesReserialisedBody) =>
            {
                ReceiverFault::HashesReserialisedBody
            }
            _ if as_forged => ReceiverFault::SignatureDisagreement,
            // Live screenshots differ from the simulated one by their image as well.
            ReceiverFault::RejectsLive if row.case.name == "screenshot-live" && self.accepted("app-live") => {
                ReceiverFault::ThrowsOnImageForm
            }
            ReceiverFault::RejectsLargeBody if row.case.name.starts_with("large-") && self.limit.is_none() => {
                self.fault_of_screenshots()
            }
            fault if matches!(row.came, Observed::Nothing { .. }) && fault != ReceiverFault::ThrowsOnPlaceholder => {
                ReceiverFault::NoAnswer
            }
            fault => fault,
        }
    }

    /// A delivery that has less of what may be wrong than `row`, and was answered in the same way: then that is what
    /// is wrong.
    fn plainer(&self, row: &CheckRow) -> Option<&CheckRow> {
        let name = row.case.name;
        let plainer: &[&str] = match row.case.body {
            CasePayload::Live(SimulatedEvent::Screenshot) => &["app-live"],
            CasePayload::Live(SimulatedEvent::App) => &["app-simulated"],
            CasePayload::Live(SimulatedEvent::Activity) => &["activity-simulated", "app-live"],
            CasePayload::Image(_) | CasePayload::Large(_) => &["app-live", "screenshot-live"],
            CasePayload::Extra(_) if name != "unknown-field" => &["unknown-field", "app-simulated", "sample"],
            // All of these are the usual event.
            CasePayload::Simulated(_) => &[],
            _ => &["app-simulated", "sample"],
        };
        let rows = plainer.iter().filter_map(|name| self.row(name));
        let is_same = |other: &&CheckRow| other.came.is_like(&row.came) || other.came.begins_like(&row.came);
        rows.filter(|other| other.case.name != name && other.is_rejected()).find(is_same)
    }

    /// What is wrong with large screenshots where no length is.
    fn fault_of_screenshots(&self) -> ReceiverFault {
        if self.rejected("image-base64") { ReceiverFault::ThrowsOnImageForm } else { ReceiverFault::RejectsLargeBody }
    }

    fn is_as_unsigned(&self, row: &CheckRow) -> bool {
        let unsigned = ["missing-both", "missing-signature"].iter().find_map(|name| self.row(name));
        unsigned.is_some_and(|unsigned| row.came.is_like(&unsigned.came))
    }
}

/// What came of rows, each answer once.
fn answers(rows: &[&CheckRow]) -> String {
    let mut told: Vec<(&Observed, String)> = Vec::new();
    for row in rows {
        let words = match &row.came {
            answer @ Observed::Answer { status, .. } => format!("answered {status}{}", quoted(answer)),
            came => came.words(),
        };
        if !told.iter().any(|(came, known)| *known == words || came.is_like(&row.came)) {
            told.push((&row.came, words));
        }
    }
    told.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join("; ")
}
