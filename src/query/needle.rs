//! Finding text without regard to letter case, and without allocating for what is searched.

use memchr::{memchr2_iter, memmem};

/// Text to be found, folded to lower case once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    folded: String,
    is_ascii: bool,
}

impl Needle {
    /// Folds `text`, character by character as Unicode's lower-case mapping says.
    pub(super) fn new(text: &str) -> Self {
        let folded: String = text.chars().flat_map(char::to_lowercase).collect();
        Self { is_ascii: folded.is_ascii(), folded }
    }

    /// Whether `text` holds it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        if self.is_ascii {
            return self.is_in_ascii(text.as_bytes());
        }
        text.char_indices().any(|(start, _)| {
            let mut rest = text[start..].chars().flat_map(char::to_lowercase);
            self.folded.chars().all(|wanted| rest.next() == Some(wanted))
        })
    }

    /// Whether `bytes`, which need not be UTF-8, hold it. Beyond ASCII, letter case is folded only
    /// when they are UTF-8 as a whole.
    pub(super) fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        if self.is_ascii {
            return self.is_in_ascii(bytes);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.is_in(text),
            Err(_) => memmem::find(bytes, self.folded.as_bytes()).is_some(),
        }
    }

    /// Whether `other` is found wherever this is.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.folded.contains(&other.folded)
    }

    /// Whether the decimal digits of `number` hold it.
    pub(super) fn is_in_number(&self, number: u64) -> bool {
        let mut digits = [0; 20];
        let mut start = digits.len();
        let mut rest = number;
        while start == digits.len() || rest > 0 {
            start -= 1;
            digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        memmem::find(&digits[start..], self.folded.as_bytes()).is_some()
    }

    /// Whether numbers of up to so many digits can hold it.
    pub(super) fn is_number_of(&self, digits: usize) -> bool {
        self.folded.len() <= digits && self.folded.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn is_in_ascii(&self, bytes: &[u8]) -> bool {
        let needle = self.folded.as_bytes();
        let Some(&first) = needle.first() else {
            return true;
        };
        let Some(last_start) = bytes.len().checked_sub(needle.len()) else {
            return false;
        };
        memchr2_iter(first, first.to_ascii_uppercase(), &bytes[..=last_start])
            .any(|start| bytes[start..start + needle.len()].eq_ignore_ascii_case(needle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letter_case_does_not_matter() {
        assert!(Needle::new("SCREEN").is_in("desktop.screenshot"));
        assert!(Needle::new("straße").is_in("Die STRAßE"));
        assert!(Needle::new("ÉTÉ").is_in("l'été"));
        assert!(!Needle::new("abc").is_in("ab"));
        assert!(Needle::new("É").is_in_bytes("é".as_bytes()) && !Needle::new("é").is_in_bytes(b"\xe9"));
        assert!(Needle::new("é").is_in_bytes(b"\xff\xc3\xa9"));
    }

    #[test]
    fn numbers_are_their_digits() {
        assert!(Needle::new("0").is_in_number(0) && Needle::new("23").is_in_number(1234));
        assert!(Needle::new("18446744073709551615").is_in_number(u64::MAX));
        assert!(!Needle::new("5").is_in_number(1234));
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_plain_way(text in "[a-cA-C é]{0,12}", wanted in "[a-cA-C É]{0,3}") {
            prop_assert_eq!(Needle::new(&wanted).is_in(&text), text.to_lowercase().contains(&wanted.to_lowercase()));
            let bytes = Needle::new(&wanted).is_in_bytes(text.as_bytes());
            prop_assert_eq!(bytes, Needle::new(&wanted).is_in(&text));
        }
    }
}
