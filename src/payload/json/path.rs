//! Paths as a person writes them: `data[0].screenshot.imageBuffer`.

use std::fmt::Write as _;

use super::string::inner;
use crate::text;

/// The longest path that is kept of a thing found, in bytes: a hostile one has keys of megabytes.
const LONGEST: usize = 4096;
/// So much of a longer key is written.
const KEY_BYTES: usize = 1024;

/// Appends a key, given as its raw token: `.name` when it is a plain name, else `["any text"]` with
/// the token's own escapes, made visible.
pub(crate) fn push_key(path: &mut String, token: &[u8]) {
    if token.len() > KEY_BYTES {
        // The beginning of a token is not a key: it is shown in brackets.
        let end = (0..=KEY_BYTES).rev().find(|&at| token[at] & 0xc0 != 0x80).unwrap_or(KEY_BYTES);
        let _ = write!(path, "[{}…\"]", text::visible_bytes(&token[..end]));
        return;
    }
    let name = inner(token);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    if name.first().is_some_and(|first| !first.is_ascii_digit()) && name.iter().all(is_word) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&String::from_utf8_lossy(name));
    } else {
        let _ = write!(path, "[{}]", text::visible_bytes(token));
    }
}

/// Appends an array's index.
pub(crate) fn push_index(path: &mut String, index: u64) {
    let _ = write!(path, "[{index}]");
}

/// A path as it is kept of a thing found: of a very long one, the beginning and the end.
pub(crate) fn shortened(path: String) -> String {
    if path.len() <= LONGEST {
        return path;
    }
    let boundary = |mut at: usize| {
        while !path.is_char_boundary(at) {
            at += 1;
        }
        at
    };
    let (head, tail) = (boundary(LONGEST / 2 - 4), boundary(path.len() - LONGEST / 2));
    format!("{}…{}", &path[..head], &path[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_very_long_is_cut_between_characters() {
        let mut path = "data".to_owned();
        push_key(&mut path, format!("\"{}\"", "é".repeat(1 << 20)).as_bytes());
        assert!(path.starts_with("data[\"éé") && path.ends_with("é…\"]") && path.len() < 2 * KEY_BYTES, "{path}");
        let kept = shortened("é".repeat(1 << 20));
        assert!(kept.len() <= LONGEST + '…'.len_utf8() && kept.contains("é…é"));
        assert_eq!(shortened("a[0].b".to_owned()), "a[0].b");
    }
}
