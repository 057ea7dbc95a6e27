//! What a key or a command does while nothing lies over the panes.

use super::effect::Effect;
use super::jobs;
use super::model::{Focus, Model};
use super::navigation::{open, scroll, show_tab};
use crate::query::Query;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::overlay::state::{Overlay, Prompt, PromptKind};
use crate::tui::app::overlay::update::{act_on_overlay, copy_public_url};
use crate::tui::keymap;
use crate::tui::screens::answer::idle::decides;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::details::lend;
use crate::tui::screens::list::filter_prompt;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::signature::trial::Trial;
use crate::tui::screens::signature::update::{adopt, look_deeper};
use crate::tui::screens::{answers, image, list, payload, send};

/// How often the split between the panes can be moved to either side.
pub(crate) const SPLIT_STEPS: i16 = 8;

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.overlay.is_some() {
        return act_on_overlay(model, action);
    }
    match action {
        Action::Move(step) if model.focus == Focus::List => {
            model.list.step(step, &model.viewport).into_iter().collect()
        }
        Action::Move(step) => payload::update::step(model, step).unwrap_or_else(|| scroll(model, step)),
        Action::Scroll(step) => {
            let is_shown = model.tab == Tab::Payload && model.focus == Focus::Detail;
            if is_shown && payload::update::scroll_query(model, step) { Vec::new() } else { scroll(model, step) }
        }
        // Space pauses where there is nothing to fold.
        Action::Payload(PayloadAction::Toggle) if !model.shows_tree() => act(model, Action::Pause),
        Action::Payload(action) => {
            // Asked from the list, or from another tab: from here on keys are about the payload.
            if model.tab != Tab::Payload || model.focus == Focus::List {
                model.tab = Tab::Payload;
                model.focus = Focus::Detail;
            }
            payload::update::act_on_payload(model, action)
        }
        Action::Send(action) => send::update::act(model, action),
        Action::Image(action) => {
            // The command prompt may ask from another tab.
            model.tab = Tab::Image;
            if action.is_of_cursor() {
                model.focus = Focus::Detail;
            }
            image::update::act(model, action)
        }
        Action::Show(tab) => show_tab(model, tab),
        Action::NextTab => show_tab(model, model.tab.turned(1)),
        Action::PreviousTab => show_tab(model, model.tab.turned(-1)),
        // What the Answer tab asks for works from the list too.
        Action::Open if decides(model) => answers::update::on_tab(model, AnswerAction::Decide),
        Action::Open if model.detail.is_some() => {
            model.focus = Focus::Detail;
            Vec::new()
        }
        Action::Open => warn(model, "no delivery to open"),
        Action::Back => back(model),
        Action::Filter => {
            filter_prompt::begin(model);
            Vec::new()
        }
        Action::SaveFilter => filter_prompt::begin_saving(model),
        Action::List(action) => list::marks::act(model, action),
        Action::Follow => model.list.toggle_follow(&model.viewport).into_iter().collect(),
        Action::Pause => model.list.toggle_pause().into_iter().collect(),
        Action::PickAnswer => answers::update::pick(model, Vec::new()),
        Action::Answer(action) => answers::update::on_tab(model, action),
        Action::Adopt => adopt::begin(model),
        Action::TypeSecret => open(model, Overlay::Prompt(Prompt::new(PromptKind::Secret, String::new()))),
        Action::CopyMenu => open(model, Overlay::Copy(0)),
        Action::CopyPublicUrl => copy_public_url(model),
        Action::Reveal if model.loaded().is_none_or(|loaded| loaded.expected.is_empty()) => {
            warn(model, "no expected digest: there is no secret for this delivery, or nothing to hash")
        }
        Action::Reveal => {
            model.revealed = !model.revealed;
            // In lines the tab is printed; on a screen the digest may be further down.
            if !model.keymap.is_in_lines() {
                let what = if model.revealed { "revealed" } else { "hidden" };
                model.say(format!("expected digest {what}: below Digests on the Signature tab"));
            }
            show_tab(model, Tab::Signature)
        }
        Action::Deeper => look_deeper(model),
        Action::StopLooking => jobs::stop(model),
        Action::Try => match model.loaded().map(Trial::of) {
            Some(trial) => open(model, Overlay::Try(Box::new(trial))),
            None => warn(model, "select a delivery to try a secret on"),
        },
        Action::Compare if model.loaded().is_some() => {
            open(model, Overlay::Prompt(Prompt::new(PromptKind::Digest, String::new())))
        }
        Action::FoldEvent => {
            model.event_folded = !model.event_folded;
            show_tab(model, Tab::Payload)
        }
        Action::Compare => warn(model, "select a delivery to compare a digest with"),
        Action::Messages => open(model, Overlay::Messages(0)),
        Action::Zoom => {
            model.is_zoomed = !model.is_zoomed;
            Vec::new()
        }
        Action::Split(wider) => {
            model.is_zoomed = false;
            model.split = (model.split + if wider { 1 } else { -1 }).clamp(-SPLIT_STEPS, SPLIT_STEPS);
            Vec::new()
        }
        Action::Status => {
            model.overlay = Some(Overlay::Status(Box::default()));
            vec![Effect::Observe]
        }
        Action::Help => open(model, Overlay::Help(Box::default())),
        Action::Commands => open(model, Overlay::Prompt(Prompt::new(PromptKind::Command, String::new()))),
        Action::Lend(to) => lend::lend(model, to),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Mouse => {
            model.has_mouse = !model.has_mouse;
            let words = match model.has_mouse {
                true => "the mouse is on: click, double-click, turn the wheel; Shift selects text",
                false => "the mouse is off: the terminal selects text with it",
            };
            model.say(words);
            vec![Effect::Mouse(model.has_mouse)]
        }
        Action::Quit => jobs::quit(model),
        Action::Cancel
        | Action::Accept
        | Action::NextField
        | Action::PreviousField
        | Action::TurnUnit
        | Action::SaveColumns
        | Action::SearchHelp
        | Action::TurnHelp => Vec::new(),
    }
}

/// A key that means nothing here: says where it works.
pub(crate) fn unbound(model: &mut Model, key: &str) -> Vec<Effect> {
    let words = keymap::elsewhere(model, key).unwrap_or_else(|| {
        let (help, commands) = (model.keymap.press(Action::Help), model.keymap.press(Action::Commands));
        format!("{key} does nothing here: {help} shows the keys, {commands} finds a command")
    });
    warn(model, &words)
}

fn warn(model: &mut Model, text: &str) -> Vec<Effect> {
    model.warn(text);
    Vec::new()
}

fn back(model: &mut Model) -> Vec<Effect> {
    if model.tour.take().is_some() {
        let words = format!("the tour is over; {} shows every key", model.keymap.press(Action::Help));
        model.say(words);
        return Vec::new();
    }
    if payload::update::close_one(model) {
        return Vec::new();
    }
    if model.is_zoomed {
        model.is_zoomed = false;
        return Vec::new();
    }
    if model.focus == Focus::Detail {
        model.focus = Focus::List;
        return Vec::new();
    }
    if !model.chosen.is_empty() {
        model.chosen.clear();
        return Vec::new();
    }
    if model.list.filter().is_empty() {
        return Vec::new();
    }
    model.list.set_filter(Query::default(), String::new()).into_iter().collect()
}
