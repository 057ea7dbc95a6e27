//! A client of the control interface: HTTP over the socket beside the store.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::TestEnv;

/// The socket of the listener on the usual store of `env`.
pub(crate) fn socket(env: &TestEnv) -> PathBuf {
    env.store().with_file_name("whyhook.db-socket")
}

/// A response.
#[derive(Debug)]
pub(crate) struct Controlled {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Controlled {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} {}", self.head, String::from_utf8_lossy(&self.body));
        self
    }
}

/// One request on a connection of its own.
pub(crate) fn ask(socket: &Path, method: &str, target: &str, json: Option<&Value>) -> Controlled {
    let body = json.map(Value::to_string).unwrap_or_default();
    let kind = if json.is_some() { "Content-Type: application/json\r\n" } else { "" };
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: whyhook\r\nConnection: close\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let stream = UnixStream::connect(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
    told(stream, request.as_bytes())
}

/// One request, given as its bytes, on the port of a control interface.
pub(crate) fn ask_port(address: SocketAddr, request: &str) -> Controlled {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
    told(stream, request.as_bytes())
}

fn told(mut stream: impl Read + Write, request: &[u8]) -> Controlled {
    stream.write_all(request).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the head ends early: {head}");
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let mut body = Vec::new();
    reader.read_to_end(&mut body).unwrap();
    Controlled { status, head, body }
}

/// `GET` on the usual store's listener.
pub(crate) fn get(env: &TestEnv, target: &str) -> Controlled {
    ask(&socket(env), "GET", target, None)
}

/// A stream of server-sent events.
pub(crate) struct Events {
    stream: BufReader<UnixStream>,
    /// The id of the last event that had one.
    last: String,
}

impl Events {
    /// Opens `GET /events` with these parameters, as who was cut off behind `last`.
    pub(crate) fn open(env: &TestEnv, parameters: &str, last: Option<i64>) -> Self {
        Self::resume(env, parameters, &last.map_or_else(String::new, |last| last.to_string()))
    }

    /// The same behind the event with the id `last`.
    pub(crate) fn resume(env: &TestEnv, parameters: &str, last: &str) -> Self {
        let last = if last.is_empty() { String::new() } else { format!("Last-Event-ID: {last}\r\n") };
        let mut stream = UnixStream::connect(socket(env)).unwrap();
        stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
        write!(stream, "GET /events{parameters} HTTP/1.1\r\nHost: a\r\n{last}\r\n").unwrap();
        let mut events = Self { stream: BufReader::new(stream), last: String::new() };
        let status = events.line();
        assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
        // The first comes when the stream has begun.
        while !events.line().starts_with(": whyhook") {}
        events
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stream.read_line(&mut line).unwrap() > 0, "the stream ends");
        line.trim_end().to_owned()
    }

    /// The id of the last event that had one.
    pub(crate) fn last_id(&self) -> &str {
        &self.last
    }

    /// The next event: its kind, the number in its id and its data. Chunk sizes and comments between are passed over.
    pub(crate) fn next(&mut self) -> (String, Option<i64>, Value) {
        let (mut event, mut id) = (String::new(), None);
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some(("event", kind)) => event = kind.to_owned(),
                Some(("id", point)) => {
                    id = point.split(';').next().and_then(|number| number.parse().ok());
                    assert!(id.is_some(), "{point}");
                    point.clone_into(&mut self.last);
                }
                Some(("data", data)) => return (event, id, serde_json::from_str(data).unwrap()),
                _ => {}
            }
        }
    }

    /// The next change of this kind; others are passed over.
    pub(crate) fn next_change(&mut self, what: &str) -> Value {
        loop {
            let change = self.next_of("change");
            if change["what"] == what {
                return change;
            }
        }
    }

    /// The next event of this kind; others are passed over.
    pub(crate) fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let (event, _, data) = self.next();
            if event == kind {
                return data;
            }
        }
    }
}
