//! The colours of each theme, by what they mean.
//!
//! On the background that a theme is for, also on a selected row and in a bar, every text has a contrast of 4.5:1 and
//! more (WCAG 2.2, 1.4.3), and 7:1 in the high-contrast themes. A test computes it.

use ratatui::style::Color;

use super::background::{Background, ColourDepth, nearest_ansi, nearest_fixed, rgb};
use crate::config::{ColourChoice, ColourRole, ThemeName};

/// Colours for one kind of terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThemePalette {
    /// On an unknown background.
    #[default]
    Neutral,
    /// On a dark one.
    Dark,
    /// On a light one.
    Light,
    /// High contrasts on a dark one.
    ContrastDark,
    /// High contrasts on a light one.
    ContrastLight,
    /// The terminal's own 16 colours.
    Ansi,
    /// None.
    Plain,
}

impl ThemePalette {
    /// The palette of a theme. The background is only asked for where it counts.
    #[must_use]
    pub fn choose(theme: ThemeName, depth: ColourDepth, background: impl FnOnce() -> Background) -> Self {
        match theme {
            ThemeName::None => Self::Plain,
            _ if depth == ColourDepth::None => Self::Plain,
            ThemeName::Dark => Self::Dark,
            ThemeName::Light => Self::Light,
            ThemeName::Ansi => Self::Ansi,
            ThemeName::Auto | ThemeName::HighContrast if depth == ColourDepth::Ansi => Self::Ansi,
            ThemeName::Auto => match background() {
                Background::Unknown => Self::Neutral,
                Background::Dark => Self::Dark,
                Background::Light => Self::Light,
            },
            ThemeName::HighContrast => match background() {
                // Most terminals are dark.
                Background::Unknown | Background::Dark => Self::ContrastDark,
                Background::Light => Self::ContrastLight,
            },
        }
    }

    /// The colour for a meaning; `None` for the terminal's own, or where an attribute shows it instead.
    pub(super) fn colour(self, role: ColourRole) -> Option<Color> {
        let (_, tones) = TONES.iter().find(|(of, _)| *of == role)?;
        let at = match self {
            Self::Dark => 0,
            Self::Light => 1,
            Self::ContrastDark => 2,
            Self::ContrastLight => 3,
            Self::Neutral => 4,
            Self::Ansi => 5,
            Self::Plain => return None,
        };
        tones[at].map(Color::Indexed)
    }
}

/// A colour as a person chose it, as near as the terminal can show it; `None` where it shows none.
pub(super) fn chosen(colour: ColourChoice, depth: ColourDepth) -> Option<Color> {
    match (colour, depth) {
        (_, ColourDepth::None) => None,
        (ColourChoice::Default, _) => Some(Color::Reset),
        (ColourChoice::Indexed(at @ 16..), ColourDepth::Ansi) => Some(Color::Indexed(nearest_ansi(rgb(at)))),
        (ColourChoice::Indexed(at), _) => Some(Color::Indexed(at)),
        (ColourChoice::Rgb(red, green, blue), ColourDepth::True) => Some(Color::Rgb(red, green, blue)),
        (ColourChoice::Rgb(red, green, blue), ColourDepth::Indexed) => {
            Some(Color::Indexed(nearest_fixed((red, green, blue))))
        }
        (ColourChoice::Rgb(red, green, blue), ColourDepth::Ansi) => {
            Some(Color::Indexed(nearest_ansi((red, green, blue))))
        }
    }
}

/// Tones on dark, on light, with high contrast on dark and on light, on an unknown background, and of the terminal's
/// own 16 colours.
type Tones = [Option<u8>; 6];

const fn tones(dark: u8, light: u8, on_dark: u8, on_light: u8, neutral: u8, ansi: u8) -> Tones {
    [Some(dark), Some(light), Some(on_dark), Some(on_light), Some(neutral), Some(ansi)]
}

/// Tones of a background, which attributes replace on an unknown background and in 16 colours: of the colours there, none
/// is sure to be readable on another.
const fn grounds(dark: u8, light: u8, on_dark: u8, on_light: u8) -> Tones {
    [Some(dark), Some(light), Some(on_dark), Some(on_light), None, None]
}

const TONES: [(ColourRole, Tones); 23] = [
    (ColourRole::Muted, [Some(248), Some(240), Some(252), Some(236), Some(243), None]),
    (ColourRole::Accent, tones(75, 25, 159, 18, 63, 6)),
    (ColourRole::Verified, tones(78, 22, 120, 22, 29, 2)),
    (ColourRole::Failed, tones(210, 124, 217, 52, 131, 1)),
    (ColourRole::Warning, tones(214, 94, 228, 53, 130, 3)),
    (ColourRole::Info, tones(75, 25, 159, 18, 63, 6)),
    (ColourRole::Key, tones(111, 24, 153, 17, 30, 6)),
    (ColourRole::String, tones(114, 22, 157, 22, 29, 2)),
    (ColourRole::Number, tones(180, 94, 223, 52, 130, 3)),
    (ColourRole::Literal, tones(183, 90, 225, 54, 98, 5)),
    (ColourRole::Simulated, tones(183, 90, 225, 54, 98, 5)),
    (ColourRole::Border, [Some(240), Some(250), Some(250), Some(240), Some(245), None]),
    (ColourRole::Hidden, tones(209, 125, 216, 52, 131, 1)),
    (ColourRole::Selection, grounds(237, 254, 18, 229)),
    (ColourRole::SelectionText, grounds(255, 232, 231, 16)),
    (ColourRole::SelectionUnfocused, grounds(236, 255, 236, 230)),
    (ColourRole::Bar, grounds(235, 254, 235, 230)),
    (ColourRole::BarText, grounds(252, 234, 231, 16)),
    (ColourRole::Match, grounds(58, 229, 228, 17)),
    (ColourRole::MatchText, grounds(231, 16, 16, 231)),
    (ColourRole::CurrentMatch, tones(214, 94, 231, 16, 130, 3)),
    (ColourRole::SegmentEven, grounds(235, 255, 234, 231)),
    (ColourRole::SegmentOdd, grounds(237, 254, 236, 230)),
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::tui::theme::background::contrast;

    type Rgb = (u8, u8, u8);

    const BLACK: Rgb = (0, 0, 0);
    const DRACULA: Rgb = (0x28, 0x2a, 0x36);
    const SOLARIZED_DARK: Rgb = (0x00, 0x2b, 0x36);
    const WHITE: Rgb = (0xff, 0xff, 0xff);
    const SOLARIZED_LIGHT: Rgb = (0xfd, 0xf6, 0xe3);

    /// What is read, in its own colour.
    const TEXT: [ColourRole; 13] = [
        ColourRole::Muted,
        ColourRole::Accent,
        ColourRole::Verified,
        ColourRole::Failed,
        ColourRole::Warning,
        ColourRole::Info,
        ColourRole::Key,
        ColourRole::String,
        ColourRole::Number,
        ColourRole::Literal,
        ColourRole::Simulated,
        ColourRole::Hidden,
        ColourRole::CurrentMatch,
    ];
    /// What it is read on, beside the terminal's own background.
    const GROUNDS: [ColourRole; 5] = [
        ColourRole::Selection,
        ColourRole::SelectionUnfocused,
        ColourRole::Bar,
        ColourRole::SegmentEven,
        ColourRole::SegmentOdd,
    ];

    fn tone(palette: ThemePalette, role: ColourRole) -> Rgb {
        match palette.colour(role) {
            Some(Color::Indexed(index @ 16..)) => rgb(index),
            other => panic!("{palette:?} {role:?}: {other:?} is not a colour that every terminal shows alike"),
        }
    }

    #[rstest]
    #[case(ThemePalette::Dark, &[BLACK, DRACULA, SOLARIZED_DARK], 4.5)]
    #[case(ThemePalette::Light, &[WHITE, SOLARIZED_LIGHT], 4.5)]
    #[case(ThemePalette::ContrastDark, &[BLACK], 7.0)]
    #[case(ThemePalette::ContrastLight, &[WHITE], 7.0)]
    fn every_text_can_be_read_on_what_is_below_it(
        #[case] palette: ThemePalette,
        #[case] backgrounds: &[Rgb],
        #[case] least: f64,
    ) {
        let mut faults = Vec::new();
        let mut check = |role: ColourRole, ground: &str, below: Rgb| {
            let ratio = contrast(tone(palette, role), below);
            if ratio < least {
                faults.push(format!("{role:?} on {ground}: {ratio:.2}"));
            }
        };
        for role in TEXT {
            for background in backgrounds {
                check(role, &format!("{background:?}"), *background);
            }
            for ground in GROUNDS {
                check(role, &format!("{ground:?}"), tone(palette, ground));
            }
        }
        for (text, ground) in [
            (ColourRole::SelectionText, ColourRole::Selection),
            (ColourRole::SelectionText, ColourRole::SelectionUnfocused),
            (ColourRole::BarText, ColourRole::Bar),
            (ColourRole::MatchText, ColourRole::Match),
        ] {
            check(text, &format!("{ground:?}"), tone(palette, ground));
        }
        assert!(faults.is_empty(), "{palette:?}, of at least {least}: {faults:#?}");
    }

    #[test]
    fn on_an_unknown_background_text_can_be_read_on_black_and_on_white() {
        for role in TEXT {
            for background in [BLACK, WHITE] {
                let ratio = contrast(tone(ThemePalette::Neutral, role), background);
                assert!(ratio >= 4.3, "{role:?} on {background:?}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn sixteen_colours_are_the_terminals_own() {
        for role in ColourRole::ALL {
            let colour = ThemePalette::Ansi.colour(*role);
            assert!(matches!(colour, None | Some(Color::Indexed(0..=15))), "{role:?}: {colour:?}");
            assert_eq!(ThemePalette::Plain.colour(*role), None);
        }
    }

    #[test]
    fn every_role_but_the_terminals_own_text_has_a_tone() {
        for role in ColourRole::ALL {
            let has_tone = TONES.iter().filter(|(of, _)| of == role).count();
            assert_eq!(has_tone, usize::from(*role != ColourRole::Text), "{role:?}");
        }
    }

    #[test]
    fn the_terminal_decides_what_auto_means() {
        let unasked = || panic!("the background counts for nothing here");
        let choose = |theme, depth, background| ThemePalette::choose(theme, depth, || background);
        assert_eq!(ThemePalette::choose(ThemeName::Auto, ColourDepth::Ansi, unasked), ThemePalette::Ansi);
        assert_eq!(ThemePalette::choose(ThemeName::Auto, ColourDepth::None, unasked), ThemePalette::Plain);
        assert_eq!(ThemePalette::choose(ThemeName::Light, ColourDepth::None, unasked), ThemePalette::Plain);
        assert_eq!(ThemePalette::choose(ThemeName::HighContrast, ColourDepth::Ansi, unasked), ThemePalette::Ansi);
        assert_eq!(ThemePalette::choose(ThemeName::Dark, ColourDepth::Ansi, unasked), ThemePalette::Dark);
        assert_eq!(ThemePalette::choose(ThemeName::None, ColourDepth::True, unasked), ThemePalette::Plain);
        assert_eq!(ThemePalette::choose(ThemeName::Ansi, ColourDepth::True, unasked), ThemePalette::Ansi);
        assert_eq!(choose(ThemeName::Auto, ColourDepth::Indexed, Background::Light), ThemePalette::Light);
        assert_eq!(choose(ThemeName::Auto, ColourDepth::Indexed, Background::Unknown), ThemePalette::Neutral);
        assert_eq!(choose(ThemeName::HighContrast, ColourDepth::True, Background::Light), ThemePalette::ContrastLight);
        assert_eq!(choose(ThemeName::HighContrast, ColourDepth::True, Background::Unknown), ThemePalette::ContrastDark);
    }

    #[rstest]
    #[case(ColourChoice::Rgb(1, 2, 3), ColourDepth::True, Some(Color::Rgb(1, 2, 3)))]
    #[case(ColourChoice::Rgb(0x5f, 0xd7, 0x87), ColourDepth::Indexed, Some(Color::Indexed(78)))]
    #[case(ColourChoice::Rgb(250, 0, 0), ColourDepth::Ansi, Some(Color::Indexed(9)))]
    #[case(ColourChoice::Indexed(78), ColourDepth::Indexed, Some(Color::Indexed(78)))]
    #[case(ColourChoice::Indexed(196), ColourDepth::Ansi, Some(Color::Indexed(9)))]
    #[case(ColourChoice::Indexed(3), ColourDepth::Ansi, Some(Color::Indexed(3)))]
    #[case(ColourChoice::Default, ColourDepth::Ansi, Some(Color::Reset))]
    #[case(ColourChoice::Rgb(1, 2, 3), ColourDepth::None, None)]
    fn a_chosen_colour_is_shown_as_near_as_the_terminal_can(
        #[case] choice: ColourChoice,
        #[case] depth: ColourDepth,
        #[case] shown: Option<Color>,
    ) {
        assert_eq!(chosen(choice, depth), shown);
    }
}
