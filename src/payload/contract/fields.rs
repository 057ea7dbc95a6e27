//! What Trackpilots' pages say of its events, as data.
//!
//! Taken from the live screenshot event and from the simulation pages' samples; what only one page
//! says is documented all the same.

/// What a field is documented to hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldShape {
    Text,
    /// A UUID, as every id of the samples.
    Id,
    /// ISO 8601 in UTC with milliseconds.
    Date,
    Integer,
    Boolean,
    /// An image buffer, or an array of them.
    Image,
    Object(&'static [DocumentedField]),
}

/// One documented field.
#[derive(Debug, Clone, Copy)]
pub(super) struct DocumentedField {
    pub(super) name: &'static str,
    pub(super) shape: FieldShape,
    /// The values that the pages show; empty where any text is as good.
    pub(super) seen: &'static [&'static str],
}

const fn field(name: &'static str, shape: FieldShape) -> DocumentedField {
    DocumentedField { name, shape, seen: &[] }
}

const fn one_of(name: &'static str, seen: &'static [&'static str]) -> DocumentedField {
    DocumentedField { name, shape: FieldShape::Text, seen }
}

/// One documented event.
#[derive(Debug)]
pub(super) struct DocumentedEvent {
    pub(super) name: &'static str,
    /// Whether `data` is an array of items rather than one object.
    pub(super) is_list: bool,
    /// The fields of an item.
    pub(super) item: &'static [DocumentedField],
}

/// The names by which an envelope is known.
pub(super) const ENVELOPE: [&str; 5] = ["event", "version", "agent", "timestamp", "data"];
/// The one more of a simulation.
pub(super) const SIMULATION: &str = "simulation";
pub(super) const VERSION: &str = "v1";
pub(super) const AGENT: &str = "desktop-agent";

const ORGANISATION: DocumentedField =
    field("organisation", FieldShape::Object(&[field("organisationId", FieldShape::Id)]));
const TEAM: DocumentedField = field("team", FieldShape::Object(&[field("teamId", FieldShape::Id)]));
const USER: DocumentedField = field("user", FieldShape::Object(&[field("userId", FieldShape::Id)]));

/// What every item has, whatever its event.
pub(super) const PEOPLE: &[DocumentedField] = &[ORGANISATION, TEAM, USER];

const SYSTEM: DocumentedField = one_of("operatingSystem", &["macos", "windows"]);
const APP: DocumentedField = field(
    "app",
    FieldShape::Object(&[
        field("name", FieldShape::Text),
        one_of("type", &["website", "application"]),
        field("category", FieldShape::Text),
        field("iconUrl", FieldShape::Text),
        field("domain", FieldShape::Text),
        field("fullUrl", FieldShape::Text),
        one_of("productivityStatus", &["neutral", "productive"]),
    ]),
);

pub(super) const ACTIVITY: &str = "desktop.activity_tracking.captured";
pub(super) const APP_TRACKING: &str = "desktop.app_tracking.captured";
pub(super) const SCREENSHOT: &str = "desktop.screenshot_tracking.captured";

pub(super) const EVENTS: [DocumentedEvent; 3] = [
    DocumentedEvent {
        name: ACTIVITY,
        is_list: false,
        item: &[
            ORGANISATION,
            TEAM,
            USER,
            field("activity", FieldShape::Object(&[field("workMode", FieldShape::Boolean)])),
        ],
    },
    DocumentedEvent {
        name: APP_TRACKING,
        is_list: true,
        item: &[
            ORGANISATION,
            TEAM,
            USER,
            field(
                "tracking",
                FieldShape::Object(&[
                    field("trackingId", FieldShape::Id),
                    APP,
                    field(
                        "time",
                        FieldShape::Object(&[
                            field("startDate", FieldShape::Date),
                            field("endDate", FieldShape::Date),
                            field("durationInSeconds", FieldShape::Integer),
                        ]),
                    ),
                    one_of("trackingMode", &["online"]),
                    SYSTEM,
                ]),
            ),
        ],
    },
    DocumentedEvent {
        name: SCREENSHOT,
        is_list: true,
        item: &[
            ORGANISATION,
            TEAM,
            USER,
            field(
                "screenshot",
                FieldShape::Object(&[
                    field("screenshotId", FieldShape::Id),
                    field("imageBuffer", FieldShape::Image),
                    APP,
                    field("time", FieldShape::Object(&[field("capturedAt", FieldShape::Date)])),
                    SYSTEM,
                    one_of("workType", &["hybrid", "remote"]),
                    field("isIdle", FieldShape::Boolean),
                ]),
            ),
        ],
    },
];

impl FieldShape {
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
