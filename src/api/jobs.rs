//! What takes longer than a request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::ApiProblem;

/// Jobs that are kept; the oldest that has ended is forgotten first.
const KEPT: usize = 64;
/// Jobs in progress at a time.
const RUNNING: usize = 8;

/// Jobs by their number, from 1.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    all: Mutex<AllJobs>,
}

#[derive(Debug, Default)]
struct AllJobs {
    last: u64,
    by_number: BTreeMap<u64, Job>,
}

#[derive(Debug)]
struct Job {
    kind: &'static str,
    progress: JobProgress,
    /// `None` while it runs.
    ended: watch::Sender<Option<JobEnd>>,
}

/// How far a job is, where that can be said.
#[derive(Debug, Clone, Default)]
pub(super) struct JobProgress(Arc<(AtomicU64, AtomicU64)>);

impl JobProgress {
    /// Sets how much there is to do.
    pub(super) fn expect(&self, total: u64) {
        self.0.1.store(total, Ordering::Relaxed);
    }

    /// Sets how much is done.
    pub(super) fn reach(&self, done: u64) {
        self.0.0.store(done, Ordering::Relaxed);
    }

    /// Null before it is known how much there is to do.
    fn json(&self) -> Value {
        let (done, total) = (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed));
        if total == 0 { Value::Null } else { json!({"done": done, "total": total}) }
    }
}

/// The result as JSON, or why there is none.
type JobEnd = Result<Value, String>;

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, AllJobs> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a job; its number.
    pub(super) fn begin(&self, kind: &'static str) -> Result<(u64, JobProgress), ApiProblem> {
        let mut all = self.lock();
        if all.by_number.values().filter(|job| job.ended.borrow().is_none()).count() >= RUNNING {
            return Err(ApiProblem::busy(format!("{RUNNING} jobs are in progress")));
        }
        while all.by_number.len() >= KEPT {
            let Some(oldest) = all.by_number.iter().find(|(_, job)| job.ended.borrow().is_some()).map(|(at, _)| *at)
            else {
                break;
            };
            all.by_number.remove(&oldest);
        }
        all.last += 1;
        let number = all.last;
        let progress = JobProgress::default();
        all.by_number.insert(number, Job { kind, progress: progress.clone(), ended: watch::Sender::new(None) });
        Ok((number, progress))
    }

    /// Ends it.
    pub(super) fn end(&self, number: u64, end: JobEnd) {
        if let Some(job) = self.lock().by_number.get(&number) {
            job.ended.send_replace(Some(end));
        }
    }

    /// The numbers of those in progress.
    pub(super) fn running(&self) -> Vec<u64> {
        let all = self.lock();
        all.by_number.iter().filter(|(_, job)| job.ended.borrow().is_none()).map(|(number, _)| *number).collect()
    }

    /// A job as JSON, and its end to wait for.
    pub(super) fn find(&self, number: u64) -> Result<(Value, watch::Receiver<Option<JobEnd>>), ApiProblem> {
        let all = self.lock();
        let job = all.by_number.get(&number).ok_or_else(|| ApiProblem::missing(format!("no job {number}")))?;
        let (state, result, error) = match &*job.ended.borrow() {
            None => ("running", Value::Null, None),
            Some(Ok(result)) => ("done", result.clone(), None),
            Some(Err(error)) => ("failed", Value::Null, Some(error.clone())),
        };
        let json = json!({
            "job": number,
            "kind": job.kind,
            "state": state,
            "progress": job.progress.json(),
            "result": result,
            "error": error,
        });
        Ok((json, job.ended.subscribe()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_bounded_and_the_oldest_that_ended_is_forgotten() {
        let jobs = Jobs::default();
        let (first, progress) = jobs.begin("prune").unwrap();
        for _ in 1..RUNNING {
            jobs.begin("prune").unwrap();
        }
        assert!(jobs.begin("prune").is_err());
        assert_eq!(jobs.running().len(), RUNNING);
        for number in 2..=RUNNING as u64 {
            jobs.end(number, Ok(json!({})));
        }
        for _ in 0..KEPT {
            let (number, _) = jobs.begin("prune").unwrap();
            jobs.end(number, Err("no disk".to_owned()));
        }
        assert_eq!(jobs.find(first).unwrap().0["state"], "running");
        assert_eq!(jobs.find(first).unwrap().0["progress"], Value::Null);
        progress.expect(5);
        progress.reach(2);
        assert_eq!(jobs.find(first).unwrap().0["progress"], json!({"done": 2, "total": 5}));
        assert!(jobs.find(2).is_err());
        let last = jobs.lock().last;
        let newest = jobs.find(last).unwrap().0;
        assert_eq!((&newest["state"], &newest["error"]), (&json!("failed"), &json!("no disk")));
    }
}
