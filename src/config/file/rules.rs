//! `[answers]`, `[[rules]]`, `respond` and `forward_to` as the rules that they stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::Fault;
use super::raw::{RawAnswer, RawRule};
use crate::query::{Query, QueryError};
use crate::rules::{
    ActionKind, AnswerPart, NamedAnswer, Rule, RuleAction, RuleError, RuleProblem, RuleReader, RuleResponse,
    check_count, named, target,
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
            let (places, headers): (Vec<usize>, Vec<(String, String)>) =
                answer.headers.into_iter().map(|(name, value)| (name.span().start, (name.into_inner(), value))).unzip();
            let body = answer.body.as_ref().map(|body| body.get_ref().as_str());
            named(name.get_ref(), *answer.status.get_ref(), &headers, body).map_err(|error| {
                let place = match error.part {
                    AnswerPart::Name => None,
                    AnswerPart::Status => Some(answer.status.span().start),
                    AnswerPart::Header(at) => places.get(at).copied(),
                    AnswerPart::Headers => places.iter().min().copied(),
                    AnswerPart::Body => answer.body.as_ref().map(|body| body.span().start),
                };
                fault(place.unwrap_or(name.span().start), error.problem)
            })
        })
        .collect()
}

/// Every rule, checked. An error carries the byte offset in the file.
pub(super) fn rules(written: WrittenRule, reader: RuleReader<'_>) -> Result<Vec<Rule>, (usize, Fault)> {
    let mut rules = Vec::new();
    let mut places = Vec::new();
    for raw in written.rules {
        places.push(raw.span().start);
        rules.push(rule(&raw.into_inner(), reader)?);
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

fn rule(raw: &RawRule, reader: RuleReader<'_>) -> Result<Rule, (usize, Fault)> {
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
    // Of the conditions only a filter can ask what is not known yet.
    let asking = raw.when.as_ref().unwrap_or(&raw.then).span().start;
    rule.check().map_err(|error| (asking, Fault::Rule(error)))?;
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
