//! What curl sends of itself is either known, or said not to be.

use super::super::tests::read_noting;
use super::super::{ImportSource, Importer, NamedFiles};
use super::tests::{one, read};
use crate::config::Registry;
use crate::delivery::Intake;

#[test]
fn credentials_are_sent_unasked_only_by_basic_and_bearer() {
    for (options, sent) in [
        ("-u me:pw", Some("Basic bWU6cHc=")),
        ("--basic -u me:pw", Some("Basic bWU6cHc=")),
        ("--oauth2-bearer t -u me:pw", Some("Bearer t")),
        ("--digest --no-digest -u me:pw", Some("Basic bWU6cHc=")),
        ("--digest -u me:pw", None),
        ("--anyauth -u me:pw", None),
        ("--ntlm -u me:pw", None),
        ("--negotiate -u :", None),
        ("--basic --digest -u me:pw", None),
        ("--aws-sigv4 aws:amz:eu:s3 -u me:pw", None),
        ("-n", None),
        ("--netrc-file x", None),
    ] {
        let (all, said) = read(&format!("curl -A a {options} http://h/ -d x"));
        let head = String::from_utf8_lossy(&all[0].captured.head).into_owned();
        match sent {
            Some(value) => assert!(head.contains(&format!("\r\nAuthorization: {value}\r\n")), "{options}: {head}"),
            None => {
                assert!(!head.contains("Authorization"), "{options}: {head}");
                assert!(matches!(all[0].captured.intake, Intake::Rebuilt(_)), "{options}");
            }
        }
        assert_eq!(said.is_empty(), sent.is_some(), "{options}: {said}");
    }
    assert!(one("curl http://me:p%40w@h/x").0.contains("Host: h\r\nAuthorization: Basic bWU6cEB3\r\n"));
    assert!(one("curl -u other:x http://me:pw@h/x").0.contains("Authorization: Basic b3RoZXI6eA==\r\n"));
    let (all, said) = read("curl -A a --digest http://me:pw@h/x");
    assert!(matches!(all[0].captured.intake, Intake::Rebuilt(_)) && said.contains("--digest"), "{said}");
}

#[test]
fn a_url_is_sent_as_curl_does() {
    let target = |text: &str| one(text).0.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(target("curl http://h/x/../y"), "/y");
    assert_eq!(target("curl --path-as-is http://h/x/../y"), "/x/../y");
    assert_eq!(target("curl --url-query '+d=e' --url-query 'f=g h' 'http://h/x?a'"), "/x?a&d=e&f=g+h");
    assert_eq!(target("curl -g 'http://h/{a,b}[1-2]'"), "/{a,b}[1-2]");
    assert!(one("curl http://h:80/").0.contains("Host: h\r\n"));
    assert!(one("curl http://h:443/").0.contains("Host: h:443\r\n"));
    let (all, _) = read("curl 'http://h/{a,b}/[1-3]'");
    assert_eq!(all.len(), 6);
    assert_eq!(all[3].captured.path, "/b/1");
    let (all, said) = read("curl 'http://h/{a' http://h/b");
    assert!(all.len() == 1 && said.contains("open brace"), "{said}");
    let (all, said) = read("curl -A a http://h/x/%2e%2e/y");
    assert!(matches!(all[0].captured.intake, Intake::Rebuilt(_)) && said.contains("%2e"), "{said}");
    for text in ["curl -A a -G http://h/ -d @f", "curl -A a http://h/ --url-query @f"] {
        let (all, said) = read(text);
        assert!(matches!(all[0].captured.intake, Intake::Rebuilt(_)), "{text}");
        assert!(said.contains("a part of the query is in the file 'f'"), "{text}: {said}");
    }
}

#[derive(Debug)]
struct OneFile(&'static str);

impl NamedFiles for OneFile {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        if name == "h.txt" { Ok(self.0.into()) } else { Err("it is not there".to_owned()) }
    }
}

#[test]
fn a_file_of_headers_is_read_or_missed() {
    let registry = Registry::default();
    let files = OneFile("X-A: 1\r\nX-B: 2\n\nAccept:\n");
    let importer = |files| Importer {
        registry: &registry,
        judge_again: false,
        now: jiff::Timestamp::UNIX_EPOCH,
        strict: false,
        files,
    };
    let take = |importer: Importer<'_>, mut text: &[u8]| {
        let mut all = Vec::new();
        let mut take = |imported| {
            all.push(imported);
            Ok(())
        };
        importer.read(ImportSource::Curl, &mut text, &mut take).unwrap();
        all.remove(0).captured
    };
    let read = take(importer(Some(&files)), b"curl -A a h -H @h.txt -H 'X-C: 3'");
    let head = String::from_utf8_lossy(&read.head).into_owned();
    assert_eq!(head, "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: a\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n\r\n");
    assert!(read.intake.is_complete());
    for (files, text) in [(None, "curl h -H @h.txt"), (Some(&files as &dyn NamedFiles), "curl h -H @other.txt")] {
        let missed = take(importer(files), text.as_bytes());
        assert!(missed.intake.reason().starts_with("headers are in the file"), "{:?}", missed.intake);
    }
}

#[test]
fn what_is_left_out_of_every_command_is_no_fault() {
    let (_, findings) = read_noting(ImportSource::Curl, "curl --compressed http://h/").unwrap();
    assert_eq!(findings.remarks.count(), 2);
    let registry = Registry::default();
    let strict = Importer {
        registry: &registry,
        judge_again: false,
        now: jiff::Timestamp::UNIX_EPOCH,
        strict: true,
        files: None,
    };
    let read = |mut text: &[u8]| strict.read(ImportSource::Curl, &mut text, &mut |_| Ok(()));
    assert!(read(b"curl --compressed http://h/ -d x").is_ok());
    assert!(read(b"curl http://h/ -u a:b --digest").is_err());
}
