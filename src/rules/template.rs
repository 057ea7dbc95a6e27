//! Text with the delivery's facts in it: `got {{event}} as #{{id}}`.
//!
//! What stands for a fact is checked when the text is read, so that a mistyped name is found before
//! anything is sent. Facts come from the network. In a header they are written as visible ASCII and
//! nothing else, whatever they hold, so that no fact can begin a header or a body of its own.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::facts::{Fact, Facts};
use super::request::{RequestFact, VALUE_BYTES};
use crate::http::MediaType;
use crate::http::percent::PercentEncoding;
use crate::text::visible;

/// The most facts in one text.
const FACTS_LIMIT: usize = 64;
/// Of a fact of the delivery in a header, this many bytes are written. What is taken from the request has its own limit:
/// it is echoed whole or not at all.
const HEADER_FACT_BYTES: usize = 256;

/// Text in which `{{name}}` stands for a fact. `{{{{` stands for two braces.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

/// The parts follow from the source.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

#[derive(Debug, Clone)]
enum Part {
    Text(Arc<str>),
    Fact(Fact),
    Request(RequestFact),
}

/// The text of a part, to be shared as bytes.
struct Shared(Arc<str>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing is known by this name.
    #[error(
        "unknown template field '{{{{{}}}}}': expected one of {}; for two literal braces write '{{{{{{{{'",
        visible(name),
        Fact::names()
    )]
    Unknown {
        /// The name as written.
        name: String,
        /// The byte offset of its braces.
        at: usize,
    },
    /// Braces without their pair.
    #[error("unclosed braces: expected '}}}}'; for two literal braces write '{{{{{{{{'")]
    Unclosed {
        /// The byte offset of the braces.
        at: usize,
    },
    /// Too many of them.
    #[error("too many template fields in one text: at most {FACTS_LIMIT}")]
    TooMany,
}

/// Visible ASCII and spaces, the only text that is safe in a field value (RFC 9110, section 5.5).
const HEADER_VALUE: PercentEncoding = PercentEncoding::GRAPHIC.keeping(b" ");

/// Where the text will stand, which decides how a fact is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePlace {
    /// The value of a header: visible ASCII, the rest percent-encoded, cut after 256 bytes.
    Header,
    /// A body of plain text: as it is.
    Plain,
    /// A body of JSON: as inside a JSON string.
    Json,
    /// A body of HTML or XML: with character references.
    Markup,
}

impl TemplatePlace {
    /// How a body of this `content-type` is written.
    #[must_use]
    pub fn of_body(content_type: Option<&str>) -> Self {
        let kind = MediaType::new(content_type.unwrap_or_default()).essence();
        match () {
            () if kind.contains("json") => Self::Json,
            () if kind.contains("html") || kind.contains("xml") => Self::Markup,
            () => Self::Plain,
        }
    }
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for a name that is not known.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut at = 0;
        let mut facts = 0;
        while let Some(offset) = source[at..].find("{{") {
            let open = at + offset;
            text.push_str(&source[at..open]);
            let inner = &source[open + 2..];
            if inner.starts_with("{{") {
                text.push_str("{{");
                at = open + 4;
                continue;
            }
            let close = inner.find("}}").ok_or(TemplateError::Unclosed { at: open })?;
            let name = inner[..close].trim();
            let part = match Fact::named(name) {
                Some(fact) => Part::Fact(fact),
                None => RequestFact::read(name)
                    .map(Part::Request)
                    .ok_or(TemplateError::Unknown { name: name.to_owned(), at: open })?,
            };
            facts += 1;
            if facts > FACTS_LIMIT {
                return Err(TemplateError::TooMany);
            }
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text).into()));
            }
            parts.push(part);
            at = open + 2 + close + 2;
        }
        text.push_str(&source[at..]);
        if !text.is_empty() {
            parts.push(Part::Text(text.into()));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// A text in which nothing stands for a fact.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text(text.into())] };
        Self { source: text.replace("{{", "{{{{"), parts }
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text before its first fact; all of it where there is none.
    #[must_use]
    pub fn beginning(&self) -> &str {
        if let Some(Part::Text(text)) = self.parts.first() { text } else { "" }
    }

    /// Whether a fact stands in it.
    #[must_use]
    pub fn has_facts(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_)))
    }

    /// What it asks of the request itself.
    pub(super) fn asked(&self) -> impl Iterator<Item = &RequestFact> {
        self.parts.iter().filter_map(|part| if let Part::Request(fact) = part { Some(fact) } else { None })
    }

    /// The text around its facts, in pieces.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(&**text) } else { None })
    }

    /// Bytes of the text without its facts.
    #[must_use]
    pub fn fixed_bytes(&self) -> usize {
        self.texts().map(str::len).sum()
    }

    /// The text with the facts in it, as the bytes of a body. One without facts is not copied.
    #[must_use]
    pub fn render_body(&self, facts: &Facts, place: TemplatePlace) -> Bytes {
        match &self.parts[..] {
            [Part::Text(text)] => Bytes::from_owner(Shared(Arc::clone(text))),
            _ => self.render(facts, place).into(),
        }
    }

    /// No fewer bytes than the text has with the facts in it, wherever it stands.
    #[must_use]
    pub fn most_bytes(&self, facts: &Facts) -> usize {
        // A control character is six bytes in JSON, and a quotation mark in HTML.
        let most = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Fact(fact) => facts.value(*fact).len().saturating_mul(6),
            Part::Request(fact) => facts.request.text(fact).len().saturating_mul(6),
        };
        self.parts.iter().map(most).fold(0, usize::saturating_add)
    }

    /// The text with the facts in it.
    #[must_use]
    pub fn render(&self, facts: &Facts, place: TemplatePlace) -> String {
        let mut rendered = String::with_capacity(self.source.len());
        for part in &self.parts {
            match part {
                Part::Text(text) => rendered.push_str(text),
                Part::Fact(fact) => write_fact(&mut rendered, &facts.value(*fact), place, HEADER_FACT_BYTES),
                Part::Request(fact) if fact.is_json() && place == TemplatePlace::Json => {
                    rendered.push_str(facts.request.text(fact));
                }
                Part::Request(fact) => write_fact(&mut rendered, facts.request.text(fact), place, VALUE_BYTES),
            }
        }
        rendered
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.source)
    }
}

/// Of a value in a header, `most` bytes are written.
fn write_fact(out: &mut String, value: &str, place: TemplatePlace, most: usize) {
    match place {
        TemplatePlace::Plain => out.push_str(value),
        TemplatePlace::Header => {
            let value = &value.as_bytes()[..value.len().min(most)];
            out.push_str(&HEADER_VALUE.encode_text(value));
        }
        TemplatePlace::Json => {
            // A string is always written; what stands between its quotation marks is wanted.
            let quoted = serde_json::to_string(value).unwrap_or_default();
            out.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
        }
        TemplatePlace::Markup => {
            for character in value.chars() {
                match character {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    other => out.push(other),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::delivery::Verdict;

    fn facts() -> Facts {
        Facts {
            id: 7,
            event: Some("desktop.\"app\"<é>\r\nX: y".to_owned()),
            verdict: Some(Verdict::Mismatch),
            path: "/hook?a=1".to_owned(),
            ..Facts::default()
        }
    }

    #[test]
    fn a_body_is_escaped_for_its_own_media_type() {
        for (kind, place) in [
            ("Application/JSON", TemplatePlace::Json),
            ("application/x-ndjson", TemplatePlace::Json),
            ("text/html; charset=utf-8; profile=\"json\"", TemplatePlace::Markup),
            ("image/svg+xml", TemplatePlace::Markup),
            ("text/plain; x=html", TemplatePlace::Plain),
        ] {
            assert_eq!(TemplatePlace::of_body(Some(kind)), place, "{kind}");
        }
    }

    #[rstest]
    #[case("", "")]
    #[case("plain {\"a\":{\"b\":1}}", "plain {\"a\":{\"b\":1}}")]
    #[case("#{{id}} {{ verdict }} {{path}}", "#7 mismatch /hook?a=1")]
    #[case("{{webhook}}|{{timestamp}}", "|")]
    #[case("{{{{id}}", "{{id}}")]
    fn facts_are_put_in(#[case] source: &str, #[case] expected: &str) {
        let template = Template::parse(source).unwrap();
        assert_eq!(template.render_body(&facts(), TemplatePlace::Plain), expected);
        assert!(template.most_bytes(&facts()) >= expected.len());
        assert_eq!(template.render(&facts(), TemplatePlace::Plain), expected);
        assert_eq!(template.to_string(), source);
    }

    #[rstest]
    #[case(TemplatePlace::Header, "desktop.\"app\"<%C3%A9>%0D%0AX: y")]
    #[case(TemplatePlace::Json, "desktop.\\\"app\\\"<é>\\r\\nX: y")]
    #[case(TemplatePlace::Markup, "desktop.&quot;app&quot;&lt;é&gt;\r\nX: y")]
    fn facts_are_escaped_for_their_place(#[case] place: TemplatePlace, #[case] expected: &str) {
        assert_eq!(Template::parse("{{event}}").unwrap().render(&facts(), place), expected);
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place() {
        let error = Template::parse("a {{evnt}}").unwrap_err();
        assert_eq!(error, TemplateError::Unknown { name: "evnt".to_owned(), at: 2 });
        assert!(
            error.to_string().starts_with("unknown template field '{{evnt}}': expected one of id, event, "),
            "{error}"
        );
        assert_eq!(Template::parse("a {{id}").unwrap_err(), TemplateError::Unclosed { at: 2 });
        assert_eq!(Template::parse(&"{{id}}".repeat(65)).unwrap_err(), TemplateError::TooMany);
    }

    proptest! {
        #[test]
        fn no_fact_leaves_its_header(event in "\\PC*|[\\x00-\\xff\r\n]{0,300}", path: String) {
            let facts = Facts { event: Some(event), path, ..Facts::default() };
            let value = Template::parse("{{event}};{{path}}").unwrap().render(&facts, TemplatePlace::Header);
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value:?}");
            prop_assert!(value.len() <= 2 * 3 * 256 + 1);
        }

        #[test]
        fn a_fact_stays_in_its_json_string(event: String) {
            let facts = Facts { event: Some(event.clone()), ..Facts::default() };
            let body = Template::parse("{\"event\":\"{{event}}\"}").unwrap().render(&facts, TemplatePlace::Json);
            let json: serde_json::Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(json["event"].as_str(), Some(event.as_str()));
        }

        #[test]
        fn any_text_is_read_or_refused(source in "[a-z{} ]{0,30}|\\PC*") {
            if let Ok(template) = Template::parse(&source) {
                prop_assert_eq!(template.source(), source.as_str());
            }
        }
    }
}
