//! The listener over real sockets, each test with a store of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::{Control, Listener, ListenerLimits};
use crate::config::{Keyring, Registry};
use crate::delivery::{Delivery, DeliveryId, Intake, Outcome, Verdict};
use crate::rules::{ActionKind, Override, RuleReader, RuleSet, TimedResponse};
use crate::server::listener::pace::Deadlines;
use crate::signature::{Scheme, Secret, SecretOrigin, sign};
use crate::store::{Location, Reader, Writer};

mod answering;
mod pace;

const BODY: &str = r#"{"event":"desktop.app_tracking.captured","version":"v1","simulation":true,"data":[{},{}]}"#;

struct Fixture {
    address: SocketAddr,
    control: Arc<Control>,
    location: Location,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn with(limits: ListenerLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let (_writer, handle) = Writer::start(&location, |_| {}).unwrap();
        let registry = Registry::new(Vec::new(), Keyring::new(vec![secret()]).unwrap(), Scheme::default());
        let control = Control::new(registry, RuleSet::default(), limits, handle);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let address = listener.address();
        control.set_place(location.clone(), address);
        tokio::spawn(listener.serve(Arc::clone(&control), stopping));
        Self { address, control, location, stop, _folder: folder }
    }

    async fn new() -> Self {
        Self::with(ListenerLimits::default()).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the listener closes.
    async fn talk(&self, bytes: &[u8]) -> String {
        let mut socket = self.connect().await;
        socket.write_all(bytes).await.unwrap();
        read_to_end(&mut socket).await
    }

    /// Waits for delivery `id` with its answer.
    async fn delivery(&self, id: i64) -> Delivery {
        for _ in 0..1000 {
            let reader = Reader::open(&self.location).unwrap();
            match reader.load(DeliveryId(id)).unwrap() {
                Some(delivery) if delivery.answer.is_some() => return delivery,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        panic!("delivery {id} did not come, or was never answered");
    }
}

fn quick() -> ListenerLimits {
    let deadlines = Deadlines {
        head: Duration::from_millis(150),
        body_idle: Duration::from_millis(150),
        keep_alive: Duration::from_millis(150),
        ..Deadlines::default()
    };
    ListenerLimits { deadlines, ..ListenerLimits::default() }
}

fn secret() -> Secret {
    Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Typed)
}

fn signed_head(body: &str, more: &str) -> String {
    let signature = sign(&secret(), b"1746123456", body.as_bytes());
    format!(
        "POST /webhooks/trackpilots HTTP/1.1\r\nhOST: x\r\nX-Webhook-Signature: {signature}\r\n\
         X-Webhook-Timestamp: 1746123456\r\n{more}\r\n"
    )
}

fn signed_request(body: &str, more: &str) -> String {
    signed_head(body, &format!("Content-Length: {}\r\n{more}", body.len())) + body
}

async fn read_to_end(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut answer)).await;
    read.expect("the listener closes").unwrap();
    String::from_utf8(answer).unwrap()
}

/// Reads one response with a Content-Length.
async fn read_response(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let mut byte = [0];
        socket.read_exact(&mut byte).await.unwrap();
        answer.push(byte[0]);
        if answer.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(answer).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.unwrap();
    head + std::str::from_utf8(&body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_delivery_is_kept_as_it_came_and_answered_as_documented() {
    let fixture = Fixture::new().await;
    let request = signed_request(BODY, "x-dup: 1\r\nX-Dup:  2\t\r\nConnection: close\r\n");
    let answer = fixture.talk(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nWebhook received and processed successfully"), "{answer}");

    let delivery = fixture.delivery(1).await;
    assert_eq!([&delivery.head[..], &delivery.body[..]].concat(), request.as_bytes());
    assert_eq!(delivery.summary.judgement.verdict, Verdict::Verified);
    assert_eq!(delivery.summary.judgement.secret.as_deref(), Some("dev"));
    assert_eq!(delivery.summary.event.items, Some(2));
    assert!(delivery.summary.event.is_simulation());
    let kept = delivery.answer.unwrap();
    assert_eq!((kept.status, kept.rule.as_str()), (200, "auto"));
    for (name, value) in &kept.headers {
        let line = format!("\r\n{name}: {}\r\n", String::from_utf8_lossy(value));
        assert!(answer.to_lowercase().contains(&line.to_lowercase()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_wrong_signatures_are_answered_as_documented() {
    let fixture = Fixture::new().await;
    let answer = fixture.talk(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\nMissing signature"), "{answer}");
    let wrong = signed_request(BODY, "Connection: close\r\n").replace("v1", "v2");
    let answer = fixture.talk(wrong.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.ends_with("\r\n\r\nInvalid signature"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_told_apart() {
    let fixture = Fixture::new().await;
    let bodies = ["first", "", "third, a little longer"];
    let mut wire = String::from("\r\n");
    for body in bodies {
        wire += &signed_request(body, &format!("X-Number: {}\r\n", body.len()));
    }
    wire += "GET /last?x=%1b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = fixture.talk(wire.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400 ").count(), 1, "{answer}");
    for (id, body) in (1..).zip(bodies) {
        let delivery = fixture.delivery(id).await;
        let request = signed_request(body, &format!("X-Number: {}\r\n", body.len()));
        // The empty line before the first is kept with it.
        let before = if id == 1 { "\r\n" } else { "" };
        assert_eq!([&delivery.head[..], &delivery.body[..]].concat(), format!("{before}{request}").as_bytes());
        assert_eq!(delivery.summary.judgement.verdict, Verdict::Verified);
    }
    assert_eq!(fixture.delivery(4).await.summary.path, "/last?x=%1b");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_dribbles_in_over_keep_alive_is_whole() {
    let fixture = Fixture::new().await;
    let mut socket = fixture.connect().await;
    for round in 1..=2 {
        let request = signed_request(BODY, "");
        for piece in request.as_bytes().chunks(17) {
            socket.write_all(piece).await.unwrap();
            socket.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(read_response(&mut socket).await.starts_with("HTTP/1.1 200 OK"));
        let delivery = fixture.delivery(round).await;
        assert_eq!([&delivery.head[..], &delivery.body[..]].concat(), request.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_joined_and_the_signature_covers_what_they_carry() {
    let fixture = Fixture::new().await;
    let head = signed_head(BODY, "Transfer-Encoding: chunked\r\nTrailer: X\r\n");
    let (one, two) = BODY.split_at(30);
    let wire = format!("{head}{:x};a=b\r\n{one}\r\n{:X}\r\n{two}\r\n0\r\nX: y\r\n\r\n", one.len(), two.len());
    let next = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = fixture.talk(format!("{wire}{next}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let delivery = fixture.delivery(1).await;
    assert_eq!((&delivery.head[..], &delivery.body[..]), (head.as_bytes(), BODY.as_bytes()));
    assert_eq!([&delivery.head[..], &delivery.body_section()[..]].concat(), wire.as_bytes());
    assert_eq!(fixture.delivery(2).await.summary.method, "GET");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_whole() {
    let fixture = Fixture::new().await;
    let body = format!("{{\"x\":\"{}\"}}", "long ".repeat(600_000));
    let answer = fixture.talk(signed_request(&body, "Connection: close\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(fixture.delivery(1).await.body, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_waits_for_100_continue_gets_it() {
    let fixture = Fixture::new().await;
    let mut socket = fixture.connect().await;
    let head = signed_head(BODY, &format!("Content-Length: {}\r\nExpect: 100-continue\r\n", BODY.len()));
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(BODY.as_bytes()).await.unwrap();
    assert!(read_response(&mut socket).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_closes_its_half_still_gets_its_answers() {
    let fixture = Fixture::new().await;
    let mut socket = fixture.connect().await;
    let two = signed_request(BODY, "") + &signed_request("again", "");
    socket.write_all(two.as_bytes()).await.unwrap();
    socket.shutdown().await.unwrap();
    let answer = read_to_end(&mut socket).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
}

#[rstest]
#[case::both_lengths("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
#[case::differing_lengths("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400)]
#[case::folded("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400)]
#[case::space_before_colon("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400)]
#[case::nul("GET / HTTP/1.1\r\nHost: x\r\nA: \u{0}\r\n\r\n", 400)]
#[case::esc("GET / HTTP/1.1\r\nHost: x\r\nA: \u{1b}[31m\r\n\r\n", 400)]
#[case::h2c("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)]
#[case::tls("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400)]
#[case::noise("\u{1}\u{2}\u{3}\u{4}", 400)]
#[case::target_that_is_no_uri("GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_and_kept(#[case] bytes: &str, #[case] status: u16) {
    let fixture = Fixture::new().await;
    let answer = fixture.talk(bytes.as_bytes()).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let delivery = fixture.delivery(1).await;
    assert!(matches!(delivery.summary.intake, Intake::Malformed(_)), "{:?}", delivery.summary.intake);
    assert_eq!(delivery.summary.judgement.verdict, Verdict::NotJudged);
    assert!(bytes.as_bytes().starts_with(&delivery.head), "{:?}", delivery.head);
    assert_eq!(delivery.answer.unwrap().status, status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_before_a_malformed_one_gets_its_answer() {
    let fixture = Fixture::new().await;
    let wire = signed_request(BODY, "") + "BAD\u{1}\r\n\r\n";
    let answer = fixture.talk(wire.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("HTTP/1.1 400 Bad Request"), "{answer}");
    assert!(fixture.delivery(1).await.summary.intake.is_complete());
    assert_eq!(fixture.delivery(2).await.head.bytes(), "BAD\u{1}\r\n\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_chunk_size_is_malformed() {
    let fixture = Fixture::new().await;
    let wire = signed_head(BODY, "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\nxyz\r\n";
    let answer = fixture.talk(wire.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let delivery = fixture.delivery(1).await;
    let Intake::Malformed(reason) = &delivery.summary.intake else { panic!("{:?}", delivery.summary.intake) };
    assert!(reason.contains("chunk size"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_long_heads_and_targets_are_refused_with_their_own_status() {
    let fixture = Fixture::new().await;
    let long_head = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "b".repeat(600_000));
    assert!(fixture.talk(long_head.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let long_target = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "b".repeat(70_000));
    assert!(fixture.talk(long_target.as_bytes()).await.starts_with("HTTP/1.1 414 "));
    assert_eq!(fixture.delivery(2).await.answer.unwrap().status, 414);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_and_its_beginning_kept() {
    let fixture = Fixture::with(ListenerLimits { body_bytes: 100_000, ..ListenerLimits::default() }).await;
    let body = "x".repeat(2_000_000);
    let answer = fixture.talk(signed_request(&body, "").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let delivery = fixture.delivery(1).await;
    assert!(matches!(delivery.summary.intake, Intake::TooLarge(_)));
    assert!(delivery.body.len() <= 64 * 1024 && delivery.body.iter().all(|byte| *byte == b'x'));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_at_the_deadline_and_is_kept() {
    let fixture = Fixture::with(quick()).await;
    let mut silent = fixture.connect().await;
    assert!(read_to_end(&mut silent).await.starts_with("HTTP/1.1 408 "));
    assert!(matches!(fixture.delivery(1).await.summary.intake, Intake::Incomplete(_)));

    let answer = fixture.talk(b"POST / HTTP/1.1\r\nHos").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let delivery = fixture.delivery(2).await;
    assert_eq!(delivery.head.bytes(), "POST / HTTP/1.1\r\nHos");

    let half = signed_head(BODY, &format!("Content-Length: {}\r\n", BODY.len())) + &BODY[..10];
    let answer = fixture.talk(half.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let delivery = fixture.delivery(3).await;
    assert!(matches!(delivery.summary.intake, Intake::Truncated(_)), "{:?}", delivery.summary.intake);
    assert_eq!(delivery.body, &BODY[..10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_head_ends_at_the_deadline() {
    let fixture = Fixture::with(quick()).await;
    let mut socket = fixture.connect().await;
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let (mut reading, mut writing) = socket.split();
    let drip = async {
        // One header every 20 ms for at most ten seconds; each would restart an idle timer.
        for _ in 0..500 {
            if writing.write_all(b"A: b\r\n").await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        read = reading.read_to_end(&mut answer) => drop(read),
        () = drip => {}
    }
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_closes_without_a_record() {
    let fixture = Fixture::with(quick()).await;
    let answer = fixture.talk(signed_request(BODY, "").as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    fixture.delivery(1).await;
    assert_eq!(Reader::open(&fixture.location).unwrap().count().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_within_the_head_is_kept_and_a_mere_knock_is_not() {
    let fixture = Fixture::new().await;
    drop(fixture.connect().await);
    let mut socket = fixture.connect().await;
    socket.write_all(b"POST / HT").await.unwrap();
    drop(socket);
    let delivery = fixture.delivery(1).await;
    assert_eq!(delivery.head.bytes(), "POST / HT");
    assert_eq!(delivery.answer.unwrap().outcome, Outcome::SenderGone);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_can_be_changed_while_running() {
    let fixture = Fixture::new().await;
    let mut socket = fixture.connect().await;
    for (policy, status) in [("503", "503"), ("429", "429"), ("auto", "200")] {
        fixture
            .control
            .set_override(Some(Override { action: RuleReader::default().action(policy).unwrap(), once: false }));
        socket.write_all(signed_request(BODY, "").as_bytes()).await.unwrap();
        let answer = read_response(&mut socket).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.contains("\r\nretry-after: 30\r\n"), status == "429", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_received_that_is_not_on_disk() {
    let fixture = Fixture::new().await;
    std::fs::remove_file(fixture.location.file()).unwrap();
    let answer = fixture.talk(signed_request(BODY, "Connection: close\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: "), "{answer}");
    assert_eq!(fixture.control.stats().snapshot().not_kept, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_past_the_bound_are_told_to_come_back() {
    let fixture = Fixture::with(ListenerLimits { connections: 1, ..ListenerLimits::default() }).await;
    let held = Some(Override { action: RuleReader::default().action("hold").unwrap(), once: true });
    fixture.control.set_override(held);
    let mut first = fixture.connect().await;
    first.write_all(signed_request(BODY, "").as_bytes()).await.unwrap();
    while fixture.control.held().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let answer = read_to_end(&mut fixture.connect().await).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert_eq!(fixture.control.stats().snapshot().refused, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_closes_the_door_and_idle_connections() {
    let fixture = Fixture::new().await;
    let mut idle = fixture.connect().await;
    idle.write_all(signed_request(BODY, "").as_bytes()).await.unwrap();
    read_response(&mut idle).await;
    fixture.stop.send(true).unwrap();
    assert_eq!(read_to_end(&mut idle).await, "");
}
