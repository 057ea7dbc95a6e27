//! Captured deliveries in the formats of other tools.
//!
//! | format | what it is |
//! |---|---|
//! | [`har`] | one HTTP Archive 1.2 |
//! | [`curl`] | a POSIX shell script that replays the exact bytes |
//! | [`json`] | one object per line, which `whyhook import` reads back |
//! | [`raw`] | head and body as received |
//! | [`snippet`] | one delivery as a command or lines of code; not an exporter |
//!
//! Each is an [`Exporter`]: deliveries go in one at a time and come out as bytes, so a store of any size
//! can be written. What a format cannot express is a [`Warnings`] entry, never dropped silently. [`image`] finds
//! the bytes of one image, and [`save`](crate::system::save) writes a file of a person's choice.

mod cookies;
pub mod curl;
mod curl_request;
pub mod har;
pub mod image;
pub mod json;
pub mod raw;
pub(super) mod shell;
pub mod snippet;
mod warnings;

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use crate::delivery::{CREDENTIAL_HEADERS, Delivery};

pub use warnings::Warnings;

/// A delivery with the diagnosis of its signature.
#[derive(Debug, Clone, Copy)]
pub struct ExportItem<'a> {
    /// The delivery.
    pub delivery: &'a Delivery,
    /// The stored diagnosis.
    pub diagnosis: Option<&'a Value>,
    /// What is said of a redacted delivery; `None` for one that is as it came.
    pub redacted: Option<&'a Value>,
}

/// What writes into a file of this name, by its extension; `None` where that says no format.
#[must_use]
pub fn exporter_for(path: &Path) -> Option<Box<dyn Exporter>> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "har" => Some(Box::new(har::Har::default())),
        "sh" => Some(Box::new(curl::Curl::default())),
        "jsonl" | "ndjson" | "json" => Some(Box::new(json::Json::default())),
        _ => None,
    }
}

/// Whether a file of this name is to hold no private values: `share.redacted.har`.
#[must_use]
pub fn is_redacted(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.to_ascii_lowercase().ends_with(".redacted")
}

/// Writes deliveries in one format. [`Exporter::end`] comes once, after the last.
pub trait Exporter {
    /// Writes one delivery, and before the first what the format begins with.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn add(&mut self, item: ExportItem<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// Writes what the format ends with.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;

    /// What the format could not express exactly, so far.
    fn warnings(&self) -> &Warnings;
}

/// The pieces of a delivery that every format warns of.
fn warn_of_credentials(item: ExportItem<'_>, warnings: &mut Warnings) {
    // A placeholder is none.
    let (delivery, None) = (item.delivery, item.redacted) else { return };
    let head = &delivery.head;
    for name in CREDENTIAL_HEADERS {
        if head.value(name).is_some() {
            warnings.add(delivery.summary.id, format!("the header {name} is included, and may be a credential"));
        }
    }
}

/// What every format but our own JSON warns of: a request that is not, byte for byte, the one that was sent.
fn warn_of_intake(delivery: &Delivery, warnings: &mut Warnings) {
    let intake = &delivery.summary.intake;
    if intake.is_complete() {
        return;
    }
    let words = match intake.is_whole() {
        true => REBUILT.to_owned(),
        false => format!("is an incomplete request ({})", intake.name()),
    };
    warnings.add(delivery.summary.id, words);
}

const REBUILT: &str = "was rebuilt when it was imported: its bytes need not be those that were sent";
