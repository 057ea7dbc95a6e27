//! Why a signature does not match: the search as it goes, and what it found.

use std::borrow::Cow;

use ratatui::text::{Line, Span};

use crate::inspect::diagnosis::{self, place_words};
use crate::signature::diagnose::{
    Cause, CauseCode, CauseKind, Depth, Diagnosis, OTHER_SCHEME, SearchProgress, SearchStage,
};
use crate::text::{counted, grouped};
use crate::tui::app::action::{Action, Tab};
use crate::tui::pane::Pane;
use crate::tui::screens::signature::state::{Inquiry, Question};
use crate::tui::widgets::{field, heading, paragraph};

/// Explanations shown beside the likeliest.
const OTHERS: usize = 4;

/// Rewritings shown; `whyhook verify` prints them all.
const REWRITINGS: usize = 8;

/// The section, empty when there is nothing to say.
pub(crate) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let inquiry = &pane.detail.inquiry;
    let mut lines = Vec::new();
    if let Some((question, progress)) = &inquiry.running {
        lines.extend(running(question, progress.as_ref(), pane));
    }
    // What was asked last comes first.
    if let Some(diagnosis) = &inquiry.explain_digest {
        lines.push(heading("What your server hashed", pane.look));
        lines.extend(found(diagnosis, pane));
        lines.push(Line::default());
    }
    if let Some((_, diagnosis)) = &inquiry.why
        && !(diagnosis.causes.is_empty() && diagnosis.evidence.is_empty())
    {
        lines.push(heading("Why", pane.look));
        lines.extend(found(diagnosis, pane));
        lines.push(footer(diagnosis, inquiry, pane));
        if is_of_another(diagnosis) {
            let key = pane.model.keymap.press(Action::Adopt);
            let words = match pane.model.keymap.is_in_lines() {
                true => format!("{key} lists the schemes that fit."),
                false => format!("{key} adopts another sender's scheme for this run, from those that fit."),
            };
            lines.extend(paragraph(&words, pane.look.theme.info, pane.columns));
        }
        lines.push(Line::default());
    }
    lines
}

fn running(question: &Question, progress: Option<&SearchProgress>, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let what = match question {
        Question::Why(_) => "searching for the cause",
        Question::ExplainDigest(_) => "searching for what your server hashed",
        Question::Rewritings => return Vec::new(),
    };
    let how_far = progress.map_or_else(String::new, |progress| {
        format!(", {}: {} of {} tried", stage(progress.stage), grouped(progress.tried), grouped(progress.of))
    });
    vec![
        Line::from(vec![
            Span::styled(pane.look.marked("◌", &format!("{what}{how_far}")), pane.look.theme.info),
            Span::styled(format!("   {} stops", pane.model.keymap.press(Action::StopLooking)), pane.look.theme.dim),
        ]),
        Line::default(),
    ]
}

fn stage(stage: SearchStage) -> &'static str {
    match stage {
        SearchStage::Structure => "headers",
        SearchStage::Canonical => "secrets",
        SearchStage::One => "one change",
        SearchStage::Pairs => "two changes",
        SearchStage::Triples => "three changes",
        SearchStage::Deep => "nearby timestamps",
    }
}

fn found(diagnosis: &Diagnosis, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let mut lines = Vec::new();
    // The likeliest explanation in full; the others in a sentence, so that there is one thing to do.
    if let Some(likeliest) = diagnosis.causes.first() {
        lines.extend(explanation(likeliest, pane));
    }
    let others: Vec<&Cause> = diagnosis.others().collect();
    for cause in others.iter().take(OTHERS) {
        lines.extend(paragraph(&format!("  also possible: {}", cause.summary), theme.dim, pane.columns));
    }
    if let Some(more) = others.len().checked_sub(OTHERS).filter(|more| *more > 0) {
        let words = format!("  … and {}, less likely", counted(more as u64, "other explanation"));
        lines.push(Line::styled(words, theme.dim));
    }
    for evidence in &diagnosis.evidence {
        lines.extend(field("  note", &evidence.text, theme.text, pane.columns, pane.look));
    }
    lines
}

/// The likeliest cause alone, for the delivery at a glance.
pub(crate) fn headline(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let why = pane.detail.inquiry.why.as_ref().filter(|_| !pane.loaded.is_verified());
    let Some((_, found)) = why else { return Vec::new() };
    let Some(cause) = found.causes.first() else { return Vec::new() };
    let mut lines = finding(cause, pane);
    // Whose delivery it is decides what else is worth reading.
    for evidence in found.evidence.iter().filter(|told| told.code == OTHER_SCHEME) {
        lines.extend(field("  note", &evidence.text, pane.look.theme.text, pane.columns, pane.look));
    }
    let keymap = &pane.model.keymap;
    let adopt = match is_of_another(found) {
        true => format!("; {} adopts the scheme for this run", keymap.press(Action::Adopt)),
        false => String::new(),
    };
    let show = keymap.press(Action::Show(Tab::Signature));
    let words = format!("  {show} shows the fix and the evidence{adopt}");
    lines.extend(paragraph(&words, pane.look.theme.dim, pane.columns));
    lines
}

/// Whether another sender's scheme is named, as evidence or as what it verifies under.
fn is_of_another(diagnosis: &Diagnosis) -> bool {
    diagnosis.evidence.iter().any(|told| told.code == OTHER_SCHEME)
        || diagnosis.causes.iter().any(|cause| cause.has(CauseCode::OtherScheme))
}

/// The finding in words.
fn finding(cause: &Cause, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let (glyph, kind, style) = match cause.kind {
        // Certain, and yet nothing to be glad of.
        CauseKind::Proof => ("●", "proved: ", theme.title),
        CauseKind::Alarm => ("‼", "alarm: ", theme.bad),
        CauseKind::Evidence => ("○", "", theme.warn),
    };
    paragraph(&pane.look.marked(glyph, &format!("{kind}{}", cause.summary)), style, pane.columns)
}

/// The finding, the one thing to do about it, and where it shows.
fn explanation(cause: &Cause, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (theme, columns) = (&pane.look.theme, pane.columns);
    let mut lines = finding(cause, pane);
    if !cause.fix.is_empty() {
        lines.extend(field("  fix", &cause.fix, theme.title, columns, pane.look));
    }
    for change in &cause.changes {
        // The summary contains the rest.
        lines.extend(field("  code", change.code.code(), theme.dim, columns, pane.look));
        if change.names.len() > 1 {
            let words = diagnosis::names_words(&change.names);
            lines.extend(field("  alias", &words, theme.dim, columns, pane.look));
        }
        if let Some(place) = &change.at {
            lines.extend(field("  place", &place_words(place), theme.text, columns, pane.look));
        }
    }
    lines
}

/// How much was tried, whether that was all, and what `d` would try next.
fn footer(diagnosis: &Diagnosis, inquiry: &Inquiry, pane: &Pane<'_>) -> Line<'static> {
    if diagnosis.tried == 0 {
        return Line::styled("no digest was computed: there is nothing to compare", pane.look.theme.dim);
    }
    let tried = counted(diagnosis.tried, "digest");
    let all = match (diagnosis.complete, diagnosis.of) {
        (true, _) => format!("{tried} tried"),
        (false, Some(of)) => format!("stopped after {} of {} digests", grouped(diagnosis.tried), grouped(of)),
        (false, None) => format!("stopped after {tried}"),
    };
    let does = match (diagnosis.is_proved(), inquiry.deeper()) {
        (true, _) | (false, None) => None,
        (false, Some(Depth::Triples)) => Some("tries three changes at once"),
        (false, Some(Depth::Deep)) => Some("tries every timestamp within five minutes"),
        (false, Some(_)) => Some("searches deeper"),
    };
    let key = pane.model.keymap.press(Action::Deeper);
    let next = does.map_or(String::new(), |does| format!("; {key} {does}"));
    Line::styled(format!("{all}{next}"), pane.look.theme.dim)
}

/// What of a verified delivery's time a server refuses, whatever it hashes.
fn refused_time(pane: &Pane<'_>) -> Option<&'static str> {
    let judgement = pane.loaded.rejudged.as_ref().unwrap_or_else(|| pane.loaded.judgement());
    let timestamp = judgement.timestamp.as_ref()?;
    if pane.loaded.scheme.other_unit(timestamp.unit).is_some() {
        return Some("timestamp");
    }
    (timestamp.fresh == Some(false)).then_some("age")
}

/// For a verified delivery: which re-serialisations would change its bytes, and where.
pub(crate) fn other_direction(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    if !pane.loaded.is_verified() {
        return Vec::new();
    }
    let mut lines = vec![heading("If your own server says 401", pane.look)];
    let refused = refused_time(pane);
    let rewritings = pane.detail.inquiry.rewritings.as_deref().map(Vec::as_slice).filter(|_| refused.is_none());
    let words: Cow<'_, str> = match (refused, rewritings) {
        (Some(what), _) => {
            format!("This signature is valid, so your server probably refuses its {what}, not its bytes.").into()
        }
        (None, None) => "This signature is valid, so your server hashes different bytes, or uses another key.".into(),
        (None, Some([])) => {
            "No well-known re-serialisation changes these bytes, so the cause is the secret, timestamp or template."
                .into()
        }
        (None, Some(_)) => {
            "This signature is valid, so your server hashes different bytes, has another secret or compares \
                            wrongly. Re-serialising this body changes it:"
                .into()
        }
    };
    lines.extend(paragraph(&words, theme.dim, pane.columns));
    for rewriting in rewritings.unwrap_or_default().iter().take(REWRITINGS) {
        let words = diagnosis::rewriting_words(rewriting);
        lines.extend(field("  rewritten", &words, theme.text, pane.columns, pane.look));
        if pane.model.revealed {
            lines.extend(field("", rewriting.digest(), theme.dim, pane.columns, pane.look));
        }
    }
    let key = pane.model.keymap.press(Action::Compare);
    let words =
        format!("{key} takes the digest or log line that your server printed, and finds the mistake that produces it.");
    lines.extend(paragraph(&words, theme.info, pane.columns));
    lines.push(Line::default());
    lines
}
