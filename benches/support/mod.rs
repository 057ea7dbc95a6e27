//! What the benchmarks share.

#![allow(dead_code, reason = "no benchmark needs all of it")]

pub(crate) mod bodies;
pub(crate) mod figures;
pub(crate) mod load;
pub(crate) mod process;
pub(crate) mod request;
pub(crate) mod screen;
pub(crate) mod servers;
pub(crate) mod store;
pub(crate) mod terminal;

use std::path::{Path, PathBuf};

use whyhook::store::Location;

/// What a benchmark ends with when it cannot go on.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Whether to measure, or only to show that everything runs. Cargo passes `--bench` for `cargo bench`
/// alone, and `--test` may be given by hand.
pub(crate) fn is_measuring() -> bool {
    let mut measuring = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--bench" => measuring = true,
            "--test" => return false,
            _ => {}
        }
    }
    measuring
}

/// Whether `name` is to be measured: everything is, unless words are given that begin names.
pub(crate) fn is_chosen(name: &str) -> bool {
    let mut words = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    words.peek().is_none() || words.any(|word| name.starts_with(&word))
}

/// A folder for what benchmarks keep. It is beside the build, which is on a disk; the system's
/// temporary folder may be in memory.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Deliveries in the large store, while it is measured: `WHYHOOK_BENCH_DELIVERIES`, or `usual` without it.
pub(crate) fn many(usual: i64) -> i64 {
    let asked = std::env::var("WHYHOOK_BENCH_DELIVERIES").ok().and_then(|asked| asked.parse().ok());
    asked.filter(|_| is_measuring()).unwrap_or(usual)
}

/// A store of `size` deliveries, made when it is not there yet: a million take a minute and 2 GB.
pub(crate) fn store_of(size: i64) -> Result<Location, Failure> {
    let location = Location::new(folder().join(format!("mixed-{size}.db")));
    store::fill(&location, size, |_| {})?;
    Ok(location)
}

/// Another store with the same deliveries, to be changed. Segments of the log are linked where that
/// does no harm: all but the last are never written to again, only replaced or deleted.
pub(crate) fn copy_of(location: &Location, folder: &Path) -> Result<Location, Failure> {
    let copy = Location::new(folder.join("copy.db"));
    std::fs::copy(location.file(), copy.file())?;
    std::fs::create_dir(copy.log())?;
    let mut segments: Vec<PathBuf> =
        std::fs::read_dir(location.log())?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    segments.sort();
    let last = segments.pop();
    for segment in segments {
        std::fs::hard_link(&segment, copy.log().join(segment.file_name().unwrap_or_default()))?;
    }
    if let Some(last) = last {
        std::fs::copy(&last, copy.log().join(last.file_name().unwrap_or_default()))?;
    }
    Ok(copy)
}
