//! Passing one delivery on: to the first target while its sender waits, to the others while nobody waits.
//!
//! The body is never in memory: it goes from the log to the socket in pieces. What a forward holds beside it
//! counts as room in memory, as every body does, and so does what is kept of the answer until it is on disk.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tracing::Instrument as _;

use super::fields::AnswerFraming;
use super::relay::{self, Begun, Keeper, KeptAnswer, LAST_CHUNK};
use super::{BUFFERS_BYTES, Forwarder};
use crate::delivery::{Answer, AttemptKind, AttemptMode, ChosenBy, DeliveryId, Outcome};
use crate::http::{
    BodyEnd, Failure, HandedOn, Head, HttpResponse, Outgoing, OutgoingBody, SendError, SendStage, Sent, Target,
};
use crate::rules::{ForwardTarget, Reply};
use crate::send::{self, NotReplayable, Origin};
use crate::server::listener::exchange::Next;
use crate::server::listener::perform::Exchange;
use crate::server::listener::raw::Script;
use crate::server::listener::room::{self, MemoryRoom, NoRoom};
use crate::server::listener::stats;
use crate::server::listener::stream::Stream;
use crate::server::listener::{Control, overloaded_reply};
use crate::store::StoredDelivery;
use crate::text::{clip, visible};

/// What to do about an upstream server that is too slow: a listener's option has another name than that of a replay.
const LATE_ADVICE: &str = "let the endpoint answer before it does its work, or wait longer with --forward-timeout";
/// Copies of a request's head that there are at once.
const HEADS: usize = 4;

/// Why nothing is forwarded. The person reads all of it. The sender, who may be anybody, learns nothing about the
/// upstream server: no host, no path, no system error.
#[derive(Debug)]
struct ForwardFailure {
    status: u16,
    said: &'static str,
    reason: String,
}

impl ForwardFailure {
    const UNSENDABLE: &'static str = "this kind of request cannot be forwarded";

    fn unread(reason: impl Into<String>) -> Self {
        Self { status: 502, said: "the delivery could not be forwarded", reason: reason.into() }
    }

    fn looped(reason: impl Into<String>) -> Self {
        Self { status: 508, said: "Loop Detected: this delivery has been forwarded here before", reason: reason.into() }
    }

    fn unanswered(reason: impl Into<String>) -> Self {
        Self { status: 502, said: "the upstream server did not answer", reason: reason.into() }
    }

    fn ended(reason: impl Into<String>) -> Self {
        Self { status: 502, said: "whyhook ended before the upstream server answered", reason: reason.into() }
    }

    fn unfit(reason: impl Into<String>) -> Self {
        Self { status: 502, said: "the upstream server's answer cannot be returned", reason: reason.into() }
    }

    fn busy(reason: impl Into<String>) -> Self {
        Self { status: 503, said: "", reason: reason.into() }
    }
}

/// A request ready to go out, and the target that it goes to.
struct Ready {
    target: Target,
    request: Outgoing,
    body: OutgoingBody,
}

/// Passes a delivery on to every target at once, and answers as the first of them does.
pub(crate) async fn pass_on(
    exchange: Exchange<'_>,
    stream: &mut Stream<TcpStream>,
    urls: &[ForwardTarget],
    label: ChosenBy,
) -> Next {
    let control = exchange.control;
    let Some((first, others)) = urls.split_first() else {
        return refuse(exchange, stream, ForwardFailure::unread("no target to forward to"), label).await;
    };
    for url in others {
        pass_on_in_background(exchange.id, url, control);
    }
    let prepared = async {
        let hold = ForwardSlot::take(control).await?;
        prepare(exchange.id, first, hold, control).await
    };
    let (hold, Ready { target, request, body }) = match prepared.await {
        Ok(prepared) => prepared,
        Err(refusal) => {
            not_made(exchange.id, first, &refusal, control);
            return refuse(exchange, stream, refusal, label).await;
        }
    };
    let (parts, coming) = mpsc::channel(1);
    let mut keeper = Keeper::new(control.room());
    let length = body.length();
    let (handed, begun) = tokio::join!(
        control.forwarder.send(&target, &request, body, control, parts),
        relay::relay(exchange, stream, coming, &mut keeper),
    );
    drop(hold);
    let kept = keeper.finish();
    let failure = handed.result.as_ref().err().map(|error| match error {
        SendError::Cancelled => ForwardFailure::ended(format!("whyhook ended before {target} answered")),
        error => ForwardFailure::unanswered(format!("{target} did not answer: {error}")),
    });
    let status = kept.start.as_ref().map(|start| start.status);
    let end = record(exchange.id, control, (&target, &request, length), handed, &kept);
    match (begun, failure, status) {
        (Some(begun), _, _) => finish(exchange, stream, begun, end, kept, label).await,
        (None, _, Some(status)) => {
            let reason = format!("{target} answered with the status {status}");
            refuse(exchange, stream, ForwardFailure::unfit(reason), label).await
        }
        (None, failure, None) => {
            let refusal = failure.unwrap_or_else(|| ForwardFailure::unanswered("no answer"));
            refuse(exchange, stream, refusal, label).await
        }
    }
}

/// Ends an answer that was begun as the server has ended it, and keeps it.
async fn finish(
    exchange: Exchange<'_>,
    stream: &mut Stream<TcpStream>,
    begun: Begun,
    end: BodyEnd,
    kept: KeptAnswer,
    label: ChosenBy,
) -> Next {
    let Begun { start, headers, left_out, framing, ending, mut is_taken } = begun;
    let label = if left_out.is_empty() { label } else { label.noting(left_out_words(&left_out)) };
    let is_whole = end == BodyEnd::Complete;
    if is_taken && is_whole && framing == AnswerFraming::Chunks {
        is_taken = stream.write(LAST_CHUNK).await.is_ok();
    }
    let (outcome, rule) = match (is_taken, is_whole) {
        (false, _) => (Outcome::SenderGone, label),
        (true, true) => (Outcome::Sent, label),
        (true, false) => (Outcome::CutUpstream, label.noting(format_args!("cut: the server's answer {}", end.words()))),
    };
    let answer = Answer {
        outcome,
        status: start.status,
        interim: Bytes::new(),
        headers,
        body: kept.body,
        body_bytes: kept.bytes,
        rule,
        latency: exchange.since.elapsed(),
    };
    if outcome == Outcome::CutUpstream && framing == AnswerFraming::UntilClose {
        // An orderly end would say that this was all.
        let script = Script::breaking(exchange.id, answer, exchange.since);
        return Next::Play(Box::new(script.behind(stream.take_interim())));
    }
    exchange.keep(stream, answer);
    if outcome == Outcome::Sent && !ending.close { Next::Request } else { Next::Close }
}

/// Names what the sender does not get of the server's head; the attempt has it as it came.
fn left_out_words(left_out: &[String]) -> String {
    const NAMED: usize = 3;
    /// Terminal columns of a name: servers may send names of kilobytes.
    const COLUMNS: usize = 40;
    let named = left_out.iter().take(NAMED).map(|name| clip(name, COLUMNS)).collect::<Vec<_>>().join(", ");
    let more = left_out.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("left out for control characters: {named}{more}")
}

/// Says to the sender that nothing is relayed, and in the record why.
async fn refuse(
    exchange: Exchange<'_>,
    stream: &mut Stream<TcpStream>,
    refusal: ForwardFailure,
    label: ChosenBy,
) -> Next {
    let ForwardFailure { status, said, reason } = refusal;
    let reply = if status == 503 { overloaded_reply() } else { Reply::text(status, format!("whyhook: {said}")) };
    let label = label.noting(format_args!("failed: {}", visible(&reason)));
    exchange.whole(stream, &reply, label).await
}

/// Passes a delivery on where nobody waits for the answer, when its turn comes.
fn pass_on_in_background(id: DeliveryId, url: &ForwardTarget, control: &Arc<Control>) {
    let Some(ticket) = control.forwarder.ticket() else {
        control.stats().not_forwarded();
        let reason = format!("{} forwards are already waiting", super::BACKGROUND_QUEUE);
        return not_made(id, url, &ForwardFailure::busy(reason), control);
    };
    let (url, control) = (url.clone(), Arc::clone(control));
    let passing = async move {
        crate::system::panic::panic_for_test("worker");
        if let Err(refusal) = in_background(id, &url, &control).await {
            not_made(id, &url, &refusal, &control);
        }
        drop(ticket);
    };
    tokio::spawn(passing.instrument(tracing::error_span!("forward", delivery = id.0)));
}

async fn in_background(id: DeliveryId, url: &ForwardTarget, control: &Arc<Control>) -> Result<(), ForwardFailure> {
    let hold = tokio::select! {
        hold = ForwardSlot::wait_for_one(control) => hold?,
        () = control.holding.quitting() => return Err(ForwardFailure::busy("whyhook stopped before its turn")),
    };
    let (_hold, Ready { target, request, body }) = prepare(id, url, hold, control).await?;
    let (parts, coming) = mpsc::channel(1);
    let mut keeper = Keeper::new(control.room());
    let length = body.length();
    let (handed, ()) = tokio::join!(
        control.forwarder.send(&target, &request, body, control, parts),
        relay::drain(coming, &mut keeper),
    );
    record(id, control, (&target, &request, length), handed, &keeper.finish());
    Ok(())
}

/// What a forward holds: a connection, and room in memory for what passes through.
struct ForwardSlot {
    room: MemoryRoom,
    _place: OwnedSemaphorePermit,
}

impl ForwardSlot {
    /// With the sender waiting.
    async fn take(control: &Control) -> Result<Self, ForwardFailure> {
        let patience = control.means().map_or(room::PATIENCE, |means| means.patience.min(room::PATIENCE));
        let place = tokio::time::timeout(patience, Arc::clone(&control.forwarder.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            control.stats().not_forwarded();
            return Err(ForwardFailure::busy("too many forwards in flight"));
        };
        Self::with(place, control, patience).await
    }

    /// With nobody waiting.
    async fn wait_for_one(control: &Control) -> Result<Self, ForwardFailure> {
        let place = Arc::clone(&control.forwarder.background).acquire_owned().await;
        let place = place.map_err(|_| ForwardFailure::busy("whyhook is stopping"))?;
        Self::with(place, control, super::BACKGROUND_PATIENCE).await
    }

    async fn with(place: OwnedSemaphorePermit, control: &Control, patience: Duration) -> Result<Self, ForwardFailure> {
        let mut hold = Self { room: control.room(), _place: place };
        let taken = hold.room.grow(BUFFERS_BYTES, patience).await;
        taken.map_err(|_| no_room(control)).map(|()| hold)
    }

    /// Takes room for the heads.
    async fn grow(&mut self, head: usize) -> Result<(), NoRoom> {
        self.room.grow(BUFFERS_BYTES + HEADS * head, room::PATIENCE).await
    }
}

fn no_room(control: &Control) -> ForwardFailure {
    control.stats().refused(stats::Refusal::Memory);
    ForwardFailure::busy("memory limit reached")
}

/// Reads what is to be sent, as far as it must be in memory.
async fn prepare(
    id: DeliveryId,
    url: &ForwardTarget,
    mut hold: ForwardSlot,
    control: &Control,
) -> Result<(ForwardSlot, Ready), ForwardFailure> {
    control.writer().hurry();
    let stored = control.forwarder.open(id).await;
    let stored =
        stored.map_err(|reason| ForwardFailure::unread(format!("cannot read the delivery again: {reason}")))?;
    hold.grow(stored.head.len()).await.map_err(|_| no_room(control))?;
    if names_us(&stored.head, &control.forwarder.name) {
        return Err(ForwardFailure::looped("Loop Detected: its Via names this very whyhook"));
    }
    Ok((hold, make(url, stored, control)?))
}

/// The request to a target, with our name in its `Via`.
fn make(url: &ForwardTarget, stored: StoredDelivery, control: &Control) -> Result<Ready, ForwardFailure> {
    let StoredDelivery { summary, head, body } = stored;
    control.forwarder.check_target(url).map_err(|error| ForwardFailure::looped(error.to_string()))?;
    let target = url.target();
    let made = send::of_head(&summary, &head, body.length(), target);
    let (mut request, _changes) = made.map_err(|error| match error {
        // RFC 9110, section 15.6.2: what is asked for is not done here at all.
        NotReplayable::NoOriginForm { reason, .. } => {
            ForwardFailure { status: 501, said: ForwardFailure::UNSENDABLE, reason: reason.to_string() }
        }
        error @ NotReplayable::NotWhole { .. } => ForwardFailure::unread(error.to_string()),
    })?;
    let via = via(&head, &control.forwarder.name);
    // One connection for one request.
    let set = request.set("Connection", "close").and_then(|()| request.set("Via", via));
    set.map_err(|error| ForwardFailure::unread(error.to_string()))?;
    let length = body.length();
    Ok(Ready { target: target.clone(), request, body: OutgoingBody::read_from(Box::new(body), length) })
}

/// What `Via` said, and our name after it (RFC 9110, section 7.6.3).
fn via(head: &Head, name: &str) -> Vec<u8> {
    let mut via = head.values("Via").collect::<Vec<_>>().join(&b", "[..]);
    if !via.is_empty() {
        via.extend_from_slice(b", ");
    }
    via.extend_from_slice(format!("1.1 {name}").as_bytes());
    via
}

fn names_us(head: &Head, name: &str) -> bool {
    head.values("Via").any(|value| memchr::memmem::find(value, name.as_bytes()).is_some())
}

fn origin(id: DeliveryId) -> Origin {
    Origin { delivery: Some(id), kind: AttemptKind::Forward, mode: AttemptMode::AsCaptured }
}

/// Keeps what came of a request, and returns how the answer to it ended.
fn record(
    id: DeliveryId,
    control: &Control,
    (target, request, length): (&Target, &Outgoing, u64),
    handed: HandedOn,
    kept: &KeptAnswer,
) -> BodyEnd {
    let HandedOn { at, peer, latency, result } = handed;
    let result = match (&kept.start, result) {
        (Some(start), result) => Ok(HttpResponse {
            status: start.status,
            interim: start.interim.clone(),
            head: start.head.clone(),
            body: kept.body.clone(),
            body_bytes: kept.bytes,
            // It was begun: only who asked for it can have ended it otherwise.
            end: result.unwrap_or(BodyEnd::Abandoned),
        }),
        (None, result) => Err(result.err().unwrap_or(SendError::ClosedEarly { written: true })),
    };
    let end = result.as_ref().map_or(BodyEnd::ClosedEarly, |reply| reply.end);
    let waited_for = match &result {
        Err(SendError::Timeout { stage, .. }) => Some(*stage),
        _ => None,
    };
    let sent = Sent { at, peer, latency, result };
    let mut attempt = send::attempt_of_stored(origin(id), target, request, length, sent);
    if let Err(failure) = &mut attempt.result
        && failure.code == SendError::Cancelled.code()
    {
        // Nobody else cancels a forward.
        "whyhook ended before the answer came".clone_into(&mut failure.message);
    }
    if let (Err(failure), Some(SendStage::Request | SendStage::FirstByte | SendStage::Head)) =
        (&mut attempt.result, waited_for)
    {
        LATE_ADVICE.clone_into(&mut failure.advice);
    }
    control.writer().attempted(attempt);
    end
}

/// Keeps that nothing was sent to `url`, and why.
fn not_made(id: DeliveryId, url: &ForwardTarget, refusal: &ForwardFailure, control: &Control) {
    // Not the reason, which names the whole URL.
    tracing::warn!(status = refusal.status, said = refusal.said, "not forwarded");
    let failure = Failure {
        code: if refusal.status == 503 { "busy" } else { "not_sent" }.to_owned(),
        message: visible(&refusal.reason).into_owned(),
        advice: match refusal.status {
            503 => "check what takes so long there; limits.memory bounds the forwards in flight".to_owned(),
            501 => "answer it here: it is not meant for a server".to_owned(),
            _ => "replay it once this is fixed".to_owned(),
        },
    };
    control.writer().attempted(send::attempt_not_made(origin(id), url.url(), failure));
}

impl Forwarder {
    /// A place among those that wait for their turn while no sender waits.
    fn ticket(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.queue).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_run_is_a_loop() {
        let head = |via: &str| Head::from(format!("GET / HTTP/1.1\r\nvia: {via}\r\n\r\n"));
        assert!(names_us(&head("1.1 ngrok, 1.1 whyhook-00c0ffee"), "whyhook-00c0ffee"));
        assert!(!names_us(&head("1.1 whyhook-00c0ffef"), "whyhook-00c0ffee"));
    }

    #[test]
    fn our_name_comes_behind_all_others() {
        let head = Head::read(Bytes::from_static(b"GET / HTTP/1.1\r\nVia: 1.0 a\xe9\r\nX: y\r\nvia: 1.1 b\r\n\r\n"));
        assert_eq!(via(&head, "us"), b"1.0 a\xe9, 1.1 b, 1.1 us");
        assert_eq!(via(&Head::default(), "us"), b"1.1 us");
    }
}
