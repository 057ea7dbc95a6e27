//! The real program as a process: started, looked at from outside by proc(5), ended by its id.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Failure;

/// The secret of [`super::request::secret`], for the program's environment.
const SECRET: &str = "a webhook secret of the bench";

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_whyhook");

/// Its whole environment: nothing of whoever runs the benchmark.
pub(crate) fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let home = home.to_string_lossy().into_owned();
    vec![
        ("XDG_CONFIG_HOME", format!("{home}/config")),
        ("XDG_DATA_HOME", format!("{home}/data")),
        ("HOME", home),
        ("TZ", "UTC".to_owned()),
        ("TERM", "xterm-256color".to_owned()),
        ("TRACKPILOTS_WEBHOOKS_SECRET_KEY", SECRET.to_owned()),
        // Whoever measures may have an agent running.
        ("WHYHOOK_NGROK_API", "off".to_owned()),
        ("WHYHOOK_TUNNELS", "off".to_owned()),
    ]
}

/// The program with these arguments in a folder of its own.
pub(crate) fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().envs(environment(home)).current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A process that is killed, by its id, when it is dropped.
pub(crate) struct Owned(pub(crate) Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// From starting the program without a terminal to the line that says where it listens.
pub(crate) fn start_to_listening(home: &Path, store: &Path) -> Result<Duration, Failure> {
    let store = store.to_string_lossy();
    let mut command = command(home, &["listen", "--headless", "--bind", "127.0.0.1:0", "--store", &store]);
    let start = Instant::now();
    let mut process = Owned(command.spawn()?);
    let mut lines = BufReader::new(process.0.stderr.take().ok_or("no stderr")?).lines();
    for line in &mut lines {
        if line?.starts_with("whyhook: listening on ") {
            return Ok(start.elapsed());
        }
    }
    Err("it ended without listening".into())
}

/// What a command came to.
pub(crate) struct Finished {
    pub(crate) time: Duration,
    /// The most memory that it had at once, in MB; none where proc(5) is not to be had.
    pub(crate) peak: Option<f64>,
}

/// Runs a command to its end, with its output thrown away. `codes` are the exit codes that are right.
pub(crate) fn run(home: &Path, arguments: &[&str], codes: &[i32]) -> Result<Finished, Failure> {
    let start = Instant::now();
    let mut process = Owned(command(home, arguments).stderr(Stdio::null()).spawn()?);
    let id = process.0.id();
    let mut peak = None;
    let status = loop {
        if let Some(status) = process.0.try_wait()? {
            break status;
        }
        peak = status_mb(id, "VmHWM:").or(peak);
        std::thread::sleep(Duration::from_millis(1));
    };
    let time = start.elapsed();
    match status.code() {
        Some(code) if codes.contains(&code) => Ok(Finished { time, peak }),
        _ => Err(format!("{arguments:?} ended with {status}").into()),
    }
}

/// A line of `/proc/PID/status` in MB of 1,000,000 bytes.
pub(crate) fn status_mb(process: u32, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// What a process has done so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activity {
    /// User and system time in hundredths of a second, as `top` sees it.
    pub(crate) ticks: u64,
    /// The same to the nanosecond, of the threads that are there now.
    pub(crate) processor: Duration,
    /// How often a thread went to sleep of itself.
    pub(crate) sleeps: u64,
}

/// What a process has done so far, by `stat`, `schedstat` and `status` of its threads.
pub(crate) fn activity(process: u32) -> Option<Activity> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit(") ").next()?;
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    let (mut nanoseconds, mut sleeps) = (0, 0);
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let folder = thread.ok()?.path();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        nanoseconds += read("schedstat").split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let status = read("status");
        let switches = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sleeps += switches.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Some(Activity { ticks, processor: Duration::from_nanos(nanoseconds), sleeps })
}

/// How many bytes `work` took in this process at its peak, and how many it left, beyond what was taken
/// before; on Linux, `None` elsewhere.
pub(crate) fn peak<T>(work: impl FnOnce() -> T) -> (T, Option<(usize, usize)>) {
    // Begins a new peak (proc(5)).
    let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let own = |name| status_mb(std::process::id(), name).map(|megabytes| (megabytes * 1e6) as usize);
    let before = own("VmRSS:");
    let done = work();
    let beyond = |now: Option<usize>| Some(now?.saturating_sub(before?));
    let (peak, left) = (beyond(own("VmHWM:")), beyond(own("VmRSS:")));
    (done, peak.zip(left).filter(|_| is_reset))
}
