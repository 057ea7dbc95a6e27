//! Other people's receivers, right ones and broken ones, each a process or thread of its own.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};

use super::test_env::KillOnDrop;
use super::{PATIENCE, SECRET, TestEnv, request_from, until};

/// A server that does with each connection what a test says, once it has read the request.
pub(crate) struct Upstream {
    address: SocketAddr,
    requests: mpsc::Receiver<Vec<u8>>,
}

impl Upstream {
    pub(crate) fn new(each: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::unread(move |socket| {
            let request = request_from(socket);
            each(socket);
            request
        })
    }

    /// The same for one that reads the request itself, as far as it likes, and returns what it read.
    pub(crate) fn unread(each: impl Fn(&mut TcpStream) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        let each = Arc::new(each);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (mut socket, each, sender) = (socket, Arc::clone(&each), sender.clone());
                std::thread::spawn(move || drop(sender.send(each(&mut socket))));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The next request, once it has been answered.
    pub(crate) fn request(&self) -> String {
        String::from_utf8_lossy(&self.requests.recv_timeout(PATIENCE).unwrap()).into_owned()
    }
}

/// A receiver that prints its port first, and ends with the test.
pub(crate) struct Receiver {
    _child: KillOnDrop,
    port: u16,
}

impl Receiver {
    /// Starts a script of this folder, or an absolute path, with `program`.
    pub(crate) fn start(env: &TestEnv, program: &Path, script: &str, arguments: &[&str]) -> Self {
        Self::start_with(env, program, script, arguments, SECRET)
    }

    /// The same with another secret than [`SECRET`].
    pub(crate) fn start_with(env: &TestEnv, program: &Path, script: &str, arguments: &[&str], secret: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(script);
        let mut command = env.other(program);
        command.arg(script).args(arguments).env("SECRET", secret);
        Self::of(command)
    }

    /// Starts one in a real framework, which `cache` holds; see `tests/receivers/run`.
    pub(crate) fn in_framework(env: &TestEnv, python: &Path, cache: &Path, framework: &str, mode: &str) -> Self {
        let mut command = env.other(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receivers/run")).arg("--cache").arg(cache);
        command.args(["serve", framework, mode]).env("SECRET", SECRET);
        let receiver = Self::of(command);
        // One that was given its port listens a little later.
        until(|| TcpStream::connect(("127.0.0.1", receiver.port)).ok());
        receiver
    }

    fn of(mut command: Command) -> Self {
        let mut child = KillOnDrop(command.stderr(std::process::Stdio::inherit()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|error| panic!("{command:?} prints no port: {error} {line:?}"));
        Self { _child: child, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/webhooks/trackpilots", self.origin())
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
