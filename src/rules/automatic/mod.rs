//! The handshakes that a scheme's sender asks for, completed without a rule.
//!
//! A request is a handshake only by its whole shape, which the catalogue describes. What it must hold and does not leaves
//! it a delivery like any other.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::answer::{AnswerChoice, CustomAnswer};
use super::error::RuleError;
use super::handshakes::{query, written};
use super::policy::auto;
use super::request::{AnsweredRequest, RequestFact, RequestValues};
use super::rule::{Unkept, summary_of};
use super::{Facts, Reply};
use crate::delivery::{Captured, ChosenBy, Summary};
use crate::query::{Query, SearchedContent};
use crate::signature::Scheme;
use crate::signature::catalogue::{self, HandshakeDescription, TokenDescription};

/// The longest body of a handshake. Theirs have some hundred bytes; a delivery with a longer one is not looked into.
const BODY_BYTES: usize = 64 * 1024;
/// The lengths of a secret that arrives by a handshake: those of Asana, Notion and Atlassian have 32 to 128.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=512;

/// The handshakes that the senders of some schemes ask for.
#[derive(Debug, Clone, Default)]
pub struct AutomaticHandshakes(Vec<AutomaticHandshake>);

#[derive(Debug, Clone)]
struct AutomaticHandshake {
    sender: String,
    /// Of the several that a webhook may accept.
    scheme: Arc<Scheme>,
    label: ChosenBy,
    when: Query,
    looks_into_body: bool,
    answer: CustomAnswer,
    token: Option<ExpectedToken>,
    refused: Option<CustomAnswer>,
    secret: Option<RequestFact>,
}

/// A value of the request that a setting of the scheme says.
#[derive(Debug, Clone)]
struct ExpectedToken {
    place: RequestFact,
    param: String,
}

/// The answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeReply {
    /// What the kept answer says of it: `handshake: Slack url_verification`.
    pub label: ChosenBy,
    /// The answer.
    pub reply: Reply,
}

/// A secret that arrived in a handshake. It is shown nowhere.
#[derive(Clone)]
pub struct HandshakeSecret {
    /// Who sent it.
    pub sender: String,
    /// The name of the scheme that it is for.
    pub scheme: String,
    /// Where in the request it was, in words.
    pub place: String,
    /// The secret.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HandshakeSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HandshakeSecret").field("sender", &self.sender).finish_non_exhaustive()
    }
}

/// A request that is a handshake.
#[derive(Debug, Clone)]
pub struct KnownHandshake {
    /// What answers it.
    pub reply: HandshakeReply,
    /// The secret that it brings.
    pub secret: Option<HandshakeSecret>,
}

impl AutomaticHandshakes {
    /// None at all.
    pub const NONE: Self = Self(Vec::new());

    /// Those of these schemes.
    #[must_use]
    pub fn of<'s>(schemes: impl IntoIterator<Item = &'s Scheme>) -> Self {
        let mut all = Vec::new();
        for scheme in schemes {
            let Some(known) = scheme.handshake.as_deref().and_then(catalogue::handshakes) else { continue };
            let scheme = Arc::new(scheme.clone());
            // A test reads all of them.
            let read = |handshake| AutomaticHandshake::read(handshake, &known.sender, &scheme).ok().flatten();
            all.extend(known.handshakes.iter().filter_map(read));
        }
        Self(all)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one is answered with an HMAC of what the request says.
    #[must_use]
    pub fn make_hmacs(&self) -> bool {
        self.0.iter().any(|handshake| handshake.answer.makes_hmac())
    }

    /// What a request is, that is about to be kept.
    #[must_use]
    pub fn recognise_captured(&self, captured: &Captured, request: &AnsweredRequest<'_>) -> Option<KnownHandshake> {
        if self.is_empty() {
            return None;
        }
        self.recognise(&summary_of(captured), &Unkept(captured), request)
    }

    /// What a request is: one of these handshakes, with its answer, or not.
    #[must_use]
    pub fn recognise(
        &self,
        summary: &Summary,
        content: &dyn SearchedContent,
        request: &AnsweredRequest<'_>,
    ) -> Option<KnownHandshake> {
        if !summary.intake.is_complete() {
            return None;
        }
        let is_it = |handshake: &&AutomaticHandshake| {
            (request.body.len() <= BODY_BYTES || !handshake.looks_into_body)
                && handshake.when.matches(summary, Some(content), summary.received_at)
        };
        self.0.iter().filter(is_it).find_map(|handshake| handshake.known(summary, request))
    }
}

impl AutomaticHandshake {
    /// `None` for one that nothing here answers.
    fn read(known: &HandshakeDescription, sender: &str, scheme: &Arc<Scheme>) -> Result<Option<Self>, RuleError> {
        let HandshakeDescription { name, when: Some(when), answer: Some(answer), .. } = known else { return Ok(None) };
        let mut when = query(when)?;
        if let Some(further) = &known.further {
            when = when.and(query(further)?);
        }
        let looks_into_body = when.body_weight() > 0;
        let expected = |token: &TokenDescription| {
            Some(ExpectedToken { place: RequestFact::read(&token.place)?, param: token.param.clone() })
        };
        Ok(Some(Self {
            sender: sender.to_owned(),
            scheme: Arc::clone(scheme),
            label: ChosenBy::handshake(sender, name),
            when,
            looks_into_body,
            answer: written(answer)?,
            token: known.token.as_ref().and_then(expected),
            refused: known.refused.as_deref().map(written).transpose()?,
            secret: known.secret.as_deref().and_then(RequestFact::read),
        }))
    }

    /// The answer, and the secret; `None` when the request lacks what it must hold.
    fn known(&self, summary: &Summary, request: &AnsweredRequest<'_>) -> Option<KnownHandshake> {
        let request = &AnsweredRequest { scheme: &self.scheme, ..*request };
        let answer = AnswerChoice::Written(self.answer.clone());
        let values = RequestValues::read([&answer], request);
        if !answer.asked().filter(|fact| !fact.is_param()).all(|fact| values.is_there(fact)) {
            return None;
        }
        if let Some(refusal) = self.refusal(request) {
            return Some(KnownHandshake { reply: refusal, secret: None });
        }
        let facts = Facts { request: values, ..Facts::default() };
        let reply = match answer.obstacle(&facts) {
            None => HandshakeReply { label: self.label.clone(), reply: answer.render(&facts) },
            Some(reason) => HandshakeReply {
                label: self.label.clone().noting(format_args!("auto: {reason}")),
                reply: auto(summary.judgement.verdict),
            },
        };
        Some(KnownHandshake { reply, secret: self.secret(request) })
    }

    /// The answer to a handshake without the token that the person chose.
    fn refusal(&self, request: &AnsweredRequest<'_>) -> Option<HandshakeReply> {
        let ExpectedToken { place, param } = self.token.as_ref()?;
        let wanted = request.scheme.settings.get(param)?;
        if place.text_in(request).as_ref() == Some(wanted) {
            return None;
        }
        let words = place.place_words();
        let label = self.label.clone().noting(format_args!("refused: {words} is not that of --param {param}"));
        let facts = Facts::default();
        Some(HandshakeReply { label, reply: self.refused.as_ref()?.render(&facts) })
    }

    fn secret(&self, request: &AnsweredRequest<'_>) -> Option<HandshakeSecret> {
        let place = self.secret.as_ref()?;
        let text = Zeroizing::new(place.text_in(request)?);
        let is_secret = SECRET_BYTES.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_secret.then(|| HandshakeSecret {
            sender: self.sender.clone(),
            scheme: self.scheme.name.clone(),
            place: place.place_words(),
            bytes: Zeroizing::new(text.as_bytes().to_vec()),
        })
    }
}

#[cfg(test)]
mod tests;
