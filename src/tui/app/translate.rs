//! What a key means where the person is.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::message::Message;
use super::model::Model;
use super::overlay::state::Overlay;
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
        (Some(Overlay::Copy(_) | Overlay::Confirm(_) | Overlay::Saving(_)), KeyCode::Char(character)) => {
            Some(Message::Choose(character))
        }
        (Some(Overlay::Prompt(_) | Overlay::Try(_) | Overlay::Sending), _) => edit(key).map(Message::Edit),
        (Some(Overlay::Answers(window)), _) if window.is_typing() => edit(key).map(Message::Edit),
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
