//! Durations and sizes as people write them: `5m`, `1h30m`, `250ms`; `64MiB`, `10MB`, `512`.
//!
//! ```
//! use std::time::Duration;
//! assert_eq!(whyhook::text::units::parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
//! assert_eq!(whyhook::text::units::parse_size("64MiB"), Ok(64 * 1024 * 1024));
//! assert_eq!(whyhook::text::units::parse_size("10MB"), Ok(10_000_000));
//! ```

mod meant;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::text::{did_you_mean, visible};

/// An invalid duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid duration '{text}': {}{}",
    if *.month { "minutes are m, and there are no months: 30d" } else { "expected a number and a unit, such as 250ms, 30s, 5m, 1h or 2d" },
    meant.as_ref().map_or_else(String::new, did_you_mean)
)]
pub struct InvalidDuration {
    text: String,
    /// Whether it has the unit `M`, which elsewhere is a month.
    month: bool,
    /// The same as it is written here, where that can be told.
    meant: Option<String>,
}

/// An invalid size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid size '{text}': expected a number of bytes, or a number and a unit, such as 10kB, 10MB or 64MiB{}",
    meant.as_ref().map_or_else(String::new, did_you_mean)
)]
pub struct InvalidByteSize {
    text: String,
    /// The same as it is written here, where that can be told.
    meant: Option<String>,
}

/// A time in milliseconds, to a thousandth.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "microseconds of anything that is measured are far below 2^52")]
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// Nanoseconds in each unit of time.
const TIME_UNITS: [(&str, u64); 8] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("min", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
    ("w", 7 * 86_400 * 1_000_000_000),
];

/// Bytes in each unit of size; `k`, `M` and `G` alone are decimal, as their prefixes say.
const SIZE_UNITS: [(&str, u64); 14] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("kib", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
    ("t", 1_000_000_000_000),
    ("tb", 1_000_000_000_000),
    ("tib", 1 << 40),
];

/// Reads one or more numbers with units, `90s` or `1h30m`; the letter case of units does not matter,
/// but that `M` alone is refused: to many people it is a month. A number may have decimals (`1.5s`).
///
/// # Errors
///
/// [`InvalidDuration`] without a unit, with an unknown one, or beyond about 580 years.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    parts_of(text).map_err(|month| {
        let meant = if month { None } else { meant_duration(text) };
        InvalidDuration { text: visible(text).into_owned(), month, meant }
    })
}

/// The sum of the parts of a duration; an error is whether one of them is in months.
fn parts_of(text: &str) -> Result<Duration, bool> {
    let mut rest = text.trim();
    let mut nanoseconds = 0_u64;
    if rest.is_empty() {
        return Err(false);
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let end = after.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(after.len());
        if &after[..end] == "M" {
            return Err(true);
        }
        let part = scaled(number, &TIME_UNITS, &after[..end]).ok_or(false)?;
        nanoseconds = nanoseconds.checked_add(part).ok_or(false)?;
        rest = &after[end..];
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Reads a size in bytes; the letter case of units does not matter, `k` is 1,000 and `Ki` 1,024.
///
/// # Errors
///
/// [`InvalidByteSize`] for an unknown unit, a negative number, or more than a `u64` holds.
pub fn parse_size(text: &str) -> Result<u64, InvalidByteSize> {
    bytes_of(text).ok_or_else(|| InvalidByteSize { text: visible(text).into_owned(), meant: meant::size(text) })
}

fn bytes_of(text: &str) -> Option<u64> {
    let (number, unit) = split_number(text.trim());
    scaled(number, &SIZE_UNITS, unit.trim_start())
}

/// What `text` is as a duration in the notation of [`parse_duration`], where it is one in another: `5m` for `5 minutes`
/// and `PT5M`.
#[must_use]
pub fn meant_duration(text: &str) -> Option<String> {
    meant::duration(text)
}

/// A size in words, in units of 1,024: `512 B`, `1.5 MiB`, `256 MiB`.
#[must_use]
pub fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    while unit + 1 < UNITS.len() && bytes >> (10 * (unit + 2)) > 0 {
        unit += 1;
    }
    // In tenths, cut off: a bound must not look reached before it is.
    let tenths = (u128::from(bytes) * 10) >> (10 * (unit + 1));
    match tenths % 10 {
        0 => format!("{} {}", tenths / 10, UNITS[unit]),
        rest => format!("{}.{rest} {}", tenths / 10, UNITS[unit]),
    }
}

/// A moment as text for people: local time with its offset from UTC, `2026-05-04 11:10:00 +02:00`. JSON has RFC 3339
/// in UTC instead.
#[must_use]
pub fn time_words(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// An age in words: `3 s`, `5 min 1 s`, `1 h`, `55 years`. Of two units the second is left out when there is none
/// of it.
#[must_use]
pub fn age_words(milliseconds: i64) -> String {
    let seconds = milliseconds.unsigned_abs() / 1000;
    let two = |number: u64, unit: &str, rest: u64, finer: &str| match rest {
        0 => format!("{number} {unit}"),
        rest => format!("{number} {unit} {rest} {finer}"),
    };
    match seconds {
        0 => format!("{} ms", milliseconds.unsigned_abs()),
        1..120 => format!("{seconds} s"),
        120..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..172_800 => two(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        172_800..63_072_000 => format!("{} days", seconds / 86_400),
        _ => format!("{} years", seconds / 31_556_952),
    }
}

fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// `number` × `unit` in whole base units, exactly; a finer remainder is cut off.
fn scaled(number: &str, units: &[(&str, u64)], unit: &str) -> Option<u64> {
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    // Nine decimals are finer than any base unit here needs, and keep the product within u128.
    if whole.is_empty() || decimals.is_empty() || decimals.len() > 9 || decimals.contains('.') {
        return None;
    }
    let factor = u128::from(*factor);
    let scale = 10_u128.pow(u32::try_from(decimals.len()).ok()?);
    let fraction = decimals.parse::<u128>().ok()? * factor / scale;
    let total = u128::from(whole.parse::<u64>().ok()?).checked_mul(factor)?.checked_add(fraction)?;
    u64::try_from(total).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_in_words() {
        let words = [0, 1023, 1024, 1536, 1 << 20, (1 << 20) + 1, 10 << 30, u64::MAX].map(size_words);
        assert_eq!(words[..6], ["0 B", "1023 B", "1 KiB", "1.5 KiB", "1 MiB", "1 MiB"]);
        assert_eq!(words[6..], ["10 GiB", "16777215.9 TiB"]);
    }

    #[test]
    fn a_month_is_no_minute() {
        let error = parse_duration("1M").unwrap_err().to_string();
        assert_eq!(error, "invalid duration '1M': minutes are m, and there are no months: 30d");
        assert!(parse_duration("1h30M").is_err());
        assert_eq!(parse_duration("1MIN"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("5MS"), Ok(Duration::from_millis(5)));
    }

    #[test]
    fn ages_are_words() {
        let words = [250, 3_999, 300_000, 301_000, 3_600_000, 7_199_000, 200_000_000, 1_746_123_459_000].map(age_words);
        assert_eq!(words, ["250 ms", "3 s", "5 min", "5 min 1 s", "1 h", "1 h 59 min", "2 days", "55 years"]);
    }
    use rstest::rstest;

    #[rstest]
    #[case("300s", 300_000)]
    #[case("5m", 300_000)]
    #[case("5S", 5_000)]
    #[case("5min", 300_000)]
    #[case("1h30m", 5_400_000)]
    #[case("1.5s", 1_500)]
    #[case("250ms", 250)]
    #[case("2d", 172_800_000)]
    #[case("0s", 0)]
    fn durations(#[case] text: &str, #[case] milliseconds: u64) {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)));
    }

    #[rstest]
    #[case("")]
    #[case("5")]
    #[case("-5m")]
    #[case("5 m")]
    #[case("5x")]
    #[case("1.2.3s")]
    #[case(".5s")]
    #[case("99999999999999999w")]
    #[case("m")]
    fn no_durations(#[case] text: &str) {
        assert!(parse_duration(text).is_err());
    }

    #[rstest]
    #[case("5 min", "5m")]
    #[case("5 minutes", "5m")]
    #[case("1 Minute", "1m")]
    #[case("1.5 hours", "1.5h")]
    #[case("2hrs", "2h")]
    #[case("1 h 30 min", "1h30m")]
    #[case("250 msec", "250ms")]
    #[case("30secs", "30s")]
    #[case("7 days", "7d")]
    #[case("PT5M", "5m")]
    #[case("P1DT2H", "1d2h")]
    #[case("PT1.5S", "1.5s")]
    fn a_duration_in_another_notation_is_suggested(#[case] text: &str, #[case] meant: &str) {
        let error = parse_duration(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("invalid duration '{text}': expected")), "{error}");
        assert!(error.ends_with(&format!("; did you mean '{meant}'?")), "{error}");
    }

    #[rstest]
    #[case("1e6", "1000000")]
    #[case("1.5e3", "1500")]
    #[case("1_000_000", "1000000")]
    #[case("1,000,000 bytes", "1000000B")]
    #[case("10 megabytes", "10MB")]
    #[case("64 Mi", "64MiB")]
    fn a_size_in_another_notation_is_suggested(#[case] text: &str, #[case] meant: &str) {
        let error = parse_size(text).unwrap_err().to_string();
        assert!(error.ends_with(&format!("; did you mean '{meant}'?")), "{error}");
    }

    #[test]
    fn nothing_is_suggested_where_it_would_be_a_guess() {
        for text in ["5", "", "five minutes", "P1M", "P1Y", "5 parsecs", "5 months", "p", "5 m x"] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(!error.contains("did you mean"), "{error}");
        }
        for text in ["", "much", "1e99", "1e-3", "-1", "10 miles"] {
            let error = parse_size(text).unwrap_err().to_string();
            assert!(!error.contains("did you mean"), "{error}");
        }
    }

    #[rstest]
    #[case("512", 512)]
    #[case("10kb", 10_000)]
    #[case("10 MB", 10_000_000)]
    #[case("64MiB", 67_108_864)]
    #[case("1.5k", 1_500)]
    #[case("0", 0)]
    fn sizes(#[case] text: &str, #[case] bytes: u64) {
        assert_eq!(parse_size(text), Ok(bytes));
    }

    #[rstest]
    #[case("")]
    #[case("-1")]
    #[case("ten")]
    #[case("1e3")]
    #[case("99999999999TiB")]
    fn no_sizes(#[case] text: &str) {
        assert!(parse_size(text).is_err());
    }

    /// What the words say, in seconds, and how exactly.
    fn said(words: &str) -> (u64, u64) {
        let parts: Vec<&str> = words.split(' ').collect();
        let mut said = (0, 1);
        for pair in parts.chunks(2) {
            let number: u64 = pair[0].parse().unwrap();
            let unit = match pair[1] {
                "ms" => return (0, 1),
                "s" => 1,
                "min" => 60,
                "h" => 3_600,
                "days" => 86_400,
                "years" => 31_556_952,
                other => panic!("{other}"),
            };
            // Nobody says sixty minutes; seconds go to two minutes, as hours go to two days.
            assert!(unit != 60 || (1..60).contains(&number), "{words}");
            said = (said.0 + number * unit, unit);
        }
        said
    }

    proptest! {
        #[test]
        fn ages_say_what_they_are(milliseconds in prop_oneof![0..200_000_000_i64, any::<i64>()]) {
            let words = age_words(milliseconds);
            prop_assert!(!words.contains(" 0 "), "{}", words);
            let (said, exact) = said(&words);
            // Of hours the seconds are left out, even where no minutes are said.
            let exact = if words.ends_with('h') { 60 } else { exact };
            let seconds = milliseconds.unsigned_abs() / 1000;
            prop_assert!(said <= seconds && seconds - said < exact, "{} {}", seconds, words);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}|[0-9.]{0,30}[a-zA-Z]{0,3}") {
            let begins = text.trim().starts_with(|character: char| character.is_ascii_digit());
            prop_assert!(begins || (parse_duration(&text).is_err() && parse_size(&text).is_err()));
            let errors = [parse_duration(&text).err().map(|error| error.to_string()), parse_size(&text).err().map(|error| error.to_string())];
            for error in errors.into_iter().flatten() {
                prop_assert!(!error.contains(crate::text::is_hidden), "{error:?}");
            }
        }

        #[test]
        fn what_is_written_is_read(
            parts in proptest::collection::vec((0_u64..5000, proptest::sample::select(TIME_UNITS.to_vec())), 1..4),
            (whole, thousandths) in (0_u64..1_000_000, 0_u64..1000),
            (unit, factor) in proptest::sample::select(SIZE_UNITS.to_vec()),
            space in " ?",
        ) {
            let text: String = parts.iter().map(|(number, (unit, _))| format!("{number}{unit}")).collect();
            let nanoseconds: u64 = parts.iter().map(|(number, (_, factor))| number * factor).sum();
            prop_assert_eq!(parse_duration(&text), Ok(Duration::from_nanos(nanoseconds)), "{}", text);
            let upper = parse_duration(&text.to_ascii_uppercase());
            match parts.iter().any(|(_, (unit, _))| *unit == "m") {
                true => prop_assert!(upper.is_err(), "{}", text),
                false => prop_assert_eq!(upper, Ok(Duration::from_nanos(nanoseconds))),
            }
            let text = format!("{whole}.{thousandths:03}{space}{unit}");
            let bytes = whole * factor + thousandths * factor / 1000;
            prop_assert_eq!(parse_size(&text), Ok(bytes), "{}", text);
            prop_assert_eq!(parse_size(&text.to_ascii_uppercase()), Ok(bytes));
        }
    }
}
