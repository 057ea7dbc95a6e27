//! Reading the store: pages of summaries, searches, and whole deliveries by their number.

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, Transaction, params};

use super::identity::FileIdentity;
use super::log::{LogPlace, LogReader};
use super::log_window::LogWindow;
use super::record::RecordContent;
use super::tail::Tail;
use super::unreadable::UnreadableRows;
use super::{Location, StoreError, row};
use crate::delivery::{Answer, Delivery, DeliveryId, Summary};
use crate::http::Head;

/// Which way to read from a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest deliveries of all.
    Newest,
    /// Those before (older than) this one.
    Before(DeliveryId),
    /// Those after (newer than) this one.
    After(DeliveryId),
}

/// What a search has found so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreScan {
    /// What matched, newest first.
    pub rows: Vec<Summary>,
    /// Where to go on: set when the scan ended for its budget or its limit rather than at the
    /// store's end.
    pub next: Option<DeliveryId>,
}

/// A connection that only reads. Each call sees every delivery that was on disk before it, and every other commit.
#[derive(Debug)]
pub struct Reader {
    location: Location,
    /// That was opened; `None` where the system did not say.
    file: Option<FileIdentity>,
    connection: Connection,
    log: LogReader,
    window: LogWindow,
    tail: Tail,
    unreadable: UnreadableRows,
    /// Statements whose rows are being read: what they see stays as it is meanwhile.
    walks: Cell<u32>,
}

impl Reader {
    /// Opens the store for reading.
    ///
    /// # Errors
    ///
    /// Those of [`Location::open_for_reading`].
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        // Before it is opened: one that takes its place in between is opened again.
        let file = FileIdentity::of(location.file()).ok();
        let connection = location.open_for_reading()?;
        Ok(Self {
            location: location.clone(),
            file,
            connection,
            log: LogReader::default(),
            window: LogWindow::default(),
            tail: Tail::default(),
            unreadable: UnreadableRows::default(),
            walks: Cell::new(0),
        })
    }

    /// The same; `None` until the store exists.
    ///
    /// # Errors
    ///
    /// Those of [`Location::open_for_reading`], but for a store that is missing or has no index.
    pub fn open_existing(location: &Location) -> Result<Option<Self>, StoreError> {
        match Self::open(location) {
            Ok(reader) => Ok(Some(reader)),
            Err(StoreError::Missing { .. } | StoreError::Unindexed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether another file has taken the store's place since it was opened.
    pub(super) fn is_displaced(&self) -> bool {
        FileIdentity::of(self.location.file()).is_ok_and(|now| self.file != Some(now))
    }

    /// Up to `limit` summaries from `page` on, always newest first. A row that cannot be read is left out: see
    /// [`Reader::take_unreadable`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn page(&self, page: Page, limit: usize) -> Result<Vec<Summary>, StoreError> {
        Ok(self.scan(page, limit, usize::MAX, |_, _| Ok(true))?.rows)
    }

    /// Like [`Reader::page`] with only what `keep` accepts, after looking at no more than `budget`
    /// rows. `keep` may load a delivery's bytes with the reader that it is handed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read, or what `keep` returned.
    pub fn scan(
        &self,
        page: Page,
        limit: usize,
        budget: usize,
        mut keep: impl FnMut(&Summary, &Self) -> Result<bool, StoreError>,
    ) -> Result<StoreScan, StoreError> {
        let shown = self.shown()?;
        let (condition, anchor, order) = match page {
            Page::Newest => ("d.id <= ?1", i64::MAX, "DESC"),
            Page::Before(id) => ("d.id < ?1", id.0, "DESC"),
            Page::After(id) => ("d.id > ?1", id.0, "ASC"),
        };
        let sql = format!(
            "SELECT {} FROM {} WHERE {condition}{shown} ORDER BY d.id {order}",
            row::SUMMARY_COLUMNS,
            row::SUMMARY_TABLES
        );
        self.walk(&sql, params![anchor], (page, limit, budget), |row| {
            let summary = row::summary(row).map_err(|source| self.failed(source))??;
            let is_kept = keep(&summary, self)?;
            Ok((summary.id, is_kept.then_some(summary)))
        })
    }

    /// Goes through the rows of `sql`, which are in `page`'s order, until `limit` deliveries were taken or
    /// `budget` looked at. `look` tells a row's number, and the delivery when it is wanted. A row that cannot be read is
    /// passed over.
    pub(super) fn walk(
        &self,
        sql: &str,
        parameters: impl Params,
        (page, limit, budget): (Page, usize, usize),
        mut look: impl FnMut(&Row<'_>) -> Result<(DeliveryId, Option<Summary>), StoreError>,
    ) -> Result<StoreScan, StoreError> {
        let failed = |source| self.failed(source);
        let mut statement = self.connection()?.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(parameters).map_err(failed)?;
        let _walk = Walk::begin(&self.walks);
        let mut scan = StoreScan::default();
        let mut seen = 0;
        while let Some(row) = rows.next().map_err(failed)? {
            let (id, wanted) = match look(row) {
                Ok(looked) => looked,
                Err(error) => (self.unreadable.pass_over(error)?, None),
            };
            scan.rows.extend(wanted);
            seen += 1;
            if scan.rows.len() >= limit || seen >= budget {
                scan.next = Some(id);
                break;
            }
        }
        if matches!(page, Page::After(_)) {
            scan.rows.reverse();
        }
        Ok(scan)
    }

    /// The rows that were passed over since this was last asked, each of them once: they cannot be read.
    pub fn take_unreadable(&self) -> Vec<StoreError> {
        self.unreadable.take()
    }

    /// One summary; `None` when there is no such delivery.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn summary(&self, id: DeliveryId) -> Result<Option<Summary>, StoreError> {
        let sql =
            format!("SELECT {} FROM {} WHERE d.id = ?1{}", row::SUMMARY_COLUMNS, row::SUMMARY_TABLES, self.shown()?);
        self.connection()?
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([id.0], row::summary).optional())
            .map_err(|source| self.failed(source))?
            .transpose()
    }

    /// A whole delivery; `None` when there is none of that number.
    ///
    /// # Errors
    ///
    /// [`StoreError::RecordLost`] when its record in the log is gone or damaged, [`StoreError::RecordUnreadable`] when
    /// the system does not let it be read, and the others where the store cannot be read.
    pub fn load(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.load_by(id, |place| self.log.read(&self.location, place, id))
    }

    /// Loads one of many that are read in the log's order, or the other way round.
    pub(super) fn load_nearby(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.load_by(id, |place| self.nearby(place, id).or_else(|| self.log.read(&self.location, place, id)))
    }

    fn load_by(
        &self,
        id: DeliveryId,
        read: impl Fn(LogPlace) -> Option<RecordContent>,
    ) -> Result<Option<Delivery>, StoreError> {
        let Some((summary, place, answer)) = self.row(id)? else { return Ok(None) };
        if let Some(content) = read(place) {
            return Ok(Some(whole(summary, content, answer)));
        }
        // It may have been pruned, or moved by pruning others, since its row was read.
        let Some((summary, moved, answer)) = self.row(id)? else { return Ok(None) };
        let content = read(moved).ok_or_else(|| StoreError::record(id, self.location.segment(moved.segment), moved))?;
        Ok(Some(whole(summary, content, answer)))
    }

    /// The content of one of many deliveries that are looked through in the log's order, or the other way round.
    pub(super) fn nearby(&self, place: LogPlace, id: DeliveryId) -> Option<RecordContent> {
        self.window.read(&self.location, place, id)
    }

    /// What changes of a delivery once it is kept: its summary and its answer, without its head and body.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the index cannot be read.
    pub fn answered(&self, id: DeliveryId) -> Result<Option<(Summary, Option<Answer>)>, StoreError> {
        Ok(self.row(id)?.map(|(summary, _, answer)| (summary, answer)))
    }

    /// What a statement over `deliveries d` needs so that it leaves out what was deleted and is still there: nothing
    /// at most times.
    pub(super) fn shown(&self) -> Result<&'static str, StoreError> {
        let some = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM deleted)")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, bool>(0)))
            .map_err(|source| self.failed(source))?;
        Ok(if some { " AND d.id NOT IN (SELECT id FROM deleted)" } else { "" })
    }

    /// All that the index has of a delivery.
    pub(super) fn row(&self, id: DeliveryId) -> Result<Option<(Summary, LogPlace, Option<Answer>)>, StoreError> {
        let sql = format!(
            "SELECT {}, a.headers, a.body, a.interim, a.body_bytes, d.segment, d.position, d.record_bytes
             FROM {} WHERE d.id = ?1{}",
            row::SUMMARY_COLUMNS,
            row::SUMMARY_TABLES,
            self.shown()?
        );
        let failed = |source| self.failed(source);
        let mut statement = self.connection()?.prepare_cached(&sql).map_err(failed)?;
        let rest = |row: &Row<'_>| Ok((row::place(row, row::ANSWER + 8)?, row::answer(row, row::ANSWER)?));
        let read = |row: &Row<'_>| {
            Ok(row::summary(row)?.and_then(|summary| {
                let (place, answer) = rest(row).map_err(|source| StoreError::UnreadableRow { id, source })?;
                Ok((summary, place, answer))
            }))
        };
        statement.query_row([id.0], read).optional().map_err(failed)?.transpose()
    }

    /// The highest number of a delivery; 0 when there is none. A row beyond what the log holds does not count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn newest(&self) -> Result<DeliveryId, StoreError> {
        let newest = self
            .connection()?
            .query_row("SELECT max(id) FROM deliveries", [], |row| row.get::<_, Option<i64>>(0))
            .map_err(|source| self.failed(source))?;
        let newest = DeliveryId(newest.unwrap_or(0));
        Ok(self.tail.durable(&self.location).map_or(newest, |durable| newest.min(durable)))
    }

    /// Number, time and record's length of every delivery, the newest first; with or without those that are pinned.
    pub(super) fn each_size(
        &self,
        pinned: bool,
        mut look: impl FnMut(DeliveryId, Timestamp, u64),
    ) -> Result<(), StoreError> {
        let failed = |source| self.failed(source);
        let unpinned = if pinned { "" } else { " WHERE id NOT IN (SELECT id FROM marks WHERE pinned)" };
        let sql = format!("SELECT id, received_us, record_bytes FROM deliveries{unpinned} ORDER BY id DESC");
        let mut statement = self.connection()?.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let id = DeliveryId(row.get(0).map_err(failed)?);
            let received_at = Timestamp::from_microsecond(row.get(1).map_err(failed)?)
                .map_err(|_| StoreError::UnknownValue { id, column: "received_us" })?;
            look(id, received_at, row.get::<_, i64>(2).map_err(failed)?.unsigned_abs());
        }
        Ok(())
    }

    /// When each delivery was received, in Unix microseconds, and its number; sorted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn moments(&self) -> Result<Vec<(i64, DeliveryId)>, StoreError> {
        let mut moments = Vec::new();
        self.each_size(true, |id, received_at, _| moments.push((received_at.as_microsecond(), id)))?;
        moments.sort_unstable();
        Ok(moments)
    }

    /// Bytes of a delivery's record in the log; 0 when there is no such delivery.
    pub(super) fn record_bytes(&self, id: DeliveryId) -> Result<u64, StoreError> {
        self.connection()?
            .prepare_cached("SELECT record_bytes FROM deliveries WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([id.0], |row| row.get::<_, i64>(0)).optional())
            .map(|bytes| bytes.unwrap_or(0).unsigned_abs())
            .map_err(|source| self.failed(source))
    }

    /// What was found out about a delivery's signature, as JSON; `None` when nothing was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn diagnosis(&self, id: DeliveryId) -> Result<Option<String>, StoreError> {
        self.connection()?
            .prepare_cached("SELECT diagnosis FROM diagnoses WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([id.0], |row| row.get(0)).optional())
            .map_err(|source| self.failed(source))
    }

    /// Deliveries whose signature needs an explanation and has none: of those after `after` and the newest `reach`, those
    /// with bodies of up to `bytes` that are not `seen`, the newest first and up to `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn unexplained(
        &self,
        (after, reach): (DeliveryId, u64),
        bytes: u64,
        seen: &BTreeSet<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let failed = |source| self.failed(source);
        let sql = format!(
            "SELECT d.id FROM deliveries d
             WHERE d.id > max(?3, (SELECT max(id) FROM deliveries) - ?1) AND d.body_bytes <= ?2
               AND (d.verdict NOT IN ('verified', 'no_secret', 'not_judged')
                    OR (d.verdict = 'verified' AND d.timestamp IS NOT NULL AND d.fresh IS NOT 1))
               AND NOT EXISTS (SELECT 1 FROM diagnoses x WHERE x.id = d.id){} ORDER BY d.id DESC",
            self.shown()?
        );
        let mut statement = self.connection()?.prepare_cached(&sql).map_err(failed)?;
        let [reach, bytes] = [reach, bytes].map(|bound| i64::try_from(bound).unwrap_or(i64::MAX));
        let found = statement.query_map([reach, bytes, after.0], |row| row.get(0).map(DeliveryId)).map_err(failed)?;
        let is_new = |id: &rusqlite::Result<DeliveryId>| id.as_ref().map_or(true, |id| !seen.contains(id));
        found.filter(is_new).take(limit).collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// How many deliveries there are. Takes time in proportion to them: keep it off the interface.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.connection()?
            .query_row(
                "SELECT (SELECT count(*) FROM deliveries) - (SELECT count(*) FROM deleted x JOIN deliveries d ON d.id = x.id)",
                [],
                |row| row.get::<_, i64>(0),
            )
            .map(i64::unsigned_abs)
            .map_err(|source| self.failed(source))
    }

    /// How many deliveries there are of each verdict, by its code. Takes time in proportion to all of them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn verdict_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let shown = self.shown()?;
        let connection = self.connection()?;
        let read = || {
            let sql =
                format!("SELECT verdict, count(*) FROM deliveries d WHERE true{shown} GROUP BY verdict ORDER BY 1");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|source| self.failed(source))
    }

    /// How many deliveries come after `after`, up to `last` and no more than `most`, and the highest
    /// of them: so that a million are counted in parts.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn count_from(
        &self,
        after: DeliveryId,
        last: DeliveryId,
        most: usize,
    ) -> Result<(u64, Option<DeliveryId>), StoreError> {
        let sql = format!(
            "SELECT count(*), max(id) FROM
            (SELECT d.id AS id FROM deliveries d WHERE d.id > ?1 AND d.id <= ?2{} ORDER BY d.id LIMIT ?3)",
            self.shown()?
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.connection()?
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement.query_row(params![after.0, last.0, most], |row| {
                    Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Option<i64>>(1)?.map(DeliveryId)))
                })
            })
            .map_err(|source| self.failed(source))
    }

    /// A number that changes with every commit of another connection, told without reading anything.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        let connection = self.connection()?;
        let version: i64 = connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|source| self.failed(source))?;
        Ok(version.wrapping_add(self.tail.changes() << 32))
    }

    /// Until what is returned is dropped, each call sees the store as it is now, and SQLite takes its locks once. The index's
    /// write-ahead log grows meanwhile where somebody writes: it is not to be held while anything waits.
    pub(super) fn view(&self) -> Result<View<'_>, StoreError> {
        let transaction = self.connection()?.unchecked_transaction().map_err(|source| self.failed(source))?;
        Ok(View { _transaction: transaction, _walk: Walk::begin(&self.walks) })
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// The connection, once it shows everything that is on disk.
    pub(super) fn connection(&self) -> Result<&Connection, StoreError> {
        if self.walks.get() == 0 {
            self.tail.catch_up(&self.location, &self.connection)?;
        }
        Ok(&self.connection)
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sqlite(self.location.file(), "read", source)
    }
}

/// The store as it was at one moment.
#[derive(Debug)]
pub(super) struct View<'a> {
    _transaction: Transaction<'a>,
    _walk: Walk<'a>,
}

/// A statement whose rows are being read.
#[derive(Debug)]
struct Walk<'a>(&'a Cell<u32>);

impl<'a> Walk<'a> {
    fn begin(walks: &'a Cell<u32>) -> Self {
        walks.set(walks.get() + 1);
        Self(walks)
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A delivery of what its row and its record hold.
fn whole(summary: Summary, content: RecordContent, answer: Option<Answer>) -> Delivery {
    let RecordContent { head, body, framing } = content;
    Delivery { summary, head: Head::read(head), body, framing, answer }
}
