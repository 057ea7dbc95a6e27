//! brotli streams: within the bounds, and what is whole is the same without them.

use whyhook::payload::inflate::Coding;

/// A stream.
pub fn run(body: &[u8]) {
    let inflated = super::inflate::within_bounds(Coding::Brotli, body);
    if inflated.stop.is_none() {
        let unbounded = brotli_decompressor::Decompressor::new(body, 4096);
        let theirs = super::inflate::by_another(unbounded, inflated.bytes.len());
        assert!(theirs.is_none_or(|theirs| theirs == inflated.bytes), "without bounds it is something else");
    }
}
