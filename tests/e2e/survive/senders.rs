//! Senders that are slow, silent, too large, or no senders at all.

use std::io::{ErrorKind, Write as _};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Listening, Person, Signed, Size, TestEnv, Wire, talk, until};

/// Deadlines so short that a test can wait for them.
const QUICK: &str = "[limits]\nhead = \"400ms\"\nbody_idle = \"400ms\"\nkeep_alive = \"400ms\"\n";

fn quick() -> TestEnv {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", QUICK);
    env
}

/// What was kept of the delivery in the line `number`.
fn kept(env: &TestEnv, line: &Value) -> Vec<u8> {
    env.bytes(line["id"].as_i64().unwrap(), "raw")
}

#[test]
fn who_says_nothing_or_half_a_thing_is_closed_and_shown() {
    let env = quick();
    let listening = env.listen(&["--format", "json"]);
    let half_body = Signed::new("{\"never\":\"whole\"}").wire();
    let half_body = &half_body[..half_body.len() - 6];
    let chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
    let cases: [(&[u8], u16, &str, &str); 4] = [
        (b"", 408, "incomplete", "incomplete head within 400ms: 0 bytes received"),
        (b"POST / HTTP/1.1\r\nHos", 408, "incomplete", "incomplete head within 400ms: 20 bytes received"),
        (half_body, 400, "truncated", "no byte for 400ms after 11 bytes of body"),
        (chunked, 400, "truncated", "no byte for 400ms after 3 bytes of body"),
    ];
    for (number, (bytes, status, intake, reason)) in (1..).zip(cases) {
        let mut wire = Wire::connect(listening.address());
        assert_eq!(wire.send(bytes).answer().status, status, "{reason}");
        assert!(wire.is_closed(), "{reason}");
        let line = listening.json_line(number);
        assert_eq!(line["intake"], intake, "{line}");
        assert_eq!(env.show(line["id"].as_i64().unwrap())["intake_reason"], reason);
        assert_eq!(kept(&env, &line), bytes);
    }
    // Between two requests a connection may be silent for its own while, and leaves no trace.
    let mut wire = Wire::connect(listening.address());
    assert_eq!(wire.send(Signed::new("{}").wire()).answer().status, 200);
    assert!(wire.is_closed());
    assert_eq!(listening.json_line(5)["intake"], "complete");
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 5);
}

#[test]
fn headers_that_dribble_in_for_ever_end_with_the_whole_head_s_time() {
    let env = quick();
    let listening = env.listen(&["--format", "json"]);
    let mut wire = Wire::connect(listening.address());
    wire.send("GET / HTTP/1.1\r\nHost: x\r\n");
    // Each line comes well within the deadline, which would start again with each if it were an idle one.
    let refused = until(|| {
        std::thread::sleep(Duration::from_millis(100));
        wire.try_send(b"A: b\r\n").is_err().then_some(())
    });
    assert!(refused.is_some(), "it takes headers for ever");
    let line = listening.json_line(1);
    assert_eq!(line["intake"], "incomplete", "{line}");
    assert!(kept(&env, &line).starts_with(b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n"));
}

#[test]
fn a_body_that_keeps_coming_slowly_is_taken() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nbody_idle = \"4s\"\n");
    let listening = env.listen(&["--format", "json"]);
    let request = Signed::new("{\"slow\":true}").wire();
    let mut wire = Wire::connect(listening.address());
    let (first, last) = request.split_at(request.len() - 8);
    wire.send(first);
    // No pause comes near the limit, however busy the machine is; together they are longer.
    let begun = Instant::now();
    for (number, byte) in (1..).zip(last) {
        std::thread::sleep(Duration::from_millis(number * 550).saturating_sub(begun.elapsed()));
        wire.send([*byte]);
    }
    assert_eq!(wire.answer().status, 200, "longer than the limit in all, and never silent for as long");
}

/// Takes every place with deliveries that wait for a person: nobody of them could give way.
fn hold(address: std::net::SocketAddr, count: usize) -> Vec<Wire> {
    let held = |number: usize| {
        let mut wire = Wire::connect(address);
        wire.send(Signed::new("{}").to(&format!("/held/{number}")).wire());
        wire
    };
    (0..count).map(held).collect()
}

#[test]
fn connections_are_capped_and_the_rest_told_to_come_back() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nconnections = 3\n");
    let (mut person, address) = Person::listening(&env, Size(120, 30), &["--respond", "path:/held → hold 1h"]);
    let mut held = hold(address, 3);
    person.sees(" of 3 ");
    for _ in 0..2 {
        // Who has sent all of its request reads the answer, too, and not a reset.
        let mut wire = Wire::connect(address);
        wire.send(Signed::new(vec![b'x'; 300_000]).wire());
        let answer = wire.answer();
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
        assert!(wire.is_closed());
    }
    person.sees("2 requests rejected with 503");
    person.types("I").sees("3 of 3").sees("2  503      too many connections").types("\u{1b}");
    held.pop().unwrap().resets();
    let served = until(|| {
        let mut wire = Wire::connect(address);
        let sent = wire.try_send(&Signed::new("{}").to("/again").wire());
        (sent.is_ok() && wire.try_answer().is_ok_and(|answer| answer.status == 200)).then_some(())
    });
    assert!(served.is_some(), "a place that has become free is given away");
    person.sees("/again");
}

#[test]
fn who_is_turned_away_is_counted_in_the_log_too() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nconnections = 1\n");
    let listening = env.listen(&["--respond", "path:/held → hold 1h"]);
    let _held = hold(listening.address(), 1);
    listening.says("held: #1");
    // With and without a request: a client that has sent one reads the response, then an orderly end.
    for request in [Vec::new(), Signed::new("{}").wire(), Signed::new(vec![b'x'; 20_000_000]).wire()] {
        let mut wire = Wire::connect(listening.address());
        assert_eq!(wire.send(&request).answer().status, 503);
        assert_eq!(wire.rest(), (Vec::new(), true), "{} bytes", request.len());
    }
    // However they fell into seconds, the last line counts them all.
    listening.says("3 rejected with 503 since the start: 3 too many connections");
    let lines = listening.stderr();
    assert!(lines.lines().filter(|line| line.contains("rejected with 503")).count() <= 3, "{lines}");
}

#[test]
fn a_crowd_that_is_turned_away_at_once_reads_the_answer_and_no_reset() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nconnections = 1\n");
    let listening = env.listen(&["--respond", "path:/held → hold 1h"]);
    let _held = hold(listening.address(), 1);
    listening.says("held: #1");
    // More than may be on their way out at once, each with its whole request, before any of them reads.
    let request = Signed::new(vec![b'x'; 1000]).wire();
    let sent = |_| {
        let mut wire = Wire::connect(listening.address());
        wire.send(&request);
        wire
    };
    let crowd: Vec<Wire> = (0..600).map(sent).collect();
    for (number, mut wire) in crowd.into_iter().enumerate() {
        assert_eq!(wire.answer().status, 503, "{number}");
        assert_eq!(wire.rest(), (Vec::new(), true), "{number}");
    }
    listening.says("600 rejected with 503 since the start: 600 too many connections");
}

#[test]
fn who_gives_up_its_place_to_another_is_told_so_when_it_speaks() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nconnections = 1\n");
    let listening = env.listen(&[]);
    let request = Signed::new("{}").wire();
    let mut silent = Wire::connect(listening.address());
    // It may keep its place for a moment; somebody else gets it then.
    let served = until(|| {
        let mut other = Wire::connect(listening.address());
        let sent = other.try_send(&request);
        sent.and_then(|()| other.try_answer()).is_ok_and(|answer| answer.status == 200).then_some(())
    });
    assert!(served.is_some(), "the place is held by who says nothing");
    // Soon enough it reads why; later, that the connection has ended, and a reset at no time.
    let answer = silent.try_send(&request).and_then(|()| silent.try_answer());
    match answer {
        Ok(answer) => assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1"))),
        Err(error) => assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe), "{error}"),
    }
}

#[test]
fn a_body_over_the_limit_is_refused_and_its_beginning_kept() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--body-limit", "100kB"]);
    let large = vec![b'x'; 400_000];
    let known = Signed::new(large.clone()).wire();
    let chunked =
        [b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n61a80\r\n".as_slice(), &large].concat();
    for (number, wire) in (1..).zip([known, chunked]) {
        let mut sender = Wire::connect(listening.address());
        // The listener may close before all of it is written.
        let _ = sender.try_send(&wire);
        let answer = sender.answer();
        assert_eq!(answer.status, 413);
        assert_eq!(answer.header("connection"), Some("close"));
        let line = listening.json_line(number);
        assert_eq!((&line["intake"], &line["answer"]["status"]), (&json!("too_large"), &json!(413)), "{line}");
        let id = line["id"].as_i64().unwrap();
        // What had come by then, without waiting for more.
        let body = env.bytes(id, "body");
        let kept = whyhook::text::units::size_words(body.len() as u64);
        let reason = format!("more than 97.6 KiB; the first {kept} are kept");
        assert_eq!(env.show(id)["intake_reason"], reason);
        assert!(body.len() <= 65_536 && large.starts_with(&body));
        assert!(wire.starts_with(&env.bytes(id, "raw")));
    }
    let whole = Signed::new(vec![b'y'; 100_000]).wire();
    assert_eq!(talk(listening.address(), whole).status, 200, "exactly the limit");
}

#[test]
fn a_body_limit_above_the_memory_s_is_still_a_limit_that_can_be_reached() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "body_limit = \"3MiB\"\n[limits]\nmemory = \"1MiB\"\n");
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new(vec![b'x'; 3 << 20]).wire()).status, 200);
}

#[test]
fn who_hangs_up_early_is_recorded_as_far_as_it_came() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let request = Signed::new("{\"more\":\"was announced\"}").wire();
    let sent = &request[..request.len() - 4];
    {
        let mut wire = Wire::connect(listening.address());
        wire.send(sent).stops_sending();
        assert_eq!(wire.answer().status, 400);
    }
    let line = listening.json_line(1);
    assert_eq!((&line["intake"], &line["answer"]["status"]), (&json!("truncated"), &json!(400)), "{line}");
    assert_eq!(kept(&env, &line), sent);
}

#[test]
fn who_never_reads_an_answer_is_closed() {
    let env = TestEnv::with_secret();
    // Three connections, all of which such a sender would hold for ever.
    env.write("whyhook.toml", "[limits]\nbody_idle = \"400ms\"\nconnections = 3\n");
    let rule = format!("200 {}", "x".repeat(100_000));
    let listening = env.listen(&["--respond", &rule]);
    let request = Signed::new("{}").wire();
    let mut greedy: Vec<Wire> = (0..3).map(|_| Wire::connect(listening.address())).collect();
    for wire in &mut greedy {
        let error = until(|| wire.try_send(&request.repeat(40)).err()).expect("it is answered for ever");
        // Not because nothing was taken any more until we gave up ourselves.
        assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    }
    assert_eq!(talk(listening.address(), request).status, 200);
}

/// Requests that are none, or that two parsers could read differently: what each is answered.
fn malformed() -> Vec<(&'static str, Vec<u8>, u16)> {
    let post = |lines: &str, body: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n{body}").into_bytes();
    let many: String = (0..101).map(|number| format!("X-{number}: y\r\n")).collect();
    let noise: Vec<u8> = (0..400_u32).map(|at| u8::try_from((at * 167 + 14) % 256).unwrap()).collect();
    vec![
        ("both lengths", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), 400),
        ("a length that is none", post("Content-Length: +5\r\n", "hello"), 400),
        ("a bad chunk size", post("Transfer-Encoding: chunked\r\n", "xyz\r\nhello\r\n0\r\n\r\n"), 400),
        ("a chunk longer than said", post("Transfer-Encoding: chunked\r\n", "2\r\nhello\r\n0\r\n\r\n"), 400),
        ("a chunk size beyond numbers", post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"), 400),
        ("a folded header", post("A: b\r\n c\r\n", ""), 400),
        ("a space before the colon", post("A : b\r\n", ""), 400),
        ("a NUL in a header", post("A: b\0c\r\n", ""), 400),
        ("an ESC in a header", post("A: \u{1b}]0;owned\u{7}\r\n", ""), 400),
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x1b[31m".to_vec(), 400),
        ("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 505),
        ("random bytes", noise, 400),
        ("101 headers", post(&many, ""), 431),
        ("a header of 600 KB", post(&format!("A: {}\r\n", "b".repeat(600_000)), ""), 431),
        ("a target of 70 KB", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "b".repeat(70_000)).into_bytes(), 414),
    ]
}

#[test]
fn every_kind_of_malformed_request_is_refused_kept_and_shown_escaped() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let hidden = |text: &str| text.contains(|c| c != '\n' && whyhook::text::is_hidden(c));
    for (number, (what, bytes, status)) in (1..).zip(malformed()) {
        let mut wire = Wire::connect(listening.address());
        let _ = wire.try_send(&bytes);
        let answer = wire.answer();
        assert_eq!(answer.status, status, "{what}");
        // The body names the status that the head has.
        assert_eq!(answer.body.starts_with("Bad Request: "), status == 400, "{what}");
        let line = listening.json_line(number);
        assert_eq!((&line["intake"], &line["verdict"]), (&json!("malformed"), &json!("not_judged")), "{what}: {line}");
        assert_eq!(line["answer"]["status"], status, "{what}");
        let raw = kept(&env, &line);
        assert!(raw.len() <= 65_536 && !raw.is_empty(), "{what}: {} bytes are kept", raw.len());
        assert!(bytes.starts_with(&raw), "{what}: something else is kept");
        let shown = env.run(&["show", &line["id"].to_string()]).yes().stdout();
        assert!(shown.contains("malformed: ") && !hidden(&shown), "{what}: {shown:?}");
    }
    assert!(!hidden(&listening.stdout()));
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200, "it goes on");
}

#[test]
fn a_compressed_body_is_kept_as_it_was_sent() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    // 16 MiB of zeroes in 16 KiB: a bomb for who would inflate it all.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    (0..256).for_each(|_| encoder.write_all(&[0; 65_536]).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 20_000);
    let request = Signed::new(bomb.clone()).with("Content-Encoding: gzip\r\n");
    assert_eq!(talk(listening.address(), request.wire()).status, 200);
    assert_eq!(listening.json_line(1)["body_bytes"], bomb.len());
    assert!(env.bytes(1, "body") == bomb);
    for format in ["text", "json"] {
        env.run(&["show", "1", "--format", format]).yes();
    }
}

#[test]
fn a_web_page_s_post_is_a_delivery_like_any_other_with_its_origin_in_sight() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    // What a page may send to another origin without asking first.
    let page = "POST /webhooks/trackpilots HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nOrigin: https://evil.example\r\n\
                Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}";
    let answer = talk(address, page);
    assert_eq!(answer.status, 400);
    assert!(answer.header("access-control-allow-origin").is_none(), "{}", answer.head);
    let preflight =
        "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
    assert!(talk(address, preflight).header("access-control-allow-methods").is_none());
    person.sees("OPTIONS").types("j5").sees("https://evil.example");
    // No path but is a delivery's: nothing can be asked or steered over the network.
    for (number, path) in ["/api/deliveries", "/metrics", "/debug", "/../whyhook.db", "/?secret=x"].iter().enumerate() {
        let answer = talk(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!((answer.status, answer.body.as_str()), (400, "Missing signature"), "{path}");
        person.sees(&format!("{} ", number + 3));
    }
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 7);
}

#[test]
fn to_be_reached_from_elsewhere_is_warned_of() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--bind", "0.0.0.0:0"]);
    listening.says("warning: listening on 0.0.0.0:0: other hosts can reach this listener");
    warns_in_the_interface(&env);
    assert_loopback_is_quiet(&env.listen(&["--ephemeral"]));
}

fn warns_in_the_interface(env: &TestEnv) {
    let mut person = Person::start(env, Size(140, 30), &["--ephemeral", "--bind", "0.0.0.0:0"]);
    person.sees("other hosts can reach this listener");
}

fn assert_loopback_is_quiet(listening: &Listening) {
    assert!(!listening.stderr().contains("warning"), "{}", listening.stderr());
}
