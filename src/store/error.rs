//! What can go wrong with a store, in words for the person who has to mend it.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::log::LogPlace;
use super::{Location, MarksDamage};
use crate::delivery::{DeliveryId, MarksLimit};
use crate::system::thread::ThreadError;

/// SQLite's code where it cannot make its shared memory larger: `SQLITE_IOERR_SHMSIZE`.
const SHARED_MEMORY_SIZE: i32 = 4874;

/// A failure of the store. Every message names the file and says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system gives no thread to write with.
    #[error(transparent)]
    Thread(#[from] ThreadError),
    /// The path names a folder.
    #[error("store {path} is a folder: give a file, such as --store {path}/whyhook.db")]
    IsFolder {
        /// The store's file.
        path: PathBuf,
    },
    /// The file exists and is something else.
    #[error("{path} is not a whyhook store ({found}): nothing was changed; choose another file with --store")]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it looks like instead.
        found: String,
    },
    /// A symbolic link that cannot be followed.
    #[error("cannot follow the symbolic link {path}: {source}; give the store's own file with --store")]
    Link {
        /// The link.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file has hard links, and the files beside it go by its name.
    #[error(
        "store {path} has {names} names (hard links), but the files beside it belong to one of them: nothing was \
         changed; remove the others, or make them symbolic links"
    )]
    ManyNames {
        /// The name that was given.
        path: PathBuf,
        /// How many there are.
        names: u64,
    },
    /// Written by a newer release.
    #[error(
        "store {path} has schema version {found}, this whyhook supports up to {known}: nothing was changed; \
         use a newer whyhook, or another file with --store"
    )]
    Newer {
        /// The store's file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version that this release knows.
        known: i64,
    },
    /// SQLite says that the file's content is broken.
    #[error(
        "store {path} is damaged ({detail}): nothing was changed; what can be read may be saved with \
         `sqlite3 {path} .recover`, and --store starts another"
    )]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// SQLite's words.
        detail: String,
    },
    /// The index cannot be read, and the log beside it is enough to make it again.
    #[error(
        "the index {path} is damaged ({detail}), and its log is in {log}: nothing was changed; move {path} away and start \
         `whyhook` with this store once to rebuild it from the log, without the responses"
    )]
    IndexDamaged {
        /// The store's file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
        /// The folder of its log.
        log: PathBuf,
    },
    /// No store yet, and this command only reads.
    #[error("no store at {path} yet: run `whyhook` to capture into it, or name another with --store")]
    Missing {
        /// The store's file.
        path: PathBuf,
    },
    /// The index is gone, and the log beside it is not.
    #[error(
        "store {path} is missing, but its log is still in {log}: start `whyhook` with this store once to rebuild it"
    )]
    Unindexed {
        /// The store's file.
        path: PathBuf,
        /// The folder of its log.
        log: PathBuf,
    },
    /// Another process is capturing into it.
    #[error("store {path} is in use by another whyhook{holder}: stop that one, or give this one its own --store")]
    InUse {
        /// The store's file.
        path: PathBuf,
        /// ` (process 123)`, or empty when unknown.
        holder: String,
    },
    /// The file was deleted or replaced under a running whyhook.
    #[error("store {path} was deleted or replaced while whyhook was running: deliveries are refused; restart whyhook")]
    Vanished {
        /// The store's file.
        path: PathBuf,
    },
    /// The file system refused something.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried: "create", "write to" …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// SQLite refused something.
    #[error("store {path}: cannot {action}: {source}")]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// The store's file.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// A row names bytes that are not (all) there.
    #[error("delivery {id}: its record is lost: {path} is {state}")]
    RecordLost {
        /// The delivery.
        id: DeliveryId,
        /// The segment file.
        path: PathBuf,
        /// `missing`, or `damaged` in the record's place.
        state: &'static str,
    },
    /// The file with the bytes of a row cannot be read: they may be whole.
    #[error("delivery {id}: cannot read its record in {path}: {source}")]
    RecordUnreadable {
        /// The delivery.
        id: DeliveryId,
        /// The segment file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A row holds something that this release did not write.
    #[error("delivery {id}: column {column} of the store holds an unknown value")]
    UnknownValue {
        /// The delivery.
        id: DeliveryId,
        /// The column.
        column: &'static str,
    },
    /// A row holds something that SQLite gives, but that is not what the column is for.
    #[error("delivery {id}: its row in the store cannot be read: {source}")]
    UnreadableRow {
        /// The delivery.
        id: DeliveryId,
        /// What is wrong with it.
        source: rusqlite::Error,
    },
    /// Which deliveries are pinned is not known for sure.
    #[error("nothing was pruned: {0}")]
    MarksInDoubt(MarksDamage),
    /// A delivery has as many marks as it may have.
    #[error("delivery {id}: {limit}")]
    MarksLimit {
        /// The delivery.
        id: DeliveryId,
        /// What there would be too much of.
        limit: MarksLimit,
    },
    /// The thread that writes has ended.
    #[error("the store's writer has stopped: deliveries are refused; restart whyhook")]
    Stopped,
}

impl StoreError {
    /// Whether it concerns one delivery alone: the others can be read.
    #[must_use]
    pub fn is_of_one_delivery(&self) -> bool {
        matches!(
            self,
            Self::RecordLost { .. }
                | Self::RecordUnreadable { .. }
                | Self::UnknownValue { .. }
                | Self::UnreadableRow { .. }
        )
    }

    /// Whether the disk has no room, or the file may not grow.
    pub(super) fn is_full(&self) -> bool {
        use rusqlite::ErrorCode;
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
            ),
            Self::Sqlite { source, .. } => {
                // SQLite's shared memory beside a database that nobody has open is made anew.
                let is_shared = source.sqlite_error().is_some_and(|error| error.extended_code == SHARED_MEMORY_SIZE);
                source.sqlite_error_code() == Some(ErrorCode::DiskFull) || is_shared
            }
            _ => false,
        }
    }

    /// Whether one delivery is gone or damaged, so that what is done with many goes on without it. (What the system does not
    /// let be read may be read another time.)
    #[must_use]
    pub fn leaves_one_out(&self) -> bool {
        matches!(self, Self::RecordLost { .. } | Self::UnknownValue { .. } | Self::UnreadableRow { .. })
    }

    /// Sorts an SQLite failure into damage, a foreign file, one that is out of reach, or the rest.
    pub(super) fn sqlite(path: &Path, action: &'static str, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::damaged(path, source.to_string()),
            Some(ErrorCode::NotADatabase) => Self::foreign(path, "not a SQLite file"),
            // SQLite does not say why.
            Some(ErrorCode::CannotOpen) => match out_of_reach(path) {
                Some((path, source)) => Self::Io { action: "read", path, source },
                None => Self::Sqlite { action, path: path.to_owned(), source },
            },
            _ => Self::Sqlite { action, path: path.to_owned(), source },
        }
    }

    /// The content of an index is broken.
    fn damaged(path: &Path, detail: String) -> Self {
        let location = Location::new(path);
        match location.has_segments() {
            true => Self::IndexDamaged { path: path.to_owned(), detail, log: location.log() },
            false => Self::Damaged { path: path.to_owned(), detail },
        }
    }

    /// Something else lies in the place of an index: with a log beside it, it was one.
    pub(super) fn foreign(path: &Path, found: &str) -> Self {
        let location = Location::new(path);
        match location.has_segments() {
            true => Self::IndexDamaged { path: path.to_owned(), detail: found.to_owned(), log: location.log() },
            false => Self::NotAStore { path: path.to_owned(), found: found.to_owned() },
        }
    }

    /// Why the record of a delivery was not found in its place.
    pub(super) fn record(id: DeliveryId, path: PathBuf, place: LogPlace) -> Self {
        match reread(&path, place) {
            Ok(()) => Self::RecordLost { id, path, state: "damaged" },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::RecordLost { id, path, state: "missing" },
            Err(source) => Self::RecordUnreadable { id, path, source },
        }
    }

    /// An [`StoreError::Io`].
    pub(super) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether its words say already what to do.
    #[must_use]
    pub fn advises(&self) -> bool {
        let is_bare = matches!(
            self,
            Self::Io { .. }
                | Self::Sqlite { .. }
                | Self::RecordLost { .. }
                | Self::RecordUnreadable { .. }
                | Self::UnknownValue { .. }
        );
        !is_bare
    }
}

/// Reads a record's place once more, for the system's reason alone.
fn reread(path: &Path, place: LogPlace) -> io::Result<()> {
    let mut file = crate::system::read::open(path)?;
    file.seek(SeekFrom::Start(place.position))?;
    io::copy(&mut file.take(place.bytes), &mut io::sink()).map(drop)
}

/// Which of an index's files is there and cannot be read. They are not opened: closing one would drop the locks that this
/// process may have on it.
#[cfg(unix)]
fn out_of_reach(path: &Path) -> Option<(PathBuf, io::Error)> {
    use rustix::fs::{Access, access};
    let files = ["", "-wal", "-shm"].map(|suffix| Location::new(path).beside(suffix));
    files.into_iter().find_map(|file| {
        let refused = access(&file, Access::READ_OK).err().filter(|error| *error != rustix::io::Errno::NOENT)?;
        Some((file, refused.into()))
    })
}

#[cfg(not(unix))]
fn out_of_reach(path: &Path) -> Option<(PathBuf, io::Error)> {
    let refused = path.metadata().err().filter(|error| error.kind() != io::ErrorKind::NotFound)?;
    Some((path.to_owned(), refused))
}
