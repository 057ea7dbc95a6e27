//! Programs of others that some tests need.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Finds a tool on `PATH`. Where it is missing this says so aloud, past the test harness's capture,
/// or fails the test when `WHYHOOK_REQUIRE_TOOLS=1`.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        missing(name);
    }
    found
}

/// The `bore` of `WHYHOOK_BORE`, else of `PATH`.
pub(crate) fn bore() -> Option<PathBuf> {
    match std::env::var_os("WHYHOOK_BORE") {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "WHYHOOK_BORE names {}, which is no file", path.display());
            Some(path)
        }
        None => tool("bore"),
    }
}

/// The folder in which `tests/receivers/run install` has put web frameworks, by `WHYHOOK_RECEIVERS`; `none` where
/// that could not be done, which was said then.
pub(crate) fn frameworks() -> Option<PathBuf> {
    let folder = std::env::var_os("WHYHOOK_RECEIVERS").map(PathBuf::from);
    match &folder {
        Some(path) if path.as_os_str() == "none" => return None,
        Some(path) => assert!(path.is_dir(), "WHYHOOK_RECEIVERS names {}, which is not a folder", path.display()),
        None => missing("a folder with web frameworks (WHYHOOK_RECEIVERS)"),
    }
    folder
}

fn missing(name: &str) {
    assert!(
        std::env::var_os("WHYHOOK_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
        "{name} is not to be had, and WHYHOOK_REQUIRE_TOOLS=1 requires it"
    );
    let _ = writeln!(std::io::stderr(), "skipped: {name} is not to be had");
}

/// Whether this user may mount something in a namespace of its own; says so aloud where not.
pub(crate) fn may_mount() -> bool {
    let mut command = std::process::Command::new("unshare");
    command.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"]);
    let may = command.output().is_ok_and(|output| output.status.success());
    if !may {
        missing("a mount namespace (unshare --map-root-user --mount)");
    }
    may
}

/// The library that makes a disk fail under a running program, built into `folder`; see its source.
#[cfg(target_os = "linux")]
pub(crate) fn failing_disk(folder: &Path) -> Option<PathBuf> {
    let (compiler, library) = (tool("cc")?, folder.join("failing_disk.so"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/failing_disk.c");
    let mut command = std::process::Command::new(compiler);
    command.args(["-shared", "-fPIC", "-O1", source, "-ldl", "-o"]).arg(&library);
    let built = command.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(library)
}

/// The script that signs with Node's crypto and sends with Node's fetch.
pub(crate) fn node_sender() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/send.mjs"))
}

/// The processor time that a process has used so far, in hundredths of a second; `None` once it has
/// gone.
#[cfg(target_os = "linux")]
pub(crate) fn ticks(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit(") ").next()?;
    Some(after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum())
}

/// A number of `/proc/PROCESS/status` or of a thread's.
#[cfg(target_os = "linux")]
fn status(path: &Path, name: &str) -> u64 {
    let status = std::fs::read_to_string(path).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// How long it is watched whether something is idle.
#[cfg(target_os = "linux")]
pub(crate) const IDLE: std::time::Duration = std::time::Duration::from_secs(10);

/// So often may the program's threads wake up in [`IDLE`] with nothing to do, its watchers on. The configuration file
/// is looked at twice a second, by a thread of its own, and ngrok's agent is asked every five seconds: about 130 in
/// all, however slow the machine is. What ticked with the screen would come to 600 more.
#[cfg(target_os = "linux")]
pub(crate) const IDLE_WAKES: u64 = 200;

/// How often the threads of a process have left the processor of their own accord so far: each wake
/// ends with one.
#[cfg(target_os = "linux")]
pub(crate) fn switches(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.map(|thread| status(&thread.unwrap().path().join("status"), "voluntary_ctxt_switches")).sum()
}

/// The most memory that a process has had so far, in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn peak_memory(process: u32) -> u64 {
    1024 * status(Path::new(&format!("/proc/{process}/status")), "VmHWM")
}

/// Sends a signal to one process, by its id.
pub(crate) fn signal(process: u32, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}
