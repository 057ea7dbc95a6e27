//! The schemes that the command line asks for, without any configuration.

use std::path::{Path, PathBuf};

use super::file::read_scheme;
use super::missing_secret::variable_of;
use super::{BadSetting, ConfigError, Environment, shown};
use crate::signature::{AcceptedSchemes, Scheme, SchemeDescription, catalogue};
use crate::system::read;

/// The most bytes of a scheme's file.
const FILE_LIMIT: u64 = 64 * 1024;

/// What the command line says of the schemes; `None` and empty for what it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemeChoice {
    /// `--scheme`, each a name of the catalogue.
    pub names: Vec<String>,
    /// `--scheme-file`, each a table of TOML, relative to the current directory.
    pub files: Vec<PathBuf>,
    /// `--url`: the URL as the sender knows it.
    pub url: Option<String>,
    /// `--param`, each `NAME=VALUE`: what the receiver knows besides the secret.
    pub settings: Vec<String>,
}

fn failed(origin: &'static str, reason: String) -> ConfigError {
    ConfigError::Setting { origin, reason: BadSetting::Scheme(reason) }
}

fn of_name(name: &str) -> Result<Scheme, ConfigError> {
    catalogue::named(name).map_err(|error| failed("--scheme", error.to_string()))
}

fn of_file(file: &Path, environment: &dyn Environment) -> Result<Scheme, ConfigError> {
    let path = environment.current_dir().join(file);
    let unreadable = |reason: String| failed("--scheme-file", format!("{}: {reason}", shown(&path)));
    let text = read::whole(&path, FILE_LIMIT).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(text).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    let described = read_scheme(&text)
        .map_err(|(place, fault)| failed("--scheme-file", format!("{}:{place}: {fault}", shown(&path))))?;
    described.scheme().map_err(|error| unreadable(error.to_string()))
}

impl SchemeChoice {
    /// The schemes for every request that no configured webhook has one for, in the order of the names, then of the
    /// files; `None` when nothing was asked for.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Setting`] for an unknown name, a file that cannot be read, and a setting that is missing.
    pub fn schemes(&self, environment: &dyn Environment) -> Result<Option<AcceptedSchemes>, ConfigError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let named = self.names.iter().map(|name| ("--scheme", of_name(name)));
        let described = self.files.iter().map(|file| ("--scheme-file", of_file(file, environment)));
        let mut schemes = Vec::new();
        for (flag, scheme) in named.chain(described) {
            schemes.push(self.completed(flag, scheme?)?);
        }
        if schemes.is_empty() {
            schemes.push(self.completed("--param", Scheme::default())?);
        }
        schemes.try_into().map(Some).map_err(|error| failed("--scheme", format!("{error}")))
    }

    /// The scheme with `--url` and `--param`, which all of them have.
    fn completed(&self, flag: &'static str, mut scheme: Scheme) -> Result<Scheme, ConfigError> {
        let description = SchemeDescription { url: self.url.clone(), ..SchemeDescription::default() };
        if let Some(url) = description.scheme().map_err(|error| failed("--url", error.to_string()))?.url {
            scheme.url = Some(url);
        }
        for text in &self.settings {
            let parts = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
            let (name, value) = parts.ok_or_else(|| failed("--param", "expected NAME=VALUE".to_owned()))?;
            scheme.settings.insert(name.to_owned(), value.to_owned());
        }
        let missing = scheme.missing_settings();
        if missing.is_empty() {
            return Ok(scheme);
        }
        let flags: Vec<String> = missing.iter().map(|name| format!("--param {name}=VALUE")).collect();
        Err(failed(flag, format!("this scheme also needs {}", flags.join(" and "))))
    }

    /// The variables that hold the secrets of these schemes, unless another source is named: `GITHUB_WEBHOOK_SECRET`. A
    /// scheme of a file has that of its preset.
    pub(super) fn variables(&self, schemes: &AcceptedSchemes) -> Vec<String> {
        let is_other = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case(catalogue::TRACKPILOTS);
        let names = self.names.iter().map(String::as_str).chain(schemes.iter().map(|scheme| scheme.name.as_str()));
        let mut variables: Vec<String> = Vec::new();
        for variable in names.filter(is_other).map(variable_of) {
            if !variables.contains(&variable) {
                variables.push(variable);
            }
        }
        variables
    }
}
