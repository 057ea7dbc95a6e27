//! Whether the world can reach this listener, as far as the agent tells.

use std::fmt;
use std::net::SocketAddr;

/// What is known of the tunnel. All text in it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum TunnelState {
    /// No agent answers.
    #[default]
    None,
    /// An agent runs, without any HTTP tunnel.
    NoTunnel,
    /// A tunnel leads to this listener.
    Ours {
        /// Its public URL without a trailing slash; the `https` one where there are both.
        public_url: String,
        /// The public URLs of every other HTTP tunnel, sorted.
        others: Vec<String>,
    },
    /// There are HTTP tunnels, and none leads to this listener.
    Elsewhere {
        /// The public URL of one of them.
        public_url: String,
        /// Where it leads, as the agent writes it: `http://localhost:8080`.
        addr: String,
        /// The port in `addr`, where it can be told.
        port: Option<u16>,
    },
    /// Something answers that is not an agent, or not in time; the reason in words.
    Unreadable(String),
}

impl TunnelState {
    /// As it is logged.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::None => "no agent",
            Self::NoTunnel => "no tunnel",
            Self::Ours { .. } => "ours",
            Self::Elsewhere { .. } => "elsewhere",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Logs that it is so now. Where another tunnel leads is an address of somebody else's, which may hold a password: its
    /// port is enough.
    pub(super) fn log(&self, agent: SocketAddr) {
        let state = self.name();
        match self {
            Self::None | Self::NoTunnel => tracing::info!(%agent, state, "tunnel"),
            Self::Ours { public_url, others } => {
                tracing::info!(%agent, state, public_url, others = others.len(), "tunnel");
            }
            Self::Elsewhere { public_url, port, .. } => tracing::info!(%agent, state, public_url, port, "tunnel"),
            Self::Unreadable(reason) => tracing::warn!(%agent, state, reason, "tunnel"),
        }
    }

    /// The public URL of `path` when a tunnel leads to this listener.
    #[must_use]
    pub fn url_for(&self, path: &str) -> Option<String> {
        match self {
            Self::Ours { public_url, .. } => Some(public_url_for(public_url, path)),
            _ => None,
        }
    }
}

impl fmt::Display for TunnelState {
    /// One line for a person.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("no tunnel: no ngrok agent is running"),
            Self::NoTunnel => formatter.write_str("no tunnel: the ngrok agent has no open tunnel"),
            Self::Ours { public_url, others } if others.is_empty() => formatter.write_str(public_url),
            Self::Ours { public_url, others } => write!(formatter, "{public_url} (and {} more)", others.len()),
            Self::Elsewhere { public_url, addr, .. } => write!(formatter, "{public_url} leads to {addr}, not here"),
            Self::Unreadable(reason) => write!(formatter, "tunnel unknown: {reason}"),
        }
    }
}

/// Joins a public URL and a webhook's path.
///
/// ```
/// use whyhook::server::tunnel::public_url_for;
/// let url = public_url_for("https://a1b2.ngrok-free.app", "/webhooks/trackpilots");
/// assert_eq!(url, "https://a1b2.ngrok-free.app/webhooks/trackpilots");
/// ```
#[must_use]
pub fn public_url_for(public_url: &str, path: &str) -> String {
    format!("{}/{}", public_url.trim_end_matches('/'), path.strip_prefix('/').unwrap_or(path))
}
