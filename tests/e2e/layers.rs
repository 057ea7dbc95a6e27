//! The layers of `src/` know only those to their left.

use std::fs;
use std::path::{Path, PathBuf};

/// From left to right. Layers in one group stand side by side and do not know each other.
const LAYERS: &[&[&str]] = &[
    &["text"],
    &["units", "panic", "wire"],
    &["read"],
    &["scratch"],
    &["delivery"],
    &["payload"],
    &["signature", "query", "picture", "compare"],
    &["answer", "simulation"],
    &["config"],
    &["store"],
    &["diagnosis", "reading", "export"],
    &["sender"],
    &["check", "consent", "simulator"],
    &["listener", "tunnel"],
    &["engine", "import"],
    &["session"],
    &["tui", "headless"],
    &["cli"],
];

/// Files that stand for the whole and may name anything.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

#[test]
fn every_layer_knows_only_those_to_its_left() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    gather(&source, &mut files);
    assert!(files.len() > 50, "only {} files found in {}", files.len(), source.display());
    let wrong: Vec<String> = files
        .iter()
        .map(|file| (file.strip_prefix(&source).unwrap(), fs::read_to_string(file).unwrap()))
        .flat_map(|(path, text)| violations(path, &text))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_layer_of_the_table_is_there() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for layer in LAYERS.concat() {
        let file = source.join(format!("{layer}.rs"));
        assert!(file.is_file() || source.join(layer).join("mod.rs").is_file(), "{layer} is in the table only");
    }
}

#[test]
fn an_arrow_that_runs_the_other_way_is_found() {
    let found = |path: &str, text: &str| violations(Path::new(path), text);
    for right in [
        "use crate::store::Reader;",
        "use crate::{text, store};",
        "use crate::{\n    text::{self, visible},\n    store::{Page, Reader},\n};",
        "pub(crate) use crate::cli;",
        "fn f() -> crate::store::Reader { todo() }",
        "let x = <crate::engine::Model as Default>::default();",
    ] {
        assert_eq!(found("delivery/head.rs", right).len(), 1, "{right}");
    }
    assert_eq!(found("delivery.rs", "use crate::{config, store};").len(), 2);
    assert_eq!(found("tui/view/list.rs", "use crate::headless::line;").len(), 1, "side by side");
    let unknown = found("nowhere/mod.rs", "use crate::text;");
    assert!(unknown[0].contains("nowhere has no place in the table"), "{unknown:?}");
    assert_eq!(found("store/mod.rs", "use crate::nowhere::X;").len(), 1);
    let message = &found("delivery/head.rs", "\nuse crate::store::Reader;")[0];
    assert_eq!(message, "src/delivery/head.rs:2: delivery names store, which stands to its right");

    for fine in [
        "use crate::text::visible;",
        "//! As crate::store does.\n/// See [`crate::cli`].\n// crate::engine",
        "use crate::delivery::Summary;",
        "use mycrate::store;",
    ] {
        assert_eq!(found("delivery/head.rs", fine), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(found("cli/mod.rs", "use crate::{tui, headless, text};"), Vec::<String>::new());
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !ROOTS.iter().any(|root| path.ends_with(Path::new("src").join(root)))
        {
            files.push(path);
        }
    }
}

/// One line per forbidden arrow in the file `path` (relative to `src/`).
fn violations(path: &Path, text: &str) -> Vec<String> {
    let layer = path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
    let Some(place) = place(layer) else {
        return vec![format!("src/{}: {layer} has no place in the table of layers", path.display())];
    };
    let is_allowed = |named: &str| named == layer || self::place(named).is_some_and(|other| other < place);
    named_layers(text)
        .into_iter()
        .filter(|(_, named)| !is_allowed(named))
        .map(|(line, named)| {
            let why = match self::place(&named) {
                None => "has no place in the table of layers",
                Some(other) if other == place => "stands beside it",
                Some(_) => "stands to its right",
            };
            format!("src/{}:{line}: {layer} names {named}, which {why}", path.display())
        })
        .collect()
}

fn place(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|group| group.contains(&layer))
}

/// What follows each `crate::` outside comments, with its line.
fn named_layers(text: &str) -> Vec<(usize, String)> {
    let code: Vec<&str> =
        text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect();
    let code = code.join("\n");
    let mut named = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let line = 1 + code[..at].matches('\n').count();
        let rest = &code[at + path.len()..];
        named.extend(first_names(rest).into_iter().map(|name| (line, name)));
    }
    named
}

/// `store` of `store::Reader`, and each first name of `{text, store::{Page, Reader}}`.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![rest.chars().take_while(|&character| is_name(character)).collect()];
    };
    let mut names = vec![String::new()];
    let mut depth = 0;
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.last_mut().unwrap().push(character),
            _ => {}
        }
    }
    let first = |name: &String| name.trim().chars().take_while(|&character| is_name(character)).collect();
    names.iter().map(first).filter(|name: &String| !name.is_empty()).collect()
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
