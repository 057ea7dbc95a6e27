//! Where tunnels are looked for, and how often.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::config::TunnelSettings;
use crate::server::tunnel::pace::Pace;

/// Where tunnels are looked for.
#[derive(Clone)]
pub struct TunnelPlaces {
    /// Of ngrok's agent; `None` where it is not asked.
    pub ngrok: Option<SocketAddr>,
    /// Which others are looked for.
    pub settings: TunnelSettings,
    /// The public URL that a person has given.
    pub given: Option<String>,
    /// Where this listener is, which is never asked.
    pub listener: SocketAddr,
    /// The folders of programs, as `PATH` has them.
    pub path: Option<OsString>,
    /// Takes secrets out of the environment of a program that is run.
    pub conceal: Arc<dyn Fn(&mut std::process::Command) + Send + Sync>,
}

impl fmt::Debug for TunnelPlaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TunnelPlaces").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// How often each kind of question is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paces {
    /// ngrok's agent, which is asked whether it is seen or not.
    pub(super) ngrok: Pace,
    /// What answers with a tunnel: that it ends is noticed soon for some minutes, and then less soon.
    pub(super) answering: Pace,
    /// Which programs run, once it is certain which tunnel leads here.
    pub(super) seen_when_certain: Pace,
    /// Which programs run.
    pub(super) seen: Pace,
    /// Over HTTP, what is seen to run or configured.
    pub(super) http: Pace,
    /// By running a program once.
    pub(super) command: Pace,
    /// For one question over HTTP, from connecting to the answer's last byte.
    pub(super) limit: Duration,
}

pub(super) const PACES: Paces = Paces {
    ngrok: Pace::seconds(2, 60),
    answering: Pace::seconds(2, 240).after(60),
    seen_when_certain: Pace::seconds(2, 240),
    seen: Pace::seconds(2, 60),
    http: Pace::seconds(2, 60),
    command: Pace::seconds(30, 600),
    limit: Duration::from_secs(1),
};
