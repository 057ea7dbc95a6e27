//! A scheme as a person writes it: a table of TOML, in the configuration, in a file, or in the catalogue.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Bind, DescriptionKey, Encoding, Expression, InvalidScheme, Proof, Scheme, SignaturePlace, SignatureValue,
    SignedContent, Source, StampUnit, TimestampReading, Variable, checks,
};
use crate::signature::{ToleranceDirection, catalogue};

/// The keys of a scheme's table, documented in `docs/schemes.md`. What is left out is as the scheme of `preset` has it,
/// or as Trackpilots has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SchemeDescription {
    /// A scheme of the catalogue that is taken as it is but for what else is said here.
    pub preset: Option<String>,
    /// Where the signature is: `header:X-Signature`, `form:sign`, `json:/signature`, or several.
    pub signature: Option<OneOrMany>,
    /// The header that carries it.
    pub signature_header: Option<String>,
    /// What stands before it.
    pub prefix: Option<String>,
    /// Whether the prefix's letter case does not matter.
    pub any_case: Option<bool>,
    /// Whether a value without the prefix is one as well.
    pub optional_prefix: Option<bool>,
    /// What separates items.
    pub split: Option<OneOrMany>,
    /// Whether white space around items is dropped.
    pub trim: Option<bool>,
    /// Items at the front that are no signatures.
    pub drop: Option<usize>,
    /// What separates an item's name from its value.
    pub pair: Option<String>,
    /// The names of signatures.
    pub take: Option<OneOrMany>,
    /// Whether an item without a name has the name before it.
    pub continues: Option<bool>,
    /// Whether values stand in quotation marks.
    pub unquote: Option<bool>,
    /// Where the timestamp is; `none` for nowhere.
    pub timestamp: Option<String>,
    /// The header that carries it.
    pub timestamp_header: Option<String>,
    /// `s`, `ms`, `iso8601` or `http-date`.
    pub timestamp_unit: Option<StampUnit>,
    /// `text`, `checked` or `parsed`: what the sender's own libraries make of it before they hash it.
    pub timestamp_reading: Option<TimestampReading>,
    /// In seconds.
    pub tolerance: Option<u64>,
    /// `both`, or `past` where a time in the future is never refused.
    pub tolerance_direction: Option<ToleranceDirection>,
    /// Where the delivery's id is; `none` for nowhere.
    pub id: Option<String>,
    /// The header that carries it.
    pub id_header: Option<String>,
    /// Where the event's name is; `none` for the body's own.
    pub event: Option<String>,
    /// What is signed: a template, or several that are sorted and joined.
    pub content: Option<OneOrMany>,
    /// False says that the signature is meant not to cover the body.
    pub covers_body: Option<bool>,
    /// `hmac-sha256`, `hash-sha256`, `ed25519`, `rsa-sha256`, `token`, `jwt:HS256` and so on.
    pub algorithm: Option<String>,
    /// `hex`, `base64` and so on.
    pub encoding: Option<Encoding>,
    /// `text`, `base64`, or a template such as `{secret|unhex}`.
    pub key: Option<String>,
    /// Names for templates.
    pub variables: BTreeMap<String, VariableDescription>,
    /// What must be equal besides.
    pub binds: Option<Vec<BindDescription>>,
    /// The URL as the sender knows it.
    pub url: Option<String>,
    /// Whether the URL is also tried without its port, or with the default port where it has none.
    pub tries_default_port: Option<bool>,
    /// The components that an HTTP Message Signature must cover.
    pub components: Option<Vec<String>>,
    /// The tag that it must have.
    pub tag: Option<String>,
    /// What the receiver knows besides the secret.
    pub settings: BTreeMap<String, String>,
    /// Whose handshakes are answered: a sender's name, or `none`.
    pub handshake: Option<String>,
}

/// A text, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// A variable: a template, or headers that the request lists.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a template, or a table with names, separator, item and join")]
pub enum VariableDescription {
    /// A template.
    Template(String),
    /// Headers that the request itself lists as signed.
    Listed {
        /// Where the list is.
        names: String,
        /// What separates its names.
        separator: String,
        /// One header, with `{name}` and `{value}`.
        item: String,
        /// What joins them.
        join: String,
    },
}

/// Two templates that must give the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindDescription {
    /// What the request says.
    pub is: String,
    /// What it must be.
    pub equals: String,
}

fn template(key: impl Into<DescriptionKey>, text: &str) -> Result<SignedContent, InvalidScheme> {
    SignedContent::read(text).map_err(|error| InvalidScheme::Template { key: key.into(), error })
}

fn header(key: impl Into<DescriptionKey>, name: &str) -> Result<String, InvalidScheme> {
    match http::HeaderName::try_from(name) {
        Ok(_) => Ok(name.to_owned()),
        Err(_) => Err(InvalidScheme::HeaderName { key: key.into(), name: crate::text::visible(name).into_owned() }),
    }
}

fn place(key: impl Into<DescriptionKey>, text: &str) -> Result<Expression, InvalidScheme> {
    text.parse().map_err(|error| InvalidScheme::Place { key: key.into(), error })
}

fn signature_place((at, text): (usize, &String)) -> Result<SignaturePlace, InvalidScheme> {
    let key = DescriptionKey::part("signature", at.to_string());
    Ok(match text.split_once(':') {
        Some(("header", name)) => SignaturePlace::Header(header(key, name)?),
        Some(("headers", name)) => SignaturePlace::Headers(header(key, name)?),
        Some(("headers-numbered", name)) => SignaturePlace::Numbered(header(key, name)?),
        _ => SignaturePlace::Part(place(key, text)?),
    })
}

/// A place, or `none`.
fn optional_place(key: &'static str, text: &str) -> Result<Option<Expression>, InvalidScheme> {
    if text == "none" { Ok(None) } else { place(key, text).map(Some) }
}

/// Whose handshakes are answered.
fn handshake(name: &str) -> Result<Option<String>, InvalidScheme> {
    if name == catalogue::NO_HANDSHAKE {
        return Ok(None);
    }
    match catalogue::handshakes(name) {
        Some(_) => Ok(Some(name.to_owned())),
        None => Err(InvalidScheme::Handshake {
            name: crate::text::visible(name).into_owned(),
            known: catalogue::handshake_names().join(", "),
        }),
    }
}

impl SchemeDescription {
    /// The scheme.
    ///
    /// # Errors
    ///
    /// [`InvalidScheme`] says which key is wrong, and what was expected.
    pub fn scheme(&self) -> Result<Scheme, InvalidScheme> {
        let mut scheme = match &self.preset {
            Some(name) => catalogue::named(name)?,
            None => Scheme::default(),
        };
        let is_meant = self.covers_body == Some(false) || (self.preset.is_some() && !scheme.covers_body());
        self.place_signature(&mut scheme)?;
        self.place_facts(&mut scheme)?;
        self.fill_content(&mut scheme)?;
        if let Some(url) = &self.url {
            let is_url = url.starts_with("https://") || url.starts_with("http://");
            scheme.url = Some(url.clone())
                .filter(|_| is_url)
                .ok_or_else(|| InvalidScheme::Url(crate::text::visible(url).into_owned()))?
                .into();
        }
        scheme.tries_default_port = self.tries_default_port.unwrap_or(scheme.tries_default_port);
        scheme.settings.extend(self.settings.clone());
        if let Some(name) = &self.handshake {
            scheme.handshake = handshake(name)?;
        }
        checks::names(&scheme)?;
        checks::secret(&scheme)?;
        if !is_meant {
            checks::cover(&scheme, self.content.is_some() || self.components.is_some())?;
        }
        Ok(scheme)
    }

    fn place_signature(&self, scheme: &mut Scheme) -> Result<(), InvalidScheme> {
        let value = &mut scheme.signature;
        if let Some(places) = &self.signature {
            // Another place has a form of its own.
            *value = SignatureValue::default();
            value.places = places.all().iter().enumerate().map(signature_place).collect::<Result<_, _>>()?;
        }
        if let Some(name) = &self.signature_header {
            value.places = vec![SignaturePlace::Header(header("signature_header", name)?)];
        }
        if value.places.is_empty() {
            return Err(InvalidScheme::NoPlace);
        }
        let set = |own: &mut bool, new: Option<bool>| *own = new.unwrap_or(*own);
        set(&mut value.any_case, self.any_case);
        set(&mut value.optional_prefix, self.optional_prefix);
        set(&mut value.trim, self.trim);
        set(&mut value.continues, self.continues);
        set(&mut value.unquote, self.unquote);
        value.drop = self.drop.unwrap_or(value.drop);
        if let Some(prefix) = &self.prefix {
            value.prefix.clone_from(prefix);
        }
        if let Some(split) = &self.split {
            value.split = split.all().to_vec();
        }
        if let Some(take) = &self.take {
            value.take = take.all().to_vec();
        }
        value.pair = self.pair.clone().or(value.pair.take());
        if value.pair.is_some() && value.take.is_empty() { Err(InvalidScheme::NoTake) } else { Ok(()) }
    }

    fn place_facts(&self, scheme: &mut Scheme) -> Result<(), InvalidScheme> {
        if let Some(text) = &self.timestamp {
            scheme.timestamp = optional_place("timestamp", text)?;
        }
        if let Some(name) = &self.timestamp_header {
            scheme.timestamp = Some(Expression::plain(Source::Header(header("timestamp_header", name)?)));
        }
        if let Some(text) = &self.id {
            scheme.id = optional_place("id", text)?;
        }
        if let Some(text) = &self.event {
            scheme.event = optional_place("event", text)?;
        }
        if let Some(name) = &self.id_header {
            scheme.id = Some(Expression::plain(Source::Header(header("id_header", name)?)));
        }
        scheme.timestamp_unit = self.timestamp_unit.or(scheme.timestamp_unit);
        scheme.timestamp_reading = self.timestamp_reading.unwrap_or(scheme.timestamp_reading);
        scheme.tolerance = self.tolerance.map_or(scheme.tolerance, Duration::from_secs);
        scheme.tolerance_direction = self.tolerance_direction.unwrap_or(scheme.tolerance_direction);
        Ok(())
    }

    fn fill_content(&self, scheme: &mut Scheme) -> Result<(), InvalidScheme> {
        if let Some(content) = &self.content {
            let read = |(at, text): (usize, &String)| template(DescriptionKey::part("content", at.to_string()), text);
            let mut templates = content.all().iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
            scheme.content = match content {
                OneOrMany::One(_) => templates.pop().unwrap_or_default(),
                OneOrMany::Many(_) => SignedContent::sorted(templates),
            };
        }
        if let Some(text) = &self.algorithm {
            scheme.proof = text.parse()?;
        }
        let says_itself =
            matches!(scheme.proof, Proof::Jwt { detached: false, .. } | Proof::Sns | Proof::MessageSignature);
        if says_itself {
            // What is signed is in the token, or in the request itself.
            scheme.content = SignedContent::of(Vec::new());
        }
        scheme.encoding = self.encoding.unwrap_or(scheme.encoding);
        scheme.key = match self.key.as_deref() {
            None => scheme.key.clone(),
            Some("text") => SignedContent::secret(),
            Some("base64") => template("key", "{secret|strip:whsec_|unbase64}")?,
            Some(text) => template("key", text)?,
        };
        for (name, variable) in &self.variables {
            let key = DescriptionKey::part("variables", name.clone());
            let variable = match variable {
                VariableDescription::Template(text) => Variable::Template(template(key, text)?),
                VariableDescription::Listed { names, separator, item, join } => Variable::Listed {
                    names: place(key, names)?,
                    separator: separator.clone(),
                    item: item.clone(),
                    join: join.clone(),
                },
            };
            scheme.variables.insert(name.clone(), variable);
        }
        if let Some(binds) = &self.binds {
            let read = |(at, bind): (usize, &BindDescription)| {
                let key = DescriptionKey::part("binds", at.to_string());
                let is = template(key.clone(), &bind.is)?;
                Ok::<_, InvalidScheme>(Bind { is, equals: template(key, &bind.equals)? })
            };
            scheme.binds = binds.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        }
        if let Some(components) = &self.components {
            scheme.message.components.clone_from(components);
        }
        scheme.message.tag = self.tag.clone().or(scheme.message.tag.take());
        let is_message = scheme.proof == Proof::MessageSignature;
        match (&self.components, &self.tag) {
            (Some(_), _) if !is_message => Err(InvalidScheme::NoMessage("components")),
            (_, Some(_)) if !is_message => Err(InvalidScheme::NoMessage("tag")),
            _ => Ok(()),
        }
    }
}
