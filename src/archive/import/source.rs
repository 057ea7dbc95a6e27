//! Which format a file is in: told, or detected from its beginning.

use super::{curl, http_file, tnetstring};
use crate::http::is_token;

/// Members of an object that are looked at to tell what it is.
const MEMBERS: usize = 64;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportSource {
    /// One object after another, as `whyhook export --as json` and `show --format json` print them.
    Json,
    /// An HTTP Archive.
    Har,
    /// One request: head and body.
    Raw,
    /// curl command lines.
    Curl,
    /// An `.http` file.
    Http,
    /// Flows of mitmproxy.
    Mitmproxy,
    /// What ngrok's agent holds.
    Ngrok,
    /// Events that Stripe's command line prints.
    Stripe,
    /// Events and requests that Hookdeck's command line prints.
    Hookdeck,
}

impl ImportSource {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Json,
        Self::Har,
        Self::Raw,
        Self::Curl,
        Self::Http,
        Self::Mitmproxy,
        Self::Ngrok,
        Self::Stripe,
        Self::Hookdeck,
    ];

    /// The name that `--from` and the control interface take.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Har => "har",
            Self::Raw => "raw",
            Self::Curl => "curl",
            Self::Http => "http",
            Self::Mitmproxy => "mitmproxy",
            Self::Ngrok => "ngrok",
            Self::Stripe => "stripe",
            Self::Hookdeck => "hookdeck",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// Every name, as messages list them.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Detects the format of a file from its beginning; `None` where it is of no known one. An object that is nothing else
    /// is taken for our own JSON, which then says what is missing in it.
    #[must_use]
    pub fn detect(beginning: &[u8]) -> Option<Self> {
        Self::recognise(beginning).or_else(|| unmarked(beginning).starts_with(b"{").then_some(Self::Json))
    }

    /// Detects the format of a file that nobody has named, such as one of many in a folder; `None` where it is not an archive.
    #[must_use]
    pub fn recognise(beginning: &[u8]) -> Option<Self> {
        let text = unmarked(beginning);
        match text.first() {
            None => None,
            Some(b'{') => of_object(&members(text)),
            Some(b'[') => of_object(&members(text[1..].trim_ascii_start())),
            Some(_) if tnetstring::is_likely(beginning) => Some(Self::Mitmproxy),
            Some(_) => of_text(text),
        }
    }
}

/// A text without what may stand before it: a byte order mark, white space.
fn unmarked(beginning: &[u8]) -> &[u8] {
    beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start()
}

/// What a text is that is not JSON.
fn of_text(text: &[u8]) -> Option<ImportSource> {
    // The beginning may end within a character.
    let lossy = String::from_utf8_lossy(text);
    if http_file::is_http_file(&lossy) {
        Some(ImportSource::Http)
    } else if is_request(text) {
        Some(ImportSource::Raw)
    } else {
        curl::is_curl(text).then_some(ImportSource::Curl)
    }
}

/// What an object is by its members.
fn of_object(members: &[(&[u8], Option<&[u8]>)]) -> Option<ImportSource> {
    let has = |name: &str| members.iter().any(|(own, _)| *own == name.as_bytes());
    let is = |name: &str, test: &dyn Fn(&[u8]) -> bool| {
        members.iter().any(|(own, value)| *own == name.as_bytes() && value.is_some_and(test))
    };
    if has("head_base64") || has("received_at") {
        Some(ImportSource::Json)
    } else if has("log") {
        Some(ImportSource::Har)
    } else if is("object", &|value| matches!(value, b"event" | b"list") || value.starts_with(b"v2.")) {
        Some(ImportSource::Stripe)
    } else if has("requests") || is("uri", &|value| value.starts_with(b"/api/requests/http")) {
        Some(ImportSource::Ngrok)
    } else {
        let is_hookdeck = has("models") || has("team_id") && (has("data") || has("source_id") || has("webhook_id"));
        is_hookdeck.then_some(ImportSource::Hookdeck)
    }
}

/// The names at the top of an object that may be cut off, and of those whose value is a string, that. Escapes are not read:
/// no name that is looked for has one.
fn members(text: &[u8]) -> Vec<(&[u8], Option<&[u8]>)> {
    let mut members: Vec<(&[u8], Option<&[u8]>)> = Vec::new();
    let (mut depth, mut at, mut is_value) = (0_usize, 0, false);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 1 => is_value = true,
            b',' if depth == 1 => is_value = false,
            b'"' => {
                let start = at;
                while text.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                let string = text.get(start..at).unwrap_or_default();
                at += 1;
                if depth == 1 && !is_value && members.len() < MEMBERS {
                    members.push((string, None));
                } else if depth == 1
                    && is_value
                    && let Some((_, value)) = members.last_mut()
                {
                    *value = Some(string);
                }
            }
            _ => {}
        }
        if depth == 0 && !members.is_empty() {
            break;
        }
    }
    members
}

/// Whether it begins with a request line.
fn is_request(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    line.first().copied().is_some_and(is_token) && version.starts_with(b"HTTP/")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_format_is_told_by_its_beginning() {
        for (text, source) in [
            ("\u{feff}\n { \"log\": {}}", Some(ImportSource::Har)),
            ("{\"comment\": \"a\\\"log\\\"\", \"log\": {", Some(ImportSource::Har)),
            ("{\"id\":1}", Some(ImportSource::Json)),
            ("{\"id\":1, \"received_at\": \"x\", \"log\": 1}", Some(ImportSource::Json)),
            ("{\"id\": \"evt_1\", \"object\": \"event\", \"data\": {\"log\": 1", Some(ImportSource::Stripe)),
            ("[{\"id\": \"evt_1\", \"team_id\": \"tm\", \"data\": {", Some(ImportSource::Hookdeck)),
            ("{\"uri\":\"/api/requests/http\",\"requests\":[", Some(ImportSource::Ngrok)),
            ("POST / HTTP/1.1", Some(ImportSource::Raw)),
            ("POST http://h/ HTTP/1.1\r\nHost: h\r\n\r\n### a heading", Some(ImportSource::Raw)),
            ("POST http://h/\nHost: h", Some(ImportSource::Http)),
            ("### a\nPOST http://h/ HTTP/1.1\n", Some(ImportSource::Http)),
            ("curl http://h", Some(ImportSource::Curl)),
            ("#!/bin/sh\nset -e\n$ curl http://h", Some(ImportSource::Curl)),
            ("[]", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(ImportSource::detect(text.as_bytes()), source, "{text}");
        }
        // The body of somebody's request is no archive.
        assert_eq!(ImportSource::recognise(b"{\"id\":1}"), None);
        assert_eq!(ImportSource::recognise(b"\n{\"id\":1,\"received_at\":\"x\"}"), Some(ImportSource::Json));
        for source in ImportSource::ALL {
            assert_eq!(ImportSource::named(source.name()), Some(source));
        }
    }

    proptest! {
        #[test]
        fn any_beginning_is_looked_at(bytes: Vec<u8>, text in "[{}\\[\\]\":,a\\\\]{0,40}") {
            let _ = ImportSource::detect(&bytes);
            let _ = ImportSource::detect(text.as_bytes());
        }
    }
}
