//! The listener: accepts connections, keeps each request as received, and answers once it is on disk.
//!
//! ```text
//! socket → stream: framing → exchange: read → judge → keep (on disk) → rule → wait, hold, forward → answer
//! ```

mod answering;
mod asked;
mod body;
pub mod capture;
mod connection;
mod control;
mod exchange;
mod forward;
mod hold;
mod pace;
mod perform;
mod places;
mod raw;
mod received;
mod response;
mod room;
mod stats;
mod stream;
#[cfg(test)]
mod tests;

pub use control::Control;
pub use forward::{FORWARD_DESCRIPTORS, InvalidForward, Means};
pub use hold::{HELD_LIMIT, NotHeld};
pub use pace::Deadlines;
pub use received::SecretNews;
pub use stats::{Load, Stats, StatsSnapshot};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::rules::Reply;

/// How long answers in progress may take when the program ends.
const FINISH: Duration = Duration::from_millis(650);

/// How long those that have their answers are waited for then, to hang up: none waits longer, and to be cut off harms
/// only who is still sending.
const FAREWELL: Duration = Duration::from_millis(100);

/// The limits of the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListenerLimits {
    /// The maximum length of a body that is kept completely.
    pub body_bytes: u64,
    /// Bytes of bodies that may be in memory at once, over all connections.
    pub in_flight_bytes: usize,
    /// Connections served at once; further ones are answered 503.
    pub connections: usize,
    /// Time limits for senders.
    pub deadlines: Deadlines,
}

impl ListenerLimits {
    /// The most memory that one body section takes, in bytes.
    fn body_section_bytes(&self) -> usize {
        usize::try_from(self.body_bytes).unwrap_or(usize::MAX).saturating_add(crate::http::section::MORE_BYTES)
    }
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024 * 1024,
            in_flight_bytes: 256 * 1024 * 1024,
            connections: 1024,
            deadlines: Deadlines::default(),
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else does.
    #[error(
        "{address} is in use by another program: stop it, or choose another port, such as --bind {}:{}",
        address.ip(), address.port().checked_add(1).unwrap_or(0)
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The system refuses it.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

fn overloaded_reply() -> Reply {
    Reply::text(503, "whyhook is at its limit").with_header("retry-after", "1")
}

fn not_kept_reply() -> Reply {
    Reply::text(503, "whyhook could not keep this delivery").with_header("retry-after", "5")
}

/// A bound listener that is not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// [`ListenError`] when the address is taken or refused.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address },
            _ => ListenError::Refused { address, source },
        };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// The address that it listens on, with the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stopping` becomes true; then lets go what is held, each delivery with its default,
    /// and what is being answered finish, for somewhat less than a second.
    pub async fn serve(self, control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                _ = stopping.wait_for(|stopping| *stopping) => break,
                Some(_) = connections.join_next() => continue,
            };
            let (socket, remote) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: they come back as connections end.
                    tracing::warn!(reason = %error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (control, stopping) = (Arc::clone(&control), stopping.clone());
            match control.places.take() {
                Some(place) => connections.spawn(connection::serve(socket, remote, place, control, stopping)),
                None => connections.spawn(connection::serve_in_turn(socket, remote, control, stopping)),
            };
        }
        drop(self.socket);
        tracing::debug!(connections = connections.len(), held = control.holding.count(), "no longer accepting");
        control.holding.release();
        let answered = async {
            control.places.vacated().await;
            control.forwarder.finished().await;
        };
        if tokio::time::timeout(FINISH, answered).await.is_err() {
            tracing::warn!(connections = control.places.taken(), "connections cut at the end");
        }
        let gone = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }
}
