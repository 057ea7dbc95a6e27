//! Comparisons and moments: `>=500`, `10..20`, `4xx`, `>10kb`; `1h`, `2026-01-28`.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::text::units;

/// Whole numbers from `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Range {
    pub(super) fn holds(self, number: i64) -> bool {
        self.low <= number && number <= self.high
    }

    /// Reads a comparison, a range or a single value, each value by `read` in its base unit.
    pub(super) fn parse(text: &str, read: impl Fn(&str) -> Option<i64>) -> Option<Self> {
        let all = Self { low: i64::MIN, high: i64::MAX };
        if let Some(rest) = text.strip_prefix(">=") {
            return Some(Self { low: read(rest)?, ..all });
        }
        if let Some(rest) = text.strip_prefix("<=") {
            return Some(Self { high: read(rest)?, ..all });
        }
        if let Some(rest) = text.strip_prefix('>') {
            return Some(Self { low: read(rest)?.checked_add(1)?, ..all });
        }
        if let Some(rest) = text.strip_prefix('<') {
            return Some(Self { high: read(rest)?.checked_sub(1)?, ..all });
        }
        if let Some((low, high)) = text.split_once("..") {
            if low.is_empty() && high.is_empty() {
                return None;
            }
            let bound = |text: &str, open| if text.is_empty() { Some(open) } else { read(text) };
            return Some(Self { low: bound(low, i64::MIN)?, high: bound(high, i64::MAX)? });
        }
        let value = read(text.strip_prefix('=').unwrap_or(text))?;
        Some(Self { low: value, high: value })
    }
}

/// A whole number without a sign.
pub(super) fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A status, or a class of them: `4xx`. There are five (RFC 9110, section 15).
pub(super) fn status(text: &str) -> Option<Range> {
    match text.as_bytes() {
        [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => {
            let low = i64::from(class - b'0') * 100;
            Some(Range { low, high: low + 99 })
        }
        _ => Range::parse(text, number),
    }
}

/// A size in bytes.
pub(super) fn size(text: &str) -> Option<i64> {
    i64::try_from(units::parse_size(text).ok()?).ok()
}

/// A duration in nanoseconds.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    i64::try_from(units::parse_duration(text).ok()?.as_nanos()).ok()
}

/// A duration in milliseconds, negative for the future.
pub(super) fn signed_milliseconds(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => Some(-(nanoseconds(rest)? / 1_000_000)),
        None => Some(nanoseconds(text)? / 1_000_000),
    }
}

/// A moment, fixed or counted back from the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Ago(Duration),
    At(Timestamp),
}

/// Which end of a day a date without a time stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayEnd {
    First,
    Last,
}

impl Moment {
    /// Reads `1h`, an RFC 3339 time, or a date with or without a time of this machine's time zone.
    pub(super) fn parse(text: &str, end: DayEnd) -> Option<Self> {
        if let Ok(duration) = units::parse_duration(text) {
            return Some(Self::Ago(duration));
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Self::At(timestamp));
        }
        let local = |zoned: Result<Zoned, jiff::Error>| zoned.ok().map(|zoned| Self::At(zoned.timestamp()));
        if is_date(text)
            && let Ok(date) = text.parse::<Date>()
        {
            let start = date.to_zoned(TimeZone::system());
            return local(match end {
                DayEnd::First => start,
                DayEnd::Last => start.and_then(|start| start.end_of_day()),
            });
        }
        local(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::system()))
    }

    /// The moment as seen from `now`.
    pub(super) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(timestamp) => timestamp,
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
        }
    }
}

/// A date alone: jiff also reads one out of a whole date and time.
fn is_date(text: &str) -> bool {
    text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("5", 5, 5)]
    #[case("=5", 5, 5)]
    #[case(">5", 6, i64::MAX)]
    #[case(">=5", 5, i64::MAX)]
    #[case("<5", i64::MIN, 4)]
    #[case("<=5", i64::MIN, 5)]
    #[case("5..7", 5, 7)]
    #[case("5..", 5, i64::MAX)]
    #[case("..7", i64::MIN, 7)]
    fn comparisons(#[case] text: &str, #[case] low: i64, #[case] high: i64) {
        assert_eq!(Range::parse(text, number), Some(Range { low, high }));
    }

    #[rstest]
    #[case("")]
    #[case("..")]
    #[case(">")]
    #[case("=>5")]
    #[case("+5")]
    #[case("5...7")]
    #[case("99999999999999999999")]
    fn no_comparisons(#[case] text: &str) {
        assert_eq!(Range::parse(text, number), None);
    }

    #[test]
    fn moments() {
        let now: Timestamp = "2026-01-28T10:00:00Z".parse().unwrap();
        let at = |text: &str, end| Moment::parse(text, end).map(|moment| moment.resolve(now));
        assert_eq!(at("1h", DayEnd::First), "2026-01-28T09:00:00Z".parse().ok());
        assert_eq!(at("2026-01-28T09:05:00+01:00", DayEnd::First), "2026-01-28T08:05:00Z".parse().ok());
        let (first, last) = (at("2026-01-28", DayEnd::First).unwrap(), at("2026-01-28", DayEnd::Last).unwrap());
        assert_eq!(last.as_second() - first.as_second(), 86_399);
        assert_eq!(at("2026-01-28T00:00", DayEnd::Last), Some(first));
        for text in ["", "soon", "2026-13-01", "12", "2026-01"] {
            assert_eq!(at(text, DayEnd::First), None, "{text}");
        }
        assert_eq!(at("580y", DayEnd::First), None);
    }
}
