use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::*;
use crate::server::tunnel::pace::Pace;

const SHORT: Pace = Pace { shortest: Duration::from_millis(5), longest: Duration::from_millis(5), patience: 1 };
const LONG: Pace = Pace { shortest: Duration::from_millis(1), longest: Duration::from_secs(3600), patience: 1 };
/// Asks at once again, and never gives up on a slow machine.
const EAGER: Paces = Paces {
    ngrok: SHORT,
    answering: SHORT,
    seen_when_certain: SHORT,
    seen: SHORT,
    http: SHORT,
    command: SHORT,
    limit: Duration::from_secs(60),
};

const NGROK: &str = r#"{"tunnels":[{"public_url":"https://a.ngrok.app","config":{"addr":"http://localhost:3000"}}]}"#;

fn answer(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into()
}

/// Something at a port of its own, as a program or as anything else: what it answers to each path.
struct StandIn {
    replies: Arc<Mutex<HashMap<&'static str, Reply>>>,
    asked: Arc<AtomicUsize>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Clone)]
enum Reply {
    Bytes(Vec<u8>),
    /// After these bytes, `x` for as long as they are taken.
    Endless(Vec<u8>),
    Silence,
}

impl StandIn {
    async fn start(address: SocketAddr, replies: &[(&'static str, Reply)]) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let replies = Arc::new(Mutex::new(replies.iter().cloned().collect::<HashMap<_, _>>()));
        let asked = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(serve(listener, Arc::clone(&replies), Arc::clone(&asked)));
        Self { replies, asked, address, task }
    }

    /// One that answers with these bodies.
    async fn of(bodies: &[(&'static str, &str)]) -> Self {
        let replies: Vec<_> = bodies.iter().map(|(path, body)| (*path, Reply::Bytes(answer(body)))).collect();
        Self::start(ANY_PORT, &replies).await
    }

    fn now_replies(&self, path: &'static str, reply: Reply) {
        self.replies.lock().unwrap().insert(path, reply);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Frees the port.
    async fn stop(self) -> SocketAddr {
        self.task.abort();
        let _ = self.task.await;
        self.address
    }
}

async fn serve(listener: TcpListener, replies: Arc<Mutex<HashMap<&'static str, Reply>>>, asked: Arc<AtomicUsize>) {
    // Children end with this task, so that stopping it closes every connection.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (replies, asked) = (Arc::clone(&replies), Arc::clone(&asked));
        connections.spawn(async move {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => return,
                }
            }
            asked.fetch_add(1, Ordering::SeqCst);
            let request = String::from_utf8(request).unwrap();
            let path = request.strip_prefix("GET ").unwrap().split(' ').next().unwrap();
            let reply = replies.lock().unwrap().get(path).cloned();
            match reply {
                None => drop(stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await),
                Some(Reply::Bytes(bytes)) => drop(stream.write_all(&bytes).await),
                Some(Reply::Silence) => std::future::pending().await,
                Some(Reply::Endless(head)) => {
                    let _ = stream.write_all(&head).await;
                    while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
                }
            }
        });
    }
}

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Looks for what `toml` says below `[tunnels]`, and for nothing that happens to run on this machine.
fn places(ngrok: Option<SocketAddr>, toml: &str) -> TunnelPlaces {
    TunnelPlaces {
        ngrok,
        settings: crate::config::tunnels_from_toml(toml),
        given: None,
        listener: "127.0.0.1:3000".parse().unwrap(),
        path: None,
        conceal: Arc::new(|_| ()),
    }
}

struct Watched {
    states: UnboundedReceiver<Tunnels>,
    task: JoinHandle<()>,
    hint: Hint,
}

impl Watched {
    fn start(paces: Paces, places: TunnelPlaces, proc: &Path) -> Self {
        let (sender, states) = unbounded_channel();
        let hint = Hint::default();
        let told = move |state| drop(sender.send(state));
        let task = tokio::spawn(watch_at(paces, Waits::AsTask, places, proc.to_owned(), hint.clone(), told));
        Self { states, task, hint }
    }

    fn of_ngrok(paces: Paces, agent: SocketAddr) -> Self {
        Self::start(paces, places(Some(agent), ""), Path::new("/nowhere"))
    }

    async fn next(&mut self) -> Tunnels {
        tokio::time::timeout(Duration::from_secs(60), self.states.recv()).await.unwrap().unwrap()
    }

    /// Waits until all that is known is this.
    async fn knows(&mut self, lines: &[&str]) {
        while self.next().await.lines() != lines {}
    }

    async fn says(&mut self, words: &str) {
        while self.next().await.to_string() != words {}
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const OURS: &str = "https://a.ngrok.app (ngrok)";

#[tokio::test]
async fn an_agent_comes_changes_and_goes() {
    let address = StandIn::of(&[]).await.stop().await;
    let mut watched = Watched::of_ngrok(EAGER, address);
    assert_eq!(watched.next().await, Tunnels::default());
    let bodies = [("/api/endpoints", Reply::Bytes(answer("{\"endpoints\":[]}")))];
    let agent = StandIn::start(address, &bodies).await;
    watched.says("no tunnel: the ngrok agent has no open tunnel").await;
    agent.now_replies("/api/endpoints", Reply::Bytes(answer(NGROK)));
    watched.knows(&[OURS]).await;
    agent.now_replies("/api/endpoints", Reply::Bytes(answer(&NGROK.replace("3000", "8080"))));
    watched.knows(&["https://a.ngrok.app leads to http://localhost:8080, not here (ngrok)"]).await;
    agent.stop().await;
    watched.says("no tunnel found").await;
}

#[tokio::test]
async fn an_agent_without_endpoints_is_asked_for_its_tunnels() {
    let agent = StandIn::of(&[("/api/tunnels", NGROK)]).await;
    let mut lookout = Lookout::new(EAGER, places(Some(agent.address), ""), PathBuf::new()).unwrap();
    let SourceAnswer::Tunnels(found) = lookout.ngrok().await else { panic!() };
    assert_eq!((found[0].words(), agent.asked()), (OURS.to_owned(), 2));
    // From then on in one question.
    lookout.ngrok().await;
    assert_eq!(agent.asked(), 3);
    // A newer agent in its place.
    agent.replies.lock().unwrap().clear();
    let body = r#"{"endpoints":[{"url":"https://b.ngrok.app","upstream":{"url":"http://localhost:3000"}}]}"#;
    agent.now_replies("/api/endpoints", Reply::Bytes(answer(body)));
    let SourceAnswer::Tunnels(found) = lookout.ngrok().await else { panic!() };
    assert_eq!(found[0].public_url, "https://b.ngrok.app");
}

#[tokio::test]
async fn only_changes_are_reported() {
    let agent = StandIn::of(&[("/api/endpoints", NGROK)]).await;
    let mut watched = Watched::of_ngrok(EAGER, agent.address);
    watched.knows(&[OURS]).await;
    let before = agent.asked();
    while agent.asked() < before + 5 {
        tokio::task::yield_now().await;
    }
    assert!(watched.states.try_recv().is_err());
}

#[tokio::test]
async fn what_is_no_agent_is_said_to_be_none() {
    let cases: [(Vec<u8>, &str); 6] = [
        (b"\x16\x03\x01 garbage \xff\x1b[31m\r\n\r\n".to_vec(), "does not answer as HTTP"),
        (Vec::new(), "does not answer as HTTP"),
        (answer("<html>\u{1b}</html>"), "not a list of tunnels"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(), "status 404: is it ngrok's agent?"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n".to_vec(), "status 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec(), "broken body"),
    ];
    for (bytes, expected) in cases {
        let agent = StandIn::start(ANY_PORT, &[("/api/endpoints", Reply::Bytes(bytes))]).await;
        let mut lookout = Lookout::new(EAGER, places(Some(agent.address), ""), PathBuf::new()).unwrap();
        let SourceAnswer::Unreadable(reason) = lookout.ngrok().await else { panic!("{expected}") };
        assert!(reason.contains(expected) && !reason.contains(crate::text::is_hidden), "{reason}");
    }
}

#[tokio::test]
async fn an_endless_answer_ends_at_the_limit() {
    let heads = [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Long: ",
    ];
    for head in heads {
        let agent = StandIn::start(ANY_PORT, &[("/api/endpoints", Reply::Endless(head.into()))]).await;
        let mut lookout = Lookout::new(EAGER, places(Some(agent.address), ""), PathBuf::new()).unwrap();
        assert!(matches!(lookout.ngrok().await, SourceAnswer::Unreadable(_)), "{head}");
    }
}

#[tokio::test]
async fn a_silent_agent_is_given_up() {
    let agent = StandIn::start(ANY_PORT, &[("/api/endpoints", Reply::Silence)]).await;
    let mut watched = Watched::of_ngrok(Paces { limit: Duration::from_millis(50), ..EAGER }, agent.address);
    // Where even connecting takes long, that comes first.
    while !watched.next().await.to_string().ends_with("did not answer within 50ms") {}
}

#[tokio::test]
async fn it_does_not_ask_this_listener() {
    let listener = StandIn::of(&[]).await;
    let own = TunnelPlaces {
        listener: listener.address,
        ..places(
            Some(listener.address),
            &format!("cloudflared = '{0}'\nzrok = '{0}'\npinggy = '{0}'", listener.address),
        )
    };
    let mut watched = Watched::start(EAGER, own, Path::new("/nowhere"));
    let words = watched.next().await.to_string();
    assert!(words.contains("is this listener itself: set ngrok_api"), "{words}");
    for _ in 0..20 {
        watched.hint.give();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(listener.asked(), 0);
}

#[tokio::test]
async fn a_hint_shortens_the_wait_for_an_agent() {
    let agent = StandIn::of(&[]).await;
    let mut watched = Watched::of_ngrok(Paces { ngrok: LONG, ..EAGER }, agent.address);
    // Each question that brings nothing new doubles the pause before the next.
    while agent.asked() < 20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    agent.now_replies("/api/endpoints", Reply::Bytes(answer(NGROK)));
    watched.hint.give();
    watched.knows(&[OURS]).await;
}

#[tokio::test]
async fn each_program_is_asked_at_the_address_that_is_configured() {
    let cloudflared = StandIn::of(&[
        ("/quicktunnel", r#"{"hostname":"blue-fox.trycloudflare.com"}"#),
        ("/diag/configuration", r#"{"uid":"1000","url":"http://localhost:3000"}"#),
    ])
    .await;
    let shares = r#"[{"frontendEndpoint":["https://z.share.zrok.io"],"backendEndpoint":"http://localhost:8080"}]"#;
    let zrok = StandIn::of(&[("/v1/agent/status", &format!("{{\"accesses\":[],\"shares\":{shares}}}"))]).await;
    let pinggy = StandIn::of(&[("/urls", r#"{"urls":["http://p.pinggy.link","https://p.pinggy.link"]}"#)]).await;
    let toml =
        format!("cloudflared = '{}'\nzrok = '{}'\npinggy = '{}'", cloudflared.address, zrok.address, pinggy.address);
    let mut watched = Watched::start(EAGER, places(None, &toml), Path::new("/nowhere"));
    watched
        .knows(&[
            "https://blue-fox.trycloudflare.com (cloudflared)",
            "https://p.pinggy.link (Pinggy, target unknown)",
            "http://p.pinggy.link (Pinggy, target unknown)",
            "https://z.share.zrok.io leads to http://localhost:8080, not here (zrok)",
        ])
        .await;
    // A delivery that came by its host says where it leads.
    watched.hint.learn("https://p.pinggy.link".to_owned(), true);
    while !watched.next().await.lines().contains(&"https://p.pinggy.link (Pinggy)".to_owned()) {}
    zrok.now_replies("/v1/agent/status", Reply::Bytes(answer("<html>")));
    while !watched.next().await.lines().iter().any(|line| line.contains("what is not the status of zrok's agent")) {}
}

/// A `/proc` in which `process` has this name, these arguments, and listens at this address.
#[cfg(all(target_os = "linux", target_endian = "little"))]
fn shows(proc: &Path, process: u32, line: &str, listens: Option<SocketAddr>) {
    let folder = proc.join(process.to_string());
    for network in [proc.join("self/ns"), folder.join("ns")] {
        std::fs::create_dir_all(&network).unwrap();
        let _ = std::os::unix::fs::symlink("net:[1]", network.join("net"));
    }
    std::fs::create_dir_all(folder.join("fd")).unwrap();
    std::fs::create_dir_all(folder.join("net")).unwrap();
    let name = line.split(' ').next().unwrap();
    std::fs::write(folder.join("comm"), format!("{name}\n")).unwrap();
    std::fs::write(folder.join("cmdline"), format!("{}\0", line.replace(' ', "\0"))).unwrap();
    if let Some(address) = listens {
        std::os::unix::fs::symlink("socket:[77]", folder.join("fd/3")).unwrap();
        let row = format!("   0: 0100007F:{:04X} 00000000:0000 0A 0:0 0:0 0 1000 0 77 1", address.port());
        std::fs::write(folder.join("net/tcp"), format!("head\n{row}\n")).unwrap();
    }
}

#[cfg(all(target_os = "linux", target_endian = "little"))]
#[tokio::test]
async fn what_is_seen_to_run_is_asked_where_it_listens_and_nothing_else_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (proc, programs) = (folder.path().join("proc"), folder.path().join("bin"));
    std::fs::create_dir_all(&proc).unwrap();
    std::fs::create_dir_all(&programs).unwrap();
    let cloudflared = StandIn::of(&[
        ("/quicktunnel", r#"{"hostname":"blue-fox.trycloudflare.com"}"#),
        ("/config", r#"{"version":-1,"config":{"ingress":[{"hostname":"","service":"http://localhost:3000"}]}}"#),
    ])
    .await;
    let zrok = StandIn::of(&[("/v1/agent/status", r#"{"accesses":[],"shares":[]}"#)]).await;
    let own_server = StandIn::of(&[]).await;
    let script = |name: &str, text: &str| {
        let file = programs.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let web = r#"{"box.tail1.ts.net:443":{"Handlers":{"/":{"Proxy":"http://127.0.0.1:3000"}}}}"#;
    let funnel = r#"{"box.tail1.ts.net:443":true}"#;
    let status = format!(r#"[ "$*" = 'funnel status --json' ] && echo '{{"Web":{web},"AllowFunnel":{funnel}}}'"#);
    script("tailscale", &status);
    let tunnel = r#"{"tunnel":{"ports":[{"portNumber":8080,"portUri":"https://d-8080.euw.devtunnels.ms/"}]}}"#;
    script("devtunnel", &format!("[ \"$*\" = 'show mine --json' ] && echo '{tunnel}'"));
    let path = Some(std::env::join_paths([&programs]).unwrap());
    let mut watched = Watched::start(EAGER, TunnelPlaces { path, ..places(None, "") }, &proc);
    assert_eq!(watched.next().await, Tunnels::default());
    let before = [&cloudflared, &zrok, &own_server].map(StandIn::asked);
    assert_eq!(before, [0, 0, 0]);

    shows(&proc, 1000, "cloudflared tunnel --url http://localhost:3000", Some(cloudflared.address));
    shows(&proc, 1001, "zrok2 agent start", Some(zrok.address));
    // It listens for something of the person's own.
    shows(&proc, 1002, "cloudflared access tcp --url localhost:5432", Some(own_server.address));
    shows(&proc, 1003, "ssh -R0:localhost:3000 a.pinggy.io", Some(own_server.address));
    shows(&proc, 1004, "tailscaled --state=x", None);
    shows(&proc, 1005, "devtunnel host mine", None);
    watched
        .knows(&[
            "https://blue-fox.trycloudflare.com (cloudflared)",
            "https://box.tail1.ts.net (Tailscale Funnel)",
            "https://d-8080.euw.devtunnels.ms leads to http://localhost:8080, not here (dev tunnels)",
        ])
        .await;
    while zrok.asked() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(own_server.asked(), 0);
    std::fs::remove_dir_all(&proc).unwrap();
    while watched.next().await != Tunnels::default() {}
}

#[tokio::test]
async fn what_is_given_learnt_or_started_needs_nobody_to_be_asked() {
    let toml =
        "cloudflared = false\ntailscale = false\nzrok = false\npinggy = false\ndevtunnel = false\ncodespaces = false";
    let given = TunnelPlaces { given: Some("https://mine.example".to_owned()), ..places(None, toml) };
    let mut watched = Watched::start(EAGER, given, Path::new("/nowhere"));
    watched.knows(&["https://mine.example (configured)"]).await;
    drop(watched);
    let mut watched = Watched::start(EAGER, places(None, toml), Path::new("/nowhere"));
    assert_eq!(watched.next().await, Tunnels::default());
    assert!(watched.hint.learns());
    watched.hint.learn("https://a.example".to_owned(), false);
    watched.knows(&["https://a.example (learnt from a delivery)"]).await;
    watched.hint.report(TunnelName::Bore, SourceAnswer::Unreadable("ended".to_owned()));
    let failed = watched.next().await;
    assert_eq!(failed.failed().count(), 1);
    assert_eq!(failed.lines()[1], "bore: ended");
}

#[tokio::test(start_paused = true)]
async fn in_the_long_run_it_wakes_once_a_minute() {
    let mut lookout = Lookout::new(PACES, places(Some("127.0.0.1:1".parse().unwrap()), ""), PathBuf::new()).unwrap();
    let start = Instant::now();
    let mut wakes = 0;
    while start.elapsed() < Duration::from_secs(3600) {
        let now = Instant::now();
        // What is asked brings nothing new.
        if let Some(schedule) = lookout.seen_next.as_mut().filter(|schedule| schedule.is_due(now)) {
            schedule.asked(now, false);
        }
        for (_, source) in lookout
            .sources
            .iter_mut()
            .filter(|(name, source)| **name == TunnelName::Ngrok && source.schedule.is_due(now))
        {
            source.schedule.asked(now, false);
        }
        let next = lookout.next().unwrap();
        assert!(next > now);
        wakes += 1;
        tokio::time::sleep_until(next).await;
    }
    assert!((60..=68).contains(&wakes), "{wakes}");
}

/// Each question costs two or three wakings more, for the connection and the response.
#[tokio::test(start_paused = true)]
async fn an_agent_that_answers_is_asked_every_four_minutes_in_the_long_run() {
    let agent = StandIn::of(&[("/api/endpoints", NGROK)]).await;
    let mut lookout = Lookout::new(PACES, places(Some(agent.address), ""), PathBuf::from("/nowhere")).unwrap();
    let start = Instant::now();
    let mut wakes = Vec::new();
    while start.elapsed() < Duration::from_secs(3600) {
        lookout.round().await;
        lookout.is_certain = lookout.known(&Hint::default()).is_certain();
        assert!(lookout.is_certain);
        wakes.push(start.elapsed().as_secs());
        tokio::time::sleep_until(lookout.next().unwrap()).await;
    }
    // It is noticed soon when it goes: every two seconds for two minutes.
    assert!(wakes.iter().filter(|at| **at <= 120).count() >= 55, "{wakes:?}");
    let late = wakes.iter().filter(|at| **at >= 1200).count();
    assert!((9..=12).contains(&late), "{wakes:?}");
}

#[test]
fn it_may_run_on_any_thread() {
    fn sent<T: Send + 'static>(_: T) {}
    sent(watch(places(None, ""), Hint::default(), |_| ()));
}
