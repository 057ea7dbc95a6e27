//! The screens over the panes that have to do with sending.

mod check;
mod comparison;
mod form;
mod panel;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::delivery::AttemptSummary;
use crate::text::clip;
use crate::tui::app::model::Model;
use crate::tui::pane::Drawn;
use crate::tui::screens::send::state::{SendProgress, SendScreen, SentOfMany};
use crate::tui::theme::{Face, Look};
use crate::tui::widgets::{clock, date_time, put, short_latency, shown};
use crate::tui::window::window;

/// The widest that a screen gets: longer lines are hard to read.
const WIDEST: u16 = 132;

/// Draws the topmost screen.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, model: &Model, look: &Look) -> Drawn {
    let sending = &model.sending;
    let columns = usize::from(body.width.min(WIDEST)).saturating_sub(4);
    match (sending.screens.last(), &sending.last, &sending.progress) {
        (Some(SendScreen::Panel), Some(shown), _) => {
            let rows = panel::Rows::of(shown, columns, look);
            let title = if shown.attempt.is_delivered() { "Delivered" } else { "Failed" };
            draw_rows(frame, body, title, rows.len(), shown.scroll, |row| rows.line(row), look)
        }
        (Some(SendScreen::Form(form)), ..) => form::draw(frame, body, form, look),
        (Some(SendScreen::Check(check)), ..) => check::draw(frame, body, check, look),
        (Some(SendScreen::Progress(first)), _, Some(progress)) => {
            let title = format!("Sending {}", shown(&progress.what));
            let rows = 2 + progress.rows.len();
            draw_rows(frame, body, &title, rows, *first, |row| progress_line(progress, row, columns, look), look)
        }
        (Some(SendScreen::Attempts(id, rows, cursor)), ..) => {
            let title = format!("Replays of #{id}");
            let first = (cursor + 1).saturating_sub(usize::from(body.height).saturating_sub(2));
            let line = |row: usize| attempt_line(&rows[row], row == *cursor, columns, look);
            draw_rows(frame, body, &title, rows.len(), first, line, look)
        }
        (Some(SendScreen::Comparison(view)), ..) => comparison::draw(frame, body, view, look),
        _ => Drawn::default(),
    }
}

/// Draws the rows that are in view in a window.
fn draw_rows<'a>(
    frame: &mut Frame<'_>,
    body: Rect,
    title: &str,
    count: usize,
    first: usize,
    line: impl Fn(usize) -> Line<'a>,
    look: &Look,
) -> Drawn {
    let area = window(frame, body, title, WIDEST, count, look);
    draw_rows_in(frame, area, count, first, line)
}

/// Draws the rows that are in view in a window's inside.
fn draw_rows_in<'a>(
    frame: &mut Frame<'_>,
    area: Rect,
    count: usize,
    first: usize,
    line: impl Fn(usize) -> Line<'a>,
) -> Drawn {
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let rows = usize::from(inside.height);
    let first = first.min(count.saturating_sub(rows));
    for (row, index) in (0..inside.height).zip(first..count) {
        put(frame, inside, row, line(index));
    }
    Drawn { rows, lines: count, columns: inside.width.into(), ..Drawn::default() }
}

/// How far it is, an empty line, then what came of each, the newest first.
fn progress_line(progress: &SendProgress, row: usize, columns: usize, look: &Look) -> Line<'static> {
    let theme = &look.theme;
    match row.checked_sub(2) {
        None if row == 1 => Line::default(),
        None if progress.is_done => {
            let style = if progress.failed == 0 && progress.delivered > 0 { theme.good } else { theme.bad };
            Line::styled(progress.end.clone(), style)
        }
        None => {
            let sent = progress.delivered + progress.failed;
            Line::from(vec![
                Span::styled(format!("{sent} of {} sent: ", progress.total), theme.title),
                Span::styled(format!("{} delivered", progress.delivered), theme.good),
                Span::raw(", "),
                Span::styled(
                    format!("{} failed", progress.failed),
                    if progress.failed > 0 { theme.bad } else { theme.dim },
                ),
                Span::styled(if look.face == Face::Lines { "" } else { "   x cancels" }, theme.dim),
            ])
        }
        Some(place) => {
            progress.rows.iter().rev().nth(place).map_or_else(Line::default, |sent| sent_line(sent, columns, look))
        }
    }
}

fn sent_line(sent: &SentOfMany, columns: usize, look: &Look) -> Line<'static> {
    let (glyph, style) = if sent.is_delivered { ("✓", look.theme.good) } else { ("✗", look.theme.bad) };
    let status = sent.status.map_or_else(|| " – ".to_owned(), |status| status.to_string());
    let rest = format!("{:>10}  {}", shown(&sent.words), shown(&sent.target));
    Line::from(vec![
        Span::styled(format!("{} ", look.marked(glyph, &status)), style),
        Span::styled(format!("{:<7} ", shown(&sent.what)), look.theme.title),
        Span::raw(clip(&rest, columns.saturating_sub(14)).into_owned()),
    ])
}

fn attempt_line(attempt: &AttemptSummary, is_here: bool, columns: usize, look: &Look) -> Line<'static> {
    let (glyph, word, style) = if attempt.is_delivered() {
        ("✓", "Delivered", look.theme.good)
    } else {
        ("✗", "Failed   ", look.theme.bad)
    };
    let status = match &attempt.result {
        Ok(status) => status.to_string(),
        Err(failure) => shown(&failure.code),
    };
    let rest = |at: String| {
        let (latency, mode) = (short_latency(attempt.latency), attempt.mode.words());
        format!(" {status:<8} {latency:>7}  {mode}  {at}  {}", shown(&attempt.target))
    };
    let room = columns.saturating_sub(13);
    // Where it was sent tells attempts apart: the date gives way to it.
    let whole = rest(date_time(attempt.at, look));
    let rest = if whole.width() <= room { whole } else { rest(clock(attempt.at, look)) };
    let mark = if is_here { look.mark("▌") } else { look.mark(" ") };
    let line = Line::from(vec![
        Span::styled(mark, look.theme.info),
        Span::styled(look.marked(glyph, word), style),
        Span::raw(clip(&rest, room).into_owned()),
    ]);
    if is_here { line.style(look.theme.selected) } else { line }
}
