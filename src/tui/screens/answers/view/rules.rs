//! The rules: in their order, with how often each has answered; and one being typed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::text;
use crate::text::{counted, wrap};
use crate::tui::app::model::Model;
use crate::tui::pane::Drawn;
use crate::tui::screens::answers::rules::{RuleLine, RulesView};
use crate::tui::theme::Look;
use crate::tui::widgets::{put, shown};
use crate::tui::window::{draw_menu, typing, window};

/// Columns of the window.
const COLUMNS: u16 = 104;
/// Examples under a rule being typed.
const EXAMPLES: [&str; 5] = [
    "event:screenshot → 503 try later",
    "is:sim → fail 3 with 503 then 200",
    "verdict:bad → hold 30s else 401",
    "path:/dev → forward http://localhost:8080",
    "wait 1s..5s auto",
];
const SAVING: &str = "Active for this run. s saves those that are on in the configuration, which is reloaded when it changes; y copies them.";

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, view: &RulesView, model: &Model, look: &Look) -> Drawn {
    let columns = usize::from(COLUMNS.min(body.width)).saturating_sub(4);
    let rows = &model.answers.rules;
    let foot = match &view.line {
        Some(line) => typed(line, columns, look),
        None => saying(view, model, columns, look),
    };
    let lines: Vec<Line<'static>> = match rows.is_empty() {
        true => none(view, look),
        false => (0..rows.len()).map(|at| line(model, at, columns, look)).collect(),
    };
    let height = lines.len() + foot.len() + 2 + 2 * usize::from(view.line.is_some());
    let title = "Rules: the first match answers";
    let inside = window(frame, body, title, COLUMNS, height.max(12), look);
    let foot_rows = u16::try_from(foot.len()).unwrap_or(u16::MAX) + if view.line.is_some() { 2 } else { 0 };
    // The rules come before what is said about them.
    let least = if view.line.is_some() { 0 } else { lines.len().min(2) };
    let least = u16::try_from(least).unwrap_or(2).min(inside.height);
    let menu = Rect { height: inside.height.saturating_sub(foot_rows + 1).max(least), ..inside };
    let drawn = draw_menu(frame, menu, &lines, view.cursor, look);
    let mut at = Rect { y: menu.bottom() + 1, height: inside.bottom().saturating_sub(menu.bottom() + 1), ..inside };
    if let Some(line) = &view.line {
        typing(
            frame,
            Rect { height: 1.min(at.height), ..at },
            &shown(line.input.value()),
            line.input.visual_cursor(),
            look,
        );
        at = Rect { y: at.y + 1, height: at.height.saturating_sub(1), ..at };
    }
    for (row, line) in (0..).zip(foot) {
        put(frame, at, row, line);
    }
    drawn
}

/// The text shown while there are no rules.
fn none(view: &RulesView, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut lines = vec![Line::styled(" No rules: every delivery gets the documented answer; n adds one", theme.text)];
    // While a rule is typed, examples are shown under it.
    if view.line.is_none() {
        lines.push(Line::default());
        lines.push(Line::styled(" Examples:", theme.dim));
        lines.extend(EXAMPLES.iter().map(|example| Line::styled(format!("   {example}"), theme.dim)));
    }
    lines
}

fn line(model: &Model, at: usize, columns: usize, look: &Look) -> Line<'static> {
    let theme = &look.theme;
    let row = &model.answers.rules[at];
    let count = counted(row.answered, "time");
    let room = columns.saturating_sub(8 + count.len() + 2);
    let words = text::clip(&shown(&row.rule.to_string()), room).into_owned();
    let gap = room.saturating_sub(words.width()) + 2;
    let (mark, style) = if row.on { ("●", theme.good) } else { ("○", theme.dim) };
    Line::from(vec![
        Span::styled(format!(" {mark} "), style),
        Span::styled(format!("{:>3}  ", at + 1), theme.dim),
        Span::styled(words, if row.on { theme.text } else { theme.dim }),
        Span::styled(format!("{:gap$}{}", "", if row.on { count } else { "off".to_owned() }), theme.dim),
    ])
}

/// The lines under the rules.
fn saying(view: &RulesView, model: &Model, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut lines = Vec::new();
    let mut say = |words: &str, style| {
        lines.extend(wrap(words, columns).into_iter().map(|part| Line::styled(format!(" {part}"), style)))
    };
    if let Some(problem) = &view.problem {
        say(&shown(problem), theme.bad);
    }
    match &view.said {
        Some(Ok(words)) => say(&shown(words), theme.good),
        Some(Err(problem)) => say(&shown(problem), theme.bad),
        None => {}
    }
    if model.answers.chosen.is_some() {
        say(
            &format!("The chosen answer takes precedence: whyhook {}. A clears it.", shown(&model.answers.words().0)),
            theme.warn,
        );
    }
    say(SAVING, theme.dim);
    lines
}

/// The lines under a rule being typed: where it is wrong, or examples.
fn typed(line: &RuleLine, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut lines = Vec::new();
    match &line.problem {
        Some((at, problem)) => {
            let before = line.input.value().get(..*at).unwrap_or_default();
            let room = columns.saturating_sub(4);
            let column = 3 + shown(before).width();
            // A long line is scrolled; then the place is in the words alone.
            if column < room {
                lines.push(Line::styled(format!("{:column$}▲", ""), theme.bad));
            }
            lines.extend(
                wrap(&shown(problem), columns).into_iter().map(|part| Line::styled(format!(" {part}"), theme.bad)),
            );
        }
        None if line.input.value().trim().is_empty() => {
            lines.push(Line::styled(" FILTER → WHAT, or WHAT alone for every delivery; -> works too", theme.dim));
            lines.extend(EXAMPLES.iter().map(|example| Line::styled(format!("   {example}"), theme.dim)));
        }
        None => lines.push(Line::styled(" Enter activates it", theme.good)),
    }
    lines
}
