//! What it must survive: senders, disks, terminals and threads that misbehave. `docs/survival.md` says
//! which test shows what.

mod attacks;
mod bombs;
mod clock;
mod damage;
mod disk;
#[cfg(target_os = "linux")]
mod failing;
mod files;
mod flood;
mod links;
mod names;
mod payloads;
mod planted;
mod reader;
mod requests;
mod rows;
mod senders;
mod terminals;
mod text;
// Only a debug build panics on request.
#[cfg(debug_assertions)]
mod threads;
mod upstreams;

#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_has_no_trap() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_whyhook")).unwrap();
    assert!(memchr::memmem::find(&program, b"WHYHOOK_DEBUG_PANIC").is_none());
}
