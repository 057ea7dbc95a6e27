//! Matches of the search, and the fault, made seen in rows.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::payload::json::search::Hit;
use crate::text;
use crate::tui::screens::payload::state::Search;
use crate::tui::theme::Theme;

/// A stretch of the body that looks otherwise.
pub(super) type RowMark = (Range<usize>, Style);

/// The marks of a search's matches that touch `range`.
pub(super) fn of_search(search: Option<&Search>, range: &Range<usize>, theme: &Theme) -> Vec<RowMark> {
    let Some(search) = search else { return Vec::new() };
    let Some(hits) = &search.hits else { return Vec::new() };
    let current = search.current_hit();
    let style = |hit: &Hit| if Some(hit) == current { theme.found_here } else { theme.found };
    hits.within(range).iter().take(1000).map(|hit| (hit.clone(), style(hit))).collect()
}

/// The bytes of `range`, visible, in `style` but for the marks, which must be in order.
pub(super) fn bytes(body: &[u8], range: Range<usize>, style: Style, marks: &[RowMark]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut at = range.start;
    let mut push = |part: Range<usize>, style: Style| {
        if !part.is_empty() {
            spans.push(Span::styled(text::visible_bytes(&body[part]).into_owned(), style));
        }
    };
    for (mark, marked) in marks {
        let start = mark.start.clamp(at, range.end);
        let end = mark.end.clamp(start, range.end);
        push(at..start, style);
        push(start..end, style.patch(*marked));
        at = end;
    }
    push(at..range.end, style);
    spans
}

/// A piece of a row whose text is the visible form of the body from `at` on, with its marks. The second
/// says whether one of them could be shown.
pub(super) fn piece(
    body: &[u8],
    shown: &str,
    at: Option<usize>,
    style: Style,
    marks: &[RowMark],
) -> (Vec<Span<'static>>, bool) {
    let Some(at) = at.filter(|_| !marks.is_empty()) else {
        return (vec![Span::styled(shown.to_owned(), style)], false);
    };
    let mut spans = Vec::new();
    let mut done = 0;
    // A byte of the body is never longer than one shown: what is farther away is cut off.
    let reach = at + shown.len();
    for (mark, marked) in marks.iter().filter(|(mark, _)| mark.end > at && mark.start < reach) {
        let place = |offset: usize| {
            let before = text::visible_bytes(&body[at..offset.clamp(at, reach.min(body.len()))]).len();
            floor(shown, before)
        };
        let (start, end) = (place(mark.start).max(done), place(mark.end).max(done));
        spans.push(Span::styled(shown[done..start].to_owned(), style));
        spans.push(Span::styled(shown[start..end].to_owned(), style.patch(*marked)));
        done = end;
    }
    let any = done > 0;
    spans.push(Span::styled(shown[done..].to_owned(), style));
    (spans, any)
}

/// The last place in `shown` at or before `at` where a character begins.
fn floor(shown: &str, at: usize) -> usize {
    let mut at = at.min(shown.len());
    while !shown.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    fn marked(spans: &[Span<'_>]) -> Vec<String> {
        let is_marked = |span: &&Span<'_>| span.style.add_modifier.contains(Modifier::REVERSED);
        spans.iter().filter(is_marked).map(|span| span.content.to_string()).collect()
    }

    fn mark(range: Range<usize>) -> RowMark {
        (range, Style::new().add_modifier(Modifier::REVERSED))
    }

    #[test]
    fn marks_stand_where_the_bytes_are_shown() {
        let body = b"[\"a\x01bc\xffd\"]";
        let (spans, any) = piece(body, "\"a␁bc", Some(1), Style::new(), &[mark(3..5)]);
        assert_eq!((marked(&spans), any), (vec!["␁b".to_owned()], true));
        assert_eq!(spans.iter().map(|span| &*span.content).collect::<String>(), "\"a␁bc");
        // What is cut off cannot be marked.
        let (spans, any) = piece(body, "\"a", Some(1), Style::new(), &[mark(5..6)]);
        assert_eq!((marked(&spans), any), (vec![], false));
        let spans = bytes(body, 2..9, Style::new(), &[mark(0..3), mark(6..7)]);
        assert_eq!(marked(&spans), ["a", "⟨ff⟩"]);
    }
}
