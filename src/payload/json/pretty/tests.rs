use super::*;

fn lines(body: &[u8]) -> Vec<String> {
    let pretty = pretty(body).unwrap();
    (0..pretty.line_count()).map(|row| pretty.line(row).to_string()).collect()
}

#[test]
fn rows_are_the_senders_own_text() {
    let shown = lines(br#"{"a":1.10,"a":"\u0041","e":{},"l":[ ],"n":[1e400,{"x":null}]}"#);
    let expected = [
        "{",
        "  \"a\": 1.10,",
        "  \"a\": \"\\u0041\", (duplicate key)",
        "  \"e\": {},",
        "  \"l\": [],",
        "  \"n\": [",
        "    1e400,",
        "    {",
        "      \"x\": null",
        "    }",
        "  ]",
        "}",
    ];
    assert_eq!(shown, expected);
    assert_eq!(pretty(b" 7 ").unwrap().to_text(), "7");
}

#[test]
fn pieces_are_named_and_faults_marked() {
    let pretty = pretty(b"[\"Chat \\ud83d!\xff\", -1, true]").unwrap();
    let kinds = |row| pretty.line(row).pieces.iter().map(|piece| piece.kind).collect::<Vec<_>>();
    use PieceKind::{Fault, Literal, Number, Punctuation, String};
    assert_eq!(kinds(1), [String, Fault, String, Fault, String, Punctuation]);
    assert_eq!(pretty.line(1).to_string(), "  \"Chat \\ud83d!⟨ff⟩\",");
    assert_eq!((kinds(2), kinds(3)), (vec![Number, Punctuation], vec![Literal]));
}

#[test]
fn hidden_characters_are_shown_but_copied_as_they_are() {
    let pretty = pretty("{\"k\u{202e}\":\"\u{9b}\"}".as_bytes()).unwrap();
    assert_eq!(pretty.line(1).to_string(), "  \"k⟨U+202E⟩\": \"⟨U+009B⟩\"");
    assert_eq!(pretty.to_text(), "{\n  \"k\u{202e}\": \"\u{9b}\"\n}");
}

#[test]
fn long_tokens_are_cut_and_counted() {
    let body = format!("[\"{}\"]", "é".repeat(44_869));
    let pretty = pretty(body.as_bytes()).unwrap();
    let line = pretty.line_within(1, 10).to_string();
    assert_eq!(line, format!("  \"{}… (44,869 characters)", "é".repeat(9)));
    assert_eq!(pretty.line_within(1, 0).to_string(), "  … (44,869 characters)");
    assert_eq!(pretty.to_text().chars().count(), 44_869 + 8);
}

#[test]
fn paths_ranges_and_blocks_are_found() {
    let body = br#"{"data":[{"a b":1},{"x":[2,3]}]}"#;
    let pretty = pretty(body).unwrap();
    let row = |text: &str| (0..pretty.line_count()).find(|&row| pretty.line(row).to_string().trim() == text).unwrap();
    assert_eq!(pretty.path(0), "");
    assert_eq!(pretty.path(row("\"a b\": 1")), "data[0][\"a b\"]");
    assert_eq!(pretty.path(row("3")), "data[1].x[1]");
    assert_eq!(pretty.path(row("]") - 1), "data[1].x[1]");
    assert_eq!(pretty.path(row("]")), "data[1].x");
    assert_eq!(pretty.path(row("}")), "data[1]");
    assert_eq!(&body[pretty.value_range(row("\"x\": [")).unwrap()], b"[2,3]");
    assert_eq!(pretty.value_range(row("}")), None);
    assert_eq!(pretty.block_end(0), Some(pretty.line_count() - 1));
    assert_eq!(pretty.block_end(row("\"x\": [")), Some(row("]")));
    assert_eq!(pretty.block_end(row("3")), None);
    assert_eq!(pretty.line_at(body.len() - 1), pretty.line_count() - 1);
}

#[test]
fn indentation_is_capped() {
    let body = [vec![b'['; 5000], vec![b']'; 5000]].concat();
    let pretty = pretty(&body).unwrap();
    assert_eq!((pretty.line(4000).indent, pretty.depth(4000)), (INDENT_LIMIT, 4000));
    assert!(pretty.to_text().len() < 1_000_000);
}

#[test]
fn a_binary_is_one_row() {
    let live = lines(include_bytes!("../../../../assets/samples/screenshot-live.json"));
    let row = live.iter().find(|row| row.contains("imageBuffer")).unwrap();
    let shown = "\"<Buffer ff d8 ff db 00 43 00 03 02 02 03 02 02 03 03 03 03 04 0";
    let expected = format!("\"imageBuffer\": {shown}… (50 of 44,869 bytes, JPEG, Node's print-out of a Buffer),");
    assert_eq!(row.trim(), expected);

    let jpeg: &[u8] = include_bytes!("../../../../assets/samples/screenshot.jpg");
    let body = serde_json::json!({"a": {"type": "Buffer", "data": jpeg}, "b": {"type": "Buffer", "data": [1, 2]}, "c": [1, 2]});
    let body = serde_json::to_string_pretty(&body).unwrap();
    let pretty = pretty(body.as_bytes()).unwrap();
    assert_eq!(pretty.line_count(), 8);
    let first = "\"a\": {\"type\":\"Buffer\",\"data\":[255,216,255,219,0,67,0,3,2,2,3,2,2,3,3,… (270 bytes, JPEG, a Buffer as JSON),";
    assert_eq!(pretty.line(1).to_string().trim(), first);
    assert_eq!(
        pretty.line(2).to_string(),
        "  \"b\": {\"type\":\"Buffer\",\"data\":[1,2]} (2 bytes, a Buffer as JSON),"
    );
    assert_eq!(pretty.binary(1), Some("270 bytes, JPEG, a Buffer as JSON"));
    assert_eq!((pretty.binary(3), pretty.block_end(1)), (None, None));
    assert_eq!((pretty.path(2), pretty.path(4)), ("b".to_owned(), "c[0]".to_owned()));
    let copied: serde_json::Value = serde_json::from_str(&pretty.to_text()).unwrap();
    assert_eq!(copied, serde_json::from_str::<serde_json::Value>(&body).unwrap());
}

#[test]
fn lengths_are_told_of_the_token_they_are_of() {
    let body = format!("[[0],{{\"{}\":\"{}\",\"n\":{}}}]", "k".repeat(5000), "v".repeat(90), "7".repeat(6000));
    let pretty = pretty(body.as_bytes()).unwrap();
    assert_eq!(pretty.line_within(5, 4).to_string(), "    \"kkk… (5,000 characters): \"vvv… (90 characters),");
    assert_eq!(pretty.line_within(6, 4).to_string(), "    \"n\": 7777… (6,000 characters)");

    let marks = format!("[\"{}\"]", "e\u{301}\u{302}".repeat(1000));
    let line = super::pretty(marks.as_bytes()).unwrap().line_within(1, 50).to_string();
    assert!(line.ends_with("… (3,000 characters)") && !line.contains('⟨'), "{line}");
}

#[test]
fn the_text_of_a_value_stands_alone() {
    let pretty = pretty(br#"{"a":{"b":[1.0, {}],"c":"x"},"d":2}"#).unwrap();
    assert_eq!(pretty.value_text(1), "{\n  \"b\": [\n    1.0,\n    {}\n  ],\n  \"c\": \"x\"\n}");
    assert_eq!(pretty.value_text(5), "[\n  1.0,\n  {}\n]", "by its closing row");
    assert_eq!([pretty.value_text(6), pretty.value_text(8)], ["\"x\"", "2"]);
    assert_eq!(pretty.value_text(0), pretty.to_text());
}

#[test]
fn a_folded_row_says_how_much_it_holds_and_how_it_begins() {
    let body = br#"{"a":{"k\u00e9":[1],"o":{},"s":"a long text that is cut somewhere"},"l":[{"x":1}],"l":[true,-1]}"#;
    let pretty = pretty(body).unwrap();
    let folded = |path: &str, columns| {
        let row = (0..pretty.line_count()).find(|&row| pretty.path(row) == path).unwrap();
        pretty.folded_line(row, columns).to_string().trim().to_owned()
    };
    assert_eq!(folded("a", 80), "\"a\": {…} 3 keys  k\\u00e9: […], o: {}, s: \"a long text that is cu…");
    assert_eq!(folded("a", 34), "\"a\": {…} 3 keys  k\\u00e9: […], o:…");
    assert_eq!(folded("l", 80), "\"l\": […] 1 item  {…}");
    let last = (0..pretty.line_count()).rfind(|&row| pretty.child_count(row) > 0).unwrap();
    assert_eq!(pretty.folded_line(last, 80).to_string().trim(), "\"l\": […] 2 items (duplicate key)  true, -1");
}

#[test]
fn a_key_that_comes_again_is_noted_however_it_is_written() {
    let noted = |body: &[u8]| {
        let pretty = super::pretty(body).unwrap();
        (0..pretty.line_count()).filter(|&row| pretty.is_duplicate(row)).collect::<Vec<_>>()
    };
    assert_eq!(noted(br#"{"a":1,"b":{"a":1},"\u0061":2,"a":[3]}"#), [5, 6]);
    assert!(noted(br#"[{"a":1},{"a":1},"a","a"]"#).is_empty());
    // Of very many keys, some at a time, and whether most are the same or none.
    let many = |key: &dyn Fn(usize) -> usize| {
        let members: Vec<String> = (0..60_000).map(|number| format!("\"{}\":0", key(number))).collect();
        noted(format!("{{{}}}", members.join(",")).as_bytes())
    };
    assert!(many(&|number| number).is_empty());
    assert_eq!(many(&|number| number / 2), (1..=30_000).map(|row| 2 * row).collect::<Vec<_>>());
    assert_eq!(many(&|_| 7), (2..=60_000).collect::<Vec<_>>());
}

/// Whatever a hostile body is made of, its rows, and any folds of them, take little beside it.
#[test]
fn no_body_has_rows_that_take_more_memory_than_twice_its_size() {
    const SIZE: usize = 1 << 20;
    let array = |item: &str| format!("[{}0]", format!("{item},").repeat(SIZE / (item.len() + 1)));
    let deep = format!("{}1{}", "[".repeat(DEPTH_LIMIT - 5), "]".repeat(DEPTH_LIMIT - 5));
    let lost = array("{}").replacen('[', r#"{"data":{"screenshot":{"imageBuffer":["#, 1) + "}}}";
    for body in [
        array("1"),
        array("[]"),
        array("\"\""),
        array("[1]"),
        array(r#"{"":1}"#),
        array(&deep),
        array(r#"{"type":"Buffer","data":[]}"#),
        array("[1]").replace(',', ",\n"),
        format!("{{{}\"b\":0}}", r#""":0,"#.repeat(SIZE / 5)),
        format!("{{{}\"b\":0}}", r#""\u0061":0,"#.repeat(SIZE / 11)),
        lost,
    ] {
        let what = body[..60].to_owned();
        let rows = Pretty::new(Bytes::from(body)).unwrap();
        assert!(rows.heap_bytes() <= 2 * rows.body().len(), "{what}: {}", rows.heap_bytes());
        for level in [0, 1, 5] {
            let folds = crate::payload::json::Folds::at_level(&rows, level);
            assert!(2 * folds.heap_bytes() <= rows.body().len(), "{what}: {}", folds.heap_bytes());
        }
        let last = rows.line_count() - 1;
        assert_eq!((rows.line_at(rows.body().len() - 1), rows.opening(last), rows.parent(last)), (last, 0, None));
    }
}

#[test]
fn what_is_deeper_than_anyone_reads_has_no_rows() {
    let nested = |levels: usize, inner: &str| {
        pretty(format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels)).as_bytes()).map(|rows| rows.line_count())
    };
    assert_eq!(nested(DEPTH_LIMIT, "1"), Ok(2 * DEPTH_LIMIT + 1));
    assert_eq!(nested(DEPTH_LIMIT + 1, "1"), Err(NoRows::TooDeep));
    // It is read on to its end all the same, since it may be no JSON at all.
    assert!(matches!(nested(DEPTH_LIMIT + 7, "nope"), Err(NoRows::Fault(fault, _)) if fault.offset == DEPTH_LIMIT + 8));
    assert!(matches!(pretty(&vec![b'['; 1 << 20]), Err(NoRows::Fault(fault, _)) if fault.offset == 1 << 20));
}

#[test]
fn what_is_printed_is_what_is_shown_without_an_end() {
    let jpeg: &[u8] = include_bytes!("../../../../assets/samples/screenshot.jpg");
    let long = format!("é\u{1b}{}", "x".repeat(200_000));
    let body = serde_json::json!({"a": {"type": "Buffer", "data": jpeg}, "b": [1.5, null, {}], "long": long});
    for body in [body.to_string().as_bytes(), br#" [ {"a":1,"a":"\ud83d","b":[ ]} , true]"#, b"7"] {
        let rows = pretty(body).unwrap();
        let mut written = Vec::new();
        rows.write_lines(&mut written).unwrap();
        let shown: String =
            (0..rows.line_count()).map(|row| format!("{}\n", rows.line_within(row, usize::MAX))).collect();
        assert_eq!(String::from_utf8(written).unwrap(), shown);
    }
}
