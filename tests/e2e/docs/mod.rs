//! The README and the documentation are true: every command in them is known and runs, every printed report is the
//! program's, every link leads somewhere.

mod blocks;
mod commands;
mod links;
mod shell;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What people read: the pages of the root and those in docs/, by their paths from the root.
fn pages() -> Vec<(String, String)> {
    let mut pages = all_pages();
    pages.retain(|(path, _)| !path.contains('/') || path.starts_with("docs/"));
    pages
}

/// Every page of the repository.
fn all_pages() -> Vec<(String, String)> {
    let mut files = Vec::new();
    pages_in(root(), &mut files);
    files.sort();
    assert!(files.len() > 40, "only {} pages found", files.len());
    let read = |file: PathBuf| {
        let path = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (path, fs::read_to_string(file).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn pages_in(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        // What is built, fetched or fuzzed there is not ours.
        let is_made = ["target", "corpus", "artifacts", "node_modules", ".git"].iter().any(|made| name == *made);
        if entry.file_type().unwrap().is_dir() {
            if !is_made {
                pages_in(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}
