//! The list: a window of rows over a store of any size.
//!
//! ```text
//!   store   newest ┌──────────────┐
//!                  │ (not loaded) │  newest = false
//!   rows[0]  ─────▶├──────────────┤◀─ window, at most WINDOW_ROWS
//!   rows[top] ────▶│ ░░ screen ░░ │◀─ selected somewhere in the window
//!                  ├──────────────┤
//!                  │ (not loaded) │  oldest = false
//!                  └──────────────┘
//! ```
//!
//! One request is in flight at a time. Changes in the meantime set one flag, so that a burst of
//! deliveries causes only as many reads as the reader can do.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::delivery::{DeliveryId, MarksEdit, Summary, Verdict};
use crate::query::Query;
use crate::tui::app::effect::Effect;
use crate::tui::app::viewport::Viewport;
use crate::tui::screens::list::page::{Edge, PagePlace, PageRequest, PageResult, SortedRequest};
use crate::tui::screens::list::sorted::SortedList;

/// Rows kept in the window.
pub(super) const WINDOW_ROWS: usize = 600;
/// Rows from the top of the screen that are read again for their causes.
const SCREEN_ROWS: usize = 60;
/// Rows asked for at once; more than any screen is high.
const PAGE_ROWS: usize = 200;
/// When the selection is this close to the window's end, the next page is requested.
pub(super) const MARGIN_ROWS: usize = 60;

/// Whether a cause may be found for it.
fn needs_cause(row: &Summary) -> bool {
    let judgement = &row.judgement;
    match judgement.verdict {
        Verdict::NoSecret | Verdict::NotJudged => false,
        Verdict::Verified => judgement.timestamp.as_ref().is_some_and(|timestamp| timestamp.fresh != Some(true)),
        _ => true,
    }
}

/// The list's state. See the module's page.
#[derive(Debug)]
pub struct List {
    pub(super) rows: VecDeque<Summary>,
    pub(super) selected: Option<DeliveryId>,
    pub(super) top: usize,
    /// Whether the window begins with the newest delivery that matches.
    pub(super) newest: bool,
    /// Whether it ends with the oldest.
    pub(super) oldest: bool,
    /// Every delivery up to this one has been looked at for the window's upper end.
    pub(super) head: DeliveryId,
    pub(super) follow: bool,
    pub(super) paused: bool,
    pub(super) unseen: u64,
    /// Rows above the window, where that is known.
    pub(super) above: Option<u64>,
    /// Rows that came on top since the top was last seen.
    pub(super) news: u64,
    pub(super) query: Arc<Query>,
    pub(super) filter: String,
    pub(super) generation: u64,
    pub(super) waiting: Option<(Edge, PagePlace)>,
    pub(super) stale: bool,
    pub(super) rereading: bool,
    pub(super) searched_to: Option<DeliveryId>,
    pub(super) error: Option<String>,
    pub(super) sorted: Option<SortedList>,
}

impl List {
    pub(crate) fn new(query: Query, filter: String) -> Self {
        Self {
            rows: VecDeque::new(),
            selected: None,
            top: 0,
            newest: true,
            oldest: true,
            head: DeliveryId(0),
            follow: true,
            paused: false,
            unseen: 0,
            above: Some(0),
            news: 0,
            query: Arc::new(query),
            filter,
            generation: 0,
            waiting: None,
            stale: false,
            rereading: false,
            searched_to: None,
            error: None,
            sorted: None,
        }
    }

    /// The loaded rows, in the list's order: the newest first, unless it is sorted.
    #[must_use]
    pub fn rows(&self) -> &VecDeque<Summary> {
        &self.rows
    }

    /// The row at the top of the screen, as an index into [`List::rows`].
    #[must_use]
    pub fn top(&self) -> usize {
        self.top
    }

    /// The selected delivery.
    #[must_use]
    pub fn selected(&self) -> Option<DeliveryId> {
        self.selected
    }

    /// Whether the newest delivery is kept selected.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.follow
    }

    /// Whether the list is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Deliveries that arrived but are not in the list, because it is paused or scrolled away.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        self.unseen
    }

    /// How many deliveries match, when all of them are in the window.
    #[must_use]
    pub fn matches(&self) -> Option<u64> {
        if let Some(sorted) = &self.sorted {
            return sorted.matches();
        }
        let is_whole = self.newest && self.oldest && self.unseen == 0 && self.waiting.is_none();
        (is_whole && self.error.is_none()).then_some(self.rows.len() as u64)
    }

    /// Whether the first row of all is loaded.
    #[must_use]
    pub fn begins_with_first(&self) -> bool {
        self.newest
    }

    /// The filter as typed; empty for none.
    #[must_use]
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// The filter as it was read.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// How far a running search has come.
    #[must_use]
    pub fn searched_to(&self) -> Option<DeliveryId> {
        self.searched_to
    }

    /// Why the last page could not be read.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether something is being read.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether every row that was asked for has come, with its answer.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.waiting.is_none() && !self.rereading
    }

    pub(super) fn selected_index(&self) -> Option<usize> {
        self.index_of(self.selected?)
    }

    fn index_of(&self, id: DeliveryId) -> Option<usize> {
        if self.sorted.is_some() {
            return self.rows.iter().position(|row| row.id == id);
        }
        // Newest first: ids descend.
        let index = self.rows.partition_point(|row| row.id > id);
        self.rows.get(index).filter(|row| row.id == id).map(|_| index)
    }

    /// Reads the list from its newest end; a sorted one from its first row.
    pub(crate) fn reload(&mut self) -> Option<Effect> {
        self.waiting = None;
        if self.sorted.is_some() {
            return Some(self.sort_around(None, 0));
        }
        Some(self.request(Edge::Newest, PagePlace::Replace))
    }

    /// Applies a filter.
    pub(crate) fn set_filter(&mut self, query: Query, filter: String) -> Option<Effect> {
        self.query = Arc::new(query);
        self.filter = filter;
        self.reload()
    }

    /// The store has grown to `last`, or rows have got their answers.
    pub(crate) fn stored(&mut self, last: DeliveryId) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !self.rereading {
            let open: Vec<DeliveryId> =
                self.rows.iter().filter(|row| row.answer.is_none()).map(|row| row.id).take(PAGE_ROWS).collect();
            // Causes are found after the answer. Those on the screen are seen.
            let is_unexplained = |row: &&Summary| row.cause.is_none() && row.answer.is_some() && needs_cause(row);
            let on_screen = self.rows.iter().skip(self.top).take(SCREEN_ROWS);
            let open = open.into_iter().chain(on_screen.filter(is_unexplained).map(|row| row.id)).collect::<Vec<_>>();
            if !open.is_empty() {
                self.rereading = true;
                effects.push(Effect::Reread(open));
            }
        }
        if self.sorted.is_some() {
            effects.extend(self.sorted_stored(last));
        } else if last > self.head {
            if self.paused || !self.newest {
                self.unseen = self.unseen.max((last.0 - self.head.0).unsigned_abs());
            } else if self.waiting.is_some() {
                self.stale = true;
            } else {
                effects.extend(self.catch_up());
            }
        }
        effects
    }

    /// Asks for what is newer than the window.
    pub(super) fn catch_up(&mut self) -> Option<Effect> {
        self.stale = false;
        if self.rows.is_empty() && self.filter.is_empty() {
            return self.reload();
        }
        Some(self.request(Edge::After(self.head), PagePlace::Top))
    }

    pub(super) fn request(&mut self, edge: Edge, place: PagePlace) -> Effect {
        self.ask(edge, place, PAGE_ROWS, None)
    }

    pub(super) fn ask(&mut self, edge: Edge, place: PagePlace, limit: usize, sorted: Option<SortedRequest>) -> Effect {
        self.generation += 1;
        self.waiting = Some((edge, place));
        let query = Arc::clone(&self.query);
        Effect::LoadPage(PageRequest { generation: self.generation, edge, place, limit, query, sorted })
    }

    /// Takes in a page.
    pub(crate) fn page(&mut self, page: PageResult, viewport: &Viewport) -> Option<Effect> {
        if page.generation != self.generation {
            return None;
        }
        let (edge, place) = self.waiting?;
        if self.sorted.is_some() {
            return self.sorted_page(page, viewport);
        }
        // The next part continues where this one ends.
        self.waiting =
            page.more_follows.then_some((edge, if place == PagePlace::Replace { PagePlace::Bottom } else { place }));
        self.error = page.error;
        self.searched_to = page.reached.filter(|_| page.more_follows);
        let flooded = place == PagePlace::Top && !page.at_end && !page.more_follows;
        match place {
            PagePlace::Replace => {
                let is_oldest = edge == Edge::Oldest;
                self.newest = edge == Edge::Newest || (is_oldest && page.at_end);
                self.oldest = is_oldest || page.at_end;
                self.head = page.newest.unwrap_or(self.head);
                self.unseen = 0;
                self.above = self.newest.then_some(0);
                self.rows = page.rows.into();
                self.top = 0;
                if is_oldest {
                    self.selected = self.rows.back().map(|row| row.id);
                }
            }
            PagePlace::Top => {
                self.add_on_top(page.rows, page.newest);
                if page.at_end && self.newest {
                    self.above = Some(0);
                }
            }
            PagePlace::Bottom => {
                self.rows.extend(page.rows);
                self.oldest = page.at_end;
                let surplus = self.rows.len().saturating_sub(WINDOW_ROWS);
                if surplus > 0 {
                    self.rows.drain(..surplus);
                    self.top = self.top.saturating_sub(surplus);
                    self.above = self.above.map(|above| above + surplus as u64);
                    self.newest = false;
                }
            }
        }
        self.settle_selection(viewport);
        if flooded {
            // More arrived than a page holds. Following jumps to the newest; otherwise the
            // window stays where the person is reading.
            if self.follow {
                return self.reload();
            }
            self.newest = false;
            self.above = None;
        }
        if self.waiting.is_none() && self.stale && self.newest && !self.paused { self.catch_up() } else { None }
    }

    fn add_on_top(&mut self, rows: Vec<Summary>, newest: Option<DeliveryId>) {
        self.head = self.head.max(newest.unwrap_or(self.head));
        let added = rows.len();
        self.news += if self.follow { 0 } else { added as u64 };
        self.above = self.above.map(|above| above.saturating_sub(added as u64));
        for row in rows.into_iter().rev() {
            self.rows.push_front(row);
        }
        if added > 0 && !self.follow && (self.top > 0 || self.selected_index().is_some_and(|index| index > added)) {
            self.top += added;
        }
        if self.rows.len() > WINDOW_ROWS {
            self.rows.truncate(WINDOW_ROWS);
            self.oldest = false;
        }
    }

    /// Keeps the selection on a row that exists, and the row on the screen.
    pub(super) fn settle_selection(&mut self, viewport: &Viewport) {
        if self.follow && self.newest {
            self.selected = self.rows.front().map(|row| row.id);
        } else if self.selected_index().is_none() {
            let near = match &self.sorted {
                Some(sorted) => sorted.last_index,
                None => self.selected.map_or(0, |selected| self.rows.partition_point(|row| row.id > selected)),
            };
            self.selected = self.rows.get(near).or_else(|| self.rows.back()).map(|row| row.id);
        }
        self.scroll_into_view(viewport);
    }

    pub(super) fn scroll_into_view(&mut self, viewport: &Viewport) {
        let height = viewport.list_rows.max(1);
        let index = self.selected_index().unwrap_or(0);
        if let Some(sorted) = &mut self.sorted {
            sorted.last_index = index;
        }
        self.top = self.top.min(index).max((index + 1).saturating_sub(height));
        self.top = self.top.min(self.rows.len().saturating_sub(height.min(self.rows.len())));
        if self.top == 0 {
            self.news = 0;
        }
    }

    /// Deliveries are gone, the oldest most likely: reads the window again from where the person is.
    pub(crate) fn retired(&mut self) -> Option<Effect> {
        if self.paused {
            return None;
        }
        if self.sorted.is_some() {
            return Some(self.sort_again());
        }
        match self.selected_index() {
            Some(index) if !self.follow && (!self.newest || index > MARGIN_ROWS) => {
                self.waiting = None;
                self.newest = false;
                let above = i64::try_from(MARGIN_ROWS / 4).unwrap_or_default();
                let first = self.selected.map_or(0, |selected| selected.0.saturating_add(above));
                Some(self.request(Edge::Before(DeliveryId(first)), PagePlace::Replace))
            }
            _ => self.reload(),
        }
    }

    /// Changes what a person has added to these, as it was kept.
    pub(crate) fn mark(&mut self, ids: &BTreeSet<DeliveryId>, edit: &MarksEdit) {
        for row in self.rows.iter_mut().filter(|row| ids.contains(&row.id)) {
            // What is beyond the limits was refused before.
            let _ = row.marks.apply(edit);
        }
    }

    /// Rows that were read again.
    pub(crate) fn reread(&mut self, rows: Vec<Summary>) {
        self.rereading = false;
        for row in rows {
            if let Some(place) = self.index_of(row.id).and_then(|index| self.rows.get_mut(index)) {
                *place = row;
            }
        }
    }
}
