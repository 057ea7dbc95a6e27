//! The orders in which deliveries can be listed.

use std::fmt;

use super::QueriedField;
use crate::delivery::{Outcome, Summary};
use crate::text::{suggestion, visible};

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ListOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// The largest bodies first.
    Size,
    /// The slowest answers first.
    Latency,
    /// By the code of the likeliest cause.
    Cause,
    /// By the event's name.
    Event,
    /// By the verdict's word.
    Verdict,
    /// By the status answered.
    Status,
    /// By the target.
    Path,
}

/// What a delivery is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKey<'a> {
    /// The smaller one comes first.
    Number(u64),
    /// The larger one comes first.
    Falling(u64),
    /// In alphabetical order.
    Text(&'a str),
}

impl ListOrder {
    /// Every order, as documentation lists them.
    pub const ALL: [Self; 9] = [
        Self::Newest,
        Self::Oldest,
        Self::Size,
        Self::Latency,
        Self::Cause,
        Self::Event,
        Self::Verdict,
        Self::Status,
        Self::Path,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Size => "size",
            Self::Latency => "latency",
            Self::Cause => "cause",
            Self::Event => "event",
            Self::Verdict => "verdict",
            Self::Status => "status",
            Self::Path => "path",
        }
    }

    /// What it needs to know of a delivery besides its number.
    #[must_use]
    pub fn fields(self) -> &'static [QueriedField] {
        match self {
            Self::Newest | Self::Oldest => &[],
            Self::Size => &[QueriedField::Size],
            Self::Latency | Self::Status => &[QueriedField::Answer],
            Self::Cause => &[QueriedField::Cause],
            Self::Event => &[QueriedField::Event],
            Self::Verdict => &[QueriedField::Intake, QueriedField::Verdict, QueriedField::Timestamp],
            Self::Path => &[QueriedField::Path],
        }
    }

    /// What this delivery is sorted by; `None` where it has nothing of the kind, which comes last in any direction.
    /// Of `summary` only [`ListOrder::fields`] are read, and the number.
    #[must_use]
    pub fn key(self, summary: &Summary) -> Option<OrderKey<'_>> {
        let number = summary.id.0.unsigned_abs();
        match self {
            Self::Newest => Some(OrderKey::Falling(number)),
            Self::Oldest => Some(OrderKey::Number(number)),
            Self::Size => Some(OrderKey::Falling(summary.body_bytes)),
            Self::Latency => {
                let answer = summary.answer.as_ref().filter(|answer| answer.outcome == Outcome::Sent)?;
                Some(OrderKey::Falling(u64::try_from(answer.latency.as_micros()).unwrap_or(u64::MAX)))
            }
            Self::Cause => summary.cause.as_deref().map(OrderKey::Text),
            Self::Event => summary.event.event.as_deref().map(OrderKey::Text),
            Self::Verdict => Some(OrderKey::Text(summary.verdict_word())),
            Self::Status => {
                let status = summary.answer.as_ref()?.status;
                (status > 0).then_some(OrderKey::Number(status.into()))
            }
            Self::Path => Some(&*summary.path).filter(|path| !path.is_empty()).map(OrderKey::Text),
        }
    }
}

/// An order and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Sorting {
    /// What is sorted by.
    pub order: ListOrder,
    /// Whether the other way round. What has nothing to be sorted by is last all the same.
    pub reversed: bool,
}

impl Sorting {
    /// Whether it is the order in which a store is read: the newest first.
    #[must_use]
    pub fn is_arrival(self) -> bool {
        self == Self::default() || self == Self { order: ListOrder::Oldest, reversed: true }
    }

    /// Whether it is the other order in which a store can be read: the oldest first.
    #[must_use]
    pub fn is_upwards(self) -> bool {
        Self { reversed: !self.reversed, ..self }.is_arrival()
    }

    /// What comes first, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match (self.order, self.reversed) {
            (ListOrder::Newest, false) | (ListOrder::Oldest, true) => "newest first",
            (ListOrder::Oldest, false) | (ListOrder::Newest, true) => "oldest first",
            (ListOrder::Size, false) => "largest first",
            (ListOrder::Size, true) => "smallest first",
            (ListOrder::Latency, false) => "slowest answer first",
            (ListOrder::Latency, true) => "fastest answer first",
            (ListOrder::Cause, false) => "by cause",
            (ListOrder::Cause, true) => "by cause, Z to A",
            (ListOrder::Event, false) => "by event",
            (ListOrder::Event, true) => "by event, Z to A",
            (ListOrder::Verdict, false) => "by verdict",
            (ListOrder::Verdict, true) => "by verdict, Z to A",
            (ListOrder::Status, false) => "by status",
            (ListOrder::Status, true) => "highest status first",
            (ListOrder::Path, false) => "by path",
            (ListOrder::Path, true) => "by path, Z to A",
        }
    }

    /// Reads an order's name, with a hyphen before it for the other way round.
    ///
    /// # Errors
    ///
    /// [`UnknownOrder`], which names the orders that there are.
    pub fn read(text: &str) -> Result<Self, UnknownOrder> {
        let (name, reversed) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let found = ListOrder::ALL.into_iter().find(|order| order.name().eq_ignore_ascii_case(name));
        found.map(|order| Self { order, reversed }).ok_or_else(|| UnknownOrder(name.to_owned()))
    }
}

impl fmt::Display for Sorting {
    /// As [`Sorting::read`] reads it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", if self.reversed { "-" } else { "" }, self.order.name())
    }
}

impl std::str::FromStr for Sorting {
    type Err = UnknownOrder;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text)
    }
}

/// A text that names no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownOrder(String);

impl std::error::Error for UnknownOrder {}

impl fmt::Display for UnknownOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ListOrder::ALL.map(ListOrder::name);
        write!(
            formatter,
            "unknown order '{}': expected one of {}, with - before it for the other way round{}",
            visible(&self.0),
            names.join(", "),
            suggestion(&self.0, names.into_iter())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_is_printed() {
        for order in ListOrder::ALL {
            for reversed in [false, true] {
                let sorting = Sorting { order, reversed };
                assert_eq!(Sorting::read(&sorting.to_string()), Ok(sorting));
            }
        }
        assert_eq!(Sorting::read("-SIZE"), Ok(Sorting { order: ListOrder::Size, reversed: true }));
        let unknown = Sorting::read("-latencx").unwrap_err().to_string();
        assert!(unknown.starts_with("unknown order 'latencx'"), "{unknown}");
        assert!(unknown.ends_with("did you mean 'latency'?"), "{unknown}");
        assert!(Sorting::read("").is_err());
    }

    #[test]
    fn no_two_directions_have_the_same_words() {
        let mut words = Vec::new();
        for order in &ListOrder::ALL[1..] {
            for reversed in [false, true] {
                words.push(Sorting { order: *order, reversed }.words());
            }
        }
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
