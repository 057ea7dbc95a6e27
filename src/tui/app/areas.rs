//! What of the screen can be pointed at, as it was drawn. Drawing notes it; a position then means what was seen there.

use jiff::Timestamp;
use ratatui::layout::{Position, Rect};

use crate::tui::app::action::{Action, Tab};

/// Where what can be clicked or scrolled was drawn last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScreenAreas {
    /// Facts of the top line, and what shows more of them.
    pub facts: Vec<(Rect, Action)>,
    /// The list with its title, and its rows alone.
    pub list: Option<(Rect, Rect)>,
    /// The line between the panes, and where it may go.
    pub divider: Option<(Rect, DividerRange)>,
    /// The titles of the tabs.
    pub tabs: Vec<(Rect, Tab)>,
    /// The detail pane.
    pub detail: Option<Rect>,
    /// The hints of the bottom line, by the key that each names.
    pub hints: Vec<(Rect, String)>,
    /// The rows of the window over the panes.
    pub menu: Option<MenuArea>,
}

/// What moves the line between the panes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DividerRange {
    /// The column where it is unless it was moved; the row, where the panes are one below the other.
    pub usual: u16,
    /// By how many columns or rows one step moves it.
    pub step: u16,
    /// Whether the panes are one below the other.
    pub is_row: bool,
}

impl DividerRange {
    /// The steps that bring it nearest to a position; positive to the left or above, for larger details.
    #[must_use]
    pub fn steps_to(self, column: u16, row: u16) -> i16 {
        let step = i32::from(self.step.max(1));
        let distance = i32::from(self.usual) - i32::from(if self.is_row { row } else { column });
        let steps = (distance * 2 + step * distance.signum()) / (2 * step);
        i16::try_from(steps).unwrap_or_default()
    }
}

/// The rows of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MenuArea {
    /// Where they are.
    pub rows: Rect,
    /// The line in the first of them.
    pub first: usize,
    /// How many lines there are.
    pub lines: usize,
    /// The line with the cursor, where there is one.
    pub cursor: Option<usize>,
}

/// What is at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointerTarget {
    /// A fact of the top line, and what shows more of it.
    Fact(Action),
    /// A row of the list, from the top of the screen.
    ListRow(usize),
    /// The list, beside its rows.
    List,
    /// The line between the panes.
    Divider,
    /// The title of a tab.
    Tab(Tab),
    /// The detail pane.
    Detail,
    /// A hint, by the key that it names.
    Hint(String),
    /// A line of the window over the panes.
    MenuLine(usize),
    /// Nothing of these.
    Nothing,
}

impl ScreenAreas {
    /// What is at a position. What lies over the panes hides them; the bottom line is never hidden.
    #[must_use]
    pub fn target(&self, has_window: bool, column: u16, row: u16) -> PointerTarget {
        let at = Position { x: column, y: row };
        if let Some((_, key)) = self.hints.iter().find(|(area, _)| area.contains(at)) {
            return PointerTarget::Hint(key.clone());
        }
        if has_window {
            return self.menu.and_then(|menu| menu.line_at(at)).map_or(PointerTarget::Nothing, PointerTarget::MenuLine);
        }
        self.below(at)
    }

    fn below(&self, at: Position) -> PointerTarget {
        if let Some((_, action)) = self.facts.iter().find(|(area, _)| area.contains(at)) {
            return PointerTarget::Fact(*action);
        }
        if self.divider.is_some_and(|(area, _)| area.contains(at)) {
            return PointerTarget::Divider;
        }
        if let Some((_, tab)) = self.tabs.iter().find(|(area, _)| area.contains(at)) {
            return PointerTarget::Tab(*tab);
        }
        match self.list {
            Some((_, rows)) if rows.contains(at) => return PointerTarget::ListRow(usize::from(at.y - rows.y)),
            Some((pane, _)) if pane.contains(at) => return PointerTarget::List,
            _ => {}
        }
        if self.detail.is_some_and(|area| area.contains(at)) { PointerTarget::Detail } else { PointerTarget::Nothing }
    }
}

impl MenuArea {
    fn line_at(&self, at: Position) -> Option<usize> {
        let line = self.first + usize::from(at.y.checked_sub(self.rows.y)?);
        (self.rows.contains(at) && line < self.lines).then_some(line)
    }
}

/// One thing that the mouse does, at a column and a row of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// What.
    pub kind: PointerKind,
    /// The column, from 0.
    pub column: u16,
    /// The row, from 0.
    pub row: u16,
}

/// What the mouse does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerKind {
    /// Its first button is pressed.
    Press,
    /// It moves with the button pressed.
    Drag,
    /// The button is released.
    Release,
    /// The wheel turns up.
    WheelUp,
    /// The wheel turns down.
    WheelDown,
}

/// What is remembered of the mouse between two messages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PointerState {
    /// The last click, unless it was the second of two.
    pub(crate) clicked: Option<(Timestamp, u16, u16)>,
    /// Whether the line between the panes is being moved.
    pub(crate) is_dragging: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn areas() -> ScreenAreas {
        let rect = Rect::new;
        ScreenAreas {
            facts: vec![(rect(10, 0, 6, 1), Action::Status)],
            list: Some((rect(0, 1, 40, 20), rect(0, 2, 39, 19))),
            divider: Some((rect(40, 1, 1, 20), DividerRange { usual: 40, step: 6, is_row: false })),
            tabs: vec![(rect(42, 1, 10, 1), Tab::Overview), (rect(52, 1, 11, 1), Tab::Signature)],
            detail: Some(rect(41, 1, 39, 20)),
            hints: vec![(rect(1, 21, 7, 1), "Enter".to_owned())],
            menu: Some(MenuArea { rows: rect(20, 5, 30, 10), first: 3, lines: 8, cursor: Some(3) }),
        }
    }

    #[test]
    fn a_position_means_what_was_drawn_there() {
        let areas = areas();
        let at = |column, row| areas.target(false, column, row);
        assert_eq!(at(12, 0), PointerTarget::Fact(Action::Status));
        assert_eq!(at(5, 2), PointerTarget::ListRow(0));
        assert_eq!(at(5, 20), PointerTarget::ListRow(18));
        assert_eq!(at(5, 1), PointerTarget::List);
        // The scroll bar is of the list, and selects nothing.
        assert_eq!(at(39, 5), PointerTarget::List);
        assert_eq!(at(40, 10), PointerTarget::Divider);
        assert_eq!(at(55, 1), PointerTarget::Tab(Tab::Signature));
        assert_eq!(at(55, 5), PointerTarget::Detail);
        assert_eq!(at(3, 21), PointerTarget::Hint("Enter".to_owned()));
        assert_eq!(at(30, 21), PointerTarget::Nothing);
    }

    #[test]
    fn a_window_hides_what_is_below_it_but_not_the_hints() {
        let areas = areas();
        let at = |column, row| areas.target(true, column, row);
        assert_eq!(at(25, 5), PointerTarget::MenuLine(3));
        assert_eq!(at(25, 9), PointerTarget::MenuLine(7));
        // After the last line, and outside.
        assert_eq!(at(25, 10), PointerTarget::Nothing);
        assert_eq!(at(5, 5), PointerTarget::Nothing);
        assert_eq!(at(12, 0), PointerTarget::Nothing);
        assert_eq!(at(3, 21), PointerTarget::Hint("Enter".to_owned()));
    }

    #[test]
    fn the_divider_goes_to_the_nearest_step() {
        let range = DividerRange { usual: 45, step: 6, is_row: false };
        for (column, steps) in [(45, 0), (47, 0), (43, 0), (48, -1), (42, 1), (39, 1), (33, 2), (57, -2)] {
            assert_eq!(range.steps_to(column, 9), steps, "{column}");
        }
        let range = DividerRange { usual: 9, step: 1, is_row: true };
        for (row, steps) in [(9, 0), (8, 1), (12, -3), (0, 9)] {
            assert_eq!(range.steps_to(45, row), steps, "{row}");
        }
    }

    proptest! {
        #[test]
        fn any_position_means_something_or_nothing(column: u16, row: u16, has_window: bool, usual: u16, step: u16) {
            let areas = areas();
            let target = areas.target(has_window, column, row);
            if column >= 80 || row >= 22 {
                prop_assert_eq!(target, PointerTarget::Nothing);
            }
            for is_row in [false, true] {
                let _ = DividerRange { usual, step, is_row }.steps_to(column, row);
            }
        }
    }
}
