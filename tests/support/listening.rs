//! The program listening without a terminal.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::test_env::KillOnDrop;
use super::{TestEnv, until};

pub(crate) struct Listening {
    child: KillOnDrop,
    address: SocketAddr,
    stdout: Lines,
    stderr: Lines,
}

/// Lines as they come in.
type Lines = Arc<Mutex<Vec<String>>>;

impl Listening {
    pub(super) fn start(env: &TestEnv, arguments: &[&str], reads: bool) -> Self {
        let mut command = env.command(&["listen", "--headless"]);
        command.args(on_a_free_port(arguments)).args(arguments);
        let mut child = KillOnDrop(command.spawn().unwrap());
        let stdout = child.0.stdout.take().filter(|_| reads).map(follow).unwrap_or_default();
        let stderr = follow(child.0.stderr.take().unwrap());
        let address = until(|| {
            let ended = child.0.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended: {ended:?} {:?}", stderr.lock().unwrap());
            let lines = stderr.lock().unwrap();
            lines.iter().find_map(|line| line.strip_prefix("whyhook: listening on http://")?.parse().ok())
        });
        Self { child, address: address.expect("it says where it listens"), stdout, stderr }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.0.id()
    }

    /// Waits for the line number `number`, from 1, of its stdout.
    pub(crate) fn line(&self, number: usize) -> String {
        until(|| self.stdout.lock().unwrap().get(number - 1).cloned())
            .unwrap_or_else(|| panic!("no line {number}: {:?} {:?}", self.stdout, self.stderr))
    }

    /// The same as JSON.
    pub(crate) fn json_line(&self, number: usize) -> Value {
        let line = self.line(number);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Waits for a line on stderr that contains `words`.
    pub(crate) fn says(&self, words: &str) -> String {
        until(|| self.stderr.lock().unwrap().iter().find(|line| line.contains(words)).cloned())
            .unwrap_or_else(|| panic!("'{words}' is not in {:?}", self.stderr))
    }

    /// Everything on stderr so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().join("\n")
    }

    /// Everything on stdout so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.lock().unwrap().join("\n")
    }

    /// Waits until it ends by itself.
    pub(crate) fn ends(&mut self) -> ExitStatus {
        until(|| self.child.0.try_wait().unwrap()).expect("it ends")
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        super::tools::signal(self.process(), rustix::process::Signal::TERM);
        self.ends()
    }

    /// Asks it to end, and checks that it ends as promised: by itself, or within a second of the signal where the machine
    /// is too busy to close everything in time.
    #[track_caller]
    pub(crate) fn closes(self) {
        let status = self.stop();
        assert!(matches!(status.code(), Some(0 | 143)), "{status}");
    }
}

/// What is to be said besides `arguments`, which may name a port themselves.
pub(super) fn on_a_free_port(arguments: &[&str]) -> &'static [&'static str] {
    if arguments.contains(&"--bind") { &[] } else { &["--bind", "127.0.0.1:0"] }
}

fn follow(pipe: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let seen = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            seen.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}
