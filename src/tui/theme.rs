//! Colours, by meaning. Colour never carries meaning alone: each state has a glyph and a word too.
//!
//! Foreground and background of ordinary text are the terminal's own. Accents are from the fixed
//! part of the 256-colour palette, in tones that read on the background they are for.

use std::str::FromStr;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::delivery::{Summary, Verdict};

/// Which background the accents are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Background {
    /// Unknown: tones that are readable on both.
    #[default]
    Unknown,
    /// A dark one.
    Dark,
    /// A light one.
    Light,
}

/// The text is not the name of a theme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid theme '{0}': expected auto, dark or light")]
pub struct UnknownTheme(String);

impl FromStr for Background {
    type Err = UnknownTheme;

    fn from_str(text: &str) -> Result<Self, UnknownTheme> {
        match text {
            "auto" => Ok(Self::from_environment(std::env::var("COLORFGBG").ok().as_deref())),
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            _ => Err(UnknownTheme(crate::text::visible(text).into_owned())),
        }
    }
}

impl Background {
    /// What `COLORFGBG` says (`15;0`: the last number is the background), where a terminal sets it.
    #[must_use]
    pub fn from_environment(colorfgbg: Option<&str>) -> Self {
        match colorfgbg.and_then(|text| text.rsplit(';').next()).and_then(|last| last.parse::<u8>().ok()) {
            Some(0..=6 | 8) => Self::Dark,
            Some(7 | 9..=15) => Self::Light,
            _ => Self::Unknown,
        }
    }
}

/// A style for each meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the meaning that it names")]
pub struct Theme {
    pub text: Style,
    pub dim: Style,
    pub title: Style,
    pub brand: Style,
    pub good: Style,
    pub bad: Style,
    pub warn: Style,
    pub info: Style,
    pub key: Style,
    pub string: Style,
    pub number: Style,
    pub literal: Style,
    pub simulation: Style,
    pub selected: Style,
    pub selected_unfocused: Style,
    pub bar: Style,
    pub rule: Style,
    pub hidden: Style,
    pub found: Style,
    pub found_here: Style,
    pub segment_even: Style,
    pub segment_odd: Style,
}

impl Theme {
    /// The theme for a background; `colour` is off under `NO_COLOR`.
    #[must_use]
    pub fn new(background: Background, colour: bool) -> Self {
        let tone = |unknown: u8, dark: u8, light: u8| {
            let style = Style::new();
            if !colour {
                return style;
            }
            style.fg(Color::Indexed(match background {
                Background::Unknown => unknown,
                Background::Dark => dark,
                Background::Light => light,
            }))
        };
        let ground = |dark: u8, light: u8, otherwise: Modifier| match (colour, background) {
            (true, Background::Dark) => Style::new().bg(Color::Indexed(dark)),
            (true, Background::Light) => Style::new().bg(Color::Indexed(light)),
            _ => Style::new().add_modifier(otherwise),
        };
        let bold = Modifier::BOLD;
        Self {
            text: Style::new(),
            dim: tone(245, 246, 242),
            title: Style::new().add_modifier(bold),
            brand: tone(33, 75, 25).add_modifier(bold),
            good: tone(35, 78, 28).add_modifier(bold),
            bad: tone(167, 203, 160).add_modifier(bold),
            warn: tone(172, 214, 130).add_modifier(bold),
            info: tone(33, 75, 25),
            key: tone(67, 110, 24),
            string: tone(65, 108, 22),
            number: tone(137, 180, 94),
            literal: tone(133, 176, 90),
            simulation: tone(133, 176, 90).add_modifier(bold),
            selected: ground(238, 253, Modifier::REVERSED).add_modifier(bold),
            selected_unfocused: ground(236, 254, Modifier::BOLD),
            bar: ground(235, 254, Modifier::empty()),
            rule: tone(245, 239, 250),
            hidden: tone(167, 209, 161).add_modifier(bold),
            found: ground(58, 229, Modifier::UNDERLINED),
            found_here: tone(172, 214, 130).add_modifier(bold | Modifier::REVERSED),
            segment_even: ground(236, 255, Modifier::empty()),
            segment_odd: ground(238, 253, Modifier::empty()),
        }
    }

    /// Marks a row as chosen. Where that reverses the row, verdicts and statuses stay as they are, in their colours, and
    /// all other colours go: reversed, they would be a patchwork.
    pub fn highlight(&self, buffer: &mut Buffer, row: Rect, style: Style) {
        if !style.add_modifier.contains(Modifier::REVERSED) {
            buffer.set_style(row, style);
            return;
        }
        let telling = [self.good, self.bad, self.warn, self.simulation].map(|style| style.fg);
        for position in row.intersection(*buffer.area()).positions() {
            let Some(cell) = buffer.cell_mut(position) else { continue };
            let is_telling = cell.fg != Color::Reset && telling.contains(&Some(cell.fg)) && cell.symbol() != " ";
            if !is_telling {
                cell.set_style(Style::new().fg(Color::Reset).bg(Color::Reset)).set_style(style);
            }
        }
    }

    /// The glyph, the word and the style of a verdict.
    #[must_use]
    pub fn verdict(&self, verdict: Verdict) -> (&'static str, &'static str, Style) {
        match verdict {
            Verdict::Verified => ("✓", "verified", self.good),
            Verdict::Mismatch => ("✗", "mismatch", self.bad),
            Verdict::MissingSignature => ("∅", "unsigned", self.bad),
            Verdict::MissingTimestamp => ("∅", "no time", self.bad),
            Verdict::MalformedSignature => ("≠", "malformed", self.bad),
            Verdict::AmbiguousHeaders => ("‼", "ambiguous", self.bad),
            Verdict::NoSecret => ("?", "no secret", self.warn),
            Verdict::NotJudged => ("!", "broken", self.bad),
        }
    }

    /// The same for a delivery: an incomplete request is not verified, whatever its digest, and a stale one may be a
    /// replay.
    #[must_use]
    pub fn verdict_of(&self, summary: &Summary) -> (&'static str, &'static str, Style) {
        match summary.judgement.verdict {
            Verdict::Verified if !summary.is_verified() => ("!", summary.intake.name(), self.bad),
            Verdict::Verified if summary.is_verified_but_stale() => ("◐", "stale", self.warn),
            verdict => self.verdict(verdict),
        }
    }

    /// The style of an HTTP status: 2xx, 3xx, 4xx and 5xx.
    #[must_use]
    pub fn status(&self, status: u16) -> Style {
        match status {
            200..=299 => self.good,
            300..=399 => self.info,
            _ => self.bad,
        }
    }
}

/// How things look, whatever they are.
#[derive(Debug, Clone)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// The time zone in which times are shown.
    pub zone: TimeZone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_is_told_where_the_terminal_says_it() {
        assert_eq!(Background::from_environment(Some("15;0")), Background::Dark);
        assert_eq!(Background::from_environment(Some("0;default;15")), Background::Light);
        assert_eq!(Background::from_environment(Some("junk")), Background::Unknown);
        assert_eq!(Background::from_environment(None), Background::Unknown);
    }

    #[test]
    fn a_verdict_is_shown_by_the_word_that_filters_take() {
        let theme = Theme::new(Background::Dark, true);
        for verdict in Verdict::ALL {
            assert_eq!(theme.verdict(verdict).1, verdict.label());
        }
    }

    #[test]
    fn without_colour_no_style_has_one() {
        let theme = Theme::new(Background::Dark, false);
        for verdict in Verdict::ALL {
            let (_, _, style) = theme.verdict(verdict);
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert_eq!((theme.selected.fg, theme.selected.bg), (None, None));
        assert!(theme.selected.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn every_verdict_has_its_own_word() {
        let theme = Theme::new(Background::Dark, true);
        let words: std::collections::BTreeSet<_> = Verdict::ALL.iter().map(|v| theme.verdict(*v).1).collect();
        assert_eq!(words.len(), Verdict::ALL.len());
    }
}
