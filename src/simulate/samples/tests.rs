//! The samples as they are sent, and what a receiver of the sender's would say of them.

use super::*;
use crate::signature::catalogue;

fn circumstances() -> Circumstances {
    Circumstances { moment: "2026-05-04T09:10:00.250Z".parse().unwrap(), seed: 7 }
}

#[test]
fn every_file_is_read_and_every_name_is_a_scheme() {
    let read = |file: &str| toml::from_str::<BTreeMap<String, SampleEvent>>(file).unwrap().len();
    let count: usize = FILES.into_iter().map(read).sum();
    assert_eq!((SampleEvent::names().count(), count), (count, count), "two samples have one name");
    assert!(count >= 20, "{count}");
    for name in SampleEvent::names() {
        assert_eq!(catalogue::named(name).unwrap().name, name);
    }
}

#[test]
fn nothing_is_left_to_fill() {
    for name in SampleEvent::names().chain(["vercel"]) {
        let built = SampleEvent::of(name).build(&circumstances());
        let mark = if name == "mailgun" { SIGNATURE_MARK } else { "" };
        let body = built.body.replacen(mark, "", 1);
        for text in built.headers.iter().map(|(_, value)| value).chain([&body]) {
            assert!(!text.contains("{{"), "{name}: {text}");
        }
        if built.content_type.starts_with("application/json") {
            serde_json::from_str::<serde_json::Value>(&built.body).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert!(built.body.len() < 1_500, "{name}: {} bytes", built.body.len());
    }
}

#[test]
fn one_seed_makes_one_event_and_names_tie_values_together() {
    let ping = SampleEvent::of("github");
    let built = ping.build(&circumstances());
    assert_eq!(built, ping.build(&circumstances()));
    let other = ping.build(&Circumstances { seed: 8, ..circumstances() });
    let header = |built: &BuiltSample, name: &str| {
        built.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap()
    };
    assert_ne!(header(&built, "X-GitHub-Delivery"), header(&other, "X-GitHub-Delivery"));
    let body: serde_json::Value = serde_json::from_str(&built.body).unwrap();
    assert_eq!(body["hook_id"].to_string(), header(&built, "X-GitHub-Hook-ID"));
    assert_eq!((&body["hook"]["id"], &body["hook"]["created_at"]), (&body["hook_id"], &"2026-05-04T09:10:00Z".into()));
}

#[test]
fn headers_that_nobody_gave_are_dates_or_ids() {
    assert_eq!(fresh_header("X-Metronome-Date", &circumstances()), "Mon, 04 May 2026 09:10:00 GMT");
    let one = fresh_header("X-Nonce", &circumstances());
    assert_eq!((one.len(), &one), (36, &fresh_header("X-Nonce", &circumstances())));
    assert_ne!(one, fresh_header("X-Id", &circumstances()));
}
