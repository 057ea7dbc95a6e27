//! A home, a working directory and an environment that hold nothing but what a test puts there.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Listening, SECRET, until};

pub(crate) const DEFAULT_VARIABLE: &str = "TRACKPILOTS_WEBHOOKS_SECRET_KEY";

pub(crate) struct TestEnv {
    root: TempDir,
    variables: Vec<(OsString, OsString)>,
    /// A program and its arguments that run the program given behind them.
    within: Vec<OsString>,
}

impl TestEnv {
    /// Without any secret.
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("whyhook-e2e-").tempdir().unwrap();
        for folder in ["home", "work", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root, variables: Vec::new(), within: Vec::new() }
    }

    /// With [`SECRET`] in the documented variable.
    pub(crate) fn with_secret() -> Self {
        Self::new().set(DEFAULT_VARIABLE, SECRET)
    }

    /// With an environment variable.
    pub(crate) fn set(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// With a shell's words before the program starts, which see the data's folder as `$0`; in a mount
    /// namespace of its own, where `mounts`. The program has the shell's process id.
    pub(crate) fn within(mut self, words: &str, mounts: bool) -> Self {
        let data = self.home().join("data");
        fs::create_dir_all(&data).unwrap();
        let namespace: &[&str] = if mounts { &["unshare", "--map-root-user", "--mount"] } else { &[] };
        self.within = namespace.iter().map(OsString::from).collect();
        self.within.extend(["sh".into(), "-c".into(), format!("{words} && exec \"$@\"").into(), data.into()]);
        self
    }

    /// In the mount namespace of the process `process`.
    pub(crate) fn beside(mut self, process: u32) -> Self {
        let target = process.to_string();
        let words = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", &target];
        self.within = words.iter().map(OsString::from).collect();
        self
    }

    /// The program's own name behind what it runs within.
    pub(crate) fn program(&self) -> Vec<OsString> {
        let undone = if has_ignored_signals() { &UNDONE.map(OsString::from)[..] } else { &[] };
        [undone, &self.within[..], &[env!("CARGO_BIN_EXE_whyhook").into()]].concat()
    }

    /// Everything that the program could write to lies below.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The working directory.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Where deliveries are kept unless told otherwise.
    pub(crate) fn store(&self) -> PathBuf {
        self.home().join("data/whyhook/whyhook.db")
    }

    /// Writes a file into the working directory.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The whole environment of the program.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let home = self.home();
        let mut environment: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("HOME".into(), home.clone().into()),
            ("XDG_CONFIG_HOME".into(), home.join("config").into()),
            ("XDG_DATA_HOME".into(), home.join("data").into()),
            ("TMPDIR".into(), self.root().join("tmp").into()),
            ("TZ".into(), "UTC".into()),
            ("TERM".into(), "xterm-256color".into()),
            // Whoever runs the tests may have a tunnel open.
            ("WHYHOOK_NGROK_API".into(), "off".into()),
            ("WHYHOOK_TUNNELS".into(), "ngrok".into()),
        ];
        environment.extend(self.variables.iter().cloned());
        environment
    }

    /// The program, ready to run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = self.program();
        let mut command = self.other(Path::new(&program[0]));
        command.args(&program[1..]).args(arguments);
        command
    }

    /// Another program in the same env.
    pub(crate) fn other(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment()).current_dir(self.work());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        finish(self.command(arguments), b"")
    }

    /// Runs the program to its end with something on its stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        finish(self.command(arguments), stdin)
    }

    /// Starts the program headless on a free port, and waits until it can be reached.
    pub(crate) fn listen(&self, arguments: &[&str]) -> Listening {
        Listening::start(self, arguments, true)
    }

    /// The same, with a stdout that nobody reads.
    pub(crate) fn listen_unread(&self, arguments: &[&str]) -> Listening {
        Listening::start(self, arguments, false)
    }

    /// One delivery as `show --format json` prints it.
    pub(crate) fn show(&self, id: i64) -> Value {
        self.run(&["show", &id.to_string(), "--format", "json"]).yes().json()
    }

    /// A delivery's bytes as `show` gives them back in the format `body` or `raw`.
    pub(crate) fn bytes(&self, id: i64, format: &str) -> Vec<u8> {
        self.run(&["show", &id.to_string(), "--format", format]).yes().stdout
    }
}

/// Runs `command` to its end, or kills it when it does not come to one.
/// Gives signals their defaults again.
const UNDONE: [&str; 2] = ["env", "--default-signal=HUP,INT,QUIT"];

/// Whether the tests were started by `nohup`, or by a shell in the background: what they start would ignore these signals
/// too (proc_pid_status(5)).
fn has_ignored_signals() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    // HUP, INT and QUIT are 1, 2 and 3: the last of sixteen hexadecimal digits holds signals 1 to 4.
    let last = status.lines().find_map(|line| line.strip_prefix("SigIgn:")?.chars().last()?.to_digit(16));
    last.is_some_and(|digit| digit & 0b111 != 0)
}

pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Ran {
    if !stdin.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = KillOnDrop(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
    let (stdout, stderr) = (drain(child.0.stdout.take().unwrap()), drain(child.0.stderr.take().unwrap()));
    if !stdin.is_empty() {
        // Who exits early does not read everything; that is no failure of the test.
        let _ = child.0.stdin.take().unwrap().write_all(stdin);
    }
    let status = until(|| child.0.try_wait().unwrap()).unwrap_or_else(|| panic!("{command:?} does not end"));
    Ran { what: format!("{command:?}"), status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn drain(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// A child that does not outlive the test.
pub(crate) struct KillOnDrop(pub(crate) Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that has ended.
pub(crate) struct Ran {
    what: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Ran {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.stderr.clone()).unwrap()
    }

    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let shown = String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(4000)]).into_owned();
        assert_eq!(self.status.code(), Some(code), "{}\n{shown}\n{}", self.what, self.stderr());
        self
    }

    /// Exit code 0.
    #[track_caller]
    pub(crate) fn yes(self) -> Self {
        self.exits(0)
    }

    /// Exit code 1.
    #[track_caller]
    pub(crate) fn no(self) -> Self {
        self.exits(1)
    }

    /// Exit code 2, nothing on stdout, and one line on stderr, which is returned.
    #[track_caller]
    pub(crate) fn complains(self) -> String {
        let ran = self.exits(2);
        let line = ran.stderr();
        assert!(ran.stdout.is_empty(), "{}", ran.stdout());
        assert_eq!(line.lines().count(), 1, "one clear line: {line}");
        assert!(line.starts_with("whyhook: "), "{line}");
        line
    }

    /// What was printed, as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{}: {error}", self.stdout()))
    }
}
