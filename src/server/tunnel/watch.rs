//! Asking the agent again and again, without being in anyone's way.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::interpret::shown;
use super::{TunnelState, interpret};

/// The longest list that is read, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024;
/// The longest response head that is read, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// How often to ask and how long to wait.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Between two questions while an agent answers.
    answered: Duration,
    /// Between two questions while none does.
    unanswered: Duration,
    /// For one question, from connecting to the answer's last byte.
    limit: Duration,
}

const PACE: Pace =
    Pace { answered: Duration::from_secs(2), unanswered: Duration::from_secs(5), limit: Duration::from_secs(1) };

impl Pace {
    fn pause_after(self, state: &TunnelState) -> Duration {
        match state {
            TunnelState::None | TunnelState::Unreadable(_) => self.unanswered,
            TunnelState::NoTunnel | TunnelState::Ours { .. } | TunnelState::Elsewhere { .. } => self.answered,
        }
    }
}

/// Asks the agent at `agent_addr` for its tunnels until the future is dropped, and calls `on_change`
/// with the first state and with each one that differs from the last.
///
/// It asks every 2 seconds while an agent answers and every 5 while none does; one question takes at
/// most a second and reads at most 256 KiB, on a connection of its own. Needs a tokio runtime with
/// I/O and time. It ends by itself only when `agent_addr` is this listener's own port, where the
/// questions would arrive as deliveries.
pub async fn watch(agent_addr: SocketAddr, our_port: u16, on_change: impl Fn(TunnelState) + Send + 'static) {
    if agent_addr.port() == our_port && agent_addr.ip().to_canonical().is_loopback() {
        let reason = format!("{agent_addr} is this listener itself: set ngrok_api to the agent's address");
        return on_change(TunnelState::Unreadable(reason));
    }
    watch_at(PACE, agent_addr, our_port, on_change).await;
}

async fn watch_at(pace: Pace, agent_addr: SocketAddr, our_port: u16, on_change: impl Fn(TunnelState) + Send + 'static) {
    let mut last = None;
    loop {
        crate::system::panic::trap("tunnel");
        let state = ask(agent_addr, our_port, pace.limit).await;
        let pause = pace.pause_after(&state);
        tracing::trace!(agent = %agent_addr, state = state.name(), ?pause, "agent asked");
        if last.as_ref() != Some(&state) {
            state.log(agent_addr);
            on_change(state.clone());
            last = Some(state);
        }
        sleep(pause).await;
    }
}

/// Asks once. Nothing that listens is [`TunnelState::None`]; everything else that goes wrong is
/// [`TunnelState::Unreadable`].
async fn ask(agent_addr: SocketAddr, our_port: u16, limit: Duration) -> TunnelState {
    let deadline = Instant::now() + limit;
    let Ok(Ok(stream)) = timeout_at(deadline, TcpStream::connect(agent_addr)).await else {
        return TunnelState::None;
    };
    // TCP may connect a socket to itself when nothing listens at a port of the ephemeral range.
    if stream.local_addr().is_ok_and(|local| local == agent_addr) {
        return TunnelState::None;
    }
    match timeout_at(deadline, list_tunnels(stream, agent_addr)).await {
        Ok(Ok(body)) => interpret(&body, our_port),
        Ok(Err(reason)) => TunnelState::Unreadable(format!("{agent_addr} {reason}")),
        Err(_) => TunnelState::Unreadable(format!("{agent_addr} did not answer within {limit:?}")),
    }
}

/// Why there is no list; the words follow the agent's address.
#[derive(Debug, thiserror::Error)]
enum NoList {
    #[error("does not answer as HTTP: {}", shown(&.0.to_string()))]
    Http(#[from] hyper::Error),
    #[error("could not be asked: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("answered with status {0}: is it ngrok's agent?")]
    Status(StatusCode),
    #[error("answered with a broken body or more than 256 KiB: is it ngrok's agent?")]
    Body,
}

async fn list_tunnels(stream: TcpStream, agent_addr: SocketAddr) -> Result<Bytes, NoList> {
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD_LIMIT).handshake(TokioIo::new(stream)).await?;
    // Agents of version 2 answer in XML unless told otherwise.
    let request = Request::get("/api/tunnels")
        .header(HOST, agent_addr.to_string())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .body(Empty::<Bytes>::new())?;
    let exchange = async move {
        let response = sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(NoList::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|_| NoList::Body)
    };
    tokio::pin!(exchange, connection);
    // The connection moves the bytes; when it ends first, the answer is already on its way here.
    tokio::select! {
        outcome = &mut exchange => outcome,
        _ = &mut connection => exchange.await,
    }
}

#[cfg(test)]
mod tests;
