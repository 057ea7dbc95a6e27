//! Keys and what they do: the tables of the screens gathered into the one from which keys work, hints are drawn and
//! help is written.

pub mod binding;
mod hints;

use crossterm::event::KeyEvent;

use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::app::{self, overlay};
use crate::tui::keymap::binding::Binding;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::state::SendScreen;
use crate::tui::screens::{answer, answers, details, image, list, payload, send, signature};

pub use self::hints::{KeyHint, hints};

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// With nothing on top, wherever the focus is.
    Anywhere,
    /// With nothing on top and the list in focus.
    List,
    /// With nothing on top and the details in focus.
    Detail,
    /// On the Signature tab: its keys work wherever the focus is, as on every tab.
    Signature,
    /// On the Payload tab. Keys that move through it need the focus.
    Payload,
    /// After `z` on the Payload tab: the next key says how to fold.
    Folding,
    /// The same, on the Image tab.
    Image,
    /// The same, on the Answer tab.
    Answer,
    /// In a menu or the help.
    Menu,
    /// While typing.
    Prompt,
    /// While a filter is typed.
    Filter,
    /// In a form of several fields.
    Form,
    /// In a result, or while sending.
    Sending,
    /// In a form that describes what to send.
    SendForm,
    /// In the picker of answers, which is a menu too.
    Picker,
    /// In the rules, which are a menu too.
    Rules,
    /// Writing an answer.
    Writing,
}

impl KeyContext {
    /// The heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::List => "In the list",
            Self::Detail => "In the details",
            Self::Signature => "On the Signature tab",
            Self::Payload => "On the Payload tab",
            Self::Folding => "On the Payload tab, after z",
            Self::Image => "On the Image tab",
            Self::Answer => "On the Answer tab",
            Self::Menu => "In a menu",
            Self::Prompt => "While typing",
            Self::Filter => "While typing a filter",
            Self::Form => "In a form",
            Self::Sending => "In a result",
            Self::SendForm => "In a form to send",
            Self::Picker => "Choosing an answer",
            Self::Rules => "In the rules",
            Self::Writing => "Writing an answer",
        }
    }

    /// Every context, in the help's order.
    pub const ALL: [Self; 17] = [
        Self::Anywhere,
        Self::List,
        Self::Detail,
        Self::Signature,
        Self::Payload,
        Self::Folding,
        Self::Image,
        Self::Answer,
        Self::Menu,
        Self::Prompt,
        Self::Filter,
        Self::Form,
        Self::Sending,
        Self::SendForm,
        Self::Picker,
        Self::Rules,
        Self::Writing,
    ];

    /// Its keys. Earlier rows win, and come first in hints and help.
    #[must_use]
    pub fn bindings(self) -> &'static [Binding] {
        match self {
            Self::Anywhere => app::keys::ANYWHERE,
            Self::List => list::keys::LIST,
            Self::Detail => details::keys::DETAIL,
            Self::Signature => signature::keys::SIGNATURE,
            Self::Payload => payload::keys::PAYLOAD,
            Self::Folding => payload::keys::FOLDING,
            Self::Image => image::keys::IMAGE,
            Self::Answer => answer::keys::ANSWER,
            Self::Menu => overlay::keys::MENU,
            Self::Prompt => overlay::keys::PROMPT,
            Self::Filter => overlay::keys::FILTER,
            Self::Form => signature::keys::TRIAL,
            Self::Sending => send::keys::SENDING,
            Self::SendForm => send::keys::SEND_FORM,
            Self::Picker => answers::keys::PICKER,
            Self::Rules => answers::keys::RULES,
            Self::Writing => answers::keys::WRITING,
        }
    }

    /// Whether a key of this context would only report that it does nothing now. Its hint would only take room.
    fn is_idle(self, model: &Model, action: Action) -> bool {
        match self {
            Self::Signature => signature::keys::is_idle(model, action),
            Self::Payload | Self::Folding => payload::keys::is_idle(model, action),
            Self::Image => image::keys::is_idle(model, action),
            Self::Answer => answer::keys::is_idle(model, action),
            Self::Menu => overlay::keys::is_idle(model, action),
            Self::Sending => send::keys::is_idle_in_result(model, action),
            Self::SendForm => send::keys::is_idle(model, action),
            Self::Picker => answers::keys::is_idle(model, action),
            _ => false,
        }
    }
}

/// The active contexts, the narrowest first.
#[must_use]
pub fn contexts(model: &Model) -> &'static [KeyContext] {
    match &model.overlay {
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Filter => &[KeyContext::Filter],
        Some(Overlay::Prompt(_)) => &[KeyContext::Prompt],
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
fn is_active(model: &Model, binding: &Binding) -> bool {
    !binding.needs_focus || model.focus == Focus::Detail || model.overlay.is_some()
}

/// What a key does now: the narrowest context that knows the key decides.
#[must_use]
pub fn action(model: &Model, event: &KeyEvent) -> Option<Action> {
    let bindings = contexts(model).iter().flat_map(|context| context.bindings());
    let mut active = bindings.filter(|binding| is_active(model, binding));
    active.find(|binding| binding.keys.iter().any(|key| key.is(event))).map(|binding| binding.action)
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
        let is_it = |binding: &&Binding| binding.keys.iter().any(|bound| bound.label() == key);
        context.bindings().iter().find(is_it)
    };
    tabs.into_iter().find_map(|(context, tab)| {
        let binding = of(context)?;
        let (words, title, number) = (binding.action.words(), tab.title(), tab.index() + 1);
        Some(if tab == model.tab {
            format!("{key} ({words}) needs the focus on the details: Enter gives it to them")
        } else {
            format!("{key} ({words}) works on the {title} tab: {number} shows it")
        })
    })
}

/// The key for an action, wherever it works; of several, the first in the help's order.
#[must_use]
pub fn label(action: Action) -> Option<String> {
    let bindings = KeyContext::ALL.into_iter().flat_map(KeyContext::bindings);
    bindings.into_iter().find(|binding| binding.action == action).map(|binding| binding.keys[0].label())
}

/// The help: for each context its keys and what they do, the active contexts (`now`) first.
#[must_use]
pub fn help(now: &[KeyContext]) -> Vec<(&'static str, Vec<(String, &'static str)>)> {
    // The keys after a prefix follow the context of the prefix.
    let behind = if now.contains(&KeyContext::Payload) { &[KeyContext::Folding][..] } else { &[] };
    let first: Vec<KeyContext> = match now.split_first() {
        Some((narrowest, others)) => [&[*narrowest], behind, others].concat(),
        None => Vec::new(),
    };
    let others = KeyContext::ALL.into_iter().filter(|context| !first.contains(context));
    let contexts: Vec<KeyContext> = first.iter().copied().chain(others).collect();
    let sections = contexts.into_iter().map(|context| (context.title(), help_rows(context)));
    sections.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The keys of a context: those of a numbered row of actions in one line, and none that mean the same
/// anywhere else.
fn help_rows(context: KeyContext) -> Vec<(String, &'static str)> {
    let is_everywhere = |binding: &Binding| {
        let alike =
            |other: &Binding| other.action == binding.action && binding.keys.iter().all(|key| other.keys.contains(key));
        context != KeyContext::Anywhere && KeyContext::Anywhere.bindings().iter().any(alike)
    };
    let mut rows: Vec<(String, &'static str)> = Vec::new();
    for binding in context.bindings().iter().filter(|binding| !is_everywhere(binding)) {
        let labels: Vec<String> = binding.keys.iter().map(|key| key.label()).collect();
        let label = labels.join(" ");
        let words = match binding.action {
            Action::Show(_) => "the tab with this number",
            Action::Payload(PayloadAction::Level(_)) => "fold below this level",
            action => action.words(),
        };
        match rows.last_mut() {
            Some((keys, before)) if *before == words => {
                let first = keys.split(' ').next().unwrap_or_default();
                *keys = format!("{first} … {label}");
            }
            _ => rows.push((label, words)),
        }
    }
    rows
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
            assert!(label(action).is_some(), "{action:?}");
        }
    }
}
