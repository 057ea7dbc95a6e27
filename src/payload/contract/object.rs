//! An object's members in their order, the last duplicate winning as in `JSON.parse`.

use std::borrow::Cow;
use std::ops::Range;

use crate::payload::json::scan::means;
use crate::payload::json::{Entries, decode_string};
use crate::text;

/// The maximum number of members read of one object; documented ones have eight.
const MEMBER_LIMIT: usize = 100;
/// Longest text that is compared, in bytes.
const TEXT_BYTES: usize = 4096;
/// Longest text shown of a value, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// A value where it is.
#[derive(Debug, Clone)]
pub(super) struct MemberValue<'a> {
    body: &'a [u8],
    pub(super) range: Range<usize>,
}

/// One member.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    /// The key's token.
    pub(super) key: &'a [u8],
    pub(super) value: MemberValue<'a>,
}

/// An object's members in order, duplicates included.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<'a> {
    pub(super) members: Vec<Member<'a>>,
    /// Whether its end is there: of one that breaks off, nobody knows what else it had.
    pub(super) is_whole: bool,
}

impl<'a> MemberValue<'a> {
    /// The outermost value of `body`.
    pub(super) fn root(body: &'a [u8]) -> Self {
        let start = crate::payload::json::scan::Walker::new(body).at;
        Self { body, range: start.min(body.len())..body.len() }
    }

    pub(super) fn raw(&self) -> &'a [u8] {
        self.body.get(self.range.clone()).unwrap_or_default()
    }

    pub(super) fn object(&self) -> Option<Object<'a>> {
        if self.raw().first() != Some(&b'{') {
            return None;
        }
        let members = Entries::at(self.body, self.range.start).take(MEMBER_LIMIT).filter_map(|entry| {
            let key = self.body.get(entry.key?)?;
            Some(Member { key, value: MemberValue { body: self.body, range: entry.value } })
        });
        let members: Vec<_> = members.collect();
        let end = members.last().map_or(self.range.start + 1, |last| last.value.range.end);
        let after = self.body.get(end..).unwrap_or_default().trim_ascii_start();
        let is_whole = after.first() == Some(&b'}') || members.len() == MEMBER_LIMIT;
        Some(Object { members, is_whole })
    }

    /// The items of an array, in their order.
    pub(super) fn items(&self) -> Option<impl Iterator<Item = MemberValue<'a>> + use<'a>> {
        let body = self.body;
        (self.raw().first() == Some(&b'['))
            .then(|| Entries::at(body, self.range.start).map(move |entry| MemberValue { body, range: entry.value }))
    }

    /// Whether it is a string, of any length.
    pub(super) fn is_text(&self) -> bool {
        self.raw().first() == Some(&b'"')
    }

    /// The text of a string of a reasonable length, its escapes undone.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        (self.is_text() && self.raw().len() <= TEXT_BYTES).then(|| decode_string(self.raw()).text)
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.raw() {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// A number of any kind; its digits are the sender's.
    pub(super) fn number(&self) -> Option<f64> {
        let raw = std::str::from_utf8(self.raw()).ok().filter(|raw| raw.len() <= 40)?;
        if !raw.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return None;
        }
        raw.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The text of a string, visible and cut, for a person.
    pub(super) fn shown(&self) -> Option<String> {
        let cut = &self.raw()[..self.raw().len().min(SHOWN_CHARACTERS * 12)];
        (cut.first() == Some(&b'"')).then(|| shortened(&decode_string(cut).text))
    }

    /// The value here, in words: `a number: 7`.
    pub(super) fn words(&self) -> String {
        let raw = self.raw();
        let sample = || shortened(&String::from_utf8_lossy(&raw[..raw.len().min(SHOWN_CHARACTERS)]));
        match raw.first() {
            None => "nothing".to_owned(),
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "an array".to_owned(),
            Some(b'"') => format!("“{}”", self.shown().unwrap_or_default()),
            Some(b't' | b'f' | b'n') => sample(),
            Some(_) => format!("the number {}", sample()),
        }
    }
}

impl<'a> Object<'a> {
    /// The value of the last member called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&MemberValue<'a>> {
        self.members.iter().rev().find(|member| means(member.key, name)).map(|member| &member.value)
    }

    /// The object that the last member called `name` holds.
    pub(super) fn object(&self, name: &str) -> Option<Object<'a>> {
        self.get(name)?.object()
    }

    /// The visible text of the member `name`, cut.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        self.get(name)?.shown()
    }
}

/// Visible text of at most [`SHOWN_CHARACTERS`]; one that is hidden takes several when it is made visible.
pub(super) fn shortened(untrusted: &str) -> String {
    let beginning: String = untrusted.chars().take(SHOWN_CHARACTERS + 1).collect();
    let shown = text::visible(&beginning);
    if shown.chars().nth(SHOWN_CHARACTERS).is_none() {
        return shown.into_owned();
    }
    shown.chars().take(SHOWN_CHARACTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_whatever_it_holds() {
        assert_eq!(shortened(&"a".repeat(80)), "a".repeat(80));
        assert_eq!(shortened(&"a".repeat(81)), "a".repeat(79) + "…");
        assert_eq!(shortened(&"\u{202e}".repeat(10)), "⟨U+202E⟩".repeat(10));
        let long = shortened(&"\u{202e}".repeat(80));
        assert!(long.starts_with(&"⟨U+202E⟩".repeat(9)) && long.ends_with('…'), "{long}");
        assert_eq!(long.chars().count(), SHOWN_CHARACTERS);
    }
}
