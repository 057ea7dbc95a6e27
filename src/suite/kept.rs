//! The response that a delivery got, as one that a server has sent.

use crate::delivery::Answer;
use crate::http::{BodyEnd, Head, HttpResponse};

/// A kept response as one that came; `None` when none was sent.
#[must_use]
pub fn kept_response(answer: &Answer) -> Option<HttpResponse> {
    if !(100..=999).contains(&answer.status) {
        return None;
    }
    let mut head = format!("HTTP/1.1 {} \r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    Some(HttpResponse {
        status: answer.status,
        interim: answer.interim.clone(),
        head: Head::from(head),
        body: answer.body.clone(),
        body_bytes: answer.body_bytes,
        end: BodyEnd::Complete,
    })
}
