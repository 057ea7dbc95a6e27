use std::path::Path;

use super::*;
use crate::config::file::{CheckedFile, ConfigFile, FileError, Place};

/// A key of the schema.
struct Known {
    /// The headings of the arrays' items that it is in.
    items: String,
    /// These, and the heading of its own table.
    above: String,
    key: String,
    /// The heading that the key has where it is a table.
    heading: String,
    shape: Value,
}

/// Every key of every table, a made-up one where any name will do.
fn every_key() -> Vec<Known> {
    let mut found = Vec::new();
    keys_of(&FILE, "", "", "", &mut found);
    assert!(found.len() > 200, "{}", found.len());
    found
}

fn keys_of(table: &Value, items: &str, above: &str, heading: &str, found: &mut Vec<Known>) {
    let named = table["properties"].as_object().into_iter().flatten().map(|(key, shape)| (key.as_str(), shape));
    let others = table.get("additionalProperties").filter(|others| others.is_object()).map(|shape| ("any", shape));
    for (key, shape) in named.chain(others) {
        let heading = if heading.is_empty() { key.to_owned() } else { format!("{heading}.{key}") };
        for choice in choices(shape) {
            match type_of(choice) {
                "object" => keys_of(choice, items, &format!("{items}[{heading}]\n"), &heading, found),
                "array" => {
                    let items = format!("{items}[[{heading}]]\n");
                    let tables = choices(&choice["items"]).into_iter().filter(|item| type_of(item) == "object");
                    tables.for_each(|table| keys_of(table, &items, &items, &heading, found));
                }
                _ => {}
            }
        }
        let (items, above, key) = (items.to_owned(), above.to_owned(), key.to_owned());
        found.push(Known { items, above, key, heading, shape: shape.clone() });
    }
}

const SAMPLES: [&str; 9] =
    ["'x'", "7", "1.5", "true", "2026-01-02", "10:00:00", "['x', 100]", "{ x = 1 }", "[{ x = 1 }]"];

fn is_taken(shape: &Value, sample: &str) -> bool {
    let value = DeValue::parse(sample).unwrap();
    choices(shape).into_iter().any(|choice| takes(choice, value.get_ref()))
}

/// What a run says of a file.
fn refusal(text: &str) -> (Place, String) {
    match ConfigFile::parse(Path::new("x"), text) {
        Err(FileError::Invalid { place, fault, .. }) => (place, fault.to_string()),
        other => panic!("{text}: {other:?}"),
    }
}

/// Words of serde and Rust that mean nothing to whoever writes a configuration.
const FOREIGN: [&str; 14] = [
    "struct", "tuple", "enum", "variant", "sequence", "a map", "borrowed", "untagged", "Raw", "Option", "u64", "usize",
    "newtype", "$__",
];

#[test]
fn each_wrong_type_of_each_key_is_refused_in_plain_words_at_its_place() {
    for Known { above, key, shape, .. } in every_key() {
        for sample in SAMPLES.iter().filter(|sample| !is_taken(&shape, sample)) {
            let text = format!("{above}{key} = {sample}\n");
            let (place, words) = refusal(&text);
            assert_eq!((place.line, place.column), (above.lines().count() + 1, key.len() + 4), "{text}{words}");
            assert!(words.starts_with("invalid type: expected "), "{text}{words}");
            assert!(!FOREIGN.iter().any(|foreign| words.contains(foreign)), "{text}{words}");
            let checked = CheckedFile::of(Path::new("x"), &text);
            assert!(checked.faults.iter().any(|fault| fault.words == words), "{text}{words}: {checked:?}");
        }
    }
}

/// Whoever writes what is suggested is not told the same again.
#[test]
fn what_is_suggested_has_the_right_type() {
    let mut suggested = 0;
    for Known { items, above, key, shape, .. } in every_key() {
        for sample in SAMPLES.iter().filter(|sample| !is_taken(&shape, sample)) {
            let (_, words) = refusal(&format!("{above}{key} = {sample}\n"));
            let Some((hint, example)) = words.split_once(", such as ") else { continue };
            suggested += 1;
            let text = match hint.split_once(": write ") {
                Some((_, heading)) => {
                    let heading = heading.split_once(" with").map_or(heading, |(heading, _)| heading);
                    format!("{items}{heading}\n{example}\n").replace("NAME", "any")
                }
                None => format!("{above}{key} = {example}\n"),
            };
            let read = ConfigFile::parse(Path::new("x"), &text).map_err(|error| error.to_string());
            assert!(!read.as_ref().is_err_and(|error| error.contains("invalid")), "{words}: {text}{read:?}");
        }
    }
    assert!(suggested > 100, "{suggested}");
}

#[test]
fn each_table_has_its_own_brackets() {
    for Known { items, heading, shape, .. } in every_key() {
        let types: Vec<&str> = choices(&shape).iter().map(|choice| in_words(choice)).collect();
        let (text, brackets) = match types[..] {
            ["a table", ..] if !types.contains(&"an array") => (format!("{items}[[{heading}]]\n"), "single brackets"),
            ["an array of tables"] => (format!("{items}[{heading}]\n"), "double brackets"),
            _ => continue,
        };
        let (place, words) = refusal(&text);
        assert_eq!(place.line, text.lines().count(), "{text}{words}");
        let is_example = words.contains("such as { ");
        assert!(words.contains(brackets) || is_example, "{text}{words}");
    }
}

#[test]
fn what_is_said_is_of_use() {
    for (text, expected) in [
        (
            "retention = ['7d', 100]",
            "1:13: expected a table, found an array: write [retention] with its keys below it, such as older_than = \"30d\"",
        ),
        ("[[retention]]", "1:3: expected a table, found an array of tables: write [retention], in single brackets"),
        (
            "[rules]\nthen = '503'",
            "1:2: expected an array of tables, found a table: write [[rules]], in double brackets",
        ),
        (
            "rules = ['503']",
            "1:10: expected a table, found a string: write [[rules]] with its keys below it, such as then = \"503\"",
        ),
        ("secrets = { a = ['x'] }", "1:17: expected a table, found an array, such as { env = \"VARIABLE\" }"),
        (
            "answers = 5",
            "1:11: expected a table, found a whole number: write [answers.NAME] with its keys below it, such as status = 503",
        ),
        (
            "bind = 3000",
            "1:8: expected a string, found a whole number: put it in quotation marks, such as \"127.0.0.1:3000\"",
        ),
        ("bind = ['127.0.0.1:1']", "1:8: expected a string, found an array: write it without brackets"),
        ("bind.port = 1", "1:1: expected a string, found a table, such as \"127.0.0.1:3000\""),
        ("mouse = 'true'", "1:9: expected true or false, found a string: write it without quotation marks"),
        ("mouse = 'yes'", "1:9: expected true or false, found a string, such as true"),
        ("limits.connections = '5'", "1:22: expected a whole number, found a string: write it without quotation marks"),
        ("retention.keep = 1.5", "1:18: expected a whole number, found a decimal number"),
        ("retention.keep = 99999999999999999999", "1:18: invalid number: expected at most 9223372036854775807"),
        ("forward_to = 'http://a'", "1:14: expected an array of strings, found a string: put it in brackets"),
        (
            "theme = 7",
            "1:9: expected a string, or a table, found a whole number: put it in quotation marks, such as \"auto\"",
        ),
        (
            "[keys]\nreplay = 5",
            "2:10: expected a string, or an array of strings, or a table, found a whole number: put it in quotation marks, such as \"ctrl-r\"",
        ),
        ("mouse = 1\nbind = 2", "1:9: expected true or false, found a whole number, such as true"),
    ] {
        let (place, words) = refusal(text);
        assert_eq!(format!("{place}: {}", words.trim_start_matches("invalid type: ")), expected, "{text}");
    }
}
