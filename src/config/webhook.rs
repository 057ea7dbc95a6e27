//! A configured webhook: one endpoint that Trackpilots delivers to.

use crate::signature::{AcceptedSchemes, SigningKind};

/// The events that Trackpilots documents.
pub const KNOWN_EVENTS: [&str; 3] =
    ["desktop.activity_tracking.captured", "desktop.app_tracking.captured", "desktop.screenshot_tracking.captured"];

/// One webhook. Several may share a listener, told apart by their paths.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Webhook {
    /// The name it is chosen by and shown as; unique and never empty.
    pub name: String,
    /// The path that it is delivered to, beginning with `/`, without a query; unique.
    pub path: String,
    /// Which unit its timestamp header has.
    pub kind: SigningKind,
    /// The labels of the secrets that sign it; empty when any secret may.
    pub secrets: Vec<String>,
    /// The full names of the events that it subscribes to; empty when not told.
    pub events: Vec<String>,
    /// Where it is delivered, for simulations and replays; `None` for this program's own listener.
    pub url: Option<String>,
    /// How it may be signed, when not as the other requests are.
    pub schemes: Option<AcceptedSchemes>,
}

impl Webhook {
    /// Whether a request's path, without its query, is this webhook's. One trailing slash more or
    /// less makes no difference.
    #[must_use]
    pub fn answers_to(&self, path: &[u8]) -> bool {
        without_slash(path) == without_slash(self.path.as_bytes())
    }
}

/// `path` without one trailing slash; the root stays itself.
pub(super) fn without_slash(path: &[u8]) -> &[u8] {
    match path {
        [start @ .., b'/'] if !start.is_empty() => start,
        _ => path,
    }
}
