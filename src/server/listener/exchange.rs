//! One request and its answer: read, judge, keep, and only then answer.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tracing::Span;
use tracing::field::Empty;

use super::answering::{Chosen, ChosenAnswer};
use super::body::{self, ReadBody};
use super::capture::{Incoming, capture_aside};
use super::perform::{self, Exchange};
use super::places::Phase;
use super::raw::Script;
use super::response::{Ending, response};
use super::stats::Refusal;
use super::stream::{RawHead, Stream};
use super::{Control, not_kept_reply, overloaded_reply};
use crate::delivery::{Captured, ChosenBy, DeliveryId, Verdict};
use crate::http::Head;
use crate::server::tunnel::learnt_url;

/// What becomes of the connection after an exchange.
pub(super) enum Next {
    /// Another request may come.
    Request,
    /// It closes.
    Close,
    /// It ends with this.
    Play(Box<Script>),
}

/// The methods that are logged as they are; another may be anything.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// What is logged of one delivery, from its head to the last byte of its answer. Of the target it has the length: a
/// query may hold a secret.
pub(super) fn span(connection: u64, head: &RawHead) -> Span {
    let word = |number| {
        head.head.bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(number).unwrap_or_default()
    };
    let method = || METHODS.into_iter().find(|method| method.as_bytes() == word(0)).unwrap_or("other");
    // Of the highest level, so that whatever the filter lets through says whose it is.
    tracing::error_span!(
        "delivery",
        connection,
        method = method(),
        target_bytes = word(1).len(),
        head_bytes = head.head.bytes().len(),
        delivery = Empty,
        webhook = Empty,
        verdict = Empty,
        rule = Empty,
    )
}

/// Serves the request that `head` begins. Never fails: what goes wrong is an answer.
pub(super) async fn serve(
    stream: &mut Stream<TcpStream>,
    head: RawHead,
    remote: SocketAddr,
    control: &Arc<Control>,
) -> Next {
    crate::system::panic::panic_for_test("worker");
    let Ok(read) = body::read(stream, &head, control).await else {
        control.stats().refused(Refusal::Memory);
        let _ = stream.write(&response(&overloaded_reply(), Ending::CLOSE).wire).await;
        return Next::Close;
    };
    stream.place().enter(Phase::Ours);
    let ReadBody { body, framing, intake, was_given_up, room } = read;
    let RawHead { head, framing: request, at, instant } = head;
    let ending = Ending::of(&request, !intake.is_complete());
    let reason = Some(intake.reason()).filter(|reason| !reason.is_empty());
    tracing::debug!(%remote, body_bytes = body.len(), intake = intake.name(), reason, "received");
    let hint = control.tunnel_hint();
    if came_through_a_proxy(&head) {
        hint.give();
    }
    // A request that no sender's library makes says nothing of its URL either.
    let sent_to = if hint.learns() && intake.is_complete() { learnt_url(&head) } else { None };
    let incoming = Incoming { remote: remote.to_string(), received_at: at, head, body, framing, intake };
    // One configuration judges and answers, whatever is reloaded meanwhile.
    let registry = control.registry();
    let captured = capture_aside(incoming, Arc::clone(&registry)).await;
    let (captured, ChosenAnswer { chosen, offered }) = match was_given_up {
        true => (captured, Chosen::Refused(overloaded_reply(), ChosenBy::limit()).into()),
        false => control.answering.choose(captured, registry).await,
    };
    if let Some(url) = sent_to {
        hint.learn(url, captured.judgement.verdict == Verdict::Verified);
    }
    note(&captured, &chosen);
    let id = match keep(captured, control).await {
        Ok(id) => id,
        Err(refused) => {
            control.answering.give_back(&chosen);
            tracing::warn!(status = 503, why = ?refused, "not kept");
            let reply = if refused == NotKept::Overloaded { overloaded_reply() } else { not_kept_reply() };
            return written(stream.write(&response(&reply, ending).wire).await.is_ok(), ending);
        }
    };
    Span::current().record("delivery", id.0);
    tracing::debug!("kept");
    // On disk: the delivery may wait without its room in memory.
    drop(room);
    let exchange = Exchange { id, since: instant, ending, control, offered: offered.as_ref() };
    perform::answer(exchange, stream, chosen).await
}

/// What is known of a delivery once its answer is chosen, for everything that is logged of it from now on.
fn note(captured: &Captured, chosen: &Chosen) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    if let Some(webhook) = &captured.webhook {
        span.record("webhook", &**webhook);
    }
    span.record("verdict", captured.judgement.verdict.code());
    span.record("rule", chosen.logged());
}

/// Whether a proxy has put its `X-Forwarded-…` into this head.
fn came_through_a_proxy(head: &Head) -> bool {
    const PREFIX: &[u8] = b"x-forwarded-";
    head.fields().any(|field| field.name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)))
}

pub(super) fn written(is_written: bool, ending: Ending) -> Next {
    if is_written && !ending.close { Next::Request } else { Next::Close }
}

/// Why a delivery is not on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotKept {
    /// Too many wait for the disk.
    Overloaded,
    /// The store refused it, or has ended.
    Failed,
}

/// Waits until the delivery is on disk; what could not be kept is counted.
pub(super) async fn keep(captured: Captured, control: &Control) -> Result<DeliveryId, NotKept> {
    let Ok(keeping) = control.writer().keep(captured) else {
        control.stats().refused(Refusal::Waiting);
        return Err(NotKept::Overloaded);
    };
    match keeping.await {
        Ok(Ok(id)) => Ok(id),
        Ok(Err(_)) | Err(_) => {
            control.stats().not_kept();
            Err(NotKept::Failed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, came_through_a_proxy};

    #[test]
    fn what_a_proxy_adds_is_recognised_in_any_letter_case() {
        for line in ["X-Forwarded-For: 203.0.113.9", "x-forwarded-proto: https", "X-FORWARDED-Host:"] {
            assert!(
                came_through_a_proxy(&Head::from(format!("POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n"))),
                "{line}"
            );
        }
        for head in ["", "POST /x-forwarded-for HTTP/1.1\r\nA: x-forwarded-for\r\n\r\n", "X-Forwarded"] {
            assert!(!came_through_a_proxy(&Head::from(head)), "{head}");
        }
    }
}
