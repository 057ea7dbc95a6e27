//! `.http` and `.rest` files, as the REST client of VS Code and JetBrains' HTTP client read them: requests between lines of
//! `###`, with comments, variables of the file, and bodies in other files. No script is run. What the two send differently,
//! or what is not understood, makes a request a rebuilt one (`editors`).

mod editors;
mod variables;

use std::collections::HashMap;
use std::io::{BufRead, Read as _};

use self::editors::BodyKind;
use self::variables::{Filling, variable};
use super::built::{HeadParts, quoted};
use super::sink::{ForeignRequest, Sink};
use super::{DELIVERY_LIMIT, ImportError, Importer};
use crate::delivery::Intake;
use crate::http::is_token;

/// The longest file, in bytes.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/// Whether a text is such a file, and not one raw request.
pub(super) fn is_http_file(beginning: &str) -> bool {
    let Some(first) = from_request_line(beginning.lines()).next().map(str::trim_end) else { return false };
    let Some((method, rest)) = first.split_once(' ') else { return is_url(first) };
    let is_request = METHODS.contains(&method) && (is_url(rest.trim_start()) || rest.trim_start().starts_with('/'));
    // A raw request has a version and no comments before or after it.
    let is_raw = rest.ends_with("HTTP/1.1") || rest.ends_with("HTTP/1.0");
    let begins = beginning.lines().next().is_some_and(|line| line.trim_end() == first);
    let has_separator = beginning.lines().any(|line| line.starts_with("###"));
    is_request && !(is_raw && begins && (!has_separator || beginning.contains("\r\n\r\n")))
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "{{"].iter().any(|start| text.starts_with(start))
}

/// The lines from the request line on. Before it may be comments, separators, variables, and scripts that JetBrains' client
/// runs first: `< {% … %}`, `< file.js`.
fn from_request_line<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let mut is_script = false;
    lines.skip_while(move |line| {
        let line = line.trim();
        let begins = line.starts_with("< {%");
        let is_part = is_script || begins || is_aside(line) || line.starts_with("< ") && line.ends_with(".js");
        is_script = (is_script || begins) && !line.ends_with("%}");
        is_part
    })
}

/// What is between requests: comments, separators, variables.
fn is_aside(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line.starts_with("//") || variable(line).is_some()
}

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let mut text = Vec::new();
    input.take(FILE_LIMIT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(ImportError::Request(format!("it is longer than {FILE_LIMIT} bytes")));
    }
    let text = String::from_utf8(text).map_err(|_| ImportError::Request("an .http file is UTF-8".to_owned()))?;
    let variables = text.lines().filter_map(variable).collect::<HashMap<_, _>>();
    let mut found = false;
    for block in blocks(&text) {
        if let Some(read) = request(&block, &variables, sink.importer) {
            found = true;
            sink.entry(read)?;
        }
    }
    if found { Ok(()) } else { Err(ImportError::Request("no request in it".to_owned())) }
}

/// The lines of each request, line ends included.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks = vec![Vec::new()];
    for line in text.split_inclusive('\n') {
        match (line.starts_with("###"), blocks.last_mut()) {
            (false, Some(block)) => block.push(line),
            _ => blocks.push(Vec::new()),
        }
    }
    blocks
}

/// The request of a block; `None` where there is none.
fn request(
    block: &[&str],
    variables: &HashMap<&str, &str>,
    importer: &Importer<'_>,
) -> Option<Result<ForeignRequest, String>> {
    let mut lines = from_request_line(block.iter().copied());
    let first = lines.next()?;
    Some(request_of(first, &lines.collect::<Vec<_>>(), Filling::new(variables), importer))
}

/// The request of a request line and the lines after it.
fn request_of(
    first: &str,
    lines: &[&str],
    mut filling: Filling<'_>,
    importer: &Importer<'_>,
) -> Result<ForeignRequest, String> {
    let (first, lines) = whole_request_line(first, lines)?;
    let (method, url, is_http10) = request_line(&first)?;
    let url = filling.fill(url);
    let head_end = lines.iter().position(|line| line.trim().is_empty()).unwrap_or(lines.len());
    let (head_lines, after) = lines.split_at(head_end);
    let mut doubts = Vec::new();
    let mut headers = headers(head_lines, &mut filling, &mut doubts);
    let kind = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = BodyKind::of(kind.map_or("", |(_, value)| value));
    let body_lines = editors::without_handlers(after.get(1..).unwrap_or_default(), &mut doubts);
    let (body, left_out) = body(body_lines, kind, &mut filling, importer, &mut doubts);
    if filling.is_too_long() || body.len() as u64 > DELIVERY_LIMIT {
        return Err("its variables and files make it too long".to_owned());
    }
    let has_length = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding"));
    if !body.is_empty() && !has_length {
        headers.push(("Content-Length".to_owned(), body.len().to_string()));
    }
    let headers = headers.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
    let head = HeadParts { method, url: &url, is_http10, headers, ..HeadParts::default() }.build()?;
    doubts.extend(filling.unknown.map(|name| format!("the value of {} is not in the file", quoted(&name))));
    let mut remarks = head.remarks;
    let intake = match left_out {
        Some(reason) => {
            remarks.append(&mut doubts);
            Intake::Truncated(reason)
        }
        None if doubts.is_empty() => Intake::Complete,
        None => Intake::Rebuilt(doubts.join("; ")),
    };
    Ok(ForeignRequest { head: head.bytes, body, intake, remarks, ..ForeignRequest::default() })
}

/// The request line with what goes on in lines of its own, and the lines after that: both editors take a query so, and
/// JetBrains' client a path as well.
fn whole_request_line<'l, 't>(first: &str, lines: &'l [&'t str]) -> Result<(String, &'l [&'t str]), String> {
    let mut whole = first.trim().to_owned();
    for (at, line) in lines.iter().enumerate() {
        let text = line.trim();
        let is_indented = line.starts_with([' ', '\t']);
        if text.starts_with(['?', '&']) || is_indented && text.starts_with('/') && !text.starts_with("//") {
            whole.push_str(text);
        } else if is_indented && !text.is_empty() && !text.starts_with(['#', '/']) && !is_header(text) {
            return Err(format!("{} after the request line is neither a header nor a part of the URL", quoted(text)));
        } else {
            return Ok((whole, &lines[at..]));
        }
    }
    Ok((whole, &[]))
}

fn is_header(text: &str) -> bool {
    text.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.trim_end().bytes().all(is_token))
}

/// Name and value of each header.
fn headers(lines: &[&str], filling: &mut Filling<'_>, doubts: &mut Vec<String>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.starts_with('#') && !line.starts_with("//")) {
        let Some((name, value)) = line.split_once(':') else {
            doubts.push(format!("the line {} has no colon, and is left out of the headers", quoted(line)));
            continue;
        };
        let (name, value) = (filling.fill(name.trim()), filling.fill(value.trim()));
        let value = editors::header_value(&name, value, doubts);
        headers.push((name, value));
    }
    headers
}

/// Method, URL and whether the version is HTTP/1.0.
fn request_line(line: &str) -> Result<(&str, &str, bool), String> {
    let (method, rest) = match line.split_once(char::is_whitespace) {
        Some((method, rest)) if METHODS.contains(&method) => (method, rest.trim()),
        _ if is_url(line) => ("GET", line),
        _ => return Err(format!("{} is not a request line", quoted(line))),
    };
    let (url, version) = match rest.rsplit_once(char::is_whitespace) {
        Some((url, version)) if version.starts_with("HTTP/") => (url.trim_end(), version),
        _ => (rest, ""),
    };
    Ok((method, url, version == "HTTP/1.0"))
}

/// The body of the lines after the head as the editors send it, and what of it is not there.
fn body(
    lines: &[&str],
    kind: BodyKind,
    filling: &mut Filling<'_>,
    importer: &Importer<'_>,
    doubts: &mut Vec<String>,
) -> (Vec<u8>, Option<String>) {
    // Empty lines before the next separator are not a part of it, nor is the last line's end.
    let count = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let (mut body, mut left_out) = (Vec::new(), None);
    let (mut has_files, mut is_rewritten) = (false, false);
    for (at, line) in lines[..count].iter().enumerate() {
        // It is refused whatever follows.
        if filling.is_too_long() || body.len() as u64 > DELIVERY_LIMIT {
            break;
        }
        let text = line.strip_suffix('\n').unwrap_or(line);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let file = file_name(text);
        has_files |= file.is_some();
        match file {
            Some((name, is_filled)) => match importer.read_file(&filling.fill(name)) {
                Ok(content) if is_filled => {
                    body.extend_from_slice(filling.fill(&String::from_utf8_lossy(&content)).as_bytes());
                }
                Ok(content) => body.extend_from_slice(&content),
                Err(reason) => left_out = left_out.or(Some(reason)),
            },
            None => body.extend_from_slice(filling.fill(text).as_bytes()),
        }
        if at + 1 < count {
            let (own, sent) = (&line[text.len()..], kind.line_end(&line[text.len()..]));
            is_rewritten |= own != sent;
            body.extend_from_slice(sent.as_bytes());
        }
    }
    if is_rewritten {
        doubts.push(editors::MULTIPART_DOUBT.to_owned());
    }
    if kind == BodyKind::Form
        && !has_files
        && let Ok(text) = std::str::from_utf8(&body)
    {
        body = editors::form(text, doubts).into_bytes();
    }
    (body, left_out)
}

/// `< path`, or `<@ path` where its variables are filled in (with an encoding after the `@`).
fn file_name(line: &str) -> Option<(&str, bool)> {
    let rest = line.strip_prefix('<')?;
    if let Some(rest) = rest.strip_prefix('@') {
        let (_, name) = rest.split_once(' ')?;
        return Some((name.trim(), true));
    }
    rest.strip_prefix(' ').map(|name| (name.trim(), false)).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests;
