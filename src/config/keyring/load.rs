//! Gathering the keyring from flags, environment, `.env` and configuration.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::source::{DEFAULT_VARIABLE, DotenvValue, dotenv_value, environment_bytes, file_bytes, readable_by_others};
use super::{HANDSHAKE_LABEL, Keyring, KeyringError, MADE_UP_LABEL, PUBLIC_KEY_ASKER, PUBLIC_KEY_LABEL, TYPED_LABEL};
use crate::config::file::{ConfigFile, PlacedFault, SecretSource};
use crate::config::mistaken::{is_name, is_path, is_variable, looks_like_a_secret};
use crate::config::{Environment, Warning, shown};
use crate::signature::{Secret, SecretOrigin};
use crate::text::visible;

const VARIABLE: &str = "the name of an environment variable that holds it";
const FILE: &str = "the path of a file that holds it (a name alone as ./NAME)";

/// Who asks for secrets.
pub(in crate::config) struct Requests<'a> {
    /// `--secret-env`, each `[LABEL=]VARIABLE`.
    pub env: &'a [String],
    /// `--secret-file`, each `[LABEL=]PATH`.
    pub file: &'a [String],
    /// The variables of the schemes that the command line names, which are read where no flag names a secret.
    pub of_schemes: &'a [String],
    /// The configuration file's `[secrets]`.
    pub config: Option<&'a ConfigFile>,
}

/// Reads every secret: those of the flags, or else the default variable's, then the configuration's.
pub(in crate::config) fn load(
    requests: &Requests<'_>,
    environment: &dyn Environment,
) -> Result<(Keyring, Vec<Warning>), KeyringError> {
    let mut loader = Loader { environment, secrets: Vec::new(), warnings: Vec::new() };
    for text in requests.env {
        let (label, variable) = split_label(text, "--secret-env", "VARIABLE")?;
        loader.add_variable(label.unwrap_or(variable), variable, "--secret-env")?;
    }
    for text in requests.file {
        let (label, path) = split_label(text, "--secret-file", "PATH")?;
        let file = environment.current_dir().join(path);
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let asker = if label == Some(PUBLIC_KEY_LABEL) { PUBLIC_KEY_ASKER } else { "--secret-file" };
        let added = loader.add_file(label.unwrap_or(&stem), &file, asker);
        added.map_err(|error| unless_a_secret(error, path))?;
    }
    let configured = requests.config.map_or(&[][..], |config| &config.secrets);
    if requests.env.is_empty() && requests.file.is_empty() {
        let named = |variable: &str| {
            configured.iter().any(|entry| matches!(&entry.source, SecretSource::Env(own) if own == variable))
        };
        for variable in requests.of_schemes.iter().filter(|variable| !named(variable)) {
            loader.add_default(variable);
        }
        if !named(DEFAULT_VARIABLE) {
            loader.add_default(DEFAULT_VARIABLE);
        }
    }
    if let Some(config) = requests.config {
        for entry in configured {
            let asker = format!("{}:{}", shown(&config.path), entry.place);
            loader.add_configured(&entry.label, &entry.source, config, &asker)?;
        }
    }
    Ok((Keyring::new(loader.secrets)?, loader.warnings))
}

/// Every mistake of the secrets that a configuration names, each at its place, and what looks odd about them.
pub(in crate::config) fn check(
    requests: &Requests<'_>,
    file: &ConfigFile,
    environment: &dyn Environment,
) -> (Vec<PlacedFault>, Vec<Warning>) {
    let mut loader = Loader { environment, secrets: Vec::new(), warnings: Vec::new() };
    let mut faults = Vec::new();
    for entry in &file.secrets {
        if let Err(error) = loader.add_configured(&entry.label, &entry.source, file, "[secrets]") {
            faults.push(PlacedFault::new(entry.place, error.to_string()));
        }
    }
    // One that could not be read is known all the same, and those of the flags come as they would in a run.
    let mut labels: Vec<String> = file.secrets.iter().map(|entry| entry.label.clone()).collect();
    let warnings = std::mem::take(&mut loader.warnings);
    if let Ok((others, _)) = load(&Requests { config: None, ..*requests }, environment) {
        labels.extend(others.secrets().iter().map(|secret| secret.label().to_owned()));
    }
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let unknown = file.unknown_labels(&labels);
    faults.extend(unknown.map(|(place, fault)| PlacedFault::new(place, fault.to_string())));
    (faults, warnings)
}

/// Reads a secret for this run from the environment variable, or the `.env` file, that `asker` names; and what looks odd
/// about its source.
///
/// # Errors
///
/// [`KeyringError`]; it says what was asked for.
pub fn from_variable(
    variable: &str,
    asker: &str,
    environment: &dyn Environment,
) -> Result<(Zeroizing<Vec<u8>>, Vec<Warning>), KeyringError> {
    Loader { environment, secrets: Vec::new(), warnings: Vec::new() }
        .alone(|loader| loader.add_variable(TAKEN, variable, asker))
}

/// The same from a file that holds the secret alone.
///
/// # Errors
///
/// [`KeyringError`].
pub fn from_file(
    path: &str,
    asker: &str,
    environment: &dyn Environment,
) -> Result<(Zeroizing<Vec<u8>>, Vec<Warning>), KeyringError> {
    Loader { environment, secrets: Vec::new(), warnings: Vec::new() }.alone(|loader| {
        let added = loader.add_file(TAKEN, &environment.current_dir().join(path), asker);
        added.map_err(|error| unless_a_secret(error, path))
    })
}

/// The label of a secret that is read for another's label.
const TAKEN: &str = "taken";

struct Loader<'a> {
    environment: &'a dyn Environment,
    secrets: Vec<Secret>,
    warnings: Vec<Warning>,
}

impl Loader<'_> {
    /// The one secret that `add` reads. What is odd about it is said by whoever gets it, under its label.
    fn alone(
        mut self,
        add: impl FnOnce(&mut Self) -> Result<(), KeyringError>,
    ) -> Result<(Zeroizing<Vec<u8>>, Vec<Warning>), KeyringError> {
        add(&mut self)?;
        let bytes = self.secrets.pop().map(|secret| Zeroizing::new(secret.expose().to_vec())).unwrap_or_default();
        self.warnings.retain(|warning| !matches!(warning, Warning::OddSecret { .. }));
        Ok((bytes, self.warnings))
    }

    fn add_variable(&mut self, label: &str, variable: &str, asker: &str) -> Result<(), KeyringError> {
        let (bytes, origin) = match environment_bytes(variable, self.environment) {
            Some(bytes) => (bytes, SecretOrigin::Environment(variable.to_owned())),
            None => {
                let file = self.dotenv_file();
                let DotenvValue::Found(bytes) = dotenv_value(&file, variable) else {
                    if !is_variable(variable) {
                        return Err(secret_as_name(asker, VARIABLE));
                    }
                    return Err(KeyringError::Unset { variable: variable.to_owned(), asker: asker.to_owned() });
                };
                (bytes, SecretOrigin::Dotenv { file, variable: variable.to_owned() })
            }
        };
        if bytes.is_empty() {
            let place = visible(&origin.to_string()).into_owned();
            return Err(KeyringError::Empty { place, asker: asker.to_owned() });
        }
        self.add(label, bytes, origin, asker)
    }

    fn add_file(&mut self, label: &str, file: &Path, asker: &str) -> Result<(), KeyringError> {
        let bytes = file_bytes(file, asker)?;
        if label != PUBLIC_KEY_LABEL && !is_public_key(&bytes) {
            self.warnings.extend(readable_by_others(file));
        }
        self.add(label, bytes, SecretOrigin::File(file.to_owned()), asker)
    }

    fn add_configured(
        &mut self,
        label: &str,
        source: &SecretSource,
        config: &ConfigFile,
        asker: &str,
    ) -> Result<(), KeyringError> {
        match source {
            SecretSource::Env(variable) => self.add_variable(label, variable, asker),
            SecretSource::File(path) => {
                let added = self.add_file(label, &config.resolve(path, self.environment), asker);
                added.map_err(|error| unless_a_secret(error, path))
            }
            SecretSource::Value(value) => {
                if value.is_empty() {
                    return Err(KeyringError::Empty {
                        place: "the secret's value".to_owned(),
                        asker: asker.to_owned(),
                    });
                }
                let warning = readable_by_others(&config.path);
                if !self.warnings.iter().any(|known| Some(known) == warning.as_ref()) {
                    self.warnings.extend(warning);
                }
                self.add(label, value.as_bytes().to_vec(), SecretOrigin::Config(config.path.clone()), asker)
            }
        }
    }

    /// The documented variable, if anything sets it. As for the documented receivers, one that is
    /// set to nothing in the environment still hides that of `.env`.
    fn add_default(&mut self, variable: &str) {
        let file = self.dotenv_file();
        let (bytes, origin) = match environment_bytes(variable, self.environment) {
            Some(bytes) => (bytes, SecretOrigin::Environment(variable.to_owned())),
            None => match dotenv_value(&file, variable) {
                DotenvValue::Found(bytes) => (bytes, SecretOrigin::Dotenv { file, variable: variable.to_owned() }),
                DotenvValue::Absent => return,
                DotenvValue::Unreadable(warning) => return self.warnings.push(warning),
            },
        };
        if bytes.is_empty() {
            let place = match &origin {
                SecretOrigin::Dotenv { file, .. } => shown(file),
                _ => "in the environment".to_owned(),
            };
            self.warnings.push(Warning::EmptySecret { variable: variable.to_owned(), place });
            return;
        }
        self.push(Secret::new(variable, bytes, origin));
    }

    fn add(&mut self, label: &str, bytes: Vec<u8>, origin: SecretOrigin, asker: &str) -> Result<(), KeyringError> {
        if let Some(label) =
            [TYPED_LABEL, MADE_UP_LABEL, HANDSHAKE_LABEL].into_iter().find(|reserved| label == *reserved)
        {
            return Err(KeyringError::ReservedLabel { label, asker: asker.to_owned() });
        }
        if looks_like_a_secret(label) {
            return Err(KeyringError::SecretAsLabel { characters: label.chars().count(), asker: asker.to_owned() });
        }
        let secret = Secret::new(label, bytes, origin);
        self.push(if label == PUBLIC_KEY_LABEL { secret.given_as_public_key() } else { secret });
        Ok(())
    }

    fn push(&mut self, secret: Secret) {
        self.warnings.extend(secret.remarks().into_iter().map(|remark| Warning::OddSecret {
            label: secret.label().to_owned(),
            origin: secret.origin().to_string(),
            remark: remark.words(),
        }));
        self.secrets.push(secret);
    }

    fn dotenv_file(&self) -> PathBuf {
        self.environment.current_dir().join(".env")
    }
}

/// Whether a file holds nothing that others may not read: a public key or a certificate.
fn is_public_key(bytes: &[u8]) -> bool {
    let holds = |words: &[u8]| memchr::memmem::find(bytes, words).is_some();
    bytes.trim_ascii_start().starts_with(b"-----BEGIN ") && !holds(b"PRIVATE KEY")
}

fn secret_as_name(asker: &str, what: &'static str) -> KeyringError {
    KeyringError::SecretAsName { asker: asker.to_owned(), what }
}

/// The error of a file that cannot be read, unless the secret itself may have been given for its path: nothing
/// is there, and it is not plainly a path.
fn unless_a_secret(error: KeyringError, path: &str) -> KeyringError {
    match error {
        KeyringError::Unreadable { asker, file, .. } if !is_path(path) && file.symlink_metadata().is_err() => {
            secret_as_name(&asker, FILE)
        }
        error => error,
    }
}

/// Splits `[LABEL=]REST`. What stands before the first `=` is a label only when it looks like one, so
/// that `./a=b` is a path.
fn split_label<'a>(
    text: &'a str,
    flag: &'static str,
    what: &'static str,
) -> Result<(Option<&'a str>, &'a str), KeyringError> {
    let is_label = |label: &str| {
        label.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | ' '))
    };
    let parts = match text.split_once('=') {
        Some((label, rest)) if is_label(label) => (Some(label), rest),
        _ => (None, text),
    };
    if parts.0 == Some("") || parts.1.is_empty() {
        if !text.trim_matches('=').is_empty() && !is_name(text.trim_matches('=')) {
            return Err(secret_as_name(flag, if what == "PATH" { FILE } else { VARIABLE }));
        }
        return Err(KeyringError::BadFlag { flag, what });
    }
    Ok(parts)
}
