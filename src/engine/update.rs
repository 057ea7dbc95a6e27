//! A message and the model in, effects out. Pure.

use super::detail::Loaded;
use super::inquiry::{Inquiry, Question, Report, asks_why};
use super::model::{Detail, Focus, Model, Notice};
use super::overlay::{AnswerChoice, CopyItem, Overlay, Prompt, PromptKind};
use super::trial::Trial;
use super::{Action, Effect, Message, Step, Tab};
use crate::delivery::DeliveryId;
use crate::diagnosis;
use crate::query::Query;
use crate::signature::diagnose::Depth;
use zeroize::Zeroizing;

/// Deliveries whose inquiries are remembered.
const INQUIRIES: usize = 64;

/// Takes in what happened and says what to do about it.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = match message {
        Message::Act(action) => {
            model.notice = None;
            act(model, action)
        }
        Message::Edit(request) => match &mut model.overlay {
            Some(Overlay::Prompt(prompt)) => {
                prompt.edit(request);
                typed(model)
            }
            Some(Overlay::Try(_)) => retry(model, |trial| trial.edit(request)),
            _ => Vec::new(),
        },
        Message::Paste(text) => match &mut model.overlay {
            Some(Overlay::Prompt(prompt)) => {
                prompt.paste(&text);
                typed(model)
            }
            Some(Overlay::Try(_)) => retry(model, |trial| trial.paste(&text)),
            _ => Vec::new(),
        },
        Message::Choose(key) => model.choose(key),
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
        Message::Counted { total, last } => {
            model.counted = Some((total, last));
            Vec::new()
        }
        Message::Page(page) => {
            model.last = model.last.max(page.newest.unwrap_or(model.last));
            model.list.page(page, &model.viewport).into_iter().collect()
        }
        Message::Reread(rows) => {
            let shown = model.detail.as_ref().map(|detail| detail.id);
            let answered = rows.iter().any(|row| Some(row.id) == shown && row.answer.is_some());
            model.list.reread(rows);
            if answered { load(model, shown) } else { Vec::new() }
        }
        Message::Loaded(id, content) => {
            model.loading = None;
            show(model, id, content)
        }
        Message::Inquiry(id, news) => {
            report(model, id, news);
            Vec::new()
        }
        Message::Tunnel(tunnel) => {
            model.tunnel = tunnel;
            Vec::new()
        }
        Message::Secrets(secrets) => {
            model.secrets = secrets;
            // What was found out rests on the secrets of before.
            model.inquiries.clear();
            if let Some(detail) = &mut model.detail {
                detail.inquiry = Inquiry::default();
            }
            // The detail pane compares with the secrets of today.
            let shown = model.detail.as_ref().map(|detail| detail.id);
            load(model, shown)
        }
        Message::Copied(outcome) => {
            model.notice = Some(match outcome {
                Ok(text) => Notice { text, is_error: false },
                Err(text) => Notice { text, is_error: true },
            });
            Vec::new()
        }
        Message::Warn(text) => {
            model.notice = Some(Notice { text, is_error: true });
            Vec::new()
        }
        Message::Drawn(viewport) => {
            model.viewport = viewport;
            Vec::new()
        }
    };
    effects.extend(follow_selection(model));
    effects.extend(ask_for_rewritings(model));
    model.prepare_rows();
    effects
}

/// Reads the selected delivery when it is not the one shown, one read at a time.
fn follow_selection(model: &mut Model) -> Vec<Effect> {
    let selected = model.list.selected();
    if selected.is_none() {
        model.detail = None;
    }
    if selected == model.detail.as_ref().map(|detail| detail.id) { Vec::new() } else { load(model, selected) }
}

fn load(model: &mut Model, id: Option<DeliveryId>) -> Vec<Effect> {
    match id {
        Some(id) if model.loading.is_none() => {
            model.loading = Some(id);
            vec![Effect::Load(id)]
        }
        _ => Vec::new(),
    }
}

fn show(model: &mut Model, id: DeliveryId, content: Result<Box<Loaded>, String>) -> Vec<Effect> {
    let (scroll, mut inquiry) = match model.detail.take() {
        Some(shown) if shown.id == id => (shown.scroll, shown.inquiry),
        before => {
            model.revealed = false;
            ([0; Tab::ALL.len()], switch_inquiry(model, before, id))
        }
    };
    let mut effects = Vec::new();
    let is_open = inquiry.why.is_none() && inquiry.running.is_none();
    if is_open && content.as_ref().is_ok_and(|loaded| asks_why(loaded)) {
        effects.push(ask(&mut inquiry, id, Question::Why(Depth::Pairs)));
    }
    model.detail = Some(Detail { id, content, scroll, raw: None, inquiry });
    effects
}

/// Puts away what was found out about the delivery shown `before`, and takes out what is known of
/// `id`. A search that was under way has been given up for the next.
fn switch_inquiry(model: &mut Model, before: Option<Detail>, id: DeliveryId) -> Inquiry {
    let known = model.inquiries.iter().position(|(known, _)| *known == id).and_then(|at| model.inquiries.remove(at));
    if let Some(Detail { id, inquiry, .. }) = before {
        model.inquiries.push_back((id, Inquiry { running: None, ..inquiry }));
        if model.inquiries.len() > INQUIRIES {
            model.inquiries.pop_front();
        }
    }
    known.map(|(_, inquiry)| inquiry).unwrap_or_default()
}

/// Begins an inquiry.
fn ask(inquiry: &mut Inquiry, id: DeliveryId, question: Question) -> Effect {
    inquiry.running = Some((question.clone(), None));
    Effect::Inquire(id, question)
}

/// Asks what re-serialisations would change in a delivery that is right, once its Signature tab is
/// looked at.
fn ask_for_rewritings(model: &mut Model) -> Option<Effect> {
    let detail = model.detail.as_mut().filter(|_| model.tab == Tab::Signature)?;
    let loaded = detail.content.as_ref().ok()?;
    let is_open = detail.inquiry.running.is_none() && detail.inquiry.rewritings.is_none();
    let is_small = loaded.delivery.body.len() <= diagnosis::REWRITTEN_BODY_BYTES;
    (is_open && is_small && loaded.is_verified()).then(|| ask(&mut detail.inquiry, detail.id, Question::Rewritings))
}

fn ask_shown(model: &mut Model, question: Question) -> Vec<Effect> {
    model.tab = Tab::Signature;
    match &mut model.detail {
        Some(detail) if detail.content.is_ok() => vec![ask(&mut detail.inquiry, detail.id, question)],
        _ => Vec::new(),
    }
}

fn look_deeper(model: &mut Model) -> Vec<Effect> {
    let inquiry = model.detail.as_ref().map(|detail| &detail.inquiry);
    if inquiry.is_some_and(|inquiry| inquiry.running.is_some()) {
        return Vec::new();
    }
    match inquiry.and_then(Inquiry::deeper) {
        Some(depth) => ask_shown(model, Question::Why(depth)),
        None => {
            let text = "this is as deep as it goes".to_owned();
            model.notice = Some(Notice { text, is_error: false });
            Vec::new()
        }
    }
}

fn stop_looking(model: &mut Model) -> Vec<Effect> {
    match model.detail.as_mut().and_then(|detail| detail.inquiry.running.take()) {
        Some(_) => vec![Effect::StopInquiry],
        None => Vec::new(),
    }
}

fn report(model: &mut Model, id: DeliveryId, report: Report) {
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) else { return };
    match report {
        Report::Progress(progress) => {
            if let Some((_, last)) = &mut detail.inquiry.running {
                *last = Some(progress);
            }
        }
        Report::Found(finding) => detail.inquiry.found(finding),
        Report::Failed(text) => {
            detail.inquiry.running = None;
            model.notice = Some(Notice { text, is_error: true });
        }
    }
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.overlay.is_some() {
        return act_on_overlay(model, action);
    }
    match action {
        Action::Move(step) if model.focus == Focus::List => {
            model.list.step(step, &model.viewport).into_iter().collect()
        }
        Action::Move(step) | Action::Scroll(step) => scroll(model, step),
        Action::Show(tab) => show_tab(model, tab),
        Action::NextTab => show_tab(model, model.tab.turned(1)),
        Action::PreviousTab => show_tab(model, model.tab.turned(-1)),
        Action::Open if model.detail.is_some() => {
            model.focus = Focus::Detail;
            Vec::new()
        }
        Action::Back => back(model),
        Action::Filter => {
            let filter = model.list.filter().to_owned();
            open(model, Overlay::Prompt(Prompt::new(PromptKind::Filter, filter)))
        }
        Action::Follow => model.list.toggle_follow(&model.viewport).into_iter().collect(),
        Action::Pause => model.list.toggle_pause().into_iter().collect(),
        Action::PickAnswer => {
            let choices = AnswerChoice::all(&model.policy);
            let cursor = choices.iter().position(|choice| choice.policy == model.policy).unwrap_or(0);
            open(model, Overlay::Answers(cursor))
        }
        Action::TypeSecret => open(model, Overlay::Prompt(Prompt::new(PromptKind::Secret, String::new()))),
        Action::CopyMenu => open(model, Overlay::Copy(0)),
        Action::CopyPublicUrl => copy_public_url(model),
        Action::Reveal => {
            model.revealed = !model.revealed;
            show_tab(model, Tab::Signature)
        }
        Action::Deeper => look_deeper(model),
        Action::StopLooking => stop_looking(model),
        Action::Try => {
            let trial = model.loaded().map(Trial::of);
            trial.map_or_else(Vec::new, |trial| open(model, Overlay::Try(Box::new(trial))))
        }
        Action::Compare if model.loaded().is_some() => {
            open(model, Overlay::Prompt(Prompt::new(PromptKind::Digest, String::new())))
        }
        Action::Help => open(model, Overlay::Help(0)),
        Action::Commands => open(model, Overlay::Prompt(Prompt::new(PromptKind::Command, String::new()))),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Quit => vec![Effect::Quit],
        Action::Open
        | Action::Compare
        | Action::Accept
        | Action::NextField
        | Action::PreviousField
        | Action::TurnUnit => Vec::new(),
    }
}

fn open(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.overlay = Some(overlay);
    Vec::new()
}

fn show_tab(model: &mut Model, tab: Tab) -> Vec<Effect> {
    model.tab = tab;
    Vec::new()
}

fn back(model: &mut Model) -> Vec<Effect> {
    if model.focus == Focus::Detail {
        model.focus = Focus::List;
        return Vec::new();
    }
    if model.list.filter().is_empty() {
        return Vec::new();
    }
    model.list.set_filter(Query::default(), String::new()).into_iter().collect()
}

fn scroll(model: &mut Model, step: Step) -> Vec<Effect> {
    let viewport = model.viewport;
    let tab = model.tab.index();
    if let Some(detail) = &mut model.detail {
        // The places that the first row can have: the last leaves the screen just full.
        let places = viewport.detail_lines.saturating_sub(viewport.detail_rows) + 1;
        let place = detail.scroll[tab].min(places - 1);
        detail.scroll[tab] = step.apply(place, places, viewport.detail_rows);
    }
    Vec::new()
}

fn act_on_overlay(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back => return back_out(model),
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        _ => {}
    }
    let viewport = model.viewport;
    let choices = match &model.overlay {
        Some(Overlay::Answers(_)) => AnswerChoice::all(&model.policy).len(),
        Some(Overlay::Copy(_)) => model.copy_items().len(),
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Command => prompt.commands().len(),
        _ => 0,
    };
    match (&mut model.overlay, action) {
        (Some(Overlay::Help(first)), Action::Move(step)) => {
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            *first = step.apply(*first, places, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Help(_)), Action::Help | Action::Accept) => close(model),
        (Some(Overlay::Answers(cursor) | Overlay::Copy(cursor)), Action::Move(step)) => {
            *cursor = step.apply(*cursor, choices, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Prompt(prompt)), Action::Move(step)) => {
            prompt.cursor = step.apply(prompt.cursor, choices, viewport.overlay_rows);
            Vec::new()
        }
        (Some(Overlay::Answers(cursor)), Action::Accept) => {
            let chosen = AnswerChoice::all(&model.policy).into_iter().nth(*cursor);
            let mut effects = close(model);
            if let Some(AnswerChoice { policy }) = chosen {
                model.policy = policy.clone();
                effects.push(Effect::SetPolicy(policy));
            }
            effects
        }
        (Some(Overlay::Copy(cursor)), Action::Accept) => {
            let cursor = *cursor;
            let chosen = model.copy_items().into_iter().nth(cursor);
            copy_item(model, chosen)
        }
        (Some(Overlay::Prompt(_)), Action::Accept) => accept_prompt(model),
        (Some(Overlay::Try(trial)), Action::NextField | Action::Move(Step::Down)) => {
            trial.turn(1);
            Vec::new()
        }
        (Some(Overlay::Try(trial)), Action::PreviousField | Action::Move(Step::Up)) => {
            trial.turn(-1);
            Vec::new()
        }
        (Some(Overlay::Try(_)), Action::TurnUnit) => retry(model, Trial::turn_unit),
        (Some(Overlay::Try(_)), Action::Accept) => close(model),
        _ => Vec::new(),
    }
}

/// Changes the trial and judges it again.
fn retry(model: &mut Model, change: impl FnOnce(&mut Trial)) -> Vec<Effect> {
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
fn back_out(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Filter && prompt.before != model.list.filter() => {
            let query = Query::parse(&prompt.before).unwrap_or_default();
            model.list.set_filter(query, prompt.before.clone()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Closes the overlay.
fn close(model: &mut Model) -> Vec<Effect> {
    model.overlay = None;
    Vec::new()
}

/// What a prompt's text means while it is being typed. A key in the copy menu chooses straight away.
fn typed(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else { return Vec::new() };
    if prompt.kind != PromptKind::Filter {
        return Vec::new();
    }
    match Query::parse(prompt.text()) {
        Ok(query) => {
            prompt.error = None;
            let filter = prompt.text().to_owned();
            if filter == model.list.filter() {
                return Vec::new();
            }
            model.list.set_filter(query, filter).into_iter().collect()
        }
        Err(error) => {
            prompt.error = Some(error.to_string());
            Vec::new()
        }
    }
}

fn accept_prompt(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &model.overlay else { return Vec::new() };
    match prompt.kind {
        PromptKind::Filter if prompt.error.is_some() => Vec::new(),
        PromptKind::Filter => close(model),
        PromptKind::Secret => {
            let typed = Zeroizing::new(prompt.text().as_bytes().to_vec());
            model.overlay = None;
            if typed.is_empty() { Vec::new() } else { vec![Effect::UseSecret(typed)] }
        }
        PromptKind::Digest => {
            let text = prompt.text().to_owned();
            model.overlay = None;
            if text.is_empty() { Vec::new() } else { ask_shown(model, Question::Whence(text)) }
        }
        PromptKind::Command => {
            let chosen = prompt.commands().get(prompt.cursor).copied();
            model.overlay = None;
            chosen.map_or_else(Vec::new, |action| act(model, action))
        }
    }
}

fn copy_public_url(model: &mut Model) -> Vec<Effect> {
    match model.public_url() {
        Some(text) => copy(model, "the public URL", text),
        None => {
            let text = "no tunnel leads here yet: run `ngrok http` with our port; y copies the local URL".to_owned();
            model.notice = Some(Notice { text, is_error: true });
            Vec::new()
        }
    }
}

fn copy_item(model: &mut Model, item: Option<CopyItem>) -> Vec<Effect> {
    let mut effects = close(model);
    if let Some(CopyItem { what, text, .. }) = item {
        effects.extend(copy(model, what, text));
    }
    effects
}

fn copy(model: &mut Model, what: &str, text: String) -> Vec<Effect> {
    model.register = Some(text.clone());
    vec![Effect::Copy { what: what.to_owned(), text }]
}

impl Prompt {
    /// The commands that what has been typed may mean.
    #[must_use]
    pub fn commands(&self) -> Vec<Action> {
        let typed = self.text().to_lowercase();
        let fits = |action: &Action| typed.split_whitespace().all(|word| action.words().to_lowercase().contains(word));
        Action::COMMANDS.into_iter().filter(fits).collect()
    }
}

impl Model {
    /// The first read of the list.
    pub fn list_reload(&mut self) -> Option<Effect> {
        self.list.reload()
    }

    /// What can be copied now.
    #[must_use]
    pub fn copy_items(&self) -> Vec<CopyItem> {
        let mut items = Vec::new();
        let mut add = |key, what, text: Option<String>| {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                items.push(CopyItem { key, what, text });
            }
        };
        if let Some(loaded) = self.loaded() {
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let value = |name: &str| loaded.head.value(name).map(|value| lossy(value));
            let scheme = crate::signature::Scheme::default();
            add('i', "the id", Some(loaded.delivery.summary.id.to_string()));
            add('p', "the path", Some(loaded.delivery.summary.path.clone()));
            add('b', "the body", Some(lossy(&loaded.delivery.body)));
            add('s', "the signature", value(&scheme.signature_header));
            add('t', "the timestamp", value(&scheme.timestamp_header));
            add('h', "the request head", Some(lossy(&loaded.delivery.head)));
            add('e', "the event name", loaded.delivery.summary.event.event.clone());
        }
        add('u', "the public URL", self.public_url());
        add('l', "the local URL", Some(self.local_url()));
        items
    }

    /// Chooses the copy menu's item with this key.
    fn choose(&mut self, key: char) -> Vec<Effect> {
        if !matches!(self.overlay, Some(Overlay::Copy(_))) {
            return Vec::new();
        }
        let item = self.copy_items().into_iter().find(|item| item.key == key);
        if item.is_some() { copy_item(self, item) } else { Vec::new() }
    }
}
