//! How a filter is read, printed and helped with.

use rstest::rstest;

use super::*;

#[rstest]
#[case("evnt:app", "at 0: unknown filter 'evnt:'; did you mean 'event:'?")]
#[case("sim stat:500", "at 4: unknown filter 'stat:'; did you mean 'status:'?")]
#[case("http://x", "at 0: unknown filter 'http:'; to search for this text, put it in quotation marks")]
#[case(
    "verdict:verfied",
    "at 8: unknown verdict 'verfied': expected one of verified, stale, mismatch, unsigned, no-time, "
)]
#[case("is:mallformed", "at 3: unknown word 'mallformed' for 'is:': expected one of sim, ")]
#[case(
    "cause:body_reserialised",
    "at 6: unknown cause 'body_reserialised': expected a cause's code or a part of one, such as body_reserialized or secret; did you mean 'body_reserialized'?"
)]
#[case("has:imag", "at 4: unknown word 'imag' for 'has:': expected one of body, ")]
#[case("tag:\"a b\"", "invalid value 'a b' for 'tag:': expected a tag")]
#[case("is:x", "at 3: unknown word 'x' for 'is:': expected one of sim, live, ")]
#[case("status:9xx", "at 7: invalid value '9xx' for 'status:': expected a status such as 503")]
#[case("status:abc", "at 7: invalid value 'abc' for 'status:': expected a status such as 503")]
#[case("size:>big", "expected a size such as >10kb")]
#[case("latency:100ms", "expected a comparison or range such as >100ms")]
#[case("age:soon", "expected a comparison or range such as >5m")]
#[case("id:x", "expected a number such as 42")]
#[case("since:later", "expected an age (90s, 1h), a date (2026-01-28) or an RFC 3339 time")]
#[case("header:=x", "expected a header name")]
#[case("query:=x", "expected a parameter's name")]
#[case("field:a..b", "expected a path in the body")]
#[case("field:=x", "expected a path in the body")]
#[case("event:", "at 6: missing value after 'event:': expected one, as in event:TEXT")]
#[case("event: app", "at 6: missing value after 'event:'")]
#[case("a | ", "at 4: expected a word")]
#[case("| a", "at 0: expected a word")]
#[case("a or or b", "at 5: expected a word")]
#[case("and", "at 0: expected a word")]
#[case("a and", "at 5: expected a word")]
#[case("not", "at 3: expected a word")]
#[case("()", "at 1: expected a word")]
#[case("\"\"", "at 0: expected a word")]
#[case("a (b", "at 2: unclosed parenthesis")]
#[case("a) b", "at 1: unexpected ')': no parenthesis is open")]
#[case("é \"b", "at 3: unclosed quotation mark")]
#[case("event:\u{202e}\u{1b} status:\u{202e}", "invalid value '⟨U+202E⟩' for 'status:'")]
fn mistakes_are_placed(#[case] text: &str, #[case] expected: &str) {
    let error = Query::parse(text).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.at <= text.len() && text.is_char_boundary(error.at));
}

#[test]
fn depth_is_bounded() {
    for opening in ["(", "!", "-", "not ", "(!"] {
        let error = Query::parse(&opening.repeat(100_000)).unwrap_err();
        assert_eq!(error.problem, Problem::TooDeep, "{opening}");
    }
    let deep = format!("{}a{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(Query::parse(&deep), Query::parse("a"));
}

#[rstest]
#[case("a and (b c)", "a b c")]
#[case("a or (b | (c))", "a | b | c")]
#[case("(a | b) c", "(a | b) c")]
#[case("NOT (a b)", "!(a b)")]
#[case("live #7", "is:live id:7")]
#[case("\"live\" \"or\" \"-x\" \"a-b\" \"http://x\"", "\"live\" \"or\" \"-x\" a-b \"http://x\"")]
#[case(r#"body:"a \"b\" \\ c" a\b"#, r#"body:"a \"b\" \\ c" "a\\b""#)]
#[case("header:X=\"a b\"", "header:\"X=a b\"")]
#[case("field:a[0].b==\"c d\"", "field:\"a[0].b==c d\"")]
#[case("Status:>=500", "status:>=500")]
fn filters_are_printed_plainly(#[case] text: &str, #[case] expected: &str) {
    let query = Query::parse(text).unwrap();
    assert_eq!(query.to_string(), expected);
    assert_eq!(Query::parse(expected), Ok(query));
}

#[test]
fn help_lists_every_atom_once() {
    let help = help();
    for name in atoms::names() {
        assert_eq!(help.iter().filter(|(usage, _)| usage.starts_with(&format!("{name}:"))).count(), 1, "{name}");
    }
    for flag in &flags::FLAGS {
        assert!(help.iter().any(|(usage, text)| usage.starts_with("is:") && text.contains(flag.name)), "{}", flag.name);
    }
}
