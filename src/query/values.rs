//! The values that atoms take: words, numbers and times, each read into what it asks for. An error says what was expected.

use super::atoms::{Test, VerdictTest};
use super::flags::{self, FLAGS, flag, part};
use super::needle::Needle;
use super::range::{self, DayEnd, Moment, Range};
use crate::delivery::Verdict;
use crate::signature::diagnose::CauseCode;
use crate::text::suggestion;

/// The intakes that a list shows in place of a verdict.
const INTAKES: [&str; 4] = ["truncated", "too_large", "incomplete", "rebuilt"];

pub(super) fn verdict(text: &str) -> Result<Test, String> {
    let word = text.to_ascii_lowercase().replace(['-', ' '], "_");
    let part = INTAKES.into_iter().find(|part| *part == word).map(VerdictTest::Part);
    let test = match &*word {
        "bad" => Some(VerdictTest::Bad),
        "stale" => Some(VerdictTest::Stale),
        "future" => Some(VerdictTest::Future),
        _ => part.or_else(|| Verdict::from_name(text).map(VerdictTest::Is)),
    };
    test.map(Test::Verdict).ok_or_else(|| one_of(&word, || VERDICT_WORDS.into_iter()))
}

/// What a list shows for a verdict, as a filter takes it without quotation marks, and "bad".
pub(super) const VERDICT_WORDS: [&str; 15] = [
    "verified",
    "stale",
    "mismatch",
    "unsigned",
    "no-time",
    "malformed",
    "ambiguous",
    "no-secret",
    "broken",
    "truncated",
    "too_large",
    "incomplete",
    "rebuilt",
    "bad",
    "future",
];

pub(super) fn is(text: &str) -> Result<Test, String> {
    flag(text).map(Test::Is).ok_or_else(|| one_of(text, || FLAGS.iter().map(|flag| flag.name)))
}

pub(super) fn has(text: &str) -> Result<Test, String> {
    part(text).map(Test::Is).ok_or_else(|| one_of(text, || flags::PARTS.iter().map(|part| part.name)))
}

/// A part of a code is enough, so that `cause:secret` finds every mistake with a secret.
pub(super) fn cause(text: &str) -> Result<Test, String> {
    let code = text.to_ascii_lowercase().replace(['-', ' '], "_");
    let is_known = CauseCode::ALL.iter().any(|known| known.code().contains(&code));
    if is_known {
        return Ok(Test::Cause(Needle::new(&code)));
    }
    let expected = "a cause's code or a part of one, such as body_reserialized or secret";
    Err(format!("{expected}{}", suggestion(&code, CauseCode::ALL.iter().map(|code| code.code()))))
}

/// "one of …", and the nearest of them.
fn one_of<I: Iterator<Item = &'static str>>(written: &str, words: impl Fn() -> I) -> String {
    let all = words().collect::<Vec<_>>().join(", ");
    format!("one of {all}{}", suggestion(written, words()))
}

pub(super) fn status(text: &str) -> Result<Test, String> {
    range::status(text).map(Test::Status).ok_or_else(|| "a status such as 503, 4xx, >=500 or 200..299".to_owned())
}

pub(super) fn numbers(text: &str, test: fn(Range) -> Test) -> Result<Test, String> {
    Range::parse(text, range::number).map(test).ok_or_else(|| "a number such as 42, >100 or 10..20".to_owned())
}

pub(super) fn size(text: &str) -> Result<Test, String> {
    Range::parse(text, range::size).map(Test::Size).ok_or_else(|| "a size such as >10kb, <=1MiB or 100..200".to_owned())
}

pub(super) fn latency(text: &str) -> Result<Test, String> {
    compared(text, range::nanoseconds, Test::Latency)
        .ok_or_else(|| "a comparison or range such as >100ms, <2s or 1s..5s".to_owned())
}

pub(super) fn age(text: &str) -> Result<Test, String> {
    compared(text, range::signed_milliseconds, Test::Age)
        .ok_or_else(|| "a comparison or range such as >5m, <0s or 1m..1h".to_owned())
}

/// A comparison or range; a single duration would ask for the very nanosecond.
fn compared(text: &str, read: fn(&str) -> Option<i64>, test: fn(Range) -> Test) -> Option<Test> {
    Range::parse(text, read).filter(|range| range.low != range.high || text.contains("..")).map(test)
}

pub(super) fn moment(text: &str, end: DayEnd, test: fn(Moment) -> Test) -> Result<Test, String> {
    let expected = || "an age (90s, 1h), a date (2026-01-28) or an RFC 3339 time".to_owned();
    Moment::parse(text, end).map(test).ok_or_else(expected)
}
