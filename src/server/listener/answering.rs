//! The active rules, the person's choice over them, and how often a sequence has failed.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::received::OfferedSecret;
use crate::config::Registry;
use crate::delivery::{Captured, ChosenBy, Verdict};
use crate::rules::{
    self, ActionKind, AnswerChoice, AnsweredRequest, CountedBy, Facts, Fail, HandshakeReply, Hold, KnownHandshake,
    Override, Reply, Rule, RuleAction, RuleSet, TimedResponse, Wait,
};
use crate::server::Changes;

/// The most counts that are kept; the oldest is forgotten first, and then begins again.
const COUNTS: usize = 4096;

/// What is more work than searching this many bytes for one text (a fraction of a millisecond) is done on a thread of
/// its own.
const CHOSEN_INLINE: usize = 1 << 20;
/// Bodies beyond that which rules search at the same time, each on a thread of its own.
const SEARCHES: usize = 2;

/// See the module's page.
#[derive(Debug)]
pub(super) struct Answering {
    policy: RwLock<Arc<Policy>>,
    counts: Mutex<Counts>,
    changes: Changes,
    /// Room for [`SEARCHES`].
    searches: Arc<Semaphore>,
}

/// What is active at one moment.
#[derive(Debug, Default)]
struct Policy {
    rules: Arc<RuleSet>,
    /// How many deliveries each rule was chosen for in this run.
    chosen_for: Vec<Arc<AtomicU64>>,
    chosen: Option<Override>,
    /// Whether an override for the next delivery has been used; shared by all policies that have this override.
    used: Arc<AtomicBool>,
}

/// What was chosen for a delivery before it was kept.
pub(super) enum Chosen {
    /// It is not a whole request.
    Refused(Reply, ChosenBy),
    /// The automatic answer, the usual case.
    Auto(Verdict),
    /// The automatic answer to a handshake of the scheme's sender.
    Handshake(Box<HandshakeReply>),
    /// A rule's or the person's choice.
    Planned(Box<Planned>),
}

/// What was chosen, and the secret that the request offers if it is a handshake.
pub(super) struct ChosenAnswer {
    pub(super) chosen: Chosen,
    pub(super) offered: Option<OfferedSecret>,
}

impl From<Chosen> for ChosenAnswer {
    fn from(chosen: Chosen) -> Self {
        Self { chosen, offered: None }
    }
}

/// A choice, with what it needs to know of the delivery, whose number is not known yet.
pub(super) struct Planned {
    policy: Arc<Policy>,
    /// The rule's position; `None` for the person's choice.
    rule: Option<usize>,
    pub(super) facts: Facts,
    /// What stands for the body or the event in a count.
    key: u64,
}

/// A choice carried out as far as it can be without waiting.
pub(super) struct AnswerStep {
    pub(super) wait: Option<Wait>,
    pub(super) what: What,
    pub(super) label: ChosenBy,
}

pub(super) enum What {
    Do(TimedResponse),
    Hold(Hold, Duration),
}

impl Chosen {
    /// As it is logged: a rule by its position among those that are active, since its text may hold a body or a header's
    /// value.
    pub(super) fn logged(&self) -> String {
        match self {
            Self::Refused(..) => "refused".to_owned(),
            Self::Auto(_) => "auto".to_owned(),
            Self::Handshake(_) => "handshake".to_owned(),
            Self::Planned(planned) => match planned.rule {
                Some(rule) => format!("rule {}", rule + 1),
                None => "by hand".to_owned(),
            },
        }
    }
}

impl Answering {
    pub(super) fn new(rules: RuleSet) -> Self {
        let chosen_for = rules.rules().iter().map(|_| Arc::default()).collect();
        let policy = Policy { rules: Arc::new(rules), chosen_for, ..Policy::default() };
        Self {
            policy: RwLock::new(Arc::new(policy)),
            counts: Mutex::default(),
            changes: Changes::default(),
            searches: Arc::new(Semaphore::new(SEARCHES)),
        }
    }

    pub(super) fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.policy().rules)
    }

    pub(super) fn chosen(&self) -> Option<Override> {
        let policy = self.policy();
        policy.chosen.clone().filter(|chosen| !(chosen.once && policy.used.load(Ordering::Acquire)))
    }

    pub(super) fn set_rules(&self, rules: RuleSet) {
        let mut policy = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        let used = Arc::clone(&policy.used);
        // A rule that stays goes on counting, wherever it stands now.
        let before = |rule: &Rule| policy.rules.rules().iter().position(|known| known == rule);
        let count = |rule| before(rule).map(|at| Arc::clone(&policy.chosen_for[at])).unwrap_or_default();
        let chosen_for = rules.rules().iter().map(count).collect();
        *policy = Arc::new(Policy { rules: Arc::new(rules), chosen_for, chosen: policy.chosen.clone(), used });
        drop(policy);
        self.changes.tell();
    }

    /// The active rules, and how many deliveries each was chosen for in this run.
    pub(super) fn counted_rules(&self) -> (Arc<RuleSet>, Vec<u64>) {
        let policy = self.policy();
        let counts = policy.chosen_for.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        (Arc::clone(&policy.rules), counts)
    }

    pub(super) fn set_override(&self, chosen: Option<Override>) {
        let mut policy = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        *policy = Arc::new(Policy {
            rules: Arc::clone(&policy.rules),
            chosen_for: policy.chosen_for.clone(),
            chosen,
            used: Arc::default(),
        });
        drop(policy);
        self.changes.tell();
    }

    /// Told when the rules or the person's choice are others.
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Chooses for a delivery, from what is known of it now. What takes long, since bodies are searched for it, is
    /// done on a thread of its own; a few at a time, so that they leave the processors to others.
    pub(super) async fn choose(&self, captured: Captured, registry: Arc<Registry>) -> (Captured, ChosenAnswer) {
        let policy = self.policy();
        if policy.work(&captured) <= CHOSEN_INLINE {
            let chosen = policy.choose(&captured, &registry);
            return (captured, chosen);
        }
        // It is never closed; without a permit it would only be done at once.
        let permit = Arc::clone(&self.searches).acquire_owned().await.ok();
        let choosing = move || {
            crate::system::panic::panic_for_test("choose");
            let chosen = policy.choose(&captured, &registry);
            drop(permit);
            (captured, chosen)
        };
        match tokio::task::spawn_blocking(choosing).await {
            Ok(chosen) => chosen,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }

    /// A delivery was not kept: a choice for the next one that it was chosen by is still to come.
    pub(super) fn give_back(&self, chosen: &Chosen) {
        let Chosen::Planned(planned) = chosen else { return };
        if planned.rule.is_none() && planned.policy.chosen.as_ref().is_some_and(|chosen| chosen.once) {
            planned.policy.used.store(false, Ordering::Release);
            self.changes.tell();
        }
    }

    /// Says what is to be done, and counts it where it is a sequence.
    pub(super) fn step(&self, planned: &Planned) -> AnswerStep {
        let action = planned.action();
        let label = planned.label();
        match &action.kind {
            ActionKind::Do(response) => {
                AnswerStep { wait: action.wait, what: What::Do(response.clone().into()), label }
            }
            ActionKind::Hold(hold) => {
                let patience = hold.patience.unwrap_or(planned.policy.rules.hold_for);
                AnswerStep { wait: action.wait, what: What::Hold(hold.clone(), patience), label }
            }
            ActionKind::Fail(fail) => {
                let count = self.count(action, planned.key);
                let Fail { times, with, then, .. } = fail;
                let (act, label) = if count <= u64::from(*times) {
                    (with, label.noting(format_args!("{count} of {times}")))
                } else {
                    (then, label.noting(format_args!("after {times}")))
                };
                AnswerStep { wait: action.wait, what: What::Do(act.clone()), label }
            }
        }
    }

    fn count(&self, action: &RuleAction, key: u64) -> u64 {
        // By its text: a file that is read again does not begin a rule's count again.
        let key = (hash(action.to_string()), key);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).next(key)
    }

    fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Policy {
    /// How much work it is to choose, as [`RuleSet::work`] counts.
    fn work(&self, captured: &Captured) -> usize {
        let bytes = captured.body.len();
        let chosen = self.chosen.as_ref().map_or(0, |chosen| chosen.action.body_weight());
        self.rules.work(bytes).saturating_add(chosen.saturating_mul(bytes))
    }

    fn choose(self: Arc<Self>, captured: &Captured, registry: &Registry) -> ChosenAnswer {
        if let Some((reply, label)) = rules::refusal(&captured.intake) {
            return Chosen::Refused(reply, label).into();
        }
        let route = registry.route(captured.head.target());
        let request = AnsweredRequest {
            head: &captured.head,
            body: &captured.body,
            scheme: route.schemes.of_request(&captured.head, &captured.body),
            secret: rules::handshake_secret(route.secrets, captured.judgement.secret.as_deref()),
        };
        let known = match self.rules.handshakes {
            true => route.handshakes.recognise_captured(captured, &request),
            false => None,
        };
        let (handshake, secret) = known.map_or((None, None), |KnownHandshake { reply, secret }| (Some(reply), secret));
        let offered = secret.map(|secret| OfferedSecret { secret, target: captured.head.target().to_vec() });
        ChosenAnswer { chosen: self.choose_answer(captured, &request, handshake), offered }
    }

    fn choose_answer(
        self: Arc<Self>,
        captured: &Captured,
        request: &AnsweredRequest<'_>,
        handshake: Option<HandshakeReply>,
    ) -> Chosen {
        let rule = match &self.chosen {
            Some(chosen) if !chosen.once || !self.used.swap(true, Ordering::AcqRel) => None,
            _ => match self.rules.choose(captured) {
                Some(rule) => {
                    self.chosen_for[rule].fetch_add(1, Ordering::Relaxed);
                    Some(rule)
                }
                None => {
                    let auto = Chosen::Auto(captured.judgement.verdict);
                    return handshake.map_or(auto, |handshake| Chosen::Handshake(Box::new(handshake)));
                }
            },
        };
        let facts = Facts::of(captured).with_handshake(handshake);
        let mut planned = Planned { policy: self, rule, facts, key: 0 };
        if planned.action().answers().any(AnswerChoice::asks_request) {
            let facts = std::mem::take(&mut planned.facts);
            planned.facts = facts.with_request(planned.action().answers(), request);
        }
        if let ActionKind::Fail(fail) = &planned.action().kind {
            planned.key = match fail.per {
                CountedBy::All => 0,
                CountedBy::Body => hash(&captured.body[..]),
                CountedBy::Event => hash(&captured.event.event),
            };
        }
        Chosen::Planned(Box::new(planned))
    }
}

impl Planned {
    fn action(&self) -> &RuleAction {
        match (self.rule, &self.policy.chosen) {
            (Some(rule), _) => &self.policy.rules.rules()[rule].then,
            (None, Some(chosen)) => &chosen.action,
            (None, None) => unreachable!("without a rule it is the person's choice"),
        }
    }

    fn label(&self) -> ChosenBy {
        match (self.rule, &self.policy.chosen) {
            (None, Some(chosen)) => chosen.label(),
            (rule, _) => self.policy.rules.label(rule.unwrap_or(usize::MAX)),
        }
    }
}

/// How often each sequence was asked, for a bounded number of them.
#[derive(Debug, Default)]
struct Counts {
    counts: HashMap<(u64, u64), u64>,
    order: VecDeque<(u64, u64)>,
}

impl Counts {
    fn next(&mut self, key: (u64, u64)) -> u64 {
        if let Some(count) = self.counts.get_mut(&key) {
            *count += 1;
            return *count;
        }
        if self.order.len() >= COUNTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.order.push_back(key);
        self.counts.insert(key, 1);
        1
    }
}

/// With a new key in each run, so that no sender can aim at another's count.
fn hash(value: impl std::hash::Hash) -> u64 {
    static KEYS: std::sync::LazyLock<RandomState> = std::sync::LazyLock::new(RandomState::new);
    KEYS.hash_one(value)
}

/// A length of the pause for one delivery.
pub(super) fn length(wait: Wait) -> Duration {
    if wait.min == wait.max {
        return wait.min;
    }
    // Without randomness it is the longest of all, which is within what was asked for.
    wait.length(getrandom::u32().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(bytes: usize) -> Captured {
        let incoming = super::super::capture::Incoming {
            remote: String::new(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            head: "POST / HTTP/1.1\r\n\r\n".into(),
            body: vec![b'a'; bytes].into(),
            framing: crate::http::WireFraming::NONE,
            intake: crate::delivery::Intake::Complete,
        };
        super::super::capture::capture(incoming, &crate::config::Registry::default())
    }

    fn answering(rules: &[String]) -> Answering {
        let rules = rules.iter().map(|rule| rules::RuleReader::new(&[]).rule(rule).unwrap());
        Answering::new(RuleSet::new(rules.collect(), Duration::ZERO))
    }

    /// What is little work is done at once, where it is asked for; the rest never is.
    #[tokio::test]
    async fn what_takes_long_is_chosen_elsewhere() {
        use std::future::Future as _;
        use std::task::{Context, Waker};
        let searching: Vec<String> = (0..10).map(|rule| format!("body:b{rule} -> 202")).collect();
        let per_body = ["fail 2 per body with 503 then 200".to_owned()];
        let plain = ["verdict:bad -> 503".to_owned()];
        let cases: [(&[String], usize, bool); 5] = [
            (&searching, 1000, true),
            (&searching, 1 << 20, false),
            (&per_body, 1000, true),
            (&per_body, 1 << 20, false),
            (&plain, 8 << 20, true),
        ];
        for (rules, bytes, is_at_once) in cases {
            let answering = answering(rules);
            let mut choosing = std::pin::pin!(answering.choose(captured(bytes), Arc::default()));
            let first = choosing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(first.is_ready(), is_at_once, "{rules:?} {bytes}");
            if first.is_pending() {
                assert_eq!(choosing.await.0.body.len(), bytes);
            }
        }
    }

    fn is_by_hand(chosen: &ChosenAnswer) -> bool {
        matches!(&chosen.chosen, Chosen::Planned(planned) if planned.rule.is_none())
    }

    #[test]
    fn a_choice_for_the_next_delivery_is_used_once_whatever_is_reloaded_meanwhile() {
        let answering = answering(&[]);
        let reload = || answering.set_rules(RuleSet::default());
        let choose = |policy: Arc<Policy>| policy.choose(&captured(10), &Registry::default());
        let action = rules::RuleReader::new(&[]).action("418").unwrap();
        answering.set_override(Some(Override { action, once: true }));
        // A delivery that has begun before the rules are read again, and one after.
        let before = answering.policy();
        reload();
        let chosen = choose(before);
        assert!(is_by_hand(&chosen) && answering.chosen().is_none());
        assert!(!is_by_hand(&choose(answering.policy())));
        // It was not kept: the next has it, and no second one.
        answering.give_back(&chosen.chosen);
        reload();
        assert!(answering.chosen().is_some());
        assert!(is_by_hand(&choose(answering.policy())) && !is_by_hand(&choose(answering.policy())));
        // What is chosen for good is given back by nobody, and neither is a rule's choice.
        let other = choose(answering.policy());
        answering.give_back(&other.chosen);
        assert!(answering.chosen().is_none());
        // Another choice has come meanwhile: it stays.
        let action = rules::RuleReader::new(&[]).action("500").unwrap();
        answering.set_override(Some(Override { action, once: true }));
        assert!(is_by_hand(&choose(answering.policy())));
        answering.give_back(&chosen.chosen);
        assert!(answering.chosen().is_none());
    }

    #[test]
    fn counts_are_bounded_and_the_oldest_begins_again() {
        let mut counts = Counts::default();
        assert_eq!((counts.next((1, 0)), counts.next((1, 0))), (1, 2));
        for other in 0..COUNTS as u64 {
            counts.next((2, other));
        }
        assert_eq!((counts.counts.len(), counts.order.len()), (COUNTS, COUNTS));
        assert_eq!(counts.next((1, 0)), 1);
        assert_eq!(counts.next((2, COUNTS as u64 - 1)), 2);
    }
}
