//! The client against sockets on the loopback interface.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair};
use rstest::rstest;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::delivery::{Delivery, DeliveryId, EventFacts, Intake, Judgement, Summary, Verdict};
use crate::http::{
    BodyEnd, Client, ClientLimits, Head, HeaderLine, HttpResponse, Outgoing, RequestChange, SendError, SendStage, Sent,
    Target, TlsFault, TlsOptions, WireFraming,
};
use crate::signature::Scheme;

/// Short enough for a test that waits for it, long enough for a busy machine to do the rest.
const SHORT: Duration = Duration::from_secs(1);

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(future)
}

/// A server for one connection, on a thread of its own.
fn serve(each: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || each(listener.accept().unwrap().0));
    address
}

/// Reads a whole request: head, and as much body as its Content-Length says.
fn read_request(stream: &mut impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = crate::http::head_end(&bytes, 0) else {
            assert!(count > 0, "the request broke off");
            continue;
        };
        let head = Head::from(bytes[..end].to_vec());
        let length = head.value("Content-Length").map_or(0, |value| String::from_utf8_lossy(value).parse().unwrap());
        if bytes.len() >= end + length || count == 0 {
            return bytes;
        }
    }
}

/// Answers one request with these bytes, closes, and returns what was received.
fn answer(response: &'static [u8]) -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let (sender, received) = mpsc::channel();
    let address = serve(move |mut stream| {
        let request = read_request(&mut stream);
        let _ = stream.write_all(response);
        let _ = stream.shutdown(Shutdown::Write);
        sender.send(request).unwrap();
    });
    (address, received)
}

fn target(address: SocketAddr) -> Target {
    format!("http://{address}/hook").parse().unwrap()
}

fn limits() -> ClientLimits {
    ClientLimits { body_bytes: 100_000, ..ClientLimits::default() }
}

fn sent(target: &Target, limits: &ClientLimits) -> Sent {
    let request = Outgoing::post(target, r#"{"a":1}"#).unwrap();
    sent_as(&Client::new(&TlsOptions::default()).unwrap(), target, &request, limits)
}

fn sent_as(client: &Client, target: &Target, request: &Outgoing, limits: &ClientLimits) -> Sent {
    run(client.send(target, request, limits, &CancellationToken::new()))
}

fn reply(response: &'static [u8]) -> Result<HttpResponse, SendError> {
    let (address, _received) = answer(response);
    sent(&target(address), &limits()).result
}

fn delivery(head: &[u8], body: Bytes) -> Delivery {
    let head = Bytes::copy_from_slice(head);
    let summary = Summary {
        id: DeliveryId(7),
        received_at: Timestamp::UNIX_EPOCH,
        remote: "127.0.0.1:1".to_owned(),
        method: "POST".to_owned(),
        path: "/hook".to_owned(),
        webhook: None,
        intake: Intake::Complete,
        event: EventFacts::default(),
        judgement: Judgement::bare(Verdict::NoSecret),
        body_bytes: body.len() as u64,
        framing_bytes: 0,
        cause: None,
        marks: crate::delivery::Marks::default(),
        image: None,
        answer: None,
    };
    Delivery { summary, head: head.into(), body, framing: WireFraming::NONE, answer: None }
}

#[test]
fn the_bytes_arrive_as_they_stand() {
    let (address, received) = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let target: Target = format!("http://{address}").parse().unwrap();
    let mut head =
        format!("POST /a%20b?x=\u{e9} HTTP/1.1\r\nhOsT: {address}\r\nX-One:  spaced \t\r\nx-one:two\r\n").into_bytes();
    head.extend_from_slice(
        b"X-Bytes: \xff\xfe\x80\r\nX-Empty:\r\nConnection: close\r\nContent-Length: 5242880\r\n\r\n",
    );
    let body = Bytes::from((0..5 * 1024 * 1024_u32).map(|number| (number * 7 % 251) as u8).collect::<Vec<u8>>());
    let (request, changes) = as_captured(&delivery(&head, body.clone()), &target).unwrap();
    assert_eq!(changes, []);
    let sent = sent_as(&Client::new(&TlsOptions::default()).unwrap(), &target, &request, &limits());
    assert_eq!(sent.result.unwrap().body, "ok");
    assert!(received.recv().unwrap() == [&head[..], &body].concat(), "not byte for byte");
    assert_eq!(sent.peer, Some(address));
    assert!(sent.latency.connect.is_some() && sent.latency.first_byte.is_some() && sent.latency.tls.is_none());
}

#[test]
fn only_what_would_be_wrong_is_changed_and_said() {
    let head = b"POST /hook HTTP/1.1\nhost: abc.ngrok-free.app\nTE: trailers\nX-Sig: 1\ntransfer-encoding: chunked\n\
                 Connection: close, X-Hop\nX-Hop: 1\nX-Sig: 2\nContent-Type: application/json\n\n";
    let target: Target = "http://localhost:4000/other?x".parse().unwrap();
    let (request, changes) = as_captured(&delivery(head, Bytes::from_static(b"{}")), &target).unwrap();
    let expected = "POST /other?x HTTP/1.1\r\nhost: localhost:4000\r\nX-Sig: 1\r\nContent-Length: 2\r\nX-Sig: 2\r\n\
                    Content-Type: application/json\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&request.head()), expected);
    let codes: Vec<_> = changes.iter().map(RequestChange::code).collect();
    assert_eq!(codes, ["target", "line_ends", "removed", "removed", "removed", "host", "unchunked"]);
    let words: Vec<_> = changes.iter().map(RequestChange::words).collect();
    assert!(words.contains(&"Host abc.ngrok-free.app → localhost:4000".to_owned()), "{words:?}");

    // What no server is asked for is refused, whatever path the URL brings; told to be exact, it goes as received.
    for (line, urls) in [
        ("CONNECT example.com:443", &["http://localhost:4000", "http://localhost:4000/x"][..]),
        ("GET example.com:443", &["http://localhost:4000"]),
    ] {
        let kept = delivery(format!("{line} HTTP/1.1\r\nHost: example.com\r\n\r\n").as_bytes(), Bytes::new());
        for url in urls {
            let error = as_captured(&kept, &url.parse().unwrap()).unwrap_err();
            assert!(error.to_string().contains("--exact"), "{error}");
        }
        assert_eq!(exact(&kept).head(), kept.head);
    }
    // All that came of what was no request was kept as its head: what was sent after it is a body all the same.
    let malformed = delivery(b"POST /a#frag HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", Bytes::new());
    let request = exact(&malformed);
    assert_eq!((&request.body[..], request.head().bytes().ends_with(b"\r\n\r\n")), (&b"hi"[..], true));
    assert_eq!([&request.head().bytes()[..], &request.body].concat(), malformed.head.bytes()[..]);
    let kept = delivery(b"POST http://evil.example/a?b HTTP/1.1\r\nHost: good.example\r\n\r\n", Bytes::new());
    let own_path: Target = "http://localhost:4000".parse().unwrap();
    let (request, changes) = as_captured(&kept, &own_path).unwrap();
    assert_eq!(request.head().bytes(), "POST /a?b HTTP/1.1\r\nHost: localhost:4000\r\n\r\n");
    assert_eq!(changes[0].words(), "target http://evil.example/a?b → /a?b");

    let mut partial = delivery(head, Bytes::new());
    partial.summary.intake = Intake::Truncated("3 of 9 bytes".to_owned());
    let error = as_captured(&partial, &target).unwrap_err().to_string();
    assert!(error.contains("truncated: 3 of 9 bytes"), "{error}");
}

proptest! {
    #[test]
    fn whatever_was_kept_goes_out_as_one_request(
        lines in proptest::collection::vec(
            prop_oneof![
                "(host|content-length|transfer-encoding|connection|te|x-[a-z]): ?[a-z0-9, ]{0,8}",
                "\\PC{0,12}",
                "[\\x00-\\xff]{0,12}",
            ],
            0..8,
        ),
        end in "\r?\n",
        body in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let head = format!("POST /x HTTP/1.1{end}{}{end}{end}", lines.join(&end));
        let kept = delivery(head.as_bytes(), Bytes::from(body));
        let target: Target = "http://localhost:1/".parse().unwrap();
        let (request, _) = as_captured(&kept, &target).unwrap();
        let head = request.head();
        prop_assert_eq!(crate::http::head_end(&head, 0), Some(head.len()));
        let parsed = &head;
        prop_assert_eq!(parsed.fields().count(), request.lines.len());
        prop_assert_eq!(parsed.values("Host").collect::<Vec<_>>(), [b"localhost:1"]);
        prop_assert_eq!(parsed.values("Transfer-Encoding").count(), 0);
        let lengths: Vec<_> = parsed.values("Content-Length").map(|length| String::from_utf8_lossy(length).into_owned()).collect();
        prop_assert!(lengths.iter().all(|length| *length == kept.body.len().to_string()), "{:?}", lengths);
        prop_assert!(!lengths.is_empty() || kept.body.is_empty());
    }
}

#[test]
fn nothing_smuggles_a_line() {
    for (name, value) in [("A", "b\r\nC: d"), ("A\r\nB", "c"), ("", "x"), ("A:", "x"), ("A", "\0")] {
        assert!(HeaderLine::new(name, value).is_err(), "{name:?}: {value:?}");
    }
    let lines = ["no colon", "", ": x", " A: b", "\tA: b", "A : b", "A\t: b", " : b", "A B: c", "A: b\r\n C", "A: b\n"];
    for line in lines {
        assert!(HeaderLine::raw(Bytes::from_static(line.as_bytes())).is_err(), "{line:?}");
    }
    for line in ["A:b", "A: b", "A: \t b c\t ", "A:"] {
        assert!(HeaderLine::raw(Bytes::from_static(line.as_bytes())).is_ok(), "{line:?}");
    }
}

#[test]
fn a_redirect_is_shown_and_not_followed() {
    let (address, _received) = answer(
        b"HTTP/1.1 308 Permanent Redirect\r\nLocation: http://127.0.0.1:1/\x1b[31m\r\nContent-Length: 0\r\n\r\n",
    );
    let target = target(address);
    let request = Outgoing::post(&target, "{}").unwrap();
    let sent = sent_as(&Client::new(&TlsOptions::default()).unwrap(), &target, &request, &limits());
    let origin = Origin {
        delivery: None,
        kind: crate::delivery::AttemptKind::Simulation,
        mode: crate::delivery::AttemptMode::Made,
    };
    let attempt = attempt(origin, &target, &request, None, sent);
    let text = attempt_text(&attempt, &request.body, &Scheme::default());
    assert!(text.contains("308 Permanent Redirect, not followed: http://127.0.0.1:1/␛[31m"), "{text}");
    assert!(text.contains("Simulation failed") && text.contains("Result            Failed"), "{text}");
}

#[test]
fn endless_and_large_responses_stop() {
    let endless = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    let large = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
        for _ in 0..1600 {
            let _ = stream.write_all(&[b'x'; 65536]);
        }
    });
    for address in [endless, large] {
        let reply = sent(&target(address), &limits()).result.unwrap();
        assert_eq!((reply.status, reply.body.len(), reply.end), (200, 100_000, BodyEnd::Limit));
    }
}

#[test]
fn a_response_before_the_whole_request_is_taken() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 100]);
        let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        // Kept open and unread until the client hangs up, so that no reset takes the response away.
        std::thread::sleep(SHORT);
    });
    let target = target(address);
    let request = Outgoing::post(&target, vec![b'x'; 30_000_000]).unwrap();
    let sent = sent_as(&Client::new(&TlsOptions::default()).unwrap(), &target, &request, &limits());
    assert_eq!(sent.result.unwrap().status, 413);
}

#[rstest]
#[case(b"SSH-2.0-OpenSSH_9.6\r\n", "not_http")]
#[case(b"\x1b[31m garbage \x00\xff", "not_http")]
#[case(b"HTTP/1.1 nope\r\n\r\n", "not_http")]
#[case(b"", "closed_early")]
#[case(b"HTTP/1.1 200 OK\r\nX: y\r\n", "closed_early")]
fn what_is_no_response_is_told(#[case] response: &'static [u8], #[case] code: &str) {
    let error = reply(response).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(!error.to_string().chars().any(crate::text::is_hidden) && !error.advice().is_empty());
}

#[test]
fn an_endless_head_stops() {
    let address = serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ");
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    });
    assert_eq!(sent(&target(address), &limits()).result, Err(SendError::HeadTooLong { limit: 65536 }));
}

#[test]
fn nobody_there_is_refused() {
    // A port that was free a moment ago; on the loopback interface nobody else takes it.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sent = sent(&target(address), &limits());
    assert_eq!(sent.result, Err(SendError::Refused { peer: address }));
    assert_eq!(sent.peer, None);
}

#[test]
fn a_name_without_an_address_is_told() {
    // RFC 6761, section 6.4: "invalid" never has one.
    let error = sent(&"http://whyhook.invalid/".parse().unwrap(), &limits()).result.unwrap_err();
    assert!(matches!(error.code(), "name_not_resolved" | "timeout_connect"), "{error}");
}

/// A server that writes this when somebody connects, and then falls silent.
fn silent_after(beginning: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| {
        let _ = stream.write_all(beginning);
        std::thread::sleep(SHORT * 20);
    })
}

#[test]
fn a_silent_endpoint_is_waited_for_so_long() {
    let short = ClientLimits { first_byte: SHORT, ..limits() };
    let error = sent(&target(silent_after(b"")), &short).result.unwrap_err();
    assert_eq!(error, SendError::Timeout { stage: SendStage::FirstByte, after: SHORT });
}

#[test]
fn a_handshake_is_waited_for_so_long() {
    let tls: Target = format!("https://{}/", silent_after(b"")).parse().unwrap();
    let error = sent(&tls, &ClientLimits { tls: SHORT, ..limits() }).result.unwrap_err();
    assert_eq!(error, SendError::Timeout { stage: SendStage::Tls, after: SHORT });
}

#[test]
fn half_a_head_is_waited_for_so_long() {
    let target = target(silent_after(b"HTTP/1.1 200 OK\r\nX: "));
    let error = sent(&target, &ClientLimits { whole: SHORT, ..limits() }).result.unwrap_err();
    assert_eq!(error, SendError::Timeout { stage: SendStage::Head, after: SHORT });
}

#[test]
fn an_endpoint_that_does_not_read_is_waited_for_so_long() {
    let target = target(silent_after(b""));
    let large = Outgoing::post(&target, vec![b'x'; 50_000_000]).unwrap();
    let client = Client::new(&TlsOptions::default()).unwrap();
    let error = sent_as(&client, &target, &large, &ClientLimits { whole: SHORT, ..limits() }).result.unwrap_err();
    assert_eq!(error, SendError::Timeout { stage: SendStage::Request, after: SHORT });
}

#[test]
fn half_a_body_is_a_response_that_did_not_end() {
    let target = target(silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
    let reply = sent(&target, &ClientLimits { whole: SHORT, ..limits() }).result.unwrap();
    assert_eq!((reply.status, &reply.body[..], reply.end), (200, &b"half"[..], BodyEnd::TimedOut));
}

#[test]
fn cancelling_ends_it() {
    let address = serve(|_stream| std::thread::sleep(Duration::from_secs(5)));
    let (target, cancel, limits) = (target(address), CancellationToken::new(), limits());
    let request = Outgoing::post(&target, "{}").unwrap();
    let client = Client::new(&TlsOptions::default()).unwrap();
    let result = run(async {
        let cancelling = async {
            tokio::task::yield_now().await;
            cancel.cancel();
        };
        tokio::join!(client.send(&target, &request, &limits, &cancel), cancelling).0
    });
    assert_eq!(result.result, Err(SendError::Cancelled));
}

/// A TLS server with a certificate of these parameters; returns its address and the certificate.
fn serve_tls(change: impl FnOnce(&mut CertificateParams)) -> (SocketAddr, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let pem = certificate.pem();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let address = serve(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let mut buffer = [0; 1000];
        if stream.read(&mut buffer).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (address, pem)
}

fn sent_tls(host: &str, address: SocketAddr, options: &TlsOptions) -> Result<HttpResponse, SendError> {
    let target: Target = format!("https://{host}:{}/", address.port()).parse().unwrap();
    let request = Outgoing::post(&target, "{}").unwrap();
    let sent = sent_as(&Client::new(options).unwrap(), &target, &request, &limits());
    assert_eq!(sent.latency.tls.is_some(), sent.result.is_ok());
    sent.result
}

fn trusting(pem: &str) -> (tempfile::NamedTempFile, TlsOptions) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    let options = TlsOptions { ca_file: Some(file.path().to_owned()), insecure: false };
    (file, options)
}

fn fault(result: Result<HttpResponse, SendError>) -> TlsFault {
    match result {
        Err(SendError::Tls { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_must_be_trusted_or_named() {
    let (address, _) = serve_tls(|_| ());
    assert_eq!(fault(sent_tls("127.0.0.1", address, &TlsOptions::default())), TlsFault::UnknownIssuer);
    let (address, _) = serve_tls(|_| ());
    let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
    assert_eq!(sent_tls("127.0.0.1", address, &insecure).unwrap().body, "secret");
    let (address, pem) = serve_tls(|_| ());
    let (_file, options) = trusting(&pem);
    assert_eq!(sent_tls("localhost", address, &options).unwrap().body, "secret");
}

/// As `openssl req -x509` makes them.
fn an_authority(params: &mut CertificateParams) {
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
}

#[test]
fn a_self_signed_authority_may_be_named_too() {
    let (address, _) = serve_tls(an_authority);
    assert_eq!(fault(sent_tls("127.0.0.1", address, &TlsOptions::default())), TlsFault::UnknownIssuer);
    let (address, pem) = serve_tls(an_authority);
    let (_file, options) = trusting(&pem);
    assert_eq!(sent_tls("127.0.0.1", address, &options).unwrap().body, "secret");
    // Another one than that which was named, another name, and one that has expired.
    let (address, _) = serve_tls(an_authority);
    assert_eq!(fault(sent_tls("127.0.0.1", address, &options)), TlsFault::UnknownIssuer);
    let (address, pem) = serve_tls(|params| {
        an_authority(params);
        params.subject_alt_names = CertificateParams::new(vec!["other.example".to_owned()]).unwrap().subject_alt_names;
    });
    let (_file, options) = trusting(&pem);
    assert_eq!(fault(sent_tls("127.0.0.1", address, &options)), TlsFault::WrongName);
    let (address, pem) = serve_tls(|params| {
        an_authority(params);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    let (_file, options) = trusting(&pem);
    assert_eq!(fault(sent_tls("127.0.0.1", address, &options)), TlsFault::Expired);
}

#[test]
fn an_expired_certificate_or_another_name_is_told() {
    let (address, pem) = serve_tls(|params| {
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    let (_file, options) = trusting(&pem);
    assert_eq!(fault(sent_tls("127.0.0.1", address, &options)), TlsFault::Expired);
    let (address, pem) = serve_tls(|params| {
        params.subject_alt_names = CertificateParams::new(vec!["other.example".to_owned()]).unwrap().subject_alt_names
    });
    let (_file, options) = trusting(&pem);
    assert_eq!(fault(sent_tls("127.0.0.1", address, &options)), TlsFault::WrongName);
}

#[test]
fn plain_http_where_tls_was_asked_for_is_told() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    assert_eq!(fault(sent_tls("127.0.0.1", address, &TlsOptions::default())), TlsFault::NotTls);
}

#[test]
fn a_certificate_file_that_is_none_is_told() {
    for content in ["", "nonsense"] {
        let (_file, options) = trusting(content);
        let error = Client::new(&options).unwrap_err().to_string();
        assert!(error.contains("it contains no certificate") && error.contains("PEM"), "{error}");
    }
    let options = TlsOptions { ca_file: Some("/nowhere/ca.pem".into()), insecure: false };
    assert!(Client::new(&options).unwrap_err().to_string().contains("/nowhere/ca.pem"));
}
