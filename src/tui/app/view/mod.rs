//! Drawing: the model in, cells out. Nothing here changes anything.

pub(crate) mod footer;
mod header;
mod messages;
#[cfg(test)]
pub(crate) mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::tui::app::areas::{DividerRange, ScreenAreas};
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::overlay;
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::app::viewport::Viewport;
use crate::tui::screens::{details, list, tour};
use crate::tui::theme::Look;
use crate::tui::widgets;

pub(crate) use self::messages::draw_log;
pub(crate) use crate::tui::screens::image::view::graphics;

/// From this width on, list and details are side by side.
const SIDE_BY_SIDE_COLUMNS: u16 = 100;
/// Below this height, list and details take turns instead of sharing the screen.
const STACKED_ROWS: u16 = 16;
/// By how many columns a key moves the split.
const SPLIT_COLUMNS: i16 = 6;
/// The fewest columns of a pane beside another.
const NARROWEST: u16 = 24;

/// Draws everything and returns what scrolling must know of it.
pub fn draw(frame: &mut Frame<'_>, model: &Model, look: &Look) -> Viewport {
    draw_with_areas(frame, model, look).0
}

/// Draws as [`draw`] does, and returns as well where what can be pointed at is.
pub fn draw_with_areas(frame: &mut Frame<'_>, model: &Model, look: &Look) -> (Viewport, ScreenAreas) {
    let area = frame.area();
    let (mut viewport, mut areas) = (Viewport::default(), ScreenAreas::default());
    if area.width < 4 || area.height < 3 {
        return (viewport, areas);
    }
    let alerts = header::alerts(model);
    let header_rows = 1 + u16::from(!alerts.is_empty() && area.height > 8);
    let [top, body, bottom] = split_rows(area, header_rows);
    areas.facts = header::draw(frame, top, model, look, &alerts);
    let message = messages::lines(model, body);
    let tour = tour::view::lines(model, body);
    let tour_rows = tour::view::rows(&tour);
    // From below: the message, the tour, the panes.
    let message_top = body.bottom() - u16::try_from(message.len()).unwrap_or(0);
    let tour_top = message_top.saturating_sub(tour_rows).max(body.y);
    let panes = Panes::of(body, model).above(tour_top);
    if let Some(area) = panes.list {
        viewport.list_rows = list::view::draw(frame, area, model, look);
        areas.list = Some((area, list::view::rows_area(area)));
    }
    if let Some(area) = panes.rule {
        widgets::vertical_rule(frame, area, look);
        areas.divider = Some((area, panes.range));
    } else if let (Some(_), Some(detail)) = (panes.list, panes.detail) {
        // The line below the tabs.
        areas.divider = Some((Rect { y: detail.y + 1, height: 1, ..detail }, panes.range));
    }
    if let Some(area) = panes.detail {
        let drawn = details::view::draw(frame, area, model, look);
        areas.detail = Some(area);
        areas.tabs = details::view::tab_areas(area, model);
        viewport.detail_rows = drawn.rows;
        viewport.detail_lines = drawn.lines;
        viewport.detail_columns = drawn.columns;
        viewport.image = drawn.image;
        viewport.detail_prelude = drawn.prelude;
        viewport.query_rows = drawn.query_rows;
    }
    areas.hints = footer::draw(frame, bottom, model, look);
    if let Some(overlay) = &model.overlay {
        let above = Rect { height: tour_top - body.y, ..body };
        let drawn = overlay::view::draw(frame, above, overlay, model, look);
        viewport.overlay_rows = drawn.rows;
        viewport.overlay_lines = drawn.lines;
        areas.menu = drawn.menu;
    }
    if let Some(Overlay::Prompt(prompt)) = &model.overlay
        && prompt.kind == PromptKind::Filter
    {
        list::filter_view::draw(frame, body, prompt, model, look);
    }
    tour::view::draw(frame, Rect { y: tour_top, height: message_top - tour_top, ..body }, &tour, model, look);
    // Above everything, so that what a key in a window has done is seen as well.
    messages::draw(frame, body, &message, model, look);
    (viewport, areas)
}

fn split_rows(area: Rect, header_rows: u16) -> [Rect; 3] {
    let body_rows = area.height - header_rows - 1;
    [
        Rect { height: header_rows, ..area },
        Rect { y: area.y + header_rows, height: body_rows, ..area },
        Rect { y: area.y + header_rows + body_rows, height: 1, ..area },
    ]
}

/// The areas of list and details.
struct Panes {
    list: Option<Rect>,
    rule: Option<Rect>,
    detail: Option<Rect>,
    range: DividerRange,
}

impl Panes {
    fn of(body: Rect, model: &Model) -> Self {
        let is_detail = model.focus == Focus::Detail;
        let range = DividerRange::default();
        let alone = Self { list: (!is_detail).then_some(body), rule: None, detail: is_detail.then_some(body), range };
        if model.is_zoomed {
            return alone;
        }
        if body.width >= SIDE_BY_SIDE_COLUMNS {
            // Hex rows of 16 bytes take 74 columns, and should fit beside the list at 120.
            let usual = (body.width * 3 / 8).clamp(43, 72).min(body.width.saturating_sub(77).max(43));
            // What a wide screen has to spare goes to the cause, the number and the path.
            let usual = usual + body.width.saturating_sub(160).min(60);
            let moved = usual.saturating_add_signed(-SPLIT_COLUMNS * model.split);
            let list = moved.clamp(NARROWEST.min(usual), body.width - NARROWEST);
            return Self {
                list: Some(Rect { width: list, ..body }),
                rule: Some(Rect { x: body.x + list, width: 1, ..body }),
                detail: Some(Rect { x: body.x + list + 1, width: body.width - list - 1, ..body }),
                range: DividerRange { usual: body.x + usual, step: SPLIT_COLUMNS.unsigned_abs(), is_row: false },
            };
        }
        if body.height < STACKED_ROWS {
            return alone;
        }
        // The pane with the focus has the larger share.
        let usual = match model.list.rows().len() {
            // With nothing to list, what to do next needs the room.
            0 if !is_detail && model.list.filter().is_empty() && !model.list.is_loading() => 3,
            _ if !is_detail => body.height * 2 / 5,
            // None yet, or being searched for: the panes stay where they are until it is known.
            0 => body.height / 4,
            // A title, the rows, and a free one: what they do not need is better spent on the details.
            count => (body.height / 4).min(u16::try_from(count).unwrap_or(u16::MAX).saturating_add(2)),
        };
        let list = usual.saturating_add_signed(-model.split).clamp(3, body.height - STACKED_ROWS / 2);
        Self {
            list: Some(Rect { height: list, ..body }),
            rule: None,
            detail: Some(Rect { y: body.y + list, height: body.height - list, ..body }),
            range: DividerRange { usual: body.y + usual + 1, step: 1, is_row: true },
        }
    }

    /// This layout, with nothing from row `bottom` on.
    fn above(self, bottom: u16) -> Self {
        let cut = |area: Rect| Rect { height: area.height.min(bottom.saturating_sub(area.y)), ..area };
        Self { list: self.list.map(cut), rule: self.rule.map(cut), detail: self.detail.map(cut), ..self }
    }
}
