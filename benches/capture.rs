//! What an honest answer costs: a delivery captured, verified, on disk, and only then answered.
//!
//! Machines differ, so everything is a ratio to two neighbours in the same run, in turns with it:
//! a bare axum handler, and the durable limit (see [`support::servers::durable_limit`]).
//! `cargo bench --bench capture -- 45` measures the larger delivery alone.
//! At the end every delivery that was answered must be in the store, whole and verified.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use whyhook::delivery::Verdict;
use whyhook::store::{Page, Reader};

use support::Failure;
use support::figures::Figures;
use support::load::{self, Round, Sender};
use support::request::SignedRequest;
use support::servers::{self, Server, Whyhook};

/// How much is measured.
struct Plan {
    rounds: usize,
    round: Duration,
    /// The most answers in a round, which bounds what is written.
    most: usize,
    alone: usize,
    paced: Duration,
}

const MEASURE: Plan =
    Plan { rounds: 10, round: Duration::from_millis(900), most: 40_000, alone: 60, paced: Duration::from_millis(1500) };
const TRY: Plan =
    Plan { rounds: 1, round: Duration::from_millis(50), most: 200, alone: 3, paced: Duration::from_millis(50) };

/// Deliveries a second of the steady test.
const PACE: u32 = 200;

fn main() -> Result<(), Failure> {
    let plan = if support::is_measuring() { &MEASURE } else { &TRY };
    if !support::is_measuring() {
        println!("only a try, the figures mean nothing: measure with `cargo bench`");
    }
    // Beside the build, which is on a disk; the system's temporary folder may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for request in [SignedRequest::app_tracking()?, SignedRequest::screenshot()?] {
        if !support::is_chosen(request.name) {
            continue;
        }
        let folder = folder.path().join(request.name);
        std::fs::create_dir(&folder)?;
        let servers = Servers::start(&folder)?;
        println!("{} ({} bytes), every figure a median (least–most)", request.name, request.body.len());
        let mut answered = throughput(&servers, &request, plan)?;
        answered += alone(&servers, &request, plan, &folder)?;
        answered += steady(&servers, &request, plan)?;
        check(&servers.whyhook, &request, answered)?;
    }
    Ok(())
}

struct Servers {
    bare: Server,
    limit: Server,
    whyhook: Whyhook,
}

impl Servers {
    fn start(folder: &Path) -> Result<Self, Failure> {
        Ok(Self {
            bare: servers::bare()?,
            limit: servers::durable_limit(&folder.join("limit.log"))?,
            whyhook: servers::whyhook(folder)?,
        })
    }
}

/// Full load; returns how many deliveries whyhook answered.
fn throughput(servers: &Servers, request: &SignedRequest, plan: &Plan) -> Result<usize, Failure> {
    let full = |server: &Server| load::full(server.address, request, plan.round, plan.most);
    let mut rounds: Vec<[Round; 3]> = Vec::new();
    for _ in 0..plan.rounds {
        rounds.push([full(&servers.bare)?, full(&servers.limit)?, full(&servers.whyhook.server)?]);
    }
    let ratio = |above: usize, below: usize| -> Figures {
        rounds.iter().map(|round| round[above].rate / round[below].rate).collect()
    };
    let rate = |which: usize| rounds.iter().map(|round| round[which].rate).collect::<Figures>().median();
    println!("  throughput, {} connections", load::CONNECTIONS);
    println!("    bare axum                 {:>8.0} a second", rate(0));
    println!("    durable limit             {:>8.0} a second, {} of bare axum", rate(1), ratio(1, 0));
    println!("    whyhook                   {:>8.0} a second, {} of bare axum", rate(2), ratio(2, 0));
    println!("                              {:>8}           {} of the durable limit", "", ratio(2, 1));
    Ok(rounds.iter().map(|round| round[2].answered).sum())
}

/// One delivery at a time, in turns with the same to the other two and with one sync of as many bytes.
/// Returns how many deliveries whyhook answered.
fn alone(servers: &Servers, request: &SignedRequest, plan: &Plan, folder: &Path) -> Result<usize, Failure> {
    let mut file = File::create(folder.join("sync.log"))?;
    let mut bare = Sender::connect(servers.bare.address)?;
    let mut limit = Sender::connect(servers.limit.address)?;
    let mut whyhook = Sender::connect(servers.whyhook.server.address)?;
    let turns = (0..plan.alone)
        .map(|_| {
            file.write_all(&request.wire)?;
            Ok([
                timed(|| file.sync_data())?,
                timed(|| bare.exchange(request))?,
                timed(|| limit.exchange(request))?,
                timed(|| whyhook.exchange(request))?,
            ])
        })
        .collect::<io::Result<Vec<_>>>()?;
    let median = |which: usize| turns.iter().map(|turn| turn[which]).collect::<Figures>().median();
    let sync = median(0);
    for (name, which) in [("durable limit", 2), ("whyhook", 3)] {
        let added = median(which) - median(1);
        println!(
            "  alone, added to bare axum: {name:<13} {added:.3} ms: one fdatasync ({sync:.3} ms) and {:.3} ms",
            added - sync
        );
    }
    Ok(turns.len())
}

fn timed(mut work: impl FnMut() -> io::Result<()>) -> io::Result<Duration> {
    // What the receiver does after an answer is not the next one's cost.
    std::thread::sleep(Duration::from_millis(2));
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// A steady pace far below what is possible.
fn steady(servers: &Servers, request: &SignedRequest, plan: &Plan) -> Result<usize, Failure> {
    let paced = |server: &Server| load::paced(server.address, request, PACE, plan.paced);
    let (mut bare, mut whyhook) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        bare.extend(paced(&servers.bare)?);
        whyhook.extend(paced(&servers.whyhook.server)?);
    }
    let answered = whyhook.len();
    let (before, after): (Figures, Figures) = (bare.into_iter().collect(), whyhook.into_iter().collect());
    let added = |part| after.quantile(part) - before.quantile(part);
    println!("  at {PACE} a second: added    {:.3} ms (median), {:.3} ms (p99)", added(0.5), added(0.99));
    Ok(answered)
}

/// Reads everything back.
fn check(whyhook: &Whyhook, request: &SignedRequest, answered: usize) -> Result<(), Failure> {
    let mut good = 0;
    Reader::open(&whyhook.location)?.scan(Page::Newest, usize::MAX, usize::MAX, |summary, reader| {
        let whole = reader.load(summary.id)?.is_some_and(|delivery| delivery.body == request.body);
        good += usize::from(whole && summary.judgement.verdict == Verdict::Verified);
        Ok(false)
    })?;
    if good != answered {
        return Err(format!("{answered} deliveries were answered, {good} are in the store and verified").into());
    }
    println!("  all {answered} answered deliveries are in the store, whole and verified\n");
    Ok(())
}
