//! What a person most likely meant by a duration or a size in another notation: `5 minutes`, `PT5M`; `1e6`, `10 megabytes`.

/// The units of [`parse_duration`](super::parse_duration), and the singular of their words.
const TIME_WORDS: [(&str, &[&str]); 7] = [
    ("ms", &["msec", "milli", "millisecond"]),
    ("us", &["usec", "microsecond"]),
    ("s", &["sec", "second"]),
    ("m", &["min", "minute"]),
    ("h", &["hr", "hour"]),
    ("d", &["day"]),
    ("w", &["wk", "week"]),
];

/// The units of [`parse_size`](super::parse_size) as they are written, and their other names.
const SIZE_WORDS: [(&str, &[&str]); 9] = [
    ("B", &["byte"]),
    ("kB", &["kilobyte"]),
    ("MB", &["meg", "megabyte"]),
    ("GB", &["gig", "gigabyte"]),
    ("TB", &["terabyte"]),
    ("KiB", &["ki", "kibibyte"]),
    ("MiB", &["mi", "mebibyte"]),
    ("GiB", &["gi", "gibibyte"]),
    ("TiB", &["ti", "tebibyte"]),
];

/// The duration as it is written here; `None` where nothing is near.
pub(super) fn duration(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let meant = match text.strip_prefix('p') {
        Some(period) => iso_8601(period)?,
        None => translated(&text, &TIME_WORDS)?,
    };
    super::parts_of(&meant).ok().map(|_| meant)
}

/// The size as it is written here.
pub(super) fn size(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let meant = exponent(&text).or_else(|| {
        let is_separator = |character: char| matches!(character, '_' | ',' | '\'') || character.is_whitespace();
        translated(&text.replace(is_separator, ""), &SIZE_WORDS)
    })?;
    super::bytes_of(&meant).map(|_| meant)
}

/// `t5m`, `1dt2h`: what follows the P of a duration of ISO 8601. Years and months have no fixed length.
fn iso_8601(period: &str) -> Option<String> {
    let (date, time) = period.split_once('t').unwrap_or((period, ""));
    (!date.contains(['m', 'y'])).then(|| [date, time].concat())
}

/// `1e6` as a number of bytes, while a floating-point number holds it exactly.
fn exponent(text: &str) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number: f64 = text.parse().ok().filter(|_| text.contains('e'))?;
    (number.fract() == 0.0 && (0.0..EXACT).contains(&number)).then(|| format!("{number:.0}"))
}

/// Each number with the short name of the word after it.
fn translated(text: &str, words: &[(&str, &[&str])]) -> Option<String> {
    let mut meant = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = super::split_number(rest);
        if number.is_empty() {
            return None;
        }
        let after = after.trim_start();
        let end = after.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        let singular = word.strip_suffix('s').unwrap_or(word);
        let is_it = |(unit, names): &&(&str, &[&str])| unit.eq_ignore_ascii_case(word) || names.contains(&singular);
        let unit = if word.is_empty() { "" } else { words.iter().find(is_it)?.0 };
        meant.push_str(number);
        meant.push_str(unit);
        rest = after.trim_start();
    }
    Some(meant)
}
