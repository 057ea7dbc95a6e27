//! `.http` files as people and editors write them.

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

/// Body, intake and its reason of the only request.
fn sent(text: &str) -> (String, &'static str, String) {
    let (all, findings) = read(text);
    assert_eq!((all.len(), findings.passed_over.count()), (1, 0), "{findings:?}");
    let (captured, (_, body)) = (&all[0].captured, captured_of(&all[0]));
    (String::from_utf8(body).unwrap(), captured.intake.name(), captured.intake.reason().to_owned())
}

#[test]
fn a_form_is_joined_where_the_editors_agree() {
    let form = |body: &str| {
        let (body, intake, _) =
            sent(&format!("POST http://h/\nContent-Type: application/x-www-form-urlencoded\n\n{body}\n"));
        (body, intake)
    };
    let is = |body: &str, intake| (body.to_owned(), intake);
    assert_eq!(form("name=foo\n&password=bar%20x"), is("name=foo&password=bar%20x", "complete"));
    assert_eq!(form("a=1&b=x+y"), is("a=1&b=x+y", "complete"));
    assert_eq!(form("a = 1 &\nb=2"), is("a=1&b=2", "rebuilt"));
    assert_eq!(form("a=1&\nb=2").1, "rebuilt");
    assert_eq!(form("a=1\nb=2"), is("a=1\nb=2", "rebuilt"));
    for unencoded in ["name=a b&x=1", "x=\u{e9}", "x=50%", "x=%4", "a=http://h/", "a=1\n &b=2"] {
        assert_eq!(form(unencoded).1, "rebuilt", "{unencoded}");
    }
}

#[test]
fn what_the_editors_rewrite_does_not_count_as_exact() {
    let multipart = "--B\nContent-Disposition: form-data; name=\"f\"\n\nv\n--B--";
    let head = "POST http://h/\nContent-Type: multipart/form-data; boundary=B\n\n";
    let (body, intake, reason) = sent(&format!("{head}{multipart}\n"));
    assert_eq!((body, intake), (multipart.replace('\n', "\r\n"), "rebuilt"));
    assert!(reason.contains("CR LF"), "{reason}");
    assert_eq!(sent(&format!("{head}{multipart}\n").replace('\n', "\r\n")).1, "complete");

    let header = |line: &str| {
        let (all, _) = read(&format!("POST http://h/\n{line}\n\nx\n"));
        let head = String::from_utf8(captured_of(&all[0]).0).unwrap();
        (head.split("\r\n").nth(2).unwrap().to_owned(), all[0].captured.intake.name())
    };
    let basic = ("Authorization: Basic dXNlcjpwYXNz".to_owned(), "complete");
    assert_eq!(header("Authorization: Basic user pass"), basic);
    assert_eq!(header("Authorization: Basic dXNlcjpwYXNz"), basic);
    assert_eq!(header("Authorization: Bearer a.b.c").1, "complete");
    assert_eq!(header("Authorization: Digest username=\"u\", realm=\"r\"").1, "complete");
    for rewritten in [
        "Authorization: Digest u p",
        "Authorization: Basic user:pass",
        "authorization: basic a b c",
        "Authorization: AWS id key region:eu",
        "X-REQUEST-TYPE: GraphQL",
        "no colon",
    ] {
        assert_eq!(header(rewritten).1, "rebuilt", "{rewritten}");
    }
}

#[test]
fn no_line_of_a_body_is_lost_without_a_word() {
    let body = |text: &str| {
        let (body, intake, _) = sent(&format!("POST http://h/\n\n{text}\n"));
        (body, intake)
    };
    for doubtful in [
        "Hi\n> quoted\nbye",
        "a\n<> b",
        "a\n>> b.json\nc",
        "a\n\n> quoted text",
        "a\n\n> ok.",
        "> {% if x %}\nb",
        "> {%",
    ] {
        assert_eq!(body(doubtful), (doubtful.to_owned(), "rebuilt"), "{doubtful}");
    }
    for after in ["> {%\n x\n%}", "\n> {% x %}\n\n<> 2024-01-01.200.json", "\n>>! out.json", "\n> ./after.js"] {
        assert_eq!(body(&format!("a\nb\n{after}")), ("a\nb".to_owned(), "complete"), "{after}");
    }
}

#[test]
fn a_url_goes_on_in_lines_of_its_own_or_the_request_is_refused() {
    let target = |lines: &str| {
        let (all, findings) = read(&format!("### a\nPOST http://h{lines}\nX-A: 1\n\nx\n"));
        let target = all.first().map(|one| String::from_utf8(one.captured.head.target().to_vec()).unwrap());
        target.ok_or_else(|| findings.passed_over.listed()[0].words.clone())
    };
    assert_eq!(target("\n    /a\n    /b\n    ?x=1\n&y=2"), Ok("/a/b?x=1&y=2".to_owned()));
    assert_eq!(target("/a HTTP/1.1"), Ok("/a".to_owned()));
    assert_eq!(target("/a\n  X-B: 1"), Ok("/a".to_owned()));
    assert!(target("/a\n    b/c").unwrap_err().contains("'b/c' after the request line"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(GET |POST |@a=|###|[ -~\n\r]){0,30}") {
        let _ = read_noting(ImportSource::Http, &text);
        let _ = ImportSource::detect(text.as_bytes());
    }
}
