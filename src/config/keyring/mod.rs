//! The secrets of a run: where they are read from, and under which labels.

mod dotenv_use;
mod given;
mod load;
mod source;
#[cfg(test)]
mod tests;

pub(super) use dotenv_use::dotenv_names;
pub use dotenv_use::{DotenvUse, dotenv_miss, dotenv_oddity, dotenv_uses};
pub use given::GivenSecretError;
pub(super) use given::{check as check_given, is_of_the_run};
pub(super) use load::{Requests, check as check_configured, load};
pub use load::{from_file, from_variable};
pub use source::DEFAULT_VARIABLE;
pub(super) use source::FILE_LIMIT as SECRET_BYTES;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use super::shown;
use crate::signature::{Secret, SecretOrigin};
use crate::text::visible;

/// The label of a secret that was typed into the interface; no other secret may have it.
pub const TYPED_LABEL: &str = "typed";
/// The label of the key that `--public-key` names.
pub const PUBLIC_KEY_LABEL: &str = "public-key";
/// The label of a secret that this program made up for its own test events; no other may have it.
pub const MADE_UP_LABEL: &str = "made-up";
/// The label of a secret that a sender's handshake brought; no other may have it.
pub const HANDSHAKE_LABEL: &str = "by handshake";
/// Who asks for a public key alone.
const PUBLIC_KEY_ASKER: &str = "--public-key";

/// What is asked for.
fn held(asker: &str) -> &'static str {
    if asker == PUBLIC_KEY_ASKER { "public key" } else { "secret" }
}

/// A shorter value may be a secret and something else by chance: a variable is not taken away for it.
const TELLING: usize = 8;

/// Labelled secrets in their order. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    secrets: Arc<[Secret]>,
    /// Configured ones in whose place another was given for this run.
    replaced: Arc<[Secret]>,
}

/// Why the secrets could not be read. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A variable that was asked for is not set.
    #[error("the environment variable '{}' (asked for by {asker}) is not set: export it, or name another", visible(.variable))]
    Unset {
        /// The variable.
        variable: String,
        /// The flag, or the place in the configuration.
        asker: String,
    },
    /// Something that looks like a secret stands where a name was asked for.
    #[error(
        "the value of {asker} may be a secret, and is not repeated here: give {what} instead, and replace the \
        secret if others may have seen it (shell history, process list)"
    )]
    SecretAsName {
        /// The flag, or the place in the configuration.
        asker: String,
        /// What was asked for.
        what: &'static str,
    },
    /// A label that looks like a secret. Labels are shown everywhere.
    #[error(
        "a label of {characters} characters (asked for by {asker}) looks like a secret, and is not repeated here: \
         choose a short name, as in --secret-env LABEL=VARIABLE"
    )]
    SecretAsLabel {
        /// How long it is.
        characters: usize,
        /// The flag, or the place in the configuration.
        asker: String,
    },
    /// A source holds nothing. Anyone can sign with an empty secret.
    #[error("{place} (asked for by {asker}) is empty: put the webhook's {} there", held(.asker))]
    Empty {
        /// The variable or file, in words.
        place: String,
        /// The flag, or the place in the configuration.
        asker: String,
    },
    /// A secret file cannot be read.
    #[error("cannot read the {} file {} (asked for by {asker}): {source}", held(.asker), shown(.file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The flag, or the place in the configuration.
        asker: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A secret file is a directory.
    #[error("{} (asked for by {asker}) is a directory: name a file that holds the {} alone", shown(.file), held(.asker))]
    Directory {
        /// The directory.
        file: PathBuf,
        /// The flag, or the place in the configuration.
        asker: String,
    },
    /// A secret file is too large to be one.
    #[error(
        "{} (asked for by {asker}) is larger than 64 KiB: name a file that holds the {} alone",
        shown(.file),
        held(.asker)
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The flag, or the place in the configuration.
        asker: String,
    },
    /// Two secrets have one label.
    #[error(
        "duplicate secret label '{}': choose another label for one of them, as in --secret-env LABEL=VARIABLE",
        visible(.label)
    )]
    DuplicateLabel {
        /// The label.
        label: String,
    },
    /// The label is kept for secrets typed into the interface, or made up by it.
    #[error("the label '{label}' (asked for by {asker}) is reserved for {label} secrets: choose another")]
    ReservedLabel {
        /// The label.
        label: &'static str,
        /// The flag, or the place in the configuration.
        asker: String,
    },
    /// A flag names nothing, or an empty label.
    #[error("invalid value for {flag}: expected {flag} [LABEL=]{what}")]
    BadFlag {
        /// The flag.
        flag: &'static str,
        /// `VARIABLE` or `PATH`.
        what: &'static str,
    },
}

impl Keyring {
    /// A keyring of these secrets, in this order.
    ///
    /// # Errors
    ///
    /// [`KeyringError::DuplicateLabel`] when two have the same label.
    pub fn new(secrets: Vec<Secret>) -> Result<Self, KeyringError> {
        for (position, secret) in secrets.iter().enumerate() {
            if secrets[..position].iter().any(|earlier| earlier.label() == secret.label()) {
                return Err(KeyringError::DuplicateLabel { label: secret.label().to_owned() });
            }
        }
        Ok(Self { secrets: secrets.into(), replaced: Arc::default() })
    }

    /// A keyring of what `change` makes of each secret.
    pub(super) fn with_others(&self, change: &dyn Fn(&Secret) -> Secret) -> Self {
        Self { secrets: self.secrets.iter().map(change).collect(), replaced: Arc::default() }
    }

    /// Every secret in its order.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// The secret labelled `label`.
    #[must_use]
    pub fn get(&self, label: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.label() == label)
    }

    /// Whether there is no secret at all, so that nothing can be verified.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Takes every variable that holds a secret out of the environment that `command` would inherit: the documented
    /// one, those that secrets were read from, and whatever else has one of these secrets for its value. An editor
    /// or a viewer has no use for them, and what it starts or logs is not ours to know.
    pub fn hide_from(&self, command: &mut Command) {
        for name in self.variables(std::env::vars_os()) {
            command.env_remove(name);
        }
    }

    /// Configured ones in whose place another was given for this run.
    pub(super) fn replaced(&self) -> &[Secret] {
        &self.replaced
    }

    /// The same keyring, with those in whose place another was given.
    pub(super) fn with_replaced(self, replaced: Vec<Secret>) -> Self {
        Self { replaced: replaced.into(), ..self }
    }

    /// Those in use, and those that were replaced for this run.
    fn known(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().chain(self.replaced.iter())
    }

    /// The variables among these that hold a secret.
    pub(super) fn variables(&self, all: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<OsString> {
        let is_source = |name: &OsStr| {
            name == DEFAULT_VARIABLE
                || self.known().any(|secret| match secret.origin() {
                    SecretOrigin::Environment(variable) => name == variable.as_str(),
                    _ => false,
                })
        };
        let all: Vec<(OsString, OsString)> = all.into_iter().collect();
        let is_secret = |value: &OsStr| {
            let bytes = value.as_encoded_bytes();
            bytes.len() >= TELLING
                && (self.known().any(|secret| secret.expose() == bytes)
                    || all.iter().any(|(name, other)| other == value && is_source(name)))
        };
        let hidden = all.iter().filter(|(name, value)| is_source(name) || is_secret(value));
        hidden.map(|(name, _)| name.clone()).collect()
    }

    /// The same keyring with `bytes` as its typed secret, the last one.
    pub(super) fn with_typed(&self, bytes: Vec<u8>) -> Self {
        let others = self.secrets.iter().filter(|secret| secret.label() != TYPED_LABEL).cloned();
        let secrets = others.chain([Secret::new(TYPED_LABEL, bytes, SecretOrigin::Typed)]).collect();
        Self { secrets, replaced: Arc::clone(&self.replaced) }
    }

    /// The same keyring with `bytes` as its made-up secret, the last one.
    pub(super) fn with_made_up(&self, bytes: Vec<u8>) -> Self {
        let others = self.secrets.iter().filter(|secret| secret.label() != MADE_UP_LABEL).cloned();
        let secrets = others.chain([Secret::new(MADE_UP_LABEL, bytes, SecretOrigin::MadeUp)]).collect();
        Self { secrets, replaced: Arc::clone(&self.replaced) }
    }
}
