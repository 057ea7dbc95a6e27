//! Finding characters without regard to their case, in time that is in proportion to the text (Knuth, Morris, Pratt):
//! no character is looked at again, however often a part of what is looked for begins.

use std::collections::VecDeque;

/// Folded text to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    folded: Vec<char>,
    /// For this many characters that match, how many characters of their end are also a beginning.
    shorter: Vec<usize>,
}

impl Pattern {
    pub(super) fn new(folded: &str) -> Self {
        let folded: Vec<char> = folded.chars().collect();
        let mut shorter = vec![0; folded.len() + 1];
        let mut matched = 0;
        for at in 1..folded.len() {
            while matched > 0 && folded[at] != folded[matched] {
                matched = shorter[matched];
            }
            matched += usize::from(folded[at] == folded[matched]);
            shorter[at + 1] = matched;
        }
        Self { folded, shorter }
    }

    /// Whether `text`, folded, holds it, from the beginning of one of its characters on. `step` is called for each
    /// comparison.
    pub(super) fn is_in(&self, text: &str, step: &mut impl FnMut()) -> bool {
        let mut matched = 0;
        // Where a folded character is not a beginning: one character may become several.
        let mut inner = VecDeque::new();
        let mut place = 0_usize;
        for character in text.chars() {
            let is_plain = character.is_ascii();
            let lower = if is_plain { None } else { Some(character.to_lowercase()) };
            let ascii = is_plain.then(|| character.to_ascii_lowercase());
            for (number, folded) in ascii.into_iter().chain(lower.into_iter().flatten()).enumerate() {
                if number > 0 {
                    inner.push_back(place);
                }
                place += 1;
                step();
                while matched > 0 && self.folded.get(matched) != Some(&folded) {
                    matched = self.shorter[matched];
                    step();
                }
                matched += usize::from(self.folded.get(matched) == Some(&folded));
                if matched == self.folded.len() {
                    let start = place - matched;
                    while inner.front().is_some_and(|inner| *inner < start) {
                        inner.pop_front();
                    }
                    if inner.front() != Some(&start) {
                        return true;
                    }
                    matched = self.shorter[matched];
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a naive search goes through again at every character.
    #[test]
    fn no_text_takes_more_than_two_comparisons_a_character() {
        for (text, wanted) in [
            ("é".repeat(100_000), format!("{}a", "é".repeat(20_000))),
            ("éa".repeat(50_000), format!("{}b", "éa".repeat(10_000))),
            ("É".repeat(100_000), "ée".to_owned()),
            ("İ".repeat(50_000), "\u{307}\u{307}".to_owned()),
        ] {
            let mut steps = 0;
            assert!(!Pattern::new(&wanted).is_in(&text, &mut || steps += 1));
            let folded = text.chars().flat_map(char::to_lowercase).count();
            assert!(steps <= 2 * folded, "{steps} for {folded}");
        }
    }
}
