//! From the bytes of a request to a delivery that can be kept: judged, and its envelope read.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::config::Registry;
use crate::delivery::{Captured, EventFacts, ImageFacts, Intake, Judgement, Verdict};
use crate::http::{Head, WireFraming};
use crate::payload;
use crate::signature::Scheme;

/// What came in over a connection, or from a file that is imported.
#[derive(Debug)]
pub struct Incoming {
    /// The peer, as [`Captured`] names it.
    pub remote: String,
    /// When the head was whole.
    pub received_at: Timestamp,
    /// The head as received.
    pub head: Head,
    /// The body without chunk framing.
    pub body: Bytes,
    /// What stood around it.
    pub framing: WireFraming,
    /// How much of it came.
    pub intake: Intake,
}

/// A body longer than this is judged on a thread of its own, so that others are not kept waiting.
const JUDGED_INLINE_BYTES: usize = 256 * 1024;
/// So is a request with a longer head: its lists may ask for more work than its length says. Senders' heads have 1 to 4 KiB.
const JUDGED_INLINE_HEAD_BYTES: usize = 16 * 1024;
/// The most requests with compressed bodies or long heads that are judged at once; the others wait for their turn. Each takes up to
/// 10 MiB, and some milliseconds.
static LABORIOUS: Semaphore = Semaphore::const_new(2);

/// Judges a request where that keeps no other sender waiting: on a thread of its own when it is long or compressed.
pub(super) async fn capture_aside(incoming: Incoming, registry: Arc<Registry>) -> Captured {
    let is_compressed = payload::facts_coding(&incoming.body, declared(&incoming.head)).is_some();
    let is_laborious = is_compressed || incoming.head.bytes().len() > JUDGED_INLINE_HEAD_BYTES;
    if !is_laborious && incoming.body.len() <= JUDGED_INLINE_BYTES {
        return capture(incoming, &registry);
    }
    // It is never closed; were it, that would only mean that nobody waits.
    let _turn = if is_laborious { LABORIOUS.acquire().await.ok() } else { None };
    let judging = move || {
        crate::system::panic::panic_for_test("judge");
        capture(incoming, &registry)
    };
    match tokio::task::spawn_blocking(judging).await {
        Ok(captured) => captured,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// Judges a request at the moment of its arrival and reads its envelope. Takes time in proportion to
/// the body (about 1 ms for each megabyte), and some milliseconds for one that is compressed.
#[must_use]
pub fn capture(incoming: Incoming, registry: &Registry) -> Captured {
    let Incoming { remote, received_at, head, body, framing, mut intake } = incoming;
    let is_request = !matches!(intake, Intake::Malformed(_) | Intake::Incomplete(_));
    let route = registry.route(head.target());
    let (scheme, mut judgement) = match intake {
        Intake::Complete | Intake::Truncated(_) | Intake::Rebuilt(_) => {
            route.schemes.judge(route.secrets, &head, &body, received_at)
        }
        _ => (route.schemes.first(), Judgement::bare(Verdict::NotJudged)),
    };
    judgement = judgement.of_intake(&intake);
    if judgement.verdict == Verdict::Verified && matches!(intake, Intake::Rebuilt(_)) {
        judgement.note = Some("its bytes were rebuilt, and the signature proves them".to_owned());
        intake = Intake::Complete;
    }
    let (event, image) = facts(&head, &body, is_request, scheme);
    let text = |bytes: &[u8]| if is_request { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
    Captured {
        received_at,
        remote,
        method: text(head.method()),
        path: text(head.target()),
        webhook: route.webhook.filter(|_| is_request).map(|webhook| webhook.name.clone()),
        intake,
        event,
        judgement,
        image,
        head,
        body,
        framing,
    }
}

/// What the body, and the head where the scheme says so, tell of the event and its image; of what never became a
/// request, the body alone.
#[must_use]
pub fn facts(head: &Head, body: &[u8], is_request: bool, scheme: &Scheme) -> (EventFacts, Option<ImageFacts>) {
    let (mut event, image) = payload::declared_facts(body, declared(head));
    if event.event.is_none() && is_request {
        event.event = scheme.event_name(head, body);
    }
    (event, image)
}

fn declared(head: &Head) -> &[u8] {
    head.value("Content-Encoding").unwrap_or_default()
}
