//! Senders of our own, so that nothing but Rust is needed to run a benchmark.
//!
//! They share the process but no runtime with what they measure. Under full load one thread drives
//! all connections with tokio's single-threaded runtime: about one `write` and one `read` for each
//! request, of an answer that is barely looked at, which is as little as wrk does. Where a single
//! answer is timed, blocking sockets are used: there the sender's own wake-up is the kernel's alone.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Failure;
use super::request::SignedRequest;

/// Connections under full load.
pub(crate) const CONNECTIONS: usize = 32;
/// Answers before the counting begins, so that connections are open and caches are warm.
const WARM_UP: usize = 4 * CONNECTIONS;

/// What a round of full load came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// Every delivery that was answered with 200, those of the warm-up included.
    pub(crate) answered: usize,
    /// Answers a second, without the warm-up.
    pub(crate) rate: f64,
}

/// Sends as fast as answers come until `limit` or `most` answers. Every request sent is also
/// answered before this returns.
pub(crate) fn full(
    address: SocketAddr,
    request: &SignedRequest,
    limit: Duration,
    most: usize,
) -> Result<Round, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let warm = closed_loop(address, request, Duration::from_secs(5), WARM_UP).await?;
        let start = Instant::now();
        let answered = closed_loop(address, request, limit, most).await?;
        let rate = answered as f64 / start.elapsed().as_secs_f64();
        Ok(Round { answered: answered + warm, rate })
    })
}

async fn closed_loop(
    address: SocketAddr,
    request: &SignedRequest,
    limit: Duration,
    most: usize,
) -> Result<usize, Failure> {
    let (end, sent) = (Instant::now() + limit, Arc::new(AtomicUsize::new(0)));
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (wire, sent) = (request.wire.clone(), Arc::clone(&sent));
        senders.spawn(async move {
            let mut socket = tokio::net::TcpStream::connect(address).await?;
            socket.set_nodelay(true)?;
            let (mut answered, mut answer) = (0, Answer::default());
            while Instant::now() < end && sent.fetch_add(1, Ordering::Relaxed) < most {
                socket.write_all(&wire).await?;
                while !answer.is_whole()? {
                    let count = socket.read(answer.space()).await?;
                    answer.took(count)?;
                }
                answered += 1;
            }
            Ok::<usize, io::Error>(answered)
        });
    }
    let mut answered = 0;
    while let Some(sender) = senders.join_next().await {
        answered += sender??;
    }
    Ok(answered)
}

/// Sends `rate` requests a second for `duration`, evenly, over a few connections. One that could not
/// be sent in time because the answer before it was late is timed from when it was due.
pub(crate) fn paced(
    address: SocketAddr,
    request: &SignedRequest,
    rate: u32,
    duration: Duration,
) -> Result<Vec<Duration>, Failure> {
    const SENDERS: u32 = 8;
    let interval = Duration::from_secs(1) * SENDERS / rate;
    let begin = Instant::now() + Duration::from_millis(20);
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| {
            let (request, first) = (request.clone(), begin + interval * number / SENDERS);
            thread::spawn(move || one_pace(address, &request, first, interval, begin + duration))
        })
        .collect();
    let mut times = Vec::new();
    for sender in senders {
        times.extend(sender.join().map_err(|_| "a sender panicked")??);
    }
    Ok(times)
}

fn one_pace(
    address: SocketAddr,
    request: &SignedRequest,
    first: Instant,
    interval: Duration,
    end: Instant,
) -> io::Result<Vec<Duration>> {
    let mut sender = Sender::connect(address)?;
    let (mut times, mut due) = (Vec::new(), first);
    while due < end {
        let wait = due.saturating_duration_since(Instant::now());
        thread::sleep(wait);
        let start = if wait.is_zero() { due } else { Instant::now() };
        sender.exchange(request)?;
        times.push(start.elapsed());
        due += interval;
    }
    Ok(times)
}

/// A blocking sender.
pub(crate) struct Sender {
    socket: TcpStream,
    answer: Answer,
}

impl Sender {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, answer: Answer::default() })
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn exchange(&mut self, request: &SignedRequest) -> io::Result<()> {
        self.socket.write_all(&request.wire)?;
        while !self.answer.is_whole()? {
            let count = self.socket.read(self.answer.space())?;
            self.answer.took(count)?;
        }
        Ok(())
    }
}

/// As much of an answer as has come.
struct Answer {
    bytes: [u8; 2048],
    filled: usize,
}

impl Default for Answer {
    fn default() -> Self {
        Self { bytes: [0; 2048], filled: 0 }
    }
}

impl Answer {
    fn space(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    fn took(&mut self, count: usize) -> io::Result<()> {
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.filled += count;
        Ok(())
    }

    /// Whether the answer is whole; it is then forgotten. Anything but 200 is an error.
    fn is_whole(&mut self) -> io::Result<bool> {
        let bytes = &self.bytes[..self.filled];
        let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(false) };
        if bytes.len() < end + 4 + content_length(&bytes[..end]) {
            return Ok(false);
        }
        if !bytes.starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other(String::from_utf8_lossy(bytes).into_owned()));
        }
        self.filled = 0;
        Ok(true)
    }
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length: ";
    let digits = memmem::find(head, NAME).map_or(&[][..], |at| &head[at + NAME.len()..]);
    digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
}
