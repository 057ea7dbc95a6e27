//! XML, token by token: tags, names and the declaration stay; texts, values, comments and instructions go.

use super::Redactor;
use super::defaults::is_of_protocol;
use super::tally::{Tally, TallyKind};
use super::text::is_plain_name;
use crate::payload::body::xml::{self, XmlTokenKind};

/// Where the vocabularies are that say nothing of anybody.
const NAMESPACES: &[&[u8]] = &[
    b"http://www.w3.org/",
    b"https://www.w3.org/",
    b"http://schemas.xmlsoap.org/",
    b"http://schemas.microsoft.com/",
    b"http://docs.oasis-open.org/",
    b"http://purl.org/",
    b"http://schema.org/",
    b"https://schema.org/",
];

impl Redactor {
    /// Texts, the values of attributes, and whatever the structure does not need.
    pub(super) fn xml(&self, body: &[u8], tally: &mut Tally) -> Vec<u8> {
        let (mut written, mut copied) = (Vec::with_capacity(body.len()), 0);
        for (kind, range) in xml::tokens(body) {
            written.extend_from_slice(&self.words(&body[copied..range.start]));
            copied = range.end;
            let token = &body[range];
            let other = match kind {
                XmlTokenKind::Text | XmlTokenKind::Broken => self.words(token),
                XmlTokenKind::Cdata => self.within(token, b"<![CDATA[", b"]]>"),
                XmlTokenKind::Open | XmlTokenKind::Empty | XmlTokenKind::Close => self.tag(token),
                XmlTokenKind::Aside => self.aside(token),
            };
            if other != token {
                tally.add(TallyKind::Text, "XML");
            }
            written.extend_from_slice(&other);
        }
        written.extend_from_slice(&self.words(&body[copied..]));
        written
    }

    /// What stands between these two.
    fn within(&self, token: &[u8], open: &[u8], close: &[u8]) -> Vec<u8> {
        let inside = token.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inside.map_or_else(|| self.words(token), |inside| [open, &self.words(inside), close].concat())
    }

    /// A declaration, a document type, an instruction or a comment.
    fn aside(&self, token: &[u8]) -> Vec<u8> {
        /// Words of document types (XML 1.0, section 2.8).
        const WORDS: &[&str] = &[
            "ANY", "ATTLIST", "CDATA", "DOCTYPE", "ELEMENT", "EMPTY", "ENTITY", "FIXED", "ID", "IDREF", "IMPLIED",
            "NDATA", "NMTOKEN", "NOTATION", "PCDATA", "PUBLIC", "REQUIRED", "SYSTEM",
        ];
        if matches!(token, [b'<', b'?', b'x', b'm', b'l', after, ..] if after.is_ascii_whitespace()) {
            // It says which character set it is.
            return self.words_but(token, &|word| matches!(word, "standalone" | "yes") || is_of_protocol(word));
        }
        let Some(rest) = token.strip_prefix(b"<!DOCTYPE") else { return self.words(token) };
        // The name of the root is one of a tag.
        let name = rest.len() - rest.trim_ascii_start().len();
        let end = rest[name..].iter().position(|byte| byte.is_ascii_whitespace() || b">[\"'".contains(byte));
        let (root, rest) = rest.split_at(name + end.unwrap_or(0));
        [b"<!DOCTYPE", self.names(root).as_slice(), &self.words_but(rest, &|word| WORDS.contains(&word))].concat()
    }

    /// Names stay; the values of attributes go, but for known namespaces.
    fn tag(&self, tag: &[u8]) -> Vec<u8> {
        let (mut written, mut rest) = (Vec::with_capacity(tag.len()), tag);
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\'')) {
            let (name, after) = rest.split_at(at);
            let quote = after[0];
            let end = memchr::memchr(quote, &after[1..]).map_or(after.len(), |length| length + 1);
            let value = &after[1..end];
            let is_known = memchr::memmem::find(name, b"xmlns").is_some()
                && NAMESPACES.iter().any(|known| value.starts_with(known));
            written.extend_from_slice(&self.names(name));
            written.push(quote);
            written.extend_from_slice(&if is_known { value.to_vec() } else { self.words(value) });
            rest = &after[end..];
            if let Some((close, behind)) = rest.split_first() {
                written.push(*close);
                rest = behind;
            }
        }
        written.extend_from_slice(&self.names(rest));
        written
    }

    /// Names of elements and attributes, each of which stays unless it may be somebody's.
    fn names(&self, text: &[u8]) -> Vec<u8> {
        let is_between = |byte: u8| byte.is_ascii_whitespace() || b"<>/=".contains(&byte);
        let mut written = Vec::with_capacity(text.len());
        for run in text.chunk_by(|one, other| is_between(*one) == is_between(*other)) {
            let name = String::from_utf8_lossy(run);
            // Letters of every language name elements.
            let plain: String =
                name.chars().map(|one| if one.is_ascii() || !one.is_alphabetic() { one } else { 'a' }).collect();
            let goes = !is_between(run[0]) && self.rules.takes_name(&name, !is_plain_name(&plain));
            written.extend_from_slice(&if goes { self.words(run) } else { run.to_vec() });
        }
        written
    }
}
