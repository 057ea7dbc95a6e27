//! Pins, notes, tags, deletions, and the selection of several.

use std::collections::BTreeSet;
use std::path::Path;

use super::action::ListAction;
use super::tagging::Tagging;
use super::{columns, order_menu};
use crate::archive::export::exporter_for;
use crate::delivery::{DeliveryId, Marks, MarksEdit, tag_of};
use crate::server::{MarkedElsewhere, marked_words};
use crate::text::{counted, grouped};
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::ExportFault;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Confirm, Overlay, Prompt, PromptKind};
use crate::tui::app::step::Step;
use crate::tui::screens::redact;

/// Deliveries that are selected at once.
const MOST: usize = 10_000;
/// Deletions that can be undone, one after another.
const UNDONE: usize = 100;

pub(crate) fn act(model: &mut Model, action: ListAction) -> Vec<Effect> {
    let ids = targets(model);
    match action {
        ListAction::Undo => undo(model),
        ListAction::Columns => columns::begin(model),
        ListAction::Sort => order_menu::open(model),
        ListAction::SelectAll => select_all(model),
        _ if ids.is_empty() => warn(model, "no delivery is selected"),
        ListAction::Pin => {
            let pinned = !ids.iter().all(|id| marks(model, *id).pinned);
            vec![Effect::Mark(ids, MarksEdit::Pin(pinned))]
        }
        ListAction::Note => {
            let note = marks(model, ids[0]).note.filter(|_| ids.len() == 1).unwrap_or_default();
            model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Note, note).about(ids)));
            Vec::new()
        }
        ListAction::Tag => {
            model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Tag, String::new()).about(ids)));
            Vec::new()
        }
        ListAction::Export => {
            let name = match ids[..] {
                [id] => format!("delivery-{id}.har"),
                _ => "deliveries.har".to_owned(),
            };
            model.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::Export, name).about(ids)));
            Vec::new()
        }
        ListAction::Delete => delete(model, ids),
        ListAction::Select => select(model),
    }
}

/// Exports them to the file that was typed.
pub(crate) fn export(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let ids = prompt.about.clone();
    let path = prompt.text().trim().to_owned();
    if exporter_for(Path::new(&path)).is_none() {
        prompt.error = Some("the name must end in .har, .sh or .jsonl".to_owned());
        return Vec::new();
    }
    model.overlay = None;
    redact::update::export(model, ids, path)
}

/// The file could not be begun: another name is asked for, unless something else is open by now.
pub(crate) fn not_exported(model: &mut Model, fault: ExportFault) {
    let ExportFault { ids, name, reason } = fault;
    if model.overlay.is_some() || model.keymap.is_in_lines() {
        return model.warn(format!("not exported: {reason}"));
    }
    let mut prompt = Prompt::new(PromptKind::Export, name).about(ids);
    prompt.error = Some(reason);
    model.overlay = Some(Overlay::Prompt(prompt));
}

/// The selected deliveries; without any, the one under the cursor.
fn targets(model: &Model) -> Vec<DeliveryId> {
    if model.chosen.is_empty() {
        return model.list.selected().into_iter().collect();
    }
    model.chosen.iter().copied().collect()
}

fn marks(model: &Model, id: DeliveryId) -> Marks {
    model.list.rows().iter().find(|row| row.id == id).map(|row| row.marks.clone()).unwrap_or_default()
}

fn select(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.list.selected() else { return Vec::new() };
    if !model.chosen.remove(&id) && model.chosen.len() < MOST {
        model.chosen.insert(id);
    }
    model.list.step(Step::Down, &model.viewport).into_iter().collect()
}

fn select_all(model: &mut Model) -> Vec<Effect> {
    if model.chosen.is_empty() {
        model.chosen = model.list.rows().iter().map(|row| row.id).take(MOST).collect();
        let count = grouped(model.chosen.len() as u64);
        model.say(format!("{count} selected: all that are loaded; Esc selects none"));
    } else {
        model.chosen.clear();
    }
    Vec::new()
}

/// Deletes what is not pinned, several after a question. What is pinned is kept as it is everywhere else; a single one goes
/// after a question of its own.
fn delete(model: &mut Model, ids: Vec<DeliveryId>) -> Vec<Effect> {
    let undo = model.keymap.press(Action::List(ListAction::Undo));
    if let [id] = ids[..] {
        let effect = Effect::Mark(ids, MarksEdit::Delete(true));
        if !marks(model, id).pinned {
            return vec![effect];
        }
        let question = format!("Delete #{id}, which is pinned? {undo} brings it back until whyhook ends.");
        return ask(model, question, "delete it", effect);
    }
    let (pinned, doomed): (Vec<DeliveryId>, Vec<DeliveryId>) = ids.into_iter().partition(|id| marks(model, *id).pinned);
    let kept = kept_words(pinned.len());
    if doomed.is_empty() {
        let unpin = model.keymap.press(Action::List(ListAction::Pin));
        return warn(model, &format!("nothing deleted: {kept}; {unpin} unpins"));
    }
    let what = counted(doomed.len() as u64, "delivery");
    let kept = if kept.is_empty() { kept } else { format!(" {kept}.") };
    let them = if doomed.len() == 1 { "it" } else { "them" };
    let question = format!("Delete {what}?{kept} {undo} brings {them} back until whyhook ends.");
    ask(model, question, &format!("delete {them}"), Effect::Mark(doomed, MarksEdit::Delete(true)))
}

/// That pinned deliveries are kept; empty for none.
fn kept_words(pinned: usize) -> String {
    match pinned {
        0 => String::new(),
        1 => "1 pinned delivery is kept".to_owned(),
        many => format!("{} pinned deliveries are kept", grouped(many as u64)),
    }
}

fn ask(model: &mut Model, question: String, yes: &str, effect: Effect) -> Vec<Effect> {
    let (title, yes) = ("Delete".to_owned(), yes.to_owned());
    model.overlay = Some(Overlay::Confirm(Box::new(Confirm { title, question, yes, effect })));
    Vec::new()
}

fn undo(model: &mut Model) -> Vec<Effect> {
    match model.deletions.pop() {
        Some(ids) => vec![Effect::Mark(ids, MarksEdit::Delete(false))],
        None => warn(model, "nothing left to undo: every deletion of this run was brought back, or there was none"),
    }
}

/// What was typed for a note.
pub(crate) fn note(model: &mut Model, text: String) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Prompt(prompt)) => vec![Effect::Mark(prompt.about.clone(), MarksEdit::Note(text))],
        _ => Vec::new(),
    }
}

/// What was typed for tags: each is added, or removed with `-` before it.
pub(crate) fn tag(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let ids = prompt.about.clone();
    match tag_edits(prompt.text()) {
        Ok(edits) => {
            model.overlay = None;
            model.tagging.begin(&ids, edits)
        }
        Err(problem) => {
            prompt.error = Some(problem);
            Vec::new()
        }
    }
}

/// Names of tags, each to be added, or removed with `-` before it.
pub(crate) fn tag_edits(names: &str) -> Result<Vec<MarksEdit>, String> {
    let edit = |word: &str| {
        let (name, removes) = word.strip_prefix('-').map_or((word, false), |name| (name, true));
        let tag = tag_of(name).ok_or_else(|| {
            let name = crate::text::visible(name);
            format!("invalid tag '{name}': expected up to 40 letters, digits and . _ - / :")
        })?;
        Ok(if removes { MarksEdit::Untag(tag) } else { MarksEdit::Tag(tag) })
    };
    let edits = names.split([' ', ',']).filter(|word| !word.is_empty()).map(edit);
    let mut edits = edits.collect::<Result<Vec<_>, String>>()?;
    // One may take the place of another.
    edits.sort_by_key(|edit| !matches!(edit, MarksEdit::Untag(_)));
    Ok(edits)
}

/// What came of a change.
pub(crate) fn marked(
    model: &mut Model,
    ids: Vec<DeliveryId>,
    edit: &MarksEdit,
    outcome: Result<usize, String>,
) -> Vec<Effect> {
    let changed = match outcome {
        Ok(changed) => changed,
        Err(error) => {
            model.tagging = Tagging::default();
            model.warn(format!("not changed: {error}"));
            return Vec::new();
        }
    };
    // In lines, any number can be named.
    if let [id] = ids[..]
        && changed == 0
        && id > model.last
    {
        model.tagging = Tagging::default();
        return warn(model, &format!("there is no delivery {id}"));
    }
    let words = marked_words(edit, &ids);
    match edit {
        MarksEdit::Delete(true) => {
            let undo = model.keymap.press(Action::List(ListAction::Undo));
            model.say(format!("{words}; {undo} brings back what was deleted last"));
            let effects = take_away(model, &ids, changed);
            model.deletions.push(ids);
            let surplus = model.deletions.len().saturating_sub(UNDONE);
            model.deletions.drain(..surplus);
            effects
        }
        MarksEdit::Delete(false) => {
            model.say(words);
            model.recount(i64::try_from(changed).unwrap_or_default());
            let newest = ids.iter().max().copied();
            newest.and_then(|id| model.list.bring_back(id)).into_iter().collect()
        }
        MarksEdit::Tag(_) | MarksEdit::Untag(_) => {
            if let Some(words) = model.tagging.done(&ids, edit, changed) {
                model.say(words);
            }
            read_again(model, ids, edit)
        }
        _ => {
            model.say(words);
            read_again(model, ids, edit)
        }
    }
}

/// What another process has changed: the list shows it, and the cursor stays where it is.
pub(crate) fn marked_elsewhere(model: &mut Model, marked: MarkedElsewhere) -> Vec<Effect> {
    model.say(format!("another process {}", marked.words()));
    let MarkedElsewhere { ids, edit, changed } = marked;
    match edit {
        MarksEdit::Delete(true) => take_away(model, &ids, changed),
        MarksEdit::Delete(false) => {
            model.recount(i64::try_from(changed).unwrap_or_default());
            model.list.retired().into_iter().collect()
        }
        edit => read_again(model, ids, &edit),
    }
}

/// Rows that are gone.
fn take_away(model: &mut Model, ids: &[DeliveryId], changed: usize) -> Vec<Effect> {
    model.recount(-i64::try_from(changed).unwrap_or_default());
    let gone: BTreeSet<DeliveryId> = ids.iter().copied().collect();
    model.chosen.retain(|id| !gone.contains(id));
    model.list.remove(&gone, &model.viewport);
    model.list.refill().into_iter().collect()
}

/// Rows whose marks are others, as far as they are shown. The next key, or line, already goes by the change.
fn read_again(model: &mut Model, ids: Vec<DeliveryId>, edit: &MarksEdit) -> Vec<Effect> {
    let ids: BTreeSet<DeliveryId> = ids.into_iter().collect();
    model.list.mark(&ids, edit);
    if let Some(detail) = model.detail.as_mut().filter(|detail| ids.contains(&detail.id))
        && let Ok(loaded) = &mut detail.content
    {
        let _ = loaded.delivery.summary.marks.apply(edit);
    }
    let shown = model.detail.as_ref().map(|detail| detail.id).filter(|id| ids.contains(id));
    let loaded = model.list.rows().iter().map(|row| row.id).filter(|id| ids.contains(id)).collect();
    [Effect::Reread(loaded)].into_iter().chain(shown.map(Effect::LoadAnswer)).collect()
}

fn warn(model: &mut Model, text: &str) -> Vec<Effect> {
    model.warn(text);
    Vec::new()
}
