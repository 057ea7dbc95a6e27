//! The rows of the picker: what can be answered.

use crate::rules::{
    ActionKind, AnswerChoice, CustomAnswer, ForwardTarget, Reply, RuleAction, RuleResponse, SendManner, TimedResponse,
    presets, short,
};
use crate::tui::screens::answers::state::{Answers, AnswersEffect};

/// What fails on purpose, for the picker: one of each kind, in the language of rules.
const FAILURES: [&str; 12] = [
    "fail 3 with 503 then auto",
    "wait 2s auto",
    "wait 15s auto",
    "trickle 8 per 1s 200",
    "drop",
    "drop in head 200",
    "drop after head 200",
    "reset",
    "reset after head 200",
    "length +10 200",
    "length -5 200",
    "redirect 307 /elsewhere",
];

/// The group of a row in the picker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickerGroup {
    /// Automatic, the rules, a held delivery's default.
    Usual,
    /// Chosen before in this run.
    Recent,
    /// An answer of one's own.
    Own,
    /// A ready-made answer.
    Ready,
    /// Waiting for a decision, or passing on.
    Pass,
    /// Failing on purpose.
    Fail,
}

impl PickerGroup {
    /// The heading over its rows; empty for none.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Usual => "",
            Self::Recent => "Recent",
            Self::Own => "Your own",
            Self::Ready => "Predefined",
            Self::Pass => "Hold and forward",
            Self::Fail => "Deliberate failures",
        }
    }
}

/// What choosing a row means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// The rules decide.
    Rules,
    /// Each held delivery's own default.
    Default,
    /// This is done.
    Action(Box<RuleAction>),
}

/// A row of the picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickerRow {
    /// Its group.
    pub group: PickerGroup,
    /// What it means.
    pub picked: Picked,
}

/// The picker's lines: the row of each, and none for a group's heading, which comes before its first row.
#[must_use]
pub fn items(rows: &[PickerRow]) -> Vec<Option<usize>> {
    let (mut items, mut before) = (Vec::new(), None);
    for (index, row) in rows.iter().enumerate() {
        if before != Some(row.group) && !row.group.title().is_empty() {
            items.push(None);
        }
        before = Some(row.group);
        items.push(Some(index));
    }
    items
}

impl PickerRow {
    fn of(group: PickerGroup, action: RuleAction) -> Self {
        Self { group, picked: Picked::Action(Box::new(action)) }
    }

    /// What is done, where it is one action.
    #[must_use]
    pub fn action(&self) -> Option<&RuleAction> {
        match &self.picked {
            Picked::Action(action) => Some(action),
            Picked::Rules | Picked::Default => None,
        }
    }

    /// The status that it answers with, where it is one written out.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.action()?.kind {
            ActionKind::Do(RuleResponse::Answer(AnswerChoice::Written(written), SendManner::Whole)) => {
                Some(written.status)
            }
            _ => None,
        }
    }

    /// The choice in a line; not yet visible text.
    #[must_use]
    pub fn words(&self, answers: &Answers) -> String {
        match &self.picked {
            Picked::Rules => match answers.set.rules().len() {
                1 => "the active rule".to_owned(),
                count => format!("the {count} active rules"),
            },
            Picked::Default => "the default answer".to_owned(),
            Picked::Action(action) if action.is_auto() => "auto, by the verdict: 200, 400 or 401".to_owned(),
            Picked::Action(action) => match (&action.kind, ready(action)) {
                (ActionKind::Do(RuleResponse::Answer(AnswerChoice::Named(named), SendManner::Whole)), _) => {
                    format!("{} ({})", named.name, named.written.status)
                }
                (_, Some(reply)) if reply.body.is_empty() => format!("{} (no body)", reply.status),
                (_, Some(reply)) => format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)),
                (_, None) => short(&**action),
            },
        }
    }
}

/// The ready-made answer that an action is.
fn ready(action: &RuleAction) -> Option<Reply> {
    let written = action.plain()?;
    presets().into_iter().find(|reply| CustomAnswer::of(reply) == *written)
}

impl Answers {
    /// The picker's rows. About held deliveries only what ends the waiting can be chosen.
    #[must_use]
    pub fn choices(&self, deciding: bool) -> Vec<PickerRow> {
        let mut choices = Vec::new();
        if deciding {
            choices.push(PickerRow { group: PickerGroup::Usual, picked: Picked::Default });
        } else if !self.set.rules().is_empty() {
            choices.push(PickerRow { group: PickerGroup::Usual, picked: Picked::Rules });
        }
        choices.push(PickerRow::of(PickerGroup::Usual, RuleAction::auto()));
        choices.extend(self.recent.iter().cloned().map(|action| PickerRow::of(PickerGroup::Recent, action)));
        let own = self.set.answers().iter().cloned().map(|named| RuleAction::from(AnswerChoice::Named(named)));
        choices.extend(own.map(|action| PickerRow::of(PickerGroup::Own, action)));
        choices.extend(presets().iter().map(|reply| PickerRow::of(PickerGroup::Ready, RuleAction::reply(reply))));
        let reader = self.set.reader();
        let mut read =
            |group, text: &str| choices.extend(reader.action(text).ok().map(|action| PickerRow::of(group, action)));
        read(PickerGroup::Pass, "hold");
        for target in self.targets().iter().map(ForwardTarget::url) {
            read(PickerGroup::Pass, &format!("forward {target}"));
        }
        FAILURES.iter().for_each(|text| read(PickerGroup::Fail, text));
        // A recent choice is listed once, at the top, even if it is a predefined or custom answer.
        let mut seen: Vec<PickerRow> = Vec::with_capacity(choices.len());
        for choice in choices {
            let is_known = seen.iter().any(|known| known.picked == choice.picked);
            let is_decision = choice.action().is_none_or(|action| matches!(action.kind, ActionKind::Do(_)));
            if !is_known && (is_decision || !deciding) {
                seen.push(choice);
            }
        }
        // What is in force is a row, whoever has chosen it, in whatever words.
        if let Some(chosen) = self.chosen.as_ref().filter(|_| !deciding && self.in_force(&seen).is_none()) {
            let place = seen.iter().take_while(|row| row.group == PickerGroup::Usual).count();
            seen.insert(place, PickerRow::of(PickerGroup::Recent, chosen.action.clone()));
        }
        seen
    }

    /// The active row.
    #[must_use]
    pub fn in_force(&self, choices: &[PickerRow]) -> Option<usize> {
        choices.iter().position(|choice| match (&choice.picked, &self.chosen) {
            (Picked::Action(action), Some(chosen)) => **action == chosen.action,
            (Picked::Action(action), None) => action.is_auto() && self.set.rules().is_empty(),
            (Picked::Rules, None) => true,
            (Picked::Rules | Picked::Default, _) => false,
        })
    }
}

/// What decides about held deliveries; `None` for what would make them wait on.
pub(crate) fn decision(picked: &Picked, ids: Vec<crate::delivery::DeliveryId>) -> Option<AnswersEffect> {
    match picked {
        Picked::Default => Some(AnswersEffect::LetGo(ids)),
        Picked::Action(action) => match &action.kind {
            ActionKind::Do(response) => {
                let act = TimedResponse { wait: action.wait, response: response.clone() };
                Some(AnswersEffect::Decide(ids, Box::new(act)))
            }
            ActionKind::Hold(_) | ActionKind::Fail(_) => None,
        },
        Picked::Rules => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Override;

    #[test]
    fn every_failure_can_be_read() {
        for text in FAILURES {
            crate::rules::RuleReader::default().action(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn what_is_in_force_is_a_row_whoever_has_chosen_it() {
        for text in ["503", "hold 60s", "wait 1s 200 \"ok\"", "401"] {
            let action = crate::rules::RuleReader::default().action(text).unwrap();
            let answers = Answers { chosen: Some(Override { action, once: false }), ..Answers::default() };
            let choices = answers.choices(false);
            let row = answers.in_force(&choices).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(choices[row].action(), answers.chosen.as_ref().map(|chosen| &chosen.action));
        }
    }

    #[test]
    fn a_held_delivery_is_not_made_to_wait_on() {
        let answers = Answers::default();
        let kinds = |deciding| {
            answers
                .choices(deciding)
                .iter()
                .filter(|choice| choice.action().is_some_and(|action| !matches!(action.kind, ActionKind::Do(_))))
                .count()
        };
        assert_eq!((kinds(false), kinds(true)), (2, 0));
        assert_eq!(answers.choices(true)[0].picked, Picked::Default);
    }
}
