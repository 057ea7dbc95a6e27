//! Heads that are right, and what is refused.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("GET / HTTP/1.1\r\n\r\n", BodyLength::Known(0))]
#[case("GET / HTTP/1.0\n\n", BodyLength::Known(0))]
#[case("POST /a?b HTTP/1.1\r\nContent-Length: 5\r\nX: é\t!\r\n\r\n", BodyLength::Known(5))]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", BodyLength::Chunked)]
#[case("POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n", BodyLength::Known(u64::MAX))]
#[case("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", BodyLength::Known(u64::MAX))]
#[case("POST / HTTP/1.1\r\nX-Empty:\r\n\r\n", BodyLength::Known(0))]
fn right_heads(#[case] head: &str, #[case] length: BodyLength) {
    assert_eq!(inspect(head.as_bytes()).map(|framing| framing.length), Ok(length));
}

#[rstest]
#[case("GET / HTTP/1.1\r\n\r\n", true)]
#[case("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n", false)]
#[case("GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false)]
#[case("GET / HTTP/1.0\r\n\r\n", false)]
#[case("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true)]
#[case("CONNECT a:80 HTTP/1.1\r\n\r\n", false)]
fn whether_another_request_may_follow(#[case] head: &str, #[case] keep_alive: bool) {
    assert_eq!(inspect(head.as_bytes()).map(|framing| framing.keep_alive), Ok(keep_alive));
}

#[rstest]
#[case("POST / HTTP/1.1\r\nExpect: 100-Continue\r\n\r\n", true)]
#[case("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", false)]
#[case("POST / HTTP/1.1\r\nX: 100-continue\r\n\r\n", false)]
fn whether_the_sender_waits_to_go_on(#[case] head: &str, #[case] expects_continue: bool) {
    assert_eq!(inspect(head.as_bytes()).map(|framing| framing.expects_continue), Ok(expects_continue));
}

#[rstest]
#[case("GET /\r\n\r\n", 400)]
#[case("GET  / HTTP/1.1\r\n\r\n", 400)]
#[case("G\u{1b}T / HTTP/1.1\r\n\r\n", 400)]
#[case("GET /\u{1b}[31m HTTP/1.1\r\n\r\n", 400)]
#[case("GET / HTTP/2.0\r\n\r\n", 505)]
#[case("GET / SPDY/1\r\n\r\n", 400)]
#[case("GET http://[::1 HTTP/1.1\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nA : 1\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nA: \u{0}\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nA: \u{1b}\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length:5\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
#[case("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding:\r\nContent-Length: 5\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding: \r\nTransfer-Encoding: chunked\r\n\r\n", 501)]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n", 501)]
#[case("GET x HTTP/1.1\r\n\r\n", 400)]
#[case("GET x/y HTTP/1.1\r\n\r\n", 400)]
#[case("GET ?a HTTP/1.1\r\n\r\n", 400)]
#[case("GET /a#b HTTP/1.1\r\n\r\n", 400)]
#[case("GET * HTTP/1.1\r\n\r\n", 400)]
#[case("GET a:80 HTTP/1.1\r\n\r\n", 400)]
#[case("GET http://user@x/ HTTP/1.1\r\n\r\n", 400)]
#[case("CONNECT /x HTTP/1.1\r\n\r\n", 400)]
#[case("CONNECT http://x/ HTTP/1.1\r\n\r\n", 400)]
#[case("CONNECT x HTTP/1.1\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: [x]:80\r\n\r\n", 400)]
#[case("GET / HTTP/1.1\r\nHost: \u{e4}.example\r\n\r\n", 400)]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501)]
#[case("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501)]
fn refused_heads(#[case] head: &str, #[case] status: u16) {
    assert_eq!(inspect(head.as_bytes()).unwrap_err().status, status);
}

/// Any byte of a path or query is taken that ends neither a word nor a line, and none of them moves the end of a request.
#[test]
fn targets_that_clients_send_raw_are_taken() {
    for byte in 0..=u8::MAX {
        for (before, after) in [("/c", ""), ("/c?q=", "&b"), ("http://x/", "/y"), ("http://x?", "")] {
            let target = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            let head = [b"GET ", &target[..], b" HTTP/1.1\r\nContent-Length: 5\r\n\r\n"].concat();
            let found = inspect(&head);
            match byte {
                0x21..=0x22 | 0x24..=0x7e | 0x80.. => {
                    assert_eq!(found.unwrap().length, BodyLength::Known(5), "{byte:x}")
                }
                b'#' => assert!(found.unwrap_err().reason.contains("fragment")),
                b' ' | b'\n' => assert!(found.is_err()),
                _ => {
                    let words = format!("byte {} is 0x{byte:02x}", before.len() + 1);
                    let reason = found.unwrap_err().reason;
                    assert!(reason.ends_with(&words), "{byte:x}: {reason}");
                }
            }
        }
    }
}

#[rstest]
#[case("POST  HTTP/1.1", "the request line has no target")]
#[case("GET http://u:p@a.example/x HTTP/1.1", "has a user name or password")]
#[case("GET http:///x HTTP/1.1", "has no valid host")]
#[case("GET http://a<b/x HTTP/1.1", "has no valid host")]
#[case("GET http://[::1/x HTTP/1.1", "has no valid host")]
#[case("GET http://a:70000/x HTTP/1.1", "has no valid host")]
#[case("GET a.example/x HTTP/1.1", "not a path that begins with '/', or a whole URL")]
#[case("CONNECT a.example HTTP/1.1", "not host:port")]
#[case("CONNECT u@a.example:443 HTTP/1.1", "not host:port")]
#[case("CONNECT a.example: HTTP/1.1", "not host:port")]
fn a_refused_target_is_said_to_be_what_it_is(#[case] line: &str, #[case] words: &str) {
    let fault = inspect(format!("{line}\r\n\r\n").as_bytes()).unwrap_err();
    assert!(fault.status == 400 && fault.reason.contains(words), "{}", fault.reason);
}

#[rstest]
#[case("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true)]
#[case("GET / HTTP/1.1\r\nhost: x.example:443\r\n\r\n", true)]
#[case("GET / HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n", true)]
#[case("GET / HTTP/1.1\r\nHost:\r\n\r\n", true)]
#[case("GET / HTTP/1.0\r\n\r\n", true)]
#[case("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", true)]
#[case("GET http://x/y HTTP/1.1\r\nHost: z\r\n\r\n", true)]
#[case("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", true)]
#[case("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", true)]
#[case("\n\r\n\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", true)]
#[case("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", false)]
#[case("\rGET / HTTP/1.1\r\nHost: x\r\n\r\n", false)]
#[case("\r\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", false)]
#[case(" \r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", false)]
#[case("GET / HTTP/1.1\r\n\r\n", false)]
#[case("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", false)]
#[case("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", false)]
fn whole_heads_are_found_however_they_are_cut(#[case] head: &str, #[case] is_right: bool) {
    let bytes = [head.as_bytes(), b"GET"].concat();
    for step in 1..=bytes.len() {
        let (mut seen, mut found) = (0, Ok(None));
        while matches!(found, Ok(None)) && seen < bytes.len() {
            let end = bytes.len().min(seen + step);
            found = find_head(&bytes[..end], seen);
            seen = end;
        }
        let expected = is_right.then_some(head.len());
        assert_eq!(found.ok().flatten().map(|found| found.length), expected, "{head:?}, step {step}");
    }
}

#[test]
fn a_body_that_nothing_announces_is_known() {
    let lacks = |head: &str| inspect(head.as_bytes()).unwrap().lacks_length;
    assert!(lacks("POST / HTTP/1.0\r\n\r\n") && lacks("PATCH / HTTP/1.1\r\n\r\n"));
    assert!(!lacks("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n") && !lacks("GET / HTTP/1.1\r\n\r\n"));
}

#[test]
fn limits() {
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(FIELD_LIMIT + 1));
    assert_eq!(inspect(many.as_bytes()).unwrap_err().status, 431);
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000));
    assert_eq!(inspect(long.as_bytes()).unwrap_err().status, 414);
    // As long as may be, and a byte longer: at once, or with its end in a read of its own.
    for (more, is_taken) in [(0, true), (1, false)] {
        let front = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
        let value = "b".repeat(HEAD_LIMIT + more - front.len() - 4);
        let head = format!("{front}{value}\r\n\r\n");
        let found = |searched| find_head(head.as_bytes(), searched).map(|found| found.map(|found| found.length));
        let expected = if is_taken { Ok(Some(HEAD_LIMIT)) } else { Err(431) };
        for searched in [0, head.len() - 2] {
            assert_eq!(found(searched).map_err(|fault| fault.status), expected, "{more} {searched}");
        }
    }
}

#[test]
fn other_protocols_are_known_by_their_first_bytes() {
    assert!(check_start(b"\x16\x03\x01\x02").unwrap_err().reason.contains("TLS"));
    assert_eq!(check_start(b"PRI * HTTP/2.0\r\n").unwrap_err().status, 505);
    assert!(check_start(b"\x00\xff").is_err());
    assert_eq!(check_start(b"POS"), Ok(()));
    assert_eq!(check_start(b""), Ok(()));
}

/// Heads with a line end and a byte of any kind somewhere.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let field = "(Host: x|Content-Length: [0-9]{1,3}|Transfer-Encoding: chunked|[A-Za-z-]{1,6}:[ \t]?[ -~]{0,9})";
    let line = "(GET|POST|x-Y) (/[a-z?%]{0,5}|\\*) HTTP/1\\.[01]";
    let lines =
        (line, proptest::collection::vec(field, 0..4)).prop_map(|(line, fields)| [&[line][..], &fields].concat());
    let damage = proptest::option::weighted(0.3, (any::<proptest::sample::Index>(), any::<u8>()));
    (lines, "\r?\n", damage).prop_map(|(lines, end, damage)| {
        let mut head = (lines.join(&end[..]) + &end + &end).into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(head.len());
            head[at] = byte;
        }
        head
    })
}

/// The same head with a target of the same length that is text: of others `httparse` takes none.
fn with_text_target(head: &[u8]) -> Vec<u8> {
    let mut head = head.to_vec();
    let start = head.iter().position(|byte| *byte == b' ').map_or(0, |space| space + 1);
    let length = head[start..].iter().position(|byte| *byte == b' ').unwrap_or(0);
    if std::str::from_utf8(&head[start..start + length]).is_err() {
        head[start..start + length].fill(b'/');
    }
    head
}

proptest! {
    /// Another reader, which is laxer, reads what is taken here, and as many fields of it.
    #[test]
    fn what_is_taken_is_a_head_to_others_too(head in head(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for bytes in [&head[..], &bytes] {
            let Ok(found) = inspect(bytes) else { continue };
            let bytes = &with_text_target(bytes)[..];
            let Some(end) = head_end(bytes, 0) else { continue };
            let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
            let mut other = httparse::Request::new(&mut fields);
            prop_assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(end)), "{:?}", bytes.escape_ascii().to_string());
            prop_assert_eq!(other.version, Some(found.version));
            let named = |name: &str| other.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
            prop_assert_eq!(named("host"), found.hosts);
            prop_assert_eq!(named("transfer-encoding") > 0, found.length == BodyLength::Chunked);
            if let BodyLength::Known(length @ 1..) = found.length {
                let field = other.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length")).unwrap();
                prop_assert!(std::str::from_utf8(field.value).unwrap().contains(&length.to_string()));
            }
        }
    }

    /// What has been refused stays so, whatever follows; and no prefix of a valid head is refused.
    #[test]
    fn a_beginning_is_refused_for_good(head in head(), bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        for length in 0..bytes.len() {
            prop_assert!(check_start(&bytes[..length]).is_ok() || check_start(&bytes).is_err());
        }
        if inspect(&head).is_ok() {
            prop_assert!((0..head.len()).all(|length| check_start(&head[..length]).is_ok()));
        }
    }
}
