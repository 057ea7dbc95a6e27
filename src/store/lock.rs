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
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::location::private_file;
use super::{Location, StoreError};
use crate::system::file_systems;

/// How often a lock file that is held is tried again.
const TRIES: usize = 4;

/// The right to write captures into a store, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct StoreLock {
    location: Location,
    files: Vec<File>,
}

impl StoreLock {
    /// Takes the lock file beside the index.
    pub(super) fn take(location: &Location) -> Result<Self, StoreError> {
        let path = location.beside("-lock");
        let failed = |error| StoreError::io(&path, "write to", error);
        let mut file = private_file().create(true).truncate(false).read(true).open(&path).map_err(failed)?;
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.take(20).read_to_string(&mut holder);
                let holder = match holder.trim().parse::<u32>() {
                    Ok(process) => format!(" (process {process})"),
                    Err(_) => String::new(),
                };
                return Err(StoreError::InUse { path: location.file().to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
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

/// Who only asks whether a lock is held has it for a moment ([`StoreLock::is_taken`]).
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            taken => return taken,
        }
    }
    file.try_lock()
}

impl Drop for StoreLock {
    /// Gives the locks back by name. Closing the files is not enough: a process that is being started has
    /// a copy of them until its `exec`, and would hold the locks for so long.
    fn drop(&mut self) {
        for file in &self.files {
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
        let lock = StoreLock::take(&location).unwrap();
        // What fork leaves in the new process: another descriptor of the same open file.
        let inherited = lock.files[0].try_clone().unwrap();
        assert!(matches!(StoreLock::take(&location), Err(StoreError::InUse { .. })));
        drop(lock);
        assert!(StoreLock::take(&location).is_ok());
        drop(inherited);
    }

    #[test]
    fn whoever_has_the_index_or_the_log_has_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let take = |name: &str| StoreLock::take(&Location::new(folder.path().join(name))).unwrap();
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
