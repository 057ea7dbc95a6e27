//! Errors as responses: problem details, RFC 9457.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::query::QueryError;
use crate::store::StoreError;
use crate::system::panic::CaughtPanic;
use crate::text;

/// Why a request was not done, in words for whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiProblem {
    status: StatusCode,
    detail: String,
    at: Option<usize>,
}

impl ApiProblem {
    /// The request is wrong.
    pub(super) fn bad(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What is asked for does not exist: 404.
    pub(super) fn missing(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Too much is asked at once, or the listener ends.
    pub(super) fn busy(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Any other.
    pub(super) fn new(status: StatusCode, detail: impl fmt::Display) -> Self {
        Self { status, detail: detail.to_string(), at: None }
    }

    /// This problem, with the byte of the client's text at which it was found.
    pub(super) fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }
}

impl fmt::Display for ApiProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl From<CaughtPanic> for ApiProblem {
    fn from(panic: CaughtPanic) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, panic)
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }
}

impl From<QueryError> for ApiProblem {
    fn from(error: QueryError) -> Self {
        Self::bad(format!("filter: {error}")).at(error.at)
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let mut json = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": text::visible(&self.detail),
        });
        if let Some(at) = self.at {
            json["at"] = json!(at);
        }
        let body = text::safe_json(&json.to_string()).into_owned();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::query::Query;

    #[test]
    fn a_problem_says_what_and_where_and_steers_no_terminal() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shown = |problem: ApiProblem| {
            let response = problem.into_response();
            let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
            let body = runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
            (kind, String::from_utf8(body.to_vec()).unwrap())
        };
        let (kind, body) = shown(Query::parse("is:sim evnt:\u{9b}31m").unwrap_err().into());
        assert_eq!(kind, "application/problem+json");
        assert!(!body.contains('\u{9b}'), "{body}");
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&json["type"], &json["title"]), (&"about:blank".into(), &"Bad Request".into()));
        assert_eq!((&json["status"], &json["at"]), (&400.into(), &7.into()));
        assert!(json["detail"].as_str().unwrap().starts_with("filter: at 7: unknown filter 'evnt:'"), "{json}");
        let (_, body) = shown(ApiProblem::missing("no delivery 7"));
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            json,
            json!({"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no delivery 7"})
        );
    }
}
