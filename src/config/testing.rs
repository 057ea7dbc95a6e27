//! Surroundings for tests: a temporary directory and its own variables.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Environment;

pub(crate) struct Surroundings {
    directory: tempfile::TempDir,
    variables: BTreeMap<String, OsString>,
    homeless: bool,
}

impl Surroundings {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["work", "home", "config", "data"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self { directory, variables: BTreeMap::new(), homeless: false }
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The same without a home directory.
    pub(crate) fn homeless(self) -> Self {
        Self { homeless: true, ..self }
    }

    /// Writes a file, readable by its owner alone; `name` is relative to the temporary directory.
    pub(crate) fn write(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_path: &Path, _mode: u32) {}

impl Environment for Surroundings {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn current_dir(&self) -> PathBuf {
        self.path("work")
    }

    fn home(&self) -> Option<PathBuf> {
        (!self.homeless).then(|| self.path("home"))
    }

    fn config_home(&self) -> Option<PathBuf> {
        (!self.homeless).then(|| self.path("config"))
    }

    fn data_home(&self) -> Option<PathBuf> {
        (!self.homeless).then(|| self.path("data"))
    }

    fn state_home(&self) -> Option<PathBuf> {
        (!self.homeless).then(|| self.path("state"))
    }
}
