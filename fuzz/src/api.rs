//! Whatever is asked of the control interface of a running listener: it answers in HTTP, never with a failure of its own,
//! and neither a secret nor an expected digest is in what nobody has asked for them.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::time::Duration;

use jiff::Timestamp;
use whyhook::api::ApiServer;
use whyhook::config::consent::Gate;
use whyhook::config::{DEFAULT_VARIABLE, Environment, Flags, Settings};
use whyhook::http::{Outgoing, Target};
use whyhook::server::{ServerEvent, Session};
use whyhook::signature::{Scheme, Secret, SecretOrigin, Signing, SigningKind};

const SECRET: &str = "whsec_fuzz_8Vq2Lm5Rk9Xc4Zt7";
/// A longer input is asked as far as that: the limits of bodies have tests of their own.
const INPUT_LIMIT: usize = 64 * 1024;
/// What sends, waits, never ends or writes files is not asked.
const NOT_ASKED: [&str; 6] = ["replay", "simulate", "check", "import", "events", "wait"];

/// The surroundings of a machine that has nothing but one secret.
struct Bare(PathBuf);

impl Environment for Bare {
    fn variable(&self, name: &str) -> Option<OsString> {
        (name == DEFAULT_VARIABLE).then(|| SECRET.into()).or((name == "WHYHOOK_NGROK_API").then(|| "off".into()))
    }

    fn current_dir(&self) -> PathBuf {
        self.0.clone()
    }

    fn home(&self) -> Option<PathBuf> {
        Some(self.0.clone())
    }

    fn config_home(&self) -> Option<PathBuf> {
        self.home()
    }

    fn data_home(&self) -> Option<PathBuf> {
        self.home()
    }

    fn state_home(&self) -> Option<PathBuf> {
        self.home()
    }
}

/// A listener that runs until the process ends, with one delivery that verifies and one that does not.
struct Running {
    socket: PathBuf,
    /// The digest that the second should have had.
    expected: String,
    /// Nobody does what it says: a `Stop` among it ends nothing.
    events: Mutex<mpsc::Receiver<ServerEvent>>,
    _parts: (ApiServer, Session),
}

impl Running {
    fn start() -> Self {
        // Nothing is there. The store is in a temporary folder that the next whyhook to start sweeps away.
        let surroundings = Bare(std::env::temp_dir().join("whyhook-fuzz-has-no-folder"));
        let bind = Some("127.0.0.1:0".to_owned());
        let flags = Flags { bind, ephemeral: true, ..Flags::default() };
        let (settings, _) = Settings::load(&flags, &surroundings).expect("settings");
        let (sender, events) = mpsc::channel();
        let session = Session::start(&settings, Gate::new(false, &surroundings), sender.clone()).expect("a listener");
        let api = ApiServer::start(&session, sender, None).expect("a control interface");
        assert!(api.remarks().is_empty(), "{:?}", api.remarks());
        deliver(&session, b"{\"event\":\"a\"}", |_| ());
        let mut expected = String::new();
        deliver(&session, b"{\"event\":\"b\"}", |signature| {
            expected.clone_from(signature);
            let other = if signature.starts_with('0') { "1" } else { "0" };
            signature.replace_range(..1, other);
        });
        assert_eq!(expected.len(), 64);
        let socket = session.location().socket();
        Self { socket, expected, events: Mutex::new(events), _parts: (api, session) }
    }
}

/// Sends a signed delivery whose signature was changed.
fn deliver(session: &Session, body: &[u8], change: impl FnOnce(&mut String)) {
    let target: Target = session.url().parse().expect("a URL");
    let secret = Secret::new("fuzz", SECRET.as_bytes().to_vec(), SecretOrigin::Typed);
    let (scheme, kind) = (Scheme::default(), SigningKind::Developer);
    let mut request = Outgoing::post(&target, body.to_vec()).expect("a request");
    Signing { kind, scheme: &scheme, secret: &secret }.apply(&mut request, Timestamp::now()).expect("a signature");
    let name = scheme.signature_header();
    let line = request.lines.iter().find(|line| line.name().eq_ignore_ascii_case(name.as_bytes()));
    let mut signature = String::from_utf8(line.expect("a signature").value().to_vec()).expect("text");
    change(&mut signature);
    request.set(name, &signature).expect("a header");
    request.set("Connection", "close").expect("a header");
    let mut stream = TcpStream::connect(session.address()).expect("the listener");
    stream.write_all(&request.head()).and_then(|()| stream.write_all(&request.body)).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
}

/// The method and the target on one line, the body after it.
pub fn run(input: &[u8]) {
    static RUNNING: LazyLock<Running> = LazyLock::new(Running::start);
    let input = &input[..input.len().min(INPUT_LIMIT)];
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (line, body) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    let Ok(line) = std::str::from_utf8(line) else { return };
    if NOT_ASKED.iter().any(|word| line.contains(word)) {
        return;
    }
    let running = &*RUNNING;
    let holds = |bytes: &[u8], hidden: &str| bytes.windows(hidden.len()).any(|part| part == hidden.as_bytes());
    let hidden = [SECRET, &running.expected];
    let gives_secrets = line.contains("/secrets");
    // What one request brings in as a rule or a note, a later one may show. Where secrets are given, it stays hidden.
    if !gives_secrets && hidden.iter().any(|hidden| holds(input, hidden)) {
        return;
    }
    let answer = ask(running, line, body);
    let head_end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or_else(|| {
        panic!("no response to {line:?}: {}", String::from_utf8_lossy(&answer));
    });
    let head = std::str::from_utf8(&answer[..head_end]).expect("a head of ASCII");
    let status: u16 = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    assert!(status < 500 || status == 503, "{line:?}: {head}");
    if !(gives_secrets && line.contains("values=true")) {
        // A method that is not known may be repeated to whoever sent it.
        let method = line.split(' ').next().unwrap_or_default();
        for hidden in hidden {
            let is_own = holds(method.as_bytes(), hidden);
            assert!(is_own || !holds(&answer, hidden), "{line:?} shows {hidden}");
        }
    }
    // A response to HEAD has the headers alone.
    if head.contains("json\r\n") && !line.starts_with("HEAD ") {
        let json = std::str::from_utf8(&answer[head_end + 4..]).expect("JSON is UTF-8");
        super::assert_visible(json);
        assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{line:?}: {json}");
    }
    running.events.lock().unwrap_or_else(PoisonError::into_inner).try_iter().for_each(drop);
}

fn ask(running: &Running, line: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{line} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = UnixStream::connect(&running.socket).expect("the control socket");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    // A request that is refused early may not be read to its end.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}
