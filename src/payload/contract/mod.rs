//! An event read by Trackpilots' documentation: what it says, and where it drifts from the pages.
//!
//! | part | what it does |
//! |---|---|
//! | `fields` | what the pages document, as data |
//! | `object` | members in their order, from tokens |
//! | `compare` | a value beside what is documented of it |
//! | `times` | the event's times, the header's, the arrival |
//! | `item` | one item in the pages' terms |
//! | `ids` | the ids by which things are known again |
//!
//! ```
//! use whyhook::payload::contract::{SchemaContext, report};
//!
//! let body = br#"{"event":"desktop.activity_tracking.captured","version":"v2","agent":"desktop-agent",
//!     "timestamp":1746123456789,"data":{"organisation":{},"team":{},"user":{},"activity":{"workMode":true}}}"#;
//! let report = report(body, &SchemaContext::default()).unwrap();
//! assert_eq!(report.items[0].fact("mode"), Some("Work Mode, tracking active"));
//! assert!(report.drift.iter().any(|drift| drift.path == "version" && drift.found == "“v2”"));
//! ```

mod compare;
mod drift;
mod fields;
mod ids;
mod item;
mod json;
mod object;
#[cfg(test)]
mod tests;
mod times;

pub use drift::{Drift, DriftCode, Severity};
pub use ids::{ID_LIMIT, Id, IdKind, handle, ids};
pub use item::EventItem;
pub use json::report_json;
pub use times::Times;

use jiff::Timestamp;

use self::compare::SchemaComparison;
use self::drift::{DriftPlace, Drifts};
use self::fields::DocumentedEvent;
use self::object::{MemberValue, Object};
use crate::delivery::{TimestampFacts, TimestampUnit};
use crate::http::MediaType;
use crate::text::counted;

/// Items compared with the contract and read for the summary; the rest are counted.
pub const ITEM_LIMIT: usize = 1000;

/// What is known of a delivery beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub struct SchemaContext<'a> {
    /// The signed header's timestamp.
    pub header: Option<&'a TimestampFacts>,
    /// When the delivery arrived.
    pub received_at: Option<Timestamp>,
    /// The `Content-Type` as sent; the inner `None` when there is none, the outer when that does not
    /// matter.
    pub content_type: Option<Option<&'a [u8]>>,
    /// The unit that the webhook's kind documents for the header.
    pub header_unit: Option<TimestampUnit>,
    /// The events that the webhook subscribes to; empty for all.
    pub events: &'a [String],
}

/// An event in the terms of the documentation. All text is visible already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventReport {
    /// The event's full name.
    pub event: Option<String>,
    /// Whether it says `"simulation": true`.
    pub simulation: bool,
    /// The contract's version.
    pub version: Option<String>,
    /// The sender.
    pub agent: Option<String>,
    /// The moments.
    pub times: Times,
    /// The first [`ITEM_LIMIT`] items.
    pub items: Vec<EventItem>,
    /// How many items there are.
    pub item_count: u64,
    /// Where it differs from the pages, the worst first.
    pub drift: Vec<Drift>,
    /// Kinds of drift beyond those in `drift`.
    pub more_drift: u64,
    /// The ids in it.
    pub ids: Vec<Id>,
}

impl EventReport {
    /// Organisation, team and user, where all items that were read agree.
    #[must_use]
    pub fn people(&self) -> [Option<&str>; 3] {
        std::array::from_fn(|which| {
            let first = self.items.first()?.people[which].as_deref()?;
            self.items.iter().all(|item| item.people[which].as_deref() == Some(first)).then_some(first)
        })
    }

    /// How much drift there is of each severity, as `2 errors, 1 warning`; empty for none.
    #[must_use]
    pub fn drift_words(&self) -> String {
        [Severity::Breaks, Severity::Differs, Severity::Note]
            .into_iter()
            .map(|severity| (severity, self.drift.iter().filter(|drift| drift.severity == severity).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| counted(count as u64, severity.word()))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Reads `body` by the contract. `None` when it is not an object, or has fewer than two of the envelope's
/// fields: then it is something else, and a list of missing fields would be useless.
///
/// Any bytes may be fed to it; of what breaks off, the part before is read.
#[must_use]
pub fn report(body: &[u8], about: &SchemaContext<'_>) -> Option<EventReport> {
    let envelope = MemberValue::root(body).object()?;
    if fields::ENVELOPE.iter().filter(|name| envelope.get(name).is_some()).count() < 2 {
        return None;
    }
    let mut drifts = Drifts::default();
    let text = |name: &str| envelope.get(name).and_then(MemberValue::text);
    let simulation = envelope.get(fields::SIMULATION).and_then(MemberValue::boolean) == Some(true);
    let name = text("event").unwrap_or_default();
    let event = fields::EVENTS.iter().find(|event| event.name == name);
    request(about, &name, &mut drifts);
    members(&envelope, event, simulation, &mut drifts);
    let times = times::envelope(envelope.get("timestamp"), about, simulation, &mut drifts);
    let mut report = EventReport {
        event: envelope.shown("event"),
        simulation,
        version: envelope.shown("version"),
        agent: envelope.shown("agent"),
        times,
        ids: envelope.get("data").map(ids::ids_of).unwrap_or_default(),
        ..EventReport::default()
    };
    if let Some(data) = envelope.get("data") {
        read_data(data, event, &name, &mut report, &mut drifts);
    }
    report.drift = drifts.list;
    report.drift.sort_by_key(|drift| drift.severity);
    report.more_drift = drifts.dropped;
    Some(report)
}

/// What the request itself says of the event.
fn request(about: &SchemaContext<'_>, event: &str, drifts: &mut Drifts) {
    if let Some(declared) = about.content_type
        && !declared.is_some_and(|value| MediaType::new(value).is("application/json"))
    {
        let words = |value| object::shortened(&String::from_utf8_lossy(value));
        let found = declared.map_or("no Content-Type".to_owned(), words);
        // A receiver that parses by type, as Express does, gets an empty body.
        let expected = "application/json".to_owned();
        drifts.add_at(Severity::Breaks, DriftCode::ContentType, "Content-Type", expected, found);
    }
    times::header_unit(about, drifts);
    if !about.events.is_empty() && !event.is_empty() && !about.events.iter().any(|name| name == event) {
        let expected = "an event that the webhook subscribes to";
        let found = format!("“{}”", object::shortened(event));
        drifts.add(Severity::Differs, DriftCode::NotSubscribed, &DriftPlace::ROOT.name("event"), expected, found);
    }
}

/// The envelope's own fields, except for `timestamp` and what is in `data`.
fn members(envelope: &Object<'_>, event: Option<&DocumentedEvent>, simulation: bool, drifts: &mut Drifts) {
    let root = DriftPlace::ROOT;
    let is_missing = |name: &&str| envelope.is_whole && envelope.get(name).is_none();
    for name in fields::ENVELOPE.into_iter().filter(is_missing) {
        let expected = match name {
            "event" | "version" | "agent" => "a string",
            "timestamp" => "Unix milliseconds as a number",
            _ => "an object or an array",
        };
        drifts.add(Severity::Breaks, DriftCode::MissingField, &root.name(name), expected, "no such field");
    }
    for (name, documented, severity, code) in [
        ("event", None, Severity::Breaks, DriftCode::UnknownEvent),
        ("version", Some(fields::VERSION), Severity::Differs, DriftCode::UnknownVersion),
        ("agent", Some(fields::AGENT), Severity::Differs, DriftCode::UnknownAgent),
    ] {
        let Some(value) = envelope.get(name) else { continue };
        let place = root.name(name);
        if !value.is_text() {
            drifts.add(Severity::Breaks, DriftCode::OtherType, &place, "a string", value.words());
        } else if documented.map_or(event.is_none(), |documented| value.text().as_deref() != Some(documented)) {
            let expected = documented.map_or("one of three events".to_owned(), |documented| format!("“{documented}”"));
            drifts.add(severity, code, &place, expected, value.words());
        }
    }
    if let Some(value) = envelope.get(fields::SIMULATION).filter(|_| !simulation) {
        let severity = if value.boolean().is_some() { Severity::Differs } else { Severity::Breaks };
        let place = root.name(fields::SIMULATION);
        drifts.add(
            severity,
            DriftCode::SimulationValue,
            &place,
            "true (live events have no such field)",
            value.words(),
        );
    }
    let mut comparison = SchemaComparison { drifts, simulation };
    comparison.duplicates(envelope, &root);
    let is_known = |key: &[u8]| {
        let mut known = fields::ENVELOPE.iter().chain([&fields::SIMULATION]);
        known.any(|name| crate::payload::json::scan::means(key, name))
    };
    for member in envelope.members.iter().filter(|member| !is_known(member.key)) {
        let found = member.value.words();
        drifts.add(Severity::Differs, DriftCode::UnknownField, &root.key(member.key), "no such field", found);
    }
}

fn read_data(
    data: &MemberValue<'_>,
    event: Option<&DocumentedEvent>,
    name: &str,
    report: &mut EventReport,
    drifts: &mut Drifts,
) {
    let place = DriftPlace::ROOT.name("data");
    let (is_object, items) = (data.object().is_some(), data.items());
    match (event, items.is_some()) {
        (Some(DocumentedEvent { is_list: true, .. }), false) => {
            drifts.add(Severity::Breaks, DriftCode::DataShape, &place, "an array of items", data.words());
        }
        (Some(DocumentedEvent { is_list: false, .. }), true) => {
            drifts.add(Severity::Breaks, DriftCode::DataShape, &place, "an object", "an array");
        }
        (None, false) if !is_object => {
            drifts.add(Severity::Breaks, DriftCode::OtherType, &place, "an object or an array", data.words());
        }
        _ => {}
    }
    let simulation = report.simulation;
    let mut read = |value: &MemberValue<'_>, index: Option<u64>, place: &DriftPlace<'_>| {
        SchemaComparison { drifts, simulation }.item(value, event, place);
        if let Some(time) = value.object().and_then(|item| item.object("tracking")?.object("time")) {
            times::span(&time, &place.name("tracking").name("time"), drifts);
        }
        report.items.push(EventItem::read(value, index, name));
    };
    if is_object {
        read(data, None, &place);
        report.item_count = 1;
    }
    let Some(mut items) = items else { return };
    for (index, item) in (0..).zip(items.by_ref().take(ITEM_LIMIT)) {
        read(&item, Some(index), &place.index(index));
    }
    let read = report.items.len() as u64;
    let rest = items.count() as u64;
    report.item_count = read + rest;
    if report.item_count == 0 {
        drifts.add(Severity::Differs, DriftCode::EmptyData, &place, "one or more items", "an empty array");
    }
    if rest > 0 {
        let found = format!(
            "{} (only the first {} were compared)",
            crate::text::grouped(read + rest),
            crate::text::grouped(read)
        );
        drifts.add(Severity::Note, DriftCode::NotCompared, &place, "one or more items", found);
    }
}
