//! The control interface of a running listener, over its socket.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use serde_json::{Value, json};

use crate::support::control::{Events, ask, get, socket};
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, now, sample, signature, talk, tools::tool, until};

#[test]
fn a_body_is_an_object_and_is_read_or_refused() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    let asked = |method: &str, target: &str, body: Value| ask(&socket(&env), method, target, Some(&body));
    let refused = |method: &str, target: &str, body: Value| {
        let problem = asked(method, target, body).is(400).json();
        problem["detail"].as_str().unwrap().to_owned()
    };
    for (method, target, body) in [
        ("PUT", "/rules", json!([["503"]])),
        ("PUT", "/answer", json!(["503", true])),
        ("PUT", "/deliveries/1/note", json!(["hi"])),
        ("POST", "/marks", json!([[1], null, true])),
        ("POST", "/replay", json!([[1]])),
        ("POST", "/secrets", json!(["a secret"])),
    ] {
        let words = refused(method, target, body);
        assert!(words.contains("expected") && !words.contains("struct"), "{target}: {words}");
    }
    // Where nothing is read, nothing is asked for.
    for (method, target) in [("POST", "/undo"), ("POST", "/reload"), ("PUT", "/deliveries/1/pin"), ("GET", "/status")] {
        assert_eq!(refused(method, target, json!({"ids": [6]})), "body: this request takes no members", "{target}");
    }
    asked("POST", "/undo", json!({})).is(200);
    for ids in [json!([null]), json!([1.5]), json!([-1])] {
        let words = refused("POST", "/replay", json!({"ids": ids, "to": ["http://127.0.0.1:9/"]}));
        assert!(words.contains("expected a") && !words.contains("enum"), "{words}");
    }
    // Many clients read nothing before they have sent everything.
    let large = json!({"note": "x".repeat(8 << 20)});
    asked("POST", "/import?from=nope", large.clone()).is(400);
    asked("PUT", "/answer", large).is(413);
}

#[test]
fn a_listener_is_asked_what_it_is_and_what_it_has() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let address = listening.address();
    let metadata = fs::symlink_metadata(socket(&env)).unwrap();
    assert_eq!((metadata.file_type().is_socket(), metadata.mode() & 0o777), (true, 0o600));
    let empty = get(&env, "/status").is(200).json();
    assert_eq!((&empty["newest"], &empty["counts"]), (&Value::Null, &json!({})));
    get(&env, "/deliveries/latest").is(404);

    assert_eq!(talk(address, Signed::new(sample("screenshot-live.json")).wire()).status, 200);
    assert_eq!(talk(address, Signed::new("{}").by("wrong", Unit::Seconds).wire()).status, 401);
    listening.line(2);
    let status = get(&env, "/status").is(200).json();
    assert_eq!(status["listening"], format!("http://{address}"));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["secrets"], json!(["TRACKPILOTS_WEBHOOKS_SECRET_KEY"]));
    assert_eq!((&status["newest"], &status["answer"], &status["held"]), (&json!(2), &Value::Null, &json!([])));
    assert_eq!(status["counts"], json!({"mismatch": 1, "verified": 1}));

    // The same as `list` and `show`, whoever reads. A cause that is found in between would be a difference.
    let page = || Some(get(&env, "/deliveries").is(200).json());
    let page = until(|| page().filter(|page| !page["deliveries"][0]["cause"].is_null())).unwrap();
    let listed = env.run(&["list", "--format", "json"]).yes().stdout();
    let listed: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(page, json!({"deliveries": listed, "next": null}));
    assert_eq!(get(&env, "/deliveries/1").is(200).json(), env.show(1));
    assert_eq!(get(&env, "/deliveries/latest/body").is(200).body, b"{}");
    assert_eq!(get(&env, "/deliveries/1/body").is(200).body, sample("screenshot-live.json"));
    assert_eq!(get(&env, "/deliveries/1/raw").is(200).body, env.bytes(1, "raw"));
    assert_eq!(get(&env, "/deliveries/1/attempts").is(200).json(), json!([]));
    let explained = until(|| Some(get(&env, "/deliveries/2/diagnosis").json()).filter(|found| !found.is_null()));
    assert!(explained.unwrap()["causes"][0]["summary"].is_string());
    for (target, found) in [("filter=verdict:bad", 1), ("filter=verdict%3Abad+is%3Asim", 0), ("limit=1", 1)] {
        let page = get(&env, &format!("/deliveries?{target}")).is(200).json();
        assert_eq!(page["deliveries"].as_array().unwrap().len(), found, "{target}");
    }
    let first = get(&env, "/deliveries?limit=1").json();
    let rest = get(&env, &format!("/deliveries?limit=1&before={}", first["next"])).json();
    assert_eq!(rest["deliveries"][0]["id"], 1);

    // It goes with the listener.
    listening.closes();
    assert!(!socket(&env).exists());
}

#[test]
fn the_status_is_told_and_a_deletion_undone_by_commands() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--public-url", "https://hooks.example"]);
    talk(listening.address(), Signed::new("{}").wire());
    listening.line(1);
    env.run(&["answer", "503"]).yes();
    let status = env.run(&["status"]).yes().stdout();
    for line in [
        &*format!("listening   http://{} (process ", listening.address()),
        "public URL  https://hooks.example (given",
        "secrets     TRACKPILOTS_WEBHOOKS_SECRET_KEY",
        "answer      503",
        "held        none",
        "deliveries  1 (1 verified), the newest is #1",
        "jobs        none",
    ] {
        assert!(status.lines().any(|found| found.starts_with(line)), "{line}: {status}");
    }
    let mut json = env.run(&["status", "--format", "json"]).yes().json();
    let mut asked = get(&env, "/status").is(200).json();
    let url = &json["public_urls"][0];
    assert_eq!((&url["tunnel"], &url["url"]), (&json!("given"), &json!("https://hooks.example")));
    assert!(url["learnt"] == false && url.get("port").is_some(), "{url}");
    json["uptime_seconds"] = asked["uptime_seconds"].take();
    asked["uptime_seconds"] = json["uptime_seconds"].clone();
    assert_eq!(json, asked);

    env.run(&["delete", "1"]).yes();
    get(&env, "/deliveries/1").is(404);
    env.run(&["undo"]).yes();
    get(&env, "/deliveries/1").is(200);
    assert!(env.run(&["undo", "1"]).no().stderr().contains("1"));
    listening.closes();
    // Without a listener, on the files.
    env.run(&["delete", "1"]).yes();
    assert_eq!(env.run(&["undo", "1", "--format", "json"]).yes().json(), json!({"matched": 1, "restored": 1}));
}

#[test]
fn a_mistake_is_a_problem_in_words() {
    let env = TestEnv::with_secret();
    let _listening = env.listen(&[]);
    for (method, target, status, words) in [
        ("GET", "/nowhere", 404, "no such resource"),
        ("DELETE", "/status", 405, "DELETE is not possible here"),
        ("DELETE", "/jobs/7", 404, "no job 7"),
        ("GET", "/deliveries/7", 404, "no delivery 7"),
        ("GET", "/deliveries/seven", 400, "seven"),
        ("GET", "/deliveries?limit=0", 400, "expected 1 to 1000"),
        ("GET", "/deliveries?limits=5", 400, "unknown field `limits`"),
        ("GET", "/deliveries?filter=verdict:nonsense", 400, "unknown verdict 'nonsense'"),
        ("GET", "/deliveries/%ff", 400, "Invalid"),
    ] {
        let answer = ask(&socket(&env), method, target, None).is(status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{target}");
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{target}: {problem}");
    }
    let checked = get(&env, "/filter?filter=is:sim++OR+is:live").is(200).json();
    assert_eq!(checked["valid"], true, "{checked}");
    let checked = get(&env, "/filter?filter=is:").is(200).json();
    assert_eq!((&checked["valid"], checked["at"].is_u64()), (&json!(false), true));
    let answer = get(&env, "/status");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn the_port_for_webhooks_shows_nothing_of_it() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    for (number, path) in ["/status", "/deliveries"].into_iter().enumerate() {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_eq!(talk(listening.address(), request.into_bytes()).status, 400);
        assert_eq!(listening.json_line(number + 1)["path"], path);
    }
}

#[test]
fn a_killed_owner_leaves_a_socket_that_the_next_takes_over() {
    let env = TestEnv::with_secret();
    env.listen(&[]).kill();
    assert!(fs::symlink_metadata(socket(&env)).is_ok());
    let listening = env.listen(&[]);
    get(&env, "/status").is(200);
    // What is not a socket stays, and deliveries come in all the same.
    listening.closes();
    fs::write(socket(&env), "mine").unwrap();
    let listening = env.listen(&[]);
    listening.says("no control interface");
    assert_eq!(talk(listening.address(), Signed::new("{}").by(SECRET, Unit::Seconds).wire()).status, 200);
    listening.closes();
    assert_eq!(fs::read(socket(&env)).unwrap(), b"mine");
}

#[test]
fn an_ephemeral_listener_says_where_its_door_is() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--ephemeral"]);
    let line = listening.says("control interface: ");
    let path = line.rsplit_once("control interface: ").unwrap().1;
    let status = ask(path.as_ref(), "GET", "/status", None).is(200).json();
    assert_eq!(status["listening"], listening.url(""));
}

#[test]
fn curl_reaches_it_as_it_reaches_a_container_engine() {
    let Some(curl) = tool("curl") else { return };
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{\"a\":1}").wire());
    let mut command = env.other(&curl);
    command.args(["--silent", "--unix-socket"]).arg(socket(&env)).arg("http://whyhook/deliveries/1/body");
    assert_eq!(command.output().unwrap().stdout, b"{\"a\":1}");
}

#[test]
fn a_listener_is_stopped_and_without_one_it_is_said() {
    let env = TestEnv::with_secret();
    let mut listening = env.listen(&[]);
    env.run(&["stop"]).yes();
    assert!(listening.ends().success());
    assert!(!socket(&env).exists());
    for command in [&["stop"][..], &["answer"], &["held"], &["rules"], &["release", "1"]] {
        let line = env.run(command).complains();
        assert!(line.contains("no listener runs on store") && line.contains("whyhook.db"), "{line}");
    }
    let line = env.run(&["status"]).no().stderr();
    assert!(line.contains("no listener runs on store"), "{line}");
    // The interface ends in the same way.
    let (mut person, _) = Person::listening(&env, Size(100, 30), &[]);
    person.sees("Waiting for");
    env.run(&["answer", "503"]).yes();
    person.sees("503");
    env.run(&["stop"]).yes();
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}

#[test]
fn nothing_that_is_asked_shows_a_secret_or_an_expected_digest() {
    let env = TestEnv::with_secret();
    let path = env.work().join("w.log");
    let listening = env.listen(&["--log", "w.log", "--respond", "path:/held → hold 5m"]);
    let (address, stamp) = (listening.address(), now(Unit::Seconds));
    let body = "{\"event\":\"MarkInBody\"}";
    let (wrong, right) =
        (signature(b"wrong", &stamp, body.as_bytes()), signature(SECRET.as_bytes(), &stamp, body.as_bytes()));
    let wire = format!(
        "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Webhook-Timestamp: {stamp}\r\nX-Webhook-Signature: {wrong}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(talk(address, wire.into_bytes()).status, 401);
    let held = std::thread::spawn(move || talk(address, Signed::new("{}").to("/held").wire()).status);
    until(|| (get(&env, "/held").json()[0]["id"] == 2).then_some(())).unwrap();
    let mut events = Events::open(&env, "?after=0", None);
    let told = events.next_of("delivery").to_string();
    let mut said = vec![told.into_bytes()];
    for target in [
        "/status",
        "/filter?filter=MarkInFilter",
        "/deliveries?filter=MarkInFilter",
        "/deliveries",
        "/deliveries/1",
        "/deliveries/1/body",
        "/deliveries/1/raw",
        "/deliveries/1/diagnosis",
        "/deliveries/1/attempts",
        "/answer",
        "/rules",
        "/held",
        "/jobs/1",
        "/deleted",
        "/nowhere/MarkInTarget",
    ] {
        said.push(get(&env, target).body);
    }
    let answer = json!({"rule": "503 MarkInRule"});
    said.push(ask(&socket(&env), "PUT", "/answer", Some(&answer)).is(200).body);
    ask(&socket(&env), "POST", "/held/2", Some(&json!({"default": true}))).is(200);
    held.join().unwrap();
    for bytes in &said {
        let text = String::from_utf8_lossy(bytes);
        for secret in [SECRET.to_owned(), hex::encode(SECRET), right.clone()] {
            assert!(!text.contains(&secret), "{text}");
        }
    }
    // And the log nothing of what was asked.
    let log = until(|| fs::read_to_string(&path).ok().filter(|log| log.contains("route=\"/held/{id}\""))).unwrap();
    assert!(log.contains("control request method=POST"), "{log}");
    for mark in ["MarkInBody", "MarkInFilter", "MarkInTarget", "MarkInRule", SECRET] {
        assert!(!log.contains(mark), "{mark}: {log}");
    }
}

#[test]
fn every_route_is_documented() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(root.join("docs/control.md")).unwrap();
    let document = whyhook::api::openapi_document();
    let mut paths: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.push("/attach");
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        // A row names several of one delivery by their ends: `…/raw`.
        let end = path.strip_prefix("/deliveries/{id}").filter(|end| !end.is_empty()).map(|end| format!("…{end}`"));
        let is_named = [" ", "`", "?"].iter().any(|after| docs.contains(&format!(" {path}{after}")));
        assert!(is_named || end.is_some_and(|end| docs.contains(&end)), "docs/control.md does not name {path}");
    }
}

#[test]
fn unknown_parameters_are_refused_wherever_they_are_given() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    let paths = [
        "/",
        "/status",
        "/rules",
        "/held",
        "/answer",
        "/jobs",
        "/deleted",
        "/openapi.json",
        "/secrets",
        "/deliveries",
        "/deliveries/1",
        "/deliveries/1/body",
        "/deliveries/1/raw",
        "/deliveries/1/diagnosis",
        "/deliveries/1/attempts",
        "/deliveries/1/images",
        "/attempts/1",
        "/filter?filter=is:sim",
    ];
    for path in paths {
        let sign = if path.contains('?') { '&' } else { '?' };
        let problem = get(&env, &format!("{path}{sign}nope=1")).is(400).json();
        assert!(problem["detail"].as_str().unwrap().contains("unknown field `nope`"), "{path}: {problem}");
    }
    let socket = socket(&env);
    ask(&socket, "PUT", "/answer?once=true", Some(&json!({"rule": "503"}))).is(400);
    ask(&socket, "POST", "/rules?at=1", Some(&json!({"rule": "503"}))).is(400);
    assert_eq!(get(&env, "/rules").json()["rules"], json!([]));
    // What may be a secret is not repeated, and a question mark alone asks nothing.
    let problem = get(&env, "/status?whsec_5f0c9x").is(400).json()["detail"].to_string();
    assert!(!problem.contains("5f0c9x"), "{problem}");
    get(&env, "/status?").is(200);

    // Where only an answer fits, a condition is not one.
    for target in ["/answer", "/held/1"] {
        let method = if target == "/answer" { "PUT" } else { "POST" };
        let problem = ask(&socket, method, target, Some(&json!({"rule": "is:sim -> 503"}))).is(400).json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("no condition is possible here") && detail.contains("'503'"), "{detail}");
    }
    let problem = ask(&socket, "PUT", "/rules", Some(&json!({"rules": ["503", "is:nope -> 200"]}))).is(400).json();
    assert!(problem["detail"].as_str().unwrap().starts_with("rule 2: "), "{problem}");
    listening.stop();
}
