//! Saving something into the file, and leaving the rest of it as it is: comments, order, white space.
//!
//! A [`ConfigChange`] is made first, without writing, so that a person can look at it. What comes of it is read
//! again before it is offered: a file in which anything else would have changed is left alone.

mod edit;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{ConfigFile, FileError, SecretSource};
use crate::config::{ListColumn, shown};
use crate::diff::{LineComparison, compare_lines};
use crate::rules::{NamedAnswer, Rule};
use crate::simulate::SavedSimulation;
use crate::system::save::{SaveError, UnfinishedFile};

/// What can be saved.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigPart {
    /// An answer under its name: `[answers.NAME]`.
    Answer(Arc<NamedAnswer>),
    /// All rules, in their order: `[[rules]]`, and `respond` or `forward_to` where these say the last one.
    Rules(Vec<Rule>),
    /// A simulation under its name: `[simulations.NAME]`.
    Simulation(String, Box<SavedSimulation>),
    /// A filter under its name: `[filters]`.
    Filter(String, String),
    /// The columns of the list: `columns`.
    Columns(Vec<ListColumn>),
}

/// Why something cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum ConfigSaveError {
    /// The file as it is cannot be used, or what is to be saved cannot be.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is there is written in a way that is not touched here.
    #[error("{} contains {what} in a form that whyhook cannot edit: change it in an editor", shown(file))]
    Entangled {
        /// The file.
        file: PathBuf,
        /// What stands there, such as `the answer 'later'`.
        what: String,
    },
    /// Somebody else has changed it since it was read.
    #[error("{} has changed since it was read, so nothing was written: review the change again", shown(.0))]
    Changed(PathBuf),
    /// A link to nothing.
    #[error("{} is a broken symbolic link: remove or repair it", shown(.0))]
    LooseLink(PathBuf),
    /// It cannot be written.
    #[error("cannot write the configuration {}: {source}", shown(file))]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A change of a configuration file that is made, and not written yet.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigChange {
    file: PathBuf,
    /// The file itself, where `file` is a link to it.
    place: PathBuf,
    /// The text as it was; `None` when there is no file.
    before: Option<Zeroizing<String>>,
    after: Zeroizing<String>,
    lines: LineComparison,
}

impl fmt::Debug for ConfigChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The texts may hold secrets.
        formatter.debug_struct("Change").field("place", &self.place).field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl ConfigChange {
    /// Makes the change that saves `part` in `file`, which need not be there.
    ///
    /// # Errors
    ///
    /// [`ConfigSaveError`].
    pub fn make(file: &Path, part: &ConfigPart) -> Result<Self, ConfigSaveError> {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let is_link = file.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        let place = match file.canonicalize() {
            Ok(place) if is_link => place,
            Err(_) if is_link => return Err(ConfigSaveError::LooseLink(file)),
            _ => file.clone(),
        };
        let before = read(&place).map_err(|source| FileError::Unreadable { file: file.clone(), source })?;
        Self::of(file, place, before, part)
    }

    /// The same where `before` is the text of `file`, which lies at `place`.
    pub(crate) fn of(
        file: PathBuf,
        place: PathBuf,
        before: Option<Zeroizing<String>>,
        part: &ConfigPart,
    ) -> Result<Self, ConfigSaveError> {
        let text = before.as_ref().map_or("", |text| text.as_str());
        let after = Zeroizing::new(edit::with(&file, text, part)?);
        let lines = lines(&file, text, &after);
        Ok(Self { file, place, before, after, lines })
    }

    /// The file as it was named, absolute.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The file that is replaced, when [`ConfigChange::file`] is a link to it.
    #[must_use]
    pub fn behind_link(&self) -> Option<&Path> {
        (self.place != self.file).then_some(&self.place)
    }

    /// Whether the file is made by it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.as_ref() == Some(&self.after)
    }

    /// What the file said before and says then, as far as it can be read.
    pub fn read(&self) -> (Option<Result<ConfigFile, FileError>>, Result<ConfigFile, FileError>) {
        let read = |text: &str| ConfigFile::parse(&self.file, text);
        (self.before.as_ref().map(|text| read(text)), read(&self.after))
    }

    /// The lines that go and come; never one with a secret.
    #[must_use]
    pub fn lines(&self) -> &LineComparison {
        &self.lines
    }

    /// Writes it: the file is replaced as a whole, with the permissions that it had; a new one can be read by its
    /// owner alone.
    ///
    /// # Errors
    ///
    /// [`ConfigSaveError::Changed`] when the file is not as it was when the change was made, and
    /// [`ConfigSaveError::Unwritable`]; the file is as it was then.
    pub fn write(&self) -> Result<(), ConfigSaveError> {
        let unwritable = |source| ConfigSaveError::Unwritable { file: self.file.clone(), source };
        let failed = |error| match error {
            SaveError::Exists(_) => ConfigSaveError::Changed(self.file.clone()),
            SaveError::Io { source, .. } => unwritable(source),
            error => unwritable(io::Error::other(error)),
        };
        let mut made = UnfinishedFile::begin(&self.place, self.before.is_some()).map_err(failed)?;
        if let Ok(metadata) = self.place.metadata() {
            made.set_permissions(metadata.permissions()).map_err(unwritable)?;
        }
        made.write_secret(self.after.as_bytes()).and_then(|()| made.sync()).map_err(unwritable)?;
        let is_link = self.place.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        if is_link || read(&self.place).map_err(unwritable)? != self.before {
            return Err(ConfigSaveError::Changed(self.file.clone()));
        }
        made.finish().map_err(failed)
    }
}

fn read(place: &Path) -> io::Result<Option<Zeroizing<String>>> {
    match crate::system::read::whole(place, super::SIZE_LIMIT) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not valid UTF-8")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What differs. Only what was asked for does; should a line with a secret be among it all the same, it is not
/// shown.
fn lines(file: &Path, before: &str, after: &str) -> LineComparison {
    let entries = ConfigFile::parse(file, after).map(|file| file.secrets).unwrap_or_default();
    let secret = |entry| if let SecretSource::Value(value) = entry { Some(value) } else { None };
    let secrets: Vec<Zeroizing<String>> = entries.into_iter().filter_map(|entry| secret(entry.source)).collect();
    let is_secret = |text: &str| {
        !secrets.is_empty() && (text.contains("value") || secrets.iter().any(|it| text.contains(it.as_str())))
    };
    // With a line end each: a last line without one does not count as another line.
    let ended = |text: &str| Zeroizing::new(format!("{}\n", text.trim_end_matches(['\r', '\n'])));
    let mut lines = compare_lines(ended(before).as_bytes(), ended(after).as_bytes()).unwrap_or_default();
    lines.changes.retain(|line| line.is_added || !before.trim().is_empty());
    for line in &mut lines.changes {
        line.text.truncate(line.text.trim_end_matches(['␊', '␍']).len());
        if is_secret(&line.text) {
            line.text = "(not shown: it may hold a secret)".to_owned();
        }
    }
    lines
}

#[cfg(test)]
mod tests;
