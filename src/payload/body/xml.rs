//! XML as rows of its own tokens (XML 1.0, section 2): re-indented, no byte of a token changed.
//!
//! Nothing is checked or expanded: entities stay as they are written, and what is not well-formed is
//! shown as far as it goes. Only the white space between tags gives way to indentation.

use std::ops::Range;

use crate::payload::outline::{Builder, Outline, RowKind};

/// Indentation stops growing at this depth.
pub const INDENT_LIMIT: usize = 40;
/// Text up to this long is shown on the row of its element, when it is all of the content.
const SHORT_TEXT: usize = 120;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XmlTokenKind {
    /// `<a b="c">`
    Open,
    /// `</a>`
    Close,
    /// `<a/>`
    Empty,
    /// Text between tags.
    Text,
    /// `<!-- -->`, `<?…?>` or `<!DOCTYPE …>`
    Aside,
    /// `<![CDATA[…]]>`
    Cdata,
    /// A tag that does not end.
    Broken,
}

/// One row: a token, or an element with nothing but a short text in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlRow {
    range: Range<usize>,
    /// How deep it is nested.
    pub depth: u32,
}

impl XmlRow {
    /// Its place in the body.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Levels of indentation shown.
    #[must_use]
    pub fn indent(&self) -> usize {
        (self.depth as usize).min(INDENT_LIMIT)
    }
}

/// A body's rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Xml {
    outline: Outline,
    /// Elements that were opened and not closed.
    pub open: usize,
    /// Closing tags with nothing to close.
    pub stray: usize,
}

impl Xml {
    /// Reads a body of at most 4 GiB.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let mut rows = Builder::with_capacity(0);
        let (mut open, mut stray) = (0_usize, 0);
        let mut push = |start: usize, kind| rows.push(u32::try_from(start).unwrap_or(u32::MAX), kind);
        let mut at = 0;
        while at < body.len() {
            let (kind, end) = token(body, at);
            match kind {
                XmlTokenKind::Text => {
                    let text = &body[at..end];
                    if !text.trim_ascii().is_empty() {
                        push(end - text.trim_ascii_start().len(), RowKind::Leaf);
                    }
                }
                XmlTokenKind::Open => {
                    if let Some(end) = short_element(body, end) {
                        push(at, RowKind::Leaf);
                        at = end;
                        continue;
                    }
                    push(at, RowKind::Open);
                    open += 1;
                }
                XmlTokenKind::Close => {
                    stray += usize::from(open == 0);
                    open = open.saturating_sub(1);
                    push(at, RowKind::Close);
                }
                XmlTokenKind::Empty | XmlTokenKind::Aside | XmlTokenKind::Cdata | XmlTokenKind::Broken => {
                    push(at, RowKind::Leaf)
                }
            }
            at = end;
        }
        Self { outline: rows.finish(), open, stray }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outline.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of memory that the rows take, beside the body.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.outline.heap_bytes()
    }

    /// The row `index` of `body`, which these are the rows of. It ends before the white space in front of the next one.
    #[must_use]
    pub fn row(&self, body: &[u8], index: usize) -> Option<XmlRow> {
        self.rows_from(body, index).next()
    }

    /// The rows of `body` from `index` on.
    pub fn rows_from<'a>(&'a self, body: &'a [u8], index: usize) -> impl Iterator<Item = XmlRow> + 'a {
        let mut rows = self.outline.from(index).peekable();
        std::iter::from_fn(move || {
            let row = rows.next()?;
            let start = row.start as usize;
            let whole = body.get(start..rows.peek().map_or(body.len(), |next| next.start as usize)).unwrap_or_default();
            Some(XmlRow { range: start..start + whole.trim_ascii_end().len(), depth: row.depth })
        })
    }

    /// What is not well-formed about it, in words; `None` for nothing that was looked for.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let elements = |count: usize| {
            format!("{} {}", crate::text::grouped(count as u64), if count == 1 { "element is" } else { "elements are" })
        };
        match (self.open, self.stray) {
            (0, 0) => None,
            (open @ 1.., _) => Some(format!("{} not closed", elements(open))),
            (0, stray) => Some(format!("{} closed that was not open", elements(stray))),
        }
    }
}

/// The tokens of `text`, a row or a whole body, with their places in it.
pub fn tokens(text: &[u8]) -> impl Iterator<Item = (XmlTokenKind, Range<usize>)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let (kind, end) = (start < text.len()).then(|| token(text, start))?;
        at = end;
        Some((kind, start..end))
    })
}

/// Whether a body begins as XML does: with its declaration, or with a tag that is not HTML's.
#[must_use]
pub fn is_likely(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let is_html = |tag: &[u8]| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag));
    if start.starts_with(b"<?xml") {
        return true;
    }
    matches!(start, [b'<', first, ..] if first.is_ascii_alphabetic())
        && body.trim_ascii_end().ends_with(b">")
        && !is_html(b"<html")
}

/// The end of an element whose opening tag ends at `at`, when it holds nothing but a short text.
fn short_element(body: &[u8], at: usize) -> Option<usize> {
    let window = &body[at..body.len().min(at + SHORT_TEXT)];
    let text = memchr::memchr(b'<', window)?;
    if memchr::memchr(b'\n', &window[..text]).is_some() {
        return None;
    }
    match token(body, at + text) {
        (XmlTokenKind::Close, end) => Some(end),
        _ => None,
    }
}

/// The token that begins at `at`, which must be within the body.
fn token(body: &[u8], at: usize) -> (XmlTokenKind, usize) {
    let rest = &body[at..];
    let until = |kind, end: &[u8]| match memchr::memmem::find(rest, end) {
        Some(found) => (kind, at + found + end.len()),
        None => (XmlTokenKind::Broken, body.len()),
    };
    match rest {
        [b'<', b'!', b'-', b'-', ..] => until(XmlTokenKind::Aside, b"-->"),
        [b'<', b'?', ..] => until(XmlTokenKind::Aside, b"?>"),
        _ if rest.starts_with(b"<![CDATA[") => until(XmlTokenKind::Cdata, b"]]>"),
        [b'<', b'!', ..] => tag(body, at, XmlTokenKind::Aside),
        [b'<', b'/', ..] => until(XmlTokenKind::Close, b">"),
        [b'<', first, ..] if first.is_ascii_alphabetic() || matches!(first, b'_' | b':' | 0x80..) => {
            tag(body, at, XmlTokenKind::Open)
        }
        _ => (XmlTokenKind::Text, memchr::memchr(b'<', &rest[1..]).map_or(body.len(), |next| at + 1 + next)),
    }
}

/// A tag to its `>`, quoted values and a document type's brackets passed over.
fn tag(body: &[u8], start: usize, kind: XmlTokenKind) -> (XmlTokenKind, usize) {
    let (mut at, mut brackets) = (start + 1, 0_usize);
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' | b'\'' => match memchr::memchr(*byte, &body[at + 1..]) {
                Some(close) => at += close + 1,
                None => break,
            },
            b'[' if kind == XmlTokenKind::Aside => brackets += 1,
            b']' => brackets = brackets.saturating_sub(1),
            b'>' if brackets == 0 => {
                let is_empty = kind == XmlTokenKind::Open && body[at - 1] == b'/';
                return (if is_empty { XmlTokenKind::Empty } else { kind }, at + 1);
            }
            _ => {}
        }
        at += 1;
    }
    (XmlTokenKind::Broken, body.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(body: &str) -> Vec<String> {
        let row = |row: XmlRow| format!("{}{}", "  ".repeat(row.indent()), &body[row.range()]);
        Xml::read(body.as_bytes()).rows_from(body.as_bytes(), 0).map(row).collect()
    }

    #[test]
    fn tokens_are_indented_and_none_is_changed() {
        let body = "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x \"]>\">]><a k='>'>&x;<b>1 &lt; 2</b><c/><![CDATA[<]]>\n\
                    <!-- - --><d>\n long </d></a>";
        assert_eq!(
            shown(body),
            [
                "<?xml version='1.0'?>",
                "<!DOCTYPE a [<!ENTITY x \"]>\">]>",
                "<a k='>'>",
                "  &x;",
                "  <b>1 &lt; 2</b>",
                "  <c/>",
                "  <![CDATA[<]]>",
                "  <!-- - -->",
                "  <d>",
                "    long",
                "  </d>",
                "</a>",
            ]
            .map(|row| row.to_owned())
        );
        assert_eq!(Xml::read(body.as_bytes()).fault(), None);
    }

    #[test]
    fn five_thousand_levels_are_shown() {
        let body = format!("{}{}", "<a>\n".repeat(5_000), "</a>\n".repeat(4_999));
        let xml = Xml::read(body.as_bytes());
        let row = xml.row(body.as_bytes(), 4_999).unwrap();
        assert_eq!((xml.len(), row.depth, row.indent()), (9_999, 4_999, INDENT_LIMIT));
        assert!(xml.fault().is_some());
    }

    #[test]
    fn a_million_tags_take_less_than_their_text_and_are_told_apart_to_the_last() {
        let body = "<a>".repeat(1 << 20);
        let xml = Xml::read(body.as_bytes());
        assert_eq!((xml.len(), xml.row(body.as_bytes(), (1 << 20) - 1).unwrap().range().end), (1 << 20, body.len()));
        assert!(xml.heap_bytes() < body.len(), "{}", xml.heap_bytes());
    }

    #[test]
    fn broken_markup_is_shown_as_far_as_it_goes() {
        assert_eq!(shown("<a><b"), ["<a>", "  <b"]);
        assert_eq!(shown("<a x=\"1>text"), ["<a x=\"1>text"]);
        assert_eq!(shown("<!-- never"), ["<!-- never"]);
        assert_eq!(shown("1 < 2 <"), ["1", "< 2", "<"]);
        assert_eq!(Xml::read(b"</a>").fault().unwrap(), "1 element is closed that was not open");
        assert_eq!(Xml::read(b"<a>\n").fault().unwrap(), "1 element is not closed");
    }

    proptest! {
        #[test]
        fn rows_lose_nothing_but_white_space(body in "[<>/!?a\\[\\]\"' \n-]{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for body in [body.as_bytes(), &bytes] {
                let mut at = 0;
                let xml = Xml::read(body);
                for (index, row) in xml.rows_from(body, 0).enumerate() {
                    let range = row.range();
                    prop_assert_eq!(xml.row(body, index), Some(row));
                    prop_assert!(at <= range.start && range.start < range.end && range.end <= body.len());
                    prop_assert!(body[at..range.start].trim_ascii().is_empty());
                    at = range.end;
                }
                prop_assert!(body[at..].trim_ascii().is_empty());
                let joined: Vec<u8> = tokens(body).flat_map(|(_, range)| body[range].to_vec()).collect();
                prop_assert_eq!(&joined[..], body);
            }
        }
    }
}
