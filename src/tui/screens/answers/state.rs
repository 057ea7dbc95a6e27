//! What goes back to senders, as the interface knows it: the rules and the choice over them, what is
//! held, and what is known of the shown delivery's answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use crate::tui::screens::answer::state::{AnswerStory, StoryView};
pub use crate::tui::screens::answers::choice::{Picked, PickerGroup, PickerRow};
pub use crate::tui::screens::answers::editor::{Editor, EditorField};
use crate::tui::screens::answers::rules::merged;
pub use crate::tui::screens::answers::rules::{RuleLine, RuleRow, RulesView, as_toml};
pub use crate::tui::screens::answers::window::{AnswerOverlay, Picker};

use crate::delivery::DeliveryId;
use crate::rules::{
    ActionKind, AnswerChoice, Close, ForwardTarget, Held, NamedAnswer, Override, Rule, RuleAction, RuleResponse,
    RuleSet, SendManner, TimedResponse, short,
};

/// The choices that are remembered.
const RECENT: usize = 4;
/// Where answers are saved when no configuration was read.
const DEFAULT_FILE: &str = "whyhook.toml";

/// A snapshot of the listener's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswersState {
    /// The active rules.
    pub rules: Arc<RuleSet>,
    /// How many deliveries each was chosen for in this run.
    pub counts: Vec<u64>,
    /// The choice over them.
    pub chosen: Option<Override>,
    /// What is held, the longest waiting first.
    pub held: Vec<Held>,
    /// This moment.
    pub now: Timestamp,
}

/// What the interface asks of the listener's answers.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswersEffect {
    /// Choose over the rules, or take the choice back.
    Choose(Option<Box<Override>>),
    /// Activate these rules.
    SetRules(Arc<RuleSet>),
    /// Decide about held deliveries.
    Decide(Vec<DeliveryId>, Box<TimedResponse>),
    /// Let held deliveries go with their defaults.
    LetGo(Vec<DeliveryId>),
    /// Look for a delivery's forwards and its sender's other attempts.
    Tell(DeliveryId),
    /// Save an answer in a configuration file.
    Save(PathBuf, Arc<NamedAnswer>),
    /// Send a delivery to this URL again.
    SendAgain(DeliveryId, String),
}

/// What comes back.
#[derive(Debug)]
pub enum AnswersNews {
    /// The current state.
    State(Box<AnswersState>),
    /// What was found of a delivery's answer, or why it cannot be read.
    Story(DeliveryId, Result<Box<AnswerStory>, String>),
    /// How saving went: the file in visible text, or why not.
    Saved(Arc<NamedAnswer>, Result<String, String>),
    /// How sending again went, in words.
    SentAgain(DeliveryId, Result<String, String>),
    /// The result of a decision: how many deliveries were answered, and how many were gone already.
    Decided(usize, usize),
    /// The rules are invalid; the listener keeps the previous ones.
    Refused(String),
    /// The configuration file was reloaded: the number of active rules, and the file.
    Reloaded(usize, PathBuf),
}

/// See the module's page.
#[derive(Debug)]
pub struct Answers {
    /// The configuration file that was read.
    pub config: Option<PathBuf>,
    /// Where one would be made, when that is not the current folder.
    pub(crate) place: Option<PathBuf>,
    /// The active rules.
    pub set: Arc<RuleSet>,
    /// The active rules, and among them those that are switched off.
    pub rules: Vec<RuleRow>,
    /// The choice over the rules.
    pub chosen: Option<Override>,
    /// What is held, the longest waiting first.
    pub held: Vec<Held>,
    /// The moment of which the rest speaks.
    pub now: Timestamp,
    /// What was chosen last, the latest first.
    pub(crate) recent: Vec<RuleAction>,
    /// What is known of the shown delivery's answer.
    pub story: StoryView,
    /// The rules before they were changed here, while what is on differs from them and is not saved.
    pub(crate) saved: Option<Vec<Rule>>,
    /// The rules that were deleted here, each with its place, the latest last.
    pub(crate) deleted: Vec<(usize, RuleRow)>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            config: None,
            place: None,
            set: Arc::default(),
            rules: Vec::new(),
            chosen: None,
            held: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            recent: Vec::new(),
            story: StoryView::default(),
            saved: None,
            deleted: Vec::new(),
        }
    }
}

impl Answers {
    /// At the start of a run.
    #[must_use]
    pub fn new(config: Option<&Path>, state: AnswersState) -> Self {
        let mut answers = Self { config: config.map(Path::to_owned), ..Self::default() };
        answers.take_in(state);
        answers
    }

    /// Whether the rules were changed here, are not saved since, and were not put back.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.saved.is_some()
    }

    /// Takes in the current state. Returns how many deliveries are newly held.
    pub(crate) fn take_in(&mut self, state: AnswersState) -> usize {
        let AnswersState { rules, counts, chosen, held, now } = state;
        let in_force = self.rules.iter().filter(|row| row.on).map(|row| &row.rule);
        if !in_force.eq(rules.rules()) {
            // Somebody else has changed them; what is switched off is known here alone.
            self.rules = merged(&self.rules, rules.rules());
        }
        let counted = self.rules.iter_mut().filter(|row| row.on).zip(counts);
        counted.for_each(|(row, count)| row.answered = count);
        let newly = held.iter().filter(|held| !self.held.iter().any(|known| known.id == held.id)).count();
        (self.set, self.chosen, self.held, self.now) = (rules, chosen, held, now);
        newly
    }

    /// The delivery, if it is held.
    #[must_use]
    pub fn held_one(&self, id: DeliveryId) -> Option<&Held> {
        self.held.iter().find(|held| held.id == id)
    }

    /// The seconds that a held delivery still waits, rounded up.
    #[must_use]
    pub fn seconds_left(&self, held: &Held) -> u64 {
        let left = Duration::try_from(held.until.duration_since(self.now)).unwrap_or_default();
        left.as_secs() + u64::from(left.subsec_nanos() > 0)
    }

    /// What is done with the next delivery, for the top line, and the same in fewer words.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        if let Some(Override { action, once }) = &self.chosen {
            let (words, brief) = action_words(action, self.set.hold_for);
            return if *once { (format!("{words} (next one)"), format!("{brief} (next)")) } else { (words, brief) };
        }
        match self.set.rules() {
            [] => ("answers auto".to_owned(), "auto".to_owned()),
            [one] if one.is_for_all() => action_words(&one.then, self.set.hold_for),
            [_] => ("answers by 1 rule".to_owned(), "1 rule".to_owned()),
            many => (format!("answers by {} rules", many.len()), format!("{} rules", many.len())),
        }
    }

    /// Whether every delivery gets the documented answer.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        match (&self.chosen, self.set.rules()) {
            (Some(chosen), _) => chosen.action.is_auto(),
            (None, rules) => rules.iter().all(|rule| rule.then.is_auto()),
        }
    }

    /// The servers that deliveries are passed on to, in the order in which the rules name them.
    #[must_use]
    pub fn targets(&self) -> Vec<ForwardTarget> {
        let chosen = self.chosen.iter().map(|chosen| &chosen.action);
        let actions = chosen.chain(self.rules.iter().map(|row| &row.rule.then)).chain(&self.recent);
        let mut targets: Vec<ForwardTarget> = Vec::new();
        for target in actions
            .flat_map(responses)
            .flat_map(|response| if let RuleResponse::Forward(to) = response { &to[..] } else { &[] })
        {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
        targets
    }

    /// Remembers what was chosen.
    pub(crate) fn remember(&mut self, action: &RuleAction) {
        self.recent.retain(|known| known != action);
        self.recent.insert(0, action.clone());
        self.recent.truncate(RECENT);
    }

    /// Where answers are saved unless another file is named.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.config.clone().or_else(|| self.place.clone()).unwrap_or_else(|| DEFAULT_FILE.into())
    }
}

/// Everything that an action may do.
fn responses(action: &RuleAction) -> Vec<&RuleResponse> {
    match &action.kind {
        ActionKind::Do(response) => vec![response],
        ActionKind::Hold(hold) => vec![&hold.otherwise.response],
        ActionKind::Fail(fail) => vec![&fail.with.response, &fail.then.response],
    }
}

/// What an action does, with whyhook as the subject, and the same in fewer words: `answers 503` and `503`, `holds 10s`.
fn action_words(action: &RuleAction, hold_for: Duration) -> (String, String) {
    const LONGEST: usize = 36;
    let cut = |text: String| crate::text::clip(&text, LONGEST).into_owned();
    // Where there is little room, that an answer is meant goes without saying.
    let answers = |what: String| (cut(format!("answers {what}")), crate::text::clip(&what, LONGEST - 8).into_owned());
    let words = match (action.wait, &action.kind) {
        (None, ActionKind::Do(RuleResponse::Answer(AnswerChoice::Written(written), SendManner::Whole))) => {
            return answers(written.status.to_string());
        }
        (None, ActionKind::Do(RuleResponse::Answer(AnswerChoice::Named(named), SendManner::Whole))) => {
            let what = format!("{} ({})", named.name, named.written.status);
            return (format!("answers {what}"), what);
        }
        (None, ActionKind::Do(RuleResponse::Forward(targets))) => {
            let more = if targets.len() > 1 { format!(" and {}", targets.len() - 1) } else { String::new() };
            cut(format!("forwards to {}{more}", targets.first().map_or("", ForwardTarget::url)))
        }
        (None, ActionKind::Do(RuleResponse::Close(Close { reset, .. }))) => {
            if *reset { "resets" } else { "drops" }.to_owned()
        }
        (None, ActionKind::Hold(hold)) => format!("holds {:?}", hold.patience.unwrap_or(hold_for)),
        _ => return answers(short(action)),
    };
    (words.clone(), words)
}
