//! Reading a response as its bytes come (RFC 9112), bounded whatever it holds.
//!
//! Strict where two readers could see different responses (lengths that differ, broken chunks),
//! tolerant where only a writer was careless (LF alone, no reason phrase, folded lines).

use bytes::Bytes;

use super::SendError;
use crate::delivery::{BodyEnd, Reply};
use crate::text::visible_bytes;
use crate::wire::{BodyFraming, BodyLength, head_end};

/// Interim responses (1xx) that may come before the final one.
const INTERIM_LIMIT: u32 = 32;
/// Bytes of a strange beginning that an error shows.
const SHOWN_BYTES: usize = 40;

/// A whole response in `pieces`, behind which the connection ends. For fuzzing alone: elsewhere a response comes from
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
) -> Result<Reply, SendError> {
    let mut parser = Parser::new(method, head_limit, body_limit);
    for piece in pieces {
        if let Some(end) = parser.push(piece)? {
            return parser.finish(end);
        }
    }
    parser.close(BodyEnd::ClosedEarly, true)
}

/// Takes in a response's bytes, cut anywhere.
#[derive(Debug)]
pub(super) struct Parser {
    /// The response to HEAD has no body, whatever its headers say.
    is_bodiless: bool,
    head_limit: usize,
    body_limit: usize,
    /// Of the head, as far as it has come.
    buffer: Vec<u8>,
    searched: usize,
    interim: u32,
    interim_bytes: usize,
    reply: Option<Partial>,
}

/// A response whose head is whole.
#[derive(Debug)]
struct Partial {
    status: u16,
    head: Bytes,
    framing: Framing,
    body: Vec<u8>,
}

/// How the end of the body is found (RFC 9112, section 6.3).
#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Framed(BodyFraming),
    UntilClose,
}

impl Parser {
    /// For the response to a request with this method.
    pub(super) fn new(method: &[u8], head_limit: usize, body_limit: usize) -> Self {
        Self {
            is_bodiless: method == b"HEAD",
            head_limit,
            body_limit,
            buffer: Vec::new(),
            searched: 0,
            interim: 0,
            interim_bytes: 0,
            reply: None,
        }
    }

    /// Whether the next byte begins a head.
    pub(super) fn is_before_head(&self) -> bool {
        self.reply.is_none() && self.buffer.is_empty()
    }

    /// Whether the final head is whole.
    pub(super) fn has_head(&self) -> bool {
        self.reply.is_some()
    }

    /// Takes in `bytes`. `Some` says that the response has ended, and how; what follows is not read.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<BodyEnd>, SendError> {
        if let Some(reply) = &mut self.reply {
            return Ok(reply.push(bytes, self.body_limit));
        }
        self.buffer.extend_from_slice(bytes);
        loop {
            check_start(&self.buffer)?;
            let end = head_end(&self.buffer, self.searched);
            if self.interim_bytes + end.unwrap_or(self.buffer.len()) > self.head_limit {
                return Err(SendError::HeadTooLong { limit: self.head_limit });
            }
            let Some(end) = end else {
                self.searched = self.buffer.len();
                return Ok(None);
            };
            let rest = self.buffer.split_off(end);
            let head = Bytes::from(std::mem::replace(&mut self.buffer, rest));
            self.searched = 0;
            let (status, lengths) = inspect(&head)?;
            // 101 is final here: nothing asked for another protocol.
            if (100..200).contains(&status) && status != 101 {
                self.interim += 1;
                self.interim_bytes += head.len();
                if self.interim > INTERIM_LIMIT {
                    return Err(not_http(format!("more than {INTERIM_LIMIT} interim responses (1xx)")));
                }
                continue;
            }
            let framing = match self.is_bodiless || matches!(status, 101 | 204 | 304) {
                true => Framing::Framed(BodyFraming::Known(0)),
                false => lengths.framing()?,
            };
            let rest = std::mem::take(&mut self.buffer);
            let reply = self.reply.insert(Partial { status, head, framing, body: Vec::new() });
            return Ok(reply.push(&rest, self.body_limit));
        }
    }

    /// The connection has ended, or was ended, which means `end` for a body that should go on.
    /// `written` says whether the whole request had gone out.
    pub(super) fn close(self, end: BodyEnd, written: bool) -> Result<Reply, SendError> {
        match self.reply {
            Some(reply) => {
                let is_whole = end == BodyEnd::ClosedEarly && reply.framing == Framing::UntilClose;
                Ok(reply.end(if is_whole { BodyEnd::Complete } else { end }))
            }
            None if self.buffer.is_empty() || self.buffer.starts_with(b"HTTP/") => {
                Err(SendError::ClosedEarly { written })
            }
            None => Err(strange(&self.buffer)),
        }
    }

    /// The response, which has ended so.
    pub(super) fn finish(self, end: BodyEnd) -> Result<Reply, SendError> {
        self.reply.map(|reply| reply.end(end)).ok_or(SendError::ClosedEarly { written: true })
    }
}

impl Partial {
    fn push(&mut self, bytes: &[u8], limit: usize) -> Option<BodyEnd> {
        let mut overflow = false;
        let body = &mut self.body;
        let mut keep = |data: &[u8]| {
            let room = limit - body.len().min(limit);
            overflow |= data.len() > room;
            body.extend_from_slice(&data[..data.len().min(room)]);
        };
        let is_done = match &mut self.framing {
            Framing::UntilClose => {
                keep(bytes);
                false
            }
            Framing::Framed(framing) => match framing.decode(bytes, keep) {
                Ok(_) => framing.is_done(),
                Err(_) => return Some(BodyEnd::Malformed),
            },
        };
        if overflow { Some(BodyEnd::Limit) } else { is_done.then_some(BodyEnd::Complete) }
    }

    fn end(self, end: BodyEnd) -> Reply {
        Reply { status: self.status, interim: Bytes::new(), head: self.head, body: Bytes::from(self.body), end }
    }
}

/// Whether the first bytes can still become a response.
fn check_start(bytes: &[u8]) -> Result<(), SendError> {
    const START: &[u8] = b"HTTP/1.";
    let length = bytes.len().min(START.len());
    if bytes[..length] == START[..length] {
        return Ok(());
    }
    Err(match bytes {
        [0x15 | 0x16, 3, ..] => not_http("it is TLS: write https:// instead of http://"),
        // A SETTINGS frame, with which every HTTP/2 connection begins (RFC 9113, section 3.4).
        [0, 0, _, 4, ..] => not_http("it is HTTP/2"),
        _ => strange(bytes),
    })
}

fn strange(bytes: &[u8]) -> SendError {
    let more = if bytes.len() > SHOWN_BYTES { "…" } else { "" };
    not_http(format!("it begins with '{}{more}'", visible_bytes(&bytes[..bytes.len().min(SHOWN_BYTES)])))
}

fn not_http(reason: impl Into<String>) -> SendError {
    SendError::NotHttp { reason: reason.into() }
}

/// What the length headers say.
#[derive(Default)]
struct Lengths {
    length: Option<u64>,
    /// Content-Length headers that are no length, or two lengths.
    is_ambiguous: bool,
    /// The last transfer coding.
    coding: Option<Vec<u8>>,
}

impl Lengths {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        if name.eq_ignore_ascii_case(b"content-length") {
            // A list of equal lengths is one length (RFC 9110, section 8.6).
            for part in value.split(|byte| *byte == b',') {
                let part = part.trim_ascii();
                let is_number = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
                let length = std::str::from_utf8(part).ok().filter(|_| is_number).and_then(|text| text.parse().ok());
                self.is_ambiguous |= length.is_none() || self.length.is_some_and(|earlier| Some(earlier) != length);
                self.length = length;
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.split(|byte| *byte == b',').next_back().unwrap_or_default();
            self.coding = Some(last.trim_ascii().to_ascii_lowercase());
        }
    }

    fn framing(self) -> Result<Framing, SendError> {
        match (self.coding.as_deref(), self.length) {
            (Some(b"chunked"), _) => Ok(Framing::Framed(BodyFraming::new(BodyLength::Chunked))),
            (Some(_), _) => Ok(Framing::UntilClose),
            (None, _) if self.is_ambiguous => Err(not_http("its Content-Length is no number, or two")),
            (None, Some(length)) => Ok(Framing::Framed(BodyFraming::Known(length))),
            (None, None) => Ok(Framing::UntilClose),
        }
    }
}

/// The status of a whole head, and what it says about the body's length.
fn inspect(head: &[u8]) -> Result<(u16, Lengths), SendError> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = lines.next().unwrap_or_default();
    let status = match line {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9', b' ', code @ ..]
            if code.len() >= 3
                && code[..3].iter().all(u8::is_ascii_digit)
                && matches!(code.get(3), None | Some(b' ')) =>
        {
            code[..3].iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
        }
        _ => return Err(strange(line)),
    };
    if status < 100 {
        return Err(not_http(format!("its status is {status:03}")));
    }
    let mut lengths = Lengths::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        // A folded line belongs to the value before it (RFC 9112, section 5.2); no length is folded.
        if matches!(line, [b' ' | b'\t', ..]) {
            continue;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return Err(not_http(format!(
                "a header line without a colon: '{}'",
                visible_bytes(&line[..line.len().min(SHOWN_BYTES)])
            )));
        };
        lengths.note(line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii());
    }
    Ok((status, lengths))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// The response to a GET, pushed `step` bytes at a time and closed at its end.
    fn read(bytes: &[u8], step: usize) -> Result<Reply, SendError> {
        read_as(b"GET", bytes, step)
    }

    fn read_as(method: &[u8], bytes: &[u8], step: usize) -> Result<Reply, SendError> {
        read_response(method, bytes.chunks(step), 1000, 20)
    }

    #[rstest]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", BodyEnd::Complete)]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, too much", 200, "hello", BodyEnd::Complete)]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", 200, "hello", BodyEnd::Complete)]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, "hello", BodyEnd::ClosedEarly)]
    #[case("HTTP/1.0 404\n\nhello", 404, "hello", BodyEnd::Complete)]
    #[case("HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890", 200, "01234567890123456789", BodyEnd::Limit)]
    #[case(
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n012345678901234567890",
        200,
        "01234567890123456789",
        BodyEnd::Limit
    )]
    #[case(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        200,
        "abc",
        BodyEnd::Complete
    )]
    #[case(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        200,
        "ab",
        BodyEnd::Complete
    )]
    #[case("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", 200, "ab", BodyEnd::ClosedEarly)]
    #[case("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n", 200, "ab", BodyEnd::Malformed)]
    #[case("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nxyz", 200, "xyz", BodyEnd::Complete)]
    #[case("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204, "", BodyEnd::Complete)]
    #[case("HTTP/1.1 304 x\r\n\r\nhello", 304, "", BodyEnd::Complete)]
    #[case("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", BodyEnd::Complete)]
    #[case(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
        201,
        "x",
        BodyEnd::Complete
    )]
    #[case("HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length : 1\r\n\r\nx", 200, "x", BodyEnd::Complete)]
    fn responses(#[case] bytes: &str, #[case] status: u16, #[case] body: &str, #[case] end: BodyEnd) {
        for step in 1..=bytes.len() {
            let reply = read(bytes.as_bytes(), step).unwrap();
            // Broken chunks and limits are found in what came together with them.
            assert_eq!((reply.status, reply.end), (status, end), "step {step}");
            assert_eq!(reply.body, body.as_bytes(), "step {step}");
        }
    }

    #[rstest]
    #[case("", "closed the connection")]
    #[case("HTTP/1.1 200 OK\r\nX: y", "closed the connection")]
    #[case("HT", "begins with 'HT'")]
    #[case("SSH-2.0-OpenSSH_9.6\r\n", "begins with 'SSH-2.0")]
    #[case("\u{1b}[31mno\r\n\r\n", "␛[31mno")]
    #[case("HTTP/2 200\r\n\r\n", "no HTTP/1 response")]
    #[case("HTTP/1.1 20 OK\r\n\r\n", "no HTTP/1 response")]
    #[case("HTTP/1.1 2000 OK\r\n\r\n", "no HTTP/1 response")]
    #[case("HTTP/1.1 099 OK\r\n\r\n", "status is 099")]
    #[case("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "without a colon")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "Content-Length")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "Content-Length")]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", "Content-Length")]
    fn no_responses(#[case] bytes: &str, #[case] words: &str) {
        for step in [1, 3, 1000] {
            let error = read(bytes.as_bytes(), step).unwrap_err().to_string();
            let whole = read(bytes.as_bytes(), 1000).unwrap_err().to_string();
            assert!(whole.contains(words) && (step == 1000 || error.len() <= whole.len() + 80), "{bytes:?}: {whole}");
        }
    }

    #[test]
    fn tls_and_http2_are_known_by_their_first_bytes() {
        assert!(read(b"\x15\x03\x01\x00\x02\x02", 99).unwrap_err().to_string().contains("https://"));
        assert!(read(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", 99).unwrap_err().to_string().contains("HTTP/2"));
    }

    #[test]
    fn a_response_to_head_has_no_body() {
        let reply = read_as(b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 7).unwrap();
        assert_eq!((reply.body.len(), reply.end), (0, BodyEnd::Complete));
    }

    #[test]
    fn heads_are_bounded() {
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(2000));
        assert_eq!(read(endless.as_bytes(), 64), Err(SendError::HeadTooLong { limit: 1000 }));
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(33);
        assert!(matches!(read(interim.as_bytes(), 64), Err(SendError::NotHttp { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..300), step in 1_usize..50) {
            let _ = read(&bytes, step);
        }

        #[test]
        fn a_body_is_the_same_however_it_is_cut(
            tail in "(\r\n|[0-3a:]|Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: chunked\r\n){0,12}",
            step in 1_usize..40,
        ) {
            let bytes = format!("HTTP/1.1 200 OK\r\nContent-Type: x\r\n{tail}");
            let whole = read(bytes.as_bytes(), usize::MAX);
            match (read(bytes.as_bytes(), step), whole) {
                (Ok(cut), Ok(whole)) => {
                    prop_assert_eq!(cut.status, whole.status);
                    prop_assert!(cut.body.starts_with(&whole.body) || whole.body.starts_with(&cut.body));
                }
                (cut, whole) => prop_assert_eq!(cut, whole),
            }
        }
    }
}
