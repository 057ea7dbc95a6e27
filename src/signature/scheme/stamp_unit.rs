//! How a timestamp is written, and how it is read.

/// The unit in which a sender writes its timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
pub enum StampUnit {
    /// Unix seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Unix milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// A date such as `2026-01-28T09:05:00Z` (ISO 8601, RFC 3339).
    #[serde(rename = "iso8601")]
    Iso8601,
    /// A date such as `Wed, 28 Jan 2026 09:05:00 GMT` (RFC 9110, section 5.6.7).
    #[serde(rename = "http-date")]
    HttpDate,
}

impl StampUnit {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Iso8601 => "an ISO 8601 date",
            Self::HttpDate => "an HTTP date",
        }
    }

    /// The text of this moment.
    #[must_use]
    pub fn text(self, moment: jiff::Timestamp) -> String {
        match self {
            Self::Seconds => moment.as_second().to_string(),
            Self::Milliseconds => moment.as_millisecond().to_string(),
            Self::Iso8601 => moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Self::HttpDate => httpdate::fmt_http_date(moment.into()),
        }
    }

    /// Whether `text` is a date in this form; numbers tell their unit by themselves.
    #[must_use]
    pub fn reads(self, text: &str) -> bool {
        self.moment(text).is_some()
    }

    /// The moment of a date; `None` for numbers, which tell their unit by themselves, and for what is no date.
    pub(crate) fn moment(self, text: &str) -> Option<jiff::Timestamp> {
        match self {
            Self::Seconds | Self::Milliseconds => None,
            Self::Iso8601 => text.parse().ok(),
            Self::HttpDate => httpdate::parse_http_date(text).ok().and_then(|moment| moment.try_into().ok()),
        }
    }
}

/// What the sender's own libraries make of a timestamp before they hash it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum TimestampReading {
    /// Nothing: the text is hashed, whatever it is.
    #[default]
    Text,
    /// They refuse what is not an integer, and hash the text.
    Checked,
    /// They refuse what is not an integer, and hash it in plain digits: without a plus sign or leading zeros.
    Parsed,
}

impl TimestampReading {
    /// What is hashed of a timestamp that was sent as `text`; `None` where it is refused.
    pub(in crate::signature) fn hashed(self, text: &[u8]) -> Option<&[u8]> {
        if self == Self::Text {
            return Some(text);
        }
        let number = text.strip_prefix(b"+").unwrap_or(text);
        // What is longer is a moment in no library.
        let is_integer = (1..=18).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
        is_integer.then(|| match (self, number.iter().position(|&digit| digit != b'0')) {
            (Self::Parsed, Some(first)) => &number[first..],
            (Self::Parsed, None) => &number[number.len() - 1..],
            _ => text,
        })
    }
}
