//! What differs between two JSON texts, by path, from their tokens.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use crate::payload::json::path::{push_index, push_key};
use crate::payload::json::{Entries, Entry, decode_string, tokens};
use crate::text::visible_bytes;

/// Differences that are listed; the rest are counted.
const LISTED: usize = 500;
/// Levels that are gone into; what lies deeper is compared as text.
const DEPTH: usize = 100;
/// Items of an array beyond which its items are not aligned but compared by their number.
const ALIGNED: usize = 5000;
/// Members of two objects beyond which they are not matched by their keys but compared in their order.
const MATCHED: usize = 200_000;
/// Digits of a number beyond which it is compared as text.
const DIGITS: usize = 4096;
/// Bytes of a value that are shown.
const SHOWN: usize = 120;
/// How long the alignment of one array may take, after which it gets coarser.
const PATIENCE: Duration = Duration::from_millis(200);

/// A value as it stands in its body, cut where it is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Its own text, visible.
    pub text: String,
    /// All its bytes.
    pub bytes: usize,
}

/// What happened to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceKind {
    /// Only the second has it.
    Added(Snippet),
    /// Only the first has it.
    Removed(Snippet),
    /// It is written in another way.
    Changed {
        /// In the first.
        from: Snippet,
        /// In the second.
        to: Snippet,
        /// Whether it means the same: `1.0` and `1.00`, `"é"` and `"\u00e9"`.
        same_value: bool,
    },
    /// The object's members stand in another order.
    Order,
}

impl DifferenceKind {
    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Removed(_) => "removed",
            Self::Changed { .. } => "changed",
            Self::Order => "order",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonDifference {
    /// Where, such as `data[0].app.name`; empty for the whole body. An array's index is that of the
    /// first body, of what was added that of the second.
    pub path: String,
    /// What.
    pub kind: DifferenceKind,
}

/// What differs in two JSON bodies. Without any difference listed only white space differs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonComparison {
    /// The differences, in the first body's order.
    pub differences: Vec<JsonDifference>,
    /// How many more there are.
    pub omitted: usize,
}

/// Compares two bodies as JSON; `None` when one of them is none.
#[must_use]
pub fn compare_json(from: &[u8], to: &[u8]) -> Option<JsonComparison> {
    let mut walk = Walk { from, to, path: String::new(), found: JsonComparison::default() };
    let (whole_from, whole_to) = (whole(from)?, whole(to)?);
    walk.value(whole_from, whole_to, 0);
    Some(walk.found)
}

/// The outermost value's place, when the body is JSON.
fn whole(body: &[u8]) -> Option<Range<usize>> {
    let mut place: Option<Range<usize>> = None;
    for token in tokens(body) {
        let range = token.ok()?.range();
        place = Some(place.map_or(range.start, |place| place.start)..range.end);
    }
    place
}

struct Walk<'a> {
    from: &'a [u8],
    to: &'a [u8],
    path: String,
    found: JsonComparison,
}

impl<'a> Walk<'a> {
    fn value(&mut self, from: Range<usize>, to: Range<usize>, depth: usize) {
        let (one, other) = (&self.from[from.clone()], &self.to[to.clone()]);
        if one == other {
            return;
        }
        match (one.first(), other.first()) {
            (Some(b'{'), Some(b'{')) if depth < DEPTH => self.object(from, to, depth),
            (Some(b'['), Some(b'[')) if depth < DEPTH => self.array(from.start, to.start, depth),
            _ => {
                let same_value = means_the_same(one, other);
                self.note(DifferenceKind::Changed { from: snippet(one), to: snippet(other), same_value });
            }
        }
    }

    fn object(&mut self, from: Range<usize>, to: Range<usize>, depth: usize) {
        if self.members(from.start, to.start) > MATCHED {
            return self.in_step(from, to, depth);
        }
        let from: Vec<Entry> = Entries::at(self.from, from.start).collect();
        let to: Vec<Entry> = Entries::at(self.to, to.start).collect();
        let (from_keys, to_keys) = (keys(self.from, &from), keys(self.to, &to));
        let places: HashMap<&Key<'_>, usize> = to_keys.iter().enumerate().map(|(place, key)| (key, place)).collect();
        let mut is_matched = vec![false; to.len()];
        let (mut last, mut is_moved) = (None, false);
        for (entry, key) in from.iter().zip(&from_keys) {
            let place = places.get(key).copied();
            self.within(key_token(self.from, entry), key.1, |walk| match place {
                Some(place) => walk.value(entry.value.clone(), to[place].value.clone(), depth + 1),
                None => walk.note(DifferenceKind::Removed(snippet(&walk.from[entry.value.clone()]))),
            });
            if let Some(place) = place {
                is_matched[place] = true;
                is_moved |= last.is_some_and(|last| place < last);
                last = Some(place);
            }
        }
        for ((entry, key), _) in to.iter().zip(&to_keys).zip(&is_matched).filter(|(_, is_matched)| !**is_matched) {
            self.within(key_token(self.to, entry), key.1, |walk| {
                walk.note(DifferenceKind::Added(snippet(&walk.to[entry.value.clone()])));
            });
        }
        if is_moved {
            self.note(DifferenceKind::Order);
        }
    }

    /// How many members or items both have.
    fn members(&self, from: usize, to: usize) -> usize {
        Entries::at(self.from, from).count() + Entries::at(self.to, to).count()
    }

    /// Compares objects of very many members one by one in their order, as far as they have the same keys: to find a
    /// member that stands elsewhere takes more memory than all of them.
    fn in_step(&mut self, from: Range<usize>, to: Range<usize>, depth: usize) {
        let (mut one, mut other) = (Entries::at(self.from, from.start), Entries::at(self.to, to.start));
        // From this member to the object's end.
        let rest = |body: &'a [u8], entry: Entry, end: usize| snippet(&body[entry.key.unwrap_or_default().start..end]);
        loop {
            return match (one.next(), other.next()) {
                (None, None) => {}
                (Some(before), Some(after)) if self.is_same_key(&before, &after) => {
                    self.within(key_token(self.from, &before), 1, |walk| {
                        walk.value(before.value.clone(), after.value.clone(), depth + 1);
                    });
                    continue;
                }
                (Some(before), Some(after)) => {
                    let (from, to) = (rest(self.from, before, from.end), rest(self.to, after, to.end));
                    self.note(DifferenceKind::Changed { from, to, same_value: false });
                }
                (Some(before), None) => self.note(DifferenceKind::Removed(rest(self.from, before, from.end))),
                (None, Some(after)) => self.note(DifferenceKind::Added(rest(self.to, after, to.end))),
            };
        }
    }

    fn is_same_key(&self, before: &Entry, after: &Entry) -> bool {
        let (before, after) = (key_token(self.from, before), key_token(self.to, after));
        before == after || decode_string(before).text == decode_string(after).text
    }

    fn array(&mut self, from: usize, to: usize, depth: usize) {
        // Of the same length it is rarely an item that came and another that went.
        if self.members(from, to) > ALIGNED {
            let (from, to) = (Entries::at(self.from, from), Entries::at(self.to, to));
            return self.items(from.map(|entry| entry.value), to.map(|entry| entry.value), (0, 0), depth);
        }
        let from: Vec<Range<usize>> = Entries::at(self.from, from).map(|entry| entry.value).collect();
        let to: Vec<Range<usize>> = Entries::at(self.to, to).map(|entry| entry.value).collect();
        if from.len() == to.len() {
            return self.items(from.into_iter(), to.into_iter(), (0, 0), depth);
        }
        let bytes = |body: &'a [u8], items: &[Range<usize>]| -> Vec<&'a [u8]> {
            items.iter().map(|item| &body[item.clone()]).collect()
        };
        let (one, other) = (bytes(self.from, &from), bytes(self.to, &to));
        let deadline = Instant::now().checked_add(PATIENCE);
        for operation in capture_diff_slices_deadline(Algorithm::Myers, &one, &other, deadline) {
            let (old, new) = (operation.old_range(), operation.new_range());
            if !matches!(operation, DiffOp::Equal { .. }) {
                let (first, changed) = ((old.start, new.start), (&from[old], &to[new]));
                self.items(changed.0.iter().cloned(), changed.1.iter().cloned(), first, depth);
            }
        }
    }

    /// Compares items one by one; those without a partner were added or removed.
    fn items(
        &mut self,
        mut from: impl Iterator<Item = Range<usize>>,
        mut to: impl Iterator<Item = Range<usize>>,
        first: (usize, usize),
        depth: usize,
    ) {
        for index in 0.. {
            let both = (from.next(), to.next());
            if both == (None, None) {
                return;
            }
            let number = if both.0.is_some() { first.0 + index } else { first.1 + index };
            let length = self.path.len();
            push_index(&mut self.path, number as u64);
            match both {
                (Some(from), Some(to)) => self.value(from, to, depth + 1),
                (Some(from), None) => self.note(DifferenceKind::Removed(snippet(&self.from[from]))),
                (None, Some(to)) => self.note(DifferenceKind::Added(snippet(&self.to[to]))),
                (None, None) => {}
            }
            self.path.truncate(length);
        }
    }

    /// Does something at the member of this key; `count` tells duplicates apart.
    fn within(&mut self, key: &[u8], count: usize, mut then: impl FnMut(&mut Self)) {
        let length = self.path.len();
        push_key(&mut self.path, key);
        if count > 1 {
            self.path.push_str(&format!("(#{count})"));
        }
        then(self);
        self.path.truncate(length);
    }

    fn note(&mut self, kind: DifferenceKind) {
        if self.found.differences.len() < LISTED {
            self.found.differences.push(JsonDifference { path: self.path.clone(), kind });
        } else {
            self.found.omitted += 1;
        }
    }
}

/// A key's meaning, and the how manieth of that key it is.
type Key<'a> = (Cow<'a, str>, usize);

fn keys<'a>(body: &'a [u8], entries: &[Entry]) -> Vec<Key<'a>> {
    let mut seen: HashMap<Cow<'a, str>, usize> = HashMap::new();
    entries
        .iter()
        .map(|entry| {
            let text = decode_string(key_token(body, entry)).text;
            let count = seen.entry(text.clone()).or_insert(0);
            *count += 1;
            (text, *count)
        })
        .collect()
}

fn key_token<'a>(body: &'a [u8], entry: &Entry) -> &'a [u8] {
    entry.key.clone().map_or(&b""[..], |key| &body[key])
}

fn snippet(value: &[u8]) -> Snippet {
    let mut text = visible_bytes(&value[..value.len().min(SHOWN)]).into_owned();
    if value.len() > SHOWN {
        text.push('…');
    }
    Snippet { text, bytes: value.len() }
}

/// Whether two scalars that are written differently mean the same.
fn means_the_same(one: &[u8], other: &[u8]) -> bool {
    match (one.first(), other.first()) {
        (Some(b'"'), Some(b'"')) => {
            let (one, other) = (decode_string(one), decode_string(other));
            one.is_exact() && other.is_exact() && one.text == other.text
        }
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => {
            let (one, other) = (decimal(one), decimal(other));
            one.is_some() && one == other
        }
        _ => false,
    }
}

/// A number as sign, digits without zeros at either end, and the power of ten after them; `None` for
/// an exponent or a length that no number in use has.
fn decimal(number: &[u8]) -> Option<(bool, Vec<u8>, i64)> {
    let text = std::str::from_utf8(number).ok().filter(|text| text.len() <= DIGITS)?;
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse::<i32>().ok()?.into();
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let last = digits.iter().rposition(|digit| *digit != b'0').map_or(first, |last| last + 1);
    let dropped = i64::try_from(digits.len() - last).ok()? - i64::try_from(fraction.len()).ok()?;
    // Zero is zero with any exponent.
    let power = if first == last { 0 } else { exponent.checked_add(dropped)? };
    Some((negative, digits[first..last].to_vec(), power))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn compared(from: &str, to: &str) -> Vec<String> {
        let words = |difference: &JsonDifference| {
            let path = &difference.path;
            match &difference.kind {
                DifferenceKind::Added(value) => format!("{path} + {}", value.text),
                DifferenceKind::Removed(value) => format!("{path} - {}", value.text),
                DifferenceKind::Changed { from, to, same_value } => {
                    format!("{path} {} {} {}", from.text, if *same_value { "~" } else { ">" }, to.text)
                }
                DifferenceKind::Order => format!("{path} order"),
            }
        };
        compare_json(from.as_bytes(), to.as_bytes()).unwrap().differences.iter().map(words).collect()
    }

    #[rstest]
    #[case(r#"{"a":1,"b":[1,2]}"#, r#" { "a" : 1, "b":[1, 2]}"#, &[])]
    #[case(r#"{"a":1,"b":2}"#, r#"{"a":1,"c":3}"#, &["b - 2", "c + 3"])]
    #[case(r#"{"a":{"b c":1.0}}"#, r#"{"a":{"b c":1.00}}"#, &[r#"a["b c"] 1.0 ~ 1.00"#])]
    #[case(r#"{"a":10}"#, r#"{"a":1e1}"#, &["a 10 ~ 1e1"])]
    #[case(r#"{"a":-0.0}"#, r#"{"a":0}"#, &["a -0.0 > 0"])]
    #[case(r#"{"a":1e99999999999}"#, r#"{"a":1}"#, &["a 1e99999999999 > 1"])]
    #[case(r#"{"a":12345678901234567890123}"#, r#"{"a":12345678901234567890124}"#, &["a 12345678901234567890123 > 12345678901234567890124"])]
    #[case(r#"{"a":"é"}"#, r#"{"a":"\u00e9"}"#, &[r#"a "é" ~ "\u00e9""#])]
    #[case(r#"{"a":"\ud83d"}"#, r#"{"a":"\ud83e"}"#, &[r#"a "\ud83d" > "\ud83e""#])]
    #[case(r#"{"a":1,"a":2}"#, r#"{"a":1,"a":3}"#, &["a(#2) 2 > 3"])]
    #[case(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, &[" order"])]
    #[case(r#"{"\u0061":1}"#, r#"{"a":2}"#, &[r#"["\u0061"] 1 > 2"#])]
    #[case("[1,2,3]", "[1,3]", &["[1] - 2"])]
    #[case("[1,3]", "[1,2,3]", &["[1] + 2"])]
    #[case(r#"{"data":[{"x":1},{"x":2}]}"#, r#"{"data":[{"x":1},{"x":3}]}"#, &["data[1].x 2 > 3"])]
    #[case("[]", "{}", &[" [] > {}"])]
    #[case("1", "null", &[" 1 > null"])]
    #[case(r#"{"a":"\u001b[31m"}"#, "{\"a\":\"\u{202e}\"}", &[r#"a "\u001b[31m" > "⟨U+202E⟩""#])]
    fn differences_by_path(#[case] from: &str, #[case] to: &str, #[case] expected: &[&str]) {
        assert_eq!(compared(from, to), expected);
    }

    #[test]
    fn what_is_no_json_is_not_compared() {
        assert_eq!(compare_json(b"{}", b"{"), None);
        assert_eq!(compare_json(b"", b"1"), None);
        assert_eq!(compare_json(b"1 2", b"1"), None);
    }

    #[test]
    fn large_and_deep_ones_are_bounded() {
        let items = |count: usize, value: u32| format!("[{}]", vec![value.to_string(); count].join(","));
        let found = compare_json(items(700_000, 1).as_bytes(), items(700_001, 2).as_bytes()).unwrap();
        assert_eq!((found.differences.len(), found.omitted), (LISTED, 700_001 - LISTED));
        // Very many members are compared in their order, up to where the keys differ.
        let members = |from: usize, last: &str| {
            let members: String = (from..150_000).map(|key| format!("\"{key}\":[{key}],")).collect();
            format!("{{{members}{last}}}")
        };
        assert_eq!(compared(&members(0, r#""x":1"#), &members(0, r#""\u0078":2"#)), [r#"x 1 > 2"#]);
        let found = compared(&members(0, r#""x":1"#), &members(1, r#""x":1"#));
        assert!(found.len() == 1 && found[0].starts_with(r#" "0":[0],"1":[1],"#), "{found:?}");
        assert!(found[0].contains(r#"… > "1":[1],"2":[2],"#), "{found:?}");
        assert_eq!(compared(&members(0, r#""x":1,"y":2"#), &members(0, r#""x":1"#)), [r#" - "y":2}"#]);
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(20_000), "]".repeat(20_000));
        let found = compare_json(deep("1").as_bytes(), deep("2").as_bytes()).unwrap();
        assert_eq!(found.differences.len(), 1);
        assert!(matches!(&found.differences[0].kind, DifferenceKind::Changed { from, .. } if from.bytes > 30_000));
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1".to_owned()),
            Just("1.0".to_owned()),
            Just("\"a\"".to_owned()),
            Just("null".to_owned())
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(("[abc]", inner), 0..4).prop_map(|members| {
                    let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_difference_means_the_same_text(from in json(), to in json()) {
            prop_assert_eq!(compared(&from, &to).is_empty(), from == to);
        }

        /// What another reader accepts as JSON does not differ from itself; what it rejects is not compared.
        #[test]
        fn any_bytes_are_compared(
            bytes in proptest::collection::vec(any::<u8>(), 0..60),
            text in prop_oneof![json(), "[\\[\\]{}:,\"a1 ]{0,30}", "[\\[ ]{0,3}[\"a1]{0,3}[\\] ]{0,3}"],
        ) {
            let is_json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
            let itself = compare_json(text.as_bytes(), text.as_bytes()).map(|found| found.differences.len());
            prop_assert_eq!(itself, is_json(text.as_bytes()).then_some(0), "{}", text);
            let are_json = is_json(&bytes) && is_json(text.as_bytes());
            prop_assert_eq!(compare_json(&bytes, text.as_bytes()).is_some(), are_json);
            prop_assert_eq!(compare_json(text.as_bytes(), &bytes).is_some(), are_json);
        }
    }
}
