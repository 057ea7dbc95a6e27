//! One store under several names: links, hard links and mounts. It has one writer, whatever it is called.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::tools::may_mount;
use crate::support::{Signed, TestEnv, talk};

/// The env's store with one delivery, closed.
fn filled(env: &TestEnv) -> PathBuf {
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{\"n\":1}").wire()).status, 200);
    listening.stop();
    env.store()
}

fn listen_in(store: &Path) -> [&str; 5] {
    ["--headless", "--bind", "127.0.0.1:0", "--store", store.to_str().unwrap()]
}

#[test]
fn a_symbolic_link_is_another_name_of_the_same_store() {
    let env = TestEnv::with_secret();
    let store = filled(&env);
    // To the file, to a link to it, and to its folder.
    let names = [env.work().join("linked.db"), env.work().join("twice.db"), env.work().join("folder/whyhook.db")];
    symlink(&store, &names[0]).unwrap();
    symlink("linked.db", &names[1]).unwrap();
    symlink(store.parent().unwrap(), env.work().join("folder")).unwrap();

    let listening = env.listen(&[]);
    let exported = env.run(&["export", "1", "--as", "json"]).yes().stdout;
    for name in &names {
        let text = name.to_str().unwrap();
        let line = env.run(&listen_in(name)).complains();
        assert!(line.contains(&format!("in use by another whyhook (process {})", listening.process())), "{line}");
        // The listener is found by any name of its store.
        env.run_with(&["import", "-", "--store", text], &exported).yes();
        assert_eq!(env.run(&["list", "--store", text]).yes().stdout().lines().count(), 2);
        assert!(env.run(&["prune", "latest", "--yes", "--store", text]).yes().stdout().contains("deleted 1 "));
        // Readers find the log of the file.
        assert_eq!(env.run(&["show", "1", "--store", text, "--format", "body"]).yes().stdout, b"{\"n\":1}");
    }
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();

    // What is kept by way of a link is in the one store, behind the five of before, of which two are left.
    for (number, name) in (6..).zip(&names) {
        let listening = env.listen(&["--store", name.to_str().unwrap()]);
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
        let line = env.run(&listen_in(&store)).complains();
        assert!(line.contains("in use by another whyhook"), "{line}");
        listening.stop();
        assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), number - 3);
        assert_eq!(env.bytes(i64::try_from(number).unwrap(), "body"), b"{}");
    }
    assert!(!env.work().join("linked.db-log").exists() && !env.work().join("linked.db-lock").exists());
}

#[test]
fn a_hard_link_is_refused_by_either_name() {
    let env = TestEnv::with_secret();
    let store = filled(&env);
    let other = env.work().join("other.db");
    let listening = env.listen(&[]);
    fs::hard_link(&store, &other).unwrap();
    for line in [
        env.run(&listen_in(&other)).complains(),
        env.run(&["prune", "1", "--yes", "--store", other.to_str().unwrap()]).complains(),
        // Not "missing or damaged": its log is found by the other name.
        env.run(&["list", "--store", other.to_str().unwrap()]).complains(),
        env.run(&["show", "1", "--store", other.to_str().unwrap()]).complains(),
    ] {
        assert!(line.contains("other.db has 2 names (hard links)") && line.contains("nothing was changed"), "{line}");
    }
    // Who had it before goes on, and is read.
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 2);
    let line = env.run(&listen_in(&store)).complains();
    assert!(line.contains("whyhook.db has 2 names"), "{line}");
    fs::remove_file(&other).unwrap();
    env.listen(&[]).stop();
}

#[test]
fn links_that_lead_nowhere_are_one_clear_line() {
    let env = TestEnv::with_secret();
    let link = |name: &str, target: &Path| {
        let path = env.work().join(name);
        symlink(target, &path).unwrap();
        path
    };
    fs::write(env.work().join("file"), "x").unwrap();
    let dangling = link("dangling.db", Path::new("nothing.db"));
    let names = [dangling, link("loop.db", Path::new("loop.db")), link("through.db", Path::new("file/below.db"))];
    for name in &names {
        let text = name.to_str().unwrap();
        for line in [
            env.run(&listen_in(name)).complains(),
            env.run(&["list", "--store", text]).complains(),
            env.run(&["prune", "1", "--yes", "--store", text]).complains(),
        ] {
            assert!(line.contains("cannot follow the symbolic link") && line.contains(text), "{line}");
        }
    }
    assert!(!env.work().join("nothing.db").exists(), "nothing is made where a link leads");
    let folder = link("folder.db", Path::new("."));
    assert!(env.run(&listen_in(&folder)).complains().contains("is a folder"));
    if rustix::process::geteuid().is_root() {
        return; // Root may go anywhere.
    }
    use std::os::unix::fs::PermissionsExt as _;
    let closed = env.work().join("closed");
    fs::create_dir(&closed).unwrap();
    let inside = link("inside.db", Path::new("closed/store.db"));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let line = env.run(&listen_in(&inside)).complains();
    assert!(line.contains("cannot follow the symbolic link") && line.contains("ermission denied"), "{line}");
}

#[test]
fn two_indexes_of_one_log_have_one_writer() {
    let env = TestEnv::with_secret();
    filled(&env);
    let second = env.work().join("second.db");
    symlink(env.store().with_file_name("whyhook.db-log"), env.work().join("second.db-log")).unwrap();
    let listening = env.listen(&[]);
    let line = env.run(&listen_in(&second)).complains();
    assert!(line.contains("in use by another whyhook, under another name of it or of its log"), "{line}");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_mounted_elsewhere_has_one_writer() {
    if !may_mount() {
        return;
    }
    let env = TestEnv::with_secret();
    filled(&env);
    let mount = "mkdir \"$0/aside\" && touch \"$0/aside/alias.db\" && \
        mount --bind \"$0/whyhook/whyhook.db\" \"$0/aside/alias.db\"";
    let env = env.within(mount, true);
    let listening = env.listen(&[]);
    let alias = env.home().join("data/aside/alias.db");
    let line = TestEnv::with_secret().beside(listening.process()).run(&listen_in(&alias)).complains();
    assert!(line.contains("in use by another whyhook, under another name"), "{line}");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();
}
