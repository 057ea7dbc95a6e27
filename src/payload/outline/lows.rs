//! The smallest depth of each block of rows, and of each group of these, up to a few.

use std::ops::Range;

use super::{Row, RowKind};

/// Blocks in a group, and groups in a group of those.
const GROUP: usize = 32;

/// The smallest depth of some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Low {
    depth: u32,
    /// How many rows are at it, closing rows not counted.
    count: u32,
}

impl Low {
    pub(super) const NOTHING: Self = Self { depth: u32::MAX, count: 0 };

    #[inline]
    pub(super) fn add(&mut self, row: Row) {
        self.merge(Self { depth: row.depth, count: u32::from(row.kind != RowKind::Close) });
    }

    #[inline]
    fn merge(&mut self, other: Self) {
        if other.depth < self.depth {
            *self = other;
        } else if other.depth == self.depth {
            self.count += other.count;
        }
    }
}

/// The smallest depths of all blocks, level over level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lows {
    /// The blocks' own first; each level has one for a group of the level below. The last is one group at most.
    levels: Vec<Vec<Low>>,
}

impl Lows {
    pub(super) fn over(blocks: Vec<Low>) -> Self {
        let mut levels = vec![blocks];
        while let Some(below) = levels.last().filter(|level| level.len() > GROUP) {
            let merged = below.chunks(GROUP).map(|group| {
                group.iter().fold(Low::NOTHING, |mut all, low| {
                    all.merge(*low);
                    all
                })
            });
            let level = merged.collect();
            levels.push(level);
        }
        Self { levels }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.levels.iter().map(|level| level.capacity() * size_of::<Low>()).sum()
    }

    /// The first block after `block` with a row at `depth` or higher up.
    pub(super) fn next(&self, block: usize, depth: u32) -> Option<usize> {
        let is_low = |low: &Low| low.depth <= depth;
        let mut at = block;
        for (level, lows) in self.levels.iter().enumerate() {
            let group = at + 1..lows.len().min((at / GROUP + 1) * GROUP);
            if let Some(found) = lows.get(group).and_then(|group| group.iter().position(is_low)) {
                return self.descend(level, at + 1 + found, |group| group.iter().position(is_low));
            }
            at /= GROUP;
        }
        None
    }

    /// The last block before `block` with a row at `depth` or higher up.
    pub(super) fn last(&self, block: usize, depth: u32) -> Option<usize> {
        let is_low = |low: &Low| low.depth <= depth;
        let mut at = block;
        for (level, lows) in self.levels.iter().enumerate() {
            let first = at / GROUP * GROUP;
            if let Some(found) = lows.get(first..at).and_then(|group| group.iter().rposition(is_low)) {
                return self.descend(level, first + found, |group| group.iter().rposition(is_low));
            }
            at /= GROUP;
        }
        None
    }

    /// The block that `find` finds below `at` on `level`.
    fn descend(&self, mut level: usize, mut at: usize, find: impl Fn(&[Low]) -> Option<usize>) -> Option<usize> {
        while level > 0 {
            level -= 1;
            let below = &self.levels[level];
            let first = at * GROUP;
            at = first + find(below.get(first..below.len().min(first + GROUP))?)?;
        }
        Some(at)
    }

    /// How many rows of these blocks are at `depth`, closing rows not counted; none may be higher up.
    pub(super) fn count(&self, blocks: Range<usize>, depth: u32) -> usize {
        let Range { start: mut at, end } = blocks;
        let mut count = 0;
        while at < end {
            // The largest group that begins here and does not reach beyond the end.
            let (mut level, mut width) = (0, 1);
            while level + 1 < self.levels.len() && at.is_multiple_of(width * GROUP) && at + width * GROUP <= end {
                (level, width) = (level + 1, width * GROUP);
            }
            let low = self.levels[level].get(at / width).copied().unwrap_or(Low::NOTHING);
            count += if low.depth == depth { low.count as usize } else { 0 };
            at += width;
        }
        count
    }
}
