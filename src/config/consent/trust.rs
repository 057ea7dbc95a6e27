//! Which configurations a person has said yes to: fingerprints in a file of their own.
//!
//! One line each, `FINGERPRINT  PATH`, in `$XDG_STATE_HOME/whyhook/trusted` (`~/.local/state` by default).
//! The fingerprint is the SHA-256 of path and content, so that a file that changes, or is copied into another
//! folder, is asked about again. The path is there for people alone.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::file::ConfigFile;
use crate::config::{Environment, shown};
use crate::system::read;
use crate::system::save::{private_folder, save};

/// Longer files are not read.
const SIZE_LIMIT: u64 = 1024 * 1024;
/// The newest lines that are kept.
const LINES_LIMIT: usize = 1000;

/// The file with everything that was said yes to; none where no home directory is known.
#[derive(Debug, Clone)]
pub struct Trusted {
    file: Option<PathBuf>,
}

impl Trusted {
    /// The person's own.
    #[must_use]
    pub fn of(environment: &dyn Environment) -> Self {
        Self { file: environment.state_home().map(|home| home.join("whyhook").join("trusted")) }
    }

    /// The file, which may not be there yet.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether somebody has said yes to exactly this file. A list that others may change says nothing.
    #[must_use]
    pub fn holds(&self, config: &ConfigFile) -> bool {
        let fingerprint = hex::encode(config.fingerprint);
        self.lines().iter().any(|line| line.split(' ').next() == Some(&fingerprint))
    }

    /// Remembers a yes to this file.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the list is as it was then.
    pub fn remember(&self, config: &ConfigFile) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no home directory is known"));
        };
        let folder = file.parent().unwrap_or(Path::new("."));
        private_folder(folder).map_err(io::Error::other)?;
        // Others remember, too: what they have written meanwhile would be lost. The lock ends with the file.
        let lock = std::fs::File::create(file.with_extension("lock"))?;
        lock.lock()?;
        let mut lines = self.lines();
        let line = format!("{}  {}", hex::encode(config.fingerprint), shown(&config.path));
        lines.retain(|known| *known != line);
        lines.push(line);
        let from = lines.len().saturating_sub(LINES_LIMIT);
        // Readable by its owner alone, and whole or not there at all.
        save(file, format!("{}\n", lines[from..].join("\n")).as_bytes(), true).map_err(io::Error::other)
    }

    fn lines(&self) -> Vec<String> {
        let Some(file) = self.file.as_deref().filter(|file| is_private(file)) else { return Vec::new() };
        let bytes = read::whole(file, SIZE_LIMIT).unwrap_or_default();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

/// Whether nobody else can have written it.
#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.symlink_metadata().is_ok_and(|metadata| {
        metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
    })
}

/// Permissions of other systems are not judged.
#[cfg(not(unix))]
fn is_private(file: &Path) -> bool {
    file.is_file()
}
