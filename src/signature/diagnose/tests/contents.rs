//! What is signed in the place of the content: constants, lines of Windows, hashes of hashes, dates of languages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::*;
use super::copies::{at_depth, causes, mac, told};
use crate::signature::Algorithm;

const KEY: &[u8] = b"s3cr3t-Key-0123456789abcdef";
const PRETTY: &str = "{\n  \"id\": \"evt_1\",\n  \"amount\": 1.10\n}";
const BOM: &str = "\u{feff}";

fn github_value(digest: &[u8], body: &[u8]) -> Vec<String> {
    let value = format!("sha256={}", hex::encode(digest));
    causes(&told("github", KEY, &[("X-Hub-Signature-256", &value)], body))
}

fn github(signed: &[u8], body: &[u8]) -> Vec<String> {
    github_value(&mac(Algorithm::Sha256, KEY, signed), body)
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    Algorithm::Sha256.hash(|sink| sink(bytes))
}

#[test]
fn what_is_not_there_was_not_signed() {
    let body = br#"{"a":1,"meta":{}}"#;
    let with_newline = [&body[..], b"\n"].concat();
    for (signed, code) in [
        (&b""[..], "body_empty: "),
        (&with_newline, "body_newline: "),
        (b"[]", "body_stringified_object: "),
        (b"{}", "body_stringified_object: "),
    ] {
        let all = github(signed, body);
        let is_of_less = |cause: &String| cause.contains("timestamp") || cause.contains("field");
        assert!(all[0].starts_with(code) && !all.iter().any(is_of_less), "{all:#?}");
    }
    // Nor a timestamp, under a scheme without one: what is left of the way to join it is a template.
    let all = github(&[b".", &body[..]].concat(), body);
    assert!(all[0].starts_with("content_template: ") && all[0].contains(" .{body} was signed"), "{all:#?}");
    let all = github(&[BOM.as_bytes(), body, b"\n"].concat(), body);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].starts_with("body_newline+body_bom: "), "{all:#?}");
    // What a field says that has a value is still named.
    assert!(github(b"1", body)[0].starts_with("body_part_signed: "));
    let all = github(b"[]", br#"{"data":[],"b":1}"#);
    let is_either = |code: &str| all.iter().any(|cause| cause.starts_with(code));
    assert!(is_either("body_part_signed: ") && is_either("body_stringified_object: "), "{all:#?}");
}

#[test]
fn two_marks_of_windows_are_named_before_a_serialiser() {
    let crlf = PRETTY.replace('\n', "\r\n");
    let compact = r#"{"id":"evt_1","amount":1.10}"#;
    for (signed, arrived, words) in [
        (format!("{PRETTY}\n"), format!("{BOM}{crlf}\r\n"), "LF was signed where CR LF arrived"),
        (PRETTY.to_owned(), format!("{BOM}{crlf}"), "LF was signed where CR LF arrived"),
        (format!("{PRETTY}\n"), crlf.clone(), "a final newline that did not arrive"),
        (PRETTY.to_owned(), format!("{BOM}{crlf}\r\n"), "the final newline that arrived"),
        (format!("{PRETTY}\n"), format!("{BOM}{crlf}"), "a final newline that did not"),
        (compact.to_owned(), format!("{BOM}{compact}\n"), "a byte order mark and a final newline arrived"),
        (compact.to_owned(), format!("{BOM}{compact}\r\n"), "a byte order mark and a final newline arrived"),
        (format!("{compact}\n"), format!("{BOM}{compact}"), "a byte order mark arrived that was not signed"),
        (compact.to_owned(), format!("{BOM}\n{compact}\n\n"), "white space around the body"),
    ] {
        let all = github(signed.as_bytes(), arrived.as_bytes());
        let is_of_lines = ["body_bom: ", "body_line_endings: "].iter().any(|code| all[0].starts_with(code));
        assert!(is_of_lines && all[0].contains(words), "{signed:?}, {arrived:?}: {all:#?}");
    }
    for (signed, arrived, codes) in [
        (format!("{BOM}{crlf}"), PRETTY.to_owned(), "body_line_endings+body_bom"),
        (format!("{BOM}{compact}\n"), compact.to_owned(), "body_newline+body_bom"),
        (format!("{BOM}{compact}\r\n"), compact.to_owned(), "body_newline+body_bom"),
        (crlf.clone(), format!("{PRETTY}\n"), "body_newline+body_line_endings"),
        (format!("{BOM}{PRETTY}"), crlf.clone(), "body_line_endings+body_bom"),
    ] {
        let all = github(signed.as_bytes(), arrived.as_bytes());
        assert!(all[0].starts_with(codes), "{signed:?}, {arrived:?}: {all:#?}");
    }
}

#[test]
fn hashes_of_hashes_are_named() {
    let body = PRETTY.as_bytes();
    let once = mac(Algorithm::Sha256, KEY, body);
    let body_hash = hash(body);
    for (digest, code, words) in [
        (hash(&once), "signature_algorithm", "the digest was hashed once more"),
        (hash(hex::encode(&once).as_bytes()), "signature_algorithm", "hexadecimal digits were hashed once more"),
        (mac(Algorithm::Sha256, KEY, &once), "signature_algorithm", "HMAC over its bytes"),
        (
            mac(Algorithm::Sha256, KEY, hex::encode(&once).as_bytes()),
            "signature_algorithm",
            "HMAC over its hexadecimal",
        ),
        (mac(Algorithm::Sha256, KEY, &body_hash), "content_template", "as bytes, and so hashed twice"),
        (
            mac(Algorithm::Sha256, KEY, hex::encode(&body_hash).as_bytes()),
            "content_template",
            "{body_sha256} was signed",
        ),
    ] {
        let all = github_value(&digest, body);
        assert!(
            all.len() == 1 && all[0].starts_with(&format!("{code}: ")) && all[0].contains(words),
            "{words}: {all:#?}"
        );
    }
    // Together with others, a long body's are the same.
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(6 << 10));
    let all = github_value(&hash(&mac(Algorithm::Sha256, KEY, long.as_bytes())), long.as_bytes());
    assert!(all[0].starts_with("signature_algorithm: "), "{all:#?}");

    let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let content = format!("msg_1.1795953600.{}", hex::encode(&body_hash));
    let value = format!("v1,{}", BASE64_STANDARD.encode(mac(Algorithm::Sha256, &key, content.as_bytes())));
    let fields = [("webhook-id", "msg_1"), ("webhook-timestamp", "1795953600"), ("webhook-signature", value.as_str())];
    let all = causes(&told("standard-webhooks", b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &fields, body));
    assert!(all[0].contains("{id}.{timestamp}.{body_sha256} was signed"), "{all:#?}");

    let content = [b"https://app.example.com/hook?x=1", hex::encode(&body_hash).as_bytes()].concat();
    let value = BASE64_STANDARD.encode(mac(Algorithm::Sha256, KEY, &content));
    let all = causes(&told("square", KEY, &[("x-square-hmacsha256-signature", &value)], body));
    assert!(all[0].contains("{url}{body_sha256} was signed"), "{all:#?}");
}

fn trackpilots(signed: &str, body: &[u8]) -> Vec<String> {
    let value = hex::encode(mac(Algorithm::Sha256, KEY, signed.as_bytes()));
    let fields = [("X-Webhook-Signature", value.as_str()), ("X-Webhook-Timestamp", "1795953600")];
    causes(&told("trackpilots", KEY, &fields, body))
}

/// What Ruby 3.1, Go 1.19, Java 17, .NET 8 and node 20.20 print of 1795953600 in UTC.
#[test]
fn dates_that_print_themselves_are_named() {
    for (stamp, words) in [
        ("2026-11-29 12:00:00 +0000", "Ruby's Time#to_s"),
        ("2026-11-29 12:00:00 UTC", "Ruby's Time#to_s"),
        ("2026-11-29 12:00:00 +0000 UTC", "Go's time.Time"),
        ("Sun Nov 29 12:00:00 UTC 2026", "Java's Date#toString"),
        ("11/29/2026 12:00:00", ".NET's DateTime"),
        ("11/29/2026 12:00:00 +00:00", ".NET's DateTimeOffset"),
        ("1970-01-21T18:52:33.600Z", "new Date(seconds)"),
    ] {
        let all = trackpilots(&format!("{stamp}.{{}}"), b"{}");
        assert!(all[0].starts_with("timestamp_unit: ") && all[0].contains(words), "{stamp}: {all:#?}");
    }
}

#[test]
fn labels_and_prints_of_bytes_and_hashes_are_named() {
    let all = trackpilots("t=1795953600.{}", b"{}");
    assert!(all[0].starts_with("content_template: ") && all[0].contains("t={timestamp}.{body} was signed"), "{all:#?}");
    let value = format!("v0={}", hex::encode(mac(Algorithm::Sha256, KEY, b"v0=1795953600:a=1")));
    let fields = [("X-Slack-Signature", value.as_str()), ("X-Slack-Request-Timestamp", "1795953600")];
    let all = causes(&told("slack", KEY, &fields, b"a=1"));
    assert!(all[0].contains("v0={timestamp}:{body} was signed"), "{all:#?}");
    let all = trackpilots(r#"1795953600.{"id" => 7, "a" => nil}"#, br#"{"id":7,"a":null}"#);
    assert!(all[0].starts_with("body_stringified_object: ") && all[0].contains("Ruby"), "{all:#?}");
    let all = trackpilots("1795953600.[123 125]", b"{}");
    assert!(all[0].starts_with("body_stringified_object: ") && all[0].contains("Go's %v"), "{all:#?}");
}

/// What node 20.20 and Python 3.11 print of the moment.
#[test]
fn dates_are_printed_as_languages_print_them() {
    let body = b"{}";
    let told = |header: &str, signed: &str| {
        let content = [b"msg_1", signed.as_bytes(), body].concat();
        let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, KEY, &content)));
        let fields = [
            ("Twitch-Eventsub-Message-Id", "msg_1"),
            ("Twitch-Eventsub-Message-Timestamp", header),
            ("Twitch-Eventsub-Message-Signature", value.as_str()),
        ];
        causes(&at_depth(Depth::One, "twitch", KEY, &fields, body))
    };
    for (header, signed, words) in [
        ("2026-11-30T08:00:00Z", "Mon Nov 30 2026 08:00:00 GMT+0000 (Coordinated Universal Time)", "String(date)"),
        ("2026-11-30T08:00:00Z", "2026-11-30 08:00:00+00:00", "Python's str(datetime)"),
        ("2026-11-30T08:00:00.634234783Z", "2026-11-30 08:00:00.634234+00:00", "Python's str(datetime)"),
        ("2026-11-30T08:00:00.634234783Z", "2026-11-30T08:00:00.634234+00:00", "Python's isoformat()"),
        ("2026-11-30T08:00:00.634234783Z", "2026-11-30T08:00:00.634234Z", "microseconds"),
        ("2026-11-30T08:00:00.634234783Z", "2026-11-30 08:00:00.634234", "without a zone"),
    ] {
        let all = told(header, signed);
        assert!(
            all.len() == 1 && all[0].starts_with("timestamp_unit: ") && all[0].contains(words),
            "{signed}: {all:#?}"
        );
    }
}
