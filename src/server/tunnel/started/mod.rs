//! A tunnel that a run starts for itself, and that ends with it.
//!
//! Only an installed program is started, and only when it was asked for. It gets no input and none of the secrets of the
//! configuration; what it prints is read without blocking anybody, and its last lines say why it ended.

mod output;
mod programs;

pub use programs::{StartableTunnel, UnknownTunnel};

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::output::{LastLines, follow};
use super::found::{FoundTunnel, SourceAnswer, TunnelEnd};
use super::hint::Hint;
use super::program::find_program;
use crate::system::groups::{GroupSignal, ListedGroup, await_end, own_group, signal_group};
use crate::system::thread::{self, ThreadError};

/// How long a program has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_millis(700);
/// After this long without a public URL, it is said what the program prints.
const PATIENCE: Duration = Duration::from_secs(15);
/// Lines of its output in a message.
const WORDS: usize = 4;

/// Why a tunnel cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TunnelStartError {
    /// It is not installed.
    #[error("cannot start {program}: it is not on PATH. Install it ({}), or open a tunnel elsewhere: {by_hand}", program.page())]
    NotInstalled {
        /// Which.
        program: StartableTunnel,
        /// What a person would type.
        by_hand: String,
    },
    /// bore has no server.
    #[error(
        "cannot start bore: it needs a server. Set the environment variable BORE_SERVER, such as BORE_SERVER=bore.pub"
    )]
    NoBoreServer,
    /// The system refused it.
    #[error("cannot start {}: {source}", path.display())]
    System {
        /// The program.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// A program that was found, and can be started.
#[derive(Debug, Clone)]
pub struct InstalledTunnel {
    program: StartableTunnel,
    path: PathBuf,
}

impl InstalledTunnel {
    /// Looks for `program` in the folders of `path`, the value of `PATH`; nothing is started. `bind` is where the listener
    /// will be, and `variable` says whether an environment variable is set.
    ///
    /// # Errors
    ///
    /// [`TunnelStartError::NotInstalled`] and [`TunnelStartError::NoBoreServer`].
    pub fn find(
        program: StartableTunnel,
        path: Option<&OsStr>,
        bind: SocketAddr,
        variable: impl Fn(&str) -> bool,
    ) -> Result<Self, TunnelStartError> {
        let Some(path) = find_program(program.name().code(), path) else {
            return Err(TunnelStartError::NotInstalled { program, by_hand: program.by_hand(bind) });
        };
        if program == StartableTunnel::Bore && !variable("BORE_SERVER") {
            return Err(TunnelStartError::NoBoreServer);
        }
        Ok(Self { program, path })
    }

    /// Starts it for the listener at `address`. `within` is put before the command, for a program that ends what it runs when
    /// this process is killed; on Linux the thread that calls this must live as long as the tunnel. `conceal` takes
    /// secrets out of its environment. What becomes of it is reported to `hint`.
    ///
    /// # Errors
    ///
    /// [`TunnelStartError::System`].
    pub fn start(
        &self,
        address: SocketAddr,
        within: &[OsString],
        conceal: impl FnOnce(&mut Command),
        hint: &Hint,
    ) -> Result<StartedTunnel, TunnelStartError> {
        let mut command = match within {
            [runner, arguments @ ..] => {
                let mut command = Command::new(runner);
                command.args(arguments).arg(&self.path);
                command
            }
            [] => Command::new(&self.path),
        };
        command.args(self.program.arguments(address)).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        conceal(&mut command);
        own_group(&mut command);
        let fails = |source| TunnelStartError::System { path: self.path.clone(), source };
        let no_thread = |error: ThreadError| fails(error.into());
        let mut child = command.spawn().map_err(fails)?;
        let pipes: Vec<Box<dyn std::io::Read + Send>> = [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ]
        .into_iter()
        .flatten()
        .collect();
        tracing::info!(program = %self.program, process = child.id(), "tunnel started");
        let running = Arc::new(Running {
            program: self.program,
            process: child.id(),
            listed: Mutex::new(Some(ListedGroup::of(child.id()))),
            child: Mutex::new(child),
            has_ended: Mutex::new(false),
            end: Condvar::new(),
            is_stopping: AtomicBool::new(false),
            has_url: AtomicBool::new(false),
            last: LastLines::default(),
            hint: hint.clone(),
        });
        running.report(SourceAnswer::Tunnels(Vec::new()));
        // From here on dropping it ends the program.
        let mut started = StartedTunnel { running: Arc::clone(&running), grace: GRACE, threads: Vec::new() };
        for pipe in pipes {
            let running = Arc::clone(&running);
            // Nobody waits for these: a process that has left the group could hold a pipe open.
            thread::spawn("whyhook-tunnel-output", move || running.follow(pipe)).map_err(no_thread)?;
        }
        let waited = Arc::clone(&running);
        started.thread("whyhook-tunnel-end", move || waited.wait()).map_err(no_thread)?;
        started.thread("whyhook-tunnel-late", move || running.say_when_late()).map_err(no_thread)?;
        Ok(started)
    }
}

/// A tunnel that was started. Dropping it ends the program, and whatever that has started.
#[derive(Debug)]
pub struct StartedTunnel {
    running: Arc<Running>,
    /// How long it has to end by itself.
    grace: Duration,
    threads: Vec<JoinHandle<()>>,
}

impl StartedTunnel {
    fn thread(&mut self, name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), ThreadError> {
        self.threads.push(thread::spawn(name, run)?);
        Ok(())
    }
}

impl StartedTunnel {
    /// Ends it by `deadline`: it has what is left until then, and 0.7 s at most, to end by itself.
    pub fn end_by(mut self, deadline: Instant) {
        self.grace = GRACE.min(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Drop for StartedTunnel {
    fn drop(&mut self) {
        self.running.stop(self.grace);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What the threads share.
#[derive(Debug)]
struct Running {
    program: StartableTunnel,
    process: u32,
    /// Until it is waited for.
    listed: Mutex<Option<ListedGroup>>,
    child: Mutex<Child>,
    /// Whether the process is gone and its number may be another's.
    has_ended: Mutex<bool>,
    end: Condvar,
    is_stopping: AtomicBool,
    has_url: AtomicBool,
    last: LastLines,
    hint: Hint,
}

impl Running {
    fn report(&self, answer: SourceAnswer) {
        self.hint.report(self.program.name(), answer);
    }

    /// Reads one of its outputs, in which the public URL comes.
    fn follow(&self, pipe: Box<dyn std::io::Read + Send>) {
        follow(pipe, &self.last, |line| {
            let Some(url) = self.program.public_url(line) else { return };
            let found = FoundTunnel::new(self.program.name(), &url, TunnelEnd::Here);
            if !self.has_url.swap(true, Ordering::AcqRel) {
                self.report(SourceAnswer::Tunnels(found.into_iter().collect()));
            }
        });
    }

    /// Says what it prints when no public URL has come for long: it may wait for a person, or for the network.
    fn say_when_late(&self) {
        let ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.end.wait_timeout_while(ended, PATIENCE, |ended| !*ended);
        let (ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !*ended && !self.has_url.load(Ordering::Acquire) {
            let words = self.last.words(WORDS);
            self.report(SourceAnswer::Unreadable(format!("no public URL within {PATIENCE:?}: {}", or_nothing(&words))));
        }
    }

    /// Waits until it ends, and says so unless it was told to.
    fn wait(&self) {
        await_end(self.process, &self.child);
        let mut ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        // Its number is still its own: what it has left running ends, and the pipes close.
        signal_group(self.process, GroupSignal::Kill);
        drop(self.listed.lock().unwrap_or_else(PoisonError::into_inner).take());
        let status = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait();
        *ended = true;
        self.end.notify_all();
        drop(ended);
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::info!(program = %self.program, status, "tunnel ended");
        if !self.is_stopping.load(Ordering::Acquire) {
            // What it printed last may still be in the pipe.
            std::thread::sleep(LAST_OUTPUT);
            let words = self.last.words(WORDS);
            self.report(SourceAnswer::Unreadable(format!("ended ({status}): {}", or_nothing(&words))));
        }
    }

    /// Asks it to end, and ends it when it does not.
    fn stop(&self, grace: Duration) {
        self.is_stopping.store(true, Ordering::Release);
        let ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        if *ended {
            return;
        }
        // The lock is held: its number is its own until it has been waited for.
        signal_group(self.process, GroupSignal::Term);
        let waited = self.end.wait_timeout_while(ended, grace, |ended| !*ended);
        let (ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !*ended {
            signal_group(self.process, GroupSignal::Kill);
            #[cfg(not(unix))]
            let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        }
    }
}

/// How long the last of its output is waited for once it has ended.
const LAST_OUTPUT: Duration = Duration::from_millis(50);

fn or_nothing(words: &str) -> &str {
    if words.is_empty() { "it has printed nothing" } else { words }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
