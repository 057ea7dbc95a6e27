use proptest::prelude::*;

use super::*;

fn outline(rows: &[(u32, RowKind)]) -> Outline {
    let mut builder = Builder::with_capacity(0);
    let mut start = 0;
    for &(step, kind) in rows {
        start += step;
        builder.push(start, kind);
    }
    builder.finish()
}

/// The same by walking over all rows.
struct Plain(Vec<Row>);

impl Plain {
    fn of(rows: &[(u32, RowKind)]) -> Self {
        let (mut start, mut open) = (0, 0_u32);
        let rows = rows.iter().map(|&(step, kind)| {
            start += step;
            if kind == RowKind::Close {
                open = open.saturating_sub(1);
            }
            let row = Row { kind, start, depth: open };
            open += u32::from(kind == RowKind::Open);
            row
        });
        Self(rows.collect())
    }

    fn end(&self, index: usize) -> Option<usize> {
        let row = self.0[index];
        let found = self.0[index + 1..].iter().position(|other| other.depth <= row.depth);
        found.filter(|_| row.kind == RowKind::Open).map(|found| index + 1 + found)
    }

    fn opening(&self, index: usize) -> usize {
        let row = self.0[index];
        let found = self.0[..index].iter().rposition(|other| other.depth <= row.depth);
        found.filter(|_| row.kind == RowKind::Close).unwrap_or(index)
    }

    fn parent(&self, index: usize) -> Option<usize> {
        self.0[..index].iter().rposition(|other| other.depth < self.0[index].depth)
    }
}

fn rows() -> impl Strategy<Value = Vec<(u32, RowKind)>> {
    let kind = prop_oneof![Just(RowKind::Leaf), Just(RowKind::Open), Just(RowKind::Close)];
    let step = prop_oneof![8 => 0_u32..40, 1 => 0_u32..5_000_000];
    // Long runs of one kind make deep and flat outlines of many blocks.
    let run = (kind, step, 1_usize..90).prop_map(|(kind, step, count)| vec![(step, kind); count]);
    prop::collection::vec(run, 0..60).prop_map(|runs| runs.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_question_is_answered_as_by_walking_over_all_rows(rows in rows(), picks in prop::collection::vec(any::<prop::sample::Index>(), 60)) {
        let (outline, plain) = (outline(&rows), Plain::of(&rows));
        prop_assert_eq!(outline.from(0).collect::<Vec<_>>(), &plain.0[..]);
        prop_assert_eq!(outline.row(rows.len()), None);
        for index in picks.iter().map(|pick| pick.index(rows.len().max(1))).filter(|index| *index < rows.len()) {
            let row = plain.0[index];
            prop_assert_eq!(outline.row(index), Some(row));
            prop_assert_eq!(outline.span(index), Some((row.start, plain.0.get(index + 1).map(|next| next.start))));
            prop_assert_eq!(outline.end(index), plain.end(index));
            prop_assert_eq!(outline.opening(index), plain.opening(index));
            prop_assert_eq!(outline.parent(index), plain.parent(index));
            for offset in [row.start.saturating_sub(1), row.start, row.start + 1] {
                let at = plain.0.partition_point(|row| row.start <= offset).saturating_sub(1);
                prop_assert_eq!(outline.row_at(offset), at);
            }
            if let Some(end) = plain.end(index) {
                let inside = &plain.0[index + 1..end];
                let count = inside.iter().filter(|other| other.depth == row.depth + 1 && other.kind != RowKind::Close).count();
                prop_assert_eq!(outline.count_at(index + 1, end, row.depth + 1), count);
            }
        }
    }
}

#[test]
fn a_row_takes_little_more_than_a_byte() {
    for kind in [RowKind::Leaf, RowKind::Open] {
        let rows = vec![(1, kind); 1 << 20];
        let outline = outline(&rows);
        assert!(outline.heap_bytes() < 2 * rows.len(), "{}", outline.heap_bytes());
    }
}
