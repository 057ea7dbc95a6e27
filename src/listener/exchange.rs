//! One request and its answer: read, judge, keep, and only then answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming as Body;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::Control;
use super::capture::{Incoming, capture};
use super::perform::{self, Exchange};
use super::tee::{RawHead, SharedHandle};
use crate::answer::Reply;
use crate::delivery::{Answer, Captured, DeliveryId, Intake, Outcome};

/// Of a body over the limit, this much is kept.
const OVERSIZE_KEPT_BYTES: usize = 64 * 1024;
/// A body longer than this is judged on a thread of its own, so that others are not kept waiting.
const JUDGED_INLINE_BYTES: usize = 256 * 1024;
/// How long a body waits for room in memory before its sender is asked to come back.
const ROOM_PATIENCE: Duration = Duration::from_secs(10);
/// The unit in which room in memory is counted.
pub(super) const ROOM_UNIT_BYTES: usize = 1024;

/// hyper is to write nothing: the connection plays a [`Script`], or closes because the sender is gone.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends without an answer of hyper's")]
pub(super) struct Ended;

/// Serves one request that has passed the tee. What goes wrong is an answer; the error is [`Ended`].
pub(super) async fn serve(
    request: Request<Body>,
    remote: SocketAddr,
    shared: SharedHandle,
    control: Arc<Control>,
) -> Result<Response<Full<Bytes>>, Ended> {
    crate::panic::trap("worker");
    let head = shared.lock().heads.pop_front();
    let response = match head {
        Some(head) => exchange(request.into_body(), head, remote, &shared, &control).await?,
        // The tee hands over a head before hyper sees a byte of it.
        None => response(&Reply::text(500, "no head was seen"), SystemTime::now(), true).0,
    };
    shared.answered();
    Ok(response)
}

async fn exchange(
    body: Body,
    head: RawHead,
    remote: SocketAddr,
    shared: &SharedHandle,
    control: &Arc<Control>,
) -> Result<Response<Full<Bytes>>, Ended> {
    let Ok(read) = read_body(body, shared, control).await else {
        return Ok(control.overloaded());
    };
    let ReadBody { body, intake, room } = read;
    let incoming = Incoming { remote: remote.to_string(), received_at: head.at, head: head.bytes, body, intake };
    let captured = judge(incoming, control).await;
    let chosen = control.answering.choose(&captured);
    match keep(captured, control).await {
        Ok(id) => {
            // On disk: the delivery may wait without its room in memory.
            drop(room);
            perform::answer(Exchange { id, since: head.instant, shared, control }, chosen).await
        }
        Err(refused) => Ok(refused),
    }
}

async fn judge(incoming: Incoming, control: &Arc<Control>) -> Captured {
    let registry = control.registry();
    if incoming.body.len() <= JUDGED_INLINE_BYTES {
        return capture(incoming, &registry);
    }
    let judging = move || {
        crate::panic::trap("judge");
        capture(incoming, &registry)
    };
    match tokio::task::spawn_blocking(judging).await {
        Ok(captured) => captured,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// Waits until the delivery is on disk; `Err` is the answer to give when it could not be kept.
pub(super) async fn keep(captured: Captured, control: &Control) -> Result<DeliveryId, Response<Full<Bytes>>> {
    let Ok(keeping) = control.writer().keep(captured) else {
        return Err(control.overloaded());
    };
    match keeping.await {
        Ok(Ok(id)) => Ok(id),
        Ok(Err(_)) | Err(_) => {
            control.stats().not_kept();
            let reply = Reply::text(503, "whyhook could not keep this delivery").with_header("retry-after", "5");
            Err(response(&reply, SystemTime::now(), false).0)
        }
    }
}

struct ReadBody {
    body: Bytes,
    intake: Intake,
    /// Held until the delivery is on disk.
    room: Vec<OwnedSemaphorePermit>,
}

/// There was no room in memory for the body.
struct NoRoom;

async fn read_body(mut body: Body, shared: &SharedHandle, control: &Arc<Control>) -> Result<ReadBody, NoRoom> {
    let limit = control.limits().body_bytes;
    let mut whole = Gathered::default();
    let mut room = Vec::new();
    let mut paid = 0;
    let intake = loop {
        let data = match body.frame().await {
            None => break Intake::Complete,
            Some(Err(_)) => break broke_off(shared, whole.len()),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                Err(_trailers) => continue,
            },
        };
        if (whole.len() + data.len()) as u64 > limit {
            whole.push(data);
            whole.truncate(OVERSIZE_KEPT_BYTES);
            break Intake::TooLarge(format!("more than {limit} bytes; the first {} are kept", whole.len()));
        }
        whole.push(data);
        while paid < whole.len() {
            // Small bodies pay for what they are, large ones in steps.
            let step = (whole.len() - paid).next_multiple_of(ROOM_UNIT_BYTES);
            room.push(control.room(step / ROOM_UNIT_BYTES, ROOM_PATIENCE).await.ok_or(NoRoom)?);
            paid += step;
        }
    };
    Ok(ReadBody { body: whole.into_bytes(), intake, room })
}

fn broke_off(shared: &SharedHandle, seen: usize) -> Intake {
    let shared = shared.lock();
    let reason = shared.body_fault.as_deref().unwrap_or("the sender hung up");
    if shared.body_malformed {
        Intake::Malformed(format!("{reason}, after {seen} bytes of body"))
    } else {
        Intake::Truncated(format!("{reason} after {seen} bytes of body"))
    }
}

/// A body's pieces; one piece alone, the usual case, is not copied.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    all: Option<BytesMut>,
}

impl Gathered {
    fn len(&self) -> usize {
        self.all.as_ref().map_or(self.first.len(), BytesMut::len)
    }

    fn push(&mut self, data: Bytes) {
        match &mut self.all {
            Some(all) => all.extend_from_slice(&data),
            None if self.first.is_empty() => self.first = data,
            None => {
                let mut all = BytesMut::with_capacity(4 * (self.first.len() + data.len()));
                all.extend_from_slice(&self.first);
                all.extend_from_slice(&data);
                self.all = Some(all);
            }
        }
    }

    fn truncate(&mut self, length: usize) {
        match &mut self.all {
            Some(all) => all.truncate(length),
            None => self.first.truncate(length),
        }
    }

    fn into_bytes(self) -> Bytes {
        self.all.map_or(self.first, BytesMut::freeze)
    }
}

/// Builds the response, and its headers as they are kept with the delivery.
pub(super) fn response(reply: &Reply, now: SystemTime, close: bool) -> (Response<Full<Bytes>>, Vec<(String, String)>) {
    let headers = headers_at(reply, now, close);
    (build(reply.status, &headers, reply.body.clone()), headers)
}

/// Builds a response with these headers and no others.
pub(super) fn build(status: u16, headers: &[(String, String)], body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // Both halves were checked where the reply was made; an impossible one is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Whether this can be sent as a header.
pub(super) fn is_header(name: &str, value: &str) -> bool {
    HeaderName::try_from(name).is_ok() && HeaderValue::from_bytes(value.as_bytes()).is_ok()
}

/// A reply's headers as they are sent now, and kept.
pub(super) fn headers(reply: &Reply, close: bool) -> Vec<(String, String)> {
    headers_at(reply, SystemTime::now(), close)
}

fn headers_at(reply: &Reply, now: SystemTime, close: bool) -> Vec<(String, String)> {
    let mut headers = vec![("date".to_owned(), httpdate::fmt_http_date(now))];
    headers.extend(reply.sent_headers());
    if close {
        headers.push(("connection".to_owned(), "close".to_owned()));
    }
    headers
}

/// The record of an answer that was handed to the connection.
pub(super) fn sent(reply: &Reply, headers: Vec<(String, String)>, rule: String, since: Instant) -> Answer {
    Answer {
        outcome: Outcome::Sent,
        status: reply.status,
        headers,
        body: reply.body.clone(),
        rule,
        latency: since.elapsed(),
    }
}
