//! Why a run cannot start with these settings. All of them are usage or environment errors.

use super::KeyringError;
use super::file::FileError;
use crate::rules::RuleError;
use crate::text::visible;

/// An invalid setting: why, and what is expected. The origin is added by [`ConfigError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// No address to listen on.
    #[error(
        "invalid listening address '{}': expected an address and a port, such as 127.0.0.1:3000 or [::1]:3000",
        visible(.0)
    )]
    Bind(String),
    /// No address of an ngrok agent.
    #[error(
        "invalid ngrok agent address '{}': expected one such as 127.0.0.1:4040, or false to turn it off",
        visible(.0)
    )]
    NgrokApi(String),
    /// No URL by which others could reach the listener.
    #[error(
        "invalid public URL: expected http:// or https://, a host, and where it has them a port and a path, such as \
         https://a1b2.example.com"
    )]
    PublicUrl,
    /// No address at which a tunnel's program could be asked.
    #[error("invalid address '{}': expected one such as 127.0.0.1:20241, or true or false", visible(.0))]
    TunnelAddress(String),
    /// No names of tunnels.
    #[error(
        "unknown tunnel: expected off, or names with commas between them: ngrok, cloudflared, tailscale, zrok, pinggy, \
         devtunnel, codespaces, learnt"
    )]
    TunnelNames,
    /// An invalid duration.
    #[error(transparent)]
    Duration(#[from] crate::text::units::InvalidDuration),
    /// An invalid size.
    #[error(transparent)]
    Size(#[from] crate::text::units::InvalidByteSize),
    /// A hold time out of range.
    #[error("invalid hold time '{}': expected 1ms to 1h, such as 10s", visible(.0))]
    HoldFor(String),
    /// A forward timeout out of range.
    #[error("invalid forward timeout '{}': expected 1ms to 1h, such as 30s", visible(.0))]
    ForwardTimeout(String),
    /// A scheme, or something that belongs to it.
    #[error("{0}")]
    Scheme(String),
    /// A body limit of 0.
    #[error("invalid body limit 0: it would refuse every delivery; expected a size such as 64MiB")]
    NoBody,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A flag or an environment variable.
    #[error("{origin}: {reason}")]
    Setting {
        /// `--bind`, `WHYHOOK_BIND` …
        origin: &'static str,
        /// What is wrong with it.
        reason: BadSetting,
    },
    /// A rule for answers on the command line.
    #[error("{origin}: {reason}")]
    Rule {
        /// Which flag.
        origin: String,
        /// What is wrong with it.
        reason: RuleError,
    },
    /// An environment variable that must be text and is not UTF-8.
    #[error("the environment variable {0} is not valid UTF-8: set it to plain text, or unset it")]
    NotText(&'static str),
    /// There is no place for the store.
    #[error(
        "cannot choose a place for the store: no home directory is known; name a file with --store, or use --ephemeral"
    )]
    NoDataHome,
    /// The configuration file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The secrets.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}
