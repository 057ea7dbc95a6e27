//! `json.dumps(json.loads(body))`.

use super::needs::Needs;
use super::numbers::{NumberForm, copy_small_integer, is_integer, shortest};
use super::strings::{Lone, NonAscii, PLAIN, Strings};
use super::style::{COMPACT, INDENT_2, INDENT_4, Order, SPACED, Style, VERBATIM};
use super::{Family, StylePreset};

/// `ensure_ascii=True`: everything outside the printable ASCII characters is escaped, DEL too.
pub(super) const ASCII: Strings = Strings { non_ascii: NonAscii::Lower, extra: b"\x7f", lone: Lone::Escape, ..PLAIN };
/// `ensure_ascii=False`; a lone surrogate cannot be encoded as UTF-8.
const UNICODE: Strings = PLAIN;

/// `json.dumps(value)`
pub(super) const DEFAULT: Style = Style {
    order: Order::AsWritten,
    merge_duplicates: true,
    numbers,
    strings: Some(&ASCII),
    layout: SPACED,
    ..VERBATIM
};
const RAW: Style = Style { strings: Some(&UNICODE), ..DEFAULT };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Python, "Python json.dumps", 1, DEFAULT),
    StylePreset::new(
        Family::Python,
        "Python json.dumps, separators=(',', ':')",
        3,
        Style { layout: COMPACT, ..DEFAULT },
    ),
    StylePreset::new(
        Family::Python,
        "Python json.dumps, ensure_ascii=False, compact (as httpx, Starlette and Django REST write)",
        4,
        Style { layout: COMPACT, ..RAW },
    ),
    StylePreset::new(Family::Python, "Python json.dumps, ensure_ascii=False", 10, RAW),
    StylePreset::new(Family::Python, "Python json.dumps, indent=2", 20, Style { layout: INDENT_2, ..DEFAULT }),
    StylePreset::new(Family::Python, "Python json.dumps, indent=4", 21, Style { layout: INDENT_4, ..DEFAULT }),
    StylePreset::new(Family::Python, "Python json.dumps, sort_keys=True", 11, Style { order: Order::Bytes, ..DEFAULT })
        .needing(Needs::Unsorted),
    StylePreset::new(
        Family::Python,
        "Python json.dumps, sort_keys=True, separators=(',', ':')",
        13,
        Style { order: Order::Bytes, layout: COMPACT, ..DEFAULT },
    )
    .needing(Needs::Unsorted),
    StylePreset::new(
        Family::Python,
        "Python json.dumps, sort_keys=True, ensure_ascii=False, compact",
        23,
        Style { order: Order::Bytes, layout: COMPACT, ..RAW },
    )
    .needing(Needs::Unsorted),
    // It ends what it prints with a newline.
    StylePreset::new(Family::Python, "Python -m json.tool", 22, Style { layout: INDENT_4, tail: "\n", ..DEFAULT }),
];

const NUMBERS: NumberForm = NumberForm {
    plain: -3..=16,
    plain_fraction: true,
    exponent_fraction: false,
    mark: b'e',
    plus: "+",
    exponent_digits: 2,
};

/// Integers of any size; floats as `repr` writes them.
pub(super) fn numbers(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if copy_small_integer(text, out) {
        return Some(());
    }
    if is_integer(text) {
        // More digits than this, and Python itself refuses (sys.get_int_max_str_digits).
        out.extend_from_slice(if text == b"-0" { b"0" } else { text });
        return (text.len() <= 4301).then_some(());
    }
    let Some(number) = shortest(text) else {
        out.extend_from_slice(if text.starts_with(b"-") { b"-Infinity" } else { b"Infinity" });
        return Some(());
    };
    number.sign(out);
    number.write(&NUMBERS, out);
    Some(())
}

/// Python's own notation except for strings and words: nothing escaped that JSON does not demand.
pub(super) const REPR: Style = Style { strings: Some(&RAW_STRINGS), ..DEFAULT };
const RAW_STRINGS: Strings = Strings { lone: Lone::Refuse, ..PLAIN };
