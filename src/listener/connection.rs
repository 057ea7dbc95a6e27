//! One connection: hyper behind the tee, and our own answer to what never became a request.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::capture::{Incoming, capture};
use super::exchange::{self, keep};
use super::framing::{FIELD_LIMIT, HEAD_LIMIT, HeadFault};
use super::tee::{Fault, SharedHandle, Tee};
use super::{Control, Deadlines, raw};
use crate::answer::Reply;
use crate::delivery::{Answer, Intake, Outcome};

/// Of what is no request, this much is kept.
const MALFORMED_KEPT_BYTES: usize = 64 * 1024;
/// After an early answer the rest of what the sender sends is read and dropped for so long and so
/// far, since closing a socket with unread bytes resets it and can destroy the answer on its way
/// (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Serves a connection to its end.
pub(super) async fn serve(
    socket: TcpStream,
    remote: SocketAddr,
    control: Arc<Control>,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = socket.set_nodelay(true);
    let shared = SharedHandle::default();
    let tee = Tee::new(socket, control.limits().deadlines, shared.clone());
    let service = {
        let (shared, control) = (shared.clone(), Arc::clone(&control));
        service_fn(move |request| Box::pin(exchange::serve(request, remote, shared.clone(), Arc::clone(&control))))
    };
    let mut builder = http1::Builder::new();
    builder.auto_date_header(false).max_buf_size(2 * HEAD_LIMIT).max_headers(FIELD_LIMIT);
    let mut connection = builder.serve_connection(TokioIo::new(tee), service);
    let ended = tokio::select! {
        ended = poll_fn(|context| connection.poll_without_shutdown(context)) => Some(ended),
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    let socket = connection.into_parts().io.into_inner().into_socket();
    let script = shared.lock().script.take();
    if let Some(script) = script {
        return script.play(socket, &control).await;
    }
    let unread = shared.lock().heads.pop_front();
    let fault = shared.lock().fault.take();
    match (fault, unread, ended) {
        (Some(fault), ..) => refuse(socket, remote, fault, &control).await,
        // hyper refused a head that we had let through, and has answered 400 itself.
        (None, Some(head), Err(error)) => {
            let reason = format!("refused by the HTTP parser: {error}");
            let answered = Reply::text(400, "");
            record(remote, Intake::Malformed(reason), head.bytes, Some((answered, head.instant)), &control).await;
            linger(socket).await;
        }
        _ => linger(socket).await,
    }
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
    let answered = reply.map(|reply| (reply, start));
    let Some(response) = record(remote, intake, seen, answered, control).await else { return };
    // Answers before this one may fill the way to a sender that reads none.
    let written = tokio::time::timeout(LINGER, socket.write_all(&response)).await;
    if matches!(written, Ok(Ok(()))) {
        linger(socket).await;
    }
}

/// Keeps the bytes with their answer; returns the answer as it goes over the wire.
async fn record(
    remote: SocketAddr,
    intake: Intake,
    mut seen: Bytes,
    answered: Option<(Reply, Instant)>,
    control: &Control,
) -> Option<Vec<u8>> {
    seen.truncate(MALFORMED_KEPT_BYTES);
    let rule = intake.name().to_owned();
    let incoming =
        Incoming { remote: remote.to_string(), received_at: Timestamp::now(), head: seen, body: Bytes::new(), intake };
    let kept = keep(capture(incoming, &control.registry()), control).await;
    let Some((reply, since)) = answered else {
        if let Ok(id) = kept {
            let gone = Reply::text(0, "");
            control.writer().answered(
                id,
                Answer { outcome: Outcome::SenderGone, ..exchange::sent(&gone, Vec::new(), rule, Instant::now()) },
            );
        }
        return None;
    };
    let (_, headers) = exchange::response(&reply, SystemTime::now(), true);
    let wire = on_the_wire(&reply, &headers);
    if let Ok(id) = kept {
        control.record(id, &reply, headers, rule, since);
    }
    Some(wire)
}

/// Writes a response head and body by hand, for a connection that hyper has left.
fn on_the_wire(reply: &Reply, headers: &[(String, String)]) -> Vec<u8> {
    let mut wire = raw::head(reply.status, headers);
    wire.extend_from_slice(&reply.body);
    wire
}

/// Says 503 on a connection that there is no place for, without waiting for anything.
pub(super) fn turn_away(socket: &TcpStream) {
    let reply = super::overloaded_reply();
    let (_, headers) = exchange::response(&reply, SystemTime::now(), true);
    let _ = socket.try_write(&on_the_wire(&reply, &headers));
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
