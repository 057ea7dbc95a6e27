//! What every other room needs of the operating system: files that are read within bounds, files for a while, files
//! written whole, processes that end with all that they have started, threads, signals that are given back, the log of the program
//! itself, and a panic that gives the terminal back.

#[cfg(unix)]
pub(crate) mod claims;
pub(crate) mod file_systems;
pub(crate) mod groups;
pub mod log;
pub mod panic;
pub(crate) mod priority;
pub mod read;
pub mod save;
pub mod scratch;
pub mod thread;
pub(crate) mod typing;
