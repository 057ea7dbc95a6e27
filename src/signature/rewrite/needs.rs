//! What a body must have for a serialiser's name to say something that is there.
//!
//! A serialiser that leaves nulls out writes a body without them as any other does. To name it then would tell of
//! something that did not happen.

use super::style::Order;
use super::tree::{Tree, array_index};
use crate::payload::json::{StringPart, parts};

/// What a serialiser's name tells of, beyond that the body was re-serialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// It tells of nothing more.
    Nothing,
    /// Members that are null.
    Nulls,
    /// Keys that are not sorted by their bytes.
    Unsorted,
    /// Keys that are not sorted as JavaScript sorts them, integer-like keys aside, which it moves by itself.
    UnsortedInJavaScript,
    /// Integer-like keys that JavaScript moves.
    MovedIntegers,
    /// `/` in a string.
    Slashes,
    /// Characters outside ASCII.
    NonAscii,
    /// Characters up to U+FFFF outside ASCII, beside some that are beyond.
    Mixed,
    /// Characters beyond U+FFFF.
    Astral,
    /// An outermost object whose keys are not sorted by their bytes.
    UnsortedAtTop,
    /// The same as JavaScript sorts, integer-like keys aside, beside an object within it.
    UnsortedAtTopInJavaScript,
    /// An outermost object, and another within it.
    Levels,
    /// An object without keys.
    EmptyObject,
    /// Characters in a string that matter inside HTML, or an escape, which may be one.
    Html,
    /// A number with a fraction or an exponent.
    Fractions,
    /// No line end within: otherwise its lines may have had other ends, and nobody serialised it.
    OneLine,
}

impl Needs {
    /// Whether the body has it.
    pub(super) fn are_met(self, tree: &Tree<'_>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Nulls => tree.objects().any(|object| tree.keys(object).any(|key| tree.first_byte(key + 1) == b'n')),
            Self::Unsorted => tree.objects().any(|object| {
                !tree.keys(object).map(|key| tree.key(key)).is_sorted_by(|one, other| one.as_ref() <= other.as_ref())
            }),
            Self::UnsortedInJavaScript => tree.objects().any(|object| {
                let named = tree.keys(object).map(|key| tree.key(key)).filter(|key| array_index(key).is_none());
                !named.is_sorted_by(|one, other| Order::compare_utf16(one, other).is_le())
            }),
            Self::MovedIntegers => tree.objects().any(|object| {
                let places = tree.keys(object).map(|key| array_index(&tree.key(key)).map_or(u64::MAX, u64::from));
                tree.is_unusual(object) && !places.is_sorted()
            }),
            Self::Slashes => tree.in_strings[usize::from(b'/')],
            Self::NonAscii => has_character(tree, 0x80, |code| code >= 0x80),
            Self::Mixed => {
                has_character(tree, 0x80, |code| (0x80..0x1_0000).contains(&code))
                    && has_character(tree, 0xf0, |code| code > 0xffff)
            }
            Self::Astral => has_character(tree, 0xf0, |code| code > 0xffff),
            Self::UnsortedAtTop => {
                let keys = || tree.keys(0).map(|key| tree.key(key));
                tree.first_byte(0) == b'{' && !keys().is_sorted_by(|one, other| one.as_ref() <= other.as_ref())
            }
            Self::UnsortedAtTopInJavaScript => {
                let named = || tree.keys(0).map(|key| tree.key(key)).filter(|key| array_index(key).is_none());
                let is_sorted = || named().is_sorted_by(|one, other| Order::compare_utf16(one, other).is_le());
                Self::Levels.are_met(tree) && !is_sorted()
            }
            Self::Levels => tree.first_byte(0) == b'{' && tree.objects().nth(1).is_some(),
            Self::EmptyObject => tree.objects().any(|object| tree.keys(object).next().is_none()),
            Self::Html => b"<>&'\\".iter().any(|&byte| tree.in_strings[usize::from(byte)]),
            Self::OneLine => memchr::memchr(b'\n', tree.body.trim_ascii()).is_none(),
            Self::Fractions => (0..tree.nodes.len() as u32)
                .filter(|&index| matches!(tree.first_byte(index), b'-' | b'0'..=b'9'))
                .any(|index| tree.text(index).iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))),
        }
    }
}

/// Whether a string has a character that `wanted` accepts, raw or escaped; as UTF-8 such a character begins with a byte
/// of at least `lead`.
fn has_character(tree: &Tree<'_>, lead: usize, wanted: fn(u32) -> bool) -> bool {
    let is_raw = tree.in_strings[lead..].contains(&true);
    if !is_raw && !tree.in_strings[usize::from(b'\\')] {
        return false;
    }
    let strings = (0..tree.nodes.len() as u32).filter(|&index| tree.first_byte(index) == b'"');
    strings.map(|index| tree.inner(index)).any(|inner| {
        let plain = inner.is_ascii() && memchr::memchr(b'\\', inner).is_none();
        !plain
            && parts(inner).any(|(_, part)| match part {
                StringPart::Raw(raw) => String::from_utf8_lossy(raw).chars().any(|one| wanted(u32::from(one))),
                StringPart::Escaped(one) => wanted(u32::from(one)),
                StringPart::Lone(unit) => wanted(u32::from(unit)),
            })
    })
}
