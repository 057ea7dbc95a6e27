//! Passing a delivery on: the server behind answers, and its answer goes back to the sender.
//!
//! What goes on is the exact body and the header lines in their order and letter case, the signature's
//! verbatim. Changed is what RFC 9110 asks for: `Host` names the target (section 7.2), the fields of the
//! first connection are left out (7.6.1), a chunked body goes with its length, and one `Via` line is added
//! behind all others (7.6.3). No `X-Forwarded-…` is added; those of a tunnel go through as they came.
//!
//! A delivery whose `Via` names this very run has come back to itself and is refused with 508 (RFC 5842,
//! section 7.2); so is a target that is our own address.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::Control;
use super::perform::{Exchange, Performance};
use super::response::{Response, is_header, with_headers};
use crate::answer::{self, Deed, Kind, Reply, Rule};
use crate::config::{DEFAULT_FORWARD_TIMEOUT, Settings};
use crate::delivery::{self, Answer, AttemptKind, AttemptMode, BodyEnd, Delivery, Outcome, RequestHead};
use crate::sender::{self, Client, Origin, Outgoing, Sent, Target, TlsOptions, TlsSetupError};
use crate::store::{Location, Reader};

/// How long it may still take when the program ends.
const LAST_PATIENCE: Duration = Duration::from_millis(500);
/// Of a connection alone, beside what `Connection` names (RFC 9110, section 7.6.1); and the length, which
/// is written anew.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authentication-info",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// What forwarding needs to know; filled in when the run begins.
#[derive(Debug)]
pub(super) struct Forwarder {
    place: OnceLock<(Location, SocketAddr)>,
    means: OnceLock<Means>,
    /// Our name in `Via`: it tells this run from others, so that two in a row are no loop.
    name: String,
}

/// With what is sent: the same for everything that a run sends.
#[derive(Debug, Clone)]
pub struct Means {
    /// The client, which knows whom to trust.
    pub client: Client,
    /// How long a server behind may take.
    pub patience: Duration,
}

impl Means {
    /// Those that the settings name.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when the certificates cannot be read.
    pub fn of(settings: &Settings) -> Result<Self, TlsSetupError> {
        Ok(Self { client: Client::new(&TlsOptions::of(settings))?, patience: settings.forward_timeout })
    }
}

impl Default for Forwarder {
    fn default() -> Self {
        // Without randomness the process's number tells runs on one machine apart.
        let number = getrandom::u32().unwrap_or_else(|_| std::process::id());
        Self { place: OnceLock::new(), means: OnceLock::new(), name: format!("whyhook-{number:08x}") }
    }
}

impl Forwarder {
    pub(super) fn set_place(&self, location: Location, address: SocketAddr) {
        let _ = self.place.set((location, address));
    }

    pub(super) fn set_means(&self, means: Means) {
        let _ = self.means.set(means);
    }

    /// Those that were set, else the defaults.
    pub(super) fn means(&self) -> Result<Means, TlsSetupError> {
        match self.means.get() {
            Some(means) => Ok(means.clone()),
            None => {
                let client = Client::new(&TlsOptions::default())?;
                Ok(self.means.get_or_init(|| Means { client, patience: DEFAULT_FORWARD_TIMEOUT }).clone())
            }
        }
    }

    /// Says why one of these rules cannot be carried out.
    pub(super) fn check(&self, rules: &[Rule]) -> Result<(), InvalidForward> {
        for url in rules.iter().flat_map(|rule| targets(&rule.then.kind)) {
            self.target(url.url())?;
        }
        Ok(())
    }

    fn target(&self, url: &str) -> Result<Target, InvalidForward> {
        let target: Target = url.parse().map_err(|reason| InvalidForward::Target { url: url.to_owned(), reason })?;
        match self.place.get() {
            Some((_, address)) if is_ourself(&target, *address) => Err(InvalidForward::Loop(url.to_owned())),
            _ => Ok(target),
        }
    }

    async fn send(&self, target: &Target, request: &Outgoing, control: &Control) -> Sent {
        let cancel = CancellationToken::new();
        let Means { client, patience } = match self.means() {
            Ok(means) => means,
            Err(error) => return unsendable(sender::TlsFault::Other(error.to_string()), target),
        };
        let limits = sender::Limits::within(patience);
        let sending = client.send(target, request, &limits, &cancel);
        tokio::pin!(sending);
        tokio::select! {
            sent = &mut sending => return sent,
            () = control.holding().quitting() => {}
        }
        if let Ok(sent) = tokio::time::timeout(LAST_PATIENCE, &mut sending).await {
            return sent;
        }
        cancel.cancel();
        sending.await
    }
}

fn unsendable(fault: sender::TlsFault, target: &Target) -> Sent {
    let error = sender::SendError::Tls { host: target.host().to_string(), fault };
    Sent { at: jiff::Timestamp::now(), peer: None, latency: delivery::Latency::default(), result: Err(error) }
}

/// A target that cannot be forwarded to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidForward {
    /// The URL.
    #[error("cannot forward to {}: {reason}", crate::text::visible(url))]
    Target {
        /// As written.
        url: String,
        /// Why not.
        reason: sender::InvalidTarget,
    },
    /// It is where we listen ourselves.
    #[error("cannot forward to {}: whyhook itself listens there, and every delivery would come back; name your server's port", crate::text::visible(.0))]
    Loop(String),
}

/// Every target in an action, those of its parts too.
fn targets(kind: &Kind) -> Vec<&answer::Target> {
    let deeds: Vec<&Deed> = match kind {
        Kind::Do(deed) => vec![deed],
        Kind::Hold(hold) => vec![&hold.otherwise.deed],
        Kind::Fail(fail) => vec![&fail.with.deed, &fail.then.deed],
    };
    let of = |deed: &&'_ Deed| matches!(deed, Deed::Forward(_));
    deeds
        .into_iter()
        .filter(of)
        .flat_map(|deed| if let Deed::Forward(targets) = deed { &targets[..] } else { &[] })
        .collect()
}

/// Whether the target is the address that we listen on. Other ways back to us are seen by `Via`.
fn is_ourself(target: &Target, address: SocketAddr) -> bool {
    let is_address = match target.host() {
        sender::Host::Address(host) => *host == address.ip(),
        sender::Host::Name(_) => false,
    };
    let is_local = target.is_loopback() && (address.ip().is_loopback() || address.ip().is_unspecified());
    target.port() == address.port() && (is_address || is_local)
}

/// Passes a delivery on to every target at once, and answers as the first of them does.
pub(super) async fn pass_on(exchange: Exchange<'_>, urls: &[answer::Target], label: String) -> Performance {
    let control = exchange.control;
    let forwarder = &control.forwarder;
    let Some((first, others)) = urls.split_first() else {
        return refuse(exchange, 502, "no target to forward to", label);
    };
    let delivery = match load(exchange).await {
        Ok(delivery) => Arc::new(delivery),
        Err(reason) => return refuse(exchange, 502, &format!("the delivery cannot be read again: {reason}"), label),
    };
    if names_us(&delivery.request_head(), &forwarder.name) {
        return refuse(exchange, 508, "Loop Detected: this delivery has been forwarded by this very whyhook", label);
    }
    for url in others {
        let (url, delivery, control) = (url.clone(), Arc::clone(&delivery), Arc::clone(control));
        // Nobody waits for these: what comes of them is kept beside the delivery.
        tokio::spawn(async move { drop(forward(&url, &delivery, &control).await) });
    }
    match forward(first, &delivery, control).await {
        Ok(reply) => relay(exchange, &reply, label),
        Err(Refusal { status, reason }) => {
            let label = format!("{label} (failed: {})", answer::short(&reason));
            refuse(exchange, status, &reason, label)
        }
    }
}

/// Why there is nothing to relay.
struct Refusal {
    status: u16,
    reason: String,
}

/// Sends one copy and keeps what came of it.
async fn forward(url: &answer::Target, delivery: &Delivery, control: &Control) -> Result<delivery::Reply, Refusal> {
    let refusal = |status, reason: String| Refusal { status, reason };
    let target = control.forwarder.target(url.url()).map_err(|error| match error {
        InvalidForward::Loop(_) => refusal(508, error.to_string()),
        InvalidForward::Target { .. } => refusal(502, error.to_string()),
    })?;
    let made = Outgoing::as_captured(delivery, &target, sender::TargetForm::Origin)
        .map_err(|error| refusal(502, error.to_string()))?;
    let (mut request, _changes) = made;
    // One connection for one request.
    let name = &control.forwarder.name;
    let head = delivery.request_head();
    let before = head.values("Via").map(|value| String::from_utf8_lossy(value).into_owned());
    let via = before.chain([format!("1.1 {name}")]).collect::<Vec<_>>().join(", ");
    let set = request.set("Connection", "close").and_then(|()| request.set("Via", via));
    set.map_err(|error| refusal(502, error.to_string()))?;
    let sent = control.forwarder.send(&target, &request, control).await;
    let origin =
        Origin { delivery: Some(delivery.summary.id), kind: AttemptKind::Forward, mode: AttemptMode::AsCaptured };
    let result = sent.result.clone();
    control.writer().attempted(sender::attempt(origin, &target, &request, Some(&delivery.body), sent));
    match result {
        Err(error) => Err(refusal(502, format!("{target} did not answer: {error}"))),
        Ok(reply) if reply.end != BodyEnd::Complete => {
            Err(refusal(502, format!("the body that {target} answered {}", reply.end.words())))
        }
        Ok(reply) if !(200..=599).contains(&reply.status) => {
            Err(refusal(502, format!("{target} answered with the status {}", reply.status)))
        }
        Ok(reply) => Ok(reply),
    }
}

/// The delivery as it is on disk: nothing of it is kept in memory while it is held.
async fn load(exchange: Exchange<'_>) -> Result<Delivery, String> {
    let Some((location, _)) = exchange.control.forwarder.place.get().cloned() else {
        return Err("no store is known".to_owned());
    };
    let id = exchange.id;
    let read = tokio::task::spawn_blocking(move || Reader::open(&location)?.load(id)).await;
    match read {
        Ok(Ok(Some(delivery))) => Ok(delivery),
        Ok(Ok(None)) => Err("it is not there".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

fn names_us(head: &RequestHead, name: &str) -> bool {
    head.values("Via").any(|value| memchr::memmem::find(value, name.as_bytes()).is_some())
}

/// Says to the sender, and in the record, why nothing was relayed.
fn refuse(exchange: Exchange<'_>, status: u16, reason: &str, label: String) -> Performance {
    exchange.whole(&Reply::text(status, format!("whyhook: {reason}")), label)
}

/// Gives the server's answer to the sender: status, body, and what is not of a connection alone.
fn relay(exchange: Exchange<'_>, reply: &delivery::Reply, label: String) -> Performance {
    let mut headers = relayed_headers(reply, SystemTime::now());
    headers.extend(exchange.ending.option());
    let Response { wire, headers } = with_headers(reply.status, headers, &reply.body, exchange.ending);
    let answer = Answer {
        outcome: Outcome::Sent,
        status: reply.status,
        interim: Bytes::new(),
        headers,
        body: reply.body.clone(),
        rule: label,
        latency: exchange.since.elapsed(),
    };
    Performance::Whole { wire, answer }
}

fn relayed_headers(reply: &delivery::Reply, now: SystemTime) -> Vec<(String, String)> {
    let head = reply.response_head();
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let named: Vec<String> = head
        .values("Connection")
        .flat_map(|value| text(value).split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    let is_alone = |name: &str| {
        HOP_BY_HOP.iter().any(|other| other.eq_ignore_ascii_case(name))
            || named.iter().any(|other| other.eq_ignore_ascii_case(name))
    };
    let mut headers: Vec<(String, String)> = head
        .fields
        .iter()
        .map(|field| (text(&field.name), text(&field.value)))
        .filter(|(name, value)| !is_alone(name) && is_header(name, value))
        .collect();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
        headers.push(("date".to_owned(), httpdate::fmt_http_date(now)));
    }
    if !answer::is_bodyless(reply.status) {
        headers.push(("content-length".to_owned(), reply.body.len().to_string()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn reply(head: &str, body: &str) -> delivery::Reply {
        let body = Bytes::from(body.to_owned());
        delivery::Reply {
            status: 200,
            interim: Bytes::new(),
            head: Bytes::from(head.to_owned()),
            body,
            end: BodyEnd::Complete,
        }
    }

    #[test]
    fn an_answer_keeps_what_is_not_of_one_connection() {
        let head = "HTTP/1.1 200 OK\r\nX-B: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n\
            Set-Cookie: a\r\nset-cookie: b\r\nDate: then\r\nKeep-Alive: timeout=5\r\n\r\n";
        let headers = relayed_headers(&reply(head, "hello"), SystemTime::now());
        let names: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(names, ["X-B: 2", "Set-Cookie: a", "set-cookie: b", "Date: then", "content-length: 5"]);
    }

    #[rstest]
    #[case("http://127.0.0.1:3000", true)]
    #[case("http://localhost:3000/x", true)]
    #[case("http://[::1]:3000", true)]
    #[case("http://0.0.0.0:3000", true)]
    #[case("http://127.0.0.1:3001", false)]
    #[case("http://example.com:3000", false)]
    fn our_own_address_is_known(#[case] url: &str, #[case] is_us: bool) {
        assert_eq!(is_ourself(&url.parse().unwrap(), "127.0.0.1:3000".parse().unwrap()), is_us);
    }

    #[test]
    fn only_this_run_is_a_loop() {
        let head = |via: &str| RequestHead::parse(&Bytes::from(format!("GET / HTTP/1.1\r\nvia: {via}\r\n\r\n")));
        assert!(names_us(&head("1.1 ngrok, 1.1 whyhook-00c0ffee"), "whyhook-00c0ffee"));
        assert!(!names_us(&head("1.1 whyhook-00c0ffef"), "whyhook-00c0ffee"));
    }

    proptest! {
        #[test]
        fn no_answer_brings_a_header_that_cannot_be_sent(fields in "([!-~]{1,6}:? ?\\PC{0,8}\r\n){0,6}") {
            let relayed = relayed_headers(&reply(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"), ""), SystemTime::now());
            for (name, value) in relayed {
                prop_assert!(is_header(&name, &value));
            }
        }
    }
}
