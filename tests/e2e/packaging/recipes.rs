//! `packaging/fill-recipes`: recipes of other package managers, filled for a made-up release.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use regex::Regex;
use sha2::{Digest as _, Sha256};

use super::{root, script, targets, text, version};

/// The checksum of the made-up archive for a target.
fn checksum(target: &str) -> String {
    hex::encode(Sha256::digest(target))
}

/// The name of a release's archive for a target.
fn archive(target: &str) -> String {
    let ending = if target.contains("windows") { "zip" } else { "tar.gz" };
    format!("whyhook-{target}.{ending}")
}

/// The checksums of a made-up release, as `sha256sum` prints them, beside files that no recipe asks for.
fn checksums() -> String {
    let lines = targets().into_iter().map(|target| format!("{} *{}\n", checksum(&target), archive(&target)));
    let installer = format!("{} *whyhook-installer.sh\n", checksum("installer"));
    lines.chain([installer]).collect()
}

/// Fills the recipes into `folder`/recipes from these checksums.
fn fill(folder: &Path, checksums: &str) -> Output {
    fill_for(folder, version(), checksums)
}

fn fill_for(folder: &Path, version: &str, checksums: &str) -> Output {
    let file = folder.join("sha256.sum");
    fs::write(&file, checksums).unwrap();
    script(folder, "fill-recipes", &[version, file.to_str().unwrap(), folder.join("recipes").to_str().unwrap()])
}

fn filled(folder: &Path) {
    let output = fill(folder, &checksums());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_recipes_of_a_release_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let read = |path: &str| fs::read_to_string(folder.path().join("recipes").join(path)).unwrap();
    let files = ["homebrew/whyhook.rb", "aur/PKGBUILD", "aur/.SRCINFO", "nix/package.nix", "scoop/whyhook.json"];
    let mut used = BTreeSet::new();
    for file in files {
        let recipe = read(file);
        assert!(!recipe.contains("@version") && !recipe.contains("@url") && !recipe.contains("@sha256"), "{recipe}");
        assert!(recipe.contains(version()), "{file} names no version");
        for target in targets() {
            let has = recipe.contains(&archive(&target));
            assert_eq!(has, recipe.contains(&checksum(&target)), "{file}: {target} with its checksum");
            if has {
                used.insert(target);
            }
        }
    }
    assert_eq!(used, targets(), "every archive is in a recipe");

    let scoop: serde_json::Value = serde_json::from_str(&read("scoop/whyhook.json")).unwrap();
    assert_eq!(scoop["architecture"]["64bit"]["hash"], checksum("x86_64-pc-windows-msvc"));
    assert_eq!(scoop["bin"], "whyhook.exe");
    if let Some(ruby) = tool_if_there("ruby") {
        passes(Command::new(ruby).arg("-c").arg(folder.path().join("recipes/homebrew/whyhook.rb")));
    }
    if let Some(nix) = tool_if_there("nix-instantiate") {
        passes(Command::new(nix).arg("--parse").arg(folder.path().join("recipes/nix/package.nix")));
    }
}

/// bash reads the recipe, and its function installs a made-up archive where Arch has such files.
#[test]
fn arch_s_recipe_installs_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let unpacked = folder.path().join("src/whyhook-x86_64-unknown-linux-gnu");
    for folder in ["completions", "man"] {
        fs::create_dir_all(unpacked.join(folder)).unwrap();
    }
    for file in in_archive() {
        fs::write(unpacked.join(&file), file).unwrap();
    }
    let recipe = folder.path().join("recipes/aur/PKGBUILD");
    let run = "set -eu; source \"$1\"; srcdir=$PWD/src pkgdir=$PWD/pkg CARCH=x86_64; \
               printf '%s\\n' \"$pkgname $pkgver ${source_x86_64[0]} ${sha256sums_x86_64[0]}\"; cd \"$srcdir\"; package";
    let mut command = Command::new("bash");
    let output = command.args(["-c", run, "bash"]).arg(&recipe).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let (target, version) = ("x86_64-unknown-linux-gnu", version());
    assert!(said.starts_with(&format!("whyhook-bin {version} whyhook-{version}-x86_64.tar.gz::https://")), "{said}");
    assert!(said.trim_end().ends_with(&format!("/v{version}/{} {}", archive(target), checksum(target))), "{said}");
    let installed = folder.path().join("pkg/usr");
    for path in [
        "bin/whyhook",
        "share/man/man1/whyhook.1",
        "share/bash-completion/completions/whyhook",
        "share/zsh/site-functions/_whyhook",
        "share/fish/vendor_completions.d/whyhook.fish",
        "share/licenses/whyhook-bin/LICENSE",
        "share/licenses/whyhook-bin/THIRD-PARTY.txt",
    ] {
        assert!(installed.join(path).is_file(), "{path} is not installed");
    }

    // What the repository of Arch shows is made from the same values.
    let information = fs::read_to_string(folder.path().join("recipes/aur/.SRCINFO")).unwrap();
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        assert!(information.contains(&checksum(target)), "{target} is not in .SRCINFO");
    }
}

/// Arch allows no hyphen in a version, and takes `0.2.0rc.1` for older than `0.2.0`.
#[test]
fn a_version_before_a_release_is_written_as_arch_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    assert!(fill_for(folder.path(), "0.2.0-rc.1", &checksums()).status.success());
    let read = |path: &str| fs::read_to_string(folder.path().join("recipes").join(path)).unwrap();
    let (recipe, information) = (read("aur/PKGBUILD"), read("aur/.SRCINFO"));
    assert!(recipe.contains("pkgver='0.2.0rc.1'") && information.contains("pkgver = 0.2.0rc.1\n"), "{recipe}");
    assert!(recipe.contains("/v0.2.0-rc.1/") && information.contains("/v0.2.0-rc.1/"), "{information}");
    assert!(information.contains("whyhook-0.2.0rc.1-x86_64.tar.gz::"), "{information}");
    assert!(read("scoop/whyhook.json").contains("\"0.2.0-rc.1\""));
}

/// What a recipe installs is in the archive.
#[test]
fn recipes_name_only_what_archives_hold() {
    let held: BTreeSet<String> = in_archive().into_iter().collect();
    let (formula, package) = (text("packaging/recipes/homebrew/whyhook.rb"), text("packaging/recipes/nix/package.nix"));
    let quoted = Regex::new(r#"install ("[^"]+"(?:, "[^"]+")*)"#).unwrap();
    let mut named: Vec<String> = quoted
        .captures_iter(&formula)
        .flat_map(|found| found[1].split(", ").map(|name| name.trim_matches('"').to_owned()).collect::<Vec<_>>())
        .collect();
    assert!(named.len() > 6, "{named:?}");
    let documents = Regex::new(r"install -Dm644 (.+) -t").unwrap();
    named.extend(documents.captures(&package).unwrap()[1].split(' ').map(str::to_owned));
    for name in named {
        assert!(held.contains(&name), "{name} is not in an archive");
    }
}

#[test]
fn what_is_not_whole_fills_no_recipe() {
    let sums = checksums();
    let short = sums.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    let cases = [
        (short, "nothing is known for @"),
        (sums.replacen(&sums[..4], "zzzz", 1), "is not a SHA-256"),
        (sums.clone() + &sums, "is there twice"),
        (String::new(), "nothing is known for @"),
    ];
    for (checksums, reason) in cases {
        let folder = tempfile::tempdir().unwrap();
        let output = fill(folder.path(), &checksums);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(reason), "{said}");
        assert!(!folder.path().join("recipes").exists(), "something was written");
    }
    let folder = tempfile::tempdir().unwrap();
    let output = script(folder.path(), "fill-recipes", &["1; rm", "/dev/null"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not a version"));
}

/// The files of an archive, by dist-workspace.toml and what dist includes by itself.
fn in_archive() -> Vec<String> {
    let files =
        ["README.md", "CHANGELOG.md", "LICENSE", "THIRD-PARTY.txt", "whyhook.cdx.json", "whyhook", "man/whyhook.1"];
    let shells = ["bash", "elvish", "fish", "powershell", "zsh"].map(|shell| format!("completions/whyhook.{shell}"));
    files.into_iter().map(str::to_owned).chain(shells).collect()
}

/// A tool that makes a test stricter where it is installed, and that nobody has to install for it.
fn tool_if_there(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn passes(command: &mut Command) {
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
