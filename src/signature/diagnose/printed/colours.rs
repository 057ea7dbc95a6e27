//! A log line as a terminal shows it: without the sequences that colour it (ECMA-48, SGR), themselves or as escapes.

use std::borrow::Cow;

/// How the escape character is written before `[`.
const ESCAPES: [&str; 6] = ["\u{1b}[", "\\u001b[", "\\x1b[", "\\033[", "\\e[", "\\u{1b}["];

/// The text without them.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    let mut left = String::new();
    let mut rest = text;
    while let Some((at, length)) = next(rest) {
        left.push_str(&rest[..at]);
        rest = &rest[at + length..];
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    left.push_str(rest);
    Cow::Owned(left)
}

/// Where the next sequence is, and how long.
fn next(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let candidates = memchr::memchr2_iter(0x1b, b'\\', bytes);
    candidates.into_iter().find_map(|at| {
        let here = &bytes[at..];
        let is_here =
            |escape: &str| here.get(..escape.len()).is_some_and(|front| front.eq_ignore_ascii_case(escape.as_bytes()));
        let escape = ESCAPES.into_iter().find(|escape| is_here(escape))?.len();
        let parameters = here[escape..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        // Colours and, of grep's, the end of the line erased.
        let end = escape + parameters;
        matches!(here.get(end), Some(b'm' | b'K')).then_some((at, end + 1))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_go_in_every_notation_and_nothing_else() {
        for (text, left) in [
            ("\u{1b}[31mabc\u{1b}[0m", "abc"),
            ("\u{1b}[01;31m\u{1b}[Kabc\u{1b}[m\u{1b}[K d", "abc d"),
            (r"\u001b[1mabc\u001B[22m", "abc"),
            (r"\x1b[38;5;9mabc\033[0m\e[0m", "abc"),
            (r"b'\x1b[\x00' and \n", r"b'\x1b[\x00' and \n"),
            ("\u{1b}[2J", "\u{1b}[2J"),
        ] {
            assert_eq!(without(text), left, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_to_take_and_text_without_escapes_stays(text in ".{0,40}", plain in "[^\\\\\u{1b}]{0,40}") {
            prop_assert!(without(&text).len() <= text.len());
            prop_assert_eq!(without(&plain), plain.as_str());
        }
    }
}
