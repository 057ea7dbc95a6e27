use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::*;

/// Asks at once again, and never gives up on a slow machine.
const EAGER: Pace =
    Pace { shortest: Duration::from_millis(5), longest: Duration::from_millis(5), limit: Duration::from_secs(60) };

const LIST: &str = r#"{"tunnels":[{"public_url":"https://a.ngrok.app","config":{"addr":"http://localhost:3000"}}]}"#;

fn answer(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into()
}

fn ours() -> TunnelState {
    TunnelState::Ours { public_url: "https://a.ngrok.app".to_owned(), others: Vec::new() }
}

/// A server of fixed bytes, as an agent or anything else at its port.
struct Server {
    reply: Arc<Mutex<Reply>>,
    asked: Arc<AtomicUsize>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Clone)]
enum Reply {
    Bytes(Vec<u8>),
    /// Those of an agent that has only tunnels.
    OldBytes(Vec<u8>),
    /// After these bytes, `x` for as long as they are taken.
    Endless(Vec<u8>),
    Silence,
}

impl Server {
    async fn start(address: SocketAddr, reply: Reply) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (reply, asked) = (Arc::new(Mutex::new(reply)), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(serve(listener, reply.clone(), asked.clone()));
        Self { reply, asked, address, task }
    }

    fn now_replies(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Frees the port.
    async fn stop(self) -> SocketAddr {
        self.task.abort();
        let _ = self.task.await;
        self.address
    }
}

async fn serve(listener: TcpListener, reply: Arc<Mutex<Reply>>, asked: Arc<AtomicUsize>) {
    // Children end with this task, so that stopping it closes every connection.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let reply = reply.lock().unwrap().clone();
        let asked = asked.clone();
        connections.spawn(async move {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => return,
                }
            }
            asked.fetch_add(1, Ordering::SeqCst);
            let is_new = request.starts_with(b"GET /api/endpoints HTTP/1.1\r\n");
            assert!(is_new || request.starts_with(b"GET /api/tunnels HTTP/1.1\r\n"));
            match reply {
                Reply::OldBytes(_) if is_new => {
                    let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
                }
                Reply::OldBytes(bytes) => drop(stream.write_all(&bytes).await),
                Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
                Reply::Silence => std::future::pending().await,
                Reply::Endless(head) => {
                    let _ = stream.write_all(&head).await;
                    while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
                }
            }
        });
    }
}

struct Watched {
    states: UnboundedReceiver<TunnelState>,
    task: JoinHandle<()>,
    hint: Hint,
}

impl Watched {
    fn start(pace: Pace, agent: SocketAddr) -> Self {
        let (sender, states) = unbounded_channel();
        let hint = Hint::default();
        let task = tokio::spawn(watch_at(pace, agent, 3000, hint.clone(), move |state| drop(sender.send(state))));
        Self { states, task, hint }
    }

    async fn next(&mut self) -> TunnelState {
        tokio::time::timeout(Duration::from_secs(60), self.states.recv()).await.unwrap().unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

#[tokio::test]
async fn an_agent_comes_changes_and_goes() {
    let address = Server::start(ANY_PORT, Reply::Silence).await.stop().await;
    let mut watched = Watched::start(EAGER, address);
    assert_eq!(watched.next().await, TunnelState::None);
    let agent = Server::start(address, Reply::Bytes(answer("{\"tunnels\":[]}"))).await;
    assert_eq!(watched.next().await, TunnelState::NoTunnel);
    agent.now_replies(Reply::Bytes(answer(LIST)));
    assert_eq!(watched.next().await, ours());
    agent.now_replies(Reply::Bytes(answer(&LIST.replace("3000", "8080"))));
    let TunnelState::Elsewhere { port, .. } = watched.next().await else { panic!() };
    assert_eq!(port, Some(8080));
    agent.stop().await;
    // A question that the end cuts short may say so first.
    loop {
        match watched.next().await {
            TunnelState::None => break,
            TunnelState::Unreadable(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_agent_without_endpoints_is_asked_for_its_tunnels() {
    let server = Server::start(ANY_PORT, Reply::OldBytes(answer(LIST))).await;
    let mut agent = Agent::at(server.address, EAGER.limit).unwrap();
    assert_eq!(agent.ask(3000).await, ours());
    assert_eq!(server.asked.load(Ordering::SeqCst), 2);
    // From then on in one question.
    assert_eq!(agent.ask(3000).await, ours());
    assert_eq!(server.asked.load(Ordering::SeqCst), 3);
    // A newer agent in its place.
    let body = r#"{"endpoints":[{"url":"https://b.ngrok.app","upstream":{"url":"http://localhost:3000"}}]}"#;
    server.now_replies(Reply::Bytes(answer(body)));
    let TunnelState::Ours { public_url, .. } = agent.ask(3000).await else { panic!() };
    assert_eq!(public_url, "https://b.ngrok.app");
}

#[tokio::test]
async fn only_changes_are_reported() {
    let agent = Server::start(ANY_PORT, Reply::Bytes(answer(LIST))).await;
    let mut watched = Watched::start(EAGER, agent.address);
    assert_eq!(watched.next().await, ours());
    let before = agent.asked.load(Ordering::SeqCst);
    while agent.asked.load(Ordering::SeqCst) < before + 5 {
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
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(), "status 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n".to_vec(), "status 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec(), "broken body"),
    ];
    for (bytes, expected) in cases {
        let agent = Server::start(ANY_PORT, Reply::Bytes(bytes)).await;
        let state = Agent::at(agent.address, EAGER.limit).unwrap().ask(3000).await;
        let TunnelState::Unreadable(reason) = state else { panic!("{expected}: {state:?}") };
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
        let agent = Server::start(ANY_PORT, Reply::Endless(head.into())).await;
        let state = Agent::at(agent.address, EAGER.limit).unwrap().ask(3000).await;
        assert!(matches!(state, TunnelState::Unreadable(_)), "{state:?}");
    }
}

#[tokio::test]
async fn a_silent_agent_is_given_up() {
    let agent = Server::start(ANY_PORT, Reply::Silence).await;
    let pace = Pace { limit: Duration::from_millis(50), ..EAGER };
    let mut watched = Watched::start(pace, agent.address);
    // Where even connecting takes long, that comes first.
    let reason = loop {
        if let TunnelState::Unreadable(reason) = watched.next().await {
            break reason;
        }
    };
    assert!(reason.ends_with("did not answer within 50ms"), "{reason}");
}

#[tokio::test]
async fn it_does_not_ask_this_listener() {
    let (sender, mut states) = unbounded_channel();
    let agent: SocketAddr = "127.0.0.1:3000".parse().unwrap();
    watch(agent, 3000, Hint::default(), move |state| drop(sender.send(state))).await;
    assert!(matches!(states.recv().await, Some(TunnelState::Unreadable(reason)) if reason.contains("itself")));
    assert_eq!(states.recv().await, None);
}

#[tokio::test]
async fn a_hint_shortens_the_wait_for_an_agent() {
    let address = Server::start(ANY_PORT, Reply::Silence).await.stop().await;
    let pace = Pace { shortest: Duration::from_millis(1), longest: Duration::from_secs(3600), ..EAGER };
    let mut watched = Watched::start(pace, address);
    assert_eq!(watched.next().await, TunnelState::None);
    // By now it waits for long.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let server = Server::start(address, Reply::Bytes(answer(LIST))).await;
    watched.hint.give();
    assert_eq!(watched.next().await, ours());
    drop(server);
}

#[test]
fn questions_are_further_and_further_apart() {
    let seconds: Vec<u64> = (0..8).map(|unanswered| PACE.pause_after(unanswered).as_secs()).collect();
    assert_eq!(seconds, [2, 2, 4, 8, 16, 30, 30, 30]);
    assert_eq!(PACE.pause_after(u32::MAX), PACE.longest);
    for state in [TunnelState::None, TunnelState::Unreadable(String::new())] {
        assert!(!is_answer(&state));
    }
    assert!(is_answer(&TunnelState::NoTunnel) && is_answer(&ours()));
}

#[test]
fn it_may_run_on_any_thread() {
    fn sent<T: Send + 'static>(_: T) {}
    sent(watch(ANY_PORT, 3000, Hint::default(), |_| ()));
}
