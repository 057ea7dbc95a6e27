//! `application/x-www-form-urlencoded`: pairs in their order (WHATWG URL, section 5).

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use crate::http::form;
use crate::http::percent::{self, PlusSign};

/// The maximum number of pairs; what follows them is shown as a remainder.
pub const PAIR_LIMIT: usize = 100_000;

/// One pair's place. Offsets are in bytes from the start of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    start: u32,
    /// The equals sign's place; the pair's end when there is none.
    equals: u32,
    end: u32,
    /// An earlier pair has the same name.
    pub again: bool,
}

/// A name or value as sent and as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedField<'a> {
    /// With `+` and percent escapes undone; bytes outside UTF-8 are U+FFFD, and malformed escapes
    /// stay as they are.
    pub text: Cow<'a, str>,
    /// As sent.
    pub raw: &'a [u8],
    /// Percent signs without two hexadecimal digits.
    pub malformed: usize,
}

/// A body's pairs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormBody {
    /// The pairs, duplicates included.
    pub pairs: Vec<Pair>,
    /// Where the part begins that was not looked at; the body's length when all was.
    pub rest: usize,
}

impl Pair {
    /// The pair as sent, without the `&` around it.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The name, of which the first `bytes` are decoded.
    #[must_use]
    pub fn name<'a>(&self, body: &'a [u8], bytes: usize) -> DecodedField<'a> {
        decode(&self.raw_name(body)[..cut(self.raw_name(body), bytes)])
    }

    /// The value, likewise; `None` without an equals sign.
    #[must_use]
    pub fn value<'a>(&self, body: &'a [u8], bytes: usize) -> Option<DecodedField<'a>> {
        self.raw_value(body).map(|raw| decode(&raw[..cut(raw, bytes)]))
    }

    /// The whole name decoded, a piece at a time.
    pub fn name_pieces<'a>(&self, body: &'a [u8]) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        pieces(self.raw_name(body))
    }

    /// The whole value, likewise; one piece at least when there is an equals sign, none without.
    pub fn value_pieces<'a>(&self, body: &'a [u8]) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let raw = self.raw_value(body);
        let empty = raw.is_some_and(<[u8]>::is_empty).then_some(Cow::Borrowed(""));
        empty.into_iter().chain(pieces(raw.unwrap_or_default()))
    }

    fn raw_name<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.start as usize..self.equals as usize).unwrap_or_default()
    }

    fn raw_value<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        (self.equals < self.end).then(|| body.get(self.equals as usize + 1..self.end as usize).unwrap_or_default())
    }
}

/// Where to cut `raw` at `bytes` or a little before, so that neither an escape nor an escaped character is cut in two.
fn cut(raw: &[u8], bytes: usize) -> usize {
    if bytes >= raw.len() {
        return raw.len();
    }
    // A character of four bytes, each escaped, has twelve.
    let is_place = |at: &usize| {
        let inside = raw[at.saturating_sub(2)..*at].contains(&b'%');
        let byte = percent::escape(&raw[*at..]).unwrap_or(raw[*at]);
        !inside && byte & 0xc0 != 0x80
    };
    (bytes.saturating_sub(16)..=bytes).rev().find(is_place).unwrap_or(bytes)
}

/// Decodes `raw` a piece at a time.
fn pieces(raw: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    const PIECE: usize = 64 << 10;
    let mut rest = raw;
    std::iter::from_fn(move || {
        let (piece, left) = rest.split_at_checked(cut(rest, PIECE)).filter(|(piece, _)| !piece.is_empty())?;
        rest = left;
        Some(decode(piece).text)
    })
}

impl FormBody {
    /// Splits a body of at most 4 GiB.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let mut form = Self { pairs: Vec::new(), rest: 0 };
        let mut names = HashSet::new();
        // Nothing at all is not even an empty pair.
        let pairs = form::pairs(body).filter(|_| !body.is_empty());
        for pair in pairs.take(PAIR_LIMIT) {
            let start = form.rest;
            let (end, equals) = (start + pair.written().len(), start + pair.split().0.len());
            let (Ok(from), Ok(to), Ok(sign)) = (u32::try_from(start), u32::try_from(end), u32::try_from(equals)) else {
                break;
            };
            let again = equals > start && !names.insert(&body[start..equals]);
            form.pairs.push(Pair { start: from, equals: sign, end: to, again });
            form.rest = (end + 1).min(body.len());
        }
        form
    }

    /// Whether a body that does not declare it is a form all the same: a name, an equals sign, and
    /// nothing that an encoder would have left unescaped.
    #[must_use]
    pub fn is_likely(body: &[u8]) -> bool {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"*-._+%&=~![]'()$,;:@/?".contains(byte);
        let has_name = memchr::memchr(b'=', &body[..body.len().min(256)]).is_some_and(|at| at > 0);
        // The padding of base64 makes no form.
        let has_value = body.windows(2).any(|pair| pair[0] == b'=' && is_plain(&pair[1]) && pair[1] != b'=');
        has_name && has_value && body[0].is_ascii_alphabetic() && body.trim_ascii_end().iter().all(is_plain)
    }
}

fn decode(raw: &[u8]) -> DecodedField<'_> {
    if memchr::memchr2(b'+', b'%', raw).is_none() {
        return DecodedField { text: String::from_utf8_lossy(raw), raw, malformed: 0 };
    }
    let mut malformed = 0;
    let count = |(byte, written): (u8, &[u8])| {
        malformed += usize::from(written == b"%");
        byte
    };
    let bytes: Vec<u8> = percent::written_bytes(raw, PlusSign::Space).map(count).collect();
    DecodedField { text: Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()), raw, malformed }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_keep_order_and_duplicates() {
        let body = b"a=1&b=x+y%20%C3%A9&a=2&flag&=v&c=%zz%4&d=a=b&";
        let form = FormBody::read(body);
        let shown: Vec<_> = form
            .pairs
            .iter()
            .map(|pair| {
                let value = pair.value(body, usize::MAX);
                (
                    pair.name(body, usize::MAX).text.into_owned(),
                    value.as_ref().map(|value| value.text.to_string()),
                    pair.again,
                    value.map_or(0, |value| value.malformed),
                )
            })
            .collect();
        let row = |name: &str, value: Option<&str>, again, malformed| {
            (name.to_owned(), value.map(str::to_owned), again, malformed)
        };
        assert_eq!(
            shown,
            [
                row("a", Some("1"), false, 0),
                row("b", Some("x y é"), false, 0),
                row("a", Some("2"), true, 0),
                row("flag", None, false, 0),
                row("", Some("v"), false, 0),
                row("c", Some("%zz%4"), false, 2),
                row("d", Some("a=b"), false, 0),
                row("", None, false, 0),
            ]
        );
    }

    #[test]
    fn a_megabyte_of_ampersands_is_bounded() {
        let form = FormBody::read(&vec![b'&'; 1 << 20]);
        assert_eq!((form.pairs.len(), form.rest), (PAIR_LIMIT, PAIR_LIMIT));
    }

    #[test]
    fn only_what_an_encoder_writes_is_taken_for_a_form() {
        assert!(FormBody::is_likely(b"event=x&data=%7B%7D") && FormBody::is_likely(b"a=&b=\n"));
        for other in [&b"a sentence = no form"[..], b"=x", b"{\"a\":1}", b"", b"words", b"a=\"b\"", b"YWJj==", b"YWI="]
        {
            assert!(!FormBody::is_likely(other), "{other:?}");
        }
    }

    proptest! {
        /// Cut anywhere, no escape and no character is cut in two.
        #[test]
        fn a_beginning_is_that_of_the_whole(text in "[a-z é日🙂+%]{0,40}", bytes in 0_usize..200) {
            let escaped: String = text.bytes().map(|byte| if byte.is_ascii_lowercase() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
            for raw in [escaped.as_bytes(), text.replace(['%', '+'], "").as_bytes()] {
                let whole = decode(raw).text;
                let cut = &raw[..cut(raw, bytes)];
                prop_assert!(cut.len() <= bytes.max(16) && whole.starts_with(&*decode(cut).text), "{:?}", decode(cut).text);
            }
            let long = escaped.repeat(4000);
            prop_assert_eq!(pieces(long.as_bytes()).collect::<String>(), text.repeat(4000));
        }

        #[test]
        fn raw_pairs_joined_are_the_input(body in "[a-c=&%+\u{e9}0-9]{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for body in [body.as_bytes(), &bytes] {
                let form = FormBody::read(body);
                let raw: Vec<&[u8]> = form.pairs.iter().map(|pair| &body[pair.range()]).collect();
                prop_assert_eq!(raw.join(&b'&'), body);
                for pair in &form.pairs {
                    let name = pair.name(body, usize::MAX);
                    let value = pair.value(body, usize::MAX).map(|value| value.raw);
                    let joined = value.map_or(name.raw.to_vec(), |value| [name.raw, b"=", value].concat());
                    prop_assert_eq!(&joined[..], &body[pair.range()]);
                }
            }
        }
    }
}
