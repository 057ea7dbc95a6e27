//! Percent-encoding (RFC 3986, section 2.1), as URLs, queries and forms have it.
//!
//! ```
//! use whyhook::http::percent::{PercentEncoding, PlusSign, decode};
//!
//! assert_eq!(PercentEncoding::WHATWG_FORM.encode(b"a b+c~"), b"a+b%2Bc%7E");
//! assert_eq!(PercentEncoding::COMPONENT.encode_text("a b+c~"), "a%20b%2Bc~");
//! assert_eq!(decode(b"a+b%2bc", PlusSign::Space), b"a b+c");
//! assert_eq!(decode(b"a+b%2", PlusSign::Literal), b"a+b%2");
//! ```

/// What a plus sign stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlusSign {
    /// A space: in a form, and in most queries.
    Space,
    /// Itself: everywhere else in a URL.
    Literal,
}

/// One way to percent-encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PercentEncoding {
    /// The bytes that stay as they are; all of them are ASCII.
    plain: [bool; 256],
    plus: PlusSign,
    digits: &'static [u8; 16],
}

impl PercentEncoding {
    /// Every byte is escaped, with capital digits.
    pub const EVERYTHING: Self = Self { plain: [false; 256], plus: PlusSign::Literal, digits: b"0123456789ABCDEF" };
    /// All but letters and digits is escaped.
    pub const ALPHANUMERIC: Self =
        Self::EVERYTHING.keeping(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    /// All but unreserved characters (RFC 3986, section 2.3): PHP's `rawurlencode`, Python's `quote` with `safe=''`, .NET's
    /// `Uri.EscapeDataString`, the qs package.
    pub const UNRESERVED: Self = Self::ALPHANUMERIC.keeping(b"-._~");
    /// [`Self::UNRESERVED`] with a plus sign for a space: Python's `quote_plus`, Go's `url.QueryEscape`, .NET's
    /// `FormUrlEncodedContent`, Ruby's `CGI.escape`, curl's `--data-urlencode`.
    pub const UNRESERVED_PLUS: Self = Self::UNRESERVED.with_plus(PlusSign::Space);
    /// `application/x-www-form-urlencoded` (WHATWG URL, sections 1.3 and 5.2): `URLSearchParams`, Java's `URLEncoder`,
    /// Ruby's `URI.encode_www_form`.
    pub const WHATWG_FORM: Self = Self::ALPHANUMERIC.keeping(b"*-._").with_plus(PlusSign::Space);
    /// PHP's `urlencode`, which escapes `~`.
    pub const PHP_FORM: Self = Self::ALPHANUMERIC.keeping(b"-._").with_plus(PlusSign::Space);
    /// JavaScript's `encodeURIComponent` (ECMA-262, section 19.2.6.4); Node's `querystring.escape`.
    pub const COMPONENT: Self = Self::UNRESERVED.keeping(b"!*'()");
    /// JavaScript's `encodeURI` (ECMA-262, section 19.2.6.5).
    pub const URI: Self = Self::COMPONENT.keeping(b";,/?:@&=+$#");
    /// A target as a URL can hold it: all but visible ASCII is escaped, and `#`, which would begin a fragment. Escapes that
    /// are there stay.
    pub const TARGET: Self = Self::ALPHANUMERIC.keeping(b"!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
    /// [`Self::TARGET`] with `#` as it is: all but visible ASCII is escaped.
    pub const GRAPHIC: Self = Self::TARGET.keeping(b"#");

    /// This encoding with these characters as they are.
    ///
    /// # Panics
    ///
    /// When one of them is not ASCII.
    #[must_use]
    pub const fn keeping(mut self, plain: &[u8]) -> Self {
        let mut at = 0;
        while at < plain.len() {
            assert!(plain[at].is_ascii(), "only ASCII is read the same without an escape");
            self.plain[plain[at] as usize] = true;
            at += 1;
        }
        self
    }

    /// This encoding with a space as `+` or as `%20`.
    #[must_use]
    pub const fn with_plus(self, plus: PlusSign) -> Self {
        Self { plus, ..self }
    }

    /// This encoding with small digits: `%2f`.
    #[must_use]
    pub const fn in_lower_case(self) -> Self {
        Self { digits: b"0123456789abcdef", ..self }
    }

    /// Whether this byte stays as it is.
    #[must_use]
    pub const fn is_plain(&self, byte: u8) -> bool {
        self.plain[byte as usize]
    }

    /// Writes the text encoded to the end of `out`.
    pub fn push(&self, text: &[u8], out: &mut Vec<u8>) {
        // Whole runs are copied: bodies of megabytes are encoded in a search.
        for run in text.chunk_by(|one, other| self.is_plain(*one) == self.is_plain(*other)) {
            if self.is_plain(run[0]) {
                out.extend_from_slice(run);
                continue;
            }
            for &byte in run {
                match (byte, self.plus) {
                    (b' ', PlusSign::Space) => out.push(b'+'),
                    _ => out.extend([b'%', self.digits[usize::from(byte >> 4)], self.digits[usize::from(byte & 0xf)]]),
                }
            }
        }
    }

    /// The text encoded.
    #[must_use]
    pub fn encode(&self, text: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(text.len() + text.len() / 4);
        self.push(text, &mut encoded);
        encoded
    }

    /// The text encoded, as text.
    #[must_use]
    pub fn encode_text(&self, text: impl AsRef<[u8]>) -> String {
        // What is written is ASCII.
        self.encode(text.as_ref()).into_iter().map(char::from).collect()
    }
}

/// Undoes percent-encoding. A percent sign without two hexadecimal digits stays as it is (WHATWG URL, section 1.3).
#[must_use]
pub fn decode(text: &[u8], plus: PlusSign) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = match plus {
        PlusSign::Space => memchr::memchr2(b'%', b'+', rest),
        PlusSign::Literal => memchr::memchr(b'%', rest),
    } {
        decoded.extend_from_slice(&rest[..at]);
        let (byte, written) = first(&rest[at..], rest[at], plus);
        decoded.push(byte);
        rest = &rest[at + written..];
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// Each byte that a text stands for, with the way in which it is written: as itself, as `+`, or as an escape.
pub fn written_bytes(text: &[u8], plus: PlusSign) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (byte, length) = first(rest, *rest.first()?, plus);
        let (written, after) = rest.split_at(length);
        rest = after;
        Some((byte, written))
    })
}

/// What the first of these bytes, `own`, stands for with those after it, and how many of them it takes.
fn first(text: &[u8], own: u8, plus: PlusSign) -> (u8, usize) {
    match (own, plus) {
        (b'%', _) => escape(text).map_or((own, 1), |byte| (byte, 3)),
        (b'+', PlusSign::Space) => (b' ', 1),
        _ => (own, 1),
    }
}

/// The byte that the escape at the beginning of a text stands for; `None` where there is none.
#[must_use]
pub fn escape(text: &[u8]) -> Option<u8> {
    let mut value = [0];
    hex::decode_to_slice(text.strip_prefix(b"%")?.get(..2)?, &mut value).ok()?;
    Some(value[0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Those that escape the percent sign, so that what they write reads the same.
    const ALL: [PercentEncoding; 8] = [
        PercentEncoding::EVERYTHING,
        PercentEncoding::ALPHANUMERIC,
        PercentEncoding::UNRESERVED,
        PercentEncoding::UNRESERVED_PLUS,
        PercentEncoding::WHATWG_FORM,
        PercentEncoding::PHP_FORM,
        PercentEncoding::COMPONENT,
        PercentEncoding::URI,
    ];

    fn every_byte() -> Vec<u8> {
        (0..=0xff).collect()
    }

    fn kept(encoding: PercentEncoding) -> String {
        let all = every_byte().into_iter().filter(|&byte| encoding.is_plain(byte) && !byte.is_ascii_alphanumeric());
        all.map(char::from).collect()
    }

    #[test]
    fn each_keeps_what_its_standard_says() {
        assert_eq!(kept(PercentEncoding::UNRESERVED), "-._~");
        assert_eq!(kept(PercentEncoding::WHATWG_FORM), "*-._");
        assert_eq!(kept(PercentEncoding::PHP_FORM), "-._");
        assert_eq!(kept(PercentEncoding::COMPONENT), "!'()*-._~");
        assert_eq!(kept(PercentEncoding::URI), "!#$&'()*+,-./:;=?@_~");
        let visible = ('!'..='~').filter(|character| !character.is_ascii_alphanumeric() && *character != '#');
        assert_eq!(kept(PercentEncoding::TARGET), visible.collect::<String>());
        assert!(every_byte().iter().all(|&byte| !PercentEncoding::EVERYTHING.is_plain(byte)));
    }

    #[test]
    fn only_two_hexadecimal_digits_are_an_escape() {
        for text in ["%", "%4", "%zz", "%+5", "%-5", "% 5", "%4g", "%%41"] {
            let expected = text.replace("%41", "A");
            assert_eq!(decode(text.as_bytes(), PlusSign::Literal), expected.as_bytes(), "{text}");
        }
        assert_eq!(decode(b"%4a%4A%C3%a9+", PlusSign::Space), "JJé ".as_bytes());
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_the_same(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            for encoding in ALL.into_iter().flat_map(|encoding| [encoding, encoding.in_lower_case()]) {
                for plus in [PlusSign::Space, PlusSign::Literal] {
                    // `encodeURI` is for a whole URL, in which a plus sign stays one.
                    if plus == PlusSign::Literal || !encoding.is_plain(b'+') {
                        prop_assert_eq!(decode(&encoding.with_plus(plus).encode(&text), plus), text.clone());
                    }
                }
                prop_assert!(encoding.encode_text(&text).is_ascii());
            }
        }

        /// As the standards have it, a byte at a time.
        #[test]
        fn runs_are_written_as_single_bytes_are(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let one = |&byte: &u8| match char::from(byte) {
                ' ' => "+".to_owned(),
                own @ ('a'..='z' | 'A'..='Z' | '0'..='9' | '*' | '-' | '.' | '_') => own.to_string(),
                _ => format!("%{byte:02X}"),
            };
            prop_assert_eq!(PercentEncoding::WHATWG_FORM.encode_text(&text), text.iter().map(one).collect::<String>());
            let every: String = text.iter().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(PercentEncoding::EVERYTHING.in_lower_case().encode_text(&text), every);
        }

        #[test]
        fn any_text_is_read_piece_by_piece(text in "[%+a-fA-G0-9é -]{0,40}") {
            for plus in [PlusSign::Space, PlusSign::Literal] {
                let all: Vec<(u8, &[u8])> = written_bytes(text.as_bytes(), plus).collect();
                let (bytes, written): (Vec<u8>, Vec<&[u8]>) = all.into_iter().unzip();
                prop_assert_eq!(bytes, decode(text.as_bytes(), plus));
                prop_assert_eq!(written.concat(), text.as_bytes());
            }
        }
    }
}
