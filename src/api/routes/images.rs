//! The images of a delivery: what they are, and their exact bytes.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::deliveries::load;
use crate::api::ApiProblem;
use crate::api::extract::{Named, SafeJson};
use crate::api::openapi::{DocumentedExtractor, RequestShape};
use crate::api::sending::in_pieces;
use crate::archive::export::image;
use crate::payload::binary::images_json;
use crate::payload::body::Body;

/// A delivery, and the number of one of its images, from 1.
pub(super) struct NamedImage(Named, usize);

impl<S: Send + Sync> FromRequestParts<S> for NamedImage {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        let Path((id, number)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiProblem::bad(error.body_text()))?;
        let number = number.parse().map_err(|_| ApiProblem::bad("expected the number of an image, from 1"))?;
        Ok(Self(Named::parse(&id)?, number))
    }
}

impl DocumentedExtractor for NamedImage {
    fn document(shape: &mut RequestShape<'_>) {
        Named::document(shape);
        shape.path(&json!({"type": "integer", "format": "uint64", "minimum": 1}), "The number of an image, from 1");
    }
}

pub(super) async fn list(State(state): Shared, named: Named) -> Result<SafeJson, ApiProblem> {
    let read = state.readers.read(move |reader| {
        let delivery = load(reader, named)?;
        let body = Body::open(&delivery.head, delivery.body.clone());
        Ok(json!({"id": delivery.summary.id.0, "images": images_json(&body.images())}))
    });
    Ok(SafeJson(read.await?))
}

/// The bytes as they are, whatever they are: to be saved, never to be shown as a page.
pub(super) async fn bytes(State(state): Shared, NamedImage(named, number): NamedImage) -> Result<Response, ApiProblem> {
    let read = state.readers.read_large(move |reader| {
        let delivery = load(reader, named)?;
        let body = Body::open(&delivery.head, delivery.body.clone());
        image::choose(delivery.summary.id, &body, Some(number))
            .map(|found| (image::file_name(delivery.summary.id, &found), image::is_partial(&found.binary), found))
            .map_err(ApiProblem::missing)
    });
    let ((name, is_partial, found), place) = read.await?;
    let kind = found.binary.format().map_or("application/octet-stream", crate::payload::image::ImageFormat::media_type);
    let mut response = in_pieces(found.binary.bytes, place, kind);
    // A name of letters, digits, `-` and `.` needs no quoting.
    let disposition = HeaderValue::try_from(format!("attachment; filename={name}"));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    if is_partial {
        response.headers_mut().insert("x-whyhook-partial", HeaderValue::from_static("true"));
    }
    Ok(response)
}
