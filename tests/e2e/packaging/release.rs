//! `packaging/cut`: the version and the changelog of a release.

use std::fs;
use std::path::Path;

use super::{script, text};

const FILES: [&str; 4] = ["Cargo.toml", "Cargo.lock", "CHANGELOG.md", "fuzz/Cargo.lock"];

/// A folder with the files that a release changes.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("fuzz")).unwrap();
    for file in FILES {
        fs::write(folder.path().join(file), text(file)).unwrap();
    }
    folder
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn a_release_sets_the_version_and_dates_the_changelog() {
    let folder = copy();
    let output = script(folder.path(), "cut", &["7.8.9-rc.1", "2031-02-03"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest: toml::Table = read(folder.path(), "Cargo.toml").parse().unwrap();
    assert_eq!(manifest["package"]["version"].as_str(), Some("7.8.9-rc.1"));
    for lock in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let locked: toml::Table = read(folder.path(), lock).parse().unwrap();
        let packages = locked["package"].as_array().unwrap();
        let ours = packages.iter().find(|package| package["name"].as_str() == Some("whyhook")).unwrap();
        assert_eq!(ours["version"].as_str(), Some("7.8.9-rc.1"), "{lock}");
        assert_eq!(differing(&text(lock), &read(folder.path(), lock)), 1, "{lock}");
    }
    // The unreleased points are the release's now, and an empty part is above them.
    let (before, after) = (text("CHANGELOG.md"), read(folder.path(), "CHANGELOG.md"));
    assert_eq!(after, before.replacen("## Unreleased\n", "## Unreleased\n\n## 7.8.9-rc.1 - 2031-02-03\n", 1));
    assert_eq!(differing(&text("Cargo.toml"), &read(folder.path(), "Cargo.toml")), 1);
}

#[test]
fn a_release_with_a_mistake_changes_nothing() {
    let nothing_new = text("CHANGELOG.md").replacen("## Unreleased\n", "## Unreleased\n\n## 0.0.9 - 2026-01-01\n", 1);
    let cases: [(&[&str], Option<&str>, &str); 5] = [
        (&["1.2"], None, "is not a version"),
        (&["1.2.3", "yesterday"], None, "is not a date"),
        (&["1.2.3"], Some("# Changelog\n"), "expected one line '## Unreleased'"),
        (&["1.2.3"], Some(&nothing_new), "nothing is listed"),
        (&["1.2.3"], Some("## Unreleased\n\n- New.\n\n## 1.2.3 - 2026-01-01\n"), "has a part for 1.2.3 already"),
    ];
    for (arguments, changelog, reason) in cases {
        let folder = copy();
        if let Some(changelog) = changelog {
            fs::write(folder.path().join("CHANGELOG.md"), changelog).unwrap();
        }
        let before = FILES.map(|file| read(folder.path(), file));
        let output = script(folder.path(), "cut", arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(reason), "{said}");
        assert_eq!(FILES.map(|file| read(folder.path(), file)), before, "{said}");
    }
}

/// The number of lines that differ between texts of equally many lines.
fn differing(one: &str, other: &str) -> usize {
    assert_eq!(one.lines().count(), other.lines().count());
    one.lines().zip(other.lines()).filter(|(one, other)| one != other).count()
}
