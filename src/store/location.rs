//! Where a store lies: its files, their permissions, and who may write to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{LockUse, StoreError, StoreLock, schema};
use crate::http::percent::PercentEncoding;
use crate::system::save::sync_folder;

/// How long a statement waits for another process's write lock before it fails.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// A store's place. Cloning is cheap; nothing is opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    file: PathBuf,
}

impl Location {
    /// The store whose SQLite file is `file`, or what `file` is a symbolic link to: the other files go by the
    /// name of the file itself. A link that leads nowhere is refused when the store is opened.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        let resolved = if file.is_symlink() { fs::canonicalize(&file).ok() } else { None };
        Self { file: resolved.unwrap_or(file) }
    }

    /// The SQLite file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folder of the log's segment files.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.beside("-log")
    }

    /// The segment file number `segment`.
    #[must_use]
    pub fn segment(&self, segment: i64) -> PathBuf {
        self.log().join(format!("{segment:08}.log"))
    }

    /// The file of the key with which the log's records are sealed; see [`super::seal`].
    pub(super) fn key(&self) -> PathBuf {
        self.log().join("key")
    }

    /// The file that says how far the store has come; see [`super::progress`].
    pub(super) fn progress(&self) -> PathBuf {
        self.log().join("progress")
    }

    /// The file of pins, notes and tags; see [`super::marks`].
    pub(super) fn marks(&self) -> PathBuf {
        self.log().join("marks")
    }

    /// The file of space that is kept in reserve; see [`super::reserve`].
    pub(super) fn reserve(&self) -> PathBuf {
        self.beside("-reserve")
    }

    /// The copy of a segment that is about to take its place; see [`super::prune`].
    pub(super) fn segment_copy(&self, segment: i64) -> PathBuf {
        self.log().join(format!("{segment:08}.log.new"))
    }

    /// The socket of the control interface of a listener that keeps deliveries here.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.beside("-socket")
    }

    /// The file with the token of a port of the control interface, and nothing else.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.beside("-token")
    }

    /// The file by which a port of the control interface is found, with its token.
    #[must_use]
    pub fn api_file(&self) -> PathBuf {
        self.beside("-api")
    }

    /// Whether a process has the right to write captures at this moment.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        StoreLock::is_taken(self)
    }

    /// Since when a process has had the right to write captures, where one has.
    #[must_use]
    pub fn in_use_since(&self) -> Option<Timestamp> {
        StoreLock::taken_since(self).and_then(|since| Timestamp::try_from(since).ok())
    }

    /// Bytes of all files of the store.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.index_bytes() + self.log_bytes()
    }

    /// Bytes of the SQLite file and those that SQLite keeps beside it.
    #[must_use]
    pub fn index_bytes(&self) -> u64 {
        ["", "-wal", "-shm"].into_iter().map(|suffix| size(&self.beside(suffix))).sum()
    }

    /// Bytes of the log's segments.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        let segments = fs::read_dir(self.log());
        segments.map_or(0, |entries| entries.filter_map(Result::ok).map(|entry| size(&entry.path())).sum())
    }

    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    /// Takes the writer's place in this store: creates its folder (0700) and files (0600) where they
    /// are missing, takes the locks, checks what is there, and migrates it.
    ///
    /// # Errors
    ///
    /// Each is one of [`StoreError`]'s; an existing file that is not a readable store is left as it is.
    pub fn open_for_writing(&self, usage: LockUse) -> Result<(Connection, StoreLock), StoreError> {
        self.check_name()?;
        self.check_kind()?;
        if self.names() > 1 {
            return Err(StoreError::ManyNames { path: self.file.clone(), names: self.names() });
        }
        if let Some(folder) = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            create_private_folder(folder)?;
        }
        self.check_header()?;
        let mut lock = StoreLock::take(self, usage)?;
        lock.take_index(self.create_file()?)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = self.connect(flags)?;
        schema::check(&connection, &self.file)?;
        schema::prepare(&connection, &self.file)?;
        schema::migrate(&mut connection, &self.file)?;
        create_private_folder(&self.log())?;
        lock.take_log(&self.log())?;
        Ok((connection, lock))
    }

    /// Opens the store for reading only, also while another process writes to it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when there is none, and the others where they apply.
    pub fn open_for_reading(&self) -> Result<Connection, StoreError> {
        self.check_name()?;
        self.check_kind()?;
        if !self.file.exists() {
            return Err(self.missing());
        }
        // With its log beside it, this is the name that the store goes by.
        if self.names() > 1 && !self.log().is_dir() {
            return Err(StoreError::ManyNames { path: self.file.clone(), names: self.names() });
        }
        // No look at the file itself: closing it would drop the locks that this process's writer may
        // have on it (POSIX locks belong to the process, not to the descriptor).
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let checked = match schema::check(&connection, &self.file) {
            Err(StoreError::Sqlite { source, .. }) if is_out_of_reach(&source) && !self.beside("-wal").exists() => {
                connection = self.connect_unchanging()?;
                schema::check(&connection, &self.file)
            }
            checked => checked,
        };
        match checked? {
            0 => return Err(self.missing()),
            version => schema::show_as_current(&connection, version, &self.file)?,
        }
        Ok(connection)
    }

    /// Refuses a folder, and a symbolic link that leads nowhere, or not back from itself.
    fn check_name(&self) -> Result<(), StoreError> {
        if self.file.is_dir() {
            return Err(StoreError::IsFolder { path: self.file.clone() });
        }
        match fs::canonicalize(&self.file) {
            Err(source) if self.file.is_symlink() => Err(StoreError::Link { path: self.file.clone(), source }),
            _ => Ok(()),
        }
    }

    /// How many names the file has: hard links. Not more than one where the system does not say.
    fn names(&self) -> u64 {
        #[cfg(unix)]
        let names = fs::metadata(&self.file).map_or(1, |metadata| std::os::unix::fs::MetadataExt::nlink(&metadata));
        #[cfg(not(unix))]
        let names = 1;
        names
    }

    /// Whether there is something in the log from which the index can be made.
    pub(super) fn has_segments(&self) -> bool {
        fs::read_dir(self.log()).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| Path::new(&entry.file_name()).extension().is_some_and(|end| end == "log"))
            })
        })
    }

    /// There is no index: because nothing was ever kept here, or because it is gone and its log is not.
    fn missing(&self) -> StoreError {
        let path = self.file.clone();
        if self.has_segments() {
            return StoreError::Unindexed { log: self.log(), path };
        }
        StoreError::Missing { path }
    }

    /// A connection to a store that nobody writes to, in a folder where nothing can be created: SQLite
    /// would otherwise want its `-wal` and `-shm` files there (<https://sqlite.org/wal.html>, "Read-only
    /// databases").
    fn connect_unchanging(&self) -> Result<Connection, StoreError> {
        let path = PercentEncoding::UNRESERVED.keeping(b"/").encode_text(self.file.as_os_str().as_encoded_bytes());
        let uri = format!("file:{path}?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(uri, flags).map_err(|source| StoreError::sqlite(&self.file, "open it", source))
    }

    /// One more connection that may write, to a store that is open for writing.
    pub(super) fn connect_again(&self) -> Result<Connection, StoreError> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, StoreError> {
        let failed = |source| StoreError::sqlite(&self.file, "open it", source);
        let connection = Connection::open_with_flags(&self.file, flags).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        // Otherwise the plan of a join for one number is made again for each number: SQLite looks at the values
        // that are bound, and prepares the statement again when they change.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
        Ok(connection)
    }

    /// Refuses what is not a regular file, in the place of the index or of a file beside it: opening a pipe would wait
    /// for its other end.
    fn check_kind(&self) -> Result<(), StoreError> {
        for path in ["", "-wal", "-shm", "-journal", "-lock"].map(|suffix| self.beside(suffix)) {
            if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
                return Err(StoreError::NotAStore { path, found: "it is not a regular file".to_owned() });
            }
        }
        Ok(())
    }

    /// Refuses a file that is not an SQLite database before SQLite gets to see it.
    fn check_header(&self) -> Result<(), StoreError> {
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::io(&self.file, "read", error)),
        };
        let mut magic = Vec::new();
        file.take(16).read_to_end(&mut magic).map_err(|error| StoreError::io(&self.file, "read", error))?;
        if magic.is_empty() || magic == b"SQLite format 3\0" {
            return Ok(());
        }
        Err(StoreError::foreign(&self.file, "not a SQLite file"))
    }

    /// Creates the file ourselves, so that it is private from its first moment and a dangling link
    /// is not followed. SQLite gives its `-wal` and `-shm` files the same permissions.
    fn create_file(&self) -> Result<File, StoreError> {
        match private_file().create_new(true).open(&self.file) {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let writable = OpenOptions::new().write(true).open(&self.file);
                writable.map_err(|error| StoreError::io(&self.file, "write to", error))
            }
            Err(error) => Err(StoreError::io(&self.file, "create", error)),
        }
    }
}

/// Whether SQLite could not open a file that it needs.
fn is_out_of_reach(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly))
}

/// Options for a file that only its owner may read, to be completed with `create` or `create_new`. A
/// link is refused: in a folder that others may write to, it could lead to anything of the owner's.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Gives a file that was made beside a store to whoever owns the store: after `sudo`, nobody is to be locked out. Only root
/// may do that; where it may not, the file stays as it is.
pub(super) fn owned_like(file: File, store: &Path) -> File {
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() {
        use std::os::unix::fs::MetadataExt as _;
        let of_store = fs::metadata(store).map(|facts| (facts.uid(), facts.gid())).ok();
        let own = file.metadata().map(|facts| (facts.uid(), facts.gid())).ok();
        if let Some((user, group)) = of_store.filter(|of_store| own.is_some_and(|own| own != *of_store)) {
            let _ = std::os::unix::fs::fchown(&file, Some(user), Some(group));
        }
    }
    #[cfg(not(unix))]
    let _ = store;
    file
}

/// A new file beside `store`, of its owner alone, in the place of what a killed process may have left there: what is there
/// is never written into, as it may have another name too.
pub(super) fn fresh_file(path: &Path, store: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => private_file().create_new(true).open(path).map(|file| owned_like(file, store)),
    }
}

/// Puts a file beside `store` in the place of another, whole or not at all, and on disk.
pub(super) fn replace(path: &Path, content: &[u8], store: &Path) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = fresh_file(&beside, store)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Creates a folder and those above it that are missing. Their names are brought to disk: after a power
/// cut, an entry that its folder does not name cannot be found.
fn create_private_folder(folder: &Path) -> Result<(), StoreError> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let synced = |folder: &Path| match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    };
    builder
        .create(folder)
        .and_then(|()| missing.into_iter().try_for_each(synced))
        .map_err(|error| StoreError::io(folder, "create the folder", error))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_beside_a_file_is_not_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("other"), "precious").unwrap();
        fs::hard_link(path("other"), path("key.new")).unwrap();
        for content in ["one", "two, which is longer"] {
            replace(&path("key"), content.as_bytes(), &path("store")).unwrap();
            assert_eq!(fs::read_to_string(path("key")).unwrap(), content);
        }
        assert_eq!(fs::read_to_string(path("other")).unwrap(), "precious");
        assert!(!path("key.new").exists());
        fs::create_dir(path("key.new")).unwrap();
        assert!(replace(&path("key"), b"three", &path("store")).is_err());
        assert_eq!(fs::read_to_string(path("key")).unwrap(), "two, which is longer");
    }
}
