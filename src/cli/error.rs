//! What ends a command with exit code 2, and the line that it ends with.

use std::path::PathBuf;

/// An environment or usage error: exit code 2 and one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Start(#[from] crate::server::StartError),
    #[error(transparent)]
    Tui(#[from] crate::tui::error::TuiError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error("{0}")]
    Filter(#[from] crate::query::QueryError),
    #[error(transparent)]
    NotSent(#[from] crate::send::NotSent),
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
    #[error(transparent)]
    Log(#[from] crate::system::log::LogError),
    #[error(transparent)]
    Replay(#[from] crate::send::replay::ReplayError),
    #[error(transparent)]
    Tunnel(#[from] crate::server::tunnel::TunnelStartError),
    #[error("{0}")]
    Usage(String),
}

impl CliError {
    /// The reason as it is logged. An error that may repeat user input, configuration values or a response is logged
    /// by its kind alone; stderr has the full text.
    pub(super) fn logged(&self) -> String {
        use crate::server::StartError;
        match self {
            Self::Start(StartError::Store(_) | StartError::Listen(_) | StartError::System { .. })
            | Self::Tui(_)
            | Self::Store(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Stdout(_) => self.to_string(),
            Self::Config(_) => "configuration".to_owned(),
            Self::Start(_) => "forwarding".to_owned(),
            Self::Filter(_) => "filter".to_owned(),
            Self::NotSent(_) | Self::Replay(_) => "sending".to_owned(),
            Self::Tunnel(_) => "tunnel".to_owned(),
            Self::Log(_) | Self::Usage(_) => "usage".to_owned(),
        }
    }
}

impl From<crate::system::save::SaveError> for CliError {
    fn from(error: crate::system::save::SaveError) -> Self {
        Self::Usage(match &error {
            crate::system::save::SaveError::Exists(_) => {
                format!("{error}: choose another --output, or overwrite it with --force")
            }
            _ => error.to_string(),
        })
    }
}
