//! A signature scheme as data: where its parts are, what is signed, with which key, and how it is written.
//!
//! | part | what it is |
//! |---|---|
//! | `description` | a scheme as a person writes it in TOML |
//! | `value` | where the signature is, and what surrounds it |
//! | `content` | the template of what is signed |
//! | `expression`, `parts`, `filter`, `forms` | what a template names, and what is done to it |
//! | `proof` | the algorithm |
//! | `signed` | which parts of a request are signed |
//! | `checks` | whether a description can be a scheme |
//! | `encoding`, `stamp_unit` | how a digest and a timestamp are written |

mod checks;
mod content;
mod description;
mod encoding;
mod expression;
mod filter;
mod forms;
mod kind;
mod parts;
mod proof;
mod signed;
mod stamp_unit;
#[cfg(test)]
mod tests;
mod url;
mod value;

use std::collections::BTreeMap;
use std::time::Duration;

pub use checks::{DescriptionKey, InvalidScheme};
pub(in crate::signature) use content::body_sha256;
pub use content::{InvalidContent, SignedContent, TemplatePiece};
pub use description::SchemeDescription;
pub use encoding::Encoding;
pub use expression::{Expression, InvalidExpression};
pub use filter::{Filter, PlainFilter};
pub use kind::SigningKind;
pub(crate) use parts::Parts;
pub use parts::Source;
pub(in crate::signature) use parts::pairs as query_pairs;
pub use proof::{JwtAlgorithm, Proof};
pub use stamp_unit::{StampUnit, TimestampReading};
pub use url::{hashed_url, lacks_url};
pub(in crate::signature) use url::{signed_url, urls, with_other_scheme, without_port};
pub(crate) use value::{NoSignature, ReadSignature};
pub use value::{SignaturePlace, SignatureValue};

use super::Algorithm;
use super::freshness::{AgeLimit, ToleranceDirection};
use crate::delivery::TimestampUnit;
use crate::payload::json::{self, JsonFault};

/// How old, or how far in the future, a delivery may be before it is called stale. Trackpilots
/// documents no limit; five minutes is the habit of the field (Stripe, Slack, Standard Webhooks).
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The most bytes of an event's name that is read from where a scheme has it.
pub const LONGEST_EVENT: usize = 256;

/// A signature scheme. The default is Trackpilots': HMAC-SHA256 over `timestamp.body`, as lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Scheme {
    /// The name that it is chosen by; empty for Trackpilots', and for one described without a preset.
    pub name: String,
    /// Where the signature is, and how its value is built.
    pub signature: SignatureValue,
    /// Where the timestamp is; `None` when there is none.
    pub timestamp: Option<Expression>,
    /// The timestamp's unit; `None` for that of the webhook's kind.
    pub timestamp_unit: Option<StampUnit>,
    /// What the sender's own libraries make of it before they hash it.
    #[serde(default)]
    pub timestamp_reading: TimestampReading,
    /// Where the delivery's id is; `None` when none is signed.
    pub id: Option<Expression>,
    /// Where the event's name is; `None` for a body that says it as Trackpilots' does.
    pub event: Option<Expression>,
    /// How far the timestamp may be from the moment of capture.
    pub tolerance: Duration,
    /// In which directions.
    pub tolerance_direction: ToleranceDirection,
    /// What is signed.
    pub content: SignedContent,
    /// What proves it.
    pub proof: Proof,
    /// How the digest is written.
    pub encoding: Encoding,
    /// How the secret's text becomes the key: a template of `{secret}`.
    pub key: SignedContent,
    /// Names that templates use.
    pub variables: BTreeMap<String, Variable>,
    /// What must be equal besides, each as two templates: they tie unsigned parts to signed ones.
    pub binds: Vec<Bind>,
    /// The URL as the sender knows it, for content with `{url}`; the Host header's otherwise.
    pub url: Option<String>,
    /// Whether that URL is `https`, where it is known because this program sends the request; `None` of what has come.
    #[serde(default)]
    pub tls: Option<bool>,
    /// Whether the URL without its port, or with the default port where it has none, is tried as well.
    pub tries_default_port: bool,
    /// What the receiver knows besides the secret, by name: a webhook's id, a key's name.
    pub settings: BTreeMap<String, String>,
    /// Whose handshakes its webhooks are asked for, by the sender's name in the catalogue; `None` for none.
    pub handshake: Option<String>,
    /// What an HTTP Message Signature must be.
    pub message: MessageRules,
}

/// What a receiver asks of an HTTP Message Signature (RFC 9421, section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MessageRules {
    /// The components that it must cover, such as `@method` or `content-digest`.
    pub components: Vec<String>,
    /// The application's tag that it must have; `None` for any.
    pub tag: Option<String>,
}

impl Default for MessageRules {
    fn default() -> Self {
        Self { components: vec!["content-digest".to_owned()], tag: None }
    }
}

impl MessageRules {
    /// Whether a signature must cover this component.
    fn covers(&self, name: &str) -> bool {
        self.components.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// What a name in a scheme's templates stands for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Variable {
    /// A template.
    Template(SignedContent),
    /// Headers that the request itself lists as signed.
    Listed {
        /// The list of their names.
        names: Expression,
        /// What separates the names.
        separator: String,
        /// One header, with `{name}` and `{value}`.
        item: String,
        /// What joins them.
        join: String,
    },
}

/// Two templates that must give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bind {
    /// What the request says.
    pub is: SignedContent,
    /// What it must be.
    pub equals: SignedContent,
}

impl Scheme {
    /// Whether verification is that of Trackpilots except for the header names and the tolerance.
    #[must_use]
    pub(crate) fn is_plain(&self) -> bool {
        self.proof == Proof::Hmac(Algorithm::Sha256)
            && self.encoding == Encoding::Hex
            && self.signature.is_bare()
            && self.timestamp.as_ref().is_some_and(|timestamp| timestamp.header().is_some())
            && self.timestamp_reading == TimestampReading::Text
            && !matches!(self.timestamp_unit, Some(StampUnit::Iso8601 | StampUnit::HttpDate))
            && self.content == SignedContent::default()
            && self.key == SignedContent::secret()
            && self.binds.is_empty()
    }

    /// Which ages are fresh.
    #[must_use]
    pub fn age_limit(&self) -> AgeLimit {
        AgeLimit { limit: self.tolerance, direction: self.tolerance_direction }
    }

    /// The header that carries the signature; its letter case does not matter. Where none does, the place in words.
    #[must_use]
    pub fn signature_header(&self) -> &str {
        self.signature.header_name().unwrap_or("(not in a header)")
    }

    /// Where the signature is, in words: a header's name, `query:sign`, `headers X-Signature-1, X-Signature-2 and so on`.
    #[must_use]
    pub fn signature_place(&self) -> String {
        let other = || self.signature.places.first().map(SignaturePlace::words).unwrap_or_default();
        self.signature.header_name().map_or_else(other, str::to_owned)
    }

    /// The header that carries the timestamp, likewise; empty when it is elsewhere, or there is none.
    #[must_use]
    pub fn timestamp_header(&self) -> &str {
        self.timestamp.as_ref().and_then(Expression::header).unwrap_or_default()
    }

    /// The header that carries the delivery's id, when one is signed.
    #[must_use]
    pub fn id_header(&self) -> Option<&str> {
        self.id.as_ref().and_then(Expression::header)
    }

    /// The event's name, where the scheme says where it is; at most [`LONGEST_EVENT`] bytes.
    #[must_use]
    pub fn event_name(&self, head: &crate::http::Head, body: &[u8]) -> Option<String> {
        let event = self.event.as_ref()?;
        let url = signed_url(self, head);
        let name = event.value(&Parts::of(self, head, &url, body))?;
        let is_name = (1..=LONGEST_EVENT).contains(&name.len());
        is_name.then(|| String::from_utf8_lossy(&name).into_owned())
    }

    /// Every template that it fills: the content, the key, those of variables, and both of each bind.
    pub(in crate::signature) fn templates(&self) -> impl Iterator<Item = &SignedContent> {
        let of_binds = self.binds.iter().flat_map(|bind| [&bind.is, &bind.equals]);
        [&self.content, &self.key].into_iter().chain(self.variable_templates()).chain(of_binds)
    }

    /// Why a body has no members to sign, where single ones are signed and not the whole: a receiver parses it first,
    /// while those before the fault would be found here. Only of what begins as JSON.
    pub(in crate::signature) fn broken_members(&self, body: &[u8]) -> Option<JsonFault> {
        let begins_as_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
        let signs_members = || self.templates().flat_map(SignedContent::sources).any(Source::is_member);
        let signs_whole = || self.templates().any(SignedContent::has_whole_body);
        if begins_as_json && signs_members() && !signs_whole() { json::fault(body) } else { None }
    }

    fn variable_templates(&self) -> impl Iterator<Item = &SignedContent> {
        self.variables.values().filter_map(|variable| match variable {
            Variable::Template(template) => Some(template),
            Variable::Listed { .. } => None,
        })
    }

    /// Whether it signs as Trackpilots does, whatever its headers are called, and is nobody else's by name.
    #[must_use]
    pub fn is_trackpilots(&self) -> bool {
        self.name.is_empty() && self.is_plain()
    }

    /// The headers that are signed, apart from those of the signature and the timestamp.
    #[must_use]
    pub fn signed_headers(&self) -> Vec<&str> {
        let sources = std::iter::once(&self.content).chain(self.variable_templates()).flat_map(SignedContent::sources);
        let of_id = self.id_header().filter(|_| self.content.covers(&TemplatePiece::Id));
        let own = [self.signature_header(), self.timestamp_header()];
        let named = sources.filter_map(|source| match source {
            Source::Header(name) => Some(name.as_str()),
            _ => None,
        });
        named.chain(of_id).filter(|name| own.iter().all(|own| !own.eq_ignore_ascii_case(name))).collect()
    }

    /// The settings that its templates name, and that nobody has given a value.
    #[must_use]
    pub fn missing_settings(&self) -> Vec<String> {
        let sources = self.templates().flat_map(SignedContent::sources);
        let mut names: Vec<String> = sources
            .filter_map(|source| match source {
                Source::Setting(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let taken = self.signature.take.iter().filter_map(|name| name.strip_prefix("{setting:")?.strip_suffix('}'));
        names.extend(taken.map(str::to_owned));
        names.retain(|name| !self.settings.contains_key(name));
        names.sort();
        names.dedup();
        names
    }

    /// The signature's value with these texts in their places; `None` when its form holds more than the two.
    #[must_use]
    pub fn written(&self, signature: &str, timestamp: &str) -> Option<String> {
        let (mut pair, mut item) = (None, None);
        match self.timestamp.as_ref().map(|place| &place.source) {
            Some(Source::Pair(name)) => pair = Some((name.as_str(), timestamp)),
            Some(Source::Item(place)) => (pair, item) = (Some(("", timestamp)), Some(*place)),
            _ => {}
        }
        self.signature.written(signature, pair, item)
    }

    /// The form of the signature's value: `sha256=SIGNATURE`, `t=TIMESTAMP,v1=SIGNATURE`; empty for a bare one.
    #[must_use]
    pub fn form(&self) -> String {
        // A list without names looks like a bare signature.
        self.written("SIGNATURE", "TIMESTAMP").filter(|form| form != "SIGNATURE").unwrap_or_default()
    }

    /// Where the timestamp is, in words; empty when there is none.
    #[must_use]
    pub fn timestamp_place(&self) -> String {
        match self.timestamp.as_ref().map(|place| (place, &place.source)) {
            Some((place, _)) if place.header().is_some() => format!("header {}", self.timestamp_header()),
            Some((_, Source::Pair(name))) => format!("{name} in {}", self.signature_place()),
            Some((_, Source::Item(_))) => format!("timestamp in {}", self.signature_place()),
            Some((place, _)) => place.to_string(),
            None => String::new(),
        }
    }

    /// Whether the URL is part of what is signed.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        self.signs_any(|source| matches!(source, Source::Url | Source::Host | Source::Parameter(_)))
    }

    /// Whether the host is part of what is signed, alone or in the URL.
    #[must_use]
    pub fn signs_host(&self) -> bool {
        self.signs_any(|source| match source {
            Source::Url | Source::Host => true,
            Source::Header(name) => name.eq_ignore_ascii_case("host"),
            _ => false,
        })
    }

    /// Whether the whole URL, or such a source, is part of what is signed.
    fn signs_any(&self, is_wanted: impl Fn(&Source) -> bool) -> bool {
        let of_binds = self.binds.iter().map(|bind| &bind.equals);
        let mut signed = std::iter::once(&self.content).chain(self.variable_templates()).chain(of_binds);
        signed.any(|content| content.covers(&TemplatePiece::Url) || content.sources().any(&is_wanted))
    }

    /// Whether a timestamp is part of what is signed, wherever it is.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.timestamp.is_some() || matches!(self.proof, Proof::Jwt { .. })
    }

    /// Whether fields of a form are signed, so that a body is one.
    pub(in crate::signature) fn signs_form(&self) -> bool {
        let is_field = |source: &Source| matches!(source, Source::Form(_) | Source::FormJson(..));
        self.templates().any(|template| template.reads_form() || template.sources().any(is_field))
    }

    /// The hash function under its HMAC, or of its plain hash.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        match self.proof {
            Proof::Hmac(algorithm) | Proof::Hash(algorithm) => Some(algorithm),
            _ => None,
        }
    }

    /// The unit that the scheme's timestamps have, where one in `unit` has another. A unit is read by its magnitude here;
    /// a receiver takes it for the scheme's own, so that the age that it reads is of decades. A token's times are its own.
    #[must_use]
    pub fn other_unit(&self, unit: TimestampUnit) -> Option<StampUnit> {
        let wanted = match self.proof {
            // RFC 9421, section 2.3.
            Proof::MessageSignature => Some(StampUnit::Seconds),
            Proof::Jwt { .. } => None,
            _ => self.timestamp_unit,
        };
        wanted.filter(|wanted| match unit {
            TimestampUnit::Seconds => *wanted != StampUnit::Seconds,
            TimestampUnit::Milliseconds => *wanted != StampUnit::Milliseconds,
            TimestampUnit::Other => false,
        })
    }

    /// What a webhook of this kind writes as the timestamp at `moment`.
    #[must_use]
    pub fn timestamp_text(&self, kind: SigningKind, moment: jiff::Timestamp) -> String {
        self.timestamp_unit.map_or_else(|| kind.timestamp_text(moment), |unit| unit.text(moment))
    }
}

impl Default for Scheme {
    fn default() -> Self {
        Self {
            name: String::new(),
            signature: SignatureValue::header("X-Webhook-Signature"),
            timestamp: Some(Expression::plain(Source::Header("X-Webhook-Timestamp".to_owned()))),
            timestamp_unit: None,
            timestamp_reading: TimestampReading::default(),
            id: None,
            event: None,
            tolerance: DEFAULT_TOLERANCE,
            tolerance_direction: ToleranceDirection::default(),
            content: SignedContent::default(),
            proof: Proof::Hmac(Algorithm::Sha256),
            encoding: Encoding::Hex,
            key: SignedContent::secret(),
            variables: BTreeMap::new(),
            binds: Vec::new(),
            url: None,
            tls: None,
            tries_default_port: false,
            settings: BTreeMap::new(),
            handshake: None,
            message: MessageRules::default(),
        }
    }
}
