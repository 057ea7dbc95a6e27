//! The configuration's rules, read again when the file has changed, or has come, or when somebody asks for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, oneshot};

use super::file_events::FileEvents;
use super::{EventSender, ServerEvent};
use crate::config::consent::{Gate, Need, Scope};
use crate::config::file::{ConfigChange, ConfigFile, ConfigSaveError};
use crate::config::{AnswerFlags, Settings};
use crate::rules::RuleSet;
use crate::server::listener::Control;

/// How long a file that has changed must stay as it is: what writes it may not be done.
const SETTLES: Duration = Duration::from_millis(100);

/// What tells one state of a file from another.
type Stamp = (PathBuf, SystemTime, u64);

/// The configuration file of a run: the one that was read, or the places where one may come to be.
#[derive(Debug)]
pub struct Watched {
    /// The first that is there counts.
    places: Vec<PathBuf>,
    /// The file as it was read or written last. Held for moments only, by those who serve others as well.
    known: Mutex<Option<Stamp>>,
    /// Held while a change is written, for as long as the disk takes. Meanwhile the file does not count as changed.
    writing: Mutex<()>,
    /// What may be used of it.
    gate: Arc<Gate>,
    asked: AskedReloads,
}

/// What came of reading the configuration again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReloadReport {
    /// It is active now, as far as it can be changed in a run.
    Applied {
        /// The file.
        file: PathBuf,
        /// The keys that say something else than before and are active now. `None` where no file was read before.
        changed: Option<Vec<&'static str>>,
        /// The keys that say something else than at the start, and count from the next start on.
        at_next_start: Vec<&'static str>,
        /// Active rules.
        rules: usize,
        /// What looks like a mistake, in words.
        remarks: Vec<String>,
    },
    /// It is not used, for this reason; what was active stays.
    Refused(String),
    /// There is no file in any of these places.
    NoFile(Vec<PathBuf>),
}

/// The keys that a run takes over; all others are read at the start only.
const ACTIVE_AT_ONCE: [&str; 4] = ["hold_for", "handshakes", "answers", "rules"];

/// Those who have asked for the configuration to be read again.
#[derive(Debug, Default)]
struct AskedReloads {
    waiting: Mutex<Vec<oneshot::Sender<ReloadReport>>>,
    wake: Notify,
}

impl AskedReloads {
    fn take(&self) -> Vec<oneshot::Sender<ReloadReport>> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watched {
    /// The file as the settings were read from it is taken as known: one that has come or changed since then
    /// is news.
    pub(crate) fn new(settings: &Settings, gate: Arc<Gate>) -> Self {
        let known = settings.config.as_ref().map(|read| {
            let now = stamp(&read.path);
            let is_same = ConfigFile::read(&read.path).is_ok_and(|file| file.fingerprint == read.fingerprint);
            now.filter(|_| is_same).unwrap_or_else(|| (read.path.clone(), SystemTime::UNIX_EPOCH, 0))
        });
        Self::of(settings.config_places.clone(), known, gate)
    }

    /// That of a listener in another process, which watches it itself: only for what is saved.
    #[must_use]
    pub fn of_other(file: Option<PathBuf>, place: Option<PathBuf>, gate: Arc<Gate>) -> Self {
        let known = file.map(|file| stamp(&file).unwrap_or((file, SystemTime::UNIX_EPOCH, 0)));
        Self::of(place.into_iter().collect(), known, gate)
    }

    fn of(places: Vec<PathBuf>, known: Option<Stamp>, gate: Arc<Gate>) -> Self {
        let (known, writing) = (Mutex::new(known), Mutex::new(()));
        Self { places, known, writing, gate, asked: AskedReloads::default() }
    }

    fn known(&self) -> MutexGuard<'_, Option<Stamp>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` while a change is being written. Nothing waits for it: this is asked on threads that serve others.
    fn unwritten(&self) -> Option<MutexGuard<'_, ()>> {
        match self.writing.try_lock() {
            Ok(unwritten) => Some(unwritten),
            Err(TryLockError::Poisoned(unwritten)) => Some(unwritten.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The file that counts, once there is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.known().as_ref().map(|(file, ..)| file.clone())
    }

    /// Where a file is made when there is none.
    #[must_use]
    pub fn place(&self) -> Option<PathBuf> {
        self.file().or_else(|| self.places.first().cloned())
    }

    /// Writes a change, which is then not read again: what it says is active already.
    ///
    /// # Errors
    ///
    /// Those of [`ConfigChange::write`].
    pub fn write(&self, change: &ConfigChange) -> Result<(), ConfigSaveError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known().clone();
        // What somebody else has written and was not read yet, will be.
        let is_known = self.look(&known) == known;
        change.write()?;
        if let (before, Ok(after)) = change.read() {
            // What could not be read was not active either.
            if let Ok(before) = before.transpose() {
                self.gate.wrote(before.as_ref(), &after);
            }
        }
        if is_known {
            let now = self.look(&known);
            *self.known() = now;
        }
        Ok(())
    }

    /// Has the configuration read again now, whether it has changed or not. What is received says what came of it; it ends
    /// without a word when the run does.
    pub fn reload(&self) -> oneshot::Receiver<ReloadReport> {
        let (told, report) = oneshot::channel();
        self.asked.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        self.asked.wake.notify_one();
        report
    }

    /// The file as it is now, read or not.
    async fn again(&self) -> Option<PathBuf> {
        loop {
            if let Some(_unwritten) = self.unwritten() {
                let mut known = self.known();
                let now = self.look(&known)?;
                *known = Some(now.clone());
                return Some(now.0);
            }
            tokio::time::sleep(SETTLES).await;
        }
    }

    /// Until a file has changed, or somebody asks.
    async fn wait(&self, changes: &FileEvents) {
        tokio::select! {
            () = changes.wait() => {}
            () = self.asked.wake.notified() => {}
        }
    }

    /// The file as it is now. One that has been read stays the one, whatever comes in a place before it.
    fn look(&self, known: &Option<Stamp>) -> Option<Stamp> {
        match known {
            Some((file, ..)) => stamp(file),
            None => self.places.iter().find_map(|place| stamp(place)),
        }
    }

    /// What decides which file counts and whether it may be used.
    fn concerns(&self, is_waiting: bool) -> Vec<PathBuf> {
        let files = self.file().map_or_else(|| self.places.clone(), |file| vec![file]);
        files.into_iter().chain(self.gate.trust_file().filter(|_| is_waiting).map(Path::to_owned)).collect()
    }

    /// The file, when it has changed, as soon as it keeps still. One that is gone may be about to be replaced.
    async fn news(&self) -> Option<PathBuf> {
        loop {
            let before = match self.unwritten() {
                Some(_unwritten) => {
                    let known = self.known();
                    Some(self.look(&known).filter(|now| known.as_ref() != Some(now))?)
                }
                None => None,
            };
            tokio::time::sleep(SETTLES).await;
            let Some(before) = before else { continue };
            if self.has_settled(&before) {
                return Some(before.0);
            }
        }
    }

    /// Whether the file is as it was `before` and still news, which it is no longer then.
    fn has_settled(&self, before: &Stamp) -> bool {
        let Some(_unwritten) = self.unwritten() else { return false };
        let mut known = self.known();
        let now = self.look(&known);
        let is_settled = now.as_ref() == Some(before) && now != *known;
        if is_settled {
            *known = now;
        }
        is_settled
    }
}

/// Watches the file for as long as the runtime lives. A file that cannot be used, or asks for what nobody has
/// agreed to, leaves the rules as they are; the latter until somebody has. What is known of other settings is
/// read at the start only.
pub(crate) async fn watch(
    watched: Arc<Watched>,
    read: Option<Arc<ConfigFile>>,
    flags: AnswerFlags,
    control: Arc<Control>,
    events: EventSender,
) {
    let mut changes = FileEvents::new();
    let mut unallowed: Option<ConfigFile> = None;
    let mut logged = Logged { started: read.clone(), applied: read };
    loop {
        changes.watch(&watched.concerns(unallowed.is_some()));
        let asked = watched.asked.take();
        let news = if asked.is_empty() { watched.news().await } else { watched.again().await };
        let waiting = unallowed.take();
        if news.is_none() && waiting.is_none() && asked.is_empty() {
            watched.wait(&changes).await;
            continue;
        }
        if news.is_none() && !asked.is_empty() {
            unallowed = waiting;
            let places = watched.file().map_or_else(|| watched.places.clone(), |file| vec![file]);
            reply(asked, &ReloadReport::NoFile(places));
            continue;
        }
        let gate = Arc::clone(&watched.gate);
        let Ok(looked) = tokio::task::spawn_blocking(move || look(news, waiting, &gate)).await else { return };
        let (mut remarks, mut changed) = (Vec::new(), ChangedKeys::default());
        let event = match looked {
            Looked::Nothing => continue,
            Looked::Waiting(file) => {
                unallowed = Some(*file);
                watched.wait(&changes).await;
                continue;
            }
            Looked::Unallowed(file, needs) => {
                let (name, words) = (crate::config::shown(&file.path), crate::config::consent::words(&needs));
                tracing::warn!(file = name, "configuration not applied: not trusted");
                let fault =
                    format!("{name} has changed and would {words}: not applied until `whyhook trust` allows it");
                unallowed = Some(*file);
                ServerEvent::RulesFault(fault)
            }
            Looked::Fault(error) => {
                // Not the error: it may repeat a value.
                tracing::warn!(file = watched.file().as_deref().map(crate::config::shown), "configuration refused");
                ServerEvent::RulesFault(error)
            }
            Looked::File(file) => match rules(&file, &flags, &control) {
                Ok(rules) => {
                    watched.gate.agree(&file);
                    let count = rules.rules().len();
                    remarks = file.warnings.iter().map(ToString::to_string).chain(rules.remarks()).collect();
                    changed = logged.reloaded(&file);
                    control.set_rules(rules);
                    ServerEvent::Rules(count, file.path)
                }
                Err(error) => {
                    tracing::warn!(file = crate::config::shown(&file.path), "rules of the configuration refused");
                    ServerEvent::RulesFault(error)
                }
            },
        };
        if !asked.is_empty() {
            reply(asked, &report(&event, changed, &remarks));
        }
        let remarks = remarks.into_iter().map(ServerEvent::RulesRemark);
        if std::iter::once(event).chain(remarks).any(|event| events.send(event).is_err()) {
            return;
        }
    }
}

/// The file as it was applied last, and as it was at the start, which the settings of which no run takes over are still of.
struct Logged {
    started: Option<Arc<ConfigFile>>,
    applied: Option<Arc<ConfigFile>>,
}

/// What is different now.
#[derive(Debug, Default, PartialEq, Eq)]
struct ChangedKeys {
    active: Option<Vec<&'static str>>,
    later: Vec<&'static str>,
}

impl Logged {
    /// What `file` has changed.
    fn reloaded(&mut self, file: &ConfigFile) -> ChangedKeys {
        let changed = self.applied.as_ref().map(|before| before.changed(file));
        let names = changed.as_ref().map(|keys| keys.join(" "));
        tracing::info!(file = crate::config::shown(&file.path), changed = names, "configuration reloaded");
        let is_active = |key: &&'static str| ACTIVE_AT_ONCE.contains(key);
        let active = changed.map(|keys| keys.into_iter().filter(is_active).collect());
        let mut later = match &self.started {
            Some(started) => started.changed(file),
            // A run without a file has the defaults, as one with an empty file has.
            None => ConfigFile::parse(&file.path, "").map(|empty| empty.changed(file)).unwrap_or_default(),
        };
        later.retain(|key| !is_active(key));
        self.applied = Some(Arc::new(file.clone()));
        ChangedKeys { active, later }
    }
}

fn reply(asked: Vec<oneshot::Sender<ReloadReport>>, report: &ReloadReport) {
    // Who has gone away meanwhile is not told.
    asked.into_iter().for_each(|told| drop(told.send(report.clone())));
}

/// What reading the configuration again has come to, for those who have asked for it.
fn report(event: &ServerEvent, changed: ChangedKeys, remarks: &[String]) -> ReloadReport {
    match event {
        ServerEvent::Rules(rules, file) => ReloadReport::Applied {
            file: file.clone(),
            changed: changed.active,
            at_next_start: changed.later,
            rules: *rules,
            remarks: remarks.to_vec(),
        },
        ServerEvent::RulesFault(reason) => ReloadReport::Refused(reason.clone()),
        _ => ReloadReport::Refused("the configuration was not read".to_owned()),
    }
}

/// What a look at the file has shown.
enum Looked {
    /// Nothing new.
    Nothing,
    /// A file that may be used.
    File(Box<ConfigFile>),
    /// One that may not, and why.
    Unallowed(Box<ConfigFile>, Vec<Need>),
    /// One that may not be used, which was said before.
    Waiting(Box<ConfigFile>),
    /// One that cannot be read.
    Fault(String),
}

/// Reads the file when it is new, and asks the gate.
fn look(news: Option<PathBuf>, waiting: Option<ConfigFile>, gate: &Gate) -> Looked {
    let (file, is_new) = match (news, waiting) {
        (Some(path), _) => match ConfigFile::read(&path) {
            Ok(file) => (Box::new(file), true),
            Err(error) => return Looked::Fault(error.to_string()),
        },
        (None, Some(file)) => (Box::new(file), false),
        (None, None) => return Looked::Nothing,
    };
    let needs = gate.missing(&file, Scope::Network);
    match (needs.is_empty(), is_new) {
        (true, _) => Looked::File(file),
        (false, true) => Looked::Unallowed(file, needs),
        (false, false) => Looked::Waiting(file),
    }
}

/// The active rules with this file, if they lead nowhere they must not.
fn rules(file: &ConfigFile, flags: &AnswerFlags, control: &Control) -> Result<RuleSet, String> {
    let rules = flags.rules(Some(file)).map_err(|error| error.to_string())?;
    control.check_rules(&rules).map_err(|error| error.to_string())?;
    Ok(rules)
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = file.metadata().ok()?;
    Some((file.to_owned(), metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::config::testing::Surroundings;

    #[test]
    fn what_counts_later_is_compared_with_the_start() {
        let file = |text| Arc::new(ConfigFile::parse(Path::new("whyhook.toml"), text).unwrap());
        let keys = |active: &[&'static str], later: &[&'static str]| ChangedKeys {
            active: Some(active.to_vec()),
            later: later.to_vec(),
        };
        let started = file("bind = '127.0.0.1:1'");
        let mut logged = Logged { started: Some(Arc::clone(&started)), applied: Some(started) };
        let changed = file("bind = '127.0.0.1:2'\nbody_limit = '1MiB'\nrespond = '503'");
        assert_eq!(logged.reloaded(&changed), keys(&["rules"], &["bind", "body_limit"]));
        // They are not active because they were read.
        assert_eq!(logged.reloaded(&changed), keys(&[], &["bind", "body_limit"]));
        assert_eq!(logged.reloaded(&file("bind = '127.0.0.1:1'")), keys(&["rules"], &[]));
        let mut without = Logged { started: None, applied: None };
        let later = vec!["bind", "body_limit"];
        assert_eq!(without.reloaded(&changed), ChangedKeys { active: None, later });
    }

    /// What is news to a run whose settings were read before `meanwhile`.
    async fn news_after(place: Surroundings, meanwhile: impl FnOnce(&Path)) -> Option<PathBuf> {
        let (settings, _) = Settings::load(&Flags::default(), &place).unwrap();
        let file = place.path("work/whyhook.toml");
        meanwhile(&file);
        let watched = Watched::new(&settings, Arc::new(Gate::new(true, &place)));
        let news = watched.news().await;
        assert_eq!(watched.news().await, None, "told twice");
        news.inspect(|news| assert_eq!(*news, file))
    }

    /// A disk that hangs, under a change that is being written.
    #[tokio::test(start_paused = true)]
    #[expect(clippy::await_holding_lock, reason = "what looks must not wait for it")]
    async fn who_looks_waits_for_no_writing_on_its_thread() {
        let place = Surroundings::new();
        let (settings, _) = Settings::load(&Flags::default(), &place).unwrap();
        std::fs::write(place.path("work/whyhook.toml"), "respond = \"201\"\n").unwrap();
        let watched = Watched::new(&settings, Arc::new(Gate::new(true, &place)));
        let writing = watched.writing.lock().unwrap();
        let soon = Duration::from_secs(60);
        assert!(tokio::time::timeout(soon, watched.news()).await.is_err(), "no news in between");
        assert!(tokio::time::timeout(soon, watched.again()).await.is_err());
        assert_eq!(watched.file(), None);
        drop(writing);
        assert!(watched.news().await.is_some());
    }

    #[tokio::test]
    async fn what_is_written_between_the_first_reading_and_the_watch_is_news() {
        const BEFORE: &str = "respond = \"201\"\n";
        let write = |text: &'static str| move |file: &Path| std::fs::write(file, text).unwrap();
        let with = || Surroundings::new().write("work/whyhook.toml", BEFORE);
        assert!(news_after(with(), write("respond = \"202\"\n")).await.is_some(), "changed, and as long");
        assert!(news_after(Surroundings::new(), write(BEFORE)).await.is_some(), "come to be");
        assert!(news_after(with(), write(BEFORE)).await.is_none(), "written again as it was");
        assert!(news_after(with(), |_| ()).await.is_none());
        assert!(news_after(with(), |file| std::fs::remove_file(file).unwrap()).await.is_none(), "gone");
    }
}
