//! More at once than there is room for.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::support::{Person, Signed, Size, TestEnv, Wire, talk};

const CONNECTIONS: usize = 1000;
const EACH: usize = 10;
/// What all bodies together may take, and what a connection may besides: a buffer of 16 KiB to read into, its task, and
/// its part of what the store and the list keep of its deliveries come to some 32 KiB.
const MEMORY: u64 = 2 << 20;
const A_CONNECTION: usize = 48 << 10;
/// Every tenth connection sends so large a body at first, and its last byte once all others have sent theirs: 90 MB
/// together, were there room for all.
const LARGE: usize = 900_000;
/// Threads that send, each over its share of the connections.
const SENDERS: usize = 20;

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_deliveries_over_a_thousand_connections_are_kept_or_refused_and_never_lost() {
    use crate::support::tools::peak_memory;
    let env = TestEnv::with_secret();
    // Fewer places than there are senders, and less memory than they want together. No time decides: a sender that
    // waits for room keeps its other connections waiting.
    let limits = "connections = 700\nmemory = \"2MiB\"\nhead = \"5m\"\nbody_idle = \"5m\"\nkeep_alive = \"5m\"\n";
    env.write("whyhook.toml", format!("[limits]\n{limits}"));
    let (mut person, address) = Person::listening(&env, Size(120, 30), &["--body-limit", "1MiB"]);
    // What the interface itself takes, with a delivery looked at.
    talk(address, Signed::new("{}").to("/a").wire());
    person.sees_row(&["POST /a ", "200"]).types("3").settles();
    let before = peak_memory(person.process());
    let (refused, closed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (opened, everybody) = (std::sync::Barrier::new(SENDERS), AtomicUsize::new(0));
    let answered: HashSet<String> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (refused, closed) = (&refused, &closed);
                let (opened, everybody) = (&opened, &everybody);
                scope.spawn(move || {
                    let mut wires: Vec<Wire> = (0..CONNECTIONS / SENDERS).map(|_| Wire::connect(address)).collect();
                    opened.wait();
                    let mut answered = Vec::new();
                    for round in 0..EACH {
                        let mut waiting = Vec::new();
                        for (number, wire) in wires.iter_mut().enumerate() {
                            let path = format!("/{sender}/{number}/{round}");
                            let pad = match (number.is_multiple_of(10), round) {
                                (true, 0) => "x".repeat(LARGE),
                                (true, _) => "x".repeat(20_000),
                                (false, _) => "x".repeat(1000),
                            };
                            let request = Signed::new(format!("{{\"pad\":\"{pad}\"}}")).to(&path).wire();
                            // One that was turned away is closed; what it says is still to be read.
                            let (most, last) = request.split_at(request.len() - usize::from(round == 0));
                            waiting.push((path, wire.try_send(most).is_ok().then(|| last.to_vec())));
                        }
                        if round == 0 {
                            opened.wait();
                            for ((_, last), wire) in waiting.iter().zip(&mut wires) {
                                let _ = wire.try_send(last.as_deref().unwrap_or_default());
                            }
                        }
                        for ((path, _), wire) in waiting.into_iter().zip(&mut wires) {
                            match wire.try_answer() {
                                Ok(answer) if answer.status == 200 => answered.push(path),
                                Ok(answer) => {
                                    assert_eq!(answer.status, 503, "{}", answer.head);
                                    assert!(answer.header("retry-after").is_some());
                                    refused.fetch_add(1, Ordering::SeqCst);
                                    *wire = Wire::connect(address);
                                }
                                // It was idle for long, and its place had been given to another. That is an
                                // orderly end, before any byte of an answer; and never a reset.
                                Err(error) => {
                                    let kind = error.kind();
                                    assert_eq!(kind, ErrorKind::UnexpectedEof, "{error} of {path}");
                                    closed.fetch_add(1, Ordering::SeqCst);
                                    *wire = Wire::connect(address);
                                }
                            }
                            everybody.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    answered
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(everybody.load(Ordering::SeqCst), CONNECTIONS * EACH);
    assert!(answered.len() > CONNECTIONS, "only {} of them were answered", answered.len());
    let refused = refused.load(Ordering::SeqCst);
    assert!(refused + closed.load(Ordering::SeqCst) > 0, "the bound was never reached");
    if refused > 0 {
        person.sees("rejected with 503");
    }
    let more = peak_memory(person.process()) - before;
    assert!(more < MEMORY + (CONNECTIONS * A_CONNECTION) as u64, "{} KiB more", more >> 10);

    let listed = env.run(&["list", "--format", "json"]).yes().stdout();
    let kept: HashSet<String> = listed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["path"].as_str().unwrap().to_owned())
        .collect();
    let lost: Vec<&String> = answered.difference(&kept).collect();
    assert!(lost.is_empty(), "{} answered with 200 are lost: {:?}", lost.len(), &lost[..lost.len().min(5)]);
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn out_of_descriptors_it_waits_and_goes_on() {
    // Soft and hard: more is not to be had. The store and the threads have some forty of them open by themselves.
    let env = TestEnv::with_secret().within("ulimit -n 56", false);
    env.write("whyhook.toml", "[limits]\nhead = \"1s\"\n");
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").to("/before").wire()).status, 200);
    let silent: Vec<Wire> = (0..80).map(|_| Wire::connect(listening.address())).collect();
    // It waits behind them in the system's queue, until their time is up.
    assert_eq!(talk(listening.address(), Signed::new("{}").to("/behind").wire()).status, 200);
    drop(silent);
    assert_eq!(talk(listening.address(), Signed::new("{}").to("/after").wire()).status, 200);
    listening.stop();
    let listed = env.run(&["list"]).yes().stdout();
    for path in ["/before", "/behind", "/after"] {
        assert!(listed.contains(path), "{path}: {listed}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn it_asks_the_system_for_the_descriptors_that_its_connections_need() {
    let env = TestEnv::with_secret().within("ulimit -S -n 64", false);
    let listening = env.listen(&[]);
    let mut wires: Vec<Wire> = (0..150).map(|_| Wire::connect(listening.address())).collect();
    for wire in &mut wires {
        assert_eq!(wire.send(Signed::new("{}").wire()).answer().status, 200);
    }
}
