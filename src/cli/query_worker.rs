//! The process that runs one jq query for the interface: program and body in, values out.
//!
//! It is bounded by the system, since a query cannot be bounded from within; when it breaks off, the
//! interface says so.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use super::CliError;
use crate::payload::jq;

/// Values are read, compared and dropped recursively.
const STACK: usize = 512 << 20;

/// Reads a line with the program as a JSON string, then the body; writes the outcome as JSON.
pub(super) fn run() -> Result<ExitCode, CliError> {
    restrict();
    // What goes wrong is seen from outside; the terminal is not this process's to give back.
    std::panic::set_hook(Box::new(|_| {}));
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).map_err(|source| CliError::Read { path: "stdin".into(), source })?;
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let newline = memchr::memchr(b'\n', &input)?;
        let program: String = serde_json::from_slice(&input[..newline]).ok()?;
        let outcome = jq::run(&program, &input[newline + 1..]).map_err(|error| error.to_string());
        let answer = serde_json::to_vec(&outcome).ok()?;
        std::io::stdout().write_all(&answer).ok()?;
        std::io::stdout().flush().ok()?;
        // Freeing the input's tree takes time, and is not needed: the process ends here.
        std::process::exit(0)
    });
    let done: Option<Option<()>> = worker.ok().and_then(|worker| worker.join().ok());
    Ok(if done.flatten().is_some() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Three seconds of processor time, two gigabytes of addresses (a quarter of them the stack), no files to
/// write and no dump of what the body holds.
#[cfg(unix)]
fn restrict() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [(Resource::Cpu, 3), (Resource::As, 2 << 30), (Resource::Core, 0), (Resource::Fsize, 0)];
    for (resource, most) in limits {
        // A system that has no such limit still has the interface's clock.
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(unix))]
fn restrict() {}
