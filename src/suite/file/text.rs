//! Strings of TOML that hold exactly these bytes, and still do after an editor, a review and a checkout.

use std::fmt::Write as _;

use crate::text::is_hidden;

/// A string that a reader sees all of: as it is where that is possible, else with escapes (TOML 1.0, "String").
pub(super) fn string(text: &str) -> String {
    let is_plain = !text.chars().any(|character| is_hidden(character) && !matches!(character, '\n' | '\t'));
    let is_kept = is_plain && !text.split('\n').any(|line| line.ends_with([' ', '\t']));
    if text.contains('\n') && is_kept && !has_literal_end(text) {
        return format!("'''\n{text}'''");
    }
    if is_plain && !text.contains(['\n', '\t']) && text.contains(['"', '\\']) {
        if !text.contains('\'') {
            return format!("'{text}'");
        }
        if !has_literal_end(text) && !text.starts_with('\'') {
            return format!("'''{text}'''");
        }
    }
    escaped(text)
}

/// Whether a literal string over lines would end too early, or not where it should.
fn has_literal_end(text: &str) -> bool {
    text.contains("'''") || text.ends_with('\'')
}

fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for character in text.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            _ if !is_hidden(character) => written.push(character),
            _ if u32::from(character) <= 0xffff => {
                let _ = write!(written, "\\u{:04x}", u32::from(character));
            }
            _ => {
                let _ = write!(written, "\\U{:08x}", u32::from(character));
            }
        }
    }
    written.push('"');
    written
}
