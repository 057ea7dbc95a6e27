//! What a program prints while it runs: read without end, line by line, and the last lines kept.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

use crate::text::{clip, visible};

/// Lines that are kept.
const LINES: usize = 12;
/// Columns of a line that are kept.
const LINE_COLUMNS: usize = 300;
/// The most bytes of a line that are looked at; the rest of it is read and thrown away.
const LINE_BYTES: usize = 8 * 1024;

/// What a line has that tells of a failure.
const FAILURES: [&str; 6] = ["error", "err_", " err ", "eror", "fail", "fatal"];

/// The last lines of a program, safe to show.
#[derive(Debug, Default)]
pub(super) struct LastLines(Mutex<KeptLines>);

#[derive(Debug, Default)]
struct KeptLines {
    last: VecDeque<String>,
    /// The last that tells of a failure: a backtrace may follow it.
    failure: Option<String>,
}

impl LastLines {
    fn add(&self, line: &str) {
        let line = clip(&visible(line.trim()), LINE_COLUMNS).into_owned();
        if line.chars().any(char::is_alphanumeric) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let small = line.to_ascii_lowercase();
            if FAILURES.iter().any(|word| small.contains(word)) {
                kept.failure = Some(line.clone());
            }
            kept.last.push_back(line);
            if kept.last.len() > LINES {
                kept.last.pop_front();
            }
        }
    }

    /// The last few on one line. What tells of a failure comes first, else the very last: the rest may be cut off.
    pub(super) fn words(&self, count: usize) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = kept.failure.as_ref();
        let others = kept.last.iter().rev().filter(|line| Some(*line) != failure);
        let lines: Vec<&str> = failure.into_iter().chain(others).take(count).map(String::as_str).collect();
        lines.join(" · ")
    }
}

/// Reads `pipe` to its end. Each line is kept, and given to `each`.
pub(super) fn follow(mut pipe: impl Read, last: &LastLines, mut each: impl FnMut(&str)) {
    let mut chunk = [0; 4096];
    let mut line = Vec::new();
    let mut take = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        last.add(&text);
        each(&text);
        line.clear();
    };
    loop {
        let read = match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => chunk.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        for part in read.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES.saturating_sub(line.len());
            line.extend_from_slice(part.get(..room).unwrap_or(part));
            if part.ends_with(b"\n") {
                take(&mut line);
            }
        }
    }
    if !line.is_empty() {
        take(&mut line);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn followed(bytes: &[u8]) -> (Vec<String>, LastLines) {
        let (last, mut lines) = (LastLines::default(), Vec::new());
        follow(bytes, &last, |line| lines.push(line.to_owned()));
        (lines, last)
    }

    #[test]
    fn the_last_lines_are_kept_and_safe_to_show() {
        let many: String = (1..=40).map(|number| format!("line {number}\n---\n\n")).collect();
        let (lines, last) = followed(format!("{many}the \u{1b}[31mend").as_bytes());
        assert_eq!(lines.len(), 121);
        assert_eq!(last.words(3), "the ␛[31mend · line 40 · line 39");
        assert_eq!(last.words(99).split(" · ").count(), LINES);
        let (_, last) = followed(format!("Error: no such host\nStack backtrace:\n{many}").as_bytes());
        assert_eq!(last.words(2), "Error: no such host · line 40");
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let bytes = [vec![b'x'; 1_000_000], b"\nlistening at a.example:1\n".to_vec()].concat();
        let (lines, _) = followed(&bytes);
        assert_eq!((lines.len(), lines[0].len()), (2, LINE_BYTES));
        assert_eq!(lines[1], "listening at a.example:1\n");
    }

    proptest! {
        #[test]
        fn any_output_is_safe_to_show(bytes in any::<Vec<u8>>()) {
            let (_, last) = followed(&bytes);
            prop_assert!(!last.words(99).contains(crate::text::is_hidden));
        }
    }
}
