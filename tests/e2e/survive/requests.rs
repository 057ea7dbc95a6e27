//! Requests that are right and unusual, and connections that end in unusual ways.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Listening, Signed, TestEnv, Wire, headers, talk, until};

/// A signed request whose body comes in `chunks`, each with its own framing.
fn chunked(body: &[u8], chunks: &[u8]) -> Vec<u8> {
    let head = format!("POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{}\r\n", headers(body));
    [head.as_bytes(), chunks].concat()
}

#[test]
fn a_malformed_request_behind_a_right_one_takes_nothing_from_it() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let right = Signed::new("{\"first\":1}").wire();
    let mut wire = Wire::connect(listening.address());
    wire.send([&right[..], b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"].concat());
    assert_eq!(wire.answer().status, 200);
    let refused = wire.answer();
    assert_eq!((refused.status, refused.header("connection")), (400, Some("close")));
    assert!(wire.is_closed());
    assert_eq!(
        (&listening.json_line(1)["intake"], &listening.json_line(2)["intake"]),
        (&json!("complete"), &json!("malformed"))
    );
    assert!(env.bytes(1, "raw") == right, "the second is in the first");
    assert!(env.bytes(2, "raw").starts_with(b"GET / HTTP/1.1\r\nHost: x\r\nA : b"));
}

#[test]
fn a_sender_that_asks_whether_to_go_on_is_told_so_and_answered() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let request = Signed::new("{\"asked\":true}").with("Expect: 100-continue\r\n");
    let mut wire = Wire::connect(listening.address());
    assert_eq!(wire.send(request.head()).answer().status, 100);
    assert_eq!(wire.send(&request.body).answer().status, 200);
    // Who does not wait for it, and who has nothing to send, needs none.
    assert_eq!(wire.send(request.wire()).answer().status, 200);
    assert_eq!(wire.send(Signed::new("").with("Expect: 100-continue\r\n").wire()).answer().status, 200);
    // HTTP/1.0 does not know it (RFC 9110, section 10.1.1).
    assert_eq!(talk(listening.address(), "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").status, 400);
}

#[test]
fn chunks_of_every_kind_are_a_body_or_a_clear_400() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let body = b"{\"in\":\"chunks\"}";
    let one = |extension: &str, trailer: &str| {
        let text = std::str::from_utf8(body).unwrap();
        chunked(body, format!("{:x}{extension}\r\n{text}\r\n0\r\n{trailer}\r\n", body.len()).as_bytes())
    };
    let many: Vec<u8> = body.iter().flat_map(|byte| [b"1\r\n", &[*byte][..], b"\r\n"].concat()).collect();
    for (what, wire, status) in [
        ("an extension", one(";name=\"value\"", ""), 200),
        ("a trailer", one("", "X-Checksum: abc\r\nX-More: def\r\n"), 200),
        ("one byte each", chunked(body, &[&many[..], b"0\r\n\r\n"].concat()), 200),
        ("an extension of 3 MB", one(&format!(";a={}", "b".repeat(3 << 20)), ""), 400),
        ("a trailer of 1 MB", one("", &format!("A: {}\r\n", "b".repeat(1 << 20))), 400),
    ] {
        let mut sender = Wire::connect(listening.address());
        // The listener may close before all of it is written.
        let _ = sender.try_send(&wire);
        assert_eq!(sender.answer().status, status, "{what}");
    }
    for id in 1..=3 {
        assert!(env.bytes(id, "body") == body, "{id}");
    }
    assert_eq!(listening.json_line(4)["intake"], "malformed");
}

#[test]
fn a_hundred_thousand_chunks_of_a_byte_cost_their_bytes() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let takes = |number: usize, count: usize| {
        let before = ticks(&listening);
        let body = vec![b'x'; count];
        let chunks = b"1\r\nx\r\n".repeat(body.len());
        assert_eq!(talk(listening.address(), chunked(&body, &[&chunks[..], b"0\r\n\r\n"].concat())).status, 200);
        assert_eq!(listening.json_line(number)["body_bytes"], body.len());
        ticks(&listening) - before
    };
    // Four times as many take four times as long on any machine; squared in their number, sixteen times. What the
    // listener does besides is in both.
    let (few, many) = (takes(1, 100_000), takes(2, 400_000));
    assert!(many <= 8 * few + 20, "{few} hundredths of a second of the processor, and then {many}");
}

/// Processor time so far, where the system tells.
fn ticks(listening: &Listening) -> u64 {
    #[cfg(target_os = "linux")]
    return crate::support::tools::ticks(listening.process()).unwrap();
    #[cfg(not(target_os = "linux"))]
    0
}

#[test]
fn every_method_version_and_target_is_a_delivery() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--respond", "200 hello"]);
    let get = |line: &str, more: &str| format!("{line}\r\n{more}\r\n");
    // What is sent, whether the connection stays, and whether the answer has a body.
    for (number, (request, stays, body)) in (1..).zip([
        (get("HEAD /head HTTP/1.1", "Host: x\r\n"), true, false),
        (get("OPTIONS * HTTP/1.1", "Host: x\r\n"), true, true),
        (get("TRACE / HTTP/1.1", "Host: x\r\n"), true, true),
        (get("CONNECT example.com:443 HTTP/1.1", "Host: example.com:443\r\n"), false, true),
        (get("PROPFIND /dav HTTP/1.1", "Host: x\r\n"), true, true),
        (get("GET http://example.com/absolute?q HTTP/1.1", "Host: example.com\r\n"), true, true),
        (get("GET /empty/host HTTP/1.1", "Host:\r\n"), true, true),
        (
            get(
                "GET /upgrade HTTP/1.1",
                "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
            ),
            true,
            true,
        ),
        (get("GET /close HTTP/1.1", "Host: x\r\nConnection: close\r\n"), false, true),
        (get("GET /old HTTP/1.0", ""), false, true),
        (get("GET /old/stays HTTP/1.0", "Connection: keep-alive\r\n"), true, true),
    ]) {
        let mut wire = Wire::connect(listening.address());
        wire.send(&request);
        let head = head_of(&mut wire);
        let line = request.lines().next().unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{line}: {head}");
        assert!(head.to_ascii_lowercase().contains("content-length: 5"), "{line}: {head}");
        if body {
            assert_eq!(wire.reads(5), b"hello", "{line}");
        }
        let says = |words: &str| head.to_ascii_lowercase().contains(words);
        assert_eq!(says("connection: close"), !stays, "{line}: {head}");
        assert_eq!(says("connection: keep-alive"), stays && line.ends_with("1.0"), "{line}: {head}");
        if stays {
            // Behind a wrong idea of where the answer ended, this would be no status line.
            assert_eq!(
                wire.send("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").answer().status,
                200,
                "{line}"
            );
        }
        assert!(wire.is_closed(), "{line}");
        let kept = env.run(&["list", &format!("\"{}\"", line.split(' ').nth(1).unwrap())]).yes().stdout();
        assert!(kept.contains(line.split(' ').next().unwrap()), "{number}: {line}: {kept}");
    }
}

fn head_of(wire: &mut Wire) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = wire.reads(1);
        assert!(!byte.is_empty(), "closed after {:?}", String::from_utf8_lossy(&head));
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn a_request_is_the_same_wherever_it_is_cut() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let body = b"{\"cut\":1}";
    let requests = [Signed::new(&body[..]).wire(), chunked(body, b"5\r\n{\"cut\r\n4;x\r\n\":1}\r\n0\r\nA: b\r\n\r\n")];
    let mut wire = Wire::connect(listening.address());
    let mut sent = 0;
    for request in &requests {
        for at in 1..request.len() {
            wire.send(&request[..at]).send(&request[at..]);
            assert_eq!(wire.answer().status, 200, "cut at {at}");
        }
        for byte in request {
            wire.send([*byte]);
        }
        assert_eq!(wire.answer().status, 200, "a byte at a time");
        sent += request.len();
    }
    let listed = env.run(&["list", "verdict:verified", "--format", "json"]).yes().stdout();
    assert_eq!(listed.lines().count(), sent, "all but the whole one are cut in one place");
}

#[test]
fn a_slow_reader_gets_the_whole_of_its_answers() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[limits]\nbody_idle = \"1s\"\n");
    let listening = env.listen(&["--respond", &format!("200 {}", "x".repeat(100_000))]);
    let mut wire = Wire::connect(listening.address());
    wire.send(Signed::new("{}").wire().repeat(60));
    let (mut read, mut pieces) = (0, 0);
    // More than the system holds for it: the listener has to wait, longer in all than its limit for silence.
    while read < 60 * 100_000 {
        read += wire.reads(400_000).len();
        pieces += 1;
        std::thread::sleep(Duration::from_millis(60));
    }
    assert!(pieces >= 15, "{pieces} pieces");
}

#[test]
fn who_closes_its_half_gets_its_answer_and_who_is_gone_is_seen_to_be() {
    let env = TestEnv::with_secret();
    let rules = ["--respond", "path:/wait → wait 400ms 201", "--respond", "path:/hold → hold 400ms else 202"];
    let listening = env.listen(&[&["--format", "json"][..], &rules].concat());
    for (path, status) in [("/at/once", 200), ("/wait", 201), ("/hold", 202)] {
        let mut wire = Wire::connect(listening.address());
        wire.send(Signed::new("{}").to(path).wire()).stops_sending();
        let first = wire.answer();
        // Asked whether it is there, in a way that every client can read (RFC 9110, section 15.2).
        let answer = if path == "/at/once" {
            first
        } else {
            assert_eq!(first.status, 100);
            wire.answer()
        };
        assert_eq!(answer.status, status, "{path}");
        assert!(wire.is_closed(), "{path}");
        // HTTP/1.0 knows no interim answers.
        let mut wire = Wire::connect(listening.address());
        wire.send(format!("GET {path} HTTP/1.0\r\n\r\n")).stops_sending();
        assert_eq!(wire.answer().status, if status == 200 { 400 } else { status }, "{path}");
        assert!(wire.is_closed(), "{path}");
    }
    for number in 1..=6 {
        assert_eq!(outcome(&listening, number), "sent");
    }
    // It waits so long that only its being gone can end it.
    let listening = env.listen(&["--ephemeral", "--format", "json", "--respond", "wait 1h 200"]);
    Wire::connect(listening.address()).send(Signed::new("{}").wire()).stops_sending();
    assert_eq!(outcome(&listening, 1), "sender_gone");
}

fn outcome(listening: &Listening, number: usize) -> Value {
    listening.json_line(number)["answer"]["outcome"].clone()
}

#[test]
fn a_reset_at_any_stage_is_the_end_of_that_connection_alone() {
    let env = TestEnv::with_secret();
    let rules =
        ["--respond", "path:/hold → hold 1h else 202", "--respond", "path:/trickle → trickle 1 per 50ms 200 abcdefgh"];
    let listening = env.listen(&[&["--format", "json"][..], &rules].concat());
    let request = Signed::new("{\"reset\":1}").wire();
    let head = request.len() - b"{\"reset\":1}".len();
    assert_eq!(talk(listening.address(), &request).status, 200);
    assert_eq!(outcome(&listening, 1), "sent");
    let (before, mut lines) = (descriptors(&listening), 1);
    // Where it ends, and what is said of it then: nothing of a connection that never said anything.
    for (at, intake) in
        [(0, ""), (20, "incomplete"), (head - 2, "incomplete"), (head, "truncated"), (head + 5, "truncated")]
    {
        let mut wire = Wire::connect(listening.address());
        wire.send(&request[..at]);
        wire.resets();
        if !intake.is_empty() {
            lines += 1;
            assert_eq!(listening.json_line(lines)["intake"], intake, "{at}");
        }
    }
    for path in ["/hold", "/trickle"] {
        lines += 1;
        let mut wire = Wire::connect(listening.address());
        wire.send(Signed::new("{}").to(path).wire());
        if path == "/hold" {
            listening.says("held: ");
        } else {
            wire.reads(1);
        }
        wire.resets();
        assert_eq!(outcome(&listening, lines), "sender_gone", "{path}");
    }
    // Ten that pipeline and never read: what is on its way is lost, and nothing else.
    for _ in 0..10 {
        let mut wire = Wire::connect(listening.address());
        wire.send(request.repeat(20));
        wire.resets();
    }
    assert_eq!(talk(listening.address(), &request).status, 200);
    let freed = until(|| (descriptors(&listening).len() <= before.len()).then_some(()));
    assert!(freed.is_some(), "before: {before:#?}, after: {:#?}", descriptors(&listening));
}

/// What the open descriptors are, where the system tells, without the log's: a reader opens a segment when it needs it.
fn descriptors(listening: &Listening) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(format!("/proc/{}/fd", listening.process())).into_iter().flatten();
    let open = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    open.filter(|path| path.extension().is_none_or(|extension| extension != "log")).collect()
}
