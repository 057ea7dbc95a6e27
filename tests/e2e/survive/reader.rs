//! The reader by RFC 9112, a row a case: what the real program answers and keeps, and what two other readers say of
//! the same bytes.

use crate::references::{httparse_head, hyper_requests};
use crate::support::{TestEnv, Wire};

/// What is sent on a connection of its own.
struct Case {
    what: &'static str,
    wire: String,
    /// The status of its first answer.
    status: u16,
    /// Whether `httparse` takes the head, and whether hyper reads a whole request.
    others: (bool, bool),
}

const YES: bool = true;
const NO: bool = false;

fn case(what: &'static str, wire: impl Into<String>, status: u16, others: (bool, bool)) -> Case {
    Case { what, wire: wire.into(), status, others }
}

/// A POST with these header lines and this body section.
fn post(lines: &str, section: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n{section}")
}

fn chunked(section: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", section)
}

fn heads() -> Vec<Case> {
    let get = |line: &str| format!("{line}\r\nHost: x\r\n\r\n");
    vec![
        case("plain", get("GET / HTTP/1.1"), 200, (YES, YES)),
        case("lines that end in LF alone", "GET / HTTP/1.1\nHost: x\n\n", 200, (YES, YES)),
        case("no Host", "GET / HTTP/1.1\r\n\r\n", 400, (YES, YES)),
        case("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200, (YES, YES)),
        case("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200, (YES, YES)),
        case("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, (YES, YES)),
        case("two Hosts that agree", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, (YES, YES)),
        case("a Host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400, (YES, YES)),
        case("a Host with a user", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", 400, (YES, YES)),
        case("a Host with a space", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 400, (YES, YES)),
        case("a Host with an impossible port", "GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n", 400, (YES, YES)),
        case("a target without a slash", get("GET index.html HTTP/1.1"), 400, (YES, YES)),
        case("a target with a fragment", get("GET /a#b HTTP/1.1"), 400, (YES, YES)),
        case("an asterisk for GET", get("GET * HTTP/1.1"), 400, (YES, YES)),
        case("an asterisk for OPTIONS", get("OPTIONS * HTTP/1.1"), 200, (YES, YES)),
        case("a whole URL", get("GET http://x/y HTTP/1.1"), 200, (YES, YES)),
        case("a URL with a user", get("GET http://u@x/y HTTP/1.1"), 400, (YES, YES)),
        case("CONNECT for a path", get("CONNECT / HTTP/1.1"), 400, (YES, YES)),
        case("two spaces in the request line", get("GET  / HTTP/1.1"), 400, (NO, NO)),
        case("a tab in the request line", get("GET\t/ HTTP/1.1"), 400, (NO, NO)),
        case("no version", get("GET /"), 400, (NO, NO)),
        case("HTTP/2.0", get("GET / HTTP/2.0"), 505, (NO, NO)),
        case("HTTP/1.2", get("GET / HTTP/1.2"), 505, (NO, NO)),
        case("http/1.1", get("GET / http/1.1"), 400, (NO, NO)),
        case("a CR before the request line", "\rGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, (NO, NO)),
        case("empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 200, (YES, YES)),
        case("five empty lines before it", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, (YES, YES)),
        case("white space before it", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, (NO, NO)),
        case("a folded line", post("A: b\r\n c\r\nContent-Length: 0\r\n", ""), 400, (NO, NO)),
        case("a space before the colon", post("A : b\r\n", ""), 400, (NO, NO)),
        case("a name that is no token", post("A(: b\r\n", ""), 400, (NO, NO)),
        case("a bare CR in a value", post("A: b\rc\r\n", ""), 400, (NO, NO)),
        case("a NUL in a value", post("A: b\0c\r\n", ""), 400, (NO, NO)),
        case("a line without a colon", post("nonsense\r\n", ""), 400, (NO, NO)),
    ]
}

fn lengths() -> Vec<Case> {
    vec![
        case("both lengths", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, (YES, YES)),
        case(
            "an empty coding and a length",
            post("Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello"),
            400,
            (YES, NO),
        ),
        case("an empty coding", post("Transfer-Encoding:\r\n", ""), 400, (YES, NO)),
        case("a coding after chunked", post("Transfer-Encoding: chunked, gzip\r\n", ""), 501, (YES, NO)),
        case("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 501, (YES, YES)),
        case("an unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501, (YES, NO)),
        case("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), 400, (YES, NO)),
        case("two lengths that agree", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400, (YES, YES)),
        case("a list of lengths", post("Content-Length: 5, 5\r\n", "hello"), 400, (YES, NO)),
        case("a length with a sign", post("Content-Length: +5\r\n", "hello"), 400, (YES, NO)),
        case("an empty length", post("Content-Length:\r\n", ""), 400, (YES, NO)),
        case("a hexadecimal length", post("Content-Length: 0x5\r\n", "hello"), 400, (YES, NO)),
        case("a length beyond 64 bits", post("Content-Length: 99999999999999999999\r\n", ""), 413, (YES, NO)),
        case(
            "chunked in HTTP/1.0",
            "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            (YES, NO),
        ),
    ]
}

fn chunks() -> Vec<Case> {
    vec![
        case("chunks", chunked("5\r\nhello\r\n0\r\n\r\n"), 200, (YES, YES)),
        case("extensions", chunked("5;a=b;c=\"d;\\\"\"\r\nhello\r\n0;e\r\n\r\n"), 200, (YES, YES)),
        case("white space before an extension", chunked("5 ; a\r\nhello\r\n0\r\n\r\n"), 200, (YES, YES)),
        case("trailers", chunked("5\r\nhello\r\n0\r\nA: b\r\n\r\n"), 200, (YES, YES)),
        case("a size that ends in LF alone", chunked("5\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("data that ends in LF alone", chunked("5\r\nhello\n0\r\n\r\n"), 400, (YES, NO)),
        case("a last chunk that ends in LF alone", chunked("5\r\nhello\r\n0\n\r\n"), 400, (YES, NO)),
        case("an end of LF alone", chunked("5\r\nhello\r\n0\r\n\n"), 400, (YES, NO)),
        case("a CR in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("a NUL in an extension", chunked("5;a\0b\r\nhello\r\n0\r\n\r\n"), 400, (YES, YES)),
        case("an ESC in an extension", chunked("5;a\u{1b}[31m\r\nhello\r\n0\r\n\r\n"), 400, (YES, YES)),
        case("an empty extension", chunked("5;\r\nhello\r\n0\r\n\r\n"), 400, (YES, YES)),
        case("a space behind the size", chunked("5 \r\nhello\r\n0\r\n\r\n"), 400, (YES, YES)),
        case("bytes behind the size", chunked("5 5\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("a size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("a size with a prefix", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("a size beyond 64 bits", chunked("fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("no size", chunked("\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("a chunk longer than said", chunked("3\r\nhello\r\n0\r\n\r\n"), 400, (YES, NO)),
        case("extensions without an end", chunked(&format!("5;{}", "a".repeat(20_000))), 400, (YES, NO)),
        case("many extensions", chunked(&"1;aaaaaaaaaaaaaaa\r\nx\r\n".repeat(2000)), 400, (YES, NO)),
        case("a trailer without a colon", chunked("0\r\nnonsense\r\n\r\n"), 400, (YES, NO)),
        case("a trailer with a control", chunked("0\r\nA: \u{1b}\r\n\r\n"), 400, (YES, NO)),
        case("a trailer that is a length", chunked("0\r\nContent-Length: 9\r\n\r\n"), 400, (YES, YES)),
        case("a trailer that is a Host", chunked("0\r\nHost: y\r\n\r\n"), 400, (YES, YES)),
        case("trailers without an end", chunked(&format!("0\r\n{}", "A: b\r\n".repeat(5000))), 400, (YES, NO)),
    ]
}

#[test]
fn each_case_is_answered_as_it_deserves_and_kept_as_it_came() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--respond", "200 read"]);
    let mut otherwise = Vec::new();
    let cases: Vec<Case> = [heads(), lengths(), chunks()].into_iter().flatten().collect();
    for (number, Case { what, wire, status, others }) in (1..).zip(&cases) {
        let bytes = wire.as_bytes();
        let mut sender = Wire::connect(listening.address());
        let _ = sender.try_send(bytes);
        let answer = sender.answer();
        assert_eq!(answer.status, *status, "{what}: {}", answer.body);
        let line = listening.json_line(number);
        let expected = match *status {
            200 => "complete",
            413 => "too_large",
            _ => "malformed",
        };
        assert_eq!(line["intake"], expected, "{what}: {line}");
        let kept = env.bytes(line["id"].as_i64().unwrap(), "raw");
        // Of what came behind a fault, at most 64 KiB, and only what had come by then.
        assert!(!kept.is_empty() && bytes.starts_with(&kept), "{what}: {:?}", String::from_utf8_lossy(&kept));
        assert!(kept.len() == bytes.len().min(kept.len().max(4096)), "{what}: only {} of {}", kept.len(), bytes.len());
        let said = (httparse_head(bytes).is_some(), !hyper_requests(bytes).is_empty());
        if said != *others {
            otherwise.push(format!("{what}: {said:?}"));
        }
        if *status == 200 {
            assert_eq!(said, (true, true), "{what}: accepted here, and refused by others");
        }
    }
    assert!(otherwise.is_empty(), "what httparse and hyper say: {otherwise:#?}");
}

#[test]
fn a_body_without_a_length_is_shown_as_bytes_that_belong_to_none() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--respond", "200 read"]);
    let forgot =
        |version: &str, more: &str| format!("POST /{version} HTTP/{version}\r\nHost: x\r\n{more}\r\n{{\"a\":1}}");
    for (number, wire) in (1..).zip([forgot("1.1", "Connection: close\r\n"), forgot("1.0", "")]) {
        // Head and body in two pieces, as many senders write them.
        let (head, body) = wire.split_at(wire.len() - 7);
        let mut sender = Wire::connect(listening.address());
        sender.send(head);
        std::thread::sleep(std::time::Duration::from_millis(30));
        let answer = sender.send(body).stops_sending().answer();
        assert_eq!(answer.status, 400, "{wire}");
        assert!(answer.body.contains("no Content-Length"), "{}", answer.body);
        let line = listening.json_line(number);
        assert_eq!((line["intake"].as_str(), line["body_bytes"].as_i64()), (Some("malformed"), Some(0)), "{line}");
        let id = line["id"].as_i64().unwrap();
        assert!(env.bytes(id, "raw") == wire.as_bytes(), "nothing is dropped");
        assert_eq!(env.show(id)["unframed_bytes"], 7);
        assert!(env.run(&["show", &id.to_string()]).yes().stdout().contains("7 unexpected bytes after the request"));
    }
    // Nothing follows: a body of no bytes, which is what such a request says.
    let mut sender = Wire::connect(listening.address());
    sender.send("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").stops_sending();
    assert_eq!(sender.answer().status, 200);
    // What follows a whole request on a connection that closes is kept with it, and no request.
    let mut sender = Wire::connect(listening.address());
    let both = "GET /first HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(sender.send(both).answer().status, 200);
    assert!(sender.is_closed());
    assert_eq!(listening.json_line(4)["path"], "/first");
    assert!(env.bytes(4, "raw") == both.as_bytes());
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 4);
}

#[test]
fn what_came_around_a_body_comes_back_by_every_way_out() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--respond", "200 read"]);
    let whole = chunked("5;a=b\r\nhello\r\n001\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n");
    let broken = chunked("5\r\nhello\r\n6;\u{1b}[31m\r\nworld!\r\n0\r\n\r\n");
    for (number, (wire, status)) in (1..).zip([(&whole, 200), (&broken, 400)]) {
        let mut sender = Wire::connect(listening.address());
        assert_eq!(sender.send(wire).answer().status, status);
        let id = listening.json_line(number)["id"].as_i64().unwrap();
        assert!(env.bytes(id, "raw") == wire.as_bytes(), "show --format raw");
        env.run(&["export", &id.to_string(), "--as", "raw", "-o", "request.http", "--force"]).yes();
        assert!(std::fs::read(env.work().join("request.http")).unwrap() == wire.as_bytes(), "export --as raw");
    }
    assert!(env.bytes(1, "body") == b"hello!" && env.bytes(2, "body") == b"hello");
    assert!(env.show(1).get("unframed_bytes").is_none());
    listening.stop();
    // Through our own JSON, and through a raw file, into another store.
    let json = env.run(&["export", "--as", "json"]).yes().stdout;
    env.write("all.json", json);
    env.run(&["export", "1", "--as", "raw", "-o", "one.http", "--force"]).yes();
    for (store, file, count) in [("one.db", "all.json", 2), ("two.db", "one.http", 1)] {
        env.run(&["--store", store, "import", file]).yes();
        for (id, wire) in (1..=count).zip([&whole, &broken]) {
            let kept = env.run(&["--store", store, "show", &id.to_string(), "--format", "raw"]).yes().stdout;
            assert!(kept == wire.as_bytes(), "{file}: {}", String::from_utf8_lossy(&kept));
        }
    }
}

#[test]
fn a_length_over_the_limit_is_refused_before_its_bytes_are_asked_for() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json", "--body-limit", "100kB"]);
    for (number, (wire, kept)) in (1..).zip([
        (post("Content-Length: 100001\r\n", ""), ""),
        (post("Content-Length: 100001\r\nExpect: 100-continue\r\n", ""), ""),
        (post("Content-Length: 99999999999999999999999\r\n", ""), ""),
        (chunked("186a1\r\n"), "186a1\r\n"),
        (chunked("1\r\nx\r\n186a0;last\r\n"), "1\r\nx\r\n186a0;last\r\n"),
    ]) {
        let mut sender = Wire::connect(listening.address());
        // The first answer, with nothing of the body sent, and no 100 before it.
        let answer = sender.send(&wire).answer();
        assert_eq!((answer.status, answer.header("connection")), (413, Some("close")), "{wire}");
        let line = listening.json_line(number);
        assert_eq!((&line["intake"], &line["answer"]["status"]), (&"too_large".into(), &413.into()), "{line}");
        let raw = env.bytes(line["id"].as_i64().unwrap(), "raw");
        assert!(raw == wire.as_bytes() && raw.ends_with(kept.as_bytes()), "{wire}");
    }
    // Invited, and then it says too much.
    let mut sender = Wire::connect(listening.address());
    sender.send(post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", ""));
    assert_eq!(sender.answer().status, 100);
    assert_eq!(sender.send("186a1\r\n").answer().status, 413);
    listening.json_line(6);
    let answer = &env.show(6)["answer"];
    assert_eq!(answer["interim_base64"], "SFRUUC8xLjEgMTAwIENvbnRpbnVlDQoNCg==", "the 100 that was sent: {answer}");
    assert!(env.run(&["show", "6"]).yes().stdout().contains("interim   100 Continue"));
}
