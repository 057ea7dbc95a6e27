//! What the benchmarks share.

pub(crate) mod figures;
pub(crate) mod load;
pub(crate) mod request;
pub(crate) mod servers;

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
