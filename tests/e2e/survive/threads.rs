//! A panic in any thread: the terminal comes back, what was answered is kept, and the program ends.
//!
//! `WHYHOOK_DEBUG_PANIC=thread=FILE` makes a debug build panic in that thread once the file is there.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::{fs, thread};

use crate::support::{Person, Signed, Size, TestEnv, Unit, Wire};

/// The exit code of a Rust program that has panicked.
const PANICKED: u32 = 101;
/// Enough commits for a checkpoint.
const ENOUGH: usize = 1300;

/// An environment with a trap for one thread, and the file that springs it.
fn trapped(thread: &str) -> (TestEnv, PathBuf) {
    let env = TestEnv::with_secret();
    let trigger = env.root().join("trigger");
    let setting = format!("{thread}={}", trigger.display());
    (env.set("WHYHOOK_DEBUG_PANIC", setting), trigger)
}

/// Sends on one connection until the listener is gone; returns how many were answered with 200.
fn send(wire: &mut Wire, from: usize, count: usize, body: &[u8]) -> usize {
    for number in from..from + count {
        let request = Signed::new(body).to(&format!("/n/{number}"));
        if wire.try_send(&request.wire()).is_err() || !wire.try_answer().is_ok_and(|answer| answer.status == 200) {
            return number - from;
        }
    }
    count
}

/// Lets a thread of the interface panic, and checks what must hold whichever it is.
fn survives(thread: &str, provoke: impl FnOnce(&mut Person, &mut Wire) -> usize) {
    let (env, trigger) = trapped(thread);
    let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
    person.sees("Waiting for the first delivery");
    let mut wire = Wire::connect(address);
    let mut answered = send(&mut wire, 0, 5, b"{}");
    assert_eq!(answered, 5, "{thread}");
    person.sees("/n/4").settles();
    fs::write(&trigger, "").unwrap();
    answered += provoke(&mut person, &mut wire);
    assert_eq!(person.ends(), PANICKED, "{thread}");
    person.has_the_terminal_back();
    // The message comes behind the alternate screen, where it can be read.
    person.sees(&format!("asked for in the thread {thread}"));
    fs::remove_file(&trigger).unwrap();
    let listed = env.run(&["list"]).yes().stdout();
    for number in 0..answered {
        assert!(listed.lines().any(|line| line.ends_with(&format!("/n/{number}"))), "{thread}: {number} is lost");
    }
    // No repair: it simply starts again.
    let listening = env.listen(&[]);
    assert_eq!(send(&mut Wire::connect(listening.address()), 0, 1, b"{}"), 1);
}

#[test]
fn in_the_writer() {
    survives("writer", |_, wire| send(wire, 5, 5, b"{}"));
}

#[test]
fn in_the_index() {
    survives("index", |_, wire| send(wire, 5, 5, b"{}"));
}

#[test]
fn in_the_checkpoints() {
    survives("checkpoint", |_, wire| send(wire, 5, ENOUGH, b"{}"));
}

#[test]
fn in_a_worker_of_the_listener() {
    survives("worker", |_, wire| send(wire, 5, 5, b"{}"));
}

#[test]
fn in_the_judging_of_a_large_body() {
    survives("judge", |_, wire| send(wire, 5, 5, &vec![b' '; 400_000]));
}

#[test]
fn in_the_reading_of_the_store() {
    survives("loader", |person, _| {
        person.types("j");
        0
    });
}

#[test]
fn in_the_diagnosis() {
    survives("diagnosis", |person, wire| {
        wire.send(Signed::new("{}").by("another secret", Unit::Seconds).wire());
        person.types("g2");
        0
    });
}

#[test]
fn in_what_sends() {
    survives("sender", |person, _| {
        person.types("T");
        0
    });
}

#[test]
fn in_what_looks_sendings_up() {
    survives("lookups", |person, _| {
        person.types("E");
        0
    });
}

#[test]
fn in_the_keys() {
    survives("input", |person, _| {
        person.types("j");
        0
    });
}

#[test]
fn in_the_drawing() {
    survives("main", |person, _| {
        person.types("j");
        0
    });
}

#[test]
fn in_the_signals() {
    survives("signals", |person, _| {
        person.resizes(Size(90, 30));
        0
    });
}

#[test]
fn in_what_forwards_events() {
    survives("events", |person, _| {
        person.resizes(Size(90, 30));
        0
    });
}

#[test]
fn in_the_watch_of_the_tunnel() {
    // An agent that knows of no tunnel is asked again every two seconds.
    let agent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = agent.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut socket in agent.incoming().map_while(Result::ok) {
            let _ = socket.read(&mut [0; 4096]);
            let body = "{\"tunnels\":[]}";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let _ = write!(socket, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    let (env, trigger) = trapped("tunnel");
    let env = env.set("WHYHOOK_NGROK_API", address);
    let (mut person, _) = Person::listening(&env, Size(100, 30), &[]);
    person.sees("Waiting for the first delivery");
    fs::write(trigger, "").unwrap();
    assert_eq!(person.ends(), PANICKED);
    person.has_the_terminal_back();
}

#[test]
fn without_a_terminal_it_ends_as_well() {
    for thread in ["writer", "index", "worker", "main"] {
        let (env, trigger) = trapped(thread);
        let mut listening = env.listen(&[]);
        let mut wire = Wire::connect(listening.address());
        assert_eq!(send(&mut wire, 0, 3, b"{}"), 3);
        fs::write(trigger, "").unwrap();
        let answered = 3 + send(&mut wire, 3, 3, b"{}");
        assert_eq!(listening.ends().code(), Some(101), "{thread}");
        listening.says(&format!("asked for in the thread {thread}"));
        assert!(env.run(&["list"]).yes().stdout().lines().count() >= answered, "{thread}");
    }
}
