//! Deliveries for the tests of this room.

use bytes::Bytes;
use jiff::Timestamp;

use crate::delivery::{Delivery, DeliveryId, EventFacts, Intake, Judgement, Marks, Summary, Verdict};
use crate::http::{Head, WireFraming};

/// Number 7, complete, not verified, without an event.
pub(crate) fn delivery(head: &str, body: &[u8]) -> Delivery {
    let head = Head::from(head.to_owned());
    let summary = Summary {
        id: DeliveryId(7),
        received_at: Timestamp::UNIX_EPOCH,
        remote: String::new(),
        method: String::from_utf8_lossy(head.method()).into_owned(),
        path: String::from_utf8_lossy(head.target()).into_owned(),
        webhook: None,
        intake: Intake::Complete,
        event: EventFacts::default(),
        judgement: Judgement::bare(Verdict::Mismatch),
        body_bytes: body.len() as u64,
        framing_bytes: 0,
        cause: None,
        marks: Marks::default(),
        image: None,
        answer: None,
    };
    Delivery { summary, head, body: Bytes::copy_from_slice(body), framing: WireFraming::NONE, answer: None }
}
