//! What differs between two texts that are not JSON, line by line.

use std::time::{Duration, Instant};

use similar::{Algorithm, capture_diff_slices_deadline};

use crate::text::visible;

/// Lines of a text beyond which it is compared by its bytes alone.
const LINES: usize = 20_000;
/// Changes that are listed; the rest are counted.
const LISTED: usize = 200;
/// Characters of a line that are shown.
const SHOWN: usize = 300;
/// How long the alignment may take, after which it gets coarser.
const PATIENCE: Duration = Duration::from_millis(300);

/// A line that only one of the texts has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// Whether it is the second's.
    pub is_added: bool,
    /// The change that it belongs to, from 0: lines of one text in the place of lines of the other.
    pub change: usize,
    /// Its number in its text, from 1.
    pub number: usize,
    /// The line, visible, cut where it is long.
    pub text: String,
}

/// What differs in two texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineComparison {
    /// The lines, in order.
    pub changes: Vec<LineChange>,
    /// How many more there are.
    pub omitted: usize,
}

/// Compares two texts; `None` when one is not UTF-8, empty, or has too many lines.
#[must_use]
pub fn compare_lines(from: &[u8], to: &[u8]) -> Option<LineComparison> {
    if from.is_empty() || to.is_empty() {
        return None;
    }
    let (from, to) = (lines(from)?, lines(to)?);
    let mut found = LineComparison::default();
    let mut note = |change: usize, is_added: bool, index: usize, line: &str| {
        if found.changes.len() >= LISTED {
            found.omitted += 1;
            return;
        }
        let end = line.char_indices().nth(SHOWN).map_or(line.len(), |(end, _)| end);
        let more = if end < line.len() { "…" } else { "" };
        found.changes.push(LineChange {
            is_added,
            change,
            number: index + 1,
            text: format!("{}{more}", visible(&line[..end])),
        });
    };
    let operations = capture_diff_slices_deadline(Algorithm::Myers, &from, &to, Instant::now().checked_add(PATIENCE));
    let changes = operations.iter().filter(|operation| operation.tag() != similar::DiffTag::Equal);
    for (change, operation) in changes.enumerate() {
        operation.old_range().for_each(|index| note(change, false, index, from[index]));
        operation.new_range().for_each(|index| note(change, true, index, to[index]));
    }
    Some(found)
}

/// Each line with its end, so that a CR LF beside an LF is a difference that is seen.
fn lines(text: &[u8]) -> Option<Vec<&str>> {
    let lines: Vec<&str> = std::str::from_utf8(text).ok()?.split_inclusive('\n').take(LINES + 1).collect();
    (lines.len() <= LINES).then_some(lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compared(from: &str, to: &str) -> Vec<String> {
        let sign = |change: &LineChange| if change.is_added { '+' } else { '-' };
        let found = compare_lines(from.as_bytes(), to.as_bytes()).unwrap();
        found.changes.iter().map(|change| format!("{}{} {}", sign(change), change.number, change.text)).collect()
    }

    #[test]
    fn lines_that_differ_are_told() {
        assert_eq!(compared("a\nb\nc\n", "a\nx\nc\n"), ["-2 b␊", "+2 x␊"]);
        assert_eq!(compared("a\nb\n", "a\r\nb\n"), ["-1 a␊", "+1 a␍␊"]);
        assert_eq!(compared("a\nb", "b"), ["-1 a␊"]);
        assert_eq!(compared("\u{1b}[31m", "\u{202e}"), ["-1 ␛[31m", "+1 ⟨U+202E⟩"]);
        assert_eq!(compare_lines(b"\xff", b"a"), None);
        assert_eq!(compare_lines("\n".repeat(LINES + 1).as_bytes(), b"a"), None);
        let found = compare_lines("a\n".repeat(1000).as_bytes(), "é".repeat(1000).as_bytes()).unwrap();
        assert_eq!((found.changes.len(), found.omitted), (LISTED, 1001 - LISTED));
    }

    proptest! {
        #[test]
        fn no_difference_means_the_same(from in "[ab\r\n]{1,12}", to in "[ab\r\n]{1,12}") {
            prop_assert_eq!(compared(&from, &to).is_empty(), from == to);
        }
    }
}
