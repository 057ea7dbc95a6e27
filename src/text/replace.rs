//! Bytes with other bytes in the place of some.

/// The text with `to` for each `from`, from the left; nothing at all is nowhere in it. It has its room at once, since what
/// growing leaves behind of a secret is not wiped.
pub(crate) fn replace_bytes(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let places = || memchr::memmem::find_iter(text, from).filter(|_| !from.is_empty());
    let more = places().count() * to.len().saturating_sub(from.len());
    let mut replaced = Vec::with_capacity(text.len() + more);
    let mut copied = 0;
    for at in places() {
        replaced.extend_from_slice(&text[copied..at]);
        replaced.extend_from_slice(to);
        copied = at + from.len();
    }
    replaced.extend_from_slice(&text[copied..]);
    replaced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// As the standard library does it with text.
        #[test]
        fn every_one_is_replaced(text in "[ab]{0,20}", from in "[ab]{0,3}", to in "[abc]{0,3}") {
            let expected = if from.is_empty() { text.clone() } else { text.replace(&from, &to) };
            prop_assert_eq!(replace_bytes(text.as_bytes(), from.as_bytes(), to.as_bytes()), expected.as_bytes());
        }
    }
}
