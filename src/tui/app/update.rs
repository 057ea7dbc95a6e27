//! A message and the model in, effects out. Pure.

use super::act::{act, unbound};
use super::areas::PointerKind;
use super::attachment;
use super::model::{Detail, Model};
use super::paste::pasted;
use super::pointer::point;
use crate::delivery::{DeliveryId, Summary};
use crate::server::listener::StatsSnapshot;
use crate::signature::diagnose::Depth;
use crate::text::counted;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::navigation;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::overlay::update::{retry, typed};
use crate::tui::app::viewport::Viewport;
use crate::tui::screens::details::state::{Contents, LoadedDelivery};
use crate::tui::screens::payload::state::PayloadView;
use crate::tui::screens::signature::rejudge;
use crate::tui::screens::signature::state::{Inquiry, Question, asks_why};
use crate::tui::screens::signature::update::{adopt, ask, ask_for_rewritings, report, switch_inquiry};
use crate::tui::screens::{answers, image, list, payload, redact, send, tour};

/// Applies a message to the model, and returns the effects to run.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = apply(model, message);
    tour::update::follow(model);
    effects.extend(follow_selection(model));
    effects.extend(ask_for_rewritings(model));
    effects.extend(answers::update::ask_for_story(model));
    effects.extend(image::update::ask_for_picture(model));
    effects.extend(model.prepare_rows());
    effects
}

fn apply(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Act(action) => return by_key(model, |model| act(model, action)),
        Message::Unbound(key) => return by_key(model, |model| unbound(model, &key)),
        Message::Choose(key) => return by_key(model, |model| model.choose(key)),
        Message::Edit(request) => return edited(model, request),
        Message::Paste(text) => return pasted(model, &text),
        Message::Point(pointer) if pointer.kind == PointerKind::Press => {
            return by_key(model, |model| point(model, pointer));
        }
        Message::Point(pointer) => return point(model, pointer),
        Message::Stored { last, stats } => return stored(model, last, stats),
        Message::Retired(deliveries, bytes) => return deleted(model, "retention", deliveries, bytes),
        Message::Pruned(deliveries, bytes) => return deleted(model, "another process", deliveries, bytes),
        Message::MarkedElsewhere(marked) => return list::marks::marked_elsewhere(model, marked),
        Message::Marked(ids, edit, outcome) => return list::marks::marked(model, ids, &edit, outcome),
        Message::Page(page) => {
            model.last = model.last.max(page.newest.unwrap_or(model.last));
            return model.list.page(page, &model.viewport).into_iter().collect();
        }
        Message::Reread(rows) => return reread(model, rows),
        Message::Loaded(id, content) => return loaded(model, id, content),
        Message::Read(id, contents) => return read(model, id, *contents),
        Message::Answers(news) => return answers::update::news(model, news),
        Message::Config(news) => return crate::tui::screens::saving::update::news(model, news),
        Message::Sending(news) => return send::update::heard(model, news),
        Message::Listener(link) => return attachment::changed(model, link),
        Message::Secrets(secrets) => {
            model.secrets = secrets;
            return understood_anew(model);
        }
        Message::Adopted(schemes) => {
            model.adopted = schemes;
            return understood_anew(model);
        }
        Message::SecretEntered(secret) => return rejudge::entered(model, &secret),
        Message::SecretElsewhere(given) => return rejudge::elsewhere(model, &given),
        other => note(model, other),
    }
    Vec::new()
}

/// Takes in what asks for nothing more to be done.
fn note(model: &mut Model, message: Message) {
    match message {
        Message::Shown(number) => model.end_notice(number),
        Message::StoreFault(words) => model.fault = Some(words),
        Message::Counted { total, last } => model.counted = Some((total, last)),
        Message::Answered(summary, answer) => {
            let shown = model.detail.as_mut().filter(|detail| detail.id == summary.id);
            if let Some(Ok(loaded)) = shown.map(|detail| &mut detail.content) {
                (loaded.delivery.summary, loaded.delivery.answer) = (*summary, answer);
            }
        }
        Message::Inquiry(id, news) => report(model, id, news),
        Message::Recalled(id, sightings) => {
            if let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) {
                detail.sightings = Some(sightings);
            }
        }
        Message::Payload(answer) => payload::update::answered(model, answer),
        Message::Jobs(running) => model.jobs = running,
        Message::Tunnel(tunnel) => model.tunnel = tunnel,
        Message::SchemesFound(id, candidates) => adopt::found(model, id, candidates),
        Message::SecretReceived(news) => {
            let adopt = model.keymap.hint(Action::Adopt);
            let brief = news.brief(adopt.as_deref());
            if news.is_used() { model.say(brief) } else { model.warn(brief) }
        }
        Message::Rejudged(report) => rejudge::judged(model, report),
        Message::Redacted(number, made) => redact::update::made(model, number, made),
        Message::NotExported(fault) => list::marks::not_exported(model, fault),
        Message::Copied(outcome) | Message::Exported(outcome) | Message::Opened(outcome) => {
            model.say_outcome(outcome);
        }
        Message::Picture(key, made) => image::update::pictured(model, key, made),
        Message::Saved(request, outcome) => image::update::saved(model, request, outcome),
        Message::Status(status) => {
            if let Some(Overlay::Status(view)) = &mut model.overlay {
                view.status = Some(*status);
            }
        }
        Message::Measured(sizes) => {
            if let Some(Overlay::Status(view)) = &mut model.overlay {
                view.sizes = Some(sizes);
            }
        }
        Message::Warn(text) => model.warn(text),
        Message::Drawn(viewport) => drawn(model, viewport),
        // These ask for more: see `apply`.
        Message::Act(_)
        | Message::Unbound(_)
        | Message::Choose(_)
        | Message::Edit(_)
        | Message::Paste(_)
        | Message::Point(_)
        | Message::Stored { .. }
        | Message::Retired(..)
        | Message::Pruned(..)
        | Message::MarkedElsewhere(_)
        | Message::Marked(..)
        | Message::Page(_)
        | Message::Reread(_)
        | Message::Loaded(..)
        | Message::Read(..)
        | Message::Answers(_)
        | Message::Config(_)
        | Message::Sending(_)
        | Message::Listener(_)
        | Message::Secrets(_)
        | Message::Adopted(_)
        | Message::SecretEntered(_)
        | Message::SecretElsewhere(_) => {}
    }
}

/// A person typed where text is asked for.
fn edited(model: &mut Model, request: tui_input::InputRequest) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Prompt(prompt)) => {
            prompt.edit(request);
            typed(model)
        }
        Some(Overlay::Help(view)) => {
            view.edit(request);
            Vec::new()
        }
        Some(Overlay::Try(_)) => retry(model, |trial| trial.edit(request)),
        Some(Overlay::Sending) => send::update::edit(model, request),
        Some(Overlay::Answers(_)) => answers::update::edit(model, request),
        _ => Vec::new(),
    }
}

fn stored(model: &mut Model, last: DeliveryId, stats: StatsSnapshot) -> Vec<Effect> {
    model.stats = stats;
    if last > model.last {
        model.fault = None;
    }
    model.last = model.last.max(last);
    model.list.stored(last)
}

fn reread(model: &mut Model, rows: Vec<Summary>) -> Vec<Effect> {
    let selected = model.list.selected();
    let is_answered = |id: &DeliveryId| rows.iter().any(|row| row.id == *id && row.answer.is_some());
    let answered = selected.filter(is_answered);
    model.list.reread(rows);
    answered.map(Effect::LoadAnswer).into_iter().collect()
}

fn loaded(model: &mut Model, id: DeliveryId, content: Result<Box<LoadedDelivery>, String>) -> Vec<Effect> {
    if model.list.selected() == Some(id) {
        return show(model, id, content);
    }
    // It was cancelled too late.
    model.loading.take_if(|loading| *loading == id);
    model.discarded = content.ok().map(|loaded| loaded as _);
    Vec::new()
}

fn read(model: &mut Model, id: DeliveryId, contents: Contents) -> Vec<Effect> {
    model.loading.take_if(|loading| *loading == id);
    let shown = model.detail.as_mut().filter(|detail| detail.id == id);
    match shown.and_then(|detail| Some((detail.content.as_mut().ok()?.take(contents), detail))) {
        Some((before, detail)) => {
            model.discarded = Some(Box::new(before));
            detail.ask_for_sightings().into_iter().collect()
        }
        None => Vec::new(),
    }
}

/// Other secrets or schemes: what was said of signatures may not hold any more.
fn understood_anew(model: &mut Model) -> Vec<Effect> {
    rejudge::forget(model);
    judge_again(model)
}

fn drawn(model: &mut Model, viewport: Viewport) {
    let is_smaller = viewport.detail_rows < model.viewport.detail_rows;
    let is_other = (viewport.detail_rows, viewport.image) != (model.viewport.detail_rows, model.viewport.image);
    model.viewport = viewport;
    // Whatever has changed the layout, the selected row stays in sight.
    model.list.keep_in_view(&viewport);
    if is_smaller {
        payload::update::keep_cursor(model);
    }
    if is_other {
        image::update::keep_cursor(model);
    }
    navigation::go_to_end(model);
}

/// Does what a key asks for. What it causes to be said is gone with the next key.
fn by_key(model: &mut Model, key: impl FnOnce(&mut Model) -> Vec<Effect>) -> Vec<Effect> {
    model.turn_notice();
    model.to_end = None;
    model.acting = true;
    let effects = key(model);
    model.acting = false;
    effects
}

/// Reads the selected delivery when it is not the one shown, and cancels any other read.
fn follow_selection(model: &mut Model) -> Vec<Effect> {
    let selected = model.list.selected();
    if selected.is_none() {
        model.detail = None;
    }
    let shown = model.detail.as_ref().filter(|detail| detail.is_whole()).map(|detail| detail.id);
    if selected == model.loading {
        return Vec::new();
    }
    if selected == shown {
        model.loading = None;
        return Vec::new();
    }
    load(model, selected)
}

/// Compares the shown delivery with the current secrets and scheme. What was found out depends on the previous ones.
fn judge_again(model: &mut Model) -> Vec<Effect> {
    model.inquiries.clear();
    if let Some(detail) = &mut model.detail {
        detail.inquiry = Inquiry::default();
    }
    load_again(model)
}

/// Reads the shown delivery again.
pub(crate) fn load_again(model: &mut Model) -> Vec<Effect> {
    let selected = model.list.selected();
    let shown = model.detail.as_ref().map(|detail| detail.id);
    if shown == selected { load(model, selected) } else { Vec::new() }
}

fn load(model: &mut Model, id: Option<DeliveryId>) -> Vec<Effect> {
    model.loading = id;
    id.map(Effect::Load).into_iter().collect()
}

fn show(model: &mut Model, id: DeliveryId, mut content: Result<Box<LoadedDelivery>, String>) -> Vec<Effect> {
    let mut before = model.detail.take();
    let mut old = before.as_mut().and_then(|shown| std::mem::replace(&mut shown.content, Err(String::new())).ok());
    let mut detail = match before {
        Some(shown) if shown.id == id => {
            if let (Ok(loaded), Some(old)) = (&mut content, &mut old) {
                loaded.keep(old);
            }
            Detail { content, raw: None, making: None, ..shown }
        }
        before => {
            model.revealed = false;
            let view = before.as_ref().map_or_else(PayloadView::default, |shown| shown.view.for_another());
            let inquiry = switch_inquiry(model, before, id);
            Detail { view, ..Detail::new(id, content, inquiry) }
        }
    };
    model.discarded = old.map(|loaded| loaded as _);
    if detail.is_whole() {
        model.loading.take_if(|loading| *loading == id);
    }
    let mut effects = Vec::new();
    let is_open = detail.inquiry.why.is_none() && detail.inquiry.running.is_none();
    if is_open && detail.content.as_ref().is_ok_and(|loaded| asks_why(loaded)) {
        effects.push(ask(&mut detail.inquiry, id, Question::Why(Depth::Pairs)));
    }
    effects.extend(detail.ask_for_sightings());
    model.detail = Some(detail);
    effects
}

/// Deliveries are gone for good that the list may show.
fn deleted(model: &mut Model, who: &str, deliveries: u64, bytes: u64) -> Vec<Effect> {
    model.recount(-i64::try_from(deliveries).unwrap_or(i64::MAX));
    model.say(format!("{who} deleted {}; {} freed", counted(deliveries, "delivery"), counted(bytes, "byte")));
    // Some of them may have been hidden before, and are not counted.
    [Effect::Recount].into_iter().chain(model.list.retired()).collect()
}
