//! Signing as Trackpilots documents it, written a second time: the program's own code is not asked.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The webhook's secret in these tests; long and odd enough to be looked for in files.
pub(crate) const SECRET: &str = "whsec_e2e_5f0c1f7e9b7d4c46a1Zq";

/// The two kinds of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
}

/// The present as the timestamp header writes it.
pub(crate) fn now(unit: Unit) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    match unit {
        Unit::Seconds => since.as_secs().to_string(),
        Unit::Milliseconds => since.as_millis().to_string(),
    }
}

pub(crate) fn signature(secret: &[u8], timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// The two header lines for a body signed now with [`SECRET`].
pub(crate) fn headers(body: &[u8]) -> String {
    let timestamp = now(Unit::Seconds);
    let signature = signature(SECRET.as_bytes(), &timestamp, body);
    format!("X-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: {timestamp}\r\n")
}

/// A signed request, to be varied.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) path: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) unit: Unit,
    /// Further header lines, each with its line end.
    pub(crate) more: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Signed {
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            path: "/webhooks/trackpilots".to_owned(),
            secret: SECRET.into(),
            unit: Unit::Seconds,
            more: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn to(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn by(mut self, secret: &str, unit: Unit) -> Self {
        self.secret = secret.into();
        self.unit = unit;
        self
    }

    pub(crate) fn with(mut self, lines: impl AsRef<[u8]>) -> Self {
        self.more.extend_from_slice(lines.as_ref());
        self
    }

    /// The bytes on the wire up to the body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let timestamp = now(self.unit);
        let signature = signature(&self.secret, &timestamp, &self.body);
        let mut head = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             X-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: {timestamp}\r\nContent-Length: {}\r\n",
            self.path,
            self.body.len()
        )
        .into_bytes();
        head.extend_from_slice(&self.more);
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The bytes on the wire.
    pub(crate) fn wire(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }

    /// The same with the body in chunks.
    pub(crate) fn chunked(&self) -> Vec<u8> {
        let head = String::from_utf8(self.head()).unwrap();
        let length = format!("Content-Length: {}\r\n", self.body.len());
        let head = head.replace(&length, "Transfer-Encoding: chunked\r\n");
        [head.as_bytes(), &in_chunks(&self.body)].concat()
    }
}

/// A body as several chunks with an extension each, and a trailer.
pub(crate) fn in_chunks(body: &[u8]) -> Vec<u8> {
    let chunk = |bytes: &[u8]| [format!("{:x};of=many\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let chunks: Vec<u8> = body.chunks(5000).flat_map(chunk).collect();
    [&chunks[..], b"0\r\nX-Last: 1\r\n\r\n"].concat()
}

/// A payload of the project's own samples.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/assets/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
