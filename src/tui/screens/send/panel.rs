//! The result panel: what came of one sending.

use bytes::Bytes;

use crate::delivery::Attempt;
use crate::http::HeaderField;
use crate::payload::body::BodyRemark;
use crate::payload::json::pretty::Pretty;
use crate::payload::raw::RawRows;
use crate::send::{delivery_headers, opened_response};
use crate::signature::Scheme;

/// The width at which a body that is not JSON is wrapped: the narrowest common terminal.
const RAW_COLUMNS: usize = 74;

/// One sending with what came of it, ready to be drawn a window at a time.
#[derive(Debug)]
pub struct Panel {
    /// The facts.
    pub attempt: Attempt,
    /// The signature and timestamp headers as sent.
    pub headers: Vec<HeaderField>,
    /// What was sent.
    pub payload: BodyRows,
    /// The body of what came back.
    pub response: BodyRows,
    /// What had to be done to read it.
    pub response_remarks: Vec<BodyRemark>,
    /// What else there is to say, each under a name; visible text.
    pub remarks: Vec<(&'static str, String)>,
    /// The first row shown.
    pub scroll: usize,
}

/// A body in rows.
#[derive(Debug)]
pub enum BodyRows {
    /// JSON, re-indented from its own tokens.
    Json(Pretty),
    /// Anything else, as it is.
    Text(RawRows),
}

impl Panel {
    /// The panel of an attempt that sent `body` and was signed by `scheme`.
    #[must_use]
    pub fn new(attempt: Attempt, body: Bytes, scheme: &Scheme, remarks: Vec<(&'static str, String)>) -> Self {
        let opened = attempt.result.as_ref().ok().map(opened_response);
        let (response, response_remarks) = opened.map(|opened| (opened.bytes, opened.remarks)).unwrap_or_default();
        Self {
            headers: delivery_headers(&attempt, scheme),
            payload: BodyRows::of(body),
            response: BodyRows::of(response),
            response_remarks,
            attempt,
            remarks,
            scroll: 0,
        }
    }

    /// The panel of an attempt byte for byte: every header, and a body that is not indented even if it is JSON.
    #[must_use]
    pub fn as_sent(attempt: Attempt, remarks: Vec<(&'static str, String)>) -> Self {
        let body = attempt.body.clone().unwrap_or_default();
        let response = attempt.result.as_ref().map(|reply| reply.body.clone()).unwrap_or_default();
        let raw = |body| BodyRows::Text(RawRows::new(body, RAW_COLUMNS));
        let headers = attempt.head.fields().collect();
        let response_remarks = Vec::new();
        Self { headers, payload: raw(body), response: raw(response), response_remarks, attempt, remarks, scroll: 0 }
    }
}

impl BodyRows {
    /// The rows of `body`.
    #[must_use]
    pub fn of(body: Bytes) -> Self {
        match Pretty::new(body.clone()) {
            Ok(rows) => Self::Json(rows),
            Err(_) => Self::Text(RawRows::new(body, RAW_COLUMNS)),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Json(rows) => rows.line_count(),
            Self::Text(rows) => rows.len(),
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Json(_) => false,
            Self::Text(rows) => rows.bytes().is_empty(),
        }
    }
}
