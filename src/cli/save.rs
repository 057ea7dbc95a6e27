//! Files that a command was asked to write: whole or not at all, readable by their owner alone, and never
//! over another file unless that was asked for.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::CliError;

/// A file under way. It appears under its name when it is finished; until then it has another, and is
/// removed when it is given up.
pub(super) struct Saving {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    force: bool,
}

impl Saving {
    /// Begins to write what will be `path`.
    pub(super) fn begin(path: &Path, force: bool) -> Result<Self, CliError> {
        // Said before the work is done; what happens meanwhile is noticed at the end.
        if !force && path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Created with mode 0600 (tempfile's default), in the same folder so that it can be renamed.
        let file = tempfile::Builder::new()
            .prefix(".whyhook-")
            .tempfile_in(folder)
            .map_err(|source| CliError::Write { path: path.to_owned(), source })?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), force })
    }

    /// Gives the file its name. A link of that name is replaced, not followed.
    pub(super) fn finish(self) -> Result<(), CliError> {
        let Self { file, path, force } = self;
        let failed = |source| CliError::Write { path: path.clone(), source };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        let persisted = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
        match persisted {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(error) => Err(failed(error.error)),
        }
    }
}

impl Write for Saving {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes a folder that only its owner may enter, unless it is there.
pub(super) fn private_folder(path: &Path) -> Result<(), CliError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| CliError::Write { path: path.to_owned(), source })
}

fn exists(path: &Path) -> CliError {
    CliError::Usage(format!("{} exists: choose another --output, or replace it with --force", path.display()))
}
