//! An installed program: where it is, and what it prints when it is run once, within bounds.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use super::found::shown;

/// The most that is read of what it prints, in bytes.
const OUTPUT: u64 = 256 * 1024;
/// The most of its last words that are repeated, in bytes.
const COMPLAINT: usize = 4096;
/// How long it may run.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Where `name` is in the folders of `path`, the value of `PATH`.
///
/// Only absolute folders count: what lies in the current folder is somebody else's as long as nobody has said otherwise.
pub(super) fn find_program(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let folders = std::env::split_paths(path?).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(&file)).find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// What `program` prints on its standard output. It is never run through a shell, gets no input, and is ended after
/// [`PATIENCE`].
///
/// # Errors
///
/// Why there is nothing, in words that are safe to show and follow the program's name.
pub(super) async fn run_once(
    program: &Path,
    arguments: &[&str],
    prepare: impl FnOnce(&mut std::process::Command),
) -> Result<Vec<u8>, String> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    prepare(command.as_std_mut());
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut printed, mut complaint) = (Vec::new(), Vec::new());
    let read = async {
        let output = async {
            if let Some(stdout) = stdout {
                let _ = stdout.take(OUTPUT).read_to_end(&mut printed).await;
            }
        };
        let errors = async {
            if let Some(stderr) = stderr {
                let _ = stderr.take(COMPLAINT as u64).read_to_end(&mut complaint).await;
            }
        };
        tokio::join!(output, errors);
        child.wait().await
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Err(_) => Err(format!("did not end within {PATIENCE:?}")),
        Ok(Err(error)) => Err(format!("cannot be waited for: {error}")),
        Ok(Ok(status)) if status.success() => Ok(printed),
        Ok(Ok(status)) => {
            let words = String::from_utf8_lossy(&complaint);
            let last = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            Err(if last.is_empty() {
                format!("failed ({status})")
            } else {
                format!("failed ({status}): {}", shown(last.trim()))
            })
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
        let file = folder.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    #[test]
    fn only_absolute_folders_of_the_path_count() {
        let folder = tempfile::tempdir().unwrap();
        let there = script(folder.path(), "tunneller", "");
        std::fs::write(folder.path().join("text"), "").unwrap();
        let path = std::env::join_paths([Path::new("."), Path::new(""), folder.path()]).unwrap();
        assert_eq!(find_program("tunneller", Some(&path)), Some(there));
        assert_eq!(find_program("text", Some(&path)), None);
        assert_eq!(find_program("Cargo.toml", Some(OsStr::new(".:"))), None);
        assert_eq!(find_program("tunneller", None), None);
    }

    #[tokio::test]
    async fn what_it_prints_is_read_and_why_it_failed_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let run = |text: &str| {
            let program = script(folder.path(), "tunneller", text);
            async move { run_once(&program, &["status", "--json"], |_| ()).await }
        };
        assert_eq!(run("echo \"$1 $2\"; cat").await, Ok(b"status --json\n".to_vec()));
        let failed = run("printf 'first\\nnot logged in \\033[31m\\n' >&2; exit 3").await.unwrap_err();
        assert_eq!(failed, "failed (exit status: 3): not logged in ␛[31m");
        let absent = run_once(Path::new("/nowhere/at/all"), &[], |_| ()).await.unwrap_err();
        assert!(absent.starts_with("cannot be run"), "{absent}");
    }

    #[tokio::test]
    async fn endless_output_ends_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "tunneller", "exec yes");
        // It ends by a closed pipe, or by its time.
        assert!(run_once(&program, &[], |_| ()).await.is_err());
    }
}
