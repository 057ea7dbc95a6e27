//! What languages print of bytes for a person to read, taken for data by a sender.

use super::super::json::scan::skip_space;
use super::{Binary, BinaryForm, encodings, numbers};

/// Node's `<Buffer ff d8 ... 44819 more bytes>`; the name is any class's that ends in `Buffer`.
///
/// Node up to 10 prints `... >` without a count. Extra properties follow a comma, or the name when
/// there are no bytes.
pub(super) fn node_buffer(text: &[u8]) -> Option<Binary> {
    let inside = text.strip_prefix(b"<")?.strip_suffix(b">")?;
    let name = inside.iter().position(|byte| !is_word(*byte)).unwrap_or(inside.len());
    if !inside[..name].ends_with(b"Buffer") {
        return None;
    }
    let rest = &inside[name..];
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(b" ")? };
    let (bytes, end) = pairs(rest);
    let after = &rest[end..];
    let starts_property = bytes.is_empty() && after.first().is_some_and(|byte| is_word(*byte) || *byte == b'[');
    if starts_property {
        return Some(Binary::whole(BinaryForm::NodePrint, bytes, 0));
    }
    let (total, after) = more(after, b"byte", bytes.len() as u64)?;
    (after.is_empty() || after.starts_with(b", ")).then(|| partial(BinaryForm::NodePrint, bytes, total))
}

/// Node's `ArrayBuffer { [Uint8Contents]: <ff d8 ... 170 more bytes>, byteLength: 270 }`.
pub(super) fn node_array_buffer(text: &[u8]) -> Option<Binary> {
    let name = text.iter().position(|byte| !is_word(*byte))?;
    if !text[..name].ends_with(b"ArrayBuffer") {
        return None;
    }
    let open = skip_space(text, name);
    let label = skip_space(text, open + 1);
    let inside = text.get(label..)?.strip_prefix(b"[Uint8Contents]: <")?;
    let (bytes, end) = pairs(inside);
    let (total, after) = more(&inside[end..], b"byte", bytes.len() as u64)?;
    (text[open] == b'{' && after.starts_with(b">") && text.ends_with(b"}"))
        .then(|| partial(BinaryForm::NodePrint, bytes, total))
}

/// Node's `Uint8Array(270) [ 255, 216, ... 170 more items ]`.
pub(super) fn node_typed_array(text: &[u8]) -> Option<Binary> {
    let name = text.iter().position(|byte| !is_word(*byte))?;
    if !matches!(&text[..name], b"Uint8Array" | b"Uint8ClampedArray") {
        return None;
    }
    let (length, after) = number(text[name..].strip_prefix(b"(")?)?;
    let inside = after.strip_prefix(b") [")?.strip_suffix(b"]")?;
    let (bytes, end) = numbers::list(inside, 0);
    let rest = inside[end..].trim_ascii();
    let present = bytes.len() as u64;
    let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii();
    let (total, rest) = if rest.starts_with(b"...") { more(rest, b"item", present)? } else { (Some(present), rest) };
    // Extra properties look like `foo: 1`.
    let is_property = rest.first().is_some_and(|byte| is_word(*byte)) && rest.contains(&b':');
    let fits = total == Some(length) && (rest.is_empty() || rest.starts_with(b",") || is_property);
    fits.then(|| partial(BinaryForm::Uint8ArrayPrint, bytes, total))
}

/// Python's `b'\xff\xd8'`, either quote, `bytearray(…)` around it or not. When the bytes are the
/// text of base64, as `str(base64.b64encode(…))` makes, they are decoded once more.
pub(super) fn python(text: &[u8], limit: usize) -> Option<Binary> {
    let literal = match text.strip_prefix(b"bytearray(") {
        Some(inside) => inside.strip_suffix(b")")?,
        None => text,
    };
    let quoted = literal.strip_prefix(b"b")?;
    let quote = *quoted.first().filter(|quote| matches!(quote, b'\'' | b'"'))?;
    let content = quoted[1..].strip_suffix(&[quote])?;
    let bytes = python_bytes(content, quote)?;
    // All of it, however little is asked for: what it is must not depend on how much is shown.
    if let Some(mut decoded) = encodings::base64(&bytes, usize::MAX)
        && crate::payload::image::strict_format(&decoded.bytes).is_some()
    {
        decoded.bytes.truncate(limit);
        return Some(Binary { inner: Some(decoded.form), form: BinaryForm::PythonBytes, ..decoded.into_binary() });
    }
    let present = bytes.len() as u64;
    Some(Binary::whole(BinaryForm::PythonBytes, bytes, present))
}

fn python_bytes(content: &[u8], quote: u8) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(content.len() / 2);
    let mut at = 0;
    while let Some(&byte) = content.get(at) {
        at += 1;
        if byte != b'\\' {
            // Python escapes what is not ASCII, and the quote.
            if !matches!(byte, 0x20..=0x7e) || byte == quote {
                return None;
            }
            bytes.push(byte);
            continue;
        }
        let escape = *content.get(at)?;
        at += 1;
        bytes.push(match escape {
            b'x' => {
                let mut value = [0];
                hex::decode_to_slice(content.get(at..at + 2)?, &mut value).ok()?;
                at += 2;
                value[0]
            }
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' | b'\'' | b'"' => escape,
            _ => return None,
        });
    }
    Some(bytes)
}

/// What remains when bytes are made text by default: `[object ArrayBuffer]` and other languages'.
pub(super) fn is_lost(text: &[u8]) -> bool {
    let object = text.strip_prefix(b"[object ").and_then(|rest| rest.strip_suffix(b"]"));
    let is_name = |name: &[u8]| !name.is_empty() && name.iter().all(|byte| is_word(*byte));
    let python = text.starts_with(b"<memory at 0x") || text.starts_with(b"<_io.BytesIO object at 0x");
    // Java prints an array's type and hash: `[B@1b6d3586`.
    let java = text.strip_prefix(b"[B@").is_some_and(|hash| !hash.is_empty() && hash.iter().all(u8::is_ascii_hexdigit));
    object.is_some_and(is_name) || (python && text.ends_with(b">")) || java || text == b"System.Byte[]"
}

fn partial(form: BinaryForm, bytes: Vec<u8>, total: Option<u64>) -> Binary {
    Binary { form, inner: None, present: bytes.len() as u64, bytes, total }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

/// Pairs of hexadecimal digits with single spaces between them, and the offset after the last.
fn pairs(text: &[u8]) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let mut end = 0;
    loop {
        let start = if bytes.is_empty() { 0 } else { end + 1 };
        let spaced = bytes.is_empty() || text.get(end) == Some(&b' ');
        let mut value = [0];
        let pair = text.get(start..start + 2).filter(|_| spaced);
        let runs_on = text.get(start + 2).is_some_and(|byte| is_word(*byte));
        if runs_on || pair.is_none_or(|pair| hex::decode_to_slice(pair, &mut value).is_err()) {
            return (bytes, end);
        }
        bytes.push(value[0]);
        end = start + 2;
    }
}

/// ` ... 220 more bytes` after `present` of them: the total, and what follows. The total is `None`
/// after dots without a count, and `present` without dots.
fn more<'a>(text: &'a [u8], unit: &[u8], present: u64) -> Option<(Option<u64>, &'a [u8])> {
    let Some(rest) = text.strip_prefix(b" ").unwrap_or(text).strip_prefix(b"...") else {
        return Some((Some(present), text));
    };
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let Some((count, after)) = number(rest) else {
        return Some((None, rest));
    };
    let after = after.strip_prefix(b" more ")?.strip_prefix(unit)?;
    let after = after.strip_prefix(b"s").unwrap_or(after);
    Some((Some(present.checked_add(count)?), after))
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = std::str::from_utf8(&text[..length]).ok()?;
    Some((digits.parse().ok()?, &text[length..]))
}
