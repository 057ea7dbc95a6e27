//! Which deliveries a command is about: numbers, ranges of them, `latest`, or a filter.

use jiff::Timestamp;

use super::{CliError, SettingsArgs, output};
use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::store::{DeliveryAndDiagnosis, Page, ReadOutcome, Reader};

/// Rows looked at between two pages.
const PAGE_ROWS: usize = 1000;

/// Reads an argument that names one delivery: its number, or `latest`. It stays text, since only a store knows
/// which is the latest.
pub(super) fn delivery_name(text: &str) -> Result<String, String> {
    if text == "latest" || text.parse::<DeliveryId>().is_ok() {
        return Ok(text.to_owned());
    }
    Err("expected the number of a delivery, or latest".to_owned())
}

/// Reads the number of a delivery, `latest`, or a range of numbers.
pub(super) fn delivery_names(text: &str) -> Result<String, String> {
    match DeliveryNumbers::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("expected the number of a delivery, a range such as 12-40, or latest".to_owned()),
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// By number; both ends belong to a range.
    Numbers(Vec<DeliveryNumbers>),
    /// By filter; the empty one is everything.
    Filter(Query),
}

/// One argument that is not a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeliveryNumbers {
    One(DeliveryId),
    Range(DeliveryId, DeliveryId),
    Latest,
}

impl Selection {
    /// Numbers when every word is one (`7`, `#7`, `12-40`, `latest`), else all words are one filter.
    pub(super) fn parse(words: &[String], settings: &SettingsArgs) -> Result<Self, CliError> {
        let numbers: Option<Vec<DeliveryNumbers>> = words.iter().map(|word| DeliveryNumbers::parse(word)).collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => Ok(Self::Numbers(numbers)),
            _ => Ok(Self::Filter(settings.filter(words)?)),
        }
    }

    /// The deliveries, the newest first and at most `limit`; `Err` names a number that is not there.
    pub(super) fn resolve(&self, reader: &Reader, limit: usize) -> Result<Result<Vec<DeliveryId>, String>, CliError> {
        match self {
            Self::Filter(query) => Ok(Ok(reader.matching(query, Timestamp::now(), limit)?)),
            Self::Numbers(numbers) => {
                let mut found = Vec::new();
                for numbers in numbers {
                    match numbers.resolve(reader)? {
                        Ok(ids) => found.extend(ids),
                        Err(missing) => return Ok(Err(missing)),
                    }
                }
                found.sort_unstable_by(|left, right| right.cmp(left));
                found.dedup();
                found.truncate(limit);
                Ok(Ok(found))
            }
        }
    }
}

impl DeliveryNumbers {
    pub(super) fn parse(word: &str) -> Option<Self> {
        if word == "latest" {
            return Some(Self::Latest);
        }
        if let Ok(id) = word.parse() {
            return Some(Self::One(id));
        }
        let (from, to) = word.split_once('-')?;
        let (from, to): (DeliveryId, DeliveryId) = (from.parse().ok()?, to.parse().ok()?);
        Some(Self::Range(from.min(to), from.max(to)))
    }

    /// Those among `deleted` deliveries; `Err` says when there are none.
    pub(super) fn among(self, deleted: &[DeliveryId]) -> Result<Vec<DeliveryId>, String> {
        let (from, to) = match self {
            Self::One(id) => (id, id),
            Self::Range(from, to) => (from, to),
            Self::Latest => {
                return Err(
                    "latest is not a deleted delivery: give numbers, or none to bring back everything".to_owned()
                );
            }
        };
        let found: Vec<DeliveryId> = deleted.iter().copied().filter(|id| (from..=to).contains(id)).collect();
        match (found.is_empty(), from == to) {
            (false, _) => Ok(found),
            (true, true) => Err(format!("delivery {from} is not deleted, or is removed for good")),
            (true, false) => Err(format!("no delivery from {from} to {to} is deleted, or they are removed for good")),
        }
    }

    /// Those that are there, the newest first; `Err` says that there is none.
    pub(super) fn resolve(self, reader: &Reader) -> Result<Result<Vec<DeliveryId>, String>, CliError> {
        let found: Vec<DeliveryId> = match self {
            Self::One(id) => reader.summary(id)?.map(|summary| summary.id).into_iter().collect(),
            Self::Latest => reader.page(Page::Newest, 1)?.first().map(|summary| summary.id).into_iter().collect(),
            Self::Range(from, to) => range(reader, from, to)?,
        };
        let missing = match self {
            Self::One(id) => format!("no delivery {id}: `whyhook list` shows the captured deliveries"),
            Self::Latest => "no deliveries captured yet".to_owned(),
            Self::Range(from, to) => {
                format!("no delivery from {from} to {to}: `whyhook list` shows the captured deliveries")
            }
        };
        Ok(if found.is_empty() { Err(missing) } else { Ok(found) })
    }
}

fn range(reader: &Reader, from: DeliveryId, to: DeliveryId) -> Result<Vec<DeliveryId>, CliError> {
    let mut found = Vec::new();
    let mut before = DeliveryId(to.0.saturating_add(1));
    loop {
        let page = reader.page(Page::Before(before), PAGE_ROWS)?;
        found.extend(page.iter().map(|summary| summary.id).take_while(|id| *id >= from));
        match page.last() {
            Some(last) if last.id > from => before = last.id,
            _ => break,
        }
    }
    output::log_unreadable(reader);
    Ok(found)
}

/// What was read; `None`, and a word about it, when the delivery's bytes are not there any more.
pub(super) fn unless_lost(outcome: ReadOutcome) -> Result<Option<DeliveryAndDiagnosis>, CliError> {
    match outcome {
        Err(lost) if lost.leaves_one_out() => {
            output::log(&format!("warning: {lost}; it is left out"));
            Ok(None)
        }
        read => Ok(read?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Selection {
        Selection::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>(), &SettingsArgs::default()).unwrap()
    }

    #[test]
    fn only_what_is_deleted_is_brought_back() {
        let deleted = [9, 7, 3].map(DeliveryId);
        let among = |text: &str| match parse(text) {
            Selection::Numbers(numbers) => numbers[0].among(&deleted).map(|ids| ids.iter().map(|id| id.0).collect()),
            Selection::Filter(_) => panic!("{text}"),
        };
        assert_eq!((among("7"), among("4-99")), (Ok(vec![7]), Ok(vec![9, 7])));
        assert!(among("8").unwrap_err().contains("delivery 8 is not deleted"));
        assert!(among("4-5").unwrap_err().contains("from 4 to 5"));
        assert!(among("latest").is_err());
    }

    #[test]
    fn numbers_are_told_from_filters() {
        let (one, two) = (DeliveryId(7), DeliveryId(12));
        assert_eq!(parse("7 #12"), Selection::Numbers(vec![DeliveryNumbers::One(one), DeliveryNumbers::One(two)]));
        assert_eq!(
            parse("12-7 latest"),
            Selection::Numbers(vec![DeliveryNumbers::Range(one, two), DeliveryNumbers::Latest])
        );
        assert!(matches!(parse("7 verdict:bad"), Selection::Filter(_)));
        assert!(matches!(parse("2026-01-28"), Selection::Filter(_)));
        assert_eq!(Selection::parse(&[], &SettingsArgs::default()).unwrap(), Selection::Filter(Query::default()));
        assert!(Selection::parse(&["evnt:app".to_owned()], &SettingsArgs::default()).is_err());
    }
}
