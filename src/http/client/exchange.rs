//! One request and its response on a connection that stands: written and read at once, whichever goes first.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::{ClientLimits, Run};
use crate::http::response::{Parser, Start};
use crate::http::{BodyEnd, HttpResponse, Outgoing, OutgoingBody, SendError, SendStage};

/// Bytes read at once: no piece of a body that is handed on is longer.
const READ_BYTES: usize = 16 * 1024;

/// What is handed on of a response while it comes: its head, then its body in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponsePart {
    /// The head.
    Start(Start),
    /// A piece of the body, at most 16 KiB.
    Piece(Bytes),
}

/// Where a response goes.
pub(super) enum ResponseSink {
    /// Into memory.
    Kept { start: Option<Start>, body: Vec<u8> },
    /// To somebody who takes it while it comes, and for whom the endpoint has to wait.
    Handed { parts: mpsc::Sender<ResponsePart>, status: Option<u16> },
}

/// Whoever takes a response takes no more of it.
struct Abandoned;

impl ResponseSink {
    pub(super) fn kept() -> Self {
        Self::Kept { start: None, body: Vec::new() }
    }

    pub(super) fn handed(parts: mpsc::Sender<ResponsePart>) -> Self {
        Self::Handed { parts, status: None }
    }

    /// That of the response, once its head is known.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Kept { start, .. } => start.as_ref().map(|start| start.status),
            Self::Handed { status, .. } => *status,
        }
    }

    /// The response that was kept, which has ended so.
    pub(super) fn reply(self, end: BodyEnd) -> Result<HttpResponse, SendError> {
        match self {
            Self::Kept { start: Some(start), body } => Ok(start.with_body(body, end)),
            _ => Err(SendError::ClosedEarly { written: true }),
        }
    }

    async fn take(&mut self, start: Option<&Start>, piece: &mut Vec<u8>) -> Result<(), Abandoned> {
        match self {
            Self::Kept { start: kept, body } => {
                if kept.is_none() {
                    *kept = start.cloned();
                }
                body.append(piece);
                Ok(())
            }
            Self::Handed { parts, status } => {
                if let Some(start) = start.filter(|_| status.is_none()) {
                    *status = Some(start.status);
                    parts.send(ResponsePart::Start(start.clone())).await.map_err(|_| Abandoned)?;
                }
                if piece.is_empty() {
                    return Ok(());
                }
                parts.send(ResponsePart::Piece(Bytes::from(std::mem::take(piece)))).await.map_err(|_| Abandoned)
            }
        }
    }

    /// Resolves when nobody takes it any more.
    async fn abandoned(&self) {
        match self {
            Self::Kept { .. } => std::future::pending().await,
            Self::Handed { parts, .. } => parts.closed().await,
        }
    }
}

/// How writing the request ended.
enum Written {
    Whole,
    /// The endpoint takes no more.
    Refused,
    /// It took nothing for too long.
    Stalled,
    /// The body cannot be read.
    Unreadable(String),
}

impl Run<'_> {
    pub(super) async fn exchange<S>(
        &mut self,
        stream: S,
        request: &Outgoing,
        body: OutgoingBody,
        sink: &mut ResponseSink,
    ) -> Result<BodyEnd, SendError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let begun = Instant::now();
        let whole = self.begun + self.limits.whole;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let write = write(&mut writer, request.head().bytes().clone(), body, self.limits.idle);
        tokio::pin!(write);
        let mut is_whole = false;
        let mut parser = Parser::new(&request.method, self.limits.head_bytes, self.limits.body_bytes);
        let (mut buffer, mut piece) = (vec![0; READ_BYTES], Vec::new());
        let mut clock = Clock { begun, written: None, last: begun };
        loop {
            let (stage, limit) = self.patience(&parser, clock);
            tokio::select! {
                biased;
                () = sink.abandoned() => return Ok(BodyEnd::Abandoned),
                read = reader.read(&mut buffer) => {
                    let count = match read {
                        Ok(count @ 1..) => count,
                        // A reset, or TLS without its proper end: what came is what there is.
                        Err(_) if parser.start().is_some() => return Ok(BodyEnd::ClosedEarly),
                        Ok(0) | Err(_) => return parser.close(is_whole),
                    };
                    if parser.is_before_head() {
                        self.latency.first_byte = Some(begun.elapsed());
                    }
                    let end = parser.push(&buffer[..count], &mut piece)?;
                    match timeout_at(whole, sink.take(parser.start(), &mut piece)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(Abandoned)) => return Ok(BodyEnd::Abandoned),
                        Err(_) => return Ok(BodyEnd::TimedOut),
                    }
                    if let Some(end) = end {
                        return Ok(end);
                    }
                    // The endpoint's time does not run while somebody else takes his.
                    clock.last = Instant::now();
                }
                result = &mut write, if clock.written.is_none() => {
                    clock.written = Some(Instant::now());
                    match result {
                        Written::Whole => is_whole = true,
                        // It may have answered before.
                        Written::Refused => {}
                        _ if parser.start().is_some() => return Ok(BodyEnd::ClosedEarly),
                        Written::Stalled => return Err(self.timeout(SendStage::Request, self.limits.idle)),
                        Written::Unreadable(reason) => return Err(SendError::Unreadable { reason }),
                    }
                }
                () = sleep_until(limit.min(whole)) => {
                    return match stage {
                        None => Ok(BodyEnd::TimedOut),
                        Some((stage, after)) => Err(self.timeout(stage, after)),
                    };
                }
            }
        }
    }

    /// In which part of the exchange it is (none in the body), how long that may take, and until when.
    fn patience(&self, parser: &Parser, clock: Clock) -> (Option<(SendStage, Duration)>, Instant) {
        let ClientLimits { first_byte, idle, whole, .. } = *self.limits;
        let (stage, after, since) = match (self.latency.first_byte, clock.written) {
            _ if parser.start().is_some() => return (None, clock.last + idle),
            (Some(came), written) => (SendStage::Head, idle, written.unwrap_or(clock.begun + came)),
            (None, Some(written)) => (SendStage::FirstByte, first_byte, written),
            // Writing sees to its own steps.
            (None, None) => (SendStage::Request, whole, self.begun),
        };
        (Some((stage, after)), since + after)
    }
}

/// What the deadlines of an exchange are counted from.
#[derive(Clone, Copy)]
struct Clock {
    /// Its beginning.
    begun: Instant,
    /// The end of its request, whether or not all of it was taken.
    written: Option<Instant>,
    /// The last piece of its response.
    last: Instant,
}

/// Writes head and body, and waits at most `idle` for any of it to be taken.
async fn write(writer: &mut (impl AsyncWrite + Unpin), head: Bytes, mut body: OutgoingBody, idle: Duration) -> Written {
    let mut next = Some(head);
    while let Some(piece) = next {
        match write_piece(writer, &piece, idle).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Written::Stalled,
            Err(_) => return Written::Refused,
        }
        next = match body.next().await {
            Ok(next) => next,
            Err(error) => return Written::Unreadable(error.to_string()),
        };
    }
    match timeout(idle, writer.flush()).await {
        Ok(Ok(())) => Written::Whole,
        Ok(Err(_)) => Written::Refused,
        Err(_) => Written::Stalled,
    }
}

async fn write_piece(writer: &mut (impl AsyncWrite + Unpin), mut piece: &[u8], idle: Duration) -> io::Result<()> {
    while !piece.is_empty() {
        let count = timeout(idle, writer.write(piece)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        piece = &piece[count..];
    }
    Ok(())
}
