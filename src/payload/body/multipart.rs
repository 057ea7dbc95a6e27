//! `multipart/*`: parts with their headers (RFC 2046, section 5.1; RFC 7578).

use std::ops::Range;

use super::declared::Declared;
use super::sniff;
use crate::http::parameter;

/// The maximum number of parts.
pub const PART_LIMIT: usize = 1000;
/// The maximum number of header lines read of one part.
const FIELD_LIMIT: usize = 64;
/// Lines of a part that are shown.
pub const PREVIEW_LINES: usize = 40;
/// So much of a name is kept: one of megabytes would be three times as long once it is text.
const NAME_BYTES: usize = 1024;
/// RFC 2046, section 5.1.1.
const BOUNDARY_LIMIT: usize = 70;

/// One part. Ranges are places in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultipartPart {
    /// Its header lines: name and value.
    pub fields: Vec<(Range<usize>, Range<usize>)>,
    /// The `name` parameter of `Content-Disposition`, decoded leniently and not yet visible.
    pub name: Option<String>,
    /// Its `filename`.
    pub file_name: Option<String>,
    /// What it holds, without the line break before the next delimiter.
    pub content: Range<usize>,
    /// What the content is, in a word or two.
    pub kind: &'static str,
    /// Whether the content is for reading rather than for a hex view.
    pub is_text: bool,
    /// The first [`PREVIEW_LINES`] lines of a text.
    pub preview: Vec<Range<usize>>,
}

/// A body's parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Multipart {
    /// What separates them.
    pub boundary: Vec<u8>,
    /// The parts in their order.
    pub parts: Vec<MultipartPart>,
    /// What is wrong with it, visible.
    pub faults: Vec<String>,
}

/// A delimiter's line.
struct Delimiter {
    /// Where the content before it ends, without its line break.
    before: usize,
    /// Where what follows its line begins.
    after: usize,
    is_last: bool,
}

impl Multipart {
    /// Splits `body` at `boundary`. A body without any delimiter has no parts, and says so.
    #[must_use]
    pub fn read(body: &[u8], boundary: &[u8]) -> Self {
        let mut multipart = Self { boundary: boundary.to_vec(), ..Self::default() };
        if boundary.is_empty() || boundary.len() > BOUNDARY_LIMIT {
            let words = format!("the boundary is {} bytes long; 1 to {BOUNDARY_LIMIT} are allowed", boundary.len());
            multipart.faults.push(words);
        }
        if boundary.is_empty() {
            return multipart;
        }
        let mut delimiters = delimiters(body, boundary);
        let Some(mut open) = delimiters.next() else {
            multipart.faults.push("the boundary does not occur in the body".to_owned());
            return multipart;
        };
        while !open.is_last {
            if multipart.parts.len() >= PART_LIMIT {
                multipart.faults.push(format!("more than {PART_LIMIT} parts: the rest is on the Raw tab"));
                return multipart;
            }
            let next = delimiters.next();
            // Two delimiters without a line between them share their line break.
            let end = next.as_ref().map_or(body.len(), |next| next.before.max(open.after));
            let number = multipart.parts.len() + 1;
            multipart.part(body, open.after..end, number);
            let Some(next) = next else {
                multipart.faults.push("the final boundary is missing: the body may be cut off".to_owned());
                return multipart;
            };
            open = next;
        }
        multipart
    }

    /// The boundary that a body begins with, when it is multipart by its look.
    #[must_use]
    pub fn guess(body: &[u8]) -> Option<&[u8]> {
        let line = body.strip_prefix(b"--")?;
        let line = &line[..memchr::memchr(b'\n', &line[..line.len().min(BOUNDARY_LIMIT + 2)])?];
        let boundary = line.trim_ascii_end();
        let head = &body[..body.len().min(2048)];
        let has_header = head.windows(9).any(|window| window.eq_ignore_ascii_case(b"\ncontent-"));
        (!boundary.is_empty() && has_header).then_some(boundary)
    }

    fn part(&mut self, body: &[u8], range: Range<usize>, number: usize) {
        let mut fields = Vec::new();
        let mut at = range.start;
        let content = loop {
            let rest = &body[at..range.end];
            let line_end = memchr::memchr(b'\n', rest).map(|length| at + length);
            let line = &body[at..line_end.unwrap_or(range.end)];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() && line_end.is_some() {
                break at + memchr::memchr(b'\n', rest).map_or(0, |length| length + 1);
            }
            let Some(line_end) = line_end.filter(|_| fields.len() < FIELD_LIMIT) else {
                // An empty part ends with its head.
                if !line.is_empty() {
                    self.faults.push(format!("part {number} has no empty line after its headers"));
                }
                break if fields.is_empty() { range.start } else { range.end };
            };
            let colon = memchr::memchr(b':', line).unwrap_or(line.len());
            let value = (colon + 1).min(line.len());
            fields.push((at..at + colon, trimmed(body, at + value..at + line.len())));
            at = line_end + 1;
        };
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| body[key.clone()].eq_ignore_ascii_case(name.as_bytes()));
            found.map(|(_, value)| &body[value.clone()])
        };
        let text = |name| {
            let value = parameter(field("content-disposition")?, name)?;
            Some(String::from_utf8_lossy(&value[..value.len().min(NAME_BYTES)]).into_owned())
        };
        let declared = field("content-type").map(Declared::of_type).unwrap_or_default();
        let (kind, is_text) = sniff::brief(&body[content..range.end], &declared);
        let (name, file_name) = (text("name"), text("filename"));
        let preview = if is_text { lines(body, content..range.end) } else { Vec::new() };
        self.parts.push(MultipartPart { name, file_name, kind, is_text, preview, fields, content: content..range.end });
    }
}

/// The places of a text's first lines, without their ends.
fn lines(body: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut at = range.start;
    let lines = std::iter::from_fn(|| {
        let rest = body.get(at..range.end).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let start = at;
        at += length + 1;
        let line = &rest[..length];
        Some(start..start + line.strip_suffix(b"\r").unwrap_or(line).len())
    });
    lines.take(PREVIEW_LINES).collect()
}

fn trimmed(body: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &body[range.clone()];
    let start = range.start + text.len() - text.trim_ascii_start().len();
    start..start + text.trim_ascii().len()
}

/// The lines that are `--boundary` or `--boundary--`, in their order.
fn delimiters<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = Delimiter> + use<'a> {
    let needle = [b"--", boundary].concat();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr::memmem::find(body.get(at..)?, &needle)?;
            at = start + 1;
            if start > 0 && body[start - 1] != b'\n' {
                continue;
            }
            let mut end = start + needle.len();
            let is_last = body[end..].starts_with(b"--");
            end += if is_last { 2 } else { 0 };
            let line = &body[end..];
            let length = memchr::memchr(b'\n', line).unwrap_or(line.len());
            // Behind it there may be white space only.
            if !line[..length].trim_ascii().is_empty() {
                continue;
            }
            at = (end + length + 1).min(body.len());
            let before = &body[..start];
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            let before = before.strip_suffix(b"\r").unwrap_or(before).len();
            return Some(Delimiter { before, after: at, is_last });
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = b"preamble\r\n--xyz\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n{\"a\":1}\r\n\
        --xyz \r\ncontent-disposition: form-data; name=file; filename=\"s \\\"1\\\".jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\
        \xff\xd8\xff\xdb\0\x43\r\n--xyz\r\n\r\n\r\n--xyz--\r\nepilogue";

    #[test]
    fn parts_are_told_apart() {
        let read = Multipart::read(BODY, b"xyz");
        assert_eq!(read.faults, Vec::<String>::new());
        let shown: Vec<_> = read
            .parts
            .iter()
            .map(|part| (part.name.as_deref(), part.file_name.as_deref(), &BODY[part.content.clone()], part.kind))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("event"), None, &b"{\"a\":1}"[..], "JSON"),
                (Some("file"), Some("s \"1\".jpg"), b"\xff\xd8\xff\xdb\0\x43", "JPEG"),
                (None, None, b"", "empty"),
            ]
        );
        let field = &read.parts[1].fields[1];
        assert_eq!((&BODY[field.0.clone()], &BODY[field.1.clone()]), (&b"Content-Type"[..], &b"image/jpeg"[..]));
    }

    #[test]
    fn faults_are_said() {
        let cut = Multipart::read(&BODY[..BODY.len() - 20], b"xyz");
        assert_eq!((cut.parts.len(), cut.faults.len()), (3, 1));
        assert!(cut.faults[0].contains("final boundary is missing"), "{:?}", cut.faults);
        assert_eq!(Multipart::read(b"text", b"xyz").faults, ["the boundary does not occur in the body"]);
        assert_eq!(
            Multipart::read(b"--x\r\nno head\r\n--x--", b"x").faults,
            ["part 1 has no empty line after its headers"]
        );
        assert_eq!(Multipart::read(BODY, b"").faults.len(), 1);
        assert_eq!(Multipart::read(b"--x\n\nunix\n--x--", b"x").parts[0].content, 5..9);
        // A longer boundary that begins alike is another one.
        assert_eq!(Multipart::read(b"--xy\r\n\r\na\r\n--xy--", b"x").parts, []);
    }

    #[test]
    fn many_parts_are_bounded() {
        let body = b"--x\r\n\r\n".repeat(200_000);
        let read = Multipart::read(&body, b"x");
        assert_eq!((read.parts.len(), read.faults.len()), (PART_LIMIT, 1));
    }

    #[test]
    fn a_boundary_is_guessed_from_a_body_that_looks_so() {
        assert_eq!(Multipart::guess(&BODY[10..]), Some(&b"xyz"[..]));
        assert_eq!(Multipart::guess(b"--a\r\nwords"), None);
        assert_eq!(Multipart::guess(b"-- "), None);
    }

    proptest! {
        #[test]
        fn ranges_lie_within_the_input(body in "(--x(--)?\r?\n|a: b\r\n|\r\n|[a-x -]){0,30}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for body in [body.as_bytes(), &bytes] {
                let _ = Multipart::guess(body);
                let mut at = 0;
                for part in Multipart::read(body, b"x").parts {
                    for (name, value) in &part.fields {
                        prop_assert!(at <= name.start && name.end <= value.start && value.end <= body.len());
                        at = value.end;
                    }
                    prop_assert!(at <= part.content.start && part.content.start <= part.content.end);
                    at = part.content.end;
                    prop_assert!(at <= body.len());
                }
            }
        }

        #[test]
        fn what_was_joined_is_split_again(contents in proptest::collection::vec("[a-w\r\n-]{0,20}", 1..5)) {
            let parts: String = contents.iter().map(|content| format!("--xyz\r\nA: b\r\n\r\n{content}\r\n")).collect();
            let body = format!("{parts}--xyz--\r\n");
            let read = Multipart::read(body.as_bytes(), b"xyz");
            let split: Vec<&str> = read.parts.iter().map(|part| &body[part.content.clone()]).collect();
            prop_assert_eq!(split, contents);
        }
    }
}
