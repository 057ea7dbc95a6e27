//! What a sender signs, as data: a template of the request's parts.

use std::fmt;
use std::str::FromStr;

use super::Algorithm;

/// One part of the signed content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
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
}

/// Signed content as a template such as `{timestamp}.{body}`.
///
/// ```
/// use whyhook::signature::Content;
///
/// let slack: Content = "v0:{timestamp}:{body}".parse()?;
/// assert_eq!(slack.to_string(), "v0:{timestamp}:{body}");
/// # Ok::<(), whyhook::signature::InvalidContent>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Content(Vec<Piece>);

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContent {
    /// A placeholder that means nothing.
    #[error(
        "unknown part {{{0}}} in the content template: expected timestamp, body, id, method, target, url or body_sha256"
    )]
    Unknown(String),
    /// A brace that is not closed.
    #[error("unclosed brace in the content template")]
    Unclosed,
    /// The body is not covered.
    #[error(
        "the content template must contain {{body}} or {{body_sha256}}: otherwise the signature does not cover the body"
    )]
    NoBody,
}

/// The parts of a request that a template may name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) timestamp: &'a [u8],
    pub(crate) id: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) url: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Content {
    const PLACEHOLDERS: [(&'static str, Piece); 7] = [
        ("timestamp", Piece::Timestamp),
        ("body", Piece::Body),
        ("id", Piece::Id),
        ("method", Piece::Method),
        ("target", Piece::Target),
        ("url", Piece::Url),
        ("body_sha256", Piece::BodyHash),
    ];

    /// A template of these pieces, for content that [`FromStr`] would refuse.
    pub(crate) fn of(pieces: Vec<Piece>) -> Self {
        Self(pieces)
    }

    /// Its pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether `piece` is part of it.
    #[must_use]
    pub fn covers(&self, piece: &Piece) -> bool {
        self.0.contains(piece)
    }

    /// Hands the content's bytes to `sink`, part by part.
    pub(crate) fn feed(&self, parts: &Parts<'_>, mut sink: impl FnMut(&[u8])) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => sink(text),
                Piece::Timestamp => sink(parts.timestamp),
                Piece::Body => sink(parts.body),
                Piece::Id => sink(parts.id),
                Piece::Method => sink(parts.method),
                Piece::Target => sink(parts.target),
                Piece::Url => sink(parts.url),
                Piece::BodyHash => sink(hex::encode(Algorithm::Sha256.hash(|sink| sink(parts.body))).as_bytes()),
            }
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self(vec![Piece::Timestamp, Piece::Text(b".".to_vec()), Piece::Body])
    }
}

impl FromStr for Content {
    type Err = InvalidContent;

    fn from_str(text: &str) -> Result<Self, InvalidContent> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.as_bytes().to_vec()));
            }
            let (name, after) = after.split_once('}').ok_or(InvalidContent::Unclosed)?;
            let known = Self::PLACEHOLDERS.into_iter().find(|(known, _)| *known == name);
            pieces.push(known.ok_or_else(|| InvalidContent::Unknown(crate::text::visible(name).into_owned()))?.1);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.as_bytes().to_vec()));
        }
        let content = Self(pieces);
        if content.covers(&Piece::Body) || content.covers(&Piece::BodyHash) {
            Ok(content)
        } else {
            Err(InvalidContent::NoBody)
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match (piece, Self::PLACEHOLDERS.iter().find(|(_, known)| known == piece)) {
                (Piece::Text(text), _) => formatter.write_str(&crate::text::visible_bytes(text))?,
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
        assert_eq!("{timestamp}.{body}".parse(), Ok(Content::default()));
        assert_eq!("{time}{body}".parse::<Content>(), Err(InvalidContent::Unknown("time".to_owned())));
        assert_eq!("{body".parse::<Content>(), Err(InvalidContent::Unclosed));
        assert_eq!("{timestamp}".parse::<Content>(), Err(InvalidContent::NoBody));
    }

    #[test]
    fn parts_come_in_their_order() {
        let content: Content = "{method}|{url}|{target}|{id}|{timestamp}|{body}|{body_sha256}".parse().unwrap();
        let parts = Parts { timestamp: b"1", id: b"i", method: b"POST", target: b"/t", url: b"u", body: b"" };
        let mut bytes = Vec::new();
        content.feed(&parts, |part| bytes.extend_from_slice(part));
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "POST|u|/t|i|1||e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
