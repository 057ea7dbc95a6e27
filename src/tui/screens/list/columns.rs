//! Which columns the list has room for, and how wide each is.

use unicode_width::UnicodeWidthStr;

use crate::config::ListColumn;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Overlay, Prompt, PromptKind};
use crate::tui::screens::saving::state::ToSave;
use crate::tui::screens::saving::update::ask;

/// Marker, and the verdict's glyph with a space.
const FRONT: usize = 3;
/// Columns that the event keeps when others are added.
const EVENT: usize = 10;
/// The fewest columns of a path or a note where others were not chosen.
const LEAST: usize = 19;

/// The columns in a list of this width, each with its own: the chosen ones, or the usual ones as far as they fit.
pub(super) fn laid_out(width: usize, model: &Model) -> Vec<(ListColumn, usize)> {
    let now = 2 * usize::from(!model.rejudged.verdicts.is_empty());
    let room = width.saturating_sub(FRONT + now);
    match &model.columns {
        Some(chosen) => fitted(chosen, room),
        None => {
            let rows = model.list.rows();
            let tags = rows.iter().any(|row| !row.marks.tags.is_empty());
            let notes = rows.iter().filter_map(|row| row.marks.note.as_deref()).map(UnicodeWidthStr::width).max();
            usual(room, Added { tags, notes: notes.unwrap_or_default() })
        }
    }
}

/// The width of a column; `None` for one that takes what is left.
fn fixed(column: ListColumn) -> Option<usize> {
    match column {
        ListColumn::Id => Some(6),
        ListColumn::Time => Some(8),
        ListColumn::Verdict => Some(9),
        ListColumn::Cause => Some(21),
        ListColumn::Kind => Some(4),
        ListColumn::Method => Some(6),
        ListColumn::Webhook => Some(12),
        ListColumn::Remote => Some(21),
        ListColumn::Status => Some(3),
        ListColumn::Latency => Some(6),
        ListColumn::Size => Some(5),
        ListColumn::Tags => Some(14),
        ListColumn::Event | ListColumn::Path | ListColumn::Note => None,
    }
}

/// What a person has added to the deliveries that are loaded.
#[derive(Debug, Clone, Copy, Default)]
struct Added {
    tags: bool,
    /// The columns of the longest note.
    notes: usize,
}

/// What is shown where nothing was chosen: the event and the status, and more as long as the event keeps its columns. What is
/// left is shared by the columns whose words are the longest.
fn usual(room: usize, marks: Added) -> Vec<(ListColumn, usize)> {
    use ListColumn::{Cause, Event, Id, Kind, Latency, Note, Path, Size, Status, Tags, Time, Verdict};
    // The status, which is always there; the last column needs no space after it.
    let mut left = room.saturating_sub(3);
    // A note takes no more than there is of it, and its heading.
    let least = |column: ListColumn| match column {
        Note => LEAST.min(marks.notes.max(4)),
        column => fixed(column).unwrap_or(LEAST),
    };
    let mut take = |column: ListColumn, event: usize, is_of_use: bool| {
        let needed = least(column) + 1;
        let fits = is_of_use && left > needed + event;
        left -= if fits { needed } else { 0 };
        fits
    };
    let added = [
        (Time, EVENT, true),
        (Kind, EVENT, true),
        (Latency, EVENT, true),
        (Size, EVENT, true),
        (Verdict, EVENT, true),
        // More than this is for those who have a wide screen.
        (Cause, 14, true),
        (Tags, 20, marks.tags),
        (Note, 20, marks.notes > 0),
        (Id, 28, true),
        (Path, 28, true),
    ]
    .map(|(column, event, is_of_use)| (column, take(column, event, is_of_use)));
    let has = |column: ListColumn| added.contains(&(column, true));
    let order = [Id, Verdict, Cause, Time, Event, Path, Kind, Status, Latency, Size, Tags, Note];
    let shown = order.into_iter().filter(|column| matches!(column, Event | Status) || has(*column));
    let mut columns: Vec<(ListColumn, usize)> =
        shown.map(|column| (column, if column == Event { 0 } else { least(column) })).collect();
    // Each step: a column grows up to this width before the next one does. The longest cause has 24 columns.
    let steps = [(Event, 24), (Cause, 24), (Event, 32), (Path, 36), (Note, 32), (Event, 48), (Path, 72), (Note, 64)];
    let mut left = left.saturating_sub(1);
    for (column, most) in steps.into_iter().chain([(Event, usize::MAX)]) {
        if let Some((_, width)) = columns.iter_mut().find(|(shown, _)| *shown == column) {
            let most = if column == Note { most.min(marks.notes) } else { most };
            let more = left.min(most.saturating_sub(*width));
            (*width, left) = (*width + more, left - more);
        }
    }
    columns
}

/// How far a column of a fixed width may grow where nothing else needs the room: the longest cause has 24.
const GROWING: [(ListColumn, usize); 3] = [(ListColumn::Cause, 24), (ListColumn::Webhook, 24), (ListColumn::Tags, 32)];

/// The chosen columns, as many as fit; what is left is shared by those that can use it.
fn fitted(chosen: &[ListColumn], room: usize) -> Vec<(ListColumn, usize)> {
    let least = |column: ListColumn| fixed(column).unwrap_or(EVENT);
    let mut left = room;
    let mut shown = Vec::new();
    for column in chosen {
        let needed = least(*column) + usize::from(!shown.is_empty());
        if needed <= left || shown.is_empty() {
            left = left.saturating_sub(needed);
            shown.push((*column, least(*column)));
        }
    }
    for (column, most) in GROWING {
        if let Some((_, width)) = shown.iter_mut().find(|(shown, _)| *shown == column) {
            let more = left.min(most - *width);
            (*width, left) = (*width + more, left - more);
        }
    }
    let mut open = shown.iter().filter(|(column, _)| fixed(*column).is_none()).count();
    for (_, width) in shown.iter_mut().filter(|(column, _)| fixed(*column).is_none()) {
        let more = left / open;
        (*width, left, open) = (*width + more, left - more, open - 1);
    }
    shown
}

/// Asks which columns to show.
pub(crate) fn begin(model: &mut Model) -> Vec<Effect> {
    let names: Vec<&str> = model.columns.iter().flatten().map(|column| column.name()).collect();
    model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Columns, names.join(" "))));
    Vec::new()
}

/// Shows the columns that were typed; none for the usual ones.
pub(crate) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(columns) = typed(model) else { return Vec::new() };
    (model.columns, model.overlay) = ((!columns.is_empty()).then_some(columns), None);
    Vec::new()
}

/// Shows them, and what keeping them would write into the configuration.
pub(crate) fn save(model: &mut Model) -> Vec<Effect> {
    let Some(columns) = typed(model) else { return Vec::new() };
    if columns.is_empty() {
        if let Some(Overlay::Prompt(prompt)) = &mut model.overlay {
            prompt.error = Some(
                "no columns to save: type them; for the usual ones delete `columns` from the configuration".to_owned(),
            );
        }
        return Vec::new();
    }
    model.columns = Some(columns.clone());
    ask(model, ToSave::Columns(columns))
}

/// The columns in the prompt; `None` where they cannot be read, which is said there.
fn typed(model: &mut Model) -> Option<Vec<ListColumn>> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return None };
    let text = prompt.text().trim().to_owned();
    if text.is_empty() {
        return Some(Vec::new());
    }
    match ListColumn::read_all(&text) {
        Ok(columns) => Some(columns),
        Err(error) => {
            prompt.error = Some(error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &[(ListColumn, usize)]) -> String {
        columns.iter().map(|(column, _)| column.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn more_room_shows_more() {
        let names_in = |room| names(&usual(room, Added::default()));
        assert_eq!(names_in(10), "event status");
        assert_eq!(names_in(50), "time event kind status latency size");
        assert_eq!(names_in(68), "verdict time event kind status latency size");
        assert_eq!(names_in(78), "verdict cause time event kind status latency size");
        assert_eq!(names_in(108), "id verdict cause time event kind status latency size");
        assert_eq!(names_in(120), "id verdict cause time event path kind status latency size");
        let marked = usual(120, Added { tags: true, notes: 80 });
        assert_eq!(names(&marked), "verdict cause time event kind status latency size tags note");
    }

    #[test]
    fn the_longest_words_have_the_room_that_is_left() {
        let widths = |room| {
            let columns = usual(room, Added::default());
            [ListColumn::Cause, ListColumn::Event, ListColumn::Path]
                .map(|column| columns.iter().find(|(shown, _)| *shown == column).map_or(0, |(_, width)| *width))
        };
        // As wide as `signature_header_missing` and `(malformed request)`, at 200 columns.
        assert_eq!(widths(107), [24, 34, 0]);
        assert_eq!(widths(160), [24, 48, 38]);
        let wide = widths(260);
        assert!(wide[1] > 60, "{wide:?}");
    }

    #[test]
    fn short_notes_leave_room_for_more() {
        let widths = usual(140, Added { tags: false, notes: 5 });
        assert_eq!(names(&widths), "id verdict cause time event path kind status latency size note");
        assert_eq!(widths.last(), Some(&(ListColumn::Note, 5)));
        assert!(widths.contains(&(ListColumn::Cause, 24)));
    }

    #[test]
    fn no_layout_is_wider_than_its_room() {
        for room in 0..260 {
            let chosen = fitted(&ListColumn::ALL, room);
            for columns in [usual(room, Added::default()), usual(room, Added { tags: true, notes: 80 }), chosen] {
                let width: usize = columns.iter().map(|(_, width)| width + 1).sum::<usize>() - 1;
                assert!(width <= room.max(14), "{room}: {columns:?}");
            }
        }
        assert_eq!(
            fitted(&[ListColumn::Cause, ListColumn::Event], 60),
            [(ListColumn::Cause, 24), (ListColumn::Event, 35)]
        );
        assert_eq!(fitted(&[ListColumn::Id], 2), [(ListColumn::Id, 6)]);
    }
}
