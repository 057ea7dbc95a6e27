//! Which answer goes back, and the reply that it becomes for a delivery.

use std::sync::Arc;

use super::handshakes::Handshake;
use super::request::RequestFact;
use super::template::{Template, TemplatePlace};
use super::{Facts, Reply, preset};
use crate::delivery::{ChosenBy, Verdict};

/// Which answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerChoice {
    /// As the documented receiver answers, by the verdict.
    Auto,
    /// A status, with headers and a body.
    Written(CustomAnswer),
    /// One of the configuration's `[answers.NAME]`.
    Named(Arc<NamedAnswer>),
    /// A known sender's handshake, completed.
    Handshake(Arc<Handshake>),
    /// A redirect to this place.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The `Location`, with the delivery's facts.
        location: Template,
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

    /// Whether it answers an HMAC of what a request says.
    #[must_use]
    pub fn makes_hmac(&self) -> bool {
        self.templates().flat_map(Template::asked).any(RequestFact::is_hmac)
    }

    /// Every text of it that may hold facts.
    fn templates(&self) -> impl Iterator<Item = &Template> {
        self.headers.iter().map(|(_, value)| value).chain(&self.body)
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
    /// What is written down of it, where it is a text of a person's or of ours.
    #[must_use]
    pub fn written(&self) -> Option<&CustomAnswer> {
        match self {
            Self::Written(written) => Some(written),
            Self::Named(named) => Some(&named.written),
            Self::Handshake(handshake) => Some(&handshake.written),
            Self::Auto | Self::Redirect { .. } | Self::RetryAfter { .. } => None,
        }
    }

    /// What it asks of the request itself.
    pub(super) fn asked(&self) -> impl Iterator<Item = &RequestFact> {
        let location = if let Self::Redirect { location, .. } = self { Some(location) } else { None };
        self.written().into_iter().flat_map(CustomAnswer::templates).chain(location).flat_map(Template::asked)
    }

    /// Whether it answers an HMAC of what a request says.
    #[must_use]
    pub fn makes_hmac(&self) -> bool {
        self.asked().any(RequestFact::is_hmac)
    }

    /// Whether it asks for anything of the request itself.
    #[must_use]
    pub fn asks_request(&self) -> bool {
        self.asked().next().is_some()
    }

    /// Why the automatic answer takes its place: the request lacks what it asks for.
    #[must_use]
    pub fn obstacle(&self, facts: &Facts) -> Option<String> {
        self.asked().find_map(|fact| facts.request.absence(fact))
    }

    /// What a kept answer says of a rule with this label: where its value came from, if not from the rule.
    #[must_use]
    pub fn label(&self, label: ChosenBy, facts: &Facts) -> ChosenBy {
        let obstacle = self.obstacle(facts);
        let is_auto = obstacle.is_some() || matches!(self, Self::Auto);
        let handshake = facts.handshake.as_ref().filter(|_| is_auto).map(|handshake| &handshake.label);
        match (obstacle, handshake) {
            (None, None) => label,
            (Some(reason), None) => label.noting(format_args!("auto: {reason}")),
            (None, Some(handshake)) if label.is_auto() => handshake.clone(),
            (None, Some(handshake)) => label.noting(handshake),
            (Some(reason), Some(handshake)) => label.noting(format_args!("{handshake}: {reason}")),
        }
    }

    /// The reply to a delivery: exactly what will be sent.
    #[must_use]
    pub fn render(&self, facts: &Facts) -> Reply {
        let auto = || match &facts.handshake {
            Some(handshake) => handshake.reply.clone(),
            None => super::policy::auto(facts.verdict.unwrap_or(Verdict::NotJudged)),
        };
        match self {
            _ if self.obstacle(facts).is_some() => auto(),
            Self::Auto => auto(),
            Self::Written(written) => written.render(facts),
            Self::Named(named) => named.written.render(facts),
            Self::Handshake(handshake) => handshake.written.render(facts),
            Self::Redirect { status, location } => {
                Reply::text(*status, "").with_header("location", location.render(facts, TemplatePlace::Header))
            }
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
        self.written().map_or(0, |written| written.made_bytes(facts))
    }

    /// The fewest bytes that its body has.
    pub(super) fn least_body_bytes(&self) -> usize {
        match self {
            Self::Auto => super::DOCUMENTED_INVALID.len(),
            Self::Written(written) => written.fixed_body_bytes(),
            Self::Named(named) => named.written.fixed_body_bytes(),
            Self::Handshake(handshake) => handshake.written.fixed_body_bytes(),
            Self::Redirect { .. } => 0,
            Self::RetryAfter { status, .. } => preset(*status).body.len(),
        }
    }

    /// Whether its body may be longer than [`AnswerChoice::least_body_bytes`].
    pub(super) fn body_varies(&self) -> bool {
        self.written().is_some_and(CustomAnswer::body_varies)
    }
}
