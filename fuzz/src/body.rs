//! Any body is something, whatever its head declares: what is said of it is visible, and every place lies within it.

use bytes::Bytes;
use whyhook::http::Head;
use whyhook::payload::body::{Kind, Multipart, OpenedBody, xml};
use whyhook::payload::inflate::{MOST_BYTES, MOST_FACTOR};
use whyhook::payload::json::Pretty;

use super::assert_visible;

/// `Content-Type`, `Content-Encoding`, the body.
pub fn run(data: &[u8]) {
    let [media, coding, body] = super::fields(data);
    let head = [b"POST / HTTP/1.1\r\nContent-Type: ", media, b"\r\nContent-Encoding: ", coding, b"\r\n\r\n"].concat();
    let opened = OpenedBody::of(&Head::from(head), Bytes::copy_from_slice(body));
    let rows = Pretty::new(opened.bytes.clone());
    let opened = opened.describe(rows);
    let bytes = &opened.bytes[..];
    assert!(!opened.is_as_sent || bytes == body, "as sent, and yet other bytes");
    // Latin-1 and UTF-16 grow when they become UTF-8, by a half and by three for one.
    let most = 3 * MOST_BYTES.min((body.len() as u64).saturating_mul(MOST_FACTOR));
    assert!(bytes.len() as u64 <= most, "{} bytes of {}", bytes.len(), body.len());
    assert!(!opened.words().is_empty() && !opened.code().is_empty());
    opened.remarks.iter().for_each(|remark| assert_visible(&remark.words));
    match &opened.kind {
        Kind::Empty => assert!(bytes.is_empty()),
        Kind::Json(_) => assert!(opened.fault.is_none()),
        Kind::JsonLines(lines) => assert!(*lines > 1),
        Kind::Form(form) => {
            let mut end = 0;
            for pair in &form.pairs {
                assert!(end <= pair.range().start && pair.range().end <= bytes.len(), "pairs overlap");
                end = pair.range().end;
                let _ = (pair.name(bytes, 9).text, pair.value(bytes, usize::MAX), pair.value_pieces(bytes).count());
            }
            assert!(form.rest <= bytes.len());
        }
        Kind::Multipart(multipart) => look_at_parts(multipart, bytes),
        Kind::Xml(read) => look_at_xml(read, bytes),
        Kind::Text | Kind::Binary(_) => {}
    }
}

fn look_at_parts(multipart: &Multipart, bytes: &[u8]) {
    let mut end = 0;
    for part in &multipart.parts {
        assert!(end <= part.content.start, "parts overlap");
        assert!(part.content.start <= part.content.end && part.content.end <= bytes.len());
        end = part.content.end;
        for (name, value) in &part.fields {
            let _ = (&bytes[name.clone()], &bytes[value.clone()]);
        }
        for line in &part.preview {
            assert!(part.content.start <= line.start && line.end <= part.content.end);
        }
    }
}

/// Nothing but white space between tags is left out.
fn look_at_xml(read: &xml::Xml, bytes: &[u8]) {
    let mut end = 0;
    for row in read.rows_from(bytes, 0) {
        let range = row.range();
        assert!(bytes[end..range.start].trim_ascii().is_empty(), "something between rows was passed over");
        end = range.end;
        let mut at = 0;
        for (_, token) in xml::tokens(&bytes[range.clone()]).take(50) {
            assert_eq!(token.start, at);
            at = token.end;
        }
    }
    assert!(bytes[end..].trim_ascii().is_empty());
}
