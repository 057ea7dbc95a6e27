//! Which paths a source file names, from the crate's root: read from its tokens, so that a path is seen wherever it
//! is, and nothing in a comment or a string is taken for one.

use std::collections::HashMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module's path from the crate's root, which is empty.
pub(crate) type Module = Vec<String>;

/// A path that a file names, from the crate's root, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) path: Module,
    pub(crate) line: usize,
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) named: Vec<Named>,
    /// What would get around the test, with its line.
    pub(crate) evasions: Vec<(usize, &'static str)>,
    /// The children that it declares in a file of their own.
    pub(crate) declared: Vec<String>,
}

/// A token without the groups, which become brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Sign(char),
    Open(Delimiter),
    Close,
}

fn flatten(stream: TokenStream, tokens: &mut Vec<(Token, usize)>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Ident(ident) => tokens.push((Token::Word(ident.to_string()), line)),
            TokenTree::Punct(punct) => tokens.push((Token::Sign(punct.as_char()), line)),
            TokenTree::Literal(_) => tokens.push((Token::Sign('"'), line)),
            TokenTree::Group(group) => {
                tokens.push((Token::Open(group.delimiter()), line));
                let end = group.span_close().start().line;
                flatten(group.stream(), tokens);
                tokens.push((Token::Close, end));
            }
        }
    }
}

/// The tokens of some source, each with its line.
pub(crate) fn tokens_of(text: &str) -> Vec<(Token, usize)> {
    let mut tokens = Vec::new();
    flatten(text.parse().expect("Rust"), &mut tokens);
    tokens
}

/// Reads a file of the module `module`.
pub(crate) fn read(module: &[String], text: &str) -> Read {
    let tokens = tokens_of(text);
    let mut reader = Reader { tokens, here: vec![module.to_vec()], imported: HashMap::new(), read: Read::default() };
    reader.file();
    reader.read
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    /// The module at hand, and those around it in this file.
    here: Vec<Module>,
    /// Names that imports give to modules or items.
    imported: HashMap<String, Module>,
    read: Read,
}

impl Reader {
    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(token, _)| token)
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.token(at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is_path_sign(&self, at: usize) -> bool {
        self.token(at) == Some(&Token::Sign(':')) && self.token(at + 1) == Some(&Token::Sign(':'))
    }

    fn module(&self) -> &Module {
        self.here.last().expect("the file's own module")
    }

    fn file(&mut self) {
        let mut at = 0;
        // Where each bracket at hand closes the module that it opened, if it did.
        let mut brackets: Vec<bool> = Vec::new();
        while at < self.tokens.len() {
            match self.token(at) {
                Some(Token::Open(Delimiter::Bracket)) if self.is_path_attribute(at) => {
                    self.evade(at, "a module under another path");
                    brackets.push(false);
                }
                Some(Token::Open(_)) => brackets.push(false),
                Some(Token::Close) if brackets.pop() == Some(true) => drop(self.here.pop()),
                Some(Token::Word(word)) if word == "mod" => {
                    if let Some(name) = self.word(at + 1).map(str::to_owned) {
                        match self.token(at + 2) {
                            Some(Token::Open(Delimiter::Brace)) => {
                                let inner = [self.module().as_slice(), &[name]].concat();
                                self.here.push(inner);
                                brackets.push(true);
                                at += 3;
                                continue;
                            }
                            Some(Token::Sign(';')) => self.read.declared.push(name),
                            _ => {}
                        }
                    }
                }
                Some(Token::Word(word)) if word == "use" => {
                    at = self.import(at + 1);
                    continue;
                }
                Some(Token::Word(word)) if word == "extern" && self.word(at + 1) == Some("crate") => {
                    self.evade(at, "extern crate");
                    at += 2;
                    continue;
                }
                Some(Token::Word(word)) if word == "include" && self.token(at + 1) == Some(&Token::Sign('!')) => {
                    self.evade(at, "included code");
                }
                Some(Token::Word(_)) => {
                    at = self.path(at);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// `#[path = …]`.
    fn is_path_attribute(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.token(before));
        before == Some(&Token::Sign('#'))
            && self.word(at + 1) == Some("path")
            && self.token(at + 2) == Some(&Token::Sign('='))
    }

    fn evade(&mut self, at: usize, how: &'static str) {
        self.read.evasions.push((self.tokens[at].1, how));
    }

    /// Reads the words of a path from `at` on, and returns where it ends.
    fn words(&self, mut at: usize) -> (Vec<String>, usize) {
        let mut words = Vec::new();
        while let Some(word) = self.word(at) {
            words.push(word.to_owned());
            at += 1;
            if !self.is_path_sign(at) {
                break;
            }
            at += 2;
        }
        (words, at)
    }

    /// A path in code.
    fn path(&mut self, start: usize) -> usize {
        let is_continued = start >= 2 && self.is_path_sign(start - 2);
        let (words, end) = self.words(start);
        let first = words[0].as_str();
        let follows_dot = start > 0 && self.token(start - 1) == Some(&Token::Sign('.'));
        if is_continued || follows_dot {
            return end;
        }
        match first {
            "crate" | "super" | "self" if words.len() > 1 => {
                if let Some(path) = self.absolute(&words) {
                    self.name(start, path);
                }
            }
            // `pub(crate)`; alone otherwise it names the root.
            "crate" => {
                let in_brackets =
                    matches!(self.token(start.wrapping_sub(1)), Some(Token::Open(Delimiter::Parenthesis)));
                if !in_brackets {
                    self.evade(start, "the crate's root by itself");
                }
            }
            "whyhook" => self.evade(start, "the crate by its own name"),
            _ if words.len() > 1 => {
                if let Some(module) = self.imported.get(first) {
                    let path = [module.as_slice(), &words[1..]].concat();
                    self.name(start, path);
                }
            }
            _ => {}
        }
        end
    }

    fn name(&mut self, at: usize, path: Module) {
        self.read.named.push(Named { path, line: self.tokens[at].1 });
    }

    /// A path that begins with `crate`, `self` or `super`, from the root.
    fn absolute(&self, words: &[String]) -> Option<Module> {
        let mut path = self.module().clone();
        let mut words = words.iter();
        let mut rest = Vec::new();
        for word in words.by_ref() {
            match word.as_str() {
                "crate" => path.clear(),
                "self" => {}
                "super" => drop(path.pop()),
                _ => {
                    rest.push(word.clone());
                    break;
                }
            }
        }
        rest.extend(words.cloned());
        path.extend(rest);
        Some(path)
    }

    /// An import: a tree of paths up to its semicolon.
    fn import(&mut self, at: usize) -> usize {
        // `use<'_>` in a type is no import.
        if self.token(at) == Some(&Token::Sign('<')) {
            return at;
        }
        self.tree(at, &[])
    }

    fn tree(&mut self, mut at: usize, before: &[String]) -> usize {
        if self.is_path_sign(at) {
            // An external crate.
            at += 2;
        }
        let (words, end) = self.words(at);
        let path: Vec<String> = [before, &words].concat();
        match self.token(end) {
            Some(Token::Open(Delimiter::Brace)) => {
                let mut next = end + 1;
                while self.token(next) != Some(&Token::Close) {
                    next = self.tree(next, &path);
                    if self.token(next) == Some(&Token::Sign(',')) {
                        next += 1;
                    }
                }
                next + 1
            }
            Some(Token::Sign('*')) => {
                self.take(at, &path, None);
                end + 1
            }
            _ if self.word(end) == Some("as") => {
                let name = self.word(end + 1).map(str::to_owned);
                self.take(at, &path, name);
                end + 2
            }
            _ => {
                let name = path.iter().rev().find(|word| *word != "self").cloned();
                self.take(at, &path, name);
                end
            }
        }
    }

    fn take(&mut self, at: usize, path: &[String], name: Option<String>) {
        let mut path = path.to_vec();
        if path.len() > 1 && path.last().is_some_and(|word| word == "self") {
            path.pop();
        }
        let first = path.first().map_or("", String::as_str);
        let absolute = match first {
            "crate" | "self" | "super" => self.absolute(&path),
            "whyhook" => {
                self.evade(at, "the crate by its own name");
                None
            }
            _ => self.imported.get(first).map(|module| [module.as_slice(), &path[1..]].concat()),
        };
        let Some(absolute) = absolute else { return };
        if absolute.is_empty() {
            self.evade(at, "the crate's root by another name");
            return;
        }
        self.name(at, absolute.clone());
        if let Some(name) = name {
            self.imported.insert(name, absolute);
        }
    }
}
