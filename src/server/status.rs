//! How a listener is: what of its bounds is used, and the memory of its process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::listener::Load;

/// What is known at once, without asking a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerStatus {
    /// The bounds, and how much of each is used.
    pub load: Load,
    /// How long it has been listening.
    pub uptime: Duration,
    /// Memory of the process, where the system reports it.
    pub memory: Option<ProcessMemory>,
    /// What is deleted by itself, in words.
    pub retention: String,
}

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMemory {
    /// Now.
    pub now: u64,
    /// The peak.
    pub most: u64,
}

impl ProcessMemory {
    /// What Linux reports about this process (proc(5)), in units of 1,024 bytes.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn of_this() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            Some(line.split_whitespace().next()?.parse::<u64>().ok()?.saturating_mul(1024))
        };
        Some(Self { now: number("VmRSS")?, most: number("VmHWM")? })
    }

    /// Other systems need a library for it.
    #[cfg(not(target_os = "linux"))]
    #[must_use]
    pub fn of_this() -> Option<Self> {
        None
    }
}
