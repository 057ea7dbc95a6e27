//! Deliveries in the order of their answers, as they come: none is lost when whoever reads them is slow, or when the store
//! cannot be read for a while.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::params;

use super::{Location, Reader, StoreError, row};
use crate::delivery::{DeliveryId, Summary};

/// Rows read from the store at once.
const PAGE_ROWS: usize = 500;
/// When a store that could not be read is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows the store; nothing is held in memory for it but the numbers of what is not answered yet.
pub struct AnsweredRows {
    reader: Reader,
    /// Deliveries up to this one have been seen.
    last: DeliveryId,
    /// Seen, and not yet answered.
    open: BTreeSet<DeliveryId>,
    /// Told to be unreadable, of those after `last`: a row that should not be there must not hide what comes before it.
    unreadable: BTreeSet<DeliveryId>,
    /// Why the store could not be read the last time, if it could not.
    failure: Option<String>,
}

/// What has come since it was last asked.
#[derive(Debug, Default)]
pub struct AnsweredBatch {
    /// What has been answered.
    pub ready: Vec<Summary>,
    /// What could not be read: single deliveries, which are passed over, or the store for now. Each is told once.
    pub faults: Vec<StoreError>,
    /// Whether there is more to take at once.
    pub more: bool,
}

impl AnsweredRows {
    /// Begins after the delivery `last`.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn after(location: &Location, last: DeliveryId) -> Result<Self, StoreError> {
        Ok(Self {
            reader: Reader::open(location)?,
            last,
            open: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            failure: None,
        })
    }

    /// What has been answered since this was last asked. Where the store cannot be read, nothing is taken out: it comes once
    /// it can.
    pub fn take(&mut self) -> AnsweredBatch {
        match self.try_take() {
            Ok(batch) => {
                self.failure = None;
                batch
            }
            Err(error) => {
                let words = Some(error.to_string());
                let is_news = self.failure != words;
                self.failure = words;
                AnsweredBatch { faults: is_news.then_some(error).into_iter().collect(), ..AnsweredBatch::default() }
            }
        }
    }

    /// When to ask again even if nothing has come: after the store could not be read.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.failure.as_ref().map(|_| AGAIN)
    }

    /// Waits until somebody pokes, or it is time to ask again; `false` once nobody can poke any more. One look serves all
    /// pokes that have come.
    #[must_use]
    pub fn wait(&self, pokes: &mpsc::Receiver<()>) -> bool {
        let poked = match self.retry() {
            Some(patience) => pokes.recv_timeout(patience),
            None => pokes.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
        };
        while pokes.try_recv().is_ok() {}
        poked != Err(mpsc::RecvTimeoutError::Disconnected)
    }

    fn try_take(&mut self) -> Result<AnsweredBatch, StoreError> {
        let mut batch = AnsweredBatch::default();
        let mut settled = Vec::new();
        for id in &self.open {
            match self.reader.summary(*id) {
                Ok(Some(summary)) if summary.answer.is_none() => continue,
                Ok(summary) => batch.ready.extend(summary),
                Err(error) if error.is_of_one_delivery() => batch.faults.push(error),
                Err(error) => return Err(error),
            }
            settled.push(*id);
        }
        let (rows, more) = self.reader.each_after(self.last, PAGE_ROWS)?;
        // Nothing fails any more: what is taken out is told.
        for id in &settled {
            self.open.remove(id);
        }
        batch.more = more;
        for (id, row) in rows {
            // A full page is left behind in any case.
            if more || row.is_ok() {
                self.last = id;
            }
            match row {
                // What was imported is answered by nobody: it would be looked for again and again.
                Ok(summary) if summary.answer.is_some() || summary.is_imported() => batch.ready.push(summary),
                Ok(_) => drop(self.open.insert(id)),
                Err(error) => batch.faults.extend(self.unreadable.insert(id).then_some(error)),
            }
        }
        self.unreadable = self.unreadable.split_off(&self.last);
        Ok(batch)
    }

    /// Whether something that was seen is not answered yet.
    #[must_use]
    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The deliveries that were seen and are not answered yet, the oldest first.
    pub fn open(&self) -> impl Iterator<Item = DeliveryId> + '_ {
        self.open.iter().copied()
    }

    /// The newest delivery that was looked at.
    #[must_use]
    pub fn last(&self) -> DeliveryId {
        self.last
    }

    /// What it reads with.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}

/// A delivery's number, and what its row holds.
type ReadRow = (DeliveryId, Result<Summary, StoreError>);

impl Reader {
    /// Up to `limit` deliveries after `last`, the oldest first, and whether there may be more: what one row holds spoils no
    /// other. Where the store ends to be readable, those before come first, and the next call fails.
    fn each_after(&self, last: DeliveryId, limit: usize) -> Result<(Vec<ReadRow>, bool), StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE d.id > ?1{} ORDER BY d.id LIMIT ?2",
            row::SUMMARY_COLUMNS,
            row::SUMMARY_TABLES,
            self.shown()?
        );
        let failed = |source| self.failed(source);
        let mut statement = self.connection()?.prepare_cached(&sql).map_err(failed)?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![last.0, most], |row| Ok((DeliveryId(row.get(0)?), row::summary(row)?)))
            .map_err(failed)?;
        let mut read = Vec::new();
        for row in rows {
            match row {
                Ok(row) => read.push(row),
                Err(source) if read.is_empty() => return Err(failed(source)),
                Err(_) => return Ok((read, true)),
            }
        }
        let more = read.len() == limit;
        Ok((read, more))
    }
}
