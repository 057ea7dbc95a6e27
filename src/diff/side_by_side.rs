//! A comparison as rows with the first message on the left and the second on the right, and what differs marked.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{DifferenceKind, HeaderChange, JsonComparison, LineComparison, MessageComparison, Snippet};
use crate::http::HeaderField;
use crate::text::{grouped, visible_bytes};

/// Words of a text beyond which what lies between the common beginning and the common end counts as one difference.
const ALIGNED: usize = 1000;

/// One row of two messages side by side. Every text is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideRow {
    /// What the rows below it are of.
    Heading(String),
    /// What is said of both.
    Note(String),
    /// What the first has and what the second has; `None` where it has nothing.
    Pair(Option<SideText>, Option<SideText>),
}

/// What one message has in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideText {
    /// The text.
    pub text: String,
    /// The bytes of it that differ, in order.
    pub marked: Vec<Range<usize>>,
}

impl SideText {
    /// A text that the other message does not have.
    fn whole(text: String) -> Option<Self> {
        let marked = (!text.is_empty()).then_some(0..text.len()).into_iter().collect();
        Some(Self { text, marked })
    }
}

impl MessageComparison {
    /// The lines of [`MessageComparison::to_text`], side by side; empty when nothing differs.
    #[must_use]
    pub fn side_by_side(&self) -> Vec<SideRow> {
        let mut rows = Vec::new();
        if let Some((from, to)) = &self.start {
            rows.push(SideRow::Heading("start line".to_owned()));
            rows.push(pair(visible_bytes(from).into_owned(), visible_bytes(to).into_owned()));
        }
        if !self.headers.is_empty() {
            rows.push(SideRow::Heading("headers".to_owned()));
            rows.extend(self.headers.iter().map(header));
        }
        if let Some(json) = &self.json {
            push_json(&mut rows, json);
        }
        if let Some(lines) = &self.lines {
            push_lines(&mut rows, lines);
        }
        if let Some(bytes) = &self.bytes {
            rows.push(SideRow::Heading("body bytes".to_owned()));
            rows.push(SideRow::Note(self.bytes_words(bytes)));
            rows.extend(zipped(bytes.from.iter().cloned(), bytes.to.iter().cloned()));
        }
        rows
    }
}

fn header(change: &HeaderChange) -> SideRow {
    let line = |field: &HeaderField| format!("{}: {}", visible_bytes(&field.name), visible_bytes(&field.value));
    match change {
        HeaderChange::Added(field) => SideRow::Pair(None, SideText::whole(line(field))),
        HeaderChange::Removed(field) => SideRow::Pair(SideText::whole(line(field)), None),
        HeaderChange::Moved(field) => SideRow::Note(format!("↕ {}: moved", visible_bytes(&field.name))),
        HeaderChange::Value { from, to } => {
            let (from_name, to_name) = (visible_bytes(&from.name), visible_bytes(&to.name));
            named(
                (&format!("{from_name}: "), &visible_bytes(&from.value), ""),
                (&format!("{to_name}: "), &visible_bytes(&to.value), ""),
            )
        }
        HeaderChange::Case { from, to } => {
            pair(visible_bytes(&from.name).into_owned(), visible_bytes(&to.name).into_owned())
        }
    }
}

fn push_json(rows: &mut Vec<SideRow>, json: &JsonComparison) {
    rows.push(SideRow::Heading("body as JSON".to_owned()));
    if json.differences.is_empty() {
        rows.push(SideRow::Note("only white space differs".to_owned()));
    }
    for difference in &json.differences {
        let path = if difference.path.is_empty() { "the whole body" } else { &difference.path };
        let name = format!("{path}: ");
        let whole = |value: &Snippet| SideText::whole(format!("{name}{}{}", value.text, size(value)));
        match &difference.kind {
            DifferenceKind::Added(value) => rows.push(SideRow::Pair(None, whole(value))),
            DifferenceKind::Removed(value) => rows.push(SideRow::Pair(whole(value), None)),
            DifferenceKind::Order => rows.push(SideRow::Note(format!("↕ {path}: members in a different order"))),
            DifferenceKind::Changed { from, to, same_value } => {
                rows.push(named((&name, &from.text, &size(from)), (&name, &to.text, &size(to))));
                if *same_value {
                    rows.push(SideRow::Note("the same value, written differently".to_owned()));
                }
            }
        }
    }
    if json.omitted > 0 {
        rows.push(SideRow::Note(format!("… and {} more", grouped(json.omitted as u64))));
    }
}

/// How long a value is of which only the beginning is shown.
fn size(value: &Snippet) -> String {
    if value.bytes > 120 { format!(" ({} bytes)", grouped(value.bytes as u64)) } else { String::new() }
}

fn push_lines(rows: &mut Vec<SideRow>, lines: &LineComparison) {
    rows.push(SideRow::Heading("body as text".to_owned()));
    // What takes the place of what: the lines of one change.
    for change in lines.changes.chunk_by(|one, next| one.change == next.change) {
        let of = |is_added: bool| {
            let side = change.iter().filter(move |line| line.is_added == is_added);
            side.map(|line| (format!("{:>5}  ", line.number), line.text.clone()))
        };
        let (mut from, mut to) = (of(false), of(true));
        loop {
            let whole = |(number, text): (String, String)| SideText::whole(format!("{number}{text}"));
            match (from.next(), to.next()) {
                (Some((one, text)), Some((other, changed))) => {
                    rows.push(named((&one, &text, ""), (&other, &changed, "")));
                }
                (Some(line), None) => rows.push(SideRow::Pair(whole(line), None)),
                (None, Some(line)) => rows.push(SideRow::Pair(None, whole(line))),
                (None, None) => break,
            }
        }
    }
    if lines.omitted > 0 {
        rows.push(SideRow::Note(format!("… and {} more lines", grouped(lines.omitted as u64))));
    }
}

/// Rows of bytes, of which each has its place; what only one has is left without marks, since it may be there in both.
fn zipped(from: impl Iterator<Item = String>, to: impl Iterator<Item = String>) -> Vec<SideRow> {
    let plain = |text: String| Some(SideText { text, marked: Vec::new() });
    let (mut from, mut to) = (from, to);
    let mut rows = Vec::new();
    loop {
        match (from.next(), to.next()) {
            (Some(from), Some(to)) => {
                let marks = by_place(&from, &to);
                let side = |text: String, marked| Some(SideText { text, marked });
                rows.push(SideRow::Pair(side(from, marks.0), side(to, marks.1)));
            }
            (Some(from), None) => rows.push(SideRow::Pair(plain(from), None)),
            (None, Some(to)) => rows.push(SideRow::Pair(None, plain(to))),
            (None, None) => return rows,
        }
    }
}

/// The characters of two rows that are others in the same column.
fn by_place(from: &str, to: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let of = |text: &str, other: &str| {
        let mut marks: Vec<Range<usize>> = Vec::new();
        let mut others = other.chars();
        for (at, character) in text.char_indices() {
            if others.next() == Some(character) {
                continue;
            }
            let end = at + character.len_utf8();
            match marks.last_mut().filter(|mark| mark.end == at) {
                Some(mark) => mark.end = end,
                None => marks.push(at..end),
            }
        }
        marks
    };
    (of(from, to), of(to, from))
}

fn pair(from: String, to: String) -> SideRow {
    named(("", &from, ""), ("", &to, ""))
}

/// Two values with what comes before and after each, which is not compared.
fn named(from: (&str, &str, &str), to: (&str, &str, &str)) -> SideRow {
    let (marks_from, marks_to) = differing(from.1, to.1);
    let side = |(before, value, after): (&str, &str, &str), marks: Vec<Range<usize>>| {
        let shift = |range: Range<usize>| before.len() + range.start..before.len() + range.end;
        Some(SideText { text: format!("{before}{value}{after}"), marked: marks.into_iter().map(shift).collect() })
    };
    SideRow::Pair(side(from, marks_from), side(to, marks_to))
}

/// The parts of two texts that the other does not have in the same place.
fn differing(from: &str, to: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let (from_words, to_words) = (words(from), words(to));
    let (mut marks_from, mut marks_to) = (Vec::new(), Vec::new());
    let mut note = |one: Range<usize>, other: Range<usize>| {
        let (one, other) = without_common_ends(from, to, one, other);
        marks_from.extend(Some(one).filter(|range| !range.is_empty()));
        marks_to.extend(Some(other).filter(|range| !range.is_empty()));
    };
    if from_words.len().max(to_words.len()) > ALIGNED {
        note(0..from.len(), 0..to.len());
        return (marks_from, marks_to);
    }
    let text_of = |text: &'_ str, words: &[Range<usize>]| -> Vec<String> {
        words.iter().map(|range| text[range.clone()].to_owned()).collect()
    };
    let bytes = |words: &[Range<usize>], range: Range<usize>, end: usize| {
        let start = words.get(range.start).map_or(end, |word| word.start);
        start..words[range.clone()].last().map_or(start, |word| word.end)
    };
    let operations = capture_diff_slices(Algorithm::Myers, &text_of(from, &from_words), &text_of(to, &to_words));
    for operation in operations.iter().filter(|operation| !matches!(operation, DiffOp::Equal { .. })) {
        note(bytes(&from_words, operation.old_range(), from.len()), bytes(&to_words, operation.new_range(), to.len()));
    }
    (marks_from, marks_to)
}

/// Words, numbers and each other character on its own, as bytes of the text.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut is_in_word = false;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let is_of_word = character.is_alphanumeric();
        match words.last_mut().filter(|_| is_in_word && is_of_word) {
            Some(word) => word.end = end,
            None => words.push(at..end),
        }
        is_in_word = is_of_word;
    }
    words
}

/// Of two parts that differ, what is left when they begin and end alike.
fn without_common_ends(from: &str, to: &str, one: Range<usize>, other: Range<usize>) -> (Range<usize>, Range<usize>) {
    let (a, b) = (&from[one.clone()], &to[other.clone()]);
    let alike = |(x, y): &(char, char)| x == y;
    let start: usize = a.chars().zip(b.chars()).take_while(alike).map(|(character, _)| character.len_utf8()).sum();
    let (a, b) = (&a[start..], &b[start..]);
    let end: usize =
        a.chars().rev().zip(b.chars().rev()).take_while(alike).map(|(character, _)| character.len_utf8()).sum();
    (one.start + start..one.end - end, other.start + start..other.end - end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diff::{ComparedMessage, compare_bytes, compare_headers, compare_json, compare_lines};

    fn bracketed(text: &SideText) -> String {
        let mut shown = text.text.clone();
        for range in text.marked.iter().rev() {
            shown.insert(range.end, ']');
            shown.insert(range.start, '[');
        }
        shown
    }

    fn marked(from: &str, to: &str) -> (String, String) {
        match pair(from.to_owned(), to.to_owned()) {
            SideRow::Pair(Some(from), Some(to)) => (bracketed(&from), bracketed(&to)),
            _ => panic!("both are there"),
        }
    }

    fn shown(rows: &[SideRow]) -> Vec<String> {
        let side = |text: &Option<SideText>| text.as_ref().map_or("·".to_owned(), bracketed);
        rows.iter()
            .map(|row| match row {
                SideRow::Heading(words) => format!("# {words}"),
                SideRow::Note(words) => format!("= {words}"),
                SideRow::Pair(from, to) => format!("{} | {}", side(from), side(to)),
            })
            .collect()
    }

    fn message(head: &str, body: &str) -> ComparedMessage {
        let mut lines = head.lines();
        let start = lines.next().unwrap_or_default().to_owned().into();
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            HeaderField { name: name.to_owned().into(), value: value.to_owned().into() }
        };
        ComparedMessage { start, fields: lines.map(field).collect(), body: body.to_owned().into() }
    }

    #[test]
    fn only_what_differs_is_marked() {
        assert_eq!(
            marked("POST /a HTTP/1.1", "POST /b HTTP/1.1"),
            ("POST /[a] HTTP/1.1".into(), "POST /[b] HTTP/1.1".into())
        );
        assert_eq!(marked("1746123456", "1746123457"), ("174612345[6]".into(), "174612345[7]".into()));
        assert_eq!(marked("a, b", "a,  b"), ("a, b".into(), "a, [ ]b".into()));
        assert_eq!(marked("\"desktop\"", "\"phone\""), ("\"[desktop]\"".into(), "\"[phone]\"".into()));
        assert_eq!(marked("café", "cafe"), ("caf[é]".into(), "caf[e]".into()));
        assert_eq!(marked("", "x"), (String::new(), "[x]".into()));
        let long = "a ".repeat(ALIGNED);
        let (from, to) = marked(&format!("x{long}"), &format!("y{long}"));
        assert!(from.starts_with("[x]a") && to.starts_with("[y]a"));
    }

    #[test]
    fn every_kind_of_difference_has_its_place() {
        let from = message("POST /a HTTP/1.1\nHost: one\nAccept: */*\nX-Gone: 1", r#"{"a":1,"b":1.0,"d":2}"#);
        let to = message("POST /b HTTP/1.1\nHost: two\naccept: */*\nX-New: 1", r#"{"a":2,"b":1.00,"c":true}"#);
        insta::assert_snapshot!(shown(&MessageComparison::of(&from, &to).side_by_side()).join("\n"));
        assert_eq!(MessageComparison::of(&from, &from).side_by_side(), []);
    }

    #[test]
    fn lines_are_beside_those_that_they_replace() {
        let from = message("POST / HTTP/1.1", "one\ntwo\nthree\nfour\n");
        let to = message("POST / HTTP/1.1", "one\n2\nthree\nfour\nfive\n");
        let rows = shown(&MessageComparison::of(&from, &to).side_by_side());
        assert_eq!(rows[..3], ["# body as text", "    2  [two]␊ |     2  [2]␊", "· | [    5  five␊]"]);
    }

    proptest! {
        #[test]
        fn marks_lie_in_their_text_and_what_is_left_is_the_same(from in "[ab1 é:]{0,20}", to in "[ab1 é:]{0,20}") {
            let (one, other) = differing(&from, &to);
            let left = |text: &str, marks: &[Range<usize>]| {
                let mut left = text.to_owned();
                marks.iter().rev().for_each(|range| left.replace_range(range.clone(), ""));
                left
            };
            prop_assert_eq!(left(&from, &one), left(&to, &other));
        }

        #[test]
        fn whatever_differs_has_a_row(from in "[a-c1{}\":,\\[\\]\n]{0,12}", to in "[a-c1{}\":,\\[\\]\n]{0,12}") {
            let same = MessageComparison {
                start: None,
                headers: compare_headers(&[], &[]),
                bytes: compare_bytes(from.as_bytes(), to.as_bytes()),
                json: compare_json(from.as_bytes(), to.as_bytes()),
                lines: compare_lines(from.as_bytes(), to.as_bytes()),
                lengths: (from.len(), to.len()),
            };
            prop_assert!(from == to || !same.side_by_side().is_empty());
        }
    }
}
