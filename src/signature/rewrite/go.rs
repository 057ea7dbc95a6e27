//! `json.Marshal` of what `json.Unmarshal` made of the body.

use super::numbers::{NumberForm, as_written, copy_small_integer, shortest};
use super::strings::{Lone, PLAIN, Strings};
use super::style::{INDENT_2, INDENT_TAB, Order, Style, VERBATIM};
use super::{Family, StylePreset};

/// Until Go 1.21, backspace and form feed had no short form.
const OLD: Strings = Strings { extra: b"<>&", separators: true, short_backspace: false, lone: Lone::Replace, ..PLAIN };
pub(super) const NEW: Strings = Strings { short_backspace: true, ..OLD };
/// `SetEscapeHTML(false)`
const NO_HTML: Strings = Strings { extra: b"", ..NEW };

/// `json.Marshal(map[string]any)`
pub(super) const MAP: Style =
    Style { order: Order::Bytes, merge_duplicates: true, numbers, strings: Some(&NEW), ..VERBATIM };

/// `json.RawMessage` goes through `json.Compact`, which keeps numbers and escapes as they are.
const RAW: Style = Style { html_safe: true, ..VERBATIM };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Go, "Go json.Marshal of a map", 5, MAP),
    StylePreset::new(Family::Go, "Go json.NewEncoder of a map", 9, Style { tail: "\n", ..MAP }),
    StylePreset::new(
        Family::Go,
        "Go json.NewEncoder of a map, SetEscapeHTML(false)",
        17,
        Style { strings: Some(&NO_HTML), tail: "\n", ..MAP },
    ),
    StylePreset::new(
        Family::Go,
        "Go json.Marshal of a map (Go 1.21 or earlier)",
        30,
        Style { strings: Some(&OLD), ..MAP },
    ),
    StylePreset::new(Family::Go, "Go json.Marshal of a map with json.Number", 31, Style { numbers: as_written, ..MAP }),
    StylePreset::new(Family::Go, "Go json.MarshalIndent of a map, by 2", 32, Style { layout: INDENT_2, ..MAP }),
    StylePreset::new(Family::Go, "Go json.MarshalIndent of a map, by tabs", 33, Style { layout: INDENT_TAB, ..MAP }),
    StylePreset::new(
        Family::Go,
        "Go json.Marshal of a struct in the body's order",
        18,
        Style { order: Order::AsWritten, ..MAP },
    ),
    StylePreset::new(
        Family::Go,
        "Go json.NewEncoder of a struct in the body's order",
        19,
        Style { order: Order::AsWritten, tail: "\n", ..MAP },
    ),
    StylePreset::new(Family::Go, "Go json.Marshal of a json.RawMessage", 13, RAW),
    StylePreset::new(Family::Go, "Go json.NewEncoder of a json.RawMessage", 16, Style { tail: "\n", ..RAW }),
];

const NUMBERS: NumberForm = NumberForm {
    plain: -5..=21,
    plain_fraction: false,
    exponent_fraction: false,
    mark: b'e',
    plus: "+",
    exponent_digits: 1,
};

/// Every number is a float64 in a map; beyond it, `json.Unmarshal` fails.
pub(super) fn numbers(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if copy_small_integer(text, out) {
        return Some(());
    }
    let number = shortest(text)?;
    number.sign(out);
    number.write(&NUMBERS, out);
    Some(())
}
