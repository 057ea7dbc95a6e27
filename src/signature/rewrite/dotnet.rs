//! .NET's System.Text.Json, from its documentation: numbers as sent, and escapes in capital letters.

use super::numbers::as_written;
use super::strings::{Lone, NonAscii, PLAIN, Strings};
use super::style::{INDENT_2, Order, Style, VERBATIM};
use super::{Family, StylePreset};

/// `JavaScriptEncoder.Default`: everything outside Basic Latin, and what matters to HTML.
pub(super) const DEFAULT_ENCODER: Strings = Strings {
    non_ascii: NonAscii::Upper,
    extra: b"<>&'+`\x7f",
    quote_as_unicode: true,
    upper_controls: true,
    lone: Lone::Replace,
    ..PLAIN
};
/// `JavaScriptEncoder.UnsafeRelaxedJsonEscaping`; characters beyond U+FFFF are escaped even so (dotnet/runtime issue
/// 42847).
pub(super) const RELAXED: Strings =
    Strings { non_ascii: NonAscii::AstralUpper, upper_controls: true, lone: Lone::Replace, ..PLAIN };

/// `JsonSerializer.Serialize(JsonDocument)`
pub(super) const DEFAULT: Style = Style {
    order: Order::AsWritten,
    merge_duplicates: false,
    numbers: as_written,
    strings: Some(&DEFAULT_ENCODER),
    ..VERBATIM
};

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::DotNet, ".NET System.Text.Json", 10, DEFAULT),
    StylePreset::new(
        Family::DotNet,
        ".NET System.Text.Json, UnsafeRelaxedJsonEscaping",
        32,
        Style { strings: Some(&RELAXED), ..DEFAULT },
    ),
    StylePreset::new(Family::DotNet, ".NET System.Text.Json, WriteIndented", 33, Style { layout: INDENT_2, ..DEFAULT }),
];
