//! The filter language, by filters as they are typed and deliveries as a list holds them.

mod content;
mod language;
mod matching;
mod needs;
mod properties;

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::delivery::{
    AnswerFacts, ChosenBy, DeliveryId, EventFacts, ImageFacts, Intake, Judgement, Outcome, Summary, TimestampFacts,
    TimestampUnit, Verdict,
};
use crate::http::Head;

fn now() -> Timestamp {
    "2026-01-28T10:00:00Z".parse().unwrap()
}

/// A simulated screenshot, verified with "dev", answered 503 half an hour ago.
fn screenshot() -> Summary {
    Summary {
        id: DeliveryId(42),
        received_at: "2026-01-28T09:30:00Z".parse().unwrap(),
        remote: "127.0.0.1:51234".to_owned(),
        method: "POST".to_owned(),
        path: "/webhooks/trackpilots?x=Été".to_owned(),
        webhook: Some("Agency".to_owned()),
        intake: Intake::Complete,
        event: EventFacts {
            event: Some("desktop.screenshot_tracking.captured".to_owned()),
            simulation: Some(true),
            items: Some(3),
            ..EventFacts::default()
        },
        judgement: Judgement {
            verdict: Verdict::Verified,
            secret: Some("dev".to_owned()),
            timestamp: Some(TimestampFacts {
                raw: "1769590500".to_owned(),
                unit: TimestampUnit::Seconds,
                age_ms: Some(301_000),
                fresh: Some(false),
            }),
            note: None,
        },
        body_bytes: 10_240,
        framing_bytes: 0,
        cause: Some("stale+secret_quoted".to_owned()),
        marks: crate::delivery::Marks {
            pinned: true,
            note: Some("ask the Sender again".to_owned()),
            tags: vec!["billing".to_owned(), "odd".to_owned()],
        },
        image: Some(ImageFacts {
            form: "node_print".to_owned(),
            bytes: 50,
            format: Some("jpeg".to_owned()),
            ..ImageFacts::default()
        }),
        answer: Some(AnswerFacts {
            outcome: Outcome::Sent,
            status: 503,
            rule: ChosenBy::fixed(503),
            latency: Duration::from_micros(150_500),
        }),
    }
}

/// Bytes that are not HTTP, not answered yet.
fn garbage() -> Summary {
    Summary {
        id: DeliveryId(7),
        method: String::new(),
        path: String::new(),
        webhook: None,
        intake: Intake::Malformed("a TLS hello".to_owned()),
        event: EventFacts::default(),
        judgement: Judgement::bare(Verdict::NotJudged),
        body_bytes: 0,
        image: None,
        answer: None,
        cause: None,
        marks: crate::delivery::Marks::default(),
        ..screenshot()
    }
}

fn matches(text: &str, summary: &Summary) -> bool {
    Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(summary, None, now())
}

struct Stored {
    asked: Cell<u32>,
    readable: bool,
}

impl SearchedContent for Stored {
    fn head(&self) -> Option<Head> {
        self.asked.set(self.asked.get() + 1);
        self.readable.then(|| Head::from("POST / HTTP/1.1\r\nUser-Agent: axios/1.7\r\nX-Two: a\r\nx-two: B c\r\n\r\n"))
    }

    fn body(&self) -> Option<Bytes> {
        self.asked.set(self.asked.get() + 1);
        self.readable.then(|| Bytes::from_static(b"{\"app\":\"Google Chrome\",\"x\":\"\xff\"}"))
    }
}
