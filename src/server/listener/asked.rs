//! What an answer asks of a request that is on disk: for one that a person chose while the delivery was held.

use std::io::Read as _;

use super::{Control, room};
use crate::delivery::DeliveryId;
use crate::payload::lookup::LOOKUP_BYTES;
use crate::rules::{AnswerChoice, AnsweredRequest, Facts, handshake_secret};
use crate::store::{Reader, StoredDelivery};

/// The facts with what this answer asks of the request. What cannot be read again is missing, and so the automatic
/// answer is sent.
pub(super) async fn of_kept(id: DeliveryId, answer: &AnswerChoice, facts: Facts, control: &Control) -> Facts {
    let Some(location) = control.forwarder.location() else { return facts };
    let opened = tokio::task::spawn_blocking(move || Reader::open(&location)?.open_body(id)).await;
    let StoredDelivery { summary, head, body } = match opened {
        Ok(Ok(Some(stored))) => stored,
        Ok(Ok(None) | Err(_)) => return facts,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    };
    // Of a longer body nothing is looked up, so that no more than this is held.
    let length = usize::try_from(body.length()).unwrap_or(usize::MAX).min(LOOKUP_BYTES + 1);
    let mut room = control.room();
    if room.grow(length.saturating_add(head.len()), room::PATIENCE).await.is_err() {
        return facts;
    }
    let mut bytes = Vec::with_capacity(length);
    let reading = move || body.take(length as u64).read_to_end(&mut bytes).map(|_| bytes);
    let bytes = match tokio::task::spawn_blocking(reading).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return facts,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    };
    let registry = control.registry();
    let route = registry.route(head.target());
    let secret = handshake_secret(route.secrets, summary.judgement.secret.as_deref());
    facts.with_request([answer], &AnsweredRequest { head: &head, body: &bytes, scheme: route.scheme, secret })
}
