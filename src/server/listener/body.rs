//! Reading a request's body section within its bounds: bytes, room in memory, time.

use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Control;
use super::pace::{BodyFault, BodyPace};
use super::places::Phase;
use super::room::{self, MemoryRoom, NoRoom};
use super::stream::{RawHead, Stream};
use crate::delivery::Intake;
use crate::http::framing::RequestFraming;
use crate::http::section::{Section, SectionFault};
use crate::http::{BodyLength, WireFraming, WireFramingBuilder};
use crate::text::counted;
use crate::text::units::size_words;

/// A body section as far as it was taken in.
pub(super) struct ReadBody {
    pub(super) body: Bytes,
    pub(super) framing: WireFraming,
    pub(super) intake: Intake,
    /// Whether its place or its room was given to another.
    pub(super) was_given_up: bool,
    /// Held until the delivery is on disk.
    pub(super) room: MemoryRoom,
}

impl ReadBody {
    fn new(body: impl Into<Bytes>, framing: WireFraming, intake: Intake, room: MemoryRoom) -> Self {
        Self { body: body.into(), framing, intake, was_given_up: false, room }
    }
}

/// Reads what follows `head`.
///
/// # Errors
///
/// [`NoRoom`] when there is none in memory.
pub(super) async fn read(
    stream: &mut Stream<TcpStream>,
    head: &RawHead,
    control: &Arc<Control>,
) -> Result<ReadBody, NoRoom> {
    let limit = control.limits().body_bytes;
    let length = head.framing.length;
    let mut room = control.room();
    if let Some(body) = stream.whole_body(length, limit) {
        room.grow(body.len(), room::PATIENCE).await?;
        let behind = behind(stream, head).await;
        let mut around = WireFramingBuilder::default();
        around.data(body.len());
        around.unframed(&behind);
        return Ok(ReadBody::new(body, around.finish(), whole(head, &behind), room));
    }
    let mut section = Section::new(length, limit);
    let read = match section.check() {
        Ok(()) => {
            if head.framing.expects_continue && length != BodyLength::Known(0) {
                stream.go_on().await;
            }
            rest(stream, &mut section, &mut room).await?
        }
        Err(fault) => Err(BodyFault::Section(fault)),
    };
    let Err(fault) = read else {
        let behind = behind(stream, head).await;
        let (body, framing) = section.finish(&behind);
        return Ok(ReadBody::new(body, framing, whole(head, &behind), room));
    };
    let (seen, come) = (section.len(), stream.gather().await);
    let (body, framing) = match fault {
        BodyFault::Section(SectionFault::TooLarge) => section.beginning(&come),
        _ => section.finish(&come),
    };
    let intake = broke_off(fault, seen, body.len(), limit);
    let was_given_up = fault == BodyFault::GivenUp;
    Ok(ReadBody { was_given_up, ..ReadBody::new(body, framing, intake, room) })
}

/// What follows a whole request on a connection that closes: it belongs to no request, and is kept with this one.
async fn behind(stream: &mut Stream<TcpStream>, head: &RawHead) -> Bytes {
    match head.framing {
        RequestFraming { keep_alive: true, .. } => Bytes::new(),
        RequestFraming { lacks_length: true, .. } => stream.unannounced().await,
        _ => stream.gather().await,
    }
}

/// A request that ended where its framing says. Whoever forgets the length of a body sends none (RFC 9112, section
/// 6.3), and is told so.
fn whole(head: &RawHead, behind: &[u8]) -> Intake {
    if head.framing.lacks_length && !behind.is_empty() {
        let behind = counted(behind.len() as u64, "byte");
        return Intake::Malformed(format!(
            "no Content-Length and no Transfer-Encoding, so that the request has no body (RFC 9112, section 6.3): {behind} \
             after the head"
        ));
    }
    Intake::Complete
}

/// Takes in the section to its end, or says why not.
async fn rest(
    stream: &mut Stream<TcpStream>,
    section: &mut Section,
    room: &mut MemoryRoom,
) -> Result<Result<(), BodyFault>, NoRoom> {
    let mut pace = BodyPace::new();
    while !section.is_done() {
        let wanted = section.wanted();
        if wanted > room.bytes() {
            let asked = Instant::now();
            stream.place().enter(Phase::Ours);
            room.grow(wanted, room::PATIENCE).await?;
            stream.place().holds(room.bytes());
            pace.forgive(asked.elapsed());
        }
        section.reserve();
        if let Err(fault) = stream.body(section, &mut pace).await {
            return Ok(Err(fault));
        }
    }
    stream.place().holds(0);
    Ok(Ok(()))
}

fn broke_off(fault: BodyFault, seen: usize, kept: usize, limit: u64) -> Intake {
    let truncated = |why: String| Intake::Truncated(format!("{why} after {} of body", counted(seen as u64, "byte")));
    match fault {
        BodyFault::Section(SectionFault::Malformed(reason)) => {
            Intake::Malformed(format!("{reason}, after {} of body", counted(seen as u64, "byte")))
        }
        BodyFault::Section(SectionFault::TooLarge) => {
            let (limit, kept) = (size_words(limit), size_words(kept as u64));
            Intake::TooLarge(format!("more than {limit}; the first {kept} are kept"))
        }
        BodyFault::HungUp => truncated("the sender hung up".to_owned()),
        BodyFault::Silent(limit) => truncated(format!("no byte for {limit:?}")),
        BodyFault::TooSlow(rate) => truncated(format!("slower than {rate} bytes a second")),
        BodyFault::TooLong(limit) => truncated(format!("incomplete within {limit:?},")),
        BodyFault::GivenUp => truncated("too slow while the listener was at its limit,".to_owned()),
    }
}
