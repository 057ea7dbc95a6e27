//! Copying and printing something of a delivery.

use crate::text::visible;
use crate::tui::app::action::Tab;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{CopyItem, CopyWhole};
use crate::tui::app::overlay::update::copy_item;
use crate::tui::plain::conversation::Conversation;
use crate::tui::plain::words::CopyTo;

impl Conversation {
    /// Copies what `what` names of the selected delivery, or lists what there is.
    pub(in crate::tui::plain) fn copy(&mut self, model: &mut Model, what: &str, to: CopyTo) {
        // Every item of the delivery, whichever tab was shown last; the cursor of the payload is not to be seen.
        model.tab = Tab::Overview;
        let items = model.copy_items();
        if what.is_empty() {
            let names: Vec<&str> = items.iter().map(|item| named(item)).collect();
            return self.say(&format!("what can be copied: {}", names.join(", ")));
        }
        let is_meant = |item: &&CopyItem| what.split_whitespace().all(|word| item.what.to_lowercase().contains(word));
        let exact = items.iter().find(|item| named(item).eq_ignore_ascii_case(what));
        let Some(item) = exact.or_else(|| items.iter().find(is_meant)).cloned() else {
            let names: Vec<&str> = items.iter().map(|item| named(item)).collect();
            return self.say(&format!("nothing named '{}': expected {}", visible(what), names.join(", ")));
        };
        // Made only once it is copied.
        let is_unmade = matches!(item.whole, Some(CopyWhole::Image(_) | CopyWhole::Redacted(_)));
        if to == CopyTo::Clipboard || is_unmade {
            let effects = copy_item(model, Some(item));
            self.effects.extend(effects);
            return;
        }
        let text = model.copy_text(&item);
        self.lines.extend(text.lines().map(|line| visible(line).into_owned()));
    }
}

fn named(item: &CopyItem) -> &'static str {
    item.what.trim_start_matches("the ").trim_start_matches("as ")
}
