//! Jackson's `ObjectMapper`: `writeValueAsString(readTree(body))`.

use super::java::doubles;
use super::needs::Needs;
use super::strings::{Lone, NonAscii, PLAIN, Strings};
use super::style::{Empty, INDENT_2, Layout, Order, Style, VERBATIM};
use super::{Family, StylePreset};

pub(super) const STRINGS: Strings = Strings { upper_controls: true, lone: Lone::Refuse, ..PLAIN };
/// `writeValueAsBytes` has no four-byte UTF-8 unless `COMBINE_UNICODE_SURROGATES_IN_UTF8` (2.18) is set: each half of
/// a pair is an escape (jackson-core issue 223).
const BYTES: Strings = Strings { non_ascii: NonAscii::AstralUpper, ..STRINGS };
/// `DefaultPrettyPrinter`: `"a" : [ 1, 2 ]`.
pub(super) const PRETTY: Layout =
    Layout { comma: ",", colon: " : ", flat_arrays: true, empty: Empty::Spaced, ..INDENT_2 };

pub(super) const DEFAULT: Style =
    Style { order: Order::AsWritten, merge_duplicates: true, numbers: doubles, strings: Some(&STRINGS), ..VERBATIM };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Java, "Java Jackson", 9, DEFAULT),
    StylePreset::new(Family::Java, "Java Jackson, pretty", 34, Style { layout: PRETTY, ..DEFAULT }),
    StylePreset::new(Family::Java, "Java Jackson, nulls left out", 35, Style { drop_nulls: true, ..DEFAULT })
        .needing(Needs::Nulls),
    StylePreset::new(Family::Java, "Java Jackson, sorted", 36, Style { order: Order::Bytes, ..DEFAULT })
        .needing(Needs::Unsorted),
    StylePreset::new(Family::Java, "Java Jackson, writeValueAsBytes", 12, Style { strings: Some(&BYTES), ..DEFAULT })
        .needing(Needs::Astral),
];
