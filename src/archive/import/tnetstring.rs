//! Tagged netstrings (<https://tnetstrings.info/>), as mitmproxy writes them: a length, a colon, so many bytes, and one byte
//! that says what they are. Nothing is copied: a list is read when it is gone through.

/// Digits of a length.
const LENGTH_DIGITS: usize = 12;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tnet<'a> {
    kind: u8,
    payload: &'a [u8],
}

impl<'a> Tnet<'a> {
    /// The value at the front of `bytes`, and what follows it.
    pub(super) fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let colon = memchr::memchr(b':', bytes.get(..bytes.len().min(LENGTH_DIGITS + 1))?)?;
        let length = length(&bytes[..colon])?;
        let payload = bytes.get(colon + 1..(colon + 1).checked_add(length)?)?;
        let rest = &bytes[colon + 1 + length..];
        let (&kind, rest) = rest.split_first()?;
        Some((Self { kind, payload }, rest))
    }

    /// Bytes or text.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        matches!(self.kind, b',' | b';').then_some(self.payload)
    }

    /// Bytes or text, where they are UTF-8.
    pub(super) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// A whole number.
    pub(super) fn integer(self) -> Option<i64> {
        if self.kind != b'#' {
            return None;
        }
        std::str::from_utf8(self.payload).ok()?.parse().ok()
    }

    /// A number of either kind.
    pub(super) fn number(self) -> Option<f64> {
        if !matches!(self.kind, b'#' | b'^') {
            return None;
        }
        std::str::from_utf8(self.payload).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Whether there is nothing.
    pub(super) fn is_null(self) -> bool {
        self.kind == b'~'
    }

    /// The values of a list; those up to the first that cannot be read.
    pub(super) fn items(self) -> impl Iterator<Item = Tnet<'a>> {
        let mut rest = if self.kind == b']' { self.payload } else { &[] };
        std::iter::from_fn(move || {
            let (item, more) = Tnet::first(rest)?;
            rest = more;
            Some(item)
        })
    }

    /// What a dictionary has under this name.
    pub(super) fn get(self, name: &str) -> Option<Tnet<'a>> {
        let mut rest = if self.kind == b'}' { self.payload } else { &[] };
        loop {
            let (key, more) = Tnet::first(rest)?;
            let (value, more) = Tnet::first(more)?;
            if key.bytes() == Some(name.as_bytes()) {
                return Some(value);
            }
            rest = more;
        }
    }

    /// Whether it is a dictionary.
    pub(super) fn is_dictionary(self) -> bool {
        self.kind == b'}'
    }
}

/// A length as it is written: digits only.
pub(super) fn length(digits: &[u8]) -> Option<usize> {
    let is_number = !digits.is_empty() && digits.len() <= LENGTH_DIGITS && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

/// Whether a file may begin with one.
pub(super) fn is_likely(beginning: &[u8]) -> bool {
    let colon = memchr::memchr(b':', &beginning[..beginning.len().min(LENGTH_DIGITS + 1)]);
    colon.is_some_and(|colon| {
        length(&beginning[..colon]).is_some_and(|length| length > 2) && {
            // A flow is a dictionary, whose first key is a string.
            let inside = &beginning[colon + 1..];
            let key = memchr::memchr(b':', &inside[..inside.len().min(LENGTH_DIGITS + 1)])
                .and_then(|second| (second + 1).checked_add(self::length(&inside[..second])?));
            key.is_some_and(|end| inside.get(end).is_none_or(|kind| matches!(kind, b',' | b';')))
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(payload: &[u8], kind: u8) -> Vec<u8> {
        [format!("{}:", payload.len()).as_bytes(), payload, &[kind]].concat()
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let list = [written(b"a", b','), written(b"4", b'#'), written(b"1.5", b'^'), written(b"", b'~')].concat();
        let text = written(&[written(b"k", b';'), written(&list, b']')].concat(), b'}');
        let (value, rest) = Tnet::first(&text).unwrap();
        assert!(rest.is_empty() && value.is_dictionary() && is_likely(&text));
        let items: Vec<_> = value.get("k").unwrap().items().collect();
        assert_eq!((items[0].text(), items[1].integer(), items[2].number()), (Some("a"), Some(4), Some(1.5)));
        assert!(items[3].is_null() && value.get("x").is_none());
        for wrong in [&b""[..], b":", b"5:abc,", b"-1:a,", b"1a:b,", b"99999999999999:a"] {
            assert_eq!(Tnet::first(wrong), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in "[0-9:,;#^!~}\\]a]{0,60}") {
            if let Some((value, _)) = Tnet::first(bytes.as_bytes()) {
                let _ = (value.get("a"), value.items().count(), value.number(), value.integer());
            }
            is_likely(bytes.as_bytes());
        }

        #[test]
        fn what_is_written_is_read(payload: Vec<u8>) {
            let text = written(&payload, b',');
            prop_assert_eq!(Tnet::first(&text).unwrap().0.bytes(), Some(&payload[..]));
        }
    }
}
