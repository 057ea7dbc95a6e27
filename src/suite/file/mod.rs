//! A suite as a file: JSON that people read, review and edit.
//!
//! ```json
//! {
//!   "version": 1,
//!   "cases": [
//!     {
//!       "name": "screenshot-12",
//!       "received_at": "2026-11-29T18:48:59.123Z",
//!       "signature": "resign",
//!       "webhook": "developer",
//!       "scheme": "trackpilots",
//!       "method": "POST",
//!       "target": "/webhooks/trackpilots",
//!       "headers": [
//!         "Content-Type: application/json",
//!         "X-Webhook-Signature:"
//!       ],
//!       "body": "{\"event\": \"desktop.screenshot_tracking.captured\"}",
//!       "expect": {
//!         "status": 200,
//!         "headers": [
//!           {
//!             "name": "Content-Type",
//!             "matches": "json"
//!           }
//!         ],
//!         "body": [
//!           {
//!             "path": "result.id",
//!             "equals": 7
//!           }
//!         ]
//!       }
//!     }
//!   ]
//! }
//! ```
//!
//! What is written reads the same, and the same suite is always the same bytes. Bytes that are no text are Base64; text
//! that a reader's eye would not keep apart is escaped.

mod form;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{FILE_BYTES, SuiteFault, read};
pub use write::write;

/// The version of the format that is written, and the newest that is read.
pub(super) const VERSION: i64 = 1;
/// The most cases of one suite.
pub const CASE_LIMIT: usize = 1_000;
/// The longest name of a case, in bytes.
pub(super) const NAME_BYTES: usize = 100;
