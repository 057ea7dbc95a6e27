//! One tunnel, as its program tells of it.

use super::target::TunnelTarget;
use crate::config::{TunnelName, is_public_url};
use crate::text::{clip, visible};

/// Columns of foreign text that are worth showing.
const SHOWN_COLUMNS: usize = 120;

/// Where a tunnel leads. All text in it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum TunnelEnd {
    /// To this listener.
    Here,
    /// To another port, or another machine.
    Elsewhere {
        /// As the program writes it: `http://localhost:8080`.
        addr: String,
        /// The port in `addr`, where it can be told.
        port: Option<u16>,
    },
    /// Its program does not say.
    Unknown,
}

impl TunnelEnd {
    /// Whether `addr`, as a program writes where its tunnel leads, is the listener on `our_port` of this machine. A
    /// tunnel that speaks TLS to its target leads elsewhere, whatever its port: the listener has none.
    pub(super) fn of(addr: &str, our_port: u16) -> Self {
        let target = TunnelTarget::parse(addr);
        if target.may_be_here && target.port == Some(our_port) {
            return Self::Here;
        }
        let addr = if addr.is_empty() { "an unknown address".to_owned() } else { shown(addr) };
        Self::Elsewhere { addr, port: target.port }
    }
}

/// A tunnel with a public URL. All text in it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FoundTunnel {
    /// Whose it is, or how it is known.
    pub name: TunnelName,
    /// Without a slash at its end.
    pub public_url: String,
    /// Where it leads.
    pub end: TunnelEnd,
}

impl FoundTunnel {
    /// A tunnel of `name`; `None` where `url` is not one that others can call, or not one that is safe to show.
    pub(super) fn new(name: TunnelName, url: &str, end: TunnelEnd) -> Option<Self> {
        let public_url = url.trim_end_matches('/').to_owned();
        is_public_url(&public_url).then_some(Self { name, public_url, end })
    }

    /// Whether requests to its URL may arrive here.
    #[must_use]
    pub fn may_lead_here(&self) -> bool {
        !matches!(self.end, TunnelEnd::Elsewhere { .. })
    }

    pub(super) fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }

    /// Host and port of its URL.
    pub(super) fn authority(&self) -> &str {
        let after = self.public_url.split_once("://").map_or(&*self.public_url, |(_, after)| after);
        after.split('/').next().unwrap_or_default()
    }

    /// On one line: `https://a.example leads to http://localhost:8080, not here (ngrok)`.
    #[must_use]
    pub fn words(&self) -> String {
        let (url, name) = (&self.public_url, self.name.title());
        match &self.end {
            TunnelEnd::Here => format!("{url} ({name})"),
            TunnelEnd::Elsewhere { addr, .. } => format!("{url} leads to {addr}, not here ({name})"),
            TunnelEnd::Unknown => format!("{url} ({name}, target unknown)"),
        }
    }
}

/// What one program says of its tunnels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SourceAnswer {
    /// It does not run.
    #[default]
    Absent,
    /// It runs, with these; none when nothing is open.
    Tunnels(Vec<FoundTunnel>),
    /// Something answers that is not this program, or not in time; the reason in words that are safe to show.
    Unreadable(String),
}

/// Foreign text on one short, visible line.
pub(super) fn shown(text: &str) -> String {
    clip(&visible(text), SHOWN_COLUMNS).into_owned()
}
