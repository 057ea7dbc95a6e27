//! The control interface of a run, from its beginning to its end.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use axum::{Extension, middleware};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

#[cfg(unix)]
use super::ControlSocket;
use super::admission::{self, PortGate};
use super::connections::{self, FINISH};
use super::followers::FollowerThreads;
use super::jobs::Jobs;
use super::port::{ApiPort, ApiToken, TokenFiles};
use super::readers::{ApiReaders, READERS};
use super::routes;
use super::state::ApiState;
use crate::server::{EventSender, ServerEvent, Session};
use crate::system::{priority, thread};

/// Threads that read, one for an import, one for a body that is written to a file, and one for other work.
const BLOCKING_THREADS: usize = READERS + 3;

/// How a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Over the socket beside the store: from this user, or the machine's administrator.
    UnixSocket,
    /// Over a port, with the token or a cookie for it.
    Tcp,
}

/// The control interface of a running session.
#[derive(Debug)]
pub struct ApiServer {
    thread: std::thread::JoinHandle<()>,
    stop: watch::Sender<bool>,
    followers: Arc<FollowerThreads>,
    opened: Opened,
}

/// What requests come by.
#[derive(Debug, Default)]
struct Opened {
    serving: Vec<JoinHandle<()>>,
    #[cfg(unix)]
    socket: Option<ControlSocket>,
    /// The URL and the token of the port, and the files that tell them.
    port: Option<(String, Arc<ApiToken>, TokenFiles)>,
    /// What could not be opened.
    remarks: Vec<String>,
}

impl Opened {
    #[cfg(unix)]
    fn open_socket(&mut self, session: &Session, state: &Arc<ApiState>, runtime: &Runtime) {
        let opened = ControlSocket::open(session.location()).map_err(|error| error.to_string()).and_then(|socket| {
            let _inside = runtime.enter();
            let listener = socket.listener().map_err(|error| error.to_string())?;
            Ok((socket, listener))
        });
        match opened {
            Ok((socket, listener)) => {
                tracing::info!(path = %socket.path().display(), "control interface opened");
                let router = routes::socket_router(Arc::clone(state)).layer(Extension(Transport::UnixSocket));
                let serving = connections::serve(listener, router, state.closing.clone());
                self.serving.push(runtime.spawn(serving));
                self.socket = Some(socket);
            }
            Err(reason) => {
                tracing::warn!(reason, "no control interface");
                self.remarks.push(format!("no control interface: {reason}"));
            }
        }
    }

    fn open_port(&mut self, session: &Session, state: &Arc<ApiState>, runtime: &Runtime, port: ApiPort) {
        let (url, token) = (port.url(), Arc::clone(port.token()));
        let opened = TokenFiles::write(session.location(), &port).and_then(|files| {
            let gate = PortGate::of(&port).map_err(|error| error.to_string())?;
            let _inside = runtime.enter();
            Ok((files, Arc::new(gate), port.into_listener().map_err(|error| error.to_string())?))
        });
        match opened {
            Ok((files, gate, listener)) => {
                tracing::info!(url, "control interface opened on a port");
                let router = routes::router(Arc::clone(state))
                    .layer(Extension(Transport::Tcp))
                    .layer(middleware::from_fn_with_state(gate, admission::guard));
                self.serving.push(runtime.spawn(connections::serve(listener, router, state.closing.clone())));
                self.port = Some((url, token, files));
            }
            Err(reason) => {
                tracing::warn!(reason, "no control interface on a port");
                self.remarks.push(format!("no control interface on {url}: {reason}"));
            }
        }
    }
}

impl ApiServer {
    /// Opens the control socket of `session`, whose events go to `events`, and serves `port` besides. What cannot be
    /// opened is a remark ([`ApiServer::remarks`]): deliveries come in all the same.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn start(session: &Session, events: mpsc::Sender<ServerEvent>, port: Option<ApiPort>) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            // For the blocking threads, which do the work; the thread that accepts requests keeps its priority.
            .thread_name("whyhook-api-job")
            .on_thread_start(priority::give_way)
            .build()?;
        let (stop, closing) = watch::channel(false);
        let followers = Arc::new(FollowerThreads::default());
        let state = Arc::new(ApiState {
            address: session.address(),
            started: Instant::now(),
            events: EventSender::new(events, Arc::clone(session.feed().news())),
            feed: session.feed(),
            settings: session.feed().settings(),
            readers: ApiReaders::new(session.location().clone()),
            streams: Arc::new(Semaphore::new(ApiState::STREAMS)),
            followers: Arc::clone(&followers),
            jobs: Jobs::default(),
            importing: Arc::new(Semaphore::new(1)),
            editing: Mutex::default(),
            closing,
        });
        let mut opened = Opened::default();
        #[cfg(unix)]
        opened.open_socket(session, &state, &runtime);
        match port {
            Some(port) => opened.open_port(session, &state, &runtime, port),
            None => TokenFiles::clear_away(session.location()),
        }
        let serving = std::mem::take(&mut opened.serving);
        let thread = thread::spawn("whyhook-api", move || {
            runtime.block_on(async {
                for serving in serving {
                    let _ = serving.await;
                }
            });
            // What reads sees that it is closing; no thread is left that holds the session.
            runtime.shutdown_timeout(FINISH);
        })?;
        Ok(Self { thread, stop, followers, opened })
    }

    /// The URL and the token of the port, where there is one.
    #[must_use]
    pub fn port(&self) -> Option<(&str, &ApiToken)> {
        self.opened.port.as_ref().map(|(url, token, _)| (url.as_str(), &**token))
    }

    /// What did not work, in sentences.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.opened.remarks
    }

    /// The socket, where it cannot be told from the store's name.
    #[cfg(unix)]
    #[must_use]
    pub fn hidden_socket(&self) -> Option<&std::path::Path> {
        self.opened.socket.as_ref().filter(|socket| !socket.is_beside_the_store()).map(ControlSocket::path)
    }

    /// Ends `session` and this with it: senders hear first that nothing more is taken, and get the answers that they
    /// wait for. `last` is what [`Session::stop`] has done at the end.
    pub fn stop(self, session: Session, last: impl FnOnce()) {
        let Self { thread, stop, followers, opened } = self;
        session.close();
        drop(opened);
        let _ = stop.send(true);
        // A panic in it has been told by the hook.
        let _ = thread.join();
        followers.stop();
        tracing::debug!("control interface closed");
        session.stop(last);
    }
}
