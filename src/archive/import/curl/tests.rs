//! Command lines as people paste them.

use super::super::tests::{captured_of, delivery, exported, read_noting};
use super::super::{ImportSource, Imported};
use crate::archive::export::curl::Curl;
use crate::delivery::Intake;
use proptest::prelude::*;

pub(super) fn read(text: &str) -> (Vec<Imported>, String) {
    assert_eq!(ImportSource::detect(text.as_bytes()), Some(ImportSource::Curl), "{text}");
    let (all, findings) = read_noting(ImportSource::Curl, text).unwrap();
    let said = findings.passed_over.listed().iter().chain(findings.remarks.listed());
    (all, said.map(|remark| format!("{}: {}", remark.entry, remark.words)).collect::<Vec<_>>().join("|"))
}

/// Head and body of the one request.
pub(super) fn one(text: &str) -> (String, String) {
    let (all, said) = read(text);
    assert_eq!(all.len(), 1, "{said}");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&all[0].captured.head), text(&all[0].captured.body))
}

#[test]
fn a_command_is_the_request_that_it_sends() {
    let (head, body) = one("curl -A me https://h:8443/hook?x=1 -H 'X-A: 1' -d '{\"a\":\"it'\\''s\"}'");
    assert_eq!(
        head,
        "POST /hook?x=1 HTTP/1.1\r\nHost: h:8443\r\nUser-Agent: me\r\nAccept: */*\r\nX-A: 1\r\n\
        Content-Length: 12\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    );
    assert_eq!(body, "{\"a\":\"it's\"}");
    let (head, body) = one("$ curl -sSXPUT -u a:b --json '{}' --json '[]' h -b 'c=1' -b d=2 -e http://r");
    assert!(head.starts_with("PUT / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTpi\r\n"), "{head}");
    assert!(head.contains("Accept: application/json\r\nReferer: http://r\r\nCookie: c=1;d=2\r\n"), "{head}");
    assert_eq!(body, "{}[]");
    assert!(one("curl -G h/p?a=1 -d b=2 --data-urlencode 'c=x y&'").0.starts_with("GET /p?a=1&b=2&c=x+y%26 HTTP/1.1"));
    assert!(one("curl -I --http1.0 h -H 'Accept:'").0.starts_with("HEAD / HTTP/1.0\r\nHost: h\r\n\r\n"));
    assert_eq!(one("curl h --data-binary @- <<'END'\n{\n}\nEND\n").1, "{\n}\n");
    assert_eq!(one("printf '%s' 'a b' | curl h -d @-").1, "a b");
}

#[test]
fn a_form_reads_quotation_marks_as_curl_does() {
    let value = |written: &str| {
        let body = one(&format!("curl h -F '{written}'")).1;
        let (_, rest) = body.split_once("\r\n\r\n").unwrap();
        rest.rsplit_once("\r\n------").unwrap().0.to_owned()
    };
    for (written, sent) in [
        ("a=\"", "\""),
        ("a=\"abc", "\"abc"),
        ("a=\"b;c", "\"b"),
        ("a=\"\"", ""),
        ("a=\"b;c\";type=x/y", "b;c"),
        (r#"a="b\"c\\d\e""#, r#"b"c\d\e"#),
        (r#"a="b\""#, r#""b\""#),
        ("a=b\"c", "b\"c"),
        ("a=", ""),
    ] {
        assert_eq!(value(written), sent, "{written}");
    }
    let (all, _) = read("curl h -F 'f=@\"x;y.png\";type=\"'");
    assert!(read("curl h -F 'g=@' -F 'i=<'").0[0].captured.intake.reason().contains("the file ''"));
    assert!(all[0].captured.intake.reason().contains("'x;y.png'"), "{:?}", all[0].captured.intake);
}

#[test]
fn what_a_browser_copies_is_read() {
    let posix = "curl 'https://h/hook' \\\n  -H 'accept: */*' \\\n  -H 'user-agent: b' \\\n  --data-raw $'{\"a\":\"\\u00e9\\n\"}' \\\n  --compressed";
    assert_eq!(one(posix).1, "{\"a\":\"\u{e9}\n\"}");
    let prompt = "curl ^\"https://h/hook^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"";
    assert_eq!(one(prompt).1, "{\"a\":1}");
    assert_eq!(one("curl.exe `\n 'http://h/' `\n -d '{\"a\":1}'").1, "{\"a\":1}");
}

#[test]
fn what_is_not_known_is_said() {
    let (all, said) = read("curl h -d @body.json");
    assert_eq!(all[0].captured.intake.name(), "truncated");
    assert!(said.contains("'body.json'") && said.contains("--read-files"), "{said}");
    let (all, said) = read("curl h -d \"$BODY\"\ncurl h");
    assert_eq!(all.len(), 1);
    assert!(said.contains("1: the command holds $BODY") && said.contains("2: curl's own User-Agent"), "{said}");
    let (all, _) = read("curl h -F a=1 -F 'f=@x.png;type=image/x'");
    assert_eq!(all[0].captured.intake.name(), "truncated");
    let (all, _) = read("curl h -F a=1");
    assert!(matches!(all[0].captured.intake, Intake::Rebuilt(_)));
    assert_eq!(read("curl h/1 h/2 --next h/3").0.len(), 3);
}

#[test]
fn what_no_shell_or_curl_would_take_is_not_made_into_a_request() {
    for text in ["curl 'unterminated", "curl h -d \"{}", "curl h -H $'a: b", "curl \"http://h/$(printf 'x"] {
        let (all, said) = read(text);
        assert!(all.is_empty() && said.contains("a quotation mark that is not closed"), "{text}: {said}");
    }
    let (all, said) = read("curl --frobnicate 5 -Wd '{}' --silent --no-keepalive http://h/hook");
    assert_eq!(all.len(), 1, "{said}");
    assert_eq!(captured_of(&all[0]).1, b"{}");
    assert!(said.contains("the unknown option '--frobnicate' is left out"), "{said}");
    assert!(said.contains("the unknown option '-W'") && !said.contains("silent"), "{said}");
    // What may be a URL is one.
    assert_eq!(read("curl --frobnicate h.example/hook").0.len(), 1);
}

#[test]
fn our_own_export_goes_round() {
    for (head, body) in [
        ("POST /a?b=1 HTTP/1.1\r\nHost: h\r\nX-A:  b'c\r\nContent-Length: 4\r\nX-Empty:\r\n\r\n", &b"\0\xff'\n"[..]),
        ("GET / HTTP/1.0\r\nAccept: x\r\nHost: h\r\n\r\n", b""),
        ("GET / HTTP/1.0\r\nAccept: x\r\n\r\n", b""),
        ("POST /a HTTP/1.0\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n", b"{}"),
        ("PUT /x HTTP/1.1\r\nHost: h\r\nX-L: caf\u{e9}\r\nContent-Length: 9\r\n\r\n", b"{\"a\": 1}\n"),
    ] {
        let script = exported(Curl::default(), &delivery(head.as_bytes(), body));
        let (all, findings) = read_noting(ImportSource::Curl, &script).unwrap();
        assert_eq!(all.len(), 1, "{findings:?}\n{}", String::from_utf8_lossy(&script));
        let (read_head, read_body) = captured_of(&all[0]);
        assert_eq!(String::from_utf8_lossy(&read_head), head);
        assert_eq!(read_body, body);
        assert_eq!(findings.remarks.count(), 0, "{findings:?}");
    }
}

#[test]
fn a_copied_command_is_read_as_the_request_that_it_sends() {
    use crate::archive::export::snippet::{SnippetLanguage, SnippetUrl};
    for target in ["/hook?f[id]=1&[]=2", "/{a,b}[1-99999]", "/x/../y//./z", "/it's?\"`<>|\\^"] {
        for method in ["POST", "HEAD"] {
            let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-A: 1\r\n\r\n");
            let delivery = delivery(head.as_bytes(), b"");
            let command = SnippetLanguage::Curl.write(&delivery, &SnippetUrl::of(&delivery, "http://h"));
            let read = one(&command).0;
            assert!(read.starts_with(&format!("{method} {target} HTTP/1.1\r\n")), "{command}: {read}");
            assert!(read.contains("X-Empty:\r\nX-A: 1\r\n"), "{command}: {read}");
        }
    }
}

/// `-H 'Host:'` takes curl's own away.
#[test]
fn a_request_without_host_stays_without_it() {
    use crate::archive::export::snippet::{SnippetLanguage, SnippetUrl};
    let delivery = delivery(b"POST /hook HTTP/1.0\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n", b"{}");
    let command = SnippetLanguage::Curl.write(&delivery, &SnippetUrl::of(&delivery, "http://h"));
    for command in [&command, "curl http://h/hook -H 'host:'", "curl -H 'HOST: ' http://h/hook"] {
        let head = one(command).0.to_ascii_lowercase();
        assert!(!head.contains("host:"), "{command}: {head}");
    }
    assert!(one("curl http://h/hook -H 'Host: other'").0.contains("Host: other\r\n"));
}

/// Quoted data does not select the shell.
#[test]
fn data_within_quotes_does_not_choose_the_shell() {
    for (script, body) in [
        ("curl http://h/ --data-binary 'regex: [a-z]^\nnext line'", "regex: [a-z]^\nnext line"),
        ("curl http://h/ -H 'X-Q: say ^\"hi' --data-binary 'it'\\''s \"fine\"'", "it's \"fine\""),
        ("# don't\ncurl http://h/ -d 'a `\nb'", "a `\nb"),
        ("curl http://h/ -d '{\"q\": \"match ^\", \"n\": 1}'", "{\"q\": \"match ^\", \"n\": 1}"),
        ("curl ^\"http://h/^\" ^\n  -d ^\"it's^\" ", "it's"),
        ("curl.exe -X POST 'http://h/' `\n  -d 'it''s'", "it's"),
    ] {
        assert_eq!(one(script).1, body, "{script}");
    }
}

/// Bodies that look like the marks of other shells, and one that is longer than what is looked at of a file.
#[test]
fn an_export_is_known_by_its_heading() {
    let long = "x".repeat(9000);
    let bodies = ["one", "text\n```\ncode ^\n ^\"q\"", long.as_str(), "three"];
    let mut script = String::new();
    for body in bodies {
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
        let one = String::from_utf8(exported(Curl::default(), &delivery(head.as_bytes(), body.as_bytes()))).unwrap();
        let command = one.split_once("base%/}\n").map(|(_, command)| command.to_owned()).unwrap();
        script.push_str(if script.is_empty() { &one } else { &command });
    }
    assert_eq!(ImportSource::detect(&script.as_bytes()[..4096]), Some(ImportSource::Curl));
    let (all, _) = read_noting(ImportSource::Curl, &script).unwrap();
    let read: Vec<String> = all.iter().map(|one| String::from_utf8(captured_of(one).1).unwrap()).collect();
    assert_eq!(read, bodies);
    let first_is_long = exported(
        Curl::default(),
        &delivery(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n", long.as_bytes()),
    );
    assert_eq!(ImportSource::detect(&first_is_long[..4096]), Some(ImportSource::Curl));
}

proptest! {
    #[test]
    fn any_part_of_a_form_is_read(part in "[a=@<;\"\\\\ x]{0,12}", option in prop::sample::select(vec!["-F", "--form-string"])) {
        let _ = read_noting(ImportSource::Curl, format!("curl h {option} '{part}'"));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(curl )?[a-z $'\"@=&:/{}|;<^`\n-]{0,60}") {
        let _ = read_noting(ImportSource::Curl, &text);
    }

    #[test]
    fn any_body_goes_round(body in proptest::collection::vec(any::<u8>(), 1..60)) {
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
        let script = exported(Curl::default(), &delivery(head.as_bytes(), &body));
        let (all, _) = read_noting(ImportSource::Curl, &script).unwrap();
        prop_assert_eq!(captured_of(&all[0]), (head.into_bytes(), body));
    }
}
