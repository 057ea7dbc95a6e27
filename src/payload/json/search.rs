//! Finding text in a body: as it was sent, and as its strings mean it.
//!
//! `é` finds `é` and `\u00e9` alike. Upper and lower case are told apart when the text that is searched
//! for has an upper-case letter.

use std::ops::Range;

use memchr::{memchr, memchr2_iter, memmem};

use super::scan::skip_string;
use super::{StringPart, parts};

/// Matches kept at most; who needs more narrows the search.
pub const LIMIT: usize = 100_000;

/// Bytes that are searched between two questions whether to go on.
const CHUNK: usize = 1 << 20;

/// A match: its place in the body.
pub type Hit = Range<usize>;

/// Every match, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    /// The matches by their beginnings.
    pub hits: Vec<Hit>,
    /// Whether there may be more than [`LIMIT`].
    pub limited: bool,
}

impl Hits {
    /// The first match that begins at or after `offset`.
    #[must_use]
    pub fn from(&self, offset: usize) -> Option<usize> {
        let at = self.hits.partition_point(|hit| hit.start < offset);
        (at < self.hits.len()).then_some(at)
    }

    /// The matches that touch `range`.
    #[must_use]
    pub fn within(&self, range: &Range<usize>) -> &[Hit] {
        let first = self.hits.partition_point(|hit| hit.end <= range.start);
        let count = self.hits[first..].partition_point(|hit| hit.start < range.end);
        &self.hits[first..first + count]
    }
}

/// Finds `pattern` in `body`. `go_on` is asked now and then; what was found until it says no is
/// returned.
#[must_use]
pub fn search(body: &[u8], pattern: &str, go_on: &dyn Fn() -> bool) -> Hits {
    let mut hits = Vec::new();
    if pattern.is_empty() {
        return Hits::default();
    }
    let needle = Needle::new(pattern);
    let mut limited = needle.find_all(body, &mut hits, go_on);
    limited |= find_escaped(body, &needle, &mut hits, go_on);
    hits.sort_by_key(|hit| (hit.start, hit.end));
    // What overlaps is one match: it could not be shown as two.
    hits.dedup_by(|later, kept| later.start < kept.end);
    limited |= hits.len() > LIMIT;
    hits.truncate(LIMIT);
    Hits { hits, limited }
}

/// What is searched for.
struct Needle<'a> {
    text: &'a str,
    exact: bool,
}

impl<'a> Needle<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, exact: text.chars().any(char::is_uppercase) }
    }

    /// Adds all matches in `haystack`; true when there may be more.
    fn find_all(&self, haystack: &[u8], hits: &mut Vec<Hit>, go_on: &dyn Fn() -> bool) -> bool {
        // Chunks overlap by the longest match.
        let overlap = self.text.len() * 4;
        let mut from = 0;
        while from < haystack.len() {
            if hits.len() > LIMIT || !go_on() {
                return true;
            }
            let end = (from + CHUNK).min(haystack.len());
            let window = &haystack[from..(end + overlap).min(haystack.len())];
            let found = |at: usize| (at < end - from).then(|| at + from);
            if self.exact {
                let places = memmem::find_iter(window, self.text).map_while(found);
                hits.extend(places.map(|at| at..at + self.text.len()));
            } else {
                self.find_folded(window, end - from, from, hits);
            }
            from = end;
        }
        false
    }

    /// Adds matches whatever their case that begin in the first `limit` bytes of `window`.
    fn find_folded(&self, window: &[u8], limit: usize, offset: usize, hits: &mut Vec<Hit>) {
        let Some(first) = self.text.chars().next() else { return };
        let lower = first.encode_utf8(&mut [0; 4]).as_bytes()[0];
        // No upper-case form begins with another letter's lower-case byte often enough to matter:
        // every candidate is compared in full.
        let mut upper = [0; 4];
        let upper = first.to_uppercase().next().unwrap_or(first).encode_utf8(&mut upper).as_bytes()[0];
        let mut free_from = 0;
        for at in memchr2_iter(lower, upper, &window[..limit]) {
            if at >= free_from
                && let Some(length) = self.length_at(&window[at..])
            {
                free_from = at + length;
                hits.push(offset + at..offset + at + length);
                if hits.len() > LIMIT {
                    return;
                }
            }
        }
    }

    /// The bytes of the match that `haystack` begins with.
    fn length_at(&self, haystack: &[u8]) -> Option<usize> {
        let mut at = 0;
        for wanted in self.text.chars() {
            let here = haystack.get(at..)?;
            if wanted.is_ascii() {
                if !here.first()?.eq_ignore_ascii_case(&(wanted as u8)) {
                    return None;
                }
                at += 1;
                continue;
            }
            let found = first_character(here)?;
            if found != wanted && !found.to_lowercase().eq(wanted.to_lowercase()) {
                return None;
            }
            at += found.len_utf8();
        }
        Some(at)
    }
}

fn first_character(bytes: &[u8]) -> Option<char> {
    let chunk = bytes[..bytes.len().min(4)].utf8_chunks().next()?;
    chunk.valid().chars().next()
}

/// Adds the matches in strings with escapes, as the strings mean them.
fn find_escaped(body: &[u8], needle: &Needle<'_>, hits: &mut Vec<Hit>, go_on: &dyn Fn() -> bool) -> bool {
    let mut at = 0;
    let mut asked = 0;
    while let Some(open) = body.get(at..).and_then(|rest| memchr(b'"', rest)).map(|found| at + found) {
        if at > asked + CHUNK {
            asked = at;
            if hits.len() > 2 * LIMIT || !go_on() {
                return true;
            }
        }
        let end = skip_string(body, open).unwrap_or(body.len());
        let inner = open + 1..end.saturating_sub(1).max(open + 1).min(body.len());
        if memchr(b'\\', &body[inner.clone()]).is_some() {
            find_in_string(body, inner, needle, hits, go_on);
        }
        at = end.max(open + 1);
    }
    false
}

fn find_in_string(
    body: &[u8],
    inner: Range<usize>,
    needle: &Needle<'_>,
    hits: &mut Vec<Hit>,
    go_on: &dyn Fn() -> bool,
) {
    let mut text = Vec::with_capacity(inner.len());
    // Where each part begins in the text and in the body, and whether it is unescaped.
    let mut places = Vec::new();
    for (offset, part) in parts(&body[inner.clone()]) {
        places.push((text.len(), inner.start + offset, matches!(part, StringPart::Raw(_))));
        match part {
            StringPart::Raw(raw) => text.extend_from_slice(raw),
            StringPart::Escaped(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            StringPart::Lone(_) => text.extend_from_slice("\u{fffd}".as_bytes()),
        }
    }
    let mut found = Vec::new();
    needle.find_all(&text, &mut found, go_on);
    for hit in found {
        let first = places.partition_point(|place| place.0 <= hit.start).saturating_sub(1);
        let last = places.partition_point(|place| place.0 < hit.end).saturating_sub(1);
        if first == last && places[first].2 {
            // It is unescaped in the body, and was found there.
            continue;
        }
        let (text_start, start, is_raw) = places[first];
        let start = if is_raw { start + hit.start - text_start } else { start };
        let (text_start, end, is_raw) = places[last];
        let after = places.get(last + 1).map_or(inner.end, |place| place.1);
        let end = if is_raw { end + hit.end - text_start } else { after };
        hits.push(start..end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(body: &'a str, pattern: &str) -> Vec<&'a str> {
        search(body.as_bytes(), pattern, &|| true).hits.into_iter().map(|hit| &body[hit]).collect()
    }

    #[test]
    fn case_matters_when_the_pattern_has_upper_case() {
        assert_eq!(found("aA Aa", "a"), ["a", "A", "A", "a"]);
        assert_eq!(found("aA Aa", "Aa"), ["Aa"]);
        assert_eq!(found("Étude étude", "étu"), ["Étu", "étu"]);
        assert_eq!(found("straße STRASSE", "straße"), ["straße"]);
    }

    #[test]
    fn strings_are_searched_as_they_mean_and_as_they_are_sent() {
        let body = r#"{"caf\u00e9":"a\/b café","n":"\ud83d\ude00x"}"#;
        assert_eq!(found(body, "café"), [r"caf\u00e9", "café"]);
        assert_eq!(found(body, "é"), [r"\u00e9", "é"]);
        assert_eq!(found(body, r"\u00e9"), [r"\u00e9"]);
        assert_eq!(found(body, "a/b"), [r"a\/b"]);
        assert_eq!(found(body, "😀x"), [r"\ud83d\ude00x"]);
        assert_eq!(found(body, ""), Vec::<&str>::new());
    }

    #[test]
    fn matches_across_chunks_and_beyond_the_limit() {
        let body = format!("{}needle{}", " ".repeat(CHUNK - 3), " ".repeat(CHUNK));
        assert_eq!(search(body.as_bytes(), "needle", &|| true).hits, vec![Hit { start: CHUNK - 3, end: CHUNK + 3 }]);
        assert!(search(body.as_bytes(), "needlE", &|| true).hits.is_empty());
        let many = search("x".repeat(LIMIT + 5).as_bytes(), "x", &|| true);
        assert_eq!((many.hits.len(), many.limited), (LIMIT, true));
        assert!(search(body.as_bytes(), "needle", &|| false).hits.is_empty());
    }

    #[test]
    fn matches_of_a_range_are_those_that_touch_it() {
        let hits = Hits { hits: vec![0..2, 4..6, 8..9], limited: false };
        assert_eq!(hits.within(&(1..5)), [0..2, 4..6]);
        assert!(hits.within(&(6..8)).is_empty());
        assert_eq!((hits.from(4), hits.from(9)), (Some(1), None));
    }

    proptest! {
        #[test]
        fn what_stands_in_the_text_is_found(before in "[ -~é\\\\\"]{0,20}", needle in "[a-zA-Zé]{1,6}", after in "[ -~é]{0,20}") {
            let body = format!("{before}{needle}{after}");
            let hits = search(body.as_bytes(), &needle, &|| true).hits;
            prop_assert!(hits.iter().any(|hit| hit.start <= before.len() && hit.end > before.len()), "{hits:?}");
        }

        /// However a string is escaped, a pattern is found in it.
        #[test]
        fn escapes_do_not_hide(text in "[a-z/é😀\"]{1,12}", escape_all: bool) {
            let mut body = String::from("[\"");
            for unit in text.encode_utf16() {
                if escape_all || unit > 127 || unit == u16::from(b'"') || unit == u16::from(b'\\') {
                    body.push_str(&format!("\\u{unit:04x}"));
                } else {
                    body.push(char::from_u32(u32::from(unit)).unwrap());
                }
            }
            body.push_str("\"]");
            let hits = search(body.as_bytes(), &text, &|| true).hits;
            prop_assert!(hits.iter().any(|hit| *hit == (2..body.len() - 2)), "{body} {hits:?}");
        }

        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..100), pattern in "\\PC{0,4}") {
            let hits = search(&body, &pattern, &|| true).hits;
            prop_assert!(hits.windows(2).all(|pair| pair[0].end <= pair[1].start));
            prop_assert!(hits.iter().all(|hit| hit.start < hit.end && hit.end <= body.len()));
        }
    }
}
