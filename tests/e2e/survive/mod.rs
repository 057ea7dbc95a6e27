//! What it must survive: senders, disks, terminals and threads that misbehave. `docs/survival.md` says
//! which test shows what.

mod disk;
mod flood;
mod payloads;
mod senders;
mod terminals;
mod threads;
