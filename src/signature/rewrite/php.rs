//! `json_encode(json_decode($body, true))` and its flags, PHP 7.1 and later.

use super::numbers::{NumberForm, copy_small_integer, is_integer, shortest};
use super::strings::{NonAscii, PLAIN, Strings};
use super::style::{INDENT_4, Layout, Order, Style, VERBATIM};
use super::{Family, StylePreset};

pub(super) const DEFAULT_STRINGS: Strings = Strings { non_ascii: NonAscii::Lower, solidus: true, ..PLAIN };
const UNESCAPED_SLASHES: Strings = Strings { solidus: false, ..DEFAULT_STRINGS };
/// Since 7.1 the line separators stay escaped even so.
const UNESCAPED_UNICODE: Strings = Strings { solidus: true, separators: true, ..PLAIN };
const UNESCAPED_BOTH: Strings = Strings { solidus: false, ..UNESCAPED_UNICODE };
const PRETTY: Layout = INDENT_4;

/// `json_encode(json_decode($body, true))`
pub(super) const ARRAYS: Style = Style {
    order: Order::AsWritten,
    merge_duplicates: true,
    numbers,
    strings: Some(&DEFAULT_STRINGS),
    lists: true,
    ..VERBATIM
};
const OBJECTS: Style = Style { lists: false, ..ARRAYS };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Php, "PHP json_encode", 2, ARRAYS),
    StylePreset::new(Family::Php, "PHP json_encode of objects", 5, OBJECTS),
    StylePreset::new(
        Family::Php,
        "PHP json_encode, JSON_UNESCAPED_SLASHES",
        6,
        Style { strings: Some(&UNESCAPED_SLASHES), ..ARRAYS },
    ),
    StylePreset::new(
        Family::Php,
        "PHP json_encode, JSON_UNESCAPED_UNICODE",
        14,
        Style { strings: Some(&UNESCAPED_UNICODE), ..ARRAYS },
    ),
    StylePreset::new(
        Family::Php,
        "PHP json_encode, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE",
        7,
        Style { strings: Some(&UNESCAPED_BOTH), ..ARRAYS },
    ),
    StylePreset::new(
        Family::Php,
        "PHP json_encode of objects, JSON_UNESCAPED_SLASHES",
        24,
        Style { strings: Some(&UNESCAPED_SLASHES), ..OBJECTS },
    ),
    StylePreset::new(
        Family::Php,
        "PHP json_encode of objects, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE",
        15,
        Style { strings: Some(&UNESCAPED_BOTH), ..OBJECTS },
    ),
    StylePreset::new(
        Family::Php,
        "PHP json_encode, JSON_PRESERVE_ZERO_FRACTION",
        16,
        Style { numbers: with_zero_fraction, ..ARRAYS },
    ),
    StylePreset::new(
        Family::Php,
        "PHP json_encode, JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE",
        26,
        Style { numbers: with_zero_fraction, strings: Some(&UNESCAPED_BOTH), ..ARRAYS },
    ),
    StylePreset::new(Family::Php, "PHP json_encode, JSON_PRETTY_PRINT", 25, Style { layout: PRETTY, ..ARRAYS }),
    StylePreset::new(
        Family::Php,
        "PHP json_encode, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE",
        27,
        Style { layout: PRETTY, strings: Some(&UNESCAPED_BOTH), ..ARRAYS },
    ),
];

pub(super) fn numbers(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    write(text, &NUMBERS, out)
}

pub(super) fn with_zero_fraction(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    write(text, &WITH_FRACTION, out)
}

const NUMBERS: NumberForm = NumberForm {
    plain: -3..=17,
    plain_fraction: false,
    exponent_fraction: true,
    mark: b'e',
    plus: "+",
    exponent_digits: 1,
};

/// With `JSON_PRESERVE_ZERO_FRACTION`.
const WITH_FRACTION: NumberForm = NumberForm { plain_fraction: true, ..NUMBERS };

/// Integers of 64 bits, else doubles with `serialize_precision = -1`; an infinity makes
/// `json_encode` fail.
fn write(text: &[u8], form: &NumberForm, out: &mut Vec<u8>) -> Option<()> {
    if copy_small_integer(text, out) {
        return Some(());
    }
    if is_integer(text) && std::str::from_utf8(text).is_ok_and(|text| text.parse::<i64>().is_ok()) && text != b"-0" {
        out.extend_from_slice(text);
        return Some(());
    }
    let number = shortest(text)?;
    if text == b"-0" {
        out.push(b'0');
        return Some(());
    }
    number.sign(out);
    number.write(form, out);
    Some(())
}
