//! All rows one after another, uncut, to a writer.

use std::io;

use super::line::{PrettyLine, tokens};
use super::{INDENT_LIMIT, Note, NumberedNote, Pretty};
use crate::text;

const SPACES: [u8; INDENT_LIMIT * 2] = [b' '; INDENT_LIMIT * 2];

impl Pretty {
    /// Writes every row as a line of visible text: what [`Pretty::line_within`] shows of it without any limit of
    /// columns. Holds no more than a piece of a token.
    ///
    /// # Errors
    ///
    /// What `out` fails with.
    pub fn write_lines(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut notes = &self.notes[..];
        let mut rows = self.outline.from(0).enumerate().peekable();
        while let Some((index, row)) = rows.next() {
            let end = rows.peek().map_or(self.body.len(), |(_, next)| next.start as usize);
            let own = notes.iter().take_while(|(row, _)| *row as usize == index).count();
            let (own, later) = notes.split_at(own);
            notes = later;
            out.write_all(&SPACES[..(row.depth as usize).min(INDENT_LIMIT) * 2])?;
            self.write_tokens(out, row.start as usize..end, own)?;
            if self.is_duplicate(index) {
                out.write_all(b" (duplicate key)")?;
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn write_tokens(
        &self,
        out: &mut dyn io::Write,
        span: std::ops::Range<usize>,
        notes: &[NumberedNote],
    ) -> io::Result<()> {
        for token in tokens(&self.body, span, notes) {
            let raw = &self.body[token.clone()];
            let mut own = notes.iter().map(|(_, note)| note);
            if let Some(Note::Binary { summary, .. }) = own.find(|note| note.range().start == token.start) {
                let mut line = PrettyLine::default();
                line.push_binary(raw, token.start, summary, usize::MAX);
                write!(out, "{line}")?;
                continue;
            }
            for piece in text::pieces(raw) {
                out.write_all(text::visible_bytes(piece).as_bytes())?;
            }
            if raw == b":" {
                out.write_all(b" ")?;
            }
        }
        Ok(())
    }
}
