//! What is written reads the same, and whatever anybody writes is read or refused on one line.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::text::string;
use super::*;
use crate::config::{Keyring, Registry};
use crate::http::{Head, HeaderLine, Target};
use crate::signature::{Scheme, SigningKind};
use crate::suite::case::{ResignAs, Suite, SuiteCase, SuiteRequest, SuiteSigning};
use crate::suite::expect::{Expectations, ExpectedValue};
use crate::suite::make::{CaseMaker, SigningChoice};
use crate::suite::testing::delivery;

const CASE: &str = "version = 1\n[[case]]\nname = \"a\"\nsignature = \"resign\"\nmethod = \"POST\"\ntarget = \"/x\"\n";

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

#[test]
fn cases_are_added_and_expectations_replaced_and_the_rest_stays() {
    let (first, second) = (Suite { cases: example().cases[..1].to_vec() }, &example().cases[1..]);
    let commented = write(&first).replace("[case.expect]", "# Ask Ada before changing this.\n[case.expect] # or Bob");
    let text = append(&commented, second);
    assert_eq!(read(text.as_bytes()), Ok(example()));
    let new = expectations(&["status=2xx", "body:result.id=8"]);
    let changed = replace_expectations(&text, &[(0, new.clone())]).unwrap();
    assert!(changed.contains("# Ask Ada") && changed.contains("# or Bob"), "{changed}");
    let mut expected = example();
    expected.cases[0].expect = new;
    assert_eq!(read(changed.as_bytes()), Ok(expected.clone()));
    // Only these lines are others.
    let untouched = text.split("[case.expect]").nth(2).unwrap();
    assert!(changed.ends_with(untouched), "{changed}");
    // One without any expectation, or with an inline table, gets them all the same.
    for bare in [CASE.to_owned(), format!("{CASE}expect = {{ status = 500 }}\n")] {
        let changed = replace_expectations(&bare, &[(0, expected.cases[0].expect.clone())]).unwrap();
        assert_eq!(read(changed.as_bytes()).unwrap().cases[0].expect, expected.cases[0].expect, "{changed}");
    }
    assert_eq!(replace_expectations(CASE, &[(1, Expectations::default())]), None);
}

#[rstest]
#[case("x = 1", "missing version: add `version = 1`")]
#[case("version = 2\n[[cases]]", "version 2 is not known here, where the newest is 1: update whyhook")]
#[case("version = ", "1:11: ")]
#[case("version = '1'", "1:11: invalid type: string")]
#[case("version = 1\n[[cases]]\n", "2:3: unknown field `cases`, expected `version` or `case`")]
#[case("version = 1\n[[case]]\nname = 'a'\nsignatur = 'resign'\n", "did you mean `signature`?")]
#[case("version = 1\n[[case]]\nname = 'a'\nmethod = 'POST'\n", "missing field `signature`")]
#[case("version = 1\n[[case]]\nname = ''\nsignature = 'resign'\nmethod = 'POST'\n", "case 1: invalid name ''")]
#[case(
    "version = 1\n[[case]]\nname = \"a\\u001b\"\nsignature = 'resign'\nmethod = 'POST'\n",
    "case 1: invalid name 'a␛'"
)]
fn a_file_that_is_no_suite_is_refused(#[case] text: &str, #[case] words: &str) {
    let error = read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(words) && error.lines().count() == 1, "{error}");
}

#[rstest]
#[case("received_at = 'yesterday'", "received_at: 'yesterday' is not a moment")]
#[case("kind = 'seller'", "kind: 'seller' is not known: expected developer or reseller")]
#[case("body = 'a'\nbody_base64 = 'YQ=='", "body and body_base64 conflict")]
#[case("body_base64 = '!'", "body_base64: invalid Base64")]
#[case("headers = ['X: 1', 'X']", "headers, line 2: expected \"Name: value\"")]
#[case("headers = [\"X: a\\r\\nY: b\"]", "headers, line 1")]
#[case("headers = [{ base64 = 'WDogYQ0KWTogYg==' }]", "headers, line 1")]
#[case("headers = [1]", "headers, line 1")]
#[case("[case.expect]\nstatus = 20", "status: expected a number such as 200")]
#[case("[case.expect]\nstatus = 2.0", "status: expected a number such as 200")]
#[case(
    "[case.expect]\nheaders = [{ name = 'X' }]",
    "expect, headers 1: expected exactly one of equals, matches or present"
)]
#[case("[case.expect]\nheaders = [{ name = 'X', equals = 'a', present = true }]", "expected exactly one of")]
#[case("[case.expect]\nheaders = [{ name = 'a b', equals = 'a' }]", "invalid header name 'a b'")]
#[case("[case.expect]\nbody = [{ path = 'a..b', exists = true }]", "expect, body 1: invalid path 'a..b'")]
#[case("[case.expect]\nbody = [{ path = 'a', matches = '(' }]", "expect, body 1: invalid pattern '('")]
#[case("[case.expect]\nbody = [{ path = 'a', json = '{' }]", "invalid JSON '{'")]
#[case("[case.expect]\nbody = [{ path = 'a', equals = [1] }]", "json = '[1, 2]'")]
#[case("[case.expect]\nbody = [{ path = 'a', equal = 1 }]", "did you mean `equals`?")]
fn a_case_that_is_none_is_refused(#[case] more: &str, #[case] words: &str) {
    let error = read(format!("{CASE}{more}\n").as_bytes()).unwrap_err().to_string();
    assert!(error.contains(words) && error.lines().count() == 1, "{error}");
}

#[test]
fn other_mistakes_are_named_too() {
    let error = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error(&format!("{CASE}{}", &CASE["version = 1\n".len()..])),
        "two cases are called 'a': give one of them another name"
    );
    assert!(
        error(&CASE.replace("resign", "anew"))
            .contains("signature: 'anew' is not known: expected resign or as_received")
    );
    let as_received = CASE.replace("\"resign\"", "\"as_received\"\nscheme = \"github\"");
    assert!(error(&as_received).contains("scheme has a meaning only with signature = \"resign\""));
    assert!(error(&CASE.replace("POST", "PO ST")).contains("method: 'PO ST' is not a method"));
    assert!(error(&CASE.replace("/x", "/x y")).contains("target: expected a path"));
    assert!(error(&CASE.replace("target = \"/x\"\n", "")).contains("target: expected a path"));
    let many = format!(
        "version = 1\n{}",
        "[[case]]\nname = 'a'\nsignature = 'resign'\nmethod = 'GET'\n".repeat(CASE_LIMIT + 1)
    );
    assert!(error(&many).starts_with("1001 cases: expected at most 1000"));
    assert_eq!(read(b"\xff"), Err(SuiteFault::NotText));
}

#[test]
fn numbers_of_toml_are_numbers_of_json() {
    let text =
        format!("{CASE}[case.expect]\nbody = [{{ path = 'a', equals = 1.5 }}, {{ path = 'b', equals = false }}]\n");
    let body = read(text.as_bytes()).unwrap().cases[0].expect.body.clone();
    let wanted: Vec<_> = body.into_iter().map(|body| body.wanted).collect();
    assert_eq!(wanted, ["1.5", "false"].map(|json| ExpectedValue::Json(json.to_owned())));
    assert!(read(format!("{CASE}[case.expect]\nbody = [{{ equals = nan }}]\n").as_bytes()).is_err());
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
    fn any_text_is_one_string(text in "([a-c'\"\\\\ \t\r\n\u{e9}\u{202e}\u{0}]|'''){0,20}|\\PC*") {
        let written = format!("a = {}\nb = 1\n", string(&text));
        let read: toml::Table = toml::from_str(&written).unwrap();
        prop_assert_eq!(read["a"].as_str(), Some(&*text));
        // Nothing that a reader cannot see, and no line that an editor would change.
        prop_assert!(!written.chars().any(|character| crate::text::is_hidden(character) && !"\n\t".contains(character)));
        prop_assert!(!written.split('\n').any(|line| line.ends_with([' ', '\t'])));
    }

    #[test]
    fn any_file_is_read_or_refused_on_one_line(
        text in "(version = 1\n)?(\\[\\[case\\]\\]\n)?((name|method|target|signature|headers|body|expect) = ('[a-z/]{0,6}'|\\[|\\{|1)\n?){0,8}|\\PC*",
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for file in [text.as_bytes(), &bytes, format!("{CASE}{text}").as_bytes()] {
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
