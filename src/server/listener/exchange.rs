//! One request and its answer: read, judge, keep, and only then answer.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::answering::Chosen;
use super::body::{self, ReadBody};
use super::capture::{Incoming, capture_aside};
use super::perform::{self, Exchange};
use super::places::Phase;
use super::raw::Script;
use super::response::{Ending, response};
use super::stats::Refusal;
use super::stream::{RawHead, Stream};
use super::{Control, not_kept_reply, overloaded_reply};
use crate::delivery::{Captured, DeliveryId};

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
    crate::system::panic::trap("worker");
    let Ok(read) = body::read(stream, &head, control).await else {
        control.stats().refused(Refusal::Memory);
        let _ = stream.write(&response(&overloaded_reply(), Ending::CLOSE).wire).await;
        return Next::Close;
    };
    stream.place().enter(Phase::Ours);
    let ReadBody { body, framing, intake, was_given_up, room } = read;
    let RawHead { head, framing: request, at, instant } = head;
    let ending = Ending::of(&request, !intake.is_complete());
    let incoming = Incoming { remote: remote.to_string(), received_at: at, head, body, framing, intake };
    let captured = capture_aside(incoming, control.registry()).await;
    let (captured, chosen) = match was_given_up {
        true => (captured, Chosen::Refused(overloaded_reply(), "limit".to_owned())),
        false => control.answering.choose(captured).await,
    };
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
    perform::answer(exchange, stream, chosen).await
}

pub(super) fn written(is_written: bool, ending: Ending) -> Next {
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
