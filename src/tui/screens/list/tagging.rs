//! Several tags at once are several changes, and one message.

use crate::delivery::{DeliveryId, MarksEdit};
use crate::text::grouped;
use crate::tui::app::effect::Effect;

/// Changes of tags that were asked for together, as far as their outcomes have come.
#[derive(Debug, Default)]
pub(crate) struct Tagging {
    /// Outcomes that are still to come.
    left: usize,
    added: Vec<String>,
    removed: Vec<String>,
    /// What was to be removed, and was not there.
    absent: Vec<String>,
}

impl Tagging {
    /// Asks for these changes of the deliveries.
    pub(crate) fn begin(&mut self, ids: &[DeliveryId], edits: Vec<MarksEdit>) -> Vec<Effect> {
        self.left += edits.iter().filter(|edit| matches!(edit, MarksEdit::Tag(_) | MarksEdit::Untag(_))).count();
        edits.into_iter().map(|edit| Effect::Mark(ids.to_vec(), edit)).collect()
    }

    /// One of the changes is done, and has altered `changed` deliveries. Returns what to say once it was the last.
    pub(super) fn done(&mut self, ids: &[DeliveryId], edit: &MarksEdit, changed: usize) -> Option<String> {
        match edit {
            MarksEdit::Tag(tag) => self.added.push(tag.clone()),
            MarksEdit::Untag(tag) if changed == 0 => self.absent.push(tag.clone()),
            MarksEdit::Untag(tag) => self.removed.push(tag.clone()),
            _ => return None,
        }
        self.left = self.left.saturating_sub(1);
        (self.left == 0).then(|| std::mem::take(self).words(ids))
    }

    fn words(&self, ids: &[DeliveryId]) -> String {
        let of = match ids {
            [id] => format!("#{id}"),
            ids => format!("{} deliveries", grouped(ids.len() as u64)),
        };
        let list = |tags: &[String]| tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
        let (what, has) = (
            |tags: &[String]| if tags.len() == 1 { "tag" } else { "tags" },
            if ids.len() == 1 { "has" } else { "have" },
        );
        let parts = [
            (&self.added, format!("tagged {of} {}", list(&self.added))),
            (&self.removed, format!("removed the {} {} of {of}", what(&self.removed), list(&self.removed))),
            (&self.absent, format!("{of} {has} no {} {}", what(&self.absent), list(&self.absent))),
        ];
        parts.into_iter().filter(|(tags, _)| !tags.is_empty()).map(|(_, words)| words).collect::<Vec<_>>().join("; ")
    }
}
