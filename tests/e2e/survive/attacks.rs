//! Senders that want nobody else to be served. While each does its worst, honest ones are served.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::{Listening, Signed, TestEnv, Wire};

/// Honest deliveries while an attack goes on. Each of them must be answered.
const HONEST: usize = 40;
/// How often an honest sender asks that is told to come back (503 with `Retry-After: 1`), and does.
const TRIES: usize = 3;
/// Few places and little room, so that a few attackers have all of it.
const SMALL: &str = "body_limit = \"2MiB\"\n[limits]\nconnections = 64\nmemory = \"8MiB\"\n";

/// Sends honest deliveries of this size, each on a connection of its own, while `attack` is repeated by `attackers`
/// threads.
fn served(listening: &Listening, size: usize, attackers: usize, attack: impl Fn(SocketAddr, &AtomicBool) + Sync) {
    let (address, over) = (listening.address(), AtomicBool::new(false));
    let unanswered = std::thread::scope(|scope| {
        for _ in 0..attackers {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    attack(address, &over)
                }
            });
        }
        // Until they have what they came for.
        std::thread::sleep(Duration::from_secs(2));
        let unanswered: Vec<String> = (0..HONEST)
            .filter_map(|number| {
                let body = format!("{{\"number\":{number},\"pad\":\"{}\"}}", "x".repeat(size));
                honest(address, &Signed::new(body.as_str()).to("/honest").wire())
            })
            .collect();
        over.store(true, Ordering::SeqCst);
        unanswered
    });
    assert!(unanswered.is_empty(), "{} of {HONEST}: {unanswered:?}", unanswered.len());
}

/// Sends a delivery as a sender does that comes back when it is told to. Returns what came in place of a 200.
fn honest(address: SocketAddr, request: &[u8]) -> Option<String> {
    let mut refused = String::new();
    for _ in 0..TRIES {
        let mut wire = Wire::connect(address);
        match wire.try_send(request).and_then(|()| wire.try_answer()) {
            Ok(answer) if answer.status == 200 => return None,
            Ok(answer) if answer.status == 503 => refused += "503, ",
            other => return Some(format!("{refused}{other:?}")),
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Some(refused)
}

/// Sends `bytes` again and again on connections that are never given up of one's own accord.
fn dribble(wires: &mut [Option<Wire>], address: SocketAddr, first: &[u8], drop: &[u8]) {
    for wire in wires {
        let goes_on = wire.as_mut().is_some_and(|wire| wire.try_send(drop).is_ok());
        if !goes_on {
            let mut new = Wire::connect(address);
            *wire = new.try_send(first).is_ok().then_some(new);
        }
    }
    std::thread::sleep(Duration::from_millis(50));
}

/// The same, by as many connections as there are places, until it is over.
fn dribbling(first: &'static [u8], drop: &'static [u8]) -> impl Fn(SocketAddr, &AtomicBool) {
    move |address, over| {
        let mut wires: Vec<Option<Wire>> = (0..64).map(|_| None).collect();
        while !over.load(Ordering::SeqCst) {
            dribble(&mut wires, address, first, drop);
        }
    }
}

fn listening(env: &TestEnv) -> Listening {
    env.write("whyhook.toml", SMALL);
    env.listen(&[])
}

#[test]
fn empty_lines_for_ever_hold_no_place() {
    let env = TestEnv::with_secret();
    let listening = listening(&env);
    served(&listening, 1000, 1, dribbling(b"\r\n", b"\r\n"));
    // The deadline holds as well, with nobody else in need: they are refused as soon as there are too many.
    let mut wire = Wire::connect(listening.address());
    wire.send("\r\n\n\r\n\r\n");
    assert_eq!(wire.send("\r\n").answer().status, 400);
}

#[test]
fn heads_that_dribble_hold_no_place() {
    let env = TestEnv::with_secret();
    served(&listening(&env), 1000, 1, dribbling(b"POST / HTTP/1.1\r\n", b"A: b\r\n"));
}

#[test]
fn connections_that_are_idle_between_two_requests_hold_no_place() {
    let env = TestEnv::with_secret();
    served(&listening(&env), 1000, 1, |address, over| {
        let mut wires: Vec<Option<Wire>> = (0..64).map(|_| None).collect();
        while !over.load(Ordering::SeqCst) {
            for wire in &mut wires {
                let mut new = Wire::connect(address);
                let sent = new.try_send(&Signed::new("{}").to("/idle").wire());
                *wire = (sent.is_ok() && new.try_answer().is_ok()).then_some(new);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
}

#[test]
fn bodies_whose_end_is_withheld_hold_no_room() {
    let env = TestEnv::with_secret();
    let listening = listening(&env);
    // Four of 2 MiB are all the room there is. Large honest ones are served as well as small ones.
    for size in [1000, 500_000] {
        served(&listening, size, 6, |address, over| {
            let request = Signed::new(vec![b'x'; 2 << 20]).to("/withheld").wire();
            let mut wire = Wire::connect(address);
            if wire.try_send(&request[..request.len() - 1000]).is_ok() {
                for byte in &request[request.len() - 1000..] {
                    if over.load(Ordering::SeqCst) || wire.try_send(&[*byte]).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        });
    }
}

#[test]
fn bodies_that_are_only_announced_hold_no_place() {
    let env = TestEnv::with_secret();
    let first = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n";
    served(&listening(&env), 100_000, 1, dribbling(first, b"x"));
}

#[test]
fn answers_that_nobody_reads_hold_no_place() {
    let env = TestEnv::with_secret();
    // Twelve are more than all buffers between two programs take.
    let large = format!("respond = \"path:/greedy → 200 {}\"\n", "x".repeat(900_000));
    env.write("whyhook.toml", large + SMALL);
    let listening = env.listen(&[]);
    served(&listening, 1000, 1, |address, over| {
        let requests = Signed::new("{}").to("/greedy").wire().repeat(12);
        let mut wires: Vec<Wire> = Vec::new();
        while !over.load(Ordering::SeqCst) {
            let mut wire = Wire::connect(address);
            let _ = wire.try_send(&requests);
            wires.push(wire);
            if wires.len() > 64 {
                wires.remove(0);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}

/// A phone on a bad line: slow, with pauses, and alone. It is nobody's victim.
#[test]
fn a_slow_honest_sender_is_served_while_there_is_room() {
    let env = TestEnv::with_secret();
    let listening = listening(&env);
    let request = Signed::new(vec![b'y'; 3000]).wire();
    let mut wire = Wire::connect(listening.address());
    for piece in request.chunks(300) {
        wire.send(piece);
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(wire.answer().status, 200);
}
