//! Whether each value has a type that its key takes, asked before anything else is read of a file.
//!
//! The types are those of the JSON Schema, which is made of the structs that read the file. serde alone would fill a struct
//! from an array by position (`retention = ["7d", 100]`), and words its errors for whoever wrote that struct.

use std::sync::LazyLock;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Fault;
use crate::config::is_name;
use crate::config::schema;

/// The shape of the whole file.
static FILE: LazyLock<Value> = LazyLock::new(schema::of_file);
/// The shape of a table that describes a scheme, in a file of its own.
static SCHEME: LazyLock<Value> = LazyLock::new(schema::of_scheme);

/// Checks the types of everything that the schema knows; an unknown key is left to the reader.
///
/// # Errors
///
/// The first value in the order of the file whose type its key does not take, with its byte offset.
pub(super) fn check(tree: &DeTable<'_>) -> Result<(), (usize, Fault)> {
    check_against(&FILE, tree)
}

/// The same for a file that holds the table of one scheme.
///
/// # Errors
///
/// As [`check`].
pub(super) fn check_scheme(tree: &DeTable<'_>) -> Result<(), (usize, Fault)> {
    check_against(&SCHEME, tree)
}

fn check_against(shape: &Value, tree: &DeTable<'_>) -> Result<(), (usize, Fault)> {
    let mut check = ShapeCheck { first: None };
    check.table(tree, &[shape], "");
    check.first.map_or(Ok(()), |(at, words)| Err((at, Fault::Syntax(words))))
}

/// The first fault so far.
struct ShapeCheck {
    first: Option<(usize, String)>,
}

/// Where a value is.
#[derive(Clone, Copy)]
struct Slot<'a> {
    /// The keys that lead there, as a table's heading has them.
    heading: &'a str,
    is_item: bool,
}

impl ShapeCheck {
    fn table(&mut self, table: &DeTable<'_>, shapes: &[&Value], above: &str) {
        for (key, value) in table {
            let Some(shape) = shapes.iter().find_map(|shape| shape_of(shape, key.get_ref())) else { continue };
            // Another name may be a secret in the wrong place, or need quotation marks.
            let name = if is_name(key.get_ref()) && !key.get_ref().contains('.') { key.get_ref() } else { "NAME" };
            let heading = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
            // A table with a heading begins at its bracket, before the key.
            let at = value.span().start.max(key.span().start);
            self.value(value.get_ref(), at, shape, Slot { heading: &heading, is_item: false });
        }
    }

    fn value(&mut self, value: &DeValue<'_>, at: usize, shape: &Value, slot: Slot<'_>) {
        let choices = choices(shape);
        let fitting: Vec<&Value> = choices.iter().copied().filter(|choice| takes(choice, value)).collect();
        if fitting.is_empty() {
            return self.note(at, || mistyped(shape, &choices, value, slot));
        }
        match value {
            DeValue::Table(table) => self.table(table, &fitting, slot.heading),
            DeValue::Array(items) => {
                let Some(shape) = fitting.iter().find_map(|shape| shape.get("items")) else { return };
                for item in items.iter() {
                    let slot = Slot { is_item: true, ..slot };
                    self.value(item.get_ref(), item.span().start, shape, slot);
                }
            }
            DeValue::Integer(number) if i64::from_str_radix(number.as_str(), number.radix()).is_err() => {
                self.note(at, || format!("invalid number: expected at most {}", i64::MAX));
            }
            _ => {}
        }
    }

    fn note(&mut self, at: usize, words: impl FnOnce() -> String) {
        if self.first.as_ref().is_none_or(|(first, _)| at < *first) {
            self.first = Some((at, words()));
        }
    }
}

/// What a table's shape says of one of its keys.
fn shape_of<'s>(table: &'s Value, key: &str) -> Option<&'s Value> {
    let named = table.get("properties").and_then(|properties| properties.get(key));
    named.or_else(|| table.get("additionalProperties").filter(|others| others.is_object()))
}

/// The shapes of which a value may have any.
fn choices(shape: &Value) -> Vec<&Value> {
    match shape.get("anyOf").or_else(|| shape.get("oneOf")) {
        Some(Value::Array(shapes)) => shapes.iter().flat_map(choices).collect(),
        _ => vec![shape],
    }
}

fn takes(shape: &Value, value: &DeValue<'_>) -> bool {
    match (type_of(shape), value) {
        ("string", DeValue::String(_))
        | ("integer" | "number", DeValue::Integer(_))
        | ("number", DeValue::Float(_))
        | ("boolean", DeValue::Boolean(_))
        | ("array", DeValue::Array(_))
        | ("object", DeValue::Table(_)) => true,
        (any, _) => any.is_empty(),
    }
}

/// The JSON type of a shape; empty where any will do.
fn type_of(shape: &Value) -> &str {
    shape.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// What was found, what is expected, and how to write it.
fn mistyped(shape: &Value, choices: &[&Value], value: &DeValue<'_>, slot: Slot<'_>) -> String {
    let mut expected: Vec<&str> = Vec::new();
    for words in choices.iter().map(|choice| in_words(choice)) {
        if !expected.contains(&words) {
            expected.push(words);
        }
    }
    let found = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(items) if are_tables(items) => "an array of tables",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    let hint = match expected[..] {
        ["a table"] => how_to_write_a_table(shape, choices, value, slot),
        ["an array of tables"] => how_to_write_tables(choices, value, slot),
        _ => how_to_write_a_value(shape, choices, value),
    };
    format!("invalid type: expected {}, found {found}{hint}", expected.join(", or "))
}

fn in_words(shape: &Value) -> &'static str {
    let items = || shape.get("items").map(choices).unwrap_or_default();
    let is_of = |name: &str| matches!(items()[..], [item] if type_of(item) == name);
    match type_of(shape) {
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" if is_of("string") => "an array of strings",
        "array" if is_of("object") => "an array of tables",
        "array" => "an array",
        _ => "a table",
    }
}

fn are_tables(items: &[Spanned<DeValue<'_>>]) -> bool {
    !items.is_empty() && items.iter().all(|item| matches!(item.get_ref(), DeValue::Table(_)))
}

fn how_to_write_a_table(shape: &Value, choices: &[&Value], value: &DeValue<'_>, slot: Slot<'_>) -> String {
    if let Some(whole) = example(shape, &[]) {
        return such_as(Some(whole));
    }
    let mut heading = slot.heading.to_owned();
    let mut line = choices.iter().find_map(|table| line_of(table));
    let mut tables = choices.iter().filter_map(|table| table.get("additionalProperties"));
    if line.is_none()
        && let Some(named) = tables.find(|others| type_of(others) == "object")
    {
        heading.push_str(".NAME");
        line = line_of(named);
    }
    match value {
        _ if slot.is_item => format!(": write [[{heading}]] with its keys below it{}", such_as(line)),
        DeValue::Array(items) if are_tables(items) => format!(": write [{heading}], in single brackets"),
        _ => format!(": write [{heading}] with its keys below it{}", such_as(line)),
    }
}

fn how_to_write_tables(choices: &[&Value], value: &DeValue<'_>, slot: Slot<'_>) -> String {
    let heading = slot.heading;
    if let DeValue::Table(_) = value {
        return format!(": write [[{heading}]], in double brackets");
    }
    let line = choices.iter().find_map(|shape| line_of(shape.get("items")?));
    format!(": write [[{heading}]] with its keys below it{}", such_as(line))
}

/// For anything else than tables. A hint that may be wrong is not given.
fn how_to_write_a_value(shape: &Value, choices: &[&Value], value: &DeValue<'_>) -> String {
    let takes = |name: &str| choices.iter().any(|choice| type_of(choice) == name);
    let example = such_as(example(shape, choices));
    match value {
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) if takes("string") => {
            format!(": put it in quotation marks{example}")
        }
        DeValue::String(_) if takes("array") => format!(": put it in brackets{example}"),
        DeValue::String(text) if is_plain(text, takes) => ": write it without quotation marks".to_owned(),
        DeValue::Array(items)
            if items.len() == 1 && choices.iter().any(|choice| self::takes(choice, items[0].get_ref())) =>
        {
            ": write it without brackets".to_owned()
        }
        _ => example,
    }
}

/// Whether a text would do without its quotation marks.
fn is_plain(text: &str, takes: impl Fn(&str) -> bool) -> bool {
    (takes("boolean") && text.parse::<bool>().is_ok())
        || (takes("integer") && text.parse::<i64>().is_ok())
        || (takes("number") && text.parse::<f64>().is_ok())
}

fn such_as(example: Option<String>) -> String {
    example.map_or_else(String::new, |example| format!(", such as {example}"))
}

/// A value that is right, as TOML, where the schema has one.
fn example(shape: &Value, choices: &[&Value]) -> Option<String> {
    let given = |shape: &Value| {
        let listed = |name: &str| shape.get(name).and_then(|all| all.get(0));
        let own = listed("examples").or_else(|| shape.get("default")).or_else(|| listed("enum"));
        own.or_else(|| shape.get("const")).filter(|value| !is_empty(value)).map(in_toml)
    };
    given(shape).or_else(|| choices.iter().find_map(|choice| given(choice)))
}

/// An empty default only says that the key may be omitted: it is not an example.
fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn in_toml(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{key} = {}", in_toml(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(in_toml).collect::<Vec<_>>().join(", ")),
        // A string, a number and a boolean are written alike in both.
        plain => plain.to_string(),
    }
}

/// A line that may be in a table: of a key that it needs, or else of the first that has an example.
fn line_of(table: &Value) -> Option<String> {
    let line = |key: &str, shape: &Value| Some(format!("{key} = {}", example(shape, &choices(shape))?));
    if let Some(others) = table.get("additionalProperties").filter(|others| others.is_object()) {
        return line("NAME", others);
    }
    let keys = table.get("properties")?.as_object()?;
    let Some(Value::Array(needed)) = table.get("required") else {
        return keys.iter().find_map(|(key, shape)| line(key, shape));
    };
    needed.iter().filter_map(Value::as_str).find_map(|key| line(key, keys.get(key)?))
}

#[cfg(test)]
mod tests;
