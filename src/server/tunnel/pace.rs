//! How often something is asked: often while there is news, and less and less often while there is none.

use std::time::Duration;

use tokio::time::Instant;

/// How far apart questions are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between two questions at the least.
    pub(super) shortest: Duration,
    /// Between two questions when many have brought nothing new.
    pub(super) longest: Duration,
    /// How many of them bring nothing new before the pauses grow.
    pub(super) patience: u32,
}

impl Pace {
    pub(super) const fn seconds(shortest: u64, longest: u64) -> Self {
        Self { shortest: Duration::from_secs(shortest), longest: Duration::from_secs(longest), patience: 1 }
    }

    /// This pace, whose pauses grow once `patience` questions in a row have brought nothing new.
    pub(super) const fn after(self, patience: u32) -> Self {
        Self { patience, ..self }
    }

    /// The pause when the last `quiet` questions brought nothing new: beyond its patience twice as long for each.
    fn pause_after(self, quiet: u32) -> Duration {
        let factor = 2_u32.saturating_pow(quiet.saturating_sub(self.patience));
        self.shortest.saturating_mul(factor).min(self.longest)
    }
}

/// When something is asked next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    pace: Pace,
    asked: Option<Instant>,
    next: Instant,
    quiet: u32,
}

impl Schedule {
    /// Due at once.
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, asked: None, next: Instant::now(), quiet: 0 }
    }

    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Whether it is time. A quarter of the pause early counts (of a pause of minutes half), so that several are asked on one
    /// waking; but never two questions within the shortest pause.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let Some(asked) = self.asked else { return self.next <= now };
        let pause = self.next.saturating_duration_since(asked);
        let early = pause / if pause > Duration::from_secs(60) { 2 } else { 4 };
        self.next <= now + early && (asked + self.pace.shortest <= now || self.next <= now)
    }

    /// From the next question on it has this pace.
    pub(super) fn slow(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// It was asked at `now`, and there was news or not.
    pub(super) fn asked(&mut self, now: Instant, is_news: bool) {
        self.quiet = if is_news { 0 } else { self.quiet.saturating_add(1) };
        (self.asked, self.next) = (Some(now), now + self.pace.pause_after(self.quiet));
    }

    /// This schedule, due at once: what is asked was started or has ended.
    pub(super) fn again(self, now: Instant) -> Self {
        Self { next: now, quiet: 0, ..self }
    }

    /// Something may have changed: it is asked as soon as its pace allows.
    pub(super) fn hurry(&mut self) {
        self.quiet = 0;
        let soonest = self.asked.map_or_else(Instant::now, |asked| asked + self.pace.shortest);
        self.next = self.next.min(soonest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_further_and_further_apart() {
        let pace = Pace::seconds(2, 60);
        let seconds: Vec<u64> = (0..9).map(|quiet| pace.pause_after(quiet).as_secs()).collect();
        assert_eq!(seconds, [2, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pace.pause_after(u32::MAX), pace.longest);
        let seconds: Vec<u64> = (0..9).map(|quiet| pace.after(4).pause_after(quiet).as_secs()).collect();
        assert_eq!(seconds, [2, 2, 2, 2, 2, 4, 8, 16, 32]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_brings_the_next_question_forward_and_not_too_near() {
        let mut schedule = Schedule::new(Pace::seconds(2, 60));
        let start = Instant::now();
        assert!(schedule.is_due(start));
        for _ in 0..8 {
            schedule.asked(start, false);
        }
        assert_eq!(schedule.next(), start + Duration::from_secs(60));
        // With what else is due then.
        assert!(!schedule.is_due(start + Duration::from_secs(44)) && schedule.is_due(start + Duration::from_secs(45)));
        schedule.hurry();
        assert_eq!(schedule.next(), start + Duration::from_secs(2));
        assert!(
            !schedule.is_due(start + Duration::from_millis(1999)) && schedule.is_due(start + Duration::from_secs(2))
        );
        schedule.asked(start, true);
        assert_eq!(schedule.next(), start + Duration::from_secs(2));
    }
}
