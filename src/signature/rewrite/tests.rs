//! What each language really made of a corpus of bodies; `tests/fixtures-src/signature` recorded it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::values::{DateFraction, DateZone, ValueEdit};
use super::*;

#[derive(serde::Deserialize)]
struct Corpus {
    bodies: Vec<String>,
    rewrites: BTreeMap<String, Vec<Option<String>>>,
}

fn corpus() -> Corpus {
    serde_json::from_str(include_str!("../../../assets/fixtures/signature-rewrites.json")).unwrap()
}

fn rewritten(name: &str, body: &str) -> Option<Vec<u8>> {
    let tree = Tree::read(body.as_bytes()).unwrap();
    match name {
        "python_dict" => prints::python_dict(&tree, 1 << 20),
        "ruby_hash" => prints::ruby_hash(&tree, 1 << 20),
        _ => presets().find(|preset| preset.name == name).unwrap_or_else(|| panic!("{name}")).apply(&tree, 1 << 20),
    }
}

/// Recorded with Go 1.19; since Go 1.22 backspace and form feed are written short.
fn as_go_is_now(name: &str, answer: &str) -> String {
    if name.starts_with("Go ") && !name.ends_with("earlier)") {
        return answer.replace("\\u0008", "\\b").replace("\\u000c", "\\f");
    }
    answer.to_owned()
}

/// Prints of an object are told for objects and arrays of text that is text.
fn is_left_out(name: &str, body: &str) -> bool {
    (name == "python_dict" || name == "ruby_hash")
        && (!body.trim_start().starts_with(['{', '[']) || body.contains("ud83d\"") || body.contains("1e400"))
}

#[test]
fn every_language_is_matched_byte_for_byte() {
    let corpus = corpus();
    let mut wrong = Vec::new();
    for (name, answers) in &corpus.rewrites {
        for (body, answer) in corpus.bodies.iter().zip(answers) {
            let ours = rewritten(name, body).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let answer = answer.as_ref().map(|answer| as_go_is_now(name, answer));
            // Where a language fails, it signs nothing: what we write then does not matter.
            if answer.is_some() && !is_left_out(name, body) && ours != answer {
                wrong.push(format!("{name}\n  body {body}\n  real {answer:?}\n  ours {ours:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn presets_have_names_of_their_own() {
    let mut names: Vec<&str> = presets().map(|preset| preset.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), presets().count());
}

#[test]
fn generic_edits_leave_tokens_alone() {
    let body = r#"{ "b": 1.10, "a": [null, "\u00e9\/"], "n": null }"#;
    let expect = [
        ("white space between tokens removed", r#"{"b":1.10,"a":[null,"\u00e9\/"],"n":null}"#),
        ("one space after each comma and colon", r#"{"b": 1.10, "a": [null, "\u00e9\/"], "n": null}"#),
        ("keys sorted, tokens as sent, compact", r#"{"a":[null,"\u00e9\/"],"b":1.10,"n":null}"#),
        ("members that are null left out, tokens as sent, compact", r#"{"b":1.10,"a":[null,"\u00e9\/"]}"#),
        (
            "numbers as JavaScript writes them, white space as sent",
            r#"{ "b": 1.1, "a": [null, "\u00e9\/"], "n": null }"#,
        ),
        ("strings without needless escapes, white space as sent", r#"{ "b": 1.10, "a": [null, "é/"], "n": null }"#),
    ];
    for (name, expected) in expect {
        assert_eq!(String::from_utf8(rewritten(name, body).unwrap()).unwrap(), expected, "{name}");
    }
}

#[test]
fn hostile_bodies_cost_no_stack() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let tree = Tree::read(deep.as_bytes()).unwrap();
    for preset in presets() {
        if let Some(bytes) = preset.apply(&tree, 1 << 19) {
            assert!(bytes.len() <= (1 << 19) + 100_000, "{preset:?}");
        }
    }
    assert!(tree.memory() <= 12 * deep.len());
}

proptest! {
    #[test]
    fn any_bytes_are_rewritten_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}\",:0-9.eE\\-ntrue\\\\u ]{0,60}") {
        for bytes in [&body[..], json.as_bytes()] {
            if let Some(tree) = Tree::read(bytes) {
                for preset in presets() {
                    let _ = preset.apply(&tree, 1 << 16);
                }
                let _ = (prints::python_dict(&tree, 1 << 16), prints::ruby_hash(&tree, 1 << 16));
                for preset in &form_of_json::FORMS_OF_JSON {
                    prop_assert!(preset.apply(&tree, 1 << 16).is_none_or(|form| form.len() <= 1 << 16));
                }
                let dates = ValueEdit::Dates(DateFraction::Three, DateZone::Offset);
                for edit in [ValueEdit::Trimmed, ValueEdit::EmptyAsNull, ValueEdit::TrimmedAndEmptyAsNull, dates] {
                    prop_assert_ne!(edit.apply(&tree), Some(bytes.to_vec()));
                }
                for added in &members::ADDED_MEMBERS {
                    let _ = added.removed(&tree);
                }
                let _ = (members::with_version(&tree), members::in_rails_json(&tree));
            }
            for edit in [text::to_lf, text::to_crlf, text::drop_all_newlines, text::nfc, text::nfd, text::latin1, text::mojibake_1252,
                text::undo_mojibake, text::utf16_le, wrap::from_base64, wrap::as_json_string, wrap::json_string_content,
                prints::buffer_print, prints::python_bytes] {
                let _ = edit(bytes);
            }
            let _ = wrap::form_fields(bytes);
            for edit in [forms::sorted_pairs, forms::upper_escapes, forms::lower_escapes, forms::plus_as_percent,
                forms::percent_as_plus] {
                prop_assert_ne!(edit(bytes), Some(bytes.to_vec()));
            }
            for edit in [forms::as_object, forms::as_object_of_last, forms::as_object_of_arrays] {
                prop_assert!(edit(bytes).is_none_or(|json| Tree::read(&json).is_some()));
            }
        }
    }

    /// Where tokens are written as sent, another reader reads the same value.
    #[test]
    fn other_white_space_and_order_mean_the_same(json in json()) {
        let tree = Tree::read(json.as_bytes()).unwrap();
        let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        let names = [
            "white space between tokens removed",
            "one space after each comma and colon",
            "keys sorted, tokens as sent, compact",
        ];
        for name in names {
            let written = presets().find(|preset| preset.name == name).unwrap().apply(&tree, 1 << 16).unwrap();
            prop_assert_eq!(value(&written), value(json.as_bytes()), "{}", name);
        }
        prop_assert!(presets().all(|preset| preset.apply(&tree, 1 << 16).is_none_or(|bytes| bytes.len() < 1 << 16)));
    }

    /// Each edit against the plainest way to make it, or undone.
    #[test]
    fn edits_are_what_they_are_called(body in mixed()) {
        let edited = |edit: text::TextEdit| edit(&body).unwrap_or_else(|| body.clone());
        let characters: String = body.iter().map(|&byte| char::from(byte)).collect();
        let bytes = |text: String| text.chars().map(|character| character as u8).collect::<Vec<_>>();
        let lf = characters.replace("\r\n", "\n");
        prop_assert_eq!(edited(text::to_lf), bytes(lf.clone()));
        prop_assert_eq!(edited(text::joined_lines), bytes(lf.strip_suffix('\n').unwrap_or(&lf).to_owned()));
        let first = characters.split_once('\n').map_or(&characters[..], |(first, _)| first.strip_suffix('\r').unwrap_or(first));
        prop_assert_eq!(edited(text::first_line), bytes(first.to_owned()));
        prop_assert_eq!(edited(text::to_crlf), bytes(lf.replace('\n', "\r\n")));
        let more = match body.len() {
            ..=50 => String::new(),
            51 => " ... 1 more byte".to_owned(),
            length => format!(" ... {} more bytes", length - 50),
        };
        let shown: String = body.iter().take(50).map(|byte| format!(" {byte:02x}")).collect();
        prop_assert_eq!(prints::buffer_print(&body).unwrap(), format!("<Buffer{shown}{more}>").into_bytes());
        let Ok(text) = std::str::from_utf8(&body) else {
            let none: [text::TextEdit; 5] = [text::nfc, text::nfd, text::latin1, text::utf16_le, wrap::as_json_string];
            prop_assert!(none.iter().all(|edit| edit(&body).is_none()), "what is no text has no characters");
            return Ok(());
        };
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        prop_assert_eq!(text::utf16_le(&body).unwrap(), units);
        let string = wrap::as_json_string(&body).unwrap();
        prop_assert_eq!(serde_json::from_slice::<String>(&string).unwrap(), text);
        prop_assert_eq!(wrap::json_string_content(&string), (!text.is_empty()).then(|| body.clone()));
        // What was taken apart and composed again is what was composed at once.
        let composed = |body: &[u8]| text::nfc(body).unwrap_or_else(|| body.to_vec());
        prop_assert_eq!(composed(&edited(text::nfd)), composed(&body));
        if !text.is_ascii() {
            prop_assert_eq!(text::undo_mojibake(&text::mojibake_1252(&body).unwrap()), Some(body.clone()));
            let one_each: Vec<u8> = text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect();
            prop_assert_eq!(text::latin1(&body), Some(one_each));
        }
    }

    /// Names and values come back from a form, as far as it is looked into.
    #[test]
    fn fields_of_a_form_come_back(fields in proptest::collection::vec(("[a-z &=%é]{1,6}", mixed()), 1..20)) {
        let form = fields.iter().map(|(name, value)| [wrap::form_encoded(name.as_bytes()), wrap::form_encoded(value)].join(&b'='));
        let form = form.collect::<Vec<_>>().join(&b'&');
        let first: Vec<_> = fields.into_iter().take(16).collect();
        prop_assert_eq!(wrap::form_fields(&form), first);
    }

    /// Each encoder writes a form that reads as the same fields.
    #[test]
    fn forms_written_again_mean_the_same(fields in proptest::collection::vec(("[a-z~*é]{1,4}", mixed()), 1..12)) {
        let form = fields.iter().map(|(name, value)| [wrap::form_encoded(name.as_bytes()), wrap::form_encoded(value)].join(&b'='));
        let form = form.collect::<Vec<_>>().join(&b'&');
        if forms::order_of_form(&form).is_some() {
            for preset in &forms::FORM_PRESETS {
                let mut read = wrap::form_fields(&preset.apply(&form).unwrap());
                let mut sent = fields.clone();
                if preset.is_sorted {
                    read.sort();
                    sent.sort();
                }
                prop_assert_eq!(read, sent, "{}", preset.name);
            }
        }
    }

    #[test]
    fn forms_and_base64_come_back(body in proptest::collection::vec(any::<u8>(), 6..80)) {
        prop_assert_eq!(crate::http::form::decode(&wrap::form_encoded(&body)), body.clone());
        prop_assert_eq!(wrap::from_base64(&wrap::to_base64(&body).unwrap()), Some(body));
    }

    /// What copies runs writes the same as what looks at each byte.
    #[test]
    fn runs_are_copied_as_single_bytes_are(body in mixed()) {
        let list = body.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        prop_assert_eq!(prints::byte_list(&body).unwrap(), list.as_bytes());
        let quote = if body.contains(&b'\'') && !body.contains(&b'"') { '"' } else { '\'' };
        let bytes: String = body.iter().map(|&byte| match char::from(byte) {
            '\\' => "\\\\".to_owned(),
            character if character == quote => format!("\\{quote}"),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            character @ ' '..='~' => character.to_string(),
            _ => format!("\\x{byte:02x}"),
        }).collect();
        prop_assert_eq!(prints::python_bytes(&body).unwrap(), format!("b{quote}{bytes}{quote}").into_bytes());
        let form: String = body.iter().map(|&byte| match char::from(byte) {
            ' ' => "+".to_owned(),
            character @ ('a'..='z' | 'A'..='Z' | '0'..='9' | '*' | '-' | '.' | '_') => character.to_string(),
            _ => format!("%{byte:02X}"),
        }).collect();
        prop_assert_eq!(wrap::form_encoded(&body), form.as_bytes());
        let text = String::from_utf8_lossy(&body);
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        prop_assert_eq!(text::utf16_be(text.as_bytes()).unwrap(), units);
    }

    /// What leaves a body as it is says so without building it.
    #[test]
    fn an_edit_changes_something_or_is_none(body in mixed()) {
        for edit in [text::trim, text::drop_all_newlines, text::ascii_dropped, text::lossy_utf8, text::lossy_ascii,
            text::mojibake_latin1, text::mojibake_1252] {
            prop_assert_ne!(edit(&body), Some(body.clone()));
        }
        let without: Vec<u8> = body.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
        prop_assert_eq!(text::drop_all_newlines(&body).unwrap_or_else(|| body.clone()), without);
        prop_assert_eq!(text::trim(&body).unwrap_or_else(|| body.clone()), body.trim_ascii());
    }
}

/// JSON of every kind, with white space between its tokens, and keys more than once.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("-0.50e1".to_owned()),
        Just("1.10".to_owned()),
        Just(r#""a\u00e9\/ é""#.to_owned()),
        "[0-9]".prop_map(|digit| format!(" {digit}\t")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[ {}\n]", items.join(" ,"))),
            proptest::collection::vec(("[abc]", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
                format!("{{{}\r\n}}", members.join(",\t"))
            }),
        ]
    })
}

/// Bytes, text with escapes and percent signs, and ASCII alone.
fn mixed() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        "[a-z \\r\\n%+é#{$\"'\\\\\u{1f600}]{0,40}".prop_map(String::into_bytes),
        "[ -~]{0,60}".prop_map(String::into_bytes),
    ]
}
