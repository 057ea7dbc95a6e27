//! The loop: what wakes it, how it runs the engine's effects, and when a frame is drawn.

use std::collections::VecDeque;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Size;
use zeroize::Zeroizing;

use crate::config::{NotifyManner, TYPED_LABEL};
use crate::delivery::DeliveryId;
use crate::server::listener::SecretNews;
use crate::server::{ServerEvent, Session, SessionWatch};
use crate::signature::{Secret, SecretRemark};
use crate::tui::app::areas::{Pointer, PointerKind, ScreenAreas};
use crate::tui::app::effect::Effect;
use crate::tui::app::lent::LentText;
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::translate::translate;
use crate::tui::app::update::update;
use crate::tui::app::view;
use crate::tui::app::viewport::Viewport;
use crate::tui::error::TuiError;
use crate::tui::picture::GraphicsProtocol;
use crate::tui::reading_time::ReadingTime;
use crate::tui::screens::answers::state::AnswersNews;
use crate::tui::screens::send::task::{News, ReplayTask, SendTask};
use crate::tui::screens::signature::state::EnteredSecret;
use crate::tui::terminal::clipboard::Clipboard;
use crate::tui::terminal::input::{self, Input};
use crate::tui::terminal::{self, TerminalScreen, editor};
use crate::tui::theme::Look;
use crate::tui::workers::answers::{self, AnswersWorker};
use crate::tui::workers::deliveries::DeliveriesWorker;
use crate::tui::workers::diagnosis::DiagnosisWorker;
use crate::tui::workers::export;
use crate::tui::workers::files::Files;
use crate::tui::workers::history;
use crate::tui::workers::image::ImageWorker;
use crate::tui::workers::notify::NotifyWorker;
use crate::tui::workers::payload::PayloadWorker;
use crate::tui::workers::rejudge::RejudgeWorker;
use crate::tui::workers::rest::CATCH_UP_POURING;
use crate::tui::workers::schemes;
use crate::tui::workers::send::{self, SendWorker};
use crate::tui::workers::sightings::SightingsWorker;
use crate::tui::workers::status;

/// Sixty frames a second at most.
const FRAME: Duration = Duration::from_millis(16);
/// The shortest wait for what may still come before a frame is drawn.
const SOON: Duration = Duration::from_millis(1);
/// While something is held, its countdown is redrawn this often; so is the listener's status, while
/// somebody looks.
const SECOND: Duration = Duration::from_secs(1);
/// While many deliveries arrive, new rows are read this often: nobody reads ten lists a second, and the
/// cost for the listener is small.
const CATCH_UP: Duration = Duration::from_millis(100);
/// Deliveries between two reads of the store: about as many as a large screen has rows.
const POUR: i64 = 64;

/// Anything that wakes the loop.
pub(crate) enum Wake {
    Input(Input),
    Event(ServerEvent),
    Message(Message),
    /// A line of `--plain`; `None` at the end of its input.
    Line(Option<Zeroizing<String>>),
    /// The terminal is to notify, in these words.
    Ring(String),
    /// What `--plain` says of a delivery.
    Announced(String),
}

/// The interface with everything that works for it.
pub(crate) struct EventLoop<'a> {
    pub(crate) session: &'a Session,
    pub(crate) watch: SessionWatch,
    pub(crate) look: Look,
    pub(crate) loader: DeliveriesWorker,
    pub(crate) diagnoser: DiagnosisWorker,
    pub(crate) recaller: SightingsWorker,
    pub(crate) rejudger: RejudgeWorker,
    pub(crate) painter: ImageWorker,
    pub(crate) sender: SendWorker,
    pub(crate) teller: AnswersWorker,
    pub(crate) files: Files,
    pub(crate) notifier: Option<(NotifyManner, NotifyWorker)>,
    /// For threads that answer once.
    pub(crate) wakes: mpsc::Sender<Wake>,
    pub(crate) assistant: PayloadWorker,
    pub(crate) model: Model,
    /// What is drawn on; `--plain` draws nothing.
    pub(crate) screen: Option<TerminalScreen>,
    pub(crate) clipboard: Clipboard,
    /// The newest delivery that the model knows of.
    pub(crate) reached: DeliveryId,
    /// The terminal's size as it was drawn last.
    pub(crate) extent: Size,
    /// The terminal's own graphics that are on the screen.
    pub(crate) graphics: Option<GraphicsProtocol>,
    /// How long the message is there that is shown.
    pub(crate) reading: ReadingTime,
    /// What was typed or pasted before the delivery was there that it is about, and what came after it.
    pub(crate) typed: VecDeque<TerminalEvent>,
    pub(crate) end: bool,
}

impl EventLoop<'_> {
    /// Runs until the person quits or the session ends.
    pub(crate) fn run(&mut self, queue: &mpsc::Receiver<Wake>, warnings: &[String]) -> Result<(), TuiError> {
        self.stored();
        self.secrets_received()?;
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
                (false, false) => match (
                    ticks.then(|| SECOND.saturating_sub(counted.elapsed())),
                    self.reading.left(self.model.notice.as_ref()),
                ) {
                    (None, None) => queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                    (Some(rest), None) | (None, Some(rest)) => queue.recv_timeout(rest),
                    (Some(tick), Some(notice)) => queue.recv_timeout(tick.min(notice)),
                },
                (true, _) => queue.recv_timeout(FRAME.saturating_sub(drawn.elapsed()).max(SOON)),
                (false, true) => queue.recv_timeout(patience.saturating_sub(caught_up.elapsed())),
            };
            match wake {
                Ok(Wake::Event(ServerEvent::Stored | ServerEvent::Refused)) => grown = true,
                Ok(wake) => {
                    changed = if dirty { changed } else { Instant::now() };
                    self.wake(wake)?;
                    dirty = true;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            dirty |= self.end_notice()?;
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

    /// Takes the message away once it has been there long enough; returns whether it has.
    fn end_notice(&mut self) -> Result<bool, TuiError> {
        match self.reading.ended(self.model.notice.as_ref()) {
            Some(number) => self.message(Message::Shown(number)).map(|()| true),
            None => Ok(false),
        }
    }

    /// Waits for the first rows, at most as long as a frame: they arrive in a moment, and an empty frame
    /// would only delay them.
    fn await_first_rows(&mut self, queue: &mpsc::Receiver<Wake>) -> Result<(), TuiError> {
        let begun = Instant::now();
        while !self.end && (self.model.list.is_loading() || self.model.is_reading()) {
            match queue.recv_timeout(FRAME.saturating_sub(begun.elapsed())) {
                Ok(Wake::Event(ServerEvent::Stored | ServerEvent::Refused)) => {
                    self.stored();
                }
                Ok(wake) => self.wake(wake)?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Updates what changes with the time, only while it is shown.
    fn tick(&mut self, holds: bool) -> Result<(), TuiError> {
        if holds {
            self.answers()?;
        }
        if matches!(self.model.overlay, Some(Overlay::Status(_))) { self.perform(Effect::Observe) } else { Ok(()) }
    }

    /// Takes in how far the store has grown; returns by how many deliveries.
    pub(super) fn stored(&mut self) -> i64 {
        // Looked at before it is read: what comes in between wakes the loop again.
        self.watch.stored.look();
        self.watch.refused.look();
        if let Some((_, notifier)) = &self.notifier {
            notifier.poke();
        }
        let last = self.session.newest();
        let grown = last.0.saturating_sub(self.reached.0);
        self.reached = last;
        let stats = self.session.control().stats().snapshot();
        let effects = update(&mut self.model, Message::Stored { last, stats });
        // This causes only reads of the store, which cannot fail here.
        effects.into_iter().for_each(|effect| self.loader.read(effect));
        grown
    }

    /// Takes in the current state of the listener's answers.
    pub(super) fn answers(&mut self) -> Result<(), TuiError> {
        self.watch.held.look();
        self.watch.answers.look();
        let state = answers::state(self.session.control());
        self.message(Message::Answers(AnswersNews::State(Box::new(state))))
    }

    /// Takes in what was heard of secrets that arrived by handshakes.
    pub(super) fn secrets_received(&mut self) -> Result<(), TuiError> {
        self.watch.secrets.look();
        let control = self.session.control();
        let news = control.secret_news();
        if news.iter().any(SecretNews::is_used) {
            let secrets = described(&control.registry());
            self.message(Message::Secrets(secrets))?;
        }
        news.into_iter().try_for_each(|news| self.message(Message::SecretReceived(news)))
    }

    pub(super) fn wake(&mut self, wake: Wake) -> Result<(), TuiError> {
        match wake {
            Wake::Message(message) => {
                self.message(message)?;
                self.typed()
            }
            Wake::Ring(words) => {
                if let Some((manner, _)) = &self.notifier {
                    terminal::notify(*manner, &words)?;
                }
                Ok(())
            }
            // The plain face takes them itself.
            Wake::Line(_) | Wake::Announced(_) => Ok(()),
            Wake::Input(Input::Gone) | Wake::Event(ServerEvent::Stop) => {
                self.end = true;
                Ok(())
            }
            Wake::Input(Input::Event(event)) => self.input(event),
            Wake::Event(ServerEvent::StoreFault(error)) => self.message(Message::StoreFault(error.to_string())),
            Wake::Event(ServerEvent::Retired(freed)) => self.message(Message::Retired(freed.deliveries, freed.bytes)),
            Wake::Event(ServerEvent::Pruned(freed)) => self.message(Message::Pruned(freed.deliveries, freed.bytes)),
            Wake::Event(ServerEvent::Marked(marked)) => self.message(Message::MarkedElsewhere(marked)),
            Wake::Event(ServerEvent::Tunnel(state)) => self.message(Message::Tunnel(state)),
            Wake::Event(ServerEvent::Suspend) => self.perform(Effect::Suspend),
            // The next frame asks the terminal for its size.
            Wake::Event(ServerEvent::Resized | ServerEvent::Stored | ServerEvent::Refused) => Ok(()),
            Wake::Event(ServerEvent::Held | ServerEvent::Answers) => self.answers(),
            Wake::Event(ServerEvent::Jobs) => {
                self.watch.jobs.look();
                let running = self.session.control().jobs().running();
                self.message(Message::Jobs(running))
            }
            Wake::Event(ServerEvent::Secrets) => self.secrets_received(),
            Wake::Event(ServerEvent::Rules(count, file)) => {
                self.answers()?;
                self.message(Message::Answers(AnswersNews::Reloaded(count, file)))
            }
            Wake::Event(
                ServerEvent::RulesFault(words) | ServerEvent::RulesRemark(words) | ServerEvent::Hook(words),
            ) => self.message(Message::Warn(words)),
        }
    }

    fn input(&mut self, event: TerminalEvent) -> Result<(), TuiError> {
        // What a key does may depend on how much is in view, and the terminal may have another size since.
        if self.screen.as_ref().map(TerminalScreen::size).transpose()?.is_some_and(|size| size != self.extent) {
            self.draw()?;
        }
        match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
                // Whoever has just opened a tunnel in another window comes back with a key.
                self.session.control().tunnel_hint().give();
                self.typed.push_back(event);
                self.typed()
            }
            TerminalEvent::Mouse(mouse) if self.model.has_mouse => match pointer(mouse) {
                Some(pointer) => self.message(Message::Point(pointer)),
                None => Ok(()),
            },
            TerminalEvent::Paste(_) => {
                self.typed.push_back(event);
                self.typed()
            }
            _ => Ok(()),
        }
    }

    /// Does what was typed, as far as the delivery is there that it is about.
    fn typed(&mut self) -> Result<(), TuiError> {
        while let Some(event) = self.typed.pop_front() {
            let message = match event {
                TerminalEvent::Paste(text) => Message::Paste(Zeroizing::new(text)),
                TerminalEvent::Key(key) => match translate(&self.model, &key) {
                    Some(Message::Act(action)) if self.model.is_early(action) => {
                        self.typed.push_front(event);
                        return Ok(());
                    }
                    Some(message) => message,
                    None => continue,
                },
                _ => continue,
            };
            self.message(message)?;
        }
        Ok(())
    }

    pub(super) fn message(&mut self, message: Message) -> Result<(), TuiError> {
        self.model.clock = Timestamp::now();
        for effect in update(&mut self.model, message) {
            self.perform(effect)?;
        }
        if let Some(discarded) = self.model.take_discarded() {
            self.loader.discard(discarded);
        }
        Ok(())
    }

    pub(super) fn perform(&mut self, effect: Effect) -> Result<(), TuiError> {
        match effect {
            Effect::LoadPage(_) | Effect::Reread(_) | Effect::Load(_) | Effect::LoadAnswer(_) => {
                self.loader.read(effect)
            }
            Effect::Inquire(id, question) => self.diagnoser.ask(id, question),
            Effect::Payload(request) => self.assistant.ask(request),
            Effect::StopInquiry => self.diagnoser.stop(),
            Effect::Recall(id, ids) => self.recaller.ask(id, ids),
            Effect::Answers(effect) => {
                let news = self.teller.perform(effect, self.messenger());
                return news.into_iter().try_for_each(|news| self.message(Message::Answers(news)));
            }
            Effect::Config(effect) => self.teller.save(effect, self.messenger()),
            Effect::Rejudge(number) => self.rejudger.ask(number),
            Effect::UseSecret(secret) => return self.use_secret(secret.to_vec()),
            Effect::AcceptSecret { target, secret } => {
                let control = self.session.control();
                control.change_registry(|registry| registry.with_accepted_secret(&target, &secret));
                return self.message(Message::Secrets(described(&control.registry())));
            }
            Effect::AdoptScheme { webhook, target, name } => {
                let adopted = schemes::adopt(self.session.control(), webhook.as_deref(), &target, name.as_deref());
                return self.message(Message::Adopted(adopted));
            }
            Effect::FindSchemes(id) => {
                let loaded = self.model.loaded().filter(|loaded| loaded.delivery.summary.id == id);
                let refused = loaded.and_then(|loaded| schemes::find(loaded, self.session.control(), self.messenger()));
                return refused.map_or(Ok(()), |words| self.message(Message::Warn(words)));
            }
            Effect::Copy { what, text } => {
                let registry = self.session.control().registry();
                let outcome = self.clipboard.copy(&what, &text, registry.keyring());
                return self.message(Message::Copied(outcome));
            }
            Effect::Picture(request) => self.painter.make(request),
            Effect::SaveImage(request) => self.files.save(request, self.messenger()),
            Effect::OpenImage(image) => {
                let keyring = self.session.control().registry().keyring().clone();
                self.files.open(image, keyring, self.messenger());
            }
            Effect::Lend(lent) => return self.lend(&lent),
            Effect::Send(SendTask::Edit(task)) => return self.edit(task),
            Effect::Send(task) => {
                let control = self.session.control();
                if task.is_to_ourselves() && send::make_up_secret(control) {
                    let secrets = described(&control.registry());
                    self.message(Message::Secrets(secrets))?;
                }
                self.sender.take(task);
            }
            Effect::Export(ids, path) => {
                let (location, jobs) = (self.session.location().clone(), self.session.control().jobs());
                export::start(location, jobs, ids, path, self.messenger());
            }
            Effect::CancelJobs(numbers) => {
                let jobs = self.session.control().jobs();
                numbers.into_iter().for_each(|number| _ = jobs.cancel(number));
            }
            Effect::Observe => {
                self.loader.read(effect);
                let status = Box::new(status::status(self.session));
                return self.message(Message::Status(status));
            }
            Effect::Mark(ids, edit) => {
                let marking = self.session.control().mark(ids.clone(), edit.clone());
                let messenger = self.messenger();
                std::thread::Builder::new().name("whyhook-marks".to_owned()).spawn(move || {
                    let outcome = match marking.blocking_recv() {
                        Ok(outcome) => outcome.map_err(|error| error.to_string()),
                        Err(_) => Err("the store's writer has stopped".to_owned()),
                    };
                    messenger(Message::Marked(ids, edit, outcome));
                })?;
            }
            // Of a store that is deleted with the run, nothing stays.
            Effect::RememberFilters(_) if self.model.setup.ephemeral => {}
            Effect::RememberFilters(filters) => {
                let path = history::path(self.session.location().file());
                let secrets = self.session.control().registry().keyring().secrets().to_vec();
                if let Err(error) = history::keep(&path, &filters, &secrets) {
                    tracing::warn!(reason = %error, "filters are not remembered");
                }
            }
            Effect::Mouse(on) => terminal::report_mouse(on)?,
            Effect::Redraw => self.screen.as_mut().map_or(Ok(()), terminal::clear)?,
            Effect::Suspend => terminal::suspend(self.screen.as_mut())?,
            Effect::Quit => self.end = true,
        }
        Ok(())
    }

    /// Verifies with a secret that was entered, and says what is odd about it.
    fn use_secret(&mut self, bytes: Vec<u8>) -> Result<(), TuiError> {
        let control = self.session.control();
        let before = control.registry();
        let replaces = before.keyring().get(TYPED_LABEL).is_some();
        control.change_registry(|registry| registry.with_typed_secret(bytes.clone()));
        let registry = control.registry();
        let remarks = registry.keyring().get(TYPED_LABEL).map(Secret::remarks).unwrap_or_default();
        let remarks = remarks.into_iter().map(SecretRemark::words).collect();
        self.message(Message::Secrets(described(&registry)))?;
        self.message(Message::SecretEntered(EnteredSecret { replaces, remarks }))
    }

    /// Lends the terminal to the person's pager or editor.
    fn lend(&mut self, lent: &LentText) -> Result<(), TuiError> {
        let shown = {
            let _keys = input::hold();
            let registry = self.session.control().registry();
            terminal::lend(self.screen.as_mut(), || editor::show(lent, registry.keyring()))?
        };
        self.message(Message::Opened(shown.map_err(|error| error.to_string())))
    }

    /// Lends the terminal to the person's editor, and sends the result.
    fn edit(&mut self, mut task: ReplayTask) -> Result<(), TuiError> {
        let body = task.body.take().unwrap_or_default();
        let edited = {
            // The editor reads the keys in the meantime.
            let _keys = input::hold();
            let registry = self.session.control().registry();
            terminal::lend(self.screen.as_mut(), || editor::edit("delivery", &body, registry.keyring()))?
        };
        let reason = match edited {
            Ok(Some(edited)) => {
                task.body = Some(edited);
                self.sender.take(SendTask::Replay(task));
                return Ok(());
            }
            Ok(None) => "nothing changed, so nothing was sent: re-signed sends the same body".to_owned(),
            Err(error) => format!("{error}; nothing was sent"),
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

    /// Removes the terminal's own graphics when they are no longer shown: the cells
    /// that they cover are not redrawn by themselves.
    fn clear_graphics(&mut self) -> Result<(), TuiError> {
        let wanted = view::graphics(&self.model);
        if let Some(kind) = self.graphics.filter(|_| wanted.is_none()) {
            terminal::forget(kind)?;
            self.screen.as_mut().map_or(Ok(()), terminal::clear)?;
        }
        self.graphics = wanted;
        Ok(())
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        self.clear_graphics()?;
        crate::system::panic::trap("main");
        let _frame = crate::system::panic::frame();
        let Some(screen) = &mut self.screen else { return Ok(()) };
        let before = self.model.viewport;
        let mut viewport = before;
        self.extent = screen.size()?;
        let mut areas = ScreenAreas::default();
        screen.draw(|frame| (viewport, areas) = view::draw_with_areas(frame, &self.model, &self.look))?;
        let placed = self.model.placed();
        self.message(Message::Drawn(viewport))?;
        let sizes = |viewport: &Viewport| (viewport.detail_columns, viewport.detail_rows, viewport.list_rows);
        if sizes(&viewport) != sizes(&before) || self.model.placed() != placed {
            // The panes have another size: rows made for the old one were made again, and what is selected was brought
            // back into sight.
            if let Some(screen) = &mut self.screen {
                screen.draw(|frame| (_, areas) = view::draw_with_areas(frame, &self.model, &self.look))?;
            }
        }
        self.model.areas = areas;
        Ok(())
    }
}

/// What the terminal reports of the mouse, as far as it counts.
fn pointer(mouse: MouseEvent) -> Option<Pointer> {
    let kind = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => PointerKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => PointerKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => PointerKind::Release,
        MouseEventKind::ScrollUp => PointerKind::WheelUp,
        MouseEventKind::ScrollDown => PointerKind::WheelDown,
        _ => return None,
    };
    Some(Pointer { kind, column: mouse.column, row: mouse.row })
}

/// The secrets in use, one line each, without the secrets themselves.
pub(crate) fn described(registry: &crate::config::Registry) -> Vec<String> {
    registry.described_secrets()
}
