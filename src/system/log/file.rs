//! The log's file: its owner's alone, bounded, of whole lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::LogError;

/// After the file could not be moved or made, so long lines are dropped without another try.
const RETRY: Duration = Duration::from_secs(1);

/// A file that is moved to another name when it is full.
pub(super) struct LogFile {
    path: PathBuf,
    /// `FILE.1`: what was in it before.
    older: PathBuf,
    /// The most bytes of each of the two.
    bound: u64,
    /// `None` while none can be made.
    file: Option<File>,
    /// Bytes of whole lines in it.
    bytes: u64,
    /// When it could not be moved.
    failed: Option<Instant>,
    /// Lines that are not in the file, and were not reported yet.
    dropped: &'static AtomicU64,
}

impl LogFile {
    /// Opens the file to append to it, or makes it.
    pub(super) fn open(path: &Path, bound: u64, dropped: &'static AtomicU64) -> Result<Self, LogError> {
        let mut older = path.as_os_str().to_owned();
        older.push(".1");
        let older = PathBuf::from(older);
        if older.is_dir() {
            return Err(LogError::NotAFile { path: older, what: "a folder" });
        }
        let (file, bytes) = open(path)?;
        Ok(Self { path: path.to_owned(), older, bound, file: Some(file), bytes, failed: None, dropped })
    }

    /// Writes a line, which ends in a line feed, or counts it as dropped.
    pub(super) fn line(&mut self, line: &str) {
        self.report();
        if self.write(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says how many lines were dropped, if any were and writing works again.
    pub(super) fn report(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > 0 && self.write(&own_line("WARN", &format!("dropped lines={dropped}"))).is_ok() {
            self.dropped.fetch_sub(dropped, Ordering::Relaxed);
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let is_full = self.bytes > 0 && self.bytes.saturating_add(line.len() as u64) > self.bound;
        // Once it could not be moved, a shorter line that would fit waits too: lines stay in their order.
        if is_full || self.file.is_none() || self.failed.is_some() {
            self.begin()?;
        }
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        // In one call, so that a process that is killed leaves whole lines.
        if let Err(error) = file.write_all(line.as_bytes()) {
            // A part of it may be there.
            let _ = file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// Moves the file to its other name, and makes another.
    fn begin(&mut self) -> io::Result<()> {
        if self.failed.is_some_and(|failed| failed.elapsed() < RETRY) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let begun = self.make();
        self.failed = begun.is_err().then(Instant::now);
        begun
    }

    fn make(&mut self) -> io::Result<()> {
        // Somebody may have moved it, or put another in its place.
        if self.file.as_ref().is_some_and(|file| is_named(file, &self.path)) {
            fs::rename(&self.path, &self.older)?;
        }
        self.file = None;
        let (file, bytes) = open(&self.path).map_err(|error| match error {
            LogError::Io { source, .. } => source,
            other => io::Error::other(other),
        })?;
        (self.file, self.bytes) = (Some(file), bytes);
        Ok(())
    }
}

/// A line that the log writes about itself.
pub(super) fn own_line(level: &str, text: &str) -> String {
    let line = format!("{:.6} {level:>5} whyhook::system::log: {text}\n", jiff::Timestamp::now());
    super::line_of(line.as_bytes())
}

/// Opens a regular file of this user, by no link, to append to it, and makes it its owner's alone. Returns its length too.
fn open(path: &Path) -> Result<(File, u64), LogError> {
    let failed = |source| LogError::Io { path: path.to_owned(), source };
    let not_a_file = |what| LogError::NotAFile { path: path.to_owned(), what };
    if let Ok(metadata) = path.symlink_metadata()
        && let Some(what) = other_kind(metadata.file_type())
    {
        return Err(not_a_file(what));
    }
    let file = options().open(path).map_err(failed)?;
    // It may have been replaced since.
    let metadata = file.metadata().map_err(failed)?;
    if let Some(what) = other_kind(metadata.file_type()) {
        return Err(not_a_file(what));
    }
    lock(&file).map_err(|()| LogError::InUse(path.to_owned()))?;
    restrict(&file, &metadata).map_err(failed)?;
    let bytes = end_line(&file, metadata.len()).map_err(failed)?;
    Ok((file, bytes))
}

/// Ends a line that a killed process has left unfinished.
fn end_line(mut file: &File, bytes: u64) -> io::Result<u64> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let Some(last) = bytes.checked_sub(1) else { return Ok(0) };
    let mut byte = [b'\n'];
    file.seek(SeekFrom::Start(last))?;
    // What is written goes to the end all the same.
    if file.read(&mut byte)? == 1 && byte != *b"\n" {
        file.write_all(b"\n")?;
        return Ok(bytes + 1);
    }
    Ok(bytes)
}

/// What it is, if it is not a regular file.
fn other_kind(kind: fs::FileType) -> Option<&'static str> {
    match () {
        () if kind.is_file() => None,
        () if kind.is_symlink() => Some("a symbolic link"),
        () if kind.is_dir() => Some("a folder"),
        () => Some("a device, a pipe or a socket"),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;
        // Without following a link, waiting for a pipe's reader, or taking a terminal.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

/// 0600, whatever the umask and whoever has made it. A file of somebody else is refused by the system.
#[cfg(unix)]
fn restrict(file: &File, metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o777 == 0o600 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Two processes that move one file would lose lines. Where files cannot be locked, nobody is refused.
#[cfg(unix)]
fn lock(file: &File) -> Result<(), ()> {
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(()),
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(()),
    }
}

/// On Windows, others could not read a locked file.
#[cfg(not(unix))]
fn lock(_: &File) -> Result<(), ()> {
    Ok(())
}

/// Whether the name is still this file's.
#[cfg(unix)]
fn is_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(named)) => identity(open) == identity(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_named(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(all(test, unix))]
impl LogFile {
    /// Writes to another file from now on, as if it were its own.
    #[cfg(target_os = "linux")]
    pub(super) fn divert(&mut self, file: File) {
        self.file = Some(file);
    }

    /// Forgets that it could not be moved.
    pub(super) fn retry(&mut self) {
        self.failed = None;
    }
}
