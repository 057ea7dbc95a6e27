//! Asking ngrok's agent for the requests that it holds (<https://ngrok.com/docs/agent/api/>).
//!
//! Another program may listen at its address: its answer is bounded in bytes and time, and nothing of it is shown that is
//! not made visible.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::import::AGENT_ANSWER_LIMIT;
use crate::http::{BodyEnd, Client, ClientLimits, Head, Outgoing, SendError, Target, TlsOptions};

/// Requests that are asked for: more than an agent holds.
const REQUESTS: usize = 10_000;
/// For one question, from connecting to the answer's last byte, where somebody has asked for it.
pub const AGENT_PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no list of requests; the words follow the agent's address.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The connection or its answer failed.
    #[error(
        "cannot ask ngrok's agent at {address}: {source}; does `ngrok http` run, and is its web_addr this address?"
    )]
    Unreachable {
        /// The agent's address.
        address: SocketAddr,
        /// What failed.
        source: SendError,
    },
    /// It answered something else.
    #[error("{address} answered with status {status}: is it ngrok's agent, with inspection on?")]
    Status {
        /// The agent's address.
        address: SocketAddr,
        /// The status.
        status: u16,
    },
    /// The answer did not come to its end.
    #[error("the answer of ngrok's agent at {0} is not whole: it took too long or has more than 256 MiB")]
    Cut(SocketAddr),
    /// No client could be made.
    #[error("{0}")]
    Client(String),
}

/// The agent's list of requests, as JSON that is not read yet, within `patience`.
///
/// # Errors
///
/// [`AgentError`].
pub async fn requests(address: SocketAddr, patience: Duration) -> Result<Bytes, AgentError> {
    let client = Client::new(&TlsOptions::default()).map_err(|error| AgentError::Client(error.to_string()))?;
    let text = format!("http://{address}/api/requests/http?limit={REQUESTS}");
    let target: Target = text.parse().map_err(|error| AgentError::Client(format!("{error}")))?;
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
         Connection: close\r\n\r\n",
        target.request_target(),
        target.authority()
    );
    let request = Outgoing::exact(&Head::from(head), Bytes::new());
    let limits = ClientLimits { body_bytes: AGENT_ANSWER_LIMIT, ..ClientLimits::within(patience) };
    let sent = client.send(&target, &request, &limits, &CancellationToken::new()).await;
    let reply = sent.result.map_err(|source| AgentError::Unreachable { address, source })?;
    match (reply.status, reply.end) {
        (200, BodyEnd::Complete) => Ok(reply.body),
        (200, _) => Err(AgentError::Cut(address)),
        (status, _) => Err(AgentError::Status { address, status }),
    }
}
