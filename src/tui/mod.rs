//! The terminal interface: input and the session's events in, frames out.
//!
//! ```text
//! ┌ header: where it listens · public URL · secret · answer ──────────────────────┐
//! │ list                         │ Overview Signature Payload Image Headers …     │
//! │ ✓ 14:02:11 screenshot SIM 200│                                                │
//! │ ✗ 14:02:09 app        live 401                                                │
//! ├ hints, or what was just done ────────────────────────────────────────────────┤
//! ```
//!
//! A frame is drawn when something has changed and no input is pending, at most sixty times a
//! second. An idle interface runs nothing.

pub mod app;
pub mod keymap;
pub mod picture;
pub mod screens;
pub(crate) mod terminal;
pub mod theme;
pub(crate) mod widgets;
pub(crate) mod workers;

use std::sync::{Arc, mpsc};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::server::{Event, Session};
use crate::store::StoreError;
use crate::tui::app::action::Action;
use crate::tui::app::message::Message;
use crate::tui::app::model::{Model, Setup};
use crate::tui::app::run::{Face, Wake};
use crate::tui::app::view::Look;
use crate::tui::picture::Method;
use crate::tui::screens::answers::state::Answers;
use crate::tui::screens::overlay::state::Overlay;
use crate::tui::terminal::clipboard::Clipboard;
use crate::tui::workers::answers::{self, Teller};
use crate::tui::workers::deliveries::Loader;
use crate::tui::workers::diagnosis::Diagnoser;
use crate::tui::workers::files::Files;
use crate::tui::workers::image::Painter;
use crate::tui::workers::payload::Assistant;
use crate::tui::workers::send::{self, Sender};
use crate::tui::workers::sightings::Recaller;

/// Why the interface ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal refused something.
    #[error("cannot use this terminal: {0}; --headless prints lines instead")]
    Terminal(#[from] std::io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs the interface until the person quits or the session ends. `events` are the session's.
///
/// # Errors
///
/// [`TuiError`] when there is no usable terminal or store; the terminal is restored first.
pub fn run(
    session: &Session,
    setup: Setup,
    (look, pictures): (Look, Method),
    filter: (Query, String),
    events: mpsc::Receiver<Event>,
    warnings: &[String],
) -> Result<(), TuiError> {
    let (wakes, queue) = mpsc::channel();
    let loader = {
        let wakes = wakes.clone();
        Loader::start(session.location(), Arc::clone(session.control()), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let diagnoser = {
        let wakes = wakes.clone();
        Diagnoser::start(session.location(), Arc::clone(session.control()), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let recaller = {
        let wakes = wakes.clone();
        Recaller::start(session.location(), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let painter = {
        let wakes = wakes.clone();
        Painter::start(pictures, move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let assistant = {
        let wakes = wakes.clone();
        Assistant::start(move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let sender = {
        let wakes = wakes.clone();
        Sender::start(session, move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let control = session.control();
    let secrets = described(&control.registry());
    let teller = {
        let wakes = wakes.clone();
        Teller::start(session, move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let answers = Answers::new(session.watched().file().as_deref(), answers::state(control));
    let mut model = Model::new(setup, answers, secrets, filter.0, filter.1);
    model.sending.receivers = send::receivers(&control.registry());
    let screen = terminal::enter()?;
    {
        let wakes = wakes.clone();
        terminal::input::start(move |input| wakes.send(Wake::Input(input)).map_err(|_| mpsc::SendError(())))?;
    }
    {
        let wakes = wakes.clone();
        std::thread::Builder::new().name("whyhook-events".to_owned()).spawn(move || {
            for event in events {
                crate::system::panic::trap("events");
                if wakes.send(Wake::Event(event)).is_err() {
                    return;
                }
            }
        })?;
    }
    let mut face = Face {
        session,
        look,
        loader,
        diagnoser,
        assistant,
        recaller,
        painter,
        sender,
        teller,
        files: Files::default(),
        wakes,
        model,
        screen,
        clipboard: Clipboard::default(),
        reached: DeliveryId(0),
        extent: Size::ZERO,
        graphics: None,
        end: false,
    };
    tracing::info!("interface begun");
    let ended = face.run(&queue, warnings);
    tracing::info!(failed = ended.is_err(), "interface ended");
    if let Some(kind) = face.graphics {
        let _ = terminal::forget(kind);
    }
    drop(face);
    crate::system::panic::restore_terminal();
    match ended {
        // A closed terminal takes no more frames: that ends the interface, and is not an error.
        Err(TuiError::Terminal(_)) if terminal::input::is_gone() => Ok(()),
        ended => ended,
    }
}

fn described(registry: &crate::config::Registry) -> Vec<String> {
    registry.keyring().secrets().iter().map(crate::signature::Secret::describe).collect()
}

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
