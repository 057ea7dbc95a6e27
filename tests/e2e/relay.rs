//! What goes to a server behind, and how its answer comes back: whole, as it comes, or visibly not whole.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, mpsc};

use serde_json::{Value, json};

use crate::support::{Listening, PATIENCE, Receiver, Signed, TestEnv, Upstream, Wire, sample, talk, tools, until};

/// A delivery once it has an answer and an attempt.
fn settled(env: &TestEnv, id: i64) -> Value {
    let is_settled = |shown: &Value| shown["answer"].is_object() && shown["forward"][0].is_object();
    until(|| Some(env.show(id)).filter(is_settled)).unwrap_or_else(|| panic!("{}", env.show(id)))
}

fn attempt(env: &TestEnv, delivery: &Value) -> Value {
    let number = delivery["attempts"][0]["id"].to_string();
    env.run(&["show", "--attempt", &number, "--format", "json"]).json()
}

fn delivery() -> Vec<u8> {
    Signed::new(sample("app.json")).wire()
}

fn forwarding(env: &TestEnv, upstream: &Upstream, more: &[&str]) -> Listening {
    env.listen(&[&["--forward-to", &upstream.url()], more].concat())
}

#[test]
fn a_server_is_asked_for_a_path_at_its_own_host() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap());
    let listening = forwarding(&env, &upstream, &[]);
    for (line, expected) in [
        ("GET http://evil.example/absolute?q", "GET /absolute?q"),
        ("GET HTTPS://evil.example", "GET /"),
        ("OPTIONS http://evil.example", "OPTIONS *"),
        ("OPTIONS *", "OPTIONS *"),
        ("POST //double", "POST //double"),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: evil.example\r\n\r\n");
        assert_eq!(talk(listening.address(), request).status, 204, "{line}");
        let sent = upstream.request();
        assert!(sent.starts_with(&format!("{expected} HTTP/1.1\r\nHost: {}\r\n", upstream.authority())), "{sent}");
        assert!(!sent.contains("evil.example") && sent.matches("Host:").count() == 1, "{sent}");
    }
    let answer = talk(listening.address(), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert_eq!((answer.status, &answer.body[..]), (501, "whyhook: this kind of request cannot be forwarded"));
    let shown = settled(&env, 6);
    assert!(shown["answer"]["rule"].as_str().unwrap().contains("(failed: CONNECT is a request to a proxy"), "{shown}");
    assert_eq!(shown["attempts"][0]["error"]["code"], "not_sent");
    assert_eq!(shown["forward"][0]["status"], Value::Null);

    // A body that came in chunks goes with its length: it is read from the log as it stands there.
    let chunked =
        "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nab\r\n3\r\ncde\r\n0\r\nT: 1\r\n\r\n";
    assert_eq!(talk(listening.address(), chunked).status, 204);
    let sent = upstream.request();
    assert!(sent.contains("\r\nContent-Length: 5\r\n") && sent.ends_with("\r\n\r\nabcde"), "{sent}");
    assert!(!sent.contains("Transfer-Encoding"), "{sent}");

    // A replay asks the same way and says so, unless it is told to be exact.
    let replay = |id: &str, more: &[&str]| {
        let url = upstream.url();
        let arguments = [&["replay", id, "--to", &url, "--format", "json"], more].concat();
        env.run(&arguments)
    };
    let told = replay("1", &[]).yes().json();
    let changes = told["changes"].as_array().unwrap();
    let target = json!({"code": "target", "detail": "target http://evil.example/absolute?q → /absolute?q"});
    assert!(changes.contains(&target), "{changes:?}");
    assert!(upstream.request().starts_with("GET /absolute?q HTTP/1.1\r\n"));
    replay("1", &["--exact"]).yes();
    assert!(upstream.request().starts_with("GET http://evil.example/absolute?q HTTP/1.1\r\n"));
    let refused = replay("6", &[]).no().stdout();
    assert!(refused.contains("not_sent") && refused.contains("--exact"), "{refused}");
    replay("6", &["--exact"]).yes();
    assert!(upstream.request().starts_with("CONNECT example.com:443 HTTP/1.1\r\n"));
}

#[test]
fn a_target_that_a_client_sent_raw_goes_on_as_it_came() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap());
    let listening = forwarding(&env, &upstream, &["--format", "json"]);
    let targets =
        [&b"/c?q=<>&a=\"`"[..], b"/a\\b^c{d}|e", "/caf\u{e9}?\u{202e}".as_bytes(), b"/caf\xe9?\xff", b"/%zz/../x"];
    for (number, target) in (1..).zip(targets) {
        let request = [b"GET ", target, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        assert_eq!(talk(listening.address(), &request).status, 204, "{}", String::from_utf8_lossy(target));
        assert!(env.bytes(number, "raw") == request);
        let line = format!("GET {} HTTP/1.1\r\n", String::from_utf8_lossy(target));
        let sent = upstream.request();
        assert!(sent.starts_with(&line), "{sent}");
        env.run(&["replay", &number.to_string(), "--to", &upstream.url()]).yes();
        let sent = upstream.request();
        assert!(sent.starts_with(&line), "{sent}");
    }
}

#[test]
fn what_no_header_may_hold_is_left_out_and_named() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| {
        socket
            .write_all(b"HTTP/1.1 200 a\x1bb\r\nX-Odd: \x01\r\nX-Kept: a\xe9\r\nContent-Length: 2\r\n\r\nok")
            .unwrap();
    });
    let listening = forwarding(&env, &upstream, &[]);
    let answer = talk(listening.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((answer.status, &answer.body[..], answer.header("x-odd")), (200, "ok", None));
    assert!(answer.head.starts_with("HTTP/1.1 200 \r\n") && answer.head.contains("X-Kept"), "{}", answer.head);
    let shown = settled(&env, 1);
    let rule = shown["answer"]["rule"].as_str().unwrap();
    assert!(rule.ends_with(" (left out for control characters: the reason phrase, X-Odd)"), "{rule}");
}

/// An upstream that writes `first`, and the rest only once it is told that the first has arrived.
fn in_two(first: &'static [u8], rest: Vec<u8>) -> (Upstream, mpsc::Sender<()>) {
    let (go_on, waits) = mpsc::channel();
    let waits = Mutex::new(waits);
    let upstream = Upstream::new(move |socket| {
        socket.write_all(first).unwrap();
        waits.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        socket.write_all(&rest).unwrap();
    });
    (upstream, go_on)
}

fn read_until(wire: &mut Wire, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.windows(end.len()).any(|part| part == end) {
        let more = wire.reads(1 << 16);
        assert!(!more.is_empty(), "{}", String::from_utf8_lossy(&read));
        read.extend(more);
    }
    read
}

#[test]
fn a_long_answer_goes_back_whole_and_as_it_comes() {
    const LENGTH: usize = 3_000_000;
    let body: Vec<u8> = (0..LENGTH).map(|at| b'a' + u8::try_from(at / 7 % 26).unwrap()).collect();
    let chunked =
        body[5..].chunks(50_000).flat_map(|part| [format!("{:X}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    let chunked: Vec<u8> = chunked.chain(*b"0\r\nX-Trailer: 1\r\n\r\n").collect();
    let known: &[u8] = b"HTTP/1.1 200 Quite Fine\r\nContent-Length: 3000000\r\nX-A: 1\r\n\r\naaaaa";
    let chunks: &[u8] = b"HTTP/1.1 200 Quite Fine\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n5\r\naaaaa\r\n";
    let closed: &[u8] = b"HTTP/1.0 200 Quite Fine\r\nX-A: 1\r\n\r\naaaaa";
    for (first, rest) in [(known, body[5..].to_vec()), (chunks, chunked), (closed, body[5..].to_vec())] {
        for version in ["1.1", "1.0"] {
            let env = TestEnv::with_secret();
            let (upstream, go_on) = in_two(first, rest.clone());
            let listening = forwarding(&env, &upstream, &[]);
            let mut wire = Wire::connect(listening.address());
            wire.send(format!("POST / HTTP/{version}\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}"));
            let mut came = read_until(&mut wire, b"aaaaa");
            assert!(came.starts_with(b"HTTP/1.1 200 Quite Fine\r\n"), "{}", String::from_utf8_lossy(&came));
            go_on.send(()).unwrap();
            let is_chunked = first != known && version == "1.1";
            let head = String::from_utf8_lossy(&came).into_owned();
            assert_eq!(
                head.contains("content-length: ") || head.contains("Content-Length: 3000000\r\n"),
                first == known
            );
            assert_eq!(head.contains("transfer-encoding: chunked\r\n"), is_chunked, "{head}");
            if is_chunked || (first == known && version == "1.1") {
                // The connection stays.
                let end: &[u8] = if is_chunked { b"\r\n0\r\n\r\n" } else { &body[LENGTH - 40..] };
                while !came.ends_with(end) {
                    let more = wire.reads(1 << 20);
                    assert!(!more.is_empty(), "after {}", came.len());
                    came.extend(more);
                }
                wire.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
                go_on.send(()).unwrap();
                let (again, orderly) = wire.rest();
                assert!(again.len() > LENGTH && orderly);
            } else {
                let (rest, orderly) = wire.rest();
                assert!(orderly, "{}", came.len() + rest.len());
                came.extend(rest);
            }
            let start = came.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            let got = if is_chunked { unchunked(&came[start..]) } else { came[start..].to_vec() };
            assert!(got == body, "{version}: {} bytes", got.len());

            let shown = settled(&env, 1);
            let answer = &shown["answer"];
            assert_eq!((&answer["outcome"], &answer["body_bytes"]), (&json!("sent"), &json!(LENGTH)), "{version}");
            assert_eq!(answer["body"].as_str().unwrap().as_bytes(), &body[..1 << 20], "the first mebibyte is kept");
            let response = attempt(&env, &shown)["response"].clone();
            assert_eq!((&response["body_end"], &response["body_bytes"]), (&json!("complete"), &json!(LENGTH)));
            let text = env.run(&["show", "--attempt", &shown["attempts"][0]["id"].to_string()]).yes().stdout();
            assert!(text.contains("3,000,000 bytes, the first 1,048,576 of them kept"), "{text}");
        }
    }
}

fn unchunked(mut wire: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = wire.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = usize::try_from(whyhook::text::hexadecimal(&wire[..end]).unwrap()).unwrap();
        body.extend_from_slice(&wire[end + 2..end + 2 + length]);
        wire = &wire[end + 4 + length..];
        if length == 0 {
            assert!(wire.is_empty());
            return body;
        }
    }
}

#[test]
fn what_breaks_off_there_breaks_off_here() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n{}", "x".repeat(2_000_000));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2_000_000));
    for (bytes, closes, words) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".to_owned(), true, "is incomplete"),
        (format!("{CHUNKED}5\r\nshort\r\n"), true, "is incomplete"),
        (format!("{CHUNKED}5\r\nshort\r\nX\r\n"), true, "malformed"),
        (format!("{CHUNKED}5\r\nshort\r\n"), false, "timed out"),
        (long, true, "exceeds the limit"),
        (endless, true, "exceeds the limit"),
    ] {
        let env = TestEnv::with_secret();
        let upstream = Upstream::new(move |socket| {
            let _ = socket.write_all(bytes.as_bytes());
            if closes {
                let _ = socket.shutdown(Shutdown::Write);
            }
            // Kept until the other side lets go.
            let _ = std::io::Read::read(socket, &mut [0]);
        });
        let listening =
            forwarding(&env, &upstream, &["--forward-timeout", "1s", "--body-limit", "1MiB", "--format", "json"]);
        for (id, version) in [(1, "1.1"), (2, "1.0")] {
            let mut wire = Wire::connect(listening.address());
            wire.send(format!("POST / HTTP/{version}\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}"));
            let (came, orderly) = wire.rest();
            let came = String::from_utf8_lossy(&came).into_owned();
            let (head, body) = came.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            match head.lines().find_map(|line| line.strip_prefix("Content-Length: ")) {
                Some(length) => assert!(body.len() < length.parse().unwrap()),
                None if version == "1.1" => assert!(!body.contains("\r\n0\r\n"), "the last chunk was sent"),
                None => assert!(!orderly, "an orderly end makes it whole: {words}"),
            }
            let line = listening.json_line(usize::try_from(id).unwrap());
            assert_eq!(line["answer"]["outcome"], "cut_upstream", "{line}");
            let rule = line["answer"]["rule"].as_str().unwrap();
            assert!(rule.contains("(cut: the server's answer ") && rule.contains(words), "{rule}");
            let shown = settled(&env, id);
            assert_ne!(attempt(&env, &shown)["response"]["body_end"], "complete");
        }
        let listed = env.run(&["list", "is:failed"]).no().stdout();
        assert_eq!(listed, "", "it did not fail on purpose");
    }
}

#[test]
fn an_answer_without_a_body_keeps_its_headers_and_the_connection() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| {
        socket.write_all(b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n").unwrap();
    });
    let listening = forwarding(&env, &upstream, &[]);
    let mut wire = Wire::connect(listening.address());
    for method in ["HEAD", "GET", "HEAD"] {
        wire.send(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));
        let head = String::from_utf8(read_until(&mut wire, b"\r\n\r\n")).unwrap();
        assert!(head.contains("\r\nETag: \"a\"\r\nContent-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    }
    let none = Upstream::new(|socket| socket.write_all(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n").unwrap());
    let listening = env.listen(&["--store", "204.db", "--forward-to", &none.url()]);
    let answer = talk(listening.address(), delivery());
    assert_eq!((answer.status, answer.header("x-a"), answer.header("content-length")), (204, Some("1"), None));
}

#[test]
fn interim_answers_are_kept_and_not_passed_on_and_no_other_protocol_is_spoken() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| {
        let early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        socket.write_all(&[&early[..], b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"].concat()).unwrap();
    });
    let listening = forwarding(&env, &upstream, &[]);
    let answer = talk(listening.address(), delivery());
    assert_eq!((answer.status, &answer.body[..]), (200, "ok"));
    let response = attempt(&env, &settled(&env, 1))["response"].clone();
    assert_eq!(response["interim"], "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");

    let other = Upstream::new(|socket| {
        socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\nwhat follows").unwrap();
    });
    let listening = env.listen(&["--store", "101.db", "--forward-to", &other.url()]);
    let answer = talk(listening.address(), delivery());
    assert_eq!((answer.status, &answer.body[..]), (502, "whyhook: the upstream server's answer cannot be returned"));
}

#[test]
fn header_values_go_back_byte_for_byte() {
    let env = TestEnv::with_secret();
    let upstream = Upstream::new(|socket| {
        let head = b"HTTP/1.1 200 OK\r\nx-LATIN: caf\xe9 \x80\xff\r\nX-Utf8: caf\xc3\xa9\r\nX-Latin: 2\r\nContent-Length: 0\r\n\r\n";
        socket.write_all(head).unwrap();
    });
    let listening = forwarding(&env, &upstream, &[]);
    let mut wire = Wire::connect(listening.address());
    let came = read_until(wire.send(delivery()), b"\r\n\r\n");
    let expected = b"\r\nx-LATIN: caf\xe9 \x80\xff\r\nX-Utf8: caf\xc3\xa9\r\nX-Latin: 2\r\nContent-Length: 0\r\n";
    assert!(came.windows(expected.len()).any(|part| part == expected), "{}", String::from_utf8_lossy(&came));
    let answer = settled(&env, 1)["answer"].clone();
    assert_eq!(answer["headers"][0], json!(["x-LATIN", "caf\u{fffd} \u{fffd}\u{fffd}"]));
    assert_eq!(answer["headers"][1], json!(["X-Utf8", "café"]));
    assert_eq!(answer["headers_base64"][0], "Y2Fm6SCA/w==");
    // It survives being taken to another store.
    let exported = env.run(&["export", "1", "--as", "json"]).yes().stdout;
    env.run_with(&["import", "-", "--store", "other.db"], &exported).yes();
    let other = env.run(&["show", "1", "--store", "other.db", "--format", "json"]).yes().json();
    assert_eq!(other["answer"]["headers_base64"], answer["headers_base64"]);
}

#[test]
fn an_answer_that_two_readers_would_read_differently_is_refused() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX-A: 1\r\n folded: 2\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: 1\rSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: 1\0\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
    ] {
        let env = TestEnv::with_secret();
        let upstream = Upstream::new(move |socket| socket.write_all(head.as_bytes()).unwrap());
        let listening = forwarding(&env, &upstream, &[]);
        let answer = talk(listening.address(), delivery());
        assert_eq!((answer.status, &answer.body[..]), (502, "whyhook: the upstream server did not answer"), "{head:?}");
        let shown = settled(&env, 1);
        assert_eq!(shown["attempts"][0]["error"]["code"], "malformed_head", "{head:?}: {shown}");
    }
}

#[test]
fn a_sender_that_goes_away_ends_the_servers_answer() {
    let env = TestEnv::with_secret();
    let (ended, told) = mpsc::channel();
    let ended = Mutex::new(ended);
    let upstream = Upstream::new(move |socket: &mut TcpStream| {
        socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        // Far more than any buffer between holds, and less than the body limit.
        let written = (0..800).take_while(|_| socket.write_all(&[b'x'; 65_536]).is_ok()).count();
        ended.lock().unwrap().send(written).unwrap();
    });
    let listening = forwarding(&env, &upstream, &[]);
    let mut wire = Wire::connect(listening.address());
    wire.send(delivery());
    read_until(&mut wire, b"xxxx");
    // The server has to wait for a sender that does not read.
    assert!(told.try_recv().is_err());
    wire.resets();
    assert!(told.recv_timeout(PATIENCE).unwrap() < 800, "it was read to its end for nobody");
    let shown = settled(&env, 1);
    assert_eq!(shown["answer"]["outcome"], "sender_gone", "{shown}");
    assert_eq!(attempt(&env, &shown)["response"]["body_end"], "abandoned");
}

#[test]
fn a_server_in_node_streams_through() {
    let Some(node) = tools::tool("node") else { return };
    let env = TestEnv::with_secret();
    let server = Receiver::start(&env, &node, "stream.mjs", &[]);
    let listening = env.listen(&["--forward-to", &server.url()]);
    let answer = talk(listening.address(), delivery());
    assert_eq!((answer.status, answer.body.len()), (200, 96 * 65_536));
    for (piece, part) in answer.body.as_bytes().chunks(65_536).enumerate() {
        assert!(part.iter().all(|byte| usize::from(*byte) == 97 + piece % 26), "piece {piece}");
    }
    assert!(answer.head.starts_with("HTTP/1.1 200 Fine\r\n") && answer.head.contains("\r\nX-Two: a\r\nX-Two: b\r\n"));
    let shown = settled(&env, 1);
    assert_eq!((&shown["answer"]["outcome"], &shown["answer"]["body_bytes"]), (&json!("sent"), &json!(96 * 65_536)));
}
