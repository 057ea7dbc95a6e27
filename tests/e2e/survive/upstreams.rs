//! Servers behind that are slow, while large deliveries pour in; and large answers that senders take slowly.

use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::tools::peak_memory;
use crate::support::{PATIENCE, Signed, TestEnv, Upstream, request_from, talk, until};

const SENDERS: usize = 16;
const ROUNDS: usize = 3;
const BODY_BYTES: usize = 8 << 20;
/// What the answer of the server behind is long.
const ANSWER_BYTES: usize = 3 << 19;
/// `limits.memory`.
const MEMORY: u64 = 16 << 20;

/// A gate that stands closed until it is opened.
#[derive(Default)]
struct Gate {
    rounds: Mutex<usize>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.rounds.lock().unwrap() += 1;
        self.opened.notify_all();
    }

    fn wait(&self, round: usize) {
        let rounds = self.rounds.lock().unwrap();
        drop(self.opened.wait_timeout_while(rounds, PATIENCE, |rounds| *rounds <= round).unwrap());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn bodies_on_their_way_to_slow_servers_are_never_in_memory() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nmemory = \"16MiB\"\n");
    let (gate, began) = (Arc::new(Gate::default()), Arc::new(Mutex::new(0)));
    let (stands, count) = (Arc::clone(&gate), Arc::clone(&began));
    let slow = Upstream::unread(move |socket| {
        let number = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count - 1
        };
        // Nothing is read before the gate opens.
        stands.wait(number / SENDERS);
        let request = request_from(socket);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {ANSWER_BYTES}\r\n\r\n");
        socket.write_all(&[head.as_bytes(), &[b'y'; ANSWER_BYTES]].concat()).unwrap();
        request[..request.len().min(100)].to_vec()
    });
    let never = Arc::new(Gate::default());
    let shut = Arc::clone(&never);
    let silent = Upstream::unread(move |_| {
        shut.wait(0);
        Vec::new()
    });
    let rule = format!("path:/large → forward {} {}", slow.url(), silent.url());
    let listening =
        env.listen(&["--body-limit", "8MiB", "--forward-timeout", "90s", "--respond", &rule, "--format", "json"]);
    let address = listening.address();
    let large = Signed::new("x".repeat(BODY_BYTES)).to("/large").wire();
    assert_eq!(talk(address, Signed::new("{}").to("/small").wire()).status, 200);
    let itself = peak_memory(listening.process());
    for round in 0..ROUNDS {
        thread::scope(|scope| {
            // One after the other, since more than two of them have no room on their way in. All of them are on
            // their way out then, and none gets any further.
            let mut send = |number| {
                let sender = scope.spawn(|| talk(address, &large));
                assert!(until(|| (*began.lock().unwrap() > round * SENDERS + number).then_some(())).is_some());
                sender
            };
            let senders: Vec<_> = (0..SENDERS).map(&mut send).collect();
            for number in 0..50 {
                let small = Signed::new("{}").to(&format!("/small/{round}/{number}")).wire();
                assert_eq!(talk(address, small).status, 200, "an honest sender waits for none of them");
            }
            gate.open();
            for sender in senders {
                let answer = sender.join().unwrap();
                assert_eq!((answer.status, answer.body.len()), (200, ANSWER_BYTES));
            }
        });
        // A few times its limit, beside what the program itself takes: 384 MiB of bodies went to each server.
        let peak = peak_memory(listening.process()) - itself;
        assert!(peak < 64 << 20, "{} MiB after round {round}", peak >> 20);
        eprintln!("{} MiB after round {round}, of which {} are the limit", peak >> 20, MEMORY >> 20);
    }
    assert!(slow.request().starts_with("POST /large HTTP/1.1\r\n"));
    let shown = until(|| {
        let shown = env.show(2);
        (shown["answer"]["body_bytes"] == ANSWER_BYTES && shown["forward"][0].is_object()).then_some(shown)
    });
    let kept = shown.unwrap()["answer"]["body"].as_str().unwrap().len();
    assert!(kept <= 1 << 20, "{kept}");
    never.open();
}

#[test]
fn servers_behind_the_senders_back_are_bounded_and_what_is_left_out_is_said() {
    let env = TestEnv::with_secret();
    let quick = Upstream::new(|socket| socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap());
    let gate = Arc::new(Gate::default());
    let stands = Arc::clone(&gate);
    let silent = Upstream::unread(move |_| {
        stands.wait(0);
        Vec::new()
    });
    let listening = env.listen(&["--forward-to", &quick.url(), "--forward-to", &silent.url(), "--format", "json"]);
    // More than may wait: 1,024.
    let mut wire = crate::support::Wire::connect(listening.address());
    for _ in 0..1100 {
        assert_eq!(wire.send(Signed::new("{}").wire()).answer().status, 200);
    }
    let is_busy = |attempt: &Value| attempt["error"]["code"] == "busy";
    let shown =
        until(|| Some(env.show(1100)).filter(|shown| shown["attempts"].as_array().is_some_and(|all| all.len() == 2)));
    let attempts = shown.unwrap()["attempts"].clone();
    assert!(attempts.as_array().unwrap().iter().any(is_busy), "{attempts}");
    assert!(env.show(1)["attempts"].as_array().unwrap().iter().all(|attempt| !is_busy(attempt)));
    gate.open();
}

#[cfg(target_os = "linux")]
#[test]
fn large_answers_are_shared_or_counted() {
    // Two of them are as much as a configuration holds.
    const LENGTH: usize = 480_000;
    let env = TestEnv::with_secret();
    let text = "x".repeat(LENGTH);
    env.write(
        "whyhook.toml",
        format!(
            "[limits]\nmemory = \"16MiB\"\n[answers.same]\nstatus = 200\nbody = \"{text}\"\n\
             [answers.own]\nstatus = 200\nbody = \"{{{{id}}}}{text}\"\n"
        ),
    );
    let rules = ["path:/same → trickle 1 per 1s same", "path:/own → trickle 1 per 1s own"];
    let listening = env.listen(&["--body-limit", "1MiB", "--respond", rules[0], "--respond", rules[1]]);
    let address = listening.address();
    let begin = |path: &str| {
        let mut wire = crate::support::Wire::connect(address);
        wire.send(Signed::new("{}").to(path).wire());
        let mut head = Vec::new();
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            head.extend(wire.reads(1024));
        }
        (wire, String::from_utf8_lossy(&head).into_owned())
    };
    // 144 megabytes, were there one for each.
    let same: Vec<_> = (0..300).map(|_| begin("/same")).collect();
    assert!(same.iter().all(|(_, head)| head.starts_with("HTTP/1.1 200 ")));
    // More than there is room for, so that some have to come back.
    let own: Vec<_> = thread::scope(|scope| {
        let begun: Vec<_> = (0..60).map(|_| scope.spawn(|| begin("/own"))).collect();
        begun.into_iter().map(|begun| begun.join().unwrap()).collect()
    });
    let (begun, turned_away): (Vec<_>, Vec<_>) = own.iter().partition(|(_, head)| head.starts_with("HTTP/1.1 200 "));
    assert!(!begun.is_empty() && !turned_away.is_empty(), "{} of {}", begun.len(), own.len());
    for (_, head) in turned_away {
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
    }
    assert_eq!(talk(address, Signed::new("{}").to("/small").wire()).status, 200);
    let peak = peak_memory(listening.process());
    assert!(peak < 110 << 20, "{} MiB", peak >> 20);
}
