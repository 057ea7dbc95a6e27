//! Rules, requests and outcomes as they travel: what a person writes as the text that reads as the same.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::config::EncodedSecret;
use crate::delivery::{DeliveryId, MarksEdit};
use crate::query::SavedFilters;
use crate::rules::{
    ActionKind, AnswerChoice, CustomAnswer, Held, NamedAnswer, Override, Rule, RuleAction, RuleReader, RuleSet,
    Template, TimedResponse, check_count,
};
use crate::server::{
    JobKind, JobProgress, ListenerRequest, ListenerStatus, RequestError, RequestOutcome, RequestReply,
};

/// An answer that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct NamedPart {
    name: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// An action, and the answers that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct ActionPart {
    text: String,
    names: Vec<NamedPart>,
}

/// A choice over the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct ChosenPart {
    action: ActionPart,
    once: bool,
}

/// All rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct RulesPart {
    rules: Vec<String>,
    /// The answers that rules name.
    names: Vec<NamedPart>,
    /// Those of the configuration.
    answers: Vec<NamedPart>,
    /// The configuration's saved filters.
    filters: Vec<(String, String)>,
    hold_for: Duration,
    handshakes: bool,
}

/// A held delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct HeldPart {
    id: DeliveryId,
    since: String,
    until: String,
    default: String,
}

/// Long work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct JobPart {
    number: u64,
    kind: String,
    done: u64,
    total: u64,
    is_cancelled: bool,
}

/// What an attached interface asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::api) enum AskedPart {
    Choose(Option<ChosenPart>),
    SetRules(RulesPart),
    Decide(Vec<DeliveryId>, ActionPart),
    LetGo(Vec<DeliveryId>),
    EnterSecret(EncodedSecret),
    MakeUpSecret(EncodedSecret),
    AcceptSecret { target: Vec<u8>, secret: EncodedSecret },
    AdoptScheme { webhook: Option<String>, target: Vec<u8>, name: Option<String> },
    Mark(Vec<DeliveryId>, MarksEdit),
    CancelJobs(Vec<u64>),
    KeepDiagnosis(DeliveryId, String),
    Observe,
}

/// What came of a request, and what has changed by it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::api) struct ReplyPart {
    outcome: Result<OutcomePart, String>,
    pub(in crate::api) snapshot: Option<Snapshot>,
}

#[derive(Debug, Serialize, Deserialize)]
enum OutcomePart {
    Done(usize),
    Status(Box<ListenerStatus>),
}

impl From<&NamedAnswer> for NamedPart {
    fn from(named: &NamedAnswer) -> Self {
        let CustomAnswer { status, headers, body } = &named.written;
        Self {
            name: named.name.clone(),
            status: *status,
            headers: headers.iter().map(|(name, value)| (name.clone(), value.source().to_owned())).collect(),
            body: body.as_ref().map(|body| body.source().to_owned()),
        }
    }
}

impl NamedPart {
    fn answer(&self) -> Result<Arc<NamedAnswer>, String> {
        let template = |text: &String| Template::parse(text).map_err(|error| error.to_string());
        let headers = self.headers.iter().map(|(name, value)| Ok((name.clone(), template(value)?)));
        let written = CustomAnswer {
            status: self.status,
            headers: headers.collect::<Result<_, String>>()?,
            body: self.body.as_ref().map(template).transpose()?,
        };
        Ok(Arc::new(NamedAnswer { name: self.name.clone(), written }))
    }
}

fn answers(parts: &[NamedPart]) -> Result<Vec<Arc<NamedAnswer>>, String> {
    parts.iter().map(NamedPart::answer).collect()
}

/// The answers that actions name: the configuration may have others under their names by now.
fn names<'a>(actions: impl Iterator<Item = &'a RuleAction>) -> Vec<NamedPart> {
    let mut names: Vec<NamedPart> = Vec::new();
    for answer in actions.flat_map(RuleAction::answers) {
        if let AnswerChoice::Named(named) = answer {
            let part = NamedPart::from(&**named);
            if !names.contains(&part) {
                names.push(part);
            }
        }
    }
    names
}

impl From<&RuleAction> for ActionPart {
    fn from(action: &RuleAction) -> Self {
        Self { text: action.to_string(), names: names(std::iter::once(action)) }
    }
}

impl ActionPart {
    fn action(&self) -> Result<RuleAction, String> {
        RuleReader::new(&answers(&self.names)?).action(&self.text).map_err(|error| error.to_string())
    }

    fn response(&self) -> Result<TimedResponse, String> {
        match self.action()? {
            RuleAction { wait, kind: ActionKind::Do(response) } => Ok(TimedResponse { wait, response }),
            _ => Err("a held delivery cannot be held again or fail first".to_owned()),
        }
    }
}

impl From<&Override> for ChosenPart {
    fn from(chosen: &Override) -> Self {
        Self { action: ActionPart::from(&chosen.action), once: chosen.once }
    }
}

impl ChosenPart {
    pub(super) fn chosen(&self) -> Result<Override, String> {
        Ok(Override { action: self.action.action()?, once: self.once })
    }
}

impl From<&RuleSet> for RulesPart {
    fn from(set: &RuleSet) -> Self {
        Self {
            rules: set.rules().iter().map(Rule::to_string).collect(),
            names: names(set.rules().iter().map(|rule| &rule.then)),
            answers: set.answers().iter().map(|named| NamedPart::from(&**named)).collect(),
            filters: set.filters().iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
            hold_for: set.hold_for,
            handshakes: set.handshakes,
        }
    }
}

impl RulesPart {
    pub(super) fn set(&self) -> Result<RuleSet, String> {
        let names = answers(&self.names)?;
        let filters = SavedFilters::new(self.filters.clone()).map_err(|(_, error)| error.to_string())?;
        let reader = RuleReader::new(&names).with_filters(&filters);
        let rules = self.rules.iter().map(|text| reader.rule(text).map_err(|error| error.to_string()));
        let rules: Vec<Rule> = rules.collect::<Result<_, String>>()?;
        check_count(&rules.iter().collect::<Vec<_>>()).map_err(|(_, problem)| problem.to_string())?;
        let set = RuleSet::new(rules, self.hold_for);
        let set = set.with_answers(answers(&self.answers)?).with_filters(filters.clone());
        Ok(set.with_handshakes(self.handshakes))
    }
}

impl From<&Held> for HeldPart {
    fn from(held: &Held) -> Self {
        let Held { id, since, until, default } = held;
        Self { id: *id, since: since.to_string(), until: until.to_string(), default: default.clone() }
    }
}

impl HeldPart {
    pub(super) fn held(&self) -> Result<Held, String> {
        let moment = |text: &str| text.parse().map_err(|error: jiff::Error| error.to_string());
        let (since, until) = (moment(&self.since)?, moment(&self.until)?);
        Ok(Held { id: self.id, since, until, default: self.default.clone() })
    }
}

impl From<&JobProgress> for JobPart {
    fn from(job: &JobProgress) -> Self {
        let JobProgress { number, kind, done, total, is_cancelled } = *job;
        Self { number, kind: kind.code().to_owned(), done, total, is_cancelled }
    }
}

impl JobPart {
    pub(super) fn job(&self) -> JobProgress {
        let kind = JobKind::from_code(&self.kind);
        let Self { number, done, total, is_cancelled, .. } = *self;
        JobProgress { number, kind, done, total, is_cancelled }
    }
}

impl From<&ListenerRequest> for AskedPart {
    fn from(request: &ListenerRequest) -> Self {
        match request {
            ListenerRequest::Choose(chosen) => Self::Choose(chosen.as_ref().map(ChosenPart::from)),
            ListenerRequest::SetRules(rules) => Self::SetRules(RulesPart::from(&**rules)),
            ListenerRequest::Decide(ids, act) => {
                Self::Decide(ids.clone(), ActionPart::from(&RuleAction::from(act.clone())))
            }
            ListenerRequest::LetGo(ids) => Self::LetGo(ids.clone()),
            ListenerRequest::EnterSecret(secret) => Self::EnterSecret(EncodedSecret::of(secret)),
            ListenerRequest::MakeUpSecret(secret) => Self::MakeUpSecret(EncodedSecret::of(secret)),
            ListenerRequest::AcceptSecret { target, secret } => {
                Self::AcceptSecret { target: target.clone(), secret: EncodedSecret::of(secret) }
            }
            ListenerRequest::AdoptScheme { webhook, target, name } => {
                Self::AdoptScheme { webhook: webhook.clone(), target: target.clone(), name: name.clone() }
            }
            ListenerRequest::Mark(ids, edit) => Self::Mark(ids.clone(), edit.clone()),
            ListenerRequest::CancelJobs(numbers) => Self::CancelJobs(numbers.clone()),
            ListenerRequest::KeepDiagnosis(id, json) => Self::KeepDiagnosis(*id, json.clone()),
            ListenerRequest::Observe => Self::Observe,
        }
    }
}

impl AskedPart {
    /// What is asked of a listener with these rules.
    pub(in crate::api) fn request(self, before: &RuleSet) -> Result<ListenerRequest, String> {
        let bytes = |secret: EncodedSecret| secret.bytes().map_err(|error| error.to_string());
        Ok(match self {
            Self::Choose(chosen) => ListenerRequest::Choose(chosen.map(|chosen| chosen.chosen()).transpose()?),
            // What the configuration says besides is the listener's own.
            Self::SetRules(rules) => {
                ListenerRequest::SetRules(Arc::new(before.replaced(rules.set()?.rules().to_vec())))
            }
            Self::Decide(ids, act) => ListenerRequest::Decide(ids, act.response()?),
            Self::LetGo(ids) => ListenerRequest::LetGo(ids),
            Self::EnterSecret(secret) => ListenerRequest::EnterSecret(bytes(secret)?),
            Self::MakeUpSecret(secret) => ListenerRequest::MakeUpSecret(bytes(secret)?),
            Self::AcceptSecret { target, secret } => ListenerRequest::AcceptSecret { target, secret: bytes(secret)? },
            Self::AdoptScheme { webhook, target, name } => ListenerRequest::AdoptScheme { webhook, target, name },
            Self::Mark(ids, edit) => ListenerRequest::Mark(ids, edit),
            Self::CancelJobs(numbers) => ListenerRequest::CancelJobs(numbers),
            Self::KeepDiagnosis(id, json) => ListenerRequest::KeepDiagnosis(id, json),
            Self::Observe => ListenerRequest::Observe,
        })
    }

    /// Whether the state is another one afterwards.
    pub(in crate::api) fn changes_state(&self) -> bool {
        !matches!(self, Self::Mark(..) | Self::KeepDiagnosis(..) | Self::Observe)
    }
}

impl ReplyPart {
    pub(in crate::api) fn new(outcome: RequestOutcome, snapshot: Option<Snapshot>) -> Self {
        let outcome = outcome.map(|reply| match reply {
            RequestReply::Done(count) => OutcomePart::Done(count),
            RequestReply::Status(status) => OutcomePart::Status(status),
        });
        Self { outcome: outcome.map_err(|error| error.to_string()), snapshot }
    }

    pub(super) fn outcome(self) -> RequestOutcome {
        match self.outcome {
            Ok(OutcomePart::Done(count)) => Ok(RequestReply::Done(count)),
            Ok(OutcomePart::Status(status)) => Ok(RequestReply::Status(status)),
            Err(words) => Err(RequestError::Elsewhere(words)),
        }
    }
}
