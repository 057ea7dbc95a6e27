//! deflate, zlib and gzip: within the bounds, and what is whole is what flate2 makes of it.

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use whyhook::payload::inflate::{Coding, encodings};

/// A stream, taken for each of the three.
pub fn run(body: &[u8]) {
    let gzip = super::inflate::within_bounds(Coding::Gzip, body);
    if gzip.stop.is_none() {
        let theirs = super::inflate::by_another(MultiGzDecoder::new(body), gzip.bytes.len());
        assert_eq!(theirs, Some(gzip.bytes), "gzip");
    }
    let inflated = super::inflate::within_bounds(Coding::Deflate, body);
    if inflated.stop.is_none() {
        let most = inflated.bytes.len();
        let theirs = if encodings(b"", body).contains(&"deflate") {
            super::inflate::by_another(ZlibDecoder::new(body), most)
        } else {
            super::inflate::by_another(DeflateDecoder::new(body), most)
        };
        assert_eq!(theirs, Some(inflated.bytes), "deflate");
    }
}
