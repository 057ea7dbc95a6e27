//! Sending captured deliveries again, against a recorder that keeps the bytes of its socket.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::{
    Person, Ran, SECRET, Signed, Size, TestEnv, Unit, Wire, request_from, sample, signature, talk, until,
};

/// A server that keeps what it is sent and answers each with the same bytes.
pub(crate) struct Recorder {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 2\r\n\r\nok")
    }

    pub(crate) fn answering(response: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                kept.lock().unwrap().push(request_from(&mut stream));
                let _ = stream.write_all(response.as_bytes());
                let _ = stream.shutdown(Shutdown::Write);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn last(&self) -> Vec<u8> {
        self.requests.lock().unwrap().last().cloned().expect("something was sent")
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json_lines(ran: &Ran) -> Vec<Value> {
    ran.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A script that the program takes for an editor.
pub(crate) fn editor(env: &TestEnv, script: &str) -> String {
    let path = env.write("editor.sh", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn a_replay_arrives_byte_for_byte() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let recorder = Recorder::new();
    let body: Vec<u8> = (0..5_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    // Header case, order, duplicates, odd white space and bytes that are no UTF-8.
    let mut request = Signed::new(body).to("/webhooks/trackpilots?a=%20&b=1");
    request = request
        .with(b"x-DUPLICATE: 1\r\nX-Between:\t spaced  out \r\nX-Duplicate:2\r\nX-Bytes: \xff\xfe\x80\r\nX-Empty:\r\n");
    let wire = request.wire();
    talk(listening.address(), &wire);
    env.run(&["replay", "1", "--to", &recorder.url()]).yes();
    let host = format!("Host: {}\r\n", recorder.address);
    let expected = replace(&wire, b"Host: localhost\r\n", host.as_bytes());
    assert!(recorder.last() == expected, "{}", text(&recorder.last()[..600]));
    // The same while the listener runs on the store and with it stopped.
    listening.stop();
    env.run(&["replay", "1", "--to", &recorder.url()]).yes();
    assert!(recorder.last() == expected);
    assert!(env.bytes(1, "raw") == wire, "the original is as it was");
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn a_chunked_original_goes_out_in_its_chunks() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let recorder = Recorder::new();
    let mut wire = Wire::connect(listening.address());
    wire.send(
        "POST /webhooks/trackpilots HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nX-Last: 1\r\n\r\n",
    );
    wire.send("3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n").answer();
    let shown =
        env.run(&["replay", "1", "--to", &format!("{}/other?x", recorder.url()), "--format", "json"]).yes().json();
    let expected = format!(
        "POST /other?x HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\nX-Last: 1\r\n\r\n3\r\n{{\"a\r\n4\r\n\":1}}\r\n0\r\n\r\n",
        recorder.address
    );
    assert_eq!(text(&recorder.last()), expected);
    let codes: Vec<_> = shown["changes"].as_array().unwrap().iter().map(|change| change["code"].clone()).collect();
    assert_eq!(codes, ["target", "host"]);
}

#[test]
fn told_to_be_exact_it_sends_every_byte_as_it_came() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let wires: [&[u8]; 3] = [
        b"\r\nPOST http://elsewhere.example/x HTTP/1.1\r\nhOST: elsewhere\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
    ];
    for (number, wire) in (1..).zip(wires) {
        let mut sender = Wire::connect(listening.address());
        sender.send(wire).answer();
        listening.json_line(number);
        let id = number.to_string();
        let came = std::thread::scope(|scope| {
            let served = scope.spawn(|| {
                let (mut socket, _) = server.accept().unwrap();
                let mut came = vec![0; wire.len()];
                socket.read_exact(&mut came).unwrap();
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
                // Nothing follows.
                socket.read_to_end(&mut came).unwrap();
                came
            });
            env.run(&["replay", &id, "--to", &url, "--exact"]).yes();
            served.join().unwrap()
        });
        assert_eq!(text(&came), text(wire));
        let attempts = env.show(i64::try_from(number).unwrap())["attempts"].clone();
        assert_eq!(attempts[0]["mode"], "exact", "{attempts}");
    }
    let both = env.run(&["replay", "1", "--to", &url, "--exact", "--resign"]).complains();
    assert!(both.contains("--exact") && both.contains("--resign"), "{both}");
}

#[test]
fn a_resigned_one_verifies_and_every_attempt_is_kept() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "auto"]);
    let body = sample("activity.json");
    talk(listening.address(), Signed::new(body.clone()).by("a wrong secret", Unit::Milliseconds).wire());
    let shown = env.run(&["replay", "1", "--to", &listening.url(""), "--format", "json"]).no().json();
    assert_eq!((&shown["status"], &shown["result"]), (&Value::from(401), &Value::from("failed")));
    let shown = env.run(&["replay", "1", "--to", &listening.url(""), "--resign"]).yes().stdout();
    for words in [
        "Status            200 OK",
        "Result            Delivered",
        "Delivery headers  X-Webhook-Signature: ",
        "Sent payload      ",
        "re-signed",
        "Endpoint response ",
        "  Webhook received and processed successfully",
        "Earlier           401 (attempt 1), now 200",
        "Stored as         attempt 2 of delivery 1",
    ] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    let resigned = env.show(3);
    assert_eq!(resigned["verdict"], "verified");
    assert_eq!(resigned["timestamp"]["unit"], "milliseconds", "as it came");
    assert_eq!(resigned["body"], Value::from(text(&body)));
    env.run(&["replay", "1", "--to", &listening.url(""), "--resign", "--kind", "developer"]).yes();
    assert_eq!(env.show(4)["timestamp"]["unit"], "seconds");

    let original = env.show(1);
    assert_eq!((&original["verdict"], original["body"].as_str()), (&Value::from("mismatch"), Some(&*text(&body))));
    let attempts = original["attempts"].as_array().unwrap();
    let facts: Vec<_> =
        attempts.iter().map(|attempt| (attempt["mode"].as_str().unwrap(), attempt["status"].as_i64())).collect();
    assert_eq!(facts, [("resigned", Some(200)), ("resigned", Some(200)), ("as_captured", Some(401))]);
    let shown = env.run(&["show", "1"]).yes().stdout();
    assert!(shown.contains("replay, as captured, to http://127.0.0.1"), "{shown}");
    let attempt = env.run(&["show", "--attempt", "1", "--format", "json"]).yes().json();
    assert_eq!(
        (&attempt["response"]["body"], &attempt["body"]),
        (&Value::from("Invalid signature"), &original["body"])
    );
    assert!(env.run(&["show", "--attempt", "99"]).no().stderr().contains("no attempt 99"));
    listening.stop();
    let store = std::fs::read(env.store()).unwrap();
    assert!(!store.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "no secret in the store");
}

#[test]
fn an_edited_one_is_signed_anew_or_deliberately_not() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let recorder = Recorder::new();
    talk(listening.address(), Signed::new("{\"n\":1}").with("X-Last: 1\r\n").wire());
    // Writes a new file in the old one's place, as some editors do, and ends its last line.
    let script = "case \"$(ls -l \"$1\")\" in -rw-------*) ;; *) exit 9;; esac\n\
                  printf '%s\\n' \"$(sed 's/1/2.00/' \"$1\")\" > \"$1.new\" && mv \"$1.new\" \"$1\"";
    let editor = editor(&env, script);
    let run = |arguments: &[&str], editor: &str| {
        let mut command = env.command(&[&["replay", "1", "--edit", "--to", &recorder.url()], arguments].concat());
        command.env("EDITOR", editor);
        crate::support::finish(command, b"")
    };
    run(&[], &editor).yes();
    let sent = text(&recorder.last());
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"n\":2.00}", "without the line end that the editor added");
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let expected = signature(SECRET.as_bytes(), &value("X-Webhook-Timestamp: "), body.as_bytes());
    assert_eq!(value("X-Webhook-Signature: "), expected);
    assert!(head.ends_with("X-Last: 1") && head.contains("Content-Length: 10"), "{head}");
    assert_eq!(env.show(1)["attempts"][0]["mode"], "edited");

    run(&["--keep-signature"], &editor).yes();
    let kept = text(&recorder.last());
    let original = text(&env.bytes(1, "raw"));
    let line = |request: &str| request.lines().find(|line| line.starts_with("X-Webhook-Sig")).unwrap().to_owned();
    assert_eq!(line(&kept), line(&original));
    assert!(kept.ends_with("{\"n\":2.00}") && original.ends_with("{\"n\":1}"));

    assert!(run(&[], "true").no().stderr().contains("the body was not changed, so nothing was sent"));
    assert!(run(&[], "false").complains().contains("'false' failed"));
    assert_eq!(recorder.count(), 2);
    let left: Vec<_> = std::fs::read_dir(env.root().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn many_go_out_in_order_to_several_targets() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let (one, two) = (Recorder::new(), Recorder::answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
    for number in 1..=5 {
        talk(listening.address(), Signed::new(format!("{{\"number\":{number}}}")).to(&format!("/{number}")).wire());
    }
    let ran = env
        .run(&["replay", "--filter", "verdict:verified", "--to", &one.url(), "--to", &two.url(), "--rate", "500/s"])
        .no();
    assert!(ran.stderr().contains("10 sent: 5 delivered, 5 failed"), "{}", ran.stderr());
    assert_eq!((one.count(), two.count()), (5, 5));
    let ran = env.run(&["replay", "3", "1", "latest", "--to", &one.url(), "--format", "json"]).yes();
    assert_eq!(json_lines(&ran).iter().map(|line| line["delivery"].as_i64().unwrap()).collect::<Vec<_>>(), [3, 1, 5]);
    let bodies: Vec<String> = one.requests.lock().unwrap()[5..].iter().map(|request| text(request)).collect();
    for (body, number) in bodies.iter().zip([3, 1, 5]) {
        assert!(
            body.starts_with(&format!("POST /{number} ")) && body.ends_with(&format!("{{\"number\":{number}}}")),
            "{body}"
        );
    }
    assert!(
        env.run(&["replay", "--filter", "nothing_like_this", "--to", &one.url()]).no().stderr().contains("no delivery")
    );
}

#[test]
fn ctrl_c_ends_it_and_says_how_many_went() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let recorder = Recorder::new();
    for _ in 0..3 {
        talk(listening.address(), Signed::new("{\"number\":1}").wire());
    }
    let mut command = env.command(&["replay", "1", "2", "3", "--to", &recorder.url(), "--rate", "1/m"]);
    let mut child = crate::support::KillOnDrop(command.spawn().unwrap());
    until(|| (env.show(1)["attempts"].as_array().unwrap().len() == 1).then_some(())).unwrap();
    crate::support::tools::signal(child.0.id(), rustix::process::Signal::INT);
    let status = until(|| child.0.try_wait().unwrap()).unwrap();
    let mut said = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("cancelled: 1 of 3 started, 1 delivered"), "{said}");
    assert_eq!(recorder.count(), 1);
}

#[test]
fn what_cannot_be_sent_is_told_before_anything_is() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let recorder = Recorder::new();
    talk(listening.address(), Signed::new("{}").wire());
    Wire::connect(listening.address()).send("BROKEN\r\n\r\n").answer();
    let run = |arguments: &[&str]| env.run(&[&["replay"], arguments].concat());
    assert!(run(&["1", "99", "--to", &recorder.url()]).no().stderr().contains("no delivery 99: nothing was sent"));
    assert!(run(&["x", "--to", &recorder.url()]).complains().contains("invalid value 'x' for ID"));
    let said = run(&["1"]).complains();
    assert!(said.contains("no target for delivery 1: give --to URL"), "{said}");
    assert!(said.contains(&format!("the listener on this store is at http://{}", listening.address())), "{said}");
    let said = run(&["1", "--to", "nonsense"]).complains();
    assert!(said.contains("'nonsense' has no scheme and no port: is this a URL?"), "{said}");
    assert!(run(&["1", "--to", "ftp://x"]).complains().contains("expected http:// or https://"));
    assert!(run(&["1", "--to", "http://u:p@127.0.0.1"]).complains().contains("user name or password"));
    assert!(run(&["1", "--to", "http://a b"]).complains().contains("percent-encode"));
    assert!(run(&["1", "--to", &recorder.url(), "--rate", "fast"]).complains().contains("invalid rate 'fast'"));
    assert!(run(&["1", "--to", &recorder.url(), "--timeout", "0s"]).complains().contains("--timeout"));
    assert!(run(&["1", "--to", &recorder.url(), "--ca-file", "none.pem"]).complains().contains("none.pem"));
    assert!(
        run(&["1", "--to", &recorder.url(), "--resign", "--secret", "x"]).complains().contains("unknown secret label")
    );
    env.write("whyhook.toml", "ca_file = \"authority.pem\"\n");
    let complaint = run(&["1", "--to", &recorder.url()]).complains();
    assert!(complaint.contains(&format!("{}", env.work().join("authority.pem").display())), "{complaint}");
    std::fs::remove_file(env.work().join("whyhook.toml")).unwrap();
    // Documentation addresses (RFC 5737): nothing is sent there, and nobody is asked without a terminal.
    let refused = run(&["1", "--to", "http://192.0.2.1/", "--to", &recorder.url()]).complains();
    assert!(refused.contains("to 192.0.2.1 without confirmation") && refused.contains("--yes"), "{refused}");
    assert!(
        run(&["2", "--to", &recorder.url()]).no().stderr().contains("the captured request is incomplete (malformed")
    );
    assert_eq!(recorder.count(), 0);
    assert_eq!(env.show(1)["attempts"], Value::Array(Vec::new()));
}

#[test]
fn a_person_is_asked_before_it_goes_to_another_machine() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    let (elsewhere, timeout) = ("http://192.0.2.1/", ["--timeout", "50ms"]);
    let ask = |answer: &str| {
        let mut person =
            Person::runs(&env, Size(100, 24), &[&["replay", "1", "--to", elsewhere], &timeout[..]].concat());
        person.sees("Send delivery 1 to 192.0.2.1? [y/N]").types(answer);
        person
    };
    ask("\r").sees("nothing was sent");
    assert_eq!(env.show(1)["attempts"], Value::Array(Vec::new()));
    // Nobody is there (RFC 5737), or no way.
    ask("y\r").sees("Failed");
    assert_eq!(env.show(1)["attempts"].as_array().unwrap().len(), 1);
    env.run(&[&["replay", "1", "--yes", "--to", elsewhere], &timeout[..]].concat()).no();
    assert_eq!(env.show(1)["attempts"].as_array().unwrap().len(), 2);
}

#[test]
fn failures_are_outcomes_and_are_kept() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let garbage = Recorder::answering("\u{1b}[31mSSH-2.0\r\n");
    let redirect = Recorder::answering("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    let cut = Recorder::answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    let failed = |target: &str, timeout: &str, words: &[&str]| {
        let ran = env.run(&["replay", "1", "--to", target, "--timeout", timeout]).no();
        let shown = ran.stdout();
        assert!(words.iter().all(|words| shown.contains(words)), "{words:?}: {shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    };
    let silent = silent.local_addr().unwrap();
    let refused = ["Network error: cannot connect", "connection refused", "start the server"];
    failed(&format!("http://{nobody}"), "1m", &refused);
    failed(&format!("http://{silent}"), "1s", &["did not respond within 1000 ms"]);
    failed(&format!("https://{silent}"), "1s", &["no TLS handshake within 1000 ms"]);
    failed(&garbage.url(), "1m", &["not an HTTP/1 response", "␛[31mSSH-2.0"]);
    failed(&redirect.url(), "1m", &["302 Found, not followed: /elsewhere", "Result            Failed"]);
    failed(&cut.url(), "1m", &["200 OK", "Result            Failed", "the response was cut off after 9 of 100 bytes"]);
    let attempts = env.show(1)["attempts"].clone();
    let codes: Vec<_> = attempts.as_array().unwrap().iter().map(|attempt| attempt["error"]["code"].clone()).collect();
    let expected = [
        "closed_early".into(),
        Value::Null,
        "not_http".into(),
        "timeout_tls".into(),
        "timeout_first_byte".into(),
        "refused".into(),
    ];
    assert_eq!(codes, expected);
}

#[test]
fn the_webhooks_url_is_the_target_unless_told() {
    let env = TestEnv::with_secret();
    let recorder = Recorder::new();
    env.write(
        "whyhook.toml",
        format!(
            "[[webhook]]\nname = \"dev\"\npath = \"/webhooks/trackpilots\"\nkind = \"reseller\"\nurl = \"{}/in\"\n",
            recorder.url()
        ),
    );
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    env.run(&["replay", "latest", "--resign"]).yes();
    let sent = text(&recorder.last());
    assert!(sent.starts_with("POST /in HTTP/1.1\r\n"), "{sent}");
    let stamp = sent.lines().find_map(|line| line.strip_prefix("X-Webhook-Timestamp: ")).unwrap();
    assert_eq!(stamp.len(), 13, "a reseller's milliseconds");
}
