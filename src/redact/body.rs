//! A body of any kind: JSON, forms, parts, XML, text, pictures, and each of them compressed or in base64.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::pictures::Pictures;
use super::rules::{RedactStep, RedactSubject};
use super::tally::{Tally, TallyKind};
use super::{Redactor, json};
use crate::http::Head;
use crate::http::form::{self, FormPair};
use crate::http::percent::{self, PercentEncoding, PlusSign};
use crate::payload::body::xml::{self, XmlTokenKind};
use crate::payload::body::{Declared, FormBody, Multipart};
use crate::payload::image;
use crate::payload::inflate::{self, InflateBudget};
use crate::signature::rewrite::framing;

/// Bytes to which a body is inflated at most.
const MOST_INFLATED: u64 = 256 << 20;
/// Multipart within multipart is followed so far.
const NESTING: usize = 3;
/// From this length on, a text that is all base64 may be a body in base64.
const LEAST_BASE64: usize = 16;

impl Redactor {
    /// Replaces what is to go in a body that `head` declares.
    pub(super) fn body(&self, head: &Head, body: &[u8], pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        let coding = head.value("Content-Encoding").unwrap_or_default();
        let mut budget = InflateBudget::opening(body.len()).at_most(MOST_INFLATED);
        for encoding in inflate::encodings(coding, body) {
            let Some(inflated) = inflate::inflate(encoding, body, &mut budget) else { continue };
            let other = self.plain_body(&Declared::of(head), &inflated, NESTING, pictures, tally);
            if let Some(packed) = packed(encoding, body, &other) {
                return packed;
            }
            // There is no way back into this coding: nothing of it is kept.
            tally.add(TallyKind::Body, format!("a body in {encoding}"));
            return self.key.bytes("body", body.len());
        }
        self.plain_body(&Declared::of(head), body, NESTING, pictures, tally)
    }

    fn plain_body(
        &self,
        declared: &Declared,
        body: &[u8],
        nesting: usize,
        pictures: &mut Pictures,
        tally: &mut Tally,
    ) -> Vec<u8> {
        if body.is_empty() {
            return Vec::new();
        }
        if image::strict_format(body).is_some() {
            tally.add(TallyKind::Picture, "the body");
            return pictures.bytes(body, body.len(), &self.key);
        }
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        if json::is_json(text) || json::begins_as_json(text) {
            return self.json(body, pictures, tally);
        }
        if let Some(parts) = self.parts(declared, body, nesting, pictures, tally) {
            return parts;
        }
        if let Some(decoded) = in_base64(body) {
            let other = self.plain_body(declared, &decoded, nesting.saturating_sub(1), pictures, tally);
            return BASE64_STANDARD.encode(other).into_bytes();
        }
        if declared.is_xml() || xml::is_likely(body) {
            return self.xml(body, tally);
        }
        if declared.is_form() || FormBody::is_likely(body) {
            return self.form(body, pictures, tally);
        }
        if nesting > 0
            && let Some(data) = framing::unchunked(body)
        {
            let other = self.plain_body(declared, &data, nesting - 1, pictures, tally);
            return framing::chunked(&other);
        }
        tally.add(TallyKind::Text, "the body");
        // Text that was escaped for HTML stays that.
        if is_text(body) { self.with_entities(body) } else { self.key.bytes("body", body.len()) }
    }

    /// A form's values, each decoded, replaced and encoded as it was; names stay.
    fn form(&self, body: &[u8], pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        let pair = |pair: FormPair<'_>, pictures: &mut Pictures, tally: &mut Tally| {
            let (name, Some(value)) = pair.split() else { return self.bytes_text(pair.written()) };
            let value = Encoded::read(value);
            let decoded = value.bytes();
            let key = String::from_utf8_lossy(&pair.name()).into_owned();
            let other = if json::is_json(&decoded) && decoded.len() > 2 {
                self.json(&decoded, pictures, tally)
            } else if self
                .rules
                .takes(RedactSubject::Text(&[RedactStep::Key(key.clone())]), &String::from_utf8_lossy(&decoded))
            {
                tally.add(TallyKind::Text, key);
                self.bytes_text(&decoded)
            } else {
                decoded
            };
            [name, b"=", &value.written(&other)].concat()
        };
        let pairs: Vec<Vec<u8>> = form::pairs(body).map(|one| pair(one, pictures, tally)).collect();
        pairs.join(&b'&')
    }

    /// The parts of `multipart/*`, each as a body of its own.
    fn parts(
        &self,
        declared: &Declared,
        body: &[u8],
        nesting: usize,
        pictures: &mut Pictures,
        tally: &mut Tally,
    ) -> Option<Vec<u8>> {
        let boundary = declared.boundary.as_deref()?;
        let multipart = Multipart::read(body, boundary);
        if multipart.parts.is_empty() || nesting == 0 {
            return None;
        }
        let (mut written, mut copied) = (Vec::with_capacity(body.len()), 0);
        for part in multipart.parts {
            for (name, value) in &part.fields {
                written.extend_from_slice(&body[copied..value.start]);
                copied = value.end;
                let is_disposition = body[name.clone()].eq_ignore_ascii_case(b"content-disposition");
                let raw = &body[value.clone()];
                let other = if is_disposition { self.without_file_name(raw) } else { raw.to_vec() };
                written.extend_from_slice(&other);
            }
            written.extend_from_slice(&body[copied..part.content.start]);
            copied = part.content.end;
            let kind = part.fields.iter().find(|(name, _)| body[name.clone()].eq_ignore_ascii_case(b"content-type"));
            let declared = kind.map(|(_, value)| Declared::of_type(&body[value.clone()])).unwrap_or_default();
            let content = &body[part.content];
            // A field is named as one of a form is.
            let name = part.name.unwrap_or_default();
            let is_field = part.file_name.is_none() && kind.is_none() && !json::is_json(content);
            let words = String::from_utf8_lossy(content);
            if is_field && !self.rules.takes(RedactSubject::Text(&[RedactStep::Key(name.clone())]), &words) {
                written.extend_from_slice(content);
            } else if is_field {
                tally.add(TallyKind::Text, name);
                written.extend_from_slice(&self.bytes_text(content));
            } else {
                written.extend_from_slice(&self.plain_body(&declared, content, nesting - 1, pictures, tally));
            }
        }
        written.extend_from_slice(&body[copied..]);
        Some(written)
    }

    /// The disposition of a part with its file's name replaced (RFC 7578, section 4.2).
    fn without_file_name(&self, disposition: &[u8]) -> Vec<u8> {
        let lower = disposition.to_ascii_lowercase();
        let Some(at) = memchr::memmem::find(&lower, b"filename") else { return disposition.to_vec() };
        let value = at + memchr::memchr(b'=', &disposition[at..]).map_or(0, |equals| equals + 1);
        [&disposition[..value], &self.bytes_text(&disposition[value..])].concat()
    }

    /// Texts and the values of attributes; tags and the names of attributes stay.
    fn xml(&self, body: &[u8], tally: &mut Tally) -> Vec<u8> {
        let (mut written, mut copied) = (Vec::with_capacity(body.len()), 0);
        for (kind, range) in xml::tokens(body) {
            written.extend_from_slice(&body[copied..range.start]);
            copied = range.end;
            let token = &body[range];
            match kind {
                XmlTokenKind::Text | XmlTokenKind::Cdata => {
                    if !token.trim_ascii().is_empty() {
                        tally.add(TallyKind::Text, "XML");
                    }
                    let (open, close) = if kind == XmlTokenKind::Cdata { (9, 3) } else { (0, 0) };
                    let inside = open.min(token.len())..token.len().saturating_sub(close).max(open.min(token.len()));
                    written.extend_from_slice(&token[..inside.start]);
                    written.extend_from_slice(&self.with_entities(&token[inside.clone()]));
                    written.extend_from_slice(&token[inside.end..]);
                }
                XmlTokenKind::Open | XmlTokenKind::Empty => written.extend_from_slice(&self.attributes(token, tally)),
                XmlTokenKind::Close => written.extend_from_slice(token),
                // A declaration says which character set it is.
                XmlTokenKind::Aside if token.starts_with(b"<?xml") => written.extend_from_slice(token),
                XmlTokenKind::Aside | XmlTokenKind::Broken => written.extend_from_slice(&self.bytes_text(token)),
            }
        }
        written.extend_from_slice(&self.bytes_text(&body[copied..]));
        written
    }

    fn attributes(&self, tag: &[u8], tally: &mut Tally) -> Vec<u8> {
        let (mut written, mut rest) = (Vec::with_capacity(tag.len()), tag);
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\'')) {
            let quote = rest[at];
            let name = &rest[..at];
            written.extend_from_slice(&rest[..=at]);
            rest = &rest[at + 1..];
            let end = memchr::memchr(quote, rest).unwrap_or(rest.len());
            // A namespace is a name.
            if memchr::memmem::find(name, b"xmlns").is_some() {
                written.extend_from_slice(&rest[..end]);
            } else {
                tally.add(TallyKind::Text, "XML");
                written.extend_from_slice(&self.with_entities(&rest[..end]));
            }
            rest = &rest[end..];
            let closing = rest.len().min(1);
            written.extend_from_slice(&rest[..closing]);
            rest = &rest[closing..];
        }
        written.extend_from_slice(rest);
        written
    }

    /// Words but for entities such as `&amp;` and `&#233;`.
    fn with_entities(&self, text: &[u8]) -> Vec<u8> {
        let mut written = Vec::with_capacity(text.len());
        for (number, piece) in text.split(|&byte| byte == b'&').enumerate() {
            if number > 0 {
                written.push(b'&');
            }
            let entity = memchr::memchr(b';', piece).filter(|end| number > 0 && is_entity(&piece[..*end]));
            let (entity, rest) = piece.split_at(entity.unwrap_or_default());
            written.extend_from_slice(entity);
            written.extend_from_slice(&self.bytes_text(rest));
        }
        written
    }
}

/// Whether this is the name of a character that is written as an entity: nobody's word.
fn is_entity(name: &[u8]) -> bool {
    match name.strip_prefix(b"#") {
        Some(number) => number.len() <= 8 && number.iter().all(u8::is_ascii_alphanumeric),
        None => matches!(name, b"amp" | b"lt" | b"gt" | b"quot" | b"apos" | b"nbsp"),
    }
}

/// Whether bytes are text: UTF-8 but for a few.
fn is_text(body: &[u8]) -> bool {
    let invalid: usize = body.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    invalid * 8 <= body.len() && !body.contains(&0)
}

/// What a body in base64 holds, where that is JSON.
fn in_base64(body: &[u8]) -> Option<Vec<u8>> {
    let decoded = (body.len() >= LEAST_BASE64).then(|| BASE64_STANDARD.decode(body).ok()).flatten()?;
    json::is_json(&decoded).then_some(decoded)
}

/// Compressed again as it was; `None` for a coding that nothing here writes.
fn packed(encoding: &str, as_was: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let level = Compression::default();
    let written = match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        // RFC 9110 means zlib by it, and many send it bare.
        "deflate" if as_was.first().is_some_and(|first| first & 0x0f == 8) => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        "deflate" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        _ => return None,
    };
    written.ok()
}

/// The bytes of a form's value, each with the way in which it is written.
struct Encoded<'a>(Vec<(u8, &'a [u8])>);

impl<'a> Encoded<'a> {
    fn read(raw: &'a [u8]) -> Self {
        Self(percent::written_bytes(raw, PlusSign::Space).collect())
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.iter().map(|(byte, _)| *byte).collect()
    }

    /// Other bytes, each written as the one in its place was; where there are more or fewer, as browsers write them.
    fn written(&self, bytes: &[u8]) -> Vec<u8> {
        let is_lower = self.0.iter().any(|(_, raw)| raw.len() == 3 && raw.iter().any(u8::is_ascii_lowercase));
        let in_case = |encoding: PercentEncoding| if is_lower { encoding.in_lower_case() } else { encoding };
        if bytes.len() != self.0.len() {
            return in_case(PercentEncoding::WHATWG_FORM.with_plus(PlusSign::Literal)).encode(bytes);
        }
        let escape = in_case(PercentEncoding::EVERYTHING);
        let one = |(&(was, raw), &now): (&(u8, &[u8]), &u8)| match raw {
            raw if was == now => raw.to_vec(),
            [_] if now.is_ascii() => vec![now],
            // Not escaped before, and not text that can stand as it is.
            [_] => vec![now],
            _ => escape.encode(&[now]),
        };
        self.0.iter().zip(bytes).flat_map(one).collect()
    }
}
