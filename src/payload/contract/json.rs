//! The report as the command line's JSON.

use serde_json::{Map, Value, json};

use super::EventReport;

/// The maximum number of items in JSON output; `item_count` says how many there are.
const ITEM_LIMIT: usize = 100;

/// The fields `event_report` and `drift` of one delivery.
#[must_use]
pub fn report_json(report: &EventReport) -> (Value, Value) {
    let people = |people: [Option<&str>; 3]| {
        let names = ["organisation", "team", "user"];
        names.into_iter().zip(people).map(|(name, id)| (name.to_owned(), json!(id))).collect::<Map<_, _>>()
    };
    let items: Vec<Value> = report
        .items
        .iter()
        .take(ITEM_LIMIT)
        .map(|item| {
            let mut object = people(item.people.each_ref().map(Option::as_deref));
            object.insert("index".to_owned(), json!(item.index));
            object.extend(item.facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
            Value::Object(object)
        })
        .collect();
    let drift: Vec<Value> = report
        .drift
        .iter()
        .map(|drift| {
            json!({
                "severity": drift.severity.code(),
                "code": drift.code.code(),
                "path": drift.path,
                "expected": drift.expected,
                "found": drift.found,
                "more": drift.more,
            })
        })
        .collect();
    let mut object = people(report.people());
    object.insert("event".to_owned(), json!(report.event));
    object.insert("simulation".to_owned(), json!(report.simulation));
    object.insert("version".to_owned(), json!(report.version));
    object.insert("agent".to_owned(), json!(report.agent));
    object.insert("event_time".to_owned(), json!(report.times.event_date()));
    let after = |other: Option<i64>| report.times.event_ms.zip(other).map(|(event, other)| other.saturating_sub(event));
    object.insert("header_after_event_ms".to_owned(), json!(after(report.times.header_ms)));
    object.insert("arrival_after_event_ms".to_owned(), json!(after(report.times.received_ms)));
    object.insert("item_count".to_owned(), json!(report.item_count));
    object.insert("items".to_owned(), Value::Array(items));
    (Value::Object(object), Value::Array(drift))
}
