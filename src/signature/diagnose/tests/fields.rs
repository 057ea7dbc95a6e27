//! Schemes that sign a URL and a form's fields: what parsers and proxies change, alone and with a second mistake.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::*;
use super::copies::{at_depth, causes, mac, told};
use crate::signature::Algorithm;

const URL: &str = "https://app.example.com/hook?x=1";
const KEY: &str = "12345678901234567890123456789012";
const FORM: &[u8] = b"Caller=%2B14158675310&called=1%3D2&Digits=1234&Body=Hi+there%21+&Empty=";
/// Decoded, in their order.
const FIELDS: [(&str, &str); 5] =
    [("Caller", "+14158675310"), ("called", "1=2"), ("Digits", "1234"), ("Body", "Hi there! "), ("Empty", "")];

fn sorted(fields: &[(&str, &str)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort();
    fields.iter().flat_map(|(name, value)| [*name, *value]).collect()
}

/// What is said when this was signed.
fn twilio(content: &str, secret: &str) -> Vec<String> {
    let value = BASE64_STANDARD.encode(mac(Algorithm::Sha1, KEY.as_bytes(), content.as_bytes()));
    let fields = [("X-Twilio-Signature", value.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    causes(&told("twilio-form", secret.as_bytes(), &fields, FORM))
}

#[test]
fn what_is_done_to_fields_is_named() {
    assert!(twilio(&format!("{URL}{}", sorted(&FIELDS)), KEY).iter().all(|cause| cause.starts_with("stale")));
    let in_order: String = FIELDS.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let full: Vec<_> = FIELDS.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let trimmed = FIELDS.map(|(name, value)| (name, value.trim()));
    let encoded: Vec<(&str, &str)> =
        std::str::from_utf8(FORM).unwrap().split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    let with_plus = FIELDS.map(|(name, value)| (name, if name == "Body" { "Hi+there!+" } else { value }));
    let mut joined = FIELDS.map(|(name, value)| format!("{name}={value}"));
    joined.sort();
    for (signed, code, words) in [
        (format!("{URL}{in_order}"), "content_template", "{url}{body|fields_in_order} was signed"),
        (
            format!("{URL}Body{}called1=2Caller+14158675310Digits1234Empty", "Hi there! "),
            "content_template",
            "{url}{body|fields_ignoring_case} was signed",
        ),
        (sorted(&FIELDS), "content_template", "{body|fields_by_name_unique} was signed instead"),
        (format!("{URL}&{}", joined.join("&")), "content_template", "{url}&{body|fields_joined} was signed"),
        (format!("{URL}{}", joined.join("&")), "content_template", "{url}{body|fields_joined} was signed"),
        (format!("{URL}{}", sorted(&encoded)), "content_template", "as they are encoded"),
        (format!("{URL}{}", sorted(&with_plus)), "content_template", "+ was signed where a space is meant"),
        (format!("{URL}{}", sorted(&full)), "body_reserialized", "without a value were left out"),
        (format!("{URL}{}", sorted(&trimmed)), "body_reserialized", "values were trimmed"),
        (URL.to_owned(), "body_empty", "An empty body was signed"),
    ] {
        let all = twilio(&signed, KEY);
        assert!(all.len() == 1 && all[0].starts_with(&format!("{code}: ")), "{signed}: {all:#?}");
        assert!(all[0].contains(words), "{signed}: {all:#?}");
    }
}

#[test]
fn another_url_is_found_beside_any_second_mistake() {
    let newline = format!("{KEY}\n");
    for url in ["http://app.example.com/hook?x=1", "https://app.example.com/hook/?x=1"] {
        for (secret, code) in [(newline.clone(), "secret_whitespace"), (format!("\"{KEY}\""), "secret_quoted")] {
            let all = twilio(&format!("{url}{}", sorted(&FIELDS)), &secret);
            let is_told = all[0].starts_with(&format!("{code}+url_differs: ")) && all[0].contains(url);
            assert!(all.len() == 1 && is_told, "{url}: {all:#?}");
        }
    }
    let body = br#"{"a": 1.10, "b": "x"}"#;
    for (signed, code) in [
        (&br#"{"a":1.1,"b":"x"}"#[..], "url_differs+body_reserialized"),
        (b"{\"a\": 1.10, \"b\": \"x\"}\n", "url_differs+body_newline"),
    ] {
        let content = [b"http://app.example.com/hook?x=1", signed].concat();
        let value = BASE64_STANDARD.encode(mac(Algorithm::Sha256, KEY.as_bytes(), &content));
        let fields = [("x-square-hmacsha256-signature", value.as_str())];
        let all = causes(&told("square", KEY.as_bytes(), &fields, body));
        assert!(all[0].starts_with(code), "{all:#?}");
    }
    // Under the URL that was signed in another unit of the timestamp.
    let content = [b"POSThttp://app.example.com/hook?x=1", &body[..], b"1795953600"].concat();
    let value = BASE64_STANDARD.encode(mac(Algorithm::Sha256, KEY.as_bytes(), &content));
    let fields = [("X-HubSpot-Signature-v3", value.as_str()), ("X-HubSpot-Request-Timestamp", "1795953600000")];
    let all = causes(&told("hubspot-v3", KEY.as_bytes(), &fields, body));
    assert!(all[0].starts_with("url_differs+timestamp_unit"), "{all:#?}");
}

/// Slack signs the form's bytes.
fn slack(signed: &str, form: &[u8]) -> Vec<String> {
    let content = format!("v0:1795953600:{signed}");
    let value = format!("v0={}", hex::encode(mac(Algorithm::Sha256, KEY.as_bytes(), content.as_bytes())));
    let fields = [("X-Slack-Signature", value.as_str()), ("X-Slack-Request-Timestamp", "1795953600")];
    causes(&at_depth(Depth::One, "slack", KEY.as_bytes(), &fields, form))
}

/// What Python 3.11 and node 20.20 print of `token=a%2Bb&text=it%27s+me&empty=`.
#[test]
fn what_parsers_make_of_a_form_is_named() {
    for (signed, code, words) in [
        ("token=a%2Bb&text=it%27s+me", "body_reserialized", "without a value were left out"),
        ("{'token': 'a+b', 'text': \"it's me\", 'empty': ''}", "body_stringified_object", "the form's dict was signed"),
        ("{'token': 'a+b', 'text': \"it's me\"}", "body_stringified_object", "without the fields"),
        ("{'token': ['a+b'], 'text': [\"it's me\"]}", "body_stringified_object", "dict of lists"),
        ("token=%5B%27a%2Bb%27%5D&text=%5B%22it%27s+me%22%5D", "body_reserialized", "urlencode without doseq"),
        ("token=a+b&text=it's+me&empty=", "body_form_encoded", "decodeURIComponent"),
        ("{\"token\": \"a+b\", \"text\": \"it's me\"}", "body_reserialized", "no value"),
    ] {
        let all = slack(signed, b"token=a%2Bb&text=it%27s+me&empty=");
        assert!(all[0].starts_with(&format!("{code}: ")) && all[0].contains(words), "{signed}: {all:#?}");
    }
    let all = slack("a=x&b=y", b"a=+x%20&b=y+");
    assert!(all[0].contains("values were trimmed"), "{all:#?}");
}

/// What node 20.20 and PHP write of JSON.
#[test]
fn json_is_percent_encoded_by_every_encoder() {
    let body = br#"{"a b": "it's (x)!"}"#;
    for (encoded, words) in [
        ("%7B%22a%20b%22%3A%20%22it's%20(x)!%22%7D", "encodeURIComponent"),
        ("%7B%22a%20b%22%3A%20%22it%27s%20%28x%29%21%22%7D", "rawurlencode"),
        ("%7B%22a+b%22%3A+%22it%27s+%28x%29%21%22%7D", "percent-encoded body"),
    ] {
        let all = slack(encoded, body);
        assert!(all[0].starts_with("body_form_encoded: ") && all[0].contains(words), "{encoded}: {all:#?}");
        let all = slack(&format!("payload={encoded}"), body);
        assert!(all[0].starts_with("body_form_encoded: ") && all[0].contains("payload="), "{encoded}: {all:#?}");
    }
}
