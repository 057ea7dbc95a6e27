//! Filters that have a name: `@broken` stands for the filter saved as `broken`.

use std::collections::{BTreeMap, BTreeSet};

use super::lex::{QueryToken, QueryTokenKind, lex};
use super::{Problem, Query, QueryError};

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
        if let Some((name, error)) = saved.circle() {
            return Err((name, error));
        }
        for (name, text) in &saved.0 {
            Query::parse_with(text, &saved).map_err(|error| (name.clone(), error))?;
        }
        Ok(saved)
    }

    /// The first filter that leads back to itself, and how.
    fn circle(&self) -> Option<(String, QueryError)> {
        // Whatever follows one that leads nowhere is looked at once.
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in self.0.keys() {
            let mut way: Vec<(&str, Vec<(usize, &str)>)> = vec![(start, self.named_by(start))];
            while let Some((name, left)) = way.last_mut() {
                let Some((at, next)) = left.pop() else {
                    done.insert(*name);
                    way.pop();
                    continue;
                };
                if let Some(begin) = way.iter().position(|(name, _)| *name == next) {
                    let names: Vec<String> = way[begin..].iter().map(|(name, _)| (*name).to_owned()).collect();
                    let last = names.last().cloned().unwrap_or_default();
                    return Some((last, QueryError { at, problem: Problem::Circle(names) }));
                }
                if !done.contains(next) {
                    way.push((next, self.named_by(next)));
                }
            }
        }
        None
    }

    /// The saved filters that a filter names, each with its place; none of one that cannot be read.
    fn named_by(&self, name: &str) -> Vec<(usize, &str)> {
        let tokens = self.get(name).and_then(|text| lex(text).ok()).unwrap_or_default();
        let named = |token: QueryToken| match token.kind {
            QueryTokenKind::Term(term) if !term.quoted && term.name.is_none() => {
                let (name, _) = self.0.get_key_value(reference(&term.text)?)?;
                Some((token.at, name.as_str()))
            }
            _ => None,
        };
        tokens.into_iter().filter_map(named).collect()
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
        let circle = |filters: &[(&str, &str)]| {
            let (name, error) = saved(filters).unwrap_err();
            format!("{name}: {error}")
        };
        let words = "b: at 1: the saved filters name each other in a circle: @a → @b → @a";
        assert_eq!(circle(&[("a", "@b"), ("b", "!@a")]), words);
        assert_eq!(circle(&[("a", "sim | @a")]), "a: at 6: the saved filters name each other in a circle: @a → @a");
        // What leads into one is not of it.
        let words = "c: at 0: the saved filters name each other in a circle: @b → @c → @b";
        assert_eq!(circle(&[("a", "@b"), ("b", "@d @c"), ("c", "@b"), ("d", "sim")]), words);
        let names: Vec<(String, String)> =
            (0..40).map(|number| (format!("f{number}"), format!("@f{0} @f{0}", number + 1))).collect();
        let last = [("f40".to_owned(), "sim".to_owned())];
        let (_, error) = SavedFilters::new(names.into_iter().chain(last)).unwrap_err();
        assert_eq!(error.problem, Problem::TooDeep);
    }
}
