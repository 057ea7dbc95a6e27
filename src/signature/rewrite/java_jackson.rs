//! Jackson's `ObjectMapper`: `writeValueAsString(readTree(body))`.

use super::java::doubles;
use super::strings::{Lone, PLAIN, Strings};
use super::style::{Empty, INDENT_2, Layout, Order, Style, VERBATIM};
use super::{Family, StylePreset};

const STRINGS: Strings = Strings { upper_controls: true, lone: Lone::Refuse, ..PLAIN };
/// `DefaultPrettyPrinter`: `"a" : [ 1, 2 ]`.
const PRETTY: Layout = Layout { comma: ",", colon: " : ", flat_arrays: true, empty: Empty::Spaced, ..INDENT_2 };

pub(super) const DEFAULT: Style =
    Style { order: Order::AsWritten, merge_duplicates: true, numbers: doubles, strings: Some(&STRINGS), ..VERBATIM };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Java, "Java Jackson", 9, DEFAULT),
    StylePreset::new(Family::Java, "Java Jackson, pretty", 34, Style { layout: PRETTY, ..DEFAULT }),
    StylePreset::new(Family::Java, "Java Jackson, nulls left out", 35, Style { drop_nulls: true, ..DEFAULT }),
    StylePreset::new(Family::Java, "Java Jackson, sorted", 36, Style { order: Order::Bytes, ..DEFAULT }),
];
