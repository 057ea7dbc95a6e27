//! What keys and typing mean while something lies over the panes, and what can be copied.

use zeroize::Zeroizing;

use crate::config::TunnelName;
use crate::query::{ListOrder, Query};
use crate::signature::diagnose::PrintedDigest;
use crate::tui::app::act::act;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{CopyItem, CopyWhole, Overlay, PromptKind};
use crate::tui::app::step::{Neighbour, Step};
use crate::tui::screens::list::filter_prompt;
use crate::tui::screens::signature::state::Question;
use crate::tui::screens::signature::trial::Trial;
use crate::tui::screens::signature::update::{adopt, ask_shown};
use crate::tui::screens::{answers, help, image, list, payload, redact, saving, send};

pub(crate) fn act_on_overlay(model: &mut Model, action: Action) -> Vec<Effect> {
    // ^C closes what is on top; where that asks whether to quit, it says yes.
    let action = match action {
        Action::Cancel | Action::Quit if asks_to_quit(model) => return confirm(model),
        Action::Cancel | Action::Quit => Action::Back,
        action => action,
    };
    match &model.overlay {
        Some(Overlay::Sending) => return send::update::act_on_screen(model, action),
        Some(Overlay::Help(_)) => return help::update::act(model, action),
        _ => {}
    }
    match action {
        Action::Back if matches!(model.overlay, Some(Overlay::Answers(_))) => return answers::update::back(model),
        Action::Back | Action::Accept | Action::Move(_) if matches!(model.overlay, Some(Overlay::Saving(_))) => {
            return saving::update::act(model, action);
        }
        Action::Back | Action::Accept | Action::Move(_) if matches!(model.overlay, Some(Overlay::Redacting(_))) => {
            return redact::update::act(model, action);
        }
        Action::Back => return back_out(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        _ => {}
    }
    let viewport = model.viewport;
    let choices = match &model.overlay {
        Some(Overlay::Copy(_)) => model.copy_items().len(),
        Some(Overlay::Order(_)) => ListOrder::ALL.len(),
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Command => prompt.commands(&model.keymap).len(),
        _ => 0,
    };
    match (&mut model.overlay, action) {
        (Some(Overlay::Messages(first)), Action::Move(step)) => {
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            *first = step.apply((*first).min(places - 1), places, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Messages(_)), Action::Accept) => close(model),
        (Some(Overlay::Status(view)), Action::Move(step)) => {
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            view.first = step.apply(view.first, places, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Status(_)), Action::Accept) => close(model),
        (Some(Overlay::Adopt(_)), action) => adopt::act(model, action),
        (Some(Overlay::Copy(cursor) | Overlay::Order(cursor)), Action::Move(step)) => {
            *cursor = step.apply(*cursor, choices, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Prompt(prompt)), Action::Move(step)) => {
            if prompt.kind == PromptKind::Filter {
                return filter_prompt::recall(model, step);
            }
            if prompt.kind == PromptKind::Query {
                payload::update::scroll_query(model, step);
                return Vec::new();
            }
            prompt.cursor = step.apply(prompt.cursor, choices, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Prompt(prompt)), Action::NextField) if prompt.kind == PromptKind::Filter => {
            filter_prompt::complete(model, Neighbour::Next)
        }
        (Some(Overlay::Prompt(prompt)), Action::PreviousField) if prompt.kind == PromptKind::Filter => {
            filter_prompt::complete(model, Neighbour::Previous)
        }
        (Some(Overlay::Prompt(prompt)), Action::SaveFilter) if prompt.kind == PromptKind::Filter => {
            filter_prompt::begin_saving(model)
        }
        (Some(Overlay::Prompt(_)), Action::SaveColumns) => list::columns::save(model),
        (Some(Overlay::Answers(_)), Action::Accept) => answers::update::accept(model),
        (Some(Overlay::Answers(_)), action) => answers::update::act_on_window(model, action),
        (Some(Overlay::Copy(cursor)), Action::Accept) => {
            let cursor = *cursor;
            let chosen = model.copy_items().into_iter().nth(cursor);
            copy_item(model, chosen)
        }
        (Some(Overlay::Order(cursor)), Action::Accept) => {
            let cursor = *cursor;
            list::order_menu::accept(model, cursor)
        }
        (Some(Overlay::Folding), Action::Payload(folding)) => {
            model.overlay = None;
            act(model, Action::Payload(folding))
        }
        (Some(Overlay::Prompt(_)), Action::Accept) => accept_prompt(model),
        (Some(Overlay::Confirm(_)), Action::Accept) => confirm(model),
        (Some(Overlay::Try(trial)), Action::NextField | Action::Move(Step::Down)) => {
            trial.turn(1);
            Vec::new()
        }
        (Some(Overlay::Try(trial)), Action::PreviousField | Action::Move(Step::Up)) => {
            trial.turn(-1);
            Vec::new()
        }
        (Some(Overlay::Try(_)), Action::TurnUnit) => retry(model, Trial::turn_unit),
        (Some(Overlay::Try(_)), Action::Accept) => accept_trial(model),
        _ => Vec::new(),
    }
}

fn asks_to_quit(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Confirm(confirm)) if confirm.effect == Effect::Quit)
}

/// Closes the trial. A secret that it has found is used from now on.
fn accept_trial(model: &mut Model) -> Vec<Effect> {
    let found = match &model.overlay {
        Some(Overlay::Try(trial)) => trial.found(),
        _ => None,
    };
    model.overlay = None;
    found.map(Effect::UseSecret).into_iter().collect()
}

/// Changes the trial and judges it again.
pub(crate) fn retry(model: &mut Model, change: impl FnOnce(&mut Trial)) -> Vec<Effect> {
    if let Some(Overlay::Try(mut trial)) = model.overlay.take() {
        change(&mut trial);
        if let Some(loaded) = model.loaded() {
            trial.judge(loaded);
        }
        model.overlay = Some(Overlay::Try(trial));
    }
    Vec::new()
}

/// Closes the overlay and undoes what a filter prompt has changed.
pub(crate) fn back_out(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Filter => {
            let is_other = prompt.selected.is_some() && prompt.selected != model.list.selected();
            if prompt.before == model.list.filter() && !is_other {
                return Vec::new();
            }
            let query = Query::parse_with(&prompt.before, &model.filters).unwrap_or_default();
            model.list.return_to(query, prompt.before.clone(), prompt.selected).into_iter().collect()
        }
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Search => {
            payload::update::cancel_search(model);
            Vec::new()
        }
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Query => {
            if let Some(detail) = &mut model.detail {
                detail.view.query = None;
            }
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Closes the overlay.
pub(crate) fn close(model: &mut Model) -> Vec<Effect> {
    model.overlay = None;
    Vec::new()
}

/// What a prompt's text means while it is being typed. A key in the copy menu chooses straight away.
pub(crate) fn typed(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    let text = prompt.text().to_owned();
    match prompt.kind {
        PromptKind::Filter => filter_prompt::typed(model),
        PromptKind::Search => payload::update::search(model, &text),
        PromptKind::Query => payload::update::query(model, &text),
        _ => {
            prompt.error = None;
            Vec::new()
        }
    }
}

pub(crate) fn accept_prompt(model: &mut Model) -> Vec<Effect> {
    let lost = model.lost().map(|lost| format!("not changed: {lost}"));
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    // What was typed stays until the listener that has to take it is there again.
    if let (Some(lost), PromptKind::Note | PromptKind::Tag | PromptKind::Secret) = (lost, prompt.kind) {
        prompt.error = Some(lost);
        return Vec::new();
    }
    match prompt.kind {
        PromptKind::Filter => filter_prompt::accept(model),
        PromptKind::FilterName => filter_prompt::save(model),
        PromptKind::Note => {
            let text = prompt.text().to_owned();
            list::marks::note(model, text)
        }
        PromptKind::Tag => list::marks::tag(model),
        PromptKind::Columns => list::columns::accept(model),
        PromptKind::Export => list::marks::export(model),
        PromptKind::Search => {
            payload::update::keep_search(model);
            close(model)
        }
        PromptKind::Query => close(model),
        PromptKind::Secret => {
            let typed = Zeroizing::new(prompt.text().as_bytes().to_vec());
            if typed.is_empty() {
                prompt.error = Some("nothing entered yet: type or paste the secret; Esc closes".to_owned());
                return Vec::new();
            }
            model.overlay = None;
            vec![Effect::UseSecret(typed)]
        }
        PromptKind::Digest => {
            let text = prompt.text().to_owned();
            // The text stays, to be mended.
            if let Err(error) = PrintedDigest::read(&text) {
                prompt.error = Some(error.to_string());
                return Vec::new();
            }
            model.overlay = None;
            ask_shown(model, Question::ExplainDigest(text))
        }
        PromptKind::Bytes | PromptKind::Offset | PromptKind::SaveImage => {
            let (kind, typed) = (prompt.kind, prompt.text().to_owned());
            image::update::accept(model, kind, &typed)
        }
        PromptKind::Command => {
            let Some(chosen) = prompt.commands(&model.keymap).get(prompt.cursor).copied() else {
                prompt.error = Some("no command matches".to_owned());
                return Vec::new();
            };
            model.overlay = None;
            act(model, chosen)
        }
    }
}

pub(crate) fn copy_public_url(model: &mut Model) -> Vec<Effect> {
    match model.public_url() {
        Some(text) if model.tunnel.best().is_some_and(|best| best.name == TunnelName::Learnt) => {
            // Whoever sends a delivery chooses what is learnt from it.
            vec![copy("the learnt URL (check that it is yours)", text)]
        }
        Some(text) => vec![copy("the public URL", text)],
        None => {
            let port = model.setup.url.rsplit(':').next().unwrap_or_default();
            let copies = match model.keymap.is_in_lines() {
                true => "url names the local URL".to_owned(),
                false => format!("{} copies the local URL", model.keymap.press(Action::CopyMenu)),
            };
            let text = format!("no tunnel to this listener yet: run `ngrok http {port}`; {copies}");
            model.warn(text);
            Vec::new()
        }
    }
}

pub(crate) fn copy_item(model: &mut Model, item: Option<CopyItem>) -> Vec<Effect> {
    let mut effects = close(model);
    match item {
        Some(CopyItem { whole: Some(CopyWhole::Image(way)), .. }) => effects.extend(image::update::copy(model, way)),
        Some(CopyItem { whole: Some(CopyWhole::Redacted(what)), .. }) => {
            effects.extend(redact::update::copy(model, what));
        }
        Some(item) => {
            let text = model.copy_text(&item);
            effects.push(copy(item.what, text));
        }
        None => {}
    }
    effects
}

/// Does what was asked about.
fn confirm(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Confirm(confirm)) => vec![confirm.effect],
        _ => Vec::new(),
    }
}

fn copy(what: &str, text: String) -> Effect {
    Effect::Copy { what: what.to_owned(), text }
}

impl Model {
    /// The first read of the list.
    pub fn list_reload(&mut self) -> Option<Effect> {
        self.list.reload()
    }

    /// What can be copied now.
    #[must_use]
    pub fn copy_items(&self) -> Vec<CopyItem> {
        let mut items = self.payload_items();
        let of_image = image::update::copy_ways(self).into_iter();
        let image_item = |(key, what, way, text)| CopyItem { key, what, text, whole: Some(CopyWhole::Image(way)) };
        items.extend(of_image.map(image_item));
        let item = |key, what, text: Option<String>| {
            let text = text.filter(|text| !text.is_empty())?;
            Some(CopyItem { key, what, text, whole: None })
        };
        if let Some(loaded) = self.loaded() {
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let value = |name: &str| loaded.delivery.head.value(name).map(lossy);
            let scheme = &loaded.scheme;
            items.extend(item('i', "the id", Some(loaded.delivery.summary.id.to_string())));
            items.extend(item('p', "the path", Some(loaded.delivery.summary.path.clone())));
            items.extend(Self::body_items(loaded));
            items.extend(self.delivery_items(loaded));
            items.extend(item('s', "the signature", value(scheme.signature_header())));
            items.extend(item('t', "the timestamp", value(scheme.timestamp_header())));
            items.extend(item('h', "the request head", Some(lossy(&loaded.delivery.head))));
            items.extend(item('e', "the event name", loaded.delivery.summary.event.event.clone()));
        }
        items.extend(item('u', "the public URL", self.public_url()));
        items.extend(item('l', "the local URL", Some(self.local_url())));
        items
    }

    /// Chooses the item of a menu with this key.
    pub(crate) fn choose(&mut self, key: char) -> Vec<Effect> {
        if matches!(self.overlay, Some(Overlay::Confirm(_))) {
            return match key {
                'y' | 'Y' => confirm(self),
                'n' | 'N' => close(self),
                _ => Vec::new(),
            };
        }
        if matches!(self.overlay, Some(Overlay::Saving(_))) {
            return match key {
                'y' | 'Y' => saving::update::act(self, Action::Accept),
                'n' | 'N' => saving::update::act(self, Action::Back),
                _ => Vec::new(),
            };
        }
        if matches!(self.overlay, Some(Overlay::Redacting(_))) {
            return match key {
                'y' | 'Y' => redact::update::act(self, Action::Accept),
                'n' | 'N' => redact::update::act(self, Action::Back),
                _ => Vec::new(),
            };
        }
        if matches!(self.overlay, Some(Overlay::Order(_))) {
            return list::order_menu::press(self, key);
        }
        if !matches!(self.overlay, Some(Overlay::Copy(_))) {
            return Vec::new();
        }
        let item = self.copy_items().into_iter().find(|item| item.key == key);
        if item.is_some() { copy_item(self, item) } else { Vec::new() }
    }
}
