//! What lies in the place of a file, and is none: every way of naming a file answers at once, in one line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Ran, SECRET, Signed, TestEnv, finish, signature, talk};

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// A pipe that nobody writes to, a link to it, a device without an end, a folder, a socket, a link to nothing
/// and a link to itself. Each with what is said of it.
fn impostors(env: &TestEnv) -> Vec<(PathBuf, &'static str)> {
    let work = env.work();
    let place = |name: &str| work.join(name);
    fifo(&place("pipe"));
    std::os::unix::fs::symlink("pipe", place("link")).unwrap();
    fs::create_dir(place("folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", place("loose")).unwrap();
    std::os::unix::fs::symlink("circle", place("circle")).unwrap();
    vec![
        (place("pipe"), "it is a pipe, not a regular file"),
        (place("link"), "it is a pipe, not a regular file"),
        ("/dev/zero".into(), "it is a device, not a regular file"),
        (place("folder"), "director|folder"),
        (place("loose"), "No such file"),
        (place("circle"), "symbolic links"),
    ]
}

#[track_caller]
fn is_refused(ran: Ran, what: &str, words: &str) {
    let line = ran.complains();
    assert!(words.split('|').any(|words| line.contains(words)), "{what}: '{words}' is not in {line}");
}

#[test]
fn every_option_that_names_a_file_refuses_what_is_none() {
    let env = TestEnv::with_secret();
    for (path, words) in impostors(&env) {
        let path = path.to_str().unwrap();
        let to = ["--to", "https://127.0.0.1:9"];
        for command in [
            &["verify", "--body", path][..],
            &["verify", "--request", path],
            &["sign", "--body", path],
            &["sign", "--body", "-", "--secret-file", path],
            &["simulate", "--body", path, "--dry-run", to[0], to[1]],
            &["simulate", "app", "--ca-file", path, to[0], to[1]],
            &["check", "--ca-file", path, to[0], to[1]],
            &["listen", "--headless", "--bind", "127.0.0.1:0", "--ca-file", path],
            &["list", "--config", path],
            &["listen", "--headless", "--bind", "127.0.0.1:0", "--config", path],
            &["trust", "--config", path],
            &["import", path],
            &["import", path, "--from", "json"],
        ] {
            // A folder of files is imported; this one has none.
            if command[0] == "import" && path.ends_with("folder") {
                env.run(command).no();
                continue;
            }
            is_refused(env.run(command), &format!("{command:?}"), words);
        }
        let config = format!("[secrets]\na = {{ file = \"{path}\" }}\n");
        let config = env.write("secret.toml", config).display().to_string();
        is_refused(env.run(&["sign", "--body", "-", "--config", &config]), path, words);
        let config = env.write("ca.toml", format!("ca_file = \"{path}\"\n")).display().to_string();
        let listen = ["listen", "--headless", "--bind", "127.0.0.1:0", "--config", &config];
        is_refused(env.run(&listen), path, words);
    }
}

#[test]
fn found_files_are_refused_or_passed_over_too() {
    for (name, words) in [("pipe", "it is a pipe"), ("/dev/zero", "it is a device"), ("folder", "director")] {
        let env = TestEnv::new();
        impostors(&env);
        std::os::unix::fs::symlink(name, env.work().join("whyhook.toml")).unwrap();
        is_refused(env.run(&["list"]), name, words);
        fs::remove_file(env.work().join("whyhook.toml")).unwrap();
        // Without `.env` there is simply no secret; it is said why.
        std::os::unix::fs::symlink(name, env.work().join(".env")).unwrap();
        let listening = env.listen(&[]);
        let line = listening.says("cannot read");
        assert!(line.contains(".env") && line.contains(words), "{line}");
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 401);
        listening.stop();
    }
}

#[test]
fn a_store_that_is_no_file_is_refused() {
    for place in ["s.db", "s.db-lock", "s.db-wal"] {
        let env = TestEnv::with_secret();
        if place != "s.db" {
            env.listen(&["--store", "s.db"]).stop();
            let _ = fs::remove_file(env.work().join(place));
        }
        fifo(&env.work().join(place));
        env.write("raw", Signed::new("{}").wire());
        for command in [
            &["list", "--store", "s.db"][..],
            &["show", "1", "--store", "s.db"],
            &["prune", "--keep", "1", "--yes", "--store", "s.db"],
            &["wait", "--timeout", "0s", "--store", "s.db"],
            &["import", "raw", "--store", "s.db"],
            &["listen", "--headless", "--bind", "127.0.0.1:0", "--store", "s.db"],
        ] {
            is_refused(env.run(command), &format!("{place} {command:?}"), "it is not a regular file");
        }
    }
    // In the place of a part of the log: its deliveries are lost, and nothing waits for them.
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    listening.stop();
    let segment = env.store().with_file_name("whyhook.db-log/00000001.log");
    fs::remove_file(&segment).unwrap();
    fifo(&segment);
    assert!(env.run(&["show", "1", "--format", "raw"]).exits(2).stderr().contains("1"));
    env.run(&["list"]).yes();
}

#[test]
fn what_is_too_large_is_said_and_not_read() {
    let env = TestEnv::with_secret();
    // Files with nothing but holes in them.
    let sparse = |name: &str, bytes: u64| {
        let path = env.work().join(name);
        fs::File::create(&path).unwrap().set_len(bytes).unwrap();
        path.display().to_string()
    };
    let (body, other) = (sparse("body", 2 << 30), sparse("other", 17 << 20));
    for command in [&["sign", "--body", &body][..], &["verify", "--request", &body]] {
        is_refused(env.run(command), &format!("{command:?}"), "it is larger than 1 GiB");
    }
    let to = "https://127.0.0.1:9";
    is_refused(env.run(&["simulate", "app", "--to", to, "--ca-file", &other]), "ca", "it is larger than 16 MiB");
    is_refused(env.run(&["list", "--config", &other]), "config", "larger than 1 MiB");
    is_refused(env.run(&["sign", "--body", "-", "--secret-file", &other]), "secret", "larger than 64 KiB");
    sparse(".env", 2 << 20);
    let warned = TestEnv::new();
    fs::File::create(warned.work().join(".env")).unwrap().set_len(2 << 20).unwrap();
    warned.listen(&[]).says("it is larger than 1 MiB");
}

#[test]
fn pipes_that_a_shell_has_opened_are_read() {
    let env = TestEnv::new();
    env.write("body", "{}");
    // As <(pass show …) gives it; without a final line end, which is the file's own.
    let with_pipe = |arguments: &[&str], stdin: &[u8]| {
        let mut command = env.command(arguments);
        command.stdin(std::process::Stdio::piped());
        finish(command, stdin)
    };
    let args = ["sign", "--body", "body", "--timestamp", "7", "--format", "json", "--secret-file"];
    let expected = signature(SECRET.as_bytes(), "7", b"{}");
    for path in ["piped=/dev/stdin", "piped=/dev/fd/0", "piped=/proc/self/fd/0"] {
        let ran = with_pipe(&[&args[..], &[path]].concat(), format!("{SECRET}\n").as_bytes()).yes();
        assert_eq!(ran.json()["headers"]["X-Webhook-Signature"], expected.as_str(), "{path}");
    }
    let env = TestEnv::with_secret();
    for path in ["-", "/dev/stdin", "/dev/fd/0"] {
        let ran = env.run_with(&["sign", "--timestamp", "7", "--format", "json", "--body", path], b"{}").yes();
        assert_eq!(ran.json()["headers"]["X-Webhook-Signature"], expected.as_str(), "{path}");
        let store = format!("{}.db", path.len());
        let ran = env.run_with(&["import", path, "--store", &store], &Signed::new("{}").wire()).yes();
        assert!(ran.stdout().contains("imported delivery 1"), "{path}");
    }
    let ran = env.run(&["sign", "--body", "/dev/null", "--format", "json"]).yes();
    assert_eq!(ran.json()["body_bytes"], 0);
    // To do without the configuration of this folder.
    env.write("whyhook.toml", "nonsense");
    env.run(&["sign", "--body", "/dev/null", "--config", "/dev/null"]).yes();
}

#[test]
fn a_secret_that_others_may_read_or_change_is_pointed_out() {
    let env = TestEnv::new();
    let key = env.write("dev.key", SECRET);
    env.write("body", "{}");
    let config = env.write("c.toml", "[secrets]\na = { file = 'dev.key' }\n").display().to_string();
    for (mode, is_said) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o620, true), (0o602, true)]
    {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        for more in [["--secret-file", "dev.key"], ["--config", &config]] {
            let said = env.run(&[&["sign", "--body", "body"][..], &more].concat()).yes().stderr();
            let words = format!("can be read or changed by other users (mode {mode:04o})");
            assert_eq!(said.contains(&words), is_said, "{mode:o}: {said}");
        }
    }
}
