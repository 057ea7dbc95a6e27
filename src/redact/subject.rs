//! What a value is, as far as it decides whether it goes.

/// A step from the root of a body to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RedactStep {
    Key(String),
    Index(usize),
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum RedactSubject<'a> {
    Header(&'a str),
    Parameter(&'a str),
    /// A text in a body.
    Text(&'a [RedactStep]),
    /// A number in a body.
    Number(&'a [RedactStep]),
}

/// The nearest name above a value.
pub(super) fn nearest_key(path: &[RedactStep]) -> &str {
    let key = path.iter().rev().find_map(|step| match step {
        RedactStep::Key(key) => Some(key.as_str()),
        RedactStep::Index(_) => None,
    });
    key.unwrap_or_default()
}
