//! Whether a terminal's background is dark or light, and how many colours it has: from what it replies and what its
//! variables say.

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

impl Background {
    /// What `COLORFGBG` says (`15;0`: the last number is the background), where a terminal sets it.
    #[must_use]
    pub fn from_environment(colorfgbg: &str) -> Self {
        match colorfgbg.rsplit(';').next().and_then(|last| last.parse::<u8>().ok()) {
            Some(0..=6 | 8) => Self::Dark,
            Some(7 | 9..=15) => Self::Light,
            _ => Self::Unknown,
        }
    }

    /// Dark where white text has more contrast than black text, and light otherwise.
    #[must_use]
    pub fn of_colour(rgb: (u8, u8, u8)) -> Self {
        if contrast((255, 255, 255), rgb) > contrast((0, 0, 0), rgb) { Self::Dark } else { Self::Light }
    }
}

/// Relative luminance, from 0 for black to 1 for white (WCAG 2.2, "relative luminance").
fn luminance((red, green, blue): (u8, u8, u8)) -> f64 {
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
#[must_use]
pub fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColourDepth {
    /// None, or none are wanted.
    None,
    /// 16, of its own palette.
    Ansi,
    /// 256.
    Indexed,
    /// Any.
    True,
}

/// Terminals of 256 colours and more whose `TERM` does not say so.
const RICH: [&str; 7] = ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour", "rio"];
/// Terminals without any.
const PLAIN: [&str; 6] = ["dumb", "vt52", "vt100", "vt102", "vt220", "xterm-mono"];

impl ColourDepth {
    /// What `TERM` and `COLORTERM` say.
    #[must_use]
    pub fn of(term: &str, colorterm: &str) -> Self {
        if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if !colorterm.is_empty() || term.contains("256color") || RICH.iter().any(|name| term.starts_with(name)) {
            Self::Indexed
        } else if PLAIN.contains(&term) {
            Self::None
        } else if term.is_empty() && !cfg!(unix) {
            // A console of Windows sets no TERM, and has had 256 colours since 2016.
            Self::Indexed
        } else {
            Self::Ansi
        }
    }
}

/// The levels of red, green and blue in the cube of colours 16 to 231.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// The first 16 colours as xterm has them; a person's palette may be another.
const ANSI: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// Red, green and blue of one of the 256 colours.
#[must_use]
pub fn rgb(index: u8) -> (u8, u8, u8) {
    match index {
        0..=15 => ANSI[usize::from(index)],
        16..=231 => {
            let level = |divisor: u8| LEVELS[usize::from((index - 16) / divisor % 6)];
            (level(36), level(6), level(1))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// The nearest of the first 16 colours.
pub(super) fn nearest_ansi(wanted: (u8, u8, u8)) -> u8 {
    (0..=15).min_by_key(|index| distance(wanted, rgb(*index))).unwrap_or_default()
}

/// The nearest of the colours 16 to 255, which are the same everywhere: of the cube, or one of 24 greys. It looks at two,
/// as each pixel of a picture asks for it.
pub(crate) fn nearest_fixed(wanted: (u8, u8, u8)) -> u8 {
    let (red, green, blue) = wanted;
    let level = |value: u8| (0_u8..6).min_by_key(|at| LEVELS[usize::from(*at)].abs_diff(value)).unwrap_or(0);
    let of_cube = 16 + 36 * level(red) + 6 * level(green) + level(blue);
    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey = 232 + u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    if distance(wanted, rgb(grey)) < distance(wanted, rgb(of_cube)) { grey } else { of_cube }
}

fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
    square(one.0, other.0) + square(one.1, other.1) + square(one.2, other.2)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_background_is_told_where_the_terminal_says_it() {
        assert_eq!(Background::from_environment("15;0"), Background::Dark);
        assert_eq!(Background::from_environment("0;default;15"), Background::Light);
        assert_eq!(Background::from_environment("junk"), Background::Unknown);
        assert_eq!(Background::from_environment(""), Background::Unknown);
    }

    #[rstest]
    #[case((0, 0, 0), Background::Dark)]
    #[case((0x28, 0x2a, 0x36), Background::Dark)]
    #[case((0x00, 0x2b, 0x36), Background::Dark)]
    #[case((0xfd, 0xf6, 0xe3), Background::Light)]
    #[case((255, 255, 255), Background::Light)]
    // A blue that is dark to the eye, and a green of the same values that is light.
    #[case((0, 0, 0xff), Background::Dark)]
    #[case((0, 0xff, 0), Background::Light)]
    fn luminance_decides(#[case] rgb: (u8, u8, u8), #[case] background: Background) {
        assert_eq!(Background::of_colour(rgb), background);
    }

    #[rstest]
    #[case("xterm-256color", "", ColourDepth::Indexed)]
    #[case("xterm-256color", "truecolor", ColourDepth::True)]
    #[case("xterm", "truecolor", ColourDepth::True)]
    #[case("screen", "1", ColourDepth::Indexed)]
    #[case("xterm-kitty", "", ColourDepth::Indexed)]
    #[case("xterm-direct", "", ColourDepth::True)]
    #[case("foot", "", ColourDepth::Indexed)]
    #[case("xterm", "", ColourDepth::Ansi)]
    #[case("xterm-16color", "", ColourDepth::Ansi)]
    #[case("linux", "", ColourDepth::Ansi)]
    #[case("screen", "", ColourDepth::Ansi)]
    #[case("vt100", "", ColourDepth::None)]
    fn a_terminal_has_the_colours_that_its_name_says(
        #[case] term: &str,
        #[case] colorterm: &str,
        #[case] depth: ColourDepth,
    ) {
        assert_eq!(ColourDepth::of(term, colorterm), depth);
    }

    #[test]
    fn every_colour_is_nearest_to_itself() {
        for index in 16..=255 {
            assert_eq!(rgb(nearest_fixed(rgb(index))), rgb(index), "{index}");
        }
        for at in 0..4096_u32 {
            let [red, green, blue] = [0, 4, 8].map(|bits| u8::try_from((at >> bits & 15) * 17).unwrap());
            let wanted = (red, green, blue);
            let least = (16..=255).map(|index| distance(wanted, rgb(index))).min();
            assert_eq!(Some(distance(wanted, rgb(nearest_fixed(wanted)))), least, "{wanted:?}");
        }
        assert_eq!(nearest_ansi((250, 5, 5)), 9);
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
    }
}
