//! Edits of a body as text: newlines, byte order marks, character sets, normal forms.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::WINDOWS_1252;
use memchr::memmem;
use unicode_normalization::UnicodeNormalization as _;

use crate::payload::json::BOM;

/// One edit; `None` when it would leave the body as it is or cannot be made.
pub type TextEdit = fn(&[u8]) -> Option<Vec<u8>>;

fn changed(body: &[u8], edited: Vec<u8>) -> Option<Vec<u8>> {
    (edited != body).then_some(edited)
}

fn appended(body: &[u8], tail: &[u8]) -> Option<Vec<u8>> {
    Some([body, tail].concat())
}

/// Adds a final line feed.
pub fn add_lf(body: &[u8]) -> Option<Vec<u8>> {
    appended(body, b"\n")
}

/// Adds a final CR LF.
pub fn add_crlf(body: &[u8]) -> Option<Vec<u8>> {
    appended(body, b"\r\n")
}

/// Removes one final line ending.
pub fn drop_newline(body: &[u8]) -> Option<Vec<u8>> {
    let rest = body.strip_suffix(b"\n")?;
    Some(rest.strip_suffix(b"\r").unwrap_or(rest).to_vec())
}

/// Removes the white space around the body.
pub fn trim(body: &[u8]) -> Option<Vec<u8>> {
    let trimmed = body.trim_ascii();
    (trimmed.len() < body.len()).then(|| trimmed.to_vec())
}

/// Removes every CR and LF, as `curl -d @file` does.
pub fn drop_all_newlines(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr2(b'\r', b'\n', body)?;
    Some(body.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect())
}

/// Turns CR LF into LF.
pub fn to_lf(body: &[u8]) -> Option<Vec<u8>> {
    memmem::find(body, b"\r\n")?;
    let mut edited = Vec::with_capacity(body.len());
    for (index, &byte) in body.iter().enumerate() {
        if !(byte == b'\r' && body.get(index + 1) == Some(&b'\n')) {
            edited.push(byte);
        }
    }
    Some(edited)
}

/// The lines as a reader of lines gives them, with LF between them: CR LF becomes LF, and a final line end is lost.
pub fn joined_lines(body: &[u8]) -> Option<Vec<u8>> {
    let edited = to_lf(body).unwrap_or_else(|| body.to_vec());
    let edited = edited.strip_suffix(b"\n").map(<[u8]>::to_vec).unwrap_or(edited);
    changed(body, edited)
}

/// The first line alone, as one call of a reader of lines gives it.
pub fn first_line(body: &[u8]) -> Option<Vec<u8>> {
    let line = &body[..memchr::memchr(b'\n', body)?];
    Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// Turns every LF into CR LF, those that are one already left alone.
pub fn to_crlf(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'\n', body)?;
    let mut edited = Vec::with_capacity(body.len() + body.len() / 16);
    let mut previous = 0;
    for &byte in body {
        if byte == b'\n' && previous != b'\r' {
            edited.push(b'\r');
        }
        edited.push(byte);
        previous = byte;
    }
    changed(body, edited)
}

/// Adds a UTF-8 byte order mark.
pub fn add_bom(body: &[u8]) -> Option<Vec<u8>> {
    (!body.starts_with(BOM)).then(|| [BOM, body].concat())
}

/// Removes a UTF-8 byte order mark.
pub fn drop_bom(body: &[u8]) -> Option<Vec<u8>> {
    body.strip_prefix(BOM).map(<[u8]>::to_vec)
}

/// Removes a byte order mark, and turns CR LF into LF; `None` unless there are both.
pub fn unmarked_lf(body: &[u8]) -> Option<Vec<u8>> {
    to_lf(&drop_bom(body)?)
}

/// Removes a byte order mark and one final line ending.
pub fn unmarked_cut(body: &[u8]) -> Option<Vec<u8>> {
    drop_newline(&drop_bom(body)?)
}

/// Removes a byte order mark, turns CR LF into LF, and removes one final line ending.
pub fn unmarked_lf_cut(body: &[u8]) -> Option<Vec<u8>> {
    drop_newline(&unmarked_lf(body)?)
}

/// Removes a byte order mark and all white space around the rest.
pub fn unmarked_trim(body: &[u8]) -> Option<Vec<u8>> {
    trim(&drop_bom(body)?)
}

/// Removes a byte order mark, and adds a final line feed.
pub fn unmarked_added(body: &[u8]) -> Option<Vec<u8>> {
    add_lf(&drop_bom(body)?)
}

/// Turns CR LF into LF, and adds a final line feed.
pub fn lf_added(body: &[u8]) -> Option<Vec<u8>> {
    add_lf(&to_lf(body)?)
}

/// Removes a byte order mark, turns CR LF into LF, and adds a final line feed.
pub fn unmarked_lf_added(body: &[u8]) -> Option<Vec<u8>> {
    add_lf(&unmarked_lf(body)?)
}

/// Normal form C: characters composed.
pub fn nfc(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    changed(body, text.nfc().collect::<String>().into_bytes())
}

/// Normal form D: characters taken apart.
pub fn nfd(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    changed(body, text.nfd().collect::<String>().into_bytes())
}

/// UTF-8 written as Latin-1 (Node's `latin1`, `binary`): each character's lowest byte.
pub fn latin1_cut(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    Some(text.encode_utf16().map(|unit| unit as u8).collect())
}

/// UTF-8 written as Latin-1 with `?` for what it does not have.
pub fn latin1(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    Some(text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect())
}

/// UTF-8 written as Windows-1252 with `?` for what it does not have.
pub fn windows_1252(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    Some(text.chars().map(|character| to_1252(character).unwrap_or(b'?')).collect())
}

/// UTF-8 written as ASCII, one `?` for each other character.
pub fn ascii_question(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    Some(text.chars().map(|character| if character.is_ascii() { character as u8 } else { b'?' }).collect())
}

/// UTF-8 written as ASCII, one `?` for each UTF-16 unit, as Java and .NET do.
pub fn ascii_question_units(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    Some(text.encode_utf16().map(|unit| u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect())
}

/// Characters outside ASCII left out.
pub fn ascii_dropped(body: &[u8]) -> Option<Vec<u8>> {
    let body = beyond_ascii(body)?;
    Some(body.iter().copied().filter(u8::is_ascii).collect())
}

/// Bytes outside UTF-8 replaced by U+FFFD, as every string type of UTF-8 does.
pub fn lossy_utf8(body: &[u8]) -> Option<Vec<u8>> {
    match String::from_utf8_lossy(body) {
        Cow::Borrowed(_) => None,
        Cow::Owned(replaced) => Some(replaced.into_bytes()),
    }
}

/// The body as two pieces, of which each was decoded on its own: a character that is cut in two is U+FFFD in both.
pub fn decoded_in_two(body: &[u8], cut: usize) -> Option<Vec<u8>> {
    let (first, second) = body.split_at_checked(cut)?;
    changed(body, [first, second].map(String::from_utf8_lossy).concat().into_bytes())
}

/// Every byte outside ASCII replaced by U+FFFD, as reading UTF-8 as ASCII does.
pub fn lossy_ascii(body: &[u8]) -> Option<Vec<u8>> {
    let body = beyond_ascii(body)?;
    let replaced = body.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' });
    Some(replaced.collect::<String>().into_bytes())
}

/// UTF-8 taken for Latin-1 and written as UTF-8 again: `Ã©`.
pub fn mojibake_latin1(body: &[u8]) -> Option<Vec<u8>> {
    let body = beyond_ascii(body)?;
    Some(body.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes())
}

/// UTF-8 taken for Windows-1252 and written as UTF-8 again: `Ã©`, `â€™`.
pub fn mojibake_1252(body: &[u8]) -> Option<Vec<u8>> {
    let body = beyond_ascii(body)?;
    Some(from_1252(body).into_owned().into_bytes())
}

/// The reverse of the two: the body's own mojibake undone.
pub fn undo_mojibake(body: &[u8]) -> Option<Vec<u8>> {
    let text = non_ascii(body)?;
    let bytes: Option<Vec<u8>> =
        text.chars().map(|character| to_1252(character).or_else(|| u8::try_from(u32::from(character)).ok())).collect();
    bytes.filter(|bytes| std::str::from_utf8(bytes).is_ok())
}

/// Latin-1 bytes written as UTF-8, for a body that is not UTF-8.
pub fn from_latin1(body: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(body).is_err().then(|| from_1252(body).into_owned().into_bytes())
}

/// UTF-16, little-endian, without a mark.
pub fn utf16_le(body: &[u8]) -> Option<Vec<u8>> {
    utf16(body, u16::to_le_bytes)
}

/// UTF-16, big-endian, without a mark.
pub fn utf16_be(body: &[u8]) -> Option<Vec<u8>> {
    utf16(body, u16::to_be_bytes)
}

/// UTF-16, little-endian, after its byte order mark, as Python's `utf-16` and .NET's `Encoding.Unicode` files have it.
pub fn utf16_le_marked(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"\xff\xfe", &utf16_le(body)?[..]].concat())
}

/// UTF-16, big-endian, after its byte order mark, as Java's `UTF-16` has it.
pub fn utf16_be_marked(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"\xfe\xff", &utf16_be(body)?[..]].concat())
}

fn utf16(body: &[u8], unit: fn(u16) -> [u8; 2]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    if !text.is_ascii() {
        return Some(text.encode_utf16().flat_map(unit).collect());
    }
    let mut units = vec![0; 2 * body.len()];
    for (place, &byte) in units.chunks_exact_mut(2).zip(body) {
        place.copy_from_slice(&unit(u16::from(byte)));
    }
    Some(units)
}

/// The body, when it contains something outside ASCII; other bodies are not changed by an edit that changes only that.
fn beyond_ascii(body: &[u8]) -> Option<&[u8]> {
    (!body.is_ascii()).then_some(body)
}

/// The body as text, when it is UTF-8 with something outside ASCII.
fn non_ascii(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(beyond_ascii(body)?).ok()
}

/// Windows-1252's bytes 0x80 to 0x9f.
static HIGH: LazyLock<Vec<char>> = LazyLock::new(|| from_1252(&(0x80..=0x9f).collect::<Vec<u8>>()).chars().collect());

/// It has a character for every byte (WHATWG Encoding, index windows-1252).
fn from_1252(bytes: &[u8]) -> Cow<'_, str> {
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

fn to_1252(character: char) -> Option<u8> {
    match u32::from(character) {
        code @ (0..0x80 | 0xa0..=0xff) => u8::try_from(code).ok(),
        _ => HIGH.iter().zip(0x80_u8..).find(|&(&high, _)| high == character).map(|(_, byte)| byte),
    }
}
