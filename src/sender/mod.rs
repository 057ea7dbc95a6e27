//! Sending requests: a client that writes exact bytes, and the result of each attempt.
//!
//! A [`Target`] is the destination, an [`Outgoing`] the request, byte for byte. [`Client::send`] writes it to
//! a socket and reads the response, strictly bounded in time and size. [`attempt`] turns the result into the
//! facts that the store keeps and the result panel shows. [`Signing`] creates fresh timestamp and signature
//! headers.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tokio_util::sync::CancellationToken;
//! use whyhook::sender::{Client, Limits, Outgoing, Target, TlsOptions};
//!
//! let target: Target = "localhost:3000/webhooks/trackpilots".parse()?;
//! let request = Outgoing::post(&target, "{}")?;
//! let client = Client::new(&TlsOptions::default())?;
//! let sent = client.send(&target, &request, &Limits::default(), &CancellationToken::new()).await;
//! println!("{}", sent.result?.status);
//! # Ok(())
//! # }
//! ```

mod batch;
mod body;
mod client;
mod error;
mod form;
mod outcome;
pub mod replay;
mod request;
mod response;
mod sign;
mod target;
#[cfg(test)]
mod tests;
mod tls;

pub use batch::{InvalidRate, Pace, run_all};
pub use body::Body;
pub use client::{Client, HandedOn, Limits, Part, Sent};
pub use error::{SendError, Stage, TlsFault};
pub use form::{NoOriginForm, origin_form};
pub use outcome::{
    Origin, StatusClass, Term, attempt, attempt_json, attempt_not_made, attempt_of_stored, attempt_text,
    delivery_headers, latency_words, status_words, summary_json,
};
pub use request::{Change, InvalidHeader, Line, NotReplayable, Outgoing};
#[doc(hidden)]
pub use response::read_response;
#[cfg(test)]
pub(crate) use response::read_start;
pub use response::{ResponseLength, Start};
pub use sign::{SignError, Signing};
pub use target::{Host, InvalidTarget, Target};
pub use tls::{TlsOptions, TlsSetupError};
