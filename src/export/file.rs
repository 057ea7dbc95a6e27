//! Writing a file of a person's choice: whole or not at all, for them alone, and never over another
//! one unasked.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::text::visible;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Something of that name is there.
    #[error("{} is there already", shown(.0))]
    Exists(PathBuf),
    /// The name is a folder's, or none at all.
    #[error("{} is a folder: add a file's name", shown(.0))]
    Folder(PathBuf),
    /// The folder is missing.
    #[error("the folder {} is not there: make it first, or choose another", shown(.0))]
    NoFolder(PathBuf),
    /// The system refused.
    #[error("cannot write {}: {source}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

/// A file under way, readable by its owner alone. It has its name once it is finished; until then it has
/// another, and is removed when it is given up.
#[derive(Debug)]
pub struct Saving {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    folder: PathBuf,
    overwrite: bool,
}

impl Saving {
    /// Begins to write what will be `path`.
    ///
    /// # Errors
    ///
    /// [`SaveError`]: what stands in the way is said before the work is done.
    pub fn begin(path: &Path, overwrite: bool) -> Result<Self, SaveError> {
        if path.file_name().is_none() || path.is_dir() {
            return Err(SaveError::Folder(path.to_owned()));
        }
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(SaveError::Exists(path.to_owned()));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(SaveError::NoFolder(folder.to_owned()));
        }
        // 0600, as tempfile makes all its files; in the same folder, so that it can be renamed.
        let file = tempfile::Builder::new()
            .prefix(".whyhook-")
            .tempfile_in(folder)
            .map_err(|source| SaveError::Io { path: path.to_owned(), source })?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), folder: folder.to_owned(), overwrite })
    }

    /// Gives the file its name. A link of that name is never followed; with `overwrite` it is replaced
    /// itself.
    ///
    /// # Errors
    ///
    /// [`SaveError`]; nothing is left behind then.
    pub fn finish(self) -> Result<(), SaveError> {
        let Self { file, path, folder, overwrite } = self;
        let failed = |source| SaveError::Io { path: path.clone(), source };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        let kept = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
        kept.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => SaveError::Exists(path.clone()),
            _ => failed(error.error),
        })?;
        // The name itself is safe after this; a file system that cannot sync folders has its own way.
        let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
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

/// Writes `bytes` to `path`, as a [`Saving`] does.
///
/// # Errors
///
/// [`SaveError`]; nothing is left behind then.
pub fn save(path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), SaveError> {
    let mut saving = Saving::begin(path, overwrite)?;
    saving.write_all(bytes).map_err(|source| SaveError::Io { path: path.to_owned(), source })?;
    saving.finish()
}

/// Makes a folder that only its owner may enter, unless it is there.
///
/// # Errors
///
/// [`SaveError::Io`].
pub fn private_folder(path: &Path) -> Result<(), SaveError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| SaveError::Io { path: path.to_owned(), source })
}

/// The path that a person has typed: `~` is their home.
#[must_use]
pub fn typed_path(typed: &str, home: Option<&Path>) -> PathBuf {
    match (typed.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        save(&path, b"one", false).unwrap();
        assert!(matches!(save(&path, b"two", false), Err(SaveError::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        save(&path, b"three", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(matches!(save(folder.path(), b"", true), Err(SaveError::Folder(_))));
        assert!(matches!(save(&folder.path().join("no/a"), b"", false), Err(SaveError::NoFolder(_))));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_owners_alone_and_follows_no_link() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink(&target, &link).unwrap();
        // It leads nowhere, and is there all the same.
        assert!(matches!(save(&link, b"x", false), Err(SaveError::Exists(_))));
        std::fs::write(&target, "precious").unwrap();
        save(&link, b"x", true).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
        let kept = link.symlink_metadata().unwrap();
        assert!(kept.is_file());
        assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_tilde_is_the_home() {
        let home = Some(Path::new("/home/a"));
        assert_eq!(typed_path("~/b.jpg", home), Path::new("/home/a/b.jpg"));
        assert_eq!(typed_path("~", home), Path::new("/home/a"));
        assert_eq!(typed_path("~b/c", home), Path::new("~b/c"));
        assert_eq!(typed_path("~/b", None), Path::new("~/b"));
        assert_eq!(typed_path("c d.jpg", home), Path::new("c d.jpg"));
    }
}
