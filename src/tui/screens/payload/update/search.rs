//! Searching the payload: what is typed is searched for at once, and Esc leaves everything as it was.

use std::sync::Arc;

use super::{has_cursor, request, show_offset, tree};
use crate::payload::json::search::Hits;
use crate::tui::app::action::Tab;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::{Detail, Model};
use crate::tui::app::overlay::state::{Overlay, Prompt, PromptKind};
use crate::tui::app::step::Neighbour;
use crate::tui::screens::payload::state::{BeforeSearch, PayloadTask, Search};

/// Opens the prompt.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.content.is_ok()) else { return Vec::new() };
    detail.view.before_search = None;
    remember(detail);
    model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Search, String::new())));
    Vec::new()
}

/// Saves the state before anything is typed, with the previous search.
fn remember(detail: &mut Detail) -> &mut BeforeSearch {
    let scroll = detail.scroll[Tab::Payload.index()];
    let view = &mut detail.view;
    view.before_search.get_or_insert_with(|| {
        Box::new(BeforeSearch {
            folds: view.folds.clone(),
            cursor: view.cursor,
            scroll,
            column: view.column,
            search: view.search.take(),
            string: view.string.take(),
        })
    })
}

/// Searches for what has been typed so far. An empty pattern ends the search.
pub(crate) fn search(model: &mut Model, pattern: &str) -> Vec<Effect> {
    let (is_tree, prelude) = (has_cursor(model), model.viewport.detail_prelude);
    let Some(detail) = &mut model.detail else { return Vec::new() };
    let before = remember(detail);
    let origin = if is_tree { before.cursor } else { before.scroll.saturating_sub(prelude) };
    if pattern.is_empty() {
        detail.view.search = None;
        put_back(detail);
        return Vec::new();
    }
    let number = detail.view.ask();
    let before = detail.view.search.take();
    detail.view.search = Some(Search {
        pattern: pattern.to_owned(),
        hits: before.and_then(|search| search.hits.filter(|_| search.pattern == pattern)),
        current: None,
        origin,
        turns: 0,
        number,
    });
    request(detail, number, PayloadTask::Search(pattern.to_owned()))
}

/// Puts folds, cursor and place back to what they were before anything was typed.
fn put_back(detail: &mut Detail) {
    if let Some(before) = &detail.view.before_search {
        detail.view.folds = before.folds.clone();
        detail.view.cursor = before.cursor;
        detail.view.column = before.column;
        detail.scroll[Tab::Payload.index()] = before.scroll;
    }
}

/// Ends the typing, and stays at the match.
pub(crate) fn keep_search(model: &mut Model) {
    let Some(detail) = &mut model.detail else { return };
    if detail.view.search.is_none() {
        put_back(detail);
    }
    detail.view.before_search = None;
}

/// Ends the typing, and restores the state before the search.
pub(crate) fn cancel_search(model: &mut Model) {
    let Some(detail) = &mut model.detail else { return };
    put_back(detail);
    if let Some(before) = detail.view.before_search.take() {
        detail.view.search = before.search;
        detail.view.string = before.string;
    }
}

/// Takes in where the text was found, and goes to the first match from the cursor on, or as much further as
/// was asked for in the meantime.
pub(super) fn found(model: &mut Model, number: u64, hits: Arc<Hits>) {
    let Some(detail) = &mut model.detail else { return };
    let Some(search) = detail.view.search.as_mut().filter(|search| search.number == number) else { return };
    let origin = search.origin;
    search.hits = Some(hits);
    // While it is being typed, what an earlier match has opened is folded again.
    put_back(detail);
    let offset = offset_of(model, origin);
    let Some(search) = model.detail.as_mut().and_then(|detail| detail.view.search.as_mut()) else { return };
    let Some(hits) = search.hits.as_ref().filter(|hits| !hits.hits.is_empty()) else { return };
    let count = hits.hits.len().cast_signed();
    let first = hits.from(offset).unwrap_or(0).cast_signed();
    search.current = Some((first + search.turns).rem_euclid(count).unsigned_abs());
    search.turns = 0;
    go_to_match(model);
}

/// The byte with which a row begins.
fn offset_of(model: &Model, row: usize) -> usize {
    let Some(detail) = &model.detail else { return 0 };
    let Ok(loaded) = &detail.content else { return 0 };
    match loaded.body().rows() {
        Some(rows) if !detail.view.as_sent => rows.range(row).start,
        _ => detail.raw_rows(Tab::Payload).map_or(0, |rows| rows.range(row).start),
    }
}

/// Goes to the next match, or the previous one.
pub(super) fn turn(model: &mut Model, to: Neighbour) {
    let Some(search) = model.detail.as_mut().and_then(|detail| detail.view.search.as_mut()) else {
        return model.warn("no search yet: / starts one");
    };
    let Some(hits) = &search.hits else {
        // It takes effect once they have been found.
        search.turns += if to == Neighbour::Next { 1 } else { -1 };
        return;
    };
    let count = hits.hits.len();
    if count == 0 {
        return model.warn("no match");
    }
    let (end, words) = match to {
        Neighbour::Next => (count - 1, "continued from the top"),
        Neighbour::Previous => (0, "continued from the end"),
    };
    let current = search.current.unwrap_or(end);
    search.current = Some(to.beside(current, count));
    go_to_match(model);
    if current == end {
        model.say(words);
    }
}

/// Shows the current match, opening what hides it.
fn go_to_match(model: &mut Model) {
    let Some(detail) = &model.detail else { return };
    let Some(hit) = detail.view.search.as_ref().and_then(|search| search.current_hit()).cloned() else { return };
    if has_cursor(model) {
        if let Some(mut tree) = tree(model) {
            let row = tree.rows.line_at(hit.start);
            tree.view.folds.reveal(tree.rows, row);
            tree.go_to(row);
        }
    } else {
        show_offset(model, hit.start);
    }
}
