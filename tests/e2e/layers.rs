//! The rooms of `src/`: each knows only those before it, and no files of two screens, or of two rooms, go in a circle.
//!
//! The files are read as tokens, not as text. So a path is seen wherever it stands (an import, an expression, a
//! macro's body, an attribute), by whatever way it climbs (`crate`, `super::super`, an imported module's name), and
//! nothing in a comment or a string is taken for one. What would get around that is refused: another name for the
//! crate's root, an item in `lib.rs` that is no room, a file under another path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::paths::{Module, Read, Token, read, tokens_of};
use crate::support::source::rust_files;

/// From the ground up: a room knows only those before it.
const ROOMS: &[&str] = &[
    "text",
    "system",
    "http",
    "delivery",
    "payload",
    "signature",
    "query",
    "rules",
    "diff",
    "simulate",
    "redact",
    "config",
    "store",
    "inspect",
    "send",
    "suite",
    "server",
    "archive",
    "api",
    "tui",
    "cli",
];

/// What of the interface is pure, and the folders of it that do I/O.
const PURE: &[&[&str]] = &[&["tui", "screens"], &["tui", "app"], &["tui", "keymap"], &["tui", "theme"]];
const IMPURE: &[&[&str]] = &[&["tui", "workers"], &["tui", "terminal"], &["tui", "event_loop"], &["server", "run"]];

/// Every file of `src/` that is no test's, by its module.
struct Sources {
    files: BTreeMap<Module, (PathBuf, Read)>,
}

impl Sources {
    fn open() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = rust_files(&source)
            .into_iter()
            .filter_map(|path| {
                let short = path.strip_prefix(&source).expect("below it").to_owned();
                let module = module_of(&short)?;
                let text = without_tests(&fs::read_to_string(&path).expect("a readable file"));
                Some((module.clone(), (short, read(&module, &text))))
            })
            .collect();
        Self { files }
    }

    /// The file that holds what `path` names.
    fn holder(&self, path: &[String]) -> Option<&Module> {
        (1..=path.len()).rev().find_map(|length| self.files.get_key_value(&path[..length])).map(|(module, _)| module)
    }

    /// From each file to those that it names.
    fn edges(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let to = |module: &Module, read: &'_ Read| {
            let named = read.named.iter().filter_map(|named| self.holder(&named.path));
            named.filter(|other| *other != module).collect()
        };
        self.files.iter().map(|(module, (_, read))| (module, to(module, read))).collect()
    }
}

fn module_of(path: &Path) -> Option<Module> {
    let mut parts: Module = path.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    let is_test = parts.iter().any(|part| matches!(part.as_str(), "tests" | "testing" | "main"));
    (!is_test).then_some(parts)
}

/// Cuts off the tests at a file's end: they may name what they like.
fn without_tests(text: &str) -> String {
    let end = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    text[..end.unwrap_or(text.len())].to_owned()
}

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// One line per arrow that runs the wrong way in the file of `module`.
fn violations(module: &[String], read: &Read) -> Vec<String> {
    let evasions = read.evasions.iter().map(|(line, how)| format!("{}:{line}: {how}", module.join("::")));
    let Some(room) = module.first() else {
        return evasions.collect();
    };
    let Some(own) = place(room) else {
        return vec![format!("{room} is no room of the table")];
    };
    let wrong = read.named.iter().filter_map(|named| {
        let other = named.path.first()?;
        let why = match place(other) {
            Some(place) if place <= own => return None,
            Some(_) => "which is above it",
            None => "which is no room",
        };
        Some(format!("{}:{}: {room} names {other}, {why}", module.join("::"), named.line))
    });
    evasions.chain(wrong).collect()
}

fn begins(module: &[String], with: &[&str]) -> bool {
    module.len() >= with.len() && module.iter().zip(with).all(|(part, expected)| part == expected)
}

#[test]
fn every_room_knows_only_those_before_it() {
    let sources = Sources::open();
    assert!(sources.files.len() > 300, "only {} files found", sources.files.len());
    let wrong: Vec<String> = sources.files.iter().flat_map(|(module, (_, read))| violations(module, read)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_root_holds_the_rooms_and_nothing_else() {
    let sources = Sources::open();
    let (_, root) = &sources.files[&Vec::new()];
    let mut declared = root.declared.clone();
    declared.sort();
    let mut rooms = ROOMS.to_vec();
    rooms.sort_unstable();
    assert_eq!(declared, rooms);
    assert_eq!(root.named, [], "lib.rs names rooms only");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    let code: Vec<&str> = text.lines().filter(|line| !line.starts_with("//!") && !line.is_empty()).collect();
    assert!(code.iter().all(|line| line.starts_with("pub mod ") && line.ends_with(';')), "{code:?}");
}

#[test]
fn what_is_pure_in_the_interface_does_no_io() {
    let sources = Sources::open();
    let is_of = |module: &[String], all: &[&[&str]]| all.iter().any(|part| begins(module, part));
    let wrong: Vec<String> = sources
        .files
        .iter()
        .filter(|(module, _)| is_of(module, PURE) && !is_of(module, IMPURE))
        .flat_map(|(module, (_, read))| {
            let impure = read.named.iter().filter(|named| is_of(&named.path, IMPURE));
            impure.map(|named| format!("{}:{}: names {}", module.join("::"), named.line, named.path.join("::")))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The screen of a module, or else its room.
fn part(module: &Module) -> &[String] {
    let depth = match module.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tui", "screens", _, ..] => 3,
        ["tui", _, ..] => 2,
        _ => 1,
    };
    &module[..depth.min(module.len())]
}

#[test]
fn no_files_of_two_screens_or_rooms_go_in_a_circle() {
    let sources = Sources::open();
    let edges = sources.edges();
    let circles: Vec<String> = circles(&edges)
        .into_iter()
        .filter(|circle| circle.iter().map(|module| part(module)).collect::<BTreeSet<_>>().len() > 1)
        .map(|circle| circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" ⇄ "))
        .collect();
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
}

/// Groups of files of which each names each by some way.
fn circles<'a>(edges: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> Vec<Vec<&'a Module>> {
    let reach = |from: &'a Module| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(module) = open.pop() {
            for next in edges.get(module).into_iter().flatten() {
                if seen.insert(*next) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = edges.keys().map(|module| (*module, reach(module))).collect();
    let mut done = BTreeSet::new();
    let mut circles = Vec::new();
    for module in edges.keys() {
        if done.contains(module) || !reached[module].contains(module) {
            continue;
        }
        let circle: Vec<&Module> = reached[module]
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(module)))
            .copied()
            .collect();
        done.extend(circle.iter().copied());
        circles.push(circle);
    }
    circles
}

/// Types that may be named from another file, each with the file's module.
fn public_types() -> Vec<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut types = Vec::new();
    for path in rust_files(&source) {
        let Some(module) = module_of(path.strip_prefix(&source).expect("below it")) else { continue };
        let text = without_tests(&fs::read_to_string(&path).expect("a readable file"));
        let tokens: Vec<Token> = tokens_of(&text).into_iter().map(|(token, _)| token).collect();
        for at in 0..tokens.len() {
            let word = |at: usize| match tokens.get(at) {
                Some(Token::Word(word)) => word.as_str(),
                _ => "",
            };
            let is_type = matches!(word(at), "struct" | "enum" | "trait" | "type" | "union");
            // `pub struct`, or `pub(crate) struct`.
            let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
            let is_public = before(1) == Some(&Token::Word("pub".to_owned()))
                || (before(1) == Some(&Token::Close) && (3..8).any(|back| word(at.saturating_sub(back)) == "pub"));
            if is_type && is_public {
                types.push((word(at + 1).to_owned(), module.join("::")));
            }
        }
    }
    types
}

#[test]
fn no_public_type_has_the_name_of_another() {
    let types = public_types();
    assert!(types.len() > 400, "only {} types found", types.len());
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, module) in types {
        by_name.entry(name).or_default().push(module);
    }
    let twice: Vec<_> = by_name.into_iter().filter(|(_, modules)| modules.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn an_arrow_that_runs_the_other_way_is_found() {
    let found = |module: &str, text: &str| {
        let module: Module = module.split("::").map(str::to_owned).collect();
        violations(&module, &read(&module, text))
    };
    for wrong in [
        "use crate::store::Reader;",
        "use crate::{text, store};",
        "use crate::{\n    text::{self, visible},\n    store::{Page, Reader},\n};",
        "pub(crate) use crate::cli;",
        "fn f() -> crate::store::Reader { todo() }",
        "fn f() { let x = <crate::tui::Model as Default>::default(); }",
        "use super::super::store::Reader;",
        "mod inner { use super::super::super::store; }",
        "macro_rules! m { () => { $crate::store::Reader } }",
        "fn f() { println!(\"{}\", crate::store::NAME); }",
        "use crate as root;",
        "use crate::*;",
        "use crate::{self as root};",
        "extern crate self as other;",
        "use whyhook::store::Reader;",
        "#[path = \"../store/log.rs\"] mod log;",
        "include!(\"../store/log.rs\");",
    ] {
        assert!(!found("delivery::head", wrong).is_empty(), "{wrong}");
    }
    assert_eq!(found("delivery", "use crate::{config, store};").len(), 2);
    let message = &found("delivery::head", "\nuse crate::store::Reader;")[0];
    assert_eq!(message, "delivery::head:2: delivery names store, which is above it");
    assert_eq!(found("store", "use crate::nowhere::X;").len(), 1);
    assert_eq!(found("nowhere", "use crate::text;").len(), 1);
    for fine in [
        "use crate::text::visible;",
        "//! As crate::store does.\n/// See [`crate::cli`].\n// crate::tui\nfn f() {}",
        "const S: &str = \"crate::store\";",
        "pub(crate) fn f() {}\npub(in crate::delivery) fn g() {}",
        "use mycrate::store;\nuse super::summary::Summary;",
        "fn f(a: A) { a.store::<u8>() }",
    ] {
        assert_eq!(found("delivery::head", fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_circle_is_found_also_through_an_imported_module() {
    let module = |name: &str| -> Module { name.split("::").map(str::to_owned).collect() };
    let files = [
        ("tui::screens::list::view", "use crate::tui::screens::raw;\nfn f() { raw::view::draw() }"),
        ("tui::screens::raw::view", "fn g() { super::super::list::view::f() }"),
        ("tui::screens::raw", "pub mod view;"),
    ];
    let files = files.map(|(name, text)| (module(name), (PathBuf::new(), read(&module(name), text))));
    let sources = Sources { files: files.into() };
    let edges = sources.edges();
    assert_eq!(circles(&edges).len(), 1);
}
