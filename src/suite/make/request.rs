//! The request of a suite's case, and the name of the case, from a delivery.

use bytes::Bytes;

use super::CaseError;
use crate::delivery::Delivery;
use crate::http::{HeaderLine, Target};
use crate::signature::{Scheme, SignaturePlace};
use crate::suite::case::SuiteRequest;
use crate::suite::file::NAME_BYTES;

pub(super) fn request(delivery: &Delivery) -> SuiteRequest {
    let head = &delivery.head;
    SuiteRequest {
        method: String::from_utf8_lossy(head.method()).into_owned(),
        target: head.bytes().slice_ref(head.target()),
        headers: head.field_lines().filter_map(|line| HeaderLine::raw(line).ok()).collect(),
        body: delivery.body.clone(),
    }
}

/// Takes the values of the signature's headers away. They are made again; under some schemes one is the secret itself.
pub(super) fn blank_signature(request: &mut SuiteRequest, scheme: &Scheme) {
    let is_signature = |name: &[u8]| {
        scheme.signature.places.iter().any(|place| match place {
            SignaturePlace::Header(own) | SignaturePlace::Headers(own) => name.eq_ignore_ascii_case(own.as_bytes()),
            SignaturePlace::Numbered(prefix) => {
                name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
            }
            SignaturePlace::Part(_) => false,
        })
    };
    for line in &mut request.headers {
        if is_signature(line.name())
            && let Ok(blank) = HeaderLine::raw(Bytes::from([line.name(), b":"].concat()))
        {
            *line = blank;
        }
    }
}

/// Refuses what no server can be asked for, whichever it is.
pub(super) fn check_sendable(request: &SuiteRequest, id: i64) -> Result<(), CaseError> {
    let no_request = |reason: String| CaseError::NoRequest { id, reason };
    let anywhere: Target = "http://localhost".parse().map_err(|error| no_request(format!("{error}")))?;
    request.outgoing(&anywhere).map(|_| ()).map_err(|error| no_request(error.to_string()))
}

/// `screenshot-12`, or of what is no event `post-webhooks-github-12`: letters, digits, `-`, `_` and `.` alone.
pub(super) fn name(delivery: &Delivery) -> String {
    let summary = &delivery.summary;
    let path = summary.path.split('?').next().unwrap_or_default();
    let what = summary.event.short_event().map_or_else(|| format!("{}-{path}", summary.method), str::to_owned);
    let mut name = String::new();
    for character in what.chars() {
        match character {
            'a'..='z' | '0'..='9' | '_' | '.' => name.push(character),
            'A'..='Z' => name.push(character.to_ascii_lowercase()),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    // Room for the number, of at most 19 digits.
    name.truncate(NAME_BYTES - 20);
    let name = name.trim_matches(['-', '.']);
    format!("{}-{}", if name.is_empty() { "request" } else { name }, summary.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::delivery;

    #[test]
    fn names_are_safe_whatever_the_event_is_called() {
        let named = |event: &str| {
            let mut delivery = delivery("POST /hook HTTP/1.1\r\nHost: a\r\n\r\n", b"");
            delivery.summary.event.event = Some(event.to_owned());
            name(&delivery)
        };
        assert_eq!(named("desktop.screenshot_tracking.captured"), "screenshot-7");
        assert_eq!(named("../Invoice \u{1b}[31m Paid!"), "invoice-31m-paid-7");
        assert_eq!(named("…"), "request-7");
        assert!(named(&"a".repeat(1000)).len() <= NAME_BYTES);
    }
}
