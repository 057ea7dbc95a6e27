//! The jq query beside the tree.

use super::request;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Overlay, Prompt, PromptKind};
use crate::tui::app::step::Step;
use crate::tui::screens::payload::state::{JqQuery, PayloadTask, QueryResult};

/// Opens the prompt, with the previous query.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(detail) = &mut model.detail else { return Vec::new() };
    if !matches!(&detail.content, Ok(loaded) if loaded.body().rows().is_some()) {
        model.warn("jq needs valid JSON: ! shows where the body becomes invalid");
        return Vec::new();
    }
    let program = detail.view.query.as_ref().map_or(String::new(), |query| query.program.clone());
    model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Query, program.clone())));
    query(model, &program)
}

/// Runs what has been typed so far. An empty program is not run.
pub(crate) fn query(model: &mut Model, program: &str) -> Vec<Effect> {
    let Some(detail) = &mut model.detail else { return Vec::new() };
    let number = detail.view.ask();
    let before = detail.view.query.take().filter(|_| !program.trim().is_empty());
    let result = before.map_or_else(|| Ok(QueryResult::default()), |query| query.result);
    let running = !program.trim().is_empty();
    detail.view.query = Some(JqQuery { program: program.to_owned(), result, running, scroll: 0, number });
    if running { request(detail, number, PayloadTask::Query(program.to_owned())) } else { Vec::new() }
}

/// Scrolls the result of a query. Returns false without a result.
pub(crate) fn scroll_query(model: &mut Model, step: Step) -> bool {
    let rows = model.viewport.query_rows;
    let Some(query) = model.detail.as_mut().and_then(|detail| detail.view.query.as_mut()) else { return false };
    let lines = query.result.as_ref().map_or(0, QueryResult::line_count);
    let places = lines.saturating_sub(rows) + 1;
    query.scroll = step.apply(query.scroll.min(places - 1), places, rows);
    true
}

/// Takes in the result of a query.
pub(super) fn answered(model: &mut Model, number: u64, result: Result<QueryResult, String>) {
    let query = model.detail.as_mut().and_then(|detail| detail.view.query.as_mut());
    if let Some(query) = query.filter(|query| query.number == number) {
        query.running = false;
        query.scroll = 0;
        query.result = result;
    }
}
