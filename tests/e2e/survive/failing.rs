//! A disk that becomes read-only, or fails, while a listener runs.

use std::fs;
use std::ops::Range;

use super::disk::{holds, send};
use crate::support::tools::failing_disk;
use crate::support::{Person, Signed, Size, TestEnv, talk, until};

/// An environment on a disk that fails when told to; `None` where that cannot be played.
fn env() -> Option<TestEnv> {
    let env = TestEnv::with_secret();
    let library = failing_disk(&env.work())?;
    let (fault, folder) = (env.work().join("fault"), env.home().join("data"));
    let env = env.set("LD_PRELOAD", library).set("FAILING_DISK", fault).set("FAILING_DISK_FOLDER", folder);
    Some(env)
}

/// What the disk does from now on: nothing wrong, or which calls fail with which errno.
fn disk(env: &TestEnv, fault: Option<&str>) {
    let file = env.work().join("fault");
    match fault {
        // At once: half a line would be another fault.
        Some(fault) => {
            env.write("fault.new", fault);
            fs::rename(env.work().join("fault.new"), file).unwrap();
        }
        None => fs::remove_file(file).unwrap(),
    }
}

/// Which calls fail, with which errno, and the words for it.
const FAULTS: [(&str, &str); 4] = [
    ("write 30", "Read-only file system"),
    ("write 5", "Input/output error"),
    // What was written is taken, and does not arrive: nothing but the sync says so.
    ("sync 5", "Input/output error"),
    ("sync 30", "Read-only file system"),
];

#[test]
fn a_disk_that_fails_under_a_listener_is_503_until_it_is_whole_again() {
    let Some(env) = env() else { return };
    let listening = env.listen(&[]);
    let mut kept = send(&listening, 0..6);
    let mut next = 6;
    let mut numbers = |count: usize| -> Range<usize> {
        next += count;
        next - count..next
    };
    for (fault, words) in FAULTS {
        // Rows that were still to be written would be the first to fail.
        until(|| {
            (kept.len() == env.run(&["list", "status:200", "--format", "json"]).yes().stdout().lines().count())
                .then_some(())
        });
        disk(&env, Some(fault));
        assert_eq!(send(&listening, numbers(5)), Vec::<usize>::new(), "{fault}: a false 200");
        let said = listening.says(words);
        assert!(said.contains("not kept: ") && said.contains("whyhook.db-log"), "{fault}: {said}");
        // While it fails, what was kept is there for who only reads.
        holds(&env, &env.store(), &kept);
        disk(&env, None);
        let after = send(&listening, numbers(5));
        assert_eq!(after.len(), 5, "{fault}: it goes on");
        kept.extend(after);
    }
    listening.closes();
    holds(&env, &env.store(), &kept);
    // Answers that could not be written down when they were given are not lost either.
    let listed = env.run(&["list", "status:200", "--format", "json"]).yes().stdout();
    assert_eq!(listed.lines().count(), kept.len());
}

#[test]
fn a_listener_killed_on_a_failing_disk_starts_again_without_a_repair() {
    let Some(env) = env() else { return };
    let listening = env.listen(&[]);
    let mut kept = send(&listening, 0..6);
    disk(&env, Some("write 30"));
    assert_eq!(send(&listening, 6..9), Vec::<usize>::new());
    listening.kill();
    // Still read-only: refused in one line, with nothing changed.
    let line = env.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
    assert!(line.contains("Read-only file system"), "{line}");
    disk(&env, None);
    let listening = env.listen(&[]);
    kept.extend(send(&listening, 9..12));
    holds(&env, &env.store(), &kept);
}

#[test]
fn the_interface_says_that_the_disk_fails_and_when_it_does_no_longer() {
    let Some(env) = env() else { return };
    let (mut person, address) = Person::listening(&env, Size(160, 30), &[]);
    assert_eq!(talk(address, Signed::new("{}").to("/before").wire()).status, 200);
    person.sees("/before");
    for (number, (fault, words)) in FAULTS.into_iter().enumerate() {
        disk(&env, Some(fault));
        // Until the answer before, which nobody waits for, has failed as well, the index may speak first.
        for _ in 0..2 {
            assert_eq!(talk(address, Signed::new("{}").to("/meanwhile").wire()).status, 503, "{fault}");
        }
        person.sees("not stored: ").sees(words);
        // What was kept can be read on.
        person.types("7").sees("/before").types("\u{1b}").settles();
        disk(&env, None);
        let path = format!("/after/{number}");
        assert_eq!(talk(address, Signed::new("{}").to(&path).wire()).status, 200, "{fault}");
        person.sees(&path).no_longer_sees("not stored: ");
    }
    person.types("q");
    assert_eq!(person.ends(), 0);
    assert!(!env.run(&["list"]).yes().stdout().contains("/meanwhile"));
}
