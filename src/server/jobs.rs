//! Long work of a run that is not a sending: whoever has begun it, every face sees how far it is, and may cancel it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Changes;

/// Where the numbers of jobs begin that an interface does itself while it is attached to a listener of another process.
pub const ATTACHED_JOBS: u64 = 1 << 32;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Deletes deliveries for good.
    Prune,
    /// Takes in deliveries of a file.
    Import,
    /// Writes deliveries to a file.
    Export,
    /// Shows what an export would replace.
    Redaction,
    /// Changes pins, notes and tags.
    Marks,
    /// Hides deliveries.
    Delete,
    /// Brings hidden ones back.
    Undelete,
    /// Sends deliveries again.
    Replay,
    /// Sends made-up ones.
    Simulate,
    /// Checks a server.
    Check,
    /// Judges stored deliveries again.
    Verify,
    /// What a listener of a later release does.
    Other,
}

impl JobKind {
    const ALL: [Self; 12] = [
        Self::Prune,
        Self::Import,
        Self::Export,
        Self::Redaction,
        Self::Marks,
        Self::Delete,
        Self::Undelete,
        Self::Replay,
        Self::Simulate,
        Self::Check,
        Self::Verify,
        Self::Other,
    ];

    /// As JSON has it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Prune => "prune",
            Self::Import => "import",
            Self::Export => "export",
            Self::Redaction => "redaction",
            Self::Marks => "marks",
            Self::Delete => "delete",
            Self::Undelete => "undelete",
            Self::Replay => "replay",
            Self::Simulate => "simulate",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Other => "job",
        }
    }

    /// The kind of this code; [`Self::Other`] where it is unknown.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or(Self::Other)
    }
}

/// The long work that is being done.
#[derive(Debug, Clone, Default)]
pub struct RunningJobs {
    all: Arc<Mutex<AllRunning>>,
    changes: Changes,
    begun_or_ended: Changes,
}

#[derive(Debug, Default)]
struct AllRunning {
    last: u64,
    by_number: BTreeMap<u64, Arc<JobState>>,
}

#[derive(Debug)]
struct JobState {
    kind: JobKind,
    done: AtomicU64,
    total: AtomicU64,
    is_cancelled: AtomicBool,
    /// Whether it was told to end before all was done.
    is_cut_off: AtomicBool,
}

/// One job, as it is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProgress {
    /// Its number in this run.
    pub number: u64,
    /// What it does.
    pub kind: JobKind,
    /// Deliveries that are done.
    pub done: u64,
    /// Deliveries in all; 0 while that is not known.
    pub total: u64,
    /// Whether it ends as soon as it can.
    pub is_cancelled: bool,
}

/// A job for whoever does it. It runs until this is dropped.
#[derive(Debug)]
pub struct JobTicket {
    jobs: RunningJobs,
    number: u64,
    state: Arc<JobState>,
}

/// How far a job is, or was.
#[derive(Debug, Clone)]
pub struct JobRecord(Arc<JobState>);

impl JobRecord {
    /// Deliveries that are done, and in all; `None` while it is not known how many.
    #[must_use]
    pub fn progress(&self) -> Option<(u64, u64)> {
        let (done, total) = (self.0.done.load(Ordering::Relaxed), self.0.total.load(Ordering::Relaxed));
        (total > 0).then_some((done, total))
    }

    /// Whether somebody has asked it to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }

    /// Whether it was told to end before all was done.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.0.is_cut_off.load(Ordering::Relaxed)
    }
}

impl RunningJobs {
    fn lock(&self) -> MutexGuard<'_, AllRunning> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a job.
    #[must_use = "the job ends when the ticket is dropped"]
    pub fn begin(&self, kind: JobKind) -> JobTicket {
        let (done, total, is_cancelled, is_cut_off) = Default::default();
        let state = Arc::new(JobState { kind, done, total, is_cancelled, is_cut_off });
        let number = {
            let mut all = self.lock();
            all.last += 1;
            let number = all.last;
            all.by_number.insert(number, Arc::clone(&state));
            number
        };
        self.changes.tell();
        self.begun_or_ended.tell();
        JobTicket { jobs: self.clone(), number, state }
    }

    /// Those that run, the oldest first.
    #[must_use]
    pub fn running(&self) -> Vec<JobProgress> {
        let all = self.lock();
        let progress = |(number, state): (&u64, &Arc<JobState>)| JobProgress {
            number: *number,
            kind: state.kind,
            done: state.done.load(Ordering::Relaxed),
            total: state.total.load(Ordering::Relaxed),
            is_cancelled: state.is_cancelled.load(Ordering::Relaxed),
        };
        all.by_number.iter().map(progress).collect()
    }

    /// Asks a job to end. What it has done by then stays done. Returns whether it still runs.
    pub fn cancel(&self, number: u64) -> bool {
        let state = self.lock().by_number.get(&number).cloned();
        if let Some(state) = &state {
            state.is_cancelled.store(true, Ordering::Relaxed);
            self.changes.tell();
        }
        state.is_some()
    }

    /// Told when a job begins or ends, and not how far it is.
    #[must_use]
    pub fn begun_or_ended(&self) -> &Changes {
        &self.begun_or_ended
    }

    /// Told when a job begins, ends, or has come further.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }
}

impl JobTicket {
    /// The number by which it is cancelled.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Says how far it is. Returns whether it should go on.
    pub fn advance(&self, done: u64, total: u64) -> bool {
        self.state.done.store(done, Ordering::Relaxed);
        self.state.total.store(total, Ordering::Relaxed);
        self.jobs.changes.tell();
        let goes_on = !self.state.is_cancelled.load(Ordering::Relaxed);
        if !goes_on && done < total {
            self.state.is_cut_off.store(true, Ordering::Relaxed);
        }
        goes_on
    }

    /// What it has come to, also when it has ended.
    #[must_use]
    pub fn record(&self) -> JobRecord {
        JobRecord(Arc::clone(&self.state))
    }
}

impl Drop for JobTicket {
    fn drop(&mut self) {
        self.jobs.lock().by_number.remove(&self.number);
        self.jobs.changes.tell();
        self.jobs.begun_or_ended.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_seen_from_its_beginning_to_its_end_and_cancelled_by_anybody() {
        let jobs = RunningJobs::default();
        let woken = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&woken);
        let watcher = jobs.changes().subscribe(move || _ = count.fetch_add(1, Ordering::Relaxed));
        let first = jobs.begin(JobKind::Prune);
        assert!(watcher.look());
        let second = jobs.begin(JobKind::Prune);
        assert!(first.advance(3, 10));
        let [one, other] = &jobs.running()[..] else { panic!("two run") };
        assert_eq!((one.number, one.kind, one.done, one.total, one.is_cancelled), (1, JobKind::Prune, 3, 10, false));
        assert_eq!((other.number, other.total), (2, 0));
        assert!(jobs.clone().cancel(first.number()));
        let (cut, whole) = (first.record(), second.record());
        assert!(!first.advance(4, 10) && second.advance(1, 1));
        drop(first);
        assert!(cut.is_cut_off() && !whole.is_cut_off());
        assert_eq!((cut.progress(), whole.progress()), (Some((4, 10)), Some((1, 1))));
        assert!(!jobs.cancel(1) && watcher.look());
        assert_eq!(jobs.running().len(), 1);
        drop(second);
        assert!(jobs.running().is_empty() && watcher.look());
        assert!(woken.load(Ordering::Relaxed) >= 3);
    }
}
