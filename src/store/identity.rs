//! Whether a path still names the file that was opened.

use std::path::Path;

use super::StoreError;

/// Which file a path named when it was opened. What is written to a file that has lost its name is
/// gone when the process ends, and every answer would be false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity(#[cfg(unix)] (u64, u64));

impl FileIdentity {
    /// The file that `path` names now.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let metadata = std::fs::metadata(path).map_err(|error| StoreError::io(path, "look at", error))?;
            Ok(Self((metadata.dev(), metadata.ino())))
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            Ok(Self())
        }
    }

    /// Refuses a `path` that names another file now, or none.
    pub(super) fn check(self, path: &Path) -> Result<(), StoreError> {
        match Self::of(path) {
            Ok(now) if now == self => Ok(()),
            Ok(_) => Err(StoreError::Vanished { path: path.to_owned() }),
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Vanished { path: path.to_owned() })
            }
            Err(error) => Err(error),
        }
    }
}
