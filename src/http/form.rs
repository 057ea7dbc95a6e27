//! The pairs of a form or of a query (WHATWG URL, section 5.1), as they are written.

use super::percent::{self, PercentEncoding, PlusSign};

/// What stands between two ampersands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormPair<'t>(&'t [u8]);

/// Every pair in its order, empty ones among them; an empty text is one of those.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = FormPair<'_>> {
    text.split(|&byte| byte == b'&').map(FormPair)
}

impl<'t> FormPair<'t> {
    /// The pair as it is written.
    #[must_use]
    pub fn written(self) -> &'t [u8] {
        self.0
    }

    /// Whether there is nothing between the ampersands.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Name and value as they are written; no value without an equals sign.
    #[must_use]
    pub fn split(self) -> (&'t [u8], Option<&'t [u8]>) {
        match memchr::memchr(b'=', self.0) {
            Some(at) => (&self.0[..at], Some(&self.0[at + 1..])),
            None => (self.0, None),
        }
    }

    /// The name decoded.
    #[must_use]
    pub fn name(self) -> Vec<u8> {
        decode(self.split().0)
    }

    /// Name and value decoded; the value is empty without an equals sign.
    #[must_use]
    pub fn decoded(self) -> (Vec<u8>, Vec<u8>) {
        let (name, value) = self.split();
        (decode(name), decode(value.unwrap_or_default()))
    }
}

/// Undoes percent-encoding as in a form: `+` is a space.
#[must_use]
pub fn decode(text: &[u8]) -> Vec<u8> {
    percent::decode(text, PlusSign::Space)
}

/// Writes one more pair to the end of a form.
pub fn push_pair(encoding: &PercentEncoding, name: &[u8], value: &[u8], form: &mut Vec<u8>) {
    if !form.is_empty() {
        form.push(b'&');
    }
    encoding.push(name, form);
    form.push(b'=');
    encoding.push(value, form);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_split_at_the_first_equals_sign() {
        let all: Vec<_> = pairs(b"a=1=2&&b&=c&").map(FormPair::split).collect();
        let expected: [(&[u8], Option<&[u8]>); 5] =
            [(b"a", Some(b"1=2")), (b"", None), (b"b", None), (b"", Some(b"c")), (b"", None)];
        assert_eq!(all, expected);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in proptest::collection::vec((".{1,6}", ".{0,9}"), 1..6)) {
            for encoding in [PercentEncoding::WHATWG_FORM, PercentEncoding::UNRESERVED, PercentEncoding::COMPONENT] {
                let mut form = Vec::new();
                for (name, value) in &fields {
                    push_pair(&encoding, name.as_bytes(), value.as_bytes(), &mut form);
                }
                let read: Vec<_> = pairs(&form).map(FormPair::decoded).collect();
                let sent = fields.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()));
                prop_assert_eq!(read, sent.collect::<Vec<_>>());
            }
        }

        #[test]
        fn nothing_of_a_text_is_lost(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let written: Vec<&[u8]> = pairs(&text).map(FormPair::written).collect();
            prop_assert_eq!(written.join(&b'&'), text);
        }
    }
}
