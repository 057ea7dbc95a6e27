//! A walk along a JPEG's markers (ITU T.81, annex B).

use std::borrow::Cow;

use super::{Dimensions, Segment};

/// More segments than any real file has; what follows is shown as one.
const SEGMENT_LIMIT: usize = 4096;

pub(super) fn segments(bytes: &[u8]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let segment = if segments.len() >= SEGMENT_LIMIT {
            rest(bytes, at, "…", "more segments, not listed")
        } else if segments.last().is_some_and(|last: &Segment| last.name == "EOI") {
            rest(bytes, at, "trailer", "bytes after the end of the image")
        } else if segments.last().is_some_and(|last: &Segment| last.name == "SOS") && !starts_marker(bytes, at) {
            scan(bytes, at)
        } else {
            marker(bytes, at)
        };
        at += segment.length.max(1);
        segments.push(segment);
    }
    segments
}

/// The frame's dimensions, without listing every segment.
pub(super) fn dimensions(bytes: &[u8]) -> Dimensions {
    let mut at = 0;
    while at < bytes.len() {
        let segment = marker(bytes, at);
        let code = bytes.get(at + 1).copied().unwrap_or_default();
        if segment.name == "?" || matches!(code, 0xd9 | 0xda) {
            return Dimensions::Unreadable;
        }
        if is_frame(code) {
            // Marker, length, precision; then height and width, two bytes each.
            let Some(&[high, low, wide, narrow]) = bytes.get(at + 5..).and_then(<[u8]>::first_chunk::<4>) else {
                return Dimensions::NotReached;
            };
            let height = u16::from_be_bytes([high, low]);
            let width = u16::from_be_bytes([wide, narrow]);
            return Dimensions::from_size(width.into(), height.into());
        }
        at += segment.length.max(1);
    }
    Dimensions::NotReached
}

fn starts_marker(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&0xff) && bytes.get(at + 1).is_some_and(|&code| !is_scan_code(code))
}

/// Within a scan, 0xff is followed by a stuffed zero, a restart marker or fill (B.1.1.5).
fn is_scan_code(code: u8) -> bool {
    matches!(code, 0 | 0xd0..=0xd7 | 0xff)
}

fn is_frame(code: u8) -> bool {
    matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc)
}

fn marker(bytes: &[u8], at: usize) -> Segment {
    if bytes[at] != 0xff {
        return rest(bytes, at, "?", "no marker where one is required");
    }
    let Some(&code) = bytes.get(at + 1) else {
        return rest(bytes, at, "cut", "an incomplete marker");
    };
    if code == 0xff {
        return Segment { name: "fill".into(), meaning: "padding", offset: at, length: 1, cut: false };
    }
    let (name, meaning) = name(code);
    if matches!(code, 0x01 | 0xd0..=0xd9) {
        return Segment { name, meaning, offset: at, length: 2, cut: false };
    }
    let Some(&[high, low]) = bytes.get(at + 2..).and_then(<[u8]>::first_chunk::<2>) else {
        return Segment { name, meaning, offset: at, length: bytes.len() - at, cut: true };
    };
    // The length counts itself but not the marker; less than two is nonsense.
    let declared = usize::from(u16::from_be_bytes([high, low]));
    if declared < 2 {
        return rest(bytes, at, "?", "a segment with an invalid length");
    }
    let length = (declared + 2).min(bytes.len() - at);
    Segment { name, meaning, offset: at, length, cut: length < declared + 2 }
}

/// Entropy-coded data, up to the next marker.
fn scan(bytes: &[u8], start: usize) -> Segment {
    let mut end = bytes.len();
    for offset in memchr::memchr_iter(0xff, &bytes[start..]) {
        let at = start + offset;
        if starts_marker(bytes, at) {
            end = at;
            break;
        }
    }
    let cut = end == bytes.len();
    Segment { name: "scan".into(), meaning: "compressed image data", offset: start, length: end - start, cut }
}

fn rest(bytes: &[u8], at: usize, name: &'static str, meaning: &'static str) -> Segment {
    Segment { name: name.into(), meaning, offset: at, length: bytes.len() - at, cut: false }
}

fn name(code: u8) -> (Cow<'static, str>, &'static str) {
    match code {
        0xd8 => ("SOI".into(), "start of image"),
        0xd9 => ("EOI".into(), "end of image"),
        0xda => ("SOS".into(), "start of scan"),
        0xdb => ("DQT".into(), "quantization tables"),
        0xdc => ("DNL".into(), "number of lines"),
        0xdd => ("DRI".into(), "restart interval"),
        0xc4 => ("DHT".into(), "Huffman tables"),
        0xcc => ("DAC".into(), "arithmetic coding conditions"),
        0xfe => ("COM".into(), "comment"),
        0xe0..=0xef => (format!("APP{}", code - 0xe0).into(), "application data"),
        0xd0..=0xd7 => (format!("RST{}", code - 0xd0).into(), "restart"),
        code if is_frame(code) => (format!("SOF{}", code - 0xc0).into(), "frame: dimensions and components"),
        _ => (format!("{code:02x}").into(), "other marker"),
    }
}
