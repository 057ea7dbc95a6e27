//! What a handler takes from a request, read off the types of its extractors.

use std::collections::{BTreeSet, VecDeque};

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// An extractor that says what of a request it reads.
pub(in crate::api) trait DocumentedExtractor {
    /// Adds what it reads.
    fn document(shape: &mut RequestShape<'_>);
}

/// The extractors of a handler: axum's marker for its arguments.
pub(in crate::api) trait DocumentedExtractors {
    /// Adds what each of them reads.
    fn document(shape: &mut RequestShape<'_>);
}

impl DocumentedExtractors for ((),) {
    fn document(_: &mut RequestShape<'_>) {}
}

impl<M, A: DocumentedExtractor> DocumentedExtractors for (M, A) {
    fn document(shape: &mut RequestShape<'_>) {
        A::document(shape);
    }
}

impl<M, A: DocumentedExtractor, B: DocumentedExtractor> DocumentedExtractors for (M, A, B) {
    fn document(shape: &mut RequestShape<'_>) {
        A::document(shape);
        B::document(shape);
    }
}

impl<M, A: DocumentedExtractor, B: DocumentedExtractor, C: DocumentedExtractor> DocumentedExtractors for (M, A, B, C) {
    fn document(shape: &mut RequestShape<'_>) {
        A::document(shape);
        B::document(shape);
        C::document(shape);
    }
}

// What the program itself adds to a request.
impl<S> DocumentedExtractor for State<S> {
    fn document(_: &mut RequestShape<'_>) {}
}

impl<E> DocumentedExtractor for Extension<E> {
    fn document(_: &mut RequestShape<'_>) {}
}

impl DocumentedExtractor for Body {
    fn document(shape: &mut RequestShape<'_>) {
        shape.body(json!({"application/octet-stream": {}}));
    }
}

/// Parameters and body of one operation.
#[derive(Debug)]
pub(in crate::api) struct RequestShape<'a> {
    generator: &'a mut SchemaGenerator,
    /// Names in the path that no extractor has taken yet.
    names: VecDeque<&'static str>,
    parameters: Vec<Value>,
    body: Option<Value>,
    refusals: BTreeSet<StatusCode>,
}

impl<'a> RequestShape<'a> {
    pub(super) fn new(path: &'static str, generator: &'a mut SchemaGenerator) -> Self {
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        Self { generator, names, parameters: Vec::new(), body: None, refusals: BTreeSet::new() }
    }

    /// The next name in the path.
    pub(in crate::api) fn path(&mut self, schema: &Value, description: &str) {
        // A handler that takes more than its path has is found by the document's test.
        let name = self.names.pop_front().unwrap_or("?");
        let parameter =
            json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema});
        self.parameters.push(parameter);
        self.refusals.extend([StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND]);
    }

    /// The members of `T`, behind the `?`.
    pub(in crate::api) fn query<T: JsonSchema>(&mut self) {
        let schema = T::json_schema(self.generator).to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, member) in members(&schema) {
            let mut member = without_null(member.clone());
            let description = member.shift_remove("description");
            let mut parameter = json!({"name": name, "in": "query", "required": required.contains(&json!(name))});
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter["schema"] = Value::Object(member);
            self.parameters.push(parameter);
        }
        self.refusals.insert(StatusCode::BAD_REQUEST);
    }

    /// Whether anything behind the `?` is read.
    pub(super) fn has_query(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter["in"] == "query")
    }

    /// Whether a body is read.
    pub(super) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// A header that may be left out.
    pub(in crate::api) fn header(&mut self, name: &str, schema: &Value, description: &str) {
        let parameter =
            json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema});
        self.parameters.push(parameter);
        self.refusals.insert(StatusCode::BAD_REQUEST);
    }

    /// A JSON body.
    pub(in crate::api) fn json_body<T: JsonSchema>(&mut self) {
        let schema = self.generator.subschema_for::<T>();
        self.body(json!({"application/json": {"schema": schema}}));
        self.refusals.insert(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    fn body(&mut self, content: Value) {
        self.body = Some(json!({"required": true, "content": content}));
        self.refusals.extend([StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE]);
    }

    /// The members `parameters` and `requestBody` of an operation, and the statuses by which requests of this form may be
    /// refused.
    pub(super) fn finish(self) -> (Map<String, Value>, BTreeSet<StatusCode>) {
        let mut members = Map::new();
        if !self.parameters.is_empty() {
            members.insert("parameters".to_owned(), Value::Array(self.parameters));
        }
        members.extend(self.body.map(|body| ("requestBody".to_owned(), body)));
        (members, self.refusals)
    }
}

fn members(schema: &Value) -> impl Iterator<Item = (&String, &Map<String, Value>)> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members.filter_map(|(name, member)| Some((name, member.as_object()?)))
}

/// A parameter that is left out is not null.
fn without_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default") == Some(&Value::Null) {
        schema.shift_remove("default");
    }
    schema
}

/// One object with the members of several: a body that several structs read.
pub(in crate::api) fn merged_schema(parts: impl IntoIterator<Item = Schema>, description: &str) -> Schema {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = part.to_value();
        properties.extend(members(&part).map(|(name, member)| (name.clone(), Value::Object(member.clone()))));
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    let mut schema = schemars::json_schema!({
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_the_members_of_a_struct() {
        #[derive(JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "read as a schema")]
        struct Asked {
            /// What to look for.
            filter: String,
            limit: Option<u8>,
            #[serde(default)]
            again: bool,
        }
        let mut generator = SchemaGenerator::default();
        let mut shape = RequestShape::new("/a/{id}/b", &mut generator);
        shape.path(&json!({"type": "integer"}), "A number");
        shape.query::<Asked>();
        let (members, refusals) = shape.finish();
        let uint8 = json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255});
        let expected = json!([
            {"name": "id", "in": "path", "required": true, "description": "A number", "schema": {"type": "integer"}},
            {"name": "filter", "in": "query", "required": true, "description": "What to look for.",
             "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "required": false, "schema": uint8},
            {"name": "again", "in": "query", "required": false, "schema": {"type": "boolean", "default": false}},
        ]);
        assert_eq!(members["parameters"], expected);
        assert!(!members.contains_key("requestBody"));
        assert_eq!(refusals.into_iter().map(|status| status.as_u16()).collect::<Vec<_>>(), [400, 404]);
    }

    #[test]
    fn a_body_of_several_structs_has_the_members_of_all() {
        let one = schemars::json_schema!({"properties": {"a": {"type": "string"}}, "required": ["a"]});
        let other = schemars::json_schema!({"properties": {"b": {"type": "boolean"}}});
        let merged = merged_schema([one, other], "Both").to_value();
        assert_eq!(merged["properties"].as_object().map(Map::len), Some(2));
        assert_eq!((&merged["required"], &merged["additionalProperties"]), (&json!(["a"]), &json!(false)));
    }
}
