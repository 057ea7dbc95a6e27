//! Pruning where there is no room for a copy of what stays: what goes becomes blank where it lies.
//!
//! Some rows at a time, so that SQLite's log does not need more room than there is: one synced transaction deletes them and
//! notes the segment in `prunings`; then the records become blank ([`super::blanks`]); then the note goes. After a `kill -9` before the last
//! step, the next writer finishes it. Blank records go when the segment is next copied.

use super::StoreError;
use super::blanks::{BLANKED, RecordRun, blank, places, runs};
use super::log::LogPlace;
use super::prune::{Freed, PruneStage, Work};
use super::prune_segment::Task;
use super::settling::forget;
use crate::delivery::DeliveryId;

/// Rows that are deleted in one transaction: it takes some hundred kilobytes of SQLite's log.
const ROWS_AT_ONCE: i64 = 500;

impl Work<'_> {
    /// Prunes a segment without a copy, for as long as anything of it stays. Adds to `gone` what has gone, as soon as it has.
    pub(super) fn prune_in_place(
        &self,
        task: &Task,
        gone: &mut Freed,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        loop {
            let cut = self.cut(task, ROWS_AT_ONCE)?;
            if cut.deliveries == 0 || cut.kept.is_empty() {
                let committed = self.commit_copy(task, &cut, gone, watch)?;
                return self.conclude(task, committed, watch);
            }
            let runs = self.going(task.segment).map(runs).map_err(|source| self.failed(source))?;
            self.commit(task, &[], BLANKED, false)?;
            gone.deliveries += cut.deliveries;
            watch(PruneStage::Committed)?;
            blank(self.location, &self.keys.own, task.segment, &runs)?;
            gone.bytes += runs.iter().map(RecordRun::bytes).sum::<u64>();
            watch(PruneStage::Replaced)?;
            let connection = self.index.connection();
            forget(connection, task.segment).map_err(|source| self.failed(source))?;
            // The next rows go to the beginning of SQLite's log again. Where a reader keeps it from that, it grows.
            let _ = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        }
    }

    /// Where the records lie that go, in the order in which they lie.
    fn going(&self, segment: i64) -> rusqlite::Result<Vec<(DeliveryId, LogPlace)>> {
        let sql = "SELECT id, segment, position, record_bytes FROM deliveries
             WHERE id IN (SELECT id FROM temp.going) AND segment = ?1 ORDER BY position";
        places(self.index.connection(), sql, segment)
    }
}
