//! Compressed bodies, undone within bounds.

use std::io::Read;

/// The most that a body may grow to, in bytes.
pub const MOST_BYTES: u64 = 64 << 20;
/// The most that a body may grow by, as a factor. Real text seldom passes 20.
pub const MOST_FACTOR: u64 = 200;

/// Undoes `encoding` (`gzip`, `deflate`, `br`, `zstd`); `None` when the body is not that, breaks off,
/// or would pass the bounds.
#[must_use]
pub fn inflate(encoding: &str, body: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        "gzip" => read(flate2::read::MultiGzDecoder::new(body), body),
        "deflate" => read(flate2::read::ZlibDecoder::new(body), body)
            .or_else(|| read(flate2::read::DeflateDecoder::new(body), body)),
        "br" => read(brotli_decompressor::Decompressor::new(body, 4096), body),
        "zstd" => read(ruzstd::decoding::StreamingDecoder::new(body).ok()?, body),
        _ => None,
    }
}

/// The encodings that `body` may be in, the declared ones and those its first bytes tell.
#[must_use]
pub fn encodings(declared: &[u8], body: &[u8]) -> Vec<&'static str> {
    let declared = String::from_utf8_lossy(declared).to_ascii_lowercase();
    let mut found = Vec::new();
    for (name, magic) in [
        ("gzip", body.starts_with(&[0x1f, 0x8b])),
        // RFC 1950, section 2.2: method 8, and the two bytes are a multiple of 31.
        (
            "deflate",
            matches!(body, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0),
        ),
        ("br", false),
        ("zstd", body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])),
    ] {
        if magic || declared.split(',').any(|token| token.trim().trim_start_matches("x-") == name) {
            found.push(name);
        }
    }
    found
}

fn read(stream: impl Read, body: &[u8]) -> Option<Vec<u8>> {
    let most = MOST_BYTES.min(body.len() as u64 * MOST_FACTOR);
    let mut inflated = Vec::new();
    stream.take(most + 1).read_to_end(&mut inflated).ok()?;
    (inflated.len() as u64 <= most && !inflated.is_empty()).then_some(inflated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let body = gzip(b"{\"a\":1}");
        assert_eq!(encodings(b"", &body), ["gzip"]);
        assert_eq!(inflate("gzip", &body).unwrap(), b"{\"a\":1}");
        // `brotli` and `zstd` of {"a":1}, by their own command-line tools.
        assert_eq!(inflate("br", b"\x0b\x03\x80{\"a\":1}\x03").unwrap(), b"{\"a\":1}");
        let zstd = b"\x28\xb5\x2f\xfd\x20\x07\x39\x00\x00{\"a\":1}";
        assert_eq!(encodings(b"", zstd), ["zstd"]);
        assert_eq!(inflate("zstd", zstd).unwrap(), b"{\"a\":1}");
    }

    #[test]
    fn bombs_and_garbage_end_early() {
        assert_eq!(inflate("gzip", &gzip(&vec![0; 10 << 20])), None);
        for encoding in ["gzip", "deflate", "br", "zstd", "compress"] {
            assert_eq!(inflate(encoding, b"\x1f\x8b\x08 no such thing"), None);
            assert_eq!(inflate(encoding, b""), None);
        }
    }
}
