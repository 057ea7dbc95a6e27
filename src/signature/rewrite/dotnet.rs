//! .NET's System.Text.Json, from its documentation: numbers as sent in a document, as .NET's doubles in a model, and escapes
//! in capital letters.

use super::needs::Needs;
use super::numbers::{NumberForm, as_written, is_integer, shortest};
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

/// `JsonSerializer.Serialize(model)`, where numbers with a fraction are doubles.
const MODEL: Style = Style { numbers: doubles, ..DEFAULT };
/// `JsonIgnoreCondition.WhenWritingNull`
const NO_NULLS: Style = Style { drop_nulls: true, ..DEFAULT };

pub(super) const PRESETS: &[StylePreset] = &[
    StylePreset::new(Family::DotNet, ".NET System.Text.Json", 10, DEFAULT),
    StylePreset::new(Family::DotNet, ".NET System.Text.Json of a model with doubles", 12, MODEL)
        .needing(Needs::Fractions),
    StylePreset::new(Family::DotNet, ".NET System.Text.Json, WhenWritingNull", 13, NO_NULLS).needing(Needs::Nulls),
    StylePreset {
        also_needs: &[Needs::Nulls],
        ..StylePreset::new(
            Family::DotNet,
            ".NET System.Text.Json of a model with doubles, WhenWritingNull",
            14,
            Style { drop_nulls: true, ..MODEL },
        )
        .needing(Needs::Fractions)
    },
    StylePreset::new(
        Family::DotNet,
        ".NET System.Text.Json, UnsafeRelaxedJsonEscaping",
        32,
        Style { strings: Some(&RELAXED), ..DEFAULT },
    ),
    StylePreset::new(
        Family::DotNet,
        ".NET System.Text.Json of a model with doubles, UnsafeRelaxedJsonEscaping",
        33,
        Style { strings: Some(&RELAXED), ..MODEL },
    )
    .needing(Needs::Fractions),
    StylePreset::new(Family::DotNet, ".NET System.Text.Json, WriteIndented", 33, Style { layout: INDENT_2, ..DEFAULT }),
];

const NUMBERS: NumberForm = NumberForm {
    plain: -3..=15,
    plain_fraction: false,
    exponent_fraction: false,
    mark: b'E',
    plus: "+",
    exponent_digits: 2,
};

/// Doubles as .NET Core 3.0 and later write them: the shortest digits, with an exponent from 1E+15 on and below 0.0001.
fn doubles(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if is_integer(text) {
        return as_written(text, out);
    }
    let number = shortest(text)?;
    number.sign(out);
    number.write(&NUMBERS, out);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, presets};

    /// The digits are those of the documentation of `Double.ToString` ("R" and "G", .NET Core 3.0 and later).
    #[test]
    fn a_model_has_doubles_and_a_document_has_digits_as_sent() {
        let body = br#"{"a":12.50,"b":10.0,"c":1e21,"d":1e-7,"e":12345678901234567890,"f":1e14,"g":1e15,"h":-0.0001,"i":"it's \u00e9","n":null}"#;
        let written = |name: &str| {
            let preset = presets().find(|preset| preset.name == name).unwrap();
            String::from_utf8(preset.apply(&Tree::read(body).unwrap(), 4096).unwrap()).unwrap()
        };
        let model = r#"{"a":12.5,"b":10,"c":1E+21,"d":1E-07,"e":12345678901234567890,"f":100000000000000,"g":1E+15,"h":-0.0001,"i":"it\u0027s \u00E9","n":null}"#;
        assert_eq!(written(".NET System.Text.Json of a model with doubles"), model);
        let without = model.replace(",\"n\":null", "");
        assert_eq!(written(".NET System.Text.Json of a model with doubles, WhenWritingNull"), without);
        assert!(written(".NET System.Text.Json").contains("12.50"));
        assert!(!written(".NET System.Text.Json, WhenWritingNull").contains("null"));
    }
}
