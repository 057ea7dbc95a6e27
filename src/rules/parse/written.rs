//! Custom answers: status, headers, body, and their errors.

use std::sync::Arc;

use super::super::answer::{CustomAnswer, NamedAnswer};
use super::super::cursor::TextCursor;
use super::super::error::{RuleError, RuleProblem};
use super::super::template::{Template, TemplateError};
use super::super::{BODY_LIMIT, HEADER_BYTES, HEADER_LIMIT, is_bodyless};

/// The keywords of the language, which cannot be names of custom answers.
const KEYWORDS: [&str; 13] = [
    "auto",
    "hold",
    "forward",
    "fail",
    "wait",
    "drop",
    "reset",
    "trickle",
    "length",
    "redirect",
    "retry-after",
    "else",
    "then",
];
/// Headers that frame the answer: whyhook writes them.
const OWN_HEADERS: [&str; 9] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "date",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "proxy-connection",
];

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerPart {
    /// Its name.
    Name,
    /// The status.
    Status,
    /// The header at this position.
    Header(usize),
    /// All headers.
    Headers,
    /// The body.
    Body,
}

/// An answer that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct InvalidAnswer {
    /// What of it is wrong.
    pub part: AnswerPart,
    /// Why.
    pub problem: RuleProblem,
}

impl AnswerPart {
    fn invalid(self, problem: impl Into<RuleProblem>) -> InvalidAnswer {
        InvalidAnswer { part: self, problem: problem.into() }
    }
}

/// Checks an answer of `[answers.NAME]`.
///
/// # Errors
///
/// [`InvalidAnswer`] for a name, status, header or body that cannot be.
pub fn named(
    name: &str,
    status: u16,
    headers: &[(String, String)],
    body: Option<&str>,
) -> Result<Arc<NamedAnswer>, InvalidAnswer> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_keyword = KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name));
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !begins || !name.bytes().all(is_plain) || is_keyword || name.len() > 64 {
        return Err(AnswerPart::Name.invalid(RuleProblem::BadName(name.to_owned())));
    }
    let read = |(at, (name, value)): (usize, &(String, String))| {
        header(name, value).map_err(|error| AnswerPart::Header(at).invalid(error))
    };
    let headers = headers.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    let body = body.map(Template::parse).transpose().map_err(|error| AnswerPart::Body.invalid(error))?;
    let written = CustomAnswer { status, headers, body };
    check(&written)?;
    Ok(Arc::new(NamedAnswer { name: name.to_owned(), written }))
}

/// Reads what follows a status.
pub(super) fn written(
    word: &str,
    at: usize,
    cursor: &mut TextCursor<'_>,
    is_last: bool,
) -> Result<CustomAnswer, RuleError> {
    let status = word.parse().map_err(|_| RuleProblem::Status(0).at(at))?;
    check_status(status).map_err(|problem| problem.at(at))?;
    let mut written = CustomAnswer { status, headers: Vec::new(), body: None };
    while cursor.peek().eq_ignore_ascii_case("header") {
        let mut ahead = *cursor;
        ahead.word();
        // Without a quotation mark it is the first word of a body.
        if !ahead.is_quoted() {
            break;
        }
        let place = ahead.at();
        let text = ahead.quoted()?;
        *cursor = ahead;
        let (name, value) = text.split_once(':').ok_or_else(|| RuleProblem::BadHeader(text.clone()).at(place))?;
        written.headers.push(header(name, value.trim()).map_err(|problem| problem.at(place))?);
    }
    let body_at = cursor.at();
    if cursor.is_quoted() {
        let body = cursor.quoted()?;
        let template = Template::parse(&body).map_err(|error| RuleProblem::from(error).at(body_at))?;
        written.body = Some(template);
    } else if is_last && !cursor.is_done() {
        let template = Template::parse(cursor.remainder()).map_err(|error| located(error, body_at))?;
        written.body = Some(template);
    }
    check(&written).map_err(|error| error.problem.at(body_at))?;
    Ok(written)
}

/// Names the place of a template's mistake in the rule around it.
fn located(error: TemplateError, start: usize) -> RuleError {
    let at = match &error {
        TemplateError::Unknown { at, .. } | TemplateError::Unclosed { at } => start + at,
        TemplateError::TooMany => start,
    };
    RuleProblem::from(error).at(at)
}

pub(super) fn check_status(status: u16) -> Result<(), RuleProblem> {
    if (200..=599).contains(&status) { Ok(()) } else { Err(RuleProblem::Status(status)) }
}

fn check(written: &CustomAnswer) -> Result<(), InvalidAnswer> {
    check_status(written.status).map_err(|error| AnswerPart::Status.invalid(error))?;
    let has_body = written.body.as_ref().is_some_and(|body| body.fixed_bytes() > 0 || body.has_facts());
    if has_body && is_bodyless(written.status) {
        return Err(AnswerPart::Body.invalid(RuleProblem::Bodyless(written.status)));
    }
    let found = written.body.as_ref().map_or(0, |body| body.source().len());
    if found > BODY_LIMIT {
        return Err(AnswerPart::Body.invalid(RuleProblem::BodyTooLong { found }));
    }
    let too_long = |(name, value): &(String, Template)| name.len() + value.source().len() > HEADER_BYTES;
    if written.headers.len() > HEADER_LIMIT || written.headers.iter().any(too_long) {
        return Err(AnswerPart::Headers.invalid(RuleProblem::TooManyHeaders));
    }
    Ok(())
}

fn header(name: &str, value: &str) -> Result<(String, Template), RuleProblem> {
    let bad = || RuleProblem::BadHeader(format!("{name}: {value}"));
    if http::HeaderName::try_from(name).is_err() || !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return Err(bad());
    }
    // White space around a value is not part of it (RFC 9110, section 5.5).
    if value.trim() != value {
        return Err(bad());
    }
    if OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(RuleProblem::OwnHeader(name.to_owned()));
    }
    Ok((name.to_owned(), Template::parse(value)?))
}
