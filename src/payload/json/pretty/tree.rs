//! How the rows hang together: parents, siblings, ends. Each step takes the logarithm of the rows.

use super::super::path;
use super::Pretty;
use crate::payload::outline::{Row, RowKind};

/// How many steps of a path [`Pretty::path_end`] keeps.
const SHOWN_STEPS: usize = 64;

/// A row and what it is to its neighbours.
#[derive(Debug, Clone, Copy)]
pub(in crate::payload::json) struct Node {
    pub(in crate::payload::json) row: usize,
    pub(in crate::payload::json) depth: usize,
    pub(in crate::payload::json) opens: bool,
    pub(in crate::payload::json) closes: bool,
}

impl Pretty {
    /// The closing row of the object or array that opens on this row, for folding. `None` when
    /// nothing opens here, or when it closes on the same row.
    #[must_use]
    pub fn block_end(&self, index: usize) -> Option<usize> {
        self.outline.end(index)
    }

    /// The row on which what closes here opens; any other row itself.
    #[must_use]
    pub fn opening(&self, index: usize) -> usize {
        self.outline.opening(index)
    }

    /// Whether an object or array of several rows closes here.
    #[must_use]
    pub fn is_closing(&self, index: usize) -> bool {
        self.outline.row(index).is_some_and(|row| row.kind == RowKind::Close)
    }

    /// The rows from `first` on, in their order.
    pub(in crate::payload::json) fn nodes_from(&self, first: usize) -> impl Iterator<Item = Node> + '_ {
        (first..).zip(self.outline.from(first)).map(|(row, Row { kind, depth, .. })| Node {
            row,
            depth: depth as usize,
            opens: kind == RowKind::Open,
            closes: kind == RowKind::Close,
        })
    }

    /// The parent row; `None` for the outermost value.
    #[must_use]
    pub fn parent(&self, index: usize) -> Option<usize> {
        self.outline.parent(index)
    }

    /// How many siblings come before what is on this row.
    fn ordinal(&self, index: usize) -> usize {
        let (index, depth) = (self.opening(index), self.depth(index));
        let parent = self.parent(index);
        parent.map_or(0, |parent| self.outline.count_at(parent + 1, index, u32::try_from(depth).unwrap_or(u32::MAX)))
    }

    /// How many members or items the object or array that opens on this row has.
    #[must_use]
    pub fn child_count(&self, index: usize) -> usize {
        let Some(end) = self.block_end(index) else { return 0 };
        self.outline.count_at(index + 1, end, u32::try_from(self.depth(index) + 1).unwrap_or(u32::MAX))
    }

    /// The first member or item of what opens on this row.
    #[must_use]
    pub fn first_child(&self, index: usize) -> Option<usize> {
        self.block_end(index).map(|_| index + 1)
    }

    /// The next member or item of the same object or array.
    #[must_use]
    pub fn next_sibling(&self, index: usize) -> Option<usize> {
        let next = self.block_end(index).unwrap_or(index) + 1;
        let row = self.outline.row(next).filter(|row| row.kind != RowKind::Close)?;
        (row.depth as usize == self.depth(index)).then_some(next)
    }

    /// The member or item before, of the same object or array.
    #[must_use]
    pub fn previous_sibling(&self, index: usize) -> Option<usize> {
        let before = self.opening(index).checked_sub(1)?;
        (self.depth(before) == self.depth(index)).then(|| self.opening(before))
    }

    /// Whether the row's value is an object (`{`) or array (`[`) of any size, and not a binary.
    #[must_use]
    pub fn bracket(&self, index: usize) -> Option<u8> {
        let start = self.value_range_start(self.opening(index))?;
        self.body.get(start).copied().filter(|byte| matches!(byte, b'{' | b'['))
    }

    /// Whether the row's key occurred earlier in the same object.
    #[must_use]
    pub fn is_duplicate(&self, index: usize) -> bool {
        self.duplicates.get(index)
    }

    /// Whether any row's key has.
    #[must_use]
    pub fn has_duplicates(&self) -> bool {
        self.duplicates.any()
    }

    /// The depth of the deepest row. Goes through all of them.
    #[must_use]
    pub fn deepest(&self) -> usize {
        self.nodes_from(0).map(|node| node.depth).max().unwrap_or(0)
    }

    /// The path to a row's value, such as `data[0].user.userId`; empty for the outermost value. A
    /// closing row has the path of what it closes.
    #[must_use]
    pub fn path(&self, index: usize) -> String {
        self.path_of(index, usize::MAX)
    }

    /// The path as [`Pretty::path`] gives it, of which only the end is made when it is very long.
    #[must_use]
    pub fn path_end(&self, index: usize) -> String {
        self.path_of(index, SHOWN_STEPS)
    }

    fn path_of(&self, index: usize, limit: usize) -> String {
        let mut steps = Vec::new();
        let mut row = self.opening(index.min(self.line_count().saturating_sub(1)));
        while let Some(parent) = self.parent(row).filter(|_| steps.len() < limit) {
            steps.push(self.key(row).ok_or_else(|| self.ordinal(row) as u64));
            row = parent;
        }
        let mut path = String::new();
        if self.parent(row).is_some() {
            path.push('…');
        }
        for step in steps.into_iter().rev() {
            match step {
                Ok(key) => path::push_key(&mut path, &self.body[key]),
                Err(position) => path::push_index(&mut path, position),
            }
        }
        path
    }
}
