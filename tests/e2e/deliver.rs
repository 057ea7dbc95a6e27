//! Deliveries arrive, are judged, kept byte for byte, and answered.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::tools::{node_sender, tool};
use crate::support::{Listening, SECRET, Signed, TestEnv, Unit, Wire, headers, now, sample, signature, talk};

const OK: &str = "Webhook received and processed successfully";

/// Runs a tool to its end and returns its stdout.
fn run(mut command: Command) -> String {
    command.stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_node_signs_and_sends_is_verified() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let samples = ["activity.json", "app.json", "screenshot-simulation.json", "screenshot-live.json"];
    let sent = samples.iter().flat_map(|name| [(name, "developer"), (name, "reseller")]);
    for (number, (name, kind)) in (1..).zip(sent) {
        let file = env.write(name, sample(name));
        let mut command = Command::new(&node);
        command.arg(node_sender()).arg(listening.url("/webhooks/trackpilots")).arg(kind).arg(file);
        command.env("SECRET", SECRET);
        let answer: Value = serde_json::from_str(&run(command)).unwrap();
        assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!(OK)), "{name} {kind}");

        let line = listening.json_line(number);
        assert_eq!(line["verdict"], "verified", "{line}");
        assert_eq!(line["fresh"], true, "{line}");
        assert_eq!(line["simulation"], json!(name != &"screenshot-live.json"), "{line}");
        let shown = env.show(line["id"].as_i64().unwrap());
        let unit = if kind == "reseller" { "milliseconds" } else { "seconds" };
        assert_eq!(shown["timestamp"]["unit"], unit);
        assert_eq!(shown["timestamp"]["raw"], answer["timestamp"]);
        assert_eq!(env.bytes(line["id"].as_i64().unwrap(), "body"), sample(name));
    }
}

#[test]
fn a_line_says_what_is_documented() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let body = sample("screenshot-live.json");
    let answer = talk(listening.address(), Signed::new(body.clone()).by(SECRET, Unit::Milliseconds).wire());
    assert_eq!((answer.status, answer.body.as_str()), (200, OK));
    let line = listening.json_line(1);
    for (field, expected) in [
        ("id", json!(1)),
        ("method", json!("POST")),
        ("path", json!("/webhooks/trackpilots")),
        ("event", json!("desktop.screenshot_tracking.captured")),
        ("version", json!("v1")),
        ("simulation", json!(false)),
        ("items", json!(1)),
        ("intake", json!("complete")),
        ("verdict", json!("verified")),
        ("secret", json!("TRACKPILOTS_WEBHOOKS_SECRET_KEY")),
        ("body_bytes", json!(body.len())),
    ] {
        assert_eq!(line[field], expected, "{field} of {line}");
    }
    assert!(line["remote"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    assert!(line["received_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{line}");
    assert!(line["age_seconds"].as_i64().unwrap() >= 0, "{line}");
    assert_eq!((&line["image"]["bytes"], &line["image"]["total"]), (&json!(50), &json!(44_869)), "{line}");
    assert_eq!(line["image"]["format"], "jpeg", "{line}");
    assert_eq!((&line["answer"]["status"], &line["answer"]["rule"]), (&json!(200), &json!("auto")), "{line}");
    assert!(line["answer"]["latency_ms"].as_f64().unwrap() > 0.0, "{line}");

    talk(listening.address(), b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    let bare = listening.json_line(2);
    for field in ["event", "version", "items", "secret", "age_seconds", "image"] {
        assert_eq!(bare[field], Value::Null, "{field} of {bare}");
    }
}

#[test]
fn a_line_for_people_reads_as_the_documentation_s() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(sample("app.json")).wire());
    let line = listening.line(1);
    let start = "✅ Webhook verified — event: desktop.app_tracking.captured | simulation: true | 200 in ";
    assert!(line.starts_with(start) && line.ends_with(" | #1"), "{line}");
    talk(listening.address(), b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n");
    let line = listening.line(2);
    assert!(line.starts_with("❌ Webhook not verified: missing signature — GET /favicon.ico | 400 in"), "{line}");
}

#[test]
fn answers_are_the_documented_receiver_s() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let body = sample("activity.json");
    let timestamp = now(Unit::Seconds);
    let right = signature(SECRET.as_bytes(), &timestamp, &body);
    let wrong = signature(b"another secret", &timestamp, &body);
    let (sign, time) = ("X-Webhook-Signature", "X-Webhook-Timestamp");
    let stale = signature(SECRET.as_bytes(), "1746123456", &body);
    let cases = [
        (format!("{sign}: {right}\r\n{time}: {timestamp}\r\n"), 200, OK, "verified"),
        (format!("x-webhook-signature: {right}\r\nX-WEBHOOK-TIMESTAMP:{timestamp}\r\n"), 200, OK, "verified"),
        (format!("{sign}: {stale}\r\n{time}: 1746123456\r\n"), 200, OK, "verified"),
        (String::new(), 400, "Missing signature", "missing_signature"),
        (format!("{time}: {timestamp}\r\n"), 400, "Missing signature", "missing_signature"),
        (format!("{sign}: {right}\r\n"), 400, "Missing signature", "missing_timestamp"),
        (format!("{sign}: {wrong}\r\n{time}: {timestamp}\r\n"), 401, "Invalid signature", "mismatch"),
        (format!("{sign}: {right}\r\n{time}: 0{timestamp}\r\n"), 401, "Invalid signature", "mismatch"),
        (
            format!("{sign}: {}\r\n{time}: {timestamp}\r\n", right.to_uppercase()),
            401,
            "Invalid signature",
            "malformed_signature",
        ),
        (format!("{sign}: sha256={right}\r\n{time}: {timestamp}\r\n"), 401, "Invalid signature", "malformed_signature"),
        (
            format!("{sign}: {right}\r\n{sign}: {right}\r\n{time}: {timestamp}\r\n"),
            401,
            "Invalid signature",
            "ambiguous_headers",
        ),
        (
            format!("{sign}: {right}\r\n{time}: {timestamp}\r\n{time}: 1\r\n"),
            401,
            "Invalid signature",
            "ambiguous_headers",
        ),
    ];
    for (number, (lines, status, text, verdict)) in (1..).zip(cases) {
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{lines}\r\n", body.len());
        let answer = talk(listening.address(), [head.as_bytes(), &body].concat());
        assert_eq!((answer.status, answer.body.as_str()), (status, text), "{lines}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        let line = listening.json_line(number);
        assert_eq!(line["verdict"], verdict, "{lines}");
        let shown = env.show(line["id"].as_i64().unwrap());
        assert_eq!((&shown["answer"]["status"], &shown["answer"]["body"]), (&json!(status), &json!(text)));
    }
    assert_eq!(listening.json_line(3)["fresh"], false, "a right signature on an old delivery");
}

fn curl(env: &TestEnv, listening: &Listening, body: &[u8], more: &[&str]) -> Option<String> {
    let curl = tool("curl")?;
    let mut command = Command::new(curl);
    command.args(["--silent", "--show-error", "--max-time", "80", "--request", "POST"]);
    command.args(["--write-out", "\n%{http_code}", "--header", "Content-Type: application/json"]);
    for line in headers(body).lines() {
        command.args(["--header", line]);
    }
    command.args(more).arg(listening.url("/webhooks/trackpilots")).current_dir(env.work());
    Some(run(command))
}

#[test]
fn what_curl_sends_is_kept_however_it_frames_it() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let small = sample("app.json");
    let large = format!("{{\"event\":\"x\",\"pad\":\"{}\"}}", "0123456789abcde\\n".repeat(100_000)).into_bytes();
    assert!(large.len() > 1_500_000);
    env.write("small", &small);
    env.write("large", &large);
    let upload = ["--header", "Transfer-Encoding: chunked", "--upload-file", "large"];
    let cases: [(&[u8], &[&str], &str); 5] = [
        (&small, &["--data-binary", "@small"], "Content-Length"),
        // curl asks first when a body is over 1 MiB; this makes sure that it does.
        (&large, &["--data-binary", "@large", "--header", "Expect: 100-continue"], "Expect"),
        (&small, &["--data-binary", "@small", "--header", "Transfer-Encoding: chunked"], "Transfer-Encoding"),
        (&large, &upload, "Transfer-Encoding"),
        (&small, &["--http1.0", "--data-binary", "@small"], "Content-Length"),
    ];
    for (number, (body, arguments, header)) in (1..).zip(cases) {
        let Some(answer) = curl(&env, &listening, body, arguments) else { return };
        assert_eq!(answer, format!("{OK}\n200"), "{arguments:?}");
        let line = listening.json_line(number);
        assert_eq!(line["verdict"], "verified", "{arguments:?}");
        let id = line["id"].as_i64().unwrap();
        assert!(env.bytes(id, "body") == body, "{arguments:?}");
        let sent = env.show(id)["headers"].as_array().unwrap().iter().any(|pair| pair[0] == header);
        assert!(sent, "{arguments:?}");
    }
}

#[test]
fn one_connection_carries_many_deliveries() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let request = |number: usize| Signed::new(format!("{{\"number\":{number}}}")).to(&format!("/n/{number}"));
    let mut wire = Wire::connect(listening.address());
    // One after the other.
    for number in 1..=3 {
        assert_eq!(wire.send(request(number).wire()).answer().body, OK);
    }
    // All at once, and the last one byte by byte.
    let piled: Vec<u8> = (4..=6).flat_map(|number| request(number).wire()).collect();
    wire.send(piled);
    for byte in request(7).wire() {
        wire.send([byte]);
    }
    for _ in 4..=7 {
        assert_eq!(wire.answer().body, OK);
    }
    for number in 1..=7 {
        let line = listening.json_line(number);
        assert_eq!((&line["verdict"], &line["path"]), (&json!("verified"), &json!(format!("/n/{number}"))));
        let body = env.bytes(line["id"].as_i64().unwrap(), "body");
        assert_eq!(body, format!("{{\"number\":{number}}}").into_bytes());
    }
}

#[test]
fn what_arrived_is_given_back_to_the_byte() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let odd =
        b"x-DUP: one\r\nB-second:  two \t\r\nX-Dup:one\r\nX-Empty:\r\nX-Raw: \xff\x9b31m \xc3\x28 caf\xc3\xa9\r\n";
    let mut big = b"{\"pad\":\"".to_vec();
    big.extend((0..3_000_000_u32).map(|number| b'a' + u8::try_from(number * 7 % 26).unwrap()));
    big.extend_from_slice(b"\"}");
    let broken: &[u8] = b"{\"a\":\"\xff\xfe\x80\xed\xa0\x80\",\r\n \x00\x1b[31m}";
    let bodies: [&[u8]; 4] = [b"", broken, b"\xef\xbb\xbf{\"n\":1e400,\"n\":01}\n\n", &big];
    for (number, body) in (1..).zip(bodies) {
        let request = Signed::new(body).to("/a%20b//c?q=%1b&q").with(odd);
        let head = request.head();
        assert_eq!(talk(listening.address(), [&head[..], body].concat()).status, 200);
        let id = listening.json_line(number)["id"].as_i64().unwrap();
        assert!(env.bytes(id, "raw") == [&head[..], body].concat(), "delivery {id}");
        assert!(env.bytes(id, "body") == body, "delivery {id}");
        let shown = env.show(id);
        let names: Vec<&str> =
            shown["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
        assert_eq!(names[names.len() - 5..], ["x-DUP", "B-second", "X-Dup", "X-Empty", "X-Raw"]);
        assert_eq!(decoded(&shown["head_base64"]), head);
        match std::str::from_utf8(body) {
            Ok(text) => assert!(shown["body"] == text),
            Err(_) => assert_eq!(decoded(&shown["body_base64"]), body),
        }
    }
}

fn decoded(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn what_is_no_request_is_refused_shown_and_kept() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let cases: [(&[u8], u16); 4] = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: \x1b]0;owned\x07\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ];
    for (number, (bytes, status)) in (1..).zip(cases) {
        let mut wire = Wire::connect(listening.address());
        assert_eq!(wire.send(bytes).answer().status, status);
        assert!(wire.is_closed());
        let line = listening.json_line(number);
        assert_eq!((&line["intake"], &line["verdict"]), (&json!("malformed"), &json!("not_judged")), "{line}");
        let kept = env.bytes(line["id"].as_i64().unwrap(), "raw");
        assert!(!kept.is_empty() && bytes.starts_with(&kept), "{kept:?}");
        let shown = env.run(&["show", &line["id"].to_string()]).yes().stdout;
        assert!(!shown.iter().any(|byte| *byte == 0x1b || *byte == 0x07), "{}", String::from_utf8_lossy(&shown));
    }
}
