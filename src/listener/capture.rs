//! From the bytes of a request to a delivery that can be kept: judged, and its envelope read.

use bytes::Bytes;
use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{Captured, Framing, Intake, Judgement, RequestHead, Verdict};
use crate::{payload, signature};

/// What came in over a connection, or from a file that is imported.
#[derive(Debug)]
pub struct Incoming {
    /// The peer, as [`Captured`] names it.
    pub remote: String,
    /// When the head was whole.
    pub received_at: Timestamp,
    /// The head as it came.
    pub head: Bytes,
    /// The body without chunk framing.
    pub body: Bytes,
    /// What stood around it.
    pub framing: Framing,
    /// How much of it came.
    pub intake: Intake,
}

/// Judges a request at the moment of its arrival and reads its envelope. Takes time in proportion to
/// the body (about 1 ms for each megabyte).
#[must_use]
pub fn capture(incoming: Incoming, registry: &Registry) -> Captured {
    let Incoming { remote, received_at, head, body, framing, intake } = incoming;
    let parsed = RequestHead::parse(&head);
    let is_request = !matches!(intake, Intake::Malformed(_) | Intake::Incomplete(_));
    let route = registry.route(&parsed.target);
    let judgement = match intake {
        Intake::Complete | Intake::Truncated(_) => {
            signature::judge(route.scheme, route.secrets, &parsed, &body, received_at)
        }
        _ => Judgement::bare(Verdict::NotJudged),
    };
    let (event, image) = match parsed.value("Content-Encoding") {
        Some(declared) => payload::declared_facts(&body, declared),
        None => payload::capture_facts(&body),
    };
    let text = |bytes: &Bytes| if is_request { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
    Captured {
        received_at,
        remote,
        method: text(&parsed.method),
        path: text(&parsed.target),
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
