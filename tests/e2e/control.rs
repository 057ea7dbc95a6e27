//! The control interface of a running listener, over its socket.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use serde_json::{Value, json};

use crate::support::control::{Events, ask, get, socket};
use crate::support::{
    KillOnDrop, Person, SECRET, Signed, Size, TestEnv, Unit, now, sample, signature, talk, tools::tool, until,
};

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
    until(|| Some(get(&env, "/deliveries/2/diagnosis").json()).filter(|found| !found.is_null())).unwrap();
    let page = get(&env, "/deliveries").is(200).json();
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
    assert!(listening.stop().success());
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
    assert!(listening.stop().success());
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
    assert!(listening.stop().success());
    fs::write(socket(&env), "mine").unwrap();
    let listening = env.listen(&[]);
    listening.says("no control interface");
    assert_eq!(talk(listening.address(), Signed::new("{}").by(SECRET, Unit::Seconds).wire()).status, 200);
    assert!(listening.stop().success());
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
fn a_stream_tells_each_delivery_once_and_goes_on_where_it_was_cut_off() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let address = listening.address();
    let send = |path: &str, by: &str| talk(address, Signed::new("{}").to(path).by(by, Unit::Seconds).wire()).status;
    send("/before", SECRET);
    let mut all = Events::open(&env, "", None);
    let mut bad = Events::open(&env, "?filter=verdict:bad&answered=true&after=0", None);
    assert_eq!((send("/a", SECRET), send("/b", "wrong"), send("/c", SECRET)), (200, 401, 200));
    let mut ids = Vec::new();
    let mut answered = Vec::new();
    while ids.len() < 3 || answered.len() < 3 {
        let (event, id, data) = all.next();
        match &*event {
            "delivery" => {
                assert_eq!(data["id"], id.unwrap());
                ids.push(id.unwrap());
                if !data["answer"].is_null() {
                    answered.push(data["id"].as_i64().unwrap());
                }
            }
            "answered" => {
                assert_eq!(id, None);
                answered.push(data["id"].as_i64().unwrap());
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(ids, [2, 3, 4], "in the order of their numbers");
    answered.sort_unstable();
    assert_eq!(answered, [2, 3, 4]);
    let (event, id, data) = bad.next();
    assert_eq!(
        (&*event, id, &data["path"], &data["answer"]["status"]),
        ("delivery", Some(3), &json!("/b"), &json!(401))
    );

    // The id of the header wins.
    let mut again = Events::open(&env, "?after=0", Some(3));
    assert_eq!(again.next().1, Some(4));
    // A new listener on the same store goes on as well.
    drop((all, bad, again));
    assert!(listening.stop().success());
    let listening = env.listen(&[]);
    let mut again = Events::open(&env, "", Some(4));
    talk(listening.address(), Signed::new("{}").wire());
    assert_eq!(again.next().1, Some(5));
    ask(&socket(&env), "GET", "/events?filter=evnt:a", None).is(400);
}

#[test]
fn what_is_deleted_before_it_was_told_is_told_as_missed() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 0..4 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    assert!(listening.stop().success());
    env.run(&["prune", "2-3", "--yes"]).yes();
    let _listening = env.listen(&[]);
    let mut events = Events::open(&env, "?after=1", None);
    assert_eq!(events.next_of("missed"), json!({"from": 2, "to": 3}));
    assert_eq!(events.next_of("delivery")["id"], 4);
}

#[test]
fn a_list_follows_from_listener_to_listener() {
    let env = TestEnv::with_secret();
    let mut follower = env.command(&["list", "--follow", "--format", "json"]);
    // Before there is a store.
    let mut follower = KillOnDrop(follower.spawn().unwrap());
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    for round in 0..2 {
        let listening = env.listen(&["--respond", "path:/held → hold 5m else 202", "--respond", "204"]);
        for number in 1..=3 {
            assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 204);
            let row = next();
            assert_eq!((&row["id"], &row["answer"]["status"]), (&json!(round * 4 + number), &json!(204)));
        }
        // A delivery that is held has its line at once.
        let address = listening.address();
        let held = std::thread::spawn(move || talk(address, Signed::new("{}").to("/held").wire()).status);
        let row = next();
        assert_eq!((&row["id"], &row["answer"]), (&json!(round * 4 + 4), &Value::Null));
        env.run(&["release", "latest", "410"]).yes();
        assert_eq!(held.join().unwrap(), 410);
        assert!(listening.stop().success());
    }
    let ran = env.run(&["list", "--follow", "verdict:nonsense"]).complains();
    assert!(ran.contains("unknown verdict 'nonsense'"), "{ran}");
}

#[test]
fn the_answer_is_chosen_from_outside() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let send = || talk(listening.address(), Signed::new("{}").wire()).status;
    let mut events = Events::open(&env, "", None);
    assert_eq!(env.run(&["answer"]).yes().stdout(), "by the rules\n");
    assert_eq!(env.run(&["answer", "503"]).yes().stdout(), "503\n");
    listening.says("answer: 503 until it is cleared");
    assert_eq!(events.next_of("change"), json!({"what": "answer", "answer": {"rule": "503", "once": false}}));
    assert_eq!(send(), 503);
    assert_eq!(env.run(&["answer", "--format", "json"]).yes().json(), json!({"rule": "503", "once": false}));
    assert_eq!(get(&env, "/status").json()["answer"]["rule"], "503");
    env.run(&["answer", "clear"]).yes();
    assert_eq!(send(), 200);
    env.run(&["answer", "--once", "418"]).yes();
    assert_eq!((send(), send()), (418, 200));
    let line = env.run(&["answer", "700"]).complains();
    assert!(line.contains("invalid status 700"), "{line}");
    let own = format!("forward {}", listening.url("/"));
    let line = env.run(&["answer", &own]).complains();
    assert!(line.contains("forward"), "{line}");
    let problem = ask(&socket(&env), "PUT", "/answer", Some(&json!({"rule": "200", "onec": true}))).is(400).json();
    assert!(problem["detail"].as_str().unwrap().contains("unknown field `onec`"), "{problem}");
}

#[test]
fn rules_are_changed_while_deliveries_come() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[filters]\nlate = \"path:/late | path:/slow\"\n");
    let listening = env.listen(&["--respond", "path:/a → 201"]);
    let send = |path: &str| talk(listening.address(), Signed::new("{}").to(path).wire()).status;
    assert_eq!((send("/a"), send("/b")), (201, 200));
    assert_eq!(env.run(&["rules"]).yes().stdout(), "  1  path:/a → 201\n");
    env.run(&["rules", "add", "path:/b → 202"]).yes();
    env.run(&["rules", "add", "--at", "1", "path:/c → 203"]).yes();
    assert_eq!((send("/a"), send("/b"), send("/c")), (201, 202, 203));
    let listed = env.run(&["rules", "move", "3", "1"]).yes().stdout();
    assert_eq!(listed, "  1  path:/b → 202\n  2  path:/c → 203\n  3  path:/a → 201\n");
    let json = env.run(&["rules", "--format", "json"]).yes().json();
    assert_eq!(json["rules"][2], json!({"number": 3, "rule": "path:/a → 201", "answered": 2}));
    env.run(&["rules", "remove", "1"]).yes();
    assert_eq!(send("/b"), 200);
    assert!(env.run(&["rules", "remove", "9"]).no().stderr().contains("expected 1 to 2"));
    assert!(env.run(&["rules", "add", "path:/d → 999"]).complains().contains("invalid status 999"));
    // A saved filter, as it is now.
    env.run(&["rules", "add", "@late → 504"]).yes();
    assert_eq!((send("/slow"), send("/b")), (504, 200));
    assert!(env.run(&["rules"]).yes().stdout().contains("path:/late | path:/slow → 504"));
    assert!(env.run(&["rules", "add", "@lat → 504"]).complains().contains("did you mean '@late'?"));
    let replaced = ask(&socket(&env), "PUT", "/rules", Some(&json!({"rules": ["204"]}))).is(200).json();
    assert_eq!(replaced["rules"].as_array().unwrap().len(), 1);
    assert_eq!(send("/b"), 204);
}

#[test]
fn what_is_held_is_released_from_outside() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "hold 5m else 202"]);
    let mut events = Events::open(&env, "", None);
    let address = listening.address();
    let send = || std::thread::spawn(move || talk(address, Signed::new("{}").wire()).status);
    env.run(&["held"]).no();
    let first = send();
    assert_eq!(events.next_of("change"), json!({"what": "held", "id": 1}));
    let held = env.run(&["held", "--format", "json"]).yes().json();
    assert_eq!((&held["id"], &held["default"]), (&json!(1), &json!("202")));
    assert!(env.run(&["release", "1", "hold"]).complains().contains("cannot be held again"));
    assert_eq!(env.run(&["release", "1"]).yes().stdout(), "released #1: 202\n");
    assert_eq!(first.join().unwrap(), 202);
    assert_eq!(events.next_of("change"), json!({"what": "released", "id": 1}));
    let second = send();
    assert_eq!(events.next_of("change"), json!({"what": "held", "id": 2}));
    env.run(&["release", "latest", "409"]).yes();
    assert_eq!(second.join().unwrap(), 409);
    assert!(env.run(&["release", "2"]).no().stderr().contains("no longer held"));
    ask(&socket(&env), "POST", "/held/2", Some(&json!({}))).is(400);
}

#[test]
fn what_one_marks_another_sees_at_once() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    for number in 1..=4 {
        talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire());
    }
    person.sees("1 of 4");
    let mut events = Events::open(&env, "", None);
    let ran = env.run(&["pin", "2"]).yes();
    assert!(ran.stderr().contains("1 change"), "{}", ran.stderr());
    person.sees("another process pinned #2");
    assert_eq!(events.next_change("marks"), json!({"what": "marks"}));
    env.run(&["note", "latest", "look at this"]).yes();
    person.sees("another process noted on #4");
    env.run(&["tag", "--add", "odd", "--add", "late", "--remove", "none", "3-4"]).yes();
    person.sees("#odd");
    let shown = get(&env, "/deliveries/4").is(200).json();
    assert_eq!((&shown["user_note"], &shown["tags"]), (&json!("look at this"), &json!(["late", "odd"])));
    assert_eq!(env.run(&["delete", "1-3"]).yes().stdout(), "deleted 2 deliveries\n", "the pinned one is kept");
    person.sees("another process deleted 2 deliveries").sees("of 2");
    assert_eq!(get(&env, "/deleted").is(200).json(), json!({"ids": [3, 1]}));
    get(&env, "/deliveries/3").is(404);
    assert_eq!(env.run(&["delete", "--undo", "3"]).yes().stdout(), "brought back #3\n");
    person.sees("another process brought back #3").sees("of 3");
    // What the interface does is told as well.
    env.run(&["delete", "--undo"]).yes();
    person.sees("brought back #1").sees("of 4");
    let mut events = Events::open(&env, "", None);
    person.types("b");
    assert_eq!(events.next_change("marks"), json!({"what": "marks"}));
    person.types("q").ends();
}

#[test]
fn marks_are_changed_by_request_while_deliveries_pour_in() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--respond", "204"]);
    let address = listening.address();
    let send = move || assert_eq!(talk(address, Signed::new("{}").wire()).status, 204);
    (0..600).for_each(|_| send());
    let post = |target: &str, body: Value| ask(&socket(&env), "POST", target, Some(&body));
    let pouring = std::thread::spawn(move || (0..200).for_each(|_| send()));
    let done = post("/marks?wait=true", json!({"ids": ["1-600", 5, "580-9999"], "pinned": true, "add_tags": ["a"]}));
    let done = done.is(200).json();
    assert_eq!((&done["kind"], &done["state"]), (&json!("marks"), &json!("done")));
    let matched = done["result"]["matched"].as_u64().unwrap();
    assert!(matched >= 600 && done["result"]["changed"] == 2 * matched, "{done}");
    listening.says("another process tagged");
    pouring.join().unwrap();
    let deleted = post("/delete?wait=true", json!({"filter": "is:pinned"})).is(200).json();
    assert_eq!(deleted["result"], json!({"matched": 0, "deleted": 0, "pinned_kept": matched}));
    let deleted = post("/delete?wait=true", json!({"filter": "tag:a", "pinned": true})).is(200).json();
    assert_eq!(deleted["result"]["deleted"], matched);
    assert_eq!(env.run(&["list", "--format", "json"]).yes().stdout().lines().count() as u64, 800 - matched);
    let restored = post("/undelete?wait=true", json!({"ids": [1, "3-4", 900]})).is(200).json();
    assert_eq!(restored["result"], json!({"matched": 3, "restored": 3}));
    for (target, body, words) in [
        ("/marks", json!({"ids": [1]}), "nothing to do"),
        ("/marks", json!({"pinned": true}), "nothing selected"),
        ("/marks", json!({"ids": [1], "filter": "is:sim", "pinned": true}), "cannot be combined"),
        ("/marks", json!({"ids": [1], "add_tags": ["a b"]}), "invalid tag"),
        ("/delete", json!({"filter": " "}), "empty"),
        ("/delete", json!({"filter": "evnt:a"}), "evnt"),
        ("/undelete", json!({"filter": "is:sim"}), "unknown field"),
    ] {
        let problem = post(target, body).is(400).json();
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
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
