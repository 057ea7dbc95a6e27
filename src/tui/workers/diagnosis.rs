//! The thread that finds out why a signature does not match: one question at a time, off the
//! listener's and the interface's threads, cancelled as soon as another is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::priority::give_way;
use super::rest::Resting;
use crate::delivery::DeliveryId;
use crate::inspect::diagnosis;
use crate::server::listener::Control;
use crate::signature::diagnose::{Budget, Depth, Progress};
use crate::store::{Location, Reader, StoreError};
use crate::tui::app::message::Message;
use crate::tui::screens::signature::state::{Finding, Question, Report};

/// The time limit of a search that nobody asked for.
const BY_ITSELF: Duration = Duration::from_secs(2);
/// The time limit of a search that a person asked for and is watching.
const WATCHED: Duration = Duration::from_secs(120);
/// Between two reports of progress.
const REPORTED: Duration = Duration::from_millis(100);

/// Takes questions; what it finds comes as messages.
pub(crate) struct Diagnoser {
    jobs: mpsc::Sender<Job>,
    newest: Arc<AtomicU64>,
}

struct Job {
    number: u64,
    id: DeliveryId,
    question: Question,
}

impl Diagnoser {
    /// Starts the thread.
    pub(crate) fn start(
        location: &Location,
        control: Arc<Control>,
        send: impl Fn(Message) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let worker = Worker { reader: Reader::open(location)?, control, send, newest: Arc::default() };
        let newest = Arc::clone(&worker.newest);
        let (jobs, queue) = mpsc::channel();
        std::thread::Builder::new()
            .name("whyhook-diagnosis".to_owned())
            .spawn(move || worker.run(Resting::eager(queue)))
            .map_err(|source| StoreError::Io {
                action: "start the diagnosis of",
                path: location.file().to_owned(),
                source,
            })?;
        Ok(Self { jobs, newest })
    }

    /// Asks a question, and cancels the previous one.
    pub(crate) fn ask(&self, id: DeliveryId, question: Question) {
        let number = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        let _ = self.jobs.send(Job { number, id, question });
    }

    /// Cancels the search.
    pub(crate) fn stop(&self) {
        self.newest.fetch_add(1, Ordering::AcqRel);
    }
}

struct Worker<S> {
    reader: Reader,
    control: Arc<Control>,
    send: S,
    newest: Arc<AtomicU64>,
}

impl Job {
    /// How long it may take.
    fn patience(&self) -> Duration {
        match self.question {
            Question::Why(Depth::One | Depth::Pairs) | Question::Rewritings => BY_ITSELF,
            Question::Why(Depth::Triples | Depth::Deep) | Question::Whence(_) => WATCHED,
        }
    }
}

impl<S: Fn(Message)> Worker<S> {
    fn run(self, mut queue: Resting<Job>) {
        give_way();
        while let Some(job) = queue.next(|job| job.patience() == WATCHED) {
            self.look_into(&job);
        }
    }

    fn look_into(&self, job: &Job) {
        crate::system::panic::trap("diagnosis");
        let is_wanted = || self.newest.load(Ordering::Acquire) == job.number;
        if !is_wanted() {
            return;
        }
        let begun = Instant::now();
        tracing::debug!(delivery = job.id.0, "diagnosis begun");
        let report = match self.reader.load(job.id) {
            Ok(Some(delivery)) => self.search(job, &delivery, &is_wanted),
            Ok(None) => Report::Failed(format!("delivery {} is no longer in the store", job.id)),
            Err(error) => Report::Failed(error.to_string()),
        };
        let ms = crate::system::log::ms(begun.elapsed());
        if is_wanted() {
            tracing::debug!(delivery = job.id.0, ms, "diagnosis done");
            (self.send)(Message::Inquiry(job.id, report));
        } else {
            tracing::debug!(delivery = job.id.0, ms, "diagnosis given up");
        }
    }

    fn search(&self, job: &Job, delivery: &crate::delivery::Delivery, is_wanted: &dyn Fn() -> bool) -> Report {
        let deadline = Instant::now() + job.patience();
        let go_on = || is_wanted() && Instant::now() < deadline;
        let reported = std::cell::Cell::new(Instant::now());
        let progress = |progress: Progress| {
            if reported.get().elapsed() >= REPORTED {
                reported.set(Instant::now());
                (self.send)(Message::Inquiry(job.id, Report::Progress(progress)));
            }
        };
        let registry = self.control.registry();
        let subject = diagnosis::Subject::of(delivery, &registry);
        match &job.question {
            Question::Why(depth) => {
                let budget = Budget { depth: *depth, go_on: &go_on, progress: &progress, ..Budget::default() };
                let history = diagnosis::history(&self.reader, delivery);
                let found = Arc::new(subject.why(&history, &budget));
                if is_wanted() {
                    self.control.keep_diagnosis(job.id, &found);
                }
                Report::Found(Finding::Why(*depth, found))
            }
            Question::Rewritings => Report::Found(Finding::Rewritings(Arc::new(subject.rewritings()))),
            Question::Whence(text) => {
                let budget = Budget { go_on: &go_on, progress: &progress, ..Budget::default() };
                match subject.whence(text, &budget) {
                    Ok(found) => Report::Found(Finding::Whence(Arc::new(found))),
                    Err(error) => Report::Failed(error.to_string()),
                }
            }
        }
    }
}
