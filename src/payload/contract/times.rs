//! The event's times beside each other, and the header's and the arrival's.

use jiff::Timestamp;

use super::SchemaContext;
use super::drift::{DriftCode, DriftPlace, Drifts, Severity};
use super::object::{MemberValue, Object};
use crate::delivery::TimestampUnit;
use crate::text::units::age_words;

/// Integers below this are seconds (until the year 5138), as the header's are told apart.
const FIRST_MILLISECOND: i64 = 100_000_000_000;
/// Integers from here on are not milliseconds of this era.
const FIRST_BEYOND: i64 = 100_000_000_000_000;
/// The habit of the field: what is further apart than this, receivers refuse. Milliseconds.
const APART: u64 = 5 * 60 * 1000;

/// The moments of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// The envelope's `timestamp`, Unix milliseconds whatever its unit was.
    pub event_ms: Option<i64>,
    /// The signed header's.
    pub header_ms: Option<i64>,
    /// The arrival.
    pub received_ms: Option<i64>,
}

impl Times {
    /// `5 s before the header, 8 s before arrival`; empty when nothing can be compared.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(event) = self.event_ms else { return String::new() };
        let beside = |other: Option<i64>, name: &'static str| {
            let apart = event.checked_sub(other?)?;
            Some(match apart {
                0 => (String::new(), "at the moment of", name),
                1.. => (age_words(apart), "after", name),
                _ => (age_words(apart), "before", name),
            })
        };
        let sentence = |(span, side, name): &(String, &'static str, &'static str)| {
            format!("{span} {side} {name}").trim_start().to_owned()
        };
        match (beside(self.header_ms, "the header"), beside(self.received_ms, "arrival")) {
            (Some(header), Some(arrival)) if (&header.0, header.1) == (&arrival.0, arrival.1) => {
                format!("{} and arrival", sentence(&header))
            }
            (header, arrival) => {
                let words = [header, arrival].into_iter().flatten().map(|beside| sentence(&beside));
                words.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The event's time as the contract writes dates.
    #[must_use]
    pub fn event_date(&self) -> Option<String> {
        Some(format!("{:.3}", Timestamp::from_millisecond(self.event_ms?).ok()?))
    }
}

/// Reads the envelope's time and compares it with the header's.
pub(super) fn envelope(
    value: Option<&MemberValue<'_>>,
    about: &SchemaContext<'_>,
    simulation: bool,
    drifts: &mut Drifts,
) -> Times {
    let place = DriftPlace::ROOT.name("timestamp");
    let received_ms = about.received_at.map(Timestamp::as_millisecond);
    let age = about.header.and_then(|header| header.age_ms);
    let header_ms = received_ms.zip(age).and_then(|(received, age)| received.checked_sub(age));
    let mut times = Times { event_ms: None, header_ms, received_ms };
    let Some(value) = value else { return times };
    let Some(number) = value.number() else {
        drifts.add(Severity::Breaks, DriftCode::OtherType, &place, "Unix milliseconds as a number", value.words());
        return times;
    };
    #[expect(clippy::cast_possible_truncation, reason = "the range of moments is checked next; the cast saturates")]
    let whole = number as i64;
    times.event_ms = match whole {
        0..FIRST_MILLISECOND => {
            drifts.add(
                Severity::Breaks,
                DriftCode::TimestampUnit,
                &place,
                "Unix milliseconds",
                format!("{}, which looks like seconds", value.words()),
            );
            Some(whole * 1000)
        }
        FIRST_MILLISECOND..FIRST_BEYOND => Some(whole),
        _ => {
            drifts.add(Severity::Breaks, DriftCode::TimestampUnit, &place, "Unix milliseconds", value.words());
            None
        }
    };
    if let Some(apart) =
        times.event_ms.zip(header_ms).map(|(event, header)| event.abs_diff(header)).filter(|apart| *apart > APART)
    {
        // A simulation sends a sample, and its time may be the sample's.
        let severity = if simulation { Severity::Note } else { Severity::Differs };
        let words = age_words(i64::try_from(apart).unwrap_or(i64::MAX));
        drifts.add(
            severity,
            DriftCode::TimestampsApart,
            &place,
            "the header's time",
            format!("a difference of {words}"),
        );
    }
    times
}

/// Compares the header's unit with the one that the webhook's kind documents.
pub(super) fn header_unit(about: &SchemaContext<'_>, drifts: &mut Drifts) {
    let Some((header, documented)) = about.header.zip(about.header_unit) else { return };
    if header.unit != documented && header.unit != TimestampUnit::Other {
        let expected = format!("{} for this kind of webhook", documented.code());
        drifts.add_at(
            Severity::Differs,
            DriftCode::HeaderUnit,
            "X-Webhook-Timestamp",
            expected,
            header.unit.code().to_owned(),
        );
    }
}

/// Compares the start, end and duration of a tracked time.
pub(super) fn span(time: &Object<'_>, place: &DriftPlace<'_>, drifts: &mut Drifts) {
    let moment = |name| time.get(name)?.text()?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    let Some((start, end)) = moment("startDate").zip(moment("endDate")) else { return };
    if end < start {
        let found = format!("{} before startDate", age_words(start - end));
        drifts.add(Severity::Differs, DriftCode::TimeOrder, &place.name("endDate"), "an end after the start", found);
        return;
    }
    let Some(duration) = time.get("durationInSeconds").and_then(MemberValue::number) else { return };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are far below 2^52")]
    let between = (end - start) as f64 / 1000.0;
    if (duration - between).abs() > 1.0 {
        let place = place.name("durationInSeconds");
        let expected = format!("endDate − startDate, {between} s");
        drifts.add(Severity::Differs, DriftCode::Duration, &place, expected, format!("{duration} s"));
    }
}
