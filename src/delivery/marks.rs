//! What a person adds to a delivery: a pin, a note, tags.

/// The most tags that one delivery has.
pub const TAG_LIMIT: usize = 16;
/// The longest tag, in bytes.
pub const TAG_BYTES: usize = 40;
/// The longest note, in bytes.
pub const NOTE_BYTES: usize = 2000;

/// What a person has added to a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Marks {
    /// Whether it is kept when others are pruned.
    pub pinned: bool,
    /// A remark, never empty.
    pub note: Option<String>,
    /// Sorted, each once.
    pub tags: Vec<String>,
}

/// One change of a delivery's marks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MarksEdit {
    /// Pins it, or takes the pin away.
    Pin(bool),
    /// Replaces the note; an empty text removes it.
    Note(String),
    /// Adds a tag.
    Tag(String),
    /// Removes a tag.
    Untag(String),
    /// Replaces all of them.
    Replace(Marks),
    /// Hides it until it is removed for good, or shows it again.
    Delete(bool),
}

impl Marks {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Applies a change. Beyond [`TAG_LIMIT`] tags nothing is added; a note is cut at [`NOTE_BYTES`].
    pub fn apply(&mut self, edit: &MarksEdit) {
        match edit {
            MarksEdit::Pin(pinned) => self.pinned = *pinned,
            MarksEdit::Note(text) => self.note = note(text),
            MarksEdit::Tag(tag) => {
                if let (Err(place), Some(tag), true) =
                    (self.tags.binary_search(tag), tag_of(tag), self.tags.len() < TAG_LIMIT)
                {
                    self.tags.insert(place, tag);
                }
            }
            MarksEdit::Untag(tag) => self.tags.retain(|own| own != tag),
            MarksEdit::Replace(marks) => {
                *self = Self { pinned: marks.pinned, note: marks.note.as_deref().and_then(note), tags: Vec::new() };
                marks.tags.iter().for_each(|tag| self.apply(&MarksEdit::Tag(tag.clone())));
            }
            MarksEdit::Delete(_) => {}
        }
    }
}

/// A note as it is kept; `None` for an empty one.
fn note(text: &str) -> Option<String> {
    let text = text.trim();
    let end = (0..=NOTE_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    (end > 0).then(|| text[..end].to_owned())
}

/// `text` as a tag: letters, digits, `.`, `_`, `-`, `/` and `:`, in lower case; `None` when it is not one.
#[must_use]
pub fn tag_of(text: &str) -> Option<String> {
    let is_plain = |character: char| character.is_alphanumeric() || "._-/:".contains(character);
    let tag = text.trim().trim_start_matches('#').to_lowercase();
    (!tag.is_empty() && tag.len() <= TAG_BYTES && tag.chars().all(is_plain)).then_some(tag)
}

/// The codes in [`super::Summary::cause`].
pub fn cause_codes(cause: &str) -> impl Iterator<Item = &str> {
    cause.split('+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_keep_marks_within_their_bounds() {
        let mut marks = Marks::default();
        for tag in ["B", "#a", "b", "not a tag", ""] {
            if let Some(tag) = tag_of(tag) {
                marks.apply(&MarksEdit::Tag(tag));
            }
        }
        assert_eq!(marks.tags, ["a", "b"]);
        marks.apply(&MarksEdit::Note(format!(" {} ", "é".repeat(NOTE_BYTES))));
        assert_eq!(marks.note.as_ref().map(String::len), Some(NOTE_BYTES));
        marks.apply(&MarksEdit::Note("  ".to_owned()));
        marks.apply(&MarksEdit::Untag("a".to_owned()));
        marks.apply(&MarksEdit::Pin(true));
        assert_eq!(marks, Marks { pinned: true, note: None, tags: vec!["b".to_owned()] });
        for number in 0..40 {
            marks.apply(&MarksEdit::Tag(format!("t{number}")));
        }
        assert_eq!(marks.tags.len(), TAG_LIMIT);
        let odd = Marks { tags: vec!["z".into(), "bad tag".into(), "a".into(), "a".into()], ..marks };
        let mut replaced = Marks::default();
        replaced.apply(&MarksEdit::Replace(odd));
        assert_eq!(replaced.tags, ["a", "z"]);
    }
}
