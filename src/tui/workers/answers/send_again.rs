//! Forwarding a stored delivery to the upstream server again, byte for byte.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::delivery::{AttemptKind, DeliveryId};
use crate::http::{ClientLimits, Target};
use crate::send::replay::{self, How};
use crate::send::{Origin, attempt};
use crate::server::ShownListener;
use crate::server::listener::Means;
use crate::store::{Location, Reader};

/// Sends it, stores the result, and reports it.
pub(super) fn send(
    listener: &dyn ShownListener,
    location: &Location,
    id: DeliveryId,
    url: &str,
) -> Result<String, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let target: Target = url.parse().map_err(|error| words(&error))?;
    let delivery = Reader::open(location).and_then(|reader| reader.load(id)).map_err(|error| words(&error))?;
    let delivery = delivery.ok_or_else(|| format!("delivery {id} is no longer in the store"))?;
    let registry = listener.registry();
    let unsigned = || replay::signing(&registry, &delivery.summary, None, None);
    let made = replay::prepare(&delivery, &target, &How::AsCaptured, unsigned, Timestamp::now());
    let made = made.map_err(|error| words(&error))?;
    let Means { client, patience } = listener.means().map_err(|error| words(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| words(&error))?;
    let limits = ClientLimits::within(patience);
    let sent = runtime.block_on(client.send(&target, &made.request, &limits, &CancellationToken::new()));
    let origin = Origin { delivery: Some(id), kind: AttemptKind::Replay, mode: made.mode };
    let attempt = attempt(origin, &target, &made.request, Some(&delivery.body), sent);
    super::keep(location, &attempt).map_err(|error| format!("sent, but not saved: {error}"))?;
    match &attempt.result {
        Ok(reply) => Ok(format!("{url} answered {} to delivery {id}", reply.status)),
        Err(failure) => Err(format!("{}; {}", failure.message, failure.advice)),
    }
}
