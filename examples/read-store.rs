//! Lists the deliveries of a store that match a filter, newest first, also while a listener writes to it:
//!
//! ```sh
//! cargo run --example read-store -- ~/.local/share/whyhook/whyhook.db 'verdict:bad since:1h'
//! ```
//!
//! `whyhook list --help` lists the filters.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it finds")]

use std::process::ExitCode;

use jiff::Timestamp;
use whyhook::query::Query;
use whyhook::store::{Location, Page, Reader};
use whyhook::text::visible;

/// Rows to look at before control comes back: a store may hold millions.
const BUDGET: usize = 10_000;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("usage: read-store STORE [FILTER]");
        return Ok(ExitCode::from(2));
    };
    let query = Query::parse(&arguments.collect::<Vec<_>>().join(" "))?;
    let reader = Reader::open(&Location::new(file))?;
    let now = Timestamp::now();
    let mut page = Page::Newest;
    loop {
        let found = reader.search(&query, now, page, usize::MAX, BUDGET)?;
        for row in found.rows {
            // What a sender wrote reaches a terminal through `visible` alone.
            let event = row.event.event.as_deref().map_or_else(|| "-".into(), visible);
            println!("#{}\t{}\t{}\t{event}", row.id.0, row.received_at, row.judgement.verdict.code());
        }
        match found.next {
            Some(id) => page = Page::Before(id),
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}
