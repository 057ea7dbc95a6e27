//! Choices beside a configuration, and the requests that come of them.

use super::*;
use crate::config::testing::Surroundings;
use crate::config::{Flags, MissingSecret, Settings};
use crate::delivery::Verdict;
use crate::send::DestinationChoice;
use crate::signature::{self, Scheme, Secret, SecretOrigin, SigningKind, catalogue};
use crate::simulate::SimulatedEvent;

const CONFIG: &str = r#"
bind = "0.0.0.0:4567"

[secrets]
dev = { value = "the-developer-secret-0123" }
resale = { value = "the-reseller-secret-0123" }

[[webhook]]
name = "dev"
path = "/webhooks/trackpilots"
secret = "dev"

[[webhook]]
name = "resale"
path = "/resale"
kind = "reseller"
secret = "resale"
url = "https://example.test/in?x=1"
events = ["desktop.app_tracking.captured"]
"#;

fn settings(config: &str) -> Settings {
    let surroundings = Surroundings::new().write("work/whyhook.toml", config);
    Settings::load(&Flags::default(), &surroundings).unwrap().0
}

fn find(choice: DestinationChoice) -> Result<Destination, NotSent> {
    Destination::find(&settings(CONFIG), &choice)
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(1_746_123_456_789).unwrap()
}

#[test]
fn a_choice_finds_its_receiver() {
    let label = |destination: &Destination| destination.secret.as_ref().unwrap().label().to_owned();
    let own = find(DestinationChoice::default()).unwrap();
    assert_eq!(own.target.to_string(), "http://127.0.0.1:4567/webhooks/trackpilots");
    assert_eq!((own.kind, label(&own).as_str()), (SigningKind::Developer, "dev"));

    let resale = find(DestinationChoice { webhook: Some("resale".into()), ..DestinationChoice::default() }).unwrap();
    assert_eq!(resale.target.to_string(), "https://example.test/in?x=1");
    assert_eq!((resale.kind, label(&resale).as_str(), resale.events.len()), (SigningKind::Reseller, "resale", 1));

    let to = Some("localhost:1/x".to_owned());
    let moved =
        find(DestinationChoice { to: to.clone(), webhook: Some("resale".into()), ..DestinationChoice::default() })
            .unwrap();
    assert_eq!((moved.target.to_string().as_str(), label(&moved).as_str()), ("http://localhost:1/x", "resale"));

    let told =
        DestinationChoice { to, kind: Some(SigningKind::Reseller), secret: Some("resale".into()), webhook: None };
    let told = find(told).unwrap();
    assert_eq!((told.kind, label(&told).as_str(), told.events.len()), (SigningKind::Reseller, "resale", 0));
}

#[test]
fn what_is_not_there_is_said() {
    let error = find(DestinationChoice { webhook: Some("gone".into()), ..DestinationChoice::default() }).unwrap_err();
    assert_eq!(error.to_string(), "Webhook not found (404): unknown webhook 'gone'; configured: dev, resale");
    assert_eq!(error.term(), Some(DocumentedError::WebhookNotFound));
    let error = find(DestinationChoice { secret: Some("x".into()), ..DestinationChoice::default() }).unwrap_err();
    assert_eq!(error.to_string(), "unknown secret label (1 character, not shown); configured: dev, resale");
    let error = find(DestinationChoice { to: Some("ftp://x".into()), ..DestinationChoice::default() }).unwrap_err();
    assert!(matches!(error, NotSent::Url { .. }), "{error}");
    let bare = Destination::find(&settings(""), &DestinationChoice::default()).unwrap();
    assert_eq!(bare.signing_secret().unwrap_err(), NotSent::NoSecret(MissingSecret::of(&bare.scheme)));
}

fn simulation(event: SimulatedEvent, webhook: &str) -> Simulation {
    Simulation {
        recipe: Recipe::new(event),
        burst: Burst { count: 2, ..Burst::default() },
        body: SimulatedBody::Event,
        headers: Vec::new(),
        destination: find(DestinationChoice { webhook: Some(webhook.into()), ..DestinationChoice::default() }).unwrap(),
        seed: 3,
    }
}

#[test]
fn requests_are_signed_as_the_webhook_expects() {
    for (webhook, timestamp) in [("dev", "1746123456"), ("resale", "1746123456789")] {
        let simulation = simulation(SimulatedEvent::App, webhook);
        assert_eq!(simulation.sendings().unwrap().len(), 2);
        let request = simulation.request(0, now()).unwrap();
        assert_eq!(request, simulation.request(0, now()).unwrap(), "a preview is what is sent");
        assert_ne!(request.body, simulation.request(1, now()).unwrap().body);
        assert_eq!(request.line("X-Webhook-Timestamp").unwrap().value(), timestamp.as_bytes());
        let Destination { scheme, secret, .. } = &simulation.destination;
        let head = request.head();
        let judged = signature::judge(scheme, secret.as_ref(), &head, &request.body, now());
        assert_eq!(judged.verdict, Verdict::Verified);
    }
}

#[test]
fn only_subscribed_events_are_sent() {
    let error = simulation(SimulatedEvent::Screenshot, "resale").sendings().unwrap_err();
    assert_eq!(error.term(), Some(DocumentedError::EventNotRegistered));
    assert!(error.to_string().starts_with("Event type not registered (400): "), "{error}");
    let bytes = Bytes::from_static(br#"{"event":"desktop.app_tracking.captured"}"#);
    let given =
        Simulation { body: SimulatedBody::Given(bytes.clone()), ..simulation(SimulatedEvent::Screenshot, "resale") };
    given.sendings().unwrap();
    assert_eq!(given.request(0, now()).unwrap().body, bytes);
}

/// A server verifies the URL that it was called with.
#[test]
fn the_url_that_is_signed_is_the_one_that_is_sent_to() {
    for (to, given, signed) in [
        ("http://hooks.example/tw?a=1", None, "http://hooks.example/tw?a=1"),
        ("https://hooks.example/tw", None, "https://hooks.example/tw"),
        ("https://localhost:8443/tw", None, "https://localhost:8443/tw"),
        ("http://127.0.0.1:37220/tw", None, "http://127.0.0.1:37220/tw"),
        ("http://127.0.0.1:37220/tw", Some("https://public.example/in"), "https://public.example/in"),
    ] {
        let mut simulation = sample("twilio-form", b"a-token-of-twilio");
        simulation.destination.target = to.parse().unwrap();
        simulation.destination.scheme.url = given.map(str::to_owned);
        let request = simulation.request(0, now()).unwrap();
        let receiver = Scheme { url: Some(signed.to_owned()), ..catalogue::named("twilio-form").unwrap() };
        let judged =
            signature::judge(&receiver, simulation.destination.secret.as_ref(), &request.head(), &request.body, now());
        assert_eq!(judged.verdict, Verdict::Verified, "{to}");
    }
}

/// A secret that suits every scheme that takes one: base64 of hexadecimal digits.
const ANY_SECRET: &str = "6162636465666768696a6b6c6d6e6f70";

fn sample(name: &str, secret: &[u8]) -> Simulation {
    let mut destination = find(DestinationChoice::default()).unwrap();
    destination.scheme = catalogue::named(name).unwrap();
    for setting in destination.scheme.missing_settings() {
        destination.scheme.settings.insert(setting, "sample".to_owned());
    }
    destination.secret = Some(Secret::new("test", secret.to_vec(), SecretOrigin::Typed));
    Simulation {
        recipe: Recipe::new(SimulatedEvent::App),
        burst: Burst::default(),
        body: SimulatedBody::choose(None, &destination.scheme).unwrap(),
        headers: Vec::new(),
        destination,
        seed: 3,
    }
}

fn verdict(simulation: &Simulation, request: &Outgoing) -> Verdict {
    let Destination { scheme, secret, .. } = &simulation.destination;
    signature::judge(scheme, secret.as_ref(), &request.head(), &request.body, now()).verdict
}

#[test]
fn a_sample_of_every_sender_is_verified_or_told_why_not() {
    let (mut signed, mut told) = (Vec::new(), Vec::new());
    for entry in catalogue::all() {
        let simulation = sample(&entry.name, ANY_SECRET.as_bytes());
        match simulation.request(0, now()) {
            Ok(request) => {
                assert_eq!(verdict(&simulation, &request), Verdict::Verified, "{}", entry.name);
                signed.push(entry.name);
            }
            Err(NotSent::Sign(error)) => told.push(format!("{}: {error}", entry.name)),
            Err(error) => panic!("{}: {error}", entry.name),
        }
    }
    assert!(signed.len() > 160, "{} signed; {told:#?}", signed.len());
    for name in SampleEvent::names().filter(|name| !["discord", "sendgrid"].contains(name)) {
        assert!(signed.iter().any(|signed| signed == name), "{name}: {told:#?}");
    }
}

#[test]
fn an_event_of_trackpilots_is_for_trackpilots() {
    let github = catalogue::named("github").unwrap();
    let error = SimulatedBody::choose(Some(SimulatedEvent::App), &github).unwrap_err();
    assert!(error.to_string().starts_with("app is an event of Trackpilots, and requests are signed here as by github"));
    assert_eq!(SimulatedBody::usual(&github), SimulatedBody::Sample(SampleEvent::of("github")));
    let own = Scheme { encoding: crate::signature::Encoding::Base64, ..Scheme::default() };
    assert_eq!(SimulatedBody::choose(Some(SimulatedEvent::App), &own), Ok(SimulatedBody::Event));
    assert_eq!(SimulatedBody::choose(None, &own), Ok(SimulatedBody::Sample(SampleEvent::of(""))));
    assert_eq!(SimulatedBody::choose(None, &Scheme::default()), Ok(SimulatedBody::Event));
}

#[test]
fn added_headers_stand_in_for_others_and_are_signed() {
    let mut simulation = sample("twitch", b"a-secret-of-twitch-0123");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    simulation.headers = vec![header("content-type", "text/plain"), header("X-Two", "1"), header("X-Two", "2")];
    let request = simulation.request(0, now()).unwrap();
    let values = |name: &str| -> Vec<Vec<u8>> {
        request
            .lines
            .iter()
            .filter(|line| line.name().eq_ignore_ascii_case(name.as_bytes()))
            .map(|line| line.value().to_vec())
            .collect()
    };
    assert_eq!(values("Content-Type"), [b"text/plain"]);
    assert_eq!(values("X-Two"), [b"1", b"2"]);
    assert_eq!(values("Twitch-Eventsub-Message-Id").len(), 1);
    assert_eq!(verdict(&simulation, &request), Verdict::Verified);
    simulation.headers = vec![header("twitch-eventsub-message-id", "mine")];
    let request = simulation.request(0, now()).unwrap();
    assert_eq!(request.line("Twitch-Eventsub-Message-Id").unwrap().value(), b"mine");
    assert_eq!(verdict(&simulation, &request), Verdict::Verified);
}
