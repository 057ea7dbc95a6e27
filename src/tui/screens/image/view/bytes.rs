//! Bytes in hexadecimal, a row at a time.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::payload::hex::{self, ByteClass, HexCell, HexLayout, HexRow};
use crate::tui::app::model::Focus;
use crate::tui::pane::{Pane, TabContent};
use crate::tui::screens::image::state::{ImageView, LoadedImage};
use crate::tui::theme::Theme;

/// The lines of `top`, the rows of bytes, and what is missing.
pub(super) fn content<'a>(
    top: Vec<Line<'static>>,
    image: &'a LoadedImage,
    view: &'a ImageView,
    layout: HexLayout,
    pane: &Pane<'a>,
) -> TabContent<'a> {
    let theme = pane.look.theme;
    let bytes = image.bytes();
    let rows = layout.row_count(bytes.len());
    let binary = &image.found.binary;
    // What the form leaves out, and what was found and not decoded for its size.
    let total = binary.total.or(Some(binary.present));
    let missing = hex::missing_note(bytes.len() as u64, total).or_else(|| {
        binary.total.is_none().then(|| "… more bytes are not in the payload; it does not say how many".to_owned())
    });
    let marks = Marks {
        cursor: view.cursor,
        is_active: pane.model.focus == Focus::Detail,
        found: view
            .needle
            .as_ref()
            .filter(|needle| bytes[view.cursor.min(bytes.len())..].starts_with(needle))
            .map_or(0, Vec::len),
    };
    TabContent::Window(
        top.len() + rows + usize::from(missing.is_some()),
        Box::new(move |index| {
            let Some(row) = index.checked_sub(top.len()) else { return top[index].clone() };
            if row >= rows {
                return missing.clone().map(|note| Line::styled(note, theme.warn)).unwrap_or_default();
            }
            let mut shown = hex::rows(bytes, layout, row..row + 1);
            hex::mark_segments(&mut shown, &image.segments);
            shown.first().map(|row| line(row, layout, &marks, &theme)).unwrap_or_default()
        }),
    )
}

/// What stands out among the bytes.
struct Marks {
    cursor: usize,
    /// Whether the keys move the cursor.
    is_active: bool,
    /// How many bytes from the cursor on were looked for and found.
    found: usize,
}

impl Marks {
    fn style(&self, offset: usize, base: Style, theme: &Theme) -> Style {
        if offset == self.cursor {
            let modifier = if self.is_active { Modifier::REVERSED } else { Modifier::UNDERLINED };
            return base.add_modifier(modifier | Modifier::BOLD);
        }
        if offset > self.cursor && offset < self.cursor + self.found {
            return base.patch(theme.warn).add_modifier(Modifier::UNDERLINED);
        }
        base
    }
}

fn line(row: &HexRow, layout: HexLayout, marks: &Marks, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(row.offset_text(), theme.dim)];
    let mut before = None;
    for (index, cell) in row.cells.iter().enumerate() {
        let ground = ground(cell.segment, theme);
        // Between two bytes of one segment its ground goes through.
        let gap = if index > 0 && before == Some(cell.segment) { ground } else { Style::new() };
        spans.push(Span::styled(HexRow::gap_before(index), gap));
        let style = class_style(theme, cell.class).patch(ground);
        spans.push(Span::styled(cell.digits(), marks.style(row.offset + index, style, theme)));
        before = Some(cell.segment);
    }
    for index in row.cells.len()..layout.bytes_per_row() {
        spans.push(Span::raw(HexRow::gap_before(index)));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::raw("  "));
    for (index, cell) in row.cells.iter().enumerate() {
        spans.push(symbol(cell, row.offset + index, marks, theme));
    }
    Line::from(spans)
}

fn symbol(cell: &HexCell, offset: usize, marks: &Marks, theme: &Theme) -> Span<'static> {
    let style = class_style(theme, cell.class);
    Span::styled(cell.symbol.to_string(), marks.style(offset, style, theme))
}

fn ground(segment: Option<usize>, theme: &Theme) -> Style {
    match segment {
        Some(segment) if segment % 2 == 1 => theme.segment_odd,
        Some(_) => theme.segment_even,
        None => Style::new(),
    }
}

/// The style of a kind of bytes.
pub(super) fn class_style(theme: &Theme, class: ByteClass) -> Style {
    match class {
        ByteClass::Null => theme.dim,
        ByteClass::Printable => theme.info,
        ByteClass::Whitespace => theme.string,
        ByteClass::OtherAscii => theme.literal,
        ByteClass::NonAscii => theme.number.remove_modifier(Modifier::BOLD),
    }
}
