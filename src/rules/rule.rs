//! Rules: a condition and what is done with the deliveries that it matches, the first match first.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::action::RuleAction;
use super::answer::NamedAnswer;
use super::error::{RuleError, RuleProblem};
use super::parse::RuleReader;
use crate::delivery::{Captured, ChosenBy, DeliveryId, Summary};
use crate::http::Head;
use crate::query::{Query, SavedFilters, SearchedContent};

/// The most rules: each is asked of each delivery.
pub const RULE_LIMIT: usize = 200;
/// How long a held delivery waits, unless set otherwise: the sender's patience.
pub const DEFAULT_HOLD: Duration = Duration::from_secs(10);

/// A condition, and what is done with what it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The condition; the empty one is for every delivery.
    pub when: Query,
    /// What is done.
    pub then: RuleAction,
}

impl Rule {
    /// A rule for every delivery.
    #[must_use]
    pub fn always(then: RuleAction) -> Self {
        Self { when: Query::default(), then }
    }

    /// Whether it is for every delivery.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        self.when.is_empty() && self.then.handshakes().next().is_none()
    }

    /// Whether it is for this delivery: its condition holds, and the handshake that it completes is this one.
    #[must_use]
    pub fn matches(&self, summary: &Summary, content: &dyn SearchedContent, now: Timestamp) -> bool {
        let mut conditions = [&self.when].into_iter().chain(self.then.handshakes().map(|handshake| &handshake.when));
        conditions.all(|when| when.matches(summary, Some(content), now))
    }

    /// Everything that it asks for.
    fn condition(&self) -> Query {
        self.then.handshakes().fold(self.when.clone(), |when, handshake| when.and(handshake.when.clone()))
    }

    /// The cost of asking, in bytes searched for one text for each byte of a body.
    fn body_weight(&self) -> usize {
        self.when.body_weight() + self.then.handshakes().map(|handshake| handshake.when.body_weight()).sum::<usize>()
    }

    /// Checks the condition by itself.
    ///
    /// # Errors
    ///
    /// [`RuleError`] when it asks what is not known yet.
    pub fn check(&self) -> Result<(), RuleError> {
        match self.when.asks_of_answer() {
            Some(name) => Err(RuleProblem::TooEarly(name).at(0)),
            None => Ok(()),
        }
    }
}

/// Checks that there are not too many.
///
/// # Errors
///
/// The position of the first that is too many, and what is wrong.
pub fn check_count(rules: &[&Rule]) -> Result<(), (usize, RuleProblem)> {
    let found = rules.len();
    if found > RULE_LIMIT { Err((RULE_LIMIT, RuleProblem::TooManyRules { found })) } else { Ok(()) }
}

/// The active rules. Nothing matching is the automatic answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// What the kept answer says of each rule.
    labels: Vec<ChosenBy>,
    /// The configuration's answers that have a name.
    answers: Vec<Arc<NamedAnswer>>,
    /// The configuration's saved filters.
    filters: SavedFilters,
    /// How long a held delivery waits unless its rule says.
    pub hold_for: Duration,
    /// Whether the automatic answer completes the handshakes of the route's sender.
    pub handshakes: bool,
    has_conditions: bool,
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::new(Vec::new(), DEFAULT_HOLD)
    }
}

impl RuleSet {
    /// These rules, which have been checked ([`Rule::check`], [`check_count`]).
    #[must_use]
    pub fn new(rules: Vec<Rule>, hold_for: Duration) -> Self {
        let only = rules.len() == 1;
        let labels = rules.iter().enumerate().map(|(at, rule)| label(at, rule, only)).collect();
        let has_conditions = rules.iter().any(|rule| !rule.is_for_all());
        let filters = SavedFilters::default();
        Self { rules, labels, answers: Vec::new(), filters, hold_for, handshakes: true, has_conditions }
    }

    /// These rules in the place of its own; the rest stays.
    #[must_use]
    pub fn replaced(&self, rules: Vec<Rule>) -> Self {
        Self::new(rules, self.hold_for)
            .with_answers(self.answers.clone())
            .with_filters(self.filters.clone())
            .with_handshakes(self.handshakes)
    }

    /// The same, with the configuration's own answers beside them.
    #[must_use]
    pub fn with_answers(self, answers: Vec<Arc<NamedAnswer>>) -> Self {
        Self { answers, ..self }
    }

    /// The same, with the configuration's saved filters beside them.
    #[must_use]
    pub fn with_filters(self, filters: SavedFilters) -> Self {
        Self { filters, ..self }
    }

    /// The same, with handshakes completed or not.
    #[must_use]
    pub fn with_handshakes(self, handshakes: bool) -> Self {
        Self { handshakes, ..self }
    }

    /// A reader of what a person types: it knows the answers and filters that have a name.
    #[must_use]
    pub fn reader(&self) -> RuleReader<'_> {
        RuleReader::new(&self.answers).with_filters(&self.filters)
    }

    /// The configuration's saved filters.
    #[must_use]
    pub fn filters(&self) -> &SavedFilters {
        &self.filters
    }

    /// The configuration's own answers, for a picker.
    #[must_use]
    pub fn answers(&self) -> &[Arc<NamedAnswer>] {
        &self.answers
    }

    /// The rules, the first match first.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the kept answers say of the rule at this position.
    #[must_use]
    pub fn label(&self, position: usize) -> ChosenBy {
        self.labels.get(position).cloned().unwrap_or_else(ChosenBy::auto)
    }

    /// What is odd about them, a sentence each: rules that can never match, as far as comparing conditions tells. They do
    /// no harm, and a rule above all others may be there for a moment only.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        // Only whole requests come before the rules: the rest is refused under every one of them.
        let whole = Query::parse("is:complete").unwrap_or_default();
        let remark = |(at, rule): (usize, &Rule)| {
            let condition = rule.condition();
            if condition.clone().and(whole.clone()).contradicts_itself() {
                return Some(format!("the rule '{}' can never match: its condition contradicts itself", short(rule)));
            }
            let earlier = self.rules[..at].iter().find(|earlier| earlier.condition().covers(&condition))?;
            let (rule, earlier) = (short(rule), short(earlier));
            Some(format!("the rule '{rule}' can never match: '{earlier}' above it takes every such delivery"))
        };
        self.rules.iter().enumerate().filter_map(remark).collect()
    }

    /// The cost of choosing for a delivery with a body of `bytes` bytes, and of doing what was chosen: in bytes searched for
    /// one text.
    #[must_use]
    pub fn work(&self, bytes: usize) -> usize {
        let weight = |rule: &Rule| rule.body_weight() + rule.then.body_weight();
        self.rules.iter().map(weight).sum::<usize>().saturating_mul(bytes)
    }

    /// The position of the rule for a delivery: the first that matches. `None` when none does.
    #[must_use]
    pub fn choose(&self, captured: &Captured) -> Option<usize> {
        if !self.has_conditions {
            return if self.rules.is_empty() { None } else { Some(0) };
        }
        let summary = summary_of(captured);
        let content = Unkept(captured);
        let now = captured.received_at;
        self.rules.iter().position(|rule| rule.matches(&summary, &content, now))
    }
}

/// `rule 2: 503`; an only rule for everything is known by what it does, `fixed 503`.
fn label(at: usize, rule: &Rule, only: bool) -> ChosenBy {
    let always = rule.is_for_all();
    match rule.then.plain() {
        Some(written) if only && always => ChosenBy::fixed(written.status),
        _ if always && rule.then.is_auto() => ChosenBy::auto(),
        _ => ChosenBy::rule(at, short(&rule.then)),
    }
}

/// The text of an action or a part of one, cut where it is long: a body may be.
#[must_use]
pub fn short(action: &impl Display) -> String {
    const LONGEST: usize = 120;
    let text = action.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What a filter asks of a delivery that has no number yet.
pub(super) fn summary_of(captured: &Captured) -> Summary {
    Summary {
        id: DeliveryId(0),
        received_at: captured.received_at,
        remote: captured.remote.clone(),
        method: captured.method.clone(),
        path: captured.path.clone(),
        webhook: captured.webhook.clone(),
        intake: captured.intake.clone(),
        event: captured.event.clone(),
        judgement: captured.judgement.clone(),
        body_bytes: captured.body.len() as u64,
        framing_bytes: captured.framing.as_bytes().len() as u64,
        cause: None,
        marks: crate::delivery::Marks::default(),
        image: captured.image.clone(),
        answer: None,
    }
}

pub(super) struct Unkept<'a>(pub(super) &'a Captured);

impl SearchedContent for Unkept<'_> {
    fn head(&self) -> Option<Head> {
        Some(self.0.head.clone())
    }

    fn may_inflate(&self) -> bool {
        false
    }

    fn body(&self) -> Option<Bytes> {
        Some(self.0.body.clone())
    }
}

/// The person's choice over all rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What is done.
    pub action: RuleAction,
    /// With the next delivery only, rather than until it is cleared.
    pub once: bool,
}

impl Override {
    /// What the kept answers say of it.
    #[must_use]
    pub fn label(&self) -> ChosenBy {
        match self.action.plain() {
            _ if self.action.is_auto() => ChosenBy::auto(),
            Some(written) => ChosenBy::fixed(written.status),
            None => ChosenBy::person(short(&self.action)),
        }
    }
}

/// When a held delivery came, until when it waits, and what happens then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub id: DeliveryId,
    /// Since when it waits.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What happens then, as text.
    pub default: String,
}
