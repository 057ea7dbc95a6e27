//! Runs what the engine asks for: work for threads, changes of the listener, the terminal for another program.

use super::requests::RequestPurpose;
use super::{EventLoop, Wake};
use crate::server::{JobKind, ListenerRequest};
use crate::tui::app::effect::Effect;
use crate::tui::app::lent::LentText;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::send::task::{News, ReplayTask, SendTask};
use crate::tui::terminal::input::{self};
use crate::tui::terminal::{self, editor};
use crate::tui::workers::export;
use crate::tui::workers::history;
use crate::tui::workers::redact;
use crate::tui::workers::schemes;
use crate::tui::workers::send::{self};

impl EventLoop {
    /// Runs an effect: asks a worker, or does it at once.
    pub(in crate::tui) fn perform(&mut self, effect: Effect) -> Result<(), TuiError> {
        match effect {
            Effect::LoadPage(_) | Effect::Reread(_) | Effect::Recount | Effect::Load(_) | Effect::LoadAnswer(_) => {
                self.loader.read(effect)
            }
            Effect::Inquire(id, question) => self.diagnoser.ask(id, question),
            Effect::Payload(request) => self.payloads.ask(request),
            Effect::StopInquiry => self.diagnoser.stop(),
            Effect::Recall(id, ids) => self.sightings.ask(id, ids),
            Effect::Answers(effect) => return self.ask_of_answers(effect),
            Effect::Config(effect) => self.answers_worker.save(effect, self.messenger()),
            Effect::Rejudge(number, label) => self.rejudger.ask(number, label),
            Effect::UseSecret(secret) => return self.use_secret(secret),
            Effect::AcceptSecret { target, secret } => {
                return self.ask(ListenerRequest::AcceptSecret { target, secret }, RequestPurpose::Registry);
            }
            Effect::AdoptScheme { webhook, target, name } => {
                return self.ask(ListenerRequest::AdoptScheme { webhook, target, name }, RequestPurpose::Registry);
            }
            Effect::FindSchemes(id) => {
                let loaded = self.model.loaded().filter(|loaded| loaded.delivery.summary.id == id);
                if let Some(loaded) = loaded {
                    schemes::find(loaded, self.listener.registry(), self.messenger());
                }
            }
            Effect::Copy { what, text } => {
                let registry = self.listener.registry();
                let outcome = self.clipboard.copy(&what, &text, registry.keyring());
                return self.message(Message::Copied(outcome));
            }
            Effect::Picture(request) => self.images.make(request),
            Effect::SaveImage(request) => self.files.save(request, self.messenger()),
            Effect::OpenImage(image) => {
                let keyring = self.listener.registry().keyring().clone();
                self.files.open(image, keyring, self.messenger());
            }
            Effect::Lend(lent) => return self.lend(&lent),
            Effect::Send(SendTask::Edit(task)) => return self.edit(task),
            Effect::Send(task) => match send::made_up_secret(&self.listener.registry()) {
                Some(secret) if task.is_to_ourselves() => {
                    return self.ask(ListenerRequest::MakeUpSecret(secret), RequestPurpose::TestWith(task));
                }
                _ => self.sender.take(task),
            },
            Effect::Redact(request) => {
                let ticket = self.listener.begin_job(JobKind::Redaction);
                let location = self.listener.location().clone();
                self.redacting =
                    Some(redact::start(location, ticket, request, self.listener.settings(), self.messenger()));
            }
            Effect::StopRedacting => self.redacting = None,
            Effect::Export(ids, path) => {
                let (location, ticket) = (self.listener.location().clone(), self.listener.begin_job(JobKind::Export));
                export::start(location, ticket, ids, path, self.listener.settings(), self.messenger());
            }
            Effect::CancelJobs(numbers) => return self.ask(ListenerRequest::CancelJobs(numbers), RequestPurpose::Jobs),
            Effect::Observe => {
                self.loader.read(effect);
                return self.ask(ListenerRequest::Observe, RequestPurpose::Status);
            }
            Effect::Mark(ids, edit) => {
                return self.ask(ListenerRequest::Mark(ids.clone(), edit.clone()), RequestPurpose::Marks(ids, edit));
            }
            // Of a store that is deleted with the run, nothing stays.
            Effect::RememberFilters(_) if self.model.setup.ephemeral => {}
            Effect::RememberFilters(filters) => {
                let path = history::path(self.listener.location().file());
                let secrets = self.listener.registry().keyring().secrets().to_vec();
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

    /// Lends the terminal to the person's pager or editor.
    fn lend(&mut self, lent: &LentText) -> Result<(), TuiError> {
        let shown = {
            let _keys = input::hold();
            let registry = self.listener.registry();
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
            let registry = self.listener.registry();
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
