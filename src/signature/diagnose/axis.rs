//! Variants of one part of the computation, each with every explanation for it.

use super::subcause::Subcause;
use super::{BytePlace, CauseCode, SignedDifference};

/// Why a variant would have been signed.
#[derive(Debug, Clone)]
pub(super) struct Why {
    pub(super) code: CauseCode,
    pub(super) subcause: Option<Subcause>,
    /// What exactly, in words that nothing is decided by.
    pub(super) detail: String,
    pub(super) names: Vec<String>,
    pub(super) at: Option<BytePlace>,
    /// How common: 0 is the most common.
    pub(super) rank: u16,
    /// Whether a match means that anyone can sign, or that something is not covered.
    pub(super) alarm: bool,
}

impl Why {
    pub(super) fn new(code: CauseCode, rank: u16, detail: impl Into<String>) -> Self {
        Self { code, subcause: None, detail: detail.into(), names: Vec::new(), at: None, rank, alarm: false }
    }

    pub(super) fn of(mut self, subcause: Subcause) -> Self {
        self.subcause = Some(subcause);
        self
    }

    pub(super) fn is(&self, subcause: &Subcause) -> bool {
        self.subcause.as_ref() == Some(subcause)
    }

    pub(super) fn named(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    pub(super) fn alarming(mut self) -> Self {
        self.alarm = true;
        self
    }

    pub(super) fn at(mut self, place: BytePlace) -> Self {
        self.at = Some(place);
        self
    }

    pub(super) fn into_change(self) -> SignedDifference {
        SignedDifference { code: self.code, detail: self.detail, names: self.names, at: self.at }
    }
}

/// Every way to explain one variant. Each way is a list of changes, most have one; the part as it
/// was received has none.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways(pub(super) Vec<Vec<Why>>);

impl Ways {
    /// The part as it was received.
    pub(super) fn unchanged() -> Self {
        Self(vec![Vec::new()])
    }

    pub(super) fn of(why: Why) -> Self {
        Self(vec![vec![why]])
    }

    /// Adds what else yields the same bytes: names join a way with the same codes, other codes are a
    /// way of their own. More changes than are needed explain nothing: such ways are left out.
    pub(super) fn join(&mut self, other: Self) {
        for way in other.0 {
            if !self.0.is_empty() && way.len() > self.weight() {
                continue;
            }
            let same = self.0.iter_mut().find(|known| {
                known.len() == way.len() && known.iter().zip(&way).all(|(one, two)| one.code == two.code)
            });
            let Some(known) = same else {
                self.0.push(way);
                continue;
            };
            for (one, two) in known.iter_mut().zip(way) {
                for name in two.names {
                    if !one.names.contains(&name) {
                        one.names.push(name);
                    }
                }
            }
        }
        self.0.sort_by_key(|way| (way.len(), way.iter().map(|why| why.rank).sum::<u16>()));
        let least = self.weight();
        self.0.retain(|way| way.len() == least);
    }

    /// How many changes the simplest way has.
    pub(super) fn weight(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    pub(super) fn rank(&self) -> u16 {
        self.0.first().map_or(0, |way| way.iter().map(|why| why.rank).sum())
    }
}

/// Variants of small parts, without duplicates: keys, timestamps, contents.
#[derive(Debug, Clone)]
pub(super) struct Axis<T> {
    pub(super) all: Vec<(T, Ways)>,
}

impl<T: PartialEq> Axis<T> {
    pub(super) fn new() -> Self {
        Self { all: Vec::new() }
    }

    pub(super) fn add(&mut self, value: T, ways: Ways) {
        match self.all.iter_mut().find(|(known, _)| *known == value) {
            // What is there unchanged needs no explanation.
            Some((_, known)) if known.weight() == 0 => {}
            Some((_, known)) => known.join(ways),
            None => self.all.push((value, ways)),
        }
    }

    /// The commonest first; what is unchanged before all.
    pub(super) fn sort(&mut self) {
        self.all.sort_by_key(|(_, ways)| (ways.weight(), ways.rank()));
    }
}
