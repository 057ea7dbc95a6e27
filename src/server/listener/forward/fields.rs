//! The head of a server's answer as it goes back to the sender.
//!
//! The fields stay as received: order, duplicates, letter case, and every byte of a value. Left out is what is
//! of the first connection alone (RFC 9110, section 7.6.1), and what no field may hold (section 5.5), which the record
//! of the answer names; the length is said again, since it is ours to keep.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderValue;

use crate::http::{ResponseLength, Start};
use crate::server::listener::response::{ResponseHeader, is_header, push_fields};
use crate::text::visible_bytes;

/// Of a connection alone, beside what `Connection` names.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authentication-info",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How the sender finds the end of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerFraming {
    /// There is none.
    NoBody,
    /// The bytes that the server has declared.
    Length(u64),
    /// In chunks.
    Chunks,
    /// At the end of the connection, for who knows no chunks.
    UntilClose,
}

impl AnswerFraming {
    /// For a sender that knows chunks (HTTP/1.1), or none.
    pub(super) fn of(length: ResponseLength, knows_chunks: bool) -> Self {
        match length {
            ResponseLength::NoBody(_) => Self::NoBody,
            ResponseLength::Known(length) => Self::Length(length),
            ResponseLength::Chunked | ResponseLength::UntilClose if knows_chunks => Self::Chunks,
            ResponseLength::Chunked | ResponseLength::UntilClose => Self::UntilClose,
        }
    }
}

/// What of an answer's head goes back to the sender.
pub(super) struct RelayedHead {
    /// The header lines.
    pub(super) headers: Vec<ResponseHeader>,
    /// What is left out for the control characters in it: names of headers, `the reason phrase`. Visible text.
    pub(super) left_out: Vec<String>,
}

/// The head of an answer. `connection` is what `Connection` has to say of ours.
pub(super) fn relayed(
    start: &Start,
    framing: AnswerFraming,
    connection: Option<ResponseHeader>,
    now: SystemTime,
) -> RelayedHead {
    let head = &start.head;
    let named: Vec<&[u8]> =
        head.values("Connection").flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    let is_of_one_connection = |name: &[u8]| {
        HOP_BY_HOP.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
            || named.iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let mut length = said_length(start, framing);
    let mut headers = Vec::with_capacity(head.fields().count() + 3);
    let mut left_out = Vec::from_iter(reason(start).is_none().then(|| "the reason phrase".to_owned()));
    for field in head.fields() {
        if is_of_one_connection(&field.name) && !field.name.eq_ignore_ascii_case(b"content-length") {
            continue;
        }
        let name = match String::from_utf8(field.name.to_vec()) {
            Ok(name) if is_header(&name, &field.value) => name,
            _ => {
                left_out.push(visible_bytes(&field.name).into_owned());
                continue;
            }
        };
        if name.eq_ignore_ascii_case("content-length") {
            // Once, in the place of the first, and not at all where the body ends otherwise.
            headers.extend(length.take().map(|length| (name, Bytes::from(length.to_string()))));
        } else {
            headers.push((name, field.value.clone()));
        }
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
        headers.push(("date".to_owned(), httpdate::fmt_http_date(now).into()));
    }
    if framing == AnswerFraming::Chunks {
        headers.push(("transfer-encoding".to_owned(), Bytes::from_static(b"chunked")));
    }
    headers.extend(connection);
    RelayedHead { headers, left_out }
}

/// The server's own reason phrase, if it can be sent.
fn reason(start: &Start) -> Option<&[u8]> {
    Some(start.head.reason()).filter(|reason| HeaderValue::from_bytes(reason).is_ok())
}

/// What `Content-Length` says; nothing where there is none, or must be none.
fn said_length(start: &Start, framing: AnswerFraming) -> Option<u64> {
    match (framing, start.length) {
        (AnswerFraming::Length(length), _) => Some(length),
        // The length of the body that another request would have got (RFC 9110, section 8.6), but not with 204.
        (AnswerFraming::NoBody, ResponseLength::NoBody(length)) if start.status != 204 => length,
        _ => None,
    }
}

/// The whole head on the wire, with the server's own reason phrase.
pub(super) fn wire(start: &Start, headers: &[ResponseHeader]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(start.head.len() + 64);
    wire.extend_from_slice(format!("HTTP/1.1 {:03} ", start.status).as_bytes());
    wire.extend_from_slice(reason(start).unwrap_or_default());
    wire.extend_from_slice(b"\r\n");
    push_fields(&mut wire, headers);
    wire
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::http::{Head, read_start};

    fn start(method: &str, head: &[u8]) -> Start {
        read_start(method.as_bytes(), head).unwrap()
    }

    fn lines(start: &Start, knows_chunks: bool) -> Vec<String> {
        let framing = AnswerFraming::of(start.length, knows_chunks);
        let RelayedHead { headers, .. } = relayed(start, framing, None, SystemTime::UNIX_EPOCH);
        headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect()
    }

    #[test]
    fn an_answer_keeps_what_is_not_of_one_connection() {
        let head =
            b"HTTP/1.1 200 OK\r\nX-B: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n\
            Set-Cookie: a\r\nset-cookie: b\r\nDate: then\r\nKeep-Alive: timeout=5\r\n\r\n";
        let kept = ["X-B: 2", "Set-Cookie: a", "set-cookie: b", "Date: then"];
        assert_eq!(lines(&start("POST", head), true), [&kept[..], &["transfer-encoding: chunked"]].concat());
        assert_eq!(lines(&start("POST", head), false), kept);
    }

    #[rstest]
    #[case("POST", "200", "X: 1\r\ncontent-LENGTH: 5\r\nContent-Length: 5\r\n", &["X: 1", "content-LENGTH: 5"])]
    #[case("POST", "200", "Connection: content-length\r\nContent-Length: 5, 5\r\n", &["Content-Length: 5"])]
    #[case("HEAD", "200", "Content-Length: 5\r\nX: 1\r\n", &["Content-Length: 5", "X: 1"])]
    #[case("HEAD", "200", "Transfer-Encoding: chunked\r\n", &[])]
    #[case("POST", "304", "Content-Length: 5\r\nETag: \"a\"\r\n", &["Content-Length: 5", "ETag: \"a\""])]
    #[case("POST", "204", "Content-Length: 5\r\nX: 1\r\n", &["X: 1"])]
    #[case("POST", "200", "X: 1\r\n", &["X: 1", "transfer-encoding: chunked"])]
    fn the_length_is_said_once_and_in_its_place(
        #[case] method: &str,
        #[case] status: &str,
        #[case] fields: &str,
        #[case] expected: &[&str],
    ) {
        let head = format!("HTTP/1.1 {status} x\r\nDate: then\r\n{fields}\r\n");
        assert_eq!(lines(&start(method, head.as_bytes()), true), [&["Date: then"], expected].concat());
    }

    #[test]
    fn every_byte_of_a_value_stays() {
        let latin: Vec<u8> = (0x80..=0xff).collect();
        let head = [b"HTTP/1.1 200 caf\xe9\r\nX-Latin: a", &latin[..], b"z\r\nDate: then\r\n\r\n"].concat();
        let start = start("GET", &head);
        let RelayedHead { headers, left_out } =
            relayed(&start, AnswerFraming::UntilClose, None, SystemTime::UNIX_EPOCH);
        assert!(left_out.is_empty());
        assert_eq!(headers[0].1, [b"a", &latin[..], b"z"].concat());
        assert_eq!(wire(&start, &headers), head);
    }

    #[test]
    fn what_no_field_may_hold_is_left_out_by_name() {
        let head =
            b"HTTP/1.1 200 a\x1bb\r\nX-A: \x01\r\nConnection: x-gone\r\nX-Gone: \x02\r\nX-B: b\r\nDate: then\r\n\r\n";
        let start = start("GET", head);
        let RelayedHead { headers, left_out } =
            relayed(&start, AnswerFraming::UntilClose, None, SystemTime::UNIX_EPOCH);
        assert_eq!(left_out, ["the reason phrase", "X-A"]);
        assert_eq!(wire(&start, &headers), b"HTTP/1.1 200 \r\nX-B: b\r\nDate: then\r\n\r\n");
    }

    proptest! {
        /// Whatever a server says, what goes back is one head, with one length, and no field of its own making.
        #[test]
        fn no_answer_splits_into_two(
            fields in proptest::collection::vec(
                prop_oneof![
                    "(content-length|transfer-encoding|connection|x|date): ?[a-z0-9, ]{0,9}",
                    "Content-Length: [0-9]",
                    "Transfer-Encoding: chunked",
                    "[!-~]{1,6}: ?\\PC{0,8}",
                    "[!-~]{1,3}: [\\x00-\\xff]{0,8}",
                ],
                0..6,
            ),
            end in "\r?\n",
            method in "GET|HEAD",
            status in prop_oneof![Just(200_u16), Just(204), Just(304), Just(599)],
            reason in "[\\x00-\\xff]{0,4}",
            knows_chunks: bool,
        ) {
            let head = format!("HTTP/1.1 {status} {reason}{end}{}{end}{end}", fields.join(&end));
            let Ok(start) = read_start(method.as_bytes(), head.as_bytes()) else { return Ok(()) };
            let framing = AnswerFraming::of(start.length, knows_chunks);
            let RelayedHead { headers, .. } = relayed(&start, framing, None, SystemTime::UNIX_EPOCH);
            let wire = Bytes::from(wire(&start, &headers));
            prop_assert_eq!(crate::http::head_end(&wire, 0), Some(wire.len()));
            let read = Head::read(wire.clone());
            let fields: Vec<_> = read.fields().collect();
            let sent: Vec<_> = fields.iter().map(|field| (&field.name[..], &field.value[..])).collect();
            let meant: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.trim_ascii())).collect();
            prop_assert_eq!(sent, meant);
            prop_assert!(!wire.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n'));
            let (lengths, codings) = (read.values("Content-Length").count(), read.values("Transfer-Encoding").count());
            match framing {
                AnswerFraming::Length(_) => prop_assert_eq!((lengths, codings), (1, 0)),
                AnswerFraming::Chunks => prop_assert_eq!((lengths, codings), (0, 1)),
                AnswerFraming::NoBody => prop_assert!(lengths <= 1 && codings == 0),
                AnswerFraming::UntilClose => prop_assert_eq!((lengths, codings), (0, 0)),
            }
            // The next reader finds the same answer.
            let again = read_start(method.as_bytes(), &wire).unwrap();
            prop_assert_eq!(again.status, start.status);
        }
    }
}
