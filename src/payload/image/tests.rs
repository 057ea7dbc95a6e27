use proptest::prelude::*;

use super::*;

const JPEG: &[u8] = include_bytes!("../../../assets/samples/screenshot.jpg");

/// A 2 × 3 PNG as Node's zlib makes one.
const PNG: &str = "89504e470d0a1a0a0000000d49484452000000020000000308000000009c81815d\
                   0000000b49444154789c636080020000090001fb52b8a90000000049454e44ae426082";

#[test]
fn the_documented_segments_are_found() {
    let found: Vec<(String, usize)> =
        segments(JPEG).into_iter().map(|segment| (segment.name.into_owned(), segment.offset)).collect();
    let expected = [
        ("SOI", 0),
        ("DQT", 2),
        ("DQT", 71),
        ("SOF0", 140),
        ("DHT", 159),
        ("DHT", 182),
        ("DHT", 204),
        ("DHT", 227),
        ("SOS", 249),
        ("scan", 263),
        ("EOI", 268),
    ];
    assert_eq!(found, expected.map(|(name, offset)| (name.to_owned(), offset)));
    assert_eq!(segments(JPEG).iter().map(|segment| segment.length).sum::<usize>(), JPEG.len());
    assert_eq!(dimensions(JPEG), Dimensions::Known { width: 16, height: 9 });
    assert_eq!(is_complete(JPEG), Some(true));
}

#[test]
fn a_preview_stops_before_the_dimensions() {
    assert_eq!(dimensions(&JPEG[..50]), Dimensions::NotReached);
    assert_eq!(dimensions(&JPEG[..148]), Dimensions::NotReached);
    assert_eq!(dimensions(&JPEG[..149]).size(), Some((16, 9)));
    assert_eq!(is_complete(&JPEG[..268]), Some(false));
    let preview = segments(&JPEG[..50]);
    assert_eq!(preview.last().map(|last| (last.offset, last.length, last.cut)), Some((2, 48, true)));
    assert_eq!(dimensions(b"\xff\xd8\xff\xda\x00\x02x"), Dimensions::Unreadable);
}

#[test]
fn what_follows_the_end_is_named() {
    let longer = [JPEG, b"\xff\xd9xyz"].concat();
    let last = segments(&longer).pop().unwrap();
    assert_eq!((&*last.name, last.offset, last.length), ("trailer", 270, 5));
}

#[test]
fn png_chunks_are_segments_too() {
    let png = hex::decode(PNG.replace(char::is_whitespace, "")).unwrap();
    let names: Vec<_> = segments(&png).into_iter().map(|chunk| chunk.name).collect();
    assert_eq!(names, ["signature", "IHDR", "IDAT", "IEND"]);
    assert_eq!(dimensions(&png).size(), Some((2, 3)));
    assert_eq!(dimensions(&png[..20]), Dimensions::NotReached);
    assert_eq!((is_complete(&png), is_complete(&png[..png.len() - 1])), (Some(true), Some(false)));
}

#[test]
fn short_magic_is_no_evidence_by_itself() {
    for prose in ["BM is short for bitmap", "GIF is a format", "II* and so on, and more"] {
        assert_eq!(strict_format(prose.as_bytes()), None, "{prose}");
    }
    assert_eq!(strict_format(JPEG), Some(ImageFormat::Jpeg));
    assert_eq!(format(b"\xff\xd8\xff"), Some(ImageFormat::Jpeg));
    assert_eq!(strict_format(b"\xff\xd8\xff"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_survived(magic in prop::sample::select(vec![
        &b"\xff\xd8\xff"[..], b"\xff\xd8\xff\xda\x00\x02", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBPVP8X",
        b"II*\x00\x08\x00\x00\x00", b"MM\x00*", b"BM", b"\x00\x00\x01\x00", b"\x00\x00\x00\x18ftypavif",
        b"\x00\x00\x00\x18ftypheic", b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"\xff\x0a", b"",
    ]), tail in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xff_u8), Just(0_u8)], 0..120)) {
        let bytes = [magic, &tail].concat();
        let _ = (format(&bytes), strict_format(&bytes), dimensions(&bytes), is_complete(&bytes));
        let found = segments(&bytes);
        if !found.is_empty() {
            prop_assert_eq!(found.iter().map(|segment| segment.length).sum::<usize>(), bytes.len());
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].offset + pair[0].length == pair[1].offset));
    }
}
