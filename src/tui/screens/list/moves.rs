//! Moving through the list: the selection, the window that follows it, and the newest.

use std::collections::BTreeSet;

use super::page::{Edge, PagePlace};
use super::state::{List, MARGIN_ROWS};
use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::tui::app::effect::Effect;
use crate::tui::app::step::Step;
use crate::tui::app::viewport::Viewport;

impl List {
    /// Moves the selection.
    pub(crate) fn step(&mut self, step: Step, viewport: &Viewport) -> Option<Effect> {
        match step {
            Step::First if !self.newest && self.sorted.is_some() => return Some(self.window_around(None, 0)),
            Step::Last if !self.oldest && self.sorted.is_some() => {
                return Some(self.window_around(None, u64::MAX));
            }
            // Whoever goes to the newest wants to see what comes next, too.
            Step::First if !self.newest => {
                self.follow = !self.paused;
                self.selected = None;
                return self.reload();
            }
            Step::Last if !self.oldest => {
                self.follow = false;
                self.selected = None;
                self.waiting = None;
                self.newest = false;
                return Some(self.request(Edge::Oldest, PagePlace::Replace));
            }
            _ => {}
        }
        let index = step.apply(self.selected_index().unwrap_or(0), self.rows.len(), viewport.list_rows);
        let moved = self.rows.get(index).map(|row| row.id);
        if moved != self.selected {
            // Whoever moves away from the newest wants to stay there.
            self.follow = self.follow && index == 0;
            self.selected = moved;
        }
        if step == Step::First && self.sorted.is_none() {
            self.follow = !self.paused;
        }
        self.scroll_into_view(viewport);
        self.extend(index)
    }

    /// Brings the selected row back into a list that has another size.
    pub(crate) fn keep_in_view(&mut self, viewport: &Viewport) {
        if viewport.list_rows > 0 && self.selected_index().is_some() {
            self.scroll_into_view(viewport);
        }
    }

    /// The selected row's place among all, from 1, as far as it is known; `total` rows are in the store.
    #[must_use]
    pub fn position(&self, total: Option<u64>) -> Option<u64> {
        let index = self.selected_index()? as u64;
        if self.sorted.is_some() {
            return self.above.map(|above| above + index + 1);
        }
        if let Some(above) = self.above {
            return Some(above + self.unseen + index + 1);
        }
        let below = self.rows.len() as u64 - index;
        let is_countable = self.oldest && self.filter.is_empty();
        total.filter(|_| is_countable).and_then(|total| (total + 1).checked_sub(below))
    }

    /// Deliveries that came above what is in view.
    #[must_use]
    pub fn news(&self) -> u64 {
        self.news.max(self.unseen)
    }

    /// Selects a delivery, wherever it is. Where the filter hides it, the one next to it is selected.
    pub(crate) fn go_to(&mut self, id: DeliveryId, viewport: &Viewport) -> Option<Effect> {
        self.follow = false;
        self.selected = Some(id);
        if let Some(index) = self.selected_index() {
            self.scroll_into_view(viewport);
            return self.extend(index);
        }
        if self.sorted.is_some() {
            return Some(self.window_around(Some(id), 0));
        }
        // A window that begins a little above it.
        self.waiting = None;
        self.newest = false;
        let above = i64::try_from(MARGIN_ROWS / 4).unwrap_or_default();
        Some(self.request(Edge::Before(DeliveryId(id.0.saturating_add(above))), PagePlace::Replace))
    }

    /// Asks for the next page when the selection has come near the window's end.
    fn extend(&mut self, index: usize) -> Option<Effect> {
        if self.sorted.is_some() {
            return self.extend_sorted(index);
        }
        if self.waiting.is_some() {
            return None;
        }
        if !self.oldest && index + MARGIN_ROWS >= self.rows.len() {
            let last = self.rows.back()?.id;
            return Some(self.request(Edge::Before(last), PagePlace::Bottom));
        }
        if !self.newest && !self.paused && index < MARGIN_ROWS {
            // From the first row rather than the head: rows above it were dropped from the window.
            let first = self.rows.front()?.id;
            self.head = first;
            self.newest = true;
            return Some(self.request(Edge::After(first), PagePlace::Top));
        }
        None
    }

    /// Takes rows out that are gone.
    pub(crate) fn remove(&mut self, gone: &BTreeSet<DeliveryId>, viewport: &Viewport) {
        self.rows.retain(|row| !gone.contains(&row.id));
        self.settle_selection(viewport);
    }

    /// Asks for more rows where the window has become short.
    pub(crate) fn refill(&mut self) -> Option<Effect> {
        match self.selected_index() {
            _ if self.sorted.is_some() => Some(self.sort_again()),
            Some(index) => self.extend(index),
            None => self.reload(),
        }
    }

    /// Reads the window again so that a delivery that is there again is in it, and selects it.
    pub(crate) fn bring_back(&mut self, id: DeliveryId) -> Option<Effect> {
        (self.follow, self.newest, self.waiting) = (false, false, None);
        self.selected = Some(id);
        if self.sorted.is_some() {
            return Some(self.sort_around(Some(id), 0));
        }
        let above = i64::try_from(MARGIN_ROWS / 4).unwrap_or_default();
        Some(self.request(Edge::Before(DeliveryId(id.0.saturating_add(above))), PagePlace::Replace))
    }

    /// Goes back to a filter, and to the delivery that was selected under it.
    pub(crate) fn return_to(&mut self, query: Query, filter: String, selected: Option<DeliveryId>) -> Option<Effect> {
        let reload = self.set_filter(query, filter);
        match selected {
            Some(id) => self.bring_back(id),
            None => reload,
        }
    }

    /// Follows the newest delivery, or stops following.
    pub(crate) fn toggle_follow(&mut self, viewport: &Viewport) -> Option<Effect> {
        if self.sorted.take().is_some() {
            (self.follow, self.paused) = (true, false);
            return self.reload();
        }
        self.follow = !self.follow;
        if !self.follow {
            return None;
        }
        self.paused = false;
        if self.newest && self.unseen == 0 {
            self.settle_selection(viewport);
            return None;
        }
        self.reload()
    }

    /// Pauses the list, or resumes it.
    pub(crate) fn toggle_pause(&mut self) -> Option<Effect> {
        self.paused = !self.paused;
        if self.sorted.is_some() {
            let is_behind = !self.paused && std::mem::take(&mut self.unseen) > 0;
            return is_behind.then(|| self.sort_again());
        }
        if self.paused || self.unseen == 0 || !self.newest {
            return None;
        }
        self.unseen = 0;
        self.catch_up()
    }
}
