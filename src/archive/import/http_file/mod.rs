//! `.http` and `.rest` files, as the REST client of VS Code and JetBrains' HTTP client read them: requests between lines of
//! `###`, with comments, variables of the file, and bodies in other files. No script is run.

use std::collections::HashMap;
use std::io::{BufRead, Read as _};

use super::built::{HeadParts, quoted};
use super::sink::{ForeignRequest, Sink};
use super::{DELIVERY_LIMIT, ImportError, Importer};
use crate::delivery::Intake;

/// The longest file, in bytes.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;
/// Variables within variables.
const DEPTH_LIMIT: usize = 8;
/// What variables may add to the text of one request, in bytes.
const FILLED_LIMIT: usize = 64 * 1024 * 1024;

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/// Whether a text is such a file, and not one raw request.
pub(super) fn is_http_file(beginning: &str) -> bool {
    let mut lines = beginning.lines().map(str::trim_end).skip_while(|line| is_aside(line));
    let Some(first) = lines.next() else { return false };
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

/// What stands between requests: comments, separators, variables.
fn is_aside(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#') || line.starts_with("//") || variable(line).is_some()
}

/// `@name = value`.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('@')?.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_-.".contains(letter));
    is_name.then(|| (name, value.trim()))
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
    let mut lines = without_scripts(block).into_iter().skip_while(|line| is_aside(line.trim_end())).peekable();
    let mut first = lines.next()?.trim().to_owned();
    // A query may go on in lines of its own.
    while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t']) && line.trim().starts_with(['?', '&'])) {
        first.push_str(more.trim());
    }
    let mut filling = Filling { variables, left: Some(FILLED_LIMIT), unknown: None };
    let (method, url, is_http10) = match request_line(&first) {
        Ok(parts) => parts,
        Err(reason) => return Some(Err(reason)),
    };
    let url = filling.fill(url);
    let mut headers = Vec::new();
    while let Some(line) = lines.next().filter(|line| !line.trim().is_empty()) {
        let line = line.trim();
        if line.starts_with('#') || line.starts_with("//") {
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        headers.push((filling.fill(name.trim()).into_bytes(), filling.fill(value.trim()).into_bytes()));
    }
    let (body, left_out) = body(lines.collect(), &mut filling, importer);
    if filling.left.is_none() || body.len() as u64 > DELIVERY_LIMIT {
        return Some(Err("its variables and files make it too long".to_owned()));
    }
    let has_length = headers.iter().any(|(name, _): &(Vec<u8>, Vec<u8>)| {
        name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
    });
    if !body.is_empty() && !has_length {
        headers.push((b"Content-Length".to_vec(), body.len().to_string().into_bytes()));
    }
    Some(HeadParts { method, url: &url, is_http10, headers, ..HeadParts::default() }.build().map(|head| {
        let intake = match (left_out, &filling.unknown) {
            (Some(reason), _) => Intake::Truncated(reason),
            (None, Some(name)) => Intake::Rebuilt(format!("the value of {} is not in the file", quoted(name))),
            (None, None) => Intake::Complete,
        };
        ForeignRequest { head: head.bytes, body, intake, remarks: head.remarks, ..ForeignRequest::default() }
    }))
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

/// The lines without scripts (`< {% … %}`, `> {% … %}`) and without what is done with a response (`> file`, `<> file`).
fn without_scripts<'a>(block: &[&'a str]) -> Vec<&'a str> {
    let mut lines = Vec::new();
    let mut is_script = false;
    for line in block {
        let start = line.trim_start();
        let begins = ["> {%", "< {%", ">> {%"].iter().any(|begin| start.starts_with(begin));
        if is_script || begins {
            is_script = !line.trim_end().ends_with("%}");
        } else if !(line.starts_with("> ")
            || line.starts_with(">> ")
            || line.starts_with(">>! ")
            || line.starts_with("<> "))
        {
            lines.push(*line);
        }
    }
    lines
}

/// The body of the lines after the head, and what of it is not there.
fn body(mut lines: Vec<&str>, filling: &mut Filling<'_>, importer: &Importer<'_>) -> (Vec<u8>, Option<String>) {
    // Empty lines before the next separator are not a part of it, nor is the last line's end.
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let (mut body, mut left_out) = (Vec::new(), None);
    let count = lines.len();
    for (at, line) in lines.into_iter().enumerate() {
        // It is refused whatever follows.
        if filling.left.is_none() || body.len() as u64 > DELIVERY_LIMIT {
            break;
        }
        let text = line.strip_suffix('\n').unwrap_or(line);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let end = if at + 1 == count { "" } else { &line[text.len()..] };
        match file_name(text) {
            Some((name, is_filled)) => match importer.read_file(&filling.fill(name)) {
                Ok(content) if is_filled => {
                    body.extend_from_slice(filling.fill(&String::from_utf8_lossy(&content)).as_bytes());
                }
                Ok(content) => body.extend_from_slice(&content),
                Err(reason) => left_out = left_out.or(Some(reason)),
            },
            None => body.extend_from_slice(filling.fill(text).as_bytes()),
        }
        body.extend_from_slice(end.as_bytes());
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

/// The variables of a file while the text of one request is made.
struct Filling<'a> {
    variables: &'a HashMap<&'a str, &'a str>,
    /// Bytes that they may still add, in all lines together; `None` once they would have added more.
    left: Option<usize>,
    /// The first that the file does not have.
    unknown: Option<String>,
}

impl Filling<'_> {
    /// A text with the file's variables filled in; those that it does not have stay as they are. Nothing once the request
    /// has become too long.
    fn fill(&mut self, text: &str) -> String {
        let Some(left) = self.left else { return String::new() };
        let limit = text.len().saturating_add(left);
        let mut filled = text.to_owned();
        for _ in 0..DEPTH_LIMIT {
            let Some((next, has_changed)) = filled_once(&filled, self.variables, limit) else {
                self.left = None;
                return String::new();
            };
            filled = next;
            if !has_changed {
                break;
            }
        }
        self.left = Some(left - filled.len().saturating_sub(text.len()));
        if self.unknown.is_none()
            && let Some(start) = filled.find("{{")
            && let Some(length) = filled[start..].find("}}")
        {
            self.unknown = Some(filled[start..start + length + 2].to_owned());
        }
        filled
    }
}

/// Fills in each variable once, and says whether there was one; `None` when the text would be longer than `limit`.
fn filled_once(text: &str, variables: &HashMap<&str, &str>, limit: usize) -> Option<(String, bool)> {
    let (mut out, mut rest, mut has_changed) = (String::with_capacity(text.len()), text, false);
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let (name, end) = (rest[start + 2..start + length].trim(), start + length + 2);
        match variables.get(name) {
            Some(value) => {
                out.push_str(&rest[..start]);
                out.push_str(value);
                has_changed = true;
            }
            None => out.push_str(&rest[..end]),
        }
        if out.len() > limit {
            return None;
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    (out.len() <= limit).then_some((out, has_changed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{captured_of, read_noting};
    use super::super::{ImportFindings, ImportSource, Imported};

    fn read(text: &str) -> (Vec<Imported>, ImportFindings) {
        assert_eq!(ImportSource::detect(text.as_bytes()), Some(ImportSource::Http), "{text}");
        read_noting(ImportSource::Http, text).unwrap()
    }

    #[test]
    fn requests_between_separators_are_read() {
        let text = "# a comment\n@host = http://h:3000\n@path={{host}}/hook\n\n### one\n// another\nPOST {{path}}\n  ?a=1\n  &b=2 HTTP/1.1\n\
            X-A: 1\n# not a header\nContent-Type: application/json\n\n{\n  \"a\": 1\n}\n\n> {%\n client.test();\n%}\n\n### two\nhttp://h/two\n###\n";
        let (all, findings) = read(text);
        assert_eq!((all.len(), findings.passed_over.count(), findings.remarks.count()), (2, 0, 0), "{findings:?}");
        let (head, body) = captured_of(&all[0]);
        assert_eq!(
            String::from_utf8(head).unwrap(),
            "POST /hook?a=1&b=2 HTTP/1.1\r\nHost: h:3000\r\nX-A: 1\r\n\
            Content-Type: application/json\r\nContent-Length: 12\r\n\r\n"
        );
        assert_eq!(body, b"{\n  \"a\": 1\n}");
        assert_eq!(captured_of(&all[1]).0, b"GET /two HTTP/1.1\r\nHost: h\r\n\r\n");
    }

    #[test]
    fn what_is_not_in_the_file_is_said() {
        let (all, _) = read("POST http://h/\n\n{\"id\": \"{{$guid}}\"}\n");
        assert_eq!(all[0].captured.intake.reason(), "the value of '{{$guid}}' is not in the file");
        let (all, _) = read("POST http://h/\n\n< ./body.json\n");
        assert_eq!(all[0].captured.intake.name(), "truncated");
        assert!(all[0].captured.intake.reason().contains("'./body.json', which --read-files reads"));
        let (all, findings) = read("GET {{base}}/x\n###\nGET http://h/\n###\nnonsense\n");
        assert_eq!((all.len(), findings.passed_over.count()), (1, 2), "{findings:?}");
        // A variable that holds itself comes to an end.
        assert!(read("@a={{b}}{{b}}\n@b={{a}}{{a}}\nGET http://h/{{a}}").1.passed_over.count() <= 1);
    }

    #[test]
    fn variables_do_not_make_a_request_of_any_length() {
        // Twelve lines that each stay within a limit of their own, and one line that does not.
        let nested: String =
            (1..6).map(|depth| format!("@v{depth}={}\n", format!("{{{{v{}}}}}", depth - 1).repeat(16))).collect();
        let variables = format!("@v0={}\n{nested}", "x".repeat(64));
        for request in [
            format!("POST http://h/\n\n{}", "{{v4}}\n".repeat(20)),
            format!("POST http://h/\n{}\n", "X-A: {{v4}}\n".repeat(20)),
            "POST http://h/{{v5}}{{v5}}\n".to_owned(),
            "POST http://h/\n\n{{v5}}{{v5}}\n".to_owned(),
        ] {
            let text = format!("{variables}{request}###\nGET http://h/two\n");
            let (all, findings) = read(&text);
            assert_eq!((all.len(), findings.passed_over.count()), (1, 1), "{request}");
            assert!(format!("{findings:?}").contains("make it too long"), "{findings:?}");
        }
        // What they add is counted, and each request has an allowance of its own.
        let fits = format!("{variables}POST http://h/\n\n{{{{v4}}}}\n###\nPOST http://h/\n\n{{{{v4}}}}\n");
        let (all, _) = read(&fits);
        assert_eq!(all.iter().map(|one| one.captured.body.len()).collect::<Vec<_>>(), [64 << 16; 2]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(GET |POST |@a=|###|[ -~\n\r]){0,30}") {
            let _ = read_noting(ImportSource::Http, &text);
            let _ = ImportSource::detect(text.as_bytes());
        }
    }
}
