//! A terminal's screens as SVG, one or several in motion: a rectangle for each ground, a text for each run of one style.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// Units of one character, and where its baseline is.
const WIDTH: u32 = 9;
const HEIGHT: u32 = 18;
const BASELINE: u32 = 14;
const FONT: &str = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
const TEXT: u32 = 0xd4_d4_d4;
const GROUND: u32 = 0x1e_1e_1e;
/// The first sixteen colours, as terminals commonly have them on a dark background.
const SIXTEEN: [u32; 16] = [
    0x00_00_00, 0xcd_31_31, 0x0d_bc_79, 0xe5_e5_10, 0x24_72_c8, 0xbc_3f_bc, 0x11_a8_cd, 0xe5_e5_e5, 0x66_66_66,
    0xf1_4c_4c, 0x23_d1_8b, 0xf5_f5_43, 0x3b_8e_ea, 0xd6_70_d6, 0x29_b8_db, 0xff_ff_ff,
];

/// How a run of characters looks.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    text: u32,
    ground: u32,
    is_bold: bool,
    is_underlined: bool,
}

/// The whole screen.
pub(crate) fn picture(screen: &Screen, title: &str) -> String {
    format!("{}{}</svg>\n", begin(screen, title), cells(screen))
}

/// Screens one after the other, each for its seconds, without end. Whoever wants no motion, or has a program that shows none,
/// sees the one with the number `poster` alone.
pub(crate) fn film(screens: &[(Screen, f32)], poster: usize, title: &str) -> String {
    let Some((first, _)) = screens.first() else { return String::new() };
    let whole: f32 = screens.iter().map(|(_, seconds)| seconds).sum();
    let mut style = format!(
        ".f{{visibility:hidden;animation:{whole}s step-end infinite}}#f{poster}{{visibility:visible}}\n\
         @media(prefers-reduced-motion:reduce){{.f{{animation:none}}}}\n"
    );
    let (mut groups, mut begun) = (String::new(), 0.0);
    for (number, (screen, seconds)) in screens.iter().enumerate() {
        let percent = |at: f32| format!("{:.2}%", at / whole * 100.0);
        let (from, to) = (percent(begun), percent(begun + seconds));
        // A moment that is named twice counts as it is named last.
        let _ = writeln!(
            style,
            "@keyframes k{number}{{0%,100%{{visibility:hidden}}{from}{{visibility:visible}}{to}{{visibility:hidden}}}}\n\
             #f{number}{{animation-name:k{number}}}"
        );
        let _ = writeln!(groups, "<g class=\"f\" id=\"f{number}\">\n{}</g>", cells(screen));
        begun += seconds;
    }
    format!("{}<style>\n{style}</style>\n{groups}</svg>\n", begin(first, title))
}

/// Up to the cells: size, title and ground.
fn begin(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (u32::from(columns.get()) * WIDTH, u32::from(rows.get()) * HEIGHT);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"{FONT}\" font-size=\"15\" xml:space=\"preserve\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#{GROUND:06x}\"/>\n",
        escaped(title)
    )
}

/// What is on the screen, a row after the other.
fn cells(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let mut svg = String::new();
    for row in 0..rows.get() {
        let mut column = 0;
        while column < columns.get() {
            let Some(look) = screen.cell(row, column).map(look) else { break };
            let start = column;
            let mut text = Vec::new();
            while let Some(cell) = screen.cell(row, column).filter(|cell| look == self::look(cell)) {
                let shown = if cell.has_contents() { cell.contents() } else { " " };
                // Marks that belong to a character stand where it stands.
                text.extend(shown.chars().filter(|_| !cell.is_wide_continuation()).map(|mark| (column, mark)));
                column += 1;
            }
            push(&mut svg, look, (row, start), column - start, &text);
        }
    }
    svg
}

/// Each character has its own place: the grid is kept in whatever font there is. Blanks have one too, so that what is copied
/// out of a picture has its words apart.
fn push(svg: &mut String, look: Look, (row, column): (u16, u16), columns: u16, text: &[(u16, char)]) {
    let (x, y) = (u32::from(column) * WIDTH, u32::from(row) * HEIGHT);
    let width = u32::from(columns) * WIDTH;
    if look.ground != GROUND {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"#{:06x}\"/>",
            look.ground
        );
    }
    if text.iter().all(|(_, character)| *character == ' ') {
        return;
    }
    let places: Vec<String> = text.iter().map(|(column, _)| (u32::from(*column) * WIDTH).to_string()).collect();
    let characters: String = text.iter().map(|(_, character)| character).collect();
    let bold = if look.is_bold { " font-weight=\"bold\"" } else { "" };
    let line = if look.is_underlined { " text-decoration=\"underline\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" fill=\"#{:06x}\"{bold}{line}>{}</text>",
        places.join(" "),
        y + BASELINE,
        look.text,
        escaped(&characters)
    );
}

fn look(cell: &Cell) -> Look {
    let (text, ground) = (colour(cell.fgcolor(), TEXT), colour(cell.bgcolor(), GROUND));
    let (text, ground) = if cell.inverse() { (ground, text) } else { (text, ground) };
    Look { text, ground, is_bold: cell.bold(), is_underlined: cell.underline() }
}

/// As red, green and blue. The 256 colours are a cube of six levels and a ramp of greys behind the first sixteen.
fn colour(colour: Color, default: u32) -> u32 {
    let rgb = |[red, green, blue]: [u32; 3]| red << 16 | green << 8 | blue;
    let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
    match colour {
        Color::Default => default,
        Color::Rgb(red, green, blue) => rgb([red, green, blue].map(u32::from)),
        Color::Idx(index @ 0..16) => SIXTEEN[usize::from(index)],
        Color::Idx(index @ 16..232) => {
            let index = u32::from(index) - 16;
            rgb([index / 36, index / 6 % 6, index % 6].map(level))
        }
        Color::Idx(index) => rgb([8 + 10 * (u32::from(index) - 232); 3]),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
