//! From the bytes of a request to a delivery that can be kept: judged, and its envelope read.

use std::net::SocketAddr;

use bytes::Bytes;
use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{Captured, Intake, Judgement, RequestHead, Verdict};
use crate::{payload, signature};

/// What came in over a connection.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) remote: SocketAddr,
    pub(super) received_at: Timestamp,
    pub(super) head: Bytes,
    pub(super) body: Bytes,
    pub(super) intake: Intake,
}

/// Judges a request at the moment of its arrival and reads its envelope. Takes time in proportion to
/// the body (about 1 ms for each megabyte).
pub(super) fn capture(incoming: Incoming, registry: &Registry) -> Captured {
    let Incoming { remote, received_at, head, body, intake } = incoming;
    let parsed = RequestHead::parse(&head);
    let is_request = !matches!(intake, Intake::Malformed(_) | Intake::Incomplete(_));
    let route = registry.route(&parsed.target);
    let judgement = match intake {
        Intake::Complete | Intake::Truncated(_) => {
            signature::judge(route.scheme, route.secrets, &parsed, &body, received_at)
        }
        _ => Judgement::bare(Verdict::NotJudged),
    };
    let (event, image) = payload::capture_facts(&body);
    let text = |bytes: &Bytes| if is_request { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
    Captured {
        received_at,
        remote: remote.to_string(),
        method: text(&parsed.method),
        path: text(&parsed.target),
        webhook: route.webhook.filter(|_| is_request).map(|webhook| webhook.name.clone()),
        intake,
        event,
        judgement,
        image,
        head,
        body,
    }
}
