//! The form of the file of marks, and what it is worth beside the index's copy of it.
//!
//! Each line is JSON after the CRC-32 of it. The first names the store, by a seal of its key ([`super::seal`]), and the
//! file's generation, which grows whenever the file is written again as a whole. The others are each the state of one
//! delivery's marks from then on. A file of an earlier release has no first line of that kind: its generation is 0.
//!
//! The index knows how many bytes of which generation its tables hold. A line is synced before its row is committed. So:
//!
//! | file | worth |
//! |---|---|
//! | of the index's generation, and not shorter than the index says | what comes after that is new |
//! | of a later generation | all of it: the index is an older copy, or was cut off when the file was written again |
//! | there, beside an index that was made from the log | all of it: there is no other copy |
//! | missing, shorter, of an earlier generation, another store's | the index's copy is the better one |
//!
//! A damaged line that the index holds already costs nothing. One that it does not hold is a loss.

use std::fmt;
use std::path::PathBuf;

use crate::text::hexadecimal;
use serde::{Deserialize, Serialize};

/// Bytes of the longest line: a note, escaped, and the tags.
const LINE_BYTES: usize = 32 * 1024;

/// The marks of one delivery: a line, and its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MarksLine {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) pinned: bool,
    #[serde(default)]
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    #[serde(default)]
    pub(super) deleted: bool,
}

impl MarksLine {
    pub(super) fn is_nothing(&self) -> bool {
        !self.pinned && self.note.is_none() && self.tags.is_empty() && !self.deleted
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MarksHead {
    /// The store's seal, in hexadecimal digits.
    pub(super) store: String,
    pub(super) generation: i64,
}

/// A line of the file, its end included.
pub(super) fn line_of(content: &impl Serialize) -> String {
    let json = serde_json::to_string(content).unwrap_or_default();
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// Reads a line without its end.
fn read_line<T: for<'de> Deserialize<'de>>(line: &[u8]) -> Option<T> {
    let (sum, json) = line.split_at_checked(9).filter(|_| line.len() <= LINE_BYTES)?;
    let sum = hexadecimal(sum.strip_suffix(b" ")?)?;
    (sum == u64::from(crc32fast::hash(json))).then(|| serde_json::from_slice(json).ok()).flatten()
}

/// What the file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MarksContent {
    pub(super) head: Option<MarksHead>,
    /// Each line after it, `None` when it is damaged, and where it begins and ends.
    pub(super) lines: Vec<(Option<MarksLine>, std::ops::Range<u64>)>,
    /// Bytes up to the last line's end.
    pub(super) whole: u64,
    /// Whether a line follows that has no end.
    pub(super) is_torn: bool,
}

impl MarksContent {
    pub(super) fn read(content: &[u8]) -> Self {
        let whole = memchr::memrchr(b'\n', content).map_or(0, |end| end + 1);
        let mut read = Self { whole: whole as u64, is_torn: whole < content.len(), ..Self::default() };
        let mut begin = 0;
        for end in memchr::memchr_iter(b'\n', &content[..whole]) {
            let line = &content[begin..end];
            if begin == 0 {
                read.head = read_line(line);
            }
            if begin > 0 || read.head.is_none() {
                read.lines.push((read_line(line), begin as u64..end as u64 + 1));
            }
            begin = end + 1;
        }
        read
    }

    fn generation(&self) -> i64 {
        self.head.as_ref().map_or(0, |head| head.generation)
    }

    /// Where the first damaged line begins of those that end after `from`.
    fn damaged(&self, from: u64) -> Option<u64> {
        let is_damaged = |(line, place): &&(_, std::ops::Range<u64>)| Option::is_none(line) && place.end > from;
        self.lines.iter().find(is_damaged).map(|(_, place)| place.start)
    }
}

/// How much of the file the index's tables hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct AppliedMarks {
    pub(super) bytes: u64,
    pub(super) generation: i64,
}

/// What is to be taken from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenMarks {
    /// Lines that end after this many bytes, beside what the tables hold.
    After(u64),
    /// All lines, in the place of what the tables hold.
    All,
}

/// What the file is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarksWorth {
    pub(super) taken: TakenMarks,
    pub(super) harm: Option<FoundHarm>,
    /// Up to where the tables hold the file once this is taken.
    pub(super) applied: AppliedMarks,
}

/// Compares the file with the index: with what its tables hold of it, `None` when they were never brought up to any, and
/// `has_rows`, whether there are marks in them.
pub(super) fn compare(
    content: Option<&MarksContent>,
    applied: Option<AppliedMarks>,
    has_rows: bool,
    is_ours: impl Fn(&MarksHead) -> bool,
) -> MarksWorth {
    let own = applied.unwrap_or_default();
    // The index's copy is the only one that counts.
    let restored = |harm| MarksWorth { taken: TakenMarks::After(u64::MAX), harm, applied: own };
    let Some(content) = content else {
        let is_missed = has_rows || own.bytes > 0;
        return restored(is_missed.then_some(MarksHarm::Missing.without_loss()));
    };
    if content.head.as_ref().is_some_and(|head| !is_ours(head)) {
        return restored(Some(FoundHarm { kind: MarksHarm::Foreign, is_loss: applied.is_none() }));
    }
    let generation = content.generation();
    let is_same = generation == own.generation;
    if applied.is_some() && (generation < own.generation || (is_same && content.whole < own.bytes)) {
        let is_damaged = is_same || content.head.is_none();
        let kind = if is_damaged { MarksHarm::Damaged } else { MarksHarm::Outdated };
        return restored(Some(kind.without_loss()));
    }
    let known = if applied.is_some() && is_same { own.bytes } else { 0 };
    let lost = content.damaged(known);
    // Beside lines that are lost, what an older copy has is better than nothing.
    let taken = if known > 0 || lost.is_some() { TakenMarks::After(known) } else { TakenMarks::All };
    let is_damaged = lost.is_some() || content.damaged(0).is_some();
    MarksWorth {
        taken,
        harm: is_damaged.then_some(FoundHarm { kind: MarksHarm::Damaged, is_loss: lost.is_some() }),
        // What is damaged stays unknown, so that it is told until somebody has seen to it.
        applied: AppliedMarks { bytes: lost.unwrap_or(content.whole), generation },
    }
}

/// What is wrong with a file of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarksHarm {
    Missing,
    Damaged,
    Outdated,
    Foreign,
}

/// What is wrong with a file of marks, and what that costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FoundHarm {
    pub(super) kind: MarksHarm,
    /// Whether marks may be lost; otherwise the index has them all.
    pub(super) is_loss: bool,
}

impl MarksHarm {
    fn without_loss(self) -> FoundHarm {
        FoundHarm { kind: self, is_loss: false }
    }
}

/// A file of pins, notes, tags and deletions that is not as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarksDamage {
    /// The file.
    pub path: PathBuf,
    /// Whether marks may be lost; otherwise the index has them all.
    pub is_loss: bool,
    harm: MarksHarm,
}

impl MarksDamage {
    pub(super) fn new(path: PathBuf, found: FoundHarm) -> Self {
        Self { path, is_loss: found.is_loss, harm: found.kind }
    }
}

impl fmt::Display for MarksDamage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let harm = match self.harm {
            MarksHarm::Missing => "is missing",
            MarksHarm::Damaged => "is damaged",
            MarksHarm::Outdated => "is older than the index",
            MarksHarm::Foreign => "belongs to another store",
        };
        write!(formatter, "{} {harm}: ", self.path.display())?;
        formatter.write_str(match self.is_loss {
            false => {
                "the index holds all pins, notes, tags and deletions, and the next command that changes the store, or a \
                 listener, writes the file again"
            }
            true => {
                "pins, notes, tags or deletions may be lost, and nothing is pruned as long as that is unclear: pin again \
                 what `whyhook list is:pinned` lacks, and delete the file, which is then rewritten from the index"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pin(id: i64) -> MarksLine {
        MarksLine { id, pinned: true, note: None, tags: Vec::new(), deleted: false }
    }

    fn file(generation: i64, lines: i64) -> String {
        let head = MarksHead { store: "ours".to_owned(), generation };
        let head = if generation > 0 { line_of(&head) } else { String::new() };
        (1..=lines).fold(head, |file, id| file + &line_of(&pin(id)))
    }

    fn worth(file: &str, applied: Option<(usize, i64)>) -> MarksWorth {
        let content = MarksContent::read(file.as_bytes());
        let applied = applied.map(|(bytes, generation)| AppliedMarks { bytes: bytes as u64, generation });
        compare(Some(&content), applied, true, |head| head.store == "ours")
    }

    #[test]
    fn the_better_copy_counts() {
        let (two, three) = (file(1, 2), file(1, 3));
        let applied = AppliedMarks { bytes: three.len() as u64, generation: 1 };
        let taken = |taken| MarksWorth { taken, harm: None, applied };
        assert_eq!(worth(&three, Some((two.len(), 1))), taken(TakenMarks::After(two.len() as u64)));
        assert_eq!(worth(&three, None), taken(TakenMarks::All));
        assert_eq!(worth(&three, Some((9_999, 0))), taken(TakenMarks::All), "written again since then");
        let told = |found: FoundHarm| (found.kind, found.is_loss);
        let harm = |file: &str, applied| worth(file, applied).harm.map(told);
        assert_eq!(harm(&two, Some((three.len(), 1))), Some((MarksHarm::Damaged, false)));
        assert_eq!(harm(&three, Some((10, 2))), Some((MarksHarm::Outdated, false)));
        assert_eq!(harm(&file(0, 3), Some((10, 1))), Some((MarksHarm::Damaged, false)), "its first line is gone");
        assert_eq!(harm(&three.replacen("ours", "else", 1), Some((10, 1))), Some((MarksHarm::Damaged, false)));
        let other = line_of(&MarksHead { store: "other".to_owned(), generation: 1 }) + &file(0, 9);
        assert_eq!(harm(&other, Some((10, 1))), Some((MarksHarm::Foreign, false)));
        assert_eq!(harm(&other, None), Some((MarksHarm::Foreign, true)));
        let missing = |applied, has_rows| compare(None, applied, has_rows, |_| true).harm.map(told);
        assert_eq!((missing(None, false), missing(Some(AppliedMarks::default()), false)), (None, None));
        assert_eq!(missing(None, true), Some((MarksHarm::Missing, false)));
        assert_eq!(missing(Some(applied), false), Some((MarksHarm::Missing, false)));
    }

    proptest! {
        /// Whatever byte is damaged, and however much of the file the index holds.
        #[test]
        fn a_damaged_line_is_a_loss_where_the_index_does_not_hold_it(
            lines in 1_i64..6, known in 0_i64..6, generation in 0_i64..2, place in any::<prop::sample::Index>(), by in 1_u8..128,
        ) {
            let whole = file(generation, lines);
            let known = file(generation, known.min(lines));
            let mut bytes = whole.clone().into_bytes();
            let at = place.index(bytes.len());
            prop_assume!(bytes[at] != b'\n' && bytes[at] ^ by != b'\n');
            bytes[at] ^= by;
            let head = file(generation, 0).len();
            let content = MarksContent::read(&bytes);
            let applied = AppliedMarks { bytes: known.len() as u64, generation };
            let MarksWorth { harm, .. } = compare(Some(&content), Some(applied), true, |head| head.store == "ours");
            let is_loss = at >= head && at >= known.len();
            // The case of a checksum's digit does not count.
            if !bytes.eq_ignore_ascii_case(whole.as_bytes()) {
                prop_assert_eq!(harm, Some(FoundHarm { kind: MarksHarm::Damaged, is_loss }));
            }
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>, applied in proptest::option::of((0_usize..99, 0_i64..3))) {
            let _ = worth(&String::from_utf8_lossy(&bytes), applied);
            let content = MarksContent::read(&bytes);
            prop_assert!(content.whole <= bytes.len() as u64);
            prop_assert!(content.head.is_none() && content.lines.iter().all(|(line, _)| line.is_none()));
        }
    }
}
