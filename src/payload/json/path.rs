//! Paths as a person writes them: `data[0].screenshot.imageBuffer`.

use std::fmt::Write as _;

use crate::text;

use super::string::inner;

/// Appends a key, given as its raw token: `.name` when it is a plain name, else `["any text"]` with
/// the token's own escapes, made visible.
pub(crate) fn push_key(path: &mut String, token: &[u8]) {
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
