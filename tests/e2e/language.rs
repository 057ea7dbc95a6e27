//! What a person reads says it in the usual words: texts of the program, its help, the README and the docs.
//!
//! The table holds phrases that are understood only by whoever wrote them. The source is read as tokens, so that
//! a string within `format!` or `#[error("…")]` is seen, and a comment or a unit test is not.

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::support::source::rust_files;

/// A phrase, in lower case and as whole words, and what to say instead.
const PHRASES: &[(&str, &str)] = &[
    ("is no value for", "unknown …: expected one of …"),
    ("' is no ", "invalid … '…': expected …"),
    ("which is no ", "which is not a …, or: invalid …"),
    ("came no such", "the field is missing"),
    ("and is none", "but invalid at …"),
    ("anew", "again, or a verb with re-: re-sign, redraw"),
    ("of now", "current"),
    ("for ever", "at any time, or: without end"),
    ("or else", "also possible, or: otherwise"),
    ("parsed and written again", "re-serialised"),
    ("written again", "rewritten, or: re-serialised"),
    ("the server behind", "the upstream server"),
    ("no server behind", "no upstream server"),
    ("right receiver", "correct receiver, or: passed"),
    ("the listener stands", "listener status"),
    ("let it go with", "send the default answer"),
    ("at most so many", "maximum"),
    ("a field more", "add a field"),
    ("siblings shut", "fold siblings"),
    ("wholly open", "unfold all below"),
    ("what it stands in", "parent"),
    ("member beside it", "next sibling"),
    ("judged so", "verdict at capture"),
    ("nothing of this is kept", "not saved"),
    ("what lies between", "a proxy in between"),
    ("no whole request", "incomplete request"),
    ("than a query may", "the jq query exceeded its … limit"),
    ("who they are", "certificate verification"),
    ("can knock", "send a request yourself"),
    ("it hashes others", "your server hashes different bytes"),
    ("these bytes are right", "this signature is valid"),
    ("what was sent of", "replays of"),
    ("with the secret made-up", "with the temporary secret"),
    ("durable limit", "durability floor"),
];

/// What `#[derive(…)]` of clap's makes doc comments into help.
const CLAP: [&str; 4] = ["Parser", "Args", "Subcommand", "ValueEnum"];
/// Attributes whose strings a person reads.
const READ_ATTRIBUTES: [&str; 6] = ["error", "arg", "command", "clap", "value", "group"];

#[test]
fn the_program_speaks_plainly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = rust_files(&root.join("src"));
    files.retain(|file| !is_of_tests(file));
    assert!(files.len() > 200, "only {} files found", files.len());
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().display().to_string();
        found.extend(in_source(&path, &fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_documentation_speaks_plainly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join("SECURITY.md")];
    for folder in ["docs", "docs/messages"] {
        files.extend(fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    assert!(files.len() > 5, "only {} files found", files.len());
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().display().to_string();
        found.extend(in_text(&path, 1, &fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn what_a_person_reads_is_found() {
    for text in [
        r#"fn f() -> String { format!("it is signed {}", "anew") }"#,
        r##"const TEXT: &str = r#"Sign it "Anew""#;"##,
        r#"#[derive(Debug, thiserror::Error)] enum E { #[error("'{0}' is no value for this")] Value(String) }"#,
        "fn f() { log(\"the body was parsed \\\n        and written again\"); }",
        "/// Sign the body anew.\n#[derive(Debug, Parser)]\nstruct Sign;",
        "#[derive(clap::Args)]\nstruct Sign {\n    /// Sign the body anew.\n    again: bool,\n}",
        r#"#[derive(Args)] struct Sign { #[arg(long, help = "sign it anew")] again: bool }"#,
        r#"#[cfg(not(test))] fn f() { log("anew") }"#,
        r#"#[cfg(test)] mod tests { } fn f() { log("anew") }"#,
    ] {
        assert!(!in_source("src/cli/sign.rs", text).is_empty(), "{text}");
    }
    let found = in_source("src/tui/mod.rs", "\n\nfn f() { log(\"signed anew\") }");
    assert_eq!(found, ["src/tui/mod.rs:3: “anew”: say “again, or a verb with re-: re-sign, redraw”"]);
    let found = in_text("README.md", 1, "One line.\nTwo lines of the server\nbehind.\n");
    assert_eq!(found, ["README.md:2: “the server behind”: say “the upstream server”"]);
    assert_eq!(in_text("README.md", 1, "Anew.\nanew").len(), 2);
}

#[test]
fn what_nobody_reads_or_misreads_is_let_be() {
    for text in [
        "// Signed anew.\n/// Signed anew.\nfn f() { /* anew */ }",
        "//! Signed anew.\n",
        r#"#[cfg(test)] mod tests { #[test] fn f() { log("anew") } }"#,
        r#"#[cfg(test)] fn f<'a>(x: &'a [u8; 3]) -> String { format!("anew") }"#,
        r#"#[test] fn f() { log("anew") }"#,
        r#"#[expect(dead_code, reason = "used anew")] fn f() { log("it is signed again for every delivery") }"#,
        r#"fn f() { log(b'\''); log("renewed as a new one, of nowhere; there is no such field") }"#,
    ] {
        assert_eq!(in_source("src/cli/sign.rs", text), Vec::<String>::new(), "{text}");
    }
    let outside = "/// Sign the body anew.\n#[derive(Parser)]\nstruct Sign;";
    assert_eq!(in_source("src/tui/sign.rs", outside), Vec::<String>::new(), "no help is made of it");
    for (phrase, instead) in PHRASES {
        assert_eq!(in_text("", 1, instead), Vec::<String>::new(), "said instead of {phrase}");
    }
    assert!(is_of_tests(Path::new("src/a/tests/b.rs")) && is_of_tests(Path::new("src/a/testing.rs")));
    assert!(!is_of_tests(Path::new("src/a/attestation.rs")));
}

/// Whether a file holds nothing but tests and what they need.
fn is_of_tests(file: &Path) -> bool {
    file.iter().any(|part| ["tests", "tests.rs", "testing.rs"].iter().any(|name| part == *name))
}

/// The phrases in what a person reads of a source file.
fn in_source(path: &str, source: &str) -> Vec<String> {
    let tokens: TokenStream = source.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut reader = Reader { has_help: path.starts_with("src/cli"), texts: Vec::new() };
    reader.read(tokens, false);
    reader.texts.iter().flat_map(|(line, text)| in_text(path, *line, text)).collect()
}

/// The phrases in a text that begins at `line`.
fn in_text(path: &str, line: usize, text: &str) -> Vec<String> {
    let folded = text.replace(['\n', '\t'], " ").to_ascii_lowercase();
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let mut found = Vec::new();
    for (phrase, instead) in PHRASES {
        for (start, _) in folded.match_indices(phrase) {
            let (first, last) = (phrase.as_bytes().first(), phrase.as_bytes().last());
            let before = start.checked_sub(1).and_then(|before| folded.as_bytes().get(before));
            let after = folded.as_bytes().get(start + phrase.len());
            if (is_word(first) && is_word(before)) || (is_word(last) && is_word(after)) {
                continue;
            }
            let line = line + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
            found.push((line, format!("{path}:{line}: “{}”: say “{instead}”", phrase.trim())));
        }
    }
    found.sort();
    found.into_iter().map(|(_, words)| words).collect()
}

/// Gathers what a person reads from tokens: each text with its line.
struct Reader {
    /// Whether doc comments of clap's items are help here.
    has_help: bool,
    texts: Vec<(usize, String)>,
}

impl Reader {
    /// Reads the tokens of a file or of a group; `is_help` when the doc comments in it are help.
    fn read(&mut self, tokens: TokenStream, is_help: bool) {
        let mut tokens = tokens.into_iter().peekable();
        let mut item = Item::default();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    tokens.next_if(|next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'));
                    if let Some(TokenTree::Group(attribute)) =
                        tokens.next_if(|next| matches!(next, TokenTree::Group(_)))
                    {
                        self.attribute(&attribute, &mut item);
                    }
                }
                // A test ends with its braces or its semicolon.
                TokenTree::Group(group) if item.is_test && group.delimiter() == Delimiter::Brace => {
                    item = Item::default();
                }
                TokenTree::Group(_) if item.is_test => {}
                TokenTree::Group(group) => {
                    let is_body = group.delimiter() == Delimiter::Brace;
                    self.read(group.stream(), (is_help || item.is_clap) && self.has_help);
                    if is_body {
                        self.end(&mut item, is_help);
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' || (mark.as_char() == ',' && !item.is_test) => {
                    self.end(&mut item, is_help);
                }
                TokenTree::Literal(literal) if !item.is_test => {
                    let line = literal.span().start().line;
                    self.texts.extend(string(&literal.to_string()).map(|text| (line, text)));
                }
                _ => {}
            }
        }
        self.end(&mut item, is_help);
    }

    fn attribute(&mut self, attribute: &Group, item: &mut Item) {
        let mut tokens = attribute.stream().into_iter();
        let Some(TokenTree::Ident(name)) = tokens.next() else { return };
        let rest: TokenStream = tokens.collect();
        let says = |word: &str| words(rest.clone()).iter().any(|known| known == word);
        match name.to_string().as_str() {
            "test" => item.is_test = true,
            "cfg" if says("test") && !says("not") => item.is_test = true,
            "derive" if CLAP.iter().any(|name| says(name)) => item.is_clap = true,
            "doc" => {
                let texts = rest.into_iter().filter_map(|token| match token {
                    TokenTree::Literal(literal) => Some((literal.span().start().line, string(&literal.to_string())?)),
                    _ => None,
                });
                item.docs.extend(texts);
            }
            name if READ_ATTRIBUTES.contains(&name) && !item.is_test => self.read(rest, false),
            _ => {}
        }
    }

    /// An item, a field or a variant has ended: its doc comment is read when it is help.
    fn end(&mut self, item: &mut Item, is_help: bool) {
        let item = std::mem::take(item);
        if self.has_help && (is_help || item.is_clap) && !item.is_test {
            self.texts.extend(item.docs);
        }
    }
}

/// What the attributes of an item say.
#[derive(Default)]
struct Item {
    is_test: bool,
    is_clap: bool,
    docs: Vec<(usize, String)>,
}

/// The identifiers in tokens, at any depth.
fn words(tokens: TokenStream) -> Vec<String> {
    let words = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Ident(ident) => vec![ident.to_string()],
        TokenTree::Group(group) => words(group.stream()),
        _ => Vec::new(),
    });
    words.collect()
}

/// The text of a string's token; `None` for numbers and characters.
fn string(token: &str) -> Option<String> {
    let token = token.trim_start_matches(['b', 'c']);
    if let Some(raw) = token.strip_prefix('r') {
        let fence = raw.find('"')?;
        return Some(raw.get(fence + 1..raw.len() - fence - 1)?.to_owned());
    }
    let inner = token.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(character) = rest.next() {
        match (character, rest.peek()) {
            ('\\', Some('\n' | '\r')) => while rest.next_if(|next| next.is_whitespace()).is_some() {},
            ('\\', Some('n' | 'r' | 't')) => {
                rest.next();
                text.push(' ');
            }
            ('\\', Some(_)) => text.extend(rest.next()),
            (other, _) => text.push(other),
        }
    }
    Some(text)
}
