//! How long a sender may take, by a clock that is moved by hand.

use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

use crate::http::BodyLength;
use crate::http::section::Section;
use crate::server::listener::pace::{BodyFault, BodyPace, Deadlines};
use crate::server::listener::places::{ConnectionPlace, Places};
use crate::server::listener::stream::{HeadEnd, Stream, StreamFault};

fn connected() -> (DuplexStream, Stream<DuplexStream>) {
    let (sender, ours) = duplex(1 << 20);
    let place: ConnectionPlace = Places::new(1).take().unwrap();
    (sender, Stream::new(ours, place, Deadlines::default()))
}

/// Sends `bytes` every `every` until nobody listens.
fn dribble(mut sender: DuplexStream, bytes: &'static [u8], every: Duration) {
    tokio::spawn(async move {
        while sender.write_all(bytes).await.is_ok() {
            tokio::time::sleep(every).await;
        }
    });
}

/// How a body of 64 MiB ends that comes so, and how much of it came.
async fn body_of(bytes: &'static [u8], every: Duration) -> (BodyFault, usize) {
    let (sender, mut stream) = connected();
    dribble(sender, bytes, every);
    let (mut section, mut pace) = (Section::new(BodyLength::Known(64 << 20), 64 << 20), BodyPace::new());
    loop {
        section.reserve();
        if let Err(fault) = stream.body(&mut section, &mut pace).await {
            return (fault, section.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_slower_than_the_least_rate_ends() {
    let (fault, came) = body_of(b"x", Duration::from_secs(5)).await;
    assert_eq!(fault, BodyFault::TooSlow(256));
    assert!(came < 10, "it ends with the first half minute: {came}");
    // However much came before.
    let (sender, mut stream) = connected();
    let (mut section, mut pace) = (Section::new(BodyLength::Known(1 << 20), 1 << 20), BodyPace::new());
    let mut sender = sender;
    sender.write_all(&vec![b'x'; (1 << 20) - 1000]).await.unwrap();
    dribble(sender, b"x", Duration::from_secs(5));
    let fault = loop {
        section.reserve();
        if let Err(fault) = stream.body(&mut section, &mut pace).await {
            break fault;
        }
    };
    assert_eq!(fault, BodyFault::TooSlow(256));
    assert!(pace.age() <= Duration::from_secs(70), "{:?}", pace.age());
}

#[tokio::test(start_paused = true)]
async fn a_bad_line_is_borne_for_as_long_as_a_body_may_take() {
    // A kilobyte, then silence for 3 s, again and again: 340 bytes a second.
    let (fault, came) = body_of(&[b'x'; 1024], Duration::from_secs(3)).await;
    assert_eq!(fault, BodyFault::TooLong(Duration::from_secs(30 * 60)));
    assert_eq!(came, 600 * 1024);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_body() {
    let (sender, mut stream) = connected();
    let (mut section, mut pace) = (Section::new(BodyLength::Known(9), 99), BodyPace::new());
    section.reserve();
    assert_eq!(stream.body(&mut section, &mut pace).await, Err(BodyFault::Silent(Duration::from_secs(30))));
    drop(sender);
}

#[tokio::test(start_paused = true)]
async fn empty_lines_prolong_nothing() {
    let began = tokio::time::Instant::now();
    let (sender, mut stream) = connected();
    dribble(sender, b"\r\n", Duration::from_secs(4));
    let end = stream.head().await.map(|head| head.is_some());
    assert!(matches!(end, Err(StreamFault::Incomplete { end: HeadEnd::TimedOut, .. })), "{end:?}");
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    // Between two requests: neither the wait for the next nor, once it has begun, its head.
    let (mut sender, mut stream) = connected();
    sender.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n").await.unwrap();
    assert!(stream.head().await.unwrap().is_some());
    let began = tokio::time::Instant::now();
    dribble(sender, b"\r\n", Duration::from_secs(60));
    assert_eq!(stream.head().await.map(|head| head.is_some()), Ok(false), "it closes without a word");
    assert_eq!(began.elapsed(), Duration::from_secs(75));
}
