//! The crate has every file that it is built and tested from; packages, what belongs to them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use super::{root, strings, targets, text, toml};
use crate::support::source::rust_files;
use crate::support::tools::tool;

/// The files that `cargo package` packs, by their paths.
fn packed() -> BTreeSet<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["package", "--list", "--allow-dirty", "--locked", "--offline"]).current_dir(root());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
}

#[test]
fn the_crate_holds_whatever_its_sources_include() {
    let packed = packed();
    let mut count = 0;
    for file in rust_files(&root().join("src")) {
        let source = std::fs::read_to_string(&file).unwrap();
        let file = file.strip_prefix(root()).unwrap();
        for opening in ["include_str!(", "include_bytes!(", "#[path = "] {
            for included in literals_after(&source, opening) {
                let path = normal(&file.parent().unwrap().join(included));
                assert!(packed.contains(&path), "{} needs {}, which is not packed", file.display(), path.display());
                count += 1;
            }
        }
        for read in literals_after(&source, "CARGO_MANIFEST_DIR\")).join(") {
            let is_packed = packed.iter().any(|path| path.starts_with(read));
            assert!(is_packed, "{} reads {read}, which is not packed", file.display());
            count += 1;
        }
    }
    assert!(count > 30, "only {count} files found in the sources");
}

/// The string literals that follow `opening` in a source.
fn literals_after<'s>(source: &'s str, opening: &'s str) -> impl Iterator<Item = &'s str> {
    source.match_indices(opening).filter_map(move |(at, _)| {
        let literal = source[at + opening.len()..].trim_start().strip_prefix('"')?;
        literal.split('"').next()
    })
}

#[test]
fn the_crate_holds_what_is_read_and_none_of_what_needs_the_repository() {
    let packed = packed();
    for file in ["README.md", "LICENSE", "CHANGELOG.md", "Cargo.lock", "docs/images/tour.svg", "src/main.rs"] {
        assert!(packed.contains(Path::new(file)), "{file} is not packed");
    }
    for folder in [".ci", ".github", "benches", "fuzz", "packaging", "tests/e2e", "wix"] {
        assert!(!packed.iter().any(|file| file.starts_with(folder)), "{folder} is packed");
    }
}

/// `packaging/components`, for this system, of which cargo has unpacked every crate to build these tests.
#[test]
fn what_is_compiled_in_has_its_licence_and_is_a_component() {
    let Some(python) = tool("python3") else { return };
    let (folder, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&folder, &again] {
        let mut command = Command::new(&python);
        command.arg(root().join("packaging/components")).arg(folder.path());
        command.args(["--offline", "--target", &host()]).env("SOURCE_DATE_EPOCH", "1796000000");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let read = |folder: &tempfile::TempDir, name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    for name in ["THIRD-PARTY.txt", "whyhook.cdx.json"] {
        assert!(read(&folder, name) == read(&again, name), "{name} differs from one run to the next");
    }

    let notices = read(&folder, "THIRD-PARTY.txt");
    let bom: serde_json::Value = serde_json::from_str(&read(&folder, "whyhook.cdx.json")).unwrap();
    assert_eq!(bom["bomFormat"], "CycloneDX");
    assert_eq!(bom["specVersion"], "1.5");
    assert_eq!(bom["metadata"]["timestamp"], "2026-11-30T00:53:20Z");
    assert_eq!(bom["metadata"]["component"]["purl"], format!("pkg:cargo/whyhook@{}", super::version()));
    let components = bom["components"].as_array().unwrap();
    let scope = |name: &str| {
        let found = components.iter().find(|component| component["name"] == name);
        found.map(|component| component["scope"].as_str().unwrap().to_owned())
    };
    // What is linked, what only runs during the build, and what only the tests use.
    assert_eq!(scope("hyper").as_deref(), Some("required"));
    assert_eq!(scope("libsqlite3-sys").as_deref(), Some("required"));
    assert_eq!(scope("cc").as_deref(), Some("excluded"));
    assert_eq!(scope("serde_derive").as_deref(), Some("excluded"));
    assert_eq!(scope("proptest"), None);

    // Whatever is linked is named above a licence, and whatever a component depends on is one itself.
    let mut known: BTreeSet<&str> = components.iter().map(|component| component["purl"].as_str().unwrap()).collect();
    assert!(known.len() > 200, "only {} components", known.len());
    known.insert(bom["metadata"]["component"]["purl"].as_str().unwrap());
    for component in components.iter().filter(|component| component["scope"] == "required") {
        let line = format!("\n{} {} (", component["name"].as_str().unwrap(), component["version"].as_str().unwrap());
        assert!(notices.contains(&line), "no licence for {line:?}");
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        assert_eq!(component["hashes"][0]["content"].as_str().map(str::len), Some(64), "{component}");
    }
    for edge in bom["dependencies"].as_array().unwrap() {
        for end in edge["dependsOn"].as_array().unwrap() {
            assert!(known.contains(end.as_str().unwrap()), "{end} is not a component");
        }
    }
    for words in ["Apache License", "Permission is hereby granted", "Redistribution and use", "SQLite"] {
        assert!(notices.contains(words), "{words} is not in the licences");
    }
}

/// The target that these tests were built for.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// `packaging/assets` makes these by `packaging/components`; archives and the Debian package name them.
#[test]
fn archives_and_the_debian_package_hold_the_notices_and_the_components() {
    let included = strings(&toml("dist-workspace.toml")["dist"]["include"]);
    let script = text("packaging/components");
    let manifest = toml("Cargo.toml");
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    let sources: BTreeSet<&str> = assets.iter().map(|asset| asset[0].as_str().unwrap()).collect();
    for name in ["THIRD-PARTY.txt", "whyhook.cdx.json"] {
        let path = format!("target/assets/{name}");
        assert!(included.contains(&path), "{path} is not in the archives");
        assert!(sources.contains(&*path), "{path} is not in the Debian package");
        assert!(script.contains(name), "packaging/components does not make {name}");
    }
}

/// `cargo binstall` asks for archives by the name that dist gives them, and unpacks them as dist packs them.
#[test]
fn binstall_finds_the_archives_of_a_release() {
    let manifest = toml("Cargo.toml");
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let windows = &binstall["overrides"]["x86_64-pc-windows-msvc"];
    let place = "{ repo }/releases/download/v{ version }/{ name }-{ target }";
    let dist = toml("dist-workspace.toml");
    let ending = dist["dist"]["unix-archive"].as_str().unwrap();
    assert_eq!(binstall["pkg-url"].as_str().unwrap(), format!("{place}{ending}"));
    assert_eq!(windows["pkg-url"].as_str().unwrap(), format!("{place}.zip"));
    assert!(targets().contains("x86_64-pc-windows-msvc"));
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => assert!(normal.pop(), "{} leaves the repository", path.display()),
            component => normal.push(component),
        }
    }
    normal
}
