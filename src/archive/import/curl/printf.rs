//! `printf` and `echo` as far as scripts print a body with them, and the escapes of both and of `$'…'`.

use super::shell::ShellCommand;
use crate::text::hexadecimal;

/// Which escapes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Of a `printf` format (POSIX.1-2017, XBD 5): up to three octal digits.
    Printf,
    /// Of `$'…'`, which has hexadecimal digits, Unicode and quotation marks as well.
    AnsiC,
}

/// What a command prints; `None` where it is another command, or one that is not plain.
pub(super) fn output(command: &ShellCommand) -> Option<Vec<u8>> {
    let words: Vec<&[u8]> =
        command.words.iter().map(|word| word.unknown.is_none().then_some(&*word.bytes)).collect::<Option<_>>()?;
    match &words[..] {
        [b"printf", b"%s", text] => Some(text.to_vec()),
        [b"printf", b"%s\\n", text] => Some([text, &b"\n"[..]].concat()),
        [b"printf", format] if !has_conversion(format) => Some(unescaped(&percents(format), Escapes::Printf)),
        [b"echo", b"-n", text] => Some(text.to_vec()),
        [b"echo", text] => Some([text, &b"\n"[..]].concat()),
        _ => None,
    }
}

/// Whether a format asks for arguments.
fn has_conversion(format: &[u8]) -> bool {
    let mut bytes = format.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' && bytes.next() != Some(&b'%') {
            return true;
        }
    }
    false
}

fn percents(format: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(format.len());
    let mut bytes = format.iter().peekable();
    while let Some(byte) = bytes.next() {
        plain.push(*byte);
        if *byte == b'%' {
            bytes.next_if(|next| **next == b'%');
        }
    }
    plain
}

/// `text` with its escapes taken for what they stand for. One that means nothing stays as it is.
pub(super) fn unescaped(text: &[u8], escapes: Escapes) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, more)) = rest.split_first() {
        rest = more;
        match (byte, more.first()) {
            (b'\\', Some(&kind)) => {
                rest = &more[1..];
                rest = escape(kind, rest, escapes, &mut out);
            }
            _ => out.push(byte),
        }
    }
    out
}

/// One escape, whose kind has been read; returns what follows it.
fn escape<'a>(kind: u8, rest: &'a [u8], escapes: Escapes, out: &mut Vec<u8>) -> &'a [u8] {
    let simple = match kind {
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'r' => Some(b'\r'),
        b'a' => Some(7),
        b'b' => Some(8),
        b'f' => Some(12),
        b'v' => Some(11),
        b'\\' => Some(b'\\'),
        b'e' | b'E' if escapes == Escapes::AnsiC => Some(27),
        b'\'' | b'"' | b'?' if escapes == Escapes::AnsiC => Some(kind),
        _ => None,
    };
    if let Some(byte) = simple {
        out.push(byte);
        return rest;
    }
    let digits = match kind {
        b'0'..=b'7' => {
            let digits = 1 + rest.iter().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            let value = std::iter::once(&kind)
                .chain(&rest[..digits - 1])
                .fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            // As shells do, of more than a byte the lower eight bits.
            out.push((value & 0xff) as u8);
            return &rest[digits - 1..];
        }
        b'x' if escapes == Escapes::AnsiC => 2,
        b'u' if escapes == Escapes::AnsiC => 4,
        b'U' if escapes == Escapes::AnsiC => 8,
        _ => {
            out.extend_from_slice(&[b'\\', kind]);
            return rest;
        }
    };
    let count = rest.iter().take(digits).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let value = hexadecimal(&rest[..count]).and_then(|value| u32::try_from(value).ok());
    match value {
        Some(value) if kind == b'x' => out.push((value & 0xff) as u8),
        Some(value) => {
            let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        None => out.extend_from_slice(&[b'\\', kind]),
    }
    &rest[count..]
}
