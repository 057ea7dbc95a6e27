//! How a digest is written.

/// How a digest is written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Capital hexadecimal digits.
    HexUpper,
    /// Hexadecimal digits of any letter case; written in capitals.
    HexAny,
    /// Standard base64 with padding.
    Base64,
    /// Base64 for URLs, with padding.
    Base64url,
    /// Base64 for URLs, without padding.
    Base64urlNopad,
}

impl Encoding {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Hex => "lower-case hexadecimal digits",
            Self::HexUpper => "upper-case hexadecimal digits",
            Self::HexAny => "hexadecimal digits",
            Self::Base64 => "base64",
            Self::Base64url => "base64url",
            Self::Base64urlNopad => "base64url without padding",
        }
    }

    /// The bytes of a text in exactly this encoding.
    #[must_use]
    pub fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        use base64::Engine as _;
        use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
        match self {
            Self::Hex if text.iter().any(u8::is_ascii_uppercase) => None,
            Self::HexUpper if text.iter().any(u8::is_ascii_lowercase) => None,
            Self::Hex | Self::HexUpper | Self::HexAny => hex::decode(text).ok(),
            Self::Base64 => BASE64_STANDARD.decode(text).ok(),
            Self::Base64url => BASE64_URL_SAFE.decode(text).ok(),
            Self::Base64urlNopad => BASE64_URL_SAFE_NO_PAD.decode(text).ok(),
        }
    }

    /// The bytes in this encoding.
    #[must_use]
    pub fn encode(self, bytes: &[u8]) -> String {
        use base64::Engine as _;
        use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
        match self {
            Self::Hex => hex::encode(bytes),
            Self::HexUpper | Self::HexAny => hex::encode_upper(bytes),
            Self::Base64 => BASE64_STANDARD.encode(bytes),
            Self::Base64url => BASE64_URL_SAFE.encode(bytes),
            Self::Base64urlNopad => BASE64_URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}
