//! A head as it was received, and where its lines, names and values are.
//!
//! A head is read once, where its bytes come in, and carried along from there: every view is a range of the same
//! bytes. Reading is lenient on purpose, since malformed requests are kept and shown as well; what may be answered is
//! decided by [`framing`](super::framing), over the same [`lines`].

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytes::Bytes;
use memchr::{memchr, memrchr};

use super::lines::{HeadLine, lines, split_at_colon, trim};

/// Ranges that are kept, at most. What passes for a head may be a quarter of a mebibyte of line ends, and its ranges
/// must not take several times as much; fields after these are found again whenever they are asked for.
const KEPT_RANGES: usize = 1024;

/// One header field as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderField {
    /// The name in the sender's own letter case.
    pub name: Bytes,
    /// The value without the white space around it (RFC 9110, section 5.5), otherwise untouched.
    pub value: Bytes,
}

/// The head of a request or a response: its bytes, and what is where in them. A copy costs two counters.
///
/// It stands for its bytes: two heads are equal when their bytes are.
///
/// ```
/// use whyhook::http::Head;
///
/// let head = Head::from("POST /hook HTTP/1.1\r\nX-Id: 1\r\nx-id: 2\r\n\r\n");
/// assert_eq!(head.method(), b"POST");
/// assert_eq!(head.values("X-ID").collect::<Vec<_>>(), [b"1", b"2"]);
/// ```
#[derive(Clone, Default)]
pub struct Head {
    bytes: Bytes,
    /// The request line or status line, without its line end.
    start: Range<usize>,
    fields: Arc<[FieldRange]>,
    /// Where the fields begin that have no range.
    rest: usize,
}

/// Where one field line is.
#[derive(Debug, Clone, Copy)]
struct FieldRange {
    start: usize,
    /// The end of its name.
    name: usize,
    end: usize,
}

impl FieldRange {
    /// A line without a colon is a name.
    fn of(line: HeadLine<'_>, offset: usize) -> Self {
        let start = offset + line.start;
        let name = split_at_colon(line.text).map_or(line.text, |(name, _)| name);
        Self { start, name: start + name.len(), end: start + line.text.len() }
    }
}

impl Head {
    /// Reads a head as far as it can be read: up to the first empty line after its fields.
    #[must_use]
    pub fn read(bytes: Bytes) -> Self {
        let (start, fields, rest) = Self::ranges_of(&bytes);
        Self { bytes, start, fields: fields.into(), rest }
    }

    /// Where the first line is, where the fields are, and where those begin that are not listed.
    fn ranges_of(bytes: &[u8]) -> (Range<usize>, Vec<FieldRange>, usize) {
        // RFC 9112, section 2.2: empty lines before the request line are ignored.
        let mut rest = lines(bytes).skip_while(|line| line.text.is_empty());
        let Some(first) = rest.next() else {
            return (0..0, Vec::new(), bytes.len());
        };
        let start = first.start..first.start + first.text.len();
        let mut fields = Vec::with_capacity(16);
        let mut unread = bytes.len();
        for line in rest.take_while(|line| !line.text.is_empty()) {
            if fields.len() == KEPT_RANGES {
                unread = line.start;
                break;
            }
            fields.push(FieldRange::of(line, 0));
        }
        (start, fields, unread)
    }

    /// The bytes as received, the empty line at the end included.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The first line: a request line or a status line.
    #[must_use]
    pub fn start_line(&self) -> &[u8] {
        &self.bytes[self.start.clone()]
    }

    /// The method of a request. What a request line does not have is empty.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        split_at_space(self.start_line()).0
    }

    /// The target of a request as sent, such as `/webhooks/trackpilots?x=1`.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.target_and_version().0
    }

    /// The protocol version of a request, `HTTP/1.1`.
    #[must_use]
    pub fn version(&self) -> &[u8] {
        self.target_and_version().1
    }

    fn target_and_version(&self) -> (&[u8], &[u8]) {
        let (_, rest) = split_at_space(self.start_line());
        memrchr(b' ', rest).map_or((rest, b""), |space| (&rest[..space], &rest[space + 1..]))
    }

    /// The reason phrase of a response, which may be empty.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        let (_, rest) = split_at_space(self.start_line());
        split_at_space(rest).1
    }

    /// Every field in order, duplicates included. A line without a colon is a field without a value.
    pub fn fields(&self) -> impl Iterator<Item = HeaderField> {
        self.pairs()
            .map(|(name, value)| HeaderField { name: self.bytes.slice_ref(name), value: self.bytes.slice_ref(value) })
    }

    /// Name and value of every field in order, as [`Head::fields`] has them.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.ranges().map(|range| self.pair(range))
    }

    /// The fields' lines as received, without their line ends.
    pub fn field_lines(&self) -> impl Iterator<Item = Bytes> {
        self.ranges().map(|range| self.bytes.slice(range.start..range.end))
    }

    /// Every value of the field `name` (any letter case), in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let name = name.as_bytes();
        self.pairs().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value of the field `name`.
    #[must_use]
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// All lines, those before the request line and the empty one at the end included.
    pub fn lines(&self) -> impl Iterator<Item = HeadLine<'_>> {
        lines(&self.bytes)
    }

    /// Whether a line up to the empty one ends in LF alone.
    #[must_use]
    pub fn has_bare_line(&self) -> bool {
        let mut begun = false;
        for line in self.lines() {
            if line.is_bare {
                return true;
            }
            if begun && line.text.is_empty() {
                return false;
            }
            begun |= !line.text.is_empty();
        }
        false
    }

    /// This head with one field `name`, after all others, in the place of every field of that name. For trying what
    /// another value would do: the bytes are those of no request that came.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let start = self.start_line();
        // An empty first line would be passed over.
        let mut bytes = if start.is_empty() { b" " } else { start }.to_vec();
        for range in self.ranges().filter(|range| !self.pair(*range).0.eq_ignore_ascii_case(name.as_bytes())) {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(&self.bytes[range.start..range.end]);
        }
        bytes.extend_from_slice(format!("\r\n{name}: {value}\r\n\r\n").as_bytes());
        Self::read(bytes.into())
    }

    fn ranges(&self) -> impl Iterator<Item = FieldRange> {
        let more = lines(&self.bytes[self.rest..]).take_while(|line| !line.text.is_empty());
        self.fields.iter().copied().chain(more.map(|line| FieldRange::of(line, self.rest)))
    }

    fn pair(&self, range: FieldRange) -> (&[u8], &[u8]) {
        let value = (range.name + 1).min(range.end)..range.end;
        (&self.bytes[range.start..range.name], trim(&self.bytes[value]))
    }
}

fn split_at_space(line: &[u8]) -> (&[u8], &[u8]) {
    memchr(b' ', line).map_or((line, b""), |space| (&line[..space], &line[space + 1..]))
}

impl Deref for Head {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Head {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<Bytes> for Head {
    fn from(bytes: Bytes) -> Self {
        Self::read(bytes)
    }
}

impl From<Vec<u8>> for Head {
    fn from(bytes: Vec<u8>) -> Self {
        Self::read(bytes.into())
    }
}

impl From<String> for Head {
    fn from(text: String) -> Self {
        Self::read(text.into())
    }
}

impl From<&'static str> for Head {
    fn from(text: &'static str) -> Self {
        Self::read(Bytes::from_static(text.as_bytes()))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Head {}

impl fmt::Debug for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Head").field(&self.bytes).finish()
    }
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_case_and_duplicates_are_kept() {
        let head = Head::from("POST /a b HTTP/1.1\r\nX-One: 1\r\nx-ONE:\t 2 \r\nHost: h\r\n\r\n");
        assert_eq!((head.method(), head.target(), head.version()), (&b"POST"[..], &b"/a b"[..], &b"HTTP/1.1"[..]));
        let pairs: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
        assert_eq!(pairs, [("X-One", "1"), ("x-ONE", "2"), ("Host", "h")].map(|(n, v)| (n.into(), v.into())));
        assert_eq!(head.values("x-one").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(head.field_lines().nth(1).unwrap(), "x-ONE:\t 2 ");
    }

    #[test]
    fn odd_heads_are_read_as_far_as_possible() {
        assert_eq!((Head::from("").method(), Head::from("\r\n\n").fields().count()), (&b""[..], 0));
        assert_eq!(Head::from("garbage").method(), b"garbage");
        assert_eq!(Head::from("\r\nGET / HTTP/1.1\nno colon\nA:\n").fields().count(), 2);
        assert_eq!(Head::from("GET / HTTP/1.0\nA:b\n\nbody: no").fields().count(), 1);
    }

    #[test]
    fn a_response_is_read_the_same_way() {
        let head = Head::from("HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-a:2\r\n\r\n");
        assert_eq!((head.start_line(), head.reason()), (&b"HTTP/1.1 404 Not Found"[..], &b"Not Found"[..]));
        assert_eq!(head.values("X-a").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(Head::from("HTTP/1.1 200\r\n\r\n").reason(), b"");
    }

    #[test]
    fn fields_without_a_range_are_found_as_well() {
        let lines: String = (0..KEPT_RANGES + 10).map(|number| format!("X-{number}: {number}\r\n")).collect();
        let head = Head::from(format!("GET / HTTP/1.1\r\n{lines}\r\nafter: 1\r\n"));
        assert_eq!((head.fields.len(), head.fields().count()), (KEPT_RANGES, KEPT_RANGES + 10));
        let last = (KEPT_RANGES + 9).to_string();
        assert_eq!((head.value(&format!("x-{last}")), head.value("after")), (Some(last.as_bytes()), None));
    }

    #[test]
    fn a_field_takes_the_place_of_its_namesakes() {
        let head = Head::from("POST / HTTP/1.1\nX-A: 1\nB: 2\nx-a: 3\n\n").with("X-a", "4");
        assert_eq!(head.bytes(), "POST / HTTP/1.1\r\nB: 2\r\nX-a: 4\r\n\r\n");
        assert_eq!(Head::default().with("A", "b").value("a"), Some(&b"b"[..]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let head = Head::from(bytes.clone());
            prop_assert_eq!(head.bytes(), &bytes);
            for field in head.fields() {
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
            let head = Head::from(format!("{method} {target} {version}{end}{lines}{end}{body}"));
            prop_assert_eq!((head.method(), head.target(), head.version()), (method.as_bytes(), target.as_bytes(), version.as_bytes()));
            let read: Vec<_> = head.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
            let written: Vec<_> = fields.iter().map(|(name, _, value)| (name.clone().into_bytes(), value.clone().into_bytes())).collect();
            prop_assert_eq!(read, written);
        }
    }
}
