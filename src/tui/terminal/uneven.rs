//! Graphemes of which terminals do not agree how many columns they take.
//!
//! A flag, an Indic conjunct or a letter with a vowel sign is several code points. One terminal gives it the columns that
//! Unicode says, another a cell or two for each code point. What the difference of two frames leaves alone, because it
//! should be there already, may then be somewhere else or covered. So a row that has such a grapheme, or had one, is
//! emptied and written whole whenever it changes, and after each of them the cursor is put where it belongs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType as Erased};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Position, Size};

/// From here on there are emoji, more with each version of Unicode: an older terminal knows another width.
const EMOJI: char = '\u{1f000}';

/// Whether terminals may disagree about the columns of what is in a cell.
fn is_uneven(symbol: &str) -> bool {
    if symbol.len() == 1 {
        return false;
    }
    let mut characters = symbol.chars();
    let first = characters.next();
    characters.next().is_some() || first.is_some_and(|character| character >= EMOJI)
}

/// Whether a cell holds what is no text: a picture in a terminal's own graphics, which emptying its row would remove.
fn is_picture(cell: &Cell) -> bool {
    cell.diff_option == CellDiffOption::Skip || cell.symbol().starts_with('\u{1b}')
}

/// The rows of the last frame that had such a grapheme.
#[derive(Debug, Default)]
pub(crate) struct UnevenRows(BTreeMap<u16, Vec<Cell>>);

impl UnevenRows {
    /// Takes in a frame, and marks the rows of it that have to be written whole.
    pub(crate) fn take_in(&mut self, frame: &mut Buffer) {
        let width = usize::from(frame.area.width).max(1);
        let mut rows = BTreeMap::new();
        for (y, cells) in (0..).zip(frame.content.chunks_mut(width)) {
            let is_uneven = cells.iter().any(|cell| is_uneven(cell.symbol()));
            let before = self.0.get(&y);
            if (!is_uneven && before.is_none()) || cells.iter().any(is_picture) {
                continue;
            }
            let has_changed = before.is_none_or(|before| before[..] != *cells);
            if is_uneven {
                rows.insert(y, cells.to_vec());
            }
            if has_changed {
                for cell in cells {
                    cell.set_diff_option(CellDiffOption::AlwaysUpdate);
                }
            }
        }
        self.0 = rows;
    }
}

/// A terminal on which marked rows are emptied before they are written.
#[derive(Debug)]
pub(crate) struct EvenBackend<W: Write>(CrosstermBackend<W>);

impl<W: Write> EvenBackend<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self(CrosstermBackend::new(writer))
    }

    fn empty(&mut self, row: u16) -> io::Result<()> {
        queue!(self.0, SetAttribute(Attribute::Reset), MoveTo(0, row), Clear(Erased::CurrentLine))
    }
}

impl<W: Write> Backend for EvenBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut emptied = None;
        let mut run: Vec<(u16, u16, &Cell)> = Vec::new();
        for (x, y, cell) in content {
            if cell.diff_option == CellDiffOption::AlwaysUpdate && emptied != Some(y) {
                self.0.draw(run.drain(..))?;
                self.empty(y)?;
                emptied = Some(y);
            }
            run.push((x, y, cell));
            if is_uneven(cell.symbol()) {
                // What follows begins by saying where it is.
                self.0.draw(run.drain(..))?;
            }
        }
        self.0.draw(run.into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.0.clear_region(clear_type)
    }

    fn append_lines(&mut self, lines: u16) -> io::Result<()> {
        self.0.append_lines(lines)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::text::visible;

    const COLUMNS: u16 = 24;
    const ROWS: u16 = 3;

    /// A terminal that gives every code point columns of its own, which Unicode does not, and does not wrap.
    struct OddTerminal {
        cells: Vec<Vec<char>>,
        columns: usize,
        at: (usize, usize),
    }

    impl OddTerminal {
        fn new(columns: usize) -> Self {
            let row = vec![' '; usize::from(COLUMNS)];
            Self { cells: vec![row; usize::from(ROWS)], columns, at: (0, 0) }
        }

        /// Takes in the text and the few sequences that are used.
        fn take(&mut self, written: &str) {
            let mut rest = written.chars();
            while let Some(character) = rest.next() {
                if character != '\u{1b}' {
                    self.print(character);
                    continue;
                }
                rest.next();
                let mut digits = String::new();
                let end = rest.by_ref().find(|character| {
                    digits.push(*character);
                    character.is_ascii_alphabetic()
                });
                match end {
                    Some('H') => {
                        let mut numbers = digits.trim_end_matches('H').split(';').map(|n| n.parse::<usize>().unwrap());
                        let (row, column) = (numbers.next().unwrap(), numbers.next().unwrap());
                        self.at = (column - 1, row - 1);
                    }
                    Some('K') => self.cells[self.at.1].fill(' '),
                    _ => {}
                }
            }
        }

        fn print(&mut self, character: char) {
            let columns = if character.is_ascii() { 1 } else { self.columns };
            for step in 0..columns {
                if let Some(cell) = self.cells[self.at.1].get_mut(self.at.0) {
                    *cell = if step == 0 { character } else { '_' };
                }
                // Without wrapping the cursor stays in the last column.
                self.at.0 = (self.at.0 + 1).min(usize::from(COLUMNS));
            }
        }
    }

    fn frame(rows: &[String]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS));
        for (y, row) in (0..ROWS).zip(rows) {
            buffer.set_stringn(0, y, visible(row), usize::from(COLUMNS), Style::new());
        }
        buffer
    }

    /// What an odd terminal shows after these frames, one after the other.
    fn shown(frames: &[&[String]], columns: usize) -> Vec<Vec<char>> {
        let mut terminal = OddTerminal::new(columns);
        let mut uneven = UnevenRows::default();
        let mut last = Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS));
        for rows in frames {
            let mut next = frame(rows);
            uneven.take_in(&mut next);
            let mut written = Vec::new();
            EvenBackend::new(&mut written).draw(last.diff(&next).into_iter()).unwrap();
            terminal.take(&String::from_utf8(written).unwrap());
            last = next;
        }
        terminal.cells
    }

    fn rows(rows: &[&str]) -> Vec<String> {
        rows.iter().map(|row| (*row).to_owned()).collect()
    }

    #[test]
    fn what_was_shown_leaves_nothing_behind() {
        let flags = rows(&["a 🇩🇪🇫🇷🇮🇹.flags b", "क्षत्रिय.hindi", "நி.tamil c"]);
        let plain = rows(&["a b c d", "e", ""]);
        let moved = rows(&["नि x", "a 🇩🇪🇫🇷🇮🇹.flags b", "👩🏽 y"]);
        for columns in 1..=2 {
            for (one, other) in [(&flags, &plain), (&flags, &moved), (&moved, &flags), (&plain, &moved)] {
                assert_eq!(shown(&[one, other], columns), shown(&[other], columns), "{one:?} {other:?} {columns}");
            }
        }
    }

    #[test]
    fn a_row_that_stays_is_not_written_again() {
        let mut uneven = UnevenRows::default();
        let of = || frame(&rows(&["🇩🇪 a"]));
        uneven.take_in(&mut of());
        let mut again = of();
        uneven.take_in(&mut again);
        assert!(again.content.iter().all(|cell| cell.diff_option == CellDiffOption::None));
        // Nor is a row of letters that every terminal knows.
        let mut plain = frame(&rows(&["日本 café"]));
        uneven.take_in(&mut plain);
        assert!(plain.content.iter().skip(usize::from(COLUMNS)).all(|cell| cell.diff_option == CellDiffOption::None));
    }

    fn any_rows() -> impl Strategy<Value = Vec<String>> {
        let part = proptest::sample::select(vec!["a", " ", "🇩🇪", "क्षत्रिय", "நி", "日", "👍🏽", "e\u{301}", "ไทย", "bc"]);
        let row = proptest::collection::vec(part, 0..14).prop_map(|parts| parts.concat());
        proptest::collection::vec(row, 3)
    }

    proptest! {
        /// Whatever was there before, the screen is what it would be if nothing had been.
        #[test]
        fn no_frame_shows_through_another(one in any_rows(), two in any_rows(), three in any_rows(), columns in 1_usize..=2) {
            let before: Vec<Vec<String>> = vec![one, two];
            let frames: Vec<&[String]> = before.iter().map(|rows| &rows[..]).chain([&three[..]]).collect();
            let fresh = shown(&[&three], columns);
            let after = shown(&frames, columns);
            // CJK and accents are left to the difference of the frames, which counts as all terminals do.
            let is_odd = |row: &String| !row.contains('日') && !row.contains('ไ');
            for (y, _) in three.iter().enumerate().filter(|(y, row)| is_odd(row) && before.iter().all(|rows| is_odd(&rows[*y]))) {
                prop_assert_eq!(&after[y], &fresh[y]);
            }
        }
    }
}
