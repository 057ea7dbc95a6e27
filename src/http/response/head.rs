//! The head of a response, read strictly (RFC 9112): what two readers could read differently is refused.

use super::{Framing, SHOWN_BYTES};
use crate::http::framing::parse_length;
use crate::http::lines::lines;
use crate::http::{BodyFraming, BodyLength, FieldFault, SendError, split_field, trim};
use crate::text::visible_bytes;

/// What a whole head says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    minor: u8,
    lengths: Lengths,
}

/// Whether the first bytes can still become a response.
pub(super) fn check_start(bytes: &[u8]) -> Result<(), SendError> {
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

pub(super) fn strange(bytes: &[u8]) -> SendError {
    not_http(format!("it begins with '{}'", beginning(bytes)))
}

pub(super) fn not_http(reason: impl Into<String>) -> SendError {
    SendError::NotHttp { reason: reason.into() }
}

fn malformed(reason: impl Into<String>) -> SendError {
    SendError::MalformedHead { reason: reason.into() }
}

fn beginning(bytes: &[u8]) -> String {
    let more = if bytes.len() > SHOWN_BYTES { "…" } else { "" };
    format!("{}{more}", visible_bytes(&bytes[..bytes.len().min(SHOWN_BYTES)]))
}

/// Reads a whole head.
pub(super) fn inspect(head: &[u8]) -> Result<Said, SendError> {
    let mut lines = lines(head).map(|line| line.text);
    let (status, minor) = status_line(lines.next().unwrap_or_default())?;
    let mut lengths = Lengths::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = field(line)?;
        lengths.note(name, value)?;
    }
    Ok(Said { status, minor, lengths })
}

fn status_line(line: &[u8]) -> Result<(u16, u8), SendError> {
    let (minor, code) = match line {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', b' ', code @ ..]
            if code.len() >= 3
                && code[..3].iter().all(u8::is_ascii_digit)
                && matches!(code.get(3), None | Some(b' ')) =>
        {
            (minor - b'0', code)
        }
        _ => return Err(strange(line)),
    };
    let status = code[..3].iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    if status < 100 {
        return Err(not_http(format!("its status is {status:03}")));
    }
    match code.iter().find(|byte| is_dangerous(**byte)) {
        Some(byte) => Err(malformed(format!("a reason phrase that contains the byte 0x{byte:02x}"))),
        None => Ok((status, minor)),
    }
}

/// Name and value of one line (RFC 9112, section 5).
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), SendError> {
    let faulty = |fault: FieldFault| malformed(format!("{}: '{}'", fault.words(), beginning(line)));
    let (name, value) = split_field(line).map_err(faulty)?;
    match value.iter().find(|byte| is_dangerous(**byte)) {
        Some(byte) => Err(malformed(format!("a header {} that contains the byte 0x{byte:02x}", beginning(name)))),
        None => Ok((name, value)),
    }
}

/// What ends a line or a text to some readers, and must not be taken for anything else (RFC 9110, section 5.5).
/// Other control characters say nothing about where a response ends, and are kept to be shown.
fn is_dangerous(byte: u8) -> bool {
    matches!(byte, b'\r' | 0)
}

/// What the length headers say.
#[derive(Debug, Default)]
struct Lengths {
    length: Option<u64>,
    /// Every transfer coding, in order.
    codings: Option<Vec<u8>>,
}

impl Lengths {
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), SendError> {
        if name.eq_ignore_ascii_case(b"content-length") {
            // A list of equal lengths is one length (RFC 9110, section 8.6).
            for part in value.split(|byte| *byte == b',') {
                let length = parse_length(trim(part)).ok_or_else(|| {
                    malformed(format!("a Content-Length that is not a length: '{}'", beginning(value)))
                })?;
                if self.length.is_some_and(|earlier| earlier != length) {
                    return Err(malformed("different values of Content-Length"));
                }
                self.length = Some(length);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            match &mut self.codings {
                None => self.codings = Some(value.to_vec()),
                Some(codings) => codings.extend_from_slice(&[b", ", value].concat()),
            }
        }
        Ok(())
    }
}

impl Said {
    /// How the end of the body is found (RFC 9112, section 6.3).
    pub(super) fn framing(&self) -> Result<Framing, SendError> {
        let Lengths { length, codings } = &self.lengths;
        let Some(codings) = codings else {
            return Ok(match length {
                Some(length) => Framing::Framed(BodyFraming::new(BodyLength::Known(*length))),
                None => Framing::UntilClose,
            });
        };
        if length.is_some() {
            return Err(malformed("both Content-Length and Transfer-Encoding (RFC 9112, section 6.3)"));
        }
        if self.minor == 0 {
            return Err(malformed("a Transfer-Encoding in HTTP/1.0, which has none (RFC 9112, section 6.1)"));
        }
        if !codings.eq_ignore_ascii_case(b"chunked") {
            return Err(malformed(format!(
                "the transfer coding '{}': only 'chunked', once, is understood",
                beginning(codings)
            )));
        }
        Ok(Framing::Framed(BodyFraming::new(BodyLength::Chunked)))
    }

    /// The length that it declares, whether or not such a body follows.
    pub(super) fn declared_length(&self) -> Option<u64> {
        self.lengths.length
    }
}
