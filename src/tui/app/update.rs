//! A message and the model in, effects out. Pure.

use super::act::{act, unbound};
use super::areas::PointerKind;
use super::attachment;
use super::model::{Detail, Model};
use super::pointer::point;
use crate::delivery::DeliveryId;
use crate::signature::diagnose::Depth;
use crate::text::counted;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::overlay::update::{retry, typed};
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::payload::state::PayloadView;
use crate::tui::screens::signature::rejudge;
use crate::tui::screens::signature::state::{Inquiry, Question, asks_why};
use crate::tui::screens::signature::update::{adopt, ask, ask_for_rewritings, report, switch_inquiry};
use crate::tui::screens::{answers, image, list, payload, redact, send, tour};

/// Applies a message to the model, and returns the effects to run.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = match message {
        Message::Act(action) => by_key(model, |model| act(model, action)),
        Message::Unbound(key) => by_key(model, |model| unbound(model, &key)),
        Message::Edit(request) => match &mut model.overlay {
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
        },
        Message::Paste(text) => match &mut model.overlay {
            Some(Overlay::Prompt(prompt)) => {
                prompt.paste(&text);
                typed(model)
            }
            Some(Overlay::Help(view)) => {
                view.paste(&text);
                Vec::new()
            }
            Some(Overlay::Try(_)) => retry(model, |trial| trial.paste(&text)),
            Some(Overlay::Sending) => send::update::paste(model, &text),
            Some(Overlay::Answers(_)) => answers::update::paste(model, &text),
            _ => Vec::new(),
        },
        Message::Point(pointer) => match pointer.kind {
            PointerKind::Press => by_key(model, |model| point(model, pointer)),
            _ => point(model, pointer),
        },
        Message::Choose(key) => by_key(model, |model| model.choose(key)),
        Message::Shown(number) => {
            model.end_notice(number);
            Vec::new()
        }
        Message::Stored { last, stats } => {
            model.stats = stats;
            if last > model.last {
                model.fault = None;
            }
            model.last = model.last.max(last);
            model.list.stored(last)
        }
        Message::StoreFault(words) => {
            model.fault = Some(words);
            Vec::new()
        }
        Message::Retired(deliveries, bytes) => deleted(model, "retention", deliveries, bytes),
        Message::Pruned(deliveries, bytes) => deleted(model, "another process", deliveries, bytes),
        Message::MarkedElsewhere(marked) => list::marks::marked_elsewhere(model, marked),
        Message::Counted { total, last } => {
            model.counted = Some((total, last));
            Vec::new()
        }
        Message::Page(page) => {
            model.last = model.last.max(page.newest.unwrap_or(model.last));
            model.list.page(page, &model.viewport).into_iter().collect()
        }
        Message::Reread(rows) => {
            let selected = model.list.selected();
            let is_answered = |id: &DeliveryId| rows.iter().any(|row| row.id == *id && row.answer.is_some());
            let answered = selected.filter(is_answered);
            model.list.reread(rows);
            answered.map(Effect::LoadAnswer).into_iter().collect()
        }
        Message::Answered(summary, answer) => {
            let shown = model.detail.as_mut().filter(|detail| detail.id == summary.id);
            if let Some(Ok(loaded)) = shown.map(|detail| &mut detail.content) {
                (loaded.delivery.summary, loaded.delivery.answer) = (*summary, answer);
            }
            Vec::new()
        }
        Message::Loaded(id, content) => {
            if model.list.selected() == Some(id) {
                show(model, id, content)
            } else {
                // It was cancelled too late.
                model.loading.take_if(|loading| *loading == id);
                model.discarded = content.ok().map(|loaded| loaded as _);
                Vec::new()
            }
        }
        Message::Read(id, contents) => {
            model.loading.take_if(|loading| *loading == id);
            let shown = model.detail.as_mut().filter(|detail| detail.id == id);
            match shown.and_then(|detail| Some((detail.content.as_mut().ok()?.take(*contents), detail))) {
                Some((before, detail)) => {
                    model.discarded = Some(Box::new(before));
                    detail.ask_for_sightings().into_iter().collect()
                }
                None => Vec::new(),
            }
        }
        Message::Inquiry(id, news) => {
            report(model, id, news);
            Vec::new()
        }
        Message::Recalled(id, sightings) => {
            if let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) {
                detail.sightings = Some(sightings);
            }
            Vec::new()
        }
        Message::Payload(answer) => {
            payload::update::answered(model, answer);
            Vec::new()
        }
        Message::Answers(news) => answers::update::news(model, news),
        Message::Config(news) => crate::tui::screens::saving::update::news(model, news),
        Message::Jobs(running) => {
            model.jobs = running;
            Vec::new()
        }
        Message::Tunnel(tunnel) => {
            model.tunnel = tunnel;
            Vec::new()
        }
        Message::Secrets(secrets) => {
            model.secrets = secrets;
            rejudge::forget(model);
            judge_again(model)
        }
        Message::SchemesFound(id, candidates) => {
            adopt::found(model, id, candidates);
            Vec::new()
        }
        Message::Adopted(schemes) => {
            model.adopted = schemes;
            rejudge::forget(model);
            judge_again(model)
        }
        Message::SecretReceived(news) => {
            model.say(news.brief(), !news.is_used());
            Vec::new()
        }
        Message::SecretEntered(secret) => rejudge::entered(model, &secret),
        Message::SecretElsewhere(given) => rejudge::elsewhere(model, &given),
        Message::Rejudged(report) => {
            rejudge::judged(model, report);
            Vec::new()
        }
        Message::Copied(outcome) => {
            let is_error = outcome.is_err();
            model.say(outcome.unwrap_or_else(|words| words), is_error);
            Vec::new()
        }
        Message::Redacted(number, made) => {
            redact::update::made(model, number, made);
            Vec::new()
        }
        Message::Exported(outcome) => {
            let is_error = outcome.is_err();
            model.say(outcome.unwrap_or_else(|words| words), is_error);
            Vec::new()
        }
        Message::Opened(outcome) => {
            let is_error = outcome.is_err();
            model.say(outcome.unwrap_or_else(|words| words), is_error);
            Vec::new()
        }
        Message::Picture(key, made) => {
            image::update::pictured(model, key, made);
            Vec::new()
        }
        Message::Saved(request, outcome) => {
            image::update::saved(model, request, outcome);
            Vec::new()
        }
        Message::Status(status) => {
            if let Some(Overlay::Status(view)) = &mut model.overlay {
                view.status = Some(*status);
            }
            Vec::new()
        }
        Message::Measured(sizes) => {
            if let Some(Overlay::Status(view)) = &mut model.overlay {
                view.sizes = Some(sizes);
            }
            Vec::new()
        }
        Message::Sending(news) => send::update::heard(model, news),
        Message::Marked(ids, edit, outcome) => list::marks::marked(model, ids, &edit, outcome),
        Message::Listener(link) => attachment::changed(model, link),
        Message::Warn(text) => {
            model.say(text, true);
            Vec::new()
        }
        Message::Drawn(viewport) => {
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
            Vec::new()
        }
    };
    tour::update::follow(model);
    effects.extend(follow_selection(model));
    effects.extend(ask_for_rewritings(model));
    effects.extend(answers::update::ask_for_story(model));
    effects.extend(image::update::ask_for_picture(model));
    effects.extend(model.prepare_rows());
    effects
}

/// Does what a key asks for. What it causes to be said is gone with the next key.
fn by_key(model: &mut Model, key: impl FnOnce(&mut Model) -> Vec<Effect>) -> Vec<Effect> {
    model.turn_notice();
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
    model.say(format!("{who} deleted {}; {} freed", counted(deliveries, "delivery"), counted(bytes, "byte")), false);
    // Some of them may have been hidden before, and are not counted.
    [Effect::Recount].into_iter().chain(model.list.retired()).collect()
}
