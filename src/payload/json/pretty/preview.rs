//! A folded object or array in one row: how much is in it, and how it begins.

use unicode_width::UnicodeWidthStr as _;

use super::line::{LinePiece, PieceKind, PrettyLine};
use super::{Pretty, token_end};
use crate::payload::json::scan::skip_space;
use crate::text::{self, grouped};

/// The widest that one member's value is shown.
const VALUE_COLUMNS: usize = 24;

impl Pretty {
    /// The row of a folded object or array: its key, `{…}` or `[…]`, how much it holds, and its first
    /// members as far as `columns` go.
    #[must_use]
    pub fn folded_line(&self, index: usize, columns: usize) -> PrettyLine<'_> {
        let mut line = self.line_within(index, columns / 2);
        let is_object = self.bracket(index) == Some(b'{');
        // The opening bracket is the row's last token.
        line.pieces.retain(|piece| piece.kind != PieceKind::Note);
        if let Some(bracket) = line.pieces.last_mut() {
            bracket.text = if is_object { "{…}" } else { "[…]" }.into();
        }
        let count = self.child_count(index) as u64;
        let noun = match (is_object, count) {
            (true, 1) => "key",
            (true, _) => "keys",
            (false, 1) => "item",
            (false, _) => "items",
        };
        let note = |text| LinePiece { kind: PieceKind::Note, text, at: None };
        line.pieces.push(note(format!(" {} {noun}", grouped(count)).into()));
        if self.is_duplicate(index) {
            line.pieces.push(note(" (duplicate key)".into()));
        }
        let used: usize = line.pieces.iter().map(|piece| piece.text.width()).sum();
        let preview = self.preview(index, columns.saturating_sub(used + 2));
        if !preview.is_empty() {
            line.pieces.push(note(format!("  {preview}").into()));
        }
        line
    }

    /// The first members of what opens on a row, in at most `columns`.
    fn preview(&self, index: usize, columns: usize) -> String {
        let mut shown = String::new();
        let mut child = self.first_child(index);
        while let Some(row) = child {
            if !shown.is_empty() {
                shown.push_str(", ");
            }
            if let Some(key) = self.key(row) {
                // Without its quotation marks: this is a remark, not the body.
                let key = &self.body[key.start + 1..key.end - 1];
                shown.push_str(&short(key, VALUE_COLUMNS));
                shown.push_str(": ");
            }
            shown.push_str(&self.short_value(row));
            if shown.width() > columns {
                break;
            }
            child = self.next_sibling(row);
        }
        if columns < 4 { String::new() } else { text::clip(&shown, columns).into_owned() }
    }

    fn short_value(&self, row: usize) -> String {
        if self.binary(row).is_some() {
            return "⟨binary⟩".to_owned();
        }
        match self.value_range_start(row).map(|start| (start, self.body[start])) {
            Some((start, bracket @ (b'{' | b'['))) => {
                let inside = skip_space(&self.body, start + 1);
                let is_empty = matches!(self.body.get(inside), Some(b'}' | b']'));
                match (bracket, is_empty) {
                    (b'{', true) => "{}",
                    (b'{', false) => "{…}",
                    (_, true) => "[]",
                    (_, false) => "[…]",
                }
                .to_owned()
            }
            Some((start, _)) => {
                let end = token_end(&self.body, self.notes(row), start).unwrap_or(start);
                short(&self.body[start..end], VALUE_COLUMNS)
            }
            None => String::new(),
        }
    }
}

/// The beginning of a token, visible.
fn short(token: &[u8], columns: usize) -> String {
    let head = super::line::head(token, columns);
    let shown = text::visible_bytes(head);
    if head.len() == token.len() {
        return text::clip(&shown, columns).into_owned();
    }
    text::clip(&format!("{shown}…"), columns).into_owned()
}
