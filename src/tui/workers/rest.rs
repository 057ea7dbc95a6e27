//! Debounces questions about the selected delivery: they are asked once the selection rests.

use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How often the interface reads new rows while deliveries pour in, at most: all rows on the screen change each time.
pub(crate) const CATCH_UP_POURING: Duration = Duration::from_millis(250);
/// A question that comes sooner than this after the previous one waits for another to follow: while
/// the newest of many deliveries is followed, nobody reads the findings about each.
const REST: Duration = Duration::from_millis(300);
const _: () = assert!(REST.as_millis() > CATCH_UP_POURING.as_millis(), "a pour is no rest");

/// A queue of questions of which only the newest counts.
pub(crate) struct Resting<T> {
    queue: mpsc::Receiver<T>,
    /// When the question before came.
    before: Option<Instant>,
    rest: Duration,
    /// Whether the first question after a while need not wait.
    is_eager: bool,
}

impl<T> Resting<T> {
    /// The first question after a pause is asked at once.
    pub(crate) fn eager(queue: mpsc::Receiver<T>) -> Self {
        Self { queue, before: None, rest: REST, is_eager: true }
    }

    /// Every question waits, since an answer is expensive.
    pub(crate) fn patient(queue: mpsc::Receiver<T>) -> Self {
        Self { is_eager: false, ..Self::eager(queue) }
    }

    /// The next question: at once when it is `is_watched`, or the first for a while and this is eager; else the
    /// one after which none has come for a while. `None` once nobody can ask.
    pub(crate) fn next(&mut self, is_watched: impl Fn(&T) -> bool) -> Option<T> {
        let mut question = self.queue.recv().ok()?;
        let mut is_moving = !self.is_eager || self.before.is_some_and(|before| before.elapsed() < self.rest);
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
    fn all(questions: &[i32], rest: Duration, is_eager: bool, is_watched: fn(&i32) -> bool) -> Vec<i32> {
        let (ask, queue) = mpsc::channel();
        questions.iter().for_each(|question| ask.send(*question).unwrap());
        drop(ask);
        let mut resting = Resting { queue, before: None, rest, is_eager };
        std::iter::from_fn(|| resting.next(is_watched)).collect()
    }

    #[test]
    fn the_first_is_handed_on_at_once_and_of_those_that_follow_the_last() {
        assert_eq!(all(&[1, 2, 3, 4], HOUR, true, |_| false), [1, 4]);
        assert_eq!(all(&[1], HOUR, true, |_| false), [1]);
    }

    #[test]
    fn who_is_patient_waits_for_the_first_too() {
        assert_eq!(all(&[1, 2, 3, 4], HOUR, false, |_| false), [4]);
    }

    #[test]
    fn what_somebody_watches_does_not_wait() {
        assert_eq!(all(&[1, 2, 3, 4], HOUR, true, |question| *question == 3), [1, 3, 4]);
    }

    #[test]
    fn after_a_rest_each_is_handed_on() {
        assert_eq!(all(&[1, 2, 3], Duration::ZERO, true, |_| false), [1, 2, 3]);
    }
}
