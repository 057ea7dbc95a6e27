//! What takes longer than a request.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{Duration, Instant, timeout_at};

use super::ApiProblem;
use crate::server::{JobKind, JobProgress, JobRecord, JobTicket, RunningJobs};

/// Jobs that are kept; the oldest that has ended is forgotten first.
const KEPT: usize = 64;
/// Jobs in progress at a time.
const RUNNING: usize = 8;

/// How long a short job waits for a place among them.
const PATIENCE: Duration = Duration::from_secs(10);

/// Jobs by their number, which they share with all the long work of the run.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    all: Mutex<AllJobs>,
    /// Told when one has ended.
    freed: Notify,
}

#[derive(Debug, Default)]
struct AllJobs {
    by_number: BTreeMap<u64, Job>,
}

#[derive(Debug)]
struct Job {
    kind: JobKind,
    record: JobRecord,
    /// `None` while it runs.
    ended: watch::Sender<Option<JobEnd>>,
}

/// How a job has ended.
#[derive(Debug, Clone)]
pub(super) enum JobEnd {
    /// With this result.
    Done(Value),
    /// Before all was done, since somebody has cancelled it.
    Cancelled(Value),
    /// For this reason.
    Failed(String),
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, AllJobs> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a job; its number, and what tells the others of it.
    pub(super) fn begin(&self, kind: JobKind, running: &RunningJobs) -> Result<(u64, JobTicket), ApiProblem> {
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
        let ticket = running.begin(kind);
        let number = ticket.number();
        all.by_number.insert(number, Job { kind, record: ticket.record(), ended: watch::Sender::new(None) });
        Ok((number, ticket))
    }

    /// Begins a short job, which waits for a place: many may be begun at once.
    pub(super) async fn begin_short(
        &self,
        kind: JobKind,
        running: &RunningJobs,
    ) -> Result<(u64, JobTicket), ApiProblem> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Before the look: an end in between counts.
            let freed = self.freed.notified();
            match self.begin(kind, running) {
                Err(_) if Instant::now() < deadline => drop(timeout_at(deadline, freed).await),
                begun => return begun,
            }
        }
    }

    /// Ends it.
    pub(super) fn end(&self, number: u64, end: JobEnd) {
        if let Some(job) = self.lock().by_number.get(&number) {
            job.ended.send_replace(Some(end));
        }
        self.freed.notify_waiters();
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
        Ok((job.json(number), job.ended.subscribe()))
    }

    /// All that are known, and of those that `running` has besides (the interface's own) what is known of them; in the order
    /// in which they began.
    pub(super) fn list(&self, running: &RunningJobs) -> Vec<Value> {
        let others = running.running();
        let all = self.lock();
        let mut listed: BTreeMap<u64, Value> =
            all.by_number.iter().map(|(number, job)| (*number, job.json(*number))).collect();
        for other in others {
            listed.entry(other.number).or_insert_with(|| running_json(&other));
        }
        listed.into_values().collect()
    }
}

impl Job {
    fn json(&self, number: u64) -> Value {
        let (state, result, error) = match &*self.ended.borrow() {
            None => ("running", Value::Null, None),
            Some(JobEnd::Done(result)) => ("done", result.clone(), None),
            Some(JobEnd::Cancelled(result)) => ("cancelled", result.clone(), None),
            Some(JobEnd::Failed(error)) => ("failed", Value::Null, Some(error.clone())),
        };
        json!({
            "job": number,
            "kind": self.kind.code(),
            "state": state,
            "progress": self.record.progress().map(|(done, total)| json!({"done": done, "total": total})),
            "result": result,
            "error": error,
        })
    }
}

/// A job that was not begun over the control interface; it is known while it runs.
pub(super) fn running_json(job: &JobProgress) -> Value {
    json!({
        "job": job.number,
        "kind": job.kind.code(),
        "state": "running",
        "progress": (job.total > 0).then(|| json!({"done": job.done, "total": job.total})),
        "result": null,
        "error": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_short_job_waits_for_a_place() {
        let (jobs, running) = (Jobs::default(), RunningJobs::default());
        let all: Vec<_> = (0..RUNNING).map(|_| jobs.begin(JobKind::Prune, &running).unwrap()).collect();
        let waiting = jobs.begin_short(JobKind::Marks, &running);
        let ending = async {
            tokio::time::sleep(PATIENCE / 2).await;
            jobs.end(all[3].0, JobEnd::Done(json!({})));
        };
        let (begun, ()) = tokio::join!(waiting, ending);
        assert!(begun.is_ok());
        let refused = jobs.begin_short(JobKind::Marks, &running).await.unwrap_err();
        assert!(refused.to_string().contains("8 jobs are in progress"), "{refused}");
    }

    #[test]
    fn jobs_are_bounded_and_the_oldest_that_ended_is_forgotten() {
        let (jobs, running) = (Jobs::default(), RunningJobs::default());
        let begin = || jobs.begin(JobKind::Prune, &running);
        let (first, ticket) = begin().unwrap();
        for _ in 1..RUNNING {
            begin().unwrap();
        }
        assert!(begin().is_err());
        assert_eq!(jobs.running().len(), RUNNING);
        for number in 2..=RUNNING as u64 {
            jobs.end(number, JobEnd::Done(json!({})));
        }
        for _ in 0..KEPT {
            let (number, _ticket) = begin().unwrap();
            jobs.end(number, JobEnd::Failed("no disk".to_owned()));
        }
        assert_eq!(jobs.find(first).unwrap().0["state"], "running");
        assert_eq!(jobs.find(first).unwrap().0["progress"], Value::Null);
        assert!(ticket.advance(2, 5));
        assert_eq!(jobs.find(first).unwrap().0["progress"], json!({"done": 2, "total": 5}));
        assert!(jobs.find(2).is_err());
        let last = *jobs.lock().by_number.keys().last().unwrap();
        let newest = jobs.find(last).unwrap().0;
        assert_eq!((&newest["state"], &newest["error"]), (&json!("failed"), &json!("no disk")));
        // One that has ended is not cancelled; one that runs is asked to end, and says that it did.
        running.cancel(last);
        running.cancel(first);
        assert!(running.running().iter().all(|job| job.is_cancelled) && running.running().len() == 1);
        jobs.end(first, JobEnd::Cancelled(json!({"deleted": 3})));
        let first = jobs.find(first).unwrap().0;
        assert_eq!((&first["state"], &first["result"]["deleted"]), (&json!("cancelled"), &json!(3)));
    }
}
