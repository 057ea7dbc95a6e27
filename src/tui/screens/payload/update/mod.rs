//! What keys mean on the Payload tab: cursor, folds, views.

mod query;
mod search;

pub(crate) use self::query::{query, scroll_query};
pub(crate) use self::search::{cancel_search, keep_search, search};

use crate::payload::body::Kind;
use crate::payload::json::Pretty;
use crate::tui::app::action::Tab;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::{Detail, Focus, Model};
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::{Neighbour, Step};
use crate::tui::app::viewport::Viewport;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::payload::state::{
    PayloadAnswer, PayloadOutcome, PayloadRequest, PayloadTask, PayloadView, StringView,
};

/// Rows kept between the cursor and the pane's edge where there is room.
const MARGIN: usize = 2;
/// Larger bodies are shown as sent without wrapping their lines until that is asked for.
const WRAPPED: usize = 8 << 20;

/// The shown delivery's JSON with the state of its tab, as the functions here need them.
struct Tree<'a> {
    rows: &'a Pretty,
    view: &'a mut PayloadView,
    scroll: &'a mut usize,
    viewport: Viewport,
}

/// The tree, when the Payload tab shows one.
fn tree(model: &mut Model) -> Option<Tree<'_>> {
    let viewport = model.viewport;
    let detail = model.detail.as_mut()?;
    let Detail { content: Ok(loaded), view, scroll, .. } = detail else { return None };
    let rows = loaded.reading.body.rows()?;
    Some(Tree { rows, view, scroll: &mut scroll[Tab::Payload.index()], viewport })
}

/// Whether keys move a cursor through a tree now, rather than scroll.
pub(crate) fn has_cursor(model: &Model) -> bool {
    let Some(detail) = model.detail.as_ref().filter(|_| model.tab == Tab::Payload) else { return false };
    let is_json = matches!(&detail.content, Ok(loaded) if loaded.body().rows().is_some());
    is_json && !detail.view.as_sent && detail.view.string.is_none()
}

impl Model {
    /// Whether the Payload tab shows a tree, with a cursor in it.
    #[must_use]
    pub fn shows_tree(&self) -> bool {
        has_cursor(self)
    }
}

/// Moves or scrolls on the Payload tab; `None` when that is nothing special there.
pub(crate) fn step(model: &mut Model, step: Step) -> Option<Vec<Effect>> {
    if model.tab != Tab::Payload {
        return None;
    }
    let viewport = model.viewport;
    if let Some(view) = model.detail.as_mut().map(|detail| &mut detail.view)
        && let Some(string) = &mut view.string
    {
        let Some(lines) = string.rows.as_ref().map(|rows| rows.len()) else {
            // Where its end is will be known with its rows.
            string.scroll = if step == Step::Last { usize::MAX } else { 0 };
            return Some(Vec::new());
        };
        let places = lines.saturating_sub(viewport.detail_rows) + 1;
        string.scroll = step.apply(string.scroll.min(places - 1), places, viewport.detail_rows);
        return Some(Vec::new());
    }
    if !has_cursor(model) || model.focus != Focus::Detail {
        return None;
    }
    tree(model)?.step(step);
    Some(Vec::new())
}

/// Scrolls the tree from elsewhere: the cursor comes along.
pub(crate) fn scrolled(model: &mut Model) {
    if has_cursor(model)
        && let Some(tree) = tree(model)
    {
        tree.follow_scroll();
    }
}

/// Brings the cursor back into a pane that has become smaller.
pub(crate) fn keep_cursor(model: &mut Model) {
    // The top row shows what comes before the tree.
    if has_cursor(model)
        && let Some(mut tree) = tree(model)
        && tree.view.cursor > 0
    {
        tree.show_cursor();
    }
}

/// Closes what lies over the tree; false when nothing did.
pub(crate) fn close_one(model: &mut Model) -> bool {
    let is_shown = model.tab == Tab::Payload && model.focus == Focus::Detail;
    is_shown && model.detail.as_mut().is_some_and(|detail| detail.view.close_one())
}

pub(crate) fn act_on_payload(model: &mut Model, action: PayloadAction) -> Vec<Effect> {
    use PayloadAction as P;
    match action {
        P::FoldMenu if has_cursor(model) => model.overlay = Some(Overlay::Folding),
        P::Search => return search::begin(model),
        P::NextMatch => search::turn(model, Neighbour::Next),
        P::PreviousMatch => search::turn(model, Neighbour::Previous),
        P::Fault => to_fault(model),
        P::AsSent => turn_as_sent(model),
        P::Wrap => {
            if let Some(detail) = &mut model.detail {
                detail.view.unwrapped = !detail.view.unwrapped;
                detail.view.column = 0;
            }
        }
        P::Left | P::Right => scroll_sideways(model, action == P::Right),
        P::Open => open(model),
        P::Query => return query::begin(model),
        P::Out | P::In if !has_cursor(model) => {
            let unwrapped = model.detail.as_ref().is_some_and(|detail| detail.view.unwrapped);
            if unwrapped {
                scroll_sideways(model, action == P::In);
            } else {
                model.tab = model.tab.turned(if action == P::In { 1 } else { -1 });
            }
        }
        P::Toggle if !has_cursor(model) => {
            return model.list.toggle_pause().into_iter().collect();
        }
        _ if has_cursor(model) => {
            if let Some(tree) = tree(model) {
                tree.act(action);
            }
        }
        _ => {}
    }
    Vec::new()
}

impl Tree<'_> {
    fn place(&self) -> usize {
        self.view.folds.place_of(self.view.cursor)
    }

    fn go_to(&mut self, row: usize) {
        self.view.cursor = self.view.folds.row_at(self.view.folds.place_of(row));
        self.show_cursor();
    }

    fn act(mut self, action: PayloadAction) {
        use PayloadAction as P;
        let (rows, cursor) = (self.rows, self.view.cursor);
        let node = rows.opening(cursor);
        let is_open = rows.block_end(node).is_some() && !self.view.folds.is_folded(node);
        match action {
            P::Out if is_open => self.view.folds.toggle(rows, node),
            P::In if is_open && cursor == node => return self.go_to(node + 1),
            P::In if self.view.folds.is_folded(node) => self.view.folds.toggle(rows, node),
            P::Toggle => self.view.folds.toggle(rows, node),
            P::Out => return self.go_to(rows.parent(cursor).unwrap_or(cursor)),
            P::NextSibling => return self.go_to(rows.next_sibling(cursor).unwrap_or(cursor)),
            P::PreviousSibling => return self.go_to(rows.previous_sibling(cursor).unwrap_or(cursor)),
            P::Mate if is_open && cursor == node => return self.go_to(rows.block_end(node).unwrap_or(node)),
            P::Level(level) => self.view.folds.set_level(rows, level.into()),
            P::FoldAll => self.view.folds.set_level(rows, 0),
            P::OpenAll => self.view.folds.clear(),
            P::FoldSiblings | P::OpenSiblings => {
                self.view.folds.set_siblings(rows, node, action == P::FoldSiblings);
            }
            P::OpenDeep => {
                if let Some(end) = rows.block_end(node) {
                    self.view.folds.open_all(rows, node..end + 1);
                }
            }
            _ => {}
        }
        self.go_to(node);
    }

    fn step(mut self, step: Step) {
        let Viewport { detail_rows: height, detail_prelude: prelude, .. } = self.viewport;
        let count = self.view.folds.visible_count(self.rows);
        let place = self.place();
        let is_back = matches!(step, Step::Up | Step::HalfUp | Step::PageUp | Step::First);
        let last_scroll = (prelude + count).saturating_sub(height);
        *self.scroll = (*self.scroll).min(last_scroll);
        let is_below = prelude + place >= *self.scroll + height;
        if step == Step::First || (is_back && place == 0) {
            // Moving further up scrolls to what comes before the tree.
            *self.scroll = if step == Step::First { 0 } else { step.apply(*self.scroll, last_scroll + 1, height) };
            self.view.cursor = 0;
            return;
        }
        if !is_back && place == 0 && is_below && step != Step::Last {
            *self.scroll = step.apply(*self.scroll, last_scroll + 1, height);
            return;
        }
        let to = step.apply(place, count, height);
        if !matches!(step, Step::Up | Step::Down | Step::Last) {
            // The cursor stays where it is on the screen.
            *self.scroll = (*self.scroll + to).saturating_sub(place).min(last_scroll);
        }
        self.view.cursor = self.view.folds.row_at(to);
        self.show_cursor();
    }

    /// Scrolls no further than the cursor needs to be seen.
    fn show_cursor(&mut self) {
        let Viewport { detail_rows: height, detail_prelude: prelude, .. } = self.viewport;
        if height == 0 {
            return;
        }
        let place = self.place();
        let margin = if height > 4 * MARGIN { MARGIN } else { 0 };
        let at = prelude + place;
        let last = (prelude + self.view.folds.visible_count(self.rows)).saturating_sub(height);
        let highest = at.saturating_sub(margin);
        let lowest = (at + margin + 1).saturating_sub(height);
        *self.scroll = (*self.scroll).clamp(lowest, highest.max(lowest)).min(last);
    }

    /// Moves the cursor into what the pane shows.
    fn follow_scroll(self) {
        let Viewport { detail_rows: height, detail_prelude: prelude, .. } = self.viewport;
        let count = self.view.folds.visible_count(self.rows);
        let first = self.scroll.saturating_sub(prelude);
        let last = (*self.scroll + height.max(1)).saturating_sub(prelude + 1);
        let place = self.place().clamp(first, last.max(first)).min(count.saturating_sub(1));
        self.view.cursor = self.view.folds.row_at(place);
    }
}

fn request(detail: &Detail, number: u64, task: PayloadTask) -> Vec<Effect> {
    let Ok(loaded) = &detail.content else { return Vec::new() };
    let body = loaded.reading.body.bytes.clone();
    vec![Effect::Payload(PayloadRequest { id: detail.id, number, body, task })]
}

/// Takes in what a thread has found.
pub(crate) fn answered(model: &mut Model, answer: PayloadAnswer) {
    if model.detail.as_ref().is_none_or(|detail| detail.id != answer.id) {
        return;
    }
    match answer.outcome {
        PayloadOutcome::Found(hits) => search::found(model, answer.number, hits),
        PayloadOutcome::Queried(result) => query::answered(model, answer.number, result),
        PayloadOutcome::Rows(rows) => model.rows_made(answer.number, rows),
    }
}

/// Scrolls the body as sent to a byte of it.
pub(crate) fn show_offset(model: &mut Model, offset: usize) {
    let Viewport { detail_rows: height, detail_columns: columns, detail_prelude: prelude, .. } = model.viewport;
    let Some(detail) = &mut model.detail else { return };
    let Some(rows) = detail.raw_rows(Tab::Payload) else {
        detail.view.go_to = Some(offset);
        return;
    };
    let row = prelude + rows.row_of(offset);
    let column = rows.column_of(offset);
    let is_unwrapped = rows.is_unwrapped();
    let scroll = &mut detail.scroll[Tab::Payload.index()];
    if row < *scroll || row >= *scroll + height {
        *scroll = row.saturating_sub(height / 3);
    }
    let first = detail.view.column;
    if is_unwrapped && !(first..first + columns.saturating_sub(1)).contains(&column) {
        detail.view.column = column.saturating_sub(columns / 3);
    }
}

fn to_fault(model: &mut Model) {
    let Some(body) = model.loaded().map(LoadedDelivery::body) else { return };
    let fault = match (&body.kind, &body.fault) {
        (Kind::Empty, _) => return,
        (_, Some(fault)) => fault.clone(),
        (Kind::Json(Some(_)), None) => return model.say("the whole body is valid JSON"),
        _ => return,
    };
    show_offset(model, fault.offset);
    model.warn(fault.to_string());
}

fn turn_as_sent(model: &mut Model) {
    let Some(detail) = &mut model.detail else { return };
    let Ok(loaded) = &detail.content else { return };
    let Some(rows) = loaded.body().rows() else { return };
    if let Some(string) = &mut detail.view.string {
        *string = StringView::open(rows, string.token.clone(), !string.as_sent);
        return;
    }
    detail.view.as_sent = !detail.view.as_sent;
    // To break lines takes time for each byte, to find them nearly none.
    detail.view.unwrapped |= loaded.delivery.body.len() > WRAPPED;
    detail.view.column = 0;
    let offset = rows.range(detail.view.cursor).start;
    if detail.view.as_sent {
        show_offset(model, offset);
    } else if let Some(mut tree) = tree(model) {
        tree.show_cursor();
    }
}

fn scroll_sideways(model: &mut Model, right: bool) {
    let width = (model.viewport.detail_columns / 2).max(1);
    if let Some(detail) = &mut model.detail
        && detail.view.unwrapped
    {
        let column = detail.view.column;
        detail.view.column = if right { column.saturating_add(width) } else { column.saturating_sub(width) };
    }
}

/// Opens the string under the cursor, or shows the picture that is there.
fn open(model: &mut Model) {
    if !has_cursor(model) {
        return;
    }
    let Some(tree) = tree(model) else { return };
    let cursor = tree.view.cursor;
    if tree.rows.binary(cursor).is_some() {
        model.tab = Tab::Image;
        return;
    }
    match tree.rows.value_range(cursor) {
        Some(token) if tree.rows.body().get(token.start) == Some(&b'"') => {
            tree.view.string = Some(StringView::open(tree.rows, token, false));
        }
        _ => tree.act(PayloadAction::Toggle),
    }
}
