//! What a filter needs to know of a delivery, so that a store need not read the rest of it.

use std::ops::RangeInclusive;

use super::atoms::{Test, VerdictTest};
use super::flags::VERIFIED;
use super::range::Range;
use super::{Node, Query};

/// A part of a [`crate::delivery::Summary`] that filters ask for. Its number is always known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueriedField {
    /// When it was received.
    Received,
    /// The peer's address.
    Remote,
    /// The method.
    Method,
    /// The target.
    Path,
    /// The webhook.
    Webhook,
    /// How much arrived.
    Intake,
    /// The event's name, and whether it is a simulation.
    Event,
    /// How many items it has.
    Items,
    /// The verdict.
    Verdict,
    /// The secret that matched.
    Secret,
    /// The signed timestamp.
    Timestamp,
    /// The body's length.
    Size,
    /// The image.
    Image,
    /// What was answered.
    Answer,
    /// The likeliest cause of a mismatch.
    Cause,
    /// Pin, note and tags.
    Marks,
}

/// What a word is looked for in.
const SEARCHED: [QueriedField; 9] = [
    QueriedField::Remote,
    QueriedField::Method,
    QueriedField::Path,
    QueriedField::Webhook,
    QueriedField::Event,
    QueriedField::Verdict,
    QueriedField::Intake,
    QueriedField::Secret,
    QueriedField::Marks,
];
/// Digits of the longest status that an answer can have.
const STATUS_DIGITS: usize = 5;

impl Query {
    /// Everything that decides whether a delivery matches, but for its number and its content, each once:
    /// two deliveries that agree in these match alike.
    #[must_use]
    pub fn fields(&self) -> Vec<QueriedField> {
        let mut fields = Vec::new();
        if let Some(root) = &self.root {
            root.add_fields(&mut fields);
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Numbers beyond which nothing matches; empty when nothing can at all.
    #[must_use]
    pub fn ids(&self) -> RangeInclusive<i64> {
        let Range { low, high } = self.root.as_ref().map_or(EVERY, Node::ids);
        low..=high
    }
}

const EVERY: Range = Range { low: i64::MIN, high: i64::MAX };

impl Node {
    fn add_fields(&self, fields: &mut Vec<QueriedField>) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.add_fields(fields)),
            Self::Not(node) => node.add_fields(fields),
            Self::Atom(atom) => atom.test.add_fields(fields),
        }
    }

    /// Whether some part asks if there is an answer at all, whichever.
    pub(super) fn asks_whether_answered(&self) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::asks_whether_answered),
            Self::Not(node) => node.asks_whether_answered(),
            Self::Atom(atom) => matches!(atom.test, Test::Is(flag) if flag.is_of_presence()),
        }
    }

    fn ids(&self) -> Range {
        match self {
            Self::All(nodes) => nodes
                .iter()
                .map(Self::ids)
                .fold(EVERY, |all, next| Range { low: all.low.max(next.low), high: all.high.min(next.high) }),
            Self::Any(nodes) => nodes.iter().map(Self::ids).filter(|range| range.low <= range.high).fold(
                Range { low: i64::MAX, high: i64::MIN },
                |any, next| Range { low: any.low.min(next.low), high: any.high.max(next.high) },
            ),
            Self::Atom(atom) => match atom.test {
                Test::Id(range) => range,
                _ => EVERY,
            },
            // What a negation leaves out is seldom an end of the store.
            Self::Not(_) => EVERY,
        }
    }
}

impl Test {
    /// Whether the answer has a part in it.
    pub(super) fn asks_for_answer(&self) -> bool {
        match self {
            Self::Word(needle) => needle.is_number_of(STATUS_DIGITS),
            Self::Is(flag) => flag.asks.contains(&QueriedField::Answer),
            Self::Status(_) | Self::Latency(_) | Self::Rule(_) => true,
            _ => false,
        }
    }

    fn add_fields(&self, fields: &mut Vec<QueriedField>) {
        let field = match self {
            Self::Word(needle) => {
                fields.extend(SEARCHED);
                match needle.is_number_of(STATUS_DIGITS) {
                    true => QueriedField::Answer,
                    false => return,
                }
            }
            Self::Event(_) => QueriedField::Event,
            Self::Verdict(VerdictTest::Stale | VerdictTest::Future) => {
                fields.extend(VERIFIED);
                QueriedField::Timestamp
            }
            Self::Verdict(_) => return fields.extend(VERIFIED),
            Self::Is(flag) => return fields.extend(flag.asks),
            Self::Path(_) | Self::Parameter(..) => QueriedField::Path,
            Self::Method(_) => QueriedField::Method,
            Self::Webhook(_) => QueriedField::Webhook,
            Self::Secret(_) => QueriedField::Secret,
            Self::Size(_) => QueriedField::Size,
            Self::Items(_) => QueriedField::Items,
            Self::Age(_) => QueriedField::Timestamp,
            Self::Since(_) | Self::Until(_) => QueriedField::Received,
            Self::Image(_) => QueriedField::Image,
            Self::Status(_) | Self::Latency(_) | Self::Rule(_) => QueriedField::Answer,
            Self::Remote(_) => QueriedField::Remote,
            Self::Cause(_) => QueriedField::Cause,
            Self::Note(_) | Self::Tag(_) => QueriedField::Marks,
            Self::Id(_) | Self::Body(_) | Self::RawBytes(_) | Self::Header(..) | Self::Field(..) => return,
        };
        fields.push(field);
    }
}
