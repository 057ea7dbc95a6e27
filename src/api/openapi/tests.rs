//! The document against the rules of OpenAPI 3.1.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::openapi_document;

const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

/// What the events of the stream hold: nothing refers to them but words.
const OF_EVENTS: [&str; 3] = ["Change", "DeliveryRow", "Missed"];

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (&**path, &**method, operation))
        })
        .collect()
}

/// Every object in a value.
fn walk<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn references(document: &Value) -> BTreeSet<&str> {
    let mut references = BTreeSet::new();
    walk(document, &mut |object| references.extend(object.get("$ref").and_then(Value::as_str)));
    references
}

#[test]
fn every_operation_is_whole() {
    let document = openapi_document();
    assert_eq!(document["openapi"], "3.1.0");
    for member in ["title", "version"] {
        assert!(document["info"][member].is_string(), "info.{member}");
    }
    let mut ids = BTreeSet::new();
    let operations = operations(&document);
    assert!(operations.len() > 40, "{}", operations.len());
    for (path, method, operation) in operations {
        let place = format!("{method} {path}: {operation}");
        assert!(path.starts_with('/') && METHODS.contains(&method), "{place}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} is the id of two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{place}");
        // The parameters of the path are those of its template, and no name is there twice.
        let mut named = BTreeSet::new();
        let mut in_path = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (kind, name) = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
            assert!(named.insert((kind, name)), "{place}");
            assert!(parameter["schema"].is_object() && parameter["required"].is_boolean(), "{place}");
            assert!(parameter["description"].is_string(), "{name} is not described: {place}");
            match kind {
                "path" => in_path.push(name),
                "query" | "header" => {}
                other => panic!("{other}: {place}"),
            }
            assert!(kind != "path" || parameter["required"] == true, "{place}");
        }
        let template: Vec<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(in_path, template, "{place}");
        assert!(method != "get" || operation.get("requestBody").is_none(), "{place}");
        if let Some(body) = operation.get("requestBody") {
            assert!(body["content"].as_object().is_some_and(|content| content.len() == 1), "{place}");
        }
        responses_are_whole(&operation["responses"], &place);
    }
}

fn responses_are_whole(responses: &Value, place: &str) {
    let responses = responses.as_object().unwrap();
    assert!(responses.keys().any(|status| status.starts_with('2')), "{place}");
    for (status, response) in responses {
        assert!(status.len() == 3 && status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)), "{place}");
        match status.starts_with('2') {
            true => assert!(response["description"].is_string(), "{place}"),
            false => {
                let reference = response["$ref"].as_str().unwrap();
                assert!(reference.starts_with("#/components/responses/"), "{place}");
            }
        }
        assert!((status == "204") == (response.get("content").is_none() && response.get("$ref").is_none()), "{place}");
    }
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let document = openapi_document();
    let references = references(&document);
    assert!(references.len() > 50, "{}", references.len());
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is outside the document"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for kind in ["schemas", "responses"] {
        for (name, component) in document["components"][kind].as_object().unwrap() {
            let is_name = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
            assert!(name.chars().all(is_name), "{name}");
            // A second type under a name gets a number behind it.
            assert!(!name.ends_with(|char: char| char.is_ascii_digit()), "{name} is the name of two schemas");
            let is_used = references.contains(&*format!("#/components/{kind}/{name}"));
            assert!(is_used || OF_EVENTS.contains(&&**name), "nothing refers to {name}");
            assert!(component.is_object(), "{name}");
        }
    }
    // What either side of the security requirement names is declared.
    assert_eq!(document["security"], serde_json::json!([{"token": []}, {}]));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}

#[test]
fn bodies_refuse_unknown_members_and_describe_those_they_know() {
    let document = openapi_document();
    let mut bodies = 0;
    for (path, method, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(reference) = schema["$ref"].as_str() else { continue };
        bodies += 1;
        let schema = document.pointer(&reference[1..]).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{method} {path}");
        assert!(schema["description"].is_string(), "{reference}");
        for (name, member) in schema["properties"].as_object().unwrap() {
            assert!(member["description"].is_string(), "{reference}: {name}");
        }
    }
    assert!(bodies > 12, "{bodies}");
}

#[test]
fn nothing_of_rustdoc_and_no_example_is_in_it() {
    let document = openapi_document();
    walk(&document, &mut |object| {
        let words = ["description", "summary"].iter().filter_map(|name| object.get(*name)?.as_str());
        for words in words {
            assert!(!words.contains("[`") && !words.contains("::"), "{words}");
        }
        // Values that are captured, expected or secret would stand there.
        assert!(!object.contains_key("example") && !object.contains_key("examples"), "{object:?}");
    });
}

#[test]
fn the_operations_are_these() {
    let document = openapi_document();
    let mut table = String::new();
    for (path, method, operation) in operations(&document) {
        let names = operation["parameters"].as_array().into_iter().flatten();
        let names: Vec<&str> = names.filter_map(|parameter| parameter["name"].as_str()).collect();
        let body = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        let body = body.map(|(kind, body)| body["schema"]["$ref"].as_str().map_or(&**kind, last));
        let answers = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
        let answers: Vec<String> = answers.map(|(status, answer)| format!("{status} {}", form(answer))).collect();
        let (id, method) = (operation["operationId"].as_str().unwrap(), method.to_uppercase());
        let _ = writeln!(table, "{method} {path} {id}");
        let _ = writeln!(table, "  {} | {} | {}", names.join(" "), body.unwrap_or("-"), answers.join(", "));
    }
    insta::assert_snapshot!(table);
}

fn last(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

fn form(answer: &Value) -> String {
    let Some(content) = answer["content"].as_object() else { return "-".to_owned() };
    let one = |(kind, content): (&String, &Value)| {
        let schema = &content["schema"];
        match (schema["$ref"].as_str(), kind == "application/json") {
            (Some(reference), _) => last(reference).to_owned(),
            (None, true) => schema.to_string().replace("#/components/schemas/", ""),
            (None, false) => kind.clone(),
        }
    };
    content.iter().map(one).collect::<Vec<_>>().join(" or ")
}
