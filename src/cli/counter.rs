//! How far a command is, on the last line of a terminal.

use std::io::{self, IsTerminal as _, Write as _};

/// A counter that stderr shows where it is a terminal.
pub(super) struct Counter {
    is_shown: bool,
    done: usize,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), done: 0 }
    }

    /// One more of `all` is done.
    pub(super) fn step(&mut self, all: usize) {
        self.done += 1;
        if self.is_shown {
            let _ = write!(io::stderr(), "\r{} of {all} ", self.done);
        }
    }

    /// Takes the counter off the line.
    pub(super) fn end(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r{:20}\r", "");
        }
    }
}
