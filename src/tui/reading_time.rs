//! How long a message has been on the screen, and when it may go.

use std::time::{Duration, Instant};

use super::app::notices::Notice;

/// The message that is shown, by its number, and since when.
#[derive(Debug, Default)]
pub(crate) struct ReadingTime(Option<(u64, Instant)>);

impl ReadingTime {
    /// How long the message stays; `None` when there is none.
    pub(crate) fn left(&mut self, notice: Option<&Notice>) -> Option<Duration> {
        let notice = notice?;
        let since = match self.0 {
            Some((number, since)) if number == notice.number => since,
            _ => Instant::now(),
        };
        self.0 = Some((notice.number, since));
        Some(notice.lasts().saturating_sub(since.elapsed()))
    }

    /// The number of the message, once it has been there long enough.
    pub(crate) fn ended(&mut self, notice: Option<&Notice>) -> Option<u64> {
        let left = self.left(notice)?;
        left.is_zero().then(|| self.0.map(|(number, _)| number)).flatten()
    }
}
