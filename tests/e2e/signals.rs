//! Signals, and terminals that go away: the program ends, and gives the terminal back.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use rustix::process::Signal;

#[cfg(target_os = "linux")]
use crate::support::control::Events;
use crate::support::tools::signal;
use crate::support::{PATIENCE, Person, Signed, Size, TestEnv, Upstream, Wire, talk, until};

const ENDS: [Signal; 3] = [Signal::TERM, Signal::INT, Signal::HUP];

#[test]
fn a_signal_ends_the_lines_and_what_was_answered_is_kept() {
    for ending in ENDS {
        let env = TestEnv::with_secret();
        let mut listening = env.listen(&[]);
        assert_eq!(talk(listening.address(), Signed::new("{\"last\":1}").wire()).status, 200);
        // Neither an idle connection nor one in the middle of a body holds it up.
        let mut idle = Wire::connect(listening.address());
        idle.send(Signed::new("{}").wire()).answer();
        let half = Signed::new("half a body").wire();
        let mut stuck = Wire::connect(listening.address());
        stuck.send(&half[..half.len() - 5]);
        signal(listening.process(), ending);
        assert!(listening.ends().code().is_some(), "{ending:?}");
        assert_eq!(env.bytes(1, "body"), b"{\"last\":1}");
        env.listen(&[]).stop();
    }
}

/// In a second everything is closed, unless the machine is too busy: of a few that end, one is in time.
#[test]
fn what_ends_by_a_signal_has_closed_everything() {
    assert!((0..5).any(|_| TestEnv::with_secret().listen(&[]).stop().success()));
}

/// As `nohup` has it, and a shell for what it runs in the background.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_before_stays_so() {
    let env = TestEnv::with_secret().within("trap '' HUP INT QUIT", false);
    let listening = env.listen(&[]);
    for ignored in [Signal::HUP, Signal::INT, Signal::QUIT] {
        signal(listening.process(), ignored);
    }
    for _ in 0..3 {
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    }
    listening.closes();
}

/// Nobody is waited for who has an answer and does not hang up, nor who never asked.
#[test]
fn senders_that_stay_connected_are_not_waited_for() {
    let ends = || {
        let env = TestEnv::with_secret();
        let listening = env.listen(&["--respond", "hold 1h else 503"]);
        let stay: Vec<Wire> = (0..3)
            .map(|number| {
                let mut wire = Wire::connect(listening.address());
                wire.send(if number == 0 { Vec::new() } else { Signed::new("{}").wire() });
                wire
            })
            .collect();
        listening.says("held: #2 until");
        let ended = listening.stop().success();
        drop(stay);
        ended
    };
    assert!((0..5).any(|_| ends()));
}

/// A process is not gone before each of its threads has had another turn, which those that go last get after seconds on
/// a busy machine.
#[cfg(target_os = "linux")]
#[test]
fn no_thread_goes_last_but_while_somebody_follows() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let process = listening.process();
    let goes_last = || nicest(process) == 19;
    assert!((1..19).contains(&nicest(process)), "those that may wait give way");
    let mut follower = Events::open(&env, "", None);
    talk(listening.address(), Signed::new("{}").wire());
    follower.next();
    assert!(goes_last());
    drop(follower);
    // That nobody reads any more is known when something is written.
    let is_gone = || {
        talk(listening.address(), Signed::new("{}").wire());
        (!goes_last()).then_some(())
    };
    assert!(until(is_gone).is_some());
}

/// The highest nice value of the process's threads: proc_pid_stat(5), field 19.
#[cfg(target_os = "linux")]
fn nicest(process: u32) -> i64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok());
    let nice = |stat: String| stat.rsplit_once(") ")?.1.split(' ').nth(16)?.parse().ok();
    stats.filter_map(nice).max().unwrap()
}

/// So soon after the signal a test itself must have done its part; the program waits for longer.
const ITS_PART: Duration = Duration::from_millis(400);

/// Sends a delivery to a program that forwards it, ends the program while the server behind thinks, and lets that
/// server answer once nobody new is let in. `None` when the machine was too busy for this very test to be in time,
/// which says nothing about the program.
fn status_of_what_was_being_answered(ending: Signal) -> Option<std::io::Result<u16>> {
    let env = TestEnv::with_secret();
    let (began, begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let may_go_on = Mutex::new(may_go_on);
    let upstream = Upstream::new(move |socket| {
        began.send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        let _ = socket.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nlast");
    });
    let mut listening = env.listen(&["--forward-to", &upstream.url()]);
    let mut sender = Wire::connect(listening.address());
    sender.send(Signed::new("{\"last\":1}").wire());
    begun.recv_timeout(PATIENCE).unwrap();
    let since = Instant::now();
    signal(listening.process(), ending);
    let has_stopped_listening = || TcpStream::connect(listening.address()).is_err().then_some(());
    assert!(until(has_stopped_listening).is_some(), "{ending:?} is not heeded");
    go_on.send(()).unwrap();
    let in_time = since.elapsed() < ITS_PART;
    let answer = sender.try_answer();
    assert!(listening.ends().code().is_some(), "{ending:?}");
    assert_eq!(env.bytes(1, "body"), b"{\"last\":1}");
    (in_time || answer.is_ok()).then(|| {
        answer.map(|answer| {
            assert_eq!(answer.body, "last");
            answer.status
        })
    })
}

#[test]
fn what_is_being_answered_when_a_signal_comes_gets_its_answer() {
    for ending in ENDS {
        let status = until(|| status_of_what_was_being_answered(ending)).expect("a machine that is not this busy");
        assert_eq!(status.ok(), Some(202), "{ending:?}");
    }
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for ending in ENDS {
        let env = TestEnv::with_secret();
        let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
        assert!(person.terminal_is_taken());
        assert_eq!(talk(address, Signed::new("{\"last\":1}").wire()).status, 200);
        signal(person.process(), ending);
        person.ends();
        person.has_the_terminal_back();
        assert_eq!(env.bytes(1, "body"), b"{\"last\":1}");
    }
}

#[test]
fn keys_that_quit_give_the_terminal_back() {
    let env = TestEnv::with_secret();
    // From the list, and after ^C has closed a menu, a prompt, the help.
    for keys in ["q", "\u{3}", "a\u{3}\u{3}", "/x\u{3}\u{3}", "s\u{3}q", "?\u{3}q", ":quit\r", "aqq"] {
        let (mut person, _) = Person::listening(&env, Size(100, 30), &[]);
        assert!(person.terminal_is_taken());
        person.types(keys);
        assert_eq!(person.ends(), 0, "{keys:?}");
        person.has_the_terminal_back();
    }
}

#[test]
fn a_closed_terminal_ends_it() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
    assert_eq!(talk(address, Signed::new("{\"last\":1}").wire()).status, 200);
    person.leaves();
    person.ends();
    assert_eq!(env.bytes(1, "body"), b"{\"last\":1}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_stops_it_and_fg_brings_it_back() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
    person.sees("Waiting for the first delivery").types("\u{1a}");
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", person.process())).unwrap();
        stat.rsplit(") ").next().unwrap().starts_with('T').then_some(())
    };
    assert!(until(state).is_some(), "it is not stopped");
    person.has_the_terminal_back();
    signal(person.process(), Signal::CONT);
    assert!(until(|| person.terminal_is_taken().then_some(())).is_some());
    person.sees("Waiting for the first delivery");
    assert_eq!(talk(address, Signed::new("{}").to("/back").wire()).status, 200);
    person.sees("POST /back").types("q");
    person.ends();
    person.has_the_terminal_back();
}
