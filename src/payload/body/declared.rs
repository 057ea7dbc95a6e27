//! What a request's head says of its body.

use crate::http::Head;

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

    /// The same of names and values.
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
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
        let media = String::from_utf8_lossy(essence).trim().to_ascii_lowercase();
        let charset =
            parameter(value, "charset").map(|name| String::from_utf8_lossy(&name).trim().to_ascii_lowercase());
        Self {
            media: (!media.is_empty()).then_some(media),
            charset,
            boundary: parameter(value, "boundary"),
            codings: Vec::new(),
        }
    }

    /// Whether the media type is JSON, or something written in it (RFC 6839, section 3.1).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media
            .as_deref()
            .is_some_and(|media| media == "application/json" || media == "text/json" || media.ends_with("+json"))
    }

    /// Whether the media type is XML, or something written in it (RFC 7303).
    #[must_use]
    pub fn is_xml(&self) -> bool {
        let is_xml = |media: &str| media == "application/xml" || media == "text/xml" || media.ends_with("+xml");
        self.media.as_deref().is_some_and(is_xml)
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
        self.media.as_deref() == Some(media)
    }
}

/// The parameter `name` of a header's value (RFC 9110, section 5.6.6): a token, or a quoted string
/// with its escapes undone.
#[must_use]
pub(super) fn parameter(value: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut rest = &value[memchr::memchr(b';', value)? + 1..];
    loop {
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b';'))?;
        rest = &rest[start..];
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let key = rest[..end].trim_ascii();
        let (text, after) = match rest.get(end) {
            Some(b'=') => text(&rest[end + 1..]),
            _ => (Vec::new(), &rest[end..]),
        };
        if key.eq_ignore_ascii_case(name.as_bytes()) {
            return Some(text);
        }
        rest = after;
    }
}

/// A token or quoted string, and what comes after it.
fn text(value: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        return (value[..end].trim_ascii().to_vec(), &value[end..]);
    };
    let mut text = Vec::new();
    let mut at = 0;
    while let Some(byte) = quoted.get(at) {
        match byte {
            b'"' => return (text, &quoted[at + 1..]),
            b'\\' if at + 1 < quoted.len() => {
                text.push(quoted[at + 1]);
                at += 1;
            }
            _ => text.push(*byte),
        }
        at += 1;
    }
    (text, &[])
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
        assert_eq!(parameter(b"x; name=\"un;closed", "name").unwrap(), b"un;closed");
        assert_eq!(parameter(b"x; a; name = b ", "name").unwrap(), b"b");
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

        /// As RFC 9110, section 5.6.6, has them written; of several with one name the first counts.
        #[test]
        fn what_is_written_is_read(
            media in "[A-Za-z]{1,8}/[a-z+.-]{1,8}",
            parameters in proptest::collection::vec(
                ("charset|boundary|[a-z]{1,8}", "[a-z0-9]{1,6}|[ -~]{0,12}", "[ \t;]{0,3}"), 0..4),
        ) {
            let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let is_token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let written = parameters.iter().map(|(name, text, space)| {
                let text = if is_token(text) { text.clone() } else { quoted(text) };
                format!(";{space}{name}={text}")
            });
            let value = media.clone() + &written.collect::<String>();
            let first = |name: &str| parameters.iter().find(|parameter| parameter.0 == name).map(|found| &found.1[..]);
            for (name, ..) in &parameters {
                let found = parameter(value.as_bytes(), &name.to_ascii_uppercase());
                prop_assert_eq!(found.as_deref(), first(name).map(str::as_bytes), "{}", value);
            }
            prop_assert_eq!(parameter(value.as_bytes(), "of-no-one"), None);
            let declared = Declared::of_type(value.as_bytes());
            prop_assert_eq!(declared.media, Some(media.to_ascii_lowercase()));
            prop_assert_eq!(declared.charset, first("charset").map(|name| name.trim().to_ascii_lowercase()));
            prop_assert_eq!(declared.boundary.as_deref(), first("boundary").map(str::as_bytes));
        }
    }
}
