//! One digest in place of another, wherever a text holds it, written in the same way.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use memchr::memmem;

/// Characters of a digest that was cut by which it is known: 80 bits.
const LEAST: usize = 20;

/// A digest, and the one that takes its place.
#[derive(Clone)]
pub(super) struct DigestPair {
    pub(super) was: Vec<u8>,
    pub(super) now: Vec<u8>,
}

type Writing = fn(&[u8]) -> String;

/// The ways to write a digest, longer forms before those that they contain.
const WRITINGS: [Writing; 9] = [
    // Twice encoded.
    |digest| hex::encode(hex::encode(digest)),
    |digest| BASE64_STANDARD.encode(hex::encode(digest)),
    |digest| hex::encode(BASE64_STANDARD.encode(digest)),
    |digest| BASE64_STANDARD.encode(digest).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
    |digest| BASE64_STANDARD.encode(digest).replace('+', "%2b").replace('/', "%2f").replace('=', "%3d"),
    |digest| BASE64_STANDARD.encode(digest),
    |digest| BASE64_URL_SAFE.encode(digest),
    |digest| BASE64_STANDARD_NO_PAD.encode(digest),
    |digest| BASE64_URL_SAFE_NO_PAD.encode(digest),
];

/// Those that lose zeros: each byte as `%x`, and one number.
const UNPADDED: [Writing; 2] = [
    |digest| digest.iter().map(|byte| format!("{byte:x}")).collect(),
    |digest| hex::encode(digest).trim_start_matches('0').to_owned(),
];

impl DigestPair {
    /// `text` with the one in place of the other, and where it now stands; `None` where it is not in it. Both must be of
    /// one length.
    pub(super) fn replaced(&self, text: &[u8]) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
        self.in_digits(text).or_else(|| self.written(text)).or_else(|| self.unpadded(text))
    }

    /// Hexadecimal digits in either case, with whatever is put between them, whole or cut.
    fn in_digits(&self, text: &[u8]) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
        let (was, now) = (hex::encode(&self.was).into_bytes(), hex::encode(&self.now).into_bytes());
        let places = (0..text.len()).find_map(|start| {
            let places = digits_from(&text[start..], &was);
            (places.len() >= LEAST.min(was.len())).then(|| places.iter().map(|at| start + at).collect::<Vec<_>>())
        })?;
        let is_upper = places.iter().any(|&at| text[at].is_ascii_uppercase());
        let mut replaced = text.to_vec();
        for (&at, digit) in places.iter().zip(now) {
            replaced[at] = if is_upper { digit.to_ascii_uppercase() } else { digit };
        }
        let end = places.last().map_or(0, |last| last + 1);
        Some((replaced, places[0]..end))
    }

    /// In one of the other ways, whole or cut at its end.
    fn written(&self, text: &[u8]) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
        let whole = WRITINGS.iter().find_map(|write| {
            let start = memmem::find(text, write(&self.was).as_bytes())?;
            Some((start, write(&self.was).len(), write(&self.now)))
        });
        let cut = || {
            WRITINGS.iter().find_map(|write| {
                let (was, now) = (write(&self.was), write(&self.now));
                let start = memmem::find(text, was.as_bytes().get(..LEAST)?)?;
                let length = text[start..].iter().zip(was.bytes()).take_while(|(one, other)| **one == *other).count();
                // What goes on is another text that begins alike.
                let is_end = text.get(start + length).is_none_or(|next| !next.is_ascii_alphanumeric());
                is_end.then(|| Some((start, length, now.get(..length)?.to_owned()))).flatten()
            })
        };
        let (start, length, now) = whole.or_else(cut)?;
        let replaced = [&text[..start], now.as_bytes(), &text[start + length..]].concat();
        Some((replaced, start..start + now.len()))
    }

    fn unpadded(&self, text: &[u8]) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
        let lower = text.to_ascii_lowercase();
        UNPADDED.iter().find_map(|write| {
            let (was, now) = (write(&self.was), write(&self.now));
            let start = (was.len() >= LEAST).then(|| memmem::find(&lower, was.as_bytes())).flatten()?;
            let now = if text[start..].iter().any(u8::is_ascii_uppercase) { now.to_ascii_uppercase() } else { now };
            let end = start + was.len();
            Some(([&text[..start], now.as_bytes(), &text[end..]].concat(), start..start + now.len()))
        })
    }
}

/// The places of the digits of `was` from the beginning of `text` on, as far as they go.
fn digits_from(text: &[u8], was: &[u8]) -> Vec<usize> {
    let is_separator = |byte: &u8| b": -\t_,".contains(byte);
    let mut places = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        if was.get(places.len()).is_some_and(|digit| byte.eq_ignore_ascii_case(digit)) {
            places.push(at);
        } else if places.is_empty() || !is_separator(byte) {
            break;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair() -> DigestPair {
        DigestPair { was: (0..32).map(|byte| 0xfb ^ byte).collect(), now: (0..32).map(|byte| 0x7e ^ byte).collect() }
    }

    fn spaced(digest: &[u8]) -> String {
        digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    #[test]
    fn it_is_found_in_every_writing() {
        let pair = pair();
        let mut writings: Vec<Writing> = WRITINGS.to_vec();
        writings.extend([
            (|digest| hex::encode(digest)) as Writing,
            |digest| hex::encode_upper(digest),
            |digest| format!("sha256={}", hex::encode(digest)),
            |digest| format!("t=1,v1={},v0=x", hex::encode(digest)),
            |digest| format!("\"{}\"", BASE64_STANDARD.encode(digest)),
            |digest| hex::encode(digest)[..40].to_owned(),
            |digest| BASE64_STANDARD.encode(digest)[..30].to_owned(),
            |digest| UNPADDED[0](digest),
            |digest| UNPADDED[1](digest),
            spaced,
        ]);
        for write in writings {
            let (was, now) = (write(&pair.was), write(&pair.now));
            let (replaced, place) = pair.replaced(was.as_bytes()).unwrap_or_else(|| panic!("{was}"));
            assert_eq!(String::from_utf8(replaced.clone()).unwrap(), now, "{was}");
            assert!(place.end <= replaced.len() && !place.is_empty());
        }
    }

    #[test]
    fn what_does_not_hold_it_stays() {
        for text in ["", "sha256=", "000102", &hex::encode([7; 32]), &BASE64_STANDARD.encode([7; 32])] {
            assert!(pair().replaced(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_through(text: Vec<u8>, was in proptest::collection::vec(any::<u8>(), 16..65)) {
            let now: Vec<u8> = was.iter().map(|byte| !byte).collect();
            let pair = DigestPair { was, now };
            if let Some((replaced, place)) = pair.replaced(&text) {
                prop_assert!(place.end <= replaced.len());
            }
        }
    }
}
