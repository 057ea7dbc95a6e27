//! Events as Stripe's command line prints them (`stripe listen --print-json`, `stripe events list`): objects, one after
//! another, in a list or in an array (<https://docs.stripe.com/api/events/object>). What was sent is not in them: neither
//! the headers nor the bytes that were signed.

use std::io::BufRead;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounded::Bounded;
use super::built::HeadParts;
use super::sink::{ForeignRequest, Sink};
use super::{ImportError, Importer};
use crate::delivery::Intake;

/// Why no such event can be verified.
const NOT_SENT: &str = "Stripe's command line prints the event without its headers, and not in the bytes that were signed: \
    it cannot be verified";

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    object: String,
    created: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Box<RawValue>>,
}

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let (bounded, allowance) = Bounded::new(input);
    for value in serde_json::Deserializer::from_reader(bounded).into_iter::<Box<RawValue>>() {
        let value = value.map_err(|source| ImportError::Json { number: sink.next(), source })?;
        let text = value.get();
        let list = match text.starts_with('[') {
            true => serde_json::from_str::<Vec<Box<RawValue>>>(text).ok(),
            false => serde_json::from_str::<List>(text).ok().map(|list| list.data),
        };
        match list {
            Some(events) => {
                for event in events {
                    sink.entry(request(event.get(), sink.importer))?;
                }
            }
            None => sink.entry(request(text, sink.importer))?,
        }
        allowance.renew();
    }
    Ok(())
}

fn request(text: &str, importer: &Importer<'_>) -> Result<ForeignRequest, String> {
    let event: Event = serde_json::from_str(text).map_err(|_| "it is not an event of Stripe".to_owned())?;
    if event.object != "event" && !event.object.starts_with("v2.") {
        return Err("it is not an event of Stripe".to_owned());
    }
    // Snapshot events have Unix seconds, thin events RFC 3339.
    let received_at = event.created.and_then(|created| match created {
        serde_json::Value::Number(seconds) => Timestamp::from_second(seconds.as_i64()?).ok(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let header = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let headers = vec![
        header("Host", "localhost"),
        header("Content-Type", "application/json; charset=utf-8"),
        header("Content-Length", &text.len().to_string()),
    ];
    let url = format!("http://localhost{}", path(importer));
    let head = HeadParts { method: "POST", url: &url, is_http10: false, headers, ..HeadParts::default() }.build()?;
    let intake = Intake::Rebuilt(NOT_SENT.to_owned());
    Ok(ForeignRequest { received_at, head: head.bytes, body: text.into(), intake, ..ForeignRequest::default() })
}

/// Where the events go: the first webhook that is Stripe's by its name or its path, else `/`.
fn path(importer: &Importer<'_>) -> String {
    let is_of_stripe = |text: &str| text.to_ascii_lowercase().contains("stripe");
    let webhook =
        importer.registry.webhooks().iter().find(|webhook| is_of_stripe(&webhook.name) || is_of_stripe(&webhook.path));
    webhook.map_or_else(|| "/".to_owned(), |webhook| webhook.path.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::ImportSource;
    use super::super::tests::read_noting;

    #[test]
    fn events_lists_and_arrays_are_read() {
        let event =
            json!({"id": "evt_1", "object": "event", "created": 1746100800, "type": "plan.created", "data": {}});
        let thin =
            json!({"id": "evt_2", "object": "v2.core.event", "created": "2025-05-01T12:00:00.000Z", "type": "v2.x"});
        let list = json!({"object": "list", "data": [event, thin], "has_more": false, "url": "/v1/events"});
        let pretty = format!("{event:#}\n{event}\n");
        for (text, count) in
            [(event.to_string(), 1), (list.to_string(), 2), (json!([event, thin]).to_string(), 2), (pretty, 2)]
        {
            assert_eq!(ImportSource::detect(text.as_bytes()), Some(ImportSource::Stripe), "{text}");
            let (all, findings) = read_noting(ImportSource::Stripe, &text).unwrap();
            assert_eq!((all.len(), findings.remarks.count()), (count, count as u64), "{findings:?}");
            let captured = &all[0].captured;
            assert_eq!(captured.received_at.to_string(), "2025-05-01T12:00:00Z");
            assert!(captured.intake.reason().contains("cannot be verified"));
        }
        let (all, findings) = read_noting(ImportSource::Stripe, json!([{"object": "charge"}, 5]).to_string()).unwrap();
        assert_eq!((all.len(), findings.passed_over.count()), (0, 2));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}\\[\\]\":,a-z0-9]{0,40}") {
            let _ = read_noting(ImportSource::Stripe, &text);
        }
    }
}
