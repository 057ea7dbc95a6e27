//! Gson: `toJson(JsonParser.parseString(body))`, and of maps.

use super::java::all_doubles;
use super::numbers::as_written;
use super::strings::{Lone, PLAIN, Strings};
use super::style::{INDENT_2, Order, Style, VERBATIM};
use super::{Family, StylePreset};

const HTML_SAFE: Strings = Strings { extra: b"<>&='", separators: true, lone: Lone::Refuse, ..PLAIN };
const NO_HTML: Strings = Strings { extra: b"", ..HTML_SAFE };

/// A tree keeps numbers as text and leaves nulls out.
pub(super) const TREE: Style = Style {
    order: Order::AsWritten,
    merge_duplicates: true,
    numbers: as_written,
    strings: Some(&HTML_SAFE),
    drop_nulls: true,
    ..VERBATIM
};

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Java, "Java Gson", 11, TREE),
    StylePreset::new(Family::Java, "Java Gson, disableHtmlEscaping", 34, Style { strings: Some(&NO_HTML), ..TREE }),
    StylePreset::new(Family::Java, "Java Gson, serializeNulls", 35, Style { drop_nulls: false, ..TREE }),
    StylePreset::new(Family::Java, "Java Gson of a map", 33, Style { numbers: all_doubles, ..TREE }),
    StylePreset::new(Family::Java, "Java Gson, pretty", 37, Style { layout: INDENT_2, ..TREE }),
];
