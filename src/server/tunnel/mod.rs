//! What ngrok's agent on this machine says of its tunnels.
//!
//! The agent serves its own API without authentication, by default at `http://127.0.0.1:4040`;
//! `GET /api/tunnels` lists the tunnels (<https://ngrok.com/docs/agent/api/>). [`interpret`] reads
//! that list and [`watch`] keeps asking. Whatever listens at that address may as well be something
//! else: its answers are bounded, checked, and made visible before anything shows them.

mod interpret;
mod state;
mod target;
mod watch;

pub use interpret::interpret;
pub use state::{TunnelState, public_url_for};
pub use watch::watch;
