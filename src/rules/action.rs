//! What can be done with a delivery, as data.
//!
//! A [`RuleAction`] is what a rule, the person's override or a decision about a held delivery says. Its
//! text form is read by [`super::RuleReader`] and written by [`fmt::Display`](std::fmt::Display). Holding and
//! failing first do not nest: the types leave no room for it.

use std::time::Duration;

use super::Reply;
use super::answer::{AnswerChoice, CustomAnswer};
use super::handshakes::Handshake;
use crate::http::{InvalidTarget, Target};
use crate::text::visible;

/// What is done with a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleAction {
    /// A pause before it.
    pub wait: Option<Wait>,
    /// What it is.
    pub kind: ActionKind,
}

/// The kinds of action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionKind {
    /// One thing, at once.
    Do(RuleResponse),
    /// Wait for the person's decision.
    Hold(Hold),
    /// One thing for the first times, then another.
    Fail(Fail),
}

/// A pause before an answer, of a length between the two; both the same for a fixed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// At least so long.
    pub min: Duration,
    /// At most so long.
    pub max: Duration,
}

/// Holding a delivery until the person has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// How long; `None` for as long as is set for all.
    pub patience: Option<Duration>,
    /// What happens then.
    pub otherwise: TimedResponse,
}

/// Failing first: the sequence of answers that shows how a sender tries again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    /// How often.
    pub times: u32,
    /// What is counted.
    pub per: CountedBy,
    /// What is done so often.
    pub with: TimedResponse,
    /// What is done from then on.
    pub then: TimedResponse,
}

/// What a sequence counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountedBy {
    /// All deliveries that the rule answers.
    All,
    /// Those of the very same body.
    Body,
    /// Those of the same event.
    Event,
}

/// A response and a pause before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedResponse {
    /// The pause.
    pub wait: Option<Wait>,
    /// The response.
    pub response: RuleResponse,
}

impl From<RuleResponse> for TimedResponse {
    fn from(response: RuleResponse) -> Self {
        Self { wait: None, response }
    }
}

/// One thing done with a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleResponse {
    /// An answer, well or badly sent.
    Answer(AnswerChoice, SendManner),
    /// The connection is closed.
    Close(Close),
    /// The delivery is passed on to these URLs, and what the first answers goes back.
    Forward(Vec<ForwardTarget>),
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendManner {
    /// As it should be.
    Whole,
    /// The head, then the body in pieces.
    Trickle {
        /// Bytes of a piece.
        bytes: usize,
        /// The time between two pieces.
        every: Duration,
    },
    /// With a `Content-Length` that is so much greater (or smaller) than the body's length, and the
    /// connection closed after the body.
    WrongLength(i32),
}

/// Closing the connection instead of answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Where in the answer.
    pub at: CloseAt,
    /// With a reset (RST) rather than an orderly end (FIN).
    pub reset: bool,
    /// The answer that is begun, where one is.
    pub answer: AnswerChoice,
}

/// Where a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseAt {
    /// Before the first byte.
    BeforeHead,
    /// Within the status line.
    InHead,
    /// After the head and half of the body.
    AfterHead,
}

/// Where deliveries are passed on to: an absolute `http` or `https` URL, read once, and as it is written in a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForwardTarget {
    written: String,
    target: Target,
}

impl ForwardTarget {
    /// Reads a URL. `localhost:3000/hook` is one of `http`; of a host without a port the scheme says that it is a host at all.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`].
    pub fn read(url: &str) -> Result<Self, InvalidTarget> {
        let target: Target = url.parse()?;
        let is_whole = url.contains("://");
        if !(is_whole || has_port(url) || target.is_loopback()) || url.trim() != url {
            return Err(InvalidTarget::Scheme(visible(url).into_owned()));
        }
        // The scheme is written out: in a rule it says where the targets end.
        let written = if is_whole { url.to_owned() } else { format!("http://{url}") };
        Ok(Self { written, target })
    }

    /// The URL with its scheme, otherwise as it was written.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.written
    }

    /// What it says.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }
}

/// Whether a URL without a scheme names a port: `host:3000/x`.
fn has_port(url: &str) -> bool {
    let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

impl RuleAction {
    /// How much work it is to count a byte of a body or to take an answer from it, in that of looking for a text in it; nought
    /// when no body is needed.
    #[must_use]
    pub fn body_weight(&self) -> usize {
        /// Hashing a body costs about four times as much as searching it for one text.
        const HASHED: usize = 4;
        /// And looking for a member of its JSON about eight times.
        const LOOKED_UP: usize = 8;
        let counted = matches!(&self.kind, ActionKind::Fail(fail) if fail.per == CountedBy::Body);
        let asked = self.answers().flat_map(AnswerChoice::asked).filter(|fact| fact.is_of_body()).count();
        if counted { HASHED + asked * LOOKED_UP } else { asked * LOOKED_UP }
    }

    /// Every answer that it may give.
    pub fn answers(&self) -> impl Iterator<Item = &AnswerChoice> {
        let responses = match &self.kind {
            ActionKind::Do(response) => [Some(response), None],
            ActionKind::Hold(hold) => [Some(&hold.otherwise.response), None],
            ActionKind::Fail(fail) => [Some(&fail.with.response), Some(&fail.then.response)],
        };
        responses.into_iter().flatten().filter_map(RuleResponse::answer)
    }

    /// The handshakes that it completes: it is done for their requests alone.
    pub(super) fn handshakes(&self) -> impl Iterator<Item = &Handshake> {
        self.answers()
            .filter_map(|answer| if let AnswerChoice::Handshake(known) = answer { Some(&**known) } else { None })
    }

    /// The automatic answer and nothing else.
    #[must_use]
    pub fn auto() -> Self {
        Self::from(AnswerChoice::Auto)
    }

    /// Always this reply, as it is.
    #[must_use]
    pub fn reply(reply: &Reply) -> Self {
        Self::from(AnswerChoice::Written(CustomAnswer::of(reply)))
    }

    /// The plain status that it answers with, whatever the delivery; `None` when it does more.
    #[must_use]
    pub fn plain(&self) -> Option<&CustomAnswer> {
        match self {
            Self {
                wait: None,
                kind: ActionKind::Do(RuleResponse::Answer(AnswerChoice::Written(written), SendManner::Whole)),
            } => Some(written),
            _ => None,
        }
    }

    /// Whether it is the automatic answer and nothing else.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        matches!(
            self,
            Self { wait: None, kind: ActionKind::Do(RuleResponse::Answer(AnswerChoice::Auto, SendManner::Whole)) }
        )
    }
}

impl RuleResponse {
    /// The answer that is sent, whole or in part.
    #[must_use]
    pub fn answer(&self) -> Option<&AnswerChoice> {
        match self {
            Self::Answer(answer, _) => Some(answer),
            Self::Close(close) => Some(&close.answer),
            Self::Forward(_) => None,
        }
    }
}

impl From<AnswerChoice> for RuleAction {
    fn from(answer: AnswerChoice) -> Self {
        Self { wait: None, kind: ActionKind::Do(RuleResponse::Answer(answer, SendManner::Whole)) }
    }
}

impl From<TimedResponse> for RuleAction {
    fn from(TimedResponse { wait, response }: TimedResponse) -> Self {
        Self { wait, kind: ActionKind::Do(response) }
    }
}

impl Wait {
    /// Always so long.
    #[must_use]
    pub fn fixed(time: Duration) -> Self {
        Self { min: time, max: time }
    }

    /// The length for one delivery; `share` of the way from the least to the most, 0 to `u32::MAX`.
    #[must_use]
    pub fn length(self, share: u32) -> Duration {
        let span = self.max.saturating_sub(self.min).as_nanos() * u128::from(share) / u128::from(u32::MAX);
        self.min + Duration::from_nanos(u64::try_from(span).unwrap_or(u64::MAX))
    }
}
