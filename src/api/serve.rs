//! Connections to requests: accepted, bounded, and ended with the listener.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use axum::Extension;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

#[cfg(unix)]
use super::ControlSocket;
use super::jobs::Jobs;
use super::readers::{ApiReaders, READERS};
use super::routes;
use super::state::ApiState;
use crate::server::{EventSender, ServerEvent, Session};

/// Connections served at once; further ones wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a request's head may take, and a connection be idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// The longest head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long requests in progress may take when the listener ends.
const FINISH: Duration = Duration::from_millis(300);
/// Threads that read, one for an import, one for a body that is written to a file, and one for other work.
const BLOCKING_THREADS: usize = READERS + 3;

/// How a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Over the socket beside the store: from this user, or the machine's administrator.
    UnixSocket,
}

/// The control interface of a running session.
#[derive(Debug)]
pub struct ApiServer {
    runtime: Runtime,
    stop: watch::Sender<bool>,
    serving: Vec<tokio::task::JoinHandle<()>>,
    #[cfg(unix)]
    socket: Option<ControlSocket>,
    remarks: Vec<String>,
}

impl ApiServer {
    /// Opens the control socket of `session`, whose events go to `events`. One that cannot be opened is a remark
    /// ([`ApiServer::remarks`]): deliveries come in all the same.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn start(session: &Session, events: mpsc::Sender<ServerEvent>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            .thread_name("whyhook-api")
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
            remarks: Vec::new(),
        };
        #[cfg(unix)]
        server.open_socket(session, &state);
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

#[cfg(unix)]
mod connections {
    use axum::Router;
    use hyper::server::conn::http1;
    use hyper_util::rt::{TokioIo, TokioTimer};
    use hyper_util::service::TowerToHyperService;
    use tokio::net::{UnixListener, UnixStream};
    use tokio::sync::{Semaphore, watch};
    use tokio::task::JoinSet;

    use super::super::socket::is_allowed;
    use super::{Arc, CONNECTIONS, Duration, FINISH, HEAD_BYTES, HEAD_PATIENCE};

    /// Serves until `closing` becomes true.
    pub(super) async fn serve(listener: UnixListener, router: Router, mut closing: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = closed(&mut closing) => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&listener, &places) => accepted,
            };
            let Some((stream, place)) = accepted else { continue };
            let (router, closing) = (router.clone(), closing.clone());
            connections.spawn(async move {
                connection(stream, router, closing).await;
                drop(place);
            });
        }
        drop(listener);
        let _ = tokio::time::timeout(FINISH, async { while connections.join_next().await.is_some() {} }).await;
    }

    /// A connection of the same user, once there is a place for it.
    async fn accept(
        listener: &UnixListener,
        places: &Arc<Semaphore>,
    ) -> Option<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: they come back as connections end.
                tracing::warn!(reason = %error, "control connection not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                return None;
            }
        };
        let peer = stream.peer_cred().map(|peer| peer.uid());
        if !peer.as_ref().is_ok_and(|peer| is_allowed(*peer)) {
            tracing::warn!(user = peer.ok(), "control connection of another user closed");
            return None;
        }
        Some((stream, place))
    }

    /// Resolves once the interface ends.
    async fn closed(closing: &mut watch::Receiver<bool>) {
        let _ = closing.wait_for(|closing| *closing).await;
    }

    async fn connection(stream: UnixStream, router: Router, mut closing: watch::Receiver<bool>) {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(HEAD_BYTES);
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = closed(&mut closing) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(reason = %error, "control connection ended");
        }
    }
}
