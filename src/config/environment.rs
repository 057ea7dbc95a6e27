//! What the process's surroundings say, behind a trait so that tests need no globals.

use std::ffi::OsString;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// The surroundings that settings are read from.
pub trait Environment {
    /// The environment variable `name`, any bytes; `None` when it is not set.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The directory that relative paths start from, where `whyhook.toml` and `.env` are looked for.
    fn current_dir(&self) -> PathBuf;

    /// The person's home directory, which `~/` stands for.
    fn home(&self) -> Option<PathBuf>;

    /// Where configuration belongs: `$XDG_CONFIG_HOME`, by default `~/.config`.
    fn config_home(&self) -> Option<PathBuf>;

    /// Where data belongs: `$XDG_DATA_HOME`, by default `~/.local/share`.
    fn data_home(&self) -> Option<PathBuf>;

    /// Where what is remembered between runs belongs: `$XDG_STATE_HOME`, by default `~/.local/state`.
    fn state_home(&self) -> Option<PathBuf>;
}

/// The process's own surroundings.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn current_dir(&self) -> PathBuf {
        // A deleted directory has no name any more; relative paths then fail where they are used.
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
    }

    fn home(&self) -> Option<PathBuf> {
        etcetera::home_dir().ok()
    }

    fn config_home(&self) -> Option<PathBuf> {
        etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.config_dir())
    }

    fn data_home(&self) -> Option<PathBuf> {
        etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.data_dir())
    }

    fn state_home(&self) -> Option<PathBuf> {
        etcetera::base_strategy::Xdg::new().ok()?.state_dir()
    }
}
