//! Descriptions are read or refused, and what any scheme signs, it verifies, and nothing else.

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::delivery::Verdict;
use crate::http::Head;
use crate::signature::{Secret, SecretOrigin, judge, sign_request};

fn described(toml: &str) -> Result<Scheme, String> {
    let description: SchemeDescription = toml::from_str(toml).map_err(|error| error.to_string())?;
    description.scheme().map_err(|error| error.to_string())
}

#[test]
fn what_is_wrong_is_said_with_its_key() {
    for (toml, words) in [
        ("content = \"{nothing here}\"", "unknown part 'nothing here'"),
        ("content = \"{body|sha3}\"", "unknown filter 'sha3'"),
        ("content = \"{body\"", "not closed"),
        ("content = \"}\"", "not closed"),
        ("content = \"{timestamp}\"", "covers_body = false"),
        ("content = \"{unset}{body}\"", "unknown part {unset}"),
        ("timestamp = \"none\"\ncontent = \"{timestamp}{body}\"", "does not say where it is"),
        ("content = \"{id}.{body}\"", "set id or id_header"),
        ("signature = \"nowhere at all\"", "signature: unknown part"),
        ("signature = \"header:no good\"", "invalid header name 'no good'"),
        ("signature = []", "signature names no place"),
        ("pair = \"=\"", "pair is set without take"),
        ("algorithm = \"sha3\"", "unknown algorithm 'sha3'"),
        ("algorithm = \"jwt:none\"", "unknown algorithm 'jwt:none'"),
        ("encoding = \"base32\"", "base32"),
        ("url = \"example.com\"", "beginning with https://"),
        ("preset = \"gihtub\"", "did you mean github?"),
        ("colour = 1", "unknown field"),
        ("content = 1", "expected a text or a list of texts"),
        ("variables.a = 1", "expected a template, or a table with names"),
        ("json = \"/x\"", "unknown field"),
    ] {
        let message = described(toml).unwrap_err();
        assert!(message.contains(words), "{toml}: {message}");
    }
}

/// A form may be sent in parts, and a receiver's parser reads both.
#[test]
fn fields_of_a_multipart_form_are_read() {
    let part = |disposition: &str, text: &str| {
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{text}\r\n")
    };
    let body = [
        "preamble\r\n".to_owned(),
        part("name=\"json\"; filename=\"a.json\"", "{}"),
        part("name=json", r#"{"event":{"time":"1&2"}}"#),
        part("name=\"json\"", "{}"),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    for (kind, expected) in [
        ("multipart/form-data; boundary=b", Some(r#"1&2 {"event":{"time":"1&2"}}"#)),
        ("Multipart/Form-Data; Boundary=\"b\"", Some(r#"1&2 {"event":{"time":"1&2"}}"#)),
        ("multipart/form-data; boundary=c", None),
        ("multipart/form-data", None),
        ("application/x-www-form-urlencoded", None),
    ] {
        let head = Head::from(format!("POST / HTTP/1.1\r\nContent-Type: {kind}\r\n\r\n"));
        let parts = Parts { body: body.as_bytes(), head: Some(&head), ..Parts::default() };
        let filled = SignedContent::read("{formjson:json:/event/time} {form:json}").unwrap().bytes(&parts);
        assert_eq!(filled.as_deref(), expected.map(str::as_bytes), "{kind}");
    }
}

/// What a variable is made of has names that a person knows; the variable's own is the scheme's.
#[test]
fn what_is_missing_is_named_as_the_request_has_it() {
    let scheme = crate::signature::catalogue::named("http-signatures-cavage").unwrap();
    for (value, words) in [
        ("keyId=\"k\",signature=\"x\"", "the list of signed headers (pair:headers)"),
        ("headers=\"(request-target) x-gone\",signature=\"x\"", "the header x-gone, which the list"),
        ("headers=\"date date\",signature=\"x\"", "names each once"),
    ] {
        let head = Head::from(format!("POST / HTTP/1.1\r\nDate: x\r\nSignature: {value}\r\n\r\n"));
        let parts = Parts::of(&scheme, &head, b"https://h/", b"");
        let read = scheme.signature.read(&parts, &head).unwrap();
        let missing = scheme.content.missing(&Parts { value: Some(&read), ..parts }).unwrap();
        assert!(missing.contains(words), "{missing}");
    }
}

#[test]
fn a_preset_may_be_combined() {
    let own = described(
        "preset = \"github\"\nsignature_header = \"X-Mine\"\ntolerance = 7\nurl = \"https://me.example/in\"\n\
         timestamp_header = \"X-Time\"\ncontent = \"{timestamp}.{body}\"",
    )
    .unwrap();
    assert_eq!((own.signature_header(), own.signature.prefix.as_str()), ("X-Mine", "sha256="));
    assert_eq!((own.timestamp_header(), own.tolerance.as_secs()), ("X-Time", 7));
    assert_eq!(own.url.as_deref(), Some("https://me.example/in"));
}

#[test]
fn what_is_not_signed_as_trackpilots_signs_is_not_taken_for_it() {
    assert!(Scheme::default().is_plain());
    for toml in
        ["timestamp_unit = \"iso8601\"", "drop = 1", "encoding = \"base64\"", "prefix = \"a\"", "key = \"base64\""]
    {
        assert!(!described(toml).unwrap().is_plain(), "{toml}");
    }
    assert!(described("timestamp_unit = \"ms\"\nsignature_header = \"X-Mine\"").unwrap().is_plain());
    // A part of a list is a part.
    let message = described("timestamp = \"none\"\ncontent = [\"{timestamp}\", \"{body}\"]").unwrap_err();
    assert!(message.contains("does not say where it is"), "{message}");
}

#[test]
fn parts_are_read_from_where_they_are() {
    let head = Head::from("PUT /a/b?q=%20x&q=2&e= HTTP/1.1\r\nHost: h:1\r\nX-One: 1\r\n\r\n");
    let body = br#"{"a":2,"a":{"b/c":[1,"z\u00e9"],"n":null,"t":1.50},"f":"\ud83d\ude00"}"#;
    let scheme = Scheme { settings: [("k".to_owned(), "v".to_owned())].into(), ..Scheme::default() };
    let parts = Parts {
        method: head.method(),
        target: head.target(),
        url: b"https://h:1/a/b?q=%20x&q=2&e=",
        body,
        head: Some(&head),
        scheme: Some(&scheme),
        ..Parts::default()
    };
    for (template, expected) in [
        ("{method} {path} {query} {host} {target}", Some("PUT /a/b q=%20x&q=2&e= h:1 /a/b?q=%20x&q=2&e=")),
        ("{query:q}|{query:e}", Some(" x|")),
        ("{query:none}", None),
        ("{query:none|lower|or:-}", Some("-")),
        ("{query:none|or:-}{query:none|wrap:<~>}{query:q|trim|wrap:<~>}", Some("-<x>")),
        ("{header:x-one}{header:none|or:}", Some("1")),
        ("{json:/a/b~1c/1} {json:/a/b~1c/0} {json:/a/t}", Some("z\u{e9} 1 1.50")),
        ("{json:/a/n}", None),
        ("{json:/a/b~1c/9}", None),
        ("{jsonraw:/a/b~1c/1}{jsonraw:/f}", Some("\"z\\u00e9\"\"\\ud83d\\ude00\"")),
        ("{json:/f}", Some("\u{1f600}")),
        ("{setting:k}{{}}", Some("v{}")),
        ("{setting:other}", None),
        ("{header:X-One|sha256|hex|upper|after:6B|before:3F}", Some("804EFF5A")),
        ("{header:X-One|sha1|base64|nopad}", Some("NWoZK3kTsExUV00Ywo1G5jlUKKs")),
        ("{header:X-One|crc32}", Some("2212294583")),
    ] {
        let content = SignedContent::read(template).unwrap();
        let filled = content.bytes(&parts).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(filled.as_deref(), expected, "{template}");
        assert_eq!(SignedContent::read(&content.to_string()), Ok(content), "{template}");
    }
}

#[test]
fn a_bomb_is_not_signed() {
    // A thousandfold: 8 MiB of zeros and one more, as gzip.
    let mut encoder = Vec::new();
    let body = miniz_oxide::deflate::compress_to_vec(&vec![0; (8 << 20) + 1], 6);
    encoder.extend([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    encoder.extend(body);
    encoder.extend([0; 8]);
    let content = SignedContent::read("{body|inflate}").unwrap();
    assert_eq!(content.bytes(&Parts { body: &encoder, ..Parts::default() }), None);
}

/// A scheme of every kind that is signed here: where, how written, what, with which key.
fn any_scheme() -> impl Strategy<Value = Scheme> {
    let algorithm = prop::sample::select(vec!["hmac-sha256", "hmac-sha1", "hmac-sha512", "hmac-md5", "hash-sha256"]);
    let encoding = prop::sample::select(vec!["hex", "hex-upper", "hex-any", "base64", "base64url", "base64url-nopad"]);
    let form = prop::sample::select(vec![
        "",
        "prefix = \"sha256=\"",
        "prefix = \"Signature \"\nany_case = true",
        "split = \",\"\npair = \"=\"\ntake = \"v1\"",
        "split = \" \"\npair = \",\"\ntake = [\"v1\", \"v2\"]",
        "split = \";\"\npair = \"=\"\ntake = \"sig\"\nunquote = true\ntrim = true",
        "split = \",\"\npair = \"=\"\ntake = \"v1\"\ntimestamp = \"pair:t\"",
        "split = \",\"\ndrop = 1\ntimestamp = \"item:0\"",
    ]);
    let piece = prop::sample::select(vec![
        "{timestamp}",
        ".",
        ":",
        "v0",
        "{method}",
        "{url}",
        "{path}",
        "{header:X-One}",
        "{query:a|or:none}",
        "{body|sha256|hex}",
        "{json:/a|or:-}",
        "{{",
        "\\n",
    ]);
    let content = (prop::collection::vec(piece.clone(), 0..4), prop::collection::vec(piece, 0..3))
        .prop_map(|(before, after)| format!("{}{{body}}{}", before.concat(), after.concat()));
    let key = prop::sample::select(vec!["text", "base64", "{secret|sha256}", "{secret}{secret|md5|hex}"]);
    (algorithm, encoding, form, content, key).prop_map(|(algorithm, encoding, form, content, key)| {
        let secret = if algorithm.starts_with("hash") { "{secret}" } else { "" };
        let toml = format!(
            "signature = \"header:X-Sig\"\nalgorithm = \"{algorithm}\"\nencoding = \"{encoding}\"\n{form}\n\
             content = \"{secret}{content}\"\nkey = \"{key}\"\nurl = \"https://me.example/in\""
        );
        described(&toml).unwrap_or_else(|error| panic!("{toml}: {error}"))
    })
}

fn request(scheme: &Scheme, value: &str, stamp: &str) -> Head {
    let mut text = format!("POST /in?a=%201 HTTP/1.1\r\nHost: me.example\r\nX-One: one\r\nX-Sig: {value}\r\n");
    if !scheme.timestamp_header().is_empty() {
        text.push_str(&format!("{}: {stamp}\r\n", scheme.timestamp_header()));
    }
    Head::from(text + "\r\n")
}

proptest! {
    #[test]
    fn what_any_scheme_signs_it_verifies_and_nothing_else(
        scheme in any_scheme(),
        body in prop::collection::vec(any::<u8>(), 1..60),
        flip in any::<prop::sample::Index>(),
    ) {
        let secret = Secret::new("k", b"c2VjcmV0c2VjcmV0c2VjcmV0".to_vec(), SecretOrigin::Typed);
        let other = Secret::new("k", b"c2VjcmV0c2VjcmV0c2VjcmV1".to_vec(), SecretOrigin::Typed);
        let stamp = "1746123456";
        let value = sign_request(&scheme, &secret, &request(&scheme, "", stamp), stamp, &body).unwrap();
        let verdict = |secret: &Secret, body: &[u8], value: &str, stamp: &str| {
            judge(&scheme, [secret], &request(&scheme, value, stamp), body, Timestamp::UNIX_EPOCH).verdict
        };
        prop_assert_eq!(verdict(&secret, &body, &value, stamp), Verdict::Verified);
        prop_assert_ne!(verdict(&other, &body, &value, stamp), Verdict::Verified);
        let mut changed = body.clone();
        let at = flip.index(body.len());
        changed[at] ^= 1;
        prop_assert_ne!(verdict(&secret, &changed, &value, stamp), Verdict::Verified);
        if scheme.content.covers(&TemplatePiece::Timestamp) && !scheme.timestamp_header().is_empty() {
            prop_assert_ne!(verdict(&secret, &body, &value, "1746123457"), Verdict::Verified);
        }
    }

    #[test]
    fn of_a_repeated_member_the_last_is_read_as_others_read_it(
        members in prop::collection::vec((prop::sample::select(vec!["a", "b", "\\u0061"]), 0..9, any::<bool>()), 1..6),
    ) {
        let member = |&(name, value, is_deep): &(&str, i32, bool)| match is_deep {
            true => format!("\"{name}\":{{\"b\":0,\"b\":{value}}}"),
            false => format!("\"{name}\":{value}"),
        };
        let body = format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","));
        let parts = Parts { body: body.as_bytes(), ..Parts::default() };
        let others: serde_json::Value = serde_json::from_str(&body).unwrap();
        for pointer in ["/a", "/b", "/a/b", "/b/b"] {
            let read = SignedContent::read(&format!("{{json:{pointer}}}")).unwrap().bytes(&parts);
            let read = read.map(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).unwrap());
            prop_assert_eq!(read.as_ref(), others.pointer(pointer), "{} of {}", pointer, body);
        }
    }

    #[test]
    fn any_template_is_refused_or_shown_as_it_can_be_read(text in "[{}|:/~a-z0-9 .=>é-]{0,40}|(\\{(body|json:/a|header:X|secret)(\\|(hex|strip:x|wrap:a~b|or:|sha256)){0,3}\\}[.{]{0,2}){0,4}") {
        if let Ok(content) = SignedContent::read(&text) {
            prop_assert_eq!(SignedContent::read(&content.to_string()), Ok(content));
        }
    }

    #[test]
    fn any_table_is_refused_in_words_or_a_scheme(text in "(signature|content|key|split|pair|take|binds|url|id|timestamp|algorithm|drop) = (\"\\PC{0,20}\"|[0-9]{1,3}|true|\\[\\]|\\{\\})\n{0,4}") {
        if let Err(message) = described(&text) {
            prop_assert!(!message.is_empty());
        }
    }

    #[test]
    fn any_bytes_fill_a_template_or_do_not(
        body in prop::collection::vec(any::<u8>(), 0..80),
        target in "/[ -~]{0,20}",
        filters in prop::collection::vec(prop::sample::select(
            PlainFilter::names().collect::<Vec<_>>()
        ), 0..4),
    ) {
        let head = Head::from(format!("POST {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let parts = Parts { target: head.target(), url: target.as_bytes(), body: &body, head: Some(&head), ..Parts::default() };
        for source in ["body", "url", "query", "json:/a/0", "form:a", "formjson:a:/b", "query:a"] {
            let text = std::iter::once(source).chain(filters.iter().copied()).collect::<Vec<_>>().join("|");
            let expression: Expression = text.parse().unwrap();
            let _ = expression.value(&parts);
        }
    }
}

#[test]
fn what_a_message_signature_must_cover_and_the_direction_of_the_tolerance_are_described() {
    let read = |text: &str| toml::from_str::<SchemeDescription>(text).map(|described| described.scheme());
    let message = |more: &str| read(&format!("algorithm = \"rfc9421\"\n{more}")).unwrap();
    assert_eq!(message("").unwrap().message.components, ["content-digest"]);
    let own = message("components = [\"@method\", \"content-digest\"]\ntag = \"app\"").unwrap();
    assert_eq!((own.message.components.len(), own.message.tag.as_deref()), (2, Some("app")));
    assert!(own.covers_body());
    assert!(matches!(message("components = [\"@method\"]"), Err(InvalidScheme::Uncovered(_))));
    assert!(!message("components = [\"@method\"]\ncovers_body = false").unwrap().covers_body());
    assert_eq!(read("tag = \"app\"").unwrap(), Err(InvalidScheme::NoMessage("tag")));
    let past = read("tolerance_direction = \"past\"").unwrap().unwrap();
    assert!(past.age_limit().holds(i64::MIN) && !past.age_limit().holds(i64::MAX));
    assert!(read("tolerance_direction = \"future\"").is_err());
    let stripe = crate::signature::catalogue::named("stripe").unwrap();
    assert!(stripe.age_limit().holds(-400_000) && !stripe.age_limit().holds(400_000));
}

#[test]
fn senders_own_forms_are_as_their_languages_write_them() {
    let filled = |template: &str, body: &[u8], url: &str| {
        let parts = Parts { body, url: url.as_bytes(), ..Parts::default() };
        let bytes = SignedContent::read(template).unwrap().bytes(&parts)?;
        Some(String::from_utf8(bytes).unwrap())
    };
    // PHP counts bytes, not characters, and `ksort` comes before `serialize`.
    let php = filled("{body|php_serialized}", "b=1&p_signature=x&a=%C3%A9+&c=".as_bytes(), "");
    assert_eq!(php.unwrap(), "a:3:{s:1:\"a\";s:3:\"\u{e9} \";s:1:\"b\";s:1:\"1\";s:1:\"c\";s:0:\"\";}");
    assert_eq!(filled("{body|php_serialized}", b"", "").unwrap(), "a:0:{}");
    for (encoded, decoded) in
        [("/a%2Fb%3f", "/a/b?"), ("a+b", "a+b"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%25", "%")]
    {
        assert_eq!(filled("{url|percent_decode}", b"", encoded).unwrap(), decoded, "{encoded}");
    }
}

#[test]
fn the_body_is_covered_through_variables_as_deep_as_they_may_go() {
    let table = |variables: &str| format!("timestamp = \"none\"\ncontent = \"{{a}}\"\n[variables]\n{variables}");
    for variables in ["a = \"{body}\"", "a = \"{b}\"\nb = \"{c}\"\nc = \"{d}\"\nd = \"{body|sha256|hex}\""] {
        assert!(described(&table(variables)).unwrap().covers_body(), "{variables}");
    }
    let message = described(&table("a = \"{method}\"")).unwrap_err();
    assert!(message.contains("would not cover the body"), "{message}");
}

#[rstest]
#[case("{body|fields_by_name}", true)]
#[case("{url}{body|fields_by_name_unique}", true)]
#[case("{body|fields_joined}", true)]
#[case("{body|fields_in_order}", true)]
#[case("{body|fields_ignoring_case}", true)]
#[case("{body|fields_without:sign}", true)]
#[case("{body|php_serialized}", true)]
#[case("{form:timestamp}{form:token}", true)]
#[case("{timestamp}.{body}", false)]
#[case("|fields_by_name{body}", false)]
fn what_signs_a_form_is_known_by_its_parts(#[case] content: &str, #[case] wanted: bool) {
    let scheme = Scheme { content: content.parse().unwrap(), ..Scheme::default() };
    assert_eq!(scheme.signs_form(), wanted);
}
