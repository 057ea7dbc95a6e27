use proptest::prelude::*;
use rstest::rstest;

use super::*;

const ACTIVITY: &str = include_str!("../../../assets/samples/activity.json");
const APP: &str = include_str!("../../../assets/samples/app.json");
const LIVE: &str = include_str!("../../../assets/samples/screenshot-live.json");
const SIMULATED: &str = include_str!("../../../assets/samples/screenshot-simulation.json");

/// A report of a body alone.
fn of(body: &str) -> EventReport {
    report(body.as_bytes(), &SchemaContext::default()).unwrap()
}

/// A sample with one piece of it replaced.
fn changed(sample: &str, from: &str, to: &str) -> String {
    assert!(sample.contains(from), "{from}");
    sample.replacen(from, to, 1)
}

fn lines(report: &EventReport) -> Vec<String> {
    report.drift.iter().map(|drift| format!("{} {} {drift}", drift.severity.word(), drift.code.code())).collect()
}

#[test]
fn of_a_body_that_breaks_off_nothing_is_missing() {
    for end in 0..LIVE.len() {
        let Some(report) = report(&LIVE.as_bytes()[..end], &SchemaContext::default()) else { continue };
        let missing = report.drift.iter().find(|drift| drift.code == DriftCode::MissingField);
        // Behind the last brace there is white space alone.
        let is_whole = LIVE[..end].trim_end() == LIVE.trim_end();
        assert!(is_whole || missing.is_none(), "{end}: {missing:?}");
    }
    assert!(of(r#"{"event":"x","version":"v1"}"#).drift.iter().any(|drift| drift.code == DriftCode::MissingField));
}

#[rstest]
#[case(ACTIVITY)]
#[case(APP)]
#[case(LIVE)]
#[case(SIMULATED)]
fn the_documented_examples_have_no_drift(#[case] sample: &str) {
    let moment = of(sample).times.event_ms.unwrap();
    let received_at = Timestamp::from_millisecond(moment + 3000).unwrap();
    let header = TimestampFacts {
        raw: (moment / 1000 + 1).to_string(),
        unit: TimestampUnit::Seconds,
        age_ms: Some(2000),
        fresh: Some(true),
    };
    let about = SchemaContext {
        header: Some(&header),
        received_at: Some(received_at),
        content_type: Some(Some(b"Application/JSON; charset=utf-8")),
        header_unit: Some(TimestampUnit::Seconds),
        events: &fields::EVENTS.map(|event| event.name.to_owned()),
    };
    let report = report(sample.as_bytes(), &about).unwrap();
    assert_eq!(lines(&report), Vec::<String>::new());
    assert_eq!(report.times.words(), "1 s before the header, 3 s before arrival");
    assert_eq!((report.item_count, report.items.len()), (1, 1));
}

#[test]
fn the_summary_is_in_the_pages_terms() {
    let report = of(LIVE);
    assert_eq!(report.event.as_deref(), Some("desktop.screenshot_tracking.captured"));
    assert_eq!((report.simulation, report.version.as_deref()), (false, Some("v1")));
    assert_eq!(report.times.event_date().as_deref(), Some("2026-01-28T09:04:26.292Z"));
    assert_eq!(report.people(), [Some("3c90c3cc-0d44-4b50-8888-8dd25736052a"); 3]);
    assert_eq!(
        report.items[0].words(),
        "Brave Browser (application) · dev.trackpilots.com · productive · idle · captured \
         2026-01-28T09:05:00.308Z · hybrid · windows · 50 of 44,869 bytes, JPEG, Node's print-out of a Buffer · \
         b774c86b…"
    );
    assert_eq!(
        of(APP).items[0].words(),
        "Google Chrome (website) · google.com · neutral · 20 s · online · macos · from 2026-05-04T09:10:00.000Z · \
         to 2026-05-04T09:10:20.000Z · e2fbd487…"
    );
    assert_eq!(of(ACTIVITY).items[0].words(), "Work Mode, tracking active");
    let privacy = of(&changed(ACTIVITY, "\"workMode\": true", "\"workMode\": false"));
    assert_eq!(privacy.items[0].words(), "Privacy Mode, tracking paused");
    assert_eq!(of(SIMULATED).items[0].fact("image"), Some("simulation: no image sent"));
}

#[rstest]
#[case(
    APP,
    "\"trackingMode\": \"online\",",
    "",
    "error missing_field data[0].tracking.trackingMode: expected a string; the field is missing"
)]
#[case(ACTIVITY, "\"version\": \"v1\",", "", "error missing_field version: expected a string; the field is missing")]
#[case(
    APP,
    "\"durationInSeconds\": 20",
    "\"durationInSeconds\": \"20\"",
    "error other_type data[0].tracking.time.durationInSeconds: expected a number, found “20”"
)]
#[case(
    LIVE,
    "\"isIdle\": true",
    "\"isIdle\": 1",
    "error other_type data[0].screenshot.isIdle: expected true or false, found the number 1"
)]
#[case(
    APP,
    "\"domain\": \"google.com\"",
    "\"domain\": null",
    "error other_type data[0].tracking.app.domain: expected a string, found null"
)]
#[case(
    APP,
    "\"macos\"",
    "\"macos\", \"cpu\": \"m1\"",
    "warning unknown_field data[0].tracking.cpu: undocumented field, found “m1”"
)]
#[case(
    APP,
    "\"simulation\": true,",
    "\"simulation\": true, \"id\": 7,",
    "warning unknown_field id: undocumented field, found the number 7"
)]
#[case(
    APP,
    "app_tracking",
    "new_tracking",
    "error unknown_event event: expected one of three events, found “desktop.new_tracking.captured”"
)]
#[case(APP, "\"v1\"", "\"v2\"", "warning unknown_version version: expected “v1”, found “v2”")]
#[case(APP, "\"v1\"", "1", "error other_type version: expected a string, found the number 1")]
#[case(APP, "desktop-agent", "phone", "warning unknown_agent agent: expected “desktop-agent”, found “phone”")]
#[case(
    APP,
    "\"simulation\": true",
    "\"simulation\": false",
    "warning simulation_value simulation: expected true (live events have no such field), found false"
)]
#[case(
    APP,
    "\"simulation\": true",
    "\"simulation\": \"true\"",
    "error simulation_value simulation: expected true (live events have no such field), found “true”"
)]
#[case(
    APP,
    "1746123456789",
    "1746123456",
    "error timestamp_unit timestamp: expected Unix milliseconds, found the number 1746123456, which looks like seconds"
)]
#[case(
    APP,
    "1746123456789",
    "1746123456789000",
    "error timestamp_unit timestamp: expected Unix milliseconds, found the number 1746123456789000"
)]
#[case(
    APP,
    "1746123456789",
    "\"1746123456789\"",
    "error other_type timestamp: expected Unix milliseconds as a number, found “1746123456789”"
)]
#[case(
    APP,
    "09:10:20.000Z",
    "09:09:20.000Z",
    "warning time_order data[0].tracking.time.endDate: expected an end after the start, found 40 s before startDate"
)]
#[case(
    APP,
    "\"durationInSeconds\": 20",
    "\"durationInSeconds\": 22",
    "warning duration data[0].tracking.time.durationInSeconds: expected endDate − startDate, 20 s, found 22 s"
)]
#[case(
    APP,
    "e2fbd487-1ede-43e9-bd62-188da02d489f",
    "17",
    "warning no_uuid data[0].tracking.trackingId: expected a UUID, found “17”"
)]
#[case(
    LIVE,
    "2026-01-28T09:05:00.308Z",
    "yesterday",
    "error no_date data[0].screenshot.time.capturedAt: expected a date such as 2026-01-28T09:05:00.308Z, found “yesterday”"
)]
#[case(
    LIVE,
    "2026-01-28T09:05:00.308Z",
    "2026-01-28T09:05:00+01:00",
    "note date_format data[0].screenshot.time.capturedAt: expected a date such as 2026-01-28T09:05:00.308Z, found “2026-01-28T09:05:00+01:00”"
)]
#[case(
    LIVE,
    "\"windows\"",
    "\"linux\"",
    "note unseen_value data[0].screenshot.operatingSystem: expected macos or windows, found “linux”"
)]
#[case(
    LIVE,
    "\"isIdle\": true",
    "\"isIdle\": true, \"isIdle\": false",
    "error duplicate_key data[0].screenshot.isIdle: expected one value, found true, then false"
)]
#[case(
    LIVE,
    "\"isIdle\": true",
    "\"isIdle\": true, \"isIdle\": true",
    "note duplicate_key data[0].screenshot.isIdle: expected one value, found the same value twice: true"
)]
fn each_kind_of_drift_is_pointed_out(
    #[case] sample: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] expected: &str,
) {
    assert_eq!(lines(&of(&changed(sample, from, to))), [expected]);
}

#[test]
fn data_of_another_shape_is_pointed_out() {
    let object = APP.replacen("\"data\": [", "\"data\":", 1).replacen("]\n}", "}", 1);
    let report = of(&object);
    assert_eq!(lines(&report), ["error data_shape data: expected an array of items, found an object"]);
    assert_eq!(report.items[0].fact("duration"), Some("20 s"));

    let array = ACTIVITY.replacen("\"data\": {", "\"data\": [{", 1).replacen("}\n}", "}]}", 1);
    let report = of(&array);
    assert_eq!(lines(&report), ["error data_shape data: expected an object, found an array"]);
    assert_eq!(report.items[0].fact("mode"), Some("Work Mode, tracking active"));

    let envelope = |data: &str| {
        format!(
            "{{\"event\":\"{}\",\"version\":\"v1\",\"agent\":\"desktop-agent\",\"timestamp\":1746123456789,\"data\":{data}}}",
            fields::SCREENSHOT
        )
    };
    assert_eq!(
        lines(&of(&envelope("[]"))),
        ["warning empty_data data: expected one or more items, found an empty array"]
    );
    assert_eq!(lines(&of(&envelope("null"))), ["error data_shape data: expected an array of items, found null"]);
    assert_eq!(lines(&of(&envelope("[7]"))), ["error other_type data[0]: expected an object, found the number 7"]);
}

#[test]
fn images_are_of_a_documented_form_for_their_kind_of_event() {
    const PRINT: &str = "\"<Buffer ff d8 ff db 00 43 00 03 02 02 03 02 02 03 03 03 03 04 03 03 04 05 08 05 05 04 04 05 0a 07 07 06 08 0c 0a 0c 0c 0b 0a 0b 0b 0d 0e 12 10 0d 0e 11 0e 0b ... 44819 more bytes>\"";
    const PLACEHOLDER: &str = "\"[simulation-placeholder: binary image buffer not included]\"";
    let image = |sample: &str, from: &str, to: &str| lines(&of(&changed(sample, from, to)));
    let code = |lines: Vec<String>| {
        lines.iter().map(|line| line.split(" data").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(code(image(LIVE, PRINT, PLACEHOLDER)), ["error placeholder_live"]);
    assert_eq!(code(image(SIMULATED, PLACEHOLDER, "\"/9j/2wBDAAMCAgMCAgMD\"")), ["warning image_in_simulation"]);
    for fine in ["\"/9j/2wBDAAMCAgMCAgMD\"", "[\"/9j/2wBDAAMCAgMCAgMD\",\"/9j/2wBDAAMCAgMCAgMD\"]"] {
        assert_eq!(image(LIVE, PRINT, fine), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(code(image(LIVE, PRINT, "{\"type\":\"Buffer\",\"data\":[255,216,255]}")), ["note image_form"]);
    assert_eq!(code(image(LIVE, PRINT, "{}")), ["error image_form"]);
    assert_eq!(code(image(LIVE, PRINT, "7")), ["error other_type"]);
}

#[test]
fn the_request_is_compared_too() {
    let events = [fields::ACTIVITY.to_owned()];
    let header = TimestampFacts {
        raw: "1746123456789".to_owned(),
        unit: TimestampUnit::Milliseconds,
        age_ms: Some(0),
        fresh: Some(true),
    };
    let about = SchemaContext {
        header: Some(&header),
        received_at: Some(Timestamp::from_millisecond(1_769_591_066_292 + 301_000).unwrap()),
        content_type: Some(Some(b"text/plain")),
        header_unit: Some(TimestampUnit::Seconds),
        events: &events,
    };
    let live = report(LIVE.as_bytes(), &about).unwrap();
    assert_eq!(
        lines(&live),
        [
            "error content_type Content-Type: expected application/json, found text/plain",
            "warning header_unit X-Webhook-Timestamp: expected seconds for this kind of webhook, found milliseconds",
            "warning not_subscribed event: expected an event that the webhook subscribes to, found \
             “desktop.screenshot_tracking.captured”",
            "warning timestamps_apart timestamp: expected the header's time, found a difference of 5 min 1 s",
        ]
    );
    assert_eq!(live.drift_words(), "1 error, 3 warnings");
    let none = SchemaContext { content_type: Some(None), ..SchemaContext::default() };
    assert_eq!(report(ACTIVITY.as_bytes(), &none).unwrap().drift[0].found, "no Content-Type");
}

#[test]
fn many_items_are_bounded_and_the_same_drift_is_one() {
    let item =
        APP.split_once("\"data\": [").unwrap().1.rsplit_once(']').unwrap().0.replace("\"macos\"", "\"macos\",\"x\":1");
    let body = format!(
        "{{\"event\":\"{}\",\"version\":\"v1\",\"agent\":\"desktop-agent\",\"timestamp\":1746123456789,\"data\":[{}]}}",
        fields::APP_TRACKING,
        vec![item; 20_000].join(",")
    );
    let report = of(&body);
    assert_eq!((report.items.len(), report.item_count), (ITEM_LIMIT, 20_000));
    assert_eq!(report.drift.len(), 2);
    assert_eq!((&*report.drift[0].path, report.drift[0].more), ("data[0].tracking.x", 999));
    assert_eq!(report.drift[1].found, "20,000 (only the first 1,000 were compared)");
}

#[test]
fn hostile_keys_are_bounded() {
    let keys: Vec<String> = (0..90)
        .map(|item| format!("{{{}}}", (0..90).map(|key| format!("\"k{item}_{key}\":1")).collect::<Vec<_>>().join(",")))
        .collect();
    let body = format!("{{\"event\":\"{}\",\"data\":[{}]}}", fields::APP_TRACKING, keys.join(","));
    let report = of(&body);
    assert!(report.drift.len() <= 110 && report.more_drift > 1_000, "{} {}", report.drift.len(), report.more_drift);
}

#[test]
fn what_is_no_event_has_no_report() {
    for body in
        ["", "[]", "null", "{}", "{\"event\":\"x\"}", "{\"type\":\"invoice.paid\",\"data\":{}}", "event=1&data=2"]
    {
        assert_eq!(report(body.as_bytes(), &SchemaContext::default()), None, "{body}");
    }
}

#[test]
fn ids_are_found_once_each() {
    let found = ids(LIVE.as_bytes());
    let words: Vec<_> = found.iter().map(|id| (id.kind.word(), id.handle())).collect();
    let same = "3c90c3cc…".to_owned();
    assert_eq!(
        words,
        [
            ("organisation", same.clone()),
            ("team", same.clone()),
            ("user", same),
            ("screenshot", "b774c86b…".to_owned())
        ]
    );
    assert_eq!(ids(APP.as_bytes())[3].kind, IdKind::Tracking);
    let long = changed(LIVE, "b774c86b-26e3-415f-b6d0-20a0a01b597c", &"x".repeat(100));
    assert_eq!(ids(long.as_bytes()).len(), 3);
}

#[test]
fn a_narrow_place_keeps_the_app_and_the_image() {
    let report = report(LIVE.as_bytes(), &SchemaContext::default()).unwrap();
    let (item, date) = (&report.items[0], report.times.event_date());
    let whole = item.short_words(date.as_deref(), 1000);
    let (app, image) = (item.fact("app").unwrap(), item.fact("image").unwrap());
    assert!(whole.starts_with(app) && whole.ends_with(image), "{whole}");
    for columns in 0..whole.len() {
        let words = item.short_words(date.as_deref(), columns);
        assert!(words.starts_with(app) && words.ends_with(image), "{columns}: {words}");
        let least = app.chars().count() + image.chars().count() + " · not idle · ".len();
        assert!(words.chars().count() <= columns.max(least), "{columns}: {words}");
    }
}

proptest! {
    /// Garbage is no event; an event is known by its name, and its items are counted, whatever they are.
    #[test]
    fn any_bytes_are_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        event in proptest::sample::select(fields::EVENTS.map(|event| event.name).to_vec()),
        items in proptest::collection::vec(
            prop_oneof![
                "[0-9]{1,3}|null|true|\\[\\]|\\{\\}",
                ("[a-z_]{1,9}|organization|user|tracking", "1|\"[a-z0-9-]{0,9}\"|\\{\"_id\":\"[a-z0-9]{1,9}\"\\}")
                    .prop_map(|(key, value)| format!("{{\"{key}\":{value}}}")),
            ],
            0..5,
        ),
    ) {
        prop_assert_eq!(report(&bytes, &SchemaContext::default()), None);
        prop_assert_eq!(ids(&bytes), []);
        let body = format!("{{\"event\":\"{}\",\"data\":[{}]}}", event, items.join(","));
        let found = of(&body);
        prop_assert_eq!((found.event.as_deref(), found.item_count), (Some(event), items.len() as u64), "{}", body);
        prop_assert_eq!(found.items.len(), items.len());
        prop_assert!(!found.drift.is_empty(), "such an event is documented nowhere: {body}");
        prop_assert_eq!(found.ids, ids(body.as_bytes()));
    }

    #[test]
    fn any_damage_to_an_event_is_read_and_shown(at in 0_usize..1200, bytes in "\\PC{0,8}|[\\x00-\\xff\u{202e}]{0,8}", cut in 0_usize..40) {
        let mut body = LIVE.as_bytes().to_vec();
        let at = at.min(body.len());
        body.splice(at..(at + cut).min(body.len()), bytes.into_bytes());
        if let Some(report) = report(&body, &SchemaContext::default()) {
            let (object, drift) = report_json(&report);
            prop_assert!(object.is_object() && drift.is_array());
            let shown = report.drift.iter().map(ToString::to_string).chain(report.items.iter().map(EventItem::words));
            for line in shown.chain(report.event) {
                prop_assert!(!line.chars().any(crate::text::is_hidden), "{line:?}");
            }
        }
    }
}
