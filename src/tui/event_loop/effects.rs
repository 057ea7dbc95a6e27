//! Runs what the engine asks for: work for threads, changes of the listener, the terminal for another program.

use super::{EventLoop, Wake, described};
use crate::config::TYPED_LABEL;
use crate::server::GivenSecret;
use crate::signature::{Secret, SecretRemark};
use crate::tui::app::effect::Effect;
use crate::tui::app::lent::LentText;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::send::task::{News, ReplayTask, SendTask};
use crate::tui::screens::signature::state::EnteredSecret;
use crate::tui::terminal::input::{self};
use crate::tui::terminal::{self, editor};
use crate::tui::workers::export;
use crate::tui::workers::history;
use crate::tui::workers::schemes;
use crate::tui::workers::send::{self};
use crate::tui::workers::status;

impl EventLoop<'_> {
    /// Runs an effect: asks a worker, or does it at once.
    pub(in crate::tui) fn perform(&mut self, effect: Effect) -> Result<(), TuiError> {
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
            Effect::Rejudge(number, label) => self.rejudger.ask(number, label),
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

    /// Takes in a secret that another process has given, or the label of one that it has taken back.
    pub(super) fn secrets_elsewhere(&mut self, given: Result<GivenSecret, String>) -> Result<(), TuiError> {
        let secrets = described(&self.session.control().registry());
        self.message(Message::Secrets(secrets))?;
        self.message(Message::SecretElsewhere(given))
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
    pub(super) fn messenger(&self) -> impl Fn(Message) + Send + 'static {
        let wakes = self.wakes.clone();
        move |message| {
            let _ = wakes.send(Wake::Message(message));
        }
    }
}
