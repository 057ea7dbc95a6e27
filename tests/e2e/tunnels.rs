//! Every other kind of tunnel, each shown from a stand-in that answers as its program does; several at once; the URL that
//! is given, and the one that is learnt.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::support::control::get;
use crate::support::{Person, Signed, Size, TestEnv, Unit, Wire, talk, until};

/// Something that answers these bodies to these paths, and 404 to every other.
struct StandIn {
    address: SocketAddr,
    bodies: Arc<Mutex<HashMap<&'static str, String>>>,
}

impl StandIn {
    fn starts(bodies: &[(&'static str, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bodies = bodies.iter().map(|(path, body)| (*path, body.to_string())).collect();
        let bodies: Arc<Mutex<HashMap<&str, String>>> = Arc::new(Mutex::new(bodies));
        let answers = Arc::clone(&bodies);
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let mut reader = BufReader::new(&mut socket);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|count| count > 0) {}
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match answers.lock().unwrap().get(&*path) {
                    Some(body) => ("200 OK", body.clone()),
                    None => ("404 Not Found", String::new()),
                };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = socket.write_all((head + &body).as_bytes());
            }
        });
        Self { address, bodies }
    }

    fn now_answers(&self, path: &'static str, body: &str) {
        self.bodies.lock().unwrap().insert(path, body.to_owned());
    }
}

/// Waits until the control interface lists exactly these URLs.
fn lists(env: &TestEnv, urls: &Value) {
    let listed = || get(env, "/status").json()["public_urls"].clone();
    until(|| (listed() == *urls).then_some(())).unwrap_or_else(|| panic!("{}", listed()));
}

#[test]
fn several_tunnels_are_shown_at_once_and_ours_is_first() {
    let cloudflared = StandIn::starts(&[("/quicktunnel", json!({"hostname": "blue-fox.trycloudflare.com"}))]);
    let zrok = StandIn::starts(&[]);
    let pinggy = StandIn::starts(&[(
        "/urls",
        json!({"urls": ["http://x-1.a.free.pinggy.link", "https://x-1.a.free.pinggy.link"]}),
    )]);
    let env = TestEnv::with_secret().set("WHYHOOK_TUNNELS", "cloudflared,zrok,pinggy,learnt");
    env.write(
        "whyhook.toml",
        format!(
            "[tunnels]\ncloudflared = \"{}\"\nzrok = \"{}\"\npinggy = \"{}\"\n",
            cloudflared.address, zrok.address, pinggy.address
        ),
    );
    let (mut person, address) = Person::listening(&env, Size(200, 45), &[]);
    let here = format!("http://localhost:{}", address.port());
    // cloudflared does not say yet where it leads, and zrok's agent is something else.
    person.sees("https://blue-fox.trycloudflare.com/webhooks/trackpilots +2").types("I");
    person.sees("cloudflared  https://blue-fox.trycloudflare.com, target unknown");
    person.sees(&format!("{} answered with status 404", zrok.address)).types("\u{1b}");
    cloudflared.now_answers("/diag/configuration", &json!({"uid": "1", "url": "http://localhost:9"}).to_string());
    let share = json!({"frontendEndpoint": ["https://abc.share.zrok.io"], "backendEndpoint": here});
    zrok.now_answers("/v1/agent/status", &json!({"accesses": [], "shares": [share]}).to_string());
    person.sees("https://abc.share.zrok.io/webhooks/trackpilots +3").types("I");
    person.sees("https://blue-fox.trycloudflare.com leads to").types("\u{1b}");
    let url = |url: &str, tunnel: &str, port: Option<u16>, here: bool| json!({"url": url, "tunnel": tunnel, "port": port, "here": here, "learnt": false});
    let expected = json!([
        url("https://abc.share.zrok.io", "zrok", Some(address.port()), true),
        url("https://x-1.a.free.pinggy.link", "pinggy", None, true),
        url("http://x-1.a.free.pinggy.link", "pinggy", None, true),
        url("https://blue-fox.trycloudflare.com", "cloudflared", Some(9), false),
    ]);
    lists(&env, &expected);
    for stand_in in [&cloudflared, &zrok, &pinggy] {
        for path in ["/quicktunnel", "/v1/agent/status", "/urls"] {
            stand_in.now_answers(path, "\u{1b}]0;owned\u{7}<html>");
        }
    }
    person.sees("tunnel unknown");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
}

#[test]
fn a_named_tunnel_of_cloudflared_is_read_from_its_rules() {
    let cloudflared = StandIn::starts(&[("/quicktunnel", json!({"hostname": ""}))]);
    let env = TestEnv::with_secret().set("WHYHOOK_TUNNELS", "cloudflared");
    env.write("whyhook.toml", format!("[tunnels]\ncloudflared = \"{}\"\n", cloudflared.address));
    let listening = env.listen(&[]);
    listening.says("tunnel: no tunnel: cloudflared has no public URL");
    let rule = |hostname: &str, service: &str| json!({"hostname": hostname, "path": null, "service": service});
    let rules = json!([
        rule("hooks.example.com", &format!("http://{}", listening.address())),
        rule("app.example.com", "http://localhost:9"),
        rule("", "http_status:404")
    ]);
    cloudflared.now_answers("/config", &json!({"version": 1, "config": {"ingress": rules}}).to_string());
    listening.says("tunnel: https://hooks.example.com (cloudflared)");
    listening.says("tunnel: https://app.example.com leads to http://localhost:9, not here (cloudflared)");
}

#[test]
fn the_given_url_comes_first_and_a_project_may_give_it() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "public_url = \"https://user:hunter2@hooks.example.com/in/\"\n");
    let (mut person, _) = Person::listening(&env, Size(200, 40), &[]);
    person.sees("https://hooks.example.com/in/webhooks/trackpilots").sees("The tunnel is up.");
    assert!(!person.screen().contains("hunter2"));
    drop(person);
    let listening = env.listen(&["--ephemeral", "--public-url", "https://flag.example.com"]);
    listening.says("tunnel: https://flag.example.com (configured)");
    let refused = env.run(&["listen", "--headless", "--public-url", "flag.example.com"]).exits(2).stderr();
    assert!(refused.contains("--public-url: invalid public URL: expected http"), "{refused}");
}

#[test]
fn a_url_is_learnt_from_a_delivery_and_said_to_be() {
    let env = TestEnv::with_secret().set("WHYHOOK_TUNNELS", "learnt");
    let (mut person, address) = Person::listening(&env, Size(200, 40), &[]);
    person.sees("no tunnel");
    let through =
        |host: &str| Signed::new("{}").with(format!("X-Forwarded-Host: {host}\r\nX-Forwarded-Proto: https\r\n"));
    // Nobody else calls these.
    for host in ["localhost:3000", "192.168.1.7", "printer.local", "a b", "$(reboot).example.com"] {
        assert_eq!(talk(address, through(host).wire()).status, 200);
    }
    assert_eq!(talk(address, through("hooks.example.com").wire()).status, 200);
    person.sees("https://hooks.example.com/webhooks/trackpilots (learnt)");
    // Somebody without the secret does not put another in its place.
    let forged = through("evil.example.com").by("wrong", Unit::Seconds);
    assert_eq!(talk(address, forged.wire()).status, 401);
    lists(
        &env,
        &json!([{
            "url": "https://hooks.example.com", "tunnel": "learnt", "port": address.port(), "here": true, "learnt": true
        }]),
    );
    person.types("u").sees("the learnt URL (check that it is yours)");
    assert_eq!(Wire::connect(address).send(through("new.example.com").wire()).answer().status, 200);
    person.sees("https://new.example.com/webhooks/trackpilots (learnt)");
}

#[test]
fn a_codespace_is_known_by_its_environment() {
    let env = TestEnv::with_secret().set("WHYHOOK_TUNNELS", "codespaces");
    let env = env.set("CODESPACES", "true").set("CODESPACE_NAME", "fluffy-dodo-abc");
    let listening = env.listen(&[]);
    let port = listening.address().port();
    listening.says(&format!("tunnel: https://fluffy-dodo-abc-{port}.app.github.dev (Codespaces)"));
}

/// What is seen in `/proc`: real processes of these names, which run as long as the test.
#[cfg(target_os = "linux")]
mod seen {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::support::KillOnDrop;
    use crate::support::tools::tool;

    /// A program of this name in a folder of its own, which is the only one on `PATH` beside the machine's.
    fn script(env: &TestEnv, name: &str, text: &str) -> PathBuf {
        let file = env.write(&format!("../bin/{name}"), format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    fn with_programs(env: TestEnv) -> TestEnv {
        let folder = env.root().join("bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&path).collect::<Vec<_>>());
        let path = std::env::join_paths(folders).unwrap();
        env.set("PATH", path)
    }

    fn runs(env: &TestEnv, program: &Path, arguments: &[&str]) -> KillOnDrop {
        let mut command = env.other(program);
        command.args(arguments).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        KillOnDrop(command.spawn().unwrap())
    }

    #[test]
    fn a_daemon_s_tunnels_are_asked_for_once_it_is_seen_to_run() {
        let env = with_programs(TestEnv::with_secret().set("WHYHOOK_TUNNELS", "tailscale,devtunnel"));
        let endless = "while :; do sleep 1; done";
        // Whoever runs the tests may have a daemon of their own: the program on PATH is ours in any case.
        let web = "{\\\"box.tail1.ts.net:443\\\":{\\\"Handlers\\\":{\\\"/\\\":{\\\"Proxy\\\":\\\"http://127.0.0.1:$PORT\\\"}}}}";
        let funnel = "{\\\"box.tail1.ts.net:443\\\":true}";
        let session = format!("{{\\\"Web\\\":{web},\\\"AllowFunnel\\\":{funnel}}}");
        let status = format!(
            "PORT=$(cat \"${{0%/*}}/port\")\necho \"$*\" >> \"${{0%/*}}/asked\"\necho \"{{\\\"Foreground\\\":{{\\\"x\\\":{session}}}}}\""
        );
        script(&env, "tailscale", &status);
        let daemon = script(&env, "tailscaled", endless);
        let shown = r#"{"tunnel":{"ports":[{"portNumber":9,"portUri":"https://d-9.euw.devtunnels.ms/"}]}}"#;
        let developer = script(
            &env,
            "devtunnel",
            &format!("case $1 in host) {endless};; *) echo 'Welcome!'; echo '{shown}';; esac"),
        );
        env.write("../bin/port", "0");
        let listening = env.listen(&[]);
        env.write("../bin/port", listening.address().port().to_string());
        let _daemon = runs(&env, &daemon, &[]);
        let _developer = runs(&env, &developer, &["host", "mine"]);
        // A delivery through a tunnel has it looked for at once.
        let hint = Signed::new("{}").with("X-Forwarded-For: 203.0.113.9\r\n");
        until(|| {
            assert_eq!(talk(listening.address(), hint.wire()).status, 200);
            let said = listening.stderr();
            let all = [
                "tunnel: https://box.tail1.ts.net (Tailscale Funnel)",
                "tunnel: https://d-9.euw.devtunnels.ms leads to",
            ];
            thread::sleep(std::time::Duration::from_millis(50));
            all.iter().all(|words| said.contains(words)).then_some(())
        })
        .unwrap_or_else(|| panic!("{}", listening.stderr()));
        assert!(fs::read_to_string(env.root().join("bin/asked")).unwrap().starts_with("funnel status --json\n"));
    }

    /// A server in Python, under the name of the program that it stands in for.
    const SERVER: &str = "
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        bodies = json.loads(open(sys.argv[-1]).read())
        body = bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def log_message(self, *arguments): pass
http.server.HTTPServer(('127.0.0.1', 0), Handler).serve_forever()
";

    #[test]
    fn a_program_that_is_seen_is_asked_where_it_listens() {
        let Some(python) = tool("python3") else { return };
        // The program itself: a wrapper on PATH would go by the name under which it is called.
        let itself = Command::new(python).args(["-c", "import sys; print(sys.executable)"]).output().unwrap().stdout;
        let python = fs::canonicalize(String::from_utf8(itself).unwrap().trim()).unwrap();
        let env = with_programs(TestEnv::with_secret().set("WHYHOOK_TUNNELS", "cloudflared,zrok"));
        let server = env.write("server.py", SERVER);
        let [cloudflared, zrok] = ["cloudflared", "zrok2"].map(|name| {
            let program = env.write(&format!("../bin/{name}-folder/x"), "").with_file_name(name);
            std::os::unix::fs::symlink(&python, &program).unwrap();
            program
        });
        let start = |program: &PathBuf, words: &[&str], bodies: Value| {
            let name = program.file_name().unwrap().to_str().unwrap();
            let bodies = env.write(&format!("{name}.json"), bodies.to_string());
            let mut command = Command::new(program);
            command.arg(&server).args(words).arg(bodies).env_clear().envs(env.environment());
            KillOnDrop(command.spawn().unwrap())
        };
        let listening = env.listen(&[]);
        let here = format!("http://127.0.0.1:{}", listening.address().port());
        let ingress = json!([{"hostname": "", "path": null, "service": here}]);
        let _first = start(
            &cloudflared,
            &["tunnel"],
            json!({
                "/quicktunnel": {"hostname": "red-owl.trycloudflare.com"},
                "/config": {"version": -1, "config": {"ingress": ingress}}
            }),
        );
        let shares = json!([{"frontendEndpoint": ["abc.shares.zrok.io"], "backendEndpoint": "http://localhost:9"}]);
        let _second =
            start(&zrok, &["agent", "start"], json!({"/v1/agent/status": {"accesses": [], "shares": shares}}));
        listening.says("tunnel: https://red-owl.trycloudflare.com (cloudflared)");
        listening.says("tunnel: https://abc.shares.zrok.io leads to http://localhost:9, not here (zrok)");
    }
}
