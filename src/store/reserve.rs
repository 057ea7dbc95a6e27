//! Space kept in reserve, for the commands that make space on a full disk.
//!
//! What deletes has to write first: rows that change, what stays of a segment, a line among the marks. On a disk that a
//! listener has filled, there would be no room for that. So a writer lays some zeros by in a file beside the store, which is
//! given up when the first of these writes fails, and laid by again afterwards.

use std::fs;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::location::{owned_like, private_file};
use super::{Location, StoreError};

/// Bytes of the reserve: the changes of some hundred rows in SQLite's log, and of some thousand marks.
const RESERVE_BYTES: u64 = 512 * 1024;
/// Bytes that are written at once.
const PIECE_BYTES: usize = 64 * 1024;
/// On a file system of fewer bytes, the reserve would be too large a part.
const SMALLEST_DISK: u64 = 4 * 1024 * 1024;

/// Does the work; where the disk is full, once more without the reserve.
pub(super) fn with<T>(location: &Location, mut work: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    match work() {
        Err(error) if error.is_full() && give_up(location) => work(),
        outcome => outcome,
    }
}

/// Lays by as much as there is room for. Nothing depends on it as long as the disk is not full, so a failure is not one of the
/// caller's.
pub(super) fn lay_by(location: &Location) {
    let path = location.reserve();
    let known = path.symlink_metadata();
    let bytes = known.as_ref().map_or(0, fs::Metadata::len);
    if bytes >= RESERVE_BYTES || known.is_ok_and(|known| !known.is_file()) || !is_large(location.file()) {
        return;
    }
    if let Err(error) = extend(&path, bytes, location.file()) {
        tracing::debug!(reason = %error, "less laid by than usual");
    }
}

/// Frees what was laid by; `false` where nothing was.
pub(super) fn give_up(location: &Location) -> bool {
    let given = fs::remove_file(location.reserve()).is_ok();
    if given {
        tracing::warn!("the disk is full: the reserve is used");
    }
    given
}

fn extend(path: &Path, mut bytes: u64, store: &Path) -> io::Result<()> {
    let file = private_file().create(true).truncate(false).open(path)?;
    let mut file = owned_like(file, store);
    let piece = vec![0; PIECE_BYTES];
    file.seek(SeekFrom::Start(bytes))?;
    while bytes < RESERVE_BYTES {
        if let Err(error) = file.write_all(&piece) {
            file.set_len(bytes)?;
            return Err(error);
        }
        bytes += PIECE_BYTES as u64;
    }
    Ok(())
}

#[cfg(unix)]
fn is_large(file: &Path) -> bool {
    let disk = rustix::fs::statvfs(file).ok();
    disk.and_then(|disk| disk.f_blocks.checked_mul(disk.f_frsize)).is_some_and(|bytes| bytes >= SMALLEST_DISK)
}

#[cfg(not(unix))]
fn is_large(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_on_a_full_disk_is_done_once_more_without_the_reserve() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("s.db"));
        fs::write(location.file(), "").unwrap();
        let full = || StoreError::io(location.file(), "write to", io::ErrorKind::StorageFull.into());
        let tries = |error: &dyn Fn() -> StoreError| {
            let mut tries = 0;
            let outcome = with(&location, || {
                tries += 1;
                if tries == 1 { Err(error()) } else { Ok(()) }
            });
            (tries, outcome.is_ok())
        };
        assert_eq!(tries(&full), (1, false), "nothing is laid by");
        lay_by(&location);
        assert_eq!(fs::metadata(location.reserve()).unwrap().len(), RESERVE_BYTES);
        assert_eq!(tries(&|| StoreError::Stopped), (1, false));
        assert_eq!(tries(&full), (2, true));
        assert!(!location.reserve().exists());
    }
}
