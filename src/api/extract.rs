//! What a request says, read so that a mistake becomes a problem in words.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query as UrlQuery, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::HeaderValue, http::header};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::ApiProblem;
use super::openapi::{DocumentedExtractor, RequestShape};
use crate::delivery::DeliveryId;
use crate::store::{Page, Reader};
use crate::text;

/// The parameters behind the `?`.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiProblem> {
        let UrlQuery(params) = UrlQuery::try_from_uri(&parts.uri)
            .map_err(|error| ApiProblem::bad(format!("parameters: {}", cause(&error))))?;
        Ok(Self(params))
    }
}

impl<T: JsonSchema> DocumentedExtractor for Params<T> {
    fn document(shape: &mut RequestShape<'_>) {
        shape.query::<T>();
    }
}

/// The members of a JSON body.
pub(super) struct Members<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Members<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let AnyJson(JsonObject(members)) = AnyJson::from_request(request, state).await?;
        Ok(Self(members))
    }
}

/// A JSON body that need not be an object.
pub(super) struct AnyJson<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for AnyJson<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            // What a body holds may be a secret: where the mistake is, and not what stands there.
            Err(error) => Err(ApiProblem::new(refusal_status(&error), body_words(&error))),
        }
    }
}

impl<T: JsonSchema> DocumentedExtractor for Members<T> {
    fn document(shape: &mut RequestShape<'_>) {
        shape.json_body::<T>();
    }
}

/// A value that only a JSON object becomes: serde's derive takes an array for a struct as well, by position.
pub(super) struct JsonObject<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

fn refusal_status(error: &JsonRejection) -> StatusCode {
    match error {
        JsonRejection::BytesRejection(error) => error.status(),
        JsonRejection::MissingJsonContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn body_words(error: &JsonRejection) -> String {
    match error {
        JsonRejection::MissingJsonContentType(_) => {
            "expected a JSON body with content-type: application/json".to_owned()
        }
        JsonRejection::JsonDataError(error) => format!("body: {}", without_values(&cause(error))),
        JsonRejection::JsonSyntaxError(_) => "body: invalid JSON".to_owned(),
        JsonRejection::BytesRejection(error) => format!("body: {}", error.body_text().to_lowercase()),
        _ => "body: unreadable".to_owned(),
    }
}

/// The last reason of an error.
fn cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// serde's words for a value of another kind repeat the value: `invalid type: string "…", expected …`; those for an
/// unknown member its name, which may be anything.
pub(super) fn without_values(words: &str) -> String {
    let name = words.split_once("unknown field `").and_then(|(_, rest)| Some(rest.split_once("`, expected ")?.0));
    if let Some(name) = name.filter(|name| !crate::config::is_name(name)) {
        return words.replacen(&format!("`{name}`"), &crate::config::unnamed(name), 1);
    }
    match (words.find("invalid "), words.rfind(", expected ")) {
        (Some(start), Some(end)) if start < end => {
            let kind = words[start..end].split(':').next().unwrap_or("invalid value");
            format!("{}{kind}{}", &words[..start], &words[end..])
        }
        _ => words.to_owned(),
    }
}

/// A delivery in the path: its number, or `latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Number(DeliveryId),
    Latest,
}

impl Named {
    pub(super) fn parse(text: &str) -> Result<Self, ApiProblem> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        text.parse().map(Self::Number).map_err(ApiProblem::bad)
    }

    /// Its number, where there is such a delivery.
    pub(super) fn resolve(self, reader: &Reader) -> Result<DeliveryId, ApiProblem> {
        let (found, words) = match self {
            Self::Number(id) => (reader.summary(id)?, format!("no delivery {id}")),
            Self::Latest => (reader.page(Page::Newest, 1)?.into_iter().next(), "no deliveries captured yet".to_owned()),
        };
        found.map(|summary| summary.id).ok_or_else(|| ApiProblem::missing(words))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiProblem::bad(error.body_text()))?;
        Self::parse(&text)
    }
}

impl DocumentedExtractor for Named {
    fn document(shape: &mut RequestShape<'_>) {
        let schema = json!({"oneOf": [{"type": "integer", "format": "int64"}, {"type": "string", "const": "latest"}]});
        shape.path(&schema, "A delivery's number, or latest");
    }
}

/// The one value of a path.
pub(super) struct InPath<T>(pub(super) T);

/// What a path may hold.
pub(super) trait PathValue: Sized {
    /// What it is, for the document.
    const DESCRIPTION: &'static str;

    /// Reads it.
    fn parse(text: String) -> Result<Self, ApiProblem>;

    /// Its schema: a number from 1 unless it is anything else.
    fn schema() -> Value {
        json!({"type": "integer", "format": "uint64", "minimum": 1})
    }
}

impl<T: PathValue, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiProblem::bad(error.body_text()))?;
        T::parse(text).map(Self)
    }
}

impl<T: PathValue> DocumentedExtractor for InPath<T> {
    fn document(shape: &mut RequestShape<'_>) {
        shape.path(&T::schema(), T::DESCRIPTION);
    }
}

/// JSON that steers no terminal.
pub(super) struct SafeJson(pub(super) Value);

impl IntoResponse for SafeJson {
    fn into_response(self) -> Response {
        json_response(text::safe_json(&self.0.to_string()).into_owned())
    }
}

/// Serialised JSON as a response.
pub(super) fn json_response(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_named_by_its_number_or_as_the_latest() {
        assert_eq!(Named::parse("7"), Ok(Named::Number(DeliveryId(7))));
        assert_eq!(Named::parse("latest"), Ok(Named::Latest));
        for wrong in ["", "-1", "7x", "newest", "99999999999999999999"] {
            assert!(Named::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_an_object_has_members() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Point {
            x: i64,
        }
        let read = |text: &str| {
            serde_json::from_str::<JsonObject<Point>>(text).map(|read| read.0.x).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"x": 7}"#), Ok(7));
        for wrong in ["[7]", "7", "null", "\"x\"", "[]"] {
            let told = read(wrong).unwrap_err();
            assert!(told.contains("expected an object") && !told.contains("struct"), "{wrong}: {told}");
        }
        assert!(read(r#"{"y": 7}"#).unwrap_err().starts_with("unknown field `y`"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_not_repeated() {
        let wrong = "secret: invalid type: string \"whsec_abc, expected x\", expected a number at line 1 column 2";
        assert_eq!(without_values(wrong), "secret: invalid type, expected a number at line 1 column 2");
        let secret = "unknown field `whsec_5f0c9x`, expected `rule`";
        assert_eq!(without_values(secret), "unknown field (12 characters, not shown), expected `rule`");
        let unknown = "unknown field `rul`, expected `rule`";
        assert_eq!(without_values(unknown), unknown);
    }
}
