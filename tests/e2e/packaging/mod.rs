//! What packages are made from agrees with itself, and the scripts of packaging/ do what they say. Packages themselves
//! are built and tried by `packaging/try`, which takes minutes.

mod accounts;
mod package;
mod recipes;
mod release;
mod workflows;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository, as text.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn toml(path: &str) -> toml::Table {
    text(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The strings of an array.
fn strings(value: &toml::Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// The targets that a release has archives for.
fn targets() -> BTreeSet<String> {
    strings(&toml("dist-workspace.toml")["dist"]["targets"])
}

/// Runs a script of packaging/ in `folder`.
fn script(folder: &Path, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(root().join("packaging").join(name));
    command.args(arguments).current_dir(folder).env_remove("CARGO_TARGET_DIR").output().unwrap()
}

/// The version in Cargo.toml.
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
