//! What surrounds a signature in its header, taken off layer by layer.
//!
//! A difference is what the value has and the scheme's form has not, or the reverse; never the way in which the signature
//! was found. What the scheme has itself is no difference.

use super::axis::Why;
use super::encoding::{Received, UsualForm, distinct, read_value, shown, stray};
use super::layers::{Layer, layers};
use super::value_lists::read_list;
use super::{BytePlace, CauseCode, RequestPart};
use crate::signature::Algorithm;
use crate::signature::scheme::{Parts, ReadSignature};

/// Every reading of one header value, whatever surrounds the signature, the plainest first.
pub(super) fn readings(value: &[u8], usual: &UsualForm<'_>) -> Vec<Received> {
    let mut all = Vec::new();
    let texts = layers(value, &usual.scheme.signature.prefix, usual.scheme.signature.any_case);
    for (depth, text) in texts.iter().enumerate() {
        read_value(text.bytes, usual, &whole(text, value, usual), None, &mut all);
        let around = text.around();
        if depth > 0 && !usual.form.is_empty() {
            own_form(text.bytes, usual, &around, &mut all);
        }
        read_list(text.bytes, usual, &around, &mut all);
    }
    if let Some(digits) = digits_within(value, usual.algorithm) {
        let why = stray(3, "other text around the hexadecimal digits", value, 0);
        let missing = (!has_own_mark(value, usual)).then(|| missing_form(value, usual)).flatten();
        let before: Vec<Why> = missing.into_iter().chain([why]).collect();
        read_value(digits, usual, &before, None, &mut all);
    }
    distinct(all)
}

/// What the scheme reads of a text from which something was taken off.
fn own_form(text: &[u8], usual: &UsualForm<'_>, around: &[Why], all: &mut Vec<Received>) {
    let mut read = ReadSignature::default();
    let parts = Parts { scheme: Some(usual.scheme), ..Parts::default() };
    usual.scheme.signature.read_value(text, &parts, &mut read);
    let place = usual.scheme.timestamp.as_ref();
    let timestamp = place.and_then(|place| place.value(&Parts { value: Some(&read), ..Parts::default() }));
    for candidate in &read.candidates {
        read_value(candidate, usual, around, timestamp.as_deref(), all);
    }
}

/// How a value differs that is nothing but this text and what surrounds it.
fn whole(layer: &Layer<'_>, value: &[u8], usual: &UsualForm<'_>) -> Vec<Why> {
    let form = &usual.form;
    let prefix = match (form.is_empty(), layer.has_own, layer.prefixes.is_empty()) {
        (true, _, true) | (false, true, true) => None,
        (true, _, false) => Some(format!("the prefix {}", layer.prefixes)),
        (false, true, false) => Some(format!("the additional prefix {}", layer.prefixes)),
        (false, false, true) => return missing_form(value, usual).into_iter().chain(layer.whys.clone()).collect(),
        (false, false, false) => Some(format!("the prefix {} instead of {form}", layer.prefixes)),
    };
    prefix.map(|detail| prefix_why(value, usual, detail)).into_iter().chain(layer.whys.clone()).collect()
}

fn prefix_why(value: &[u8], usual: &UsualForm<'_>, detail: String) -> Why {
    let place = BytePlace { part: RequestPart::Signature, offset: 0, before: shown(value), after: usual.form.clone() };
    Why::new(CauseCode::SignaturePrefix, 0, detail).at(place)
}

/// That the value has nothing of the scheme's form.
fn missing_form(value: &[u8], usual: &UsualForm<'_>) -> Option<Why> {
    (!usual.form.is_empty()).then(|| prefix_why(value, usual, format!("sent without {}", usual.form)))
}

/// Whether the scheme's prefix, or the name of its signature, is somewhere in the value.
fn has_own_mark(value: &[u8], usual: &UsualForm<'_>) -> bool {
    let form = &usual.scheme.signature;
    let lower = value.to_ascii_lowercase();
    let has = |mark: &str| memchr::memmem::find(&lower, mark.to_ascii_lowercase().as_bytes()).is_some();
    let name = form.pair.as_ref().and(form.take.first());
    match (form.prefix.trim(), name) {
        ("", Some(name)) => has(name),
        ("", None) => false,
        (prefix, _) => has(prefix),
    }
}

/// The only run of hexadecimal digits in a longer text that is as long as a digest, as a tool's whole output has it:
/// `SHA2-256(stdin)= …`, `… *stdin`; one of the scheme's own length before others. Where there is none, the only one that
/// may be a SHA-256 that has lost zeros.
fn digits_within(value: &[u8], usual: Algorithm) -> Option<&[u8]> {
    let only = |fits: &dyn Fn(usize) -> bool| {
        let mut runs = value.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| fits(run.len()));
        let run = runs.next().filter(|run| run.len() < value.len())?;
        runs.next().is_none().then_some(run)
    };
    only(&|length| length == 2 * usual.digest_bytes())
        // Of MD5's length are ids as well.
        .or_else(|| only(&|length| length > 32 && length % 2 == 0 && Algorithm::of_length(length / 2).is_some()))
        .or_else(|| only(&|length| (50..64).contains(&length)))
}
