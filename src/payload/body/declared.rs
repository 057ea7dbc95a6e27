//! What a request's head says of its body.

use crate::http::{Head, MediaType};

/// `Content-Type` and `Content-Encoding`, read leniently.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declared {
    /// The media type without parameters, in lower case: `application/json`. `None` when there is no
    /// `Content-Type`, or an empty one.
    pub media: Option<String>,
    /// The `charset` parameter in lower case.
    pub charset: Option<String>,
    /// The `boundary` parameter.
    pub boundary: Option<Vec<u8>>,
    /// The codings in the order in which they were applied, `identity` left out.
    pub codings: Vec<String>,
}

impl Declared {
    /// Reads a head. Of several `Content-Type` fields the first counts.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        Self::of_fields(head.pairs())
    }

    /// What names and values of headers declare.
    pub fn of_fields<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let (mut declared, mut codings) = (None, Vec::new());
        for (name, value) in fields {
            if name.eq_ignore_ascii_case(b"content-type") {
                declared.get_or_insert_with(|| Self::of_type(value));
            } else if name.eq_ignore_ascii_case(b"content-encoding") {
                let tokens = value.split(|byte| *byte == b',').map(|token| String::from_utf8_lossy(token.trim_ascii()));
                codings.extend(tokens.map(|token| token.to_ascii_lowercase()));
            }
        }
        codings.retain(|coding| !coding.is_empty() && coding != "identity");
        Self { codings, ..declared.unwrap_or_default() }
    }

    /// Reads the value of a `Content-Type` alone.
    #[must_use]
    pub fn of_type(value: &[u8]) -> Self {
        let kind = MediaType::new(value);
        let charset = kind.parameter("charset");
        Self {
            media: Some(kind.essence()).filter(|media| !media.is_empty()),
            charset: charset.map(|name| String::from_utf8_lossy(&name).trim().to_ascii_lowercase()),
            boundary: kind.parameter("boundary"),
            codings: Vec::new(),
        }
    }

    fn kind(&self) -> MediaType<'_> {
        MediaType::new(self.media.as_deref().unwrap_or_default())
    }

    /// Whether the media type is JSON, or something written in it (RFC 6839, section 3.1).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.kind().is_json()
    }

    /// Whether the media type is XML, or something written in it (RFC 7303).
    #[must_use]
    pub fn is_xml(&self) -> bool {
        self.kind().is_xml()
    }

    /// Whether the media type is a form's.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.kind().is_form()
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.kind().is_multipart()
    }

    /// Whether the media type is a language of which JSON is a part.
    pub(super) fn holds_json(&self) -> bool {
        let media = self.media.as_deref().unwrap_or_default();
        ["ndjson", "jsonl", "json-seq", "yaml"].iter().any(|name| media.contains(name))
    }

    /// Whether the media type is one whose bodies are never text. Of most others there are that (`application/yaml`,
    /// `application/graphql`, `application/jwt`).
    pub(super) fn is_binary(&self) -> bool {
        const BINARY: [&str; 11] =
            ["octet", "pdf", "zip", "gzip", "zstd", "tar", "wasm", "protobuf", "msgpack", "cbor", "avro"];
        let media = self.media.as_deref().unwrap_or_default();
        let (kind, name) = media.split_once('/').unwrap_or((media, ""));
        match kind {
            "image" | "audio" | "video" | "font" => true,
            "application" => BINARY.iter().any(|binary| name.split(['+', '-', '.']).any(|part| part == *binary)),
            _ => false,
        }
    }

    pub(super) fn is(&self, media: &str) -> bool {
        self.kind().is(media)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_read() {
        let declared = Declared::of_type(b"Multipart/Form-Data; charset=UTF-8 ; boundary=\"a \\\" b\"; x");
        assert_eq!(declared.media.as_deref(), Some("multipart/form-data"));
        assert_eq!((declared.charset.as_deref(), declared.boundary.as_deref()), (Some("utf-8"), Some(&b"a \" b"[..])));
        assert_eq!(Declared::of_type(b" ;").media, None);
    }

    #[test]
    fn codings_are_joined_from_every_field() {
        let head = "POST / HTTP/1.1\r\nContent-Encoding: GZIP, identity\r\ncontent-encoding: br\r\n\r\n";
        let declared = Declared::of(&Head::from(head));
        assert_eq!(declared.codings, ["gzip", "br"]);
    }

    proptest! {
        #[test]
        fn any_value_is_read(value in proptest::collection::vec(any::<u8>(), 0..60), tail in "[a-zA-Z;=\" \\\\]{0,30}") {
            for value in [&value[..], tail.as_bytes()] {
                let Declared { media, charset, .. } = Declared::of_type(value);
                for word in media.into_iter().chain(charset) {
                    prop_assert!(word == word.to_ascii_lowercase() && word == word.trim(), "{word:?}");
                }
            }
        }
    }
}
