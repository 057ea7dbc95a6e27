//! The filter language over deliveries, for the interface's `/` and for `whyhook list FILTER`.
//!
//! ```text
//! any    = all { ("|" | "or") all }
//! all    = unary { ["and"] unary }
//! unary  = ("!" | "-" | "not") unary | "(" any ")" | term
//! term   = word | "quoted text" | name:value | name:"quoted value" | @name
//! value  = text | number | >n | >=n | <n | <=n | =n | n..m
//! ```
//!
//! Inside quotation marks `\"` and `\\` stand for themselves. Letter case never matters. The atoms
//! and their help are one table: see [`help`].
//!
//! ```
//! use whyhook::query::Query;
//! let query = Query::parse("event:screenshot (verdict:bad | status:>=500) !is:sim")?;
//! assert_eq!(query.to_string(), "event:screenshot (verdict:bad | status:>=500) !is:sim");
//! assert!(!query.needs_content());
//! let error = Query::parse("evnt:app").unwrap_err();
//! assert_eq!(error.to_string(), "at 0: unknown filter 'evnt:'; did you mean 'event:'?");
//! # Ok::<(), whyhook::query::QueryError>(())
//! ```

mod atoms;
mod compare;
mod complete;
mod error;
mod evaluate;
mod flags;
mod lex;
mod named;
mod needle;
mod needs;
mod order;
mod parse;
mod pattern;
mod print;
mod range;
mod saved;
mod shown;
#[cfg(test)]
mod tests;
mod values;

pub use atoms::help;
pub use complete::{Completion, KnownValues, Suggestion, complete};
pub use error::{Problem, QueryError};
pub use evaluate::SearchedContent;
pub use needs::QueriedField;
pub use order::{ListOrder, OrderKey, Sorting, UnknownOrder};
pub use saved::SavedFilters;

use atoms::Atom;

/// A parsed filter. The empty one matches every delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    root: Option<Node>,
}

/// A filter's tree, flattened: no group holds a group of its own kind, or less than two nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Atom(Atom),
}

impl Query {
    /// Whether it matches every delivery because nothing was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Whether some atom looks into headers or bodies, which summaries do not hold.
    #[must_use]
    pub fn needs_content(&self) -> bool {
        self.root.as_ref().is_some_and(Node::needs_content)
    }

    /// The cost of matching against bodies, per byte of body, in units of a search for one ASCII text; 0 when no atom
    /// reads bodies.
    #[must_use]
    pub fn body_weight(&self) -> usize {
        self.root.as_ref().map_or(0, Node::body_weight)
    }
}

impl Node {
    fn needs_content(&self) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::needs_content),
            Self::Not(node) => node.needs_content(),
            Self::Atom(atom) => atom.needs_content(),
        }
    }

    fn body_weight(&self) -> usize {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().map(Self::body_weight).sum(),
            Self::Not(node) => node.body_weight(),
            Self::Atom(atom) => atom.body_weight(),
        }
    }
}
