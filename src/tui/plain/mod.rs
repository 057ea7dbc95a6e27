//! The interface in lines: for screen readers, for terminals that draw nothing, and for scripts.
//!
//! The model, its update and the workers are those of the interface. Instead of keys there are commands; instead of
//! panes, what they would show is printed once. Nothing is drawn: no cursor moves, no colour, no box.

mod announce;
mod commands;
mod conversation;
mod input;
mod screen_text;
#[cfg(test)]
mod tests;
mod words;

use std::io::{self, Write as _};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use self::announce::Announcer;
use self::conversation::Conversation;
use self::input::Lines;
use crate::query::Query;
use crate::server::{ServerEvent, ShownListener};
use crate::system::typing::HiddenTyping;
use crate::tui::app::message::Message;
use crate::tui::app::model::{Attachment, Setup};
use crate::tui::error::TuiError;
use crate::tui::event_loop::{EventLoop, Wake};
use crate::tui::{Appearance, begin, pass_on};

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
    let mut edge = begin(listener, setup, appearance, filter, &wakes)?;
    edge.model.keymap = Arc::new(appearance.keymap.clone().in_lines());
    let announcer = {
        let wakes = wakes.clone();
        Announcer::start(listener, move |line| drop(wakes.send(Wake::Announced(line))))?
    };
    let lines = {
        let wakes = wakes.clone();
        Lines::start(move |line| drop(wakes.send(Wake::Line(line))))?
    };
    pass_on(events, wakes)?;
    let mut face = PlainLoop {
        edge,
        conversation: Conversation::new(look),
        announcer,
        lines,
        hidden: None,
        is_reading: false,
        has_ended: false,
        is_prompted: false,
    };
    tracing::info!("plain interface begun");
    let ended = face.run(&queue, warnings);
    tracing::info!(failed = ended.is_err(), "plain interface ended");
    ended
}

struct PlainLoop {
    edge: EventLoop,
    conversation: Conversation,
    announcer: Announcer,
    lines: Lines,
    hidden: Option<HiddenTyping>,
    /// Whether a line was asked for and has not come.
    is_reading: bool,
    /// Whether the input has ended.
    has_ended: bool,
    /// Whether the prompt is the last thing that was written.
    is_prompted: bool,
}

impl PlainLoop {
    fn run(&mut self, queue: &mpsc::Receiver<Wake>, warnings: &[String]) -> Result<(), TuiError> {
        self.edge.message(Message::Drawn(screen_text::viewport()))?;
        self.edge.stored();
        self.edge.secrets_received()?;
        self.edge.answers()?;
        if let Some(first) = self.edge.model.list_reload() {
            self.edge.perform(first)?;
        }
        let model = &self.edge.model;
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
        while !self.edge.end {
            let wake = match grown {
                true => queue.recv_timeout(CATCH_UP),
                false => queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match wake {
                Ok(Wake::Event(ServerEvent::Stored | ServerEvent::Refused)) if !grown => grown = true,
                Ok(Wake::Event(ServerEvent::Stored | ServerEvent::Refused)) => {}
                Ok(Wake::Announced(line)) => self.print(&[line])?,
                Ok(Wake::Line(line)) => self.line(line)?,
                Ok(wake) => self.edge.wake(wake)?,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    grown = false;
                    self.edge.stored();
                    self.edge.answers()?;
                    self.announcer.poke();
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            self.settle()?;
            self.go_on()?;
        }
        self.hidden = None;
        Ok(())
    }

    fn line(&mut self, line: Option<zeroize::Zeroizing<String>>) -> Result<(), TuiError> {
        self.is_reading = false;
        self.is_prompted = false;
        if self.hidden.take().is_some() {
            // The line end that was typed was not shown either.
            self.write("\n")?;
        }
        self.edge.listener.hint_tunnel();
        match line {
            Some(line) => self.conversation.enter(&mut self.edge.model, &line),
            None => self.has_ended = true,
        }
        Ok(())
    }

    /// Performs what was asked for and prints what has changed, until nothing more follows from it.
    fn settle(&mut self) -> Result<(), TuiError> {
        loop {
            self.conversation.look_around(&mut self.edge.model);
            let lines = std::mem::take(&mut self.conversation.lines);
            self.print(&lines)?;
            let effects = self.conversation.take_effects();
            if effects.is_empty() {
                return Ok(());
            }
            for effect in effects {
                self.edge.perform(effect)?;
            }
        }
    }

    /// Asks for the next line, or ends when there is none and nothing runs any more.
    fn go_on(&mut self) -> Result<(), TuiError> {
        // What was asked of the listener is answered before the next line is read.
        if !self.conversation.is_ready() || !self.edge.requests.is_empty() || self.edge.end {
            return Ok(());
        }
        if self.has_ended {
            self.edge.end = !self.conversation.is_busy(&self.edge.model);
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
