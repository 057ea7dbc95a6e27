//! Deliveries that a sender tried more than once.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use memchr::memmem;

use super::Summary;

/// How two deliveries are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sameness {
    /// Byte for byte; only the headers may differ, as a new timestamp and signature do.
    Body,
    /// All but the envelope's own time.
    ButForTime,
}

impl Sameness {
    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::ButForTime => "but_for_time",
        }
    }
}

/// How `one` and `two` are the same, each a body and the time in its envelope (Unix milliseconds);
/// `None` when they are not. An empty body is the same as no other: it tells nothing apart.
#[must_use]
pub fn sameness(one: (&[u8], Option<i64>), two: (&[u8], Option<i64>)) -> Option<Sameness> {
    if one.0.is_empty() {
        return None;
    }
    if one.0 == two.0 {
        return Some(Sameness::Body);
    }
    let (Some(_), Some(_)) = (one.1, two.1) else { return None };
    (timeless(one) == timeless(two)).then_some(Sameness::ButForTime)
}

/// The body with its envelope's time removed wherever its digits occur.
fn timeless<'a>((body, time): (&'a [u8], Option<i64>)) -> Cow<'a, [u8]> {
    let Some(time) = time else { return Cow::Borrowed(body) };
    let digits = time.to_string();
    let mut kept = Vec::with_capacity(body.len());
    let mut from = 0;
    for at in memmem::find_iter(body, digits.as_bytes()) {
        kept.extend_from_slice(&body[from..at]);
        from = at + digits.len();
    }
    kept.extend_from_slice(&body[from..]);
    Cow::Owned(kept)
}

/// One of a sender's attempts at the same delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The delivery.
    pub summary: Summary,
    /// How it is the same as the one that was asked for.
    pub same: Sameness,
    /// The time since the previous one; `None` for the first.
    pub after: Option<Duration>,
}

/// Puts a sender's attempts in order of their numbers, with the time between them.
#[must_use]
pub fn schedule(mut attempts: Vec<(Summary, Sameness)>) -> Vec<Retry> {
    attempts.sort_by_key(|(summary, _)| summary.id);
    let mut before: Option<Timestamp> = None;
    attempts
        .into_iter()
        .map(|(summary, same)| {
            let at = summary.received_at;
            // A clock that was set back between two makes no time of it.
            let after = before.map(|before| Duration::try_from(at.duration_since(before)).unwrap_or_default());
            before = Some(at);
            Retry { summary, same, after }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("{\"a\":1}", None, "{\"a\":1}", None, Some(Sameness::Body))]
    #[case(
        "{\"timestamp\":123,\"a\":1}",
        Some(123),
        "{\"timestamp\":456,\"a\":1}",
        Some(456),
        Some(Sameness::ButForTime)
    )]
    #[case("{\"timestamp\":123,\"a\":1}", Some(123), "{\"timestamp\":456,\"a\":2}", Some(456), None)]
    #[case("{\"timestamp\":123,\"a\":1}", Some(123), "{\"a\":1}", None, None)]
    #[case("", None, "", None, None)]
    fn bodies_are_compared(
        #[case] one: &str,
        #[case] at: Option<i64>,
        #[case] two: &str,
        #[case] also: Option<i64>,
        #[case] expected: Option<Sameness>,
    ) {
        assert_eq!(sameness((one.as_bytes(), at), (two.as_bytes(), also)), expected);
        assert_eq!(sameness((two.as_bytes(), also), (one.as_bytes(), at)), expected);
    }

    proptest! {
        #[test]
        fn only_the_time_may_differ(before in "[a-z{\":,]{0,9}", after in "[a-z}\":,]{0,9}", one in 1_i64..i64::MAX, two in 1_i64..i64::MAX) {
            let body = |time: i64| format!("{before}{time}{after}");
            let found = sameness((body(one).as_bytes(), Some(one)), (body(two).as_bytes(), Some(two)));
            prop_assert_eq!(found, Some(if one == two { Sameness::Body } else { Sameness::ButForTime }));
        }
    }
}
