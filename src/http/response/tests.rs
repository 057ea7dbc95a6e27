use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// The response to a GET, pushed `step` bytes at a time and closed at its end.
fn read(bytes: &[u8], step: usize) -> Result<HttpResponse, SendError> {
    read_as(b"GET", bytes, step)
}

fn read_as(method: &[u8], bytes: &[u8], step: usize) -> Result<HttpResponse, SendError> {
    read_response(method, bytes.chunks(step), 1000, 20)
}

#[rstest]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", BodyEnd::Complete)]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, too much", 200, "hello", BodyEnd::Complete)]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", 200, "hello", BodyEnd::Complete)]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, "hello", BodyEnd::ClosedEarly)]
#[case("HTTP/1.0 404\n\nhello", 404, "hello", BodyEnd::Complete)]
#[case("HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890", 200, "01234567890123456789", BodyEnd::Limit)]
#[case(
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n012345678901234567890",
    200,
    "01234567890123456789",
    BodyEnd::Limit
)]
#[case(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    200,
    "abc",
    BodyEnd::Complete
)]
#[case("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", 200, "ab", BodyEnd::ClosedEarly)]
#[case("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n", 200, "ab", BodyEnd::Malformed)]
#[case("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204, "", BodyEnd::Complete)]
#[case("HTTP/1.1 304 x\r\n\r\nhello", 304, "", BodyEnd::Complete)]
#[case("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", BodyEnd::Complete)]
#[case(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
    201,
    "x",
    BodyEnd::Complete
)]
#[case("HTTP/1.1 200\r\nX: a\tb \r\nx:\r\nX: caf\u{e9}\r\nContent-Length:1 \r\n\r\nx", 200, "x", BodyEnd::Complete)]
fn responses(#[case] bytes: &str, #[case] status: u16, #[case] body: &str, #[case] end: BodyEnd) {
    for step in 1..=bytes.len() {
        let reply = read(bytes.as_bytes(), step).unwrap();
        // Broken chunks and limits are found in what came together with them.
        assert_eq!((reply.status, reply.end), (status, end), "step {step}");
        assert_eq!(reply.body, body.as_bytes(), "step {step}");
    }
}

#[rstest]
#[case("", "closed the connection")]
#[case("HTTP/1.1 200 OK\r\nX: y", "closed the connection")]
#[case("HT", "begins with 'HT'")]
#[case("SSH-2.0-OpenSSH_9.6\r\n", "begins with 'SSH-2.0")]
#[case("\u{1b}[31mno\r\n\r\n", "␛[31mno")]
#[case("HTTP/2 200\r\n\r\n", "not an HTTP/1 response")]
#[case("HTTP/1.1 20 OK\r\n\r\n", "not an HTTP/1 response")]
#[case("HTTP/1.1 2000 OK\r\n\r\n", "not an HTTP/1 response")]
#[case("HTTP/1.1 099 OK\r\n\r\n", "status is 099")]
#[case("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "without a colon")]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "Content-Length")]
#[case("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "Content-Length")]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", "Content-Length")]
#[case("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello", "Content-Length")]
#[case("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello", "differ")]
#[case("HTTP/1.1 204 No\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "differ")]
#[case("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n", "both")]
#[case("HTTP/1.1 304 No\r\ntransfer-encoding: chunked\r\nContent-Length: 1\r\n\r\n", "both")]
#[case("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0")]
#[case("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nxyz", "transfer coding")]
#[case("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "transfer coding")]
#[case(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer coding"
)]
#[case("HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n", "transfer coding")]
#[case("HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{c}chunked\r\n\r\n0\r\n\r\n", "transfer coding")]
#[case("HTTP/1.1 200 OK\r\nContent-Length: \u{c}5\r\n\r\nhello", "Content-Length")]
#[case("HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n", "folded")]
#[case("HTTP/1.1 200 OK\r\n\tfolded: x\r\n\r\n", "folded")]
#[case("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx", "white space")]
#[case("HTTP/1.1 200 OK\r\nA b: 1\r\n\r\nx", "a header name holds a character")]
#[case("HTTP/1.1 200 OK\r\n: 1\r\n\r\nx", "a header name holds a character")]
#[case("HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\nx", "0x0d")]
#[case("HTTP/1.1 200 OK\r\nX: a\u{0}\r\n\r\nx", "0x00")]
#[case("HTTP/1.1 200 O\rK\r\n\r\nx", "0x0d")]
#[case("HTTP/1.1 103 Early\r\nX : a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "white space")]
fn no_responses(#[case] bytes: &str, #[case] words: &str) {
    for step in [1, 3, 1000] {
        let error = read(bytes.as_bytes(), step).unwrap_err().to_string();
        let whole = read(bytes.as_bytes(), 1000).unwrap_err().to_string();
        assert!(whole.contains(words) && (step == 1000 || error.len() <= whole.len() + 80), "{bytes:?}: {whole}");
    }
}

#[test]
fn tls_and_http2_are_known_by_their_first_bytes() {
    assert!(read(b"\x15\x03\x01\x00\x02\x02", 99).unwrap_err().to_string().contains("https://"));
    assert!(read(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", 99).unwrap_err().to_string().contains("HTTP/2"));
}

#[test]
fn a_response_to_head_has_no_body() {
    let reply = read_as(b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 7).unwrap();
    assert_eq!((reply.body.len(), reply.end), (0, BodyEnd::Complete));
    let tunnel = read_as(b"CONNECT", b"HTTP/1.1 200 OK\r\n\r\nwhat the tunnel carries", 7).unwrap();
    assert_eq!((tunnel.body.len(), tunnel.end), (0, BodyEnd::Complete));
}

#[test]
fn what_came_before_the_final_head_is_kept_and_its_length_told() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    for (method, head, length) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", ResponseLength::Known(7)),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ResponseLength::Chunked),
        ("GET", "HTTP/1.0 200 OK\r\n\r\n", ResponseLength::UntilClose),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", ResponseLength::NoBody(Some(7))),
        ("GET", "HTTP/1.1 304 Not Modified\r\n\r\n", ResponseLength::NoBody(None)),
    ] {
        let bytes = format!("{early}{head}");
        for step in 1..bytes.len() {
            let mut parser = Parser::new(method.as_bytes(), 1000, 20);
            let mut body = Vec::new();
            for piece in bytes.as_bytes().chunks(step) {
                parser.push(piece, &mut body).unwrap();
            }
            let start = parser.into_start().unwrap();
            assert_eq!((&start.interim[..], &start.head[..]), (early.as_bytes(), head.as_bytes()), "step {step}");
            assert_eq!(start.length, length);
        }
    }
}

#[test]
fn heads_are_bounded() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(2000));
    assert_eq!(read(endless.as_bytes(), 64), Err(SendError::HeadTooLong { limit: 1000 }));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(33);
    assert!(matches!(read(interim.as_bytes(), 64), Err(SendError::NotHttp { .. })));
}

/// How a body is announced.
#[derive(Debug, Clone)]
enum Announced {
    Length,
    /// In chunks of these sizes, again and again.
    Chunks(Vec<usize>),
    Nothing,
}

fn announced() -> impl Strategy<Value = Announced> {
    prop_oneof![
        Just(Announced::Length),
        proptest::collection::vec(1_usize..9, 1..5).prop_map(Announced::Chunks),
        Just(Announced::Nothing),
    ]
}

/// A response with `body`, its last `missing` bytes and what comes after them left out; what is to be read of it
/// by who takes 20 bytes, and how it ends then.
fn response(body: &str, announced: &Announced, missing: usize) -> (String, String, BodyEnd) {
    let sent = &body[..body.len() - missing];
    let (field, section) = match announced {
        Announced::Length => (format!("Content-Length: {}\r\n", body.len()), sent.to_owned()),
        Announced::Nothing => (String::new(), sent.to_owned()),
        Announced::Chunks(sizes) => {
            let (mut rest, mut section, mut sizes) = (sent, String::new(), sizes.iter().cycle());
            while let (false, Some(size)) = (rest.is_empty(), sizes.next()) {
                let (chunk, after) = rest.split_at((*size).min(rest.len()));
                section.push_str(&format!("{:x};a=b\r\n{chunk}\r\n", chunk.len()));
                rest = after;
            }
            let last = if missing == 0 { "0\r\nA: b\r\n\r\n" } else { "" };
            ("Transfer-Encoding: chunked\r\n".to_owned(), section + last)
        }
    };
    let end = match announced {
        _ if sent.len() > 20 => BodyEnd::Limit,
        Announced::Length | Announced::Chunks(_) if missing > 0 => BodyEnd::ClosedEarly,
        _ => BodyEnd::Complete,
    };
    (format!("HTTP/1.1 200 OK\r\n{field}A: b\r\n\r\n{section}"), sent[..sent.len().min(20)].to_owned(), end)
}

proptest! {
    #[test]
    fn any_bytes_are_read_and_bounded(
        status in 200_u16..600,
        fields in "(Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: chunked\r\n|A: b\r\n){0,2}",
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        step in 1_usize..50,
    ) {
        if let Ok(reply) = read(&bytes, step) {
            prop_assert!(bytes.starts_with(b"HTTP/1.") && reply.body.len() <= 20);
        }
        let answer = [format!("HTTP/1.1 {status} x\r\n{fields}\r\n").as_bytes(), &bytes].concat();
        match read(&answer, step) {
            Ok(reply) => {
                prop_assert_eq!(reply.status, status);
                prop_assert!(reply.body.len() <= 20, "{:?}", reply.body);
            }
            // Two lengths that disagree, or a length beside chunks.
            Err(error) => prop_assert!(fields.matches("ing: ").count() + fields.matches("Length").count() > 1, "{error}"),
        }
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut(
        body in "[a-z0-9\r\n]{1,40}",
        announced in announced(),
        missing in 0_usize..40,
        behind in "[a-z]{0,9}",
        step in 1_usize..60,
    ) {
        let (mut bytes, expected, end) = response(&body, &announced, missing % body.len());
        if end == BodyEnd::Complete && !matches!(announced, Announced::Nothing) {
            bytes.push_str(&behind);
        }
        for step in [step, 1, usize::MAX] {
            let reply = read(bytes.as_bytes(), step).unwrap();
            prop_assert_eq!(std::str::from_utf8(&reply.body), Ok(&expected[..]), "{:?}", bytes);
            prop_assert_eq!((reply.status, reply.end), (200, end), "{:?}", bytes);
        }
    }
}
