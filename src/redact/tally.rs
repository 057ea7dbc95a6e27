//! What was replaced, and how often.

use std::collections::BTreeMap;
use std::fmt;

use crate::text::{grouped, visible};

/// Places beyond this many are counted together.
const PLACES: usize = 1000;

/// What kind of thing was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TallyKind {
    /// A text in a body.
    Text,
    /// A number in a body.
    Number,
    /// The name of a member.
    Key,
    /// A picture.
    Picture,
    /// A header's value.
    Header,
    /// A part of the request's URL.
    Url,
    /// A secret that the request itself contains.
    Secret,
    /// Something that a person had added: a note, tags.
    Note,
    /// A body that cannot be read, replaced as a whole.
    Body,
}

impl TallyKind {
    /// The stable name of JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Key => "key",
            Self::Picture => "picture",
            Self::Header => "header",
            Self::Url => "url",
            Self::Secret => "secret",
            Self::Note => "note",
            Self::Body => "body",
        }
    }

    fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Text, 1) => "text",
            (Self::Text, _) => "texts",
            (Self::Number, 1) => "number",
            (Self::Number, _) => "numbers",
            (Self::Key, 1) => "name of a member",
            (Self::Key, _) => "names of members",
            (Self::Picture, 1) => "picture",
            (Self::Picture, _) => "pictures",
            (Self::Header, 1) => "header",
            (Self::Header, _) => "headers",
            (Self::Url, 1) => "part of a URL",
            (Self::Url, _) => "parts of URLs",
            (Self::Secret, 1) => "secret",
            (Self::Secret, _) => "secrets",
            (Self::Note, 1) => "note",
            (Self::Note, _) => "notes",
            (Self::Body, 1) => "body",
            (Self::Body, _) => "bodies",
        }
    }
}

/// How many values were replaced at each place. Places are paths, and names of headers: none of the values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<(TallyKind, String), usize>,
}

impl Tally {
    pub(super) fn add(&mut self, kind: TallyKind, place: impl Into<String>) {
        let place = visible(&place.into()).into_owned();
        let is_new = !self.counts.contains_key(&(kind, place.clone()));
        let place = if is_new && self.counts.len() >= PLACES { "other places".to_owned() } else { place };
        *self.counts.entry((kind, place)).or_default() += 1;
    }

    /// Counts what a person had added to a delivery.
    pub fn add_note(&mut self) {
        self.add(TallyKind::Note, "notes and tags");
    }

    /// Takes in what was replaced elsewhere: `within` says where.
    pub fn merge(&mut self, other: &Self, within: &str) {
        for ((kind, place), count) in &other.counts {
            *self.counts.entry((*kind, format!("{within}{place}"))).or_default() += count;
        }
    }

    /// How many values were replaced.
    #[must_use]
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Each place with its kind and how often it was; in a fixed order.
    pub fn places(&self) -> impl Iterator<Item = (TallyKind, &str, usize)> {
        self.counts.iter().map(|((kind, place), count)| (*kind, place.as_str(), *count))
    }
}

impl fmt::Display for Tally {
    /// `12 texts, 3 headers and 1 picture`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: BTreeMap<TallyKind, usize> = BTreeMap::new();
        for ((kind, _), count) in &self.counts {
            *kinds.entry(*kind).or_default() += count;
        }
        if kinds.is_empty() {
            return formatter.write_str("nothing");
        }
        let last = kinds.len() - 1;
        for (number, (kind, count)) in kinds.into_iter().enumerate() {
            let before = if number == 0 {
                ""
            } else if number == last {
                " and "
            } else {
                ", "
            };
            write!(formatter, "{before}{} {}", grouped(count as u64), kind.words(count))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_by_place_and_tells_by_kind() {
        let mut tally = Tally::default();
        assert_eq!(tally.to_string(), "nothing");
        tally.add(TallyKind::Text, "data[].name");
        tally.add(TallyKind::Text, "data[].name");
        tally.add(TallyKind::Header, "Cookie");
        tally.add(TallyKind::Picture, "data\u{1b}");
        assert_eq!(tally.to_string(), "2 texts, 1 picture and 1 header");
        let mut twice = tally.clone();
        twice.merge(&tally, "");
        assert_eq!(twice.total(), 8);
        let places: Vec<_> = twice.places().collect();
        assert_eq!(places[0], (TallyKind::Text, "data[].name", 4));
        assert!(!places[1].1.contains('\u{1b}'));
        twice.merge(&tally, "answer: ");
        assert!(twice.places().any(|(_, place, count)| place == "answer: Cookie" && count == 1));
    }

    #[test]
    fn places_are_bounded() {
        let mut tally = Tally::default();
        (0..PLACES + 10).for_each(|number| tally.add(TallyKind::Text, format!("p{number}")));
        assert_eq!(tally.places().count(), PLACES + 1);
        assert_eq!(tally.total(), PLACES + 10);
    }
}
