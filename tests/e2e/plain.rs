//! The interface in lines: what a person does who does not see the grid, through a terminal and through pipes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};

use whyhook::text::is_hidden;

use crate::replay::Recorder;
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, Wire, sample, talk, until};

/// A script that types into a pipe and reads what comes.
pub(crate) struct Script {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<String>>>,
    /// Lines that were read already.
    read: usize,
}

impl Script {
    pub(crate) fn start(env: &TestEnv, arguments: &[&str]) -> Self {
        let mut command = env.command(&["listen", "--plain", "--bind", "127.0.0.1:0"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                seen.lock().unwrap().push(String::from_utf8(line).unwrap());
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, lines, read: 0 }
    }

    pub(crate) fn enters(&mut self, line: &str) -> &mut Self {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        self
    }

    /// Waits for a line with `words` after those that were read, and returns it.
    #[track_caller]
    pub(crate) fn hears(&mut self, words: &str) -> String {
        let found = until(|| {
            let lines = self.lines.lock().unwrap();
            let at = lines.iter().skip(self.read).position(|line| line.contains(words))?;
            Some((self.read + at, lines[self.read + at].clone()))
        });
        let (at, line) = found.unwrap_or_else(|| panic!("'{words}' is not in {:#?}", self.lines.lock().unwrap()));
        self.read = at + 1;
        line
    }

    fn address(&mut self) -> SocketAddr {
        address(&self.hears("listens on http://"))
    }

    fn all(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    fn ends(&mut self) -> i32 {
        until(|| self.child.try_wait().unwrap()).expect("it ends").code().unwrap()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(line: &str) -> SocketAddr {
    line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap()
}

#[test]
fn why_it_failed_another_secret_and_my_servers_digest() {
    let env = TestEnv::with_secret();
    let mut script = Script::start(&env, &[]);
    let address = script.address();
    assert_eq!(talk(address, Signed::new("{\"a\":1}").by("another_secret_of_mine", Unit::Seconds).wire()).status, 401);
    let line = script.hears("delivery 1: signature mismatch");
    assert!(line.contains("answered 401"), "{line}");
    script.enters("why").hears("signature mismatch");
    script.hears("Signed bytes");
    script.enters("try 1").hears("it is not shown");
    script.enters("still_another_secret").hears("signature mismatch with this secret as well");
    script.enters("try 1").hears("it is not shown");
    script.enters("another_secret_of_mine").hears("verified with this secret: it is used for this run");
    script.hears("1 of 1 unverified");
    script.enters("compare nothing here").hears("digest");
    script.enters(&format!("compare {}", "ab".repeat(32))).hears("What your server hashed");
    script.enters("secret").hears("not shown");
    script.enters(SECRET).hears("secret");
    script.enters("quit");
    assert_eq!(script.ends(), 0);
    let all = script.all();
    assert!(!all.contains(SECRET) && !all.contains("another_secret_of_mine"), "{all}");
}

#[test]
fn what_goes_out_without_private_values_is_shown_before_it_does() {
    let env = TestEnv::with_secret();
    let mut script = Script::start(&env, &[]);
    let address = script.address();
    talk(address, Signed::new("{\"user\":\"Ada Lovelace\"}").by("another_secret_of_mine", Unit::Seconds).wire());
    script.hears("delivery 1: signature mismatch");
    let file = env.work().join("share.redacted.jsonl");
    script.enters("export 1 to share.redacted.jsonl").hears("Replaced by placeholders: ");
    script.hears("still fails for the same reason");
    script.hears("user");
    script.hears("Enter yes to write the file, or no");
    assert!(!file.exists());
    script.enters("no").hears("nothing was done");
    assert!(!file.exists());
    script.enters("export 1 to share.redacted.jsonl").hears("Enter yes to write the file");
    script.enters("yes").hears("1 delivery exported to ");
    script.enters("export 99 to none.jsonl").hears("delivery 99 is not in the store: nothing was written");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("user") && !text.contains("Lovelace"), "{text}");
    script.enters("copy 1 redacted curl").hears("throw-away secret");
    script.hears("Enter yes to copy it, or no");
    script.enters("no").hears("nothing was done");
    script.enters("quit");
    assert_eq!(script.ends(), 0);
    assert!(!script.all().contains("Lovelace"), "{}", script.all());
}

#[test]
fn results_come_in_the_order_of_the_commands() {
    let env = TestEnv::with_secret();
    let mut script = Script::start(&env, &[]);
    let address = script.address();
    talk(
        address,
        Signed::new("{\"t\":\"✓ 😀 T sends a test event\"}").by("another_secret_of_mine", Unit::Seconds).wire(),
    );
    script.hears("delivery 1: signature mismatch");
    for line in ["export 1 to a.jsonl", "payload 1", "secret", "another_secret_of_mine", "list", "quit"] {
        script.enters(line);
    }
    script.hears("1 delivery exported to ");
    script.hears("✓ 😀 T sends a test event");
    script.hears("Enter the secret");
    script.hears("1 of 1 unverified deliveries verifies with it");
    script.hears("1 delivery");
    assert_eq!(script.ends(), 0);
}

#[test]
fn answering_holding_and_rules() {
    let env = TestEnv::with_secret();
    let mut script = Script::start(&env, &["--hold-for", "1h"]);
    let address = script.address();
    script.enters("answer 503").hears("every delivery gets 503");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 503);
    script.hears("delivery 1: verified").contains("answered 503").then_some(()).unwrap();
    script.enters("answer nonsense here").hears("invalid answer 'nonsense here'");
    script.enters("answer clear").hears("cleared");
    script.enters("answer hold").hears("every delivery gets hold");
    let mut senders: Vec<Wire> = (0..2).map(|_| Wire::connect(address)).collect();
    for (sender, number) in senders.iter_mut().zip(2..) {
        sender.send(Signed::new(sample("app.json")).wire());
        script.hears(&format!("delivery {number} is held"));
    }
    script.enters("held").hears("delivery 2: ");
    script.enters("quit").hears("2 deliveries are held");
    script.enters("no").hears("nothing was done");
    script.enters("release 2 418 teapot").hears("1 delivery no longer held");
    let mut answer = senders[0].answer();
    while answer.status == 100 {
        answer = senders[0].answer();
    }
    assert_eq!((answer.status, &*answer.body), (418, "teapot"));
    script.hears("delivery 2: verified").contains("418").then_some(()).unwrap();
    script.enters("drop 3").hears("1 delivery no longer held");
    script.enters("release 3").hears("delivery 3 is not held");
    script.enters("release 99").hears("there is no delivery 99");
    script.enters("answer clear").hears("cleared");
    script.enters("rules").hears("no rules");
    script.enters("rules add is:sim -> 503").hears("rule 1: is:sim");
    script.enters("rules add is:sim -> nonsense").hears("nonsense");
    script.enters("rules switch 1").hears("switched off");
    script.enters("rules delete 7").hears("no rule 7");
    script.enters("rules delete 1").hears("no rules");
    script.enters("rules undo").hears("rule 1: is:sim");
    script.enters("rules delete 1").hears("no rules");
    script.enters("rules undo").hears("1 rule that is off is not saved");
    script.enters("rules switch 1").hears("not saved: rules save");
    script.enters("quit").hears("The rules were changed and are not saved");
    script.enters("yes");
    assert_eq!(script.ends(), 0);
}

#[test]
fn replaying_comparing_and_checking_my_server() {
    let env = TestEnv::with_secret();
    let recorder = Recorder::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut script = Script::start(&env, &[]);
    let address = script.address();
    talk(address, Signed::new(sample("app.json")).wire());
    talk(address, Signed::new("{}").to("/other").wire());
    script.hears("delivery 2");
    script.enters("list").hears("the newest 2 deliveries");
    script.enters("filter verdict:nonsense").hears("unknown verdict 'nonsense'");
    script.enters("filter path:/other").hears("1 delivery that matches path:/other");
    script.enters("why 1").hears("no delivery 1 in the list, or the filter hides it");
    script.enters("filter").hears("the newest 2");
    script.enters(&format!("replay 1 to {}", recorder.url())).hears("Delivered");
    script.enters("attempts 1").hears("200");
    script.enters("attempts 2").hears("no replays of #2 yet");
    script.enters("replay 1 to not-a-url").hears("unknown word 'not-a-url'");
    script.enters("replay 1 to http://192.0.2.1/x").hears("Send to a non-loopback host?");
    script.enters("no").hears("nothing was done");
    script.enters("diff 1 2").hears("start line");
    script.enters("payload 1").hears("\"event\"");
    script.enters("headers 1").hears("X-Webhook-Signature");
    script.enters("raw 2").hears("POST /other");
    script.enters("response 1").hears("200");
    script.enters("print 1 as curl").hears("curl");
    script.enters("copy 1").hears("what can be copied: ");
    script.enters("test").hears("test event delivered");
    script.hears("delivery 3: verified");
    script.enters("simulate screenshot").hears("Delivered");
    script.enters("simulate nonsense").hears("unknown event 'nonsense'");
    script.enters(&format!("check {}", recorder.url())).hears("checking");
    script.hears(" of 7");
    script.hears("accepts");
    script.enters("status").hears("up");
    script.enters("messages").hears("test event");
    script.enters("url").hears("listening on http://");
    script.enters("help answer").hears("answer 503");
    // The end of the input ends it as well.
    script.stdin = None;
    assert_eq!(script.ends(), 0);
}

#[test]
fn nothing_is_drawn_and_hostile_deliveries_stay_text() {
    let env = TestEnv::with_secret();
    let mut script = Script::start(&env, &[]);
    let address = script.address();
    let header = b"X-Attack: \x9b31m\xff\r\n";
    talk(address, Signed::new(b"\x1b[2J\x9b\"\xff".to_vec()).with(header).to("/\u{9b}2J").wire());
    script.hears("delivery 1");
    for command in ["show", "why", "payload", "headers", "raw", "response", "image", "list", "status", "help", "rules"]
    {
        script.enters(&format!("{command}{}", if command == "list" { " 5" } else { "" }));
    }
    for command in ["print raw request", "print curl", "print the diagnosis", "copy", "messages", "\u{1b}[2J", "quit"] {
        script.enters(command);
    }
    assert_eq!(script.ends(), 0);
    let all = script.all();
    let is_drawn = |character: char| matches!(character, '\u{2500}'..='\u{259f}');
    let odd = all.chars().find(|character| (is_hidden(*character) && *character != '\n') || is_drawn(*character));
    assert!(odd.is_none(), "{odd:?} in {all}");
    assert!(all.contains("X-Attack") && all.contains("␛[2J"), "{all}");
}

#[test]
fn a_terminal_is_left_as_it_is_and_a_secret_is_not_shown() {
    let env = TestEnv::with_secret();
    let arguments = ["listen", "--plain", "--bind", "127.0.0.1:0"];
    let mut person = Person::runs(&env, Size(100, 40), &arguments);
    person.sees("Enter help for the commands.").sees("> ");
    let address = address(&person.screen());
    talk(address, Signed::new("{}").by("not_the_secret", Unit::Seconds).wire());
    person.sees("delivery 1: signature mismatch").types("why\r").sees("Signed bytes");
    person.types("secret\r").sees("it is not shown").sees_that("hidden typing", |screen| screen.contains("shown.\n> "));
    let hidden = || person.terminal_is_taken().then_some(());
    assert!(until(hidden).is_some(), "typing is shown");
    person.types("not_the_secret\r").sees("1 of 1 unverified").types("quit\r");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
    let raw = String::from_utf8(person.settles().raw()).unwrap();
    assert!(!raw.contains('\u{1b}') && !raw.contains("not_the_secret"), "{raw:?}");
}

#[test]
fn many_deliveries_at_once_are_counted_and_not_read_out() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 0..3 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    listening.stop();
    // What was stored before is listed and not announced.
    let mut script = Script::start(&env, &[]);
    script.enters("list 2").hears("the newest 2 of 3 deliveries");
    script.enters("quit");
    assert_eq!(script.ends(), 0);
    assert!(!script.all().contains("delivery 1:"), "{}", script.all());
}

#[test]
fn a_script_finds_what_it_has_sent_and_hears_of_it() {
    let env = TestEnv::with_secret();
    let run =
        |script: &str| env.run_with(&["listen", "--plain", "--bind", "127.0.0.1:0"], script.as_bytes()).yes().stdout();
    let said = run("test\nwait\nwhy\nlist\nquit\n");
    assert!(!said.contains("no delivery yet") && !said.contains("no deliveries yet"), "{said}");
    assert!(said.contains("\n1 delivery\n"), "{said}");
    // Announced, and listed with its answer.
    assert_eq!(said.matches("delivery 1: verified").count(), 2, "{said}");
    assert_eq!(said.matches(", answered 200 in").count(), 2, "{said}");
    // Nor is anything lost where the input, or the run, ends at once.
    for script in ["test\nwait\nquit\n", "test\n", "simulate app\nwait\n"] {
        let said = run(script);
        assert_eq!(said.matches(": verified").count(), 1, "{script}: {said}");
    }
    // What was there before is known from the first line on.
    let said = run("why latest\npin 4\npin 99\ndelete 4\ndiff 1 99\nattempt 99\nquit\n");
    assert!(said.contains("Signed bytes") && said.contains("pinned #4"), "{said}");
    assert!(said.contains("not deleted: delivery 4 is pinned; unpin 4, then delete 4"), "{said}");
    let absent = ["there is no delivery 99", "there is no attempt 99"].map(|words| said.matches(words).count());
    assert_eq!(absent, [2, 1], "{said}");
}

#[test]
fn an_answer_given_just_before_the_end_is_announced() {
    let env = TestEnv::with_secret();
    for number in 1..=5 {
        let mut script = Script::start(&env, &[]);
        let address = script.address();
        assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
        match number % 2 {
            0 => drop(script.stdin.take()),
            _ => drop(script.enters("quit")),
        }
        script.hears(&format!("delivery {number}: verified"));
        assert_eq!(script.ends(), 0);
    }
}

#[test]
fn a_list_begins_with_the_first_wherever_the_person_was() {
    let env = TestEnv::with_secret();
    let requests: Vec<String> = (1..=1_700).map(|n| format!("POST http://127.0.0.1:1/{n}\n\n{{}}\n")).collect();
    env.write("many.http", requests.join("\n###\n"));
    env.run(&["import", "many.http"]).yes();
    let run =
        |script: &str| env.run_with(&["listen", "--plain", "--bind", "127.0.0.1:0"], script.as_bytes()).yes().stdout();
    let said = run("why 5\nlist 2\nheaders\nquit\n");
    assert!(said.contains("the newest 2 deliveries\n"), "{said}");
    assert!(said.contains("POST /1700") && said.contains("POST /1699") && !said.contains("POST /20 "), "{said}");
    // What was asked about before is asked about still.
    assert!(said.contains("POST /5 "), "{said}");
    let said = run("show 5\nsort -size\nsort\nlist 1\nquit\n");
    for words in [
        "the first 20 of 1,700 deliveries, smallest first\n",
        "the newest 20 deliveries\ndelivery 1700: ",
        "the newest delivery\ndelivery 1700: ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = run("filter path:/17\nsort -path\nlist 1\nquit\n");
    assert!(said.contains(" deliveries that match path:/17, by path, Z to A"), "{said}");
}
