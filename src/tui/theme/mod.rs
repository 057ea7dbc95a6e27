//! Colours, by meaning. Colour never carries meaning alone: each state has a glyph and a word too.
//!
//! Foreground and background of ordinary text are the terminal's own. Accents are from the fixed
//! part of the 256-colour palette, in tones that read on the background they are for, or of the
//! terminal's own 16 colours; a person can choose others.

pub mod background;
pub mod palette;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use self::background::ColourDepth;
use self::palette::ThemePalette;
use crate::config::{ColourChoice, ColourRole};
use crate::delivery::{Summary, Verdict};

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
    /// The theme of a palette.
    #[must_use]
    pub fn new(palette: ThemePalette) -> Self {
        Self::with(palette, &BTreeMap::new(), ColourDepth::True)
    }

    /// The theme of a palette with colours that a person has chosen, as near as a terminal of this depth can show them.
    #[must_use]
    pub fn with(palette: ThemePalette, chosen: &BTreeMap<ColourRole, ColourChoice>, depth: ColourDepth) -> Self {
        use ColourRole as Role;
        let colour = |role| match chosen.get(&role) {
            Some(choice) => palette::chosen(*choice, depth),
            None => palette.colour(role),
        };
        let tone = |role| Style { fg: colour(role), ..Style::new() };
        // An attribute says it where no colour does.
        let or = |style: Style, attribute: Modifier| match (style.fg, style.bg) {
            (None, None) => style.add_modifier(attribute),
            _ => style,
        };
        let ground = |role, text: Role| match colour(role) {
            Some(below) => Style { bg: Some(below), fg: colour(text), ..Style::new() },
            None => Style::new(),
        };
        let bold = Modifier::BOLD;
        let dim = match palette {
            // Bright black is the background of some terminals.
            ThemePalette::Ansi => or(tone(Role::Muted), Modifier::DIM),
            _ => tone(Role::Muted),
        };
        let rule = match palette {
            ThemePalette::Ansi => or(tone(Role::Border), Modifier::DIM),
            _ => tone(Role::Border),
        };
        Self {
            text: tone(Role::Text),
            dim,
            title: tone(Role::Text).add_modifier(bold),
            brand: tone(Role::Accent).add_modifier(bold),
            good: tone(Role::Verified).add_modifier(bold),
            bad: tone(Role::Failed).add_modifier(bold),
            warn: tone(Role::Warning).add_modifier(bold),
            info: tone(Role::Info),
            key: tone(Role::Key),
            string: tone(Role::String),
            number: tone(Role::Number),
            literal: tone(Role::Literal),
            simulation: tone(Role::Simulated).add_modifier(bold),
            selected: or(ground(Role::Selection, Role::SelectionText), Modifier::REVERSED).add_modifier(bold),
            selected_unfocused: or(ground(Role::SelectionUnfocused, Role::SelectionText), bold),
            bar: ground(Role::Bar, Role::BarText),
            rule,
            hidden: tone(Role::Hidden).add_modifier(bold),
            found: or(ground(Role::Match, Role::MatchText), Modifier::UNDERLINED),
            found_here: tone(Role::CurrentMatch).add_modifier(bold | Modifier::REVERSED),
            segment_even: ground(Role::SegmentEven, Role::Text),
            segment_odd: ground(Role::SegmentOdd, Role::Text),
        }
    }

    /// Marks a row as chosen. What has a colour of its own keeps it. Where the row is reversed, all colours go: each would be a
    /// background of its own.
    pub fn highlight(&self, buffer: &mut Buffer, row: Rect, style: Style) {
        let reverses = style.add_modifier.contains(Modifier::REVERSED);
        for position in row.intersection(*buffer.area()).positions() {
            let Some(cell) = buffer.cell_mut(position) else { continue };
            if reverses {
                cell.set_style(Style::new().fg(Color::Reset).bg(Color::Reset)).set_style(style);
            } else {
                cell.set_style(if cell.fg == Color::Reset { style } else { Style { fg: None, ..style } });
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

    /// The glyph, the word and the style of a delivery's verdict: an incomplete request is not verified, whatever its digest, and a stale one may be a
    /// replay.
    #[must_use]
    pub fn verdict_of(&self, summary: &Summary) -> (&'static str, &'static str, Style) {
        match summary.judgement.verdict {
            Verdict::Verified if !summary.is_verified() => ("!", summary.intake.name(), self.bad),
            Verdict::Verified if summary.is_verified_but_stale() => ("◐", "stale", self.warn),
            Verdict::NotJudged if summary.intake.is_rebuilt() => ("≈", summary.intake.name(), self.warn),
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
    /// What it is shown on.
    pub face: Face,
}

/// What the interface is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Face {
    /// A screen, on which marks, lines and bars are drawn.
    #[default]
    Screen,
    /// Lines of text, of which nothing is drawn: whatever is in them is a word of ours or was sent.
    Lines,
}

impl Look {
    /// A mark of ours, with its blank: nothing in lines, where the word beside it says the same. Text from outside never
    /// passes through here, so that none of it is left out.
    #[must_use]
    pub fn mark(&self, mark: &'static str) -> &'static str {
        match self.face {
            Face::Screen => mark,
            Face::Lines => "",
        }
    }

    /// Words behind a mark of ours.
    #[must_use]
    pub fn marked(&self, mark: &'static str, words: &str) -> String {
        match self.face {
            Face::Screen => format!("{mark} {words}"),
            Face::Lines => words.to_owned(),
        }
    }

    /// A line or a bar of this many cells; empty in lines, where nothing is drawn.
    #[must_use]
    pub fn bar(&self, cell: &'static str, cells: usize) -> String {
        self.mark(cell).repeat(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_shown_by_the_word_that_filters_take() {
        let theme = Theme::new(ThemePalette::Dark);
        for verdict in Verdict::ALL {
            assert_eq!(theme.verdict(verdict).1, verdict.label());
        }
    }

    #[test]
    fn without_colour_no_style_has_one() {
        let theme = Theme::new(ThemePalette::Plain);
        for verdict in Verdict::ALL {
            let (_, _, style) = theme.verdict(verdict);
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert_eq!((theme.selected.fg, theme.selected.bg), (None, None));
        assert!(theme.selected.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn every_verdict_has_its_own_word() {
        let theme = Theme::new(ThemePalette::Dark);
        let words: std::collections::BTreeSet<_> = Verdict::ALL.iter().map(|v| theme.verdict(*v).1).collect();
        assert_eq!(words.len(), Verdict::ALL.len());
    }

    /// A verdict, a word in its own colour and ordinary text, in a selected row.
    fn selected_row(theme: &Theme) -> Buffer {
        let row = Rect::new(0, 0, 3, 1);
        let mut buffer = Buffer::empty(row);
        buffer.set_string(0, 0, "✗", theme.bad);
        buffer.set_string(1, 0, "k", theme.key);
        buffer.set_string(2, 0, "x", theme.text);
        theme.highlight(&mut buffer, row, theme.selected);
        buffer
    }

    #[test]
    fn a_selected_row_is_one_bar() {
        for palette in
            [ThemePalette::Dark, ThemePalette::Light, ThemePalette::ContrastDark, ThemePalette::ContrastLight]
        {
            let theme = Theme::new(palette);
            let row = selected_row(&theme);
            let colours = |x: u16| (Some(row[(x, 0)].fg), Some(row[(x, 0)].bg));
            assert_eq!(colours(0), (theme.bad.fg, theme.selected.bg), "{palette:?}");
            assert_eq!(colours(1), (theme.key.fg, theme.selected.bg), "{palette:?}");
            assert_eq!(colours(2), (theme.selected.fg, theme.selected.bg), "{palette:?}");
        }
        for palette in [ThemePalette::Neutral, ThemePalette::Ansi] {
            let theme = Theme::new(palette);
            let row = selected_row(&theme);
            assert!(
                [0, 1, 2].iter().all(|x| (row[(*x, 0)].fg, row[(*x, 0)].bg) == (Color::Reset, Color::Reset)),
                "{palette:?}"
            );
            assert!([0, 2].iter().all(|x| row[(*x, 0)].modifier.contains(Modifier::REVERSED)), "{palette:?}");
        }
    }

    #[test]
    fn a_chosen_colour_takes_the_place_of_the_themes() {
        let chosen = |role, colour| BTreeMap::from([(role, colour)]);
        let colours = chosen(ColourRole::Verified, ColourChoice::Indexed(40));
        let theme = Theme::with(ThemePalette::Dark, &colours, ColourDepth::Indexed);
        assert_eq!(theme.good, Theme::new(ThemePalette::Dark).good.fg(Color::Indexed(40)));
        assert_eq!(theme.bad, Theme::new(ThemePalette::Dark).bad);
        // A background where there was none takes the place of the reversed row.
        let colours = chosen(ColourRole::Selection, ColourChoice::Indexed(4));
        let theme = Theme::with(ThemePalette::Ansi, &colours, ColourDepth::Ansi);
        assert_eq!(theme.selected, Style::new().bg(Color::Indexed(4)).add_modifier(Modifier::BOLD));
        // Without colours there are none, whatever was chosen.
        let theme = Theme::with(ThemePalette::Plain, &colours, ColourDepth::None);
        assert_eq!(theme, Theme::new(ThemePalette::Plain));
    }
}
