//! Marks that another process has changed through the listener.

use crate::delivery::{DeliveryId, MarksEdit};
use crate::text::grouped;

/// A change of marks that is on disk.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MarkedElsewhere {
    /// The deliveries that it was meant for.
    pub ids: Vec<DeliveryId>,
    /// What was done.
    pub edit: MarksEdit,
    /// How many of them are different now.
    pub changed: usize,
}

impl MarkedElsewhere {
    /// What was done, as a sentence's end: `pinned #7`. The text of a note is not in it.
    #[must_use]
    pub fn words(&self) -> String {
        marked_words(&self.edit, &self.ids)
    }
}

/// What was done with deliveries, such as `tagged 12 deliveries #odd`.
#[must_use]
pub fn marked_words(edit: &MarksEdit, ids: &[DeliveryId]) -> String {
    let what = match ids {
        [id] => format!("#{id}"),
        ids => format!("{} deliveries", grouped(ids.len() as u64)),
    };
    match edit {
        MarksEdit::Pin(true) => format!("pinned {what}: kept when others are pruned"),
        MarksEdit::Pin(false) => format!("unpinned {what}"),
        MarksEdit::Note(text) if text.trim().is_empty() => format!("removed the note of {what}"),
        MarksEdit::Note(_) => format!("noted on {what}"),
        MarksEdit::Tag(tag) => format!("tagged {what} #{tag}"),
        MarksEdit::Untag(tag) => format!("removed the tag #{tag} of {what}"),
        MarksEdit::Retag { remove, add } => {
            let removed = remove.iter().map(|tag| format!("removed the tag #{tag} of {what}"));
            let added = add.iter().map(|tag| format!("tagged {what} #{tag}"));
            added.chain(removed).collect::<Vec<_>>().join("; ")
        }
        MarksEdit::Several(edits) => edits.iter().map(|edit| marked_words(edit, ids)).collect::<Vec<_>>().join("; "),
        MarksEdit::Replace(_) => format!("changed {what}"),
        MarksEdit::Delete(true) => format!("deleted {what}"),
        MarksEdit::Delete(false) => format!("brought back {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_without_the_text_of_a_note() {
        let words = |edit, ids: &[i64]| {
            let ids = ids.iter().copied().map(DeliveryId).collect();
            MarkedElsewhere { ids, edit, changed: 1 }.words()
        };
        assert_eq!(words(MarksEdit::Note("ask them".to_owned()), &[7]), "noted on #7");
        assert_eq!(words(MarksEdit::Note("  ".to_owned()), &[7]), "removed the note of #7");
        assert_eq!(words(MarksEdit::Tag("odd".to_owned()), &[7, 8]), "tagged 2 deliveries #odd");
        let many: Vec<i64> = (1..=1234).collect();
        assert_eq!(words(MarksEdit::Delete(true), &many), "deleted 1,234 deliveries");
        assert_eq!(words(MarksEdit::Delete(false), &[3]), "brought back #3");
    }
}
