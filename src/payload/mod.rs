//! What a body holds, read without changing it.
//!
//! | part | what it does |
//! |---|---|
//! | [`json`] | tokens with their places, and rows for display made from them |
//! | [`event`] | the envelope's facts, cheap enough for every delivery |
//! | [`body`] | what a body is: inflated, decoded, recognised by its evidence; forms, parts, XML |
//! | [`contract`] | an event by the documentation: what it says, where it drifts |
//! | [`binary`] | bytes written into JSON, in every form a sender was seen to use |
//! | [`image`] | what a picture's bytes say: format, dimensions, segments |
//! | [`jq`] | queries over JSON |
//! | [`hex`] | bytes as rows for a screen |
//! | [`inflate`] | compressed bodies undone, within bounds |
//! | [`lookup`] | one value by its name: of a query, a form, JSON |
//! | `outline` | rows that are nested in each other, in a byte or two each |
//! | [`raw`] | any bytes as rows of text, nothing hidden |
//!
//! Everything here is a function of bytes: no input, no output, no clock. Any bytes may be fed to
//! any of it.

pub mod binary;
pub mod body;
pub mod contract;
pub mod event;
pub mod hex;
pub mod image;
pub mod inflate;
pub mod jq;
pub mod json;
pub mod lookup;
mod outline;
pub mod raw;

use crate::delivery::{EventFacts, ImageFacts};
use inflate::{Coding, InflateBudget, InflateStop, inflate_prefix};

/// Reads the facts that a list row shows, once for every delivery. Of a body that begins as gzip or zstd,
/// which no JSON does, the beginning is inflated for it ([`InflateBudget::facts`]).
#[must_use]
pub fn capture_facts(body: &[u8]) -> (EventFacts, Option<ImageFacts>) {
    facts_in(facts_coding(body, b""), body)
}

/// The facts of a body whose `Content-Encoding` is `declared`: one that is said to be in brotli or deflate, which
/// no first bytes prove, is inflated in the same way.
#[must_use]
pub fn declared_facts(body: &[u8], declared: &[u8]) -> (EventFacts, Option<ImageFacts>) {
    facts_in(facts_coding(body, declared), body)
}

/// The coding that is undone for these facts, which takes its time.
#[must_use]
pub fn facts_coding(body: &[u8], declared: &[u8]) -> Option<Coding> {
    Coding::of_magic(body).or_else(|| declared_coding(body, declared))
}

/// The bound that kept these facts from being read from the whole of a body.
#[must_use]
pub fn facts_bound(body: &[u8], declared: &[u8]) -> Option<InflateStop> {
    let inflated = inflate_prefix(facts_coding(body, declared)?, body, &mut InflateBudget::facts());
    inflated.stop.filter(|stop| stop.is_bound() || *stop == InflateStop::Failed)
}

fn facts_in(coding: Option<Coding>, body: &[u8]) -> (EventFacts, Option<ImageFacts>) {
    match coding {
        None => event::read(body, &mut binary::image_facts),
        Some(coding) => {
            let inflated = inflate_prefix(coding, body, &mut InflateBudget::facts());
            event::read(&inflated.bytes, &mut binary::image_facts)
        }
    }
}

/// The one coding that is declared. Some senders declare what they have not done: what begins as JSON is JSON.
fn declared_coding(body: &[u8], declared: &[u8]) -> Option<Coding> {
    let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    let coding = Coding::named(std::str::from_utf8(declared).ok()?)?;
    (!is_json).then_some(coding)
}
