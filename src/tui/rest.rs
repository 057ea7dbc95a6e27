//! Questions about the selected delivery, handed on once the selection rests.

use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A question that comes sooner than this after the one before waits to see whether another follows:
/// while deliveries pour in and the newest is followed, nobody reads what is found out about each.
const REST: Duration = Duration::from_millis(150);

/// A queue of questions of which only the newest counts.
pub(super) struct Resting<T> {
    queue: mpsc::Receiver<T>,
    /// When the question before came.
    before: Option<Instant>,
    rest: Duration,
}

impl<T> Resting<T> {
    pub(super) fn new(queue: mpsc::Receiver<T>) -> Self {
        Self { queue, before: None, rest: REST }
    }

    /// The next question: at once when it is the first for a while, or `is_watched`; else the one after
    /// which none has come for a while. `None` once nobody can ask.
    pub(super) fn next(&mut self, is_watched: impl Fn(&T) -> bool) -> Option<T> {
        let mut question = self.queue.recv().ok()?;
        let mut is_moving = self.before.is_some_and(|before| before.elapsed() < self.rest);
        while is_moving && !is_watched(&question) {
            match self.queue.recv_timeout(self.rest) {
                Ok(newer) => question = newer,
                Err(_) => is_moving = false,
            }
        }
        self.before = Some(Instant::now());
        Some(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// The end of the queue ends a wait as its time would.
    fn all(questions: &[i32], rest: Duration, is_watched: fn(&i32) -> bool) -> Vec<i32> {
        let (ask, queue) = mpsc::channel();
        questions.iter().for_each(|question| ask.send(*question).unwrap());
        drop(ask);
        let mut resting = Resting { queue, before: None, rest };
        std::iter::from_fn(|| resting.next(is_watched)).collect()
    }

    #[test]
    fn the_first_is_handed_on_at_once_and_of_those_that_follow_the_last() {
        assert_eq!(all(&[1, 2, 3, 4], HOUR, |_| false), [1, 4]);
        assert_eq!(all(&[1], HOUR, |_| false), [1]);
    }

    #[test]
    fn what_somebody_watches_does_not_wait() {
        assert_eq!(all(&[1, 2, 3, 4], HOUR, |question| *question == 3), [1, 3, 4]);
    }

    #[test]
    fn after_a_rest_each_is_handed_on() {
        assert_eq!(all(&[1, 2, 3], Duration::ZERO, |_| false), [1, 2, 3]);
    }
}
