//! Files of programs whose own format is not imported, and how their requests get here all the same.

use super::members::JsonMembers;
use super::source::unmarked;

/// A file that is known, and cannot be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownTool {
    /// What it is, with its article.
    pub name: &'static str,
    /// What to do instead.
    pub advice: &'static str,
}

const COPY_AS_CURL: &str = "copy the request there as a curl command, and import that";
const SAVE_BYTES: &str = "follow the stream in Wireshark, and save the client's bytes as they are: one raw request";

/// The program that wrote a file, by its beginning; `None` where it is not known.
#[must_use]
pub fn known_tool(beginning: &[u8]) -> Option<KnownTool> {
    let text = unmarked(beginning);
    let (name, advice) = match text.first()? {
        b'{' | b'[' => of_json(&JsonMembers::of_first(text))?,
        _ => of_other(beginning, &String::from_utf8_lossy(text))?,
    };
    Some(KnownTool { name, advice })
}

fn of_json(object: &JsonMembers<'_>) -> Option<(&'static str, &'static str)> {
    let has = |object: &JsonMembers<'_>, names: &[&str]| names.iter().all(|name| object.has(name));
    let in_first = |member: &str, names: &[&str]| object.first_of(member).is_some_and(|first| has(&first, names));
    if object.has("item") && (in_first("info", &["schema"]) || in_first("info", &["_postman_id"])) {
        Some(("a Postman collection", COPY_AS_CURL))
    } else if has(object, &["_type", "__export_format"]) {
        Some(("an export of Insomnia", "export it there as HAR, or copy the request as a curl command"))
    } else if has(object, &["v", "folders", "requests"]) {
        Some(("a collection of Hoppscotch", COPY_AS_CURL))
    } else if has(object, &["uuid", "token_id"]) || in_first("data", &["uuid", "token_id"]) {
        Some(("requests of webhook.site", COPY_AS_CURL))
    } else if in_first("event", &["client_ip", "headers"]) || has(object, &["client_ip", "bodyRaw"]) {
        Some((
            "an event of Pipedream",
            "write its method, path, headers and bodyRaw as one raw request, and import that",
        ))
    } else if has(object, &["protocolVersion", "actualPort"]) {
        Some(("a session of Charles", "export it there as HAR"))
    } else {
        None
    }
}

fn of_other(bytes: &[u8], text: &str) -> Option<(&'static str, &'static str)> {
    const CAPTURES: [&[u8]; 5] = [
        b"\xa1\xb2\xc3\xd4",
        b"\xd4\xc3\xb2\xa1",
        b"\xa1\xb2\x3c\x4d",
        b"\x4d\x3c\xb2\xa1",
        // pcapng.
        b"\x0a\x0d\x0d\x0a",
    ];
    let first = text.lines().next().unwrap_or_default();
    if CAPTURES.iter().any(|magic| bytes.starts_with(magic)) {
        Some(("a capture of packets", SAVE_BYTES))
    } else if (first.contains(" IP ") || first.contains(" IP6 ")) && first.contains(": Flags [") {
        Some(("the text of tcpdump", SAVE_BYTES))
    } else if text.starts_with("<?xml") && text.contains("burpVersion") {
        Some(("items of Burp Suite", "copy the request there to a file: one raw request"))
    } else if text.contains("collection.insomnia.rest/") {
        Some(("an export of Insomnia", "export it there as HAR, or copy the request as a curl command"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::ImportSource;
    use super::*;

    #[test]
    fn files_of_other_programs_are_known_and_of_no_format() {
        for (text, name) in [
            ("{\"info\":{\"_postman_id\":\"x\",\"name\":\"n\"},\"item\":[{", "a Postman collection"),
            ("{\"_type\":\"export\",\"__export_format\":4,\"resources\":[", "an export of Insomnia"),
            ("type: collection.insomnia.rest/5.0\nname: x\n", "an export of Insomnia"),
            ("[{\"v\":2,\"name\":\"h\",\"folders\":[],\"requests\":[{\"v\":\"5\"}]}]", "a collection of Hoppscotch"),
            ("{\"data\":[{\"uuid\":\"4\",\"token_id\":\"x\"}],\"total\":1}", "requests of webhook.site"),
            ("{\"event\":{\"method\":\"POST\",\"client_ip\":\"1\",\"headers\":{}}}", "an event of Pipedream"),
            (
                "[{\"status\":\"COMPLETE\",\"protocolVersion\":\"HTTP/1.1\",\"actualPort\":3000}]",
                "a session of Charles",
            ),
            (
                "13:04:05.123456 IP 127.0.0.1.1 > 127.0.0.1.2: Flags [P.], seq 1\nPOST / HTTP/1.1\n",
                "the text of tcpdump",
            ),
            ("\n\r\r\n\u{1c}", "a capture of packets"),
        ] {
            assert_eq!(known_tool(text.as_bytes()).map(|tool| tool.name), Some(name), "{text}");
            assert_eq!(ImportSource::detect(text.as_bytes()), None, "{text}");
        }
        for text in ["", "{}", "[]", "{\"info\":1,\"item\":2}", "hello", "{\"data\":[{\"id\":1}]}", "\u{feff}"] {
            assert_eq!(known_tool(text.as_bytes()), None, "{text}");
        }
    }
}
