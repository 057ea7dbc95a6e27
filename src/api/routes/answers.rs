//! What goes back to senders: the chosen answer, the rules, and decisions about what is held.

use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::status::{chosen_json, held_json};
use crate::api::ApiProblem;
use crate::api::extract::{InPath, Members, Named, PathValue, SafeJson};
use crate::api::state::ApiState;
use crate::delivery::DeliveryId;
use crate::rules::{
    ActionKind, Override, Rule, RuleAction, RuleError, RuleReader, RuleSet, TimedResponse, check_count,
};

/// The answer to be chosen, in the language of rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AnswerRequest")]
pub(super) struct AnswerMembers {
    /// Such as `503`, or `wait 2s 200`.
    rule: String,
    /// For the next delivery alone.
    #[serde(default)]
    once: bool,
}

/// What a held delivery gets: either member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DecisionRequest")]
pub(super) struct DecisionMembers {
    /// The answer, as a rule.
    rule: Option<String>,
    /// Whether it gets its default answer.
    #[serde(default)]
    default: bool,
}

/// All rules, in the place of those that are active.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RulesRequest")]
pub(super) struct RulesMembers {
    /// All of them, in their order.
    rules: Vec<String>,
}

/// A rule to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleRequest")]
pub(super) struct RuleMembers {
    /// Such as `is:sim → 503`.
    rule: String,
    /// Its number among the others, from 1; the last without.
    at: Option<usize>,
}

/// Where a rule is moved to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MoveRequest")]
pub(super) struct MoveMembers {
    /// The number that it gets.
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
    let action = rules.reader().action(text).map_err(|error| match rules.reader().rule(text) {
        Ok(rule) if !rule.when.is_empty() => ApiProblem::bad(format!(
            "rule: no condition is possible here, where the deliveries are chosen already: give the answer alone, '{}'",
            rule.then
        )),
        _ => wrong_rule(&error),
    })?;
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
            let RuleAction { wait, kind: ActionKind::Do(response) } = action(&state, rule)? else {
                return Err(ApiProblem::bad(
                    "rule: a held delivery cannot be held again or fail first: give an answer",
                ));
            };
            let act = TimedResponse { wait, response };
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
        let read = |(index, text): (usize, &String)| {
            let wrong = |error: RuleError| ApiProblem::bad(format!("rule {}: {error}", index + 1)).at(error.at);
            reader.rule(text).map_err(wrong)
        };
        *rules = all.rules.iter().enumerate().map(read).collect::<Result<_, _>>()?;
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

pub(super) async fn remove_rule(
    State(state): Shared,
    InPath(number): InPath<RuleNumber>,
) -> Result<SafeJson, ApiProblem> {
    edit(&state, |_, rules| {
        let at = number.existing(rules.len())?;
        rules.remove(at);
        Ok(())
    })
}

pub(super) async fn move_rule(
    State(state): Shared,
    InPath(number): InPath<RuleNumber>,
    Members(to): Members<MoveMembers>,
) -> Result<SafeJson, ApiProblem> {
    edit(&state, |_, rules| {
        let (from, to) = (number.existing(rules.len())?, place(to.to, rules.len())?);
        let rule = rules.remove(from);
        rules.insert(to, rule);
        Ok(())
    })
}

/// A rule's number, from 1; `None` for what is no number.
pub(super) struct RuleNumber(Option<usize>);

impl PathValue for RuleNumber {
    const DESCRIPTION: &'static str = "A rule's number, from 1";

    fn parse(text: String) -> Result<Self, ApiProblem> {
        Ok(Self(text.parse().ok()))
    }
}

impl RuleNumber {
    /// The position of the rule with this number.
    fn existing(&self, count: usize) -> Result<usize, ApiProblem> {
        let at = self.0.and_then(|number| number.checked_sub(1)).filter(|at| *at < count);
        let which = self.0.map_or_else(|| "no such rule".to_owned(), |number| format!("no rule {number}"));
        at.ok_or_else(|| match count {
            0 => ApiProblem::missing(format!("{which}: there are no rules")),
            1 => ApiProblem::missing(format!("{which}: there is only rule 1")),
            count => ApiProblem::missing(format!("{which}: expected 1 to {count}")),
        })
    }
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
        let existing = |text: &str, count| RuleNumber::parse(text.to_owned())?.existing(count);
        assert_eq!((existing("1", 2), existing("2", 2)), (Ok(0), Ok(1)));
        for wrong in ["0", "3", "-1", "x", "", "99999999999999999999999"] {
            assert!(existing(wrong, 2).is_err(), "{wrong}");
        }
        assert_eq!((place(1, 1), place(2, 2)), (Ok(0), Ok(1)));
        assert!(place(0, 1).is_err() && place(2, 1).is_err());
    }
}
