//! Writing a file of a person's choice: whole or not at all, for them alone, and never over another
//! one unasked.
//!
//! Until it is whole it has no name (Linux' `O_TMPFILE`, open(2)), so that a killed process leaves nothing
//! behind. Where that cannot be, it has another name, which goes with a panic and with signals.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::system::scratch::Tracked;
use crate::text::visible;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Something of that name is there.
    #[error("{} already exists", shown(.0))]
    Exists(PathBuf),
    /// The name is a folder's, or none at all.
    #[error("{} is a folder: add a file's name", shown(.0))]
    Folder(PathBuf),
    /// A device, a pipe or a socket, which a file would take the place of.
    #[error("{} is a device, a pipe or a socket, not a file: choose another name", shown(.0))]
    NoFile(PathBuf),
    /// The folder is missing.
    #[error("the folder {} does not exist: create it, or choose another", shown(.0))]
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

/// How names of files in progress begin, where they have any.
const PREFIX: &str = ".whyhook-";

/// A file in progress, readable by its owner alone. It has its name once it is finished, and is gone when it is
/// given up.
#[derive(Debug)]
pub struct UnfinishedFile {
    file: BufWriter<Under>,
    path: PathBuf,
    folder: PathBuf,
    overwrite: bool,
}

/// A file in progress.
#[derive(Debug)]
enum Under {
    /// Without a name.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// With a name that goes.
    Named { file: NamedTempFile, _tracked: Tracked },
}

impl Under {
    fn begin(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed(folder) {
            return Ok(Self::Unnamed(file));
        }
        Self::named(folder)
    }

    /// 0600, as tempfile makes all its files; in the same folder, so that it can be renamed.
    fn named(folder: &Path) -> io::Result<Self> {
        let file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder).map_err(without_path)?;
        let tracked = Tracked::new(file.path());
        Ok(Self::Named { file, _tracked: tracked })
    }

    fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named { file, .. } => file.as_file(),
        }
    }

    /// Gives it its name.
    fn persist(self, path: &Path, folder: &Path, overwrite: bool) -> io::Result<()> {
        let named = match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) if !overwrite => return link(&file, path),
            // A link replaces nothing, but a rename does.
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => {
                let made = tempfile::Builder::new().prefix(PREFIX).make_in(folder, |name| link(&file, name));
                made.map_err(without_path)?.into_temp_path()
            }
            Self::Named { file, .. } => file.into_temp_path(),
        };
        let kept = if overwrite { named.persist(path) } else { named.persist_noclobber(path) };
        kept.map_err(|error| error.error)
    }
}

/// The system's reason alone: the name of a file in progress means nothing to anybody.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
    }
}

/// A file that has no name and is its owner's alone; `None` where the file system has none such, or nothing
/// shows it to [`link`].
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    if !Path::new("/proc/self/fd").is_dir() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::from_raw_mode(0o600)).ok().map(File::from)
}

/// Gives a file without a name this one, unless it is taken (open(2), `O_TMPFILE`).
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

impl Write for Under {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file.write(bytes),
            Self::Named { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file.flush(),
            Self::Named { file, .. } => file.flush(),
        }
    }
}

impl UnfinishedFile {
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
        // Through a link, too: `/dev/stdout` is one.
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Err(SaveError::NoFile(path.to_owned()));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(SaveError::NoFolder(folder.to_owned()));
        }
        let file = Under::begin(folder).map_err(|source| SaveError::Io { path: path.to_owned(), source })?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), folder: folder.to_owned(), overwrite })
    }

    /// Lets others do with it what these permissions say; without them it is its owner's alone.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file.get_ref().file().set_permissions(permissions)
    }

    /// Writes bytes of which no copy may stay behind in a buffer.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn write_secret(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_mut().write_all(bytes)
    }

    /// Brings what was written to disk, after which [`UnfinishedFile::finish`] only gives it its name.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().file().sync_all()
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
        file.file().sync_all().map_err(failed)?;
        file.persist(&path, &folder, overwrite).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => SaveError::Exists(path.clone()),
            _ => failed(error),
        })?;
        // A file system that cannot sync folders has its own way.
        let _ = sync_folder(&folder);
        Ok(())
    }
}

impl Write for UnfinishedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Brings the names in a folder to disk.
///
/// # Errors
///
/// The system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file, and its names need no sync.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Writes `bytes` to `path`, as a [`UnfinishedFile`] does.
///
/// # Errors
///
/// [`SaveError`]; nothing is left behind then.
pub fn save(path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), SaveError> {
    let mut saving = UnfinishedFile::begin(path, overwrite)?;
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

    #[cfg(unix)]
    #[test]
    fn no_file_takes_the_place_of_a_device_a_pipe_or_a_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let _listener = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        std::os::unix::fs::symlink(path("socket"), path("link")).unwrap();
        std::os::unix::fs::symlink("/dev/null", path("null")).unwrap();
        for name in ["socket", "link", "null"] {
            let error = save(&path(name), b"x", true).unwrap_err();
            assert!(matches!(error, SaveError::NoFile(_)), "{name}: {error}");
            assert!(!path(name).symlink_metadata().unwrap().is_file(), "{name}");
        }
        // A link that leads nowhere, or to a file, is replaced itself.
        std::os::unix::fs::symlink("nowhere", path("loose")).unwrap();
        save(&path("loose"), b"x", true).unwrap();
        assert!(path("loose").symlink_metadata().unwrap().is_file());
    }

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
    fn a_file_may_be_others_too_and_is_on_disk_before_it_has_its_name() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut saving = UnfinishedFile::begin(&path, false).unwrap();
        saving.write_all(b"one, ").unwrap();
        saving.write_secret(b"two").unwrap();
        saving.set_permissions(Permissions::from_mode(0o640)).unwrap();
        saving.sync().unwrap();
        assert!(!path.exists());
        saving.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one, two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_name_of_a_file_in_progress_is_in_no_error() {
        // Nobody makes a file there.
        let said = save(Path::new("/proc/x"), b"", false).unwrap_err().to_string();
        assert!(said.starts_with("cannot write /proc/x: ") && !said.contains(PREFIX), "{said}");
    }

    #[test]
    fn with_a_name_or_without_it_comes_out_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let under = |is_named: bool| {
            let under = if is_named { Under::named(folder.path()) } else { Under::begin(folder.path()) };
            let mut under = under.unwrap();
            under.write_all(if is_named { b"named" } else { b"begun" }).unwrap();
            under
        };
        for is_named in [false, true] {
            drop(under(is_named));
            assert_eq!(names(), 0);
        }
        under(true).persist(&path, folder.path(), false).unwrap();
        for is_named in [false, true] {
            let kind = under(is_named).persist(&path, folder.path(), false).unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::AlreadyExists);
            assert_eq!(names(), 1);
            under(is_named).persist(&path, folder.path(), true).unwrap();
            assert_eq!((std::fs::read(&path).unwrap()[0], names()), (if is_named { b'n' } else { b'b' }, 1));
        }
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
