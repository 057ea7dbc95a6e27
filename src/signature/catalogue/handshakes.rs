//! What senders ask of a URL before they deliver to it, as data: whole requests and their answers in the languages of
//! filters and rules, which [`crate::rules`] reads.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::entry;

/// Handshakes of senders whose schemes are not in the catalogue.
const FILE: &str = include_str!("handshakes.toml");

/// The key of a scheme that asks for no handshake to be answered.
pub const NO_HANDSHAKE: &str = "none";

/// The handshakes of one sender.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SenderHandshakes {
    /// Who asks, in a word or two.
    pub sender: String,
    /// What is asked, by name.
    pub handshakes: Vec<HandshakeDescription>,
}

/// One request that a sender makes to find out whether a URL is its owner's, and what answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeDescription {
    /// Its name, after what the sender calls it: `url_verification`.
    pub name: String,
    /// When it is asked, and what a person has to know of it.
    pub asked: String,
    /// The requests that are part of it, as a filter; `None` for those that nothing here answers.
    pub when: Option<String>,
    /// What must hold besides, when it is answered without a rule: what tells it from every delivery, and its verdict.
    pub further: Option<String>,
    /// What answers it, as in a rule.
    pub answer: Option<String>,
    /// Whether a rule names it: `handshake:NAME`.
    pub rule: bool,
    /// What the request must hold, where the person has said what that is.
    pub token: Option<TokenDescription>,
    /// What answers it otherwise.
    pub refused: Option<String>,
    /// Where the secret is that signs later deliveries: `header.X-Hook-Secret`.
    pub secret: Option<String>,
}

/// A value that the person chose when the webhook was made, and that the sender repeats.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenDescription {
    /// Where the request has it: `query.hub.verify_token`.
    pub place: String,
    /// The scheme's setting that says what it must be. Without the setting, any does.
    pub param: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHandshake {
    asked: String,
    when: Option<String>,
    further: Option<String>,
    answer: Option<String>,
    #[serde(default)]
    rule: bool,
    token: Option<TokenDescription>,
    refused: Option<String>,
    secret: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSender {
    sender: String,
    handshakes: BTreeMap<String, RawHandshake>,
}

/// Senders that the catalogue has no scheme of.
static OTHERS: LazyLock<BTreeMap<String, SenderHandshakes>> = LazyLock::new(|| {
    let raw: BTreeMap<String, RawSender> = toml::from_str(FILE).unwrap_or_default();
    let sender =
        |raw: RawSender| SenderHandshakes { sender: brief(&raw.sender), handshakes: described(raw.handshakes) };
    raw.into_iter().map(|(name, raw)| (name, sender(raw))).collect()
});

pub(super) fn described(raw: BTreeMap<String, RawHandshake>) -> Vec<HandshakeDescription> {
    let described = |(name, raw): (String, RawHandshake)| {
        let RawHandshake { asked, when, further, answer, rule, token, refused, secret } = raw;
        HandshakeDescription { name, asked, when, further, answer, rule, token, refused, secret }
    };
    raw.into_iter().map(described).collect()
}

/// The handshakes of the sender of this name; `None` for a sender that asks for nothing, or is not known.
#[must_use]
pub fn handshakes(name: &str) -> Option<SenderHandshakes> {
    if let Some(other) = OTHERS.get(name) {
        return Some(other.clone());
    }
    let entry = entry(name).ok().filter(|entry| !entry.handshakes.is_empty())?;
    Some(SenderHandshakes { sender: brief(&entry.sender), handshakes: entry.handshakes })
}

/// Every name that [`handshakes`] knows, in the order of the names.
#[must_use]
pub fn handshake_names() -> Vec<String> {
    let schemes = super::all().into_iter().filter(|entry| !entry.handshakes.is_empty()).map(|entry| entry.name);
    let mut names: Vec<String> = schemes.chain(OTHERS.keys().cloned()).collect();
    names.sort();
    names
}

/// A sender without what is said of it in parentheses and after a comma.
#[must_use]
pub fn brief(sender: &str) -> String {
    sender.split([',', '(']).next().unwrap_or(sender).trim().to_owned()
}
