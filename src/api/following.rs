//! Deliveries as they come, each once and in the order of their numbers: for a stream, and for `list --follow` on the files.
//!
//! Whether a delivery matches may hang on its answer, which comes later. [`AnsweringListener`] says whether it still may, and
//! [`Query::so_far`] whether it decides; `whyhook wait` goes by the same two.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::delivery::{DeliveryId, Summary};
use crate::query::{QueriedField, Query};
use crate::store::{Location, Page, Reader, StoreError, StoredContent};

/// Rows looked at in one go.
const ROWS: usize = 256;
/// How long others wait behind a delivery for its answer, so that they are told in the order of their numbers.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
/// Later than any answer: a rule may wait, hold and wait again for an hour each.
const LONGEST_ANSWER: SignedDuration = SignedDuration::from_hours(4);
/// How much earlier than the listener's lock a delivery may seem to have come: file systems round times.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(1);
/// The most deliveries whose answers are looked for.
const OPEN_LIMIT: usize = 2048;
/// The most deliveries that an event's id names, the newest: every event carries them, and a request's header all at once.
const UNTOLD_LIMIT: usize = 256;

/// What is known of the listener that may still answer a delivery.
#[derive(Debug, Clone, Default)]
pub struct AnsweringListener {
    /// What waits for a person's decision.
    pub held: BTreeSet<DeliveryId>,
    /// Where the listener began; `None` while none runs.
    began: Option<Began>,
}

/// Where a listener began: what came before was another's.
#[derive(Debug, Clone, Copy)]
enum Began {
    After(DeliveryId),
    At(Timestamp),
}

impl AnsweringListener {
    /// A listener that began with the delivery after `behind`.
    #[must_use]
    pub fn running(behind: DeliveryId, held: BTreeSet<DeliveryId>) -> Self {
        Self { held, began: Some(Began::After(behind)) }
    }

    /// As far as the files of a store tell. To be asked before the rows are read that it is asked about: what a listener has
    /// answered is in the store when it ends.
    #[must_use]
    pub fn by_files(location: &Location) -> Self {
        Self { held: BTreeSet::new(), began: location.in_use_since().map(Began::At) }
    }

    /// Whether a listener runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.began.is_some()
    }

    /// Whether a delivery's answer may still come: it was received by the listener that runs, and is not answered.
    #[must_use]
    pub fn may_answer(&self, summary: &Summary) -> bool {
        let came = summary.received_at;
        let is_its_own = match self.began {
            None => false,
            Some(Began::After(last)) => summary.id > last,
            Some(Began::At(moment)) => came.duration_since(moment) >= -CLOCK_SLACK,
        };
        is_its_own
            && summary.answer.is_none()
            && !summary.is_imported()
            && Timestamp::now().duration_since(came) < LONGEST_ANSWER
    }
}

/// Where somebody who was cut off goes on. Its text is the `id:` of an event: `193`, or `193;190,192` where those two were
/// passed without being told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumePoint {
    /// Deliveries up to this one have been told, or passed over.
    pub last: DeliveryId,
    /// Those of them whose answers decide whether they are told, and which were not known yet; in the order of their numbers.
    pub untold: Vec<DeliveryId>,
}

impl ResumePoint {
    /// Behind a delivery, with nothing left untold.
    #[must_use]
    pub fn after(last: DeliveryId) -> Self {
        Self { last, untold: Vec::new() }
    }
}

impl fmt::Display for ResumePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.last)?;
        let mut mark = ';';
        for id in &self.untold {
            write!(f, "{mark}{id}")?;
            mark = ',';
        }
        Ok(())
    }
}

/// Not the id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of an event, such as 7 or 7;5,6")]
pub struct NoResumePoint;

impl FromStr for ResumePoint {
    type Err = NoResumePoint;

    fn from_str(text: &str) -> Result<Self, NoResumePoint> {
        let number = |text: &str| match text.parse() {
            Ok(id @ 0..) => Ok(DeliveryId(id)),
            _ => Err(NoResumePoint),
        };
        let Some((last, untold)) = text.split_once(';') else { return number(text).map(Self::after) };
        let last = number(last)?;
        let untold = untold.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
        let is_before = untold.is_sorted() && untold.last().is_some_and(|id| *id <= last);
        if is_before && untold.len() <= UNTOLD_LIMIT { Ok(Self { last, untold }) } else { Err(NoResumePoint) }
    }
}

/// Where somebody is who follows the store.
#[derive(Debug)]
pub struct Following {
    query: Query,
    /// Deliveries up to this one have been told, or passed over.
    last: DeliveryId,
    /// Whether those before it are still to be looked for that wait for their answers.
    resumes: bool,
    /// Whether a delivery is told with its answer.
    settled: bool,
    /// Passed without an answer, and whether they were told.
    open: BTreeMap<DeliveryId, bool>,
    /// Since when an answer is waited for.
    waiting: Option<Instant>,
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum FollowNews {
    /// A delivery is on disk. With where to go on behind it.
    Delivery(Box<Summary>, ResumePoint),
    /// One whose answer decided, which came after those behind it had been told.
    Late(Box<Summary>, ResumePoint),
    /// One that was told before has its answer.
    Answered(Box<Summary>),
    /// These numbers, both ends included, are no longer in the store.
    Missed(DeliveryId, DeliveryId),
}

/// What one look has found.
#[derive(Debug, Default)]
pub struct FollowLook {
    /// In the order in which to tell it.
    pub news: Vec<FollowNews>,
    /// Whether there is more to look at already.
    pub more: bool,
    /// How long to wait for an answer at most, where one is waited for.
    pub patience: Option<Duration>,
}

impl Following {
    /// Whoever has been told up to `last`. With `settled`, or a filter that asks for the answer, a delivery is told once
    /// its answer is known; those behind it wait for two seconds at most, and not while it is held. One that does not hang on
    /// its answer is told then, the others once they are answered, or cannot be any more.
    #[must_use]
    pub fn new(query: Query, last: DeliveryId, settled: bool) -> Self {
        let settled = settled || query.fields().contains(&QueriedField::Answer);
        Self { query, last, resumes: false, settled, open: BTreeMap::new(), waiting: None }
    }

    /// Where to go on from here.
    #[must_use]
    pub fn resume_point(&self) -> ResumePoint {
        self.point_with(&[])
    }

    /// The same while `pending` are not told yet, in the order of their numbers.
    fn point_with(&self, pending: &[DeliveryId]) -> ResumePoint {
        let open = self.open.iter().filter(|(_, was_told)| !**was_told).map(|(id, _)| *id);
        let mut untold: Vec<DeliveryId> = pending.iter().copied().chain(open).collect();
        untold.sort_unstable();
        untold.drain(..untold.len().saturating_sub(UNTOLD_LIMIT));
        ResumePoint { last: self.last, untold }
    }

    /// Goes on from another place. What was told there without its answer, and has none yet, is looked for.
    pub fn resume(&mut self, point: &ResumePoint) {
        (self.last, self.resumes, self.waiting) = (point.last, true, None);
        self.open = point.untold.iter().map(|id| (*id, false)).collect();
    }

    /// What there is to tell, while the listener is as `answering` says.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn look(&mut self, reader: &Reader, answering: &AnsweringListener) -> Result<FollowLook, StoreError> {
        let mut look = FollowLook::default();
        let now = Timestamp::now();
        if std::mem::take(&mut self.resumes) {
            self.look_back(reader, answering, now)?;
        }
        self.look_again(reader, answering, &mut look.news)?;
        let rows = reader.page(Page::After(self.last), ROWS)?;
        look.more = rows.len() == ROWS;
        for summary in rows.into_iter().rev() {
            let id = summary.id;
            let is_open = answering.may_answer(&summary);
            let matches = self.so_far(reader, &summary, is_open, now);
            if self.settled && is_open && matches != Some(false) && !answering.held.contains(&id) {
                let since = *self.waiting.get_or_insert_with(Instant::now);
                let left = ANSWER_PATIENCE.saturating_sub(since.elapsed());
                if !left.is_zero() {
                    (look.more, look.patience) = (false, Some(left));
                    return Ok(look);
                }
            } else {
                self.waiting = None;
            }
            let expected = self.last.0.saturating_add(1);
            if id.0 > expected {
                look.news.push(FollowNews::Missed(DeliveryId(expected), DeliveryId(id.0 - 1)));
            }
            self.last = id;
            if is_open && matches != Some(false) {
                self.open.insert(id, matches == Some(true));
                if self.open.len() > OPEN_LIMIT {
                    self.open.pop_first();
                }
            }
            if matches == Some(true) {
                look.news.push(FollowNews::Delivery(Box::new(summary), self.resume_point()));
            }
        }
        Ok(look)
    }

    /// Whether one that was passed without an answer waits for it, and nothing in the store tells when it cannot come any
    /// more.
    #[must_use]
    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// What has become of those that were passed without an answer.
    fn look_again(
        &mut self,
        reader: &Reader,
        answering: &AnsweringListener,
        news: &mut Vec<FollowNews>,
    ) -> Result<(), StoreError> {
        let (mut found, mut late) = (Vec::new(), Vec::new());
        for (id, was_told) in std::mem::take(&mut self.open) {
            let summary = match reader.summary(id) {
                // Its row was read before. The others can still be.
                Err(error) if error.is_of_one_delivery() => None,
                summary => summary?,
            };
            let Some(summary) = summary else { continue };
            if answering.may_answer(&summary) {
                self.open.insert(id, was_told);
            } else if (summary.answer.is_some() || !was_told) && self.matches(reader, &summary) {
                late.extend((!was_told).then_some(id));
                found.push((Box::new(summary), was_told));
            }
        }
        // Whoever is cut off between two of them is told those behind.
        let mut pending = late.as_slice();
        news.extend(found.into_iter().map(|(summary, was_told)| {
            if was_told {
                return FollowNews::Answered(summary);
            }
            pending = pending.get(1..).unwrap_or_default();
            FollowNews::Late(summary, self.point_with(pending))
        }));
        Ok(())
    }

    /// Finds those that were passed before somebody was cut off, and wait for their answers still.
    fn look_back(&mut self, reader: &Reader, answering: &AnsweringListener, now: Timestamp) -> Result<(), StoreError> {
        let before = Page::Before(DeliveryId(self.last.0.saturating_add(1)));
        for summary in reader.page(before, ROWS)? {
            if !answering.may_answer(&summary) || self.open.contains_key(&summary.id) {
                continue;
            }
            match self.so_far(reader, &summary, true, now) {
                Some(false) => {}
                matches => drop(self.open.insert(summary.id, matches.is_some())),
            }
        }
        Ok(())
    }

    fn so_far(&self, reader: &Reader, summary: &Summary, is_open: bool, now: Timestamp) -> Option<bool> {
        let content = StoredContent::new(reader, summary.id);
        if is_open {
            return self.query.so_far(summary, Some(&content), now);
        }
        Some(self.query.matches(summary, Some(&content), now))
    }

    fn matches(&self, reader: &Reader, summary: &Summary) -> bool {
        self.query.matches(summary, Some(&StoredContent::new(reader, summary.id)), Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::import::tests_delivery;

    #[test]
    fn an_event_s_id_is_a_number_and_names_what_is_untold() {
        let point = |last, untold: &[i64]| ResumePoint {
            last: DeliveryId(last),
            untold: untold.iter().copied().map(DeliveryId).collect(),
        };
        assert_eq!(point(193, &[]).to_string(), "193");
        assert_eq!(point(193, &[190, 192]).to_string(), "193;190,192");
        for wrong in ["", "-1", "7;", ";7", "7;5,", "7;8", "7;6,5", "7;-1", "x", "7;5;6", "99999999999999999999"] {
            assert_eq!(wrong.parse::<ResumePoint>(), Err(NoResumePoint), "{wrong}");
        }
        let many = (0..=UNTOLD_LIMIT).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(format!("999;{many}").parse::<ResumePoint>(), Err(NoResumePoint));
    }

    proptest! {
        #[test]
        fn an_event_s_id_is_read_as_it_is_written(untold in proptest::collection::btree_set(0..i64::MAX, 0..20)) {
            let last = DeliveryId(untold.last().copied().unwrap_or(7));
            let point = ResumePoint { last, untold: untold.into_iter().map(DeliveryId).collect() };
            prop_assert_eq!(point.to_string().parse(), Ok(point));
        }
    }

    #[test]
    fn an_answer_may_come_from_the_listener_that_received_the_delivery() {
        let mut summary = tests_delivery(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", b"").summary;
        let now = Timestamp::now();
        summary.received_at = now;
        let behind = |last| AnsweringListener::running(DeliveryId(last), BTreeSet::new());
        let after = |seconds| AnsweringListener {
            began: Some(Began::At(now + SignedDuration::from_secs(seconds))),
            ..AnsweringListener::default()
        };
        assert!(!behind(6).may_answer(&summary), "it is answered");
        summary.answer = None;
        assert!(behind(6).may_answer(&summary) && !behind(7).may_answer(&summary));
        assert!(after(-10).may_answer(&summary) && !after(10).may_answer(&summary));
        assert!(!AnsweringListener::default().may_answer(&summary), "no listener runs");
        summary.remote = crate::delivery::IMPORTED.to_owned();
        assert!(!behind(6).may_answer(&summary), "nobody answers what was imported");
        summary.remote = "127.0.0.1:5000".to_owned();
        summary.received_at = now - SignedDuration::from_hours(5);
        assert!(!behind(6).may_answer(&summary), "no rule waits so long");
    }
}
