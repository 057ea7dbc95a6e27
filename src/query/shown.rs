//! Whether text is in a body as a person sees it: inflated, escapes of JSON undone, forms decoded.

use bytes::Bytes;

use super::needle::Needle;
use crate::http::{Head, MediaType};
use crate::payload::body::{Declared, FormBody, OpenedBody};
use crate::payload::inflate::{Coding, InflateBudget};
use crate::payload::json;

/// What inflating may give for one search, in bytes: a filter looks into many bodies.
const SEARCH_BYTES: u64 = 8 << 20;

/// How much more work it is than a search of the bytes.
pub(super) const WEIGHT: usize = 3;

/// Whether the body holds it, as it was sent (unless it is compressed) or as it is shown.
pub(super) fn is_in_shown(needle: &Needle, head: &Head, body: &Bytes, may_inflate: bool) -> bool {
    let is_coded = Coding::of_magic(body).is_some() || head.values("content-encoding").next().is_some();
    let declares_charset = || MediaType::of(head).parameter("charset").is_some();
    let has_bom = matches!(body.get(..2), Some(b"\xff\xfe" | b"\xfe\xff" | b"\0\0"));
    let opened = match is_coded {
        true if !may_inflate => return needle.is_in_bytes(body),
        false if !has_bom && !declares_charset() => body.clone(),
        _ => {
            let mut budget = InflateBudget::opening(body.len()).at_most(SEARCH_BYTES);
            OpenedBody::within(Declared::of(head), body.clone(), &mut budget).bytes
        }
    };
    needle.is_in_bytes(&opened) || is_in_decoded(needle, head, &opened)
}

fn is_in_decoded(needle: &Needle, head: &Head, opened: &[u8]) -> bool {
    // As if all of it stood in one string: what is not an escape stays as it is.
    if memchr::memchr(b'\\', opened).is_some() && needle.is_in_bytes(&json::unescape(opened)) {
        return true;
    }
    let is_encoded = memchr::memchr2(b'%', b'+', opened).is_some();
    if !is_encoded || !(MediaType::of(head).is_form() || FormBody::is_likely(opened)) {
        return false;
    }
    FormBody::read(opened).pairs.iter().any(|pair| {
        let name = pair.name(opened, usize::MAX).text;
        let value = pair.value(opened, usize::MAX).map(|value| value.text);
        needle.is_in(&name) || value.is_some_and(|value| needle.is_in(&value))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PLAIN: &str = "POST / HTTP/1.1\r\n\r\n";
    const LATIN_FORM: &str =
        "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded; charset=windows-1252\r\n\r\n";
    const FORM: &str = "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n";
    const FORM_IN_CAPITALS: &str =
        "POST / HTTP/1.1\r\nContent-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8\r\n\r\n";

    #[rstest]
    #[case(PLAIN, br#"{"a": "caf\u00e9 \"x\"\n"}"#, "Café \"X\"", true)]
    #[case(PLAIN, br#"{"a": "caf\u00e9"}"#, "caf\\u00e9", true)]
    #[case(PLAIN, br#"{"path": "C:\\temp"}"#, "C:\\temp", true)]
    #[case(PLAIN, br#"{"a": "caf\u00e9"}"#, "cafe", false)]
    #[case(FORM, b"name=Ann+Lee&city=Z%C3%BCrich", "ann lee", true)]
    #[case(FORM, b"name=Ann+Lee&city=Z%C3%BCrich", "z\u{fc}rich", true)]
    #[case(FORM, b"name=Ann+Lee&city=Z%C3%BCrich", "Ann+Lee", true)]
    #[case(FORM, b"name=Ann+Lee", "lee&", false)]
    #[case(FORM_IN_CAPITALS, b"name=Ann+Lee&{}", "ann lee", true)]
    #[case(LATIN_FORM, b"first_name=Ren%E9", "Ren\u{e9}", true)]
    #[case(PLAIN, b"\xff\xfea\0b\0c\0", "abc", true)]
    fn what_a_person_sees_is_found(
        #[case] head: &'static str,
        #[case] body: &[u8],
        #[case] text: &str,
        #[case] found: bool,
    ) {
        let (head, body) = (Head::from(head), Bytes::copy_from_slice(body));
        assert_eq!(is_in_shown(&Needle::new(text), &head, &body, true), found);
    }

    #[test]
    fn a_compressed_body_is_searched_inflated_and_only_where_nobody_waits() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let text = "{\"found\": \"needle in a stack of hay\"}".repeat(20);
        gzip.write_all(text.as_bytes()).unwrap();
        let body = Bytes::from(gzip.finish().unwrap());
        for head in [PLAIN, "POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n"] {
            assert!(is_in_shown(&Needle::new("Needle in"), &Head::from(head), &body, true));
            assert!(!is_in_shown(&Needle::new("Needle in"), &Head::from(head), &body, false));
        }
    }

    /// 64 MiB of zeros in 64 KiB: no more than the bound comes out.
    #[test]
    fn a_bomb_is_bounded() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![b'0'; 3 * SEARCH_BYTES as usize]).unwrap();
        gzip.write_all(b"end").unwrap();
        let body = Bytes::from(gzip.finish().unwrap());
        assert!(!is_in_shown(&Needle::new("0end"), &Head::from(PLAIN), &body, true));
        assert!(is_in_shown(&Needle::new("00000"), &Head::from(PLAIN), &body, true));
    }
}
