//! Makes a store of many deliveries, to see how whyhook does with them:
//!
//! ```sh
//! cargo run --release --example generate-store -- 1000000 big.db
//! cargo run --release -- --store big.db
//! ```
//!
//! A store that is there already is brought to that many.

#![allow(clippy::print_stderr, reason = "an example says how far it is")]

#[path = "../benches/support/store.rs"]
mod store;

use std::process::ExitCode;
use std::time::Instant;

use whyhook::store::Location;

/// What it ends with when it cannot go on.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args().skip(1);
    let (Some(count), Some(file)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: generate-store COUNT FILE");
        return Ok(ExitCode::from(2));
    };
    let count: i64 = count.replace(['_', ','], "").parse().map_err(|error| format!("COUNT: {error}"))?;
    let location = Location::new(file);
    let start = Instant::now();
    store::fill(&location, count, |number| eprintln!("{number} of {count}"))?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{count} deliveries, {} MB, in {seconds:.1} s", location.bytes() / 1_000_000);
    Ok(ExitCode::SUCCESS)
}
