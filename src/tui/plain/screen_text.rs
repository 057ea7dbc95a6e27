//! What the interface would draw, as lines of text: it is drawn into memory, and read off without what only draws.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::tui::app::action::Tab;
use crate::tui::app::model::Model;
use crate::tui::app::overlay;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::viewport::Viewport;
use crate::tui::pane::Drawn;
use crate::tui::screens::details;
use crate::tui::theme::Look;

/// Columns that are drawn: a terminal wraps what is longer than its own lines.
const COLUMNS: u16 = 120;
/// Rows that are drawn at once; what follows is printed on demand.
pub(super) const ROWS: u16 = 200;
/// Rows of an overlay.
const OVERLAY_ROWS: u16 = 400;
/// Rows above a tab's text: the tabs' titles and a line.
const TITLE_ROWS: usize = 2;

/// What scrolling knows in the plain face, which draws no panes.
pub(super) fn viewport() -> Viewport {
    Viewport {
        list_rows: 20,
        detail_rows: ROWS.into(),
        detail_columns: usize::from(COLUMNS) - 2,
        overlay_rows: OVERLAY_ROWS.into(),
        ..Viewport::default()
    }
}

/// The shown tab from the row on to which it is scrolled, and how many rows there are in all.
pub(super) fn of_tab(model: &Model, look: &Look) -> (Vec<String>, usize) {
    let mut drawn = Drawn::default();
    let height = ROWS + u16::try_from(TITLE_ROWS).unwrap_or(0);
    let buffer = draw(height, |frame| drawn = details::view::draw(frame, frame.area(), model, look));
    // The last column holds the scroll bar.
    let lines = read(&buffer, TITLE_ROWS, COLUMNS - 1);
    let is_as_sent = matches!(model.tab, Tab::Payload | Tab::Headers | Tab::Raw);
    (if is_as_sent { lines } else { lines.iter().map(|line| in_words(line)).collect() }, drawn.lines)
}

/// What lies over the panes.
pub(super) fn of_overlay(model: &Model, overlay: &Overlay, look: &Look) -> Vec<String> {
    let buffer = draw(OVERLAY_ROWS, |frame| {
        overlay::view::draw(frame, frame.area(), overlay, model, look);
    });
    unindented(read(&buffer, 0, COLUMNS))
}

/// The lines without the indentation that all of them have.
fn unindented(lines: Vec<String>) -> Vec<String> {
    let indent = |line: &String| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    lines.into_iter().map(|line| line.get(common..).unwrap_or_default().to_owned()).collect()
}

fn draw(rows: u16, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> Buffer {
    // Nothing can fail in memory.
    let Ok(mut terminal) = Terminal::new(TestBackend::new(COLUMNS, rows));
    let Ok(_) = terminal.draw(draw);
    terminal.backend().buffer().clone()
}

/// The rows from `first` on; of several empty ones in a row, one.
fn read(buffer: &Buffer, first: usize, columns: u16) -> Vec<String> {
    let area = buffer.area;
    let mut lines: Vec<String> = Vec::new();
    for y in (area.y..area.bottom()).skip(first) {
        let line = row(buffer, Rect { y, height: 1, width: columns, ..area });
        let is_second = line.is_empty() && lines.last().is_none_or(String::is_empty);
        if !is_second {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn row(buffer: &Buffer, area: Rect) -> String {
    let mut text = String::new();
    let mut x = area.x;
    while x < area.right() {
        let symbol = buffer[(x, area.y)].symbol();
        text.push_str(symbol);
        x += u16::try_from(symbol.width().max(1)).unwrap_or(1);
    }
    undrawn(&text)
}

/// The text without what only draws, and without the room that was made for it.
pub(super) fn undrawn(text: &str) -> String {
    let kept: String = text.chars().map(|character| if is_drawing(character) { ' ' } else { character }).collect();
    let indent = kept.len() - kept.trim_start().len();
    // One column was the frame's or the pane's.
    kept[indent.min(1)..].trim_end().to_owned()
}

/// Lines, blocks, marks and dots: each stands beside a word that says the same.
pub(super) fn is_drawing(character: char) -> bool {
    matches!(character,
        '\u{2500}'..='\u{25ff}' | '\u{2600}'..='\u{27bf}' | '\u{2800}'..='\u{28ff}' | '\u{1fb00}'..='\u{1fbff}'
        | '‼' | '∅' | '≠' | '↩' | '↻' | '↑' | '↓' | '⏎' | '•' | '\u{1f300}'..='\u{1faff}')
}

/// What the interface says of keys, and what to enter here instead.
const HINTS: &[(&str, &str)] = &[
    ("2 shows the fix and the evidence", "why shows the fix and the evidence"),
    ("; O adopts the scheme for this run", "; adopt uses the scheme for this run"),
    ("O adopts another sender's scheme for this run, from those that fit.", "adopt lists the schemes that fit."),
    ("O takes it back.", "adopt configured takes it back."),
    ("Press s to enter the webhook's secret for this run", "Enter secret to give the webhook's secret for this run"),
    ("press s to", "enter secret to"),
    ("; e reveals it", "; reveal shows it"),
    ("; e hides it", "; reveal hides it"),
    ("; d tries", "; deeper tries"),
    ("; d searches deeper", "; deeper searches on"),
    ("   x stops", ""),
    ("c takes the digest or log line", "compare takes the digest or log line"),
    ("P shows the result", "last shows the result"),
    ("P shows it, x cancels it", "last shows it, cancel cancels it"),
    (": x stops it", ": cancel stops it"),
    (": R replays it", ": replay sends it again"),
    ("T sends a test event", "test sends a test event"),
    ("y copies the local URL", "copy local url copies the local URL"),
    ("X drop", "drop"),
    ("L let it go", "release"),
    (": r shows them, s there saves them.", ": rules lists them, rules save saves them."),
    ("tab Image", "image"),
];

/// A message or line of ours with commands in place of keys.
pub(super) fn in_words(text: &str) -> String {
    HINTS.iter().fold(text.to_owned(), |text, (key, words)| text.replace(key, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_draws_is_left_out_and_text_is_not() {
        assert_eq!(undrawn(" ✗ signature mismatch   ┃"), "  signature mismatch");
        assert_eq!(undrawn("│ a ─ b │"), " a   b");
        assert_eq!(undrawn("{\"é\": \"日本␊ → x\"}"), "{\"é\": \"日本␊ → x\"}");
        assert_eq!(undrawn("   "), "");
    }

    #[test]
    fn what_all_lines_are_indented_by_is_left_out() {
        let lines = ["  a", "", "    b"].map(str::to_owned).to_vec();
        assert_eq!(unindented(lines), ["a", "", "  b"]);
    }

    #[test]
    fn no_hint_names_a_key_twice() {
        for (key, words) in HINTS {
            assert_eq!(in_words(key), *words);
        }
    }

    #[test]
    fn wide_characters_take_no_room_of_their_own() {
        let buffer = Buffer::with_lines(["日本 ok", "", "", "b"]);
        assert_eq!(read(&buffer, 0, 7), ["日本 ok", "", "b"]);
    }
}
