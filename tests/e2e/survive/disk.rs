//! Disks that are full, read-only or taken away: a sender never hears 200 for what is not kept, and
//! what was kept stays readable.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Resource, Rlimit};

use crate::support::tools::may_mount;
use crate::support::{KillOnDrop, Listening, Person, Signed, Size, TestEnv, Wire, in_chunks, talk};

/// A body of its own for each number, of `bytes` bytes or some more.
pub(super) fn body(number: usize, bytes: usize) -> Vec<u8> {
    let mut body = format!("{{\"number\":{number},\"pad\":\"").into_bytes();
    body.extend((0..bytes).map(|at| b'a' + u8::try_from((at * 7 + number) % 26).unwrap()));
    body.extend_from_slice(b"\"}");
    body
}

/// Small ones and some that are larger than a page of SQLite's.
pub(super) fn size(number: usize) -> usize {
    if number.is_multiple_of(5) { 60_000 } else { 900 }
}

/// Every third comes in chunks.
fn is_chunked(number: usize) -> bool {
    number.is_multiple_of(3)
}

/// Sends the deliveries `numbers`; returns those that were answered with 200. Every other answer is
/// a 503 that says when to come back.
pub(super) fn send(listening: &Listening, numbers: std::ops::Range<usize>) -> Vec<usize> {
    let mut wire = Wire::connect(listening.address());
    let mut kept = Vec::new();
    for number in numbers {
        let request = Signed::new(body(number, size(number)));
        let answer = wire.send(if is_chunked(number) { request.chunked() } else { request.wire() }).answer();
        match answer.status {
            200 => kept.push(number),
            503 => assert_eq!(answer.header("retry-after"), Some("5"), "{number}"),
            other => panic!("{number}: {other} {}", answer.body),
        }
    }
    kept
}

/// Bytes of a segment of the log without the zeros at its end, which are room for more.
pub(super) fn written(segment: &[u8]) -> usize {
    segment.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Checks that the store at `store` holds the deliveries `kept` in this order, whole, and no others.
pub(super) fn holds(env: &TestEnv, store: &Path, kept: &[usize]) {
    let store = store.to_str().unwrap();
    let listed = env.run(&["list", "--store", store, "--format", "json"]).yes().stdout();
    let mut ids: Vec<i64> = listed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_i64().unwrap())
        .collect();
    ids.reverse();
    assert_eq!(ids.len(), kept.len());
    for (id, number) in ids.iter().zip(kept) {
        let raw = env.run(&["show", &id.to_string(), "--store", store, "--format", "raw"]).yes().stdout;
        let body = body(*number, size(*number));
        let section = if is_chunked(*number) { in_chunks(&body) } else { body };
        assert!(raw.ends_with(&[b"\r\n\r\n", &section[..]].concat()), "delivery {id} is not number {number}");
    }
}

/// A disk that is full, then is not, whatever makes it so.
fn full_and_emptied(env: TestEnv, reader: impl FnOnce(&Listening) -> TestEnv, full: impl Fn(&Listening, bool)) {
    let listening = env.listen(&[]);
    let mut kept = send(&listening, 0..12);
    assert_eq!(kept.len(), 12);
    full(&listening, true);
    let meanwhile = send(&listening, 12..40);
    assert!(meanwhile.len() < 28, "the disk is full, and yet all of them are kept");
    kept.extend(meanwhile);
    let said = listening.says("not kept: ");
    assert!(said.contains("whyhook.db"), "{said}");
    let (reader, store) = (reader(&listening), env.store());
    holds(&reader, &store, &kept);
    full(&listening, false);
    let after = send(&listening, 40..60);
    assert_eq!(after.len(), 20, "there is room again");
    kept.extend(after);
    holds(&reader, &store, &kept);
}

#[test]
fn a_full_disk_is_503_until_there_is_room_again() {
    if !may_mount() {
        return;
    }
    let env = TestEnv::with_secret().within("mount -t tmpfs -o size=2m,mode=700 none \"$0\"", true);
    let data = env.home().join("data");
    // The namespace's files, seen from outside.
    let root = |listening: &Listening| PathBuf::from(format!("/proc/{}/root{}", listening.process(), data.display()));
    full_and_emptied(
        env,
        |listening| TestEnv::with_secret().beside(listening.process()),
        |listening, full| {
            let filler = root(listening).join("filler");
            if full {
                assert!(fs::write(&filler, vec![0; 4 << 20]).is_err(), "the disk takes what it has no room for");
            } else {
                fs::remove_file(&filler).unwrap();
            }
        },
    );
}

/// A process with a small disk where `env` keeps its data, for programs that run beside it.
fn small_disk(env: &TestEnv) -> KillOnDrop {
    let data = env.home().join("data");
    fs::create_dir_all(&data).unwrap();
    let words = "mount -t tmpfs -o size=8m,mode=700 none \"$0\" && echo mounted && exec sleep 3600";
    let mut holder = std::process::Command::new("unshare");
    holder.args(["--map-root-user", "--mount", "sh", "-c", words]).arg(data).stdout(std::process::Stdio::piped());
    let mut holder = KillOnDrop(holder.spawn().unwrap());
    let mut said = [0; 8];
    holder.0.stdout.take().unwrap().read_exact(&mut said).unwrap();
    holder
}

/// Sends until even the smallest are refused; how many were kept.
fn fill(listening: &Listening) -> usize {
    let mut kept = 0;
    for bytes in [200_000, 100] {
        let mut refused = 0;
        while refused < 5 {
            match talk(listening.address(), Signed::new(body(kept, bytes)).wire()).status {
                200 => kept += 1,
                503 => refused += 1,
                other => panic!("{other}"),
            }
        }
    }
    kept
}

#[test]
fn what_frees_space_works_on_a_disk_that_is_full() {
    if !may_mount() {
        return;
    }
    for is_killed in [false, true] {
        let env = TestEnv::with_secret();
        let disk = small_disk(&env);
        let env = env.beside(disk.0.id());
        let listening = env.listen(&[]);
        let kept = fill(&listening);
        let listening = if is_killed {
            listening.kill();
            None
        } else {
            Some(listening)
        };
        let count = || env.run(&["list", "--format", "json"]).yes().stdout().lines().count();
        env.run(&["pin", "12"]).yes();
        env.run(&["delete", "1-3"]).yes();
        assert_eq!(count(), kept - 3, "killed: {is_killed}");
        // What stays has no room for a copy.
        assert!(env.run(&["prune", "4-10", "--yes"]).yes().stdout().contains("deleted 7 ("));
        assert_eq!(count(), kept - 10);
        assert!(env.bytes(11, "body") == body(10, 200_000));
        env.run(&["pin", "--remove", "12"]).yes();
        let listening = listening.unwrap_or_else(|| env.listen(&[]));
        assert_eq!(talk(listening.address(), Signed::new(body(1, 200_000)).wire()).status, 200, "there is room again");
        fill(&listening);
        env.run(&["prune", "--keep", "5", "--yes"]).yes();
        assert_eq!(count(), 5);
        assert_eq!(talk(listening.address(), Signed::new(body(2, 900_000)).wire()).status, 200);
    }
}

#[test]
fn an_import_that_finds_no_room_leaves_nothing_behind() {
    if !may_mount() {
        return;
    }
    let env = TestEnv::with_secret();
    let requests: Vec<u8> = (0..600)
        .flat_map(|number| {
            let line = serde_json::json!({
                "received_at": "2026-01-28T12:00:00Z", "intake": "complete", "body": String::from_utf8(body(number, 40_000)).unwrap(),
                "head_base64": "UE9TVCAvIEhUVFAvMS4xDQpIb3N0OiBhDQoNCg==",
            });
            format!("{line}\n").into_bytes()
        })
        .collect();
    let file = env.work().join("many.json");
    fs::write(&file, requests).unwrap();
    let disk = small_disk(&env);
    let env = env.beside(disk.0.id());
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();
    let failed = env.run(&["import", file.to_str().unwrap()]).complains();
    assert!(failed.contains("nothing was imported"), "{failed}");
    assert_eq!(env.run(&["list", "--format", "json"]).yes().stdout().lines().count(), 1);
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new(body(1, 900_000)).wire()).status, 200, "there is room again");
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_may_not_grow_are_like_a_full_disk() {
    // The signal that comes with it ends a program that does not expect it: signal(7), SIGXFSZ.
    full_and_emptied(
        TestEnv::with_secret(),
        |_| TestEnv::with_secret(),
        |listening, full| {
            let process = Pid::from_raw(i32::try_from(listening.process()).unwrap());
            let limit = Rlimit { current: full.then_some(300_000), maximum: None };
            rustix::process::prlimit(process, Resource::Fsize, limit).unwrap();
        },
    );
}

#[test]
fn the_interface_says_that_the_disk_is_full() {
    if !may_mount() {
        return;
    }
    let env = TestEnv::with_secret().within("mount -t tmpfs -o size=1m,mode=700 none \"$0\"", true);
    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    assert_eq!(talk(address, Signed::new("{}").to("/kept").wire()).status, 200);
    assert_eq!(talk(address, Signed::new(vec![b'x'; 2 << 20]).to("/too/much").wire()).status, 503);
    person.sees("not stored: ").sees("No space left").sees("/kept");
    assert_eq!(talk(address, Signed::new("{}").to("/small/enough").wire()).status, 200);
    person.sees("/small/enough").types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn a_read_only_store_is_read_and_not_written() {
    if !may_mount() {
        return;
    }
    let env = TestEnv::with_secret();
    let folder = env.home().join("data/50% off? #1");
    let store = folder.join("a store.db");
    let name = store.to_str().unwrap();
    let listening = env.listen(&["--store", name]);
    let kept = send(&listening, 0..6);
    listening.stop();
    let env = env.within("mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"", true);
    let line = env.run(&["--headless", "--bind", "127.0.0.1:0", "--store", name]).complains();
    assert!(line.contains("Read-only file system") && line.contains(name), "{line}");
    holds(&env, &store, &kept);
    env.run(&["verify", "3", "--store", name]).yes();
}

#[test]
fn a_store_that_another_program_has_locked_keeps_and_shows_what_comes() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let mut kept = send(&listening, 0..2);
    // Seen, and so in the index.
    holds(&env, &env.store(), &kept);
    let other = rusqlite::Connection::open(env.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // On disk, and so answered; the row waits for the lock.
    kept.extend(send(&listening, 2..4));
    assert_eq!(kept, [0, 1, 2, 3]);
    holds(&env, &env.store(), &kept);
    let rows = |sql| other.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(rows("SELECT count(*) FROM deliveries"), 2);
    other.execute_batch("ROLLBACK").unwrap();
    kept.extend(send(&listening, 4..8));
    holds(&env, &env.store(), &kept);
    listening.stop();
    assert_eq!(rows("SELECT count(*) FROM deliveries"), 8);
}

#[test]
fn one_row_that_cannot_be_read_ends_no_listener() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let mut kept = send(&listening, 0..2);
    holds(&env, &env.store(), &kept);
    let other = rusqlite::Connection::open(env.store()).unwrap();
    other.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
    other
        .execute_batch(
            "CREATE TEMP TABLE odd AS SELECT * FROM deliveries WHERE id = 1; UPDATE odd SET id = 50, verdict = 'odd';
            INSERT INTO deliveries SELECT * FROM odd",
        )
        .unwrap();
    kept.extend(send(&listening, 2..5));
    assert_eq!(kept, [0, 1, 2, 3, 4]);
    listening.says("cannot read what has come: delivery 50: column verdict of the store holds an unknown value");
    // What comes after it has its line, and it is told once.
    assert!(listening.line(5).contains("#5"));
    kept.extend(send(&listening, 5..6));
    assert!(listening.line(6).contains("#6"));
    assert_eq!(listening.stderr().matches("delivery 50").count(), 1, "{}", listening.stderr());
    other.execute_batch("DELETE FROM deliveries WHERE id = 50").unwrap();
    listening.closes();
    holds(&env, &env.store(), &kept);
}

#[test]
fn a_store_replaced_under_a_running_listener_is_never_a_false_200() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let kept = send(&listening, 0..3);
    let aside = env.store().with_file_name("aside.db");
    fs::rename(env.store(), &aside).unwrap();
    fs::write(env.store(), "somebody else's").unwrap();
    assert_eq!(send(&listening, 3..6), Vec::<usize>::new());
    listening.says("was deleted or replaced while whyhook was running");
    listening.stop();
    assert_eq!(fs::read(env.store()).unwrap(), b"somebody else's");
    fs::rename(&aside, env.store()).unwrap();
    holds(&env, &env.store(), &kept);
}

#[test]
fn a_log_deleted_under_a_running_listener_is_never_a_false_200() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    send(&listening, 0..3);
    fs::remove_dir_all(env.store().with_file_name("whyhook.db-log")).unwrap();
    assert_eq!(send(&listening, 3..6), Vec::<usize>::new());
    listening.says("not kept: ");
    listening.stop();
    // The rows say that their bytes are gone, and new ones are kept beside them.
    assert!(env.run(&["show", "2"]).complains().contains("delivery 2: its record"));
    let listening = env.listen(&[]);
    assert_eq!(send(&listening, 6..9).len(), 3);
    assert!(env.bytes(4, "body") == body(6, size(6)));
}

#[test]
fn a_torn_last_write_costs_nothing_that_was_whole() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let kept = send(&listening, 0..7);
    listening.kill();
    // As a power cut in the middle of the next group leaves it: half a record, of which no row speaks.
    let log = env.store().with_file_name("whyhook.db-log/00000001.log");
    let mut torn = fs::read(&log).unwrap();
    let end = written(&torn);
    let (whole, room) = torn.split_at_mut(end);
    let half = &whole[..whole.len() / 3];
    assert!(room.len() >= half.len(), "a writer that was killed leaves zeros behind the last record");
    room[..half.len()].copy_from_slice(half);
    fs::write(&log, &torn).unwrap();
    let listening = env.listen(&[]);
    holds(&env, &env.store(), &kept);
    let again = send(&listening, 7..12);
    listening.stop();
    holds(&env, &env.store(), &[kept, again].concat());
    assert!(fs::read(&log).unwrap().starts_with(&torn), "what was there is never overwritten");
}

#[test]
fn a_damaged_index_is_said_and_made_again_from_the_log() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let kept = send(&listening, 0..9);
    listening.stop();
    let mut bytes = fs::read(env.store()).unwrap();
    bytes[100..8000].fill(0x5a);
    fs::write(env.store(), &bytes).unwrap();
    let line = env.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
    assert!(line.contains("is damaged") && line.contains("nothing was changed"), "{line}");
    assert!(fs::read(env.store()).unwrap() == bytes);
    // The bytes themselves are elsewhere: without the index they are all found again.
    fs::rename(env.store(), env.work().join("damaged.db")).unwrap();
    let line = env.run(&["list"]).complains();
    assert!(line.contains("whyhook.db is missing") && line.contains("to rebuild it"), "{line}");
    let listening = env.listen(&[]);
    holds(&env, &env.store(), &kept);
    let again = send(&listening, 9..12);
    holds(&env, &env.store(), &[kept, again].concat());
}
