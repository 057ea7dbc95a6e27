//! The Unix socket beside the store: reached by the same user only.
//!
//! | file | content |
//! |---|---|
//! | `whyhook.db-socket` | the socket (0600); where its path would be too long for a socket, a symbolic link to it |
//!
//! Whoever opens it holds the store's lock, so a socket that is there already belongs to a process that has died. It
//! is asked all the same: what answers is left alone. A socket's own mode counts on Linux alone, and not from its first
//! moment; so the user of each peer is looked at as well.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::store::Location;
use crate::system::scratch::{self, Tracked};

/// Bytes of a socket's path, with the zero at its end, that every system takes: `sockaddr_un` holds 104 on macOS and the
/// BSDs, 108 on Linux.
const PATH_LIMIT: usize = 104;

/// Why the control socket cannot be opened. The listener runs without it.
#[derive(Debug, thiserror::Error)]
pub enum ControlSocketError {
    /// Another process listens there.
    #[error("{0} belongs to another running process")]
    Alive(PathBuf),
    /// Something else has the name.
    #[error("{0} exists and is not a socket: move it away")]
    Taken(PathBuf),
    /// The system refuses it.
    #[error("cannot {action} {path}: {source}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A socket that is listened on; it goes when this is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    entry: Entry,
    /// The link beside the store, where the socket is elsewhere.
    link: Option<Entry>,
    _folder: Option<TempDir>,
}

/// A name in a folder that is ours as long as it leads to the same file.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    identity: (u64, u64),
    /// Removed in a panic as well.
    _tracked: Tracked,
}

impl Entry {
    fn of(path: PathBuf) -> Result<Self, ControlSocketError> {
        let identity = identity(&path).map_err(|source| refused("look at", &path, source))?;
        let tracked = Tracked::new(&path);
        Ok(Self { path, identity, _tracked: tracked })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

impl ControlSocket {
    /// Opens the socket of the store at `location`, whose lock this process holds.
    ///
    /// # Errors
    ///
    /// [`ControlSocketError`]; what was there before is left then, unless its owner was dead.
    pub fn open(location: &Location) -> Result<Self, ControlSocketError> {
        let path = location.socket();
        clear_away(&path)?;
        let absolute = std::path::absolute(&path).map_err(|source| refused("find", &path, source))?;
        if fits(&absolute) {
            let listener = bind(&path)?;
            return Ok(Self { listener, entry: Entry::of(path)?, link: None, _folder: None });
        }
        let folder = scratch::subfolder("socket-").map_err(|source| refused("make a folder for", &path, source))?;
        let short = folder.path().join("api");
        if !fits(&short) {
            let reason = io::Error::new(io::ErrorKind::InvalidFilename, "the path is too long for a socket");
            return Err(refused("create", &path, reason));
        }
        let listener = bind(&short)?;
        let entry = Entry::of(short)?;
        std::os::unix::fs::symlink(&entry.path, &path).map_err(|source| refused("create", &path, source))?;
        Ok(Self { listener, entry, link: Some(Entry::of(path)?), _folder: Some(folder) })
    }

    /// Where it can be reached.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.entry.path
    }

    /// Whether it is found by the store's name alone.
    #[must_use]
    pub fn is_beside_the_store(&self) -> bool {
        self.link.is_none()
    }

    /// What accepts connections, for a runtime.
    pub(super) fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        let listener = self.listener.try_clone()?;
        listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(listener)
    }
}

/// Where the socket of the store at `location` is, as far as its name tells: through the link of a long path.
pub(super) fn reachable(location: &Location) -> PathBuf {
    let path = location.socket();
    fs::read_link(&path).unwrap_or(path)
}

/// Whether a peer is this user, or the machine's administrator, who may anything anyway.
pub(super) fn is_allowed(peer: u32) -> bool {
    peer == 0 || peer == rustix::process::geteuid().as_raw()
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() < PATH_LIMIT
}

/// Removes what a dead process has left.
fn clear_away(path: &Path) -> Result<(), ControlSocketError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(refused("look at", path, source)),
    };
    let target = if metadata.is_symlink() {
        fs::read_link(path).map_err(|source| refused("read the link", path, source))?
    } else {
        path.to_owned()
    };
    match fs::symlink_metadata(&target) {
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(ControlSocketError::Taken(path.to_owned())),
        Ok(_) if is_alive(&target) => return Err(ControlSocketError::Alive(path.to_owned())),
        _ => {}
    }
    fs::remove_file(path).map_err(|source| refused("replace", path, source))
}

/// Whether somebody listens. In doubt, somebody does.
fn is_alive(path: &Path) -> bool {
    match UnixStream::connect(path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound),
    }
}

fn bind(path: &Path) -> Result<UnixListener, ControlSocketError> {
    let listener = UnixListener::bind(path).map_err(|source| refused("create", path, source))?;
    let private = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    if let Err(source) = private {
        let _ = fs::remove_file(path);
        return Err(refused("make private", path, source));
    }
    Ok(listener)
}

fn refused(action: &'static str, path: &Path, source: io::Error) -> ControlSocketError {
    ControlSocketError::Refused { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(folder: &Path) -> Location {
        Location::new(folder.join("store.db"))
    }

    #[test]
    fn the_socket_is_private_and_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let location = location(folder.path());
        let socket = ControlSocket::open(&location).unwrap();
        let metadata = fs::symlink_metadata(location.socket()).unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.file_type().is_socket()), (0o600, true));
        assert!(socket.is_beside_the_store());
        assert!(UnixStream::connect(location.socket()).is_ok());
        drop(socket);
        assert!(!location.socket().exists());
    }

    #[test]
    fn a_living_owner_keeps_it_and_a_dead_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let location = location(folder.path());
        let other = UnixListener::bind(location.socket()).unwrap();
        assert!(matches!(ControlSocket::open(&location), Err(ControlSocketError::Alive(_))));
        assert!(UnixStream::connect(location.socket()).is_ok());
        // As after kill -9: the name stays, and nobody listens.
        drop(other);
        let socket = ControlSocket::open(&location).unwrap();
        assert!(UnixStream::connect(socket.path()).is_ok());
        // Another has taken its name meanwhile: not removed at the end.
        fs::remove_file(location.socket()).unwrap();
        let _other = UnixListener::bind(location.socket()).unwrap();
        drop(socket);
        assert!(location.socket().exists());
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let location = location(folder.path());
        fs::write(location.socket(), "mine").unwrap();
        assert!(matches!(ControlSocket::open(&location), Err(ControlSocketError::Taken(_))));
        let file = folder.path().join("file");
        fs::rename(location.socket(), &file).unwrap();
        std::os::unix::fs::symlink(&file, location.socket()).unwrap();
        assert!(matches!(ControlSocket::open(&location), Err(ControlSocketError::Taken(_))));
        assert_eq!(fs::read(&file).unwrap(), b"mine");
        // A link that leads nowhere is what a dead process leaves of a long path.
        fs::remove_file(&file).unwrap();
        assert!(ControlSocket::open(&location).is_ok());
    }

    #[test]
    fn a_long_path_leads_to_a_short_one() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(60)).join("e".repeat(60));
        fs::create_dir_all(&deep).unwrap();
        let location = location(&deep);
        let socket = ControlSocket::open(&location).unwrap();
        assert!(!socket.is_beside_the_store());
        assert_eq!(reachable(&location), socket.path());
        assert!(UnixStream::connect(reachable(&location)).is_ok());
        let short = socket.path().to_owned();
        drop(socket);
        assert!(!short.exists() && fs::symlink_metadata(location.socket()).is_err());
    }

    #[test]
    fn only_the_same_user_is_let_in() {
        let own = rustix::process::geteuid().as_raw();
        assert!(is_allowed(own) && is_allowed(0));
        assert!(!is_allowed(own.wrapping_add(1)));
    }
}
