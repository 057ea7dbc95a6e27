//! Answers that no HTTP library would send: half a head, a wrong length, a body in drops, nothing.
//!
//! The exchange hands a [`Script`] to the connection, which plays it on the socket and closes.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Control;
use super::connection::part;
use super::places::{ConnectionPlace, Phase};
use super::response::{self, Ending, answered, head};
use crate::delivery::{Answer, ChosenBy, DeliveryId, Outcome};
use crate::rules::{Close, CloseAt, Reply, SendManner};

/// Before a reset, what was written gets so much time to arrive: a reset throws away what is on its way.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// What is written, and how the connection ends.
#[derive(Debug)]
pub(super) struct Script {
    /// Written at once.
    first: Bytes,
    /// Written in pieces afterwards.
    rest: Bytes,
    piece: usize,
    every: Duration,
    /// Whether the connection ends with RST rather than FIN.
    reset: bool,
    /// What is kept of it.
    record: Record,
}

/// Which delivery is answered, by which rule, and since when it waits.
pub(super) struct RecordKey {
    pub(super) id: DeliveryId,
    pub(super) label: ChosenBy,
    pub(super) since: Instant,
}

/// The answer as it is kept when everything was written.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: DeliveryId,
    pub(super) answer: Answer,
    pub(super) since: Instant,
}

impl Script {
    /// An answer sent badly, as `manner` says. What has no body by its request or status has none here either.
    pub(super) fn badly(manner: SendManner, reply: &Reply, ending: Ending, key: RecordKey) -> Self {
        let RecordKey { id, label, since } = key;
        let mut headers = response::headers(reply, Ending::CLOSE);
        let (outcome, piece, every) = match manner {
            SendManner::Trickle { bytes, every } => (Outcome::Trickled, bytes, every),
            SendManner::WrongLength(by) => {
                let length = i64::try_from(reply.body.len()).unwrap_or(i64::MAX).saturating_add(i64::from(by)).max(0);
                for (name, value) in &mut headers {
                    if name == "content-length" {
                        *value = length.to_string().into();
                    }
                }
                (Outcome::WrongLength, usize::MAX, Duration::ZERO)
            }
            SendManner::Whole => (Outcome::Sent, usize::MAX, Duration::ZERO),
        };
        let head = head(reply.status, &headers);
        let rest = response::sent_body(reply, ending);
        let answer = Answer { outcome, ..answered(reply.status, headers, rest.clone(), label, since) };
        Self { first: head.into(), rest, piece, every, reset: false, record: Record { id, answer, since } }
    }

    /// A connection closed as `close` says, `reply` having been begun where it is.
    pub(super) fn closing(close: &Close, reply: &Reply, ending: Ending, key: RecordKey) -> Self {
        let RecordKey { id, label, since } = key;
        let headers = response::headers(reply, Ending::CLOSE);
        let mut first = head(reply.status, &headers);
        let (outcome, status, headers, body) = match close.at {
            CloseAt::BeforeHead => {
                first.clear();
                (Outcome::Dropped, 0, Vec::new(), Bytes::new())
            }
            CloseAt::InHead => {
                // "HTTP/1.1 2": within the status, so that no reader can take it for whole.
                first.truncate(10);
                (Outcome::Cut, 0, Vec::new(), Bytes::new())
            }
            CloseAt::AfterHead => {
                let body = response::sent_body(reply, ending);
                (Outcome::Cut, reply.status, headers, body.slice(..body.len() / 2))
            }
        };
        let outcome = if close.reset { Outcome::Reset } else { outcome };
        let answer = Answer {
            outcome,
            status,
            interim: Bytes::new(),
            headers,
            body_bytes: body.len() as u64,
            body: body.clone(),
            rule: label,
            latency: Duration::ZERO,
        };
        Self {
            first: first.into(),
            rest: body,
            piece: usize::MAX,
            every: Duration::ZERO,
            reset: close.reset,
            record: Record { id, answer, since },
        }
    }

    /// This response, after these interim ones.
    pub(super) fn behind(mut self, interim: Bytes) -> Self {
        self.record.answer.interim = interim;
        self
    }

    /// The end of an answer that was begun and breaks off, by a reset: an orderly end would make it whole.
    pub(super) fn breaking(id: DeliveryId, answer: Answer, since: Instant) -> Self {
        Self {
            first: Bytes::new(),
            rest: Bytes::new(),
            piece: usize::MAX,
            every: Duration::ZERO,
            reset: true,
            record: Record { id, answer, since },
        }
    }

    /// Plays it, records what came of it, and ends the connection.
    pub(super) async fn play(self, mut socket: TcpStream, place: ConnectionPlace, control: &Control) {
        place.enter(Phase::Answer);
        let Self { first, mut rest, piece, every, reset, record: Record { id, mut answer, since } } = self;
        let total = rest.len();
        let playing = async {
            socket.write_all(&first).await?;
            while !rest.is_empty() {
                let next = rest.split_to(piece.min(rest.len()));
                place.enter(Phase::Answer);
                socket.write_all(&next).await?;
                // The sender does not make us wait: we do.
                place.enter(Phase::Ours);
                if !rest.is_empty() {
                    tokio::time::sleep(every).await;
                }
            }
            Ok::<(), std::io::Error>(())
        };
        let written = tokio::select! {
            written = playing => written.map(|()| true),
            () = control.holding.quitting() => Ok(false),
            () = place.given_up() => Ok(false),
        };
        match written {
            Ok(true) => {}
            Ok(false) => answer.outcome = Outcome::Cut,
            Err(_) => answer.outcome = Outcome::SenderGone,
        }
        if total > 0 {
            answer.body.truncate(total - rest.len());
            answer.body_bytes = answer.body.len() as u64;
        }
        answer.latency = since.elapsed();
        let is_begun = !first.is_empty() || answer.status > 0;
        control.keep_answer(id, answer);
        if reset {
            if is_begun {
                tokio::time::sleep(BEFORE_RESET).await;
            }
            // Dropping the socket now sends RST.
            let _ = socket.set_zero_linger();
            return;
        }
        part(socket, place, control).await;
    }
}
