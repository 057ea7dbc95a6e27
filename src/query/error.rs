//! The errors of a filter, with their positions.

use crate::text::{did_you_mean, visible};

/// An invalid filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {at}: {problem}")]
pub struct QueryError {
    /// The byte offset in the filter's text, from 0; its length when something is missing at the end.
    pub at: usize,
    /// What is wrong there, and what was expected.
    pub problem: Problem,
}

/// The kind of error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// An unclosed quotation mark.
    #[error("unclosed quotation mark: expected another \"")]
    UnclosedQuote,
    /// An unclosed parenthesis.
    #[error("unclosed parenthesis: expected ')'")]
    UnclosedGroup,
    /// An unopened parenthesis.
    #[error("unexpected ')': no parenthesis is open")]
    UnopenedGroup,
    /// A term is missing.
    #[error("expected a word, a filter such as status:>=500, or '('")]
    ExpectedTerm,
    /// Too many nested groups or negations.
    #[error("too deeply nested: expected at most {} levels", super::parse::DEPTH_LIMIT)]
    TooDeep,
    /// Saved filters that name each other in a circle.
    #[error("the saved filters name each other in a circle: {}", circle(.0))]
    Circle(Vec<String>),
    /// `name:` is not an atom.
    #[error("unknown filter '{}:'{}", visible(.name), suggestion(*.nearest))]
    UnknownAtom {
        /// The name as written.
        name: String,
        /// The name of the atom that it is nearest to, if any is near.
        nearest: Option<&'static str>,
    },
    /// `@name` is not a saved filter.
    #[error("unknown saved filter '@{}'{}", visible(.name), saved_suggestion(.nearest.as_deref()))]
    UnknownSaved {
        /// The name as written.
        name: String,
        /// The name of the saved filter that it is nearest to, if any is near.
        nearest: Option<String>,
    },
    /// An invalid value of an atom.
    #[error("{}: expected {expected}", bad_value(.atom, .value))]
    BadValue {
        /// The atom's name.
        atom: &'static str,
        /// The value as written.
        value: String,
        /// What was expected.
        expected: String,
    },
}

/// `@a → @b → @a`
fn circle(names: &[String]) -> String {
    names.iter().chain(names.first()).map(|name| format!("@{name}")).collect::<Vec<_>>().join(" → ")
}

fn bad_value(atom: &str, value: &str) -> String {
    match atom {
        _ if value.is_empty() => format!("missing value after '{atom}:'"),
        "verdict" => format!("unknown verdict '{}'", visible(value)),
        "cause" => format!("unknown cause '{}'", visible(value)),
        "has" => format!("unknown word '{}' for 'has:'", visible(value)),
        "is" => format!("unknown word '{}' for 'is:'", visible(value)),
        _ => format!("invalid value '{}' for '{atom}:'", visible(value)),
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => did_you_mean(format_args!("{name}:")),
        None => "; to search for this text, put it in quotation marks".to_owned(),
    }
}

fn saved_suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => did_you_mean(format_args!("@{name}")),
        None => ": expected a name of [filters] in the configuration; text that begins with @ goes in quotation marks"
            .to_owned(),
    }
}
