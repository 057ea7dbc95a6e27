//! The request that a curl command sends.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::form;
use super::options::{CurlCommand, Data};
use super::url::CurlUrl;
use crate::archive::import::built::{HeadParts, quoted};
use crate::archive::import::sink::ForeignRequest;
use crate::archive::import::{DELIVERY_LIMIT, Importer};
use crate::delivery::Intake;
use crate::http::percent::PercentEncoding;

/// A body, and what is wrong with it.
pub(super) struct CurlBody {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) intake: Intake,
}

/// The request of a command that reads `stdin`.
///
/// # Errors
///
/// Why it would not be a request.
pub(super) fn of(
    command: &CurlCommand,
    stdin: Option<&[u8]>,
    importer: &Importer<'_>,
) -> Result<ForeignRequest, String> {
    let files = CurlFiles { stdin, importer };
    let mut remarks = command.remarks.clone();
    let mut doubts = command.doubts.clone();
    let body = body(command, &files)?;
    let url = url(command, body.as_ref().filter(|_| command.is_get), &files, &mut doubts)?;
    let body = body.filter(|_| !command.is_get);
    let mut headers = Vec::new();
    let mut removed = Vec::new();
    for header in &command.headers {
        match header.strip_prefix(b"@") {
            None => custom(header, &mut headers, &mut removed, &mut remarks),
            Some(name) => match files.read_as("headers are", name) {
                Ok(text) => lines(&text).for_each(|line| custom(line, &mut headers, &mut removed, &mut remarks)),
                Err(reason) => doubts.push(reason),
            },
        }
    }
    let mut own = OwnHeaders { command, removed: &removed, notes: Vec::new(), doubts: &mut doubts };
    own.add(url.user.as_deref(), body.as_ref(), &mut headers);
    let notes = own.notes;
    let method = match &command.method {
        Some(method) => String::from_utf8_lossy(method).into_owned(),
        None if command.is_head => "HEAD".to_owned(),
        None if command.upload.is_some() => "PUT".to_owned(),
        None if body.is_some() => "POST".to_owned(),
        None => "GET".to_owned(),
    };
    let url = url.text();
    let lacks_host = removed.iter().any(|name| name == b"host");
    let is_http10 = command.is_http10;
    let parts = HeadParts { method: &method, url: &url, is_http10, headers, lacks_host, has_spaces: true };
    let mut head = parts.build()?;
    remarks.append(&mut head.remarks);
    if let Some(target) = &command.target {
        head.bytes = with_target(&head.bytes, target)?;
    }
    let (body, mut intake) = body.map_or((Vec::new(), Intake::Complete), |body| (body.bytes, body.intake));
    if intake.is_complete() && !doubts.is_empty() {
        intake = Intake::Rebuilt(doubts.join("; "));
    } else {
        remarks.append(&mut doubts);
    }
    Ok(ForeignRequest { head: head.bytes, body, intake, remarks, notes, ..ForeignRequest::default() })
}

/// A head with another target.
fn with_target(head: &[u8], target: &[u8]) -> Result<Vec<u8>, String> {
    let read = crate::http::Head::from(head.to_vec());
    let rest = &head[read.start_line().len()..];
    let bytes = [read.method(), b" ", target, b" ", read.version(), rest].concat();
    let is_one = crate::http::framing::head_end(&bytes, 0) == Some(bytes.len());
    crate::http::framing::inspect(&bytes).map_err(|fault| fault.reason)?;
    if is_one { Ok(bytes) } else { Err("--request-target contains a line end".to_owned()) }
}

/// The URL with what the options add to its query.
fn url(
    command: &CurlCommand,
    in_query: Option<&CurlBody>,
    files: &CurlFiles<'_>,
    doubts: &mut Vec<String>,
) -> Result<CurlUrl, String> {
    let url = command.url.as_ref().ok_or("the command has no URL")?;
    let mut url = CurlUrl::read(&String::from_utf8_lossy(url));
    if !command.is_path_as_is {
        url.remove_dot_segments();
        if url.has_encoded_dots() {
            doubts.push("a part of the path is a dot written as %2e, which some releases of curl take out".to_owned());
        }
    }
    if let Some(name) = command.upload.as_ref().filter(|name| *name != b"-") {
        url.add_file_name(&String::from_utf8_lossy(name));
    }
    for query in &command.query {
        let part = match query.strip_prefix(b"+") {
            Some(literal) => Ok(literal.to_vec()),
            None => piece(&Data::Encoded(query.clone()), files),
        };
        match part {
            Ok(part) => url.add_query(&String::from_utf8_lossy(&part)),
            Err(reason) => doubts.push(reason.replacen("the body is", "a part of the query is", 1)),
        }
    }
    if let Some(body) = in_query {
        url.add_query(&String::from_utf8_lossy(&body.bytes));
        if !body.intake.is_complete() {
            doubts.push(body.intake.reason().replacen("the body is", "a part of the query is", 1));
        }
    }
    Ok(url)
}

/// The lines of a file of headers.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty())
}

/// A header as `-H` gives it: `Name: value`, `Name;` for an empty one, `Name:` to take curl's own away.
fn custom(header: &[u8], headers: &mut Vec<(Vec<u8>, Vec<u8>)>, removed: &mut Vec<Vec<u8>>, remarks: &mut Vec<String>) {
    match memchr::memchr(b':', header) {
        Some(colon) => {
            let (name, value) = (&header[..colon], &header[colon + 1..]);
            if value.trim_ascii().is_empty() {
                removed.push(name.to_ascii_lowercase());
            } else {
                headers.push((name.to_vec(), value.to_vec()));
            }
        }
        None => match header.strip_suffix(b";") {
            Some(name) => headers.push((name.to_vec(), Vec::new())),
            None => {
                let header = quoted(&String::from_utf8_lossy(header));
                remarks.push(format!("the header {header} has no colon, and is left out as curl does"));
            }
        },
    }
}

/// What curl writes by itself, unless the command says otherwise.
struct OwnHeaders<'a> {
    command: &'a CurlCommand,
    /// In lower case.
    removed: &'a [Vec<u8>],
    /// What is left out of every such request.
    notes: Vec<String>,
    doubts: &'a mut Vec<String>,
}

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

impl OwnHeaders<'_> {
    fn is_free(&self, headers: &[(Vec<u8>, Vec<u8>)], name: &str) -> bool {
        !headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))
            && !self.removed.iter().any(|own| own == name.to_ascii_lowercase().as_bytes())
    }

    /// Adds them before and after the command's own; `user` is what the URL has.
    fn add(&mut self, user: Option<&[u8]>, body: Option<&CurlBody>, headers: &mut Fields) {
        let command = self.command;
        let mut front = Fields::new();
        let mut add = |name: &str, value: Vec<u8>| {
            front.push((name.as_bytes().to_vec(), [b" ", &value[..]].concat()));
        };
        if let Some(value) = self.authorization(user).filter(|_| self.is_free(headers, "authorization")) {
            add("Authorization", value);
        }
        if let Some(agent) = command.user_agent.as_ref().filter(|agent| !agent.is_empty())
            && self.is_free(headers, "user-agent")
        {
            add("User-Agent", agent.clone());
        }
        if self.is_free(headers, "accept") {
            let is_json = command.data.iter().any(|data| matches!(data, Data::Json(_)));
            add("Accept", if is_json { b"application/json".to_vec() } else { b"*/*".to_vec() });
        }
        if let Some(referer) = command.referer.as_ref().filter(|_| self.is_free(headers, "referer")) {
            add("Referer", referer.strip_suffix(b";auto").unwrap_or(referer).to_vec());
        }
        let (cookies, jars): (Vec<_>, Vec<_>) = command.cookies.iter().partition(|cookie| cookie.contains(&b'='));
        if !cookies.is_empty() && self.is_free(headers, "cookie") {
            add("Cookie", cookies.iter().map(|cookie| &cookie[..]).collect::<Vec<_>>().join(&b";"[..]));
        }
        if !jars.is_empty() {
            self.doubts.push("the cookies of a file are left out".to_owned());
        }
        if command.user_agent.is_none() && self.is_free(headers, "user-agent") {
            self.notes.push("curl's own User-Agent is left out: its version is not known".to_owned());
        }
        if command.is_compressed && self.is_free(headers, "accept-encoding") {
            let words = "curl's own Accept-Encoding (--compressed) is left out: what it can decode is not known";
            self.notes.push(words.to_owned());
        }
        let mut after = self.of_body(body, headers);
        front.append(headers);
        front.append(&mut after);
        *headers = front;
    }

    /// The credentials that curl sends unasked, which are those of Basic and Bearer alone.
    fn authorization(&mut self, of_url: Option<&[u8]>) -> Option<Vec<u8>> {
        if let Some(bearer) = &self.command.bearer {
            return Some([b"Bearer ", &bearer[..]].concat());
        }
        let user = self.command.user.as_deref().or(of_url);
        let Some(other) = self.command.other_auth.last() else {
            return user.map(|user| [b"Basic ", BASE64_STANDARD.encode(user).as_bytes()].concat());
        };
        if user.is_some() || other == "aws-sigv4" {
            self.doubts.push(format!(
                "the credentials that --{other} makes are left out: they depend on the moment and the server"
            ));
        }
        None
    }

    fn of_body(&self, body: Option<&CurlBody>, headers: &[(Vec<u8>, Vec<u8>)]) -> Fields {
        let mut fields = Fields::new();
        let Some(body) = body else { return fields };
        let is_chunked = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"transfer-encoding"));
        if self.is_free(headers, "content-length") && !is_chunked {
            fields.push((b"Content-Length".to_vec(), format!(" {}", body.bytes.len()).into_bytes()));
        }
        if let Some(kind) = body.content_type.as_ref().filter(|_| self.is_free(headers, "content-type")) {
            fields.push((b"Content-Type".to_vec(), format!(" {kind}").into_bytes()));
        }
        fields
    }
}

/// What the options say of the body; `None` where they say nothing of one.
fn body(command: &CurlCommand, files: &CurlFiles<'_>) -> Result<Option<CurlBody>, String> {
    if !command.form.is_empty() {
        return form::body(&command.form, files).map(Some);
    }
    if let Some(name) = &command.upload {
        return Ok(Some(match files.read(name) {
            Ok(bytes) => CurlBody { bytes, content_type: None, intake: Intake::Complete },
            Err(reason) => CurlBody { bytes: Vec::new(), content_type: None, intake: Intake::Truncated(reason) },
        }));
    }
    if command.data.is_empty() {
        return Ok(None);
    }
    let (mut bytes, mut intake, mut is_json) = (Vec::new(), Intake::Complete, false);
    for (at, data) in command.data.iter().enumerate() {
        is_json |= matches!(data, Data::Json(_));
        if at > 0 && !matches!(data, Data::Json(_)) {
            bytes.push(b'&');
        }
        match piece(data, files) {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(reason) => intake = Intake::Truncated(reason),
        }
        check_length(&bytes)?;
    }
    let kind = if is_json { "application/json" } else { "application/x-www-form-urlencoded" };
    Ok(Some(CurlBody { bytes, content_type: Some(kind.to_owned()), intake }))
}

/// A command may name the same file, or what is piped into it, any number of times.
///
/// # Errors
///
/// A body that is longer than a delivery may be.
pub(super) fn check_length(body: &[u8]) -> Result<(), String> {
    let is_long = body.len() as u64 > DELIVERY_LIMIT;
    if is_long { Err(format!("its body is longer than {DELIVERY_LIMIT} bytes")) } else { Ok(()) }
}

/// One piece of the body, or why it is not known.
fn piece(data: &Data, files: &CurlFiles<'_>) -> Result<Vec<u8>, String> {
    match data {
        Data::Raw(text) => Ok(text.clone()),
        Data::Plain(text) => match text.strip_prefix(b"@") {
            // Of a file, --data drops line ends and NUL.
            Some(name) => Ok(files.read(name)?.into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect()),
            None => Ok(text.clone()),
        },
        Data::Binary(text) | Data::Json(text) => match text.strip_prefix(b"@") {
            Some(name) => files.read(name),
            None => Ok(text.clone()),
        },
        Data::Encoded(text) => match memchr::memchr2(b'=', b'@', text) {
            Some(at) if text[at] == b'@' => {
                let encoded = percent_encoded(&files.read(&text[at + 1..])?);
                let name = &text[..at];
                Ok(if name.is_empty() { encoded } else { [name, b"=", &encoded].concat() })
            }
            _ => Ok(urlencoded(text)),
        },
    }
}

/// `content`, `=content` or `name=content` as `--data-urlencode` writes it.
fn urlencoded(text: &[u8]) -> Vec<u8> {
    match memchr::memchr(b'=', text) {
        None => percent_encoded(text),
        Some(0) => percent_encoded(&text[1..]),
        Some(at) => [&text[..=at], &percent_encoded(&text[at + 1..])].concat(),
    }
}

fn percent_encoded(text: &[u8]) -> Vec<u8> {
    PercentEncoding::UNRESERVED_PLUS.encode(text)
}

/// The files that a command names.
pub(super) struct CurlFiles<'a> {
    stdin: Option<&'a [u8]>,
    importer: &'a Importer<'a>,
}

impl CurlFiles<'_> {
    /// The content of a file, `-` for what is piped into the command; or why it is not known.
    pub(super) fn read(&self, name: &[u8]) -> Result<Vec<u8>, String> {
        self.read_as("the body is", name)
    }

    /// Reads a file for a part of the request that `what` names in a fault.
    fn read_as(&self, what: &str, name: &[u8]) -> Result<Vec<u8>, String> {
        if name == b"-" {
            return self
                .stdin
                .map(<[u8]>::to_vec)
                .ok_or_else(|| "what is piped into the command is not in the text".to_owned());
        }
        self.importer.read_named(what, &String::from_utf8_lossy(name))
    }
}
