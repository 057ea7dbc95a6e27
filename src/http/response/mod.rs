//! Reading a response as its bytes come (RFC 9112), bounded whatever it holds.
//!
//! Strict where two readers could see different responses (both lengths, lengths that differ, folded lines, a
//! bare CR, broken chunks …), tolerant where only a writer was careless (LF alone, no reason phrase).

mod head;

use bytes::Bytes;

use self::head::{check_start, inspect, not_http, strange};
use super::SendError;
use crate::http::{BodyEnd, BodyFraming, ChunkPiece, Head, HttpResponse, head_end};

/// Interim responses (1xx) that may come before the final one.
const INTERIM_LIMIT: u32 = 32;
/// Bytes of a strange beginning that an error shows.
const SHOWN_BYTES: usize = 40;

/// A whole response in `pieces`, after which the connection ends. For fuzzing alone: elsewhere a response comes from
/// a socket.
///
/// # Errors
///
/// [`SendError`], as [`Client::send`](super::Client::send) gives it.
#[doc(hidden)]
pub fn read_response<'a>(
    method: &[u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
    head_limit: usize,
    body_limit: usize,
) -> Result<HttpResponse, SendError> {
    let mut parser = Parser::new(method, head_limit, body_limit as u64);
    let mut body = Vec::new();
    for piece in pieces {
        if let Some(end) = parser.push(piece, &mut body)? {
            return parser.into_start().map(|start| start.with_body(body, end));
        }
    }
    let end = parser.close(true)?;
    parser.into_start().map(|start| start.with_body(body, end))
}

/// The final head in `bytes`, which hold all of it. For tests alone.
#[cfg(test)]
pub(crate) fn read_start(method: &[u8], bytes: &[u8]) -> Result<Start, SendError> {
    let mut parser = Parser::new(method, bytes.len(), u64::MAX);
    parser.push(bytes, &mut Vec::new())?;
    parser.into_start()
}

/// A response's head, its body still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The status.
    pub status: u16,
    /// Status line and headers as received, the final empty line included.
    pub head: Head,
    /// The interim responses (1xx) before it, exactly as received.
    pub interim: Bytes,
    /// How its body ends.
    pub length: ResponseLength,
}

/// How the end of a response's body is found (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseLength {
    /// There is none, whatever the headers say: to HEAD, with 204, with 304 … The length that is declared
    /// nevertheless is that of the body which another request would have got.
    NoBody(Option<u64>),
    /// After this many bytes.
    Known(u64),
    /// Chunks follow.
    Chunked,
    /// It goes on until the connection is closed.
    UntilClose,
}

impl Start {
    /// The whole response.
    pub(crate) fn with_body(self, body: Vec<u8>, end: BodyEnd) -> HttpResponse {
        HttpResponse {
            status: self.status,
            interim: self.interim,
            head: self.head,
            body_bytes: body.len() as u64,
            body: Bytes::from(body),
            end,
        }
    }
}

/// Takes in a response's bytes, cut anywhere.
#[derive(Debug)]
pub(crate) struct Parser {
    /// The response to HEAD has no body, whatever its headers say; nor has one of success to CONNECT.
    is_head: bool,
    is_connect: bool,
    head_limit: usize,
    body_limit: u64,
    /// Of the head, as far as it has come.
    buffer: Vec<u8>,
    searched: usize,
    interim_count: u32,
    interim: Vec<u8>,
    begun: Option<Begun>,
}

/// A response whose head is whole.
#[derive(Debug)]
struct Begun {
    start: Start,
    framing: Framing,
    /// Bytes of the body so far.
    received: u64,
}

/// How the end of the body is found.
#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Framed(BodyFraming),
    UntilClose,
}

impl Parser {
    /// For the response to a request with this method.
    pub(crate) fn new(method: &[u8], head_limit: usize, body_limit: u64) -> Self {
        Self {
            is_head: method == b"HEAD",
            is_connect: method == b"CONNECT",
            head_limit,
            body_limit,
            buffer: Vec::new(),
            searched: 0,
            interim_count: 0,
            interim: Vec::new(),
            begun: None,
        }
    }

    /// Whether the next byte begins a head.
    pub(crate) fn is_before_head(&self) -> bool {
        self.begun.is_none() && self.buffer.is_empty()
    }

    /// The final head, once it is whole.
    pub(crate) fn start(&self) -> Option<&Start> {
        self.begun.as_ref().map(|begun| &begun.start)
    }

    /// Takes in `bytes` and appends what they hold of the body to `body`. `Some` says that the response has
    /// ended, and how; what follows is not read.
    pub(crate) fn push(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Result<Option<BodyEnd>, SendError> {
        if let Some(begun) = &mut self.begun {
            return Ok(begun.push(bytes, body, self.body_limit));
        }
        self.buffer.extend_from_slice(bytes);
        loop {
            check_start(&self.buffer)?;
            let end = head_end(&self.buffer, self.searched);
            if self.interim.len() + end.unwrap_or(self.buffer.len()) > self.head_limit {
                return Err(SendError::HeadTooLong { limit: self.head_limit });
            }
            let Some(end) = end else {
                self.searched = self.buffer.len();
                return Ok(None);
            };
            let rest = self.buffer.split_off(end);
            let head = std::mem::replace(&mut self.buffer, rest);
            self.searched = 0;
            let said = inspect(&head)?;
            // 101 is final here: nothing asked for another protocol.
            if (100..200).contains(&said.status) && said.status != 101 {
                self.interim_count += 1;
                self.interim.extend_from_slice(&head);
                if self.interim_count > INTERIM_LIMIT {
                    return Err(not_http(format!("more than {INTERIM_LIMIT} interim responses (1xx)")));
                }
                continue;
            }
            let framed = said.framing()?;
            let (framing, length) = match framed {
                _ if self.is_without_body(said.status) => {
                    (Framing::Framed(BodyFraming::Known(0)), ResponseLength::NoBody(said.declared_length()))
                }
                Framing::UntilClose => (Framing::UntilClose, ResponseLength::UntilClose),
                Framing::Framed(framing) => {
                    let declared = said.declared_length().map_or(ResponseLength::Chunked, ResponseLength::Known);
                    (Framing::Framed(framing), declared)
                }
            };
            let interim = Bytes::from(std::mem::take(&mut self.interim));
            let start = Start { status: said.status, head: Head::from(head), interim, length };
            let rest = std::mem::take(&mut self.buffer);
            let begun = self.begun.insert(Begun { start, framing, received: 0 });
            return Ok(begun.push(&rest, body, self.body_limit));
        }
    }

    /// RFC 9112, section 6.3, items 1 and 2.
    fn is_without_body(&self, status: u16) -> bool {
        self.is_head || matches!(status, 101 | 204 | 304) || (self.is_connect && (200..300).contains(&status))
    }

    /// How the response ends when the connection was closed in order. `written` says whether the whole request
    /// had gone out.
    pub(crate) fn close(&self, written: bool) -> Result<BodyEnd, SendError> {
        match &self.begun {
            Some(begun) if begun.framing == Framing::UntilClose => Ok(BodyEnd::Complete),
            Some(_) => Ok(BodyEnd::ClosedEarly),
            None if self.buffer.is_empty() || self.buffer.starts_with(b"HTTP/") => {
                Err(SendError::ClosedEarly { written })
            }
            None => Err(strange(&self.buffer)),
        }
    }

    /// The head, of a response that has one.
    pub(crate) fn into_start(self) -> Result<Start, SendError> {
        self.begun.map(|begun| begun.start).ok_or(SendError::ClosedEarly { written: true })
    }
}

impl Begun {
    fn push(&mut self, bytes: &[u8], body: &mut Vec<u8>, limit: u64) -> Option<BodyEnd> {
        let mut overflow = false;
        let received = &mut self.received;
        let mut keep = |data: &[u8]| {
            let room = usize::try_from(limit - *received).unwrap_or(usize::MAX);
            let kept = &data[..data.len().min(room)];
            overflow |= kept.len() < data.len();
            *received += kept.len() as u64;
            body.extend_from_slice(kept);
        };
        let is_done = match &mut self.framing {
            Framing::UntilClose => {
                keep(bytes);
                false
            }
            Framing::Framed(framing) => match framing.decode(bytes, |piece| match piece {
                ChunkPiece::Data(data) => keep(data),
                ChunkPiece::Framing(_) => {}
            }) {
                Ok(_) => framing.is_done(),
                Err(_) => return Some(BodyEnd::Malformed),
            },
        };
        if overflow { Some(BodyEnd::Limit) } else { is_done.then_some(BodyEnd::Complete) }
    }
}

#[cfg(test)]
mod tests;
