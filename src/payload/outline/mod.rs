//! Where the rows of a nested text begin and how they hang together, in little more than a byte a row.
//!
//! A hostile body has a row for each of its bytes, so that an offset and a parent for each row would be many times
//! its size. Each row is kept as one number of bits: its kind, and how far it begins after the row before. Every
//! [`BLOCK`] rows there is a place to begin reading, and over these blocks a tree of the smallest depths, so that a
//! parent, an end or a count of siblings is found in the logarithm of the rows. Nothing is kept for a level.
//!
//! | part | what it does |
//! |---|---|
//! | `build` | takes rows in their order |
//! | `lows` | the smallest depths over the blocks |

mod build;
mod lows;

pub(in crate::payload) use build::Builder;

use lows::Lows;

/// Rows between two places to begin reading: more would be read through for each question, fewer take memory.
const BLOCK: usize = 32;

/// What a row is to its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::payload) enum RowKind {
    /// It stands for itself.
    Leaf,
    /// What follows is inside it.
    Open,
    /// It ends what was opened last.
    Close,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::payload) struct Row {
    pub(in crate::payload) kind: RowKind,
    /// Where it begins, in bytes.
    pub(in crate::payload) start: u32,
    /// How many rows are open around it; an opening row and its closing row have the same.
    pub(in crate::payload) depth: u32,
}

/// The place of [`BLOCK`] rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    /// Where its first row begins in the text.
    start: u32,
    /// Its first row's place among the records.
    at: u32,
    /// How many rows are open before it.
    open: u32,
}

/// Rows, each a kind and a place; see the module's page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::payload) struct Outline {
    records: Vec<u8>,
    blocks: Vec<Block>,
    lows: Lows,
    count: usize,
}

impl Outline {
    /// How many rows there are.
    pub(in crate::payload) fn len(&self) -> usize {
        self.count
    }

    /// The bytes of memory that it holds.
    pub(in crate::payload) fn heap_bytes(&self) -> usize {
        self.records.capacity() + self.blocks.capacity() * size_of::<Block>() + self.lows.heap_bytes()
    }

    pub(in crate::payload) fn row(&self, index: usize) -> Option<Row> {
        self.from(index).next()
    }

    /// Where a row begins, and where the next one does; `None` for the second after the last.
    pub(in crate::payload) fn span(&self, index: usize) -> Option<(u32, Option<u32>)> {
        let mut rows = self.from(index);
        Some((rows.next()?.start, rows.next().map(|next| next.start)))
    }

    /// The rows from `index` on.
    pub(in crate::payload) fn from(&self, index: usize) -> Rows<'_> {
        let mut rows = self.block(index / BLOCK);
        for _ in 0..index % BLOCK {
            rows.next();
        }
        rows
    }

    /// The rows from the beginning of a block on.
    fn block(&self, block: usize) -> Rows<'_> {
        let nothing = Rows { outline: self, index: self.count, at: 0, start: 0, open: 0 };
        let Some(&Block { start, at, open }) = self.blocks.get(block) else { return nothing };
        let at = at as usize;
        // The first row's record says how far it is from the row before, which is passed over here.
        let step = build::read(&self.records, &mut { at }).map_or(0, |(_, step)| step);
        Rows { index: block * BLOCK, at, start: start.wrapping_sub(step), open, ..nothing }
    }

    /// The row that holds the byte at `offset`: the last that begins there or before; the first for what is before
    /// all.
    pub(in crate::payload) fn row_at(&self, offset: u32) -> usize {
        let block = self.blocks.partition_point(|block| block.start <= offset).saturating_sub(1);
        let within = self.block(block).take(BLOCK).take_while(|row| row.start <= offset).count();
        (block * BLOCK + within).saturating_sub(1)
    }

    /// The row on which what opens at `index` is closed; `None` when nothing opens there, or it is never closed.
    pub(in crate::payload) fn end(&self, index: usize) -> Option<usize> {
        let row = self.row(index).filter(|row| row.kind == RowKind::Open)?;
        self.next_at_most(index, row.depth)
    }

    /// The row on which what closes at `index` was opened; any other row itself.
    pub(in crate::payload) fn opening(&self, index: usize) -> usize {
        match self.row(index) {
            Some(Row { kind: RowKind::Close, depth, .. }) => self.last_at_most(index, depth).unwrap_or(index),
            _ => index,
        }
    }

    /// The parent row.
    pub(in crate::payload) fn parent(&self, index: usize) -> Option<usize> {
        let depth = self.row(index)?.depth.checked_sub(1)?;
        self.last_at_most(index, depth)
    }

    /// How many rows from `first` to before `end` are at `depth`, closing rows not counted. None of them may be
    /// higher up.
    pub(in crate::payload) fn count_at(&self, first: usize, end: usize, depth: u32) -> usize {
        let end = end.min(self.count);
        let counts = |row: &Row| row.depth == depth && row.kind != RowKind::Close;
        let whole = first.div_ceil(BLOCK)..end / BLOCK;
        if whole.start >= whole.end {
            return self.from(first).take(end.saturating_sub(first)).filter(counts).count();
        }
        let before = self.from(first).take(whole.start * BLOCK - first).filter(counts).count();
        let after = self.block(whole.end).take(end - whole.end * BLOCK).filter(counts).count();
        before + self.lows.count(whole, depth) + after
    }

    /// The first row after `index` that is at `depth` or higher up.
    fn next_at_most(&self, index: usize, depth: u32) -> Option<usize> {
        let here = index / BLOCK;
        let rest = (here + 1) * BLOCK - (index + 1);
        if let Some(found) = self.from(index + 1).take(rest).position(|row| row.depth <= depth) {
            return Some(index + 1 + found);
        }
        let block = self.lows.next(here, depth)?;
        let within = self.block(block).take(BLOCK).position(|row| row.depth <= depth)?;
        Some(block * BLOCK + within)
    }

    /// The last row before `index` that is at `depth` or higher up.
    fn last_at_most(&self, index: usize, depth: u32) -> Option<usize> {
        let last = |block: usize, rows: usize| {
            let rows = self.block(block).take(rows).enumerate();
            rows.filter(|(_, row)| row.depth <= depth).last().map(|(within, _)| block * BLOCK + within)
        };
        let here = index / BLOCK;
        last(here, index % BLOCK).or_else(|| last(self.lows.last(here, depth)?, BLOCK))
    }
}

/// Rows in their order.
#[derive(Debug, Clone)]
pub(in crate::payload) struct Rows<'a> {
    outline: &'a Outline,
    index: usize,
    at: usize,
    start: u32,
    open: u32,
}

impl Iterator for Rows<'_> {
    type Item = Row;

    #[inline]
    fn next(&mut self) -> Option<Row> {
        if self.index >= self.outline.count {
            return None;
        }
        let (kind, step) = build::read(&self.outline.records, &mut self.at)?;
        self.index += 1;
        self.start = self.start.wrapping_add(step);
        let depth;
        (depth, self.open) = build::around(kind, self.open);
        Some(Row { kind, start: self.start, depth })
    }
}

#[cfg(test)]
mod tests;
