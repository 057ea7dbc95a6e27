//! The document, made when it is asked for.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operation::ApiRoutes;
use super::shapes::{DeliveryRow, EventStreamChange, MissedDeliveries, ProblemDetails};

/// Where schemas are.
const SCHEMAS: &str = "/components/schemas";
/// The name of the security scheme.
const TOKEN: &str = "token";
/// What the document itself says of the interface.
const DESCRIPTION: &str = "Asks and steers a running whyhook listener. It is a Unix socket beside the store \
    (`whyhook.db-socket`), for the same user alone, without a token; and with `--api ADDRESS:PORT` a port, where each request \
    shows the token of the run. Unknown parameters and members are refused; responses gain members in later releases. Errors \
    are problem details (RFC 9457). `/attach`, which interfaces of the same release use among themselves, is not described.";

/// What any request may be refused with: with a parameter that is unknown; on the port alone without the token or from a page; when the store cannot be read;
/// when too much is asked at once.
pub(super) const ALWAYS_POSSIBLE: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// The OpenAPI document of these routes.
pub(super) fn document(routes: impl IntoIterator<Item = ApiRoutes>) -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut requests = settings().for_deserialize().into_generator();
    let mut responses = settings().for_serialize().into_generator();
    let mut paths = Map::new();
    for operation in routes.into_iter().flat_map(ApiRoutes::into_operations) {
        let json = operation.json(&mut requests, &mut responses);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = json;
    }
    let problems = problems(&paths, &mut responses);
    // What the events of the stream hold: nothing else refers to them.
    responses.subschema_for::<DeliveryRow>();
    responses.subschema_for::<EventStreamChange>();
    responses.subschema_for::<MissedDeliveries>();
    let mut schemas = requests.take_definitions(true);
    schemas.extend(responses.take_definitions(true));
    schemas.sort_keys();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "whyhook control interface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "http://127.0.0.1:{port}",
                "description": "The port of --api; its token is in whyhook.db-token beside the store, and with its URL in whyhook.db-api",
                "variables": {"port": {"default": "4040"}},
            },
            {"url": "http://whyhook", "description": "The Unix socket whyhook.db-socket beside the store, under any host name"},
        ],
        "security": [Map::from_iter([(TOKEN.to_owned(), json!([]))]), {}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problems,
            "securitySchemes": Map::from_iter([(TOKEN.to_owned(), json!({
                "type": "http",
                "scheme": "bearer",
                "description": "The token of the run, on the port. The Unix socket asks for none.",
            }))]),
        },
    });
    normalise_formats(&mut document);
    document
}

/// A reference to the problem of this status.
pub(super) fn problem_reference(status: StatusCode) -> Value {
    json!({"$ref": format!("#/components/responses/{}", problem_name(status))})
}

/// `NotFound` of 404.
fn problem_name(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").split(' ').collect()
}

/// The problems that `paths` refer to.
fn problems(paths: &Map<String, Value>, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    let answers = operations.filter_map(|operation| operation["responses"].as_object()).flatten();
    let statuses: BTreeSet<StatusCode> = answers
        .filter(|(_, response)| response.get("$ref").is_some())
        .filter_map(|(status, _)| StatusCode::from_bytes(status.as_bytes()).ok())
        .collect();
    let schema = generator.subschema_for::<ProblemDetails>();
    let problem = |status: StatusCode| {
        let mut problem = json!({
            "description": problem_words(status),
            "content": {"application/problem+json": {"schema": schema}},
        });
        let header = match status {
            StatusCode::UNAUTHORIZED => Some(("WWW-Authenticate", json!({"type": "string", "const": "Bearer"}))),
            StatusCode::SERVICE_UNAVAILABLE => Some(("Retry-After", json!({"type": "integer", "minimum": 0}))),
            _ => None,
        };
        if let Some((name, schema)) = header {
            problem["headers"] = Map::from_iter([(name.to_owned(), json!({"schema": schema}))]).into();
        }
        (problem_name(status), problem)
    };
    statuses.into_iter().map(problem).collect()
}

fn problem_words(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "A parameter or the body is invalid; at tells where in a filter or rule",
        StatusCode::UNAUTHORIZED => "On the port: the token is missing or wrong",
        StatusCode::FORBIDDEN => {
            "From another page of a browser or under a host name, on the port; or a request that the port or the listener does not allow"
        }
        StatusCode::NOT_FOUND => "What is named does not exist",
        StatusCode::REQUEST_TIMEOUT => "The body did not arrive in time",
        StatusCode::CONFLICT => "It is not possible in the present state, and nothing was changed",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is too long",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body is not declared as application/json",
        StatusCode::INSUFFICIENT_STORAGE => "There is no room for the body on the listener's disk",
        StatusCode::SERVICE_UNAVAILABLE => "The listener is busy or ends",
        _ => "The store cannot be read, or the system refuses what is needed",
    }
}

/// `uint` is Rust's alone; the registry of formats has `uint64`.
fn normalise_formats(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("format").is_some_and(|format| format == "uint") {
                object.insert("format".to_owned(), json!("uint64"));
            }
            object.values_mut().for_each(normalise_formats);
        }
        Value::Array(values) => values.iter_mut().for_each(normalise_formats),
        _ => {}
    }
}
