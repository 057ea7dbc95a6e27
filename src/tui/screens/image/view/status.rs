//! The lines below the bytes: what the colours mean, and what is under the cursor.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::bytes::class_style;
use crate::payload::hex::{ByteClass, segment_at};
use crate::text::{self, grouped};
use crate::tui::pane::Pane;
use crate::tui::screens::image::state::{ImageView, LoadedImage};
use crate::tui::widgets::put;

/// Draws them into `area`, which has two rows, one, or none.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, pane: &Pane<'_>, image: &LoadedImage, view: &ImageView) {
    if area.height > 1 {
        put(frame, area, 0, legend(pane));
    }
    let Some(row) = area.height.checked_sub(1) else { return };
    let words = status(image, view.cursor);
    let shown = text::clip(&words, pane.columns).into_owned();
    put(frame, area, row, Line::styled(shown, pane.look.theme.text));
}

fn legend(pane: &Pane<'_>) -> Line<'static> {
    let theme = &pane.look.theme;
    let mut spans = Vec::new();
    let mut used = 0;
    for class in ByteClass::ALL {
        let words = format!("{} {}", class.example(), class.words());
        used += words.width() + 2;
        if used > pane.columns + 2 {
            break;
        }
        spans.push(Span::styled(words, class_style(theme, class)));
        spans.push(Span::raw("  "));
    }
    const GROUND: &str = "· backgrounds are segments";
    if used + GROUND.width() <= pane.columns {
        spans.push(Span::styled(GROUND, theme.dim));
    }
    Line::from(spans)
}

/// `0x0000a2 · 162 of 270 · DHT Huffman tables +3 · ff = 255`
fn status(image: &LoadedImage, cursor: usize) -> String {
    let bytes = image.bytes();
    let Some(byte) = bytes.get(cursor) else { return String::new() };
    let character = match byte {
        0x21..=0x7e => format!(" '{}'", char::from(*byte)),
        _ => String::new(),
    };
    let segment = segment_at(&image.segments, cursor).and_then(|at| image.segments.get(at));
    let segment = segment.map_or(String::new(), |segment| {
        let cut = if segment.cut { ", cut off" } else { "" };
        format!(" · {} {} +{} of {}{cut}", segment.name, segment.meaning, cursor - segment.offset, segment.length)
    });
    format!(
        "0x{cursor:06x} · {} of {} · {byte:02x} = {byte}{character}{segment}",
        grouped(cursor as u64),
        grouped(bytes.len() as u64)
    )
}
