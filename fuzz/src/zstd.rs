//! zstd frames: within the bounds, and what is whole is what ruzstd makes of it.

use ruzstd::decoding::StreamingDecoder;
use whyhook::payload::inflate::Coding;

/// Frames, one behind the other.
pub fn run(body: &[u8]) {
    let inflated = super::inflate::within_bounds(Coding::Zstd, body);
    // ruzstd has no bounds of its own, and reads one frame: only what is whole and begins with data is given to it.
    if inflated.stop.is_some() || !body.starts_with(b"\x28\xb5\x2f\xfd") {
        return;
    }
    let theirs = StreamingDecoder::new(body).ok();
    if let Some(theirs) = theirs.and_then(|decoder| super::inflate::by_another(decoder, inflated.bytes.len())) {
        assert!(inflated.bytes.starts_with(&theirs), "another decoder makes something else of it");
    }
}
