//! What Trackpilots' pages say of its events, as data.
//!
//! Taken from the live screenshot event and from the simulation pages' samples; what only one page
//! says is documented all the same.

/// What a field is documented to hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Text,
    /// A UUID, as every id of the samples.
    Id,
    /// ISO 8601 in UTC with milliseconds.
    Date,
    Integer,
    Boolean,
    /// An image buffer, or an array of them.
    Image,
    Object(&'static [Field]),
}

/// One documented field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// The values that the pages show; empty where any text is as good.
    pub(super) seen: &'static [&'static str],
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, seen: &[] }
}

const fn one_of(name: &'static str, seen: &'static [&'static str]) -> Field {
    Field { name, shape: Shape::Text, seen }
}

/// One documented event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: &'static str,
    /// Whether `data` is an array of items rather than one object.
    pub(super) is_list: bool,
    /// The fields of an item.
    pub(super) item: &'static [Field],
}

/// The names by which an envelope is known.
pub(super) const ENVELOPE: [&str; 5] = ["event", "version", "agent", "timestamp", "data"];
/// The one more of a simulation.
pub(super) const SIMULATION: &str = "simulation";
pub(super) const VERSION: &str = "v1";
pub(super) const AGENT: &str = "desktop-agent";

const ORGANISATION: Field = field("organisation", Shape::Object(&[field("organisationId", Shape::Id)]));
const TEAM: Field = field("team", Shape::Object(&[field("teamId", Shape::Id)]));
const USER: Field = field("user", Shape::Object(&[field("userId", Shape::Id)]));

/// What every item has, whatever its event.
pub(super) const PEOPLE: &[Field] = &[ORGANISATION, TEAM, USER];

const SYSTEM: Field = one_of("operatingSystem", &["macos", "windows"]);
const APP: Field = field(
    "app",
    Shape::Object(&[
        field("name", Shape::Text),
        one_of("type", &["website", "application"]),
        field("category", Shape::Text),
        field("iconUrl", Shape::Text),
        field("domain", Shape::Text),
        field("fullUrl", Shape::Text),
        one_of("productivityStatus", &["neutral", "productive"]),
    ]),
);

pub(super) const ACTIVITY: &str = "desktop.activity_tracking.captured";
pub(super) const APP_TRACKING: &str = "desktop.app_tracking.captured";
pub(super) const SCREENSHOT: &str = "desktop.screenshot_tracking.captured";

pub(super) const EVENTS: [Event; 3] = [
    Event {
        name: ACTIVITY,
        is_list: false,
        item: &[ORGANISATION, TEAM, USER, field("activity", Shape::Object(&[field("workMode", Shape::Boolean)]))],
    },
    Event {
        name: APP_TRACKING,
        is_list: true,
        item: &[
            ORGANISATION,
            TEAM,
            USER,
            field(
                "tracking",
                Shape::Object(&[
                    field("trackingId", Shape::Id),
                    APP,
                    field(
                        "time",
                        Shape::Object(&[
                            field("startDate", Shape::Date),
                            field("endDate", Shape::Date),
                            field("durationInSeconds", Shape::Integer),
                        ]),
                    ),
                    one_of("trackingMode", &["online"]),
                    SYSTEM,
                ]),
            ),
        ],
    },
    Event {
        name: SCREENSHOT,
        is_list: true,
        item: &[
            ORGANISATION,
            TEAM,
            USER,
            field(
                "screenshot",
                Shape::Object(&[
                    field("screenshotId", Shape::Id),
                    field("imageBuffer", Shape::Image),
                    APP,
                    field("time", Shape::Object(&[field("capturedAt", Shape::Date)])),
                    SYSTEM,
                    one_of("workType", &["hybrid", "remote"]),
                    field("isIdle", Shape::Boolean),
                ]),
            ),
        ],
    },
];

impl Shape {
    /// What is expected, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Id => "a UUID",
            Self::Date => "a date such as 2026-01-28T09:05:00.308Z",
            Self::Integer => "a number",
            Self::Boolean => "true or false",
            Self::Image => "an image buffer as text",
            Self::Object(_) => "an object",
        }
    }
}
