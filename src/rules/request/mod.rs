//! What an answer can take from the request itself: `query.NAME`, `header.NAME`, `body.PATH`, each as text, as JSON or
//! under an HMAC. With these an answer completes a sender's handshake.
//!
//! Values are read once, when the answer is chosen, and only those that it asks for. An HMAC is made of tokens alone, as
//! handshakes send them: whoever sends a request chooses the text, and an HMAC of any text would be a signature of it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::answer::AnswerChoice;
use crate::http::Head;
use crate::payload::lookup::{BodyPath, NamedValue, parameter};
use crate::signature::{self, Algorithm, Scheme, Secret, SecretOrigin};

/// The most bytes of one value; a longer one is not written in part, since half a challenge answers nothing.
pub(super) const VALUE_BYTES: usize = 8 * 1024;
/// The most bytes of all values of one answer, which may wait for a while.
const VALUES_BYTES: usize = 64 * 1024;
/// The longest name of a parameter or header.
const NAME_BYTES: usize = 256;
/// The longest text under an HMAC. The tokens of Zoom, X and LinkedIn have less than a hundred bytes.
const TOKEN_BYTES: usize = 512;

/// How what is within parentheses is written, by name.
const FUNCTIONS: [(&str, ValueForm); 4] = [
    ("json", ValueForm::Json),
    ("hmac_sha256_hex", ValueForm::HmacHex(Algorithm::Sha256)),
    ("hmac_sha256_base64", ValueForm::HmacBase64(Algorithm::Sha256)),
    ("hmac_sha1_hex", ValueForm::HmacHex(Algorithm::Sha1)),
];

/// What can be asked for, as an error lists it.
pub(super) const USAGE: &str = "query.NAME, header.NAME, body.PATH, param.NAME, json(…), hmac_sha256_hex(…), \
                                hmac_sha256_base64(…), hmac_sha1_hex(…)";

/// A value of the request, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFact {
    place: ValuePlace,
    form: ValueForm,
}

/// Where a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ValuePlace {
    Query(String),
    Header(String),
    Body(BodyPath),
    /// Not of the request, but what the scheme's `settings` say of the receiver.
    Param(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueForm {
    Text,
    /// A string with its quotation marks and escapes, other JSON as it was written.
    Json,
    HmacHex(Algorithm),
    HmacBase64(Algorithm),
}

/// Why a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoValue {
    Missing,
    /// A setting of the scheme that nobody has given.
    NotSet,
    TooLong,
    NoToken,
    NoSecret,
    Unread(UnreadRequest),
}

/// Why a request that is on disk could not be read again for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadRequest {
    /// The store does not give it.
    Store,
    /// There is no room in memory for it.
    NoRoom,
}

/// The request that is answered.
#[derive(Debug, Clone, Copy)]
pub struct AnsweredRequest<'a> {
    /// Its head.
    pub head: &'a Head,
    /// Its body.
    pub body: &'a [u8],
    /// How it is signed, which says what makes a key of a secret.
    pub scheme: &'a Scheme,
    /// For HMACs.
    pub secret: Option<&'a Secret>,
}

/// The values of one request that an answer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestValues(Vec<(RequestFact, Result<String, NoValue>)>);

/// The secret under which a handshake is answered: the one that verified the request, else the first. A temporary one
/// is known to nobody else.
#[must_use]
pub fn handshake_secret<'a>(
    secrets: impl Iterator<Item = &'a Secret> + Clone,
    verified: Option<&str>,
) -> Option<&'a Secret> {
    let mut known = secrets.filter(|secret| *secret.origin() != SecretOrigin::MadeUp);
    let first = known.clone().next();
    known.find(|secret| Some(secret.label()) == verified).or(first)
}

impl RequestFact {
    /// Reads what stands between the braces; `None` when it asks for nothing of a request.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (form, place) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, place)) => (FUNCTIONS.iter().find(|(known, _)| *known == name)?.1, place.trim()),
            None => (ValueForm::Text, text),
        };
        Some(Self { place: ValuePlace::read(place)?, form })
    }

    /// The text in its place, as it is; `None` where there is none.
    pub(super) fn text_in(&self, request: &AnsweredRequest<'_>) -> Option<String> {
        match self.place.find(request)? {
            NamedValue::Text(text) => Some(text).filter(|text| text.len() <= VALUE_BYTES),
            NamedValue::Json(_) => None,
        }
    }

    /// Where the value is, in words: `the header X-Hook-Secret`.
    pub(super) fn place_words(&self) -> String {
        match &self.place {
            ValuePlace::Query(name) => format!("the query's {name}"),
            ValuePlace::Header(name) => format!("the header {name}"),
            ValuePlace::Body(path) => format!("the body's {path}"),
            ValuePlace::Param(name) => format!("the setting {name}"),
        }
    }

    /// Whether it is JSON that stays so without quotation marks around it.
    pub(super) fn is_json(&self) -> bool {
        self.form == ValueForm::Json
    }

    /// Whether the scheme's settings say it, and not the request.
    pub(super) fn is_param(&self) -> bool {
        matches!(self.place, ValuePlace::Param(_))
    }

    /// Whether a body is looked into for it.
    pub(super) fn is_of_body(&self) -> bool {
        matches!(self.place, ValuePlace::Body(_))
    }

    /// Whether it is made with a secret.
    pub(super) fn is_hmac(&self) -> bool {
        matches!(self.form, ValueForm::HmacHex(_) | ValueForm::HmacBase64(_))
    }

    fn value(&self, request: &AnsweredRequest<'_>) -> Result<String, NoValue> {
        let absent = if matches!(self.place, ValuePlace::Param(_)) { NoValue::NotSet } else { NoValue::Missing };
        let found = self.place.find(request).ok_or(absent)?;
        if found.text().len() > VALUE_BYTES {
            return Err(NoValue::TooLong);
        }
        let value = match (self.form, found) {
            (ValueForm::HmacHex(algorithm), found) => hex::encode(digest(algorithm, found.text(), request)?),
            (ValueForm::HmacBase64(algorithm), found) => {
                BASE64_STANDARD.encode(digest(algorithm, found.text(), request)?)
            }
            // A string can always be written as JSON.
            (ValueForm::Json, NamedValue::Text(text)) => serde_json::to_string(&text).unwrap_or_default(),
            (_, NamedValue::Text(text) | NamedValue::Json(text)) => text,
        };
        if value.len() > VALUE_BYTES { Err(NoValue::TooLong) } else { Ok(value) }
    }
}

fn digest(algorithm: Algorithm, text: &str, request: &AnsweredRequest<'_>) -> Result<Vec<u8>, NoValue> {
    if !is_token(text) {
        return Err(NoValue::NoToken);
    }
    let secret = request.secret.ok_or(NoValue::NoSecret)?;
    signature::hmac(algorithm, request.scheme, secret, text.as_bytes()).ok_or(NoValue::NoSecret)
}

/// What a handshake sends: letters, digits and `-._~+/`, with `=` at its end. No JSON has only these, and nothing with a
/// colon or an ampersand, so that an HMAC of one signs no payload. What a JSON Web Token signs has only these, too, and is
/// none: its head is a JSON object in base64url, before a dot.
fn is_token(text: &str) -> bool {
    let is_jwt = matches!(text.as_bytes(), [b'e', b'w'..=b'z', ..]) && text.contains('.');

    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let inner = text.trim_end_matches('=');
    !is_jwt && !inner.is_empty() && text.len() <= TOKEN_BYTES && inner.bytes().all(is_plain)
}

impl ValuePlace {
    fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.split_at(text.find(['.', '['])?);
        let inner = name.strip_prefix('.');
        let is_name =
            |name: &&str| (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        match kind {
            "query" => inner.filter(is_name).map(|name| Self::Query(name.to_owned())),
            "param" => inner.filter(is_name).map(|name| Self::Param(name.to_owned())),
            "header" => {
                let name = inner.filter(is_name).filter(|name| http::HeaderName::try_from(*name).is_ok())?;
                Some(Self::Header(name.to_owned()))
            }
            "body" => BodyPath::read(inner.unwrap_or(name)).map(Self::Body),
            _ => None,
        }
    }

    fn find(&self, request: &AnsweredRequest<'_>) -> Option<NamedValue> {
        match self {
            Self::Query(name) => parameter(request.head.target(), name).map(NamedValue::Text),
            Self::Header(name) => {
                let value = request.head.value(name)?;
                // What is not UTF-8 is Latin-1, as headers once were (RFC 9110, section 5.5).
                let text = std::str::from_utf8(value).map(str::to_owned);
                Some(NamedValue::Text(text.unwrap_or_else(|_| value.iter().copied().map(char::from).collect())))
            }
            Self::Body(path) => path.find(request.head, request.body),
            Self::Param(name) => request.scheme.settings.get(name).cloned().map(NamedValue::Text),
        }
    }
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => write!(formatter, "query.{name}"),
            Self::Header(name) => write!(formatter, "header.{name}"),
            Self::Body(path) => write!(formatter, "body.{path}"),
            Self::Param(name) => write!(formatter, "param.{name}"),
        }
    }
}

impl RequestValues {
    /// What these answers ask for.
    #[must_use]
    pub fn read<'a>(answers: impl IntoIterator<Item = &'a AnswerChoice>, request: &AnsweredRequest<'_>) -> Self {
        let mut values = Self::default();
        let mut bytes = 0;
        for fact in answers.into_iter().flat_map(AnswerChoice::asked) {
            if values.found(fact).is_some() {
                continue;
            }
            let value = fact.value(request).and_then(|value| {
                bytes += value.len();
                if bytes > VALUES_BYTES { Err(NoValue::TooLong) } else { Ok(value) }
            });
            values.0.push((fact.clone(), value));
        }
        values
    }

    /// What these answers ask for, none of which could be read.
    pub(super) fn unread<'a>(answers: impl IntoIterator<Item = &'a AnswerChoice>, why: UnreadRequest) -> Self {
        let asked = answers.into_iter().flat_map(AnswerChoice::asked);
        Self(asked.map(|fact| (fact.clone(), Err(NoValue::Unread(why)))).collect())
    }

    fn found(&self, fact: &RequestFact) -> Option<&Result<String, NoValue>> {
        self.0.iter().find(|(known, _)| known == fact).map(|(_, value)| value)
    }

    /// The value as it is written; empty where there is none.
    pub(super) fn text(&self, fact: &RequestFact) -> &str {
        self.found(fact).and_then(|value| value.as_deref().ok()).unwrap_or_default()
    }

    /// Whether the request has something there, however it can be written.
    pub(super) fn is_there(&self, fact: &RequestFact) -> bool {
        match self.found(fact) {
            Some(Ok(text)) => !text.is_empty(),
            Some(Err(reason)) => *reason != NoValue::Missing,
            None => false,
        }
    }

    /// Why there is none, in words.
    pub(super) fn absence(&self, fact: &RequestFact) -> Option<String> {
        let place = &fact.place;
        match self.found(fact).map_or(Err(NoValue::Missing), |value| value.as_ref().map_err(|reason| *reason)) {
            Ok(_) => None,
            Err(NoValue::Missing) => Some(format!("the request has no {place}")),
            Err(NoValue::NotSet) => {
                Some(format!("{place} is not set: give it with --param, or in the scheme's settings"))
            }
            Err(NoValue::TooLong) => Some(format!("{place} is too long")),
            Err(NoValue::NoToken) => Some(format!("no HMAC: {place} is not a token")),
            Err(NoValue::NoSecret) => Some("no HMAC: no secret is configured".to_owned()),
            Err(NoValue::Unread(UnreadRequest::Store)) => Some("the delivery cannot be read again".to_owned()),
            Err(NoValue::Unread(UnreadRequest::NoRoom)) => Some("memory limit reached".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
