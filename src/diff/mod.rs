//! Two messages side by side: what differs in their start lines, headers and bodies.
//!
//! Nothing is re-printed: JSON is compared by path from its tokens, and `1.0` beside `1.00` is a
//! difference, though not one of value. Bounded in time and size for bodies of many megabytes.

mod bytes;
mod headers;
mod json;
mod lines;
mod render;
mod side_by_side;

use crate::http::Head;
use ::bytes::Bytes;

pub use self::bytes::{ByteDifference, compare_bytes};
pub use self::headers::{HeaderChange, compare_headers};
pub use self::json::{DifferenceKind, JsonComparison, JsonDifference, Snippet, compare_json};
pub use self::lines::{LineChange, LineComparison, compare_lines};
pub use self::side_by_side::{SideRow, SideText};
use crate::delivery::Delivery;
use crate::http::{HeaderField, HttpResponse};

/// A request or a response, to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedMessage {
    /// The request line or status line.
    pub start: Bytes,
    /// The headers in their order.
    pub fields: Vec<HeaderField>,
    /// The body.
    pub body: Bytes,
}

impl From<&Delivery> for ComparedMessage {
    fn from(delivery: &Delivery) -> Self {
        Self::of(&delivery.head, &delivery.body)
    }
}

impl From<&HttpResponse> for ComparedMessage {
    fn from(reply: &HttpResponse) -> Self {
        Self::of(&reply.head, &reply.body)
    }
}

impl ComparedMessage {
    /// A message with this head and body.
    #[must_use]
    pub fn of(head: &Head, body: &Bytes) -> Self {
        let start = head.bytes().slice_ref(head.start_line().trim_ascii_end());
        Self { start, fields: head.fields().collect(), body: body.clone() }
    }
}

/// What differs between two messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageComparison {
    /// The two start lines, where they differ.
    pub start: Option<(Bytes, Bytes)>,
    /// What differs in the headers, in their order.
    pub headers: Vec<HeaderChange>,
    /// Where the bodies' bytes differ.
    pub bytes: Option<ByteDifference>,
    /// What differs in the bodies as JSON; `None` when they do not differ, or one is not JSON.
    pub json: Option<JsonComparison>,
    /// What differs in them as text, where they are not JSON.
    pub lines: Option<LineComparison>,
    /// Bytes in either body.
    pub lengths: (usize, usize),
}

impl MessageComparison {
    /// Compares the message `from` with the message `to`.
    #[must_use]
    pub fn of(from: &ComparedMessage, to: &ComparedMessage) -> Self {
        let bytes = compare_bytes(&from.body, &to.body);
        let json = bytes.as_ref().and_then(|_| compare_json(&from.body, &to.body));
        let is_text = bytes.is_some() && json.is_none();
        Self {
            start: (from.start != to.start).then(|| (from.start.clone(), to.start.clone())),
            headers: compare_headers(&from.fields, &to.fields),
            lines: is_text.then(|| compare_lines(&from.body, &to.body)).flatten(),
            json,
            bytes,
            lengths: (from.body.len(), to.body.len()),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.start.is_none() && self.headers.is_empty() && self.bytes.is_none()
    }
}
