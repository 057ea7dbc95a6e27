//! What a delivery is: the facts that every other layer speaks of.
//!
//! A [`Delivery`] is one HTTP request as received on the wire, what was judged at that moment
//! ([`Judgement`]), and what was sent back ([`Answer`]). A [`Summary`] is the small part that a list
//! row needs; the interface holds summaries only and reads whole deliveries by their [`DeliveryId`].

mod answer;
mod attempt;
mod chosen_by;
mod credentials;
mod id;
mod intake;
mod json;
mod marks;
mod retry;
mod summary;
mod verdict;

pub use answer::{Answer, AnswerFacts, Outcome};
pub use attempt::{Attempt, AttemptId, AttemptKind, AttemptMode, AttemptSummary};
pub use chosen_by::ChosenBy;
pub use credentials::{CREDENTIAL_HEADERS, CREDENTIAL_PARAMETERS};
pub use id::{DeliveryId, InvalidDeliveryId};
pub use intake::Intake;
pub use json::{detail_json, detail_text, summary_json, summary_text};
pub use marks::{Marks, MarksEdit, MarksLimit, NOTE_BYTES, TAG_BYTES, TAG_LIMIT, cause_codes, tag_of};
pub use retry::{Retry, Sameness, sameness, schedule};
pub use summary::{EventFacts, IMPORTED, ImageFacts, Summary};
pub use verdict::{Judgement, TimestampFacts, TimestampUnit, Verdict};

use bytes::Bytes;
use jiff::Timestamp;

use crate::http::{Head, WireFraming};

/// A request that has been read and judged, and is about to be kept: a [`Delivery`] without a
/// number and an answer. The fields are those of [`Summary`] and [`Delivery`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented where it ends up, in Summary and Delivery")]
pub struct Captured {
    pub received_at: Timestamp,
    pub remote: String,
    pub method: String,
    pub path: String,
    pub webhook: Option<String>,
    pub intake: Intake,
    pub event: EventFacts,
    pub judgement: Judgement,
    pub image: Option<ImageFacts>,
    pub head: Head,
    pub body: Bytes,
    pub framing: WireFraming,
}

/// One captured request, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The facts that a list row shows.
    pub summary: Summary,
    /// The request line and headers exactly as received, the final empty line included.
    pub head: Head,
    /// The body after transfer decoding (chunk framing removed) and nothing else: a compressed body
    /// is still compressed.
    pub body: Bytes,
    /// What surrounded the body on the wire.
    pub framing: WireFraming,
    /// What was sent back, once something was.
    pub answer: Option<Answer>,
}

impl Delivery {
    /// What a person should know of bytes that belong to no body.
    #[must_use]
    pub fn framing_words(&self) -> Option<String> {
        let count = self.framing.unframed_bytes();
        let bytes = if count == 1 { "byte" } else { "bytes" };
        (count > 0).then(|| format!("{count} unexpected {bytes} after the request; see the raw form"))
    }

    /// The body section as received over the wire: chunk sizes, extensions, trailers, and anything malformed.
    #[must_use]
    pub fn body_section(&self) -> Bytes {
        self.framing.wire(&self.body)
    }
}
