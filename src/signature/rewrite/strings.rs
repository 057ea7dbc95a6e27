//! How serialisers write strings: which characters they escape, and how.

use crate::payload::json::{StringPart, parts};

/// What becomes of characters outside ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NonAscii {
    /// Written as they are.
    Raw,
    /// `\u00e9`
    Lower,
    /// `\u00E9`
    Upper,
    /// As they are up to U+FFFF, those beyond as two escapes: `\ud83d\ude00`
    AstralLower,
    /// The same with capital letters: `\uD83D\uDE00`
    AstralUpper,
    /// The reverse: `\u00e9` up to U+FFFF, those beyond as they are.
    PlaneLower,
}

impl NonAscii {
    fn escapes(self, code: u32) -> bool {
        match self {
            Self::Raw => false,
            Self::Lower | Self::Upper => true,
            Self::AstralLower | Self::AstralUpper => code > 0xffff,
            Self::PlaneLower => code <= 0xffff,
        }
    }

    fn is_upper(self) -> bool {
        matches!(self, Self::Upper | Self::AstralUpper)
    }

    /// The first bytes of what is escaped, in UTF-8 (RFC 3629: four bytes beyond U+FFFF).
    fn leads(self) -> std::ops::Range<usize> {
        match self {
            Self::Raw => 0x80..0x80,
            Self::Lower | Self::Upper => 0x80..0x100,
            Self::AstralLower | Self::AstralUpper => 0xf0..0x100,
            Self::PlaneLower => 0xc2..0xf0,
        }
    }
}

/// What becomes of a surrogate without its other half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lone {
    /// `\ud83d`, as well-formed `JSON.stringify` writes it.
    Escape,
    /// U+FFFD.
    Replace,
    /// The parser or the serialiser fails.
    Refuse,
}

/// How one serialiser writes strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strings {
    pub(super) non_ascii: NonAscii,
    /// ASCII characters beyond `"`, `\` and controls that become `\uNNNN`.
    pub(super) extra: &'static [u8],
    /// Whether their digits are capital letters.
    pub(super) upper_extra: bool,
    /// Whether `/` becomes `\/`.
    pub(super) solidus: bool,
    /// Whether U+2028 and U+2029 are escaped among raw characters.
    pub(super) separators: bool,
    /// Whether `\b` and `\f` are written short.
    pub(super) short_backspace: bool,
    /// Whether the digits of control characters are capital letters.
    pub(super) upper_controls: bool,
    /// Whether `"` becomes `\u0022`.
    pub(super) quote_as_unicode: bool,
    pub(super) lone: Lone,
}

/// The plainest serialiser: only what JSON demands is escaped.
pub(super) const PLAIN: Strings = Strings {
    non_ascii: NonAscii::Raw,
    extra: b"",
    upper_extra: false,
    solidus: false,
    separators: false,
    short_backspace: true,
    upper_controls: false,
    quote_as_unicode: false,
    lone: Lone::Refuse,
};

/// Which bytes there are.
pub(super) type ByteSet = [bool; 256];

/// The bytes of all `texts`.
pub(super) fn bytes_of<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> ByteSet {
    let mut set = [false; 256];
    for text in texts {
        // One loop a text: flattened, each byte of a large body costs a call.
        for &byte in text {
            set[usize::from(byte)] = true;
        }
    }
    set
}

/// A [`Strings`] with the bytes that cannot be copied as they are.
pub(super) struct StringWriter<'s> {
    strings: &'s Strings,
    special: ByteSet,
    /// Those of them that occur. Of a picture in base64 there are none or one, and to look for one is ten times as
    /// fast as the table.
    occurring: Vec<u8>,
}

impl<'s> StringWriter<'s> {
    /// `utf8` tells that the whole body is UTF-8, so that raw characters need no look; `bytes` are those of all that
    /// will be written.
    pub(super) fn new(strings: &'s Strings, utf8: bool, bytes: &ByteSet) -> Self {
        let mut special = [false; 256];
        special[..0x20].fill(true);
        special[usize::from(b'"')] = true;
        special[usize::from(b'\\')] = true;
        special[usize::from(b'/')] = strings.solidus;
        for &byte in strings.extra {
            special[usize::from(byte)] = true;
        }
        special[strings.non_ascii.leads()].fill(true);
        if !utf8 {
            special[0x80..].fill(true);
        }
        special[0xe2] |= strings.separators;
        let occurring = (0..=u8::MAX).filter(|&byte| special[usize::from(byte)] && bytes[usize::from(byte)]).collect();
        Self { strings, special, occurring }
    }

    /// Writes the string whose content as sent is `inner`, quotation marks included. `None` when this
    /// serialiser would have failed.
    pub(super) fn write(&self, inner: &[u8], out: &mut Vec<u8>) -> Option<()> {
        out.push(b'"');
        for (_, part) in parts(inner) {
            match part {
                StringPart::Raw(raw) => self.run(raw, out),
                StringPart::Escaped(character) => self.character(character, out),
                StringPart::Lone(unit) => match self.strings.lone {
                    Lone::Escape => push_unit(out, unit, self.strings.non_ascii.is_upper()),
                    Lone::Replace => self.character('\u{fffd}', out),
                    Lone::Refuse => return None,
                },
            }
        }
        out.push(b'"');
        Some(())
    }

    /// Writes text without backslashes.
    pub(super) fn run(&self, mut raw: &[u8], out: &mut Vec<u8>) {
        loop {
            let plain = self.next_special(raw).unwrap_or(raw.len());
            out.extend_from_slice(&raw[..plain]);
            raw = &raw[plain..];
            if raw.is_empty() {
                return;
            }
            let head = &raw[..raw.len().min(4)];
            let (character, length) = first_character(head);
            self.character(character, out);
            raw = &raw[length..];
        }
    }

    fn next_special(&self, raw: &[u8]) -> Option<usize> {
        match self.occurring[..] {
            [] => None,
            [one] => memchr::memchr(one, raw),
            [one, two] => memchr::memchr2(one, two, raw),
            [one, two, three] => memchr::memchr3(one, two, three, raw),
            _ => raw.iter().position(|&byte| self.special[usize::from(byte)]),
        }
    }

    fn character(&self, character: char, out: &mut Vec<u8>) {
        let strings = self.strings;
        let short: &[u8] = match character {
            '"' if strings.quote_as_unicode => b"\\u0022",
            '"' => b"\\\"",
            '\\' => b"\\\\",
            '/' if strings.solidus => b"\\/",
            '\n' => b"\\n",
            '\r' => b"\\r",
            '\t' => b"\\t",
            '\u{8}' if strings.short_backspace => b"\\b",
            '\u{c}' if strings.short_backspace => b"\\f",
            _ => b"",
        };
        if !short.is_empty() {
            return out.extend_from_slice(short);
        }
        let code = u32::from(character);
        let upper = strings.non_ascii.is_upper()
            || (code < 0x20 && strings.upper_controls)
            || (strings.upper_extra && (0x20..0x80).contains(&code));
        let escaped = match code {
            0..0x20 => true,
            0x20..0x80 => strings.extra.contains(&(code as u8)),
            0x2028 | 0x2029 => strings.separators || strings.non_ascii.escapes(code),
            _ => strings.non_ascii.escapes(code),
        };
        if escaped {
            for &mut unit in character.encode_utf16(&mut [0; 2]) {
                push_unit(out, unit, upper);
            }
        } else {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The character that `head` begins with, U+FFFD for a byte outside UTF-8, and its length.
fn first_character(head: &[u8]) -> (char, usize) {
    if let Some(&byte) = head.first().filter(|byte| byte.is_ascii()) {
        return (char::from(byte), 1);
    }
    let Some(chunk) = head.utf8_chunks().next() else {
        return ('\u{fffd}', head.len());
    };
    match chunk.valid().chars().next() {
        Some(character) => (character, character.len_utf8()),
        None => ('\u{fffd}', chunk.invalid().len().max(1)),
    }
}

pub(super) fn push_unit(out: &mut Vec<u8>, unit: u16, upper: bool) {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(digits[usize::from(unit >> shift & 0xf)]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_does_not_occur_need_not_be_looked_for(
            inner in "([a-z/<é\u{2028}\u{1f600}]|\\\\\\\\|\\\\\"|\\\\u00e9|\\\\/|\\\\n){0,12}",
            solidus: bool, separators: bool, non_ascii in 0..6, extra in 0..3,
        ) {
            let extra: &[u8] = [&b""[..], b"<>&", b"\x7f"][extra as usize];
            let non_ascii = [NonAscii::Raw, NonAscii::Lower, NonAscii::Upper, NonAscii::AstralLower,
                NonAscii::AstralUpper, NonAscii::PlaneLower][non_ascii as usize];
            let strings = Strings { solidus, separators, non_ascii, extra, ..PLAIN };
            let write = |bytes: &ByteSet| {
                let mut out = Vec::new();
                StringWriter::new(&strings, true, bytes).write(inner.as_bytes(), &mut out).map(|()| out)
            };
            prop_assert_eq!(write(&bytes_of([inner.as_bytes()])), write(&[true; 256]));
        }
    }
}
