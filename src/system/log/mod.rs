//! The program's own log (`--log FILE`): what a bug report needs, and nothing of what was delivered.
//!
//! Nothing is logged unless a person asks for it: without a subscriber each of `tracing`'s macros is one comparison.
//! With one, the thread at hand formats its line into a queue of bounded length, and a thread of its own writes it. A disk
//! that is full, slow or gone therefore never holds up a delivery: lines are dropped and counted, and the count is
//! logged once writing works again.
//!
//! **What may be logged**: numbers, names that this program or its configuration gives (verdicts, rules by their
//! position, webhooks, files), addresses, and reasons that repeat nothing of what was received. Never a secret, a digest or
//! signature, a header's value, a body, a request target or a rule's text, at any level. That is up to the call; the
//! writer makes every line visible text ([`visible_bytes`]) of bounded length.

mod file;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

use tracing::Metadata;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;

use self::file::LogFile;
use crate::text::{visible, visible_bytes};

/// The size at which the log is moved to `FILE.1`, in bytes; so both together take at most twice as much.
pub const LOG_BYTES: u64 = 16 << 20;
/// The environment variable with the filter, in the syntax of [`EnvFilter`].
pub const FILTER_VARIABLE: &str = "WHYHOOK_LOG";
/// What is logged without it.
const DEFAULT_FILTER: &str = "info";
/// The crate's own modules: no other crate's events are logged, since nobody knows what they hold.
const OURS: &str = "whyhook";
/// Lines that wait for the thread that writes; more are dropped.
const QUEUE_LINES: usize = 4096;
/// The longest line, in bytes; what is longer is cut.
const LINE_BYTES: usize = 4096;
/// How long the program's end waits for what is queued: the disk may be gone.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The name is not a regular file's.
    #[error("cannot log to {}: it is {what}, not a regular file", shown(.path))]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// What is there instead.
        what: &'static str,
    },
    /// Another process logs to it.
    #[error("cannot log to {}: another whyhook is logging to it; choose another file", shown(.0))]
    InUse(PathBuf),
    /// The system refused.
    #[error("cannot log to {}: {source}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The filter cannot be read.
    #[error(
        "invalid {FILTER_VARIABLE} '{}': expected a level (error, warn, info, debug, trace), or modules of whyhook with \
         one, such as info,whyhook::server=trace",
        visible(.0)
    )]
    Filter(String),
    /// There is no thread to write it.
    #[error(transparent)]
    Thread(#[from] super::thread::ThreadError),
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

/// What the writing thread is asked to do.
enum Job {
    Line(Vec<u8>),
    /// Tells once everything before it is written.
    Flush(SyncSender<()>),
}

/// Where lines are handed to the writing thread.
struct Queue {
    jobs: SyncSender<Job>,
    /// Lines that are not in the file, and were not reported yet.
    dropped: &'static AtomicU64,
}

static QUEUE: OnceLock<Queue> = OnceLock::new();
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Starts to log to `path` what `filter` lets through, `info` by default. The first line says which program this is, and
/// what it does (`command`).
///
/// # Errors
///
/// [`LogError`]; nothing is logged then.
pub fn start(path: &Path, filter: Option<&str>, command: &str) -> Result<(), LogError> {
    let text = filter.filter(|text| !text.trim().is_empty()).unwrap_or(DEFAULT_FILTER);
    let filter = parse(text).ok_or_else(|| LogError::Filter(text.to_owned()))?;
    let mut file = LogFile::open(path, bound(), &DROPPED)?;
    // Whatever the filter is: without it, a report says little.
    file.line(&file::own_line("INFO", &started(command, text)));
    let (jobs, queue) = mpsc::sync_channel(QUEUE_LINES);
    super::thread::spawn("whyhook-log", move || write_lines(&queue, &mut file))?;
    let queue = QUEUE.get_or_init(|| Queue { jobs, dropped: &DROPPED });
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || queue);
    let subscriber = tracing_subscriber::registry().with(filter).with(filter_fn(is_ours)).with(lines);
    // Only a second call could fail.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Waits, not for long, until everything that was logged is written. Without a log it does nothing.
pub fn finish() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = mpsc::sync_channel(1);
    let deadline = std::time::Instant::now() + LAST_WAIT;
    let mut job = Job::Flush(done);
    // A queue that is full is being written, or will never be.
    while let Err(mpsc::TrySendError::Full(back)) = queue.jobs.try_send(job) {
        if std::time::Instant::now() >= deadline {
            return;
        }
        job = back;
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = written.recv_timeout(deadline.saturating_duration_since(std::time::Instant::now()));
}

/// A time as it is logged: milliseconds, to the microsecond.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

fn started(command: &str, filter: &str) -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let (version, process) = (env!("CARGO_PKG_VERSION"), std::process::id());
    format!("started version={version} command={command} process={process} os={os} arch={arch} filter={filter}")
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target.strip_prefix(OURS).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Reads a filter. A word that is neither a level nor a module of ours would be a filter to [`EnvFilter`], and let
/// nothing through.
fn parse(text: &str) -> Option<EnvFilter> {
    let is_known = |part: &str| {
        let name = part.split('=').next().unwrap_or_default().trim();
        name.parse::<LevelFilter>().is_ok() || name == OURS || name.starts_with("whyhook::")
    };
    // A directive for the fields of spans may hold a comma.
    if text.contains('[') {
        return EnvFilter::builder().parse(text).ok();
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.iter().all(|part| is_known(part)) { EnvFilter::builder().parse(parts.join(",")).ok() } else { None }
}

/// A test in a debug build may choose a smaller bound.
fn bound() -> u64 {
    #[cfg(debug_assertions)]
    if let Some(bytes) = std::env::var("WHYHOOK_DEBUG_LOG_BYTES").ok().and_then(|bytes| bytes.parse().ok()) {
        return bytes;
    }
    LOG_BYTES
}

fn write_lines(queue: &Receiver<Job>, file: &mut LogFile) {
    while let Ok(job) = queue.recv() {
        match job {
            Job::Line(line) => file.line(&line_of(&line)),
            Job::Flush(done) => {
                file.report();
                let _ = done.send(());
            }
        }
    }
}

/// One line of visible text, of bounded length.
fn line_of(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut line = visible_bytes(&bytes[..bytes.len().min(LINE_BYTES)]).into_owned();
    let mut end = LINE_BYTES - "…\n".len();
    if bytes.len() > LINE_BYTES || line.len() > end {
        end = end.min(line.len());
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line.push('…');
    }
    line.push('\n');
    line
}

impl Write for &Queue {
    /// Takes a whole line, as the formatter hands it over. Never waits.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.jobs.try_send(Job::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
