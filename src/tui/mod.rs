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
pub mod error;
pub(crate) mod event_loop;
pub mod keymap;
pub(crate) mod pane;
pub mod picture;
pub(crate) mod reading_time;
pub mod screens;
pub(crate) mod terminal;
pub mod theme;
pub(crate) mod widgets;
pub(crate) mod window;
pub(crate) mod workers;

use std::sync::{Arc, mpsc};

use ratatui::layout::Size;

use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::server::{ServerEvent, Session};
use crate::tui::app::model::{Model, Setup};
use crate::tui::error::TuiError;
use crate::tui::event_loop::{EventLoop, Wake, described};
use crate::tui::picture::PictureMethod;
use crate::tui::reading_time::ReadingTime;
use crate::tui::screens::answers::state::Answers;
use crate::tui::terminal::clipboard::Clipboard;
use crate::tui::theme::Look;
use crate::tui::workers::answers::{self, AnswersWorker};
use crate::tui::workers::deliveries::DeliveriesWorker;
use crate::tui::workers::diagnosis::DiagnosisWorker;
use crate::tui::workers::files::Files;
use crate::tui::workers::history;
use crate::tui::workers::image::ImageWorker;
use crate::tui::workers::payload::PayloadWorker;
use crate::tui::workers::rejudge::RejudgeWorker;
use crate::tui::workers::send::{self, SendWorker};
use crate::tui::workers::sightings::SightingsWorker;

/// Runs the interface until the person quits or the session ends. `events` are the session's.
///
/// # Errors
///
/// [`TuiError`] when there is no usable terminal or store; the terminal is restored first.
pub fn run(
    session: &Session,
    setup: Setup,
    (look, pictures): (Look, PictureMethod),
    filter: (Query, String),
    events: mpsc::Receiver<ServerEvent>,
    warnings: &[String],
) -> Result<(), TuiError> {
    let (wakes, queue) = mpsc::channel();
    // Before anything is read.
    let watch = {
        let wakes = wakes.clone();
        session.watch(move |event| drop(wakes.send(Wake::Event(event))))
    };
    let loader = {
        let wakes = wakes.clone();
        DeliveriesWorker::start(session.location(), Arc::clone(session.control()), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let diagnoser = {
        let wakes = wakes.clone();
        DiagnosisWorker::start(session.location(), Arc::clone(session.control()), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let recaller = {
        let wakes = wakes.clone();
        SightingsWorker::start(session.location(), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let rejudger = {
        let wakes = wakes.clone();
        RejudgeWorker::start(session.location(), Arc::clone(session.control()), move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let painter = {
        let wakes = wakes.clone();
        ImageWorker::start(pictures, move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let assistant = {
        let wakes = wakes.clone();
        PayloadWorker::start(move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let sender = {
        let wakes = wakes.clone();
        SendWorker::start(session, move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let control = session.control();
    let secrets = described(&control.registry());
    let teller = {
        let wakes = wakes.clone();
        AnswersWorker::start(session, move |message| {
            let _ = wakes.send(Wake::Message(message));
        })?
    };
    let answers = Answers::new(session.watched().file().as_deref(), answers::state(control));
    let mut model = Model::new(setup, answers, secrets, filter.0, filter.1);
    model.filters = session.filters().clone();
    model.columns = session.columns().map(<[_]>::to_vec);
    if !model.setup.ephemeral {
        model.filter_history = history::load(&history::path(session.location().file()));
    }
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
    let mut face = EventLoop {
        session,
        watch,
        look,
        loader,
        diagnoser,
        assistant,
        recaller,
        rejudger,
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
        reading: ReadingTime::default(),
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
