//! Pins, notes, tags, and what was deleted and can still be brought back.
//!
//! The file `marks` beside the log's segments is the truth: it goes where the log goes, and the tables are made from it
//! again where the index is lost. Each line is the state of one delivery's marks from then on, after the CRC-32 of the
//! rest of the line: `1f2e3d4c {"id":5,"pinned":true,"note":"…","tags":["a"],"deleted":false}`. A line is synced before its
//! row is committed. `marks_file` in the index says how much of the file the tables hold: where that is not its length, the
//! whole file is read again, which changes nothing that is there already. A torn or damaged line is passed over.
//!
//! What is deleted is hidden from every reader at once, and goes with the next pruning: when a listener's writer ends, by
//! retention, or by `prune`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::index::Index;
use super::{Location, Reader, StoreError, location, row};
use crate::delivery::{DeliveryId, Marks, MarksEdit};
use crate::system::save::sync_folder;
use crate::text::hexadecimal;

/// A file of this many bytes is not worth being written again.
const SMALL: u64 = 64 * 1024;
/// It is written again when this part of its lines is all that counts.
const LIVE_SHARE: usize = 4;
/// Bytes of the longest line: a note, escaped, and the tags.
const LINE_BYTES: usize = 32 * 1024;

/// One line, and the rows of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MarksLine {
    id: i64,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    deleted: bool,
}

impl MarksLine {
    fn to_text(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    }

    /// Reads a line without its end.
    fn read(line: &[u8]) -> Option<Self> {
        let (sum, json) = line.split_at_checked(9)?;
        let sum = hexadecimal(sum.strip_suffix(b" ")?)?;
        (sum == u64::from(crc32fast::hash(json))).then(|| serde_json::from_slice(json).ok()).flatten()
    }

    fn is_nothing(&self) -> bool {
        !self.pinned && self.note.is_none() && self.tags.is_empty() && !self.deleted
    }
}

/// The file, as the writer has it.
#[derive(Debug)]
pub(super) struct MarksFile {
    path: PathBuf,
    /// The store's own file, for messages about its index.
    store: PathBuf,
    file: Option<File>,
    bytes: u64,
}

impl MarksFile {
    /// Brings the index up to the file, and writes the file again where little of it counts.
    pub(super) fn open(location: &Location, index: &Index) -> Result<Self, StoreError> {
        let path = location.marks();
        let failed = |error| StoreError::io(&path, "read", error);
        let mut content = Vec::new();
        match crate::system::read::open(&path) {
            Ok(mut file) => drop(file.read_to_end(&mut content).map_err(failed)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        // What is torn is cut off, or the next line would be part of it.
        let whole = memchr::memrchr(b'\n', &content).map_or(0, |end| end + 1);
        let (bytes, is_torn) = (whole as u64, whole < content.len());
        let mut marks = Self { path: path.clone(), store: location.file().to_owned(), file: None, bytes };
        let connection = index.connection();
        let sqlite = |source| StoreError::sqlite(location.file(), "read the marks", source);
        if is_torn || applied(connection).map_err(sqlite)? != bytes {
            let mut last = BTreeMap::new();
            let lines = content[..whole].split(|byte| *byte == b'\n').filter(|line| line.len() <= LINE_BYTES);
            last.extend(lines.filter_map(MarksLine::read).map(|line| (line.id, line)));
            if is_torn {
                marks.append(b"")?;
            }
            marks.apply_all(connection, last.into_values()).map_err(sqlite)?;
        }
        if bytes > SMALL {
            let lines = memchr::memchr_iter(b'\n', &content[..whole]).count();
            marks.compact(connection, lines).map_err(sqlite)??;
        }
        Ok(marks)
    }

    fn apply_all(&self, connection: &Connection, lines: impl Iterator<Item = MarksLine>) -> rusqlite::Result<()> {
        let transaction = begin(connection)?;
        transaction.execute_batch("DELETE FROM marks; DELETE FROM deleted")?;
        for line in lines {
            put(&transaction, &line)?;
        }
        note_applied(&transaction, self.bytes)?;
        transaction.commit()
    }

    /// Applies an edit to those of the deliveries that are there; how many. The caller's transaction must be closed.
    pub(super) fn edit(&mut self, index: &Index, ids: &[DeliveryId], edit: &MarksEdit) -> Result<usize, StoreError> {
        let connection = index.connection();
        let store = self.store.clone();
        let sqlite = |source| StoreError::sqlite(&store, "change the marks", source);
        let transaction = begin(connection).map_err(sqlite)?;
        let mut lines = Vec::new();
        for id in ids {
            let Some(mut line) = line_of(&transaction, *id).map_err(sqlite)? else { continue };
            let before = line.clone();
            let mut marks = Marks { pinned: line.pinned, note: line.note, tags: line.tags };
            marks.apply(edit);
            (line.pinned, line.note, line.tags) = (marks.pinned, marks.note, marks.tags);
            if let MarksEdit::Delete(deleted) = edit {
                line.deleted = *deleted;
            }
            if line != before {
                put(&transaction, &line).map_err(sqlite)?;
                lines.push(line);
            }
        }
        let text: String = lines.iter().map(MarksLine::to_text).collect();
        let before = self.bytes;
        self.append(text.as_bytes())?;
        if let Err(source) = note_applied(&transaction, self.bytes).and_then(|()| transaction.commit()) {
            self.take_back(before);
            return Err(sqlite(source));
        }
        Ok(lines.len())
    }

    /// Cuts the file to where it was: what a person hears has failed must not happen with the next start. Should this fail,
    /// it is tried again before the next line is written.
    fn take_back(&mut self, bytes: u64) {
        self.bytes = bytes;
        if let Some(file) = &self.file
            && let Err(error) = file.set_len(bytes).and_then(|()| file.sync_data())
        {
            tracing::error!(reason = %error, "marks not taken back");
        }
    }

    /// Writes and syncs; on failure the file is as long as it was.
    fn append(&mut self, text: &[u8]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |error| StoreError::io(&path, "write to", error);
        let is_new = self.file.is_none() && !path.exists();
        if self.file.is_none() {
            let mut options: OpenOptions = location::private_file();
            self.file = Some(options.create(true).truncate(false).open(&path).map_err(failed)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let bytes = self.bytes;
        let written = file
            .set_len(bytes)
            .and_then(|()| file.seek(SeekFrom::Start(bytes)))
            .and_then(|_| file.write_all(text))
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            let _ = file.set_len(bytes);
            return Err(failed(error));
        }
        if let Some(folder) = path.parent().filter(|_| is_new) {
            sync_folder(folder).map_err(failed)?;
        }
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Writes the file again from the tables when `lines` are many more than they hold.
    fn compact(&mut self, connection: &Connection, lines: usize) -> rusqlite::Result<Result<(), StoreError>> {
        let mut statement = connection.prepare("SELECT id FROM marks UNION SELECT id FROM deleted ORDER BY 1")?;
        let ids = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        if ids.len().saturating_mul(LIVE_SHARE) > lines {
            return Ok(Ok(()));
        }
        let mut text = String::new();
        for id in ids {
            text.extend(line_of(connection, DeliveryId(id))?.map(|line| line.to_text()));
        }
        let written = location::replace(&self.path, text.as_bytes());
        if let Err(error) = written {
            return Ok(Err(StoreError::io(&self.path, "replace", error)));
        }
        (self.file, self.bytes) = (None, text.len() as u64);
        note_applied(connection, self.bytes)?;
        Ok(Ok(()))
    }
}

/// Begins to write at once: SQLite waits for another process's lock only then, and not where a transaction has read before.
fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

impl Reader {
    /// What was deleted and can still be brought back, the newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn deleted(&self) -> Result<Vec<DeliveryId>, StoreError> {
        deleted(self.connection()?).map_err(|source| self.failed(source))
    }

    /// What is pinned, the newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn pinned(&self) -> Result<Vec<DeliveryId>, StoreError> {
        let connection = self.connection()?;
        let read = || {
            let sql = "SELECT id FROM marks WHERE pinned ORDER BY id DESC";
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map([], |row| row.get(0).map(DeliveryId))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|source| self.failed(source))
    }
}

/// What was deleted and has not been pruned yet.
pub(super) fn deleted(connection: &Connection) -> rusqlite::Result<Vec<DeliveryId>> {
    let mut statement = connection.prepare_cached("SELECT id FROM deleted ORDER BY id DESC")?;
    statement.query_map([], |row| row.get(0).map(DeliveryId))?.collect()
}

/// Bytes of the file that the tables hold.
fn applied(connection: &Connection) -> rusqlite::Result<u64> {
    let bytes = connection.query_row("SELECT bytes FROM marks_file", [], |row| row.get::<_, i64>(0)).optional()?;
    Ok(bytes.unwrap_or(0).unsigned_abs())
}

fn note_applied(connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO marks_file VALUES (1, ?1)", [bytes.cast_signed()]).map(drop)
}

/// The state of a delivery's marks; `None` when it is not there.
fn line_of(connection: &Connection, id: DeliveryId) -> rusqlite::Result<Option<MarksLine>> {
    let sql = "SELECT m.pinned, m.note, m.tags, x.id IS NOT NULL FROM deliveries d LEFT JOIN marks m ON m.id = d.id
        LEFT JOIN deleted x ON x.id = d.id WHERE d.id = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let Marks { pinned, note, tags } = row::marks(row, 0)?;
        Ok(MarksLine { id: id.0, pinned, note, tags, deleted: row.get(3)? })
    };
    connection.prepare_cached(sql)?.query_row([id.0], read).optional()
}

/// Makes a delivery's rows what the line says. Of a delivery that is gone there are none.
fn put(connection: &Connection, line: &MarksLine) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM marks WHERE id = ?1")?.execute([line.id])?;
    connection.prepare_cached("DELETE FROM deleted WHERE id = ?1")?.execute([line.id])?;
    if line.is_nothing() {
        return Ok(());
    }
    // The file may have been changed by others: what it says is held to the same bounds.
    let mut marks = Marks::default();
    marks.apply(&MarksEdit::Replace(Marks { pinned: line.pinned, note: line.note.clone(), tags: line.tags.clone() }));
    if !marks.is_empty() {
        let sql = "INSERT INTO marks SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM deliveries WHERE id = ?1)";
        let tags = marks.tags.join(" ");
        connection.prepare_cached(sql)?.execute(params![line.id, marks.pinned, marks.note, tags])?;
    }
    if line.deleted {
        let sql = "INSERT INTO deleted SELECT ?1 WHERE EXISTS (SELECT 1 FROM deliveries WHERE id = ?1)";
        connection.prepare_cached(sql)?.execute([line.id])?;
    }
    Ok(())
}
