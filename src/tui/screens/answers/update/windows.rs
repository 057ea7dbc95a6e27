//! Keys in the windows about answers.

use std::sync::Arc;

use tui_input::InputRequest;

use super::{ChosenFor, choose, effect, is_answer, open, say, warn, window, write};
use crate::rules::{AnswerChoice, NamedAnswer, Rule, RuleSet};
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::choice::{Picked, PickerRow, decision};
use crate::tui::screens::answers::rules::{RuleLine, RuleRow, as_toml, check};
use crate::tui::screens::answers::state::AnswersEffect;
use crate::tui::screens::answers::window::{AnswerOverlay, Picker};
use crate::tui::screens::saving;
use crate::tui::screens::saving::state::ToSave;

/// A key while a window about answers is open.
pub(crate) fn act_on_window(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(AnswerOverlay::Rules(rules)) = window(model)
        && rules.line.is_some()
    {
        return Vec::new();
    }
    match (window(model), action) {
        (Some(AnswerOverlay::Picker(_)), _) => act_on_picker(model, action),
        (Some(AnswerOverlay::Editor(editor)), action) => {
            match action {
                Action::NextField => editor.turn(1),
                Action::PreviousField => editor.turn(-1),
                Action::Move(step) => editor.step(step == crate::tui::app::step::Step::Down),
                Action::Answer(AnswerAction::PreviewDown) => editor.preview += 3,
                Action::Answer(AnswerAction::PreviewUp) => editor.preview = editor.preview.saturating_sub(3),
                Action::Answer(AnswerAction::Use) => return use_written(model, ChosenFor::EveryNext),
                Action::Answer(AnswerAction::Once) => return use_written(model, ChosenFor::OneNext),
                Action::Answer(AnswerAction::Save) => return save(model),
                _ => {}
            }
            Vec::new()
        }
        (Some(AnswerOverlay::Rules(_)), _) => act_on_rules(model, action),
        (None, _) => Vec::new(),
    }
}

/// The chosen row of the picker.
fn chosen_row(model: &Model, picker: &Picker) -> Option<PickerRow> {
    model.answers.choices(!picker.deciding.is_empty()).into_iter().nth(picker.cursor)
}

fn act_on_picker(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = model.viewport.overlay_rows;
    let count = match window(model) {
        Some(AnswerOverlay::Picker(picker)) => {
            let deciding = !picker.deciding.is_empty();
            model.answers.choices(deciding).len()
        }
        _ => 0,
    };
    let Some(AnswerOverlay::Picker(picker)) = window(model) else { return Vec::new() };
    match action {
        Action::Move(step) => {
            picker.cursor = step.apply(picker.cursor, count, rows);
            picker.preview = 0;
        }
        Action::Answer(AnswerAction::ToStatus(class)) => {
            let from = picker.cursor;
            let deciding = !picker.deciding.is_empty();
            let rows = model.answers.choices(deciding);
            let is_of_class = |at: &usize| {
                rows.get(*at).and_then(PickerRow::status).is_some_and(|status| status / 100 == u16::from(class))
            };
            let next = (from + 1..rows.len()).chain(0..=from).find(is_of_class);
            if let (Some(AnswerOverlay::Picker(picker)), Some(next)) = (window(model), next) {
                (picker.cursor, picker.preview) = (next, 0);
            }
        }
        Action::Answer(AnswerAction::PreviewDown) => picker.preview += 3,
        Action::Answer(AnswerAction::PreviewUp) => picker.preview = picker.preview.saturating_sub(3),
        Action::Answer(AnswerAction::Clear) => {
            model.overlay = None;
            return super::clear(model);
        }
        Action::Answer(AnswerAction::Rules) => return super::act(model, AnswerAction::Rules),
        Action::Answer(AnswerAction::Once) => return accept_picker(model, ChosenFor::OneNext),
        Action::Answer(AnswerAction::Write) => {
            let picker = std::mem::take(picker);
            let row = chosen_row(model, &picker);
            let action = row.as_ref().and_then(PickerRow::action).filter(|action| is_answer(action));
            return write(model, action, Some(picker));
        }
        _ => {}
    }
    Vec::new()
}

/// Enter in a window about answers.
pub(crate) fn accept(model: &mut Model) -> Vec<Effect> {
    match window(model) {
        Some(AnswerOverlay::Picker(_)) => accept_picker(model, ChosenFor::EveryNext),
        Some(AnswerOverlay::Editor(editor)) => {
            editor.enter();
            Vec::new()
        }
        Some(AnswerOverlay::Rules(rules)) if rules.line.is_some() => accept_rule(model),
        Some(AnswerOverlay::Rules(_)) => act_on_rules(model, Action::Answer(AnswerAction::EditRule)),
        None => Vec::new(),
    }
}

fn accept_picker(model: &mut Model, deliveries: ChosenFor) -> Vec<Effect> {
    let Some(AnswerOverlay::Picker(picker)) = window(model) else { return Vec::new() };
    let picker = std::mem::take(picker);
    let chosen = chosen_row(model, &picker);
    model.overlay = None;
    chosen.map_or_else(Vec::new, |choice| settle_on(model, &choice.picked, picker, deliveries))
}

/// Answers with the choice: the next deliveries, or the held ones.
fn settle_on(model: &mut Model, picked: &Picked, picker: Picker, deliveries: ChosenFor) -> Vec<Effect> {
    if picker.deciding.is_empty() {
        let effects = choose(model, picked, deliveries);
        let words = model.answers.words().0;
        say(model, format!("whyhook {words}"));
        return effects;
    }
    if let Picked::Action(action) = picked {
        model.answers.remember(action);
    }
    decision(picked, picker.deciding).map_or_else(Vec::new, effect)
}

fn use_written(model: &mut Model, deliveries: ChosenFor) -> Vec<Effect> {
    let lost = model.lost().map(|lost| format!("not used: {lost}"));
    let Some(AnswerOverlay::Editor(editor)) = window(model) else { return Vec::new() };
    // What is wrong with it is on the screen.
    let Ok(named) = editor.answer.clone() else { return Vec::new() };
    if let Some(lost) = lost {
        editor.saved = Some(Err(lost));
        return Vec::new();
    }
    let picker = editor.from.take().unwrap_or_default();
    let is_saved = editor.saved.as_ref().is_some_and(Result::is_ok);
    model.overlay = None;
    let answer = if is_saved { AnswerChoice::Named(named) } else { AnswerChoice::Written(named.written.clone()) };
    settle_on(model, &Picked::Action(Box::new(answer.into())), picker, deliveries)
}

fn save(model: &mut Model) -> Vec<Effect> {
    let Some(AnswerOverlay::Editor(editor)) = window(model) else { return Vec::new() };
    match editor.to_save() {
        Ok(_) if editor.file().trim().is_empty() => {
            editor.saved = Some(Err("enter the file to save it in".to_owned()));
            Vec::new()
        }
        Ok(named) => {
            let file = editor.file().into();
            effect(AnswersEffect::Save(file, named))
        }
        Err(problem) => {
            editor.saved = Some(Err(problem));
            Vec::new()
        }
    }
}

/// The result of saving. The answer can be used by its name at once, whether its file is watched or not.
pub(super) fn saved(model: &mut Model, named: &Arc<NamedAnswer>, outcome: Result<String, String>) -> Vec<Effect> {
    let words = outcome.clone().map(|file| format!("saved {} in {file}", named.name));
    match window(model) {
        Some(AnswerOverlay::Editor(editor)) => editor.saved = Some(words),
        _ => model.say_outcome(words),
    }
    if outcome.is_err() {
        return Vec::new();
    }
    let before = &model.answers.set;
    let mut answers = before.answers().to_vec();
    answers.retain(|known| !known.name.eq_ignore_ascii_case(&named.name));
    answers.push(Arc::clone(named));
    let set = RuleSet::clone(before).with_answers(answers);
    effect(AnswersEffect::SetRules(Arc::new(set)))
}

/// Deleted rules that can be brought back.
const UNDONE: usize = 20;

fn act_on_rules(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = model.viewport.overlay_rows;
    let count = model.answers.rules.len();
    let Some(AnswerOverlay::Rules(rules)) = window(model) else { return Vec::new() };
    (rules.problem, rules.said) = (None, None);
    let at = rules.cursor;
    let Action::Answer(action) = action else {
        if let Action::Move(step) = action {
            rules.cursor = step.apply(at, count, rows);
        }
        return Vec::new();
    };
    if action == AnswerAction::AddRule {
        rules.line = Some(RuleLine::added());
        return Vec::new();
    }
    if action == AnswerAction::SaveRules {
        return saving::update::ask(model, ToSave::Rules(Arc::clone(&model.answers.set)));
    }
    if action == AnswerAction::UndoRule {
        return undo(model);
    }
    if at >= count {
        return Vec::new();
    }
    match action {
        AnswerAction::EditRule => {
            let line = RuleLine::of(&model.answers.rules[at].rule);
            if let Some(AnswerOverlay::Rules(rules)) = window(model) {
                rules.line = Some(line);
            }
            Vec::new()
        }
        AnswerAction::DeleteRule => {
            let deleted = model.answers.rules[at].clone();
            let effects = change(model, at, |rows| drop(rows.remove(at)));
            if !effects.is_empty() {
                model.answers.deleted.push((at, deleted));
                let excess = model.answers.deleted.len().saturating_sub(UNDONE);
                model.answers.deleted.drain(..excess);
            }
            effects
        }
        AnswerAction::SwitchRule => change(model, at, |rows| rows[at].on = !rows[at].on),
        AnswerAction::RaiseRule if at > 0 => change(model, at - 1, |rows| rows.swap(at, at - 1)),
        AnswerAction::LowerRule if at + 1 < count => change(model, at + 1, |rows| rows.swap(at, at + 1)),
        AnswerAction::CopyRules => {
            let text = as_toml(&model.answers.rules);
            vec![Effect::Copy { what: "the rules as TOML".to_owned(), text }]
        }
        _ => Vec::new(),
    }
}

/// Brings back the rule that was deleted last, where it was.
fn undo(model: &mut Model) -> Vec<Effect> {
    let Some((at, row)) = model.answers.deleted.pop() else {
        return warn(model, "nothing to undo: no rule was deleted here");
    };
    let again = row.clone();
    let at = at.min(model.answers.rules.len());
    let effects = change(model, at, |rows| rows.insert(at, row));
    if effects.is_empty() {
        model.answers.deleted.push((at, again));
    }
    effects
}

/// Changes the rules, if the result is valid, and puts the cursor at `cursor`.
fn change(model: &mut Model, cursor: usize, change: impl FnOnce(&mut Vec<RuleRow>)) -> Vec<Effect> {
    let mut rows = model.answers.rules.clone();
    change(&mut rows);
    let checked = check(&rows);
    let last = rows.len().saturating_sub(1);
    let before = Arc::clone(&model.answers.set);
    let Some(AnswerOverlay::Rules(rules)) = window(model) else { return Vec::new() };
    if let Err(problem) = checked {
        rules.problem = Some(problem);
        return Vec::new();
    }
    rules.cursor = cursor.min(last);
    let on = rows.iter().filter(|row| row.on).map(|row| row.rule.clone()).collect();
    let set = Arc::new(before.replaced(on));
    // Of what was so before nothing is said again.
    let known = before.remarks();
    rules.problem = set.remarks().into_iter().find(|remark| !known.contains(remark));
    model.answers.rules = rows;
    let saved = model.answers.saved.take().unwrap_or_else(|| before.rules().to_vec());
    model.answers.saved = Some(saved).filter(|saved| *saved != set.rules());
    model.answers.set = Arc::clone(&set);
    effect(AnswersEffect::SetRules(set))
}

/// Of a rule that was being edited.
const GONE: &str = "somebody else has changed or deleted this rule meanwhile; once more adds yours as a new one";

fn accept_rule(model: &mut Model) -> Vec<Effect> {
    let set = Arc::clone(&model.answers.set);
    let known: Vec<Rule> = model.answers.rules.iter().map(|row| row.rule.clone()).collect();
    let lost = model.lost().map(str::to_owned);
    let Some(AnswerOverlay::Rules(rules)) = window(model) else { return Vec::new() };
    let at = rules.cursor;
    let Some(line) = &mut rules.line else { return Vec::new() };
    let is_empty = line.input.value().trim().is_empty();
    let Some(rule) = line.read(set.reader()) else {
        if is_empty {
            rules.line = None;
        }
        return Vec::new();
    };
    if let Some(lost) = lost {
        line.problem = Some((0, format!("not changed: {lost}")));
        return Vec::new();
    }
    // By the rule and not by its place: others may have changed what stands above it.
    let changes = line.changes.as_ref().and_then(|before| known.iter().position(|rule| *rule == **before));
    if line.changes.is_some() && changes.is_none() {
        line.changes = None;
        line.problem = Some((0, GONE.to_owned()));
        return Vec::new();
    }
    let place = changes.unwrap_or(if known.is_empty() { 0 } else { at + 1 });
    let effects = change(model, place, |rows| match changes {
        Some(at) => rows[at].rule = rule,
        None => rows.insert(place.min(rows.len()), RuleRow::new(rule)),
    });
    if let Some(AnswerOverlay::Rules(rules)) = window(model) {
        match &mut rules.line {
            // It stays, to be mended.
            Some(line) if effects.is_empty() => line.problem = rules.problem.take().map(|problem| (0, problem)),
            _ => rules.line = None,
        }
    }
    effects
}

/// A key that edits.
pub(crate) fn edit(model: &mut Model, request: InputRequest) -> Vec<Effect> {
    typed(
        model,
        |editor| editor.edit(request),
        |line| {
            let _ = line.input.handle(request);
        },
    )
}

/// Text that was pasted.
pub(crate) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    typed(
        model,
        |editor| editor.paste(text),
        |line| {
            for character in text.chars().filter(|character| !matches!(character, '\r' | '\n')) {
                line.input.handle(InputRequest::InsertChar(character));
            }
        },
    )
}

fn typed(
    model: &mut Model,
    in_editor: impl FnOnce(&mut crate::tui::screens::answers::editor::Editor),
    in_line: impl FnOnce(&mut RuleLine),
) -> Vec<Effect> {
    let set = Arc::clone(&model.answers.set);
    match window(model) {
        Some(AnswerOverlay::Editor(editor)) => in_editor(editor),
        Some(AnswerOverlay::Rules(rules)) => {
            if let Some(line) = &mut rules.line {
                in_line(line);
                line.read(set.reader());
            }
        }
        _ => {}
    }
    Vec::new()
}

/// One step back out of a window: a rule being typed first, the editor to the picker it came from.
pub(crate) fn back(model: &mut Model) -> Vec<Effect> {
    match window(model) {
        Some(AnswerOverlay::Rules(rules)) if rules.line.is_some() => rules.line = None,
        Some(AnswerOverlay::Editor(editor)) => {
            if !editor.may_leave() {
                return Vec::new();
            }
            let from = editor.from.take();
            model.overlay = None;
            return from.map_or_else(Vec::new, |picker| open(model, AnswerOverlay::Picker(picker)));
        }
        _ => model.overlay = None,
    }
    Vec::new()
}

/// The rule that is chosen in the window of rules.
pub(super) fn chosen_rule(model: &mut Model) -> Option<Rule> {
    let Some(AnswerOverlay::Rules(view)) = window(model) else { return None };
    let at = view.cursor;
    model.answers.rules.get(at).map(|row| row.rule.clone())
}

/// Keeps the windows on what there is: what they decide about may be gone, and the rule that was chosen may stand elsewhere.
pub(super) fn settle(model: &mut Model, chosen: Option<&Rule>) {
    let held: Vec<_> = model.answers.held.iter().map(|held| held.id).collect();
    let rules = &model.answers.rules;
    let last = rules.len().saturating_sub(1);
    let now = chosen.and_then(|chosen| rules.iter().position(|row| row.rule == *chosen));
    let mut is_over = false;
    match window(model) {
        Some(AnswerOverlay::Picker(picker)) if !picker.deciding.is_empty() => {
            picker.deciding.retain(|id| held.contains(id));
            is_over = picker.deciding.is_empty();
        }
        Some(AnswerOverlay::Rules(view)) => view.cursor = now.unwrap_or(view.cursor).min(last),
        _ => {}
    }
    if is_over {
        model.overlay = None;
        warn(model, "too late: it has been answered, or the sender hung up");
    }
}
