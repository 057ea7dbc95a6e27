//! Which part of the help is shown, and what is looked for in it.

use tui_input::{Input, InputRequest};

use crate::tui::one_line::paste_into;

/// The help, as it is looked at.
#[derive(Debug, Clone, Default)]
pub struct HelpView {
    /// The first line shown.
    pub first: usize,
    /// Whether the filter reference is shown, and not the keys.
    pub shows_filters: bool,
    /// Whether what is looked for is being typed.
    pub is_typing: bool,
    /// What is looked for, in keys and filters alike; empty for everything of one of them.
    pub search: Input,
}

impl HelpView {
    /// Edits what is looked for; what is found begins at the top.
    pub(crate) fn edit(&mut self, request: InputRequest) {
        if self.is_typing {
            self.search.handle(request);
            self.first = 0;
        }
    }

    /// Adds pasted text to what is looked for, as one line.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.is_typing {
            paste_into(&mut self.search, text);
            self.first = 0;
        }
    }

    /// What is looked for, without the space around it.
    #[must_use]
    pub fn wanted(&self) -> &str {
        self.search.value().trim()
    }

    /// Whether a line of the help is what is looked for: below `title`, `keys` or an atom of a filter, and `words`.
    #[must_use]
    pub fn finds(&self, title: &str, keys: &str, words: &str) -> bool {
        let mut characters = self.wanted().chars();
        if let (Some(_), None) = (characters.next(), characters.next()) {
            // A key by its letter, which would be in almost any words.
            return keys.split(' ').any(|key| key.trim_end_matches(',') == self.wanted());
        }
        let line = format!("{title} {keys} {words}").to_lowercase();
        self.wanted().to_lowercase().split_whitespace().all(|word| line.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looking_for(text: &str) -> HelpView {
        HelpView { search: Input::new(text.to_owned()), ..HelpView::default() }
    }

    #[test]
    fn a_letter_is_a_key_and_words_are_looked_for_in_any_order() {
        assert!(looking_for("R").finds("Anywhere", "R", "replay it …"));
        assert!(!looking_for("r").finds("Anywhere", "R", "replay it …"));
        assert!(!looking_for("e").finds("Anywhere", "R", "replay it …"));
        assert!(looking_for("k").finds("In a menu", "↑ k", "move up"));
        assert!(looking_for("Search PAYLOAD").finds("On the Payload tab", "/", "search the payload"));
        assert!(looking_for("pgdn").finds("In the list", "PgDn ^F", "page down"));
        assert!(looking_for(" ").finds("", "", ""));
        assert!(!looking_for("nonsense").finds("In the list", "PgDn", "page down"));
    }
}
