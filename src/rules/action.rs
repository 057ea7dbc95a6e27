//! What can be done with a delivery, as data.
//!
//! A [`RuleAction`] is what a rule, the person's override or a decision about a held delivery says. Its
//! text form is read by [`super::RuleReader`] and written by [`fmt::Display`](std::fmt::Display). Holding and
//! failing first do not nest: the types leave no room for it.

use std::sync::Arc;
use std::time::Duration;

use super::template::{Template, TemplatePlace};
use super::{Facts, Reply, preset};
use crate::delivery::Verdict;
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

/// A deed and a pause before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedResponse {
    /// The pause.
    pub wait: Option<Wait>,
    /// The deed.
    pub deed: RuleResponse,
}

impl From<RuleResponse> for TimedResponse {
    fn from(deed: RuleResponse) -> Self {
        Self { wait: None, deed }
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

/// Which answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerChoice {
    /// As the documented receiver answers, by the verdict.
    Auto,
    /// A status, with headers and a body.
    Written(CustomAnswer),
    /// One of the configuration's `[answers.NAME]`.
    Named(Arc<NamedAnswer>),
    /// A redirect to this place.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The `Location`.
        location: String,
    },
    /// "Come back later", with `Retry-After`.
    RetryAfter {
        /// Usually 429.
        status: u16,
        /// After this many seconds.
        seconds: u64,
    },
}

/// An answer as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomAnswer {
    /// The status, 200 to 599.
    pub status: u16,
    /// Headers, their values with the delivery's facts.
    pub headers: Vec<(String, Template)>,
    /// The body; `None` for that of the preset of this status.
    pub body: Option<Template>,
}

/// An answer that has a name in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAnswer {
    /// Its name.
    pub name: String,
    /// What it is.
    pub written: CustomAnswer,
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

/// Where deliveries are passed on to: an absolute `http` or `https` URL, read once, and as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForwardTarget {
    written: String,
    target: Target,
}

impl ForwardTarget {
    /// Reads a URL. Where the scheme of other URLs may be left out, here it says where the targets of a rule end.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`].
    pub fn read(url: &str) -> Result<Self, InvalidTarget> {
        let target = url.parse()?;
        if !url.contains("://") || url.trim() != url {
            return Err(InvalidTarget::Scheme(visible(url).into_owned()));
        }
        Ok(Self { written: url.to_owned(), target })
    }

    /// The URL as it was written.
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

impl RuleAction {
    /// How much work it is to count a byte of a body, in that of looking for a text in it; nought when no body is counted.
    #[must_use]
    pub fn body_weight(&self) -> usize {
        /// Hashing a body costs about four times as much as searching it for one text.
        const HASHED: usize = 4;
        if matches!(&self.kind, ActionKind::Fail(fail) if fail.per == CountedBy::Body) { HASHED } else { 0 }
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

impl From<AnswerChoice> for RuleAction {
    fn from(answer: AnswerChoice) -> Self {
        Self { wait: None, kind: ActionKind::Do(RuleResponse::Answer(answer, SendManner::Whole)) }
    }
}

impl From<TimedResponse> for RuleAction {
    fn from(TimedResponse { wait, deed }: TimedResponse) -> Self {
        Self { wait, kind: ActionKind::Do(deed) }
    }
}

impl CustomAnswer {
    /// A reply as it is, its braces kept as braces.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let plain = |text: &str| Template::verbatim(text);
        Self {
            status: reply.status,
            headers: reply.headers.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
            body: Some(plain(&String::from_utf8_lossy(&reply.body))),
        }
    }

    /// The reply to the delivery with these facts.
    #[must_use]
    pub fn render(&self, facts: &Facts) -> Reply {
        let mut reply = match &self.body {
            Some(_) => Reply::text(self.status, ""),
            None => preset(self.status),
        };
        // What is written takes the place of what the preset brings.
        reply.headers.retain(|(held, _)| !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(held)));
        let own = self.headers.iter().map(|(name, value)| (name.clone(), value.render(facts, TemplatePlace::Header)));
        reply.headers.extend(own);
        if let Some(body) = &self.body {
            let place = TemplatePlace::of_body(reply.header("content-type"));
            reply.body = body.render_body(facts, place);
        }
        reply
    }

    /// Bytes of the body without facts.
    pub(super) fn fixed_body_bytes(&self) -> usize {
        self.body.as_ref().map_or_else(|| preset(self.status).body.len(), Template::fixed_bytes)
    }

    /// No fewer bytes than the body has that is made for a delivery with these facts; 0 where none is made, since
    /// all deliveries share it.
    pub(super) fn made_bytes(&self, facts: &Facts) -> usize {
        self.body.as_ref().filter(|body| body.has_facts()).map_or(0, |body| body.most_bytes(facts))
    }

    /// Whether the body holds facts, so that its length is not known beforehand.
    pub(super) fn body_varies(&self) -> bool {
        self.body.as_ref().is_some_and(Template::has_facts)
    }
}

impl AnswerChoice {
    /// The reply to a delivery: exactly what will be sent.
    #[must_use]
    pub fn render(&self, facts: &Facts) -> Reply {
        match self {
            Self::Auto => super::policy::auto(facts.verdict.unwrap_or(Verdict::NotJudged)),
            Self::Written(written) => written.render(facts),
            Self::Named(named) => named.written.render(facts),
            Self::Redirect { status, location } => Reply::text(*status, "").with_header("location", location.clone()),
            Self::RetryAfter { status, seconds } => {
                let mut reply = preset(*status);
                reply.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("retry-after"));
                reply.with_header("retry-after", seconds.to_string())
            }
        }
    }

    /// No fewer bytes than [`AnswerChoice::render`] makes a body of; 0 where it makes none of its own.
    #[must_use]
    pub fn made_bytes(&self, facts: &Facts) -> usize {
        match self {
            Self::Written(written) => written.made_bytes(facts),
            Self::Named(named) => named.written.made_bytes(facts),
            Self::Auto | Self::Redirect { .. } | Self::RetryAfter { .. } => 0,
        }
    }

    /// The fewest bytes that its body has.
    pub(super) fn least_body_bytes(&self) -> usize {
        match self {
            Self::Auto => super::DOCUMENTED_INVALID.len(),
            Self::Written(written) => written.fixed_body_bytes(),
            Self::Named(named) => named.written.fixed_body_bytes(),
            Self::Redirect { .. } => 0,
            Self::RetryAfter { status, .. } => preset(*status).body.len(),
        }
    }

    /// Whether its body may be longer than [`AnswerChoice::least_body_bytes`].
    pub(super) fn body_varies(&self) -> bool {
        match self {
            Self::Written(written) => written.body_varies(),
            Self::Named(named) => named.written.body_varies(),
            Self::Auto | Self::Redirect { .. } | Self::RetryAfter { .. } => false,
        }
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
