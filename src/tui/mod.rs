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
mod one_line;
pub(crate) mod pane;
pub mod picture;
pub mod plain;
pub(crate) mod reading_time;
pub mod screens;
mod stopped;
pub(crate) mod terminal;
pub mod theme;
pub(crate) mod widgets;
pub(crate) mod window;
pub(crate) mod workers;

use std::collections::VecDeque;
use std::sync::{Arc, mpsc};

use jiff::tz::TimeZone;
use ratatui::layout::Size;

use crate::config::ThemeSettings;
use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::server::{ServerEvent, ShownListener};
use crate::system::thread;
use crate::tui::app::attachment;
use crate::tui::app::message::Message;
use crate::tui::app::model::{Model, Setup};
use crate::tui::error::TuiError;
use crate::tui::event_loop::requests::PendingRequests;
use crate::tui::event_loop::{EventLoop, Wake};
use crate::tui::keymap::Keymap;
use crate::tui::picture::{PictureMethod, TerminalFacts};
use crate::tui::reading_time::ReadingTime;
use crate::tui::screens::answers::state::Answers;
use crate::tui::terminal::clipboard::Clipboard;
use crate::tui::terminal::input::Input;
use crate::tui::terminal::reply::{self, LateReply, TerminalReply};
use crate::tui::terminal::uneven::UnevenRows;
use crate::tui::theme::background::Background;
use crate::tui::theme::palette::ThemePalette;
use crate::tui::theme::{Face, Look, Theme};
use crate::tui::workers::answers::{self, AnswersWorker};
use crate::tui::workers::deliveries::DeliveriesWorker;
use crate::tui::workers::diagnosis::DiagnosisWorker;
use crate::tui::workers::files::Files;
use crate::tui::workers::history;
use crate::tui::workers::image::ImageWorker;
use crate::tui::workers::layout;
use crate::tui::workers::notify::NotifyWorker;
use crate::tui::workers::payload::PayloadWorker;
use crate::tui::workers::rejudge::RejudgeWorker;
use crate::tui::workers::schemes;
use crate::tui::workers::send::{self, SendWorker};
use crate::tui::workers::sightings::SightingsWorker;

/// How the interface shall look.
#[derive(Debug, Clone)]
pub struct Appearance {
    /// Every key and what it does.
    pub keymap: Keymap,
    /// Whether the terminal reports the mouse.
    pub has_mouse: bool,
    /// The theme, and the colours that differ from it.
    pub theme: ThemeSettings,
    /// What is known of the terminal.
    pub terminal: TerminalFacts,
    /// The time zone in which times are shown.
    pub zone: TimeZone,
    /// How pictures are drawn.
    pub pictures: PictureMethod,
}

impl Appearance {
    /// The look of what is read as text.
    fn in_lines(&self) -> Look {
        Look { theme: Theme::new(ThemePalette::Plain), zone: self.zone.clone(), face: Face::Lines }
    }

    /// The look in the terminal that was taken, and what it replied if it was asked.
    fn look(self) -> (Look, Option<TerminalReply>) {
        let (depth, mut reply) = (self.terminal.depth(), None);
        let palette = ThemePalette::choose(self.theme.base, depth, || {
            reply = terminal::background::ask(&self.terminal.term);
            let background = reply.as_ref().and_then(|reply| reply.background);
            // The variable may be that of another terminal, in which this one was started.
            let variable = || Background::from_environment(&self.terminal.colorfgbg);
            background.map_or_else(variable, Background::of_colour)
        });
        let theme = Theme::with(palette, &self.theme.colours, depth);
        (Look { theme, zone: self.zone, face: Face::Screen }, reply)
    }
}

/// Runs the interface until the person quits or is told to end. `events` are the listener's.
///
/// # Errors
///
/// [`TuiError`] when there is no usable terminal or store; the terminal is restored first.
pub fn run(
    listener: &Arc<dyn ShownListener>,
    setup: Setup,
    appearance: Appearance,
    filter: (Query, String),
    events: mpsc::Receiver<ServerEvent>,
    warnings: &[String],
) -> Result<(), TuiError> {
    let (wakes, queue) = mpsc::channel();
    let mut event_loop = new_event_loop(listener, setup, &appearance, filter, &wakes)?;
    event_loop.screen = Some(terminal::enter(appearance.has_mouse)?);
    let (look, reply) = appearance.look();
    event_loop.look = look;
    let late = reply.as_ref().filter(|reply| !reply.is_whole).map(|_| LateReply::default());
    for event in reply.iter().flat_map(|reply| reply::events(&reply.typed)) {
        let _ = wakes.send(Wake::Input(Input::Event(event)));
    }
    {
        let wakes = wakes.clone();
        terminal::input::start(late, move |input| wakes.send(Wake::Input(input)).map_err(|_| mpsc::SendError(())))?;
    }
    pass_on(events, wakes)?;
    tracing::info!("interface begun");
    let ended = event_loop.run(&queue, warnings);
    tracing::info!(failed = ended.is_err(), "interface ended");
    if let Some(kind) = event_loop.graphics {
        let _ = terminal::forget(kind);
    }
    event_loop.keep_layout();
    let farewell = stopped::words(event_loop.stopped, &event_loop.model);
    drop(event_loop);
    crate::system::panic::restore_terminal();
    stopped::say(farewell.as_deref());
    match ended {
        // A closed terminal takes no more frames: that ends the interface, and is not an error.
        Err(TuiError::Terminal(_)) if terminal::input::is_gone() => Ok(()),
        ended => ended,
    }
}

/// Passes the listener's events on to the loop.
fn pass_on(events: mpsc::Receiver<ServerEvent>, wakes: mpsc::Sender<Wake>) -> Result<(), TuiError> {
    thread::spawn("whyhook-events", move || {
        for event in events {
            crate::system::panic::panic_for_test("events");
            if wakes.send(Wake::Event(event)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// The model with everything that works for it, and nothing to draw on yet.
fn new_event_loop(
    listener: &Arc<dyn ShownListener>,
    setup: Setup,
    appearance: &Appearance,
    filter: (Query, String),
    wakes: &mpsc::Sender<Wake>,
) -> Result<EventLoop, TuiError> {
    // Before anything is read.
    let watch = {
        let wakes = wakes.clone();
        listener.watch(Arc::new(move |event| drop(wakes.send(Wake::Event(event)))))
    };
    let tell = || {
        let wakes = wakes.clone();
        move |message: Message| drop(wakes.send(Wake::Message(message)))
    };
    let location = || listener.location();
    let notifier = match listener.settings().notify {
        Some(settings) => {
            let wakes = wakes.clone();
            let ring = move |words| drop(wakes.send(Wake::Ring(words)));
            Some((settings.how, NotifyWorker::start(&**listener, settings, ring)?))
        }
        None => None,
    };
    Ok(EventLoop {
        loader: DeliveriesWorker::start(location(), Arc::clone(listener), tell())?,
        diagnoser: DiagnosisWorker::start(location(), Arc::clone(listener), tell())?,
        sightings: SightingsWorker::start(location(), tell())?,
        rejudger: RejudgeWorker::start(location(), Arc::clone(listener), tell())?,
        images: ImageWorker::start(appearance.pictures, tell())?,
        payloads: PayloadWorker::start(tell())?,
        sender: SendWorker::start(listener, tell())?,
        answers_worker: AnswersWorker::start(listener, tell())?,
        notifier,
        model: model(listener, setup, appearance, filter),
        listener: Arc::clone(listener),
        registry: listener.registry(),
        requests: PendingRequests::default(),
        watch,
        look: appearance.in_lines(),
        files: Files::default(),
        redacting: None,
        wakes: wakes.clone(),
        screen: None,
        clipboard: Clipboard::default(),
        reached: DeliveryId(0),
        extent: Size::ZERO,
        uneven: UnevenRows::default(),
        graphics: None,
        reading: ReadingTime::default(),
        typed: VecDeque::new(),
        end: false,
        stopped: None,
    })
}

/// What is shown first, before any delivery is read: the listener's state, and what was kept of earlier times.
fn model(listener: &Arc<dyn ShownListener>, setup: Setup, appearance: &Appearance, filter: (Query, String)) -> Model {
    let registry = listener.registry();
    let answers = Answers::new(listener.watched().file().as_deref(), answers::state(&**listener));
    let mut model = Model::new(setup, answers, registry.described_secrets(), filter.0, filter.1);
    model.keymap = Arc::new(appearance.keymap.clone());
    model.has_mouse = appearance.has_mouse;
    let settings = listener.settings();
    model.filters = settings.filters;
    model.columns = settings.columns;
    model.adopted = schemes::adopted(&registry);
    model.jobs = listener.jobs();
    model.tunnel = listener.tunnel();
    if let Some(link) = listener.link() {
        // The listener reads the file of its own folder.
        model.answers.place = listener.watched().place();
        attachment::changed(&mut model, link);
    }
    if !model.setup.ephemeral {
        model.filter_history = history::load(&history::path(listener.location().file()));
        model.split = layout::load(&layout::path(listener.location().file()));
    }
    model.sending.receivers = send::receivers(&registry);
    if model.setup.has_tour {
        // Nobody else is there to send to.
        model.sending.to = model.local_url();
    }
    model
}
