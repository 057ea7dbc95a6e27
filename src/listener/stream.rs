//! The receiving side of a connection: one whole, acceptable request at a time, each piece within its
//! deadline, and the head as it came.
//!
//! Requests are read strictly by [`super::framing`] and nobody else: what is kept and what is answered
//! can never be two different requests. A following request waits in the buffer, or in the kernel's,
//! until the one before has its answer.

use std::io;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::framing::{self, BodyFraming, BodyLength, HEAD_LIMIT, HeadFault, RequestFraming};

/// Bytes asked of the socket at once.
const READ_BYTES: usize = 16 * 1024;
/// With less room than this left in the buffer, the next read gets a new one. (What was read from the
/// old one lives on in it, uncopied.)
const LEAST_READ_BYTES: usize = 4 * 1024;
/// Bytes of a following request that are taken in while the one before is being answered.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// A body of declared length gets so much memory ahead of its bytes; a longer one as it comes.
const RESERVED_AHEAD_BYTES: usize = 256 * 1024;

/// How long a sender may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// From the first chance to send until the head is whole.
    pub head: Duration,
    /// Between two pieces of a body, or of an answer that the sender does not read.
    pub body_idle: Duration,
    /// Between two requests on one connection.
    pub keep_alive: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), body_idle: Duration::from_secs(30), keep_alive: Duration::from_secs(75) }
    }
}

/// A head as it came, and when it was whole.
#[derive(Debug, Clone)]
pub(super) struct RawHead {
    pub(super) bytes: Bytes,
    pub(super) framing: RequestFraming,
    pub(super) at: Timestamp,
    pub(super) instant: Instant,
}

/// Why the connection ends before a head was whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The bytes are no acceptable request; answer with this status.
    Malformed(HeadFault, Bytes),
    /// The sender fell silent, or hung up, within the head.
    Incomplete { timed_out: bool, seen: Bytes },
}

/// Why a body ends before it was whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// The chunk framing is wrong.
    Malformed(&'static str),
    /// The sender hung up.
    HungUp,
    /// The sender fell silent.
    Silent(Duration),
}

/// A connection's bytes. See the module's page.
#[derive(Debug)]
pub(super) struct Stream<S> {
    socket: S,
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
    /// Whether a request has been read.
    used: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    pub(super) fn new(socket: S, deadlines: Deadlines) -> Self {
        Self {
            socket,
            deadlines,
            input: BytesMut::new(),
            ended: false,
            reset: false,
            knows_interim: false,
            asked: false,
            used: false,
        }
    }

    pub(super) fn into_socket(self) -> S {
        self.socket
    }

    /// Reads the next head; `None` when no more comes. Nothing is lost when the future is dropped.
    pub(super) async fn head(&mut self) -> Result<Option<RawHead>, Fault> {
        let mut searched = 0;
        let mut deadline = None;
        loop {
            match self.find_head(&mut searched) {
                Ok(Some(head)) => return Ok(Some(head)),
                Ok(None) if self.ended && self.input.is_empty() => return Ok(None),
                Ok(None) if self.ended => return Err(self.incomplete(false)),
                Ok(None) => {}
                Err(fault) => return Err(Fault::Malformed(fault, self.input.split().freeze())),
            }
            let was_empty = self.input.is_empty();
            let is_idle = self.used && was_empty;
            let limit = if is_idle { self.deadlines.keep_alive } else { self.deadlines.head };
            let until = *deadline.get_or_insert_with(|| Instant::now() + limit);
            match timeout_at(until, self.fill()).await {
                Ok(()) => {}
                Err(_) if is_idle => return Ok(None),
                Err(_) => return Err(self.incomplete(true)),
            }
            if was_empty {
                // A head's first byte ends the wait between requests and starts the head's own time.
                deadline = None;
            }
        }
    }

    /// Takes a head from the front of the input, of which `searched` bytes hold no end.
    fn find_head(&mut self, searched: &mut usize) -> Result<Option<RawHead>, HeadFault> {
        if *searched == 0 {
            // RFC 9112, section 2.2: empty lines before a request line are ignored.
            let blank = self.input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.input.advance(blank);
        }
        framing::check_start(&self.input)?;
        let Some(end) = framing::head_end(&self.input, *searched) else {
            if self.input.len() > HEAD_LIMIT {
                let reason = format!("a head of more than {HEAD_LIMIT} bytes");
                return Err(HeadFault { status: 431, reason });
            }
            *searched = self.input.len();
            return Ok(None);
        };
        let framing = framing::inspect(&self.input[..end])?;
        self.used = true;
        self.knows_interim = framing.version > 0;
        let bytes = self.input.split_to(end).freeze();
        Ok(Some(RawHead { bytes, framing, at: Timestamp::now(), instant: Instant::now() }))
    }

    fn incomplete(&mut self, timed_out: bool) -> Fault {
        Fault::Incomplete { timed_out, seen: self.input.split().freeze() }
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
        if self.input.is_empty() {
            // A sender that cannot be written to will be seen to have hung up.
            let _ = self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        }
    }

    /// Adds what comes next of a body to `body`; at least one byte of the wire is taken in.
    pub(super) async fn body(&mut self, framing: &mut BodyFraming, body: &mut BytesMut) -> Result<(), BodyFault> {
        if self.input.is_empty() {
            match framing {
                // Straight to its place.
                BodyFraming::Known(remaining) => {
                    let room = usize::try_from(*remaining).unwrap_or(usize::MAX);
                    body.reserve(room.min(RESERVED_AHEAD_BYTES.max(body.len())));
                    let mut place = body.limit(room);
                    let read = self.socket.read_buf(&mut place);
                    let count = match timeout(self.deadlines.body_idle, read).await {
                        Ok(count) => count.unwrap_or(0),
                        Err(_) => return Err(BodyFault::Silent(self.deadlines.body_idle)),
                    };
                    *remaining -= count as u64;
                    return if count == 0 { Err(BodyFault::HungUp) } else { Ok(()) };
                }
                BodyFraming::Chunked(_) => {
                    let limit = self.deadlines.body_idle;
                    timeout(limit, self.fill()).await.map_err(|_| BodyFault::Silent(limit))?;
                }
            }
        }
        if self.input.is_empty() {
            return Err(BodyFault::HungUp);
        }
        let decoded = framing.decode(&self.input, |data| body.extend_from_slice(data));
        self.input.advance(decoded.map_err(BodyFault::Malformed)?);
        Ok(())
    }

    /// Writes all of `bytes`, as long as the sender takes any of them within its deadline.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match timeout(self.deadlines.body_idle, self.socket.write(bytes)).await {
                Ok(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(Ok(count)) => bytes = &bytes[count..],
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
        Ok(())
    }

    async fn fill(&mut self) {
        if self.input.capacity() - self.input.len() < LEAST_READ_BYTES {
            self.input.reserve(READ_BYTES);
        }
        let read = self.socket.read_buf(&mut self.input).await;
        // A reset is an end like any other: what was seen is kept.
        self.ended = !matches!(read, Ok(1..));
        self.reset |= read.is_err();
    }
}

/// An interim answer that every HTTP/1.1 client must be able to read, asked for or not (RFC 9110,
/// section 15.2).
const STILL_THERE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Stream<TcpStream> {
    /// Resolves when the sender is gone. Nothing is lost when the future is dropped.
    ///
    /// A sender that has closed its half of the connection may wait for its answer (`nc -N` does), or be
    /// gone: TCP says the same of both. It tells them apart once something is written, since the system of
    /// one that is gone answers with a reset (RFC 9293, section 3.10.7.4). So an HTTP/1.1 sender is
    /// written an interim answer, once. HTTP/1.0 knows none, and counts as there.
    pub(super) async fn gone(&mut self) {
        while !self.ended {
            if self.input.len() >= READ_AHEAD_BYTES {
                // Whoever sends on is there.
                std::future::pending::<()>().await;
            }
            self.fill().await;
        }
        if self.reset {
            return;
        }
        if self.knows_interim && !self.asked {
            self.asked = true;
            match self.socket.try_write(STILL_THERE) {
                Ok(count) if count == STILL_THERE.len() => {}
                // Who takes nothing has answers of before to read first.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Behind half of it nothing could follow.
                Ok(_) | Err(_) => return,
            }
        }
        // The system says no more of a connection that stays.
        let _ = self.socket.ready(Interest::ERROR).await;
    }
}
