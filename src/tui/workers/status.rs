//! The status of this process, for the overlay that shows it: read once a second, only while it is open.

use crate::server::Session;
use crate::tui::screens::status::state::{Memory, Status};

/// The current status. Touches no disk, so that it works while a disk hangs.
pub(crate) fn status(session: &Session) -> Status {
    Status {
        load: session.control().load(),
        uptime: session.uptime(),
        memory: memory(),
        retention: session.retention().words(),
    }
}

/// What Linux reports about this process (proc(5)), in units of 1,024 bytes.
#[cfg(target_os = "linux")]
fn memory() -> Option<Memory> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()?.saturating_mul(1024))
    };
    Some(Memory { now: number("VmRSS")?, most: number("VmHWM")? })
}

/// Other systems need a library for it.
#[cfg(not(target_os = "linux"))]
fn memory() -> Option<Memory> {
    None
}
