//! A server's answer on its way to the sender: its head as soon as it is known, then its body as it comes, as
//! fast as the sender takes it. What breaks off there breaks off here.

use std::time::SystemTime;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::fields::{self, AnswerFraming, RelayedHead};
use crate::http::{ResponsePart, Start};
use crate::server::listener::perform::Exchange;
use crate::server::listener::response::{Ending, ResponseHeader};
use crate::server::listener::room::MemoryRoom;
use crate::server::listener::stream::Stream;

/// Of a body, so much is kept in the record.
const KEPT_BYTES: usize = 1024 * 1024;
/// What is kept grows from here to there.
const FIRST_KEPT_BYTES: usize = 16 * 1024;

/// An answer that was begun.
pub(super) struct Begun {
    pub(super) start: Start,
    pub(super) headers: Vec<ResponseHeader>,
    /// What of the server's head is not among them, though it is not of its connection alone.
    pub(super) left_out: Vec<String>,
    pub(super) framing: AnswerFraming,
    pub(super) ending: Ending,
    /// Whether the sender has taken all of it so far.
    pub(super) is_taken: bool,
}

/// Hands on what comes, until nothing more does or the sender is gone. `None` when nothing came that could be
/// handed on; the head that did not is left in `keeper`.
pub(super) async fn relay(
    exchange: Exchange<'_>,
    stream: &mut Stream<TcpStream>,
    mut parts: mpsc::Receiver<ResponsePart>,
    keeper: &mut Keeper,
) -> Option<Begun> {
    let mut begun: Option<Begun> = None;
    while let Some(part) = parts.recv().await {
        keeper.keep(&part);
        let wire = match (part, &begun) {
            (ResponsePart::Start(start), _) => {
                if !(200..=599).contains(&start.status) {
                    return None;
                }
                exchange.says(start.status);
                let framing = AnswerFraming::of(start.length, exchange.ending.knows_chunks);
                let ending = if framing == AnswerFraming::UntilClose { Ending::CLOSE } else { exchange.ending };
                let RelayedHead { headers, left_out } =
                    fields::relayed(&start, framing, ending.option(), SystemTime::now());
                let wire = fields::wire(&start, &headers);
                begun = Some(Begun { start, headers, left_out, framing, ending, is_taken: true });
                Bytes::from(wire)
            }
            (ResponsePart::Piece(piece), Some(Begun { framing: AnswerFraming::Chunks, .. })) => chunk(&piece),
            (ResponsePart::Piece(piece), _) => piece,
        };
        if stream.write(&wire).await.is_err() {
            if let Some(begun) = &mut begun {
                begun.is_taken = false;
            }
            break;
        }
    }
    begun
}

/// Takes what comes for the record alone.
pub(super) async fn drain(mut parts: mpsc::Receiver<ResponsePart>, keeper: &mut Keeper) {
    while let Some(part) = parts.recv().await {
        keeper.keep(&part);
    }
}

/// One chunk (RFC 9112, section 7.1). A piece is never empty: that would be the last one.
fn chunk(piece: &[u8]) -> Bytes {
    let mut chunk = Vec::with_capacity(piece.len() + 8);
    chunk.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    Bytes::from(chunk)
}

/// What ends a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What is kept of a response that passes through: its head, and its body's beginning as far as there is room.
pub(super) struct Keeper {
    room: MemoryRoom,
    start: Option<Start>,
    kept: Vec<u8>,
    is_full: bool,
    bytes: u64,
}

/// What was kept.
pub(super) struct KeptAnswer {
    pub(super) start: Option<Start>,
    pub(super) body: Bytes,
    /// Of all of the body.
    pub(super) bytes: u64,
}

impl Keeper {
    /// Within what `room` can get.
    pub(super) fn new(room: MemoryRoom) -> Self {
        Self { room, start: None, kept: Vec::new(), is_full: false, bytes: 0 }
    }

    fn keep(&mut self, part: &ResponsePart) {
        match part {
            ResponsePart::Start(start) => self.start = Some(start.clone()),
            ResponsePart::Piece(piece) => {
                self.bytes += piece.len() as u64;
                let wanted = &piece[..piece.len().min(KEPT_BYTES - self.kept.len())];
                if !self.is_full && self.has_room(wanted.len()) {
                    self.kept.extend_from_slice(wanted);
                } else {
                    // A gap would be worse than an end.
                    self.is_full = true;
                }
            }
        }
    }

    /// Never waits: a record is not a reason to keep a sender waiting.
    fn has_room(&mut self, more: usize) -> bool {
        let length = self.kept.len() + more;
        if length <= self.kept.capacity() {
            return true;
        }
        let capacity = (self.kept.capacity() * 2).clamp(FIRST_KEPT_BYTES, KEPT_BYTES).max(length);
        let has_room = self.room.try_grow(capacity);
        if has_room {
            self.kept.reserve_exact(capacity - self.kept.len());
        }
        has_room
    }

    /// What was kept, which keeps its room as long as anybody holds it.
    pub(super) fn finish(self) -> KeptAnswer {
        KeptAnswer { start: self.start, body: self.room.over(Bytes::from(self.kept)), bytes: self.bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::listener::places::Places;
    use crate::server::listener::room::MemoryBudget;

    fn kept(budget: &MemoryBudget, pieces: &[usize]) -> KeptAnswer {
        let mut keeper = Keeper::new(budget.room());
        for length in pieces {
            keeper.keep(&ResponsePart::Piece(Bytes::from(vec![b'x'; *length])));
        }
        keeper.finish()
    }

    #[test]
    fn the_beginning_is_kept_as_far_as_there_is_room_and_counted_until_it_is_let_go() {
        // All of it is for bodies of any size, but for the part that is kept for small ones.
        let budget = MemoryBudget::new(2 * KEPT_BYTES, 2 * KEPT_BYTES - 1024, Places::new(1));
        let short = kept(&budget, &[1, 2, 3]);
        assert_eq!((short.body.len(), short.bytes), (6, 6));
        let long = kept(&budget, &[16 * 1024; 100]);
        assert_eq!((long.body.len(), long.bytes), (KEPT_BYTES, 100 * 16 * 1024));
        assert_eq!(budget.taken_bytes(), KEPT_BYTES + FIRST_KEPT_BYTES);
        // What is left is less than another: its beginning is kept, without a gap after it.
        let crowded = kept(&budget, &[16 * 1024; 100]);
        assert!(crowded.body.len() < KEPT_BYTES && crowded.body.len() >= FIRST_KEPT_BYTES, "{}", crowded.body.len());
        assert_eq!(crowded.bytes, 100 * 16 * 1024);
        drop((short, long, crowded));
        assert_eq!(budget.taken_bytes(), 0);
    }

    #[test]
    fn a_chunk_says_its_length() {
        assert_eq!(&chunk(&[b'x'; 17])[..6], b"11\r\nxx");
        assert!(chunk(b"abc").ends_with(b"abc\r\n"));
    }
}
