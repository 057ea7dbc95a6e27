//! The workflows: what they call exists, and code of others is named by its commit.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use regex::Regex;

use super::{root, text, toml};

/// The workflows with their names.
fn workflows() -> Vec<(String, String)> {
    let mut files: Vec<_> =
        fs::read_dir(root().join(".github/workflows")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_action_is_named_by_its_commit() {
    let uses = Regex::new(r#"(?m)^\s*(?:- )?uses:\s*"?([^\s"]+)"#).unwrap();
    let pinned = Regex::new(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$").unwrap();
    let mut count = 0;
    for (file, workflow) in workflows() {
        for found in uses.captures_iter(&workflow) {
            count += 1;
            // `$/` is the repository at the commit that runs: https://github.blog/changelog/2026-07-30-reference-same-repository-actions-with-self-repository-syntax/
            match found[1].strip_prefix("$/") {
                Some(ours) => assert!(root().join(ours).is_file(), "{file}: {ours} is not there"),
                None => assert!(pinned.is_match(&found[1]), "{file}: {} is not pinned", &found[1]),
            }
        }
    }
    assert!(count > 20, "only {count} actions found");
}

#[test]
fn every_script_that_a_workflow_runs_is_there() {
    let scripts = Regex::new(r"(?:packaging|\.ci|fuzz)/[a-z-]+").unwrap();
    let mut count = 0;
    for (file, workflow) in workflows() {
        // The folder of the recipes is not a script.
        for found in scripts.find_iter(&workflow).filter(|found| found.as_str() != "packaging/recipes") {
            count += 1;
            let mode = fs::metadata(root().join(found.as_str())).map(|metadata| metadata.permissions().mode());
            assert!(mode.is_ok_and(|mode| mode & 0o111 != 0), "{file}: {} is not a program", found.as_str());
        }
    }
    assert!(count > 5, "only {count} scripts found");
}

/// dist writes release.yml; `dist generate --check` of `packaging/try` compares it, where dist is installed.
#[test]
fn the_release_is_built_with_the_dist_that_wrote_its_workflow() {
    let config = toml("dist-workspace.toml");
    let version = config["dist"]["cargo-dist-version"].as_str().unwrap();
    assert!(text(".github/workflows/release.yml").contains(&format!("/v{version}/")), "release.yml is of another dist");
    assert!(text("packaging/tools").contains(&format!("[cargo-dist]={version}")), "packaging/tools has another dist");
    for key in ["plan-jobs", "local-artifacts-jobs", "global-artifacts-jobs", "publish-jobs"] {
        for job in super::strings(&config["dist"][key]) {
            let Some(job) = job.strip_prefix("./") else { continue };
            assert!(text(&format!(".github/workflows/{job}.yml")).contains("workflow_call:"), "{job} cannot be called");
        }
    }
}
