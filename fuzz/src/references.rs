//! How two other readers of HTTP/1.1 take the bytes of a connection: `httparse` the head, hyper all of it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A request as somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: String,
    /// The target as it came, as far as the reader tells; hyper gives a URL without a path one.
    pub(crate) target: String,
    /// Names in lower case, and values.
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    /// The body without chunk framing.
    pub(crate) body: Vec<u8>,
}

/// The head that `httparse` finds at the front of `bytes`, and its length; `None` when it refuses them or wants more.
pub(crate) fn httparse_head(bytes: &[u8]) -> Option<(Request, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) | Err(_) => return None,
    };
    let fields = request.headers.iter().map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec())).collect();
    let (method, target) = (request.method?.to_owned(), request.path?.to_owned());
    Some((Request { method, target, fields, body: Vec::new() }, length))
}

/// The whole requests that hyper's server reads from a connection that carries `bytes` and then ends.
pub(crate) fn hyper_requests(bytes: &[u8]) -> Vec<Request> {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let seen = Arc::clone(&seen);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            let fields = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(Request {
                method: head.method.to_string(),
                target: head.uri.to_string(),
                fields: fields.collect(),
                body,
            });
            Ok::<_, hyper::Error>(hyper::Response::new(Full::<Bytes>::default()))
        }
    });
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return Vec::new() };
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(bytes.len() + 1);
        let (mut answers, mut sending) = tokio::io::split(ours);
        let connection =
            hyper::server::conn::http1::Builder::new().half_close(true).serve_connection(TokioIo::new(theirs), service);
        let drain = async {
            let mut all = Vec::new();
            let _ = answers.read_to_end(&mut all).await;
        };
        let send = async {
            let _ = sending.write_all(bytes).await;
            let _ = sending.shutdown().await;
        };
        let _ = tokio::join!(connection, drain, send);
    });
    let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *requests)
}
