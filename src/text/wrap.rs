//! Breaking text into lines.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Breaks visible text into lines of at most `columns`, at spaces where it can.
#[must_use]
pub fn wrap(shown: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = vec![String::new()];
    for word in shown.split_inclusive(' ') {
        for piece in pieces(word, columns) {
            let used = lines.last().map_or(0, |line| line.width());
            if used > 0 && used + piece.trim_end().width() > columns {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(piece);
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Visible text after a name, broken into lines of at most `columns` where there is such a width, each as far from the
/// left; every line is ended.
#[must_use]
pub fn wrap_after(name: &str, shown: &str, columns: Option<usize>) -> String {
    let indent = name.width();
    let lines = match columns {
        Some(columns) => wrap(shown, columns.saturating_sub(indent).max(LEAST)),
        None => vec![shown.to_owned()],
    };
    let mut text = String::with_capacity(shown.len() + indent);
    for (number, line) in lines.iter().enumerate() {
        let before = if number == 0 { name } else { "" };
        text.push_str(&format!("{before:<indent$}{line}\n"));
    }
    text
}

/// Columns of a line that begins after a name, at least.
const LEAST: usize = 20;

/// Fits lines for people to a terminal: what goes on is indented below its text, which begins after spaces, or after a
/// short name and two spaces or more. A word that is too long for a line stays whole, so that it can be copied.
#[must_use]
pub fn fit(lines: &str, columns: usize) -> String {
    let mut fitted = String::with_capacity(lines.len());
    for line in lines.lines() {
        push_fitted(&mut fitted, line, columns);
    }
    fitted
}

/// Columns of a name at most, with the spaces around it.
const NAMED: usize = 16;

fn push_fitted(fitted: &mut String, line: &str, columns: usize) {
    let own = line.len() - line.trim_start_matches(' ').len();
    let named = line[own..].find("  ").map(|at| own + at).filter(|at| *at < NAMED);
    let indent = match named.map(|at| line[at..].len() - line[at..].trim_start_matches(' ').len() + at) {
        Some(text) if text <= NAMED && line.is_char_boundary(text) => line[..text].width(),
        _ => own + 2,
    };
    let mut used = 0;
    for (index, word) in line.split_inclusive(' ').enumerate() {
        if index > 0 && used > indent && used + word.trim_end().width() > columns && !word.trim().is_empty() {
            fitted.truncate(fitted.trim_end_matches(' ').len());
            fitted.push('\n');
            fitted.extend(std::iter::repeat_n(' ', indent));
            used = indent;
        }
        fitted.push_str(word);
        used += word.width();
    }
    fitted.push('\n');
}

/// Cuts a word that is longer than a line.
fn pieces(word: &str, columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, grapheme) in word.grapheme_indices(true) {
        let width = grapheme.width();
        if used + width > columns && at > start && !grapheme.trim().is_empty() {
            pieces.push(&word[start..at]);
            (start, used) = (at, 0);
        }
        used += width;
    }
    pieces.push(&word[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_fitted_below_their_own_text() {
        assert_eq!(fit("   fix: one two three\n", 14), "   fix: one\n     two three\n");
        assert_eq!(fit("cause     one two three\n", 18), "cause     one two\n          three\n");
        assert_eq!(fit("          one two three\n", 18), "          one two\n            three\n");
        // What fits stays as it is, and so does a word that fits nowhere.
        assert_eq!(fit("a  b   c\n\nd\n", 80), "a  b   c\n\nd\n");
        assert_eq!(fit("see https://example.com/a/b now\n", 10), "see\n  https://example.com/a/b\n  now\n");
        assert_eq!(fit("é  one two\n", 7), "é  one\n   two\n");
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
    }
}
