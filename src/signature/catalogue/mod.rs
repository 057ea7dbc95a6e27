//! Senders' schemes by name.
//!
//! Each is data: a section of the TOML files beside this one, in the order of their names. The same header name carries
//! different schemes at different senders: one is chosen by the person, never by looking at a request.

mod handshakes;
mod recognise;

pub use handshakes::{
    HandshakeDescription, NO_HANDSHAKE, SenderHandshakes, TokenDescription, brief, handshake_names, handshakes,
};
pub use recognise::{RecognisedScheme, recognise};

use std::collections::BTreeMap;
use std::sync::LazyLock;

use self::handshakes::RawHandshake;
use super::{InvalidScheme, Scheme, SchemeDescription};

/// The files, in the order of their names.
const FILES: [&str; 8] = [
    include_str!("a-b.toml"),
    include_str!("c-d.toml"),
    include_str!("e-g.toml"),
    include_str!("h-l.toml"),
    include_str!("m-o.toml"),
    include_str!("p-r.toml"),
    include_str!("s.toml"),
    include_str!("t-z.toml"),
];

/// Names by which schemes were chosen before the catalogue had several of the sender.
const OLDER_NAMES: [(&str, &str); 1] = [("hubspot", "hubspot-v3")];

/// The name of the default scheme.
pub const TRACKPILOTS: &str = "trackpilots";

/// A sender's scheme and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The name that it is chosen by.
    pub name: String,
    /// The sender.
    pub sender: String,
    /// Which of the sender's schemes it is.
    pub title: String,
    /// How many developers are likely to meet it: 1 is the most. An estimate.
    pub rank: u16,
    /// How well it is known.
    pub certainty: Certainty,
    /// What of the body a change of breaks the signature.
    pub covers: Coverage,
    /// Where the sender shows the key; empty when not known.
    pub key_from: String,
    /// Where the event's name is, apart from the body.
    pub event: Option<String>,
    /// Where the delivery's id is.
    pub delivery_id: Option<String>,
    /// What the sender asks for before it delivers.
    pub handshakes: Vec<HandshakeDescription>,
    /// What surprises people about it.
    pub notes: Vec<String>,
    /// The scheme as data.
    pub description: SchemeDescription,
}

/// How well a scheme is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The sender's own library or code made or accepted signatures of it.
    Run,
    /// A community's library did.
    Community,
    /// The sender's own code was read.
    Read,
    /// The sender's documentation was read.
    Docs,
    /// Independent verifiers agree on it.
    Cross,
    /// One independent verifier has it.
    Third,
}

impl Certainty {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Run => "checked with the sender's own library",
            Self::Community => "checked with a community library",
            Self::Read => "read in the sender's own code",
            Self::Docs => "from the sender's documentation",
            Self::Cross => "from several independent verifiers",
            Self::Third => "from one independent verifier",
        }
    }
}

/// What a changed body can get away with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// Nothing.
    Raw,
    /// Nothing, before compression.
    Inflated,
    /// Nothing, through a digest that is checked too.
    Hash,
    /// Other white space and escapes.
    Canonical,
    /// Another encoding of the same fields.
    FormFields,
    /// A deliberate collision.
    Crc32,
    /// Everything outside a few members.
    ChosenFields,
    /// Everything outside one member.
    OneField,
    /// Everything.
    No,
}

impl Coverage {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Raw => "the whole body",
            Self::Inflated => "the whole body, before compression",
            Self::Hash => "the whole body, through its hash",
            Self::Canonical => "the body's data, not its exact bytes",
            Self::FormFields => "the form's fields, not their exact bytes",
            Self::Crc32 => "only a checksum of the body: anyone can make another body that has it",
            Self::ChosenFields => "only some members of the body",
            Self::OneField => "only one member of the body",
            Self::No => "nothing of the body",
        }
    }
}

/// A name that no scheme has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scheme '{name}'{}: whyhook schemes lists all {count}", suggestion(.near))]
pub struct UnknownScheme {
    /// The name, made visible.
    pub name: String,
    /// Names like it.
    pub near: Vec<String>,
    count: usize,
}

fn suggestion(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(" or ")) }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    sender: String,
    title: String,
    rank: u16,
    certainty: Certainty,
    covers: Coverage,
    #[serde(default)]
    key_from: String,
    event: Option<String>,
    delivery_id: Option<String>,
    #[serde(default)]
    handshakes: BTreeMap<String, RawHandshake>,
    #[serde(default)]
    notes: Vec<String>,
    scheme: SchemeDescription,
}

/// Each section's name and text. Only the one that is asked for is read as TOML: a listener starts without the rest.
static SECTIONS: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let mut sections = Vec::new();
    for file in FILES {
        let mut rest = file;
        while let Some(name) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')).map(|(name, _)| name) {
            let own = format!("\n[{name}.");
            let end = rest.match_indices("\n[").map(|(at, _)| at).find(|&at| !rest[at..].starts_with(&own));
            let end = end.map_or(rest.len(), |at| at + 1);
            sections.push((name, &rest[..end]));
            rest = &rest[end..];
        }
    }
    sections
});

/// The names of all schemes, Trackpilots' first.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(TRACKPILOTS).chain(SECTIONS.iter().map(|(name, _)| *name))
}

/// Every name that a scheme can be chosen by: [`names`], and what some were called before.
pub fn accepted_names() -> impl Iterator<Item = &'static str> {
    names().chain(OLDER_NAMES.iter().map(|(older, _)| *older))
}

/// What is known about a scheme. Its name may be written `GitHub` or `standard_webhooks`.
///
/// # Errors
///
/// [`UnknownScheme`] with names like the one asked for.
pub fn entry(name: &str) -> Result<CatalogueEntry, UnknownScheme> {
    let spelt = spelt(name);
    if spelt == TRACKPILOTS {
        return Ok(trackpilots());
    }
    let known = OLDER_NAMES.iter().find(|(older, _)| *older == spelt).map_or(spelt.as_str(), |(_, name)| *name);
    let section = SECTIONS.iter().find(|(own, _)| *own == known);
    section.and_then(|(name, text)| read(name, text)).ok_or_else(|| unknown(name))
}

/// The scheme of this name.
///
/// ```
/// let github = whyhook::signature::catalogue::named("github").unwrap();
/// assert_eq!(github.content.to_string(), "{body}");
/// ```
///
/// # Errors
///
/// [`UnknownScheme`] with names like the one asked for.
pub fn named(name: &str) -> Result<Scheme, UnknownScheme> {
    entry(name)?.scheme().map_err(|_| unknown(name))
}

/// Every entry, those that most developers meet first.
#[must_use]
pub fn all() -> Vec<CatalogueEntry> {
    let mut all: Vec<CatalogueEntry> = SECTIONS.iter().filter_map(|(name, text)| read(name, text)).collect();
    all.sort_by_key(|entry| entry.rank);
    all.insert(0, trackpilots());
    all
}

impl CatalogueEntry {
    /// The scheme.
    ///
    /// # Errors
    ///
    /// [`InvalidScheme`]: never for the catalogue's own, which a test reads.
    pub fn scheme(&self) -> Result<Scheme, InvalidScheme> {
        if self.name == TRACKPILOTS {
            return Ok(Scheme::default());
        }
        let mut scheme = self.description.scheme()?;
        scheme.name.clone_from(&self.name);
        if !self.handshakes.is_empty() {
            scheme.handshake = Some(self.name.clone());
        }
        if let Some(event) = &self.event {
            let described = SchemeDescription { event: Some(event.clone()), ..SchemeDescription::default() };
            scheme.event = described.scheme()?.event;
        }
        Ok(scheme)
    }
}

fn read(name: &str, text: &str) -> Option<CatalogueEntry> {
    let sections: BTreeMap<String, RawEntry> = toml::from_str(text).ok()?;
    let raw = sections.into_values().next()?;
    let RawEntry { sender, title, rank, certainty, covers, key_from, event, delivery_id, handshakes, notes, scheme } =
        raw;
    Some(CatalogueEntry {
        name: name.to_owned(),
        sender,
        title,
        rank,
        certainty,
        covers,
        key_from,
        event,
        delivery_id,
        handshakes: handshakes::described(handshakes),
        notes,
        description: scheme,
    })
}

fn trackpilots() -> CatalogueEntry {
    CatalogueEntry {
        name: TRACKPILOTS.to_owned(),
        sender: "Trackpilots".to_owned(),
        title: "X-Webhook-Signature".to_owned(),
        rank: 0,
        certainty: Certainty::Docs,
        covers: Coverage::Raw,
        key_from: String::new(),
        event: None,
        delivery_id: None,
        handshakes: Vec::new(),
        notes: Vec::new(),
        description: SchemeDescription::default(),
    }
}

/// A name as the catalogue has it: in lower case, with hyphens.
fn spelt(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn unknown(name: &str) -> UnknownScheme {
    let spelt = spelt(name);
    let mut near: Vec<(f64, &str)> =
        names().map(|known| (strsim::jaro_winkler(&spelt, known), known)).filter(|(like, _)| *like > 0.85).collect();
    near.sort_by(|one, two| two.0.total_cmp(&one.0));
    UnknownScheme {
        name: crate::text::clip(&crate::text::visible(name), 60).into_owned(),
        near: near.into_iter().take(3).map(|(_, known)| known.to_owned()).collect(),
        count: names().count(),
    }
}

#[cfg(test)]
mod tests;
