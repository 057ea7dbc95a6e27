//! What a key means where the person is.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::message::Message;
use super::model::Model;
use super::overlay::state::Overlay;
use crate::text;
use crate::tui::keymap;

/// What a key means: an action of the keymap, an item of the open menu, or a letter of a prompt.
#[must_use]
pub fn translate(model: &Model, key: &KeyEvent) -> Option<Message> {
    if let Some(action) = keymap::action(model, key) {
        return Some(Message::Act(action));
    }
    match (&model.overlay, key.code) {
        // Any other key cancels the fold.
        (Some(Overlay::Folding), _) => Some(Message::Act(Action::Back)),
        (
            Some(
                Overlay::Copy(_) | Overlay::Order(_) | Overlay::Confirm(_) | Overlay::Saving(_) | Overlay::Redacting(_),
            ),
            KeyCode::Char(character),
        ) => Some(Message::Choose(character)),
        (Some(Overlay::Prompt(_) | Overlay::Try(_) | Overlay::Sending), _) => edit(key).map(Message::Edit),
        (Some(Overlay::Help(view)), _) if view.is_typing => edit(key).map(Message::Edit),
        (Some(Overlay::Answers(window)), _) if window.is_typing() => edit(key).map(Message::Edit),
        (None, code) => name(code, key.modifiers).map(Message::Unbound),
        _ => None,
    }
}

/// A key as it is named to the person; `None` for one that no program answers to, such as a modifier alone.
fn name(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
    let prefix = match (modifiers.contains(KeyModifiers::CONTROL), modifiers.contains(KeyModifiers::ALT)) {
        (true, _) => "^",
        (false, true) => "Alt-",
        (false, false) => "",
    };
    match code {
        KeyCode::Char(' ') => Some(format!("{prefix}Space")),
        KeyCode::Char(character) => Some(text::visible(&format!("{prefix}{character}")).into_owned()),
        KeyCode::F(number) => Some(format!("{prefix}F{number}")),
        KeyCode::Enter | KeyCode::Insert | KeyCode::Delete | KeyCode::Backspace => Some(format!("{prefix}{code:?}")),
        _ => None,
    }
}

/// The editing keys of a prompt, as in a shell.
fn edit(key: &KeyEvent) -> Option<tui_input::InputRequest> {
    use tui_input::InputRequest as Request;
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (key.code, ctrl) {
        (KeyCode::Backspace, false) | (KeyCode::Char('h'), true) => Request::DeletePrevChar,
        (KeyCode::Delete, false) | (KeyCode::Char('d'), true) => Request::DeleteNextChar,
        (KeyCode::Left, false) | (KeyCode::Char('b'), true) => Request::GoToPrevChar,
        (KeyCode::Right, false) | (KeyCode::Char('f'), true) => Request::GoToNextChar,
        (KeyCode::Home, _) | (KeyCode::Char('a'), true) => Request::GoToStart,
        (KeyCode::End, _) | (KeyCode::Char('e'), true) => Request::GoToEnd,
        (KeyCode::Char('w'), true) => Request::DeletePrevWord,
        (KeyCode::Char('u'), true) => Request::DeleteLine,
        (KeyCode::Char('k'), true) => Request::DeleteTillEnd,
        (KeyCode::Char(character), false) => Request::InsertChar(character),
        _ => return None,
    })
}
