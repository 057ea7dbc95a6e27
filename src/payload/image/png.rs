//! A walk along a PNG's chunks (W3C PNG, section 5).

use super::Segment;
use crate::text;

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// More chunks than any real file has; what follows is shown as one.
const CHUNK_LIMIT: usize = 4096;

pub(super) fn chunks(bytes: &[u8]) -> Vec<Segment> {
    let signature = SIGNATURE.len().min(bytes.len());
    let cut = signature < SIGNATURE.len();
    let mut chunks =
        vec![Segment { name: "signature".into(), meaning: "PNG signature", offset: 0, length: signature, cut }];
    let mut at = signature;
    while at < bytes.len() {
        let chunk = chunk(bytes, at, chunks.len() >= CHUNK_LIMIT, chunks.iter().any(is_end));
        at += chunk.length.max(1);
        chunks.push(chunk);
    }
    chunks
}

fn is_end(chunk: &Segment) -> bool {
    chunk.name == "IEND"
}

fn chunk(bytes: &[u8], at: usize, too_many: bool, ended: bool) -> Segment {
    let rest = bytes.len() - at;
    let whole =
        |name: &'static str, meaning, cut| Segment { name: name.into(), meaning, offset: at, length: rest, cut };
    if ended {
        return whole("trailer", "bytes after the end of the image", false);
    }
    if too_many {
        return whole("…", "more chunks, not listed", false);
    }
    let Some(&[a, b, c, d, kind @ ..]) = bytes[at..].first_chunk::<8>() else {
        return whole("cut", "an incomplete chunk", true);
    };
    let kind: [u8; 4] = kind;
    if !kind.iter().all(u8::is_ascii_alphabetic) {
        return whole("?", "no chunk where one is required", false);
    }
    // Length, type and checksum are twelve bytes beside the data.
    let declared = u64::from(u32::from_be_bytes([a, b, c, d])) + 12;
    let length = usize::try_from(declared).map_or(rest, |declared| declared.min(rest));
    let name = text::visible_bytes(&kind).into_owned().into();
    Segment { name, meaning: meaning(kind), offset: at, length, cut: (length as u64) < declared }
}

fn meaning(kind: [u8; 4]) -> &'static str {
    match &kind {
        b"IHDR" => "header: dimensions and depth",
        b"PLTE" => "palette",
        b"IDAT" => "compressed image data",
        b"IEND" => "end of image",
        b"tEXt" | b"zTXt" | b"iTXt" => "text",
        b"pHYs" => "pixel size",
        b"gAMA" | b"cHRM" | b"sRGB" | b"iCCP" => "colour space",
        b"eXIf" => "Exif data",
        _ => "other chunk",
    }
}
