//! A request as the command line is given it: in a file, or as its parts.

use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;

use super::{CliError, output};
use crate::delivery::Intake;
use crate::http::{Head, framing};
use crate::signature::{self, Scheme};
use crate::system::read;
use crate::text::{counted, grouped, visible};

/// Reads a file, or stdin for `-`, byte for byte.
pub(super) fn read_body(path: &Path) -> Result<Bytes, CliError> {
    let body = match path == Path::new("-") {
        true => read::to_end(std::io::stdin().lock(), read::BODY_LIMIT),
        false => read::whole(path, read::BODY_LIMIT),
    };
    body.map(Bytes::from).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

/// The lines of headers that were given as `Name: value`, or as a file of such lines (`@FILE`, as curl takes it).
pub(super) fn header_lines(headers: &[String]) -> Result<Vec<u8>, CliError> {
    let mut lines = Vec::new();
    for header in headers {
        let Some(path) = header.strip_prefix('@') else {
            if !is_header(header.as_bytes()) {
                let is_several = header.contains('\n');
                let way_out =
                    if is_several { "; several are given one by one, or as a file with -H @FILE" } else { "" };
                let header = visible(header);
                return Err(CliError::Usage(format!("invalid --header '{header}': expected 'Name: value'{way_out}")));
            }
            push_header(&mut lines, header.as_bytes());
            continue;
        };
        let file = read_body(Path::new(path))?;
        for (number, line) in file.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            // What is in the file is not repeated: it may be that of a secret.
            match line {
                [] => {}
                line if is_header(line) => push_header(&mut lines, line),
                _ => {
                    let (path, number) = (visible(path), number + 1);
                    return Err(CliError::Usage(format!("{path}:{number}: expected a header such as 'Name: value'")));
                }
            }
        }
    }
    Ok(lines)
}

fn is_header(line: &[u8]) -> bool {
    let colon = memchr::memchr(b':', line).unwrap_or(0);
    !line[..colon].trim_ascii().is_empty() && !line.iter().any(|byte| matches!(byte, b'\r' | b'\n'))
}

fn push_header(lines: &mut Vec<u8>, header: &[u8]) {
    lines.extend_from_slice(header);
    lines.extend_from_slice(b"\r\n");
}

/// Refuses to read two things from the one stdin.
pub(super) fn check_stdin(file: Option<&Path>, headers: &[String]) -> Result<(), CliError> {
    let reads = headers.iter().filter(|header| *header == "@-").count() + usize::from(file == Some(Path::new("-")));
    match reads {
        0 | 1 => Ok(()),
        _ => Err(CliError::Usage("stdin can be read once: give the headers or the body as a file".to_owned())),
    }
}

/// Refuses what cannot be the method of a request.
pub(super) fn check_method(method: &str) -> Result<(), CliError> {
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic());
    let words = || format!("invalid --method '{}': expected one such as POST", visible(method));
    if is_method { Ok(()) } else { Err(CliError::Usage(words())) }
}

/// Refuses what cannot be a path with its query.
pub(super) fn check_path(path: &str) -> Result<(), CliError> {
    let is_path = path.starts_with('/') && !path.contains(|character: char| character.is_control() || character == ' ');
    if is_path {
        return Ok(());
    }
    let way_out = if path.contains("://") { ": the whole URL is given with --url" } else { " such as /hook?a=1" };
    let path = visible(path);
    Err(CliError::Usage(format!("invalid --path '{path}': expected a path that begins with '/'{way_out}")))
}

/// Host and request target of a URL.
pub(super) fn url_parts(url: &str) -> (&str, String) {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if target.starts_with('/') { "" } else { "/" };
    (host, format!("{slash}{target}"))
}

/// Refuses to hash a URL without a host.
pub(super) fn check_url(scheme: &Scheme, head: &Head) -> Result<(), CliError> {
    if !signature::lacks_url(scheme, head) {
        return Ok(());
    }
    Err(CliError::Usage(
        "this scheme signs the URL, and nothing says which it is: give the one that the sender calls with --url, or a \
         Host header"
            .to_owned(),
    ))
}

/// A moment as people and logs write it: RFC 3339, or Unix seconds or milliseconds.
pub(super) fn moment(option: &str, text: &str) -> Result<Timestamp, CliError> {
    signature::unix_moment(text).or_else(|| text.parse().ok()).ok_or_else(|| {
        CliError::Usage(format!(
            "invalid {option} '{}': expected an RFC 3339 time such as 2026-05-04T09:10:00Z, or Unix seconds or \
             milliseconds",
            visible(text)
        ))
    })
}

/// A raw request in its parts.
#[derive(Debug)]
pub(super) struct RawRequest {
    /// The head without its final empty line.
    pub(super) head: Vec<u8>,
    /// All that follows.
    pub(super) rest: Bytes,
}

impl RawRequest {
    /// Cuts a raw request. Empty lines before it are passed over (RFC 9112, section 2.2).
    pub(super) fn cut(request: &Bytes) -> Result<Self, CliError> {
        let start = request.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(request.len());
        let request = request.slice(start..);
        let first = request.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        if let Some(words) = no_request_line(&request, first) {
            return Err(CliError::Usage(format!("--request: no request line: {words}")));
        }
        let Some(end) = framing::head_end(&request, 0) else {
            let words =
                "--request: no empty line after the head: expected a request line, headers, an empty line, a body";
            return Err(CliError::Usage(words.to_owned()));
        };
        let mut head = request[..end].to_vec();
        while head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") {
            head.truncate(head.len() - if head.ends_with(b"\r\n") { 2 } else { 1 });
        }
        Ok(Self { head, rest: request.slice(end..) })
    }
}

/// Why `first`, the first line of `request`, is not a request line (RFC 9112, section 3), and which other format the file
/// looks like; `None` when it is one.
fn no_request_line(request: &[u8], first: &[u8]) -> Option<String> {
    let mut parts = first.split(|byte| *byte == b' ');
    let method = parts.next().unwrap_or_default();
    // curl's remarks begin with a star, which a method might contain.
    let is_method =
        method.first().is_some_and(u8::is_ascii_alphabetic) && method.iter().copied().all(crate::http::is_token);
    let is_response = method.starts_with(b"HTTP/");
    if is_method && !is_response && parts.next().is_some_and(|target| !target.is_empty()) {
        return None;
    }
    let is_of_curl = request.split(|byte| *byte == b'\n').take(40).any(|line| line.starts_with(b"> "))
        && matches!(first.first(), Some(b'*' | b'>' | b'<' | b'{' | b'}'));
    let hint = match first {
        [] => "the file is empty".to_owned(),
        _ if is_of_curl => "it looks like the output of `curl -v`: keep the lines that begin with '> ', without that \
                            mark, and add an empty line and the body, which curl does not print"
            .to_owned(),
        [b'{' | b'[' | b'"', ..] => "it looks like JSON: did you mean --body?".to_owned(),
        [0xef, 0xbb, 0xbf, ..] => "the file begins with a byte order mark: save it without one".to_owned(),
        _ if is_response => "it begins with the status line of a response".to_owned(),
        _ if memchr::memchr(b'=', first).is_some() && memchr::memchr(b'&', first).is_some() => {
            "it looks like a form: did you mean --body?".to_owned()
        }
        // Nothing of the file is repeated: it may be that of a secret.
        _ => "its first line is something else".to_owned(),
    };
    Some(format!("{hint} (expected a line such as POST /hook HTTP/1.1)"))
}

/// What a head declares of the body that is there.
#[derive(Debug)]
pub(super) struct DeclaredBody {
    /// The body, as long as it is declared.
    pub(super) body: Bytes,
    /// Whether all of it is there: a body shorter than its head declares was cut on its way here.
    pub(super) intake: Intake,
    /// All that was given, where that is more.
    pub(super) all: Option<Bytes>,
}

impl DeclaredBody {
    /// Cuts `rest` to the length that `head` declares.
    pub(super) fn of(head: &Head, rest: Bytes) -> Self {
        let length =
            head.value("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse::<usize>().ok());
        let present = rest.len();
        match length {
            Some(declared) if declared > present => {
                let words = format!("{present} of the {declared} bytes that Content-Length declares");
                Self { body: rest, intake: Intake::Truncated(words), all: None }
            }
            Some(declared) if declared < present => {
                Self { body: rest.slice(..declared), intake: Intake::Complete, all: Some(rest) }
            }
            _ => Self { body: rest, intake: Intake::Complete, all: None },
        }
    }

    /// Says that there is more than is declared.
    pub(super) fn say_excess(&self) {
        let Some(all) = &self.all else { return };
        let excess = &all[self.body.len()..];
        let is_line_end = excess.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        let why = if is_line_end { ": a line end, as editors add one" } else { "" };
        output::log(&format!(
            "warning: {} after the {} that Content-Length declares{why}",
            counted(excess.len() as u64, "byte"),
            grouped(self.body.len() as u64)
        ));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn cut(request: &str) -> Result<RawRequest, String> {
        RawRequest::cut(&Bytes::from(request.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn empty_lines_before_a_request_are_passed_over() {
        for before in ["", "\n", "\r\n", "\r\n\r\n", "\n\n\n\n\n\n\n"] {
            let request = cut(&format!("{before}POST /a HTTP/1.1\r\nA: b\r\n\r\n\r\nx")).unwrap();
            assert_eq!((&*request.head, &*request.rest), (&b"POST /a HTTP/1.1\r\nA: b\r\n"[..], &b"\r\nx"[..]));
        }
    }

    #[rstest]
    #[case("", "the file is empty")]
    #[case("\n\n", "the file is empty")]
    #[case("{\"a\":1}\n\n", "did you mean --body?")]
    #[case("[1]", "did you mean --body?")]
    #[case("a=1&b=2", "did you mean --body?")]
    #[case("> POST /a HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 200 OK\n\n", "`curl -v`")]
    #[case("*   Trying 127.0.0.1:3000...\n* Connected\n> POST / HTTP/1.1\n\n", "`curl -v`")]
    #[case("* Connected to localhost\n> POST / HTTP/1.1\n\n", "`curl -v`")]
    #[case("HTTP/1.1 200 OK\r\n\r\n", "a response")]
    #[case("Host: a\r\n\r\nx", "its first line is something else")]
    #[case("\u{feff}POST / HTTP/1.1\r\n\r\n", "byte order mark")]
    #[case("POST\r\n\r\n", "its first line is something else")]
    fn what_is_no_request_says_what_it_looks_like(#[case] file: &str, #[case] words: &str) {
        let said = cut(file).unwrap_err();
        assert!(said.starts_with("--request: no request line: ") && said.contains(words), "{said}");
    }

    #[rstest]
    #[case("3", "abc", "abc", false)]
    #[case("3", "abc\n", "abc", true)]
    #[case("0", "abc", "", true)]
    #[case("4", "abc", "abc", false)]
    #[case("x", "abc", "abc", false)]
    fn a_body_is_as_long_as_it_is_declared(
        #[case] length: &str,
        #[case] given: &str,
        #[case] body: &str,
        #[case] is_more: bool,
    ) {
        let head = Head::from(format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n").into_bytes());
        let declared = DeclaredBody::of(&head, Bytes::from(given.to_owned()));
        assert_eq!((&*declared.body, declared.all.is_some()), (body.as_bytes(), is_more));
        assert_eq!(declared.intake.is_complete(), length != "4");
    }

    #[rstest]
    #[case("https://a.b/hook", "given with --url")]
    #[case("http://a.b", "given with --url")]
    #[case("hook", "begins with '/'")]
    #[case("", "begins with '/'")]
    #[case("/a b", "begins with '/'")]
    #[case("/a\r\nB: c", "begins with '/'")]
    fn what_is_no_path_is_refused(#[case] path: &str, #[case] words: &str) {
        assert!(check_path(path).unwrap_err().to_string().contains(words));
        assert!(check_path("/a/b?c=d&e=https://f").is_ok());
    }

    #[rstest]
    #[case("2025-05-01T18:17:36Z")]
    #[case("2025-05-01T20:17:36+02:00")]
    #[case("1746123456")]
    #[case("1746123456000")]
    fn a_moment_is_a_time_or_unix_seconds_or_milliseconds(#[case] text: &str) {
        assert_eq!(moment("--at", text).unwrap().as_second(), 1_746_123_456);
    }

    #[test]
    fn what_is_no_moment_says_nothing_of_how_it_was_read() {
        for text in ["2026-01-xx", "yesterday", "", "1746123456.5", "-1", "2026-01-01T00:00:00"] {
            let said = moment("--at", text).unwrap_err().to_string();
            assert!(said.ends_with("or Unix seconds or milliseconds"), "{said}");
        }
    }

    #[test]
    fn headers_come_from_files_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers.txt");
        std::fs::write(&path, "A: 1\r\nB: x: y\n\n").unwrap();
        let given = ["C: 2".to_owned(), format!("@{}", path.display())];
        assert_eq!(header_lines(&given).unwrap(), b"C: 2\r\nA: 1\r\nB: x: y\r\n");
        std::fs::write(&path, "A: 1\nno colon\n").unwrap();
        let said = header_lines(&given).unwrap_err().to_string();
        assert!(said.contains(".txt:2: expected a header") && !said.contains("no colon"), "{said}");
        assert!(header_lines(&["A: 1\nB: 2".to_owned()]).unwrap_err().to_string().contains("-H @FILE"));
        assert!(check_stdin(Some(Path::new("-")), &["@-".to_owned()]).is_err());
        assert!(check_stdin(Some(Path::new("-")), &["A: 1".to_owned()]).is_ok());
    }

    #[test]
    fn a_url_has_a_host_and_a_target() {
        for (url, host, target) in [
            ("https://a.b:1/c?d=e", "a.b:1", "/c?d=e"),
            ("https://a.b", "a.b", "/"),
            ("https://a.b?c", "a.b", "/?c"),
            ("", "", "/"),
        ] {
            assert_eq!(url_parts(url), (host, target.to_owned()), "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_file_is_cut_or_refused(bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b' '), Just(b'>'), any::<u8>()], 0..80)) {
            let bytes = Bytes::from(bytes);
            if let Ok(request) = RawRequest::cut(&bytes) {
                prop_assert!(bytes.ends_with(&request.rest));
                prop_assert!(!Head::from(request.head).method().is_empty());
            }
        }
    }
}
