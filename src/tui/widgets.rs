//! Small pieces that several panes share.

use std::borrow::Cow;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::config::{HANDSHAKE_LABEL, MADE_UP_LABEL, TYPED_LABEL};
use crate::text::{self, counted, wrap};
use crate::tui::theme::{Face, Look};

/// Columns of the names in "name  value" lines.
pub(crate) const NAME_COLUMNS: usize = 11;

/// Draws one line at row `row` of `area`. One that is too long ends with `…`: nothing is cut without a sign of it.
pub(crate) fn put(frame: &mut Frame<'_>, area: Rect, row: u16, line: Line<'_>) {
    if row < area.height {
        let line = elided(line, area.width.into());
        frame.render_widget(line, Rect { y: area.y + row, height: 1, ..area });
    }
}

/// The line, or as much of it as has room before `…`. Blanks at its end take no room.
pub(crate) fn elided(mut line: Line<'_>, columns: usize) -> Line<'_> {
    if line.width() <= columns {
        return line;
    }
    while let Some(last) = line.spans.last_mut() {
        let kept = last.content.trim_end_matches(' ').len();
        match &mut last.content {
            _ if kept == 0 => drop(line.spans.pop()),
            Cow::Borrowed(text) => *text = &text[..kept],
            Cow::Owned(text) => text.truncate(kept),
        }
        if kept > 0 {
            break;
        }
    }
    if line.width() <= columns {
        return line;
    }
    let mut left = columns;
    line.spans.retain_mut(|span| {
        let width = span.content.width();
        if left == 0 {
            return false;
        }
        // Not even a blank is left where the sign goes.
        if width >= left && columns > 0 {
            let more = format!("{}…", span.content);
            *span = Span::styled(text::clip(&more, left).into_owned(), span.style);
            left = 0;
        } else {
            left -= width;
        }
        true
    });
    line
}

/// A line between two panes.
pub(crate) fn vertical_rule(frame: &mut Frame<'_>, area: Rect, look: &Look) {
    for row in 0..area.height {
        put(frame, area, row, Line::styled(look.mark("│"), look.theme.rule));
    }
}

/// A line under or beside a pane's title: heavy where the pane has the focus.
pub(crate) fn focus_rule(has_focus: bool, columns: usize, look: &Look) -> Span<'static> {
    let (line, style) = if has_focus { ("━", look.theme.brand) } else { ("─", look.theme.rule) };
    Span::styled(look.bar(line, columns), style)
}

/// A thumb, when there is more than fits.
pub(crate) fn scrollbar(frame: &mut Frame<'_>, column: Rect, first: usize, lines: usize, look: &Look) {
    let rows = usize::from(column.height);
    if rows == 0 || lines <= rows || look.face == Face::Lines {
        return;
    }
    let thumb = (rows * rows / lines).clamp(1, rows);
    let last_first = lines - rows;
    let start = (rows - thumb) * first.min(last_first) / last_first;
    for row in start..start + thumb {
        put(frame, column, u16::try_from(row).unwrap_or(u16::MAX), Line::styled("┃", look.theme.info));
    }
}

/// `name        value`, the value wrapped under itself at `columns`.
pub(crate) fn field(name: &str, value: &str, style: Style, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let width = columns.saturating_sub(NAME_COLUMNS + 1).max(8);
    let named = |(index, part): (usize, String)| {
        let name = if index == 0 { name } else { "" };
        Line::from(vec![Span::styled(format!("{name:<NAME_COLUMNS$} "), look.theme.dim), Span::styled(part, style)])
    };
    wrap(value, width).into_iter().enumerate().map(named).collect()
}

/// A heading above a group of lines.
pub(crate) fn heading(words: impl Into<String>, look: &Look) -> Line<'static> {
    Line::styled(words.into(), look.theme.title)
}

/// A paragraph, wrapped.
pub(crate) fn paragraph(words: &str, style: Style, columns: usize) -> Vec<Line<'static>> {
    wrap(words, columns).into_iter().map(|part| Line::styled(part, style)).collect()
}

/// A byte count for a narrow column: `512B`, `2.1k`, `44k`, `3.2M`, which leaves room for the event.
pub(crate) fn short_bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let scaled = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000 => format!("{bytes}B"),
        1_000..9_950 => format!("{:.1}k", scaled(1_000)),
        9_950..999_500 => format!("{:.0}k", scaled(1_000)),
        999_500..9_950_000 => format!("{:.1}M", scaled(1_000_000)),
        _ => format!("{:.0}M", scaled(1_000_000)),
    }
}

/// A latency for a narrow column: `0.8 ms`, `12 ms`, `3.2 s`.
pub(crate) fn short_latency(latency: std::time::Duration) -> String {
    let milliseconds = latency.as_secs_f64() * 1000.0;
    match milliseconds {
        ..9.95 => format!("{milliseconds:.1} ms"),
        ..999.5 => format!("{milliseconds:.0} ms"),
        ..99_950.0 => format!("{:.1} s", milliseconds / 1000.0),
        _ => format!("{:.0} s", milliseconds / 1000.0),
    }
}

/// The time of day in the person's zone.
pub(crate) fn clock(moment: Timestamp, look: &Look) -> String {
    moment.to_zoned(look.zone.clone()).strftime("%H:%M:%S").to_string()
}

/// Date and time in the person's zone, to the millisecond.
pub(crate) fn date_time(moment: Timestamp, look: &Look) -> String {
    moment.to_zoned(look.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f %:z").to_string()
}

/// The size of a body of which `kept` bytes are stored.
pub(crate) fn kept_words(bytes: u64, kept: u64) -> String {
    let size = counted(bytes, "byte");
    if kept < bytes { format!("{size}, the first {} stored", crate::text::grouped(kept)) } else { size }
}

/// The secret called `label`, as the end of a sentence. Three labels are not names that anybody chose.
pub(crate) fn secret_words(label: &str) -> String {
    match label {
        MADE_UP_LABEL => "the temporary secret".to_owned(),
        TYPED_LABEL => "the secret you entered".to_owned(),
        HANDSHAKE_LABEL => "the secret received by handshake".to_owned(),
        named => format!("the secret {}", shown(named)),
    }
}

/// Untrusted text made visible, as an owned string.
pub(crate) fn shown(untrusted: &str) -> String {
    text::visible(untrusted).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_cut_says_so() {
        let shown = |spans: &[&str], columns: usize| {
            let line = Line::from(spans.iter().map(|span| Span::raw((*span).to_owned())).collect::<Vec<_>>());
            let line = elided(line, columns);
            assert!(line.width() <= columns, "{line:?}");
            line.spans.iter().map(|span| &*span.content).collect::<String>()
        };
        assert_eq!(shown(&["ab", "cd"], 4), "abcd");
        assert_eq!(shown(&["ab", "cd  ", "   "], 4), "abcd", "blanks need no room");
        assert_eq!(shown(&["ab", "cde"], 4), "abc…");
        assert_eq!(shown(&["abcd", "e"], 4), "abc…");
        assert_eq!(shown(&["abcd", " ", "e"], 4), "abc…");
        assert_eq!(shown(&["a文b", "c"], 3), "a…");
        assert_eq!(shown(&["a文b", "c"], 1), "…");
        assert_eq!(shown(&["ab"], 0), "");
        assert_eq!(shown(&["   "], 2), "");
    }

    #[test]
    fn numbers_fit_narrow_columns() {
        let bytes = [0, 999, 1_000, 9_949, 9_950, 999_499, 999_500, 64_000_000].map(short_bytes);
        assert_eq!(bytes, ["0B", "999B", "1.0k", "9.9k", "10k", "999k", "1.0M", "64M"]);
        let latency = [800, 9_949, 12_300, 999_499, 3_200_000].map(|us| short_latency(Duration::from_micros(us)));
        assert_eq!(latency, ["0.8 ms", "9.9 ms", "12 ms", "999 ms", "3.2 s"]);
    }
}
