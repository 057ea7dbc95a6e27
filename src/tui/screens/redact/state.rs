//! What is redacted, for what, and what redacting it replaces.

use crate::archive::redaction::LostCause;
use crate::delivery::DeliveryId;
use crate::redact::TallyKind;
use crate::text::grouped;

/// What of a redacted delivery is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedactedCopy {
    /// The delivery as a curl command.
    Curl,
    /// The request as it goes over the wire.
    Request,
    /// The diagnosis as Markdown.
    Diagnosis,
}

impl RedactedCopy {
    /// Every kind, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::Curl, Self::Request, Self::Diagnosis];

    /// The key in the menu.
    #[must_use]
    pub fn key(self) -> char {
        match self {
            Self::Curl => 'x',
            Self::Request => 'W',
            Self::Diagnosis => 'M',
        }
    }

    /// What is copied, in words.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Curl => "as redacted curl",
            Self::Request => "the redacted request",
            Self::Diagnosis => "the redacted diagnosis",
        }
    }
}

/// What redacted deliveries are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedactGoal {
    /// One, on the clipboard.
    Copy(RedactedCopy),
    /// All, in a file whose name says the format.
    File(String),
}

/// Deliveries to redact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactRequest {
    /// Tells answers apart.
    pub number: u64,
    /// Which.
    pub ids: Vec<DeliveryId>,
    /// What for.
    pub goal: RedactGoal,
    /// Where a command sends to.
    pub url: String,
}

/// What was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedactionPreview {
    /// In a few words, such as `12 texts and 3 headers`.
    pub replaced: String,
    /// Where: the kind of value, its path or the header's name, and how often.
    pub places: Vec<(TallyKind, String, usize)>,
    /// Deliveries that fail for the same reason as before.
    pub kept: u64,
    /// Those that do not.
    pub lost: Vec<LostCause>,
    /// The throw-away secret of a single delivery, where it is text.
    pub secret: Option<String>,
    /// What is copied; empty for a file.
    pub text: String,
}

/// A redaction that waits for a yes.
#[derive(Debug)]
pub struct PendingRedaction {
    /// What was asked for.
    pub request: RedactRequest,
    /// What it replaces, once that is known.
    pub preview: Option<Box<RedactionPreview>>,
    /// The first place shown.
    pub scroll: usize,
}

impl PendingRedaction {
    /// What yes does.
    #[must_use]
    pub fn yes(&self) -> &'static str {
        match self.request.goal {
            RedactGoal::Copy(_) => "copy it",
            RedactGoal::File(_) => "write the file",
        }
    }

    /// What becomes what, in words.
    #[must_use]
    pub fn what(&self) -> String {
        let of = match self.request.ids[..] {
            [id] => format!("Delivery {id}"),
            ref ids => format!("{} deliveries", grouped(ids.len() as u64)),
        };
        match &self.request.goal {
            RedactGoal::Copy(RedactedCopy::Curl) => format!("{of} as a curl command"),
            RedactGoal::Copy(RedactedCopy::Request) => format!("{of} as the raw request"),
            RedactGoal::Copy(RedactedCopy::Diagnosis) => format!("{of}: its diagnosis as Markdown"),
            RedactGoal::File(path) => format!("{of} to {path}"),
        }
    }
}
