//! Where one HTTP/1 request ends and the next begins: RFC 9112, read strictly.
//!
//! Anything that two parsers could read differently (both lengths, a folded
//! header, a space before the colon) is a [`HeadFault`] with the status it deserves.

use memchr::memchr;

pub use crate::wire::{BodyFraming, BodyLength, ChunkState, head_end};

/// The most bytes that a head may have; a longer one is answered with 431.
pub const HEAD_LIMIT: usize = 256 * 1024;
/// The most header fields; more are answered with 431.
pub const FIELD_LIMIT: usize = 100;
/// The most bytes of a request target; a longer one is answered with 414. ([`http::Uri`]'s own limit
/// is 65,534.)
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
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let RequestLine { method, version } = check_request_line(lines.next().unwrap_or_default())?;
    let mut lengths = Lengths::default();
    let mut options = Options::default();
    for (index, line) in lines.take_while(|line| !line.is_empty()).enumerate() {
        if index >= FIELD_LIMIT {
            return Err(HeadFault { status: 431, reason: format!("more than {FIELD_LIMIT} header fields") });
        }
        let (name, value) = check_field(line)?;
        lengths.note(name, value)?;
        options.note(name, value);
    }
    Ok(RequestFraming {
        length: lengths.resolve(version)?,
        version,
        // Behind CONNECT no request would follow but a tunnel, and we open none.
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
        return Err(HeadFault::bad("the method holds a character that is not allowed"));
    }
    if target.len() > TARGET_LIMIT {
        return Err(HeadFault { status: 414, reason: format!("a request target of {} bytes", target.len()) });
    }
    if target.is_empty() || target.iter().any(|byte| !matches!(byte, 0x21..=0x7e | 0x80..)) {
        return Err(HeadFault::bad("the request target holds a control character"));
    }
    if let Err(error) = http::Uri::try_from(target) {
        return Err(HeadFault::bad(format!("the request target is no URI: {error}")));
    }
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

fn check_field(line: &[u8]) -> Result<(&[u8], &[u8]), HeadFault> {
    if matches!(line, [b' ' | b'\t', ..]) {
        return Err(HeadFault::bad("a folded header line (RFC 9112, section 5.2)"));
    }
    let Some(colon) = memchr(b':', line) else {
        return Err(HeadFault::bad("a header line without a colon"));
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if matches!(name, [.., b' ' | b'\t']) {
        return Err(HeadFault::bad("white space between a header's name and its colon (RFC 9112, section 5.1)"));
    }
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(HeadFault::bad("a header name holds a character that is not allowed"));
    }
    if let Some(byte) = value.iter().find(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return Err(HeadFault::bad(format!("a header value holds the control character 0x{byte:02x}")));
    }
    Ok((name, value.trim_ascii()))
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
    transfer_encoding: Vec<u8>,
}

impl Lengths {
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadFault> {
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = parse_length(value).ok_or_else(|| HeadFault::bad("a Content-Length that is no number"))?;
            if self.content_length.is_some_and(|earlier| earlier != length) {
                return Err(HeadFault::bad("two Content-Length headers that differ"));
            }
            self.content_length = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !self.transfer_encoding.is_empty() {
                self.transfer_encoding.extend_from_slice(b", ");
            }
            self.transfer_encoding.extend_from_slice(value);
        }
        Ok(())
    }

    fn resolve(self, version: u8) -> Result<BodyLength, HeadFault> {
        match (self.transfer_encoding.is_empty(), self.content_length) {
            (true, length) => Ok(BodyLength::Known(length.unwrap_or(0))),
            (false, Some(_)) => {
                Err(HeadFault::bad("both Content-Length and Transfer-Encoding (RFC 9112, section 6.3)"))
            }
            (false, None) if version == 0 => Err(HeadFault::bad("Transfer-Encoding in an HTTP/1.0 request")),
            (false, None) if self.transfer_encoding.eq_ignore_ascii_case(b"chunked") => Ok(BodyLength::Chunked),
            (false, None) => {
                Err(HeadFault { status: 501, reason: "a Transfer-Encoding other than chunked".to_owned() })
            }
        }
    }
}

/// Plain digits only: no sign, no list, no white space inside.
fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// `tchar` of RFC 9110, section 5.6.2.
const fn is_token(byte: u8) -> bool {
    matches!(byte,
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("GET / HTTP/1.1\r\n\r\n", BodyLength::Known(0))]
    #[case("GET / HTTP/1.0\n\n", BodyLength::Known(0))]
    #[case("POST /a?b HTTP/1.1\r\nContent-Length: 5\r\nX: é\t!\r\n\r\n", BodyLength::Known(5))]
    #[case("POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length:5\r\n\r\n", BodyLength::Known(5))]
    #[case("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", BodyLength::Chunked)]
    #[case("POST / HTTP/1.1\r\nX-Empty:\r\n\r\n", BodyLength::Known(0))]
    fn right_heads(#[case] head: &str, #[case] length: BodyLength) {
        assert_eq!(inspect(head.as_bytes()).map(|framing| framing.length), Ok(length));
    }

    #[rstest]
    #[case("GET / HTTP/1.1\r\n\r\n", true)]
    #[case("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n", false)]
    #[case("GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false)]
    #[case("GET / HTTP/1.0\r\n\r\n", false)]
    #[case("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true)]
    #[case("CONNECT a:80 HTTP/1.1\r\n\r\n", false)]
    fn whether_another_request_may_follow(#[case] head: &str, #[case] keep_alive: bool) {
        assert_eq!(inspect(head.as_bytes()).map(|framing| framing.keep_alive), Ok(keep_alive));
    }

    #[rstest]
    #[case("POST / HTTP/1.1\r\nExpect: 100-Continue\r\n\r\n", true)]
    #[case("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", false)]
    #[case("POST / HTTP/1.1\r\nX: 100-continue\r\n\r\n", false)]
    fn whether_the_sender_waits_to_go_on(#[case] head: &str, #[case] expects_continue: bool) {
        assert_eq!(inspect(head.as_bytes()).map(|framing| framing.expects_continue), Ok(expects_continue));
    }

    #[rstest]
    #[case("GET /\r\n\r\n", 400)]
    #[case("GET  / HTTP/1.1\r\n\r\n", 400)]
    #[case("G\u{1b}T / HTTP/1.1\r\n\r\n", 400)]
    #[case("GET /\u{1b}[31m HTTP/1.1\r\n\r\n", 400)]
    #[case("GET / HTTP/2.0\r\n\r\n", 505)]
    #[case("GET / SPDY/1\r\n\r\n", 400)]
    #[case("GET http://[::1 HTTP/1.1\r\n\r\n", 400)]
    #[case("GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400)]
    #[case("GET / HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n", 400)]
    #[case("GET / HTTP/1.1\r\nA : 1\r\n\r\n", 400)]
    #[case("GET / HTTP/1.1\r\nA: \u{0}\r\n\r\n", 400)]
    #[case("GET / HTTP/1.1\r\nA: \u{1b}\r\n\r\n", 400)]
    #[case("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400)]
    #[case("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400)]
    #[case("POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n", 400)]
    #[case("POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n", 400)]
    #[case("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400)]
    #[case("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    #[case("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    #[case("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501)]
    #[case("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501)]
    fn refused_heads(#[case] head: &str, #[case] status: u16) {
        assert_eq!(inspect(head.as_bytes()).unwrap_err().status, status);
    }

    #[test]
    fn limits() {
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(FIELD_LIMIT + 1));
        assert_eq!(inspect(many.as_bytes()).unwrap_err().status, 431);
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000));
        assert_eq!(inspect(long.as_bytes()).unwrap_err().status, 414);
    }

    #[test]
    fn other_protocols_are_known_by_their_first_bytes() {
        assert!(check_start(b"\x16\x03\x01\x02").unwrap_err().reason.contains("TLS"));
        assert_eq!(check_start(b"PRI * HTTP/2.0\r\n").unwrap_err().status, 505);
        assert!(check_start(b"\x00\xff").is_err());
        assert_eq!(check_start(b"POS"), Ok(()));
        assert_eq!(check_start(b""), Ok(()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_inspected(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = check_start(&bytes);
            let _ = inspect(&bytes);
        }
    }
}
