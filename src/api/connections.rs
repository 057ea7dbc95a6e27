//! Connections accepted, bounded, and ended with the listener.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::unread;

/// Connections served at once; further ones wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a request's head may take, and a connection be idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// The longest head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long requests in progress may take when the listener ends.
pub(super) const FINISH: Duration = Duration::from_millis(300);

/// What connections come from.
pub(super) trait Accepts: Send + Sync + 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection; `None` for one that was closed at once, which was logged.
    fn accept(&self) -> impl Future<Output = io::Result<Option<Self::Stream>>> + Send;
}

#[cfg(unix)]
impl Accepts for tokio::net::UnixListener {
    type Stream = tokio::net::UnixStream;

    /// Of the same user only.
    async fn accept(&self) -> io::Result<Option<Self::Stream>> {
        let (stream, _) = self.accept().await?;
        let peer = stream.peer_cred().map(|peer| peer.uid());
        if peer.as_ref().is_ok_and(|peer| super::socket::is_allowed(*peer)) {
            return Ok(Some(stream));
        }
        tracing::warn!(user = peer.ok(), "control connection of another user closed");
        Ok(None)
    }
}

impl Accepts for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<Option<Self::Stream>> {
        let (stream, _) = self.accept().await?;
        // Events are small and should not wait for each other.
        let _ = stream.set_nodelay(true);
        Ok(Some(stream))
    }
}

/// Serves until `closing` becomes true.
pub(super) async fn serve(listener: impl Accepts, router: Router, mut closing: watch::Receiver<bool>) {
    let router = router.layer(middleware::map_request(unread::reading_the_rest));
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

/// A connection, once there is a place for it.
async fn accept<L: Accepts>(listener: &L, places: &Arc<Semaphore>) -> Option<(L::Stream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok(stream) => Some((stream?, place)),
        Err(error) => {
            // Out of descriptors, most likely: they come back as connections end.
            tracing::warn!(reason = %error, "control connection not accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// Resolves once the interface ends.
async fn closed(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await;
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    mut closing: watch::Receiver<bool>,
) {
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
