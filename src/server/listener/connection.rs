//! One connection: request after request, and our own answer to what never became one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::capture::{Incoming, capture};
use super::exchange::{self, Next, keep};
use super::places::{ConnectionPlace, Phase};
use super::response::{Ending, Response, answered, reason_phrase, response, unanswered};
use super::stats::Refusal;
use super::stream::{HeadEnd, Stream, StreamFault};
use super::{Control, overloaded_reply};
use crate::delivery::{ChosenBy, Intake};
use crate::http::framing::HeadFault;
use crate::http::section::FAULTY_KEPT_BYTES;
use crate::http::{Head, WireFraming};
use crate::rules::Reply;
use crate::server::listener::pace::Deadlines;
use crate::text::counted;

/// After an early answer the rest of what the sender sends is read and dropped for so long and so
/// far, since closing a socket with unread bytes resets it and can destroy the answer on its way
/// (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(1);
/// A whole request, by the limit of bodies that holds unless another is set.
const LINGER_BYTES: usize = 65 * 1024 * 1024;

/// So much of what has come is read from a connection that is turned away with no room to linger.
const DROPPED_BYTES: usize = 256 * 1024;

/// Serves a connection to its end, or until the request at hand is answered once `stopping` is true.
pub(super) async fn serve(
    socket: TcpStream,
    remote: SocketAddr,
    place: ConnectionPlace,
    control: Arc<Control>,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = socket.set_nodelay(true);
    let connection = place.number();
    tracing::debug!(connection, %remote, "connection accepted");
    let mut stream = Stream::new(socket, place, control.limits().deadlines);
    let mut requests = 0_u64;
    loop {
        let head = tokio::select! {
            biased;
            head = stream.head() => head,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        let (next, span) = match head {
            Ok(Some(head)) => {
                requests += 1;
                let span = exchange::span(connection, &head);
                let serving = exchange::serve(&mut stream, head, remote, &control);
                (serving.instrument(span.clone()).await, span)
            }
            Ok(None) if stream.place().is_given_up() => return give_way(stream, &control).await,
            Ok(None) => break,
            Err(fault) => {
                let span = tracing::error_span!("refused", connection, delivery = tracing::field::Empty);
                return refuse(stream, remote, fault, &control).instrument(span).await;
            }
        };
        match next {
            Next::Request if !*stopping.borrow() => {}
            Next::Request | Next::Close => break,
            Next::Play(script) => {
                let (socket, place) = stream.into_socket();
                return script.play(socket, place, &control).instrument(span).await;
            }
        }
    }
    tracing::debug!(connection, requests, "connection closes");
    let (socket, place) = stream.into_socket();
    part(socket, place, &control).await;
}

/// Serves a connection that has no place yet, or turns it away when none comes free in time.
pub(super) async fn serve_in_turn(
    socket: TcpStream,
    remote: SocketAddr,
    control: Arc<Control>,
    mut stopping: watch::Receiver<bool>,
) {
    let place = tokio::select! {
        place = control.places.wait() => place,
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    match place {
        Some(place) => serve(socket, remote, place, control, stopping).await,
        None => {
            tracing::debug!(%remote, "connection turned away");
            control.stats().refused(Refusal::Connections);
            turn_away(socket, &control).await;
        }
    }
}

/// Keeps what came instead of a request, and answers it where somebody may still be listening.
async fn refuse(stream: Stream<TcpStream>, remote: SocketAddr, fault: StreamFault, control: &Control) {
    let start = Instant::now();
    stream.place().enter(Phase::Ours);
    let (intake, reply, seen) = match fault {
        StreamFault::Malformed(HeadFault { status, reason }, seen) => {
            let reply = Reply::text(status, format!("{}: {reason}", reason_phrase(status)));
            (Intake::Malformed(reason), Some(reply), seen)
        }
        StreamFault::Incomplete { end: HeadEnd::TimedOut, seen } => {
            let Deadlines { head, .. } = control.limits().deadlines;
            let reason = format!("incomplete head within {head:?}: {} received", counted(seen.len() as u64, "byte"));
            let reply = Reply::text(408, format!("Request Timeout: {reason}"));
            (Intake::Incomplete(reason), Some(reply), seen)
        }
        StreamFault::Incomplete { end: HeadEnd::GivenUp, seen } => {
            let bytes = counted(seen.len() as u64, "byte");
            let reason = format!("too slow while the listener was at its limit: {bytes} of the head received");
            (Intake::Incomplete(reason), Some(overloaded_reply()), seen)
        }
        StreamFault::Incomplete { end: HeadEnd::HungUp, seen } => {
            let reason = format!("the sender hung up within the head, after {}", counted(seen.len() as u64, "byte"));
            (Intake::Incomplete(reason), None, seen)
        }
    };
    let reply = reply.map(|reply| (reply, start));
    let Some(wire) = record(remote, intake, seen, reply, control).await else { return };
    let (mut socket, place) = stream.into_socket();
    // Answers before this one may fill the way to a sender that reads none.
    let written = tokio::time::timeout(LINGER, socket.write_all(&wire)).await;
    if matches!(written, Ok(Ok(()))) {
        part(socket, place, control).await;
    }
}

/// Keeps the bytes with their answer; returns the answer as it goes over the wire.
async fn record(
    remote: SocketAddr,
    intake: Intake,
    mut seen: Bytes,
    reply: Option<(Reply, Instant)>,
    control: &Control,
) -> Option<Bytes> {
    // The reasons say what is wrong, and repeat nothing of it.
    tracing::info!(%remote, intake = intake.name(), reason = intake.reason(), bytes = seen.len(), "not a request");
    seen.truncate(FAULTY_KEPT_BYTES);
    let rule = ChosenBy::unfit(&intake);
    let incoming = Incoming {
        remote: remote.to_string(),
        received_at: Timestamp::now(),
        head: Head::read(seen),
        body: Bytes::new(),
        framing: WireFraming::NONE,
        intake,
    };
    let kept = keep(capture(incoming, &control.registry()), control).await;
    let (answer, wire) = match reply {
        None => (unanswered(rule, Instant::now()), None),
        Some((reply, since)) => {
            let Response { wire, headers } = response(&reply, Ending::CLOSE);
            (answered(reply.status, headers, reply.body, rule, since), Some(wire))
        }
    };
    if let Ok(id) = kept {
        tracing::Span::current().record("delivery", id.0);
        control.keep_answer(id, answer);
    }
    wire
}

/// Says 503 on a connection that there is no place for. Whoever has sent its request already reads it as well, and
/// no reset: what comes is read and dropped, for a while as long as there is room among those who leave, else as far
/// as it has come.
async fn turn_away(mut socket: TcpStream, control: &Control) {
    let wire = response(&overloaded_reply(), Ending::CLOSE).wire;
    let Some(leaving) = control.leaving() else {
        let _ = socket.try_write(&wire);
        drop_what_came(&socket);
        // An end that is said before the socket is closed arrives before any reset.
        let _ = socket.into_std().and_then(|socket| socket.shutdown(std::net::Shutdown::Write));
        return;
    };
    refuse_politely(&mut socket, &wire).await;
    drop(leaving);
}

/// Reads what waits to be read, within a bound, and waits for nothing.
fn drop_what_came(socket: &TcpStream) {
    let mut piece = [0; 16 * 1024];
    let mut dropped = 0;
    while let (true, Ok(count @ 1..)) = (dropped < DROPPED_BYTES, socket.try_read(&mut piece)) {
        dropped += count;
    }
}

async fn refuse_politely(socket: &mut TcpStream, wire: &[u8]) {
    let written = tokio::time::timeout(LINGER, socket.write_all(wire)).await;
    if matches!(written, Ok(Ok(()))) {
        linger(socket).await;
    }
}

/// Ends a connection that has asked for nothing, and whose place has been given to another. A request that was on its
/// way meanwhile, or comes within a moment, is told to come back.
async fn give_way(stream: Stream<TcpStream>, control: &Control) {
    let (mut socket, place) = stream.into_socket();
    leave(place, control, async {
        let comes = tokio::time::timeout(LINGER, socket.peek(&mut [0])).await;
        if matches!(comes, Ok(Ok(1..))) {
            control.stats().refused(Refusal::Connections);
            refuse_politely(&mut socket, &response(&overloaded_reply(), Ending::CLOSE).wire).await;
        } else {
            // What comes at this very moment must meet an end, not a reset.
            linger(&mut socket).await;
        }
    })
    .await;
}

/// Closes our side of a connection that is done, and gives its place to others while it goes.
pub(super) async fn part(mut socket: TcpStream, place: ConnectionPlace, control: &Control) {
    leave(place, control, linger(&mut socket)).await;
}

/// Gives the place to others during a farewell, as long as there is room among those who leave.
async fn leave(place: ConnectionPlace, control: &Control, farewell: impl Future<Output = ()>) {
    match control.leaving() {
        Some(leaving) => {
            drop(place);
            farewell.await;
            drop(leaving);
        }
        None => {
            farewell.await;
            drop(place);
        }
    }
}

/// Closes our side and drops what still comes, for a while.
async fn linger(socket: &mut TcpStream) {
    if socket.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut dropped = 0;
        let mut piece = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = socket.read(&mut piece).await {
            dropped += count;
            if dropped >= LINGER_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}
