//! What becomes of a body on its way through other people's programs.
//!
//! Every function here maps bytes to bytes and is total: hostile input costs time in proportion, never
//! a panic, never recursion. JSON is rewritten from its own tokens (digits, escapes, order and
//! duplicate keys as sent), so that each serialiser's habits can be told apart.
//!
//! | part | what it rewrites |
//! |---|---|
//! | [`Tree`], `style`, `strings`, `numbers` | the one writer that follows a serialiser given as data |
//! | `needs` | what must be there for a serialiser to be named |
//! | `javascript`, `python`, `php`, `ruby`, `go`, `java_*`, `dotnet`, `jq` | each language's serialisers |
//! | [`options`] | what one call of a serialiser does with several of its options |
//! | [`escapes`] | HTML entities, backslashes, Python's literals |
//! | [`framing`] | chunk sizes, parts of a multipart body, hexadecimal digits |
//! | [`markup`] | XML with and without indentation |
//! | [`text`] | newlines, byte order marks, character sets, normal forms |
//! | [`wrap`] | base64, forms, JSON within JSON |
//! | [`forms`], [`form_of_json`] | forms by other encoders, forms as JSON, JSON as a form |
//! | [`values`], [`members`] | what frameworks do to values and members before they serialise |
//! | [`prints`] | what printing an object leaves |

mod dotnet;
pub mod escapes;
pub mod form_edits;
pub mod form_of_json;
pub mod forms;
pub mod framing;
mod go;
mod java;
mod java_gson;
mod java_jackson;
mod javascript;
mod jq;
pub mod markup;
pub mod members;
mod needs;
mod numbers;
pub mod options;
mod php;
pub mod prints;
mod python;
mod ruby;
mod strings;
mod style;
pub mod text;
mod tree;
pub mod values;
pub mod wrap;

#[cfg(test)]
mod tests;

pub use tree::Tree;

use needs::Needs;
use strings::{Lone, NonAscii, PLAIN, Strings};
use style::{INDENT_2, INDENT_4, Order, SPACED, Style, VERBATIM};

/// A language whose serialisers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `JSON.stringify`
    JavaScript,
    /// `json.dumps`
    Python,
    /// `json_encode`
    Php,
    /// `to_json`
    Ruby,
    /// `encoding/json`
    Go,
    /// Jackson and Gson
    Java,
    /// System.Text.Json
    DotNet,
    /// An edit that any language may make.
    Any,
}

/// What kind of change a serialiser makes, as far as the codes tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RewriteEffect {
    /// The whole body re-serialised.
    Reserialized,
    /// Keys in another order.
    Sorted,
    /// Members that are null left out.
    NullsDropped,
}

/// One known serialiser with one set of options.
#[derive(Clone, Copy)]
pub struct StylePreset {
    /// Whose it is.
    pub family: Family,
    /// What a person calls it.
    pub name: &'static str,
    /// How common it is: 0 is the most common.
    pub rank: u16,
    /// What kind of change it is.
    pub effect: RewriteEffect,
    style: Recipe,
    needs: Needs,
    /// What else it needs: one for each of its options.
    also_needs: &'static [Needs],
}

#[derive(Clone, Copy)]
enum Recipe {
    Whole(Style),
    InPlace(numbers::NumberStyle, Option<&'static Strings>),
}

impl std::fmt::Debug for StylePreset {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Preset({})", self.name)
    }
}

impl StylePreset {
    const fn new(family: Family, name: &'static str, rank: u16, style: Style) -> Self {
        Self {
            family,
            name,
            rank,
            effect: RewriteEffect::Reserialized,
            style: Recipe::Whole(style),
            needs: Needs::Nothing,
            also_needs: &[],
        }
    }

    const fn of_any(effect: RewriteEffect, name: &'static str, rank: u16, style: Style) -> Self {
        let needs = match effect {
            RewriteEffect::Reserialized => Needs::Nothing,
            RewriteEffect::Sorted => Needs::Unsorted,
            RewriteEffect::NullsDropped => Needs::Nulls,
        };
        Self { family: Family::Any, name, rank, effect, style: Recipe::Whole(style), needs, also_needs: &[] }
    }

    /// The same, named only where the body has what the name tells of.
    const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    const fn in_place(
        name: &'static str,
        rank: u16,
        numbers: numbers::NumberStyle,
        strings: Option<&'static Strings>,
    ) -> Self {
        let style = Recipe::InPlace(numbers, strings);
        Self {
            family: Family::Any,
            name,
            rank,
            effect: RewriteEffect::Reserialized,
            style,
            needs: Needs::Nothing,
            also_needs: &[],
        }
    }

    /// Whether the body has what this serialiser's name tells of: nulls to leave out, keys to sort. Without it,
    /// a simpler one writes the same.
    #[must_use]
    pub fn shows(&self, tree: &Tree<'_>) -> bool {
        self.needs.are_met(tree) && self.also_needs.iter().all(|needs| needs.are_met(tree))
    }

    /// The body as this serialiser writes it; `None` when it fails on it, or would write more than
    /// `limit` bytes.
    #[must_use]
    pub fn apply(&self, tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
        match &self.style {
            Recipe::Whole(style) => style::write(tree, style, limit),
            Recipe::InPlace(numbers, strings) => style::edit_in_place(tree, *numbers, *strings, limit),
        }
    }
}

const SLASHES: Strings = Strings { solidus: true, lone: Lone::Escape, ..PLAIN };
const LOWER: Strings = Strings { non_ascii: NonAscii::Lower, lone: Lone::Escape, ..PLAIN };
const UPPER: Strings = Strings { non_ascii: NonAscii::Upper, lone: Lone::Escape, ..PLAIN };
const ASTRAL_LOWER: Strings = Strings { non_ascii: NonAscii::AstralLower, lone: Lone::Escape, ..PLAIN };
const ASTRAL_UPPER: Strings = Strings { non_ascii: NonAscii::AstralUpper, lone: Lone::Escape, ..PLAIN };
const PLANE: Strings = Strings { non_ascii: NonAscii::PlaneLower, lone: Lone::Escape, ..PLAIN };
const RAW: Strings = Strings { lone: Lone::Escape, ..PLAIN };
const SORTED: Style = Style { order: Order::Bytes, ..VERBATIM };

/// Edits that are nobody's own.
const GENERIC: &[StylePreset] = &[
    StylePreset::of_any(RewriteEffect::Reserialized, "white space between tokens removed", 3, VERBATIM),
    StylePreset::of_any(
        RewriteEffect::Reserialized,
        "one space after each comma and colon",
        17,
        Style { layout: SPACED, ..VERBATIM },
    ),
    StylePreset::of_any(
        RewriteEffect::Reserialized,
        "indented by 2, tokens as sent",
        18,
        Style { layout: INDENT_2, ..VERBATIM },
    ),
    StylePreset::of_any(
        RewriteEffect::Reserialized,
        "indented by 4, tokens as sent",
        19,
        Style { layout: INDENT_4, ..VERBATIM },
    ),
    StylePreset::of_any(RewriteEffect::Sorted, "keys sorted, tokens as sent, compact", 6, SORTED),
    StylePreset::of_any(
        RewriteEffect::Sorted,
        "keys sorted, one space after each comma and colon",
        14,
        Style { layout: SPACED, ..SORTED },
    ),
    StylePreset::of_any(RewriteEffect::Sorted, "keys sorted, indented by 2", 30, Style { layout: INDENT_2, ..SORTED }),
    StylePreset::of_any(
        RewriteEffect::Sorted,
        "keys sorted by JavaScript, JSON.stringify",
        8,
        Style { order: Order::Utf16, ..javascript::COMPACT },
    )
    .needing(Needs::UnsortedInJavaScript),
    StylePreset::of_any(
        RewriteEffect::Sorted,
        "integer-like keys first, tokens as sent, compact",
        16,
        Style { order: Order::IntegersFirst, ..VERBATIM },
    )
    .needing(Needs::MovedIntegers),
    StylePreset::of_any(
        RewriteEffect::NullsDropped,
        "members that are null left out, tokens as sent, compact",
        8,
        Style { drop_nulls: true, ..VERBATIM },
    ),
    StylePreset::of_any(
        RewriteEffect::NullsDropped,
        "members that are null left out, JSON.stringify",
        9,
        Style { drop_nulls: true, ..javascript::COMPACT },
    ),
    StylePreset::of_any(
        RewriteEffect::NullsDropped,
        "members that are null left out, json.dumps",
        20,
        Style { drop_nulls: true, ..python::DEFAULT },
    ),
    StylePreset::in_place("numbers as JavaScript writes them, white space as sent", 20, javascript::numbers, None),
    StylePreset::in_place("numbers as Python writes them, white space as sent", 21, python::numbers, None),
    StylePreset::in_place("strings without needless escapes, white space as sent", 12, numbers::as_written, Some(&RAW)),
    StylePreset::in_place("slashes written \\/, white space as sent", 12, numbers::as_written, Some(&SLASHES))
        .needing(Needs::Slashes),
    StylePreset::in_place(
        "non-ASCII characters written \\u00e9, white space as sent",
        13,
        numbers::as_written,
        Some(&LOWER),
    )
    .needing(Needs::NonAscii),
    StylePreset::in_place(
        "non-ASCII characters written \\u00E9, white space as sent",
        24,
        numbers::as_written,
        Some(&UPPER),
    )
    .needing(Needs::NonAscii),
    StylePreset::in_place(
        "only characters beyond U+FFFF escaped, as \\ud83d\\ude00, white space as sent",
        25,
        numbers::as_written,
        Some(&ASTRAL_LOWER),
    )
    .needing(Needs::Astral),
    StylePreset::in_place(
        "only characters beyond U+FFFF escaped, as \\uD83D\\uDE00, white space as sent",
        26,
        numbers::as_written,
        Some(&ASTRAL_UPPER),
    )
    .needing(Needs::Astral),
    StylePreset::in_place(
        "characters up to U+FFFF written \\u00e9, those beyond as they are, white space as sent",
        27,
        numbers::as_written,
        Some(&PLANE),
    )
    .needing(Needs::Mixed),
];

/// Every known serialiser, in the order in which they are tried.
pub fn presets() -> impl Iterator<Item = &'static StylePreset> {
    let languages = [
        javascript::PRESETS,
        python::PRESETS,
        php::PRESETS,
        ruby::PRESETS,
        go::PRESETS,
        java_jackson::PRESETS,
        java_gson::PRESETS,
        dotnet::PRESETS,
        jq::PRESETS,
        GENERIC,
    ];
    languages.into_iter().flatten()
}
