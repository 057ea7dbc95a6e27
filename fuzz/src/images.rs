//! Every form of bytes in JSON, and every picture's own structure.

use bytes::Bytes;
use whyhook::payload::binary::{self, ValueContext};
use whyhook::payload::hex::{self, HexLayout};
use whyhook::payload::raw::RawRows;
use whyhook::payload::{capture_facts, image};

/// The body.
pub fn run(body: &[u8]) {
    for found in binary::find_all(body) {
        assert!(found.range.end <= body.len());
        look(&found.binary);
    }
    for context in [ValueContext::KnownField, ValueContext::Elsewhere] {
        binary::recognise(body, context).iter().for_each(look);
        binary::recognise_prefix(body, context, 300).iter().for_each(look);
    }
    let _ = capture_facts(body);
    look_at_picture(body);
    let layout = HexLayout::for_width(body.len() % 200);
    let mut rows = hex::rows(body, layout, 0..layout.row_count(body.len()).min(50));
    hex::mark_segments(&mut rows, &image::segments(body));
    let raw = RawRows::new(Bytes::copy_from_slice(body), body.len() % 90);
    for row in 0..raw.len().min(50) {
        let _ = raw.row(row);
    }
}

fn look(binary: &binary::Binary) {
    let _ = (binary.summary(), binary.explanation(), binary.missing());
    look_at_picture(&binary.bytes);
}

fn look_at_picture(bytes: &[u8]) {
    let _ = (image::format(bytes), image::strict_format(bytes), image::dimensions(bytes), image::is_complete(bytes));
    for segment in image::segments(bytes) {
        assert!(segment.offset + segment.length <= bytes.len(), "a segment beyond the bytes that are present");
    }
}
