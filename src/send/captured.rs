//! Captured deliveries as requests: as they came, or without their body for who streams it.

use bytes::Bytes;

use crate::delivery::{Delivery, Intake, Summary};
use crate::http::{Head, NoOriginForm, NoRequest, Outgoing, RequestChange, Target};
use crate::text::visible;

/// Why a captured delivery cannot be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayable {
    /// The captured request is incomplete.
    #[error("cannot replay delivery {id}: the captured request is incomplete ({intake}); --exact sends it as received")]
    NotWhole {
        /// Its number.
        id: i64,
        /// What was wrong with it.
        intake: String,
    },
    /// No server can be asked for its target.
    #[error("cannot replay delivery {id}: {reason}; --exact sends it as received")]
    NoOriginForm {
        /// Its number.
        id: i64,
        /// Why not.
        reason: NoOriginForm,
    },
}

/// A captured delivery for `target`, as [`Outgoing::of_capture`] makes it, in the chunks in which it came.
///
/// # Errors
///
/// [`NotReplayable`] when it was not a whole request, or no server can be asked for it.
pub fn as_captured(delivery: &Delivery, target: &Target) -> Result<(Outgoing, Vec<RequestChange>), NotReplayable> {
    check_whole(&delivery.summary)?;
    Outgoing::of_capture(&delivery.head, delivery.body.clone(), chunks(delivery), target)
        .map_err(|reason| refused(&delivery.summary, reason))
}

/// A captured delivery exactly as it came, whatever it was.
#[must_use]
pub fn exact(delivery: &Delivery) -> Outgoing {
    Outgoing::exact(&delivery.head, delivery.body_section())
}

/// The request of [`as_captured`] without the body, of which `length` bytes are sent after it.
///
/// # Errors
///
/// Those of [`as_captured`].
pub fn of_head(
    summary: &Summary,
    head: &Head,
    length: u64,
    target: &Target,
) -> Result<(Outgoing, Vec<RequestChange>), NotReplayable> {
    check_whole(summary)?;
    Outgoing::of_head(head, length, target).map_err(|reason| refused(summary, reason))
}

fn check_whole(summary: &Summary) -> Result<(), NotReplayable> {
    if summary.intake.is_whole() { Ok(()) } else { Err(not_whole(summary, &summary.intake)) }
}

fn refused(summary: &Summary, reason: NoRequest) -> NotReplayable {
    match reason {
        NoRequest::NoRequestLine => not_whole(summary, &Intake::Malformed(reason.to_string())),
        NoRequest::NoOriginForm(reason) => NotReplayable::NoOriginForm { id: summary.id.0, reason },
    }
}

fn not_whole(summary: &Summary, intake: &Intake) -> NotReplayable {
    NotReplayable::NotWhole { id: summary.id.0, intake: format!("{}: {}", intake.name(), visible(intake.reason())) }
}

/// The body of a whole delivery in the chunks in which it came; `None` for one that came bare.
fn chunks(delivery: &Delivery) -> Option<Bytes> {
    let head = &delivery.head;
    let is_chunked = head.values("Transfer-Encoding").eq([&b"chunked"[..]]) && head.value("Content-Length").is_none();
    let section = delivery.body_section();
    let framed = section.len().checked_sub(delivery.framing.unframed_bytes())?;
    (is_chunked && framed > delivery.body.len()).then(|| section.slice(..framed))
}
