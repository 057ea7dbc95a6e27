//! Several lines as one, where one line is asked for.

use tui_input::{Input, InputRequest};

/// The text with a blank for the line ends between its words.
#[must_use]
pub(crate) fn in_one_line(text: &str) -> String {
    let inner = text.trim_matches(['\r', '\n']);
    let lines: Vec<&str> = inner.split(['\r', '\n']).filter(|line| !line.trim().is_empty()).collect();
    let first = lines.first().map_or("", |line| line.trim_end());
    lines.iter().skip(1).fold(first.to_owned(), |line, next| format!("{line} {}", next.trim()))
}

/// Types a pasted text into a field of one line, without its line ends.
pub(crate) fn paste_into(input: &mut Input, text: &str) {
    for character in text.chars().filter(|character| !matches!(character, '\r' | '\n')) {
        input.handle(InputRequest::InsertChar(character));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_apart() {
        assert_eq!(in_one_line("see\r\nthem\n\n  again \n"), "see them again");
        assert_eq!(in_one_line("\n"), "");
        assert_eq!(in_one_line(" a"), " a");
    }

    proptest! {
        #[test]
        fn no_word_is_lost_or_joined(text in "[ab \r\n\t]{0,20}") {
            let line = in_one_line(&text);
            prop_assert!(!line.contains(['\r', '\n']));
            prop_assert!(line.split_whitespace().eq(text.split_whitespace()), "{:?}", line);
        }
    }
}
