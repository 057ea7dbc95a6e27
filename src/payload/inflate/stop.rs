//! Why inflating ended before the end, in words.

use std::fmt;

use crate::text::grouped;
use crate::text::units::size_words;

/// Why inflating ended before the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InflateStop {
    /// The bytes break off or are not of this coding; the decoder's own words.
    Damaged(String),
    /// It would pass this many bytes.
    TooLarge(u64),
    /// It would pass this many times the bytes that were sent.
    TooDense(u64),
    /// Only this many of the bytes that were sent were read.
    TooLong(u64),
    /// It declares a window of more bytes than are decoded.
    TooWide {
        /// How many it declares.
        declared: u64,
        /// How many there may be.
        most: u64,
    },
    /// A zstd frame was compressed with the dictionary of this number, which is not in it.
    Dictionary(u32),
    /// It is in more than this many blocks, frames or members.
    TooManyParts(u32),
    /// A brotli stream whose code tables, or bytes that give nothing, would cost more than any output is worth.
    TooMuchWork,
    /// The decoder failed on it, which is a fault of the decoder's.
    Failed,
}

impl InflateStop {
    /// Whether a bound ended it, rather than the bytes themselves.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        !matches!(self, Self::Damaged(_) | Self::Failed)
    }

    pub(super) fn damaged(words: &str) -> Self {
        Self::Damaged(words.to_owned())
    }
}

impl fmt::Display for InflateStop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(reason) => write!(formatter, "damaged: {}", crate::text::visible(reason)),
            Self::TooLarge(most) => write!(formatter, "stopped at the limit of {} bytes", grouped(*most)),
            Self::TooDense(factor) => write!(formatter, "stopped at the limit of {factor} times its size"),
            Self::TooLong(most) => write!(formatter, "stopped after the first {} of the body", size_words(*most)),
            Self::TooWide { declared, most } => {
                let (declared, most) = (size_words(*declared), size_words(*most));
                write!(formatter, "declares a window of {declared}; the limit is {most}")
            }
            Self::Dictionary(id) => write!(formatter, "needs dictionary {id}, which the body does not contain"),
            Self::TooManyParts(most) => {
                write!(formatter, "stopped at the limit of {} blocks, frames or members", grouped(u64::from(*most)))
            }
            Self::TooMuchWork => formatter.write_str("stopped: too much of it produces no output"),
            Self::Failed => formatter.write_str("the decoder failed"),
        }
    }
}
