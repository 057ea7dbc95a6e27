//! What an answer asks of a request that is on disk: for one that a person chose while the delivery was held.

use std::io::Read as _;

use super::{Control, room, stats};
use crate::delivery::DeliveryId;
use crate::payload::lookup::LOOKUP_BYTES;
use crate::rules::{AnswerChoice, AnsweredRequest, Facts, UnreadRequest, handshake_secret};
use crate::store::StoredDelivery;

/// The facts with what this answer asks of the request. Where that cannot be read again, the facts say why, and the
/// automatic answer is sent.
pub(super) async fn of_kept(id: DeliveryId, answer: &AnswerChoice, facts: Facts, control: &Control) -> Facts {
    control.writer().hurry();
    let Ok(StoredDelivery { summary, head, body }) = control.forwarder.open(id).await else {
        return facts.without_request([answer], UnreadRequest::Store);
    };
    // Of a longer body nothing is looked up, so that no more than this is held.
    let length = usize::try_from(body.length()).unwrap_or(usize::MAX).min(LOOKUP_BYTES + 1);
    let mut room = control.room();
    if room.grow(length.saturating_add(head.len()), room::PATIENCE).await.is_err() {
        control.stats().refused(stats::Refusal::Memory);
        return facts.without_request([answer], UnreadRequest::NoRoom);
    }
    let mut bytes = Vec::with_capacity(length);
    let reading = move || body.take(length as u64).read_to_end(&mut bytes).map(|_| bytes);
    let bytes = match tokio::task::spawn_blocking(reading).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return facts.without_request([answer], UnreadRequest::Store),
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    };
    let registry = control.registry();
    let route = registry.route(head.target());
    let secret = handshake_secret(route.secrets, summary.judgement.secret.as_deref());
    let scheme = route.schemes.of_request(&head, &bytes);
    facts.with_request([answer], &AnsweredRequest { head: &head, body: &bytes, scheme, secret })
}
