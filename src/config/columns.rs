//! The columns of the list of deliveries.

use std::fmt;

use crate::text::suggestion;

/// One column, of the interface's list and of `whyhook list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListColumn {
    /// The number.
    Id,
    /// When it was received.
    Time,
    /// The verdict's word.
    Verdict,
    /// The code of the likeliest cause.
    Cause,
    /// The event's name; without one, method and path.
    Event,
    /// Whether it is live or a simulation.
    Kind,
    /// The method.
    Method,
    /// The target.
    Path,
    /// The webhook.
    Webhook,
    /// The peer's address.
    Remote,
    /// The status answered.
    Status,
    /// How long the answer took.
    Latency,
    /// The body's length.
    Size,
    /// Pin and tags.
    Tags,
    /// The note.
    Note,
}

impl ListColumn {
    /// Every column, as documentation lists them.
    pub const ALL: [Self; 15] = [
        Self::Id,
        Self::Time,
        Self::Verdict,
        Self::Cause,
        Self::Event,
        Self::Kind,
        Self::Method,
        Self::Path,
        Self::Webhook,
        Self::Remote,
        Self::Status,
        Self::Latency,
        Self::Size,
        Self::Tags,
        Self::Note,
    ];

    /// Its name in the configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Time => "time",
            Self::Verdict => "verdict",
            Self::Cause => "cause",
            Self::Event => "event",
            Self::Kind => "kind",
            Self::Method => "method",
            Self::Path => "path",
            Self::Webhook => "webhook",
            Self::Remote => "remote",
            Self::Status => "status",
            Self::Latency => "latency",
            Self::Size => "size",
            Self::Tags => "tags",
            Self::Note => "note",
        }
    }

    /// Reads names, separated by commas or white space.
    ///
    /// # Errors
    ///
    /// [`InvalidColumns`] for an unknown name, one that comes twice, or none at all.
    pub fn read_all(text: &str) -> Result<Vec<Self>, InvalidColumns> {
        let names = text.split(|character: char| character == ',' || character.is_whitespace());
        let mut columns = Vec::new();
        for name in names.filter(|name| !name.is_empty()) {
            let column = Self::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(name));
            let column = column.ok_or_else(|| InvalidColumns::Unknown(name.to_owned()))?;
            if columns.contains(&column) {
                return Err(InvalidColumns::Twice(column.name()));
            }
            columns.push(column);
        }
        if columns.is_empty() { Err(InvalidColumns::None) } else { Ok(columns) }
    }
}

/// Why a text does not name columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidColumns {
    /// Not a column's name.
    Unknown(String),
    /// Named more than once.
    Twice(&'static str),
    /// No names.
    None,
}

impl std::error::Error for InvalidColumns {}

impl fmt::Display for InvalidColumns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ListColumn::ALL.map(ListColumn::name);
        match self {
            Self::Unknown(name) => {
                let shown = crate::text::visible(name);
                let near = suggestion(name, names.into_iter());
                write!(formatter, "unknown column '{shown}': expected some of {}{near}", names.join(", "))
            }
            Self::Twice(name) => write!(formatter, "the column '{name}' is named twice: keep one"),
            Self::None => write!(formatter, "no columns named: expected some of {}", names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_in_their_order() {
        assert_eq!(
            ListColumn::read_all("cause, ID event"),
            Ok(vec![ListColumn::Cause, ListColumn::Id, ListColumn::Event])
        );
        assert_eq!(ListColumn::read_all("id,id"), Err(InvalidColumns::Twice("id")));
        assert_eq!(ListColumn::read_all(" , "), Err(InvalidColumns::None));
        let unknown = ListColumn::read_all("id,caus").unwrap_err().to_string();
        assert!(
            unknown.starts_with("unknown column 'caus'") && unknown.ends_with("did you mean 'cause'?"),
            "{unknown}"
        );
        for column in ListColumn::ALL {
            assert_eq!(ListColumn::read_all(column.name()), Ok(vec![column]));
        }
    }
}
