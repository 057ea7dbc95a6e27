//! The threads that search and query payloads, and break them into rows: off the interface's thread.
//! Each request is cancelled as soon as another of its kind comes.
//!
//! A jq query runs in a process of its own (this program again, see [`crate::payload::jq`]), because a
//! query that loops, eats memory or overflows its stack can only be ended from outside. That process has
//! no environment and is stopped after [`PATIENCE`].

use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::latest_wins::{LatestWins, Rest};
use crate::payload::jq::Output;
use crate::payload::json::search::search;
use crate::system::thread::ThreadError;
use crate::tui::app::message::Message;
use crate::tui::screens::payload::state::{PayloadAnswer, PayloadOutcome, PayloadRequest, PayloadTask, QueryResult};

/// How long a query may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The interval for checking whether a query has ended or is no longer wanted.
const LOOK: Duration = Duration::from_millis(4);
/// The hidden command that runs a query; see `cli`.
pub(crate) const QUERY_COMMAND: &str = "query-worker";

/// Takes requests; the results come as messages. Each kind has a thread of its own.
pub(crate) struct PayloadWorker {
    searches: LatestWins<PayloadRequest>,
    queries: LatestWins<PayloadRequest>,
    rows: LatestWins<PayloadRequest>,
}

impl PayloadWorker {
    /// Starts the threads.
    pub(crate) fn start(send: impl Fn(Message) + Clone + Send + 'static) -> Result<Self, ThreadError> {
        let searches = start_kind("whyhook-search", send.clone(), |request, is_wanted| match &request.task {
            PayloadTask::Search(pattern) => {
                Some(PayloadOutcome::Found(Arc::new(search(&request.body, pattern, is_wanted))))
            }
            _ => None,
        })?;
        let rows = start_kind("whyhook-rows", send.clone(), |request, _| match &request.task {
            PayloadTask::Rows(task) => Some(PayloadOutcome::Rows(task.make(&request.body))),
            _ => None,
        })?;
        let queries = start_kind("whyhook-query", send, |request, is_wanted| match &request.task {
            PayloadTask::Query(program) => {
                let output = query(program, &request.body, is_wanted)?;
                Some(PayloadOutcome::Queried(output.map(QueryResult::new)))
            }
            _ => None,
        })?;
        Ok(Self { searches, queries, rows })
    }

    /// Queues a request, and cancels the previous one of its kind.
    pub(crate) fn ask(&self, request: PayloadRequest) {
        let worker = match request.task {
            PayloadTask::Search(_) => &self.searches,
            PayloadTask::Query(_) => &self.queries,
            PayloadTask::Rows(_) => &self.rows,
        };
        worker.ask(request);
    }
}

fn start_kind(
    name: &'static str,
    send: impl Fn(Message) + Send + 'static,
    work: impl Fn(&PayloadRequest, &dyn Fn() -> bool) -> Option<PayloadOutcome> + Send + 'static,
) -> Result<LatestWins<PayloadRequest>, ThreadError> {
    LatestWins::start(name, Rest::No, move |request: PayloadRequest, is_wanted| {
        if let Some(outcome) = work(&request, is_wanted).filter(|_| is_wanted()) {
            send(Message::Payload(PayloadAnswer { id: request.id, number: request.number, outcome }));
        }
    })
}

/// Runs a query in a process of its own; `None` when it is no longer wanted.
fn query(program: &str, body: &[u8], is_wanted: &dyn Fn() -> bool) -> Option<Result<Output, String>> {
    if body.len() > crate::payload::jq::BODY_LIMIT {
        return Some(Err(crate::payload::jq::JqError::TooLarge(body.len() as u64).to_string()));
    }
    let mut child = match start() {
        Ok(child) => child,
        Err(error) => return Some(Err(format!("cannot start the query process: {error}"))),
    };
    let answer = converse(&mut child, program, body, is_wanted);
    // End the process in any case, and reap it.
    let _ = child.kill();
    let _ = child.wait();
    answer
}

fn start() -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(QUERY_COMMAND)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

fn converse(
    child: &mut Child,
    program: &str,
    body: &[u8],
    is_wanted: &dyn Fn() -> bool,
) -> Option<Result<Output, String>> {
    let deadline = Instant::now() + PATIENCE;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Some(Err("cannot write to the query process".to_owned()));
    };
    let head = serde_json::Value::from(program).to_string();
    std::thread::scope(|scope| {
        // Both ends at once: a process that is ended closes them, which ends these threads.
        scope.spawn(move || {
            stdin.write_all(head.as_bytes()).and_then(|()| stdin.write_all(b"\n")).and_then(|()| stdin.write_all(body))
        });
        let reader = scope.spawn(move || {
            let mut answer = Vec::new();
            stdout.read_to_end(&mut answer).map(|_| answer)
        });
        let answer = loop {
            if !is_wanted() {
                break None;
            }
            if Instant::now() > deadline {
                break Some(Err(format!("stopped after {} seconds", PATIENCE.as_secs())));
            }
            if reader.is_finished() {
                break Some(Ok(()));
            }
            std::thread::sleep(LOOK);
        };
        let _ = child.kill();
        let output = reader.join().ok().and_then(Result::ok);
        Some(answer?.and_then(|()| understood(output.as_deref())))
    })
}

/// What the process wrote; one that broke off ran out of memory, stack or processor time.
fn understood(output: Option<&[u8]>) -> Result<Output, String> {
    output
        .and_then(|output| serde_json::from_slice::<Result<Output, String>>(output).ok())
        .unwrap_or_else(|| Err("the jq query exceeded its time, memory or nesting limit".to_owned()))
}
