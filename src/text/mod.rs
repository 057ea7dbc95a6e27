//! The one boundary between untrusted text and anything that shows it.
//!
//! Everything that came from the network, a file or another program passes through here before it
//! reaches a terminal, a log line or JSON output. Characters that steer a terminal, reorder text or
//! cannot be seen are replaced by symbols that can be.
//!
//! ```
//! assert_eq!(whyhook::text::visible("ok\u{1b}[31m\n"), "ok␛[31m␊");
//! assert_eq!(whyhook::text::visible("a\u{202e}b"), "a⟨U+202E⟩b");
//! assert_eq!(whyhook::text::visible_bytes(b"\xff\x00"), "⟨ff⟩␀");
//! ```

mod count;
mod nearest;
mod numbers;
mod paint;
mod replace;
pub mod units;
mod wrap;
use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) use count::count_bytes;
pub use nearest::{did_you_mean, nearest, suggestion};
pub use numbers::{counted, decimal, grouped, hexadecimal};
pub use paint::{MarkTone, Palette};
pub(crate) use replace::replace_bytes;
use unicode_width::UnicodeWidthChar as _;
pub use wrap::{fit, wrap, wrap_after};

/// Combining marks that may follow one base character before the rest are spelled out. Two cover
/// every script in use; a hundred (as "zalgo" text has) smear over neighbouring rows.
const COMBINING_LIMIT: u32 = 2;

/// Returns `input` with every character that a terminal would act on, or a reader could not see,
/// replaced by a visible symbol: control pictures (`␛`, `␊`) for C0 and DEL, `⟨U+202E⟩` otherwise.
///
/// Line breaks are replaced too: the result is always a single line.
#[must_use]
pub fn visible(input: &str) -> Cow<'_, str> {
    if input.bytes().all(is_plain_ascii) {
        return Cow::Borrowed(input);
    }
    let mut shown = String::with_capacity(input.len() + 16);
    push_visible(&mut shown, input);
    Cow::Owned(shown)
}

/// Like [`visible`], for bytes that need not be UTF-8; a byte outside any UTF-8 sequence is shown as
/// `⟨ff⟩`.
#[must_use]
pub fn visible_bytes(input: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(input) {
        return visible(text);
    }
    let mut shown = String::with_capacity(input.len() + 16);
    for chunk in input.utf8_chunks() {
        push_visible(&mut shown, chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(shown, "⟨{byte:02x}⟩");
        }
    }
    Cow::Owned(shown)
}

/// The pieces, of some 64 KiB each, in which a long text can be made visible one after the other: the same comes of
/// it, without all of it in memory at once, eight times as long as it may get.
pub fn pieces(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    /// Bytes of a piece, and how far behind them a place to cut is looked for.
    const PIECE: usize = 64 << 10;
    const LOOK: usize = 4 << 10;
    let mut rest = input;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let after = rest.get(PIECE..).unwrap_or_default();
        let near = &after[..after.len().min(LOOK)];
        // Before a plain character nothing is cut in two, neither a character nor one and its marks.
        let plain = near.iter().position(|byte| is_plain_ascii(*byte));
        // Three continuation bytes at most: more is not UTF-8, and each such byte stands alone.
        let whole = || near.iter().take(4).position(|byte| byte & 0xc0 != 0x80);
        let cut = plain.or_else(whole).map_or(rest.len().min(PIECE), |at| PIECE + at);
        let (piece, left) = rest.split_at(cut);
        rest = left;
        Some(piece)
    })
}

/// Writes `json`, which must be serialised JSON, so that it is safe on a terminal: control, C1, bidi
/// and zero-width characters become `\uNNNN` escapes, which mean the same to every JSON reader.
///
/// Such characters can only stand inside JSON strings (serialisers escape C0 controls, and white
/// space between tokens is left alone), so that a textual replacement is exact.
#[must_use]
pub fn safe_json(json: &str) -> Cow<'_, str> {
    // Without a way out, the loop takes many bytes at a time.
    if json.bytes().fold(true, |plain, byte| plain & (is_plain_ascii(byte) | (byte == b'\n'))) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if character == '\n' || !is_hidden(character) {
            safe.push(character);
        } else {
            let mut units = [0_u16; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(safe)
}

/// Whether `character` would be acted on by a terminal, reorders its neighbours, or cannot be seen.
///
/// Covers C0, DEL and C1 (ECMA-48), bidi controls (UAX #9), zero-width and default-ignorable
/// characters (UAX #44), line and paragraph separators, tags, private use and non-characters.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    let code = u32::from(character);
    match code {
        0x20..=0x7e => false,
        0x00..=0x1f | 0x7f..=0x9f | 0xad => true,
        0x061c | 0x180b..=0x180f | 0x115f | 0x1160 | 0x17b4 | 0x17b5 => true,
        0x034f | 0x3164 | 0xffa0 | 0xfeff | 0x2028 | 0x2029 => true,
        0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f => true,
        0xfe00..=0xfe0f | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a => true,
        0xe000..=0xf8ff | 0xe0000..=0xe0fff | 0xf0000..=0x0010_ffff => true,
        _ => code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code),
    }
}

/// Shortens already visible text to at most `columns` terminal columns, ending in `…` when cut.
#[must_use]
pub fn clip(shown: &str, columns: usize) -> Cow<'_, str> {
    use unicode_segmentation::UnicodeSegmentation as _;
    use unicode_width::UnicodeWidthStr as _;

    // Each byte is at most one column here (wide characters take three bytes or more).
    if shown.len() <= columns || shown.width() <= columns {
        return Cow::Borrowed(shown);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let mut end = 0;
    for (start, grapheme) in shown.grapheme_indices(true) {
        let width = grapheme.width();
        if used + width > columns - 1 {
            break;
        }
        used += width;
        end = start + grapheme.len();
    }
    Cow::Owned(format!("{}…", &shown[..end]))
}

/// The words as the beginning of a sentence.
#[must_use]
pub fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

const fn is_plain_ascii(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}

fn push_visible(shown: &mut String, input: &str) {
    let mut marks = 0;
    for character in input.chars() {
        if is_hidden(character) {
            push_symbol(shown, character);
            marks = COMBINING_LIMIT;
        } else if character.width() == Some(0) {
            // A combining mark without a base would sit on our own text.
            if shown.is_empty() || marks >= COMBINING_LIMIT {
                push_symbol(shown, character);
            } else {
                shown.push(character);
                marks += 1;
            }
        } else {
            shown.push(character);
            marks = 0;
        }
    }
}

fn push_symbol(shown: &mut String, character: char) {
    match u32::from(character) {
        code @ 0x00..=0x1f => shown.extend(char::from_u32(0x2400 + code)),
        0x7f => shown.push('␡'),
        code => {
            let _ = write!(shown, "⟨U+{code:04X}⟩");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn controls_become_pictures() {
        assert_eq!(visible("\u{0}\u{7}\u{1b}\u{7f}"), "␀␇␛␡");
        assert_eq!(visible("\u{9b}31m"), "⟨U+009B⟩31m");
    }

    #[test]
    fn plain_text_is_borrowed_and_scripts_survive() {
        assert!(matches!(visible("GET /webhooks"), Cow::Borrowed(_)));
        assert_eq!(visible("Café 日本 🙂 e\u{301}"), "Café 日本 🙂 e\u{301}");
    }

    #[test]
    fn stacked_and_leading_marks_are_spelled_out() {
        assert_eq!(visible("\u{301}a"), "⟨U+0301⟩a");
        assert_eq!(visible("a\u{301}\u{301}\u{301}"), "a\u{301}\u{301}⟨U+0301⟩");
    }

    #[test]
    fn broken_utf8_shows_its_bytes() {
        assert_eq!(visible_bytes(b"a\xc3(\xed\xa0\xbd"), "a⟨c3⟩(⟨ed⟩⟨a0⟩⟨bd⟩");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a": "\u{202e}\u{9b}\u{7f}\u{e0041}é"});
        let safe = safe_json(&value.to_string()).into_owned();
        assert!(!safe.chars().any(is_hidden), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn clipping_counts_columns() {
        assert_eq!(clip("日本語", 6), "日本語");
        assert_eq!(clip("日本語", 5), "日本…");
        assert_eq!(clip("日本語", 4), "日…");
        assert_eq!(clip("abc", 0), "");
    }

    proptest! {
        #[test]
        fn nothing_hidden_survives(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "\\PC*|[\\x00-\\xff]*") {
            prop_assert!(!visible_bytes(&bytes).chars().any(is_hidden));
            prop_assert!(!visible(&text).chars().any(is_hidden));
        }

        /// Whatever a long text is made of, its pieces are what it is made of.
        #[test]
        fn pieces_are_the_whole(part in "[a\u{301}é日\u{1b}]{1,5}", stray in proptest::collection::vec(0x80_u8.., 0..3), more in 0_usize..5000) {
            let mut text = part.repeat((60_000 + more) / part.len());
            text.push_str(&"x".repeat(more));
            let bytes = [text.as_bytes(), &stray, &text.as_bytes()[..more]].concat();
            let shown: String = pieces(&bytes).map(visible_bytes).collect();
            // Marks are the one thing that a cut between characters may change, where no plain one is near.
            if !part.contains('\u{301}') || part.contains('a') {
                prop_assert_eq!(shown, visible_bytes(&bytes));
            }
            prop_assert_eq!(pieces(&bytes).collect::<Vec<_>>().concat(), bytes);
        }

        #[test]
        fn clipped_text_fits(text in "\\PC{0,40}", columns in 0_usize..30) {
            prop_assert!(clip(&text, columns).width() <= columns);
        }
    }
}
