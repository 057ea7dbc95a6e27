#[path = "../../../tests/support/brotli.rs"]
mod brotli;

use std::io::Write as _;

use flate2::Compression;

use self::brotli::{Bits, tables};
use super::*;

fn opened(coding: Coding, body: &[u8]) -> Inflated {
    inflate_prefix(coding, body, &mut InflateBudget::opening(body.len()))
}

fn whole(encoding: &str, body: &[u8]) -> Option<Vec<u8>> {
    inflate(encoding, body, &mut InflateBudget::opening(body.len()))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_was_compressed_comes_back() {
    let body = gzip(b"{\"a\":1}");
    assert_eq!(encodings(b"", &body), ["gzip"]);
    assert_eq!(whole("gzip", &body).unwrap(), b"{\"a\":1}");
    // `brotli` and `zstd` of {"a":1}, by their own command-line tools.
    assert_eq!(whole("br", b"\x0b\x03\x80{\"a\":1}\x03").unwrap(), b"{\"a\":1}");
    let zstd = b"\x28\xb5\x2f\xfd\x20\x07\x39\x00\x00{\"a\":1}";
    assert_eq!(encodings(b"", zstd), ["zstd"]);
    assert_eq!(whole("zstd", zstd).unwrap(), b"{\"a\":1}");
}

#[test]
fn a_row_names_the_event_of_a_compressed_body_within_bounds() {
    let event = r#"{"event":"desktop.app_tracking.captured","version":"v1","data":[{},{}]}"#;
    let (facts, _) = crate::payload::capture_facts(&gzip(event.as_bytes()));
    assert_eq!((facts.short_event(), facts.items), (Some("app"), Some(2)));
    let bomb = gzip(format!("{event}{}", " ".repeat(4_000_000)).as_bytes());
    assert_eq!(inflate_prefix(Coding::Gzip, &bomb, &mut InflateBudget::facts()).bytes.len(), 1 << 20);
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
    let half = opened(Coding::Gzip, &body[..body.len() / 2]);
    assert!(matches!(half.stop, Some(InflateStop::Damaged(_))), "{:?}", half.stop);
    assert!(half.bytes.len() > 1_000 && text.starts_with(&half.bytes));
    let twice = [&body[..], b"trailing"].concat();
    let twice = opened(Coding::Gzip, &twice);
    assert_eq!((twice.bytes == text, twice.stop.is_some()), (true, true));
}

#[test]
fn deflate_is_either_kind() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(b"some words").unwrap();
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    raw.write_all(b"some words").unwrap();
    for body in [zlib.finish().unwrap(), raw.finish().unwrap()] {
        assert_eq!(whole("deflate", &body).unwrap(), b"some words");
    }
}

#[test]
fn a_bomb_stops_at_the_bounds() {
    // 12 KB that would be 12 MB, and as much of the same as makes gigabytes, one after the other.
    let bomb = gzip(&vec![0; 12 << 20]);
    let stopped = opened(Coding::Gzip, &bomb);
    assert_eq!(stopped.stop, Some(InflateStop::TooDense(MOST_FACTOR)));
    assert_eq!(stopped.bytes.len() as u64, bomb.len() as u64 * MOST_FACTOR);
    let many = bomb.repeat(300);
    let stopped = opened(Coding::Gzip, &many);
    assert_eq!(stopped.stop, Some(InflateStop::TooLarge(MOST_BYTES)));
    assert_eq!(stopped.bytes.len() as u64, MOST_BYTES);
}

#[test]
fn forty_kilobytes_that_claim_a_gigabyte_stop_early() {
    // A frame of blocks that each repeat one byte 131,072 times (RFC 8878, section 3.1.1.2): three bytes of
    // header and the byte itself.
    let bomb = [&b"\x28\xb5\x2f\xfd\x00\x38"[..], &b"\x02\x00\x10\0".repeat(10_000)].concat();
    let stopped = opened(Coding::Zstd, &bomb);
    assert_eq!(stopped.stop, Some(InflateStop::TooDense(MOST_FACTOR)));
    assert_eq!(stopped.bytes.len() as u64, bomb.len() as u64 * MOST_FACTOR);
    assert!(stopped.bytes.capacity() < 2 * stopped.bytes.len() + 65_536);
}

proptest::proptest! {
    #[test]
    fn any_bytes_may_be_tried(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), magic in 0..3_usize) {
        let body = [[&b"\x1f\x8b\x08\0"[..], b"\x28\xb5\x2f\xfd", b""][magic], &body].concat();
        for coding in Coding::ALL {
            let inflated = opened(coding, &body);
            proptest::prop_assert!(inflated.bytes.len() as u64 <= body.len() as u64 * MOST_FACTOR);
            let _ = crate::payload::declared_facts(&body, coding.name().as_bytes());
        }
    }
}

#[test]
fn bombs_and_garbage_end_early() {
    assert_eq!(whole("gzip", &gzip(&vec![0; 10 << 20])), None);
    for encoding in ["gzip", "deflate", "br", "zstd", "compress"] {
        assert_eq!(whole(encoding, b"\x1f\x8b\x08 no such thing"), None);
        assert_eq!(whole(encoding, b""), None);
    }
}

#[test]
fn parts_that_give_nothing_are_counted() {
    // An empty gzip member; an empty block of deflate's fixed code takes ten bits, and so four of them five bytes.
    let member = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0].repeat(100_000);
    let fixed = [0x02, 0x08, 0x20, 0x80, 0].repeat(100_000);
    let stored = [0, 0, 0, 0xff, 0xff].repeat(100_000);
    let in_member = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], &fixed[..]].concat();
    let in_zlib = [&[0x78, 0x9c], &fixed[..]].concat();
    let bodies = [
        (Coding::Gzip, member),
        (Coding::Deflate, fixed),
        (Coding::Deflate, stored),
        (Coding::Gzip, in_member),
        (Coding::Deflate, in_zlib),
    ];
    for (coding, body) in bodies {
        assert_eq!(
            opened(coding, &body),
            Inflated { bytes: Vec::new(), stop: Some(InflateStop::TooManyParts(32_768)) }
        );
        let facts = inflate_prefix(coding, &body, &mut InflateBudget::facts());
        assert_eq!(facts.stop, Some(InflateStop::TooManyParts(256)));
    }
}

#[test]
fn what_a_gzip_member_holds_does_not_reach_into_the_one_before() {
    // A match of three bytes from one byte back, as the first thing of a member: with the fixed code, 257 and 0.
    let reaching = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x03, 0x02, 0x00];
    let body = [&gzip(b"before")[..], &reaching, &[0; 8]].concat();
    let stopped = opened(Coding::Gzip, &body);
    assert_eq!(stopped.bytes, b"before");
    assert!(matches!(stopped.stop, Some(InflateStop::Damaged(_))), "{:?}", stopped.stop);
}

#[test]
fn meta_blocks_that_give_nothing_end_early() {
    // A window of 16 bits, then meta-blocks of no metadata: each of them is a byte.
    let metadata = [&[0x0c], &[0x06; 2_000_000][..]].concat();
    assert_eq!(opened(Coding::Brotli, &metadata), Inflated { bytes: Vec::new(), stop: Some(InflateStop::TooMuchWork) });
    let facts = inflate_prefix(Coding::Brotli, &metadata, &mut InflateBudget::facts());
    assert_eq!(facts, Inflated { bytes: Vec::new(), stop: Some(InflateStop::TooMuchWork) });
}

#[test]
fn meta_blocks_that_ask_for_all_the_tables_there_may_be_end_early() {
    let bomb = tables(10);
    let facts = inflate_prefix(Coding::Brotli, &bomb, &mut InflateBudget::facts());
    assert_eq!(facts.stop, Some(InflateStop::TooMuchWork));
    assert!(facts.bytes.len() < 4, "{} meta-blocks", facts.bytes.len());
    assert_eq!(opened(Coding::Brotli, &bomb).bytes, b"a".repeat(10));
}

#[test]
fn a_brotli_window_is_no_larger_than_the_rfc_has_it() {
    // Appendix A of the extension: 0x11, then six bits of window; a window of 30 bits and the last, empty meta-block.
    let large = [0x11, 0x1e | 0xc0];
    let stopped = opened(Coding::Brotli, &large);
    assert!(matches!(stopped.stop, Some(InflateStop::Damaged(_))), "{:?}", stopped.stop);
    assert_eq!(opened(Coding::Brotli, &[0x0f | 0x30]), Inflated { bytes: Vec::new(), stop: None }, "24 bits");
}

#[test]
fn before_the_answer_a_brotli_window_of_four_mib_is_the_largest() {
    // A meta-block of `a` as it is, in a window of so many bits beyond 17; then the last and empty one.
    let sent = |window: u64| {
        let mut bits = Bits::default();
        bits.put(window << 1 | 1, 4);
        bits.put(0, 1 + 2 + 16);
        bits.put(1, 1);
        [bits.finish(), b"a\x03".to_vec()].concat()
    };
    // An output that ends with the stream takes a smaller window.
    let facts = |window| {
        inflate_prefix(
            Coding::Brotli,
            &[&sent(window)[..4], b"\x00\x00\x08b\x03"].concat(),
            &mut InflateBudget::facts(),
        )
    };
    assert_eq!(facts(5), Inflated { bytes: b"ab".to_vec(), stop: None });
    assert_eq!(facts(7).stop, Some(InflateStop::TooWide { declared: 16 << 20, most: 4 << 20 }));
    assert_eq!(opened(Coding::Brotli, &[&sent(7)[..4], b"\x00\x00\x08b\x03"].concat()).bytes, b"ab");
    assert_eq!(inflate_prefix(Coding::Brotli, &sent(7), &mut InflateBudget::facts()).bytes, b"a");
}

#[test]
fn codings_on_top_of_each_other_share_one_budget() {
    let body = gzip(&gzip(&vec![b' '; 1 << 20]));
    let mut budget = InflateBudget::opening(1 << 20);
    let before = budget.bytes();
    let once = inflate_prefix(Coding::Gzip, &body, &mut budget);
    let twice = inflate_prefix(Coding::Gzip, &once.bytes, &mut budget);
    assert_eq!((twice.bytes.len(), twice.stop), (1 << 20, None));
    assert_eq!(budget.bytes(), before - once.bytes.len() as u64 - (1 << 20));
    let mut little = InflateBudget::opening(1 << 20).at_most(once.bytes.len() as u64 + 1000);
    let once = inflate_prefix(Coding::Gzip, &body, &mut little);
    let twice = inflate_prefix(Coding::Gzip, &once.bytes, &mut little);
    assert_eq!(twice.bytes.len(), 1000);
    assert!(matches!(twice.stop, Some(InflateStop::TooLarge(_))) && little.is_spent());
    assert_eq!(inflate_prefix(Coding::Gzip, &body, &mut little).bytes, b"");
}

#[test]
fn facts_are_read_from_a_beginning_that_is_bounded_both_ways() {
    let noise: Vec<u8> = (0..150_000_u32).flat_map(|number| number.wrapping_mul(0x9e37_79b1).to_be_bytes()).collect();
    let body = gzip(&noise);
    assert!(body.len() > 300 << 10, "{}", body.len());
    let facts = inflate_prefix(Coding::Gzip, &body, &mut InflateBudget::facts());
    assert_eq!(facts.stop, Some(InflateStop::TooLong(256 << 10)));
    assert!(noise.starts_with(&facts.bytes) && facts.bytes.len() > 200 << 10);
    assert_eq!(crate::payload::facts_bound(&body, b""), Some(InflateStop::TooLong(256 << 10)));
    assert_eq!(crate::payload::facts_bound(&gzip(b"{}"), b"gzip"), None);
    assert_eq!(crate::payload::facts_bound(b"\x1f\x8b\x08 no such thing", b""), None);
}

#[test]
fn what_is_said_of_an_end_is_for_people() {
    let said = |stop: InflateStop| stop.to_string();
    assert_eq!(
        said(InflateStop::TooWide { declared: 1 << 41, most: MOST_WINDOW }),
        "declares a window of 2 TiB; the limit is 8 MiB"
    );
    assert_eq!(said(InflateStop::TooManyParts(32_768)), "stopped at the limit of 32,768 blocks, frames or members");
    assert_eq!(said(InflateStop::TooDense(200)), "stopped at the limit of 200 times its size");
    assert_eq!(said(InflateStop::TooLong(256 << 10)), "stopped after the first 256 KiB of the body");
}
