//! HTTP/1.1 on the wire, in either direction: heads, bodies, requests that go out, and what comes back.
//!
//! This room knows no delivery. What a sender, an upstream server or a file brings is read here, strictly where it must
//! be answered ([`framing`]) and leniently where it is only shown ([`Head`]); what goes out is written byte for
//! byte ([`Outgoing`], [`Client`]).
//!
//! | subject | file |
//! |---|---|
//! | where a head ends, and how long a body is | `length`, `framing` |
//! | the lines of a head, kept in order | `head`, `lines`, `field` |
//! | chunks, and what stood around a body | `chunks`, `section`, `wire_framing` |
//! | media types, parameters, forms, percent-encoding | `media_type`, `form`, `percent` |
//! | where a request goes | `target`, `origin_form` |
//! | a request that goes out, and its response | `request`, `body`, `client`, `response`, `tls`, `error` |
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tokio_util::sync::CancellationToken;
//! use whyhook::http::{Client, ClientLimits, Outgoing, Target, TlsOptions};
//!
//! let target: Target = "localhost:3000/webhooks/trackpilots".parse()?;
//! let request = Outgoing::post(&target, "{}")?;
//! let client = Client::new(&TlsOptions::default())?;
//! let sent = client.send(&target, &request, &ClientLimits::default(), &CancellationToken::new()).await;
//! println!("{}", sent.result?.status);
//! # Ok(())
//! # }
//! ```

mod body;
mod chunks;
mod client;
mod error;
mod field;
pub mod form;
pub mod framing;
mod head;
mod length;
mod lines;
mod media_type;
mod origin_form;
pub mod percent;
mod reply;
mod request;
mod response;
pub(crate) mod section;
mod target;
mod tls;
mod wire_framing;

pub use body::OutgoingBody;
pub use chunks::{BodyFraming, ChunkPiece, ChunkState};
pub use client::{Client, ClientLimits, HandedOn, ResponsePart, Sent};
pub use error::{Failure, SendError, SendStage, TlsFault};
pub use field::{FieldFault, field, is_token, split_field};
pub use head::{Head, HeaderField};
pub use length::{BodyLength, head_end};
pub use lines::{HeadLine, trim};
pub use media_type::{MediaType, forwarded, parameter};
pub(crate) use origin_form::behind_scheme;
pub use origin_form::{NoOriginForm, origin_form};
pub use reply::{BodyEnd, HttpResponse, Latency};
pub use request::{HeaderLine, InvalidHeader, NoRequest, Outgoing, RequestChange};
#[doc(hidden)]
pub use response::read_response;
#[cfg(test)]
pub(crate) use response::read_start;
pub use response::{ResponseLength, Start};
pub use target::{Host, InvalidTarget, Target};
pub use tls::{TlsOptions, TlsSetupError};
pub use wire_framing::{WireFraming, WireFramingBuilder};
