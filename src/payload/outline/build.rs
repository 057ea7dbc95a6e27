//! Taking rows in their order, and the bytes that each becomes.

use super::lows::{Low, Lows};
use super::{BLOCK, Block, Outline, Row, RowKind};

/// A record's first byte: two bits of kind, five of distance, and whether more of it follows, seven bits a byte.
const FIRST_BITS: u32 = 5;
const MORE: u8 = 0x80;

/// Takes rows and makes an [`Outline`] of them.
#[derive(Debug)]
pub(in crate::payload) struct Builder {
    outline: Outline,
    /// The smallest depths of the blocks that are whole, and of the one that is not.
    lows: Vec<Low>,
    low: Low,
    /// The row that was begun last: whether something opens on it is known only when the next one comes.
    last: Option<(u32, RowKind)>,
    /// Where the row before it begins.
    before: u32,
    /// How many rows are open before it.
    open: u32,
}

impl Builder {
    /// With room for `bytes` bytes of records; what is not used is given back.
    pub(in crate::payload) fn with_capacity(bytes: usize) -> Self {
        Self {
            outline: Outline { records: Vec::with_capacity(bytes), ..Outline::default() },
            lows: Vec::new(),
            low: Low::NOTHING,
            last: None,
            before: 0,
            open: 0,
        }
    }

    /// How many rows there are.
    #[inline]
    pub(in crate::payload) fn len(&self) -> usize {
        self.outline.count + usize::from(self.last.is_some())
    }

    /// Takes a row that begins at `start`, not before the row before it.
    #[inline]
    pub(in crate::payload) fn push(&mut self, start: u32, kind: RowKind) {
        self.flush();
        self.last = Some((start, kind));
    }

    /// Makes the last row an opening one.
    #[inline]
    pub(in crate::payload) fn open(&mut self) {
        if let Some((_, kind)) = &mut self.last {
            *kind = RowKind::Open;
        }
    }

    /// The row that holds the byte at `offset`.
    pub(in crate::payload) fn row_at(&self, offset: u32) -> usize {
        match self.last {
            Some((start, _)) if start <= offset => self.outline.count,
            _ => self.outline.row_at(offset),
        }
    }

    pub(in crate::payload) fn finish(mut self) -> Outline {
        self.flush();
        if self.outline.count > 0 {
            self.lows.push(self.low);
        }
        self.outline.records.shrink_to_fit();
        self.outline.blocks.shrink_to_fit();
        self.lows.shrink_to_fit();
        self.outline.lows = Lows::over(self.lows);
        self.outline
    }

    #[inline]
    fn flush(&mut self) {
        let Some((start, kind)) = self.last.take() else { return };
        if self.outline.count.is_multiple_of(BLOCK) {
            // Records take no more bytes than the text, whose places have 32 bits.
            let at = u32::try_from(self.outline.records.len()).unwrap_or(u32::MAX);
            self.outline.blocks.push(Block { start, at, open: self.open });
            if self.outline.count > 0 {
                self.lows.push(std::mem::replace(&mut self.low, Low::NOTHING));
            }
        }
        write(&mut self.outline.records, kind, start - self.before);
        self.before = start;
        self.outline.count += 1;
        let depth;
        (depth, self.open) = around(kind, self.open);
        self.low.add(Row { kind, start, depth });
    }
}

/// The depth of a row before which `open` rows are open, and how many are open after it.
#[inline]
pub(super) fn around(kind: RowKind, open: u32) -> (u32, u32) {
    match kind {
        RowKind::Leaf => (open, open),
        RowKind::Open => (open, open + 1),
        RowKind::Close => (open.saturating_sub(1), open.saturating_sub(1)),
    }
}

#[inline]
fn write(records: &mut Vec<u8>, kind: RowKind, step: u32) {
    let kind = match kind {
        RowKind::Leaf => 0,
        RowKind::Open => 1,
        RowKind::Close => 2,
    };
    let mut rest = step >> FIRST_BITS;
    let [low, ..] = (step << 2).to_le_bytes();
    records.push(kind | low & !MORE | if rest > 0 { MORE } else { 0 });
    while rest > 0 {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        records.push(low & !MORE | if rest > 0 { MORE } else { 0 });
    }
}

/// The record at `at`, which is moved after it.
#[inline]
pub(super) fn read(records: &[u8], at: &mut usize) -> Option<(RowKind, u32)> {
    let first = *records.get(*at)?;
    *at += 1;
    let kind = match first & 3 {
        0 => RowKind::Leaf,
        1 => RowKind::Open,
        _ => RowKind::Close,
    };
    let mut step = u32::from(first & !MORE) >> 2;
    let (mut more, mut shift) = (first & MORE > 0, FIRST_BITS);
    while more {
        let next = *records.get(*at)?;
        *at += 1;
        step |= u32::from(next & !MORE) << shift;
        (more, shift) = (next & MORE > 0, shift + 7);
    }
    Some((kind, step))
}
