//! Compressed bodies, undone within bounds.
//!
//! The codings are those of `Content-Encoding` (RFC 9110, section 8.4.1) that senders use. What comes
//! out is bounded however little goes in, and so are memory and work, by counting rather than by a clock: a [`InflateBudget`]
//! grants a number of bytes and of blocks, for all codings of a body together. The output before a fault is kept.
//!
//! | part | what it does |
//! |---|---|
//! | `sink` | the output, and what the budget grants |
//! | `stop` | why inflating stopped, in words |
//! | `deflate` | bare, zlib and gzip |
//! | `brotli` | brotli |
//! | `zstd` | zstd |

mod brotli;
mod deflate;
mod sink;
mod stop;
#[cfg(test)]
pub(crate) mod tests;
mod zstd;

pub use sink::InflateBudget;
pub use stop::InflateStop;

use sink::InflateSink;

/// The most that a body may grow to, in bytes.
pub const MOST_BYTES: u64 = 64 << 20;
/// The most that a body may grow by, as a factor. Real text seldom passes 20.
pub const MOST_FACTOR: u64 = 200;
/// The largest window of a zstd frame, in bytes: senders may use no larger one (RFC 9659, section 3).
pub const MOST_WINDOW: u64 = 8 << 20;

/// A content coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950 as HTTP has it, or RFC 1951 as some senders have it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// The token of `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding that a token of `Content-Encoding` names, in any letter case; `x-gzip` is `gzip`.
    #[must_use]
    pub fn named(token: &str) -> Option<Self> {
        let token = token.trim().to_ascii_lowercase();
        let token = token.strip_prefix("x-").unwrap_or(&token);
        Self::ALL.into_iter().find(|coding| coding.name() == token)
    }

    /// The coding that the first bytes prove; zlib and brotli have no such bytes.
    #[must_use]
    pub fn of_magic(body: &[u8]) -> Option<Self> {
        // The third byte of gzip's is the method, of which there is one.
        match body {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            body if body.starts_with(&zstd::MAGIC) => Some(Self::Zstd),
            _ => None,
        }
    }

    fn undo(self, body: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
        match self {
            Self::Gzip => deflate::gzip(body, sink),
            Self::Deflate if is_zlib(body) => deflate::zlib(body, sink),
            Self::Deflate => deflate::bare(body, sink),
            Self::Brotli => brotli::decode(body, sink),
            Self::Zstd => zstd::decode(body, sink),
        }
    }
}

/// What inflating gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflated {
    /// The bytes until the end, or until `stop`.
    pub bytes: Vec<u8>,
    /// Why it stopped early; `None` when it is whole.
    pub stop: Option<InflateStop>,
}

/// Undoes `coding` as far as it goes and `budget` allows; what it takes is taken from the budget.
#[must_use]
pub fn inflate_prefix(coding: Coding, body: &[u8], budget: &mut InflateBudget) -> Inflated {
    if body.is_empty() {
        return Inflated { bytes: Vec::new(), stop: Some(InflateStop::damaged("the body is empty")) };
    }
    let (read, cut) = budget.cut(body);
    let mut sink = InflateSink::new(budget);
    let stop = contained(|| {
        crate::system::panic::panic_for_test("inflate");
        coding.undo(read, &mut sink)
    })
    .err();
    if stop == Some(InflateStop::Failed) {
        // What it left is in no known state.
        return Inflated { bytes: Vec::new(), stop };
    }
    let stop = match (stop, cut) {
        // It broke off where it was cut, or happened to end there.
        (Some(InflateStop::Damaged(_)) | None, Some(cut)) => Some(cut),
        (stop, _) => stop,
    };
    Inflated { bytes: sink.finish(), stop }
}

/// Undoes the coding that `encoding` names; `None` when the body is not that, breaks off, or would
/// pass the bounds.
#[must_use]
pub fn inflate(encoding: &str, body: &[u8], budget: &mut InflateBudget) -> Option<Vec<u8>> {
    let coding = Coding::named(encoding)?;
    let inflated = inflate_prefix(coding, body, budget);
    (inflated.stop.is_none() && !inflated.bytes.is_empty()).then_some(inflated.bytes)
}

/// The codings that `body` may be in, the declared ones and those that its first bytes prove.
#[must_use]
pub fn encodings(declared: &[u8], body: &[u8]) -> Vec<&'static str> {
    let declared = String::from_utf8_lossy(declared);
    let is_declared = |coding| declared.split(',').any(|token| Coding::named(token) == Some(coding));
    let is_evident = |coding| Coding::of_magic(body) == Some(coding) || coding == Coding::Deflate && is_zlib(body);
    Coding::ALL.into_iter().filter(|coding| is_declared(*coding) || is_evident(*coding)).map(Coding::name).collect()
}

/// RFC 1950, section 2.2: method 8, and the first two bytes are a multiple of 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31))
}

/// Runs a decoder; one that panics has failed, and nothing else has.
fn contained(run: impl FnOnce() -> Result<(), InflateStop>) -> Result<(), InflateStop> {
    crate::system::panic::catch_to_none(run).unwrap_or(Err(InflateStop::Failed))
}
