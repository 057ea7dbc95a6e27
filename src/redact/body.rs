//! A body of any kind: JSON, forms, parts, XML, text, pictures, and each of them compressed or in base64.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::pictures::Pictures;
use super::spelling::{Spelled, Spelling};
use super::subject::{RedactStep, RedactSubject};
use super::tally::{Tally, TallyKind};
use super::{Redactor, json};
use crate::http::form::{self, FormPair};
use crate::http::percent::PlusSign;
use crate::http::{Head, parameter};
use crate::payload::body::xml;
use crate::payload::body::{Declared, FormBody, Multipart, MultipartPart};
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
        if is_text(body) { self.words(body) } else { self.key.bytes("body", body.len()) }
    }

    /// A form's values, each decoded, replaced and encoded as it was.
    fn form(&self, body: &[u8], pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        let pairs: Vec<Vec<u8>> = form::pairs(body).map(|one| self.pair(one, pictures, tally)).collect();
        pairs.join(&b'&')
    }

    fn pair(&self, pair: FormPair<'_>, pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        let (name, Some(value)) = pair.split() else {
            return self.spelled(pair.written(), Spelling::Percent(PlusSign::Space));
        };
        let (key, name) = self.field_name(name);
        let value = Spelled::read(value, Spelling::Percent(PlusSign::Space));
        let other = self.field_text(key, &value.decoded, pictures, tally);
        [name.as_slice(), b"=", &value.form_written(&other)].concat()
    }

    /// The value of a form's field, or of one of `multipart/form-data`.
    fn field_text(&self, key: String, value: &[u8], pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        if json::is_json(value) && value.len() > 2 {
            return self.json(value, pictures, tally);
        }
        let path = [RedactStep::Key(key.clone())];
        let goes = self.rules.takes(RedactSubject::Text(&path), &String::from_utf8_lossy(value));
        if !goes && self.secrets.first_in(value).is_none() {
            return value.to_vec();
        }
        tally.add(TallyKind::Text, key);
        self.words(value)
    }

    /// The parts of `multipart/*`, each as a body of its own. What is between them is the boundary, and nothing else.
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
        let delimiter = [b"--", boundary].concat();
        let (mut written, mut copied) = (Vec::with_capacity(body.len()), 0);
        for part in multipart.parts {
            let head = part.fields.first().map_or(part.content.start, |(name, _)| name.start);
            written.extend_from_slice(&self.around_delimiter(&body[copied..head], &delimiter, copied == 0));
            let (fields, kind) = self.part_head(body, head, &part);
            written.extend_from_slice(&fields);
            copied = part.content.end;
            let content = &body[part.content.clone()];
            let is_field = part.file_name.is_none() && kind.is_none();
            let declared = kind.map(Declared::of_type).unwrap_or_default();
            written.extend_from_slice(&if is_field {
                // A field is named as one of a form is.
                let (key, _) = self.field_name(part.name.unwrap_or_default().as_bytes());
                self.field_text(key, content, pictures, tally)
            } else {
                self.plain_body(&declared, content, nesting - 1, pictures, tally)
            });
        }
        written.extend_from_slice(&self.around_delimiter(&body[copied..], &delimiter, false));
        Some(written)
    }

    /// The header lines of a part and the empty line behind them, from `copied` on; and its media type.
    fn part_head<'b>(&self, body: &'b [u8], mut copied: usize, part: &MultipartPart) -> (Vec<u8>, Option<&'b [u8]>) {
        let (mut written, mut kind) = (Vec::new(), None);
        for (name, value) in &part.fields {
            // Between them are a colon and white space, behind them a line end.
            written.extend_from_slice(&body[copied..name.start]);
            copied = value.end;
            let (name, between, value) = (&body[name.clone()], &body[name.end..value.start], &body[value.clone()]);
            let words = String::from_utf8_lossy(name);
            let is_field = !between.is_empty() && self.is_header_name(&words);
            let other = if is_field { self.part_field(&words, value) } else { self.words(value) };
            written.extend_from_slice(&if is_field { name.to_vec() } else { self.words(name) });
            written.extend_from_slice(&[between, &other].concat());
            kind = kind.or(words.eq_ignore_ascii_case("content-type").then_some(value));
        }
        written.extend_from_slice(&self.words(&body[copied..part.content.start]));
        (written, kind)
    }

    /// A delimiter: what may stand before the first and behind the last of them, and nobody reads, goes.
    fn around_delimiter(&self, text: &[u8], delimiter: &[u8], is_first: bool) -> Vec<u8> {
        let find = if is_first { memchr::memmem::rfind } else { memchr::memmem::find };
        let Some(at) = find(text, delimiter) else { return self.words(text) };
        let (before, rest) = text.split_at(at);
        let (delimiter, after) = rest.split_at(delimiter.len());
        [&self.words(before), delimiter, &self.words(after)].concat()
    }

    /// A header of a part: of a disposition the field's name stays (RFC 7578, section 4.2).
    fn part_field(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let goes_on = |value: &[u8]| self.header_value(name, value).unwrap_or_else(|| value.to_vec());
        let field = parameter(value, "name").filter(|_| name.eq_ignore_ascii_case("content-disposition"));
        let place = field.filter(|field| self.field_name(field).0 != "*").and_then(|field| {
            let at = memchr::memmem::find(value, &[b"name=\"", field.as_slice(), b"\""].concat())?;
            // Not that of `filename`.
            (at > 0 && !value[at - 1].is_ascii_alphanumeric()).then_some(at..at + field.len() + 7)
        });
        let Some(place) = place else { return goes_on(value) };
        [&goes_on(&value[..place.start]), &value[place.clone()], &goes_on(&value[place.end..])].concat()
    }
}

/// Whether bytes are text in some character set: nothing in them controls anything but lines.
fn is_text(body: &[u8]) -> bool {
    !body.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != 0x1b)
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
