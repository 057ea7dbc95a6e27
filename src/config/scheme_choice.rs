//! The scheme that the command line asks for, without any configuration.

use std::path::PathBuf;

use super::missing_secret::variable_of;
use super::{BadSetting, ConfigError, Environment, shown};
use crate::signature::{Scheme, SchemeDescription, catalogue};
use crate::system::read;
use crate::text::visible;

/// The most bytes of a scheme's file.
const FILE_LIMIT: u64 = 64 * 1024;

/// What the command line says of the scheme; `None` and empty for what it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemeChoice {
    /// `--scheme`: a name of the catalogue.
    pub name: Option<String>,
    /// `--scheme-file`: a table of TOML, relative to the current directory.
    pub file: Option<PathBuf>,
    /// `--url`: the URL as the sender knows it.
    pub url: Option<String>,
    /// `--param`, each `NAME=VALUE`: what the receiver knows besides the secret.
    pub settings: Vec<String>,
}

/// What is wrong with a table, with its line and key.
fn unread_table(file: &str, text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = &text.as_bytes()[..start];
    let number = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let key = if key.is_empty() { String::new() } else { format!("{}: ", visible(key)) };
    let reason = error.message().lines().collect::<Vec<_>>().join(", ");
    format!("{file}:{number}: {key}{}", visible(&reason))
}

impl SchemeChoice {
    /// The scheme for every request that no configured webhook has one for; `None` when nothing was asked for.
    pub(super) fn scheme(&self, environment: &dyn Environment) -> Result<Option<Scheme>, ConfigError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let failed = |origin, reason: String| ConfigError::Setting { origin, reason: BadSetting::Scheme(reason) };
        let mut scheme = match (&self.name, &self.file) {
            (Some(name), _) => catalogue::named(name).map_err(|error| failed("--scheme", error.to_string()))?,
            (None, Some(file)) => {
                let path = environment.current_dir().join(file);
                let unreadable = |reason: String| failed("--scheme-file", format!("{}: {reason}", shown(&path)));
                let text =
                    read::whole(&path, FILE_LIMIT).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
                let text = String::from_utf8(text).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
                let described: SchemeDescription = toml::from_str(&text)
                    .map_err(|error| failed("--scheme-file", unread_table(&shown(&path), &text, &error)))?;
                described.scheme().map_err(|error| unreadable(error.to_string()))?
            }
            (None, None) => Scheme::default(),
        };
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
            return Ok(Some(scheme));
        }
        let flags: Vec<String> = missing.iter().map(|name| format!("--param {name}=VALUE")).collect();
        let flag = if self.file.is_some() { "--scheme-file" } else { "--scheme" };
        Err(failed(flag, format!("this scheme also needs {}", flags.join(" and "))))
    }

    /// The variable that holds the secret of a scheme, unless another source is named: `GITHUB_WEBHOOK_SECRET`. A
    /// scheme of a file has that of its preset.
    pub(super) fn variable(&self, scheme: &Scheme) -> Option<String> {
        let name = self.name.as_deref().unwrap_or(&scheme.name);
        Some(name).filter(|name| !name.is_empty() && *name != catalogue::TRACKPILOTS).map(variable_of)
    }
}
