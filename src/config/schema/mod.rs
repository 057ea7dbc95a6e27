//! The configuration file as a JSON Schema, for editors.
//!
//! It is made of the structs that read the file: a key is in both or in neither. What those read in a way of their own,
//! such as a size that may be a number, is described by [`described`](super::described).

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::file::schema_of_file;
use crate::signature::SchemeDescription;

/// The JSON Schema (draft 7, which editors read) of `whyhook.toml`.
///
/// `actions` are the names that `[keys]` takes, and for each table in it the names that it takes; only an interface knows
/// them.
#[must_use]
pub fn schema(actions: &[String], sections: &BTreeMap<String, Vec<String>>) -> Value {
    let mut schema = of_file();
    schema["properties"]["keys"] = keys(&schema["properties"]["keys"], actions, sections);
    schema["definitions"]["Key"] = json!({
        "description": "A key such as \"ctrl-r\", several, or [] for none.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    });
    schema
}

/// The same without the names of `[keys]`.
pub(super) fn of_file() -> Value {
    plain(schema_of_file)
}

/// The table of a scheme, as a file of its own holds it.
pub(super) fn of_scheme() -> Value {
    plain(|generator| generator.into_root_schema_for::<SchemeDescription>().to_value())
}

fn plain(made: impl FnOnce(SchemaGenerator) -> Value) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = made(settings.into_generator());
    without_null(&mut schema);
    schema
}

/// TOML has no null: what may be left out is left out.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(kinds)) = members.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = &kinds[..] {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("enum") {
                choices.retain(|choice| !choice.is_null());
            }
            if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type") != Some(&json!("null")));
                if let [Value::Object(only)] = &choices[..] {
                    let only = only.clone();
                    members.remove("anyOf");
                    // What is said of the place is more than what is said of the type.
                    for (name, value) in only {
                        members.entry(name).or_insert(value);
                    }
                }
            }
            if members.get("default") == Some(&Value::Null) {
                members.remove("default");
            }
            members.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// `[keys]` with the names of the actions.
fn keys(described: &Value, actions: &[String], sections: &BTreeMap<String, Vec<String>>) -> Value {
    // Some three hundred names have the same values.
    let table = |names: &[String]| -> Map<String, Value> {
        names.iter().map(|name| (name.clone(), json!({"$ref": "#/definitions/Key"}))).collect()
    };
    let mut properties = table(actions);
    for (name, actions) in sections {
        properties.insert(
            name.clone(),
            json!({
                "description": "Keys that work in this place alone.",
                "type": "object", "properties": table(actions), "additionalProperties": false,
            }),
        );
    }
    json!({
        "description": described["description"], "type": "object", "properties": properties, "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests;
