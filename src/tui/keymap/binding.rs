//! One row of the keymap: keys, what they do, and the word for the hint line.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::app::action::Action;

/// One row of a table: these keys do this, in the place that the table is for.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Which keys; each does the same.
    pub keys: &'static [BoundKey],
    /// What they do.
    pub action: Action,
    /// A word for the hint line; empty for none.
    pub hint: &'static str,
    /// Whether it needs the focus: with the list in focus, the key means something else or nothing.
    pub needs_focus: bool,
}

impl Binding {
    /// This binding, only while the details have the focus.
    #[must_use]
    pub const fn with_focus(self) -> Self {
        Self { needs_focus: true, ..self }
    }
}

/// A row of the keymap: a table's, with the keys that it has in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Which keys; none where a person has taken them away.
    pub keys: Vec<BoundKey>,
    /// What they do.
    pub action: Action,
    /// A word for the hint line; empty for none.
    pub hint: &'static str,
    /// As [`Binding::needs_focus`].
    pub needs_focus: bool,
}

impl From<&Binding> for KeyRow {
    fn from(binding: &Binding) -> Self {
        let Binding { keys, action, hint, needs_focus } = *binding;
        Self { keys: keys.to_vec(), action, hint, needs_focus }
    }
}

/// A row of a table; `hint` is empty where the hint line is to leave it out.
#[must_use]
pub const fn bind(keys: &'static [BoundKey], action: Action, hint: &'static str) -> Binding {
    Binding { keys, action, hint, needs_focus: false }
}

/// A key with its modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKey {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// A character with Alt.
    Alt(char),
    /// Any other key.
    Code(KeyCode),
}

impl BoundKey {
    /// The key as the help writes it.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Char(' ') => "Space".to_owned(),
            Self::Char(character) => character.to_string(),
            Self::Ctrl(character) => format!("^{}", character.to_ascii_uppercase()),
            Self::Alt(character) => format!("Alt-{character}"),
            Self::Code(code) => match code {
                KeyCode::Up => "↑".to_owned(),
                KeyCode::Down => "↓".to_owned(),
                KeyCode::Left => "←".to_owned(),
                KeyCode::Right => "→".to_owned(),
                KeyCode::Enter => "Enter".to_owned(),
                KeyCode::Esc => "Esc".to_owned(),
                KeyCode::Tab => "Tab".to_owned(),
                KeyCode::BackTab => "⇧Tab".to_owned(),
                KeyCode::PageUp => "PgUp".to_owned(),
                KeyCode::PageDown => "PgDn".to_owned(),
                KeyCode::Home => "Home".to_owned(),
                KeyCode::End => "End".to_owned(),
                KeyCode::F(number) => format!("F{number}"),
                other => format!("{other:?}"),
            },
        }
    }

    /// Whether it is the pressed key.
    pub(crate) fn is(self, event: &KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        // Alt with a letter is another key, which a terminal or window manager may mean for itself.
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match self {
            Self::Char(character) => !ctrl && !alt && event.code == KeyCode::Char(character),
            Self::Ctrl(character) => ctrl && !alt && event.code == KeyCode::Char(character),
            Self::Alt(character) => alt && !ctrl && event.code == KeyCode::Char(character),
            Self::Code(code) => event.code == code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alt_makes_another_key() {
        let event = |modifiers| KeyEvent::new(KeyCode::Char('q'), modifiers);
        assert!(BoundKey::Char('q').is(&event(KeyModifiers::NONE)));
        for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL, KeyModifiers::ALT | KeyModifiers::CONTROL] {
            assert!(!BoundKey::Char('q').is(&event(modifiers)), "{modifiers:?}");
        }
        assert!(BoundKey::Ctrl('q').is(&event(KeyModifiers::CONTROL)));
        assert!(!BoundKey::Ctrl('q').is(&event(KeyModifiers::ALT | KeyModifiers::CONTROL)));
        assert!(BoundKey::Alt('q').is(&event(KeyModifiers::ALT)));
        assert!(!BoundKey::Alt('q').is(&event(KeyModifiers::NONE)));
    }
}
