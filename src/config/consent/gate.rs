//! Whether a configuration is already allowed, for as long as a run takes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::trust::Trusted;
use super::{Need, Scope, needs, real_path};
use crate::config::file::{ConfigFile, local_place};
use crate::config::{Environment, ProcessEnvironment};

/// Lets configurations through that were agreed to, or ask for nothing that needs it.
#[derive(Debug)]
pub struct Gate {
    /// The file that is asked about: that of the current folder, unless it was named.
    local: Option<PathBuf>,
    trusted: Trusted,
    /// The needs that were agreed to in this run.
    agreed: Mutex<Vec<Need>>,
}

impl Gate {
    /// The gate of a run. With `is_named` the person has named the file, and everything is let through.
    #[must_use]
    pub fn new(is_named: bool, environment: &dyn Environment) -> Self {
        let local = (!is_named).then(|| local_place(environment));
        Self { local, trusted: Trusted::of(environment), agreed: Mutex::default() }
    }

    /// The file whose change may let a configuration through that was not before.
    #[must_use]
    pub fn trust_file(&self) -> Option<&Path> {
        self.trusted.file()
    }

    /// What of the file needs a yes and has none yet; all of it, where anything for `scope` does.
    #[must_use]
    pub fn missing(&self, file: &ConfigFile, scope: Scope) -> Vec<Need> {
        let needs = self.all(file);
        let agreed = self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_missing = |need: &&Need| need.scope <= scope && !agreed.contains(need);
        if !needs.iter().any(|need| is_missing(&need)) || self.trusted.holds(file) {
            return Vec::new();
        }
        needs
    }

    /// Everything of the file that needs a yes, whether it has one or not; nothing where it is not asked about.
    #[must_use]
    pub fn all(&self, file: &ConfigFile) -> Vec<Need> {
        if self.local.as_ref() == Some(&file.path) { needs(file, &ProcessEnvironment, &real_path) } else { Vec::new() }
    }

    /// Takes everything that the file asks for as agreed to until this run ends.
    pub fn agree(&self, file: &ConfigFile) {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner).extend(self.all(file));
    }

    /// Agrees to the file, and remembers it for other runs.
    ///
    /// # Errors
    ///
    /// When it cannot be remembered; it is agreed to in this run all the same.
    pub fn remember(&self, file: &ConfigFile) -> std::io::Result<()> {
        self.agree(file);
        self.trusted.remember(file)
    }

    /// Takes in that this program has written `after` over `before` at the person's word. What they made of a file
    /// that was let through is agreed to, and remembered where the file before was.
    pub fn wrote(&self, before: Option<&ConfigFile>, after: &ConfigFile) {
        if self.all(after).is_empty() || before.is_some_and(|file| !self.missing(file, Scope::Network).is_empty()) {
            return;
        }
        self.agree(after);
        if before.is_none_or(|file| self.all(file).is_empty() || self.trusted.holds(file)) {
            // Else it is asked about at the next start.
            let _ = self.trusted.remember(after);
        }
    }
}
