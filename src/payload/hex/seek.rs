//! What a person types to find a place among bytes.

use crate::text::{decimal, hexadecimal};

/// Why the input is not a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeekError {
    /// Neither bytes nor text.
    #[error("expected bytes such as ff d8, or text such as \"JFIF\"")]
    Nothing,
    /// No number.
    #[error("expected an offset such as 162 or 0xa2, or +16 or -0x10 from here")]
    NoOffset,
    /// Beyond the end.
    #[error("beyond the end: the last offset of {} bytes is {}", crate::text::grouped(*.0 as u64), .0.saturating_sub(1))]
    Beyond(usize),
}

/// The bytes that a person looks for: pairs of hexadecimal digits, with spaces or without; text in
/// quotation marks; or any other text as it is.
///
/// # Errors
///
/// [`SeekError::Nothing`].
pub fn needle(typed: &str) -> Result<Vec<u8>, SeekError> {
    let typed = typed.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| typed.strip_prefix(quote)?.strip_suffix(quote));
    if let Some(text) = quoted {
        return if text.is_empty() { Err(SeekError::Nothing) } else { Ok(text.as_bytes().to_vec()) };
    }
    let digits: String = typed.strip_prefix("0x").unwrap_or(typed).split_whitespace().collect();
    match hex::decode(&digits) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ if typed.is_empty() => Err(SeekError::Nothing),
        _ => Ok(typed.as_bytes().to_vec()),
    }
}

/// The offset that a person means, among `length` bytes, when the cursor is at `from`.
///
/// # Errors
///
/// [`SeekError::NoOffset`], [`SeekError::Beyond`].
pub fn offset(typed: &str, from: usize, length: usize) -> Result<usize, SeekError> {
    let typed = typed.trim();
    let (sign, number) = match typed.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => (0, typed),
    };
    let number: String = number.trim().chars().filter(|character| !matches!(character, ',' | '_')).collect();
    let number = match number.strip_prefix("0x").or_else(|| number.strip_prefix("0X")) {
        Some(digits) => hexadecimal(digits),
        None => decimal(&number),
    };
    let number = number.and_then(|number| usize::try_from(number).ok()).ok_or(SeekError::NoOffset)?;
    let offset = match sign {
        0 => number,
        1 => from.saturating_add(number),
        _ => from.saturating_sub(number),
    };
    if offset < length { Ok(offset) } else { Err(SeekError::Beyond(length)) }
}

/// The first match of `needle` at `from` or after it, going on at the beginning; and whether it had to.
#[must_use]
pub fn next(bytes: &[u8], needle: &[u8], from: usize) -> Option<(usize, bool)> {
    let from = from.min(bytes.len());
    let after = memchr::memmem::find(&bytes[from..], needle).map(|at| (from + at, false));
    after.or_else(|| memchr::memmem::find(bytes, needle).map(|at| (at, true)))
}

/// The last match of `needle` that begins before `from`, going on at the end; and whether it had to.
#[must_use]
pub fn previous(bytes: &[u8], needle: &[u8], from: usize) -> Option<(usize, bool)> {
    let end = from.saturating_add(needle.len()).saturating_sub(1).min(bytes.len());
    let before = memchr::memmem::rfind(&bytes[..end], needle).map(|at| (at, false));
    before.or_else(|| memchr::memmem::rfind(bytes, needle).map(|at| (at, true)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_looked_for_may_be_digits_or_text() {
        for typed in ["ff d8", "FFD8", "0xffd8", " ff  d8 "] {
            assert_eq!(needle(typed).unwrap(), [0xff, 0xd8], "{typed}");
        }
        assert_eq!(needle("JFIF").unwrap(), b"JFIF");
        assert_eq!(needle("\"face\"").unwrap(), b"face");
        assert_eq!(needle("face").unwrap(), [0xfa, 0xce]);
        assert_eq!(needle("ff d").unwrap(), b"ff d");
        assert_eq!(needle("' '").unwrap(), b" ");
        for typed in ["", "  ", "\"\"", "''"] {
            assert_eq!(needle(typed), Err(SeekError::Nothing), "{typed}");
        }
    }

    #[test]
    fn offsets_are_absolute_or_from_here() {
        for (typed, expected) in
            [("0", 0), ("162", 162), ("0xA2", 162), ("+16", 116), ("-0x10", 84), ("-1000", 0), ("1,000", 1000)]
        {
            assert_eq!(offset(typed, 100, 1001), Ok(expected), "{typed}");
        }
        assert_eq!(offset("1001", 0, 1001), Err(SeekError::Beyond(1001)));
        assert_eq!(offset("+18446744073709551615", 1, 5), Err(SeekError::Beyond(5)));
        for typed in ["", "x", "0x", "+-3", "--3", "0x+3", "1.5", "é"] {
            assert_eq!(offset(typed, 0, 10), Err(SeekError::NoOffset), "{typed}");
        }
        assert_eq!(SeekError::Beyond(1001).to_string(), "beyond the end: the last offset of 1,001 bytes is 1000");
    }

    #[test]
    fn matches_go_round() {
        let bytes = b"abcabcab";
        assert_eq!(next(bytes, b"abc", 0), Some((0, false)));
        assert_eq!(next(bytes, b"abc", 1), Some((3, false)));
        assert_eq!(next(bytes, b"abc", 4), Some((0, true)));
        assert_eq!(previous(bytes, b"abc", 3), Some((0, false)));
        assert_eq!(previous(bytes, b"abc", 0), Some((3, true)));
        assert_eq!((next(bytes, b"x", 0), previous(bytes, b"x", 9)), (None, None));
    }

    proptest! {
        #[test]
        fn anything_may_be_typed(typed in "\\PC{0,20}", from in any::<usize>(), length in 0_usize..300) {
            if let Ok(offset) = offset(&typed, from, length) {
                prop_assert!(offset < length);
            }
            if let Ok(needle) = needle(&typed) {
                prop_assert!(!needle.is_empty());
                let bytes = vec![7; length];
                let _ = (next(&bytes, &needle, from), previous(&bytes, &needle, from));
            }
        }
    }
}
