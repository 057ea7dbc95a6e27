//! Accounts that do not exist yet have placeholders in Cargo.toml, and nowhere else.

use std::fs;
use std::path::Path;

use super::{root, text, toml};

/// In two parts, so that this file has none itself.
const OWNER: &str = concat!("github.com/", "OWNER");
const ADDRESS: &str = concat!("security@", "example.invalid");

#[test]
fn placeholders_for_accounts_are_in_one_place() {
    let mut found = Vec::new();
    look(root(), &mut found);
    // dist has written the repository into the description of the MSI, and is asked by packaging/try whether it still does.
    found.retain(|file| file != "Cargo.toml" && file != "SECURITY.md: the address" && file != "wix/main.wxs");
    assert!(found.is_empty(), "take it from Cargo.toml: {found:?}");
}

/// People write to the address of SECURITY.md; packages name the one of Cargo.toml.
#[test]
fn security_reports_go_to_the_address_of_the_authors() {
    let manifest = toml("Cargo.toml");
    let author = manifest["package"]["authors"][0].as_str().unwrap();
    let address = author.split_once('<').unwrap().1.trim_end_matches('>');
    assert!(text("SECURITY.md").contains(&format!("**{address}**")), "SECURITY.md does not name {address}");
}

fn look(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_made = ["target", "corpus", "artifacts", "coverage", "node_modules", ".git"].contains(&name);
        if is_made || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            look(&path, found);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        if text.contains(OWNER) {
            found.push(shown.clone());
        }
        if text.contains(ADDRESS) {
            found.push(if shown == "SECURITY.md" { format!("{shown}: the address") } else { shown });
        }
    }
}
