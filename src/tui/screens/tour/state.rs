//! How far a tour is.

/// A step of the tour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TourStep {
    /// The list of deliveries.
    #[default]
    List,
    /// The Signature tab and the cause on it.
    Signature,
    /// The payload.
    Payload,
    /// What senders are answered.
    Answer,
    /// A replay, re-signed.
    Replay,
}

impl TourStep {
    /// Every step, in their order.
    pub const ALL: [Self; 5] = [Self::List, Self::Signature, Self::Payload, Self::Answer, Self::Replay];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::List => "The list",
            Self::Signature => "The signature",
            Self::Payload => "The payload",
            Self::Answer => "The answer",
            Self::Replay => "The replay",
        }
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        1 + Self::ALL.iter().position(|step| *step == self).unwrap_or_default()
    }
}

/// A tour that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tour {
    /// Where it is.
    pub step: TourStep,
}
