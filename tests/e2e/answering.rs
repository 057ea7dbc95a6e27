//! Answers chosen by a person at the screen, from the side of real clients.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;

use crate::support::{Person, Receiver, Signed, Size, TestEnv, sample, talk, tools, until};

const SIZE: Size = Size(120, 36);

fn status(address: SocketAddr) -> u16 {
    talk(address, Signed::new(sample("screenshot-live.json")).with("Connection: close\r\n").wire()).status
}

/// curl with a signed delivery; what it prints is read when it ends.
fn curl(env: &TestEnv, curl: &Path, address: SocketAddr) -> Child {
    let signed = Signed::new(sample("app.json"));
    let body = env.write("body.json", &signed.body);
    let mut command = env.other(curl);
    command.args(["-s", "-m", "60", "-w", "|%{http_code}", "--data-binary", &format!("@{}", body.display())]);
    let head = String::from_utf8(signed.head()).unwrap();
    for header in head.lines().filter(|line| line.starts_with("X-Webhook") || line.starts_with("Content-Type")) {
        command.args(["-H", header]);
    }
    command.arg(format!("http://{address}/webhooks/trackpilots"));
    command.stdout(std::process::Stdio::piped()).spawn().unwrap()
}

fn printed(child: Child) -> String {
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn an_answer_is_for_the_next_delivery_alone_or_until_it_is_cleared() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    person.types("a").sees("Predefined").types("jjjj").sees("HTTP/1.1 400 Bad Request");
    person.types("o").sees("answers 400 (next one)");
    assert_eq!((status(address), status(address)), (400, 200));
    person.sees("answers auto").types("a").sees("Recent").types("j").sees("HTTP/1.1 400 Bad Request").enter();
    person.sees("answers 400");
    assert_eq!((status(address), status(address)), (400, 400));
    person.types("A").sees("answers auto");
    assert_eq!(status(address), 200);
}

#[test]
fn held_deliveries_are_decided_about_to_the_byte() {
    let Some(program) = tools::tool("curl") else { return };
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &["--respond", "hold 1h else 503 \"busy {{id}}\""]);
    person.sees("holds 3600s");
    let one = curl(&env, &program, address);
    person.sees("1 held").sees("◷").types("6").sees("s left").sees("busy {{id}}").enter();
    person.sees("Answer held delivery").types("jjjjjj").sees("HTTP/1.1 401").enter();
    assert_eq!(printed(one), "Invalid signature|401");
    person.sees("decided: 401").no_longer_sees("1 held");
    let more = [curl(&env, &program, address), curl(&env, &program, address)];
    person.sees("2 held").types("W").sees("Answer all 2 held deliveries").enter();
    let mut printed_by: Vec<String> = more.into_iter().map(printed).collect();
    printed_by.sort();
    assert_eq!(printed_by, ["busy 2|503", "busy 3|503"]);
    let last = curl(&env, &program, address);
    person.sees("1 held").types("q").sees("1 delivery is held").types("y");
    assert_eq!(printed(last), "busy 4|503", "let go with its default at the end");
    assert_eq!(person.ends(), 0);
}

#[test]
fn a_hundred_held_deliveries_are_answered_at_once_and_none_is_lost() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &["--respond", "hold 1h else 202 \"as it was\""]);
    let senders: Vec<_> = (0..100).map(|_| std::thread::spawn(move || status(address))).collect();
    person.sees("100 held").types("W").sees("Answer all 100 held deliveries").enter();
    person.sees("100 deliveries no longer held").no_longer_sees(" held");
    assert!(senders.into_iter().all(|sender| sender.join().unwrap() == 202));
}

#[test]
fn an_answer_of_ones_own_is_saved_and_read_again() {
    let env = TestEnv::with_secret();
    let file = env.write("whyhook.toml", "respond = \"auto\"\n");
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    person.types("N").sees("Your own answer").types("\u{15}503").sees("HTTP/1.1 503");
    person.types("\tX-Id: {{id}}\t\u{15}later").sees("content-length: 5").types("\tmine").types("\u{13}");
    person.sees("saved mine in").types("\u{7}").sees("answers mine (503)");
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("[answers.mine]\nstatus = 503\n"), "{written}");
    let answer = talk(address, Signed::new(sample("app.json")).with("Connection: close\r\n").wire());
    assert_eq!((answer.status, answer.header("x-id"), answer.body.as_str()), (503, Some("1"), "later"));
    // By hand, and read again.
    fs::write(&file, written.replace("status = 503", "status = 418")).unwrap();
    person.sees("configuration reloaded").types("Aa").sees("mine (418)");
}

#[test]
fn a_rule_that_is_added_answers() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    person.types("r").sees("No rules: every delivery").types("n").sees("FILTER → WHAT");
    person
        .types("event:screenshot -> 700")
        .sees("invalid status 700")
        .types("\u{17}429")
        .sees("Enter activates it")
        .enter();
    person.sees("answers by 1 rule");
    assert_eq!(status(address), 429);
    person.sees("1 time").types(" ").sees("answers auto");
    assert_eq!(status(address), 200);
    person.types(" ").sees("answers by 1 rule").types("D").sees("answers auto");
}

#[test]
fn a_server_that_verifies_what_it_wrote_again_is_found_out() {
    let Some(node) = tools::tool("node") else { return };
    let env = TestEnv::with_secret();
    let server = Receiver::start(&env, &node, "reserialising.mjs", &[]);
    let (mut person, address) = Person::listening(&env, SIZE, &["--forward-to", &server.url()]);
    let body = "{ \"event\" : \"desktop.app_tracking.captured\", \"items\" : [] }";
    let answer = talk(address, Signed::new(body).with("Connection: close\r\n").wire());
    assert_eq!(answer.status, 401);
    let digest = answer.body.rsplit(' ').next().unwrap().to_owned();
    person.types("6").sees("hashes different").sees("answered 401");
    person.types("c").sees("What did your server compute?").pastes(&digest).enter();
    person.types("2").sees("JSON.stringify");
}

#[test]
fn the_senders_attempts_are_seen_and_gone_to() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &["--respond", "fail 1 per body with 503 then 200"]);
    assert_eq!((status(address), status(address)), (503, 200));
    let is_at = |id: &'static str| {
        move |screen: &str| screen.lines().any(|line| line.contains(id) && line.contains("this one"))
    };
    // The list follows the newest: who types sooner chooses among the attempts of another.
    person.types("6").sees("2 attempts by the sender").sees_that("the second attempt", is_at("#2 "));
    person.types("\r").types("n\r").sees_that("the first attempt", is_at("#1 ")).sees("(1 of 1)");
    assert!(until(|| person.screen().contains("503 Service Unavailable").then_some(())).is_some());
}
