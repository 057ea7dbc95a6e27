//! The receiving side of a connection: one whole, acceptable request at a time, each piece within its
//! deadline, and every byte as received.
//!
//! Requests are read strictly by [`crate::http::framing`] and nobody else: what is kept and what is answered
//! can never be two different requests. A following request waits in the buffer, or in the kernel's,
//! until the one before has its answer.
//!
//! A deadline bounds one sender, not a thousand; so every wait is also one that [`super::places`] may end.

use std::io;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::pace::{BodyFault, BodyPace, Deadlines};
use super::places::{ConnectionPlace, Phase};
use crate::http::framing::{self, HeadFault, RequestFraming};
use crate::http::section::{FAULTY_KEPT_BYTES, Section};
use crate::http::{BodyLength, Head};

/// Bytes asked of the socket at once.
const READ_BYTES: usize = 16 * 1024;
/// With less room than this left in the buffer, the next read gets a new one. (What was read from the
/// old one lives on in it, uncopied.)
const LEAST_READ_BYTES: usize = 4 * 1024;
/// Bytes of a following request that are taken in while the one before is being answered.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// How long it is waited for bytes that nothing announces, on a connection that closes: between two of them, and in all.
const UNANNOUNCED_IDLE: Duration = Duration::from_millis(200);
const UNANNOUNCED: Duration = Duration::from_secs(2);

/// A head as received, and when it was whole.
#[derive(Debug, Clone)]
pub(super) struct RawHead {
    pub(super) head: Head,
    pub(super) framing: RequestFraming,
    pub(super) at: Timestamp,
    pub(super) instant: Instant,
}

/// Why the connection ends before a head was whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StreamFault {
    /// The bytes are not an acceptable request; answer with this status.
    Malformed(HeadFault, Bytes),
    /// The sender fell silent, or hung up, within the head.
    Incomplete { end: HeadEnd, seen: Bytes },
}

/// How a head ended that never became whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadEnd {
    /// Its time was over.
    TimedOut,
    /// The sender hung up.
    HungUp,
    /// Its place was given to another.
    GivenUp,
}

/// A connection's bytes. See the module's page.
#[derive(Debug)]
pub(super) struct Stream<S> {
    socket: S,
    place: ConnectionPlace,
    deadlines: Deadlines,
    /// Bytes from the socket that belong to no request yet.
    input: BytesMut,
    ended: bool,
    /// Whether the connection was reset.
    reset: bool,
    /// Whether the sender of the request at hand may be sent interim answers, and has been asked by one
    /// whether it is still there.
    knows_interim: bool,
    asked: bool,
    /// The interim answers to the request at hand, as they were sent.
    interim: Vec<u8>,
    /// Whether a request has been read.
    used: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    pub(super) fn new(socket: S, place: ConnectionPlace, deadlines: Deadlines) -> Self {
        Self {
            socket,
            place,
            deadlines,
            input: BytesMut::new(),
            ended: false,
            reset: false,
            knows_interim: false,
            asked: false,
            interim: Vec::new(),
            used: false,
        }
    }

    pub(super) fn into_socket(self) -> (S, ConnectionPlace) {
        (self.socket, self.place)
    }

    /// The connection's place among all.
    pub(super) fn place(&self) -> &ConnectionPlace {
        &self.place
    }

    /// The interim answers that were sent to the request at hand since this was asked last.
    pub(super) fn take_interim(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.interim))
    }

    /// Reads the next head; `None` when no more comes. Nothing is lost when the future is dropped.
    ///
    /// A head has its time from its first byte on, and a new connection from its beginning. Empty lines before it
    /// neither begin nor prolong anything.
    pub(super) async fn head(&mut self) -> Result<Option<RawHead>, StreamFault> {
        let mut searched = 0;
        let began = Instant::now();
        let mut first_byte = None;
        loop {
            let before = self.input.len();
            match self.find_head(searched) {
                Ok(Some(head)) => return Ok(Some(head)),
                Ok(None) => searched = before,
                Err(fault) => return Err(StreamFault::Malformed(fault, self.gather().await)),
            }
            // Line ends that some clients send after a body are not the beginning of a request.
            let is_blank = framing::empty_lines(&self.input).is_ok_and(|blank| blank == self.input.len());
            if self.ended {
                return if is_blank && (self.used || before == 0) {
                    Ok(None)
                } else {
                    Err(self.incomplete(HeadEnd::HungUp))
                };
            }
            let is_idle = self.used && is_blank;
            let until = match is_blank {
                true if self.used => began + self.deadlines.keep_alive,
                true => began + self.deadlines.head,
                false => *first_byte.get_or_insert_with(Instant::now) + self.deadlines.head,
            };
            self.place.enter(if is_blank { Phase::Idle } else { Phase::Head });
            let end = tokio::select! {
                biased;
                filled = timeout_at(until, fill(&mut self.socket, &mut self.input)) => match filled {
                    Ok(filled) => { self.note(filled); continue }
                    Err(_) => HeadEnd::TimedOut,
                },
                () = self.place.given_up() => HeadEnd::GivenUp,
            };
            let is_quiet = is_idle || (end == HeadEnd::GivenUp && is_blank);
            return if is_quiet { Ok(None) } else { Err(self.incomplete(end)) };
        }
    }

    /// Takes a head from the front of the input, of which `searched` bytes hold no end.
    fn find_head(&mut self, searched: usize) -> Result<Option<RawHead>, HeadFault> {
        let Some(found) = framing::find_head(&self.input, searched)? else { return Ok(None) };
        self.used = true;
        self.knows_interim = found.framing.version > 0;
        self.asked = false;
        self.interim.clear();
        let head = Head::read(self.input.split_to(found.length).freeze());
        Ok(Some(RawHead { head, framing: found.framing, at: Timestamp::now(), instant: Instant::now() }))
    }

    fn incomplete(&mut self, end: HeadEnd) -> StreamFault {
        StreamFault::Incomplete { end, seen: self.input.split().freeze() }
    }

    /// The body, when all of it came with the head and is no longer than `limit`: the usual case, in which
    /// nothing is copied.
    pub(super) fn whole_body(&mut self, length: BodyLength, limit: u64) -> Option<Bytes> {
        let BodyLength::Known(length) = length else { return None };
        let length = usize::try_from(length.min(limit.saturating_add(1))).ok()?;
        let is_whole = length <= self.input.len() && length as u64 <= limit;
        is_whole.then(|| self.input.split_to(length).freeze())
    }

    /// Tells a sender that asked for it to go on (RFC 9110, section 10.1.1), unless it already has.
    pub(super) async fn go_on(&mut self) {
        if self.input.is_empty() && self.write(CONTINUE).await.is_ok() {
            // A sender that cannot be written to will be seen to have hung up.
            self.interim.extend_from_slice(CONTINUE);
        }
    }

    /// Adds what comes next to `section`, for which there must be memory; at least one byte is taken in.
    pub(super) async fn body(&mut self, section: &mut Section, pace: &mut BodyPace) -> Result<(), BodyFault> {
        if self.input.is_empty() {
            self.place.enter(Phase::Body);
            let until = pace.until(&self.deadlines);
            let Self { socket, input, place, .. } = self;
            let (filled, is_straight) = match section.straight() {
                // Straight to its place.
                Some((body, most)) => {
                    let mut room = body.limit(most);
                    (await_unless_given_up(place, until, socket.read_buf(&mut room)).await, true)
                }
                None => (await_unless_given_up(place, until, fill(socket, input)).await, false),
            };
            let count = match filled {
                Waited::Done(filled) => self.note(filled),
                Waited::TimedOut => return Err(pace.expired(&self.deadlines)),
                Waited::GivenUp => return Err(BodyFault::GivenUp),
            };
            if is_straight {
                section.came_straight(count);
            }
            if count == 0 {
                return Err(BodyFault::HungUp);
            }
            pace.note(count, &self.deadlines)?;
        }
        section.take(&mut self.input).map_err(BodyFault::Section)
    }

    /// What has come and belongs to no request, as far as it is kept; waits for nothing.
    pub(super) async fn gather(&mut self) -> Bytes {
        while !self.ended && self.input.len() < FAULTY_KEPT_BYTES {
            tokio::select! {
                biased;
                filled = fill(&mut self.socket, &mut self.input) => { self.note(filled); }
                () = std::future::ready(()) => break,
            }
        }
        let mut seen = self.input.split();
        seen.truncate(FAULTY_KEPT_BYTES);
        seen.freeze()
    }

    /// What comes on a connection that closes after a request with no length: bytes that belong to no body, and
    /// that a sender who forgot the length takes for one.
    pub(super) async fn unannounced(&mut self) -> Bytes {
        let until = Instant::now() + UNANNOUNCED;
        self.place.enter(Phase::Body);
        while !self.ended && self.input.len() < FAULTY_KEPT_BYTES {
            let next = until.min(Instant::now() + UNANNOUNCED_IDLE);
            let Self { socket, input, place, .. } = self;
            match await_unless_given_up(place, next, fill(socket, input)).await {
                Waited::Done(filled) => self.note(filled),
                Waited::TimedOut | Waited::GivenUp => break,
            };
        }
        self.gather().await
    }

    /// Writes all of `bytes`, as long as the sender takes any of them within its deadline.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.place.enter(Phase::Answer);
        while !bytes.is_empty() {
            let until = Instant::now() + self.deadlines.body_idle;
            match await_unless_given_up(&self.place, until, self.socket.write(bytes)).await {
                Waited::Done(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Waited::Done(Ok(count)) => {
                    self.place.note(count);
                    bytes = &bytes[count..];
                }
                Waited::Done(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Waited::Done(Err(error)) => return Err(error),
                Waited::TimedOut | Waited::GivenUp => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
        self.place.enter(Phase::Ours);
        Ok(())
    }

    /// Takes note of a read: how many bytes it gave.
    fn note(&mut self, read: io::Result<usize>) -> usize {
        // A reset is an end like any other: what was seen is kept.
        let count = read.as_ref().copied().unwrap_or(0);
        self.ended = count == 0;
        self.reset |= read.is_err();
        self.place.note(count);
        count
    }
}

/// How a wait ended.
enum Waited<T> {
    Done(T),
    TimedOut,
    GivenUp,
}

async fn await_unless_given_up<T>(place: &ConnectionPlace, until: Instant, what: impl Future<Output = T>) -> Waited<T> {
    tokio::select! {
        biased;
        done = timeout_at(until, what) => done.map_or(Waited::TimedOut, Waited::Done),
        () = place.given_up() => Waited::GivenUp,
    }
}

async fn fill<S: AsyncRead + Unpin>(socket: &mut S, input: &mut BytesMut) -> io::Result<usize> {
    if input.capacity() - input.len() < LEAST_READ_BYTES {
        input.reserve(READ_BYTES);
    }
    socket.read_buf(input).await
}

/// An interim answer that every HTTP/1.1 client must be able to read, asked for or not (RFC 9110,
/// section 15.2).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Stream<TcpStream> {
    /// Resolves when the sender is gone. Nothing is lost when the future is dropped.
    ///
    /// A sender that has closed its half of the connection may wait for its answer (`nc -N` does), or be
    /// gone: TCP says the same of both. It tells them apart once something is written, since the system of
    /// one that is gone answers with a reset (RFC 9293, section 3.10.7.4). So an HTTP/1.1 sender is
    /// written an interim answer, once. HTTP/1.0 knows none, and counts as there.
    pub(super) async fn gone(&mut self) {
        self.place.enter(Phase::Ours);
        while !self.ended {
            if self.input.len() >= READ_AHEAD_BYTES {
                // Whoever sends on is there.
                std::future::pending::<()>().await;
            }
            let filled = fill(&mut self.socket, &mut self.input).await;
            self.note(filled);
        }
        if self.reset {
            return;
        }
        if self.knows_interim && !self.asked {
            self.asked = true;
            match self.socket.try_write(CONTINUE) {
                Ok(count) if count == CONTINUE.len() => self.interim.extend_from_slice(CONTINUE),
                // Who takes nothing has answers of before to read first.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // After half of it nothing could follow.
                Ok(_) | Err(_) => return,
            }
        }
        // The system says no more of a connection that stays.
        let _ = self.socket.ready(Interest::ERROR).await;
    }
}
