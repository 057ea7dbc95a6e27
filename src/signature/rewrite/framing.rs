//! What surrounds a body on its way and was read as a part of it: chunk sizes, the parts of a multipart body, padding.

use std::ops::Range;

use crate::text::hexadecimal;

/// Parts of a multipart body that are looked at.
const MOST_PARTS: usize = 16;

/// The data of a body that still has its chunk framing (RFC 9112, section 7.1); `None` for any other.
#[must_use]
pub fn unchunked(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = body;
    let mut data = Vec::new();
    loop {
        let end = memchr::memchr(b'\n', &rest[..rest.len().min(256)])?;
        let line = rest[..end].strip_suffix(b"\r")?;
        let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        let size = usize::try_from(hexadecimal(digits)?).ok()?;
        rest = &rest[end + 1..];
        if size == 0 {
            // What is after the last chunk is trailers, whatever they say.
            return Some(data);
        }
        data.extend_from_slice(rest.get(..size)?);
        rest = rest[size..].strip_prefix(b"\r\n")?;
    }
}

/// A body in one chunk, as it is sent.
#[must_use]
pub fn chunked(data: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", data.len());
    // A chunk of no bytes would be the last.
    let chunk = if data.is_empty() { Vec::new() } else { [size.as_bytes(), data, b"\r\n"].concat() };
    [&chunk[..], b"0\r\n\r\n"].concat()
}

/// The bytes before the zeros that the body ends in; `None` where it ends otherwise, and where it is nothing else.
#[must_use]
pub fn without_final_zeros(body: &[u8]) -> Option<Vec<u8>> {
    let end = body.iter().rposition(|&byte| byte != 0)? + 1;
    (end < body.len()).then(|| body[..end].to_vec())
}

/// A zero byte at the end, as a text of C has it.
#[must_use]
pub fn with_final_zero(body: &[u8]) -> Option<Vec<u8>> {
    Some([body, b"\0"].concat())
}

/// A space at the end.
#[must_use]
pub fn with_final_space(body: &[u8]) -> Option<Vec<u8>> {
    Some([body, b" "].concat())
}

/// One part of a multipart body: what it is called, and where its content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPart {
    /// The name of the form's field, or the number of the part.
    pub name: String,
    /// The bytes of its content.
    pub content: Range<usize>,
}

/// The parts of a multipart body (RFC 2046, section 5.1); none of any other. The delimiter is read from the body itself.
#[must_use]
pub fn parts(body: &[u8]) -> Vec<BodyPart> {
    let mut parts = Vec::new();
    let Some(end) = memchr::memchr(b'\n', &body[..body.len().min(256)]).filter(|_| body.starts_with(b"--")) else {
        return parts;
    };
    let delimiter = [b"\n", body[..end].trim_ascii_end()].concat();
    let mut at = end + 1;
    while parts.len() < MOST_PARTS {
        let Some(length) = memchr::memmem::find(&body[at..], &delimiter) else { break };
        let next = at + length + delimiter.len();
        let part = &body[at..at + length];
        if let Some(head) = head_length(part) {
            let content = part[head..].strip_suffix(b"\r").unwrap_or(&part[head..]);
            let name = field_name(&part[..head]).unwrap_or_else(|| (parts.len() + 1).to_string());
            parts.push(BodyPart { name, content: at + head..at + head + content.len() });
        }
        let Some(line) = memchr::memchr(b'\n', &body[next..]) else { break };
        at = next + line + 1;
    }
    parts
}

/// Bytes up to and with the empty line that ends a part's headers.
fn head_length(part: &[u8]) -> Option<usize> {
    if part.starts_with(b"\r\n") {
        return Some(2);
    }
    let places = [&b"\r\n\r\n"[..], b"\n\n"].map(|empty| memchr::memmem::find(part, empty).map(|at| at + empty.len()));
    places.into_iter().flatten().min()
}

fn field_name(head: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(head, b" name=\"")? + b" name=\"".len();
    let length = memchr::memchr(b'"', &head[at..])?;
    Some(String::from_utf8_lossy(&head[at..at + length]).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_multipart_body_has_its_parts() {
        let body =
            b"--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"a\":1}\r\n--x\r\n\r\nsecond\r\n--x--\r\n";
        let found: Vec<_> = parts(body).into_iter().map(|part| (part.name, &body[part.content])).collect();
        assert_eq!(found, [("data".to_owned(), &b"{\"a\":1}"[..]), ("2".to_owned(), b"second")]);
        assert_eq!(parts(b"{\"a\":1}\n"), []);
        assert_eq!(parts(b"--\n"), []);
    }

    #[test]
    fn chunk_framing_is_taken_off() {
        assert_eq!(unchunked(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").unwrap(), b"abcde");
        for data in [&b""[..], b"a", &[b'x'; 300]] {
            assert_eq!(unchunked(&chunked(data)).unwrap(), data);
        }
        for other in [
            &b"{\"a\":1}"[..],
            b"3\r\nab",
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"12\n",
            b"",
            b"+3\r\nabc\r\n0\r\n\r\n",
            b"ffffffffffffffff\r\n",
        ] {
            assert_eq!(unchunked(other), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..60)) {
            for begin in [&b""[..], b"--x\r\n", b"--x\n\n", b"1\r\n"] {
                let body = [begin, &body[..]].concat();
                let _ = (unchunked(&body), without_final_zeros(&body));
                for part in parts(&body) {
                    prop_assert!(body.get(part.content).is_some());
                }
            }
        }
    }
}
