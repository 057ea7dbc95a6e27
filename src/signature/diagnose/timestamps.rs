//! What may have been signed in place of the timestamp header's text.

use jiff::Timestamp;

use super::axis::{Axis, Ways, Why};
use super::{BytePlace, CauseCode, RequestPart};

/// Where a header's integers stop being seconds and stop being milliseconds; see
/// [`crate::signature::read_timestamp`].
const FIRST_MILLISECOND: i64 = 100_000_000_000;
const FIRST_MICROSECOND: i64 = 100_000_000_000_000;
const FIRST_NANOSECOND: i64 = 100_000_000_000_000_000;

/// Time zones that are not whole hours from UTC, in minutes on either side of it (IANA's tz database).
const ODD_ZONES: [i64; 11] = [150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825];

/// What programs write of a value that is not set, as a timestamp.
const UNSET: [&str; 10] =
    ["undefined", "null", "NaN", "", "None", "nil", "0", "false", "Invalid Date", "[object Object]"];

/// Every timestamp to try. `header` is the header's text, `body` the envelope's own timestamp as
/// written there. Only where the scheme signs one (`is_signed`) may it have been unset: elsewhere, such a text would be
/// taken for the timestamp of another sender's template, while it is something before or after the body.
pub(super) fn stamps(
    header: Option<&[u8]>,
    body: Option<&[u8]>,
    date: Option<&[u8]>,
    is_signed: bool,
) -> Axis<Vec<u8>> {
    let mut axis = Axis::new();
    if let Some(header) = header {
        axis.add(header.to_vec(), Ways::unchanged());
        units(header, &mut axis);
        neighbours(header, &mut axis);
    }
    if let Some(body) = body {
        let moment = moment_of(body);
        let mut add = |text: Vec<u8>, rank| {
            let why = Why::new(
                CauseCode::TimestampDiffers,
                rank,
                "the body's own timestamp was signed instead of the header's",
            );
            axis.add(text, Ways::of(why));
        };
        add(body.to_vec(), 0);
        if let Some(moment) = moment {
            add(moment.as_second().to_string().into_bytes(), 1);
            add(moment.as_millisecond().to_string().into_bytes(), 1);
        }
    }
    if let Some(date) = date {
        axis.add(date.to_vec(), Ways::of(Why::new(CauseCode::TimestampDiffers, 20, "the Date header was signed")));
    }
    for (rank, word) in (0..).zip(UNSET).filter(|_| is_signed) {
        let detail = match word {
            "" => "an empty timestamp was signed".to_owned(),
            _ => format!("the literal text {word} was signed as the timestamp"),
        };
        axis.add(word.as_bytes().to_vec(), Ways::of(Why::new(CauseCode::TimestampLiteral, rank, detail)));
    }
    axis.sort();
    axis
}

/// Every clock reading near the header's: milliseconds 0 to 999 of its second, and ±300 seconds.
pub(super) fn deep(header: &[u8]) -> Vec<(Vec<u8>, Ways)> {
    let Some(moment) = moment_of(header) else { return Vec::new() };
    let (second, millis) = (moment.as_second(), moment.as_millisecond());
    let mut all: Vec<(i64, i64)> =
        (0..1000).map(|part| (second * 1000 + part, second * 1000 + part - millis)).collect();
    let in_millis = integer(header).is_some_and(|number| number >= FIRST_MILLISECOND);
    for distance in (1..=300).flat_map(|distance| [-distance, distance]) {
        all.push(if in_millis {
            (millis + distance * 1000, distance * 1000)
        } else {
            (second + distance, distance * 1000)
        });
        if in_millis {
            all.push((second + distance, distance * 1000));
        }
    }
    let why = |distance: i64| {
        let detail = format!("a timestamp {} was signed", signed_distance(distance));
        Ways::of(Why::new(CauseCode::TimestampDiffers, 30, detail))
    };
    let near = all.into_iter().map(|(number, distance)| (number.to_string().into_bytes(), why(distance)));
    milliseconds(header).into_iter().chain(alone(header)).chain(fractions(header)).chain(near).collect()
}

/// For a header in seconds: every millisecond of its second, as `Date.now()` would have been signed
/// while the header has it without its last three digits.
pub(super) fn milliseconds(header: &[u8]) -> Vec<(Vec<u8>, Ways)> {
    let Some(second) = integer(header).filter(|number| *number < FIRST_MILLISECOND) else { return Vec::new() };
    let why = |part: i64| {
        let detail = format!("the header is in seconds, milliseconds were signed ({part} ms into that second)");
        Ways::of(Why::new(CauseCode::TimestampUnit, 1, detail))
    };
    (1..1000).map(|part| ((second * 1000 + part).to_string().into_bytes(), why(part))).collect()
}

/// For a header in seconds: every millisecond of its second as a fraction, as `Date.now() / 1000` is printed.
pub(super) fn fractions(header: &[u8]) -> Vec<(Vec<u8>, Ways)> {
    let Some(second) = integer(header).filter(|number| *number < FIRST_MILLISECOND) else { return Vec::new() };
    let mut all = Vec::new();
    for part in 1..1000 {
        let why =
            Why::new(CauseCode::TimestampUnit, 1, "the header is in seconds, seconds with a fraction were signed");
        let text = format!("{second}.{part:03}");
        let short = text.trim_end_matches('0');
        if short.len() < text.len() {
            all.push((short.as_bytes().to_vec(), Ways::of(why.clone())));
        }
        all.push((text.into_bytes(), Ways::of(why)));
    }
    all
}

/// What is signed alone, with nothing else changed: the time of a clock that is set to another time zone, and the
/// header's text with white space.
pub(super) fn alone(header: &[u8]) -> Vec<(Vec<u8>, Ways)> {
    let mut all = Vec::new();
    for (before, after, words) in [
        (" ", "", "with a space before it"),
        ("", " ", "with a space after it"),
        ("", "\n", "with a line end after it"),
        ("", "\r\n", "with CR LF after it"),
    ] {
        let detail = format!("the timestamp was signed {words}");
        let text = [before.as_bytes(), header, after.as_bytes()].concat();
        all.push((text, Ways::of(Why::new(CauseCode::TimestampUnit, 9, detail))));
    }
    all.extend(printed_dates(header));
    let (Some(moment), Some(number)) = (moment_of(header), integer(header)) else { return all };
    if number >= FIRST_MICROSECOND {
        return all;
    }
    for minutes in (1..=14).map(|hours| hours * 60).chain(ODD_ZONES).flat_map(|minutes| [-minutes, minutes]) {
        let is_in_millis = number >= FIRST_MILLISECOND;
        let other =
            if is_in_millis { moment.as_millisecond() + minutes * 60_000 } else { moment.as_second() + minutes * 60 };
        let direction = if minutes < 0 { "earlier" } else { "later" };
        let time = match (minutes.abs() / 60, minutes.abs() % 60) {
            (hours, 0) => format!("{hours} h"),
            (hours, rest) => format!("{hours} h {rest} min"),
        };
        let detail = format!(
            "a timestamp {time} {direction} was signed, as of a local time that was taken for UTC, or the reverse"
        );
        all.push((other.to_string().into_bytes(), Ways::of(Why::new(CauseCode::TimestampDiffers, 10, detail))));
    }
    all
}

/// What dates print of themselves in languages whose print nobody signs on purpose.
fn printed_dates(header: &[u8]) -> Vec<(Vec<u8>, Ways)> {
    let Some(moment) = moment_of(header) else { return Vec::new() };
    let utc = |moment: Timestamp| moment.to_zoned(jiff::tz::TimeZone::UTC);
    let why = |words: &str| Ways::of(Why::new(CauseCode::TimestampUnit, 12, format!("{words} was signed")));
    let formats = [
        ("%Y-%m-%d %H:%M:%S +0000", "Ruby's Time#to_s, of a local time in UTC,"),
        ("%Y-%m-%d %H:%M:%S UTC", "Ruby's Time#to_s"),
        ("%Y-%m-%d %H:%M:%S +0000 UTC", "Go's time.Time as text"),
        ("%a %b %d %H:%M:%S UTC %Y", "Java's Date#toString"),
        ("%a %b %d %H:%M:%S GMT %Y", "Java's Date#toString, in GMT,"),
        ("%m/%d/%Y %H:%M:%S", ".NET's DateTime as text"),
        ("%m/%d/%Y %H:%M:%S +00:00", ".NET's DateTimeOffset as text"),
        ("%a %b %e %H:%M:%S %Y", "Python's time.ctime()"),
    ];
    let printed = |(format, words): (&str, &str)| (utc(moment).strftime(format).to_string().into_bytes(), why(words));
    let mut all: Vec<(Vec<u8>, Ways)> = formats.into_iter().map(printed).collect();
    let seconds = integer(header).filter(|&number| number < FIRST_MILLISECOND);
    if let Some(early) = seconds.and_then(|seconds| Timestamp::from_millisecond(seconds).ok()) {
        let text = utc(early).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        all.push((text.into_bytes(), why("JavaScript's new Date(seconds).toISOString(), which takes milliseconds,")));
    }
    all
}

fn signed_distance(milliseconds: i64) -> String {
    let direction = if milliseconds < 0 { "earlier" } else { "later" };
    let amount = milliseconds.unsigned_abs();
    match amount % 1000 {
        0 => format!("{} s {direction}", amount / 1000),
        _ => format!("{amount} ms {direction}"),
    }
}

fn units(header: &[u8], axis: &mut Axis<Vec<u8>>) {
    let Some(moment) = moment_of(header) else { return };
    let sent = match integer(header) {
        Some(_) if header.len() > 1 && header.starts_with(b"0") => "the header begins with a zero",
        Some(number) if number < FIRST_MILLISECOND => "the header is in seconds",
        Some(number) if number < FIRST_MICROSECOND => "the header is in ms",
        Some(_) => "the header is in another unit",
        None if header.first().is_some_and(|byte| b"\"'".contains(byte)) => "the header is in quotation marks",
        None => "the header is a date or a fraction",
    };
    let shown = String::from_utf8_lossy(header).into_owned();
    let mut add = |text: String, rank, signed: &str| {
        let detail = format!("{sent}, {signed} signed");
        let place = BytePlace {
            part: RequestPart::Timestamp,
            offset: 0,
            before: crate::text::visible(&shown).into_owned(),
            after: crate::text::visible(&text).into_owned(),
        };
        axis.add(text.into_bytes(), Ways::of(Why::new(CauseCode::TimestampUnit, rank, detail).at(place)));
    };
    let (second, millis) = (moment.as_second(), moment.as_millisecond());
    add(second.to_string(), 0, "seconds were");
    add(millis.to_string(), 0, "milliseconds were");
    add((second + 1).to_string(), 8, "seconds rounded up were");
    add(moment.as_microsecond().to_string(), 12, "microseconds were");
    add(moment.as_nanosecond().to_string(), 12, "nanoseconds were");
    add(format!("{second}.0"), 6, "seconds as a float were");
    add(format!("{millis}.0"), 9, "milliseconds as a float were");
    let fraction = millis.rem_euclid(1000);
    add(format!("{second}.{fraction:03}"), 7, "seconds with a fraction were");
    let trimmed = format!("{second}.{fraction:03}");
    add(trimmed.trim_end_matches('0').trim_end_matches('.').to_owned(), 8, "seconds with a fraction were");
    for (rank, format) in (2..).zip([
        "%Y-%m-%dT%H:%M:%S%.3fZ",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%a, %d %b %Y %H:%M:%S GMT",
    ]) {
        let text = moment.to_zoned(jiff::tz::TimeZone::UTC).strftime(format).to_string();
        add(text, rank, "a date was");
    }
    dates_of_languages(moment, &mut add);
    let quoted = format!("\"{shown}\"");
    add(quoted, 10, "the value in quotation marks was");
}

/// What dates print of themselves when they are made into a text.
fn dates_of_languages(moment: Timestamp, add: &mut dyn FnMut(String, u16, &str)) {
    let utc = moment.to_zoned(jiff::tz::TimeZone::UTC);
    let mut date = |rank, format: &str, words: &str| add(utc.strftime(format).to_string(), rank, words);
    date(12, "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)", "JavaScript's String(date) was");
    date(12, "%Y-%m-%d %H:%M:%S+00:00", "Python's str(datetime) was");
    if moment.subsec_nanosecond() == 0 {
        return;
    }
    // Python's have microseconds, whatever was read.
    for (rank, format, words) in [
        (5, "%Y-%m-%d %H:%M:%S%.6f+00:00", "Python's str(datetime) was"),
        (5, "%Y-%m-%dT%H:%M:%S%.6f+00:00", "Python's isoformat() was"),
        (8, "%Y-%m-%d %H:%M:%S%.6f", "Python's str(datetime), without a zone, was"),
        (8, "%Y-%m-%dT%H:%M:%S%.6f", "Python's isoformat(), without a zone, was"),
        (8, "%Y-%m-%dT%H:%M:%S%.6fZ", "a date with microseconds was"),
    ] {
        date(rank, format, words);
    }
}

fn neighbours(header: &[u8], axis: &mut Axis<Vec<u8>>) {
    let Some(moment) = moment_of(header) else { return };
    let in_millis = integer(header).is_some_and(|number| number >= FIRST_MILLISECOND);
    for distance in (1..=5).flat_map(|distance: i64| [-distance, distance]) {
        let number = if in_millis { moment.as_millisecond() + distance * 1000 } else { moment.as_second() + distance };
        let rank = 2 + distance.unsigned_abs() as u16;
        let detail = format!("a timestamp {} was signed", signed_distance(distance * 1000));
        axis.add(number.to_string().into_bytes(), Ways::of(Why::new(CauseCode::TimestampDiffers, rank, detail)));
        if in_millis {
            let near = (moment.as_millisecond() + distance).to_string();
            let detail = format!("a timestamp {} was signed", signed_distance(distance));
            axis.add(near.into_bytes(), Ways::of(Why::new(CauseCode::TimestampDiffers, rank, detail)));
        }
    }
}

fn integer(text: &[u8]) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
    digits.then(|| text.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// The moment that a timestamp in any form means.
fn moment_of(text: &[u8]) -> Option<Timestamp> {
    if let Some(number) = integer(text) {
        return if number < FIRST_MILLISECOND {
            Timestamp::from_second(number).ok()
        } else if number < FIRST_MICROSECOND {
            Timestamp::from_millisecond(number).ok()
        } else if number < FIRST_NANOSECOND {
            Timestamp::from_microsecond(number).ok()
        } else {
            Timestamp::from_nanosecond(i128::from(number)).ok()
        };
    }
    let text = std::str::from_utf8(text).ok()?.trim().trim_matches('"');
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if integer(fraction.as_bytes()).is_some() || fraction.is_empty() {
        let millis = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
        let whole = integer(whole.as_bytes()).filter(|&number| number < FIRST_MILLISECOND)?;
        return Timestamp::from_millisecond(whole * 1000 + millis).ok();
    }
    None
}
