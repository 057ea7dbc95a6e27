//! Which headers carry what, and how old a delivery may be.

use std::time::Duration;

use jiff::Timestamp;

use super::{Algorithm, SignedContent};

/// How old, or how far in the future, a delivery may be before it is called stale. Trackpilots
/// documents no limit; five minutes is the habit of the field (Stripe, Slack, Standard Webhooks).
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// A signature scheme as data. The default is Trackpilots': HMAC-SHA256 over `timestamp.body`, as
/// lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// The header that carries the signature; its letter case does not matter.
    pub signature_header: String,
    /// The header that carries the timestamp, likewise.
    pub timestamp_header: String,
    /// How far the timestamp may be from the moment of capture, in either direction.
    pub tolerance: Duration,
    /// What is signed.
    pub content: SignedContent,
    /// The hash function under HMAC.
    pub algorithm: Algorithm,
    /// How the digest is written.
    pub encoding: Encoding,
    /// What surrounds the digest in the signature header.
    pub form: HeaderForm,
    /// How the secret's text becomes the key.
    pub key: KeyForm,
    /// The header that carries the delivery's id, for content with `{id}`.
    pub id_header: Option<String>,
    /// The URL as the sender knows it, for content with `{url}`; the Host header's otherwise.
    pub url: Option<String>,
}

/// How a digest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Standard base64 with padding.
    Base64,
}

/// What surrounds the digest in the signature header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HeaderForm {
    /// A fixed prefix, which may be empty: `sha256=…`.
    Prefix(String),
    /// Named values, the timestamp among them: `t=1746123456,v1=…`. Several signatures may be there
    /// while a secret is being changed.
    Pairs {
        /// What separates them: `,` or `;`.
        separator: u8,
        /// The timestamp's name.
        timestamp: String,
        /// The signature's name.
        signature: String,
    },
    /// Signatures separated by spaces, each after this tag: `v1,… v1,…`.
    List(String),
}

/// How a secret's text becomes the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    /// The text's own bytes.
    #[default]
    Text,
    /// Base64, after `whsec_` or without it.
    Base64,
}

impl Scheme {
    /// Whether verification is that of Trackpilots except for the header names and the tolerance.
    #[must_use]
    pub(crate) fn is_plain(&self) -> bool {
        self.algorithm == Algorithm::Sha256
            && self.encoding == Encoding::Hex
            && self.key == KeyForm::Text
            && matches!(&self.form, HeaderForm::Prefix(prefix) if prefix.is_empty())
            && self.content == SignedContent::default()
    }
}

impl Default for Scheme {
    fn default() -> Self {
        Self {
            signature_header: "X-Webhook-Signature".to_owned(),
            timestamp_header: "X-Webhook-Timestamp".to_owned(),
            tolerance: DEFAULT_TOLERANCE,
            content: SignedContent::default(),
            algorithm: Algorithm::Sha256,
            encoding: Encoding::Hex,
            form: HeaderForm::Prefix(String::new()),
            key: KeyForm::Text,
            id_header: None,
            url: None,
        }
    }
}

/// The two kinds of Trackpilots webhook, which differ in the unit of the timestamp header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SigningKind {
    /// Developer Tools: Unix seconds.
    #[default]
    Developer,
    /// Resellers: Unix milliseconds.
    Reseller,
}

impl SigningKind {
    /// The name used in the configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Reseller => "reseller",
        }
    }

    /// The text that this kind of webhook puts into the timestamp header at `moment`.
    #[must_use]
    pub fn timestamp_text(self, moment: Timestamp) -> String {
        match self {
            Self::Developer => moment.as_second().to_string(),
            Self::Reseller => moment.as_millisecond().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_write_their_own_unit() {
        let moment = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
        assert_eq!(SigningKind::Developer.timestamp_text(moment), "1746123456");
        assert_eq!(SigningKind::Reseller.timestamp_text(moment), "1746123456789");
    }
}
