//! Pins, notes, tags, and what was deleted and can still be brought back.
//!
//! The file `marks` beside the log's segments goes where the log goes, and the tables are made from it again where the index
//! is lost; where the file is, the index's copy takes its place ([`super::marks_file`]). A line is synced before its row is
//! committed, and `marks_file` in the index says how much of the file the tables hold.
//!
//! What is deleted is hidden from every reader at once, and goes with the next pruning: when a listener's writer ends, by
//! retention, or by `prune`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::index::Index;
use super::marks_file::{
    AppliedMarks, MarksContent, MarksDamage, MarksHarm, MarksHead, MarksLine, MarksWorth, TakenMarks, compare, line_of,
};
use super::seal::SealKeys;
use super::{Location, Reader, StoreError, location, row};
use crate::delivery::{DeliveryId, Marks, MarksEdit};
use crate::system::save::sync_folder;

/// A file of this many bytes is not worth being written again.
const SMALL: u64 = 64 * 1024;
/// It is written again when this part of its lines is all that counts.
const LIVE_SHARE: usize = 4;

/// The file, as the writer has it.
#[derive(Debug)]
pub(super) struct MarksFile {
    path: PathBuf,
    /// The store's own file, for messages about its index.
    store: PathBuf,
    /// What the file's first line says of the store.
    seal: String,
    generation: i64,
    file: Option<File>,
    bytes: u64,
    /// How it was found; where it is a loss, lines that are damaged are still in it.
    damage: Option<MarksDamage>,
    /// Up to where the tables hold it, where that is not its end: a damaged line follows.
    known: Option<u64>,
    /// Whether it is to be written again before anything is added.
    is_stale: bool,
}

impl MarksFile {
    /// Brings the index up to the file, or the file up to the index, and writes the file again where little of it counts.
    pub(super) fn open(location: &Location, index: &Index, keys: &SealKeys) -> Result<Self, StoreError> {
        let content = content(location)?;
        let connection = index.connection();
        let sqlite = |source| StoreError::sqlite(location.file(), "read the marks", source);
        let worth = worth(connection, content.as_ref(), |head| keys.is_of_store(&head.store)).map_err(sqlite)?;
        let path = location.marks();
        let MarksWorth { taken, harm, applied } = worth;
        let mut marks = Self {
            damage: harm.map(|harm| MarksDamage::new(path.clone(), harm)),
            path,
            store: location.file().to_owned(),
            seal: keys.of_store(),
            generation: applied.generation,
            file: None,
            bytes: content.as_ref().map_or(0, |content| content.whole),
            known: None,
            is_stale: harm.is_some_and(|harm| !harm.is_loss || harm.kind == MarksHarm::Foreign),
        };
        let content = content.unwrap_or_default();
        marks.known = marks.doubt().map(|_| applied.bytes);
        if content.is_torn && !marks.is_stale {
            // Or the next line would be part of it.
            marks.append("")?;
        }
        take(connection, &content, taken, applied).map_err(sqlite)?;
        marks.tidy(connection, &content);
        Ok(marks)
    }

    /// How the file was found, when it was not as it was left.
    pub(super) fn damage(&self) -> Option<&MarksDamage> {
        self.damage.as_ref()
    }

    /// Why nothing may be pruned, when nobody knows what is pinned.
    pub(super) fn doubt(&self) -> Option<&MarksDamage> {
        self.damage.as_ref().filter(|damage| damage.is_loss)
    }

    /// Writes the file again where the index's copy is the better one, where the file does not name its store, or where few
    /// of its lines count. Should that fail, the index has everything, and it is tried again before the next change.
    fn tidy(&mut self, connection: &Connection, content: &MarksContent) {
        if self.doubt().is_some() {
            return;
        }
        let is_nameless = content.head.is_none() && content.whole > 0;
        let is_long = self.bytes > SMALL
            && live(connection).is_ok_and(|live| live.len().saturating_mul(LIVE_SHARE) <= content.lines.len());
        if (self.is_stale || is_nameless || is_long)
            && let Err(error) = self.write_again(connection)
        {
            tracing::warn!(reason = %error, "marks not rewritten");
        }
    }

    /// Puts a file of the tables' content in the place of the one that is there.
    fn write_again(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let store = self.store.clone();
        let sqlite = |source| StoreError::sqlite(&store, "read the marks", source);
        let generation = self.generation.saturating_add(1);
        let mut text = self.head(generation);
        for id in live(connection).map_err(sqlite)? {
            text.extend(marks_of(connection, DeliveryId(id)).map_err(sqlite)?.map(|line| line_of(&line)));
        }
        // The open file may no longer be the one that has the name.
        self.file = None;
        if let Err(error) = location::replace(&self.path, text.as_bytes(), &self.store) {
            // Nor is it known which one has: no line is added before one is in its place for certain.
            self.is_stale = true;
            return Err(StoreError::io(&self.path, "replace", error));
        }
        (self.file, self.bytes, self.generation) = (None, text.len() as u64, generation);
        (self.is_stale, self.known) = (false, None);
        // Where this fails, the file is of a later generation than the index: all of it counts.
        note_applied(connection, self.applied()).map_err(sqlite)
    }

    fn head(&self, generation: i64) -> String {
        line_of(&MarksHead { store: self.seal.clone(), generation })
    }

    /// Up to where the tables hold the file, once they have what was added last.
    fn applied(&self) -> AppliedMarks {
        AppliedMarks { bytes: self.known.unwrap_or(self.bytes), generation: self.generation }
    }

    /// Applies an edit to those of the deliveries that are there; how many. The caller's transaction must be closed.
    pub(super) fn edit(&mut self, index: &Index, ids: &[DeliveryId], edit: &MarksEdit) -> Result<usize, StoreError> {
        let connection = index.connection();
        if self.is_stale {
            self.write_again(connection)?;
        }
        let store = self.store.clone();
        let sqlite = |source| StoreError::sqlite(&store, "change the marks", source);
        let transaction = begin(connection).map_err(sqlite)?;
        let mut lines = Vec::new();
        for id in ids {
            let Some(mut line) = marks_of(&transaction, *id).map_err(sqlite)? else { continue };
            let before = line.clone();
            let mut marks = Marks { pinned: line.pinned, note: line.note, tags: line.tags };
            marks.apply(edit).map_err(|limit| StoreError::MarksLimit { id: *id, limit })?;
            (line.pinned, line.note, line.tags) = (marks.pinned, marks.note, marks.tags);
            if let MarksEdit::Delete(deleted) = edit {
                line.deleted = *deleted;
            }
            if line != before {
                put(&transaction, &line).map_err(sqlite)?;
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return Ok(0);
        }
        let text: String = lines.iter().map(line_of).collect();
        let before = self.bytes;
        self.append(&text)?;
        if let Err(source) = note_applied(&transaction, self.applied()).and_then(|()| transaction.commit()) {
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

    /// Writes and syncs; on failure the file is as long as it was. A new file begins with the line that names the store.
    fn append(&mut self, text: &str) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |error| StoreError::io(&path, "write to", error);
        let is_new = self.file.is_none() && !path.exists();
        if self.file.is_none() {
            let mut options: OpenOptions = location::private_file();
            let file = options.create(true).truncate(false).open(&path).map_err(failed)?;
            self.file = Some(location::owned_like(file, &self.store));
        }
        let mut head = String::new();
        if self.bytes == 0 && !text.is_empty() {
            self.generation = self.generation.max(1);
            head = self.head(self.generation);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let (bytes, text) = (self.bytes, head + text);
        let written = file
            .set_len(bytes)
            .and_then(|()| file.seek(SeekFrom::Start(bytes)))
            .and_then(|_| file.write_all(text.as_bytes()))
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
}

/// Brings what counts of the file into the tables.
fn take(
    connection: &Connection,
    content: &MarksContent,
    taken: TakenMarks,
    applied: AppliedMarks,
) -> rusqlite::Result<()> {
    let from = match taken {
        TakenMarks::After(bytes) if bytes >= content.whole => return Ok(()),
        TakenMarks::After(bytes) => bytes,
        TakenMarks::All => 0,
    };
    let transaction = begin(connection)?;
    if taken == TakenMarks::All {
        transaction.execute_batch("DELETE FROM marks; DELETE FROM deleted")?;
    }
    let new = content.lines.iter().filter(|(_, place)| place.end > from);
    let last: BTreeMap<i64, &MarksLine> =
        new.filter_map(|(line, _)| line.as_ref()).map(|line| (line.id, line)).collect();
    for line in last.into_values() {
        put(&transaction, line)?;
    }
    note_applied(&transaction, applied)?;
    transaction.commit()
}

/// What is in the file; `None` where there is none.
fn content(location: &Location) -> Result<Option<MarksContent>, StoreError> {
    let path = location.marks();
    let mut content = Vec::new();
    match crate::system::read::open(&path).and_then(|mut file| file.read_to_end(&mut content)) {
        Ok(_) => Ok(Some(MarksContent::read(&content))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(&path, "read", error)),
    }
}

/// What the file is worth beside the index.
fn worth(
    connection: &Connection,
    content: Option<&MarksContent>,
    is_ours: impl Fn(&MarksHead) -> bool,
) -> rusqlite::Result<MarksWorth> {
    let sql = "SELECT EXISTS (SELECT 1 FROM marks) OR EXISTS (SELECT 1 FROM deleted)";
    let has_rows = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(compare(content, applied(connection)?, has_rows, is_ours))
}

/// The numbers of the deliveries that have marks.
fn live(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT id FROM marks UNION SELECT id FROM deleted ORDER BY 1")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Begins to write at once: SQLite waits for another process's lock only then, and not where a transaction has read before.
fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

impl Reader {
    /// Whether the file of pins, notes, tags and deletions is as it was left.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the index or the file cannot be read.
    pub fn marks_damage(&self) -> Result<Option<MarksDamage>, StoreError> {
        let failed = |source| self.failed(source);
        let connection = self.connection()?;
        let keys = SealKeys::known(self.location(), connection).map_err(failed)?;
        // The index first: a line is in the file before its row is.
        let applied = applied(connection).map_err(failed)?;
        if applied.is_none() {
            // Nothing was ever marked, or no writer has been here since the index was lost.
            return Ok(None);
        }
        let is_ours = |head: &MarksHead| keys.as_ref().is_none_or(|keys| keys.is_of_store(&head.store));
        let content = content(self.location())?;
        let harm = compare(content.as_ref(), applied, false, is_ours).harm;
        Ok(harm.map(|harm| MarksDamage::new(self.location().marks(), harm)))
    }

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

/// How much of the file the tables hold; `None` where they were never brought up to one.
fn applied(connection: &Connection) -> rusqlite::Result<Option<AppliedMarks>> {
    // An index of an earlier release, to a reader, has no generation.
    let has = |name| connection.column_exists(None, "marks_file", name);
    let sql = match (has("bytes")?, has("generation")?) {
        (true, true) => "SELECT bytes, generation FROM marks_file",
        (true, false) => "SELECT bytes, 0 FROM marks_file",
        (false, _) => return Ok(None),
    };
    let read = |row: &rusqlite::Row<'_>| {
        Ok(AppliedMarks { bytes: row.get::<_, i64>(0)?.unsigned_abs(), generation: row.get(1)? })
    };
    connection.query_row(sql, [], read).optional()
}

fn note_applied(connection: &Connection, applied: AppliedMarks) -> rusqlite::Result<()> {
    let AppliedMarks { bytes, generation } = applied;
    let sql = "INSERT OR REPLACE INTO marks_file (number, bytes, generation) VALUES (1, ?1, ?2)";
    connection.execute(sql, params![bytes.cast_signed(), generation]).map(drop)
}

/// The state of a delivery's marks; `None` when it is not there.
fn marks_of(connection: &Connection, id: DeliveryId) -> rusqlite::Result<Option<MarksLine>> {
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
    let marks = Marks { pinned: line.pinned, note: line.note.clone(), tags: line.tags.clone() };
    let (marks, _) = marks.within_limits();
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
