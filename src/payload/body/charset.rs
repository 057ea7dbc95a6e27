//! Text in other character sets, decoded for display.

use std::io::Write as _;

use bytes::Bytes;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use crate::payload::json::BOM;
use crate::text::{counted, visible};

/// Decodes `body` when it is UTF-16 by its mark, its declaration or its pattern, or in another character set that is
/// declared (by a label of the WHATWG Encoding Standard, section 4.2) and no UTF-8. With it comes what a person should
/// know, also when nothing was decoded.
pub(super) fn decode(body: Bytes, declared: Option<&str>) -> (Bytes, Option<String>) {
    let encoding = declared.and_then(|label| Encoding::for_label(label.as_bytes()));
    match &body[..] {
        // Before UTF-16, whose mark begins like it; no text of that begins with a NUL.
        [0xff, 0xfe, 0, 0, rest @ ..] => return utf32(rest, u32::from_le_bytes, "little-endian"),
        [0, 0, 0xfe, 0xff, rest @ ..] => return utf32(rest, u32::from_be_bytes, "big-endian"),
        [0xff, 0xfe, rest @ ..] => return utf16(rest, UTF_16LE, "little-endian, by its byte order mark"),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, UTF_16BE, "big-endian, by its byte order mark"),
        bytes if encoding == Some(UTF_16LE) && has_zero(bytes) => {
            return utf16(bytes, UTF_16LE, "little-endian, as declared");
        }
        bytes if encoding == Some(UTF_16BE) && has_zero(bytes) => {
            return utf16(bytes, UTF_16BE, "big-endian, as declared");
        }
        bytes @ [1..=0x7f, 0, 1..=0x7f, 0, ..] => return utf16(bytes, UTF_16LE, "little-endian, not declared"),
        bytes @ [0, 1..=0x7f, 0, 1..=0x7f, ..] => return utf16(bytes, UTF_16BE, "big-endian, not declared"),
        bytes if bytes.starts_with(BOM) => {
            // RFC 8259, section 8.1.
            return (body, Some("begins with a byte order mark, which JSON parsers may refuse".to_owned()));
        }
        _ => {}
    }
    let Some(label) = declared else { return (body, None) };
    let fault = std::str::from_utf8(&body).err();
    let note = match encoding {
        Some(encoding) if encoding == UTF_8 => {
            fault.map(|fault| format!("declared UTF-8, but invalid at byte {}", fault.valid_up_to()))
        }
        // Of seven bits, with text behind escapes.
        Some(encoding) if !encoding.is_ascii_compatible() && encoding != REPLACEMENT && body.contains(&0x1b) => {
            return other(&body, encoding, label);
        }
        _ if body.is_ascii() => None,
        // The standard decodes nothing of these, since they hide what a filter should see.
        Some(encoding) if encoding == REPLACEMENT => {
            Some(format!("unsupported charset {}: shown as UTF-8", visible(label)))
        }
        Some(encoding) if fault.is_some() && encoding.is_ascii_compatible() => return other(&body, encoding, label),
        // Senders that declare Latin-1 and mean UTF-8 are many.
        Some(_) => None,
        None => Some(format!("unknown charset {}: shown as UTF-8", visible(label))),
    };
    (body, note)
}

/// Decodes a form, whose bytes may be escaped.
pub(super) fn decode_form(body: Bytes, declared: Option<&str>) -> (Bytes, Option<String>) {
    match form_in_utf8(&body, declared) {
        Some(form) => (form.into(), declared.map(|label| format!("{}, decoded for display", visible(label)))),
        None => decode(body, declared),
    }
}

/// A form whose fields are in the declared character set, with their escapes written again in UTF-8: the escape of a byte
/// says nothing without it. `None` where none is declared, or all fields are UTF-8 as they are: many senders declare
/// Latin-1 and mean that.
pub(in crate::payload) fn form_in_utf8(body: &[u8], declared: Option<&str>) -> Option<Vec<u8>> {
    let encoding = declared.and_then(|label| Encoding::for_label(label.as_bytes()))?;
    let is_other = encoding.is_ascii_compatible() && encoding != UTF_8 && encoding != REPLACEMENT;
    let is_foreign = |pair: &[u8]| std::str::from_utf8(&unescaped(pair)).is_err();
    if !is_other || !body.split(|byte| *byte == b'&').any(is_foreign) {
        return None;
    }
    let mut written = Vec::with_capacity(body.len() * 2);
    // What is between the marks of a form; they stay.
    for part in body.split_inclusive(|byte| matches!(byte, b'&' | b'=')) {
        let (text, mark) = match part {
            [text @ .., b'&' | b'='] => (text, &part[text.len()..]),
            text => (text, &b""[..]),
        };
        let meant = unescaped(text);
        if meant.is_ascii() {
            written.extend_from_slice(text);
        } else {
            let (meant, _) = encoding.decode_without_bom_handling(&meant);
            meant.bytes().for_each(|byte| match byte {
                b' ' => written.push(b'+'),
                plain if plain.is_ascii_alphanumeric() || b"*-._".contains(&plain) => written.push(plain),
                // Memory takes every write.
                other => drop(write!(written, "%{other:02X}")),
            });
        }
        written.extend_from_slice(mark);
    }
    Some(written)
}

/// A form's text with `+` and percent escapes undone (WHATWG URL, section 5.1).
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut meant = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let mut byte = [0];
        let is_escape = first == b'%' && after.get(..2).is_some_and(|two| hex::decode_to_slice(two, &mut byte).is_ok());
        meant.push(match first {
            _ if is_escape => byte[0],
            b'+' => b' ',
            other => other,
        });
        rest = if is_escape { &after[2..] } else { after };
    }
    meant
}

/// UTF-16 of any Western text has zeros; UTF-8 that is declared UTF-16 has none.
fn has_zero(body: &[u8]) -> bool {
    memchr::memchr(0, &body[..body.len().min(1024)]).is_some()
}

fn utf16(bytes: &[u8], encoding: &'static Encoding, how: &str) -> (Bytes, Option<String>) {
    let (whole, odd) = bytes.split_at(bytes.len() & !1);
    let (text, _) = encoding.decode_without_bom_handling(whole);
    let odd = if odd.is_empty() { "" } else { "; one byte is left over at the end" };
    (Bytes::from(text.into_owned()), Some(format!("UTF-16, {how}: decoded for display{odd}")))
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32, how: &str) -> (Bytes, Option<String>) {
    let (whole, odd) = bytes.as_chunks();
    let character = |four: &[u8; 4]| char::from_u32(read(*four)).unwrap_or(char::REPLACEMENT_CHARACTER);
    let text: String = whole.iter().map(character).collect();
    let odd = if odd.is_empty() {
        String::new()
    } else {
        format!("; {} left over at the end", counted(odd.len() as u64, "byte"))
    };
    (Bytes::from(text), Some(format!("UTF-32, {how}, by its byte order mark: decoded for display{odd}")))
}

fn other(bytes: &[u8], encoding: &'static Encoding, label: &str) -> (Bytes, Option<String>) {
    let (text, has_faults) = encoding.decode_without_bom_handling(bytes);
    let faults = if has_faults { "; invalid bytes are shown as \u{fffd}" } else { "" };
    (Bytes::from(text.into_owned()), Some(format!("{}, decoded for display{faults}", visible(label))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        let utf32: Vec<u8> = "{\"é𝄞\":1}".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        let (text, note) = decoded(&[b"\xff\xfe\0\0", &utf32[..], b"a"].concat(), None);
        assert_eq!(text, "{\"é𝄞\":1}");
        assert!(
            note.starts_with("UTF-32, little-endian, by its byte order mark")
                && note.ends_with("1 byte left over at the end")
        );
        assert_eq!(decoded(b"\0\0\xfe\xff\0\0\0a\0\xff\xff\xff", None).0, "a\u{fffd}");
        assert!(decoded(b"\xff\xfea\0b", None).1.ends_with("one byte is left over at the end"));
        assert_eq!(decoded(b"\xff\xfe\x3d\xd8", None).0, "\u{fffd}");
    }

    #[test]
    fn a_form_is_written_again_in_utf_8_where_it_is_not() {
        let read = |body: &[u8], label| form_in_utf8(body, label).map(|text| String::from_utf8(text).unwrap());
        let ipn = b"first_name=Ren%E9&item=%80+5&a=%zz&flag&=&x=1%262";
        let meant = "first_name=Ren%C3%A9&item=%E2%82%AC+5&a=%zz&flag&=&x=1%262";
        assert_eq!(read(ipn, Some("windows-1252")).as_deref(), Some(meant));
        assert_eq!(read(b"n\xe4me=\xe9", Some("iso-8859-1")).as_deref(), Some("n%C3%A4me=%C3%A9"));
        // A second byte may be a letter's.
        assert_eq!(read(b"a=%83A%82%A0", Some("shift_jis")).as_deref(), Some("a=%E3%82%A2%E3%81%82"));
        for (body, label) in [
            (&b"a=%C3%A9"[..], Some("windows-1252")),
            (b"a=b", Some("windows-1252")),
            (b"a=%E9", None),
            (b"a=%E9", Some("utf-8")),
            (b"a=%E9", Some("utf-16le")),
            (b"a=%E9", Some("no-such")),
        ] {
            assert_eq!(read(body, label), None, "{label:?}");
        }
    }

    #[test]
    fn other_charsets_are_decoded_or_named() {
        assert_eq!(decoded(b"caf\xe9 \x80", Some("iso-8859-1")).0, "café €");
        assert_eq!(decoded("café".as_bytes(), Some("latin1")), ("café".to_owned(), String::new()));
        assert_eq!(
            decoded(b"\xf0\xd2\xc9", Some("koi8-r")),
            ("При".to_owned(), "koi8-r, decoded for display".to_owned())
        );
        assert_eq!(decoded(b"\x82\xa0{", Some("x-sjis")).0, "あ{");
        assert_eq!(decoded(b"\xb0\xa1", Some("euc-kr")).0, "가");
        assert_eq!(
            decoded(b"\xc4\xe3\xff", Some("gbk")).1,
            "gbk, decoded for display; invalid bytes are shown as \u{fffd}"
        );
        assert_eq!(decoded(b"\x1b$B$\"\x1b(B", Some("iso-2022-jp")).0, "あ");
        assert_eq!(decoded(b"{}", Some("iso-2022-jp")), ("{}".to_owned(), String::new()));
        assert_eq!(decoded(b"\xd0\xd1", Some("hz-gb-2312")).1, "unsupported charset hz-gb-2312: shown as UTF-8");
        assert_eq!(decoded(b"\xd0\xd1", Some("utf-7")).1, "unknown charset utf-7: shown as UTF-8");
        assert_eq!(decoded(b"a\xd0\xd1", Some("utf-16")), ("a\u{fffd}\u{fffd}".to_owned(), String::new()));
        assert_eq!(decoded(b"a\xff", Some("utf-8")).1, "declared UTF-8, but invalid at byte 1");
        assert!(decoded(b"\xef\xbb\xbf{}", None).1.starts_with("begins with a byte order mark"));
        assert_eq!(decoded(b"{}", Some("utf-16")), ("{}".to_owned(), String::new()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded(body in proptest::collection::vec(any::<u8>(), 0..80), which in 0_usize..9) {
            let declared = [None, Some("utf-16"), Some("utf-16be"), Some("latin1"), Some("x"), Some("gb18030"),
                Some("iso-2022-jp"), Some("shift_jis"), Some("replacement")][which];
            let (bytes, _) = decode(Bytes::from(body.clone()), declared);
            prop_assert!(bytes.len() <= body.len() * 3);
        }
    }
}
