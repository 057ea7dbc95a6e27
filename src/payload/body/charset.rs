//! Text in other character sets, decoded for display.

use bytes::Bytes;

use crate::payload::json::BOM;

/// What windows-1252 has at 0x80 to 0x9f, which the Web's Latin-1 is too (WHATWG Encoding, 9.1).
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Decodes `body` when it is UTF-16 by its mark, its declaration or its pattern, or declared Latin-1
/// and no UTF-8. With it comes what a person should know, also when nothing was decoded.
pub(super) fn decode(body: Bytes, declared: Option<&str>) -> (Bytes, Option<String>) {
    match (&body[..], declared) {
        ([0xff, 0xfe, rest @ ..], _) => utf16(rest, u16::from_le_bytes, "little-endian, by its byte order mark"),
        ([0xfe, 0xff, rest @ ..], _) => utf16(rest, u16::from_be_bytes, "big-endian, by its byte order mark"),
        (_, Some("utf-16le" | "utf-16")) if has_zero(&body) => {
            utf16(&body, u16::from_le_bytes, "little-endian, as declared")
        }
        (_, Some("utf-16be")) if has_zero(&body) => utf16(&body, u16::from_be_bytes, "big-endian, as declared"),
        ([1..=0x7f, 0, 1..=0x7f, 0, ..], _) => utf16(&body, u16::from_le_bytes, "little-endian, not declared"),
        ([0, 1..=0x7f, 0, 1..=0x7f, ..], _) => utf16(&body, u16::from_be_bytes, "big-endian, not declared"),
        (bytes, _) if bytes.starts_with(BOM) => {
            // RFC 8259, section 8.1.
            (body, Some("begins with a byte order mark, which JSON parsers may refuse".to_owned()))
        }
        (bytes, Some("iso-8859-1" | "latin1" | "windows-1252")) if std::str::from_utf8(bytes).is_err() => {
            let text: String = bytes.iter().map(|byte| latin1(*byte)).collect();
            (Bytes::from(text), Some(format!("{}, decoded for display", declared.unwrap_or_default())))
        }
        (bytes, Some("utf-8" | "utf8")) => {
            let fault = std::str::from_utf8(bytes).err();
            let note = fault.map(|fault| format!("declared UTF-8, but invalid at byte {}", fault.valid_up_to()));
            (body, note)
        }
        (bytes, Some(other)) if !bytes.is_ascii() && !matches!(other, "iso-8859-1" | "latin1" | "windows-1252") => {
            let words = format!("unknown charset {}: shown as UTF-8", crate::text::visible(other));
            (body, Some(words))
        }
        _ => (body, None),
    }
}

/// UTF-16 of any Western text has zeros; UTF-8 that is declared UTF-16 has none.
fn has_zero(body: &[u8]) -> bool {
    memchr::memchr(0, &body[..body.len().min(1024)]).is_some()
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, how: &str) -> (Bytes, Option<String>) {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    text.extend(char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)));
    let odd = if bytes.len() % 2 == 1 { "; one byte is left over at the end" } else { "" };
    (Bytes::from(text), Some(format!("UTF-16, {how}: decoded for display{odd}")))
}

fn latin1(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(body: &[u8], declared: Option<&str>) -> (String, String) {
        let (bytes, note) = decode(Bytes::copy_from_slice(body), declared);
        (String::from_utf8_lossy(&bytes).into_owned(), note.unwrap_or_default())
    }

    #[test]
    fn utf16_is_decoded_by_mark_declaration_or_pattern() {
        let little: Vec<u8> = "{\"é\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "{\"é\":1}".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (body, declared, how) in [
            ([&[0xff, 0xfe], &little[..]].concat(), None, "little-endian, by its byte order mark"),
            ([&[0xfe, 0xff], &big[..]].concat(), Some("utf-8"), "big-endian, by its byte order mark"),
            (little.clone(), Some("utf-16le"), "little-endian, as declared"),
            (little, None, "little-endian, not declared"),
            (big, None, "big-endian, not declared"),
        ] {
            let (text, note) = decoded(&body, declared);
            assert_eq!(text, "{\"é\":1}");
            assert!(note.contains(how), "{note}");
        }
        assert!(decoded(b"\xff\xfea\0b", None).1.ends_with("one byte is left over at the end"));
        assert_eq!(decoded(b"\xff\xfe\x3d\xd8", None).0, "\u{fffd}");
    }

    #[test]
    fn other_charsets_are_decoded_or_named() {
        assert_eq!(decoded(b"caf\xe9 \x80", Some("iso-8859-1")).0, "café €");
        assert_eq!(decoded("café".as_bytes(), Some("latin1")), ("café".to_owned(), String::new()));
        assert_eq!(decoded(b"\xd0\xd1", Some("koi8-r")).1, "unknown charset koi8-r: shown as UTF-8");
        assert_eq!(decoded(b"a\xff", Some("utf-8")).1, "declared UTF-8, but invalid at byte 1");
        assert!(decoded(b"\xef\xbb\xbf{}", None).1.starts_with("begins with a byte order mark"));
        assert_eq!(decoded(b"{}", Some("utf-16")), ("{}".to_owned(), String::new()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded(body in proptest::collection::vec(any::<u8>(), 0..80), which in 0_usize..5) {
            let declared = [None, Some("utf-16"), Some("utf-16be"), Some("latin1"), Some("x")][which];
            let (bytes, _) = decode(Bytes::from(body.clone()), declared);
            prop_assert!(bytes.len() <= body.len() * 3);
        }
    }
}
