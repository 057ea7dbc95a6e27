//! Reading files that a person or a configuration names, of which nothing is known.
//!
//! What lies under a name may be a pipe that nobody writes to, a device without an end, a directory, or a file
//! of any size. Whoever names one should get one clear line, never a program that hangs or eats all memory. So
//! only regular files are read, and never more of one than there is room for. The exceptions are meant: pipes
//! that a shell has opened for this process (`<(command)`, `/dev/stdin`), and `/dev/null`, the empty file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::text::units::size_words;

/// The most of a body or request that is read from a file. A listener's `body_limit` is 64 MiB by default.
pub const BODY_LIMIT: u64 = 1024 * 1024 * 1024;

/// Opens a file to be read. Its content may be endless only where it is a pipe of this process.
///
/// # Errors
///
/// That of the system, or what it is instead of a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let file = open_without_waiting(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() || path == Path::new("/dev/null") {
        return Ok(file);
    }
    if kind.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory, not a file"));
    }
    match special(kind) {
        "a pipe" if is_own(path) => {
            wait_from_now_on(&file)?;
            Ok(file)
        }
        what => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file"))),
    }
}

/// Reads a file to its end.
///
/// # Errors
///
/// As [`open`] and [`to_end`].
pub fn whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    to_end(open(path)?, limit)
}

/// Reads to the end, which must come within `limit` bytes.
///
/// # Errors
///
/// That of the system; [`io::ErrorKind::FileTooLarge`] beyond the limit.
pub fn to_end(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

/// What is said of more than `limit` bytes.
#[must_use]
pub fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {}", size_words(limit)))
}

/// Whether the path names what this process was given open: by a shell, mostly.
fn is_own(path: &Path) -> bool {
    let folders = ["/dev/fd", "/proc/self/fd"].map(Path::new);
    path == Path::new("/dev/stdin") || path.parent().is_some_and(|parent| folders.contains(&parent))
}

/// Without waiting for the other end of a pipe (open(2), `O_NONBLOCK`), and without making a terminal this
/// process's own.
#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).map_err(io::Error::other)?;
    std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn wait_from_now_on(file: &File) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = fcntl_getfl(file)?;
    Ok(fcntl_setfl(file, flags - OFlags::NONBLOCK)?)
}

#[cfg(not(unix))]
fn wait_from_now_on(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match () {
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: std::fs::FileType) -> &'static str {
    "something else"
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn refusal(path: &Path) -> String {
        whole(path, 100).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert_eq!(refusal(&fifo), "it is a pipe, not a regular file");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&fifo, &link).unwrap();
        assert_eq!(refusal(&link), "it is a pipe, not a regular file");
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        // A socket cannot be opened at all.
        assert!(whole(&socket, 100).is_err());
        assert_eq!(refusal(Path::new("/dev/zero")), "it is a device, not a regular file");
        assert_eq!(refusal(folder.path()), "it is a directory, not a file");
        assert_eq!(whole(Path::new("/dev/null"), 100).unwrap(), b"");
    }

    #[test]
    fn a_limit_is_the_most_that_is_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[b'x'; 100]).unwrap();
        assert_eq!(whole(file.path(), 100).unwrap().len(), 100);
        let error = whole(file.path(), 99).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::FileTooLarge, "it is larger than 99 B"));
        // One that grows while it is read, or has no length of its own.
        assert_eq!(to_end(std::io::repeat(0), 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
