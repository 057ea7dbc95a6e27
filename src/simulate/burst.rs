//! Several deliveries: how many, how fast, in which order.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;

/// The most deliveries of one burst.
pub const COUNT_LIMIT: u32 = 10_000;
/// The most deliveries a second.
pub const RATE_LIMIT: f64 = 1_000.0;
/// The fewest deliveries a second: slower than one a day is a slip of the pen.
pub const LOWEST_RATE: f64 = 1.0 / 86_400.0;
/// Events of a burst lie at most this far apart, in milliseconds, and all within [`SPAN`].
const GAP: u32 = 1_000;
/// The oldest event of a burst is at most this old, in milliseconds: well within five minutes.
const SPAN: u32 = 60_000;

/// What is sent, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// How many different deliveries, 1 to [`COUNT_LIMIT`].
    pub count: u32,
    /// How many a second, [`LOWEST_RATE`] to [`RATE_LIMIT`]; one after the other, each as soon as the last is answered, when `None`.
    pub rate: Option<f64>,
    /// Each delivery is sent a second time, byte for byte, right after the first.
    pub duplicate: bool,
    /// Sent in another order than the events happened.
    pub out_of_order: bool,
}

impl Default for Burst {
    fn default() -> Self {
        Self { count: 1, rate: None, duplicate: false, out_of_order: false }
    }
}

/// A burst that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidBurst {
    /// None, or too many.
    #[error("invalid count {0}: expected 1 to {COUNT_LIMIT} deliveries")]
    Count(u32),
    /// No rate.
    #[error("invalid rate {0:?}: expected at least one delivery a day and at most {RATE_LIMIT} per second")]
    Rate(f64),
}

/// Whether deliveries can follow each other at this rate, in deliveries a second: the pause between them is a duration that any clock can
/// add up.
#[must_use]
pub fn is_rate(rate: f64) -> bool {
    (LOWEST_RATE..=RATE_LIMIT).contains(&rate)
}

/// One sending of a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstSending {
    /// Which of the different deliveries, from 0, in the order in which the events happened.
    pub delivery: u32,
    /// Whether these very bytes and headers were sent just before.
    pub again: bool,
    /// When, from the start of the burst; `None` as soon as the one before is answered.
    pub after: Option<Duration>,
}

impl Burst {
    /// Every sending in its order. `seed` decides the disorder, if one was asked for.
    ///
    /// # Errors
    ///
    /// [`InvalidBurst`].
    pub fn sendings(&self, seed: u64) -> Result<Vec<BurstSending>, InvalidBurst> {
        if !(1..=COUNT_LIMIT).contains(&self.count) {
            return Err(InvalidBurst::Count(self.count));
        }
        if let Some(rate) = self.rate
            && !is_rate(rate)
        {
            return Err(InvalidBurst::Rate(rate));
        }
        let mut order: Vec<u32> = (0..self.count).collect();
        if self.out_of_order {
            shuffle(&mut order, &mut Dice::new(seed));
        }
        let copies: &[bool] = if self.duplicate { &[false, true] } else { &[false] };
        let all = order.iter().flat_map(|&delivery| copies.iter().map(move |&again| (delivery, again)));
        let after = |index: u32| self.rate.map(|rate| Duration::from_secs_f64(f64::from(index) / rate));
        Ok((0..)
            .zip(all)
            .map(|(index, (delivery, again))| BurstSending { delivery, again, after: after(index) })
            .collect())
    }

    /// When the event of a delivery happened: the last of the burst at `now`, the others before it.
    #[must_use]
    pub fn moment(&self, delivery: u32, now: Timestamp) -> Timestamp {
        let gap = GAP.min(SPAN / self.count.max(1)).max(1);
        let earlier = u64::from(self.count.saturating_sub(delivery + 1)) * u64::from(gap);
        let earlier = SignedDuration::from_millis(i64::try_from(earlier).unwrap_or(i64::MAX));
        now.checked_sub(earlier).unwrap_or(now)
    }
}

/// Fisher and Yates's shuffle; never the order that it began with, if there is another.
fn shuffle(order: &mut [u32], dice: &mut Dice) {
    for last in (1..u32::try_from(order.len()).unwrap_or(0)).rev() {
        order.swap(last as usize, dice.below(last + 1) as usize);
    }
    if order.len() > 1 && order.is_sorted() {
        order.swap(0, 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_spaces_them_and_a_duplicate_follows_its_original() {
        let burst = Burst { count: 2, rate: Some(4.0), duplicate: true, out_of_order: false };
        let sent = burst.sendings(1).unwrap();
        let flat: Vec<_> = sent.iter().map(|one| (one.delivery, one.again, one.after.unwrap().as_millis())).collect();
        assert_eq!(flat, [(0, false, 0), (0, true, 250), (1, false, 500), (1, true, 750)]);
    }

    #[test]
    fn the_events_end_now_and_stay_young() {
        let now = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
        let three = Burst { count: 3, ..Burst::default() };
        let ages: Vec<i64> =
            (0..3).map(|delivery| now.as_millisecond() - three.moment(delivery, now).as_millisecond()).collect();
        assert_eq!(ages, [2_000, 1_000, 0]);
        let many = Burst { count: COUNT_LIMIT, ..Burst::default() };
        assert!(now.as_second() - many.moment(0, now).as_second() <= 60);
    }

    #[test]
    fn impossible_bursts_are_refused() {
        let refused = |count, rate| Burst { count, rate, ..Burst::default() }.sendings(0).is_err();
        assert!(refused(0, None) && refused(COUNT_LIMIT + 1, None));
        assert!(refused(1, Some(0.0)) && refused(1, Some(-1.0)) && refused(1, Some(f64::NAN)));
        assert!(refused(1, Some(1e9)) && refused(1, Some(f64::INFINITY)));
        for slow in [1e-20, 1e-300, f64::MIN_POSITIVE, 5e-324, 1e-6] {
            assert!(refused(2, Some(slow)), "{slow}");
        }
        let words = Burst { count: 2, rate: Some(1e-300), ..Burst::default() }.sendings(1).unwrap_err().to_string();
        assert!(words.starts_with("invalid rate 1e-300: "), "{words}");
        let slowest = Burst { count: COUNT_LIMIT, rate: Some(LOWEST_RATE), duplicate: true, out_of_order: false };
        let last = slowest.sendings(0).unwrap().last().unwrap().after.unwrap();
        assert!(std::time::Instant::now().checked_add(last).is_some());
    }

    proptest! {
        #[test]
        fn any_rate_is_sent_or_refused(count: u32, rate: f64, duplicate: bool) {
            let count = count % (COUNT_LIMIT + 2);
            let _ = Burst { count, rate: Some(rate), duplicate, out_of_order: false }.sendings(1);
        }

        #[test]
        fn disorder_keeps_every_delivery_once_and_changes_the_order(count in 2_u32..60, seed: u64) {
            let burst = Burst { count, out_of_order: true, ..Burst::default() };
            let sent: Vec<u32> = burst.sendings(seed).unwrap().iter().map(|one| one.delivery).collect();
            let mut sorted = sent.clone();
            sorted.sort_unstable();
            prop_assert_eq!(&sorted, &(0..count).collect::<Vec<_>>());
            prop_assert_ne!(sent, sorted);
        }
    }
}
