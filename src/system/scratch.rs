//! Files for a while: what an editor or viewer is lent, what found no clipboard, the store of `--ephemeral`.
//!
//! All of them lie in one folder of this process (0700), which goes when the program ends: after the last
//! command, in a panic, and by the signals that end it. `kill -9` and a power cut leave it behind; so it holds
//! a lock file, which the system unlocks when the process is gone, and the next whyhook that starts removes
//! folders of its own user that nobody has locked. Process numbers are not looked at: they are given again.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{NamedTempFile, TempDir};

#[cfg(unix)]
use super::claims::ClaimedSignals;

const PREFIX: &str = "whyhook-";
/// A folder has this ending once it is locked.
const SUFFIX: &str = ".run";
const LOCK: &str = "lock";
/// Other threads may still write into the folder that is removed.
const REMOVALS: usize = 5;

/// The folder of this process, once there is one.
static RUN: Mutex<Option<Run>> = Mutex::new(None);

struct Run {
    folder: PathBuf,
    /// Locked for as long as the process lives.
    _lock: File,
}

/// The folder of this process.
///
/// # Errors
///
/// When it cannot be made.
pub fn folder() -> io::Result<PathBuf> {
    let mut run = RUN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(run) = &*run {
        return Ok(run.folder.clone());
    }
    let base = std::env::temp_dir();
    sweep_in(&base);
    let made = make(&base)?;
    crate::system::panic::set_cleanup(clear);
    Ok(run.insert(made).folder.clone())
}

/// A file in it (0600), which goes with the returned value at the latest.
///
/// # Errors
///
/// When it cannot be made.
pub fn file(prefix: &str, suffix: &str) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(prefix).suffix(suffix).tempfile_in(folder()?)
}

/// A folder in it (0700), likewise.
///
/// # Errors
///
/// When it cannot be made.
pub fn subfolder(prefix: &str) -> io::Result<TempDir> {
    private(tempfile::Builder::new().prefix(prefix)).tempdir_in(folder()?)
}

/// A file elsewhere that has its name only for now. It goes with [`clear`], unless it is given up before.
#[derive(Debug)]
pub struct Tracked(PathBuf);

/// Those of this process.
static TRACKED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

impl Tracked {
    /// From now on.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        crate::system::panic::set_cleanup(clear);
        TRACKED.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        TRACKED.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.0);
    }
}

/// Removes everything of this process.
pub fn clear() {
    if let Ok(mut tracked) = TRACKED.try_lock() {
        for path in tracked.drain(..) {
            let _ = std::fs::remove_file(path);
        }
    }
    // A panic may come while the lock is held; then the next start cleans up.
    let Ok(mut run) = RUN.try_lock() else { return };
    if let Some(run) = run.take() {
        for _ in 0..REMOVALS {
            if std::fs::remove_dir_all(&run.folder).is_ok() || !run.folder.exists() {
                return;
            }
        }
    }
}

/// Removes what killed processes of this user have left behind.
pub fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn make(base: &Path) -> io::Result<Run> {
    let made = private(tempfile::Builder::new().prefix(PREFIX).suffix(".new")).tempdir_in(base)?;
    let folder = made.path().with_extension(&SUFFIX[1..]);
    let lock = if cfg!(windows) {
        // Windows renames no folder in which a file is open ([MS-FSA] 2.1.5.15.11, FileRenameInformation). Until the lock
        // file is there, nobody takes the folder for abandoned.
        std::fs::rename(made.path(), &folder)?;
        locked(&folder)?
    } else {
        let lock = locked(made.path())?;
        // Only with its lock does it have the name by which others look for it.
        std::fs::rename(made.path(), &folder)?;
        lock
    };
    let _ = made.keep();
    Ok(Run { folder, _lock: lock })
}

/// The lock file of `folder`, locked.
fn locked(folder: &Path) -> io::Result<File> {
    let lock = create_private(&folder.join(LOCK))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
        TryLockError::Error(error) => error,
    })?;
    Ok(lock)
}

fn sweep_in(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_run = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if is_run && is_abandoned(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether it is a folder of this user that no process has locked.
fn is_abandoned(folder: &Path) -> bool {
    let is_ours = folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && is_own(&metadata));
    is_ours && crate::system::read::open(&folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(unix)]
fn is_own(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_: &std::fs::Metadata) -> bool {
    true
}

fn private<'a, 'b, 'c>(builder: &'c mut tempfile::Builder<'a, 'b>) -> &'c mut tempfile::Builder<'a, 'b> {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Clears on the signals that end a program, while it lives: for commands that have no other way with them.
#[cfg(unix)]
pub struct ClearOnSignals {
    claimed: Option<ClaimedSignals>,
    handle: signal_hook::iterator::Handle,
}

#[cfg(unix)]
impl ClearOnSignals {
    /// From now on.
    ///
    /// # Errors
    ///
    /// When the system refuses a signal or a thread.
    pub fn start() -> io::Result<Self> {
        Self::start_ignoring(None)
    }

    /// From now on, but for Ctrl-C, which is left to the program that has the terminal, as git leaves it to an editor.
    ///
    /// # Errors
    ///
    /// When the system refuses a signal or a thread.
    pub fn start_lending_terminal() -> io::Result<Self> {
        Self::start_ignoring(Some(signal_hook::consts::SIGINT))
    }

    fn start_ignoring(ignored: Option<i32>) -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        let which = [SIGTERM, SIGHUP, SIGQUIT, SIGINT];
        let claimed = Some(ClaimedSignals::claim(&which)?);
        let mut signals = signal_hook::iterator::Signals::new(which)?;
        let handle = signals.handle();
        super::thread::spawn("whyhook-signals", move || {
            if let Some(signal) = signals.forever().find(|signal| Some(*signal) != ignored) {
                clear();
                tracing::info!(signal, "ended by a signal");
                crate::system::log::finish();
                std::process::exit(128 + signal);
            }
        })?;
        Ok(Self { claimed, handle })
    }
}

#[cfg(unix)]
impl Drop for ClearOnSignals {
    fn drop(&mut self) {
        // In this order no signal is lost.
        drop(self.claimed.take());
        self.handle.close();
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tracked_goes_and_what_is_given_up_stays() {
        let base = tempfile::tempdir().unwrap();
        let (goes, stays) = (base.path().join("goes"), base.path().join("stays"));
        std::fs::write(&goes, "").unwrap();
        std::fs::write(&stays, "").unwrap();
        let _tracked = Tracked::new(&goes);
        drop(Tracked::new(&stays));
        clear();
        assert!(!goes.exists() && stays.exists());
    }

    #[test]
    fn a_folder_is_swept_once_nobody_has_locked_it() {
        let base = tempfile::tempdir().unwrap();
        let run = make(base.path()).unwrap();
        std::fs::write(run.folder.join("secret"), "x").unwrap();
        // Others' things, and what only looks like ours.
        std::fs::create_dir(base.path().join("whyhook-x.run")).unwrap();
        std::fs::create_dir(base.path().join("other")).unwrap();
        std::os::unix::fs::symlink(&run.folder, base.path().join("whyhook-link.run")).unwrap();
        sweep_in(base.path());
        assert!(run.folder.join("secret").exists());
        let folder = run.folder.clone();
        drop(run);
        sweep_in(base.path());
        assert!(!folder.exists());
        let mut left: Vec<_> = base.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["other", "whyhook-link.run", "whyhook-x.run"]);
    }
}
