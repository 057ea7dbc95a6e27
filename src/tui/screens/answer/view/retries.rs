//! The sender's attempts at the same delivery, so that its schedule can be seen.

use std::time::Duration;

use ratatui::text::{Line, Span};

use crate::delivery::{Retry, Sameness, Summary};
use crate::tui::pane::Pane;
use crate::tui::theme::Face;
use crate::tui::widgets::{clock, heading, short_latency};

pub(super) fn lines(retries: &[Retry], pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, theme) = (pane.look, &pane.look.theme);
    if retries.is_empty() {
        return Vec::new();
    }
    let shown = pane.loaded.delivery.summary.id;
    let chosen = pane.model.answers.story.place(shown, retries);
    let mut lines = vec![Line::default(), heading(format!("{} attempts by the sender", retries.len()), look)];
    for (at, retry) in retries.iter().enumerate() {
        let is_chosen = chosen == Some(at);
        let (glyph, word, style) = theme.verdict_of(&retry.summary);
        let mark = if is_chosen { "›" } else { " " };
        let here = if retry.summary.id == shown { "  this one" } else { "" };
        let same = if retry.same == Sameness::ButForTime { "  other timestamp" } else { "" };
        let gap = retry.after.map_or(String::new(), |after| format!("+{}", gap(after)));
        let row = if is_chosen { theme.title } else { theme.text };
        lines.push(Line::from(vec![
            Span::styled(format!("{mark} {}{:<3} #{:<7}", look.mark("↻"), at + 1, retry.summary.id), row),
            Span::styled(format!("{}  {gap:>10}  ", clock(retry.summary.received_at, look)), theme.dim),
            Span::styled(look.marked(glyph, &format!("{word:<10}")), style),
            answered(&retry.summary, pane),
            Span::styled(format!("{here}{same}"), theme.dim),
        ]));
    }
    if look.face == Face::Lines {
        return lines;
    }
    lines.push(Line::from(vec![
        Span::styled("n N", theme.title),
        Span::styled(" select one, ", theme.dim),
        Span::styled("Enter", theme.title),
        Span::styled(" opens it", theme.dim),
    ]));
    lines
}

fn answered(summary: &Summary, pane: &Pane<'_>) -> Span<'static> {
    let theme = &pane.look.theme;
    match &summary.answer {
        None if pane.model.answers.held_one(summary.id).is_some() => Span::styled("held", theme.warn),
        None => Span::styled("…", theme.dim),
        Some(answer) if answer.status == 0 => Span::styled(answer.outcome.code().replace('_', " "), theme.warn),
        Some(answer) => Span::styled(answer.status.to_string(), theme.status(answer.status)),
    }
}

/// A time between two attempts: `840 ms`, `12 s`, `4 m 10 s`, `2 h 5 m`.
fn gap(time: Duration) -> String {
    match time.as_secs() {
        0..60 => short_latency(time),
        seconds @ 60..3600 => format!("{} m {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} m", seconds / 3600, seconds % 3600 / 60),
    }
}
