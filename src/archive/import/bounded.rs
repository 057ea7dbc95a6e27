//! A reader that ends a delivery whose text has no end.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::DELIVERY_LIMIT;

/// What may still be read before the next [`Allowance::renew`].
#[derive(Debug, Clone)]
pub(super) struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    /// A delivery has been read; the next one may be as long again.
    pub(super) fn renew(&self) {
        self.0.set(DELIVERY_LIMIT);
    }
}

/// Reads through to another reader as far as it is allowed to.
pub(super) struct Bounded<'a> {
    input: &'a mut dyn BufRead,
    left: Allowance,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead) -> (Self, Allowance) {
        let left = Allowance(Rc::new(Cell::new(DELIVERY_LIMIT)));
        (Self { input, left: left.clone() }, left)
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.0.get();
        if left == 0 {
            return Err(io::Error::other(format!("it is longer than {DELIVERY_LIMIT} bytes")));
        }
        let count = self.input.read(buffer)?;
        self.left.0.set(left.saturating_sub(count as u64));
        Ok(count)
    }
}
