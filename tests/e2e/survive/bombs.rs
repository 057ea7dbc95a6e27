//! Bodies that would take memory or time without end when they are inflated, under a limit on addresses.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::bombs::{Bomb, bombs, gzip};
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, talk};

/// An environment in which no process gets more than this many KiB of addresses: little more than the program takes
/// while it listens, so that nothing that grows with what is declared has room. With one arena, since glibc's take 64
/// MiB of addresses for every thread, whether they are used or not.
fn tight() -> TestEnv {
    TestEnv::with_secret().set("MALLOC_ARENA_MAX", "1").within("ulimit -v 300000", false)
}

/// The bomb as its sender would send it, to a path by its name, and whether it verifies.
fn request(bomb: &Bomb, is_declared: bool) -> (Signed, bool) {
    let signed = Signed::new(bomb.body.clone());
    if !is_declared {
        return (signed.to(&format!("/{}/undeclared", bomb.name)), true);
    }
    let signed = signed.to(&format!("/{}", bomb.name)).with(format!("Content-Encoding: {}\r\n", bomb.coding));
    // The small ones with another secret, so that the search for why looks into them, too.
    let verifies = bomb.body.len() > 20_000;
    (if verifies { signed } else { signed.by("another secret", Unit::Seconds) }, verifies)
}

#[test]
fn no_bomb_takes_the_listener_or_a_command_down() {
    let env = tight();
    let listening = env.listen(&["--format", "json"]);
    let is_over = AtomicBool::new(false);
    let sent: Vec<(String, bool, Option<&str>)> = std::thread::scope(|scope| {
        let honest = scope.spawn(|| {
            let mut count = 0;
            while !is_over.load(Ordering::Relaxed) && count < 500 {
                let request = Signed::new("{}").to("/honest");
                assert_eq!(talk(listening.address(), request.wire()).status, 200, "an honest sender");
                count += 1;
            }
            count
        });
        let mut sent = Vec::new();
        for bomb in bombs() {
            for is_declared in [true, false] {
                let (request, verifies) = request(&bomb, is_declared);
                let path = request.path.clone();
                let status = talk(listening.address(), request.wire()).status;
                assert_eq!(status, if verifies { 200 } else { 401 }, "{path}");
                sent.push((path, verifies, is_declared.then_some(bomb.said)));
            }
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(honest.join().unwrap() > 0);
        sent
    });
    let listed = env.run(&["list", "-n", "5000"]).yes().stdout();
    for (path, verifies, said) in &sent {
        let id = listed.lines().find(|line| line.ends_with(path)).unwrap_or_else(|| panic!("{path} is not listed"));
        let id = id.split_whitespace().next().unwrap().trim_start_matches('#');
        let json = env.run(&["show", id, "--format", "json"]).yes().json();
        if let Some(said) = said {
            let shown = env.run(&["show", id]).yes().stdout();
            assert!(shown.contains(*said), "{path}: {said}: {}", &shown[..shown.len().min(2000)]);
            assert!(json["body_notes"].to_string().contains(*said), "{path}: {:#}", json["body_notes"]);
        }
        env.run(&["verify", id]).exits(i32::from(!verifies));
    }
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200, "it goes on");
}

/// What stands beside the list, its lines joined again.
fn pane(screen: &str) -> String {
    let lines = screen.lines().filter_map(|line| Some(line.split_once('│')?.1.trim_end_matches('┃')));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_bomb_is_opened_in_the_interface() {
    let env = tight();
    let (mut person, address) = Person::listening(&env, Size(140, 40), &[]);
    for bomb in bombs() {
        let (request, verifies) = request(&bomb, true);
        assert_eq!(talk(address, request.wire()).status, if verifies { 200 } else { 401 }, "{}", bomb.name);
        person.types("g1").sees_that(bomb.said, |screen| {
            let pane = pane(screen);
            pane.contains(&format!("POST /{} ", bomb.name)) && pane.contains(bomb.said.trim_end())
        });
        person.types("3").settles().types("2").settles().types("1");
        assert!(person.is_running(), "{}", bomb.name);
    }
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn an_event_read_from_a_beginning_is_said_to_be() {
    let env = TestEnv::new().set(crate::support::DEFAULT_VARIABLE, SECRET);
    let (mut person, address) = Person::listening(&env, Size(140, 40), &[]);
    let event = r#"{"event":"desktop.app_tracking.captured","version":"v1","data":[]"#;
    let noise: String = (0..400_000_u32).map(|number| format!("{:08x}", number.wrapping_mul(0x9e37_79b1))).collect();
    let body = gzip(format!("{event},\"noise\":\"{noise}\"}}").as_bytes());
    let request = Signed::new(body).with("Content-Encoding: gzip\r\n");
    assert_eq!(talk(address, request.wire()).status, 200);
    let words = "the event in the list was read from the beginning of the body only: stopped after the first 256 KiB of the body";
    assert!(env.run(&["show", "1"]).yes().stdout().contains(words));
    assert_eq!(env.show(1)["event"], "desktop.app_tracking.captured");
    person.types("g1").sees("the event in the list was read from the beginning of the body only");
}

/// Only a debug build panics on request.
#[cfg(debug_assertions)]
#[test]
fn a_decoder_that_panics_is_a_remark() {
    let env = TestEnv::with_secret();
    let trigger = env.write("trigger", "");
    let env = env.set("WHYHOOK_DEBUG_PANIC", format!("inflate={}", trigger.display()));
    let listening = env.listen(&["--format", "json"]);
    let request = Signed::new(gzip(b"{\"event\":\"x\"}")).with("Content-Encoding: gzip\r\n");
    assert_eq!(talk(listening.address(), request.wire()).status, 200);
    let shown = env.run(&["show", "1"]).yes().stdout();
    assert!(shown.contains("gzip: cannot be inflated: the decoder failed; shown as sent"), "{shown}");
    env.run(&["verify", "1"]).yes();
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200, "it goes on");
}
