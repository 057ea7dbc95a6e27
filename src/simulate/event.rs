//! The three documented events.

use std::fmt;
use std::str::FromStr;

use crate::text::visible;

/// An event that Trackpilots documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum SimulatedEvent {
    /// A person switched between Work Mode and Privacy Mode.
    Activity,
    /// A stretch of time in an application.
    App,
    /// A screenshot.
    #[default]
    Screenshot,
}

/// The text names no documented event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown event '{}': expected activity, app or screenshot", visible(.0))]
pub struct UnknownEvent(pub String);

impl SimulatedEvent {
    /// Every event, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Activity, Self::App, Self::Screenshot];

    /// The name in the payload.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Activity => "desktop.activity_tracking.captured",
            Self::App => "desktop.app_tracking.captured",
            Self::Screenshot => "desktop.screenshot_tracking.captured",
        }
    }

    /// The short name, for people to type.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::App => "app",
            Self::Screenshot => "screenshot",
        }
    }
}

impl fmt::Display for SimulatedEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.short())
    }
}

impl FromStr for SimulatedEvent {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        let named = |event: &Self| text == event.name() || text.eq_ignore_ascii_case(event.short());
        Self::ALL.into_iter().find(named).ok_or_else(|| UnknownEvent(text.to_owned()))
    }
}

impl TryFrom<String> for SimulatedEvent {
    type Error = UnknownEvent;

    fn try_from(text: String) -> Result<Self, UnknownEvent> {
        text.parse()
    }
}

impl From<SimulatedEvent> for String {
    fn from(event: SimulatedEvent) -> Self {
        event.short().to_owned()
    }
}
