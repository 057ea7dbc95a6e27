//! Compressed bodies, undone within bounds.
//!
//! The codings are those of `Content-Encoding` (RFC 9110, section 8.4.1) that senders use. What comes
//! out is bounded however little goes in, and what came before a fault is kept.

use std::fmt;
use std::io::Read;

/// The most that a body may grow to, in bytes.
pub const MOST_BYTES: u64 = 64 << 20;
/// The most that a body may grow by, as a factor. Real text seldom passes 20.
pub const MOST_FACTOR: u64 = 200;

/// A content coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950 as HTTP has it, or RFC 1951 as some senders have it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// The token of `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding that a token of `Content-Encoding` names, in any letter case; `x-gzip` is `gzip`.
    #[must_use]
    pub fn named(token: &str) -> Option<Self> {
        let token = token.trim().to_ascii_lowercase();
        let token = token.strip_prefix("x-").unwrap_or(&token);
        Self::ALL.into_iter().find(|coding| coding.name() == token)
    }

    /// The coding that the first bytes prove; of zlib's and brotli's there is no proof.
    #[must_use]
    pub fn of_magic(body: &[u8]) -> Option<Self> {
        match body {
            // The third byte is the method, of which there is one.
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Why inflating ended before the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The bytes break off or are not of this coding; the decoder's own words.
    Damaged(String),
    /// It would pass this many bytes.
    TooLarge(u64),
    /// It would pass [`MOST_FACTOR`] times the bytes that were sent.
    TooDense,
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(reason) => write!(formatter, "damaged: {}", crate::text::visible(reason)),
            Self::TooLarge(most) => write!(formatter, "stopped at {} bytes", super::grouped(*most)),
            Self::TooDense => write!(formatter, "stopped at {MOST_FACTOR} times its size"),
        }
    }
}

/// What came out of a coding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflated {
    /// The bytes until the end, or until `stop`.
    pub bytes: Vec<u8>,
    /// Why there are no more; `None` when it is whole.
    pub stop: Option<Stop>,
}

/// Undoes `coding` as far as it goes. `sent` is the length of what came over the wire, by which growth
/// is judged when codings are stacked.
#[must_use]
pub fn inflate_prefix(coding: Coding, body: &[u8], sent: usize) -> Inflated {
    let most = MOST_BYTES.min((sent as u64).saturating_mul(MOST_FACTOR));
    let mut out = Sink { bytes: Vec::new(), most };
    let stop = out.undo(coding, body);
    let stop = stop.or_else(|| body.is_empty().then(|| Stop::Damaged("there is nothing".to_owned())));
    Inflated { bytes: out.bytes, stop }
}

/// The first `most` bytes of what `coding` has made of `body`, or as many as come before a fault.
#[must_use]
pub fn beginning(coding: Coding, body: &[u8], most: u64) -> Vec<u8> {
    let mut out = Sink { bytes: Vec::new(), most };
    out.undo(coding, body);
    out.bytes
}

/// Undoes the coding that `encoding` names; `None` when the body is not that, breaks off, or would
/// pass the bounds.
#[must_use]
pub fn inflate(encoding: &str, body: &[u8]) -> Option<Vec<u8>> {
    let coding = Coding::named(encoding)?;
    let whole = |inflated: Inflated| inflated.stop.is_none().then_some(inflated.bytes);
    whole(inflate_prefix(coding, body, body.len())).filter(|bytes| !bytes.is_empty())
}

/// The codings that `body` may be in, the declared ones and those its first bytes tell.
#[must_use]
pub fn encodings(declared: &[u8], body: &[u8]) -> Vec<&'static str> {
    let declared = String::from_utf8_lossy(declared);
    let is_declared = |coding| declared.split(',').any(|token| Coding::named(token) == Some(coding));
    let is_evident = |coding| Coding::of_magic(body) == Some(coding) || coding == Coding::Deflate && is_zlib(body);
    Coding::ALL.into_iter().filter(|coding| is_declared(*coding) || is_evident(*coding)).map(Coding::name).collect()
}

/// RFC 1950, section 2.2: method 8, and the first two bytes are a multiple of 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31))
}

struct Sink {
    bytes: Vec<u8>,
    most: u64,
}

impl Sink {
    fn undo(&mut self, coding: Coding, body: &[u8]) -> Option<Stop> {
        match coding {
            Coding::Gzip => self.pump(flate2::read::MultiGzDecoder::new(body)),
            Coding::Deflate if is_zlib(body) => self.pump(flate2::read::ZlibDecoder::new(body)),
            Coding::Deflate => self.pump(flate2::read::DeflateDecoder::new(body)),
            Coding::Brotli => self.pump(brotli_decompressor::Decompressor::new(body, 4096)),
            Coding::Zstd => self.zstd(body),
        }
    }

    fn pump(&mut self, mut stream: impl Read) -> Option<Stop> {
        let mut chunk = [0; 16 * 1024];
        loop {
            let read = match stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Some(Stop::Damaged(error.to_string())),
            };
            let room = usize::try_from(self.most).unwrap_or(usize::MAX) - self.bytes.len();
            self.bytes.extend_from_slice(&chunk[..read.min(room)]);
            if read > room {
                return Some(if self.most == MOST_BYTES { Stop::TooLarge(MOST_BYTES) } else { Stop::TooDense });
            }
        }
    }

    /// One frame behind the other (RFC 8878, section 3.1).
    fn zstd(&mut self, body: &[u8]) -> Option<Stop> {
        let mut rest = body;
        while !rest.is_empty() {
            let before = rest.len();
            let stop = match ruzstd::decoding::StreamingDecoder::new(&mut rest) {
                Ok(stream) => self.pump(stream),
                Err(error) => Some(Stop::Damaged(error.to_string())),
            };
            if stop.is_some() {
                return stop;
            }
            if rest.len() == before {
                break;
            }
        }
        None
    }
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
    fn a_row_names_the_event_of_a_compressed_body_within_bounds() {
        let event = r#"{"event":"desktop.app_tracking.captured","version":"v1","data":[{},{}]}"#;
        let (facts, _) = crate::payload::capture_facts(&gzip(event.as_bytes()));
        assert_eq!((facts.short_event(), facts.items), (Some("app"), Some(2)));
        let bomb = gzip(format!("{event}{}", " ".repeat(4_000_000)).as_bytes());
        assert_eq!(beginning(Coding::Gzip, &bomb, 1 << 20).len(), 1 << 20);
        assert_eq!(crate::payload::capture_facts(&bomb).0.short_event(), Some("app"));
        let torn = gzip(event.as_bytes());
        for end in 0..torn.len() {
            // Whatever is left of it, nothing is made up.
            let (facts, _) = crate::payload::capture_facts(&torn[..end]);
            assert!(facts.event.is_none_or(|name| &*name == "desktop.app_tracking.captured"));
        }
    }

    #[test]
    fn a_row_names_the_event_of_a_body_whose_coding_only_its_header_tells() {
        use crate::payload::{capture_facts, declared_facts};
        let event = r#"{"event":"desktop.app_tracking.captured","version":"v1","data":[{},{}]}"#;
        let known = capture_facts(event.as_bytes());
        // `event` as Node's zlib.brotliCompressSync writes it.
        let brotli = hex::decode("1b4600602c0e6c9b44db8dc3b0e54b6b3c228e9064b659baf6fa644c985db1e8a4c816598bb87cc171ca017b9e148741f2bd048ade643a9e4e1a9a79f6d9f452077434009e35e5").unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(event.as_bytes()).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(event.as_bytes()).unwrap();
        let (zlib, raw) = (zlib.finish().unwrap(), raw.finish().unwrap());
        for (declared, body) in [("br", &brotli), ("deflate", &zlib), ("Deflate ", &raw)] {
            assert_eq!(declared_facts(body, declared.as_bytes()), known, "{declared}");
            assert_eq!(capture_facts(body).0.event, None, "{declared}: nothing else tells");
        }
        for declared in ["br", "deflate", "identity", "br, gzip", "\u{0}"] {
            // Declared and not done, or done and something else.
            assert_eq!(declared_facts(event.as_bytes(), declared.as_bytes()), known, "{declared}");
            assert_eq!(declared_facts(b"\xff\xfe neither", declared.as_bytes()).0.event, None, "{declared}");
        }
    }

    #[test]
    fn what_came_before_a_fault_is_kept() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let body = gzip(&text);
        let half = inflate_prefix(Coding::Gzip, &body[..body.len() / 2], body.len() / 2);
        assert!(matches!(half.stop, Some(Stop::Damaged(_))), "{:?}", half.stop);
        assert!(half.bytes.len() > 1_000 && text.starts_with(&half.bytes));
        let twice = [&body[..], b"trailing"].concat();
        let twice = inflate_prefix(Coding::Gzip, &twice, twice.len());
        assert_eq!((twice.bytes == text, twice.stop.is_some()), (true, true));
    }

    #[test]
    fn deflate_is_either_kind() {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(b"some words").unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(b"some words").unwrap();
        for body in [zlib.finish().unwrap(), raw.finish().unwrap()] {
            assert_eq!(inflate("deflate", &body).unwrap(), b"some words");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_bounds() {
        // 12 KB that would be 12 MB, and as much of the same as makes gigabytes, one behind the other.
        let bomb = gzip(&vec![0; 12 << 20]);
        let stopped = inflate_prefix(Coding::Gzip, &bomb, bomb.len());
        assert_eq!(stopped.stop, Some(Stop::TooDense));
        assert_eq!(stopped.bytes.len() as u64, bomb.len() as u64 * MOST_FACTOR);
        let many = bomb.repeat(300);
        let stopped = inflate_prefix(Coding::Gzip, &many, many.len());
        assert_eq!(stopped.stop, Some(Stop::TooLarge(MOST_BYTES)));
        assert_eq!(stopped.bytes.len() as u64, MOST_BYTES);
    }

    #[test]
    fn forty_kilobytes_that_claim_a_gigabyte_stop_early() {
        // A frame of blocks that each repeat one byte 131,072 times (RFC 8878, section 3.1.1.2): three bytes of
        // header and the byte itself.
        let bomb = [&b"\x28\xb5\x2f\xfd\x00\x38"[..], &b"\x02\x00\x10\0".repeat(10_000)].concat();
        let stopped = inflate_prefix(Coding::Zstd, &bomb, bomb.len());
        assert_eq!(stopped.stop, Some(Stop::TooDense));
        assert_eq!(stopped.bytes.len() as u64, bomb.len() as u64 * MOST_FACTOR);
        assert!(stopped.bytes.capacity() < 2 * stopped.bytes.len() + 65_536);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_may_be_tried(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), magic in 0..3_usize) {
            let body = [[&b"\x1f\x8b\x08\0"[..], b"\x28\xb5\x2f\xfd", b""][magic], &body].concat();
            for coding in Coding::ALL {
                let inflated = inflate_prefix(coding, &body, body.len());
                proptest::prop_assert!(inflated.bytes.len() as u64 <= body.len() as u64 * MOST_FACTOR);
                let _ = crate::payload::declared_facts(&body, coding.name().as_bytes());
            }
        }
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
