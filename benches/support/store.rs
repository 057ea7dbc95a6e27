//! Stores of any size, made through the real writer: for benchmarks, and to try things out on.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use whyhook::config::Registry;
use whyhook::delivery::{Answer, Captured, ChosenBy, Intake, Outcome};
use whyhook::http::WireFraming;
use whyhook::server::listener::capture::{Incoming, capture};
use whyhook::signature::{Secret, SecretOrigin, sign};
use whyhook::store::{Keeping, Location, Page, Reader, Writer};

use super::Failure;

/// Deliveries that wait for the disk at once; fewer than the writer's queue takes.
const WAITING: usize = 3000;
/// The sender's pace, which makes a million deliveries span a month and a half.
const PACE: SignedDuration = SignedDuration::from_millis(4000);
const APP: &str = include_str!("../../assets/samples/app.json");
const ACTIVITY: &str = include_str!("../../assets/samples/activity.json");
const SCREENSHOT: &str = include_str!("../../assets/samples/screenshot-live.json");

/// Brings the store at `location` to `count` deliveries; those that are there already stay.
///
/// # Errors
///
/// When the store cannot be read or written.
pub(crate) fn fill(location: &Location, count: i64, mut progress: impl FnMut(i64)) -> Result<(), Failure> {
    let stored = Reader::open(location).ok().map(|reader| reader.page(Page::Newest, 1)).transpose()?;
    let last = stored.and_then(|rows| rows.first().map(|row| row.id.0)).unwrap_or(0);
    if last >= count {
        return Ok(());
    }
    let (writer, handle) = Writer::start(location, |_| {})?;
    let sender = Sender::new(count);
    let mut waiting: VecDeque<(i64, Keeping)> = VecDeque::new();
    let settle = |(number, keeping): (i64, Keeping)| -> Result<(), Failure> {
        let id = keeping.blocking_recv()?.map_err(|error| error.to_string())?;
        handle.answered(id, answer(number));
        Ok(())
    };
    for number in last + 1..=count {
        if waiting.len() >= WAITING {
            waiting.pop_front().map_or(Ok(()), settle)?;
        }
        waiting.push_back((number, handle.keep(sender.delivery(number))?));
        if number % 50_000 == 0 {
            progress(number);
        }
    }
    waiting.into_iter().try_for_each(settle)?;
    drop(handle);
    writer.join();
    Ok(())
}

/// Makes deliveries as a few dozen agents send them, and now and then one that went wrong.
struct Sender {
    registry: Registry,
    secret: Secret,
    begin: Timestamp,
}

impl Sender {
    fn new(count: i64) -> Self {
        let bytes = b"a webhook secret of the bench".to_vec();
        let span = PACE.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX));
        Self {
            registry: Registry::default().with_typed_secret(bytes.clone()),
            secret: Secret::new("bench", bytes, SecretOrigin::Typed),
            begin: Timestamp::now().checked_sub(span).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    fn delivery(&self, number: i64) -> Captured {
        let span = PACE.saturating_mul(i32::try_from(number).unwrap_or(i32::MAX));
        let at = self.begin.checked_add(span).unwrap_or(self.begin);
        let body = body(number);
        let stamp = match number % 5 {
            0 => at.as_millisecond().to_string(),
            _ => at.as_second().to_string(),
        };
        // One in twenty was signed with a timestamp that was not sent.
        let signed = if number % 20 == 7 { "0" } else { &stamp };
        let signature = sign(&self.secret, signed.as_bytes(), body.as_bytes());
        let headers = match number % 50 {
            13 => String::new(),
            _ => format!("x-webhook-signature: {signature}\r\nx-webhook-timestamp: {stamp}\r\n"),
        };
        let head = format!(
            "POST /webhooks/trackpilots HTTP/1.1\r\nhost: 127.0.0.1:3000\r\ncontent-type: application/json\r\n\
             user-agent: axios/1.7.9\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        let remote = format!("127.0.0.1:{}", 40_000 + number % 20_000);
        let incoming = Incoming {
            remote,
            received_at: at,
            head: head.into(),
            body: Bytes::from(body),
            framing: WireFraming::NONE,
            intake: Intake::Complete,
        };
        capture(incoming, &self.registry)
    }
}

/// Mostly applications and activity; one in twenty-five is a screenshot, as agents take them.
fn body(number: i64) -> String {
    let sample = match number % 25 {
        0 => SCREENSHOT,
        1..=8 => ACTIVITY,
        _ => APP,
    };
    let text = sample.trim_end();
    let inside = text.strip_suffix('}').unwrap_or(text);
    // No two bodies are alike, as none of Trackpilots are.
    let body = format!("{inside},\"sequence\":{number}}}");
    // Live events have no such field; one in forty stays a simulation.
    if number % 40 == 3 { body } else { body.replacen("  \"simulation\": true,\n", "", 1) }
}

pub(crate) fn answer(number: i64) -> Answer {
    let status = match number % 50 {
        13 => 400,
        _ if number % 20 == 7 => 401,
        _ => 200,
    };
    Answer {
        outcome: Outcome::Sent,
        status,
        interim: Bytes::new(),
        headers: vec![("content-type".to_owned(), "text/plain; charset=utf-8".into())],
        body_bytes: 0,
        body: Bytes::from_static(b"Webhook received and processed successfully"),
        rule: ChosenBy::auto(),
        latency: Duration::from_micros(600 + number.unsigned_abs() * 37 % 4000),
    }
}
