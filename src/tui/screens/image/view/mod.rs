//! The Image tab: what an image is and how it was written, and then its bytes or its picture.

mod bytes;
mod picture;
mod status;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::payload::hex::HexLayout;
use crate::payload::image::Dimensions;
use crate::text::grouped;
use crate::tui::pane::{Pane, TabContent};
use crate::tui::screens::image::state::{ImageViewport, LoadedImage};
use crate::tui::theme::Face;
use crate::tui::widgets::{field, paragraph};

pub(crate) use picture::graphics;

/// Rows of bytes that are visible below the description.
const FEW_BYTE_ROWS: u16 = 3;
/// Names of segments that there is room for.
const LEGEND_SEGMENTS: usize = 24;
/// From this height on, the legend of colours is worth a row.
const LEGEND_ROWS: u16 = 12;
/// Below this height there is no room for a status line either.
const STATUS_ROWS: u16 = 5;

/// What was drawn.
pub(crate) struct DrawnImage {
    /// Rows that scroll.
    pub(crate) rows: usize,
    /// Lines in all.
    pub(crate) lines: usize,
    pub(crate) image: ImageViewport,
}

pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, pane: &Pane<'_>, first: usize) -> DrawnImage {
    let Some((image, view)) = pane.model.shown_image() else {
        let lines = TabContent::Whole(nothing(pane)).draw(frame, area, first);
        return DrawnImage { rows: area.height.into(), lines, image: ImageViewport::default() };
    };
    if image.bytes().is_empty() {
        let lines = TabContent::Whole(about(pane, image, usize::MAX)).draw(frame, area, first);
        return DrawnImage { rows: area.height.into(), lines, image: ImageViewport::default() };
    }
    if let Some(shown) = &view.picture {
        let room = picture::draw(frame, area, pane, image, shown);
        let image = ImageViewport { room, ..ImageViewport::default() };
        return DrawnImage { rows: area.height.into(), lines: area.height.into(), image };
    }
    let foot = match area.height {
        ..STATUS_ROWS => 0,
        STATUS_ROWS..LEGEND_ROWS => 1,
        _ => 2,
    };
    let body = Rect { height: area.height - foot, ..area };
    let layout = HexLayout::for_width(pane.columns);
    // At least a few rows of bytes are in sight.
    let top = about(pane, image, usize::from(body.height.saturating_sub(FEW_BYTE_ROWS)));
    let viewport = ImageViewport { top: top.len(), row_bytes: layout.bytes_per_row(), room: None };
    let lines = bytes::content(top, image, view, layout, pane).draw(frame, body, first);
    status::draw(frame, Rect { y: body.bottom(), height: foot, ..area }, pane, image, view);
    DrawnImage { rows: body.height.into(), lines, image: viewport }
}

fn nothing(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let words = match pane.loaded.delivery.summary.event.short_event() {
        _ if !pane.loaded.is_read => "reading the images …",
        Some("screenshot") => {
            "No image: this is a screenshot event, but nothing in it is recognised as an image buffer."
        }
        Some(_) => "No image: only desktop.screenshot_tracking.captured carries one.",
        None => "No image in this body.",
    };
    paragraph(words, pane.look.theme.dim, pane.columns)
}

/// Which image it is, in a line: its number among several, and its place.
fn place(pane: &Pane<'_>, image: &LoadedImage) -> Line<'static> {
    let theme = &pane.look.theme;
    let count = pane.loaded.images.len();
    let mut spans = Vec::new();
    if count > 1 {
        spans.push(Span::styled(format!("{} of {count} · ", pane.detail.image.index + 1), theme.title));
    }
    spans.push(Span::styled(image.found.path.clone(), theme.key));
    if count > 1 && pane.look.face == Face::Screen {
        spans.push(Span::styled("   , and . show the others", theme.dim));
    }
    Line::from(spans)
}

/// The lines above the bytes: in `room` rows, or only what matters most.
fn about(pane: &Pane<'_>, image: &LoadedImage, room: usize) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let binary = &image.found.binary;
    let mut lines = vec![place(pane, image)];
    let style = if binary.form.is_empty() { theme.warn } else { theme.title };
    lines.push(Line::styled(binary.summary(), style));
    let least = lines.len();
    // For a complete image the summary is enough.
    if binary.form.is_empty() || binary.missing() != Some(0) || binary.format().is_none() || binary.inner.is_some() {
        lines.extend(paragraph(&binary.explanation(), theme.dim, columns));
    }
    if image.bytes().is_empty() {
        return lines;
    }
    if let Some(format) = binary.format() {
        let words = format!("{} · {} · {}", format.words(), size_words(image), ending(image));
        lines.extend(field("picture", &words, theme.text, columns, look));
    }
    if !image.segments.is_empty() {
        let names =
            image.segments.iter().take(LEGEND_SEGMENTS).map(|segment| format!("{}@{}", segment.name, segment.offset));
        let mut words = names.collect::<Vec<_>>().join(" ");
        if image.segments.len() > LEGEND_SEGMENTS {
            words = format!("{words} … {} in all", grouped(image.segments.len() as u64));
        }
        lines.extend(field("segments", &words, theme.text, columns, look));
    }
    lines.push(Line::default());
    if lines.len() > room {
        lines.truncate(least);
    }
    lines
}

fn size_words(image: &LoadedImage) -> String {
    match image.dimensions {
        Dimensions::Known { width, height } => format!("{width} × {height} pixels"),
        Dimensions::NotReached => "size unknown: the bytes end before it".to_owned(),
        Dimensions::Unreadable => "size unknown".to_owned(),
    }
}

fn ending(image: &LoadedImage) -> &'static str {
    match (image.found.binary.missing(), image.ends) {
        (Some(1..) | None, _) => "cut off",
        (_, Some(true)) => "complete",
        (_, Some(false)) => "end missing",
        (_, None) => "all bytes present",
    }
}
