//! The client: one connection for one request, whose bytes are written as they stand.

mod exchange;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::sync::CancellationToken;

pub use self::exchange::ResponsePart;
use self::exchange::ResponseSink;
use super::tls::{self, Tls};
use super::{Host, Outgoing, SendError, SendStage, Target, TlsFault, TlsOptions, TlsSetupError};
use crate::http::{BodyEnd, HttpResponse, Latency, OutgoingBody};
use crate::text::visible;

/// Addresses of one name that are tried.
const ADDRESSES: usize = 8;

/// How long to wait and how much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// For the name's resolution and the connection together.
    pub connect: Duration,
    /// For the TLS handshake.
    pub tls: Duration,
    /// From the request having gone out to the first byte of a response.
    pub first_byte: Duration,
    /// From the request having gone out until the response's head is whole; and for the endpoint to take in any
    /// of a request, or to send any of a body.
    pub idle: Duration,
    /// For everything together.
    pub whole: Duration,
    /// The most bytes of a response's head, interim responses included.
    pub head_bytes: usize,
    /// The most bytes of a response's body: where more come, reading ends and the connection is closed.
    pub body_bytes: u64,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            whole: Duration::from_secs(60),
            head_bytes: 64 * 1024,
            body_bytes: 1024 * 1024,
        }
    }
}

impl ClientLimits {
    /// With no part of it longer than `whole`.
    #[must_use]
    pub fn within(whole: Duration) -> Self {
        let usual = Self::default();
        // Who asks for longer than usual means the wait for the response.
        let first_byte = if whole > usual.whole { whole } else { usual.first_byte.min(whole) };
        Self { connect: usual.connect.min(whole), tls: usual.tls.min(whole), first_byte, idle: whole, whole, ..usual }
    }

    /// For a body of at most `body_bytes` that is handed on while it comes: no step of it longer than `patience`,
    /// and everything together no longer than `whole`.
    #[must_use]
    pub fn handing_on(patience: Duration, whole: Duration, body_bytes: u64) -> Self {
        let steps = Self::within(patience);
        Self { first_byte: patience, whole: whole.max(patience), body_bytes, ..steps }
    }
}

/// A request that was sent, or failed, with its result: a whole response by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent<T = HttpResponse> {
    /// When it began.
    pub at: Timestamp,
    /// The address that it went to, once a connection stood.
    pub peer: Option<SocketAddr>,
    /// How long each part took.
    pub latency: Latency,
    /// What came back, or why nothing did. A redirect is a response like any other.
    pub result: Result<T, SendError>,
}

/// A request whose response was handed on while it came, and how the response's body ended. (Cancelled, it may have
/// begun.)
pub type HandedOn = Sent<BodyEnd>;

/// Sends requests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    tls: Arc<Tls>,
}

impl Client {
    /// A client that trusts as `options` say.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when a certificate file cannot be used.
    pub fn new(options: &TlsOptions) -> Result<Self, TlsSetupError> {
        Ok(Self { tls: Arc::new(Tls::new(options)?) })
    }

    /// Sends `request` to `target` over a connection of its own, and reads the response.
    ///
    /// A response that comes before the whole request has gone out is accepted. Redirects are not
    /// followed. Cancelling ends it at once, and so does dropping the future.
    pub async fn send(
        &self,
        target: &Target,
        request: &Outgoing,
        limits: &ClientLimits,
        cancel: &CancellationToken,
    ) -> Sent {
        let body = OutgoingBody::from(request.body_section().clone());
        self.send_body(target, request, body, limits, cancel).await
    }

    /// Sends a request as [`Client::send`] does, with `body` in place of its own.
    pub async fn send_body(
        &self,
        target: &Target,
        request: &Outgoing,
        body: OutgoingBody,
        limits: &ClientLimits,
        cancel: &CancellationToken,
    ) -> Sent {
        let mut sink = ResponseSink::kept();
        let HandedOn { at, peer, latency, result } = self.run(target, request, body, limits, cancel, &mut sink).await;
        Sent { at, peer, latency, result: result.and_then(|end| sink.reply(end)) }
    }

    /// Sends two requests one after the other over one connection, and returns what came of the second; `None` when the
    /// endpoint does not keep the connection open for it, which it need not.
    pub async fn send_in_turn(
        &self,
        target: &Target,
        requests: [&Outgoing; 2],
        limits: &ClientLimits,
        cancel: &CancellationToken,
    ) -> Option<Sent> {
        let config = if target.is_tls() { Some(self.tls_config(target).await) } else { None };
        let mut run = Run { limits, begun: Instant::now(), peer: None, latency: Latency::default() };
        let at = Timestamp::now();
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(SendError::Cancelled),
            result = run.send_in_turn(config, target, requests) => result,
        };
        run.latency.total = run.begun.elapsed();
        let result = result.transpose()?;
        Some(Sent { at, peer: run.peer, latency: run.latency, result })
    }

    /// Sends a request as [`Client::send`] does, with `body` in place of its own and a response that is handed on
    /// to `parts` while it comes, as fast as they are taken. When nobody takes them any more it ends.
    pub async fn hand_on(
        &self,
        target: &Target,
        request: &Outgoing,
        body: OutgoingBody,
        limits: &ClientLimits,
        cancel: &CancellationToken,
        parts: mpsc::Sender<ResponsePart>,
    ) -> HandedOn {
        self.run(target, request, body, limits, cancel, &mut ResponseSink::handed(parts)).await
    }

    /// Makes a connection to `target` and closes it: whether a server is there. Nothing is sent over it.
    ///
    /// # Errors
    ///
    /// [`SendError`] when there is no connection.
    pub async fn reach(
        &self,
        target: &Target,
        limits: &ClientLimits,
        cancel: &CancellationToken,
    ) -> Result<(), SendError> {
        let mut run = Run { limits, begun: Instant::now(), peer: None, latency: Latency::default() };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(SendError::Cancelled),
            stream = run.connect(target) => stream.map(drop),
        }
    }

    async fn run(
        &self,
        target: &Target,
        request: &Outgoing,
        body: OutgoingBody,
        limits: &ClientLimits,
        cancel: &CancellationToken,
        sink: &mut ResponseSink,
    ) -> HandedOn {
        // Reading the system's certificates is none of the endpoint's time.
        let config = if target.is_tls() { Some(self.tls_config(target).await) } else { None };
        let mut run = Run { limits, begun: Instant::now(), peer: None, latency: Latency::default() };
        let at = Timestamp::now();
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(SendError::Cancelled),
            result = run.send(config, target, request, body, sink) => result,
        };
        run.latency.total = run.begun.elapsed();
        note(target, &run, &result, sink);
        HandedOn { at, peer: run.peer, latency: run.latency, result }
    }

    async fn tls_config(&self, target: &Target) -> Result<Arc<ClientConfig>, SendError> {
        let shared = Arc::clone(&self.tls);
        let config = tokio::task::spawn_blocking(move || shared.config()).await;
        config.map_err(|error| tls_error(&target.host().to_string(), TlsFault::Other(error.to_string())))
    }
}

/// Logs one sending. Of the target it has the origin: a path or a query may hold a secret; of a failure its name, since
/// the reason may repeat what came back.
fn note(target: &Target, run: &Run<'_>, result: &Result<BodyEnd, SendError>, sink: &ResponseSink) {
    let scheme = if target.is_tls() { "https" } else { "http" };
    let (host, ms) = (target.authority(), crate::system::log::ms(run.latency.total));
    let (status, peer) = (sink.status(), run.peer.map(tracing::field::display));
    match result {
        Ok(end) => tracing::info!(scheme, host, peer, status, ?end, ms, "request sent"),
        Err(error) => tracing::warn!(scheme, host, peer, status, failure = error.code(), ms, "request failed"),
    }
}

/// One sending in progress.
struct Run<'a> {
    limits: &'a ClientLimits,
    begun: Instant,
    peer: Option<SocketAddr>,
    latency: Latency,
}

impl Run<'_> {
    /// With the configuration of TLS where the target speaks it.
    async fn send(
        &mut self,
        config: Option<Result<Arc<ClientConfig>, SendError>>,
        target: &Target,
        request: &Outgoing,
        body: OutgoingBody,
        sink: &mut ResponseSink,
    ) -> Result<BodyEnd, SendError> {
        let config = config.transpose()?;
        let stream = self.connect(target).await?;
        let Some(config) = config else { return self.exchange(stream, request, body, sink).await };
        let stream = self.secured(config, target, stream).await?;
        self.exchange(stream, request, body, sink).await
    }

    async fn send_in_turn(
        &mut self,
        config: Option<Result<Arc<ClientConfig>, SendError>>,
        target: &Target,
        requests: [&Outgoing; 2],
    ) -> Result<Option<HttpResponse>, SendError> {
        let config = config.transpose()?;
        let stream = self.connect(target).await?;
        match config {
            None => self.both(stream, requests).await,
            Some(config) => {
                let stream = self.secured(config, target, stream).await?;
                self.both(stream, requests).await
            }
        }
    }

    async fn both<S>(
        &mut self,
        mut stream: S,
        [first, second]: [&Outgoing; 2],
    ) -> Result<Option<HttpResponse>, SendError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut sink = ResponseSink::kept();
        let body = OutgoingBody::from(first.body_section().clone());
        // Without a response to the first there is no connection for the second.
        let Ok(end) = self.exchange(&mut stream, first, body, &mut sink).await else { return Ok(None) };
        if !sink.reply(end).is_ok_and(|reply| is_kept_open(&reply)) {
            return Ok(None);
        }
        self.latency.first_byte = None;
        let mut sink = ResponseSink::kept();
        let body = OutgoingBody::from(second.body_section().clone());
        match self.exchange(&mut stream, second, body, &mut sink).await {
            // It closed the idle connection meanwhile (RFC 9112, section 9.5).
            Err(SendError::ClosedEarly { .. }) => Ok(None),
            end => sink.reply(end?).map(Some),
        }
    }

    /// The stream in TLS.
    async fn secured(
        &mut self,
        config: Arc<ClientConfig>,
        target: &Target,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, SendError> {
        let host = target.host().to_string();
        let name = match target.host() {
            Host::Address(address) => ServerName::IpAddress((*address).into()),
            Host::Name(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
                .map_err(|error| tls_error(&host, TlsFault::Other(error.to_string())))?,
        };
        let begun = Instant::now();
        let handshake = TlsConnector::from(config).connect(name, stream);
        let stream = match timeout_at(self.deadline(begun, self.limits.tls), handshake).await {
            Err(_) => return Err(self.timeout(SendStage::Tls, self.limits.tls)),
            Ok(Err(error)) => return Err(tls_error(&host, tls::fault(&error))),
            Ok(Ok(stream)) => stream,
        };
        self.latency.tls = Some(begun.elapsed());
        Ok(stream)
    }

    async fn connect(&mut self, target: &Target) -> Result<TcpStream, SendError> {
        let deadline = self.deadline(self.begun, self.limits.connect);
        let timeout = self.timeout(SendStage::Connect, self.limits.connect);
        let addresses = match target.known_addresses() {
            Some(addresses) => addresses,
            None => timeout_at(deadline, resolve(target)).await.map_err(|_| timeout.clone())??,
        };
        let mut failure = timeout.clone();
        for (index, peer) in addresses.iter().enumerate() {
            // Each gets its share of the time left, so that one that is silent leaves some for the rest.
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
            match timeout_at(Instant::now() + share, TcpStream::connect(peer)).await {
                Err(_) => failure = timeout.clone(),
                Ok(Err(error)) => failure = connect_error(*peer, &error),
                // TCP may connect a socket to itself when nothing listens at a port of the ephemeral range.
                Ok(Ok(stream)) if stream.local_addr().is_ok_and(|local| local == *peer) => {
                    failure = SendError::Refused { peer: *peer };
                }
                Ok(Ok(stream)) => {
                    // Latency is measured here; a request is written in two parts.
                    let _ = stream.set_nodelay(true);
                    self.peer = Some(*peer);
                    self.latency.connect = Some(self.begun.elapsed());
                    return Ok(stream);
                }
            }
        }
        Err(failure)
    }

    /// When a part that began at `since` and may take `limit` must be done.
    fn deadline(&self, since: Instant, limit: Duration) -> Instant {
        (since + limit).min(self.begun + self.limits.whole)
    }

    fn timeout(&self, stage: SendStage, limit: Duration) -> SendError {
        SendError::Timeout { stage, after: limit.min(self.limits.whole) }
    }
}

/// Whether another request may follow a response on its connection (RFC 9112, section 9.3).
fn is_kept_open(reply: &HttpResponse) -> bool {
    let says = |word: &str| {
        let values = reply.head.values("Connection").map(String::from_utf8_lossy);
        values.into_iter().any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    };
    let is_old = reply.head.start_line().starts_with(b"HTTP/1.0");
    reply.end == BodyEnd::Complete && !says("close") && (!is_old || says("keep-alive"))
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, SendError> {
    let host = target.host().to_string();
    let not_resolved = |reason: String| SendError::NameNotResolved { host: host.clone(), reason };
    let found = tokio::net::lookup_host((host.as_str(), target.port())).await;
    let addresses: Vec<SocketAddr> =
        found.map_err(|error| not_resolved(visible(&error.to_string()).into_owned()))?.take(ADDRESSES).collect();
    if addresses.is_empty() { Err(not_resolved("it has none".to_owned())) } else { Ok(addresses) }
}

fn connect_error(peer: SocketAddr, error: &io::Error) -> SendError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => SendError::Refused { peer },
        _ => SendError::Unreachable { peer, reason: visible(&error.to_string()).into_owned() },
    }
}

fn tls_error(host: &str, fault: TlsFault) -> SendError {
    SendError::Tls { host: host.to_owned(), fault }
}
