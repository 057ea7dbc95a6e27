//! What a sender signs, as data: a template of the request's parts.

use std::fmt;
use std::str::FromStr;

use super::Algorithm;

/// One part of the signed content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SignedContent(Vec<TemplatePiece>);

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
        self.0.contains(piece)
    }

    /// Hands the content's bytes to `sink`, part by part.
    pub(crate) fn feed(&self, parts: &Parts<'_>, mut sink: impl FnMut(&[u8])) {
        for piece in &self.0 {
            match piece {
                TemplatePiece::Text(text) => sink(text),
                TemplatePiece::Timestamp => sink(parts.timestamp),
                TemplatePiece::Body => sink(parts.body),
                TemplatePiece::Id => sink(parts.id),
                TemplatePiece::Method => sink(parts.method),
                TemplatePiece::Target => sink(parts.target),
                TemplatePiece::Url => sink(parts.url),
                TemplatePiece::BodyHash => {
                    sink(hex::encode(Algorithm::Sha256.hash(|sink| sink(parts.body))).as_bytes())
                }
            }
        }
    }
}

impl Default for SignedContent {
    fn default() -> Self {
        Self(vec![TemplatePiece::Timestamp, TemplatePiece::Text(b".".to_vec()), TemplatePiece::Body])
    }
}

impl FromStr for SignedContent {
    type Err = InvalidContent;

    fn from_str(text: &str) -> Result<Self, InvalidContent> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(TemplatePiece::Text(before.as_bytes().to_vec()));
            }
            let (name, after) = after.split_once('}').ok_or(InvalidContent::Unclosed)?;
            let known = Self::PLACEHOLDERS.into_iter().find(|(known, _)| *known == name);
            pieces.push(known.ok_or_else(|| InvalidContent::Unknown(crate::text::visible(name).into_owned()))?.1);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(TemplatePiece::Text(rest.as_bytes().to_vec()));
        }
        let content = Self(pieces);
        if content.covers(&TemplatePiece::Body) || content.covers(&TemplatePiece::BodyHash) {
            Ok(content)
        } else {
            Err(InvalidContent::NoBody)
        }
    }
}

impl fmt::Display for SignedContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match (piece, Self::PLACEHOLDERS.iter().find(|(_, known)| known == piece)) {
                (TemplatePiece::Text(text), _) => formatter.write_str(&crate::text::visible_bytes(text))?,
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
        assert_eq!("{time}{body}".parse::<SignedContent>(), Err(InvalidContent::Unknown("time".to_owned())));
        assert_eq!("{body".parse::<SignedContent>(), Err(InvalidContent::Unclosed));
        assert_eq!("{timestamp}".parse::<SignedContent>(), Err(InvalidContent::NoBody));
    }

    #[test]
    fn parts_come_in_their_order() {
        let content: SignedContent = "{method}|{url}|{target}|{id}|{timestamp}|{body}|{body_sha256}".parse().unwrap();
        let parts = Parts { timestamp: b"1", id: b"i", method: b"POST", target: b"/t", url: b"u", body: b"" };
        let mut bytes = Vec::new();
        content.feed(&parts, |part| bytes.extend_from_slice(part));
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "POST|u|/t|i|1||e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
