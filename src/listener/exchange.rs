//! One request and its answer: read, judge, keep, and only then answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::capture::{Incoming, capture_aside};
use super::framing::{BodyFraming, BodyLength};
use super::perform::{self, Exchange, Performance};
use super::raw::Script;
use super::response::{Ending, response};
use super::stats::Refusal;
use super::stream::{BodyFault, RawHead, Stream};
use super::{Control, not_kept_reply, overloaded_reply};
use crate::delivery::{Captured, DeliveryId, Intake, Outcome};

/// Of a body over the limit, this much is kept.
const OVERSIZE_KEPT_BYTES: usize = 64 * 1024;
/// How long a body waits for room in memory before its sender is asked to come back.
const ROOM_PATIENCE: Duration = Duration::from_secs(10);
/// The unit in which room in memory is counted.
pub(super) const ROOM_UNIT_BYTES: usize = 1024;

/// What becomes of the connection after an exchange.
pub(super) enum Next {
    /// Another request may come.
    Request,
    /// It closes.
    Close,
    /// It ends with this.
    Play(Box<Script>),
}

/// Serves the request that `head` begins. Never fails: what goes wrong is an answer.
pub(super) async fn serve(
    stream: &mut Stream<TcpStream>,
    head: RawHead,
    remote: SocketAddr,
    control: &Arc<Control>,
) -> Next {
    crate::panic::trap("worker");
    let Ok(read) = read_body(stream, &head, control).await else {
        control.stats().refused(Refusal::Memory);
        let _ = stream.write(&response(&overloaded_reply(), Ending::CLOSE).wire).await;
        return Next::Close;
    };
    let ReadBody { body, intake, room } = read;
    let RawHead { bytes, framing, at, instant } = head;
    let ending = Ending::of(&framing, !intake.is_complete());
    let incoming = Incoming { remote: remote.to_string(), received_at: at, head: bytes, body, intake };
    let captured = capture_aside(incoming, control.registry()).await;
    let chosen = control.answering.choose(&captured);
    let id = match keep(captured, control).await {
        Ok(id) => id,
        Err(refused) => {
            let reply = if refused == NotKept::Overloaded { overloaded_reply() } else { not_kept_reply() };
            return written(stream.write(&response(&reply, ending).wire).await.is_ok(), ending);
        }
    };
    // On disk: the delivery may wait without its room in memory.
    drop(room);
    let exchange = Exchange { id, since: instant, ending, control };
    match perform::answer(exchange, stream, chosen).await {
        Performance::Whole { wire, mut answer } => {
            let is_written = stream.write(&wire).await.is_ok();
            if !is_written {
                answer.outcome = Outcome::SenderGone;
            }
            control.writer().answered(id, answer);
            written(is_written, ending)
        }
        Performance::Script(script) => Next::Play(script),
        Performance::Nothing(answer) => {
            control.writer().answered(id, answer);
            Next::Close
        }
    }
}

fn written(is_written: bool, ending: Ending) -> Next {
    if is_written && !ending.close { Next::Request } else { Next::Close }
}

/// Why a delivery is not on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotKept {
    /// Too many wait for the disk.
    Overloaded,
    /// The store refused it, or has ended.
    Failed,
}

/// Waits until the delivery is on disk; what could not be kept is counted.
pub(super) async fn keep(captured: Captured, control: &Control) -> Result<DeliveryId, NotKept> {
    let Ok(keeping) = control.writer().keep(captured) else {
        control.stats().refused(Refusal::Waiting);
        return Err(NotKept::Overloaded);
    };
    match keeping.await {
        Ok(Ok(id)) => Ok(id),
        Ok(Err(_)) | Err(_) => {
            control.stats().not_kept();
            Err(NotKept::Failed)
        }
    }
}

struct ReadBody {
    body: Bytes,
    intake: Intake,
    /// Held until the delivery is on disk.
    room: Room,
}

/// There was no room in memory for the body.
struct NoRoom;

/// Room in memory that a body has taken.
#[derive(Default)]
struct Room {
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Room {
    /// Takes as much as a body of `length` bytes needs.
    async fn grow(&mut self, length: usize, control: &Control) -> Result<(), NoRoom> {
        let units = length.saturating_sub(self.bytes).div_ceil(ROOM_UNIT_BYTES);
        if units == 0 {
            return Ok(());
        }
        let permit = control.room(units, ROOM_PATIENCE).await.ok_or(NoRoom)?;
        self.bytes += units * ROOM_UNIT_BYTES;
        match &mut self.permit {
            Some(all) => all.merge(permit),
            None => self.permit = Some(permit),
        }
        Ok(())
    }
}

async fn read_body(stream: &mut Stream<TcpStream>, head: &RawHead, control: &Arc<Control>) -> Result<ReadBody, NoRoom> {
    let limit = control.limits().body_bytes;
    let length = head.framing.length;
    let mut room = Room::default();
    if head.framing.expects_continue && length != BodyLength::Known(0) {
        stream.go_on().await;
    }
    if let Some(body) = stream.whole_body(length, limit) {
        room.grow(body.len(), control).await?;
        return Ok(ReadBody { body, intake: Intake::Complete, room });
    }
    let (mut framing, mut body) = (BodyFraming::new(length), BytesMut::new());
    let intake = loop {
        if framing.is_done() {
            break Intake::Complete;
        }
        if let Err(fault) = stream.body(&mut framing, &mut body).await {
            break broke_off(fault, body.len());
        }
        if body.len() as u64 > limit {
            body.truncate(OVERSIZE_KEPT_BYTES);
            break Intake::TooLarge(format!("more than {limit} bytes; the first {} are kept", body.len()));
        }
        room.grow(body.len(), control).await?;
    };
    Ok(ReadBody { body: body.freeze(), intake, room })
}

fn broke_off(fault: BodyFault, seen: usize) -> Intake {
    match fault {
        BodyFault::Malformed(reason) => Intake::Malformed(format!("{reason}, after {seen} bytes of body")),
        BodyFault::HungUp => Intake::Truncated(format!("the sender hung up after {seen} bytes of body")),
        BodyFault::Silent(limit) => Intake::Truncated(format!("no byte for {limit:?} after {seen} bytes of body")),
    }
}
