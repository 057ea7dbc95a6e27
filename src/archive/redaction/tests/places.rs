//! A value of every kind in every place and every encoding, of which nothing goes out.

use rstest::rstest;

use super::*;
use crate::payload::body::xml::{self, XmlTokenKind};
use crate::payload::body::{Declared, Multipart};

/// A name, a token and an address.
const VALUES: [&str; 3] = ["Quillfeather", "Tok9a8b7c6d5e4f", "quill.x@feather.test"];
/// What of them must not be left.
const MARKS: [&str; 4] = ["quill", "feather", "9a8b7c", "6d5e4f"];

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const XML: &str = "application/xml";
const PARTS: &str = "multipart/form-data; boundary=B";
const TEXT: &str = "text/plain";

/// The target, header lines, the media type and the body of a request: `{}` is a value, `{%}` the same percent-encoded,
/// `{&}` in references, `{u}` in JSON's escapes, `{b}` in base64.
type Place = (&'static str, &'static str, &'static str, &'static str);

/// Where any value may stand.
const PLACES: &[Place] = &[
    ("/{}", "", JSON, "{}"),
    ("/hook/{%}/x", "", JSON, "{}"),
    ("/hook;jsessionid={}", "", JSON, "{}"),
    ("/hook#{}", "", JSON, "{}"),
    ("/hook?a=1#{}", "", JSON, "{}"),
    ("/hook?{}", "", JSON, "{}"),
    ("/hook?a={}&b={%}", "", JSON, "{}"),
    ("http://{}.example/hook", "", JSON, "{}"),
    ("/hook", "X-Event-Token: {}\r\n", JSON, "{}"),
    ("/hook", "X-Event-User: {}\r\nX-Retry-Secret: {}\r\nX-Conversion-Id: {}\r\n", JSON, "{}"),
    ("/hook", "X-Event-Authorization: Bearer {}\r\nX-Topic-Cookie: sid={}\r\n", JSON, "{}"),
    ("/hook", "X-GitHub-Event: {}\r\nX-Webhook-Topic: {}\r\nX-Api-Version: {}\r\n", JSON, "{}"),
    ("/hook", "X-Amz-Sns-Topic-Arn: arn:aws:sns:us-east-1:123456789012:{}\r\n", JSON, "{}"),
    ("/hook", "Content-Disposition: attachment; filename=\"{} passport.pdf\"\r\n", JSON, "{}"),
    ("/hook", "Content-Language: {}\r\nAccept: {}\r\nCache-Control: {}\r\nDate: {}\r\n", JSON, "{}"),
    ("/hook", "User-Agent: hook (+mailto:{}; 203.0.113.7)\r\n", JSON, "{}"),
    ("/hook", "X-Fold: one\r\n {} folded\r\n", JSON, "{}"),
    ("/hook", "{} without a colon\r\n", JSON, "{}"),
    ("/hook", "X-Hub-Signature-256: sha256=00ff, name={}, {}=1, pin {}\r\n", JSON, "{}"),
    ("/hook", "Authorization: Basic {b}\r\n", JSON, "{}"),
    ("/hook", "", "application/json; name=\"{}.json\"; token={}", "{}"),
    ("/hook", "", JSON, r#"{"name":"{}","a":{"b":["{}","x {u} y"]},"c":"{%}","d":"{&}","e":"{b}"}"#),
    (
        "/hook",
        "",
        JSON,
        r#"{"state":"{}","type":"{}","object":"{}","action":"{}","agent":"{}","mode":"{}","status":"{}"}"#,
    ),
    (
        "/hook",
        "",
        JSON,
        r#"{"category":"{}","businessUnit":"{}","platform":"{}","event":"{}","version":"{}","currency":"{}"}"#,
    ),
    (
        "/hook",
        "",
        JSON,
        r#"{"path":"image/upload/{}.png","text":"text/{}","date":"2025-05-01 {}","contentType":"image/{}"}"#,
    ),
    ("/hook", "", JSON, r#"{"url":"https://{}.example/{%}?a={%}&amp;b={&}","inner":"{\"a\":\"{}\",\"b\":[\"{}\"]}"}"#),
    ("/hook", "", JSON, r#"{"name":"{}","cut":"{}"#),
    ("/hook", "", JSON, "{\"a\":\"{}\"}\n{\"b\":\"{}\"}\n"),
    ("/hook", "", FORM, "a={}&b={%}&c=x{%}y&{}&payload=%7B%22a%22%3A%22{%}%22%7D"),
    ("/hook", "", XML, "<?xml version=\"1.0\"?><r a=\"{}\" b='{&}'>{}<![CDATA[{}]]><!-- {} -->{&}</r>"),
    (
        "/hook",
        "",
        XML,
        "<?xml version=\"1.0\" name=\"{}\"?><?xml-stylesheet href=\"https://{}.example/\"?><?xml{} {}?><r/>",
    ),
    (
        "/hook",
        "",
        XML,
        "<!DOCTYPE note SYSTEM \"{}.dtd\" [<!ENTITY a \"{}\">]><note xmlns=\"https://{}.example/\">{}</note>",
    ),
    ("/hook", "", XML, "<r>{}<a {}"),
    (
        "/hook",
        "",
        PARTS,
        "{} before\r\n--B\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"{}.txt\"\r\n\
         Content-Type: text/plain; name=\"{}\"\r\nContent-ID: <{}>\r\nContent-Description: of {}\r\nno colon {}\r\n\r\n\
         {}\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n--B--\r\n{} after",
    ),
    ("/hook", "", TEXT, "Name: {}\n\"{%}\",{&},{u}\n"),
    ("/hook", "", "text/csv", "name,x\n{},1\n"),
    ("/hook", "", TEXT, "{b}"),
];

/// Where a name of a program may stand, which stays unless it is an address or a token.
const NAMES: &[Place] = &[
    ("/hook?{}=1&{%}=2&a[{%}]=3", "", JSON, "{}"),
    ("/hook", "X-{}: 1\r\n", JSON, "{}"),
    ("/hook", "", JSON, r#"{"{}":1,"a":{"{u}":{"b":2}}}"#),
    ("/hook", "", FORM, "{}=1&u%5B{%}%5D=2"),
    ("/hook", "", XML, "<r {}=\"1\"><a{}></a{}></r>"),
    ("/hook", "", PARTS, "--B\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\nx\r\n--B--\r\n"),
];

fn filled(text: &str, value: &str) -> String {
    let each = |write: &dyn Fn(char) -> String| value.chars().map(write).collect::<String>();
    text.replace("{%}", &value.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>())
        .replace("{&}", &each(&|one| format!("&#{};", u32::from(one))))
        .replace("{u}", &each(&|one| format!("\\u{:04x}", u32::from(one))))
        .replace("{b}", &BASE64_STANDARD.encode(value))
        .replace("{}", value)
}

fn at((target, fields, media, body): &Place, value: &str) -> Delivery {
    let body = if *body == "{}" { (*body).to_owned() } else { filled(body, value) };
    let mut delivery = delivery(&filled(fields, value), &filled(target, value), body.as_bytes(), "undefined");
    let head = String::from_utf8(delivery.head.bytes().to_vec()).unwrap();
    delivery.head =
        Head::from(head.replace("Content-Type: application/json", &format!("Content-Type: {}", filled(media, value))));
    delivery
}

/// Also with references undone.
fn leaks(text: &[u8], mark: &str) -> bool {
    let mut undone = String::from_utf8_lossy(text).into_owned();
    for byte in b' '..=b'~' {
        undone = undone.replace(&format!("&#{byte};"), &char::from(byte).to_string());
    }
    holds(undone.as_bytes(), mark, 2)
}

fn assert_gone(place: &Place, value: &str, rules: &RedactRules) {
    let (redacted, ..) = redacted(&at(place, value), rules.clone());
    let (head, body) = (redacted.delivery.head.bytes().to_vec(), redacted.delivery.body.to_vec());
    for text in [head, body, exported(Json::default(), &redacted), exported(Har::default(), &redacted)] {
        for mark in MARKS {
            assert!(!leaks(&text, mark), "{mark} of {value} at {place:?} in {}", String::from_utf8_lossy(&text));
        }
    }
}

#[test]
fn no_value_goes_out_from_any_place() {
    for place in PLACES {
        VALUES.iter().for_each(|value| assert_gone(place, value, &RedactRules::default()));
    }
    for place in NAMES {
        VALUES[1..].iter().for_each(|value| assert_gone(place, value, &RedactRules::default()));
    }
}

#[test]
fn a_rule_about_a_text_reaches_names_and_paths() {
    let rules = RedactRules { keep: Vec::new(), replace: vec!["text:quillfeather".parse().unwrap()] };
    let words = [
        (
            "/quillfeather/x",
            "X-Event-Topic: quillfeather.created\r\n",
            JSON,
            r#"{"quillfeather":1,"event":"quillfeather"}"#,
        ),
        ("/hook?quillfeather&my-quillfeather=1", "X-Quillfeather: 1\r\n", FORM, "quillfeather=1&event=quillfeather"),
        (
            "/hook",
            "",
            PARTS,
            "--B\r\nX-Quillfeather: 1\r\nContent-Disposition: form-data; name=\"quillfeather\"\r\n\r\nx\r\n--B--\r\n",
        ),
        ("/hook", "", XML, "<quillfeather quillfeather='1'/>"),
    ];
    words.iter().chain(NAMES).for_each(|place| assert_gone(place, "quillfeather", &rules));
}

#[rstest]
#[case::json(JSON, b"{\"name\":\"\xc8\xe2\xe0\xed\xee\xe2\xe0\"}")]
#[case::xml(XML, b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><r n=\"\xc8\xe2\xe0\xed\xee\xe2\xe0\">\xc8\xe2\xe0\xed\xee\xe2\xe0</r>")]
#[case::text(
    TEXT,
    b"Name: \xc8\xe2\xe0\xed\xee\xe2\xe0 lives in text text text text text text text text text text text text text\n"
)]
#[case::form(FORM, b"name=%C8%E2%E0%ED%EE%E2%E0&b=\xc8\xe2\xe0\xed\xee\xe2\xe0")]
fn other_character_sets_go(#[case] media: &'static str, #[case] body: &[u8]) {
    let mut delivery = delivery("X-Name: @\r\n", "/x?name=%C8%E2%E0%ED%EE%E2%E0", body, "undefined");
    let head = String::from_utf8(delivery.head.bytes().to_vec()).unwrap().replace(JSON, media).into_bytes();
    let at = head.iter().position(|byte| *byte == b'@').unwrap();
    delivery.head = Head::from([&head[..at], b"\xc8\xe2\xe0\xed\xee\xe2\xe0", &head[at + 1..]].concat());
    let (redacted, ..) = redacted(&delivery, RedactRules::default());
    for text in [redacted.delivery.head.bytes().to_vec(), redacted.delivery.body.to_vec()] {
        let lower = text.to_ascii_lowercase();
        for mark in [&b"\xc8\xe2\xe0"[..], b"%c8%e2", b"%ed%ee", b"\xed\xee\xe2"] {
            assert!(memchr::memmem::find(&lower, mark).is_none(), "{mark:x?} in {}", String::from_utf8_lossy(&text));
        }
    }
    assert_eq!(redacted.delivery.body.len(), body.len());
}

#[test]
fn structure_stays() {
    for place in PLACES.iter().chain(NAMES) {
        for value in VALUES {
            let original = at(place, value);
            let (redacted, ..) = redacted(&original, RedactRules::default());
            let (was, is) = (&original.body[..], &redacted.delivery.body[..]);
            if serde_json::from_slice::<Value>(was).is_ok() {
                assert!(serde_json::from_slice::<Value>(is).is_ok(), "{}", String::from_utf8_lossy(is));
            }
            let count = |body: &[u8], byte: u8| body.iter().filter(|one| **one == byte).count();
            let kinds = |body: &[u8]| xml::tokens(body).map(|(kind, _)| kind).collect::<Vec<XmlTokenKind>>();
            match place.2 {
                FORM => assert_eq!((count(was, b'&'), count(was, b'=')), (count(is, b'&'), count(is, b'='))),
                XML => assert_eq!(kinds(was), kinds(is)),
                PARTS => {
                    let parts = |body: &[u8]| Multipart::read(body, b"B").parts.len();
                    assert_eq!(
                        (parts(was), Declared::of(&redacted.delivery.head).boundary),
                        (parts(is), Some(b"B".to_vec()))
                    );
                }
                _ => {}
            }
            assert_eq!(original.head.pairs().count(), redacted.delivery.head.pairs().count());
        }
    }
}

#[test]
fn what_a_body_is_read_by_stays() {
    for (was, is) in [
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("text/xml; charset=\"windows-1251\"", "text/xml; charset=\"windows-1251\""),
        ("multipart/form-data; boundary=----Web1; x=json", "multipart/form-data; boundary=----Web1; x="),
        ("application/json; name=\"json 1234.json\"", "application/json; name=\""),
    ] {
        let (redacted, ..) = redacted(&at(&("/hook", "", "{}", "{}"), was), RedactRules::default());
        let value = String::from_utf8_lossy(redacted.delivery.head.value("content-type").unwrap()).into_owned();
        assert!(value.starts_with(is) && value.len() == was.len() && !value.contains("1234"), "{value}");
    }
}

#[test]
fn a_value_has_one_placeholder_everywhere() {
    let body = r#"{"a":"M\u00fcller","b":"Müller","c":"12345678","id":12345678}"#;
    let original = delivery("X-Name: Müller\r\n", "/users/12345678?n=M%C3%BCller", body.as_bytes(), "undefined");
    let (redacted, ..) = redacted(&original, RedactRules::default());
    let body: Value = serde_json::from_slice(&redacted.delivery.body).unwrap();
    let name = body["a"].as_str().unwrap();
    assert_eq!(name, body["b"]);
    assert_eq!(redacted.delivery.head.value("x-name"), Some(name.as_bytes()));
    let target = String::from_utf8(redacted.delivery.head.target().to_vec()).unwrap();
    let query = crate::http::form::decode(target.split_once('=').unwrap().1.as_bytes());
    assert_eq!(query, name.as_bytes(), "{target}");
    let number = body["c"].as_str().unwrap();
    assert!(target.contains(number) && number != "12345678", "{target} {number}");
    assert_eq!(body["id"].to_string(), number);
}

#[test]
fn what_chose_an_answer_goes_but_for_its_kind() {
    let mut original = delivery("", "/hook", b"{}", "undefined");
    let rule = ChosenBy::rule(1, "forward https://quill.feather.test/9a8b7c6d5e4f").noting("decided: 503");
    original.summary.answer.as_mut().unwrap().rule = rule.clone();
    let answer = original.answer.as_mut().unwrap();
    answer.rule = rule;
    answer.headers.push(("X-Event-Token".to_owned(), Bytes::from_static(b"9a8b7c")));
    answer.headers.push(("X-quill@feather.test".to_owned(), Bytes::from_static(b"1")));
    answer.headers.push(("Location".to_owned(), Bytes::from_static(b"https://quill.test/")));
    let (redacted, ..) = redacted(&original, RedactRules::default());
    let words = redacted.delivery.answer.as_ref().unwrap().rule.as_str();
    assert!(words.starts_with("rule 2: forward https://") && words.ends_with("(decided: 503)"), "{words}");
    assert_eq!(redacted.delivery.summary.answer.as_ref().unwrap().rule.as_str(), words);
    for text in [exported(Json::default(), &redacted), exported(Har::default(), &redacted)] {
        MARKS.iter().for_each(|mark| assert!(!leaks(&text, mark), "{mark} in {}", String::from_utf8_lossy(&text)));
    }
}

#[test]
fn a_method_and_numbers_of_persons_go() {
    let body = r#"{"event":"user.created","user_ids":[11223344],"coordinates":[13.404954],"cvv":731,"number":4111111111111111,"createdAt":1746123456,"n":3}"#;
    let mut original = delivery("", "/hook", body.as_bytes(), "undefined");
    let head = String::from_utf8(original.head.bytes().to_vec()).unwrap();
    original.head = Head::from(head.replacen("POST", "QUILLFEATHER", 1));
    let (redacted, ..) = redacted(&original, RedactRules::default());
    let text = String::from_utf8(redacted.delivery.body.to_vec()).unwrap();
    for gone in ["11223344", "13.404954", "731", "41111111"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    for kept in ["\"user.created\"", "1746123456", "\"n\":3"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(!redacted.delivery.head.starts_with(b"QUILL") && redacted.delivery.summary.method.len() == 12);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_is_shown(secret in proptest::collection::vec(any::<u8>(), 12..48), is_text: bool) {
        let bytes = if is_text { hex::encode(&secret).into_bytes() } else { secret };
        let known = Secret::new("dev", bytes.clone(), SecretOrigin::Typed);
        let registry = Registry::new(Vec::new(), Keyring::new(vec![known]).unwrap(), Scheme::default());
        let redaction = Redaction::new(RedactRules::default(), b"a key of tests".to_vec(), &registry);
        let other = redaction.secrets()[0].expose();
        let same = other.iter().zip(&bytes).filter(|(one, own)| one == own).count();
        prop_assert!(same * 4 <= bytes.len() && other.len() == bytes.len(), "{:?} {:?}", other, bytes);
    }
}
