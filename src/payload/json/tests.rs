use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

fn fault(body: &[u8]) -> String {
    tokenize(body).unwrap_err().to_string()
}

/// Puts a body together again from its tokens and the gaps between them.
fn rejoin(body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    let mut at = 0;
    for token in tokenize(body).unwrap() {
        let range = token.range();
        let gap = &body[at..range.start];
        assert!(at == 0 || gap.iter().all(u8::is_ascii_whitespace));
        joined.extend_from_slice(gap);
        joined.extend_from_slice(token.text(body));
        at = range.end;
    }
    joined.extend_from_slice(&body[at..]);
    joined
}

#[test]
fn every_kind_is_told_apart() {
    use TokenKind::*;
    let body = br#" {"a" : [1.10, true,false , null]} "#;
    let kinds: Vec<TokenKind> = tokens(body).map(|token| token.unwrap().kind).collect();
    let expected =
        [ObjectOpen, String, Colon, ArrayOpen, Number, Comma, True, Comma, False, Comma, Null, ArrayClose, ObjectClose];
    assert_eq!(kinds, expected);
    assert_eq!(rejoin(body), body);
}

#[test]
fn faults_say_where_and_what() {
    let cases: [(&[u8], &str); 16] = [
        (b"", "line 1, column 1 (byte 0): expected a value, found the end"),
        (b"{\n \"\xc3\xa9\": NaN}", "line 2, column 7 (byte 9): expected a value, found “N”"),
        (b"[1] x", "line 1, column 5 (byte 4): expected the end, found “x”"),
        (b"[1 2]", "line 1, column 4 (byte 3): expected a comma or ], found “2”"),
        (b"[1,]", "line 1, column 4 (byte 3): expected a value, found “]”"),
        (b"{\"a\":1,}", "line 1, column 8 (byte 7): expected a key in quotation marks, found “}”"),
        (b"{\"a\" 1}", "line 1, column 6 (byte 5): expected a colon, found “1”"),
        (b"{\"a\":1]", "line 1, column 7 (byte 6): expected a comma or }, found “]”"),
        (b"01", "line 1, column 2 (byte 1): expected the end, found “1”"),
        (b"-", "line 1, column 2 (byte 1): expected a digit, found the end"),
        (b"1.e5", "line 1, column 3 (byte 2): expected a digit, found “e”"),
        (b"nul", "line 1, column 4 (byte 3): expected null, found the end"),
        (b"\"\\x\"", "line 1, column 3 (byte 2): expected one of \" \\ / b f n r t u after the backslash, found “x”"),
        (b"\"\\u00g0\"", "line 1, column 6 (byte 5): expected four hexadecimal digits after \\u, found “g”"),
        (b"\"a\x1b\"", "line 1, column 3 (byte 2): expected an escaped control character, found “␛”"),
        (b"\xff", "line 1, column 1 (byte 0): expected a value, found ⟨ff⟩"),
    ];
    for (body, expected) in cases {
        assert_eq!(fault(body), expected);
    }
}

#[test]
fn what_serde_json_refuses_may_still_be_json() {
    let bodies: [&[u8]; 5] = [br#"{"n":1e400}"#, br#""\ud83d""#, b"\"\xff\"", br#"{"a":1,"a":2}"#, b"\xef\xbb\xbf[]"];
    for body in bodies {
        assert_eq!(rejoin(body), body);
    }
    assert!(tokens(b"\xef\xbb\xbf[]").has_bom());
    assert!(!tokens(b"[]").has_bom());
}

#[test]
fn a_million_levels_do_not_overflow_the_stack() {
    let levels = 1_000_000;
    let body = [vec![b'['; levels], vec![b']'; levels]].concat();
    assert_eq!(tokenize(&body).unwrap().len(), 2 * levels);
    assert_eq!(tokenize(&body[..levels]).unwrap_err().offset, levels);
    assert_eq!(entries(&body).count(), 1);
}

#[test]
fn there_is_nothing_after_a_fault() {
    let mut tokens = tokens(b"[x");
    assert!(tokens.next().unwrap().is_ok());
    assert_eq!(tokens.depth(), 1);
    assert!(tokens.next().unwrap().is_err());
    assert!(tokens.next().is_none());
}

#[test]
fn entries_are_verbatim_with_duplicates_in_order() {
    let body = br#" { "b" : 1.10 , "a":{"x":[1,"]"]}, "b":"\u0041" } "#;
    let found: Vec<(&[u8], &[u8])> =
        entries(body).map(|entry| (&body[entry.key.unwrap()], &body[entry.value])).collect();
    let expected: [(&[u8], &[u8]); 3] =
        [(b"\"b\"", b"1.10"), (b"\"a\"", br#"{"x":[1,"]"]}"#), (b"\"b\"", br#""\u0041""#)];
    assert_eq!(found, expected);

    let body = b"[1, \"two\" ,[3]]";
    let mut items = entries(body);
    assert_eq!(items.by_ref().map(|entry| entry.value.len()).collect::<Vec<_>>(), [1, 5, 3]);
    assert!(items.is_complete());

    let mut items = entries(b"[1, 2");
    assert_eq!(items.by_ref().count(), 2);
    assert!(!items.is_complete());
    assert_eq!(entries(b"7").count(), 0);
}

#[test]
fn strings_are_decoded_and_their_faults_told() {
    let text = decode_string(br#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#);
    assert_eq!(text.text, "a\"\\/\u{8}\u{c}\n\r\té😀");
    assert!(text.is_exact());

    let text = decode_string(br#""Chat \ud83d""#);
    assert_eq!(text.text, "Chat \u{fffd}");
    assert_eq!(text.lone_surrogates, [LoneSurrogate { offset: 6, unit: 0xd83d }]);

    assert!(decode_string(b"\"\xff\"").bad_utf8);
    assert_eq!(unescape(br"\ude00x"), b"\xed\xb8\x80x".as_slice());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9).prop_map(serde_json::Value::from),
        ".*".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((".{0,8}", inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn tokens_and_gaps_are_the_body(value in json(), indented: bool) {
        let body = if indented { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(rejoin(body.as_bytes()), body.as_bytes());
        let text = pretty(body.as_bytes()).unwrap().to_text();
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        // Not `value`: serde_json reads the last digit of some doubles otherwise than it writes it.
        prop_assert_eq!(read(&text), read(&body));
    }

    /// Skipped or read, a string ends at the same place, however many escapes are in it and wherever they
    /// stand: it is read eight and more bytes at a time.
    #[test]
    fn a_string_ends_where_it_ends(text in r#"([a-zé ]{0,90}|(\\["\\nt/]){1,40}|(\\u00[eE][0-9]){1,20}){0,6}"#, rest in "[\"\\\\a]{0,40}") {
        let body = format!("\"{text}\"{rest}");
        let end = text.len() + 2;
        prop_assert_eq!(scan::skip_string(body.as_bytes(), 0), Some(end));
        let token = tokens(body.as_bytes()).next().unwrap().unwrap();
        prop_assert_eq!(token.range(), 0..end);
        let characters = decode_string(token.text(body.as_bytes())).text.chars().count() as u64;
        prop_assert_eq!(pretty::count_characters(token.text(body.as_bytes())), characters);
        // Broken off anywhere, it does not end.
        for cut in (1..end).filter(|cut| body.is_char_boundary(*cut)) {
            prop_assert!(tokens(&body.as_bytes()[..cut]).next().unwrap().is_err());
            prop_assert_eq!(scan::skip_string(&body.as_bytes()[..cut], 0), None);
        }
    }

    #[test]
    fn no_control_character_slips_through(before in "[ -!#-\\[é]{0,100}", control in 0_u8..32, after in "[a-z]{0,40}") {
        let body = [b"\"", before.as_bytes(), &[control], after.as_bytes(), b"\""].concat();
        prop_assert_eq!(tokenize(&body).unwrap_err().offset, 1 + before.len());
    }

    /// Numbers that nobody looks at are passed over quickly, and their faults found all the same.
    #[test]
    fn the_numbers_of_a_buffer_are_checked(
        numbers in prop::collection::vec("0|[1-9][0-9]{0,3}|[1-9]\\.[0-9]|0[0-9]|-1|x?", 80..120),
    ) {
        let jpeg = ["255", "216", "255", "219"].map(str::to_owned);
        let all: Vec<String> = jpeg.into_iter().chain((0..300).map(|number| (number % 256).to_string())).chain(numbers).collect();
        let body = format!(r#"{{"type":"Buffer","data":[{}]}}"#, all.join(","));
        let read = serde_json::from_str::<IgnoredAny>(&body).is_ok();
        prop_assert_eq!(pretty(body.as_bytes()).is_ok(), read);
    }

    #[test]
    fn strings_mean_what_serde_json_reads(value in ".*") {
        let token = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(decode_string(token.as_bytes()).text, value);
    }

    /// One byte of valid JSON replaced: still the same answer as serde_json's.
    #[test]
    fn validity_is_the_same_as_for_serde_json(value in json(), at: prop::sample::Index, byte in "[\\[\\]{},:\"\\\\0-9eE.+ntfx \\x00-\\x1f-]") {
        let mut body = serde_json::to_vec(&value).unwrap();
        let at = at.index(body.len());
        body[at] = byte.as_bytes()[0];
        prop_assume!(std::str::from_utf8(&body).is_ok());
        prop_assert_eq!(tokenize(&body).is_ok(), serde_json::from_slice::<IgnoredAny>(&body).is_ok());
    }

    #[test]
    fn any_bytes_are_survived(body in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "[\\[\\]{},:\"\\\\0-9a-fu \\n.-]{0,200}".prop_map(String::into_bytes),
    ], columns in 0_usize..40) {
        let _ = tokens(&body).count();
        let _ = entries(&body).count();
        let _ = decode_string(&body);
        let _ = crate::payload::capture_facts(&body);
        if let Ok(pretty) = pretty(&body) {
            for row in 0..pretty.line_count() {
                prop_assert!(!pretty.line_within(row, columns).to_string().chars().any(crate::text::is_hidden));
                let _ = (pretty.path(row), pretty.block_end(row), pretty.value_range(row));
            }
        }
    }
}
