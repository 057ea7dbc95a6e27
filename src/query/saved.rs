//! Filters that have a name: `@broken` stands for the filter saved as `broken`.

use std::collections::BTreeMap;

use super::{Query, QueryError};

/// The longest name, in bytes.
const NAME_BYTES: usize = 40;

/// Filters by name, each of which can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedFilters(BTreeMap<String, String>);

impl SavedFilters {
    /// Checks and takes in filters. They may use each other.
    ///
    /// # Errors
    ///
    /// The name of the first that cannot be read, and why.
    pub fn new(filters: impl IntoIterator<Item = (String, String)>) -> Result<Self, (String, QueryError)> {
        let saved = Self(filters.into_iter().collect());
        for (name, text) in &saved.0 {
            Query::parse_with(text, &saved).map_err(|error| (name.clone(), error))?;
        }
        Ok(saved)
    }

    /// Names and filters, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, &**text))
    }

    /// The filter of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| &**text)
    }

    /// Whether `text` can be a name: lower-case letters, digits, `-` and `_`.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        !text.is_empty() && text.len() <= NAME_BYTES && text.bytes().all(is_plain)
    }
}

/// The name in `@name`, where the word can be one.
pub(super) fn reference(word: &str) -> Option<&str> {
    word.strip_prefix('@').filter(|name| SavedFilters::is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Problem;

    fn saved(filters: &[(&str, &str)]) -> Result<SavedFilters, (String, QueryError)> {
        SavedFilters::new(filters.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    #[test]
    fn a_name_stands_for_its_filter() {
        let saved = saved(&[("broken", "verdict:bad | is:malformed"), ("mine", "@broken path:/mine")]).unwrap();
        let read = |text| Query::parse_with(text, &saved);
        assert_eq!(read("!@mine"), Query::parse("!((verdict:bad | is:malformed) path:/mine)"));
        assert_eq!(read("a@mine \"@mine\" @a.b"), Query::parse("a@mine \"@mine\" @a.b"));
        let error = read("sim @brokn").unwrap_err();
        assert_eq!(error.at, 4);
        assert!(error.to_string().contains("unknown saved filter '@brokn'; did you mean '@broken'?"), "{error}");
        assert!(Query::parse("@broken").is_err());
    }

    #[test]
    fn circles_and_bombs_are_refused() {
        assert!(matches!(saved(&[("a", "@b"), ("b", "!@a")]), Err((_, QueryError { problem: Problem::TooDeep, .. }))));
        let names: Vec<(String, String)> =
            (0..40).map(|number| (format!("f{number}"), format!("@f{0} @f{0}", number + 1))).collect();
        let last = [("f40".to_owned(), "sim".to_owned())];
        let (_, error) = SavedFilters::new(names.into_iter().chain(last)).unwrap_err();
        assert_eq!(error.problem, Problem::TooDeep);
    }
}
