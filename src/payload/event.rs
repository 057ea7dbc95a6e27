//! The envelope's facts, read on the way of every delivery.
//!
//! One skip-scan: no tree, no allocation but the result's own, long strings and number arrays passed
//! over at memory speed. The scan is total: what is not JSON, or has other types than documented,
//! leaves fields empty and never fails. Duplicate keys: the last wins, as in `JSON.parse`.

use std::ops::Range;

use super::json::decode_string;
use super::json::scan::{Walker, means};
use crate::delivery::{EventFacts, ImageFacts};

/// Longest text that is kept of a field, in characters; facts live in memory for every row.
const TEXT_LIMIT: usize = 256;

/// Reads what a payload's envelope says of itself.
///
/// ```
/// let facts = whyhook::payload::event::facts(br#"{"event":"desktop.app_tracking.captured","data":[{},{}]}"#);
/// assert_eq!(facts.short_event(), Some("app"));
/// assert_eq!(facts.items, Some(2));
/// ```
#[must_use]
pub fn facts(body: &[u8]) -> EventFacts {
    read(body, &mut |_| None).0
}

/// Reads the envelope and passes the raw `data[].screenshot.imageBuffer` of each item to `image`,
/// until it makes something of one.
pub(super) fn read(body: &[u8], image: Image<'_>) -> (EventFacts, Option<ImageFacts>) {
    let mut facts = EventFacts::default();
    let mut found = None;
    // `None` means that the body broke off: what was read until then is kept.
    let _ = Walker::new(body).members(|walker, key| {
        if means(key, "data") {
            (facts.items, found) = (None, None);
            (facts.items, found) = read_data(walker, image)?;
            return Some(());
        }
        let value = walker.take()?;
        if means(key, "event") {
            facts.event = text(value);
        } else if means(key, "version") {
            facts.version = text(value);
        } else if means(key, "agent") {
            facts.agent = text(value);
        } else if means(key, "simulation") {
            facts.simulation = boolean(value);
        } else if means(key, "timestamp") {
            facts.timestamp_ms = integer(value);
        }
        Some(())
    });
    (facts, found)
}

type Image<'f> = &'f mut dyn FnMut(&[u8]) -> Option<ImageFacts>;

fn read_data(walker: &mut Walker<'_>, image: Image<'_>) -> Option<(Option<u64>, Option<ImageFacts>)> {
    match walker.peek()? {
        b'{' => {
            let buffer = read_item(walker)?;
            Some((Some(1), buffer.and_then(|range| image(&walker.body[range]))))
        }
        b'[' => {
            let (mut items, mut found) = (0, None);
            walker.items(|walker| {
                items += 1;
                let buffer = read_item(walker)?;
                if found.is_none() {
                    found = buffer.and_then(|range| image(&walker.body[range]));
                }
                Some(())
            })?;
            Some((Some(items), found))
        }
        _ => walker.skip().map(|_| (None, None)),
    }
}

/// The place of an item's `screenshot.imageBuffer`.
fn read_item(walker: &mut Walker<'_>) -> Option<Option<Range<usize>>> {
    if walker.peek()? != b'{' {
        return walker.skip().map(|_| None);
    }
    let mut buffer = None;
    walker.members(|walker, key| {
        if !means(key, "screenshot") {
            return walker.skip().map(drop);
        }
        buffer = None;
        if walker.peek()? != b'{' {
            return walker.skip().map(drop);
        }
        walker.members(|walker, key| {
            let value = walker.skip()?;
            if means(key, "imageBuffer") {
                buffer = Some(value);
            }
            Some(())
        })
    })?;
    Some(buffer)
}

fn text(value: &[u8]) -> Option<String> {
    if value.first() != Some(&b'"') {
        return None;
    }
    // An escape is at most twelve bytes long, so that this prefix holds enough characters.
    let cut = value.len().min(TEXT_LIMIT * 12 + 14);
    let text = decode_string(&value[..cut]).text;
    if text.chars().nth(TEXT_LIMIT).is_none() {
        return Some(text.into_owned());
    }
    Some(text.chars().take(TEXT_LIMIT - 1).chain(['…']).collect())
}

fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// A whole number; `1.7e12` is one too. Fractions and what no `i64` holds are not.
fn integer(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= 40)?;
    if !value.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return None;
    }
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number: f64 = text.parse().ok()?;
    // Beyond 2^53 a double no longer tells neighbouring integers apart.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number below 2^53")]
    exact.then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_envelopes_are_read() {
        let read = facts(include_bytes!("../../assets/samples/activity.json"));
        assert_eq!(read.event.as_deref(), Some("desktop.activity_tracking.captured"));
        assert_eq!((read.version.as_deref(), read.agent.as_deref()), (Some("v1"), Some("desktop-agent")));
        assert_eq!((read.simulation, read.timestamp_ms, read.items), (Some(true), Some(1_746_123_456_789), Some(1)));

        let read = facts(include_bytes!("../../assets/samples/screenshot-live.json"));
        assert_eq!(read.event.as_deref(), Some("desktop.screenshot_tracking.captured"));
        assert_eq!((read.simulation, read.timestamp_ms, read.items), (None, Some(1_769_591_066_292), Some(1)));
    }

    #[test]
    fn the_last_duplicate_wins_as_in_javascript() {
        let read = facts(br#"{"event":"a","data":[1,2,3],"event":"b","data":{},"timestamp":1,"timestamp":"2"}"#);
        assert_eq!((read.event.as_deref(), read.items, read.timestamp_ms), (Some("b"), Some(1), None));
    }

    #[test]
    fn escaped_keys_and_values_are_understood() {
        let read = facts(br#"{"\u0065vent":"caf\u00e9","versio\u006e":"v1"}"#);
        assert_eq!((read.event.as_deref(), read.version.as_deref()), (Some("café"), Some("v1")));
    }

    #[test]
    fn other_types_and_other_bodies_leave_fields_empty() {
        let read = facts(br#"{"event":7,"version":null,"simulation":"true","timestamp":1.5,"data":"x"}"#);
        assert_eq!(read, EventFacts::default());
        let bodies: [&[u8]; 9] =
            [b"", b"[]", b"null", b"{", b"{\"event\"", b"{\"event\":", b"}{", b"\xff\xfe", b"\"event\""];
        for body in bodies {
            assert_eq!(facts(body), EventFacts::default());
        }
    }

    #[test]
    fn a_broken_off_body_keeps_what_was_read() {
        let read = facts(br#"{"event":"e","data":[{},{"#);
        assert_eq!((read.event.as_deref(), read.items), (Some("e"), None));
    }

    #[test]
    fn times_may_be_written_with_an_exponent() {
        assert_eq!(facts(br#"{"timestamp":1.746123456789e12}"#).timestamp_ms, Some(1_746_123_456_789));
        assert_eq!(facts(br#"{"timestamp":1e400}"#).timestamp_ms, None);
        assert_eq!(facts(b"{\"timestamp\":-5}").timestamp_ms, Some(-5));
        assert_eq!(facts(b"{\"timestamp\":infinity}").timestamp_ms, None);
    }

    #[test]
    fn a_byte_order_mark_and_deep_nesting_are_passed_over() {
        let deep = format!("\u{feff} {{\"x\":{}{},\"event\":\"e\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(facts(deep.as_bytes()).event.as_deref(), Some("e"));
    }

    #[test]
    fn long_names_are_cut() {
        let body = format!("{{\"event\":\"{}\"}}", "é".repeat(100_000));
        let event = facts(body.as_bytes()).event.unwrap();
        assert_eq!(event.chars().count(), TEXT_LIMIT);
        assert!(event.ends_with('…'));
    }
}
