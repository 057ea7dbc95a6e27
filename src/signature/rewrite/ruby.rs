//! `JSON.parse(body).to_json`, and what Rails makes of it.

use super::numbers::{NumberForm, copy_small_integer, is_integer, shortest};
use super::strings::{PLAIN, Strings};
use super::style::{Empty, INDENT_2, Layout, Order, Style, VERBATIM};
use super::{Family, StylePreset};

/// ActiveSupport escapes what would matter inside HTML (`escape_html_entities_in_json`).
const RAILS: Strings = Strings { extra: b"<>&", separators: true, ..PLAIN };
/// `JSON.pretty_generate` before version 2.8 of the json gem.
const OLD_PRETTY: Layout = Layout { empty: Empty::Broken, ..INDENT_2 };

pub(super) const DEFAULT: Style =
    Style { order: Order::AsWritten, merge_duplicates: true, numbers, strings: Some(&PLAIN), ..VERBATIM };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Ruby, "Ruby to_json", 8, DEFAULT),
    StylePreset::new(Family::Ruby, "Ruby on Rails to_json", 9, Style { strings: Some(&RAILS), ..DEFAULT }),
    StylePreset::new(Family::Ruby, "Ruby JSON.pretty_generate", 28, Style { layout: INDENT_2, ..DEFAULT }),
    StylePreset::new(
        Family::Ruby,
        "Ruby JSON.pretty_generate before json 2.8",
        29,
        Style { layout: OLD_PRETTY, ..DEFAULT },
    ),
];

const NUMBERS: NumberForm = NumberForm {
    plain: -3..=15,
    plain_fraction: true,
    exponent_fraction: true,
    mark: b'e',
    plus: "+",
    exponent_digits: 2,
};

/// `Integer#to_s` and `Float#to_s`; an infinity makes the generator fail.
pub(super) fn numbers(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if copy_small_integer(text, out) {
        return Some(());
    }
    if is_integer(text) {
        out.extend_from_slice(if text == b"-0" { b"0" } else { text });
        return Some(());
    }
    let number = shortest(text)?;
    number.sign(out);
    number.write(&NUMBERS, out);
    Some(())
}

/// Ruby's own notation except for strings and words: `{"a"=>1, "b"=>2}`.
pub(super) const INSPECT: Style = Style { layout: Layout { colon: "=>", comma: ", ", ..INDENT_NONE }, ..DEFAULT };
/// The same from Ruby 3.4 on: `{"a" => 1, "b" => 2}`.
pub(super) const INSPECT_SPACED: Style = Style { layout: Layout { colon: " => ", ..INSPECT.layout }, ..INSPECT };
const INDENT_NONE: Layout = super::style::COMPACT;
