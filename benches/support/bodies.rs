//! Stores of a few deliveries with given bodies.

use bytes::Bytes;
use jiff::Timestamp;
use whyhook::config::Registry;
use whyhook::delivery::{DeliveryId, Intake};
use whyhook::http::WireFraming;
use whyhook::server::listener::capture::{Incoming, capture};
use whyhook::store::{Location, Writer};

use super::{Failure, store};

/// Keeps deliveries with these bodies, unsigned and answered with 401, and returns the newest's number.
///
/// # Errors
///
/// When the store cannot be written.
pub(crate) fn keep(location: &Location, bodies: &[&[u8]]) -> Result<DeliveryId, Failure> {
    const HEAD: &str =
        "POST /webhooks/trackpilots HTTP/1.1\r\nhost: 127.0.0.1:3000\r\ncontent-type: application/json\r\n\r\n";
    let (writer, handle) = Writer::start(location, |_| {})?;
    let registry = Registry::default();
    let mut newest = DeliveryId(0);
    for body in bodies {
        let incoming = Incoming {
            remote: "127.0.0.1:40000".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            head: HEAD.into(),
            body: Bytes::copy_from_slice(body),
            framing: WireFraming::NONE,
            intake: Intake::Complete,
        };
        newest = handle.keep(capture(incoming, &registry))?.blocking_recv()?.map_err(|error| error.to_string())?;
        handle.answered(newest, store::answer(7));
    }
    drop(handle);
    writer.join();
    Ok(newest)
}
