//! Keys and what they do: the tables of the screens gathered into the one from which keys work, hints are drawn and
//! help is written.

pub mod binding;
mod commands;
pub mod context;
mod hints;
pub mod names;
pub mod table;

use crossterm::event::KeyEvent;

use crate::tui::app::action::{Action, Tab};
use crate::tui::app::message::Message;
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::overlay;
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::keymap::binding::KeyRow;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::state::SendScreen;
use crate::tui::screens::{answer, answers, image, payload, send, signature};

pub use self::context::KeyContext;
pub use self::hints::{KeyHint, hints};
pub use self::table::{Keymap, KeymapError};

/// Whether a key of this context would only report that it does nothing now. Its hint would only take room.
fn is_idle(context: KeyContext, model: &Model, action: Action) -> bool {
    match context {
        KeyContext::Signature => signature::idle::is_idle(model, action),
        KeyContext::Payload | KeyContext::Folding => payload::idle::is_idle(model, action),
        KeyContext::Image => image::idle::is_idle(model, action),
        KeyContext::Answer => answer::idle::is_idle(model, action),
        KeyContext::Menu => overlay::idle::is_idle(model, action),
        KeyContext::Sending => send::idle::is_idle_in_result(model, action),
        KeyContext::SendForm => send::idle::is_idle(model, action),
        KeyContext::Picker => answers::idle::is_idle(model, action),
        KeyContext::Rules => answers::idle::is_idle_in_rules(model, action),
        _ => false,
    }
}

/// The active contexts, the narrowest first.
#[must_use]
pub fn contexts(model: &Model) -> &'static [KeyContext] {
    match &model.overlay {
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Filter => &[KeyContext::Filter],
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Columns => &[KeyContext::Columns],
        Some(Overlay::Prompt(_)) => &[KeyContext::Prompt],
        Some(Overlay::Help(view)) if view.is_typing => &[KeyContext::Prompt],
        Some(Overlay::Help(_)) => &[KeyContext::Help, KeyContext::Menu],
        Some(Overlay::Try(_)) => &[KeyContext::Form],
        Some(Overlay::Folding) => &[KeyContext::Folding],
        Some(Overlay::Sending) => match model.sending.screens.last() {
            Some(SendScreen::Form(_)) => &[KeyContext::SendForm],
            _ => &[KeyContext::Sending],
        },
        Some(Overlay::Answers(window)) => match &**window {
            AnswerOverlay::Picker(_) => &[KeyContext::Picker, KeyContext::Menu],
            AnswerOverlay::Editor(_) => &[KeyContext::Writing],
            AnswerOverlay::Rules(rules) if rules.line.is_some() => &[KeyContext::Prompt],
            AnswerOverlay::Rules(_) => &[KeyContext::Rules, KeyContext::Menu],
        },
        Some(_) => &[KeyContext::Menu],
        None => contexts_below(model),
    }
}

/// The active contexts when no overlay is open. A tab's own keys work from the list too, so that what a pane names as
/// a key does what it says.
#[must_use]
pub fn contexts_below(model: &Model) -> &'static [KeyContext] {
    use KeyContext::{Anywhere, Detail, List};
    match (model.focus, model.tab) {
        (Focus::List, Tab::Signature) => &[List, KeyContext::Signature, Anywhere],
        (Focus::List, Tab::Payload) => &[List, KeyContext::Payload, Anywhere],
        (Focus::List, Tab::Image) => &[List, KeyContext::Image, Anywhere],
        (Focus::List, Tab::Answer) => &[List, KeyContext::Answer, Anywhere],
        (Focus::List, _) => &[List, Anywhere],
        (Focus::Detail, Tab::Signature) => &[KeyContext::Signature, Detail, Anywhere],
        (Focus::Detail, Tab::Payload) => &[KeyContext::Payload, Detail, Anywhere],
        (Focus::Detail, Tab::Image) => &[KeyContext::Image, Detail, Anywhere],
        (Focus::Detail, Tab::Answer) => &[KeyContext::Answer, Detail, Anywhere],
        (Focus::Detail, _) => &[Detail, Anywhere],
    }
}

/// Whether a key counts with the focus where it is.
fn is_active(model: &Model, binding: &KeyRow) -> bool {
    !binding.needs_focus || model.focus == Focus::Detail || model.overlay.is_some()
}

/// What a key does now: the narrowest context that knows the key decides.
#[must_use]
pub fn action(model: &Model, event: &KeyEvent) -> Option<Action> {
    let bindings = contexts(model).iter().flat_map(|context| model.keymap.rows(*context));
    let mut active = bindings.filter(|binding| is_active(model, binding));
    active.find(|binding| binding.keys.iter().any(|key| key.is(event))).map(|binding| binding.action)
}

/// What a hint means when it is clicked: the same as the key that it names.
#[must_use]
pub fn pressed(model: &Model, label: &str) -> Option<Message> {
    if hints::asks_yes_or_no(model) {
        return label.chars().next().map(Message::Choose);
    }
    let rows = contexts(model).iter().flat_map(|context| model.keymap.rows(*context));
    let mut active = rows.filter(|row| is_active(model, row));
    active.find(|row| row.keys.iter().any(|key| key.label() == label)).map(|row| Message::Act(row.action))
}

/// Where a key works that means nothing here, in words.
#[must_use]
pub fn elsewhere(model: &Model, key: &str) -> Option<String> {
    let tabs = [
        (KeyContext::Signature, Tab::Signature),
        (KeyContext::Payload, Tab::Payload),
        (KeyContext::Image, Tab::Image),
        (KeyContext::Answer, Tab::Answer),
    ];
    let of = |context: KeyContext| {
        let is_it = |row: &&KeyRow| row.keys.iter().any(|bound| bound.label() == key);
        model.keymap.rows(context).iter().find(is_it)
    };
    tabs.into_iter().find_map(|(context, tab)| {
        let binding = of(context)?;
        let (words, title) = (binding.action.words(), tab.title());
        Some(if tab == model.tab {
            let open = model.keymap.press(Action::Open);
            format!("{key} ({words}) needs the focus on the details: {open} gives it to them")
        } else {
            let show = model.keymap.press(Action::Show(tab));
            format!("{key} ({words}) works on the {title} tab: {show} shows it")
        })
    })
}

/// A heading of the help, and below it keys and what they do.
pub type HelpSection = (&'static str, Vec<(String, &'static str)>);

/// The help: for each context its keys and what they do, the active contexts (`now`) first.
#[must_use]
pub fn help(keymap: &Keymap, now: &[KeyContext]) -> Vec<HelpSection> {
    // The keys after a prefix follow the context of the prefix.
    let behind = if now.contains(&KeyContext::Payload) { &[KeyContext::Folding][..] } else { &[] };
    let first: Vec<KeyContext> = match now.split_first() {
        Some((narrowest, others)) => [&[*narrowest], behind, others].concat(),
        None => Vec::new(),
    };
    let others = KeyContext::ALL.into_iter().filter(|context| !first.contains(context));
    let contexts: Vec<KeyContext> = first.iter().copied().chain(others).collect();
    let sections = contexts.into_iter().map(|context| (context.title(), help_rows(keymap, context)));
    sections.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The keys of a context: those of a row of actions in one line, digits in a row as a range, and none that mean the same
/// anywhere else.
fn help_rows(keymap: &Keymap, context: KeyContext) -> Vec<(String, &'static str)> {
    let is_everywhere = |row: &KeyRow| {
        let alike = |other: &KeyRow| other.action == row.action && row.keys.iter().all(|key| other.keys.contains(key));
        context != KeyContext::Anywhere && keymap.rows(KeyContext::Anywhere).iter().any(alike)
    };
    let mut rows: Vec<(Vec<String>, &'static str)> = Vec::new();
    for row in keymap.rows(context).iter().filter(|row| !row.keys.is_empty() && !is_everywhere(row)) {
        let labels = row.keys.iter().map(|key| key.label());
        let words = match row.action {
            Action::Show(_) => "the tab with this number",
            Action::Payload(PayloadAction::Level(_)) => "fold below this level",
            action => action.words(),
        };
        match rows.last_mut() {
            Some((keys, before)) if *before == words => keys.extend(labels),
            _ => rows.push((labels.collect(), words)),
        }
    }
    rows.into_iter().map(|(keys, words)| (key_words(&keys), words)).collect()
}

/// Keys in a line, three and more digits in a row as a range: `1 … 5 F2 7`.
fn key_words(keys: &[String]) -> String {
    let digit = |key: &str| key.parse::<u8>().ok().filter(|_| key.len() == 1);
    let is_next = |pair: [&String; 2]| {
        let [before, after] = pair.map(|key| digit(key));
        before.is_some_and(|before| after == Some(before + 1))
    };
    let runs = keys.chunk_by(|before, after| is_next([before, after]));
    let words = runs.map(|run| match run {
        [first, _, .., last] => format!("{first} … {last}"),
        run => run.join(" "),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in KeyContext::ALL {
            let beside = match context {
                KeyContext::List | KeyContext::Detail => KeyContext::Anywhere.bindings(),
                _ => &[],
            };
            for (index, binding) in context.bindings().iter().enumerate() {
                for other in context.bindings()[index + 1..].iter().chain(beside) {
                    let clash = binding.keys.iter().any(|key| other.keys.contains(key));
                    assert!(!clash, "{context:?}: {binding:?} and {other:?}");
                }
            }
        }
    }

    #[test]
    fn only_digits_in_a_row_are_a_range() {
        for (keys, words) in [
            (&["1", "2", "3", "4"][..], "1 … 4"),
            (&["1", "F2", "3", "4", "5"], "1 F2 3 … 5"),
            (&["Enter", "o"], "Enter o"),
            (&["1", "2"], "1 2"),
            (&["9", "0", "1"], "9 0 1"),
        ] {
            assert_eq!(key_words(&keys.iter().map(ToString::to_string).collect::<Vec<_>>()), words);
        }
    }

    #[test]
    fn a_key_of_a_tab_that_means_something_else_too_needs_the_focus() {
        // Space folds where there is something to fold, and pauses elsewhere; p always pauses.
        let fold = Action::Payload(PayloadAction::Toggle);
        for tab in [KeyContext::Signature, KeyContext::Payload, KeyContext::Image, KeyContext::Answer] {
            let others = || KeyContext::List.bindings().iter().chain(KeyContext::Anywhere.bindings());
            for binding in tab.bindings().iter().filter(|binding| !binding.needs_focus && binding.action != fold) {
                let clash = others().find(|other| {
                    other.action != binding.action && other.keys.iter().any(|key| binding.keys.contains(key))
                });
                assert!(clash.is_none(), "{tab:?}: {binding:?} and {clash:?}");
            }
        }
    }

    #[test]
    fn every_command_has_a_key() {
        for &action in Action::COMMANDS {
            assert!(Keymap::default().label(action).is_some(), "{action:?}");
        }
    }
}
