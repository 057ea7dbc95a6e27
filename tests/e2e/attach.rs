//! An interface on a listener that runs in another process: what it shows and changes, and what becomes of it when the
//! listener goes.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

use serde_json::json;

use crate::support::control::{ask, get, socket};
use crate::support::{Listening, Person, SECRET, Signed, Size, TestEnv, Unit, sample, talk};

const SIZE: Size = Size(120, 36);
const SMALL: Size = Size(80, 24);

fn attach(env: &TestEnv, size: Size) -> Person {
    let mut person = Person::runs(env, size, &["attach"]);
    person.sees("attached to ");
    person
}

fn status(address: SocketAddr) -> u16 {
    talk(address, Signed::new("{}").with("Connection: close\r\n").wire()).status
}

fn sender(address: SocketAddr) -> JoinHandle<u16> {
    std::thread::spawn(move || status(address))
}

fn listens(env: &TestEnv, listening: &Listening) {
    assert_eq!(get(env, "/status").is(200).json()["process"], listening.process());
    talk(listening.address(), Signed::new("{}").wire());
}

#[test]
fn what_comes_is_shown_and_quitting_leaves_the_listener() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(sample("screenshot-live.json")).wire());
    let mut person = attach(&env, SIZE);
    person.sees(&format!("attached to {}, process {}", listening.url(""), listening.process()));
    // What came before, and its body from the store's files.
    person.sees_row(&["✓", "screenshot", "200"]).types("3").sees("desktop.screenshot_tracking");
    talk(listening.address(), Signed::new("{\"n\":2}").to("/second").by("wrong", Unit::Seconds).wire());
    person.sees_row(&["✗", "401"]).sees("of 2").types("g2").sees("Why");
    // The secret of the listener explains and re-signs.
    person.types("R").sees("Replay #2").types("\u{1b}").no_longer_sees("Replay #2");
    person.types("I").sees("Listener status (up ").sees("connections").types("\u{1b}").no_longer_sees("connections");
    person.types("T").sees("test event");
    person.sees("of 3").types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
    listens(&env, &listening);
    let mut small = attach(&env, SMALL);
    small.sees(&format!("process {}", listening.process())).types("q");
    assert_eq!(small.ends(), 0);
    listening.closes();
}

#[test]
fn an_answer_that_one_chooses_the_others_see() {
    let env = TestEnv::with_secret();
    let (mut own, address) = Person::listening(&env, SIZE, &[]);
    let mut one = attach(&env, SIZE);
    let mut other = attach(&env, SIZE);
    one.types("a").sees("Predefined").types("jjjj").sees("HTTP/1.1 400 Bad Request").enter();
    for person in [&mut one, &mut other, &mut own] {
        person.sees("answers 400");
    }
    assert_eq!(status(address), 400);
    own.types("A");
    for person in [&mut one, &mut other, &mut own] {
        person.sees("answers auto");
    }
    assert_eq!(status(address), 200);
    // Rules as well, with their counts.
    one.types("r").sees("Rules").types("n").types("503 later").enter();
    one.sees("answers 503").types("\u{1b}").no_longer_sees("Rules");
    own.sees("answers 503");
    assert_eq!(status(address), 503);
    let rules = get(&env, "/rules").is(200).json();
    assert_eq!(rules["rules"][0]["rule"], "503 \"later\"");
    other.sees("answers 503").types("r").sees("503 \"later\"");
    // Where the listener may not forward to is refused by it.
    one.types("r").sees("Rules").types("e").types("\u{15}").types(&format!("forward http://{address}/x")).enter();
    one.sees("forward").sees("itself");
    assert_eq!(get(&env, "/rules").json()["rules"][0]["rule"], "503 \"later\"");
}

#[test]
fn what_one_releases_goes_from_the_other() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "hold 1h else 503"]);
    let (mut one, mut other) = (attach(&env, SIZE), attach(&env, SIZE));
    let [first, second] = [(); 2].map(|()| sender(listening.address()));
    one.sees("2 held");
    other.sees("2 held").types("G").types("6").sees("s left").enter();
    other.sees("Answer held delivery").types("jjjjjj").sees("HTTP/1.1 401").enter();
    other.sees("1 held");
    one.sees("1 held");
    // Quitting asks nothing, and what is held stays held.
    other.types("q");
    assert_eq!(other.ends(), 0);
    assert_eq!(get(&env, "/held").json().as_array().unwrap().len(), 1);
    one.types("W").sees("Answer").enter();
    one.no_longer_sees("1 held");
    let mut answers = [first.join().unwrap(), second.join().unwrap()];
    answers.sort_unstable();
    assert_eq!(answers, [401, 503]);
}

#[test]
fn marks_and_deletions_are_seen_by_all_and_undone() {
    let env = TestEnv::with_secret();
    let (mut own, address) = Person::listening(&env, SIZE, &[]);
    (0..3).for_each(|number| drop(talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire())));
    let (mut one, mut other) = (attach(&env, SIZE), attach(&env, SIZE));
    one.sees("of 3").sees_row(&["/n/2", "200"]).types("b").sees("pinned #3");
    other.sees("another process pinned #3");
    own.sees("another process pinned #3");
    one.types("\"").pastes("look at this").enter();
    one.sees("noted on #3");
    assert_eq!(get(&env, "/deliveries/3").json()["user_note"], "look at this");
    // By the listener's own interface, and by the command line.
    own.types("j").types("b").sees("pinned #2");
    one.sees("another process pinned #2");
    env.run(&["delete", "1"]).yes();
    one.sees("another process deleted #1").sees("of 2");
    one.types("j").types("\u{1b}[3~").sees("Delete #2, which is pinned?").types("y").sees("deleted #2");
    other.sees("another process deleted #2").sees("of 1");
    one.types("U").sees("brought back #2").sees("of 2");
    other.sees("another process brought back #2").sees("of 2");
    env.run(&["delete", "--undo"]).yes();
    other.sees("another process brought back #1").sees("of 3");
    // A store that is pruned meanwhile.
    env.run(&["prune", "--yes", "--pinned", "--keep", "1"]).yes();
    other.sees("another process deleted").sees("of 1");
    own.sees("another process deleted").sees("of 1");
    other.sees_row(&["/n/2"]);
}

#[test]
fn a_secret_that_is_entered_verifies_what_is_stored_and_what_comes() {
    let env = TestEnv::new();
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 401);
    let (mut one, mut other) = (attach(&env, SIZE), attach(&env, SIZE));
    one.sees_row(&["?", "401"]).sees("no secret").types("s").pastes(SECRET).enter();
    one.sees("1 of 1 unverified").sees_row(&["? ✓", "401"]).sees("secret entered");
    listening.says("another process gave a secret");
    other
        .sees("another process gave a secret; 1 of 1 unverified")
        .sees("secret entered")
        .types("2")
        .sees("With the current secrets: verified");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    one.sees_row(&["✓", "200"]);
    // It is the listener's: an interface that comes later has it too, and no file does.
    one.types("q").ends();
    attach(&env, SIZE).sees("secret entered");
    let screen = format!("{}{}", String::from_utf8_lossy(&one.raw()), String::from_utf8_lossy(&other.raw()));
    assert!(!screen.contains(SECRET));
}

#[test]
fn a_listener_that_is_killed_is_missed_and_greeted_again() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "hold 1h"]);
    let first = listening.process();
    let held = sender(listening.address());
    let mut person = attach(&env, SIZE);
    person.sees("1 held");
    listening.kill();
    let _ = held.join();
    person.sees("listener gone").sees("not attached: the listener has ended").no_longer_sees("1 held");
    // The store is still there; what needs the listener says that it is gone.
    person.types("7").sees("POST /webhooks/trackpilots").types("a").sees("Predefined").enter();
    person.no_longer_sees("Predefined");
    let gone = "the listener has ended; this attaches again";
    person.sees(gone).types("b").sees(&format!("not changed: {gone}"));
    // What was typed stays, with the reason.
    person.types("s").pastes("another secret of mine").sees("22 characters").enter();
    person.sees_that("the secret, and why it is not used", |screen| {
        screen.contains("22 characters") && screen.matches("not changed: the listener has ended").count() == 1
    });
    person.types("\u{1b}").no_longer_sees("22 characters");
    let again = env.listen(&[]);
    person.sees(&format!("attached to {}, process {}", again.url(""), again.process()));
    person.no_longer_sees("listener gone");
    assert_ne!(first, again.process());
    assert_eq!(status(again.address()), 200);
    person.sees("of 2").sees_row(&["✓", "200"]).types("b").sees("pinned #2");
    // In order, likewise; and quitting needs no listener.
    again.closes();
    person.sees("listener gone").types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn without_a_listener_it_says_how_to_start_one() {
    let env = TestEnv::with_secret();
    let mut person = Person::runs(&env, SMALL, &["attach"]);
    person.sees("no listener runs on store").sees("whyhook listen --headless");
    assert_eq!(person.ends(), 2);
    person.has_the_terminal_back();
    let without = env.run(&["attach"]).complains();
    assert!(without.contains("attach --plain"), "{without}");
    // After kill -9 the socket is there, and nobody answers.
    env.listen(&[]).kill();
    assert!(env.run(&["attach", "--plain"]).complains().contains("no listener runs on store"));
}

/// What answers on the store's socket in the place of a listener, until it is dropped.
fn impostor(env: &TestEnv, reply: &'static [u8]) {
    std::fs::remove_file(socket(env)).ok();
    let listener = UnixListener::bind(socket(env)).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(reply);
        }
    });
}

#[test]
fn what_is_no_listener_of_this_release_is_said_in_a_sentence() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    let wrong = ask(&socket(&env), "GET", "/attach?format=9999&interface=1", None).is(409).json();
    assert!(wrong["detail"].as_str().unwrap().contains("another release"), "{wrong}");
    listening.closes();
    for (reply, words) in [
        (&b"\x00\xff garbage \x1b[2J\r\n\r\n"[..], "ended the connection"),
        (b"", "ended the connection"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "another release of whyhook"),
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nevent: snapshot\ndata: {\"process\":1}\n\n",
            "a state that cannot be read",
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "the listener has ended"),
    ] {
        impostor(&env, reply);
        let said = env.run(&["attach", "--plain"]).complains();
        assert!(said.contains(words) && !said.contains('\x1b'), "{words}: {said}");
    }
}

#[test]
fn a_panic_ends_the_interface_and_not_the_listener() {
    for (thread, keys) in [("attached", ""), ("asking", "b")] {
        let env = TestEnv::with_secret();
        let trigger = env.root().join("trigger");
        let env = env.set("WHYHOOK_DEBUG_PANIC", format!("{thread}={}", trigger.display()));
        let listening = env.listen(&[]);
        talk(listening.address(), Signed::new("{}").wire());
        let mut person = attach(&env, SIZE);
        person.sees("1 of 1");
        std::fs::write(trigger, "").unwrap();
        person.types(keys);
        talk(listening.address(), Signed::new("{}").wire());
        assert_eq!(person.ends(), 101, "{thread}");
        person.has_the_terminal_back();
        person.sees(&format!("asked for in the thread {thread}"));
        listens(&env, &listening);
    }
}

#[test]
fn in_lines_it_is_the_same() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    assert_eq!(status(listening.address()), 200);
    let script = "answer 503\nlist\nheld\nquit\n";
    let ran = env.run_with(&["attach", "--plain"], script.as_bytes());
    let said = ran.yes().stdout();
    let attached = format!("Attached to the listener on {}", listening.url("/"));
    assert!(said.contains(&attached) && said.contains(&format!("process {}", listening.process())), "{said}");
    assert!(said.contains("every delivery gets 503") && said.contains("no delivery is held"), "{said}");
    assert_eq!(status(listening.address()), 503);
    let chosen = get(&env, "/answer").json();
    assert_eq!(chosen, json!({"rule": "503", "once": false}));
    listens(&env, &listening);
}
