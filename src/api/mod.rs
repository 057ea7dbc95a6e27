//! The control interface of a running listener: HTTP for other processes of the same user.
//!
//! ```text
//! curl --unix-socket whyhook.db-socket http://whyhook/status
//! ```
//!
//! It has a Unix socket beside the store ([`ControlSocket`]), a port where one is asked for ([`ApiPort`]), and a runtime and readers of its own: what is asked here costs a delivery nothing, and the port for webhooks never shows any of it. Everything is bounded: connections,
//! requests at a time, bodies, and the time that a client may take. Errors are problem details (RFC 9457).

mod admission;
#[cfg(unix)]
mod attach;
#[cfg(unix)]
mod client;
mod connections;
mod extract;
mod followers;
mod following;
mod jobs;
mod openapi;
mod port;
mod problem;
mod readers;
mod routes;
mod selection;
mod sending;
mod serve;
#[cfg(unix)]
mod socket;
#[cfg(unix)]
mod sse;
mod state;
mod unread;

#[cfg(unix)]
pub use attach::{AttachError, AttachedListener};
#[cfg(unix)]
pub use client::{ApiClient, ApiClientError};
pub use following::{AnsweringListener, FollowLook, FollowNews, Following, NoResumePoint, ResumePoint};
pub use openapi::openapi_document;
pub use port::{ApiPort, ApiPortError, ApiToken};
pub use problem::ApiProblem;
pub use serve::ApiServer;
#[cfg(unix)]
pub use socket::{ControlSocket, ControlSocketError};
#[cfg(unix)]
pub use sse::{EventReader, EventTooLong, SseEvent};
