//! `on_delivery`: a command for each delivery that has been answered and matches.
//!
//! The command gets the delivery's facts as JSON on its standard input and nothing of it anywhere else. What it prints goes to
//! the log. It is bounded in time, in how many run at once, and in how many wait; it delays neither a sender nor the
//! end of the program, and whatever it has started ends with it.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::config::{HookSettings, Keyring};
use crate::delivery::{DeliveryId, summary_text};
use crate::server::{Changes, Watcher};
use crate::store::{AnsweredBatch, AnsweredRows, Location, StoreError, StoredContent};
use crate::system::groups::{GroupSignal, ListedGroup, has_ended, own_group, signal_group};
use crate::system::thread;
use crate::text::{grouped, visible};

/// Deliveries that wait for the command; beyond that they are skipped, and counted.
const QUEUE: usize = 256;
/// How often a running command is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes of the command's output that are logged; the rest is read and thrown away.
const OUTPUT: usize = 4096;
/// How long the last of its output is waited for once it has ended.
const LAST_OUTPUT: Duration = Duration::from_millis(200);

/// One delivery for the command.
struct HookJob {
    id: DeliveryId,
    facts: String,
}

/// The command of a run, with the threads that run it. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct DeliveryHook {
    shared: Arc<Shared>,
    poke: mpsc::Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

/// What all its threads share.
struct Shared {
    settings: HookSettings,
    keyring: Box<dyn Fn() -> Keyring + Send + Sync>,
    tell: Box<dyn Fn(String) + Send + Sync>,
    stopping: AtomicBool,
    /// Runs that failed since the last that did not.
    failures: AtomicU64,
    /// Deliveries that waited for the command when the program stopped.
    dropped: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl DeliveryHook {
    /// Starts the threads; deliveries after `last` count. `tell` says to the person what goes wrong.
    pub(crate) fn start(
        settings: &HookSettings,
        (location, last): (&Location, DeliveryId),
        grown: &Changes,
        keyring: impl Fn() -> Keyring + Send + Sync + 'static,
        tell: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            settings: settings.clone(),
            keyring: Box::new(keyring),
            tell: Box::new(tell),
            stopping: AtomicBool::new(false),
            failures: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        let rows = AnsweredRows::after(location, last)?;
        let (poke, pokes) = mpsc::channel();
        let watch = grown.subscribe({
            let poke = poke.clone();
            move || {
                let _ = poke.send(());
            }
        });
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::new();
        for _ in 0..settings.jobs {
            let (shared, jobs) = (Arc::clone(&shared), Arc::clone(&jobs));
            let run = move || run_jobs(&shared, &jobs);
            threads.push(thread::spawn("whyhook-command", run)?);
        }
        let of_follow = Arc::clone(&shared);
        let follow = move || follow(rows, &of_follow, &queue, &pokes, &watch);
        threads.push(thread::spawn("whyhook-hook", follow)?);
        Ok(Self { shared, poke, threads })
    }
}

impl Drop for DeliveryHook {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        let _ = self.poke.send(());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(skipped = dropped, "on_delivery: skipped, since whyhook stops");
            (self.shared.tell)(stopped_words(dropped));
        }
    }
}

/// Queues what has been answered. Skips what finds no room: a command that is slower than deliveries come must not make
/// the program remember them all.
fn follow(
    mut rows: AnsweredRows,
    shared: &Shared,
    queue: &mpsc::SyncSender<HookJob>,
    pokes: &mpsc::Receiver<()>,
    watch: &Watcher,
) {
    let mut skipped = 0;
    while rows.wait(pokes) && !shared.is_stopping() {
        crate::system::panic::panic_for_test("hook");
        watch.look();
        loop {
            let AnsweredBatch { ready: answered, faults, more } = rows.take();
            faults.iter().for_each(|fault| tracing::warn!(reason = %fault, "on_delivery: not read"));
            if let Some(fault) = faults.first() {
                (shared.tell)(format!("on_delivery: cannot read what has come: {fault}"));
            }
            // What is imported while this runs was delivered at another time.
            for summary in answered.into_iter().filter(|summary| !summary.is_imported()) {
                let content = StoredContent::new(rows.reader(), summary.id);
                if !shared.settings.filter.matches(&summary, Some(&content), Timestamp::now()) {
                    continue;
                }
                let job = HookJob { id: summary.id, facts: summary_text(&summary) };
                match queue.try_send(job) {
                    Ok(()) if skipped > 0 => {
                        let words = skipped_words(std::mem::take(&mut skipped));
                        (shared.tell)(words);
                    }
                    Ok(()) => {}
                    Err(_) => {
                        // Said at once, and then again with the number.
                        if skipped == 0 {
                            (shared.tell)(
                                "on_delivery: deliveries are skipped: the command is slower than they come".to_owned(),
                            );
                        }
                        skipped += 1;
                    }
                }
            }
            if !more || shared.is_stopping() {
                break;
            }
        }
    }
    if skipped > 0 {
        tracing::warn!(skipped, "on_delivery: skipped");
    }
}

fn skipped_words(skipped: u64) -> String {
    tracing::warn!(skipped, "on_delivery: skipped");
    let (many, noun) = (grouped(skipped), if skipped == 1 { "delivery was" } else { "deliveries were" });
    format!(
        "on_delivery: {many} {noun} skipped: the command is slower than they come; a narrower filter or more jobs help"
    )
}

fn stopped_words(dropped: u64) -> String {
    let (many, noun) = (grouped(dropped), if dropped == 1 { "delivery was" } else { "deliveries were" });
    format!("on_delivery: {many} {noun} skipped: still waiting for the command when whyhook stopped")
}

fn run_jobs(shared: &Shared, jobs: &Mutex<mpsc::Receiver<HookJob>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // What still waits is taken out and counted.
        if shared.is_stopping() {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        crate::system::panic::panic_for_test("command");
        let ended = run(shared, &job);
        shared.report(job.id, ended);
    }
}

/// Why a command counts as failed.
#[derive(Debug, thiserror::Error)]
enum HookError {
    #[error("cannot be run: {0}")]
    Start(std::io::Error),
    #[error("failed ({0})")]
    Failed(ExitStatus),
    #[error("took longer than {0:?} and was ended")]
    Slow(Duration),
    #[error("cannot be waited for: {0}")]
    Wait(std::io::Error),
    /// No failure of the command.
    #[error("was ended, since whyhook stops")]
    Stopping,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Logs how it went; of failures in a row the person hears of the first.
    fn report(&self, id: DeliveryId, ended: Result<(), HookError>) {
        match ended {
            Ok(()) => {
                tracing::debug!(delivery = id.0, "on_delivery: done");
                self.failures.store(0, Ordering::Relaxed);
            }
            Err(error @ HookError::Stopping) => tracing::info!(delivery = id.0, reason = %error, "on_delivery: ended"),
            Err(error) => {
                tracing::warn!(delivery = id.0, reason = %error, "on_delivery: failed");
                if self.failures.fetch_add(1, Ordering::Relaxed) == 0 {
                    let program = visible(&self.settings.command[0]).into_owned();
                    (self.tell)(format!(
                        "on_delivery: '{program}' {error}, for delivery {id}; --log keeps what it prints"
                    ));
                }
            }
        }
    }
}

/// Runs the command to its end, or to the end of its time or of this program.
fn run(shared: &Shared, job: &HookJob) -> Result<(), HookError> {
    let [program, arguments @ ..] = &shared.settings.command[..] else { return Ok(()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    (shared.keyring)().hide_from(&mut command);
    own_group(&mut command);
    let child = command.spawn().map_err(HookError::Start)?;
    let mut group = Group { listed: Some(ListedGroup::of(child.id())), child };
    let output = talk(&mut group.child, job.facts.clone());
    let deadline = Instant::now() + shared.settings.timeout;
    let ended = loop {
        match has_ended(&mut group.child) {
            Ok(true) => break Ok(()),
            Ok(false) if shared.is_stopping() => break Err(HookError::Stopping),
            Ok(false) if Instant::now() >= deadline => break Err(HookError::Slow(shared.settings.timeout)),
            Ok(false) => std::thread::sleep(LOOK),
            Err(error) => break Err(HookError::Wait(error)),
        }
    };
    // What it has left running ends here, and with it whatever holds its output open.
    let status = group.end();
    let ended = ended.and_then(|()| match status.map_err(HookError::Wait)? {
        status if status.success() => Ok(()),
        status => Err(HookError::Failed(status)),
    });
    while let Ok((stream, text)) = output.recv_timeout(LAST_OUTPUT) {
        if !text.is_empty() {
            tracing::info!(delivery = job.id.0, stream, text = %visible(&String::from_utf8_lossy(&text)), "on_delivery: output");
        }
    }
    ended
}

/// Gives the command its input and reads its output, on threads that end with the command's own.
fn talk(child: &mut Child, facts: String) -> mpsc::Receiver<(&'static str, Vec<u8>)> {
    let (send, output) = mpsc::channel();
    let spawn = |job: Box<dyn FnOnce() + Send>| {
        // Without a thread the command has no input; the time limit ends it.
        if let Err(error) = thread::spawn("whyhook-command-io", job) {
            tracing::warn!(reason = %error, "on_delivery: a command has no input, or its output is lost");
        }
    };
    if let Some(mut stdin) = child.stdin.take() {
        spawn(Box::new(move || {
            // A command that does not read it is none the worse.
            let _ = stdin.write_all(facts.as_bytes()).and_then(|()| stdin.write_all(b"\n"));
        }));
    }
    let streams: [(&str, Option<Box<dyn Read + Send>>); 2] = [
        ("stdout", child.stdout.take().map(|pipe| Box::new(pipe) as _)),
        ("stderr", child.stderr.take().map(|pipe| Box::new(pipe) as _)),
    ];
    for (name, pipe) in streams {
        let (Some(mut pipe), send) = (pipe, send.clone()) else { continue };
        spawn(Box::new(move || {
            let mut text = Vec::new();
            let _ = pipe.by_ref().take(OUTPUT as u64).read_to_end(&mut text);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
            let _ = send.send((name, text));
        }));
    }
    output
}

/// A child with everything that it has started; all of it ends when this is dropped.
struct Group {
    child: Child,
    /// Until it is waited for: its number may be another's then.
    listed: Option<ListedGroup>,
}

impl Group {
    /// Ends whatever is left of it, while its number is its own, and waits for it.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if self.listed.take().is_some() {
            signal_group(self.child.id(), GroupSignal::Kill);
            #[cfg(not(unix))]
            let _ = self.child.kill();
        }
        self.child.wait()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(command: &[&str], jobs: usize) -> (Arc<Shared>, mpsc::Receiver<String>) {
        let (tell, told) = mpsc::channel();
        let settings = HookSettings {
            filter: crate::query::Query::default(),
            command: command.iter().map(|&word| word.to_owned()).collect(),
            timeout: Duration::from_secs(3600),
            jobs,
        };
        let shared = Shared {
            settings,
            keyring: Box::new(Keyring::default),
            tell: Box::new(move |words| drop(tell.send(words))),
            stopping: AtomicBool::new(false),
            failures: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        };
        (Arc::new(shared), told)
    }

    #[cfg(unix)]
    #[test]
    fn what_stops_with_the_program_is_no_failure_and_what_waited_is_counted() {
        let (shared, told) = shared(&["sleep", "3600"], 1);
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        for id in 1..=4 {
            queue.send(HookJob { id: DeliveryId(id), facts: String::new() }).unwrap();
        }
        let (poke, _pokes) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let thread = std::thread::spawn({
            let (shared, jobs) = (Arc::clone(&shared), Arc::clone(&jobs));
            move || run_jobs(&shared, &jobs)
        });
        // The first has been taken once there is room for more than the others leave.
        while queue.try_send(HookJob { id: DeliveryId(5), facts: String::new() }).is_ok() {}
        drop(queue);
        let hook = DeliveryHook { shared: Arc::clone(&shared), poke, threads: vec![thread] };
        drop(hook);
        let dropped = shared.dropped.load(Ordering::Relaxed);
        assert!(dropped >= QUEUE as u64 - 1, "{dropped}");
        assert_eq!(shared.failures.load(Ordering::Relaxed), 0);
        let said: Vec<String> = told.try_iter().collect();
        assert_eq!(said, [stopped_words(dropped)]);
        assert!(!said[0].contains("longer than"), "{said:?}");
    }

    #[test]
    fn a_command_that_was_stopped_is_not_heard_of() {
        let (shared, told) = shared(&["a"], 1);
        shared.report(DeliveryId(1), Err(HookError::Stopping));
        assert_eq!((shared.failures.load(Ordering::Relaxed), told.try_iter().count()), (0, 0));
        shared.report(DeliveryId(2), Err(HookError::Slow(Duration::from_secs(60))));
        assert!(told.try_iter().next().unwrap().contains("took longer than 60s"));
        assert_eq!(
            stopped_words(1),
            "on_delivery: 1 delivery was skipped: still waiting for the command when whyhook stopped"
        );
    }
}
