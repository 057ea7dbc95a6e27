//! What a person adds to a delivery: a pin, a note, tags.

use std::collections::BTreeSet;

use crate::text::{counted, grouped};

/// The most tags that one delivery has.
pub const TAG_LIMIT: usize = 16;
/// The longest tag, in bytes.
pub const TAG_BYTES: usize = 40;
/// The longest note, in bytes.
pub const NOTE_BYTES: usize = 2000;
/// What a tag is made of.
const TAG_FORM: &str = "a tag is up to 40 letters, digits and . _ - / :";

/// Why a change of a delivery's marks is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarksLimit {
    /// The note exceeds the limit; its length in bytes.
    #[error("the note is too long: {}, and the limit is {}", counted(*.0 as u64, "byte"), counted(NOTE_BYTES as u64, "byte"))]
    Note(usize),
    /// It has as many tags as it may have.
    #[error("it has {TAG_LIMIT} tags, which is the limit: remove one first")]
    Tags,
    /// More tags at once than it may have; how many.
    #[error("{0} tags are too many: a delivery has at most {TAG_LIMIT}")]
    TagsAtOnce(usize),
}

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
    /// Removes tags, then adds others: all of it, or nothing.
    Retag {
        /// Those that go.
        remove: Vec<String>,
        /// Those that come.
        add: Vec<String>,
    },
    /// Several, one after the other: all of them, or nothing.
    Several(Vec<MarksEdit>),
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

    /// Applies a change.
    ///
    /// # Errors
    ///
    /// [`MarksLimit`] for a note of more than [`NOTE_BYTES`], or more than [`TAG_LIMIT`] tags: nothing is changed then.
    pub fn apply(&mut self, edit: &MarksEdit) -> Result<(), MarksLimit> {
        edit.check()?;
        match edit {
            MarksEdit::Pin(pinned) => self.pinned = *pinned,
            MarksEdit::Note(text) => self.note = note(text),
            MarksEdit::Tag(text) => self.retag(&[], std::slice::from_ref(text))?,
            MarksEdit::Untag(tag) => self.retag(std::slice::from_ref(tag), &[])?,
            MarksEdit::Retag { remove, add } => self.retag(remove, add)?,
            MarksEdit::Several(edits) => {
                let mut marks = self.clone();
                edits.iter().try_for_each(|edit| marks.apply(edit))?;
                *self = marks;
            }
            MarksEdit::Replace(marks) => *self = marks.clone().within_limits().0,
            MarksEdit::Delete(_) => {}
        }
        Ok(())
    }

    /// The limit is on what comes of it: one tag may take the place of another.
    fn retag(&mut self, remove: &[String], add: &[String]) -> Result<(), MarksLimit> {
        let mut tags: BTreeSet<String> = self.tags.iter().filter(|tag| !remove.contains(tag)).cloned().collect();
        let before = tags.len();
        tags.extend(add.iter().filter_map(|text| tag_of(text)));
        if tags.len() > TAG_LIMIT.max(before) {
            return Err(MarksLimit::Tags);
        }
        self.tags = tags.into_iter().collect();
        Ok(())
    }

    /// These marks as far as the limits and the form of tags allow, and what that leaves out, in words.
    #[must_use]
    pub fn within_limits(self) -> (Self, Vec<String>) {
        let mut left_out = Vec::new();
        let mut marks = Self { pinned: self.pinned, ..Self::default() };
        if let Some(text) = &self.note {
            let text = text.trim();
            let end = (0..=NOTE_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            marks.note = note(&text[..end]);
            if end < text.len() {
                let (kept, all) = (grouped(end as u64), counted(text.len() as u64, "byte"));
                left_out.push(format!("its note is cut: {kept} of {all} are kept"));
            }
        }
        let (mut invalid, mut surplus) = (0, 0);
        for text in self.tags {
            match tag_of(&text) {
                None => invalid += 1,
                Some(tag) => surplus += u64::from(marks.apply(&MarksEdit::Tag(tag)).is_err()),
            }
        }
        if invalid > 0 {
            left_out.push(format!("{} left out: {TAG_FORM}", counted(invalid, "invalid tag")));
        }
        if surplus > 0 {
            left_out.push(format!("{} left out: a delivery has at most {TAG_LIMIT}", counted(surplus, "tag")));
        }
        (marks, left_out)
    }
}

impl MarksEdit {
    /// Whether it is within the limits, whatever the delivery has.
    ///
    /// # Errors
    ///
    /// [`MarksLimit::Note`] for a note of more than [`NOTE_BYTES`], [`MarksLimit::TagsAtOnce`] for more than [`TAG_LIMIT`] tags.
    pub fn check(&self) -> Result<(), MarksLimit> {
        match self {
            Self::Note(text) if text.trim().len() > NOTE_BYTES => Err(MarksLimit::Note(text.trim().len())),
            Self::Retag { add, .. } => {
                match add.iter().filter_map(|text| tag_of(text)).collect::<BTreeSet<_>>().len() {
                    ..=TAG_LIMIT => Ok(()),
                    many => Err(MarksLimit::TagsAtOnce(many)),
                }
            }
            Self::Several(edits) => edits.iter().try_for_each(Self::check),
            _ => Ok(()),
        }
    }
}

/// A note as it is kept; `None` for an empty one.
fn note(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
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
                marks.apply(&MarksEdit::Tag(tag)).unwrap();
            }
        }
        assert_eq!(marks.tags, ["a", "b"]);
        let longest = format!(" {} ", "é".repeat(NOTE_BYTES / 2));
        marks.apply(&MarksEdit::Note(longest.clone())).unwrap();
        assert_eq!(marks.note.as_ref().map(String::len), Some(NOTE_BYTES));
        let refused = marks.apply(&MarksEdit::Note(longest + "!")).unwrap_err();
        assert_eq!(refused.to_string(), "the note is too long: 2,002 bytes, and the limit is 2,000 bytes");
        assert_eq!(marks.note.as_ref().map(String::len), Some(NOTE_BYTES), "as it was");
        marks.apply(&MarksEdit::Note("  ".to_owned())).unwrap();
        marks.apply(&MarksEdit::Untag("a".to_owned())).unwrap();
        marks.apply(&MarksEdit::Pin(true)).unwrap();
        assert_eq!(marks, Marks { pinned: true, note: None, tags: vec!["b".to_owned()] });
        for number in 1..TAG_LIMIT {
            marks.apply(&MarksEdit::Tag(format!("t{number}"))).unwrap();
        }
        assert_eq!(marks.apply(&MarksEdit::Tag("B".to_owned())), Ok(()), "which it has");
        let refused = marks.apply(&MarksEdit::Tag("one-more".to_owned())).unwrap_err();
        assert_eq!(refused.to_string(), "it has 16 tags, which is the limit: remove one first");
        assert_eq!(marks.tags.len(), TAG_LIMIT);

        // One may take the place of another, and what does not fit changes nothing.
        let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let retag = |remove: &[&str], add: &[&str]| MarksEdit::Retag { remove: named(remove), add: named(add) };
        let before = marks.clone();
        assert_eq!(marks.apply(&retag(&["b"], &["y", "z"])), Err(MarksLimit::Tags));
        assert_eq!(marks, before);
        marks.apply(&retag(&["b"], &["#Z", "z"])).unwrap();
        assert!(marks.tags.len() == TAG_LIMIT && marks.tags.contains(&"z".to_owned()));
        let many: Vec<String> = (0..=TAG_LIMIT).map(|number| format!("u{number}")).collect();
        let refused = MarksEdit::Retag { remove: Vec::new(), add: many }.check().unwrap_err();
        assert_eq!(refused.to_string(), "17 tags are too many: a delivery has at most 16");
    }

    #[test]
    fn what_others_wrote_down_is_taken_within_the_limits_and_the_rest_is_told() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let odd = Marks { pinned: true, note: Some(" a ".into()), tags: tags(&["z", "bad tag", "a", "A"]) };
        let (marks, left_out) = odd.within_limits();
        assert_eq!(marks, Marks { pinned: true, note: Some("a".into()), tags: tags(&["a", "z"]) });
        assert_eq!(left_out, ["1 invalid tag left out: a tag is up to 40 letters, digits and . _ - / :"]);
        let many = Marks { note: Some("ż".repeat(5000)), tags: (0..18).map(|n| format!("t{n}")).collect(), ..marks };
        let (marks, left_out) = many.within_limits();
        assert_eq!((marks.note.unwrap().len(), marks.tags.len()), (NOTE_BYTES, TAG_LIMIT));
        assert_eq!(
            left_out,
            ["its note is cut: 2,000 of 10,000 bytes are kept", "2 tags left out: a delivery has at most 16"]
        );
    }
}
