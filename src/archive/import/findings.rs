//! What an import has to say beside what it keeps: what it passed over, and what it took though not all of it was there.

use serde_json::{Value, json};

/// Remarks of one kind that are kept in words; more are counted.
const WORDS_LIMIT: usize = 1000;

/// Something about one entry of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRemark {
    /// Which entry of the file, from 1.
    pub entry: u64,
    /// In words, of which foreign text may be a part: to be made visible before it is shown.
    pub words: String,
}

/// A number of remarks of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportRemarks {
    listed: Vec<ImportRemark>,
    count: u64,
}

impl ImportRemarks {
    /// Adds one.
    pub fn add(&mut self, entry: u64, words: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < WORDS_LIMIT {
            self.listed.push(ImportRemark { entry, words: words.into() });
        }
    }

    /// The first thousand of them.
    #[must_use]
    pub fn listed(&self) -> &[ImportRemark] {
        &self.listed
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// As documented in `docs/json.md`, the words under `name`.
    #[must_use]
    pub fn to_json(&self, name: &str) -> Vec<Value> {
        self.listed.iter().map(|remark| json!({"entry": remark.entry, name: remark.words})).collect()
    }
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportFindings {
    /// Deliveries that were handed over.
    pub deliveries: u64,
    /// Entries that are not requests, or not ones that could have been received.
    pub passed_over: ImportRemarks,
    /// What could not be kept of those that were handed over.
    pub remarks: ImportRemarks,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bounded_and_all_are_counted() {
        let mut remarks = ImportRemarks::default();
        (1..=1500).for_each(|entry| remarks.add(entry, "odd"));
        assert_eq!((remarks.count(), remarks.listed().len()), (1500, WORDS_LIMIT));
    }
}
