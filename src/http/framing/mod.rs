//! Where one HTTP/1 request ends and the next begins: RFC 9112, read strictly.
//!
//! Anything that two parsers could read differently (both lengths, a folded header, a space before the colon, two
//! hosts) is a [`HeadFault`] with the status it deserves. Lines of a head may end in LF alone, as RFC 9112, section
//! 2.2, allows and every reader does; within a chunked body, where readers differ, they may not.

mod request_target;

use crate::http::lines::lines;
pub use crate::http::{BodyFraming, BodyLength, ChunkPiece, head_end};
use crate::http::{field, is_token};

/// The most bytes that a head may have; a longer one is answered with 431.
pub const HEAD_LIMIT: usize = 256 * 1024;
/// The most header fields; more are answered with 431.
pub const FIELD_LIMIT: usize = 100;
/// The most empty lines before a request line (RFC 9112, section 2.2, asks for one at least: some old clients end a
/// body with it). They are kept with the head.
pub const EMPTY_LINES_LIMIT: usize = 4;
/// The most bytes of a request target; a longer one is answered with 414.
pub const TARGET_LIMIT: usize = 65_000;

/// Why a head is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadFault {
    /// The status that says so to the sender.
    pub status: u16,
    /// What is wrong, for the person.
    pub reason: String,
}

impl HeadFault {
    fn bad(reason: impl Into<String>) -> Self {
        Self { status: 400, reason: reason.into() }
    }
}

/// A whole head at the front of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundHead {
    /// Its length in bytes: the empty lines before it and the one that ends it included.
    pub length: usize,
    /// What it says.
    pub framing: RequestFraming,
}

/// Looks for a whole head at the front of `bytes`, of which the first `searched` are known not to hold its end.
/// `None` when more must come.
///
/// # Errors
///
/// [`HeadFault`] as soon as the bytes can become no acceptable request.
pub fn find_head(bytes: &[u8], searched: usize) -> Result<Option<FoundHead>, HeadFault> {
    let start = empty_lines(bytes)?;
    check_start(&bytes[start..])?;
    let end = head_end(&bytes[start..], searched.saturating_sub(start));
    // However much has come at once.
    if end.map_or(bytes.len(), |end| start + end) > HEAD_LIMIT {
        return Err(HeadFault { status: 431, reason: format!("a head of more than {HEAD_LIMIT} bytes") });
    }
    let Some(end) = end else { return Ok(None) };
    let length = start + end;
    let framing = inspect(&bytes[start..length])?;
    framing.check_hosts()?;
    Ok(Some(FoundHead { length, framing }))
}

/// Bytes of the empty lines that `bytes` begins with; a CR at the very end counts, since it may become one.
///
/// # Errors
///
/// [`HeadFault`] when there are too many, or a CR without LF.
pub fn empty_lines(bytes: &[u8]) -> Result<usize, HeadFault> {
    let (mut at, mut lines) = (0, 0);
    loop {
        match bytes.get(at..).unwrap_or_default() {
            [b'\r'] => return Ok(at + 1),
            [b'\r', b'\n', ..] => at += 2,
            [b'\n', ..] => at += 1,
            [b'\r', ..] => return Err(HeadFault::bad("a CR without LF before the request line")),
            _ => return Ok(at),
        }
        lines += 1;
        if lines > EMPTY_LINES_LIMIT {
            return Err(HeadFault::bad(format!("more than {EMPTY_LINES_LIMIT} empty lines before the request line")));
        }
    }
}

/// What a head says about the messages around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestFraming {
    /// How the body ends.
    pub length: BodyLength,
    /// The minor version of HTTP/1.
    pub version: u8,
    /// Whether another request may follow on the connection (RFC 9112, section 9.3).
    pub keep_alive: bool,
    /// Whether the sender waits for `100 Continue` (RFC 9110, section 10.1.1).
    pub expects_continue: bool,
    /// Whether the method is HEAD, to which no body is answered.
    pub is_head: bool,
    /// How many `Host` headers there are.
    pub hosts: usize,
    /// Whether neither Content-Length nor Transfer-Encoding is there.
    pub is_silent: bool,
    /// Whether the method is one whose point is its body (POST, PUT, PATCH), and nothing says how long that is.
    pub lacks_length: bool,
}

impl RequestFraming {
    /// RFC 9112, section 3.2: a server must refuse a request of HTTP/1.1 without a `Host`, and any with two: one reader
    /// takes the first and another the last. A file that holds a request needs none.
    fn check_hosts(&self) -> Result<(), HeadFault> {
        match self.hosts {
            0 if self.version > 0 => Err(HeadFault::bad("no Host header (RFC 9112, section 3.2)")),
            0 | 1 => Ok(()),
            _ => Err(HeadFault::bad("more than one Host header (RFC 9112, section 3.2)")),
        }
    }
}

/// Whether the first bytes of a connection can still become an HTTP/1 request. Called before the
/// head is whole, so that a TLS handshake or an HTTP/2 preface is answered at once.
///
/// # Errors
///
/// [`HeadFault`] when they cannot.
pub fn check_start(bytes: &[u8]) -> Result<(), HeadFault> {
    const PREFACE: &[u8] = b"PRI * HTTP/2";
    match bytes {
        [0x16, 0x03, ..] => {
            Err(HeadFault::bad("a TLS handshake: whyhook listens for plain HTTP; let the tunnel end TLS"))
        }
        [first, ..] if !is_token(*first) => {
            Err(HeadFault::bad(format!("byte 0x{first:02x} cannot begin an HTTP request")))
        }
        _ if bytes.starts_with(PREFACE) => {
            Err(HeadFault { status: 505, reason: "an HTTP/2 preface: whyhook speaks HTTP/1.1".to_owned() })
        }
        _ => Ok(()),
    }
}

/// Checks a whole head and says where its request ends.
///
/// # Errors
///
/// [`HeadFault`] for everything that RFC 9112 does not allow a server to accept, and for what
/// receivers are known to read differently.
pub fn inspect(head: &[u8]) -> Result<RequestFraming, HeadFault> {
    let mut lines = lines(head).map(|line| line.text);
    let RequestLine { method, version } = check_request_line(lines.next().unwrap_or_default())?;
    let mut lengths = Lengths::default();
    let mut options = Options::default();
    let mut hosts = 0;
    for (index, line) in lines.take_while(|line| !line.is_empty()).enumerate() {
        if index >= FIELD_LIMIT {
            return Err(HeadFault { status: 431, reason: format!("more than {FIELD_LIMIT} header fields") });
        }
        let (name, value) = field(line).map_err(|fault| HeadFault::bad(fault.words()))?;
        lengths.note(name, value)?;
        options.note(name, value);
        if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
            request_target::check_host(value)?;
        }
    }
    let is_of_body = matches!(method, b"POST" | b"PUT" | b"PATCH");
    Ok(RequestFraming {
        hosts,
        is_silent: lengths.is_silent(),
        lacks_length: is_of_body && lengths.is_silent(),
        length: lengths.resolve(version)?,
        version,
        // After CONNECT no request would follow but a tunnel, and we open none.
        keep_alive: !options.close && (version > 0 || options.keep_alive) && method != b"CONNECT",
        expects_continue: options.expects_continue && version > 0,
        is_head: method == b"HEAD",
    })
}

struct RequestLine<'a> {
    method: &'a [u8],
    version: u8,
}

fn check_request_line(line: &[u8]) -> Result<RequestLine<'_>, HeadFault> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(HeadFault::bad("the request line is not 'METHOD target HTTP/1.1'"));
    };
    if method.is_empty() || !method.iter().copied().all(is_token) {
        return Err(HeadFault::bad("the method contains a character that is not allowed"));
    }
    if target.len() > TARGET_LIMIT {
        return Err(HeadFault { status: 414, reason: format!("a request target of {} bytes", target.len()) });
    }
    request_target::check(method, target)?;
    let version = match version {
        b"HTTP/1.1" => 1,
        b"HTTP/1.0" => 0,
        _ if version.starts_with(b"HTTP/") => {
            return Err(HeadFault { status: 505, reason: "a protocol version other than HTTP/1.0 and 1.1".to_owned() });
        }
        _ => return Err(HeadFault::bad("the request line does not end in HTTP/1.1")),
    };
    Ok(RequestLine { method, version })
}

/// What the headers say about the connection, gathered over the whole head.
#[derive(Default)]
struct Options {
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl Options {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        if name.eq_ignore_ascii_case(b"connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if name.eq_ignore_ascii_case(b"expect") {
            self.expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
        }
    }
}

/// What the length headers say, gathered over the whole head.
#[derive(Default)]
struct Lengths {
    content_length: Option<u64>,
    /// Every line's value, joined; empty is not absent.
    transfer_encoding: Option<Vec<u8>>,
}

impl Lengths {
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadFault> {
        if name.eq_ignore_ascii_case(b"content-length") {
            let length =
                declared_length(value).ok_or_else(|| HeadFault::bad("a Content-Length that is not a number"))?;
            // RFC 9112, section 6.3, leaves the choice where they agree. Readers do not agree about that.
            if self.content_length.is_some() {
                return Err(HeadFault::bad("more than one Content-Length header (RFC 9112, section 6.3)"));
            }
            self.content_length = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            match &mut self.transfer_encoding {
                None => self.transfer_encoding = Some(value.to_vec()),
                Some(all) => {
                    all.extend_from_slice(b", ");
                    all.extend_from_slice(value);
                }
            }
        }
        Ok(())
    }

    /// Whether nothing is said about a body.
    fn is_silent(&self) -> bool {
        self.content_length.is_none() && self.transfer_encoding.is_none()
    }

    fn resolve(self, version: u8) -> Result<BodyLength, HeadFault> {
        match (self.transfer_encoding.as_deref(), self.content_length) {
            (None, length) => Ok(BodyLength::Known(length.unwrap_or(0))),
            (Some(_), Some(_)) => {
                Err(HeadFault::bad("both Content-Length and Transfer-Encoding (RFC 9112, section 6.3)"))
            }
            (Some(_), None) if version == 0 => Err(HeadFault::bad("Transfer-Encoding in an HTTP/1.0 request")),
            (Some(b""), None) => Err(HeadFault::bad("an empty Transfer-Encoding")),
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(BodyLength::Chunked),
            (Some(_), None) => {
                Err(HeadFault { status: 501, reason: "a Transfer-Encoding other than chunked".to_owned() })
            }
        }
    }
}

/// A length as [`parse_length`] reads it. One that fits no number is one all the same, and more than anybody takes in.
fn declared_length(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    is_number.then(|| parse_length(value).unwrap_or(u64::MAX))
}

/// A number of bytes as HTTP writes it (RFC 9110, section 8.6). Plain digits only: no sign, no list, no white space inside.
pub(super) fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
