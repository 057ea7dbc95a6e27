//! What each command does: the keys and the typing that would do the same in the interface.

mod answers;
mod copies;
mod sending;

use super::conversation::{Asked, Awaited, Conversation};
use super::words::{self, Meant, PlainCommand};
use crate::delivery::{AttemptId, DeliveryId, MarksEdit, Verdict};
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::plain::screen_text;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::list::order_menu;
use crate::tui::screens::redact;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::task::SendTask;
use crate::tui::widgets::secret_words;

impl Conversation {
    /// Does what a line says.
    pub(super) fn command(&mut self, model: &mut Model, line: &str) {
        let newest = Some(model.last).filter(|last| last.0 > 0);
        let meant = Meant { current: model.list.selected(), newest };
        match PlainCommand::read(line, meant) {
            Ok(command) => self.run(model, command),
            Err(problem) => self.say(&problem),
        }
    }

    fn run(&mut self, model: &mut Model, command: PlainCommand) {
        match command {
            PlainCommand::Show(id, tab) => {
                if let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) {
                    detail.scroll[tab.index()] = 0;
                }
                self.select(model, id, tab);
                self.awaited = Some(Awaited::Tab(id, tab));
            }
            PlainCommand::More => self.more(model),
            PlainCommand::List(count) => self.list(model, count),
            PlainCommand::Filter(filter) => {
                self.act(model, Action::Filter);
                self.send(model, Message::Edit(tui_input::InputRequest::DeleteLine));
                self.fill_in(model, &filter);
                if model.list.filter() == filter {
                    self.awaited = Some(Awaited::Rows(words::LISTED));
                }
            }
            PlainCommand::Sort(sorting) => {
                self.effects.extend(order_menu::sort(model, sorting));
                self.list(model, words::LISTED);
            }
            PlainCommand::Answers => self.print_answers(model),
            PlainCommand::Answer { action, once } => self.answer(model, &action, once),
            PlainCommand::ClearAnswer => self.act(model, Action::Answer(super::AnswerAction::Clear)),
            PlainCommand::Held => self.print_held(model),
            PlainCommand::Release(id, answer) => self.release(model, id, answer.as_deref()),
            PlainCommand::Rules(change) => self.rules(model, change),
            PlainCommand::Test => self.act(model, Action::Send(SendAction::Test)),
            PlainCommand::Simulate(event, to) => self.simulate(model, &event, to.as_deref()),
            PlainCommand::Check(url) => self.check(model, &url),
            PlainCommand::Wait => self.awaited = Some(Awaited::Idle),
            PlainCommand::Cancel => self.act(model, Action::StopLooking),
            PlainCommand::Attempt(number) => {
                self.effects.push(Effect::Send(SendTask::Attempt(AttemptId(number))));
                self.awaited = Some(Awaited::Screen);
            }
            PlainCommand::Last => self.act(model, Action::Send(SendAction::Last)),
            PlainCommand::Diff(one, other) => {
                self.effects.push(Effect::Send(SendTask::Compare(one, other)));
                self.awaited = Some(Awaited::Screen);
            }
            PlainCommand::DiffTunnel(id) => {
                self.effects.push(Effect::Send(SendTask::CompareTunnel(id)));
                self.awaited = Some(Awaited::Screen);
            }
            PlainCommand::Secret => {
                self.say("Enter the secret; it is not shown.");
                self.asked = Asked::Secret;
            }
            PlainCommand::Mark(id, edits) => {
                self.effects.extend(model.tagging.begin(&[id], edits));
            }
            PlainCommand::Undo => self.act(model, Action::List(ListAction::Undo)),
            PlainCommand::Export(id, file) => {
                let effects = redact::update::export(model, vec![id], file);
                self.effects.extend(effects);
            }
            PlainCommand::Status => {
                self.act(model, Action::Status);
                self.awaited = Some(Awaited::Overlay);
            }
            PlainCommand::Messages => self.act(model, Action::Messages),
            PlainCommand::Url => self.print_addresses(model),
            PlainCommand::Help(word) => self.lines.extend(words::help(&word)),
            PlainCommand::Quit => self.act(model, Action::Quit),
            PlainCommand::Compare(_) => match model.list.selected() {
                Some(id) => self.with(model, id, command),
                None => self.say("no delivery yet to compare a digest with"),
            },
            PlainCommand::Replay(id, ..)
            | PlainCommand::Attempts(id)
            | PlainCommand::Try(id)
            | PlainCommand::Deeper(id)
            | PlainCommand::Reveal(id)
            | PlainCommand::Adopt(id, _)
            | PlainCommand::Delete(id)
            | PlainCommand::Copy(id, ..) => self.with(model, id, command),
        }
    }

    /// Does what needs a delivery, once it is there.
    fn with(&mut self, model: &mut Model, id: DeliveryId, command: PlainCommand) {
        self.select(model, id, model.tab);
        self.awaited = Some(Awaited::Delivery(id, command));
    }

    /// Selects a delivery as the list does, and a tab of it.
    fn select(&mut self, model: &mut Model, id: DeliveryId, tab: Tab) {
        if model.list.selected() != Some(id) || model.list.is_following() {
            let viewport = model.viewport;
            self.effects.extend(model.list.go_to(id, &viewport));
        }
        self.act(model, Action::Show(tab));
    }

    /// What needs the delivery, which is there.
    pub(super) fn about(&mut self, model: &mut Model, id: DeliveryId, command: PlainCommand) {
        match command {
            PlainCommand::Replay(_, how, to) => self.replay(model, how, &to),
            PlainCommand::Attempts(_) => {
                self.act(model, Action::Send(SendAction::Attempts));
                self.awaited = Some(Awaited::Screen);
            }
            PlainCommand::Try(_) => {
                self.say(&format!("Enter a secret to try on delivery {id}; it is not shown."));
                self.asked = Asked::TrialSecret;
            }
            PlainCommand::Compare(Some(text)) => self.compare(model, &text),
            PlainCommand::Compare(None) => {
                self.say("Enter the digest, or the log line with it, that your server printed.");
                self.asked = Asked::Digest;
            }
            PlainCommand::Deeper(_) => {
                let told = model.said;
                self.act(model, Action::Deeper);
                if model.said == told {
                    self.awaited = Some(Awaited::Tab(id, Tab::Signature));
                }
            }
            PlainCommand::Reveal(_) => {
                let told = model.said;
                self.act(model, Action::Reveal);
                if model.said == told {
                    self.awaited = Some(Awaited::Tab(id, Tab::Signature));
                }
            }
            PlainCommand::Adopt(_, None) => {
                self.act(model, Action::Adopt);
                self.awaited = Some(Awaited::Overlay);
            }
            PlainCommand::Adopt(_, Some(name)) => self.adopt(model, &name),
            PlainCommand::Copy(_, what, to) => self.copy(model, &what, to),
            PlainCommand::Delete(_) => match model.loaded() {
                // As on the command line, where no question can be put in a script.
                Some(loaded) if loaded.delivery.summary.marks.pinned => {
                    self.say(&format!("not deleted: delivery {id} is pinned; unpin {id}, then delete {id}"));
                }
                _ => self.effects.push(Effect::Mark(vec![id], MarksEdit::Delete(true))),
            },
            _ => {}
        }
        self.look_around(model);
    }

    /// Explains a digest of the selected delivery.
    pub(super) fn compare(&mut self, model: &mut Model, text: &str) {
        self.act(model, Action::Compare);
        self.fill_in(model, text);
        let running = model.detail.as_ref().filter(|detail| detail.inquiry.running.is_some()).map(|detail| detail.id);
        self.awaited = running.map(|id| Awaited::Tab(id, Tab::Signature));
    }

    /// Tries a secret on the selected delivery; one that verifies it is used for the run.
    pub(super) fn try_secret(&mut self, model: &mut Model, text: &str) {
        self.act(model, Action::Try);
        self.send(model, Message::Paste(zeroize::Zeroizing::new(text.to_owned())));
        let Some(Overlay::Try(trial)) = &model.overlay else { return };
        let (words, is_found) = match &trial.verdict {
            _ if text.is_empty() => ("nothing was entered".to_owned(), false),
            Ok(judgement) if judgement.verdict == Verdict::Verified => {
                ("verified with this secret: it is used for this run".to_owned(), trial.found().is_some())
            }
            Ok(judgement) => (format!("{} with this secret as well", judgement.verdict.words()), false),
            Err(problem) => (problem.clone(), false),
        };
        self.say(&words);
        if is_found { self.act(model, Action::Accept) } else { self.close(model) }
    }

    fn adopt(&mut self, model: &mut Model, name: &str) {
        let Some(loaded) = model.loaded() else { return };
        let name = (name != "configured").then(|| name.to_owned());
        if let Some(Err(error)) = name.as_deref().map(crate::signature::catalogue::entry) {
            let problem = error.to_string();
            return self.say(&problem);
        }
        let target = loaded.delivery.head.target().to_vec();
        let webhook = loaded.webhook.clone();
        let words = match &name {
            Some(name) => format!("scheme {name} is used for this run; adopt configured takes it back"),
            None => "the configured scheme is used again".to_owned(),
        };
        self.effects.push(Effect::AdoptScheme { webhook, target, name });
        self.say(&words);
    }

    fn more(&mut self, model: &mut Model) {
        let tab = model.tab;
        let (_, total) = screen_text::of_tab(model, &self.look);
        let Some(detail) = &mut model.detail else { return self.say("nothing is shown yet") };
        let next = detail.scroll[tab.index()] + usize::from(screen_text::ROWS);
        if next >= total {
            return self.say("that was all");
        }
        detail.scroll[tab.index()] = next;
        self.print_tab(model);
    }

    fn print_addresses(&mut self, model: &Model) {
        self.say(&format!("listening on {}", model.local_url()));
        match model.public_url() {
            Some(url) => self.say(&format!("public URL {url}")),
            None => self.say(&model.tunnel.to_string()),
        }
        model.tunnel.lines().iter().for_each(|line| self.say(&format!("tunnel {line}")));
        for (name, path, kind) in &model.setup.webhooks {
            self.say(&format!("webhook {name}, {kind}, at {path}"));
        }
        for secret in &model.secrets {
            // Its label, and where it is from.
            match secret.split_once(" (") {
                Some((label, origin)) => self.say(&format!("{} ({origin}", secret_words(label))),
                None => self.say(&secret_words(secret)),
            }
        }
        if model.secrets.is_empty() {
            self.say("no secret: secret takes one for this run");
        }
        self.say(&format!("deliveries are kept in {}", model.setup.store.display()));
    }
}
