//! Secrets that were not copied exactly: what stands around one in code, in a file or in a shell, and what base64 has lost
//! on the way.
//!
//! Only what a configured secret really has is taken off: one without anything odd costs no computation. No text of a
//! secret is in what is said, but for single characters that are no part of the key.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::axis::Why;
use super::secret_codings::lenient_base64;
use super::secrets::{FoundKey, replace};
use super::{BytePlace, CauseCode, RequestPart};
use crate::http::percent::{self, PlusSign};
use crate::payload::json::{decode_string, entries};
use crate::signature::{PlainFilter, Scheme};

/// Layers that are taken off one after the other: `export NAME="secret";` and a newline have four.
const MOST_LAYERS: usize = 8;
/// Lines of a file, and members of an object, that are looked at.
const MOST_LINES: usize = 8;
/// A key file has lines, whatever the key.
const KEY_FILE: &[u8] = b"-----BEGIN ";

/// What was taken off, in words that follow "the configured secret", and the cause that it is.
type Layer = (CauseCode, Cow<'static, str>);
/// A secret's text, or a part of it; wiped when dropped.
type SecretText = Zeroizing<Vec<u8>>;

/// Lists the texts that the configured one has within.
pub(super) fn list(key: &[u8], found: FoundKey<'_>) {
    if key.trim_ascii().starts_with(KEY_FILE) {
        return;
    }
    let (text, mut layers) = match utf16(key) {
        Some((text, words)) => (text, vec![(CauseCode::SecretHiddenChars, words.into())]),
        None => (Zeroizing::new(key.to_vec()), Vec::new()),
    };
    if !layers.is_empty() {
        tell(&text, &layers, found);
    }
    peel(&text, &mut layers.clone(), found);
    let miscopied = |words: &'static str| (CauseCode::SecretMiscopied, Cow::Borrowed(words));
    let is_json = text.trim_ascii_start().starts_with(b"{");
    if is_json {
        layers.push(miscopied("is a JSON object"));
        for member in entries(&text).take(MOST_LINES) {
            let value = Zeroizing::new(decode_string(&text[member.value]).text.into_owned());
            within(value.as_bytes(), &layers, found);
        }
    } else if memchr::memchr2(b'\n', b'\r', text.trim_ascii()).is_some() {
        layers.push(miscopied("has several lines"));
        let lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).take(MOST_LINES) {
            within(line, &layers, found);
        }
    }
    let (first, second) = key.split_at(key.len() / 2);
    if !first.is_empty() && first == second {
        tell(first, &[miscopied("has its text twice")], found);
    }
}

/// A text within, and what it has within itself.
fn within(text: &[u8], layers: &[Layer], found: FoundKey<'_>) {
    tell(text, layers, found);
    peel(text, &mut layers.to_vec(), found);
}

/// Takes off one layer after the other, and tells what is left after each.
fn peel(text: &[u8], layers: &mut Vec<Layer>, found: FoundKey<'_>) {
    let mut text = Zeroizing::new(text.to_vec());
    while layers.len() < MOST_LAYERS
        && let Some((inner, layer)) = outermost(&text)
        && !inner.is_empty()
    {
        layers.push(layer);
        tell(&inner, layers, found);
        text = inner;
    }
}

fn tell(text: &[u8], layers: &[Layer], found: FoundKey<'_>) {
    // The rarest of them names the whole.
    const RAREST: [CauseCode; 5] = [
        CauseCode::SecretMiscopied,
        CauseCode::SecretHiddenChars,
        CauseCode::SecretEscaped,
        CauseCode::SecretQuoted,
        CauseCode::SecretWhitespace,
    ];
    let code = RAREST.into_iter().find(|code| layers.iter().any(|(own, _)| own == code));
    let words: Vec<&str> = layers.iter().map(|(_, words)| words.as_ref()).collect();
    let detail = format!("the configured secret {}; the signing key was the text without that", joined(&words));
    found(text.to_vec().into(), Why::new(code.unwrap_or(CauseCode::SecretMiscopied), layers.len() as u16, detail));
}

fn joined(words: &[&str]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        words => words.concat(),
    }
}

/// The text without the outermost thing that is around it.
fn outermost(text: &[u8]) -> Option<(SecretText, Layer)> {
    let miscopied = |words: &'static str| (CauseCode::SecretMiscopied, Cow::Borrowed(words));
    if let Some(rest) = text.strip_prefix("\u{feff}".as_bytes()) {
        return Some((rest.to_vec().into(), (CauseCode::SecretHiddenChars, "begins with a byte order mark".into())));
    }
    let trimmed = text.trim_ascii();
    if trimmed.len() < text.len() {
        return Some((trimmed.to_vec().into(), (CauseCode::SecretWhitespace, "has white space around it".into())));
    }
    if let Some(rest) = text.strip_suffix(b"\0") {
        return Some((rest.to_vec().into(), (CauseCode::SecretHiddenChars, "ends in a zero byte".into())));
    }
    for (tail, words) in [(b',', "ends in a comma (,)"), (b';', "ends in a semicolon (;)")] {
        if let Some(rest) = text.strip_suffix(&[tail]) {
            return Some((rest.to_vec().into(), miscopied(words)));
        }
    }
    if let Some(value) = assigned(text) {
        return Some((value.to_vec().into(), miscopied("begins with the name of a variable")));
    }
    surrounded(text).or_else(|| decoded(text))
}

/// Marks that stand around a text, with the cause that they are.
fn surrounded(text: &[u8]) -> Option<(SecretText, Layer)> {
    const MARKS: [(&str, &str, CauseCode); 15] = [
        ("\"", "\"", CauseCode::SecretQuoted),
        ("'", "'", CauseCode::SecretQuoted),
        ("`", "`", CauseCode::SecretQuoted),
        ("\\\"", "\\\"", CauseCode::SecretQuoted),
        ("\\'", "\\'", CauseCode::SecretQuoted),
        ("\u{201c}", "\u{201d}", CauseCode::SecretQuoted),
        ("\u{201e}", "\u{201c}", CauseCode::SecretQuoted),
        ("\u{201d}", "\u{201d}", CauseCode::SecretQuoted),
        ("\u{2018}", "\u{2019}", CauseCode::SecretQuoted),
        ("\u{ab}", "\u{bb}", CauseCode::SecretQuoted),
        ("&quot;", "&quot;", CauseCode::SecretQuoted),
        ("<", ">", CauseCode::SecretMiscopied),
        ("[", "]", CauseCode::SecretMiscopied),
        ("{", "}", CauseCode::SecretMiscopied),
        ("(", ")", CauseCode::SecretMiscopied),
    ];
    MARKS.into_iter().find_map(|(open, close, code)| {
        let inner = text.strip_prefix(open.as_bytes())?.strip_suffix(close.as_bytes())?;
        let words =
            if open == close { format!("is wrapped in {open}") } else { format!("is wrapped in {open} {close}") };
        Some((inner.to_vec().into(), (code, words.into())))
    })
}

/// A text that was written for a URL or for a page.
fn decoded(text: &[u8]) -> Option<(SecretText, Layer)> {
    let mut all = [
        (percent::decode(text, PlusSign::Literal).into(), "is percent-encoded"),
        (unescaped(text), "has character references of HTML, such as &amp;"),
        (replace(text, b"\\\"", b"\""), "has a backslash before quotation marks"),
        (replace(text, b"\\/", b"/"), "has a backslash before each /"),
    ]
    .into_iter();
    let (inner, words) = all.find(|(inner, _)| **inner != *text)?;
    Some((inner, (CauseCode::SecretEscaped, words.into())))
}

/// The text with the characters that HTML's references stand for.
fn unescaped(text: &[u8]) -> SecretText {
    // The ampersand's own comes last: `&amp;lt;` is `&lt;`.
    const REFERENCES: [(&[u8], &[u8]); 7] = [
        (b"&lt;", b"<"),
        (b"&gt;", b">"),
        (b"&quot;", b"\""),
        (b"&#39;", b"'"),
        (b"&#x27;", b"'"),
        (b"&apos;", b"'"),
        (b"&amp;", b"&"),
    ];
    REFERENCES.iter().fold(text.to_vec().into(), |text: SecretText, (from, to)| replace(&text, from, to))
}

/// What stands after `NAME=`, as a shell, an .env file and YAML have it, and after `"name":` or `const name =` of code.
fn assigned(text: &[u8]) -> Option<&[u8]> {
    const WORDS: [&str; 10] =
        ["export ", "set ", "const ", "let ", "var ", "ENV ", "--env ", "-e ", "$env:", "Environment="];
    let mut rest = text;
    for word in WORDS {
        rest = rest.strip_prefix(word.as_bytes()).unwrap_or(rest).trim_ascii_start();
    }
    let quote = rest.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    rest = &rest[usize::from(quote.is_some())..];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$');
    let length = rest.iter().take_while(|byte| is_name(byte)).count();
    (length > 0).then_some(())?;
    rest = &rest[length..];
    if let Some(quote) = quote {
        // In `"NAME=secret"` the quotation marks are around both.
        rest = rest.strip_prefix(&[quote])?;
    }
    let after = rest.trim_ascii_start();
    let value = [&b":="[..], b"=>", b"="]
        .into_iter()
        .find_map(|sign| after.strip_prefix(sign))
        .or_else(|| after.strip_prefix(b":").filter(|value| matches!(value.first(), Some(b' ' | b'"' | b'\''))))?;
    let value = value.trim_ascii_start();
    // The padding of base64 is no sign of equality.
    value.iter().any(|&byte| byte != b'=').then_some(value)
}

/// The characters of a text that is UTF-16, and what that is in words.
fn utf16(key: &[u8]) -> Option<(SecretText, &'static str)> {
    const MARKED: &str = "is UTF-16 text with a byte order mark, as PowerShell's > writes it";
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| -> Option<SecretText> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text: Option<String> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(Result::ok).collect();
        let text = text.map(String::into_bytes).map(Zeroizing::new);
        text.filter(|text| rest.is_empty() && !text.is_empty())
    };
    if let Some(rest) = key.strip_prefix(b"\xff\xfe") {
        return units(rest, u16::from_le_bytes).map(|text| (text, MARKED));
    }
    if let Some(rest) = key.strip_prefix(b"\xfe\xff") {
        return units(rest, u16::from_be_bytes).map(|text| (text, MARKED));
    }
    let is_wide = |zeros: usize| key.len() >= 8 && key.iter().skip(zeros).step_by(2).all(|&byte| byte == 0);
    if is_wide(1) {
        return units(key, u16::from_le_bytes).map(|text| (text, "is UTF-16 text"));
    }
    is_wide(0).then(|| units(key, u16::from_be_bytes)).flatten().map(|text| (text, "is UTF-16 text"))
}

/// The text that is meant by one which the scheme cannot decode, and what is wrong with it. Its decoded bytes are those
/// that a lenient decoder makes of it.
pub(super) fn mended(scheme: &Scheme, text: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Why)> {
    const PREFIXES: [&str; 2] = ["whsec_", "v1,whsec_"];
    let prefix = PREFIXES.into_iter().find(|prefix| text.starts_with(prefix.as_bytes())).unwrap_or_default();
    let (prefix, rest) = text.split_at(prefix.len());
    let ((meant, faults), format) = match scheme.key.decoder()? {
        PlainFilter::Unbase64 => (mended_base64(rest, prefix.len())?, "base64"),
        _ => (mended_hex(rest, prefix.len())?, "hexadecimal"),
    };
    let place = meant.iter().zip(rest).position(|(one, other)| one != other).unwrap_or(meant.len().min(rest.len()));
    let detail = format!(
        "the configured secret is not valid {format}: {}",
        joined(&faults.iter().map(String::as_str).collect::<Vec<_>>())
    );
    let at = BytePlace {
        part: RequestPart::Secret,
        offset: prefix.len() + place,
        before: String::new(),
        after: String::new(),
    };
    let why = Why::new(CauseCode::SecretMiscopied, 0, detail).at(at);
    Some(([prefix, &meant].concat().into(), why))
}

/// The first character that is not `usual`, and where it is; nothing when all are, or when the odd ones are white space,
/// quotation marks or invisible, which have causes of their own.
fn odd_character(text: &[u8], offset: usize, usual: fn(&u8) -> bool) -> Option<String> {
    /// More of them, and it was another kind of text from the beginning.
    const MOST: usize = 4;
    let text = String::from_utf8_lossy(text);
    let is_odd = |&(_, character): &(usize, char)| !u8::try_from(character).is_ok_and(|byte| usual(&byte));
    let odd: Vec<(usize, char)> = text.char_indices().filter(is_odd).collect();
    let (at, character) = *odd.iter().find(|(_, character)| {
        !character.is_whitespace()
            && !crate::text::is_hidden(*character)
            && !"\"'`\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{ab}\u{bb}".contains(*character)
    })?;
    let more = if odd.len() > 1 { ", and others that do not belong there" } else { "" };
    (odd.len() <= MOST).then(|| format!("it has `{character}` at byte {}{more}", offset + at + 1))
}

fn mended_base64(text: &[u8], offset: usize) -> Option<(SecretText, Vec<String>)> {
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let is_clean = text.iter().all(is_usual);
    let mut faults: Vec<&str> = Vec::new();
    let odd = odd_character(text, offset, is_usual);
    (is_clean || odd.is_some()).then_some(())?;
    let kept: SecretText = text.iter().copied().filter(|byte| is_usual(byte)).collect::<Vec<u8>>().into();
    let digits = kept.iter().filter(|&&byte| byte != b'=').count();
    // One character alone has too few bits for a byte: what is lost cannot be known.
    (digits % 4 != 1 && digits >= 8).then_some(())?;
    if kept.iter().any(|byte| b"-_".contains(byte)) {
        faults.push("it has - and _ of base64url in the place of + and /");
    }
    match (kept.len() - digits).cmp(&((4 - digits % 4) % 4)) {
        std::cmp::Ordering::Less => faults.push("its padding (=) is missing"),
        std::cmp::Ordering::Greater => faults.push("it has too much padding (=)"),
        std::cmp::Ordering::Equal => {}
    }
    let meant = Zeroizing::new(BASE64_STANDARD.encode(&*lenient_base64(&kept, true)).into_bytes());
    let has_spare_bits = digits > 0 && meant.get(digits - 1) != kept.get(digits - 1) && digits % 4 != 0;
    if has_spare_bits && faults.is_empty() && odd.is_none() {
        faults.push("its last character has bits that belong to no byte");
    }
    let faults: Vec<String> = odd.into_iter().chain(faults.into_iter().map(str::to_owned)).collect();
    (!faults.is_empty()).then_some((meant, faults))
}

fn mended_hex(text: &[u8], offset: usize) -> Option<(SecretText, Vec<String>)> {
    let (text, start) = match text.strip_prefix(b"0x") {
        Some(rest) => (rest, Some("it begins with 0x".to_owned())),
        None => (text, None),
    };
    let odd = odd_character(text, offset, u8::is_ascii_hexdigit);
    let meant: SecretText = text.iter().copied().filter(u8::is_ascii_hexdigit).collect::<Vec<u8>>().into();
    let is_told = odd.is_some() || (start.is_some() && meant.len() == text.len());
    (is_told && meant.len() >= 8 && meant.len().is_multiple_of(2))
        .then(|| (meant, start.into_iter().chain(odd).collect()))
}
