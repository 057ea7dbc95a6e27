//! What it must survive: senders, disks, terminals and threads that misbehave. `docs/survival.md` says
//! which test shows what.

mod clock;
mod disk;
mod files;
mod flood;
mod names;
mod payloads;
mod senders;
mod terminals;
mod text;
mod threads;
