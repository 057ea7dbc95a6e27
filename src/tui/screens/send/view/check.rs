//! A check of a receiver: findings, the cases, and one case with all that is known of it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::WIDEST;
use crate::send::conformance::{CaseVerdict, CheckFinding, CheckOutcome, CheckRow, Observed, Remedy};
use crate::signature::Scheme;
use crate::text::{clip, counted, visible_bytes, wrap};
use crate::tui::pane::Drawn;
use crate::tui::screens::send::state::CheckView;
use crate::tui::theme::Look;
use crate::tui::widgets::{paragraph, put, short_latency, shown};
use crate::tui::window::window;

/// Columns of a case's name.
const NAME_COLUMNS: usize = 26;
/// Columns of a case's name in a narrow window.
const NARROW_NAME_COLUMNS: usize = 22;
/// The fewest columns of what was answered beside the time.
const SAID_COLUMNS: usize = 12;
/// Bytes of a response that are shown.
const SAID_BYTES: usize = 200;
/// Columns of what is expected.
const EXPECTED_COLUMNS: usize = 15;

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, check: &CheckView, look: &Look) -> Drawn {
    let title = format!("Check of {}", shown(&check.to));
    let area = window(frame, body, clip(&title, 100).as_ref(), WIDEST, usize::from(body.height), look);
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = usize::from(inside.width);
    if let Some(row) = check.rows.get(check.cursor).filter(|_| check.is_open) {
        let lines = details(check, row, columns, look);
        let rows = usize::from(inside.height);
        let first = check.scroll.min(lines.len().saturating_sub(rows));
        for (row, line) in (0..inside.height).zip(lines.iter().skip(first)) {
            put(frame, inside, row, line.clone());
        }
        return Drawn { rows, lines: lines.len(), ..Drawn::default() };
    }
    let mut head = summary(check, columns, look);
    // The cases keep at least a third of the screen.
    let most = usize::from(inside.height) * 2 / 3;
    if head.len() > most {
        let more = format!(
            "… {}: Enter on a failed case shows its remedy",
            counted((head.len() - most + 1) as u64, "more line")
        );
        head.truncate(most.saturating_sub(1));
        head.push(Line::styled(more, look.theme.dim));
    }
    head.push(headings(columns, look));
    let top = u16::try_from(head.len()).unwrap_or(u16::MAX).min(inside.height);
    for (row, line) in (0..).zip(head) {
        put(frame, inside, row, line);
    }
    let list = Rect { y: inside.y + top, height: inside.height - top, ..inside };
    let rows = usize::from(list.height);
    let lines = listed(check);
    // While the check runs, the newest rows are visible.
    let is_running = check.report.is_none() && check.cursor == 0;
    let chosen = lines.iter().position(|line| *line == CheckLine::Case(check.cursor)).unwrap_or_default();
    let first = (if is_running { lines.len() } else { chosen + 1 }).saturating_sub(rows);
    for (place, line) in (0..list.height).zip(lines.iter().skip(first)) {
        match line {
            CheckLine::Heading(heading, count) => {
                put(frame, list, place, Line::styled(format!("{heading} ({count})"), look.theme.dim));
            }
            CheckLine::Case(index) => put(frame, list, place, case(&check.rows[*index], columns, look)),
        }
        if *line == CheckLine::Case(check.cursor) {
            let row = Rect { y: list.y + place, height: 1, ..list };
            look.theme.highlight(frame.buffer_mut(), row, look.theme.selected);
        }
    }
    Drawn { rows, lines: check.rows.len(), ..Drawn::default() }
}

/// A line of the list of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckLine {
    /// What the cases below have in common, and how many they are.
    Heading(&'static str, usize),
    /// A case, by its place.
    Case(usize),
}

/// The cases, under headings once all have come back.
fn listed(check: &CheckView) -> Vec<CheckLine> {
    let is_done = matches!(check.report, Some(Ok(_)));
    let mut lines = Vec::with_capacity(check.rows.len() + CaseVerdict::ALL.len());
    let mut last = None;
    for (index, row) in check.rows.iter().enumerate() {
        if is_done && last != Some(row.mark) {
            let count = check.rows.iter().filter(|other| other.mark == row.mark).count();
            lines.push(CheckLine::Heading(row.mark.heading(), count));
            last = Some(row.mark);
        }
        lines.push(CheckLine::Case(index));
    }
    lines
}

/// A mark with its glyph, word and style.
fn mark(mark: CaseVerdict, look: &Look) -> (&'static str, &'static str, Style) {
    let theme = &look.theme;
    match mark {
        CaseVerdict::Pass => (mark.glyph(), "pass", theme.good),
        CaseVerdict::Fail => (mark.glyph(), "FAIL", theme.bad),
        CaseVerdict::Advice => (mark.glyph(), "note", theme.warn),
        CaseVerdict::Skipped => (mark.glyph(), "skip", theme.dim),
    }
}

fn summary(check: &CheckView, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut lines = Vec::new();
    match &check.report {
        None => {
            let total = if check.total == 0 { "…".to_owned() } else { check.total.to_string() };
            let failed = check.rows.iter().filter(|row| row.mark == CaseVerdict::Fail).count();
            let note = if check.note.is_empty() { String::new() } else { format!("; {}", check.note) };
            let words = format!("{} of {total} sent, {failed} failed; x cancels{note}", check.rows.len());
            lines.extend(paragraph(&words, theme.info, columns));
        }
        Some(Err(reason)) => {
            lines.extend(wrap(&shown(reason), columns).into_iter().map(|part| Line::styled(part, theme.bad)));
        }
        Some(Ok(report)) => {
            let counts = format!(
                "{} passed, {} failed, {}, {} not sent; y copies the report",
                report.count(CaseVerdict::Pass),
                report.count(CaseVerdict::Fail),
                counted(report.count(CaseVerdict::Advice) as u64, "note"),
                report.count(CaseVerdict::Skipped)
            );
            let (word, style) = match report.outcome() {
                CheckOutcome::Pass => ("✓ Passed".to_owned(), theme.good),
                CheckOutcome::Fail => ("✗ Failed".to_owned(), theme.bad),
                CheckOutcome::NoVerdict => (format!("! {}", report.verdict()), theme.warn),
            };
            if word.width() + 3 + counts.width() <= columns {
                lines
                    .push(Line::from(vec![Span::styled(format!("{word}   "), style), Span::styled(counts, theme.dim)]));
            } else {
                lines.extend(paragraph(&shown(&word), style, columns));
                lines.extend(paragraph(&counts, theme.dim, columns));
            }
            for finding in &report.findings {
                push_finding(finding, columns, look, &mut lines);
            }
        }
    }
    if !matches!(check.report, None | Some(Err(_))) {
        lines.push(Line::default());
    }
    lines
}

fn push_finding(finding: &CheckFinding, columns: usize, look: &Look, lines: &mut Vec<Line<'static>>) {
    let theme = &look.theme;
    let (glyph, style) = if finding.required { ("✗", theme.bad) } else { ("!", theme.warn) };
    let head = format!("{glyph} {}: {}", shown(&finding.title), shown(&finding.detail));
    let head = clip(&head, columns * 3).into_owned();
    lines.extend(wrap(&head, columns).into_iter().map(|part| Line::styled(part, style)));
    let mut put = |text: &str, style: Style| {
        let parts = wrap(&shown(text), columns.saturating_sub(4).max(8));
        lines.extend(parts.into_iter().map(|part| Line::styled(format!("    {part}"), style)));
    };
    put(&finding.remedy.fix, theme.text);
    if finding.required && !finding.remedy.code.is_empty() {
        put(&finding.remedy.code, theme.info);
    }
}

/// What the columns of the cases are.
fn headings(columns: usize, look: &Look) -> Line<'static> {
    let (before, time) = laid_out("case", "expected", "time", columns);
    Line::styled(format!("result {before}{time}received"), look.theme.dim)
}

/// A case up to what was answered, in its columns. In a narrow window the time gives way to the answer.
fn laid_out(name: &str, expected: &str, time: &str, columns: usize) -> (String, String) {
    let is_narrow = columns < 7 + NAME_COLUMNS + 1 + EXPECTED_COLUMNS + 1 + 8 + SAID_COLUMNS;
    let (names, time) = match is_narrow {
        true => (NARROW_NAME_COLUMNS, String::new()),
        false => (NAME_COLUMNS, format!("{time:>7} ")),
    };
    (format!("{:<names$} {expected:<EXPECTED_COLUMNS$} ", clip(name, names)), time)
}

fn case(row: &CheckRow, columns: usize, look: &Look) -> Line<'static> {
    let (glyph, word, style) = mark(row.mark, look);
    let time = row.came.latency().map(short_latency).unwrap_or_default();
    let (came, time) = laid_out(row.case.name, row.case.expect.words(), &time, columns);
    let room = columns.saturating_sub(7 + came.width() + time.width());
    let words = row.came.words();
    Line::from(vec![
        Span::styled(format!("{glyph} {word} "), style),
        Span::raw(came),
        Span::styled(time, look.theme.dim),
        Span::styled(clip(&shown(&words), room).into_owned(), style),
    ])
}

/// One case: what was sent, what was expected, what came, and what that means.
fn details(check: &CheckView, row: &CheckRow, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let (glyph, word, style) = mark(row.mark, look);
    let mut lines = Vec::new();
    let mut put = |name: &str, value: &str, style: Style| {
        for (index, part) in wrap(value, columns.saturating_sub(13).max(8)).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let name = Span::styled(format!("{name:<12} "), look.theme.dim);
            lines.push(Line::from(vec![name, Span::styled(part, style)]));
        }
    };
    put("case", row.case.name, theme.title);
    put("result", &format!("{glyph} {word}"), style);
    put("sent", &row.sends, theme.text);
    put("expected", row.case.expect.words(), theme.text);
    put("received", &shown(&row.came.words()), style);
    if let Some(latency) = row.came.latency() {
        put("latency", &short_latency(latency), theme.text);
    }
    if let Observed::Answer { said, .. } = &row.came {
        let begins = &said[..said.len().min(SAID_BYTES)];
        let said = if said.is_empty() { "(empty)".into() } else { visible_bytes(begins) };
        put("response", &said, theme.text);
    }
    if row.exchange.is_some() {
        put("Enter", "shows all bytes sent and received", theme.info);
    }
    if matches!(row.mark, CaseVerdict::Fail | CaseVerdict::Advice) {
        let report = check.report.as_ref().and_then(|report| report.as_ref().ok());
        let finding = report.and_then(|report| report.finding_of(row));
        let fault = finding.map_or(row.case.fault, |finding| finding.fault);
        let usual = || Remedy::of(fault, report.map_or(&Scheme::default(), |report| &report.scheme), None, "");
        let remedy = finding.map_or_else(usual, |finding| finding.remedy.clone());
        put("likely cause", &finding.map_or(fault.title().to_owned(), |finding| shown(&finding.title)), style);
        if let Some(mistake) = finding.and_then(|finding| finding.mistake.as_ref()) {
            put("seen", &shown(&mistake.words()), theme.text);
        }
        put("meaning", &remedy.means, theme.text);
        put("fix", &remedy.fix, theme.warn);
        if !remedy.code.is_empty() {
            put("example", &remedy.code, theme.info);
        }
    }
    lines
}
