//! The control interface on a port, where it was asked for: who shows the token gets in, and no page of a browser does.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::control::{Controlled, ask_port, socket};
use crate::support::{Listening, SECRET, Signed, TestEnv, talk};

fn file(env: &TestEnv) -> PathBuf {
    env.store().with_file_name("whyhook.db-api")
}

/// The token, as the file for it alone tells it.
fn token_file(env: &TestEnv) -> PathBuf {
    env.store().with_file_name("whyhook.db-token")
}

/// The port and the token, as the file tells them.
fn port(env: &TestEnv) -> (SocketAddr, String) {
    let json: Value = serde_json::from_slice(&fs::read(file(env)).unwrap()).unwrap();
    let url = json["url"].as_str().unwrap();
    (url.strip_prefix("http://").unwrap().parse().unwrap(), json["token"].as_str().unwrap().to_owned())
}

fn listen(env: &TestEnv) -> (Listening, SocketAddr, String) {
    let listening = env.listen(&["--api", "127.0.0.1:0"]);
    let (address, token) = port(env);
    (listening, address, token)
}

/// A request with these headers beside `Host`.
fn ask(address: SocketAddr, method: &str, target: &str, host: &str, headers: &str) -> Controlled {
    ask_port(address, &format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n"))
}

#[test]
fn who_shows_the_token_gets_what_the_socket_gives() {
    let env = TestEnv::with_secret();
    let (listening, address, token) = listen(&env);
    let line = listening.says("control interface: ");
    assert!(line.contains(&format!("http://{address}")) && line.contains(&token), "{line}");
    assert_eq!(listening.stderr().matches(&token).count(), 1);
    for file in [file(&env), token_file(&env)] {
        assert_eq!(fs::symlink_metadata(file).unwrap().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_to_string(token_file(&env)).unwrap(), token);
    talk(listening.address(), Signed::new("{}").wire());
    let bearer = format!("Authorization: Bearer {token}\r\n");
    for host in [address.to_string(), "localhost".to_owned(), format!("[::1]:{}", address.port())] {
        let status = ask(address, "GET", "/status", &host, &bearer).is(200);
        assert_eq!(status.json()["listening"], listening.url(""));
        assert_eq!(status.header("access-control-allow-origin"), None);
        assert!(status.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    }
    let body = json!({"rule": "503"}).to_string();
    let put = format!("{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let request = format!("PUT /answer HTTP/1.1\r\nHost: {address}\r\n{put}Connection: close\r\n\r\n{body}");
    ask_port(address, &request).is(200);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 503);
    // By their labels, and never by their values.
    let listed = ask(address, "GET", "/secrets", "localhost", &bearer).is(200);
    assert!(!String::from_utf8_lossy(&listed.body).contains(SECRET));
    let values = ask(address, "GET", "/secrets?values=true", "localhost", &bearer).is(403);
    assert!(!String::from_utf8_lossy(&values.body).contains(SECRET));
    listening.closes();
    assert!(!file(&env).exists() && !token_file(&env).exists());
}

#[test]
fn a_browser_is_let_in_by_a_link_and_no_other_page_acts_with_its_cookie() {
    let env = TestEnv::with_secret();
    let (_listening, address, token) = listen(&env);
    let host = address.to_string();
    ask(address, "GET", "/", &host, "").is(401);
    ask(address, "GET", &format!("/?token={}", "0".repeat(token.len())), &host, "").is(401);
    let link = format!("/?token={token}");
    ask(address, "GET", &link, &host, "Origin: http://a.example\r\n").is(403);
    let led = ask(address, "GET", &link, &host, "Sec-Fetch-Site: none\r\n").is(303);
    assert_eq!(led.header("location"), Some("/"));
    let (cookie, attributes) = led.header("set-cookie").unwrap().trim_end().split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/");
    assert!(!led.head.contains(&token) && led.body.is_empty(), "{}", led.head);
    let cookie = format!("Cookie: {cookie}\r\n");
    let shown = ask(address, "GET", "/", &host, &format!("{cookie}Sec-Fetch-Site: none\r\n")).is(200);
    assert_eq!(shown.json()["version"], env!("CARGO_PKG_VERSION"));
    // What changes something has to come from here, and to say so.
    for (headers, status) in [
        ("", 403),
        ("Origin: http://localhost:8080\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        (&*format!("Origin: http://{address}\r\nSec-Fetch-Site: same-site\r\n"), 403),
        (&*format!("Origin: http://{address}\r\n"), 200),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
    ] {
        ask(address, "POST", "/undo", &host, &format!("{cookie}{headers}")).is(status);
    }
    ask(address, "GET", "/status", &host, &format!("{cookie}Origin: http://localhost:8080\r\n")).is(403);
    ask(address, "GET", "/status", "rebound.example", &cookie).is(403);
}

#[test]
fn nobody_else_gets_anything() {
    let env = TestEnv::with_secret();
    let (_listening, address, token) = listen(&env);
    let host = address.to_string();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let other = format!("Authorization: Bearer {}\r\n", "0".repeat(token.len()));
    let preflight = "Origin: http://localhost:8080\r\nAccess-Control-Request-Method: POST\r\n\
                     Access-Control-Request-Headers: authorization\r\n";
    let query = format!("/status?token={token}");
    for (what, method, target, host, headers, status) in [
        ("no token", "GET", "/status", &*host, "", 401),
        ("another token", "GET", "/status", &host, &*other, 401),
        ("a token in the URL", "GET", &*query, &host, "", 401),
        ("a token in a cookie", "GET", "/status", &host, &*format!("Cookie: token={token}\r\n"), 401),
        ("what is not there", "GET", "/nowhere", &host, "", 401),
        ("events", "GET", "/events", &host, "", 401),
        ("a change", "POST", "/stop", &host, "", 401),
        ("a rebound name", "GET", "/status", "rebound.example", &*bearer, 403),
        ("a rebound name with the port", "POST", "/stop", &*format!("a.example:{}", address.port()), &*bearer, 403),
        ("a page", "GET", "/status", &host, &*format!("{bearer}Origin: http://localhost:8080\r\n"), 403),
        ("a page of its own", "GET", "/status", &host, &*format!("{bearer}Origin: http://{address}\r\n"), 403),
        ("a page without an origin", "GET", "/status", &host, &*format!("{bearer}Sec-Fetch-Site: cross-site\r\n"), 403),
        ("a preflight", "OPTIONS", "/rules", &host, preflight, 403),
        ("two tokens", "GET", "/status", &host, &*format!("{other}{bearer}"), 401),
    ] {
        let answer = ask(address, method, target, host, headers).is(status);
        let head = answer.head.to_lowercase();
        assert!(!head.contains("access-control-") && !head.contains("set-cookie"), "{what}: {head}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{what}");
        let body = String::from_utf8_lossy(&answer.body);
        assert!(!body.contains("version") && !body.contains(&token), "{what}: {body}");
    }
    // HTTP/1.0 without a Host.
    ask_port(address, &format!("GET /status HTTP/1.0\r\n{bearer}\r\n")).is(403);
    ask(address, "GET", "/status", &host, &bearer).is(200);
}

#[test]
fn the_token_is_another_in_each_run_and_the_file_goes_or_is_replaced() {
    let env = TestEnv::with_secret();
    let (listening, _, first) = listen(&env);
    listening.kill();
    assert!(file(&env).exists() && token_file(&env).exists());
    let (listening, address, second) = listen(&env);
    assert_ne!(first, second);
    ask(address, "GET", "/status", "localhost", &format!("Authorization: Bearer {first}\r\n")).is(401);
    listening.kill();
    // A run that has no port leaves none behind that others would ask.
    let listening = env.listen(&[]);
    assert!(!file(&env).exists() && !token_file(&env).exists());
    listening.closes();
}

#[test]
fn the_command_line_finds_it_where_there_is_no_socket() {
    let env = TestEnv::with_secret();
    fs::create_dir_all(env.store().parent().unwrap()).unwrap();
    fs::write(socket(&env), "mine").unwrap();
    let (listening, address, _) = listen(&env);
    listening.says("no control interface: ");
    env.run(&["answer", "418"]).yes();
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 418);
    assert_eq!(env.run(&["held"]).no().stdout(), "");
    assert!(env.run(&["secret", "list"]).yes().stdout().contains("TRACKPILOTS_WEBHOOKS_SECRET_KEY"));
    env.run(&["stop"]).yes();
    drop(listening);
    assert!(!file(&env).exists());
    // What a killed listener has left is nobody's: nothing is sent there.
    fs::write(file(&env), json!({"url": format!("http://{address}"), "token": "a"}).to_string()).unwrap();
    assert!(env.run(&["answer"]).complains().contains("no listener runs"));
}

#[test]
fn other_machines_reach_it_only_when_that_is_asked_for() {
    let env = TestEnv::with_secret();
    let refused = env.run(&["--headless", "--bind", "127.0.0.1:0", "--api", "0.0.0.0:0"]).complains();
    assert!(
        refused.contains("--api 0.0.0.0:0: other machines could reach") && refused.contains("--api-anywhere"),
        "{refused}"
    );
    assert!(!env.store().exists());
    let listening = env.listen(&["--api", "0.0.0.0:0", "--api-anywhere"]);
    listening.says("other hosts can reach it");
    let (address, token) = port(&env);
    assert!(address.ip().is_loopback());
    ask(address, "GET", "/status", "localhost", &format!("Authorization: Bearer {token}\r\n")).is(200);
    // A port that is taken is said before anything begins.
    let other = TestEnv::with_secret();
    let taken = other.run(&["--headless", "--bind", "127.0.0.1:0", "--api", &address.to_string()]).complains();
    assert!(taken.contains("cannot listen on") && taken.contains("control interface"), "{taken}");
}
