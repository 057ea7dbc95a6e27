//! What a configuration file says wrong, in words for whoever wrote it.

use std::path::PathBuf;

use crate::config::mistaken::{is_name, unnamed, without_values};
use crate::config::place::Place;
use crate::config::shown;
use crate::rules::RuleError;
use crate::text::{nearest, visible};

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read the configuration {}: {source}", shown(.file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is too large to be one.
    #[error("the configuration {} is larger than 1 MiB: name a TOML file with --config", shown(.file))]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// It says something that it may not.
    #[error("{}:{place}: {fault}", shown(.file))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Where.
        place: Place,
        /// What.
        fault: Fault,
    },
}

/// What the TOML reader says, without values, and with what was probably meant.
pub(crate) fn syntax_words(message: &str) -> String {
    Fault::of_syntax(message).to_string()
}

/// A name that serde does not know: `` unknown field `a`, expected one of `b`, `c` ``.
struct UnknownName<'a> {
    is_field: bool,
    name: &'a str,
    /// The names it expects; `Err` holds serde's words where it expects none.
    expected: Result<&'a str, &'a str>,
}

impl<'a> UnknownName<'a> {
    fn read(message: &'a str) -> Option<Self> {
        let field = message.strip_prefix("unknown field `");
        let rest = field.or_else(|| message.strip_prefix("unknown variant `"))?;
        // Whatever the name is, it ends before these words.
        let (name, expected) = match rest.rsplit_once("`, expected ") {
            Some((name, expected)) if is_list_of_names(expected) => (name, Ok(expected)),
            _ => {
                let at = rest.rfind("`, there are no ")?;
                (&rest[..at], Err(&rest[at + 1..]))
            }
        };
        Some(Self { is_field: field.is_some(), name, expected })
    }

    fn fault(&self) -> Fault {
        // A name that may be a secret is not repeated.
        let is_shown = is_name(self.name);
        let found = if is_shown { format!("`{}`", self.name) } else { unnamed(self.name) };
        let expected = match self.expected {
            Ok(names) => format!(", expected {names}"),
            Err(none) => none.to_owned(),
        };
        if !self.is_field {
            // A name of a few: a variant to serde, and a value to whoever wrote it.
            return Fault::Syntax(format!("unknown value {found}{expected}"));
        }
        let known = self.expected.unwrap_or_default().split('`').skip(1).step_by(2);
        // One name says more than a list of thirty.
        let meant = nearest(self.name, known).filter(|_| is_shown).map(str::to_owned);
        let words = match &meant {
            Some(name) => format!("unknown field {found}; did you mean `{name}`?"),
            None => format!("unknown field {found}{expected}"),
        };
        Fault::UnknownField { words, meant }
    }
}

/// Whether this is what serde expects in the place of another name: `` `a` ``, `` `a` or `b` ``, `` one of `a`, `b` ``. What
/// a file says in its place cannot come after it.
fn is_list_of_names(expected: &str) -> bool {
    let parts: Vec<&str> = expected.strip_prefix("one of ").unwrap_or(expected).split('`').collect();
    let [first, inner @ .., last] = &parts[..] else { return false };
    let mut between = inner.iter().skip(1).step_by(2);
    first.is_empty() && last.is_empty() && inner.len() % 2 == 1 && between.all(|text| matches!(*text, ", " | " or "))
}

/// What the reader expects in the terms of TOML, where it says it in those of Rust.
fn plain_kinds(words: String) -> String {
    let Some((before, expected)) = words.rsplit_once(", expected ") else { return words };
    let plain = match expected {
        "a sequence" => "an array",
        "a map" => "a table",
        "f32" | "f64" => "a number",
        "u8" | "NonZeroU8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "true or false",
        _ => return words,
    };
    format!("{before}, expected {plain}")
}

/// What is wrong at a place in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No UTF-8.
    #[error("invalid UTF-8: save the file as UTF-8")]
    NotText,
    /// No TOML, or a value that the key does not take; in words, on one line.
    #[error("{0}")]
    Syntax(String),
    /// A key that its table does not have.
    #[error("{words}")]
    UnknownField {
        /// Which, and what is expected, on one line.
        words: String,
        /// The key that was probably meant.
        meant: Option<String>,
    },
    /// A key that its table lacks.
    #[error("missing field `{0}`")]
    MissingField(String),
    /// A webhook without a name.
    #[error("the webhook's name is empty: give it one")]
    EmptyName,
    /// A webhook's name that looks like a secret. Names are shown everywhere.
    #[error("the webhook's name looks like a secret, and is not repeated here: choose a short name")]
    SecretAsName,
    /// A second webhook of one name.
    #[error("duplicate webhook name '{}': choose another", visible(.0))]
    DuplicateName(String),
    /// A path that no request can have.
    #[error("invalid path '{}': expected '/' at the beginning, and no '?', '#' or space", visible(.0))]
    BadPath(String),
    /// A second webhook of one path.
    #[error(
        "duplicate path '{}': it already belongs to the webhook '{}'; choose another",
        visible(.path), visible(.owner)
    )]
    DuplicatePath {
        /// The path.
        path: String,
        /// The webhook that has it.
        owner: String,
    },
    /// A simulation that cannot be made.
    #[error("invalid simulation '{}': {reason}", visible(.name))]
    Simulation {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A saved filter's name that is none.
    #[error("invalid filter name '{}': expected lower-case letters, digits, - and _", visible(.0))]
    FilterName(String),
    /// A saved filter that cannot be read.
    #[error("invalid filter '{}': {reason}", visible(.name))]
    Filter {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A rule or an answer that cannot be.
    #[error("{0}")]
    Rule(RuleError),
    /// Both `respond` and `forward_to`.
    #[error(
        "'respond' and 'forward_to' conflict: each applies to every delivery; keep one, or make the other a rule with 'when'"
    )]
    TwoDefaults,
    /// Both `bell` and `notify`.
    #[error("'bell' and 'notify' conflict: bell is notify in brief; keep one")]
    TwoNotices,
    /// A label in `[secrets]` that is empty.
    #[error("the secret's label is empty: give it one")]
    EmptyLabel,
    /// A label that no secret has. It is not repeated here, for it may be a secret put in the wrong place.
    #[error(
        "the webhook '{}' names an unknown secret; known labels: {}",
        visible(.webhook), visible(.known)
    )]
    UnknownLabel {
        /// The webhook's name.
        webhook: String,
        /// Every label, joined by commas, or `none`.
        known: String,
    },
}

impl Fault {
    /// What the TOML reader says in `message`. Its errors are texts alone: their kinds are read here, and nowhere else.
    pub(super) fn of_syntax(message: &str) -> Self {
        if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            return Self::MissingField(field.to_owned());
        }
        match UnknownName::read(message) {
            Some(unknown) => unknown.fault(),
            None => Self::Syntax(plain_kinds(without_values(message))),
        }
    }
}
