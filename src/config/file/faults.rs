//! Every fault of a configuration at once, where a run stops at the first.
//!
//! The file is read as a run reads it. What its first fault is about is then taken out of the tree of its values, and it
//! is read again, until nothing is wrong. So each fault is worded as a run would word it, and what only follows from
//! another one (a required key whose value was wrong, a rule that names an answer with a mistake) is not reported.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{ConfigFile, Fault, FileError, Place, fault_of_syntax, read_text};

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
                Ok(Self { faults: vec![PlacedFault { place, words: fault.to_string() }], is_whole: false, file: None })
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
        let mut pruning = Pruning { tree, taken: Vec::new(), replaced: Vec::new() };
        let mut file = None;
        for _ in 0..READINGS.min(BYTES / text.len().max(1)) {
            let (offset, fault) = match super::read_tree(pruning.tree.clone(), path, text) {
                Ok(read) => {
                    file = Some(read);
                    break;
                }
                Err(found) => found,
            };
            let line = Place::of(text, offset).line;
            let is_on_line = |(at, _): &(usize, Fault)| Place::of(text, *at).line == line;
            // What the parser made of a line that is not TOML is a guess.
            let is_guessed = !is_toml && (missing_field(&fault).is_some() || faults.iter().any(is_on_line));
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
        let placed =
            |(offset, fault): (usize, Fault)| PlacedFault { place: Place::of(text, offset), words: fault.to_string() };
        Self {
            faults: faults.into_iter().map(placed).collect(),
            is_whole: file.is_some(),
            file: file.filter(|_| is_toml),
        }
    }
}

/// A step from a table or an array to something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
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

/// The field of `missing field `name``.
fn missing_field(fault: &Fault) -> Option<&str> {
    let Fault::Syntax(words) = fault else { return None };
    words.strip_prefix("missing field `")?.strip_suffix('`')
}

impl<'i> Pruning<'i> {
    /// Whether a fault is only there because of what was taken out before.
    fn follows(&self, offset: usize, fault: &Fault) -> bool {
        let missing = missing_field(fault);
        self.taken.iter().filter(|taken| taken.from == offset).any(|taken| match missing {
            Some(field) => taken.key == field,
            None => taken.was_known,
        })
    }

    /// Takes out what the fault is about, or puts something right in its place. False when nothing is there.
    fn take_out(&mut self, offset: usize, fault: &Fault) -> bool {
        let mut seeking = Seeking { offset, way: Vec::new(), found: None };
        seeking.table(self.tree.get_ref());
        let Some(mut way) = seeking.found.map(|(way, _)| way) else { return false };
        if matches!(fault, Fault::TwoDefaults) {
            way.truncate(1);
        }
        if let Some(field) = missing_field(fault).filter(|field| stand_in(&way, field, offset).is_some()) {
            way.push(Step::Key(field.to_owned()));
        }
        let Some((last, parents)) = way.split_last() else { return false };
        let root = self.tree.span().start;
        let Some(parent) = descend(self.tree.get_mut(), root, parents) else { return false };
        let from = parent.start();
        match (parent, last) {
            (Parent::Table(table, _), Step::Key(key)) => {
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
                let unknown = matches!(fault, Fault::Syntax(words) if words.starts_with("unknown field `"));
                self.taken.push(Taken { from, key: key.clone(), was_known: !unknown });
                if let Some(meant) = fault_suggestion(fault).filter(|_| unknown) {
                    self.taken.push(Taken { from, key: meant, was_known: false });
                }
            }
            (Parent::Array(array, _), Step::Item(at)) => {
                let mut rest = DeArray::new();
                let items = std::mem::replace(array, DeArray::new());
                items.iter().enumerate().filter(|(index, _)| index != at).for_each(|(_, item)| rest.push(item.clone()));
                *array = rest;
                self.taken.push(Taken { from, key: String::new(), was_known: true });
            }
            _ => return false,
        }
        true
    }
}

/// What a fault offers as what was probably meant.
fn fault_suggestion(fault: &Fault) -> Option<String> {
    let Fault::Syntax(words) = fault else { return None };
    Some(words.rsplit_once("did you mean `")?.1.strip_suffix("`?")?.to_owned())
}

/// What takes the place of a value with a fault, where others refer to it or would not be read without it. It lies nowhere
/// in the file.
fn stand_in<'i>(table: &[Step], key: &str, offset: usize) -> Option<DeValue<'i>> {
    let text = |text: String| DeValue::String(text.into());
    let top = match table.first()? {
        Step::Key(top) => top.as_str(),
        Step::Item(_) => return None,
    };
    match (top, table.len(), key) {
        ("webhook", 2, "name") => Some(text(format!("webhook {offset}"))),
        ("webhook", 2, "path") => Some(text(format!("/webhook-{offset}"))),
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

/// What something is in, and where that begins.
enum Parent<'a, 'i> {
    Table(&'a mut DeTable<'i>, usize),
    Array(&'a mut DeArray<'i>, usize),
}

impl Parent<'_, '_> {
    fn start(&self) -> usize {
        match self {
            Self::Table(_, start) | Self::Array(_, start) => *start,
        }
    }
}

fn descend<'a, 'i>(table: &'a mut DeTable<'i>, start: usize, way: &[Step]) -> Option<Parent<'a, 'i>> {
    let mut parent = Parent::Table(table, start);
    for step in way {
        let value = match (parent, step) {
            (Parent::Table(table, _), Step::Key(key)) => table.get_mut(key.as_str())?,
            (Parent::Array(array, _), Step::Item(at)) => array.get_mut(*at)?,
            _ => return None,
        };
        let start = value.span().start;
        parent = match value.get_mut() {
            DeValue::Table(table) => Parent::Table(table, start),
            DeValue::Array(array) => Parent::Array(array, start),
            _ => return None,
        };
    }
    Some(parent)
}

/// Looks for the narrowest key or value at an offset; of two alike, the outer one.
struct Seeking {
    offset: usize,
    way: Vec<Step>,
    found: Option<(Vec<Step>, usize)>,
}

impl Seeking {
    fn consider(&mut self, span: std::ops::Range<usize>) {
        let is_narrower = self.found.as_ref().is_none_or(|(_, width)| span.len() < *width);
        if span.contains(&self.offset) && is_narrower {
            self.found = Some((self.way.clone(), span.len()));
        }
    }

    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.way.push(Step::Key(key.get_ref().to_string()));
            self.consider(key.span());
            self.value(value);
            self.way.pop();
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) {
        self.consider(value.span());
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(array) => {
                for (at, item) in array.iter().enumerate() {
                    self.way.push(Step::Item(at));
                    self.value(item);
                    self.way.pop();
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let checked = CheckedFile::of(Path::new("whyhook.toml"), text);
        checked.faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.words)).collect()
    }

    #[track_caller]
    fn assert_begin(found: &[String], wanted: &[&str]) {
        let fit =
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| found.starts_with(wanted));
        assert!(fit, "{found:#?}");
    }

    #[test]
    fn every_fault_is_found_in_the_order_of_the_file() {
        let text = "bindd = '127.0.0.1:1'\ntolerance = '5'\nmouse = 'no'\ncolumns = ['id', 'caus']\n\
            [limits]\nhead = '1ms'\nheads = '1s'\n\
            [[webhook]]\nname = ''\npath = 'a'\n\
            [[rules]]\nwhen = 'verdict:nonsense'\nthen = 'nonsense'\n\
            [theme]\nbase = 'drak'\nverfied = 2\n";
        assert_begin(
            &faults(text),
            &[
                "1:1: unknown field `bindd`",
                "2:13: invalid duration '5'",
                "3:9: invalid type",
                "4:11: unknown column 'caus'",
                "6:8: expected a duration",
                "7:1: unknown field `heads`",
                "9:8: the webhook's name is empty",
                "10:8: invalid path 'a'",
                "12:8: at 8: unknown verdict 'nonsense'",
                "13:8:",
                "15:8: invalid theme 'drak'",
                "16:1: unknown colour 'verfied'",
            ],
        );
    }

    #[rstest]
    #[case("[[rules]]\nthenx = '503'", &["2:1: unknown field `thenx`"])]
    #[case("[on_delivery]\ncommand = ['']\njobs = 0", &["2:11: the command is empty", "3:8: invalid jobs"])]
    #[case("[on_delivery]\ncommand = [1]", &["2:12: invalid type"])]
    #[case("[on_delivery]\njobs = 0", &["1:1: missing field `command`", "2:8: invalid jobs"])]
    #[case("[answers.later]\nstatus = 5000\n[[rules]]\nthen = 'later'", &["1:10:"])]
    #[case("[answers.later]\nstatus = 'x'\n[[rules]]\nthen = 'later'", &["2:10: invalid type"])]
    #[case("bell = '@broken'\n[filters]\nbroken = 'verdict:nonsense'", &["3:10: invalid filter 'broken'"])]
    #[case("bell = '@brokn'\n[filters]\nbroken = 'verdict:bad'", &["1:8: invalid filter: at 0: unknown saved filter '@brokn'"])]
    #[case("[filters]\n'A B' = 'verdict:nonsense'", &["2:1: invalid filter name"])]
    #[case("respond = '200'\nforward_to = ['http://127.0.0.1:1', 'http://127.0.0.1:2']", &["2:15: 'respond' and 'forward_to' conflict"])]
    #[case("bell = 'is:live'\nnotify = {}", &["2:10: 'bell' and 'notify' conflict"])]
    #[case("[secrets]\na = { key = 'A' }\n'' = { env = 'A' }", &["2:5: expected one of { env", "3:1: the secret's label is empty"])]
    #[case("[keys.list.deeper]\na = 'b'", &["1:12: expected a key"])]
    #[case("[[webhook]]\nname = 'a'\npath = '/a'\nscheme = 'gihtub'\n[[webhook]]\nname = 'a'\npath = '/a'", &["4:10: unknown scheme", "6:8: duplicate webhook name", "7:8: duplicate path"])]
    fn what_follows_from_a_fault_is_none(#[case] text: &str, #[case] wanted: &[&str]) {
        assert_begin(&faults(text), wanted);
    }

    #[test]
    fn mistakes_of_toml_come_with_the_others() {
        let found = faults("bind = 'nowhere'\ntolerance = = 5\nmouse = yes\nhold_for = '2h'\n");
        let lines: Vec<&str> = found.iter().filter_map(|fault| fault.split(':').next()).collect();
        assert_eq!(lines, ["1", "2", "3", "4"], "{found:#?}");
        // And nothing of a file like this is used.
        assert!(CheckedFile::of(Path::new("x"), "bind = = 1").file.is_none());
    }

    #[test]
    fn what_is_right_is_kept() {
        let text = "tolerance = '5'\nhold_for = '3s'\n[secrets]\na = { env = 'A' }\n";
        let checked = CheckedFile::of(Path::new("x"), text);
        let file = checked.file.unwrap();
        assert_eq!((file.tolerance, file.hold_for), (None, Some(std::time::Duration::from_secs(3))));
        assert_eq!(file.secrets.len(), 1);
    }

    /// Lines of which many mean something, and may be wrong together in any way.
    fn lines() -> impl Strategy<Value = String> {
        let line = proptest::sample::select(vec![
            "bind = '127.0.0.1:1'",
            "bind = 1",
            "nothing = 1",
            "[limits]",
            "head = '1s'",
            "head = 1",
            "[[rules]]",
            "when = 'is:sim'",
            "when = 'is:nonsense'",
            "then = '503'",
            "then = 'later'",
            "[answers.later]",
            "status = 503",
            "status = 1",
            "[[webhook]]",
            "name = 'a'",
            "path = '/a'",
            "path = 1",
            "secret = ['a', 1]",
            "scheme = { preset = 'github', nothing = 1 }",
            "[filters]",
            "b = 'is:sim'",
            "c = '@b'",
            "d = 'is:nonsense @c'",
            "[on_delivery]",
            "command = ['a', 1]",
            "jobs = 99",
            "[keys]",
            "replay = 'x'",
            "x.y.z = 1",
            "[",
            "=",
            "'",
            "[theme]",
            "base = 'x'",
            "[simulations.x]",
            "count = 0",
            "[redact]",
            "keep = ['a..b', 'a']",
        ]);
        proptest::collection::vec(line, 0..25).prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        /// A run refuses a file when, and only when, faults are found, and the first in the file's order of them all is
        /// never a later one than the run's.
        #[test]
        fn there_are_faults_when_a_run_refuses(text in lines()) {
            let checked = CheckedFile::of(Path::new("x"), &text);
            match ConfigFile::parse(Path::new("x"), &text) {
                Ok(_) => prop_assert!(checked.faults.is_empty() && checked.file.is_some(), "{:?}", checked.faults),
                Err(super::super::FileError::Invalid { place, fault, .. }) => {
                    let words = fault.to_string();
                    prop_assert!(checked.faults.iter().any(|found| (found.place, &found.words) == (place, &words)), "{:?}", checked.faults);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
            let mut places: Vec<_> = checked.faults.iter().map(|fault| (fault.place.line, fault.place.column, &fault.words)).collect();
            let count = places.len();
            places.dedup();
            prop_assert_eq!(places.len(), count);
        }
    }
}
