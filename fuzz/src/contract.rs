//! Any body is an event or none, and what is said of it is visible.

use jiff::Timestamp;
use whyhook::delivery::{TimestampFacts, TimestampUnit};
use whyhook::payload::contract::{ID_LIMIT, ITEM_LIMIT, SchemaContext, ids, report, report_json};

use super::assert_visible;

/// The header's timestamp, `Content-Type`, the body.
pub fn run(data: &[u8]) {
    let [raw, media, body] = super::fields(data);
    let header = TimestampFacts {
        raw: String::from_utf8_lossy(raw).into_owned(),
        unit: [TimestampUnit::Seconds, TimestampUnit::Milliseconds, TimestampUnit::Other][raw.len() % 3],
        age_ms: i64::try_from(raw.len()).ok(),
        fresh: None,
    };
    let events = ["desktop.app.activity".to_owned()];
    let known = SchemaContext {
        header: Some(&header),
        received_at: Some(Timestamp::UNIX_EPOCH),
        content_type: Some(Some(media)),
        header_unit: Some(TimestampUnit::Seconds),
        events: &events,
    };
    for about in [SchemaContext::default(), known] {
        let Some(report) = report(body, &about) else { continue };
        let texts = [&report.event, &report.version, &report.agent];
        texts.into_iter().flatten().for_each(|text| assert_visible(text));
        report.people().into_iter().flatten().for_each(assert_visible);
        assert!(report.items.len() <= ITEM_LIMIT && report.items.len() as u64 <= report.item_count);
        for drift in &report.drift {
            [&drift.path, &drift.found, &drift.expected].into_iter().for_each(|text| assert_visible(text));
        }
        assert_visible(&report.drift_words());
        let _ = report_json(&report);
    }
    let ids = ids(body);
    assert!(ids.len() <= ID_LIMIT);
    ids.iter().for_each(|id| assert_visible(&id.handle()));
}
