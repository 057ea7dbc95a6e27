//! The conversation: a line in, lines and effects out. It drives the interface's own model by the messages that keys
//! cause, and says what changed. Pure, as the model is.

mod showing;

use crate::delivery::DeliveryId;
use crate::server::tunnel::Tunnels;
use crate::text::visible;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::update::update;
use crate::tui::plain::words::PlainCommand;
use crate::tui::screens::saving::state::ConfigEffect;
use crate::tui::screens::send::task::SendTask;
use crate::tui::theme::Look;

/// What the next line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Asked {
    /// A command.
    #[default]
    Command,
    /// The secret for this run; not shown.
    Secret,
    /// A secret to try; not shown.
    TrialSecret,
    /// A digest, or a log line with one.
    Digest,
    /// Yes or no.
    YesOrNo,
}

impl Asked {
    /// Whether the terminal shows nothing of it.
    pub(super) fn is_hidden(self) -> bool {
        matches!(self, Self::Secret | Self::TrialSecret)
    }
}

/// What has to be there before the next line is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Awaited {
    /// A tab of a delivery, complete.
    Tab(DeliveryId, Tab),
    /// A delivery that a command is about.
    Delivery(DeliveryId, PlainCommand),
    /// The rows that match a filter, to list this many.
    Rows(usize),
    /// A result that opens a screen or says something.
    Screen,
    /// What a screen is about that is open already.
    Overlay,
    /// The end of what is being sent.
    Idle,
    /// That what has come is announced and in the list.
    Settled,
    /// A message after this one: what came of what was done.
    Said(u64),
    /// A message after this one, and stored deliveries judged again.
    Judged(u64),
}

/// See the module's page.
pub(super) struct Conversation {
    pub(super) look: Look,
    pub(super) lines: Vec<String>,
    pub(super) effects: Vec<Effect>,
    /// The delivery that was selected when the first rows were asked for.
    left: Option<DeliveryId>,
    pub(super) asked: Asked,
    pub(super) awaited: Option<Awaited>,
    /// The last message that was told.
    told: u64,
    held: Vec<DeliveryId>,
    tunnel: Tunnels,
    fault: Option<String>,
    /// How many parts of what runs were told.
    part: usize,
    /// Whether a sending was asked for of which nothing was heard yet.
    is_sending: bool,
}

impl Conversation {
    pub(super) fn new(look: Look) -> Self {
        Self {
            look,
            lines: Vec::new(),
            effects: Vec::new(),
            left: None,
            asked: Asked::default(),
            awaited: None,
            told: 0,
            held: Vec::new(),
            tunnel: Tunnels::default(),
            fault: None,
            part: 0,
            is_sending: false,
        }
    }

    /// Whether the next line can be read: nothing is looked up for the one before.
    pub(super) fn is_ready(&self) -> bool {
        self.awaited.is_none()
    }

    /// Takes what is to be performed.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        let is_sending = |effect: &Effect| matches!(effect, Effect::Send(task) if !task.is_lookup() && !matches!(task, SendTask::Cancel));
        self.is_sending |= self.effects.iter().any(is_sending);
        // What they come to is told before the next line is read.
        for effect in &self.effects {
            let told = match effect {
                Effect::UseSecret(_) => Awaited::Judged(self.told),
                Effect::Export(..) | Effect::Redact(_) | Effect::Config(ConfigEffect::Write(_)) => {
                    Awaited::Said(self.told)
                }
                _ => continue,
            };
            self.awaited.get_or_insert(told);
        }
        std::mem::take(&mut self.effects)
    }

    /// Whether something is being sent, or is about to be.
    pub(super) fn is_busy(&self, model: &Model) -> bool {
        self.is_sending || model.sending.is_busy()
    }

    /// A line that was typed.
    pub(super) fn enter(&mut self, model: &mut Model, line: &str) {
        match std::mem::take(&mut self.asked) {
            Asked::Command if line.trim().is_empty() => {}
            Asked::Command => self.command(model, line),
            Asked::YesOrNo => {
                let is_yes = matches!(line.trim().to_lowercase().as_str(), "y" | "yes");
                self.send(model, Message::Choose(if is_yes { 'y' } else { 'n' }));
                if !is_yes {
                    self.say("no: nothing was done");
                    self.close(model);
                }
            }
            Asked::Secret => {
                self.act(model, Action::TypeSecret);
                self.fill_in(model, line);
            }
            Asked::Digest => self.compare(model, line),
            Asked::TrialSecret => self.try_secret(model, line),
        }
        self.look_around(model);
    }

    /// Says what has changed, and shows what has come.
    pub(super) fn look_around(&mut self, model: &mut Model) {
        // It has begun, has ended already, or is asked about.
        let is_heard_of = model.said > self.told || model.overlay.is_some() || model.sending.is_busy();
        self.is_sending &= !is_heard_of;
        self.tell_notices(model);
        self.tell_held(model);
        if model.tunnel != self.tunnel {
            let news = model.tunnel.news_since(&self.tunnel);
            self.lines.extend(news.iter().map(|line| visible(&format!("tunnel: {line}")).into_owned()));
            self.tunnel = model.tunnel.clone();
        }
        if model.fault != self.fault {
            self.fault.clone_from(&model.fault);
            if let Some(fault) = &self.fault {
                self.lines.push(visible(&format!("not kept: {fault}")).into_owned());
            }
        }
        self.tell_progress(model);
        self.show_overlay(model);
        self.show_awaited(model);
        // What was shown may itself have said something.
        self.tell_notices(model);
    }

    /// Gives the model a message.
    pub(super) fn send(&mut self, model: &mut Model, message: Message) {
        self.effects.extend(update(model, message));
    }

    /// Does what a key would do.
    pub(super) fn act(&mut self, model: &mut Model, action: Action) {
        self.send(model, Message::Act(action));
    }

    pub(super) fn say(&mut self, text: &str) {
        self.lines.push(visible(text).into_owned());
    }

    /// Types into the open prompt and accepts it. What is wrong with the text is said, and the prompt closed.
    pub(super) fn fill_in(&mut self, model: &mut Model, text: &str) {
        self.send(model, Message::Paste(zeroize::Zeroizing::new(text.to_owned())));
        self.act(model, Action::Accept);
        let problem = match &model.overlay {
            Some(Overlay::Prompt(prompt)) => prompt.error.clone(),
            _ => return,
        };
        let problem = problem.unwrap_or_else(|| "nothing was entered".to_owned());
        // What follows a semicolon is about the window's keys.
        self.say(problem.split("; Esc").next().unwrap_or(&problem));
        self.close(model);
    }

    /// Closes whatever lies over the panes.
    pub(super) fn close(&mut self, model: &mut Model) {
        for _ in 0..8 {
            if model.overlay.is_none() {
                return;
            }
            self.act(model, Action::Back);
        }
    }
}
