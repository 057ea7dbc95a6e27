//! Why the interface ended.

use crate::store::StoreError;
use crate::system::thread::ThreadError;

/// Why the interface ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal refused something.
    #[error("cannot use this terminal: {0}; --headless prints lines instead")]
    Terminal(#[from] std::io::Error),
    /// Nobody reads the lines of `--plain` any more, or the disk is full.
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}
