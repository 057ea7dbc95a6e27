//! What was drawn last, so that scrolling knows the ends.

use crate::tui::screens::image::state::ImageViewport;

/// What was drawn last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Viewport {
    /// Rows of the list on the screen.
    pub list_rows: usize,
    /// Rows of the detail pane on the screen.
    pub detail_rows: usize,
    /// Columns of the detail pane.
    pub detail_columns: usize,
    /// Rows that the shown tab has in all.
    pub detail_lines: usize,
    /// Rows of the Payload tab before those of the payload.
    pub detail_prelude: usize,
    /// Rows of a query's result on the screen.
    pub query_rows: usize,
    /// Rows that the overlay has in all.
    pub overlay_lines: usize,
    /// Rows of the overlay on the screen.
    pub overlay_rows: usize,
    /// What the Image tab has drawn.
    pub image: ImageViewport,
}
