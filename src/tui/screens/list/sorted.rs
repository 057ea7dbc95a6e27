//! The list in another order than the newest first. Everything that matches is sorted at once, and the window is what is
//! around the selected row: as it is read, so it is read again when deliveries come or change.

use super::page::{Edge, PagePlace, PageResult, SortedPlace, SortedRequest};
use super::state::{List, MARGIN_ROWS, WINDOW_ROWS};
use crate::delivery::DeliveryId;
use crate::query::Sorting;
use crate::tui::app::effect::Effect;
use crate::tui::app::viewport::Viewport;

/// What a list knows of its order.
#[derive(Debug)]
pub(super) struct SortedList {
    sorting: Sorting,
    /// Where the window is, once it has been read.
    place: Option<SortedPlace>,
    /// The selected row's index in the window when it was last there.
    pub(super) last_index: usize,
    /// Whether the page that is waited for sorts again, and so must one that takes its place.
    is_sorting: bool,
}

impl SortedList {
    fn new(sorting: Sorting) -> Self {
        Self { sorting, place: None, last_index: 0, is_sorting: false }
    }

    /// How many deliveries match, as far as that is known.
    pub(super) fn matches(&self) -> Option<u64> {
        self.place.filter(|place| !place.is_cut).map(|place| place.all)
    }
}

impl List {
    /// The order of the rows.
    #[must_use]
    pub fn sorting(&self) -> Sorting {
        self.sorted.as_ref().map(|sorted| sorted.sorting).unwrap_or_default()
    }

    /// How many of the newest deliveries are sorted, where older ones are left out.
    #[must_use]
    pub fn sorted_part(&self) -> Option<u64> {
        let place = self.sorted.as_ref()?.place?;
        place.is_cut.then_some(place.all)
    }

    /// All rows of a sorted list, in the window or not.
    #[must_use]
    pub fn sorted_rows(&self) -> Option<u64> {
        self.sorted.as_ref()?.place.map(|place| place.all)
    }

    /// Lists in this order from now on. The order of arrival begins at the selected delivery, any other with its first.
    pub(crate) fn sort(&mut self, sorting: Sorting) -> Option<Effect> {
        if sorting == self.sorting() {
            return None;
        }
        self.waiting = None;
        if sorting.is_arrival() {
            self.sorted = None;
            return match self.selected {
                Some(id) => self.bring_back(id),
                None => self.reload(),
            };
        }
        self.sorted = Some(SortedList::new(sorting));
        (self.follow, self.stale) = (false, false);
        (self.unseen, self.news) = (0, 0);
        self.reload()
    }

    /// Asks for the window around a delivery, or else around the row of this number, in the order as it was made.
    pub(super) fn window_around(&mut self, id: Option<DeliveryId>, row: u64) -> Effect {
        self.request_around(id, row, false)
    }

    /// Sorts again, and asks for the window around a delivery, or else around the row of this number.
    pub(super) fn sort_around(&mut self, id: Option<DeliveryId>, row: u64) -> Effect {
        self.request_around(id, row, true)
    }

    fn request_around(&mut self, id: Option<DeliveryId>, row: u64, is_fresh: bool) -> Effect {
        let sorting = self.sorting();
        if let Some(sorted) = &mut self.sorted {
            // What has come is sorted in after this.
            self.stale = !is_fresh && (self.stale || self.waiting.is_some() && sorted.is_sorting);
            sorted.is_sorting = is_fresh;
        }
        let sorted = SortedRequest { sorting, is_fresh };
        self.ask(Edge::Around(id, row), PagePlace::Replace, WINDOW_ROWS, Some(sorted))
    }

    /// The selected row's place among all, from 0.
    fn selected_row(&self) -> u64 {
        let index = self.selected_index().or(self.sorted.as_ref().map(|sorted| sorted.last_index));
        self.above.unwrap_or(0) + index.unwrap_or(0) as u64
    }

    /// Sorts again, and keeps what is in view.
    pub(super) fn sort_again(&mut self) -> Effect {
        let row = self.selected_row();
        self.sort_around(self.selected, row)
    }

    /// The store has grown to `last`, or answers have come.
    pub(super) fn sorted_stored(&mut self, last: DeliveryId) -> Option<Effect> {
        if self.paused {
            self.unseen = self.unseen.max((last.0 - self.head.0).max(0).unsigned_abs());
            return None;
        }
        if self.waiting.is_some() {
            self.stale = true;
            return None;
        }
        Some(self.sort_again())
    }

    /// Asks for another window when the selection has come near this one's end.
    pub(super) fn extend_sorted(&mut self, index: usize) -> Option<Effect> {
        let is_near = !self.oldest && index + MARGIN_ROWS >= self.rows.len() || !self.newest && index < MARGIN_ROWS;
        // Sorting again may take longer than whoever moves wants to wait.
        let is_coming = self.waiting.is_some() && !self.sorted.as_ref().is_some_and(|sorted| sorted.is_sorting);
        let row = self.selected_row();
        (is_near && !is_coming).then(|| self.window_around(self.selected, row))
    }

    /// Takes in a window.
    pub(super) fn sorted_page(&mut self, page: PageResult, viewport: &Viewport) -> Option<Effect> {
        if page.more_follows {
            self.searched_to = page.reached;
            return None;
        }
        let asked = self.waiting.take().map(|(edge, _)| edge);
        self.searched_to = None;
        self.error = page.error;
        let place = page.place.filter(|_| self.error.is_none())?;
        // The selected row stays where it is on the screen.
        let line = self.selected_index().map(|index| index.saturating_sub(self.top));
        self.rows = page.rows.into();
        self.head = page.newest.unwrap_or(self.head);
        self.above = Some(place.first);
        self.newest = place.first == 0;
        self.oldest = place.first + self.rows.len() as u64 >= place.all;
        if let Some(sorted) = &mut self.sorted {
            (sorted.place, sorted.is_sorting) = (Some(place), false);
        }
        let found = self.selected_index();
        self.top = match (asked, found, line) {
            (Some(Edge::Around(Some(_), _)), Some(index), Some(line)) => index.saturating_sub(line),
            (Some(Edge::Around(Some(_), _)), Some(_), None) => 0,
            (Some(Edge::Around(_, row)), ..) => {
                let last = self.rows.len().saturating_sub(1);
                let index = usize::try_from(row.saturating_sub(place.first)).unwrap_or(last).min(last);
                self.selected = self.rows.get(index).map(|row| row.id);
                index.saturating_sub(line.unwrap_or(0))
            }
            _ => 0,
        };
        self.settle_selection(viewport);
        if self.stale && !self.paused { Some(self.sort_again()) } else { None }
    }
}
