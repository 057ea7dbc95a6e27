//! The tee between a socket and hyper: it keeps each request's head as it came, and lets hyper see
//! one whole, acceptable request at a time.
//!
//! ```text
//! socket ─▶ input ─▶ framing ─▶ hyper      heads wait in `Shared` for the service
//!                       │
//!                       └─▶ Fault: kept and answered by the connection, hyper never sees it
//! ```
//!
//! hyper has no deadline for a body that stops coming nor for a connection that says nothing, and
//! lower-cases, groups and re-orders headers; so deadlines and heads are kept here.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_util::io::poll_read_buf;

use super::framing::{self, BodyFraming, HEAD_LIMIT, HeadFault};
use super::raw::Script;

/// Bytes asked of the socket at once while a head is read.
const READ_BYTES: usize = 16 * 1024;
/// Bytes of a following request that are taken in while the one before is being answered.
const READ_AHEAD_BYTES: usize = 64 * 1024;

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
    pub(super) at: Timestamp,
    pub(super) instant: Instant,
}

/// Why the connection ends before a request was whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The bytes are no acceptable request; answer with this status.
    Malformed(HeadFault, Bytes),
    /// The sender fell silent, or hung up, within the head.
    Incomplete { timed_out: bool, seen: Bytes },
}

/// What the tee, the service and the connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Heads that hyper has been given and the service has not yet taken.
    pub(super) heads: VecDeque<RawHead>,
    /// Set when the connection must end; see [`Fault`].
    pub(super) fault: Option<Fault>,
    /// Why the body at hand broke off, for the service, which only sees that it did.
    pub(super) body_fault: Option<String>,
    /// The chunk framing itself was wrong.
    pub(super) body_malformed: bool,
    /// Whether a request is with hyper or the service.
    busy: bool,
    /// The tee's reader, waiting for `busy` to end.
    waker: Option<Waker>,
    /// Whether the sender sends no more: it hung up, or closed its half.
    sender_ended: bool,
    /// Who waits for that.
    gone_waker: Option<Waker>,
    /// What the connection writes instead of hyper; see [`super::raw`].
    pub(super) script: Option<Box<Script>>,
}

/// A handle on [`Shared`].
#[derive(Debug, Clone, Default)]
pub(super) struct SharedHandle(Arc<Mutex<Shared>>);

impl SharedHandle {
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic elsewhere ends the program; until then the plain data here is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the sender sends no more. A sender that waits for its answer with its half of the
    /// connection closed cannot be told from one that has hung up.
    pub(super) async fn gone(&self) {
        std::future::poll_fn(|context| {
            let mut shared = self.lock();
            if shared.sender_ended {
                return Poll::Ready(());
            }
            shared.gone_waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn sender_ended(&self) {
        let mut shared = self.lock();
        shared.sender_ended = true;
        if let Some(waker) = shared.gone_waker.take() {
            waker.wake();
        }
    }

    /// Lets the next request through: the service has its answer.
    pub(super) fn answered(&self) {
        let mut shared = self.lock();
        shared.busy = false;
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }
}

enum State {
    /// Between requests or within a head, of which `searched` bytes hold no end.
    Head { searched: usize },
    /// Within a body.
    Body(BodyFraming),
}

/// A socket as hyper sees it. See the module's page.
pub(super) struct Tee<S> {
    socket: S,
    deadlines: Deadlines,
    shared: SharedHandle,
    state: State,
    /// Bytes from the socket that framing has not yet looked at.
    input: BytesMut,
    /// Bytes that hyper may have.
    output: Bytes,
    socket_ended: bool,
    /// Whether any request has been let through.
    used: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// Runs while the sender takes no byte of its answer.
    write_timer: Option<Pin<Box<Sleep>>>,
}

/// The reading half of what [`Tee::advance`] decided.
enum Step {
    /// Something moved; look again.
    Moved,
    /// Nothing can be decided without more bytes.
    NeedInput,
    /// The request at hand must be answered first.
    NeedAnswer,
    /// The connection ends here.
    End(io::Result<()>),
}

impl<S> Tee<S> {
    pub(super) fn new(socket: S, deadlines: Deadlines, shared: SharedHandle) -> Self {
        Self {
            socket,
            deadlines,
            shared,
            state: State::Head { searched: 0 },
            input: BytesMut::new(),
            output: Bytes::new(),
            socket_ended: false,
            used: false,
            timer: None,
            write_timer: None,
        }
    }

    pub(super) fn into_socket(self) -> S {
        self.socket
    }

    fn advance(&mut self) -> Step {
        match &mut self.state {
            State::Body(framing) if framing.is_done() => {
                self.state = State::Head { searched: 0 };
                Step::Moved
            }
            State::Body(framing) => {
                if self.input.is_empty() {
                    return if self.socket_ended { self.body_broke_off() } else { Step::NeedInput };
                }
                match framing.advance(&self.input) {
                    Ok(taken) => self.output = self.input.split_to(taken).freeze(),
                    Err(reason) => {
                        // hyper finds the same fault in the same bytes and fails the body.
                        let mut shared = self.shared.lock();
                        shared.body_fault = Some(reason.to_owned());
                        shared.body_malformed = true;
                        drop(shared);
                        self.output = self.input.split().freeze();
                        self.socket_ended = true;
                    }
                }
                Step::Moved
            }
            State::Head { .. } if self.shared.lock().busy => Step::NeedAnswer,
            State::Head { searched } => {
                let searched = *searched;
                self.advance_head(searched)
            }
        }
    }

    fn advance_head(&mut self, searched: usize) -> Step {
        if searched == 0 {
            // RFC 9112, section 2.2: empty lines before a request line are ignored.
            let blank = self.input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.input.advance(blank);
        }
        if let Err(fault) = framing::check_start(&self.input) {
            return self.malformed(fault);
        }
        let Some(end) = framing::head_end(&self.input, searched) else {
            if self.input.len() > HEAD_LIMIT {
                let reason = format!("a head of more than {HEAD_LIMIT} bytes");
                return self.malformed(HeadFault { status: 431, reason });
            }
            self.state = State::Head { searched: self.input.len() };
            return match (self.socket_ended, self.input.is_empty()) {
                (false, _) => Step::NeedInput,
                (true, true) => Step::End(Ok(())),
                (true, false) => self.incomplete(false),
            };
        };
        match framing::inspect(&self.input[..end]) {
            Err(fault) => self.malformed(fault),
            Ok(length) => {
                let bytes = self.input.split_to(end).freeze();
                let head = RawHead { bytes: bytes.clone(), at: Timestamp::now(), instant: Instant::now() };
                let mut shared = self.shared.lock();
                shared.heads.push_back(head);
                shared.busy = true;
                drop(shared);
                self.output = bytes;
                self.state = State::Body(BodyFraming::new(length));
                self.used = true;
                self.timer = None;
                Step::Moved
            }
        }
    }

    fn malformed(&mut self, fault: HeadFault) -> Step {
        let seen = self.input.split().freeze();
        self.end_with(Fault::Malformed(fault, seen))
    }

    fn incomplete(&mut self, timed_out: bool) -> Step {
        let seen = self.input.split().freeze();
        self.end_with(Fault::Incomplete { timed_out, seen })
    }

    fn end_with(&mut self, fault: Fault) -> Step {
        self.shared.lock().fault = Some(fault);
        Step::End(Err(io::Error::other("no acceptable request")))
    }

    fn body_broke_off(&mut self) -> Step {
        let mut shared = self.shared.lock();
        shared.body_fault.get_or_insert_with(|| "the sender hung up".to_owned());
        drop(shared);
        Step::End(Ok(()))
    }

    /// Starts the timer that fits the state, unless one is running, and asks whether it has run out.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = match &self.state {
            State::Body(_) => self.deadlines.body_idle,
            State::Head { .. } if self.used && self.input.is_empty() => self.deadlines.keep_alive,
            State::Head { .. } => self.deadlines.head,
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        timer.as_mut().poll(context)
    }

    fn timed_out(&mut self) -> Step {
        match self.state {
            State::Body(_) => {
                let limit = self.deadlines.body_idle;
                self.shared.lock().body_fault = Some(format!("no byte for {limit:?}"));
                // An end within the body: hyper fails it, and the service tells the person why.
                self.socket_ended = true;
                Step::End(Ok(()))
            }
            State::Head { .. } if self.used && self.input.is_empty() => Step::End(Ok(())),
            State::Head { .. } => self.incomplete(true),
        }
    }
}

impl<S: AsyncRead + Unpin> Tee<S> {
    /// Reads from the socket into `input`; `Ready` when something came or the socket ended.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.input.reserve(READ_BYTES);
        let was_empty = self.input.is_empty();
        match poll_read_buf(Pin::new(&mut self.socket), context, &mut self.input) {
            Poll::Pending => return Poll::Pending,
            // A reset is an end like any other: what was seen is kept.
            Poll::Ready(Ok(0) | Err(_)) => {
                self.socket_ended = true;
                self.shared.sender_ended();
            }
            // A head's first byte ends the wait between requests and starts the head's own time.
            Poll::Ready(Ok(_)) => {
                if was_empty || matches!(self.state, State::Body(_)) {
                    self.timer = None;
                }
            }
        }
        Poll::Ready(())
    }

    /// Reads a body of known length from the socket straight into hyper's `buffer`, when nothing is
    /// in between. `None` when there is.
    fn poll_body(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Option<Poll<()>> {
        let State::Body(framing @ BodyFraming::Known(1..)) = &mut self.state else { return None };
        if !self.input.is_empty() || self.socket_ended {
            return None;
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.socket).poll_read(context, buffer) {
            Poll::Pending => return Some(Poll::Pending),
            Poll::Ready(Err(_)) => self.socket_ended = true,
            Poll::Ready(Ok(())) => {
                self.timer = None;
                let new = &buffer.filled()[before..];
                self.socket_ended = new.is_empty();
                // A known length cannot be framed wrongly.
                let taken = framing.advance(new).unwrap_or(new.len());
                self.input.extend_from_slice(&new[taken..]);
                buffer.set_filled(before + taken);
            }
        }
        Some(Poll::Ready(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tee<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.output.is_empty() {
                let count = this.output.len().min(buffer.remaining());
                buffer.put_slice(&this.output.split_to(count));
                return Poll::Ready(Ok(()));
            }
            match this.poll_body(context, buffer) {
                Some(Poll::Ready(())) if this.socket_ended => {}
                Some(Poll::Ready(())) => return Poll::Ready(Ok(())),
                Some(Poll::Pending) => match this.poll_deadline(context) {
                    Poll::Ready(()) => drop(this.timed_out()),
                    Poll::Pending => return Poll::Pending,
                },
                None => {}
            }
            let step = match this.advance() {
                Step::NeedInput => match this.poll_input(context) {
                    Poll::Ready(()) => Step::Moved,
                    Poll::Pending => match this.poll_deadline(context) {
                        Poll::Ready(()) => this.timed_out(),
                        Poll::Pending => return Poll::Pending,
                    },
                },
                Step::NeedAnswer => {
                    this.shared.lock().waker = Some(context.waker().clone());
                    // Reading on shows whether the sender is still there; its end waits as well.
                    if this.socket_ended
                        || this.input.len() >= READ_AHEAD_BYTES
                        || this.poll_input(context).is_pending()
                    {
                        return Poll::Pending;
                    }
                    Step::Moved
                }
                other => other,
            };
            if let Step::End(result) = step {
                return Poll::Ready(result);
            }
        }
    }
}

impl<S> Tee<S> {
    /// Lets a write wait for the sender only so long: hyper would wait for ever for one that sends
    /// request after request and reads no answer.
    fn bounded(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        let limit = self.deadlines.body_idle;
        let timer = self.write_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tee<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.bounded(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.bounded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
