//! The image buffers: what each is, how it was written, and its bytes in hexadecimal.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::detail::{Content, Pane};
use super::overview::bytes;
use super::widgets::{field, paragraph};
use crate::payload::binary::Found;
use crate::payload::hex::{self, ByteClass, HexLayout, HexRow};
use crate::payload::image::{self, Dimensions, Segment};
use crate::tui::theme::Theme;

/// Names of segments that a legend line has room for.
const LEGEND_SEGMENTS: usize = 24;

pub(super) fn content<'a>(pane: &Pane<'a>) -> Content<'a> {
    let images = &pane.loaded.images;
    if images.is_empty() {
        return Content::Whole(nothing(pane));
    }
    let layout = HexLayout::for_width(pane.columns);
    let blocks: Vec<Block<'a>> =
        images.iter().enumerate().map(|(index, found)| Block::new(found, index, images.len(), layout, pane)).collect();
    let count = blocks.iter().map(Block::len).sum();
    let theme = &pane.look.theme;
    Content::Window(
        count,
        Box::new(move |index| {
            let mut index = index;
            for block in &blocks {
                if index < block.len() {
                    return block.line(index, layout, theme);
                }
                index -= block.len();
            }
            Line::default()
        }),
    )
}

fn nothing(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let words = match pane.loaded.delivery.summary.event.short_event() {
        Some("screenshot") => {
            "No image: this is a screenshot event, but nothing in it is recognised as an image buffer."
        }
        Some(_) => "No image: only desktop.screenshot_tracking.captured carries one.",
        None => "No image in this body.",
    };
    paragraph(words, pane.look.theme.dim, pane.columns)
}

/// One image: lines about it, its rows of bytes, and what is missing.
struct Block<'a> {
    top: Vec<Line<'static>>,
    bytes: &'a [u8],
    segments: Vec<Segment>,
    rows: usize,
    bottom: Vec<Line<'static>>,
}

impl<'a> Block<'a> {
    fn new(found: &'a Found, index: usize, count: usize, layout: HexLayout, pane: &Pane<'_>) -> Self {
        let bytes = &found.binary.bytes[..];
        let segments = image::segments(bytes);
        let mut bottom = Vec::new();
        if let Some(note) = hex::missing_note(found.binary.present, found.binary.total) {
            bottom.push(Line::styled(note, pane.look.theme.warn));
        }
        if index + 1 < count {
            bottom.push(Line::default());
        }
        Self {
            top: about(found, &segments, index, count, pane),
            bytes,
            segments,
            rows: layout.row_count(bytes.len()),
            bottom,
        }
    }

    fn len(&self) -> usize {
        self.top.len() + self.rows + self.bottom.len()
    }

    fn line(&self, index: usize, layout: HexLayout, theme: &Theme) -> Line<'static> {
        if let Some(line) = self.top.get(index) {
            return line.clone();
        }
        let row = index - self.top.len();
        if row >= self.rows {
            return self.bottom.get(row - self.rows).cloned().unwrap_or_default();
        }
        let mut rows = hex::rows(self.bytes, layout, row..row + 1);
        hex::mark_segments(&mut rows, &self.segments);
        rows.first().map(|row| hex_line(row, layout, theme)).unwrap_or_default()
    }
}

fn about(found: &Found, segments: &[Segment], index: usize, count: usize, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let binary = &found.binary;
    let number = if count > 1 { format!("{} of {count}: ", index + 1) } else { String::new() };
    let mut lines = vec![Line::styled(format!("{number}{}", binary.summary()), theme.title)];
    lines.extend(paragraph(&binary.explanation(), theme.dim, columns));
    lines.extend(field("at", &found.path, theme.text, columns, look));
    if binary.form.is_empty() {
        lines.push(Line::default());
        return lines;
    }
    if let Some(format) = binary.format() {
        let size = match image::dimensions(&binary.bytes) {
            Dimensions::Known { width, height } => format!("{width} × {height} pixels"),
            unknown => format!("size {unknown}"),
        };
        let whole = match (binary.missing(), image::is_complete(&binary.bytes)) {
            (Some(1..) | None, _) => "cut off",
            (_, Some(true)) => "complete",
            (_, Some(false)) => "its end is missing",
            (_, None) => "all its bytes are here",
        };
        lines.extend(field("picture", &format!("{} · {size} · {whole}", format.words()), theme.text, columns, look));
    }
    if !segments.is_empty() {
        let names = segments.iter().take(LEGEND_SEGMENTS).map(|segment| format!("{}@{}", segment.name, segment.offset));
        let mut words = names.collect::<Vec<_>>().join("  ");
        if segments.len() > LEGEND_SEGMENTS {
            words = format!("{words}  … {} in all", bytes(segments.len()));
        }
        lines.extend(field("segments", &words, theme.text, columns, look));
    }
    lines.push(Line::default());
    lines
}

fn hex_line(row: &HexRow, layout: HexLayout, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(row.offset_text(), theme.dim), Span::raw("  ")];
    for (index, cell) in row.cells.iter().enumerate() {
        if index > 0 {
            spans.push(Span::raw(HexRow::gap_before(index)));
        }
        let mut style = class_style(theme, cell.class);
        style = style.patch(match cell.segment {
            Some(segment) if segment % 2 == 1 => theme.segment_odd,
            Some(_) => theme.segment_even,
            None => Style::new(),
        });
        spans.push(Span::styled(cell.digits(), style));
    }
    for index in row.cells.len()..layout.bytes_per_row() {
        spans.push(Span::raw(if index > 0 { HexRow::gap_before(index) } else { "" }));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::raw("  "));
    for cell in &row.cells {
        spans.push(Span::styled(cell.symbol.to_string(), class_style(theme, cell.class)));
    }
    Line::from(spans)
}

fn class_style(theme: &Theme, class: ByteClass) -> Style {
    match class {
        ByteClass::Null => theme.dim,
        ByteClass::Printable => theme.info,
        ByteClass::Whitespace => theme.string,
        ByteClass::OtherAscii => theme.literal,
        ByteClass::NonAscii => theme.number.remove_modifier(Modifier::BOLD),
    }
}
