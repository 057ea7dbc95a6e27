//! Many sendings, one after the other or at a rate.

use std::str::FromStr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::simulate::is_rate;
use crate::text::visible;

/// Sendings in flight at once, at a rate that the endpoint cannot follow.
const UNDER_WAY: usize = 64;

/// How many sendings follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BatchPace {
    /// Each begins when the one before has ended.
    #[default]
    InOrder,
    /// One begins each time this has passed, whether or not those before have ended.
    Every(Duration),
}

/// The text is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid rate '{0}': expected a number per second or minute, such as 5/s or 30/m, at most 1000/s")]
pub struct InvalidRate(String);

impl FromStr for BatchPace {
    type Err = InvalidRate;

    /// Reads `5`, `5/s`, `0.5/s`, `30/m`.
    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let invalid = || InvalidRate(visible(text).into_owned());
        let (number, seconds) = match text.trim().rsplit_once('/') {
            None => (text.trim(), 1.0),
            Some((number, "s" | "sec" | "second")) => (number, 1.0),
            Some((number, "m" | "min" | "minute")) => (number, 60.0),
            Some(_) => return Err(invalid()),
        };
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let rate = number.parse::<f64>().ok().filter(|_| is_number).ok_or_else(invalid)? / seconds;
        if !is_rate(rate) {
            return Err(invalid());
        }
        Ok(Self::Every(Duration::from_secs_f64(1.0 / rate)))
    }
}

/// Starts each of `jobs` with `start`, in order and at this pace, and hands what each came to `done`
/// as it ends. Returns how many were started.
///
/// Cancelling starts no more; those in progress must end on the same token, and are still handed over.
pub async fn run_all<J, F, R>(
    jobs: impl IntoIterator<Item = J>,
    pace: BatchPace,
    cancel: &CancellationToken,
    mut start: impl FnMut(J) -> F,
    mut done: impl FnMut(R),
) -> usize
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut started = 0;
    let mut next = Instant::now();
    for job in jobs {
        loop {
            let is_full = match pace {
                BatchPace::InOrder => !under_way.is_empty(),
                BatchPace::Every(_) => under_way.len() >= UNDER_WAY,
            };
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(ended) = under_way.join_next() => hand_over(ended, &mut done),
                () = sleep_until(next), if !is_full => break,
            }
        }
        if cancel.is_cancelled() {
            break;
        }
        under_way.spawn(start(job));
        started += 1;
        if let BatchPace::Every(interval) = pace {
            // After a stall it goes on at its pace, and does not catch up in a burst.
            next = (next + interval).max(Instant::now());
        }
    }
    while let Some(ended) = under_way.join_next().await {
        hand_over(ended, &mut done);
    }
    started
}

/// A panic in a sending goes on here, as it would without a task around it.
fn hand_over<R>(ended: Result<R, tokio::task::JoinError>, done: &mut impl FnMut(R)) {
    match ended {
        Ok(result) => done(result),
        Err(error) => {
            if let Ok(panic) = error.try_into_panic() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("5", 200_000)]
    #[case("5/s", 200_000)]
    #[case("0.5/s", 2_000_000)]
    #[case("30/m", 2_000_000)]
    #[case("1000/s", 1_000)]
    fn rates(#[case] text: &str, #[case] microseconds: u64) {
        assert_eq!(text.parse(), Ok(BatchPace::Every(Duration::from_micros(microseconds))));
    }

    #[rstest]
    #[case("")]
    #[case("0")]
    #[case("-1/s")]
    #[case("inf")]
    #[case("NaN/s")]
    #[case("1e3")]
    #[case("1001/s")]
    #[case("5/h")]
    #[case("\u{1b}")]
    fn no_rates(#[case] text: &str) {
        let error = text.parse::<BatchPace>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'));
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
    }

    #[test]
    fn one_after_the_other_never_overlap() {
        let log = RefCell::new(Vec::new());
        let started = run(run_all(
            0..5,
            BatchPace::InOrder,
            &CancellationToken::new(),
            |number| {
                log.borrow_mut().push((number, "begins"));
                async move {
                    tokio::time::sleep(Duration::from_secs(5 - number)).await;
                    number
                }
            },
            |number| log.borrow_mut().push((number, "ends")),
        ));
        assert_eq!(started, 5);
        let expected: Vec<_> = (0..5).flat_map(|number| [(number, "begins"), (number, "ends")]).collect();
        assert_eq!(log.into_inner(), expected);
    }

    #[test]
    fn a_rate_waits_for_no_end_and_is_bounded() {
        let (mut begun, mut most, mut ended) = (Vec::new(), 0_usize, 0_usize);
        run(async {
            let zero = Instant::now();
            let under_way = std::cell::Cell::new(0_usize);
            run_all(
                0..200,
                BatchPace::Every(Duration::from_secs(1)),
                &CancellationToken::new(),
                |_| {
                    begun.push(zero.elapsed().as_secs());
                    under_way.set(under_way.get() + 1);
                    most = most.max(under_way.get());
                    tokio::time::sleep(Duration::from_secs(1000))
                },
                |()| {
                    under_way.set(under_way.get() - 1);
                    ended += 1;
                },
            )
            .await;
        });
        assert_eq!(begun[..UNDER_WAY], (0..UNDER_WAY as u64).collect::<Vec<_>>());
        assert_eq!((most, ended), (UNDER_WAY, 200));
    }

    #[test]
    fn cancelling_starts_no_more_and_loses_none() {
        let cancel = CancellationToken::new();
        let mut ended = Vec::new();
        let started = run(run_all(
            0..100,
            BatchPace::Every(Duration::from_secs(1)),
            &cancel,
            |number| {
                if number == 10 {
                    cancel.cancel();
                }
                let cancel = cancel.clone();
                async move {
                    cancel.cancelled().await;
                    number
                }
            },
            |number| ended.push(number),
        ));
        ended.sort_unstable();
        assert_eq!((started, ended), (11, (0..11).collect()));
    }
}
