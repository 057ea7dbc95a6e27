//! Outputs that take nothing: what is printed is never what is done.

use std::fs::File;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::control::{get, socket};
use crate::support::tools::signal;
use crate::support::{KillOnDrop, Signed, TestEnv, Unit, talk, until};

/// Runs it with an output that nobody reads; `Stdio` says which one.
fn code(command: &mut Command) -> Option<i32> {
    let mut child = KillOnDrop(command.spawn().unwrap());
    until(|| child.0.try_wait().unwrap()).expect("it ends").code()
}

/// A pipe whose reader has gone.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// An environment with a verified delivery and one that is not.
fn filled() -> TestEnv {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{\"a\":1}").wire());
    talk(listening.address(), Signed::new("{\"a\":2}").by("wrong", Unit::Seconds).wire());
    listening.stop();
    env
}

#[test]
fn an_stderr_that_takes_nothing_changes_no_result() {
    let env = filled();
    env.write("bad.toml", "nope = 1");
    let cases: [(&[&str], i32); 6] = [
        (&["list", "foo:bar"], 2),
        (&["nonsense"], 2),
        (&["show", "99"], 1),
        (&["export", "1", "--as", "curl"], 0),
        (&["verify", "2"], 1),
        (&["list", "--config", "bad.toml"], 0),
    ];
    for (arguments, wanted) in cases {
        for stderr in [full(), unread()] {
            let found = code(env.command(arguments).stdout(Stdio::null()).stderr(stderr));
            assert_eq!(found, Some(wanted), "{arguments:?}");
        }
    }
}

#[test]
fn a_stdout_that_nobody_reads_changes_no_result() {
    let env = filled();
    env.write("whyhook.toml", "nope = 1");
    let cases: [(&[&str], i32); 9] = [
        (&["verify", "1", "--config", "/dev/null"], 0),
        (&["verify", "2", "--config", "/dev/null"], 1),
        (&["verify", "2", "--config", "/dev/null", "--format", "json"], 1),
        (&["diff", "1", "2", "--config", "/dev/null"], 1),
        (&["diff", "1", "2", "--config", "/dev/null", "--format", "json"], 1),
        (&["config", "check"], 1),
        (&["list"], 0),
        (&["replay", "1", "--to", "http://127.0.0.1:1", "--config", "/dev/null"], 1),
        (&["--help"], 0),
    ];
    for (arguments, wanted) in cases {
        let found = code(env.command(arguments).stdout(unread()).stderr(Stdio::null()));
        assert_eq!(found, Some(wanted), "{arguments:?}");
    }
    // What could not be written is an error, in the help as anywhere.
    for arguments in [&["--help"][..], &["list"], &["verify", "1", "--config", "/dev/null"]] {
        assert_eq!(code(env.command(arguments).stdout(full()).stderr(Stdio::null())), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_listener_goes_on_when_nobody_reads_its_lines() {
    let env = TestEnv::with_secret();
    let listening = env.listen_unread(&[]);
    for _ in 0..3 {
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    }
    let words = "nobody reads stdout any more: deliveries are still received and kept";
    listening.says(words);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    // Once the next lines were tried as well.
    assert!(until(|| (get(&env, "/status").json()["newest"] == 4).then_some(())).is_some());
    assert_eq!(listening.stderr().matches(words).count(), 1, "{}", listening.stderr());
    assert_eq!(listening.stop().code(), Some(0));
}

#[test]
fn a_listener_goes_on_when_nobody_reads_its_stderr() {
    let env = TestEnv::with_secret();
    for stderr in [full(), unread()] {
        let arguments = ["listen", "--headless", "--bind", "127.0.0.1:0", "--respond", "hold 50ms else 503"];
        let mut command = env.command(&arguments);
        let mut child = KillOnDrop(command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap());
        assert!(until(|| socket(&env).exists().then_some(())).is_some());
        let listening = get(&env, "/status").json()["listening"].as_str().unwrap().to_owned();
        let address = listening.strip_prefix("http://").unwrap().parse().unwrap();
        for _ in 0..2 {
            // Each is said to be held.
            assert_eq!(talk(address, Signed::new("{}").wire()).status, 503);
        }
        assert!(child.0.try_wait().unwrap().is_none());
        env.run(&["stop"]).yes();
        assert_eq!(until(|| child.0.try_wait().unwrap()).unwrap().code(), Some(0));
    }
}

#[test]
fn an_import_that_is_cancelled_leaves_nothing() {
    let env = filled();
    let exported = env.run(&["export", "1", "--as", "json"]).yes().stdout();
    env.write("many.jsonl", exported.repeat(5000));
    for ending in [Signal::INT, Signal::TERM] {
        let store = format!("{ending:?}.db");
        let mut command = env.command(&["import", "many.jsonl", "--store", &store]);
        let mut child = KillOnDrop(command.stdout(Stdio::null()).spawn().unwrap());
        let log = env.work().join(format!("{store}-log"));
        let has_begun = || log.join("00000001.log").metadata().is_ok_and(|file| file.len() > 100_000).then_some(());
        assert!(until(has_begun).is_some());
        signal(child.0.id(), ending);
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut child.0.stderr.take().unwrap(), &mut stderr).unwrap();
        assert_eq!(until(|| child.0.try_wait().unwrap()).unwrap().code(), Some(2), "{stderr}");
        assert!(stderr.contains("cancelled; nothing was imported"), "{stderr}");
        env.run(&["list", "--store", &store]).no();
    }
}

#[test]
fn a_log_that_was_not_copied_is_said_wherever_the_store_is_looked_at() {
    let env = filled();
    for suffix in ["", "-wal"] {
        let from = env.store().with_file_name(format!("whyhook.db{suffix}"));
        if from.exists() {
            std::fs::copy(from, env.work().join(format!("copy.db{suffix}"))).unwrap();
        }
    }
    let words = "copy.db-log is missing: the requests of 2 deliveries (1 to 2) are lost";
    let listed = env.run(&["list", "--store", "copy.db"]).yes();
    assert!(listed.stderr().contains(words) && listed.stderr().lines().count() == 1, "{}", listed.stderr());
    let found = env.run(&["doctor", "--store", "copy.db"]).no();
    assert!(found.stdout().contains("is missing: the requests of 2 deliveries"), "{}", found.stdout());
    let listening = env.listen(&["--store", "copy.db"]);
    listening.says("the requests of 2 deliveries (1 to 2) are lost");
    listening.stop();
    let line = env.run(&["show", "2", "--store", "copy.db"]).complains();
    assert!(line.contains("delivery 2: its record is lost"), "{line}");
}
