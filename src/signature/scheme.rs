//! Which headers carry what, and how old a delivery may be.

use std::time::Duration;

use jiff::Timestamp;

use super::Content;

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
    pub content: Content,
}

impl Default for Scheme {
    fn default() -> Self {
        Self {
            signature_header: "X-Webhook-Signature".to_owned(),
            timestamp_header: "X-Webhook-Timestamp".to_owned(),
            tolerance: DEFAULT_TOLERANCE,
            content: Content::default(),
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
