//! What is written reads the same, and whatever anybody writes is read or refused on one line.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::config::{Keyring, Registry};
use crate::http::{Head, HeaderLine, Target};
use crate::signature::{Scheme, SigningKind};
use crate::suite::case::{ResignAs, Suite, SuiteCase, SuiteRequest, SuiteSigning};
use crate::suite::expect::{Expectations, ExpectedValue};
use crate::suite::make::{CaseMaker, SigningChoice};
use crate::suite::testing::delivery;

const CASE: &str =
    r#"{"version": 1, "cases": [{"name": "a", "signature": "resign", "method": "POST", "target": "/x"}]}"#;

fn expectations(typed: &[&str]) -> Expectations {
    let mut expectations = Expectations::default();
    typed.iter().for_each(|typed| expectations.add(typed).unwrap());
    expectations
}

fn example() -> Suite {
    let line = |text: &'static [u8]| HeaderLine::raw(Bytes::from_static(text)).unwrap();
    let signed = SuiteCase {
        name: "screenshot-12".to_owned(),
        received_at: Some("2026-11-29T18:48:59.123Z".parse().unwrap()),
        signing: SuiteSigning::Resign(ResignAs {
            webhook: Some("resale".to_owned()),
            scheme: Some("trackpilots".to_owned()),
            kind: SigningKind::Reseller,
            secret: Some("old".to_owned()),
        }),
        request: SuiteRequest {
            method: "POST".to_owned(),
            target: Bytes::from_static(b"/webhooks/trackpilots?x=%20"),
            headers: vec![
                line(b"Host: localhost:3000"),
                line(b"x-odd:\t\"quoted\" and 'single' "),
                line(b"X-Webhook-Signature:"),
                line(b"X-Latin: \xe9"),
            ],
            body: Bytes::from_static(b"{\n  \"event\": \"desktop.screenshot_tracking.captured\"\n}\n"),
        },
        expect: expectations(&[
            "status=200",
            "header:Content-Type~json",
            "!header:Server",
            "body:result.id=7",
            "body:result.big=12345678901234567890",
            "body:result.name=Ada",
            "body:ok=true",
            "body:gone=null",
            "body:[\"odd key\"]",
        ]),
    };
    let as_received = SuiteCase {
        name: "post-x-13".to_owned(),
        received_at: None,
        signing: SuiteSigning::AsReceived,
        request: SuiteRequest {
            method: "PUT".to_owned(),
            target: Bytes::from_static(b"/x"),
            headers: Vec::new(),
            body: Bytes::from((0..=255).collect::<Vec<u8>>()),
        },
        expect: expectations(&["status=4xx", "body=Invalid signature"]),
    };
    Suite { cases: vec![signed, as_received] }
}

#[test]
fn a_suite_reads_well_and_reads_back() {
    let text = write(&example());
    insta::assert_snapshot!("suite", text);
    assert_eq!(read(text.as_bytes()), Ok(example()));
    // A checkout on Windows changes nothing.
    assert_eq!(read(format!("\u{feff}{}", text.replace('\n', "\r\n")).as_bytes()), Ok(example()));
}

/// The same with one more member of its case, as JSON.
fn with(more: &str) -> String {
    CASE.replace("\"target\": \"/x\"", &format!("\"target\": \"/x\", {more}"))
}

#[test]
fn the_suite_of_the_example_is_as_it_would_be_written() {
    let text = include_str!("../../../examples/suite/suites/events.json");
    assert_eq!(write(&read(text.as_bytes()).unwrap()), text);
}

#[rstest]
#[case("{\"x\": 1}", "missing version: add `\"version\": 1`")]
#[case("{\"version\": 2, \"suites\": []}", "version 2 is not known here, where the newest is 1: update whyhook")]
#[case("{\"version\":", "1:11: EOF while parsing a value")]
#[case("{\"version\": \"1\"}", "1:15: invalid type: string")]
#[case("{\"version\": 1,\n \"case\": []}", "2:7: unknown field `case`; did you mean `cases`?")]
#[case("{\"version\": 1, \"version\": 1}", "duplicate field `version`")]
#[case("{\"version\": 1} x", "1:16: trailing characters")]
#[case("[1, []]", "1:1: invalid type: sequence, expected a suite")]
#[case("{\"version\": 1, \"cases\": [[\"a\"]]}", "invalid type: sequence, expected a case")]
#[case("{\"version\": 1, \"cases\": [{\"name\": \"a\", \"signatur\": \"resign\"}]}", "did you mean `signature`?")]
#[case("{\"version\": 1, \"cases\": [{\"name\": \"a\", \"method\": \"POST\"}]}", "missing field `signature`")]
#[case(
    "{\"version\": 1, \"cases\": [{\"name\": \"\", \"signature\": \"resign\", \"method\": \"POST\"}]}",
    "case 1: invalid name ''"
)]
#[case(
    "{\"version\": 1, \"cases\": [{\"name\": \"a\\u001b\", \"signature\": \"resign\", \"method\": \"POST\"}]}",
    "case 1: invalid name 'a␛'"
)]
fn a_file_that_is_no_suite_is_refused(#[case] text: &str, #[case] words: &str) {
    let error = read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(words) && error.lines().count() == 1, "{error}");
}

#[rstest]
#[case("\"received_at\": \"yesterday\"", "received_at: 'yesterday' is not a moment")]
#[case("\"kind\": \"seller\"", "kind: 'seller' is not known: expected developer or reseller")]
#[case("\"body\": \"a\", \"body_base64\": \"YQ==\"", "body and body_base64 conflict")]
#[case("\"body_base64\": \"!\"", "body_base64: invalid Base64")]
#[case("\"headers\": [\"X: 1\", \"X\"]", "headers, line 2: expected \"Name: value\"")]
#[case("\"headers\": [\"X: a\\r\\nY: b\"]", "headers, line 1")]
#[case("\"headers\": [{\"base64\": \"WDogYQ0KWTogYg==\"}]", "headers, line 1")]
#[case("\"headers\": [1]", "headers, line 1")]
#[case("\"body\": {}", "invalid type: map, expected a string")]
#[case("\"body\": \"\\ud800\"", "unexpected end of hex escape")]
#[case("\"expect\": {\"status\": 20}", "status: expected a number such as 200")]
#[case("\"expect\": {\"status\": 200.0}", "status: expected a number such as 200")]
#[case(
    "\"expect\": {\"headers\": [{\"name\": \"X\"}]}",
    "expect, headers 1: expected exactly one of equals, matches or present"
)]
#[case(
    "\"expect\": {\"headers\": [{\"name\": \"X\", \"equals\": \"a\", \"present\": true}]}",
    "expected exactly one of"
)]
#[case("\"expect\": {\"headers\": [{\"name\": \"a b\", \"equals\": \"a\"}]}", "invalid header name 'a b'")]
#[case("\"expect\": {\"body\": [{\"path\": \"a..b\", \"exists\": true}]}", "expect, body 1: invalid path 'a..b'")]
#[case("\"expect\": {\"body\": [{\"path\": \"a\", \"matches\": \"(\"}]}", "expect, body 1: invalid pattern '('")]
#[case(
    "\"expect\": {\"body\": [{\"path\": \"a\", \"equals\": null, \"exists\": true}]}",
    "exactly one of equals, matches"
)]
#[case("\"expect\": {\"body\": [{\"path\": \"a\", \"equal\": 1}]}", "did you mean `equals`?")]
#[case("\"expect\": [200]", "invalid type: sequence, expected expectations")]
fn a_case_that_is_none_is_refused(#[case] more: &str, #[case] words: &str) {
    let error = read(with(more).as_bytes()).unwrap_err().to_string();
    assert!(error.contains(words) && error.lines().count() == 1, "{error}");
}

#[test]
fn what_two_cases_or_members_say_against_each_other_is_refused() {
    let error = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    let case = &CASE[CASE.find('[').unwrap() + 1..CASE.rfind(']').unwrap()];
    assert_eq!(
        error(&format!("{{\"version\": 1, \"cases\": [{case}, {case}]}}")),
        "two cases are called 'a': give one of them another name"
    );
    assert!(
        error(&CASE.replace("resign", "anew"))
            .contains("signature: 'anew' is not known: expected resign or as_received")
    );
    let as_received = CASE.replace("\"resign\"", "\"as_received\", \"scheme\": \"github\"");
    assert!(error(&as_received).contains("scheme has a meaning only with \"signature\": \"resign\""));
    assert!(error(&CASE.replace("POST", "PO ST")).contains("method: 'PO ST' is not a method"));
    assert!(error(&CASE.replace("/x", "/x y")).contains("target: expected a path"));
    assert!(error(&CASE.replace(", \"target\": \"/x\"", "")).contains("target: expected a path"));
    let many = vec![case; CASE_LIMIT + 1].join(",");
    assert!(
        error(&format!("{{\"version\": 1, \"cases\": [{many}]}}")).starts_with("1001 cases: expected at most 1000")
    );
    assert_eq!(read(b"\xff"), Err(SuiteFault::NotText));
}

#[test]
fn any_value_of_json_is_expected_as_it_is_written() {
    let values = ["1.50", "false", "null", "[1, {\"a\": 1e400}]", "{}", "12345678901234567890", "\"\\ud800\""];
    let body: Vec<String> = values.iter().map(|value| format!("{{\"path\": \"a\", \"equals\": {value}}}")).collect();
    let text = with(&format!("\"expect\": {{\"body\": [{}]}}", body.join(", ")));
    let suite = read(text.as_bytes()).unwrap();
    let wanted: Vec<_> = suite.cases[0].expect.body.iter().map(|body| body.wanted.clone()).collect();
    assert_eq!(wanted, values.map(|json| ExpectedValue::Json(json.to_owned())));
    assert_eq!(read_again(&suite), suite);
}

/// Requests of every shape: odd letter case, duplicates, empty values, bytes outside UTF-8, bodies of any bytes.
fn any_request() -> impl Strategy<Value = (String, Vec<u8>)> {
    let line = "[a-zA-Z-]{1,8}:[ \t]?[ -~\u{e9}\u{202e}']{0,12}";
    let head = proptest::collection::vec(line, 0..6).prop_map(|lines| {
        format!(
            "POST /a?b='c\"%0a HTTP/1.1\r\n{}\r\n",
            lines.iter().map(|line| format!("{line}\r\n")).collect::<String>()
        )
    });
    let text = "([{}\":,a-c'\\\\ \t\r\n\u{e9}\u{202e}\u{0}]|'''){0,40}".prop_map(String::into_bytes);
    (head, prop_oneof![text, proptest::collection::vec(any::<u8>(), 0..60)])
}

proptest! {
    #[test]
    fn any_delivery_saved_and_read_is_the_same_request((head, body) in any_request(), microseconds in 0..4_000_000_000_000_000_i64) {
        let registry = Registry::new(Vec::new(), Keyring::default(), Scheme::default());
        let mut delivery = delivery(&head, &body);
        delivery.summary.received_at = Timestamp::from_microsecond(microseconds).unwrap();
        let maker = CaseMaker {
            registry: &registry,
            signing: SigningChoice::ByVerdict,
            expect: Expectations::default(),
            kept: Expectations::default(),
            redact: &Clone::clone,
        };
        let case = maker.make(&delivery, None).unwrap().case;
        let suite = Suite { cases: vec![case] };
        let text = write(&suite);
        let read = read(text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &suite);
        prop_assert_eq!(write(&read), text);
        let request = &read.cases[0].request;
        prop_assert_eq!(&request.body, &delivery.body);
        prop_assert_eq!(request.head(), delivery.head.clone());
        let target: Target = "http://localhost:1".parse().unwrap();
        let (exact, _) = crate::send::as_captured(&delivery, &target).unwrap();
        prop_assert_eq!(request.outgoing(&target).unwrap(), exact);
    }

    #[test]
    fn any_text_is_seen_by_a_reader(text in "([a-c'\"\\\\ \t\r\n\u{e9}\u{202e}\u{0}\u{7f}]){0,20}|\\PC*") {
        let mut suite = example();
        suite.cases[0].request.body = Bytes::from(text.clone());
        suite.cases[0].expect.body[0].wanted = ExpectedValue::Text(text);
        let written = write(&suite);
        prop_assert_eq!(read(written.as_bytes()), Ok(suite));
        // Nothing that a reader cannot see, and no line that an editor would change.
        prop_assert!(!written.chars().any(|character| crate::text::is_hidden(character) && character != '\n'));
        prop_assert!(!written.split('\n').any(|line| line.ends_with(' ')));
        prop_assert_eq!(written.lines().last(), Some("}"));
    }

    #[test]
    fn any_file_is_read_or_refused_on_one_line(
        text in "(\\{\"version\": 1, )?(\"cases\": \\[\\{)?(\"(name|method|target|signature|headers|body|expect|equals)\": (\"[a-z/]{0,6}\"|\\[|\\{|1|null)[,}\\]]?\n?){0,8}|\\PC*",
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for file in [text.as_bytes(), &bytes, with(&text).as_bytes()] {
            match read(file) {
                Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1),
                Ok(suite) => prop_assert_eq!(read_again(&suite), suite),
            }
        }
    }
}

fn read_again(suite: &Suite) -> Suite {
    read(write(suite).as_bytes()).unwrap()
}

#[test]
fn a_head_without_an_end_is_none() {
    // `Head` compares bytes: what the property above holds is that no byte is lost.
    assert_ne!(
        Head::from("POST / HTTP/1.1\r\nA: 1\r\n\r\n".to_owned()),
        Head::from("POST / HTTP/1.1\r\na: 1\r\n\r\n".to_owned())
    );
}
