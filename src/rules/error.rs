//! What is wrong with a rule, and where.

use super::template::TemplateError;
use crate::http::InvalidTarget;
use crate::query::Problem;
use crate::text::{did_you_mean, units, visible};

/// An invalid rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The byte offset in the rule's text, from 0.
    pub at: usize,
    /// What is wrong there.
    pub problem: RuleProblem,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            0 => self.problem.fmt(formatter),
            at => write!(formatter, "at {at}: {}", self.problem),
        }
    }
}

impl std::error::Error for RuleError {}

impl RuleError {
    /// The same; of an unknown word, with what else may be written in `wider` than an answer.
    pub(super) fn in_place(mut self, wider: RulePlace) -> Self {
        if let RuleProblem::Unknown { place, .. } = &mut self.problem {
            *place = wider;
        }
        self
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// The condition cannot be read.
    #[error("{0}")]
    Condition(Problem),
    /// The condition uses a fact that is known only after the answer.
    #[error(
        "'{0}' cannot be used in a rule: its value is not known before the answer; use event, verdict, path, \
        webhook, header, query or field"
    )]
    TooEarly(&'static str),
    /// An arrow with nothing after it.
    #[error("missing action after the arrow: expected one such as auto, 503 or hold")]
    NoAction,
    /// Neither a keyword, nor a status, nor a name.
    #[error("unknown {place} '{}': expected {}{}", visible(word), place.expected(), known(names))]
    Unknown {
        /// The word.
        word: String,
        /// What may be written in its place.
        place: RulePlace,
        /// The names of `[answers]`.
        names: Vec<String>,
    },
    /// Text in quotation marks in the place of an action.
    #[error("expected an action such as auto or 503 here, without quotation marks")]
    QuotedAction,
    /// No handshake of this name.
    #[error("unknown handshake '{}': expected one of {}", visible(.0), super::handshakes::names())]
    UnknownHandshake(String),
    /// Something else was needed here.
    #[error("expected {expected}, found '{}'", visible(found))]
    Expected {
        /// What.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A quotation mark without its pair.
    #[error("unclosed quotation mark: expected another \"")]
    UnclosedQuote,
    /// A backslash before something that it does not escape.
    #[error("expected \\\", \\\\, \\n, \\r, \\t or \\u{{…}} here")]
    BadEscape,
    /// A number that HTTP does not allow as a final status.
    #[error("invalid status {0}: expected 200 to 599")]
    Status(u16),
    /// A body where HTTP forbids one.
    #[error("a {0} answer has no body (RFC 9110, section 6.4.1)")]
    Bodyless(u16),
    /// An action on the body, where the answer has none.
    #[error("this action needs a body of {0}: add one in quotation marks")]
    NeedsBody(&'static str),
    /// A body beyond the bound.
    #[error("the body is too long: {found} bytes, at most {limit}", limit = super::BODY_LIMIT)]
    BodyTooLong {
        /// Its length.
        found: usize,
    },
    /// More headers, or a longer one, than a sender must accept.
    #[error(
        "too many headers, or a header is too long: at most {} headers of {} bytes",
        super::HEADER_LIMIT,
        super::HEADER_BYTES
    )]
    TooManyHeaders,
    /// A header that HTTP does not allow.
    #[error("invalid header '{}': expected 'Name: value' in visible characters", visible(.0))]
    BadHeader(String),
    /// A header that only whyhook can write.
    #[error("whyhook sets the header '{}' itself: remove it", visible(.0))]
    OwnHeader(String),
    /// An unknown template field.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// An invalid duration, or one out of range.
    #[error("invalid time '{}': expected {expected}{}", visible(found), meant_time(found))]
    Time {
        /// The text.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// An invalid number, or one out of range.
    #[error("invalid number '{}': expected {expected}", visible(found))]
    Number {
        /// The text.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// No URL that can be forwarded to.
    #[error(
        "invalid forward URL '{}': expected one such as http://127.0.0.1:8080, localhost:8080 or https://example.com/hook{}",
        visible(&without_user(url)),
        why(reason)
    )]
    BadUrl {
        /// As written.
        url: String,
        /// What is wrong with it.
        reason: InvalidTarget,
    },
    /// Holding or failing within another action.
    #[error("'{0}' cannot be used inside another action: give it its own rule")]
    Nested(&'static str),
    /// An invalid name of a custom answer.
    #[error("invalid answer name '{}': expected letters, digits, '-' and '_', starting with a letter, and no keyword of the rule language", visible(.0))]
    BadName(String),
    /// More rules than are looked at for each delivery.
    #[error("too many rules: {found}, at most {limit}", limit = super::RULE_LIMIT)]
    TooManyRules {
        /// How many there are.
        found: usize,
    },
}

/// A place of a rule, by what may be written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulePlace {
    /// Any action.
    Action,
    /// What a held or failing delivery gets: an action that is not one of these itself.
    Response,
    /// An answer alone.
    Answer,
}

impl RulePlace {
    /// What may be written there, besides the answers that have a name.
    fn expected(self) -> &'static str {
        match self {
            Self::Action => {
                "auto, or a status such as 503, or a status and a body such as '503 try later', or hold, forward URL, \
                fail N with … then …, wait TIME …, drop, reset, trickle, length, redirect, retry-after, handshake:NAME"
            }
            Self::Response => {
                "auto, or a status such as 503, or a status and a body such as '503 try later', or forward URL, \
                wait TIME …, drop, reset, trickle, length, redirect, retry-after, handshake:NAME"
            }
            Self::Answer => {
                "auto, or a status such as 503, or a status and a body such as '503 try later', or redirect, \
                retry-after, handshake:NAME"
            }
        }
    }
}

impl std::fmt::Display for RulePlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Action | Self::Response => "action",
            Self::Answer => "answer",
        })
    }
}

/// A URL without the user and the password before its host: what is wrong is told where many read it.
fn without_user(url: &str) -> String {
    let start = url.find("//").map_or(0, |at| at + 2);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    match url[start..end].rfind('@') {
        Some(at) => format!("{}…{}", &url[..start], &url[start + at..]),
        None => url.to_owned(),
    }
}

/// What the example does not say already.
fn why(reason: &InvalidTarget) -> String {
    match reason {
        InvalidTarget::Empty | InvalidTarget::Scheme(_) | InvalidTarget::NoHost => String::new(),
        reason => format!(" ({reason})"),
    }
}

fn meant_time(found: &str) -> String {
    units::meant_duration(found).map_or_else(String::new, did_you_mean)
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(", or one of your own answers: {}", visible(&names.join(", ")))
    }
}

impl RuleProblem {
    pub(super) fn at(self, at: usize) -> RuleError {
        RuleError { at, problem: self }
    }
}
