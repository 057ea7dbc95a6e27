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
//! A frame is drawn when something has changed and no input waits, at most sixty a second. With
//! nothing happening, nothing runs.

mod assistant;
mod clipboard;
mod diagnoser;
pub mod editor;
mod files;
mod input;
pub mod keymap;
mod loader;
mod painter;
mod priority;
mod recaller;
mod rest;
mod sender;
mod teller;
mod terminal;
pub mod theme;
pub mod view;
mod watcher;

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;
use zeroize::Zeroizing;

use self::assistant::Assistant;
pub(crate) use self::assistant::QUERY_COMMAND;
use self::clipboard::Clipboard;
use self::diagnoser::Diagnoser;
use self::files::Files;
use self::input::Input;
use self::loader::Loader;
use self::painter::Painter;
use self::recaller::Recaller;
use self::sender::Sender;
use self::teller::Teller;
use self::terminal::Screen;
use self::view::Look;
use crate::delivery::DeliveryId;
use crate::engine::{
    Action, Answers, AnswersNews, Effect, Message, Model, News, Overlay, ReplayTask, SendTask, Setup, Viewport, update,
};
use crate::picture::{Kind, Method};
use crate::query::Query;
use crate::session::{Event, Session};
use crate::store::StoreError;

/// Sixty frames a second at most.
const FRAME: Duration = Duration::from_millis(16);
/// The shortest wait for what may still come before a frame is drawn.
const SOON: Duration = Duration::from_millis(1);
/// While something is held, its countdown is drawn anew this often; so is how the listener stands, while
/// somebody looks.
const SECOND: Duration = Duration::from_secs(1);
/// While deliveries pour in, the store is asked for new rows this often: nobody reads ten lists a second,
/// and what it costs the listener is small.
const CATCH_UP: Duration = Duration::from_millis(100);
/// The same when more have come meanwhile than [`POUR`]: the rows that are shown are others each time.
const CATCH_UP_POURING: Duration = Duration::from_millis(250);
/// Deliveries between two looks at the store, about as many as a large screen has rows.
const POUR: i64 = 64;

/// Why the interface ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal refused something.
    #[error("cannot use this terminal: {0}; --headless prints lines instead")]
    Terminal(#[from] std::io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Anything that wakes the loop.
enum Wake {
    Input(Input),
    Event(Event),
    Message(Message),
}

/// Runs the interface until it is told to end. `events` are the session's.
///
/// # Errors
///
/// [`TuiError`] when there is no usable terminal or store; the terminal is given back first.
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
    let answers = Answers::new(session.watched().file().as_deref(), teller::state(control));
    let mut model = Model::new(setup, answers, secrets, filter.0, filter.1);
    model.sending.receivers = sender::receivers(&control.registry());
    let screen = terminal::enter()?;
    {
        let wakes = wakes.clone();
        input::start(move |input| wakes.send(Wake::Input(input)).map_err(|_| mpsc::SendError(())))?;
    }
    {
        let wakes = wakes.clone();
        std::thread::Builder::new().name("whyhook-events".to_owned()).spawn(move || {
            for event in events {
                crate::panic::trap("events");
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
    let ended = face.run(&queue, warnings);
    if let Some(kind) = face.graphics {
        let _ = terminal::forget(kind);
    }
    drop(face);
    crate::panic::restore_terminal();
    match ended {
        // A terminal that was closed takes no more frames; that is an end, not an error.
        Err(TuiError::Terminal(_)) if input::is_gone() => Ok(()),
        ended => ended,
    }
}

fn described(registry: &crate::config::Registry) -> Vec<String> {
    registry.keyring().secrets().iter().map(crate::signature::Secret::describe).collect()
}

struct Face<'a> {
    session: &'a Session,
    look: Look,
    loader: Loader,
    diagnoser: Diagnoser,
    recaller: Recaller,
    painter: Painter,
    sender: Sender,
    teller: Teller,
    files: Files,
    /// For threads that answer once.
    wakes: mpsc::Sender<Wake>,
    assistant: Assistant,
    model: Model,
    screen: Screen,
    clipboard: Clipboard,
    /// The newest delivery that the model knows of.
    reached: DeliveryId,
    /// The terminal's size as it was drawn last.
    extent: Size,
    /// The terminal's own graphics that are on the screen.
    graphics: Option<Kind>,
    end: bool,
}

impl Face<'_> {
    fn run(&mut self, queue: &mpsc::Receiver<Wake>, warnings: &[String]) -> Result<(), TuiError> {
        self.stored();
        if let Some(first) = self.model.list_reload() {
            self.perform(first)?;
        }
        let retired = self.session.retired();
        if retired.deliveries > 0 {
            self.message(Message::Retired(retired.deliveries, retired.bytes))?;
        }
        if let Some(warning) = warnings.first() {
            self.message(Message::Warn(warning.clone()))?;
        }
        self.await_first_rows(queue)?;
        self.draw()?;
        let mut drawn = Instant::now();
        let (mut caught_up, mut patience) = (Instant::now(), CATCH_UP);
        let mut grown = false;
        let mut dirty = false;
        let mut changed = drawn;
        let mut counted = drawn;
        while !self.end {
            let holds = !self.model.answers.held.is_empty();
            let ticks = holds || matches!(self.model.overlay, Some(Overlay::Status(_)));
            let wake = match (dirty, grown) {
                (false, false) if ticks => queue.recv_timeout(SECOND.saturating_sub(counted.elapsed())),
                (false, false) => queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                (true, _) => queue.recv_timeout(FRAME.saturating_sub(drawn.elapsed()).max(SOON)),
                (false, true) => queue.recv_timeout(patience.saturating_sub(caught_up.elapsed())),
            };
            match wake {
                Ok(Wake::Event(Event::Stored | Event::Refused)) => grown = true,
                Ok(wake) => {
                    changed = if dirty { changed } else { Instant::now() };
                    self.wake(wake)?;
                    dirty = true;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if grown && caught_up.elapsed() >= patience {
                patience = if self.stored() > POUR { CATCH_UP_POURING } else { CATCH_UP };
                // A choice for the next delivery may have been used, and rules have answered.
                self.answers()?;
                (grown, dirty, caught_up) = (false, true, Instant::now());
            }
            if ticks && counted.elapsed() >= SECOND {
                counted = Instant::now();
                changed = if dirty { changed } else { counted };
                self.tick(holds)?;
                dirty = true;
            }
            // A delivery is read in a moment: no frame in between without it.
            let is_about_to_come = self.model.is_reading() && changed.elapsed() < FRAME;
            if dirty && drawn.elapsed() >= FRAME && !is_about_to_come {
                self.draw()?;
                (dirty, drawn) = (false, Instant::now());
            }
        }
        Ok(())
    }

    /// The first rows are there in a moment: an empty frame would only stand in their way, and no longer
    /// than a frame are they waited for.
    fn await_first_rows(&mut self, queue: &mpsc::Receiver<Wake>) -> Result<(), TuiError> {
        let begun = Instant::now();
        while !self.end && (self.model.list.is_loading() || self.model.is_reading()) {
            match queue.recv_timeout(FRAME.saturating_sub(begun.elapsed())) {
                Ok(Wake::Event(Event::Stored)) => {
                    self.stored();
                }
                Ok(wake) => self.wake(wake)?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// What is shown with the time, and only while it is shown.
    fn tick(&mut self, holds: bool) -> Result<(), TuiError> {
        if holds {
            self.answers()?;
        }
        if matches!(self.model.overlay, Some(Overlay::Status(_))) { self.perform(Effect::Observe) } else { Ok(()) }
    }

    /// Takes in how far the store has grown; returns by how many deliveries.
    fn stored(&mut self) -> i64 {
        let last = self.session.pulse().take();
        let grown = last.0.saturating_sub(self.reached.0);
        self.reached = last;
        let stats = self.session.control().stats().snapshot();
        let effects = update(&mut self.model, Message::Stored { last, stats });
        // Reads of the store alone come of this, which cannot fail here.
        effects.into_iter().for_each(|effect| self.loader.read(effect));
        grown
    }

    /// Takes in how the listener's answers stand.
    fn answers(&mut self) -> Result<(), TuiError> {
        let state = teller::state(self.session.control());
        self.message(Message::Answers(AnswersNews::State(Box::new(state))))
    }

    fn wake(&mut self, wake: Wake) -> Result<(), TuiError> {
        match wake {
            Wake::Message(message) => self.message(message),
            Wake::Input(Input::Gone) | Wake::Event(Event::Stop) => {
                self.end = true;
                Ok(())
            }
            Wake::Input(Input::Event(event)) => self.input(event),
            Wake::Event(Event::StoreFault(error)) => self.message(Message::StoreFault(error.to_string())),
            Wake::Event(Event::Retired(freed)) => self.message(Message::Retired(freed.deliveries, freed.bytes)),
            Wake::Event(Event::Tunnel(state)) => self.message(Message::Tunnel(state)),
            Wake::Event(Event::Suspend) => self.perform(Effect::Suspend),
            // The next frame asks the terminal for its size.
            Wake::Event(Event::Resized | Event::Stored | Event::Refused) => Ok(()),
            Wake::Event(Event::Held) => self.answers(),
            Wake::Event(Event::Rules(count, file)) => {
                self.answers()?;
                self.message(Message::Answers(AnswersNews::Reloaded(count, file)))
            }
            Wake::Event(Event::RulesFault(error)) => self.message(Message::Warn(error)),
        }
    }

    fn input(&mut self, event: TerminalEvent) -> Result<(), TuiError> {
        // What a key does may depend on how much is in view, and the terminal may have another size since.
        if self.screen.size()? != self.extent {
            self.draw()?;
        }
        match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => self.key(&key),
            TerminalEvent::Paste(text) => self.message(Message::Paste(Zeroizing::new(text))),
            _ => Ok(()),
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Result<(), TuiError> {
        if let Some(message) = translate(&self.model, key) { self.message(message) } else { Ok(()) }
    }

    fn message(&mut self, message: Message) -> Result<(), TuiError> {
        for effect in update(&mut self.model, message) {
            self.perform(effect)?;
        }
        if let Some(discarded) = self.model.take_discarded() {
            self.loader.discard(discarded);
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> Result<(), TuiError> {
        match effect {
            Effect::LoadPage(_) | Effect::Reread(_) | Effect::Load(_) => self.loader.read(effect),
            Effect::Inquire(id, question) => self.diagnoser.ask(id, question),
            Effect::Payload(request) => self.assistant.ask(request),
            Effect::StopInquiry => self.diagnoser.stop(),
            Effect::Recall(id, ids) => self.recaller.ask(id, ids),
            Effect::Answers(effect) => {
                let news = self.teller.perform(effect, self.messenger());
                return news.into_iter().try_for_each(|news| self.message(Message::Answers(news)));
            }
            Effect::Config(effect) => self.teller.save(effect, self.messenger()),
            Effect::UseSecret(secret) => {
                let control = self.session.control();
                control.set_registry(control.registry().with_typed_secret(secret.to_vec()));
                return self.message(Message::Secrets(described(&control.registry())));
            }
            Effect::Copy { what, text } => {
                let outcome = self.clipboard.copy(&what, &text);
                return self.message(Message::Copied(outcome));
            }
            Effect::Picture(request) => self.painter.make(request),
            Effect::SaveImage(request) => self.files.save(request, self.messenger()),
            Effect::OpenImage(image) => self.files.open(image, self.messenger()),
            Effect::Send(SendTask::Edit(task)) => return self.edit(task),
            Effect::Send(task) => {
                let control = self.session.control();
                if task.is_to_ourselves() && sender::make_up_secret(control) {
                    let secrets = described(&control.registry());
                    self.message(Message::Secrets(secrets))?;
                }
                self.sender.take(task);
            }
            Effect::Observe => {
                self.loader.read(effect);
                let status = Box::new(watcher::status(self.session));
                return self.message(Message::Status(status));
            }
            Effect::Redraw => terminal::clear(&mut self.screen)?,
            Effect::Suspend => terminal::suspend(&mut self.screen)?,
            Effect::Quit => self.end = true,
        }
        Ok(())
    }

    /// Lends the terminal to the person's editor, and sends what comes of it.
    fn edit(&mut self, mut task: ReplayTask) -> Result<(), TuiError> {
        let body = task.body.take().unwrap_or_default();
        let edited = {
            // Keys are the editor's meanwhile.
            let _keys = input::hold();
            terminal::lend(&mut self.screen, || editor::edit("delivery", &body))?
        };
        let reason = match edited {
            Ok(Some(edited)) => {
                task.body = Some(edited);
                self.sender.take(SendTask::Replay(task));
                return Ok(());
            }
            Ok(None) => "nothing was changed, and nothing was sent: re-signed sends the same body".to_owned(),
            Err(error) => error.to_string(),
        };
        self.message(Message::Sending(News::NotSent(reason)))
    }

    /// Sends messages from another thread.
    fn messenger(&self) -> impl Fn(Message) + Send + 'static {
        let wakes = self.wakes.clone();
        move |message| {
            let _ = wakes.send(Wake::Message(message));
        }
    }

    /// Takes the terminal's own graphics off the screen when they are no longer to be there: the cells
    /// that they cover are not drawn anew by themselves.
    fn clear_graphics(&mut self) -> Result<(), TuiError> {
        let wanted = view::graphics(&self.model);
        if let Some(kind) = self.graphics.filter(|_| wanted.is_none()) {
            terminal::forget(kind)?;
            terminal::clear(&mut self.screen)?;
        }
        self.graphics = wanted;
        Ok(())
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        self.clear_graphics()?;
        crate::panic::trap("main");
        let _frame = crate::panic::frame();
        let before = self.model.viewport;
        let mut viewport = before;
        self.extent = self.screen.size()?;
        self.screen.draw(|frame| viewport = view::draw(frame, &self.model, &self.look))?;
        self.message(Message::Drawn(viewport))?;
        let sizes = |viewport: &Viewport| (viewport.detail_columns, viewport.detail_rows, viewport.list_rows);
        if sizes(&viewport) != sizes(&before) {
            // The panes have another size: rows made for the old one were made again.
            self.screen.draw(|frame| {
                view::draw(frame, &self.model, &self.look);
            })?;
        }
        Ok(())
    }
}

/// What a key means: an action of the keymap, an item of the open menu, or a letter of a prompt.
#[must_use]
pub fn translate(model: &Model, key: &KeyEvent) -> Option<Message> {
    if let Some(action) = keymap::action(model, key) {
        return Some(Message::Act(action));
    }
    match (&model.overlay, key.code) {
        // Any other key calls the fold off.
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
