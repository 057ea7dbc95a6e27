//! Every fault of a configuration at once, where a run stops at the first.
//!
//! The file is read as a run reads it. What its first fault is about is then taken out of the tree of its values, and it
//! is read again, until nothing is wrong. So each fault is worded as a run would word it, and what only follows from
//! another one (a required key whose value was wrong, a rule that names an answer with a mistake) is not reported.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::tree::{Parent, Seeking, TreeStep, descend, keep_items, without_item};
use super::{ConfigFile, Fault, FileError, Place, fault_of_syntax, read_text};
use crate::rules::{RuleError, RuleProblem};

/// Faults beyond this many are not looked for.
const FAULTS: usize = 100;
/// How often a file is read for them, at most: what follows from a fault takes a reading as well.
const READINGS: usize = 4 * FAULTS;
/// The bytes that are read for them, over all readings: a large file is read less often.
const BYTES: usize = 32 << 20;
/// What takes the place of a saved filter with a fault, so that whoever names it is not at fault too.
const ANY_FILTER: &str = "is:live";

/// A fault and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFault {
    /// Where in the file.
    pub place: Place,
    /// What is wrong, and what is expected, on one visible line.
    pub words: String,
    /// The key of the whole file that it is in or about, where one is.
    key: Option<String>,
    /// The key that was probably meant in the place of an unknown one.
    meant: Option<String>,
}

impl PlacedFault {
    /// One that is found in what was read.
    #[must_use]
    pub fn new(place: Place, words: String) -> Self {
        Self { place, words, key: None, meant: None }
    }

    /// Whether it is about this key of the whole file, or something in it, or was probably meant to be.
    pub(in crate::config) fn is_of(&self, key: &str) -> bool {
        [&self.key, &self.meant].into_iter().any(|own| own.as_deref() == Some(key))
    }
}

/// A file read for all of its faults.
#[derive(Debug)]
pub struct CheckedFile {
    /// The faults in the order of the file: all, or 100, or as many as a large file is read for.
    pub faults: Vec<PlacedFault>,
    /// Whether these are all.
    pub is_whole: bool,
    /// What the file says without what is wrong in it; `None` where that cannot be read either.
    pub file: Option<ConfigFile>,
}

impl CheckedFile {
    /// Reads the file `path`.
    ///
    /// # Errors
    ///
    /// [`FileError::Unreadable`] and [`FileError::TooLarge`]: nothing is known of what it says.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        match read_text(path) {
            Ok(text) => Ok(Self::of(path, &text)),
            Err(FileError::Invalid { place, fault, .. }) => {
                Ok(Self { faults: vec![PlacedFault::new(place, fault.to_string())], is_whole: false, file: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads `text`, the content of `path`.
    #[must_use]
    pub fn of(path: &Path, text: &str) -> Self {
        let (tree, errors) = DeTable::parse_recoverable(text);
        let mut faults: Vec<(usize, Fault)> = Vec::new();
        for error in errors {
            let (offset, fault) = fault_of_syntax(&error);
            // What a parser finds in the rest of a line follows from its first mistake.
            let line = Place::of(text, offset).line;
            if !faults.iter().any(|(at, _)| Place::of(text, *at).line == line) {
                faults.push((offset, fault));
            }
        }
        let is_toml = faults.is_empty();
        let whole = tree.clone();
        let mut pruning = Pruning { tree, taken: Vec::new(), replaced: Vec::new() };
        let mut file = None;
        for _ in 0..READINGS.min(BYTES / text.len().max(1)) {
            let (offset, fault) = match super::read_tree(&pruning.tree, path, text) {
                Ok(read) => {
                    file = Some(read);
                    break;
                }
                Err(found) => found,
            };
            let line = Place::of(text, offset).line;
            let is_on_line = |(at, _): &(usize, Fault)| Place::of(text, *at).line == line;
            // What the parser made of a line that is not TOML is a guess.
            let is_guessed = !is_toml && (matches!(fault, Fault::MissingField(_)) || faults.iter().any(is_on_line));
            let is_new = !is_guessed && !pruning.follows(offset, &fault) && !faults.contains(&(offset, fault.clone()));
            let goes_on = pruning.take_out(offset, &fault);
            if is_new {
                faults.push((offset, fault));
            }
            if !goes_on || faults.len() >= FAULTS {
                break;
            }
        }
        faults.sort_by_key(|(offset, _)| *offset);
        let placed = |(offset, fault): (usize, Fault)| PlacedFault {
            place: Place::of(text, offset),
            words: fault.to_string(),
            key: Seeking::way(&whole, offset, false).and_then(|way| way.first().and_then(TreeStep::key)),
            meant: if let Fault::UnknownField { meant, .. } = fault { meant } else { None },
        };
        Self {
            faults: faults.into_iter().map(placed).collect(),
            is_whole: file.is_some(),
            file: file.filter(|_| is_toml),
        }
    }
}

/// Something that was taken out of a table or an array.
struct Taken {
    /// Where the table or array begins.
    from: usize,
    /// The key, or the one that was probably meant; nothing for an array's item.
    key: String,
    /// Whether what is left may be wrong without it.
    was_known: bool,
}

/// A tree of values that loses those with faults.
struct Pruning<'i> {
    tree: Spanned<DeTable<'i>>,
    taken: Vec<Taken>,
    /// What has a stand-in already: where its table begins, and its key.
    replaced: Vec<(usize, String)>,
}

impl<'i> Pruning<'i> {
    /// Whether a fault is only there because of what was taken out before.
    fn follows(&self, offset: usize, fault: &Fault) -> bool {
        self.taken.iter().filter(|taken| taken.from == offset).any(|taken| match fault {
            // The first key of a file is where its table begins; nothing makes it known.
            Fault::UnknownField { .. } => false,
            Fault::MissingField(field) => taken.key == *field,
            _ => taken.was_known,
        })
    }

    /// Takes out what the fault is about, or puts something right in its place. False when nothing is there.
    fn take_out(&mut self, offset: usize, fault: &Fault) -> bool {
        let is_missing = matches!(fault, Fault::MissingField(_));
        let Some(mut way) = Seeking::way(&self.tree, offset, is_missing) else { return false };
        match fault {
            Fault::TwoDefaults => way.truncate(1),
            Fault::MissingField(field) if stand_in(&way, field, offset).is_some() => {
                way.push(TreeStep::Key(field.clone()));
            }
            _ => {}
        }
        let Some((last, parents)) = way.split_last() else { return false };
        let root = self.tree.span().start;
        let Some(parent) = descend(self.tree.get_mut(), root, parents) else { return false };
        let from = parent.start();
        match (parent, last) {
            (Parent::Table(table, _), TreeStep::Key(key)) => {
                let place = (from, key.clone());
                let stand_in = stand_in(parents, key, offset)
                    .filter(|_| !matches!(fault, Fault::FilterName(_)) && !self.replaced.contains(&place));
                if let Some(value) = stand_in {
                    let nowhere = offset..offset;
                    table.insert(Spanned::new(nowhere.clone(), key.clone().into()), Spanned::new(nowhere, value));
                    self.replaced.push(place);
                    return true;
                }
                table.remove(key.as_str());
                let is_unknown = matches!(fault, Fault::UnknownField { .. });
                self.taken.push(Taken { from, key: key.clone(), was_known: !is_unknown });
                if let Fault::UnknownField { meant: Some(meant), .. } = fault {
                    self.taken.push(Taken { from, key: meant.clone(), was_known: false });
                }
            }
            (Parent::Array(array, _), TreeStep::Item(at)) => {
                match fault {
                    // All that are too many, and one for `respond`, which counts as a rule.
                    Fault::Rule(RuleError { problem: RuleProblem::TooManyRules { .. }, .. }) => {
                        keep_items(array, |index| index + 1 < *at);
                    }
                    _ => without_item(array, *at),
                }
                self.taken.push(Taken { from, key: String::new(), was_known: true });
            }
            _ => return false,
        }
        true
    }
}

/// What takes the place of a value with a fault, where others refer to it or would not be read without it. It lies nowhere
/// in the file.
fn stand_in<'i>(table: &[TreeStep], key: &str, offset: usize) -> Option<DeValue<'i>> {
    let text = |text: String| DeValue::String(text.into());
    let top = match table.first()? {
        TreeStep::Key(top) => top.as_str(),
        TreeStep::Item(_) => return None,
    };
    match (top, table.len(), key) {
        ("webhook", 2, "name") => Some(text(format!("webhook {offset}"))),
        ("webhook", 2, "path") => Some(text(format!("/webhook-{offset}"))),
        ("webhook", 4.., _) if table.last() == Some(&TreeStep::Key("variables".to_owned())) => {
            Some(text(String::new()))
        }
        ("rules", 2, "then") => Some(text("auto".to_owned())),
        ("filters", 1, _) => Some(text(ANY_FILTER.to_owned())),
        ("answers", 2, "status") => DeValue::parse("200").ok().map(Spanned::into_inner),
        ("answers", 1, _) => {
            let mut answer = DeTable::new();
            let nowhere = offset..offset;
            let status = DeValue::parse("200").ok()?.into_inner();
            answer.insert(Spanned::new(nowhere.clone(), "status".into()), Spanned::new(nowhere, status));
            Some(DeValue::Table(answer))
        }
        ("on_delivery", 1, "command") => {
            let mut command = DeArray::new();
            command.push(Spanned::new(offset..offset, text("true".to_owned())));
            Some(DeValue::Array(command))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
