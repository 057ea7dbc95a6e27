//! What goes back to senders: the chosen answer, the rules, and decisions about what is held.

use std::sync::{Arc, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::status::{chosen_json, held_json};
use crate::api::ApiProblem;
use crate::api::extract::{Members, Named, SafeJson};
use crate::api::state::ApiState;
use crate::delivery::DeliveryId;
use crate::rules::{
    ActionKind, Override, Rule, RuleAction, RuleError, RuleReader, RuleSet, TimedResponse, check_count,
};

/// What is to be answered, in the language of rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerMembers {
    rule: String,
    #[serde(default)]
    once: bool,
}

/// Either member.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionMembers {
    rule: Option<String>,
    #[serde(default)]
    default: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesMembers {
    rules: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleMembers {
    rule: String,
    /// Its number among the others; the last without.
    at: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveMembers {
    to: usize,
}

fn wrong_rule(error: &RuleError) -> ApiProblem {
    ApiProblem::bad(format!("rule: {error}")).at(error.at)
}

/// Where a forward must not lead is told now, not to the next sender.
fn checked(state: &ApiState, rules: &RuleSet) -> Result<(), ApiProblem> {
    state.feed.control().check_rules(rules).map_err(ApiProblem::bad)
}

fn action(state: &ApiState, text: &str) -> Result<RuleAction, ApiProblem> {
    let rules = state.feed.control().rules();
    let action = rules.reader().action(text).map_err(|error| wrong_rule(&error))?;
    checked(state, &rules.replaced(vec![Rule::always(action.clone())]))?;
    Ok(action)
}

pub(super) async fn chosen(State(state): Shared) -> SafeJson {
    SafeJson(chosen_json(state.feed.control().chosen().as_ref()))
}

pub(super) async fn choose(
    State(state): Shared,
    Members(chosen): Members<AnswerMembers>,
) -> Result<SafeJson, ApiProblem> {
    let chosen = Override { action: action(&state, &chosen.rule)?, once: chosen.once };
    let json = chosen_json(Some(&chosen));
    state.feed.control().set_override(Some(chosen));
    Ok(SafeJson(json))
}

pub(super) async fn clear(State(state): Shared) -> StatusCode {
    state.feed.control().set_override(None);
    StatusCode::NO_CONTENT
}

pub(super) async fn held(State(state): Shared) -> SafeJson {
    SafeJson(state.feed.control().held().iter().map(held_json).collect())
}

pub(super) async fn decide(
    State(state): Shared,
    named: Named,
    Members(decision): Members<DecisionMembers>,
) -> Result<SafeJson, ApiProblem> {
    let control = state.feed.control();
    let id = match named {
        Named::Number(id) => id,
        Named::Latest => newest_held(&state)?,
    };
    let (done, answer) = match (&decision.rule, decision.default) {
        (None, true) => {
            let default = control.held().iter().find(|held| held.id == id).map(|held| held.default.clone());
            (control.let_go(id), default)
        }
        (Some(rule), false) => {
            let RuleAction { wait, kind: ActionKind::Do(deed) } = action(&state, rule)? else {
                return Err(ApiProblem::bad(
                    "rule: a held delivery cannot be held again or fail first: give an answer",
                ));
            };
            let act = TimedResponse { wait, deed };
            let answer = act.to_string();
            (control.decide(id, act), Some(answer))
        }
        _ => return Err(ApiProblem::bad("expected either rule, or default as true")),
    };
    done.map_err(|error| ApiProblem::new(StatusCode::CONFLICT, error))?;
    Ok(SafeJson(json!({"id": id.0, "answer": answer})))
}

fn newest_held(state: &ApiState) -> Result<DeliveryId, ApiProblem> {
    let held = state.feed.control().held();
    held.last().map(|held| held.id).ok_or_else(|| ApiProblem::new(StatusCode::CONFLICT, "no delivery is held"))
}

pub(super) async fn rules(State(state): Shared) -> SafeJson {
    SafeJson(rules_json(&state))
}

fn rules_json(state: &ApiState) -> Value {
    let (rules, counts) = state.feed.control().counted_rules();
    let row = |(at, rule): (usize, &Rule)| json!({"number": at + 1, "rule": rule.to_string(), "answered": counts.get(at).copied().unwrap_or(0)});
    json!({"rules": rules.rules().iter().enumerate().map(row).collect::<Value>(), "remarks": rules.remarks()})
}

/// Changes the rules as a whole: what another client changes at the same time comes before or after.
fn edit(
    state: &Arc<ApiState>,
    edit: impl FnOnce(RuleReader<'_>, &mut Vec<Rule>) -> Result<(), ApiProblem>,
) -> Result<SafeJson, ApiProblem> {
    let _editing = state.editing.lock().unwrap_or_else(PoisonError::into_inner);
    let control = state.feed.control();
    let before = control.rules();
    let mut rules = before.rules().to_vec();
    edit(before.reader(), &mut rules)?;
    let all: Vec<&Rule> = rules.iter().collect();
    check_count(&all).map_err(|(at, problem)| ApiProblem::bad(format!("rule {}: {problem}", at + 1)))?;
    for (at, rule) in rules.iter().enumerate() {
        rule.check().map_err(|error| ApiProblem::bad(format!("rule {}: {error}", at + 1)))?;
    }
    let after = before.replaced(rules);
    checked(state, &after)?;
    control.set_rules(after);
    Ok(SafeJson(rules_json(state)))
}

pub(super) async fn set_rules(
    State(state): Shared,
    Members(all): Members<RulesMembers>,
) -> Result<SafeJson, ApiProblem> {
    edit(&state, |reader, rules| {
        let read = |text: &String| reader.rule(text).map_err(|error| wrong_rule(&error));
        *rules = all.rules.iter().map(read).collect::<Result<_, _>>()?;
        Ok(())
    })
}

pub(super) async fn add_rule(State(state): Shared, Members(one): Members<RuleMembers>) -> Result<SafeJson, ApiProblem> {
    edit(&state, |reader, rules| {
        let rule = reader.rule(&one.rule).map_err(|error| wrong_rule(&error))?;
        let at = one.at.map_or(Ok(rules.len()), |number| place(number, rules.len() + 1))?;
        rules.insert(at, rule);
        Ok(())
    })
}

pub(super) async fn remove_rule(State(state): Shared, Path(number): Path<String>) -> Result<SafeJson, ApiProblem> {
    edit(&state, |_, rules| {
        let at = existing(&number, rules.len())?;
        rules.remove(at);
        Ok(())
    })
}

pub(super) async fn move_rule(
    State(state): Shared,
    Path(number): Path<String>,
    Members(to): Members<MoveMembers>,
) -> Result<SafeJson, ApiProblem> {
    edit(&state, |_, rules| {
        let (from, to) = (existing(&number, rules.len())?, place(to.to, rules.len())?);
        let rule = rules.remove(from);
        rules.insert(to, rule);
        Ok(())
    })
}

/// The position of the rule with this number.
fn existing(number: &str, count: usize) -> Result<usize, ApiProblem> {
    let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < count);
    at.ok_or_else(|| match count {
        0 => ApiProblem::missing("there are no rules"),
        1 => ApiProblem::missing("no such rule: there is only rule 1"),
        count => ApiProblem::missing(format!("no such rule: expected 1 to {count}")),
    })
}

fn place(number: usize, most: usize) -> Result<usize, ApiProblem> {
    let at = number.checked_sub(1).filter(|at| *at < most);
    at.ok_or_else(|| ApiProblem::bad(format!("invalid place {number}: expected 1 to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted_from_one() {
        assert_eq!((existing("1", 2), existing("2", 2)), (Ok(0), Ok(1)));
        for wrong in ["0", "3", "-1", "x", "", "99999999999999999999999"] {
            assert!(existing(wrong, 2).is_err(), "{wrong}");
        }
        assert_eq!((place(1, 1), place(2, 2)), (Ok(0), Ok(1)));
        assert!(place(0, 1).is_err() && place(2, 1).is_err());
    }
}
