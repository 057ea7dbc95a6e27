//! What surrounds a text, taken off layer by layer: prefixes, quotation marks, what languages print around bytes.

use super::CauseCode;
use super::axis::Why;
use super::encoding::{stray, unquoted};

/// Texts that are looked at for one value: a hostile one has as many layers as bytes.
const MOST_TEXTS: usize = 24;

/// Prefixes that signatures have somewhere.
const PREFIXES: [&str; 20] = [
    "sha256=",
    "sha1=",
    "sha512=",
    "sha384=",
    "md5=",
    "v1=",
    "v0=",
    "v1,",
    "v1:",
    "v0:",
    "h1=",
    "s=",
    "hmac=",
    "sig=",
    "signature=",
    "hmac-sha256=",
    "sha256:",
    "hmac-sha256:",
    "HMAC-SHA256 ",
    "Bearer ",
];
/// What languages put before hexadecimal digits; not before other signatures, which may begin so.
const DIGITS_PREFIX: &str = "0x";

/// A text within a value, and what was taken off to get at it.
pub(super) struct Layer<'v> {
    pub(super) bytes: &'v [u8],
    /// Whether the scheme's own prefix was taken off.
    pub(super) has_own: bool,
    /// Prefixes that the scheme does not have, as they are written, the outermost first.
    pub(super) prefixes: String,
    pub(super) whys: Vec<Why>,
}

/// The value, and every text that is left when something around it is taken off.
pub(super) fn layers<'v>(value: &'v [u8], own: &str, any_case: bool) -> Vec<Layer<'v>> {
    let mut all = vec![Layer { bytes: value, has_own: false, prefixes: String::new(), whys: Vec::new() }];
    let mut at = 0;
    while let Some(layer) = all.get(at).filter(|_| all.len() < MOST_TEXTS) {
        let inner: Vec<Layer<'v>> = layer
            .without_own(own, any_case)
            .into_iter()
            .chain(layer.without_prefix(own))
            .chain(layer.unwrapped(value))
            .collect();
        all.extend(inner);
        at += 1;
    }
    all
}

impl<'v> Layer<'v> {
    fn inner(&self, bytes: &'v [u8]) -> Self {
        Self { bytes, has_own: self.has_own, prefixes: self.prefixes.clone(), whys: self.whys.clone() }
    }

    /// Without the scheme's prefix.
    fn without_own(&self, own: &str, any_case: bool) -> Option<Self> {
        let (front, rest) = self.bytes.trim_ascii().split_at_checked(own.len())?;
        if own.is_empty() || self.has_own || !front.eq_ignore_ascii_case(own.as_bytes()) {
            return None;
        }
        let mut inner = Self { has_own: true, ..self.inner(rest) };
        if front != own.as_bytes() && !any_case {
            let front = crate::text::visible_bytes(front);
            let detail = format!("the prefix is written {front}, with other letter case than {own}");
            inner.whys.push(Why::new(CauseCode::SignaturePrefix, 0, detail));
        }
        Some(inner)
    }

    /// Without a prefix that is not the scheme's.
    fn without_prefix(&self, own: &str) -> Option<Self> {
        let text = self.bytes.trim_ascii();
        let is_digits = text.len() > 16 && text[2..].iter().all(u8::is_ascii_hexdigit);
        let known = PREFIXES.into_iter().chain(is_digits.then_some(DIGITS_PREFIX));
        let begins =
            |prefix: &str| text.len() > prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes());
        let prefix = known.into_iter().find(|prefix| begins(prefix) && !prefix.eq_ignore_ascii_case(own))?;
        let (front, rest) = text.split_at(prefix.len());
        let mut inner = self.inner(rest);
        inner.prefixes.push_str(&crate::text::visible_bytes(front));
        Some(inner)
    }

    /// Without quotation marks, brackets or what Python prints around bytes.
    fn unwrapped(&self, value: &[u8]) -> Option<Self> {
        let text = self.bytes.trim_ascii();
        let (bytes, detail) = python_bytes(text).or_else(|| bracketed(text))?;
        let mut inner = self.inner(bytes);
        // Where it is in the whole value: both are parts of the same memory.
        let offset = (text.as_ptr() as usize).saturating_sub(value.as_ptr() as usize);
        inner.whys.push(stray(2, detail, value, offset));
        Some(inner)
    }

    /// How a value differs that has the scheme's form, or a named value, within this text.
    pub(super) fn around(&self) -> Vec<Why> {
        let detail = format!("the additional prefix {}", self.prefixes);
        let prefix = (!self.prefixes.is_empty()).then(|| Why::new(CauseCode::SignaturePrefix, 0, detail));
        prefix.into_iter().chain(self.whys.clone()).collect()
    }
}

/// What Python's `str()` makes of bytes: `b'…'`, `bytearray(b'…')`.
fn python_bytes(text: &[u8]) -> Option<(&[u8], &'static str)> {
    let inner = text.strip_prefix(b"bytearray(").and_then(|rest| rest.strip_suffix(b")")).unwrap_or(text);
    match inner.strip_prefix(b"b").or_else(|| inner.strip_prefix(b"B"))? {
        [first @ (b'\'' | b'"'), inner @ .., last] if first == last => {
            Some((inner, "wrapped in b'…', as Python prints bytes"))
        }
        _ => None,
    }
}

fn bracketed(text: &[u8]) -> Option<(&[u8], &'static str)> {
    let detail = match text.first()? {
        b'<' => "wrapped in angle brackets",
        b'[' => "wrapped in square brackets",
        _ => "wrapped in quotation marks",
    };
    unquoted(text).map(|inner| (inner, detail))
}
