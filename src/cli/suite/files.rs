//! Where suites are, by their names, and reading and writing them.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::CliError;
use crate::config::shown;
use crate::suite::Suite;
use crate::suite::file::{self, FILE_BYTES};
use crate::system::{read, save};
use crate::text::{did_you_mean, nearest, visible};

/// Where suites are, unless a folder or a path is given.
const FOLDER: &str = "suites";
/// How the files of suites end.
const EXTENSION: &str = "json";

#[derive(Debug, Clone, Args)]
pub(super) struct FolderArgs {
    /// The folder of suites that are given by name
    #[arg(long, value_name = "FOLDER", default_value = FOLDER)]
    dir: PathBuf,
}

/// A file of a suite that was read.
#[derive(Debug, Clone)]
pub(super) struct SuiteFile {
    /// As it is named on the command line.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) suite: Suite,
}

impl FolderArgs {
    pub(super) fn path(&self) -> &Path {
        &self.dir
    }

    /// The file of a suite: of a name in the folder, of anything with a slash or `.json` itself.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, CliError> {
        let is_path = name.contains(['/', std::path::MAIN_SEPARATOR])
            || Path::new(name).extension().is_some_and(|extension| extension == EXTENSION);
        if is_path {
            return Ok(PathBuf::from(name));
        }
        let is_safe = |character: char| character.is_alphanumeric() || "-_. ".contains(character);
        if name.is_empty() || name.starts_with(['.', '-', ' ']) || !name.chars().all(is_safe) {
            return Err(CliError::Usage(format!(
                "invalid suite name '{}': expected letters, digits, spaces, '-', '_' and '.', beginning with a letter, a digit or '_'; or the path of a \
                 .json file",
                visible(name)
            )));
        }
        Ok(self.of_name(name))
    }

    /// The file of this name in the folder.
    pub(super) fn of_name(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.{EXTENSION}"))
    }

    /// Whether a file is there, and not under which kind.
    pub(super) fn exists(path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }

    /// Reads a suite.
    pub(super) fn read(&self, name: &str) -> Result<SuiteFile, CliError> {
        let path = self.file(name)?;
        let bytes = read::whole(&path, FILE_BYTES).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => CliError::Usage(self.unknown(name, &path)),
            _ => CliError::Read { path: path.clone(), source },
        })?;
        let suite = file::read(&bytes).map_err(|fault| CliError::Usage(fault.in_file(&shown(&path))))?;
        // By this name it is found again without --dir.
        let is_usual = self.dir == Path::new(FOLDER);
        let name = if is_usual { name.to_owned() } else { path.to_string_lossy().into_owned() };
        Ok(SuiteFile { name, path, suite })
    }

    fn unknown(&self, name: &str, path: &Path) -> String {
        let names = self.names().unwrap_or_default();
        let near = nearest(name, names.iter().map(String::as_str)).map(|near| did_you_mean(visible(near)));
        let near = near.unwrap_or_default();
        format!("no suite {}: `whyhook suite list` shows them, `whyhook suite save` makes one{near}", shown(path))
    }

    /// The names of the suites in the folder, sorted; none where there is no folder.
    pub(super) fn names(&self) -> Result<Vec<String>, CliError> {
        let failed = |source| CliError::Read { path: self.dir.clone(), source };
        let entries = match std::fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let is_suite = path.extension().is_some_and(|extension| extension == EXTENSION);
            if let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_suite) {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Writes a suite's file, whole or not at all; its folder is made if it is missing.
pub(super) fn write(path: &Path, text: &str, overwrite: bool) -> Result<(), CliError> {
    if text.len() as u64 > FILE_BYTES {
        return Err(CliError::Usage(format!(
            "{} would be larger than {} MiB: choose fewer deliveries with a filter or -n",
            shown(path),
            FILE_BYTES >> 20
        )));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.to_owned(), source })?;
    }
    save::save(path, text.as_bytes(), overwrite).map_err(|error| CliError::Usage(error.to_string()))
}
