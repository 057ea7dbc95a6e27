//! Values against the schemas of an OpenAPI document, or of the configuration: the keywords of JSON Schema that these use,
//! and no others.
//!
//! It is stricter than a validator: a member that the schema does not describe is a mistake of the document.

use serde_json::{Map, Value};

/// Keywords that say nothing of what is valid here.
const ANNOTATIONS: [&str; 7] = ["$schema", "definitions", "title", "description", "default", "examples", "format"];

/// The schemas of `document`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schemas<'a>(pub(crate) &'a Value);

impl Schemas<'_> {
    /// What a reference is of, or the value itself.
    pub(crate) fn resolved<'b>(&'b self, value: &'b Value) -> &'b Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference}")),
            None => value,
        }
    }

    /// Why `value` is not as `schema` says, with the place.
    pub(crate) fn check(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(_) => self.resolved(schema).as_object().expect("a schema"),
            other => return Err(format!("{place}: no schema: {other}")),
        };
        for (keyword, said) in schema {
            self.keyword(schema, keyword, said, value, place)?;
        }
        Ok(())
    }

    fn keyword(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        said: &Value,
        value: &Value,
        place: &str,
    ) -> Result<(), String> {
        let here = |why: String| Err(format!("{place}: {why}"));
        let deeper = |schema: &Value, value: &Value, below: &str| self.check(schema, value, &format!("{place}{below}"));
        let number = |value: &Value| value.as_f64().expect("a number");
        match keyword {
            "type" if !types(said).any(|kind| is_type(kind, value)) => here(format!("expected {said}, found {value}")),
            "const" if said != value => here(format!("expected {said}, found {value}")),
            "enum" if !said.as_array().expect("a list").contains(value) => {
                here(format!("expected one of {said}, found {value}"))
            }
            "minimum" if value.is_number() && number(value) < number(said) => here(format!("{value} is below {said}")),
            "maximum" if value.is_number() && number(value) > number(said) => here(format!("{value} is above {said}")),
            "minItems" | "maxItems" => {
                let (length, limit) = (value.as_array().map(Vec::len), said.as_u64().expect("a count") as usize);
                let is_wrong = |length: usize| if keyword == "minItems" { length < limit } else { length > limit };
                if length.is_some_and(is_wrong) { here(format!("{keyword} is {said}: {value}")) } else { Ok(()) }
            }
            "required" => {
                let Some(object) = value.as_object() else { return Ok(()) };
                let names = said.as_array().expect("names").iter().filter_map(Value::as_str);
                let missing: Vec<&str> = names.filter(|name| !object.contains_key(*name)).collect();
                if missing.is_empty() { Ok(()) } else { here(format!("without {missing:?}")) }
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match (said.get(name), schema.get("additionalProperties")) {
                        (Some(schema), _) => deeper(schema, value, &format!(".{name}"))?,
                        (None, Some(_)) => {}
                        (None, None) => return here(format!("{name} is not documented")),
                    }
                }
                Ok(())
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                for (name, value) in value.as_object().into_iter().flatten() {
                    let is_known = known.is_some_and(|known| known.get(name).is_some());
                    match said {
                        _ if is_known => {}
                        Value::Bool(false) => return here(format!("{name} is refused")),
                        schema => deeper(schema, value, &format!(".{name}"))?,
                    }
                }
                Ok(())
            }
            "prefixItems" => {
                for (at, (schema, value)) in said.as_array().into_iter().flatten().zip(items(value)).enumerate() {
                    deeper(schema, value, &format!("[{at}]"))?;
                }
                Ok(())
            }
            "items" => {
                for (at, value) in items(value).iter().enumerate() {
                    deeper(said, value, &format!("[{at}]"))?;
                }
                Ok(())
            }
            "anyOf" | "oneOf" => {
                let tried: Vec<Result<(), String>> =
                    said.as_array().expect("schemas").iter().map(|schema| self.check(schema, value, place)).collect();
                let fitting = tried.iter().filter(|tried| tried.is_ok()).count();
                match fitting {
                    0 => here(format!("as none of {tried:?}")),
                    2.. if keyword == "oneOf" => here(format!("as {fitting} of {said}")),
                    _ => Ok(()),
                }
            }
            "type" | "const" | "enum" | "minimum" | "maximum" => Ok(()),
            other if ANNOTATIONS.contains(&other) => Ok(()),
            other => panic!("this reader of schemas does not know {other}"),
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn types(said: &Value) -> impl Iterator<Item = &str> {
    let one = said.as_str().into_iter();
    one.chain(items(said).iter().filter_map(Value::as_str))
}

fn is_type(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type: {other}"),
    }
}
