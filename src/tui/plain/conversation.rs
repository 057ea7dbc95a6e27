//! The conversation: a line in, lines and effects out. It drives the interface's own model by the messages that keys
//! cause, and says what changed. Pure, as the model is.

use crate::delivery::DeliveryId;
use crate::send::conformance::report_text;
use crate::server::tunnel::Tunnels;
use crate::text::{Palette, counted, grouped, visible};
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::update::update;
use crate::tui::plain::screen_text;
use crate::tui::plain::words::PlainCommand;
use crate::tui::screens::answers::state::{AnswerOverlay, RulesView};
use crate::tui::screens::saving::state::ConfigEffect;
use crate::tui::screens::send::state::SendScreen;
use crate::tui::screens::send::task::SendTask;
use crate::tui::theme::Look;

/// Parts of a sending of many after which its progress is told.
const PARTS: usize = 4;
/// A sending of fewer tells no progress.
const FEW: usize = 20;

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
    /// The same, and stored deliveries judged again.
    Judged(u64),
}

/// See the module's page.
pub(super) struct Conversation {
    pub(super) look: Look,
    pub(super) lines: Vec<String>,
    pub(super) effects: Vec<Effect>,
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

    fn tell_notices(&mut self, model: &Model) {
        let news: Vec<String> = model
            .notices
            .iter()
            .filter(|notice| notice.number > self.told)
            .map(|notice| visible(&notice.text).into_owned())
            .collect();
        // An answer to a look-up may be that there is nothing.
        if !news.is_empty() && self.awaited == Some(Awaited::Screen) {
            self.awaited = None;
        }
        self.lines.extend(news);
        self.told = model.said;
    }

    fn tell_held(&mut self, model: &Model) {
        for held in &model.answers.held {
            if !self.held.contains(&held.id) {
                let (id, seconds) = (held.id, model.answers.seconds_left(held));
                let seconds = counted(seconds, "second");
                let words = format!(
                    "delivery {id} is held for {seconds}, then {}: release {id} 200, or drop {id}",
                    held.default
                );
                self.lines.push(visible(&words).into_owned());
            }
        }
        self.held = model.answers.held.iter().map(|held| held.id).collect();
    }

    fn tell_progress(&mut self, model: &Model) {
        let Some(running) = model.sending.running() else {
            self.part = 0;
            return;
        };
        if running.total < FEW {
            return;
        }
        let part = running.done * PARTS / running.total;
        if part > self.part && part < PARTS {
            let (done, total) = (grouped(running.done as u64), grouped(running.total as u64));
            self.say(&format!("{}: {done} of {total}", running.what));
        }
        self.part = part;
    }

    /// Prints what has opened over the panes, and closes it, unless it asks something or is not complete.
    fn show_overlay(&mut self, model: &mut Model) {
        let is_shown = match &model.overlay {
            None => return,
            Some(Overlay::Confirm(confirm)) => {
                if self.asked != Asked::YesOrNo {
                    let words = format!("{} {} Enter yes to {}, or no.", confirm.title, confirm.question, confirm.yes);
                    self.lines.push(visible(&words).into_owned());
                    self.ask(Asked::YesOrNo);
                }
                return;
            }
            Some(overlay @ Overlay::Saving(_)) => {
                if self.asked != Asked::YesOrNo {
                    self.lines.extend(screen_text::of_overlay(model, overlay, &self.look));
                    self.lines.push("Enter yes to write this, or no.".to_owned());
                    self.ask(Asked::YesOrNo);
                }
                return;
            }
            Some(overlay @ Overlay::Redacting(pending)) => {
                if pending.preview.is_some() && self.asked != Asked::YesOrNo {
                    self.lines.extend(screen_text::of_overlay(model, overlay, &self.look));
                    self.lines.push(format!("Enter yes to {}, or no.", pending.yes()));
                    self.ask(Asked::YesOrNo);
                }
                return;
            }
            Some(Overlay::Sending) => self.sending_lines(model),
            Some(overlay @ Overlay::Status(view)) if view.status.is_some() && view.sizes.is_some() => {
                Some(screen_text::of_overlay(model, overlay, &self.look))
            }
            Some(overlay @ Overlay::Adopt(menu)) if menu.candidates.is_some() => {
                Some(screen_text::of_overlay(model, overlay, &self.look))
            }
            // Saving has ended, or could not begin.
            Some(Overlay::Answers(window)) => match &**window {
                AnswerOverlay::Rules(RulesView { said: Some(said), .. }) => {
                    let words = said.as_ref().unwrap_or_else(|words| words);
                    Some(vec![visible(words).into_owned()])
                }
                _ => None,
            },
            Some(overlay @ Overlay::Messages(_)) => Some(screen_text::of_overlay(model, overlay, &self.look)),
            Some(_) => None,
        };
        if let Some(lines) = is_shown {
            self.lines.extend(lines);
            self.close(model);
            if matches!(self.awaited, Some(Awaited::Screen | Awaited::Overlay)) {
                self.awaited = None;
            }
        }
    }

    fn ask(&mut self, asked: Asked) {
        self.asked = asked;
        self.awaited = None;
    }

    /// What the topmost screen of sendings says, once it is complete.
    fn sending_lines(&mut self, model: &Model) -> Option<Vec<String>> {
        let overlay = Overlay::Sending;
        match model.sending.screens.last()? {
            SendScreen::Panel | SendScreen::Comparison(..) | SendScreen::Attempts(..) => {
                Some(screen_text::of_overlay(model, &overlay, &self.look))
            }
            SendScreen::Progress(_) if !model.sending.is_busy() => {
                Some(screen_text::of_overlay(model, &overlay, &self.look))
            }
            SendScreen::Check(check) => match check.report.as_ref()? {
                Ok(report) => {
                    let text = report_text(report, Palette::Unmarked, None);
                    Some(text.lines().map(str::to_owned).collect())
                }
                Err(reason) => Some(vec![visible(&format!("the check failed: {reason}")).into_owned()]),
            },
            SendScreen::Form(form) => {
                let reason = form.error.clone()?;
                Some(vec![visible(&reason).into_owned()])
            }
            SendScreen::Progress(_) => None,
        }
    }

    fn show_awaited(&mut self, model: &mut Model) {
        match self.awaited.clone() {
            Some(Awaited::Tab(id, tab)) if self.has_come(model, id) && is_complete(model, tab) => {
                self.awaited = None;
                self.print_tab(model);
            }
            Some(Awaited::Delivery(id, command)) if self.has_come(model, id) => {
                self.awaited = None;
                self.about(model, id, command);
            }
            Some(Awaited::Idle) if !self.is_busy(model) => self.awaited = Some(Awaited::Settled),
            Some(Awaited::Said(told)) if model.said > told && model.jobs.is_empty() => self.awaited = None,
            Some(Awaited::Judged(told)) if model.said > told && !model.rejudged.is_awaited() => self.awaited = None,
            Some(Awaited::Rows(count)) if model.list.is_settled() => {
                self.awaited = None;
                self.print_list(model, count);
            }
            _ => {}
        }
    }

    /// Whether the delivery is there. One that does not come is said to be missing, and no longer waited for.
    fn has_come(&mut self, model: &Model, id: DeliveryId) -> bool {
        if model.list.is_loading() {
            return false;
        }
        if model.list.selected() != Some(id) {
            self.awaited = None;
            let hidden =
                if model.list.filter().is_empty() { "" } else { ", or the filter hides it: filter alone clears it" };
            self.say(&format!("no delivery {id} in the list{hidden}"));
            return false;
        }
        match model.detail.as_ref().filter(|detail| detail.id == id && model.loading.is_none()) {
            Some(detail) => match &detail.content {
                Ok(loaded) => loaded.is_read,
                Err(reason) => {
                    let reason = reason.clone();
                    self.awaited = None;
                    self.say(&reason);
                    false
                }
            },
            None => false,
        }
    }

    /// The shown tab from where it is scrolled to.
    pub(super) fn print_tab(&mut self, model: &Model) {
        let (lines, total) = screen_text::of_tab(model, &self.look);
        self.lines.extend(lines);
        let first = model.detail.as_ref().map_or(0, |detail| detail.scroll[model.tab.index()]);
        let rest = total.saturating_sub(first + usize::from(screen_text::ROWS));
        if rest > 0 {
            self.lines.push(format!("{} more lines: more shows them", grouped(rest as u64)));
        }
    }

    pub(super) fn print_list(&mut self, model: &Model, count: usize) {
        let list = &model.list;
        let filter = visible(list.filter()).into_owned();
        let of = |verb: &str| if filter.is_empty() { String::new() } else { format!(" that {verb} {filter}") };
        if let Some(error) = list.error() {
            self.say(error);
        }
        let shown = list.rows().len().min(count);
        let first = match (list.begins_with_first(), list.sorting().is_arrival()) {
            (true, true) => "the newest ",
            (true, false) => "the first ",
            (false, _) => "",
        };
        let of = |verb: &str| {
            let sorted = if list.sorting().is_arrival() { "" } else { list.sorting().words() };
            [of(verb), sorted.to_owned()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        };
        match (list.matches(), shown) {
            (_, 0) if filter.is_empty() && model.last.0 == 0 => {
                self.say("no deliveries yet: test sends one to this listener");
            }
            (_, 0) if filter.is_empty() && !model.deletions.is_empty() => {
                self.say("no deliveries: undo brings back what was deleted last");
            }
            (_, 0) => self.say(&format!("no deliveries{}", of("match"))),
            (Some(all), shown) if all as usize > shown => {
                self.say(&format!("{first}{shown} of {} deliveries{}", grouped(all), of("match")));
            }
            (_, 1) => self.say(&format!("1 delivery{}", of("matches"))),
            (_, shown) => self.say(&format!("{first}{shown} deliveries{}", of("match"))),
        }
        let rows = list.rows().iter().take(count);
        self.lines.extend(rows.map(|summary| super::announce::delivery_line(summary, None)));
    }
}

/// Whether everything that a tab shows is there.
fn is_complete(model: &Model, tab: Tab) -> bool {
    let Some(detail) = &model.detail else { return false };
    let is_searched = detail.inquiry.running.is_none();
    match tab {
        Tab::Overview => is_searched && detail.ask_for_sightings().is_none(),
        Tab::Signature => is_searched,
        Tab::Answer => !model.answers.story.is_asking,
        Tab::Payload | Tab::Raw => detail.making.is_none(),
        Tab::Image | Tab::Headers => true,
    }
}
