//! What a body is, whatever it declares: inflated, decoded, and recognised by its own evidence.
//!
//! | part | what it does |
//! |---|---|
//! | `declared` | what the head says |
//! | `charset` | UTF-16, and what else is declared |
//! | `form`, `multipart`, `xml` | one file a kind |
//! | `sniff` | evidence in the bytes |
//!
//! ```
//! use whyhook::http::Head;
//! use whyhook::payload::body::{Body, Kind};
//!
//! let head = Head::from("POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n");
//! let body = Body::open(&head, bytes::Bytes::from("a=1&b=%20"));
//! assert!(matches!(body.kind, Kind::Text));
//! ```

pub(in crate::payload) mod charset;
mod declared;
mod form;
mod images;
mod multipart;
mod sniff;
#[cfg(test)]
mod tests;
pub mod xml;

pub use declared::Declared;
pub use form::{DecodedField, FormBody, PAIR_LIMIT, Pair};
pub use multipart::{Multipart, MultipartPart, PART_LIMIT, PREVIEW_LINES};
pub use xml::Xml;

use std::sync::Arc;

use bytes::Bytes;

use super::binary::BinaryPlaces;
use super::inflate::{Coding, InflateBudget, InflateStop, inflate_prefix};
use super::json::{JsonFault, NoRows, Pretty};
use crate::http::Head;
use crate::text::{self, counted, grouped};

/// The maximum number of codings that are undone, one after another.
const STACK_LIMIT: usize = 3;

/// A remark about a body. The text is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyRemark {
    /// What to say.
    pub words: String,
    /// Whether something is not as it should be.
    pub is_warning: bool,
}

/// A body made readable: its codings undone, its text in UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedBody {
    /// The readable bytes.
    pub bytes: Bytes,
    /// Whether they are those that were sent.
    pub is_as_sent: bool,
    /// What was done, and what could not be.
    pub remarks: Vec<BodyRemark>,
    /// What ended the inflating early.
    stop: Option<InflateStop>,
    declared: Declared,
    /// Whether a signature may be over it: a request's.
    is_signed: bool,
}

/// What a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// There is none.
    Empty,
    /// One JSON value, in rows made from its own tokens; without them when it is nested too deep.
    Json(Option<Arc<Pretty>>),
    /// One JSON value per line; how many.
    JsonLines(usize),
    /// `application/x-www-form-urlencoded`
    Form(FormBody),
    /// `multipart/*`
    Multipart(Multipart),
    /// XML, re-indented.
    Xml(Xml),
    /// Text of any other kind.
    Text,
    /// Bytes that are not text, of this format when it is known.
    Binary(Option<&'static str>),
}

/// A body as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The readable bytes, to which every range in `kind` refers.
    pub bytes: Bytes,
    /// Whether they are those that were sent.
    pub is_as_sent: bool,
    /// Whether it is a text that was to be JSON.
    pub is_broken_json: bool,
    /// Where it stops being JSON, if it does.
    pub fault: Option<JsonFault>,
    /// What they are.
    pub kind: Kind,
    /// What a person should know of it.
    pub remarks: Vec<BodyRemark>,
    /// Where its binaries are, of what is not JSON to its end.
    places: Option<BinaryPlaces>,
}

impl OpenedBody {
    /// Opens the body of a request with this head.
    #[must_use]
    pub fn of(head: &Head, body: Bytes) -> Self {
        Self::new(Declared::of(head), body)
    }

    /// Opens a body. Takes time in proportion to what comes out, which is bounded.
    #[must_use]
    pub fn new(declared: Declared, body: Bytes) -> Self {
        let mut budget = InflateBudget::opening(body.len());
        let bound = super::facts_bound(&body, declared.codings.join(",").as_bytes());
        let mut opened = Self::within(declared, body, &mut budget);
        // Said once, when it is what ended the inflating as well.
        if let Some(bound) = bound
            && opened.stop.as_ref() != Some(&bound)
        {
            opened.remark(format!("the event in the list was read from the beginning of the body only: {bound}"));
        }
        opened
    }

    /// Opens a body within what is left of a budget, which others share.
    #[must_use]
    pub fn within(declared: Declared, body: Bytes, budget: &mut InflateBudget) -> Self {
        Self { is_as_sent: true, remarks: Vec::new(), stop: None, declared, bytes: body, is_signed: true }
            .opened(budget)
    }

    /// Opens the body of a response, which is not signed.
    #[must_use]
    pub fn of_response(declared: Declared, body: Bytes, budget: &mut InflateBudget) -> Self {
        Self { is_as_sent: true, remarks: Vec::new(), stop: None, declared, bytes: body, is_signed: false }
            .opened(budget)
    }

    fn opened(self, budget: &mut InflateBudget) -> Self {
        let mut opened = self;
        if opened.bytes.is_empty() {
            return opened;
        }
        opened.inflate(budget);
        let decode = if opened.declared.is_form() { charset::decode_form } else { charset::decode };
        let (bytes, note) = decode(opened.bytes.clone(), opened.declared.charset.as_deref());
        opened.is_as_sent &= bytes == opened.bytes;
        opened.bytes = bytes;
        if let Some(words) = note {
            opened.remark(words);
        }
        opened
    }

    fn remark(&mut self, words: String) {
        self.remarks.push(BodyRemark { words, is_warning: false });
    }

    fn warn(&mut self, words: String) {
        self.remarks.push(BodyRemark { words, is_warning: true });
    }

    /// Undoes the declared codings from the last applied to the first, then what is evident.
    fn inflate(&mut self, budget: &mut InflateBudget) {
        let mut undone = 0;
        let mut declared = self.declared.codings.clone();
        loop {
            let token = declared.pop();
            let coding = token.as_deref().map_or_else(|| Coding::of_magic(&self.bytes), Coding::named);
            let Some(coding) = coding else {
                if let Some(token) = token {
                    self.warn(format!("unknown content coding “{}”: shown as sent", text::visible(&token)));
                }
                return;
            };
            if undone == STACK_LIMIT {
                return self.warn(format!("more than {STACK_LIMIT} content codings: the rest is shown as sent"));
            }
            undone += 1;
            if !self.undo(coding, token.is_some(), budget) {
                return;
            }
        }
    }

    /// Undoes one coding; false when it is the last that can be undone.
    fn undo(&mut self, coding: Coding, is_declared: bool, budget: &mut InflateBudget) -> bool {
        let inflated = inflate_prefix(coding, &self.bytes, budget);
        let name = format!("{}{}", coding.name(), if is_declared { "" } else { ", not declared" });
        let (before, after) = (grouped(self.bytes.len() as u64), grouped(inflated.bytes.len() as u64));
        self.stop = inflated.stop;
        if let Some(stop) = self.stop.as_ref().filter(|_| inflated.bytes.is_empty()) {
            // What declares a coding and does not have it is shown as sent.
            self.warn(format!("{name}: cannot be inflated: {stop}; shown as sent"));
            return false;
        }
        let tail = match &self.stop {
            Some(stop) => format!("; {stop}; the output up to there is shown"),
            None if self.is_signed => "; the signature is over the bytes as sent".to_owned(),
            None => String::new(),
        };
        let words = format!("{name}: {before} bytes inflated to {after}{tail}");
        if self.stop.is_some() {
            self.warn(words)
        } else {
            self.remark(words)
        }
        self.bytes = Bytes::from(inflated.bytes);
        self.is_as_sent = false;
        self.stop.is_none()
    }

    /// Decides what the body is. `rows` are the rows of its bytes, or the reason why it has none.
    #[must_use]
    pub fn describe(self, rows: Result<Pretty, NoRows>) -> Body {
        let too_deep = rows.as_ref().err().and_then(NoRows::remark);
        let (rows, fault, places) = match rows {
            Ok(rows) => (Some(Arc::new(rows)), None, None),
            Err(NoRows::Fault(fault, places)) => (None, Some(fault), places),
            Err(NoRows::TooDeep) => (None, None, None),
        };
        let kind = self.kind(rows, fault.as_ref());
        let Self { bytes, is_as_sent, mut remarks, declared, .. } = self;
        if let Some(words) = disagreement(&kind, &declared, fault.as_ref(), &bytes) {
            remarks.push(BodyRemark { words, is_warning: true });
        }
        remarks.extend(undeclared_fault(&kind, &declared, &bytes).map(|words| BodyRemark { words, is_warning: true }));
        let faults = match &kind {
            Kind::Multipart(multipart) => multipart.faults.clone(),
            Kind::Xml(xml) => xml.fault().into_iter().collect(),
            _ => Vec::new(),
        };
        remarks.extend(faults.into_iter().map(|words| BodyRemark { words, is_warning: true }));
        let too_deep = too_deep.filter(|_| matches!(kind, Kind::Json(_)));
        remarks.extend(too_deep.map(|words| BodyRemark { words, is_warning: true }));
        let is_broken_json = matches!(kind, Kind::Text) && is_meant_as_json(&declared, &bytes);
        Body { bytes, is_as_sent, is_broken_json, fault, kind, remarks, places }
    }

    /// Evidence first: a container of JSON, a boundary, a magic number, a tag. Then the declaration.
    fn kind(&self, rows: Option<Arc<Pretty>>, fault: Option<&JsonFault>) -> Kind {
        let (bytes, declared) = (&self.bytes[..], &self.declared);
        if bytes.is_empty() {
            return Kind::Empty;
        }
        let is_container = matches!(after_bom(bytes).trim_ascii_start().first(), Some(b'{' | b'['));
        if fault.is_none() && (is_container || declared.is_json() || declared.media.is_none()) {
            return Kind::Json(rows);
        }
        if u32::try_from(bytes.len()).is_err() {
            return if sniff::is_binary(bytes) { Kind::Binary(None) } else { Kind::Text };
        }
        let is_multipart = declared.is_multipart();
        let boundary = declared.boundary.as_deref().filter(|_| is_multipart).or_else(|| Multipart::guess(bytes));
        if let Some(boundary) = boundary {
            let multipart = Multipart::read(bytes, boundary);
            if is_multipart || !multipart.parts.is_empty() {
                return Kind::Multipart(multipart);
            }
        }
        if let Some(magic) = sniff::magic(bytes) {
            return Kind::Binary(Some(magic));
        }
        if sniff::is_binary(bytes) {
            return Kind::Binary(None);
        }
        if let Some(lines) = sniff::json_lines(bytes, fault) {
            return Kind::JsonLines(lines);
        }
        let is_form = declared.is_form();
        let is_untold = declared.media.is_none() || declared.is_json();
        if declared.is_xml() || (xml::is_likely(bytes) && !is_form && !declared.is("text/html")) {
            return Kind::Xml(Xml::read(bytes));
        }
        if is_form || (is_untold && FormBody::is_likely(bytes)) {
            return Kind::Form(FormBody::read(bytes));
        }
        Kind::Text
    }
}

impl Body {
    /// Opens the body of a request with this head, and decides what it is. Takes time in proportion to what comes out,
    /// which is bounded.
    #[must_use]
    pub fn open(head: &Head, body: Bytes) -> Self {
        let opened = OpenedBody::of(head, body);
        let rows = Pretty::new(opened.bytes.clone());
        opened.describe(rows)
    }

    /// The rows of its JSON.
    #[must_use]
    pub fn rows(&self) -> Option<&Arc<Pretty>> {
        if let Kind::Json(rows) = &self.kind { rows.as_ref() } else { None }
    }

    /// Whether it is shown as the lines that it is.
    #[must_use]
    pub fn is_lines(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::JsonLines(_) | Kind::Json(None))
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        let counted = |count: usize, noun: &str| counted(count as u64, noun);
        match &self.kind {
            Kind::Empty => "empty body".to_owned(),
            Kind::Json(_) => "JSON".to_owned(),
            Kind::JsonLines(lines) => format!("NDJSON, {}", counted(*lines, "value")),
            Kind::Form(form) => {
                let more = if form.rest < self.bytes.len() { " and more" } else { "" };
                format!("form, {}{more}", counted(form.pairs.len(), "pair"))
            }
            Kind::Multipart(multipart) => format!("multipart, {}", counted(multipart.parts.len(), "part")),
            Kind::Xml(_) => "XML".to_owned(),
            Kind::Text => "text".to_owned(),
            Kind::Binary(Some(format)) => format!("binary, {format}"),
            Kind::Binary(None) => "binary".to_owned(),
        }
    }

    /// The stable name of JSON output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.kind {
            Kind::Empty => "empty",
            Kind::Json(_) => "json",
            Kind::JsonLines(_) => "json_lines",
            Kind::Form(_) => "form",
            Kind::Multipart(_) => "multipart",
            Kind::Xml(_) => "xml",
            Kind::Text => "text",
            Kind::Binary(_) => "binary",
        }
    }
}

fn after_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(super::json::BOM).unwrap_or(bytes)
}

/// Whether a text that is not JSON was meant to be.
fn is_meant_as_json(declared: &Declared, bytes: &[u8]) -> bool {
    let looks_like_json = matches!(after_bom(bytes).trim_ascii_start().first(), Some(b'{' | b'['));
    declared.is_json() || declared.media.is_none() || looks_like_json
}

/// Bytes that are not UTF-8 in a text of which no charset is declared: what is shown of them is a guess.
fn undeclared_fault(kind: &Kind, declared: &Declared, bytes: &[u8]) -> Option<String> {
    if matches!(kind, Kind::Form(_)) {
        // Its escapes are read after its charset.
        let is_fault = |pair: &[u8]| std::str::from_utf8(&charset::unescaped(pair)).is_err();
        let number = bytes.split(|byte| *byte == b'&').position(is_fault)?;
        let rule = declared.charset.as_deref().map_or_else(
            || "no charset is declared".to_owned(),
            |charset| format!("declared {}", text::visible(charset)),
        );
        return Some(format!("invalid UTF-8 in field {}: {rule}", number + 1));
    }
    if declared.charset.is_some() {
        // Judged where it is decoded.
        return None;
    }
    let rule = match kind {
        Kind::Json(_) | Kind::JsonLines(_) => "JSON is UTF-8 (RFC 8259, section 8.1)",
        Kind::Text if is_meant_as_json(declared, bytes) => "JSON is UTF-8 (RFC 8259, section 8.1)",
        // Its own declaration may name another encoding.
        Kind::Xml(_) if memchr::memmem::find(&bytes[..bytes.len().min(256)], b"encoding=").is_some() => return None,
        Kind::Xml(_) | Kind::Text => "no charset is declared",
        Kind::Empty | Kind::Form(_) | Kind::Multipart(_) | Kind::Binary(_) => return None,
    };
    let fault = std::str::from_utf8(bytes).err()?;
    Some(format!("invalid UTF-8 at byte {}: {rule}", grouped(fault.valid_up_to() as u64)))
}

/// What was declared and is not so.
fn disagreement(kind: &Kind, declared: &Declared, fault: Option<&JsonFault>, bytes: &[u8]) -> Option<String> {
    let media = declared.media.as_deref().unwrap_or_default();
    let starts = |prefix: &str| media.starts_with(prefix);
    if starts("multipart/") && declared.boundary.is_none() && !matches!(kind, Kind::Empty | Kind::Multipart(_)) {
        return Some(format!("{} declares no boundary (RFC 2046, section 5.1.1)", text::visible(media)));
    }
    let (is_so, what) = match kind {
        Kind::Empty => return None,
        // A line of NDJSON is JSON, and all JSON is YAML.
        Kind::Json(_) => (declared.is_json() || declared.holds_json(), "is JSON"),
        Kind::JsonLines(_) => (media.contains("ndjson") || media.contains("jsonl"), "is NDJSON"),
        Kind::Form(_) => (declared.is_form(), "is a form"),
        Kind::Multipart(_) => (starts("multipart/"), "is multipart"),
        Kind::Xml(_) => (declared.is_xml() || starts("text/"), "is XML"),
        Kind::Binary(_) => (!starts("text/") && !declared.is_json() && !declared.is_xml(), "is not text"),
        Kind::Text if is_meant_as_json(declared, bytes) => {
            return Some(format!("Invalid JSON: {}", text::visible(&fault?.to_string())));
        }
        Kind::Text => (!declared.is_binary(), "is text"),
    };
    let claim =
        if media.is_empty() { "no Content-Type".to_owned() } else { format!("declared {}", text::visible(media)) };
    (!is_so).then(|| format!("{claim}, but the body {what}"))
}
