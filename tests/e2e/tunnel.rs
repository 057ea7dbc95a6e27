//! The tunnel of ngrok's agent is watched, and a real tunnel carries deliveries.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use crate::support::tools::bore;
use crate::support::{KillOnDrop, Person, Signed, Size, TestEnv, Wire, sample, talk, until};

/// Something that answers as ngrok's agent does, on a port of its own.
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    tunnels: Arc<Mutex<String>>,
}

impl Agent {
    pub(crate) fn starts() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tunnels = Arc::new(Mutex::new(json!({"endpoints": []}).to_string()));
        let answer = Arc::clone(&tunnels);
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let mut reader = BufReader::new(&mut socket);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|count| count > 0) {}
                let is_right = head.starts_with("GET /api/endpoints HTTP/1.1\r\n");
                let (status, body) = if is_right {
                    ("200 OK", answer.lock().unwrap().clone())
                } else {
                    ("404 Not Found", String::new())
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                let _ = socket.write_all((head + &body).as_bytes());
            }
        });
        Self { address, tunnels }
    }

    pub(crate) fn opens(&self, public_url: &str, addr: &str) {
        let endpoint = json!({"name": "x", "url": public_url, "upstream": {"url": addr}});
        *self.tunnels.lock().unwrap() = json!({"endpoints": [endpoint]}).to_string();
    }
}

#[test]
fn the_public_url_appears_with_the_webhook_s_path() {
    let agent = Agent::starts();
    let env = TestEnv::with_secret().set("WHYHOOK_NGROK_API", agent.address.to_string());
    let (mut person, address) = Person::listening(&env, Size(200, 40), &[]);
    person.sees("no tunnel");
    agent.opens("https://a1b2c3.ngrok-free.app", &format!("http://localhost:{}", address.port()));
    person.sees("https://a1b2c3.ngrok-free.app/webhooks/trackpilots").sees("The tunnel is up.");

    agent.opens("https://a1b2c3.ngrok-free.app", "http://localhost:9");
    person.sees("https://a1b2c3.ngrok-free.app points to http://localhost:9, not to this listener");
    person.sees(&format!("run `ngrok http {}`", address.port())).sees("tunnel points elsewhere");

    *agent.tunnels.lock().unwrap() = "\u{1b}]0;owned\u{7}<html>".to_owned();
    person.sees("tunnel unknown");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
}

#[test]
fn without_a_screen_the_log_says_it() {
    let agent = Agent::starts();
    let env = TestEnv::with_secret();
    env.write(
        "whyhook.toml",
        format!("ngrok_api = \"{}\"\n[[webhook]]\nname = \"w\"\npath = \"/mine\"\n", agent.address),
    );
    let env = env.set("WHYHOOK_NGROK_API", "");
    let listening = env.listen(&[]);
    listening.says("tunnel: no tunnel: the ngrok agent has no open tunnel");
    agent.opens("https://x.ngrok.app", &listening.address().to_string());
    listening.says("tunnel: https://x.ngrok.app");
    agent.opens("https://x.ngrok.app", "8080");
    listening.says("tunnel: https://x.ngrok.app leads to 8080, not here");
}

/// Reads what a child prints until `read` finds something in a line; goes on reading after that, so
/// that the child never waits for a full pipe.
pub(crate) fn reads<T>(pipe: impl std::io::Read + Send + 'static, read: impl Fn(&str) -> Option<T>) -> T {
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            seen.lock().unwrap().push(line);
        }
    });
    until(|| lines.lock().unwrap().iter().find_map(|line| read(line))).unwrap_or_else(|| panic!("{lines:?}"))
}

/// An address for a server whose port is fixed, so that two runs of these tests do not meet, nor two tests, each of which
/// has a `number` of its own.
pub(crate) fn own_loopback(number: u8) -> String {
    if cfg!(target_os = "linux") {
        let [.., high, low] = std::process::id().to_be_bytes();
        format!("127.{}.{high}.{}", 77 + number, low.max(1))
    } else {
        "127.0.0.1".to_owned()
    }
}

/// A server of bore's that listens on `loopback` alone.
pub(crate) fn bore_server(env: &TestEnv, bore: &std::path::Path, loopback: &str) -> KillOnDrop {
    let mut server = env.other(bore);
    server.env("NO_COLOR", "1").args(["server", "--bind-addr", loopback, "--bind-tunnels", loopback]);
    let mut server = KillOnDrop(server.spawn().unwrap());
    reads(server.0.stdout.take().unwrap(), |line| line.contains("server listening").then_some(()));
    server
}

#[test]
fn deliveries_come_through_a_real_tunnel() {
    let Some(bore) = bore() else { return };
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let loopback = own_loopback(0);
    let _server = bore_server(&env, &bore, &loopback);
    let mut client = env.other(&bore);
    client.env("NO_COLOR", "1").args(["local", "--local-host", "127.0.0.1", "--to", &loopback]);
    client.arg(listening.address().port().to_string());
    let mut client = KillOnDrop(client.spawn().unwrap());
    let public: SocketAddr = reads(client.0.stdout.take().unwrap(), |line| {
        line.split("listening at ").nth(1)?.split_whitespace().next()?.parse().ok()
    });
    assert_ne!(public, listening.address());

    let mut big = b"{\"pad\":\"".to_vec();
    std::io::repeat(b'p').take(2_000_000).read_to_end(&mut big).unwrap();
    big.extend_from_slice(b"\"}");
    let bodies = [sample("screenshot-live.json"), b"\xff\x00\r\n".to_vec(), Vec::new(), big];
    let mut wire = Wire::connect(public);
    for (number, body) in (1..).zip(&bodies) {
        let request = Signed::new(body.clone()).with("X-Forwarded-For: 203.0.113.9\r\n").wire();
        let answer = wire.send(&request).answer();
        assert_eq!((answer.status, answer.body.as_str()), (200, "Webhook received and processed successfully"));
        let line = listening.json_line(number);
        assert_eq!(line["verdict"], "verified");
        assert!(env.bytes(line["id"].as_i64().unwrap(), "raw") == request, "delivery {number}");
    }
    let wrong = Signed::new("{}").by("wrong", crate::support::Unit::Seconds);
    assert_eq!(wire.send(wrong.wire()).answer().status, 401);
}
