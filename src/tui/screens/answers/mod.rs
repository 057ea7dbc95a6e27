//! What goes back to senders: the picker, the editor, the rules.

pub mod action;
pub mod choice;
pub mod editor;
pub mod idle;
pub mod keys;
pub mod rules;
pub mod state;
pub mod update;
pub(crate) mod view;
pub mod window;
