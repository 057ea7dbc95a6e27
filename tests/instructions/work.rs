//! The hot paths, each done so many times.

use std::hint::black_box;

use bytes::Bytes;
use jiff::Timestamp;
use whyhook::config::Registry;
use whyhook::delivery::{DeliveryId, Intake};
use whyhook::http::{Head, WireFraming};
use whyhook::payload::json::Pretty;
use whyhook::query::Query;
use whyhook::server::listener::capture::{Incoming, capture};
use whyhook::signature::diagnose::{Budget, Depth, History, Request, diagnose};
use whyhook::signature::{Scheme, Secret, SecretOrigin};
use whyhook::store::{Location, Page, Reader, Writer};
use whyhook::tui::app::action::{Action, Tab};
use whyhook::tui::app::message::Message;
use whyhook::tui::app::step::Step;

use super::support::request::{PATH, SignedRequest, secret};
use super::support::screen::Session;
use super::support::{Failure, bodies, store};

/// One of them.
pub(crate) type Work = fn(u32) -> Result<(), Failure>;

/// All of them by their names.
pub(crate) const WORK: &[(&str, Work)] = &[
    ("judge_2kb", judge_2kb),
    ("judge_45kb", judge_45kb),
    ("store_2kb", store_2kb),
    ("explain_300b", explain),
    ("payload_45kb", payload),
    ("filter_200_rows", filter),
    ("draw_every_tab", draw),
];

/// From the bytes of a request to its verdict and its facts.
fn judge_2kb(times: u32) -> Result<(), Failure> {
    judge(&SignedRequest::app_tracking()?, times)
}

fn judge_45kb(times: u32) -> Result<(), Failure> {
    judge(&SignedRequest::screenshot()?, times)
}

fn judge(request: &SignedRequest, times: u32) -> Result<(), Failure> {
    let registry = Registry::default().with_typed_secret(secret().expose().to_vec());
    for _ in 0..times {
        black_box(capture(incoming(request), &registry));
    }
    Ok(())
}

fn incoming(request: &SignedRequest) -> Incoming {
    let head = request.wire.slice(..request.wire.len() - request.body.len());
    Incoming {
        remote: "127.0.0.1:40000".to_owned(),
        received_at: Timestamp::UNIX_EPOCH,
        head: Head::from(head.to_vec()),
        body: request.body.clone(),
        framing: WireFraming::NONE,
        intake: Intake::Complete,
    }
}

/// A delivery and its answer, to the disk and into the index; a hundred each time, so that what a commit costs besides is
/// shared as it is under load.
fn store_2kb(times: u32) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let location = Location::new(folder.path().join("store.db"));
    let registry = Registry::default().with_typed_secret(secret().expose().to_vec());
    let request = SignedRequest::app_tracking()?;
    let (writer, handle) = Writer::start(&location, |_| {})?;
    for _ in 0..times * 100 {
        let kept = handle.keep(capture(incoming(&request), &registry))?;
        let id = kept.blocking_recv()?.map_err(|error| error.to_string())?;
        handle.answered(id, store::answer(7));
    }
    drop(handle);
    writer.join();
    Ok(())
}

/// Why a signature does not match that nothing explains.
fn explain(times: u32) -> Result<(), Failure> {
    let body = br#"{"event":"desktop.app_tracking.captured","version":"v1","data":[{"user":{"userId":"u-1"},"n":1.10,"at":"2026-01-28T09:04:26.292Z"}]}"#;
    let head = Head::from(format!(
        "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1:3000\r\ncontent-type: application/json\r\n\
         x-webhook-signature: {}\r\nx-webhook-timestamp: 1746123456\r\ncontent-length: {}\r\n\r\n",
        "5f".repeat(32),
        body.len()
    ));
    let secret = Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Typed);
    for _ in 0..times {
        black_box(diagnose(
            &Request {
                head: &head,
                body,
                received_at: Timestamp::UNIX_EPOCH,
                intake: &Intake::Complete,
                scheme: &Scheme::default(),
                secrets: &[&secret],
                others: &[],
                history: &History::default(),
            },
            &Budget { depth: Depth::One, ..Budget::default() },
        ));
    }
    Ok(())
}

/// A payload of 45 KB as rows, and its first screen.
fn payload(times: u32) -> Result<(), Failure> {
    let item = r#"{"user":{"userId":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"\u00e9 Ada"},"n":[1,2.50,true,null],"text":"a b c"}"#;
    let body = Bytes::from(format!("[{}]", vec![item; 380].join(",")));
    for _ in 0..times {
        let rows = Pretty::new(body.clone()).map_err(|error| format!("{error:?}"))?;
        for row in 0..50 {
            black_box(rows.line_within(row, 120));
        }
    }
    Ok(())
}

/// Rows of a store against a filter; so often each time that what making them costs, which differs a little, is nothing
/// beside it.
fn filter(times: u32) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let location = Location::new(folder.path().join("store.db"));
    let request = SignedRequest::app_tracking()?;
    bodies::keep(&location, &[&request.body[..]; 200])?;
    let rows = Reader::open(&location)?.page(Page::Newest, 200)?;
    let query: Query = "verdict:bad event:screenshot since:1h | path:/webhooks 401".parse()?;
    for _ in 0..times * 20 {
        for row in &rows {
            black_box(query.matches(row, None, Timestamp::UNIX_EPOCH));
        }
    }
    Ok(())
}

/// A frame of 200×50 on each tab.
fn draw(times: u32) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let location = Location::new(folder.path().join("store.db"));
    let request = SignedRequest::app_tracking()?;
    let newest = bodies::keep(&location, &[&request.body[..]; 60])?;
    debug_assert_eq!(newest, DeliveryId(60));
    let mut session = Session::new(Reader::open(&location)?)?;
    session.frame()?;
    for _ in 0..times {
        for tab in Tab::ALL {
            session.update(Message::Act(Action::Show(tab)))?;
            session.update(Message::Act(Action::Move(Step::Down)))?;
            session.frame()?;
        }
    }
    Ok(())
}
