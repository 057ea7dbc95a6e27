//! Operations: handlers with what their signatures do not say.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{self, MethodFilter};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::document::problem_reference;
use super::request::{DocumentedExtractors, RequestShape};
use super::shapes::JobReport;
use crate::api::ApiProblem;
use crate::api::state::ApiState;
use crate::config::{is_name, unnamed};

/// The longest body that is looked into for members where none are read.
const MEMBERLESS_BYTES: usize = 64 * 1024;

/// Routes of which each is documented: the router and the document are made of the same.
#[derive(Default)]
pub(in crate::api) struct ApiRoutes {
    router: Router<Arc<ApiState>>,
    operations: Vec<ApiOperation>,
}

/// A method of a path.
pub(super) struct ApiOperation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) notes: OperationNotes,
    request: fn(&mut RequestShape<'_>),
}

impl ApiRoutes {
    pub(in crate::api) fn get<H, T>(self, path: &'static str, handler: H, notes: OperationNotes) -> Self
    where
        H: Handler<T, Arc<ApiState>>,
        T: DocumentedExtractors + 'static,
    {
        self.on((MethodFilter::GET, "get"), path, handler, notes)
    }

    pub(in crate::api) fn put<H, T>(self, path: &'static str, handler: H, notes: OperationNotes) -> Self
    where
        H: Handler<T, Arc<ApiState>>,
        T: DocumentedExtractors + 'static,
    {
        self.on((MethodFilter::PUT, "put"), path, handler, notes)
    }

    pub(in crate::api) fn post<H, T>(self, path: &'static str, handler: H, notes: OperationNotes) -> Self
    where
        H: Handler<T, Arc<ApiState>>,
        T: DocumentedExtractors + 'static,
    {
        self.on((MethodFilter::POST, "post"), path, handler, notes)
    }

    pub(in crate::api) fn delete<H, T>(self, path: &'static str, handler: H, notes: OperationNotes) -> Self
    where
        H: Handler<T, Arc<ApiState>>,
        T: DocumentedExtractors + 'static,
    {
        self.on((MethodFilter::DELETE, "delete"), path, handler, notes)
    }

    fn on<H, T>(
        mut self,
        (filter, method): (MethodFilter, &'static str),
        path: &'static str,
        handler: H,
        notes: OperationNotes,
    ) -> Self
    where
        H: Handler<T, Arc<ApiState>>,
        T: DocumentedExtractors + 'static,
    {
        let handled = routing::on(filter, handler);
        let (reads_query, reads_body) = what_is_read::<T>(path);
        let handled = match reads_query {
            true => handled,
            false => handled.layer(middleware::from_fn(without_parameters)),
        };
        let handled = match reads_body {
            true => handled,
            false => handled.layer(middleware::from_fn(without_members)),
        };
        let handled = match notes.body_limit {
            Some(bytes) => handled.layer(DefaultBodyLimit::max(bytes)),
            None => handled,
        };
        self.router = self.router.route(path, handled);
        self.operations.push(ApiOperation { path, method, notes, request: T::document });
        self
    }

    /// What answers.
    pub(in crate::api) fn into_router(self) -> Router<Arc<ApiState>> {
        self.router
    }

    /// What is documented.
    pub(super) fn into_operations(self) -> Vec<ApiOperation> {
        self.operations
    }
}

/// Whether a handler reads parameters behind the `?`, and a body, by its signature.
fn what_is_read<T: DocumentedExtractors>(path: &'static str) -> (bool, bool) {
    let mut generator = SchemaGenerator::default();
    let mut shape = RequestShape::new(path, &mut generator);
    T::document(&mut shape);
    (shape.has_query(), shape.has_body())
}

/// Refuses parameters where none is read: who sends one expects something of it.
async fn without_parameters(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let Some(parameter) = query.split('&').find(|parameter| !parameter.is_empty()) else {
        return next.run(request).await;
    };
    let name = parameter.split('=').next().unwrap_or_default();
    let name = if is_name(name) { format!("`{name}`") } else { unnamed(name) };
    ApiProblem::bad(format!("parameters: unknown field {name}: this request takes none")).into_response()
}

/// Refuses a body where none is read. An empty one, and an object without members, ask for nothing: many clients send them
/// with every request.
async fn without_members(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let asks_for_nothing = match to_bytes(body, MEMBERLESS_BYTES).await {
        Ok(body) => matches!(body.trim_ascii(), b"" | b"{}"),
        Err(_) => false,
    };
    if asks_for_nothing {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    ApiProblem::bad("body: this request takes no members").into_response()
}

/// What a handler's signature does not say.
pub(in crate::api) struct OperationNotes {
    pub(super) id: &'static str,
    summary: &'static str,
    description: Option<&'static str>,
    body_limit: Option<usize>,
    responses: Vec<SuccessShape>,
    problems: Vec<StatusCode>,
}

/// A response that is no problem.
struct SuccessShape {
    status: StatusCode,
    description: &'static str,
    content: SuccessContent,
}

enum SuccessContent {
    Nothing,
    Json(fn(&mut SchemaGenerator) -> Schema),
    Bytes { media_types: &'static [&'static str], header: Option<(&'static str, &'static str)> },
    Events,
}

/// An operation by its id and what it does.
pub(in crate::api) fn operation(id: &'static str, summary: &'static str) -> OperationNotes {
    OperationNotes { id, summary, description: None, body_limit: None, responses: Vec::new(), problems: Vec::new() }
}

impl OperationNotes {
    /// More than a line about it.
    pub(in crate::api) fn explained(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// Bodies may have this many bytes.
    pub(in crate::api) fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// It may also be refused with this status, besides what its parameters and its body are refused with.
    pub(in crate::api) fn refuses(mut self, status: StatusCode) -> Self {
        self.problems.push(status);
        self
    }

    fn responds(mut self, status: StatusCode, description: &'static str, content: SuccessContent) -> Self {
        self.responses.push(SuccessShape { status, description, content });
        self
    }

    /// JSON with the status 200.
    pub(in crate::api) fn json<T: JsonSchema>(self, description: &'static str) -> Self {
        self.responds(StatusCode::OK, description, SuccessContent::Json(SchemaGenerator::subschema_for::<T>))
    }

    /// JSON with the status 202.
    pub(in crate::api) fn accepted<T: JsonSchema>(self, description: &'static str) -> Self {
        self.responds(StatusCode::ACCEPTED, description, SuccessContent::Json(SchemaGenerator::subschema_for::<T>))
    }

    /// A job with a result of this form.
    pub(in crate::api) fn job<T: JsonSchema>(self) -> Self {
        self.json::<JobReport<T>>("The job has ended").accepted::<JobReport<T>>("The job is running")
    }

    /// The status 204.
    pub(in crate::api) fn nothing(self, description: &'static str) -> Self {
        self.responds(StatusCode::NO_CONTENT, description, SuccessContent::Nothing)
    }

    /// Bytes of one of these media types, and a header that may come with them.
    pub(in crate::api) fn bytes(
        self,
        description: &'static str,
        media_types: &'static [&'static str],
        header: Option<(&'static str, &'static str)>,
    ) -> Self {
        self.responds(StatusCode::OK, description, SuccessContent::Bytes { media_types, header })
    }

    /// A stream of server-sent events.
    pub(in crate::api) fn events(self, description: &'static str) -> Self {
        self.responds(StatusCode::OK, description, SuccessContent::Events)
    }
}

impl ApiOperation {
    /// The operation object. What requests refer to comes from `requests`, what responses refer to from `responses`: a
    /// struct that is read and one that is written differ in what may be left out.
    pub(super) fn json(&self, requests: &mut SchemaGenerator, responses: &mut SchemaGenerator) -> Value {
        let mut shape = RequestShape::new(self.path, requests);
        (self.request)(&mut shape);
        let (members, mut refusals) = shape.finish();
        refusals.extend(self.notes.problems.iter().copied());
        refusals.extend(super::document::ALWAYS_POSSIBLE);
        let mut answers = Map::new();
        for success in &self.notes.responses {
            answers.insert(success.status.as_str().to_owned(), success.json(responses));
        }
        for status in refusals {
            answers.insert(status.as_str().to_owned(), problem_reference(status));
        }
        let mut json = json!({"operationId": self.notes.id, "summary": self.notes.summary});
        if let Some(description) = self.notes.description {
            json["description"] = json!(description);
        }
        if let Value::Object(object) = &mut json {
            object.extend(members);
        }
        json["responses"] = Value::Object(answers);
        json
    }
}

impl SuccessShape {
    fn json(&self, generator: &mut SchemaGenerator) -> Value {
        let mut json = json!({"description": self.description});
        match &self.content {
            SuccessContent::Nothing => {}
            SuccessContent::Json(schema) => {
                json["content"] = json!({"application/json": {"schema": schema(generator)}});
            }
            SuccessContent::Bytes { media_types, header } => {
                if let Some((name, description)) = header {
                    let shape = json!({"description": description, "schema": {"type": "string"}});
                    json["headers"] = Map::from_iter([((*name).to_owned(), shape)]).into();
                }
                json["content"] =
                    media_types.iter().map(|kind| ((*kind).to_owned(), json!({}))).collect::<Map<_, _>>().into();
            }
            SuccessContent::Events => {
                json["content"] = json!({"text/event-stream": {"schema": {"type": "string"}}});
            }
        }
        json
    }
}
