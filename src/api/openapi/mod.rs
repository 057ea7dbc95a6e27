//! The OpenAPI document of the control interface: <https://spec.openapis.org/oas/v3.1.0>.
//!
//! Router and document are made of the same routes ([`ApiRoutes`]). Parameters and bodies are the structs that the extractors
//! read, by the types of the handlers' arguments; what responses hold is in `shapes`.

mod document;
mod operation;
mod request;
pub(super) mod shapes;
#[cfg(test)]
mod tests;

pub(super) use operation::{ApiRoutes, operation};
pub(super) use request::{DocumentedExtractor, RequestShape, merged_schema};
use serde_json::Value;

use super::routes;

/// The OpenAPI 3.1 document of the control interface.
#[must_use]
pub fn openapi_document() -> Value {
    document::document(routes::documented())
}
