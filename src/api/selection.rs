//! Which deliveries a request is about: by number, or by filter.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ApiProblem;
use crate::delivery::DeliveryId;
use crate::query::{Query, SavedFilters};
use crate::store::{Page, Reader};

/// Rows looked at between two looks at whether to go on.
const PAGE_ROWS: usize = 1000;

/// A number, or both ends of a range: `7`, `"12-40"`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a delivery's number, or a range such as \"12-40\"")]
#[schemars(rename = "Ids")]
pub(super) enum IdsMember {
    One(i64),
    Range(String),
}

impl IdsMember {
    /// Both ends; a single number is a range of its own.
    pub(super) fn range(&self) -> Result<(i64, i64), ApiProblem> {
        match self {
            Self::One(id @ 0..) => Ok((*id, *id)),
            Self::One(id) => Err(ApiProblem::bad(format!("invalid delivery id {id}: expected a number from 1"))),
            Self::Range(text) => {
                let (from, to) = text.split_once('-').unwrap_or((text, text));
                let read = |text: &str| text.parse::<DeliveryId>().map(|id| id.0).map_err(ApiProblem::bad);
                let (from, to) = (read(from)?, read(to)?);
                Ok((from.min(to), from.max(to)))
            }
        }
    }

    /// The ranges of a list.
    pub(super) fn ranges(ids: &[Self]) -> Result<Vec<(i64, i64)>, ApiProblem> {
        ids.iter().map(Self::range).collect()
    }
}

/// What was asked for.
#[derive(Debug, PartialEq)]
pub(super) enum ApiSelection {
    Ranges(Vec<(i64, i64)>),
    Matching(Query),
}

impl ApiSelection {
    /// One of the two members.
    pub(super) fn of(
        ids: Option<&[IdsMember]>,
        filter: Option<&str>,
        saved: &SavedFilters,
    ) -> Result<Self, ApiProblem> {
        match (ids, filter) {
            (Some(ids), None) => Ok(Self::Ranges(IdsMember::ranges(ids)?)),
            (None, Some(filter)) => {
                let query = Query::parse_with(filter, saved)?;
                if query.is_empty() {
                    return Err(ApiProblem::bad("filter: empty; expected a filter that selects deliveries"));
                }
                Ok(Self::Matching(query))
            }
            (Some(_), Some(_)) => Err(ApiProblem::bad("ids cannot be combined with filter")),
            (None, None) => Err(ApiProblem::bad("nothing selected: expected ids or filter")),
        }
    }

    /// Those of the store, the newest first and each once, unless `go_on` says no.
    pub(super) fn resolve(&self, reader: &Reader, go_on: &dyn Fn() -> bool) -> Result<Vec<DeliveryId>, ApiProblem> {
        let mut found = match self {
            Self::Matching(query) => matching(reader, query, go_on)?,
            Self::Ranges(ranges) => {
                let mut found = Vec::new();
                for (from, to) in merged(ranges) {
                    in_range(reader, (from, to), go_on, &mut found)?;
                }
                found
            }
        };
        found.sort_unstable_by(|left, right| right.cmp(left));
        Ok(found)
    }
}

/// The same numbers, each in one range only, in order.
pub(super) fn merged(ranges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// Whether a number is in one of `ranges`, which are [`merged`].
pub(super) fn is_in(ranges: &[(i64, i64)], id: DeliveryId) -> bool {
    let at = ranges.partition_point(|(_, to)| *to < id.0);
    ranges.get(at).is_some_and(|(from, _)| *from <= id.0)
}

fn stopping() -> ApiProblem {
    ApiProblem::busy("the listener is stopping")
}

fn in_range(
    reader: &Reader,
    (from, to): (i64, i64),
    go_on: &dyn Fn() -> bool,
    found: &mut Vec<DeliveryId>,
) -> Result<(), ApiProblem> {
    let mut before = DeliveryId(to.saturating_add(1));
    while before.0 > from {
        if !go_on() {
            return Err(stopping());
        }
        // No more rows than there are numbers left: a list of single numbers reads one row for each.
        let most = usize::try_from(before.0.saturating_sub(from)).map_or(PAGE_ROWS, |left| left.min(PAGE_ROWS));
        let page = reader.page(Page::Before(before), most)?;
        found.extend(page.iter().map(|summary| summary.id).take_while(|id| id.0 >= from));
        match page.last() {
            Some(last) if page.len() == most => before = last.id,
            _ => break,
        }
    }
    Ok(())
}

fn matching(reader: &Reader, query: &Query, go_on: &dyn Fn() -> bool) -> Result<Vec<DeliveryId>, ApiProblem> {
    let now = Timestamp::now();
    let (mut found, mut page) = (Vec::new(), Page::Newest);
    loop {
        if !go_on() {
            return Err(stopping());
        }
        let scan = reader.search(query, now, page, PAGE_ROWS, PAGE_ROWS)?;
        found.extend(scan.rows.iter().map(|summary| summary.id));
        match scan.next {
            Some(next) => page = Page::Before(next),
            None => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_numbers_or_a_filter_that_is_not_empty() {
        let ids = [IdsMember::One(7), IdsMember::Range("12-9".to_owned()), IdsMember::Range("#3".to_owned())];
        let saved = SavedFilters::new([("mine".to_owned(), "is:sim".to_owned())]).unwrap();
        assert_eq!(ApiSelection::of(Some(&ids), None, &saved), Ok(ApiSelection::Ranges(vec![(7, 7), (9, 12), (3, 3)])));
        let query = Query::parse("is:sim").unwrap();
        for filter in ["is:sim", "@mine"] {
            assert_eq!(ApiSelection::of(None, Some(filter), &saved), Ok(ApiSelection::Matching(query.clone())));
        }
        let refused = [(None, None), (Some(&ids[..]), Some("is:sim")), (None, Some(" ")), (None, Some("@a"))];
        for (ids, filter) in refused {
            assert!(ApiSelection::of(ids, filter, &saved).is_err(), "{filter:?}");
        }
        assert!(ApiSelection::of(Some(&[IdsMember::Range("3-x".to_owned())]), None, &saved).is_err());
    }

    #[test]
    fn ranges_that_meet_are_one() {
        assert_eq!(
            merged(&[(9, 12), (3, 3), (4, 5), (10, 20), (i64::MAX, i64::MAX)]),
            [(3, 5), (9, 20), (i64::MAX, i64::MAX)]
        );
        assert!(merged(&[]).is_empty());
        let ranges = merged(&[(9, 12), (3, 3)]);
        let found: Vec<i64> = (1..=13).filter(|id| is_in(&ranges, DeliveryId(*id))).collect();
        assert_eq!(found, [3, 9, 10, 11, 12]);
    }
}
