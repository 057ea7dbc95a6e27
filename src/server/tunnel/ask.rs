//! One bounded question over HTTP to a program of this machine.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::found::shown;
use crate::http::{
    BodyEnd, Client, ClientLimits, Head, HttpResponse, Outgoing, SendError, SendStage, Target, TlsOptions,
};

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: u64 = 256 * 1024;
/// The longest response head that is read, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// Asks, each time over a connection of its own.
pub(super) struct Asker {
    client: Client,
    limits: ClientLimits,
}

/// Why there is no answer; the words follow the address.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nothing listens there.
    #[error("does not listen")]
    Nobody,
    #[error("does not answer as HTTP: {}", shown(&.0.to_string()))]
    Http(SendError),
    #[error("cannot be asked: {0}")]
    Question(String),
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answered with a broken body or more than 256 KiB")]
    Body,
    #[error("did not answer within {0:?}")]
    Late(Duration),
}

impl NoAnswer {
    /// Whether the program does not know what it was asked for.
    pub(super) fn lacks_it(&self) -> bool {
        matches!(self, Self::Status(404 | 405 | 410))
    }
}

impl Asker {
    /// One that gives up after `limit`, from connecting to the answer's last byte.
    pub(super) fn within(limit: Duration) -> Result<Self, String> {
        let client = Client::new(&TlsOptions::default()).map_err(|error| error.to_string())?;
        let limits = ClientLimits { head_bytes: HEAD_LIMIT, body_bytes: ANSWER_LIMIT, ..ClientLimits::within(limit) };
        Ok(Self { client, limits })
    }

    /// The body of `GET path` at `address`.
    pub(super) async fn get(&self, address: SocketAddr, path: &str) -> Result<Bytes, NoAnswer> {
        let target: Target =
            format!("http://{address}{path}").parse().map_err(|error| NoAnswer::Question(format!("{error}")))?;
        // ngrok's agents of version 2 answer in XML unless told otherwise.
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
             Connection: close\r\n\r\n",
            target.request_target(),
            target.authority()
        );
        let request = Outgoing::exact(&Head::read(Bytes::from(head)), Bytes::new());
        let sent = self.client.send(&target, &request, &self.limits, &CancellationToken::new()).await;
        self.body(sent.result)
    }

    fn body(&self, result: Result<HttpResponse, SendError>) -> Result<Bytes, NoAnswer> {
        match result {
            Ok(reply) => match (reply.status, reply.end) {
                (200, BodyEnd::Complete) => Ok(reply.body),
                (200, BodyEnd::TimedOut) => Err(NoAnswer::Late(self.limits.whole)),
                (200, _) => Err(NoAnswer::Body),
                (status, _) => Err(NoAnswer::Status(status)),
            },
            Err(
                SendError::Refused { .. }
                | SendError::Unreachable { .. }
                | SendError::Timeout { stage: SendStage::Connect, .. },
            ) => Err(NoAnswer::Nobody),
            Err(SendError::Timeout { .. }) => Err(NoAnswer::Late(self.limits.whole)),
            Err(error) => Err(NoAnswer::Http(error)),
        }
    }
}
