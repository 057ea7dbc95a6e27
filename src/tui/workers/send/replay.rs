//! Replays of captured deliveries.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Halt, Tally, Worker, end, is_unsent, row};
use crate::config::{Registry, Settings};
use crate::delivery::{Attempt, AttemptKind, DeliveryId, Summary};
use crate::diff::{ComparedMessage, HeaderChange, MessageComparison};
use crate::http::{Client, ClientLimits, Target};
use crate::send::replay::{self, How};
use crate::send::{Origin, attempt, run_all};
use crate::signature::Scheme;
use crate::store::{Page, Reader};
use crate::tui::screens::send::panel::Panel;
use crate::tui::screens::send::state::SendProgress;
use crate::tui::screens::send::task::{Again, News, ReplayTask, Which};

/// Rows of earlier attempts that are looked through for one to the same target.
const EARLIER: usize = 50;
/// How many lines of differences from the previous response the panel shows.
const SHOWN_DIFFERENCES: usize = 12;

/// One sending to come.
struct Job {
    id: DeliveryId,
    target: Arc<Target>,
}

/// A sending that has ended, or could not begin.
struct Ended {
    id: DeliveryId,
    target: String,
    result: Result<Done, String>,
}

struct Done {
    attempt: Attempt,
    body: Bytes,
    remarks: Vec<(&'static str, String)>,
}

impl Worker {
    pub(super) async fn replay(
        &self,
        task: &ReplayTask,
        is_agreed: bool,
        client: &Client,
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        let (settings, reader) = (self.settings(), Reader::open(&self.location)?);
        let summaries = selected(&reader, &task.which)?;
        let jobs = jobs(&settings, task, &summaries)?;
        self.may_send(jobs.iter().map(|job| &*job.target), is_agreed)?;
        let total = jobs.len();
        let what = match &summaries[..] {
            [one] => format!("#{}", one.id),
            many => format!("{} deliveries", many.len()),
        };
        self.tell(News::Began(SendProgress { what, total, ..SendProgress::default() }));
        let registry = &settings.registry;
        let last = RefCell::new(None);
        let (mut delivered, mut unsent) = (0, 0);
        let begin = |job: Job| {
            let prepared = prepare(&reader, registry, task, &job);
            let (client, cancel) = (client.clone(), cancel.clone());
            let remarks = prepared.as_ref().map(|(replay, ..)| remarks(replay)).unwrap_or_default();
            async move {
                let target = job.target.to_string();
                let (replay, original) = match prepared {
                    Ok(prepared) => prepared,
                    Err(reason) => return Ended { id: job.id, target, result: Err(reason) },
                };
                let sent = client.send(&job.target, &replay.request, &ClientLimits::default(), &cancel).await;
                let origin = Origin { delivery: Some(job.id), kind: AttemptKind::Replay, mode: replay.mode };
                let attempt = attempt(origin, &job.target, &replay.request, Some(&original), sent);
                Ended { id: job.id, target, result: Ok(Done { attempt, body: replay.request.body, remarks }) }
            }
        };
        let done = |ended: Ended| {
            let what = format!("#{}", ended.id);
            match ended.result {
                Ok(mut done) => {
                    delivered += usize::from(done.attempt.is_delivered());
                    unsent += usize::from(is_unsent(&done.attempt));
                    if total == 1 {
                        done.remarks.extend(earlier(&reader, ended.id, &done.attempt));
                        done.remarks.extend(stale(&settings, &summaries, &done.attempt));
                    }
                    self.listener.keep_attempt(done.attempt.clone());
                    self.tell(News::Sent(row(what, &done.attempt)));
                    let scheme = scheme(registry, &summaries, ended.id);
                    last.replace(Some(Box::new(Panel::new(done.attempt, done.body, &scheme, done.remarks))));
                }
                Err(words) => {
                    unsent += 1;
                    let target = ended.target;
                    let sent = crate::tui::screens::send::state::SentOfMany {
                        what,
                        target,
                        status: None,
                        words,
                        is_delivered: false,
                    };
                    self.tell(News::Sent(sent));
                }
            }
        };
        let begun = run_all(jobs, task.pace, cancel, begin, done).await;
        self.tell(News::Finished(last.into_inner(), end(Tally { total, begun, delivered, unsent })));
        Ok(())
    }
}

fn selected(reader: &Reader, which: &Which) -> Result<Vec<Summary>, Halt> {
    match which {
        Which::One(id) => match reader.summary(*id)? {
            Some(summary) => Ok(vec![summary]),
            None => Err(Halt::Because(format!("delivery {id} is no longer in the store"))),
        },
        Which::Matching(query) => {
            let now = Timestamp::now();
            let mut found = reader.search(query, now, Page::Newest, usize::MAX, usize::MAX)?;
            found.rows.retain(|summary| summary.intake.is_whole());
            if found.rows.is_empty() {
                return Err(Halt::Because("no delivery that can be replayed matches the filter".to_owned()));
            }
            Ok(found.rows.into_iter().rev().collect())
        }
    }
}

/// Each delivery to each of its targets. A missing setting fails here, before anything is sent.
fn jobs(settings: &Settings, task: &ReplayTask, summaries: &[Summary]) -> Result<Vec<Job>, Halt> {
    let given: Vec<Arc<Target>> = task.to.iter().map(|url| url.parse().map(Arc::new)).collect::<Result<_, _>>()?;
    let mut jobs = Vec::with_capacity(summaries.len() * given.len().max(1));
    for summary in summaries {
        if matches!(task.how, Again::Resigned | Again::Edited) {
            replay::signing(&settings.registry, summary, None, None)?;
        }
        let targets = match given.is_empty() {
            true => vec![Arc::new(replay::default_target(&settings.registry, summary)?)],
            false => given.clone(),
        };
        jobs.extend(targets.into_iter().map(|target| Job { id: summary.id, target }));
    }
    Ok(jobs)
}

/// Makes the request just before it goes out, so that its timestamp is of that moment.
fn prepare(
    reader: &Reader,
    registry: &Registry,
    task: &ReplayTask,
    job: &Job,
) -> Result<(replay::Replay, Bytes), String> {
    let delivery = reader.load(job.id).map_err(|error| error.to_string())?;
    let delivery = delivery.ok_or_else(|| format!("delivery {} is no longer in the store", job.id))?;
    let how = match (task.how, &task.body) {
        (Again::Edited | Again::EditedUnsigned, Some(body)) => {
            How::Edited { body: body.clone(), resign: task.how == Again::Edited }
        }
        (Again::Resigned | Again::Edited, _) => How::Resigned,
        _ => How::AsCaptured,
    };
    let signing = || replay::signing(registry, &delivery.summary, None, None);
    let made = replay::prepare(&delivery, &job.target, &how, signing, Timestamp::now());
    made.map(|made| (made, delivery.body.clone())).map_err(|error| error.to_string())
}

fn scheme(registry: &Registry, summaries: &[Summary], id: DeliveryId) -> Scheme {
    let summary = summaries.iter().find(|summary| summary.id == id);
    let webhook = summary.and_then(|summary| replay::webhook_of(registry, summary));
    registry.signing_scheme(webhook).clone()
}

fn remarks(replay: &replay::Replay) -> Vec<(&'static str, String)> {
    let name = |index| if index == 0 { "Changed" } else { "" };
    replay.changes.iter().enumerate().map(|(index, change)| (name(index), change.words())).collect()
}

/// The previous attempt to the same target: its result, and what differs.
fn earlier(reader: &Reader, id: DeliveryId, now: &Attempt) -> Vec<(&'static str, String)> {
    let before = || {
        let rows = reader.attempts(id, EARLIER).ok()?;
        let row = rows.into_iter().find(|row| row.target == now.target)?;
        reader.attempt(row.id).ok()?
    };
    let Some(before) = before() else { return Vec::new() };
    let words = |attempt: &Attempt| match &attempt.result {
        Ok(reply) => reply.status.to_string(),
        Err(failure) => failure.code.clone(),
    };
    let (Ok(from), Ok(to)) = (&before.result, &now.result) else {
        return vec![("Earlier", format!("{}, now {}", words(&before), words(now)))];
    };
    let comparison = MessageComparison::of(&ComparedMessage::from(from), &ComparedMessage::from(to));
    if comparison.is_same() {
        return vec![("Earlier", format!("{}: the same response as the previous attempt", words(&before)))];
    }
    let is_date = |change: &HeaderChange| matches!(change, HeaderChange::Value { from, .. } if from.name.eq_ignore_ascii_case(b"date"));
    if comparison.start.is_none() && comparison.bytes.is_none() && comparison.headers.iter().all(is_date) {
        return vec![(
            "Earlier",
            format!("{}: the same response as the previous attempt, except the date", words(&before)),
        )];
    }
    let mut remarks = vec![("Earlier", format!("{}, now {}; differences:", words(&before), words(now)))];
    // A difference by JSON path is more useful than one by bytes.
    let comparison = MessageComparison { bytes: comparison.bytes.filter(|_| comparison.json.is_none()), ..comparison };
    let text = comparison.to_text();
    remarks.extend(text.lines().take(SHOWN_DIFFERENCES).map(|line| ("", line.to_owned())));
    if text.lines().count() > SHOWN_DIFFERENCES {
        remarks.push(("", "… the list of attempts shows every difference".to_owned()));
    }
    remarks
}

/// A refused replay of an old signature needs a new one, if the endpoint looks at the age.
fn stale(settings: &Settings, summaries: &[Summary], now: &Attempt) -> Option<(&'static str, String)> {
    let summary = summaries.first()?;
    let is_refused = now.status().is_some_and(|status| (400..500).contains(&status));
    let age = std::time::Duration::try_from(now.at.duration_since(summary.received_at)).ok()?;
    let is_captured = now.mode == crate::delivery::AttemptMode::AsCaptured;
    (is_refused && age > settings.tolerance && is_captured)
        .then(|| ("Fix", "the captured signature is old, so the endpoint may refuse it: send it re-signed".to_owned()))
}
