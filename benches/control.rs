//! What a follower of the event stream costs the listener under full load.
//!
//! The real program twice, each with a store of its own, in turns: with a client that reads `GET /events` as fast as it
//! can, and without. `cargo bench --bench control`; with words, such as `-- 45`, only these. The client must be told every
//! delivery that was answered.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

#[cfg(unix)]
fn main() -> Result<(), support::Failure> {
    following::measure()
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: the control socket is Unix's");
}

#[cfg(unix)]
mod following {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::SocketAddr;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use whyhook::store::Location;

    use super::support::figures::Figures;
    use super::support::process::{Activity, Owned, activity, command};
    use super::support::request::SignedRequest;
    use super::support::{Failure, folder, is_chosen, is_measuring, load};

    /// Between two rounds: what a round leaves to do is not the next one's cost.
    const BETWEEN: Duration = Duration::from_millis(300);
    /// How long the last events may take.
    const LAST: Duration = Duration::from_secs(60);

    struct Plan {
        rounds: usize,
        round: Duration,
        most: usize,
    }

    // Throughput differs by a tenth from round to round on two processors: so many that their median does not.
    const MEASURE: Plan = Plan { rounds: 41, round: Duration::from_millis(800), most: 60_000 };
    const TRY: Plan = Plan { rounds: 1, round: Duration::from_millis(50), most: 200 };

    /// A listener without a face, until it is dropped.
    struct Listener {
        address: SocketAddr,
        location: Location,
        process: Owned,
    }

    impl Listener {
        fn start(home: &Path, name: &str) -> Result<Self, Failure> {
            let store = home.join(name);
            let text = store.to_string_lossy();
            let arguments = ["listen", "--headless", "--bind", "127.0.0.1:0", "--store", &text];
            let mut process = Owned(command(home, &arguments).spawn()?);
            let mut lines = BufReader::new(process.0.stderr.take().ok_or("no stderr")?).lines();
            let begin = "whyhook: listening on http://";
            let address = lines.find_map(|line| line.ok()?.strip_prefix(begin)?.parse().ok());
            let address = address.ok_or("it ended without listening")?;
            // Read to its end, so that a full pipe stops nobody.
            thread::spawn(move || lines.for_each(drop));
            Ok(Self { address, location: Location::new(store), process })
        }
    }

    /// A client of the stream, which counts the deliveries that it is told.
    struct Follower(Arc<AtomicUsize>);

    impl Follower {
        fn open(location: &Location) -> Result<Self, Failure> {
            let mut stream = UnixStream::connect(location.socket())?;
            stream.write_all(b"GET /events?after=0 HTTP/1.1\r\nHost: bench\r\n\r\n")?;
            let mut lines = BufReader::new(stream).split(b'\n');
            let status = lines.next().ok_or("no response")??;
            if !status.starts_with(b"HTTP/1.1 200 ") {
                return Err(format!("no stream: {}", String::from_utf8_lossy(&status)).into());
            }
            let told = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&told);
            thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    if line.starts_with(b"event: delivery") {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
            Ok(Self(told))
        }

        fn waits_for(&self, count: usize) -> Result<(), Failure> {
            let begun = Instant::now();
            while self.0.load(Ordering::Relaxed) != count {
                if begun.elapsed() > LAST {
                    let told = self.0.load(Ordering::Relaxed);
                    return Err(format!("{count} deliveries were answered, {told} were told").into());
                }
                thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        }
    }

    /// Processor time that a listener has spent, over deliveries.
    #[derive(Default)]
    struct Spent(Duration, usize);

    /// That of a listener in all rounds.
    #[derive(Default)]
    struct Costs {
        /// As long as senders wait.
        loaded: Spent,
        /// And until the next round.
        whole: Spent,
    }

    impl Spent {
        fn add(&mut self, before: Option<Activity>, after: Option<Activity>, answered: usize) {
            if let (Some(before), Some(after)) = (before, after) {
                self.0 += after.processor.saturating_sub(before.processor);
                self.1 += answered;
            }
        }

        /// Microseconds for each; none where proc(5) is not to be had.
        fn each(&self) -> Option<f64> {
            (self.1 > 0).then(|| self.0.as_secs_f64() * 1e6 / self.1 as f64)
        }
    }

    pub(super) fn measure() -> Result<(), Failure> {
        let plan = if is_measuring() { &MEASURE } else { &TRY };
        if !is_measuring() {
            println!("only a try, the figures mean nothing: measure with `cargo bench`");
        }
        for request in [SignedRequest::app_tracking()?, SignedRequest::screenshot()?] {
            if is_chosen(request.name) {
                follow(&request, plan)?;
            }
        }
        Ok(())
    }

    fn follow(request: &SignedRequest, plan: &Plan) -> Result<(), Failure> {
        let home = tempfile::tempdir_in(folder())?;
        let (alone, followed) =
            (Listener::start(home.path(), "alone.db")?, Listener::start(home.path(), "followed.db")?);
        let follower = Follower::open(&followed.location)?;
        let full = |listener: &Listener, spent: &mut Costs| {
            let spent_by_now = || activity(listener.process.0.id());
            let before = spent_by_now();
            let round = load::full(listener.address, request, plan.round, plan.most)?;
            spent.loaded.add(before, spent_by_now(), round.answered);
            // What is left to tell is paid for as well, when no sender waits.
            thread::sleep(BETWEEN);
            spent.whole.add(before, spent_by_now(), round.answered);
            Ok::<_, Failure>(round)
        };
        let (mut ratios, mut answered) = (Vec::new(), 0);
        let (mut spent_with, mut spent_without) = (Costs::default(), Costs::default());
        for number in 0..plan.rounds {
            // Each is first in turn.
            let (with, without) = if number % 2 == 0 {
                let with = full(&followed, &mut spent_with)?;
                (with, full(&alone, &mut spent_without)?)
            } else {
                let without = full(&alone, &mut spent_without)?;
                (full(&followed, &mut spent_with)?, without)
            };
            answered += with.answered;
            ratios.push(with.rate / without.rate);
        }
        follower.waits_for(answered)?;
        let ratios: Figures = ratios.into_iter().collect();
        println!("full load, {}: with a follower {ratios} of the listener alone", request.name);
        println!("  it costs {:.1} %; {answered} deliveries were told", (1.0 - ratios.median()) * 100.0);
        for (when, with, without) in [
            ("while the load lasts", &spent_with.loaded, &spent_without.loaded),
            ("with what follows it", &spent_with.whole, &spent_without.whole),
        ] {
            if let Some((with, without)) = with.each().zip(without.each()) {
                println!(
                    "  processor time of the whole process a delivery, {when}: {with:.1} µs, {without:.1} µs alone"
                );
            }
        }
        Ok(())
    }
}
