//! What each program's answer means: one pure function a file, from foreign bytes to tunnels.

mod cloudflared;
mod codespaces;
mod dev_tunnels;
mod learnt;
mod ngrok;
mod pinggy;
mod tailscale;
mod zrok;

pub(super) use cloudflared::{CloudflaredAnswers, cloudflared};
pub(super) use codespaces::codespaces;
pub(super) use dev_tunnels::{dev_tunnels, hosted_tunnel};
pub use learnt::learnt_url;
pub use ngrok::interpret as ngrok;
pub(super) use pinggy::{is_pinggy, pinggy, pinggy_target};
pub(super) use tailscale::tailscale;
pub(super) use zrok::zrok;

use super::found::{SourceAnswer, shown};

/// A list that is not what it should be: `what`, such as `a list of tunnels`.
fn unreadable(what: &str, error: &serde_json::Error) -> SourceAnswer {
    SourceAnswer::Unreadable(format!("not {what}: {}", shown(&error.to_string())))
}
