//! What must hold for any bytes: one module for each parser, one function in each. libFuzzer calls it with bytes of
//! its own making, `tests/fuzz.rs` with those under `seeds/`.

#[cfg(unix)]
pub mod api;
pub mod body;
pub mod brotli;
pub mod compare;
pub mod config;
pub mod contract;
pub mod deflate;
pub mod diagnose;
pub mod dotenv;
pub mod edit;
pub mod framing;
pub mod head;
pub mod images;
pub mod import;
mod inflate;
pub mod jq;
pub mod json_tokens;
pub mod public_key;
pub mod query;
pub mod reader;
pub mod record;
mod references;
pub mod response;
pub mod rewrite;
pub mod rule;
pub mod suite;
pub mod target;
pub mod zstd;

/// One target.
pub type Run = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Run)] = &[
    #[cfg(unix)]
    ("api", api::run),
    ("body", body::run),
    ("brotli", brotli::run),
    ("compare", compare::run),
    ("config", config::run),
    ("contract", contract::run),
    ("deflate", deflate::run),
    ("diagnose", diagnose::run),
    ("dotenv", dotenv::run),
    ("edit", edit::run),
    ("framing", framing::run),
    ("head", head::run),
    ("images", images::run),
    ("import", import::run),
    ("jq", jq::run),
    ("json_tokens", json_tokens::run),
    ("public_key", public_key::run),
    ("query", query::run),
    ("reader", reader::run),
    ("record", record::run),
    ("response", response::run),
    ("rewrite", rewrite::run),
    ("rule", rule::run),
    ("suite", suite::run),
    ("target", target::run),
    ("zstd", zstd::run),
];

/// Every scheme that has a name, Trackpilots' first.
fn schemes() -> &'static [whyhook::signature::Scheme] {
    static SCHEMES: std::sync::LazyLock<Vec<whyhook::signature::Scheme>> = std::sync::LazyLock::new(|| {
        whyhook::signature::catalogue::all().iter().map(|entry| entry.scheme().unwrap()).collect()
    });
    &SCHEMES
}

/// `data` in `N` fields. Each but the last ends at a byte 0xff, which text never holds, so that an input can be
/// written and read by a person; the last is all the rest, whatever is in it.
fn fields<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut fields = [&data[..0]; N];
    let mut parts = data.splitn(N, |byte| *byte == 0xff);
    // With fewer parts than fields the first fields are empty: there is always a body.
    let count = data.splitn(N, |byte| *byte == 0xff).count();
    for field in &mut fields[N - count..] {
        *field = parts.next().unwrap_or_default();
    }
    fields
}

/// What is said of such bytes goes to a terminal, some of it on several lines.
fn assert_visible(text: &str) {
    let steers = |character: char| character != '\n' && whyhook::text::is_hidden(character);
    assert!(!text.contains(steers), "{text:?} steers a terminal");
}
