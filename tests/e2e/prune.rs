//! `whyhook prune` and the retention of a listener.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use whyhook::delivery::DeliveryId;
use whyhook::store::{Location, Page, Reader};

use crate::support::{KillOnDrop, Signed, TestEnv, Wire, talk};

fn body(number: usize) -> Vec<u8> {
    let pad = "x".repeat(40 * (number % 50));
    format!(
        "{{\"event\":\"{}\",\"number\":{number},\"pad\":\"{pad}\"}}",
        if number.is_multiple_of(2) { "even" } else { "odd" }
    )
    .into_bytes()
}

fn filled(count: usize) -> TestEnv {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for number in 1..=count {
        talk(listening.address(), Signed::new(body(number)).wire());
    }
    listening.stop();
    env
}

fn ids(env: &TestEnv) -> Vec<i64> {
    let reader = Reader::open(&Location::new(env.store())).unwrap();
    let mut ids: Vec<i64> = reader.page(Page::Newest, 100_000).unwrap().iter().map(|row| row.id.0).collect();
    ids.reverse();
    for id in &ids {
        let number = usize::try_from(*id).unwrap();
        assert_eq!(reader.load(DeliveryId(*id)).unwrap().unwrap().body, body(number));
    }
    ids
}

#[test]
fn it_says_what_it_would_delete_and_then_what_it_has() {
    let env = filled(40);
    let dry = env.run(&["prune", "event:odd", "--dry-run", "--format", "json"]).yes().json();
    assert_eq!((&dry["matched"], &dry["deleted"]), (&20.into(), &0.into()));
    assert!(env.run(&["prune", "event:odd"]).complains().contains("--yes"));
    assert!(env.run(&["prune", "--yes"]).complains().contains("--keep 0"));
    assert!(env.run(&["prune", "1-3", "--keep", "1", "--yes"]).complains().contains("cannot be combined"));
    assert_eq!(ids(&env).len(), 40);

    let done = env.run(&["prune", "event:odd", "--yes", "--format", "json"]).yes().json();
    assert_eq!(done["deleted"], 20);
    assert!(done["freed_bytes"].as_u64().unwrap() > 10_000, "{done}");
    assert_eq!(ids(&env), (1..=20).map(|half| half * 2).collect::<Vec<i64>>());
    assert!(env.run(&["prune", "2-6", "--yes"]).yes().stdout().contains("deleted 3 ("));
    assert!(env.run(&["prune", "--older-than", "1h", "--yes"]).yes().stdout().contains("nothing to delete"));
    env.run(&["prune", "--keep", "5", "--yes"]).yes();
    assert_eq!(ids(&env), [32, 34, 36, 38, 40]);
    env.run(&["prune", "--keep", "0", "--yes"]).yes();
    assert_eq!(ids(&env), Vec::<i64>::new());

    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(body(41)).wire());
    listening.stop();
    assert_eq!(ids(&env), [41], "no number comes twice");
}

/// Sends deliveries until `stop` is set or the listener is gone; returns the number of the last that was answered.
fn pour(address: SocketAddr, from: usize, stop: &AtomicBool) -> usize {
    let mut wire = Wire::connect(address);
    let mut last = from - 1;
    while !stop.load(Ordering::Relaxed) {
        if wire.try_send(&Signed::new(body(last + 1)).wire()).is_err() || wire.try_answer().is_err() {
            break;
        }
        last += 1;
    }
    last
}

#[test]
fn a_running_listener_deletes_while_deliveries_pour_in() {
    let env = filled(200);
    let listening = env.listen(&[]);
    let stop = AtomicBool::new(false);
    let address = listening.address();
    let last = thread::scope(|scope| {
        let pouring = scope.spawn(|| pour(address, 201, &stop));
        env.run(&["prune", "event:odd", "--dry-run"]).yes();
        for round in 0..5 {
            let done = env.run(&["prune", "event:odd", "--yes", "--format", "json"]).yes().json();
            assert_eq!(done["matched"], done["deleted"], "{done}");
            assert!(round > 0 || done["deleted"].as_u64().unwrap() >= 100, "{done}");
        }
        assert!(env.run(&["prune", "2-6", "--yes"]).yes().stdout().contains("deleted 3 ("));
        stop.store(true, Ordering::Relaxed);
        pouring.join().unwrap()
    });
    listening.says("pruned: 3 deliveries deleted");
    assert!(last > 200);
    env.run(&["prune", "event:odd", "--yes"]).yes();
    assert!(env.run(&["prune", "event:odd", "--yes"]).yes().stdout().contains("nothing to delete"));
    let expected: Vec<i64> = (8..=i64::try_from(last).unwrap()).filter(|id| id % 2 == 0).collect();
    assert_eq!(ids(&env), expected);
    env.run(&["prune", "--keep", "0", "--yes"]).yes();
    assert_eq!(talk(listening.address(), Signed::new(body(last + 1)).wire()).status, 200);
    listening.closes();
    assert_eq!(ids(&env), [i64::try_from(last).unwrap() + 1], "no number comes twice");
}

#[test]
fn killed_while_it_deletes_a_listener_loses_nothing_that_was_answered() {
    for round in 0..6_u64 {
        let env = filled(120);
        let listening = env.listen(&[]);
        let (address, stop) = (listening.address(), AtomicBool::new(false));
        let last = thread::scope(|scope| {
            let pouring = scope.spawn(|| pour(address, 121, &stop));
            let mut pruning = KillOnDrop(env.command(&["prune", "event:odd", "--yes"]).spawn().unwrap());
            thread::sleep(Duration::from_millis(4 * round));
            listening.kill();
            let _ = pruning.0.wait();
            pouring.join().unwrap()
        });
        // The next to write finishes what was begun.
        env.listen(&[]).closes();
        let left = ids(&env);
        for id in (1..=i64::try_from(last).unwrap()).filter(|id| id % 2 == 0) {
            assert!(left.contains(&id), "round {round}: {id} of {last} is lost");
        }
    }
}

#[test]
fn another_writer_is_refused_beside_a_listener_without_a_control_interface() {
    let env = filled(3);
    let exported = env.work().join("all.json");
    env.run(&["export", "--as", "json", "-o", exported.to_str().unwrap()]).yes();
    // Its socket cannot be created.
    std::fs::write(env.store().with_file_name("whyhook.db-socket"), "mine").unwrap();
    let listening = env.listen(&[]);
    for command in [&["import", exported.to_str().unwrap()][..], &["pin", "1"], &["delete", "1"]] {
        let said = env.run(command).complains();
        assert!(said.contains(&format!("process {}", listening.process())) && said.contains("stop that one"), "{said}");
    }
    env.run(&["prune", "--keep", "1", "--dry-run"]).yes();
    listening.stop();
    assert_eq!(ids(&env), [1, 2, 3]);
}

#[test]
fn killed_at_any_moment_it_loses_nothing_that_stays() {
    let env = filled(300);
    let stays = |id: &i64| id % 2 == 0;
    let mut cut = 0;
    // Each round is killed a little later, until one gets to its end.
    for round in 0_u64.. {
        let copy = copied(&env);
        let mut command = env.command(&["prune", "event:odd", "--yes", "--store"]);
        command.arg(&copy);
        let mut pruning = KillOnDrop(command.spawn().unwrap());
        std::thread::sleep(Duration::from_micros(1500 * round));
        let ended = pruning.0.try_wait().unwrap();
        drop(pruning);
        let reader = Reader::open(&Location::new(&copy)).unwrap();
        let rows = reader.page(Page::Newest, 1000).unwrap();
        for row in &rows {
            let number = usize::try_from(row.id.0).unwrap();
            assert_eq!(reader.load(row.id).unwrap().unwrap().body, body(number), "round {round}");
        }
        let left = rows.iter().filter(|row| stays(&row.id.0)).count();
        assert_eq!(left, 150, "round {round}");
        if ended.is_some_and(|status| status.success()) {
            assert_eq!(rows.len(), 150);
            break;
        }
        cut += 1;
        // Another finishes it.
        drop((rows, reader));
        let path = copy.to_str().unwrap();
        env.run(&["prune", "event:odd", "--yes", "--store", path]).yes();
        let reader = Reader::open(&Location::new(&copy)).unwrap();
        assert_eq!(reader.page(Page::Newest, 1000).unwrap().len(), 150);
    }
    assert!(cut > 0);
}

/// A copy of the env's store, which is not in use.
fn copied(env: &TestEnv) -> PathBuf {
    let folder = env.work().join("copy");
    let _ = std::fs::remove_dir_all(&folder);
    let log = folder.join("whyhook.db-log");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::copy(env.store(), folder.join("whyhook.db")).unwrap();
    for entry in std::fs::read_dir(env.store().with_file_name("whyhook.db-log")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), log.join(entry.file_name())).unwrap();
    }
    folder.join("whyhook.db")
}

#[test]
fn a_listener_keeps_to_its_retention_when_it_starts() {
    let env = filled(30);
    env.write("whyhook.toml", "[retention]\nkeep = 10\n");
    let listening = env.listen(&["--yes"]);
    assert_eq!(ids(&env), (21..=30).collect::<Vec<i64>>());
    listening.says("retention: 20 deliveries deleted");
    listening.stop();
    env.write("whyhook.toml", "[retention]\nolder_than = \"30d\"\nmax_size = \"1GiB\"\n");
    env.listen(&["--yes"]).stop();
    assert_eq!(ids(&env).len(), 10);
    env.write("whyhook.toml", "[retention]\nkeep = -1\n");
    assert!(env.run(&["listen"]).complains().contains("whyhook.toml:2:8: "));
}
