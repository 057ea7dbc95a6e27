//! Which objects and arrays are folded, and which rows are therefore seen.
//!
//! A folded node shows its opening row alone. What was folded inside it stays so, and is seen again
//! when it is opened. Both are bits over the rows, a third of a byte for both, however many are
//! folded. To find a row costs the logarithm of the rows; to
//! fold or unfold one, a walk over what it hides, 64 rows a step.

use std::ops::Range;

use super::Pretty;
use super::bits::Bits;

/// With one fold in this many rows or fewer, going through the rows is quicker than finding the end of each fold.
const MANY: usize = 64;

/// The folds of one [`Pretty`]'s rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds {
    /// The opening rows of all that is folded; empty, as `hidden`, when nothing is.
    folded: Bits,
    /// The rows that some fold hides.
    hidden: Bits,
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

    /// Folds everything from `level` on, and opens what is above. Goes through all rows.
    pub fn set_level(&mut self, rows: &Pretty, level: usize) {
        self.clear();
        if !rows.nodes_from(0).any(|node| node.depth >= level) {
            return;
        }
        self.make_room(rows);
        for node in rows.nodes_from(0) {
            if node.opens && node.depth >= level {
                self.folded.set(node.row);
            }
            if node.depth > level || (node.depth == level && node.closes) {
                self.hidden.set(node.row);
            }
        }
        self.hidden.count_from(0);
    }

    /// Opens everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The bytes of memory that they take.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.folded.heap_bytes() + self.hidden.heap_bytes()
    }

    /// Whether what opens on `row` is folded.
    #[must_use]
    pub fn is_folded(&self, row: usize) -> bool {
        self.folded.get(row)
    }

    /// Folds what opens on `row`, or opens it.
    pub fn toggle(&mut self, rows: &Pretty, row: usize) {
        self.set(rows, row, !self.is_folded(row));
    }

    /// Folds or opens what opens on `row`; nothing, where nothing does.
    pub fn set(&mut self, rows: &Pretty, row: usize, fold: bool) {
        if fold == self.is_folded(row) {
            return;
        }
        let Some(close) = rows.block_end(row) else { return };
        if fold {
            self.make_room(rows);
            self.folded.set(row);
            self.hidden.set_range(row + 1..close + 1);
        } else {
            self.folded.clear_range(row..row + 1);
            if !self.hidden.get(row) {
                self.show(rows, row + 1..close + 1);
            }
        }
        self.hidden.count_from(row);
    }

    /// Folds or unfolds the siblings of what opens on `row`, and that itself.
    pub fn set_siblings(&mut self, rows: &Pretty, row: usize, fold: bool) {
        let (parent, depth) = (rows.parent(row), rows.depth(row));
        let first = parent.map_or(row, |parent| parent + 1);
        let end = parent.and_then(|parent| rows.block_end(parent)).unwrap_or(rows.line_count());
        if fold {
            self.make_room(rows);
        }
        for sibling in rows.nodes_from(first).take(end - first).filter(|node| node.opens && node.depth == depth) {
            if fold {
                self.folded.set(sibling.row);
            } else {
                self.folded.clear_range(sibling.row..sibling.row + 1);
            }
        }
        if !self.hidden.get(first) {
            self.show(rows, first..end);
        }
        self.hidden.count_from(first);
    }

    /// Opens what opens on each of these rows, which are those of one object or array.
    pub fn open_all(&mut self, rows: &Pretty, all: Range<usize>) {
        self.folded.clear_range(all.clone());
        if !self.hidden.get(all.start) {
            self.show(rows, all.clone());
        }
        self.hidden.count_from(all.start);
    }

    /// Opens whatever hides `row`.
    pub fn reveal(&mut self, rows: &Pretty, row: usize) {
        let Some(outermost) = self.hiding(row) else { return };
        // A closing row is hidden by its own opening row's fold.
        let opening = rows.opening(row);
        let mut around = if opening == row { rows.parent(row) } else { Some(opening) };
        while let Some(node) = around {
            self.folded.clear_range(node..node + 1);
            around = rows.parent(node);
        }
        let close = rows.block_end(outermost).unwrap_or(outermost);
        self.show(rows, outermost + 1..close + 1);
        self.hidden.count_from(outermost);
    }

    /// How many of the rows are seen.
    #[must_use]
    pub fn visible_count(&self, rows: &Pretty) -> usize {
        rows.line_count() - self.hidden.count()
    }

    /// The row at `place` among those that are seen.
    #[must_use]
    pub fn row_at(&self, place: usize) -> usize {
        self.hidden.unset_at(place)
    }

    /// The place of `row` among those that are seen; for a hidden one, of the folded node that hides it.
    #[must_use]
    pub fn place_of(&self, row: usize) -> usize {
        let seen = self.hiding(row).unwrap_or(row);
        seen - self.hidden.count_before(seen)
    }

    /// The folded node that hides `row`, by its opening row.
    #[must_use]
    pub fn hiding(&self, row: usize) -> Option<usize> {
        // Behind the opening row of what hides it, every row is hidden up to this one.
        if self.hidden.get(row) { self.hidden.last_unset(row) } else { None }
    }

    /// The rows that a folded node at `row` hides.
    #[must_use]
    pub fn hidden_by(&self, rows: &Pretty, row: usize) -> Option<Range<usize>> {
        let is_seen = self.is_folded(row) && !self.hidden.get(row);
        rows.block_end(row).filter(|_| is_seen).map(|close| row + 1..close + 1)
    }

    /// Shows these rows, of which none is inside a fold that begins before them, except for what folds among them hide.
    fn show(&mut self, rows: &Pretty, all: Range<usize>) {
        self.hidden.clear_range(all.clone());
        if self.folded.count_within(all.clone()) > all.len() / MANY {
            return self.hide_inside(rows, all);
        }
        let mut from = all.start;
        while let Some(row) = self.folded.next_set(from).filter(|row| *row < all.end) {
            let close = rows.block_end(row).unwrap_or(row);
            self.hidden.set_range(row + 1..close + 1);
            from = close + 1;
        }
    }

    /// Hides what the folds among these rows hide, by going through the rows: of many folds, to look for the end of
    /// each takes longer.
    fn hide_inside(&mut self, rows: &Pretty, all: Range<usize>) {
        let mut within = None;
        for node in rows.nodes_from(all.start).take(all.len()) {
            match within {
                Some(depth) => {
                    self.hidden.set(node.row);
                    if node.closes && node.depth == depth {
                        within = None;
                    }
                }
                None if node.opens && self.folded.get(node.row) => within = Some(node.depth),
                None => {}
            }
        }
    }

    fn make_room(&mut self, rows: &Pretty) {
        self.folded.make_room(rows.line_count());
        self.hidden.make_room(rows.line_count());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::json::pretty;

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
        assert_eq!((folds.hiding(4), folds.hidden_by(&rows, 1), folds.hiding(1)), (Some(1), Some(2..9), None));
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
            // Siblings, and all that is inside something.
            for row in 0..rows.line_count() {
                let node = rows.opening(row);
                let Some(end) = rows.block_end(node) else { continue };
                for fold in [true, false] {
                    let (mut one, mut each) = (folds.clone(), folds.clone());
                    one.set_siblings(&rows, node, fold);
                    let first = rows.parent(node).map_or(node, |parent| parent + 1);
                    let siblings = std::iter::successors(Some(first), |&row| rows.next_sibling(row));
                    siblings.for_each(|sibling| each.set(&rows, sibling, fold));
                    prop_assert_eq!(seen(&rows, &one), seen(&rows, &each));
                }
                let (mut one, mut each) = (folds.clone(), folds.clone());
                one.open_all(&rows, node..end + 1);
                (node..end).for_each(|inside| each.set(&rows, inside, false));
                prop_assert_eq!(seen(&rows, &one), seen(&rows, &each));
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
