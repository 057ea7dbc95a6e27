//! Expectations that follow from a response: those that did not hold of it replaced, and those that are taken from it.

use super::compare::{ComparedBody, header_difference};
use super::expect::{BodyExpectation, Expectations, ExpectedStatus, ExpectedValue};
use crate::http::{Head, HttpResponse};
use crate::payload::lookup::NamedValue;

/// `expect`, with each expectation that does not hold of `reply` replaced by one that does; `None` when all of them hold
/// already.
///
/// An expected pattern becomes the text that came, since no pattern follows from a text. What is not there is expected to be
/// absent.
#[must_use]
pub fn expecting(expect: &Expectations, reply: &HttpResponse) -> Option<Expectations> {
    let mut new = expect.clone();
    if new.status.is_some_and(|status| !status.holds(reply.status)) {
        new.status = Some(ExpectedStatus::Exactly(reply.status));
    }
    for header in &mut new.headers {
        if header_difference(header, &reply.head).is_some() {
            header.wanted = match header_value(&header.name, &reply.head) {
                ExpectedValue::Text(_) if header.wanted == ExpectedValue::Absent => ExpectedValue::Present,
                value => value,
            };
        }
    }
    let body = ComparedBody::of(reply);
    for expected in &mut new.body {
        if body.difference(expected).is_some() {
            expected.wanted = match body.value(expected) {
                ExpectedValue::Text(_) | ExpectedValue::Json(_) if expected.wanted == ExpectedValue::Absent => {
                    ExpectedValue::Present
                }
                value => value,
            };
        }
    }
    (new != *expect).then_some(new)
}

/// Expectations of the same places: of each that `reply` has there, or nothing where it has nothing.
#[must_use]
pub fn as_answered(places: &Expectations, reply: &HttpResponse) -> Expectations {
    let mut taken = places.clone();
    for header in &mut taken.headers {
        header.wanted = header_value(&header.name, &reply.head);
    }
    let body = ComparedBody::of(reply);
    for expected in &mut taken.body {
        expected.wanted = body.value(expected);
    }
    taken
}

/// What a header says, as an expectation.
fn header_value(name: &str, head: &Head) -> ExpectedValue {
    match head.value(name).map(std::str::from_utf8) {
        None => ExpectedValue::Absent,
        Some(Ok(text)) => ExpectedValue::Text(text.to_owned()),
        Some(Err(_)) => ExpectedValue::Present,
    }
}

impl ComparedBody<'_> {
    /// What is there, as an expectation.
    fn value(&self, expected: &BodyExpectation) -> ExpectedValue {
        let Some(path) = &expected.path else {
            return match std::str::from_utf8(&self.bytes) {
                Ok("") => ExpectedValue::Absent,
                // A string of JSON stays as it came: in a suite's file a string is the whole body.
                Ok(text)
                    if matches!(expected.wanted, ExpectedValue::Json(_)) && !text.trim_start().starts_with('"') =>
                {
                    ExpectedValue::json(text).unwrap_or_else(|_| ExpectedValue::Text(text.to_owned()))
                }
                Ok(text) => ExpectedValue::Text(text.to_owned()),
                Err(_) => ExpectedValue::Present,
            };
        };
        match path.find(self.head, &self.bytes) {
            None => ExpectedValue::Absent,
            Some(NamedValue::Text(text)) => ExpectedValue::Text(text),
            Some(NamedValue::Json(json)) => ExpectedValue::json(&json).unwrap_or(ExpectedValue::Json(json)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::compare::compare;
    use crate::suite::compare::tests::{BODY, HEADERS, expectations, reply};

    #[test]
    fn expectations_of_a_response_hold_of_it() {
        let before = expectations(&[
            "status=2xx",
            "header:Set-Cookie=c",
            "header:Gone",
            "!header:Content-Type",
            "body:result.id=8",
            "body:result.name~^B",
            "body:gone=1",
            "!body:error",
            "body=x",
        ]);
        let reply = reply(500, HEADERS, BODY);
        let after = expecting(&before, &reply).unwrap();
        assert_eq!(compare(&after, &reply), []);
        assert_eq!(expecting(&after, &reply), None);
        assert_eq!((after.headers.len(), after.body.len()), (before.headers.len(), before.body.len()));
        assert_eq!(after.headers[0].wanted, ExpectedValue::Text("a=1".to_owned()));
        assert_eq!(after.body[0].wanted, ExpectedValue::Json("7".to_owned()));
    }
}
