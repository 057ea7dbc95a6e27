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

use super::capture::{Incoming, capture};
use super::exchange::{self, Next, keep};
use super::places::{Phase, Place};
use super::response::{Ending, Response, answered, response, unanswered};
use super::stream::{Fault, HeadEnd, Stream};
use super::{Control, overloaded_reply};
use crate::delivery::Intake;
use crate::http::framing::HeadFault;
use crate::http::section::FAULTY_KEPT_BYTES;
use crate::http::{Framing, Head};
use crate::rules::Reply;
use crate::server::listener::pace::Deadlines;

/// After an early answer the rest of what the sender sends is read and dropped for so long and so
/// far, since closing a socket with unread bytes resets it and can destroy the answer on its way
/// (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Serves a connection to its end, or until the request at hand is answered once `stopping` is true.
pub(super) async fn serve(
    socket: TcpStream,
    remote: SocketAddr,
    place: Place,
    control: Arc<Control>,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = socket.set_nodelay(true);
    let mut stream = Stream::new(socket, place, control.limits().deadlines);
    loop {
        let head = tokio::select! {
            biased;
            head = stream.head() => head,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        let next = match head {
            Ok(Some(head)) => exchange::serve(&mut stream, head, remote, &control).await,
            Ok(None) => Next::Close,
            Err(fault) => return refuse(stream, remote, fault, &control).await,
        };
        match next {
            Next::Request if !*stopping.borrow() => {}
            Next::Request | Next::Close => break,
            Next::Play(script) => {
                let (socket, place) = stream.into_socket();
                return script.play(socket, place, &control).await;
            }
        }
    }
    let (socket, place) = stream.into_socket();
    part(socket, place, &control).await;
}

/// Keeps what came instead of a request, and answers it where somebody may still be listening.
async fn refuse(stream: Stream<TcpStream>, remote: SocketAddr, fault: Fault, control: &Control) {
    let start = Instant::now();
    stream.place().enter(Phase::Ours);
    let (intake, reply, seen) = match fault {
        Fault::Malformed(HeadFault { status, reason }, seen) => {
            let reply = Reply::text(status, format!("Bad Request: {reason}"));
            (Intake::Malformed(reason), Some(reply), seen)
        }
        Fault::Incomplete { end: HeadEnd::TimedOut, seen } => {
            let Deadlines { head, .. } = control.limits().deadlines;
            let reason = format!("incomplete head within {head:?}: {} bytes received", seen.len());
            let reply = Reply::text(408, format!("Request Timeout: {reason}"));
            (Intake::Incomplete(reason), Some(reply), seen)
        }
        Fault::Incomplete { end: HeadEnd::GivenUp, seen } => {
            let reason =
                format!("too slow while the listener was at its limit: {} bytes of the head received", seen.len());
            (Intake::Incomplete(reason), Some(overloaded_reply()), seen)
        }
        Fault::Incomplete { end: HeadEnd::HungUp, seen } => {
            let reason = format!("the sender hung up within the head, after {} bytes", seen.len());
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
    seen.truncate(FAULTY_KEPT_BYTES);
    let rule = intake.name().to_owned();
    let incoming = Incoming {
        remote: remote.to_string(),
        received_at: Timestamp::now(),
        head: Head::read(seen),
        body: Bytes::new(),
        framing: Framing::NONE,
        intake,
    };
    let kept = keep(capture(incoming, &control.registry()), control).await;
    let (answer, wire) = match reply {
        None => (unanswered(rule, Instant::now()), None),
        Some((reply, since)) => {
            let Response { wire, headers } = response(&reply, Ending::CLOSE);
            (answered(&reply, headers, rule, since), Some(wire))
        }
    };
    if let Ok(id) = kept {
        control.writer().answered(id, answer);
    }
    wire
}

/// Says 503 on a connection that there is no place for. Whoever has sent its request already gets it as well: what
/// came is read first, as far as there is room among those who leave.
pub(super) fn turn_away(mut socket: TcpStream, control: &Control) {
    let wire = response(&overloaded_reply(), Ending::CLOSE).wire;
    let Some(leaving) = control.leaving() else {
        let _ = socket.try_write(&wire);
        return;
    };
    tokio::spawn(async move {
        let written = tokio::time::timeout(LINGER, socket.write_all(&wire)).await;
        if matches!(written, Ok(Ok(()))) {
            linger(socket).await;
        }
        drop(leaving);
    });
}

/// Closes our side of a connection that is done, and gives its place to others while it goes.
pub(super) async fn part(socket: TcpStream, place: Place, control: &Control) {
    match control.leaving() {
        Some(leaving) => {
            drop(place);
            linger(socket).await;
            drop(leaving);
        }
        None => {
            linger(socket).await;
            drop(place);
        }
    }
}

/// Closes our side and drops what still comes, for a while.
async fn linger(mut socket: TcpStream) {
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
