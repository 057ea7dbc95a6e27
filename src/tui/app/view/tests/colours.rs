//! Screens with their colours, in every theme: below each row of text a row of letters, each of which is a style that
//! the legend names.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::tui::theme::palette::ThemePalette;

/// What a person looks at most: the list, and why a signature does not match.
fn draw(palette: ThemePalette, columns: u16, rows: u16) -> Buffer {
    let mut model = model(&three(), secrets());
    select(&mut model, &three()[1]);
    update(&mut model, Message::Act(Action::Show(Tab::Signature)));
    let look = Look { theme: Theme::new(palette), ..look() };
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    for _ in 0..2 {
        let mut viewport = Viewport::default();
        terminal.draw(|frame| viewport = draw_with_areas(frame, &model, &look).0).unwrap();
        update(&mut model, Message::Drawn(viewport));
    }
    terminal.backend().buffer().clone()
}

fn styled(buffer: &Buffer) -> String {
    let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
    let mut styles: Vec<Style> = Vec::new();
    let mut text = String::new();
    for row in 0..buffer.area.height {
        let (mut letters, mut line) = (String::new(), String::new());
        for column in 0..buffer.area.width {
            let cell = &buffer[(column, row)];
            line.push_str(cell.symbol());
            let modifiers = cell.modifier;
            let style = Style::new().fg(cell.fg).bg(cell.bg).add_modifier(modifiers);
            let is_seen = cell.symbol() != " " || cell.bg != Color::Reset || modifiers.contains(Modifier::REVERSED);
            if style == plain || !is_seen {
                letters.push(' ');
                continue;
            }
            let place = styles.iter().position(|known| *known == style).unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            letters.push(char::from(b'a' + u8::try_from(place).unwrap()));
        }
        let _ = writeln!(text, "{}", line.trim_end());
        if !letters.trim().is_empty() {
            let _ = writeln!(text, "{}", letters.trim_end());
        }
    }
    for (letter, style) in ('a'..).zip(styles) {
        let colour = |colour: Option<Color>| colour.filter(|colour| *colour != Color::Reset);
        let (fg, bg) = (colour(style.fg), colour(style.bg));
        let fg = fg.map_or(String::new(), |fg| format!("  {fg}"));
        let bg = bg.map_or(String::new(), |bg| format!("  on {bg}"));
        let modifiers =
            if style.add_modifier.is_empty() { String::new() } else { format!("  {:?}", style.add_modifier) };
        let _ = writeln!(text, "{letter}{fg}{bg}{modifiers}");
    }
    text
}

#[rstest]
#[case("dark", ThemePalette::Dark)]
#[case("light", ThemePalette::Light)]
fn every_size_in_its_colours(#[case] name: &str, #[case] palette: ThemePalette) {
    for (columns, rows) in [(60, 20), (80, 24), (120, 36), (200, 50)] {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), styled(&draw(palette, columns, rows)));
    }
}

#[rstest]
#[case("neutral", ThemePalette::Neutral)]
#[case("contrast_dark", ThemePalette::ContrastDark)]
#[case("contrast_light", ThemePalette::ContrastLight)]
#[case("ansi", ThemePalette::Ansi)]
#[case("plain", ThemePalette::Plain)]
fn every_theme(#[case] name: &str, #[case] palette: ThemePalette) {
    insta::assert_snapshot!(name, styled(&draw(palette, 80, 24)));
}
