//! A sender that writes exactly the bytes it is given.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;

/// A connection.
pub(crate) struct Wire(TcpStream);

/// An HTTP response with a `Content-Length`, in chunks, or without a body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value; names in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|h| h.1)
    }
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Reads one answer; the connection may go on.
    pub(crate) fn answer(&mut self) -> Answer {
        self.try_answer().unwrap()
    }

    /// The same, for a listener that may be killed meanwhile.
    pub(crate) fn try_answer(&mut self) -> std::io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let body = if answer.header("transfer-encoding").is_some() { self.chunks()? } else { self.exactly(length)? };
        answer.body = String::from_utf8(body).unwrap();
        Ok(answer)
    }

    fn exactly(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A chunked body to its end, or to where it breaks off, which is an error.
    fn chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.exactly(1)?);
            }
            let length = usize::try_from(whyhook::text::hexadecimal(line.trim_ascii_end()).unwrap()).unwrap();
            let chunk = self.exactly(length + 2)?;
            assert!(chunk.ends_with(b"\r\n"));
            body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                return Ok(body);
            }
        }
    }

    /// Everything up to the end of the connection, and whether that was an orderly one.
    pub(crate) fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let ended = self.0.read_to_end(&mut bytes);
        (bytes, ended.is_ok())
    }

    /// Writes as far as the listener reads.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Says that nothing more will come.
    pub(crate) fn stops_sending(&mut self) -> &mut Self {
        self.0.shutdown(std::net::Shutdown::Write).unwrap();
        self
    }

    /// Ends the connection with a reset, as a sender that crashes or a firewall does.
    pub(crate) fn resets(self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let _entered = runtime.enter();
        self.0.set_nonblocking(true).unwrap();
        tokio::net::TcpStream::from_std(self.0).unwrap().set_zero_linger().unwrap();
    }

    /// Reads at most `bytes` bytes of whatever comes.
    pub(crate) fn reads(&mut self, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        let count = self.0.read(&mut read).unwrap();
        read.truncate(count);
        read
    }

    /// Whether the other side has closed, with nothing more to read.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0))
    }
}

/// Sends one request on a connection of its own.
pub(crate) fn talk(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Answer {
    Wire::connect(address).send(bytes).answer()
}

/// Reads one request as a server does: its head and, by its Content-Length or its chunks, its body. Less when the
/// sender ends before.
pub(crate) fn request_from(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = Vec::new();
    let mut piece = vec![0; 1 << 16];
    while !is_whole(&request) {
        match stream.read(&mut piece) {
            Ok(count @ 1..) => request.extend_from_slice(&piece[..count]),
            _ => break,
        }
    }
    request
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let behind = &request[end + 4..];
    if head.lines().any(|line| line.starts_with("transfer-encoding:")) {
        // The last chunk, and the empty line behind it and its trailer.
        let has_last = behind.starts_with(b"0\r\n") || behind.windows(4).any(|part| part == b"\n0\r\n");
        return has_last && behind.ends_with(b"\r\n\r\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    request.len() >= end + 4 + length.unwrap_or(0)
}
