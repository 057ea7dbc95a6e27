//! What a sender signs, as data: a template of the request's parts.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::{Expression, Filter, InvalidExpression, Parts, PlainFilter, Source};
use crate::signature::Algorithm;

/// One part of the signed content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum TemplatePiece {
    /// Fixed bytes.
    Text(Vec<u8>),
    /// The timestamp's text.
    Timestamp,
    /// The body.
    Body,
    /// The delivery's id, from a header of its own.
    Id,
    /// The request method.
    Method,
    /// The request target: path and query.
    Target,
    /// The full URL as the sender knew it.
    Url,
    /// The lower-case hexadecimal SHA-256 of the body.
    BodyHash,
    /// Any other part, and what is done to it.
    Value(Expression),
    /// These, each filled, then sorted and joined.
    Sorted(Vec<SignedContent>),
}

/// Signed content as a template such as `{timestamp}.{body}`.
///
/// ```
/// use whyhook::signature::SignedContent;
///
/// let slack: SignedContent = "v0:{timestamp}:{body}".parse()?;
/// assert_eq!(slack.to_string(), "v0:{timestamp}:{body}");
/// # Ok::<(), whyhook::signature::InvalidContent>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SignedContent(Vec<TemplatePiece>);

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContent {
    /// A placeholder that means nothing.
    #[error("{{{0}}} in a template: {1}")]
    Unknown(String, InvalidExpression),
    /// A brace that is not closed.
    #[error("a brace in a template is not closed; {{{{ and }}}} are braces themselves")]
    Unclosed,
    /// The body is not covered.
    #[error(
        "the content template contains neither {{body}} nor anything of it, or the components not content-digest: the \
         signature would not cover the body; covers_body = false says that this is meant"
    )]
    NoBody,
}

impl SignedContent {
    const PLACEHOLDERS: [(&'static str, TemplatePiece); 7] = [
        ("timestamp", TemplatePiece::Timestamp),
        ("body", TemplatePiece::Body),
        ("id", TemplatePiece::Id),
        ("method", TemplatePiece::Method),
        ("target", TemplatePiece::Target),
        ("url", TemplatePiece::Url),
        ("body_sha256", TemplatePiece::BodyHash),
    ];

    /// A template of these pieces, for content that [`FromStr`] would refuse.
    pub(crate) fn of(pieces: Vec<TemplatePiece>) -> Self {
        Self(pieces)
    }

    /// Its pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[TemplatePiece] {
        &self.0
    }

    /// Whether `piece` is part of it.
    #[must_use]
    pub fn covers(&self, piece: &TemplatePiece) -> bool {
        self.0.iter().any(|own| match own {
            TemplatePiece::Sorted(templates) => templates.iter().any(|template| template.covers(piece)),
            own => own == piece,
        })
    }

    /// The template of a key that is the secret's text.
    #[must_use]
    pub fn secret() -> Self {
        Self(vec![TemplatePiece::Value(Expression::plain(Source::Secret))])
    }

    /// A template that need not cover the body: a key, a claim.
    ///
    /// # Errors
    ///
    /// [`InvalidContent`] but for [`InvalidContent::NoBody`].
    pub fn read(text: &str) -> Result<Self, InvalidContent> {
        let mut pieces = Vec::new();
        let mut fixed = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            fixed.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                fixed.push_str(brace);
                rest = after;
                continue;
            }
            let (name, after) = rest.split_once('}').filter(|_| brace == "{").ok_or(InvalidContent::Unclosed)?;
            if !fixed.is_empty() {
                pieces.push(TemplatePiece::Text(std::mem::take(&mut fixed).into_bytes()));
            }
            let known = Self::PLACEHOLDERS.into_iter().find(|(known, _)| *known == name);
            pieces.push(match known {
                Some((_, piece)) => piece,
                None => TemplatePiece::Value(
                    name.parse()
                        .map_err(|error| InvalidContent::Unknown(crate::text::visible(name).into_owned(), error))?,
                ),
            });
            rest = after;
        }
        fixed.push_str(rest);
        if !fixed.is_empty() {
            pieces.push(TemplatePiece::Text(fixed.into_bytes()));
        }
        Ok(Self(pieces))
    }

    /// These templates, each filled, then sorted and joined.
    #[must_use]
    pub fn sorted(templates: Vec<Self>) -> Self {
        Self(vec![TemplatePiece::Sorted(templates)])
    }

    /// Whether another body would give other content.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        self.0.iter().any(|piece| match piece {
            TemplatePiece::Body | TemplatePiece::BodyHash => true,
            TemplatePiece::Value(expression) => expression.is_of_body(),
            TemplatePiece::Sorted(templates) => templates.iter().any(Self::covers_body),
            _ => false,
        })
    }

    /// Whether the body is in it as a whole, and not only in parts.
    pub(super) fn has_whole_body(&self) -> bool {
        self.0.iter().any(|piece| match piece {
            TemplatePiece::Body | TemplatePiece::BodyHash => true,
            TemplatePiece::Value(expression) => expression.source == Source::Body,
            TemplatePiece::Sorted(templates) => templates.iter().any(Self::has_whole_body),
            _ => false,
        })
    }

    /// The sources that it names, apart from the timestamp, the id and those that every request has.
    pub(in crate::signature) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().flat_map(|piece| -> Vec<&Source> {
            match piece {
                TemplatePiece::Value(expression) => vec![&expression.source],
                TemplatePiece::Sorted(templates) => templates.iter().flat_map(Self::sources).collect(),
                _ => Vec::new(),
            }
        })
    }

    /// The filters of its parts.
    pub(in crate::signature) fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.0.iter().flat_map(|piece| -> Vec<&Filter> {
            match piece {
                TemplatePiece::Value(expression) => expression.filters.iter().collect(),
                TemplatePiece::Sorted(templates) => templates.iter().flat_map(Self::filters).collect(),
                _ => Vec::new(),
            }
        })
    }

    /// This content with another filter in the place of each; templates that are sorted stay as they are.
    pub(in crate::signature) fn with_filters<'f>(&'f self, other: impl Fn(&'f Filter) -> &'f Filter) -> Self {
        let replaced = |piece: &'f TemplatePiece| match piece {
            TemplatePiece::Value(Expression { source, filters }) => {
                let filters = filters.iter().map(&other).cloned().collect();
                TemplatePiece::Value(Expression { source: source.clone(), filters })
            }
            piece => piece.clone(),
        };
        Self(self.0.iter().map(replaced).collect())
    }

    /// The filter of it that decodes base64 or hexadecimal digits, which not every text is.
    pub(in crate::signature) fn decoder(&self) -> Option<PlainFilter> {
        self.filters().find_map(|filter| match filter {
            Filter::Plain(plain @ (PlainFilter::Unbase64 | PlainFilter::Unhex)) => Some(*plain),
            _ => None,
        })
    }

    /// Whether all fields of a form are in it one by one, and not the form's bytes.
    pub(in crate::signature) fn reads_form(&self) -> bool {
        self.filters().any(Filter::reads_form)
    }

    /// Every part that it names, as an expression.
    pub(super) fn expressions(&self) -> Vec<Cow<'_, Expression>> {
        let mut all = Vec::with_capacity(self.0.len());
        for piece in &self.0 {
            let source = match piece {
                TemplatePiece::Text(_) => continue,
                TemplatePiece::Timestamp => Source::Timestamp,
                TemplatePiece::Body | TemplatePiece::BodyHash => Source::Body,
                TemplatePiece::Id => Source::Id,
                TemplatePiece::Method => Source::Method,
                TemplatePiece::Target => Source::Target,
                TemplatePiece::Url => Source::Url,
                TemplatePiece::Value(expression) => {
                    all.push(Cow::Borrowed(expression));
                    continue;
                }
                TemplatePiece::Sorted(templates) => {
                    all.extend(templates.iter().flat_map(Self::expressions));
                    continue;
                }
            };
            all.push(Cow::Owned(Expression::plain(source)));
        }
        all
    }

    /// The variables that it names.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|piece| -> Vec<&str> {
            match piece {
                TemplatePiece::Value(expression) => expression.variables().collect(),
                TemplatePiece::Sorted(templates) => templates.iter().flat_map(Self::variables).collect(),
                _ => Vec::new(),
            }
        })
    }

    /// Hands the content's bytes to `sink`, part by part. `None` when the request has no such part: then what was
    /// handed over means nothing.
    #[must_use]
    pub(crate) fn feed(&self, parts: &Parts<'_>, mut sink: impl FnMut(&[u8])) -> Option<()> {
        self.feed_pieces(parts, &mut |_, bytes| sink(bytes))
    }

    /// The same, each part with the piece that it stands for.
    #[must_use]
    pub(in crate::signature) fn feed_pieces(
        &self,
        parts: &Parts<'_>,
        to: &mut dyn FnMut(&TemplatePiece, &[u8]),
    ) -> Option<()> {
        for piece in &self.0 {
            let mut sink = |bytes: &[u8]| to(piece, bytes);
            match piece {
                TemplatePiece::Text(text) => sink(text),
                TemplatePiece::Timestamp => sink(parts.timestamp),
                TemplatePiece::Body => sink(parts.body),
                TemplatePiece::Id => sink(parts.id),
                TemplatePiece::Method => sink(parts.method),
                TemplatePiece::Target => sink(parts.target),
                TemplatePiece::Url => sink(parts.url),
                TemplatePiece::BodyHash => match parts.body_sha256 {
                    Some(known) => sink(known.as_bytes()),
                    None => sink(body_sha256(parts.body).as_bytes()),
                },
                TemplatePiece::Value(expression) => sink(&expression.value(parts)?),
                TemplatePiece::Sorted(templates) => {
                    let mut filled: Vec<Vec<u8>> =
                        templates.iter().map(|part| part.bytes(parts)).collect::<Option<_>>()?;
                    filled.sort();
                    filled.iter().for_each(|part| sink(part));
                }
            }
        }
        Some(())
    }

    /// The content in one piece.
    pub(crate) fn bytes(&self, parts: &Parts<'_>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.feed(parts, |part| bytes.extend_from_slice(part))?;
        Some(bytes)
    }

    /// The first part that a request does not have, by its name.
    pub(crate) fn missing(&self, parts: &Parts<'_>) -> Option<String> {
        self.0.iter().find_map(|piece| match piece {
            TemplatePiece::Value(expression) if expression.value(parts).is_none() => Some(parts.what_lacks(expression)),
            TemplatePiece::Sorted(templates) => templates.iter().find_map(|part| part.missing(parts)),
            _ => None,
        })
    }
}

/// The lower-case hexadecimal SHA-256 of a body.
pub(in crate::signature) fn body_sha256(body: &[u8]) -> String {
    hex::encode(Algorithm::Sha256.hash(|sink| sink(body)))
}

impl Default for SignedContent {
    fn default() -> Self {
        Self(vec![TemplatePiece::Timestamp, TemplatePiece::Text(b".".to_vec()), TemplatePiece::Body])
    }
}

impl FromStr for SignedContent {
    type Err = InvalidContent;

    fn from_str(text: &str) -> Result<Self, InvalidContent> {
        let content = Self::read(text)?;
        if content.covers_body() { Ok(content) } else { Err(InvalidContent::NoBody) }
    }
}

impl fmt::Display for SignedContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match (piece, Self::PLACEHOLDERS.iter().find(|(_, known)| known == piece)) {
                (TemplatePiece::Text(text), _) => {
                    let text = crate::text::visible_bytes(text).replace('{', "{{").replace('}', "}}");
                    formatter.write_str(&text)?;
                }
                (TemplatePiece::Value(expression), _) => write!(formatter, "{{{expression}}}")?,
                (TemplatePiece::Sorted(templates), _) => {
                    let parts: Vec<String> = templates.iter().map(Self::to_string).collect();
                    write!(formatter, "sorted({})", parts.join(", "))?;
                }
                (_, Some((name, _))) => write!(formatter, "{{{name}}}")?,
                (_, None) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_strictly() {
        assert_eq!("{timestamp}.{body}".parse(), Ok(SignedContent::default()));
        assert!(
            matches!("{Time}{body}".parse::<SignedContent>(), Err(InvalidContent::Unknown(name, _)) if name == "Time")
        );
        assert_eq!("{body".parse::<SignedContent>(), Err(InvalidContent::Unclosed));
        assert_eq!("{timestamp}".parse::<SignedContent>(), Err(InvalidContent::NoBody));
    }

    #[test]
    fn parts_come_in_their_order() {
        let content: SignedContent = "{method}|{url}|{target}|{id}|{timestamp}|{body}|{body_sha256}".parse().unwrap();
        let parts = Parts {
            timestamp: b"1",
            id: b"i",
            method: b"POST",
            target: b"/t",
            url: b"u",
            body: b"",
            ..Parts::default()
        };
        let mut bytes = Vec::new();
        content.feed(&parts, |part| bytes.extend_from_slice(part)).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "POST|u|/t|i|1||e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
