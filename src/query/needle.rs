//! Finding text without regard to letter case, and without allocating for what is searched.

use std::ops::Range;

use memchr::{memchr2_iter, memmem};

use super::pattern::Pattern;

/// What is shorter is gone through in place: no more work than copying it.
const SHORT: usize = 256;
/// Bytes that are folded and searched at a time; more where the text to be found is long.
const CHUNK: usize = 32 << 10;

/// Text to be found, folded to lower case once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    folded: String,
    /// For what is not ASCII alone.
    pattern: Option<Box<Pattern>>,
}

impl Needle {
    /// Folds `text`, character by character as Unicode's lower-case mapping says.
    pub(super) fn new(text: &str) -> Self {
        let folded: String = text.chars().flat_map(char::to_lowercase).collect();
        let pattern = (!folded.is_ascii()).then(|| Box::new(Pattern::new(&folded)));
        Self { pattern, folded }
    }

    /// Whether `text` holds it. Takes time in proportion to `text`, whatever either of them is.
    pub(super) fn is_in(&self, text: &str) -> bool {
        match &self.pattern {
            None => self.is_in_ascii(text.as_bytes()),
            // No character of ASCII alone becomes one of any other.
            Some(pattern) => !text.is_ascii() && pattern.is_in(text, &mut || {}),
        }
    }

    /// Whether `bytes`, which need not be UTF-8, hold it. Beyond ASCII, letter case is folded only
    /// when they are UTF-8 as a whole.
    pub(super) fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        if self.pattern.is_none() {
            return self.is_in_ascii(bytes);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.is_in(text),
            Err(_) => memmem::find(bytes, self.folded.as_bytes()).is_some(),
        }
    }

    /// Whether `text` is it and nothing else.
    pub(super) fn is_all_of(&self, text: &str) -> bool {
        text.chars().flat_map(char::to_lowercase).eq(self.folded.chars())
    }

    /// How much work it is to look for it in a byte, in that of looking for ASCII.
    pub(super) fn weight(&self) -> usize {
        if self.pattern.is_some() { 16 } else { 1 }
    }

    /// Whether the decimal digits of `number` hold it.
    pub(super) fn is_in_number(&self, number: u64) -> bool {
        if !self.folded.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
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

    /// Whether numbers of up to this many digits can hold it.
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
        if bytes.len() <= SHORT {
            return memchr2_iter(first, first.to_ascii_uppercase(), &bytes[..=last_start])
                .any(|start| bytes[start..start + needle.len()].eq_ignore_ascii_case(needle));
        }
        let finder = memmem::Finder::new(needle);
        let mut folded = Vec::new();
        chunks(bytes.len(), needle.len()).any(|chunk| {
            folded.clear();
            folded.extend_from_slice(&bytes[chunk]);
            folded.make_ascii_lowercase();
            finder.find(&folded).is_some()
        })
    }
}

/// The pieces in which `length` bytes are searched for `needle` bytes: they overlap by what could stand across two.
fn chunks(length: usize, needle: usize) -> impl Iterator<Item = Range<usize>> {
    let step = CHUNK.max(needle * 4);
    (0..length).step_by(step).map(move |start| start..length.min(start + step + needle - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        fn it_agrees_with_the_plain_way(
            text in "[a-cA-C éİ\u{307}]{0,12}|[abé]{0,30}",
            wanted in "[a-cA-C É\u{307}İi]{0,3}|[aAbé]{0,8}",
            before in prop_oneof![Just(0_usize), 250..300_usize, CHUNK - 20..CHUNK + 4],
        ) {
            let text = format!("{}{text}", " ".repeat(before));
            let needle = Needle::new(&wanted);
            prop_assert_eq!(needle.is_in(&text), is_in_plainly(&needle.folded, &text));
            prop_assert_eq!(needle.is_in_bytes(text.as_bytes()), needle.is_in(&text));
        }

        /// The pieces hold every place, and are searched twice at most.
        #[test]
        fn pieces_overlap_enough_and_not_too_much(length in 0_usize..300_000, needle in 1_usize..100_000, at: prop::sample::Index) {
            let all: Vec<Range<usize>> = chunks(length, needle).collect();
            prop_assert!(all.iter().map(Range::len).sum::<usize>() <= 2 * length);
            if length >= needle {
                let at = at.index(length - needle + 1);
                prop_assert!(all.iter().any(|chunk| chunk.start <= at && at + needle <= chunk.end));
            }
        }
    }

    /// From each character on, as far as it goes; ASCII alone in any text's ASCII alone.
    fn is_in_plainly(folded: &str, text: &str) -> bool {
        if folded.is_ascii() {
            return text.to_ascii_lowercase().contains(folded);
        }
        let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
        starts.into_iter().any(|start| {
            let mut rest = text[start..].chars().flat_map(char::to_lowercase);
            folded.chars().all(|wanted| rest.next() == Some(wanted))
        })
    }
}
