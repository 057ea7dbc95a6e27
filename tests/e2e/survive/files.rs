//! Files are their owner's alone whatever the umask, and links lead nowhere.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::{Person, Signed, Size, TestEnv, talk};

/// Every file and folder below `folder`.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

#[test]
fn nobody_else_may_read_what_is_written_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let env = TestEnv::with_secret().within(&format!("umask {umask}"), false);
        let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
        assert_eq!(talk(address, Signed::new(vec![b' '; 100_000]).to("/kept").wire()).status, 200);
        // Where there is no clipboard, what is copied becomes a file.
        person.sees("/kept").types("y").sees("the request head").types("b").settles();
        let copied = person.screen().contains("no clipboard here");
        let written = [below(&env.home().join("data/whyhook")), below(&env.root().join("tmp"))].concat();
        assert!(written.len() >= 5 + usize::from(copied), "{written:?}");
        for path in written {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "umask {umask}: {} has mode {mode:o}", path.display());
        }
        let folder = fs::metadata(env.home().join("data/whyhook")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
        person.types("q").ends();
    }
}

#[test]
fn links_are_not_followed_into_overwriting() {
    let precious = b"precious".as_slice();
    // Where a link lies in the place of a file that would be written.
    for (name, leads_to_something) in [
        ("s.db", false),
        ("s.db-lock", true),
        ("s.db-lock", false),
        ("s.db-log/00000001.log", true),
        ("s.db-log/00000001.log", false),
    ] {
        let env = TestEnv::with_secret();
        let target = env.root().join("elsewhere");
        if leads_to_something {
            fs::write(&target, precious).unwrap();
        }
        fs::create_dir(env.work().join("s.db-log")).unwrap();
        symlink(&target, env.work().join(name)).unwrap();
        if name.ends_with(".log") && leads_to_something {
            // What is there is left as it is, and the log goes on in a file of its own.
            let listening = env.listen(&["--store", "s.db"]);
            assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
            listening.stop();
            assert_eq!(env.run(&["show", "1", "--store", "s.db", "--format", "body"]).yes().stdout, b"{}");
        } else {
            let line = env.run(&["--headless", "--bind", "127.0.0.1:0", "--store", "s.db"]).complains();
            assert!(line.contains("s.db") && line.contains("cannot "), "{line}");
        }
        assert_eq!(fs::read(&target).ok().as_deref(), leads_to_something.then_some(precious), "{name}");
    }
}
