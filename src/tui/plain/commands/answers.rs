//! Answers, held deliveries and rules.

use crate::delivery::DeliveryId;
use crate::rules::{Override, RuleAction};
use crate::text::{counted, visible};
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::plain::conversation::{Awaited, Conversation};
use crate::tui::plain::words::RulesChange;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::choice::{Picked, decision};
use crate::tui::screens::answers::rules::off_words;
use crate::tui::screens::answers::state::{AnswerOverlay, AnswersEffect};
use crate::tui::screens::answers::update::window;

impl Conversation {
    /// The current answer, and what can be chosen.
    pub(in crate::tui::plain) fn print_answers(&mut self, model: &Model) {
        self.say(&format!("whyhook {}", model.answers.words().0));
        self.say("answer takes one of these, or any action of a rule:");
        for row in model.answers.choices(false) {
            let words = match &row.picked {
                Picked::Action(action) => action.to_string(),
                Picked::Rules => format!("clear ({})", row.words(&model.answers)),
                Picked::Default => continue,
            };
            self.say(&words);
        }
    }

    fn action(&mut self, model: &Model, text: &str) -> Option<RuleAction> {
        match model.answers.set.reader().action(text) {
            Ok(action) => Some(action),
            Err(error) => {
                self.say(&format!("invalid answer '{}': {}", visible(text), error.problem));
                None
            }
        }
    }

    pub(in crate::tui::plain) fn answer(&mut self, model: &mut Model, text: &str, once: bool) {
        let Some(action) = self.action(model, text) else { return };
        model.answers.remember(&action);
        let words = if once { "the next delivery gets" } else { "from now on every delivery gets" };
        self.say(&format!("{words} {action}; answer clear lets the rules decide"));
        self.effects.push(Effect::Answers(AnswersEffect::Choose(Some(Box::new(Override { action, once })))));
    }

    pub(in crate::tui::plain) fn print_held(&mut self, model: &Model) {
        if model.answers.held.is_empty() {
            return self.say("no delivery is held");
        }
        for held in &model.answers.held {
            let seconds = model.answers.seconds_left(held);
            self.say(&format!("delivery {}: {seconds} s left, then {}", held.id, held.default));
        }
    }

    /// Decides about one held delivery, or all.
    pub(in crate::tui::plain) fn release(&mut self, model: &mut Model, id: Option<DeliveryId>, answer: Option<&str>) {
        let held = model.answers.held.iter().map(|held| held.id);
        let ids: Vec<DeliveryId> = held.filter(|held| id.is_none_or(|id| id == *held)).collect();
        if ids.is_empty() {
            return self.say(&match id {
                Some(id) if id > model.last => format!("there is no delivery {id}"),
                Some(id) => format!("delivery {id} is not held: held lists those that are"),
                None => "no delivery is held".to_owned(),
            });
        }
        let picked = match answer {
            None => Picked::Default,
            Some(text) => match self.action(model, text) {
                Some(action) => Picked::Action(Box::new(action)),
                None => return,
            },
        };
        match decision(&picked, ids) {
            Some(effect) => self.effects.push(Effect::Answers(effect)),
            None => self.say("that would make it wait on: expected what ends the waiting, such as 200, 503 or drop"),
        }
    }

    pub(in crate::tui::plain) fn rules(&mut self, model: &mut Model, change: RulesChange) {
        let count = model.answers.rules.len();
        let at = match &change {
            RulesChange::List => return self.print_rules(model),
            RulesChange::Add(_) | RulesChange::Undo | RulesChange::Save => count.saturating_sub(1),
            RulesChange::Delete(at) | RulesChange::Switch(at) | RulesChange::Up(at) | RulesChange::Down(at) => *at,
        };
        if at >= count && !matches!(change, RulesChange::Add(_) | RulesChange::Undo | RulesChange::Save) {
            return self.say(&format!("no rule {}: rules lists them", at + 1));
        }
        self.act(model, Action::Answer(AnswerAction::Rules));
        if let Some(AnswerOverlay::Rules(view)) = window(model) {
            view.cursor = at;
        }
        let action = match &change {
            RulesChange::Add(_) => AnswerAction::AddRule,
            RulesChange::Delete(_) => AnswerAction::DeleteRule,
            RulesChange::Undo => AnswerAction::UndoRule,
            RulesChange::Switch(_) => AnswerAction::SwitchRule,
            RulesChange::Up(_) => AnswerAction::RaiseRule,
            RulesChange::Down(_) => AnswerAction::LowerRule,
            _ => AnswerAction::SaveRules,
        };
        self.act(model, Action::Answer(action));
        if let RulesChange::Add(text) = &change {
            self.send(model, Message::Paste(zeroize::Zeroizing::new(text.clone())));
            self.act(model, Action::Accept);
        }
        if change == RulesChange::Save {
            self.awaited = Some(Awaited::Overlay);
            return;
        }
        let problem = match window(model) {
            Some(AnswerOverlay::Rules(view)) => {
                let of_line = view.line.as_ref().and_then(|line| line.problem.clone()).map(|(_, problem)| problem);
                of_line.or_else(|| view.problem.clone())
            }
            _ => None,
        };
        self.close(model);
        if let Some(problem) = problem {
            self.say(&problem);
        }
        self.print_rules(model);
    }

    fn print_rules(&mut self, model: &Model) {
        let rules = &model.answers.rules;
        if rules.is_empty() {
            self.say("no rules: rules add is:sim -> 503 adds one; until then whyhook answers by the verdict");
        }
        for (index, row) in rules.iter().enumerate() {
            let off = if row.on { "" } else { ", switched off" };
            let times = counted(row.answered, "delivery");
            self.say(&format!("rule {}: {}, chosen for {times}{off}", index + 1, row.rule));
        }
        if model.answers.is_unsaved() {
            self.say("not saved: rules save writes them into the configuration");
        }
        let off = off_words(rules);
        if !off.is_empty() {
            self.say(&off);
        }
    }
}
