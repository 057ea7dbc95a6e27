//! jq 1.7, which ends everything with a newline and keeps the digits of numbers.

use super::needs::Needs;
use super::strings::{Lone, PLAIN, Strings};
use super::style::{INDENT_2, Order, Style, VERBATIM};
use super::{Family, RewriteEffect, StylePreset};

/// DEL is escaped too.
const STRINGS: Strings = Strings { extra: b"\x7f", lone: Lone::Replace, ..PLAIN };
const COMPACT: Style = Style { merge_duplicates: true, strings: Some(&STRINGS), tail: "\n", ..VERBATIM };
const INDENTED: Style = Style { layout: INDENT_2, ..COMPACT };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::Any, "jq -c", 14, COMPACT),
    StylePreset::new(Family::Any, "jq", 15, INDENTED),
    StylePreset::of_any(RewriteEffect::Sorted, "jq -cS", 15, Style { order: Order::Bytes, ..COMPACT })
        .needing(Needs::Unsorted),
    StylePreset::of_any(RewriteEffect::Sorted, "jq -S", 16, Style { order: Order::Bytes, ..INDENTED })
        .needing(Needs::Unsorted),
];
