//! How much of a request arrived, and whether it was HTTP at all.

/// How a request was received. Everything but [`Intake::Complete`] is kept with the bytes that were seen
/// and is shown as what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Intake {
    /// Head and body arrived whole.
    #[default]
    Complete,
    /// The body ended before the length that the head declared, or before its last chunk.
    Truncated(String),
    /// The body passed the configured limit; only its beginning was kept.
    TooLarge(String),
    /// The head never became whole: the sender fell silent or hung up.
    Incomplete(String),
    /// The bytes are not an acceptable HTTP/1 request.
    Malformed(String),
    /// A whole request that was put together from what another program wrote down of it: its bytes need not be those
    /// that were sent, so that a signature that does not match says nothing.
    Rebuilt(String),
}

impl Intake {
    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated(_) => "truncated",
            Self::TooLarge(_) => "too_large",
            Self::Incomplete(_) => "incomplete",
            Self::Malformed(_) => "malformed",
            Self::Rebuilt(_) => "rebuilt",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too large",
            other => other.name(),
        }
    }

    /// What was wrong, in words; empty for a complete request.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Complete => "",
            Self::Truncated(reason)
            | Self::TooLarge(reason)
            | Self::Incomplete(reason)
            | Self::Malformed(reason)
            | Self::Rebuilt(reason) => reason,
        }
    }

    /// The reverse of [`Intake::name`] and [`Intake::reason`]; `None` for an unknown name.
    #[must_use]
    pub fn from_parts(name: &str, reason: &str) -> Option<Self> {
        let reason = reason.to_owned();
        Some(match name {
            "complete" => Self::Complete,
            "truncated" => Self::Truncated(reason),
            "too_large" => Self::TooLarge(reason),
            "incomplete" => Self::Incomplete(reason),
            "malformed" => Self::Malformed(reason),
            "rebuilt" => Self::Rebuilt(reason),
            _ => return None,
        })
    }

    /// Whether head and body arrived whole, and are the bytes that were sent.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Whether there is a whole request, though perhaps not in the bytes that were sent: it can be sent again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Complete | Self::Rebuilt(_))
    }

    /// Whether it was put together from what another program wrote down.
    #[must_use]
    pub fn is_rebuilt(&self) -> bool {
        matches!(self, Self::Rebuilt(_))
    }

    /// Every name, as messages list them.
    pub const NAMES: &str = "complete, truncated, too_large, incomplete, malformed or rebuilt";
}
