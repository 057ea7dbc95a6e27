//! The tunnels of ngrok's agent on this machine.
//!
//! The agent serves its own API without authentication, by default at `http://127.0.0.1:4040`;
//! `GET /api/endpoints` lists what is open, and in agents before 3.30 `GET /api/tunnels`
//! (<https://ngrok.com/docs/agent/api/>). [`interpret`] reads either list and [`watch`] keeps asking. Another program may listen at that address,
//! so answers are bounded, checked, and made visible before anything shows them.

mod interpret;
mod state;
mod target;
mod watch;

pub use interpret::interpret;
pub use state::{TunnelState, public_url_for};
pub use watch::{Hint, watch};
