//! The two kinds of Trackpilots webhook.

use jiff::Timestamp;

/// The two kinds of Trackpilots webhook, which differ in the unit of the timestamp header.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "WebhookKind")]
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
