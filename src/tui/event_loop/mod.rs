//! The loop: what wakes it, how it runs the engine's effects, and when a frame is drawn.

mod effects;
mod news;
pub(crate) mod requests;

use std::collections::VecDeque;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Size;
use tokio_util::sync::DropGuard;
use zeroize::Zeroizing;

use self::requests::PendingRequests;
use crate::config::{NotifyManner, Registry};
use crate::delivery::DeliveryId;
use crate::server::{RequestOutcome, ServerEvent, SessionWatch, ShownListener, StopReason};
use crate::tui::app::areas::{Pointer, PointerKind, ScreenAreas};
use crate::tui::app::effect::Effect;
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
use crate::tui::terminal::clipboard::Clipboard;
use crate::tui::terminal::input::Input;
use crate::tui::terminal::uneven::UnevenRows;
use crate::tui::terminal::{self, TerminalScreen};
use crate::tui::theme::Look;
use crate::tui::workers::answers::{self, AnswersWorker};
use crate::tui::workers::deliveries::DeliveriesWorker;
use crate::tui::workers::diagnosis::DiagnosisWorker;
use crate::tui::workers::files::Files;
use crate::tui::workers::image::ImageWorker;
use crate::tui::workers::layout;
use crate::tui::workers::notify::NotifyWorker;
use crate::tui::workers::payload::PayloadWorker;
use crate::tui::workers::rejudge::RejudgeWorker;
use crate::tui::workers::rest::CATCH_UP_POURING;
use crate::tui::workers::send::SendWorker;
use crate::tui::workers::sightings::SightingsWorker;

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
    /// How far `--plain` has said what came.
    AnnouncedTo(AnnouncedTo),
    /// What came of the request with this number.
    Replied(u64, RequestOutcome),
}

/// Everything that came before the look with this number was asked for is announced, but for what is not answered yet.
#[derive(Debug)]
pub(crate) struct AnnouncedTo {
    pub(crate) look: u64,
    /// The newest delivery that was seen.
    pub(crate) newest: DeliveryId,
    /// Seen, and not answered yet.
    pub(crate) open: Vec<DeliveryId>,
}

/// The interface with everything that works for it.
pub(crate) struct EventLoop {
    pub(crate) listener: Arc<dyn ShownListener>,
    /// The webhooks and secrets that the model knows of.
    pub(crate) registry: Arc<Registry>,
    /// Requests to the listener that have no outcome yet.
    pub(crate) requests: PendingRequests,
    pub(crate) watch: SessionWatch,
    pub(crate) look: Look,
    pub(crate) loader: DeliveriesWorker,
    pub(crate) diagnoser: DiagnosisWorker,
    pub(crate) sightings: SightingsWorker,
    pub(crate) rejudger: RejudgeWorker,
    pub(crate) images: ImageWorker,
    pub(crate) sender: SendWorker,
    pub(crate) answers_worker: AnswersWorker,
    pub(crate) files: Files,
    /// The redaction that is being made: dropped, it ends.
    pub(crate) redacting: Option<DropGuard>,
    pub(crate) notifier: Option<(NotifyManner, NotifyWorker)>,
    /// For threads that answer once.
    pub(crate) wakes: mpsc::Sender<Wake>,
    pub(crate) payloads: PayloadWorker,
    pub(crate) model: Model,
    /// What is drawn on; `--plain` draws nothing.
    pub(crate) screen: Option<TerminalScreen>,
    pub(crate) clipboard: Clipboard,
    /// The newest delivery that the model knows of.
    pub(crate) reached: DeliveryId,
    /// The terminal's size as it was drawn last.
    pub(crate) extent: Size,
    /// The rows on the screen that are written whole when they change.
    pub(crate) uneven: UnevenRows,
    /// The terminal's own graphics that are on the screen.
    pub(crate) graphics: Option<GraphicsProtocol>,
    /// How long the message is there that is shown.
    pub(crate) reading: ReadingTime,
    /// What was typed or pasted before the delivery was there that it is about, and what came after it.
    pub(crate) typed: VecDeque<TerminalEvent>,
    pub(crate) end: bool,
    /// Who has ended it, if it was not the person.
    pub(crate) stopped: Option<StopReason>,
}

impl EventLoop {
    /// Runs until the person quits or it is told to end.
    pub(crate) fn run(&mut self, queue: &mpsc::Receiver<Wake>, warnings: &[String]) -> Result<(), TuiError> {
        self.stored();
        self.secrets_received()?;
        if let Some(first) = self.model.list_reload() {
            self.perform(first)?;
        }
        let retired = self.listener.retired();
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

    /// Keeps how the panes are divided for the next run. Of a store that is deleted with the run, nothing stays.
    pub(crate) fn keep_layout(&self) {
        let path = layout::path(self.listener.location().file());
        if self.model.setup.ephemeral || layout::load(&path) == self.model.split {
            return;
        }
        if let Err(error) = layout::keep(&path, self.model.split) {
            tracing::warn!(reason = %error, "the split is not remembered");
        }
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
        let last = self.listener.newest();
        let grown = last.0.saturating_sub(self.reached.0);
        self.reached = last;
        let stats = self.listener.stats();
        let effects = update(&mut self.model, Message::Stored { last, stats });
        // This causes only reads of the store, which cannot fail here.
        effects.into_iter().for_each(|effect| self.loader.read(effect));
        grown
    }

    /// Takes in the current state of the listener's answers.
    pub(super) fn answers(&mut self) -> Result<(), TuiError> {
        self.watch.held.look();
        self.watch.answers.look();
        let state = answers::state(&*self.listener);
        self.message(Message::Answers(AnswersNews::State(Box::new(state))))
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
            Wake::Replied(number, outcome) => {
                self.replied(number, outcome)?;
                self.typed()
            }
            // The plain face takes them itself.
            Wake::Line(_) | Wake::Announced(_) | Wake::AnnouncedTo(_) => Ok(()),
            Wake::Input(Input::Gone) => {
                self.end = true;
                Ok(())
            }
            Wake::Event(ServerEvent::Stop(reason)) => {
                (self.end, self.stopped) = (true, Some(reason));
                Ok(())
            }
            Wake::Input(Input::Event(event)) => self.input(event),
            Wake::Event(ServerEvent::StoreFault(error)) => self.message(Message::StoreFault(error.to_string())),
            Wake::Event(ServerEvent::Retired(freed)) => self.message(Message::Retired(freed.deliveries, freed.bytes)),
            Wake::Event(ServerEvent::Pruned(freed)) => self.message(Message::Pruned(freed.deliveries, freed.bytes)),
            Wake::Event(ServerEvent::Marked(marked)) => self.message(Message::MarkedElsewhere(marked)),
            Wake::Event(ServerEvent::SecretGiven(given)) => self.secrets_elsewhere(Ok(given)),
            Wake::Event(ServerEvent::SecretRemoved(label)) => self.secrets_elsewhere(Err(label)),
            Wake::Event(ServerEvent::Tunnel(state)) => self.message(Message::Tunnel(state)),
            Wake::Event(ServerEvent::Suspend) => self.perform(Effect::Suspend),
            // The next frame asks the terminal for its size.
            Wake::Event(ServerEvent::Resized | ServerEvent::Stored | ServerEvent::Refused) => Ok(()),
            Wake::Event(ServerEvent::Held | ServerEvent::Answers) => self.answers(),
            Wake::Event(ServerEvent::Jobs) => {
                self.watch.jobs.look();
                let running = self.listener.jobs();
                self.message(Message::Jobs(running))
            }
            Wake::Event(ServerEvent::Secrets) => self.secrets_received(),
            Wake::Event(ServerEvent::News(news)) => self.news(*news),
            Wake::Event(ServerEvent::Listener(link)) => {
                self.answers()?;
                self.message(Message::Listener(link))
            }
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
                self.listener.hint_tunnel();
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
        crate::system::panic::panic_for_test("main");
        let _frame = crate::system::panic::lock_frame();
        let Some(screen) = &mut self.screen else { return Ok(()) };
        let before = self.model.viewport;
        let mut viewport = before;
        self.extent = screen.size()?;
        let mut areas = ScreenAreas::default();
        let uneven = &mut self.uneven;
        screen.draw(|frame| {
            (viewport, areas) = view::draw_with_areas(frame, &self.model, &self.look);
            uneven.take_in(frame.buffer_mut());
        })?;
        let placed = self.model.placed();
        self.message(Message::Drawn(viewport))?;
        let sizes = |viewport: &Viewport| (viewport.detail_columns, viewport.detail_rows, viewport.list_rows);
        if sizes(&viewport) != sizes(&before) || self.model.placed() != placed {
            // The panes have another size: rows made for the old one were made again, and what is selected was brought
            // back into sight.
            if let Some(screen) = &mut self.screen {
                let uneven = &mut self.uneven;
                screen.draw(|frame| {
                    (_, areas) = view::draw_with_areas(frame, &self.model, &self.look);
                    uneven.take_in(frame.buffer_mut());
                })?;
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
