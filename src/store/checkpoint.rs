//! Bringing SQLite's write-ahead log into its file, beside the commits instead of within one of them.

use std::sync::mpsc;
use std::thread::JoinHandle;

use super::{Location, StoreError};
use crate::system::thread;

/// Pages that are committed between two checkpoints, about: 4 MB, as is SQLite's own default, which makes one commit
/// in some hundred wait for two syncs.
const PAGES: usize = 1000;
/// A commit writes a page of each table that it changes, and the one above; some eight rows fill one more.
const COMMIT_PAGES: usize = 3;
const PAGE_ROWS: usize = 8;

/// A thread with a connection of its own that checkpoints when it is told to.
///
/// Its checkpoints are passive: they wait for nobody and stop nobody. While commits never pause they
/// also never end at a moment at which SQLite may start its log again; for that case the writer's own
/// automatic checkpoint stays (see [`super::schema`]).
pub(super) struct Checkpointer {
    /// `None` once it is to end.
    nudge: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Since the last checkpoint.
    pages: usize,
}

impl Checkpointer {
    pub(super) fn start(location: &Location) -> Result<Self, StoreError> {
        let connection = location.connect_again()?;
        let (nudge, nudges) = mpsc::sync_channel(1);
        let thread = thread::spawn("whyhook-checkpoint", move || {
            for () in nudges {
                crate::system::panic::panic_for_test("checkpoint");
                // What fails now is tried again with the next; the log only grows meanwhile.
                match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                    Ok(()) => tracing::trace!("checkpoint done"),
                    Err(error) => tracing::debug!(reason = %error, "checkpoint failed"),
                }
            }
        })?;
        Ok(Self { nudge: Some(nudge), thread: Some(thread), pages: 0 })
    }

    /// Counts a commit of `rows` rows, and begins a checkpoint when there were enough.
    pub(super) fn committed(&mut self, rows: usize) {
        self.pages += COMMIT_PAGES + rows / PAGE_ROWS;
        if self.pages >= PAGES {
            self.pages = 0;
            // One that is still in progress serves as well.
            let _ = self.nudge.as_ref().map(|nudge| nudge.try_send(()));
        }
    }
}

impl Drop for Checkpointer {
    /// Waits for the end, so that nothing has the store open any more once the writer has ended.
    fn drop(&mut self) {
        self.nudge = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
