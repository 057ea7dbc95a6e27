//! A part of a request and what is done to it: `body|sha256|hex`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::filter::{Filter, UnknownFilter};
use super::parts::{Parts, Source};

/// A source with its filters, applied from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Expression {
    pub(in crate::signature) source: Source,
    pub(super) filters: Vec<Filter>,
}

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExpression {
    /// The part before the first bar means nothing.
    #[error(
        "unknown part '{0}': expected timestamp, id, body, method, url, host, target, path, query, secret, header:NAME, \
         query:NAME, form:NAME, json:/POINTER, pair:NAME, item:NUMBER, setting:NAME, a variable, or another part of \
         docs/schemes.md"
    )]
    Source(String),
    /// A filter that is none.
    #[error("unknown filter '{0}': see docs/schemes.md for those that there are")]
    Filter(String),
}

impl Expression {
    /// An expression without filters.
    #[must_use]
    pub fn plain(source: Source) -> Self {
        Self { source, filters: Vec::new() }
    }

    /// The name of the header that it is, when it is one and nothing is done to it.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        match &self.source {
            Source::Header(name) if self.filters.is_empty() => Some(name),
            _ => None,
        }
    }

    /// The bytes that it means; `None` when the request has no such part, or not in the form that a filter reads.
    pub(crate) fn value<'a>(&self, parts: &Parts<'a>) -> Option<Cow<'a, [u8]>> {
        let mut value = parts.get(&self.source);
        for filter in &self.filters {
            value = match filter {
                Filter::Or(text) => Some(value.unwrap_or_else(|| Cow::Owned(text.clone().into_bytes()))),
                // Nothing at all stands in place of what is missing, its punctuation gone with it.
                Filter::Wrap(before, after) => Some(match value {
                    Some(value) => Cow::Owned([before.as_bytes(), &value, after.as_bytes()].concat()),
                    None => Cow::Borrowed(&b""[..]),
                }),
                filter => value.and_then(|value| filter.apply(value, parts)),
            };
        }
        value
    }

    /// The variables that it names, those of its filters among them.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let of_filters = self.filters.iter().flat_map(|filter| match filter {
            Filter::Replace(both) => vec![&both.0, &both.1],
            _ => Vec::new(),
        });
        std::iter::once(&self.source).chain(of_filters).filter_map(|source| match source {
            Source::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether no filter loses a part of its source: another value of the source gives another one.
    pub(super) fn keeps_value(&self) -> bool {
        let mut digits = false;
        self.filters.iter().all(|filter| {
            let keeps = filter.keeps_value(digits);
            digits = filter.gives_digits();
            keeps
        })
    }

    /// Whether its value changes with the body.
    #[must_use]
    pub fn is_of_body(&self) -> bool {
        self.source.is_of_body()
    }
}

impl FromStr for Expression {
    type Err = InvalidExpression;

    fn from_str(text: &str) -> Result<Self, InvalidExpression> {
        let mut pieces = text.split('|');
        let name = pieces.next().unwrap_or_default();
        let visible = |text: &str| crate::text::visible(text).into_owned();
        let source = Source::read(name).map_err(|_| InvalidExpression::Source(visible(name)))?;
        let filters = pieces
            .map(|piece| Filter::read(piece).map_err(|UnknownFilter| InvalidExpression::Filter(visible(piece))))
            .collect::<Result<_, _>>()?;
        Ok(Self { source, filters })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.source)?;
        self.filters.iter().try_for_each(|filter| write!(formatter, "|{filter}"))
    }
}
