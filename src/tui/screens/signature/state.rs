//! The search for why a signature does not match, as the interface follows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::delivery::{DeliveryId, Verdict};
use crate::signature::diagnose::other_direction::Rewriting;
use crate::signature::diagnose::{BytePlace, Depth, Diagnosis, RequestPart, SearchProgress};
use crate::tui::screens::details::state::LoadedDelivery;

/// What is to be found out about a delivery. Each takes a while and runs off the interface's thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Why does its signature not match?
    Why(Depth),
    /// It verifies here: which mistake of the person's own server yields the digest in this text?
    ExplainDigest(String),
    /// It verifies here: what would well-known re-serialisations change in its body?
    Rewritings,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub enum InquiryFinding {
    /// To [`Question::Why`].
    Why(Depth, Arc<Diagnosis>),
    /// To [`Question::ExplainDigest`].
    ExplainDigest(Arc<Diagnosis>),
    /// To [`Question::Rewritings`].
    Rewritings(Arc<Vec<Rewriting>>),
}

/// The state of the inquiry into the shown delivery.
#[derive(Debug, Clone, Default)]
pub struct Inquiry {
    /// The question being looked into, with how far that has come.
    pub running: Option<(Question, Option<SearchProgress>)>,
    /// Why the signature does not match, as far as was asked.
    pub why: Option<(Depth, Arc<Diagnosis>)>,
    /// Which mistake yields the digest that the person gave.
    pub explain_digest: Option<Arc<Diagnosis>>,
    /// What well-known re-serialisations would change, when it verifies.
    pub rewritings: Option<Arc<Vec<Rewriting>>>,
}

impl Inquiry {
    /// Whether nothing was asked yet.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.running.is_none() && self.why.is_none()
    }

    /// Where in the body the likeliest explanation shows, when it does.
    #[must_use]
    pub fn place_in_body(&self) -> Option<&BytePlace> {
        let (_, diagnosis) = self.why.as_ref()?;
        let changes = &diagnosis.causes.first()?.changes;
        changes.iter().filter_map(|change| change.at.as_ref()).find(|place| place.part == RequestPart::Body)
    }

    /// Takes in an answer.
    pub(crate) fn found(&mut self, finding: InquiryFinding) {
        self.running = None;
        match finding {
            InquiryFinding::Why(depth, diagnosis) => self.why = Some((depth, diagnosis)),
            InquiryFinding::ExplainDigest(diagnosis) => self.explain_digest = Some(diagnosis),
            InquiryFinding::Rewritings(rewritings) => self.rewritings = Some(rewritings),
        }
    }

    /// The next deeper search, when there is one.
    #[must_use]
    pub fn deeper(&self) -> Option<Depth> {
        match self.why.as_ref().map(|(depth, _)| *depth) {
            None | Some(Depth::One) => Some(Depth::Pairs),
            Some(Depth::Pairs) => Some(Depth::Triples),
            Some(Depth::Triples) => Some(Depth::Deep),
            Some(Depth::Deep) => None,
        }
    }
}

/// Whether a delivery raises the question why, under the secrets of today.
#[must_use]
pub(crate) fn asks_why(loaded: &LoadedDelivery) -> bool {
    if loaded.handshake().is_some() {
        // It is answered for what it asks, not for its signature.
        return false;
    }
    let judgement = loaded.rejudged.as_ref().unwrap_or_else(|| loaded.judgement());
    match judgement.verdict {
        Verdict::NoSecret | Verdict::NotJudged => false,
        // A valid signature may still be stale, from the future, or without a usable timestamp: that is explained too.
        Verdict::Verified => judgement.timestamp.as_ref().is_some_and(|timestamp| {
            timestamp.fresh != Some(true) || loaded.scheme.other_unit(timestamp.unit).is_some()
        }),
        Verdict::Mismatch
        | Verdict::MissingSignature
        | Verdict::MissingTimestamp
        | Verdict::MalformedSignature
        | Verdict::AmbiguousHeaders => true,
    }
}

/// What the interface hears of an inquiry.
#[derive(Debug, Clone)]
pub enum InquiryReport {
    /// Its progress.
    Progress(SearchProgress),
    /// It has ended.
    Found(InquiryFinding),
    /// It could not be done, in words.
    Failed(String),
}

/// What the secrets of today say of deliveries that came before them, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejudged {
    /// The verdicts that differ from those at capture.
    pub verdicts: BTreeMap<DeliveryId, Verdict>,
    /// The newest request; older ones are not wanted any more.
    pub(crate) number: u64,
    /// What is to be said of the secret itself.
    pub(super) about: String,
    /// Whether the secret is to be checked.
    pub(super) is_odd: bool,
}

impl Rejudged {
    /// Whether a secret was given of which it is still to be said what it verifies.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        !self.about.is_empty()
    }
}

/// Some of the results, as they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejudgeReport {
    /// The request.
    pub number: u64,
    /// Verdicts that differ from those at capture.
    pub verdicts: Vec<(DeliveryId, Verdict)>,
    /// Deliveries judged again so far: those that did not verify at capture.
    pub judged: u64,
    /// Those of them that verify with the secret in question.
    pub verified: u64,
    /// Whether these are the last results.
    pub is_done: bool,
    /// Whether that was every such delivery of the store.
    pub is_all: bool,
}

/// A secret that was entered, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredSecret {
    /// Whether it replaces one that was entered before.
    pub replaces: bool,
    /// What looks odd about it, each to follow "it".
    pub remarks: Vec<&'static str>,
}
