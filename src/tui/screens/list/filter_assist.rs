//! What helps with a filter that is being typed.

use crate::query::{Completion, KnownValues, QueryError, SavedFilters, complete};

/// What helps with the filter that is being typed.
#[derive(Debug, Default)]
pub struct FilterAssist {
    /// What could stand at the cursor.
    pub completion: Option<Completion>,
    /// The suggestion that is in the text.
    pub chosen: Option<usize>,
    /// What is wrong with the text.
    pub problem: Option<QueryError>,
    /// Which filter of before is in the text, counted from the latest.
    pub(super) recalled: Option<usize>,
    /// What was typed before the first of those.
    pub(super) draft: String,
    /// The text without the suggestion, and where it goes.
    pub(super) base: Option<(String, usize)>,
}

impl FilterAssist {
    /// What could stand at the cursor of `prompt`.
    pub(super) fn suggest(&mut self, text: &str, cursor: usize, known: &KnownValues, saved: &SavedFilters) {
        self.completion = Some(complete(text, cursor, known, saved)).filter(|found| !found.suggestions.is_empty());
        (self.chosen, self.base) = (None, None);
    }
}
