//! What is compared: whyhook's listener, a bare axum handler, and the least that an honest answer
//! can cost. Each has a tokio runtime of its own with its default of one worker for each core.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use whyhook::config::{Keyring, Registry};
use whyhook::rules::RuleSet;
use whyhook::server::listener::{Control, Listener, ListenerLimits};
use whyhook::signature::{Scheme, Secret, digest, parse_digest};
use whyhook::store::{Location, Writer};

use super::Failure;
use super::request::{PATH, secret};

const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

/// Reads the body and answers.
pub(crate) fn bare() -> Result<Server, Failure> {
    serve("bare", Router::new().route(PATH, post(|body: Bytes| async move { drop(body) })))
}

/// Named, so that a profiler can tell the servers apart.
fn runtime(name: &str) -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name(name).build()
}

fn serve(name: &str, router: Router) -> Result<Server, Failure> {
    let runtime = runtime(name)?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(ANYWHERE))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move {
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |socket| drop(socket.set_nodelay(true))), router).await
    });
    Ok(Server { address, _runtime: runtime })
}

/// The durable limit: checks the signature, appends the body to a file, and answers after its sync,
/// one `writev` and one `fdatasync` for all requests that wait. It can answer no question about what
/// it has kept.
pub(crate) fn durable_limit(log: &Path) -> Result<Server, Failure> {
    let mut log = OpenOptions::new().create(true).append(true).open(log)?;
    let (queue, waiting) = mpsc::channel::<Append>();
    thread::spawn(move || {
        while let Ok(first) = waiting.recv() {
            let group: Vec<Append> = [first].into_iter().chain(waiting.try_iter().take(1023)).collect();
            let kept = append(&mut log, &group).and_then(|()| log.sync_data()).is_ok();
            for Append { answer, .. } in group {
                let _ = answer.send(kept);
            }
        }
    });
    let state = Limit { queue, secret: secret() };
    serve("limit", Router::new().route(PATH, post(keep_in_log)).with_state(state))
}

#[derive(Clone)]
struct Limit {
    queue: mpsc::Sender<Append>,
    secret: Secret,
}

struct Append {
    body: Bytes,
    answer: oneshot::Sender<bool>,
}

async fn keep_in_log(State(limit): State<Limit>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let field = |name| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
    let expected = digest(&limit.secret, field("x-webhook-timestamp"), &body);
    if parse_digest(field("x-webhook-signature")) != Ok(expected) {
        return StatusCode::UNAUTHORIZED;
    }
    let (answer, kept) = oneshot::channel();
    let _ = limit.queue.send(Append { body, answer });
    if kept.await == Ok(true) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn append(log: &mut File, group: &[Append]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = group.iter().map(|job| IoSlice::new(&job.body)).collect();
    let mut rest = &mut slices[..];
    while !rest.is_empty() {
        let count = log.write_vectored(rest)?;
        IoSlice::advance_slices(&mut rest, count);
    }
    Ok(())
}

/// whyhook's listener with a store in `folder`.
pub(crate) struct Whyhook {
    pub(crate) server: Server,
    pub(crate) location: Location,
    _writer: Writer,
    _stop: watch::Sender<bool>,
}

/// Starts whyhook's listener with its defaults and one secret.
pub(crate) fn whyhook(folder: &Path) -> Result<Whyhook, Failure> {
    let location = Location::new(folder.join("whyhook.db"));
    let (writer, handle) = Writer::start(&location, |_| {})?;
    let registry = Registry::new(Vec::new(), Keyring::new(vec![secret()])?, Scheme::default());
    let control = Control::new(registry, RuleSet::default(), ListenerLimits::default(), handle);
    let runtime = runtime("whyhook")?;
    let listener = runtime.block_on(Listener::bind(ANYWHERE.into()))?;
    let address = listener.address();
    let (stop, stopping) = watch::channel(false);
    runtime.spawn(listener.serve(control, stopping));
    Ok(Whyhook { server: Server { address, _runtime: runtime }, location, _writer: writer, _stop: stop })
}
