//! What differs from the contract, and how much it matters.

use std::collections::HashMap;
use std::fmt;

use crate::payload::json::path::{push_index, push_key};

/// The maximum of kinds of drift that are told apart in one event; a hostile one has any number.
const KINDS_LIMIT: usize = 100;

/// How much a difference matters to a receiver that was written from the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The receiver may fail.
    Breaks,
    /// It is not as the pages say, and a receiver should cope.
    Differs,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The stable name of JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Differs => "differs",
            Self::Note => "note",
        }
    }

    /// The word for a person.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Breaks => "error",
            Self::Differs => "warning",
            Self::Note => "note",
        }
    }

    /// A glyph of its own, so that colour carries nothing alone.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Breaks => "✗",
            Self::Differs => "≠",
            Self::Note => "·",
        }
    }
}

/// What kind of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as its code, and explained where it is found")]
pub enum DriftCode {
    MissingField,
    OtherType,
    UnknownField,
    UnknownEvent,
    UnknownVersion,
    UnknownAgent,
    DataShape,
    EmptyData,
    SimulationValue,
    TimestampUnit,
    TimestampsApart,
    HeaderUnit,
    TimeOrder,
    Duration,
    NoUuid,
    NoDate,
    DateFormat,
    UnseenValue,
    DuplicateKey,
    ContentType,
    PlaceholderLive,
    ImageInSimulation,
    ImageForm,
    NotSubscribed,
    NotCompared,
}

impl DriftCode {
    /// The stable name of JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingField => "missing_field",
            Self::OtherType => "other_type",
            Self::UnknownField => "unknown_field",
            Self::UnknownEvent => "unknown_event",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownAgent => "unknown_agent",
            Self::DataShape => "data_shape",
            Self::EmptyData => "empty_data",
            Self::SimulationValue => "simulation_value",
            Self::TimestampUnit => "timestamp_unit",
            Self::TimestampsApart => "timestamps_apart",
            Self::HeaderUnit => "header_unit",
            Self::TimeOrder => "time_order",
            Self::Duration => "duration",
            Self::NoUuid => "no_uuid",
            Self::NoDate => "no_date",
            Self::DateFormat => "date_format",
            Self::UnseenValue => "unseen_value",
            Self::DuplicateKey => "duplicate_key",
            Self::ContentType => "content_type",
            Self::PlaceholderLive => "placeholder_live",
            Self::ImageInSimulation => "image_in_simulation",
            Self::ImageForm => "image_form",
            Self::NotSubscribed => "not_subscribed",
            Self::NotCompared => "not_compared",
        }
    }
}

/// One difference from the contract. All text is visible already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// How much it matters.
    pub severity: Severity,
    /// What kind it is.
    pub code: DriftCode,
    /// Where: a path such as `data[0].tracking.time`, or a header's name.
    pub path: String,
    /// What the contract says.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// In how many further items the same was found.
    pub more: u64,
}

impl fmt::Display for Drift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected, found, .. } = self;
        match self.code {
            DriftCode::MissingField => write!(formatter, "{path}: expected {expected}; the field is missing")?,
            DriftCode::UnknownField => write!(formatter, "{path}: undocumented field, found {found}")?,
            _ => write!(formatter, "{path}: expected {expected}, found {found}")?,
        }
        match self.more {
            0 => Ok(()),
            1 => formatter.write_str("; and in 1 more item"),
            more => write!(formatter, "; and in {} more items", crate::text::grouped(more)),
        }
    }
}

/// A value's place, linked to its parent.
#[derive(Debug, Clone, Copy)]
pub(super) struct DriftPlace<'p> {
    parent: Option<&'p DriftPlace<'p>>,
    step: Step<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p [u8]),
    Name(&'p str),
    Index(u64),
}

impl<'p> DriftPlace<'p> {
    pub(super) const ROOT: DriftPlace<'static> = DriftPlace { parent: None, step: Step::Root };

    /// The member whose key's token is `key`.
    pub(super) fn key(&'p self, key: &'p [u8]) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }

    /// The member of a documented name.
    pub(super) fn name(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Name(name) }
    }

    pub(super) fn index(&'p self, index: u64) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    /// The path in words; `general` leaves out which item it is.
    fn path(&self, general: bool) -> String {
        let mut path = self.parent.map(|parent| parent.path(general)).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) if key.len() > 80 => {
                let end = super::object::shortened(&String::from_utf8_lossy(&key[..80]));
                path.push_str(&format!("[{end}…\"]"));
            }
            Step::Key(key) => push_key(&mut path, key),
            Step::Name(name) => push_key(&mut path, name.as_bytes()),
            Step::Index(_) if general => path.push_str("[]"),
            Step::Index(index) => push_index(&mut path, index),
        }
        path
    }
}

/// Gathers drift; the same in many items is one entry.
#[derive(Debug, Default)]
pub(super) struct Drifts {
    pub(super) list: Vec<Drift>,
    known: HashMap<(DriftCode, String), usize>,
    pub(super) dropped: u64,
}

impl Drifts {
    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: DriftCode,
        place: &DriftPlace<'_>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let general = place.path(true);
        if let Some(&index) = self.known.get(&(code, general.clone())) {
            self.list[index].more += 1;
        } else if self.list.len() < KINDS_LIMIT {
            self.known.insert((code, general), self.list.len());
            let path = place.path(false);
            self.list.push(Drift { severity, code, path, expected: expected.into(), found: found.into(), more: 0 });
        } else {
            self.dropped += 1;
        }
    }

    /// Drift outside the body: in a header, or without a place.
    pub(super) fn add_at(&mut self, severity: Severity, code: DriftCode, path: &str, expected: String, found: String) {
        self.list.push(Drift { severity, code, path: path.to_owned(), expected, found, more: 0 });
    }
}
