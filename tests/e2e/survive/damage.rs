//! A damaged log whose index is gone: the rest is there, the loss is said, and no number is given again.

use std::fs;
use std::path::PathBuf;

use whyhook::text::grouped;

use super::disk::written;
use crate::support::{Listening, Person, Signed, Size, TestEnv, talk};

/// Bytes of a record's header.
const HEADER: usize = 60;

fn log(env: &TestEnv) -> PathBuf {
    env.store().with_file_name("whyhook.db-log/00000001.log")
}

/// Sends bodies, each answered with 200. Returns where in the log the record of each begins.
fn send(env: &TestEnv, listening: &Listening, bodies: &[Vec<u8>]) -> Vec<usize> {
    let size = || fs::read(log(env)).map_or(0, |log| written(&log));
    let send = |body: &Vec<u8>| {
        let begins = size();
        assert_eq!(talk(listening.address(), Signed::new(body.clone()).wire()).status, 200);
        begins
    };
    bodies.iter().map(send).collect()
}

fn delete_index(env: &TestEnv) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", env.store().display()));
    }
}

/// Numbers in the list, the oldest first.
fn listed(env: &TestEnv) -> Vec<i64> {
    let ran = env.run(&["list", "--format", "json"]).yes();
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_i64().unwrap();
    ran.stdout().lines().rev().map(id).collect()
}

#[test]
fn a_damaged_header_costs_its_own_delivery_alone_and_it_is_said() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let mut bodies: Vec<Vec<u8>> = (1..=3).map(|number| format!("{{\"n\":{number}}}").into_bytes()).collect();
    send(&env, &listening, &bodies);
    // Bodies that are records: the whole log so far, and the record of this very delivery's number.
    let mut so_far = fs::read(log(&env)).unwrap();
    so_far.truncate(written(&so_far));
    bodies.push([&so_far[..], b"tail"].concat());
    bodies.push(so_far.clone());
    bodies.push(b"{\"n\":6}".to_vec());
    let begins = send(&env, &listening, &bodies[3..]);
    listening.stop();
    // The fourth record's header, whose body is full of records.
    let mut bytes = fs::read(log(&env)).unwrap();
    bytes[begins[0]..begins[0] + HEADER].fill(0);
    fs::write(log(&env), &bytes).unwrap();
    delete_index(&env);

    let listening = env.listen(&[]);
    let said = listening.says("delivery 4 is lost");
    let place = format!("at byte {} of 00000001.log", grouped(begins[0] as u64));
    assert!(said.contains("of the log are damaged") && said.contains(&place), "{said}");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    assert_eq!(listed(&env), [1, 2, 3, 5, 6, 7]);
    for id in [1, 2, 3, 5, 6] {
        assert!(env.bytes(id, "body") == bodies[usize::try_from(id).unwrap() - 1], "delivery {id}");
    }
    listening.stop();

    // It is said once at a start, and in the list as long as the segment holds a delivery.
    assert!(env.run(&["list"]).yes().stderr().contains("delivery 4 is lost"));
    let listening = env.listen(&[]);
    listening.says("listening on");
    assert!(!listening.stderr().contains("lost"), "{}", listening.stderr());
    listening.stop();
    assert_eq!(env.run(&["prune", "--keep", "0", "--yes"]).yes().stderr(), "");
    assert_eq!(env.run(&["list"]).no().stderr(), "");
}

#[test]
fn a_number_that_may_have_been_given_is_not_given_again() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let bodies: Vec<Vec<u8>> = (1..=5).map(|number| format!("{{\"n\":{number}}}").into_bytes()).collect();
    let begins = send(&env, &listening, &bodies);
    listening.stop();
    // The headers of the last two.
    let mut bytes = fs::read(log(&env)).unwrap();
    for at in &begins[3..] {
        bytes[*at..*at + 8].fill(0xff);
    }
    fs::write(log(&env), &bytes).unwrap();
    delete_index(&env);
    let listening = env.listen(&[]);
    listening.says("any deliveries after 3 are lost");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    let ids = listed(&env);
    assert!(ids.starts_with(&[1, 2, 3]) && ids.len() == 4 && ids[3] > 5, "{ids:?}");
    listening.stop();
}

#[test]
fn the_interface_and_every_command_that_writes_say_what_is_lost() {
    let damaged = || {
        let env = TestEnv::with_secret();
        let listening = env.listen(&[]);
        let bodies: Vec<Vec<u8>> = (1..=3).map(|number| format!("{{\"n\":{number}}}").into_bytes()).collect();
        let begins = send(&env, &listening, &bodies);
        listening.stop();
        let mut bytes = fs::read(log(&env)).unwrap();
        bytes[begins[1]] ^= 1;
        fs::write(log(&env), &bytes).unwrap();
        let exported = env.run(&["export", "1", "--as", "json"]).yes().stdout;
        delete_index(&env);
        (env, exported)
    };
    let (env, _) = damaged();
    let (mut person, _) = Person::listening(&env, Size(120, 30), &[]);
    person.sees("of the log are damaged");
    person.types("q").ends();

    let (env, exported) = damaged();
    let ran = env.run_with(&["import", "-"], &exported).yes();
    assert!(ran.stderr().contains("delivery 2 is lost"), "{}", ran.stderr());
    assert_eq!(ran.stdout(), "imported delivery 4\n");
}

#[test]
fn a_store_of_the_first_release_is_read_listened_to_and_pruned() {
    let env = TestEnv::with_secret();
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-0.1");
    fs::create_dir_all(log(&env).parent().unwrap()).unwrap();
    fs::copy(from.join("store.db"), env.store()).unwrap();
    fs::copy(from.join("store.db-log/00000001.log"), log(&env)).unwrap();
    assert_eq!(listed(&env), [1, 2, 3, 4, 5, 6]);
    assert_eq!(env.bytes(2, "body"), b"hello, world");
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();
    // The seventh was pruned by the first release.
    assert_eq!(listed(&env), [1, 2, 3, 4, 5, 6, 8]);
    env.run(&["prune", "1", "3", "8", "--yes"]).yes();
    delete_index(&env);
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    assert_eq!(listed(&env), [2, 4, 5, 6, 9]);
    assert_eq!(env.bytes(5, "body"), b"\x00WHY\x01\xff\x1b[");
    listening.stop();
}
