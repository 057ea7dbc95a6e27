//! The configuration's rules, read again when the file has changed, or has come.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime};

use super::Event;
use super::arrival::Arrival;
use crate::config::AnswerFlags;
use crate::config::file::{Change, SaveError};
use crate::listener::Control;

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What tells one state of a file from another.
type Stamp = (PathBuf, SystemTime, u64);

/// The configuration file of a run: the one that was read, or the places where one may come to be.
#[derive(Debug)]
pub struct Watched {
    /// The first that is there counts.
    places: Vec<PathBuf>,
    /// The file as it was read or written last.
    known: Mutex<Option<Stamp>>,
}

impl Watched {
    /// The file as it is now is taken as known.
    pub(super) fn new(places: Vec<PathBuf>) -> Self {
        let known = Mutex::new(places.iter().find_map(|place| stamp(place)));
        Self { places, known }
    }

    /// The file that counts, once there is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(file, ..)| file.clone())
    }

    /// Where a file is made when there is none.
    #[must_use]
    pub fn place(&self) -> Option<PathBuf> {
        self.file().or_else(|| self.places.first().cloned())
    }

    /// Writes a change, which is then not read again: what it says is in force already.
    ///
    /// # Errors
    ///
    /// Those of [`Change::write`].
    pub fn write(&self, change: &Change) -> Result<(), SaveError> {
        // Held meanwhile: the file is not looked at in between.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What somebody else has written and was not read yet, will be.
        let is_known = self.look(&known) == *known;
        change.write()?;
        if is_known {
            let now = self.look(&known);
            *known = now;
        }
        Ok(())
    }

    /// The file as it is now. One that has been read stays the one, whatever comes in a place before it.
    fn look(&self, known: &Option<Stamp>) -> Option<Stamp> {
        match known {
            Some((file, ..)) => stamp(file),
            None => self.places.iter().find_map(|place| stamp(place)),
        }
    }

    /// The file as it is now, when it has changed and keeps still: two looks with a pause between show the same.
    /// One that is gone may be about to be replaced.
    async fn news(&self, pause: Duration) -> Option<PathBuf> {
        let look = || self.look(&self.known.lock().unwrap_or_else(PoisonError::into_inner));
        let before = look();
        tokio::time::sleep(pause).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.look(&known);
        if now == *known || now.is_none() || now != before {
            return None;
        }
        known.clone_from(&now);
        now.map(|(file, ..)| file)
    }
}

/// Watches the file for as long as the runtime lives. A file that cannot be used leaves the rules as they
/// are. What is known of other settings is read at the start only.
pub(super) async fn watch(
    watched: Arc<Watched>,
    flags: AnswerFlags,
    control: Arc<Control>,
    events: mpsc::Sender<Event>,
) {
    // Nothing runs while there is no file, where the system tells of one that comes.
    if watched.file().is_none() {
        let arrival = Arrival::watch(&watched.places);
        while watched.look(&None).is_none() {
            arrival.wait(&watched.places).await;
        }
    }
    loop {
        let Some(file) = watched.news(INTERVAL).await else { continue };
        let (path, flags) = (file.clone(), flags.clone());
        let Ok(read) = tokio::task::spawn_blocking(move || flags.reload(&path)).await else { return };
        let read = read.map_err(|error| error.to_string());
        let checked = read.and_then(|rules| match control.check_rules(&rules) {
            Ok(()) => Ok(rules),
            Err(error) => Err(error.to_string()),
        });
        let event = match checked {
            Ok(rules) => {
                let count = rules.rules().len();
                control.set_rules(rules);
                Event::Rules(count, file)
            }
            Err(error) => Event::RulesFault(error),
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = file.metadata().ok()?;
    Some((file.to_owned(), metadata.modified().ok()?, metadata.len()))
}
