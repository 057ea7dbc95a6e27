//! Sends prepared requests over loopback and reports what was answered. It belongs to `run.mjs`, which signs the requests.
//!
//! Nothing but the standard library, so that `rustc -O` makes it in seconds. Each connection is a thread with a blocking socket:
//! one `write` and, of a short response, one `read` for each delivery.
//!
//! `load ADDRESS FILE CONNECTIONS SECONDS MOST PAUSE_MS`: FILE holds requests, each after its length (four bytes, little-endian).
//! They are sent in order, again from the start where `MOST` is more than there are. The first line printed is `begun`, once
//! the first of them has its response; then a line `NUMBER MICROSECONDS STATUS` for each response, NUMBER being the request's place in the
//! order; at the end `end SECONDS BROKEN`, the time from first to last and how many connections failed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what it has counted goes to run.mjs")]

use std::io::{self, BufWriter, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A response that takes longer counts as a failed connection.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest head of a response, in bytes.
const HEAD: usize = 16 * 1024;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    match run(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Plan {
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    connections: usize,
    limit: Duration,
    most: usize,
    pause: Duration,
}

/// What came back for one request: its place in the order, how long it took, the status.
struct Response {
    number: usize,
    took: Duration,
    status: u16,
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

impl Plan {
    fn read(given: &[String]) -> io::Result<Self> {
        let [address, file, connections, seconds, most, pause] = given else {
            return Err(invalid("usage: load ADDRESS FILE CONNECTIONS SECONDS MOST PAUSE_MS"));
        };
        let number = |text: &String| text.parse::<u64>().map_err(|_| invalid("expected a whole number"));
        let size = |text: &String| number(text).and_then(|it| usize::try_from(it).map_err(|_| invalid("too large")));
        let seconds: f64 = seconds.parse().map_err(|_| invalid("expected a number of seconds"))?;
        Ok(Self {
            address: address.parse().map_err(|_| invalid("expected an address and a port"))?,
            requests: requests(&std::fs::read(file)?)?,
            connections: size(connections)?.clamp(1, 256),
            limit: Duration::try_from_secs_f64(seconds).map_err(|_| invalid("expected a number of seconds"))?,
            most: size(most)?,
            pause: Duration::from_millis(number(pause)?),
        })
    }
}

fn requests(mut bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| invalid("too large"))?;
        let (request, rest) =
            rest.split_at_checked(length).ok_or_else(|| invalid("the file of requests is cut off"))?;
        found.push(request.to_vec());
        bytes = rest;
    }
    if found.is_empty() { Err(invalid("no requests")) } else { Ok(found) }
}

fn run(given: &[String]) -> io::Result<()> {
    let plan = Plan::read(given)?;
    let sockets = (0..plan.connections).map(|_| connect(plan.address)).collect::<io::Result<Vec<_>>>()?;
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let all: Vec<(Vec<Response>, bool)> = thread::scope(|scope| {
        let senders: Vec<_> = sockets
            .into_iter()
            .map(|socket| {
                let (plan, next) = (&plan, &next);
                scope.spawn(move || {
                    let mut got = Vec::new();
                    let broken = send(plan, socket, next, start, &mut got).is_err();
                    (got, broken)
                })
            })
            .collect();
        senders.into_iter().filter_map(|sender| sender.join().ok()).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    let mut out = BufWriter::new(io::stdout().lock());
    for response in all.iter().flat_map(|(got, _)| got) {
        writeln!(out, "{} {} {}", response.number, response.took.as_micros(), response.status)?;
    }
    writeln!(out, "end {seconds:.6} {}", all.iter().filter(|(_, broken)| *broken).count())?;
    out.flush()
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// One connection: a request after the other, until time or requests are used up. What the receiver closes is opened again.
fn send(
    plan: &Plan,
    mut socket: TcpStream,
    next: &AtomicUsize,
    start: Instant,
    got: &mut Vec<Response>,
) -> io::Result<()> {
    let (mut buffer, mut stays) = (vec![0; HEAD], true);
    while start.elapsed() < plan.limit {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = plan.requests.get(number % plan.requests.len()).filter(|_| number < plan.most) else {
            break;
        };
        // A pause, so that what the receiver does after its response is not the next one's time.
        thread::sleep(plan.pause);
        let begun = Instant::now();
        if !stays {
            socket = connect(plan.address)?;
        }
        socket.write_all(request)?;
        let (status, open) = response(&mut socket, &mut buffer)?;
        stays = open;
        got.push(Response { number, took: begun.elapsed(), status });
        if number == 0 {
            println!("begun");
            io::stdout().flush()?;
        }
    }
    Ok(())
}

/// Reads one response; returns its status and whether the connection stays open.
fn response(socket: &mut TcpStream, buffer: &mut [u8]) -> io::Result<(u16, bool)> {
    let mut filled = 0;
    loop {
        let count = match socket.read(buffer.get_mut(filled..).unwrap_or_default())? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => count,
        };
        filled += count;
        let bytes = buffer.get(..filled).unwrap_or_default();
        let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).to_ascii_lowercase();
        let field =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        // Without a length it would be chunked, which none of the neighbours does.
        let length: usize = field("content-length").and_then(|it| it.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        if filled >= end + 4 + length {
            return Ok((status, field("connection") != Some("close")));
        }
    }
}
