//! The tunnels by which others reach this listener.
//!
//! Each kind of tunnel has a place that tells of it: an API on this machine, a program that prints its state, the environment,
//! or the deliveries themselves (docs/tunnels.md).
//! [`watch`] asks those, `sources` has a pure function for each answer, and [`Tunnels`] decides which tunnel is ours. Another
//! program may listen at an address, so answers are bounded, checked, and made visible before anything shows them.

mod ask;
mod found;
mod hint;
mod pace;
mod program;
mod seen;
mod sources;
mod started;
mod target;
#[cfg(test)]
mod testing;
mod tunnels;
mod watch;

pub use found::{FoundTunnel, SourceAnswer, TunnelEnd};
pub use hint::Hint;
pub use sources::{learnt_url, ngrok as interpret_ngrok};
pub use started::{InstalledTunnel, StartableTunnel, StartedTunnel, TunnelStartError, UnknownTunnel};
pub use tunnels::{Tunnels, public_url_for};
pub use watch::{TunnelPlaces, look_once, watch};
