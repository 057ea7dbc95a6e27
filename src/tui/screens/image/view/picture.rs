//! The picture itself, as it was made elsewhere.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::{place, size_words};
use crate::text::grouped;
use crate::tui::app::action::Tab;
use crate::tui::app::model::Model;
use crate::tui::pane::Pane;
use crate::tui::picture::{GraphicsProtocol, Grid, Picture, PictureRoom, Shortfall, Shown, Tone};
use crate::tui::screens::image::state::{LoadedImage, PictureView};
use crate::tui::widgets::{paragraph, put};

/// Rows above the picture: its place, and what it is.
const TOP: u16 = 3;

/// Draws the picture or why there is none, and returns the room that there is for one.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    pane: &Pane<'_>,
    image: &LoadedImage,
    view: &PictureView,
) -> Option<PictureRoom> {
    let theme = &pane.look.theme;
    put(frame, area, 0, place(pane, image));
    let below = Rect { y: area.y + TOP.min(area.height), height: area.height.saturating_sub(TOP), ..area };
    match &view.made {
        None => put(frame, area, 1, Line::styled("decoding …", theme.dim)),
        Some(Err(reason)) => {
            let words = format!("No picture: {reason}. v shows the bytes.");
            for (row, line) in (1..).zip(paragraph(&words, theme.warn, pane.columns)) {
                put(frame, area, row, line);
            }
        }
        Some(Ok(picture)) => {
            put(frame, area, 1, caption(pane, image, picture));
            match &picture.shown {
                Shown::Cells(grid) => cells(frame, below, grid),
                // Under an overlay, graphics would shine through.
                Shown::Graphics(_) if pane.model.overlay.is_some() => {}
                Shown::Graphics(graphics) => graphics.draw(below, frame.buffer_mut()),
            }
        }
    }
    Some(PictureRoom { columns: below.width, rows: below.height })
}

fn caption(pane: &Pane<'_>, image: &LoadedImage, picture: &Picture) -> Line<'static> {
    let theme = &pane.look.theme;
    let binary = &image.found.binary;
    let format = binary.format().map_or("", crate::payload::image::ImageFormat::words);
    let mut spans = vec![Span::styled(format!("{format} · {}", size_words(image)), theme.title)];
    match (binary.missing(), binary.total, &picture.shortfall) {
        (Some(1..), Some(total), _) => {
            // Rounded down: a picture that lacks a byte is never 100 %.
            let percent = (binary.bytes.len() as u64).saturating_mul(100) / total.max(1);
            let words = format!(" · partial: the first {percent} % of {} bytes", grouped(total));
            spans.push(Span::styled(words, theme.warn));
        }
        (_, _, Some(Shortfall::EndMissing)) => {
            spans.push(Span::styled(" · partial: the file's end is missing", theme.warn));
        }
        (_, _, Some(Shortfall::Stopped(reason))) => {
            spans.push(Span::styled(format!(" · partial: {reason}"), theme.warn));
        }
        _ => spans.push(Span::styled("   v shows the bytes", theme.dim)),
    }
    Line::from(spans)
}

fn cells(frame: &mut Frame<'_>, area: Rect, grid: &Grid) {
    for (row, cells) in (0..area.height).zip(grid.rows()) {
        let spans = cells.iter().map(|cell| {
            let mut style = Style::new();
            style.fg = cell.upper.map(colour);
            style.bg = cell.lower.map(colour);
            Span::styled(cell.symbol.to_string(), style)
        });
        put(frame, area, row, Line::from_iter(spans));
    }
}

fn colour(tone: Tone) -> Color {
    match tone {
        Tone::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
        Tone::Indexed(index) => Color::Indexed(index),
    }
}

/// The terminal's own graphics that are on the screen when this model is drawn.
pub(crate) fn graphics(model: &Model) -> Option<GraphicsProtocol> {
    if model.tab != Tab::Image || model.overlay.is_some() {
        return None;
    }
    let detail = model.detail.as_ref().filter(|detail| model.list.selected() == Some(detail.id))?;
    match &detail.image.picture.as_ref()?.made {
        Some(Ok(Picture { shown: Shown::Graphics(graphics), .. })) => Some(graphics.kind()),
        _ => None,
    }
}
