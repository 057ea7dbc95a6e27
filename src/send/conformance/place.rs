//! Where signature and timestamp go in a request, and the request without them.

use bytes::Bytes;

use super::case::{Case, CaseHead};
use super::craft::{CraftError, Fixture};
use super::payload::BuiltPayload;
use crate::http::{Head, HeaderLine, Outgoing};
use crate::send::simulation::add_signed_headers;
use crate::signature::{Scheme, Secret, SignError, bare_signature, unsignable, written_header};
use crate::simulate::{Circumstances, SIGNATURE_MARK};

/// Where the signature goes.
pub(super) enum WritePlace {
    Header(String),
    /// The body, at its mark.
    Body,
}

impl WritePlace {
    pub(super) fn of(fixture: &Fixture, request: &Outgoing) -> Result<Self, CraftError> {
        unsignable(&fixture.scheme).map_or(Ok(()), Err)?;
        if is_in_body(request) {
            return Ok(Self::Body);
        }
        let name = written_header(&fixture.scheme);
        Ok(Self::Header(name.ok_or(SignError::NotSigned("the signature is not in a header"))?))
    }

    /// What stands there.
    pub(super) fn value(&self, fixture: &Fixture, text: &str, timestamp: &str) -> Option<String> {
        match self {
            Self::Header(_) => fixture.scheme.written(text, timestamp),
            Self::Body => Some(text.to_owned()),
        }
    }

    pub(super) fn put(
        &self,
        request: &mut Outgoing,
        case: &Case,
        fixture: &Fixture,
        values: &[String],
        stamps: &[String],
    ) -> Result<(), CraftError> {
        match self {
            Self::Header(name) => {
                for value in values {
                    request.lines.push(HeaderLine::new(case.head.name(name), value)?);
                }
            }
            Self::Body => {
                let value = values.first().map_or("", String::as_str);
                let body = String::from_utf8_lossy(&request.body).replacen(SIGNATURE_MARK, value, 1);
                request.set_body(Bytes::from(body.into_bytes()));
            }
        }
        let name = fixture.scheme.timestamp_header();
        for stamp in stamps.iter().filter(|_| !name.is_empty()) {
            request.lines.push(HeaderLine::new(case.head.name(name), stamp)?);
        }
        Ok(())
    }
}

pub(super) fn is_in_body(request: &Outgoing) -> bool {
    memchr::memmem::find(&request.body, SIGNATURE_MARK.as_bytes()).is_some()
}

/// Everything but signature and timestamp.
pub(super) fn unsigned(
    fixture: &Fixture,
    payload: &BuiltPayload,
    head: CaseHead,
    circumstances: &Circumstances,
) -> Result<Outgoing, CraftError> {
    let mut request = Outgoing::post(&fixture.target, payload.body.clone())?;
    request.set("Content-Type", head.content_type(&payload.content_type))?;
    payload.headers.iter().try_for_each(|(name, value)| request.set(name, value))?;
    add_signed_headers(&mut request, &fixture.scheme, circumstances)?;
    Ok(request)
}

/// The head as it is when it is signed: what the content names by its header is there.
pub(super) fn stamped(scheme: &Scheme, request: &Outgoing, timestamp: &str) -> Head {
    match scheme.timestamp_header() {
        "" => request.head(),
        name => request.head().with(name, timestamp),
    }
}

/// The bare signature of these bytes as the body of `request`.
pub(super) fn signed_text(
    fixture: &Fixture,
    secret: &Secret,
    request: &Outgoing,
    timestamp: &str,
    body: &[u8],
) -> Result<String, SignError> {
    let head = stamped(&fixture.scheme, request, timestamp);
    bare_signature(&fixture.scheme, secret, &head, timestamp, body)
}

/// The text with another digit in the place of its last.
pub(super) fn with_other_digit(text: &str) -> String {
    let place = text.rfind(|character: char| character.is_ascii_digit());
    let other = |digit: char| if digit == '0' { '1' } else { '0' };
    text.char_indices().map(|(at, digit)| if Some(at) == place { other(digit) } else { digit }).collect()
}

impl CaseHead {
    pub(super) fn content_type(self, usual: &str) -> String {
        match self {
            Self::Charset if !usual.contains("charset") => format!("{usual}; charset=utf-8"),
            _ => usual.to_owned(),
        }
    }

    pub(super) fn name(self, name: &str) -> String {
        match self {
            Self::Plain | Self::Charset => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
        }
    }
}
