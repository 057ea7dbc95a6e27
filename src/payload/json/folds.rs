//! Which objects and arrays are folded, and which rows are therefore seen.
//!
//! A folded node shows its opening row alone. What was folded inside it stays so, and is seen again
//! when it is opened. To find a row costs the logarithm of the number of folds; to fold or unfold one,
//! a walk over the folds, never over the rows.

use std::ops::Range;

use super::Pretty;

/// The folds of one [`Pretty`]'s rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds {
    /// The opening rows of all that is folded, ascending.
    folded: Vec<u32>,
    /// Those of them that are seen, ascending, with what they hide.
    spans: Vec<Span>,
}

/// A folded node that is seen: its opening row stays, the rows behind it up to its closing row do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    open: u32,
    close: u32,
    /// Rows hidden by the spans before this one.
    hidden_before: u32,
}

impl Span {
    fn hidden(&self) -> u32 {
        self.close - self.open
    }

    /// The place of the opening row among the visible rows.
    fn place(&self) -> usize {
        (self.open - self.hidden_before) as usize
    }
}

impl Folds {
    /// Everything from `level` levels of nesting on folded: at level 1 the outermost value shows its
    /// members, each folded.
    #[must_use]
    pub fn at_level(rows: &Pretty, level: usize) -> Self {
        let mut folds = Self::default();
        folds.set_level(rows, level);
        folds
    }

    /// Folds everything from `level` on, and opens what is above.
    pub fn set_level(&mut self, rows: &Pretty, level: usize) {
        let opens = |&row: &usize| rows.depth(row) >= level && rows.block_end(row).is_some();
        self.folded = (0..rows.line_count()).filter(opens).filter_map(|row| u32::try_from(row).ok()).collect();
        self.recount(rows);
    }

    /// Opens everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether what opens on `row` is folded.
    #[must_use]
    pub fn is_folded(&self, row: usize) -> bool {
        self.folded.binary_search_by_key(&row, |&open| open as usize).is_ok()
    }

    /// Folds what opens on `row`, or opens it.
    pub fn toggle(&mut self, rows: &Pretty, row: usize) {
        self.set(rows, [row], !self.is_folded(row));
    }

    /// Folds or opens what opens on each of `nodes`; rows on which nothing opens are passed over.
    pub fn set(&mut self, rows: &Pretty, nodes: impl IntoIterator<Item = usize>, fold: bool) {
        let nodes = nodes.into_iter().filter(|&row| rows.block_end(row).is_some());
        let mut nodes: Vec<u32> = nodes.filter_map(|row| u32::try_from(row).ok()).collect();
        nodes.sort_unstable();
        if fold {
            self.folded.extend(nodes);
            // Two sorted runs, which this sort merges.
            self.folded.sort();
            self.folded.dedup();
        } else {
            self.folded.retain(|open| nodes.binary_search(open).is_err());
        }
        self.recount(rows);
    }

    /// Opens whatever hides `row`.
    pub fn reveal(&mut self, rows: &Pretty, row: usize) {
        if self.hiding(row).is_none() {
            return;
        }
        let mut around = Vec::new();
        // A closing row is hidden by its own opening row's fold.
        let mut at = rows.opening(row);
        if at != row {
            around.push(at);
        }
        while let Some(parent) = rows.parent(at) {
            around.push(parent);
            at = parent;
        }
        self.set(rows, around, false);
    }

    /// How many of the rows are seen.
    #[must_use]
    pub fn visible_count(&self, rows: &Pretty) -> usize {
        let hidden = self.spans.last().map_or(0, |span| span.hidden_before + span.hidden());
        rows.line_count() - hidden as usize
    }

    /// The row at `place` among those that are seen.
    #[must_use]
    pub fn row_at(&self, place: usize) -> usize {
        let before = self.spans.partition_point(|span| span.place() < place);
        let hidden = before.checked_sub(1).map_or(0, |last| {
            let span = &self.spans[last];
            span.hidden_before + span.hidden()
        });
        place + hidden as usize
    }

    /// The place of `row` among those that are seen; for a hidden one, of the folded node that hides it.
    #[must_use]
    pub fn place_of(&self, row: usize) -> usize {
        let before = self.spans.partition_point(|span| (span.open as usize) < row);
        let Some(span) = before.checked_sub(1).map(|last| &self.spans[last]) else { return row };
        if row <= span.close as usize { span.place() } else { row - (span.hidden_before + span.hidden()) as usize }
    }

    /// The folded node that hides `row`, by its opening row.
    #[must_use]
    pub fn hiding(&self, row: usize) -> Option<usize> {
        let before = self.spans.partition_point(|span| (span.open as usize) < row);
        let span = &self.spans[before.checked_sub(1)?];
        (row <= span.close as usize).then_some(span.open as usize)
    }

    /// The rows that a folded node at `row` hides.
    #[must_use]
    pub fn hidden_by(&self, row: usize) -> Option<Range<usize>> {
        let at = self.spans.binary_search_by_key(&row, |span| span.open as usize).ok()?;
        Some(row + 1..self.spans[at].close as usize + 1)
    }

    /// Finds anew which folds are seen, and what they hide.
    fn recount(&mut self, rows: &Pretty) {
        self.spans.clear();
        let mut hidden_before = 0;
        let mut seen_from = 0;
        for &open in &self.folded {
            if open < seen_from {
                continue;
            }
            let Some(close) = rows.block_end(open as usize).and_then(|close| u32::try_from(close).ok()) else {
                continue;
            };
            self.spans.push(Span { open, close, hidden_before });
            hidden_before += close - open;
            seen_from = close + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::json::pretty;
    use proptest::prelude::*;

    const BODY: &[u8] = br#"{"a":[1,[2,3],4],"b":{"c":{"d":5}},"e":[]}"#;

    /// The rows that are seen, by their text.
    fn seen(rows: &Pretty, folds: &Folds) -> Vec<String> {
        let rows_seen = (0..folds.visible_count(rows)).map(|place| folds.row_at(place));
        rows_seen.map(|row| rows.line(row).to_string().trim().to_owned()).collect()
    }

    #[test]
    fn a_fold_hides_its_rows_and_remembers_what_was_folded_inside() {
        let rows = pretty(BODY).unwrap();
        let mut folds = Folds::default();
        folds.toggle(&rows, 3);
        assert_eq!(seen(&rows, &folds)[..5], ["{", "\"a\": [", "1,", "[", "4"]);
        folds.toggle(&rows, 1);
        assert_eq!(seen(&rows, &folds)[..3], ["{", "\"a\": [", "\"b\": {"]);
        assert_eq!((folds.hiding(4), folds.hidden_by(1), folds.hiding(1)), (Some(1), Some(2..9), None));
        folds.toggle(&rows, 1);
        assert_eq!(seen(&rows, &folds)[..5], ["{", "\"a\": [", "1,", "[", "4"]);
        folds.toggle(&rows, 2);
        assert!(!folds.is_folded(2), "nothing opens there");
    }

    #[test]
    fn levels_fold_all_that_is_deeper() {
        let rows = pretty(BODY).unwrap();
        let shown = |level| seen(&rows, &Folds::at_level(&rows, level));
        assert_eq!(shown(0), ["{"]);
        assert_eq!(shown(1), ["{", "\"a\": [", "\"b\": {", "\"e\": []", "}"]);
        assert_eq!(shown(9).len(), rows.line_count());
    }

    #[test]
    fn revealing_opens_what_hides_and_nothing_else() {
        let rows = pretty(BODY).unwrap();
        let mut folds = Folds::at_level(&rows, 0);
        let row = (0..rows.line_count()).find(|&row| rows.path(row) == "b.c.d").unwrap();
        folds.reveal(&rows, row);
        assert_eq!(folds.hiding(row), None);
        assert!(folds.is_folded(1) && !folds.is_folded(0));
        // A closing row is seen once what it closes is open.
        folds.reveal(&rows, 5);
        assert_eq!(folds.hiding(5), None);
    }

    #[test]
    fn many_folds_are_found_as_quickly_as_few() {
        let rows = pretty(format!("[{}]", vec!["[1,2]"; 100_000].join(",")).as_bytes()).unwrap();
        assert_eq!(rows.line_count(), 400_002);
        let folds = Folds::at_level(&rows, 1);
        assert_eq!(folds.visible_count(&rows), 100_002);
        for place in (0..100_002).step_by(7) {
            assert_eq!(folds.place_of(folds.row_at(place)), place);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = any::<u8>().prop_map(serde_json::Value::from);
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::vec(("[a-c]", inner), 0..4).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Places and rows that are seen stand for each other, one to one and in order.
        #[test]
        fn places_and_rows_stand_for_each_other(
            value in json(),
            toggles in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let rows = pretty(value.to_string().as_bytes()).unwrap();
            let mut folds = Folds::default();
            for toggle in toggles {
                folds.toggle(&rows, toggle.index(rows.line_count()));
            }
            let expected: Vec<usize> = (0..rows.line_count())
                .filter(|&row| {
                    let folded = (0..row).filter(|&open| folds.is_folded(open));
                    folded.into_iter().all(|open| rows.block_end(open).unwrap() < row)
                })
                .collect();
            prop_assert_eq!(folds.visible_count(&rows), expected.len());
            for (place, &row) in expected.iter().enumerate() {
                prop_assert_eq!(folds.row_at(place), row);
                prop_assert_eq!(folds.place_of(row), place);
            }
            for row in 0..rows.line_count() {
                prop_assert_eq!(folds.hiding(row).is_none(), expected.contains(&row));
                prop_assert_eq!(folds.row_at(folds.place_of(row)), folds.hiding(row).unwrap_or(row));
                let mut revealed = folds.clone();
                revealed.reveal(&rows, row);
                prop_assert_eq!(revealed.hiding(row), None);
            }
            folds.set_level(&rows, usize::MAX);
            prop_assert_eq!(folds, Folds::default());
        }

        /// The links between rows are those of the values.
        #[test]
        fn rows_hang_together(value in json()) {
            let rows = pretty(value.to_string().as_bytes()).unwrap();
            for row in 0..rows.line_count() {
                if let Some(end) = rows.block_end(row) {
                    prop_assert_eq!(rows.opening(end), row);
                    prop_assert_eq!(rows.depth(end), rows.depth(row));
                    let mut child = rows.first_child(row);
                    let mut count = 0;
                    let mut last = None;
                    while let Some(at) = child {
                        prop_assert_eq!(rows.parent(at), Some(row));
                        prop_assert_eq!(rows.previous_sibling(at), last);
                        last = Some(at);
                        count += 1;
                        child = rows.next_sibling(at);
                    }
                    prop_assert_eq!(count, rows.child_count(row));
                    prop_assert!(count > 0);
                }
            }
        }
    }
}
