//! The listener's answers, for the interface: what takes time (the store, a file, a server) is done on threads and comes
//! back as messages.

mod send_again;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::latest_wins::{LatestWins, Rest};
use crate::config::file::{ConfigChange, ConfigPart};
use crate::config::{AnswerFlags, Registry};
use crate::delivery::{AttemptKind, DeliveryId};
use crate::inspect::history::history;
use crate::rules::NamedAnswer;
use crate::server::{AnswersNow, ShownListener, Watched};
use crate::store::{AttemptKeeper, Location, Reader, StoreError};
use crate::system::save::typed_path;
use crate::system::thread::run_aside;
use crate::text;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::answer::state::AnswerStory;
use crate::tui::screens::answers::state::{AnswersEffect, AnswersNews, AnswersState};
use crate::tui::screens::saving::state::{ConfigEffect, ConfigNews, ToSave};

/// The most sendings of a delivery that are shown.
const SENT_LIMIT: usize = 16;

/// The current state of the listener's answers.
pub(crate) fn state(listener: &dyn ShownListener) -> AnswersState {
    let AnswersNow { rules, counts, chosen, held } = listener.answers();
    AnswersState { rules, counts, chosen, held, now: Timestamp::now() }
}

/// See the module's documentation.
pub(crate) struct AnswersWorker {
    listener: Arc<dyn ShownListener>,
    location: Location,
    watched: Arc<Watched>,
    flags: AnswerFlags,
    stories: LatestWins<DeliveryId>,
}

impl AnswersWorker {
    /// Starts the thread that reads the store.
    pub(crate) fn start(
        listener: &Arc<dyn ShownListener>,
        send: impl Fn(Message) + Send + 'static,
    ) -> Result<Self, TuiError> {
        let reader = Reader::open(listener.location())?;
        let asked = Arc::clone(listener);
        let stories = LatestWins::start("whyhook-answers", Rest::No, move |id, _| {
            crate::system::panic::panic_for_test("answers");
            let told = tell(&reader, id, &asked.registry()).map(Box::new).map_err(|error| error.to_string());
            send(Message::Answers(AnswersNews::Story(id, told)));
        })?;
        Ok(Self {
            listener: Arc::clone(listener),
            location: listener.location().clone(),
            watched: Arc::clone(listener.watched()),
            flags: listener.settings().answers,
            stories,
        })
    }

    /// Looks for what is asked, or saves or sends it; the result is sent later. What changes the listener's answers is
    /// asked of the listener itself.
    pub(crate) fn perform(&self, effect: AnswersEffect, send: impl Fn(Message) + Send + 'static) {
        match effect {
            AnswersEffect::Tell(id) => {
                self.stories.ask(id);
            }
            AnswersEffect::Save(path, named) => {
                let watched = Arc::clone(&self.watched);
                run_aside("whyhook-save", move || {
                    let saved = save(&watched, &path, Arc::clone(&named));
                    send(Message::Answers(AnswersNews::Saved(named, saved)));
                });
            }
            AnswersEffect::SendAgain(id, url) => {
                let (listener, location) = (Arc::clone(&self.listener), self.location.clone());
                run_aside("whyhook-again", move || {
                    let sent = send_again::send(&*listener, &location, id, &url);
                    send(Message::Answers(AnswersNews::SentAgain(id, sent)));
                });
            }
            AnswersEffect::Choose(_)
            | AnswersEffect::SetRules(_)
            | AnswersEffect::Decide(..)
            | AnswersEffect::LetGo(_) => {}
        }
    }

    /// Makes a change of the configuration file, or writes it.
    pub(crate) fn save(&self, effect: ConfigEffect, send: impl Fn(Message) + Send + 'static) {
        let (watched, flags) = (Arc::clone(&self.watched), self.flags.clone());
        run_aside("whyhook-save", move || {
            send(Message::Config(match effect {
                ConfigEffect::Make(file, part) => {
                    let change = part_of(part, &flags)
                        .and_then(|part| ConfigChange::make(&file, &part).map_err(|error| error.to_string()));
                    ConfigNews::Made(change.map(Arc::new))
                }
                ConfigEffect::Write(change) => {
                    let written = watched.write(&change).map_err(|error| error.to_string());
                    ConfigNews::Written(change, written)
                }
            }));
        });
    }
}

fn tell(reader: &Reader, id: DeliveryId, registry: &Registry) -> Result<AnswerStory, StoreError> {
    let mut sent = Vec::new();
    for summary in reader.attempts(id, SENT_LIMIT)?.iter().rev() {
        sent.extend(reader.attempt(summary.id)?);
    }
    // Which of two meanings is the likelier only matters beside a server's answer.
    let delivery =
        if sent.iter().any(|attempt| attempt.kind == AttemptKind::Forward) { reader.load(id)? } else { None };
    let verified_before = delivery.map_or(0, |delivery| history(reader, &delivery, registry).verified);
    Ok(AnswerStory { sent, verified_before, retries: reader.retries(id)? })
}

/// What a file has to say.
fn part_of(part: ToSave, flags: &AnswerFlags) -> Result<ConfigPart, String> {
    match part {
        ToSave::Simulation(name, saved) => Ok(ConfigPart::Simulation(name, saved)),
        ToSave::Filter(name, filter) => Ok(ConfigPart::Filter(name, filter)),
        ToSave::Columns(columns) => Ok(ConfigPart::Columns(columns)),
        ToSave::Rules(rules) => flags
            .rules_for_file(&rules)
            .map(ConfigPart::Rules)
            .ok_or_else(|| "nothing to save: the only rule comes from a command-line flag".to_owned()),
    }
}

fn save(watched: &Watched, path: &Path, named: Arc<NamedAnswer>) -> Result<String, String> {
    let path = typed_path(&path.to_string_lossy(), etcetera::home_dir().ok().as_deref());
    let change = ConfigChange::make(&path, &ConfigPart::Answer(named));
    change.and_then(|change| watched.write(&change)).map_err(|error| error.to_string())?;
    let shown = std::path::absolute(&path).unwrap_or(path);
    Ok(text::visible(&shown.to_string_lossy()).into_owned())
}

/// Stores a sending with its delivery.
fn keep(location: &Location, attempt: &crate::delivery::Attempt) -> Result<(), StoreError> {
    AttemptKeeper::open(location)?.keep(attempt).map(drop)
}
