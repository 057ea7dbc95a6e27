//! The interface in lines: for screen readers, for terminals that draw nothing, and for scripts.
//!
//! The model, its update and the workers are those of the interface. Instead of keys there are commands; instead of
//! panes, what they would show is printed once. Nothing is drawn: no cursor moves, no colour, no box.

mod announce;
mod commands;
mod conversation;
mod input;
mod screen_text;
mod settling;
#[cfg(test)]
mod tests;
mod words;

use std::io::{self, Write as _};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use self::announce::{Announcement, Announcer};
use self::conversation::{Awaited, Conversation};
use self::input::Lines;
use self::settling::Settling;
use crate::query::Query;
use crate::server::{ServerEvent, ShownListener, StopReason};
use crate::system::typing::HiddenTyping;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::{Attachment, Setup};
use crate::tui::error::TuiError;
use crate::tui::event_loop::{EventLoop, Wake};
use crate::tui::{Appearance, new_event_loop, pass_on, stopped};

pub(crate) use crate::tui::screens::answers::action::AnswerAction;

/// What a person types after.
const PROMPT: &str = "> ";
/// New rows are read at most this often while many deliveries come.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Runs the plain face until the person quits, its input ends or it is told to end.
///
/// # Errors
///
/// [`TuiError`] when stdout takes no more lines, or the store cannot be read.
pub fn run(
    listener: &Arc<dyn ShownListener>,
    setup: Setup,
    appearance: &Appearance,
    filter: (Query, String),
    events: mpsc::Receiver<ServerEvent>,
    warnings: &[String],
) -> Result<(), TuiError> {
    let (wakes, queue) = mpsc::channel();
    let look = appearance.in_lines();
    let mut event_loop = new_event_loop(listener, setup, appearance, filter, &wakes)?;
    event_loop.model.keymap = Arc::new(appearance.keymap.clone().in_lines());
    let announcer = {
        let wakes = wakes.clone();
        let wake = |said| match said {
            Announcement::Line(line) => Wake::Announced(line),
            Announcement::UpTo(to) => Wake::AnnouncedTo(to),
        };
        Announcer::start(listener, move |said| drop(wakes.send(wake(said))))?
    };
    let lines = {
        let wakes = wakes.clone();
        Lines::start(move |line| drop(wakes.send(Wake::Line(line))))?
    };
    pass_on(events, wakes)?;
    let mut plain_loop = PlainLoop {
        event_loop,
        conversation: Conversation::new(look),
        announcer,
        lines,
        hidden: None,
        is_reading: false,
        has_rows: false,
        has_ended: false,
        is_quitting: false,
        settling: None,
        is_prompted: false,
    };
    tracing::info!("plain interface begun");
    let ended = plain_loop.run(&queue, warnings);
    tracing::info!(failed = ended.is_err(), "plain interface ended");
    ended
}

struct PlainLoop {
    event_loop: EventLoop,
    conversation: Conversation,
    announcer: Announcer,
    lines: Lines,
    hidden: Option<HiddenTyping>,
    /// Whether a line was asked for and has not come.
    is_reading: bool,
    /// Whether the first rows of the list have come: before, nobody knows which delivery is the latest.
    has_rows: bool,
    /// Whether the input has ended.
    has_ended: bool,
    /// Whether the person has quit.
    is_quitting: bool,
    /// A wait for what came to be announced and listed.
    settling: Option<Settling>,
    /// Whether the prompt is the last thing that was written.
    is_prompted: bool,
}

impl PlainLoop {
    fn run(&mut self, queue: &mpsc::Receiver<Wake>, warnings: &[String]) -> Result<(), TuiError> {
        self.event_loop.message(Message::Drawn(screen_text::viewport()))?;
        self.event_loop.stored();
        self.event_loop.secrets_received()?;
        self.event_loop.answers()?;
        if let Some(first) = self.event_loop.model.list_reload() {
            self.event_loop.perform(first)?;
        }
        let model = &self.event_loop.model;
        let url = model.local_url();
        let mut begin = vec![match &model.attachment {
            None => format!("whyhook listens on {url}. Enter help for the commands."),
            Some(Attachment { process, .. }) => format!(
                "Attached to the listener on {url}, process {process}: quit leaves it running. Enter help for the commands."
            ),
        }];
        if model.secrets.is_empty() {
            begin.push("No secret is known: enter secret to give one for this run.".to_owned());
        }
        begin.extend(warnings.iter().map(|warning| format!("warning: {}", crate::text::visible(warning))));
        self.print(&begin)?;
        self.announcer.poke();
        self.go_on()?;
        let mut grown = false;
        while !self.event_loop.end {
            let wake = match (&self.settling, grown) {
                (Some(_), _) => queue.recv_timeout(settling::STEP),
                (None, true) => queue.recv_timeout(CATCH_UP),
                (None, false) => queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match wake {
                Ok(Wake::Event(ServerEvent::Stored | ServerEvent::Refused)) if !grown => grown = true,
                Ok(Wake::Event(ServerEvent::Stored | ServerEvent::Refused)) => {}
                Ok(Wake::Announced(line)) => self.print(&[line])?,
                Ok(Wake::AnnouncedTo(to)) => {
                    if let Some(settling) = &mut self.settling {
                        settling.announced(to, &self.event_loop.model, Instant::now());
                        self.catch_up()?;
                    }
                }
                Ok(Wake::Line(line)) => self.line(line)?,
                Ok(wake) => self.event_loop.wake(wake)?,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    grown = false;
                    self.catch_up()?;
                    match &self.settling {
                        Some(settling) if !settling.is_announced() => drop(self.announcer.look()),
                        _ => self.announcer.poke(),
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            self.settle()?;
            self.go_on()?;
        }
        self.hidden = None;
        // Who presses ^C knows what has ended it.
        let reason = self.event_loop.stopped.filter(|reason| *reason != StopReason::Signal("SIGINT"));
        stopped::say(stopped::words(reason, &self.event_loop.model).as_deref());
        Ok(())
    }

    /// Takes in what has come, and what was answered.
    fn catch_up(&mut self) -> Result<(), TuiError> {
        self.event_loop.stored();
        self.event_loop.answers()
    }

    fn line(&mut self, line: Option<zeroize::Zeroizing<String>>) -> Result<(), TuiError> {
        self.is_reading = false;
        self.is_prompted = false;
        if self.hidden.take().is_some() {
            // The line end that was typed was not shown either.
            self.write("\n")?;
        }
        self.event_loop.listener.hint_tunnel();
        // What has come until now is what the line is about.
        self.catch_up()?;
        match line {
            Some(line) => self.conversation.enter(&mut self.event_loop.model, &line),
            None => self.has_ended = true,
        }
        Ok(())
    }

    /// Performs what was asked for and prints what has changed, until nothing more follows from it.
    fn settle(&mut self) -> Result<(), TuiError> {
        loop {
            self.conversation.look_around(&mut self.event_loop.model);
            let lines = std::mem::take(&mut self.conversation.lines);
            self.print(&lines)?;
            let effects = self.conversation.take_effects();
            if effects.is_empty() {
                return Ok(());
            }
            for effect in effects {
                match effect {
                    // What has come is announced before.
                    Effect::Quit => self.is_quitting = true,
                    effect => self.event_loop.perform(effect)?,
                }
            }
        }
    }

    /// Asks for the next line, or ends when there is none and nothing runs any more.
    fn go_on(&mut self) -> Result<(), TuiError> {
        // What was asked of the listener is answered before the next line is read.
        self.has_rows |= !self.event_loop.model.list.is_loading();
        if !self.event_loop.requests.is_empty() || self.event_loop.end || !self.has_rows {
            return Ok(());
        }
        let is_ready = self.conversation.is_ready();
        let ends =
            self.is_quitting || (self.has_ended && is_ready && !self.conversation.is_busy(&self.event_loop.model));
        if ends || self.conversation.awaited == Some(Awaited::Settled) {
            if !self.has_settled() {
                return Ok(());
            }
            self.conversation.awaited = None;
            self.event_loop.end = ends;
        }
        if !self.conversation.is_ready() || self.has_ended || self.event_loop.end {
            return Ok(());
        }
        if self.conversation.asked.is_hidden() && self.hidden.is_none() {
            self.hidden = HiddenTyping::begin();
        }
        if !self.is_prompted && input::is_interactive() {
            self.write(PROMPT)?;
            self.is_prompted = true;
        }
        if !self.is_reading {
            self.is_reading = true;
            self.lines.ask();
        }
        Ok(())
    }

    /// Whether what has come is announced and in the list; where it may not be, it is waited for from now on.
    fn has_settled(&mut self) -> bool {
        let now = Instant::now();
        let before = self.event_loop.listener.last_before_run();
        let settling = self.settling.get_or_insert_with(|| Settling::begin(self.announcer.look(), before, now));
        let is_done = settling.is_done(&self.event_loop.model, now);
        if is_done {
            self.settling = None;
        }
        is_done
    }

    /// Prints lines of visible text.
    fn print(&mut self, lines: &[String]) -> Result<(), TuiError> {
        if lines.is_empty() {
            return Ok(());
        }
        let begin = if std::mem::take(&mut self.is_prompted) { "\n" } else { "" };
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.write(&format!("{begin}{text}"))
    }

    fn write(&self, text: &str) -> Result<(), TuiError> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(TuiError::Stdout)
    }
}
