//! From tokens to a filter's tree, by recursive descent.

use std::cell::Cell;
use std::str::FromStr;

use super::lex::{QueryTerm, QueryToken, QueryTokenKind, lex};
use super::saved::reference;
use super::{Atom, Node, Problem, Query, QueryError, SavedFilters};

/// How deep groups and negations may nest: far beyond use, far within the stack.
pub(super) const DEPTH_LIMIT: usize = 64;

/// How many saved filters one filter may stand for, counted through each other.
const EXPANSION_LIMIT: usize = 256;

impl Query {
    /// Reads a filter; white space alone is the empty one.
    ///
    /// # Errors
    ///
    /// [`QueryError`] with the byte offset and what was expected there.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Self::parse_with(text, &SavedFilters::default())
    }

    /// Reads a filter in which `@name` stands for a saved one.
    ///
    /// # Errors
    ///
    /// As [`Query::parse`].
    pub fn parse_with(text: &str, saved: &SavedFilters) -> Result<Self, QueryError> {
        root(text, saved, 0, &Cell::new(0)).map(|root| Self { root })
    }
}

/// The tree of a text; none of an empty one.
fn root(text: &str, saved: &SavedFilters, depth: usize, expanded: &Cell<usize>) -> Result<Option<Node>, QueryError> {
    let tokens = lex(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), end: text.len(), depth, saved, expanded };
    let root = parser.any()?;
    match parser.tokens.next() {
        None => Ok(Some(root)),
        // `any` stops only at a closing parenthesis.
        Some(token) => Err(QueryError { at: token.at, problem: Problem::UnopenedGroup }),
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<QueryToken>>,
    end: usize,
    depth: usize,
    saved: &'a SavedFilters,
    /// How many saved filters were put in, however deep: each may name others twice.
    expanded: &'a Cell<usize>,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Node, QueryError> {
        let mut nodes = vec![self.all()?];
        while self.take(&QueryTokenKind::Or) {
            nodes.push(self.all()?);
        }
        Ok(grouped(nodes, Node::Any, |node| match node {
            Node::Any(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn all(&mut self) -> Result<Node, QueryError> {
        let mut nodes = vec![self.unary()?];
        while let Some(token) = self.tokens.peek() {
            if matches!(token.kind, QueryTokenKind::Or | QueryTokenKind::Close) {
                break;
            }
            self.take(&QueryTokenKind::And);
            nodes.push(self.unary()?);
        }
        Ok(grouped(nodes, Node::All, |node| match node {
            Node::All(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn unary(&mut self) -> Result<Node, QueryError> {
        let Some(token) = self.tokens.next() else {
            return Err(QueryError { at: self.end, problem: Problem::ExpectedTerm });
        };
        match token.kind {
            QueryTokenKind::Not => self.nested(token.at, |parser| Ok(Node::Not(Box::new(parser.unary()?)))),
            QueryTokenKind::Open => self.nested(token.at, |parser| {
                let node = parser.any()?;
                if parser.take(&QueryTokenKind::Close) {
                    Ok(node)
                } else {
                    Err(QueryError { at: token.at, problem: Problem::UnclosedGroup })
                }
            }),
            QueryTokenKind::Term(term) => match reference(&term.text).filter(|_| !term.quoted && term.name.is_none()) {
                Some(name) => self.saved(name, token.at),
                None => atom(term, token.at).map(Node::Atom),
            },
            QueryTokenKind::Close | QueryTokenKind::And | QueryTokenKind::Or => {
                Err(QueryError { at: token.at, problem: Problem::ExpectedTerm })
            }
        }
    }

    /// The filter that is saved as `name`. A mistake in it has its place in that filter, not here.
    fn saved(&mut self, name: &str, at: usize) -> Result<Node, QueryError> {
        let found = |problem| Err(QueryError { at, problem });
        let Some(text) = self.saved.get(name) else {
            let nearest = crate::text::nearest(name, self.saved.iter().map(|(name, _)| name));
            return found(Problem::UnknownSaved { name: name.to_owned(), nearest: nearest.map(str::to_owned) });
        };
        self.expanded.set(self.expanded.get() + 1);
        if self.depth >= DEPTH_LIMIT || self.expanded.get() > EXPANSION_LIMIT {
            return found(Problem::TooDeep);
        }
        match root(text, self.saved, self.depth + 1, self.expanded) {
            // An empty filter matches all, as a group of nothing does.
            Ok(root) => Ok(root.unwrap_or_else(|| Node::All(Vec::new()))),
            Err(error) => found(error.problem),
        }
    }

    fn nested(
        &mut self,
        at: usize,
        read: impl FnOnce(&mut Self) -> Result<Node, QueryError>,
    ) -> Result<Node, QueryError> {
        if self.depth == DEPTH_LIMIT {
            return Err(QueryError { at, problem: Problem::TooDeep });
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn take(&mut self, kind: &QueryTokenKind) -> bool {
        self.tokens.next_if(|token| token.kind == *kind).is_some()
    }
}

/// One node as itself, several as a group in which groups of the same kind are dissolved.
fn grouped(nodes: Vec<Node>, group: fn(Vec<Node>) -> Node, dissolve: fn(Node) -> Result<Vec<Node>, Node>) -> Node {
    let mut members = Vec::with_capacity(nodes.len());
    for node in nodes {
        match dissolve(node) {
            Ok(inner) => members.extend(inner),
            Err(other) => members.push(other),
        }
    }
    if members.len() == 1 { members.swap_remove(0) } else { group(members) }
}

fn atom(term: QueryTerm, at: usize) -> Result<Atom, QueryError> {
    let position = if term.name.is_some() { term.text_at } else { at };
    match &term.name {
        Some(name) => {
            let spec = super::atoms::spec(name).ok_or_else(|| {
                let nearest = crate::text::nearest(name, super::atoms::names());
                QueryError { at, problem: Problem::UnknownAtom { name: name.clone(), nearest } }
            })?;
            Atom::new(spec, term.text)
        }
        None => Atom::word(term.text, term.quoted),
    }
    .map_err(|problem| QueryError { at: position, problem })
}
