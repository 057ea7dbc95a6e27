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

fn missing(name: &str) {
    assert!(
        std::env::var_os("WHYHOOK_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
        "{name} is not installed, and WHYHOOK_REQUIRE_TOOLS=1 requires it"
    );
    let _ = writeln!(std::io::stderr(), "skipped: {name} is not installed");
}

/// The script that signs with Node's crypto and sends with Node's fetch.
pub(crate) fn node_sender() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/send.mjs"))
}

/// Sends a signal to one process, by its id.
pub(crate) fn signal(process: u32, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}
