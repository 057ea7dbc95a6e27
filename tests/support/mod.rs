//! What the end-to-end tests are written with: an environment to run in, a program to run, a sender on a
//! socket, a person at a terminal.

pub(crate) mod bombs;
mod brotli;
pub(crate) mod control;
mod listening;
pub(crate) mod paths;
mod person;
mod receiver;
pub(crate) mod schema;
mod signing;
pub(crate) mod source;
mod test_env;
mod tls;
pub(crate) mod tools;
mod wire;

use std::time::{Duration, Instant};

pub(crate) use listening::Listening;
pub(crate) use person::{Person, Size};
pub(crate) use receiver::{Receiver, Upstream};
pub(crate) use signing::{SECRET, Signed, Unit, headers, in_chunks, now, sample, signature};
pub(crate) use test_env::{DEFAULT_VARIABLE, KillOnDrop, Ran, TestEnv, finish};
pub(crate) use tls::TlsServer;
pub(crate) use wire::{Answer, Wire, request_from, talk};

/// How long anything may take before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Asks until there is an answer; `None` when there is none after [`PATIENCE`].
pub(crate) fn until<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(15));
    }
}
