//! A diagnosis as text for people.

use std::fmt::Write as _;

use crate::inspect::diagnosis::{names_words, place_words, rewriting_words};
use crate::signature::diagnose::other_direction::Rewriting;
use crate::signature::diagnose::{Cause, CauseKind, Diagnosis, SearchStage};
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

/// For a delivery that verifies: what other servers would have hashed instead.
pub(super) fn other_direction(rewritings: &[Rewriting], looked: bool, reveal: bool) -> String {
    let mut text = String::new();
    if !looked {
        text.push_str("If your server answers 401: --computed DIGEST shows what it hashed instead of these bytes\n");
        return text;
    }
    if rewritings.is_empty() {
        text.push_str(
            "If your server answers 401: these bytes survive every well-known re-serialisation, so check its secret \
            and its timestamp.\n",
        );
        return text;
    }
    text.push_str(
        "This signature is valid: if your server answers 401, it hashes different bytes. Re-serialising this body \
        changes it:\n",
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
