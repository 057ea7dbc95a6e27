//! What each upstream server answered, compared with our verdict.

use ratatui::text::{Line, Span};

use crate::delivery::{Attempt, AttemptKind, Verdict};
use crate::http::{Failure, HttpResponse};
use crate::rules::Agreement;
use crate::text;
use crate::tui::pane::Pane;
use crate::tui::widgets::{counted, field, heading, paragraph, short_latency, shown};

/// The part of a server's body that is shown.
const BODY_BYTES: usize = 16 * 1024;

/// Our verdict with the current secrets.
fn verdict(pane: &Pane<'_>) -> Verdict {
    pane.loaded.rejudged.as_ref().unwrap_or_else(|| pane.loaded.judgement()).verdict
}

/// The forwards, and the replays to the same targets. A replay elsewhere says nothing about the upstream servers.
fn forwarded<'a>(sent: &'a [Attempt]) -> impl Iterator<Item = &'a Attempt> {
    let is_behind = |attempt: &Attempt| attempt.kind == AttemptKind::Forward;
    let targets: Vec<&'a str> = sent.iter().filter(|one| is_behind(one)).map(|one| one.target.as_str()).collect();
    sent.iter().filter(move |one| is_behind(one) || targets.contains(&one.target.as_str()))
}

/// Whether an upstream server contradicts our verdict.
pub(super) fn contradicts(sent: &[Attempt], pane: &Pane<'_>) -> bool {
    let verdict = verdict(pane);
    forwarded(sent).filter_map(Attempt::status).any(|status| Agreement::of(verdict, status).is_conflict())
}

pub(super) fn lines(sent: &[Attempt], pane: &Pane<'_>) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for attempt in forwarded(sent) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(one(attempt, pane));
    }
    lines
}

fn one(attempt: &Attempt, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let how = if attempt.kind == AttemptKind::Forward { "Forwarded to" } else { "Replayed to" };
    let mut lines = vec![heading(shown(&format!("{how} {}", attempt.target)), look)];
    let took = short_latency(attempt.latency.total);
    match &attempt.result {
        Ok(reply) => {
            let verdict = verdict(pane);
            let agreement = Agreement::of(verdict, reply.status);
            let (mark, style) = match agreement {
                Agreement::BothAccept | Agreement::BothRefuse => ("=", theme.good),
                Agreement::OnlyHere | Agreement::OnlyThere => ("≠", theme.bad),
                Agreement::NotJudged | Agreement::Other => ("·", theme.dim),
            };
            let words = agreement.words(verdict, reply.status);
            lines.extend(paragraph(&format!("{mark} {words}"), style, columns));
            if agreement == Agreement::OnlyHere {
                lines.push(Line::from(vec![
                    Span::styled("c", theme.title),
                    Span::raw(" takes the digest that your server computed, and finds what it hashed"),
                ]));
            }
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
    lines.push(Line::from(vec![
        Span::styled("S", theme.title),
        Span::raw(" forwards it again; the delivery is stored"),
    ]));
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
        lines.extend(paragraph(&shown(&String::from_utf8_lossy(&line)), theme.dim, columns));
    }
    let body = &reply.body[..reply.body.len().min(BODY_BYTES)];
    for line in String::from_utf8_lossy(body).lines() {
        lines.extend(paragraph(&text::visible(line), theme.text, columns));
    }
    if reply.end.is_truncated() {
        lines.extend(paragraph(&format!("the body {}", reply.end.words()), theme.warn, columns));
    } else if reply.body.len() > BODY_BYTES {
        lines.push(Line::styled(
            format!("… {}", counted((reply.body.len() - BODY_BYTES) as u64, "more byte")),
            theme.dim,
        ));
    }
    lines
}
