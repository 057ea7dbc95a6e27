//! The settings of a run, by precedence: defaults < file < environment < flags.
//!
//! [`Settings::load`] merges the four. Around it: the configuration [`mod@file`], the [`dotenv`] dialect
//! of the documented receivers, the [`Keyring`] of secrets, and the [`Registry`] that says which
//! [`Webhook`] and which secrets a request's path belongs to. What looks wrong but is
//! usable is returned as a [`Warning`]; anything else is a [`ConfigError`].

mod answers;
mod bounds;
mod columns;
pub mod consent;
mod described;
pub mod dotenv;
mod environment;
mod error;
pub mod file;
mod keyring;
mod keys;
mod missing_secret;
mod mistaken;
mod notices;
mod pictures;
mod place;
mod redact;
mod registry;
mod retention;
mod schema;
mod scheme_choice;
mod settings;
mod theme;
mod tunnels;
mod warning;
mod webhook;

pub use answers::AnswerFlags;
pub use bounds::Bounds;
pub use columns::{InvalidColumns, ListColumn};
pub use environment::{Environment, ProcessEnvironment};
pub use error::{BadSetting, ConfigError};
pub use keyring::{
    DEFAULT_VARIABLE, DotenvUse, GivenSecretError, HANDSHAKE_LABEL, Keyring, KeyringError, MADE_UP_LABEL,
    PUBLIC_KEY_LABEL, TYPED_LABEL, dotenv_miss, dotenv_oddity, dotenv_uses, from_file as secret_from_file,
    from_variable as secret_from_variable,
};
pub use keys::KeyEntry;
pub use missing_secret::MissingSecret;
pub(crate) use mistaken::{is_name, looks_like_a_secret, named, unnamed, without_values};
pub use notices::{HookSettings, NotifyManner, NotifySettings};
pub use pictures::{PictureMode, UnknownPictureMode};
pub use redact::RedactSettings;
pub use registry::{
    EncodedSecret, InvalidParts, NotReceived, Registry, RegistryParts, Route, SecretNotRemoved, SecretScope, Secrets,
};
pub use retention::RetentionSettings;
pub use schema::schema;
pub use scheme_choice::SchemeChoice;
pub use settings::{
    DEFAULT_BIND, DEFAULT_BODY_LIMIT, DEFAULT_FORWARD_TIMEOUT, DEFAULT_NGROK_API, Flags, Settings, SettingsSource,
    parse_ngrok_api,
};
pub use theme::{ColourChoice, ColourRole, InvalidColour, ThemeName, ThemeSettings, UnknownTheme};
#[cfg(test)]
pub(crate) use tunnels::tunnels_from_toml;
pub use tunnels::{TunnelName, TunnelProbe, TunnelSettings, is_public_url, read_public_url};
pub use warning::Warning;
pub use webhook::{KNOWN_EVENTS, Webhook};

use std::path::Path;

/// A path for display: on one line, with hidden characters made visible.
pub(crate) fn shown(path: &Path) -> String {
    crate::text::visible_bytes(path.as_os_str().as_encoded_bytes()).into_owned()
}

#[cfg(test)]
pub(crate) mod testing;
