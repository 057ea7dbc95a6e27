//! Reading the timestamp header: its unit by magnitude, and the delivery's age.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::{TimestampFacts, TimestampUnit};

/// Integers below this are seconds (until the year 5138), from it on milliseconds (since 1973).
const FIRST_MILLISECOND: i64 = 100_000_000_000;
/// Integers from here on are not milliseconds of this era (they may be micro- or nanoseconds).
const FIRST_BEYOND: i64 = 100_000_000_000_000;

/// In which directions a timestamp may not be far from the moment of capture.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ToleranceDirection {
    /// Neither too old nor too far in the future.
    #[default]
    Both,
    /// Not too old; what is in the future is never refused, as some senders' libraries have it.
    Past,
}

/// Which ages are fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeLimit {
    /// The greatest age.
    pub limit: Duration,
    /// In which directions it holds.
    pub direction: ToleranceDirection,
}

impl AgeLimit {
    /// Whether an age in milliseconds is fresh; a negative one is in the future.
    #[must_use]
    pub fn holds(self, age_ms: i64) -> bool {
        let is_future = age_ms < 0 && self.direction == ToleranceDirection::Past;
        is_future || u128::from(age_ms.unsigned_abs()) <= self.limit.as_millis()
    }
}

/// Reads the timestamp header's bytes as judged at `now`.
///
/// The unit matters for the age alone: the signature covers the text verbatim.
#[must_use]
pub fn read_timestamp(raw: &[u8], now: Timestamp, limit: AgeLimit) -> TimestampFacts {
    let text = String::from_utf8_lossy(raw).into_owned();
    let (unit, age_ms) = match parse_digits(raw) {
        Some(seconds) if seconds < FIRST_MILLISECOND => {
            (TimestampUnit::Seconds, Some(now.as_millisecond() - seconds * 1000))
        }
        Some(milliseconds) if milliseconds < FIRST_BEYOND => {
            (TimestampUnit::Milliseconds, Some(now.as_millisecond() - milliseconds))
        }
        _ => (TimestampUnit::Other, None),
    };
    let fresh = age_ms.map(|age| limit.holds(age));
    TimestampFacts { raw: text, unit, age_ms, fresh }
}

/// The moment that plain digits say, by the same rule; `None` for any other text.
#[must_use]
pub fn unix_moment(text: &str) -> Option<Timestamp> {
    match parse_digits(text.as_bytes())? {
        seconds if seconds < FIRST_MILLISECOND => Timestamp::from_second(seconds).ok(),
        milliseconds if milliseconds < FIRST_BEYOND => Timestamp::from_millisecond(milliseconds).ok(),
        _ => None,
    }
}

fn parse_digits(raw: &[u8]) -> Option<i64> {
    if raw.is_empty() || raw.len() > 18 || !raw.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(raw.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn five_minutes(direction: ToleranceDirection) -> AgeLimit {
        AgeLimit { limit: Duration::from_secs(300), direction }
    }

    fn read(raw: &str) -> TimestampFacts {
        let now = Timestamp::from_millisecond(1_746_123_459_000).unwrap();
        read_timestamp(raw.as_bytes(), now, five_minutes(ToleranceDirection::Both))
    }

    #[test]
    fn a_time_in_the_future_is_fresh_where_only_the_past_is_refused() {
        let past = five_minutes(ToleranceDirection::Past);
        assert!(past.holds(300_000) && !past.holds(300_001) && past.holds(-1) && past.holds(i64::MIN));
        let both = five_minutes(ToleranceDirection::Both);
        assert!(both.holds(-300_000) && !both.holds(-300_001) && !both.holds(i64::MIN));
    }

    #[test]
    fn digits_say_a_moment_by_their_magnitude() {
        let moment = |text: &str| unix_moment(text).map(Timestamp::as_millisecond);
        assert_eq!(moment("1746123456"), Some(1_746_123_456_000));
        assert_eq!(moment("1746123456789"), Some(1_746_123_456_789));
        for text in ["", "1746123456789000", "-1", "1.5", "now", "2026-01-01"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[rstest]
    #[case("1746123456", TimestampUnit::Seconds, Some(3000), Some(true))]
    #[case("1746123456789", TimestampUnit::Milliseconds, Some(2211), Some(true))]
    #[case("1746123159", TimestampUnit::Seconds, Some(300_000), Some(true))]
    #[case("1746123158", TimestampUnit::Seconds, Some(301_000), Some(false))]
    #[case("1746123760", TimestampUnit::Seconds, Some(-301_000), Some(false))]
    #[case("0", TimestampUnit::Seconds, Some(1_746_123_459_000), Some(false))]
    #[case("99999999999", TimestampUnit::Seconds, Some(-98_253_876_540_000), Some(false))]
    #[case("100000000000", TimestampUnit::Milliseconds, Some(1_646_123_459_000), Some(false))]
    #[case("1746123456789000", TimestampUnit::Other, None, None)]
    #[case("99999999999999999999999", TimestampUnit::Other, None, None)]
    #[case("", TimestampUnit::Other, None, None)]
    #[case("+1746123456", TimestampUnit::Other, None, None)]
    #[case("1746123456.5", TimestampUnit::Other, None, None)]
    #[case("2026-01-28T09:05:00Z", TimestampUnit::Other, None, None)]
    #[case("undefined", TimestampUnit::Other, None, None)]
    fn unit_and_age(
        #[case] raw: &str,
        #[case] unit: TimestampUnit,
        #[case] age_ms: Option<i64>,
        #[case] fresh: Option<bool>,
    ) {
        let facts = read(raw);
        assert_eq!((facts.unit, facts.age_ms, facts.fresh), (unit, age_ms, fresh));
        assert_eq!(facts.raw, raw);
    }
}
