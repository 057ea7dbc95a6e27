//! The README and the documentation are true: every command in them is known and runs, every printed report is the
//! program's, every link leads somewhere.

mod blocks;
mod commands;
mod links;
mod shell;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What people read: the pages of the root and those in docs/, by their paths from the root.
fn pages() -> Vec<(String, String)> {
    let mut files = Vec::new();
    pages_in(&root().join("docs"), &mut files);
    for entry in fs::read_dir(root()).unwrap() {
        files.extend(Some(entry.unwrap().path()).filter(|path| is_page(path)));
    }
    files.sort();
    assert!(files.len() > 30, "only {} pages found", files.len());
    let read = |file: PathBuf| {
        let path = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (path, fs::read_to_string(file).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn pages_in(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages_in(&path, files);
        } else if is_page(&path) {
            files.push(path);
        }
    }
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}
