//! What every view is given and gives back: a pane to draw in, its content, and what was drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::text;
use crate::tui::app::areas::MenuArea;
use crate::tui::app::model::{Detail, Model};
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::image::state::ImageViewport;
use crate::tui::theme::Look;
use crate::tui::widgets::put;

/// A tab's content: short ones are made whole, long ones a window at a time.
pub(crate) enum TabContent<'a> {
    /// All lines.
    Whole(Vec<Line<'a>>),
    /// The number of lines, and what makes each when it is on the screen.
    Window(usize, Box<dyn Fn(usize) -> Line<'a> + 'a>),
}

/// What a tab is drawn from.
pub(crate) struct Pane<'a> {
    pub(crate) model: &'a Model,
    pub(crate) detail: &'a Detail,
    pub(crate) loaded: &'a LoadedDelivery,
    pub(crate) look: &'a Look,
    pub(crate) columns: usize,
}

impl TabContent<'_> {
    /// Draws the lines from `first` on, and returns how many there are in all.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, first: usize) -> usize {
        let count = match self {
            Self::Whole(lines) => lines.len(),
            Self::Window(count, _) => *count,
        };
        let first = first.min(count.saturating_sub(area.height.into()));
        for (row, index) in (0..area.height).zip(first..count) {
            match self {
                Self::Whole(lines) => put(frame, area, row, lines[index].clone()),
                Self::Window(_, line) => put(frame, area, row, line(index)),
            }
        }
        count
    }
}

/// What a pane has drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Drawn {
    /// Rows on the screen.
    pub(crate) rows: usize,
    /// Rows in all.
    pub(crate) lines: usize,
    /// Columns on the screen.
    pub(crate) columns: usize,
    /// What the Image tab has drawn.
    pub(crate) image: ImageViewport,
    /// Rows before those of a payload.
    pub(crate) prelude: usize,
    /// Rows of a query's result on the screen.
    pub(crate) query_rows: usize,
    /// The lines of a window.
    pub(crate) menu: Option<MenuArea>,
}

impl Drawn {
    /// Rows on the screen, for the terminal.
    pub(crate) fn height(self) -> u16 {
        u16::try_from(self.rows).unwrap_or(u16::MAX)
    }
}

/// A visible line cut to the pane's width.
pub(crate) fn cut(words: &str, columns: usize) -> String {
    text::clip(words, columns).into_owned()
}
