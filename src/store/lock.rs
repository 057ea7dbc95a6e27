//! The right to write captures into a store, which one process has at a time, whatever it calls the store.
//!
//! A store can have several names, and SQLite's files, the log and the lock file go by the name. So:
//!
//! - A symbolic link is followed before any other name is made of it ([`Location::new`]).
//! - A file with several hard links is refused: nobody can tell which of its names the others use, and after
//!   a crash SQLite's log would be looked for under the wrong one, which damages the file
//!   (<https://sqlite.org/howtocorrupt.html>, "Multiple links to the same file").
//! - What mounts can do beside (one file under two paths, two index files for one log) is seen by locks on the
//!   files themselves: the index, and the log's folder.
//!
//! The lock file beside the index comes first: it says which process holds it, and is known to the first release.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::location::{self, private_file};
use super::{Location, StoreError};
use crate::system::file_systems;

/// How long a lock file is waited for that is held for a moment, by whoever only asks whether it is held.
const GLANCE: Duration = Duration::from_millis(40);
/// How long one is waited for that a command holds, which soon ends.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const STEP: Duration = Duration::from_millis(10);
/// What a command writes beside its number.
const BRIEFLY: &str = "briefly";
/// Bytes of what is written in the lock file, at most.
const HOLDER_BYTES: u64 = 40;

/// Who takes a store's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockUse {
    /// A listener, until somebody ends it.
    Listener,
    /// A command, which ends by itself: others wait for it.
    Command,
}

/// The right to write captures into a store, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct StoreLock {
    location: Location,
    files: Vec<File>,
}

impl StoreLock {
    /// Takes the lock file beside the index.
    pub(super) fn take(location: &Location, usage: LockUse) -> Result<Self, StoreError> {
        let path = location.beside("-lock");
        let failed = |error| StoreError::io(&path, "write to", error);
        let mut file = private_file().create(true).truncate(false).read(true).open(&path).map_err(failed)?;
        match patiently(&mut file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = match holder(&mut file).split_whitespace().next().and_then(|word| word.parse::<u32>().ok())
                {
                    Some(process) => format!(" (process {process})"),
                    None => String::new(),
                };
                return Err(StoreError::InUse { path: location.file().to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let file = location::owned_like(file, location.file());
        // It is the lock that counts: on a full disk there may be no room for the words.
        let _ = say(&file, usage);
        Ok(Self { location: location.clone(), files: vec![file] })
    }

    /// Whether another process holds the lock file. Nothing is created.
    pub(crate) fn is_taken(location: &Location) -> bool {
        let file = File::open(location.beside("-lock"));
        file.is_ok_and(|file| match file.try_lock() {
            Ok(()) => file.unlock().is_err(),
            Err(error) => matches!(error, TryLockError::WouldBlock),
        })
    }

    /// Since when another process holds the lock file, where one does: it writes its number there when it takes it.
    pub(crate) fn taken_since(location: &Location) -> Option<SystemTime> {
        let since = || std::fs::metadata(location.beside("-lock")).and_then(|facts| facts.modified()).ok();
        Self::is_taken(location).then(since).flatten()
    }

    /// Takes the index itself. It stays open as long as the lock is held: closing any descriptor of it drops the
    /// locks that SQLite has on it (POSIX locks belong to the process, not to the descriptor).
    pub(super) fn take_index(&mut self, file: File) -> Result<(), StoreError> {
        // On Linux these locks and those that SQLite takes are two kinds, but for file systems over a network, which may
        // make one of both: there SQLite would be locked out. Elsewhere they meet.
        if file_systems::is_local(&file) { self.take_as_well(file) } else { Ok(()) }
    }

    /// Takes the log, which two index files may share through a link.
    pub(super) fn take_log(&mut self, folder: &Path) -> Result<(), StoreError> {
        if !cfg!(unix) {
            // A folder cannot be opened as a file.
            return Ok(());
        }
        let file = File::open(folder).map_err(|error| StoreError::io(folder, "open", error))?;
        self.take_as_well(file)
    }

    fn take_as_well(&mut self, file: File) -> Result<(), StoreError> {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
                path: self.location.file().to_owned(),
                holder: ", under another name of it or of its log".to_owned(),
            }),
            Ok(()) => {
                self.files.push(file);
                Ok(())
            }
            // Some file systems have no such locks; there, the lock file must do.
            Err(TryLockError::Error(_)) => Ok(()),
        }
    }
}

/// Waits as long as whoever holds the lock has it for a moment ([`StoreLock::is_taken`]), or is a command.
fn patiently(file: &mut File) -> Result<(), TryLockError> {
    let begun = Instant::now();
    // Of a command, the next one may be about to say who it is.
    let mut seen = begun;
    loop {
        let taken = file.try_lock();
        if holder(file).contains(BRIEFLY) {
            seen = Instant::now();
        }
        let is_worth_it = seen.elapsed() < GLANCE && begun.elapsed() < PATIENCE;
        if !(matches!(taken, Err(TryLockError::WouldBlock)) && is_worth_it) {
            return taken;
        }
        std::thread::sleep(STEP);
    }
}

/// What the one who holds the lock has written of itself.
fn holder(file: &mut File) -> String {
    let mut words = String::new();
    let _ = file.rewind().and_then(|()| file.take(HOLDER_BYTES).read_to_string(&mut words));
    words
}

fn say(mut file: &File, usage: LockUse) -> io::Result<()> {
    let briefly = if usage == LockUse::Command { format!(" {BRIEFLY}") } else { String::new() };
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}{briefly}", std::process::id())
}

impl Drop for StoreLock {
    /// Gives the locks back by name. Closing the files is not enough: a process that is being started has
    /// a copy of them until its `exec`, and would hold the locks for so long.
    fn drop(&mut self) {
        // The lock file last: who has it next takes the others then.
        for file in self.files.iter().rev() {
            let _ = file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_being_started_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let lock = StoreLock::take(&location, LockUse::Listener).unwrap();
        // What fork leaves in the new process: another descriptor of the same open file.
        let inherited = lock.files[0].try_clone().unwrap();
        assert!(matches!(StoreLock::take(&location, LockUse::Command), Err(StoreError::InUse { .. })));
        drop(lock);
        assert!(StoreLock::take(&location, LockUse::Command).is_ok());
        drop(inherited);
    }

    #[test]
    fn a_command_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        std::thread::scope(|threads| {
            for _ in 0..12 {
                threads.spawn(|| {
                    let lock = StoreLock::take(&location, LockUse::Command).unwrap();
                    std::thread::sleep(4 * GLANCE / 3);
                    drop(lock);
                });
            }
        });
        let lock = StoreLock::take(&location, LockUse::Listener).unwrap();
        let begun = Instant::now();
        let error = StoreLock::take(&location, LockUse::Command).unwrap_err().to_string();
        assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
        assert!(begun.elapsed() < PATIENCE / 2, "a listener is not");
        drop(lock);
    }

    #[test]
    fn whoever_has_the_index_or_the_log_has_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let take = |name: &str| StoreLock::take(&Location::new(folder.path().join(name)), LockUse::Listener).unwrap();
        let (mut one, mut other) = (take("one.db"), take("other.db"));
        one.take_log(folder.path()).unwrap();
        let error = other.take_log(folder.path()).unwrap_err();
        assert!(error.to_string().contains("under another name"), "{error}");
        if cfg!(target_os = "linux") {
            let index = || File::create(folder.path().join("index")).unwrap();
            one.take_index(index()).unwrap();
            assert!(matches!(other.take_index(index()), Err(StoreError::InUse { .. })));
        }
        drop(one);
        other.take_log(folder.path()).unwrap();
    }
}
