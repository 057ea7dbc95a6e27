//! No delivery that was answered is lost or out of sight: not for another process, and not after `kill -9`.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use whyhook::delivery::DeliveryId;
use whyhook::store::{Location, Page, Reader};

use crate::support::{Signed, TestEnv, Upstream, Wire, in_chunks, talk, until};

const ROUNDS: usize = 20;
const SENDERS: usize = 4;
/// Whose bodies come in chunks, and whose deliveries are passed on to a server that answers them.
const CHUNKED: usize = 1;
const FORWARDED: usize = 2;
/// Answers to wait for in each round before the program is killed.
const ANSWERS: usize = 120;

/// A body that no other delivery has: mostly small, some large enough to lie outside SQLite.
fn body(round: usize, sender: usize, number: usize) -> Vec<u8> {
    let size = match number % 7 {
        0 => 90_000,
        3 => 9_000,
        _ => 700,
    };
    let mut body = format!("{{\"round\":{round},\"sender\":{sender},\"number\":{number},\"pad\":\"").into_bytes();
    body.extend((0..size).map(|at| b'a' + u8::try_from((at * 31 + number) % 26).unwrap()));
    body.extend_from_slice(b"\"}");
    body
}

fn path(round: usize, sender: usize, number: usize) -> String {
    let kind = if sender == FORWARDED { "forwarded" } else { "kept" };
    format!("/{round}/{sender}/{kind}/{number}")
}

/// The body section as that sender sends it.
fn section(sender: usize, body: Vec<u8>) -> Vec<u8> {
    if sender == CHUNKED { in_chunks(&body) } else { body }
}

/// Sends until the listener is gone; returns how many deliveries were answered with 200.
fn send(address: SocketAddr, round: usize, sender: usize, answered: &AtomicUsize) -> usize {
    let mut wire = Wire::connect(address);
    for number in 0.. {
        let request = Signed::new(body(round, sender, number)).to(&path(round, sender, number));
        let bytes = if sender == CHUNKED { request.chunked() } else { request.wire() };
        if wire.try_send(&bytes).is_err() {
            return number;
        }
        match wire.try_answer() {
            Ok(answer) => assert_eq!(answer.status, 200),
            Err(_) => return number,
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
    unreachable!("numbers do not end")
}

#[test]
fn killed_under_load_nothing_answered_is_lost() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| drop(socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")));
    let rule = format!("path:/forwarded/ → forward {}", upstream.url());
    let mut answered: HashMap<String, Vec<u8>> = HashMap::new();
    let mut newest = DeliveryId(0);
    for round in 0..ROUNDS {
        // No repair by hand: it simply starts again.
        let listening = env.listen(&["--respond", &rule]);
        let address = listening.address();
        let count = AtomicUsize::new(0);
        thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS)
                .map(|sender| {
                    let count = &count;
                    scope.spawn(move || send(address, round, sender, count))
                })
                .collect();
            // Another moment each round: a few answers more, and not between two of them.
            let enough = ANSWERS + 7 * round;
            until(|| (count.load(Ordering::SeqCst) >= enough).then_some(())).expect("deliveries are answered");
            listening.kill();
            for (sender, done) in senders.into_iter().enumerate() {
                for number in 0..done.join().unwrap() {
                    let sent = section(sender, body(round, sender, number));
                    answered.insert(path(round, sender, number), sent);
                }
            }
        });
        assert!(answered.len() >= ANSWERS * (round + 1));

        // Those of this round; all of them once more at the end.
        let prefix = format!("/{round}/");
        let recent = answered.iter().filter(|(path, _)| path.starts_with(&prefix));
        holds(&kept(&env, newest), recent, round);
        newest = newest_of(&env);
    }
    holds(&kept(&env, DeliveryId(0)), answered.iter(), ROUNDS);
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").to("/after").wire()).status, 200);
    listening.stop();
    assert_eq!(env.bytes(newest_of(&env).0, "body"), b"{}");
}

/// How often another process looks as soon as it has its answer.
const LOOKS: usize = 300;

#[test]
fn another_process_sees_what_was_answered_at_once() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let mut wire = Wire::connect(listening.address());
    let mut send = |number: usize| {
        let path = format!("/look/{number}");
        assert_eq!(wire.send(Signed::new("{}").to(&path).wire()).answer().status, 200);
        path
    };
    let first = send(0);
    let early = Reader::open(&Location::new(env.store())).unwrap();
    assert_eq!(early.page(Page::Newest, 1).unwrap()[0].path, first);
    for number in 1..LOOKS {
        let path = send(number);
        let found = match number % 3 {
            // One that has looked before, one that begins now, and a command.
            0 | 1 if number % 50 > 0 => early.page(Page::Newest, 1).unwrap()[0].path.clone(),
            0 | 1 => env.run(&["list", "-n", "1", "--format", "json"]).yes().stdout(),
            _ => Reader::open(&Location::new(env.store())).unwrap().page(Page::Newest, 1).unwrap()[0].path.clone(),
        };
        assert!(found.contains(&path), "{path} was answered, and {found} is seen");
    }
}

#[test]
fn what_was_answered_just_before_a_kill_is_seen_before_and_after_the_next_start() {
    let env = TestEnv::with_secret();
    for round in 0..6 {
        let listening = env.listen(&[]);
        let address = listening.address();
        // Rows follow within milliseconds: some of these have none when it is killed.
        let mut wire = Wire::connect(address);
        for number in 0..10 + round {
            assert_eq!(wire.send(Signed::new("{}").to(&format!("/{round}/{number}")).wire()).answer().status, 200);
        }
        listening.kill();
        let listed = env.run(&["list", &format!("path:/{round}/"), "--format", "json"]).yes().stdout();
        assert_eq!(listed.lines().count(), 10 + round, "round {round}");
    }
    listing_is_whole(&env);
    env.listen(&[]).stop();
    listing_is_whole(&env);
}

/// All numbers from 1 on, each once.
fn listing_is_whole(env: &TestEnv) {
    let reader = Reader::open(&Location::new(env.store())).unwrap();
    let ids: Vec<i64> =
        reader.page(Page::After(DeliveryId(0)), 1000).unwrap().iter().rev().map(|row| row.id.0).collect();
    assert_eq!(ids, (1..=75).collect::<Vec<_>>());
}

/// Checks that what was answered is kept, chunks and all, byte for byte.
fn holds<'a>(kept: &HashMap<String, Vec<u8>>, answered: impl Iterator<Item = (&'a String, &'a Vec<u8>)>, round: usize) {
    for (path, body) in answered {
        let found = kept.get(path).unwrap_or_else(|| panic!("round {round}: {path} was answered and is lost"));
        assert!(found == body, "round {round}: {path} has changed");
    }
}

fn newest_of(env: &TestEnv) -> DeliveryId {
    let reader = Reader::open(&Location::new(env.store())).unwrap();
    reader.page(Page::Newest, 1).unwrap()[0].id
}

/// Every delivery behind `after` in the store that can be read as it came, by its path.
fn kept(env: &TestEnv, after: DeliveryId) -> HashMap<String, Vec<u8>> {
    let reader = Reader::open(&Location::new(env.store())).unwrap();
    let mut kept = HashMap::new();
    for summary in reader.page(Page::After(after), 1_000_000).unwrap() {
        let delivery = reader.load(summary.id).unwrap().unwrap();
        kept.insert(summary.path.clone(), delivery.body_section().to_vec());
    }
    kept
}
