//! The control interface of a run, from its beginning to its end.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use axum::{Extension, middleware};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

#[cfg(unix)]
use super::ControlSocket;
use super::admission::{self, PortGate};
use super::connections::{self, FINISH};
use super::jobs::Jobs;
use super::port::{ApiPort, ApiToken, TokenFiles};
use super::readers::{ApiReaders, READERS};
use super::routes;
use super::state::ApiState;
use crate::server::{EventSender, ServerEvent, Session};

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
    runtime: Runtime,
    stop: watch::Sender<bool>,
    serving: Vec<tokio::task::JoinHandle<()>>,
    #[cfg(unix)]
    socket: Option<ControlSocket>,
    /// The URL and the token of the port, and the files that tell them.
    port: Option<(String, Arc<ApiToken>, TokenFiles)>,
    remarks: Vec<String>,
}

impl ApiServer {
    /// Opens the control socket of `session`, whose events go to `events`, and serves `port` besides. What cannot be
    /// opened is a remark ([`ApiServer::remarks`]): deliveries come in all the same.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn start(session: &Session, events: mpsc::Sender<ServerEvent>, port: Option<ApiPort>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            .thread_name("whyhook-api")
            .on_thread_start(crate::system::priority::go_last)
            .build()?;
        let (stop, closing) = watch::channel(false);
        let state = Arc::new(ApiState {
            address: session.address(),
            started: Instant::now(),
            events: EventSender::new(events, Arc::clone(session.feed().news())),
            feed: session.feed(),
            settings: session.feed().settings(),
            readers: ApiReaders::new(session.location().clone()),
            streams: Arc::new(Semaphore::new(ApiState::STREAMS)),
            jobs: Jobs::default(),
            importing: Arc::new(Semaphore::new(1)),
            editing: Mutex::default(),
            closing,
        });
        let mut server = Self {
            runtime,
            stop,
            serving: Vec::new(),
            #[cfg(unix)]
            socket: None,
            port: None,
            remarks: Vec::new(),
        };
        #[cfg(unix)]
        server.open_socket(session, &state);
        match port {
            Some(port) => server.open_port(session, &state, port),
            None => TokenFiles::clear_away(session.location()),
        }
        Ok(server)
    }

    #[cfg(unix)]
    fn open_socket(&mut self, session: &Session, state: &Arc<ApiState>) {
        let opened = ControlSocket::open(session.location()).map_err(|error| error.to_string()).and_then(|socket| {
            let _inside = self.runtime.enter();
            let listener = socket.listener().map_err(|error| error.to_string())?;
            Ok((socket, listener))
        });
        match opened {
            Ok((socket, listener)) => {
                tracing::info!(path = %socket.path().display(), "control interface opened");
                let router = routes::socket_router(Arc::clone(state)).layer(Extension(Transport::UnixSocket));
                let serving = connections::serve(listener, router, state.closing.clone());
                self.serving.push(self.runtime.spawn(serving));
                self.socket = Some(socket);
            }
            Err(reason) => {
                tracing::warn!(reason, "no control interface");
                self.remarks.push(format!("no control interface: {reason}"));
            }
        }
    }

    fn open_port(&mut self, session: &Session, state: &Arc<ApiState>, port: ApiPort) {
        let (url, token) = (port.url(), Arc::clone(port.token()));
        let opened = TokenFiles::write(session.location(), &port).and_then(|files| {
            let gate = PortGate::of(&port).map_err(|error| error.to_string())?;
            let _inside = self.runtime.enter();
            Ok((files, Arc::new(gate), port.into_listener().map_err(|error| error.to_string())?))
        });
        match opened {
            Ok((files, gate, listener)) => {
                tracing::info!(url, "control interface opened on a port");
                let router = routes::router(Arc::clone(state))
                    .layer(Extension(Transport::Tcp))
                    .layer(middleware::from_fn_with_state(gate, admission::guard));
                self.serving.push(self.runtime.spawn(connections::serve(listener, router, state.closing.clone())));
                self.port = Some((url, token, files));
            }
            Err(reason) => {
                tracing::warn!(reason, "no control interface on a port");
                self.remarks.push(format!("no control interface on {url}: {reason}"));
            }
        }
    }

    /// The URL and the token of the port, where there is one.
    #[must_use]
    pub fn port(&self) -> Option<(&str, &ApiToken)> {
        self.port.as_ref().map(|(url, token, _)| (url.as_str(), &**token))
    }

    /// What did not work, in sentences.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The socket, where it cannot be told from the store's name.
    #[cfg(unix)]
    #[must_use]
    pub fn hidden_socket(&self) -> Option<&std::path::Path> {
        self.socket.as_ref().filter(|socket| !socket.is_beside_the_store()).map(ControlSocket::path)
    }

    /// Closes the socket, and ends what is in progress within a moment. To be called before [`Session::stop`], which
    /// waits for it.
    pub fn stop(self) {
        let Self { runtime, stop, serving, .. } = self;
        #[cfg(unix)]
        drop(self.socket);
        drop(self.port);
        let _ = stop.send(true);
        runtime.block_on(async {
            for serving in serving {
                let _ = serving.await;
            }
        });
        // What reads sees that it is closing; no thread is left that holds the session.
        runtime.shutdown_timeout(FINISH);
        tracing::debug!("control interface closed");
    }
}
