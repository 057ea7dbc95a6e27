//! How the panes were divided in earlier runs: a small private file beside the store.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::system::{read, save};
use crate::tui::app::act::SPLIT_STEPS;

/// No such file is longer.
const FILE_BYTES: u64 = 64;

/// Its place.
pub(crate) fn path(store: &Path) -> PathBuf {
    let mut name = store.to_owned().into_os_string();
    name.push("-layout");
    PathBuf::from(name)
}

/// By how many steps the split was moved; none where that cannot be read.
pub(crate) fn load(path: &Path) -> i16 {
    let mut text = String::new();
    let read = read::open(path).and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text));
    let split = text.trim().strip_prefix("split = ").filter(|_| read.is_ok());
    split.and_then(|number| number.parse().ok()).unwrap_or(0i16).clamp(-SPLIT_STEPS, SPLIT_STEPS)
}

/// Keeps it for the next run.
pub(crate) fn keep(path: &Path, split: i16) -> Result<(), String> {
    save::save(path, format!("split = {split}\n").as_bytes(), true).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_kept_and_anything_else_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("whyhook.db"));
        assert_eq!(path.file_name().unwrap(), "whyhook.db-layout");
        assert_eq!(load(&path), 0);
        for split in [-3, 0, 5] {
            keep(&path, split).unwrap();
            assert_eq!(load(&path), split);
        }
        for (text, split) in
            [("", 0), ("split = x", 0), ("split = 99999", 0), ("split = 999", SPLIT_STEPS), ("\u{0}", 0)]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(load(&path), split, "{text:?}");
        }
    }
}
