//! A client of the control interface, for the command line: it finds the listener of a store by its socket, or by the file
//! of its port.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::following::ResumePoint;
use super::port::TokenFiles;
use super::sending::ChannelStream;
use super::socket::{is_allowed, reachable};
use super::sse::{EventReader, EventTooLong, SseEvent};
use crate::store::Location;
use crate::system::thread;

/// How long a listener may take for a response; it answers "busy" itself before.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an upload may take.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(60 * 60);
/// Bytes of an upload that are read at a time.
const UPLOAD_PIECE: usize = 256 * 1024;
/// How long a stream may be silent: it sends a comment every fifteen seconds.
const SILENCE: Duration = Duration::from_secs(60);

/// Why the running listener did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiClientError {
    /// The socket refuses this user, or the system has no room.
    #[error("cannot reach the running listener at {}: {source}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another user's program has the name.
    #[error("{0} belongs to another user: nothing was asked of it")]
    Foreign(PathBuf),
    /// It was cut off, or is not HTTP.
    #[error("the running listener ended the connection: {0}")]
    Broken(String),
    /// It says why not.
    #[error("{detail}")]
    Refused {
        /// The status.
        status: u16,
        /// In words.
        detail: String,
    },
}

impl From<hyper::Error> for ApiClientError {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<EventTooLong> for ApiClientError {
    fn from(error: EventTooLong) -> Self {
        Self::Broken(error.to_string())
    }
}

/// How a listener is reached.
#[derive(Debug)]
enum Reach {
    /// Over its socket.
    Socket(PathBuf),
    /// Over its port, with its token.
    Port(SocketAddr, Zeroizing<String>),
}

impl Reach {
    fn path(&self) -> PathBuf {
        match self {
            Self::Socket(path) => path.clone(),
            Self::Port(address, _) => format!("http://{address}").into(),
        }
    }
}

/// A listener that runs on a store.
#[derive(Debug)]
pub struct ApiClient {
    reach: Reach,
    runtime: Runtime,
}

impl ApiClient {
    /// The listener that runs on the store at `location`; `None` when none does.
    ///
    /// # Errors
    ///
    /// [`ApiClientError`] when there may be one that cannot be asked.
    pub fn find(location: &Location) -> Result<Option<Self>, ApiClientError> {
        let path = reachable(location);
        let unreachable = |source| ApiClientError::Unreachable { path: path.clone(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unreachable)?;
        match runtime.block_on(UnixStream::connect(&path)) {
            Ok(_) => Ok(Some(Self { reach: Reach::Socket(path), runtime })),
            Err(error) => match error.kind() {
                // Nobody, or somebody who has died. A path that is too long for a socket has none.
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput => {
                    let port = TokenFiles::find(location);
                    Ok(port.map(|(address, token)| Self { reach: Reach::Port(address, token), runtime }))
                }
                _ => Err(unreachable(error)),
            },
        }
    }

    /// Whether it is reached over the socket beside its store.
    pub(super) fn is_on_socket(&self) -> bool {
        matches!(self.reach, Reach::Socket(_))
    }

    /// Asks, and waits for the response: its JSON, null when it has none.
    ///
    /// # Errors
    ///
    /// [`ApiClientError`].
    pub fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Value, ApiClientError> {
        self.ask_for(method, target, body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
    }

    /// Sends JSON that holds a secret: it is wiped once it was sent.
    ///
    /// # Errors
    ///
    /// [`ApiClientError`].
    pub fn ask_secretly(&self, method: &str, target: &str, json: Zeroizing<String>) -> Result<Value, ApiClientError> {
        self.ask_for(method, target, Body::from(Bytes::from_owner(json)))
    }

    fn ask_for(&self, method: &str, target: &str, body: Body) -> Result<Value, ApiClientError> {
        self.runtime.block_on(within(PATIENCE, async {
            let kind = [("content-type", "application/json")];
            let headers = if hyper::body::Body::is_end_stream(&body) { &[][..] } else { &kind };
            json_of(request(&self.reach, method, target, headers, body).await?).await
        }))
    }

    /// Uploads a file, and waits for the response.
    ///
    /// # Errors
    ///
    /// [`ApiClientError`]; also when the file cannot be read to its end.
    pub fn upload(&self, target: &str, file: File) -> Result<Value, ApiClientError> {
        let (pieces, incoming) = mpsc::channel(1);
        let (failed, failure) = std::sync::mpsc::channel();
        let read = move || send_pieces(file, &pieces, &failed);
        thread::spawn("whyhook-upload", read).map_err(|error| unsent(&error.into()))?;
        let body = Body::from_stream(ChannelStream(incoming));
        let sent = self.runtime.block_on(within(UPLOAD_PATIENCE, async {
            let headers = [("content-type", "application/octet-stream")];
            json_of(request(&self.reach, "POST", target, &headers, body).await?).await
        }));
        // The thread is not waited for: a listener that refuses takes no more pieces.
        failure.try_recv().map_or(sent, |error| Err(unsent(&error)))
    }

    /// Follows a stream of events until `take` breaks off, or the listener ends.
    ///
    /// # Errors
    ///
    /// [`ApiClientError`]; that the stream was cut off is none.
    pub fn follow<B>(
        &self,
        target: &str,
        after: &ResumePoint,
        take: impl FnMut(SseEvent) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ApiClientError> {
        self.follow_by(EventReader::default(), target, &[("last-event-id", &after.to_string())], take)
    }

    /// Reads an event stream with lines of up to `limit` bytes.
    pub(super) fn follow_lines<B>(
        &self,
        target: &str,
        limit: usize,
        take: impl FnMut(SseEvent) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ApiClientError> {
        self.follow_by(EventReader::with_limit(limit), target, &[], take)
    }

    fn follow_by<B>(
        &self,
        mut reader: EventReader,
        target: &str,
        headers: &[(&str, &str)],
        mut take: impl FnMut(SseEvent) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ApiClientError> {
        self.runtime.block_on(async {
            let headers = [&[("accept", "text/event-stream")], headers].concat();
            let mut response = within(PATIENCE, request(&self.reach, "GET", target, &headers, Body::empty())).await?;
            while let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, response.frame()).await {
                let Ok(piece) = frame.into_data() else { continue };
                for event in reader.read(&piece)? {
                    if let broken @ ControlFlow::Break(_) = take(event) {
                        return Ok(broken);
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

async fn json_of(response: Response<Incoming>) -> Result<Value, ApiClientError> {
    let bytes = response.into_body().collect().await?.to_bytes();
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|_| ApiClientError::Broken("the response is not JSON".to_owned()))
}

fn unsent(error: &io::Error) -> ApiClientError {
    ApiClientError::Broken(format!("the file could not be sent: {error}"))
}

/// Reads a file to its end; a reading that fails ends the body as cut off, so that nobody takes it for the whole.
fn send_pieces(mut file: File, pieces: &mpsc::Sender<io::Result<Bytes>>, failed: &std::sync::mpsc::Sender<io::Error>) {
    loop {
        let mut piece = BytesMut::zeroed(UPLOAD_PIECE);
        match file.read(&mut piece) {
            Ok(0) => return,
            Ok(length) => {
                piece.truncate(length);
                if pieces.blocking_send(Ok(piece.freeze())).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let kind = error.kind();
                let _ = failed.send(error);
                let _ = pieces.blocking_send(Err(kind.into()));
                return;
            }
        }
    }
}

async fn within<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, ApiClientError>>,
) -> Result<T, ApiClientError> {
    let late = || ApiClientError::Broken(format!("no response within {} seconds", patience.as_secs()));
    tokio::time::timeout(patience, asked).await.map_err(|_| late())?
}

async fn connected(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Body>, ApiClientError> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// One request on a connection of its own; what is refused is an error.
async fn request(
    reach: &Reach,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Result<Response<Incoming>, ApiClientError> {
    let unreachable = |source| ApiClientError::Unreachable { path: reach.path(), source };
    let mut request = Request::builder().method(method).uri(target);
    let mut sender = match reach {
        Reach::Socket(path) => {
            let stream = UnixStream::connect(path).await.map_err(unreachable)?;
            let peer = stream.peer_cred().map_err(unreachable)?;
            if !is_allowed(peer.uid()) {
                return Err(ApiClientError::Foreign(path.to_owned()));
            }
            request = request.header("host", "whyhook");
            connected(stream).await?
        }
        Reach::Port(address, token) => {
            let stream = TcpStream::connect(address).await.map_err(unreachable)?;
            let bearer = Zeroizing::new(format!("Bearer {}", **token));
            request = request.header("host", address.to_string()).header("authorization", bearer.as_str());
            connected(stream).await?
        }
    };
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).map_err(|error| ApiClientError::Broken(error.to_string()))?;
    let response = sender.send_request(request).await?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(refusal(response.status(), &response.into_body().collect().await?.to_bytes()))
}

fn refusal(status: StatusCode, body: &[u8]) -> ApiClientError {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail =
        problem["detail"].as_str().map_or_else(|| format!("the running listener answered {status}"), str::to_owned);
    ApiClientError::Refused { status: status.as_u16(), detail }
}
