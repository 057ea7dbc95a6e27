//! What each upstream server answered, compared with our verdict.

use ratatui::text::{Line, Span};

use crate::delivery::{Attempt, AttemptKind};
use crate::http::{Failure, HttpResponse};
use crate::inspect::agreement::explaining_cause;
use crate::payload::body::Declared;
use crate::rules::{Agreement, AgreementFacts};
use crate::send::probe::{ProbeAnswers, answered_before};
use crate::text::{self, counted};
use crate::tui::app::action::Action;
use crate::tui::pane::Pane;
use crate::tui::screens::answer::state::AnswerStory;
use crate::tui::screens::answer::view::{BODY_BYTES, opened, remarks};
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::widgets::{field, heading, paragraph, short_latency, shown};

/// The forwards, and the replays to the same targets. A replay elsewhere says nothing about the upstream servers.
fn forwarded<'a>(sent: &'a [Attempt]) -> impl Iterator<Item = &'a Attempt> {
    let is_behind = |attempt: &Attempt| attempt.kind == AttemptKind::Forward;
    let targets: Vec<&'a str> = sent.iter().filter(|one| is_behind(one)).map(|one| one.target.as_str()).collect();
    let is_probe = |attempt: &Attempt| attempt.kind == AttemptKind::Probe;
    sent.iter().filter(move |one| is_behind(one) || (targets.contains(&one.target.as_str()) && !is_probe(one)))
}

/// Whether an upstream server contradicts our verdict.
pub(super) fn contradicts(sent: &[Attempt], pane: &Pane<'_>) -> bool {
    let verdict = pane.loaded.current_verdict();
    forwarded(sent).filter_map(Attempt::status).any(|status| Agreement::of(verdict, status).is_conflict())
}

pub(super) fn lines(story: &AnswerStory, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for attempt in forwarded(&story.sent) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(one(attempt, story, pane));
    }
    lines
}

/// What bears on a disagreement.
fn facts(story: &AnswerStory, pane: &Pane<'_>) -> AgreementFacts {
    let why = pane.detail.inquiry.why.as_ref().map(|(_, diagnosis)| diagnosis);
    AgreementFacts {
        cause: why.and_then(|why| explaining_cause(why)).map(str::to_owned),
        verified_before: story.verified_before,
    }
}

/// What a server's answer means beside our verdict, and how to settle what it leaves open.
fn meaning(attempt: &Attempt, status: u16, story: &AnswerStory, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (theme, columns) = (&pane.look.theme, pane.columns);
    let (verdict, facts) = (pane.loaded.current_verdict(), facts(story, pane));
    let agreement = Agreement::of(verdict, status);
    let (mark, style) = match agreement {
        Agreement::BothAccept | Agreement::BothRefuse => ("=", theme.good),
        Agreement::OnlyHere | Agreement::OnlyThere => ("≠", theme.bad),
        Agreement::NotJudged | Agreement::Other => ("·", theme.dim),
    };
    let before = answered_before(&story.sent, &attempt.target);
    let probe = ProbeAnswers::of(verdict, before, &story.sent, &attempt.target).map(|answers| answers.result());
    let words = match &probe {
        Some(_) if agreement.is_conflict() => {
            format!("{} here, the upstream server answered {status}", verdict.words())
        }
        _ => agreement.words(verdict, status, &facts),
    };
    let mut lines = paragraph(&pane.look.marked(mark, &words), style, columns);
    match probe {
        Some(probe) => {
            let style = if probe.finding.is_good() == Some(true) { theme.good } else { theme.text };
            lines.extend(paragraph(&shown(&format!("Probe: {}.", probe.words)), style, columns));
        }
        None if agreement.is_conflict() && facts.cause.is_none() => {
            let probe = Action::Answer(AnswerAction::Probe);
            lines.extend(keyed(probe, "sends a forged copy there, which settles it", pane));
        }
        None => {}
    }
    if agreement == Agreement::OnlyHere {
        lines.extend(keyed(
            Action::Compare,
            "takes the digest that your server computed, and finds what it hashed",
            pane,
        ));
    }
    lines
}

/// What an action does, behind its key.
fn keyed(action: Action, does: &str, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let Some(key) = pane.model.keymap.hint(action) else { return Vec::new() };
    let mut lines = paragraph(&format!("{key} {does}"), pane.look.theme.text, pane.columns);
    if let Some(rest) = lines.first().and_then(|first| first.spans.first()?.content.strip_prefix(&*key)) {
        let rest = Span::styled(rest.to_owned(), pane.look.theme.text);
        lines[0] = Line::from(vec![Span::styled(key, pane.look.theme.title), rest]);
    }
    lines
}

fn one(attempt: &Attempt, story: &AnswerStory, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let look = pane.look;
    let how = if attempt.kind == AttemptKind::Forward { "Forwarded to" } else { "Replayed to" };
    let mut lines = vec![heading(shown(&format!("{how} {}", attempt.target)), look)];
    let took = short_latency(attempt.latency.total);
    match &attempt.result {
        Ok(reply) => {
            lines.extend(meaning(attempt, reply.status, story, pane));
            lines.extend(answer(reply, &took, pane));
        }
        Err(failure) => lines.extend(failed(failure, &took, pane)),
    }
    lines
}

fn failed(failure: &Failure, took: &str, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let mut lines = paragraph(&shown(&failure.message), theme.bad, columns);
    lines.extend(field("latency", took, theme.text, columns, look));
    lines.extend(field("fix", &shown(&failure.advice), theme.text, columns, look));
    lines.extend(keyed(Action::Answer(AnswerAction::SendAgain), "forwards it again; the delivery is stored", pane));
    lines
}

/// The server's answer as it came.
fn answer(reply: &HttpResponse, took: &str, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let mut lines = vec![Line::from(vec![
        Span::styled(reply.status.to_string(), theme.status(reply.status)),
        Span::styled(format!("  after {took}, {}", counted(reply.body.len() as u64, "byte")), theme.dim),
    ])];
    for line in reply.head.field_lines() {
        lines.extend(paragraph(&text::visible_bytes(&line), theme.dim, columns));
    }
    let opened = opened(Declared::of(&reply.head), &reply.body);
    lines.extend(remarks(&opened, pane));
    let body = &opened.bytes[..opened.bytes.len().min(BODY_BYTES)];
    for line in body.strip_suffix(b"\n").unwrap_or(body).split(|byte| *byte == b'\n').filter(|_| !body.is_empty()) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        lines.extend(paragraph(&text::visible_bytes(line), theme.text, columns));
    }
    if reply.end.is_truncated() {
        lines.extend(paragraph(&format!("the body {}", reply.end.words()), theme.warn, columns));
    } else if opened.bytes.len() > BODY_BYTES {
        lines.push(Line::styled(
            format!("… {}", counted((opened.bytes.len() - BODY_BYTES) as u64, "more byte")),
            theme.dim,
        ));
    }
    lines
}
