//! Reads suites, which anybody may have written.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::form::{BodyForm, CaseForm, ExpectForm, HeaderForm, SuiteForm, SuiteObject, VersionForm};
use super::{CASE_LIMIT, NAME_BYTES, VERSION};
use crate::config::file::{Place, syntax_words};
use crate::http::{HeaderLine, is_token};
use crate::payload::lookup::BodyPath;
use crate::signature::SigningKind;
use crate::suite::case::{ResignAs, Suite, SuiteCase, SuiteRequest, SuiteSigning};
use crate::suite::expect::{
    BodyExpectation, Expectations, ExpectedStatus, ExpectedValue, HeaderExpectation, InvalidExpectation,
};
use crate::text::{clip, is_hidden, visible};

/// The largest file that is read, in bytes.
pub const FILE_BYTES: u64 = 64 << 20;
/// Columns of what is repeated of a file.
const SHOWN: usize = 60;

/// Why a file is not a suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuiteFault {
    /// It is not text.
    #[error("invalid UTF-8: save the file as UTF-8")]
    NotText,
    /// It is not JSON, or a member or value is not one of a suite.
    #[error("{place}: {reason}")]
    Syntax {
        /// Where.
        place: Place,
        /// What, on one line.
        reason: String,
    },
    /// It has no version.
    #[error("missing version: add `\"version\": {VERSION}` before the cases")]
    NoVersion,
    /// It is of a later release.
    #[error("version {0} is not known here, where the newest is {VERSION}: update whyhook")]
    Version(i64),
    /// It has too many cases.
    #[error("{0} cases: expected at most {CASE_LIMIT}; split the suite")]
    TooManyCases(usize),
    /// A name that is none.
    #[error("case {number}: invalid name '{}': expected 1 to {NAME_BYTES} visible characters on one line", shown(.name))]
    Name {
        /// Which case, from 1.
        number: usize,
        /// The name.
        name: String,
    },
    /// Two cases of one name.
    #[error("two cases are called '{}': give one of them another name", shown(.0))]
    SameName(String),
    /// Something in a case.
    #[error("case '{}': {fault}", shown(.name))]
    Case {
        /// Its name.
        name: String,
        /// What.
        fault: CaseFault,
    },
}

/// What is wrong with a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseFault {
    /// A moment that is none.
    #[error("received_at: '{}' is not a moment such as 2026-11-29T18:48:59.123Z", shown(.0))]
    Moment(String),
    /// A manner of signing that is none.
    #[error("signature: '{}' is not known: expected resign or as_received", shown(.0))]
    Signature(String),
    /// A member that means something only for a case that is re-signed.
    #[error("{0} has a meaning only with \"signature\": \"resign\": leave it out, or change the signature")]
    OnlyResigned(&'static str),
    /// A kind that is none.
    #[error("kind: '{}' is not known: expected developer or reseller", shown(.0))]
    Kind(String),
    /// A method that is none.
    #[error("method: '{}' is not a method such as POST", shown(.0))]
    Method(String),
    /// A request target that is none.
    #[error("target: expected a path such as /webhooks, without white space and control characters")]
    Target,
    /// Text and Base64 at once.
    #[error("{0} and {0}_base64 conflict: keep one")]
    Both(&'static str),
    /// Base64 that is none.
    #[error("{0}: invalid Base64")]
    Base64(String),
    /// A header line that is none.
    #[error("headers, line {0}: expected \"Name: value\" without line ends, or {{\"base64\": \"…\"}}")]
    Header(usize),
    /// A status that is none.
    #[error("status: expected a number such as 200, or a class such as \"2xx\"")]
    Status,
    /// An expectation that is none.
    #[error("expect, {list} {number}: {reason}")]
    Expectation {
        /// `headers` or `body`.
        list: &'static str,
        /// Which of them, from 1.
        number: usize,
        /// What.
        reason: String,
    },
}

impl SuiteFault {
    /// The fault with the file's name before it, as `file:line:column: reason`.
    #[must_use]
    pub fn in_file(&self, file: &str) -> String {
        let gap = if matches!(self, Self::Syntax { .. }) { "" } else { " " };
        format!("{file}:{gap}{self}")
    }
}

fn shown(text: &str) -> String {
    clip(&visible(text), SHOWN).into_owned()
}

/// Reads a file; between its values, a checkout may have other line ends.
///
/// # Errors
///
/// [`SuiteFault`]: where, what, and what is expected, on one line.
pub fn read(file: &[u8]) -> Result<Suite, SuiteFault> {
    let text = std::str::from_utf8(file).map_err(|_| SuiteFault::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match parsed::<VersionForm>(text)?.version {
        None => return Err(SuiteFault::NoVersion),
        Some(VERSION) => {}
        Some(other) => return Err(SuiteFault::Version(other)),
    }
    let form: SuiteForm = parsed(text)?;
    if form.cases.len() > CASE_LIMIT {
        return Err(SuiteFault::TooManyCases(form.cases.len()));
    }
    let mut suite = Suite::default();
    let mut names = std::collections::HashSet::new();
    for (index, SuiteObject(case)) in form.cases.into_iter().enumerate() {
        let name = case.name.clone();
        if !is_case_name(&name) {
            return Err(SuiteFault::Name { number: index + 1, name });
        }
        if !names.insert(name.clone()) {
            return Err(SuiteFault::SameName(name));
        }
        suite.cases.push(read_case(case).map_err(|fault| SuiteFault::Case { name, fault })?);
    }
    Ok(suite)
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, SuiteFault> {
    let parsed = serde_json::from_str::<SuiteObject<T>>(text).map(|SuiteObject(form)| form);
    parsed.map_err(|error| SuiteFault::Syntax { place: place(text, &error), reason: shown_reason(&error) })
}

/// Where the reader had come to. It counts bytes, from 1.
fn place(text: &str, error: &serde_json::Error) -> Place {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    Place::of(text, line_start + error.column().saturating_sub(1))
}

/// The reader's words without its place, on one line of a bearable length.
fn shown_reason(error: &serde_json::Error) -> String {
    const COLUMNS: usize = 300;
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    clip(&syntax_words(words.strip_suffix(&place).unwrap_or(&words)), COLUMNS).into_owned()
}

fn is_case_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= NAME_BYTES && !name.chars().any(is_hidden)
}

fn read_case(raw: CaseForm) -> Result<SuiteCase, CaseFault> {
    let received_at = raw
        .received_at
        .as_deref()
        .map(|text| text.parse::<Timestamp>().map_err(|_| CaseFault::Moment(text.to_owned())));
    let received_at = received_at.transpose()?;
    let signing = signing(&raw)?;
    if raw.method.is_empty() || !raw.method.bytes().all(is_token) {
        return Err(CaseFault::Method(raw.method));
    }
    let target = bytes("target", raw.target, raw.target_base64)?;
    if target.is_empty() || target.iter().any(|byte| matches!(byte, 0..=b' ' | 0x7f)) {
        return Err(CaseFault::Target);
    }
    let headers = raw.headers.iter().enumerate().map(|(index, line)| header(line).ok_or(CaseFault::Header(index + 1)));
    let headers = headers.collect::<Result<_, _>>()?;
    let body = bytes("body", raw.body, raw.body_base64)?;
    let request = SuiteRequest { method: raw.method, target, headers, body };
    Ok(SuiteCase { name: raw.name, received_at, signing, request, expect: expectations(raw.expect.0)? })
}

fn signing(raw: &CaseForm) -> Result<SuiteSigning, CaseFault> {
    let kind = match raw.kind.as_deref() {
        None => SigningKind::default(),
        Some(name) => [SigningKind::Developer, SigningKind::Reseller]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| CaseFault::Kind(name.to_owned()))?,
    };
    match raw.signature.as_str() {
        "resign" => Ok(SuiteSigning::Resign(ResignAs {
            webhook: raw.webhook.clone(),
            scheme: raw.scheme.clone(),
            kind,
            secret: raw.secret.clone(),
        })),
        "as_received" => {
            let given = [
                ("webhook", raw.webhook.is_some()),
                ("scheme", raw.scheme.is_some()),
                ("kind", raw.kind.is_some()),
                ("secret", raw.secret.is_some()),
            ];
            match given.into_iter().find(|(_, is_given)| *is_given) {
                Some((key, _)) => Err(CaseFault::OnlyResigned(key)),
                None => Ok(SuiteSigning::AsReceived),
            }
        }
        other => Err(CaseFault::Signature(other.to_owned())),
    }
}

fn bytes(key: &'static str, text: Option<String>, base64: Option<String>) -> Result<Bytes, CaseFault> {
    match (text, base64) {
        (Some(_), Some(_)) => Err(CaseFault::Both(key)),
        (Some(text), None) => Ok(Bytes::from(text)),
        (None, Some(digits)) => decoded(&digits).ok_or_else(|| CaseFault::Base64(format!("{key}_base64"))),
        (None, None) => Ok(Bytes::new()),
    }
}

/// Base64, with white space anywhere.
fn decoded(digits: &str) -> Option<Bytes> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(digits).ok().map(Bytes::from)
}

fn header(line: &Value) -> Option<HeaderLine> {
    let bytes = match line {
        Value::String(text) => Bytes::from(text.clone()),
        Value::Object(members) if members.len() == 1 => decoded(members.get("base64")?.as_str()?)?,
        _ => return None,
    };
    HeaderLine::raw(bytes).ok()
}

fn expectations(raw: ExpectForm) -> Result<Expectations, CaseFault> {
    let status = match raw.status {
        None => None,
        Some(Value::Number(status)) => Some(status.to_string()),
        Some(Value::String(class)) => Some(class),
        Some(_) => return Err(CaseFault::Status),
    };
    let status: Option<ExpectedStatus> = status.map(|text| text.parse()).transpose().map_err(|_| CaseFault::Status)?;
    let fault = |list, index: usize, reason| CaseFault::Expectation { list, number: index + 1, reason };
    let headers = raw.headers.into_iter().enumerate();
    let headers = headers
        .map(|(index, SuiteObject(raw))| header_expectation(raw).map_err(|reason| fault("headers", index, reason)));
    let headers = headers.collect::<Result<_, _>>()?;
    let body = raw.body.into_iter().enumerate();
    let body =
        body.map(|(index, SuiteObject(raw))| body_expectation(raw).map_err(|reason| fault("body", index, reason)));
    Ok(Expectations { status, headers, body: body.collect::<Result<_, _>>()? })
}

fn header_expectation(raw: HeaderForm) -> Result<HeaderExpectation, String> {
    let wanted = [
        raw.equals.map(|text| Ok(ExpectedValue::Text(text))),
        raw.matches.map(|text| text.parse().map(ExpectedValue::Matches)),
        raw.present.map(|is_there| Ok(presence(is_there))),
    ];
    let wanted = only_one(wanted, "equals, matches or present")?;
    HeaderExpectation::new(&raw.name, wanted).map_err(|error| error.to_string())
}

fn body_expectation(raw: BodyForm) -> Result<BodyExpectation, String> {
    let path = match &raw.path {
        Some(text) => Some(BodyPath::read(text).ok_or_else(|| InvalidExpectation::Path(text.clone()).to_string())?),
        None => None,
    };
    let wanted = [
        raw.equals.map(|value| equal(&value)),
        raw.matches.map(|text| text.parse().map(ExpectedValue::Matches)),
        raw.exists.map(|is_there| Ok(presence(is_there))),
    ];
    Ok(BodyExpectation { path, wanted: only_one(wanted, "equals, matches or exists")? })
}

fn presence(is_there: bool) -> ExpectedValue {
    if is_there { ExpectedValue::Present } else { ExpectedValue::Absent }
}

/// The one that is given of several.
fn only_one<const N: usize>(
    given: [Option<Result<ExpectedValue, InvalidExpectation>>; N],
    names: &str,
) -> Result<ExpectedValue, String> {
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(wanted), None) => wanted.map_err(|error| error.to_string()),
        _ => Err(format!("expected exactly one of {names}")),
    }
}

/// Text where it is a string, else the JSON itself.
fn equal(value: &RawValue) -> Result<ExpectedValue, InvalidExpectation> {
    match serde_json::from_str(value.get()) {
        Ok(text) => Ok(ExpectedValue::Text(text)),
        Err(_) => ExpectedValue::json(value.get()),
    }
}
