//! Keys and what they do: the tables of the screens gathered into the one from which keys work, hints are drawn and
//! help is written.

pub mod binding;

use crossterm::event::KeyEvent;

use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::app::step::Step;
use crate::tui::app::{self, overlay};
use crate::tui::keymap::binding::Binding;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::state::SendScreen;
use crate::tui::screens::{answer, answers, details, image, list, payload, send, signature};

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// With nothing on top, wherever the focus is.
    Anywhere,
    /// With nothing on top and the list in focus.
    List,
    /// With nothing on top and the details in focus.
    Detail,
    /// The same, on the Payload tab: its own keys come before those of all details.
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
            Self::Payload => "In the payload",
            Self::Folding => "In the payload, after z",
            Self::Image => "In the image",
            Self::Answer => "In the answer",
            Self::Menu => "In a menu",
            Self::Prompt => "While typing",
            Self::Form => "In a form",
            Self::Sending => "In a result",
            Self::SendForm => "In a form to send",
            Self::Picker => "Choosing an answer",
            Self::Rules => "In the rules",
            Self::Writing => "Writing an answer",
        }
    }

    /// Every context, in the help's order.
    pub const ALL: [Self; 15] = [
        Self::Anywhere,
        Self::List,
        Self::Detail,
        Self::Payload,
        Self::Folding,
        Self::Image,
        Self::Answer,
        Self::Menu,
        Self::Prompt,
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
            Self::Payload => payload::keys::PAYLOAD,
            Self::Folding => payload::keys::FOLDING,
            Self::Image => image::keys::IMAGE,
            Self::Answer => answer::keys::ANSWER,
            Self::Menu => overlay::keys::MENU,
            Self::Prompt => overlay::keys::PROMPT,
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
            Self::Payload | Self::Folding => payload::keys::is_idle(model, action),
            Self::Image => image::keys::is_idle(model, action),
            Self::Answer => answer::keys::is_idle(model, action),
            Self::Menu => overlay::keys::is_idle(model, action),
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

/// The active contexts when no overlay is open.
#[must_use]
pub fn contexts_below(model: &Model) -> &'static [KeyContext] {
    match model.focus {
        Focus::List => &[KeyContext::List, KeyContext::Anywhere],
        Focus::Detail => match model.tab {
            Tab::Payload => &[KeyContext::Payload, KeyContext::Detail, KeyContext::Anywhere],
            Tab::Image => &[KeyContext::Image, KeyContext::Detail, KeyContext::Anywhere],
            Tab::Answer => &[KeyContext::Answer, KeyContext::Detail, KeyContext::Anywhere],
            _ => &[KeyContext::Detail, KeyContext::Anywhere],
        },
    }
}

/// What a key does now: the narrowest context that knows the key decides.
#[must_use]
pub fn action(model: &Model, event: &KeyEvent) -> Option<Action> {
    let bindings = contexts(model).iter().flat_map(|context| context.bindings());
    bindings.into_iter().find(|binding| binding.keys.iter().any(|key| key.is(event))).map(|binding| binding.action)
}

/// The key for an action, wherever it works; of several, the first in the help's order.
#[must_use]
pub fn label(action: Action) -> Option<String> {
    let bindings = KeyContext::ALL.into_iter().flat_map(KeyContext::bindings);
    bindings.into_iter().find(|binding| binding.action == action).map(|binding| binding.keys[0].label())
}

/// The hints for the bottom line: key and word, for what works now, the narrowest context first.
#[must_use]
pub fn hints(model: &Model) -> Vec<(String, &'static str)> {
    if matches!(model.overlay, Some(Overlay::Confirm(_) | Overlay::Saving(_))) {
        return vec![("y".to_owned(), "yes"), ("n".to_owned(), "no")];
    }
    // What a newcomer needs first, while there is nothing to work with.
    let is_new = model.overlay.is_none() && model.list.rows().is_empty() && model.list.filter().is_empty();
    let first = is_new.then(|| ("T".to_owned(), "send a test event"));
    let is_secret = matches!(&model.overlay, Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Secret);
    let is_only_read = model.overlay.as_ref().is_some_and(Overlay::is_only_read);
    let is_deciding = answers::keys::is_deciding(model);
    let contexts = contexts(model);
    let is_shadowed = |context: KeyContext, binding: &Binding| {
        let narrower = contexts.iter().take_while(|narrower| **narrower != context);
        narrower.flat_map(|narrower| narrower.bindings()).any(|other| other.keys.contains(&binding.keys[0]))
    };
    let usual = contexts
        .iter()
        .flat_map(|context| context.bindings().iter().map(move |binding| (*context, binding)))
        .filter(|(_, binding)| !binding.hint.is_empty())
        .filter(|(context, binding)| !is_shadowed(*context, binding) && !context.is_idle(model, binding.action))
        .map(|(_, binding)| {
            let hint = match (is_secret, is_deciding, binding.action) {
                (true, _, Action::Accept) => "use it",
                (_, true, Action::Accept) => "answer with it",
                (_, _, Action::Move(_)) if is_only_read => "scroll",
                _ => binding.hint,
            };
            // One hint covers both directions.
            let key = match binding.action {
                Action::Move(Step::Down) => "↑↓".to_owned(),
                Action::Send(SendAction::Right) => "←→".to_owned(),
                _ => binding.keys[0].label(),
            };
            (key, hint)
        });
    first.into_iter().chain(usual).collect()
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
    fn every_command_has_a_key() {
        for &action in Action::COMMANDS {
            assert!(label(action).is_some(), "{action:?}");
        }
    }
}
