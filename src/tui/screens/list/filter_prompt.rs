//! The filter prompt: what is wrong with the text and where, what could stand there, and the filters of before.

use std::collections::BTreeMap;

use tui_input::{Input, InputRequest};

use crate::delivery::Summary;
use crate::query::{KnownValues, Query};
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Overlay, Prompt, PromptKind, byte_cursor};
use crate::tui::app::step::{Neighbour, Step};
use crate::tui::screens::list::filter_assist::FilterAssist;
use crate::tui::screens::saving::state::ToSave;
use crate::tui::screens::saving::update::ask;

/// Filters that are remembered.
pub const HISTORY: usize = 100;
/// Bytes of the longest that is.
pub const HISTORY_BYTES: usize = 1000;

/// What the deliveries that are loaded have had, the most frequent first.
fn known(model: &Model) -> KnownValues {
    let rows = model.list.rows();
    let most = |value: fn(&Summary) -> Vec<&str>| {
        let mut counts = BTreeMap::<&str, usize>::new();
        rows.iter().flat_map(value).for_each(|value| *counts.entry(value).or_default() += 1);
        let mut found: Vec<(&str, usize)> = counts.into_iter().collect();
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found.into_iter().map(|(value, _)| value.to_owned()).collect::<Vec<_>>()
    };
    let mut webhooks: Vec<String> = model.setup.webhooks.iter().map(|(name, ..)| name.clone()).collect();
    webhooks.extend(most(|row| row.webhook.as_deref().into_iter().collect()));
    let mut seen = std::collections::BTreeSet::new();
    webhooks.retain(|name| seen.insert(name.clone()));
    KnownValues {
        events: most(|row| row.event.event.as_deref().into_iter().collect()),
        webhooks,
        methods: most(|row| Some(&*row.method).filter(|method| !method.is_empty()).into_iter().collect()),
        remotes: most(|row| vec![row.remote.rsplit_once(':').map_or(&*row.remote, |(host, _)| host)]),
        secrets: most(|row| row.judgement.secret.as_deref().into_iter().collect()),
        tags: most(|row| row.marks.tags.iter().map(String::as_str).collect()),
    }
}

/// Opens the prompt with the filter of the list.
pub(crate) fn begin(model: &mut Model) {
    let mut prompt = Prompt::new(PromptKind::Filter, model.list.filter().to_owned());
    let mut assist = FilterAssist::default();
    assist.suggest(prompt.text(), byte_cursor(&prompt), &known(model), &model.filters);
    prompt.assist = Some(Box::new(assist));
    prompt.selected = model.list.selected().filter(|_| !model.list.is_following());
    model.overlay = Some(Overlay::Prompt(prompt));
}

/// The text has changed by typing.
pub(crate) fn typed(model: &mut Model) -> Vec<Effect> {
    let known = known(model);
    if let Some(Overlay::Prompt(prompt)) = &mut model.overlay {
        let (text, cursor) = (prompt.text().to_owned(), byte_cursor(prompt));
        if let Some(assist) = &mut prompt.assist {
            assist.suggest(&text, cursor, &known, &model.filters);
            assist.recalled = None;
        }
    }
    apply(model)
}

/// Shows what matches, as long as the text can be read.
fn apply(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let text = prompt.text().to_owned();
    let read = Query::parse_with(&text, &model.filters);
    prompt.error = read.as_ref().err().map(ToString::to_string);
    if let Some(assist) = &mut prompt.assist {
        assist.problem = read.as_ref().err().cloned();
    }
    let readable = |rest: String| Query::parse_with(&rest, &model.filters).ok().map(|query| (query, rest));
    let shown = match read {
        Ok(query) => Some((query, text)),
        // Half a word of `verdict:foo` was a filter of its own: what it hides is not hidden by what is typed now. Where
        // nothing can be read, the filter stays as it was.
        Err(error) => without_word(&text, error.at).and_then(readable).or_else(|| readable(before(&text, error.at))),
    };
    match shown {
        Some((query, filter)) if filter != model.list.filter() => {
            model.list.set_filter(query, filter).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The word of the filter at `at`, between blanks.
fn word_at(text: &str, at: usize) -> std::ops::Range<usize> {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = text[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    start..text[at..].find(char::is_whitespace).map_or(text.len(), |space| at + space)
}

/// Whether a word says how those beside it belong together.
fn joins(word: &str) -> bool {
    ["and", "or", "not", "|", "!", "-", "("].iter().any(|joining| word.eq_ignore_ascii_case(joining))
}

/// The filter without the word at `at`, which cannot be read; `None` where it is more than one of several that all have to
/// match, such as an open parenthesis or one side of an `or`: without it, the rest would mean something else.
fn without_word(text: &str, at: usize) -> Option<String> {
    let range = word_at(text, at);
    let (before, word, after) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    let is_joined = before.split_whitespace().next_back().is_some_and(|word| joins(word) || word.ends_with('|'))
        || after.split_whitespace().next().is_some_and(|word| joins(word) || word.starts_with(['|', ')']));
    let is_one = !joins(word) && !word.contains(['(', ')', '|', '"']) && !is_joined;
    is_one.then(|| format!("{}{after}", before.trim_end()).trim().to_owned())
}

/// What comes before the word at `at`, as far as it is a filter without what would follow.
fn before(text: &str, at: usize) -> String {
    let mut rest = text[..word_at(text, at).start].trim_end();
    while let Some(word) = rest.split_whitespace().next_back().filter(|word| joins(word) || word.ends_with('|')) {
        let cut = if joins(word) { word.len() } else { 1 };
        rest = rest[..rest.len() - cut].trim_end();
    }
    rest.to_owned()
}

/// Puts the next suggestion into the text, or the one before.
pub(crate) fn complete(model: &mut Model, to: Neighbour) -> Vec<Effect> {
    let known = known(model);
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let (text, cursor) = (prompt.text().to_owned(), byte_cursor(prompt));
    let Some(assist) = &mut prompt.assist else { return Vec::new() };
    let Some(completion) = &assist.completion else { return Vec::new() };
    let count = completion.suggestions.len();
    let next = match (assist.chosen, to) {
        (Some(chosen), to) => to.beside(chosen, count),
        (None, Neighbour::Next) => 0,
        (None, Neighbour::Previous) => count - 1,
    };
    let (base, end) = assist.base.get_or_insert((text, cursor)).clone();
    let suggestion = &completion.suggestions[next].text;
    let start = completion.range.start;
    let completed = format!("{}{suggestion}{}", &base[..start], &base[end..]);
    let place = completed[..start + suggestion.len()].chars().count();
    prompt.input = Input::new(completed.clone());
    prompt.input.handle(InputRequest::SetCursor(place));
    assist.chosen = Some(next);
    if count == 1 {
        assist.suggest(&completed, start + suggestion.len(), &known, &model.filters);
    }
    apply(model)
}

/// Whether a suggestion was just put into a text that is not whole yet: then Enter takes it, and goes on.
fn take_suggestion(model: &mut Model) -> bool {
    let known = known(model);
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return false };
    let (text, cursor) = (prompt.text().to_owned(), byte_cursor(prompt));
    let Some(assist) = &mut prompt.assist else { return false };
    let takes = assist.chosen.is_some() && assist.problem.is_some();
    if takes {
        assist.suggest(&text, cursor, &known, &model.filters);
    }
    takes
}

/// Goes through the filters of before.
pub(crate) fn recall(model: &mut Model, step: Step) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let text = prompt.text().to_owned();
    let Some(assist) = &mut prompt.assist else { return Vec::new() };
    let next = match (step, assist.recalled) {
        (Step::Up, None) => Some(0),
        (Step::Up, Some(at)) => Some((at + 1).min(model.filter_history.len().saturating_sub(1))),
        (Step::Down, Some(at)) => at.checked_sub(1),
        _ => return Vec::new(),
    };
    if assist.recalled.is_none() {
        assist.draft = text;
    }
    let recalled = match next {
        Some(at) => match model.filter_history.iter().rev().nth(at) {
            Some(filter) => filter.clone(),
            None => return Vec::new(),
        },
        None => assist.draft.clone(),
    };
    (assist.recalled, assist.completion, assist.chosen, assist.base) = (next, None, None, None);
    prompt.input = Input::new(recalled);
    apply(model)
}

/// Keeps the filter, and remembers it. One that cannot be read stays in the prompt.
pub(crate) fn accept(model: &mut Model) -> Vec<Effect> {
    let is_wrong = matches!(&model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some());
    if take_suggestion(model) || is_wrong {
        return Vec::new();
    }
    model.overlay = None;
    let filter = model.list.filter().trim().to_owned();
    if filter.is_empty() || filter.len() > HISTORY_BYTES || model.filter_history.last() == Some(&filter) {
        return Vec::new();
    }
    model.filter_history.retain(|known| *known != filter);
    model.filter_history.push(filter);
    let surplus = model.filter_history.len().saturating_sub(HISTORY);
    model.filter_history.drain(..surplus);
    vec![Effect::RememberFilters(model.filter_history.clone())]
}

/// Asks for the name under which the filter is saved.
pub(crate) fn begin_saving(model: &mut Model) -> Vec<Effect> {
    if model.list.filter().trim().is_empty() {
        model.warn("type a filter first: / and then ^S saves it under a name".to_owned());
        return Vec::new();
    }
    model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::FilterName, String::new())));
    Vec::new()
}

/// Shows what saving under the typed name would write.
pub(crate) fn save(model: &mut Model) -> Vec<Effect> {
    let filter = model.list.filter().trim().to_owned();
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let name = prompt.text().trim().trim_start_matches('@').to_owned();
    if !crate::query::SavedFilters::is_name(&name) {
        prompt.error = Some("a name has lower-case letters, digits, - and _, and at most 40 of them".to_owned());
        return Vec::new();
    }
    if filter.split_whitespace().any(|word| word.trim_start_matches(['!', '-', '(']) == format!("@{name}")) {
        prompt.error = Some(format!("the filter uses @{name} itself: choose another name"));
        return Vec::new();
    }
    model.saving_filter = Some((name.clone(), filter.clone()));
    ask(model, ToSave::Filter(name, filter))
}
