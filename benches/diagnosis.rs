//! What asking why costs when nothing matches, which is the dearest answer: until the headers are
//! read and every secret has been tried, after one change, after all pairs, and the memory that the
//! search takes beside the body. With twenty secrets, also as a ratio to one; at 64 MB, how far the usual budget comes.
//!
//! Machines differ, so every time is also a ratio to one HMAC-SHA256 over the same body in the same
//! run. `cargo bench --bench diagnosis`, or one of `-- 50`, `-- 5` and `-- 64`; with `--test` only a try, whose figures
//! mean nothing.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::cell::Cell;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use whyhook::delivery::Intake;
use whyhook::http::Head;
use whyhook::signature::diagnose::{Budget, Depth, Diagnosis, History, Request, SearchStage, diagnose};
use whyhook::signature::{Scheme, Secret, SecretOrigin, sign};

type Failure = Box<dyn std::error::Error>;

const TIMESTAMP: &str = "1746123456";
const SCREENSHOT: &str = include_str!("../assets/samples/screenshot-live.json");

/// A body to be explained, and how deep.
struct Plan {
    name: &'static str,
    bytes: usize,
    rounds: usize,
    /// All pairs of a large body are more bytes to hash than the usual budget allows.
    pairs: bool,
    /// So many secrets are held against one; none where that is 0.
    secrets: usize,
    /// Whether the usual budget is tried until it ends.
    budgeted: bool,
}

const MEASURE: &[Plan] = &[
    Plan { name: "50 KB", bytes: 50 << 10, rounds: 7, pairs: true, secrets: 20, budgeted: false },
    Plan { name: "5 MB", bytes: 5 << 20, rounds: 3, pairs: false, secrets: 0, budgeted: false },
    Plan { name: "64 MB", bytes: 64_000_000, rounds: 1, pairs: false, secrets: 0, budgeted: true },
];
const TRY: &[Plan] = &[Plan { name: "2 KB", bytes: 2 << 10, rounds: 1, pairs: true, secrets: 2, budgeted: true }];

fn main() -> Result<(), Failure> {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    let is_measuring = has("--bench") && !has("--test");
    if !is_measuring {
        println!("only a try, the figures mean nothing: measure with `cargo bench`");
    }
    // What the program itself takes in memory is there before anything is measured.
    Subject::new(1 << 10, 1)?.search(Depth::One);
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for plan in if is_measuring { MEASURE } else { TRY } {
        if only.is_empty() || only.iter().any(|size| plan.name.split(' ').next() == Some(size)) {
            measure(plan)?;
        }
    }
    Ok(())
}

fn measure(plan: &Plan) -> Result<(), Failure> {
    let subject = Subject::new(plan.bytes, 1)?;
    let body = subject.body.len();
    let deepest = if plan.pairs { Depth::Pairs } else { Depth::One };
    // The first search alone: what it freed would serve the next.
    let (first, memory) = peak(|| subject.search(deepest));
    let searches: Vec<Search> = (0..plan.rounds).map(|_| subject.search(Depth::One)).collect();
    let hmac = median((0..plan.rounds * 5).map(|_| subject.hmac()));
    println!("{} ({body} bytes), one secret, nothing matches", plan.name);
    println!("  one HMAC-SHA256       {hmac:>10.2?}");
    let line = |what: &str, time: Duration, tried: u64| {
        let ratio = time.as_secs_f64() / hmac.as_secs_f64();
        println!("  {what:<21} {time:>10.2?} {ratio:>10.1} HMACs, {tried} digests");
    };
    let tried = |search: &Search| search.diagnosis.tried;
    let before = &searches[0];
    line("headers and secrets", median(searches.iter().map(|search| search.until_one)), before.tried_before_one);
    line("one change", median(searches.iter().map(|search| search.whole)), tried(before));
    if plan.pairs {
        let again = (1..plan.rounds.min(3)).map(|_| subject.search(Depth::Pairs).whole);
        line("all pairs", median(again.chain([first.whole])), tried(&first));
    }
    if plan.secrets > 0 {
        let many = Subject::new(plan.bytes, plan.secrets)?;
        // In turns, so that what else the machine does meets both.
        let turns: Vec<[Search; 2]> =
            (0..plan.rounds).map(|_| [&many, &subject].map(|subject| subject.search(Depth::One))).collect();
        let [time, one] = [0, 1].map(|place| median(turns.iter().map(|turn| turn[place].whole)));
        let name = format!("the same, {} secrets", plan.secrets);
        line(&name, time, tried(&turns[0][0]));
        println!("  {:<21} {:>10.1}", "of one secret's time", time.as_secs_f64() / one.as_secs_f64());
    }
    if plan.budgeted {
        let usual = subject.search_within(&Budget::default());
        line("the usual budget", usual.whole, tried(&usual));
        let (stage, whole) = (usual.diagnosis.stage, usual.diagnosis.complete);
        println!("  {:<21} {:>10}", "comes to", if whole { "its end".to_owned() } else { format!("{stage:?}") });
    }
    if let Some(memory) = memory {
        println!(
            "  memory at its peak    {:>7.1} KB {:>11.1} bodies",
            memory as f64 / 1e3,
            memory as f64 / body as f64
        );
    }
    Ok(())
}

/// One search and when its stages began.
struct Search {
    until_one: Duration,
    tried_before_one: u64,
    whole: Duration,
    diagnosis: Diagnosis,
}

/// A screenshot in base64 whose signature nobody here could have made.
struct Subject {
    head: Head,
    body: Vec<u8>,
    secrets: Vec<Secret>,
}

impl Subject {
    fn new(bytes: usize, secrets: usize) -> Result<Self, Failure> {
        let mut event: Value = serde_json::from_str(SCREENSHOT)?;
        let image = &mut event["data"][0]["screenshot"]["imageBuffer"];
        *image = json!("");
        *image = json!(STANDARD.encode(noise(bytes.saturating_sub(900) / 4 * 3)));
        let body = event.to_string().into_bytes();
        let stranger = secret(b"a secret that is configured nowhere");
        let head = format!(
            "POST /webhooks/trackpilots HTTP/1.1\r\nhost: 127.0.0.1:3000\r\ncontent-type: application/json\r\n\
             x-webhook-signature: {}\r\nx-webhook-timestamp: {TIMESTAMP}\r\ncontent-length: {}\r\n\r\n",
            sign(&stranger, TIMESTAMP.as_bytes(), &body),
            body.len()
        );
        let secrets = (0..secrets).map(|place| secret(format!("a webhook secret of the bench, {place}").as_bytes()));
        Ok(Self { head: Head::from(head), body, secrets: secrets.collect() })
    }

    fn search(&self, depth: Depth) -> Search {
        let all = Budget { depth, max_candidates: u64::MAX, max_bytes: u64::MAX, ..Budget::default() };
        let search = self.search_within(&all);
        assert!(search.diagnosis.complete, "the budget has no end");
        search
    }

    fn search_within(&self, budget: &Budget<'_>) -> Search {
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        let start = Instant::now();
        let before_one = Cell::new(None);
        let diagnosis = diagnose(
            &Request {
                head: &self.head,
                body: &self.body,
                received_at: Timestamp::UNIX_EPOCH,
                intake: &Intake::Complete,
                scheme: &Scheme::default(),
                secrets: &secrets,
                others: &[],
                history: &History::default(),
            },
            &Budget {
                progress: &|progress| {
                    if progress.stage == SearchStage::One && before_one.get().is_none() {
                        before_one.set(Some((start.elapsed(), progress.tried)));
                    }
                },
                ..*budget
            },
        );
        let whole = start.elapsed();
        assert!(!diagnosis.is_proved(), "nothing was to match");
        let (until_one, tried_before_one) = before_one.get().unwrap_or((whole, diagnosis.tried));
        Search { until_one, tried_before_one, whole, diagnosis }
    }

    fn hmac(&self) -> Duration {
        let start = Instant::now();
        black_box(sign(&self.secrets[0], TIMESTAMP.as_bytes(), black_box(&self.body)));
        start.elapsed()
    }
}

fn secret(bytes: &[u8]) -> Secret {
    Secret::new("bench", bytes.to_vec(), SecretOrigin::Typed)
}

/// Bytes as incompressible as a picture's.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How many bytes `work` took at its peak, beyond what was taken before; on Linux, `None` elsewhere.
fn peak<T>(work: impl FnOnce() -> T) -> (T, Option<usize>) {
    // Begins a new peak (proc(5)).
    let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = status("VmRSS:");
    let done = work();
    let used = status("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    (done, used.filter(|_| is_reset))
}

fn status(name: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}
