//! The listener's answers, for the interface: choices, rules and decisions go there at once; what
//! takes time (the store, a file, a server) is done on threads and comes back as messages.

mod send_again;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::latest_wins::{LatestWins, Rest};
use crate::config::file::{ConfigChange, ConfigPart};
use crate::config::{AnswerFlags, Registry};
use crate::delivery::{AttemptKind, DeliveryId};
use crate::inspect::diagnosis::history;
use crate::query::Query;
use crate::rules::{NamedAnswer, Rule, RuleAction, RuleSet};
use crate::server::listener::Control;
use crate::server::{Session, Watched};
use crate::store::{AttemptKeeper, Location, Reader, StoreError};
use crate::system::save::typed_path;
use crate::text;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::answer::state::AnswerStory;
use crate::tui::screens::answers::state::{AnswersEffect, AnswersNews, AnswersState};
use crate::tui::screens::saving::state::{ConfigEffect, ConfigNews, ToSave};

/// The most sendings of a delivery that are shown.
const SENT_LIMIT: usize = 16;

/// The current state of the listener's answers.
pub(crate) fn state(control: &Control) -> AnswersState {
    let (rules, counts) = control.counted_rules();
    AnswersState { rules, counts, chosen: control.chosen(), held: control.held(), now: Timestamp::now() }
}

/// See the module's documentation.
pub(crate) struct AnswersWorker {
    control: Arc<Control>,
    location: Location,
    watched: Arc<Watched>,
    flags: AnswerFlags,
    stories: LatestWins<DeliveryId>,
}

impl AnswersWorker {
    /// Starts the thread that reads the store.
    pub(crate) fn start(session: &Session, send: impl Fn(Message) + Send + 'static) -> Result<Self, TuiError> {
        let reader = Reader::open(session.location())?;
        let control = Arc::clone(session.control());
        let stories = LatestWins::start("whyhook-answers", Rest::No, move |id, _| {
            crate::system::panic::trap("answers");
            let told = tell(&reader, id, &control.registry()).map(Box::new).map_err(|error| error.to_string());
            send(Message::Answers(AnswersNews::Story(id, told)));
        })?;
        Ok(Self {
            control: Arc::clone(session.control()),
            location: session.location().clone(),
            watched: Arc::clone(session.watched()),
            flags: session.settings().answers,
            stories,
        })
    }

    /// Does what is asked; what is known at once is returned, the rest is sent later.
    pub(crate) fn perform(&self, effect: AnswersEffect, send: impl Fn(Message) + Send + 'static) -> Vec<AnswersNews> {
        match effect {
            AnswersEffect::Choose(chosen) => {
                if let Some(refused) = chosen.as_ref().and_then(|chosen| self.refusal(chosen.action.clone())) {
                    return refused;
                }
                self.control.set_override(chosen.map(|chosen| *chosen));
                vec![AnswersNews::State(Box::new(state(&self.control)))]
            }
            AnswersEffect::SetRules(rules) => self.set_rules(&rules),
            AnswersEffect::Decide(ids, act) => match self.refusal(RuleAction::from((*act).clone())) {
                Some(refused) => refused,
                None => self.end(&ids, |id| self.control.decide(id, (*act).clone()).is_ok()),
            },
            AnswersEffect::LetGo(ids) => self.end(&ids, |id| self.control.let_go(id).is_ok()),
            AnswersEffect::Tell(id) => {
                self.stories.ask(id);
                Vec::new()
            }
            AnswersEffect::Save(path, named) => {
                let watched = Arc::clone(&self.watched);
                run("whyhook-save", move || {
                    let saved = save(&watched, &path, Arc::clone(&named));
                    send(Message::Answers(AnswersNews::Saved(named, saved)));
                });
                Vec::new()
            }
            AnswersEffect::SendAgain(id, url) => {
                let (control, location) = (Arc::clone(&self.control), self.location.clone());
                run("whyhook-again", move || {
                    let sent = send_again::send(&control, &location, id, &url);
                    send(Message::Answers(AnswersNews::SentAgain(id, sent)));
                });
                Vec::new()
            }
        }
    }

    /// Makes a change of the configuration file, or writes it.
    pub(crate) fn save(&self, effect: ConfigEffect, send: impl Fn(Message) + Send + 'static) {
        let (watched, flags) = (Arc::clone(&self.watched), self.flags.clone());
        run("whyhook-save", move || {
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

    /// Why an action may not be carried out: it forwards to where the listener cannot.
    fn refusal(&self, action: RuleAction) -> Option<Vec<AnswersNews>> {
        let rules = self.control.rules();
        let alone = RuleSet::new(vec![Rule { when: Query::default(), then: action }], rules.hold_for);
        let error = self.control.check_rules(&alone).err()?;
        Some(vec![AnswersNews::State(Box::new(state(&self.control))), AnswersNews::Refused(error.to_string())])
    }

    /// Activates rules after checking that they forward only where they may.
    fn set_rules(&self, rules: &RuleSet) -> Vec<AnswersNews> {
        let checked = self.control.check_rules(rules);
        if checked.is_ok() {
            self.control.set_rules(rules.clone());
        }
        let refused = checked.err().map(|error| AnswersNews::Refused(error.to_string()));
        [Some(AnswersNews::State(Box::new(state(&self.control)))), refused].into_iter().flatten().collect()
    }

    fn end(&self, ids: &[DeliveryId], end: impl Fn(DeliveryId) -> bool) -> Vec<AnswersNews> {
        let done = ids.iter().filter(|id| end(**id)).count();
        vec![AnswersNews::State(Box::new(state(&self.control))), AnswersNews::Decided(done, ids.len() - done)]
    }
}

/// Does nothing when no thread can be started: such a machine has worse problems.
fn run(name: &str, job: impl FnOnce() + Send + 'static) {
    let _ = std::thread::Builder::new().name(name.to_owned()).spawn(job);
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
