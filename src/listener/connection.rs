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
use super::framing::HeadFault;
use super::response::{Ending, Response, answered, response, unanswered};
use super::stream::{Fault, Stream};
use super::{Control, Deadlines, overloaded_reply};
use crate::answer::Reply;
use crate::delivery::Intake;

/// Of what is no request, this much is kept.
const MALFORMED_KEPT_BYTES: usize = 64 * 1024;
/// After an early answer the rest of what the sender sends is read and dropped for so long and so
/// far, since closing a socket with unread bytes resets it and can destroy the answer on its way
/// (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Serves a connection to its end, or until the request at hand is answered once `stopping` is true.
pub(super) async fn serve(
    socket: TcpStream,
    remote: SocketAddr,
    control: Arc<Control>,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = socket.set_nodelay(true);
    let mut stream = Stream::new(socket, control.limits().deadlines);
    loop {
        let head = tokio::select! {
            biased;
            head = stream.head() => head,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        let next = match head {
            Ok(Some(head)) => exchange::serve(&mut stream, head, remote, &control).await,
            Ok(None) => Next::Close,
            Err(fault) => return refuse(stream.into_socket(), remote, fault, &control).await,
        };
        match next {
            Next::Request if !*stopping.borrow() => {}
            Next::Request | Next::Close => break,
            Next::Play(script) => return script.play(stream.into_socket(), &control).await,
        }
    }
    linger(stream.into_socket()).await;
}

/// Keeps what came instead of a request, and answers it where somebody may still be listening.
async fn refuse(mut socket: TcpStream, remote: SocketAddr, fault: Fault, control: &Control) {
    let start = Instant::now();
    let (intake, reply, seen) = match fault {
        Fault::Malformed(HeadFault { status, reason }, seen) => {
            let reply = Reply::text(status, format!("Bad Request: {reason}"));
            (Intake::Malformed(reason), Some(reply), seen)
        }
        Fault::Incomplete { timed_out: true, seen } => {
            let Deadlines { head, .. } = control.limits().deadlines;
            let reason = format!("no whole head within {head:?}, {} bytes came", seen.len());
            let reply = Reply::text(408, format!("Request Timeout: {reason}"));
            (Intake::Incomplete(reason), Some(reply), seen)
        }
        Fault::Incomplete { timed_out: false, seen } => {
            let reason = format!("the sender hung up within the head, after {} bytes", seen.len());
            (Intake::Incomplete(reason), None, seen)
        }
    };
    let reply = reply.map(|reply| (reply, start));
    let Some(wire) = record(remote, intake, seen, reply, control).await else { return };
    // Answers before this one may fill the way to a sender that reads none.
    let written = tokio::time::timeout(LINGER, socket.write_all(&wire)).await;
    if matches!(written, Ok(Ok(()))) {
        linger(socket).await;
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
    seen.truncate(MALFORMED_KEPT_BYTES);
    let rule = intake.name().to_owned();
    let incoming =
        Incoming { remote: remote.to_string(), received_at: Timestamp::now(), head: seen, body: Bytes::new(), intake };
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

/// Says 503 on a connection that there is no place for, without waiting for anything.
pub(super) fn turn_away(socket: &TcpStream) {
    let _ = socket.try_write(&response(&overloaded_reply(), Ending::CLOSE).wire);
}

/// Closes our side and drops what still comes, for a while.
pub(super) async fn linger(mut socket: TcpStream) {
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
