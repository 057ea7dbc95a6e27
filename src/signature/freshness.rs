//! Reading the timestamp header: its unit by magnitude, and the delivery's age.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::{TimestampFacts, TimestampUnit};

/// Integers below this are seconds (until the year 5138), from it on milliseconds (since 1973).
const FIRST_MILLISECOND: i64 = 100_000_000_000;
/// Integers from here on are not milliseconds of this era (they may be micro- or nanoseconds).
const FIRST_BEYOND: i64 = 100_000_000_000_000;

/// Reads the timestamp header's bytes as judged at `now`.
///
/// The unit matters for the age alone: the signature covers the text verbatim.
#[must_use]
pub fn read_timestamp(raw: &[u8], now: Timestamp, tolerance: Duration) -> TimestampFacts {
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
    let fresh = age_ms.map(|age| u128::from(age.unsigned_abs()) <= tolerance.as_millis());
    TimestampFacts { raw: text, unit, age_ms, fresh }
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

    const FIVE_MINUTES: Duration = Duration::from_secs(300);

    fn read(raw: &str) -> TimestampFacts {
        let now = Timestamp::from_millisecond(1_746_123_459_000).unwrap();
        read_timestamp(raw.as_bytes(), now, FIVE_MINUTES)
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
