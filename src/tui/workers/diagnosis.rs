//! The thread that finds out why a signature does not match: one question at a time, off the
//! listener's and the interface's threads, cancelled as soon as another is asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::latest_wins::{LatestWins, Rest};
use crate::delivery::DeliveryId;
use crate::inspect::diagnosis::Subject;
use crate::inspect::history::history;
use crate::server::ShownListener;
use crate::signature::diagnose::{Budget, Depth, SearchProgress};
use crate::store::{Location, Reader};
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::signature::state::{InquiryFinding, InquiryReport, Question};

/// The time limit of a search that nobody asked for.
const BY_ITSELF: Duration = Duration::from_secs(2);
/// The time limit of a search that a person asked for and is watching.
const WATCHED: Duration = Duration::from_secs(120);
/// Between two reports of progress.
const REPORTED: Duration = Duration::from_millis(100);

/// Takes questions; what it finds comes as messages.
pub(crate) struct DiagnosisWorker(LatestWins<Job>);

struct Job {
    id: DeliveryId,
    question: Question,
}

impl DiagnosisWorker {
    /// Starts the thread.
    pub(crate) fn start(
        location: &Location,
        listener: Arc<dyn ShownListener>,
        send: impl Fn(Message) + Send + 'static,
    ) -> Result<Self, TuiError> {
        let worker = Worker { reader: Reader::open(location)?, listener, send };
        let look_into = move |job: Job, is_wanted: &dyn Fn() -> bool| {
            worker.look_into(&job, is_wanted);
        };
        let is_watched = |job: &Job| job.patience() == WATCHED;
        Ok(Self(LatestWins::start_giving_way("whyhook-diagnosis", Rest::Eager(is_watched), look_into)?))
    }

    /// Asks a question, and cancels the previous one.
    pub(crate) fn ask(&self, id: DeliveryId, question: Question) {
        self.0.ask(Job { id, question });
    }

    /// Cancels the search.
    pub(crate) fn stop(&self) {
        self.0.cancel();
    }
}

struct Worker<S> {
    reader: Reader,
    listener: Arc<dyn ShownListener>,
    send: S,
}

impl Job {
    /// How long it may take.
    fn patience(&self) -> Duration {
        match self.question {
            Question::Why(Depth::One | Depth::Pairs) | Question::Rewritings => BY_ITSELF,
            Question::Why(Depth::Triples | Depth::Deep) | Question::ExplainDigest(_) => WATCHED,
        }
    }
}

impl<S: Fn(Message)> Worker<S> {
    fn look_into(&self, job: &Job, is_wanted: &dyn Fn() -> bool) {
        crate::system::panic::panic_for_test("diagnosis");
        let report = match self.reader.load(job.id) {
            Ok(Some(delivery)) => self.search(job, &delivery, is_wanted),
            Ok(None) => InquiryReport::Failed(format!("delivery {} is no longer in the store", job.id)),
            Err(error) => InquiryReport::Failed(error.to_string()),
        };
        if is_wanted() {
            (self.send)(Message::Inquiry(job.id, report));
        }
    }

    fn search(&self, job: &Job, delivery: &crate::delivery::Delivery, is_wanted: &dyn Fn() -> bool) -> InquiryReport {
        let deadline = Instant::now() + job.patience();
        let go_on = || is_wanted() && Instant::now() < deadline;
        let reported = std::cell::Cell::new(Instant::now());
        let progress = |progress: SearchProgress| {
            if reported.get().elapsed() >= REPORTED {
                reported.set(Instant::now());
                (self.send)(Message::Inquiry(job.id, InquiryReport::Progress(progress)));
            }
        };
        let registry = self.listener.registry();
        let subject = Subject::of(delivery, &registry);
        match &job.question {
            Question::Why(depth) => {
                let budget = Budget { depth: *depth, go_on: &go_on, progress: &progress, ..Budget::default() };
                let history = history(&self.reader, delivery, &registry);
                let found = Arc::new(subject.why(&history, &budget));
                if is_wanted() {
                    self.listener.keep_diagnosis(job.id, &found);
                }
                InquiryReport::Found(InquiryFinding::Why(*depth, found))
            }
            Question::Rewritings => InquiryReport::Found(InquiryFinding::Rewritings(Arc::new(subject.rewritings()))),
            Question::ExplainDigest(text) => {
                let budget = Budget { go_on: &go_on, progress: &progress, ..Budget::default() };
                match subject.explain_digest(text, &budget) {
                    Ok(found) => InquiryReport::Found(InquiryFinding::ExplainDigest(Arc::new(found))),
                    Err(error) => InquiryReport::Failed(error.to_string()),
                }
            }
        }
    }
}
