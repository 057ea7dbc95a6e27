//! Whether a description can be a scheme: its names mean something, only the sender can sign, and the body is covered
//! unless the description says otherwise.

use super::parts::DEPTH;
use super::{
    Expression, Filter, InvalidContent, InvalidExpression, JwtAlgorithm, Proof, Scheme, SignedContent, Source,
    TemplatePiece, Variable, proof,
};
use crate::signature::catalogue;

/// A key of a description; shown by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescriptionKey {
    name: &'static str,
    /// The position or the name of what is wrong in the value.
    part: Option<String>,
}

impl DescriptionKey {
    pub(super) fn part(name: &'static str, part: String) -> Self {
        Self { name, part: Some(part) }
    }
}

impl From<&'static str> for DescriptionKey {
    fn from(name: &'static str) -> Self {
        Self { name, part: None }
    }
}

impl std::fmt::Display for DescriptionKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Why a description is no scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScheme {
    /// No scheme has the name of `preset`.
    #[error(transparent)]
    Preset(#[from] catalogue::UnknownScheme),
    /// A sender that asks for no handshake.
    #[error("handshake: unknown sender '{name}': expected none, or one of {known}")]
    Handshake {
        /// The name, made visible.
        name: String,
        /// Every name.
        known: String,
    },
    /// A header's name cannot be one.
    #[error("invalid header name '{name}': expected letters, digits and hyphens, such as X-Signature")]
    HeaderName {
        /// The key of the description.
        key: DescriptionKey,
        /// The name, made visible.
        name: String,
    },
    /// A place that is none.
    #[error("{key}: {error}")]
    Place {
        /// The key of the description.
        key: DescriptionKey,
        /// What is wrong.
        error: InvalidExpression,
    },
    /// A template that is none.
    #[error("{key}: {error}")]
    Template {
        /// The key of the description.
        key: DescriptionKey,
        /// What is wrong.
        error: InvalidContent,
    },
    /// The content covers nothing of the body, and nothing says that this is meant.
    #[error(transparent)]
    Uncovered(InvalidContent),
    /// A bind ties the body to something that is not signed either.
    #[error(
        "binds: {is} = {equals} ties the body to what is not signed, so anyone can change both: sign what is compared \
         with it; covers_body = false says that the body is not protected"
    )]
    Untied {
        /// The one side.
        is: SignedContent,
        /// The other.
        equals: SignedContent,
    },
    /// What proves the sender holds nothing that only the sender knows.
    #[error("{key} = \"{template}\" does not contain the secret, so anyone can sign: {advice}")]
    NoSecret {
        /// The key of the description.
        key: &'static str,
        /// Its template.
        template: SignedContent,
        /// How the secret comes into it.
        advice: &'static str,
    },
    /// Variables that name each other.
    #[error("variables: {0} is a cycle")]
    Cycle(String),
    /// Variables that name others beyond the depth to which they are filled.
    #[error("variables: {0} goes deeper than {limit} names", limit = DEPTH)]
    TooDeep(String),
    /// An algorithm that is none.
    #[error(transparent)]
    Algorithm(#[from] proof::UnknownAlgorithm),
    /// Items have names, and none is said to be a signature's.
    #[error("pair is set without take: name the items that are signatures, such as take = \"v1\"")]
    NoTake,
    /// Components or a tag without an HTTP Message Signature.
    #[error("components and tag are of HTTP Message Signatures: set algorithm = \"rfc9421\", or leave them out")]
    NoMessage(&'static str),
    /// A list of places that is empty.
    #[error("signature names no place: expected one such as \"header:X-Signature\"")]
    NoPlace,
    /// A template names a variable that there is not.
    #[error("unknown part {{{0}}}: it is neither a part of a request nor one of the scheme's variables")]
    Variable(String),
    /// A template names the timestamp or the id, and the scheme has none.
    #[error("the content contains {{{0}}}, and the scheme does not say where it is: set {0} or {0}_header")]
    Nowhere(&'static str),
    /// A URL that is none.
    #[error("url: expected the URL as the sender knows it, beginning with https:// or http://, not '{0}'")]
    Url(String),
}

impl InvalidScheme {
    /// The key of the description that is wrong, and below it the position or name in its value; empty where it may be any.
    #[must_use]
    pub fn way(&self) -> Vec<String> {
        let key = match self {
            Self::HeaderName { key, .. } | Self::Place { key, .. } | Self::Template { key, .. } => {
                return std::iter::once(key.name.to_owned()).chain(key.part.clone()).collect();
            }
            Self::Preset(_) => "preset",
            Self::Handshake { .. } => "handshake",
            Self::Uncovered(_) | Self::Nowhere(_) => "content",
            Self::Untied { .. } => "binds",
            Self::NoSecret { key, .. } | Self::NoMessage(key) => key,
            Self::Cycle(_) | Self::TooDeep(_) => "variables",
            Self::Algorithm(_) => "algorithm",
            Self::NoTake => "pair",
            Self::NoPlace => "signature",
            Self::Url(_) => "url",
            Self::Variable(_) => return Vec::new(),
        };
        vec![key.to_owned()]
    }
}

/// Whether everything that templates name is there, and no variable needs itself.
pub(super) fn names(scheme: &Scheme) -> Result<(), InvalidScheme> {
    for template in scheme.templates() {
        if let Some(name) = template.variables().find(|name| !scheme.variables.contains_key(*name)) {
            return Err(InvalidScheme::Variable(visible(name)));
        }
        if scheme.timestamp.is_none() && template.covers(&TemplatePiece::Timestamp) {
            return Err(InvalidScheme::Nowhere("timestamp"));
        }
        if scheme.id.is_none() && template.covers(&TemplatePiece::Id) {
            return Err(InvalidScheme::Nowhere("id"));
        }
    }
    scheme.variables.keys().try_for_each(|name| chain(scheme, &mut vec![name]))
}

/// Follows the variables that the last of these names, as deep as they go.
fn chain<'s>(scheme: &'s Scheme, names: &mut Vec<&'s str>) -> Result<(), InvalidScheme> {
    let words = |names: &[&str]| visible(&names.join(" → "));
    let next: Vec<&str> = match names.last().and_then(|name| scheme.variables.get(*name)) {
        Some(Variable::Template(template)) => template.variables().collect(),
        Some(Variable::Listed { names, .. }) => names.variables().collect(),
        None => return names.last().map_or(Ok(()), |name| Err(InvalidScheme::Variable(visible(name)))),
    };
    for name in next {
        if let Some(first) = names.iter().position(|known| *known == name) {
            names.push(name);
            return Err(InvalidScheme::Cycle(words(&names[first..])));
        }
        names.push(name);
        if names.len() > usize::from(DEPTH) {
            return Err(InvalidScheme::TooDeep(words(names)));
        }
        chain(scheme, names)?;
        names.pop();
    }
    Ok(())
}

/// Whether only who has the secret can sign.
pub(super) fn secret(scheme: &Scheme) -> Result<(), InvalidScheme> {
    let (key, template, advice) = match &scheme.proof {
        Proof::Token => ("content", &scheme.content, "the value of a token is made of {secret}"),
        Proof::Hash(_) => ("content", &scheme.content, "a plain hash needs {secret} in what is hashed"),
        Proof::Hmac(_) => ("key", &scheme.key, "the key of an HMAC is made of {secret}"),
        Proof::Jwt { algorithms, .. } if algorithms.iter().any(|own| matches!(own, JwtAlgorithm::Hmac(_))) => {
            ("key", &scheme.key, "the key of a token is made of {secret}")
        }
        Proof::Jwt { .. } | Proof::PublicKey(_) | Proof::Sns | Proof::MessageSignature => return Ok(()),
    };
    if scheme.named_in(template).iter().any(|own| holds_secret(own)) {
        return Ok(());
    }
    Err(InvalidScheme::NoSecret { key, template: template.clone(), advice })
}

/// Whether an expression gives what only who has the secret can give. What stands in for a secret that a filter cannot
/// read, everyone knows.
fn holds_secret(expression: &Expression) -> bool {
    let stands_in = |filter: &Filter| matches!(filter, Filter::Or(_) | Filter::Wrap(..));
    let is_replaced = |filter: &Filter| matches!(filter, Filter::Replace(both) if both.0 == Source::Secret);
    let brings_in = |filter: &Filter| matches!(filter, Filter::Replace(both) if both.1 == Source::Secret);
    let filters = &expression.filters;
    match expression.source {
        // A secret itself is never missing.
        Source::Secret => !filters.iter().skip(1).any(stands_in) && !filters.iter().any(is_replaced),
        _ => filters.iter().any(brings_in) && !filters.iter().any(stands_in),
    }
}

/// Whether the body is covered, where the description says what is signed, and every bind of it ties it to something
/// signed.
pub(super) fn cover(scheme: &Scheme, says_what: bool) -> Result<(), InvalidScheme> {
    let loose = scheme.binds.iter().find(|bind| bind.covers_body(scheme) && !scheme.ties(bind, None));
    if let Some(bind) = loose.filter(|_| !scheme.covers_body()) {
        return Err(InvalidScheme::Untied { is: bind.is.clone(), equals: bind.equals.clone() });
    }
    if says_what && !scheme.covers_body() {
        return Err(InvalidScheme::Uncovered(InvalidContent::NoBody));
    }
    Ok(())
}

fn visible(text: &str) -> String {
    crate::text::visible(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::scheme::SchemeDescription;

    fn described(toml: &str) -> Result<Scheme, String> {
        let description: SchemeDescription = toml::from_str(toml).map_err(|error| error.to_string())?;
        description.scheme().map_err(|error| error.to_string())
    }

    #[test]
    fn what_proves_the_sender_contains_the_secret() {
        let complete = |toml: &str| {
            let content = if toml.contains("content") { "" } else { "content = \"{body}\"\n" };
            format!("covers_body = false\ntimestamp = \"none\"\n{content}{toml}")
        };
        for (toml, key) in [
            ("algorithm = \"token\"\ncontent = \"{header:Y}\"", "content"),
            ("algorithm = \"token\"\ncontent = \"hello\"", "content"),
            ("algorithm = \"hash-sha256\"\ncontent = \"{body}\"", "content"),
            ("algorithm = \"hash-sha256\"\ncontent = \"{body}{a}\"\nvariables.a = \"{method}\"", "content"),
            ("key = \"hello\"", "key"),
            ("key = \"{setting:a}\"", "key"),
            ("key = \"{secret|unbase64|or:x}\"", "key"),
            ("key = \"salt{secret|unhex|wrap:a~b}\"", "key"),
            ("key = \"{secret|replace:secret=>method}\"", "key"),
            ("preset = \"github\"\nalgorithm = \"token\"", "content"),
            ("preset = \"github\"\nkey = \"x\"", "key"),
            ("algorithm = \"jwt:HS256\"\nkey = \"x\"", "key"),
        ] {
            let refused = described(&complete(toml)).unwrap_err();
            assert!(refused.starts_with(key) && refused.contains("does not contain the secret"), "{toml}: {refused}");
        }
        for toml in [
            "algorithm = \"token\"\ncontent = \"Bearer {secret|base64}\"",
            "algorithm = \"hash-md5\"\ncontent = \"{body|replace:json:/auth=>secret}\"",
            "algorithm = \"hash-sha1\"\ncontent = \"{body}{a}\"\nvariables.a = \"{secret|wrap:<~>}\"",
            "key = \"{setting:a}&{secret}\"",
            "key = \"{secret|strip:whsec_|unbase64}\"",
            "algorithm = \"ed25519\"\nkey = \"x\"",
        ] {
            described(&complete(toml)).unwrap();
        }
    }

    #[test]
    fn a_body_that_a_filter_loses_is_not_covered() {
        for lost in [
            "{body|replace:body=>secret}",
            "{body|before:x}",
            "{body|after:x}",
            "{body|strip:x}",
            "{body|no_query|sha256|hex}",
            "{body|crc32}",
            "{body|lower}",
            "{body|sha256|hex|before:a}",
            "{a|before:x}",
            "{body|base64|upper}",
        ] {
            let toml = format!("timestamp = \"none\"\ncontent = \"{lost}\"\nvariables.a = \"{{body}}\"");
            let refused = described(&toml).unwrap_err();
            assert!(refused.contains("would not cover the body"), "{lost}: {refused}");
            described(&format!("covers_body = false\n{toml}")).unwrap();
        }
        for kept in ["{body|sha256|hex|upper}", "{body|trim}", "{body|replace:json:/auth=>secret}", "{a|sha1}"] {
            described(&format!("timestamp = \"none\"\ncontent = \"{kept}\"\nvariables.a = \"{{body}}\"")).unwrap();
        }
    }

    #[test]
    fn variables_end_somewhere() {
        let table = |variables: &str| format!("timestamp = \"none\"\ncontent = \"{{body}}\"\n[variables]\n{variables}");
        for (variables, words) in [
            ("a = \"{a}\"", "variables: a → a is a cycle"),
            ("a = \"{b}\"\nb = \"x{c}\"\nc = \"{b}\"", "variables: b → c → b is a cycle"),
            ("a = { names = \"a\", separator = \",\", item = \"{value}\", join = \"\" }", "a → a is a cycle"),
            ("a = \"{body|replace:b=>secret}\"\nb = \"{a}\"", "a → b → a is a cycle"),
            ("a = \"{b}\"\nb = \"{c}\"\nc = \"{d}\"\nd = \"{e}\"\ne = \"\"", "a → b → c → d → e goes deeper than 4"),
            ("a = \"{unset}\"", "unknown part {unset}"),
        ] {
            let refused = described(&table(variables)).unwrap_err();
            assert!(refused.contains(words), "{variables}: {refused}");
        }
        // A name that two others use is no cycle.
        described(&table("a = \"{c}\"\nb = \"{a}{c}\"\nc = \"{d}\"\nd = \"\"")).unwrap();
    }
}
