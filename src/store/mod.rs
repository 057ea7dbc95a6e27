//! The store: a log that holds every delivery as received, and an SQLite file as its index, which
//! people can query.
//!
//! | file | content |
//! |---|---|
//! | `whyhook.db-log/00000001.log` … | the log: each delivery's facts, head and body, end to end |
//! | `whyhook.db-log/key` | the key that seals the log's records, to recognise them after damage |
//! | `whyhook.db-log/marks` | what a person adds: pins, notes, tags, deletions |
//! | `whyhook.db-log/progress` | how far the log is on disk, and how far the index covers it |
//! | `whyhook.db` | the index: facts, where each record lies in the log, answers and attempts |
//! | `whyhook.db-wal`, `-shm` | SQLite's write-ahead log and its index |
//! | `whyhook.db-lock` | held by the one process that writes captures |
//! | `whyhook.db-reserve` | zeros that are given up where a full disk has no room for a deletion |
//! | `whyhook.db-socket` | the control interface of a running listener |
//! | `whyhook.db-token`, `-api` | the token of its port, and where that is |
//!
//! **The log is the truth.** One [`Writer`] thread appends deliveries in groups and syncs the log, and their senders are
//! answered; the rows of some milliseconds are committed together after that, so a row never refers to bytes
//! that are not on disk. Every answered delivery is visible to any number of [`Reader`]s, in this process or others: who
//! looks before the row has come waits for it, or reads the log's end. SQLite's commits are not synced: after `kill -9`
//! nothing is missing, after a power cut the last rows may be, and opening the store for writing rebuilds them from the
//! log. The same rebuilds a whole index that was deleted, or not copied together with the log. Damaged parts of the
//! log are skipped then, reported ([`Loss`]), and recorded in the index.
//!
//! Answers and attempts are in the index alone: a power cut or `kill -9` may take the last of them, and a new index
//! has none. [`Pruner`] deletes deliveries from both; rows deleted from the file's end by hand come back.
//! To remove everything, delete the file *and* the folder.

mod absent;
mod answered;
mod attempts;
mod blanks;
mod checkpoint;
mod committer;
mod content;
mod copying;
mod deliveries;
mod error;
mod facts;
mod followed;
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod identity;
mod in_place;
mod index;
mod index_queue;
mod live_prune;
mod location;
mod lock;
mod log;
mod log_window;
mod losses;
mod marks;
mod marks_file;
mod opening;
mod ordering;
mod progress;
mod prune;
mod prune_segment;
mod reader;
mod record;
mod recovery;
mod reserve;
mod retention;
mod retire;
mod retries;
mod room;
mod row;
mod scan;
mod schema;
mod seal;
mod search;
mod settling;
mod stored;
mod tail;
#[cfg(test)]
mod tests;
mod unreadable;
mod writer;
mod writer_handle;

pub use absent::{AbsentLog, SegmentHarm};
pub use answered::{AnsweredBatch, AnsweredRows};
pub use attempts::AttemptKeeper;
pub use content::StoredContent;
pub use deliveries::{Deliveries, DeliveryAndDiagnosis, ReadOutcome};
pub use error::StoreError;
pub use followed::{FollowedStore, StoreChange};
pub use live_prune::PruneWatch;
pub use location::Location;
pub use lock::{LockUse, StoreLock};
pub use losses::{LogLoss, Loss};
pub use marks_file::MarksDamage;
pub use ordering::StoreOrder;
pub use prune::{DoomedDeliveries, Freed, PruneStage, Pruner, Thoroughness};
pub use reader::{Page, Reader, StoreScan};
pub use retention::{PrunePlan, Retention};
pub use retire::RETENTION_INTERVAL;
pub use schema::{APPLICATION_ID, SCHEMA_VERSION};
pub use stored::{StoredBody, StoredDelivery};
pub use writer::{StoreEvent, Writer};
pub use writer_handle::{Keeping, Marking, Pruning, QUEUE_CAPACITY, QueueFull, WriterHandle};
