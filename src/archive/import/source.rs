//! Which format a file is in: told, or detected from its beginning.

use super::members::JsonMembers;
use super::{curl, http_file, tnetstring};
use crate::http::is_token;

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

    /// Detects the format of a file from its beginning; `None` where it is of no known one.
    #[must_use]
    pub fn detect(beginning: &[u8]) -> Option<Self> {
        let text = unmarked(beginning);
        match text.first() {
            None => None,
            Some(b'{' | b'[') => of_object(&JsonMembers::of_first(text)),
            Some(_) if tnetstring::is_likely(beginning) => Some(Self::Mitmproxy),
            Some(_) => of_text(text),
        }
    }
}

/// A text without what may stand before it: a byte order mark, white space.
pub(super) fn unmarked(beginning: &[u8]) -> &[u8] {
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

/// What an object is by its members. One name alone, which other programs use as well, tells nothing.
fn of_object(object: &JsonMembers<'_>) -> Option<ImportSource> {
    let is_stripes = |kind: &[u8]| kind == b"event" || kind.starts_with(b"v2.");
    let is_event = |object: &JsonMembers<'_>| object.text("object").is_some_and(is_stripes);
    let is_agents =
        |object: &JsonMembers<'_>| object.text("uri").is_some_and(|uri| uri.starts_with(b"/api/requests/http"));
    let has_any = |object: &JsonMembers<'_>, names: &[&str]| names.iter().any(|name| object.has(name));
    if object.has("head_base64") || object.has("received_at") && has_any(object, &["verdict", "intake"]) {
        Some(ImportSource::Json)
    } else if object.value("log").is_some_and(|log| log.starts_with(b"{")) {
        Some(ImportSource::Har)
    } else if is_event(object)
        || object.text("object") == Some(b"list") && object.first_of("data").is_some_and(|first| is_event(&first))
    {
        Some(ImportSource::Stripe)
    } else if is_agents(object) || object.first_of("requests").is_some_and(|first| is_agents(&first)) {
        Some(ImportSource::Ngrok)
    } else {
        let is_item =
            |object: &JsonMembers<'_>| object.has("team_id") && has_any(object, &["data", "source_id", "webhook_id"]);
        let is_page = object.has("models") && object.has("pagination");
        let is_ours = is_page || is_item(object) || object.first_of("models").is_some_and(|first| is_item(&first));
        is_ours.then_some(ImportSource::Hookdeck)
    }
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
            ("{\"id\":1}", None),
            ("{\"id\":1, \"received_at\": \"x\", \"verdict\": \"verified\", \"log\": {}}", Some(ImportSource::Json)),
            ("{\"received_at\": \"x\"}", None),
            ("{\"log\": \"a line\"}", None),
            ("{\"object\": \"list\", \"data\": [{\"id\": \"evt_1\", \"object\": \"event\"", Some(ImportSource::Stripe)),
            ("{\"object\": \"list\", \"data\": [{\"id\": \"gpt\", \"object\": \"model\"}]}", None),
            ("{\"models\": [1]}", None),
            ("{\"models\": [{\"id\": \"evt_1\", \"team_id\": \"tm\", \"data\": {", Some(ImportSource::Hookdeck)),
            ("{\"id\": \"evt_1\", \"object\": \"event\", \"data\": {\"log\": 1", Some(ImportSource::Stripe)),
            ("[{\"id\": \"evt_1\", \"team_id\": \"tm\", \"data\": {", Some(ImportSource::Hookdeck)),
            ("{\"uri\":\"/api/requests/http\",\"requests\":[", Some(ImportSource::Ngrok)),
            ("{\"requests\":[{\"uri\":\"/api/requests/http/1\"}]}", Some(ImportSource::Ngrok)),
            ("{\"requests\":[{\"name\":\"a\"}]}", None),
            ("13:04:05.123456 IP 127.0.0.1.1 > 127.0.0.1.2: Flags [P.]", None),
            (
                "# a\n< {%\n request.variables.set(\"a\", \"b\")\n%}\n# @no-log\nPOST http://h/",
                Some(ImportSource::Http),
            ),
            ("### a\n< {% x %}\n\nPOST http://h/", Some(ImportSource::Http)),
            ("< ./before.js\nPOST http://h/", Some(ImportSource::Http)),
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
