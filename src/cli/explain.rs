//! A diagnosis as text for people.

use std::fmt::Write as _;

use crate::inspect::diagnosis::{names_words, place_words, rewriting_words};
use crate::signature::diagnose::other_direction::Rewriting;
use crate::signature::diagnose::{Cause, CauseCode, CauseKind, Diagnosis, SearchStage};
use crate::text::grouped;

/// Re-serialisations printed without being asked for all.
const REWRITINGS: usize = 5;
/// Explanations printed beside the likeliest.
const OTHERS: usize = 4;

/// The code of the evidence that a secret looks odd.
const ODD_SECRET: &str = "odd_secret";

/// The findings, each with what to do and where it shows. Every text in it is visible already.
pub(super) fn findings(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    // The likeliest explanation in full; the others in a sentence, so that there is one thing to do.
    if let Some(likeliest) = diagnosis.causes.first() {
        push_cause(&mut text, likeliest);
    }
    for cause in diagnosis.others().take(OTHERS) {
        let _ = writeln!(text, "   also possible: {}", cause.summary);
    }
    if let Some(more) = diagnosis.others().count().checked_sub(OTHERS).filter(|more| *more > 0) {
        let _ = writeln!(text, "   … and {more} more, less likely");
    }
    // What is odd about a secret has been said as a warning, when it was read.
    for evidence in diagnosis.evidence.iter().filter(|evidence| evidence.code != ODD_SECRET) {
        let _ = writeln!(text, "   note: {}", evidence.text);
    }
    // Where there was nothing to compare with, no deeper search finds more.
    if diagnosis.tried > 0
        && !diagnosis.is_proved()
        && !diagnosis.causes.is_empty()
        && diagnosis.stage < SearchStage::Triples
    {
        text.push_str("   --deep tries three changes at once and every timestamp nearby\n");
    }
    if diagnosis.tried > 0 && !(diagnosis.causes.is_empty() && diagnosis.evidence.is_empty()) {
        let noun = if diagnosis.tried == 1 { "digest" } else { "digests" };
        let tried = format!("{} {noun}", grouped(diagnosis.tried));
        let _ = match (diagnosis.complete, diagnosis.of) {
            (true, _) => writeln!(text, "   {tried} tried"),
            (false, Some(of)) => {
                writeln!(text, "   stopped after {} of {} digests", grouped(diagnosis.tried), grouped(of))
            }
            (false, None) => writeln!(text, "   stopped after {tried}"),
        };
    }
    text
}

fn push_cause(text: &mut String, cause: &Cause) {
    let mark = match cause.kind {
        CauseKind::Proof => "proved",
        CauseKind::Alarm => "ALARM",
        CauseKind::Evidence => "note",
    };
    let _ = writeln!(text, "{mark}: {}", cause.summary);
    if !cause.fix.is_empty() {
        let _ = writeln!(text, "   fix: {}", cause.fix);
    }
    for change in &cause.changes {
        let _ = writeln!(text, "   code: {}", change.code.code());
        if change.names.len() > 1 {
            let _ = writeln!(text, "     as {}", names_words(&change.names));
        }
        if let Some(place) = &change.at {
            let _ = writeln!(text, "     at {}", place_words(place));
        }
    }
}

/// For a delivery that verifies: what other servers would have hashed instead. `refused` says what of its timestamp they
/// refuse, whatever they hash.
pub(super) fn other_direction(
    rewritings: &[Rewriting],
    looked: bool,
    reveal: bool,
    refused: Option<RefusedTime>,
) -> String {
    let mut text = String::new();
    if let Some(refused) = refused {
        let _ = writeln!(text, "{} {COMPUTED}", refused.words());
        return text;
    }
    if !looked {
        text.push_str("If your server answers 401: --computed DIGEST shows what it hashed instead of these bytes\n");
        return text;
    }
    if rewritings.is_empty() {
        text.push_str(
            "If your server answers 401: these bytes survive every well-known re-serialisation, so check its secret, \
            how it compares, and its clock.\n",
        );
        return text;
    }
    text.push_str(
        "This signature is valid: if your server answers 401, it hashes different bytes, has another secret, or compares \
        wrongly. Re-serialising this body changes it:\n",
    );
    let shown = if reveal { rewritings.len() } else { REWRITINGS };
    for rewriting in rewritings.iter().take(shown) {
        let _ = writeln!(text, "   {}", rewriting_words(rewriting));
        if reveal {
            let _ = writeln!(text, "     {}", rewriting.digest());
        }
    }
    if rewritings.len() > shown {
        let _ = writeln!(
            text,
            "   … and {} less common ones; --reveal prints all, with their \
                digests",
            rewritings.len() - shown
        );
    }
    text.push_str("   --computed DIGEST shows which mistake produces the digest that your server printed\n");
    text
}

/// What of a verified delivery's time a server refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusedTime {
    /// It is too old, or in the future.
    Age,
    /// It is not in the unit that the scheme has.
    Unit,
}

impl RefusedTime {
    /// That of a diagnosis.
    pub(super) fn of(diagnosis: &Diagnosis) -> Option<Self> {
        let is_of_age = |cause: &Cause| cause.has(CauseCode::Stale) || cause.has(CauseCode::ClockSkew);
        if diagnosis.evidence.iter().any(|told| told.code == CauseCode::TimestampUnit.code()) {
            return Some(Self::Unit);
        }
        diagnosis.causes.iter().any(is_of_age).then_some(Self::Age)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Age => {
                "This signature is valid: if your server answers 401, it probably refuses its age, not its bytes; a \
                 replay needs --resign."
            }
            Self::Unit => {
                "This signature is valid: if your server answers 401, it probably refuses its timestamp, not its bytes."
            }
        }
    }
}

/// What shows more, after a sentence.
const COMPUTED: &str = "--computed DIGEST shows whether it hashed other bytes as well.";
