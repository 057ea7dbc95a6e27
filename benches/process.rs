//! The real program from outside: how soon it listens and shows a store of a million deliveries, what
//! memory it takes for that, what it does when nothing happens, and what the interface costs the
//! listener under full load.
//!
//! `cargo bench --bench process`; with words, such as `-- idle load`, only these. The interface runs
//! in a pseudo-terminal of 200 × 50 that is read as fast as it writes. Stores of many deliveries are
//! made once, under `target/`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use whyhook::store::{Location, Page, Reader};

use support::figures::Figures;
use support::process::{Owned, activity, start_to_listening, status_mb};
use support::request::SignedRequest;
use support::terminal::{SIZE, Terminal};
use support::{Failure, is_chosen, is_measuring, load, servers, store_of};

/// What this program is called with, by itself, to be the listener without a face.
const FACELESS: &str = "--faceless";
/// Nothing is written for so long: the interface has come to rest.
const REST: Duration = Duration::from_millis(700);

/// What one round leaves to be done, such as SQLite's checkpoint, is done so long after it: the next is not to
/// bear it.
const BETWEEN: Duration = Duration::from_millis(400);

/// How much is measured.
struct Plan {
    starts: usize,
    large: i64,
    filtered: i64,
    idle: Duration,
    rounds: usize,
    round: Duration,
    most: usize,
}

const MEASURE: Plan = Plan {
    starts: 20,
    large: 1_000_000,
    filtered: 100_000,
    idle: Duration::from_secs(10),
    rounds: 13,
    round: Duration::from_millis(1500),
    most: 60_000,
};
const TRY: Plan = Plan {
    starts: 1,
    large: 100,
    filtered: 100,
    idle: Duration::from_millis(100),
    rounds: 1,
    round: Duration::from_millis(50),
    most: 200,
};

/// What measures one row of the table.
type Part = fn(&Plan) -> Result<(), Failure>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(FACELESS) {
        return faceless(Path::new(&arguments.next().ok_or("no folder")?));
    }
    let plan = if is_measuring() { &MEASURE } else { &TRY };
    if !is_measuring() {
        println!("only a try, the figures mean nothing: measure with `cargo bench`");
    }
    let parts: [(&str, Part); 6] = [
        ("start", start),
        ("open", open),
        ("filter", filter),
        ("payload", payload),
        ("idle", idle),
        ("load", under_load),
    ];
    for (name, part) in parts {
        if is_chosen(name) {
            part(plan)?;
        }
    }
    Ok(())
}

/// From the start of the process to the line that says where it listens.
fn start(plan: &Plan) -> Result<(), Failure> {
    let home = tempfile::tempdir_in(support::folder())?;
    let many =
        (0..plan.starts).map(|number| start_to_listening(home.path(), &home.path().join(format!("{number}.db"))));
    let new: Figures = many.collect::<Result<_, _>>()?;
    let store = home.path().join("0.db");
    let many = (0..plan.starts).map(|_| start_to_listening(home.path(), &store));
    let again: Figures = many.collect::<Result<_, _>>()?;
    println!("start to \"listening\": with a new store {new} ms, with one that is there {again} ms");
    Ok(())
}

/// From the start of the process to the first frame that shows the newest deliveries; then the memory
/// that it takes, also when one moves about.
fn open(plan: &Plan) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let many = support::many(plan.large);
    let (large, small) = (store_of(many)?, store_of(100)?);
    let rounds = plan.starts.min(7);
    let shown = |store: &Location, is_cold: bool| -> Result<Figures, Failure> {
        let opened = |_| {
            if is_cold {
                forget(store)?;
            }
            opened(home.path(), store).map(|(_, time)| time)
        };
        (0..rounds).map(opened).collect()
    };
    println!("start to the first frame with deliveries, {}x{}, in ms", SIZE.0, SIZE.1);
    println!("  {:>9} deliveries: {}", 100, shown(&small, false)?);
    println!("  {many:>9} deliveries: {}", shown(&large, false)?);
    println!("  {many:>9} deliveries, files not in the cache: {}", shown(&large, true)?);
    let empty = Location::new(home.path().join("empty.db"));
    let terminal = Terminal::start(home.path(), empty.file(), &[])?;
    terminal.address()?;
    memory("no delivery", &terminal)?;
    drop(terminal);
    let (terminal, _) = opened(home.path(), &small)?;
    memory("100 deliveries", &terminal)?;
    drop(terminal);
    let (mut terminal, _) = opened(home.path(), &large)?;
    memory(&format!("{many} deliveries"), &terminal)?;
    // End, Home, and pages down.
    for keys in ["G", "g", &"\u{1b}[6~".repeat(40)] {
        terminal.types(keys)?;
        terminal.settles(REST);
    }
    memory("  having been at both ends", &terminal)?;
    terminal.types("/id:<=2")?;
    terminal.sees("the two oldest", |screen| rows(screen) == 2)?;
    memory("  having been filtered to the oldest two", &terminal)
}

/// The interface over this store, and the time until it shows deliveries.
fn opened(home: &Path, store: &Location) -> Result<(Terminal, Duration), Failure> {
    let terminal = Terminal::start(home, store.file(), &[])?;
    let shown = terminal.sees("deliveries", |screen| rows(screen) >= 40)?;
    let time = shown.duration_since(terminal.started());
    Ok((terminal, time))
}

/// How many deliveries are on the screen: the rows that begin with a verdict.
fn rows(screen: &str) -> usize {
    let is_row = |line: &&str| line.chars().nth(1).is_some_and(|mark| "✓✗≠?∅".contains(mark));
    screen.lines().filter(is_row).count()
}

fn memory(what: &str, terminal: &Terminal) -> Result<(), Failure> {
    terminal.settles(REST);
    let process = terminal.process()?;
    let figure = |name| status_mb(process, name).map_or("–".to_owned(), |megabytes| format!("{megabytes:.1}"));
    let (now, most, own) = (figure("VmRSS:"), figure("VmHWM:"), figure("RssAnon:"));
    println!("  memory with {what}: {now} MB, at most {most} MB; {own} MB without what files back");
    Ok(())
}

/// Takes a store's files out of the system's cache, which is the least that a cold start means.
fn forget(store: &Location) -> Result<(), Failure> {
    let mut files = vec![store.file().to_owned()];
    for entry in fs::read_dir(store.log())? {
        files.push(entry?.path());
    }
    for file in files {
        let file = fs::File::open(file)?;
        // Pages that are not on the disk yet would stay.
        file.sync_all()?;
        #[cfg(target_os = "linux")]
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}

/// From the last letter of a filter to its rows on the screen. What it finds are the two oldest
/// deliveries, so that every row is looked at first.
fn filter(plan: &Plan) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let (mut terminal, _) = opened(home.path(), &store_of(plan.filtered)?)?;
    terminal.settles(REST);
    let mut once = |filter: &str, is_there: &dyn Fn(&str) -> bool| {
        let (before, last) = filter.split_at(filter.len() - 1);
        terminal.types(before)?;
        terminal.settles(Duration::from_millis(100));
        let typed = terminal.types(last)?;
        let shown = terminal.sees(filter, is_there)?;
        // The filter is given up, and gone before another is typed: an Esc with a letter at its heels is Alt
        // and that letter.
        terminal.types("\u{1b}")?;
        terminal.sees("no filter", |screen| !screen.contains(&filter[1..]) && rows(screen) >= 40)?;
        terminal.settles(Duration::from_millis(100));
        Ok::<_, Failure>(shown.duration_since(typed))
    };
    let many =
        (0..plan.starts.min(7)).map(|_| once("/verdict:bad", &|screen| rows(screen) > 0 && !screen.contains('✓')));
    let near: Figures = many.collect::<Result<_, _>>()?;
    let many = (0..plan.starts.min(7)).map(|_| once("/id:<=2", &|screen| rows(screen) == 2));
    let far: Figures = many.collect::<Result<_, _>>()?;
    println!("filter over {} deliveries, from the last letter typed to rows on the screen, in ms", plan.filtered);
    println!("  one that matches here and there: {near}");
    println!("  one that matches the oldest two alone: {far}");
    Ok(())
}

/// From the key that selects a large payload to its first rows on the screen.
fn payload(plan: &Plan) -> Result<(), Failure> {
    let home = tempfile::tempdir_in(support::folder())?;
    let location = Location::new(home.path().join("payload.db"));
    let item = r#"{"tracking":{"trackingId":"large","app":{"name":"Editor","fullUrl":"https://example.com"}}}"#;
    let megabytes = if is_measuring() { 5 } else { 0 };
    let items = vec![item; (megabytes << 20) / item.len() + 3].join(",");
    let large = format!(r#"{{"event":"desktop.app_tracking.captured","data":[{items}]}}"#);
    support::bodies::keep(&location, &[large.as_bytes(), br#"{"is":"small"}"#])?;
    let mut terminal = Terminal::start(home.path(), location.file(), &[])?;
    // The Payload tab.
    terminal.sees("deliveries", |screen| rows(screen) == 2)?;
    terminal.types("3")?;
    let mut times = Vec::new();
    for _ in 0..plan.starts.min(7) {
        terminal.sees("the small payload", |screen| screen.contains("\"is\": \"small\""))?;
        terminal.settles(Duration::from_millis(200));
        let typed = terminal.types("j")?;
        let shown = terminal.sees("the large payload", |screen| screen.contains("\"trackingId\": \"large\""))?;
        times.push(shown.duration_since(typed));
        terminal.types("k")?;
    }
    let times: Figures = times.into_iter().collect();
    println!("payload of {} bytes, from the key that selects it to its rows on the screen: {times} ms", large.len());
    memory("that payload having been shown", &terminal)
}

/// What the program does while nothing happens.
fn idle(plan: &Plan) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let (terminal, _) = opened(home.path(), &store_of(100)?)?;
    // Longer than anything that the start puts off.
    terminal.settles(if is_measuring() { Duration::from_secs(3) } else { REST });
    let (process, bytes) = (terminal.process()?, terminal.bytes());
    let begun = Instant::now();
    let before = activity(process);
    thread::sleep(plan.idle);
    let after = activity(process);
    let seconds = begun.elapsed().as_secs_f64();
    let drawn = terminal.bytes() - bytes;
    println!("idle for {seconds:.1} s: {drawn} bytes drawn");
    if let (Some(before), Some(after)) = (before, after) {
        let processor = after.processor.saturating_sub(before.processor);
        println!(
            "  processor {:.3} % ({:.2} ms; {} hundredths of a second by stat), {} wake-ups",
            processor.as_secs_f64() / seconds * 100.0,
            processor.as_secs_f64() * 1000.0,
            after.ticks - before.ticks,
            after.sleeps - before.sleeps
        );
    }
    Ok(())
}

/// Full load on the program with its interface, in turns with the same on the listener and store
/// alone, which this program is in a process of its own.
fn under_load(plan: &Plan) -> Result<(), Failure> {
    for request in [SignedRequest::app_tracking()?, SignedRequest::screenshot()?] {
        let folder = tempfile::tempdir_in(support::folder())?;
        let alone = folder.path().join("alone");
        fs::create_dir(&alone)?;
        let (_listener, without) = start_faceless(&alone)?;
        let store = folder.path().join("interface.db");
        let terminal = Terminal::start(folder.path(), &store, &[])?;
        let with = terminal.address()?;
        terminal.looks_away();
        let full = |address: SocketAddr| load::full(address, &request, plan.round, plan.most);
        let (mut ratios, mut answered, mut drawn) = (Vec::new(), 0, Vec::new());
        for number in 0..plan.rounds {
            let mut interface = || {
                let (start, bytes) = (Instant::now(), terminal.bytes());
                let round = full(with)?;
                drawn.push((terminal.bytes() - bytes) as f64 / 1e3 / start.elapsed().as_secs_f64());
                thread::sleep(BETWEEN);
                Ok::<_, Failure>(round)
            };
            let alone = || {
                let round = full(without)?;
                thread::sleep(BETWEEN);
                Ok::<_, Failure>(round)
            };
            // Each is first in turn.
            let (faced, bare) = if number % 2 == 0 {
                let faced = interface()?;
                (faced, alone()?)
            } else {
                let bare = alone()?;
                (interface()?, bare)
            };
            answered += faced.answered;
            ratios.push(faced.rate / bare.rate);
        }
        let (ratios, drawn): (Figures, Figures) = (ratios.into_iter().collect(), drawn.into_iter().collect());
        println!("full load, {}: with the interface {ratios} of the listener alone", request.name);
        println!(
            "  it costs {:.1} %; meanwhile {:.0} KB a second were drawn",
            (1.0 - ratios.median()) * 100.0,
            drawn.median()
        );
        check(&Location::new(store), answered)?;
    }
    Ok(())
}

/// The interface is to have shown, and kept, everything that was answered.
fn check(location: &Location, answered: usize) -> Result<(), Failure> {
    let kept = Reader::open(location)?.page(Page::Newest, 1)?.first().map_or(0, |row| row.id.0);
    if kept != answered as i64 {
        return Err(format!("{answered} deliveries were answered, the newest kept is {kept}").into());
    }
    Ok(())
}

/// The listener and the store of this process, until whoever started it closes its stdin.
fn faceless(folder: &Path) -> Result<(), Failure> {
    let whyhook = servers::whyhook(folder)?;
    println!("{}", whyhook.server.address);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn start_faceless(folder: &Path) -> Result<(Owned, SocketAddr), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(FACELESS).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Owned(command.spawn()?);
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    Ok((process, line.trim().parse()?))
}
