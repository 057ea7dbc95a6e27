//! The parts of a request that a scheme names: what its templates are filled from.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::url::{cut_query, host_of};
use super::value::ReadSignature;
use super::{Expression, Scheme, Variable};
use crate::http::Head;
use crate::http::form::{self, FormPair};
use crate::payload::body::{Declared, Multipart};
use crate::payload::json::scan::{Walker, means};
use crate::payload::json::unescape;

/// Templates of variables may name further ones, to this depth.
pub(super) const DEPTH: u8 = 4;

/// What stands in a list of signed headers for method, path and query (draft-cavage-http-signatures, section 2.3).
pub(super) const REQUEST_TARGET: &str = "(request-target)";

/// Headers that a request may list as signed. A sender lists some five.
const MOST_LISTED: usize = 64;

/// What is at hand of a request while its signature is computed. The search for a mismatch replaces one of them at a
/// time: what is read out of the body follows it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) timestamp: &'a [u8],
    pub(crate) id: &'a [u8],
    pub(crate) method: &'a [u8],
    /// Path and query.
    pub(crate) target: &'a [u8],
    pub(crate) url: &'a [u8],
    pub(crate) body: &'a [u8],
    /// The body's SHA-256 in hexadecimal digits, where it is known already.
    pub(crate) body_sha256: Option<&'a str>,
    pub(crate) head: Option<&'a Head>,
    /// What was read of the signature's value: pairs and items beside the signature.
    pub(crate) value: Option<&'a ReadSignature>,
    /// A token's head and payload, decoded.
    pub(crate) token: Option<(&'a [u8], &'a [u8])>,
    /// The secret's text; empty where none is at hand.
    pub(crate) secret: &'a [u8],
    /// Whose variables and settings the names mean.
    pub(crate) scheme: Option<&'a Scheme>,
    /// How deep in variables' templates this is; 0 outside.
    pub(crate) depth: u8,
}

/// One part by its name: `header:X-Nonce`, `json:/data/id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Source {
    /// The timestamp's text, wherever the scheme has it.
    Timestamp,
    /// The delivery's id, likewise.
    Id,
    /// The body's bytes.
    Body,
    /// The request method.
    Method,
    /// The URL as the sender knows it.
    Url,
    /// The host in it, with its port.
    Host,
    /// Path and query as they were asked for.
    Target,
    /// The path alone.
    Path,
    /// The query alone, without its question mark.
    Query,
    /// A parameter of the query, decoded.
    Parameter(String),
    /// A header's value.
    Header(String),
    /// A field of a form body, decoded.
    Form(String),
    /// A JSON member by its pointer (RFC 6901): a string's text, anything else as written.
    Json(Vec<String>),
    /// A JSON member by its pointer, as written, quotation marks included.
    JsonRaw(Vec<String>),
    /// A JSON member of the JSON in a form's field.
    FormJson(String, Vec<String>),
    /// A named value beside the signature: `t` of `t=1,v1=…`.
    Pair(String),
    /// An item of the signature's value by its place, from 0.
    Item(usize),
    /// A claim of the token.
    Claim(String),
    /// A field of the token's head.
    TokenHead(String),
    /// The secret's text.
    Secret,
    /// A value that the receiver knows, from the scheme's settings.
    Setting(String),
    /// A variable of the scheme.
    Variable(String),
}

/// The name of a source that is no source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownSource;

impl Source {
    /// Whether it is a member of a JSON body.
    pub(super) fn is_member(&self) -> bool {
        matches!(self, Self::Json(_) | Self::JsonRaw(_))
    }

    /// The sources without an argument, by their names.
    const PLAIN: [(&'static str, Self); 10] = [
        ("timestamp", Self::Timestamp),
        ("id", Self::Id),
        ("body", Self::Body),
        ("method", Self::Method),
        ("url", Self::Url),
        ("host", Self::Host),
        ("target", Self::Target),
        ("path", Self::Path),
        ("query", Self::Query),
        ("secret", Self::Secret),
    ];

    /// Reads a name such as `body` or `header:X-Nonce`.
    pub(super) fn read(text: &str) -> Result<Self, UnknownSource> {
        if let Some((_, plain)) = Self::PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(plain.clone());
        }
        let Some((kind, argument)) = text.split_once(':') else {
            let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            return if is_name { Ok(Self::Variable(text.to_owned())) } else { Err(UnknownSource) };
        };
        let owned = argument.to_owned();
        Ok(match kind {
            "header" if http::HeaderName::try_from(argument).is_ok() => Self::Header(owned),
            "query" if !argument.is_empty() => Self::Parameter(owned),
            "form" if !argument.is_empty() => Self::Form(owned),
            "json" => Self::Json(pointer(argument)?),
            "jsonraw" => Self::JsonRaw(pointer(argument)?),
            "formjson" => {
                let (field, path) = argument.split_once(':').ok_or(UnknownSource)?;
                Self::FormJson(field.to_owned(), pointer(path)?)
            }
            "pair" if !argument.is_empty() => Self::Pair(owned),
            "item" => Self::Item(argument.parse().map_err(|_| UnknownSource)?),
            "claim" if !argument.is_empty() => Self::Claim(owned),
            "head" if !argument.is_empty() => Self::TokenHead(owned),
            "setting" if !argument.is_empty() => Self::Setting(owned),
            _ => return Err(UnknownSource),
        })
    }

    /// Whether it is a part of what another source gives, or the same.
    pub(super) fn is_within(&self, whole: &Self) -> bool {
        match (whole, self) {
            (Self::Header(whole), Self::Header(part)) => whole.eq_ignore_ascii_case(part),
            (Self::Url, Self::Host | Self::Target | Self::Path | Self::Query | Self::Parameter(_))
            | (Self::Target, Self::Path | Self::Query | Self::Parameter(_))
            | (Self::Query, Self::Parameter(_)) => true,
            (Self::Body, part) => part.is_of_body(),
            (whole, part) => whole == part,
        }
    }

    /// Whether what it gives depends on the body.
    pub(crate) fn is_of_body(&self) -> bool {
        matches!(self, Self::Body | Self::Form(_) | Self::Json(_) | Self::JsonRaw(_) | Self::FormJson(..))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((name, _)) = Self::PLAIN.iter().find(|(_, plain)| plain == self) {
            return formatter.write_str(name);
        }
        let path = |steps: &[String]| -> String {
            steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect()
        };
        match self {
            Self::Parameter(name) => write!(formatter, "query:{name}"),
            Self::Header(name) => write!(formatter, "header:{name}"),
            Self::Form(name) => write!(formatter, "form:{name}"),
            Self::Json(steps) => write!(formatter, "json:{}", path(steps)),
            Self::JsonRaw(steps) => write!(formatter, "jsonraw:{}", path(steps)),
            Self::FormJson(field, steps) => write!(formatter, "formjson:{field}:{}", path(steps)),
            Self::Pair(name) => write!(formatter, "pair:{name}"),
            Self::Item(place) => write!(formatter, "item:{place}"),
            Self::Claim(name) => write!(formatter, "claim:{name}"),
            Self::TokenHead(name) => write!(formatter, "head:{name}"),
            Self::Setting(name) => write!(formatter, "setting:{name}"),
            Self::Variable(name) => formatter.write_str(name),
            _ => Ok(()),
        }
    }
}

/// The steps of a JSON pointer, which begins with a slash (RFC 6901).
fn pointer(text: &str) -> Result<Vec<String>, UnknownSource> {
    let mut steps = text.split('/');
    if steps.next() != Some("") {
        return Err(UnknownSource);
    }
    let steps: Vec<String> = steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    if steps.is_empty() { Err(UnknownSource) } else { Ok(steps) }
}

impl<'a> Parts<'a> {
    /// Those of a request under a scheme; `url` is the one that its sender signs.
    pub(crate) fn of(scheme: &'a Scheme, head: &'a Head, url: &'a [u8], body: &'a [u8]) -> Self {
        let (method, target) = (head.method(), head.target());
        Self { method, target, url, body, head: Some(head), scheme: Some(scheme), ..Self::default() }
    }

    /// These parts for what a variable's template names; `None` too deep within others.
    pub(super) fn deeper(self) -> Option<Self> {
        (self.depth < DEPTH).then(|| Self { depth: self.depth + 1, ..self })
    }

    /// A part's bytes; `None` when the request has no such part.
    pub(crate) fn get(&self, source: &Source) -> Option<Cow<'a, [u8]>> {
        let owned = |bytes: Option<Vec<u8>>| bytes.map(Cow::Owned);
        match source {
            Source::Timestamp => Some(Cow::Borrowed(self.timestamp)).filter(|value| !value.is_empty()),
            Source::Id => Some(Cow::Borrowed(self.id)).filter(|value| !value.is_empty()),
            Source::Body => Some(Cow::Borrowed(self.body)),
            Source::Method => Some(Cow::Borrowed(self.method)),
            Source::Url => Some(Cow::Borrowed(self.url)),
            Source::Host => Some(Cow::Borrowed(host_of(self.url))),
            Source::Target => Some(Cow::Borrowed(self.target)),
            Source::Path => Some(Cow::Borrowed(cut_query(self.target).0)),
            Source::Query => Some(Cow::Borrowed(cut_query(self.target).1.unwrap_or_default())),
            Source::Parameter(name) => owned(field(cut_query(self.url).1.unwrap_or_default(), name)),
            Source::Header(name) => self.header(name).map(Cow::Borrowed),
            Source::Form(name) => owned(self.form_field(name)),
            Source::Json(steps) => owned(json_text(self.body, steps)),
            Source::JsonRaw(steps) => Some(Cow::Borrowed(&self.body[json_place(self.body, steps)?])),
            Source::FormJson(name, steps) => owned(json_text(&self.form_field(name)?, steps)),
            Source::Pair(name) => self.value?.pair(name).map(|value| Cow::Owned(value.to_vec())),
            Source::Item(place) => self.value?.items.get(*place).map(|value| Cow::Owned(value.clone())),
            Source::Claim(name) => owned(json_text(self.token?.1, std::slice::from_ref(name))),
            Source::TokenHead(name) => owned(json_text(self.token?.0, std::slice::from_ref(name))),
            Source::Secret => Some(Cow::Borrowed(self.secret)),
            Source::Setting(name) => self.scheme?.settings.get(name).map(|value| Cow::Borrowed(value.as_bytes())),
            Source::Variable(name) => owned(self.variable(name)),
        }
    }

    /// The first field of a form with this name: of a multipart one (RFC 7578) where the request says that it is one.
    fn form_field(&self, name: &str) -> Option<Vec<u8>> {
        let declared = self.head.and_then(|head| head.value("Content-Type")).map(Declared::of_type);
        let is_multipart = |declared: &Declared| declared.media.as_deref() == Some("multipart/form-data");
        let Some(boundary) = declared.filter(is_multipart).and_then(|declared| declared.boundary) else {
            return field(self.body, name);
        };
        let parts = Multipart::read(self.body, &boundary).parts;
        let part = parts.into_iter().find(|part| part.name.as_deref() == Some(name) && part.file_name.is_none())?;
        Some(self.body[part.content].to_vec())
    }

    /// What of an expression a request lacks, by the names that it has itself: for a variable, what it is made of.
    pub(super) fn what_lacks(&self, expression: &Expression) -> String {
        let variable = match &expression.source {
            Source::Variable(name) => self.scheme.and_then(|scheme| scheme.variables.get(name)),
            _ => None,
        };
        let of_variable = match (variable, self.deeper()) {
            (Some(Variable::Template(template)), Some(deeper)) => template.missing(&deeper),
            (Some(Variable::Listed { names, separator, .. }), Some(deeper)) => Some(match names.value(&deeper) {
                None => format!("the list of signed headers ({names})"),
                Some(listed) => self.lacking_header(&String::from_utf8_lossy(&listed), separator),
            }),
            _ => None,
        };
        of_variable.unwrap_or_else(|| expression.to_string())
    }

    /// The header that a list names and the request does not have.
    fn lacking_header(&self, names: &str, separator: &str) -> String {
        let is_lacking =
            |name: &&str| !name.starts_with('(') && !name.eq_ignore_ascii_case("host") && self.header(name).is_none();
        let mut listed = names.split(separator).map(str::trim).filter(|name| !name.is_empty());
        listed.find(is_lacking).map_or_else(
            || "a list of signed headers that names each once".to_owned(),
            |name| format!("the header {}, which the list of signed headers names", crate::text::visible(name)),
        )
    }

    fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.head?.pairs().filter(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
        values.next().map(|(_, value)| value)
    }

    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        let deeper = self.deeper()?;
        match self.scheme?.variables.get(name)? {
            Variable::Template(template) => template.bytes(&deeper),
            Variable::Listed { names, separator, item, join } => {
                deeper.listed(&names.value(&deeper)?, separator, item, join)
            }
        }
    }

    /// Headers that the request itself lists as signed: each as `item` says, joined by `join`. At most [`MOST_LISTED`], and none
    /// twice: so the content is no longer than the head and the names.
    fn listed(&self, names: &[u8], separator: &str, item: &str, join: &str) -> Option<Vec<u8>> {
        let names = std::str::from_utf8(names).ok()?;
        let mut parts = Vec::new();
        let mut seen = HashSet::new();
        for name in names.split(separator).map(str::trim).filter(|name| !name.is_empty()) {
            if seen.len() == MOST_LISTED || !seen.insert(name.to_ascii_lowercase()) {
                return None;
            }
            let value = match name {
                REQUEST_TARGET => [self.method.to_ascii_lowercase().as_slice(), b" ", self.target].concat(),
                _ => match self.header(name) {
                    Some(value) => value.to_vec(),
                    None if name.eq_ignore_ascii_case("host") => host_of(self.url).to_vec(),
                    None => return None,
                },
            };
            let mut part = Vec::new();
            let mut rest = item;
            while let Some(at) = rest.find('{') {
                part.extend_from_slice(&rest.as_bytes()[..at]);
                rest = &rest[at..];
                if let Some(after) = rest.strip_prefix("{name}") {
                    part.extend_from_slice(name.as_bytes());
                    rest = after;
                } else if let Some(after) = rest.strip_prefix("{value}") {
                    part.extend_from_slice(&value);
                    rest = after;
                } else {
                    part.push(b'{');
                    rest = &rest[1..];
                }
            }
            part.extend_from_slice(rest.as_bytes());
            parts.push(part);
        }
        Some(parts.join(join.as_bytes()))
    }
}

/// The pairs of a form or query in their order, decoded; empty ones are left out.
pub(in crate::signature) fn pairs(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + '_ {
    form::pairs(text).filter(|pair| !pair.is_empty()).map(FormPair::decoded)
}

/// The first value under a name.
fn field(text: &[u8], name: &str) -> Option<Vec<u8>> {
    // An escape has three bytes: a longer text is not the name, and may be a whole body.
    let is_name = |pair: &FormPair<'_>| pair.split().0.len() <= 3 * name.len() && pair.name() == name.as_bytes();
    form::pairs(text).filter(|pair| !pair.is_empty()).find(is_name).map(|pair| pair.decoded().1)
}

/// The place of a value in JSON. Of a name that is there twice it is the last, as `JSON.parse`, `json.loads` and most
/// libraries have it: what a server acts on is what has to be signed.
fn json_place(body: &[u8], steps: &[String]) -> Option<Range<usize>> {
    let mut walker = Walker::new(body);
    for step in steps {
        let mut found = None;
        if walker.peek()? == b'{' {
            let ended = walker.clone().members(|inner, key| {
                let place = inner.skip()?;
                if means(key, step) {
                    found = Some(place.start);
                }
                Some(())
            });
            let _ = ended;
        } else {
            let wanted: usize = step.parse().ok()?;
            let mut place = 0;
            let ended = walker.clone().items(|inner| {
                if place == wanted {
                    found = Some(inner.at);
                    return None;
                }
                place += 1;
                inner.skip().map(drop)
            });
            let _ = ended;
        }
        walker.at = found?;
    }
    walker.skip()
}

/// A value as text: a string's characters, `null` like nothing, anything else as written.
fn json_text(body: &[u8], steps: &[String]) -> Option<Vec<u8>> {
    let raw = &body[json_place(body, steps)?];
    match raw {
        b"null" => None,
        [b'"', inner @ .., b'"'] => Some(unescape(inner).into_owned()),
        _ => Some(raw.to_vec()),
    }
}
