//! `[answers]`, `[[rules]]`, `respond` and `forward_to` as the rules that they stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::Fault;
use super::raw::{RawAnswer, RawRule};
use crate::query::{Query, QueryError};
use crate::rules::{
    ActionKind, NamedAnswer, Rule, RuleAction, RuleError, RuleProblem, RuleReader, RuleResponse, check_count, named,
    target,
};

/// What the file says of rules.
pub(super) struct WrittenRule {
    pub(super) rules: Vec<Spanned<RawRule>>,
    pub(super) respond: Option<Spanned<String>>,
    pub(super) forward_to: Vec<Spanned<String>>,
}

fn fault(at: usize, problem: RuleProblem) -> (usize, Fault) {
    (at, Fault::Rule(RuleError { at: 0, problem }))
}

/// The answers that have a name. An error carries the byte offset in the file.
pub(super) fn answers(raw: BTreeMap<Spanned<String>, RawAnswer>) -> Result<Vec<Arc<NamedAnswer>>, (usize, Fault)> {
    raw.into_iter()
        .map(|(name, answer)| {
            let headers: Vec<(String, String)> = answer.headers.into_iter().collect();
            named(name.get_ref(), answer.status, &headers, answer.body.as_deref())
                .map_err(|problem| fault(name.span().start, problem))
        })
        .collect()
}

/// Every rule, checked. An error carries the byte offset in the file.
pub(super) fn rules(written: WrittenRule, reader: RuleReader<'_>) -> Result<Vec<Rule>, (usize, Fault)> {
    let mut rules = Vec::new();
    let mut places = Vec::new();
    for raw in written.rules {
        places.push(raw.span().start);
        rules.push(rule(raw, reader)?);
    }
    if let (Some(_), Some(forward)) = (&written.respond, written.forward_to.first()) {
        return Err((forward.span().start, Fault::TwoDefaults));
    }
    if let Some(respond) = written.respond {
        places.push(respond.span().start);
        rules.push(reader.rule(respond.get_ref()).map_err(|error| (respond.span().start, Fault::Rule(error)))?);
    }
    let mut targets = Vec::new();
    for url in &written.forward_to {
        targets.push(target(url.get_ref()).map_err(|problem| fault(url.span().start, problem))?);
    }
    if let Some(first) = written.forward_to.first() {
        places.push(first.span().start);
        rules.push(Rule::always(RuleAction { wait: None, kind: ActionKind::Do(RuleResponse::Forward(targets)) }));
    }
    check_count(&rules.iter().collect::<Vec<_>>()).map_err(|(at, problem)| fault(places[at], problem))?;
    Ok(rules)
}

fn rule(raw: Spanned<RawRule>, reader: RuleReader<'_>) -> Result<Rule, (usize, Fault)> {
    let start = raw.span().start;
    let raw = raw.into_inner();
    let mut when = Query::default();
    if let Some(text) = &raw.when {
        when = condition(reader.condition(text.get_ref()), text.span().start)?;
    }
    let keys = [
        ("webhook", &raw.webhook),
        ("path", &raw.path),
        ("event", &raw.event),
        ("verdict", &raw.verdict),
        ("header", &raw.header),
    ];
    for (name, value) in keys {
        if let Some(value) = value {
            let quoted = value.get_ref().replace('\\', "\\\\").replace('"', "\\\"");
            // The place is the value's own: an offset in text that nobody wrote would mislead.
            let read = Query::parse(&format!("{name}:\"{quoted}\""));
            let read = condition(read, value.span().start).map_err(unplaced)?;
            when = when.and(read);
        }
    }
    if let Some(simulation) = &raw.simulation {
        let text = if *simulation.get_ref() { "is:sim" } else { "!is:sim" };
        when = when.and(condition(Query::parse(text), simulation.span().start)?);
    }
    let then = reader.action(raw.then.get_ref()).map_err(|error| (raw.then.span().start, Fault::Rule(error)))?;
    let rule = Rule { when, then };
    rule.check().map_err(|error| (start, Fault::Rule(error)))?;
    Ok(rule)
}

fn unplaced((at, found): (usize, Fault)) -> (usize, Fault) {
    match found {
        Fault::Rule(RuleError { problem, .. }) => fault(at, problem),
        other => (at, other),
    }
}

fn condition(read: Result<Query, QueryError>, at: usize) -> Result<Query, (usize, Fault)> {
    read.map_err(|error| (at, Fault::Rule(RuleError { at: error.at, problem: RuleProblem::Condition(error.problem) })))
}
