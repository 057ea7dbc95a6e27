//! The face without a terminal: one line per delivery, when it has been answered.
//!
//! Lines are read back from the store, so that none is lost when whoever reads them is slow, and
//! nothing is held in memory for them.

use std::collections::BTreeSet;
use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::output::log;
use crate::api::ApiServer;
use crate::delivery::{DeliveryId, Outcome, Summary, Verdict, summary_text};
use crate::query::Query;
use crate::rules::{Held, Override, short};
use crate::server::listener::{Control, StatsSnapshot};
use crate::server::tunnel::Tunnels;
use crate::server::{ServerEvent, Session, SessionWatch, given_words};
use crate::store::{AnsweredBatch, AnsweredRows, Freed, StoreError, StoredContent};
use crate::text::{self, counted, grouped};

/// How long the end waits for the rows of the last answers.
const LAST_ANSWERS: Duration = Duration::from_millis(150);

/// The columns of an event's name, or of method and path, in a line of text; JSON has them whole.
const SUBJECT_COLUMNS: usize = 240;

/// Senders that are rejected are reported this often.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineFormat {
    /// In the style of the log line in Trackpilots' documentation.
    Text,
    /// One JSON object.
    Json,
}

/// Why the lines ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadlessError {
    /// The store cannot be read when the lines begin. What cannot be read later ends nothing: senders are served.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Prints a line for each delivery that matches, until the session is told to stop; stops it, and
/// prints the lines of what was answered last. `events` are the session's, with a sender for more of them.
///
/// # Errors
///
/// [`HeadlessError`]; deliveries are kept and answered no longer then, since the program ends.
pub(crate) fn run(
    session: Session,
    api: ApiServer,
    (sender, events): (mpsc::Sender<ServerEvent>, mpsc::Receiver<ServerEvent>),
    format: LineFormat,
    query: &Query,
) -> Result<(), HeadlessError> {
    let watch = session.watch(move |event| drop(sender.send(event)));
    let mut lines = match Lines::open(&session, format, query) {
        Ok(lines) => lines,
        Err(error) => {
            api.stop(session, || ());
            return Err(error);
        }
    };
    lines.follow(&session, &watch, &events);
    api.stop(session, || lines.finish());
    Ok(())
}

/// What the retention has deleted, in words.
#[must_use]
pub(crate) fn retired_words(freed: Freed) -> String {
    freed_words("retention", freed)
}

fn freed_words(how: &str, freed: Freed) -> String {
    let (deliveries, bytes) = (counted(freed.deliveries, "delivery"), counted(freed.bytes, "byte"));
    format!("{how}: {deliveries} deleted, {bytes} freed")
}

/// Says what was heard of secrets that arrived by handshakes.
fn say_secrets(control: &Control) {
    control.secret_news().iter().for_each(|news| log(&news.words()));
}

struct Lines<'a> {
    rows: AnsweredRows,
    /// Held, and said to be.
    held: BTreeSet<DeliveryId>,
    /// Chosen over the rules, and said to be.
    chosen: Option<Override>,
    /// What was said of them.
    tunnels: Tunnels,
    format: LineFormat,
    query: &'a Query,
    /// Why the last lines could not be written, which has been said.
    unwritten: Option<io::ErrorKind>,
}

impl<'a> Lines<'a> {
    fn open(session: &Session, format: LineFormat, query: &'a Query) -> Result<Self, HeadlessError> {
        // Not the newest delivery: what has come since the start has its line as well.
        let rows = AnsweredRows::after(session.location(), session.last_before_run())?;
        Ok(Self {
            rows,
            held: BTreeSet::new(),
            chosen: None,
            tunnels: Tunnels::default(),
            format,
            query,
            unwritten: None,
        })
    }

    fn follow(&mut self, session: &Session, watch: &SessionWatch, events: &mpsc::Receiver<ServerEvent>) {
        let control = session.control();
        let mut refusals = Refusals::default();
        // What has come since the start and before the watch.
        self.catch_up();
        self.say_held(&control.held());
        say_secrets(control);
        if control.stats().snapshot() != StatsSnapshot::default() {
            refusals.came();
        }
        loop {
            let event = match refusals.due().into_iter().chain(self.rows.retry()).min() {
                Some(wait) => events.recv_timeout(wait),
                None => events.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            crate::system::panic::panic_for_test("main");
            match event {
                Ok(ServerEvent::Stored) => {
                    watch.stored.look();
                    self.catch_up();
                }
                Ok(ServerEvent::StoreFault(error)) => log(&format!("not kept: {error}")),
                Ok(ServerEvent::Retired(freed)) => log(&retired_words(freed)),
                Ok(ServerEvent::Pruned(freed)) => log(&freed_words("pruned", freed)),
                Ok(ServerEvent::Marked(marked)) => log(&format!("another process {}", marked.words())),
                Ok(ServerEvent::SecretGiven(given)) => log(&format!("another process {}", given.words())),
                Ok(ServerEvent::SecretRemoved(label)) => {
                    log(&format!("another process took back {}", given_words(&label)));
                }
                Ok(ServerEvent::Refused) => refusals.came(),
                Ok(ServerEvent::Held) => {
                    watch.held.look();
                    self.say_held(&control.held());
                }
                Ok(ServerEvent::Secrets) => {
                    watch.secrets.look();
                    say_secrets(control);
                }
                Ok(ServerEvent::Answers) => {
                    watch.answers.look();
                    self.say_chosen(control.chosen());
                }
                Ok(ServerEvent::Rules(count, _)) => {
                    log(&format!("rules: configuration reloaded, {count} active"));
                }
                Ok(ServerEvent::Hook(words)) => log(&words),
                Ok(ServerEvent::RulesRemark(remark)) => log(&format!("warning: {remark}")),
                Ok(ServerEvent::RulesFault(error)) => log(&format!("rules: unchanged: {error}")),
                Ok(ServerEvent::Tunnel(tunnels)) => self.say_tunnels(tunnels),
                Ok(
                    ServerEvent::Suspend
                    | ServerEvent::Resized
                    | ServerEvent::Jobs
                    | ServerEvent::News(_)
                    | ServerEvent::Listener(_),
                ) => {}
                Err(mpsc::RecvTimeoutError::Timeout) if self.rows.retry().is_some() => self.catch_up(),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Ok(ServerEvent::Stop(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if refusals.due() == Some(Duration::ZERO) {
                watch.refused.look();
                refusals.say(&control.stats().snapshot());
            }
        }
        if refusals.due().is_some() {
            refusals.say(&control.stats().snapshot());
        }
    }

    /// Prints what was answered last. The rows of those answers come a moment after the answers.
    fn finish(mut self) {
        let deadline = Instant::now() + LAST_ANSWERS;
        loop {
            self.catch_up();
            if !self.rows.has_open() || Instant::now() > deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Says what is new about the tunnels.
    fn say_tunnels(&mut self, tunnels: Tunnels) {
        tunnels.news_since(&self.tunnels).iter().for_each(|line| log(&format!("tunnel: {line}")));
        self.tunnels = tunnels;
    }

    /// Says which answer was chosen over the rules.
    fn say_chosen(&mut self, chosen: Option<Override>) {
        if chosen != self.chosen {
            log(&match &chosen {
                Some(chosen) if chosen.once => format!("answer: {} for the next delivery", short(&chosen.action)),
                Some(chosen) => format!("answer: {} until it is cleared", short(&chosen.action)),
                None => "answer: by the rules".to_owned(),
            });
            self.chosen = chosen;
        }
    }

    /// Says what is newly held. Its line comes when it has been answered.
    fn say_held(&mut self, held: &[Held]) {
        for held in held.iter().filter(|held| !self.held.contains(&held.id)) {
            log(&format!("held: #{} until {:.1}, then {}", held.id, held.until, held.default));
        }
        self.held = held.iter().map(|held| held.id).collect();
    }

    fn catch_up(&mut self) {
        loop {
            let AnsweredBatch { mut ready, faults, more } = self.rows.take();
            faults.iter().for_each(|fault| log(&format!("cannot read what has come: {fault}")));
            self.print(&mut ready);
            if !more {
                return;
            }
        }
    }

    /// Prints what matches. A stdout that takes nothing ends no listener: senders wait for its responses, not for lines.
    fn print(&mut self, ready: &mut Vec<Summary>) {
        let written = self.write(ready, &mut io::stdout().lock());
        let unwritten = written.as_ref().err().map(io::Error::kind);
        if let Err(error) = &written
            && unwritten != self.unwritten
        {
            log(&unwritten_words(error));
        }
        self.unwritten = unwritten;
    }

    fn write(&self, ready: &mut Vec<Summary>, out: &mut dyn io::Write) -> io::Result<()> {
        let now = Timestamp::now();
        for summary in ready.drain(..) {
            let content = StoredContent::new(self.rows.reader(), summary.id);
            if self.query.matches(&summary, Some(&content), now) {
                writeln!(out, "{}", line(&summary, self.format))?;
            }
        }
        out.flush()
    }
}

/// That lines are lost, and deliveries are not.
fn unwritten_words(error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::BrokenPipe => "nobody reads stdout any more".to_owned(),
        _ => format!("cannot write to stdout ({error})"),
    };
    format!("{why}: deliveries are still received and kept, without a line each; `whyhook stop` ends the listener")
}

/// Senders that were rejected: reported at once, and then once a second while there are more.
#[derive(Default)]
struct Refusals {
    said_at: Option<Instant>,
    said: StatsSnapshot,
    more: bool,
}

impl Refusals {
    fn came(&mut self) {
        self.more = true;
    }

    /// How long until there is something to say; `None` while there is nothing.
    fn due(&self) -> Option<Duration> {
        let since = self.said_at.map_or(REFUSALS_EVERY, |at| at.elapsed());
        self.more.then(|| REFUSALS_EVERY.saturating_sub(since))
    }

    fn say(&mut self, stats: &StatsSnapshot) {
        (self.said_at, self.more) = (Some(Instant::now()), false);
        let before = std::mem::replace(&mut self.said, *stats);
        if let Some(line) = refused_line(stats).filter(|_| stats.refused > before.refused) {
            log(&line);
        }
        if stats.not_kept > before.not_kept {
            log(&format!("{} not kept and answered 503 since the start", grouped(stats.not_kept)));
        }
        if stats.not_forwarded > before.not_forwarded {
            log(&format!("{} not forwarded since the start: too many in flight", grouped(stats.not_forwarded)));
        }
        if stats.not_held > before.not_held {
            log(&format!(
                "{} not held since the start, but answered with the default: too many held",
                grouped(stats.not_held)
            ));
        }
    }
}

/// `7 rejected with 503 since the start: 5 too many connections, 2 memory limit reached`
fn refused_line(stats: &StatsSnapshot) -> Option<String> {
    let reasons = stats.reasons().into_iter().filter(|(_, count)| *count > 0);
    let reasons: Vec<String> = reasons.map(|(words, count)| format!("{} {words}", grouped(count))).collect();
    let line = || format!("{} rejected with 503 since the start: {}", grouped(stats.refused), reasons.join(", "));
    (!reasons.is_empty()).then(line)
}

/// One delivery as a line, safe on a terminal, without its line end.
#[must_use]
pub(crate) fn line(summary: &Summary, format: LineFormat) -> String {
    match format {
        LineFormat::Json => text::safe_json(&summary_text(summary)).into_owned(),
        LineFormat::Text => text_line(summary),
    }
}

/// `✅ Webhook verified — event: desktop.app_tracking.captured | simulation: true | 200 in 1.2 ms | #7`
fn text_line(summary: &Summary) -> String {
    let verdict = summary.judgement.verdict;
    let sign = match verdict {
        Verdict::Verified if summary.is_verified() => "✅",
        Verdict::NoSecret => "❔",
        _ => "❌",
    };
    let mark = match summary.part_words() {
        _ if summary.is_verified() => format!("{sign} Webhook verified"),
        Some(part) if matches!(verdict, Verdict::Verified | Verdict::NotJudged) => {
            format!("{sign} Webhook not verified: {part} request")
        }
        // What is said of a part is not the reason.
        Some(part) => format!("{sign} Webhook not verified: {part} request ({})", verdict.words()),
        None => format!("{sign} Webhook not verified: {}", verdict.words()),
    };
    let what = match &summary.event.event {
        Some(event) => format!("event: {event} | simulation: {}", summary.event.is_simulation()),
        None if summary.method.is_empty() => format!("{}: {}", summary.intake.name(), summary.intake.reason()),
        None => format!("{} {}", summary.method, summary.path),
    };
    let what = text::visible(&what);
    let what = text::clip(&what, SUBJECT_COLUMNS);
    let mut line = format!("{mark} — {what}");
    if summary.judgement.timestamp.as_ref().is_some_and(|timestamp| timestamp.fresh == Some(false)) {
        line.push_str(" | stale");
    }
    if let Some(answer) = summary.answer.as_ref().filter(|answer| answer.rule.is_handshake()) {
        line.push_str(&format!(" | {}", answer.rule));
    }
    match &summary.answer {
        Some(answer) if answer.outcome == Outcome::Sent => {
            let milliseconds = answer.latency.as_secs_f64() * 1000.0;
            line.push_str(&format!(" | {} in {milliseconds:.1} ms", answer.status));
        }
        Some(answer) if answer.status == 0 => line.push_str(&format!(" | {}", answer.outcome.words())),
        Some(answer) => line.push_str(&format!(" | {}, {}", answer.status, answer.outcome.words())),
        None => {}
    }
    line.push_str(&format!(" | #{}", summary.id));
    text::visible(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{EventFacts, Intake, Judgement, Marks};

    fn line_of(verdict: Verdict, intake: Intake, path: &str) -> String {
        let summary = Summary {
            id: DeliveryId(7),
            received_at: Timestamp::UNIX_EPOCH,
            remote: "127.0.0.1:1".to_owned(),
            method: "POST".to_owned(),
            path: path.to_owned(),
            webhook: None,
            body_bytes: 1,
            framing_bytes: 0,
            cause: None,
            marks: Marks::default(),
            intake,
            event: EventFacts::default(),
            judgement: Judgement::bare(verdict),
            image: None,
            answer: None,
        };
        line(&summary, LineFormat::Text)
    }

    #[test]
    fn a_part_of_a_request_is_called_so_before_its_verdict() {
        let of = |verdict, intake| line_of(verdict, intake, "/inc");
        let cut = || Intake::Truncated("the sender hung up".to_owned());
        for (verdict, intake, words) in [
            (Verdict::MissingSignature, cut(), "❌ Webhook not verified: truncated request (missing signature)"),
            (Verdict::Mismatch, cut(), "❌ Webhook not verified: truncated request (signature mismatch)"),
            (Verdict::NoSecret, cut(), "❔ Webhook not verified: truncated request (no secret)"),
            (Verdict::Verified, cut(), "❌ Webhook not verified: truncated request"),
            (Verdict::NotJudged, Intake::Incomplete(String::new()), "❌ Webhook not verified: incomplete request"),
            (
                Verdict::Mismatch,
                Intake::TooLarge(String::new()),
                "❌ Webhook not verified: too large request (signature mismatch)",
            ),
            (Verdict::Mismatch, Intake::Complete, "❌ Webhook not verified: signature mismatch"),
            (Verdict::NoSecret, Intake::Complete, "❔ Webhook not verified: no secret"),
            (Verdict::Verified, Intake::Rebuilt(String::new()), "✅ Webhook verified"),
            (Verdict::Verified, Intake::Complete, "✅ Webhook verified"),
        ] {
            assert_eq!(of(verdict, intake), format!("{words} — POST /inc | #7"));
        }
    }

    #[test]
    fn a_line_is_as_long_as_a_line_is() {
        for path in ["/".repeat(50_000), "/\u{1b}".repeat(50_000), "/é😀".repeat(50_000)] {
            let line = line_of(Verdict::Mismatch, Intake::Complete, &path);
            assert!(line.chars().count() < 400 && line.ends_with(" | #7"), "{line}");
        }
    }
}
