//! A view over the kept head bytes: the request line and the header fields in their order.
//!
//! The head itself stays as received (a [`Bytes`] in [`crate::delivery::Delivery`]); this view slices it and
//! copies nothing. Reading is lenient on purpose: malformed requests are kept and shown as well.

use bytes::Bytes;
use memchr::memchr;

/// One header field as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderField {
    /// The name in the sender's own letter case.
    pub name: Bytes,
    /// The value without the white space around it (RFC 9110, section 5.5), otherwise untouched.
    pub value: Bytes,
}

/// The request line and header fields of a kept head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestHead {
    /// The method, `POST`.
    pub method: Bytes,
    /// The request target as sent, such as `/webhooks/trackpilots?x=1`.
    pub target: Bytes,
    /// The protocol version, `HTTP/1.1`.
    pub version: Bytes,
    /// Every field in order, duplicates included.
    pub fields: Vec<HeaderField>,
}

impl RequestHead {
    /// Reads a head as far as it can be read. A line without a colon becomes a field without a
    /// value; missing parts of the request line stay empty.
    #[must_use]
    pub fn parse(head: &Bytes) -> Self {
        let mut lines = Lines { head, position: 0 };
        // RFC 9112, section 2.2: empty lines before the request line are ignored.
        let Some(line) = lines.find(|line| !line.is_empty()) else {
            return Self::default();
        };
        let (method, rest) = split_at_byte(&line, b' ');
        let (target, version) = match memchr::memrchr(b' ', &rest) {
            Some(space) => (rest.slice(..space), rest.slice(space + 1..)),
            None => (rest, Bytes::new()),
        };
        Self { method, target, version, fields: fields(lines) }
    }

    /// Every value of the field `name` (any letter case), in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| &field.value)
    }

    /// The first value of the field `name`.
    #[must_use]
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a Bytes> {
        self.values(name).next()
    }
}

/// The status line and header fields of a response's head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResponseHead {
    /// The protocol version, `HTTP/1.1`.
    pub version: Bytes,
    /// The status as written, `200`.
    pub status: Bytes,
    /// The reason phrase, which may be empty.
    pub reason: Bytes,
    /// Every field in order, duplicates included.
    pub fields: Vec<HeaderField>,
}

impl ResponseHead {
    /// Reads a head as far as it can be read, as [`RequestHead::parse`] does.
    #[must_use]
    pub fn parse(head: &Bytes) -> Self {
        let mut lines = Lines { head, position: 0 };
        let Some(line) = lines.next() else {
            return Self::default();
        };
        let (version, rest) = split_at_byte(&line, b' ');
        let (status, reason) = split_at_byte(&rest, b' ');
        Self { version, status, reason, fields: fields(lines) }
    }

    /// Every value of the field `name` (any letter case), in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| &field.value)
    }
}

/// The fields up to the empty line.
fn fields(lines: Lines<'_>) -> Vec<HeaderField> {
    lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = split_at_byte(&line, b':');
            HeaderField { name, value: trim(&value) }
        })
        .collect()
}

struct Lines<'a> {
    head: &'a Bytes,
    position: usize,
}

impl Iterator for Lines<'_> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.position >= self.head.len() {
            return None;
        }
        let start = self.position;
        let end = memchr(b'\n', &self.head[start..]).map_or(self.head.len(), |offset| start + offset);
        self.position = end + 1;
        let line = self.head.slice(start..end);
        Some(if line.ends_with(b"\r") { line.slice(..line.len() - 1) } else { line })
    }
}

fn split_at_byte(line: &Bytes, byte: u8) -> (Bytes, Bytes) {
    match memchr(byte, line) {
        Some(at) => (line.slice(..at), line.slice(at + 1..)),
        None => (line.clone(), Bytes::new()),
    }
}

/// Removes optional white space (space and tab; RFC 9110, section 5.6.3) from both ends.
fn trim(value: &Bytes) -> Bytes {
    let is_padding = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(start) = value.iter().position(|byte| !is_padding(byte)) else {
        return Bytes::new();
    };
    let end = value.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    value.slice(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &'static str) -> RequestHead {
        RequestHead::parse(&Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn order_case_and_duplicates_are_kept() {
        let head = parse("POST /a b HTTP/1.1\r\nX-One: 1\r\nx-ONE:\t 2 \r\nHost: h\r\n\r\n");
        assert_eq!(head.method, "POST");
        assert_eq!(head.target, "/a b");
        assert_eq!(head.version, "HTTP/1.1");
        let pairs: Vec<_> = head.fields.iter().map(|field| (&field.name[..], &field.value[..])).collect();
        assert_eq!(pairs, [(&b"X-One"[..], &b"1"[..]), (b"x-ONE", b"2"), (b"Host", b"h")]);
        assert_eq!(head.values("x-one").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn odd_heads_are_read_as_far_as_possible() {
        assert_eq!(parse(""), RequestHead::default());
        assert_eq!(parse("garbage").method, "garbage");
        assert_eq!(parse("\r\nGET / HTTP/1.1\nno colon\nA:\n").fields.len(), 2);
        assert_eq!(parse("GET / HTTP/1.0\nA:b\n\nbody: no").fields.len(), 1);
    }

    #[test]
    fn a_response_is_read_the_same_way() {
        let head = ResponseHead::parse(&Bytes::from_static(b"HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-a:2\r\n\r\n"));
        assert_eq!(
            (&head.version[..], &head.status[..], &head.reason[..]),
            (&b"HTTP/1.1"[..], &b"404"[..], &b"Not Found"[..])
        );
        assert_eq!(head.values("X-a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(ResponseHead::parse(&Bytes::from_static(b"HTTP/1.1 200\r\n\r\n")).status, "200");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ResponseHead::parse(&Bytes::from(bytes.clone()));
            let head = RequestHead::parse(&Bytes::from(bytes.clone()));
            for field in head.fields {
                prop_assert!(!field.name.contains(&b'\n') && !field.value.contains(&b'\n'));
            }
        }

        #[test]
        fn what_is_written_is_read(
            first in ("[A-Z]{1,7}", "/[!-~]{0,9}", "HTTP/1\\.[01]"),
            fields in proptest::collection::vec(("[A-Za-z-]{1,9}", "[ \t]?", "([!-~]([ -~]{0,9}[!-~])?)?"), 0..6),
            end in "\r?\n",
            body in "[a-z: \r\n]{0,9}",
        ) {
            let (method, target, version) = first;
            let lines: String = fields.iter().map(|(name, space, value)| format!("{name}:{space}{value} {end}")).collect();
            let head = RequestHead::parse(&format!("{method} {target} {version}{end}{lines}{end}{body}").into());
            prop_assert_eq!((&head.method[..], &head.target[..], &head.version[..]), (method.as_bytes(), target.as_bytes(), version.as_bytes()));
            let read: Vec<_> = head.fields.iter().map(|field| (&field.name[..], &field.value[..])).collect();
            let written: Vec<_> = fields.iter().map(|(name, _, value)| (name.as_bytes(), value.as_bytes())).collect();
            prop_assert_eq!(read, written);
        }
    }
}
