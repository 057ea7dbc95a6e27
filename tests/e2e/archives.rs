//! What other programs have written down, by the real binary: archives as they are found, every format from stdin, folders,
//! and what ngrok's agent holds.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::plain::Script;
use crate::support::{Signed, TestEnv, talk};

fn entry(request: Value) -> Value {
    json!({"startedDateTime": "2025-05-01T12:00:00Z", "time": 3, "request": request,
        "response": {"status": 401, "headers": [], "content": {"text": "no"}}})
}

#[test]
fn an_odd_entry_does_not_keep_the_others_out() {
    let env = TestEnv::with_secret();
    let left_out =
        entry(json!({"method": "POST", "url": "http://h/a", "headers": [{"name": "Content-Length", "value": "42"}]}));
    let data = entry(json!({"method": "GET", "url": "data:text/plain,x", "headers": []}));
    let form = entry(
        json!({"method": "POST", "url": "http://h/c", "headers": [{"name": "X-Webhook-Signature", "value": "0".repeat(64)},
        {"name": "X-Webhook-Timestamp", "value": "1746100800"}],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "", "params": [{"name": "a", "value": "/"}]}}),
    );
    env.write("odd.har", json!({"log": {"version": "1.2", "entries": [left_out, data, form]}}).to_string());
    let said = env.run(&["import", "odd.har", "--strict"]).complains();
    assert!(said.contains("odd.har: delivery 1: ") && said.contains("left the body out"), "{said}");
    let done = env.run(&["import", "odd.har", "--format", "json"]).yes();
    assert!(done.stderr().contains("warning: entry 2 passed over: its URL is a 'data:' URL"), "{}", done.stderr());
    let done = done.json();
    assert_eq!((&done["imported"], &done["passed_over"][0]["entry"]), (&json!(2), &json!(2)));
    assert_eq!(done["remarks"].as_array().map(Vec::len), Some(2), "{done}");
    let shown = env.show(1);
    assert_eq!((&shown["intake"], &shown["answer"]["status"]), (&json!("truncated"), &json!(401)));
    // Of bytes that nobody has seen, no mismatch is claimed: here, and by whoever judges them again.
    assert_eq!((&env.show(2)["intake"], &env.show(2)["verdict"]), (&json!("rebuilt"), &json!("not_judged")));
    assert!(env.run(&["verify", "2"]).no().stdout().contains("not judged: only the fields of its form"));
    assert_eq!(env.run(&["list", "verdict:rebuilt"]).yes().stdout().lines().count(), 1);
}

#[test]
fn every_format_is_known_from_stdin() {
    let env = TestEnv::with_secret();
    let flows = include_bytes!("../fixtures/import/flows.mitm");
    let listed =
        json!({"uri": "/api/requests/http", "requests": [held("POST /n HTTP/1.1\r\nHost: h\r\n\r\n{}")]}).to_string();
    let event = json!({"id": "evt_1", "object": "event", "created": 1_746_100_800, "type": "plan.created", "data": {}})
        .to_string();
    let hookdeck =
        json!({"models": [{"id": "evt_1", "team_id": "t", "data": {"headers": {}, "body": {"a": 1}}}]}).to_string();
    let forms: [(&str, &[u8], usize); 8] = [
        ("raw", b"POST /r HTTP/1.1\r\nHost: h\r\n\r\nall that follows", 1),
        ("curl", b"$ curl 'http://h/c' \\\n -H 'X-A: 1' --data-raw $'{\"a\":\\'1\\'}'\n", 1),
        ("curl on Windows", b"curl ^\"http://h/w^\" ^\r\n  --data-raw ^\"^{^}^\"", 1),
        (".http", b"@h = http://h\n### one\nPOST {{h}}/one\n\n{}\n### two\nGET {{h}}/two\n", 2),
        ("mitmproxy", flows, 4),
        ("ngrok", listed.as_bytes(), 1),
        ("Stripe", event.as_bytes(), 1),
        ("Hookdeck", hookdeck.as_bytes(), 1),
    ];
    let mut all = 0;
    for (name, text, count) in forms {
        let done = env.run_with(&["import", "-", "--format", "json"], text).yes().json();
        assert_eq!(done["imported"], json!(count), "{name}: {done}");
        all += count;
    }
    assert_eq!(env.show(1)["body"], "all that follows");
    assert_eq!(env.show(2)["body"], "{\"a\":'1'}");
    // A script of ours, and from there to a listener: nothing is lost on the way.
    let script = env.run(&["export", "1-2", "--as", "curl"]).yes().stdout;
    let other = TestEnv::with_secret();
    let listening = other.listen(&[]);
    other.run_with(&["import", "-"], &script).yes();
    for id in [1, 2] {
        assert_eq!(other.bytes(id, "body"), env.bytes(id, "body"));
    }
    listening.stop();
    assert_eq!(env.run(&["list", "remote:imported"]).yes().stdout().lines().count(), all);
}

#[test]
fn a_folder_is_imported_by_name_and_no_link_is_followed() {
    let env = TestEnv::with_secret();
    for folder in ["in", "in/sub", "in/.hidden"] {
        std::fs::create_dir(env.work().join(folder)).unwrap();
    }
    env.write("in/b.http", "POST http://h/b\n\n< body.json\n");
    // The body of a request, and no archive.
    env.write("in/body.json", "{\"id\":1}");
    env.write("in/sub/c.txt", "curl http://h/c -d @../outside");
    env.write("in/.hidden/d.http", "GET http://h/d");
    env.write("in/a.http", "GET http://h/a");
    env.write("in/readme.md", "# nothing to import");
    std::os::unix::fs::symlink(env.work().join("in/a.http"), env.work().join("in/link.http")).unwrap();
    let done = env.run(&["import", "in", "--read-files", "--format", "json"]).yes().json();
    assert_eq!(done["imported"], 3, "{done}");
    let said = done["passed_over"].to_string();
    assert!(
        said.contains("link.http")
            && said.contains("readme.md")
            && said.contains("body.json")
            && !said.contains("hidden"),
        "{said}"
    );
    let paths: Vec<Value> = (1..=3).map(|id| env.show(id)["path"].clone()).collect();
    assert_eq!(paths, ["/a", "/b", "/c"]);
    assert_eq!(env.show(2)["body"], "{\"id\":1}");
    // Nothing outside of the folder is read, whatever a file says.
    assert!(env.show(3)["intake_reason"].as_str().unwrap().contains("in the folder of the imported file"));
}

/// An entry of the agent's list.
fn held(request: &str) -> Value {
    json!({"id": "airg_1", "start": "2025-05-01T12:00:00.5Z", "duration": 1_000_000, "remote_addr": "203.0.113.9",
        "request": {"raw": BASE64_STANDARD.encode(request)},
        "response": {"status_code": 401, "raw": BASE64_STANDARD.encode("HTTP/1.1 401 Unauthorized\r\nX: 1\r\n\r\nno")}})
}

/// Something that answers as ngrok's agent does when it is asked for what it holds.
struct HeldRequests {
    address: SocketAddr,
    answer: Arc<Mutex<String>>,
}

impl HeldRequests {
    fn starts() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new(String::new()));
        let answered = Arc::clone(&answer);
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let mut reader = BufReader::new(&mut socket);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|count| count > 0) {}
                let is_asked = head.starts_with("GET /api/requests/http?limit=");
                let (status, body) = if is_asked {
                    ("200 OK", answered.lock().unwrap().clone())
                } else {
                    ("404 Not Found", String::new())
                };
                let _ = socket
                    .write_all(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
            }
        });
        Self { address, answer }
    }

    fn holds(&self, requests: &[Value]) {
        *self.answer.lock().unwrap() = json!({"uri": "/api/requests/http", "requests": requests}).to_string();
    }
}

#[test]
fn what_came_through_the_tunnel_before_is_taken_from_its_agent() {
    let agent = HeldRequests::starts();
    let env = TestEnv::with_secret().set("WHYHOOK_NGROK_API", agent.address.to_string());
    // One that went to another server, one of which the agent kept the beginning, and one that came here as well.
    let listening = env.listen(&[]);
    let wire = Signed::new("{\"event\":\"here\"}").with("X-Forwarded-Host: a.ngrok.app\r\n").wire();
    assert_eq!(talk(listening.address(), wire.clone()).status, 200);
    listening.stop();
    let at = env.show(1)["received_at"].clone();
    let tunnelled = String::from_utf8(wire).unwrap().replacen("Host: ", "X-Forwarded-For: 203.0.113.9\r\nHost: ", 1);
    let mut own = held(&tunnelled);
    own["start"] = at;
    let other = Signed::new("{\"event\":\"before\"}").wire();
    let cut = "POST /cut HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\nhalf";
    agent.holds(&[own.clone(), held(cut), held(&String::from_utf8(other).unwrap())]);
    let done = env.run(&["import", "--from", "ngrok", "--format", "json"]).yes().json();
    assert_eq!(done["imported"], 2, "{done}");
    assert!(done["passed_over"].to_string().contains("it was received here, as delivery 1"), "{done}");
    let first = env.show(2);
    assert_eq!((&first["verdict"], &first["answer"]["status"]), (&json!("verified"), &json!(401)));
    assert_eq!(env.show(3)["intake_reason"], "ngrok's agent kept 4 of 9000 bytes of the body");
    // Asked again, there is nothing new.
    let again =
        env.run(&["import", "--from", "ngrok", "--agent", &agent.address.to_string(), "--format", "json"]).yes().json();
    assert_eq!((&again["imported"], again["passed_over"].as_array().map(Vec::len)), (&json!(0), Some(3)));

    // Tunnel integrity: the same body, and headers that a tunnel adds; then another body.
    let same = env.run(&["diff", "--tunnel", "1"]).yes().stdout();
    assert!(same.contains("the same 16 bytes") && same.contains("as a tunnel changes them: X-Forwarded-For"), "{same}");
    assert_eq!(env.show(1)["tunnel_capture"], json!({"same": true, "offset": null}));
    own["request"]["raw"] = json!(BASE64_STANDARD.encode(tunnelled.replace("here", "Here")));
    agent.holds(&[own]);
    assert_eq!(env.show(1)["tunnel_capture"], json!({"same": false, "offset": 10}));
    let differs = env.run(&["diff", "--tunnel", "1", "--format", "json"]).no().json();
    assert_eq!((&differs["same"], &differs["offset"]), (&json!(false), &json!(10)), "{differs}");
    let mut script = Script::start(&env, &[]);
    script.enters("diff 1 tunnel").hears("body     differs at byte 10");
    script.hears("X-Forwarded-For");
    agent.holds(&[]);
    script.enters("diff 1 tunnel").hears("holds no request that is delivery 1");
    drop(script);
    assert!(env.run(&["diff", "--tunnel", "1"]).complains().contains("holds no request that is this delivery"));
    *agent.answer.lock().unwrap() = "<html>\u{1b}[31m".to_owned();
    let said = env.run(&["import", "--from", "ngrok"]).complains();
    assert!(said.contains("not the requests of ngrok's agent") && !said.contains('\u{1b}'), "{said}");
}
