//! `whyhook export`: what other tools are given is what came.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use serde_json::Value;

use crate::support::tools::tool;
use crate::support::{Signed, TestEnv, Wire, finish, request_from, sample, talk};

/// Requests that are told apart by everything but their meaning.
fn odd_requests() -> Vec<Vec<u8>> {
    let all: Vec<u8> = (0..=255).collect();
    let post = |more: &str, body: &[u8]| {
        let head = format!(
            "POST /hook/../x?a=[1]&b={{2}} HTTP/1.1\r\nHost: somewhere.example\r\n{more}Content-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    vec![
        post(
            "x-WebHook-Signature: 00ff\r\nX-Webhook-Timestamp: 1746123456\r\nContent-Type: application/json\r\n",
            b"{\"it's\": \"$HOME `id`\"}\n\n",
        ),
        post("user-agent: odd/1\r\nEmpty:\r\nX-Twice: 1\r\nx-twice:2\r\nACCEPT: */*\r\n", &all),
        post("X-Latin: caf\u{e9} \u{202e}\r\n", b"\xff\xfe\0"),
        post("", b""),
        b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"DELETE /old HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
        post("", &sample("screenshot-live.json")),
    ]
}

fn env_with(requests: &[Vec<u8>]) -> TestEnv {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for request in requests {
        talk(listening.address(), request);
    }
    listening.stop();
    env
}

/// Takes `count` connections, and returns what came over each up to the end of its request.
fn record(count: usize) -> (SocketAddr, thread::JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let recorded = thread::spawn(move || (0..count).map(|_| record_one(&listener)).collect());
    (address, recorded)
}

fn record_one(listener: &TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().unwrap();
    let request = request_from(&mut stream);
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
    request
}

#[test]
fn the_curl_script_sends_the_very_bytes() {
    if tool("curl").is_none() {
        return;
    }
    let requests = odd_requests();
    let env = env_with(&requests);
    for shell in ["sh", "bash"] {
        let Some(shell) = tool(shell) else { continue };
        let (address, recorded) = record(requests.len());
        let script = env.run(&["export", "--as", "curl"]).yes();
        let file = env.write("again.sh", &script.stdout);
        let mut command = env.other(&shell);
        command.arg(&file).arg(format!("http://{address}/"));
        finish(command, b"").yes();
        for (number, (sent, came)) in requests.iter().zip(recorded.join().unwrap()).enumerate() {
            assert_eq!(String::from_utf8_lossy(&came), String::from_utf8_lossy(sent), "request {number}");
            assert_eq!(&came, sent, "request {number}");
        }
    }
}

#[test]
fn a_chunked_request_ends_also_without_a_body_or_with_trailers() {
    let Some(shell) = tool("sh").filter(|_| tool("curl").is_some()) else { return };
    let chunked = |more: &str, chunks: &str| {
        format!("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n{more}\r\n{chunks}\r\n").into_bytes()
    };
    let requests = [chunked("", "0\r\n"), chunked("Trailer: X-T\r\n", "2\r\nab\r\n0\r\nX-T: 1\r\n")];
    let env = env_with(&requests);
    let script = env.run(&["export", "--as", "curl"]).yes();
    assert!(script.stderr().contains("#2: has trailers, which curl cannot send"), "{}", script.stderr());
    let file = env.write("again.sh", &script.stdout);
    let (address, recorded) = record(requests.len());
    let mut command = env.other(&shell);
    command.arg(&file).arg(format!("http://{address}/"));
    finish(command, b"").yes();
    let expected = [chunked("", "0\r\n"), chunked("", "2\r\nab\r\n0\r\n")];
    for (came, expected) in recorded.join().unwrap().iter().zip(expected) {
        assert_eq!(String::from_utf8_lossy(came), String::from_utf8_lossy(&expected));
    }
}

#[test]
fn a_head_request_with_a_body_is_sent_as_it_came() {
    let Some(shell) = tool("sh").filter(|_| tool("curl").is_some()) else { return };
    let all: Vec<u8> = (0..=255).collect();
    let requests: Vec<Vec<u8>> = [&b"{\"it's\": 1}"[..], &all]
        .map(|body| {
            [format!("HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
        })
        .into();
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for request in &requests {
        // An answer to HEAD has no body, whatever length it tells.
        assert!(Wire::connect(listening.address()).send(request).reads(9).starts_with(b"HTTP/1.1"));
    }
    listening.line(2);
    listening.stop();
    let script = env.run(&["export", "--as", "curl"]).yes();
    assert!(script.stderr().contains("#1, #2: is a HEAD request with a body"), "{}", script.stderr());
    assert_eq!(script.stdout().matches("# HEAD with a body: curl gives up").count(), 2);
    let file = env.write("again.sh", &script.stdout);
    let run = |answer: &'static str, closes: bool, count: usize| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = thread::spawn(move || {
            let mut open = Vec::new();
            let came: Vec<Vec<u8>> = (0..count)
                .map(|_| {
                    let (mut stream, _) = listener.accept().unwrap();
                    let request = request_from(&mut stream);
                    stream.write_all(answer.as_bytes()).unwrap();
                    // Kept open, as a server keeps it that waits for the next request.
                    open.extend((!closes).then_some(stream));
                    request
                })
                .collect();
            // Until curl itself has hung up.
            for mut stream in open {
                let _ = std::io::Read::read(&mut stream, &mut [0]);
            }
            came
        });
        let mut command = env.other(&shell);
        command.arg(&file).arg(format!("http://{address}/"));
        (finish(command, b""), served.join().unwrap())
    };
    // Those that keep the connection cost curl some seconds of silence for each request.
    for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"] {
        let (ran, came) = run(answer, false, 2);
        assert_eq!(ran.yes().stdout().matches(answer.lines().next().unwrap()).count(), 2, "{answer}");
        assert_eq!(came, requests, "{answer}");
    }
    let (ran, came) = run("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, 2);
    assert_eq!((ran.yes().stdout().matches("200 OK").count(), came), (2, requests.clone()));
    let (ran, came) = run("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", true, 2);
    assert_eq!((ran.yes().stdout().matches("200 OK").count(), came), (2, requests.clone()));
    // No answer at all is a failure, and the script ends there.
    let (ran, came) = run("", true, 1);
    assert!(!ran.status.success() && ran.stderr().contains("curl failed with exit code"), "{}", ran.stderr());
    assert_eq!(came, requests[..1]);
}

#[test]
fn what_a_format_cannot_say_is_warned_of() {
    let chunked = b"POST /c HTTP/1.1\r\nX: 1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer x\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    let env = env_with(&[chunked.to_vec(), b"nonsense\r\n\r\n".to_vec()]);
    let ran = env.run(&["export", "--as", "curl"]).yes();
    let said = ran.stderr();
    for words in
        ["curl splits the body into chunks", "Host header comes first", "authorization is included", "#2: is left out"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(ran.stdout().contains("# left out: malformed"));
    let raw = env.run(&["export", "1", "--as", "raw"]).yes();
    assert!(raw.stdout == chunked && !raw.stderr().contains("arrived in chunks"), "{}", raw.stderr());
}

#[test]
fn har_is_one_valid_log_with_every_delivery() {
    let env = env_with(&odd_requests());
    let har = env.run(&["export", "--as", "har"]).yes().json();
    let log = &har["log"];
    assert_eq!((&log["version"], &log["creator"]["name"]), (&Value::from("1.2"), &Value::from("whyhook")));
    let entries = log["entries"].as_array().unwrap();
    assert_eq!(entries.len(), odd_requests().len());
    let first = &entries[0];
    assert_eq!(first["request"]["url"], "http://somewhere.example/hook/../x?a=[1]&b={2}");
    assert_eq!(first["request"]["queryString"][0]["value"], "[1]");
    assert_eq!(first["request"]["headers"][1]["name"], "x-WebHook-Signature");
    assert_eq!(first["request"]["postData"]["text"], "{\"it's\": \"$HOME `id`\"}\n\n");
    assert_eq!(first["response"]["status"], 401);
    assert_eq!(entries[1]["request"]["postData"]["encoding"], "base64");
    assert!(entries[4]["request"]["postData"].is_null());
    assert_eq!(entries[0]["_whyhook"]["id"], 1);
    assert!(env.run(&["export", "7", "is:sim", "--as", "har"]).no().stdout.is_empty());
}

#[test]
fn numbers_ranges_order_and_limits_choose() {
    let env = env_with(&odd_requests());
    let ids = |arguments: &[&str]| -> Vec<i64> {
        let ran = env.run(&[&["export", "--as", "json"], arguments].concat()).yes();
        ran.stdout().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&[]), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ids(&["latest", "2-4", "3"]), [2, 3, 4, 7]);
    assert_eq!(ids(&["-n", "2"]), [6, 7]);
    assert_eq!(ids(&["method:get | method:delete", "--newest-first"]), [6, 5]);
    assert!(env.run(&["export", "99", "--as", "json"]).no().stderr().contains("no delivery 99"));
    assert!(env.run(&["export", "--as", "raw"]).complains().contains("--output"));
}

#[test]
fn files_are_private_whole_and_never_replaced_unasked() {
    let env = env_with(&[
        Signed::new("{\"event\":\"desktop.screenshot_tracking.captured\"}").wire(),
        Signed::new("{\"event\":\"../../etc/passwd\"}").wire(),
    ]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    env.run(&["export", "1", "--as", "raw", "-o", "one.http"]).yes();
    let one = env.work().join("one.http");
    assert_eq!(std::fs::read(&one).unwrap(), env.bytes(1, "raw"));
    assert_eq!(mode(&one), 0o600);
    assert!(env.run(&["export", "2", "--as", "raw", "-o", "one.http"]).complains().contains("--force"));
    assert_eq!(std::fs::read(&one).unwrap(), env.bytes(1, "raw"));

    let precious = env.write("precious", "precious");
    std::fs::remove_file(&one).unwrap();
    std::os::unix::fs::symlink(&precious, &one).unwrap();
    env.run(&["export", "2", "--as", "raw", "-o", "one.http"]).complains();
    env.run(&["export", "2", "--as", "raw", "-o", "one.http", "--force"]).yes();
    assert_eq!(std::fs::read(&precious).unwrap(), b"precious", "a link is not followed");
    assert_eq!(std::fs::read(&one).unwrap(), env.bytes(2, "raw"));

    env.run(&["export", "--as", "raw", "-o", "all"]).yes();
    let mut names: Vec<_> =
        std::fs::read_dir(env.work().join("all")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["000001-screenshot.http", "000002-etc-passwd.http"]);
    assert_eq!(mode(&env.work().join("all")), 0o700);
}
