//! Deliveries passed on to a server behind, and what comes back.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::support::{SECRET, Signed, TestEnv, TlsServer, request_from, sample, talk, tools, until};

/// A server that answers every request with these bytes, and hands out what it was sent.
fn behind(answer: &'static [u8]) -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (requests, received) = mpsc::channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let request = request_from(&mut socket);
            socket.write_all(answer).unwrap();
            let _ = requests.send(request);
        }
    });
    (address, received)
}

#[test]
fn the_exact_delivery_goes_on_and_the_answer_comes_back() {
    let env = TestEnv::with_secret();
    let (server, received) = behind(
        b"HTTP/1.1 418 I'm a teapot\r\nX-Mine: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nContent-Type: text/html\r\n\
          Set-Cookie: a=1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
    let url = format!("http://{server}");
    let listening = env.listen(&["--format", "json", "--forward-to", &url]);
    let signed = Signed::new(sample("app.json")).with(
        "X-Dup: 1\r\nx-DUP:  2\r\nKeep-Alive: 5\r\nTE: trailers\r\nConnection: X-Secret-Hop\r\nX-Secret-Hop: 1\r\nVia: 1.1 tunnel\r\n",
    );
    let wire = signed.wire();
    let answer = talk(listening.address(), &wire);
    assert_eq!((answer.status, answer.body.as_str()), (418, "hello"));
    assert_eq!((answer.header("x-mine"), answer.header("set-cookie")), (Some("1"), Some("a=1")));
    assert_eq!((answer.header("content-type"), answer.header("x-hop")), (Some("text/html"), None));
    assert_eq!((answer.header("content-length"), answer.header("transfer-encoding")), (None, Some("chunked")));

    let forwarded = String::from_utf8(received.recv().unwrap()).unwrap();
    let (head, body) = forwarded.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), sample("app.json"));
    let sent = String::from_utf8(wire).unwrap();
    let expected: Vec<String> = sent
        .split_once("\r\n\r\n")
        .unwrap()
        .0
        .split("\r\n")
        .filter(|line| {
            !["Keep-Alive", "TE", "Connection", "X-Secret-Hop", "Via"].contains(&line.split(':').next().unwrap())
        })
        .map(|line| if line.starts_with("Host: ") { format!("Host: {server}") } else { line.to_owned() })
        .collect();
    let lines: Vec<&str> =
        head.split("\r\n").filter(|line| !line.starts_with("Via: ") && *line != "Connection: close").collect();
    assert_eq!(lines, expected, "in order, in their letter case, the signature's verbatim");
    assert!(head.contains("\r\nVia: 1.1 tunnel, 1.1 whyhook-"), "{head}");

    let line = listening.json_line(1);
    assert_eq!(line["answer"]["rule"], format!("rule 1: forward {url}"));
    let shown = until(|| Some(env.show(1)).filter(|shown| shown["forward"][0].is_object())).unwrap();
    assert_eq!((&shown["forward"][0]["status"], &shown["forward"][0]["agreement"]), (&json!(418), &json!("other")));
    assert_eq!(shown["answer"]["body"], "hello");
}

#[test]
fn the_first_of_several_targets_answers() {
    let env = TestEnv::with_secret();
    let (first, one) = behind(b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\none");
    let (second, two) = behind(b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\ntwo");
    let (a, b) = (format!("http://{first}/own/path"), format!("http://{second}"));
    let listening = env.listen(&["--forward-to", &a, "--forward-to", &b]);
    let answer = talk(listening.address(), Signed::new(sample("app.json")).to("/hook?x=1").wire());
    assert_eq!((answer.status, answer.body.as_str()), (201, "one"));
    assert!(one.recv().unwrap().starts_with(b"POST /own/path HTTP/1.1\r\n"));
    assert!(two.recv().unwrap().starts_with(b"POST /hook?x=1 HTTP/1.1\r\n"));
    let shown = until(|| Some(env.show(1)).filter(|shown| shown["forward"].as_array().unwrap().len() == 2)).unwrap();
    let statuses: Vec<&Value> = shown["forward"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert!(statuses.contains(&&json!(201)) && statuses.contains(&&json!(500)), "{shown}");
}

#[test]
fn an_unreachable_server_is_said_and_the_delivery_kept() {
    let env = TestEnv::with_secret();
    // A port that was free a moment ago, and of which nobody else here knows.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listening = env.listen(&["--format", "json", "--forward-to", &format!("http://{free}")]);
    let wire = Signed::new(sample("app.json")).wire();
    let answer = talk(listening.address(), &wire);
    assert_eq!(answer.status, 502);
    // The sender is told nothing of what stands behind; the person all of it.
    assert_eq!(answer.body, "whyhook: the upstream server did not answer");
    let rule = listening.json_line(1)["answer"]["rule"].clone();
    assert!(rule.as_str().unwrap().contains(&format!("did not answer: cannot connect to {free}")), "{rule}");
    assert_eq!(env.bytes(1, "raw"), wire);
    let shown = until(|| Some(env.show(1)).filter(|shown| shown["forward"][0].is_object())).unwrap();
    assert_eq!(shown["forward"][0]["status"], Value::Null);
    assert!(shown["forward"][0]["error"].as_str().unwrap().contains("refused"));
}

#[test]
fn forwarding_to_ourselves_is_refused_at_the_start_and_by_way_of_another() {
    let env = TestEnv::with_secret();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let line = env
        .run(&[
            "--headless",
            "--bind",
            &format!("127.0.0.1:{port}"),
            "--forward-to",
            &format!("http://localhost:{port}/x"),
        ])
        .complains();
    assert!(line.contains("whyhook itself listens there"), "{line}");

    // Two that forward to each other: the second time round, the first knows its own name.
    env.write("first.toml", "");
    let first = env.listen(&["--format", "json", "--config", "first.toml", "--store", "first.db"]);
    let second = env.listen(&["--store", "second.db", "--forward-to", &format!("http://{}", first.address())]);
    env.write("first.toml", format!("forward_to = [\"http://{}\"]\n", second.address()));
    first.says("rules: configuration reloaded, 1 active");
    let answer = talk(first.address(), Signed::new(sample("app.json")).wire());
    assert_eq!(answer.status, 508, "{}", answer.body);
    assert!(answer.body.contains("Loop Detected"), "{}", answer.body);
}

#[test]
fn a_server_that_hashes_the_body_it_parsed_is_found_out() {
    let Some(node) = tools::tool("node") else { return };
    let env = TestEnv::with_secret();
    let script = env.write(
        "server.mjs",
        "import { createServer } from 'node:http';\nimport { createHmac } from 'node:crypto';\n\
         const server = createServer((request, response) => {\n let text = '';\n request.on('data', (piece) => (text += piece));\n \
         request.on('end', () => {\n  const body = JSON.stringify(JSON.parse(text));\n  \
         const digest = createHmac('sha256', process.env.SECRET).update(`${request.headers['x-webhook-timestamp']}.${body}`).digest('hex');\n  \
         response.writeHead(digest === request.headers['x-webhook-signature'] ? 200 : 401).end('seen');\n });\n});\n\
         server.listen(0, '127.0.0.1', () => console.log(server.address().port));\n",
    );
    let mut command = env.other(&node);
    command.arg(&script).env("SECRET", SECRET);
    let mut server = crate::support::KillOnDrop(command.spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.0.stdout.as_mut().unwrap()), &mut line).unwrap();
    let url = format!("http://127.0.0.1:{}", line.trim());

    let listening = env.listen(&["--format", "json", "--forward-to", &url]);
    let spaced = r#"{"event": "desktop.app_tracking.captured", "data": [1.0]}"#;
    assert_eq!(talk(listening.address(), Signed::new(spaced).wire()).status, 401);
    assert_eq!(talk(listening.address(), Signed::new(r#"{"event":"a"}"#).wire()).status, 200);
    assert_eq!(listening.json_line(1)["verdict"], "verified");
    let shown = until(|| Some(env.show(1)).filter(|shown| shown["forward"][0].is_object())).unwrap();
    assert_eq!(shown["forward"][0]["agreement"], "only_here");
    let text = env.run(&["show", "1"]).yes().stdout();
    assert!(text.contains("verified here, the upstream server answered 401: it hashes different bytes"), "{text}");
    let shown = until(|| Some(env.show(2)).filter(|shown| shown["forward"][0].is_object())).unwrap();
    assert_eq!(shown["forward"][0]["agreement"], "both_accept");
}

#[test]
fn https_is_verified_and_spoken() {
    let Some(node) = tools::tool("node") else { return };
    let env = TestEnv::with_secret();
    let server = TlsServer::start(&env, &node);
    let (url, authority) = (format!("https://localhost:{}", server.port), server.authority.clone());

    let listening = env.listen(&["--store", "untrusted.db", "--forward-to", &url]);
    let answer = talk(listening.address(), Signed::new(sample("app.json")).wire());
    assert_eq!((answer.status, &answer.body[..]), (502, "whyhook: the upstream server did not answer"));
    let shown = until(|| {
        let shown = env.run(&["show", "1", "--store", "untrusted.db", "--format", "json"]).yes().json();
        Some(shown).filter(|shown| shown["forward"][0].is_object())
    });
    assert!(shown.unwrap()["forward"][0]["error"].as_str().unwrap().contains("self-signed"));

    for trust in [&["--ca-file", authority.to_str().unwrap()][..], &["--insecure"]] {
        let arguments = [&["--ephemeral", "--forward-to", &url], trust].concat();
        let answer = talk(env.listen(&arguments).address(), Signed::new(sample("app.json")).wire());
        assert_eq!((answer.status, &answer.body[..]), (202, "over TLS"), "{trust:?}");
    }

    let env = env.set("SSL_CERT_FILE", authority);
    let listening = env.listen(&["--store", "trusted.db", "--forward-to", &url]);
    let answer = talk(listening.address(), Signed::new(sample("app.json")).wire());
    assert_eq!((answer.status, answer.body.as_str()), (202, "over TLS"));
}

#[test]
fn a_server_may_take_as_long_as_is_said() {
    let env = TestEnv::with_secret();
    // It takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let listening = env.listen(&["--forward-to", &url, "--forward-timeout", "200ms"]);
    let answer = talk(listening.address(), Signed::new(sample("app.json")).wire());
    assert_eq!((answer.status, &answer.body[..]), (502, "whyhook: the upstream server did not answer"));
    let shown = until(|| Some(env.show(1)).filter(|shown| shown["answer"].is_object())).unwrap();
    assert!(shown["answer"]["rule"].as_str().unwrap().contains("within 200 ms"), "{shown}");
    let said = env.run(&["listen", "--forward-timeout", "0s"]).complains();
    assert!(said.contains("--forward-timeout: invalid forward timeout '0s'"), "{said}");
    env.write("whyhook.toml", "forward_timeout = \"2 days\"\n");
    assert!(env.run(&["listen"]).complains().contains("whyhook.toml:1:19: "), "the config says where");
    let missing = env
        .run(&["listen", "--config", "/dev/null", "--ephemeral", "--bind", "127.0.0.1:0", "--ca-file", "nowhere.pem"])
        .complains();
    assert!(missing.contains("cannot read certificates from") && missing.contains("nowhere.pem"), "{missing}");
}
