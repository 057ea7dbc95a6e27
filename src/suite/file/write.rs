//! Writes suites: one order, one form.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toml_edit::{DocumentMut, Item};

use super::VERSION;
use super::text::string;
use crate::http::HeaderLine;
use crate::signature::SigningKind;
use crate::suite::case::{Suite, SuiteCase, SuiteRequest, SuiteSigning};
use crate::suite::expect::{Expectations, ExpectedStatus, ExpectedValue};

/// Digits of Base64 on one line.
const BASE64_COLUMNS: usize = 100;

/// The whole file.
#[must_use]
pub fn write(suite: &Suite) -> String {
    append(
        &format!("# Webhook deliveries as tests of a server, saved by whyhook.\nversion = {VERSION}\n"),
        &suite.cases,
    )
}

/// A file with more cases at its end; what is there stays as it is.
#[must_use]
pub fn append(file: &str, cases: &[SuiteCase]) -> String {
    let mut text = file.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    cases.iter().for_each(|case| push_case(&mut text, case));
    text
}

/// A file with other expectations for some of its cases, by their places; everything else stays as it is, comments
/// included. `None` when it is not a suite that holds them.
#[must_use]
pub fn replace_expectations(file: &str, changed: &[(usize, Expectations)]) -> Option<String> {
    let mut document: DocumentMut = file.parse().ok()?;
    for (at, expectations) in changed {
        let mut new: DocumentMut = expectations_text(expectations).parse().ok()?;
        let case = document.get_mut("case")?.as_array_of_tables_mut()?.get_mut(*at)?;
        let expect = case.entry("expect").or_insert_with(toml_edit::table);
        // One that somebody has written on one line becomes a table of its own.
        if let Some(inline) = expect.as_inline_table() {
            *expect = Item::Table(inline.clone().into_table());
        }
        let table = expect.as_table_mut()?;
        table.clear();
        for (key, item) in std::mem::take(new.as_table_mut()) {
            table.insert(&key, item);
        }
    }
    Some(document.to_string())
}

fn push_case(text: &mut String, case: &SuiteCase) {
    let _ = writeln!(text, "\n[[case]]\nname = {}", string(&case.name));
    if let Some(moment) = case.received_at {
        let _ = writeln!(text, "received_at = \"{moment:.3}\"");
    }
    match &case.signing {
        SuiteSigning::AsReceived => text.push_str("signature = \"as_received\"\n"),
        SuiteSigning::Resign(with) => {
            text.push_str("signature = \"resign\"\n");
            let kind = (with.kind != SigningKind::default()).then(|| with.kind.name().to_owned());
            for (key, value) in
                [("webhook", &with.webhook), ("scheme", &with.scheme), ("kind", &kind), ("secret", &with.secret)]
            {
                if let Some(value) = value {
                    let _ = writeln!(text, "{key} = {}", string(value));
                }
            }
        }
    }
    push_request(text, &case.request);
    let _ = write!(text, "\n[case.expect]\n{}", expectations_text(&case.expect));
}

fn push_request(text: &mut String, request: &SuiteRequest) {
    let _ = writeln!(text, "method = {}", string(&request.method));
    push_bytes(text, "target", &request.target);
    if !request.headers.is_empty() {
        text.push_str("headers = [\n");
        for line in &request.headers {
            let _ = writeln!(text, "  {},", header(line));
        }
        text.push_str("]\n");
    }
    if !request.body.is_empty() {
        push_bytes(text, "body", &request.body);
    }
}

fn header(line: &HeaderLine) -> String {
    match std::str::from_utf8(line.bytes()) {
        Ok(text) => string(text),
        Err(_) => format!("{{ base64 = \"{}\" }}", BASE64_STANDARD.encode(line.bytes())),
    }
}

/// `key = "…"`, or `key_base64` for what is not UTF-8.
fn push_bytes(text: &mut String, key: &str, bytes: &[u8]) {
    if let Ok(plain) = std::str::from_utf8(bytes) {
        let _ = writeln!(text, "{key} = {}", string(plain));
        return;
    }
    let digits = BASE64_STANDARD.encode(bytes);
    let _ = writeln!(text, "{key}_base64 = '''");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(BASE64_COLUMNS));
        let _ = writeln!(text, "{line}");
        rest = more;
    }
    text.push_str("'''\n");
}

fn expectations_text(expect: &Expectations) -> String {
    let mut text = String::new();
    match expect.status {
        Some(ExpectedStatus::Exactly(status)) => {
            let _ = writeln!(text, "status = {status}");
        }
        Some(class @ ExpectedStatus::Class(_)) => {
            let _ = writeln!(text, "status = \"{class}\"");
        }
        None => {}
    }
    let headers = expect
        .headers
        .iter()
        .map(|header| format!("name = {}, {}", string(&header.name), wanted(&header.wanted, "present")));
    push_list(&mut text, "headers", headers.collect());
    let body = expect.body.iter().map(|body| match &body.path {
        Some(path) => format!("path = {}, {}", string(&path.to_string()), wanted(&body.wanted, "exists")),
        None => wanted(&body.wanted, "exists"),
    });
    push_list(&mut text, "body", body.collect());
    text
}

fn push_list(text: &mut String, key: &str, entries: Vec<String>) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for entry in entries {
        let _ = writeln!(text, "  {{ {entry} }},");
    }
    text.push_str("]\n");
}

fn wanted(value: &ExpectedValue, presence: &str) -> String {
    match value {
        ExpectedValue::Text(text) => format!("equals = {}", string(text)),
        ExpectedValue::Json(json) => match as_toml(json) {
            Some(value) => format!("equals = {value}"),
            None => format!("json = {}", string(json)),
        },
        ExpectedValue::Matches(pattern) => format!("matches = {}", string(pattern.as_str())),
        ExpectedValue::Present => format!("{presence} = true"),
        ExpectedValue::Absent => format!("{presence} = false"),
    }
}

/// A number or a truth value, where TOML writes it alike.
fn as_toml(json: &str) -> Option<&str> {
    let is_same = |number: i64| number.to_string() == json;
    (matches!(json, "true" | "false") || json.parse().is_ok_and(is_same)).then_some(json)
}
