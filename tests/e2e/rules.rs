//! Answers by rule, from the side of raw sockets, curl and Node: to the byte, and to how the connection ends.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Listening, PATIENCE, Signed, TestEnv, finish, sample, talk, tools};

/// Sends a signed sample and reads until the connection ends; whether it ended with a reset.
fn raw(address: SocketAddr) -> (Vec<u8>, bool) {
    raw_request(address, &Signed::new(sample("app.json")).with("Connection: close\r\n").wire())
}

fn raw_request(address: SocketAddr, wire: &[u8]) -> (Vec<u8>, bool) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(wire).unwrap();
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match socket.read(&mut piece) {
            Ok(0) => return (bytes, false),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return (bytes, true),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The answer as bytes, the moving date taken out.
fn undated(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.split("\r\n").filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\r\n")
}

fn answer_of(listening: &Listening, number: usize) -> Value {
    listening.json_line(number)["answer"].clone()
}

#[test]
fn failing_on_purpose_is_what_was_promised_to_the_byte() {
    let env = TestEnv::with_secret();
    let full = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ";
    let cases = [
        ("drop", String::new(), false, "dropped", 0),
        ("reset", String::new(), true, "reset", 0),
        ("drop in head", "HTTP/1.1 2".to_owned(), false, "cut", 0),
        ("reset in head 503", "HTTP/1.1 5".to_owned(), true, "reset", 0),
        ("drop after head 200 12345678", format!("{full}8\r\nconnection: close\r\n\r\n1234"), false, "cut", 200),
        ("reset after head 200 12345678", format!("{full}8\r\nconnection: close\r\n\r\n1234"), true, "reset", 200),
        ("length +10 200 hello", format!("{full}15\r\nconnection: close\r\n\r\nhello"), false, "wrong_length", 200),
        ("length -2 200 hello", format!("{full}3\r\nconnection: close\r\n\r\nhello"), false, "wrong_length", 200),
        ("trickle 2 per 5ms 200 hello", format!("{full}5\r\nconnection: close\r\n\r\nhello"), false, "trickled", 200),
    ];
    for (number, (rule, expected, reset, outcome, status)) in cases.into_iter().enumerate() {
        let store = format!("{number}.db");
        let listening = env.listen(&["--format", "json", "--respond", rule, "--store", &store]);
        let (bytes, was_reset) = raw(listening.address());
        assert_eq!((undated(&bytes), was_reset), (expected, reset), "{rule}");
        let answer = answer_of(&listening, 1);
        assert_eq!((&answer["outcome"], &answer["status"]), (&json!(outcome), &json!(status)), "{rule}");
        assert!(answer["rule"].as_str().unwrap().starts_with("rule 1: "), "{answer}");
        // The next connection is served as ever.
        assert_eq!(raw(listening.address()).1, reset);
    }
}

/// RFC 9110, section 9.3.2.
#[test]
fn an_answer_to_head_has_no_body_however_it_is_sent() {
    let env = TestEnv::with_secret();
    let full = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ";
    for (number, (rule, length)) in
        [("drop after head 200 12345678", 8), ("length +10 200 hello", 15), ("trickle 2 per 5ms 200 hello", 5)]
            .into_iter()
            .enumerate()
    {
        let store = format!("head{number}.db");
        let listening = env.listen(&["--format", "json", "--respond", rule, "--store", &store]);
        let (bytes, _) = raw_request(listening.address(), b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(undated(&bytes), format!("{full}{length}\r\nconnection: close\r\n\r\n"), "{rule}");
    }
}

#[test]
fn whole_answers_are_what_was_written() {
    let env = TestEnv::with_secret();
    env.write(
        "whyhook.toml",
        "[answers.later]\nstatus = 503\nheaders = { \"Retry-After\" = \"60\", \"X-Delivery\" = \"{{id}} {{event}}\" }\n\
         body = \"not now, {{event}} ({{verdict}})\"\n",
    );
    for (rule, status, headers, body) in [
        (
            "later",
            503,
            vec![("retry-after", "60"), ("x-delivery", "1 desktop.app_tracking.captured")],
            "not now, desktop.app_tracking.captured (verified)",
        ),
        ("retry-after 5s", 429, vec![("retry-after", "5")], "Too Many Requests"),
        ("redirect 307 /elsewhere", 307, vec![("location", "/elsewhere")], ""),
        ("redirect 308 /to?id={{id}}", 308, vec![("location", "/to?id=1")], ""),
        (
            "200 header \"Content-Type: application/json\" {\"path\":\"{{path}}\"}",
            200,
            vec![("content-type", "application/json")],
            "{\"path\":\"/webhooks/trackpilots\"}",
        ),
        ("wait 5ms..10ms 204", 204, vec![], ""),
    ] {
        let store = format!("{status}{}.db", rule.len());
        let listening = env.listen(&["--format", "json", "--respond", rule, "--store", &store]);
        let answer = talk(listening.address(), Signed::new(sample("app.json")).wire());
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{rule}");
        for (name, value) in headers {
            assert_eq!(answer.header(name), Some(value), "{rule}: {}", answer.head);
        }
        assert_eq!(answer_of(&listening, 1)["outcome"], "sent");
    }
}

#[test]
fn the_first_rule_that_matches_answers_and_is_named() {
    let env = TestEnv::with_secret();
    env.write(
        "whyhook.toml",
        "respond = \"410\"\n\
         [[webhook]]\nname = \"shop\"\npath = \"/shop\"\n\
         [[rules]]\nwhen = \"verdict:bad\"\nheader = \"X-Try=2\"\nthen = \"409\"\n\
         [[rules]]\nwebhook = \"shop\"\nthen = \"201\"\n\
         [[rules]]\nevent = \"screenshot\"\nsimulation = true\nthen = \"202\"\n\
         [[rules]]\npath = \"/quiet\"\nverdict = \"verified\"\nthen = \"204\"\n",
    );
    let listening = env.listen(&["--format", "json", "--respond", "method:PUT → 405"]);
    let screenshot = br#"{"event":"desktop.screenshot_tracking.captured","simulation":true,"data":[]}"#;
    let wrong = Signed::new(&b"{}"[..]).by("another", crate::support::Unit::Seconds);
    for (number, (wire, status, rule)) in [
        (wrong.clone().with("X-Try: 2\r\n").wire(), 409, "rule 2: 409"),
        (wrong.wire(), 410, "rule 6: 410"),
        (Signed::new(sample("app.json")).to("/shop").wire(), 201, "rule 3: 201"),
        (Signed::new(&screenshot[..]).wire(), 202, "rule 4: 202"),
        (Signed::new(&b"{}"[..]).to("/quiet").wire(), 204, "rule 5: 204"),
        (b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 405, "rule 1: 405"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(talk(listening.address(), wire).status, status, "{rule}");
        assert_eq!(answer_of(&listening, number + 1)["rule"], rule);
    }
}

#[test]
fn failing_first_shows_the_senders_schedule() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[
        "--format",
        "json",
        "--respond",
        "sim → fail 2 per body with 503 then 200 done",
        "--respond",
        "204",
    ]);
    let body = |n: u8| format!(r#"{{"event":"desktop.app_tracking.captured","simulation":true,"n":{n},"data":[]}}"#);
    let statuses: Vec<u16> =
        [1, 1, 2, 1, 2, 2].map(|n| talk(listening.address(), Signed::new(body(n)).wire()).status).into();
    assert_eq!(statuses, [503, 503, 503, 200, 503, 200]);
    let rules: Vec<Value> = (1..=6).map(|number| answer_of(&listening, number)["rule"].clone()).collect();
    let first = "rule 1: fail 2 per body with 503 then 200 \"done\"";
    assert_eq!(rules[0], format!("{first} (1 of 2)"));
    assert_eq!(rules[3], format!("{first} (after 2)"));
    assert_eq!(talk(listening.address(), Signed::new(&b"{}"[..]).wire()).status, 204);

    let shown = env.show(4);
    let retries: Vec<_> = shown["retries"].as_array().unwrap().iter().map(|row| (&row["id"], &row["status"])).collect();
    assert_eq!(retries, [(&json!(1), &json!(503)), (&json!(2), &json!(503)), (&json!(4), &json!(200))]);
    assert_eq!(shown["retries"][0]["after_seconds"], Value::Null);
    assert!(shown["retries"][1]["after_seconds"].as_f64().unwrap() >= 0.0);
    let text = env.run(&["show", "4"]).yes().stdout();
    assert!(text.contains("attempt * 3 of 3: #4") && text.contains("attempt   1 of 3: #1: 503"), "{text}");
    assert_eq!(env.show(7)["retries"], json!([]));

    // The same but for the envelope's own time.
    let timed = |time: u64| format!(r#"{{"event":"a","timestamp":{time},"data":[{{"id":9}}]}}"#);
    for time in [1_769_590_500_000, 1_769_590_560_123] {
        talk(listening.address(), Signed::new(timed(time)).wire());
    }
    let retries = &env.show(9)["retries"];
    assert_eq!((&retries[0]["id"], &retries[0]["same"]), (&json!(8), &json!("but_for_time")));
    assert_eq!((&retries[1]["id"], &retries[1]["same"]), (&json!(9), &json!("body")));
}

#[test]
fn curl_sees_each_failure_as_what_it_is() {
    let Some(curl) = tools::tool("curl") else { return };
    let env = TestEnv::with_secret();
    for (rule, code) in [
        ("auto", 0),
        ("drop", 52),
        ("reset", 56),
        ("drop after head 200 12345678", 18),
        ("length +10 200 hello", 18),
        ("trickle 1 per 10ms 200 hello", 0),
        ("redirect http://127.0.0.1:1/", 0),
    ] {
        let listening = env.listen(&["--format", "json", "--respond", rule, "--ephemeral"]);
        let mut command = env.other(&curl);
        command.args(["--silent", "--noproxy", "*", "--max-time", "60", "--data", "{}", &listening.url("/x")]);
        assert_eq!(finish(command, b"").status.code(), Some(code), "{rule}");
    }
    let listening = env.listen(&["--respond", "wait 60s 200", "--format", "json", "--store", "slow.db"]);
    let mut command = env.other(&curl);
    command.args(["--silent", "--noproxy", "*", "--max-time", "1", "--data", "{}", &listening.url("/x")]);
    assert_eq!(finish(command, b"").status.code(), Some(28));
    assert_eq!(answer_of(&listening, 1)["outcome"], "sender_gone", "who gave up waiting is seen to be gone");
}

#[test]
fn node_sees_each_failure_as_what_it_is() {
    let Some(node) = tools::tool("node") else { return };
    let env = TestEnv::with_secret();
    let script = env.write(
        "fetch.mjs",
        "try {\n const response = await fetch(process.argv[2], { method: 'POST', body: '{}', redirect: 'manual' });\n \
         const text = await response.text();\n console.log(JSON.stringify([response.status, text]));\n\
         } catch (error) {\n console.log(JSON.stringify([error.cause?.code ?? error.code ?? error.message]));\n}\n",
    );
    for (rule, expected) in [
        ("200 hello", json!([200, "hello"])),
        ("trickle 2 per 20ms 200 hello", json!([200, "hello"])),
        ("redirect 308 /x", json!([308, ""])),
        ("drop", Value::Null),
        ("reset", json!(["ECONNRESET"])),
        ("length +3 200 hello", Value::Null),
        ("drop after head 200 12345678", Value::Null),
    ] {
        let listening = env.listen(&["--respond", rule, "--ephemeral"]);
        let mut command = env.other(&node);
        command.arg(&script).arg(listening.url("/x"));
        let seen = finish(command, b"").json();
        if expected.is_null() {
            // What undici calls it differs between its versions; that it is a failure does not.
            assert_eq!(seen.as_array().map(Vec::len), Some(1), "{rule}: {seen}");
        } else {
            assert_eq!(seen, expected, "{rule}");
        }
    }
}

#[test]
fn a_trickle_comes_in_pieces() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "trickle 1 per 50ms 200 abcd"]);
    let begun = Instant::now();
    let (bytes, _) = raw(listening.address());
    assert!(bytes.ends_with(b"\r\n\r\nabcd"));
    assert!(begun.elapsed() >= Duration::from_millis(150), "three pauses between four pieces");
}

#[test]
fn held_deliveries_are_on_disk_said_and_answered_in_the_end() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[
        "--format",
        "json",
        "--respond",
        "sim → hold 200ms else 503",
        "--respond",
        "hold",
        "--hold-for",
        "1h",
    ]);
    let simulated = br#"{"event":"a","simulation":true}"#;
    let answer = talk(listening.address(), Signed::new(&simulated[..]).wire());
    assert_eq!(answer.status, 503);
    assert_eq!(answer_of(&listening, 1)["rule"], "rule 1: hold 200ms else 503 (no decision within 200ms: 503)");

    let mut gone = TcpStream::connect(listening.address()).unwrap();
    gone.write_all(&Signed::new(&b"{}"[..]).wire()).unwrap();
    listening.says("held: #2 until ");
    assert_eq!(env.show(2)["answer"], Value::Null, "on disk, and waiting");
    drop(gone);
    let answer = answer_of(&listening, 2);
    assert_eq!((&answer["outcome"], &answer["rule"]), (&json!("sender_gone"), &json!("rule 2: hold")));

    // Whatever it said of the connection, and with a reset as well.
    let mut gone = TcpStream::connect(listening.address()).unwrap();
    gone.write_all(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    listening.says("held: #3 until ");
    drop(gone);
    assert_eq!(answer_of(&listening, 3)["outcome"], "sender_gone");
}

#[test]
fn quitting_lets_every_held_delivery_go_with_its_default_within_a_second() {
    let env = TestEnv::with_secret();
    let mut listening = env.listen(&["--format", "json", "--respond", "hold 1h else 503 leaving"]);
    let mut sockets: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut socket = TcpStream::connect(listening.address()).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket.write_all(&Signed::new(sample("app.json")).wire()).unwrap();
            socket
        })
        .collect();
    for id in 1..=50 {
        listening.says(&format!("held: #{id} until"));
    }
    tools::signal(listening.process(), rustix::process::Signal::TERM);
    // How soon depends on the machine; what everybody gets does not.
    assert!(listening.ends().code().is_some());
    for socket in &mut sockets {
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("\r\n\r\nleaving"), "{answer}");
    }
    for id in 1..=50 {
        let answer = &env.show(id)["answer"];
        assert_eq!(answer["rule"], "rule 1: hold 3600s else 503 \"leaving\" (default at shutdown: 503 \"leaving\")");
    }
}

#[test]
fn what_is_held_is_there_after_a_kill() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "hold 1h"]);
    let mut socket = TcpStream::connect(listening.address()).unwrap();
    let wire = Signed::new(sample("app.json")).wire();
    socket.write_all(&wire).unwrap();
    listening.says("held: #1 until");
    listening.kill();
    assert_eq!(env.bytes(1, "raw"), wire);
}

#[test]
fn rules_are_read_again_when_the_file_changes_and_a_bad_file_changes_nothing() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "respond = \"201\"\n");
    let listening = env.listen(&["--format", "json"]);
    let status = || talk(listening.address(), Signed::new(sample("app.json")).wire()).status;
    assert_eq!(status(), 201);
    env.write("whyhook.toml", "[[rules]]\nwhen = \"event:app\"\nthen = \"202\"\n");
    listening.says("rules: configuration reloaded, 1 active");
    assert_eq!(status(), 202);
    env.write("whyhook.toml", "[[rules]]\nwhen = \"event:app\"\nthen = \"2020\"\n");
    let line = listening.says("rules: unchanged: ");
    assert!(line.contains("whyhook.toml:3:8: unknown action '2020'"), "{line}");
    assert_eq!(status(), 202);
    env.write("whyhook.toml", format!("forward_to = [\"http://{}\"]\n", listening.address()));
    listening.says("whyhook itself listens there");
    assert_eq!(status(), 202);
}

#[test]
fn rules_that_cannot_be_are_refused_before_anything_begins() {
    let env = TestEnv::with_secret();
    for (rules, words) in [
        (vec!["status:503 → 200"], "'status' cannot be used in a rule"),
        (vec!["200 header \"X: a\\r\\nY: b\""], "invalid header"),
        (vec!["200 {{secret}}"], "unknown template field '{{secret}}'"),
        (vec!["forward ftp://x"], "invalid forward URL"),
        (vec!["hold else hold"], "cannot be used inside another action"),
    ] {
        let mut arguments = vec!["--headless", "--bind", "127.0.0.1:0"];
        rules.iter().for_each(|rule| arguments.extend(["--respond", rule]));
        let line = env.run(&arguments).complains();
        assert!(line.contains(words), "{rules:?}: {line}");
    }
    for (text, words) in [
        ("[[rules]]\nwhen = \"evnt:a\"\nthen = \"503\"\n", "whyhook.toml:2:8: unknown filter 'evnt:'"),
        ("[[rules]]\nverdict = \"odd\"\nthen = \"503\"\n", "whyhook.toml:2:11: unknown verdict 'odd'"),
        ("[answers.hold]\nstatus = 200\n", "whyhook.toml:1:10: invalid answer name 'hold'"),
        ("[answers.a]\nstatus = 99\n", "whyhook.toml:2:10: invalid status 99"),
        ("respond = \"200\"\nforward_to = [\"http://a\"]\n", "whyhook.toml:2:15: 'respond' and 'forward_to' conflict"),
        ("hold_for = \"2h\"\n", "invalid hold time '2h'"),
    ] {
        env.write("whyhook.toml", text);
        let line = env.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
        assert!(line.contains(words), "{text}: {line}");
    }
    assert!(!env.store().exists(), "nothing was begun");
}

#[test]
fn a_rule_that_can_never_match_is_a_warning() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "event:app live → 503", "--respond", "sim live → 418"]);
    listening.says("warning: the rule 'is:sim is:live → 418' can never match: its condition contradicts itself");
    listening.stop();
    env.write("whyhook.toml", "respond = '202'\n");
    let listening = env.listen(&[]);
    let status = || talk(listening.address(), Signed::new("{}").wire()).status;
    assert_eq!(status(), 202);
    // For a moment, above the others.
    env.write("whyhook.toml", "respond = '202'\n[[rules]]\nthen = '503'\n");
    listening.says("warning: the rule '202' can never match: '503' above it takes every such delivery");
    assert_eq!(status(), 503);
}

/// A search that begins again at every byte would take minutes for each of these.
#[test]
fn rules_that_search_large_bodies_keep_nobody_waiting() {
    let text = "a".repeat(16_000);
    let env = TestEnv::with_secret();
    let rules: String =
        (0..10).map(|rule| format!("[[rules]]\nwhen = 'body:\"{text}{rule}\"'\nthen = \"202\"\n\n")).collect();
    let odd = format!("[[rules]]\nwhen = 'body:\"é{text}\"'\nthen = \"203\"\n");
    env.write("whyhook.toml", rules + &odd);
    let listening = env.listen(&[]);
    let (address, large) = (listening.address(), "a".repeat(8 << 20));
    std::thread::scope(|scope| {
        let senders: Vec<_> = ["", "9", "é"]
            .into_iter()
            .map(|mark| {
                let body = format!("{}{mark}{}", large, if mark == "é" { text.to_uppercase() } else { String::new() });
                scope.spawn(move || talk(address, Signed::new(body).wire()).status)
            })
            .collect();
        for _ in 0..20 {
            assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
        }
        let answered: Vec<u16> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
        assert_eq!(answered, [200, 202, 203]);
    });
}

/// One by a query, one by a header and one by an HMAC, made with Node: `crypto.createHmac("sha256",
/// secret).update("qgg8vlvZRS6UYooatFL8Aw").digest("hex")`.
#[test]
fn handshakes_are_completed_and_nothing_else_is_answered_by_them() {
    const DIGEST: &str = "0804595e0ea77bbf1478323db45d7a36d87c72e50611fbd1f4f984099147b8ef";
    let env = TestEnv::with_secret();
    let listening = env.listen(&[
        "--format",
        "json",
        "--respond",
        "handshake:meta",
        "--respond",
        "handshake:asana",
        "--respond",
        "handshake:zoom",
        "--respond",
        "query:echo → 202 header \"X-Echo: {{query.echo}}\" header \"Content-Type: application/json\" {\"a\":\"{{query.echo}}\"}",
    ]);
    let get = |target: &str| {
        talk(listening.address(), format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    };
    let post = |fields: &str, body: &str| {
        let length = body.len();
        let head =
            format!("POST /hook HTTP/1.1\r\nHost: x\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        talk(listening.address(), head + body)
    };
    let answer = get("/hook?hub.mode=subscribe&hub.challenge=1158%2B20&hub.verify_token=t");
    assert_eq!(
        (answer.status, answer.body.as_str(), answer.header("content-type")),
        (200, "1158+20", Some("text/plain"))
    );
    assert_eq!(answer_of(&listening, 1)["rule"], "rule 1: handshake:meta");

    let answer = post("X-Hook-Secret: b537207f20cbfa02\r\n", "");
    assert_eq!(
        (answer.status, answer.body.as_str(), answer.header("x-hook-secret")),
        (200, "", Some("b537207f20cbfa02"))
    );

    let zoom = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
    let answer = post("Content-Type: application/json\r\n", zoom);
    let expected = json!({ "plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": DIGEST });
    assert_eq!((answer.status, serde_json::from_str(&answer.body).ok()), (200, Some(expected)));

    // Not a token, and so nothing that could be signed elsewhere.
    let forged = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1:{}"}}"#;
    assert_eq!(post("", forged).status, 400);
    let rule = "rule 3: handshake:zoom (auto: no HMAC: body.payload.plainToken is not a token)";
    assert_eq!(answer_of(&listening, 4)["rule"], rule);

    // Events are no handshakes.
    assert_eq!(post("", r#"{"event":"meeting.started","payload":{}}"#).status, 400);
    assert_eq!(answer_of(&listening, 5)["rule"], "auto");

    let answer = get("/?echo=a%0d%0aX-Injected:%201%0d%0a%0d%0aHTTP/1.1%20200%00%22%7d");
    assert_eq!(answer.header("x-echo"), Some("a%0D%0AX-Injected: 1%0D%0A%0D%0AHTTP/1.1 200%00\"}"));
    assert_eq!((answer.status, answer.header("x-injected")), (202, None));
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["a"], "a\r\nX-Injected: 1\r\n\r\nHTTP/1.1 200\0\"}");
}
