//! A line for each delivery once it has been answered, with its cause: read and made on a thread of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::delivery::{DeliveryId, Outcome, Summary, Verdict};
use crate::inspect::diagnosis::Subject;
use crate::inspect::history::history;
use crate::server::ShownListener;
use crate::signature::diagnose::{Budget, CauseKind};
use crate::store::{AnsweredBatch, AnsweredRows};
use crate::system::thread;
use crate::text::{grouped, visible};
use crate::tui::error::TuiError;
use crate::tui::event_loop::AnnouncedTo;

/// More than these at once are counted instead: nobody listens to a hundred lines.
const AT_ONCE: usize = 12;
/// How long a cause is searched for before its line is printed without.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the thread says.
pub(super) enum Announcement {
    /// A line.
    Line(String),
    /// Everything that had come when this look was asked for has its line.
    UpTo(AnnouncedTo),
}

/// Tells the thread that the store has grown.
pub(super) struct Announcer {
    poke: mpsc::Sender<()>,
    /// How often somebody asked how far it is.
    looks: Arc<AtomicU64>,
}

impl Announcer {
    /// Starts the thread; `say` gets each line, and how far they go each time that somebody asks.
    pub(super) fn start(
        listener: &Arc<dyn ShownListener>,
        say: impl Fn(Announcement) + Send + 'static,
    ) -> Result<Self, TuiError> {
        let rows = AnsweredRows::after(listener.location(), listener.last_before_run())?;
        let asked = Arc::clone(listener);
        let (poke, pokes) = mpsc::channel();
        let looks = Arc::new(AtomicU64::new(0));
        let asked_for = Arc::clone(&looks);
        thread::spawn("whyhook-announcer", move || follow(rows, &*asked, (&pokes, &asked_for), &say))?;
        Ok(Self { poke, looks })
    }

    /// The store has grown, or something was answered.
    pub(super) fn poke(&self) {
        let _ = self.poke.send(());
    }

    /// Asks how far it is once it has looked; returns the number of this look.
    pub(super) fn look(&self) -> u64 {
        let number = self.looks.fetch_add(1, Ordering::AcqRel) + 1;
        self.poke();
        number
    }
}

fn follow(
    mut rows: AnsweredRows,
    listener: &dyn ShownListener,
    (pokes, looks): (&mpsc::Receiver<()>, &AtomicU64),
    tell: &dyn Fn(Announcement),
) {
    let say = |line| tell(Announcement::Line(line));
    let mut told = 0;
    while rows.wait(pokes) {
        crate::system::panic::panic_for_test("announcer");
        // Read before the store is: what came before this look was asked for is in what follows.
        let look = looks.load(Ordering::Acquire);
        loop {
            let AnsweredBatch { ready: answered, faults, more } = rows.take();
            for fault in faults.iter().take(AT_ONCE) {
                say(format!("cannot read what has come: {}", visible(&fault.to_string())));
            }
            if let Some(more @ 1..) = faults.len().checked_sub(AT_ONCE) {
                say(format!("cannot read {} more", grouped(more as u64)));
            }
            if answered.len() > AT_ONCE {
                say(many(&answered));
            } else {
                for summary in &answered {
                    say(delivery_line(summary, cause(&rows, listener, summary).as_deref()));
                }
            }
            if !more {
                break;
            }
        }
        if look > told {
            told = look;
            tell(Announcement::UpTo(AnnouncedTo { look, newest: rows.last(), open: rows.open().collect() }));
        }
    }
}

/// The likeliest cause of a signature that does not verify.
fn cause(rows: &AnsweredRows, listener: &dyn ShownListener, summary: &Summary) -> Option<String> {
    let verdict = summary.judgement.verdict;
    let is_handshake = summary.answer.as_ref().is_some_and(|answer| answer.rule.is_handshake());
    if is_handshake
        || summary.is_noise()
        || matches!(verdict, Verdict::Verified | Verdict::NoSecret | Verdict::NotJudged)
    {
        return None;
    }
    let delivery = rows.reader().load(summary.id).ok()??;
    let registry = listener.registry();
    let deadline = Instant::now() + PATIENCE;
    let go_on = || Instant::now() < deadline;
    let history = history(rows.reader(), &delivery, &registry);
    let found = Subject::of(&delivery, &registry).why(&history, &Budget { go_on: &go_on, ..Budget::default() });
    let cause = found.causes.first()?;
    let kind = match cause.kind {
        CauseKind::Proof => "proved: ",
        CauseKind::Alarm => "alarm: ",
        CauseKind::Evidence => "",
    };
    Some(format!("{kind}{}", cause.summary))
}

/// Deliveries that came faster than they could be read out.
fn many(summaries: &[Summary]) -> String {
    let first = summaries.iter().map(|summary| summary.id).min().unwrap_or(DeliveryId(0));
    let last = summaries.iter().map(|summary| summary.id).max().unwrap_or(DeliveryId(0));
    let verified = summaries.iter().filter(|summary| summary.is_verified()).count();
    let others = summaries.len() - verified;
    let count = grouped(summaries.len() as u64);
    format!("{count} deliveries, {first} to {last}: {verified} verified, {others} not; list shows them")
}

/// A delivery in a line: its number, the verdict, what it is, the answer, and the cause if one is known. Visible text.
#[must_use]
pub(super) fn delivery_line(summary: &Summary, cause: Option<&str>) -> String {
    let mut line = format!("delivery {}: {}", summary.id, verdict(summary));
    match summary.event.event.as_deref() {
        Some(event) => {
            line.push_str(&format!(", {event}"));
            if summary.event.is_simulation() {
                line.push_str(" (simulation)");
            }
        }
        None if summary.method.is_empty() => line.push_str(&format!(", {} request", summary.intake.words())),
        None => line.push_str(&format!(", {} {}", summary.method, summary.path)),
    }
    line.push_str(&format!(", {}", answer(summary)));
    if let Some(cause) = cause {
        line.push_str(&format!(". Cause: {cause}"));
    }
    visible(&line).into_owned()
}

fn verdict(summary: &Summary) -> String {
    let verdict = summary.judgement.verdict;
    if verdict == Verdict::Verified && !summary.intake.is_whole() {
        return format!("not verified, the request is {}", summary.intake.words());
    }
    if summary.is_verified_but_stale() {
        return format!("{}, but stale", verdict.words());
    }
    verdict.words().to_owned()
}

fn answer(summary: &Summary) -> String {
    match &summary.answer {
        None => "not answered yet".to_owned(),
        Some(answer) if answer.outcome == Outcome::Sent => {
            format!("answered {} in {:.1} ms", answer.status, answer.latency.as_secs_f64() * 1000.0)
        }
        Some(answer) if answer.status == 0 => answer.outcome.words().to_owned(),
        Some(answer) => format!("answer {}, {}", answer.status, answer.outcome.words()),
    }
}
