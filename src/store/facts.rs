//! A delivery's facts as the JSON in its log record, from which a lost index row is made again.
//!
//! The names are those of the columns of `deliveries`; what is absent is `NULL` there.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::{Captured, EventFacts, ImageFacts, Intake, Judgement, TimestampFacts, TimestampUnit, Verdict};
use crate::http::WireFraming;

#[derive(Serialize, Deserialize)]
struct Facts<'a> {
    received_us: i64,
    #[serde(borrow)]
    remote: Cow<'a, str>,
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    webhook: Option<Cow<'a, str>>,
    intake: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    intake_reason: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    simulation: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<u64>,
    verdict: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<Stamp<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<ImageForm<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Stamp<'a> {
    #[serde(borrow)]
    raw: Cow<'a, str>,
    unit: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fresh: Option<bool>,
}

/// [`ImageFacts`] as JSON, in the log and in the `image` column.
#[derive(Serialize, Deserialize)]
pub(super) struct ImageForm<'a> {
    #[serde(borrow)]
    form: Cow<'a, str>,
    bytes: u64,
    total: Option<u64>,
    format: Option<Cow<'a, str>>,
    width: Option<u32>,
    height: Option<u32>,
}

impl<'a> From<&'a ImageFacts> for ImageForm<'a> {
    fn from(image: &'a ImageFacts) -> Self {
        let ImageFacts { form, bytes, total, format, width, height } = image;
        Self {
            form: form.into(),
            bytes: *bytes,
            total: *total,
            format: format.as_ref().map(Cow::from),
            width: *width,
            height: *height,
        }
    }
}

impl From<ImageForm<'_>> for ImageFacts {
    fn from(image: ImageForm<'_>) -> Self {
        let ImageForm { form, bytes, total, format, width, height } = image;
        Self { form: form.into_owned(), bytes, total, format: format.map(Cow::into_owned), width, height }
    }
}

/// Appends the facts of `captured` to `out`.
pub(super) fn write(captured: &Captured, out: &mut Vec<u8>) {
    let Captured { event, judgement, .. } = captured;
    fn text(text: Option<&String>) -> Option<Cow<'_, str>> {
        text.map(Cow::from)
    }
    let facts = Facts {
        received_us: captured.received_at.as_microsecond(),
        remote: (&captured.remote).into(),
        method: (&captured.method).into(),
        path: (&captured.path).into(),
        webhook: text(captured.webhook.as_ref()),
        intake: captured.intake.name().into(),
        intake_reason: captured.intake.reason().into(),
        event: text(event.event.as_ref()),
        version: text(event.version.as_ref()),
        agent: text(event.agent.as_ref()),
        simulation: event.simulation,
        event_ms: event.timestamp_ms,
        items: event.items,
        verdict: judgement.verdict.code().into(),
        secret: text(judgement.secret.as_ref()),
        timestamp: judgement.timestamp.as_ref().map(|timestamp| Stamp {
            raw: (&timestamp.raw).into(),
            unit: timestamp.unit.code().into(),
            age_ms: timestamp.age_ms,
            fresh: timestamp.fresh,
        }),
        note: text(judgement.note.as_ref()),
        image: captured.image.as_ref().map(ImageForm::from),
    };
    // Writing to memory cannot fail, nor do these types refuse to be written.
    let _ = serde_json::to_writer(out, &facts);
}

/// The delivery that `json` describes, its head and body empty; `None` when it is not of this form.
pub(super) fn read(json: &[u8]) -> Option<Captured> {
    let facts: Facts<'_> = serde_json::from_slice(json).ok()?;
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    Some(Captured {
        received_at: Timestamp::from_microsecond(facts.received_us).ok()?,
        remote: facts.remote.into_owned(),
        method: facts.method.into_owned(),
        path: facts.path.into_owned(),
        webhook: owned(facts.webhook),
        intake: Intake::from_parts(&facts.intake, &facts.intake_reason)?,
        event: EventFacts {
            event: owned(facts.event),
            version: owned(facts.version),
            agent: owned(facts.agent),
            simulation: facts.simulation,
            timestamp_ms: facts.event_ms,
            items: facts.items,
        },
        judgement: Judgement {
            verdict: Verdict::from_code(&facts.verdict)?,
            secret: owned(facts.secret),
            timestamp: facts.timestamp.map(|stamp| TimestampFacts {
                raw: stamp.raw.into_owned(),
                unit: TimestampUnit::from_code(&stamp.unit).unwrap_or(TimestampUnit::Other),
                age_ms: stamp.age_ms,
                fresh: stamp.fresh,
            }),
            note: owned(facts.note),
        },
        image: facts.image.map(ImageFacts::from),
        head: crate::http::Head::default(),
        body: Bytes::new(),
        framing: WireFraming::NONE,
    })
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Text of any kind, with what JSON escapes.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["\\PC{0,9}", "[\\x00-\\xff\"\\\\]{0,9}"]
    }

    fn intake() -> impl Strategy<Value = Intake> {
        prop_oneof![
            Just(Intake::Complete),
            text().prop_map(Intake::Truncated),
            text().prop_map(Intake::TooLarge),
            text().prop_map(Intake::Incomplete),
            text().prop_map(Intake::Malformed),
            text().prop_map(Intake::Rebuilt),
        ]
    }

    fn event() -> impl Strategy<Value = EventFacts> {
        let some = || option::of(text());
        (some(), some(), some(), any::<Option<bool>>(), any::<Option<i64>>(), any::<Option<u64>>()).prop_map(
            |(event, version, agent, simulation, timestamp_ms, items)| EventFacts {
                event,
                version,
                agent,
                simulation,
                timestamp_ms,
                items,
            },
        )
    }

    fn judgement() -> impl Strategy<Value = Judgement> {
        let unit = select(vec![TimestampUnit::Seconds, TimestampUnit::Milliseconds, TimestampUnit::Other]);
        let timestamp = (text(), unit, any::<Option<i64>>(), any::<Option<bool>>())
            .prop_map(|(raw, unit, age_ms, fresh)| TimestampFacts { raw, unit, age_ms, fresh });
        (select(Verdict::ALL.to_vec()), option::of(text()), option::of(timestamp), option::of(text()))
            .prop_map(|(verdict, secret, timestamp, note)| Judgement { verdict, secret, timestamp, note })
    }

    fn image() -> impl Strategy<Value = ImageFacts> {
        let size = any::<Option<u32>>;
        (text(), any::<u64>(), any::<Option<u64>>(), option::of(text()), size(), size()).prop_map(
            |(form, bytes, total, format, width, height)| ImageFacts { form, bytes, total, format, width, height },
        )
    }

    fn captured() -> impl Strategy<Value = Captured> {
        // Any time from the year 0 to the year 9999, in microseconds.
        let received = -62_000_000_000_000_000..253_000_000_000_000_000_i64;
        let request = (received, text(), text(), text(), option::of(text()));
        (request, intake(), event(), judgement(), option::of(image())).prop_map(
            |((received, remote, method, path, webhook), intake, event, judgement, image)| Captured {
                received_at: Timestamp::from_microsecond(received).unwrap(),
                remote,
                method,
                path,
                webhook,
                intake,
                event,
                judgement,
                image,
                head: crate::http::Head::default(),
                body: Bytes::new(),
                framing: WireFraming::NONE,
            },
        )
    }

    proptest! {
        #[test]
        fn facts_come_back_whole_or_not_at_all(captured in captured(), cut: proptest::sample::Index) {
            let mut json = Vec::new();
            write(&captured, &mut json);
            prop_assert_eq!(read(&json[..cut.index(json.len())]), None);
            prop_assert_eq!(read(&json), Some(captured));
        }

        #[test]
        fn any_bytes_are_refused(bytes: Vec<u8>) {
            prop_assert_eq!(read(&bytes), None);
        }
    }
}
