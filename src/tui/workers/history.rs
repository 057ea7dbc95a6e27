//! The filters of earlier runs: a small private file beside the store, one filter a line, the latest last.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::signature::Secret;
use crate::system::{read, save};
use crate::tui::screens::list::filter_prompt::{HISTORY, HISTORY_BYTES};

/// No such file is longer.
const FILE_BYTES: u64 = 2 * (HISTORY * HISTORY_BYTES) as u64;

/// Its place.
pub(crate) fn path(store: &Path) -> PathBuf {
    let mut name = store.to_owned().into_os_string();
    name.push("-filters");
    PathBuf::from(name)
}

/// What it holds; nothing where it cannot be read.
pub(crate) fn load(path: &Path) -> Vec<String> {
    let mut text = String::new();
    let read = read::open(path).and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text));
    if read.is_err() {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && line.len() <= HISTORY_BYTES).collect();
    lines[lines.len().saturating_sub(HISTORY)..].iter().map(|line| (*line).to_owned()).collect()
}

/// Writes it whole. A filter with a secret in it is left out.
pub(crate) fn keep(path: &Path, filters: &[String], secrets: &[Secret]) -> Result<(), String> {
    let holds = |filter: &str, secret: &Secret| {
        !secret.expose().is_empty() && memchr::memmem::find(filter.as_bytes(), secret.expose()).is_some()
    };
    let lines = filters.iter().filter(|filter| !secrets.iter().any(|secret| holds(filter, secret)));
    let text: String = lines.map(|line| format!("{}\n", line.replace(['\r', '\n'], " "))).collect();
    save::save(path, text.as_bytes(), true).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::SecretOrigin;

    #[test]
    fn filters_come_back_in_their_order_and_secrets_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("store.db"));
        assert!(load(&path).is_empty());
        let filters = ["sim", "body:\"hush-hush\"", "event:a\nb"].map(str::to_owned);
        let secret = Secret::new("one", b"hush-hush".to_vec(), SecretOrigin::Typed);
        keep(&path, &filters, &[secret]).unwrap();
        assert_eq!(load(&path), ["sim", "event:a b"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "x\n".repeat(500)).unwrap();
        assert_eq!(load(&path).len(), HISTORY);
    }
}
