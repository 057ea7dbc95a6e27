//! Bodies that were escaped, framed, printed or written with several options: each is one cause.

use super::super::*;
use super::copies::{at_depth, causes, mac};
use crate::signature::Algorithm;

const KEY: &[u8] = b"s3cr3t-Key-0123456789abcdef";

fn github(signed: &[u8], body: &[u8]) -> Vec<String> {
    let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, KEY, signed)));
    causes(&at_depth(Depth::Pairs, "github", KEY, &[("X-Hub-Signature-256", &value)], body))
}

/// The first cause is one, and says this: its code, a colon, and some of its words.
#[track_caller]
fn first_is(signed: &[u8], arrived: &[u8], told: &str) {
    let all = github(signed, arrived);
    let shown = (String::from_utf8_lossy(signed), String::from_utf8_lossy(arrived));
    let (code, words) = told.split_once(": ").unwrap();
    let fits = |cause: &String| cause.split(": ").next() == Some(code) && cause.contains(words);
    assert!(all.first().is_some_and(fits), "{told}: {shown:?}: {all:#?}");
}

const JSON: &str = r#"{"n":"it's <b> & \"x\"","a":{"z":1.50,"b":null}}"#;

#[test]
fn escapes_are_told() {
    let json = JSON.as_bytes();
    let html = "{&quot;n&quot;:&quot;it&#039;s &lt;b&gt; &amp; \\&quot;x\\&quot;&quot;,&quot;a&quot;:{&quot;z&quot;:1.50,&quot;b&quot;:null}}";
    first_is(html.as_bytes(), json, "body_escaped: its characters were signed as HTML entities");
    first_is(json, html.as_bytes(), "body_escaped: the body arrived with HTML entities");
    first_is(html.replace("&#039;", "&#x27;").as_bytes(), json, "body_escaped: ");
    first_is(html.replace("&#039;", "&#39;").replace("&quot;", "&#34;").as_bytes(), json, "body_escaped: ");
    first_is(JSON.replace("&", "&amp;").replace('<', "&lt;").replace('>', "&gt;").as_bytes(), json, "body_escaped: ");
    first_is(
        br#"{"t":"a & b <i>"}"#,
        br#"{"t":"a &amp; b &lt;i&gt;"}"#,
        "body_escaped: the body arrived with HTML entities",
    );
    let slashes = JSON.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'");
    first_is(slashes.as_bytes(), json, "body_escaped: backslashes were signed");
    first_is(json, slashes.as_bytes(), "body_escaped: the body arrived with backslashes");
    first_is(br#"{\"a\":\"b\"}"#, br#"{"a":"b"}"#, "body_escaped: backslashes were signed");
    first_is(br#"{"a":"b"}"#, br#"{\"a\":\"b\"}"#, "body_escaped: the body arrived with backslashes");
}

#[test]
fn what_surrounds_a_body_is_told() {
    let json = JSON.as_bytes();
    let chunked = [format!("{:x}\r\n", json.len()).as_bytes(), json, b"\r\n0\r\n\r\n"].concat();
    first_is(json, &chunked, "body_framed: the body arrived with its chunk sizes");
    let (zero, space) = ([json, b"\0"].concat(), [json, b" "].concat());
    first_is(json, &zero, "body_framed: zero bytes arrived after the body");
    first_is(&zero, json, "body_framed: a final zero byte was signed");
    first_is(&space, json, "body_newline: a final space was signed");
    let multipart = [b"--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n", json, b"\r\n--b--\r\n"].concat();
    first_is(json, &multipart, "body_part_signed: only the part “data” of the multipart body");
    let units: Vec<u8> = JSON.encode_utf16().flat_map(u16::to_le_bytes).collect();
    first_is(&[b"\xff\xfe", &units[..]].concat(), json, "body_charset: its UTF-16 (little-endian) was signed, with a");
    let digits = hex::encode(json);
    first_is(digits.as_bytes(), json, "content_template: {body|hex} was signed");
}

#[test]
fn what_was_printed_is_told() {
    first_is(
        br#"{"a":true,"b":null}"#,
        b"{'a': True, 'b': None}",
        "body_stringified_object: the body arrived as a printed",
    );
    first_is(br#"{"a": true, "b": null}"#, b"{'a': True, 'b': None}", "body_stringified_object: the body arrived as a");
    first_is(br#"{"a":true,"b":null}"#, br#"{"a"=>true, "b"=>nil}"#, "body_stringified_object: the body arrived as a");
    first_is(br#"{"a":1}"#, br#"b'{"a":1}'"#, "body_stringified_object: the body arrived in quotation marks");
    // PHP 8.2 wrote these.
    first_is(br#"a:1:{s:1:"a";d:1.5;}"#, br#"{"a":1.50}"#, "body_stringified_object: PHP's serialize");
    first_is(b"Array\n(\n    [a] => 1.5\n)\n", br#"{"a":1.50}"#, "body_stringified_object: PHP's print_r");
}

#[test]
fn xml_is_told_by_its_white_space() {
    let (plain, lines) = (b"<a><b>1</b><c/></a>", b"<a>\n  <b>1</b>\n  <c/>\n</a>");
    first_is(plain, lines, "body_reserialized: the XML was signed without white space between its tags");
    first_is(lines, plain, "body_reserialized: the XML was indented by 2");
    first_is(
        &[&lines[..], b"\n"].concat(),
        plain,
        "body_reserialized: the XML was indented by 2 before it was signed, with a final newline",
    );
    first_is(b"<a><b /></a>", b"<a><b/></a>", "body_reserialized: <a /> for <a/>");
    first_is(b"<a/>", b"<?xml version=\"1.0\"?>\n<a/>", "body_reserialized: without its declaration");
}

/// Where the ends of a body are the only difference, they are the first cause, and said as they are.
#[test]
fn the_ends_of_a_body_are_told_as_they_are() {
    for json in [r#"{"a":1,"b":"x y"}"#, "{\n  \"a\": 1\n}"] {
        for (before, after, words) in [
            ("", "\n\n", "2 line ends arrived after the body that were not signed"),
            ("", "\r\n\r\n", "2 line ends arrived after the body that were not signed"),
            ("\n", "", "a line end arrived before the body that was not signed"),
            ("\r\n\n", "", "2 line ends arrived before the body that were not signed"),
            ("\n", "\n", "a line end before the body and a line end after it arrived"),
            ("", " ", "white space arrived after the body that was not signed"),
            (" \n", "", "white space arrived before the body that was not signed"),
            ("", "\n", "a final newline arrived that was not signed"),
        ] {
            let arrived = format!("{before}{json}{after}");
            first_is(json.as_bytes(), arrived.as_bytes(), &format!("body_newline: {words}"));
        }
    }
}

#[test]
fn serialisers_with_several_options_are_told() {
    let body = br#"{"b":"\u00e9/<x>","a":{"z":1.50,"y":2}}"#;
    for (signed, name) in [
        (
            "{\n    \"a\": {\n        \"y\": 2,\n        \"z\": 1.5\n    },\n    \"b\": \"\\u00e9/<x>\"\n}",
            "sort_keys=True, indent=4",
        ),
        (r#"{"a":{"z":1.5,"y":2},"b":"\u00e9\/<x>"}"#, "PHP json_encode after ksort"),
        (r#"{"a":{"y":2,"z":1.5},"b":"\u00e9\/<x>"}"#, "PHP json_encode after a recursive ksort"),
        (r#"{"b":"\u00e9\/\u003Cx\u003E","a":{"z":1.5,"y":2}}"#, "JSON_HEX_TAG"),
        ("{\"a\":{},\"b\":\"é/<x>\"}", "Object.keys(…).sort()"),
        (
            "{\n    \"a\": {\n        \"y\": 2,\n        \"z\": 1.5\n    },\n    \"b\": \"é/\\u003cx\\u003e\"\n}",
            "Go json.MarshalIndent",
        ),
        (
            "{\r\n  \"b\": \"\\u00E9/\\u003Cx\\u003E\",\r\n  \"a\": {\r\n    \"z\": 1.50,\r\n    \"y\": 2\r\n  }\r\n}",
            "WriteIndented, on Windows",
        ),
        ("b=%C3%A9%2F%3Cx%3E&a=", "Node querystring.stringify"),
    ] {
        let all = github(signed.as_bytes(), body);
        assert!(all[0].starts_with("body_reserialized: ") && all[0].contains(name), "{name}: {all:#?}");
    }
}

#[test]
fn forms_that_were_decoded_on_their_way_are_told() {
    let form = "payload=%7B%22id%22%3A%22a+b%26c%22%7D";
    first_is(form.as_bytes(), br#"payload={"id":"a b&c"}"#, "body_form_encoded: the form arrived decoded");
    first_is(
        form.replace('+', "%20").as_bytes(),
        br#"payload={"id":"a b&c"}"#,
        "body_form_encoded: the form arrived decoded",
    );
    first_is(b"token=a&text=hi+there", b"token=a&text=hi there", "body_form_encoded: the form arrived decoded");
    first_is(b"token=a&text=hi there", b"token=a&text=hi+there", "body_form_encoded: the form arrived with + for each");
}

/// Under a scheme without a timestamp, none is invented.
#[test]
fn what_is_joined_without_a_timestamp_is_one_difference() {
    let json = r#"{"a":1.50}"#;
    for (lead, template) in [
        ("POST/hook?x=1", "{method}{target}{body}"),
        (".", ".{body}"),
        ("POST\n/hook?x=1\n", "{method}"),
        ("/hook?x=1", "{target}{body}"),
        ("v0::", "v0::{body}"),
    ] {
        let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, KEY, format!("{lead}{json}").as_bytes())));
        let told = at_depth(Depth::Pairs, "github", KEY, &[("X-Hub-Signature-256", &value)], json.as_bytes());
        let all = causes(&told);
        assert!(all[0].starts_with("content_template: ") && all[0].contains(template), "{lead:?}: {all:#?}");
        assert!(!all.iter().any(|cause| cause.contains("timestamp_literal")), "{lead:?}: {all:#?}");
    }
}

fn slack(stamp: &str) -> Vec<String> {
    let content = format!("v0:{stamp}:{{}}");
    let value = format!("v0={}", hex::encode(mac(Algorithm::Sha256, KEY, content.as_bytes())));
    let fields = [("X-Slack-Request-Timestamp", "1795953600"), ("X-Slack-Signature", value.as_str())];
    causes(&at_depth(Depth::Pairs, "slack", KEY, &fields, b"{}"))
}

#[test]
fn timestamps_that_nothing_else_goes_with_are_told() {
    for (stamp, code, words) in [
        (" 1795953600", "timestamp_unit", "with a space before it"),
        ("1795953600\n", "timestamp_unit", "with a line end after it"),
        ("1795953600.123", "timestamp_unit", "seconds with a fraction were signed"),
        ("1795953600.12", "timestamp_unit", "seconds with a fraction were signed"),
        ("1795953600.120", "timestamp_unit", "seconds with a fraction were signed"),
        ("1795950000", "timestamp_differs", "1 h earlier was signed"),
        ("1795973400", "timestamp_differs", "5 h 30 min later was signed"),
    ] {
        let all = slack(stamp);
        assert!(all[0].starts_with(&format!("{code}: ")) && all[0].contains(words), "{stamp:?}: {all:#?}");
    }
}

#[test]
fn a_list_or_a_header_that_was_written_otherwise_is_read() {
    use base64::Engine as _;
    let key = base64::prelude::BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let right = base64::prelude::BASE64_STANDARD.encode(mac(Algorithm::Sha256, &key, b"msg_1.1795953600.{}"));
    for value in [format!("v1,{right},v1,abcd"), format!("v1,abcd,v1,{right}")] {
        let fields = [("svix-id", "msg_1"), ("svix-timestamp", "1795953600"), ("svix-signature", value.as_str())];
        let all = causes(&at_depth(Depth::One, "svix", b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &fields, b"{}"));
        assert!(all[0].starts_with("signature_prefix: ") && all[0].contains("joined by “,”"), "{value}: {all:#?}");
    }
    let digits = hex::encode(mac(Algorithm::Sha256, KEY, b"1795953600.{}"));
    let value = format!("t%3D1795953600%2Cv1%3D{digits}");
    let all = causes(&at_depth(Depth::One, "stripe", KEY, &[("Stripe-Signature", &value)], b"{}"));
    assert!(all[0].starts_with("signature_encoding: ") && all[0].contains("percent-encoded"), "{all:#?}");
}

#[test]
fn the_same_values_in_another_order_are_told() {
    let json = r#"{"a":1.50}"#;
    let value = format!("v0={}", hex::encode(mac(Algorithm::Sha256, KEY, format!("v0:{json}:1795953600").as_bytes())));
    let fields = [("X-Slack-Request-Timestamp", "1795953600"), ("X-Slack-Signature", value.as_str())];
    let all = causes(&at_depth(Depth::One, "slack", KEY, &fields, json.as_bytes()));
    assert!(
        all[0].starts_with("content_template: ") && all[0].contains("v0:{body}:{timestamp} was signed"),
        "{all:#?}"
    );
    let token = "a".repeat(50);
    let digest = hex::encode(mac(Algorithm::Sha256, KEY, format!("{token}1795953600").as_bytes()));
    let body = format!(r#"{{"signature":{{"token":"{token}","timestamp":"1795953600","signature":"{digest}"}}}}"#);
    let all = causes(&at_depth(Depth::One, "mailgun", KEY, &[], body.as_bytes()));
    assert!(all[0].starts_with("content_template: "), "{all:#?}");
}
