//! How a person wants the interface to look: a theme by its name, and colours by what they mean.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use toml::Spanned;

use super::described::described;
use crate::text::{suggestion, visible};

/// A theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThemeName {
    /// By the terminal: its background, and how many colours it has.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Contrasts of 7:1 and more, for the terminal's background.
    HighContrast,
    /// The terminal's own 16 colours.
    Ansi,
    /// No colours.
    None,
}

/// The text is not the name of a theme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid theme '{}': expected auto, dark, light, high-contrast, ansi or none{}", visible(.0), suggestion(.0, ThemeName::NAMES.into_iter()))]
pub struct UnknownTheme(pub String);

impl ThemeName {
    /// Every theme's name, the default first.
    pub const NAMES: [&'static str; 6] = ["auto", "dark", "light", "high-contrast", "ansi", "none"];
    /// Other names for some of them.
    const OTHER_NAMES: [&'static str; 2] = ["contrast", "ansi16"];
}

impl FromStr for ThemeName {
    type Err = UnknownTheme;

    fn from_str(text: &str) -> Result<Self, UnknownTheme> {
        match text {
            "auto" => Ok(Self::Auto),
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            "high-contrast" | "contrast" => Ok(Self::HighContrast),
            "ansi" | "ansi16" => Ok(Self::Ansi),
            "none" => Ok(Self::None),
            _ => Err(UnknownTheme(text.to_owned())),
        }
    }
}

macro_rules! roles {
    ($($role:ident $name:literal $words:literal,)*) => {
        /// What a colour means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ColourRole {
            $(#[doc = $words] $role,)*
        }

        impl ColourRole {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];
            /// The names in the configuration, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];
            /// What each is for, in the same order.
            const WORDS: &'static [&'static str] = &[$($words,)*];
        }
    };
}

roles! {
    Text "text" "Ordinary text.",
    Muted "muted" "Text of less weight: labels, times, hints.",
    Accent "accent" "Names of sections, and the line of the pane in focus.",
    Verified "verified" "Verified signatures, and responses of 2xx.",
    Failed "failed" "Failed signatures, errors, and responses of 4xx and 5xx.",
    Warning "warning" "What needs attention.",
    Info "info" "Neutral facts, such as the public URL.",
    Key "key" "Keys of a payload.",
    String "string" "Strings of a payload.",
    Number "number" "Numbers of a payload.",
    Literal "literal" "true, false and null of a payload.",
    Simulated "simulated" "Simulated deliveries.",
    Border "border" "Lines around and between panes.",
    Hidden "hidden" "Characters that cannot be seen otherwise.",
    Selection "selection" "The background of the selected row.",
    SelectionText "selection_text" "Ordinary text in the selected row.",
    SelectionUnfocused "selection_unfocused" "The background of the selected row of a pane without the focus.",
    Bar "bar" "The background of the top and bottom lines.",
    BarText "bar_text" "Ordinary text in the top and bottom lines.",
    Match "match" "The background of what a search has found.",
    MatchText "match_text" "The text of what a search has found.",
    CurrentMatch "current_match" "The found place that is looked at.",
    SegmentEven "segment_even" "The background of every second part of an image's bytes.",
    SegmentOdd "segment_odd" "The background of the other parts.",
}

impl ColourRole {
    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|at| Self::ALL[at])
    }
}

/// A colour as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColourChoice {
    /// The terminal's own foreground or background.
    Default,
    /// One of the 256 colours; the first 16 are the terminal's own.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// The text is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid colour '{}': expected #rrggbb, a number from 0 to 255, default, or a name such as red or bright-blue{}",
    visible(.0), suggestion(.0, NAMES.into_iter())
)]
pub struct InvalidColour(pub String);

/// The names of the terminal's own colours, by number.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl FromStr for ColourChoice {
    type Err = InvalidColour;

    fn from_str(text: &str) -> Result<Self, InvalidColour> {
        let invalid = || InvalidColour(text.to_owned());
        let name = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        if let Some(digits) = name.strip_prefix('#') {
            return hexadecimal(digits).ok_or_else(invalid);
        }
        if let Some(at) = NAMES.iter().position(|known| *known == name) {
            return u8::try_from(at).map(Self::Indexed).map_err(|_| invalid());
        }
        match name.as_str() {
            "default" => Ok(Self::Default),
            "grey" | "gray" => Ok(Self::Indexed(8)),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                number.parse().map(Self::Indexed).map_err(|_| invalid())
            }
            _ => Err(invalid()),
        }
    }
}

/// `rrggbb`, or `rgb` for short.
fn hexadecimal(digits: &str) -> Option<ColourChoice> {
    let values: Vec<u8> = digits
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()?;
    match values[..] {
        [red, green, blue] => Some(ColourChoice::Rgb(red * 17, green * 17, blue * 17)),
        [a, b, c, d, e, f] => Some(ColourChoice::Rgb(a * 16 + b, c * 16 + d, e * 16 + f)),
        _ => None,
    }
}

/// The theme of a run: its name, and the colours that differ from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThemeSettings {
    /// What it is based on.
    pub base: ThemeName,
    /// The colours that a person has chosen.
    pub colours: BTreeMap<ColourRole, ColourChoice>,
}

/// `theme = "dark"`, or `[theme]` with `base` and colours, as it was read.
pub(in crate::config) enum RawTheme {
    Name(ThemeName),
    Table { base: Option<ThemeName>, colours: Vec<(Spanned<String>, ColourChoice)> },
}

impl RawTheme {
    /// Looks up the roles.
    pub(in crate::config) fn settings(self) -> Result<ThemeSettings, (usize, String)> {
        match self {
            Self::Name(base) => Ok(ThemeSettings { base, colours: BTreeMap::new() }),
            Self::Table { base, colours } => {
                let role = |(name, colour): (Spanned<String>, ColourChoice)| {
                    let known = ColourRole::named(name.get_ref());
                    known.map(|role| (role, colour)).ok_or_else(|| (name.span().start, unknown_role(name.get_ref())))
                };
                let colours = colours.into_iter().map(role).collect::<Result<_, _>>()?;
                Ok(ThemeSettings { base: base.unwrap_or_default(), colours })
            }
        }
    }
}

fn unknown_role(name: &str) -> String {
    let names: Vec<&str> = std::iter::once("base").chain(ColourRole::NAMES.iter().copied()).collect();
    format!(
        "unknown colour {}: expected one of {}{}",
        super::named(name),
        names.join(", "),
        suggestion(name, names.iter().copied())
    )
}

impl<'de> Deserialize<'de> for RawTheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawTheme;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a theme such as 'dark', or a table [theme] of colours")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawTheme, E> {
                name.parse().map(RawTheme::Name).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawTheme, A::Error> {
                let (mut base, mut colours) = (None, Vec::new());
                while let Some(name) = entries.next_key::<Spanned<String>>()? {
                    if name.get_ref() == "base" {
                        base = Some(entries.next_value::<Base>()?.0);
                    } else {
                        colours.push((name, entries.next_value::<Colour>()?.0));
                    }
                }
                Ok(RawTheme::Table { base, colours })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

described!(of RawTheme = |_| {
    let theme = json!({"type": "string", "enum": ([&ThemeName::NAMES[..], &ThemeName::OTHER_NAMES].concat())});
    let colour = json!({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0, "maximum": 255}]});
    let roles = ColourRole::NAMES.iter().zip(ColourRole::WORDS).map(|(name, words)| {
        let mut colour = colour.clone();
        colour["description"] = (*words).into();
        ((*name).to_owned(), colour)
    });
    let mut properties: Map<String, Value> = roles.collect();
    let mut base = theme.clone();
    base["description"] = "The theme that these colours change.".into();
    properties.insert("base".to_owned(), base);
    json_schema!({
        "anyOf": [theme, {"type": "object", "properties": properties, "additionalProperties": false}],
    })
};);

struct Base(ThemeName);

impl<'de> Deserialize<'de> for Base {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

struct Colour(ColourChoice);

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Colour;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a colour such as '#5fd787', 78 or 'green'")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Colour, E> {
                text.parse().map(Colour).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Colour, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("#5fd787", ColourChoice::Rgb(0x5f, 0xd7, 0x87))]
    #[case("#FFF", ColourChoice::Rgb(255, 255, 255))]
    #[case("0", ColourChoice::Indexed(0))]
    #[case("255", ColourChoice::Indexed(255))]
    #[case("red", ColourChoice::Indexed(1))]
    #[case("Bright Blue", ColourChoice::Indexed(12))]
    #[case("bright_white", ColourChoice::Indexed(15))]
    #[case("gray", ColourChoice::Indexed(8))]
    #[case("default", ColourChoice::Default)]
    fn colours_are_read(#[case] text: &str, #[case] colour: ColourChoice) {
        assert_eq!(text.parse(), Ok(colour));
    }

    #[rstest]
    #[case("")]
    #[case("#")]
    #[case("#12")]
    #[case("#ggg")]
    #[case("#1234567")]
    #[case("256")]
    #[case("-1")]
    #[case("reddish")]
    #[case("#ｆｆｆ")]
    fn what_is_no_colour_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<ColourChoice>(), Err(InvalidColour(text.to_owned())));
    }

    #[test]
    fn every_theme_is_read_by_its_name_and_a_misspelt_one_is_named() {
        let themes: Vec<ThemeName> = ThemeName::NAMES.iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(themes[0], ThemeName::default());
        assert_eq!("contrast".parse(), Ok(ThemeName::HighContrast));
        assert_eq!("ansi16".parse(), Ok(ThemeName::Ansi));
        let error = "drak".parse::<ThemeName>().unwrap_err().to_string();
        assert!(error.ends_with("did you mean 'dark'?"), "{error}");
        assert!("grren".parse::<ColourChoice>().unwrap_err().to_string().ends_with("did you mean 'green'?"));
    }
}
