//! How far a key moves.

/// Which of two neighbours is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbour {
    /// The one after; after the last, the first.
    Next,
    /// The one before; before the first, the last.
    Previous,
}

impl Neighbour {
    /// The place beside `at` among `count`, which is not 0.
    #[must_use]
    pub fn beside(self, at: usize, count: usize) -> usize {
        match self {
            Self::Next => (at + 1) % count,
            Self::Previous => (at + count - 1) % count,
        }
    }
}

/// How far to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// One back.
    Up,
    /// One on.
    Down,
    /// Half a screen back.
    HalfUp,
    /// Half a screen on.
    HalfDown,
    /// A screen back.
    PageUp,
    /// A screen on.
    PageDown,
    /// To the beginning.
    First,
    /// To the end.
    Last,
}

impl Step {
    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Up => "move up",
            Self::Down => "move down",
            Self::HalfUp => "half a page up",
            Self::HalfDown => "half a page down",
            Self::PageUp => "page up",
            Self::PageDown => "page down",
            Self::First => "go to the top",
            Self::Last => "go to the end",
        }
    }

    /// Where `position` goes among `count` places when `page` of them are in view.
    #[must_use]
    pub fn apply(self, position: usize, count: usize, page: usize) -> usize {
        let last = count.saturating_sub(1);
        let half = (page / 2).max(1);
        let page = page.saturating_sub(1).max(1);
        match self {
            Self::Up => position.saturating_sub(1),
            Self::Down => position.saturating_add(1).min(last),
            Self::HalfUp => position.saturating_sub(half),
            Self::HalfDown => position.saturating_add(half).min(last),
            Self::PageUp => position.saturating_sub(page),
            Self::PageDown => position.saturating_add(page).min(last),
            Self::First => 0,
            Self::Last => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_in_range() {
        assert_eq!(Step::Down.apply(4, 5, 10), 4);
        assert_eq!(Step::PageUp.apply(3, 5, 10), 0);
        assert_eq!(Step::PageDown.apply(0, 100, 10), 9);
        assert_eq!(Step::Last.apply(0, 0, 10), 0);
        assert_eq!(Step::HalfDown.apply(0, 100, 0), 1);
    }
}
