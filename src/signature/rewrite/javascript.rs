//! `JSON.stringify(JSON.parse(body))` (ECMA-262, sections 25.5.1 and 25.5.2).

use super::numbers::{NumberForm, copy_small_integer, shortest};
use super::strings::{Lone, PLAIN, Strings};
use super::style::{INDENT_2, INDENT_4, INDENT_TAB, Order, Style, VERBATIM};
use super::{Family, StylePreset};

pub(super) const STRINGS: Strings = Strings { lone: Lone::Escape, ..PLAIN };

/// `JSON.stringify(value)`
pub(super) const COMPACT: Style =
    Style { order: Order::IntegersFirst, merge_duplicates: true, numbers, strings: Some(&STRINGS), ..VERBATIM };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::JavaScript, "JavaScript JSON.stringify", 0, COMPACT),
    StylePreset::new(
        Family::JavaScript,
        "JavaScript JSON.stringify, indented by 2",
        12,
        Style { layout: INDENT_2, ..COMPACT },
    ),
    StylePreset::new(
        Family::JavaScript,
        "JavaScript JSON.stringify, indented by 4",
        22,
        Style { layout: INDENT_4, ..COMPACT },
    ),
    StylePreset::new(
        Family::JavaScript,
        "JavaScript JSON.stringify, indented by tabs",
        40,
        Style { layout: INDENT_TAB, ..COMPACT },
    ),
    // As npm and jsonfile write files.
    StylePreset::new(
        Family::JavaScript,
        "JavaScript JSON.stringify, indented by 2, with a final newline",
        18,
        Style { layout: INDENT_2, tail: "\n", ..COMPACT },
    ),
];

const NUMBERS: NumberForm = NumberForm {
    plain: -5..=21,
    plain_fraction: false,
    exponent_fraction: false,
    mark: b'e',
    plus: "+",
    exponent_digits: 1,
};

/// Number::toString (ECMA-262, section 6.1.6.1.20); minus zero is `0`, what is not a double is `null`.
pub(super) fn numbers(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if copy_small_integer(text, out) {
        return Some(());
    }
    let Some(number) = shortest(text) else {
        out.extend_from_slice(b"null");
        return Some(());
    };
    if number.digits != b"0" {
        number.sign(out);
    }
    number.write(&NUMBERS, out);
    Some(())
}
