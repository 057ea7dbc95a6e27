//! Filtering as one types over 100,000 deliveries, and what the commands that read a whole store take
//! of time and memory over 1,000,000: `list`, `wait`, `export`, `prune`.
//!
//! `cargo bench --bench store`; the stores are made once, under `target/`, and used again. Only the
//! pruning changes one, a copy.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use whyhook::query::Query;
use whyhook::store::{Location, Page, Reader};

use support::figures::Figures;
use support::process::{self, Finished};
use support::{Failure, copy_of, is_chosen, is_measuring, store_of};

/// Rows that the interface asks for at first, and how many it looks at between two parts.
const PAGE: usize = 150;
const PART: usize = 10_000;

fn main() -> Result<(), Failure> {
    let (filtered, whole) = if is_measuring() { (100_000, support::many(1_000_000)) } else { (100, 100) };
    if !is_measuring() {
        println!("only a try, the figures mean nothing: measure with `cargo bench`");
    }
    if is_chosen("filter") {
        filter(&store_of(filtered)?, filtered)?;
    }
    if is_chosen("commands") {
        commands(&store_of(whole)?, whole)?;
    }
    if is_chosen("prune") {
        prune(&store_of(whole)?, whole)?;
    }
    Ok(())
}

/// From a filter as typed so far to the first of its rows, as the interface's thread finds them; and
/// to the end of the store, which the interface does not wait for.
fn filter(location: &Location, count: i64) -> Result<(), Failure> {
    let rounds = if is_measuring() { 5 } else { 1 };
    println!("filter over {count} deliveries: first rows, and a whole page or the store's end, in ms");
    let oldest = format!("id:<={}", count / 100);
    let filters =
        ["s", "screenshot", "verdict:bad", "event:activity is:sim", "status:4xx since:1h", &oldest, "nothing-has-this"];
    for text in filters {
        let query = Query::parse(text)?;
        let mut first = Vec::new();
        let mut page = Vec::new();
        for _ in 0..rounds {
            let (found, ended) = search(location, &query)?;
            first.push(found);
            page.push(ended);
        }
        let (first, page): (Figures, Figures) = (first.into_iter().collect(), page.into_iter().collect());
        println!("  {text:<24} {:>8.2} {:>9.2}", first.median(), page.median());
    }
    Ok(())
}

/// When the first rows were there, and when the page was full or the store at its end.
fn search(location: &Location, query: &Query) -> Result<(Duration, Duration), Failure> {
    let reader = Reader::open(location)?;
    let (start, now) = (Instant::now(), Timestamp::now());
    let (mut edge, mut missing, mut first) = (Page::Newest, PAGE, None);
    loop {
        let scan = reader.search(query, now, edge, missing, PART)?;
        missing = missing.saturating_sub(scan.rows.len());
        if !scan.rows.is_empty() {
            first.get_or_insert_with(|| start.elapsed());
        }
        match scan.next.filter(|_| missing > 0) {
            Some(next) => edge = Page::Before(next),
            None => return Ok((first.unwrap_or_else(|| start.elapsed()), start.elapsed())),
        }
    }
}

/// The real program's commands over the whole store. What they print goes to `/dev/null`.
fn commands(location: &Location, count: i64) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let store = location.file().to_string_lossy();
    println!("commands over {count} deliveries");
    let runs: &[(&[&str], &[i32])] = &[
        (&["list", "-n", "20"], &[0]),
        (&["list", "verdict:bad", "-n", "20"], &[0]),
        (&["list", "id:1"], &[0]),
        (&["list", "nothing-has-this"], &[1]),
        (&["list", "body:nothing-has-this"], &[1]),
        (&["list"], &[0]),
        (&["list", "--format", "json"], &[0]),
        (&["wait", "id:1", "--after", "0"], &[0]),
        (&["wait", "nothing-has-this", "--after", "0", "--timeout", "10ms"], &[1]),
        (&["export", "--as", "json", "-n", "1000"], &[0]),
        (&["export", "--as", "json"], &[0]),
        (&["prune", "--keep", "10", "--dry-run"], &[0]),
    ];
    for (arguments, codes) in runs {
        let all: Vec<&str> = arguments.iter().copied().chain(["--store", &store]).collect();
        print(&arguments.join(" "), &process::run(home.path(), &all, codes)?);
    }
    Ok(())
}

fn print(what: &str, finished: &Finished) {
    let peak = finished.peak.map_or(String::new(), |peak| format!("{peak:>8.1} MB at most"));
    println!("  {what:<58} {:>9.1} ms {peak}", finished.time.as_secs_f64() * 1000.0);
}

/// Pruning a tenth: the oldest, which frees segments, and one in twenty, which copies what stays.
fn prune(location: &Location, count: i64) -> Result<(), Failure> {
    println!("prune of {count} deliveries");
    let keep = (count / 10 * 9).to_string();
    for arguments in [&["prune", "--keep", &keep][..], &["prune", "verdict:mismatch"]] {
        // A folder of its own for each, beside the store: links do not lead to other disks.
        let folder = tempfile::tempdir_in(support::folder())?;
        let copy = copy_of(location, folder.path())?;
        let finished = pruned(folder.path(), &copy, arguments)?;
        print(&arguments.join(" "), &finished);
        let left = Reader::open(&copy)?.count()?;
        println!("    {left} are left");
    }
    Ok(())
}

fn pruned(home: &Path, copy: &Location, arguments: &[&str]) -> Result<Finished, Failure> {
    let store = copy.file().to_string_lossy();
    let all: Vec<&str> = arguments.iter().copied().chain(["--yes", "--store", &store]).collect();
    process::run(home, &all, &[0])
}
