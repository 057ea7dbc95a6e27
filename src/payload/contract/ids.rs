//! The ids by which a person, a team or a capture is known again.

use super::object::{MemberValue, Object};

/// The maximum number of different ids taken from one body.
pub const ID_LIMIT: usize = 64;
/// The maximum number of items of one body searched for ids.
const ITEM_LIMIT: usize = 1000;
/// An id longer than this is none.
const LENGTH_LIMIT: usize = 64;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is what it names")]
pub enum IdKind {
    Organisation,
    Team,
    User,
    Tracking,
    Screenshot,
}

impl IdKind {
    /// Every kind, with the object and the field that hold it.
    pub(super) const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Organisation, "organisation", "organisationId"),
        (Self::Team, "team", "teamId"),
        (Self::User, "user", "userId"),
        (Self::Tracking, "tracking", "trackingId"),
        (Self::Screenshot, "screenshot", "screenshotId"),
    ];

    /// The word for a person and for JSON output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::User => "user",
            Self::Tracking => "tracking",
            Self::Screenshot => "screenshot",
        }
    }

    /// Whether it names one capture, so that seeing it again means a repeat.
    #[must_use]
    pub fn is_unique(self) -> bool {
        matches!(self, Self::Tracking | Self::Screenshot)
    }
}

/// One id of a body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// What it names.
    pub kind: IdKind,
    /// The id as sent, escapes undone.
    pub value: String,
}

impl Id {
    /// A short, stable handle, visible: `3c90c3cc…`.
    #[must_use]
    pub fn handle(&self) -> String {
        handle(&crate::text::visible(&self.value))
    }
}

/// The first eight characters of a long id.
#[must_use]
pub fn handle(shown: &str) -> String {
    if shown.chars().count() <= 12 {
        return shown.to_owned();
    }
    shown.chars().take(8).chain(['…']).collect()
}

/// The ids of a body, each once, in their order.
#[must_use]
pub fn ids(body: &[u8]) -> Vec<Id> {
    let envelope = MemberValue::root(body).object();
    envelope.and_then(|envelope| Some(ids_of(envelope.get("data")?))).unwrap_or_default()
}

/// The ids of an event's `data`.
pub(super) fn ids_of(data: &MemberValue<'_>) -> Vec<Id> {
    let mut found = Vec::new();
    if let Some(item) = data.object() {
        take(&item, &mut found);
    } else if let Some(items) = data.items() {
        for item in items.take(ITEM_LIMIT).filter_map(|item| item.object()) {
            take(&item, &mut found);
            if found.len() >= ID_LIMIT {
                break;
            }
        }
    }
    found.truncate(ID_LIMIT);
    found
}

fn take(item: &Object<'_>, found: &mut Vec<Id>) {
    for (kind, object, field) in IdKind::ALL {
        let value = item.object(object).and_then(|object| object.get(field)?.text());
        let Some(value) = value.filter(|value| !value.is_empty() && value.len() <= LENGTH_LIMIT) else { continue };
        let id = Id { kind, value: value.into_owned() };
        if !found.contains(&id) {
            found.push(id);
        }
    }
}

/// Whether a text is a UUID (RFC 9562, section 4), of any version and in either letter case.
pub(super) fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
